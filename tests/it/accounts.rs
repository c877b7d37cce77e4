//! Stacks of several accounts in one run, as somebody types it: which roles and profiles a run may
//! use is said outside the files, and what is done in one account is nothing to another.

use std::process::Child;

use serde_json::Value;

use crate::{
    emulators::server::{ACCOUNT, sandbox as serve},
    run::{Bench, Run},
};

const PROD: &str = "222222222222";
const ROLE: &str = "arn:aws:iam::222222222222:role/ci/deploy";

/// The role as which production is reached: it trusts the account of whoever starts the run, for
/// those who know the external id.
fn deployer(trusted: &str) -> String {
    format!(
        r#"
[stack]
name = "deployer"

[roles.deploy]
name = "deploy"
path = "/ci/"

[roles.deploy.trust]
Version = "2012-10-17"
Statement = {{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ AWS = "{trusted}" }}, Condition = {{ StringEquals = {{ "sts:ExternalId" = "shop-4711" }} }} }}

[roles.deploy.inline_policies.everything]
Version = "2012-10-17"
Statement = {{ Effect = "Allow", Action = "*", Resource = "*" }}
"#
    )
}

/// What runs in both accounts, under the same names.
const SHOP: &str = r#"
[variables]
days = { default = 7 }

[log_groups.app]
name = "/ecs/shop"
retention_days = "${var.days}"

[roles.task]
name = "ShopTask"

[task_definitions.shop]
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"

[task_definitions.shop.containers.app]
image = "nginx:1"

[workspace]
alias = "shop"
prevent_destroy = false
"#;

const ASSUMING: &str = r#"
[stack.assume_role]
role_arn = "arn:aws:iam::222222222222:role/ci/deploy"
external_id = "shop-4711"
"#;

const BOTH: [&str; 2] = ["staging.toml", "prod.toml"];
const ALLOW: [&str; 2] = ["--allow-role", ROLE];

/// A sandbox that is served to callers who may do what `policy` allows.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn write_stacks(bench: &Bench) {
    let staging = format!("[stack]\nname = \"shop\"\n{SHOP}");
    bench.write("staging.toml", &staging);
    let prod = format!("[stack]\nname = \"shop\"\naccount = \"{PROD}\"\n{ASSUMING}{SHOP}");
    bench.write("prod.toml", &prod);
}

/// Everything but what `statements` add.
fn policy(statements: &str) -> String {
    format!(
        r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "*", "Resource": "*"}}{statements}]}}"#
    )
}

/// Two accounts behind one endpoint: the caller's own, which is staging, and production with a role
/// that trusts it.
fn world(name: &str, trusted: &str) -> (Served, Bench) {
    let mut bench = Bench::new(name);
    bench.write("caller.json", &policy(""));
    let caller = bench.path("caller.json").display().to_string();
    let (server, endpoint) = serve(&["--caller", &caller]);
    bench.work_on(&endpoint);
    bench.write("deployer.toml", &deployer(trusted));
    write_stacks(&bench);
    // A key of twelve digits is of the account of that number.
    bench.set("AWS_ACCESS_KEY_ID", PROD);
    bench.set("AWS_SECRET_ACCESS_KEY", PROD);
    run(&bench, &["apply", "deployer.toml", "--yes"]).expect(0);
    bench.set("AWS_ACCESS_KEY_ID", "sandbox");
    bench.set("AWS_SECRET_ACCESS_KEY", "sandbox");
    (Served(server), bench)
}

fn own() -> String {
    format!("arn:aws:iam::{ACCOUNT}:root")
}

fn run(bench: &Bench, words: &[&str]) -> Run {
    bench.run(words)
}

/// The command with the two stack files and `more`.
fn both(bench: &Bench, command: &[&str], more: &[&str]) -> Run {
    bench.run(&[command, &BOTH, more].concat())
}

