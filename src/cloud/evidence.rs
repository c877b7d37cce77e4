//! Reading what shows whether samples arrive: rights, tasks, logs and the workspace. Nothing here
//! alters anything, and nothing that can't be read ends it: that is part of what was found.

mod counted;
mod samples;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::{Aws, all, counts, simulate, workload},
    model::{
        call::CallError,
        workload::{Decision, Sample, Task, Workloads},
    },
    verify::{
        Evidence, LogEvidence, Right, SINCE_MILLIS, Seen, Standing, Subject, Target,
        WorkspaceCounts,
    },
};

pub use counted::Counted;

/// The most tasks of a family whose logs are read: what one of them says, the others say too.
const LOGS: usize = 10;

impl Aws {
    /// Reads what there is to know of `subjects`, in their order.
    pub async fn evidence(&self, subjects: &[Subject]) -> Vec<Evidence> {
        let families: BTreeSet<String> = subjects.iter().map(|s| s.family.clone()).collect();
        let workloads = workload::read(self, &families).await;
        let mut found: Vec<Evidence> = Vec::new();
        for subject in subjects {
            let mut evidence = self.evidence_of(subject, &workloads).await;
            // Of a workspace that several write to, one reading does.
            let mut earlier = subjects.iter().zip(&found);
            let earlier = earlier.find(|(earlier, _)| earlier.target == subject.target);
            evidence.counted = match earlier {
                Some((_, earlier)) => earlier.counted.clone(),
                None => self.workspace_counts(subject, evidence.now).await,
            };
            found.push(evidence);
        }
        found
    }

    /// Reads how `subjects` stand, in their order.
    pub async fn standings(&self, subjects: &[Subject]) -> Vec<Standing> {
        let families: BTreeSet<String> = subjects.iter().map(|s| s.family.clone()).collect();
        let workloads = workload::read(self, &families).await;
        let mut found = Vec::new();
        for subject in subjects {
            let now = self.now_millis();
            let name = format!("{}:{}", subject.family, subject.revision);
            let (registered, last) = tokio::join!(
                workload::registered(self, &name),
                samples::last(self, subject, now),
            );
            let what = format!("when {name} was registered");
            found.push(Standing {
                now,
                registered: Some(registered.map_err(|error| workload::unseen(&what, &error))),
                workloads: of_family(&workloads, &subject.family),
                last,
            });
        }
        found
    }

    /// Asks the workspace of `subject` what its tasks have counted within a day; `None` if its
    /// collector's endpoint names none.
    pub async fn counted(&self, subject: &Subject) -> Option<Result<Counted, CallError>> {
        let target = subject.target.as_ref()?;
        let workspace = self
            .prometheus
            .workspace(&target.endpoint, &target.region, &target.id);
        Some(counted::read(&workspace, &subject.family, self.now_millis()).await)
    }

    /// What the workspace of `subject` answers to a question in PromQL, now; `None` if its
    /// collector's endpoint names none.
    pub async fn ask(
        &self,
        subject: &Subject,
        question: &str,
    ) -> Option<Result<Vec<Sample>, CallError>> {
        let target = subject.target.as_ref()?;
        let workspace = self
            .prometheus
            .workspace(&target.endpoint, &target.region, &target.id);
        Some(workspace.query(question).await)
    }

