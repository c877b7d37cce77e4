//! `CreateService`.

use serde_json::json;

use super::{PROPAGATION, REBALANCING, STRATEGIES, Service, Status, check_load_balancers};
use super::{deployment, desired_count, find_cluster, put};
use crate::{
    Answer, Context, World,
    ecs::{
        arn, cluster,
        definition::{LAUNCH_TYPES, TAGS},
        launch::Launch,
        members::{Members, invalid, is_name},
        revision,
        shape::{
            Member,
            Shape::{Choice, Flag, Integer, Opaque, Text},
            check, optional, required,
        },
        tag,
    },
    service::{Input, Outcome},
};

const CREATE: &[Member] = &[
    optional("cluster", Text),
    required("serviceName", Text),
    optional("taskDefinition", Text),
    optional("availabilityZoneRebalancing", Choice(REBALANCING)),
    optional("loadBalancers", Opaque),
    optional("serviceRegistries", Opaque),
    optional("desiredCount", Integer),
    optional("clientToken", Text),
    optional("launchType", Choice(LAUNCH_TYPES)),
    optional("capacityProviderStrategy", Opaque),
    optional("platformVersion", Text),
    optional("role", Text),
    optional("deploymentConfiguration", Opaque),
    optional("placementConstraints", Opaque),
    optional("placementStrategy", Opaque),
    optional("networkConfiguration", Opaque),
    optional("healthCheckGracePeriodSeconds", Integer),
    optional("schedulingStrategy", Choice(STRATEGIES)),
    optional("deploymentController", Opaque),
    optional("tags", TAGS),
    optional("enableECSManagedTags", Flag),
    optional("propagateTags", Choice(PROPAGATION)),
    optional("enableExecuteCommand", Flag),
];

/// `CreateService`.
pub(in crate::ecs) fn create(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let mut choices = check(input, CREATE, "InvalidParameterException")?;
    let tags = tag::parse(&choices, |message| invalid(message))?;
    let name = choices.text("serviceName").unwrap_or_default().to_owned();
    if !is_name(&name) {
        let message = "Service names have up to 255 letters, numbers, underscores, and hyphens.";
        return Err(invalid(message));
    }
    let daemon = choices.text("schedulingStrategy") == Some("DAEMON");
    let desired = match desired_count(&choices)? {
        Some(count) => count,
        // A daemon has one task on each container instance, and there are none.
        None if daemon => 0,
        // API reference, CreateService, desiredCount: all other services have to say it.
        None => return Err(invalid("desiredCount should not be null.")),
    };
    let launch = Launch::new(&choices)?;
    let region = world.ecs.region(cx);
    let cluster = cluster::named(region, cx, &choices)?;
    let cluster_name = arn::cluster_name(cx, choices.text("cluster"))?;
    let taken = cluster.services.get(&name).cloned();
    let wanted = choices
        .text("taskDefinition")
        .ok_or_else(|| invalid("TaskDefinition can not be blank."))?;
    let revision = revision::usable(region, cx, wanted)?.clone();
    launch.check(&choices, &revision)?;
    check_load_balancers(&choices, &revision)?;
    let given = [
        "cluster",
        "serviceName",
        "taskDefinition",
        "desiredCount",
        "tags",
    ];
    choices.retain(|member, _| !given.contains(&member.as_str()));
    if let Some(taken) = taken.filter(|taken| taken.status != Status::Inactive) {
        let same = taken.choices == choices
            && taken.desired_count == desired
            && taken.primary().task_definition == revision.arn();
        return answer_taken(world, cx, &cluster_name, &taken, same);
    }
    let service = Service {
        arn: arn::arn(cx, &format!("service/{cluster_name}/{name}")),
        name,
        status: Status::Active,
        desired_count: desired,
        choices,
        deployments: vec![deployment(world, cx, &revision)],
        created_at: cx.now_millis,
        draining_since: None,
        tags,
    };
    put(world, cx, &cluster_name, service, &revision)
}

/// The answer when the name is taken: the service itself, if the request is the `same` as the one
/// that made it.
fn answer_taken(
    world: &mut World,
    cx: &Context<'_>,
    cluster: &str,
    taken: &Service,
    same: bool,
) -> Outcome {
    if taken.status == Status::Draining {
        let message = "Unable to Start a service that is still Draining.";
        return Err(invalid(message));
    }
    if !same {
        return Err(invalid("Creation of service was not idempotent."));
    }
    let cluster = find_cluster(world, cx, cluster)?;
    Ok(Answer::ok(
        json!({ "service": taken.shown(cluster, cx, true) }),
    ))
}
