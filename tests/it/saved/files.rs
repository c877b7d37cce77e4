//! Plan files: the secrets that they don't hold, where they may be used, and what is said of broken
//! ones.

use std::{ffi::OsString, fs};

use serde_json::Value;

use crate::{
    emulators::server::{sandbox as serve, sandbox_of},
    run::{Bench, Run},
    saved::runs::{APPLY, PLAN, SMALL, meddle, world},
};

const SECRETS: &str = r#"
[stack]
name = "small"

[variables]
db_password = { description = "of the orders" }
level       = { default = "info" }

[task_definitions.a.containers.app]
image   = "app:1"
memory  = 64
command = ["--api-token", "${env.API_TOKEN}"]
environment = { DB_PASSWORD = "${var.db_password}", LEVEL = "${var.level}" }
"#;
const PASSWORD: &[&str] = &["--var", "db_password=hunter2-orders"];
const REVISION: &str = "/ecs/regions/us-east-1/families/a/revisions/1";

/// Runs the binary with a token in its environment.
fn run(bench: &Bench, arguments: &[&[&str]]) -> Run {
    let mut command = bench.command(&arguments.concat());
    command.env("API_TOKEN", "sesame-orders");
    let run = Run::from(command.output().unwrap());
    for secret in ["hunter2", "sesame"] {
        assert!(!run.stdout.contains(secret), "{}", run.stdout);
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    run
}

fn secretive(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", SECRETS);
    let level = ["--var", "level=debug"];
    run(&bench, &[PLAN, PASSWORD, &level]).expect(0);
    bench
}

/// What the newest revision says about the environment and the command of its container.
fn container(bench: &Bench) -> String {
    let revisions = &world(bench)["ecs"]["regions"]["us-east-1"]["families"]["a"]["revisions"];
    let newest = revisions.as_object().unwrap().values().next_back().unwrap();
    newest["definition"]["containerDefinitions"][0].to_string()
}

#[test]
fn secrets_are_not_in_the_file_and_are_asked_for_again() {
    let bench = secretive("saved-secret");
    let text = fs::read_to_string(bench.path("plan.json")).unwrap();
    assert!(
        !text.contains("hunter2") && !text.contains("sesame"),
        "{text}"
    );
    assert!(
        text.contains("debug") && !text.contains("hidden) 3"),
        "{text}"
    );
    let shown = run(&bench, &[&["show", "plan.json"]]).expect(0);
    assert!(shown.says("DB_PASSWORD = (hidden)"), "{}", shown.stdout);
    assert!(
        shown.says("with level=debug and db_password=(hidden)"),
        "{}",
        shown.stderr
    );

    let refused = run(&bench, &[APPLY]).expect(1);
    assert!(
        refused.says("the variable `db_password` has no value"),
        "{}",
        refused.stderr
    );
    let needed = "containers.app.command[1] and containers.app.environment.DB_PASSWORD of task_definitions.a";
    assert!(refused.says(&format!(
        "this plan needs {needed} again, from the stack file"
    )));
    assert!(refused.says(
        "give the secrets that it takes, from environment variables of these names: --var db_password"
    ));

    let other = ["--var", "db_password=hunter2-other"];
    let refused = run(&bench, &[APPLY, &other]).expect(1);
    assert!(refused.says("gives other secrets than when the plan was made, to task_definitions.a"));
    assert!(refused.says("nothing was changed"), "{}", refused.stderr);

    fs::rename(bench.path("stack.toml"), bench.path("moved.toml")).unwrap();
    let refused = run(&bench, &[APPLY, PASSWORD]).expect(1);
    assert!(refused.says("cannot read stack.toml"), "{}", refused.stderr);
    assert!(
        refused.says("name it with --stack STACK.toml"),
        "{}",
        refused.stderr
    );
    run(&bench, &[APPLY, PASSWORD, &["--stack", "moved.toml"]]).expect(0);
    assert!(
        container(&bench).contains("hunter2-orders"),
        "{}",
        container(&bench)
    );
    assert!(
        container(&bench).contains("sesame-orders"),
        "{}",
        container(&bench)
    );

    let done = world(&bench);
    let again = run(&bench, &[APPLY]).expect(0);
    assert!(
        again.says("This plan has been carried out already."),
        "{}",
        again.stderr
    );
    assert_eq!(world(&bench), done);
}

#[test]
fn secrets_that_aws_still_has_are_not_asked_for() {
    let bench = secretive("saved-secret-live");
    run(&bench, &[APPLY, PASSWORD]).expect(0);
    run(&bench, &[PLAN, PASSWORD]).expect(0);
    let untouched = fs::read(bench.path(".amp-stack/sandbox.json")).unwrap();

    meddle(&bench, REVISION, |revision| {
        let environment = &mut revision["definition"]["containerDefinitions"][0]["environment"];
        let variables = environment.as_array_mut().unwrap();
        let password = variables.iter_mut().find(|v| v["name"] == "DB_PASSWORD");
        password.unwrap()["value"] = Value::from("hunter2-drifted");
    });
    let command = [APPLY, PASSWORD].concat();
    let before = world(&bench);
    let refused = run(&bench, &[&command]).expect(1);
    assert!(
        refused.says("at task_definitions.a; nothing was changed"),
        "{}",
        refused.stderr
    );
    assert!(
        refused.says("~ containers.app.environment.DB_PASSWORD (hidden), changes"),
        "{}",
        refused.stderr
    );
    assert_eq!(world(&bench), before);

    fs::write(bench.path(".amp-stack/sandbox.json"), untouched).unwrap();
    fs::remove_file(bench.path("stack.toml")).unwrap();
    let done = run(&bench, &[APPLY]).expect(0);
    assert!(
        done.says("~ containers.app.environment.LEVEL debug -> info"),
        "{}",
        done.stdout
    );
    assert!(
        container(&bench).contains("hunter2-orders"),
        "{}",
        container(&bench)
    );
}

#[test]
fn a_secret_that_changes_shows_that_it_does() {
    let bench = secretive("saved-secret-changes");
    run(&bench, &[APPLY, PASSWORD]).expect(0);
    let other = ["--var", "db_password=hunter2-other", "--var", "level=debug"];
    run(&bench, &[PLAN, &other]).expect(0);
    let shown = run(&bench, &[&["show", "plan.json"]]).expect(0);
    assert!(
        shown.says("~ containers.app.environment.DB_PASSWORD (hidden), changes"),
        "{}",
        shown.stdout
    );
    assert!(
        run(&bench, &[APPLY, PASSWORD])
            .expect(1)
            .says("gives other secrets")
    );
    run(&bench, &[APPLY, &other]).expect(0);
    assert!(
        container(&bench).contains("hunter2-other"),
        "{}",
        container(&bench)
    );
}

#[test]
fn a_variable_that_is_part_of_a_secret_is_one() {
    let bench = Bench::new("saved-secret-part");
    let text = SECRETS.replace("db_password =", "pw =").replace(
        "${var.db_password}",
        "postgres://app:${var.pw}@db/${var.level}",
    );
    bench.write("stack.toml", &text);
    let given = ["--var", "pw=hunter2-orders", "--var", "level=1"];
    let saved = Run::from({
        let mut command = bench.command(&[PLAN, &given].concat());
        command.env("API_TOKEN", "sesame-orders").output().unwrap()
    });
    saved.expect(0);
    let file = fs::read_to_string(bench.path("plan.json")).unwrap();
    assert!(!file.contains("hunter2"), "{file}");
    let refused = run(&bench, &[APPLY]).expect(1);
    assert!(
        refused.says("of these names: --var pw"),
        "{}",
        refused.stderr
    );
    run(&bench, &[APPLY, &given[..2]]).expect(0);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let bench = secretive("saved-mode");
    let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("plan.json"), 0o600);
    fs::set_permissions(bench.path("plan.json"), fs::Permissions::from_mode(0o644)).unwrap();
    run(&bench, &[PLAN, PASSWORD]).expect(0);
    assert_eq!(mode("plan.json"), 0o600);
    let names: Vec<_> = fs::read_dir(bench.path(""))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    let is_left = |name: &OsString| name.to_string_lossy().ends_with(".new");
    assert!(!names.iter().any(is_left), "{names:?}");
}

