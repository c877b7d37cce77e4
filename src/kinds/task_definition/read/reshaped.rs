//! Values of members that people write in another shape, as Compose files and command lines have
//! them, and how a stack file has them.

use crate::{
    ecs_shape::{Member, Shape},
    file::{
        reader::{quoted, words_of},
        tree::{Tree, Value},
    },
    model::{secret::advised, template::Template},
};

/// What to write instead of `value`, which is of another type than the member `name` of ECS takes,
/// with its name in a stack file.
pub(super) fn instead_of(member: &Member, value: &Tree) -> Option<String> {
    let key = &member.key;
    let text = value.as_text().and_then(Template::known);
    let elements = || match &value.value {
        Value::List(elements) => elements.iter().collect::<Vec<_>>(),
        Value::Text(_) | Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Table(_) => {
            vec![value]
        }
    };
    let texts = || {
        let each = |element: &Tree| {
            element
                .as_text()
                .and_then(Template::known)
                .map(str::to_owned)
        };
        elements()
            .into_iter()
            .map(each)
            .collect::<Option<Vec<String>>>()
    };
    let members = match member.name.as_str() {
        "command" | "entryPoint" => {
            let words = words_of(text?);
            return Some(format!("write {key} = {}", advised(key, &words)));
        }
        "portMappings" => {
            let ports: Option<Vec<String>> = elements().into_iter().map(port).collect();
            return Some(format!("write {key} = [{}]", ports?.join(", ")));
        }
        "healthCheck" => {
            let command = advised(key, text?).to_owned();
            format!("command = [\"CMD-SHELL\", {}]", quoted(&command))
        }
        "dependsOn" => {
            let each = |name: String| format!("{name} = \"START\"");
            joined(texts()?.into_iter().map(each))
        }
        "environment" => {
            let each = |pair: &String| {
                let (name, value) = pair.split_once('=')?;
                Some(format!("{name} = {}", quoted(advised(name, value))))
            };
            let pairs: Option<Vec<String>> = texts()?.iter().map(each).collect();
            joined(pairs?.into_iter())
        }
        _ => {
            let takes_words = matches!(&member.shape, Shape::List(element) if matches!(**element, Shape::Text(_)));
            let word = quoted(text.filter(|_| takes_words)?);
            return Some(format!("write {key} = [{}]", advised(key, &word)));
        }
    };
    Some(format!("write {key} = {{ {members} }}"))
}

fn joined(members: impl Iterator<Item = String>) -> String {
    members.collect::<Vec<_>>().join(", ")
}

/// A port mapping, of which people write the number, or `HOST:CONTAINER` as Compose has it.
fn port(value: &Tree) -> Option<String> {
    let port: u16 = match &value.value {
        Value::Integer(port) => u16::try_from(*port).ok()?,
        Value::Text(text) => {
            let known = text.known()?;
            known.rsplit(':').next()?.parse().ok()?
        }
        Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Table(_) => return None,
    };
    Some(format!("{{ container_port = {port} }}"))
}
