//! Managed policies on roles.

use serde_json::{Value, json};

use crate::{
    Answer, Refusal, World,
    iam::{
        Role, State,
        input::{ARN, PATH, POLICY_PATH, ROLE_NAME, Reader},
        limit_exceeded, no_such_entity, nothing,
        page::Page,
        policy::{self, USAGES},
    },
    quotas::POLICIES_PER_ROLE,
    service::{Input, Outcome},
};

/// The kinds of entities (botocore model iam 2010-05-08, `EntityType`).
pub(super) const ENTITIES: [&str; 5] = [
    "User",
    "Role",
    "Group",
    "LocalManagedPolicy",
    "AWSManagedPolicy",
];

/// IAM API reference, `AttachRolePolicy`: attaching what is attached changes nothing.
pub(super) fn attach(world: &mut World, input: &Input) -> Outcome {
    let (name, arn) = names(input)?;
    let most = world.quotas.most(POLICIES_PER_ROLE);
    let iam = &mut world.iam;
    let role = iam.role(name)?;
    if policy::find(iam, arn).is_none() {
        return Err(no_such_entity(format!(
            "Policy {arn} does not exist or is not attachable."
        )));
    }
    if role.attached.len() >= most && !role.attached.contains(arn) {
        return Err(limit_exceeded(format!(
            "Cannot exceed quota for PoliciesPerRole: {most}"
        )));
    }
    iam.role_mut(name)?.attached.insert(arn.to_owned());
    Ok(nothing())
}

/// IAM API reference, `DetachRolePolicy`.
pub(super) fn detach(iam: &mut State, input: &Input) -> Outcome {
    let (name, arn) = names(input)?;
    if !iam.role_mut(name)?.attached.remove(arn) {
        return Err(no_such_entity(format!("Policy {arn} was not found.")));
    }
    Ok(nothing())
}

/// IAM API reference, `ListAttachedRolePolicies`.
pub(super) fn list(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let prefix = reader.optional("PathPrefix", &POLICY_PATH).unwrap_or("/");
    let page = Page::read(&mut reader, "ListAttachedRolePolicies");
    reader.done()?;
    let role = iam.role(name)?;
    let attached = role
        .attached
        .iter()
        .filter_map(|arn| policy::find(iam, arn));
    let mut items: Vec<(String, Value)> = attached
        .filter(|policy| policy.path.starts_with(prefix))
        .map(|policy| {
            let value = json!({ "PolicyName": policy.name, "PolicyArn": policy.arn });
            (policy.key(), value)
        })
        .collect();
    items.sort_by(|a, b| a.0.cmp(&b.0));
    page.answer("AttachedPolicies", items)
}

/// The list of attached policies within another answer.
pub(super) fn shown(iam: &State, role: &Role) -> Value {
    role.attached
        .iter()
        .filter_map(|arn| policy::find(iam, arn))
        .map(|policy| json!({ "PolicyName": policy.name, "PolicyArn": policy.arn }))
        .collect()
}

/// IAM API reference, `ListEntitiesForPolicy`: who has the policy, attached or as a boundary.
pub(super) fn list_entities(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let arn = reader.required("PolicyArn", &ARN);
    let entity = reader.one_of("EntityFilter", &ENTITIES);
    let prefix = reader.optional("PathPrefix", &PATH).unwrap_or("/");
    let usage = reader.one_of("PolicyUsageFilter", &USAGES);
    let page = Page::read(&mut reader, "ListEntitiesForPolicy");
    reader.done()?;
    if policy::find(iam, arn).is_none() {
        return Err(policy::missing(arn));
    }
    let has = |role: &Role| {
        let attached = usage != Some("PermissionsBoundary") && role.attached.contains(arn);
        let bounded = usage != Some("PermissionsPolicy") && role.boundary.as_deref() == Some(arn);
        attached || bounded
    };
    let roles = iam
        .roles
        .iter()
        .filter(|_| entity.is_none_or(|entity| entity == "Role"))
        .filter(|(_, role)| role.path.starts_with(prefix) && has(role))
        .map(|(key, role)| {
            let value = json!({ "RoleName": role.name, "RoleId": role.id });
            (key.clone(), value)
        });
    let mut answer: Answer = page.answer("PolicyRoles", roles)?;
    answer.body["PolicyGroups"] = json!([]);
    answer.body["PolicyUsers"] = json!([]);
    Ok(answer)
}

