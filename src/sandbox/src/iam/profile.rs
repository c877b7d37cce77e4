//! Instance profiles, which hold a role for EC2 and keep it from being deleted.

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal, World,
    iam::{
        Profile, State, already_exists, delete_conflict,
        input::{PATH, PATH_PREFIX, PROFILE_NAME, ROLE_NAME, Reader},
        key, limit_exceeded, no_such_entity, nothing,
        page::Page,
        role, seconds, tag, unique_id,
    },
    service::{Input, Outcome},
};

/// IAM User Guide, "IAM and AWS STS quotas": instance profiles in an account, by default.
pub(super) const MAX_PROFILES: usize = 1_000;

/// IAM API reference, `CreateInstanceProfile`.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("InstanceProfileName", &PROFILE_NAME);
    let path = reader.optional("Path", &PATH).unwrap_or("/");
    let new_tags = reader.tags("Tags");
    reader.done()?;
    let mut tags = Vec::new();
    tag::merge(&mut tags, new_tags)?;
    if world.iam.profiles.contains_key(&key(name)) {
        return Err(already_exists(format!(
            "Instance Profile {name} already exists."
        )));
    }
    if world.iam.profiles.len() >= MAX_PROFILES {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for InstanceProfilesPerAccount: {MAX_PROFILES}"
        )));
    }
    let profile = Profile {
        name: name.to_owned(),
        path: path.to_owned(),
        id: unique_id(world, "AIPA"),
        arn: format!(
            "arn:{}:iam::{}:instance-profile{path}{name}",
            cx.partition, cx.account
        ),
        created_millis: cx.now_millis,
        role: None,
        tags,
    };
    let shown = shown(&world.iam, &profile);
    world.iam.profiles.insert(key(name), profile);
    Ok(Answer::ok(json!({ "InstanceProfile": shown })))
}

/// IAM API reference, `GetInstanceProfile`.
pub(super) fn get(iam: &State, input: &Input) -> Outcome {
    let profile = find(iam, name(input)?)?;
    Ok(Answer::ok(
        json!({ "InstanceProfile": shown(iam, profile) }),
    ))
}

/// IAM API reference, `DeleteInstanceProfile`: not while it holds a role.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let name = name(input)?;
    if find(iam, name)?.role.is_some() {
        return Err(delete_conflict(
            "Cannot delete entity, must remove roles from instance profile first.",
        ));
    }
    iam.profiles.remove(&key(name));
    Ok(nothing())
}

/// IAM API reference, `ListInstanceProfiles`.
pub(super) fn list(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let prefix = reader.optional("PathPrefix", &PATH_PREFIX).unwrap_or("/");
    let page = Page::read(&mut reader, "ListInstanceProfiles");
    reader.done()?;
    page.answer(
        "InstanceProfiles",
        iam.profiles
            .iter()
            .filter(|(_, profile)| profile.path.starts_with(prefix))
            .map(|(key, profile)| (key.clone(), listed(iam, profile))),
    )
}

/// IAM API reference, `ListInstanceProfilesForRole`.
pub(super) fn list_for_role(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let page = Page::read(&mut reader, "ListInstanceProfilesForRole");
    reader.done()?;
    iam.role(name)?;
    page.answer(
        "InstanceProfiles",
        of_role(iam, name).map(|(key, profile)| (key.clone(), listed(iam, profile))),
    )
}

/// IAM API reference, `AddRoleToInstanceProfile`: one role, a quota that cannot be raised.
pub(super) fn add_role(iam: &mut State, input: &Input) -> Outcome {
    let (name, role_name) = names(input)?;
    iam.role(role_name)?;
    let profile = find_mut(iam, name)?;
    if profile.role.is_some() {
        return Err(limit_exceeded(
            "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1",
        ));
    }
    profile.role = Some(key(role_name));
    Ok(nothing())
}

/// IAM API reference, `RemoveRoleFromInstanceProfile`.
pub(super) fn remove_role(iam: &mut State, input: &Input) -> Outcome {
    let (name, role_name) = names(input)?;
    iam.role(role_name)?;
    let profile = find_mut(iam, name)?;
    if profile.role != Some(key(role_name)) {
        return Err(role::missing(role_name));
    }
    profile.role = None;
    Ok(nothing())
}

/// The profiles that hold the role `name`.
pub(super) fn of_role<'a>(
    iam: &'a State,
    name: &str,
) -> impl Iterator<Item = (&'a String, &'a Profile)> {
    let role = Some(key(name));
    iam.profiles
        .iter()
        .filter(move |(_, profile)| profile.role == role)
}

/// A profile with the members that lists have: no tags (IAM API reference, `ListInstanceProfiles`).
pub(super) fn listed(iam: &State, profile: &Profile) -> Value {
    Value::Object(members(iam, profile))
}

