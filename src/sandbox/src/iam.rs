//! AWS Identity and Access Management: roles, policies, instance profiles, and what policies allow.
//!
//! IAM is global: one state whatever the region of the call. There are no users and no groups here.

mod account;
mod attachment;
mod boundary;
mod condition;
mod document;
mod effective;
mod evaluate;
mod grammar;
mod inline;
mod input;
mod managed;
mod page;
mod pattern;
mod policy;
mod position;
mod principal;
mod profile;
mod role;
mod simulate;
mod statement;
mod tag;
mod version;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};
pub(crate) use effective::{Identity, check_identity_policy};

/// The state of the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Roles by lower-case name, because names are not distinguished by case (IAM API reference,
    /// `CreateRole`, `RoleName`).
    roles: BTreeMap<String, Role>,
    /// Customer managed policies by ARN.
    policies: BTreeMap<String, Policy>,
    /// Instance profiles by lower-case name.
    profiles: BTreeMap<String, Profile>,
    /// How long, in milliseconds, a new role is visible in IAM but unknown to other services.
    #[serde(skip)]
    pub(super) propagation_millis: u64,
    /// The policy of the user that calls, if it is not the root user: the only user there is.
    #[serde(skip)]
    pub(crate) user_policy: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Role {
    name: String,
    path: String,
    id: String,
    arn: String,
    created_millis: u64,
    /// The trust policy, with principals as IAM rewrites them.
    trust: String,
    description: Option<String>,
    max_session_seconds: u32,
    /// The ARN of the permissions boundary.
    boundary: Option<String>,
    tags: Vec<Tag>,
    /// Documents of the inline policies by name.
    inline: BTreeMap<String, String>,
    /// ARNs of the managed policies.
    attached: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Tag {
    key: String,
    value: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Policy {
    name: String,
    path: String,
    id: String,
    arn: String,
    created_millis: u64,
    updated_millis: u64,
    description: Option<String>,
    tags: Vec<Tag>,
    default_version: u32,
    /// The number of the next version: numbers are not used again.
    next_version: u32,
    versions: BTreeMap<u32, Version>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Version {
    document: String,
    created_millis: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Profile {
    name: String,
    path: String,
    id: String,
    arn: String,
    created_millis: u64,
    /// The lower-case name of its role.
    role: Option<String>,
    tags: Vec<Tag>,
}

/// Has a customer managed policy of this name, unless there is one: it allows everything, so that
/// nothing is denied for its sake.
pub(crate) fn have_policy(world: &mut World, cx: &Context<'_>, name: &str) {
    let document = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
    ]});
    let input = json!({"PolicyName": name, "PolicyDocument": document.to_string()});
    if let Value::Object(input) = input {
        // One that is there is there.
        _ = call(world, cx, "CreatePolicy", &input);
    }
}

/// How a role looks to a service that it is passed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassRole {
    /// No role has this ARN. ARNs are compared by case (IAM User Guide, "IAM identifiers").
    Missing,
    /// The role is too young: other services have not heard of it (IAM User Guide, "Changes that I
    /// make are not always immediately visible").
    Propagating,
    /// The role can be passed.
    Ready,
}

impl State {
    /// Returns whether another service would accept the role `arn` at `now_millis`.
    pub fn pass_role(&self, arn: &str, now_millis: u64) -> PassRole {
        match self.roles.values().find(|role| role.arn == arn) {
            None => PassRole::Missing,
            Some(role)
                if now_millis < role.created_millis.saturating_add(self.propagation_millis) =>
            {
                PassRole::Propagating
            }
            Some(_) => PassRole::Ready,
        }
    }

    fn role(&self, name: &str) -> Result<&Role, Refusal> {
        self.roles
            .get(&key(name))
            .ok_or_else(|| role::missing(name))
    }

    fn role_mut(&mut self, name: &str) -> Result<&mut Role, Refusal> {
        self.roles
            .get_mut(&key(name))
            .ok_or_else(|| role::missing(name))
    }
}

