//! Outputs: what a stack file declares for scripts, and what `amp-stack output` prints.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use amp_stack::{
    file::{problem::Problem, source::Source},
    kinds::{Resource, task_definition::TaskDefinition, workspace::Workspace},
    load::{self, LoadContext},
    model::{
        address::Address,
        identity::Identity,
        tags::Owner,
        template::{Attribute, Template},
    },
    plan,
    snapshot::{LiveResource, Snapshot},
    stack::{Output, Stack},
};
use serde_json::{Value, json};

use crate::{
    run::{Bench, Run},
    samples::{
        family, family_at, group, group_at, mention, owned, role, role_at, stack, workspace,
    },
    worlds::identity,
};

fn try_load(sections: &str) -> Result<Stack, Vec<Problem>> {
    let source = Source {
        path: PathBuf::from("stack.toml"),
        text: format!("[stack]\nname = \"demo\"\n{sections}"),
    };
    let around = LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|_| Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    load::load(&source, &around)
}

#[test]
fn an_output_is_a_text_or_a_table() {
    let stack = try_load(
        r#"
        [workspace]
        alias = "demo"
        [outputs]
        plain = "in ${region}"
        url = { value = "${workspace.endpoint}", description = "of the API", secret = true }
        "#,
    );
    let url = mention(Address::workspace(), Attribute::Endpoint);
    let expected = BTreeMap::from([
        (
            "plain".to_owned(),
            Output {
                value: Template::from("in us-east-1"),
                description: None,
                secret: None,
            },
        ),
        (
            "url".to_owned(),
            Output {
                value: Template::from(url),
                description: Some("of the API".to_owned()),
                secret: Some(true),
            },
        ),
    ]);
    assert_eq!(stack.unwrap().outputs, expected);
}

#[test]
fn every_mistake_in_outputs_is_reported_at_its_place() {
    let sections = r#"
        [outputs]
        number = 7
        "a.b" = "x"
        empty = {}
        misspelt = { vlaue = "x" }
        nothing = "${workspace.id}"
    "#;
    let problems = try_load(sections).unwrap_err();
    let told: Vec<(&str, &str)> = problems
        .iter()
        .map(|problem| (problem.code, problem.message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "wrong-type",
                "`number` takes a string or a table, not an integer"
            ),
            (
                "invalid-key",
                "`a.b` cannot be the name of an output in a stack file"
            ),
            ("missing-key", "`outputs.empty` needs `value`"),
            ("unknown-key", "`outputs.misspelt` has no key `vlaue`"),
            ("undefined-reference", "there is no `workspace`"),
        ]
    );
}

#[test]
fn a_workspace_of_somebody_else_has_attributes_without_aws() {
    let stack = try_load(
        r#"
        [workspace]
        id = "ws-1"
        [outputs]
        id = "${workspace.id}"
        "#,
    );
    let stack = stack.unwrap();
    assert_eq!(stack.outputs["id"].value, Template::from("ws-1"));
    let nothing = Snapshot {
        identity: identity(),
        found: Vec::new(),
        roles: Vec::new(),
        running: None,
        services: BTreeMap::new(),
        mentions: BTreeMap::new(),
        quotas: BTreeMap::new(),
    };
    let known = plan::current_attributes(&stack, &nothing);
    assert_eq!(known[&Address::workspace()][&Attribute::Id], "ws-1");
    assert_eq!(known[&Address::workspace()].len(), 5);
}

fn found(address: &Address, resource: Resource, owner: Owner, end: &str) -> LiveResource {
    LiveResource {
        resource: owned(address, resource),
        owner,
        attributes: BTreeMap::from([(Attribute::Arn, format!("arn:{address}{end}"))]),
        facts: Vec::new(),
    }
}

