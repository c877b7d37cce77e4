//! How things stand: what runs of each family, for a look at it and not as a proof.

use std::collections::BTreeMap;

use crate::{
    model::{
        address::Address,
        number::{as_f64, whole},
        workload::{Registered, Sample, Service, Task, Workloads},
    },
    verify::{Seen, Subject},
};

/// What was read of one family.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// When it was read, in milliseconds since 1970.
    pub now: u64,
    /// When and by whom the current revision was registered.
    pub registered: Option<Seen<Registered>>,
    /// What runs of the family.
    pub workloads: Workloads,
    /// When each task's last sample was taken, in seconds since 1970, by its ARN; `None` if the
    /// collector's endpoint names no workspace.
    pub last: Option<Seen<Vec<Sample>>>,
}

/// How a family stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FamilyStatus {
    /// Where it stands in the stack file.
    pub address: Address,
    /// Its name.
    pub family: String,
    /// Its current revision.
    pub revision: u32,
    /// How many seconds ago that was registered.
    pub registered_seconds: Option<u64>,
    /// Who registered it.
    pub registered_by: Option<String>,
    /// Who runs it: the services, and under no name the tasks of each cluster that belong to none.
    pub users: Vec<UserStatus>,
    /// What could not be seen, and why.
    pub unseen: Vec<String>,
}

/// How a service stands, or the tasks of a revision in a cluster that belong to no service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserStatus {
    /// The name of the cluster.
    pub cluster: String,
    /// The name of the service; `None` for tasks of no service.
    pub service: Option<String>,
    /// The number of the revision that it is to run.
    pub revision: u32,
    /// Whether that is the current one.
    pub is_current: bool,
    /// How many tasks run.
    pub running: i32,
    /// How many are to; `None` for tasks of no service.
    pub desired: Option<i32>,
    /// How far the deployment is, where ECS says so.
    pub rollout: Option<String>,
    /// What the application's containers are, with how many: `HEALTHY`, or `RUNNING` where nothing
    /// checks their health.
    pub application: BTreeMap<String, usize>,
    /// The same of the collectors.
    pub collector: BTreeMap<String, usize>,
    /// How many seconds old the last sample of any of its tasks is.
    pub last_sample_seconds: Option<u64>,
    /// What happened last, of a service that has not all its tasks.
    pub event: Option<String>,
}

/// How `subject` stands.
pub fn status(subject: &Subject, standing: &Standing) -> FamilyStatus {
    let mut unseen = standing.workloads.unseen.clone();
    let registered = match &standing.registered {
        Some(Ok(registered)) => Some(registered),
        Some(Err(why)) => {
            unseen.push(why.clone());
            None
        }
        None => None,
    };
    if let Some(Err(why)) = &standing.last {
        unseen.push(why.clone());
    }
    let at = registered.and_then(|registered| registered.at);
    let services = standing.workloads.services.iter();
    let mut users: Vec<UserStatus> = services
        .map(|service| of_service(subject, standing, service))
        .collect();
    users.extend(alone(subject, standing));
    FamilyStatus {
        address: subject.address.clone(),
        family: subject.family.clone(),
        revision: subject.revision,
        registered_seconds: at.map(|at| standing.now.saturating_sub(at) / 1000),
        registered_by: registered.and_then(|registered| registered.by.clone()),
        users,
        unseen,
    }
}

fn of_service(subject: &Subject, standing: &Standing, service: &Service) -> UserStatus {
    let tasks = standing.workloads.tasks.iter();
    let is_its = |task: &&Task| {
        task.cluster == service.cluster && task.service.as_ref() == Some(&service.name)
    };
    let tasks: Vec<&Task> = tasks.filter(is_its).filter(|task| task.runs()).collect();
    let is_short = service.running < service.desired;
    UserStatus {
        service: Some(service.name.clone()),
        running: service.running,
        desired: Some(service.desired),
        rollout: service.rollout.clone(),
        event: service.events.first().cloned().filter(|_| is_short),
        ..of_tasks(
            subject,
            standing,
            &service.cluster,
            service.revision,
            &tasks,
        )
    }
}

/// The running tasks of no service, by cluster and revision.
fn alone(subject: &Subject, standing: &Standing) -> Vec<UserStatus> {
    let mut groups: BTreeMap<(&str, u32), Vec<&Task>> = BTreeMap::new();
    for task in standing.workloads.tasks.iter().filter(|task| task.runs()) {
        if task.service.is_none() {
            let group = (task.cluster.as_str(), task.revision);
            groups.entry(group).or_default().push(task);
        }
    }
    let groups = groups.into_iter();
    groups
        .map(|((cluster, revision), tasks)| UserStatus {
            running: i32::try_from(tasks.len()).unwrap_or(i32::MAX),
            ..of_tasks(subject, standing, cluster, revision, &tasks)
        })
        .collect()
}

