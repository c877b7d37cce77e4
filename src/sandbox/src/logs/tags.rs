//! Tags on log groups: the operations by ARN, and the older ones by name.

use serde_json::json;

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region,
    arn::Arn,
    group::{self, LogGroup},
    input::{self, TAGS_MAX, Tags, own_log_group, require_tag_key, required, required_text},
    refusal::{constraint, invalid, no_log_group, too_many_tags, validation},
};

/// `TagResource`: adds tags and replaces the values of those that are there.
pub(super) fn tag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let new = required("tags", input::tags(input)?)?;
    let group = group_by_arn(region, cx, input)?;
    if count_with(group, &new) > TAGS_MAX {
        return Err(too_many_tags(&group.arn));
    }
    group.tags.extend(new);
    Ok(Answer::ok(json!({})))
}

/// `UntagResource`: keys that are not there are no error.
pub(super) fn untag(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let keys = input::texts(input, "tagKeys", 0..=50)?;
    let keys = required("tagKeys", keys)?;
    for key in &keys {
        require_tag_key("tagKeys", key)?;
    }
    let group = group_by_arn(region, cx, input)?;
    group.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Answer::ok(json!({})))
}

/// `ListTagsForResource`.
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let group = group_by_arn(region, cx, input)?;
    Ok(Answer::ok(json!({"tags": group.tags})))
}

/// `TagLogGroup`, on the path to deprecation. It models no `TooManyTagsException`.
pub(super) fn tag_log_group(region: &mut Region, input: &Input) -> Outcome {
    let new = required("tags", input::tags(input)?)?;
    let group = group::named(region, input)?;
    if count_with(group, &new) > TAGS_MAX {
        return Err(invalid("A log group can have at most 50 tags."));
    }
    group.tags.extend(new);
    Ok(Answer::ok(json!({})))
}

/// `UntagLogGroup`, on the path to deprecation. Its list of keys has no upper bound.
pub(super) fn untag_log_group(region: &mut Region, input: &Input) -> Outcome {
    let keys = required("tags", input::texts(input, "tags", 1..=usize::MAX)?)?;
    for key in &keys {
        require_tag_key("tags", key)?;
    }
    let group = group::named(region, input)?;
    group.tags.retain(|key, _| !keys.contains(&key.as_str()));
    Ok(Answer::ok(json!({})))
}

/// `ListTagsLogGroup`, on the path to deprecation.
pub(super) fn list_log_group(region: &mut Region, input: &Input) -> Outcome {
    let group = group::named(region, input)?;
    Ok(Answer::ok(json!({"tags": group.tags})))
}

fn count_with(group: &LogGroup, new: &Tags) -> usize {
    let added = new.keys().filter(|key| !group.tags.contains_key(*key));
    group.tags.len() + added.count()
}