#[test]
fn what_lives_now_is_told_and_nothing_else() {
    let ours = |address: &Address, resource, end| {
        found(address, resource, Owner::Ours(address.clone()), end)
    };
    let live = TaskDefinition {
        revision: Some(7),
        ..family("api", "512")
    };
    let failed = Workspace {
        failed: true,
        ..workspace("metrics")
    };
    let at = Address::workspace();
    let strange = found(
        &role_at("task"),
        Resource::Role(role("Task")),
        Owner::Unknown,
        "",
    );
    let live = Snapshot {
        identity: identity(),
        found: vec![
            ours(&family_at("api"), Resource::TaskDefinition(live), ":7"),
            ours(&at, Resource::Workspace(failed), ""),
            ours(&group_at("app"), Resource::LogGroup(group("/old")), ""),
            strange,
        ],
        roles: Vec::new(),
        running: None,
        services: BTreeMap::new(),
        mentions: BTreeMap::new(),
        quotas: BTreeMap::new(),
    };
    let stack = stack([
        (
            family_at("api"),
            Resource::TaskDefinition(family("api", "256")),
        ),
        (at.clone(), Resource::Workspace(workspace("metrics"))),
        (group_at("app"), Resource::LogGroup(group("/new"))),
        (role_at("task"), Resource::Role(role("Task"))),
    ]);
    // The plan changes the task definition, so it does not know the ARN that a new revision will
    // have; the live one has one.
    assert!(
        !plan::plan(&stack, &live).known_attributes[&family_at("api")]
            .contains_key(&Attribute::Arn)
    );
    let known = plan::current_attributes(&stack, &live);
    assert_eq!(
        known[&family_at("api")][&Attribute::Arn],
        "arn:task_definitions.api:7"
    );
    assert_eq!(known[&group_at("app")][&Attribute::Name], "/old");
    assert_eq!(known.len(), 2, "{known:?}");

    let two = Snapshot {
        found: ["/old", "/older"]
            .map(|name| ours(&group_at("app"), Resource::LogGroup(group(name)), name))
            .to_vec(),
        ..live
    };
    assert!(!plan::current_attributes(&stack, &two).contains_key(&group_at("app")));
}

const OUTPUTS: &str = r#"
[outputs]
revision     = "${task_definitions.quickstart.arn}"
remote_write = { value = "${workspace.remote_write_url}", description = "where samples go" }
api_token    = "hunter2"
auth_url     = { value = "https://auth.example.com/", secret = false }
"#;

const QUICKSTART: &str = include_str!("../../stacks/quickstart.toml");

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", &format!("{QUICKSTART}{OUTPUTS}"));
    bench
}

fn output(bench: &Bench, words: &[&str]) -> Run {
    bench.run(&[&["output", "--sandbox"], words].concat())
}

const REVISION: &str = "arn:aws:ecs:us-east-1:111122223333:task-definition/quickstart:1";

#[test]
fn nothing_is_known_before_apply() {
    let bench = bench("output-before");
    let all = output(&bench, &[]).expect(0);
    assert_eq!(
        all.stdout,
        "  api_token  (hidden)\n  auth_url   https://auth.example.com/\n"
    );
    assert!(
        all.says("not known before apply: remote_write, revision, workspace.arn,"),
        "{all:?}"
    );
    assert!(
        all.says("note: AWS is not as the stack file says (5 to create: 8 calls);"),
        "{all:?}"
    );
    let one = output(&bench, &["revision"]).expect(1);
    assert_eq!(one.stdout, "");
    let why = "`revision` is not known before apply, because it mentions ${task_definitions.quickstart.arn}";
    assert!(one.says(why), "{one:?}");
    let one = output(&bench, &["workspace.id"]).expect(1);
    assert!(
        one.says("error: `workspace.id` is not known before apply hint:"),
        "{one:?}"
    );
    let json: Value = serde_json::from_str(&output(&bench, &["--json"]).stdout).unwrap();
    assert_eq!(json["revision"], Value::Null);
    assert_eq!(json["roles.task.arn"], Value::Null);
    assert_eq!(json["api_token"], "hunter2");
    assert!(!bench.path(".amp-stack/sandbox.json").exists());
}

