//! Configurations of collectors as values: JSON or YAML, with the variables of the container
//! filled in.

use serde_json::{Map, Number, Value};

use crate::file::yaml::{self, Yaml};

/// Reads a configuration; `None` if it is no mapping.
pub(super) fn parse(text: &str) -> Option<Value> {
    let value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(_) => to_json(&yaml::parse(text).ok().flatten()?),
    };
    value.is_object().then_some(value)
}

fn to_json(yaml: &Yaml) -> Value {
    match &yaml.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Bool(value) => Value::Bool(*value),
        yaml::Value::Number(text) => text
            .parse::<Number>()
            .map_or_else(|_| Value::String(text.clone()), Value::Number),
        yaml::Value::Text(text) => Value::String(text.clone()),
        yaml::Value::List(elements) => elements.iter().map(to_json).collect(),
        yaml::Value::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.text.clone(), to_json(value)))
                .collect(),
        ),
    }
}

/// The elements of a list.
pub(super) fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

/// A value as text, if it is one that has a text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The configuration with what `variable` knows in the place of `${env:NAME}` and `${NAME}`, and a
/// `$` for each `$$` (OpenTelemetry documentation, "Configuration", "Environment variables").
pub(super) fn filled_in(document: &Value, variable: &dyn Fn(&str) -> Option<String>) -> Value {
    match document {
        Value::Null | Value::Bool(_) | Value::Number(_) => document.clone(),
        Value::String(text) => Value::String(text_of(text, variable)),
        Value::Array(elements) => elements
            .iter()
            .map(|element| filled_in(element, variable))
            .collect(),
        Value::Object(members) => {
            let members = members.iter();
            let filled = members.map(|(key, value)| (key.clone(), filled_in(value, variable)));
            Value::Object(filled.collect::<Map<_, _>>())
        }
    }
}

fn text_of(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        result.push_str(before);
        let named = from
            .strip_prefix("${")
            .and_then(|inner| inner.split_once('}'));
        let value = named.and_then(|(name, after)| {
            let name = name.strip_prefix("env:").unwrap_or(name);
            Some((variable(name)?, after))
        });
        if let Some((value, after)) = value {
            result.push_str(&value);
            rest = after;
        } else {
            result.push('$');
            rest = from.strip_prefix("$$").unwrap_or(&from[1..]);
        }
    }
    result + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = parse("a: {b: [1, true, ~]}\nc: x").expect("YAML");
        assert_eq!(yaml, json!({"a": {"b": [1, true, null]}, "c": "x"}));
        assert_eq!(parse(&yaml.to_string()), Some(yaml));
        for text in ["", "- a", "a: [", "12"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn variables_are_filled_in_and_dollars_are_kept() {
        let variable = |name: &str| (name == "A").then(|| "1".to_owned());
        let document = json!({"a": ["${env:A}/${A}", "$$x ${B} $1"]});
        assert_eq!(
            filled_in(&document, &variable),
            json!({"a": ["1/1", "$x ${B} $1"]})
        );
    }
}
