//! What a task definition mentions of the rest of an account.

use std::collections::BTreeSet;

use crate::{
    kinds::{Resource, task_definition::Document},
    model::{identity::Identity, node::Node, template::Template},
};

/// What task definitions mention.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mentions {
    /// Names of roles of the account.
    pub(super) roles: BTreeSet<String>,
    /// Names of log groups of the region.
    pub(super) log_groups: BTreeSet<String>,
    /// Ids of workspaces.
    pub(super) workspaces: BTreeSet<String>,
    /// ARNs of roles of other accounts.
    pub(super) foreign_roles: BTreeSet<String>,
}

impl Mentions {
    /// Adds what `document` mentions.
    pub(super) fn add(&mut self, document: &Document, identity: &Identity) {
        let document = document.normal();
        for member in ["taskRoleArn", "executionRoleArn"] {
            if let Some(role) = document.get(member).and_then(Node::as_str) {
                self.add_role(role, identity);
            }
        }
        let containers = document.get("containerDefinitions");
        for container in containers.and_then(Node::as_list).unwrap_or_default() {
            let group = container.get("logConfiguration");
            self.log_groups
                .extend(group.and_then(|logs| log_group(logs, identity)));
        }
        document.each_template(&mut |text| self.add_workspaces(text));
    }

    /// Adds the workspaces that `resource` mentions, such as those of a role's policies.
    pub(super) fn add_workspaces_of(&mut self, resource: &Resource) {
        resource.each_template(&mut |text| self.add_workspaces(text));
    }

    /// The role by its name or by its ARN (ECS API reference, `RegisterTaskDefinition`,
    /// `taskRoleArn`).
    fn add_role(&mut self, role: &str, identity: &Identity) {
        if !role.starts_with("arn:") {
            self.roles.insert(role.to_owned());
            return;
        }
        let ours = format!(":iam::{}:role/", identity.account);
        match role.split_once(&ours) {
            Some((_, path)) => {
                let name = path.rsplit('/').next().unwrap_or(path);
                self.roles.insert(name.to_owned());
            }
            None => _ = self.foreign_roles.insert(role.to_owned()),
        }
    }

    /// The workspaces whose URLs or ARNs a string holds, such as the configuration of a collector.
    fn add_workspaces(&mut self, text: &Template) {
        let text = text.to_string();
        for before in ["/workspaces/", ":workspace/"] {
            for (start, _) in text.match_indices(before) {
                let rest = &text[start + before.len()..];
                let is_of_id = |c: char| c.is_ascii_alphanumeric() || c == '-';
                let id = rest.split(|c| !is_of_id(c)).next().unwrap_or_default();
                if id.starts_with("ws-") {
                    self.workspaces.insert(id.to_owned());
                }
            }
        }
    }
}

/// The group that the awslogs driver writes to in the region (ECS API reference,
/// `LogConfiguration`, `options`).
fn log_group(logs: &Node, identity: &Identity) -> Option<String> {
    let options = logs.get("options")?;
    let is_here = options.get("awslogs-region")?.as_str()? == identity.region;
    let group = options.get("awslogs-group")?.as_str()?;
    is_here.then(|| group.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn roles_groups_and_workspaces_are_found() {
        let logs = |group: &str, region: &str| json!({"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": region}});
        let document = json!({
            "taskRoleArn": "arn:aws:iam::111122223333:role/team/Task",
            "executionRoleArn": "arn:aws:iam::444455556666:role/Theirs",
            "containerDefinitions": [
                {"name": "a", "logConfiguration": logs("/a", "us-east-1"), "environment": [{"name": "X", "value": "x: https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1a-b/api/v1/remote_write\n"}]},
                {"name": "b", "logConfiguration": logs("/b", "eu-west-1"), "command": ["arn:aws:aps:us-east-1:111122223333:workspace/ws-2"]},
            ],
        });
        let mut mentions = Mentions::default();
        let identity = Identity::new("111122223333", "us-east-1");
        mentions.add(&Document::new(Node::from(&document)), &identity);
        let expected = Mentions {
            roles: set(&["Task"]),
            log_groups: set(&["/a"]),
            workspaces: set(&["ws-1a-b", "ws-2"]),
            foreign_roles: set(&["arn:aws:iam::444455556666:role/Theirs"]),
        };
        assert_eq!(mentions, expected);
    }
}
