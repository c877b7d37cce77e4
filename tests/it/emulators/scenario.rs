//! The main job, from an account with other people's things in it and back to the same account, on
//! each emulator.
//!
//! What moto can't do is left out of these stacks and tried in [`super::beyond`] instead: the
//! configuration of a workspace (no such route), KMS keys, deletion protection and classes of log
//! groups (not implemented or not stored).

use std::{process::Stdio, thread, time::Duration};

use serde_json::{Value, json};

use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    run::Bench,
};

/// The stack as it begins.
pub(super) const FIRST: &str = include_str!("first.toml");
/// The same with every property altered that AWS, and moto, can alter in place.
pub(super) const SECOND: &str = include_str!("second.toml");

const ALL_DATA: &[&str] = &[
    "--accept",
    "workspace",
    "--accept",
    "log_groups.app",
    "--accept",
    "log_groups.collector",
];

/// Makes a test of each scenario on each emulator.
macro_rules! on_each_emulator {
    ($($scenario:ident),+) => {
        mod on_moto {
            $(#[test]
            fn $scenario() {
                super::on(super::Kind::Moto, stringify!($scenario), super::$scenario);
            })+
        }

        mod in_the_sandbox {
            $(#[test]
            fn $scenario() {
                super::on(super::Kind::Sandbox, stringify!($scenario), super::$scenario);
            })+
        }
    };
}

on_each_emulator!(
    a_stack_lives_and_dies_and_leaves_no_trace,
    a_run_killed_anywhere_is_healed_by_the_next,
    names_that_differ_by_case_are_seen_before_anything_is_made,
    what_exists_is_taken_over_only_when_it_is_said
);

fn on(kind: Kind, name: &str, scenario: impl FnOnce(&mut Emulator)) {
    if let Some(mut emulator) = Emulator::start(kind, &format!("{kind:?}: {name}")) {
        scenario(&mut emulator);
    }
}

/// Things that belong to others, one near-namesake of each of ours among them.
fn make_bystanders(aws: &mut Emulator) {
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]});
    for (name, tags) in [
        (
            "CheckoutTaskOther",
            json!([{"Key": "owner", "Value": "somebody"}]),
        ),
        (
            "OtherStackTask",
            json!([{"Key": "amp-stack:stack", "Value": "other"}, {"Key": "amp-stack:address", "Value": "roles.task"}, {"Key": "amp-stack:region", "Value": "us-east-1"}]),
        ),
    ] {
        aws.boto(
            "iam",
            "create_role",
            json!({"RoleName": name, "AssumeRolePolicyDocument": trust.to_string(), "Tags": tags}),
        );
        aws.boto(
            "iam",
            "put_role_policy",
            json!({"RoleName": name, "PolicyName": "p", "PolicyDocument": policy.to_string()}),
        );
    }
    aws.boto(
        "logs",
        "create_log_group",
        json!({"logGroupName": "/ecs/checkout/app-2", "tags": {"owner": "somebody"}}),
    );
    aws.boto(
        "amp",
        "create_workspace",
        json!({"alias": "checkout-dev", "tags": {"owner": "somebody"}}),
    );
    aws.boto("ecs", "register_task_definition", json!({"family": "checkout-2", "containerDefinitions": [{"name": "a", "image": "i", "memory": 64}]}));
    aws.settle();
}

/// Everything in the account that is not ours, as boto3 reads it.
fn bystanders(aws: &mut Emulator) -> Value {
    let roles = aws.boto(
        "iam",
        "get_account_authorization_details",
        json!({"Filter": ["Role"]}),
    )["RoleDetailList"]
        .take();
    let groups = aws.boto("logs", "describe_log_groups", json!({}))["logGroups"].take();
    let workspaces = aws.boto("amp", "list_workspaces", json!({}))["workspaces"].take();
    let families = aws.boto("ecs", "list_task_definitions", json!({}))["taskDefinitionArns"].take();
    let others = |list: Value, is_other: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        list.as_array()
            .unwrap()
            .iter()
            .filter(|item| is_other(item))
            .cloned()
            .collect()
    };
    let of_other_stack = |role: &Value| !role["Tags"].to_string().contains("\"checkout\"");
    json!({
        "roles": others(roles, &of_other_stack),
        "groups": others(groups, &|group| group["logGroupName"] == "/ecs/checkout/app-2"),
        "workspaces": others(workspaces, &|workspace| workspace["tags"]["owner"] == "somebody"),
        "families": others(families, &|arn| arn.as_str().unwrap().contains("/checkout-2:")),
    })
}

/// Makes the permissions boundaries that the stack names.
pub(super) fn make_boundaries(aws: &mut Emulator) {
    for name in ["BoundaryA", "BoundaryB"] {
        let document = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        aws.boto(
            "iam",
            "create_policy",
            json!({"PolicyName": name, "PolicyDocument": document.to_string()}),
        );
    }
}

