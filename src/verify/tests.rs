//! Facts in, checks out: one table of what is changed in facts of which all is right.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::{
    model::{
        address::{Address, Kind},
        identity::Identity,
        workload::{
            ActiveSeries, Container, Decision, Discarded, LogLine, Sample, Service, Task, Workloads,
        },
    },
    series::{Destination, Format, Job, LogTarget, Measures},
};

const NOW: u64 = 1_800_000_000_000;
const WORKSPACE: &str = "arn:aws:aps:us-east-1:111122223333:workspace/ws-1";

fn sample(labels: &[(&str, &str)], value: f64) -> Sample {
    let labels = labels
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
    Sample {
        labels: labels.collect(),
        value,
    }
}

fn arn(index: usize) -> String {
    format!("arn:aws:ecs:us-east-1:111122223333:task/prod/{index}")
}

fn task(index: usize) -> Task {
    let container = |name: &str, health: Option<&str>| Container {
        name: name.to_owned(),
        status: "RUNNING".to_owned(),
        health: health.map(str::to_owned),
        ..Container::default()
    };
    Task {
        arn: arn(index),
        cluster: "prod".to_owned(),
        service: Some("web".to_owned()),
        family: "app".to_owned(),
        revision: 3,
        status: "RUNNING".to_owned(),
        desired: "RUNNING".to_owned(),
        started_at: Some(NOW - 600_000),
        containers: vec![container("app", None), container("otel", Some("HEALTHY"))],
        ..Task::default()
    }
}

/// What a collector of the newest version sends of each task.
fn task_series() -> Vec<String> {
    let names = [
        "cpu_reserved_None",
        "cpu_utilized_None",
        "memory_reserved_MiB",
        "memory_utilized_MiB",
        "network_rate_rx_Bytes_per_Second",
        "network_rate_tx_Bytes_per_Second",
        "storage_read_bytes_Bytes",
        "storage_write_bytes_Bytes",
    ];
    names.map(|name| format!("ecs_task_{name}")).to_vec()
}

fn measures() -> Measures {
    Measures {
        container: "otel".to_owned(),
        version: Some((0, 49)),
        is_checked: true,
        endpoint: Some(
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/".to_owned(),
        ),
        region: None,
        jobs: Some(vec![Job {
            name: "app".to_owned(),
            target: "localhost:9100".to_owned(),
        }]),
        otlp: Some(false),
        traces: Some(false),
        task_series: Some(task_series()),
        names_task: Some(true),
        is_uncertain: false,
        destinations: vec![Destination {
            exporter: "otlp_http/cloudwatch".to_owned(),
            format: Format::CloudWatch,
            endpoint: "https://monitoring.us-east-1.amazonaws.com/v1/metrics".to_owned(),
            namespace: None,
            is_amp: false,
            region: None,
            takes_role: false,
        }],
        log: Some(LogTarget {
            group: "/ecs/app".to_owned(),
            prefix: "ecs".to_owned(),
            region: None,
        }),
    }
}

pub(super) fn subject() -> Subject {
    let role = |name: &str| format!("arn:aws:iam::111122223333:role/{name}");
    Subject {
        address: Address::new(Kind::TaskDefinition, "app"),
        family: "app".to_owned(),
        revision: 3,
        identity: Identity::new("111122223333", "us-east-1"),
        measures: Some(measures()),
        roles: vec![
            (RoleUse::Task, role("Task")),
            (RoleUse::Execution, role("Execution")),
        ],
        own_roles: [role("Task"), role("Execution")].into(),
        rights: [write_right(), logs_right(), send_right()].into(),
        target: Some(Target {
            id: "ws-1".to_owned(),
            region: "us-east-1".to_owned(),
            arn: WORKSPACE.to_owned(),
            endpoint: "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/".to_owned(),
        }),
    }
}

fn write_right() -> Right {
    Right {
        of: RoleUse::Task,
        action: "aps:RemoteWrite".to_owned(),
        resource: WORKSPACE.to_owned(),
    }
}

fn send_right() -> Right {
    Right {
        of: RoleUse::Task,
        action: "cloudwatch:PutMetricData".to_owned(),
        resource: "*".to_owned(),
    }
}

