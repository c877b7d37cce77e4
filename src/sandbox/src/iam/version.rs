//! Versions of managed policies.

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal,
    iam::{
        State, Version, delete_conflict, encoded,
        input::{ARN, POLICY_DOCUMENT, POLICY_VERSION, Reader},
        limit_exceeded, no_such_entity, nothing,
        page::Page,
        policy, seconds,
    },
    service::{Input, Outcome},
};

/// IAM API reference, `CreatePolicyVersion`: a managed policy has at most five versions.
pub(super) const MAX_VERSIONS: usize = 5;

/// IAM API reference, `CreatePolicyVersion`.
pub(super) fn create(iam: &mut State, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let document = reader.required("PolicyDocument", &POLICY_DOCUMENT);
    let as_default = reader.boolean("SetAsDefault").unwrap_or(false);
    reader.done()?;
    let policy = policy::own_mut(iam, arn)?;
    policy::check_document(document)?;
    if policy.versions.len() >= MAX_VERSIONS {
        return Err(limit_exceeded(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
        ));
    }
    let number = policy.next_version;
    let version = Version {
        document: document.to_owned(),
        created_millis: cx.now_millis,
    };
    policy.versions.insert(number, version);
    policy.next_version += 1;
    policy.updated_millis = cx.now_millis;
    if as_default {
        policy.default_version = number;
    }
    Ok(Answer::ok(json!({
        "PolicyVersion": listed(number, as_default, cx.now_millis),
    })))
}

/// IAM API reference, `GetPolicyVersion`.
pub(super) fn get(iam: &State, input: &Input) -> Outcome {
    let (arn, id) = names(input)?;
    let policy = policy::find(iam, arn).ok_or_else(|| policy::missing(arn))?;
    let versions = policy.versions.iter();
    let (number, document, created) = versions
        .clone()
        .find(|(number, ..)| Some(*number) == parse(id))
        .ok_or_else(|| missing(arn, id))?;
    let shown = shown(
        *number,
        *number == policy.default_version,
        *created,
        document,
    );
    Ok(Answer::ok(json!({ "PolicyVersion": shown })))
}

/// IAM API reference, `ListPolicyVersions`: newest first, without documents.
pub(super) fn list(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let page = Page::read(&mut reader, "ListPolicyVersions");
    reader.done()?;
    let policy = policy::find(iam, arn).ok_or_else(|| policy::missing(arn))?;
    let versions = policy.versions.iter().rev();
    page.answer(
        "Versions",
        versions.map(|(number, _, created)| {
            let value = listed(*number, *number == policy.default_version, *created);
            (format!("{:010}", u32::MAX - number), Value::Object(value))
        }),
    )
}

/// IAM API reference, `SetDefaultPolicyVersion`.
pub(super) fn set_default(iam: &mut State, cx: &Context<'_>, input: &Input) -> Outcome {
    let (arn, id) = names(input)?;
    let policy = policy::own_mut(iam, arn)?;
    let number = parse(id)
        .filter(|number| policy.versions.contains_key(number))
        .ok_or_else(|| missing(arn, id))?;
    policy.default_version = number;
    policy.updated_millis = cx.now_millis;
    Ok(nothing())
}

/// IAM API reference, `DeletePolicyVersion`: not the default one.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let (arn, id) = names(input)?;
    let policy = policy::own_mut(iam, arn)?;
    if parse(id) == Some(policy.default_version) {
        return Err(delete_conflict(
            "Cannot delete the default version of a policy.",
        ));
    }
    parse(id)
        .and_then(|number| policy.versions.remove(&number))
        .ok_or_else(|| missing(arn, id))?;
    Ok(nothing())
}

/// A version with its document.
pub(super) fn shown(
    number: u32,
    is_default: bool,
    created_millis: u64,
    document: &str,
) -> Map<String, Value> {
    let mut members = listed(number, is_default, created_millis);
    members.insert("Document".to_owned(), encoded(document));
    members
}

fn listed(number: u32, is_default: bool, created_millis: u64) -> Map<String, Value> {
    Map::from_iter([
        ("VersionId".to_owned(), json!(format!("v{number}"))),
        ("IsDefaultVersion".to_owned(), json!(is_default)),
        ("CreateDate".to_owned(), json!(seconds(created_millis))),
    ])
}