#[test]
fn nothing_but_a_plan_is_overwritten() {
    let bench = Bench::new("saved-out");
    bench.write("stack.toml", SMALL);
    bench.write("notes.json", "{\"mine\": true}\n");
    let plan = |out: &str| bench.run(&["plan", "stack.toml", "--sandbox", "--out", out]);
    for (out, said) in [
        ("other.toml", "stack files have this ending"),
        ("stack.toml", "stack files have this ending"),
        ("notes.json", "something else is there already"),
        ("stack.toml/plan.json", "cannot write stack.toml/plan.json"),
    ] {
        let run = plan(out).expect(1);
        assert!(run.says(said), "{}", run.stderr);
    }
    assert_eq!(fs::read_to_string(bench.path("stack.toml")).unwrap(), SMALL);
    assert_eq!(
        fs::read_to_string(bench.path("notes.json")).unwrap(),
        "{\"mine\": true}\n"
    );
    plan("plan.json").expect(0);
    plan("plan.json").expect(0);
    // A directory that is missing is made.
    plan("plans/new/plan.json").expect(0);
    bench.run(&["show", "plans/new/plan.json"]).expect(0);
}

#[test]
fn a_plan_with_something_to_decide_is_not_saved() {
    let bench = Bench::new("saved-refused");
    let other = "[stack]\nname = \"other\"\n[roles.mine]\nname = \"a\"\n";
    bench.write("other.toml", other);
    bench
        .run(&["apply", "other.toml", "--sandbox", "--yes"])
        .expect(0);
    bench.write("stack.toml", SMALL);
    let run = bench.run(PLAN).expect(1);
    assert!(
        run.says("the plan was not saved: 1 decision needed first"),
        "{}",
        run.stderr
    );
    assert!(!bench.path("plan.json").exists());
}

