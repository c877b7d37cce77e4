//! Amazon ECS: task definitions with all their rules, and clusters, services and tasks as far as
//! they use task definitions.
//!
//! Tasks run on Fargate, on paper, or on the container instances that have been registered, as the
//! ECS agent of an instance does; where none is, services of the launch type EC2 wait for one.
//! Capacity providers besides Fargate's are not here, so nor are Managed Instances and the daemons
//! that run on them.

mod arn;
mod cluster;
mod definition;
mod fill;
#[cfg(test)]
mod fixture;
mod instance;
mod launch;
pub(crate) mod members;
mod needs;
pub(crate) mod page;
mod placement;
mod register;
mod revision;
mod rules;
mod service;
pub(crate) mod shape;
mod tag;
mod tagging;
mod task;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{
    Context, Refusal, World,
    iam::PassRole,
    service::{Input, Outcome, seconds},
};

pub use tagging::tagged;
pub(crate) use task::life::TaskView;

/// The state of the service.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    regions: BTreeMap<String, Region>,
}

/// What one region holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Region {
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    families: BTreeMap<String, revision::Family>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    clusters: BTreeMap<String, cluster::Cluster>,
}

impl State {
    fn region(&mut self, cx: &Context<'_>) -> &mut Region {
        self.regions.entry(cx.region.to_owned()).or_default()
    }
}

impl Region {
    fn put(&mut self, cluster: cluster::Cluster) {
        self.clusters.insert(cluster.name.clone(), cluster);
    }

    /// The ARNs of the task definitions that services and tasks use.
    fn revisions_in_use(&self, now_millis: u64) -> BTreeSet<String> {
        self.clusters
            .values()
            .flat_map(|cluster| cluster.revisions_in_use(now_millis))
            .collect()
    }
}

/// Performs `operation`.
pub fn call(world: &mut World, cx: &Context<'_>, operation: &str, input: &Input) -> Outcome {
    service::pass(world, cx);
    let region = world.ecs.region(cx);
    revision::sweep(region, cx.now_millis);
    match operation {
        "RegisterTaskDefinition" => register::register(world, cx, input),
        "DescribeTaskDefinition" => revision::describe(region, cx, input),
        "DeregisterTaskDefinition" => revision::deregister(region, cx, input),
        "DeleteTaskDefinitions" => revision::delete(region, cx, input),
        "ListTaskDefinitions" => revision::list(region, input),
        "ListTaskDefinitionFamilies" => revision::list_families(region, input),
        "TagResource" => tagging::tag(region, cx, input),
        "UntagResource" => tagging::untag(region, cx, input),
        "ListTagsForResource" => tagging::list(region, cx, input),
        "CreateCluster" => cluster::create(region, cx, input),
        "DescribeClusters" => cluster::describe(region, cx, input),
        "ListClusters" => cluster::list(region, input),
        "DeleteCluster" => cluster::delete(region, cx, input),
        "RegisterContainerInstance" => {
            let answer = instance::calls::register(world, cx, input)?;
            service::react(world, cx);
            Ok(answer)
        }
        "DeregisterContainerInstance" => {
            let answer = instance::calls::deregister(region, cx, input)?;
            service::react(world, cx);
            Ok(answer)
        }
        "ListContainerInstances" => instance::calls::list(region, cx, input),
        "DescribeContainerInstances" => instance::calls::describe(region, cx, input),
        "CreateService" => service::create(world, cx, input),
        "UpdateService" => service::update(world, cx, input),
        "CreateExpressGatewayService" => service::create_express(world, cx, input),
        "UpdateExpressGatewayService" => service::update_express(world, cx, input),
        "DescribeExpressGatewayService" => service::describe_express(world, cx, input),
        "DeleteExpressGatewayService" => service::delete_express(world, cx, input),
        "DescribeServices" => service::describe(region, cx, input),
        "ListServices" => service::list(region, cx, input),
        "DeleteService" => service::delete(region, cx, input),
        "ListServiceDeployments" => service::history::list(region, cx, input),
        "DescribeServiceDeployments" => service::history::describe(region, cx, input),
        "DescribeServiceRevisions" => service::history::describe_revisions(region, cx, input),
        "StopServiceDeployment" => {
            let answer = service::history::stop(region, cx, input)?;
            service::react(world, cx);
            Ok(answer)
        }
        "ContinueServiceDeployment" => {
            let answer = service::history::go_on(region, cx, input)?;
            service::react(world, cx);
            Ok(answer)
        }
        "RunTask" => task::run(world, cx, input),
        "StopTask" => {
            let answer = task::stop(region, cx, input)?;
            service::react(world, cx);
            Ok(answer)
        }
        "ListTasks" => task::list(region, cx, input),
        "DescribeTasks" => task::describe(region, cx, input),
        // What the JSON protocols of AWS answer to a target that they don't know.
        _ => Err(Refusal::new(
            400,
            "UnknownOperationException",
            format!("The operation {operation} is not known here."),
        )),
    }
}

/// Lets time pass for the tasks of the region.
pub(crate) fn pass(world: &mut World, cx: &Context<'_>) {
    service::pass(world, cx);
}

/// The tasks of the region that have run by now.
pub(crate) fn tasks<'a>(world: &'a World, cx: &Context<'_>) -> Vec<TaskView<'a>> {
    let Some(region) = world.ecs.regions.get(cx.region) else {
        return Vec::new();
    };
    let clusters = region.clusters.values();
    let tasks = clusters.flat_map(|cluster| cluster.tasks.values().map(move |t| (cluster, t)));
    tasks
        .filter_map(|(cluster, task)| {
            let revision = revision::find(region, cx, &task.definition_arn)?;
            task.view(&cluster.name, &revision.definition, cx.now_millis)
        })
        .collect()
}

/// Whether ECS can be given the role `arn` (developer guide, "Amazon ECS task IAM role": the caller
/// passes the role, and ECS assumes it).
///
/// No page says what a missing role answers; `ClientException: Role is not valid` is what people
/// report (fabfuel/ecs-deploy issue 231). A role that ECS has not heard of yet answers as if the
/// caller might not pass it (terraform-aws-modules/terraform-aws-ecs issue 414).
fn role_is_passable(world: &World, arn: &str, now_millis: u64) -> Result<(), Refusal> {
    match world.iam.pass_role(arn, now_millis) {
        PassRole::Ready => Ok(()),
        PassRole::Missing => Err(members::client("Role is not valid")),
        PassRole::Propagating => Err(Refusal::new(
            400,
            "AccessDeniedException",
            format!("The caller is not authorized to perform: iam:PassRole on resource: {arn}"),
        )),
    }
}

/// The ARN of the principal that calls: the account's own.
fn caller(cx: &Context<'_>) -> String {
    format!("arn:{}:iam::{}:root", cx.partition, cx.account)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{State, fixture::Sandbox};

    #[test]
    fn unknown_operations_are_named() {
        let (status, code, message) = Sandbox::new().refusal("MakeCoffee", &json!({}));
        assert_eq!((status, code), (400, "UnknownOperationException"));
        assert!(message.contains("MakeCoffee"), "{message}");
    }

    #[test]
    fn the_state_can_be_stored_and_read_back() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        sandbox.create_service("s", "f", 1);
        sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": "f:1"}),
        );
        let stored = serde_json::to_string(&sandbox.world.ecs).expect("a state can be stored");
        let read: State = serde_json::from_str(&stored).expect("a state can be read");
        assert_eq!(read, sandbox.world.ecs);
    }
}
