use std::{io, path::Path};

use proptest::{collection::vec, option::weighted, prelude::*, sample::select};
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    ecs_shape::{Shape, Structure},
    file::{problem::Problem, source::Source},
    kinds::Resource,
    load::{self, LoadContext},
    model::{
        address::{Address, Kind},
        tags::PREVENT_DESTROY_TAG,
    },
    stack::Stack,
};

/// What the stack around a task definition holds.
pub(crate) const AROUND: &str = r#"
[stack]
name = "t"
[workspace]
alias = "w"
[log_groups.app]
name = "/t/app"
retention_days = 7
[roles.task]
name = "Task"
[roles.execution]
name = "Execution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]
[roles.execution.inline_policies.secrets]
Version = "2012-10-17"
Statement = { Effect = "Allow", Action = ["ssm:GetParameters", "secretsmanager:GetSecretValue", "s3:GetObject"], Resource = "*" }
"#;

fn read_nothing(path: &Path) -> io::Result<String> {
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        path.display().to_string(),
    ))
}

/// Loads a stack of this text in 111122223333 and us-east-1.
pub(crate) fn load_stack(
    text: String,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Stack, Vec<Problem>> {
    let source = Source {
        path: "t.toml".into(),
        text,
    };
    let around = LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read,
    };
    load::load(&source, &around)
}

/// The codes of what is wrong with a stack that holds these tables, in the order of the file.
pub(crate) fn codes(tables: &str) -> Vec<&'static str> {
    match load_stack(format!("{AROUND}{tables}"), &read_nothing) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(|problem| problem.code).collect(),
    }
}

/// What is reported about a stack that holds these tables.
fn messages(tables: &str) -> Vec<String> {
    match load_stack(format!("{AROUND}{tables}"), &read_nothing) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .into_iter()
            .map(|problem| problem.message)
            .collect(),
    }
}

pub(crate) fn sound(tables: &str, read: &dyn Fn(&Path) -> io::Result<String>) -> Stack {
    match load_stack(format!("{AROUND}{tables}"), read) {
        Ok(stack) => stack,
        Err(problems) => panic!("{tables}\n{problems:#?}"),
    }
}

fn wanted(stack: &Stack, key: &str) -> TaskDefinition {
    let address = Address::new(Kind::TaskDefinition, key);
    match stack
        .resources
        .get(&address)
        .and_then(|declared| declared.want.clone())
    {
        Some(Resource::TaskDefinition(family)) => family,
        other => panic!("{other:?} is no task definition"),
    }
}

/// The request that the task definition `t` of these tables becomes.
fn request(tables: &str) -> Json {
    written(&wanted(&sound(tables, &read_nothing), "t"))
}

fn written(family: &TaskDefinition) -> Json {
    family.document.as_ref().unwrap().written().to_json()
}

const MINIMAL: &str =
    "[task_definitions.t]\nmemory = 512\n[task_definitions.t.containers.app]\nimage = \"app:1\"\n";

#[test]
fn the_least_is_a_container_with_an_image() {
    let stack = sound(MINIMAL, &read_nothing);
    let family = wanted(&stack, "t");
    assert_eq!(family.family, "t");
    assert_eq!(
        written(&family),
        json!({"memory": "512", "containerDefinitions": [{"name": "app", "image": "app:1"}]})
    );
}

#[test]
fn sizes_are_sent_as_they_are_written() {
    let json = request(
        "[task_definitions.t]\ncpu = \"1 vCPU\"\nmemory = \"3 GB\"\ncontainers.app = { image = \"app:1\" }\n",
    );
    assert_eq!(
        (&json["cpu"], &json["memory"]),
        (&json!("1 vCPU"), &json!("3 GB"))
    );
}