fn logs_right() -> Right {
    Right {
        of: RoleUse::Execution,
        action: "logs:CreateLogStream".to_owned(),
        resource: "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/app:log-stream:x".to_owned(),
    }
}

fn allowed() -> Decision {
    Decision {
        is_allowed: true,
        ..Decision::default()
    }
}

fn samples() -> Samples {
    let names = task_series();
    let tasks = [arn(1), arn(2)];
    let by_task = |value: f64| -> Vec<Sample> {
        let samples = tasks.iter();
        samples
            .map(|task| sample(&[("aws_ecs_task_arn", task)], value))
            .collect()
    };
    let up = |task: &String| {
        let labels = [
            ("aws_ecs_task_arn", task.as_str()),
            ("job", "app"),
            ("instance", "localhost:9100"),
        ];
        sample(&labels, 1.0)
    };
    Samples {
        task_series: names
            .iter()
            .map(|name| sample(&[("__name__", name)], 2.0))
            .collect(),
        up: tasks.iter().map(up).collect(),
        application: vec![sample(&[("__name__", "http_requests_total")], 4.0)],
        by_task: by_task(20.0),
        last: by_task(1_799_999_990.0),
        ..Samples::default()
    }
}

fn evidence() -> Evidence {
    let trust = json!({"Statement": [{
        "Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
    }]});
    let service = Service {
        cluster: "prod".to_owned(),
        name: "web".to_owned(),
        family: "app".to_owned(),
        revision: 3,
        desired: 2,
        running: 2,
        ..Service::default()
    };
    let log = |index| LogEvidence {
        task: arn(index),
        place: ("/ecs/app".to_owned(), format!("ecs/otel/{index}")),
        lines: Ok(Vec::new()),
    };
    Evidence {
        now: NOW,
        trust: BTreeMap::from([
            (RoleUse::Task, Ok(Some(trust.clone()))),
            (RoleUse::Execution, Ok(Some(trust))),
        ]),
        rights: vec![
            (write_right(), Ok(allowed())),
            (logs_right(), Ok(allowed())),
            (send_right(), Ok(allowed())),
        ],
        workloads: Workloads {
            services: vec![service],
            tasks: vec![task(1), task(2)],
            unseen: Vec::new(),
        },
        logs: vec![log(1), log(2)],
        samples: Some(Ok(samples())),
        counted: Some(WorkspaceCounts {
            discarded: Ok(Vec::new()),
            active: Ok(Some(ActiveSeries {
                count: 40,
                limit: Some(50_000_000),
            })),
        }),
    }
}

fn of_counted(evidence: &mut Evidence) -> &mut WorkspaceCounts {
    evidence.counted.as_mut().unwrap()
}

/// Five samples are discarded in a minute that began so many seconds ago.
fn discards(evidence: &mut Evidence, reason: &str, seconds: u64) {
    let discarded = Discarded {
        reason: reason.to_owned(),
        counts: vec![(NOW / 1_000 - seconds, 5.0)],
    };
    of_counted(evidence).discarded = Ok(vec![discarded]);
}

fn active(evidence: &mut Evidence, count: u64, limit: Option<u64>) {
    of_counted(evidence).active = Ok(Some(ActiveSeries { count, limit }));
}

/// The facts after `change`, judged.
fn judged(change: impl Fn(&mut Subject, &mut Evidence)) -> Vec<Check> {
    let (mut subject, mut evidence) = (subject(), evidence());
    change(&mut subject, &mut evidence);
    judge(&Facts {
        plan: PlanFacts::default(),
        families: vec![(subject, evidence)],
    })
}

fn of_samples(evidence: &mut Evidence) -> &mut Samples {
    evidence.samples.as_mut().unwrap().as_mut().unwrap()
}

fn nothing_arrives(evidence: &mut Evidence) {
    evidence.samples = Some(Ok(Samples::default()));
}

fn line(evidence: &mut Evidence, before_now: u64, text: &str) {
    let line = LogLine {
        at: NOW - before_now,
        text: text.to_owned(),
    };
    evidence.logs[0].lines.as_mut().unwrap().push(line);
}

