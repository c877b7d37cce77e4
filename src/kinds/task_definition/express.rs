//! What ECS Express Mode asks of a task definition that somebody brings along.
//!
//! Source: ECS API reference, `UpdateExpressGatewayService`, `taskDefinitionArn`
//! (`API_UpdateExpressGatewayService.html`).

use crate::model::node::Node;

/// The name of the container that traffic goes to.
const MAIN: &str = "Main";

/// What keeps a service of Express Mode from running what `document` says, each as a sentence
/// without a full stop.
pub(super) fn obstacles(document: &Node) -> Vec<String> {
    let mut obstacles = Vec::new();
    let compatibilities = list(document, "requiresCompatibilities");
    if !compatibilities
        .iter()
        .any(|one| one.as_str() == Some("FARGATE"))
    {
        obstacles.push("it has to be for FARGATE".to_owned());
    }
    let mut containers = list(document, "containerDefinitions").iter();
    let Some(main) = containers.find(|one| text(one, "name") == Some(MAIN)) else {
        obstacles.push(format!("no container is called `{MAIN}`"));
        return obstacles;
    };
    let [mapping] = list(main, "portMappings") else {
        obstacles.push(format!(
            "the container `{MAIN}` needs one port mapping, and no second one"
        ));
        return obstacles;
    };
    if !matches!(text(mapping, "protocol"), None | Some("tcp")) {
        obstacles.push(format!("the port mapping of `{MAIN}` has to be of TCP"));
    }
    for (member, key) in [("containerPort", "container_port"), ("name", "name")] {
        if mapping.get(member).is_none() {
            obstacles.push(format!("the port mapping of `{MAIN}` needs `{key}`"));
        }
    }
    obstacles
}

fn list<'n>(node: &'n Node, member: &str) -> &'n [Node] {
    node.get(member).and_then(Node::as_list).unwrap_or_default()
}

fn text<'n>(node: &'n Node, member: &str) -> Option<&'n str> {
    node.get(member).and_then(Node::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn of(mappings: &Value) -> Vec<String> {
        obstacles(&Node::from(&json!({
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "collector"}, {"name": "Main", "portMappings": mappings},
            ],
        })))
    }

    #[test]
    fn one_named_port_of_tcp_is_enough() {
        assert!(of(&json!([{"containerPort": 80, "name": "http"}])).is_empty());
        let all = json!([{"containerPort": 80, "name": "http", "protocol": "tcp"}]);
        assert!(of(&all).is_empty());
    }

    #[test]
    fn everything_that_is_missing_is_said_at_once() {
        for (mappings, expected) in [
            (json!([]), 1),
            (json!([{"containerPort": 1}, {"containerPort": 2}]), 1),
            (
                json!([{"containerPort": 80, "name": "dns", "protocol": "udp"}]),
                1,
            ),
            (json!([{"containerPortRange": "1-2"}]), 2),
        ] {
            assert_eq!(of(&mappings).len(), expected, "{mappings}");
        }
        let none = json!({"containerDefinitions": [{"name": "main"}]});
        assert_eq!(obstacles(&Node::from(&none)).len(), 2);
    }
}