    /// The time of the clock that also signs, in milliseconds since 1970.
    fn now_millis(&self) -> u64 {
        let now = self.now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| u64::try_from(now.as_millis()).unwrap_or(u64::MAX))
    }

    async fn evidence_of(&self, subject: &Subject, all: &Workloads) -> Evidence {
        let now = self.now_millis();
        let workloads = of_family(all, &subject.family);
        let (trust, rights, logs, samples) = tokio::join!(
            self.trust(subject),
            self.rights(subject),
            self.logs(subject, &workloads, now),
            samples::read(self, subject, now),
        );
        Evidence {
            now,
            trust,
            rights,
            workloads,
            logs,
            samples,
            counted: None,
        }
    }

    /// What CloudWatch counts of the workspace, if it is of this account.
    async fn workspace_counts(&self, subject: &Subject, now: u64) -> Option<WorkspaceCounts> {
        let target = subject.target.as_ref();
        let target = target.filter(|target| target.is_of(&subject.identity.account))?;
        let Target { id, region, .. } = target;
        let counts = counts::read(self, (region, id), now / 1_000).await;
        let said = |what: &str, error: &CallError| workload::unseen(&format!("{what} {id}"), error);
        Some(WorkspaceCounts {
            discarded: counts
                .discarded
                .map_err(|error| said("what is discarded of", &error)),
            active: counts
                .active
                .map_err(|error| said("the active series of", &error)),
        })
    }

    async fn trust(
        &self,
        subject: &Subject,
    ) -> BTreeMap<crate::verify::RoleUse, Seen<Option<serde_json::Value>>> {
        let mut found = BTreeMap::new();
        for (of, arn) in &subject.roles {
            let name = arn.rsplit('/').next().unwrap_or(arn);
            let policy = simulate::trust(self, name).await;
            let what = format!("the role {name}");
            found.insert(*of, policy.map_err(|error| workload::unseen(&what, &error)));
        }
        found
    }

    /// What IAM says of each right, in a call for each role and resource.
    async fn rights(&self, subject: &Subject) -> Vec<(Right, Seen<Decision>)> {
        let mut questions: BTreeMap<(String, String), Vec<Right>> = BTreeMap::new();
        for right in &subject.rights {
            let role = subject.roles.iter().find(|(of, _)| *of == right.of);
            if let Some((_, arn)) = role {
                let question = (arn.clone(), right.resource.clone());
                questions.entry(question).or_default().push(right.clone());
            }
        }
        let asked = all(questions, |((role, resource), rights)| {
            let aws = self.clone();
            async move {
                let actions = rights.iter().map(|right| right.action.clone()).collect();
                let decided = simulate::decisions(&aws, &role, actions, &resource).await;
                Ok(answers(rights, &decided))
            }
        });
        // Failures are part of the answers.
        let answers: Result<Vec<_>, CallError> = asked.await;
        answers.map_or_else(
            |_| Vec::new(),
            |answers| answers.into_iter().flatten().collect(),
        )
    }

    /// The last lines of the collectors of the tasks that run or, if none does, of those that have
    /// stopped.
    async fn logs(&self, subject: &Subject, workloads: &Workloads, now: u64) -> Vec<LogEvidence> {
        let Some(measures) = &subject.measures else {
            return Vec::new();
        };
        let Some(target) = &measures.log else {
            return Vec::new();
        };
        let mut logs = Vec::new();
        for task in worth_reading(subject, workloads) {
            let stream = format!("{}/{}/{}", target.prefix, measures.container, task.id());
            let here = &subject.identity.region;
            let lines = match &target.region {
                Some(region) if region != here => Err(format!(
                    "the log is in {region}, which is not looked at from {here}"
                )),
                Some(_) | None => {
                    let until = task.stopped_at.unwrap_or(now).min(now);
                    let since = until.saturating_sub(SINCE_MILLIS);
                    let lines = workload::log_lines(self, &target.group, &stream, since).await;
                    let what = format!("the log {} in {}", stream, target.group);
                    lines.map_err(|error| workload::unseen(&what, &error))
                }
            };
            logs.push(LogEvidence {
                task: task.arn.clone(),
                place: (target.group.clone(), stream),
                lines,
            });
        }
        logs
    }
}

fn answers(
    rights: Vec<Right>,
    decided: &Result<BTreeMap<String, Decision>, CallError>,
) -> Vec<(Right, Seen<Decision>)> {
    let answer = |right: &Right| match decided {
        Ok(decided) => decided
            .get(&right.action)
            .cloned()
            .ok_or_else(|| format!("IAM says nothing about {}", right.action)),
        Err(error) => Err(workload::unseen(
            &format!("what the {} may do", right.of.noun()),
            error,
        )),
    };
    rights
        .into_iter()
        .map(|right| (right.clone(), answer(&right)))
        .collect()
}

fn of_family(all: &Workloads, family: &str) -> Workloads {
    let services = all
        .services
        .iter()
        .filter(|service| service.family == family);
    let tasks = all.tasks.iter().filter(|task| task.family == family);
    Workloads {
        services: services.cloned().collect(),
        tasks: tasks.cloned().collect(),
        unseen: all.unseen.clone(),
    }
}

/// The tasks of the current revision whose logs are read.
fn worth_reading<'a>(subject: &Subject, workloads: &'a Workloads) -> Vec<&'a Task> {
    let tasks = workloads.tasks.iter();
    let current = tasks.filter(|task| task.revision == subject.revision);
    let (running, mut stopped): (Vec<&Task>, Vec<&Task>) = current.partition(|task| task.runs());
    let mut chosen = running;
    if chosen.is_empty() {
        stopped.sort_by_key(|task| std::cmp::Reverse(task.stopped_at));
        chosen = stopped;
    }
    chosen.truncate(LOGS);
    chosen
}