#[test]
fn what_was_applied_is_told_by_apply_and_by_output() {
    let bench = bench("output-after");
    let applied = bench.run(&["apply", "--sandbox", "--yes"]).expect(0);
    let (_, told) = applied.stderr.split_once("Outputs of quickstart:").unwrap();
    assert!(
        told.contains(&format!("  revision      {REVISION}\n")),
        "{told}"
    );
    assert!(told.contains("  api_token     (hidden)\n"), "{told}");
    assert!(!applied.says("hunter2"), "{applied:?}");

    let before = fs::read(bench.path(".amp-stack/sandbox.json")).unwrap();
    let one = output(&bench, &["revision"]).expect(0);
    assert_eq!(one.stdout, format!("{REVISION}\n"));
    assert_eq!(
        one.stderr,
        "Sandbox .amp-stack/sandbox.json: nothing here is AWS\n\n"
    );
    let same = output(&bench, &["stack.toml", "task_definitions.quickstart.arn"]).expect(0);
    assert_eq!(same.stdout, one.stdout);
    assert_eq!(output(&bench, &["api_token"]).stdout, "hunter2\n");
    let json = output(&bench, &["--json", "roles.task.name"]).expect(0);
    assert_eq!(json.stdout, "\"QuickstartTask\"\n");

    let all = output(&bench, &[]).expect(0);
    let (declared, attributes) = all.stdout.split_once("\n\n").unwrap();
    assert!(
        declared.contains("\n      where samples go\n"),
        "{declared}"
    );
    assert_eq!(attributes.lines().count(), 13, "{attributes}");
    assert!(
        all.says("hidden: api_token; ask for one by its name"),
        "{all:?}"
    );
    assert!(!all.says("hunter2") && !all.says("note:"), "{all:?}");
    let object: Value = serde_json::from_str(&output(&bench, &["--json"]).stdout).unwrap();
    assert_eq!(object.as_object().unwrap().len(), 17);
    assert_eq!(object["workspace.remote_write_url"], object["remote_write"]);
    assert_eq!(
        object["task_definitions.quickstart.family"],
        json!("quickstart")
    );
    assert_eq!(
        fs::read(bench.path(".amp-stack/sandbox.json")).unwrap(),
        before
    );

    let again = bench.run(&["apply", "--sandbox", "--yes"]).expect(0);
    assert!(again.says("Nothing to do"), "{again:?}");
    assert!(again.stderr.contains(REVISION), "{again:?}");
}

#[test]
fn a_changed_file_is_noted_and_the_live_revision_told() {
    let bench = bench("output-changed");
    bench.run(&["apply", "--sandbox", "--yes"]).expect(0);
    let changed = QUICKSTART.replace("= 512", "= 1024");
    assert_ne!(changed, QUICKSTART);
    bench.write("stack.toml", &format!("{changed}{OUTPUTS}"));
    let one = output(&bench, &["revision"]).expect(0);
    assert_eq!(one.stdout, format!("{REVISION}\n"));
    assert!(
        one.says("note: AWS is not as the stack file says (1 to change: 1 call)"),
        "{one:?}"
    );
    let applied = bench.run(&["apply", "--sandbox", "--yes"]).expect(0);
    assert!(
        applied.stderr.contains("task-definition/quickstart:2\n"),
        "{applied:?}"
    );
    let destroyed = bench.run(&[
        "destroy",
        "--sandbox",
        "--yes",
        "--accept",
        "workspace",
        "--accept",
        "log_groups.quickstart",
    ]);
    assert!(!destroyed.expect(0).says("Outputs of"));
}

#[test]
fn a_name_that_is_none_is_refused_with_what_was_meant() {
    let bench = bench("output-names");
    for (name, hint) in [
        ("revison", "hint: did you mean revision?"),
        ("roles.task.ran", "hint: did you mean roles.task.arn?"),
        (
            "roles.task",
            "hint: there are roles.task.arn, roles.task.name",
        ),
        ("whatever", "hint: `amp-stack output` lists all there are"),
    ] {
        let run = output(&bench, &[name]).expect(1);
        assert_eq!(run.stdout, "");
        assert!(run.says(hint), "{run:?}");
    }
    let two = output(&bench, &["revision", "remote_write"]).expect(1);
    assert!(two.says("takes one name"), "{two:?}");
}
