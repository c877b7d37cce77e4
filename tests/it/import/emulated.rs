//! Importing what boto3 made, from emulators of AWS.

use serde_json::{Value, json};

use super::samples::document;
use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    run::{Bench, Run},
};

const OUT: &[&str] = &["--out", "stack.toml", "--force"];
const SECRET: &[&str] = &["--var", "db_password=hunter2"];

fn trust() -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
        .to_string()
}

/// Tags as IAM and ECS take them.
fn list(tags: &[(&str, &str)], key: &str, value: &str) -> Value {
    let tags = tags.iter().map(|(k, v)| json!({key: k, value: v}));
    Value::Array(tags.collect())
}

/// Makes a Fargate service's role, log groups, workspace and task definition, each with `tags`, and
/// returns the workspace's id.
fn make_service(aws: &mut Emulator, tags: &[(&str, &str)]) -> String {
    let map: Value = tags
        .iter()
        .map(|(k, v)| ((*k).to_owned(), json!(v)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let id = make_workspace(aws, &map);
    for name in ["/ecs/checkout/app", "/ecs/checkout/collector"] {
        aws.boto("logs", "create_log_group", json!({"logGroupName": name}));
        if !tags.is_empty() {
            aws.boto(
                "logs",
                "tag_log_group",
                json!({"logGroupName": name, "tags": map}),
            );
        }
    }
    aws.boto(
        "logs",
        "put_retention_policy",
        json!({"logGroupName": "/ecs/checkout/app", "retentionInDays": 30}),
    );
    for name in ["CheckoutTask", "CheckoutExecution"] {
        let tags = list(tags, "Key", "Value");
        aws.boto("iam", "create_role", json!({"RoleName": name, "AssumeRolePolicyDocument": trust(), "Tags": tags, "Description": "Made by hand"}));
    }
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    aws.boto(
        "iam",
        "attach_role_policy",
        json!({"RoleName": "CheckoutExecution", "PolicyArn": policy}),
    );
    // Numbers, a single statement, IAM's own variables and other spellings.
    let odd = json!({"Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["APS:remotewrite"], "Resource": format!("arn:aws:aps:us-east-1:{ACCOUNT}:workspace/{id}"),
        "Condition": {"StringLike": {"aws:PrincipalTag/team": "${aws:PrincipalTag/team}"}, "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}},
    }});
    aws.boto("iam", "put_role_policy", json!({"RoleName": "CheckoutTask", "PolicyName": "write.metrics", "PolicyDocument": odd.to_string()}));
    register(aws, &id, tags);
    id
}

/// Makes a workspace and returns its id. An emulator that can't describe the configuration of one
/// gets none, as if it were in another region.
fn make_workspace(aws: &mut Emulator, tags: &Value) -> String {
    let made = aws.boto(
        "amp",
        "create_workspace",
        json!({"alias": "checkout", "tags": tags}),
    );
    aws.settle();
    let id = made["workspaceId"].as_str().unwrap().to_owned();
    let named = json!({"workspaceId": id});
    if aws
        .try_boto("amp", "describe_workspace_configuration", named.clone())
        .is_err()
    {
        aws.boto("amp", "delete_workspace", named);
    }
    id
}

fn has_workspace(aws: &mut Emulator) -> bool {
    let listed = aws.boto("amp", "list_workspaces", json!({}));
    !listed["workspaces"].as_array().unwrap().is_empty()
}

/// Registers a revision of the family.
fn register(aws: &mut Emulator, workspace: &str, tags: &[(&str, &str)]) {
    let text = document().to_string();
    let text = text.replace("111122223333", ACCOUNT);
    let text = text.replace(super::samples::WORKSPACE, workspace);
    let mut request: Value = serde_json::from_str(&text).unwrap();
    for member in [
        "revision",
        "status",
        "compatibilities",
        "requiresAttributes",
    ] {
        request.as_object_mut().unwrap().remove(member);
    }
    if !tags.is_empty() {
        request["tags"] = list(tags, "key", "value");
    }
    aws.boto("ecs", "register_task_definition", request);
}

/// Imports with `arguments`, and holds the file to the law: a plan of tags only, and after the
/// apply an empty one.
fn import(bench: &Bench, arguments: &[&str], values: &[&str]) -> (Run, String) {
    let imported = bench
        .run(&[&["import", "--stack", "checkout"], arguments, OUT].concat())
        .expect(0);
    let text = std::fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert!(!imported.says("Not the same"), "{imported:?}");
    let plan = bench
        .run(&[&["plan", "stack.toml"], values].concat())
        .expect(0);
    for line in plan.stdout.lines().filter(|line| {
        line.contains("iam:")
            || line.contains("logs:")
            || line.contains("aps:")
            || line.contains("ecs:")
    }) {
        assert!(
            line.contains("TagR") || line.contains("TagResource"),
            "{}\n{text}",
            plan.stdout
        );
    }
    bench
        .run(&[&["apply", "stack.toml", "--yes"], values].concat())
        .expect(0);
    bench
        .run(&[&["plan", "stack.toml", "--detailed-exitcode"], values].concat())
        .expect(0);
    // The file may be lost now: what the stack owns says what was in it.
    let again = bench.run(&["import", "--stack", "checkout"]).expect(0);
    bench.write("again.toml", &again.stdout);
    bench
        .run(&[&["plan", "again.toml", "--detailed-exitcode"], values].concat())
        .expect(0);
    (imported, text)
}

#[test]
fn a_family_brings_what_it_mentions() {
    for kind in [Kind::Moto, Kind::Sandbox] {
        on(kind, "a family brings what it mentions", a_family);
    }
}

#[test]
fn names_and_tags_find_the_same() {
    for kind in [Kind::Moto, Kind::Sandbox] {
        on(kind, "names and tags find the same", names_and_tags);
    }
}

#[test]
fn what_others_use_stays_where_it_is() {
    on(Kind::Sandbox, "what others use stays where it is", shared);
}

#[test]
fn what_is_not_there_is_said_with_what_may_be_meant() {
    on(Kind::Sandbox, "what is not there is said", missing);
}

fn on(kind: Kind, name: &str, scenario: fn(&mut Emulator)) {
    if let Some(mut emulator) = Emulator::start(kind, &format!("{kind:?}: {name}")) {
        scenario(&mut emulator);
    }
}

fn a_family(aws: &mut Emulator) {
    let id = make_service(aws, &[]);
    let bench = Bench::with_endpoint("import-family", &aws.endpoint);
    let (imported, text) = import(&bench, &["--family", "checkout"], SECRET);
    for words in [
        "roles.task",
        "roles.execution",
        "log_groups.app",
        "log_groups.collector",
        &id,
        "`default = \"${env.DB_PASSWORD}\"` in the table of `db_password`",
        "amp-stack plan stack.toml",
    ] {
        assert!(imported.says(words), "{words}: {imported:?}");
    }
    assert!(
        !text.contains("hunter2") && !imported.stderr.contains("hunter2"),
        "{text}"
    );
    for line in [
        "logs          = \"app\"",
        "task_role                = \"task\"",
        "description = \"Made by hand\"",
        "managed_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]",
        "\"aws:PrincipalTag/team\" = \"$${aws:PrincipalTag/team}\"",
    ] {
        assert!(text.contains(line), "{line}:\n{text}");
    }
    let of_workspace = [
        "AWS_PROMETHEUS_ENDPOINT = \"${workspace.remote_write_url}\"",
        "Resource = \"${workspace.arn}\"",
        "[workspace]\nalias           = \"checkout\"",
    ];
    let is_there = has_workspace(aws);
    for line in of_workspace {
        assert_eq!(text.contains(line), is_there, "{line}:\n{text}");
    }
}

fn names_and_tags(aws: &mut Emulator) {
    // Copilot's tags are the user's to keep: nothing but their keys is Copilot's.
    let tags = [
        ("copilot-application", "shop"),
        ("copilot-environment", "prod"),
        ("copilot-service", "checkout"),
    ];
    let id = make_service(aws, &tags);
    let bench = Bench::with_endpoint("import-tags", &aws.endpoint);
    let out = |name: &str| ["--out".to_owned(), name.to_owned()];
    let look = |arguments: &[&str], name: &str| {
        let out = out(name);
        let out: Vec<&str> = out.iter().map(String::as_str).collect();
        bench
            .run(&[&["import", "--stack", "checkout"], arguments, &out].concat())
            .expect(0);
        std::fs::read_to_string(bench.path(name)).unwrap()
    };
    let by_copilot = look(&["--copilot", "shop/prod/checkout"], "copilot.toml");
    let by_tag = look(
        &[
            "--tag",
            "copilot-application=shop",
            "--tag",
            "copilot-service",
        ],
        "tag.toml",
    );
    let role = format!("arn:aws:iam::{ACCOUNT}:role/CheckoutExecution");
    let mut names = vec![
        "--family",
        "checkout",
        "--role",
        "checkouttask",
        "--role",
        &role,
    ];
    names.extend([
        "--log-group",
        "/ecs/checkout/app",
        "--log-group",
        "/ecs/checkout/collector",
    ]);
    if has_workspace(aws) {
        names.extend(["--workspace", &id]);
    }
    let by_name = look(&names, "name.toml");
    assert_eq!(by_copilot, by_tag);
    assert_eq!(by_copilot, by_name);
    assert!(
        by_copilot.contains("[tags]\ncopilot-application = \"shop\"\n"),
        "{by_copilot}"
    );
    bench
        .run(&["import", "--stack", "checkout", "--copilot", "shop/test"])
        .expect(1);
    let refused = bench
        .run(&[
            "import",
            "--stack",
            "checkout",
            "--workspace",
            &id,
            "--out",
            "tag.toml",
        ])
        .expect(1);
    assert!(refused.says("tag.toml exists already"), "{refused:?}");
    import(&bench, &["--copilot", "shop"], SECRET);
}

fn shared(aws: &mut Emulator) {
    let id = make_service(aws, &[]);
    let other = json!({
        "family": "billing", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/CheckoutExecution"),
        "containerDefinitions": [{"name": "app", "image": "nginx", "environment": [
            {"name": "ENDPOINT", "value": format!("https://aps-workspaces.us-east-1.amazonaws.com/workspaces/{id}/api/v1/remote_write")},
        ]}],
    });
    aws.boto("ecs", "register_task_definition", other);
    let bench = Bench::with_endpoint("import-shared", &aws.endpoint);
    let (imported, text) = import(&bench, &["--family", "checkout"], SECRET);
    for words in [
        "role CheckoutExecution the family billing uses it, too; to take it: --role CheckoutExecution",
        &format!("to take it: --workspace {id}"),
    ] {
        assert!(imported.says(words), "{words}: {imported:?}");
    }
    assert!(
        text.contains(&format!("[workspace]\nid = \"{id}\"\n")),
        "{text}"
    );
    assert!(
        text.contains(&format!(
            "= \"arn:aws:iam::{ACCOUNT}:role/CheckoutExecution\"\n"
        )),
        "{text}"
    );
    assert!(text.contains("\"${workspace.remote_write_url}\""), "{text}");
    // Whoever names it means it.
    let (_, text) = import(
        &bench,
        &[
            "--family",
            "checkout",
            "--role",
            "CheckoutExecution",
            "--workspace",
            "checkout",
        ],
        SECRET,
    );
    assert!(
        text.contains("[roles.execution]") && text.contains("alias "),
        "{text}"
    );
}

fn missing(aws: &mut Emulator) {
    make_service(aws, &[]);
    aws.boto("amp", "create_workspace", json!({"alias": "checkout"}));
    aws.settle();
    let bench = Bench::with_endpoint("import-missing", &aws.endpoint);
    let refuse = |arguments: &[&str], words: &str| {
        let run = bench
            .run(&[&["import", "--stack", "checkout"], arguments].concat())
            .expect(1);
        assert!(run.says(words), "{words}: {run:?}");
        assert_eq!(run.stdout, "");
    };
    refuse(
        &["--family", "chekout"],
        "there is no task definition family `chekout` with an active revision; did you mean `checkout`?",
    );
    refuse(
        &["--role", "CheckoutTsk"],
        "there is no role `CheckoutTsk`; did you mean `CheckoutTask`?",
    );
    refuse(
        &["--log-group", "/ecs/checkout/ap"],
        "did you mean `/ecs/checkout/app`?",
    );
    refuse(
        &["--workspace", "checkout"],
        "2 workspaces have the alias `checkout`: name one by its id",
    );
    refuse(
        &["--tag", "nobody=has-this"],
        "nothing in this account and region carries these tags",
    );
    refuse(&[], "the stack `checkout` owns nothing");
    refuse(
        &["--copilot", "a//b"],
        "write it as APP, APP/ENV or APP/ENV/SERVICE",
    );
    // It is used, but by which alias it would be adopted is not clear.
    let (imported, text) = import(&bench, &["--family", "checkout"], SECRET);
    assert!(
        imported.says("has the alias `checkout`, too"),
        "{imported:?}"
    );
    assert!(text.contains("[workspace]\nid = \"ws-"), "{text}");
}