/// Counts what is ours: roles, log groups, workspaces, active revisions.
fn ours(aws: &mut Emulator) -> [usize; 4] {
    let count = |list: &Value, is_ours: &dyn Fn(&Value) -> bool| {
        list.as_array()
            .unwrap()
            .iter()
            .filter(|item| is_ours(item))
            .count()
    };
    let roles = aws.boto(
        "iam",
        "get_account_authorization_details",
        json!({"Filter": ["Role"]}),
    );
    let groups = aws.boto("logs", "describe_log_groups", json!({}));
    let workspaces = aws.boto("amp", "list_workspaces", json!({}));
    let revisions = aws.boto("ecs", "list_task_definitions", json!({}));
    [
        count(&roles["RoleDetailList"], &|role| {
            role["Tags"].to_string().contains("\"checkout\"")
        }),
        count(&groups["logGroups"], &|group| {
            group["logGroupName"] != "/ecs/checkout/app-2"
        }),
        count(&workspaces["workspaces"], &|workspace| {
            let is_going = workspace["status"]["statusCode"] == "DELETING";
            workspace["tags"]["amp-stack:stack"] == "checkout" && !is_going
        }),
        count(&revisions["taskDefinitionArns"], &|arn| {
            arn.as_str().unwrap().contains("/checkout:")
        }),
    ]
}

fn role(aws: &mut Emulator, name: &str) -> Value {
    aws.boto("iam", "get_role", json!({"RoleName": name}))["Role"].take()
}

fn attached(aws: &mut Emulator, name: &str) -> Vec<String> {
    let answer = aws.boto(
        "iam",
        "list_attached_role_policies",
        json!({"RoleName": name}),
    );
    let list = answer["AttachedPolicies"].as_array().unwrap();
    list.iter()
        .map(|policy| policy["PolicyName"].as_str().unwrap().to_owned())
        .collect()
}

fn task_definition(aws: &mut Emulator) -> Value {
    aws.boto(
        "ecs",
        "describe_task_definition",
        json!({"taskDefinition": "checkout", "include": ["TAGS"]}),
    )
}

fn container<'a>(definition: &'a Value, name: &str) -> &'a Value {
    let containers = definition["taskDefinition"]["containerDefinitions"]
        .as_array()
        .unwrap();
    containers
        .iter()
        .find(|container| container["name"] == name)
        .unwrap()
}

/// `list` of `{name, value}` or `{key, value}` pairs holds this one.
fn holds(list: &Value, key: &str, value: &str) -> bool {
    let pair = |item: &Value, k: &str, v: &str| item[k] == key && item[v] == value;
    let items = list.as_array().unwrap();
    items
        .iter()
        .any(|i| pair(i, "name", "value") || pair(i, "key", "value") || pair(i, "Key", "Value"))
}

fn apply(bench: &Bench, more: &[&str]) {
    let mut arguments = vec!["apply", "stack.toml", "--yes"];
    arguments.extend(more);
    bench.run(&arguments).expect(0);
    // The law that other tools break: planning again finds nothing.
    bench
        .run(&["plan", "stack.toml", "--detailed-exitcode"])
        .expect(0);
}

