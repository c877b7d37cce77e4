//! What becomes of a task's containers if nobody interferes: when they start, become healthy and
//! end. All of it is known when the task starts, so that a task at any moment is a function of the
//! time.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{collector, ecs::members::Members};

/// How long a task is PROVISIONING, counted from its creation.
pub(super) const PROVISIONED_MILLIS: u64 = 1_000;
/// When the first containers run, counted from the creation of their task. The times are the
/// sandbox's: on AWS they depend on the image.
const STARTED_MILLIS: u64 = 3_000;
/// When a task fails that can't start, counted from its creation.
const FAILED_MILLIS: u64 = 2_000;
/// How long a program runs that ends by itself.
const PROGRAM_MILLIS: u64 = 2_000;
/// How long a container waits for another (API reference, `ContainerDefinition`, startTimeout:
/// three minutes on Fargate unless said otherwise).
const START_TIMEOUT_SECONDS: u64 = 180;

/// The course of a task. All times are milliseconds since its creation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Course {
    /// In the order of the task definition.
    pub(super) containers: Vec<Container>,
    /// Why the task can't start, if it can't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure>,
}

/// The course of one container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Container {
    pub(super) essential: bool,
    /// Absent if what it depends on never comes about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) starts: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) health: Option<Health>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) end: Option<End>,
}

/// What the health check of a container finds, and from when on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Health {
    pub(super) at: u64,
    pub(super) is_good: bool,
}

/// How a program ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) at: u64,
    pub(super) exit_code: u8,
}

/// Why a task fails before its containers run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) at: u64,
    pub(super) reason: String,
}

/// How a task stops by itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stop<'a> {
    pub(super) at: u64,
    /// One of `TaskStopCode`.
    pub(super) code: &'static str,
    pub(super) reason: &'a str,
}

impl Course {
    /// The course of a task with this definition. `obstacle` is what keeps it from starting.
    pub(super) fn of(definition: &Map<String, Value>, obstacle: Option<String>) -> Self {
        let definitions: Vec<&Map<String, Value>> =
            definition.objects("containerDefinitions").collect();
        let mut containers: Vec<Container> = definitions
            .iter()
            .map(|container| Container {
                essential: container.flag("essential") != Some(false),
                starts: container
                    .list("dependsOn")
                    .is_empty()
                    .then_some(STARTED_MILLIS),
                health: None,
                end: None,
            })
            .collect();
        // Dependencies have no cycles (the rules see to it), so each round settles one more.
        for _ in 0..definitions.len() {
            for (index, definition) in definitions.iter().enumerate() {
                let starts = starts(definition, &definitions, &containers);
                let container = &mut containers[index];
                container.starts = starts;
                container.end = starts.and_then(|starts| end(definition, starts));
                container.health = starts.and_then(|starts| health(definition, starts));
            }
        }
        let reason = obstacle.map(|reason| (FAILED_MILLIS, reason));
        let failure = reason.or_else(|| stuck(&definitions, &containers));
        Self {
            containers,
            failure: failure.map(|(at, reason)| Failure { at, reason }),
        }
    }

    /// When all containers run.
    pub(super) fn runs_at(&self) -> Option<u64> {
        if self.failure.is_some() {
            return None;
        }
        let starts = self.containers.iter().map(|container| container.starts);
        starts
            .collect::<Option<Vec<_>>>()
            .map(|starts| starts.into_iter().max().unwrap_or(STARTED_MILLIS))
    }

    /// When the task runs and no health check of an essential container is open: from then on it
    /// counts for its service.
    pub(super) fn serves_at(&self) -> Option<u64> {
        let mut at = self.runs_at()?;
        for health in self.essential_health() {
            at = at.max(health.at);
            if !health.is_good {
                return None;
            }
        }
        Some(at)
    }

    /// When the health check of an essential container has failed.
    pub(super) fn unhealthy_at(&self) -> Option<u64> {
        let failed = self.essential_health().filter(|health| !health.is_good);
        failed.map(|health| health.at).min()
    }

