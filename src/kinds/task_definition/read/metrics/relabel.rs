//! Reads rules about labels, and patterns wherever `metrics` has some.

use crate::{
    collector::{
        Relabel, pattern,
        relabel::{ACTION_NAMES, action_of},
    },
    file::{
        problem::Problems,
        reader::{TableReader, string_of, table_of},
        tree::{Span, Table, Tree},
    },
    kinds::task_definition::{
        fields::scrape::RELABEL,
        read::{metrics::words, view::View},
    },
};

/// The rules of the list `key`.
pub(crate) fn rules(reader: &mut TableReader<'_, '_>, key: &'static str) -> Vec<Relabel> {
    let name = reader.name().to_owned();
    let elements = reader.list(key).unwrap_or_default();
    let mut rules = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let path = format!("{name}.{key}[{index}]");
        if let Some(table) = table_of(element, &path, reader.problems()) {
            rules.extend(rule(table, &path, reader.problems()));
        }
    }
    rules
}

fn rule(table: &Table, path: &str, problems: &mut Problems) -> Option<Relabel> {
    let mut reader = TableReader::new(path, table, &RELABEL, problems);
    let action = reader.choice("action").map(|found| found.value);
    let is_usual = reader.peek("action").is_none();
    let action = action.or(is_usual.then_some(ACTION_NAMES[0]));
    let source_labels = words::strings(&mut reader, "source_labels");
    let mut text = |key| reader.string(key).map(|found| found.value);
    let (separator, target_label) = (text("separator"), text("target_label"));
    let (regex, replacement) = (text("regex"), text("replacement"));
    let modulus = reader.integer("modulus").map(|found| found.value);
    if let Some(tree) = reader.peek("regex") {
        check(tree, "regex", reader.problems());
    }
    let mut places = Vec::new();
    for key in RELABEL.keys() {
        places.extend(reader.peek(key).map(|tree| (key, tree.span.clone())));
    }
    reader.finish();
    let rule = Relabel {
        action: action_of(action?)?,
        source_labels,
        separator,
        target_label,
        regex,
        modulus,
        replacement,
    };
    for mistake in rule.mistakes() {
        let at = places.iter().find(|(key, _)| Some(*key) == mistake.key);
        let span = at.map_or(&table.span, |(_, span)| span);
        let label = if at.is_some() { "here" } else { "this rule" };
        problems
            .add("relabel-rule", span, label, mistake.message)
            .help(mistake.help);
    }
    Some(rule)
}

/// Reports what is no pattern among the strings of a list.
pub(crate) fn check_all(reader: &mut TableReader<'_, '_>, key: &'static str) {
    let elements = reader.peek(key).map(View::elements).unwrap_or_default();
    for element in elements {
        check(element, key, reader.problems());
    }
}

/// Reports a string that is no pattern.
fn check(tree: &Tree, key: &str, problems: &mut Problems) {
    if let Some(text) = tree.known() {
        check_text(text, &tree.span, key, problems);
    }
}

/// Reports a text that is no pattern; returns the names of its groups.
pub(crate) fn check_text(
    text: &str,
    span: &Span,
    key: &str,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    match pattern::read(text) {
        Ok(groups) => Some(groups.named),
        Err(wrong) => {
            problems
                .add(
                    "invalid-pattern",
                    span,
                    "not a pattern",
                    format!("`{text}`, in `{key}`, is no pattern: {wrong}"),
                )
                .help(
                    "patterns are those of RE2; a literal `(`, `[`, `{` or `.` stands after a `\\`",
                );
            None
        }
    }
}

/// A pattern by a name, in a table whose keys are the user's own.
pub(crate) fn named(tree: &Tree, key: &str, problems: &mut Problems) -> Option<String> {
    let text = string_of(tree, key, problems)?;
    let groups = check_text(&text, &tree.span, key, problems)?;
    if groups.is_empty() {
        problems
            .add(
                "invalid-pattern",
                &tree.span,
                "names nothing",
                format!("`{text}` extracts nothing: none of its groups has a name"),
            )
            .help("write for example `cluster/(?P<cluster>.*)`: the value becomes an attribute `cluster`");
        return None;
    }
    Some(text)
}