fn assert_first_state(aws: &mut Emulator) {
    assert_eq!(ours(aws), [2, 2, 1, 1]);
    let task = role(aws, "CheckoutTask");
    assert_eq!(task["Description"], "Lets the collector write metrics");
    assert_eq!(task["Path"], "/app/");
    assert_eq!(task["MaxSessionDuration"], 7200);
    assert_eq!(
        task["PermissionsBoundary"]["PermissionsBoundaryArn"],
        format!("arn:aws:iam::{ACCOUNT}:policy/BoundaryA")
    );
    let statement = &task["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(
        statement["Condition"]["StringEquals"]["aws:SourceAccount"],
        ACCOUNT
    );
    for (key, value) in [
        ("amp-stack:stack", "checkout"),
        ("amp-stack:address", "roles.task"),
        ("amp-stack:region", "us-east-1"),
        ("team", "payments"),
    ] {
        assert!(
            holds(&task["Tags"], key, value),
            "{key} in {}",
            task["Tags"]
        );
    }
    assert_eq!(
        attached(aws, "CheckoutExecution"),
        ["AmazonECSTaskExecutionRolePolicy"]
    );

    let workspaces = aws.boto("amp", "list_workspaces", json!({}));
    let workspace = workspaces["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["tags"]["amp-stack:stack"] == "checkout")
        .unwrap()
        .clone();
    assert_eq!(workspace["alias"], "checkout-dev");
    let id = workspace["workspaceId"].as_str().unwrap();
    let inline = aws.boto(
        "iam",
        "get_role_policy",
        json!({"RoleName": "CheckoutTask", "PolicyName": "amp-stack-remote-write"}),
    );
    let granted = inline["PolicyDocument"]["Statement"].to_string();
    assert!(
        granted.contains("aps:RemoteWrite") && granted.contains(id) && !granted.contains("\"*\""),
        "{granted}"
    );

    let definition = task_definition(aws);
    let collector = container(&definition, "aws-otel-collector");
    let url = format!(
        "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/{id}/api/v1/remote_write"
    );
    assert!(
        holds(&collector["environment"], "AWS_PROMETHEUS_ENDPOINT", &url),
        "{collector}"
    );
    let configured = collector["environment"].to_string();
    assert!(
        configured.contains("AOT_CONFIG_CONTENT") && configured.contains("localhost:8080"),
        "{collector}"
    );
    assert_eq!(
        collector["healthCheck"]["command"],
        json!(["CMD", "/healthcheck"])
    );
    let app = container(&definition, "app");
    assert_eq!(app["dependsOn"][0]["containerName"], "aws-otel-collector");
    assert_eq!(
        app["logConfiguration"]["options"]["awslogs-group"],
        "/ecs/checkout/app"
    );
    assert!(holds(&definition["tags"], "amp-stack:stack", "checkout"));

    let groups = aws.boto(
        "logs",
        "describe_log_groups",
        json!({"logGroupNamePrefix": "/ecs/checkout/app"}),
    );
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 30);
}