#[test]
fn named_things_can_be_tables_or_lists() {
    let tables = r#"
[task_definitions.t]
memory = 512
volumes = { data = {}, logs = { host = { source_path = "/var/log" } } }
[task_definitions.t.containers.db]
image = "db:1"
health_check = { command = ["CMD", "true"] }
[task_definitions.t.containers.app]
image = "app:1"
depends_on = { db = "HEALTHY" }
docker_labels = { "a.b" = "c" }
ulimits = { nofile = { soft_limit = 1, hard_limit = 2 } }
system_controls = { "net.core.somaxconn" = "1024" }
[task_definitions.t.containers.app.environment]
Z = "1"
A = "${log_groups.app.name}"
"#;
    let lists = r#"
[task_definitions.t]
memory = 512
volumes = [{ name = "data" }, { name = "logs", host = { source_path = "/var/log" } }]
[[task_definitions.t.containers]]
name = "db"
image = "db:1"
health_check = { command = ["CMD", "true"] }
[[task_definitions.t.containers]]
name = "app"
image = "app:1"
depends_on = [{ container_name = "db", condition = "HEALTHY" }]
docker_labels = { "a.b" = "c" }
ulimits = [{ name = "nofile", soft_limit = 1, hard_limit = 2 }]
system_controls = [{ namespace = "net.core.somaxconn", value = "1024" }]
environment = [{ name = "Z", value = "1" }, { name = "A", value = "${log_groups.app.name}" }]
"#;
    let json = request(tables);
    assert_eq!(json, request(lists));
    assert_eq!(
        json["containerDefinitions"][1]["environment"],
        json!([{"name": "Z", "value": "1"}, {"name": "A", "value": "${log_groups.app.name}"}])
    );
}

