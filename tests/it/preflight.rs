//! What a stack names and does not make, as the binary looks it up: what is not there or does not
//! fit is refused at `plan`, before anything is made.

use std::fs;

use amp_stack_sandbox::{
    Sandbox, Settings,
    wire::{Call, Service},
};
use serde_json::{Value, json};

use crate::run::{Bench, Run};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "us-east-1";

/// Does in the sandbox beside `stack.toml` what somebody else does.
pub(crate) fn somebody(bench: &Bench, calls: &[(Service, &str, Value)]) -> Vec<Value> {
    fs::create_dir_all(bench.path(".amp-stack")).unwrap();
    let settings = Settings {
        account: ACCOUNT.to_owned(),
        file: Some(bench.path(".amp-stack/sandbox.json")),
        ..Settings::default()
    };
    let sandbox = Sandbox::open(settings).unwrap();
    let calls = calls.iter().map(|(service, operation, input)| {
        let outcome = sandbox.perform_call(&Call {
            service: *service,
            region: REGION.to_owned(),
            operation: (*operation).to_owned(),
            input: input.as_object().unwrap().clone(),
            key: None,
        });
        outcome
            .unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"))
            .body
    });
    calls.collect()
}

/// Lets the account of the sandbox beside `stack.toml` have these things, and no others of their
/// services.
pub(crate) fn only_has(bench: &Bench, things: &[&str]) {
    fs::create_dir_all(bench.path(".amp-stack")).unwrap();
    let settings = Settings {
        account: ACCOUNT.to_owned(),
        file: Some(bench.path(".amp-stack/sandbox.json")),
        have: things.iter().map(|thing| thing.parse().unwrap()).collect(),
        ..Settings::default()
    };
    Sandbox::open(settings).unwrap();
}

fn plan(bench: &Bench, more: &[&str]) -> Run {
    bench.run(&[&["plan", "stack.toml", "--sandbox"], more].concat())
}

fn apply(bench: &Bench, more: &[&str]) -> Run {
    bench.run(&[&["apply", "stack.toml", "--sandbox", "--yes"], more].concat())
}

fn trust(principal: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": principal}, "Action": "sts:AssumeRole",
    }]})
    .to_string()
}

fn new_role(name: &str, principal: &str) -> (Service, &'static str, Value) {
    let input = json!({"RoleName": name, "AssumeRolePolicyDocument": trust(principal)});
    (Service::Iam, "CreateRole", input)
}

fn new_policy(name: &str) -> (Service, &'static str, Value) {
    let document = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",
    }]});
    let input = json!({"PolicyName": name, "PolicyDocument": document.to_string()});
    (Service::Iam, "CreatePolicy", input)
}

const BOUNDED: &str = r#"
stack.name = "bounded"

[log_groups.app]
name           = "/ecs/bounded"
retention_days = 30

[roles.task]
name                 = "BoundedTask"
permissions_boundary = "arn:aws:iam::111122223333:policy/Boundary"
managed_policies     = ["AmazonPrometheusQueryAccess", "arn:aws:iam::111122223333:policy/Extra"]
"#;

#[test]
fn policies_that_are_not_there_are_refused_before_anything_is_made() {
    let bench = Bench::new("preflight-policies");
    bench.write("stack.toml", BOUNDED);
    let refused = plan(&bench, &[]).expect(1);
    assert!(refused.says("there is no managed policy arn:aws:iam::111122223333:policy/Boundary"));
    assert!(refused.says("`permissions_boundary` names it"));
    assert!(refused.says("there is no managed policy arn:aws:iam::111122223333:policy/Extra"));
    // Whoever does not look sees it half way.
    let half = apply(&bench, &["--no-preflight"]).expect(3);
    assert!(half.says("NoSuchEntity"), "{}", half.stdout);

    somebody(&bench, &[new_policy("Boundary")]);
    let refused = plan(&bench, &["--json"]).expect(1);
    let events = refused
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let refusals: Vec<Value> = events.filter(|event| event["event"] == "refusal").collect();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    assert_eq!(refusals[0]["code"], "no-such-policy");

    somebody(&bench, &[new_policy("Extra")]);
    apply(&bench, &[]).expect(0);
    plan(&bench, &["--detailed-exitcode"]).expect(0);
}

