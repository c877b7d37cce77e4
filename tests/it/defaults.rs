//! A law of the declaration of fields: leaving a key out and giving its declared default are the
//! same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use amp_stack::{
    file::{
        fields::{Fields, Requirement},
        source::Source,
    },
    load::{self, LoadContext, lookup, root::ROOT},
    model::identity::Identity,
    stack::Stack,
};
use toml::{Table, Value};

/// One way from the top of a file to a table within it.
#[derive(Clone, Debug)]
enum Part {
    Key(String),
    Index(usize),
}

/// A stack file, or what is wrong with it.
fn stack(table: &Table) -> Result<Stack, Vec<String>> {
    let source = Source {
        path: "stack.toml".into(),
        text: table.to_string(),
    };
    let around = LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables: variables(table),
        var_files: Vec::new(),
        environment: &|_| Some("value".to_owned()),
        elsewhere: &|_| false,
        read: &|path| {
            let beside = |folder: &str| fs::read_to_string(root().join(folder).join(path));
            beside("tests/problems/files").or_else(|_| beside("stacks"))
        },
    };
    let loaded = load::load(&source, &around).map(|mut stack| {
        // What earlier defaults made is another matter: these are the defaults of now.
        stack.take_new_defaults();
        stack
    });
    loaded.map_err(|problems| {
        let problems = problems.into_iter();
        problems.map(|problem| format!("{problem:?}")).collect()
    })
}

