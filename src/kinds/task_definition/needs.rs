//! What a live task definition needs of the resources that amp-stack manages.

use std::collections::BTreeSet;

use crate::model::{address::Kind, identity::Identity, node::Node, running::Need};

/// The option of a log driver that names a log group, and the one that names its region (ECS
/// developer guide, "Send Amazon ECS logs to CloudWatch").
const LOG_GROUP_OPTION: (&str, &str) = ("awslogs-group", "awslogs-region");
/// The key that names a log group in Fluent Bit's output to CloudWatch and in the collector's EMF
/// exporter (aws-for-fluent-bit and opentelemetry-collector-contrib, their documentation).
const LOG_GROUP_KEY: &str = "log_group_name";
/// What the id of a workspace begins with (Amazon Managed Service for Prometheus API reference,
/// `WorkspaceDescription`).
const WORKSPACE_ID: &str = "ws-";

/// A revision needs its family.
pub(crate) fn family(name: &str) -> Need {
    Need {
        kind: Kind::TaskDefinition,
        target: name.to_owned(),
    }
}

/// The roles, log groups and workspaces of the account and region of `identity` that `document`,
/// which was read from ECS, names.
pub(crate) fn of(document: &Node, identity: &Identity) -> BTreeSet<Need> {
    let mut needs = BTreeSet::new();
    for member in ["taskRoleArn", "executionRoleArn"] {
        let role = document.get(member).and_then(Node::as_str);
        needs.extend(role.and_then(|role| named_role(role, identity)));
    }
    gather(document, identity, &mut needs);
    needs
}

/// The role that a text names: by its ARN, or, as ECS takes it too, by its name alone (ECS API
/// reference, `RegisterTaskDefinition`, `taskRoleArn`).
fn named_role(text: &str, identity: &Identity) -> Option<Need> {
    let account = text.split(':').nth(4);
    let is_here = account.is_none_or(|account| account == identity.account);
    let target = text.rsplit('/').next()?.to_owned();
    is_here.then_some(Need {
        kind: Kind::Role,
        target,
    })
}

/// Adds what is named anywhere in `node`.
fn gather(node: &Node, identity: &Identity, needs: &mut BTreeSet<Need>) {
    match node {
        Node::Map(members) => {
            let (group, region) = LOG_GROUP_OPTION;
            let text = |key: &str| members.get(key).and_then(Node::as_str);
            let is_here = text(region).is_none_or(|region| region == identity.region);
            for key in [group, LOG_GROUP_KEY] {
                needs.extend(text(key).filter(|_| is_here).map(log_group));
            }
            for member in members.values() {
                gather(member, identity, needs);
            }
        }
        Node::List(elements) => {
            for element in elements {
                gather(element, identity, needs);
            }
        }
        Node::Text(text) => {
            let text = text.to_string();
            needs.extend(workspaces(&text));
            needs.extend(log_groups(&text));
        }
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

fn log_group(name: &str) -> Need {
    Need {
        kind: Kind::LogGroup,
        target: name.to_owned(),
    }
}

/// The workspaces whose ids stand in `text`, as in the URL that samples are sent to.
fn workspaces(text: &str) -> impl Iterator<Item = Need> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    words
        .filter(|word| word.starts_with(WORKSPACE_ID))
        .map(|id| Need {
            kind: Kind::Workspace,
            target: id.to_owned(),
        })
}

/// The log groups that a configuration within `text` names: `log_group_name: "/app"`.
fn log_groups(text: &str) -> impl Iterator<Item = Need> {
    let places = text.split(LOG_GROUP_KEY).skip(1);
    places.filter_map(|rest| {
        let value = rest.trim_start_matches(['"', '\'', ' ', ':', '=']);
        // What a log group can be called (CloudWatch Logs API reference, `CreateLogGroup`).
        let is_of_name = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
        let end = value.find(|c| !is_of_name(c)).unwrap_or(value.len());
        (end > 0).then(|| log_group(&value[..end]))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn needs(document: &Value) -> Vec<(Kind, String)> {
        let identity = Identity::new("111122223333", "us-east-1");
        let needs = of(&Node::from(document), &identity);
        needs.into_iter().map(|n| (n.kind, n.target)).collect()
    }

    #[test]
    fn every_form_in_which_something_is_named_is_found() {
        let logs = |options: Value| json!({"containerDefinitions": [{"logConfiguration": {"options": options}}]});
        let config =
            "exporters:\n  awsemf:\n    log_group_name: '/emf/app'\n    region: us-east-1\n";
        for (document, expected) in [
            (
                json!({"taskRoleArn": "arn:aws:iam::111122223333:role/team/Task", "executionRoleArn": "Exec"}),
                vec![(Kind::Role, "Exec"), (Kind::Role, "Task")],
            ),
            (
                json!({"taskRoleArn": "arn:aws:iam::999988887777:role/Task"}),
                vec![],
            ),
            (
                logs(json!({"awslogs-group": "/app", "awslogs-region": "us-east-1"})),
                vec![(Kind::LogGroup, "/app")],
            ),
            (
                logs(json!({"awslogs-group": "/app"})),
                vec![(Kind::LogGroup, "/app")],
            ),
            (
                logs(json!({"awslogs-group": "/app", "awslogs-region": "eu-west-1"})),
                vec![],
            ),
            (
                logs(json!({"Name": "cloudwatch", "log_group_name": "/fluent"})),
                vec![(Kind::LogGroup, "/fluent")],
            ),
            (
                json!({"containerDefinitions": [{"environment": [{"name": "AOT_CONFIG_CONTENT", "value": config}]}]}),
                vec![(Kind::LogGroup, "/emf/app")],
            ),
            (
                json!({"containerDefinitions": [{"command": ["--x", "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1-a/api/v1/remote_write"]}]}),
                vec![(Kind::Workspace, "ws-1-a")],
            ),
            (
                json!({"containerDefinitions": [{"image": "news-1"}]}),
                vec![],
            ),
        ] {
            let expected: Vec<(Kind, String)> = expected
                .into_iter()
                .map(|(k, t)| (k, t.to_owned()))
                .collect();
            assert_eq!(needs(&document), expected, "{document}");
        }
    }
}
