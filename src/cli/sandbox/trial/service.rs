//! What a trial does besides amp-stack: it starts services in its sandbox, lets time pass, breaks
//! something, and stops the services again. Each is what somebody would type for it.

use std::{collections::BTreeSet, pin::pin, time::Duration};

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::{
    cli::failure::Failure,
    collector::grants::POLICY_NAMES,
    model::{address::Address, identity::Identity, node::Node, service::ServiceName},
    stack::Stack,
    verify::{RoleUse, Subject},
};
use amp_stack_sandbox::{
    Sandbox,
    connector::Advance,
    wire::{Call, Service},
};

/// A subnet, which nobody looks up in a sandbox.
const SUBNET: &str = "subnet-0a1b2c3d";
/// The instances that a trial registers: which tasks run there, and its id. There are two of each,
/// so that a port of the host that the old task has is free for the new one.
const INSTANCES: [(&str, &str); 4] = [
    ("EC2", "i-0a1b2c3d4e5f60718"),
    ("EC2", "i-0a1b2c3d4e5f60719"),
    ("EXTERNAL", "mi-0a1b2c3d4e5f60718"),
    ("EXTERNAL", "mi-0a1b2c3d4e5f60719"),
];
/// What each of them has: CPU units and MiB.
const ROOM: [(&str, u32); 2] = [("CPU", 32_768), ("MEMORY", 131_072)];
/// How long a trial waits for samples: until nothing is too young any more to be judged.
const ARRIVED: Duration = Duration::from_secs(200);
/// How long it waits until the tasks have stopped.
const STOPPED: Duration = Duration::from_secs(200);
/// How fast the time of the sandbox passes while a deployment is waited for: every so often, by
/// that much.
const FAST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

/// Something that somebody may do by hand to an account in which all is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Break {
    /// Take from the task role what the collector may, as to write to the workspace
    CollectorRights,
    /// Let ECS no longer assume the task role
    RoleTrust,
    /// Take from the execution role all that it may
    ExecutionRights,
    /// Delete the collector's log group
    LogGroup,
}

/// A call to the sandbox, with what somebody would type for it.
pub(super) struct AwsCommand {
    pub(super) text: String,
    service: Service,
    operation: &'static str,
    input: Map<String, Value>,
}

fn aws_command(
    text: String,
    service: Service,
    operation: &'static str,
    input: &Value,
) -> AwsCommand {
    AwsCommand {
        text,
        service,
        operation,
        input: input.as_object().cloned().unwrap_or_default(),
    }
}

/// The sandbox of a trial, and its time.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    pub(super) sandbox: Sandbox,
    pub(super) time: Advance,
    pub(super) region: String,
}

impl Scene {
    /// Does it.
    pub(super) fn perform(&self, command: &AwsCommand) -> Result<(), Failure> {
        let done = self.sandbox.perform_call(&Call {
            service: command.service,
            region: self.region.clone(),
            operation: command.operation.to_owned(),
            input: command.input.clone(),
            key: None,
        });
        done.map(drop).map_err(|refusal| {
            let (code, message) = (&refusal.code, &refusal.message);
            Failure::before(format!(
                "the sandbox refuses {}: {code}: {message}",
                command.operation
            ))
        })
    }

    /// Lets the time pass in which samples of new tasks arrive.
    pub(super) fn let_samples_arrive(&self) {
        self.time.by(ARRIVED);
    }

    /// Lets the time pass fast for as long as `work` takes.
    pub(super) async fn hurry<T>(&self, work: impl Future<Output = T>) -> T {
        let (every, by) = FAST;
        let mut ticks = tokio::time::interval(every);
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                _ = ticks.tick() => self.time.by(by),
            }
        }
    }

    /// Lets the time pass in which tasks stop.
    pub(super) fn let_tasks_stop(&self) {
        self.time.by(STOPPED);
    }
}

/// The cluster of this name.
pub(super) fn cluster(name: &str) -> AwsCommand {
    let command = format!("aws ecs create-cluster --cluster-name {name}");
    aws_command(
        command,
        Service::Ecs,
        "CreateCluster",
        &json!({"clusterName": name}),
    )
}

/// The container instances of `cluster` for tasks of these launch types, with room for everything.
/// On AWS the agent of an instance registers it.
pub(super) fn instances(cluster: &str, types: &BTreeSet<&str>) -> Vec<AwsCommand> {
    let commands = INSTANCES.iter().filter(|(of, _)| types.contains(of));
    let commands = commands.map(|(_, instance)| {
        let document = json!({"instanceId": instance}).to_string();
        let resource = |(name, value): (&str, u32)| {
            json!({"name": name, "type": "INTEGER", "integerValue": value})
        };
        let command = format!(
            "aws ecs register-container-instance --cluster {cluster} --instance-identity-document '{document}' --total-resources {}  # as the ECS agent does",
            ROOM.map(|(name, value)| format!("name={name},type=INTEGER,integerValue={value}")).join(" ")
        );
        let input = json!({
            "cluster": cluster, "instanceIdentityDocument": document,
            "totalResources": ROOM.map(resource),
        });
        aws_command(command, Service::Ecs, "RegisterContainerInstance", &input)
    });
    commands.collect()
}

