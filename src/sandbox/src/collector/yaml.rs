//! Configurations in YAML, as JSON would have them.

use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value};

/// The first document of `text`; nothing if it is no plain YAML.
pub(super) fn read(text: &str) -> Option<Value> {
    let documents = Yaml::load_from_str(text).ok()?;
    value(documents.first()?)
}

fn value(node: &Yaml<'_>) -> Option<Value> {
    Some(match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(is_so)) => Value::from(*is_so),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Sequence(items) => items.iter().map(value).collect::<Option<Vec<_>>>()?.into(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, one)| {
                let key = value(key)?;
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                Some((key, value(one)?))
            });
            Value::Object(entries.collect::<Option<Map<_, _>>>()?)
        }
        Yaml::Representation(..) | Yaml::Tagged(..) | Yaml::Alias(_) | Yaml::BadValue => {
            return None;
        }
    })
}
