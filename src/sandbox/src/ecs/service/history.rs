//! `ListServiceDeployments`, `DescribeServiceDeployments`, `DescribeServiceRevisions`,
//! `StopServiceDeployment` and `ContinueServiceDeployment`.

use serde_json::{Map, Value, json};

use super::{
    Service,
    deployment::ServiceRevision,
    rollout::{HookStatus, Rollout, Status, name},
};
use crate::{
    Answer, Context, Refusal,
    ecs::{
        Region, arn,
        cluster::{self, Cluster},
        members::{Members, invalid},
        page::{Element, Order, page_of},
        shape::{
            Member,
            Shape::{Choice, Integer, List, Opaque, Text},
            check, optional, required,
        },
    },
    service::{Input, Outcome, seconds},
};

/// The most ARNs of one request (API reference, `DescribeServiceDeployments` and
/// `DescribeServiceRevisions`).
const MAX_ARNS: usize = 20;

const STATUSES: &[&str] = &[
    "PENDING",
    "SUCCESSFUL",
    "STOPPED",
    "STOP_REQUESTED",
    "IN_PROGRESS",
    "ROLLBACK_REQUESTED",
    "ROLLBACK_IN_PROGRESS",
    "ROLLBACK_SUCCESSFUL",
    "ROLLBACK_FAILED",
];
const LIST: &[Member] = &[
    required("service", Text),
    optional("cluster", Text),
    optional("status", List(&Choice(STATUSES))),
    optional("createdAt", Opaque),
    optional("nextToken", Text),
    optional("maxResults", Integer),
];
const DEPLOYMENTS: &[Member] = &[required("serviceDeploymentArns", List(&Text))];
const REVISIONS: &[Member] = &[required("serviceRevisionArns", List(&Text))];
const STOP: &[Member] = &[
    required("serviceDeploymentArn", Text),
    optional("stopType", Choice(&["ABORT", "ROLLBACK"])),
];
const CONTINUE: &[Member] = &[
    required("serviceDeploymentArn", Text),
    required("hookId", Text),
    optional("action", Choice(&["CONTINUE", "ROLLBACK"])),
];

impl Service {
    /// `deploymentConfiguration` with its defaults (API reference, `DeploymentConfiguration`: 100
    /// and 200 percent for REPLICA, 0 and 100 for DAEMON).
    pub(super) fn deployment_configuration(&self) -> Map<String, Value> {
        let (minimum, maximum) = match self.scheduling() {
            "DAEMON" => (0, 100),
            _ => (100, 200),
        };
        let mut configuration = Map::from_iter([
            (
                "deploymentCircuitBreaker".to_owned(),
                json!({"enable": false, "rollback": false}),
            ),
            ("maximumPercent".to_owned(), json!(maximum)),
            ("minimumHealthyPercent".to_owned(), json!(minimum)),
            ("strategy".to_owned(), json!("ROLLING")),
            ("bakeTimeInMinutes".to_owned(), json!(0)),
        ]);
        if let Some(given) = self.choices.object("deploymentConfiguration") {
            configuration.extend(given.clone());
        }
        configuration
    }

    /// Remembers what the service is now, as a service revision.
    pub(super) fn keep_revision(&mut self, arn: String, task_definition: String, created_at: u64) {
        const MEMBERS: [&str; 4] = [
            "capacityProviderStrategy",
            "loadBalancers",
            "networkConfiguration",
            "serviceRegistries",
        ];
        let mut details = json!({});
        for member in MEMBERS {
            if let Some(choice) = self.choices.get(member) {
                details[member] = choice.clone();
            }
        }
        self.show_platform(&mut details);
        self.revisions.push(ServiceRevision {
            arn,
            task_definition,
            created_at,
            details: details.as_object().cloned().unwrap_or_default(),
        });
    }
}

/// `ListServiceDeployments`: newest first.
pub(in crate::ecs) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    let service = super::named(cluster, cx, &input)?.clone();
    let within = input.object("createdAt");
    let bound = |member: &str| {
        let at = within.and_then(|within| within.get(member));
        at.and_then(Value::as_f64)
    };
    let (after, before) = (bound("after"), bound("before"));
    let asked: Vec<Value> = input.list("status").to_vec();
    let count = service.rollouts.len();
    let found = service.rollouts.iter().enumerate().filter(|(_, rollout)| {
        let created = seconds(rollout.created_at).as_f64().unwrap_or_default();
        (asked.is_empty() || asked.contains(&name(rollout.status)))
            && after.is_none_or(|after| created > after)
            && before.is_none_or(|before| created < before)
    });
    // The oldest has the smallest key, so that a page goes on after newer ones have come.
    let elements = found.map(|(index, rollout)| Element {
        key: format!("{:06}", count - index),
        shown: rollout.brief(&service.arn, &cluster.arn),
    });
    // API reference, ListServiceDeployments, maxResults: 20 unless said otherwise.
    page_of(
        &input,
        "serviceDeployments",
        elements.collect(),
        Order::Descending,
        20,
    )
    .map(Answer::ok)
}

