//! The normal form of a task definition: one named rule for every difference that means nothing.

use crate::{
    ecs_shape::size::{cpu_units, memory_mib},
    model::{
        node::{Members, Node},
        normal::{Layout, Rewrite},
        rule::Rule,
        template::Template,
    },
};

/// The rules, in the order in which they are applied.
pub const REWRITES: &[Rewrite] = &[
    Rewrite {
        rule: Rule {
            code: "task-size",
            sentence: "ECS stores `1 vCPU` as 1024 CPU units and `3 GB` as 3072 MiB.",
            source: "ECS API reference, RegisterTaskDefinition, on `cpu` and `memory`",
        },
        apply: task_size,
    },
    Rewrite {
        rule: Rule {
            code: "port-defaults",
            sentence: "A port mapping without protocol is TCP, and under awsvpc and host the host port is the container port.",
            source: "ECS API reference, PortMapping",
        },
        apply: port_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "container-defaults",
            sentence: "A container is essential, has 0 CPU units and consistent image versions unless it says otherwise.",
            source: "ECS API reference, ContainerDefinition and ContainerRestartPolicy",
        },
        apply: container_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "health-check-defaults",
            sentence: "A health check runs every 30 seconds, may take 5, fails after 3 tries and has no start period unless it says otherwise.",
            source: "ECS API reference, HealthCheck",
        },
        apply: health_check_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "linux-defaults",
            sentence: "Memory is swapped at a swappiness of 60, and a device can be read, written and made, unless the container says otherwise.",
            source: "ECS API reference, LinuxParameters and Device",
        },
        apply: linux_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "volume-defaults",
            sentence: "A volume is not configured at launch, a file system of EFS or S3 Files begins at `/`, one of EFS without encryption in transit, and a volume of Docker is not made if it isn't there, unless it says otherwise.",
            source: "ECS API reference, Volume, EFSVolumeConfiguration and S3FilesVolumeConfiguration; ECS developer guide, \"Specify a Docker volume in an Amazon ECS task definition\"",
        },
        apply: volume_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "task-defaults",
            sentence: "The network mode is bridge (on managed instances awsvpc), fault injection is off and a proxy is one of App Mesh unless the task definition says otherwise.",
            source: "ECS API reference, RegisterTaskDefinition, on `networkMode` and `enableFaultInjection`, and ProxyConfiguration",
        },
        apply: task_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "platform-defaults",
            sentence: "A task that is only for Fargate runs on X86_64 and Linux unless the task definition says otherwise.",
            source: "ECS developer guide, \"Amazon ECS task definition parameters for Fargate\", \"Runtime platform\"",
        },
        apply: platform_defaults,
    },
    Rewrite {
        rule: Rule {
            code: "empty",
            sentence: "An empty list or object is the same as none.",
            source: "ECS developer guide, the answers of DescribeTaskDefinition among the example task definitions",
        },
        apply: drop_empty,
    },
    Rewrite {
        rule: Rule {
            code: "order",
            sentence: "The order of containers, variables, secrets, ports, mounts, volumes, dependencies, limits and constraints has no meaning.",
            source: "ECS API reference, ContainerDefinition: the elements of these lists are identified by their names, ports or paths",
        },
        apply: sort_sets,
    },
];

/// The rule about the members that ECS returns and nobody sets.
pub const READ_ONLY: Rule = Rule {
    code: "read-only",
    sentence: "DescribeTaskDefinition also returns what nobody registers: the ARN, the revision, its status, who registered it and when, and what it is compatible with.",
    source: "ECS API reference, TaskDefinition",
};

/// How places in a task definition are named: as in the stack file.
pub(crate) const LAYOUT: Layout = Layout {
    spell: super::stack_key,
    keyed: super::KEYED,
    named: &[
        ("portMappings", "containerPort"),
        ("mountPoints", "containerPath"),
        ("volumesFrom", "sourceContainer"),
        ("resourceRequirements", "type"),
        ("extraHosts", "hostname"),
        ("devices", "hostPath"),
        ("tmpfs", "containerPath"),
        ("inferenceAccelerators", "deviceName"),
        ("properties", "name"),
    ],
    whole: &[],
    verbatim: super::VERBATIM_KEYS,
    single: &[],
};

