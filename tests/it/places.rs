//! Where in the stack file, or in a file that it names, refusals, risks and notes are about: shown
//! underlined to people, and as lines and columns to programs.

use std::{collections::BTreeMap, fs, path::Path};

use amp_stack::{
    file::{places::Spot, source::Source},
    load::{self, LoadContext, Loaded},
    model::{identity::Identity, mention::Mentioned},
};
use amp_stack_sandbox::wire::Service;
use serde_json::{Value, json};

use crate::{
    preflight::{only_has, somebody},
    run::{Bench, Run},
};

/// What a run reports under `event`, by its address and code.
fn events(run: &Run, event: &str) -> Vec<Value> {
    let lines = run.stdout.lines();
    let events = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|line| line["event"] == event).collect()
}

/// What stands at the first place of an event, with the file that it is in, after the line and the
/// column were compared with the bytes.
fn first_place(bench: &Bench, event: &Value) -> Option<(String, String)> {
    let file = event["file"].as_str()?;
    let text = fs::read_to_string(bench.path(file)).unwrap();
    let label = &event["labels"][0];
    let byte = |end: &str| usize::try_from(label[end]["byte"].as_u64().unwrap()).unwrap();
    let (start, end) = (byte("start"), byte("end"));
    let line = text[..start].matches('\n').count() + 1;
    let column = text[..start]
        .chars()
        .rev()
        .take_while(|c| *c != '\n')
        .count()
        + 1;
    assert_eq!(label["start"]["line"], line, "{event}");
    assert_eq!(label["start"]["column"], column, "{event}");
    assert_ne!(label["label"], "", "{event}");
    Some((file.to_owned(), text[start..end].to_owned()))
}

const NAMES_MUCH: &str = r#"
stack.name = "placed"

[variables.key]
default = "arn:aws:kms:us-east-1:111122223333:key/11111111-1111-1111-1111-111111111111"

[log_groups.app]
name           = "/ecs/placed"
retention_days = 30
kms_key_arn    = "${var.key}"

[roles.task]
name                 = "PlacedTask"
permissions_boundary = "arn:aws:iam::${account}:policy/Boundary"
managed_policies     = [
    "AmazonPrometheusQueryAccess",
    "arn:aws:iam::111122223333:policy/Extra",
]

[task_definitions.app]
requires_compatibilities = ["EC2"]
task_role                = "arn:aws:iam::111122223333:role/Nobody"
execution_role           = "arn:aws:iam::999988887777:role/Elsewhere"

[task_definitions.app.volumes.data.efs_volume_configuration]
file_system_id = "fs-12345678"

[task_definitions.app.containers."app"]
image       = "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1"
memory      = 128
logs        = { name = "/ecs/others" }
secrets     = { DB = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3:password::", OTHER = "/a/b:3" }
repository_credentials.credentials_parameter = "arn:aws:secretsmanager:us-east-1:111122223333:secret:hub-a1b2c3"

[task_definitions.listed]
requires_compatibilities = ["EC2"]
execution_role           = "arn:aws:iam::999988887777:role/Elsewhere"

[[task_definitions.listed.containers]]
name    = "one"
image   = "example/one:1"
memory  = 128
secrets = [{ name = "ONE", value_from = "/one" }]

[[task_definitions.listed.containers]]
name    = "two"
image   = "example/two:1"
memory  = 128
log_configuration = { log_driver = "awslogs", options = { awslogs-group = "/two", awslogs-region = "us-east-1" } }

[task_definitions.exported]
definition     = "exported.json"
execution_role = "arn:aws:iam::999988887777:role/Elsewhere"
"#;

const EXPORTED: &str = r#"{
  "family": "exported",
  "requiresCompatibilities": ["EC2"],
  "containerDefinitions": [
    {"name": "a", "image": "example/a:1", "memory": 128, "command": ["ä"]},
    {"name": "app", "image": "example/app:1", "memory": 128,
     "secrets": [{"name": "A.B", "valueFrom": "/exported/one"},
                 {"name": "A", "valueFrom": "/exported/two"}]}
  ]
}
"#;

