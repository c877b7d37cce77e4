//! Managed policies: those of the account, and those of AWS in the same form.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World,
    iam::{
        Policy, State, Tag, Version, already_exists, delete_conflict, document,
        grammar::Kind,
        input::{ARN, POLICY_DESCRIPTION, POLICY_DOCUMENT, POLICY_NAME, POLICY_PATH, Reader},
        invalid_input, key, limit_exceeded,
        managed::{self, AwsPolicy},
        no_such_entity, nothing,
        page::Page,
        seconds, tag, unique_id,
    },
    service::{Input, Outcome},
};

/// IAM User Guide, "IAM and AWS STS quotas": customer managed policies in an account, by default.
pub(super) const MAX_POLICIES: usize = 1_500;

/// The same page: characters of a managed policy, without white space.
pub(super) const MAX_SIZE: usize = 6_144;

/// What a policy can be used as (botocore model iam 2010-05-08, `PolicyUsageType`).
pub(super) const USAGES: [&str; 2] = ["PermissionsPolicy", "PermissionsBoundary"];

/// A managed policy, whoever manages it.
#[derive(Clone, Debug)]
pub(super) struct Found<'a> {
    pub(super) name: &'a str,
    pub(super) path: &'a str,
    pub(super) arn: String,
    id: String,
    pub(super) description: Option<&'a str>,
    tags: &'a [Tag],
    created_millis: u64,
    updated_millis: u64,
    pub(super) is_aws: bool,
    pub(super) default_version: u32,
    /// Number, document and time of creation.
    pub(super) versions: Vec<(u32, String, u64)>,
}

impl Found<'_> {
    /// Sorts by name; two policies of the same name differ by id.
    pub(super) fn key(&self) -> String {
        format!("{}/{}", self.name, self.id)
    }

    /// The document that is in force.
    pub(super) fn document(&self) -> &str {
        self.versions
            .iter()
            .find(|(number, ..)| *number == self.default_version)
            .map(|(_, document, _)| document.as_str())
            .expect("a policy has its default version")
    }

    fn attachments(&self, iam: &State) -> usize {
        let roles = iam.roles.values();
        roles
            .filter(|role| role.attached.contains(&self.arn))
            .count()
    }

    fn boundaries(&self, iam: &State) -> usize {
        let roles = iam.roles.values();
        roles
            .filter(|role| role.boundary.as_ref() == Some(&self.arn))
            .count()
    }

    fn is_used(&self, iam: &State) -> bool {
        self.attachments(iam) + self.boundaries(iam) > 0
    }

    /// The members that lists have: neither description nor tags (IAM API reference, `ListPolicies`
    /// and `Policy`).
    pub(super) fn listed(&self, iam: &State) -> Map<String, Value> {
        Map::from_iter([
            ("PolicyName".to_owned(), json!(self.name)),
            ("PolicyId".to_owned(), json!(self.id)),
            ("Arn".to_owned(), json!(self.arn)),
            ("Path".to_owned(), json!(self.path)),
            (
                "DefaultVersionId".to_owned(),
                json!(format!("v{}", self.default_version)),
            ),
            ("AttachmentCount".to_owned(), json!(self.attachments(iam))),
            (
                "PermissionsBoundaryUsageCount".to_owned(),
                json!(self.boundaries(iam)),
            ),
            ("IsAttachable".to_owned(), json!(true)),
            ("CreateDate".to_owned(), json!(seconds(self.created_millis))),
            ("UpdateDate".to_owned(), json!(seconds(self.updated_millis))),
        ])
    }

    fn shown(&self, iam: &State) -> Map<String, Value> {
        let mut members = self.listed(iam);
        if let Some(description) = self.description {
            members.insert("Description".to_owned(), json!(description));
        }
        if !self.is_aws {
            members.insert("Tags".to_owned(), tag::shown(self.tags));
        }
        members
    }
}

/// The policy with this ARN. ARNs are compared by case (IAM User Guide, "IAM identifiers").
pub(super) fn find<'a>(iam: &'a State, arn: &str) -> Option<Found<'a>> {
    if let Some(policy) = AwsPolicy::find(arn) {
        return Some(from_aws(policy, arn));
    }
    iam.policies.get(arn).map(from_own)
}

