//! Nothing by surprise, as somebody types it: what a target takes along, what has to be named before
//! it is lost, and what a check of a pull request says.

use std::fs;

use serde_json::Value;

use crate::run::Bench;

/// A role that two task definitions share; each has a log group of its own.
const SHARED: &str = r#"
[stack]
name = "shared"

[log_groups.a]
name = "/ecs/shared"
retention_days = 30

[log_groups.b]
name = "/ecs/shared-b"
retention_days = 30

[roles.task]
name = "SharedTask"

[roles.execution]
name = "SharedExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.a]
family = "shared-a"
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"
execution_role = "execution"

[task_definitions.a.containers.app]
image = "nginx:1"
logs = "a"

[task_definitions.b]
family = "shared-b"
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "task"
execution_role = "execution"

[task_definitions.b.containers.app]
image = "nginx:1"
logs = "b"
"#;

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", SHARED);
    let apply = ["apply", "stack.toml", "--sandbox", "--yes"];
    bench.run(&apply).expect(0);
    bench
}

/// The names of everything that the sandbox holds: roles, log groups, families with an active
/// revision.
fn names(bench: &Bench) -> Vec<String> {
    let text = fs::read_to_string(bench.path(".amp-stack/sandbox.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    let world = file.get("world").unwrap_or(&file);
    let members = |path: &str| {
        let members = world.pointer(path).and_then(Value::as_object);
        members.into_iter().flatten()
    };
    let roles = members("/iam/roles").map(|(name, _)| name.clone());
    let groups = members("/logs/regions/us-east-1/groups").map(|(name, _)| name.clone());
    let families = members("/ecs/regions/us-east-1/families").filter(|(_, family)| {
        let mut revisions = family["revisions"].as_object().into_iter().flatten();
        revisions.any(|(_, revision)| revision["status"] == "ACTIVE")
    });
    let families = families.map(|(name, _)| name.clone());
    let mut names: Vec<String> = roles.chain(groups).chain(families).collect();
    names.sort();
    names
}

const ALL: [&str; 6] = [
    "/ecs/shared",
    "/ecs/shared-b",
    "shared-a",
    "shared-b",
    "sharedexecution",
    "sharedtask",
];

#[test]
fn a_target_of_destroy_takes_along_what_needs_it_and_nothing_that_it_needs() {
    for (target, gone) in [
        ("task_definitions.a", &["shared-a"][..]),
        ("roles.task", &["sharedtask", "shared-a", "shared-b"]),
        ("log_groups.a", &["/ecs/shared", "shared-a"]),
    ] {
        let bench = bench("destroy-target");
        assert_eq!(names(&bench), ALL);
        let plan = [
            "plan",
            "--destroy",
            "stack.toml",
            "--sandbox",
            "--target",
            target,
        ];
        let plan = bench.run(&plan).expect(0);
        assert!(
            plan.says(&format!("{} to remove", gone.len())),
            "{}",
            plan.stdout
        );
        assert!(plan.says("Not targeted, so left as they are: "));
        let destroy = [
            "destroy",
            "stack.toml",
            "--sandbox",
            "--yes",
            "--target",
            target,
        ];
        let accept = ["--accept", "log_groups.a"];
        bench.run(&[&destroy[..], &accept].concat()).expect(0);
        let left: Vec<&str> = ALL
            .into_iter()
            .filter(|name| !gone.contains(name))
            .collect();
        assert_eq!(names(&bench), left, "{target}");
    }
}

#[test]
fn a_saved_plan_of_a_targeted_removal_removes_the_same() {
    let bench = bench("destroy-target-saved");
    let plan = [
        "plan",
        "--destroy",
        "stack.toml",
        "--sandbox",
        "--out",
        "p.json",
    ];
    bench
        .run(&[&plan[..], &["--target", "task_definitions.a"]].concat())
        .expect(0);
    bench.run(&["apply", "p.json", "--sandbox"]).expect(0);
    let left: Vec<&str> = ALL.into_iter().filter(|name| *name != "shared-a").collect();
    assert_eq!(names(&bench), left);
}

#[test]
fn what_needs_a_target_may_belong_to_another_stack() {
    let bench = bench("destroy-target-several");
    let mut web = SHARED.replace("\"shared\"", "\"web\"");
    let own = web.find("[log_groups.a]").unwrap();
    let families = web.find("[task_definitions.a]").unwrap();
    web.replace_range(own..families, "");
    for (from, to) in [
        ("shared-", "web-"),
        ("logs = \"a\"\n", ""),
        ("logs = \"b\"\n", ""),
        ("\"task\"", "\"arn:aws:iam::111122223333:role/SharedTask\""),
        (
            "\"execution\"",
            "\"arn:aws:iam::111122223333:role/SharedExecution\"",
        ),
    ] {
        web = web.replace(from, to);
    }
    bench.write("web.toml", &web);
    bench
        .run(&[
            "apply",
            "web.toml",
            "--sandbox=.amp-stack/sandbox.json",
            "--yes",
        ])
        .expect(0);
    let both = [
        "stack.toml",
        "web.toml",
        "--sandbox=.amp-stack/sandbox.json",
    ];
    let destroy = ["destroy", "--yes", "--target", "shared:task_definitions.a"];
    bench.run(&[&destroy[..], &both].concat()).expect(0);
    assert!(names(&bench).contains(&"web-a".to_owned()));
    let destroy = ["destroy", "--yes", "--target", "shared:roles.task"];
    bench.run(&[&destroy[..], &both].concat()).expect(0);
    assert_eq!(
        names(&bench),
        ["/ecs/shared", "/ecs/shared-b", "sharedexecution"]
    );
}

#[test]
fn a_plan_that_waits_for_a_decision_fails_and_says_which_where_the_plan_is() {
    let bench = bench("plan-refused");
    let other = SHARED.replace("\"shared\"", "\"other\"");
    bench.write("other.toml", &other);
    let plan = ["plan", "other.toml", "--sandbox=.amp-stack/sandbox.json"];
    for options in [
        &[][..],
        &["--detailed-exitcode"],
        &["--out", "p.json"],
        &["--out", "p.json", "--detailed-exitcode"],
    ] {
        let refused = bench.run(&[&plan[..], options].concat()).expect(1);
        assert!(refused.stdout.contains("belongs to the amp-stack stack"));
        assert!(refused.stderr.contains("decisions needed"));
        assert!(!bench.path("p.json").exists());
    }
    let events = bench.run(&[&plan[..], &["--json"]].concat()).expect(1);
    assert!(events.stdout.contains("\"event\":\"refusal\""));
    assert!(
        events.stdout.ends_with("\"exit_code\":1}\n"),
        "{}",
        events.stdout
    );
}

#[test]
fn the_next_command_as_it_is_printed_deploys_no_placeholder() {
    let bench = Bench::new("placeholder");
    let secret = "\n[variables.db_password]\n";
    let app = "[task_definitions.a.containers.app]\n";
    let environment = format!("{app}environment = {{ DB_PASSWORD = \"${{var.db_password}}\" }}\n");
    bench.write("stack.toml", &(SHARED.replace(app, &environment) + secret));
    let plan = [
        "plan",
        "stack.toml",
        "--sandbox",
        "--var",
        "db_password=hunter2",
    ];
    let plan = bench.run(&plan).expect(0);
    let (_, next) = plan.stdout.split_once("To do it, run: amp-stack ").unwrap();
    let next: Vec<&str> = next.split_whitespace().chain(["--yes"]).collect();
    let pasted = bench.run(&next).expect(1);
    assert!(
        pasted.says("no environment variable db_password"),
        "{}",
        pasted.stderr
    );
    let typed = ["apply", "stack.toml", "--sandbox", "--yes", "--var"];
    for value in ["db_password=...", "db_password=…"] {
        let run = bench.run(&[&typed[..], &[value]].concat()).expect(1);
        assert!(run.says("only stands for the value"), "{}", run.stderr);
    }
    assert!(!bench.path(".amp-stack/sandbox.json").exists());
    let mut command = bench.command(&next);
    let done = command.env("db_password", "hunter2").output().unwrap();
    assert!(done.status.success());
    let same = [
        "plan",
        "stack.toml",
        "--sandbox",
        "--var",
        "db_password=hunter2",
    ];
    let same = bench.run(&same).expect(0);
    assert!(same.says("Nothing to do: everything is as the stack file says."));
}

/// A log group and a workspace that keep what they hold for long, and a role that an instance may
/// have.
const KEPT: &str = r#"
[stack]
name = "kept"

[log_groups.app]
name = "/ecs/kept"
retention_days = 365

[workspace]
alias = "kept"
retention_days = 150

[roles.task]
name = "KeptTask"
"#;

fn kept(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", KEPT);
    let apply = ["apply", "stack.toml", "--sandbox", "--yes"];
    bench.run(&apply).expect(0);
    bench
}

/// What the sandbox keeps, as text without the times at which it was asked.
fn world(bench: &Bench) -> Value {
    let text = fs::read_to_string(bench.path(".amp-stack/sandbox.json")).unwrap();
    let file: Value = serde_json::from_str(&text).unwrap();
    file.get("world").unwrap_or(&file).clone()
}

#[test]
fn a_shorter_retention_has_to_be_accepted_by_address() {
    let bench = kept("retention");
    let before = world(&bench);
    let shorter = KEPT.replace("= 365", "= 1").replace("= 150", "= 1");
    bench.write("stack.toml", &shorter);
    let apply = ["apply", "stack.toml", "--sandbox", "--yes"];
    for options in [
        &[][..],
        &["--accept", "workspace"],
        &["--accept=log_groups.app"],
        &["--accept=roles.task"],
    ] {
        let refused = bench.run(&[&apply[..], options].concat()).expect(1);
        assert!(refused.says("Data is lost, for good:"));
        assert!(refused.says("would be lost, which --yes does not accept"));
        assert_eq!(world(&bench), before, "{options:?}");
    }
    // The name of earlier versions.
    let both = ["--accept=workspace", "--allow-data-loss=log_groups.app"];
    let done = bench.run(&[&apply[..], &both].concat()).expect(0);
    assert!(done.says("2 changed"));
}

#[test]
fn a_saved_plan_holds_what_was_accepted_for_it_and_nothing_else() {
    let bench = kept("retention-saved");
    bench.write("stack.toml", &KEPT.replace("= 365", "= 30"));
    let plan = ["plan", "stack.toml", "--sandbox", "--out", "p.json"];
    let apply = ["apply", "p.json", "--sandbox"];
    let open = bench.run(&plan).expect(0);
    assert!(open.says("has to give --accept log_groups.app"));
    assert!(
        bench
            .run(&apply)
            .expect(1)
            .says("add --accept log_groups.app")
    );
    // What this plan does not lose can't be accepted in it.
    let other = ["--accept", "workspace"];
    bench.run(&[&plan[..], &other].concat()).expect(0);
    bench.run(&apply).expect(1);
    let accepted = ["--accept", "log_groups.app"];
    let accepted = bench.run(&[&plan[..], &accepted].concat()).expect(0);
    assert!(!accepted.says("has to give"));
    let text = fs::read_to_string(bench.path("p.json")).unwrap();
    let accepted = "\"accepted\": [";
    let forged = text.replacen(accepted, &format!("{accepted} \"workspace\","), 1);
    assert_ne!(text, forged);
    bench.write("forged.json", &forged);
    let forged = ["apply", "forged.json", "--sandbox"];
    assert!(
        bench
            .run(&forged)
            .expect(1)
            .says("it is not as it was written")
    );
    bench.run(&apply).expect(0);
    let alone = [
        "plan",
        "stack.toml",
        "--sandbox",
        "--accept",
        "log_groups.app",
    ];
    bench.run(&alone).expect(1);
}

#[test]
fn an_instance_profile_of_somebody_else_is_edited_only_by_name() {
    let bench = kept("instance-profile");
    // What `aws iam create-instance-profile` and `add-role-to-instance-profile` leave.
    let path = bench.path(".amp-stack/sandbox.json");
    let mut file: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let iam = if file.get("world").is_some() {
        &mut file["world"]["iam"]
    } else {
        &mut file["iam"]
    };
    iam["profiles"] = serde_json::json!({"somebodyelses": profile(iam)});
    fs::write(&path, file.to_string()).unwrap();
    let before = world(&bench);
    let destroy = [
        "destroy",
        "stack.toml",
        "--sandbox",
        "--yes",
        "--target",
        "roles.task",
    ];
    for options in [&[][..], &["--accept", "instance_profiles.Other"]] {
        let refused = bench.run(&[&destroy[..], options].concat()).expect(1);
        assert!(refused.says("Something that is not this stack's is altered:"));
        assert!(refused.says("instance_profiles.SomebodyElses, which is not this stack's"));
        assert_eq!(world(&bench), before);
    }
    let accept = ["--accept", "instance_profiles.SomebodyElses"];
    bench.run(&[&destroy[..], &accept].concat()).expect(0);
    assert_eq!(world(&bench)["iam"]["roles"], serde_json::json!({}));
}

/// An instance profile that holds the first role of `iam`.
fn profile(iam: &Value) -> Value {
    let roles = iam["roles"].as_object().unwrap();
    let (role, _) = roles.iter().next().unwrap();
    serde_json::json!({
        "name": "SomebodyElses",
        "path": "/",
        "id": "AIPAEXAMPLEEXAMPLE123",
        "arn": "arn:aws:iam::111122223333:instance-profile/SomebodyElses",
        "created_millis": 1_700_000_000_000_i64,
        "role": role,
        "tags": [],
    })
}
