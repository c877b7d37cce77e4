//! Writes `[log_groups.NAME]`.

use crate::{
    resource::log_group::{DEFAULT_CLASS, LogGroup},
    stack::write::layout::{Table, Value},
};

/// What the file says of a log group.
pub(super) fn table(group: &LogGroup) -> Table {
    let mut table = Table::section();
    table.add_literal("name", &group.name);
    if group.class != DEFAULT_CLASS {
        table.add_literal("class", &group.class);
    }
    if !group.has_fixed_retention() {
        let never = Value::Text("never".to_owned());
        let days = group.retention_days;
        table.add(
            "retention_days",
            days.map_or(never, |days| Value::Number(days.into())),
        );
    }
    if let Some(key) = &group.kms_key_arn {
        table.add_literal("kms_key_arn", &key.to_string());
    }
    if group.deletion_protection {
        table.add("deletion_protection", Value::Bool(true));
    }
    table
}
