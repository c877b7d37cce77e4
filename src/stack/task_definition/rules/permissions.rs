//! What needs a role.

use crate::stack::{
    problem::Problems,
    task_definition::{
        rules::{Container, Task},
        view::View,
    },
    tree::Tree,
};

pub(super) fn check(task: &Task<'_>, problems: &mut Problems) {
    if !task.execution_role.is_some() {
        for container in &task.containers {
            execution_role(task, container, problems);
        }
    }
    if !task.role.is_some() {
        for volume in task.request.list("volumes") {
            let efs = volume.at("efsVolumeConfiguration");
            let iam = efs
                .and_then(|efs| efs.at("authorizationConfig"))
                .and_then(|config| config.at("iam"));
            if let Some(iam) = iam.filter(|iam| iam.known() == Some("ENABLED")) {
                // ECS API reference, `EFSAuthorizationConfig`, `iam`: it is the task role that mounts.
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

/// ECS developer guide, "Amazon ECS task execution IAM role", lists what it is for.
fn execution_role(task: &Task<'_>, container: &Container<'_>, problems: &mut Problems) {
    let tree = container.tree;
    let logs = tree.at("logConfiguration");
    let awslogs = logs
        .and_then(|logs| logs.at("logDriver"))
        .filter(|driver| driver.known() == Some("awslogs"));
    let image = tree
        .at("image")
        .filter(|image| image.known().is_some_and(is_ecr));
    let on_fargate = |at: Option<&'static str>, tree| {
        task.is_on_fargate()
            .then_some((at.unwrap_or_default(), tree))
    };
    let reasons: [(&str, Option<&Tree>); 4] = [
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
    ];
    let fargate = [
        awslogs.and_then(|at| on_fargate(Some("writes logs on Fargate"), at)),
        image.and_then(|at| on_fargate(Some("pulls from ECR on Fargate"), at)),
    ];
    let reasons = reasons
        .into_iter()
        .filter_map(|(why, at)| at.map(|at| (why, at)))
        .chain(fargate.into_iter().flatten());
    for (why, at) in reasons {
        problems
            .add(
                "no-execution-role",
                &at.span,
                why,
                format!("{} needs an execution role", container.label()),
            )
            .help(format!(
                "add `execution_role`: it is the execution role that {why}"
            ));
    }
}

fn first<'a>(tree: &'a Tree, list: &str) -> Option<&'a Tree> {
    tree.list(list).first()
}

/// Tells whether an image is in a private repository of Amazon ECR, `ACCOUNT.dkr.ecr.REGION.SUFFIX/…` (ECR user guide, "Amazon ECR private registries").
fn is_ecr(image: &str) -> bool {
    let host = image.split('/').next().unwrap_or_default();
    host.split_once(".dkr.ecr")
        .is_some_and(|(account, _)| account.len() == 12)
}
