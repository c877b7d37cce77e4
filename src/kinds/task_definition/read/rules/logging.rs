//! Log configurations.

mod options;

use crate::{
    file::{problem::Problems, tree::Tree},
    kinds::task_definition::{
        document::stack_key,
        read::{
            logs::stack_group,
            rights,
            roles::RoleUse,
            rules::{Container, Task},
            view::View,
        },
    },
    model::policy::effective::Given,
};

/// What the awslogs driver has to be allowed to make a group (ECS API reference,
/// `LogConfiguration`, `awslogs-create-group`).
const CREATE_GROUP: &str = "logs:CreateLogGroup";

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    for container in &task.containers {
        let Some(logs) = container.tree.at("logConfiguration") else {
            continue;
        };
        options::check(container, logs, problems);
        if logs.known_at("logDriver") == Some("awslogs") {
            required(task, container, logs, problems);
            exclusive(container, logs, problems);
            create_group(task, logs, problems);
        }
    }
    firelens(task, problems);
}

fn option<'a>(logs: &'a Tree, name: &str) -> Option<&'a Tree> {
    logs.at("options").and_then(|options| options.at(name))
}

/// ECS API reference, `LogConfiguration`, `options`.
fn required(task: &Task<'_>, container: &Container<'_>, logs: &Tree, problems: &mut Problems) {
    for (name, needed) in [
        ("awslogs-group", true),
        ("awslogs-region", true),
        ("awslogs-stream-prefix", task.is_on_fargate()),
    ] {
        if needed && option(logs, name).is_none() {
            let place = if name.ends_with("prefix") {
                " on Fargate"
            } else {
                ""
            };
            problems
                .add(
                    "awslogs-option",
                    &logs.span,
                    format!("`{name}` is missing"),
                    format!(
                        "the awslogs driver of {} needs `{name}`{place}",
                        container.label()
                    ),
                )
                .help("`logs = \"KEY\"` writes all of them for a log group of this stack");
        }
    }
}

/// ECS API reference, `LogConfiguration`, `options`.
fn exclusive(container: &Container<'_>, logs: &Tree, problems: &mut Problems) {
    let label = container.label();
    if let (Some(format), Some(pattern)) = (
        option(logs, "awslogs-datetime-format"),
        option(logs, "awslogs-multiline-pattern"),
    ) {
        problems
            .add(
                "awslogs-option",
                &pattern.span,
                "not beside the other",
                format!(
                    "{label} has both `awslogs-datetime-format` and `awslogs-multiline-pattern`"
                ),
            )
            .and(&format.span, "the other one");
    }
}

/// The driver makes groups without retention and tags, so a group of the stack must not be left to
/// it; and it can make none without the right to.
///
/// The managed policy `AmazonECSTaskExecutionRolePolicy` doesn't have that right (AWS managed
/// policy reference).
fn create_group(task: &Task<'_>, logs: &Tree, problems: &mut Problems) {
    let create = option(logs, "awslogs-create-group");
    let Some(create) = create.filter(|create| {
        create
            .known()
            .is_some_and(|on| on.eq_ignore_ascii_case("true"))
    }) else {
        return;
    };
    let region = option(logs, "awslogs-region").and_then(View::known);
    let ours = option(logs, "awslogs-group").and_then(|group| stack_group(group, task.scope));
    if let Some(key) = ours.filter(|_| region == Some(task.scope.identity.region.as_str())) {
        problems
            .add(
                "create-own-group",
                &create.span,
                "made by the stack",
                format!("`log_groups.{key}` makes this log group"),
            )
            .help("leave `awslogs-create-group` out");
        return;
    }
    let RoleUse::Ours(key, role) = task.execution_role else {
        return;
    };
    let group = option(logs, "awslogs-group").and_then(View::text);
    let group = group.and_then(|group| rights::spelled(group, task.scope));
    // Which group it is may be known only later: then any will do.
    let resource = group.map_or_else(
        || Given::StartsWith(String::new()),
        |group| Given::StartsWith(task.scope.identity.log_group_arn(&group)),
    );
    let granted = rights::of(role, task.scope, None);
    let request = (CREATE_GROUP, std::slice::from_ref(&resource));
    if rights::obstacle(&granted, role, request, task.scope).is_some() {
        problems
            .add(
                "create-group-denied",
                &create.span,
                "will be denied",
                format!("no policy of the execution role `roles.{key}` allows {CREATE_GROUP}"),
            )
            .and(&role.span, "the execution role")
            .help("declare the log group under [log_groups], or give the role an inline policy");
    }
}

/// ECS says so only in its errors: "When awsfirelens log driver is specified in log configuration,
/// a firelens configuration object must be configured in one of the containers" (fabfuel/ecs-deploy
/// issue 164), and the reverse (cloudposse/terraform-aws-ecs-container-definition issue 47).
fn firelens(task: &Task<'_>, problems: &mut Problems) {
    let routers: Vec<&Tree> = task
        .containers
        .iter()
        .filter_map(|c| c.tree.at("firelensConfiguration"))
        .collect();
    let driver = |container: &Container<'_>| {
        let logs = container.tree.at("logConfiguration")?;
        logs.at("logDriver")?.known().map(str::to_owned)
    };
    let senders: Vec<&Container<'_>> = task
        .containers
        .iter()
        .filter(|container| driver(container).as_deref() == Some("awsfirelens"))
        .collect();
    let name = stack_key("firelensConfiguration");
    if let (Some(sender), []) = (senders.first(), routers.as_slice()) {
        problems.add(
            "firelens",
            &sender.tree.span,
            "logs to FireLens",
            format!("no container has a `{name}`"),
        );
    }
    if let ([], Some(router)) = (senders.as_slice(), routers.first()) {
        problems.add(
            "firelens",
            &router.span,
            "gets nothing",
            "no container logs to FireLens",
        );
    }
    if let [first, second, ..] = routers.as_slice() {
        // ECS developer guide, "Send Amazon ECS logs to an AWS service or AWS Partner": a task has
        // one log router.
        problems
            .add(
                "firelens",
                &second.span,
                "one too many",
                "a task has one FireLens router",
            )
            .and(&first.span, "the first one");
    }
}
