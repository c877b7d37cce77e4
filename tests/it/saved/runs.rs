//! The real binary: a plan is saved, and then carried out, or refused, by another run.

use std::{fs, process::Stdio, thread, time::Duration};

use amp_stack_sandbox::{Sandbox, Settings};
use serde_json::Value;

use crate::run::{Bench, Run};

const STACK: &str = include_str!("../../../stacks/quickstart.toml");
pub(super) const PLAN: &[&str] = &["plan", "stack.toml", "--sandbox", "--out", "plan.json"];
const SANDBOX: &str = ".amp-stack/sandbox.json";
pub(super) const APPLY: &[&str] = &["apply", "plan.json", "--sandbox"];

/// A directory with a stack file and the plan for it.
fn planned(name: &str, text: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", text);
    bench.run(PLAN).expect(0);
    bench
}

/// The same, after the stack was applied and its file changed to `later`.
fn applied(name: &str, text: &str, later: &str) -> Bench {
    let bench = planned(name, text);
    bench.run(APPLY).expect(0);
    bench.write("stack.toml", later);
    bench.run(PLAN).expect(0);
    bench
}

/// What is in the sandbox, as the file of the sandbox says it.
pub(super) fn world(bench: &Bench) -> Value {
    let text = fs::read_to_string(bench.path(SANDBOX)).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["world"].clone()
}

/// Alters by hand what is at a JSON pointer into the world, and is there.
pub(super) fn meddle(bench: &Bench, pointer: &str, edit: impl FnOnce(&mut Value)) {
    let path = bench.path(SANDBOX);
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    edit(file["world"].pointer_mut(pointer).expect(pointer));
    fs::write(&path, file.to_string()).unwrap();
    let settings = Settings {
        file: Some(path),
        ..Settings::default()
    };
    Sandbox::open(settings).expect("it is still a world");
}

/// Removes a member of an object, and puts it back under another key if there is one.
fn take(object: &mut Value, key: &str, under: Option<&str>) {
    let members = object.as_object_mut().unwrap();
    let member = members.remove(key).expect(key);
    if let Some(under) = under {
        members.insert(under.to_owned(), member);
    }
}

/// Asserts that the plan is refused, naming exactly `moved`, and that nothing happens.
#[track_caller]
pub(super) fn assert_refused(bench: &Bench, apply: &[&str], moved: &str) -> Run {
    let before = world(bench);
    let run = bench.run(apply).expect(1);
    let said = format!(
        "AWS has changed since the plan was made, at {moved}; nothing was changed by this run"
    );
    assert!(run.says(&said), "{}", run.stderr);
    assert_eq!(world(bench), before);
    run
}

#[test]
fn a_plan_is_carried_out_once() {
    let bench = planned("saved-once", STACK);
    let shown = bench.run(&["show", "plan.json"]).expect(0);
    let again = bench.run(PLAN).expect(0);
    assert_eq!(
        shown
            .stdout
            .replace("--sandbox=.amp-stack/sandbox.json", "--sandbox"),
        again.stdout
    );
    assert!(
        again
            .stdout
            .ends_with("To do it, run: amp-stack apply plan.json --sandbox\n")
    );
    assert!(again.stderr.ends_with("The plan is saved in plan.json\n"));

    let first = bench.run(APPLY).expect(0);
    assert!(
        first.stdout.contains("5 to create: 8 calls"),
        "{}",
        first.stdout
    );
    let done = world(&bench);
    let second = bench.run(APPLY).expect(0);
    let told = "Sandbox .amp-stack/sandbox.json: nothing here is AWS\n\n\nThis plan has been carried out already.\n";
    assert_eq!(second.stderr, told, "no step begins");
    assert!(second.stdout.contains("Nothing to do"), "{}", second.stdout);
    assert_eq!(world(&bench), done, "the second time nothing is called");
    bench
        .run(&["plan", "stack.toml", "--sandbox", "--detailed-exitcode"])
        .expect(0);

    let told = bench.run(&[APPLY, &["--json"]].concat()).expect(0);
    let events = told.stdout.lines().map(serde_json::from_str::<Value>);
    let events: Vec<Value> = events.map(Result::unwrap).collect();
    assert!(events.len() > 2, "{}", told.stdout);
}

