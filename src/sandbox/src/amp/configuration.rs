//! The workspace configuration: how long samples are kept, and limits per label set. It exists from
//! the workspace's creation on.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

use super::{
    content::Limit,
    input,
    refusal::{Kind, Subject, cannot_parse, invalid, invalid_request},
    workspace::{self, accepted},
};

/// The longest retention (AMP user guide, "Configure your workspace": three years).
const RETENTION_DAYS_MAX: i64 = 1095;
/// The longest out-of-order window (AMP user guide, quotas).
const OUT_OF_ORDER_SECONDS_MAX: i64 = 600;
/// The longest rule query offset (AMP user guide, "Configure your workspace": one day).
const RULE_OFFSET_SECONDS_MAX: i64 = 86_400;
/// The most label sets with limits (AMP user guide, quotas).
const LABEL_SETS_MAX: usize = 100;

/// `DescribeWorkspaceConfiguration`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (_, workspace) = workspace::find(world, cx, input)?;
    let part = &workspace.configuration;
    let limits: Vec<Value> = part.content.limits.iter().map(Limit::to_member).collect();
    Ok(Answer::ok(json!({"workspaceConfiguration": {
        "status": part.life.status_member(cx.now_millis),
        "limitsPerLabelSet": limits,
        "retentionPeriodInDays": part.content.retention_days,
        "outOfOrderTimeWindowInSeconds": part.content.out_of_order_seconds,
        "ruleQueryOffsetInSeconds": part.content.rule_offset_seconds,
    }})))
}

/// `UpdateWorkspaceConfiguration`: what is not named stays; label sets are replaced as a whole.
pub(super) fn update(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    input::workspace_id(input)?;
    let retention = input::integer(input, "retentionPeriodInDays", 1..=RETENTION_DAYS_MAX)?;
    let out_of_order = input::integer(
        input,
        "outOfOrderTimeWindowInSeconds",
        0..=OUT_OF_ORDER_SECONDS_MAX,
    )?;
    let rule_offset = input::integer(
        input,
        "ruleQueryOffsetInSeconds",
        0..=RULE_OFFSET_SECONDS_MAX,
    )?;
    let limits = limits(input)?;
    if retention.is_none() && out_of_order.is_none() && rule_offset.is_none() && limits.is_none() {
        // API reference, UpdateWorkspaceConfiguration: at least one must be given for the request
        // to be valid.
        return Err(invalid_request("The request changes nothing."));
    }
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = Subject::new(Kind::WorkspaceConfiguration, format!("{id}/configuration"));
    let configuration = workspace.configuration.update(cx.now_millis, &subject)?;
    configuration.retention_days = retention.unwrap_or(configuration.retention_days);
    configuration.out_of_order_seconds = out_of_order.unwrap_or(configuration.out_of_order_seconds);
    configuration.rule_offset_seconds = rule_offset.unwrap_or(configuration.rule_offset_seconds);
    if let Some(limits) = limits {
        configuration.limits = limits;
    }
    let status = workspace.configuration.life.status_member(cx.now_millis);
    Ok(accepted(json!({"status": status})))
}

/// `limitsPerLabelSet` (API model, `LimitsPerLabelSetList`).
fn limits(input: &Input) -> Result<Option<Vec<Limit>>, Refusal> {
    const NAME: &str = "limitsPerLabelSet";
    let Some(items) = input::list(input, NAME)? else {
        return Ok(None);
    };
    if items.len() > LABEL_SETS_MAX {
        return Err(invalid(NAME, "must have at most 100 label sets"));
    }
    let mut limits: Vec<Limit> = Vec::new();
    for item in items {
        let item = item
            .as_object()
            .ok_or_else(|| cannot_parse(NAME, "must be a list of structures"))?;
        let limit = Limit::of_member(item)?;
        if limits.iter().any(|other| other.labels == limit.labels) {
            return Err(invalid(NAME, "has the same label set twice"));
        }
        limits.push(limit);
    }
    Ok(Some(limits))
}

impl Limit {
    fn of_member(item: &Input) -> Result<Self, Refusal> {
        let limits = input::structure(item, "limits")?
            .ok_or_else(|| invalid("limitsPerLabelSet.limits", "must not be null"))?;
        let label_set = input::structure(item, "labelSet")?
            .ok_or_else(|| invalid("limitsPerLabelSet.labelSet", "must not be null"))?;
        let mut labels = BTreeMap::new();
        for (name, value) in label_set {
            let value = value
                .as_str()
                .ok_or_else(|| cannot_parse("labelSet", "must map strings to strings"))?;
            require_label(name, value)?;
            labels.insert(name.clone(), value.to_owned());
        }
        Ok(Self {
            labels,
            max_series: input::integer(limits, "maxSeries", 0..=i64::MAX)?,
        })
    }

    fn to_member(&self) -> Value {
        let limits = match self.max_series {
            Some(max) => json!({"maxSeries": max}),
            None => json!({}),
        };
        json!({"labelSet": self.labels, "limits": limits})
    }
}

/// Refuses a label that no series can have (API model, `LabelName`; the rules for values are in the
/// text of `labelSet`).
fn require_label(name: &str, value: &str) -> Result<(), Refusal> {
    const FIELD: &str = "limitsPerLabelSet.labelSet";
    if !is_identifier(name, false) {
        return Err(invalid(
            FIELD,
            "has a name that is not [a-zA-Z_][a-zA-Z0-9_]*",
        ));
    }
    let is_printable = value.chars().all(|c| c.is_ascii() && !c.is_ascii_control());
    if !is_printable || value.trim().is_empty() {
        return Err(invalid(
            FIELD,
            "has a value that is blank or not printable ASCII",
        ));
    }
    if name == "__name__" && !is_identifier(value, true) {
        return Err(invalid(
            FIELD,
            "has a metric name that is not [a-zA-Z_:][a-zA-Z0-9_:]*",
        ));
    }
    Ok(())
}