/// `DescribeServiceDeployments`.
pub(in crate::ecs) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DEPLOYMENTS, "InvalidParameterException")?;
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for arn in arns(&input, "serviceDeploymentArns")? {
        let found = find(region, cx, arn, "service-deployment")?.and_then(|(cluster, service)| {
            let rollout = service.rollouts.iter().find(|rollout| rollout.arn == arn)?;
            let counts = |of: &str| service.revision_counts(of, &cluster.tasks, cx.now_millis);
            Some(rollout.shown(&service.arn, &cluster.arn, cx.now_millis, counts))
        });
        match found {
            Some(deployment) => shown.push(deployment),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(Answer::ok(
        json!({ "serviceDeployments": shown, "failures": failures }),
    ))
}

/// `DescribeServiceRevisions`.
pub(in crate::ecs) fn describe_revisions(
    region: &mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    let input = check(input, REVISIONS, "InvalidParameterException")?;
    let (mut shown, mut failures) = (Vec::new(), Vec::new());
    for arn in arns(&input, "serviceRevisionArns")? {
        let found = find(region, cx, arn, "service-revision")?.and_then(|(cluster, service)| {
            let revision = service
                .revisions
                .iter()
                .find(|revision| revision.arn == arn)?;
            let mut shown = Value::Object(revision.details.clone());
            shown["serviceRevisionArn"] = json!(arn);
            shown["serviceArn"] = json!(service.arn);
            shown["clusterArn"] = json!(cluster.arn);
            shown["taskDefinition"] = json!(revision.task_definition);
            shown["createdAt"] = seconds(revision.created_at);
            Some(shown)
        });
        match found {
            Some(revision) => shown.push(revision),
            None => failures.push(json!({"arn": arn, "reason": "MISSING"})),
        }
    }
    Ok(Answer::ok(
        json!({ "serviceRevisions": shown, "failures": failures }),
    ))
}

fn arns<'a>(input: &'a Input, member: &str) -> Result<impl Iterator<Item = &'a str>, Refusal> {
    match input.list(member).len() {
        0 => Err(invalid(format!("{member} cannot be empty."))),
        count if count > MAX_ARNS => Err(invalid(format!("Specify up to {MAX_ARNS} ARNs."))),
        _ => Ok(input.texts(member)),
    }
}

/// The service that an ARN of something of it names, and its cluster.
fn find<'a>(
    region: &'a Region,
    cx: &Context<'_>,
    arn: &str,
    kind: &str,
) -> Result<Option<(&'a Cluster, &'a Service)>, Refusal> {
    let path = arn::resource(cx, arn).and_then(|path| path.strip_prefix(kind)?.strip_prefix('/'));
    let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
    let [cluster, service, _] = parts.as_slice() else {
        return Err(invalid(format!("Invalid identifier: {arn}")));
    };
    let cluster = region.clusters.get(*cluster);
    Ok(cluster.and_then(|cluster| Some((cluster, cluster.services.get(*service)?))))
}

/// The deployment that a request is about, in the service that it belongs to; only the newest can
/// be acted on.
fn acted_on<'a>(
    region: &'a mut Region,
    cx: &Context<'_>,
    input: &Input,
) -> Result<&'a mut Service, Refusal> {
    let arn = input.text("serviceDeploymentArn").unwrap_or_default();
    let missing = || {
        let message = "The specified service deployment was not found.";
        Refusal::new(400, "ServiceDeploymentNotFoundException", message)
    };
    let (cluster, service) = {
        let (_, service) = find(region, cx, arn, "service-deployment")?.ok_or_else(missing)?;
        if !service.rollouts.iter().any(|rollout| rollout.arn == arn) {
            return Err(missing());
        }
        (service.cluster_name().to_owned(), service.name.clone())
    };
    let cluster = region.clusters.get_mut(&cluster).ok_or_else(missing)?;
    cluster.services.get_mut(&service).ok_or_else(missing)
}

/// `StopServiceDeployment`: only with a rollback (API reference, stopType: "The valid values are
/// ROLLBACK").
pub(in crate::ecs) fn stop(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, STOP, "InvalidParameterException")?;
    if input.text("stopType") == Some("ABORT") {
        return Err(invalid("The stop type ABORT is not supported."));
    }
    let arn = input.text("serviceDeploymentArn").unwrap_or_default();
    let service = acted_on(region, cx, &input)?;
    let newest = service.rollouts.first_mut();
    let running = newest.filter(|newest| newest.arn == arn && newest.status == Status::InProgress);
    let rollout = running.ok_or_else(|| {
        let message = "The service deployment is not in progress.";
        Refusal::new(400, "ConflictException", message)
    })?;
    rollout.end(Status::RollbackRequested, None, cx.now_millis);
    Ok(Answer::ok(json!({ "serviceDeploymentArn": arn })))
}

/// `ContinueServiceDeployment`.
pub(in crate::ecs) fn go_on(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, CONTINUE, "InvalidParameterException")?;
    let arn = input.text("serviceDeploymentArn").unwrap_or_default();
    let hook = input.text("hookId").unwrap_or_default();
    let service = acted_on(region, cx, &input)?;
    let newest = service.rollouts.first_mut();
    let awaited = newest
        .filter(|rollout| rollout.arn == arn && rollout.status == Status::InProgress)
        .and_then(Rollout::awaited)
        .filter(|awaited| awaited.id == hook);
    let Some(awaited) = awaited else {
        return Err(invalid(
            "The service deployment is not paused at this lifecycle hook.",
        ));
    };
    if input.text("action") == Some("ROLLBACK") {
        awaited.status = HookStatus::Failed;
        let reason = "A lifecycle hook was answered with ROLLBACK.";
        service.roll_back(reason, cx.now_millis);
    } else {
        awaited.status = HookStatus::Succeeded;
    }
    Ok(Answer::ok(json!({ "serviceDeploymentArn": arn })))
}
