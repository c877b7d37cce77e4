//! Writes `[workspace]`.

use std::collections::BTreeMap;

use crate::{
    file::write::layout::{Table, Value},
    kinds::workspace::{Configuration, LabelSet, Workspace},
};

/// What AWS gives a new workspace, in seconds (API model of Amazon Managed Service for Prometheus
/// 2020-08-01, `WorkspaceConfigurationDescription`).
const DEFAULT_OUT_OF_ORDER_SECONDS: u32 = 60;
const DEFAULT_RULE_OFFSET_SECONDS: u32 = 60;

/// What the file says of a workspace. `logging` is the key of the log group that its logs go to, if
/// that group is in the file.
pub(crate) fn table(workspace: &Workspace, logging: Option<&str>) -> Table {
    let mut table = Table::section();
    if let Some(alias) = &workspace.alias {
        table.put_literal("alias", alias);
    }
    let Configuration {
        retention_days,
        limits,
        out_of_order_time_window_seconds,
        rule_query_offset_seconds,
    } = &workspace.configuration;
    let out_of_order =
        out_of_order_time_window_seconds.filter(|s| *s != DEFAULT_OUT_OF_ORDER_SECONDS);
    let rule_offset = rule_query_offset_seconds.filter(|s| *s != DEFAULT_RULE_OFFSET_SECONDS);
    for (key, number) in [
        ("retention_days", *retention_days),
        ("out_of_order_time_window_seconds", out_of_order),
        ("rule_query_offset_seconds", rule_offset),
    ] {
        if let Some(number) = number {
            table.put(key, Value::Number(number.into()));
        }
    }
    if let Some(key) = &workspace.kms_key_arn {
        table.put_literal("kms_key_arn", &key.to_string());
    }
    match (logging, &workspace.logging) {
        (Some(key), _) => table.put_literal("logging", key),
        (None, Some(arn)) => table.put_literal("logging", &arn.to_string()),
        (None, None) => {}
    }
    if let Some(limits) = limits.as_ref().filter(|limits| !limits.is_empty()) {
        table.put("limits", self::limits(limits));
    }
    table
}

fn limits(limits: &BTreeMap<LabelSet, u64>) -> Value {
    let buckets = limits.iter().map(|(labels, most)| {
        let mut bucket = Table::default();
        if !labels.is_empty() {
            let mut table = Table::default();
            for (name, value) in labels {
                table.put_literal(name, value);
            }
            bucket.put("labels", Value::Table(table));
        }
        bucket.put("max_series", Value::Number((*most).into()));
        Value::Table(bucket)
    });
    Value::List(buckets.collect())
}
