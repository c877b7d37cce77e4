//! Roles: creating, reading, changing and deleting them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World,
    iam::{
        Role, State, already_exists, boundary, delete_conflict, document, encoded,
        input::{ARN, PATH, PATH_PREFIX, POLICY_DOCUMENT, ROLE_DESCRIPTION, ROLE_NAME, Reader},
        invalid_input, key, limit_exceeded, no_such_entity, nothing,
        page::Page,
        seconds, tag, trust, unique_id,
    },
    quotas::{ROLES, TRUST_LENGTH},
    service::{Input, Outcome},
};

/// Botocore model iam 2010-05-08, `roleMaxSessionDurationType`, in seconds; the default is the
/// least (`CreateRole`).
const SESSION_SECONDS: std::ops::RangeInclusive<u32> = 3_600..=43_200;

/// IAM API reference, `CreateRole`.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let given = reader.required("AssumeRolePolicyDocument", &POLICY_DOCUMENT);
    let path = reader.optional("Path", &PATH).unwrap_or("/");
    let description = reader.optional("Description", &ROLE_DESCRIPTION);
    let session = reader.number("MaxSessionDuration", &SESSION_SECONDS);
    let boundary = reader.optional("PermissionsBoundary", &ARN);
    let new_tags = reader.tags("Tags");
    reader.done()?;

    let iam = &world.iam;
    // IAM User Guide, "Service-linked roles": only AWS creates roles in this path.
    if path.starts_with("/aws-service-role/") {
        return Err(invalid_input(
            "The path /aws-service-role/ is reserved for service-linked roles.",
        ));
    }
    let mut tags = Vec::new();
    tag::merge(&mut tags, new_tags)?;
    let trust = checked_trust(world, cx, given)?;
    if let Some(arn) = boundary {
        boundary::check(iam, arn)?;
    }
    if iam.roles.contains_key(&key(name)) {
        return Err(already_exists(format!(
            "Role with name {name} already exists."
        )));
    }
    let most = world.quotas.most(ROLES);
    if iam.roles.len() >= most {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for RolesPerAccount: {most}"
        )));
    }
    let role = Role {
        name: name.to_owned(),
        path: path.to_owned(),
        id: unique_id(world, "AROA"),
        arn: format!("arn:{}:iam::{}:role{path}{name}", cx.partition, cx.account),
        created_millis: cx.now_millis,
        trust,
        description: description.map(str::to_owned),
        max_session_seconds: session.unwrap_or(*SESSION_SECONDS.start()),
        boundary: boundary.map(str::to_owned),
        tags,
        inline: BTreeMap::new(),
        attached: BTreeSet::new(),
    };
    let mut shown = shown(&role);
    // Of all operations only this one gives the document back as plain JSON (IAM API reference,
    // `CreateRole`, examples).
    shown.insert("AssumeRolePolicyDocument".to_owned(), json!(given));
    shown.remove("RoleLastUsed");
    world.iam.roles.insert(key(name), role);
    Ok(Answer::ok(json!({ "Role": shown })))
}

/// IAM API reference, `GetRole`.
pub(super) fn get(iam: &State, input: &Input) -> Outcome {
    let role = iam.role(name(input)?)?;
    Ok(Answer::ok(json!({ "Role": shown(role) })))
}

/// IAM API reference, `UpdateRole`: what is not given stays.
pub(super) fn update(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let description = reader.optional("Description", &ROLE_DESCRIPTION);
    let session = reader.number("MaxSessionDuration", &SESSION_SECONDS);
    reader.done()?;
    let role = iam.role_mut(name)?;
    if let Some(description) = description {
        role.describe(description);
    }
    role.max_session_seconds = session.unwrap_or(role.max_session_seconds);
    Ok(Answer::ok(json!({})))
}

/// IAM API reference, `UpdateRoleDescription`.
pub(super) fn update_description(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let description = reader.required("Description", &ROLE_DESCRIPTION);
    reader.done()?;
    let role = iam.role_mut(name)?;
    role.describe(description);
    Ok(Answer::ok(json!({ "Role": shown(role) })))
}

/// IAM API reference, `UpdateAssumeRolePolicy`.
pub(super) fn update_trust(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let document = reader.required("PolicyDocument", &POLICY_DOCUMENT);
    reader.done()?;
    world.iam.role(name)?;
    let trust = checked_trust(world, cx, document)?;
    world.iam.role_mut(name)?.trust = trust;
    Ok(nothing())
}

