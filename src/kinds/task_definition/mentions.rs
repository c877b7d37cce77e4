//! What a task definition names that the stack may not make: roles and log groups.

use crate::{
    kinds::{mentions::Mentions, task_definition::TaskDefinition},
    model::{
        identity::Identity,
        mention::{Mention, What},
        node::Node,
    },
};

impl Mentions for TaskDefinition {
    fn mentions(&self, here: &Identity) -> Vec<(Mention, String)> {
        let document = self.document.as_ref();
        document.map_or_else(Vec::new, |document| of(document.written(), here))
    }
}

/// What `document`, in the form that `RegisterTaskDefinition` takes, names, each with
/// the place that a stack file has for it. What is known only after apply is the stack's own.
fn of(document: &Node, here: &Identity) -> Vec<(Mention, String)> {
    let mut mentions = Vec::new();
    for (member, at) in [
        ("taskRoleArn", "task_role"),
        ("executionRoleArn", "execution_role"),
    ] {
        let role = document.get(member).and_then(Node::as_str);
        let role = role.filter(|role| role.starts_with("arn:"));
        mentions.extend(role.map(|arn| (Mention::new(What::Role, arn), at.to_owned())));
    }
    for container in list(document, "containerDefinitions") {
        let name = container.get("name").and_then(Node::as_str);
        let place = format!("containers.{}", name.unwrap_or_default());
        mentions.extend(log_group(container, &place, &here.region));
    }
    mentions
}

/// The log group that the driver `awslogs` writes to, unless it makes the group (ECS developer
/// guide, "Send Amazon ECS logs to CloudWatch"):
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>. A group of
/// another region is not looked for.
fn log_group(container: &Node, place: &str, region: &str) -> Option<(Mention, String)> {
    let logs = container.get("logConfiguration")?;
    let options = logs.get("options")?;
    let option = |name: &str| options.get(name).and_then(Node::as_str);
    let is_awslogs = logs.get("logDriver").and_then(Node::as_str) == Some("awslogs");
    let is_here = option("awslogs-region").is_none_or(|there| there == region);
    let is_made = options.get("awslogs-create-group").is_some_and(|value| {
        value
            .as_str()
            .is_none_or(|value| value.eq_ignore_ascii_case("true"))
    });
    let group = option("awslogs-group").filter(|_| is_awslogs && is_here && !is_made)?;
    let at = format!("{place}.logs");
    Some((Mention::new(What::LogGroup, group), at))
}

fn list<'a>(node: &'a Node, member: &str) -> impl Iterator<Item = &'a Node> {
    let elements = node.get(member).and_then(Node::as_list);
    elements.unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mentions(document: &Value) -> Vec<(String, String)> {
        let mentions = of(
            &Node::from(document),
            &Identity::new("111122223333", "us-east-1"),
        )
        .into_iter();
        mentions
            .map(|(mention, at)| (mention.to_string(), at))
            .collect()
    }

    fn logs(driver: &str, options: &Value) -> Value {
        json!({"containerDefinitions": [
            {"name": "app", "logConfiguration": {"logDriver": driver, "options": options}},
        ]})
    }

    #[test]
    fn roles_are_mentioned_by_arn_and_log_groups_by_name() {
        let role = "arn:aws:iam::111122223333:role/team/Task";
        let found = mentions(&json!({"taskRoleArn": role, "executionRoleArn": "Short"}));
        assert_eq!(found, [(format!("role:{role}"), "task_role".to_owned())]);
        for (driver, options, expected) in [
            ("awslogs", json!({"awslogs-group": "/app"}), true),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-region": "us-east-1"}),
                true,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-create-group": "false"}),
                true,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-create-group": "True"}),
                false,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-region": "eu-west-1"}),
                false,
            ),
            ("splunk", json!({"awslogs-group": "/app"}), false),
        ] {
            let found = mentions(&logs(driver, &options));
            let wanted = [("logs:/app".to_owned(), "containers.app.logs".to_owned())];
            assert_eq!(
                found,
                &wanted[..usize::from(expected)],
                "{driver} {options}"
            );
        }
    }
}
