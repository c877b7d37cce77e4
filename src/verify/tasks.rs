//! Whether tasks of the current revision run, and how their collectors are.

use crate::{
    model::workload::{Container, Service, Task},
    verify::{
        Check, Evidence, Subject,
        check::{COLLECTOR, TASKS},
        of,
        symptoms::{Symptom, Voice, recognise},
    },
};

/// How long after its start a collector may take to become healthy: five tries of five seconds,
/// after ten seconds of grace, as the health check is registered.
const HEALTHY_MILLIS: u64 = 45_000;
/// What ECS says when a service has all it needs (ECS developer guide, "Amazon ECS service event
/// messages").
const STEADY: &str = "has reached a steady state";
/// The most tasks that are named.
const NAMED: usize = 3;

/// The tasks of the current revision that run.
pub(super) fn running<'a>(subject: &Subject, evidence: &'a Evidence) -> Vec<&'a Task> {
    let tasks = evidence.workloads.tasks.iter();
    let current = tasks.filter(|task| is_current(subject, task));
    current.filter(|task| task.runs()).collect()
}

fn is_current(subject: &Subject, task: &Task) -> bool {
    task.family == subject.family && task.revision == subject.revision
}

pub(super) fn run(subject: &Subject, evidence: &Evidence) -> Check {
    let name = format!("{}:{}", subject.family, subject.revision);
    let check = of(subject, TASKS, format!("tasks of {name} run"));
    let services = evidence.workloads.services.iter();
    let services: Vec<&Service> = services.filter(|s| s.family == subject.family).collect();
    let running = running(subject, evidence);
    if !running.is_empty() {
        let check = check.found(counted(running.len()));
        let behind = services
            .iter()
            .filter(|service| service.revision != subject.revision);
        let check = behind.fold(check, |check, service| is_behind(check, subject, service));
        return services
            .iter()
            .fold(check, |check, service| is_short(check, service));
    }
    if let Some(check) = stopped(&check, subject, evidence) {
        return check;
    }
    let mut check = check;
    for service in &services {
        check = of_service(check, subject, service);
    }
    if !services.is_empty() {
        return check;
    }
    let mut unseen = evidence.workloads.unseen.iter();
    if let Some(first) = unseen.next() {
        let check = check.unknown(first);
        return unseen.fold(check, Check::unknown);
    }
    let pending = evidence.workloads.tasks.iter();
    let pending = pending.filter(|task| is_current(subject, task) && task.desired != "STOPPED");
    match pending.count() {
        0 => check.not_yet("no service and no task of it is there").next(format!(
            "start one: aws ecs create-service --cluster CLUSTER --service-name SERVICE --task-definition {name} ..."
        )),
        count => check.not_yet(format!("{}, but none runs yet", counted(count))),
    }
}

fn counted(tasks: usize) -> String {
    match tasks {
        1 => "1 task".to_owned(),
        tasks => format!("{tasks} tasks"),
    }
}

/// What a service says of why there is no task.
fn of_service(check: Check, subject: &Subject, service: &Service) -> Check {
    let path = service.path();
    if service.revision != subject.revision {
        return is_behind(check, subject, service);
    }
    // Of some tasks that find no place or no role, nothing is known against those that start.
    if let Some((event, symptom)) = complaint(service).filter(|_| service.pending == 0) {
        let check = check.fails(format!("{path}: {}", symptom.cause));
        let check = check.found(format!("ECS says: {event}"));
        return check.next(symptom.cure);
    }
    if service.desired == 0 {
        let (cluster, name) = (&service.cluster, &service.name);
        return check
            .not_yet(format!("{path} is to have no task: its desired count is 0"))
            .next(format!(
                "aws ecs update-service --cluster {cluster} --service {name} --desired-count 1"
            ));
    }
    let check = check.not_yet(format!(
        "{path} has none of {} running yet",
        service.desired
    ));
    match service.events.first() {
        Some(event) => check.found(format!("ECS says: {event}")),
        None => check,
    }
}

/// What a service complains of and what that is a symptom of. What was said before the last steady
/// state is over.
fn complaint(service: &Service) -> Option<(&String, &'static Symptom)> {
    let since = service.events.iter();
    let since = since.take_while(|event| !event.contains(STEADY));
    let known = since.filter_map(|event| Some((event, recognise(Voice::Event, event)?)));
    known.last()
}

/// A service that runs fewer tasks than it is to have, if it says why.
fn is_short(check: Check, service: &Service) -> Check {
    let Service {
        running, desired, ..
    } = service;
    match complaint(service).filter(|_| running < desired) {
        Some((_, symptom)) => {
            let path = service.path();
            let check = check.found(format!(
                "{path} has {running} of {desired}: {}",
                symptom.cause
            ));
            check.next(symptom.cure)
        }
        None => check,
    }
}

