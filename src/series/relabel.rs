//! What rules under `metric_relabel_configs` do to the labels of what a job scrapes. What scraping
//! makes by itself, as `up`, goes past them.
//!
//! Source: Prometheus documentation, "Configuration", `relabel_config`.

use regex::Regex;
use serde_json::Value;

use crate::series::{
    attributes::{Attribute, Attributes, Varies},
    document::elements,
};

/// Labels that become something else than labels of the sample, so that nobody can say here what
/// follows from changing them: who sends, and the name.
const SPECIAL: [&str; 3] = ["instance", "job", "__name__"];
/// When a label that a rule sets is there.
const WHERE_SET: &str = "where a rule under `metric_relabel_configs` sets it";

/// Applies the rules of a job to the labels that its configuration gives to samples; what the
/// application's own labels become stays the application's.
pub(super) fn apply(scrape: &Value, job: &str, labels: &mut Attributes, unknown: &mut Vec<String>) {
    let mut rules = elements(&scrape["metric_relabel_configs"]);
    if !rules.all(|rule| apply_rule(rule, labels)) {
        unknown.push(format!(
            "what the rules under `metric_relabel_configs` make of the labels of what job {job} scrapes"
        ));
    }
}

/// Applies one rule; returns whether it is known what it does.
fn apply_rule(rule: &Value, labels: &mut Attributes) -> bool {
    match rule["action"].as_str().unwrap_or("replace") {
        // Which series are left is the application's affair.
        "keep" | "drop" | "keepequal" | "dropequal" => true,
        action @ ("labeldrop" | "labelkeep") => {
            let Some(names) = whole(&rule["regex"]) else {
                return false;
            };
            let drops = |name: &str| names.is_match(name) == (action == "labeldrop");
            if SPECIAL.into_iter().any(drops) {
                return false;
            }
            // What made a sample is no label to Prometheus.
            labels.retain(|name, _| name.starts_with("otel_scope_") || !drops(name));
            true
        }
        "replace" | "hashmod" | "lowercase" | "uppercase" => set(rule, labels),
        _ => false,
    }
}

fn set(rule: &Value, labels: &mut Attributes) -> bool {
    let Some(target) = rule["target_label"].as_str() else {
        return false;
    };
    if SPECIAL.contains(&target) || target.contains('$') {
        return false;
    }
    let mut sources = elements(&rule["source_labels"]);
    // A label that is only rewritten is there already, or is the application's.
    let is_rewritten = sources.any(|source| source == target);
    if let Some(known) = labels.get_mut(target) {
        known.value = None;
    } else if !is_rewritten && !target.starts_with("__") {
        let set = Attribute::found(Varies::Never).only(WHERE_SET);
        labels.insert(target.to_owned(), set);
    }
    true
}

/// A pattern of Prometheus, which is about the whole text.
fn whole(pattern: &Value) -> Option<Regex> {
    let pattern = pattern.as_str().unwrap_or("(.*)");
    Regex::new(&format!("^(?s:{pattern})$")).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn after(rules: &Value) -> (Vec<(String, Option<String>)>, bool) {
        let known = ["otel_scope_name", "tier", "user_id"];
        let mut labels: Attributes = known
            .into_iter()
            .map(|name| (name.to_owned(), Attribute::known("x")))
            .collect();
        let mut unknown = Vec::new();
        let scrape = json!({"metric_relabel_configs": rules});
        apply(&scrape, "api", &mut labels, &mut unknown);
        let left = labels.into_iter();
        let left = left.map(|(name, attribute)| (name, attribute.value));
        (left.collect(), unknown.is_empty())
    }

    #[test]
    fn each_action_does_what_prometheus_does() {
        let known = |name: &str| (name.to_owned(), Some("x".to_owned()));
        let set = |name: &str| (name.to_owned(), None);
        let scope = || known("otel_scope_name");
        for (rule, expected) in [
            (
                json!({"action": "drop", "source_labels": ["__name__"], "regex": "go_.*"}),
                vec![scope(), known("tier"), known("user_id")],
            ),
            (
                json!({"action": "labeldrop", "regex": "(user|session)_id"}),
                vec![scope(), known("tier")],
            ),
            (
                json!({"action": "labelkeep", "regex": "__name__|job|instance|tier"}),
                vec![scope(), known("tier")],
            ),
            (
                json!({"source_labels": ["uri"], "target_label": "uri"}),
                vec![scope(), known("tier"), known("user_id")],
            ),
            (
                json!({"source_labels": ["uri"], "target_label": "tier"}),
                vec![scope(), set("tier"), known("user_id")],
            ),
            (
                json!({"action": "lowercase", "source_labels": ["A"], "target_label": "a"}),
                vec![set("a"), scope(), known("tier"), known("user_id")],
            ),
        ] {
            assert_eq!(after(&json!([rule])), (expected, true), "{rule}");
        }
    }

    #[test]
    fn what_follows_from_values_is_not_known() {
        for rule in [
            json!({"action": "labelmap", "regex": "a_(.*)"}),
            json!({"action": "labeldrop", "regex": "inst.*"}),
            json!({"action": "labelkeep", "regex": "tier"}),
            json!({"source_labels": ["a"], "target_label": "job"}),
            json!({"source_labels": ["a"], "target_label": "${1}"}),
            json!({"action": "labeldrop", "regex": "("}),
        ] {
            assert!(!after(&json!([rule])).1, "{rule}");
        }
    }
}