/// What `DescribeTaskDefinition` returns besides what was registered (ECS API reference,
/// `TaskDefinition`).
const READ_ONLY_MEMBERS: &[&str] = &[
    "taskDefinitionArn",
    "revision",
    "status",
    "requiresAttributes",
    "compatibilities",
    "registeredAt",
    "registeredBy",
    "deregisteredAt",
    "deleteRequestedAt",
];

/// What is kept beside a document.
const BESIDE: &[&str] = &["family", "tags"];

/// Removes what is no part of a document, and returns what ECS only reports.
pub(crate) fn take_read_only(document: &mut Node) -> Members {
    let Some(members) = document.as_map_mut() else {
        return Members::new();
    };
    members.retain(|key, member| *member != Node::Null && !BESIDE.contains(&key.as_str()));
    let found = READ_ONLY_MEMBERS
        .iter()
        .filter_map(|key| Some(((*key).to_owned(), members.remove(*key)?)));
    found.collect()
}

fn task_size(document: &mut Node) {
    type Parse = fn(&str) -> Option<u32>;
    let parsers: [(&str, Parse); 2] = [("cpu", cpu_units), ("memory", memory_mib)];
    let Some(members) = document.as_map_mut() else {
        return;
    };
    for (key, parse) in parsers {
        if let Some(Node::Text(text)) = members.get_mut(key)
            && let Some(canonical) = text.known().and_then(parse)
        {
            *text = Template::from(canonical.to_string());
        }
    }
}

fn port_defaults(document: &mut Node) {
    let mode = document.get("networkMode").and_then(Node::as_str);
    let same_port = matches!(mode, Some("awsvpc" | "host"));
    each_container(document, &mut |container| {
        each_element(container, "portMappings", &mut |mapping| {
            drop_default(mapping, "protocol", &Node::from("tcp"));
            // Under bridge, 0 and none both mean a dynamic port.
            drop_default(mapping, "hostPort", &Node::from(0_i64));
            if same_port && mapping.get("hostPort") == mapping.get("containerPort") {
                remove(mapping, "hostPort");
            }
        });
    });
}

fn container_defaults(document: &mut Node) {
    each_container(document, &mut |container| {
        drop_default(container, "essential", &Node::Bool(true));
        drop_default(container, "cpu", &Node::from(0_i64));
        drop_default(container, "versionConsistency", &Node::from("enabled"));
        for flag in [
            "privileged",
            "readonlyRootFilesystem",
            "interactive",
            "pseudoTerminal",
            "disableNetworking",
        ] {
            drop_default(container, flag, &Node::Bool(false));
        }
        for list in ["mountPoints", "volumesFrom"] {
            each_element(container, list, &mut |element| {
                drop_default(element, "readOnly", &Node::Bool(false));
            });
        }
        if let Some(policy) = member(container, "restartPolicy") {
            drop_default(policy, "restartAttemptPeriod", &Node::from(300_i64));
        }
    });
}

fn health_check_defaults(document: &mut Node) {
    each_container(document, &mut |container| {
        if let Some(check) = member(container, "healthCheck") {
            for (key, default) in [
                ("interval", 30_i64),
                ("timeout", 5),
                ("retries", 3),
                ("startPeriod", 0),
            ] {
                drop_default(check, key, &Node::from(default));
            }
        }
    });
}

fn linux_defaults(document: &mut Node) {
    each_container(document, &mut |container| {
        if let Some(linux) = member(container, "linuxParameters") {
            drop_default(linux, "swappiness", &Node::from(60_i64));
            each_element(linux, "devices", &mut |device| {
                sort(device, "permissions");
                let all = Node::texts(["mknod", "read", "write"]);
                drop_default(device, "permissions", &all);
            });
        }
    });
}

