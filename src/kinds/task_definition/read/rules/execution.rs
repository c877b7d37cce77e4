//! What the execution role has to be allowed: to pull images, to write logs, to read secrets.

use crate::{
    file::{arn::Arn, problem::Problems, tree::Tree},
    kinds::task_definition::read::{
        launch::LaunchType,
        rights,
        roles::RoleUse,
        rules::{Container, Task},
        view::View,
    },
    model::policy::effective::{Decision, Given},
};

/// Something that ECS does with the execution role before it starts a container.
struct Need<'a> {
    action: &'static str,
    /// The names of the thing that it is done to.
    resources: Vec<Given>,
    /// The place that says so.
    at: &'a Tree,
}

/// Reports what the execution role, if it is one of the stack, cannot do.
pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    let RoleUse::Ours(key, role) = task.execution_role else {
        return;
    };
    let granted = rights::of(role, task.scope, task.granted.iter().copied());
    let needs = task.containers.iter().flat_map(|c| needs(task, c));
    let missing: Vec<(Need<'_>, String)> = needs
        .filter_map(|need| {
            let request = (need.action, need.resources.as_slice());
            let why = rights::obstacle(&granted, role, request, task.scope)?;
            Some((need, why))
        })
        .collect();
    let Some((first, why)) = missing.first() else {
        return;
    };
    let message = format!("the execution role `roles.{key}` {why}");
    let problem = problems.add("execution-role-cannot", &first.at.span, "needs it", message);
    for (need, _) in &missing[1..] {
        if !problem.labels.iter().any(|(span, _)| *span == need.at.span) {
            problem.and(&need.at.span, format!("needs {}", need.action));
        }
    }
    problem.and(&role.span, "the execution role");
    problem.help(help(task, &missing));
}

/// What to do about it: the managed policy, where that is enough; and whether it is the task role
/// that may.
fn help(task: &Task<'_>, missing: &[(Need<'_>, String)]) -> String {
    if let RoleUse::Ours(key, role) = task.role {
        let granted = rights::of(role, task.scope, None);
        let mut others = missing.iter().map(|(need, _)| {
            let request = (need.action, need.resources.as_slice());
            rights::decide(&granted, role, request, task.scope)
        });
        if others.all(|decision| decision == Decision::Allowed) {
            return format!(
                "`roles.{key}`, the task role, may: `task_role` and `execution_role` look swapped"
            );
        }
    }
    let managed = |action: &str| action.starts_with("ecr:") || action.starts_with("logs:");
    if missing.iter().all(|(need, _)| managed(need.action)) {
        return "add managed_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]"
            .to_owned();
    }
    "give it an inline policy that allows it, for exactly these resources".to_owned()
}

/// What a container needs of the execution role (ECS developer guide, "Amazon ECS task execution
/// IAM role"). On instances of the account, the instance's own role pulls images and writes logs.
fn needs<'a>(task: &Task<'_>, container: &Container<'a>) -> Vec<Need<'a>> {
    let tree = container.tree;
    let logs = tree.at("logConfiguration");
    let options = logs.map(|logs| logs.list("secretOptions"));
    let secrets = tree
        .list("secrets")
        .iter()
        .chain(options.unwrap_or_default());
    let mut needs: Vec<Need<'a>> = secrets
        .filter_map(|secret| secret_need(task, secret.at("valueFrom")?))
        .collect();
    let registry = tree.at("repositoryCredentials");
    needs.extend(
        registry.and_then(|registry| secret_need(task, registry.at("credentialsParameter")?)),
    );
    needs.extend(tree.list("environmentFiles").iter().filter_map(|file| {
        let at = file.at("value")?;
        let arn = rights::spelled(at.text()?, task.scope)?;
        Some(Need {
            action: "s3:GetObject",
            resources: vec![Given::Text(arn)],
            at,
        })
    }));
    if task.is_on_fargate() || task.launch.has(LaunchType::ManagedInstances) {
        needs.extend(
            tree.at("image")
                .into_iter()
                .flat_map(|image| pull(task, image)),
        );
        needs.extend(logs.into_iter().flat_map(|logs| writing(task, logs)));
    }
    needs
}

