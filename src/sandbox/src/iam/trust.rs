//! Trust policies: whether those whom one names exist, and how IAM rewrites them.

use serde_json::Value;

use crate::{
    Context, Refusal,
    caller::USER,
    iam::{
        PassRole, State,
        document::{self, Document},
        grammar::{Kind, malformed},
    },
};

/// Checks a trust policy against the account and gives it as IAM keeps it.
pub(super) fn checked(iam: &State, cx: &Context<'_>, text: &str) -> Result<String, Refusal> {
    let document = document::parse(text, Kind::Trust)?;
    check(iam, cx, &document)?;
    let rewritten = rewrite(text, |name| {
        is_account(name).then(|| format!("arn:{}:iam::{name}:root", cx.partition))
    });
    Ok(rewritten.unwrap_or_else(|| text.to_owned()))
}

/// Replaces the role `arn` by its unique id, or keeps the text (IAM User Guide, "AWS JSON policy
/// elements: Principal": once a role is deleted, the policies that named it show its id, and a new
/// role of the same name is not meant by them).
pub(super) fn forget(text: &str, arn: &str, id: &str) -> Option<String> {
    rewrite(text, |name| (name == arn).then(|| id.to_owned()))
}

fn check(iam: &State, cx: &Context<'_>, document: &Document) -> Result<(), Refusal> {
    let named = document
        .statements
        .iter()
        .filter_map(|statement| statement.principals.as_ref());
    for principal in named.flat_map(|selection| &selection.items) {
        let (kind, name) = (principal.kind.as_str(), principal.name.as_str());
        let exists = match kind {
            "AWS" => name == "*" || is_account(name) || is_identity(iam, cx, name),
            "Service" => is_service(name),
            // A provider outside of AWS, or the ARN of one in IAM.
            "Federated" => !name.is_empty(),
            _ => name.len() == 64 && name.chars().all(|c| c.is_ascii_hexdigit()),
        };
        if !exists {
            return Err(malformed(format!(
                "Invalid principal in policy: \"{}\":\"{name}\"",
                kind.to_uppercase()
            )));
        }
    }
    Ok(())
}

fn is_account(name: &str) -> bool {
    name.len() == 12 && name.chars().all(|c| c.is_ascii_digit())
}

/// IAM looks principals up when a policy is saved. Only those of this account can be looked up
/// here.
fn is_identity(iam: &State, cx: &Context<'_>, name: &str) -> bool {
    // AROA… is the id of a role (IAM User Guide, "IAM identifiers").
    if name.starts_with("AROA") {
        return iam.roles.values().any(|role| role.id == name);
    }
    let parts: Vec<&str> = name.splitn(6, ':').collect();
    let &["arn", partition, service, "", account, resource] = parts.as_slice() else {
        return false;
    };
    if partition != cx.partition || !is_account(account) {
        return false;
    }
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    match (service, kind) {
        ("iam", "root") => rest.is_empty(),
        ("iam", "role") if account == cx.account => {
            iam.pass_role(name, cx.now_millis) == PassRole::Ready
        }
        // The caller is the only user that there can be.
        ("iam", "user") if account == cx.account => iam.user_policy.is_some() && rest == USER,
        ("iam", "role" | "user") | ("sts", "assumed-role" | "federated-user") => {
            !rest.is_empty() && !rest.contains('*')
        }
        _ => false,
    }
}

/// IAM User Guide, "AWS service principals": `<service>.amazonaws.com`, or its form with a region
/// or in another partition.
fn is_service(name: &str) -> bool {
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    [
        ".amazonaws.com",
        ".amazonaws.com.cn",
        ".amazon.com",
        ".aws.internal",
    ]
    .iter()
    .filter_map(|suffix| name.strip_suffix(suffix))
    .any(|service| !service.is_empty() && service.chars().all(is_host))
}

