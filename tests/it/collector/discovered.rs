//! The tasks that a collector with `ecs_observer` looks for: one of another family, in the cluster
//! that its configuration names.

use std::{path::Path, thread, time::Duration};

use amp_stack_sandbox::{Sandbox, wire::Service};
use serde_json::json;

use crate::collector::{expected::Sample, task::call};

/// The port at which the task that is found serves its metrics.
pub(crate) const PORT: u16 = 9464;
/// The variable with a collector's configuration.
const CONFIGURATION: &str = "AOT_CONFIG_CONTENT";
/// Where the stack's own configuration keeps what it finds: a file of the container, which there is
/// none of here.
const FOUND: &str = "/etc/ecs_sd_targets.yaml";
/// The variable by which that configuration names the cluster, and the label of a container that
/// says its port.
const CLUSTER: &str = "CLUSTER";
const PORT_LABEL: &str = "ECS_PROMETHEUS_EXPORTER_PORT";

/// What is there to be found.
pub(crate) struct Discovered {
    cluster: String,
}

impl Discovered {
    /// What these variables make a collector look for, if anything; what it finds is kept in a file
    /// of this machine from here on.
    pub(crate) fn of(variables: &mut [(String, String)]) -> Option<Self> {
        let mut all = variables.iter();
        let cluster = all.find(|(name, _)| name == CLUSTER)?.1.clone();
        let mut all = variables.iter_mut();
        let (_, text) = all.find(|(name, text)| {
            name == CONFIGURATION && text.contains("ecs_observer") && text.contains(PORT_LABEL)
        })?;
        let found = format!("found-{}.yaml", std::process::id());
        let found = Path::new(env!("CARGO_TARGET_TMPDIR")).join(found);
        *text = text.replace(FOUND, found.to_str().unwrap());
        Some(Self { cluster })
    }

    /// What is not as the configuration promises: it labels what it finds with the family and the
    /// group, which names the service.
    pub(crate) fn compare(series: &[Sample]) -> Vec<String> {
        let found = series.iter().filter(|one| one.name.contains("harness"));
        let is_labelled = |sample: &&Sample| {
            let label = |name: &str| sample.labels.get(name).map(String::as_str);
            label("task_definition_family") == Some("backend")
                && label("task_group") == Some("service:backend")
        };
        let wrong = found.filter(|sample| !is_labelled(sample));
        wrong
            .map(|sample| format!("this does not say whose it is: {sample:?}"))
            .collect()
    }

    /// Runs a service of a task that is to be found, and waits until it runs.
    pub(crate) fn run(&self, sandbox: &Sandbox) {
        let ecs = |operation: &str, input| call(sandbox, Service::Ecs, operation, &input);
        ecs("CreateCluster", json!({"clusterName": self.cluster}));
        let container = json!({
            "name": "backend", "image": "backend:1", "dockerLabels": {PORT_LABEL: PORT.to_string()},
            "portMappings": [{"containerPort": PORT}],
        });
        ecs(
            "RegisterTaskDefinition",
            json!({
                "family": "backend", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc",
                "cpu": "256", "memory": "512", "containerDefinitions": [container],
            }),
        );
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
        ecs(
            "CreateService",
            json!({
                "cluster": self.cluster, "serviceName": "backend", "taskDefinition": "backend",
                "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network,
            }),
        );
        for _ in 0..100 {
            let asked = json!({"cluster": self.cluster, "services": ["backend"]});
            let found = ecs("DescribeServices", asked);
            if found["services"][0]["runningCount"] == 1 {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
        panic!("the task to be found does not run");
    }
}