#[test]
fn stacks_of_two_accounts_are_planned_applied_and_destroyed_in_one_run() {
    let (_server, mut bench) = world("accounts-whole", &own());
    let refused = both(&bench, &["plan"], &[]).expect(1);
    assert!(refused.says(&format!("this run may not assume the role {ROLE}")));
    assert!(refused.says(&format!(
        "add --allow-role {ROLE}, or set AMP_STACK_ALLOW_ROLE"
    )));
    // The place in the file is underlined, and nothing is planned for the other stack either.
    assert!(
        refused.stderr.contains("prod.toml:6:"),
        "{}",
        refused.stderr
    );
    assert_eq!(refused.stdout, "");

    let plan = both(&bench, &["plan"], &ALLOW).expect(0);
    assert!(plan.says(&format!("Stack shop in us-east-1, account {ACCOUNT} ")));
    assert!(plan.says(&format!(
        "Stack shop in us-east-1, account {PROD}, as the role ci/deploy"
    )));
    // The same role name in both accounts, and the same stack name, are no collision.
    assert!(!plan.says("decision"), "{}", plan.stdout);
    assert!(plan.says(&format!(
        "amp-stack apply staging.toml prod.toml --allow-role {ROLE}"
    )));
    both(&bench, &["apply", "--yes"], &ALLOW).expect(0);
    both(&bench, &["plan", "--detailed-exitcode"], &ALLOW).expect(0);

    // Who says so in the environment need not say so on the command line.
    bench.set("AMP_STACK_ALLOW_ROLE", &format!("  {ROLE} "));
    let events = both(&bench, &["plan", "--json", "--detailed-exitcode"], &[]).expect(0);
    let events = events
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let stacks: Vec<Value> = events
        .filter(|event: &Value| event["event"] == "stack")
        .collect();
    let said = stacks
        .iter()
        .map(|stack| (&stack["account"], &stack["role"]));
    let expected = [
        (&Value::from(ACCOUNT), &Value::Null),
        (&Value::from(PROD), &Value::from(ROLE)),
    ];
    assert!(said.eq(expected), "{stacks:?}");
    for command in ["status", "output", "verify"] {
        let looked = run(&bench, &[command, "prod.toml"]);
        assert!(
            !looked.stderr.contains("error"),
            "{command}: {}",
            looked.stderr
        );
    }
    let status = run(&bench, &["status", "prod.toml", "--json"]).expect(0);
    let status: Value = serde_json::from_str(&status.stdout).unwrap();
    assert_eq!(
        (&status["account"], &status["role"]),
        (&PROD.into(), &ROLE.into())
    );
    let markdown = run(&bench, &["plan", "prod.toml", "--format", "markdown"]).expect(0);
    assert!(markdown.says(&format!("account {PROD}, as the role ci/deploy")));

    // Whoever is in production sees what was made there, and that is all there is.
    let direct = bench_in(
        &mut bench,
        PROD,
        &["plan", "direct.toml", "--detailed-exitcode"],
    );
    direct.expect(0);

    let lost = [
        "--yes",
        "--accept",
        "shop:workspace",
        "--accept",
        "shop:log_groups.app",
    ];
    let unnamed = both(&bench, &["destroy", "--yes"], &[]).expect(1);
    assert!(unnamed.says("shop:workspace"), "{}", unnamed.stderr);
    both(&bench, &["destroy"], &lost).expect(0);
    both(&bench, &["plan", "--destroy", "--detailed-exitcode"], &[]).expect(0);
}

/// Runs as somebody of `account`, with production's stack as one of the caller's own.
fn bench_in(bench: &mut Bench, account: &str, words: &[&str]) -> Run {
    bench.write("direct.toml", &format!("[stack]\nname = \"shop\"\n{SHOP}"));
    bench.set("AWS_ACCESS_KEY_ID", account);
    bench.set("AWS_SECRET_ACCESS_KEY", account);
    let run = bench.run(words);
    bench.set("AWS_ACCESS_KEY_ID", "sandbox");
    bench.set("AWS_SECRET_ACCESS_KEY", "sandbox");
    run
}

