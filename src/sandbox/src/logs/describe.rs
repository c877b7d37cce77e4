//! The two listings of log groups: `DescribeLogGroups` with everything but tags, `ListLogGroups` by
//! tags.

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region,
    group::{CLASSES, LogGroup},
    input::{self, require_count, require_length, required_text},
    is_in_log_group_name, is_tag_text, page, policy,
    refusal::{constraint, invalid, serialization},
    stored::Stream,
};

/// `DescribeLogGroups`, in ASCII order of the names.
pub(super) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let limit = page::limit(input, 50, 50)?;
    let after = page::after(input, cx)?;
    let filter = Filter::of(input)?;
    let is_visible = includes_own_account(cx, input)?;
    let found = region
        .groups
        .iter()
        .filter(|(name, group)| {
            is_visible
                && after.as_ref().is_none_or(|after| *name > after)
                && filter.takes(name, group)
        })
        .map(|(name, group)| (name.clone(), description(region, cx, &filter, name, group)));
    let (groups, next) = page::cut(found, limit, cx);
    Ok(Answer::ok(with_token(json!({"logGroups": groups}), next)))
}

/// `ListLogGroups`: those that satisfy all filters.
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let limit = page::limit(input, 50, 1000)?;
    let after = page::after(input, cx)?;
    let class = input::choice(input, "logGroupClass", &CLASSES)?;
    let alternatives = name_alternatives(input)?;
    let tag_filters = tag_filters(input)?;
    // Nothing here has field indexes or data sources, so that these filters leave nothing.
    let is_visible = includes_own_account(cx, input)?
        && input::list(input, "dataSources")?.is_none()
        && input::list(input, "fieldIndexNames")?.is_none();
    let found = region
        .groups
        .iter()
        .filter(|(name, group)| {
            is_visible
                && after.as_ref().is_none_or(|after| *name > after)
                && class.is_none_or(|class| group.class == class)
                && (alternatives.is_empty() || alternatives.iter().any(|it| it.takes(name)))
                && tag_filters.iter().all(|filter| filter.takes(group))
        })
        .map(|(name, group)| {
            let summary = json!({
                "logGroupName": name,
                "logGroupArn": group.arn,
                "logGroupClass": group.class,
            });
            (name.clone(), summary)
        });
    let (groups, next) = page::cut(found, limit, cx);
    Ok(Answer::ok(with_token(json!({"logGroups": groups}), next)))
}

/// The filters of `DescribeLogGroups`.
#[derive(Debug)]
struct Filter<'a> {
    prefix: Option<&'a str>,
    pattern: Option<&'a str>,
    class: Option<&'a str>,
    identifiers: Option<Vec<&'a str>>,
}

impl<'a> Filter<'a> {
    fn of(input: &'a Input) -> Result<Self, Refusal> {
        let filter = Self {
            prefix: input::log_group_name(input, "logGroupNamePrefix")?,
            pattern: pattern(input)?,
            class: input::choice(input, "logGroupClass", &CLASSES)?,
            identifiers: identifiers(input)?,
        };
        // API reference, DescribeLogGroups: prefix and pattern are mutually exclusive.
        if filter.prefix.is_some() && filter.pattern.is_some() {
            return Err(invalid(
                "LogGroupNamePrefix and LogGroupNamePattern can't both be given.",
            ));
        }
        let has_another = filter.prefix.is_some()
            || filter.pattern.is_some()
            || filter.class.is_some()
            || input
                .get("accountIdentifiers")
                .is_some_and(|ids| !ids.is_null());
        // API reference, DescribeLogGroups: the only other filter can be includeLinkedAccounts.
        if filter.identifiers.is_some() && has_another {
            return Err(invalid(
                "With logGroupIdentifiers, the only other filter can be includeLinkedAccounts.",
            ));
        }
        Ok(filter)
    }