fn from_own(policy: &Policy) -> Found<'_> {
    let versions = policy.versions.iter();
    Found {
        name: &policy.name,
        path: &policy.path,
        arn: policy.arn.clone(),
        id: policy.id.clone(),
        description: policy.description.as_deref(),
        tags: &policy.tags,
        created_millis: policy.created_millis,
        updated_millis: policy.updated_millis,
        is_aws: false,
        default_version: policy.default_version,
        versions: versions
            .map(|(number, version)| (*number, version.document.clone(), version.created_millis))
            .collect(),
    }
}

fn from_aws(policy: AwsPolicy, arn: &str) -> Found<'static> {
    let partition = arn.split(':').nth(1).unwrap_or_default();
    let created_millis = policy.created * 1_000;
    Found {
        name: policy.name,
        path: policy.path,
        arn: arn.to_owned(),
        id: policy.id(),
        description: None,
        tags: &[],
        created_millis,
        updated_millis: created_millis,
        is_aws: true,
        default_version: policy.version,
        versions: vec![(policy.version, policy.document(partition), created_millis)],
    }
}

/// A policy of the account; AWS's own cannot be changed.
pub(super) fn own<'a>(iam: &'a State, arn: &str) -> Result<&'a Policy, Refusal> {
    check_own(arn)?;
    iam.policies.get(arn).ok_or_else(|| missing(arn))
}

/// The same, to change it.
pub(super) fn own_mut<'a>(iam: &'a mut State, arn: &str) -> Result<&'a mut Policy, Refusal> {
    check_own(arn)?;
    iam.policies.get_mut(arn).ok_or_else(|| missing(arn))
}

fn check_own(arn: &str) -> Result<(), Refusal> {
    check_arn(arn)?;
    if AwsPolicy::find(arn).is_some() {
        return Err(invalid_input(format!(
            "{arn} is managed by AWS and cannot be changed."
        )));
    }
    Ok(())
}

fn check_arn(arn: &str) -> Result<(), Refusal> {
    if arn.starts_with("arn:") {
        Ok(())
    } else {
        Err(invalid_input(format!("ARN {arn} is not valid.")))
    }
}

pub(super) fn missing(arn: &str) -> Refusal {
    no_such_entity(format!("Policy {arn} was not found."))
}

/// Refuses a document that a managed policy cannot have.
pub(super) fn check_document(document: &str) -> Result<(), Refusal> {
    document::parse(document, Kind::Identity)?;
    if document::size(document) > MAX_SIZE {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for PolicySize: {MAX_SIZE}"
        )));
    }
    Ok(())
}

/// IAM API reference, `CreatePolicy`.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("PolicyName", &POLICY_NAME);
    let document = reader.required("PolicyDocument", &POLICY_DOCUMENT);
    let path = reader.optional("Path", &POLICY_PATH).unwrap_or("/");
    let description = reader.optional("Description", &POLICY_DESCRIPTION);
    let new_tags = reader.tags("Tags");
    reader.done()?;
    let mut tags = Vec::new();
    tag::merge(&mut tags, new_tags)?;
    check_document(document)?;
    // Names are unique whatever the path, and not distinguished by case.
    let taken = |policy: &Policy| key(&policy.name) == key(name);
    if world.iam.policies.values().any(taken) {
        return Err(already_exists(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    if world.iam.policies.len() >= MAX_POLICIES {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for PoliciesPerAccount: {MAX_POLICIES}"
        )));
    }
    let version = Version {
        document: document.to_owned(),
        created_millis: cx.now_millis,
    };
    let policy = Policy {
        name: name.to_owned(),
        path: path.to_owned(),
        id: unique_id(world, "ANPA"),
        arn: format!(
            "arn:{}:iam::{}:policy{path}{name}",
            cx.partition, cx.account
        ),
        created_millis: cx.now_millis,
        updated_millis: cx.now_millis,
        description: description.map(str::to_owned),
        tags,
        default_version: 1,
        next_version: 2,
        versions: BTreeMap::from([(1, version)]),
    };
    let mut shown = from_own(&policy).listed(&world.iam);
    if !policy.tags.is_empty() {
        shown.insert("Tags".to_owned(), tag::shown(&policy.tags));
    }
    world.iam.policies.insert(policy.arn.clone(), policy);
    Ok(Answer::ok(json!({ "Policy": shown })))
}

