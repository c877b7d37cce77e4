//! Reads `definition = "file.json"`: a task definition as the AWS CLI and the console export it.

use std::path::Path;

use serde_json::Value as Json;

use crate::{
    ecs_shape,
    file::{
        problem::Problems,
        reader::string_of,
        tree::{Span, Table, Tree, Value},
    },
    kinds::task_definition::read::{
        Scope,
        view::{View, key, string, tree},
        wire::{Converter, Dialect, Expected},
    },
    model::tags::{self, Tags},
};

/// What `DescribeTaskDefinition` answers besides what was registered (botocore model ecs
/// 2014-11-13, `TaskDefinition`).
const READ_ONLY: &[&str] = &[
    "compatibilities",
    "deleteRequestedAt",
    "deregisteredAt",
    "registeredAt",
    "registeredBy",
    "requiresAttributes",
    "revision",
    "status",
    "taskDefinitionArn",
];

/// What the file says.
#[derive(Debug, Default)]
pub(crate) struct Export {
    /// The family.
    pub(crate) family: Option<Tree>,
    /// The request's other members.
    pub(crate) body: Table,
    /// The tags.
    pub(crate) tags: Tags,
    /// What was taken although amp-stack does not know it, or knows it otherwise.
    pub(crate) notes: Vec<String>,
}

/// Reads the file that `definition` names.
pub(crate) fn read(
    definition: &Tree,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Export> {
    let path = string_of(definition, "definition", problems)?;
    let span = &definition.span;
    let content = match (scope.read)(Path::new(&path)) {
        Ok(content) => content,
        Err(error) => {
            problems.add(
                "unreadable-file",
                span,
                error.to_string(),
                format!("cannot read `{path}`"),
            );
            return None;
        }
    };
    match serde_json::from_str::<Json>(&content) {
        Ok(json) => object(&path, &json, span, problems),
        Err(error) => {
            problems.add(
                "invalid-json",
                span,
                error.to_string(),
                format!("`{path}` is not JSON"),
            );
            None
        }
    }
}

fn object(path: &str, json: &Json, span: &Span, problems: &mut Problems) -> Option<Export> {
    // `aws ecs describe-task-definition` wraps the definition, and puts the tags beside it.
    let inner = json.get("taskDefinition").unwrap_or(json);
    let Some(Value::Table(mut table)) = value_of(inner, span) else {
        problems.add(
            "wrong-type",
            span,
            "names this file",
            format!("`{path}` holds no JSON object"),
        );
        return None;
    };
    table
        .entries
        .retain(|(name, _)| !READ_ONLY.contains(&name.text.as_str()));
    let mut converter = Converter {
        dialect: Dialect::Export,
        problems,
        notes: Vec::new(),
    };
    // The family may stand in the stack file instead.
    let expected = Expected {
        other_keys: vec!["family"],
        ..Expected::plain(ecs_shape::request())
    };
    let mut body = converter.structure(&table, &expected, path);
    let notes = converter.notes;
    let tags = [json.get("tags"), inner.get("tags")];
    body.entries.retain(|(name, _)| name.text != "tags");
    Some(Export {
        family: table.get("family").cloned(),
        body,
        tags: tags.into_iter().flatten().flat_map(tags_of).collect(),
        notes,
    })
}

/// The tags of an export that are the user's to set.
fn tags_of(list: &Json) -> Tags {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter()
        .filter_map(|tag| {
            let name = tag.get("key")?.as_str()?;
            let value = tag.get("value").and_then(Json::as_str).unwrap_or_default();
            let ours = tags::is_reserved(name) || name.starts_with(tags::PREFIX);
            (!ours).then(|| (name.to_owned(), value.into()))
        })
        .collect()
}

/// The JSON value as a tree at `span`; `null` is the same as nothing.
fn value_of(json: &Json, span: &Span) -> Option<Value> {
    Some(match json {
        Json::Null => return None,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Integer(whole),
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => string(text.as_str(), span).value,
        Json::Array(elements) => Value::List(
            elements
                .iter()
                .filter_map(|element| Some(tree(value_of(element, span)?, span)))
                .collect(),
        ),
        Json::Object(members) => Value::Table(Table {
            span: span.clone(),
            entries: members
                .iter()
                .filter_map(|(name, member)| {
                    Some((key(name, span), tree(value_of(member, span)?, span)))
                })
                .collect(),
        }),
    })
}

impl Export {
    /// The containers.
    pub(crate) fn containers(&self) -> Vec<Tree> {
        self.body
            .get("containerDefinitions")
            .map(|list| list.elements().to_vec())
            .unwrap_or_default()
    }
}