/// What each refusal underlines: by the name of what is missing, the file and the text there.
const UNDERLINED: [(&str, &str, &str); 14] = [
    ("key/11111111", "stack.toml", "\"${var.key}\""),
    (
        "policy/Boundary",
        "stack.toml",
        "\"arn:aws:iam::${account}:policy/Boundary\"",
    ),
    (
        "policy/Extra",
        "stack.toml",
        "\"arn:aws:iam::111122223333:policy/Extra\"",
    ),
    (
        "app: there is no role arn:aws:iam::111122223333:role/Nobody",
        "stack.toml",
        "\"arn:aws:iam::111122223333:role/Nobody\"",
    ),
    (
        "exported: the role arn:aws:iam::999988887777:role/Elsewhere",
        "stack.toml",
        "\"arn:aws:iam::999988887777:role/Elsewhere\"",
    ),
    (
        "app: the role arn:aws:iam::999988887777:role/Elsewhere",
        "stack.toml",
        "\"arn:aws:iam::999988887777:role/Elsewhere\"",
    ),
    ("fs-12345678", "stack.toml", "\"fs-12345678\""),
    ("log group /ecs/others", "stack.toml", "\"/ecs/others\""),
    (
        "secret:db-a1b2c3",
        "stack.toml",
        "\"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3:password::\"",
    ),
    ("parameter /a/b", "stack.toml", "\"/a/b:3\""),
    (
        "secret:hub-a1b2c3",
        "stack.toml",
        "\"arn:aws:secretsmanager:us-east-1:111122223333:secret:hub-a1b2c3\"",
    ),
    ("parameter /one", "stack.toml", "\"/one\""),
    ("log group /two", "stack.toml", "\"/two\""),
    ("/exported/one", "exported.json", "\"/exported/one\""),
];

#[test]
fn every_refusal_of_what_is_named_underlines_where_it_is_named() {
    let bench = Bench::new("places-named");
    bench.write("stack.toml", NAMES_MUCH);
    bench.write("exported.json", EXPORTED);
    let others = ["secret:x", "ssm:/x", "kms:x", "efs:fs-0", "ecr:other:1"];
    only_has(&bench, &others);
    let run = bench.run(&["plan", "stack.toml", "--sandbox", "--json"]);
    let run = run.expect(1);
    let refusals = events(&run, "refusal");
    let text = |event: &Value| {
        let said = |member: &str| event[member].as_str().unwrap().to_owned();
        format!("{}: {}", said("address"), said("message"))
    };
    for (name, file, underlined) in UNDERLINED {
        let of_name: Vec<&Value> = refusals
            .iter()
            .filter(|event| text(event).contains(name))
            .collect();
        assert!(!of_name.is_empty(), "{name}: {refusals:#?}");
        for event in of_name {
            let expected = (file.to_owned(), underlined.to_owned());
            assert_eq!(first_place(&bench, event), Some(expected), "{event:#}");
        }
    }
    // None names something that it does not show.
    for event in &refusals {
        assert!(first_place(&bench, event).is_some(), "{event:#}");
    }
    // What is only a note has a place as well.
    let notes = events(&run, "note");
    let image = notes.iter().find(|note| text(note).contains("no image"));
    let (_, underlined) = first_place(&bench, image.unwrap()).unwrap();
    assert!(underlined.contains("/app:1"), "{underlined}");

    // People see file, line and the underlined text.
    let shown = bench.run(&["plan", "stack.toml", "--sandbox"]).expect(1);
    for event in &refusals {
        let label = &event["labels"][0];
        let place = format!(
            "[{}:{}:{}]",
            event["file"].as_str().unwrap(),
            label["start"]["line"],
            label["start"]["column"]
        );
        assert!(shown.says(&place), "{place}\n{}", shown.stdout);
    }
    assert!(shown.says("named here"), "{}", shown.stdout);
    let comment = ["plan", "stack.toml", "--sandbox", "--format", "markdown"];
    let comment = bench.run(&comment).expect(1);
    assert!(comment.says("─[stack.toml:"), "{}", comment.stdout);
}

const HELD_BACK: &str = r#"
stack.name = "held"

[workspace]
alias           = "held"
prevent_destroy = true

[log_groups.app]
name                = "/ecs/held"
retention_days      = 30
deletion_protection = true

[roles.task]
name = "HeldTask"
"#;