fn volume_defaults(document: &mut Node) {
    each_element(document, "volumes", &mut |volume| {
        drop_default(volume, "configuredAtLaunch", &Node::Bool(false));
        if let Some(efs) = member(volume, "efsVolumeConfiguration") {
            drop_default(efs, "rootDirectory", &Node::from("/"));
            drop_default(efs, "transitEncryption", &Node::from("DISABLED"));
            if let Some(authorization) = member(efs, "authorizationConfig") {
                drop_default(authorization, "iam", &Node::from("DISABLED"));
            }
        }
        if let Some(s3) = member(volume, "s3filesVolumeConfiguration") {
            drop_default(s3, "rootDirectory", &Node::from("/"));
        }
        if let Some(docker) = member(volume, "dockerVolumeConfiguration") {
            drop_default(docker, "autoprovision", &Node::Bool(false));
        }
    });
}

fn task_defaults(document: &mut Node) {
    let only_managed = Node::texts(["MANAGED_INSTANCES"]);
    let mode = if document.get("requiresCompatibilities") == Some(&only_managed) {
        "awsvpc"
    } else {
        "bridge"
    };
    drop_default(document, "networkMode", &Node::from(mode));
    drop_default(document, "enableFaultInjection", &Node::Bool(false));
    if let Some(proxy) = member(document, "proxyConfiguration") {
        drop_default(proxy, "type", &Node::from("APPMESH"));
    }
}

/// Elsewhere the two say which instances a task may be placed on, so silence means any.
fn platform_defaults(document: &mut Node) {
    if document.get("requiresCompatibilities") == Some(&Node::texts(["FARGATE"]))
        && let Some(platform) = member(document, "runtimePlatform")
    {
        drop_default(platform, "cpuArchitecture", &Node::from("X86_64"));
        drop_default(platform, "operatingSystemFamily", &Node::from("LINUX"));
    }
}

fn drop_empty(node: &mut Node) {
    match node {
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::Text(_) => {}
        Node::List(elements) => elements.iter_mut().for_each(drop_empty),
        Node::Map(members) => {
            members
                .iter_mut()
                .for_each(|(_, member)| drop_empty(member));
            members.retain(|_, member| !member.is_empty() && *member != Node::Null);
        }
    }
}

fn sort_sets(document: &mut Node) {
    for list in [
        "containerDefinitions",
        "volumes",
        "placementConstraints",
        "requiresCompatibilities",
        "inferenceAccelerators",
    ] {
        sort(document, list);
    }
    if let Some(proxy) = member(document, "proxyConfiguration") {
        sort(proxy, "properties");
    }
    each_container(document, &mut |container| {
        for list in [
            "environment",
            "secrets",
            "portMappings",
            "mountPoints",
            "volumesFrom",
            "dependsOn",
            "ulimits",
            "systemControls",
            "resourceRequirements",
            "extraHosts",
            "dockerSecurityOptions",
        ] {
            sort(container, list);
        }
        if let Some(log) = member(container, "logConfiguration") {
            sort(log, "secretOptions");
        }
        if let Some(linux) = member(container, "linuxParameters") {
            sort(linux, "devices");
            sort(linux, "tmpfs");
            if let Some(capabilities) = member(linux, "capabilities") {
                sort(capabilities, "add");
                sort(capabilities, "drop");
            }
        }
    });
}

fn member<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    node.as_map_mut().and_then(|members| members.get_mut(key))
}

fn remove(node: &mut Node, key: &str) {
    if let Some(members) = node.as_map_mut() {
        members.remove(key);
    }
}

fn drop_default(node: &mut Node, key: &str, default: &Node) {
    if node.get(key) == Some(default) {
        remove(node, key);
    }
}

fn each_element(node: &mut Node, list: &str, alter: &mut dyn FnMut(&mut Node)) {
    if let Some(Node::List(elements)) = member(node, list) {
        elements.iter_mut().for_each(alter);
    }
}

fn each_container(document: &mut Node, alter: &mut dyn FnMut(&mut Node)) {
    each_element(document, "containerDefinitions", alter);
}

/// Sorts by name where elements have one, so that what people see is in a stable order, then by
/// everything.
fn sort(node: &mut Node, list: &str) {
    if let Some(Node::List(elements)) = member(node, list) {
        elements.sort_by_cached_key(|element| {
            let name = element.get("name").map(|name| name.to_json().to_string());
            (name, element.to_json().to_string())
        });
    }
}
