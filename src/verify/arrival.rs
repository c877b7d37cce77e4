//! Whether samples arrive, and whose they are.

mod ages;

use std::collections::BTreeSet;

use crate::{
    model::{
        number::{as_f64, thousands, whole},
        workload::{Sample, Task},
    },
    series::Measures,
    verify::{
        Check, Evidence, Samples, Subject,
        check::{APPLICATION, FRESH, LABELS, SERIES, TARGETS},
        of,
        tasks::running,
    },
};
use ages::Ages;

/// How long after the start of a task the first series of the task come: they are sent every twenty
/// seconds.
const TASK_MILLIS: u64 = 90_000;
/// The same of what goes through the batch of a minute.
const BATCH_MILLIS: u64 = 180_000;
/// How old the last sample may be, in seconds: a scrape, a batch and some delay.
const FRESH_SECONDS: f64 = 240.0;
const TASK_LABEL: &str = "aws_ecs_task_arn";

/// What has got how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    /// No task runs.
    Nothing,
    /// Tasks run.
    Tasks,
    /// Samples of every one of them are in the workspace.
    Samples,
}

/// How far it has got.
pub(super) fn delivered(subject: &Subject, evidence: &Evidence) -> Arrived {
    let running = running(subject, evidence);
    if running.is_empty() {
        return Arrived::Nothing;
    }
    let Some(Ok(samples)) = &evidence.samples else {
        return Arrived::Tasks;
    };
    let now = as_f64(evidence.now) / 1000.0;
    let is_fresh = |sample: &&Sample| now - sample.value < FRESH_SECONDS;
    let fresh: BTreeSet<&str> = samples
        .last
        .iter()
        .filter(is_fresh)
        .map(|sample| sample.label(TASK_LABEL))
        .collect();
    if running.iter().all(|task| fresh.contains(task.arn.as_str())) {
        Arrived::Samples
    } else {
        Arrived::Tasks
    }
}

/// Judges what the workspace has of the tasks that run. `is_explained` says whether something is
/// known that keeps samples from coming.
pub(super) fn checks(
    subject: &Subject,
    evidence: &Evidence,
    running: &[&Task],
    is_explained: bool,
) -> Vec<Check> {
    let Some(measures) = subject.measures.as_ref() else {
        return Vec::new();
    };
    let series = of(subject, SERIES, "the series of the tasks arrive");
    let Some(target) = &subject.target else {
        return vec![series.unknown(if subject.sends_elsewhere_only() {
            "the collector writes to no workspace, and only a workspace can be asked"
        } else {
            "there is no workspace to ask"
        })];
    };
    let samples = match &evidence.samples {
        None => return vec![series.unknown("the workspace was not asked")],
        Some(Err(unseen)) => {
            let check = series.unknown(unseen);
            return vec![check.next(format!(
                "to let verify look, allow aps:QueryMetrics on {}",
                target.arn
            ))];
        }
        Some(Ok(samples)) => samples,
    };
    if samples.has_no_workspace {
        let (id, region) = (&target.id, &target.region);
        let check = series.fails(format!("there is no workspace {id} in {region}"));
        return vec![check.next("amp-stack plan")];
    }
    if running.is_empty() {
        let check = series.not_yet("no task of this revision runs that could send any");
        return vec![if is_explained {
            check.fails("see above for why")
        } else {
            check
        }];
    }
    let age = Ages::of(evidence.now, running, is_explained);
    let mut checks = vec![task_check(series, measures, samples, running.len(), &age)];
    checks.extend(targets(subject, measures, samples, running, &age));
    checks.push(application(subject, measures, samples, &age));
    checks.push(if measures.names_task == Some(false) {
        labels_check(subject).unknown(format!(
            "the configuration labels nothing with {TASK_LABEL}, so whose samples they are can't be known"
        ))
    } else {
        labels(subject, samples, running, &age)
    });
    // Of what has other names, nobody can say which series is to be there.
    let named = measures.task_series.as_ref();
    if named.is_none_or(|series| !series.is_empty())
        || measures.jobs.as_ref().is_none_or(|jobs| !jobs.is_empty())
    {
        checks.push(freshness(subject, samples, running, evidence.now, &age));
    }
    checks
}