/// No task runs, because the instance that comes closest lacks something.
fn unplaced(evidence: &mut Evidence, lack: &str) {
    evidence.workloads.tasks.clear();
    let event = format!(
        "(service web) was unable to place a task because no container instance met all of its requirements. The closest matching (container-instance 0a1b) {lack}"
    );
    evidence.workloads.services[0].events = vec![event];
}

fn stops(evidence: &mut Evidence, code: &str, reason: &str) {
    for task in &mut evidence.workloads.tasks {
        task.status = "STOPPED".to_owned();
        task.desired = "STOPPED".to_owned();
        task.stop_code = Some(code.to_owned());
        task.stopped_reason = Some(reason.to_owned());
        task.stopped_at = Some(NOW);
    }
    evidence.workloads.services[0].running = 0;
    nothing_arrives(evidence);
}

fn decide(evidence: &mut Evidence, decision: Decision) {
    evidence.rights[0].1 = Ok(decision);
    nothing_arrives(evidence);
}

#[test]
fn samples_that_name_no_task_are_nobodys_and_not_wrong() {
    let checks = judged(|subject, evidence| {
        let measures = subject.measures.as_mut().unwrap();
        measures.names_task = Some(false);
        measures.task_series = Some(Vec::new());
        // What is scraped is discovered.
        measures.jobs = Some(Vec::new());
        measures.is_uncertain = true;
        nothing_arrives(evidence);
    });
    assert_eq!(Verdict::of(&checks), Verdict::Undecided, "{checks:#?}");
    let unknown = checks.iter().filter(|check| check.state == State::Unknown);
    let codes: Vec<&str> = unknown.map(|check| check.code).collect();
    assert_eq!(codes, ["application-series-arrive", "tasks-are-distinct"]);
}

#[test]
fn what_is_right_holds() {
    let checks = judged(|_, _| ());
    let wrong: Vec<&Check> = checks.iter().filter(|c| c.state != State::Holds).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(Verdict::of(&checks), Verdict::Proven);
    let codes: Vec<&str> = checks.iter().map(|check| check.code).collect();
    let all: Vec<&str> = CHECKS.iter().map(|rule| rule.code).collect();
    for code in &all {
        assert!(
            codes.contains(code) || *code == check::TRACE,
            "{code} is not looked at"
        );
    }
    assert!(codes.iter().all(|code| all.contains(code)));
}

type Change = fn(&mut Subject, &mut Evidence);

