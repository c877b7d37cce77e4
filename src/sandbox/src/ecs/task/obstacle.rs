//! What keeps a task from starting: the role, the image, the log group, the rights of the execution
//! role. Nothing here is a switch of the sandbox: each is what fails on AWS too.

use serde_json::{Map, Value};

use crate::{
    Context, World,
    ecs::{arn, launch::Launch, members::Members},
    logs,
};

/// Who assumes the roles of tasks.
const ECS_TASKS: &str = "ecs-tasks.amazonaws.com";

/// The tag of images that no registry has. The sandbox has no registries, so all others are there.
const MISSING_TAG: &str = ":does-not-exist";

/// A role of the definition that ECS can't assume: without it there is no task at all, as the
/// service event says (developer guide, "Amazon ECS service event messages").
pub(in crate::ecs) fn refused_role<'a>(
    world: &World,
    cx: &Context<'_>,
    definition: &'a Map<String, Value>,
) -> Option<&'a str> {
    let source = arn::arn(cx, "*");
    ["executionRoleArn", "taskRoleArn"]
        .into_iter()
        .filter_map(|member| definition.text(member))
        .find(|role| !world.iam.is_assumable(role, ECS_TASKS, cx.account, &source))
}

/// What ECS says of such a role.
pub(in crate::ecs) fn refused_role_message(role: &str) -> String {
    format!(
        "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the role being passed has the proper trust relationship and permissions and that your IAM user has permissions to pass this role."
    )
}

/// The `stoppedReason` of a task that can't start (developer guide, "Stopped tasks error
/// messages": `ResourceInitializationError` and `CannotPullContainerError`).
pub(in crate::ecs) fn obstacle(
    world: &World,
    cx: &Context<'_>,
    definition: &Map<String, Value>,
    launch: &Launch,
) -> Option<String> {
    let execution = Execution {
        world,
        cx,
        role: match definition.text("executionRoleArn") {
            None if !launch.is_fargate() => None,
            role => Some(role.unwrap_or_default()),
        },
    };
    let containers = || definition.objects("containerDefinitions");
    containers()
        .find_map(|container| execution.secret_obstacle(container))
        .or_else(|| containers().find_map(|container| execution.log_obstacle(container)))
        .or_else(|| containers().find_map(|container| execution.image_obstacle(container)))
}

/// What the execution role reaches.
struct Execution<'a> {
    world: &'a World,
    cx: &'a Context<'a>,
    /// `None` is the role of the instance: that may do what the agent needs, as
    /// `AmazonEC2ContainerServiceforEC2Role` allows it (ECS developer guide, "Amazon ECS container
    /// instance IAM role").
    role: Option<&'a str>,
}

impl Execution<'_> {
    fn may(&self, action: &str, resource: &str) -> bool {
        self.role
            .is_none_or(|role| self.world.iam.may(role, action, resource))
    }

    fn denied(&self, action: &str, resource: &str) -> String {
        let role = self.role.unwrap_or_default();
        let name = role.rsplit('/').next().unwrap_or_default();
        let Context {
            partition, account, ..
        } = self.cx;
        format!(
            "AccessDeniedException: User: arn:{partition}:sts::{account}:assumed-role/{name}/task is not authorized to perform: {action} on resource: {resource} because no identity-based policy allows the {action} action"
        )
    }

    fn secret_obstacle(&self, container: &Map<String, Value>) -> Option<String> {
        let missing = container.objects("secrets").find_map(|secret| {
            let name = secret.text("valueFrom").unwrap_or_default();
            if name.contains(":secretsmanager:") {
                // The ARN of the secret may have the member, the stage and the version behind it.
                let secret: Vec<&str> = name.splitn(8, ':').take(7).collect();
                Some(("asm", "secretsmanager:GetSecretValue", secret.join(":")))
            } else if name.starts_with("arn:") {
                Some(("ssm", "ssm:GetParameters", name.to_owned()))
            } else {
                let Context {
                    partition,
                    region,
                    account,
                    ..
                } = self.cx;
                let name = name.trim_start_matches('/');
                let parameter = format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}");
                Some(("ssm", "ssm:GetParameters", parameter))
            }
            .filter(|(_, action, resource)| !self.may(action, resource))
        });
        missing.map(|(store, action, resource)| {
            format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from {store}: service call has been retried 1 time(s): {}",
                self.denied(action, &resource)
            )
        })
    }

    fn log_obstacle(&self, container: &Map<String, Value>) -> Option<String> {
        let logging = container.object("logConfiguration")?;
        let options = logging.object("options")?;
        let group = options.text("awslogs-group")?;
        let region = options.text("awslogs-region").unwrap_or(self.cx.region);
        let Context {
            partition, account, ..
        } = self.cx;
        let resource = format!("arn:{partition}:logs:{region}:{account}:log-group:{group}");
        let creates = options.text("awslogs-create-group") == Some("true");
        let cause = if logs::has_log_group(self.world, region, group) {
            let stream = format!("{resource}:log-stream:");
            (!self.may("logs:CreateLogStream", &stream))
                .then(|| self.denied("logs:CreateLogStream", &stream))
        } else if !creates {
            Some("ResourceNotFoundException: The specified log group does not exist.".to_owned())
        } else {
            (!self.may("logs:CreateLogGroup", &resource))
                .then(|| self.denied("logs:CreateLogGroup", &resource))
        };
        cause.map(|cause| {
            format!(
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: {cause} : exit status 1"
            )
        })
    }

    fn image_obstacle(&self, container: &Map<String, Value>) -> Option<String> {
        let image = container.text("image").unwrap_or_default();
        if image.contains(".dkr.ecr.") && !self.may("ecr:GetAuthorizationToken", "*") {
            return Some(format!(
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to get registry auth from ECR: {}",
                self.denied("ecr:GetAuthorizationToken", "*")
            ));
        }
        image.ends_with(MISSING_TAG).then(|| {
            let image = if image.contains('/') {
                image.to_owned()
            } else {
                format!("docker.io/library/{image}")
            };
            format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found"
            )
        })
    }
}
