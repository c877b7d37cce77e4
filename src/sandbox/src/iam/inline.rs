//! Inline policies of roles.

use serde_json::json;

use crate::{
    Answer, Refusal,
    iam::{
        State, document, encoded,
        grammar::Kind,
        input::{POLICY_DOCUMENT, POLICY_NAME, ROLE_NAME, Reader},
        limit_exceeded, no_such_entity, nothing,
        page::Page,
    },
    service::{Input, Outcome},
};

/// IAM User Guide, "IAM and AWS STS quotas": characters of all inline policies of a role together,
/// without white space.
pub(super) const MAX_SUM: usize = 10_240;

/// IAM API reference, `PutRolePolicy`: adds or replaces.
pub(super) fn put(iam: &mut State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let role_name = reader.required("RoleName", &ROLE_NAME);
    let name = reader.required("PolicyName", &POLICY_NAME);
    let document = reader.required("PolicyDocument", &POLICY_DOCUMENT);
    reader.done()?;
    let role = iam.role_mut(role_name)?;
    document::parse(document, Kind::Identity)?;
    let others = role.inline.iter().filter(|(other, _)| *other != name);
    let sum: usize = others.map(|(_, document)| document::size(document)).sum();
    if sum + document::size(document) > MAX_SUM {
        return Err(limit_exceeded(format!(
            "Maximum policy size of {MAX_SUM} bytes exceeded for role {}",
            role.name
        )));
    }
    role.inline.insert(name.to_owned(), document.to_owned());
    Ok(nothing())
}

/// IAM API reference, `GetRolePolicy`.
pub(super) fn get(iam: &State, input: &Input) -> Outcome {
    let (role_name, name) = names(input)?;
    let role = iam.role(role_name)?;
    let document = role.inline.get(name).ok_or_else(|| missing(name))?;
    Ok(Answer::ok(json!({
        "RoleName": role.name,
        "PolicyName": name,
        "PolicyDocument": encoded(document),
    })))
}

/// IAM API reference, `DeleteRolePolicy`.
pub(super) fn delete(iam: &mut State, input: &Input) -> Outcome {
    let (role_name, name) = names(input)?;
    let role = iam.role_mut(role_name)?;
    role.inline.remove(name).ok_or_else(|| missing(name))?;
    Ok(nothing())
}

/// IAM API reference, `ListRolePolicies`.
pub(super) fn list(iam: &State, input: &Input) -> Outcome {
    let mut reader = Reader::new(input);
    let role_name = reader.required("RoleName", &ROLE_NAME);
    let page = Page::read(&mut reader, "ListRolePolicies");
    reader.done()?;
    let names = iam.role(role_name)?.inline.keys();
    page.answer("PolicyNames", names.map(|name| (name.clone(), json!(name))))
}

fn names(input: &Input) -> Result<(&str, &str), Refusal> {
    let mut reader = Reader::new(input);
    let role_name = reader.required("RoleName", &ROLE_NAME);
    let name = reader.required("PolicyName", &POLICY_NAME);
    reader.done()?;
    Ok((role_name, name))
}

fn missing(name: &str) -> Refusal {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::iam::testing::{Account, POLICY, TRUST};

    fn put(name: &str, document: &str) -> Value {
        json!({ "RoleName": "r", "PolicyName": name, "PolicyDocument": document })
    }

    /// A policy of `size` characters.
    fn sized(size: usize) -> String {
        let padding = size - POLICY.len() + "aps:RemoteWrite".len() - "aps:".len();
        POLICY.replace("aps:RemoteWrite", &format!("aps:{}", "a".repeat(padding)))
    }

    #[test]
    fn inline_policies_that_iam_refuses() {
        let mut account = Account::default();
        account.role("r");
        account.answered("PutRolePolicy", put("full", &sized(10_240)));
        account.refuses([
            (
                "PutRolePolicy",
                put("one more", POLICY),
                400,
                "ValidationError",
                "policyName",
            ),
            (
                "PutRolePolicy",
                put("more", POLICY),
                409,
                "LimitExceeded",
                "10240",
            ),
            (
                "PutRolePolicy",
                put("full", &sized(10_241)),
                409,
                "LimitExceeded",
                "10240",
            ),
            (
                "PutRolePolicy",
                put("p", "{"),
                400,
                "MalformedPolicyDocument",
                "Json",
            ),
            (
                "PutRolePolicy",
                put("p", TRUST),
                400,
                "MalformedPolicyDocument",
                "should not specify a principal",
            ),
            (
                "GetRolePolicy",
                json!({ "RoleName": "r", "PolicyName": "x" }),
                404,
                "NoSuchEntity",
                "name x cannot",
            ),
            (
                "GetRolePolicy",
                json!({ "RoleName": "x", "PolicyName": "x" }),
                404,
                "NoSuchEntity",
                "The role with",
            ),
            (
                "DeleteRolePolicy",
                json!({ "RoleName": "r", "PolicyName": "x" }),
                404,
                "NoSuchEntity",
                "name x cannot",
            ),
            (
                "ListRolePolicies",
                json!({ "RoleName": "x" }),
                404,
                "NoSuchEntity",
                "The role with",
            ),
        ]);
    }

    #[test]
    fn an_inline_policy_comes_back_encoded_and_goes() {
        let mut account = Account::default();
        account.role("r");
        account.answered("PutRolePolicy", put("b", POLICY));
        account.answered("PutRolePolicy", put("a", POLICY));
        account.answered("PutRolePolicy", put("a", &POLICY.replace(',', ",\n ")));
        let got = account.answered(
            "GetRolePolicy",
            json!({ "RoleName": "R", "PolicyName": "a" }),
        );
        assert_eq!(got["RoleName"], json!("r"));
        let document = got["PolicyDocument"].as_str().expect("a string");
        assert!(document.contains("%2C%0A%20"), "{document}");
        let first = account.answered(
            "ListRolePolicies",
            json!({ "RoleName": "r", "MaxItems": "1" }),
        );
        assert_eq!(first["PolicyNames"], json!(["a"]));
        let rest = account.answered(
            "ListRolePolicies",
            json!({ "RoleName": "r", "Marker": first["Marker"] }),
        );
        assert_eq!(rest["PolicyNames"], json!(["b"]));
        account.answered(
            "DeleteRolePolicy",
            json!({ "RoleName": "r", "PolicyName": "a" }),
        );
        let left = account.answered("ListRolePolicies", json!({ "RoleName": "r" }));
        assert_eq!(left["PolicyNames"], json!(["b"]));
    }
}
