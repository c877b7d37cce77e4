//! Quotas as the binary reads them: what the account may not have is refused at `plan`, and what
//! `plan` lets through `apply` makes.

use std::{collections::BTreeMap, fs};

use amp_stack_sandbox::{Sandbox, Settings, wire::Service};
use serde_json::{Value, json};

use crate::{
    json::account::Account,
    preflight::somebody,
    run::{Bench, Run},
};

const ACCOUNT: &str = "111122223333";

/// From now on the account beside `stack.toml` may have so much.
fn limit(bench: &Bench, limit: &str) {
    fs::create_dir_all(bench.path(".amp-stack")).unwrap();
    let settings = Settings {
        account: ACCOUNT.to_owned(),
        file: Some(bench.path(".amp-stack/sandbox.json")),
        quotas: vec![limit.parse().unwrap()],
        ..Settings::default()
    };
    drop(Sandbox::open(settings).unwrap());
}

fn plan(bench: &Bench, more: &[&str]) -> Run {
    bench.run(&[&["plan", "stack.toml", "--sandbox"], more].concat())
}

fn apply(bench: &Bench, more: &[&str]) -> Run {
    bench.run(&[&["apply", "stack.toml", "--sandbox", "--yes"], more].concat())
}

/// Two roles and a workspace; one role has two policies and a trust policy of its own.
const STACK: &str = r#"
stack.name = "limited"

[workspace]
alias           = "limited"
prevent_destroy = false

[roles.a]
name             = "LimitedA"
managed_policies = ["AmazonPrometheusQueryAccess", "AmazonPrometheusRemoteWriteAccess"]

[roles.b]
name = "LimitedB"
"#;

/// For each quota: one that is just too small and one that just fits, what the plan says, and with
/// which code AWS refuses the call that the plan would have come to.
#[test]
fn plan_refuses_what_apply_could_not_make_and_nothing_else() {
    for (code, small, enough, says, refused) in [
        (
            "aps:L-8873DB23",
            0,
            1,
            "workspace: this account in this region may have 0 workspaces, and that makes 1",
            "ServiceQuotaExceededException",
        ),
        (
            "iam:L-FE177D64",
            1,
            2,
            "roles.b: this account may have 1 roles, and that makes 2",
            "LimitExceeded",
        ),
        (
            "iam:L-0DA4ABF3",
            1,
            2,
            "roles.a: a role of this account may have 1 managed policies, and that makes 2",
            "LimitExceeded",
        ),
        (
            "iam:L-C07B4B0D",
            40,
            300,
            "a role of this account may have 40 characters of the trust policy, and that makes",
            "LimitExceeded",
        ),
    ] {
        let bench = Bench::new("quotas");
        bench.write("stack.toml", STACK);
        limit(&bench, &format!("{code}={small}"));
        let blocked = plan(&bench, &[]).expect(1);
        assert!(blocked.says(says), "{code}: {}", blocked.stdout);
        let (service, code_only) = code.split_once(':').unwrap();
        let command = format!("--service-code {service} --quota-code {code_only} --desired-value");
        assert!(
            blocked
                .stdout
                .replace("\n            ", " ")
                .contains(&command),
            "{code}: {}",
            blocked.stdout
        );
        apply(&bench, &[]).expect(1);
        // Whoever does not look sees it half way.
        let half = apply(&bench, &["--no-preflight"]);
        assert_ne!(half.code, Some(0), "{code}: {}", half.stdout);
        assert!(half.says(refused), "{code}: {}{}", half.stdout, half.stderr);

        let bench = Bench::new("quotas-enough");
        bench.write("stack.toml", STACK);
        limit(&bench, &format!("{code}={enough}"));
        plan(&bench, &[]).expect(0);
        apply(&bench, &[]).expect(0);
        // What is there stays, however small the quota has become.
        limit(&bench, &format!("{code}={small}"));
        plan(&bench, &["--detailed-exitcode"]).expect(0);
    }
}

#[test]
fn a_refusal_has_its_code_in_json_and_is_explained() {
    let bench = Bench::new("quotas-json");
    bench.write("stack.toml", STACK);
    limit(&bench, "aps:L-8873DB23=0");
    let refused = plan(&bench, &["--json"]).expect(1);
    let events = refused.stdout.lines();
    let mut events = events.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let refusal = events.find(|event| event["event"] == "refusal").unwrap();
    assert_eq!(refusal["code"], "over-quota");
    assert_eq!(refusal["address"], "workspace");
    let details = refusal["details"].to_string();
    assert!(
        details.contains("there are 0 now")
            && details.contains("Workspaces per region per account")
            && details.contains("aps L-8873DB23"),
        "{details}"
    );
    bench.run(&["explain", "over-quota"]).expect(0);
}

