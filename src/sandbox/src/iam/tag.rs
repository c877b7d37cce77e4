//! Tags of roles and policies.

use serde_json::{Value, json};

use crate::{
    Refusal,
    iam::{
        State, Tag,
        input::{ARN, MAX_TAGS, ROLE_NAME, Reader},
        invalid_input, key, limit_exceeded, nothing,
        page::Page,
        policy,
    },
    service::{Input, Outcome},
};

/// IAM API reference, `TagRole`.
pub(super) fn tag_role(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let tags = required_tags(&mut reader, input);
    reader.done()?;
    merge(&mut iam.role_mut(name)?.tags, tags)?;
    Ok(nothing())
}

/// IAM API reference, `UntagRole`: keys that are not there are passed over.
pub(super) fn untag_role(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let keys = required_keys(&mut reader, input);
    reader.done()?;
    remove(&mut iam.role_mut(name)?.tags, &keys);
    Ok(nothing())
}

/// IAM API reference, `ListRoleTags`.
pub(super) fn list_role_tags(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let page = Page::read(&mut reader, "ListRoleTags");
    reader.done()?;
    list(&page, &iam.role(name)?.tags)
}

/// IAM API reference, `TagPolicy`.
pub(super) fn tag_policy(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let tags = required_tags(&mut reader, input);
    reader.done()?;
    merge(&mut policy::own_mut(iam, arn)?.tags, tags)?;
    Ok(nothing())
}

/// IAM API reference, `UntagPolicy`.
pub(super) fn untag_policy(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let keys = required_keys(&mut reader, input);
    reader.done()?;
    remove(&mut policy::own_mut(iam, arn)?.tags, &keys);
    Ok(nothing())
}

/// IAM API reference, `ListPolicyTags`.
pub(super) fn list_policy_tags(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let page = Page::read(&mut reader, "ListPolicyTags");
    reader.done()?;
    list(&page, &policy::own(iam, arn)?.tags)
}

/// Adds `new` to `tags` or refuses all of it.
///
/// IAM User Guide, "Tags for IAM resources": keys are not distinguished by case but keep theirs, so
/// that a key that differs only by case replaces the old one; keys that begin with `aws:` belong to
/// AWS; no key may come twice in a request.
pub(super) fn merge(tags: &mut Vec<Tag>, new: Vec<Tag>) -> Result<(), Refusal> {
    let mut merged = tags.clone();
    for (index, tag) in new.iter().enumerate() {
        if key(&tag.key).starts_with("aws:") {
            return Err(invalid_input(
                "aws: prefixed tag key names are not allowed for external use.",
            ));
        }
        if new[..index].iter().any(|other| same(&other.key, &tag.key)) {
            return Err(invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
    }
    for tag in new {
        match merged.iter_mut().find(|old| same(&old.key, &tag.key)) {
            Some(old) => *old = tag,
            None => merged.push(tag),
        }
    }
    if merged.len() > MAX_TAGS {
        return Err(limit_exceeded(format!(
            "The number of tags has reached the maximum limit: {MAX_TAGS}."
        )));
    }
    *tags = merged;
    Ok(())
}

/// Tags as the API gives them.
pub(super) fn shown(tags: &[Tag]) -> Value {
    tags.iter()
        .map(|tag| json!({ "Key": tag.key, "Value": tag.value }))
        .collect()
}

fn required_tags(reader: &mut Reader<'_>, input: &Input) -> Vec<Tag> {
    if !input.contains_key("Tags") {
        reader.missing("Tags");
    }
    reader.tags("Tags")
}

fn required_keys<'a>(reader: &mut Reader<'a>, input: &Input) -> Vec<&'a str> {
    if !input.contains_key("TagKeys") {
        reader.missing("TagKeys");
    }
    reader.tag_keys("TagKeys")
}

fn remove(tags: &mut Vec<Tag>, keys: &[&str]) {
    tags.retain(|tag| !keys.iter().any(|key| same(key, &tag.key)));
}

/// Tags come sorted by key (IAM API reference, `ListRoleTags`).
fn list(page: &Page, tags: &[Tag]) -> Outcome {
    let mut sorted: Vec<&Tag> = tags.iter().collect();
    sorted.sort_by_key(|tag| tag.key.to_lowercase());
    page.answer(
        "Tags",
        sorted.into_iter().map(|tag| {
            (
                tag.key.to_lowercase(),
                json!({ "Key": tag.key, "Value": tag.value }),
            )
        }),
    )
}

