//! Checks that a decoded request has the types that the API model gives its members.

use serde_json::{Map, Value};

use crate::service::Refusal;

/// The type of a member, as in the API model.
#[derive(Debug)]
pub(crate) enum Shape {
    /// A string.
    Text,
    /// A 32-bit integer.
    Integer,
    /// A boolean.
    Flag,
    /// A string that must be one of these.
    Choice(&'static [&'static str]),
    /// A map from strings to strings.
    TextMap,
    /// A list of one type.
    List(&'static Shape),
    /// A structure of named members.
    Structure(&'static [Member]),
    /// Anything: kept as it was sent, because no rule here depends on what is inside.
    Opaque,
}

/// A member of a structure.
#[derive(Debug)]
pub(crate) struct Member {
    name: &'static str,
    shape: Shape,
    required: bool,
}

/// A member that may be left out.
pub(crate) const fn optional(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: false,
    }
}

/// A member that must be there.
pub(crate) const fn required(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        shape,
        required: true,
    }
}

/// Returns `input` with the types of `members`; `code` is the error for missing members and values
/// that are no choice.
///
/// Members that the model doesn't know and members that are null are left out, as the JSON
/// protocols of AWS do.
pub(crate) fn check(
    input: &Map<String, Value>,
    members: &'static [Member],
    code: &'static str,
) -> Result<Map<String, Value>, Refusal> {
    let mut checked = Map::new();
    for Member {
        name,
        shape,
        required,
    } in members
    {
        match input.get(*name) {
            None | Some(Value::Null) if *required => {
                let message = format!("{name} should not be null or empty.");
                return Err(Refusal::new(400, code, message));
            }
            None | Some(Value::Null) => {}
            Some(value) => {
                checked.insert((*name).to_owned(), typed(value, shape, name, code)?);
            }
        }
    }
    Ok(checked)
}

fn typed(
    value: &Value,
    shape: &'static Shape,
    name: &str,
    code: &'static str,
) -> Result<Value, Refusal> {
    match shape {
        Shape::Text => value
            .as_str()
            .map(Value::from)
            .ok_or_else(|| mistyped(value, "a String")),
        Shape::Integer => value
            .as_i64()
            .filter(|number| i32::try_from(*number).is_ok())
            .map(Value::from)
            .ok_or_else(|| mistyped(value, "an Integer")),
        Shape::Flag => value
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| mistyped(value, "a Boolean")),
        Shape::Choice(choices) => {
            let text = value.as_str().ok_or_else(|| mistyped(value, "a String"))?;
            if choices.contains(&text) {
                return Ok(Value::from(text));
            }
            let message = format!("{name} should be one of [{}]", choices.join(","));
            Err(Refusal::new(400, code, message))
        }
        Shape::TextMap => text_map(value),
        Shape::List(element) => value
            .as_array()
            .ok_or_else(|| mistyped(value, "a List"))?
            .iter()
            .filter(|item| !item.is_null())
            .map(|item| typed(item, element, name, code))
            .collect(),
        Shape::Structure(members) => {
            let structure = value
                .as_object()
                .ok_or_else(|| mistyped(value, "a Structure"))?;
            check(structure, members, code).map(Value::from)
        }
        Shape::Opaque => Ok(value.clone()),
    }
}

fn text_map(value: &Value) -> Result<Value, Refusal> {
    let entries = value.as_object().ok_or_else(|| mistyped(value, "a Map"))?;
    match entries
        .values()
        .find(|entry| !entry.is_string() && !entry.is_null())
    {
        Some(entry) => Err(mistyped(entry, "a String")),
        None => Ok(entries
            .iter()
            .filter(|(_, entry)| !entry.is_null())
            .map(|(key, entry)| (key.clone(), entry.clone()))
            .collect::<Map<_, _>>()
            .into()),
    }
}

/// The common error of AWS's JSON protocols for a value of the wrong type.
fn mistyped(value: &Value, wanted: &str) -> Refusal {
    let found = match value {
        Value::Null => "NULL_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) => "FALSE_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::String(_) => "STRING_VALUE",
        Value::Array(_) => "START_ARRAY",
        Value::Object(_) => "START_OBJECT",
    };
    let message = format!("{found} can not be converted to {wanted}");
    Refusal::new(400, "SerializationException", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MEMBERS: &[Member] = &[
        required("name", Shape::Text),
        optional("count", Shape::Integer),
        optional("on", Shape::Flag),
        optional("mode", Shape::Choice(&["a", "b"])),
        optional("labels", Shape::TextMap),
        optional(
            "parts",
            Shape::List(&Shape::Structure(&[required("id", Shape::Text)])),
        ),
        optional("rest", Shape::Opaque),
    ];

    fn checked(input: &Value) -> Result<Map<String, Value>, Refusal> {
        check(
            input.as_object().expect("a test gives an object"),
            MEMBERS,
            "ClientException",
        )
    }

    #[test]
    fn keeps_what_the_model_knows_and_drops_nulls_and_unknown_members() {
        let input = json!({
            "name": "n", "count": 3, "on": true, "mode": "b", "labels": {"k": "v", "x": null},
            "parts": [{"id": "1", "size": 9}, null], "rest": [1, {"a": null}], "unheard": 1
        });
        let output = json!({
            "name": "n", "count": 3, "on": true, "mode": "b", "labels": {"k": "v"},
            "parts": [{"id": "1"}], "rest": [1, {"a": null}]
        });
        assert_eq!(checked(&input).map(Value::from), Ok(output));
    }

    #[test]
    fn refuses_other_types_missing_members_and_other_choices() {
        let cases = [
            (json!({}), "ClientException"),
            (json!({"name": null}), "ClientException"),
            (json!({"name": 1}), "SerializationException"),
            (json!({"name": "n", "count": "3"}), "SerializationException"),
            (json!({"name": "n", "count": 1.5}), "SerializationException"),
            (
                json!({"name": "n", "count": 2_147_483_648_i64}),
                "SerializationException",
            ),
            (json!({"name": "n", "on": "true"}), "SerializationException"),
            (json!({"name": "n", "mode": "c"}), "ClientException"),
            (json!({"name": "n", "mode": 1}), "SerializationException"),
            (
                json!({"name": "n", "labels": {"k": 1}}),
                "SerializationException",
            ),
            (json!({"name": "n", "labels": []}), "SerializationException"),
            (json!({"name": "n", "parts": {}}), "SerializationException"),
            (json!({"name": "n", "parts": [1]}), "SerializationException"),
            (json!({"name": "n", "parts": [{}]}), "ClientException"),
        ];
        for (input, code) in cases {
            let refusal = checked(&input).expect_err(&input.to_string());
            assert_eq!((refusal.status, refusal.code), (400, code), "{input}");
        }
    }
}