/// A refusal about what the table of a resource says shows that, or else the table.
#[test]
fn a_refusal_underlines_the_attribute_that_it_is_about() {
    let bench = Bench::new("places-attributes");
    bench.write("stack.toml", HELD_BACK);
    let taken = json!({"RoleName": "heldtask", "AssumeRolePolicyDocument": TRUST});
    somebody(&bench, &[(Service::Iam, "CreateRole", taken)]);
    let plan = |more: &[&str]| bench.run(&[&["plan", "--json", "--sandbox"], more].concat());
    let places = |run: &Run| -> BTreeMap<String, String> {
        let refusals = events(run, "refusal").into_iter();
        let places = refusals.map(|event| {
            let code = event["code"].as_str().unwrap().to_owned();
            let place = first_place(&bench, &event).map(|(_, text)| text);
            (code, place.unwrap_or_default())
        });
        places.collect()
    };
    let refused = places(&plan(&[]).expect(1));
    assert_eq!(refused["name-taken"], "\"HeldTask\"", "{refused:?}");

    bench.write("stack.toml", &HELD_BACK.replace("HeldTask", "MyTask"));
    let apply = ["apply", "stack.toml", "--sandbox", "--yes"];
    bench.run(&apply).expect(0);
    let refused = places(&plan(&["--replace", "workspace"]).expect(1));
    assert_eq!(refused["protected"], "true", "{refused:?}");
    let refused = places(&plan(&["--replace", "log_groups.app"]).expect(1));
    assert_eq!(refused["deletion-protection"], "true", "{refused:?}");
    // What only the default says shows the table.
    let text = HELD_BACK.replace("HeldTask", "MyTask");
    let text = text.replace("prevent_destroy = true", "");
    bench.write("stack.toml", &text);
    let refused = places(&plan(&["--replace", "workspace"]).expect(1));
    assert_eq!(refused["protected"], "[workspace]", "{refused:?}");
}

/// What is risky shows what of the file makes it so.
#[test]
fn a_risk_underlines_the_attribute_that_it_comes_of() {
    let bench = Bench::new("places-risks");
    let before = r#"
        stack.name = "risky"
        [log_groups.app]
        name           = "/ecs/risky"
        retention_days = 30
        [roles.task]
        name = "RiskyTask"
    "#;
    bench.write("stack.toml", before);
    let apply = ["apply", "stack.toml", "--sandbox", "--yes"];
    bench.run(&apply).expect(0);
    let after = before.replace("30", "7").replace(
        "name = \"RiskyTask\"",
        r#"name = "RiskyTask"
           managed_policies = ["AdministratorAccess"]
           [roles.task.inline_policies.wide]
           Version = "2012-10-17"
           Statement = { Effect = "Allow", Action = "s3:*", Resource = "*" }"#,
    );
    bench.write("stack.toml", &after);
    let run = bench.run(&["plan", "--sandbox", "--json"]).expect(0);
    let risks = events(&run, "risk").into_iter();
    let mut found: Vec<(String, String)> = risks
        .map(|risk| {
            let code = risk["code"].as_str().unwrap().to_owned();
            let place = first_place(&bench, &risk).map(|(_, text)| text);
            (code, place.unwrap_or_default())
        })
        .collect();
    found.sort();
    let expected = [
        ("retention-shortened", "7"),
        ("wildcard-granted", "[\"AdministratorAccess\"]"),
        ("wildcard-granted", "[roles.task.inline_policies.wide]"),
    ];
    let expected = expected.map(|(code, place)| (code.to_owned(), place.to_owned()));
    assert_eq!(found, expected, "{}", run.stdout);
}

const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;

/// What the stacks that come with amp-stack name and do not make is found where it is written.
#[test]
fn every_mention_has_its_place() {
    let stacks = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let mut count = 0;
    for entry in fs::read_dir(&stacks).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let source = Source {
            text: fs::read_to_string(&path).unwrap(),
            path,
        };
        let around = LoadContext {
            read: &|path| fs::read_to_string(stacks.join(path)),
            ..LoadContext::new(Identity::new("111122223333", "eu-central-1"))
        };
        let Ok(parsed) = load::parse(&source) else {
            continue;
        };
        let Ok(Loaded { stack, places, .. }) = parsed.load_whole(&around) else {
            continue;
        };
        for Mentioned { address, naming } in stack.mentions() {
            let name = &naming.mention.name;
            let spot = Spot {
                path: &naming.at,
                text: Some(name),
                label: "named",
            };
            let marked = places.mark(&address, &[spot]).unwrap();
            let (span, label) = &marked.labels[0];
            let written = &marked.file.text[span.clone()];
            assert_eq!(label, "named", "{address} {naming:?}: {written}");
            assert!(
                written.contains("${") || written.contains(name.as_str()),
                "{address} {naming:?}: {written}"
            );
            count += 1;
        }
    }
    assert!(count > 5, "{count} mentions");
}