#[test]
fn an_empty_plan_does_nothing() {
    let bench = applied("saved-empty", STACK, STACK);
    let done = world(&bench);
    let run = bench.run(APPLY).expect(0);
    assert!(run.stdout.contains("Nothing to do"), "{}", run.stdout);
    assert!(!run.says("already"), "{}", run.stderr);
    assert_eq!(world(&bench), done);
}

#[test]
fn the_stack_file_is_not_needed_and_does_not_matter() {
    let bench = planned("saved-alone", STACK);
    fs::remove_file(bench.path("stack.toml")).unwrap();
    let run = bench.run(APPLY).expect(0);
    assert!(run.says("Done: 5 created"), "{}", run.stderr);
}

const GROUP: &str = "/logs/regions/us-east-1/groups/~1ecs~1quickstart";
const ROLES: &str = "/iam/roles";
const ROLE: &str = "/iam/roles/quickstarttask";
const WORKSPACES: &str = "/amp/regions/us-east-1/workspaces";
const REVISION: &str = "/ecs/regions/us-east-1/families/quickstart/revisions/1";

/// What is changed by a later stack file: something of every kind.
fn later() -> String {
    STACK
        .replace("retention_days = 7", "retention_days = 30")
        .replace("[roles.task]", "[roles.task]\ndescription = \"changed\"")
        .replace("[workspace]", "[workspace]\nretention_days = 60")
        .replace("= 512", "= 1024")
        .replace("= 256", "= 512")
}

