//! The same stack on both emulators, read by boto3: what each says of it is the same, but for the
//! differences that are listed here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    emulators::{
        scenario::{FIRST, SECOND, make_boundaries},
        server::{Emulator, Kind},
    },
    run::Bench,
};

/// Where the two differ: what is read, which of them is wrong, and the source that says so. The
/// test fails for a difference that is not listed, and for one that is gone. Everything else of a
/// stack reads the same, element by element.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        ".definition.taskDefinition.compatibilities[]",
        "moto leaves out MANAGED_INSTANCES (API model ecs 2014-11-13, `Compatibility`)",
    ),
    (
        ".definition.taskDefinition.containerDefinitions[].portMappings[].hostPort",
        "moto leaves it empty; under awsvpc it is the container's port (ECS API reference, `PortMapping`, hostPort)",
    ),
    (
        ".definition.taskDefinition.containerDefinitions[].portMappings[].protocol",
        "moto leaves it empty; the default is tcp (ECS API reference, `PortMapping`, protocol)",
    ),
    (
        ".definition.taskDefinition.containerDefinitions[].systemControls",
        "moto leaves it out; ECS answers the empty list (ECS API reference, `DescribeTaskDefinition`, examples)",
    ),
    (
        ".definition.taskDefinition.cpu",
        "moto keeps `1 vCPU`; a string is converted to CPU units at registration (ECS API reference, `RegisterTaskDefinition`, cpu)",
    ),
    (
        ".definition.taskDefinition.memory",
        "moto keeps `3 GB`; a string is converted to MiB at registration (ECS API reference, `RegisterTaskDefinition`, memory)",
    ),
    (
        ".definition.taskDefinition.enableFaultInjection",
        "moto leaves it out; the default is false (ECS API reference, `TaskDefinition`, enableFaultInjection)",
    ),
    (
        ".definition.taskDefinition.registeredAt",
        "moto does not keep it (ECS API reference, `TaskDefinition`, registeredAt)",
    ),
    (
        ".definition.taskDefinition.registeredBy",
        "moto does not keep it (ECS API reference, `TaskDefinition`, registeredBy)",
    ),
    (
        ".definition.taskDefinition.requiresAttributes[].name",
        "moto does not derive them (ECS API reference, `TaskDefinition`, requiresAttributes)",
    ),
    (
        ".groups[].bearerTokenAuthenticationEnabled",
        "moto does not know it (API model logs 2014-03-28, `LogGroup`)",
    ),
    (
        ".groups[].deletionProtectionEnabled",
        "moto does not know it (API model logs 2014-03-28, `LogGroup`)",
    ),
    (
        ".groups[].logGroupClass",
        "moto does not keep it; it is STANDARD unless chosen (CloudWatch Logs API reference, `CreateLogGroup`, logGroupClass)",
    ),
    (
        ".logging",
        "moto answers 200 without a configuration, although the answer must have one; the error for none is modelled (API model amp 2020-08-01, \
         `DescribeLoggingConfiguration`)",
    ),
    (
        ".logging.loggingConfiguration",
        "the other side of the same",
    ),
    (
        ".logging.loggingConfiguration.modifiedAt",
        "moto leaves out a required member (API model amp 2020-08-01, `LoggingConfigurationMetadata`)",
    ),
];

/// Members that differ from run to run; that they are there has to agree.
const VARYING: &[&str] = &[
    "createdAt",
    "CreateDate",
    "creationTime",
    "modifiedAt",
    "registeredAt",
    "RoleId",
];

