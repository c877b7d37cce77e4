//! Services: `CreateService`, `UpdateService`, `DescribeServices`, `ListServices`, `DeleteService`.

mod create;
mod deployment;
mod event;
mod express;
mod follow;
pub(super) mod history;
mod place;
mod rollout;
mod schedule;
mod strategy;
mod update;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Region, arn,
    cluster::{self, Cluster},
    definition::LAUNCH_TYPES,
    instance::Instances,
    members::{Members, invalid},
    page::{Element, Order, page},
    revision::{self, Revision},
    shape::{
        Member,
        Shape::{Choice, Flag, Integer, List, Text},
        check, optional, required,
    },
    tag::{self, Tags},
};
use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

use deployment::{Deployment, ServiceRevision};
use event::Event;
use rollout::Rollout;
use schedule::ClusterView;

pub(super) use create::create;
pub(super) use express::{create_express, delete_express, describe_express, update_express};
pub(super) use update::update;

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) status: Status,
    pub(super) desired_count: usize,
    /// What the caller chose besides, as it was sent.
    pub(super) choices: Map<String, Value>,
    /// Newest first; never empty.
    deployments: Vec<Deployment>,
    /// The service deployments, newest first. None of a service that an earlier sandbox made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rollouts: Vec<Rollout>,
    /// Oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    revisions: Vec<ServiceRevision>,
    /// The ARN of the service revision that was last deployed with success.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completed: Option<String>,
    /// Newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Event>,
    /// What it last said of a task that found no place, until one does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unplaced: Option<String>,
    /// Whether it has reached a steady state and nothing has happened since.
    #[serde(default)]
    is_steady: bool,
    /// Until when everything has happened that was due: milliseconds since 1970.
    #[serde(default)]
    settled_at: u64,
    /// Where the ids that the service gives out come from, and how many it has given.
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    ids_issued: u64,
    /// Milliseconds since 1970.
    created_at: u64,
    /// What Express Mode knows of it, if that manages it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    express: Option<express::Express>,
    /// When it was deleted, if it had tasks then: milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) draining_since: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tags: Tags,
}

/// Where a service is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Status {
    /// Keeps its tasks running.
    Active,
    /// Deleted, and its tasks are stopping.
    Draining,
    /// Deleted.
    Inactive,
}

impl Status {
    const fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Draining => "DRAINING",
            Self::Inactive => "INACTIVE",
        }
    }
}

const REBALANCING: &[&str] = &["ENABLED", "DISABLED"];
const STRATEGIES: &[&str] = &["REPLICA", "DAEMON"];
const PROPAGATION: &[&str] = &["TASK_DEFINITION", "SERVICE", "NONE"];

const DESCRIBE: &[Member] = &[
    optional("cluster", Text),
    required("services", List(&Text)),
    optional("include", List(&Choice(&["TAGS"]))),
];
const LIST: &[Member] = &[
    optional("cluster", Text),
    optional("nextToken", Text),
    optional("maxResults", Integer),
    optional("launchType", Choice(LAUNCH_TYPES)),
    optional("schedulingStrategy", Choice(STRATEGIES)),
];
const DELETE: &[Member] = &[
    optional("cluster", Text),
    required("service", Text),
    optional("force", Flag),
];

impl Service {
    /// Whether lists show it: a service that drains is not (API reference, `DeleteService`).
    pub(super) fn is_listed(&self) -> bool {
        self.status == Status::Active
    }

    /// The name of its cluster.
    pub(super) fn cluster_name(&self) -> &str {
        let path = self.arn.rsplit('/').nth(1);
        path.expect("the ARN of a service names its cluster")
    }

    /// Who deploys it: ECS unless it was created otherwise (API reference, `DeploymentController`).
    fn controller(&self) -> &str {
        let controller = self.choices.object("deploymentController");
        controller
            .and_then(|controller| controller.text("type"))
            .unwrap_or("ECS")
    }

    fn scheduling(&self) -> &str {
        self.choices.text("schedulingStrategy").unwrap_or("REPLICA")
    }

