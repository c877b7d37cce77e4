//! Whether the tasks of ECS may assume a role.

use crate::model::{
    identity::Identity,
    policy::{
        Policy,
        effective::{self, Decision, Given, RequestContext},
    },
};

/// The service that assumes the roles of tasks (ECS developer guide, "Amazon ECS task IAM role"):
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Returns whether tasks in `here` can't assume a role with this trust policy, as far as it says.
pub fn shuts_out_tasks(trust: &Policy, here: &Identity) -> bool {
    // The keys that ECS sends (same page, on the confused deputy).
    let source = format!(
        "arn:{}:ecs:{}:{}:",
        here.partition, here.region, here.account
    );
    let context = RequestContext::from([
        (
            "aws:sourceaccount".to_owned(),
            Given::Text(here.account.clone()),
        ),
        ("aws:sourcearn".to_owned(), Given::StartsWith(source)),
    ]);
    match effective::trusts(trust, TASKS, &context) {
        Decision::Denied | Decision::NotAllowed => true,
        Decision::Allowed | Decision::OutOfBounds | Decision::Unknown => false,
    }
}
