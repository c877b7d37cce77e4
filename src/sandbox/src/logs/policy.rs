//! Account-level policies. Only retention policies exist here: they are what changes how log groups
//! read.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region,
    group::{LogGroup, RETENTION_DAYS},
    input::{self, required, required_text},
    page,
    refusal::{constraint, invalid, not_found},
};

/// How long after it was put a policy takes effect (API reference, `PutAccountPolicy`: 24 hours).
const DELAY_MILLIS: u64 = 24 * 3_600_000;
/// The most retention policies per region (API reference, `PutAccountPolicy`).
const POLICIES_MAX: usize = 20;
/// The shortest retention that a policy can set, in days (API reference, `PutAccountPolicy`).
const RETENTION_DAYS_MIN: i64 = 30;
/// The longest document, in characters (API model, `AccountPolicy.policyDocument`).
const DOCUMENT_CHARS_MAX: usize = 30_720;
/// The longest selection criteria, in bytes (API reference, `PutAccountPolicy`: 25 KB).
const CRITERIA_BYTES_MAX: usize = 25 * 1024;
/// How many policies a page has; the number is not documented.
const PAGE: usize = 10;

const RETENTION_POLICY: &str = "RETENTION_POLICY";
/// The types by name (API model, `PolicyType`).
const TYPES: [&str; 6] = [
    "DATA_PROTECTION_POLICY",
    "SUBSCRIPTION_FILTER_POLICY",
    "FIELD_INDEX_POLICY",
    "TRANSFORMER_POLICY",
    "METRIC_EXTRACTION_POLICY",
    RETENTION_POLICY,
];

/// An account-level retention policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Policy {
    name: String,
    /// As it was sent.
    document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    criteria: Option<String>,
    created_millis: u64,
    updated_millis: u64,
    /// What the document and the criteria say, in effect [`DELAY_MILLIS`] after the update.
    terms: Terms,
    /// What is in effect until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    terms_before: Option<Terms>,
}

/// What a policy says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Terms {
    /// Absent if events never expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
    /// Whether log groups older than the policy are included.
    retroactive: bool,
    /// Beginnings of names; all log groups if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    prefixes: Vec<String>,
}

/// `PutAccountPolicy`.
pub(super) fn put(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = required_text(input, "policyName")?;
    let document = required_text(input, "policyDocument")?;
    input::choice(input, "scope", &["ALL"])?;
    require_retention_type(input)?;
    if name.starts_with("aws/") {
        return Err(invalid("The policy name can't start with aws/."));
    }
    if input::boolean(input, "dryRun")?.unwrap_or(false) {
        return Err(invalid(
            "The sandbox makes no dry runs of account policies.",
        ));
    }
    let criteria = input::text(input, "selectionCriteria")?;
    let terms = Terms::of(document, criteria)?;
    let now = cx.now_millis;
    let existing = region.policies.iter().position(|it| it.name == name);
    let policy = if let Some(index) = existing {
        let policy = &mut region.policies[index];
        policy.terms_before = policy.in_effect(now).cloned();
        policy.terms = terms;
        policy.updated_millis = now;
        document.clone_into(&mut policy.document);
        policy.criteria = criteria.map(str::to_owned);
        policy
    } else {
        if region.policies.len() >= POLICIES_MAX {
            let message = "The account has reached its 20 retention policies in the region.";
            return Err(Refusal::new(400, "LimitExceededException", message));
        }
        region.policies.push(Policy {
            name: name.to_owned(),
            document: document.to_owned(),
            criteria: criteria.map(str::to_owned),
            created_millis: now,
            updated_millis: now,
            terms,
            terms_before: None,
        });
        region.policies.last_mut().expect("one was just pushed")
    };
    Ok(Answer::ok(json!({"accountPolicy": policy.to_member(cx)})))
}