/// IAM API reference, `DeleteRole`: what was attached or put must go first; boundary and tags need
/// not.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let name = name(input)?;
    let role = iam.role(name)?;
    if !role.attached.is_empty() {
        return Err(delete_conflict(
            "Cannot delete entity, must detach all policies first.",
        ));
    }
    if !role.inline.is_empty() {
        return Err(delete_conflict(
            "Cannot delete entity, must delete policies first.",
        ));
    }
    if iam
        .profiles
        .values()
        .any(|profile| profile.role == Some(key(name)))
    {
        return Err(delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    let (arn, id) = (role.arn.clone(), role.id.clone());
    iam.roles.remove(&key(name));
    for other in iam.roles.values_mut() {
        if let Some(trust) = trust::forget(&other.trust, &arn, &id) {
            other.trust = trust;
        }
    }
    Ok(nothing())
}

/// IAM API reference, `ListRoles`: it leaves out boundary, last use and tags.
pub(super) fn list(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let prefix = reader.optional("PathPrefix", &PATH_PREFIX).unwrap_or("/");
    let page = Page::read(&mut reader, "ListRoles");
    reader.done()?;
    page.answer(
        "Roles",
        iam.roles
            .iter()
            .filter(|(_, role)| role.path.starts_with(prefix))
            .map(|(key, role)| (key.clone(), listed(role))),
    )
}

/// A role with all members, as `GetRole` gives it.
pub(super) fn shown(role: &Role) -> Map<String, Value> {
    let mut members = in_list(role);
    if let Some(arn) = &role.boundary {
        members.insert("PermissionsBoundary".to_owned(), boundary::shown(arn));
    }
    if !role.tags.is_empty() {
        members.insert("Tags".to_owned(), tag::shown(&role.tags));
    }
    // Nobody assumes roles here. IAM answers with an empty structure then.
    members.insert("RoleLastUsed".to_owned(), json!({}));
    members
}

/// A role with the members that lists have.
pub(super) fn listed(role: &Role) -> Value {
    Value::Object(in_list(role))
}

fn in_list(role: &Role) -> Map<String, Value> {
    let mut members = head(role);
    members.insert(
        "MaxSessionDuration".to_owned(),
        json!(role.max_session_seconds),
    );
    if let Some(description) = &role.description {
        members.insert("Description".to_owned(), json!(description));
    }
    members
}

/// The members that every form of a role has.
pub(super) fn head(role: &Role) -> Map<String, Value> {
    Map::from_iter([
        ("Path".to_owned(), json!(role.path)),
        ("RoleName".to_owned(), json!(role.name)),
        ("RoleId".to_owned(), json!(role.id)),
        ("Arn".to_owned(), json!(role.arn)),
        ("CreateDate".to_owned(), json!(seconds(role.created_millis))),
        ("AssumeRolePolicyDocument".to_owned(), encoded(&role.trust)),
    ])
}

pub(super) fn missing(name: &str) -> Refusal {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

impl Role {
    fn describe(&mut self, description: &str) {
        self.description = (!description.is_empty()).then(|| description.to_owned());
    }
}

fn name(input: &Input) -> Result<&str, Refusal> {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    reader.done()?;
    Ok(name)
}

fn checked_trust(world: &World, cx: &Context<'_>, document: &str) -> Result<String, Refusal> {
    let most = world.quotas.most(TRUST_LENGTH);
    if document::size(document) > most {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for ACLSizePerRole: {most}"
        )));
    }
    trust::checked(&world.iam, cx, document)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY, TRUST, text, with};

    fn create(change: Value) -> Value {
        with(
            json!({ "RoleName": "r", "AssumeRolePolicyDocument": TRUST }),
            change,
        )
    }

    #[test]
    fn roles_that_iam_refuses() {
        let mut account = Account::default();
        account.role("MyRole");
        let long = format!("{}{}", TRUST, " ".repeat(131_073));
        let big = TRUST.replace("ecs-tasks", &"a".repeat(2_048));
        account.refuses([
            ("CreateRole", create(json!({ "RoleName": "a b/c" })), 400, "ValidationError", r"[\w+=,.@-]+"),
            ("CreateRole", create(json!({ "RoleName": "r".repeat(65) })), 400, "ValidationError", "64"),
            ("CreateRole", create(json!({ "RoleName": "" })), 400, "ValidationError", "'roleName'"),
            ("CreateRole", create(json!({ "RoleName": null })), 400, "ValidationError", "null at 'roleName'"),
            ("CreateRole", create(json!({ "Path": "nope" })), 400, "ValidationError", "'path'"),
            ("CreateRole", create(json!({ "Path": "/aws-service-role/x/" })), 400, "InvalidInput", "reserved"),
            ("CreateRole", create(json!({ "MaxSessionDuration": "60" })), 400, "ValidationError", "3600"),
            ("CreateRole", create(json!({ "MaxSessionDuration": "43201" })), 400, "ValidationError", "43200"),
            ("CreateRole", create(json!({ "Description": "a".repeat(1001) })), 400, "ValidationError", "1000"),
            ("CreateRole", create(json!({ "Description": "한" })), 400, "ValidationError", "'description'"),
            ("CreateRole", create(json!({ "AssumeRolePolicyDocument": long })), 400, "ValidationError", "131072"),
            ("CreateRole", create(json!({ "AssumeRolePolicyDocument": big })), 409, "LimitExceeded", "2048"),
            ("CreateRole", create(json!({ "AssumeRolePolicyDocument": "{" })), 400, "MalformedPolicyDocument", "Json"),
            (
                "CreateRole",
                create(json!({ "AssumeRolePolicyDocument": POLICY })),
                400,
                "MalformedPolicyDocument",
                "Missing required field Principal",
            ),
            (
                "CreateRole",
                create(json!({ "AssumeRolePolicyDocument": TRUST.replace("sts:AssumeRole", "s3:Get") })),
                400,
                "MalformedPolicyDocument",
                "STS AssumeRole",
            ),
            (
                "CreateRole",
                create(json!({ "AssumeRolePolicyDocument": TRUST.replace("\"Action\"", "\"Resource\":\"*\",\"Action\"") })),
                400,
                "MalformedPolicyDocument",
                "prohibited field Resource",
            ),
            (
                "CreateRole",
                create(json!({ "PermissionsBoundary": "arn:aws:iam::111122223333:policy/Missing" })),
                404,
                "NoSuchEntity",
                "does not exist or is not attachable",
            ),
            ("CreateRole", create(json!({ "RoleName": "MYROLE" })), 409, "EntityAlreadyExists", "MYROLE already exists"),
            (
                "CreateRole",
                create(json!({ "RoleName": "myrole", "Path": "/other/" })),
                409,
                "EntityAlreadyExists",
                "already exists",
            ),
            ("GetRole", json!({ "RoleName": "x" }), 404, "NoSuchEntity", "The role with name x cannot be found."),
            ("UpdateRole", json!({ "RoleName": "x" }), 404, "NoSuchEntity", "cannot be found"),
            ("UpdateRole", json!({ "RoleName": "MyRole", "MaxSessionDuration": "1" }), 400, "ValidationError", "3600"),
            ("UpdateRoleDescription", json!({ "RoleName": "MyRole" }), 400, "ValidationError", "description"),
            (
                "UpdateAssumeRolePolicy",
                json!({ "RoleName": "x", "PolicyDocument": TRUST }),
                404,
                "NoSuchEntity",
                "cannot be found",
            ),
            (
                "UpdateAssumeRolePolicy",
                json!({ "RoleName": "MyRole", "PolicyDocument": "{" }),
                400,
                "MalformedPolicyDocument",
                "Json",
            ),
            ("DeleteRole", json!({ "RoleName": "x" }), 404, "NoSuchEntity", "cannot be found"),
        ]);
    }

    #[test]
    fn a_role_comes_back_as_it_was_made() {
        let mut account = Account::default();
        let boundary = account.policy("Boundary");
        let created = account.answered(
            "CreateRole",
            create(json!({
                "Path": "/a/",
                "Description": "d",
                "MaxSessionDuration": "7200",
                "PermissionsBoundary": boundary,
                "Tags": [{ "Key": "k", "Value": "v" }],
            })),
        );
        assert_eq!(created["Role"]["AssumeRolePolicyDocument"], json!(TRUST));
        let role = account.answered("GetRole", json!({ "RoleName": "R" }))["Role"].clone();
        assert_eq!(
            role,
            json!({
                "Path": "/a/",
                "RoleName": "r",
                "RoleId": created["Role"]["RoleId"],
                "Arn": "arn:aws:iam::111122223333:role/a/r",
                "CreateDate": 1_767_225_600,
                "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
                "Description": "d",
                "MaxSessionDuration": 7200,
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
                    "PermissionsBoundaryArn": boundary,
                },
                "Tags": [{ "Key": "k", "Value": "v" }],
                "RoleLastUsed": {},
            })
        );
        assert!(
            text(&role["AssumeRolePolicyDocument"])
                .starts_with("%7B%22Version%22%3A%222012-10-17%22")
        );
        assert_eq!(text(&role["RoleId"]).len(), 21);
        let listed =
            account.answered("ListRoles", json!({ "PathPrefix": "/a" }))["Roles"][0].clone();
        for left_out in ["PermissionsBoundary", "RoleLastUsed", "Tags"] {
            assert_eq!(listed.get(left_out), None, "{left_out}");
        }
        assert_eq!(listed["Description"], json!("d"));
        let elsewhere = account.answered("ListRoles", json!({ "PathPrefix": "/b/" }));
        assert_eq!(elsewhere["Roles"], json!([]));
    }

    #[test]
    fn an_update_changes_what_it_names() {
        let mut account = Account::default();
        account.role("r");
        account.answered(
            "UpdateRole",
            json!({ "RoleName": "r", "MaxSessionDuration": "7200" }),
        );
        account.answered("UpdateRole", json!({ "RoleName": "r", "Description": "d" }));
        let described = account.answered(
            "UpdateRoleDescription",
            json!({ "RoleName": "r", "Description": "e" }),
        );
        assert_eq!(described["Role"]["MaxSessionDuration"], json!(7200));
        assert_eq!(described["Role"]["Description"], json!("e"));
        account.answered("UpdateRole", json!({ "RoleName": "r", "Description": "" }));
        let role = account.answered("GetRole", json!({ "RoleName": "r" }));
        assert_eq!(role["Role"].get("Description"), None);
        let trust = TRUST.replace("ecs-tasks", "ec2");
        account.answered(
            "UpdateAssumeRolePolicy",
            json!({ "RoleName": "r", "PolicyDocument": trust }),
        );
        assert_eq!(account.world.iam.roles["r"].trust, trust);
    }

    #[test]
    fn a_role_goes_only_when_it_is_bare() {
        let mut account = Account::default();
        account.role("r");
        let policy = account.policy("p");
        let role = || json!({ "RoleName": "r" });
        account.answered(
            "AttachRolePolicy",
            json!({ "RoleName": "r", "PolicyArn": policy }),
        );
        account.refuses([(
            "DeleteRole",
            role(),
            409,
            "DeleteConflict",
            "must detach all policies first",
        )]);
        account.answered(
            "DetachRolePolicy",
            json!({ "RoleName": "r", "PolicyArn": policy }),
        );
        account.answered(
            "PutRolePolicy",
            json!({ "RoleName": "r", "PolicyName": "i", "PolicyDocument": POLICY }),
        );
        account.refuses([(
            "DeleteRole",
            role(),
            409,
            "DeleteConflict",
            "must delete policies first",
        )]);
        account.answered(
            "DeleteRolePolicy",
            json!({ "RoleName": "r", "PolicyName": "i" }),
        );
        account.answered(
            "CreateInstanceProfile",
            json!({ "InstanceProfileName": "i" }),
        );
        account.answered(
            "AddRoleToInstanceProfile",
            json!({ "InstanceProfileName": "i", "RoleName": "r" }),
        );
        account.refuses([(
            "DeleteRole",
            role(),
            409,
            "DeleteConflict",
            "instance profile",
        )]);
        account.answered(
            "RemoveRoleFromInstanceProfile",
            json!({ "InstanceProfileName": "i", "RoleName": "r" }),
        );
        account.answered(
            "PutRolePermissionsBoundary",
            json!({ "RoleName": "r", "PermissionsBoundary": policy }),
        );
        account.answered("DeleteRole", role());
        account.refuses([("GetRole", role(), 404, "NoSuchEntity", "cannot be found")]);
    }

    #[test]
    fn an_account_has_room_for_a_thousand_roles() {
        let mut account = Account::default();
        for index in 0..1_000 {
            account.role(&format!("r{index}"));
        }
        account.refuses([(
            "CreateRole",
            create(json!({})),
            409,
            "LimitExceeded",
            "RolesPerAccount: 1000",
        )]);
    }
}
