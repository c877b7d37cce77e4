//! Port mappings, whose rules depend on the network mode (API reference, `PortMapping`).

use serde_json::{Map, Value};

use super::{Draft, client};
use crate::{
    ecs::members::{Members, duplicate},
    service::Refusal,
};

/// How many port ranges a container may have (API reference, `PortMapping`, containerPortRange).
const MAX_RANGES: usize = 100;

/// Applies the rules to the port mappings of one container.
pub(super) fn check(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    let mappings = || container.objects("portMappings");
    let name = container.text("name").unwrap_or_default();
    // API reference, RegisterTaskDefinition, networkMode.
    if draft.network_mode() == Some("none") && mappings().next().is_some() {
        let message = format!(
            "Port mappings are not supported when networkMode=none. Remove them from container '{name}'."
        );
        return Err(client(message));
    }
    for mapping in mappings() {
        check_mapping(draft, mapping, name)?;
    }
    let ranges = mappings().filter(|m| m.contains_key("containerPortRange"));
    if ranges.count() > MAX_RANGES {
        let message = format!("Container '{name}' has more than {MAX_RANGES} port ranges.");
        return Err(client(message));
    }
    check_overlaps(container)
}

fn check_mapping(
    draft: &Draft<'_>,
    mapping: &Map<String, Value>,
    container: &str,
) -> Result<(), Refusal> {
    let setting = |name: &str, problem: &str| {
        let message = format!("Invalid '{name}' setting for container '{container}'. {problem}");
        Err(client(message))
    };
    let host_port = mapping.integer("hostPort");
    if mapping.contains_key("containerPortRange") {
        if mapping.contains_key("containerPort") || host_port.is_some() {
            return setting(
                "containerPortRange",
                "cannot specify both single port and port range",
            );
        }
        if !matches!(draft.network_mode(), None | Some("bridge" | "awsvpc")) {
            return setting(
                "containerPortRange",
                "A port range needs networkMode=bridge or networkMode=awsvpc.",
            );
        }
        if range(mapping).is_none() {
            return setting(
                "containerPortRange",
                "Specify two ports between 1 and 65535, the first lower than the last.",
            );
        }
        return check_name(mapping, container);
    }
    let port = mapping.integer("containerPort");
    if port.is_none_or(|port| !(1..=65_535).contains(&port)) {
        return setting("containerPort", "It must be between 1 and 65535.");
    }
    if host_port.is_some_and(|port| !(0..=65_535).contains(&port)) {
        return setting("hostPort", "It must be between 0 and 65535.");
    }
    // A host port of zero counts as none, under every network mode.
    let chosen = host_port.filter(|port| *port != 0);
    match draft.network_mode() {
        Some(mode @ ("host" | "awsvpc")) if chosen.is_some() && chosen != port => {
            let message = format!(
                "When networkMode={mode}, the host ports and container ports in port mappings must match."
            );
            Err(client(message))
        }
        Some(_) | None => check_name(mapping, container),
    }
}

/// A name has 1 to 64 lowercase letters, digits, underscores and hyphens, and doesn't begin with a
/// hyphen (API reference, `PortMapping`, name).
fn check_name(mapping: &Map<String, Value>, container: &str) -> Result<(), Refusal> {
    let Some(name) = mapping.text("name") else {
        return Ok(());
    };
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
    if (1..=64).contains(&name.len()) && !name.starts_with('-') && name.bytes().all(allowed) {
        return Ok(());
    }
    let message = format!("Invalid 'portMappings.name' setting for container '{container}'.");
    Err(client(message))
}

/// Port names are how Service Connect refers to ports, so they are unique in the task.
pub(super) fn check_names(draft: &Draft<'_>) -> Result<(), Refusal> {
    let names = draft
        .containers()
        .flat_map(|container| container.objects("portMappings"))
        .filter_map(|mapping| mapping.text("name"));
    match duplicate(names) {
        Some(name) => Err(client(format!(
            "port mapping name '{name}' is already used"
        ))),
        None => Ok(()),
    }
}

/// The first and last port of a mapping by range.
fn range(mapping: &Map<String, Value>) -> Option<(u16, u16)> {
    let (first, last) = mapping.text("containerPortRange")?.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (1 <= first && first < last).then_some((first, last))
}