/// IAM API reference, `GetPolicy`.
pub(super) fn get(iam: &State, input: &Input) -> Outcome {
    let arn = arn(input)?;
    let policy = find(iam, arn).ok_or_else(|| missing(arn))?;
    Ok(Answer::ok(json!({ "Policy": policy.shown(iam) })))
}

/// IAM API reference, `ListPolicies`.
pub(super) fn list(iam: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let scope = reader
        .one_of("Scope", &["All", "AWS", "Local"])
        .unwrap_or("All");
    let only_attached = reader.boolean("OnlyAttached").unwrap_or(false);
    let prefix = reader.optional("PathPrefix", &POLICY_PATH).unwrap_or("/");
    let usage = reader.one_of("PolicyUsageFilter", &USAGES);
    let page = Page::read(&mut reader, "ListPolicies");
    reader.done()?;
    let is_wanted = |policy: &Found<'_>| {
        let used = match usage {
            Some("PermissionsPolicy") => policy.attachments(iam) > 0,
            Some(_) => policy.boundaries(iam) > 0,
            None => true,
        };
        used && (!only_attached || policy.attachments(iam) > 0)
            && (scope == "All" || (scope == "AWS") == policy.is_aws)
            && policy.path.starts_with(prefix)
    };
    let mut items: Vec<(String, Value)> = all(iam, cx.partition)
        .filter(is_wanted)
        .map(|policy| (policy.key(), Value::Object(policy.listed(iam))))
        .collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    page.answer("Policies", items)
}

/// The policies of the account, and those of AWS that somebody in it uses.
pub(super) fn in_use(iam: &State) -> impl Iterator<Item = Found<'_>> {
    let mut arns: Vec<&String> = iam
        .roles
        .values()
        .flat_map(|role| role.attached.iter().chain(&role.boundary))
        .collect();
    arns.sort_unstable();
    arns.dedup();
    let aws = arns
        .into_iter()
        .filter_map(|arn| Some(from_aws(AwsPolicy::find(arn)?, arn)));
    iam.policies.values().map(from_own).chain(aws)
}

fn all<'a>(iam: &'a State, partition: &str) -> impl Iterator<Item = Found<'a>> {
    let aws = managed::ALL
        .into_iter()
        .map(move |policy| from_aws(policy, &policy.arn(partition)));
    iam.policies.values().map(from_own).chain(aws)
}

/// IAM API reference, `DeletePolicy`: not while it is used, nor while it has versions besides the
/// default one.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let arn = arn(input)?;
    let policy = from_own(own(iam, arn)?);
    if policy.is_used(iam) {
        return Err(delete_conflict(
            "Cannot delete a policy attached to entities.",
        ));
    }
    if policy.versions.len() > 1 {
        return Err(delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The \
             default version is deleted with the policy.",
        ));
    }
    iam.policies.remove(arn);
    Ok(nothing())
}

