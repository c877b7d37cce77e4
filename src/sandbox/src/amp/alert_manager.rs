//! The alert manager definition: how alerts are routed. A workspace has at most one.

use serde_json::json;

use crate::{
    Answer, Context, World,
    service::{Input, Outcome},
};

use super::{
    content::Definition,
    document,
    part::fill,
    refusal::{Kind, Subject},
    workspace::{self, accepted},
};

/// The key under which the definition must be nested (AMP user guide, "Create an alert manager
/// configuration file").
const TOP_LEVEL_KEY: &str = "alertmanager_config";

/// `CreateAlertManagerDefinition`: where there is none (API reference).
pub(super) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let data = document::data(input, TOP_LEVEL_KEY)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let place = &mut workspace.alert_manager;
    let part = fill(place, Definition { data }, cx.now_millis, &subject(id))?;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `PutAlertManagerDefinition`: where there is one (API reference).
pub(super) fn put(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let data = document::data(input, TOP_LEVEL_KEY)?;
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let place = workspace.alert_manager.as_mut();
    let part = place.ok_or_else(|| subject.not_found())?;
    part.update(cx.now_millis, &subject)?.data = data;
    Ok(accepted(
        json!({"status": part.life.status_member(cx.now_millis)}),
    ))
}

/// `DescribeAlertManagerDefinition`.
pub(super) fn describe(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find(world, cx, input)?;
    let part = workspace
        .alert_manager
        .as_ref()
        .ok_or_else(|| subject(id).not_found())?;
    Ok(Answer::ok(json!({"alertManagerDefinition": {
        "status": part.life.status_member(cx.now_millis),
        "data": part.content.data,
        "createdAt": part.life.created_at(),
        "modifiedAt": part.life.modified_at(),
    }})))
}

/// `DeleteAlertManagerDefinition`.
pub(super) fn delete(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let (id, workspace) = workspace::find_active(world, cx, input)?;
    let subject = subject(id);
    let place = workspace.alert_manager.as_mut();
    let part = place.ok_or_else(|| subject.not_found())?;
    part.delete(cx.now_millis, &subject)?;
    Ok(accepted(json!({})))
}

fn subject(workspace_id: &str) -> Subject {
    let id = format!("{workspace_id}/alertmanager/definition");
    Subject::new(Kind::AlertManagerDefinition, id)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::base64;
    use serde_json::json;

    use crate::amp::testing::{Bench, verdict};

    #[test]
    fn a_definition_lives() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let input = |text: &str| json!({"workspaceId": id, "data": base64::encode(text)});
        let old = input("alertmanager_config: |\n  route:\n    receiver: a\n");
        let new = input("alertmanager_config: |\n  route:\n    receiver: b\n");
        let absent = bench.amp("PutAlertManagerDefinition", old.clone());
        assert_eq!(verdict(&absent), (404, "ResourceNotFoundException"));
        let created = bench.amp("CreateAlertManagerDefinition", old.clone());
        assert_eq!(verdict(&created), (202, ""));
        let second = bench.amp("CreateAlertManagerDefinition", old);
        assert_eq!(verdict(&second), (409, "ConflictException"));
        bench.wait(1_000);
        let put = bench.amp_ok("PutAlertManagerDefinition", new.clone());
        assert_eq!(put, json!({"status": {"statusCode": "UPDATING"}}));
        bench.wait(1_000);
        let only_id = json!({"workspaceId": id});
        let described = bench.amp_ok("DescribeAlertManagerDefinition", only_id.clone());
        assert_eq!(
            described["alertManagerDefinition"],
            json!({"status": {"statusCode": "ACTIVE"}, "data": new["data"],
                   "createdAt": 1_700_000_010.0, "modifiedAt": 1_700_000_011.0})
        );
        bench.amp_ok("DeleteAlertManagerDefinition", only_id.clone());
        bench.wait(1_000);
        for operation in [
            "DescribeAlertManagerDefinition",
            "DeleteAlertManagerDefinition",
        ] {
            let refusal = bench.amp(operation, only_id.clone()).expect_err(operation);
            assert_eq!(
                (refusal.status, refusal.code),
                (404, "ResourceNotFoundException")
            );
            assert_eq!(
                refusal.members["resourceType"],
                "AWS::APS::AlertManagerDefinition"
            );
        }
    }

    #[test]
    fn the_definition_is_nested_under_its_key() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let data = base64::encode("route:\n  receiver: a\n");
        let outcome = bench.amp(
            "CreateAlertManagerDefinition",
            json!({"workspaceId": id, "data": data}),
        );
        assert_eq!(verdict(&outcome), (400, "ValidationException"));
    }
}