#[test]
fn a_file_that_was_altered_is_refused() {
    let bench = Bench::new("saved-altered");
    bench.write("stack.toml", SMALL);
    bench.run(PLAN).expect(0);
    let text = fs::read_to_string(bench.path("plan.json")).unwrap();
    let version = text.replacen("\"version\": 2", "\"version\": 3", 1);
    let program = text.replacen(env!("CARGO_PKG_VERSION"), "0.0.9", 1);
    let altered = text.replacen("\"retention_days\": 7", "\"retention_days\": 1", 1);
    let unknown = text.replacen("\"destroy\"", "\"destory\"", 1);
    for (broken, said) in [
        (altered.as_str(), "it is not as it was written"),
        (&unknown, "it is not as it was written"),
        (&text.replace('\n', "\r\n"), "it is not as it was written"),
        (
            &text[..text.len() / 2],
            "it is damaged because: EOF while parsing",
        ),
        (&text[..text.len() - 1], "it is not as it was written"),
        (&version, "its form is version 3"),
        (&program, "amp-stack 0.0.9 made this plan"),
    ] {
        assert_ne!(broken, text);
        bench.write("plan.json", broken);
        for command in [&["show", "plan.json"][..], APPLY] {
            let run = bench.run(command).expect(1);
            assert!(
                run.says("cannot use plan.json as a saved plan"),
                "{}",
                run.stderr
            );
            assert!(run.says(said), "{said} in {}", run.stderr);
            assert!(run.says("make the plan again"), "{}", run.stderr);
        }
    }
    let run = bench.run(&["show", "stack.toml"]).expect(1);
    assert!(run.says("it is not a saved plan"), "{}", run.stderr);
    let run = bench.run(&["show", "none.json"]).expect(1);
    assert!(run.says("cannot read none.json"), "{}", run.stderr);
}

#[test]
fn a_plan_is_no_stack_file() {
    let bench = Bench::new("saved-no-stack");
    bench.write("stack.toml", SMALL);
    bench.run(PLAN).expect(0);
    for command in ["plan", "validate", "destroy", "graph"] {
        let yes: &[&str] = if command == "destroy" {
            &["--yes"]
        } else {
            &[]
        };
        let run = bench
            .run(&[&[command, "plan.json"], yes].concat())
            .expect(1);
        assert!(
            run.says("plan.json is a saved plan, and no stack file"),
            "{}",
            run.stderr
        );
        assert!(run.says("amp-stack show plan.json"), "{}", run.stderr);
    }
}

#[test]
fn a_plan_is_for_one_place() {
    let bench = Bench::new("saved-place");
    bench.write("stack.toml", SMALL);
    bench.run(PLAN).expect(0);
    let run = bench.run(&["apply", "plan.json"]).expect(1);
    assert!(
        run.says("the plan was made in a sandbox, and is not for AWS"),
        "{}",
        run.stderr
    );
    assert!(
        run.says("add --sandbox=.amp-stack/sandbox.json"),
        "{}",
        run.stderr
    );
    let run = bench
        .run(&[APPLY, &["--region", "eu-west-1"]].concat())
        .expect(1);
    let said = "the plan is for us-east-1 in account 111122223333, but --region says eu-west-1";
    assert!(run.says(said), "{}", run.stderr);

    let (mut mine, endpoint) = serve(&[]);
    let (mut others, elsewhere) = sandbox_of("444455556666", &[]);
    let on = |endpoint: &str, arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "sandbox")
            .env("AWS_SECRET_ACCESS_KEY", "sandbox");
        Run::from(command.output().unwrap())
    };
    on(&endpoint, &["plan", "stack.toml", "--out", "plan.json"]).expect(0);
    let run = on(&elsewhere, &["apply", "plan.json"]).expect(1);
    assert!(
        run.says("but the credentials belong to 444455556666"),
        "{}",
        run.stderr
    );
    let run = bench.run(APPLY).expect(1);
    assert!(
        run.says("the plan was made for AWS, and is not for a sandbox"),
        "{}",
        run.stderr
    );
    on(&endpoint, &["apply", "plan.json"]).expect(0);
    let run = on(&endpoint, &["apply", "plan.json"]).expect(0);
    assert!(
        run.says("This plan has been carried out already."),
        "{}",
        run.stderr
    );
    for server in [&mut mine, &mut others] {
        server.kill().unwrap();
        server.wait().unwrap();
    }
}
