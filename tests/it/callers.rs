//! Callers who may not do everything: the real binary against a sandbox that enforces a policy.

use std::process::Child;

use amp_stack_sandbox::{Sandbox, Settings};
use aws_sdk_iam::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};

use crate::{
    emulators::server::sandbox as serve,
    guide::pages::pages,
    run::{Bench, Run},
};

const STACK: &str = include_str!("../../stacks/quickstart.toml");

/// A policy that allows `statements`.
fn policy(statements: &[Value]) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

/// The statements of the policies that the guide's page about continuous integration prints: for
/// planning, for verifying, for applying.
fn of_the_guide() -> [Vec<Value>; 3] {
    let page = pages()
        .into_iter()
        .find(|page| page.path.ends_with("ci.md"));
    let page = page.expect("the page is there");
    let documents = page
        .blocks()
        .into_iter()
        .filter(|block| block.language == "json");
    let documents = documents.map(|block| serde_json::from_str::<Value>(&block.text).unwrap());
    // The trust policy of the recipe for GitHub is none of them.
    let policies = documents.filter(|document| document["Statement"][0].get("Principal").is_none());
    let statements = policies.map(|policy| policy["Statement"].as_array().unwrap().clone());
    let statements: Vec<Vec<Value>> = statements.collect();
    statements.try_into().expect("the page has three policies")
}

/// A stack beside its sandbox, and a caller who may only what `statements` allow.
fn bench(name: &str, statements: &[Value]) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", STACK);
    bench.write("caller.json", &policy(statements));
    bench
}

fn run(bench: &Bench, command: &[&str]) -> Run {
    let mut words = vec![command[0], "stack.toml", "--sandbox=world.json"];
    words.extend(&command[1..]);
    words.extend(["--sandbox-caller", "caller.json"]);
    bench.run(&words)
}

const DESTROY: &[&str] = &[
    "destroy",
    "--yes",
    "--accept",
    "workspace",
    "--accept",
    "log_groups.quickstart",
];

#[test]
fn the_permissions_of_the_guide_are_enough() {
    let [planning, verifying, applying] = of_the_guide();
    let bench = bench("guide-permissions", &planning);
    run(&bench, &["plan", "--detailed-exitcode"]).expect(2);
    let denied = run(&bench, &["apply", "--yes"]).expect(1);
    assert!(
        denied.says("arn:aws:iam::111122223333:user/sandbox is not authorized to perform: ")
            && denied.says("because no identity-based policy allows the "),
        "{}{}",
        denied.stdout,
        denied.stderr
    );

    bench.write(
        "caller.json",
        &policy(&[planning.clone(), applying].concat()),
    );
    run(&bench, &["apply", "--yes"]).expect(0);
    let changed = STACK.replace("retention_days = 7", "retention_days = 30");
    assert_ne!(changed, STACK);
    bench.write("stack.toml", &changed);
    run(&bench, &["apply", "--yes"]).expect(0);
    run(&bench, &["plan", "--detailed-exitcode"]).expect(0);

    bench.write(
        "caller.json",
        &policy(&[planning.clone(), verifying].concat()),
    );
    let verified = run(&bench, &["verify"]).expect(4);
    assert!(!verified.says("denied"), "{}", verified.stdout);
    let asked = run(&bench, &["dashboard", "--discover"]).expect(0);
    assert!(
        asked.says("has had no series of its application"),
        "{}",
        asked.stderr
    );
    bench.write("caller.json", &policy(&planning));
    let denied = run(&bench, &["dashboard", "--discover"]).expect(1);
    assert!(
        denied.says("cannot find out what quickstart counts")
            && denied.says("amp-stack permissions --for verify"),
        "{}",
        denied.stderr
    );
    let blind = run(&bench, &["verify"]);
    assert!(
        blind.says("iam:SimulatePrincipalPolicy is denied"),
        "{}",
        blind.stdout
    );

    let [_, _, applying] = of_the_guide();
    bench.write("caller.json", &policy(&[planning, applying].concat()));
    run(&bench, DESTROY).expect(0);
}

#[test]
fn a_policy_that_iam_refuses_is_refused_before_anything_else() {
    let bench = bench("no-policy", &[]);
    let refused = run(&bench, &["plan"]).expect(1);
    assert!(
        refused.says("caller.json is no policy that IAM takes: Missing required field Statement"),
        "{}",
        refused.stderr
    );
    let missing = [
        "plan",
        "stack.toml",
        "--sandbox",
        "--sandbox-caller",
        "none.json",
    ];
    let missing = bench.run(&missing).expect(1);
    assert!(
        missing.says("cannot read the policy none.json"),
        "{}",
        missing.stderr
    );
}

