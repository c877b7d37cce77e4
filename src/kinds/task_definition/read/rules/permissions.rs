//! What needs a role.

use crate::{
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::read::{
        launch::LaunchType,
        rights,
        roles::RoleUse,
        rules::{Container, Task},
        view::View,
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    trust(task, problems);
    if !task.execution_role.is_some() {
        execution_role(task, problems);
    }
    if !task.role.is_some() {
        for volume in task.request.list("volumes") {
            let efs = volume.at("efsVolumeConfiguration");
            let iam = efs
                .and_then(|efs| efs.at("authorizationConfig"))
                .and_then(|config| config.at("iam"));
            if let Some(iam) = iam.filter(|iam| iam.known() == Some("ENABLED")) {
                // ECS API reference, `EFSAuthorizationConfig`, `iam`: it is the task role that
                // mounts.
                problems.add(
                    "no-task-role",
                    &iam.span,
                    "needs `task_role`",
                    "an EFS volume with IAM is mounted by the task role, and there is none",
                );
            }
        }
    }
}

/// ECS assumes both roles for the task (ECS developer guide, "Amazon ECS task IAM role" and "Amazon
/// ECS task execution IAM role").
fn trust(task: &Task<'_>, problems: &mut Problems) {
    for (member, role) in [
        ("taskRoleArn", task.role),
        ("executionRoleArn", task.execution_role),
    ] {
        let (RoleUse::Ours(key, role), Some(at)) = (role, task.request.at(member)) else {
            continue;
        };
        if rights::shuts_out_tasks(role, task.scope) {
            problems
                .add(
                    "role-does-not-trust-tasks",
                    &at.span,
                    "is assumed by ECS",
                    format!("`roles.{key}` does not let ecs-tasks.amazonaws.com assume it"),
                )
                .and(&role.span, "the role")
                .help("leave `trust` out: then tasks of this account and region may assume it");
        }
    }
}

/// Reports a missing execution role once, with every place that needs it.
fn execution_role(task: &Task<'_>, problems: &mut Problems) {
    let mut reasons = task.containers.iter().flat_map(|container| {
        let of_container = reasons(task, container).into_iter();
        of_container.map(move |(why, at)| (container, why, at))
    });
    let Some((container, why, at)) = reasons.next() else {
        return;
    };
    let problem = problems.add(
        "no-execution-role",
        &at.span,
        why,
        format!("{} needs an execution role", container.label()),
    );
    for (container, why, at) in reasons {
        problem.and(&at.span, format!("{} {why}", container.label()));
    }
    problem.help(format!(
        "add `execution_role`: it is the execution role that {why}"
    ));
}

/// Why a container needs an execution role, and the places that say so: ECS developer guide,
/// "Amazon ECS task execution IAM role", lists what it is for. On instances of the account, the
/// instance's own role pulls images and writes logs.
fn reasons<'a>(task: &Task<'_>, container: &Container<'a>) -> Vec<(&'static str, &'a Tree)> {
    let tree = container.tree;
    let logs = tree.at("logConfiguration");
    let awslogs = logs
        .and_then(|logs| logs.at("logDriver"))
        .filter(|driver| driver.known() == Some("awslogs"));
    let image = tree
        .at("image")
        .filter(|image| image.known().is_some_and(is_ecr));
    let managed = task.is_on_fargate() || task.launch.has(LaunchType::ManagedInstances);
    let reasons = [
        ("reads secrets", first(tree, "secrets")),
        (
            "reads secrets of the log driver",
            logs.and_then(|logs| first(logs, "secretOptions")),
        ),
        ("reads environment files", first(tree, "environmentFiles")),
        (
            "pulls from a private registry",
            tree.at("repositoryCredentials"),
        ),
        ("writes logs", awslogs.filter(|_| managed)),
        ("pulls from Amazon ECR", image.filter(|_| managed)),
    ];
    reasons
        .into_iter()
        .filter_map(|(why, at)| Some((why, at?)))
        .collect()
}

fn first<'a>(tree: &'a Tree, list: &str) -> Option<&'a Tree> {
    tree.list(list).first()
}

/// Returns whether an image is in a private repository of Amazon ECR,
/// `ACCOUNT.dkr.ecr.REGION.SUFFIX/…` (ECR user guide, "Amazon ECR private registries").
fn is_ecr(image: &str) -> bool {
    let host = image.split('/').next().unwrap_or_default();
    host.split_once(".dkr.ecr")
        .is_some_and(|(account, _)| account.len() == 12)
}
