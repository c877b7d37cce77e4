//! AWS Security Token Service: says who calls.

use serde_json::json;

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

/// Performs `operation`.
pub fn call(_world: &mut World, cx: &Context<'_>, operation: &str, _input: &Input) -> Outcome {
    match operation {
        "GetCallerIdentity" => Ok(get_caller_identity(cx)),
        _ => Err(Refusal::new(
            400,
            "InvalidAction",
            format!("Could not find operation {operation} for version 2011-06-15"),
        )),
    }
}

/// STS API reference, `GetCallerIdentity`: needs no permission; for the root user, account and user
/// id are the same.
///
/// Every caller of the sandbox is the root user of its account, because the sandbox knows no
/// credentials.
fn get_caller_identity(cx: &Context<'_>) -> Answer {
    Answer::ok(json!({
        "Account": cx.account,
        "UserId": cx.account,
        "Arn": format!("arn:{}:iam::{}:root", cx.partition, cx.account),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::call;
    use crate::{Context, World, service::Input};

    #[test]
    fn the_caller_is_the_root_user_of_the_account() {
        let cx = Context {
            account: "111122223333",
            region: "us-gov-west-1",
            partition: "aws-us-gov",
            now_millis: 0,
        };
        let answer = call(
            &mut World::default(),
            &cx,
            "GetCallerIdentity",
            &Input::new(),
        )
        .expect("always answered");
        assert_eq!(
            answer.body["Arn"],
            json!("arn:aws-us-gov:iam::111122223333:root")
        );
        let refusal = call(&mut World::default(), &cx, "Nonsense", &Input::new())
            .expect_err("no such operation");
        assert_eq!((refusal.status, refusal.code), (400, "InvalidAction"));
    }
}