fn assert_second_state(aws: &mut Emulator) {
    assert_eq!(ours(aws), [2, 2, 1, 2]);
    let task = role(aws, "CheckoutTask");
    assert_eq!(task["Description"], "Another text");
    assert_eq!(task["MaxSessionDuration"], 3600);
    assert_eq!(
        task["PermissionsBoundary"]["PermissionsBoundaryArn"],
        format!("arn:aws:iam::{ACCOUNT}:policy/BoundaryB")
    );
    assert_eq!(
        task["AssumeRolePolicyDocument"]["Statement"][0]["Sid"],
        "Tasks"
    );
    assert!(holds(&task["Tags"], "team", "billing") && holds(&task["Tags"], "new", "tag"));
    assert!(!task["Tags"].to_string().contains("purpose"));
    assert_eq!(
        attached(aws, "CheckoutTask"),
        ["AmazonPrometheusQueryAccess"]
    );
    let names = aws.boto(
        "iam",
        "list_role_policies",
        json!({"RoleName": "CheckoutTask"}),
    );
    assert_eq!(
        names["PolicyNames"],
        json!(["amp-stack-remote-write", "queue"])
    );
    let groups = aws.boto(
        "logs",
        "describe_log_groups",
        json!({"logGroupNamePrefix": "/ecs/checkout/"}),
    );
    let retention = |name: &str| {
        let groups = groups["logGroups"].as_array().unwrap();
        groups.iter().find(|g| g["logGroupName"] == name).unwrap()["retentionInDays"].clone()
    };
    assert_eq!(retention("/ecs/checkout/app"), 7);
    assert_eq!(retention("/ecs/checkout/collector"), Value::Null);
    let workspaces = aws.boto("amp", "list_workspaces", json!({}));
    let workspace = workspaces["workspaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["tags"]["amp-stack:stack"] == "checkout")
        .unwrap()
        .clone();
    assert_eq!(workspace["alias"], "checkout-renamed");
    let logging = aws.boto(
        "amp",
        "describe_logging_configuration",
        json!({"workspaceId": workspace["workspaceId"]}),
    );
    let arn = format!("arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/ecs/checkout/app:*");
    assert_eq!(logging["loggingConfiguration"]["logGroupArn"], arn);
    let definition = task_definition(aws);
    assert_eq!(definition["taskDefinition"]["revision"], 2);
    assert!(holds(
        &container(&definition, "app")["environment"],
        "LOG_LEVEL",
        "debug"
    ));
}

fn a_stack_lives_and_dies_and_leaves_no_trace(aws: &mut Emulator) {
    let bench = Bench::with_endpoint("life", &aws.endpoint);
    make_boundaries(aws);
    make_bystanders(aws);
    let before = bystanders(aws);

    bench.write("stack.toml", FIRST);
    bench
        .run(&["plan", "stack.toml", "--detailed-exitcode"])
        .expect(2);
    assert_eq!(ours(aws), [0, 0, 0, 0], "a plan alters nothing");
    apply(&bench, &[]);
    assert_first_state(aws);

    bench.write("stack.toml", SECOND);
    apply(&bench, &["--accept", "log_groups.app"]);
    assert_second_state(aws);

    // A group that left the file goes, but only when it is named, because its logs go with it.
    let without = SECOND;
    let extra = "[log_groups.extra]\nname = \"/ecs/checkout/extra\"\nretention_days = 1\n";
    bench.write("stack.toml", &format!("{without}\n{extra}"));
    apply(&bench, &[]);
    assert_eq!(ours(aws), [2, 3, 1, 2]);
    bench.write("stack.toml", without);
    let refused = bench.run(&["apply", "stack.toml", "--yes"]).expect(1);
    assert!(
        refused.stderr.contains("log_groups.extra"),
        "{}",
        refused.stderr
    );
    assert_eq!(ours(aws), [2, 3, 1, 2]);
    apply(&bench, &["--accept", "log_groups.extra"]);
    assert_eq!(ours(aws), [2, 2, 1, 2]);

    let protected = [&["destroy", "stack.toml", "--yes"], ALL_DATA].concat();
    let refused = bench.run(&protected).expect(1);
    assert!(
        refused.stdout.contains("prevent_destroy") || refused.stderr.contains("prevent_destroy")
    );
    assert_eq!(ours(aws), [2, 2, 1, 2]);
    bench.write(
        "stack.toml",
        &without.replace("prevent_destroy = true", "prevent_destroy = false"),
    );
    bench.run(&protected).expect(0);
    assert_eq!(ours(aws), [0, 0, 0, 0]);
    bench.run(&protected).expect(0);
    assert_eq!(
        bystanders(aws),
        before,
        "nothing of anybody else's was touched"
    );
}

fn a_run_killed_anywhere_is_healed_by_the_next(aws: &mut Emulator) {
    let bench = Bench::with_endpoint("kill", &aws.endpoint);
    bench.write(
        "stack.toml",
        &FIRST.replace("permissions_boundary", "# permissions_boundary"),
    );
    for round in 1..=12_u64 {
        let mut child = bench
            .command(&["apply", "stack.toml", "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(60 * round));
        // It may be done already in the later rounds.
        let _ = child.kill();
        child.wait().unwrap();
    }
    apply(&bench, &[]);
    assert_eq!(ours(aws), [2, 2, 1, 1], "no duplicates");
}

fn names_that_differ_by_case_are_seen_before_anything_is_made(aws: &mut Emulator) {
    let bench = Bench::with_endpoint("case", &aws.endpoint);
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    aws.boto("iam", "create_role", json!({"RoleName": "CHECKOUTTASK", "Path": "/elsewhere/", "AssumeRolePolicyDocument": trust.to_string(), "Tags": [{"Key": "managed-by", "Value": "terraform"}]}));
    bench.write(
        "stack.toml",
        &FIRST.replace("permissions_boundary", "# permissions_boundary"),
    );
    let refused = bench.run(&["apply", "stack.toml", "--yes"]).expect(1);
    let said = format!("{}{}", refused.stdout, refused.stderr);
    assert!(
        said.contains(&format!(
            "arn:aws:iam::{ACCOUNT}:role/elsewhere/CHECKOUTTASK"
        )),
        "{said}"
    );
    assert!(said.contains("Terraform"), "{said}");
    assert_eq!(ours(aws), [0, 0, 0, 0], "nothing was made");
}

fn what_exists_is_taken_over_only_when_it_is_said(aws: &mut Emulator) {
    let bench = Bench::with_endpoint("adopt", &aws.endpoint);
    aws.boto(
        "logs",
        "create_log_group",
        json!({"logGroupName": "/ecs/checkout/app", "tags": {"made": "by-hand"}}),
    );
    bench.write("stack.toml", "[stack]\nname = \"checkout\"\n\n[log_groups.app]\nname = \"/ecs/checkout/app\"\nretention_days = 14\n");
    let refused = bench.run(&["apply", "stack.toml", "--yes"]).expect(1);
    assert!(refused.says("--adopt log_groups.app"), "{refused:?}");
    let adopt = ["--adopt", "log_groups.app"];
    let refused = bench
        .run(&[&["apply", "stack.toml", "--yes"][..], &adopt].concat())
        .expect(1);
    assert!(refused.says("--accept log_groups.app"), "{refused:?}");
    apply(
        &bench,
        &[&adopt[..], &["--accept", "log_groups.app"]].concat(),
    );
    let tags = aws.boto(
        "logs",
        "list_tags_log_group",
        json!({"logGroupName": "/ecs/checkout/app"}),
    );
    assert_eq!(
        tags["tags"],
        json!({"amp-stack:stack": "checkout", "amp-stack:address": "log_groups.app"})
    );
    let groups = aws.boto("logs", "describe_log_groups", json!({}));
    assert_eq!(groups["logGroups"][0]["retentionInDays"], 14);
}