    /// The service as the API shows it.
    fn shown(&self, cluster: &Cluster, cx: &Context<'_>, with_tags: bool) -> Value {
        let (running, pending) = self.counts(&cluster.tasks, cx.now_millis);
        let mut shown = json!({
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": cluster.arn,
            "loadBalancers": [],
            "serviceRegistries": [],
            "status": self.status.name(),
            "desiredCount": self.desired_count,
            "runningCount": running,
            "pendingCount": pending,
            "taskDefinition": self.primary().task_definition,
            "deploymentConfiguration": self.deployment_configuration(),
            "deploymentController": {"type": self.controller()},
            "deployments": self.shown_deployments(&cluster.tasks, cx.now_millis),
            "events": self.events.iter().map(Event::shown).collect::<Vec<_>>(),
            "createdAt": super::seconds(self.created_at),
            "placementConstraints": [],
            "placementStrategy": [],
            "schedulingStrategy": self.scheduling(),
            "createdBy": super::caller(cx),
            "enableECSManagedTags": false,
            "propagateTags": "NONE",
            "enableExecuteCommand": false,
            "availabilityZoneRebalancing": "ENABLED",
            "resourceManagementType": if self.express.is_some() { "ECS" } else { "CUSTOMER" },
        });
        for (member, choice) in &self.choices {
            match (member.as_str(), choice, shown.get_mut(member)) {
                ("clientToken", _, _) => {}
                ("role", choice, _) => shown["roleArn"] = choice.clone(),
                (_, Value::Object(choice), Some(Value::Object(defaults))) => {
                    defaults.extend(choice.clone());
                }
                (_, choice, _) => shown[member] = choice.clone(),
            }
        }
        self.show_platform(&mut shown);
        if let (Some(_), Some(shown)) = (&self.express, shown.as_object_mut()) {
            // Only the deployments say it (seen at AWS: github.com/kayac/ecspresso, pull request
            // 902).
            shown.remove("taskDefinition");
        }
        if self.controller() != "ECS" {
            // API reference, Service, taskSets: what CodeDeploy and others have instead.
            shown["taskSets"] = shown["deployments"].take();
            shown["deployments"] = json!([]);
        } else if let Some(rollout) = self.rollouts.first() {
            let revisions = self.shown_revisions(&cluster.tasks, cx.now_millis);
            shown["currentServiceDeployment"] = json!(rollout.arn);
            shown["currentServiceRevisions"] = json!(revisions);
        }
        if with_tags {
            shown["tags"] = tag::listed(&self.tags);
        }
        shown
    }
}

/// The error for a service that isn't there.
pub(super) fn not_found() -> Refusal {
    Refusal::new(400, "ServiceNotFoundException", "Service not found.")
}

fn find_cluster<'a>(
    world: &'a mut World,
    cx: &Context<'_>,
    name: &str,
) -> Result<&'a mut Cluster, Refusal> {
    let cluster = world.ecs.region(cx).clusters.get_mut(name);
    cluster.ok_or_else(cluster::not_found)
}

/// Keeps the service, starts or stops its tasks, and answers it.
fn put(world: &mut World, cx: &Context<'_>, cluster: &str, mut service: Service) -> Outcome {
    let mut cluster = take(world, cx, cluster).ok_or_else(cluster::not_found)?;
    let around = around(world, cx, &cluster.instances);
    service.act(&around, &mut cluster.tasks, cx.now_millis);
    let shown = service.shown(&cluster, cx, true);
    cluster.services.insert(service.name.clone(), service);
    world.ecs.region(cx).put(cluster);
    Ok(Answer::ok(json!({ "service": shown })))
}

/// Lets time pass for all services of the region.
pub(super) fn pass(world: &mut World, cx: &Context<'_>) {
    let names: Vec<String> = world.ecs.region(cx).clusters.keys().cloned().collect();
    for name in names {
        let Some(mut cluster) = take(world, cx, &name) else {
            continue;
        };
        let Cluster {
            services,
            tasks,
            instances,
            ..
        } = &mut cluster;
        let around = around(world, cx, instances);
        for service in services.values_mut() {
            service.pass(&around, tasks, cx.now_millis);
        }
        for task in tasks.values_mut() {
            task.follow_course(cx.now_millis);
        }
        tasks.retain(|_, task| !task.is_forgotten(cx.now_millis));
        world.ecs.region(cx).put(cluster);
    }
}

