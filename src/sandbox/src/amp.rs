//! Amazon Managed Service for Prometheus: workspaces and what belongs to them.
//!
//! The wire shapes, limits and statuses are those of the API model `amp` 2020-08-01. Everything
//! asynchronous takes a fixed simulated time, because the documentation promises none: a client
//! that waits on the status works here and on AWS, one that guesses does not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Context, Refusal, World,
    service::{Input, Outcome},
};

mod alert_manager;
mod configuration;
mod content;
mod document;
mod input;
mod life;
mod logging;
mod page;
mod part;
mod query_logging;
mod refusal;
mod rule_groups;
mod tags;
mod token;
mod workspace;

/// The state of the service: what each region holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    regions: BTreeMap<String, Region>,
    /// Where clients reach the sandbox, if workspaces are to name that as their endpoint: a URL
    /// without a final slash.
    #[serde(skip)]
    pub(crate) public_url: Option<String>,
}

/// One region of the account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Region {
    /// By workspace id.
    workspaces: BTreeMap<String, workspace::Workspace>,
    /// What was performed under which client token.
    #[serde(default, skip_serializing_if = "token::Ledger::is_empty")]
    tokens: token::Ledger,
}

/// Performs `operation`.
pub fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    world.amp.sweep(cx);
    if !token::is_taken_by(operation) {
        return perform(world, cx, operation, input);
    }
    token::once(world, cx, operation, input, |world| {
        perform(world, cx, operation, input)
    })
}

/// Every tagged resource of the region with its ARN. What is being deleted is left out: when it is
/// gone for good, only the clock says.
pub fn tagged(world: &World, region: &str) -> Vec<(String, BTreeMap<String, String>)> {
    world
        .amp
        .regions
        .get(region)
        .into_iter()
        .flat_map(|region| region.workspaces.values())
        .flat_map(tags::of_workspace_and_parts)
        .filter(|(_, tags)| !tags.is_empty())
        .collect()
}

/// Returns whether the workspace can be written to and queried: until it is gone for good.
pub(crate) fn takes_samples(world: &World, region: &str, workspace: &str, now_millis: u64) -> bool {
    let region = world.amp.regions.get(region);
    let workspace = region.and_then(|region| region.workspaces.get(workspace));
    workspace.is_some_and(|workspace| {
        workspace.life.status(now_millis) != life::Status::Creating
            && !workspace.life.is_over(now_millis)
    })
}

/// The ids of the workspaces of a region.
pub(crate) fn workspace_ids(world: &World, region: &str) -> Vec<String> {
    let region = world.amp.regions.get(region);
    let ids = region
        .into_iter()
        .flat_map(|region| region.workspaces.keys());
    ids.cloned().collect()
}

/// The sets of labels of which there may be only so many series in a workspace. One without a
/// limit, or with 0, only counts (AMP user guide, "Configure your workspace").
pub(crate) fn series_limits(
    world: &World,
    region: &str,
    workspace: &str,
) -> Vec<(BTreeMap<String, String>, usize)> {
    let region = world.amp.regions.get(region);
    let workspace = region.and_then(|region| region.workspaces.get(workspace));
    let limits = workspace.map(|workspace| workspace.configuration.content.limits.iter());
    let limits = limits.into_iter().flatten().filter_map(|limit| {
        let most = usize::try_from(limit.max_series?).ok()?;
        (most > 0).then(|| (limit.labels.clone(), most))
    });
    limits.collect()
}

/// What is said of a workspace that isn't there.
pub(crate) fn no_workspace(id: &str) -> Refusal {
    refusal::Subject::new(refusal::Kind::Workspace, id).not_found()
}

