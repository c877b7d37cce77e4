//! Permissions boundaries of roles.

use serde_json::{Value, json};

use crate::{
    Refusal,
    iam::{
        State,
        input::{ARN, ROLE_NAME, Reader},
        invalid_input, no_such_entity, nothing, policy,
    },
    service::{Input, Outcome},
};

/// IAM API reference, `PutRolePermissionsBoundary`: sets or replaces.
pub(super) fn put(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    let arn = reader.required("PermissionsBoundary", &ARN);
    reader.done()?;
    iam.role(name)?;
    check(iam, arn)?;
    iam.role_mut(name)?.boundary = Some(arn.to_owned());
    Ok(nothing())
}

/// IAM API reference, `DeleteRolePermissionsBoundary`.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let name = reader.required("RoleName", &ROLE_NAME);
    reader.done()?;
    let role = iam.role_mut(name)?;
    if role.boundary.take().is_none() {
        return Err(no_such_entity(format!(
            "Role {} does not have a permissions boundary.",
            role.name
        )));
    }
    Ok(nothing())
}

/// Refuses `arn` unless it is a managed policy, which a boundary must be (IAM API reference,
/// `PutRolePermissionsBoundary`).
pub(super) fn check(iam: &State, arn: &str) -> Result<(), Refusal> {
    if !arn.starts_with("arn:") {
        return Err(invalid_input(format!("ARN {arn} is not valid.")));
    }
    if policy::find(iam, arn).is_none() {
        return Err(no_such_entity(format!(
            "Scope ARN: {arn} does not exist or is not attachable."
        )));
    }
    Ok(())
}

/// A boundary as the API gives it.
pub(super) fn shown(arn: &str) -> Value {
    json!({
        "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
        "PermissionsBoundaryArn": arn,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::iam::testing::Account;

    #[test]
    fn a_boundary_is_a_policy_that_exists() {
        let mut account = Account::default();
        account.role("r");
        let own = account.policy("Own");
        let put = |arn: &str| json!({ "RoleName": "r", "PermissionsBoundary": arn });
        account.refuses([
            (
                "PutRolePermissionsBoundary",
                put("arn:aws:iam::111122223333:policy/Missing"),
                404,
                "NoSuchEntity",
                "does not exist or is not attachable",
            ),
            (
                "PutRolePermissionsBoundary",
                put("no arn, but of good length"),
                400,
                "InvalidInput",
                "not valid",
            ),
            (
                "PutRolePermissionsBoundary",
                json!({ "RoleName": "x", "PermissionsBoundary": own }),
                404,
                "NoSuchEntity",
                "role with name x",
            ),
            (
                "DeleteRolePermissionsBoundary",
                json!({ "RoleName": "r" }),
                404,
                "NoSuchEntity",
                "does not have",
            ),
        ]);
        account.answered("PutRolePermissionsBoundary", put(&own));
        let role = account.answered("GetRole", json!({ "RoleName": "r" }));
        assert_eq!(
            role["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"],
            json!(own)
        );
        let policy = account.answered("GetPolicy", json!({ "PolicyArn": own }));
        assert_eq!(policy["Policy"]["PermissionsBoundaryUsageCount"], json!(1));
        account.answered("DeleteRolePermissionsBoundary", json!({ "RoleName": "r" }));
        let role = account.answered("GetRole", json!({ "RoleName": "r" }));
        assert_eq!(role["Role"].get("PermissionsBoundary"), None);
    }
}