fn arn(input: &Input) -> Result<&str, Refusal> {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    reader.done()?;
    check_arn(arn)?;
    Ok(arn)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY, TRUST, with};

    const QUERY: &str = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";
    const MISSING: &str = "arn:aws:iam::111122223333:policy/Missing";

    fn create(change: Value) -> Value {
        with(
            json!({ "PolicyName": "p", "PolicyDocument": POLICY }),
            change,
        )
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn policies_that_iam_refuses() {
        let mut account = Account::default();
        let used = account.policy("Used");
        account.role("r");
        account.answered(
            "AttachRolePolicy",
            json!({ "RoleName": "r", "PolicyArn": used }),
        );
        let bound = account.policy("Bound");
        account.answered(
            "PutRolePermissionsBoundary",
            json!({ "RoleName": "r", "PermissionsBoundary": bound }),
        );
        let big = POLICY.replace("RemoteWrite", &"a".repeat(6_144));
        account.refuses([
            (
                "CreatePolicy",
                create(json!({ "PolicyName": "USED" })),
                409,
                "EntityAlreadyExists",
                "USED already exists",
            ),
            (
                "CreatePolicy",
                create(json!({ "PolicyName": "a b" })),
                400,
                "ValidationError",
                "policyName",
            ),
            (
                "CreatePolicy",
                create(json!({ "Path": "//" })),
                400,
                "ValidationError",
                "path",
            ),
            (
                "CreatePolicy",
                create(json!({ "PolicyDocument": big })),
                409,
                "LimitExceeded",
                "PolicySize: 6144",
            ),
            (
                "CreatePolicy",
                create(json!({ "PolicyDocument": TRUST })),
                400,
                "MalformedPolicyDocument",
                "principal",
            ),
            (
                "CreatePolicy",
                create(json!({ "Description": "d".repeat(1001) })),
                400,
                "ValidationError",
                "1000",
            ),
            (
                "GetPolicy",
                json!({ "PolicyArn": MISSING }),
                404,
                "NoSuchEntity",
                "was not found",
            ),
            (
                "GetPolicy",
                json!({ "PolicyArn": "a policy of some length" }),
                400,
                "InvalidInput",
                "not valid",
            ),
            (
                "ListPolicies",
                json!({ "Scope": "Mine" }),
                400,
                "ValidationError",
                "enum value set: [All, AWS, Local]",
            ),
            (
                "DeletePolicy",
                json!({ "PolicyArn": used }),
                409,
                "DeleteConflict",
                "attached to entities",
            ),
            (
                "DeletePolicy",
                json!({ "PolicyArn": bound }),
                409,
                "DeleteConflict",
                "attached to entities",
            ),
            (
                "DeletePolicy",
                json!({ "PolicyArn": QUERY }),
                400,
                "InvalidInput",
                "managed by AWS",
            ),
            (
                "DeletePolicy",
                json!({ "PolicyArn": MISSING }),
                404,
                "NoSuchEntity",
                "was not found",
            ),
        ]);
    }

    #[test]
    fn a_policy_comes_back_as_it_was_made() {
        let mut account = Account::default();
        let created = account.answered(
            "CreatePolicy",
            create(json!({ "Path": "/a/", "Description": "d", "Tags": [{ "Key": "k", "Value": "v" }] })),
        );
        let arn = "arn:aws:iam::111122223333:policy/a/p";
        let policy = account.answered("GetPolicy", json!({ "PolicyArn": arn }));
        assert_eq!(
            policy["Policy"],
            json!({
                "PolicyName": "p",
                "PolicyId": created["Policy"]["PolicyId"],
                "Arn": arn,
                "Path": "/a/",
                "DefaultVersionId": "v1",
                "AttachmentCount": 0,
                "PermissionsBoundaryUsageCount": 0,
                "IsAttachable": true,
                "Description": "d",
                "CreateDate": 1_767_225_600,
                "UpdateDate": 1_767_225_600,
                "Tags": [{ "Key": "k", "Value": "v" }],
            })
        );
        let local = account.answered("ListPolicies", json!({ "Scope": "Local" }));
        assert_eq!(local["Policies"][0].get("Tags"), None);
        assert_eq!(local["Policies"][0].get("Description"), None);
        account.answered("DeletePolicy", json!({ "PolicyArn": arn }));
        let local = account.answered("ListPolicies", json!({ "Scope": "Local" }));
        assert_eq!(local["Policies"], json!([]));
    }

    #[test]
    fn lists_are_filtered_by_owner_use_and_path() {
        let mut account = Account::default();
        account.policy("Own");
        account.role("r");
        account.answered(
            "AttachRolePolicy",
            json!({ "RoleName": "r", "PolicyArn": QUERY }),
        );
        let names = |account: &mut Account, input: Value| -> Vec<String> {
            let listed = account.answered("ListPolicies", input);
            let policies = listed["Policies"].as_array().expect("a list").clone();
            policies
                .iter()
                .map(|policy| policy["PolicyName"].as_str().expect("a name").to_owned())
                .collect()
        };
        assert_eq!(
            names(&mut account, json!({ "OnlyAttached": "true" })),
            ["AmazonPrometheusQueryAccess"]
        );
        assert_eq!(names(&mut account, json!({ "Scope": "Local" })), ["Own"]);
        assert_eq!(
            names(&mut account, json!({ "PathPrefix": "/service-role/" })),
            ["AmazonECSTaskExecutionRolePolicy"]
        );
        assert!(
            names(
                &mut account,
                json!({ "PolicyUsageFilter": "PermissionsBoundary" })
            )
            .is_empty()
        );
        assert!(names(&mut account, json!({})).len() > 5);
    }
}