#[test]
fn roles_and_log_groups_are_named_by_key_or_by_arn() {
    let tables = r#"
[task_definitions.t]
memory = 512
task_role = "task"
execution_role = "arn:aws:iam::444455556666:role/other/Execution"
[task_definitions.t.containers.a]
image = "a:1"
logs = "app"
[task_definitions.t.containers.b]
image = "b:1"
logs = { arn = "arn:aws:logs:eu-west-1:444455556666:log-group:/theirs:*" }
[task_definitions.t.containers.c]
image = "c:1"
logs = { name = "/theirs" }
[task_definitions.u]
memory = 512
task_role = "arn:aws:iam::111122223333:role/Task"
containers.a = { image = "a:1" }
"#;
    let stack = sound(tables, &read_nothing);
    let json = written(&wanted(&stack, "t"));
    assert_eq!(json["taskRoleArn"], "${roles.task.arn}");
    assert_eq!(
        json["executionRoleArn"],
        "arn:aws:iam::444455556666:role/other/Execution"
    );
    let options =
        |index: usize| json["containerDefinitions"][index]["logConfiguration"]["options"].clone();
    assert_eq!(
        options(0),
        json!({"awslogs-group": "${log_groups.app.name}", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"})
    );
    assert_eq!(
        options(1),
        json!({"awslogs-group": "/theirs", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"})
    );
    assert_eq!(options(2)["awslogs-region"], "us-east-1");
    // A role of the stack is one however it is named.
    assert_eq!(
        written(&wanted(&stack, "u"))["taskRoleArn"],
        "${roles.task.arn}"
    );
}

#[test]
fn what_aws_adds_tomorrow_goes_through() {
    let tables = r#"
[task_definitions.t]
memory = 512
verbatim = { trustedExecution = { isolationMode = "SHARED" }, runtimePlatform = { cpuArchitecture = "ARM64" } }
runtime_platform = { operating_system_family = "LINUX" }
[task_definitions.t.containers.app]
image = "app:1"
verbatim = { sharing = [1, 2] }
"#;
    let json = request(tables);
    assert_eq!(json["trustedExecution"], json!({"isolationMode": "SHARED"}));
    assert_eq!(
        json["runtimePlatform"],
        json!({"operatingSystemFamily": "LINUX", "cpuArchitecture": "ARM64"})
    );
    assert_eq!(json["containerDefinitions"][0]["sharing"], json!([1, 2]));
}

#[test]
fn an_exported_definition_is_the_ground_and_the_table_lies_over_it() {
    let export = json!({
        "taskDefinition": {
            "taskDefinitionArn": "arn:aws:ecs:us-east-1:111122223333:task-definition/exported:3", "revision": 3, "status": "ACTIVE",
            "requiresAttributes": [{"name": "x"}], "compatibilities": ["EC2"], "registeredAt": 1.5, "registeredBy": "me",
            "family": "exported", "memory": "512", "cpu": null, "pidMode": "task",
            "taskRoleArn": "arn:aws:iam::444455556666:role/Theirs",
            "containerDefinitions": [
                {"name": "app", "image": "app:1", "essential": true, "environment": [{"name": "A", "value": "${not.ours}"}]},
                {"name": "db", "image": "db:1"},
            ],
        },
        "tags": [{"key": "team", "value": "x"}, {"key": "aws:x", "value": "y"}, {"key": "amp-stack:stack", "value": "old"}],
    });
    let read = |_: &Path| Ok(export.to_string());
    let tables = "[task_definitions.t]\ndefinition = \"td.json\"\nmemory = 1024\n[task_definitions.t.containers.app]\nimage = \"app:2\"\n[task_definitions.t.containers.new]\nimage = \"new:1\"\n";
    let stack = sound(tables, &read);
    let family = wanted(&stack, "t");
    assert_eq!(family.family, "exported");
    let keys: Vec<&str> = family.tags.keys().map(String::as_str).collect();
    assert_eq!(keys, ["amp-stack:address", "amp-stack:stack", "team"]);
    assert_eq!(family.tags["amp-stack:stack"], Template::from("t"));
    assert_eq!(
        written(&family),
        json!({
            "memory": "1024", "pidMode": "task", "taskRoleArn": "arn:aws:iam::444455556666:role/Theirs",
            "containerDefinitions": [
                {"name": "app", "image": "app:2", "essential": true, "environment": [{"name": "A", "value": "${not.ours}"}]},
                {"name": "db", "image": "db:1"},
                {"name": "new", "image": "new:1"},
            ],
        })
    );
}

#[test]
fn mistakes_in_an_exported_definition_name_their_path() {
    let read = |_: &Path| {
        Ok(json!({"memory": "512", "containerDefinitions": [{"name": "app", "image": 3, "portMappings": [{"containerport": 80}]}]}).to_string())
    };
    let problems = load_stack(
        format!("{AROUND}[task_definitions.t]\ndefinition = \"td.json\"\n"),
        &read,
    )
    .unwrap_err();
    let found: Vec<&str> = problems
        .iter()
        .map(|problem| problem.message.as_str())
        .collect();
    assert_eq!(
        found,
        [
            "`td.json.containerDefinitions[0].image` takes a string, not an integer",
            "`td.json.containerDefinitions[0].portMappings[0]` has no key `containerport`",
        ]
    );
    assert_eq!(
        problems[1].help.as_deref(),
        Some("did you mean `containerPort`?")
    );
    for (content, code) in [("[1]", "wrong-type"), ("{", "invalid-json")] {
        let problems = load_stack(
            format!("{AROUND}[task_definitions.t]\ndefinition = \"td.json\"\n"),
            &|_| Ok(content.to_owned()),
        )
        .unwrap_err();
        assert_eq!(
            problems
                .iter()
                .map(|problem| problem.code)
                .collect::<Vec<_>>(),
            [code]
        );
    }
    assert_eq!(
        codes("[task_definitions.t]\ndefinition = \"td.json\"\n"),
        ["unreadable-file"]
    );
}

#[test]
fn spelling_types_and_choices_are_checked_everywhere_at_once() {
    let tables = r#"
[task_definitions.t]
memroy = 512
memory = true
network_mode = "BRIDGE"
ephemeral_storage = {}
[task_definitions.t.containers.app]
image = "app:1"
portMappings = [{ container_port = "80" }]
linux_parameters = { devices = [{ permissions = ["reed"] }], tmpfs = [{ container_path = "/x", size = 99999999999 }] }
environment = { PORT = 80 }
name = "other"
"#;
    let found = messages(tables);
    for message in [
        "`task_definitions.t` has no key `memroy`",
        "`task_definitions.t.memory` takes a string, not a boolean",
        "`task_definitions.t.network_mode` takes `awsvpc`, `bridge`, `host`, `none`, not `BRIDGE`",
        "`task_definitions.t.ephemeral_storage` needs `size_in_gib`",
        "`task_definitions.t.containers.app` has no key `portMappings`",
        "`task_definitions.t.containers.app.port_mappings[0].container_port` takes an integer, not a string",
        "`task_definitions.t.containers.app` has no key `name`",
        "`task_definitions.t.containers.app.linux_parameters.devices[0]` needs `host_path`",
        "`task_definitions.t.containers.app.linux_parameters.devices[0].permissions[0]` takes `mknod`, `read`, `write`, not `reed`",
        "`task_definitions.t.containers.app.linux_parameters.tmpfs[0].size` takes a whole number of 32 bits, not 99999999999",
        "`task_definitions.t.containers.app.environment.PORT` takes a string, not an integer",
    ] {
        assert!(
            found.iter().any(|other| other == message),
            "{message} is not in {found:#?}"
        );
    }
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn lifecycle_and_tags_are_read() {
    let tables = "[tags]\nteam = \"a\"\n[task_definitions.t]\nmemory = 512\nkeep_revisions = 3\nignore = [\"containers.app.image\", \"tags.CostCenter\"]\nadopt = true\nprevent_destroy = true\ntags = { team = \"b\", kind = \"c\" }\ncontainers.app = { image = \"app:1\" }\n";
    let stack = sound(tables, &read_nothing);
    let declared = &stack.resources[&Address::new(Kind::TaskDefinition, "t")];
    assert_eq!(declared.lifecycle.keep_revisions, Some(3));
    assert!(declared.lifecycle.adopt && declared.lifecycle.prevent_destroy);
    assert_eq!(declared.lifecycle.ignore.len(), 2);
    let family = wanted(&stack, "t");
    assert_eq!(family.tags["team"], Template::from("b"));
    assert_eq!(family.tags["kind"], Template::from("c"));
    assert_eq!(family.tags[PREVENT_DESTROY_TAG], Template::from("true"));
    let wrong = "[task_definitions.t]\nmemory = 512\nkeep_revisions = 0\nignore = [\"a.b.c\"]\ntags = { \"aws:x\" = \"y\" }\ncontainers.app = { image = \"app:1\" }\n";
    assert_eq!(
        codes(wrong),
        ["out-of-range", "cannot-ignore", "reserved-tag"]
    );
}

/// A value of every shape, in TOML and in the request; `leaf` counts the leaves on the way.
fn sample(shape: &Shape, leaf: &mut usize) -> (String, Json) {
    match shape {
        Shape::Struct(structure) => {
            let (toml, json) = sample_members(structure, &[], leaf);
            (format!("{{ {} }}", toml.join(", ")), Json::Object(json))
        }
        Shape::List(element) => {
            let (toml, json) = sample(element, leaf);
            (format!("[{toml}]"), json!([json]))
        }
        Shape::Map(content) => {
            let (toml, json) = sample(content, leaf);
            (format!("{{ \"a.b C\" = {toml} }}"), json!({"a.b C": json}))
        }
        Shape::Text(choices) => {
            *leaf += 1;
            let text = choices
                .first()
                .map_or_else(|| format!("v{leaf}"), |choice| (*choice).to_owned());
            (format!("\"{text}\""), Json::from(text))
        }
        Shape::Integer => {
            *leaf += 1;
            (leaf.to_string(), Json::from(*leaf))
        }
        Shape::Boolean => {
            *leaf += 1;
            ("true".to_owned(), Json::from(true))
        }
    }
}

fn sample_members(
    structure: &Structure,
    without: &[&str],
    leaf: &mut usize,
) -> (Vec<String>, serde_json::Map<String, Json>) {
    let mut lines = Vec::new();
    let mut members = serde_json::Map::new();
    for member in structure
        .members
        .iter()
        .filter(|member| !without.contains(&member.name.as_str()))
    {
        let (toml, json) = sample(&member.shape, leaf);
        let name = &member.key;
        lines.push(format!("{name} = {toml}"));
        members.insert(member.name.clone(), json);
    }
    (lines, members)
}

/// All 127 leaves of the request have a way through a stack file. Samples break ECS's rules, so
/// what is compared is the converter alone.
#[test]
fn every_member_of_the_request_can_be_written() {
    let mut leaf = 0;
    let shape = Shape::Struct(ecs_shape::request().clone());
    let (toml, json) = sample(&shape, &mut leaf);
    assert_eq!(leaf, 127);
    let text = format!("value = {toml}\n");
    let source = Source {
        path: "t.toml".into(),
        text,
    };
    let mut problems = Problems::default();
    let document = crate::file::document::Document::parse(&source, &mut problems).unwrap();
    let names = Names {
        variables: None,
        environment: &|_| None,
        identity: None,
        declared: &BTreeSet::new(),
    };
    let root = document.fill_in(
        &|_| true,
        &names,
        &mut crate::file::document::Poisoned::default(),
        &mut problems,
    );
    let mut converter = Converter {
        dialect: Dialect::StackFile,
        problems: &mut problems,
        notes: Vec::new(),
    };
    let read = converter.value(root.get("value").unwrap(), &shape, "value");
    assert_eq!(problems, Problems::default());
    let found = read.to_node().to_json();
    for (name, value) in json.as_object().unwrap() {
        assert_eq!(&found[name.as_str()], value, "{name}");
    }
    assert_eq!(
        found.as_object().unwrap().len(),
        json.as_object().unwrap().len()
    );
}

#[test]
fn an_exported_definition_can_be_given_a_collector() {
    let export = json!({"containerDefinitions": [{"name": "app", "image": "app:1"}], "memory": "512", "networkMode": "awsvpc"});
    let tables = "[task_definitions.t]\ndefinition = \"td.json\"\ntask_role = \"task\"\nmetrics = { otlp = true }\n";
    let json = written(&wanted(&sound(tables, &|_| Ok(export.to_string())), "t"));
    let names: Vec<&str> = json["containerDefinitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["app", "aws-otel-collector"]);
    assert_eq!(
        json["containerDefinitions"][0]["dependsOn"][0]["condition"],
        "START"
    );
}

/// Values that have the right type, and mean anything.
fn of_shape(shape: &Shape) -> BoxedStrategy<Json> {
    match shape {
        Shape::Struct(structure) => members_of(structure).prop_map(Json::Object).boxed(),
        Shape::List(element) => vec(of_shape(element), 0..4).prop_map(Json::from).boxed(),
        Shape::Map(content) => vec((word(), of_shape(content)), 0..3)
            .prop_map(|entries| Json::Object(entries.into_iter().collect()))
            .boxed(),
        Shape::Text([]) => word().prop_map(Json::from).boxed(),
        Shape::Text(choices) => select(*choices).prop_map(Json::from).boxed(),
        Shape::Integer => select(vec![-1, 0, 1, 2, 5, 80, 512, 70_000])
            .prop_map(Json::from)
            .boxed(),
        Shape::Boolean => any::<bool>().prop_map(Json::from).boxed(),
    }
}

/// A few of the members; few names, so that they meet each other.
fn members_of(structure: &Structure) -> BoxedStrategy<serde_json::Map<String, Json>> {
    let chance = if structure.members.len() > 8 {
        0.3
    } else {
        0.7
    };
    let members: Vec<_> = structure
        .members
        .iter()
        .map(|member| {
            (
                Just(member.name.clone()),
                weighted(chance, of_shape(&member.shape)),
            )
        })
        .collect();
    members
        .prop_map(|members| {
            let given = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            given.collect()
        })
        .boxed()
}

fn word() -> BoxedStrategy<String> {
    select(vec![
        "a",
        "b",
        "a:b",
        "",
        "CMD",
        "CMD-SHELL",
        "awslogs-group",
        "80-90",
        "256",
        "512",
        "/",
        "s3",
        "\u{e9} x",
        "aws-otel-collector",
        "arn:aws:iam::111122223333:role/Task",
        crate::collector::IMAGE,
    ])
    .prop_map(str::to_owned)
    .boxed()
}

proptest! {
    #[test]
    fn the_checks_judge_whatever_is_written(request in members_of(ecs_shape::request())) {
        let export = Json::Object(request).to_string();
        let read = |_: &Path| Ok(export.clone());
        let tables = "[task_definitions.t]\nfamily = \"t\"\ndefinition = \"td.json\"\n[task_definitions.t.metrics]\notlp = true\n";
        match load_stack(format!("{AROUND}{tables}"), &read) {
            Ok(stack) => {
                let json = written(&wanted(&stack, "t"));
                let containers = json["containerDefinitions"].as_array().map_or(0, Vec::len);
                prop_assert!((1..=10).contains(&containers));
            }
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