#[test]
fn a_saved_plan_keeps_who_and_needs_the_same_permission_again() {
    let (_server, bench) = world("accounts-saved", &own());
    both(&bench, &["plan", "--out", "plan.json"], &ALLOW).expect(0);
    let shown = run(&bench, &["show", "plan.json"]).expect(0);
    assert!(shown.says("as the role ci/deploy"), "{}", shown.stdout);
    assert!(shown.says(&format!("amp-stack apply plan.json --allow-role {ROLE}")));
    let refused = run(&bench, &["apply", "plan.json", "--yes"]).expect(1);
    assert!(refused.says(&format!(
        "the plan reaches the stack `shop` as the role ci/deploy, but this run may not assume the role {ROLE}"
    )));
    let nothing = both(&bench, &["plan", "--detailed-exitcode"], &ALLOW);
    nothing.expect(2);
    // The external id is in the plan: the stack files are not read again.
    for file in BOTH {
        std::fs::remove_file(bench.path(file)).unwrap();
    }
    let apply = ["apply", "plan.json", "--yes", ALLOW[0], ALLOW[1]];
    run(&bench, &apply).expect(0);
    assert!(run(&bench, &apply).expect(0).says("carried out already"));
    write_stacks(&bench);
    both(&bench, &["plan", "--detailed-exitcode"], &ALLOW).expect(0);
}

#[test]
fn whoever_edits_a_file_reaches_nothing_that_is_not_allowed_from_outside() {
    // Without an endpoint and without credentials: nobody is asked anything.
    let mut bench = Bench::new("accounts-edited");
    write_stacks(&bench);
    bench.set("AMP_STACK_ALLOW_ROLE", ROLE);
    let prod = std::fs::read_to_string(bench.path("prod.toml")).unwrap();
    for (from, to, may_not) in [
        (
            "role/ci/deploy",
            "role/admin",
            "may not assume the role arn:aws:iam::222222222222:role/admin",
        ),
        (
            "[stack.assume_role]\nrole_arn = \"arn:aws:iam::222222222222:role/ci/deploy\"\nexternal_id = \"shop-4711\"",
            "profile = \"admin\"",
            "may not use the profile `admin`",
        ),
        // A variable is worth what it says.
        (
            "arn:aws:iam::222222222222:role/ci/deploy",
            "arn:aws:iam::${var.target}:role/ci/deploy",
            "may not assume the role arn:aws:iam::333333333333:role/ci/deploy",
        ),
    ] {
        let edited = prod.replace(from, to).replace(
            "[variables]",
            "[variables]\ntarget = { default = \"333333333333\" }",
        );
        let edited = edited.replace(&format!("account = \"{PROD}\"\n"), "");
        assert_ne!(edited, prod);
        bench.write("prod.toml", &edited);
        for command in [
            &["plan"][..],
            &["apply", "--yes"],
            &["destroy", "--yes"],
            &["plan", "--sandbox"],
        ] {
            let refused = both(&bench, command, &[]).expect(1);
            assert!(refused.says(may_not), "{}", refused.stderr);
        }
        // What asks nobody anything allows everything.
        run(&bench, &["validate", "prod.toml"]).expect(0);
        // What is on the command line is named outside of the file.
        let said = format!("{:?}", both(&bench, &["plan"], &["--profile", "admin"]));
        assert_eq!(
            said.contains("may not"),
            !may_not.contains("profile"),
            "{said}"
        );
    }
}

