//! AWS Security Token Service: says who calls, and gives out sessions of roles.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    Answer, Context, Refusal, World,
    caller::{Caller, USER},
    service::{Input, Outcome, seconds},
    wire::Dialect,
};

/// STS API reference, `AssumeRole`, `DurationSeconds`: the default, and the least.
const SESSION_SECONDS: (u32, u32) = (3600, 900);
/// The longest session that a session of a role gets (the same, on role chaining).
const CHAINED_SECONDS: u64 = 3600;

/// The state of the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Sessions by the id of their access key.
    sessions: BTreeMap<String, Session>,
}

/// A session of a role.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The ARN of the role.
    role: String,
    name: String,
    ends_millis: u64,
}

impl State {
    /// The session whose access key this is.
    pub(crate) fn session(&self, key: &str) -> Option<&Session> {
        self.sessions.get(key)
    }
}

impl Session {
    /// Who calls with it. IAM API reference, Common Errors, `ExpiredToken`; JSON protocols end the
    /// code in `Exception`.
    pub(crate) fn caller(&self, cx: &Context<'_>, dialect: Dialect) -> Result<Caller, Refusal> {
        if cx.now_millis >= self.ends_millis {
            let code = match dialect {
                Dialect::Query(_) => "ExpiredToken",
                Dialect::Json(_) | Dialect::Rest => "ExpiredTokenException",
            };
            let message = "The security token included in the request is expired";
            return Err(Refusal::new(403, code, message));
        }
        Ok(Caller::Session {
            role: self.role.clone(),
            name: self.name.clone(),
        })
    }
}

/// Performs `operation` for `caller`.
pub(crate) fn call(
    world: &mut World,
    cx: &Context<'_>,
    caller: &Caller,
    operation: &str,
    input: &Input,
) -> Outcome {
    match operation {
        "GetCallerIdentity" => Ok(get_caller_identity(world, cx, caller)),
        "AssumeRole" => assume_role(world, cx, caller, input),
        _ => Err(Refusal::new(
            400,
            "InvalidAction",
            format!("Could not find operation {operation} for version 2011-06-15"),
        )),
    }
}

/// STS API reference, `GetCallerIdentity`: needs no permission; for the root user, account and user
/// id are the same; a session has the id of its role and its own name.
fn get_caller_identity(world: &World, cx: &Context<'_>, caller: &Caller) -> Answer {
    let id = match caller {
        Caller::Root => cx.account.to_owned(),
        Caller::User => format!("AIDA{:0>17}", USER.to_uppercase()),
        Caller::Session { role, name } => {
            format!("{}:{name}", world.iam.role_id(role).unwrap_or_default())
        }
    };
    Answer::ok(json!({
        "Account": cx.account,
        "UserId": id,
        "Arn": caller.arn(cx),
    }))
}

/// STS API reference, `AssumeRole`. Whether the caller may has been decided before. World and
/// context are those of the role, which may be of another account than the caller.
///
/// The secret is the id, as for every access key of the sandbox.
fn assume_role(world: &mut World, cx: &Context<'_>, caller: &Caller, input: &Input) -> Outcome {
    let text = |name: &str| input.get(name).and_then(|value| value.as_str());
    let role = text("RoleArn").unwrap_or_default().to_owned();
    let name = text("RoleSessionName").unwrap_or_default().to_owned();
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&name.len()) || !name.chars().all(is_name) {
        let message = format!(
            "1 validation error detected: Value '{name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*"
        );
        return Err(Refusal::new(400, "ValidationError", message));
    }
    let (default, least) = SESSION_SECONDS;
    let asked = input.get("DurationSeconds");
    let asked = asked.and_then(|value| value.as_u64().or_else(|| value.as_str()?.parse().ok()));
    let lasting = asked.unwrap_or_else(|| u64::from(default));
    let longest = world.iam.longest_session(&role).unwrap_or(default);
    if lasting < u64::from(least) || lasting > u64::from(longest) {
        let message =
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Refusal::new(400, "ValidationError", message));
    }
    if matches!(caller, Caller::Session { .. }) && lasting > CHAINED_SECONDS {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(Refusal::new(400, "ValidationError", message));
    }
    let ends_millis = cx.now_millis + lasting * 1000;
    let (first, second) = (world.fresh(), world.fresh());
    let key = format!("ASIA{:08X}{:08X}", first >> 32, second >> 32);
    let caller = Caller::Session {
        role: role.clone(),
        name: name.clone(),
    };
    let id = world.iam.role_id(&role).unwrap_or_default();
    let answer = json!({
        "AssumedRoleUser": { "AssumedRoleId": format!("{id}:{name}"), "Arn": caller.arn(cx) },
        "Credentials": {
            "AccessKeyId": key,
            "SecretAccessKey": key,
            "SessionToken": format!("sandbox-{key}"),
            "Expiration": seconds(ends_millis),
        },
        "PackedPolicySize": 0,
    });
    let session = Session {
        role,
        name,
        ends_millis,
    };
    world.sts.sessions.insert(key, session);
    Ok(Answer::ok(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::call;
    use crate::{Context, World, caller::Caller, service::Input};

    #[test]
    fn the_caller_is_the_root_user_of_the_account() {
        let cx = Context {
            account: "111122223333",
            region: "us-gov-west-1",
            partition: "aws-us-gov",
            now_millis: 0,
        };
        let mut world = World::default();
        let mut ask = |operation: &str| {
            let root = Caller::Root;
            call(&mut world, &cx, &root, operation, &Input::new())
        };
        let answer = ask("GetCallerIdentity").expect("always answered");
        assert_eq!(
            answer.body["Arn"],
            json!("arn:aws-us-gov:iam::111122223333:root")
        );
        let refusal = ask("Nonsense").expect_err("no such operation");
        assert_eq!((refusal.status, refusal.code), (400, "InvalidAction"));
    }
}