    /// A name that does not exist is simply not found among the groups; the documentation is silent
    /// about the case.
    fn takes(&self, name: &str, group: &LogGroup) -> bool {
        self.prefix.is_none_or(|prefix| name.starts_with(prefix))
            && self.pattern.is_none_or(|pattern| name.contains(pattern))
            && self.class.is_none_or(|class| group.class == class)
            && self
                .identifiers
                .as_ref()
                .is_none_or(|names| names.contains(&name))
    }
}

/// `logGroupNamePattern`: a substring, which may be empty (API model, `LogGroupNamePattern`).
fn pattern(input: &Input) -> Result<Option<&str>, Refusal> {
    const NAME: &str = "logGroupNamePattern";
    let Some(pattern) = input::text(input, NAME)? else {
        return Ok(None);
    };
    require_length(NAME, pattern, &(0..=512))?;
    if pattern.bytes().all(is_in_log_group_name) {
        Ok(Some(pattern))
    } else {
        Err(constraint(NAME, r"match [\.\-_/#A-Za-z0-9]*"))
    }
}

/// `logGroupIdentifiers`: 1 to 50 names. ARNs are for monitoring accounts only (API reference,
/// `DescribeLogGroups`).
fn identifiers(input: &Input) -> Result<Option<Vec<&str>>, Refusal> {
    const NAME: &str = "logGroupIdentifiers";
    let Some(names) = input::texts(input, NAME, 1..=50)? else {
        return Ok(None);
    };
    for name in &names {
        require_length(NAME, name, &(1..=2048))?;
        if !super::is_log_group_name(name) {
            return Err(invalid(
                "Outside of a monitoring account, logGroupIdentifiers are names of log groups.",
            ));
        }
    }
    Ok(Some(names))
}

/// Whether the listing covers the calling account, which is no monitoring account.
/// `accountIdentifiers` restricts it only along with `includeLinkedAccounts` (API reference,
/// `DescribeLogGroups`).
fn includes_own_account(cx: &Context<'_>, input: &Input) -> Result<bool, Refusal> {
    const NAME: &str = "accountIdentifiers";
    let linked = input::boolean(input, "includeLinkedAccounts")?.unwrap_or(false);
    let accounts = input::texts(input, NAME, 0..=20)?.unwrap_or_default();
    let is_id = |id: &&str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    if !accounts.iter().all(is_id) {
        return Err(constraint(NAME, r"match ^\d{12}$"));
    }
    Ok(!linked || accounts.is_empty() || accounts.contains(&cx.account))
}

/// The members of `LogGroup`. With `logGroupNamePattern` only three of them are answered (API
/// reference, `DescribeLogGroups`).
fn description(
    region: &Region,
    cx: &Context<'_>,
    filter: &Filter<'_>,
    name: &str,
    group: &LogGroup,
) -> Value {
    let mut members = Map::new();
    members.insert("logGroupName".into(), json!(name));
    members.insert("creationTime".into(), json!(group.created_millis));
    members.insert("arn".into(), json!(format!("{}:*", group.arn)));
    if filter.pattern.is_some() {
        return Value::Object(members);
    }
    let (retention_days, policy_name) = match policy::overriding(region, name, group, cx) {
        Some((policy_name, days)) => (days, Some(policy_name)),
        None => (group.retention_days, None),
    };
    let optional = [
        ("retentionInDays", retention_days.map(|days| json!(days))),
        ("retentionPolicyName", policy_name.map(|name| json!(name))),
        ("kmsKeyId", group.kms_key_id.as_ref().map(|id| json!(id))),
    ];
    for (member, value) in optional {
        if let Some(value) = value {
            members.insert(member.into(), value);
        }
    }
    let stored: u64 = group.streams.values().map(Stream::stored_bytes).sum();
    members.insert("metricFilterCount".into(), json!(0));
    members.insert("storedBytes".into(), json!(stored));
    members.insert("logGroupClass".into(), json!(group.class));
    members.insert("logGroupArn".into(), json!(group.arn));
    members.insert(
        "deletionProtectionEnabled".into(),
        json!(group.deletion_protection),
    );
    members.insert("bearerTokenAuthenticationEnabled".into(), json!(false));
    Value::Object(members)
}