fn names(input: &Input) -> Result<(&str, &str), Refusal> {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let arn = reader.required("PolicyArn", &ARN);
    reader.done()?;
    if !arn.starts_with("arn:") {
        return Err(crate::iam::invalid_input(format!(
            "ARN {arn} is not valid."
        )));
    }
    Ok((name, arn))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, with};

    const QUERY: &str = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";

    fn names(arn: &str) -> Value {
        json!({ "RoleName": "r", "PolicyArn": arn })
    }

    #[test]
    fn attachments_that_iam_refuses() {
        let mut account = Account::default();
        account.role("r");
        let missing = "arn:aws:iam::111122223333:policy/Missing";
        let eleventh = account.policy("p10");
        for index in 0..10 {
            let arn = account.policy(&format!("p{index}"));
            account.answered("AttachRolePolicy", names(&arn));
        }
        account.refuses([
            (
                "AttachRolePolicy",
                names(missing),
                404,
                "NoSuchEntity",
                "does not exist or is not attachable",
            ),
            (
                "AttachRolePolicy",
                names(&QUERY.to_lowercase()),
                404,
                "NoSuchEntity",
                "does not exist",
            ),
            (
                "AttachRolePolicy",
                names(&eleventh),
                409,
                "LimitExceeded",
                "PoliciesPerRole: 10",
            ),
            (
                "AttachRolePolicy",
                names("short"),
                400,
                "ValidationError",
                "policyArn",
            ),
            (
                "AttachRolePolicy",
                names("not an arn but long enough"),
                400,
                "InvalidInput",
                "not valid",
            ),
            (
                "AttachRolePolicy",
                json!({ "RoleName": "x", "PolicyArn": QUERY }),
                404,
                "NoSuchEntity",
                "role with name x",
            ),
            (
                "DetachRolePolicy",
                names(QUERY),
                404,
                "NoSuchEntity",
                "was not found",
            ),
            (
                "ListAttachedRolePolicies",
                json!({ "RoleName": "x" }),
                404,
                "NoSuchEntity",
                "role with name x",
            ),
            (
                "ListEntitiesForPolicy",
                json!({ "PolicyArn": missing }),
                404,
                "NoSuchEntity",
                "was not found",
            ),
            (
                "ListEntitiesForPolicy",
                json!({ "PolicyArn": QUERY, "EntityFilter": "Robot" }),
                400,
                "ValidationError",
                "enum value set",
            ),
        ]);
    }

    #[test]
    fn an_attached_policy_is_listed_from_both_sides() {
        let mut account = Account::default();
        account.role("r");
        let own = account.policy("Own");
        account.answered("AttachRolePolicy", names(&own));
        account.answered("AttachRolePolicy", names(QUERY));
        account.answered("AttachRolePolicy", names(QUERY));
        let listed = account.answered("ListAttachedRolePolicies", json!({ "RoleName": "r" }));
        assert_eq!(
            listed["AttachedPolicies"],
            json!([
                { "PolicyName": "AmazonPrometheusQueryAccess", "PolicyArn": QUERY },
                { "PolicyName": "Own", "PolicyArn": own },
            ])
        );
        let entities = |account: &mut Account, filter: Value| {
            let input = with(json!({ "PolicyArn": own }), filter);
            account.answered("ListEntitiesForPolicy", input)["PolicyRoles"]
                .as_array()
                .map(Vec::len)
        };
        assert_eq!(entities(&mut account, json!({})), Some(1));
        assert_eq!(
            entities(&mut account, json!({ "EntityFilter": "User" })),
            Some(0)
        );
        assert_eq!(
            entities(
                &mut account,
                json!({ "PolicyUsageFilter": "PermissionsBoundary" })
            ),
            Some(0)
        );
        account.answered("DetachRolePolicy", names(&own));
        assert_eq!(entities(&mut account, json!({})), Some(0));
    }
}
