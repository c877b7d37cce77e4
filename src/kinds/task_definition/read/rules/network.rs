//! Ports, host names and links, which depend on the network mode.

use std::collections::BTreeMap;

use crate::{
    file::{
        problem::Problems,
        tree::{Span, Tree},
    },
    kinds::task_definition::{
        fields::{LONGEST_PORT_NAME, MOST_RANGES, ecs},
        read::{
            launch::Network,
            rules::{Container, Task, range},
            view::View,
        },
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    for container in &task.containers {
        modes(task, container, problems);
        for mapping in container.tree.list("portMappings") {
            mapping_of(task, container, mapping, problems);
        }
        overlaps(container, problems);
    }
    host_ports(task, problems);
}

/// ECS API reference, `ContainerDefinition`, `hostname`, `links`, `extraHosts` and `portMappings`.
fn modes(task: &Task<'_>, container: &Container<'_>, problems: &mut Problems) {
    let tree = container.tree;
    let label = container.label();
    let mut refuse = |key: &str, wrong: bool, message: &str| {
        let list_is_empty =
            |at: &Tree| at.integer().is_none() && at.text().is_none() && at.elements().is_empty();
        if let Some(at) = tree.at(key).filter(|at| wrong && !list_is_empty(at)) {
            problems.add(
                "network-mode",
                &at.span,
                "not in this network mode",
                format!("{label} {message}"),
            );
        }
    };
    let mode = task.network;
    refuse(
        "hostname",
        mode == Network::Awsvpc,
        "cannot have a `hostname` in the network mode awsvpc",
    );
    refuse(
        "extraHosts",
        mode == Network::Awsvpc && !task.is_on_fargate(),
        "cannot have `extra_hosts` in the network mode awsvpc",
    );
    let bridged = matches!(mode, Network::Bridge | Network::Unknown);
    refuse(
        "links",
        !bridged && !task.is_on_fargate(),
        "can have `links` only in the network mode bridge",
    );
    refuse(
        "portMappings",
        mode == Network::None,
        "cannot have `port_mappings` in the network mode none",
    );
    let ranges = tree
        .list("portMappings")
        .iter()
        .filter_map(|m| m.at("containerPortRange"));
    if let Some(one_too_many) = ranges.clone().nth(MOST_RANGES) {
        problems.add(
            "too-many-ports",
            &one_too_many.span,
            "one too many",
            format!("{label} has more than {MOST_RANGES} port ranges"),
        );
    }
    for port_range in ranges.filter(|_| mode == Network::Host) {
        problems.add(
            "network-mode",
            &port_range.span,
            "not in this network mode",
            format!("{label} can have port ranges only in the network modes bridge and awsvpc"),
        );
    }
}

fn mapping_of(task: &Task<'_>, container: &Container<'_>, mapping: &Tree, problems: &mut Problems) {
    let label = container.label();
    range(
        mapping,
        &ecs::PORT_MAPPING,
        "containerPort",
        &label,
        problems,
    );
    range(mapping, &ecs::PORT_MAPPING, "hostPort", &label, problems);
    let port_range = mapping.at("containerPortRange");
    let port = mapping.at("containerPort");
    let host = mapping.at("hostPort");
    // What is no table is reported as such.
    if mapping.as_table().is_some() && port.is_none() && port_range.is_none() {
        problems.add(
            "missing-key",
            &mapping.span,
            "no port",
            format!("a port mapping of {label} needs `container_port`"),
        );
    }
    if let Some(at) = port_range {
        if at.known().is_some_and(|known| ports_of(known).is_none()) {
            problems
                .add(
                    "port-range",
                    &at.span,
                    "not a range",
                    format!("a port range of {label} is malformed"),
                )
                .help("write the first and the last port, as in \"8000-8010\"");
        }
        if let Some(other) = port.or(host) {
            problems
                .add(
                    "port-range",
                    &other.span,
                    "beside a range",
                    format!("a port mapping of {label} has both a port and a range"),
                )
                .and(&at.span, "the range");
        }
    }
    if let (Some(inner), Some(outer), Some(at)) = (
        port.and_then(View::integer),
        host.and_then(View::integer),
        host,
    ) && task.network.is_shared()
        && outer != inner
        && outer != 0
    {
        // ECS API reference, `PortMapping`, `hostPort`.
        problems
            .add(
                "host-port",
                &at.span,
                "not the container's port",
                format!(
                    "in this network mode the host port of {label} has to be its container port"
                ),
            )
            .help("leave `host_port` out");
    }
    port_name(container, mapping, problems);
}

/// ECS API reference, `PortMapping`, `name`.
fn port_name(container: &Container<'_>, mapping: &Tree, problems: &mut Problems) {
    let Some(at) = mapping.at("name") else {
        return;
    };
    let letters = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
    let wrong = |name: &str| {
        !(1..=LONGEST_PORT_NAME).contains(&name.len())
            || name.starts_with('-')
            || !name.bytes().all(letters)
    };
    if at.known().is_some_and(wrong) {
        problems
            .add(
                "port-name",
                &at.span,
                "not a name",
                format!("a port of {} needs another name", container.label()),
            )
            .help(format!(
                "it takes up to {LONGEST_PORT_NAME} of a to z, 0 to 9, `_` and `-`, and begins with no `-`"
            ));
    }
}

/// The first and the last port of `8000-8010`.
fn ports_of(text: &str) -> Option<(i64, i64)> {
    let (first, last) = text.split_once('-')?;
    let port = |text: &str| {
        text.parse::<u16>()
            .ok()
            .filter(|port| *port > 0)
            .map(i64::from)
    };
    let (first, last) = (port(first)?, port(last)?);
    (first < last).then_some((first, last))
}

/// The protocol of a mapping, which is tcp unless it says otherwise (ECS API reference,
/// `PortMapping`, `protocol`); `None` if it is not known yet.
fn protocol_of(mapping: &Tree) -> Option<&str> {
    match mapping.at("protocol") {
        Some(protocol) => protocol.known(),
        None => Some("tcp"),
    }
}

/// A port can be in one mapping for each protocol: DNS, QUIC and SIP listen on one port by TCP and
/// by UDP (terraform-aws-modules/terraform-aws-ecs issue 89, aws/amazon-ecs-agent issue 3428).
fn overlaps(container: &Container<'_>, problems: &mut Problems) {
    let mut seen: Vec<(i64, i64, &str, &Span)> = Vec::new();
    for mapping in container.tree.list("portMappings") {
        let Some(protocol) = protocol_of(mapping) else {
            continue;
        };
        let one = mapping.integer_at("containerPort").map(|port| (port, port));
        let Some((first, last)) =
            one.or_else(|| mapping.known_at("containerPortRange").and_then(ports_of))
        else {
            continue;
        };
        let other = seen
            .iter()
            .find(|(low, high, by, _)| *by == protocol && first <= *high && *low <= last);
        if let Some((.., span)) = other {
            problems
                .add(
                    "duplicate-port",
                    &mapping.span,
                    "again here",
                    format!(
                        "{} maps port {first} twice by {protocol}",
                        container.label()
                    ),
                )
                .and(span, "first here");
        }
        seen.push((first, last, protocol, &mapping.span));
    }
}

/// Two containers can't have the same port of the host; where they share a network, the container's
/// port is the host's.
fn host_ports(task: &Task<'_>, problems: &mut Problems) {
    let mut seen: BTreeMap<(i64, &str), (usize, &Span)> = BTreeMap::new();
    for (index, container) in task.containers.iter().enumerate() {
        for mapping in container.tree.list("portMappings") {
            let port = if task.network.is_shared() {
                mapping.integer_at("containerPort")
            } else {
                mapping.integer_at("hostPort").filter(|port| *port != 0)
            };
            let (Some(port), Some(protocol)) = (port, protocol_of(mapping)) else {
                continue;
            };
            match seen.get(&(port, protocol)) {
                // Within one container it is reported as the container's own mistake.
                Some((other, _)) if *other == index && task.network.is_shared() => {}
                Some((_, first)) => {
                    problems
                        .add(
                            "port-clash",
                            &mapping.span,
                            "again here",
                            format!("two port mappings take port {port} of the same network"),
                        )
                        .and(first, "first here");
                }
                None => _ = seen.insert((port, protocol), (index, &mapping.span)),
            }
        }
    }
}