#[test]
fn every_fact_changes_the_check_that_it_is_about() {
    use State::{Fails, Holds, NotYet, Unknown};
    let rows: &[(Change, &str, State, &str, Verdict)] = &[
        // Rights.
        (
            |_, e| e.rights[2].1 = Ok(Decision::default()),
            check::SEND,
            Fails,
            "cloudwatch:PutMetricData on *: no policy of Task allows it",
            Verdict::Disproven,
        ),
        (
            |_, e| e.rights[2].1 = Err("iam:SimulatePrincipalPolicy is denied".to_owned()),
            check::SEND,
            Unknown,
            "iam:SimulatePrincipalPolicy is denied",
            Verdict::Undecided,
        ),
        (
            |_, e| _ = e.rights.pop(),
            check::SEND,
            Unknown,
            "there is no task role to ask about",
            Verdict::Undecided,
        ),
        (
            |_, e| decide(e, Decision::default()),
            check::WRITE,
            Fails,
            "no policy of Task allows it",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                decide(
                    e,
                    Decision {
                        is_explicit: true,
                        ..Decision::default()
                    },
                );
            },
            check::WRITE,
            Fails,
            "a statement of a policy of Task denies it",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                decide(
                    e,
                    Decision {
                        by_boundary: Some(false),
                        ..Decision::default()
                    },
                );
            },
            check::WRITE,
            Fails,
            "the permissions boundary",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                decide(
                    e,
                    Decision {
                        by_organization: Some(false),
                        ..Decision::default()
                    },
                );
            },
            check::WRITE,
            Fails,
            "a policy of the organization",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                decide(
                    e,
                    Decision {
                        missing_keys: vec!["aws:SourceIp".to_owned()],
                        ..Decision::default()
                    },
                );
                e.workloads.tasks[0].started_at = Some(NOW);
            },
            check::WRITE,
            Unknown,
            "aws:SourceIp",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.rights[0].1 = Err("iam:SimulatePrincipalPolicy is denied".to_owned());
                nothing_arrives(e);
                e.workloads.tasks[0].started_at = Some(NOW);
            },
            check::WRITE,
            Unknown,
            "iam:SimulatePrincipalPolicy is denied",
            Verdict::Undecided,
        ),
        (
            |s, e| {
                s.target.as_mut().unwrap().arn = WORKSPACE.replace("111122223333", "999988887777");
                nothing_arrives(e);
                e.workloads.tasks[0].started_at = Some(NOW);
            },
            check::WRITE,
            Unknown,
            "belongs to account 999988887777",
            Verdict::Undecided,
        ),
        (
            |s, _| {
                s.target = None;
                s.measures.as_mut().unwrap().endpoint = Some("https://x.test/write".to_owned());
            },
            check::WRITE,
            Fails,
            "the URL of no workspace",
            Verdict::Disproven,
        ),
        (
            |_, e| e.rights[1].1 = Ok(Decision::default()),
            check::EXECUTE,
            Fails,
            "logs:CreateLogStream on",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                e.trust.insert(RoleUse::Task, Ok(None));
            },
            check::TRUST,
            Fails,
            "there is no role Task",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                let denied = Err("the role Task: iam:GetRole is denied".to_owned());
                e.trust.insert(RoleUse::Task, denied);
            },
            check::TRUST,
            Unknown,
            "iam:GetRole is denied",
            Verdict::Undecided,
        ),
        // Tasks.
        (
            |_, e| {
                stops(
                    e,
                    "TaskFailedToStart",
                    "CannotPullContainerError: pull image manifest: not found",
                );
            },
            check::TASKS,
            Fails,
            "ECS can't pull an image",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                stops(
                    e,
                    "EssentialContainerExited",
                    "Essential container in task exited",
                );
                let app = &mut e.workloads.tasks[0].containers[0];
                app.exit_code = Some(137);
                app.reason = Some("OutOfMemoryError: Container killed".to_owned());
                e.workloads.tasks.remove(1);
            },
            check::TASKS,
            Fails,
            "container app exited with 137",
            Verdict::Disproven,
        ),
        (
            |_, e| stops(e, "ServiceSchedulerInitiated", "Scaling activity"),
            check::TASKS,
            NotYet,
            "none of 2 running yet",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.workloads = Workloads::default();
                nothing_arrives(e);
                e.logs.clear();
            },
            check::TASKS,
            NotYet,
            "no service and no task",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.workloads = Workloads {
                    unseen: vec!["the clusters: ecs:ListClusters is denied".to_owned()],
                    ..Workloads::default()
                };
            },
            check::TASKS,
            Unknown,
            "ecs:ListClusters is denied",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.workloads.tasks.clear();
                e.workloads.services[0].desired = 0;
                nothing_arrives(e);
            },
            check::TASKS,
            NotYet,
            "its desired count is 0",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.workloads.services[0].revision = 2;
                e.workloads
                    .tasks
                    .iter_mut()
                    .for_each(|task| task.revision = 2);
                nothing_arrives(e);
            },
            check::TASKS,
            NotYet,
            "prod/web runs app:2, not app:3",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                e.workloads.tasks.clear();
                let event = "(service web) failed to launch a task with (error ECS was unable to assume the role 'x').";
                let later = "(service web) is unable to consistently start tasks successfully.";
                e.workloads.services[0].events = vec![later.to_owned(), event.to_owned()];
            },
            check::TASKS,
            Fails,
            "ECS can't assume a role",
            Verdict::Disproven,
        ),
        (
            |_, e| unplaced(e, "is already using a port required by your task."),
            check::TASKS,
            Fails,
            "a port of the host that the task asks for is taken",
            Verdict::Disproven,
        ),
        (
            |_, e| unplaced(e, "is missing an attribute required by your task."),
            check::TASKS,
            Fails,
            "has what the task asks for: an attribute",
            Verdict::Disproven,
        ),
        // The collector and its log.
        (
            |_, e| {
                let otel = &mut e.workloads.tasks[1].containers[1];
                otel.status = "STOPPED".to_owned();
                otel.exit_code = Some(1);
            },
            check::COLLECTOR,
            Fails,
            "container otel exited with 1",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                e.workloads.tasks[1].containers[1].health = Some("UNHEALTHY".to_owned());
            },
            check::COLLECTOR,
            Fails,
            "UNHEALTHY",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                e.workloads.tasks[1].containers[1].health = Some("UNKNOWN".to_owned());
                e.workloads.tasks[1].started_at = Some(NOW - 3_000);
            },
            check::COLLECTOR,
            NotYet,
            "not known yet",
            Verdict::Undecided,
        ),
        (
            |_, e| {
                line(e, 30_000, "x \"status\": \"404 Not Found\"");
                of_samples(e).last.clear();
            },
            check::LOG,
            Fails,
            "AMP answers 404",
            Verdict::Disproven,
        ),
        (
            |_, e| line(e, 5_000, "400 Bad Request: out of order sample"),
            check::LOG,
            Fails,
            "collide",
            Verdict::Disproven,
        ),
        (
            |_, e| e.logs[1].lines = Err("logs:GetLogEvents is denied".to_owned()),
            check::LOG,
            Unknown,
            "logs:GetLogEvents is denied",
            Verdict::Undecided,
        ),
        (
            |s, e| {
                s.measures.as_mut().unwrap().log = None;
                e.logs.clear();
            },
            check::LOG,
            Unknown,
            "does not go to CloudWatch Logs",
            Verdict::Undecided,
        ),
        // Samples.
        (
            |_, e| {
                nothing_arrives(e);
                e.workloads.tasks[0].started_at = Some(NOW - 20_000);
            },
            check::SERIES,
            NotYet,
            "the youngest task runs for 20s",
            Verdict::Undecided,
        ),
        (
            |_, e| nothing_arrives(e),
            check::SERIES,
            Fails,
            "none of ecs_task_cpu_reserved_None",
            Verdict::Disproven,
        ),
        (
            |s, _| {
                let older = s.measures.as_mut().unwrap().task_series.as_mut().unwrap();
                for name in older {
                    *name = name.replace("_MiB", "_Megabytes");
                }
            },
            check::SERIES,
            Fails,
            "missing: ecs_task_memory_reserved_Megabytes",
            Verdict::Disproven,
        ),
        (
            |_, e| of_samples(e).task_series[0].value = 1.0,
            check::SERIES,
            Fails,
            "is there of 1 of 2 tasks",
            Verdict::Disproven,
        ),
        (
            |_, e| of_samples(e).has_no_workspace = true,
            check::SERIES,
            Fails,
            "there is no workspace ws-1",
            Verdict::Disproven,
        ),
        (
            |_, e| e.samples = Some(Err("aps:QueryMetrics is denied".to_owned())),
            check::SERIES,
            Unknown,
            "aps:QueryMetrics is denied",
            Verdict::Undecided,
        ),
        (
            |_, e| of_samples(e).up[1].value = 0.0,
            check::TARGETS,
            Fails,
            "task 2: nothing answers at localhost:9100",
            Verdict::Disproven,
        ),
        (
            |_, e| _ = of_samples(e).up.pop(),
            check::TARGETS,
            Fails,
            "is missing of 1 of 2 tasks",
            Verdict::Disproven,
        ),
        (
            |_, e| {
                let samples = of_samples(e);
                samples.up.clear();
                samples.unlabelled = vec![sample(&[("job", "app")], 2.0)];
            },
            check::TARGETS,
            Fails,
            "tasks can't be distinguished",
            Verdict::Disproven,
        ),
        (
            |s, e| {
                s.measures.as_mut().unwrap().jobs = None;
                of_samples(e).up.clear();
            },
            check::TARGETS,
            Unknown,
            "not read here",
            Verdict::Undecided,
        ),
        (
            |_, e| of_samples(e).application.clear(),
            check::APPLICATION,
            Fails,
            "nothing came from a target",
            Verdict::Disproven,
        ),
        (
            |_, e| _ = of_samples(e).by_task.pop(),
            check::LABELS,
            Fails,
            "1 of 2 running tasks have no sample: 2",
            Verdict::Disproven,
        ),
        (
            |_, e| of_samples(e).last[1].value = 1_799_999_000.0,
            check::FRESH,
            Fails,
            "1000s old",
            Verdict::Disproven,
        ),
        // What CloudWatch counts.
        (
            |_, e| discards(e, "per_labelset_series_limit", 120),
            check::DISCARDED,
            Fails,
            "per_labelset_series_limit: 5 within the hour, of whoever sends to it, the last 2 minutes ago: a set of labels",
            Verdict::Disproven,
        ),
        (
            |_, e| discards(e, "of_a_new_kind", 60),
            check::DISCARDED,
            Fails,
            "of_a_new_kind: 5 within the hour, of whoever sends to it, just now",
            Verdict::Disproven,
        ),
        (
            // Before any task of this revision ran.
            |_, e| discards(e, "rate_limited", 1_200),
            check::DISCARDED,
            Holds,
            "CloudWatch counts none",
            Verdict::Proven,
        ),
        (
            |_, e| {
                let why = "what is discarded of ws-1: cloudwatch:ListMetrics is denied";
                of_counted(e).discarded = Err(why.to_owned());
            },
            check::DISCARDED,
            Unknown,
            "cloudwatch:ListMetrics is denied",
            Verdict::Undecided,
        ),
        (
            |_, e| active(e, 10, Some(10)),
            check::ROOM,
            Fails,
            "10 of 10 active series (100 %): samples of new series are discarded",
            Verdict::Disproven,
        ),
        (
            |_, e| active(e, 8, Some(10)),
            check::ROOM,
            Holds,
            "8 of 10 active series (80 %): near the limit",
            Verdict::Proven,
        ),
        (
            |_, e| active(e, 13_000, Some(50_000_000)),
            check::ROOM,
            Holds,
            "13,000 of 50,000,000 active series (less than 1 %)",
            Verdict::Proven,
        ),
        (
            |_, e| active(e, 8, None),
            check::ROOM,
            Holds,
            "8 active series; CloudWatch does not say how many there may be",
            Verdict::Proven,
        ),
        (
            |_, e| of_counted(e).active = Ok(None),
            check::ROOM,
            Holds,
            "has no count of its active series yet, which takes some minutes; samples of every",
            Verdict::Proven,
        ),
        (
            |_, e| {
                of_counted(e).active = Ok(None);
                nothing_arrives(e);
                e.workloads.tasks[0].started_at = Some(NOW);
            },
            check::ROOM,
            Unknown,
            "has no count of its active series yet",
            Verdict::Undecided,
        ),
        (
            |_, e| of_counted(e).active = Err("cloudwatch:GetMetricData is denied".to_owned()),
            check::ROOM,
            Unknown,
            "cloudwatch:GetMetricData is denied",
            Verdict::Undecided,
        ),
    ];
    for (index, (change, code, state, words, verdict)) in rows.iter().enumerate() {
        let checks = judged(change);
        let mut of_code = checks.iter().filter(|check| check.code == *code);
        let found = of_code.find(|check| check.state == *state);
        let found =
            found.unwrap_or_else(|| panic!("{index}: {code} is not {state:?}: {checks:#?}"));
        let because = found.because.join("; ");
        assert!(because.contains(words), "{index}: {because}");
        assert_eq!(Verdict::of(&checks), *verdict, "{index}: {checks:#?}");
    }
}

