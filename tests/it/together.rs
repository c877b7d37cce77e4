//! Two processes that apply one stack, or one saved plan, at the same moment.

use std::process::{Child, Stdio};

use serde_json::Value;

use crate::{
    json::account::Account,
    run::{Bench, Run},
};

const STACK: &str = r#"[stack]
name = "shop"
region = "us-east-1"

[workspace]
alias = "shop"
retention_days = 90

[log_groups.app]
name = "/ecs/shop"
retention_days = 30

[roles.task]
name = "ShopTask"

[task_definitions.web]
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"

[task_definitions.web.containers.app]
image = "app:1"
environment = { ENDPOINT = "${workspace.endpoint}" }
"#;

/// How many workspaces, and how many revisions of the family `web`, the account holds.
fn counted(account: &Account) -> (usize, usize) {
    let world = serde_json::to_value(account.sandbox().world()).unwrap();
    let size = |path: &str| {
        let all = world.pointer(path).and_then(Value::as_object);
        all.map_or(0, serde_json::Map::len)
    };
    (
        size("/amp/regions/us-east-1/workspaces"),
        size("/ecs/regions/us-east-1/families/web/revisions"),
    )
}

/// Runs `words` twice at the same moment.
fn twice(bench: &Bench, words: &[&str]) -> [Run; 2] {
    let start = || -> Child {
        let mut command = bench.command(words);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let both = [start(), start()];
    both.map(|child| Run::from(child.wait_with_output().unwrap()).expect(0))
}

fn assert_together(name: &str, words: &[&str], before: &[&str]) {
    for trial in 0..3 {
        let account = Account::hasty();
        let bench = Bench::with_endpoint(&format!("{name}-{trial}"), &account.endpoint);
        bench.write("stack.toml", STACK);
        if !before.is_empty() {
            bench.run(before).expect(0);
        }
        let runs = twice(&bench, words);
        let (workspaces, revisions) = counted(&account);
        assert_eq!(workspaces, 1, "{runs:?}");
        assert!((1..=2).contains(&revisions), "{revisions}");
        let plan = ["plan", "stack.toml", "--detailed-exitcode"];
        bench.run(&plan).expect(0);
        // A run that began late enough had nothing to do.
        for run in &runs {
            let said = format!("{}{}", run.stdout, run.stderr);
            let claims_all = said.contains("Done: 4 created");
            let other_says_so = runs.iter().any(|other| {
                let said = format!("{}{}", other.stdout, other.stderr);
                said.contains("another run of this stack") || !said.contains("Done: 4 created")
            });
            assert!(
                !claims_all || other_says_so,
                "both claim to have made all: {runs:?}"
            );
        }
    }
}

#[test]
fn two_applies_of_one_stack_make_one_workspace() {
    assert_together("together", &["apply", "stack.toml", "--yes"], &[]);
}

#[test]
fn two_applies_of_one_saved_plan_make_one_workspace() {
    let before = ["plan", "stack.toml", "--out", "plan.json"];
    assert_together("together-saved", &["apply", "plan.json"], &before);
}
