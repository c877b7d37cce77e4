//! What moto can't do, in the sandbox: the configuration of workspaces, KMS keys, protected log
//! groups and their classes, names that AWS itself refuses.

use serde_json::{Value, json};

use crate::{
    emulators::server::{Emulator, Kind},
    run::{Bench, Run},
};

const FIRST: &str = r#"
[stack]
name = "beyond"

[workspace]
alias = "beyond"
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
retention_days = 60
out_of_order_time_window_seconds = 60
limits = [{ labels = { team = "a" }, max_series = 1000 }]
prevent_destroy = false

[log_groups.app]
name = "/beyond/app"
class = "INFREQUENT_ACCESS"
retention_days = 30
deletion_protection = true
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
"#;

const SECOND: &str = r#"
[stack]
name = "beyond"

[workspace]
alias = "beyond"
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
retention_days = 90
out_of_order_time_window_seconds = 0
rule_query_offset_seconds = 120
limits = [{ labels = { team = "a" }, max_series = 2000 }, { labels = { team = "b" }, max_series = 10 }]
prevent_destroy = false

[log_groups.app]
name = "/beyond/app"
class = "INFREQUENT_ACCESS"
retention_days = 30
deletion_protection = true
kms_key_arn = "arn:aws:kms:us-east-1:123456789012:key/99999999-12ab-34cd-56ef-1234567890ab"
"#;

const DESTROY: &[&str] = &[
    "destroy",
    "stack.toml",
    "--yes",
    "--accept",
    "workspace",
    "--accept",
    "log_groups.app",
];

/// Applies, and finds nothing to do then.
fn apply(bench: &Bench, text: &str, more: &[&str]) {
    bench.write("stack.toml", text);
    let apply = [&["apply", "stack.toml", "--yes"], more].concat();
    bench.run(&apply).expect(0);
    let plan = ["plan", "stack.toml", "--detailed-exitcode"];
    bench.run(&plan).expect(0);
}

/// The workspace and its configuration.
fn workspace(aws: &mut Emulator) -> (Value, Value) {
    let id = aws.boto("amp", "ListWorkspaces", json!({}))["workspaces"][0]["workspaceId"].take();
    let named = json!({"workspaceId": id});
    let mut described = aws.boto("amp", "DescribeWorkspace", named.clone());
    let mut configured = aws.boto("amp", "DescribeWorkspaceConfiguration", named);
    (
        described["workspace"].take(),
        configured["workspaceConfiguration"].take(),
    )
}

fn group(aws: &mut Emulator) -> Value {
    aws.boto("logs", "DescribeLogGroups", json!({}))["logGroups"][0].take()
}

/// The limits by the label `team`.
fn limits(configuration: &Value) -> Vec<(&str, i64)> {
    let sets = configuration["limitsPerLabelSet"].as_array().unwrap();
    let mut limits: Vec<(&str, i64)> = sets
        .iter()
        .filter_map(|set| {
            let team = set["labelSet"]["team"].as_str()?;
            Some((team, set["limits"]["maxSeries"].as_i64()?))
        })
        .collect();
    limits.sort_unstable();
    limits
}

