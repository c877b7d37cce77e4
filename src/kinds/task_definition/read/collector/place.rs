//! Whether a collector that the stack file writes as a container fits its task: the rules that
//! `metrics` keeps for the one that it adds.

use crate::{
    collector::{
        self, Distribution,
        grants::{self, Rights},
    },
    file::{problem::Problems, tree::Table},
    kinds::task_definition::read::{
        Scope,
        collector::{Container, denied},
        launch::{Launch, LaunchType, Network},
        rights,
        roles::RoleUse,
        view::View,
    },
};

/// Reports what does not fit, for a collector that needs these rights, if they are known.
pub(super) fn check(
    container: &Container<'_>,
    rights: Option<&Rights>,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) {
    // Where a file that `import` writes can leave the whole container as it is.
    let span = &container.tree.span;
    let launch = Launch::of(body);
    if launch.has(LaunchType::External) && container.distribution == Distribution::Adot {
        problems
            .add(
                "collector-on-external",
                span,
                "not on external instances",
                "ECS does not support the collector on external instances",
            )
            .help("leave EXTERNAL out of `requires_compatibilities`, or this container out of the task");
    }
    if Network::of(body) == Network::None {
        problems.add(
            "collector-without-network",
            span,
            "cannot reach the workspace",
            "a task without network cannot send metrics",
        );
    }
    let is_adot = container.distribution == Distribution::Adot;
    let signs = rights.map_or(is_adot, |rights| *rights != Rights::default());
    let role = RoleUse::of(body.get("taskRoleArn"), scope);
    // On instances of the account there are the credentials of the instance besides.
    if matches!(role, RoleUse::None) && signs && launch.has(LaunchType::Fargate) {
        problems
            .add(
                "collector-without-task-role",
                span,
                "needs `task_role`",
                "the collector needs a task role",
            )
            .help("without credentials it exits as soon as it starts; write task_role = \"task\" in the task definition, and declare [roles.task] with a `name` if no role is there");
    }
    if let Some(rights) = rights
        && let Some((RoleUse::Ours(key, outline), denied)) = denied(rights, body, scope)
    {
        for action in denied {
            problems
                .add(
                    "task-role-cannot-write",
                    span,
                    format!("needs {action}"),
                    format!("no policy of `roles.{key}` allows {action}"),
                )
                .and(&outline.span, "the task role")
                .help(
                    "the configuration of this collector does it: allow it in a policy of the role",
                );
        }
    }
}

/// What ECS takes, and may be regretted. What `metrics` adds has nothing of it; a definition that
/// others wrote may have lived with it for long.
pub(super) fn notes(
    container: &Container<'_>,
    rights: Option<&Rights>,
    body: &Table,
    scope: &Scope<'_>,
) -> Vec<String> {
    let label = container.label();
    let image = container.image.known();
    let unpinned = image.filter(|image| !collector::is_pinned(image)).map(|image| {
        format!(
            "the collector image `{image}` of {label} has no fixed version: versions rename metrics and drop components (unpinned-collector)"
        )
    });
    let misplaced = execution_role(rights, body, scope).map(|key| {
        format!(
            "`roles.{key}` allows aps:RemoteWrite, and is the execution role, which the collector in {label} never uses (remote-write-on-execution-role)"
        )
    });
    unpinned.into_iter().chain(misplaced).collect()
}

/// The execution role, if it has rights that only the task role can use: containers never see the
/// credentials of the execution role (ECS developer guide, "Amazon ECS task execution IAM role").
fn execution_role<'a>(rights: Option<&Rights>, body: &Table, scope: &Scope<'a>) -> Option<&'a str> {
    let writes = rights.is_none_or(|rights| !rights.remote_write.is_empty());
    let RoleUse::Ours(key, role) = RoleUse::of(body.get("executionRoleArn"), scope) else {
        return None;
    };
    let task_role = RoleUse::of(body.get("taskRoleArn"), scope);
    let is_shared = matches!(task_role, RoleUse::Ours(task, _) if task == key);
    let is_misplaced =
        writes && !is_shared && rights::has_somewhere(role, grants::REMOTE_WRITE, scope);
    is_misplaced.then_some(key)
}
