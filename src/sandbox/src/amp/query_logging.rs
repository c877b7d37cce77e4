//! The query logging configuration: where queries that process many samples are logged.

use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

use super::{
    content::QueryLogging,
    input::{integer, list, structure},
    logging::{log_group_arn, require_log_group},
    part::fill,
    refusal::{Kind, Subject, cannot_parse, invalid},
    workspace::{self, accepted},
};

/// `CreateQueryLoggingConfiguration`.
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let content = destination(input)?;
    workspace::find(world, cx, input)?;
    require_log_group(world, cx, &content.log_group_arn)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let part = fill(
        &mut workspace.query_logging,
        content,
        cx.now_millis,
        &subject,
    )?;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `DescribeQueryLoggingConfiguration`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find(world, cx, input)?;
    let part = workspace
        .query_logging
        .as_ref()
        .ok_or_else(|| subject(id).not_found())?;
    Ok(Answer::ok(json!({"queryLoggingConfiguration": {
        "status": part.life.status_member(cx.now_millis),
        "workspace": id,
        "destinations": [part.content.to_member()],
        "createdAt": part.life.created_at(),
        "modifiedAt": part.life.modified_at(),
    }})))
}

/// `UpdateQueryLoggingConfiguration`.
pub(super) fn update(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let content = destination(input)?;
    workspace::find(world, cx, input)?;
    require_log_group(world, cx, &content.log_group_arn)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let place = workspace.query_logging.as_mut();
    let part = place.ok_or_else(|| subject.not_found())?;
    *part.update(cx.now_millis, &subject)? = content;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `DeleteQueryLoggingConfiguration`.
pub(super) fn delete(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let place = workspace.query_logging.as_mut();
    let part = place.ok_or_else(|| subject.not_found())?;
    part.delete(cx.now_millis, &subject)?;
    Ok(accepted(json!({})))
}

impl QueryLogging {
    fn to_member(&self) -> Value {
        json!({
            "cloudWatchLogs": {"logGroupArn": self.log_group_arn},
            "filters": {"qspThreshold": self.qsp_threshold},
        })
    }
}

/// `destinations`: exactly one, whose members are all required (API model, `LoggingDestinations`).
fn destination(input: &Input) -> Result<QueryLogging, Refusal> {
    const NAME: &str = "destinations";
    let missing = |field: &str| invalid(field, "must not be null");
    let items = list(input, NAME)?.ok_or_else(|| missing(NAME))?;
    let [item] = items else {
        return Err(invalid(NAME, "must have exactly one element"));
    };
    let item = item
        .as_object()
        .ok_or_else(|| cannot_parse(NAME, "must be a list of structures"))?;
    let target = structure(item, "cloudWatchLogs")?.ok_or_else(|| missing("cloudWatchLogs"))?;
    let filters = structure(item, "filters")?.ok_or_else(|| missing("filters"))?;
    Ok(QueryLogging {
        log_group_arn: log_group_arn(target)?,
        qsp_threshold: integer(filters, "qspThreshold", 0..=i64::MAX)?
            .ok_or_else(|| missing("qspThreshold"))?,
    })
}

fn subject(workspace_id: &str) -> Subject {
    let id = format!("{workspace_id}/logging/query");
    Subject::new(Kind::QueryLoggingConfiguration, id)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const ARN: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:g:*";

    fn bench() -> (Bench, String) {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "g"}));
        let id = bench.workspace(json!({}));
        (bench, id)
    }

    fn destination(threshold: i64) -> Value {
        json!({"cloudWatchLogs": {"logGroupArn": ARN}, "filters": {"qspThreshold": threshold}})
    }

    #[test]
    fn a_query_logging_configuration_lives() {
        let (mut bench, id) = bench();
        let request =
            |threshold| json!({"workspaceId": id, "destinations": [destination(threshold)]});
        let absent = bench.amp("UpdateQueryLoggingConfiguration", request(1));
        assert_eq!(verdict(&absent), (404, "ResourceNotFoundException"));
        bench.amp_ok("CreateQueryLoggingConfiguration", request(1));
        let second = bench.amp("CreateQueryLoggingConfiguration", request(1));
        assert_eq!(verdict(&second), (409, "ConflictException"));
        bench.wait(1_000);
        let updated = bench.amp_ok("UpdateQueryLoggingConfiguration", request(0));
        assert_eq!(updated, json!({"status": {"statusCode": "UPDATING"}}));
        bench.wait(1_000);
        let body = bench.amp_ok(
            "DescribeQueryLoggingConfiguration",
            json!({"workspaceId": id}),
        );
        assert_eq!(
            body["queryLoggingConfiguration"],
            json!({"status": {"statusCode": "ACTIVE"}, "workspace": id,
                   "destinations": [destination(0)],
                   "createdAt": 1_700_000_010.0, "modifiedAt": 1_700_000_011.0})
        );
        bench.amp_ok(
            "DeleteQueryLoggingConfiguration",
            json!({"workspaceId": id}),
        );
        bench.wait(1_000);
        let gone = bench.amp(
            "DescribeQueryLoggingConfiguration",
            json!({"workspaceId": id}),
        );
        assert_eq!(verdict(&gone), (404, "ResourceNotFoundException"));
    }

    #[test]
    fn an_update_needs_an_existing_workspace_and_log_group() {
        let (mut bench, id) = bench();
        let mut destination = destination(1);
        let request = |id: &str, destination: &Value| json!({"workspaceId": id, "destinations": [destination]});
        bench.amp_ok(
            "CreateQueryLoggingConfiguration",
            request(&id, &destination),
        );
        bench.wait(1_000);
        destination["cloudWatchLogs"]["logGroupArn"] = json!(ARN.replace(":g:", ":h:"));
        for (operation, id, missing) in [
            (
                "UpdateQueryLoggingConfiguration",
                id.as_str(),
                "AWS::Logs::LogGroup",
            ),
            (
                "UpdateQueryLoggingConfiguration",
                "ws-1",
                "AWS::APS::Workspace",
            ),
            (
                "CreateQueryLoggingConfiguration",
                "ws-1",
                "AWS::APS::Workspace",
            ),
        ] {
            let refusal = bench
                .amp(operation, request(id, &destination))
                .expect_err(operation);
            assert_eq!(refusal.members["resourceType"], missing, "{operation}");
        }
    }

    #[test]
    fn there_is_exactly_one_whole_destination() {
        let one = destination(1);
        let target = &one["cloudWatchLogs"];
        let missing = json!({"logGroupArn": ARN.replace(":g:", ":h:")});
        let invalid = (400, "ValidationException");
        for (name, destinations, expected) in [
            ("nothing", json!(null), invalid),
            ("none", json!([]), invalid),
            ("two", json!([one, one]), invalid),
            ("no list", one.clone(), invalid),
            ("no filters", json!([{"cloudWatchLogs": target}]), invalid),
            (
                "no target",
                json!([{"filters": {"qspThreshold": 1}}]),
                invalid,
            ),
            (
                "no threshold",
                json!([{"cloudWatchLogs": target, "filters": {}}]),
                invalid,
            ),
            ("a negative threshold", json!([destination(-1)]), invalid),
            (
                "no such log group",
                json!([{"cloudWatchLogs": missing, "filters": {"qspThreshold": 1}}]),
                (404, "ResourceNotFoundException"),
            ),
        ] {
            let (mut bench, id) = bench();
            let input = json!({"workspaceId": id, "destinations": destinations});
            let outcome = bench.amp("CreateQueryLoggingConfiguration", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
    }
}