/// What boto3 reads of the stack `checkout`, without times and random ids.
fn stack(aws: &mut Emulator) -> Value {
    aws.settle();
    let mut workspaces = aws.boto("amp", "ListWorkspaces", json!({}))["workspaces"].take();
    let id = workspaces[0]["workspaceId"].as_str().unwrap().to_owned();
    let named = json!({"workspaceId": id});
    let described = aws.boto("amp", "DescribeWorkspace", named.clone());
    let logging = aws
        .try_boto("amp", "DescribeLoggingConfiguration", named)
        .unwrap_or_else(Value::from);
    let roles = ["CheckoutTask", "CheckoutExecution"].map(|name| {
        let named = json!({"RoleName": name});
        let mut role = aws.boto("iam", "GetRole", named.clone())["Role"].take();
        role["Tags"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(Value::to_string);
        let inline = aws.boto("iam", "ListRolePolicies", named.clone())["PolicyNames"].take();
        let documents: Vec<Value> = inline
            .as_array()
            .unwrap()
            .iter()
            .map(|policy| {
                aws.boto(
                    "iam",
                    "GetRolePolicy",
                    json!({"RoleName": name, "PolicyName": policy}),
                )
            })
            .collect();
        let attached = aws.boto("iam", "ListAttachedRolePolicies", named);
        json!({"role": role, "inline": documents, "attached": attached})
    });
    let groups = aws.boto("logs", "DescribeLogGroups", json!({}))["logGroups"].take();
    let tags: Vec<Value> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            let arn = group["arn"].as_str().unwrap().trim_end_matches(":*");
            aws.boto("logs", "ListTagsForResource", json!({"resourceArn": arn}))
        })
        .collect();
    let mut definition = aws.boto(
        "ecs",
        "DescribeTaskDefinition",
        json!({"taskDefinition": "checkout", "include": ["TAGS"]}),
    );
    definition["tags"]
        .as_array_mut()
        .unwrap()
        .sort_by_key(Value::to_string);
    let read = json!({
        "workspace": described["workspace"], "listed": workspaces[0].take(), "logging": logging,
        "roles": roles, "groups": groups, "tags": tags, "definition": definition,
    });
    let text = read.to_string().replace(&id, "ws-ID");
    serde_json::from_str(&text).unwrap()
}

/// The leaves of a value by their paths, in which elements of lists are numbered.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            // The digest of a document that names the workspace is another one for each.
            let is_digest = members
                .get("key")
                .is_some_and(|key| key == "amp-stack:digest");
            for (name, member) in members {
                let varies = VARYING.contains(&name.as_str()) || is_digest && name == "value";
                let member = if varies { &Value::Null } else { member };
                leaves(member, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                leaves(element, &format!("{path}[{index}]"), found);
            }
        }
        Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)
        | Value::Object(_) => _ = found.insert(path.to_owned(), value.to_string()),
    }
}

/// The path without the numbers of elements.
fn unnumbered(path: &str) -> String {
    path.chars().filter(|c| !c.is_ascii_digit()).collect()
}

/// What `kind` says of the stack once each of its two files was applied.
fn states(kind: Kind) -> Option<[BTreeMap<String, String>; 2]> {
    let mut aws = Emulator::start(kind, "a_stack_reads_the_same_on_both")?;
    let bench = Bench::with_endpoint("difference", &aws.endpoint);
    make_boundaries(&mut aws);
    let shortens = &["--accept", "log_groups.app"][..];
    Some([(FIRST, &[][..]), (SECOND, shortens)].map(|(text, more)| {
        bench.write("stack.toml", text);
        let apply = [&["apply", "stack.toml", "--yes"], more].concat();
        bench.run(&apply).expect(0);
        let mut found = BTreeMap::new();
        leaves(&stack(&mut aws), "", &mut found);
        found
    }))
}

#[test]
fn a_stack_reads_the_same_on_both() {
    let (Some(moto), Some(sandbox)) = (states(Kind::Moto), states(Kind::Sandbox)) else {
        return;
    };
    let mut expected: BTreeMap<&str, &str> = DIFFERENCES.iter().copied().collect();
    let listed: BTreeSet<&str> = expected.keys().copied().collect();
    for (moto, sandbox) in moto.iter().zip(&sandbox) {
        let paths: BTreeSet<&String> = moto.keys().chain(sandbox.keys()).collect();
        for path in paths {
            let (in_moto, in_sandbox) = (moto.get(path), sandbox.get(path));
            if in_moto == in_sandbox {
                continue;
            }
            let place = unnumbered(path);
            assert!(
                listed.contains(place.as_str()),
                "{path}: moto says {in_moto:?}, the sandbox {in_sandbox:?}"
            );
            expected.remove(place.as_str());
        }
    }
    assert!(expected.is_empty(), "no longer so: {expected:?}");
}
