//! The logging configuration: where rules and the alert manager log to.

use serde_json::json;

use crate::{
    Answer, Context, Refusal, World,
    logs::{self, arn::Arn},
    service::{Input, Outcome},
};

use super::{
    content::Logging,
    input::required_text,
    part::fill,
    refusal::{Kind, Subject, invalid},
    workspace::{self, accepted},
};

/// `CreateLoggingConfiguration`.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let log_group_arn = log_group_arn(input)?;
    workspace::find(world, cx, input)?;
    require_log_group(world, cx, &log_group_arn)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let content = Logging { log_group_arn };
    let part = fill(&mut workspace.logging, content, cx.now_millis, &subject(id))?;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `DescribeLoggingConfiguration`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find(world, cx, input)?;
    let part = workspace
        .logging
        .as_ref()
        .ok_or_else(|| subject(id).not_found())?;
    Ok(Answer::ok(json!({"loggingConfiguration": {
        "status": part.life.status_member(cx.now_millis),
        "workspace": id,
        "logGroupArn": part.content.log_group_arn,
        "createdAt": part.life.created_at(),
        "modifiedAt": part.life.modified_at(),
    }})))
}

/// `UpdateLoggingConfiguration`: 404 where there is none to update (Terraform AWS provider, issue
/// 27472).
pub(super) fn update(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let log_group_arn = log_group_arn(input)?;
    workspace::find(world, cx, input)?;
    require_log_group(world, cx, &log_group_arn)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let part = workspace
        .logging
        .as_mut()
        .ok_or_else(|| subject.not_found())?;
    part.update(cx.now_millis, &subject)?.log_group_arn = log_group_arn;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `DeleteLoggingConfiguration`.
pub(super) fn delete(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let part = workspace
        .logging
        .as_mut()
        .ok_or_else(|| subject.not_found())?;
    part.delete(cx.now_millis, &subject)?;
    Ok(accepted(json!({})))
}

/// `logGroupArn` in the only form that the model's pattern takes: with `:*` after the log group's
/// name.
pub(super) fn log_group_arn(input: &Input) -> Result<String, Refusal> {
    let text = required_text(input, "logGroupArn")?;
    let name = Arn::parse(text)
        .filter(|arn| arn.service == "logs" && arn.is_located())
        .and_then(|arn| arn.resource.strip_prefix("log-group:")?.strip_suffix(":*"));
    if name.is_some_and(logs::is_log_group_name) {
        Ok(text.to_owned())
    } else {
        Err(invalid(
            "logGroupArn",
            "must be the ARN of a log group and end in :*",
        ))
    }
}

/// Refuses a log group that does not exist in the account: it must, prior to the call (API
/// reference, `CreateLoggingConfiguration`). That the error is `ResourceNotFoundException` is
/// inferred from its description.
pub(super) fn require_log_group(
    world: &World,
    cx: &Context<'_>,
    log_group_arn: &str,
) -> Result<(), Refusal> {
    let exists = Arn::parse(log_group_arn).is_some_and(|arn| {
        let name = arn
            .resource
            .trim_start_matches("log-group:")
            .trim_end_matches(":*");
        arn.account == cx.account && logs::has_log_group(world, arn.region, name)
    });
    if exists {
        Ok(())
    } else {
        Err(Subject::new(Kind::LogGroup, log_group_arn).not_found())
    }
}

fn subject(workspace_id: &str) -> Subject {
    Subject::new(
        Kind::LoggingConfiguration,
        format!("{workspace_id}/logging"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    fn arn(name: &str) -> String {
        format!("arn:aws:logs:eu-west-1:111122223333:log-group:{name}:*")
    }

    fn bench() -> (Bench, String) {
        let mut bench = Bench::new();
        for name in ["/aws/vendedlogs/a", "b"] {
            bench.logs_ok("CreateLogGroup", json!({"logGroupName": name}));
        }
        let id = bench.workspace(json!({}));
        (bench, id)
    }

    fn request(id: &str, arn: &str) -> Value {
        json!({"workspaceId": id, "logGroupArn": arn})
    }

    #[test]
    fn a_logging_configuration_lives() {
        let (mut bench, id) = bench();
        let only_id = json!({"workspaceId": id});
        let created = bench
            .amp(
                "CreateLoggingConfiguration",
                request(&id, &arn("/aws/vendedlogs/a")),
            )
            .expect("a valid request");
        assert_eq!(created.status, 202);
        assert_eq!(created.body, json!({"status": {"statusCode": "CREATING"}}));
        bench.wait(1_000);
        let updated = bench.amp_ok("UpdateLoggingConfiguration", request(&id, &arn("b")));
        assert_eq!(updated, json!({"status": {"statusCode": "UPDATING"}}));
        bench.wait(1_000);
        let described = bench.amp_ok("DescribeLoggingConfiguration", only_id.clone());
        assert_eq!(
            described["loggingConfiguration"],
            json!({"status": {"statusCode": "ACTIVE"}, "workspace": id, "logGroupArn": arn("b"),
                   "createdAt": 1_700_000_010.0, "modifiedAt": 1_700_000_011.0})
        );
        bench.amp_ok("DeleteLoggingConfiguration", only_id.clone());
        let deleting = bench.amp_ok("DescribeLoggingConfiguration", only_id.clone());
        assert_eq!(
            deleting["loggingConfiguration"]["status"]["statusCode"],
            "DELETING"
        );
        bench.wait(1_000);
        let gone = bench.amp("DescribeLoggingConfiguration", only_id);
        assert_eq!(verdict(&gone), (404, "ResourceNotFoundException"));
    }

    #[test]
    fn there_is_at_most_one() {
        let (mut bench, id) = bench();
        let first = request(&id, &arn("b"));
        bench.amp_ok("CreateLoggingConfiguration", first.clone());
        let refusal = bench
            .amp("CreateLoggingConfiguration", first)
            .expect_err("a second one");
        assert_eq!((refusal.status, refusal.code), (409, "ConflictException"));
        assert_eq!(
            refusal.members["resourceType"],
            "AWS::APS::LoggingConfiguration"
        );
        assert_eq!(refusal.members["resourceId"], format!("{id}/logging"));
    }

    #[test]
    fn where_there_is_none_nothing_can_be_read_changed_or_deleted() {
        let (mut bench, id) = bench();
        for operation in [
            "DescribeLoggingConfiguration",
            "UpdateLoggingConfiguration",
            "DeleteLoggingConfiguration",
        ] {
            let refusal = bench
                .amp(operation, request(&id, &arn("b")))
                .expect_err(operation);
            assert_eq!(
                (refusal.status, refusal.code),
                (404, "ResourceNotFoundException")
            );
            assert_eq!(
                refusal.message,
                "Workspace logging configuration not found."
            );
            assert_eq!(
                refusal.members["resourceType"],
                "AWS::APS::LoggingConfiguration"
            );
        }
    }

    #[test]
    fn the_arn_has_a_form_and_the_log_group_exists() {
        let invalid = (400, "ValidationException");
        let missing = (404, "ResourceNotFoundException");
        let bare = arn("b").replace(":*", "");
        for (name, arn, expected) in [
            ("without :*", bare, invalid),
            ("a name", "b".to_owned(), invalid),
            ("a bad name", arn("a b"), invalid),
            (
                "another service",
                arn("b").replace(":logs:", ":s3:"),
                invalid,
            ),
            ("no account", arn("b").replace("111122223333", ""), invalid),
            ("no such group", arn("c"), missing),
            (
                "another region",
                arn("b").replace("eu-west-1", "eu-west-2"),
                missing,
            ),
            (
                "another account",
                arn("b").replace("111122223333", "999988887777"),
                missing,
            ),
        ] {
            let (mut bench, id) = bench();
            let outcome = bench.amp("CreateLoggingConfiguration", request(&id, &arn));
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }

    #[test]
    fn an_update_needs_an_existing_log_group_too() {
        let (mut bench, id) = bench();
        bench.amp_ok("CreateLoggingConfiguration", request(&id, &arn("b")));
        bench.wait(1_000);
        let refusal = bench
            .amp("UpdateLoggingConfiguration", request(&id, &arn("c")))
            .expect_err("no such log group");
        assert_eq!(refusal.members["resourceType"], "AWS::Logs::LogGroup");
    }

    #[test]
    fn an_unknown_workspace_is_found_missing_before_a_log_group() {
        for operation in ["CreateLoggingConfiguration", "UpdateLoggingConfiguration"] {
            let refusal = Bench::new()
                .amp(operation, request("ws-1", &arn("c")))
                .expect_err(operation);
            assert_eq!(refusal.members["resourceType"], "AWS::APS::Workspace");
        }
    }

    #[test]
    fn changes_wait_for_each_other() {
        let (mut bench, id) = bench();
        bench.amp_ok("CreateLoggingConfiguration", request(&id, &arn("b")));
        for operation in ["UpdateLoggingConfiguration", "DeleteLoggingConfiguration"] {
            let outcome = bench.amp(operation, request(&id, &arn("b")));
            assert_eq!(verdict(&outcome), (409, "ConflictException"), "{operation}");
        }
    }
}