/// What follows from the tasks.
fn of_tasks(
    subject: &Subject,
    standing: &Standing,
    cluster: &str,
    revision: u32,
    tasks: &[&Task],
) -> UserStatus {
    let name = subject
        .measures
        .as_ref()
        .map(|measures| measures.container.as_str());
    let mut user = UserStatus {
        cluster: cluster.to_owned(),
        revision,
        is_current: revision == subject.revision,
        ..UserStatus::default()
    };
    for container in tasks.iter().flat_map(|task| &task.containers) {
        let health = container
            .health
            .as_deref()
            .filter(|health| *health != "UNKNOWN");
        let health = health.filter(|_| container.status == "RUNNING");
        let of = if Some(container.name.as_str()) == name {
            &mut user.collector
        } else {
            &mut user.application
        };
        *of.entry(health.unwrap_or(&container.status).to_owned())
            .or_default() += 1;
    }
    if let Some(Ok(last)) = &standing.last {
        let of_user = last.iter().filter(|sample| {
            let arn = sample.label("aws_ecs_task_arn");
            tasks.iter().any(|task| task.arn == arn)
        });
        let youngest = of_user.map(|sample| sample.value).reduce(f64::max);
        let now = as_f64(standing.now) / 1000.0;
        user.last_sample_seconds = youngest.map(|at| whole((now - at).max(0.0)));
    }
    user
}

#[cfg(test)]
mod tests {
    use crate::{
        model::workload::{Container, Registered, Sample, Service, Task, Workloads},
        verify::{Standing, status, tests::subject},
    };

    const NOW: u64 = 1_800_000_000_000;

    fn task(id: &str, service: Option<&str>, revision: u32, health: &str) -> Task {
        let container = |name: &str, health: Option<&str>| Container {
            name: name.to_owned(),
            status: "RUNNING".to_owned(),
            health: health.map(str::to_owned),
            ..Container::default()
        };
        Task {
            arn: format!("arn:aws:ecs:us-east-1:111122223333:task/prod/{id}"),
            cluster: "prod".to_owned(),
            service: service.map(str::to_owned),
            family: "app".to_owned(),
            revision,
            status: "RUNNING".to_owned(),
            desired: "RUNNING".to_owned(),
            containers: vec![container("web", None), container("otel", Some(health))],
            ..Task::default()
        }
    }

    #[test]
    fn who_runs_what_is_summed_up() {
        let last = |task: &Task, value: f64| Sample {
            labels: [("aws_ecs_task_arn".to_owned(), task.arn.clone())].into(),
            value,
        };
        let tasks = vec![
            task("1", Some("web"), 3, "HEALTHY"),
            task("2", Some("web"), 3, "UNHEALTHY"),
            task("3", None, 2, "HEALTHY"),
        ];
        let standing = Standing {
            now: NOW,
            registered: Some(Ok(Registered {
                at: Some(NOW - 60_000),
                by: Some("me".to_owned()),
            })),
            last: Some(Ok(vec![last(&tasks[0], 1_799_999_988.0)])),
            workloads: Workloads {
                services: vec![Service {
                    cluster: "prod".to_owned(),
                    name: "web".to_owned(),
                    family: "app".to_owned(),
                    revision: 3,
                    desired: 3,
                    running: 2,
                    events: vec!["unable to place a task".to_owned()],
                    ..Service::default()
                }],
                tasks,
                unseen: Vec::new(),
            },
        };
        let found = status(&subject(), &standing);
        assert_eq!(found.registered_seconds, Some(60));
        let [web, alone] = found.users.as_slice() else {
            panic!("{found:#?}");
        };
        assert_eq!(
            (web.running, web.desired, web.is_current),
            (2, Some(3), true)
        );
        assert_eq!(web.application, [("RUNNING".to_owned(), 2)].into());
        let collector = [("HEALTHY".to_owned(), 1), ("UNHEALTHY".to_owned(), 1)];
        assert_eq!(web.collector, collector.into());
        assert_eq!(web.last_sample_seconds, Some(12));
        assert_eq!(web.event.as_deref(), Some("unable to place a task"));
        assert_eq!(
            (alone.service.as_ref(), alone.revision, alone.running),
            (None, 2, 1)
        );
        assert_eq!((alone.is_current, alone.last_sample_seconds), (false, None));
    }

    #[test]
    fn what_could_not_be_seen_is_said() {
        let standing = Standing {
            registered: Some(Err("a".to_owned())),
            last: Some(Err("b".to_owned())),
            ..Standing::default()
        };
        assert_eq!(status(&subject(), &standing).unseen, ["a", "b"]);
    }
}