/// How many tasks have which series of the task.
fn task_check(
    check: Check,
    measures: &Measures,
    samples: &Samples,
    tasks: usize,
    age: &Ages,
) -> Check {
    let here: BTreeSet<&str> = samples
        .task_series
        .iter()
        .map(|s| s.label("__name__"))
        .collect();
    let Some(expected) = &measures.task_series else {
        return if here.is_empty() {
            age.missing(
                check,
                TASK_MILLIS,
                "no series ecs_task_* is there".to_owned(),
            )
        } else {
            let found = format!("{} series ecs_task_*", here.len());
            check.found(format!(
                "{found}; the image's tag says no version, so their names can't be checked"
            ))
        };
    };
    if expected.is_empty() {
        return check.found("none is asked for under its own name");
    }
    let expected_here = |name: &&String| here.contains(name.as_str());
    let (there, missing): (Vec<&String>, Vec<&String>) = expected.iter().partition(expected_here);
    if there.is_empty() {
        let others: Vec<&str> = here.iter().copied().take(3).collect();
        if !others.is_empty() {
            return check.fails(format!(
                "the series of the task have the names of another version: {}",
                others.join(", ")
            ));
        }
        let first = expected.first().map_or("", String::as_str);
        return age.missing(
            check,
            TASK_MILLIS,
            format!("none of {first} and its like is there"),
        );
    }
    if !missing.is_empty() {
        let missing: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
        let what = format!("missing: {}", missing.join(", "));
        // A configuration of one's own may leave some out.
        return if measures.is_uncertain {
            check.found(format!(
                "{what}; a configuration of your own may leave them out"
            ))
        } else {
            age.missing(check, TASK_MILLIS, what)
        };
    }
    let too_few = samples
        .task_series
        .iter()
        .find(|s| s.value + 0.5 < as_f64(tasks as u64));
    if let Some(series) = too_few {
        let (name, value) = (series.label("__name__"), series.value);
        return age.missing(
            check,
            TASK_MILLIS,
            format!("{name} is there of {value} of {tasks} tasks"),
        );
    }
    check.found(format!(
        "{} series of each task, such as {}",
        there.len(),
        there[0]
    ))
}

/// Whether each target of each task is up.
fn targets(
    subject: &Subject,
    measures: &Measures,
    samples: &Samples,
    running: &[&Task],
    age: &Ages,
) -> Option<Check> {
    let check = of(subject, TARGETS, "every scrape target is up");
    let Some(jobs) = &measures.jobs else {
        if samples.up.is_empty() {
            return Some(
                check.unknown("what is scraped is in a configuration that is not read here"),
            );
        }
        let down = samples.up.iter().filter(|sample| sample.value < 0.5);
        return Some(down.fold(check, is_down));
    };
    if jobs.is_empty() {
        return None;
    }
    let mut check = check;
    for job in jobs {
        let of_job: Vec<&Sample> = samples
            .up
            .iter()
            .filter(|s| s.label("job") == job.name && s.label("instance") == job.target)
            .collect();
        let unlabelled = samples
            .unlabelled
            .iter()
            .any(|s| s.label("job") == job.name);
        if of_job.is_empty() && unlabelled {
            check = check
                .fails(format!("the series of job {} carry no {TASK_LABEL}: tasks can't be distinguished", job.name))
                .next("keep resourcedetection and resource_to_telemetry_conversion in a configuration of your own");
            continue;
        }
        for sample in of_job.iter().filter(|sample| sample.value < 0.5) {
            check = is_down(check, sample);
        }
        let seen: BTreeSet<&str> = of_job.iter().map(|s| s.label(TASK_LABEL)).collect();
        let missing = running
            .iter()
            .filter(|task| !seen.contains(task.arn.as_str()))
            .count();
        if missing > 0 {
            let what = format!(
                "up of job {} at {} is missing of {missing} of {} tasks",
                job.name,
                job.target,
                running.len()
            );
            check = age.missing(check, BATCH_MILLIS, what);
        }
    }
    let names: Vec<String> = jobs
        .iter()
        .map(|job| format!("{} at {}", job.name, job.target))
        .collect();
    Some(if check.because.is_empty() {
        check.found(names.join(", "))
    } else {
        check
    })
}