fn shown(iam: &State, profile: &Profile) -> Value {
    let mut members = members(iam, profile);
    if !profile.tags.is_empty() {
        members.insert("Tags".to_owned(), tag::shown(&profile.tags));
    }
    Value::Object(members)
}

fn members(iam: &State, profile: &Profile) -> Map<String, Value> {
    let roles: Vec<Value> = profile
        .role
        .iter()
        .filter_map(|name| iam.roles.get(name))
        .map(|role| Value::Object(role::head(role)))
        .collect();
    Map::from_iter([
        ("Path".to_owned(), json!(profile.path)),
        ("InstanceProfileName".to_owned(), json!(profile.name)),
        ("InstanceProfileId".to_owned(), json!(profile.id)),
        ("Arn".to_owned(), json!(profile.arn)),
        (
            "CreateDate".to_owned(),
            json!(seconds(profile.created_millis)),
        ),
        ("Roles".to_owned(), Value::Array(roles)),
    ])
}

fn find<'a>(iam: &'a State, name: &str) -> Result<&'a Profile, Refusal> {
    iam.profiles.get(&key(name)).ok_or_else(|| missing(name))
}

fn find_mut<'a>(iam: &'a mut State, name: &str) -> Result<&'a mut Profile, Refusal> {
    iam.profiles
        .get_mut(&key(name))
        .ok_or_else(|| missing(name))
}

fn missing(name: &str) -> Refusal {
    no_such_entity(format!("Instance Profile {name} cannot be found."))
}

fn name(input: &Input) -> Result<&str, Refusal> {
    let mut reader = Reader::new(input);
    let name = reader.required("InstanceProfileName", &PROFILE_NAME);
    reader.done()?;
    Ok(name)
}

fn names(input: &Input) -> Result<(&str, &str), Refusal> {
    let mut reader = Reader::new(input);
    let name = reader.required("InstanceProfileName", &PROFILE_NAME);
    let role_name = reader.required("RoleName", &ROLE_NAME);
    reader.done()?;
    Ok((name, role_name))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::Account;

    fn both(profile: &str, role: &str) -> Value {
        json!({ "InstanceProfileName": profile, "RoleName": role })
    }

    #[test]
    fn a_profile_holds_one_role() {
        let mut account = Account::default();
        account.role("r");
        account.role("s");
        account.answered(
            "CreateInstanceProfile",
            json!({ "InstanceProfileName": "i", "Path": "/a/" }),
        );
        account.answered("AddRoleToInstanceProfile", both("I", "R"));
        account.refuses([
            (
                "CreateInstanceProfile",
                json!({ "InstanceProfileName": "I" }),
                409,
                "EntityAlreadyExists",
                "I already exists",
            ),
            (
                "CreateInstanceProfile",
                json!({ "InstanceProfileName": "a b" }),
                400,
                "ValidationError",
                "instanceProfileName",
            ),
            (
                "AddRoleToInstanceProfile",
                both("i", "s"),
                409,
                "LimitExceeded",
                "InstanceProfile: 1",
            ),
            (
                "AddRoleToInstanceProfile",
                both("x", "s"),
                404,
                "NoSuchEntity",
                "Instance Profile x",
            ),
            (
                "AddRoleToInstanceProfile",
                both("i", "x"),
                404,
                "NoSuchEntity",
                "role with name x",
            ),
            (
                "RemoveRoleFromInstanceProfile",
                both("i", "s"),
                404,
                "NoSuchEntity",
                "role with name s",
            ),
            (
                "DeleteInstanceProfile",
                json!({ "InstanceProfileName": "i" }),
                409,
                "DeleteConflict",
                "must remove roles",
            ),
            (
                "GetInstanceProfile",
                json!({ "InstanceProfileName": "x" }),
                404,
                "NoSuchEntity",
                "Instance Profile x",
            ),
            (
                "ListInstanceProfilesForRole",
                json!({ "RoleName": "x" }),
                404,
                "NoSuchEntity",
                "role with name x",
            ),
        ]);
        let got = account.answered("GetInstanceProfile", json!({ "InstanceProfileName": "i" }));
        assert_eq!(
            got["InstanceProfile"]["Arn"],
            json!("arn:aws:iam::111122223333:instance-profile/a/i")
        );
        assert_eq!(got["InstanceProfile"]["Roles"][0]["RoleName"], json!("r"));
        let listed = account.answered("ListInstanceProfilesForRole", json!({ "RoleName": "r" }));
        assert_eq!(
            listed["InstanceProfiles"][0]["InstanceProfileName"],
            json!("i")
        );
        account.answered("RemoveRoleFromInstanceProfile", both("i", "r"));
        account.answered(
            "DeleteInstanceProfile",
            json!({ "InstanceProfileName": "i" }),
        );
        let listed = account.answered("ListInstanceProfiles", json!({}));
        assert_eq!(listed["InstanceProfiles"], json!([]));
    }
}
