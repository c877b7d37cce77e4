//! The same stack on both emulators, read by boto3: what each says of it is the same, but for the differences that are listed here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    emulators::server::{Emulator, Kind},
    run::Bench,
};

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

/// The leaves of a value by their paths; the places of elements in lists count.
fn leaves(value: &Value, path: &str, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                leaves(member, &format!("{path}.{name}"), found);
            }
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                leaves(element, &format!("{path}[{index}]"), found);
            }
        }
        leaf => _ = found.insert(path.to_owned(), leaf.to_string()),
    }
}

#[test]
fn a_stack_reads_the_same_on_both() {
    let name = "a_stack_reads_the_same_on_both";
    let mut read = Vec::new();
    for kind in [Kind::Moto, Kind::Sandbox] {
        let Some(mut aws) = Emulator::start(kind, name) else {
            return;
        };
        let bench = Bench::with_endpoint("difference", &aws.endpoint);
        for boundary in ["BoundaryA", "BoundaryB"] {
            let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
            aws.boto(
                "iam",
                "CreatePolicy",
                json!({"PolicyName": boundary, "PolicyDocument": document.to_string()}),
            );
        }
        let mut states = Vec::new();
        for text in [include_str!("first.toml"), include_str!("second.toml")] {
            bench.write("stack.toml", text);
            bench.run(&["apply", "stack.toml", "--yes"]).expect(0);
            states.push(stack(&mut aws));
        }
        let mut found = BTreeMap::new();
        leaves(&Value::from(states), "", &mut found);
        read.push(found);
    }
    let paths: BTreeSet<&String> = read[0].keys().chain(read[1].keys()).collect();
    for path in paths {
        let (moto, sandbox) = (read[0].get(path), read[1].get(path));
        if moto != sandbox {
            println!("{path}: {moto:?} {sandbox:?}");
        }
    }
}