/// The log group of `resourceArn`. The form with `:*`, which `DescribeLogGroups` gives as `arn`, is
/// a `ValidationException` (boto3, issue 4104); the model's pattern (`AmazonResourceName`) excludes
/// `#` as it does `*`, so that groups with it in their name can't be named. Destinations can have
/// tags too, but there are none here.
fn group_by_arn<'r>(
    region: &'r mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'r mut LogGroup, Refusal> {
    const NAME: &str = "resourceArn";
    let text = required_text(input, NAME)?;
    if !(1..=1011).contains(&text.len()) {
        return Err(constraint(NAME, "have a length between 1 and 1011"));
    }
    let is_allowed = |c: char| c.is_alphanumeric() || "_+=/:,.@-".contains(c);
    let arn = Arn::parse(text)
        .filter(|arn| text.chars().all(is_allowed) && arn.service == "logs" && arn.is_located())
        .ok_or_else(|| validation("Invalid resourceArn"))?;
    let name = own_log_group(cx, &arn).ok_or_else(no_log_group)?;
    region.groups.get_mut(name).ok_or_else(no_log_group)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::{
        amp::testing::{Bench, verdict},
        logs::is_tag_text,
    };

    const ARN: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:g";

    fn tags(range: std::ops::Range<usize>) -> Value {
        range.map(|n| (format!("k{n}"), json!("v"))).collect()
    }

    fn bench() -> Bench {
        let mut bench = Bench::new();
        let input = json!({"logGroupName": "g", "tags": {"a": "1", "b": "2"}});
        bench.logs_ok("CreateLogGroup", input);
        bench
    }

    #[test]
    fn tag_text_is_letters_separators_numbers_and_some_signs() {
        for (text, expected) in [
            ("", true),
            ("Team 1_.:/=+-@", true),
            ("équipe\u{a0}données", true),
            ("五", true),
            ("a;b", false),
            ("a\tb", false),
            ("<", false),
            ("100%", false),
            ("a*", false),
        ] {
            assert_eq!(is_tag_text(text), expected, "{text:?}");
        }
    }

    #[test]
    fn tags_come_and_go_by_arn() {
        let mut bench = bench();
        bench.logs_ok(
            "TagResource",
            json!({"resourceArn": ARN, "tags": {"b": "3", "c": "4"}}),
        );
        bench.logs_ok(
            "UntagResource",
            json!({"resourceArn": ARN, "tagKeys": ["a", "z"]}),
        );
        let listed = bench.logs_ok("ListTagsForResource", json!({"resourceArn": ARN}));
        assert_eq!(listed, json!({"tags": {"b": "3", "c": "4"}}));
    }

    #[test]
    fn tags_come_and_go_by_name() {
        let mut bench = bench();
        bench.logs_ok(
            "TagLogGroup",
            json!({"logGroupName": "g", "tags": {"b": "3", "c": "4"}}),
        );
        bench.logs_ok(
            "UntagLogGroup",
            json!({"logGroupName": "g", "tags": ["a", "z"]}),
        );
        let listed = bench.logs_ok("ListTagsLogGroup", json!({"logGroupName": "g"}));
        assert_eq!(listed, json!({"tags": {"b": "3", "c": "4"}}));
        for operation in ["TagLogGroup", "ListTagsLogGroup"] {
            let input = json!({"logGroupName": "h", "tags": {"k": "v"}});
            let outcome = bench.logs(operation, input);
            assert_eq!(
                verdict(&outcome),
                (400, "ResourceNotFoundException"),
                "{operation}"
            );
        }
        let outcome = bench.logs("UntagLogGroup", json!({"logGroupName": "g", "tags": []}));
        assert_eq!(verdict(&outcome), (400, "InvalidParameterException"));
    }

    #[test]
    fn arns_have_a_form_and_stand_for_something() {
        let invalid = (400, "ValidationException");
        let missing = (400, "ResourceNotFoundException");
        let mut bench = bench();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "a#b"}));
        for (name, arn, expected) in [
            ("the form with :*", format!("{ARN}:*"), invalid),
            ("a name", "g".to_owned(), invalid),
            ("another service", ARN.replace(":logs:", ":aps:"), invalid),
            ("a name with #", ARN.replace(":g", ":a#b"), invalid),
            ("another name", ARN.replace(":g", ":h"), missing),
            (
                "another region",
                ARN.replace("eu-west-1", "eu-west-2"),
                missing,
            ),
            ("another account", ARN.replace("1111", "2222"), missing),
            (
                "a destination",
                ARN.replace("log-group:g", "destination:g"),
                missing,
            ),
            ("nothing", String::new(), (400, "InvalidParameterException")),
            (
                "a long name",
                ARN.replace(":g", &format!(":{}", "g".repeat(965))),
                missing,
            ),
            (
                "a longer name",
                ARN.replace(":g", &format!(":{}", "g".repeat(966))),
                (400, "InvalidParameterException"),
            ),
        ] {
            for operation in ["TagResource", "UntagResource", "ListTagsForResource"] {
                let input = json!({"resourceArn": arn, "tags": {"k": "v"}, "tagKeys": ["k"]});
                assert_eq!(
                    verdict(&bench.logs(operation, input)),
                    expected,
                    "{operation}: {name}"
                );
            }
        }
    }

    #[test]
    fn a_resource_has_50_tags_at_most() {
        let mut bench = bench();
        bench.logs_ok(
            "TagResource",
            json!({"resourceArn": ARN, "tags": tags(0..48)}),
        );
        bench.logs_ok(
            "TagResource",
            json!({"resourceArn": ARN, "tags": {"a": "replaced"}}),
        );
        bench.logs_ok(
            "TagLogGroup",
            json!({"logGroupName": "g", "tags": {"a": "again"}}),
        );
        let refusal = bench
            .logs(
                "TagResource",
                json!({"resourceArn": ARN, "tags": {"c": "3"}}),
            )
            .expect_err("the 51st tag");
        assert_eq!(
            (refusal.status, refusal.code),
            (400, "TooManyTagsException")
        );
        assert_eq!(refusal.members["resourceName"], ARN);
        let by_name = bench.logs(
            "TagLogGroup",
            json!({"logGroupName": "g", "tags": {"c": "3"}}),
        );
        assert_eq!(verdict(&by_name), (400, "InvalidParameterException"));
    }

    #[test]
    fn what_untag_resource_refuses() {
        let many: Vec<String> = (0..51).map(|n| format!("k{n}")).collect();
        for (name, keys, expected) in [
            ("no keys", json!(null), (400, "InvalidParameterException")),
            (
                "an empty key",
                json!([""]),
                (400, "InvalidParameterException"),
            ),
            (
                "a reserved key",
                json!(["aws:k"]),
                (400, "InvalidParameterException"),
            ),
            ("51 keys", json!(many), (400, "InvalidParameterException")),
            ("a number", json!([1]), (400, "SerializationException")),
        ] {
            let input = json!({"resourceArn": ARN, "tagKeys": keys});
            let outcome = bench().logs("UntagResource", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }

    #[test]
    fn what_tag_resource_refuses() {
        for (name, tags, expected) in [
            ("no tags", json!(null), (400, "InvalidParameterException")),
            (
                "an empty map",
                json!({}),
                (400, "InvalidParameterException"),
            ),
            ("51 tags", tags(0..51), (400, "InvalidParameterException")),
            (
                "a reserved key",
                json!({"aws:k": "v"}),
                (400, "InvalidParameterException"),
            ),
            (
                "an empty key",
                json!({"": "v"}),
                (400, "InvalidParameterException"),
            ),
            (
                "a long value",
                json!({"k": "v".repeat(257)}),
                (400, "InvalidParameterException"),
            ),
            ("a list", json!([]), (400, "SerializationException")),
        ] {
            let outcome = bench().logs("TagResource", json!({"resourceArn": ARN, "tags": tags}));
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }
}
