//! The metrics that the receiver `awsecscontainermetrics` makes of a task and of its containers, by
//! version of the collector.

use crate::{collector::version::Version, series::naming};

/// What a metric is measured of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of the task as a whole.
    Task,
    /// Of each container.
    Container,
}

impl Scope {
    /// What the names of its metrics begin with.
    fn prefix(self) -> &'static str {
        match self {
            Self::Task => "ecs.task.",
            Self::Container => "container.",
        }
    }
}

/// A metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskMetric {
    /// Its name in the collector, which `task_metrics` and `rename` of a stack file use.
    pub name: String,
    /// What it is measured of.
    pub scope: Scope,
    /// Its unit.
    pub unit: &'static str,
    /// When it is there, if not always: for people, after "only".
    pub when: Option<&'static str>,
}

/// What is measured of whom.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Both,
    Task,
    Container,
}

/// The unit of memory, which v0.48 renamed.
const MEMORY: &str = "MiB";
const MEMORY_BEFORE: &str = "Megabytes";
/// The first version with the newer unit.
const MEMORY_RENAMED: Version = (0, 48);
/// The first version with metrics of ephemeral storage.
const EPHEMERAL_STORAGE: Version = (0, 48);

/// The metrics without their prefix: name, unit, whose, and when they are there.
const METRICS: &[(&str, &str, Whose, Option<&str>)] = &[
    ("cpu.cores", "Count", Whose::Both, None),
    ("cpu.onlines", "Count", Whose::Both, None),
    ("cpu.reserved", "None", Whose::Both, None),
    ("cpu.usage.kernelmode", "Nanoseconds", Whose::Both, None),
    ("cpu.usage.system", "Nanoseconds", Whose::Both, None),
    ("cpu.usage.total", "Nanoseconds", Whose::Both, None),
    ("cpu.usage.usermode", "Nanoseconds", Whose::Both, None),
    ("cpu.usage.vcpu", "vCPU", Whose::Both, None),
    ("cpu.utilized", "None", Whose::Both, None),
    (
        "duration",
        "Seconds",
        Whose::Container,
        Some("of a container that has ended"),
    ),
    ("ephemeral_storage.reserved", MEMORY, Whose::Task, None),
    ("ephemeral_storage.utilized", MEMORY, Whose::Task, None),
    ("memory.reserved", MEMORY, Whose::Both, None),
    ("memory.usage", "Bytes", Whose::Both, None),
    ("memory.usage.limit", "Bytes", Whose::Both, None),
    ("memory.usage.max", "Bytes", Whose::Both, None),
    ("memory.utilized", MEMORY, Whose::Both, None),
    ("network.io.usage.rx_bytes", "Bytes", Whose::Both, None),
    ("network.io.usage.rx_dropped", "Count", Whose::Both, None),
    ("network.io.usage.rx_errors", "Count", Whose::Both, None),
    ("network.io.usage.rx_packets", "Count", Whose::Both, None),
    ("network.io.usage.tx_bytes", "Bytes", Whose::Both, None),
    ("network.io.usage.tx_dropped", "Count", Whose::Both, None),
    ("network.io.usage.tx_errors", "Count", Whose::Both, None),
    ("network.io.usage.tx_packets", "Count", Whose::Both, None),
    ("network.rate.rx", "Bytes/Second", Whose::Both, None),
    ("network.rate.tx", "Bytes/Second", Whose::Both, None),
    ("storage.read_bytes", "Bytes", Whose::Both, None),
    ("storage.write_bytes", "Bytes", Whose::Both, None),
];

/// Everything that the receiver makes in a version, task first.
pub fn all(version: Version) -> Vec<TaskMetric> {
    let of = |scope: Scope| {
        let other = match scope {
            Scope::Task => Whose::Container,
            Scope::Container => Whose::Task,
        };
        let there = METRICS.iter().filter(move |(name, _, whose, _)| {
            let is_there = version >= EPHEMERAL_STORAGE || !name.starts_with("ephemeral_storage");
            *whose != other && is_there
        });
        there.map(move |(name, unit, _, when)| TaskMetric {
            name: format!("{}{name}", scope.prefix()),
            scope,
            unit: if *unit == MEMORY && version < MEMORY_RENAMED {
                MEMORY_BEFORE
            } else {
                unit
            },
            when: *when,
        })
    };
    of(Scope::Task).chain(of(Scope::Container)).collect()
}

/// What a metric is called in the workspace by default.
pub fn spelled(metric: &TaskMetric, version: Version) -> String {
    naming::Style::of(version).name(&metric.name, metric.unit)
}

/// The first of the versions that give the metrics the same names, newest first.
pub const RENAMED_IN: [Version; 3] = [MEMORY_RENAMED, naming::UNITS, (0, 30)];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(version: Version) -> Vec<String> {
        let all = all(version);
        all.iter().map(|metric| spelled(metric, version)).collect()
    }

    #[test]
    fn the_version_decides_the_names() {
        for (version, expected) in [
            ((0, 30), "ecs_task_memory_utilized"),
            ((0, 35), "ecs_task_memory_utilized_Megabytes"),
            ((0, 47), "ecs_task_memory_utilized_Megabytes"),
            ((0, 48), "ecs_task_memory_utilized_MiB"),
            ((0, 50), "ecs_task_memory_utilized_MiB"),
            ((0, 49), "ecs_task_network_rate_rx_Bytes_per_Second"),
            ((0, 49), "ecs_task_storage_read_bytes_Bytes"),
            ((0, 49), "container_cpu_usage_vcpu_vCPU"),
            ((0, 49), "container_duration_Seconds"),
        ] {
            let names = names(version);
            assert!(names.contains(&expected.to_owned()), "{version:?}");
        }
        let ephemeral = "ecs_task_ephemeral_storage_utilized_MiB".to_owned();
        assert!(names((0, 49)).contains(&ephemeral));
        assert!(!names((0, 47)).iter().any(|name| name.contains("ephemeral")));
    }

    #[test]
    fn a_name_means_one_metric() {
        for version in RENAMED_IN {
            let mut names = names(version);
            let count = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), count);
        }
    }
}
