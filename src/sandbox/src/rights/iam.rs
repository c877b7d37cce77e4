//! The rights of IAM's operations: Service Authorization Reference, "AWS Identity and Access
//! Management",
//! `list_awsidentityandaccessmanagementiam.html`.

use super::{Right, gives_tags, text};
use crate::{Context, World, service::Input};

/// What an operation is about.
enum Subject {
    Role,
    Policy,
    Profile,
    Source,
    Nothing,
}

/// Every operation; those that are about nothing in particular can only be allowed on `*`.
const SUBJECTS: [(Subject, &[&str]); 5] = [
    (
        Subject::Role,
        &[
            "AttachRolePolicy",
            "CreateRole",
            "DeleteRole",
            "DeleteRolePermissionsBoundary",
            "DeleteRolePolicy",
            "DetachRolePolicy",
            "GetRole",
            "GetRolePolicy",
            "ListAttachedRolePolicies",
            "ListInstanceProfilesForRole",
            "ListRolePolicies",
            "ListRoleTags",
            "PutRolePermissionsBoundary",
            "PutRolePolicy",
            "TagRole",
            "UntagRole",
            "UpdateAssumeRolePolicy",
            "UpdateRole",
            "UpdateRoleDescription",
        ],
    ),
    (
        Subject::Policy,
        &[
            "CreatePolicy",
            "CreatePolicyVersion",
            "DeletePolicy",
            "DeletePolicyVersion",
            "GetPolicy",
            "GetPolicyVersion",
            "ListEntitiesForPolicy",
            "ListPolicyTags",
            "ListPolicyVersions",
            "SetDefaultPolicyVersion",
            "TagPolicy",
            "UntagPolicy",
        ],
    ),
    (
        Subject::Profile,
        &[
            "AddRoleToInstanceProfile",
            "CreateInstanceProfile",
            "DeleteInstanceProfile",
            "GetInstanceProfile",
            "RemoveRoleFromInstanceProfile",
        ],
    ),
    (Subject::Source, &["SimulatePrincipalPolicy"]),
    (
        Subject::Nothing,
        &[
            "GetAccountAuthorizationDetails",
            "GetAccountSummary",
            "ListInstanceProfiles",
            "ListPolicies",
            "ListRoles",
            "SimulateCustomPolicy",
        ],
    ),
];

pub(super) fn rights(
    world: &World,
    cx: &Context<'_>,
    operation: &str,
    input: &Input,
) -> Vec<Right> {
    let mut subjects = SUBJECTS.iter();
    let subject = subjects.find(|(_, operations)| operations.contains(&operation));
    let action = format!("iam:{operation}");
    let right = match subject {
        Some((Subject::Role, _)) => of_role(world, cx, operation, input),
        Some((Subject::Policy, _)) => Right::new(action, policy_arn(cx, input)),
        Some((Subject::Profile, _)) => {
            let name = text(input, "InstanceProfileName").unwrap_or_default();
            let path = text(input, "Path").unwrap_or("/");
            let arn = world.iam.profile_arn(name);
            Right::new(
                action,
                arn.unwrap_or_else(|| arn_of(cx, "instance-profile", path, name)),
            )
        }
        Some((Subject::Source, _)) => {
            Right::new(action, text(input, "PolicySourceArn").unwrap_or("*"))
        }
        Some((Subject::Nothing, _)) | None => Right::new(action, "*"),
    };
    let right = right.tagging(input);
    let mut rights = vec![right.clone()];
    // The tags of what is made take the right to tag it (IAM user guide, "Controlling access to AWS
    // resources using tags", on creating).
    let tags = match operation {
        "CreateRole" => Some("iam:TagRole"),
        "CreatePolicy" => Some("iam:TagPolicy"),
        "CreateInstanceProfile" => Some("iam:TagInstanceProfile"),
        _ => None,
    };
    if let Some(action) = tags.filter(|_| gives_tags(input)) {
        rights.push(Right {
            action: action.to_owned(),
            ..right
        });
    }
    if operation == "AddRoleToInstanceProfile" {
        let role = role_arn(world, cx, input);
        let passing = Right::new("iam:PassRole", role);
        rights.push(passing.key("iam:PassedToService", "ec2.amazonaws.com"));
    }
    rights
}

fn of_role(world: &World, cx: &Context<'_>, operation: &str, input: &Input) -> Right {
    let name = text(input, "RoleName").unwrap_or_default();
    let right = Right::new(format!("iam:{operation}"), role_arn(world, cx, input));
    // The boundary that the role gets, or else the one that it has (the reference, on
    // `iam:PermissionsBoundary`).
    let given = text(input, "PermissionsBoundary").map(str::to_owned);
    let boundary = given.or_else(|| world.iam.boundary_of_role(name));
    let policy = operation.ends_with("tachRolePolicy");
    let policy = text(input, "PolicyArn").filter(|_| policy);
    right
        .maybe("iam:PermissionsBoundary", boundary)
        .maybe("iam:PolicyARN", policy.map(str::to_owned))
        .tagged(world.iam.tags_of_role(name))
}

fn role_arn(world: &World, cx: &Context<'_>, input: &Input) -> String {
    let name = text(input, "RoleName").unwrap_or_default();
    let path = text(input, "Path").unwrap_or("/");
    let arn = world.iam.role_arn(name);
    arn.unwrap_or_else(|| arn_of(cx, "role", path, name))
}

fn policy_arn(cx: &Context<'_>, input: &Input) -> String {
    if let Some(arn) = text(input, "PolicyArn") {
        return arn.to_owned();
    }
    let name = text(input, "PolicyName").unwrap_or_default();
    arn_of(cx, "policy", text(input, "Path").unwrap_or("/"), name)
}

fn arn_of(cx: &Context<'_>, kind: &str, path: &str, name: &str) -> String {
    format!(
        "arn:{}:iam::{}:{kind}{path}{name}",
        cx.partition, cx.account
    )
}