#[test]
fn the_account_guard_holds_for_the_account_that_is_really_reached() {
    let (_server, mut bench) = world("accounts-guard", &own());
    // Known without asking anybody, although the role is allowed.
    let prod = std::fs::read_to_string(bench.path("prod.toml")).unwrap();
    let other = prod.replace("account = \"222222222222\"", "account = \"444455556666\"");
    bench.write("prod.toml", &other);
    let offline = run(&bench, &["validate", "prod.toml"]).expect(1);
    assert!(
        offline.says("the stack is for the account 444455556666, but its role is of 222222222222")
    );
    // A profile leads to an account that only AWS knows.
    bench.write(
        "config",
        "[profile prod]\naws_access_key_id = 222222222222\naws_secret_access_key = 222222222222\n[profile stray]\naws_access_key_id = 333333333333\naws_secret_access_key = 333333333333\n",
    );
    let config = bench.path("config").display().to_string();
    bench.set("AWS_CONFIG_FILE", &config);
    let with = |bench: &Bench, profile: &str| {
        let head =
            format!("[stack]\nname = \"shop\"\naccount = \"{PROD}\"\nprofile = \"{profile}\"\n");
        bench.write("prod.toml", &format!("{head}{SHOP}"));
    };
    with(&bench, "prod");
    let refused = both(&bench, &["plan"], &[]).expect(1);
    assert!(refused.says("this run may not use the profile `prod`"));
    let allow = [
        "--allow-profile",
        "prod",
        "--allow-profile",
        "stray",
        "--allow-profile",
        "gone",
    ];
    both(&bench, &["apply", "--yes"], &allow).expect(0);
    let plan = both(&bench, &["plan", "--detailed-exitcode"], &allow).expect(0);
    assert!(plan.says(&format!("account {PROD}, with the profile prod")));
    with(&bench, "stray");
    let refused = both(&bench, &["plan"], &allow).expect(1);
    assert!(refused.says(&format!(
        "the stack is for the account {PROD}, but the profile `stray` leads to 333333333333"
    )));
    with(&bench, "gone");
    let refused = both(&bench, &["plan"], &allow).expect(1);
    assert!(
        refused.says("the stack file names the profile `gone`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn a_role_that_may_not_be_assumed_says_by_whom_and_what_to_do() {
    let (_server, bench) = world("accounts-denied", "arn:aws:iam::555566667777:root");
    let refused = both(&bench, &["plan"], &ALLOW).expect(1);
    assert!(refused.says(&format!(
        "arn:aws:iam::{ACCOUNT}:user/sandbox could not assume the role {ROLE}"
    )));
    for words in [
        "sts:AssumeRole",
        "AccessDenied",
        "trust policy",
        "shop-4711",
        "--for assume",
    ] {
        assert!(refused.says(words), "{words}: {}", refused.stderr);
    }
    // STS refuses what is longer than the role allows.
    let (_server, bench) = world("accounts-long", &own());
    let prod = std::fs::read_to_string(bench.path("prod.toml")).unwrap();
    let long = prod.replace("external_id", "duration = \"2h\"\nexternal_id");
    bench.write("prod.toml", &long);
    let refused = both(&bench, &["plan"], &ALLOW).expect(1);
    assert!(
        refused.says("make `duration` in `assume_role` shorter"),
        "{}",
        refused.stderr
    );
}

#[test]
fn stacks_of_one_account_by_two_identities_still_take_account_of_each_other() {
    let (_server, bench) = world("accounts-same", &own());
    // Production twice: as the role, and as the same role with another session.
    let prod = std::fs::read_to_string(bench.path("prod.toml")).unwrap();
    let second = prod
        .replace("name = \"shop\"\naccount", "name = \"second\"\naccount")
        .replace("external_id", "session_name = \"second\"\nexternal_id")
        .replace("/ecs/shop", "/ecs/second")
        .replace("ShopTask", "shoptask")
        .replace("task_definitions.shop", "task_definitions.second");
    bench.write("second.toml", &second);
    let plan = |files: [&str; 2]| {
        let words = ["plan", files[0], files[1], ALLOW[0], ALLOW[1]];
        bench.run(&words)
    };
    let collide = plan(["prod.toml", "second.toml"]).expect(1);
    assert!(collide.says("role-name-collision"), "{}", collide.stderr);
    bench.write("second.toml", &second.replace("shoptask", "SecondTask"));
    plan(["prod.toml", "second.toml"]).expect(0);
    // In two accounts these names are two.
    let assuming = ASSUMING.replace("external_id", "session_name = \"second\"\nexternal_id");
    let staging = second
        .replace(assuming.trim(), "")
        .replace(&format!("account = \"{PROD}\""), "");
    bench.write("second.toml", &staging);
    plan(["prod.toml", "second.toml"]).expect(0);
    // The same stack twice is still none.
    let again = prod
        .replace("ShopTask", "AgainTask")
        .replace("/ecs/shop", "/ecs/again");
    bench.write("second.toml", &again);
    let twice = plan(["prod.toml", "second.toml"]).expect(1);
    assert!(
        twice.says("are both for the stack `shop` in us-east-1"),
        "{}",
        twice.stderr
    );
}

#[test]
fn a_sandbox_in_a_file_holds_the_accounts_of_all_stacks() {
    let bench = Bench::new("accounts-sandbox");
    write_stacks(&bench);
    let sandbox = ["--sandbox=world.json", ALLOW[0], ALLOW[1]];
    both(&bench, &["apply", "--yes"], &sandbox).expect(0);
    both(&bench, &["plan", "--detailed-exitcode"], &sandbox).expect(0);
    // Each by itself finds what it has made, whichever comes first.
    for file in BOTH {
        let plan = [&["plan", file, "--detailed-exitcode"][..], &sandbox].concat();
        run(&bench, &plan).expect(0);
    }
    let file = std::fs::read_to_string(bench.path("world.json")).unwrap();
    let file: Value = serde_json::from_str(&file).unwrap();
    let roles = |world: &Value| world["iam"]["roles"].as_object().unwrap().len();
    assert_eq!(roles(&file["world"]), 1);
    assert_eq!(roles(&file["world"]["others"][PROD]), 1);
    // Whoever has a policy assumes the role as in AWS, where it has to be there.
    bench.write("caller.json", &policy(""));
    let strict = [&sandbox[..], &["--sandbox-caller", "caller.json"]].concat();
    let refused = both(&bench, &["plan"], &strict).expect(1);
    assert!(
        refused.says("could not assume the role"),
        "{}",
        refused.stderr
    );
    // What is forgotten at the end needs no permission.
    run(&bench, &["try", "prod.toml"]).expect(0);
    let lost = [
        "--yes",
        "--accept",
        "shop:workspace",
        "--accept",
        "shop:log_groups.app",
    ];
    both(&bench, &[&["destroy"], &lost[..]].concat(), &sandbox).expect(0);
}

#[test]
fn permissions_are_apart_by_who_needs_them() {
    let bench = Bench::new("accounts-permissions");
    write_stacks(&bench);
    let words = ["permissions", "prod.toml", "--for"];
    let caller = run(&bench, &[&words[..], &["assume"]].concat()).expect(0);
    let policy: Value = serde_json::from_str(&caller.stdout).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    assert_eq!(statements.len(), 1);
    assert_eq!(
        statements[0]["Action"],
        serde_json::json!(["sts:AssumeRole"])
    );
    assert_eq!(statements[0]["Resource"], serde_json::json!([ROLE]));
    let role = run(&bench, &[&words[..], &["plan"]].concat()).expect(0);
    assert!(role.says(&format!("note: this is for {ROLE}")));
    assert!(!role.stdout.contains("sts:AssumeRole"));
    // Its account is known from the role.
    assert!(role.stdout.contains(":222222222222:"), "{}", role.stdout);
    let mixed = run(&bench, &[&words[..], &["plan,assume"]].concat()).expect(1);
    assert!(mixed.says("print two policies"));
    let none = run(&bench, &["permissions", "staging.toml", "--for", "assume"]).expect(1);
    assert!(none.says("none of the stack files names a role to assume"));
}

/// What is imported as a role is from then on reached as that role.
#[test]
fn a_stack_is_imported_as_a_role_that_the_file_names() {
    let (_server, bench) = world("accounts-import", &own());
    run(
        &bench,
        &[&["apply", "prod.toml", "--yes"], &ALLOW[..]].concat(),
    )
    .expect(0);
    let import = |more: &[&str]| {
        let words = ["import", "--stack", "shop", "--out", "imported.toml"];
        run(&bench, &[&words, more].concat())
    };
    let nothing = import(&[]).expect(1);
    assert!(
        nothing.says("owns nothing in this account"),
        "{}",
        nothing.stderr
    );
    let denied = import(&["--assume-role", ROLE]).expect(1);
    assert!(denied.says("AccessDenied"), "{}", denied.stderr);
    let misspelt = import(&["--assume-role", "deploy"]).expect(1);
    assert!(
        misspelt.says("not the ARN of a role"),
        "{}",
        misspelt.stderr
    );

    let imported = import(&["--assume-role", ROLE, "--external-id", "shop-4711"]).expect(0);
    let next = format!("amp-stack plan imported.toml --allow-role {ROLE}");
    assert!(imported.says(&next), "{}", imported.stderr);
    let text = std::fs::read_to_string(bench.path("imported.toml")).unwrap();
    assert!(text.contains("external_id = \"shop-4711\""), "{text}");
    run(&bench, &["fmt", "--check", "imported.toml"]).expect(0);
    run(&bench, &["plan", "imported.toml"]).expect(1);
    let plan = ["plan", "imported.toml", "--detailed-exitcode"];
    let plan = run(&bench, &[&plan, &ALLOW[..]].concat()).expect(0);
    assert!(
        plan.says(&format!("account {PROD}, as the role ci/deploy")),
        "{}",
        plan.stdout
    );
}
