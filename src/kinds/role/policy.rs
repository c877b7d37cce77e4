//! Policy documents: as tables, as JSON in a string, or as files of JSON.

mod statement;

use std::path::Path;

use crate::{
    file::{
        context::Context,
        json::{self, Nulls},
        placed::Placed,
        problem::Problems,
        reader::{TableReader, choice_of, string_of, table_of, wrong_type},
        tree::{Table, Tree, Value},
    },
    kinds::role::fields::policy::{POLICY, VERSIONS},
    model::{
        policy::Policy,
        template::{Segment, Template},
    },
};

/// What a policy document is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It says who may assume a role.
    Trust,
    /// It says what a role may do.
    Permissions,
}

/// Reads the policy document that is the value of `name`.
pub(crate) fn read(
    context: &Context<'_>,
    name: &str,
    tree: &Tree,
    purpose: Purpose,
    problems: &mut Problems,
) -> Option<Policy> {
    let document = match &tree.value {
        Value::Table(_) => tree.clone(),
        Value::Text(text) => from_text(context, text, tree, problems)?,
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::List(_) => {
            wrong_type(
                tree,
                name,
                "a table, JSON in a string, or the path of a JSON file",
                problems,
            );
            return None;
        }
    };
    let table = table_of(&document, name, problems)?;
    check(name, table, purpose, problems);
    check_characters(name, &document, problems);
    Some(Policy::new(document.to_node()))
}

/// JSON begins with a brace; any other string is a path.
fn from_text(
    context: &Context<'_>,
    text: &Template,
    tree: &Tree,
    problems: &mut Problems,
) -> Option<Tree> {
    // A reference that is known only after apply can begin neither JSON nor a path.
    let is_json = match text.segments().first() {
        Some(Segment::Literal(literal)) => literal.trim_start().starts_with('{'),
        Some(Segment::Reference(_)) | None => false,
    };
    if !is_json {
        let path = string_of(tree, "a path", problems)?;
        return from_file(context, &path, tree, problems);
    }
    let placed = |plain: &str| {
        let placed = Placed::in_string(plain, &tree.span, &context.source.text);
        placed.unwrap_or_else(|| Placed::somewhere(&tree.span))
    };
    json::parse(text, Nulls::Refused, &placed)
        .map_err(|json::Mistake { span, message }| {
            let message = format!("the policy is not JSON: {message}");
            problems.add("invalid-json", &span, "not JSON", message);
        })
        .ok()
}

/// Files are taken as they are: `${…}` in them belongs to IAM.
fn from_file(
    context: &Context<'_>,
    path: &str,
    tree: &Tree,
    problems: &mut Problems,
) -> Option<Tree> {
    let json = (context.read)(Path::new(path))
        .map_err(|error| {
            let message = format!("cannot read `{path}`: {error}");
            problems
                .add("unreadable-file", &tree.span, "not readable", message)
                .help("a string that begins with `{` is JSON; any other is the path of a JSON file, relative to the stack file");
        })
        .ok()?;
    let text = Template::from(json.as_str());
    let source = context.source.beside(path, json);
    let bytes = context.included.add(source, &tree.span);
    json::parse(&text, Nulls::Refused, &|_| Placed::as_it_is(bytes.clone()))
        .map_err(|json::Mistake { span, message }| {
            let message = format!("`{path}` is not JSON: {message}");
            problems.add("invalid-json", &span, "not JSON", message);
        })
        .ok()
}

/// The elements of a document (IAM user guide, "IAM JSON policy elements reference").
fn check(name: &str, table: &Table, purpose: Purpose, problems: &mut Problems) {
    let mut reader = TableReader::new(name, table, &POLICY, problems);
    let version = reader.value("Version");
    reader.string("Id");
    let statements = reader.value("Statement");
    reader.finish();
    match version {
        // Without a version IAM takes 2008-10-17, in which policy variables are plain text (same
        // guide, "Version").
        None => {
            problems
                .add(
                    "policy-version",
                    &table.span,
                    "`Version` is missing",
                    format!("`{name}` does not say which version of the policy language it is in"),
                )
                .help("add Version = \"2012-10-17\"");
        }
        Some(version) => _ = choice_of(version, "Version", VERSIONS, problems),
    }
    if let Some(statements) = statements {
        statement::check_all(statements, purpose, problems);
    }
}

/// IAM takes Latin-1 only (IAM API model 2010-05-08, `policyDocumentType`).
fn check_characters(name: &str, document: &Tree, problems: &mut Problems) {
    document.each_template(&mut |text, span| {
        for segment in text.segments() {
            let Segment::Literal(literal) = segment else {
                continue;
            };
            let odd = literal
                .chars()
                .find(|c| !matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FF}'));
            if let Some(odd) = odd {
                let message =
                    format!("`{name}` holds `{odd}`, which IAM does not accept in policies");
                problems
                    .add("policy-characters", span, "not Latin-1", message)
                    .help("policies take the characters of Latin-1 (U+0020 to U+00FF)");
                return;
            }
        }
    });
}

/// How many characters IAM counts: all but white space (IAM user guide, "IAM and AWS STS quotas").
/// What is not known yet counts nothing, so this is the least that it can be.
pub(crate) fn size(policy: &Policy) -> usize {
    policy
        .written()
        .resolve(&|_| Some(String::new()))
        .to_json()
        .to_string()
        .chars()
        .filter(|c| !c.is_whitespace())
        .count()
}
