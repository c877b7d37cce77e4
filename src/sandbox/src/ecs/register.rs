//! `RegisterTaskDefinition`.

use serde_json::{Value, json};

use super::{
    definition::REGISTRATION,
    fill,
    members::{Members, client},
    revision::{Revision, Status},
    role_is_passable, rules, shape, tag,
};
use crate::{
    Answer, Context, Refusal, World,
    ecs::arn,
    service::{Input, Outcome},
};

/// How many revisions a family may have; those that were deregistered or deleted count too
/// (developer guide, Amazon ECS service quotas).
const MAX_REVISIONS: u64 = 1_000_000;

/// Registers the next revision of a family. The operation isn't idempotent: the same request twice
/// makes two revisions.
pub(super) fn register(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut body = shape::check(input, REGISTRATION, "ClientException")?;
    let tags = tag::parse(&body, |message| client(message))?;
    body.remove("tags");
    let mut definition = {
        let draft = rules::Draft::new(&body)?;
        rules::check(&draft)?;
        fill::filled(&draft)
    };
    for member in ["taskRoleArn", "executionRoleArn"] {
        if let Some(role) = definition.text(member).filter(|role| !role.is_empty()) {
            let role = role_arn(cx, role)?;
            role_is_passable(world, &role, cx.now_millis)?;
            definition.insert(member.to_owned(), Value::from(role));
        } else {
            definition.remove(member);
        }
    }
    let name = body.text("family").unwrap_or_default().to_owned();
    let region = world.ecs.region(cx);
    let family = region.families.entry(name.clone()).or_default();
    if family.last_revision == MAX_REVISIONS {
        let message = format!("Family '{name}' has reached {MAX_REVISIONS} revisions.");
        return Err(Refusal::new(400, "LimitExceededException", message));
    }
    let number = family.next_revision();
    definition.insert(
        "taskDefinitionArn".to_owned(),
        json!(arn::arn(cx, &format!("task-definition/{name}:{number}"))),
    );
    definition.insert("revision".to_owned(), json!(number));
    definition.insert("registeredAt".to_owned(), super::seconds(cx.now_millis));
    definition.insert("registeredBy".to_owned(), json!(super::caller(cx)));
    let revision = Revision {
        definition,
        status: Status::Active,
        deregistered_at: None,
        delete_requested_at: None,
        tags,
    };
    let mut answer = json!({ "taskDefinition": revision.shown() });
    if revision.tags.is_some() {
        answer["tags"] = tag::listed(&revision.tags);
    }
    family.revisions.insert(number, revision);
    Ok(Answer::ok(answer))
}

/// The full ARN of a role of this account. A task role may be given by its short name (API
/// reference, `RegisterTaskDefinition`, taskRoleArn); what is neither that nor the ARN of a role
/// can't be passed.
fn role_arn(cx: &Context<'_>, role: &str) -> Result<String, Refusal> {
    let invalid = || client("Role is not valid");
    let own = format!("arn:{}:iam::{}:role/", cx.partition, cx.account);
    let path = match role.strip_prefix(&own) {
        Some(path) => path,
        None if role.contains([':', '/']) => return Err(invalid()),
        None => role,
    };
    // IAM API reference, CreateRole, RoleName.
    let name = path.rsplit('/').next().unwrap_or_default();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(1..=64).contains(&name.len()) || !name.chars().all(allowed) {
        return Err(invalid());
    }
    Ok(format!("{own}{path}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::ecs::fixture::{ARN, Sandbox, fargate};

    #[test]
    fn roles_are_named_by_their_arn_in_this_account() {
        let roles = [
            ("arn:aws:iam::111122223333:role/a/b/Deep", true),
            ("Name", true),
            ("arn:aws:iam::999999999999:role/Name", false),
            ("arn:aws-cn:iam::111122223333:role/Name", false),
            ("arn:aws:iam::111122223333:user/Name", false),
            ("arn:aws:iam::111122223333:role/", false),
            ("path/Name", false),
            ("Na me", false),
        ];
        for (role, valid) in roles {
            let mut input = fargate("f");
            input["executionRoleArn"] = json!(role);
            let outcome = Sandbox::new().try_call("RegisterTaskDefinition", &input);
            let code = outcome.err().map(|refusal| (refusal.code, refusal.message));
            let expected = (!valid).then(|| ("ClientException", "Role is not valid".to_owned()));
            assert_eq!(code, expected, "{role}");
        }
    }

    #[test]
    fn a_refused_registration_takes_no_number() {
        let mut sandbox = Sandbox::new();
        let mut wrong = fargate("f");
        wrong["taskRoleArn"] = json!("not/a:role");
        sandbox.refuses("RegisterTaskDefinition", &wrong, "ClientException");
        wrong["memory"] = json!("513");
        sandbox.refuses("RegisterTaskDefinition", &wrong, "ClientException");
        assert_eq!(sandbox.register("f"), format!("{ARN}:task-definition/f:1"));
    }

    #[test]
    fn a_family_has_a_million_revisions_at_most() {
        let mut sandbox = Sandbox::new();
        sandbox.register("f");
        let region = sandbox.world.ecs.regions.get_mut("us-east-1");
        let family = region.and_then(|region| region.families.get_mut("f"));
        family.expect("it was registered").last_revision = 999_999;
        assert_eq!(
            sandbox.register("f"),
            format!("{ARN}:task-definition/f:1000000")
        );
        sandbox.refuses(
            "RegisterTaskDefinition",
            &fargate("f"),
            "LimitExceededException",
        );
    }
}
