//! `CreateService`.

use serde_json::{Map, Value, json};

use super::{PROPAGATION, REBALANCING, STRATEGIES, Service, Status};
use super::{find_cluster, put, strategy};
use crate::{
    Answer, Context, Refusal, World,
    ecs::{
        arn, cluster,
        definition::{LAUNCH_TYPES, TAGS},
        launch::{Launch, check_load_balancers},
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
        // A daemon has one task on each container instance, which the scheduler counts.
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
    if daemon && launch.is_fargate() {
        // API reference, CreateService, schedulingStrategy: "Tasks using the Fargate launch type …
        // don't support the DAEMON scheduling strategy."
        return Err(invalid(
            "Fargate does not support the DAEMON scheduling strategy.",
        ));
    }
    strategy::check(&choices)?;
    check_controller(&choices)?;
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
    let mut service = Service {
        arn: arn::arn(cx, &format!("service/{cluster_name}/{name}")),
        name,
        status: Status::Active,
        desired_count: desired,
        choices,
        deployments: Vec::new(),
        rollouts: Vec::new(),
        revisions: Vec::new(),
        completed: None,
        events: Vec::new(),
        unplaced: None,
        is_steady: false,
        settled_at: cx.now_millis,
        seed: world.fresh(),
        ids_issued: 0,
        created_at: cx.now_millis,
        express: None,
        draining_since: None,
        tags,
    };
    service.deploy(revision.arn(), cx.now_millis);
    put(world, cx, &cluster_name, service)
}

/// How many tasks are asked for.
pub(super) fn desired_count(input: &Map<String, Value>) -> Result<Option<usize>, Refusal> {
    let count = input
        .integer("desiredCount")
        .map(usize::try_from)
        .transpose();
    count.map_err(|_| invalid("desiredCount should not be negative."))
}

/// API reference, `DeploymentController`, type.
fn check_controller(choices: &Map<String, Value>) -> Result<(), Refusal> {
    let controller = choices.object("deploymentController");
    match controller.map_or(Some("ECS"), |controller| controller.text("type")) {
        Some("ECS" | "CODE_DEPLOY" | "EXTERNAL") => Ok(()),
        Some(_) | None => Err(invalid(
            "The type of deploymentController should be one of [ECS,CODE_DEPLOY,EXTERNAL]",
        )),
    }
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