#[test]
fn what_samples_prove_needs_no_simulation() {
    let denied = |e: &mut Evidence| {
        for (_, decision) in &mut e.rights {
            *decision = Err("iam:SimulatePrincipalPolicy is denied".to_owned());
        }
    };
    // Of what goes to CloudWatch, no sample is looked at.
    let checks = judged(|_, e| denied(e));
    assert_eq!(Verdict::of(&checks), Verdict::Undecided, "{checks:#?}");
    let checks = judged(|s, e| {
        s.measures.as_mut().unwrap().destinations.clear();
        denied(e);
    });
    assert_eq!(Verdict::of(&checks), Verdict::Proven, "{checks:#?}");
    let write = checks.iter().find(|check| check.code == check::WRITE);
    assert!(write.unwrap().because[0].contains("which proves it"));
}

#[test]
fn where_nobody_looks_is_said() {
    let findings = |change: fn(&mut Subject)| {
        let mut subject = subject();
        change(&mut subject);
        Findings::of(&Facts {
            plan: PlanFacts::default(),
            families: vec![(subject, evidence())],
        })
    };
    let said = findings(|_| ()).not_looked_at;
    assert!(
        said.iter()
            .any(|line| line.contains("arrive in CloudWatch"))
    );
    let said = findings(|s| s.measures.as_mut().unwrap().destinations.clear());
    assert_eq!(said.not_looked_at.len(), 1, "of no stack");
    let foreign = |s: &mut Subject| {
        s.target.as_mut().unwrap().arn = WORKSPACE.replace("111122223333", "999988887777");
    };
    let said = findings(foreign).not_looked_at;
    let counted = "what the workspace ws-1 discards, which CloudWatch counts in its own account";
    assert!(said.iter().any(|line| line == counted), "{said:#?}");
    // What writes to no workspace needs no right to.
    let alone = findings(|s| {
        s.target = None;
        s.measures.as_mut().unwrap().endpoint = None;
    });
    let alone = alone.checks;
    assert!(
        alone.iter().all(|check| check.code != check::WRITE),
        "{alone:#?}"
    );
    let series = alone.iter().find(|check| check.code == check::SERIES);
    assert_eq!(series.map(|check| check.state), Some(State::Unknown));
}

