//! Fields in words: what they take, and whether they may be left out.

use crate::{
    ecs_shape::{KEYED, Member, Shape, stack_key},
    file::{
        fields::{Field, Fields, Requirement, Type},
        reader::range_in_words,
    },
};

/// What `field` of `of` takes: "a string", "an array, each element a table".
pub fn takes(of: &Fields, field: &Field) -> String {
    of_takes(&field.value, of.member_of(field))
}

/// Whether `field` of `of` may be left out, as a sentence without a full stop.
pub fn presence(of: &Fields, field: &Field) -> Option<String> {
    match field.requirement {
        Requirement::Required | Requirement::RequiredByRule => Some("required".to_owned()),
        Requirement::RequiredUnless { key, is: Some(is) } => {
            Some(format!("required, but refused where `{key}` is `\"{is}\"`"))
        }
        Requirement::RequiredUnless { key, is: None } => {
            Some(format!("required unless there is `{key}`"))
        }
        Requirement::Optional if of.requires(field) => Some("required".to_owned()),
        Requirement::Optional => None,
        Requirement::Default(value) => Some(format!("default: `{value}`")),
        Requirement::DefaultNote(means) => Some(format!("left out: {means}")),
        Requirement::Alone => Some("alone, with nothing else in the table".to_owned()),
    }
}

/// `member` is what the API has under the name of the field.
fn of_takes(takes: &Type, member: Option<&Member>) -> String {
    match takes {
        Type::Text => "a string".to_owned(),
        Type::Known => "a string that is known before apply".to_owned(),
        Type::Choice(choices) => strings(choices),
        Type::OpenChoice(choices) => {
            format!("{}, or one that AWS has added since", strings(choices))
        }
        Type::Boolean => "`true` or `false`".to_owned(),
        Type::Integer(low, high) => {
            format!("a whole number, {}", range_in_words(&(*low..=*high)))
        }
        Type::Numbers(numbers) => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            alternatives(&numbers)
        }
        Type::Scalar => "a string, a number or a truth value".to_owned(),
        Type::List(element) => format!("an array, each element {}", of_takes(element, None)),
        Type::Table(_) => "a table".to_owned(),
        Type::Named(value) => format!(
            "a table by logical name, each value {}",
            of_takes(value, None)
        ),
        Type::ByName(_, key) => by_name(key, "a table"),
        Type::Map(value) => format!(
            "a table with keys of your own, each value {}",
            of_takes(value, None)
        ),
        Type::OneOf(alternatives) => {
            let words = alternatives.iter().map(|takes| of_takes(takes, None));
            words.collect::<Vec<_>>().join(", or ")
        }
        Type::Member => member.map(of_member).unwrap_or_default(),
        Type::MemberOr(other) => {
            let member = of_takes(&Type::Member, member);
            format!("{member}, or {}", of_takes(other, None))
        }
        Type::Verbatim => "a table of anything".to_owned(),
    }
}

fn of_member(member: &Member) -> String {
    let keyed = KEYED.iter().find(|(list, ..)| *list == member.name);
    match keyed {
        Some((_, key, None)) => by_name(key, "a table"),
        Some((_, key, Some(_))) => by_name(key, "a string or a table"),
        None => of_shape(&member.shape),
    }
}

fn by_name(key: &str, value: &str) -> String {
    let key = stack_key(key);
    format!("a table by `{key}`, each value {value}, or an array of tables")
}

fn of_shape(shape: &Shape) -> String {
    match shape {
        Shape::Struct(_) => "a table".to_owned(),
        Shape::List(element) => format!("an array, each element {}", of_shape(element)),
        Shape::Map(value) => format!(
            "a table with keys of your own, each value {}",
            of_shape(value)
        ),
        Shape::Text([]) => "a string".to_owned(),
        Shape::Text(choices) => strings(choices),
        Shape::Integer => "a whole number".to_owned(),
        Shape::Boolean => "`true` or `false`".to_owned(),
    }
}

fn strings(choices: &[&str]) -> String {
    let quoted: Vec<String> = choices
        .iter()
        .map(|choice| format!("`\"{choice}\"`"))
        .collect();
    alternatives(&quoted)
}

fn alternatives(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::lookup::{all, find};

    fn described(path: &str) -> String {
        let found = find(path).expect("it is declared");
        let presence = presence(found.of, found.field).unwrap_or_default();
        format!("{}; {presence}", takes(found.of, found.field))
    }

    #[test]
    fn fields_are_documented() {
        for (path, words) in [
            (
                "stack.name",
                "a string that is known before apply; required",
            ),
            (
                "log_groups.class",
                "`\"STANDARD\"`, `\"INFREQUENT_ACCESS\"`, `\"DELIVERY\"` or `\"ESSENTIALS\"`, or one that AWS has added since; default: `\"STANDARD\"`",
            ),
            (
                "workspace.arn",
                "a string that is known before apply; alone, with nothing else in the table",
            ),
            (
                "workspace.limits.max_series",
                "a whole number, 0 or more; required",
            ),
            (
                "task_definitions.cpu",
                "a string, or a whole number, 0 or more; ",
            ),
            (
                "task_definitions.containers",
                "a table by `name`, each value a table, or an array of tables; required unless there is `definition`",
            ),
            (
                "task_definitions.containers.depends_on",
                "a table by `container_name`, each value a string or a table, or an array of tables; default: `{}`",
            ),
            (
                "task_definitions.containers.health_check.command",
                "an array, each element a string; required",
            ),
            (
                "task_definitions.containers.port_mappings.protocol",
                "`\"tcp\"` or `\"udp\"`; default: `\"tcp\"`",
            ),
        ] {
            assert_eq!(described(path), words, "{path}");
        }
    }

    #[test]
    fn every_field_has_words() {
        for fields in all() {
            for field in fields.fields {
                let words = takes(fields, field);
                assert!(words.len() > 5, "{}.{}: {words}", fields.name, field.key);
            }
        }
    }
}