#[test]
fn what_only_the_sandbox_knows_is_made_changed_and_removed() {
    let name = "what_only_the_sandbox_knows_is_made_changed_and_removed";
    let Some(mut aws) = Emulator::start(Kind::Sandbox, name) else {
        return;
    };
    let bench = Bench::with_endpoint("beyond", &aws.endpoint);
    apply(&bench, FIRST, &[]);
    let (made, configuration) = workspace(&mut aws);
    assert!(
        made["kmsKeyArn"]
            .as_str()
            .unwrap()
            .ends_with("/1234abcd-12ab-34cd-56ef-1234567890ab")
    );
    assert_eq!(configuration["retentionPeriodInDays"], 60);
    assert_eq!(configuration["outOfOrderTimeWindowInSeconds"], 60);
    assert_eq!(limits(&configuration), [("a", 1000)]);
    let before = group(&mut aws);
    assert_eq!(before["logGroupClass"], "INFREQUENT_ACCESS");
    assert_eq!(before["deletionProtectionEnabled"], true);
    assert!(before["kmsKeyId"].as_str().unwrap().contains("/1234abcd"));

    apply(&bench, SECOND, &[]);
    let (same, configuration) = workspace(&mut aws);
    assert_eq!(same["workspaceId"], made["workspaceId"]);
    assert_eq!(configuration["retentionPeriodInDays"], 90);
    assert_eq!(configuration["outOfOrderTimeWindowInSeconds"], 0);
    assert_eq!(configuration["ruleQueryOffsetInSeconds"], 120);
    assert_eq!(limits(&configuration), [("a", 2000), ("b", 10)]);
    assert!(
        group(&mut aws)["kmsKeyId"]
            .as_str()
            .unwrap()
            .contains("/99999999")
    );

    let refused = bench.run(DESTROY).expect(1);
    assert!(
        refused.stdout.contains("deletion_protection"),
        "{}",
        refused.stdout
    );
    let open = SECOND.replace("deletion_protection = true", "deletion_protection = false");
    apply(&bench, &open, &[]);
    assert_eq!(group(&mut aws)["deletionProtectionEnabled"], false);

    // The class of a log group can't be altered, so the group is replaced.
    let standard = open.replace("INFREQUENT_ACCESS", "STANDARD");
    apply(&bench, &standard, &["--accept", "log_groups.app"]);
    assert_eq!(group(&mut aws)["logGroupClass"], "STANDARD");

    bench.run(DESTROY).expect(0);
    assert_eq!(
        aws.boto("logs", "DescribeLogGroups", json!({}))["logGroups"],
        json!([])
    );
    let left = aws.boto("amp", "ListWorkspaces", json!({}));
    assert!(
        left["workspaces"]
            .as_array()
            .unwrap()
            .iter()
            .all(|w| w["status"]["statusCode"] == "DELETING")
    );
}

#[test]
fn aws_itself_refuses_what_the_plan_would_have() {
    let Some(mut aws) =
        Emulator::start(Kind::Sandbox, "aws_itself_refuses_what_the_plan_would_have")
    else {
        return;
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}).to_string();
    let role = |name: &str, path: &str| json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust});
    aws.boto("iam", "CreateRole", role("CheckoutTask", "/"));
    for (name, path) in [("checkouttask", "/"), ("CHECKOUTTASK", "/elsewhere/")] {
        let refused = aws.try_boto("iam", "CreateRole", role(name, path));
        assert_eq!(refused.unwrap_err(), "EntityAlreadyExists");
    }
    let register = |cpu: &str, memory: &str, role: &str| {
        json!({
            "family": "f", "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": cpu, "memory": memory,
            "taskRoleArn": format!("arn:aws:iam::123456789012:role/{role}"), "containerDefinitions": [{"name": "a", "image": "i"}],
        })
    };
    let impossible = aws.try_boto(
        "ecs",
        "RegisterTaskDefinition",
        register("256", "4096", "CheckoutTask"),
    );
    assert_eq!(impossible.unwrap_err(), "ClientException");
    let misspelt = aws.try_boto(
        "ecs",
        "RegisterTaskDefinition",
        register("256", "512", "CHECKOUTTASK"),
    );
    assert_eq!(misspelt.unwrap_err(), "ClientException");
    aws.boto(
        "ecs",
        "RegisterTaskDefinition",
        register("256", "512", "CheckoutTask"),
    );
    let group = json!({"logGroupName": "/g", "logGroupClass": "NO_SUCH_CLASS"});
    let refused = aws.try_boto("logs", "CreateLogGroup", group);
    assert_eq!(refused.unwrap_err(), "InvalidParameterException");
    let unknown = aws.try_boto("iam", "ListUsers", json!({}));
    assert_eq!(
        unknown.unwrap_err(),
        "InvalidAction",
        "what is not imitated says so"
    );
}

#[test]
fn a_served_bad_day_ends_well() {
    let Some(aws) = Emulator::start(Kind::ChaoticSandbox, "a_served_bad_day_ends_well") else {
        return;
    };
    let bench = Bench::with_endpoint("bad-day", &aws.endpoint);
    bench.write("stack.toml", FIRST);
    // At an endpoint that somebody named, a call is tried three times only, so a run may end half
    // way.
    let until_done = |words: &[&str]| {
        let mut runs = (0..10).map(|_| bench.run(words));
        let done = runs.find(|run: &Run| run.code == Some(0));
        assert!(done.is_some(), "{words:?}");
    };
    until_done(&["apply", "stack.toml", "--yes"]);
    until_done(&["plan", "stack.toml", "--detailed-exitcode"]);
}
