//! Reads `definition = "file.json"`: a task definition as the AWS CLI and the console export it.

use std::path::Path;

use crate::{
    ecs_shape,
    file::{
        json::{self, Nulls},
        placed::Placed,
        problem::Problems,
        reader::string_of,
        tree::{Table, Tree, Value},
    },
    kinds::task_definition::read::{
        Scope,
        view::View,
        wire::{Converter, Dialect, Expected},
    },
    model::{
        tags::{self, Tags},
        template::Template,
    },
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
    let text = Template::from(content.as_str());
    let bytes = scope
        .included
        .add(scope.source.beside(&path, content), span);
    match json::parse(&text, Nulls::LeftOut, &|_| Placed::as_it_is(bytes.clone())) {
        Ok(json) => object(&path, &json, problems),
        Err(json::Mistake { span, message }) => {
            let said = format!("`{path}` is not JSON: {message}");
            problems.add("invalid-json", &span, "not JSON", said);
            None
        }
    }
}

fn object(path: &str, json: &Tree, problems: &mut Problems) -> Option<Export> {
    // `aws ecs describe-task-definition` wraps the definition, and puts the tags beside it.
    let member = |tree: &'_ Tree, name| tree.as_table().and_then(|table| table.get(name).cloned());
    let inner = member(json, "taskDefinition").unwrap_or_else(|| json.clone());
    let Value::Table(mut table) = inner.value.clone() else {
        problems.add(
            "wrong-type",
            &inner.span,
            format!("this is {}", inner.type_name()),
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
    let tags = [member(json, "tags"), member(&inner, "tags")];
    body.entries.retain(|(name, _)| name.text != "tags");
    Some(Export {
        family: table.get("family").cloned(),
        body,
        tags: tags.iter().flatten().flat_map(tags_of).collect(),
        notes,
    })
}

/// The tags of an export that are the user's to set.
fn tags_of(list: &Tree) -> Tags {
    let text = |tag: &Table, name| Some(tag.get(name)?.as_text()?.known()?.to_owned());
    let tags = list.elements().iter().filter_map(Tree::as_table);
    tags.filter_map(|tag| {
        let name = text(tag, "key")?;
        let value = text(tag, "value").unwrap_or_default();
        let ours = tags::is_reserved(&name) || name.starts_with(tags::PREFIX);
        (!ours).then(|| (name, value.into()))
    })
    .collect()
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