fn names(input: &Input) -> Result<(&str, &str), Refusal> {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let id = reader.required("VersionId", &POLICY_VERSION);
    reader.done()?;
    Ok((arn, id))
}

fn parse(id: &str) -> Option<u32> {
    id.strip_prefix('v')?.parse().ok()
}

fn missing(arn: &str, id: &str) -> Refusal {
    no_such_entity(format!(
        "Policy {arn} version {id} does not exist or is not attachable."
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY};

    #[test]
    fn five_versions_of_which_one_is_in_force() {
        let mut account = Account::default();
        let arn = account.policy("p");
        let new = |default: &str| json!({ "PolicyArn": arn, "PolicyDocument": POLICY, "SetAsDefault": default });
        let version = |id: &str| json!({ "PolicyArn": arn, "VersionId": id });
        for _ in 0..3 {
            account.answered("CreatePolicyVersion", new("false"));
        }
        account.now_millis += 1_000;
        let fifth = account.answered("CreatePolicyVersion", new("true"));
        assert_eq!(
            fifth["PolicyVersion"],
            json!({ "VersionId": "v5", "IsDefaultVersion": true, "CreateDate": 1_767_225_601 })
        );
        account.refuses([
            (
                "CreatePolicyVersion",
                new("false"),
                409,
                "LimitExceeded",
                "up to 5 versions",
            ),
            (
                "DeletePolicyVersion",
                version("v5"),
                409,
                "DeleteConflict",
                "default version",
            ),
            (
                "DeletePolicyVersion",
                version("v9"),
                404,
                "NoSuchEntity",
                "version v9",
            ),
            (
                "GetPolicyVersion",
                version("v9"),
                404,
                "NoSuchEntity",
                "version v9",
            ),
            (
                "GetPolicyVersion",
                version("9"),
                400,
                "ValidationError",
                "versionId",
            ),
            (
                "SetDefaultPolicyVersion",
                version("v9"),
                404,
                "NoSuchEntity",
                "version v9",
            ),
            (
                "DeletePolicy",
                json!({ "PolicyArn": arn }),
                409,
                "DeleteConflict",
                "more than one version",
            ),
        ]);
        let ids = |page: &Value| -> Vec<String> {
            let versions = page["Versions"].as_array().expect("a list");
            versions
                .iter()
                .map(|v| v["VersionId"].as_str().expect("an id").to_owned())
                .collect()
        };
        let first = account.answered(
            "ListPolicyVersions",
            json!({ "PolicyArn": arn, "MaxItems": "3" }),
        );
        assert_eq!(ids(&first), ["v5", "v4", "v3"]);
        let rest = account.answered(
            "ListPolicyVersions",
            json!({ "PolicyArn": arn, "Marker": first["Marker"] }),
        );
        assert_eq!(ids(&rest), ["v2", "v1"]);
        account.answered("SetDefaultPolicyVersion", version("v1"));
        for id in ["v2", "v3", "v4", "v5"] {
            account.answered("DeletePolicyVersion", version(id));
        }
        let got = account.answered("GetPolicyVersion", version("v1"));
        assert_eq!(got["PolicyVersion"]["IsDefaultVersion"], json!(true));
        assert!(
            got["PolicyVersion"]["Document"]
                .as_str()
                .expect("a string")
                .starts_with("%7B")
        );
        let sixth = account.answered("CreatePolicyVersion", new("false"));
        assert_eq!(
            sixth["PolicyVersion"]["VersionId"],
            json!("v6"),
            "numbers are not used again"
        );
    }

    #[test]
    fn aws_has_versions_too_but_they_cannot_be_changed() {
        let mut account = Account::default();
        let arn = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess";
        let listed = account.answered("ListPolicyVersions", json!({ "PolicyArn": arn }));
        assert_eq!(listed["Versions"][0]["VersionId"], json!("v2"));
        account.refuses([(
            "CreatePolicyVersion",
            json!({ "PolicyArn": arn, "PolicyDocument": POLICY }),
            400,
            "InvalidInput",
            "managed by AWS",
        )]);
    }
}