/// `DescribeAccountPolicies`. A policy that is asked for by name and does not exist is a
/// `ResourceNotFoundException`, which the operation models.
pub(super) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let kind = required("policyType", input::choice(input, "policyType", &TYPES)?)?;
    let name = input::text(input, "policyName")?;
    let accounts = input::texts(input, "accountIdentifiers", 0..=20)?.unwrap_or_default();
    if accounts.len() > 1 {
        return Err(invalid("Only one account can be given."));
    }
    let after = page::after(input, cx)?;
    let is_visible = kind == RETENTION_POLICY && accounts.iter().all(|id| *id == cx.account);
    let mut found: Vec<&Policy> = region
        .policies
        .iter()
        .filter(|policy| is_visible && name.is_none_or(|name| policy.name == name))
        .collect();
    if name.is_some() && found.is_empty() {
        return Err(no_policy());
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    let rest = found
        .into_iter()
        .filter(|policy| after.as_ref().is_none_or(|after| policy.name > *after))
        .map(|policy| (policy.name.clone(), policy.to_member(cx)));
    let (policies, next) = page::cut(rest, PAGE, cx);
    let mut body = json!({"accountPolicies": policies});
    if let Some(token) = next {
        body["nextToken"] = json!(token);
    }
    Ok(Answer::ok(body))
}

/// `DeleteAccountPolicy`: the log groups use their own retention again, at once as far as is
/// documented.
pub(super) fn delete(region: &mut Region, input: &Input) -> Outcome {
    let name = required_text(input, "policyName")?;
    let kind = required("policyType", input::choice(input, "policyType", &TYPES)?)?;
    let existing = region.policies.iter().position(|it| it.name == name);
    let index = existing
        .filter(|_| kind == RETENTION_POLICY)
        .ok_or_else(no_policy)?;
    region.policies.remove(index);
    Ok(Answer::ok(json!({})))
}

/// The name and the days of the policy that replaces a log group's own retention, if one does (API
/// reference, `PutAccountPolicy`). Log groups of the class DELIVERY are left out (API model,
/// `DryRunResult`).
pub(super) fn overriding<'r>(
    region: &'r Region,
    name: &str,
    group: &LogGroup,
    cx: &Context<'_>,
) -> Option<(&'r str, Option<i64>)> {
    let mut longest: Option<(&str, Option<i64>)> = None;
    for policy in &region.policies {
        let Some(terms) = policy.in_effect(cx.now_millis) else {
            continue;
        };
        let is_old_enough = terms.retroactive || group.created_millis >= policy.created_millis;
        if group.is_delivery() || !is_old_enough || !terms.select(name) {
            continue;
        }
        // The longest wins, and of equally long ones the first created, which comes first here.
        if longest.is_none_or(|(_, days)| length(terms.days) > length(days)) {
            longest = Some((&policy.name, terms.days));
        }
    }
    longest
}

/// For comparison: to never expire is longer than any number of days.
fn length(days: Option<i64>) -> i64 {
    days.unwrap_or(i64::MAX)
}

impl Policy {
    fn in_effect(&self, now_millis: u64) -> Option<&Terms> {
        if now_millis >= self.updated_millis + DELAY_MILLIS {
            Some(&self.terms)
        } else {
            self.terms_before.as_ref()
        }
    }

    fn to_member(&self, cx: &Context<'_>) -> Value {
        let mut member = json!({
            "policyName": self.name,
            "policyDocument": self.document,
            "lastUpdatedTime": self.updated_millis,
            "policyType": RETENTION_POLICY,
            "scope": "ALL",
            "accountId": cx.account,
        });
        if let Some(criteria) = &self.criteria {
            member["selectionCriteria"] = json!(criteria);
        }
        member
    }
}

impl Terms {
    /// Reads a document with `retentionInDays` and `enforcementMode` (API reference,
    /// `PutAccountPolicy`).
    fn of(document: &str, criteria: Option<&str>) -> Result<Self, Refusal> {
        if document.chars().count() > DOCUMENT_CHARS_MAX {
            return Err(invalid("The policy document is too long."));
        }
        let document: Value = serde_json::from_str(document)
            .map_err(|error| invalid(format!("The policy document is not JSON: {error}")))?;
        let choice = &document["retentionInDays"];
        let days = if *choice == "NEVER_EXPIRE" {
            None
        } else {
            let is_choice =
                |days: &i64| *days >= RETENTION_DAYS_MIN && RETENTION_DAYS.contains(days);
            let days = choice.as_i64().filter(is_choice);
            Some(days.ok_or_else(|| invalid("The policy's retentionInDays is not valid."))?)
        };
        let retroactive = match document["enforcementMode"].as_str() {
            Some("RETROACTIVE") => true,
            Some("NEW_ONLY") => false,
            Some(_) | None => return Err(invalid("The policy's enforcementMode is not valid.")),
        };
        Ok(Self {
            days,
            retroactive,
            prefixes: criteria.map(prefixes).transpose()?.unwrap_or_default(),
        })
    }

