//! `amp-stack explain FIELD`: what a field of a stack file takes, what it is for, and whose rule
//! that is.

use crate::{
    file::fields::Fields,
    load::{
        lookup::{self, FieldAt, NotFound},
        words as of_fields,
    },
    show::{Paint, Style, words},
};

/// What is said about the field at `path`.
pub(super) fn explained(path: &str, style: Style) -> Result<String, NotFound> {
    lookup::find(path).map(|found| paragraphs(found, style))
}

/// What may have been meant by a path at which there is no field, as a question or a hint.
pub(super) fn hint(path: &str, error: &NotFound) -> Option<String> {
    if let Some(meant) = &error.meant {
        return Some(format!("did you mean `{meant}`?"));
    }
    let last = path.rsplit('.').next().unwrap_or(path);
    let places: Vec<String> = lookup::all()
        .into_iter()
        .filter(|fields| fields.get(last).is_some())
        .map(|fields| format!("`{}`", without_names(fields, last)))
        .collect();
    match places.as_slice() {
        [] if path.contains('.') => Some(fields_there(error)),
        [] => None,
        [only] => Some(format!("did you mean {only}?")),
        several => Some(format!("there are {}", words::list(several))),
    }
}

fn fields_there(error: &NotFound) -> String {
    let names: Vec<String> = error.keys.iter().map(|key| format!("`{key}`")).collect();
    if names.is_empty() {
        format!("what stands before `{}` has no fields", error.part)
    } else {
        format!(
            "in place of `{}` there are {}",
            error.part,
            words::list(&names)
        )
    }
}

/// The path of every field, as it is asked for.
pub(super) fn paths() -> Vec<String> {
    let paths = lookup::all().into_iter().flat_map(|fields| {
        let keys = fields.keys().into_iter();
        keys.map(|key| without_names(fields, key))
    });
    paths.collect()
}

/// The path of `key` in `fields`, without the names of the user's own.
fn without_names(fields: &Fields, key: &str) -> String {
    path_of(fields, key).replace(".NAME", "")
}

fn path_of(fields: &Fields, key: &str) -> String {
    if fields.path.is_empty() {
        key.to_owned()
    } else {
        format!("{}.{key}", fields.path)
    }
}

fn paragraphs(found: FieldAt, style: Style) -> String {
    let FieldAt { of, field } = found;
    let path = style.paint(Paint::Title, &path_of(of, field.key));
    let mut text = format!("{path} (a field of a stack file)\n\n");
    text.push_str(&words::wrap("  ", field.doc, style.width));
    text.push('\n');
    text.push_str(&words::wrap(
        "Takes: ",
        &of_fields::takes(of, field),
        style.width,
    ));
    if let Some(presence) = of_fields::presence(of, field) {
        let mut letters = presence.chars();
        let first = letters.next().map(|first| first.to_ascii_uppercase());
        let presence: String = first.into_iter().chain(letters).collect();
        text.push_str(&words::wrap("", &presence, style.width));
    }
    if let Some(line) = field.line() {
        text.extend(["Example: ", &line, "\n"]);
    }
    let source = field.source.unwrap_or(of.source);
    text.push_str(&words::wrap("Source: ", source, style.width));
    if let Some(within) = lookup::tables(of, field).first() {
        text.push('\n');
        text.push_str(&table(within.fields, style));
    }
    text
}

/// The fields of a table, each with what it is for.
fn table(fields: &Fields, style: Style) -> String {
    let mut text = words::wrap("", fields.doc, style.width);
    text.push_str("\nIts fields:\n\n");
    let widths = fields.fields.iter().map(|field| field.key.len());
    let width = widths.max().unwrap_or_default();
    for field in fields.fields {
        let required = if fields.requires(field) {
            "Required. "
        } else {
            ""
        };
        let said = format!("{required}{}", field.doc);
        text.push_str(&words::wrap(
            &format!("  {:width$}  ", field.key),
            &said,
            style.width,
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(path: &str) -> String {
        explained(path, Style::PLAIN).expect("it is declared")
    }

    fn hint_of(path: &str) -> String {
        let error = explained(path, Style::PLAIN).expect_err("it is not declared");
        hint(path, &error).expect("something like it is")
    }

    #[test]
    fn a_field_is_explained() {
        insta::assert_snapshot!(text("log_groups.app.retention_days"), @r#"
        log_groups.NAME.retention_days (a field of a stack file)

          How many days logs are kept, or "never" to let none expire. It has no default, because keeping
          logs for ever costs money and is easily overlooked.

        Takes: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
               3288 or 3653, or `"never"`
        Required, but refused where `class` is `"DELIVERY"`
        Example: retention_days = 30
        Source: CloudWatch Logs API reference, PutRetentionPolicy
        "#);
    }

    #[test]
    fn a_table_is_explained_with_its_fields() {
        insta::assert_snapshot!(text("task_definitions.containers.restart_policy"), @r"
        task_definitions.NAME.containers.NAME.restart_policy (a field of a stack file)

          Whether this container alone is restarted when it exits, so that the task goes on.

        Takes: a table
        Left out: it is not restarted
        Example: restart_policy = { enabled = true }
        Source: ECS API reference, ContainerDefinition

        Whether and when a container alone is restarted.

        Its fields:

          enabled                 Required. Whether it is restarted.
          ignored_exit_codes      Exit codes after which it is not restarted; up to 50.
          restart_attempt_period  How many seconds it has to have run to be restarted. One that exits
                                  earlier is not restarted.
        ");
    }

    #[test]
    fn what_was_meant_is_suggested() {
        assert_eq!(
            hint_of("log_groups.retention_day"),
            "did you mean `log_groups.retention_days`?"
        );
        assert_eq!(hint_of("log_group.name"), "did you mean `log_groups.name`?");
        assert_eq!(
            hint_of("max_series"),
            "did you mean `workspace.limits.max_series`?"
        );
        assert_eq!(
            hint_of("retention_days"),
            "there are `workspace.retention_days` and `log_groups.retention_days`"
        );
        assert_eq!(
            hint_of("workspace.alias.colour"),
            "what stands before `colour` has no fields"
        );
    }

    #[test]
    fn every_field_is_explained() {
        for fields in lookup::all() {
            for field in fields.fields {
                let shown = text(&path_of(fields, field.key));
                assert!(shown.contains("Source: "), "{shown}");
            }
        }
    }
}