/// Where somebody does what by hand, the resource that is named for it, and what is said of it.
type Drift = (&'static str, fn(&mut Value), &'static str, &'static str);

const DRIFTS: &[Drift] = &[
    (
        GROUP,
        |group| group["retention_days"] = 14.into(),
        "log_groups.quickstart",
        "~ log_groups.quickstart: log group /ecs/quickstart has changed ~ retention_days 7 -> 14",
    ),
    (
        "/logs/regions/us-east-1/groups",
        |groups| take(groups, "/ecs/quickstart", None),
        "log_groups.quickstart",
        "- log_groups.quickstart: log group /ecs/quickstart is gone",
    ),
    (
        ROLE,
        |role| role["max_session_seconds"] = 7200.into(),
        "roles.task",
        "~ roles.task: role QuickstartTask has changed ~ max_session_seconds 3600 -> 7200",
    ),
    (
        ROLES,
        |roles| take(roles, "quickstarttask", None),
        "roles.task",
        "- roles.task: role QuickstartTask is gone",
    ),
    (
        ROLE,
        |role| role["tags"] = Value::Array(Vec::new()),
        "roles.task",
        "- tags.amp-stack:stack quickstart Blocked until this is decided: × roles.task: this role exists already",
    ),
    (
        WORKSPACES,
        |all| each(all)["alias"] = "renamed".into(),
        "workspace",
        "~ alias quickstart -> renamed",
    ),
    (
        WORKSPACES,
        |all| {
            let id = all.as_object().unwrap().keys().next().unwrap().clone();
            let other = "ws-00000000-0000-0000-0000-000000000000";
            each(all)["arn"] =
                format!("arn:aws:aps:us-east-1:111122223333:workspace/{other}").into();
            take(all, &id, Some(other));
        },
        "workspace",
        "is another one now",
    ),
    (
        REVISION,
        |revision| revision["tags"]["team"] = "somebody's".into(),
        "task_definitions.quickstart",
        "+ tags.team somebody's",
    ),
];

fn each(all: &mut Value) -> &mut Value {
    all.as_object_mut().unwrap().values_mut().next().unwrap()
}

#[test]
fn what_moved_is_named_and_nothing_else() {
    let bench = applied("saved-moved", STACK, &later());
    let untouched = fs::read(bench.path(SANDBOX)).unwrap();
    for (place, drift, moved, said) in DRIFTS {
        fs::write(bench.path(SANDBOX), &untouched).unwrap();
        meddle(&bench, place, drift);
        let run = assert_refused(&bench, APPLY, moved);
        assert!(run.says(said), "{said} in {}", run.stderr);
    }
    fs::write(bench.path(SANDBOX), &untouched).unwrap();
    let accepted = [APPLY, &["--accept", "workspace"]].concat();
    let run = bench.run(&accepted).expect(0);
    assert!(run.says("Done: 4 changed"), "{}", run.stderr);
}

#[test]
fn what_is_left_to_others_may_move() {
    let ignoring = "ignore = [\"tags.Scanned\"]\nretention_days = 7";
    let text = STACK.replace("retention_days = 7", ignoring);
    let bench = applied("saved-ignored", &text, &text.replace("= 7", "= 30"));
    meddle(&bench, GROUP, |group| {
        group["tags"]["Scanned"] = "today".into();
    });
    let run = bench.run(APPLY).expect(0);
    assert!(run.says("Done: 1 changed"), "{}", run.stderr);
}

/// What has moved where the plan does nothing, and the plan that is carried out nevertheless.
#[test]
fn what_the_calls_do_not_depend_on_may_move() {
    // Only the task definition changes, which mentions the role, the workspace and the log group.
    let bench = applied("saved-besides", STACK, &STACK.replace("= 512", "= 1024"));
    let untouched = fs::read(bench.path(SANDBOX)).unwrap();
    let role: fn(&mut Value) = |role| role["max_session_seconds"] = 7200.into();
    let group: fn(&mut Value) = |group| group["retention_days"] = 14.into();
    let alias: fn(&mut Value) = |all| each(all)["alias"] = "renamed".into();
    for (place, drift, left) in [
        (ROLE, role, "roles.task"),
        (GROUP, group, "log_groups.quickstart"),
        (WORKSPACES, alias, "workspace"),
    ] {
        fs::write(bench.path(SANDBOX), &untouched).unwrap();
        meddle(&bench, place, drift);
        let run = bench.run(APPLY).expect(0);
        let said = format!("no part of it, so left as is: {left}");
        assert!(run.says(&said), "{}", run.stdout);
        assert!(run.says("Done: 1 changed"), "{}", run.stderr);
        // What is left is there for the next plan.
        let next = bench.run(&["plan", "stack.toml", "--sandbox"]).expect(0);
        assert!(next.says("1 to change"), "{}", next.stdout);
        let again = bench.run(APPLY).expect(0);
        assert!(again.says("carried out already"), "{}", again.stderr);
        assert!(
            again.says("Nothing of this plan is left to do."),
            "{}",
            again.stdout
        );
    }
    // What they need is still needed: the role, and the very workspace.
    for (place, drift, moved) in
        [DRIFTS[3], DRIFTS[6]].map(|(place, drift, moved, _)| (place, drift, moved))
    {
        fs::write(bench.path(SANDBOX), &untouched).unwrap();
        meddle(&bench, place, drift);
        assert_refused(&bench, APPLY, moved);
    }
}

#[test]
fn what_appears_in_the_way_is_named() {
    let bench = planned(
        "saved-appeared",
        &STACK.replace("\"QuickstartTask\"", "\"Taken\""),
    );
    let other = "[stack]\nname = \"other\"\n[roles.mine]\nname = \"taken\"\n";
    bench.write("other.toml", other);
    bench
        .run(&["apply", "other.toml", "--sandbox", "--yes"])
        .expect(0);
    let run = assert_refused(&bench, APPLY, "roles.task");
    for said in [
        "~ roles.task: role Taken can no longer be made",
        "arn:aws:iam::111122223333:role/taken",
    ] {
        assert!(run.says(said), "{said} in {}", run.stderr);
    }
}

#[test]
fn a_plan_that_was_killed_goes_on() {
    let bench = planned("saved-killed", STACK);
    for millis in [60, 120, 200, 300, 3950, 4100] {
        let mut child = bench
            .command(APPLY)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(millis));
        // It may be done already.
        let _ = child.kill();
        child.wait().unwrap();
    }
    bench.run(APPLY).expect(0);
    let done = world(&bench);
    let run = bench.run(APPLY).expect(0);
    assert!(run.says("This plan has been carried out already."));
    assert_eq!(world(&bench), done);
    bench
        .run(&["plan", "stack.toml", "--sandbox", "--detailed-exitcode"])
        .expect(0);
}

#[test]
fn what_is_left_is_told() {
    let bench = planned("saved-left", STACK);
    let part = [
        "apply",
        "stack.toml",
        "--sandbox",
        "--yes",
        "--target",
        "roles.execution",
    ];
    bench.run(&part).expect(0);
    let run = bench.run(APPLY).expect(0);
    assert!(
        run.says("Of this plan's 8 calls 6 calls to go."),
        "{}",
        run.stderr
    );
    assert!(run.says("Done: 4 created"), "{}", run.stderr);
}