fn same(a: &str, b: &str) -> bool {
    a.to_lowercase() == b.to_lowercase()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, TRUST};

    fn tags(count: usize) -> Value {
        (0..count)
            .map(|index| json!({ "Key": format!("k{index:02}"), "Value": "" }))
            .collect()
    }

    #[test]
    fn tags_that_iam_refuses() {
        let mut account = Account::default();
        account.role("full");
        account.answered("TagRole", json!({ "RoleName": "full", "Tags": tags(50) }));
        let tag = |key: &str, value: &str| json!([{ "Key": key, "Value": value }]);
        account.refuses([
            ("TagRole", json!({ "RoleName": "x", "Tags": tag("a", "b") }), 404, "NoSuchEntity", "x cannot be found"),
            ("TagRole", json!({ "RoleName": "full" }), 400, "ValidationError", "null at 'tags'"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tags(51) }), 400, "ValidationError", "50"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("new", "") }), 409, "LimitExceeded", "50"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("", "") }), 400, "ValidationError", "tags.1.member.key"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("a!", "") }), 400, "ValidationError", "tags.1.member.key"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag(&"k".repeat(129), "") }), 400, "ValidationError", "128"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("a", &"v".repeat(257)) }), 400, "ValidationError", "256"),
            ("TagRole", json!({ "RoleName": "full", "Tags": [{ "Key": "a" }] }), 400, "ValidationError", "value"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("aws:x", "") }), 400, "InvalidInput", "aws:"),
            ("TagRole", json!({ "RoleName": "full", "Tags": tag("AWS:x", "") }), 400, "InvalidInput", "aws:"),
            (
                "TagRole",
                json!({ "RoleName": "full", "Tags": [{ "Key": "a", "Value": "" }, { "Key": "A", "Value": "" }] }),
                400,
                "InvalidInput",
                "Duplicate tag keys",
            ),
            (
                "CreateRole",
                json!({ "RoleName": "r", "AssumeRolePolicyDocument": TRUST, "Tags": tag("aws:x", "") }),
                400,
                "InvalidInput",
                "aws:",
            ),
            ("UntagRole", json!({ "RoleName": "full" }), 400, "ValidationError", "null at 'tagKeys'"),
            ("ListRoleTags", json!({ "RoleName": "x" }), 404, "NoSuchEntity", "cannot be found"),
            (
                "TagPolicy",
                json!({ "PolicyArn": "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess", "Tags": tag("a", "b") }),
                400,
                "InvalidInput",
                "AWS",
            ),
        ]);
    }

    #[test]
    fn a_key_that_differs_only_by_case_is_the_same() {
        let mut account = Account::default();
        account.role("r");
        account.answered(
            "TagRole",
            json!({ "RoleName": "r", "Tags": [{ "Key": "Department", "Value": "finance" }] }),
        );
        account.answered(
            "TagRole",
            json!({ "RoleName": "r", "Tags": [{ "Key": "department", "Value": "hr" }] }),
        );
        let listed = account.answered("ListRoleTags", json!({ "RoleName": "r" }));
        assert_eq!(
            listed["Tags"],
            json!([{ "Key": "department", "Value": "hr" }])
        );
        account.answered(
            "UntagRole",
            json!({ "RoleName": "r", "TagKeys": ["DEPARTMENT", "other"] }),
        );
        let listed = account.answered("ListRoleTags", json!({ "RoleName": "r" }));
        assert_eq!(listed["Tags"], json!([]));
    }

    #[test]
    fn tags_of_a_policy() {
        let mut account = Account::default();
        let arn = account.policy("p");
        account.answered(
            "TagPolicy",
            json!({ "PolicyArn": arn, "Tags": [{ "Key": "a", "Value": "b" }] }),
        );
        let policy = account.answered("GetPolicy", json!({ "PolicyArn": arn }));
        assert_eq!(
            policy["Policy"]["Tags"],
            json!([{ "Key": "a", "Value": "b" }])
        );
        account.answered("UntagPolicy", json!({ "PolicyArn": arn, "TagKeys": ["A"] }));
        let listed = account.answered("ListPolicyTags", json!({ "PolicyArn": arn }));
        assert_eq!(listed["Tags"], json!([]));
    }
}