/// Lets the services of the region see what has just been done behind their backs.
pub(super) fn react(world: &mut World, cx: &Context<'_>) {
    let names: Vec<String> = world.ecs.region(cx).clusters.keys().cloned().collect();
    for name in names {
        let Some(mut cluster) = take(world, cx, &name) else {
            continue;
        };
        let around = around(world, cx, &cluster.instances);
        for service in cluster.services.values_mut() {
            service.act(&around, &mut cluster.tasks, cx.now_millis);
        }
        world.ecs.region(cx).put(cluster);
    }
}

/// Takes a cluster out of the world, so that the world can be looked at while the cluster changes.
fn take(world: &mut World, cx: &Context<'_>, cluster: &str) -> Option<Cluster> {
    world.ecs.region(cx).clusters.remove(cluster)
}

fn around<'a>(world: &'a World, cx: &'a Context<'_>, instances: &'a Instances) -> ClusterView<'a> {
    ClusterView {
        world,
        instances,
        account: cx.account,
        region: cx.region,
        partition: cx.partition,
    }
}

/// The revision that the newest deployment of a service runs.
fn primary_revision(region: &Region, cx: &Context<'_>, service: &Service) -> Revision {
    revision::find(region, cx, &service.primary().task_definition)
        .expect("a revision stays while a service uses it")
        .clone()
}

/// The service that the member `service` names.
fn named<'a>(
    cluster: &'a mut Cluster,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'a mut Service, Refusal> {
    let name = arn::last_segment(cx, input.text("service").unwrap_or_default(), "service")?;
    cluster.services.get_mut(name).ok_or_else(not_found)
}

/// `DescribeServices`.
pub(super) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DESCRIBE, "InvalidParameterException")?;
    let with_tags = input.texts("include").any(|field| field == "TAGS");
    let cluster = &*cluster::named(region, cx, &input)?;
    match input.list("services").len() {
        0 => return Err(invalid("Services cannot be empty.")),
        // API reference, DescribeServices, services.
        count if count > 10 => return Err(invalid("Specify up to 10 services.")),
        _ => {}
    }
    let (mut services, mut failures) = (Vec::new(), Vec::new());
    for text in input.texts("services") {
        let name = arn::last_segment(cx, text, "service")?;
        match cluster.services.get(name) {
            Some(service) => services.push(service.shown(cluster, cx, with_tags)),
            None => failures.push(json!({
                "arn": cluster.arn.replacen(":cluster/", ":service/", 1) + "/" + name,
                "reason": "MISSING",
            })),
        }
    }
    Ok(Answer::ok(
        json!({ "services": services, "failures": failures }),
    ))
}

/// `ListServices`.
pub(super) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    let services = cluster.services.values().filter(|service| {
        let launch = service.choices.text("launchType").unwrap_or("EC2");
        service.is_listed()
            && input
                .text("launchType")
                .is_none_or(|wanted| wanted == launch)
            && input
                .text("schedulingStrategy")
                .is_none_or(|wanted| wanted == service.scheduling())
    });
    let elements = services.map(|service| Element::plain(service.arn.as_str()));
    page(&input, "serviceArns", elements.collect(), Order::Ascending).map(Answer::ok)
}

/// `DeleteService`: a service must want no tasks to be deleted, unless by force.
pub(super) fn delete(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DELETE, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    let service = named(cluster, cx, &input)?;
    if service.status == Status::Inactive {
        return Err(not_found());
    }
    let forced = input.flag("force") == Some(true);
    if service.scheduling() == "REPLICA" && service.desired_count > 0 && !forced {
        return Err(invalid(
            "The service cannot be stopped while it is scaled above 0.",
        ));
    }
    service.desired_count = 0;
    let mut service = service.clone();
    let (running, pending) = service.counts(&cluster.tasks, cx.now_millis);
    service.drain(&mut cluster.tasks, cx.now_millis);
    if running + pending == 0 {
        service.status = Status::Inactive;
    }
    let shown = service.shown(cluster, cx, true);
    cluster.services.insert(service.name.clone(), service);
    Ok(Answer::ok(json!({ "service": shown })))
}

