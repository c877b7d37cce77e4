//! Stacks that get another name, and workspaces that are told apart by their ids, as somebody types
//! it.

use std::fs;

use serde_json::{Value, json};

use crate::run::Bench;

/// The stack `name`, of which `stack` says more, with `workspace` in its table of that name.
fn stack(name: &str, stack: &str, workspace: &str) -> String {
    format!(
        r#"
[stack]
name = "{name}"
{stack}

[workspace]
alias = "orders"
{workspace}

[log_groups.app]
name = "/ecs/orders"
retention_days = 30

[roles.task]
name = "OrdersTask"

[task_definitions.orders]
family = "orders"
network_mode = "bridge"
task_role = "task"

[task_definitions.orders.containers.app]
image = "nginx:1"
memory = 128
logs = "app"
"#
    )
}

const PLAN: [&str; 4] = ["plan", "stack.toml", "--sandbox", "--detailed-exitcode"];
const APPLY: [&str; 4] = ["apply", "stack.toml", "--sandbox", "--yes"];

/// The sandbox's file, in which `alter` alters what lives.
fn alter_world(bench: &Bench, alter: impl FnOnce(&mut Value)) {
    let path = bench.path(".amp-stack/sandbox.json");
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    alter(&mut file);
    fs::write(path, file.to_string()).unwrap();
}

/// The workspaces in a sandbox's file, by id.
fn workspaces(file: &mut Value) -> &mut serde_json::Map<String, Value> {
    let path = "/world/amp/regions/us-east-1/workspaces";
    file.pointer_mut(path)
        .and_then(Value::as_object_mut)
        .unwrap()
}

fn ids(bench: &Bench) -> Vec<String> {
    let mut ids = Vec::new();
    alter_world(bench, |file| ids.extend(workspaces(file).keys().cloned()));
    ids
}