/// Rewrites the names under `AWS`; gives nothing if none changes, so that the text stays as it was
/// written.
fn rewrite(text: &str, change: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut value: Value = serde_json::from_str(text).ok()?;
    let mut changed = false;
    let mut replace = |name: &mut Value| {
        if let Some(new) = name.as_str().and_then(&change) {
            *name = Value::String(new);
            changed = true;
        }
    };
    let statements = value.get_mut("Statement")?;
    let statements: &mut [Value] = if statements.is_array() {
        statements.as_array_mut()?
    } else {
        std::slice::from_mut(statements)
    };
    for statement in statements {
        for element in ["Principal", "NotPrincipal"] {
            match statement
                .get_mut(element)
                .and_then(|value| value.get_mut("AWS"))
            {
                Some(Value::Array(names)) => names.iter_mut().for_each(&mut replace),
                Some(name) => replace(name),
                None => {}
            }
        }
    }
    changed.then(|| value.to_string())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, text};

    fn trust(principal: &Value) -> String {
        json!({
            "Version": "2012-10-17",
            "Statement": [{ "Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole" }],
        })
        .to_string()
    }

    #[test]
    fn principals_that_exist_are_taken() {
        let mut account = Account::default();
        let arn = account.role("Other");
        let id =
            text(&account.answered("GetRole", json!({ "RoleName": "Other" }))["Role"]["RoleId"]);
        let table = [
            json!("*"),
            json!({ "AWS": "*" }),
            json!({ "AWS": "444455556666" }),
            json!({ "AWS": "arn:aws:iam::444455556666:root" }),
            json!({ "AWS": ["arn:aws:iam::444455556666:user/u", arn] }),
            json!({ "AWS": id }),
            json!({ "AWS": "arn:aws:sts::111122223333:assumed-role/Other/session" }),
            json!({ "Service": ["ecs-tasks.amazonaws.com", "logs.us-east-1.amazonaws.com"] }),
            json!({ "Federated": "cognito-identity.amazonaws.com" }),
        ];
        for (index, principal) in table.iter().enumerate() {
            account.answered(
                "CreateRole",
                json!({ "RoleName": format!("r{index}"), "AssumeRolePolicyDocument": trust(principal) }),
            );
        }
    }

    #[test]
    fn principals_that_do_not_exist_are_refused() {
        let mut account = Account::default();
        account.role("Other");
        let invalid = "Invalid principal in policy";
        for (principal, expected) in [
            (
                json!({ "AWS": "arn:aws:iam::111122223333:role/Missing" }),
                invalid,
            ),
            (
                json!({ "AWS": "arn:aws:iam::111122223333:role/other" }),
                invalid,
            ),
            (
                json!({ "AWS": "arn:aws:iam::111122223333:user/u" }),
                invalid,
            ),
            (
                json!({ "AWS": "arn:aws-cn:iam::444455556666:root" }),
                invalid,
            ),
            (
                json!({ "AWS": "arn:aws:iam::444455556666:role/*" }),
                invalid,
            ),
            (json!({ "AWS": "AROAMISSING" }), invalid),
            (json!({ "AWS": "someone" }), invalid),
            (
                json!({ "Service": "ecs-tasks" }),
                "\"SERVICE\":\"ecs-tasks\"",
            ),
            (json!({ "Service": "*.amazonaws.com" }), invalid),
            (json!({ "CanonicalUser": "abc" }), invalid),
            (json!({ "Robot": "r2" }), "Syntax errors"),
            (json!({}), "Syntax errors"),
            (json!("someone"), "Syntax errors"),
        ] {
            let input = json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust(&principal) });
            account.refuses([(
                "CreateRole",
                input,
                400,
                "MalformedPolicyDocument",
                expected,
            )]);
        }
    }

    #[test]
    fn a_young_role_is_no_principal_yet() {
        let mut account = Account::default();
        account.world.iam.propagation_millis = 1_000;
        let arn = account.role("Other");
        let input =
            json!({ "RoleName": "r", "AssumeRolePolicyDocument": trust(&json!({ "AWS": arn })) });
        account.refuses([(
            "CreateRole",
            input.clone(),
            400,
            "MalformedPolicyDocument",
            "Invalid principal",
        )]);
        account.now_millis += 1_000;
        account.answered("CreateRole", input);
    }

    #[test]
    fn an_account_becomes_its_root_and_a_deleted_role_its_id() {
        let mut account = Account::default();
        let arn = account.role("Other");
        let id =
            text(&account.answered("GetRole", json!({ "RoleName": "Other" }))["Role"]["RoleId"]);
        let document = trust(&json!({ "AWS": ["444455556666", arn] }));
        account.answered(
            "CreateRole",
            json!({ "RoleName": "r", "AssumeRolePolicyDocument": document }),
        );
        account.answered("DeleteRole", json!({ "RoleName": "Other" }));
        let kept: Value = serde_json::from_str(&account.world.iam.roles["r"].trust).expect("JSON");
        assert_eq!(
            kept["Statement"][0]["Principal"]["AWS"],
            json!(["arn:aws:iam::444455556666:root", id])
        );
    }
}