/// Performs `operation`.
pub fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    match operation {
        "CreateRole" => role::create(world, cx, input),
        "GetRole" => role::get(&world.iam, input),
        "UpdateRole" => role::update(&mut world.iam, input),
        "UpdateRoleDescription" => role::update_description(&mut world.iam, input),
        "UpdateAssumeRolePolicy" => role::update_trust(world, cx, input),
        "DeleteRole" => role::delete(&mut world.iam, input),
        "ListRoles" => role::list(&world.iam, input),
        "TagRole" => tag::tag_role(&mut world.iam, input),
        "UntagRole" => tag::untag_role(&mut world.iam, input),
        "ListRoleTags" => tag::list_role_tags(&world.iam, input),
        "TagPolicy" => tag::tag_policy(&mut world.iam, input),
        "UntagPolicy" => tag::untag_policy(&mut world.iam, input),
        "ListPolicyTags" => tag::list_policy_tags(&world.iam, input),
        "PutRolePolicy" => inline::put(&mut world.iam, input),
        "GetRolePolicy" => inline::get(&world.iam, input),
        "DeleteRolePolicy" => inline::delete(&mut world.iam, input),
        "ListRolePolicies" => inline::list(&world.iam, input),
        "AttachRolePolicy" => attachment::attach(world, input),
        "DetachRolePolicy" => attachment::detach(&mut world.iam, input),
        "ListAttachedRolePolicies" => attachment::list(&world.iam, input),
        "ListEntitiesForPolicy" => attachment::list_entities(&world.iam, input),
        "PutRolePermissionsBoundary" => boundary::put(&mut world.iam, input),
        "DeleteRolePermissionsBoundary" => boundary::delete(&mut world.iam, input),
        "CreatePolicy" => policy::create(world, cx, input),
        "GetPolicy" => policy::get(&world.iam, input),
        "ListPolicies" => policy::list(&world.iam, cx, input),
        "DeletePolicy" => policy::delete(&mut world.iam, input),
        "CreatePolicyVersion" => version::create(&mut world.iam, cx, input),
        "GetPolicyVersion" => version::get(&world.iam, input),
        "ListPolicyVersions" => version::list(&world.iam, input),
        "SetDefaultPolicyVersion" => version::set_default(&mut world.iam, cx, input),
        "DeletePolicyVersion" => version::delete(&mut world.iam, input),
        "CreateInstanceProfile" => profile::create(world, cx, input),
        "GetInstanceProfile" => profile::get(&world.iam, input),
        "DeleteInstanceProfile" => profile::delete(&mut world.iam, input),
        "ListInstanceProfiles" => profile::list(&world.iam, input),
        "ListInstanceProfilesForRole" => profile::list_for_role(&world.iam, input),
        "AddRoleToInstanceProfile" => profile::add_role(&mut world.iam, input),
        "RemoveRoleFromInstanceProfile" => profile::remove_role(&mut world.iam, input),
        "GetAccountAuthorizationDetails" => account::authorization_details(&world.iam, input),
        "GetAccountSummary" => Ok(account::summary(world)),
        "SimulateCustomPolicy" => simulate::custom(&world.iam, input),
        "SimulatePrincipalPolicy" => simulate::principal(&world.iam, input),
        _ => Err(Refusal::new(
            400,
            "InvalidAction",
            format!("Could not find operation {operation} for version 2010-05-08"),
        )),
    }
}

/// The form of a name that is unique.
fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// A unique id (IAM User Guide, "IAM identifiers"): a prefix for the kind and capital letters and
/// digits.
fn unique_id(world: &mut World, prefix: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut bits = (u128::from(world.fresh()) << 64) | u128::from(world.fresh());
    let mut id = prefix.to_owned();
    for _ in 0..17 {
        let index = usize::try_from(bits % 32).expect("a remainder of 32 is small");
        id.push(char::from(ALPHABET[index]));
        bits /= 32;
    }
    id
}

/// A moment as IAM prints it: whole seconds.
fn seconds(millis: u64) -> u64 {
    millis / 1000
}

/// A policy document as all operations but `CreateRole` give it (IAM API reference, `GetRole`:
/// URL-encoded compliant with RFC 3986).
fn encoded(document: &str) -> Value {
    /// Everything but the unreserved characters of RFC 3986, section 2.3.
    const RESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    json!(percent_encoding::utf8_percent_encode(document, RESERVED).to_string())
}

/// The answer of an operation without output.
fn nothing() -> Answer {
    Answer::ok(Value::Null)
}

fn limit_exceeded(message: impl Into<String>) -> Refusal {
    Refusal::new(409, "LimitExceeded", message)
}

fn no_such_entity(message: impl Into<String>) -> Refusal {
    Refusal::new(404, "NoSuchEntity", message)
}

fn already_exists(message: impl Into<String>) -> Refusal {
    Refusal::new(409, "EntityAlreadyExists", message)
}

fn delete_conflict(message: impl Into<String>) -> Refusal {
    Refusal::new(409, "DeleteConflict", message)
}

fn invalid_input(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "InvalidInput", message)
}

#[cfg(test)]
mod testing;
mod trust;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{PassRole, testing::Account};

    #[test]
    fn an_unknown_operation_is_named() {
        let mut account = Account::default();
        let refusal = account.refused("CreateUser", json!({ "UserName": "u" }));
        assert_eq!((refusal.status, refusal.code), (400, "InvalidAction"));
        assert!(refusal.message.contains("CreateUser"));
    }

    #[test]
    fn a_young_role_cannot_be_passed_yet() {
        let mut account = Account::default();
        account.world.iam.propagation_millis = 5_000;
        let arn = account.role("Task");
        let now = account.now_millis;
        let iam = &account.world.iam;
        assert_eq!(iam.pass_role(&arn, now + 4_999), PassRole::Propagating);
        assert_eq!(iam.pass_role(&arn, now + 5_000), PassRole::Ready);
        assert_eq!(
            iam.pass_role(&arn.to_lowercase(), now + 5_000),
            PassRole::Missing
        );
    }
}
