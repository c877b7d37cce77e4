//! `UpdateService`.

use super::{PROPAGATION, REBALANCING, Status};
use super::{create::desired_count, named, primary_revision, put, strategy};
use crate::{
    Context, Refusal, World,
    ecs::{
        arn, cluster,
        launch::{Launch, check_load_balancers},
        members::{Members, invalid},
        revision,
        shape::{
            Member,
            Shape::{Choice, Flag, Integer, Opaque, Text},
            check, optional, required,
        },
    },
    service::{Input, Outcome},
};

const UPDATE: &[Member] = &[
    optional("cluster", Text),
    required("service", Text),
    optional("desiredCount", Integer),
    optional("taskDefinition", Text),
    optional("availabilityZoneRebalancing", Choice(REBALANCING)),
    optional("loadBalancers", Opaque),
    optional("serviceRegistries", Opaque),
    optional("capacityProviderStrategy", Opaque),
    optional("platformVersion", Text),
    optional("deploymentConfiguration", Opaque),
    optional("placementConstraints", Opaque),
    optional("placementStrategy", Opaque),
    optional("networkConfiguration", Opaque),
    optional("healthCheckGracePeriodSeconds", Integer),
    optional("enableECSManagedTags", Flag),
    optional("propagateTags", Choice(PROPAGATION)),
    optional("enableExecuteCommand", Flag),
    optional("forceNewDeployment", Flag),
];

/// Members of `UpdateService` that start a new deployment (API reference, `UpdateService`).
const DEPLOYED: &[&str] = &[
    "taskDefinition",
    "capacityProviderStrategy",
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "serviceRegistries",
];

/// `UpdateService`.
pub(in crate::ecs) fn update(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, UPDATE, "InvalidParameterException")?;
    let region = world.ecs.region(cx);
    let cluster_name = arn::cluster_name(cx, input.text("cluster"))?;
    let mut service = named(cluster::named(region, cx, &input)?, cx, &input)?.clone();
    if service.status != Status::Active {
        return Err(Refusal::new(
            400,
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ));
    }
    if service.controller() != "ECS" && DEPLOYED.iter().any(|member| input.contains_key(*member)) {
        // API reference, UpdateService: with another controller, these members belong to a new
        // CodeDeploy deployment or a new task set.
        return Err(invalid(format!(
            "Unable to update task definition on services with a {0} deployment controller. Use the {0} deployment controller to trigger a new deployment.",
            service.controller()
        )));
    }
    let current = service.primary().task_definition.clone();
    // A service goes on with a revision that has been deregistered meanwhile; only a new one must
    // be active.
    let revision = match input.text("taskDefinition") {
        Some(wanted) => revision::usable(region, cx, wanted)?.clone(),
        None => primary_revision(region, cx, &service),
    };
    if let Some(count) = desired_count(&input)? {
        service.desired_count = count;
    }
    let fixed = [
        "cluster",
        "service",
        "desiredCount",
        "taskDefinition",
        "forceNewDeployment",
    ];
    for (member, value) in &input {
        if !fixed.contains(&member.as_str()) {
            service.choices.insert(member.clone(), value.clone());
        }
    }
    if input.contains_key("capacityProviderStrategy") {
        service.choices.remove("launchType");
    }
    Launch::new(&service.choices)?.check(&service.choices, &revision)?;
    check_load_balancers(&service.choices, &revision)?;
    strategy::check(&service.choices)?;
    let forced = input.flag("forceNewDeployment") == Some(true);
    let deployed = DEPLOYED.iter().any(|member| match *member {
        "taskDefinition" => revision.arn() != current,
        member => input.contains_key(member),
    });
    if forced || deployed {
        service.deploy(revision.arn(), cx.now_millis);
    }
    put(world, cx, &cluster_name, service)
}
