//! What the workspace has of one revision of a family.
//!
//! Queries ask for sums by few labels, because a series of the collector has two dozen. None relies
//! on what only some engines do: `timestamp` keeps the times of samples only of a plain selector
//! (Prometheus documentation, "Query functions"), so a range is asked for what is older than the
//! five minutes that an instant query looks back.

use std::collections::BTreeMap;

use crate::{
    aws::{Aws, prometheus::Queryable, workload::unseen},
    model::{call::CallError, workload::Sample},
    series::Measures,
    verify::{Samples, Seen, Subject},
};

/// How far back the last sample is looked for, in seconds.
const HOUR: u64 = 3_600;
/// The steps in which it is looked for: less than an instant query looks back.
const STEP: u64 = 240;
/// The series that are no application's: those of the task, and what scraping adds (Prometheus
/// documentation, "Jobs and instances"; OpenTelemetry specification, "Prometheus Compatibility",
/// `target_info`).
pub(super) const NOT_OF_APPLICATION: &str = "ecs_task_.*|container_.*|up|scrape_.*|target_info";

/// Asks the workspace about the current revision; `None` if the collector's endpoint names none.
pub(super) async fn read(aws: &Aws, subject: &Subject, now: u64) -> Option<Seen<Samples>> {
    let (asked, id) = Questions::of(aws, subject, now, Some(subject.revision))?;
    Some(match asked.samples().await {
        Ok(samples) => Ok(samples),
        Err(error) if is_no_workspace(&error) => Ok(Samples {
            has_no_workspace: true,
            ..Samples::default()
        }),
        Err(error) => Err(unseen(&format!("the samples in {id}"), &error)),
    })
}

/// When the last sample of each task of the family was taken, whatever its revision.
pub(super) async fn last(aws: &Aws, subject: &Subject, now: u64) -> Option<Seen<Vec<Sample>>> {
    let (asked, id) = Questions::of(aws, subject, now, None)?;
    let last = asked.last(&[]).await;
    Some(last.map_err(|error| unseen(&format!("the samples in {id}"), &error)))
}

fn is_no_workspace(error: &CallError) -> bool {
    matches!(
        error.code.as_deref(),
        Some("ResourceNotFoundException" | "404")
    )
}

struct Questions<'a> {
    workspace: Queryable,
    subject: &'a Subject,
    measures: &'a Measures,
    /// The revision that is meant, if it is one.
    revision: Option<u32>,
    /// In seconds since 1970.
    now: u64,
}

impl<'a> Questions<'a> {
    /// What can be asked about `subject`, and the id of the workspace.
    fn of(
        aws: &Aws,
        subject: &'a Subject,
        now: u64,
        revision: Option<u32>,
    ) -> Option<(Self, &'a str)> {
        let target = subject.target.as_ref()?;
        let measures = subject.measures.as_ref()?;
        let workspace = aws
            .prometheus
            .workspace(&target.endpoint, &target.region, &target.id);
        let questions = Self {
            workspace,
            subject,
            measures,
            revision,
            now: now / 1000,
        };
        Some((questions, &target.id))
    }

    async fn samples(&self) -> Result<Samples, CallError> {
        let s = self.selector();
        let of_tasks = format!(
            "count by (__name__) (count by (__name__, aws_ecs_task_arn) ({{__name__=~\"ecs_task_.*\",{s}}}))"
        );
        let up = format!("min by (aws_ecs_task_arn, job, instance) (up{{{s}}})");
        let application =
            format!("count by (__name__) ({{__name__!~\"{NOT_OF_APPLICATION}\",{s}}})");
        let by_task = format!("count by (aws_ecs_task_arn) ({{{s}}})");
        let [of_tasks, up, application, by_task] =
            [of_tasks, up, application, by_task].map(|question| {
                let workspace = self.workspace.clone();
                async move { workspace.query(&question).await }
            });
        let (task_series, up, application, by_task) =
            tokio::try_join!(of_tasks, up, application, by_task)?;
        let last = self.last(&task_series).await?;
        let unlabelled = self.unlabelled(&up).await?;
        Ok(Samples {
            task_series,
            up,
            application,
            by_task,
            last,
            unlabelled,
            has_no_workspace: false,
        })
    }

    /// The matchers of what is meant, without braces.
    fn selector(&self) -> String {
        let family = format!("aws_ecs_task_family=\"{}\"", self.subject.family);
        match self.revision {
            Some(revision) => format!("{family},aws_ecs_task_revision=\"{revision}\""),
            None => family,
        }
    }

    /// When the last sample of each task was taken.
    async fn last(&self, task_series: &[Sample]) -> Result<Vec<Sample>, CallError> {
        let here = task_series
            .first()
            .map(|sample| sample.label("__name__").to_owned());
        let expected = task_series_of(self.measures);
        let names: Vec<String> = here
            .clone()
            .or(expected)
            .into_iter()
            .chain(["up".to_owned()])
            .collect();
        let mut last = Vec::new();
        for name in &names {
            let taken = self.taken(name);
            last.extend(self.workspace.query(&taken).await?);
        }
        if last.is_empty() {
            for name in &names {
                let times = (self.now.saturating_sub(HOUR), self.now);
                last.extend(
                    self.workspace
                        .query_range(&self.taken(name), times, STEP)
                        .await?,
                );
            }
        }
        Ok(youngest(last))
    }

    fn taken(&self, name: &str) -> String {
        format!(
            "max by (aws_ecs_task_arn) (timestamp({name}{{{}}}))",
            self.selector()
        )
    }

    /// The series of the jobs that no task could be found for.
    async fn unlabelled(&self, up: &[Sample]) -> Result<Vec<Sample>, CallError> {
        let jobs = self.measures.jobs.iter().flatten();
        let missing = jobs.filter(|job| !up.iter().any(|sample| sample.label("job") == job.name));
        let mut found = Vec::new();
        for job in missing {
            let name = job.name.replace('\\', "\\\\").replace('"', "\\\"");
            let question = format!("count by (job) (up{{job=\"{name}\",aws_ecs_task_arn=\"\"}})");
            found.extend(self.workspace.query(&question).await?);
        }
        Ok(found)
    }
}

fn task_series_of(measures: &Measures) -> Option<String> {
    measures.task_series.as_ref()?.first().cloned()
}

/// The youngest sample of each task.
fn youngest(samples: Vec<Sample>) -> Vec<Sample> {
    let mut by_task: BTreeMap<String, Sample> = BTreeMap::new();
    for sample in samples {
        let task = sample.label("aws_ecs_task_arn").to_owned();
        match by_task.get(&task) {
            Some(known) if known.value >= sample.value => {}
            Some(_) | None => _ = by_task.insert(task, sample),
        }
    }
    by_task.into_values().collect()
}
