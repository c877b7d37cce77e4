//! The JSON Schema of stack files, made from the declaration of their fields.
//!
//! It is of draft 7, which editors for TOML understand best: Taplo and Even Better TOML check with
//! a library whose newest complete draft this is, and they ignore whatever stands beside a `$ref`,
//! which is why references stand in an `allOf` of their own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    ecs_shape::{KEYED, Member, Shape, Structure, stack_key},
    file::fields::{Field, Fields, Requirement, Type},
    kinds::declare::of_structure,
    load::root::ROOT,
};

/// What logical names are made of, which [`crate::model::address::Address::is_key`] says too.
const LOGICAL_NAME: &str = "^[A-Za-z0-9_-]{1,64}$";

/// The schema.
pub fn schema() -> Value {
    let mut writer = Writer::default();
    let mut root = writer.table(&ROOT, None);
    let interpolated = json!({
        "description": "A string with something to fill in: `${var.NAME}`, `${region}`.",
        "type": "string",
        "pattern": "\\$\\{",
    });
    let mut definitions: Map<String, Value> = writer.written.into_iter().collect();
    definitions.insert(INTERPOLATED.to_owned(), interpolated);
    let mentioned = json!({
        "description": "A variable that has the type of this place: `${var.NAME}`.",
        "type": "string",
        "pattern": "^\\$\\{var\\.[A-Za-z0-9_-]{1,64}\\}$",
    });
    definitions.insert(MENTIONED.to_owned(), mentioned);
    root["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    root["title"] = json!("Stack file of amp-stack");
    root["definitions"] = Value::Object(definitions);
    root
}

/// The definition of strings with something to fill in, which may stand where only some strings
/// may.
const INTERPOLATED: &str = "interpolated";

/// The definition of a variable that stands where a number or a truth value may.
const MENTIONED: &str = "mentioned_variable";

/// Writes definitions as they are referred to.
#[derive(Default)]
struct Writer {
    written: BTreeMap<String, Value>,
}

impl Writer {
    /// A reference to `fields`, without the key `given`, which is given by a name.
    fn reference(&mut self, fields: &'static Fields, given: Option<&str>) -> Value {
        let name = match given {
            Some(given) => format!("{}_without_{given}", fields.name),
            None => fields.name.to_owned(),
        };
        if !self.written.contains_key(&name) {
            // Something stands there while it is written, so that what refers to itself ends.
            self.written.insert(name.clone(), Value::Null);
            let table = self.table(fields, given);
            self.written.insert(name.clone(), table);
        }
        json!({"allOf": [{"$ref": format!("#/definitions/{name}")}]})
    }

    fn table(&mut self, fields: &'static Fields, given: Option<&str>) -> Value {
        let here = fields.fields.iter();
        let here: Vec<&'static Field> = here.filter(|field| given != Some(field.key)).collect();
        let mut properties = Map::new();
        for field in &here {
            properties.insert(field.key.to_owned(), self.property(fields, field));
        }
        let required = here.iter().filter(|field| fields.requires(field));
        let required: Vec<&str> = required.map(|field| field.key).collect();
        let mut table = json!({
            "description": fields.doc,
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        });
        if !required.is_empty() {
            table["required"] = json!(required);
            table["x-taplo"] = json!({"initKeys": required});
        }
        let conditions: Vec<Value> = here.iter().flat_map(|field| conditions(field)).collect();
        if !conditions.is_empty() {
            table["allOf"] = Value::Array(conditions);
        }
        table
    }

    fn property(&mut self, of: &'static Fields, field: &'static Field) -> Value {
        let mut property = self.value(&field.value, of.member_of(field));
        let mut description = field.doc.to_owned();
        match field.requirement {
            Requirement::Default(value) => property["default"] = json_of(value),
            Requirement::DefaultNote(means) => {
                description.push_str("\n\nLeft out: ");
                description.push_str(means);
                description.push('.');
            }
            Requirement::Required
            | Requirement::RequiredByRule
            | Requirement::RequiredUnless { .. }
            | Requirement::Optional
            | Requirement::Alone => {}
        }
        description.push_str("\n\nSource: ");
        description.push_str(field.source.unwrap_or(of.source));
        property["description"] = Value::String(description);
        if let Some(example) = field.example {
            property["examples"] = json!([json_of(example)]);
        }
        property
    }

    /// What a value has to be; `member` is what the API has under the name of the field.
    fn value(&mut self, takes: &Type, member: Option<&'static Member>) -> Value {
        match takes {
            Type::Text | Type::Known => json!({"type": "string"}),
            Type::Choice(choices) => one_of(choices),
            Type::OpenChoice(choices) => any_of(vec![
                json!({"enum": choices}),
                json!({"type": "string", "pattern": "^[A-Z_]+$"}),
                interpolated(),
            ]),
            Type::Boolean => or_variable(json!({"type": "boolean"})),
            Type::Integer(low, high) => {
                // Numbers of the API have 32 bits.
                let most = member.map_or(i64::MAX, |_| i64::from(i32::MAX));
                or_variable(integer(*low, (*high).min(most)))
            }
            Type::Numbers(numbers) => or_variable(json!({"enum": numbers})),
            Type::Scalar => json!({"type": ["string", "number", "boolean"]}),
            Type::List(element) => list(&self.value(element, None)),
            Type::Table(fields) => self.reference(fields, None),
            Type::Named(value) => {
                let mut map = map(&self.value(value, None));
                map["propertyNames"] = json!({"pattern": LOGICAL_NAME});
                map
            }
            Type::ByName(fields, key) => {
                let by_name = map(&self.reference(fields, Some(key)));
                let listed = list(&self.reference(fields, None));
                any_of(vec![by_name, listed])
            }
            Type::Map(value) => map(&self.value(value, None)),
            Type::OneOf(alternatives) => {
                let each = alternatives.iter().map(|takes| self.value(takes, None));
                any_of(each.collect())
            }
            Type::Member => member.map_or(Value::Bool(true), |member| self.member(member)),
            Type::MemberOr(other) => {
                let member = self.value(&Type::Member, member);
                any_of(vec![member, self.value(other, None)])
            }
            Type::Verbatim => json!({"type": "object"}),
        }
    }

    fn member(&mut self, member: &'static Member) -> Value {
        let keyed = KEYED.iter().find(|(list, ..)| *list == member.name);
        if let (Some((_, key, content)), Shape::List(element)) = (keyed, &member.shape)
            && let Shape::Struct(structure) = element.as_ref()
        {
            let content = content.and_then(|content| structure.member(content));
            let mut entry: Vec<Value> = content
                .map(|content| self.shape(&content.shape))
                .into_iter()
                .collect();
            entry.push(self.structure(structure, Some(&stack_key(key))));
            let by_name = map(&any_of(entry));
            let listed = list(&self.structure(structure, None));
            return any_of(vec![by_name, listed]);
        }
        self.shape(&member.shape)
    }

    fn shape(&mut self, shape: &'static Shape) -> Value {
        match shape {
            Shape::Struct(structure) => self.structure(structure, None),
            Shape::List(element) => list(&self.shape(element)),
            Shape::Map(value) => map(&self.shape(value)),
            Shape::Text([]) => json!({"type": "string"}),
            Shape::Text(choices) => one_of(choices),
            Shape::Integer => or_variable(integer(i64::from(i32::MIN), i64::from(i32::MAX))),
            Shape::Boolean => or_variable(json!({"type": "boolean"})),
        }
    }

    /// The structure as it is declared. One that a stack file writes in another way has no
    /// declaration, and nothing refers to it.
    fn structure(&mut self, structure: &Structure, given: Option<&str>) -> Value {
        of_structure(&structure.name)
            .map_or(Value::Bool(true), |fields| self.reference(fields, given))
    }
}

/// What a field asks of the fields beside it.
fn conditions(field: &Field) -> Vec<Value> {
    let key = field.key;
    match field.requirement {
        Requirement::RequiredUnless { key: other, is } => {
            let here = json!({"required": [key]});
            let Some(is) = is else {
                return vec![json!({"anyOf": [here, {"required": [other]}]})];
            };
            // What a string with something to fill in stands for is not known to an editor.
            let may_be = json!({
                "required": [other],
                "properties": {other: {"anyOf": [{"const": is}, interpolated()]}},
            });
            vec![
                json!({"anyOf": [here, may_be]}),
                json!({
                    "if": {"required": [other], "properties": {other: {"const": is}}},
                    "then": {"properties": {key: false}},
                }),
            ]
        }
        Requirement::Alone => {
            vec![json!({"if": {"required": [key]}, "then": {"maxProperties": 1}})]
        }
        Requirement::Required
        | Requirement::RequiredByRule
        | Requirement::Optional
        | Requirement::Default(_)
        | Requirement::DefaultNote(_) => Vec::new(),
    }
}

fn interpolated() -> Value {
    json!({"$ref": format!("#/definitions/{INTERPOLATED}")})
}

fn or_variable(value: Value) -> Value {
    let mentioned = json!({"$ref": format!("#/definitions/{MENTIONED}")});
    any_of(vec![value, mentioned])
}

fn one_of(choices: &[&str]) -> Value {
    any_of(vec![json!({"enum": choices}), interpolated()])
}

fn any_of(alternatives: Vec<Value>) -> Value {
    match <[Value; 1]>::try_from(alternatives) {
        Ok([only]) => only,
        Err(several) => json!({"anyOf": several}),
    }
}

fn integer(low: i64, high: i64) -> Value {
    let mut integer = json!({"type": "integer", "minimum": low});
    if high != i64::MAX {
        integer["maximum"] = json!(high);
    }
    integer
}

fn list(element: &Value) -> Value {
    json!({"type": "array", "items": element})
}

fn map(value: &Value) -> Value {
    json!({"type": "object", "additionalProperties": value})
}

/// A value that is declared in TOML.
fn json_of(toml: &str) -> Value {
    let line = format!("value = {toml}");
    let table: Map<String, Value> =
        toml::from_str(&line).expect("every value of the declaration is TOML, which a test proves");
    table.get("value").cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{load::lookup::all, model::address::Address};

    #[test]
    fn every_field_of_every_table_is_in_it_with_its_documentation() {
        let schema = schema();
        let mut seen = 0;
        for fields in all() {
            let table = if fields.name == ROOT.name {
                &schema
            } else {
                &schema["definitions"][fields.name]
            };
            for field in fields.fields {
                let property = &table["properties"][field.key];
                let description = property["description"].as_str().unwrap_or_default();
                assert!(
                    description.starts_with(field.doc),
                    "{}.{}",
                    fields.name,
                    field.key
                );
                assert!(
                    property["examples"].is_array(),
                    "{}.{}",
                    fields.name,
                    field.key
                );
                seen += 1;
            }
            assert_eq!(table["additionalProperties"], false, "{}", fields.name);
        }
        assert!(seen > 240, "{seen} fields");
    }

    #[test]
    fn every_reference_leads_somewhere_and_nothing_is_left_open() {
        let schema = schema();
        let text = schema.to_string();
        for part in text.split("\"#/definitions/").skip(1) {
            let name = part.split('"').next().unwrap_or_default();
            assert!(schema["definitions"][name].is_object(), "{name}");
        }
        none_takes_anything(&schema, "");
    }

    /// Panics at a schema that says nothing.
    fn none_takes_anything(schema: &Value, at: &str) {
        assert!(schema.is_object() || *schema == false, "{at}: {schema}");
        let Some(members) = schema.as_object() else {
            return;
        };
        for (key, member) in members {
            let at = format!("{at}/{key}");
            let below: Vec<&Value> = match key.as_str() {
                "items" | "additionalProperties" | "if" | "then" => vec![member],
                "properties" | "definitions" => {
                    let members = member.as_object().into_iter();
                    members.flat_map(Map::values).collect()
                }
                "allOf" | "anyOf" => member.as_array().into_iter().flatten().collect(),
                _ => Vec::new(),
            };
            for (index, schema) in below.into_iter().enumerate() {
                none_takes_anything(schema, &format!("{at}/{index}"));
            }
        }
    }

    #[test]
    fn logical_names_are_what_addresses_take() {
        for (name, fits) in [
            ("a", true),
            ("A_b-9", true),
            ("", false),
            ("a.b", false),
            ("ä", false),
        ] {
            assert_eq!(Address::is_key(name), fits, "{name}");
        }
        assert!(Address::is_key(&"a".repeat(64)) && !Address::is_key(&"a".repeat(65)));
        assert!(LOGICAL_NAME.contains("{1,64}"));
    }

    #[test]
    fn it_is_always_the_same() {
        assert_eq!(schema().to_string(), schema().to_string());
    }
}
