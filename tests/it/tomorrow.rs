//! What AWS adds to task definitions after amp-stack was built: neither a difference nor lost, and
//! no reason to register revisions for ever.

use std::fs;

use serde_json::{Value, json};

use crate::run::{Bench, Run};

const FILE: &str = ".amp-stack/sandbox.json";
const APPLY: &[&str] = &["apply", "stack.toml", "--sandbox", "--yes"];
const PLAN: &[&str] = &["plan", "stack.toml", "--sandbox", "--detailed-exitcode"];

fn bench(name: &str, more: &str) -> Bench {
    let bench = Bench::new(name);
    write(&bench, "1", more);
    bench
}

fn write(bench: &Bench, version: &str, more: &str) {
    let text = format!(
        "[stack]\nname = \"future\"\nregion = \"us-east-1\"\n\n[task_definitions.a]\nrequires_compatibilities = [\"EC2\"]\n\n[task_definitions.a.containers.a]\nimage  = \"example/a:{version}\"\nmemory = 128\n{more}"
    );
    bench.write("stack.toml", &text);
}

/// The definitions of all revisions of the family `a`, as the sandbox keeps them, after `edit`.
fn revisions(bench: &Bench, mut edit: impl FnMut(&mut Value)) -> usize {
    let path = bench.path(FILE);
    let mut world: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let all = find(&mut world, "revisions").expect("the sandbox keeps revisions");
    let revisions = all.as_object_mut().unwrap();
    for revision in revisions.values_mut() {
        edit(&mut revision["definition"]);
    }
    let count = revisions.len();
    fs::write(path, world.to_string()).unwrap();
    count
}

/// The member `key`, wherever it is.
fn find<'a>(value: &'a mut Value, key: &str) -> Option<&'a mut Value> {
    let members = value.as_object_mut()?;
    if members.contains_key(key) {
        return members.get_mut(key);
    }
    members.values_mut().find_map(|member| find(member, key))
}

/// Everything that a run says, on one line.
fn words(run: &Run) -> String {
    let all = format!("{} {}", run.stdout, run.stderr);
    all.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_member_that_only_aws_mentions_is_no_difference_and_is_carried_along() {
    let bench = bench("tomorrow-default", "");
    bench.run(APPLY).expect(0);
    revisions(&bench, |definition| {
        definition["memberOfTomorrow"] = json!(false);
        definition["containerDefinitions"][0]["memberOfTomorrow"] = json!("default");
    });
    bench.run(PLAN).expect(0);
    let explained = bench.run(&[PLAN, &["--explain"]].concat()).expect(0);
    for said in [
        "unknown-members: ",
        "containers.a.member_of_tomorrow  the file says nothing, AWS says \"default\"",
    ] {
        assert!(explained.stdout.contains(said), "{}", explained.stdout);
    }
    bench.run(APPLY).expect(0);
    assert_eq!(revisions(&bench, |_| ()), 1);

    // The next revision is registered with them; that the sandbox does not keep them shows it.
    write(&bench, "2", "");
    let applied = bench.run(APPLY).expect(0);
    let said = words(&applied);
    assert!(
        said.contains("AWS has not kept `containers.a.memberOfTomorrow`, `memberOfTomorrow`"),
        "{said}"
    );
    bench.run(PLAN).expect(0);
}

#[test]
fn a_member_that_aws_does_not_keep_is_said_once_and_not_registered_again() {
    let verbatim = |mode: &str| {
        format!(
            "\n[task_definitions.a.containers.a.verbatim]\nfieldOfTomorrow = {{ mode = \"{mode}\" }}\n"
        )
    };
    let bench = bench("tomorrow-verbatim", &verbatim("on"));
    let applied = bench.run(APPLY).expect(0);
    let said = words(&applied);
    assert!(
        said.contains("AWS has not kept `containers.a.fieldOfTomorrow`"),
        "{said}"
    );
    bench.run(PLAN).expect(0);
    let again = bench.run(APPLY).expect(0);
    let said = words(&again);
    assert!(!said.contains("fieldOfTomorrow"), "{said}");
    assert_eq!(revisions(&bench, |_| ()), 1);
    let explained = bench.run(&[PLAN, &["--explain"]].concat()).expect(0);
    assert!(
        explained.stdout.contains("unknown-members: "),
        "{}",
        explained.stdout
    );

    // Something else is tried, once; and so is everything with the next revision.
    write(&bench, "1", &verbatim("off"));
    bench.run(PLAN).expect(2);
    bench.run(APPLY).expect(0);
    bench.run(PLAN).expect(0);
    write(&bench, "2", &verbatim("off"));
    bench.run(APPLY).expect(0);
    bench.run(PLAN).expect(0);
    assert_eq!(revisions(&bench, |_| ()), 3);
    write(&bench, "2", "");
    bench.run(APPLY).expect(0);
    bench.run(PLAN).expect(0);
    assert_eq!(revisions(&bench, |_| ()), 3, "the tag alone goes");
}

#[test]
fn a_definition_that_aws_wrote_is_taken_as_it_stands() {
    let bench = Bench::new("tomorrow-definition");
    bench.write(
        "stack.toml",
        "[stack]\nname = \"dump\"\nregion = \"us-east-1\"\n\n[task_definitions.app]\ndefinition = \"taskdef.json\"\n",
    );
    let definition = |of_container: Value| {
        let mut container = json!({"name": "app", "image": "example/app:1", "memory": 128});
        let members = container.as_object_mut().unwrap();
        members.extend(of_container.as_object().unwrap().clone());
        json!({"taskDefinition": {"family": "app", "revision": 3, "requiresCompatibilities": ["EC2"],
            "memberOfTomorrow": false, "containerDefinitions": [container]}})
    };
    let of = |container: Value| bench.write("taskdef.json", &definition(container).to_string());
    of(json!({"memberOfTomorrow": "default"}));
    let valid = bench.run(&["validate"]).expect(0);
    for place in [
        "`taskdef.json.memberOfTomorrow` is not known",
        "`taskdef.json.containerDefinitions[0].memberOfTomorrow` is not known",
    ] {
        assert!(valid.stderr.contains(place), "{}", valid.stderr);
    }
    let plan = bench.run(PLAN).expect(2);
    assert!(
        plan.stdout.contains("is not known to amp-stack"),
        "{}",
        plan.stdout
    );
    bench.run(APPLY).expect(0);
    bench.run(PLAN).expect(0);

    // What is needed, and what a choice takes, can change as well.
    of(
        json!({"resourceRequirements": [{"type": "GPU", "sharingStrategy": {"nvidiaMps": {"memory": 4}}}],
        "logConfiguration": {"logDriver": "driver-of-tomorrow"}}),
    );
    let valid = bench.run(&["validate"]).expect(0);
    // Notes are wrapped where the terminal ends.
    let notes: Vec<&str> = valid.stderr.split_whitespace().collect();
    let notes = notes.join(" ");
    for said in ["has no `value`", "is `driver-of-tomorrow`"] {
        assert!(notes.contains(said), "{}", valid.stderr);
    }
    // Misspellings are mistakes, wherever they are.
    for (container, code) in [
        (json!({"Environment": []}), "unknown-key"),
        (json!({"enviroment": []}), "unknown-key"),
        (
            json!({"logConfiguration": {"logDriver": "AWSLOGS"}}),
            "unknown-value",
        ),
    ] {
        of(container);
        let mistake = bench.run(&["validate"]).expect(1);
        assert!(mistake.stderr.contains(code), "{}", mistake.stderr);
    }
}
