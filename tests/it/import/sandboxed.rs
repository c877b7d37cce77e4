//! Importing from the account that a sandbox keeps in a file, in which tags can be put that only
//! AWS itself sets.

use std::fs;

use serde_json::{Map, Value, json};

use crate::run::{Bench, Run};

const FILE: &str = "account.json";
pub(super) const SANDBOX: &str = "--sandbox=account.json";

/// An account in which `stacks` were applied, with `files` beside them, which then lost the tags of
/// ownership and got `tags` instead.
pub(super) fn account(
    name: &str,
    stacks: &[&str],
    files: &[(String, String)],
    tags: &[(&str, &str)],
) -> Bench {
    let bench = Bench::new(name);
    for (name, text) in files {
        bench.write(name, text);
    }
    for stack in stacks {
        bench.write("made.toml", stack);
        bench
            .run(&["apply", "made.toml", "--yes", SANDBOX])
            .expect(0);
    }
    let text = fs::read_to_string(bench.path(FILE)).unwrap();
    let mut world: Value = serde_json::from_str(&text).unwrap();
    let count = retag(&mut world, tags);
    assert!(count > 2, "the tags were found");
    bench.write(FILE, &world.to_string());
    bench
}

/// Puts `tags` in the place of those of ownership, wherever there are any, and returns how often.
fn retag(node: &mut Value, tags: &[(&str, &str)]) -> usize {
    let is_ours = |key: &str| key.starts_with("amp-stack:");
    match node {
        Value::Object(members) if members.keys().any(|key| is_ours(key)) => {
            members.retain(|key, _| !is_ours(key));
            members.extend(tags.iter().map(|(k, v)| ((*k).to_owned(), json!(v))));
            1
        }
        Value::Object(members) => members.values_mut().map(|m| retag(m, tags)).sum(),
        Value::Array(elements) => {
            let key = |tag: &Value| tag["key"].as_str().unwrap_or_default().to_owned();
            if !elements.iter().any(|tag| is_ours(&key(tag))) {
                return elements.iter_mut().map(|e| retag(e, tags)).sum();
            }
            elements.retain(|tag| !is_ours(&key(tag)));
            elements.extend(tags.iter().map(|(k, v)| {
                Value::Object(Map::from_iter([
                    ("key".to_owned(), json!(k)),
                    ("value".to_owned(), json!(v)),
                ]))
            }));
            1
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Imports, applies and finds nothing to do; returns what was said, the plan before the apply, and
/// the file.
pub(super) fn import(bench: &Bench, arguments: &[&str]) -> (Run, Run, String) {
    let import = ["import", "--stack", "mine", SANDBOX, "--out", "stack.toml"];
    let imported = bench.run(&[&import, arguments].concat()).expect(0);
    let text = fs::read_to_string(bench.path("stack.toml")).unwrap();
    let plan = bench.run(&["plan", "stack.toml", SANDBOX]).expect(0);
    bench
        .run(&["apply", "stack.toml", "--yes", SANDBOX])
        .expect(0);
    bench
        .run(&["plan", "stack.toml", "--detailed-exitcode", SANDBOX])
        .expect(0);
    (imported, plan, text)
}

#[test]
fn what_cloudformation_owns_is_said_to_be_its() {
    let stack = include_str!("../../../stacks/quickstart.toml");
    let tags = [
        ("aws:cloudformation:stack-name", "prod-Checkout"),
        (
            "aws:cloudformation:stack-id",
            "arn:aws:cloudformation:us-east-1:111122223333:stack/prod-Checkout/1",
        ),
        ("aws:cloudformation:logical-id", "X"),
        ("team", "payments"),
    ];
    let bench = account("import-cloudformation", &[stack], &[], &tags);
    let by_arn = [
        "import",
        "--stack",
        "mine",
        SANDBOX,
        "--cloudformation",
        tags[1].1,
    ];
    let by_arn = bench.run(&by_arn).expect(0).stdout;
    let (imported, plan, text) = import(&bench, &["--cloudformation", "prod-Checkout"]);
    assert_eq!(text, by_arn);
    for words in [
        "owned by the CloudFormation stack `prod-Checkout`",
        "give each of these resources `DeletionPolicy: Retain`",
        "(CloudFormation user guide, \"DeletionPolicy attribute\")",
    ] {
        assert!(imported.says(words), "{words}: {imported:?}");
    }
    assert!(
        text.contains("# So far this belongs to the CloudFormation stack `prod-Checkout`.\n"),
        "{text}"
    );
    assert!(text.contains("[tags]\nteam = \"payments\"\n"), "{text}");
    assert!(!text.contains("aws:cloudformation:logical-id"), "{text}");
    assert!(plan.says("5 calls"), "{plan:?}");
}

/// The page's example lets the driver make the log groups. Once the groups are in the file, that is
/// against a rule.
const AROUND_THE_EXAMPLE: &str = r#"
[stack]
name = "around"

[log_groups.emitter]
name           = "/ecs/aws-otel-emitter"
retention_days = "never"

[roles.task]
name = "AmazonECS_OpenTelemetryCloudWatchRole"
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { Service = ["ecs-tasks.amazonaws.com", "ec2.amazonaws.com"] }, Action = "sts:AssumeRole" } }

[roles.execution]
name             = "ecsTaskExecutionRole"
path             = "/"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
inline_policies  = { odd = '{"Version": "2012-10-17", "Statement": [{"Sid": "", "Effect": "Allow", "NotAction": ["iam:*"], "Resource": ["*"]}, {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/Gone"}]}' }
"#;

#[test]
fn the_example_of_the_ecs_documentation_is_taken_over_as_it_is() {
    let example = include_str!("../../../stacks/ecs-docs-example.toml");
    let example = example.replace("\"aws-region\"", "\"us-east-1\"");
    // The role that a policy mentions is there when the policy is written, and goes before the
    // import.
    let gone = "\n[roles.gone]\nname = \"Gone\"\n";
    let bench = account(
        "import-example",
        &[&format!("{AROUND_THE_EXAMPLE}{gone}"), &example],
        &[],
        &[],
    );
    edit(&bench, |world| {
        let roles = world["iam"]["roles"].as_object_mut().unwrap();
        roles.remove("gone").expect("the role was there");
    });
    let (imported, plan, text) = import(&bench, &["--family", "otel-using-cloudwatch"]);
    for words in [
        "task_definitions.otel-using-cloudwatch.containers.aws-otel-emitter.log_configuration",
        "`log_groups.aws-otel-emitter` makes this log group (create-own-group)",
        "no policy of the execution role `roles.execution` allows logs:CreateLogGroup (create-group-denied)",
        "roles.execution.inline_policies.odd",
        "there is no role arn:aws:iam::111122223333:role/Gone",
        "log group /ecs/ecs-aws-otel-sidecar-collector",
    ] {
        assert!(imported.says(words), "{words}: {imported:?}");
    }
    for line in [
        "  \"containers.aws-otel-emitter.log_configuration\",\n",
        "# `containers.aws-otel-collector.log_configuration` is left as it is: { log_driver = \"awslogs\", ",
        "# `inline_policies.odd` is left as it is: { Version = \"2012-10-17\", ",
        "task_role                = \"task\"\n",
        "Principal = { Service = [\"ecs-tasks.amazonaws.com\", \"ec2.amazonaws.com\"] }\n",
        "cpu                      = \"1 vCPU\"\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert!(plan.says("4 calls"), "{plan:?}");
}

/// Alters the account behind everybody's back.
fn edit(bench: &Bench, alter: impl FnOnce(&mut Value)) {
    let text = fs::read_to_string(bench.path(FILE)).unwrap();
    let mut kept: Value = serde_json::from_str(&text).unwrap();
    alter(&mut kept["world"]);
    bench.write(FILE, &kept.to_string());
}

#[test]
fn what_a_stack_owns_already_is_in_its_file_and_what_another_owns_is_not() {
    let bench = Bench::new("import-owned");
    let stack = include_str!("../../../stacks/quickstart.toml");
    bench.write(
        "mine.toml",
        &stack.replace("name = \"quickstart\"", "name = \"mine\""),
    );
    bench
        .run(&["apply", "mine.toml", "--yes", SANDBOX])
        .expect(0);
    let other = "[stack]\nname = \"other\"\n\n[log_groups.app]\nname = \"/other\"\nretention_days = 1\n\n[roles.task]\nname = \"Other\"\n";
    bench.write("other.toml", other);
    bench
        .run(&["apply", "other.toml", "--yes", SANDBOX])
        .expect(0);
    let by_hand = "[stack]\nname = \"by-hand\"\n\n[log_groups.app]\nname = \"/by-hand\"\nretention_days = 1\n";
    bench.write("by-hand.toml", by_hand);
    bench
        .run(&["apply", "by-hand.toml", "--yes", SANDBOX])
        .expect(0);
    edit(&bench, |world| {
        let group = &mut world["logs"]["regions"]["us-east-1"]["groups"]["/by-hand"];
        assert!(group["tags"]["amp-stack:stack"].take().is_string());
        group["tags"] = json!({});
    });
    let (imported, _, text) = import(
        &bench,
        &[
            "--log-group",
            "/other",
            "--role",
            "OTHER",
            "--log-group",
            "/by-hand",
        ],
    );
    for words in [
        "log group /other it belongs to the amp-stack stack `other`",
        "role Other it belongs to the amp-stack stack `other`",
        "owned already",
    ] {
        assert!(imported.says(words), "{words}: {imported:?}");
    }
    // Without what it owns already, applying the file would remove that.
    for line in [
        "[workspace]\n",
        "[roles.task]\n",
        "[task_definitions.quickstart]\n",
        "\"/by-hand\"",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(text.matches("\nadopt ").count(), 1, "{text}");
    bench
        .run(&["import", "--stack", "nobody", "--role", "Other", SANDBOX])
        .expect(1);
}

#[test]
fn nothing_is_altered_and_nothing_is_overwritten() {
    let stack = include_str!("../../../stacks/quickstart.toml");
    let bench = account("import-reads", &[stack], &[], &[]);
    let before = fs::read_to_string(bench.path(FILE)).unwrap();
    let import = [
        "import",
        "--stack",
        "mine",
        SANDBOX,
        "--family",
        "quickstart",
    ];
    let shown = bench.run(&import).expect(0);
    let after = fs::read_to_string(bench.path(FILE)).unwrap();
    let world = |text: &str| serde_json::from_str::<Value>(text).unwrap()["world"].clone();
    assert_eq!(world(&before), world(&after));
    let out = [&import[..], &["--out", "made.toml"]].concat();
    let refused = bench.run(&out).expect(1);
    assert!(refused.says("made.toml exists already"), "{refused:?}");
    assert_eq!(fs::read_to_string(bench.path("made.toml")).unwrap(), stack);
    bench.run(&[&out[..], &["--force"]].concat()).expect(0);
    assert_eq!(
        fs::read_to_string(bench.path("made.toml")).unwrap(),
        shown.stdout
    );
    bench.run(&[&import[..], &["--force"]].concat()).expect(1);
}

#[test]
fn a_workspace_whose_configuration_nobody_may_read_is_taken_without_it() {
    let stack = include_str!("../../../stacks/quickstart.toml");
    let bench = account("import-denied", &[stack], &[], &[]);
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": "aps:DescribeWorkspaceConfiguration", "Resource": "*"},
    ]});
    bench.write("caller.json", &policy.to_string());
    let caller = ["--sandbox-caller", "caller.json"];
    let import = ["import", "--stack", "mine", SANDBOX, "--out", "stack.toml"];
    let named = ["--family", "quickstart", "--workspace", "quickstart"];
    let imported = bench
        .run(&[&import[..], &named, &caller].concat())
        .expect(0);
    assert!(imported.says("How the workspace is configured is not in the file, because aps:DescribeWorkspaceConfiguration"), "{imported:?}");
    let text = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert!(
        text.contains("[workspace]\n") && !text.contains("retention_days = 150"),
        "{text}"
    );
    let place = [SANDBOX, "--sandbox-caller", "caller.json"];
    bench
        .run(&[&["apply", "stack.toml", "--yes"], &place[..]].concat())
        .expect(0);
    bench
        .run(&[&["plan", "stack.toml", "--detailed-exitcode"], &place[..]].concat())
        .expect(0);
}