#[test]
fn what_several_families_write_to_is_counted_once() {
    let other = Subject {
        address: Address::new(Kind::TaskDefinition, "other"),
        ..subject()
    };
    let mut counted = evidence();
    discards(&mut counted, "rate_limited", 60);
    let checks = judge(&Facts {
        plan: PlanFacts::default(),
        families: vec![(subject(), counted.clone()), (other, counted)],
    });
    let discarded = checks.iter().filter(|c| c.code == check::DISCARDED);
    assert_eq!(discarded.count(), 1, "{checks:#?}");
    // Nobody runs whose samples they could be.
    let checks = judged(|_, e| {
        e.workloads.tasks.clear();
        discards(e, "rate_limited", 60);
    });
    assert!(checks.iter().all(|c| c.code != check::DISCARDED));
}

#[test]
fn an_error_is_over_when_a_younger_sample_has_come() {
    let forbidden = "403 Forbidden: not authorized to perform: aps:RemoteWrite";
    let checks = judged(|_, e| line(e, 60_000, forbidden));
    assert_eq!(Verdict::of(&checks), Verdict::Proven, "{checks:#?}");
    let checks = judged(|_, e| line(e, 1_000, forbidden));
    assert_eq!(Verdict::of(&checks), Verdict::Disproven, "{checks:#?}");
}