/// Ranges may not overlap, nor hold a port that is mapped otherwise (API reference, `PortMapping`,
/// containerPortRange). Single ports are held to it where they meet a range.
fn check_overlaps(container: &Map<String, Value>) -> Result<(), Refusal> {
    let protocol =
        |mapping: &Map<String, Value>| mapping.text("protocol").unwrap_or("tcp").to_owned();
    let ports = |mapping: &Map<String, Value>| {
        range(mapping).or_else(|| {
            let port = u16::try_from(mapping.integer("containerPort")?).ok()?;
            Some((port, port))
        })
    };
    let mappings: Vec<&Map<String, Value>> = container.objects("portMappings").collect();
    for (index, one) in mappings.iter().enumerate() {
        for other in &mappings[..index] {
            let ranged = [one, other]
                .iter()
                .any(|m| m.contains_key("containerPortRange"));
            if let (Some(a), Some(b)) = (ports(one), ports(other))
                && ranged
                && protocol(one) == protocol(other)
                && a.0 <= b.1
                && b.0 <= a.1
            {
                let port = a.0.max(b.0);
                let message = format!("container port {port} is used multiple times in task");
                return Err(client(message));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::rules::fixture::{accepted, ports, refused, two};

    #[test]
    fn port_mappings() {
        let range = |text: &str| json!([{ "containerPortRange": text }]);
        let named = |name: &str| json!([{"containerPort": 80, "name": name}]);
        let ranges: Vec<Value> = (0..101)
            .map(|n| json!({"containerPortRange": format!("{}-{}", n * 10 + 1, n * 10 + 2)}))
            .collect();
        refused(&[
            (
                "networkMode=none",
                ports("none", &json!([{"containerPort": 80}])),
            ),
            ("'containerPort' setting", ports("", &json!([{}]))),
            (
                "'containerPort' setting",
                ports("", &json!([{"containerPort": 0}])),
            ),
            (
                "'containerPort' setting",
                ports("", &json!([{"containerPort": 65_536}])),
            ),
            (
                "'hostPort' setting",
                ports("", &json!([{"containerPort": 80, "hostPort": 65_536}])),
            ),
            (
                "When networkMode=awsvpc, the host ports",
                ports("awsvpc", &json!([{"containerPort": 80, "hostPort": 81}])),
            ),
            (
                "When networkMode=host, the host ports",
                ports("host", &json!([{"containerPort": 80, "hostPort": 81}])),
            ),
            (
                "cannot specify both single port and port range",
                ports(
                    "",
                    &json!([{"containerPort": 80, "containerPortRange": "1-2"}]),
                ),
            ),
            (
                "cannot specify both single port and port range",
                ports("", &json!([{"hostPort": 80, "containerPortRange": "1-2"}])),
            ),
            ("needs networkMode=bridge", ports("host", &range("1-2"))),
            ("first lower than the last", ports("", &range("2-2"))),
            ("first lower than the last", ports("", &range("0-2"))),
            ("first lower than the last", ports("", &range("1-65536"))),
            ("first lower than the last", ports("", &range("80"))),
            ("more than 100 port ranges", ports("", &json!(ranges))),
            (
                "container port 15 is used multiple times",
                ports(
                    "",
                    &json!([{"containerPortRange": "10-20"}, {"containerPortRange": "15-30"}]),
                ),
            ),
            (
                "container port 12 is used multiple times",
                ports(
                    "awsvpc",
                    &json!([{"containerPortRange": "10-20"}, {"containerPort": 12}]),
                ),
            ),
            ("'portMappings.name'", ports("", &named("-web"))),
            ("'portMappings.name'", ports("", &named("Web"))),
            ("'portMappings.name'", ports("", &named(&"w".repeat(65)))),
            (
                "port mapping name 'web' is already used",
                two(
                    &json!({"portMappings": named("web")}),
                    &json!({"portMappings": named("web")}),
                ),
            ),
        ]);
        accepted(&[
            ports(
                "",
                &json!([{"containerPort": 21}, {"containerPortRange": "10-20"}]),
            ),
            ports(
                "",
                &json!([{"containerPort": 80, "hostPort": 8080}, {"containerPort": 80, "hostPort": 8081}]),
            ),
            ports(
                "awsvpc",
                &json!([{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 0}]),
            ),
            ports(
                "host",
                &json!([{"containerPort": 53, "protocol": "tcp"}, {"containerPort": 53, "protocol": "udp"}]),
            ),
            ports(
                "",
                &json!([{"containerPortRange": "10-20"}, {"containerPort": 12, "protocol": "udp"}, {"containerPort": 21}]),
            ),
            ports("awsvpc", &json!(ranges[..100])),
            ports("none", &json!([])),
            ports("", &named("web_1-a")),
        ]);
    }
}