/// A service that runs another revision.
fn is_behind(check: Check, subject: &Subject, service: &Service) -> Check {
    let Service {
        cluster,
        name,
        family,
        revision,
        ..
    } = service;
    let current = format!("{}:{}", subject.family, subject.revision);
    check
        .not_yet(format!("{} runs {family}:{revision}, not {current}", service.path()))
        .next(format!(
            "aws ecs update-service --cluster {cluster} --service {name} --task-definition {current}"
        ))
}

/// Why the tasks that were there have stopped; `None` if none has stopped by itself.
fn stopped(check: &Check, subject: &Subject, evidence: &Evidence) -> Option<Check> {
    let tasks = evidence.workloads.tasks.iter();
    let stopped = tasks.filter(|task| is_current(subject, task) && task.status == "STOPPED");
    // Tasks that somebody or a deployment has stopped say nothing about the next ones.
    let by_itself = stopped.filter(|task| {
        let code = task.stop_code.as_deref().unwrap_or_default();
        ["TaskFailedToStart", "EssentialContainerExited"].contains(&code)
    });
    let last = by_itself.max_by_key(|task| task.stopped_at)?;
    let reason = last
        .stopped_reason
        .as_deref()
        .unwrap_or("ECS does not say why");
    let containers = last.containers.iter();
    let reasons = containers
        .clone()
        .filter_map(|container| container.reason.as_deref());
    let mut said = [reason].into_iter().chain(reasons);
    let symptom = said.find_map(|text| recognise(Voice::Stop, text));
    let mut check = check.clone();
    if let Some(symptom) = symptom {
        check = check.fails(symptom.cause).next(symptom.cure);
    }
    check = check.fails(format!("task {} stopped: {reason}", last.id()));
    for container in containers {
        if let Some(ended) = ended(container) {
            check = check.found(ended);
        }
    }
    Some(check.next(format!(
        "aws ecs describe-tasks --cluster {} --tasks {}",
        last.cluster,
        last.id()
    )))
}

/// How a container ended, if there is something to say about it.
fn ended(container: &Container) -> Option<String> {
    let Container {
        name,
        exit_code,
        reason,
        ..
    } = container;
    match (exit_code, reason) {
        (None | Some(0), None) => None,
        (Some(code), None) => Some(format!("container {name} exited with {code}")),
        (Some(code), Some(reason)) => {
            Some(format!("container {name} exited with {code}: {reason}"))
        }
        (None, Some(reason)) => Some(format!("container {name}: {reason}")),
    }
}

/// How the collectors of the running tasks are; nothing without one.
pub(super) fn collector(subject: &Subject, evidence: &Evidence) -> Option<Check> {
    let measures = subject.measures.as_ref()?;
    let running = running(subject, evidence);
    if running.is_empty() {
        return None;
    }
    let name = &measures.container;
    let mut check = if measures.is_checked {
        of(
            subject,
            COLLECTOR,
            format!("the collector {name} is HEALTHY"),
        )
    } else {
        of(
            subject,
            COLLECTOR,
            format!("the collector {name} runs; nothing checks its health"),
        )
    };
    let mut named = 0;
    for task in &running {
        let Some(bad) = is_bad(task, name, measures.is_checked, evidence.now) else {
            continue;
        };
        named += 1;
        if named > NAMED {
            continue;
        }
        check = match bad {
            Bad::Wrong(why) => check.fails(why),
            Bad::Young(why) => check.not_yet(why),
        };
    }
    if named > NAMED {
        check = check.found(format!("and {} more tasks like these", named - NAMED));
    }
    if check.state == crate::verify::State::Fails {
        check = check.next("read the collector's log: its errors are named below, and in `amp-stack guide sidecar`");
    }
    Some(check)
}

enum Bad {
    Wrong(String),
    Young(String),
}

fn is_bad(task: &Task, name: &str, is_checked: bool, now: u64) -> Option<Bad> {
    let id = task.id();
    let Some(container) = task.container(name) else {
        return Some(Bad::Wrong(format!("task {id} has no container {name}")));
    };
    let age = now.saturating_sub(task.started_at.unwrap_or(now));
    if container.status == "STOPPED" {
        let ended = ended(container).unwrap_or_else(|| format!("container {name} has stopped"));
        return Some(Bad::Wrong(format!("task {id}: {ended}")));
    }
    if container.status != "RUNNING" {
        return Some(Bad::Young(format!(
            "task {id}: the collector is {}",
            container.status
        )));
    }
    match container.health.as_deref() {
        _ if !is_checked => None,
        Some("HEALTHY") => None,
        Some("UNHEALTHY") => Some(Bad::Wrong(format!("task {id}: the collector is UNHEALTHY"))),
        Some(_) | None if age < HEALTHY_MILLIS => Some(Bad::Young(format!(
            "task {id}: its health is not known yet"
        ))),
        Some(health) => Some(Bad::Wrong(format!(
            "task {id}: its health is {health} still"
        ))),
        None => Some(Bad::Wrong(format!(
            "task {id}: ECS says nothing about its health"
        ))),
    }
}