#[test]
fn data_is_lost_only_by_name_and_once() {
    let bench = planned("saved-destroy", STACK);
    bench.run(APPLY).expect(0);
    bench.run(&[PLAN, &["--destroy"]].concat()).expect(0);
    let shown = bench.run(&["show", "plan.json"]).expect(0);
    assert!(shown.stdout.contains("5 to remove"), "{}", shown.stdout);
    let before = world(&bench);
    for options in [&[][..], &["--yes"], &["--accept", "workspace"]] {
        let run = bench.run(&[APPLY, options].concat()).expect(1);
        assert!(run.says("to accept it, add --accept"), "{}", run.stderr);
        assert_eq!(world(&bench), before);
    }
    let allowed = ["--accept", "workspace", "--accept", "log_groups.quickstart"];
    let apply = [APPLY, &allowed].concat();
    let run = bench.run(&apply).expect(0);
    assert!(run.says("Done: 5 removed"), "{}", run.stderr);
    let done = world(&bench);
    let run = bench.run(&apply).expect(0);
    assert!(
        run.stdout.contains("nothing of this stack is left"),
        "{}",
        run.stdout
    );
    assert_eq!(world(&bench), done);
}

pub(super) const SMALL: &str = "[stack]\nname = \"small\"\n[log_groups.a]\nname = \"/a\"\nretention_days = 7\n\
    [roles.a]\nname = \"A\"\n[task_definitions.a.containers.app]\nimage = \"app:1\"\nmemory = 64\n";

#[test]
fn what_is_built_anew_is_built_anew_once() {
    let bench = planned("saved-anew", SMALL);
    bench.run(APPLY).expect(0);
    let anew = [
        "--replace",
        "roles.a",
        "--replace",
        "log_groups.a",
        "--replace",
        "task_definitions.a",
    ];
    bench.run(&[PLAN, &anew].concat()).expect(0);
    let apply = [APPLY, &["--accept", "log_groups.a"]].concat();
    let before = world(&bench);
    let run = bench.run(&apply).expect(0);
    assert!(run.says("2 to replace"), "{}", run.stdout);
    let done = world(&bench);
    assert_ne!(
        done["iam"]["roles"]["a"]["id"],
        before["iam"]["roles"]["a"]["id"]
    );
    let run = bench.run(&apply).expect(0);
    assert!(
        run.says("This plan has been carried out already."),
        "{}",
        run.stdout
    );
    assert_eq!(world(&bench), done);
}

#[test]
fn a_plan_may_be_for_a_part_of_a_stack_and_for_several() {
    let bench = Bench::new("saved-several");
    bench.write("stack.toml", SMALL);
    bench.write(
        "other.toml",
        &SMALL
            .replace("small", "other")
            .replace("\"A\"", "\"B\"")
            .replace("/a", "/b")
            .replace("definitions.a", "definitions.b"),
    );
    let plan = [
        "plan",
        "stack.toml",
        "other.toml",
        "--sandbox",
        "--out",
        "plan.json",
    ];
    let targets = [
        "--target",
        "small:roles.a",
        "--target",
        "other:log_groups.a",
    ];
    bench.run(&[&plan[..], &targets].concat()).expect(0);
    let run = bench.run(APPLY).expect(0);
    assert!(run.says("In all: 2 to create"), "{}", run.stdout);
    assert!(
        run.says("Not targeted, so left as they are"),
        "{}",
        run.stdout
    );
    bench.run(&plan).expect(0);
    let run = bench.run(APPLY).expect(0);
    assert!(run.says("In all: 4 to create"), "{}", run.stdout);
    assert!(
        bench
            .run(APPLY)
            .expect(0)
            .says("This plan has been carried out already.")
    );
    bench.write("stack.toml", &SMALL.replace("= 7", "= 30"));
    bench.run(&plan).expect(0);
    meddle(&bench, "/logs/regions/us-east-1/groups/~1a", |group| {
        group["retention_days"] = 1.into();
    });
    assert_refused(&bench, APPLY, "small:log_groups.a");
}

#[test]
fn nothing_can_be_added_to_a_plan() {
    let bench = planned("saved-wishes", SMALL);
    for option in ["--adopt", "--replace", "--target"] {
        let run = bench.run(&[APPLY, &[option, "roles.a"]].concat()).expect(1);
        assert!(
            run.says(&format!("{option} is not for a saved plan")),
            "{}",
            run.stderr
        );
    }
}