/// One alternative of the pattern of `ListLogGroups`.
#[derive(Debug)]
struct Alternative<'a> {
    is_prefix: bool,
    text: &'a str,
}

impl Alternative<'_> {
    fn takes(&self, name: &str) -> bool {
        if self.is_prefix {
            name.starts_with(self.text)
        } else {
            name.contains(self.text)
        }
    }
}

/// `logGroupNamePattern` of `ListLogGroups`: up to five alternatives of 3 to 24 characters, `^`
/// anchoring one at the beginning (API model, `LogGroupNameRegexPattern`).
fn name_alternatives(input: &Input) -> Result<Vec<Alternative<'_>>, Refusal> {
    const NAME: &str = "logGroupNamePattern";
    let Some(pattern) = input::text(input, NAME)? else {
        return Ok(Vec::new());
    };
    let alternatives: Vec<_> = pattern
        .split('|')
        .map(|piece| {
            let rest = piece.strip_prefix('^');
            Alternative {
                is_prefix: rest.is_some(),
                text: rest.unwrap_or(piece),
            }
        })
        .collect();
    let is_allowed = |it: &Alternative<'_>| {
        (3..=24).contains(&it.text.len()) && it.text.bytes().all(is_in_log_group_name)
    };
    if alternatives.len() <= 5 && alternatives.iter().all(is_allowed) {
        Ok(alternatives)
    } else {
        Err(constraint(
            NAME,
            "be at most five of ^?[.-_/#A-Za-z0-9]{3,24}, separated by |",
        ))
    }
}

/// One of `logGroupTags`.
#[derive(Debug)]
struct TagFilter<'a> {
    key: &'a str,
    values: Vec<&'a str>,
}

impl TagFilter<'_> {
    /// Without values the key is enough; of several values one must match (API model, `TagFilter`).
    fn takes(&self, group: &LogGroup) -> bool {
        let Some(value) = group.tags.get(self.key) else {
            return false;
        };
        self.values.is_empty()
            || self
                .values
                .iter()
                .any(|wanted| value_matches(wanted, value))
    }
}

/// `*` at either end is a wildcard and ignores case; `!` in front negates (API model,
/// `TagFilter.values`).
fn value_matches(wanted: &str, value: &str) -> bool {
    if let Some(wanted) = wanted.strip_prefix('!') {
        return !value_matches(wanted, value);
    }
    let (before, middle) = match wanted.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, wanted),
    };
    let (after, middle) = match middle.strip_suffix('*') {
        Some(rest) => (true, rest),
        None => (false, middle),
    };
    let (value_lower, middle_lower) = (value.to_lowercase(), middle.to_lowercase());
    match (before, after) {
        (false, false) => value == middle,
        (true, false) => value_lower.ends_with(&middle_lower),
        (false, true) => value_lower.starts_with(&middle_lower),
        (true, true) => value_lower.contains(&middle_lower),
    }
}

/// `logGroupTags`: 1 to 5 filters, of which all must match (API model, `TagFilters`).
fn tag_filters(input: &Input) -> Result<Vec<TagFilter<'_>>, Refusal> {
    const NAME: &str = "logGroupTags";
    let Some(items) = input::list(input, NAME)? else {
        return Ok(Vec::new());
    };
    require_count(NAME, items.len(), &(1..=5))?;
    let mut filters = Vec::new();
    for item in items {
        let item = item
            .as_object()
            .ok_or_else(|| serialization(NAME, "a list of structures"))?;
        let key = required_text(item, "key")?;
        require_length("key", key, &(1..=128))?;
        if !is_tag_text(key) {
            return Err(constraint("key", "have characters that tags can have"));
        }
        let values = input::texts(item, "values", 0..=5)?.unwrap_or_default();
        for value in &values {
            require_length("values", value, &(0..=259))?;
        }
        filters.push(TagFilter { key, values });
    }
    Ok(filters)
}