#[test]
fn what_is_unknown_is_never_wrong() {
    let check = Check::new(check::LOG, None, "x").unknown("unseen");
    assert_eq!(check.state, State::Unknown);
    assert_eq!(check.clone().fails("wrong").state, State::Fails);
    assert_eq!(check.fails("wrong").unknown("unseen").state, State::Fails);
}

#[test]
fn a_family_without_a_collector_sends_nothing() {
    let checks = judged(|s, _| s.measures = None);
    assert_eq!(Verdict::of(&checks), Verdict::Undecided, "{checks:#?}");
    assert!(checks[1].because[0].contains("has a collector"));
    let nothing = judge(&Facts::default());
    assert_eq!(Verdict::of(&nothing), Verdict::Undecided, "{nothing:#?}");
}

/// amp-stack gives rights to roles of the stack only: advice about others names where they are
/// made.
#[test]
fn rights_of_roles_of_others_are_given_where_these_are_made() {
    for (is_own, advice) in [
        (true, "gets it by itself if `policy` is left out"),
        (false, "where the role is made: the stack only names it"),
    ] {
        let checks = judged(|subject, evidence| {
            subject.own_roles.retain(|_| is_own);
            nothing_arrives(evidence);
            decide(evidence, Decision::default());
        });
        let check = checks.iter().find(|check| check.code == check::WRITE);
        let next = &check.expect("it is always looked at").next;
        assert!(next[0].contains(advice), "{next:?}");
    }
}