fn is_identifier(text: &str, colons: bool) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || (colons && c == ':');
    let starts_well = text.starts_with(|c: char| is_part(c) && !c.is_ascii_digit());
    starts_well && text.chars().all(is_part)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    fn with_id(mut input: Value, id: &str) -> Value {
        input["workspaceId"] = json!(id);
        input
    }

    #[test]
    fn a_new_workspace_has_the_defaults() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let body = bench.amp_ok("DescribeWorkspaceConfiguration", json!({"workspaceId": id}));
        assert_eq!(
            body["workspaceConfiguration"],
            json!({"status": {"statusCode": "ACTIVE"}, "limitsPerLabelSet": [],
                   "retentionPeriodInDays": 150, "outOfOrderTimeWindowInSeconds": 60,
                   "ruleQueryOffsetInSeconds": 60})
        );
    }

    #[test]
    fn an_update_changes_what_it_names_and_takes_a_moment() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let limits = json!([
            {"labelSet": {"team": "a"}, "limits": {"maxSeries": 5}},
            {"labelSet": {}, "limits": {}},
        ]);
        let answer = bench
            .amp(
                "UpdateWorkspaceConfiguration",
                json!({"workspaceId": id, "limitsPerLabelSet": limits}),
            )
            .expect("a valid request");
        assert_eq!(answer.status, 202);
        assert_eq!(answer.body, json!({"status": {"statusCode": "UPDATING"}}));

        let early = json!({"workspaceId": id, "retentionPeriodInDays": 30});
        let outcome = bench.amp("UpdateWorkspaceConfiguration", early.clone());
        assert_eq!(verdict(&outcome), (409, "ConflictException"));
        bench.wait(1_000);
        bench.amp_ok("UpdateWorkspaceConfiguration", early);
        bench.wait(1_000);
        let body = bench.amp_ok("DescribeWorkspaceConfiguration", json!({"workspaceId": id}));
        assert_eq!(
            body["workspaceConfiguration"],
            json!({"status": {"statusCode": "ACTIVE"}, "limitsPerLabelSet": limits,
                   "retentionPeriodInDays": 30, "outOfOrderTimeWindowInSeconds": 60,
                   "ruleQueryOffsetInSeconds": 60})
        );
    }

    #[test]
    fn what_an_update_refuses() {
        let sets = |set: Value| json!({"limitsPerLabelSet": [{"labelSet": set, "limits": {}}]});
        let many: Vec<Value> = (0..101)
            .map(|n| json!({"labelSet": {"n": n.to_string()}, "limits": {}}))
            .collect();
        for (name, input) in [
            ("nothing", json!({})),
            ("no day", json!({"retentionPeriodInDays": 0})),
            ("over three years", json!({"retentionPeriodInDays": 1096})),
            ("half a day", json!({"retentionPeriodInDays": 0.5})),
            (
                "a negative window",
                json!({"outOfOrderTimeWindowInSeconds": -1}),
            ),
            (
                "a long window",
                json!({"outOfOrderTimeWindowInSeconds": 601}),
            ),
            ("a long offset", json!({"ruleQueryOffsetInSeconds": 86_401})),
            ("no list", json!({"limitsPerLabelSet": {}})),
            ("no structures", json!({"limitsPerLabelSet": ["a"]})),
            (
                "no limits",
                json!({"limitsPerLabelSet": [{"labelSet": {}}]}),
            ),
            (
                "no label set",
                json!({"limitsPerLabelSet": [{"limits": {}}]}),
            ),
            (
                "negative series",
                json!({"limitsPerLabelSet": [{"labelSet": {}, "limits": {"maxSeries": -1}}]}),
            ),
            ("a label with a dash", sets(json!({"a-b": "x"}))),
            ("a label with a digit first", sets(json!({"1a": "x"}))),
            ("a blank value", sets(json!({"a": " "}))),
            ("a value that is not ASCII", sets(json!({"a": "ä"}))),
            ("a control character", sets(json!({"a": "x\n"}))),
            (
                "a metric name with a dash",
                sets(json!({"__name__": "a-b"})),
            ),
            ("101 label sets", json!({"limitsPerLabelSet": many})),
            (
                "the same label set twice",
                json!({"limitsPerLabelSet": [
                    {"labelSet": {"a": "x"}, "limits": {}}, {"labelSet": {"a": "x"}, "limits": {}}]}),
            ),
        ] {
            let mut bench = Bench::new();
            let id = bench.workspace(json!({}));
            let outcome = bench.amp("UpdateWorkspaceConfiguration", with_id(input, &id));
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
    }

    #[test]
    fn the_ends_of_the_ranges_are_taken() {
        for input in [
            json!({"retentionPeriodInDays": 1}),
            json!({"retentionPeriodInDays": 1095}),
            json!({"outOfOrderTimeWindowInSeconds": 0}),
            json!({"outOfOrderTimeWindowInSeconds": 600}),
            json!({"ruleQueryOffsetInSeconds": 86_400}),
            json!({"limitsPerLabelSet": []}),
            json!({"limitsPerLabelSet": [{"labelSet": {"__name__": "a:b"}, "limits": {"maxSeries": 0}}]}),
        ] {
            let mut bench = Bench::new();
            let id = bench.workspace(json!({}));
            let outcome = bench.amp("UpdateWorkspaceConfiguration", with_id(input.clone(), &id));
            assert_eq!(verdict(&outcome), (202, ""), "{input}");
        }
    }
}
