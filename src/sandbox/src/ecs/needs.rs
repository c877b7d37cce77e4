//! What a task takes of the container instance that it runs on.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::members::Members;

/// Host ports, each with its protocol.
pub(super) type Ports = BTreeSet<(String, i64)>;

/// What a task takes of the instance that it runs on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Needs {
    /// CPU units.
    pub(super) cpu: i64,
    /// MiB.
    pub(super) memory: i64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) ports: Ports,
}

/// The place of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The ARN of the instance.
    pub(super) instance: String,
    pub(super) needs: Needs,
}

impl Needs {
    /// What a task with this definition takes. What is reserved for the whole task counts, else
    /// what its containers reserve (API reference, `ContainerDefinition`, memoryReservation).
    pub(super) fn of(definition: &Map<String, Value>) -> Self {
        let of_task = |member: &str| definition.text(member)?.parse::<i64>().ok();
        let sum = |of: fn(&Map<String, Value>) -> Option<i64>| -> i64 {
            let containers = definition.objects("containerDefinitions");
            containers.filter_map(of).sum()
        };
        let memory = |container: &Map<String, Value>| {
            let reserved = container.integer("memoryReservation");
            reserved.or_else(|| container.integer("memory"))
        };
        Self {
            cpu: of_task("cpu").unwrap_or_else(|| sum(|container| container.integer("cpu"))),
            memory: of_task("memory").unwrap_or_else(|| sum(memory)),
            ports: host_ports(definition),
        }
    }
}

/// The ports of the host that a task takes: those of its containers on the host's network, those
/// that it asks for on a bridge, and none with a network interface of its own (API reference,
/// `PortMapping`, hostPort).
fn host_ports(definition: &Map<String, Value>) -> Ports {
    let mode = definition.text("networkMode").unwrap_or("bridge");
    let mappings = definition
        .objects("containerDefinitions")
        .flat_map(|container| container.objects("portMappings"));
    let taken = mappings.filter_map(|mapping| {
        let port = match mode {
            "host" => mapping.integer("containerPort"),
            "bridge" => mapping.integer("hostPort"),
            _ => None,
        };
        let protocol = mapping.text("protocol").unwrap_or("tcp").to_owned();
        Some((protocol, port.filter(|port| *port > 0)?))
    });
    taken.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Needs;

    fn needs(definition: &Value) -> Needs {
        Needs::of(definition.as_object().expect("an object"))
    }

    #[test]
    fn what_a_task_takes() {
        let app = json!({"name": "app", "cpu": 100, "memory": 300, "memoryReservation": 200,
            "portMappings": [{"containerPort": 80, "hostPort": 8080}, {"containerPort": 81}]});
        let side = json!({"name": "side", "memory": 50});
        let mut definition = json!({"containerDefinitions": [app, side]});
        let port = |port: i64| ("tcp".to_owned(), port);
        let taken = needs(&definition);
        assert_eq!((taken.cpu, taken.memory), (100, 250));
        assert_eq!(taken.ports, [port(8080)].into());
        definition["networkMode"] = json!("host");
        assert_eq!(needs(&definition).ports, [port(80), port(81)].into());
        definition["networkMode"] = json!("awsvpc");
        definition["memory"] = json!("1024");
        definition["cpu"] = json!("512");
        let taken = needs(&definition);
        assert_eq!((taken.cpu, taken.memory, taken.ports.len()), (512, 1024, 0));
    }
}