    /// The health of a task is that of its essential containers (API reference, `Task`,
    /// healthStatus).
    pub(super) fn health(&self, age: u64) -> &'static str {
        let known: Vec<Option<bool>> = self
            .essential_health()
            .map(|health| (health.at <= age).then_some(health.is_good))
            .collect();
        if known.contains(&Some(false)) {
            "UNHEALTHY"
        } else if known.is_empty() || known.contains(&None) {
            "UNKNOWN"
        } else {
            "HEALTHY"
        }
    }

    fn essential_health(&self) -> impl Iterator<Item = Health> {
        let essential = self
            .containers
            .iter()
            .filter(|container| container.essential);
        essential.filter_map(|container| container.health)
    }

    /// How the task stops if nobody stops it.
    pub(super) fn stop(&self) -> Option<Stop<'_>> {
        if let Some(failure) = &self.failure {
            return Some(Stop {
                at: failure.at,
                code: "TaskFailedToStart",
                reason: &failure.reason,
            });
        }
        let essential = self
            .containers
            .iter()
            .filter(|container| container.essential);
        let ended = essential
            .filter_map(|container| container.end)
            .map(|end| end.at);
        // A task also ends when all of its containers have.
        let ends = self.containers.iter().map(|c| c.end.map(|end| end.at));
        let all = ends.collect::<Option<Vec<_>>>();
        let at = ended.chain(all.into_iter().flatten().max()).min()?;
        Some(Stop {
            at,
            code: "EssentialContainerExited",
            reason: "Essential container in task exited",
        })
    }

    /// The moments at which something changes.
    pub(super) fn moments(&self) -> impl Iterator<Item = u64> {
        let stop = self.stop().map(|stop| stop.at);
        [self.runs_at(), self.serves_at(), self.unhealthy_at(), stop]
            .into_iter()
            .flatten()
    }
}

/// When a container starts: when each dependency is as far as it is waited for (developer guide,
/// "Container dependency").
fn starts(
    container: &Map<String, Value>,
    definitions: &[&Map<String, Value>],
    containers: &[Container],
) -> Option<u64> {
    let mut at = STARTED_MILLIS;
    for dependency in container.objects("dependsOn") {
        let name = dependency.text("containerName");
        let index = definitions.iter().position(|d| d.text("name") == name)?;
        let other = &containers[index];
        let reached = match dependency.text("condition") {
            Some("HEALTHY") => other.health.filter(|health| health.is_good)?.at,
            Some("COMPLETE") => other.end?.at,
            Some("SUCCESS") => other.end.filter(|end| end.exit_code == 0)?.at,
            Some(_) | None => other.starts?,
        };
        at = at.max(reached);
    }
    Some(at)
}

/// Why a task never runs although each container could: one waits for what never comes about.
fn stuck(definitions: &[&Map<String, Value>], containers: &[Container]) -> Option<(u64, String)> {
    let waiting = definitions.iter().zip(containers);
    let (definition, _) = waiting
        .filter(|(_, container)| container.starts.is_none())
        .min_by_key(|(definition, _)| timeout(definition))?;
    let at = STARTED_MILLIS + timeout(definition) * 1_000;
    let name = definition.text("name").unwrap_or_default();
    Some((
        at,
        format!("Task failed to start: container {name} waited too long for its dependencies"),
    ))
}

fn timeout(definition: &Map<String, Value>) -> u64 {
    seconds(definition, "startTimeout").unwrap_or(START_TIMEOUT_SECONDS)
}

fn seconds(object: &Map<String, Value>, member: &str) -> Option<u64> {
    object.integer(member).and_then(|n| u64::try_from(n).ok())
}

/// When and how the program of a container ends. The sandbox runs nothing: it knows the commands
/// `true`, `false` and `exit N`, also behind a shell; everything else runs on.
fn end(container: &Map<String, Value>, starts: u64) -> Option<End> {
    // API reference, `ContainerRestartPolicy`: such a container is started again.
    let restarts = container
        .object("restartPolicy")
        .is_some_and(|policy| policy.flag("enabled") == Some(true));
    let words: Vec<&str> = container
        .texts("entryPoint")
        .chain(container.texts("command"))
        .collect();
    let exit_code = match collector::start_fault(container) {
        Some(_) => 1,
        None => exit_code(&words)?,
    };
    (!restarts).then_some(End {
        at: starts + PROGRAM_MILLIS,
        exit_code,
    })
}

/// The exit code of a command that ends by itself whatever happens: `curl … || exit 1` may not.
fn exit_code(words: &[&str]) -> Option<u8> {
    let line = words.join(" ");
    if line.contains(['|', '&']) {
        return None;
    }
    let last = line.rsplit(';').next().unwrap_or_default();
    let mut last = last.split_whitespace().rev();
    match (last.next()?, last.next()) {
        ("true" | "/bin/true", _) => Some(0),
        ("false" | "/bin/false" | "exit", _) => Some(1),
        (code, Some("exit")) => code.parse().ok(),
        _ => None,
    }
}