fn perform(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    match operation {
        "CreateWorkspace" => workspace::create(world, cx, input),
        "DescribeWorkspace" => workspace::describe(world, cx, input),
        "ListWorkspaces" => workspace::list(world, cx, input),
        "UpdateWorkspaceAlias" => workspace::update_alias(world, cx, input),
        "DeleteWorkspace" => workspace::delete(world, cx, input),
        "DescribeWorkspaceConfiguration" => configuration::describe(world, cx, input),
        "UpdateWorkspaceConfiguration" => configuration::update(world, cx, input),
        "CreateLoggingConfiguration" => logging::create(world, cx, input),
        "DescribeLoggingConfiguration" => logging::describe(world, cx, input),
        "UpdateLoggingConfiguration" => logging::update(world, cx, input),
        "DeleteLoggingConfiguration" => logging::delete(world, cx, input),
        "CreateQueryLoggingConfiguration" => query_logging::create(world, cx, input),
        "DescribeQueryLoggingConfiguration" => query_logging::describe(world, cx, input),
        "UpdateQueryLoggingConfiguration" => query_logging::update(world, cx, input),
        "DeleteQueryLoggingConfiguration" => query_logging::delete(world, cx, input),
        "CreateRuleGroupsNamespace" => rule_groups::create(world, cx, input),
        "PutRuleGroupsNamespace" => rule_groups::put(world, cx, input),
        "DescribeRuleGroupsNamespace" => rule_groups::describe(world, cx, input),
        "ListRuleGroupsNamespaces" => rule_groups::list(world, cx, input),
        "DeleteRuleGroupsNamespace" => rule_groups::delete(world, cx, input),
        "CreateAlertManagerDefinition" => alert_manager::create(world, cx, input),
        "PutAlertManagerDefinition" => alert_manager::put(world, cx, input),
        "DescribeAlertManagerDefinition" => alert_manager::describe(world, cx, input),
        "DeleteAlertManagerDefinition" => alert_manager::delete(world, cx, input),
        "TagResource" => tags::tag(world, cx, input),
        "UntagResource" => tags::untag(world, cx, input),
        "ListTagsForResource" => tags::list(world, cx, input),
        unknown => Err(refusal::unknown_operation(unknown)),
    }
}

impl State {
    /// Removes what has finished being deleted, so that the operations never meet it.
    fn sweep(&mut self, cx: &Context<'_>) {
        let now = cx.now_millis;
        for region in self.regions.values_mut() {
            region
                .workspaces
                .retain(|_, workspace| !workspace.life.is_over(now));
            for workspace in region.workspaces.values_mut() {
                workspace.sweep(now);
            }
            let workspaces = &region.workspaces;
            region.tokens.forget(now, |id| workspaces.contains_key(id));
        }
    }
}

#[cfg(test)]
pub(crate) mod testing;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::tagged;
    use super::testing::{Bench, REGION};
    use crate::World;

    #[test]
    fn an_unknown_operation_is_named() {
        let refusal = Bench::new()
            .amp("PaintWorkspace", json!({}))
            .expect_err("there is no such operation");
        assert_eq!((refusal.status, refusal.code), (400, "ValidationException"));
        assert_eq!(refusal.members["reason"], "UNKNOWN_OPERATION");
        assert!(refusal.message.contains("PaintWorkspace"));
    }

    #[test]
    fn tagged_resources_are_those_with_tags_in_the_region() {
        let mut bench = Bench::new();
        bench.amp_ok("CreateWorkspace", json!({"alias": "bare"}));
        let id = bench.workspace(json!({"tags": {"team": "obs"}}));
        bench.amp_ok(
            "CreateRuleGroupsNamespace",
            json!({"workspaceId": id, "name": "r", "data": "Z3JvdXBzOiBbXQ==", "tags": {"k": "v"}}),
        );
        let found = tagged(&bench.world, REGION);
        let arns: Vec<&str> = found.iter().map(|(arn, _)| arn.as_str()).collect();
        assert_eq!(
            arns,
            [
                format!("arn:aws:aps:eu-west-1:111122223333:workspace/{id}"),
                format!("arn:aws:aps:eu-west-1:111122223333:rulegroupsnamespace/{id}/r"),
            ]
        );
        assert_eq!(found[0].1["team"], "obs");
        assert!(tagged(&bench.world, "us-east-1").is_empty());

        bench.wait(1_000);
        bench.amp_ok(
            "DeleteRuleGroupsNamespace",
            json!({"workspaceId": id, "name": "r"}),
        );
        assert_eq!(tagged(&bench.world, REGION).len(), 1);
        bench.amp_ok("DeleteWorkspace", json!({"workspaceId": id}));
        assert!(tagged(&bench.world, REGION).is_empty());
    }

    #[test]
    fn the_state_survives_being_written_and_read() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({"alias": "metrics", "tags": {"a": "b"}}));
        bench.amp_ok(
            "UpdateWorkspaceConfiguration",
            json!({"workspaceId": id, "retentionPeriodInDays": 30}),
        );
        let text = serde_json::to_string(&bench.world).expect("a world can be written");
        let read: World = serde_json::from_str(&text).expect("a world can be read");
        assert_eq!(read, bench.world);
    }
}