/// A secret is named by its ARN; a parameter of Systems Manager in the task's region by its name
/// alone too (ECS API reference, `Secret`, `valueFrom`).
fn secret_need<'a>(task: &Task<'_>, at: &'a Tree) -> Option<Need<'a>> {
    let text = rights::spelled(at.text()?, task.scope)?;
    let Some(arn) = Arn::parse(&text) else {
        let identity = task.scope.identity;
        let name = text.strip_prefix('/').unwrap_or(&text);
        let arn = format!(
            "arn:{}:ssm:{}:{}:parameter/{name}",
            identity.partition, identity.region, identity.account
        );
        return Some(Need {
            action: "ssm:GetParameters",
            resources: vec![Given::Text(arn)],
            at,
        });
    };
    match arn.service {
        "ssm" => Some(Need {
            action: "ssm:GetParameters",
            resources: vec![Given::Text(text.clone())],
            at,
        }),
        // After the name stand the key in its JSON, the stage and the version; the name may lack
        // the six characters that Secrets Manager adds (same page).
        "secretsmanager" => {
            let parts: Vec<&str> = text.split(':').take(7).collect();
            let secret = parts.join(":");
            Some(Need {
                action: "secretsmanager:GetSecretValue",
                resources: vec![Given::Text(secret.clone()), Given::StartsWith(secret)],
                at,
            })
        }
        _ => None,
    }
}

/// Pulling from a private repository of Amazon ECR, `ACCOUNT.dkr.ecr.REGION.SUFFIX/NAME:TAG` (ECR
/// user guide, "Amazon ECR private registries" and "Private repository policies").
fn pull<'a>(task: &Task<'_>, at: &'a Tree) -> Vec<Need<'a>> {
    let image = at.text().and_then(|text| rights::spelled(text, task.scope));
    let Some((host, name)) = image.as_deref().and_then(|image| image.split_once('/')) else {
        return Vec::new();
    };
    let parts: Vec<&str> = host.split('.').collect();
    let [account, "dkr", "ecr", region, ..] = parts.as_slice() else {
        return Vec::new();
    };
    let name = name.split(['@', ':']).next().unwrap_or(name);
    let partition = &task.scope.identity.partition;
    let repository = format!("arn:{partition}:ecr:{region}:{account}:repository/{name}");
    let need = |action, resource: String| Need {
        action,
        resources: vec![Given::Text(resource)],
        at,
    };
    vec![
        need("ecr:GetAuthorizationToken", "*".to_owned()),
        need("ecr:BatchGetImage", repository.clone()),
        need("ecr:GetDownloadUrlForLayer", repository),
    ]
}

/// Writing to CloudWatch Logs. Policies name a group with or without `:*` (CloudWatch Logs user
/// guide, "CloudWatch Logs resources and operations").
fn writing<'a>(task: &Task<'_>, logs: &'a Tree) -> Vec<Need<'a>> {
    if logs.known_at("logDriver") != Some("awslogs") {
        return Vec::new();
    }
    let Some(at) = logs
        .at("options")
        .and_then(|options| options.at("awslogs-group"))
    else {
        return Vec::new();
    };
    let region = logs
        .at("options")
        .and_then(|options| options.known_at("awslogs-region"));
    let group = at.text().and_then(|text| rights::spelled(text, task.scope));
    let (Some(group), Some(region)) = (group, region) else {
        return Vec::new();
    };
    let identity = task.scope.identity;
    let arn = format!(
        "arn:{}:logs:{region}:{}:log-group:{group}",
        identity.partition, identity.account
    );
    let need = |action| Need {
        action,
        resources: vec![
            Given::Text(arn.clone()),
            Given::StartsWith(format!("{arn}:log-stream:")),
        ],
        at,
    };
    vec![need("logs:CreateLogStream"), need("logs:PutLogEvents")]
}