fn is_down(check: Check, sample: &Sample) -> Check {
    let (job, target) = (sample.label("job"), sample.label("instance"));
    let task = sample.label(TASK_LABEL);
    let task = task.rsplit('/').next().unwrap_or(task);
    check
        .fails(format!(
            "task {task}: nothing answers at {target} (job {job}, up == 0)"
        ))
        .next("correct `scrape`: the port and the path at which the application serves its metrics")
}

/// The application's own series.
fn application(subject: &Subject, measures: &Measures, samples: &Samples, age: &Ages) -> Check {
    let check = of(subject, APPLICATION, "series of the application arrive");
    let count: f64 = samples.application.iter().map(|sample| sample.value).sum();
    if samples.application.is_empty() {
        if measures.names_task == Some(false) {
            return check.unknown(format!(
                "nothing is there with the family's label, and the configuration labels nothing with {TASK_LABEL}"
            ));
        }
        let asked = match (&measures.jobs, measures.otlp) {
            (Some(jobs), Some(false)) if jobs.is_empty() && !measures.is_uncertain => {
                return check.found(
                    "none is asked for: the collector neither scrapes nor takes OTLP metrics",
                );
            }
            (_, Some(true)) => "nothing came over OTLP or from a target",
            _ => "nothing came from a target",
        };
        return age.missing(check, BATCH_MILLIS, asked.to_owned());
    }
    let names = samples
        .application
        .iter()
        .map(|sample| sample.label("__name__"));
    let names: Vec<&str> = names.take(3).collect();
    let count = thousands(whole(count));
    check.found(format!("{count} series, such as {}", names.join(", ")))
}

fn labels_check(subject: &Subject) -> Check {
    let what = format!("samples distinguish the tasks by {TASK_LABEL}");
    of(subject, LABELS, what)
}

/// As many tasks by their labels as run.
fn labels(subject: &Subject, samples: &Samples, running: &[&Task], age: &Ages) -> Check {
    let check = labels_check(subject);
    let seen: BTreeSet<&str> = samples
        .by_task
        .iter()
        .map(|s| s.label(TASK_LABEL))
        .collect();
    let silent: Vec<&str> = running
        .iter()
        .filter(|task| !seen.contains(task.arn.as_str()))
        .map(|task| task.id())
        .collect();
    if silent.is_empty() {
        return check.found(format!(
            "{} of {} running tasks",
            running.len(),
            running.len()
        ));
    }
    let named = silent
        .iter()
        .take(3)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    let (some, all) = (silent.len(), running.len());
    age.missing(
        check,
        TASK_MILLIS,
        format!("{some} of {all} running tasks have no sample: {named}"),
    )
}

/// The age of the last sample of each task.
fn freshness(
    subject: &Subject,
    samples: &Samples,
    running: &[&Task],
    now: u64,
    age: &Ages,
) -> Check {
    let check = of(subject, FRESH, "the last samples are young");
    let now = as_f64(now) / 1000.0;
    let mut oldest: Option<f64> = None;
    for task in running {
        let mut last = samples
            .last
            .iter()
            .filter(|s| s.label(TASK_LABEL) == task.arn);
        if let Some(last) = last.next() {
            let seconds = (now - last.value).max(0.0);
            oldest = Some(oldest.map_or(seconds, |oldest| oldest.max(seconds)));
        }
    }
    match oldest {
        None => age.missing(
            check,
            TASK_MILLIS,
            "there is none within an hour".to_owned(),
        ),
        Some(seconds) if seconds < FRESH_SECONDS => {
            check.found(format!("{seconds:.0}s old at most"))
        }
        Some(seconds) => check
            .fails(format!(
                "the last one of a running task is {seconds:.0}s old"
            ))
            .next("read the collector's log: `amp-stack guide sidecar`"),
    }
}