/// A member of the family's definition as it is declared.
fn member<'a>(address: &Address, stack: &'a Stack, key: &str) -> Option<&'a Node> {
    let declared = stack.resources.get(address)?;
    let want = declared.want.as_ref()?.task_definition()?;
    want.document.as_ref()?.written().get(key)
}

/// What the sandbox has no tasks on: ECS starts such instances by capacity providers.
const MANAGED: &str = "MANAGED_INSTANCES";

/// What the tasks of the family run on: the first of what its definition is checked against that
/// the sandbox has.
pub(super) fn launch_type<'a>(address: &Address, stack: &'a Stack) -> &'a str {
    let launch = member(address, stack, "requiresCompatibilities").and_then(Node::as_list);
    let names = launch.unwrap_or_default().iter().filter_map(Node::as_str);
    let names: Vec<&str> = names.collect();
    // Without any, ECS takes EC2.
    let otherwise = if names.is_empty() { "EC2" } else { MANAGED };
    let mut runs = names.into_iter().filter(|name| *name != MANAGED);
    runs.next().unwrap_or(otherwise)
}

/// Returns whether a trial can run a service of this task definition.
pub(super) fn can_run(address: &Address, stack: &Stack) -> bool {
    launch_type(address, stack) != MANAGED
}

/// The service, with one task of the family.
pub(super) fn start(name: &ServiceName, subject: &Subject, stack: &Stack) -> AwsCommand {
    let ServiceName { cluster, service } = name;
    let family = &subject.family;
    let mode = member(&subject.address, stack, "networkMode").and_then(Node::as_str);
    let launch = launch_type(&subject.address, stack);
    let mut input = json!({
        "cluster": cluster, "serviceName": service, "taskDefinition": family, "desiredCount": 1,
        "launchType": launch,
    });
    let mut command = format!(
        "aws ecs create-service --cluster {cluster} --service-name {service} --task-definition {family} --desired-count 1 --launch-type {launch}"
    );
    if mode == Some("awsvpc") {
        let network = json!({"awsvpcConfiguration": {"subnets": [SUBNET]}});
        input["networkConfiguration"] = network;
        command = format!(
            "{command} --network-configuration 'awsvpcConfiguration={{subnets=[{SUBNET}]}}'"
        );
    }
    aws_command(command, Service::Ecs, "CreateService", &input)
}

/// The end of that service.
pub(super) fn stop(name: &ServiceName) -> AwsCommand {
    let ServiceName { cluster, service } = name;
    let command = format!("aws ecs delete-service --cluster {cluster} --service {service} --force");
    let input = json!({"cluster": cluster, "service": service, "force": true});
    aws_command(command, Service::Ecs, "DeleteService", &input)
}

impl Break {
    /// What somebody does to `subject`; nothing if it has nothing of the kind.
    pub(super) fn commands(self, subject: &Subject, stack: &Stack) -> Vec<AwsCommand> {
        let role = |of: RoleUse| {
            let found = subject.roles.iter().find(|(role, _)| *role == of);
            found.map(|(_, arn)| arn.rsplit('/').next().unwrap_or(arn).to_owned())
        };
        let task = role(RoleUse::Task);
        let command = match self {
            Self::CollectorRights => task.and_then(|role| {
                let policy = collector_policy(&role, stack)?;
                let command =
                    format!("aws iam delete-role-policy --role-name {role} --policy-name {policy}");
                let input = json!({"RoleName": role, "PolicyName": policy});
                Some(aws_command(command, Service::Iam, "DeleteRolePolicy", &input))
            }),
            Self::RoleTrust => task.map(|role| {
                let document = trust_of_instances();
                let command = format!(
                    "aws iam update-assume-role-policy --role-name {role} --policy-document '{document}'"
                );
                let input = json!({"RoleName": role, "PolicyDocument": document});
                aws_command(command, Service::Iam, "UpdateAssumeRolePolicy", &input)
            }),
            Self::ExecutionRights => role(RoleUse::Execution).map(|role| {
                let policy = execution_policy(&subject.identity);
                let command =
                    format!("aws iam detach-role-policy --role-name {role} --policy-arn {policy}");
                let input = json!({"RoleName": role, "PolicyArn": policy});
                aws_command(command, Service::Iam, "DetachRolePolicy", &input)
            }),
            Self::LogGroup => subject.measures.as_ref().and_then(|m| m.log.as_ref()).map(|log| {
                let group = &log.group;
                let command = format!("aws logs delete-log-group --log-group-name {group}");
                let input = json!({"logGroupName": group});
                aws_command(command, Service::Logs, "DeleteLogGroup", &input)
            }),
        };
        command.into_iter().collect()
    }
}

/// The policy that amp-stack adds to a role of the stack for its collector. Which it is depends on
/// where that sends.
fn collector_policy(role: &str, stack: &Stack) -> Option<&'static str> {
    let declared = stack.resources.values();
    let mut roles = declared.filter_map(|declared| declared.want.as_ref()?.role());
    let role = roles.find(|declared| declared.name == role)?;
    POLICY_NAMES
        .into_iter()
        .find(|policy| role.inline_policies.contains_key(*policy))
}

fn execution_policy(identity: &Identity) -> String {
    identity.aws_policy_arn("service-role/AmazonECSTaskExecutionRolePolicy")
}

/// The trust policy of a role of EC2 instances, which is what many have before they use ECS.
fn trust_of_instances() -> String {
    let statement = json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
    });
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}
