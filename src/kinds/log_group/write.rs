//! Writes `[log_groups.NAME]`.

use crate::{
    file::write::layout::{Table, Value},
    kinds::log_group::{DEFAULT_CLASS, LogGroup},
};

/// What the file says of a log group.
pub(crate) fn table(group: &LogGroup) -> Table {
    let mut table = Table::section();
    table.put_literal("name", &group.name);
    if group.class != DEFAULT_CLASS {
        table.put_literal("class", &group.class);
    }
    if !group.has_fixed_retention() {
        let never = Value::Text("never".to_owned());
        let days = group.retention_days;
        table.put(
            "retention_days",
            days.map_or(never, |days| Value::Number(days.into())),
        );
    }
    if let Some(key) = &group.kms_key_arn {
        table.put_literal("kms_key_arn", &key.to_string());
    }
    if group.deletion_protection {
        table.put("deletion_protection", Value::Bool(true));
    }
    table
}