#[test]
fn a_renamed_stack_keeps_what_it_has() {
    let bench = Bench::new("renamed");
    bench.write("stack.toml", &stack("shop", "", ""));
    bench.run(&APPLY).expect(0);
    let before = ids(&bench);

    bench.write("stack.toml", &stack("store", "", ""));
    let refused = bench.run(&PLAN).expect(1);
    let advice =
        "if this stack was called `shop` before, write `renamed_from = \"shop\"` in [stack]";
    assert!(refused.stdout.contains(advice), "{}", refused.stdout);

    bench.write("stack.toml", &stack("store", "renamed_from = \"shop\"", ""));
    let plan = bench.run(&[&PLAN[..], &["--json"]].concat()).expect(2);
    let calls: Vec<String> = plan
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .flat_map(|event| event["calls"].as_array().cloned().unwrap_or_default())
        .map(|call| call["operation"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(calls.len(), 4, "{}", plan.stdout);
    let is_of_tags = |call: &String| call.contains(":Tag");
    assert!(calls.iter().all(is_of_tags), "{calls:?}");
    bench.run(&APPLY).expect(0);
    bench.run(&PLAN).expect(0);
    assert_eq!(ids(&bench), before);

    // What is tagged anew is found without the former name.
    bench.write("stack.toml", &stack("store", "", ""));
    bench.run(&PLAN).expect(0);
}

#[test]
fn a_renamed_stack_goes_with_the_revisions_of_its_former_name() {
    let bench = Bench::new("renamed-and-destroyed");
    let loose = "prevent_destroy = false";
    bench.write("stack.toml", &stack("shop", "", loose));
    bench.run(&APPLY).expect(0);
    let second = stack("shop", "", loose).replace("128", "256");
    bench.write("stack.toml", &second);
    bench.run(&APPLY).expect(0);
    let renamed = second.replace("\"shop\"", "\"store\"\nrenamed_from = \"shop\"");
    bench.write("stack.toml", &renamed);
    bench.run(&APPLY).expect(0);
    let all = ["--accept", "workspace", "--accept", "log_groups.app"];
    let destroy = ["destroy", "stack.toml", "--sandbox", "--yes"];
    bench.run(&[&destroy[..], &all].concat()).expect(0);
    alter_world(&bench, |file| {
        let mut left = workspaces(file).values();
        assert!(left.all(|left| left["life"]["change"] == "Deletion"));
        let families = file.pointer("/world/ecs/regions/us-east-1/families");
        let families = families.and_then(Value::as_object).unwrap();
        for revision in families["orders"]["revisions"]
            .as_object()
            .unwrap()
            .values()
        {
            assert_ne!(revision["status"], "ACTIVE", "{revision}");
        }
    });
}

#[test]
fn two_names_of_one_stack_do_not_share_a_run() {
    let bench = Bench::new("renamed-twice");
    bench.write("old.toml", &stack("shop", "", ""));
    let renamed = stack("store", "renamed_from = \"shop\"", "").replace("Orders", "Others");
    bench.write("new.toml", &renamed);
    let refused = bench
        .run(&["plan", "old.toml", "new.toml", "--sandbox"])
        .expect(1);
    assert!(
        refused.stderr.contains("are both for the stack `shop`"),
        "{}",
        refused.stderr
    );
}

#[test]
fn of_several_workspaces_the_one_with_the_id_is_adopted() {
    let bench = Bench::new("adopted-by-id");
    for name in ["one", "two"] {
        let file = format!("[stack]\nname = \"{name}\"\n[workspace]\nalias = \"orders\"\n");
        bench.write("other.toml", &file);
        bench
            .run(&["apply", "other.toml", "--sandbox", "--yes"])
            .expect(0);
    }
    let (mut first, mut last) = (String::new(), String::new());
    alter_world(&bench, |file| {
        for (id, workspace) in workspaces(file) {
            let is_first = workspace["tags"]["amp-stack:stack"] == "one";
            id.clone_into(if is_first { &mut first } else { &mut last });
            workspace["tags"] = json!({});
        }
    });
    bench.write("stack.toml", &stack("shop", "", "adopt = true"));
    let refused = bench.run(&PLAN).expect(1);
    assert!(
        refused.stdout.contains("write its id in [workspace]"),
        "{}",
        refused.stdout
    );

    bench.write("stack.toml", &stack("shop", "", "adopt = \"ws-nowhere\""));
    let refused = bench.run(&PLAN).expect(1);
    let missing = "there is no workspace with the id ws-nowhere to take over";
    assert!(refused.stdout.contains(missing), "{}", refused.stdout);

    bench.write("stack.toml", &stack("shop", "", "adopt = \"orders\""));
    let mistaken = bench.run(&PLAN).expect(1);
    assert!(
        mistaken
            .stderr
            .contains("`orders` is not the id of a workspace"),
        "{}",
        mistaken.stderr
    );

    bench.write(
        "stack.toml",
        &stack("shop", "", &format!("adopt = \"{last}\"")),
    );
    bench.run(&APPLY).expect(0);
    bench.run(&PLAN).expect(0);
    alter_world(&bench, |file| {
        let all = workspaces(file);
        assert_eq!(all[&last]["tags"]["amp-stack:stack"], "shop");
        assert_eq!(all[&first]["tags"], json!({}));
        // Now both carry the stack's tags.
        let tags = all[&last]["tags"].clone();
        all[&first]["tags"] = tags;
    });
    // The id decides, although the other one is older.
    let plan = bench.run(&PLAN).expect(0);
    let said = plan.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    let used = format!("{last} (made at ");
    let (_, after) = said.split_once(&used).unwrap();
    assert!(
        after.contains("is used, because `adopt` names it"),
        "{said}"
    );
}

#[test]
fn a_variable_says_whether_a_workspace_is_adopted_or_which() {
    let bench = Bench::new("adopted-by-variable");
    let file = |variable: &str| {
        let variables = format!("[variables]\ntake = {{ {variable} }}\n");
        stack("shop", &variables, "adopt = \"${var.take}\"")
    };
    for sound in [
        "default = true",
        "default = \"ws-1\"",
        "type = \"boolean\", default = false",
    ] {
        bench.write("stack.toml", &file(sound));
        bench.run(&["validate", "stack.toml"]).expect(0);
    }
    bench.write("stack.toml", &file("default = \"yes\""));
    let wrong = bench.run(&["validate", "stack.toml"]).expect(1);
    assert!(
        wrong.stderr.contains("`yes` is not the id of a workspace"),
        "{}",
        wrong.stderr
    );
}