#[test]
fn a_saved_plan_holds_only_while_what_its_calls_name_is_there() {
    let bench = Bench::new("preflight-saved");
    bench.write("stack.toml", BOUNDED);
    somebody(&bench, &[new_policy("Boundary"), new_policy("Extra")]);
    plan(&bench, &["--out", "plan.json"]).expect(0);
    let saved = |file: &str, more: &[&str]| {
        let place = "--sandbox=.amp-stack/sandbox.json";
        bench.run(&[&["apply", file, place], more].concat())
    };
    let arn = json!({"PolicyArn": "arn:aws:iam::111122223333:policy/Extra"});
    somebody(&bench, &[(Service::Iam, "DeletePolicy", arn)]);
    let moved = saved("plan.json", &[]).expect(1);
    assert!(
        moved.says("there is no managed policy"),
        "{}\n{}",
        moved.stdout,
        moved.stderr
    );
    somebody(&bench, &[new_policy("Extra")]);
    saved("plan.json", &[]).expect(0);

    // A plan that was made without looking is carried out without looking.
    bench.write(
        "stack.toml",
        &BOUNDED.replace("policy/Extra", "policy/Late"),
    );
    plan(&bench, &["--out", "late.json", "--no-preflight"]).expect(0);
    somebody(&bench, &[new_policy("Late")]);
    saved("late.json", &[]).expect(0);
    let refused = saved("late.json", &["--no-preflight"]).expect(1);
    assert!(
        refused.says("--no-preflight is not for a saved plan"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_role_by_arn_has_to_trust_tasks() {
    let bench = Bench::new("preflight-trust");
    let stack = |role: &str| {
        let text = format!(
            r#"
            stack.name = "untrusting"

            [task_definitions.app]
            requires_compatibilities = ["EC2"]
            task_role                = "{role}"

            [task_definitions.app.containers.app]
            image  = "example/app:1"
            memory = 128
            "#
        );
        bench.write("stack.toml", &text);
    };
    let calls = [
        new_role("TrustsEc2Only", "ec2.amazonaws.com"),
        new_role("TrustsTasks", "ecs-tasks.amazonaws.com"),
    ];
    somebody(&bench, &calls);
    stack("arn:aws:iam::111122223333:role/TrustsEc2Only");
    let refused = plan(&bench, &[]).expect(1);
    assert!(
        refused.says("does not trust ECS tasks"),
        "{}",
        refused.stdout
    );
    assert!(refused.says("`task_role` names it"), "{}", refused.stdout);
    stack("arn:aws:iam::999988887777:role/TrustsTasks");
    assert!(
        plan(&bench, &[])
            .expect(1)
            .says("is one of another account")
    );
    stack("arn:aws:iam::111122223333:role/TrustsTasks");
    apply(&bench, &[]).expect(0);
}

fn logging(more: &str) -> String {
    format!(
        r#"
        stack.name = "logging"

        [task_definitions.app]
        requires_compatibilities = ["EC2"]

        [task_definitions.app.containers.app]
        image  = "example/app:1"
        memory = 128

        [task_definitions.app.containers.app.log_configuration]
        log_driver = "awslogs"
        options    = {{ awslogs-group = "/ecs/shared", awslogs-region = "us-east-1"{more} }}
        "#
    )
}

#[test]
fn a_log_group_of_somebody_else_has_to_be_there_unless_the_driver_makes_it() {
    let bench = Bench::new("preflight-logs");
    bench.write("stack.toml", &logging(""));
    let refused = plan(&bench, &[]).expect(1);
    assert!(
        refused.says("there is no log group /ecs/shared"),
        "{}",
        refused.stdout
    );
    bench.write("stack.toml", &logging(r#", awslogs-create-group = "true""#));
    plan(&bench, &[]).expect(0);
    bench.write("stack.toml", &logging(""));
    let platform = "stack.name = \"platform\"\n[log_groups.shared]\nname = \"/ecs/shared\"\nretention_days = 30\n";
    bench.write("platform.toml", platform);
    // What an earlier stack of the run makes will be there.
    let both = ["plan", "platform.toml", "stack.toml", "--sandbox"];
    bench.run(&both).expect(0);
    let group = json!({"logGroupName": "/ecs/shared"});
    somebody(&bench, &[(Service::Logs, "CreateLogGroup", group)]);
    apply(&bench, &[]).expect(0);
}

/// `apply --verify` looks at the plan once more, and for no more than `apply` itself did.
#[test]
fn whoever_does_not_look_before_does_not_look_afterwards() {
    let bench = Bench::new("preflight-verify");
    bench.write("stack.toml", &logging(""));
    let run = apply(&bench, &["--no-preflight", "--verify=1s", "--json"]);
    let events = run.stdout.lines();
    let mut events = events.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let verified = events.find(|event| event["event"] == "verified").unwrap();
    let checks = verified["checks"].as_array().unwrap();
    let plan = checks
        .iter()
        .find(|check| check["code"] == "plan-is-empty")
        .unwrap();
    assert_eq!(plan["state"], "holds", "{plan}");
}

#[test]
fn an_existing_workspace_has_to_be_in_this_account_and_region() {
    let bench = Bench::new("preflight-workspace");
    let made = somebody(&bench, &[(Service::Amp, "CreateWorkspace", json!({}))]);
    let id = made[0]["workspaceId"].as_str().unwrap();
    let stack = |id: &str, region: &str| {
        let text = format!(
            "stack.name = \"guest\"\nstack.region = \"{region}\"\n[workspace]\nid = \"{id}\"\n[log_groups.app]\nname = \"/ecs/guest\"\nretention_days = 30\n"
        );
        bench.write("stack.toml", &text);
    };
    stack("ws-00000000-0000-0000-0000-000000000000", REGION);
    let refused = plan(&bench, &[]).expect(1);
    assert!(
        refused.says("there is no workspace ws-00000000"),
        "{}",
        refused.stdout
    );
    stack(id, "eu-west-1");
    assert!(
        plan(&bench, &[])
            .expect(1)
            .says("there is no workspace ws-")
    );
    stack(id, REGION);
    apply(&bench, &[]).expect(0);
}

#[test]
fn what_may_not_be_seen_is_said_in_one_line() {
    let bench = Bench::new("preflight-denied");
    bench.write("stack.toml", BOUNDED);
    let policy = |statements: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": statements});
        bench.write("caller.json", &policy.to_string());
    };
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": "iam:GetPolicy", "Resource": "*"});
    policy(json!([all, deny]));
    let planned = plan(&bench, &["--sandbox-caller", "caller.json"]).expect(0);
    let line = "whether the managed policies that the stack names are there is not known: iam:GetPolicy is denied";
    assert!(planned.says(line), "{}", planned.stdout);
    assert_eq!(planned.stdout.matches("iam:GetPolicy").count(), 1);
    let skipped = ["--sandbox-caller", "caller.json", "--no-preflight"];
    assert!(!plan(&bench, &skipped).expect(0).says("iam:GetPolicy"));
}

/// What an image alone is for is in a blob that a signed URL names, and an access point says of
/// which file system it is.
#[test]
fn images_alone_and_access_points_are_looked_into() {
    let bench = Bench::new("preflight-fits");
    let stack = |processor: &str, file_system: &str| {
        let text = format!(
            r#"
            stack.name = "fits"

            [task_definitions.app]
            requires_compatibilities = ["EC2"]
            runtime_platform         = {{ cpu_architecture = "{processor}" }}

            [task_definitions.app.containers.app]
            image  = "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1"
            memory = 128

            [task_definitions.app.volumes.data.efs_volume_configuration]
            file_system_id       = "{file_system}"
            transit_encryption   = "ENABLED"
            authorization_config = {{ access_point_id = "fsap-1" }}
            "#
        );
        bench.write("stack.toml", &text);
    };
    only_has(&bench, &["ecr:app:1=arm64", "efs:fs-1/fsap-1", "efs:fs-2"]);
    stack("ARM64", "fs-1");
    let planned = plan(&bench, &[]).expect(0);
    assert!(!planned.says("note: "), "{}", planned.stdout);
    stack("X86_64", "fs-1");
    let planned = plan(&bench, &[]).expect(0);
    let note = "the image 111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1 is for arm64, and its tasks run on amd64";
    assert!(planned.says(note), "{}", planned.stdout);
    stack("ARM64", "fs-2");
    let refused = plan(&bench, &[]).expect(1);
    let says = "the access point fsap-1 belongs to another file system than the volume's";
    assert!(refused.says(says), "{}", refused.stdout);
    stack("ARM64", "fs-1");
    let text = fs::read_to_string(bench.path("stack.toml")).unwrap();
    bench.write("stack.toml", &text.replace("fsap-1", "fsap-2"));
    let refused = plan(&bench, &[]).expect(1);
    assert!(
        refused.says("there is no access point fsap-2"),
        "{}",
        refused.stdout
    );

    // Whoever may not download it hears of that, and plans.
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let deny = json!({"Effect": "Deny", "Action": "ecr:GetDownloadUrlForLayer", "Resource": "*"});
    let caller = json!({"Version": "2012-10-17", "Statement": [all, deny]});
    bench.write("caller.json", &caller.to_string());
    bench.write("stack.toml", &text);
    let planned = plan(&bench, &["--sandbox-caller", "caller.json"]).expect(0);
    let note = "for which processor images are that the stack names is not known: ecr:GetDownloadUrlForLayer is denied";
    assert!(planned.says(note), "{}", planned.stdout);
}