/// A value for each variable that has to be given.
fn variables(table: &Table) -> BTreeMap<String, String> {
    let declared = table.get("variables").and_then(Value::as_table);
    let required = declared.into_iter().flatten().filter(|(_, variable)| {
        variable
            .as_table()
            .is_some_and(|variable| !variable.contains_key("default"))
    });
    required
        .map(|(name, _)| (name.clone(), "value".to_owned()))
        .collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Stack files without mistakes that hold many different tables.
fn corpus() -> Vec<Table> {
    let mut texts: Vec<String> = vec![NOTHING.to_owned(), EVERYTHING.to_owned()];
    for entry in fs::read_dir(root().join("stacks")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            texts.push(fs::read_to_string(path).unwrap());
        }
    }
    texts.push(fs::read_to_string(root().join("tests/data/example.toml")).unwrap());
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// What is done with a table: its fields, itself, the way to it, and the field that holds its name.
type Visit<'a> = &'a mut dyn FnMut(&'static Fields, &Table, &[Part], Option<&str>);

/// Calls `visit` with every table of a file, and with the way to it.
fn each_table(
    fields: &'static Fields,
    table: &Table,
    way: &[Part],
    given: Option<&str>,
    visit: Visit<'_>,
) {
    visit(fields, table, way, given);
    for field in fields.fields {
        let Some(value) = table.get(field.key) else {
            continue;
        };
        let at = [way, &[Part::Key(field.key.to_owned())]].concat();
        for within in lookup::tables(fields, field) {
            match value {
                Value::Table(inner) if within.is_named => {
                    for (key, value) in inner {
                        if let Value::Table(inner) = value {
                            let at = [at.as_slice(), &[Part::Key(key.clone())]].concat();
                            each_table(within.fields, inner, &at, within.given, visit);
                        }
                    }
                }
                Value::Table(inner) if !within.is_listed => {
                    each_table(within.fields, inner, &at, within.given, visit);
                }
                Value::Array(elements) if within.is_listed => {
                    for (index, element) in elements.iter().enumerate() {
                        if let Value::Table(inner) = element {
                            let at = [at.as_slice(), &[Part::Index(index)]].concat();
                            each_table(within.fields, inner, &at, within.given, visit);
                        }
                    }
                }
                Value::String(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_)
                | Value::Array(_)
                | Value::Table(_) => {}
            }
        }
    }
}

/// The same file with `key` of one table set.
fn with(file: &Table, way: &[Part], key: &str, value: Value) -> Table {
    let mut file = Value::Table(file.clone());
    let mut here = &mut file;
    for part in way {
        here = match part {
            Part::Key(key) => &mut here[key.as_str()],
            Part::Index(index) => &mut here[*index],
        };
    }
    here.as_table_mut().unwrap().insert(key.to_owned(), value);
    let Value::Table(file) = file else {
        unreachable!("it was made of a table")
    };
    file
}

#[test]
fn leaving_a_key_out_is_giving_its_default() {
    let mut compared = BTreeSet::new();
    let mut different = BTreeSet::new();
    for file in corpus() {
        let left_out = stack(&file).unwrap_or_else(|problems| panic!("{problems:#?}\n{file}"));
        each_table(&ROOT, &file, &[], None, &mut |fields, table, way, given| {
            for field in fields.fields {
                let Requirement::Default(default) = field.requirement else {
                    continue;
                };
                if table.contains_key(field.key) || given == Some(field.key) {
                    continue;
                }
                let default: Table = format!("value = {default}").parse().unwrap();
                let told = with(&file, way, field.key, default["value"].clone());
                let Ok(told) = stack(&told) else {
                    continue;
                };
                let name = format!("{}.{}", fields.name, field.key);
                if told != left_out {
                    different.insert(name.clone());
                }
                compared.insert(name);
            }
        });
    }
    assert_eq!(
        different,
        BTreeSet::new(),
        "fields whose default is not what leaving them out means"
    );
    let mut missing = BTreeSet::new();
    for fields in lookup::all() {
        for field in fields.fields {
            let name = format!("{}.{}", fields.name, field.key);
            if matches!(field.requirement, Requirement::Default(_)) && !compared.contains(&name) {
                missing.insert(name);
            }
        }
    }
    assert!(missing.is_empty(), "compared nowhere: {missing:#?}");
}

/// A file that declares nothing.
const NOTHING: &str = "[stack]\nname = \"nothing\"\n";

/// A file with tables of most sorts, none of which gives more than it has to.
const EVERYTHING: &str = r#"
[stack]
name = "defaults"

[stack.assume_role]
role_arn = "arn:aws:iam::111122223333:role/deploy"

[variables.tag]
default = "x"

[outputs.tag]
value = "x"

[workspace]
limits = [{ max_series = 5 }]

[log_groups.app]
name = "/app"
retention_days = 30

[roles.task]
name = "Task"

[roles.execution]
name = "Execution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.fargate]
requires_compatibilities = ["FARGATE"]
cpu = "1 vCPU"
memory = "2 GB"
network_mode = "awsvpc"
task_role = "task"
execution_role = "execution"
runtime_platform = {}
ephemeral_storage = { size_in_gib = 30 }

proxy_configuration = { container_name = "app" }

[task_definitions.fargate.metrics]
scrape = [{ port = 9090, metric_relabel = [{ target_label = "a" }] }]
attributes = {}
batch = { size = 10 }
destinations = [{ otlp = "https://otlp.example.com" }]

[task_definitions.fargate.containers.app]
image = "nginx:1"
logs = "app"
health_check = { command = ["CMD", "true"] }
restart_policy = { enabled = true }
port_mappings = [{ container_port = 80 }]
linux_parameters = {}

[task_definitions.ec2]
requires_compatibilities = ["EC2"]
network_mode = "bridge"
memory = "2 GB"
task_role = "task"
execution_role = "execution"
services = [{ cluster = "prod", service = "app" }]

[task_definitions.ec2.containers.app]
image = "nginx:1"
log_configuration = { log_driver = "json-file" }
linux_parameters = { capabilities = {}, devices = [{ host_path = "/dev/x" }], tmpfs = [{ container_path = "/t", size = 5 }] }
mount_points = [{ source_volume = "efs", container_path = "/efs" }]
volumes_from = []

[task_definitions.ec2.containers.other]
image = "nginx:1"
log_configuration = { log_driver = "awsfirelens" }
volumes_from = [{ source_container = "app" }]

[task_definitions.ec2.containers.router]
image = "fluent-bit:1"
firelens_configuration = { type = "fluentbit" }

[task_definitions.ec2.volumes.s3]
s3files_volume_configuration = { file_system_arn = "arn:aws:s3files:us-east-1:111122223333:file-system/fs-1234567890abcdef0" }

[task_definitions.ec2.volumes.efs]
efs_volume_configuration = { file_system_id = "fs-12345678" }

[task_definitions.ec2.volumes.access]
efs_volume_configuration = { file_system_id = "fs-12345678", transit_encryption = "ENABLED", authorization_config = {} }

[task_definitions.ec2.volumes.docker]
docker_volume_configuration = {}
"#;