/// What the health check finds. It runs for the first time after one interval, and a container is
/// unhealthy after the start period and as many failures in a row as there are retries (API
/// reference, `HealthCheck`, with its defaults).
fn health(container: &Map<String, Value>, starts: u64) -> Option<Health> {
    let check = container.object("healthCheck")?;
    let words: Vec<&str> = check.texts("command").collect();
    if words.first() == Some(&"NONE") {
        return None;
    }
    let interval = seconds(check, "interval").unwrap_or(30);
    let is_good = exit_code(&words[1.min(words.len())..]).unwrap_or(0) == 0
        && collector::start_fault(container).is_none();
    let after = if is_good {
        interval
    } else {
        let start_period = seconds(check, "startPeriod").unwrap_or(0);
        start_period + interval * seconds(check, "retries").unwrap_or(3)
    };
    Some(Health {
        at: starts + after * 1_000,
        is_good,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Course, exit_code};

    fn course(containers: &Value) -> Course {
        let definition = json!({"containerDefinitions": containers});
        Course::of(definition.as_object().expect("an object"), None)
    }

    #[test]
    fn commands_that_end_by_themselves() {
        for (line, expected) in [
            (vec!["sh", "-c", "sleep 1; exit 3"], Some(3)),
            (vec!["exit 0"], Some(0)),
            (vec!["CMD-SHELL", "curl -f localhost || exit 1"], None),
            (vec!["sh", "-c", "exit"], Some(1)),
            (vec!["/bin/false"], Some(1)),
            (vec!["true"], Some(0)),
            (vec!["nginx", "-g", "daemon off;"], None),
            (vec!["exit", "now"], None),
            (vec![], None),
        ] {
            assert_eq!(exit_code(&line), expected, "{line:?}");
        }
    }

    #[test]
    fn containers_start_in_the_order_of_their_dependencies() {
        let check = json!({"command": ["CMD", "/healthcheck"], "interval": 5});
        let course = course(&json!([
            {"name": "app", "dependsOn": [{"containerName": "init", "condition": "SUCCESS"},
                {"containerName": "side", "condition": "HEALTHY"}]},
            {"name": "init", "essential": false, "command": ["true"]},
            {"name": "side", "essential": false, "healthCheck": check},
        ]));
        let starts: Vec<Option<u64>> = course.containers.iter().map(|c| c.starts).collect();
        assert_eq!(starts, [Some(8_000), Some(3_000), Some(3_000)]);
        assert_eq!(course.runs_at(), Some(8_000));
        assert_eq!(course.serves_at(), Some(8_000));
        assert_eq!(course.stop(), None);
        // Only essential containers count for the task.
        assert_eq!(course.health(60_000), "UNKNOWN");
    }

    #[test]
    fn a_dependency_that_never_comes_about_ends_the_task() {
        let course = course(&json!([
            {"name": "app", "startTimeout": 10,
                "dependsOn": [{"containerName": "init", "condition": "SUCCESS"}]},
            {"name": "init", "essential": false, "command": ["false"]},
        ]));
        assert_eq!(course.runs_at(), None);
        let stop = course.stop().expect("it stops");
        assert_eq!((stop.at, stop.code), (13_000, "TaskFailedToStart"));
    }

    #[test]
    fn a_task_is_as_healthy_as_its_essential_containers() {
        let check =
            |command: &str| json!({"command": ["CMD-SHELL", command], "interval": 5, "retries": 2});
        let good =
            course(&json!([{"name": "app", "healthCheck": check("curl -f localhost || exit 1")}]));
        assert_eq!(
            (good.health(7_999), good.health(8_000)),
            ("UNKNOWN", "HEALTHY")
        );
        assert_eq!(good.serves_at(), Some(8_000));
        let bad = course(&json!([{"name": "app", "healthCheck": check("exit 1")}]));
        assert_eq!(bad.health(13_000), "UNHEALTHY");
        assert_eq!((bad.serves_at(), bad.unhealthy_at()), (None, Some(13_000)));
    }

    #[test]
    fn an_essential_container_ends_its_task() {
        let ends = course(&json!([
            {"name": "app", "command": ["sh", "-c", "exit 7"]},
            {"name": "side", "essential": false},
        ]));
        let stop = ends.stop().expect("it stops");
        assert_eq!((stop.at, stop.code), (5_000, "EssentialContainerExited"));
        let runs = course(&json!([
            {"name": "app"}, {"name": "init", "essential": false, "command": ["false"]},
        ]));
        assert_eq!(runs.stop(), None);
        let restarted = json!({"enabled": true});
        let runs =
            course(&json!([{"name": "app", "command": ["false"], "restartPolicy": restarted}]));
        assert_eq!(runs.stop(), None);
    }
}