    fn select(&self, name: &str) -> bool {
        self.prefixes.is_empty() || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// The prefixes in criteria of the form `LogGroupNamePrefix IN ["a", "b"]`. Retention policies
/// support no other filter (API reference, `PutAccountPolicy`).
fn prefixes(criteria: &str) -> Result<Vec<String>, Refusal> {
    if criteria.len() > CRITERIA_BYTES_MAX {
        return Err(invalid("The selection criteria are too long."));
    }
    let list = criteria
        .trim()
        .strip_prefix("LogGroupNamePrefix")
        .and_then(|rest| rest.trim_start().strip_prefix("IN"));
    let prefixes: Option<Vec<String>> = list.and_then(|list| serde_json::from_str(list).ok());
    prefixes
        .filter(|prefixes| !prefixes.is_empty())
        .ok_or_else(|| {
            invalid(
                "The selection criteria of a retention policy must be LogGroupNamePrefix IN [...].",
            )
        })
}

fn require_retention_type(input: &Input) -> Result<(), Refusal> {
    match required("policyType", input::choice(input, "policyType", &TYPES)?)? {
        RETENTION_POLICY => Ok(()),
        _ => Err(constraint(
            "policyType",
            "be RETENTION_POLICY, the only type that the sandbox has",
        )),
    }
}

fn no_policy() -> Refusal {
    not_found("The specified account policy does not exist.")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const INVALID: (u16, &str) = (400, "InvalidParameterException");
    const MISSING: (u16, &str) = (400, "ResourceNotFoundException");
    const DAY_MILLIS: u64 = 86_400_000;

    fn policy(name: &str, days: impl Into<Value>, mode: &str) -> Value {
        let document = json!({"retentionInDays": days.into(), "enforcementMode": mode});
        json!({"policyName": name, "policyType": "RETENTION_POLICY",
               "policyDocument": document.to_string()})
    }

    fn retention(bench: &mut Bench, name: &str) -> (Value, Value) {
        let body = bench.logs_ok("DescribeLogGroups", json!({"logGroupIdentifiers": [name]}));
        let group = &body["logGroups"][0];
        (
            group["retentionInDays"].clone(),
            group["retentionPolicyName"].clone(),
        )
    }

    fn bench() -> Bench {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "g/app"}));
        bench.logs_ok(
            "PutRetentionPolicy",
            json!({"logGroupName": "g/app", "retentionInDays": 7}),
        );
        bench.wait(1);
        bench
    }

    #[test]
    fn a_policy_overrides_after_a_day_until_it_is_deleted() {
        let mut bench = bench();
        bench.logs_ok("PutAccountPolicy", policy("p", 90, "RETROACTIVE"));
        bench.wait(DAY_MILLIS - 1);
        assert_eq!(retention(&mut bench, "g/app"), (json!(7), Value::Null));
        bench.wait(1);
        assert_eq!(retention(&mut bench, "g/app"), (json!(90), json!("p")));
        bench.logs_ok(
            "PutRetentionPolicy",
            json!({"logGroupName": "g/app", "retentionInDays": 14}),
        );
        assert_eq!(retention(&mut bench, "g/app"), (json!(90), json!("p")));
        bench.logs_ok(
            "DeleteAccountPolicy",
            json!({"policyName": "p", "policyType": "RETENTION_POLICY"}),
        );
        assert_eq!(retention(&mut bench, "g/app"), (json!(14), Value::Null));
    }

    #[test]
    fn an_update_leaves_the_old_terms_in_effect_for_a_day() {
        let mut bench = bench();
        bench.logs_ok("PutAccountPolicy", policy("p", 90, "RETROACTIVE"));
        bench.wait(DAY_MILLIS);
        bench.logs_ok(
            "PutAccountPolicy",
            policy("p", "NEVER_EXPIRE", "RETROACTIVE"),
        );
        bench.wait(1);
        bench.logs_ok("PutAccountPolicy", policy("p", 365, "RETROACTIVE"));
        bench.wait(DAY_MILLIS - 1);
        assert_eq!(retention(&mut bench, "g/app"), (json!(90), json!("p")));
        bench.wait(1);
        assert_eq!(retention(&mut bench, "g/app"), (json!(365), json!("p")));
    }

    #[test]
    fn the_longest_policy_that_applies_wins() {
        let scoped = |name: &str, days: i64, prefix: &str| {
            let mut policy = policy(name, days, "RETROACTIVE");
            policy["selectionCriteria"] =
                json!(format!("LogGroupNamePrefix IN [\"{prefix}\", \"z\"]"));
            policy
        };
        for (name, policies, expected) in [
            ("none", vec![], (json!(7), Value::Null)),
            (
                "a longer one",
                vec![
                    policy("a", 30, "RETROACTIVE"),
                    policy("b", 60, "RETROACTIVE"),
                ],
                (json!(60), json!("b")),
            ),
            (
                "a shorter one",
                vec![
                    policy("a", 60, "RETROACTIVE"),
                    policy("b", 30, "RETROACTIVE"),
                ],
                (json!(60), json!("a")),
            ),
            (
                "equal ones: the first created",
                vec![
                    policy("b", 60, "RETROACTIVE"),
                    policy("a", 60, "RETROACTIVE"),
                ],
                (json!(60), json!("b")),
            ),
            (
                "never is the longest",
                vec![
                    policy("a", 3653, "RETROACTIVE"),
                    policy("b", "NEVER_EXPIRE", "RETROACTIVE"),
                ],
                (Value::Null, json!("b")),
            ),
            (
                "one for new groups",
                vec![policy("a", 60, "NEW_ONLY")],
                (json!(7), Value::Null),
            ),
            (
                "one for its prefix",
                vec![scoped("a", 60, "g/")],
                (json!(60), json!("a")),
            ),
            (
                "one for another prefix",
                vec![scoped("a", 60, "app")],
                (json!(7), Value::Null),
            ),
        ] {
            let mut bench = bench();
            for policy in policies {
                bench.logs_ok("PutAccountPolicy", policy);
            }
            bench.wait(DAY_MILLIS);
            assert_eq!(retention(&mut bench, "g/app"), expected, "{name}");
        }
    }

    #[test]
    fn a_policy_for_new_groups_applies_to_them_and_never_to_delivery() {
        let mut bench = bench();
        bench.logs_ok("PutAccountPolicy", policy("p", 60, "NEW_ONLY"));
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "new"}));
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "d", "logGroupClass": "DELIVERY"}),
        );
        bench.wait(DAY_MILLIS);
        assert_eq!(retention(&mut bench, "new"), (json!(60), json!("p")));
        assert_eq!(retention(&mut bench, "d"), (json!(2), Value::Null));
    }

    #[test]
    fn policies_are_described() {
        let mut bench = Bench::new();
        let mut input = policy("p", 90, "RETROACTIVE");
        input["selectionCriteria"] = json!("LogGroupNamePrefix IN [\"/ecs/\"]");
        let put = bench.logs_ok("PutAccountPolicy", input.clone());
        let expected = json!({"policyName": "p", "policyDocument": input["policyDocument"],
            "lastUpdatedTime": 1_700_000_000_000_u64, "policyType": "RETENTION_POLICY", "scope": "ALL",
            "accountId": "111122223333", "selectionCriteria": input["selectionCriteria"]});
        assert_eq!(put, json!({"accountPolicy": expected}));
        let kind = "RETENTION_POLICY";
        for (name, input, count) in [
            ("by type", json!({"policyType": kind}), 1),
            ("by name", json!({"policyType": kind, "policyName": "p"}), 1),
            (
                "another type",
                json!({"policyType": "TRANSFORMER_POLICY"}),
                0,
            ),
            (
                "this account",
                json!({"policyType": kind, "accountIdentifiers": ["111122223333"]}),
                1,
            ),
            (
                "another account",
                json!({"policyType": kind, "accountIdentifiers": ["999988887777"]}),
                0,
            ),
        ] {
            let body = bench.logs_ok("DescribeAccountPolicies", input);
            assert_eq!(
                body["accountPolicies"].as_array().map(Vec::len),
                Some(count),
                "{name}"
            );
        }
        let unknown = bench.logs(
            "DescribeAccountPolicies",
            json!({"policyType": kind, "policyName": "q"}),
        );
        assert_eq!(verdict(&unknown), MISSING);
        let unknown = bench.logs(
            "DeleteAccountPolicy",
            json!({"policyType": kind, "policyName": "q"}),
        );
        assert_eq!(verdict(&unknown), MISSING);
        let typeless = bench.logs("DescribeAccountPolicies", json!({}));
        assert_eq!(verdict(&typeless), INVALID);
    }

    #[test]
    fn what_put_account_policy_refuses() {
        let with = |member: &str, value: Value| {
            let mut input = policy("p", 90, "RETROACTIVE");
            input[member] = value;
            input
        };
        for (name, input) in [
            ("no name", with("policyName", Value::Null)),
            ("a reserved name", with("policyName", json!("aws/p"))),
            ("no document", with("policyDocument", Value::Null)),
            ("no JSON", with("policyDocument", json!("{"))),
            (
                "another type",
                with("policyType", json!("TRANSFORMER_POLICY")),
            ),
            ("no type of policy", with("policyType", json!("POLICY"))),
            ("another scope", with("scope", json!("SOME"))),
            ("a dry run", with("dryRun", json!(true))),
            ("too few days", policy("p", 14, "RETROACTIVE")),
            ("days that are no choice", policy("p", 31, "RETROACTIVE")),
            ("a word for days", policy("p", "NEVER", "RETROACTIVE")),
            ("no mode", policy("p", 90, "SOMETIMES")),
            (
                "other criteria",
                with("selectionCriteria", json!("LogGroupName IN [\"a\"]")),
            ),
            (
                "criteria without prefix",
                with("selectionCriteria", json!("LogGroupNamePrefix IN []")),
            ),
        ] {
            let outcome = Bench::new().logs("PutAccountPolicy", input);
            assert_eq!(verdict(&outcome), INVALID, "{name}");
        }
    }

    #[test]
    fn documents_and_criteria_have_a_size() {
        let size = |member: &str, text: &str| {
            let mut input = policy("p", 90, "RETROACTIVE");
            input[member] = json!(text);
            verdict(&Bench::new().logs("PutAccountPolicy", input))
        };
        let document = r#"{"retentionInDays": 90, "enforcementMode": "RETROACTIVE"}"#;
        assert_eq!(
            size("policyDocument", &format!("{document:<30720}")),
            (200, "")
        );
        assert_eq!(
            size("policyDocument", &format!("{document:<30721}")),
            INVALID
        );
        let criteria = "LogGroupNamePrefix IN [\"a\"]";
        assert_eq!(
            size("selectionCriteria", &format!("{criteria:<25600}")),
            (200, "")
        );
        assert_eq!(
            size("selectionCriteria", &format!("{criteria:<25601}")),
            INVALID
        );
    }

    #[test]
    fn a_region_has_20_retention_policies_at_most() {
        let mut bench = Bench::new();
        for n in 0..20 {
            let input = policy(&format!("p{n}"), 90, "RETROACTIVE");
            bench.logs_ok("PutAccountPolicy", input);
        }
        let outcome = bench.logs("PutAccountPolicy", policy("p20", 90, "RETROACTIVE"));
        assert_eq!(verdict(&outcome), (400, "LimitExceededException"));
        let newer = policy("p0", 60, "RETROACTIVE");
        bench.logs_ok("PutAccountPolicy", newer.clone());

        let mut input = json!({"policyType": "RETENTION_POLICY"});
        let mut pages = Vec::new();
        for _ in 0..2 {
            let body = bench.logs_ok("DescribeAccountPolicies", input.clone());
            input["nextToken"] = body["nextToken"].clone();
            pages.extend(body["accountPolicies"].as_array().cloned());
        }
        assert_eq!(input["nextToken"], Value::Null);
        assert_eq!([pages[0].len(), pages[1].len()], [10, 10]);
        assert_ne!(pages[0][9], pages[1][0]);
        assert_eq!(pages[0][0]["policyDocument"], newer["policyDocument"]);
    }
}