fn with_token(mut body: Value, next: Option<String>) -> Value {
    if let Some(token) = next {
        body["nextToken"] = json!(token);
    }
    body
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const INVALID: (u16, &str) = (400, "InvalidParameterException");

    fn bench(names: &[&str]) -> Bench {
        let mut bench = Bench::new();
        for name in names {
            bench.logs_ok("CreateLogGroup", json!({"logGroupName": name}));
        }
        bench
    }

    fn names(body: &Value) -> Vec<String> {
        let list = body["logGroups"].as_array().expect("a list");
        list.iter()
            .map(|group| group["logGroupName"].as_str().expect("a name").to_owned())
            .collect()
    }

    #[test]
    fn a_description_has_everything_but_tags() {
        let mut bench = Bench::new();
        let key = "arn:aws:kms:eu-west-1:111122223333:key/1";
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "g", "kmsKeyId": key, "logGroupClass": "INFREQUENT_ACCESS",
                   "deletionProtectionEnabled": true, "tags": {"k": "v"}}),
        );
        bench.logs_ok(
            "PutRetentionPolicy",
            json!({"logGroupName": "g", "retentionInDays": 30}),
        );
        let body = bench.logs_ok("DescribeLogGroups", json!({"logGroupNamePrefix": "g"}));
        let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:g";
        assert_eq!(
            body,
            json!({"logGroups": [{"logGroupName": "g", "creationTime": 1_700_000_000_000_u64,
                "retentionInDays": 30, "metricFilterCount": 0, "arn": format!("{arn}:*"),
                "storedBytes": 0, "kmsKeyId": key, "logGroupClass": "INFREQUENT_ACCESS",
                "logGroupArn": arn, "deletionProtectionEnabled": true,
                "bearerTokenAuthenticationEnabled": false}]})
        );
    }

    #[test]
    fn a_pattern_answers_three_members() {
        let mut bench = bench(&["DataLogs", "aws-DataLogs", "datalogs"]);
        let body = bench.logs_ok(
            "DescribeLogGroups",
            json!({"logGroupNamePattern": "DataLogs"}),
        );
        assert_eq!(names(&body), ["DataLogs", "aws-DataLogs"]);
        let group = body["logGroups"][0].as_object().expect("a structure");
        let members: Vec<&String> = group.keys().collect();
        assert_eq!(members, ["arn", "creationTime", "logGroupName"]);
    }

    #[test]
    fn groups_are_filtered_and_sorted() {
        let mut bench = bench(&["b", "/ecs/app-2", "/ecs/app", "B", "a_c", "a-c"]);
        bench.logs_ok(
            "CreateLogGroup",
            json!({"logGroupName": "d", "logGroupClass": "DELIVERY"}),
        );
        for (name, input, expected) in [
            (
                "all",
                json!({}),
                vec!["/ecs/app", "/ecs/app-2", "B", "a-c", "a_c", "b", "d"],
            ),
            (
                "prefix",
                json!({"logGroupNamePrefix": "/ecs/app"}),
                vec!["/ecs/app", "/ecs/app-2"],
            ),
            (
                "first by prefix",
                json!({"logGroupNamePrefix": "/ecs/app", "limit": 1}),
                vec!["/ecs/app"],
            ),
            ("class", json!({"logGroupClass": "DELIVERY"}), vec!["d"]),
            (
                "names",
                json!({"logGroupIdentifiers": ["b", "nobody", "/ecs/app"]}),
                vec!["/ecs/app", "b"],
            ),
            (
                "names and linked accounts",
                json!({"logGroupIdentifiers": ["b"], "includeLinkedAccounts": true}),
                vec!["b"],
            ),
            (
                "another account",
                json!({"includeLinkedAccounts": true, "accountIdentifiers": ["999988887777"]}),
                vec![],
            ),
            (
                "an empty pattern and a class",
                json!({"logGroupNamePattern": "", "logGroupClass": "DELIVERY"}),
                vec!["d"],
            ),
        ] {
            let body = bench.logs_ok("DescribeLogGroups", input);
            assert_eq!(names(&body), expected, "{name}");
        }
    }

    #[test]
    fn what_describe_log_groups_refuses() {
        let many: Vec<String> = (0..51).map(|n| format!("g{n}")).collect();
        let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:g";
        for (name, input) in [
            (
                "prefix and pattern",
                json!({"logGroupNamePrefix": "a", "logGroupNamePattern": "a"}),
            ),
            (
                "names and a prefix",
                json!({"logGroupIdentifiers": ["g"], "logGroupNamePrefix": "g"}),
            ),
            (
                "names and a pattern",
                json!({"logGroupIdentifiers": ["g"], "logGroupNamePattern": "g"}),
            ),
            (
                "names and a class",
                json!({"logGroupIdentifiers": ["g"], "logGroupClass": "STANDARD"}),
            ),
            (
                "names and accounts",
                json!({"logGroupIdentifiers": ["g"], "accountIdentifiers": ["111122223333"]}),
            ),
            ("an ARN", json!({"logGroupIdentifiers": [arn]})),
            ("no names", json!({"logGroupIdentifiers": []})),
            ("51 names", json!({"logGroupIdentifiers": many})),
            ("an empty prefix", json!({"logGroupNamePrefix": ""})),
            (
                "a pattern with a star",
                json!({"logGroupNamePattern": "a*"}),
            ),
            (
                "a long pattern",
                json!({"logGroupNamePattern": "x".repeat(513)}),
            ),
            ("no limit", json!({"limit": 0})),
            ("a high limit", json!({"limit": 51})),
            ("a class", json!({"logGroupClass": "CHEAP"})),
            ("an account", json!({"accountIdentifiers": ["1"]})),
            ("a token never given", json!({"nextToken": "abc"})),
        ] {
            let outcome = Bench::new().logs("DescribeLogGroups", input);
            assert_eq!(verdict(&outcome), INVALID, "{name}");
        }
    }

    #[test]
    fn pages_cover_everything_once_and_tokens_expire() {
        let mut bench = bench(&["a", "b", "c", "d", "e"]);
        let first = bench.logs_ok("DescribeLogGroups", json!({"limit": 2}));
        assert_eq!(names(&first), ["a", "b"]);
        let next = json!({"limit": 2, "nextToken": first["nextToken"]});
        let second = bench.logs_ok("DescribeLogGroups", next.clone());
        assert_eq!(names(&second), ["c", "d"]);
        let last = bench.logs_ok(
            "DescribeLogGroups",
            json!({"limit": 2, "nextToken": second["nextToken"]}),
        );
        assert_eq!(names(&last), ["e"]);
        assert!(last.get("nextToken").is_none());
        bench.wait(24 * 3_600_000);
        assert_eq!(verdict(&bench.logs("DescribeLogGroups", next)), INVALID);
    }

    #[test]
    fn a_page_has_50_groups_at_most() {
        let mut bench = Bench::new();
        for n in 0..51 {
            bench.logs_ok("CreateLogGroup", json!({"logGroupName": format!("g{n}")}));
        }
        for operation in ["DescribeLogGroups", "ListLogGroups"] {
            let body = bench.logs_ok(operation, json!({}));
            assert_eq!(names(&body).len(), 50, "{operation}");
            assert!(body["nextToken"].is_string(), "{operation}");
        }
        let body = bench.logs_ok("ListLogGroups", json!({"limit": 1000}));
        assert_eq!(names(&body).len(), 51);
    }

    #[test]
    fn a_summary_has_name_arn_and_class() {
        let body = bench(&["g"]).logs_ok("ListLogGroups", json!({}));
        assert_eq!(
            body,
            json!({"logGroups": [{"logGroupName": "g", "logGroupClass": "STANDARD",
                "logGroupArn": "arn:aws:logs:eu-west-1:111122223333:log-group:g"}]})
        );
    }

    #[test]
    fn names_match_alternatives() {
        let mut bench = bench(&["/aws/lambda/a", "discovery", "rediscovery", "x/aws/lambda"]);
        for (pattern, expected) in [
            (
                "^/aws/lambda|^discovery",
                vec!["/aws/lambda/a", "discovery"],
            ),
            ("/aws/lambda", vec!["/aws/lambda/a", "x/aws/lambda"]),
            ("Discovery", vec![]),
        ] {
            let body = bench.logs_ok("ListLogGroups", json!({"logGroupNamePattern": pattern}));
            assert_eq!(names(&body), expected, "{pattern}");
        }
    }

    #[test]
    fn tags_match_filters() {
        let mut bench = Bench::new();
        for (name, tags) in [
            ("a", json!({"env": "prod-1", "team": "x"})),
            ("b", json!({"env": "Prod"})),
            ("c", json!({"env": "dev"})),
            ("d", json!({"team": "x"})),
        ] {
            bench.logs_ok(
                "CreateLogGroup",
                json!({"logGroupName": name, "tags": tags}),
            );
        }
        for (name, filters, expected) in [
            ("a key", json!([{"key": "env"}]), vec!["a", "b", "c"]),
            (
                "no values",
                json!([{"key": "env", "values": []}]),
                vec!["a", "b", "c"],
            ),
            (
                "exact",
                json!([{"key": "env", "values": ["Prod"]}]),
                vec!["b"],
            ),
            (
                "exact in another case",
                json!([{"key": "env", "values": ["DEV"]}]),
                vec![],
            ),
            (
                "a beginning",
                json!([{"key": "env", "values": ["prod*"]}]),
                vec!["a", "b"],
            ),
            (
                "an end",
                json!([{"key": "env", "values": ["*-1"]}]),
                vec!["a"],
            ),
            (
                "a middle",
                json!([{"key": "env", "values": ["*RO*"]}]),
                vec!["a", "b"],
            ),
            (
                "not",
                json!([{"key": "env", "values": ["!dev"]}]),
                vec!["a", "b"],
            ),
            (
                "one of two",
                json!([{"key": "env", "values": ["dev", "Prod"]}]),
                vec!["b", "c"],
            ),
            (
                "both",
                json!([{"key": "env"}, {"key": "team", "values": ["x"]}]),
                vec!["a"],
            ),
        ] {
            let body = bench.logs_ok("ListLogGroups", json!({"logGroupTags": filters}));
            assert_eq!(names(&body), expected, "{name}");
        }
    }

    #[test]
    fn what_list_log_groups_refuses() {
        let six: Vec<Value> = (0..6).map(|n| json!({"key": format!("k{n}")})).collect();
        for (name, input) in [
            ("a short pattern", json!({"logGroupNamePattern": "ab"})),
            (
                "a long pattern",
                json!({"logGroupNamePattern": "x".repeat(25)}),
            ),
            (
                "six alternatives",
                json!({"logGroupNamePattern": "aaa|bbb|ccc|ddd|eee|fff"}),
            ),
            ("a star", json!({"logGroupNamePattern": "abc*"})),
            (
                "an empty alternative",
                json!({"logGroupNamePattern": "abc|"}),
            ),
            ("a high limit", json!({"limit": 1001})),
            (
                "a long value",
                json!({"logGroupTags": [{"key": "k", "values": ["v".repeat(260)]}]}),
            ),
            ("no filters", json!({"logGroupTags": []})),
            ("six filters", json!({"logGroupTags": six})),
            (
                "a filter without key",
                json!({"logGroupTags": [{"values": ["v"]}]}),
            ),
            (
                "six values",
                json!({"logGroupTags": [{"key": "k", "values": ["1", "2", "3", "4", "5", "6"]}]}),
            ),
        ] {
            let outcome = Bench::new().logs("ListLogGroups", input);
            assert_eq!(verdict(&outcome), INVALID, "{name}");
        }
    }

    #[test]
    fn filters_on_what_no_group_has_leave_nothing() {
        for input in [
            json!({"dataSources": [{"name": "amazon_vpc"}]}),
            json!({"fieldIndexNames": ["requestId"]}),
            json!({"logGroupClass": "DELIVERY"}),
        ] {
            let body = bench(&["g"]).logs_ok("ListLogGroups", input);
            assert!(names(&body).is_empty());
        }
    }
}