/// A served sandbox, which ends with the test.
struct Served {
    server: Child,
    endpoint: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[test]
fn a_profile_that_assumes_a_role_may_what_the_role_may() {
    let home = Bench::new("role-home");
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    home.write("caller.json", &policy(&[everything]));
    let caller = home.path("caller.json").display().to_string();
    let (server, endpoint) = serve(&["--caller", &caller]);
    let account = Served { server, endpoint };

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = aws_sdk_iam::Client::from_conf(
        aws_sdk_iam::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(&account.endpoint)
            .credentials_provider(Credentials::new("me", "me", None, None, "test"))
            .build(),
    );
    let trust = json!({
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
        "Action": "sts:AssumeRole",
    });
    let [mut planning, verifying, _] = of_the_guide();
    planning.extend(verifying);
    runtime.block_on(async {
        let role = client.create_role().role_name("Plan").path("/ci/");
        role.assume_role_policy_document(policy(&[trust]))
            .send()
            .await
            .unwrap();
        let put = client
            .put_role_policy()
            .role_name("Plan")
            .policy_name("plan");
        put.policy_document(policy(&planning)).send().await.unwrap();
    });

    let mut bench = Bench::with_endpoint("role", &account.endpoint);
    bench.write("stack.toml", STACK);
    bench.write(
        "config",
        "[profile plan]\nrole_arn = arn:aws:iam::123456789012:role/ci/Plan\n\
         role_session_name = run-1\ncredential_source = Environment\n",
    );
    bench.set(
        "AWS_CONFIG_FILE",
        &bench.path("config").display().to_string(),
    );
    let as_plan =
        |command: &[&str]| bench.run(&[command, &["stack.toml", "--profile", "plan"]].concat());
    as_plan(&["plan", "--detailed-exitcode"]).expect(2);
    let checked = as_plan(&["plan", "--check-permissions"]).expect(1);
    assert!(
        checked.says("Permissions of arn:aws:sts::123456789012:assumed-role/Plan/run-1")
            && checked.says("✗ iam:CreateRole"),
        "{}",
        checked.stdout
    );
    let denied = as_plan(&["apply", "--yes"]).expect(1);
    assert!(
        denied.says("arn:aws:sts::123456789012:assumed-role/Plan/run-1 is not authorized"),
        "{}",
        denied.stderr
    );
    bench.run(&["apply", "stack.toml", "--yes"]).expect(0);
}

#[test]
fn a_caller_is_no_part_of_the_file_that_a_sandbox_is_kept_in() {
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let bench = bench("caller-file", &[everything]);
    run(&bench, &["apply", "--yes"]).expect(0);
    let sandbox = Sandbox::open(Settings {
        file: Some(bench.path("world.json")),
        ..Settings::default()
    });
    let world = serde_json::to_string(&sandbox.unwrap().world()).unwrap();
    assert!(!world.contains("user_policy"), "{world}");
}

/// What `plan --check-permissions` says of the caller.
fn checked(bench: &Bench, statements: &[Value], code: i32) -> Run {
    bench.write("caller.json", &policy(statements));
    run(bench, &["plan", "--check-permissions"]).expect(code)
}

#[test]
fn a_plan_says_what_its_caller_lacks() {
    let [planning, verifying, applying] = of_the_guide();
    let bench = bench("check-permissions", &planning);
    // Without the right to ask, everything is unknown, which is no reason to fail.
    let blind = checked(&bench, &planning, 0);
    assert!(
        blind.says("? iam:CreateRole on arn:aws:iam::111122223333:role/QuickstartExecution"),
        "{}",
        blind.stdout
    );
    assert!(
        blind.says("iam:SimulatePrincipalPolicy is denied"),
        "{}",
        blind.stdout
    );

    let asking = [planning.clone(), verifying.clone()].concat();
    let lacking = checked(&bench, &asking, 1);
    assert!(
        lacking.says("✗ logs:DeleteLogGroup") || lacking.says("✗ logs:CreateLogGroup on arn:aws:logs:us-east-1:111122223333:log-group:/ecs/quickstart:*: no policy allows it"),
        "{}",
        lacking.stdout
    );
    assert!(lacking.says("that the plan takes"), "{}", lacking.stderr);
    assert!(
        lacking.says("Permissions of arn:aws:iam::111122223333:user/sandbox for quickstart:"),
        "{}",
        lacking.stdout
    );

    let everything = [planning.clone(), verifying, applying].concat();
    let all = checked(&bench, &everything, 0);
    assert!(!all.says("✗") && all.says("✓"), "{}", all.stdout);

    let never = json!({"Effect": "Deny", "Action": "iam:CreateRole", "Resource": "*"});
    let denied = checked(&bench, &[everything.clone(), vec![never]].concat(), 1);
    assert!(
        denied.says("✗ iam:CreateRole") && denied.says("a statement denies it"),
        "{}",
        denied.stdout
    );

    // What a condition asks for is given, as far as a request would have it.
    let printed = [
        "permissions",
        "stack.toml",
        "--for",
        "apply",
        "--account",
        "111122223333",
    ];
    let printed: Value = serde_json::from_str(&bench.run(&printed).expect(0).stdout).unwrap();
    let asking =
        json!({"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"});
    let exact = [
        printed["Statement"].as_array().unwrap().clone(),
        vec![asking],
    ]
    .concat();
    let exact = checked(&bench, &exact, 0);
    assert!(!exact.says("✗"), "{}", exact.stdout);

    let root = bench
        .run(&["plan", "stack.toml", "--sandbox", "--check-permissions"])
        .expect(0);
    assert!(
        root.says("? the caller is the root user"),
        "{}",
        root.stdout
    );
}