#[cfg(test)]
mod rollout_tests;

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::fixture::{ARN, Sandbox, service};

    #[test]
    fn services_scale_and_end() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        sandbox.create_service("s", "f:1", 3);
        let scaled = json!({"service": "s", "desiredCount": 1});
        assert_eq!(
            sandbox.call("UpdateService", &scaled)["service"]["pendingCount"],
            1
        );
        sandbox.refuses(
            "DeleteService",
            &json!({"service": "s"}),
            "InvalidParameterException",
        );
        sandbox.refuses(
            "DeleteCluster",
            &json!({"cluster": "default"}),
            "ClusterContainsServicesException",
        );
        sandbox.call("UpdateService", &json!({"service": "s", "desiredCount": 0}));
        let ended = sandbox.call("DeleteService", &json!({"service": "s"}));
        assert_eq!(ended["service"]["status"], "INACTIVE");
        assert_eq!(
            sandbox.call("ListServices", &json!({})),
            json!({"serviceArns": []})
        );
        sandbox.refuses("UpdateService", &scaled, "ServiceNotActiveException");
        sandbox.refuses(
            "DeleteService",
            &json!({"service": "s"}),
            "ServiceNotFoundException",
        );

        sandbox.create_service("s", "f", 1);
        let drained = sandbox.call("DeleteService", &json!({"service": "s", "force": true}));
        assert_eq!(drained["service"]["status"], "DRAINING");
        // It is counted where statistics are asked for, and nowhere else.
        let counted = sandbox.call("DescribeClusters", &json!({"include": ["STATISTICS"]}));
        assert_eq!(counted["clusters"][0]["activeServicesCount"], 0);
        let counts = counted["clusters"][0]["statistics"]
            .as_array()
            .expect("a list");
        let draining = json!({"name": "drainingFargateServiceCount", "value": "1"});
        assert!(counts.contains(&draining), "{counts:?}");
        let again = service("s", "f", 1);
        sandbox.refuses("CreateService", &again, "InvalidParameterException");
        assert_eq!(sandbox.service("s")["status"], "DRAINING");
        sandbox.now_millis += 3_000;
        assert_eq!(sandbox.service("s")["status"], "INACTIVE");
        let stopped = sandbox.call("ListTasks", &json!({"desiredStatus": "STOPPED"}));
        assert_eq!(stopped["taskArns"].as_array().map(Vec::len), Some(4));
        sandbox.now_millis += 3_600_000;
        assert_eq!(
            sandbox.call("ListTasks", &json!({"desiredStatus": "STOPPED"})),
            json!({"taskArns": []})
        );
        sandbox.call("DeleteCluster", &json!({"cluster": "default"}));
    }

    #[test]
    fn wrong_services_are_refused() {
        let mut sandbox = Sandbox::new();
        sandbox.register("f");
        sandbox.refuses(
            "CreateService",
            &service("s", "f", 1),
            "ClusterNotFoundException",
        );
        sandbox.call("CreateCluster", &json!({}));
        let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
        sandbox.call(
            "RegisterTaskDefinition",
            &json!({"family": "e", "containerDefinitions": container}),
        );
        sandbox.register("old");
        sandbox.call(
            "DeregisterTaskDefinition",
            &json!({"taskDefinition": "old:1"}),
        );
        let with = |member: &str, value: Value| {
            let mut input = service("s", "f", 1);
            input[member] = value;
            input
        };
        let cases = [
            (
                with("serviceName", json!("a b")),
                "InvalidParameterException",
            ),
            (
                with("desiredCount", json!(null)),
                "InvalidParameterException",
            ),
            (with("desiredCount", json!(-1)), "InvalidParameterException"),
            (with("taskDefinition", json!("g")), "ClientException"),
            (with("taskDefinition", json!("old:1")), "ClientException"),
            (
                with("taskDefinition", json!("e")),
                "InvalidParameterException",
            ),
            (
                with("networkConfiguration", json!(null)),
                "InvalidParameterException",
            ),
            (
                with(
                    "networkConfiguration",
                    json!({"awsvpcConfiguration": {"subnets": []}}),
                ),
                "InvalidParameterException",
            ),
            (
                with(
                    "capacityProviderStrategy",
                    json!([{"capacityProvider": "FARGATE"}]),
                ),
                "InvalidParameterException",
            ),
            (
                with("loadBalancers", json!([{"containerName": "x"}])),
                "InvalidParameterException",
            ),
            (
                with("launchType", json!("MOON")),
                "InvalidParameterException",
            ),
            (
                with("cluster", json!("nowhere")),
                "ClusterNotFoundException",
            ),
        ];
        for (input, code) in cases {
            sandbox.refuses("CreateService", &input, code);
        }
        let created = sandbox.create_service("s", "f", 1);
        assert_eq!(
            sandbox.create_service("s", "f", 1),
            created,
            "the same request once more"
        );
        sandbox.refuses(
            "CreateService",
            &service("s", "f", 2),
            "InvalidParameterException",
        );
        sandbox.refuses(
            "UpdateService",
            &json!({"service": "t"}),
            "ServiceNotFoundException",
        );
        let inactive = json!({"service": "s", "taskDefinition": "old:1"});
        sandbox.refuses("UpdateService", &inactive, "ClientException");
        let missing = sandbox.call("DescribeServices", &json!({"services": ["t"]}));
        let failure = json!({"arn": format!("{ARN}:service/default/t"), "reason": "MISSING"});
        assert_eq!(missing, json!({"services": [], "failures": [failure]}));
        let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
        sandbox.refuses(
            "DescribeServices",
            &json!({"services": many}),
            "InvalidParameterException",
        );
    }

    #[test]
    fn describing_shows_what_was_chosen() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        let mut input = service("s", "f", 1);
        input["tags"] = json!([{"key": "k", "value": "v"}]);
        input["deploymentConfiguration"] = json!({"maximumPercent": 150});
        sandbox.call("CreateService", &input);
        let bare = sandbox.service("s");
        assert_eq!(bare.get("tags"), None);
        assert_eq!(bare["launchType"], "FARGATE");
        assert_eq!(bare["platformVersion"], "LATEST");
        assert_eq!(bare["deploymentConfiguration"]["maximumPercent"], 150);
        assert_eq!(
            bare["deploymentConfiguration"]["minimumHealthyPercent"],
            100
        );
        let asked = json!({"services": ["s"], "include": ["TAGS"]});
        let asked = sandbox.call("DescribeServices", &asked);
        assert_eq!(asked["services"][0]["tags"], input["tags"]);

        let strategy = json!([{"capacityProvider": "FARGATE_SPOT", "weight": 1}]);
        let update = json!({
            "cluster": "default", "service": "s", "capacityProviderStrategy": strategy, "enableExecuteCommand": true,
        });
        let updated = sandbox.call("UpdateService", &update)["service"].clone();
        assert_eq!(updated["capacityProviderStrategy"], strategy);
        assert_eq!(updated["enableExecuteCommand"], true);
        for absent in ["launchType", "cluster", "service"] {
            assert_eq!(updated.get(absent), None, "{absent}");
        }
        let many: Vec<String> = (0..10).map(|n| format!("s{n}")).collect();
        let many = sandbox.call("DescribeServices", &json!({ "services": many }));
        assert_eq!(many["failures"].as_array().map(Vec::len), Some(10));
    }

    #[test]
    fn the_tasks_of_a_service_are_listed_by_its_name() {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        sandbox.register("f");
        sandbox.create_service("s", "f", 1);
        sandbox.create_service("t", "f", 2);
        for (name, count) in [("s", 1), ("t", 2)] {
            let tasks = sandbox.call("ListTasks", &json!({ "serviceName": name }));
            assert_eq!(tasks["taskArns"].as_array().map(Vec::len), Some(count));
        }
    }
}