#[test]
fn stacks_of_one_run_share_the_room() {
    let bench = Bench::new("quotas-several");
    let stack =
        |name: &str| format!("stack.name = \"{name}\"\n[roles.task]\nname = \"Task-{name}\"\n");
    bench.write("one.toml", &stack("one"));
    bench.write("two.toml", &stack("two"));
    limit(&bench, "iam:L-FE177D64=1");
    bench.run(&["plan", "one.toml", "--sandbox"]).expect(0);
    bench.run(&["plan", "two.toml", "--sandbox"]).expect(0);
    let both = bench.run(&["plan", "one.toml", "two.toml", "--sandbox"]);
    let both = both.expect(1);
    assert!(
        both.says("may have 1 roles, and that makes 2"),
        "{}",
        both.stdout
    );
    assert_eq!(both.stdout.matches("that makes").count(), 1);
}

#[test]
fn a_saved_plan_is_held_against_the_quotas_of_its_own_day() {
    let bench = Bench::new("quotas-saved");
    bench.write("stack.toml", STACK);
    limit(&bench, "aps:L-8873DB23=1");
    plan(&bench, &["--out", "plan.json"]).expect(0);
    let saved = || {
        let place = "--sandbox=.amp-stack/sandbox.json";
        bench.run(&["apply", "plan.json", place])
    };
    let other = (Service::Amp, "CreateWorkspace", json!({}));
    somebody(&bench, &[other]);
    let moved = saved().expect(1);
    assert!(
        moved.says("may have 1 workspaces, and that makes 2"),
        "{}\n{}",
        moved.stdout,
        moved.stderr
    );
    limit(&bench, "aps:L-8873DB23=2");
    saved().expect(0);
}

#[test]
fn what_may_not_be_read_is_said_once_and_held_against_the_defaults() {
    let bench = Bench::new("quotas-denied");
    bench.write("stack.toml", STACK);
    let denied = ["iam:GetAccountSummary", "servicequotas:GetServiceQuota"];
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Action": denied, "Resource": "*"},
    ]});
    bench.write("caller.json", &policy.to_string());
    limit(&bench, "aps:L-8873DB23=0");
    let as_user = ["--sandbox-caller", "caller.json"];
    let planned = plan(&bench, &as_user).expect(0);
    for operation in denied {
        let line = format!("how much the account may have is not known: {operation} is denied");
        assert!(planned.says(&line), "{}", planned.stdout);
        assert_eq!(planned.stdout.matches(operation).count(), 1);
    }
    assert!(!planned.says("are more than"), "{}", planned.stdout);
    // A word is all that it costs.
    let skipped = [&as_user[..], &["--no-preflight"]].concat();
    assert!(!plan(&bench, &skipped).expect(0).says("is not known"));
    let others: Vec<_> = (0..25)
        .map(|_| (Service::Amp, "CreateWorkspace", json!({})))
        .collect();
    limit(&bench, "aps:L-8873DB23=30");
    somebody(&bench, &others);
    let warned = plan(&bench, &as_user).expect(0);
    assert!(
        warned.says("26 workspaces are more than the 25"),
        "{}",
        warned.stdout
    );
    plan(&bench, &[]).expect(0);
}

/// The calls that the numbers cost: one for IAM and one for workspaces, and none where nothing is
/// made.
#[test]
fn only_a_plan_that_makes_something_asks_for_quotas() {
    let account = Account::hasty();
    let bench = Bench::with_endpoint("quotas-calls", &account.endpoint);
    let asked_with = |words: &[&str], code: i32| -> BTreeMap<String, usize> {
        account.asked();
        bench.run(words).expect(code);
        let mut counts = BTreeMap::new();
        for operation in account.asked() {
            if operation.starts_with("servicequotas:") || operation == "iam:GetAccountSummary" {
                *counts.entry(operation).or_default() += 1;
            }
        }
        counts
    };
    let asked = |words: &[&str]| asked_with(words, 0);
    let once = |operations: &[&str]| -> BTreeMap<String, usize> {
        let operations = operations.iter();
        operations.map(|one| ((*one).to_owned(), 1)).collect()
    };
    let both = once(&["iam:GetAccountSummary", "servicequotas:GetServiceQuota"]);
    bench.write("stack.toml", STACK);
    assert_eq!(asked(&["plan", "stack.toml"]), both);
    assert_eq!(asked(&["plan", "stack.toml", "--no-preflight"]), once(&[]));
    // Who says only how much there is to do need not know.
    assert_eq!(asked(&["status", "stack.toml"]), once(&[]));
    assert_eq!(asked_with(&["verify", "stack.toml"], 5), once(&[]));
    assert_eq!(asked(&["apply", "stack.toml", "--yes"]), both);
    assert_eq!(asked(&["plan", "stack.toml"]), once(&[]));
    let altered = STACK.replace("\"limited\"\nprevent", "\"other\"\nprevent");
    bench.write("stack.toml", &altered);
    assert_eq!(asked(&["plan", "stack.toml"]), once(&[]));
    let more = format!("{altered}\n[roles.c]\nname = \"LimitedC\"\n");
    bench.write("stack.toml", &more);
    assert_eq!(
        asked(&["plan", "stack.toml"]),
        once(&["iam:GetAccountSummary"])
    );
    assert_eq!(asked(&["plan", "stack.toml", "--destroy"]), once(&[]));
}
