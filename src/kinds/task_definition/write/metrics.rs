//! Spells the table `metrics`.

use crate::{
    file::{
        fields::{Fields, Type},
        write::layout::{Table, Value, escaped},
    },
    kinds::{
        declare::ShortForm,
        task_definition::{fields::metrics::METRICS, write::Writer},
    },
    model::{address::Kind, node::Node},
};

impl Writer<'_, '_, '_> {
    /// `metrics`.
    pub(super) fn metrics(&mut self, form: &ShortForm) -> Table {
        let mut keys = form.value.as_map().cloned().unwrap_or_default();
        let logs = keys.remove("logs");
        let group = keys
            .get("emf")
            .and_then(|emf| emf.get("log_group"))
            .cloned();
        let spelled = self.speller.node(&["metrics"], &Node::Map(keys));
        let mut table = match spelled {
            Some(Value::Table(table)) => table,
            _ => Table::default(),
        };
        if let Some(group) = group.as_ref().and_then(Node::as_str)
            && let Some((_, Value::Table(emf))) = table.entries.iter_mut().find(|(k, _)| k == "emf")
            && let Some((_, value)) = emf.entries.iter_mut().find(|(k, _)| k == "log_group")
        {
            *value = self.group(group);
        }
        if let Some(logs) = logs {
            match self.logs("logConfiguration", &logs) {
                Some(logs) => table.put("logs", logs),
                None => self.log_configuration(&logs, &mut table),
            }
        }
        order(&mut table, &METRICS);
        table.is_section = true;
        table
    }

    /// A log group by its key, or else by its name.
    pub(super) fn group(&self, name: &str) -> Value {
        if let Some(key) = self.writing.by_name(Kind::LogGroup, name) {
            return Value::Text(escaped(key));
        }
        let mut table = Table::default();
        table.put_literal("name", name);
        Value::Table(table)
    }

    /// A log configuration that `logs` can't say.
    fn log_configuration(&mut self, logs: &Node, table: &mut Table) {
        let path = ["metrics", "verbatim", "log_configuration"];
        let Some(logs) = self.speller.node(&path, logs) else {
            return;
        };
        let verbatim = table.entries.iter_mut().find(|(key, _)| key == "verbatim");
        if let Some((_, Value::Table(verbatim))) = verbatim {
            verbatim.put("logConfiguration", logs);
        } else {
            let mut verbatim = Table::section();
            verbatim.put("logConfiguration", logs);
            table.put("verbatim", Value::Table(verbatim));
        }
    }
}

/// Puts the keys of a table, and of those within, into the order of the documentation.
fn order(table: &mut Table, fields: &Fields) {
    let position = |key: &str| fields.fields.iter().position(|field| field.key == key);
    table.entries.sort_by_key(|(key, _)| position(key));
    for (key, value) in &mut table.entries {
        let inner = fields.get(key).and_then(|field| fields_of(&field.value));
        let Some(inner) = inner else { continue };
        match value {
            Value::Table(table) => order(table, inner),
            Value::List(elements) => {
                for element in elements {
                    if let Value::Table(table) = element {
                        order(table, inner);
                    }
                }
            }
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::Noted(_) => {}
        }
    }
}

/// The fields of the tables that a value of this type is or holds.
fn fields_of(of: &Type) -> Option<&'static Fields> {
    match of {
        Type::Table(fields) => Some(fields),
        Type::List(element) => fields_of(element),
        Type::OneOf(types) => types.iter().find_map(fields_of),
        Type::Text
        | Type::Known
        | Type::Choice(_)
        | Type::OpenChoice(_)
        | Type::Boolean
        | Type::Integer(..)
        | Type::Numbers(_)
        | Type::Scalar
        | Type::Named(_)
        | Type::ByName(..)
        | Type::Map(_)
        | Type::Member
        | Type::MemberOr(_)
        | Type::Verbatim => None,
    }
}
