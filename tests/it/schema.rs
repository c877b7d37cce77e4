//! The JSON Schema of stack files, judged by an implementation of JSON Schema that nobody here
//! wrote, and compared with the parser.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use amp_stack::{
    file::{
        fields::{Fields, Requirement},
        problem::Problem,
        source::Source,
    },
    load::{self, LoadContext, lookup, reference::reference, root::ROOT, schema::schema},
    model::identity::Identity,
};
use serde_json::{Value, json};
use toml::Table;

use crate::emulators::server;

/// The codes of problems that a schema can see: those of the shape of a file.
const STRUCTURAL: &[&str] = &[
    "existing-workspace",
    "fixed-retention",
    "invalid-key",
    "missing-key",
    "out-of-range",
    "policy-version",
    "retention",
    "unknown-key",
    "unknown-value",
    "wrong-type",
];

/// What `jsonschema` finds wrong with each document, each checked against the part of the schema
/// that it names.
fn judge(test: &str, documents: &[(String, Value)]) -> Option<Vec<Vec<String>>> {
    let python = server::python(test)?;
    let documents: Vec<Value> = documents
        .iter()
        .map(|(at, value)| json!({"at": at, "value": value}))
        .collect();
    let request = json!({"schema": schema(), "documents": documents});
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schema/validate.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(request.to_string().as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the validator failed");
    let answer: Vec<Vec<Value>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer.len(), documents.len());
    let told = |errors: Vec<Value>| errors.iter().map(ToString::to_string).collect();
    Some(answer.into_iter().map(told).collect())
}

/// Whole stack files.
fn whole(tables: &[Table]) -> Vec<(String, Value)> {
    let documents = tables.iter();
    documents
        .map(|table| (String::new(), serde_json::to_value(table).unwrap()))
        .collect()
}

/// What the parser says of a stack file, with `variables` given.
fn problems(text: &str, variables: BTreeMap<String, String>) -> Vec<Problem> {
    let source = Source {
        path: "stack.toml".into(),
        text: text.to_owned(),
    };
    let around = LoadContext {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables,
        var_files: Vec::new(),
        environment: &|_| Some("value".to_owned()),
        elsewhere: &|_| false,
        read: &|path| fs::read_to_string(root().join("tests/problems/files").join(path)),
    };
    load::load(&source, &around).err().unwrap_or_default()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The TOML files of a directory, by name.
fn files(directory: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(root().join(directory)).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let toml = paths.filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    let files: BTreeMap<String, String> = toml
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            (
                format!("{directory}/{name}"),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    assert!(!files.is_empty(), "there are files in {directory}");
    files
}

/// The stack files without mistakes.
fn sound() -> BTreeMap<String, String> {
    let mut sound = files("stacks");
    let example = "tests/data/example.toml";
    let text = fs::read_to_string(root().join(example)).unwrap();
    sound.insert(example.to_owned(), text);
    sound
}

#[test]
fn sound_stack_files_are_valid() {
    let sound = sound();
    let tables: Vec<Table> = sound.values().map(|text| text.parse().unwrap()).collect();
    let Some(found) = judge("sound_stack_files_are_valid", &whole(&tables)) else {
        return;
    };
    for (name, errors) in sound.keys().zip(found) {
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

/// Files of the gallery whose shape is wrong where a schema of this one file can't look, with the
/// reason.
const OUT_OF_SIGHT: &[(&str, &str)] = &[
    (
        "examples/unknown-value.toml",
        "a class of log groups that is nearly a known one may be one that AWS has added",
    ),
    ("problems/policy-file.toml", "the policy is in another file"),
    ("problems/unknown-value.toml", "as above"),
];

#[test]
fn the_gallery_is_judged_as_the_parser_judges_it() {
    let mut gallery = files("tests/problems");
    gallery.extend(files("tests/problems/task-definitions"));
    gallery.extend(files("src/load/rules/examples"));
    let mut judged: Vec<(String, Table, Vec<Problem>)> = Vec::new();
    for (name, text) in gallery {
        // What is not even TOML has no shape.
        let Ok(table) = text.parse::<Table>() else {
            continue;
        };
        judged.push((name, table, problems(&text, variables(&text))));
    }
    let tables: Vec<Table> = judged.iter().map(|(_, table, _)| table.clone()).collect();
    let Some(found) = judge(
        "the_gallery_is_judged_as_the_parser_judges_it",
        &whole(&tables),
    ) else {
        return;
    };
    let (mut wrong, mut refused) = (Vec::new(), 0);
    for ((name, _, problems), errors) in judged.iter().zip(found) {
        let out_of_sight = OUT_OF_SIGHT.iter().any(|(file, _)| name.ends_with(file));
        let structural: Vec<&Problem> = problems.iter().filter(|p| is_structural(p)).collect();
        refused += usize::from(!structural.is_empty());
        if !structural.is_empty() && errors.is_empty() != out_of_sight {
            let told: Vec<&str> = structural.iter().map(|p| p.message.as_str()).collect();
            wrong.push(format!("{name}: the schema finds nothing: {told:?}"));
        }
        if problems.is_empty() && !errors.is_empty() {
            wrong.push(format!("{name}: only the schema refuses it: {errors:?}"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(
        refused > 30,
        "{refused} files of the gallery have a wrong shape"
    );
}

fn is_structural(problem: &Problem) -> bool {
    STRUCTURAL.contains(&problem.code) && problem.file.is_none()
}

/// The variables that a file of the gallery is given.
fn variables(text: &str) -> BTreeMap<String, String> {
    let given = text
        .lines()
        .filter_map(|line| line.strip_prefix("#: --var "));
    let pairs = given.filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn every_example_and_every_default_is_valid() {
    let mut documents = Vec::new();
    let mut names = Vec::new();
    for fields in lookup::all() {
        let table = if fields.path.is_empty() {
            "#".to_owned()
        } else {
            format!("#/definitions/{}", fields.name)
        };
        for field in fields.fields {
            let default = match field.requirement {
                Requirement::Default(value) => Some(value),
                Requirement::Required
                | Requirement::RequiredByRule
                | Requirement::RequiredUnless { .. }
                | Requirement::Optional
                | Requirement::DefaultNote(_)
                | Requirement::Alone => None,
            };
            for value in field.example.into_iter().chain(default) {
                let table_of_one: Table = format!("value = {value}").parse().unwrap();
                let at = format!("{table}/properties/{}", field.key);
                names.push(format!("{at} = {value}"));
                documents.push((at, serde_json::to_value(&table_of_one["value"]).unwrap()));
            }
        }
    }
    let Some(found) = judge("every_example_and_every_default_is_valid", &documents) else {
        return;
    };
    for (name, errors) in names.iter().zip(found) {
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

/// Ways in which a value can be wrong.
fn wrong_values() -> Vec<toml::Value> {
    let table: Table = "a = 7\nb = 'text'\nc = true\nd = 1.5\ne = []\nf = ['x']\ng = {}\nh = { x = 'y' }\ni = -1\nj = 1_000_000_000_000\nk = 'NOPE'\nl = [{ x = 1 }]\nm = ''"
        .parse()
        .unwrap();
    table.into_iter().map(|(_, value)| value).collect()
}

/// Alters one thing in `table`, somewhere.
fn mutate(table: &mut Table, random: &mut fastrand::Rng) {
    let keys: Vec<String> = table.keys().cloned().collect();
    if keys.is_empty() || random.u8(..10) == 0 {
        table.insert("colour".to_owned(), toml::Value::Integer(1));
        return;
    }
    let key = keys[random.usize(..keys.len())].clone();
    if random.u8(..4) > 0 && mutate_within(&mut table[&key], random) {
        return;
    }
    let old = table.remove(&key);
    match random.u8(..6) {
        0 => {}
        1 => _ = table.insert(format!("{key}x"), old.unwrap_or(toml::Value::Integer(1))),
        _ => {
            let values = wrong_values();
            let value = values[random.usize(..values.len())].clone();
            table.insert(key, value);
        }
    }
}

/// Alters something within a table or an array, if it is one.
fn mutate_within(value: &mut toml::Value, random: &mut fastrand::Rng) -> bool {
    if let Some(table) = value.as_table_mut() {
        mutate(table, random);
        return true;
    }
    let Some(elements) = value.as_array_mut().filter(|array| !array.is_empty()) else {
        return false;
    };
    let index = random.usize(..elements.len());
    let values = wrong_values();
    if !mutate_within(&mut elements[index], random) {
        elements[index] = values[random.usize(..values.len())].clone();
    }
    true
}

/// A table that gives each of its fields as in its example, and tables within it likewise.
fn full(fields: &'static Fields, given: Option<&str>, depth: usize) -> Table {
    let mut table = Table::new();
    for field in fields.fields {
        if matches!(field.requirement, Requirement::Alone) || given == Some(field.key) {
            continue;
        }
        let example = field.example.expect("every field has an example");
        let parsed: Table = format!("value = {example}").parse().unwrap();
        let within = lookup::tables(fields, field);
        let inner = within.first().filter(|_| depth > 0);
        let value = match inner {
            Some(inner) => {
                let full = toml::Value::Table(full(inner.fields, inner.given, depth - 1));
                if inner.is_named {
                    toml::Value::Table(Table::from_iter([("some".to_owned(), full)]))
                } else if inner.is_listed {
                    toml::Value::Array(vec![full])
                } else {
                    full
                }
            }
            None => parsed["value"].clone(),
        };
        table.insert(field.key.to_owned(), value);
    }
    table
}

#[test]
fn whatever_is_altered_the_schema_and_the_parser_agree() {
    let mut bases: Vec<Table> = sound().values().map(|text| text.parse().unwrap()).collect();
    let mut everything = full(&ROOT, None, 9);
    everything["task_definitions"]["some"]
        .as_table_mut()
        .unwrap()
        .remove("definition");
    bases.extend([everything.clone(), everything.clone(), everything]);
    for base in &bases {
        let found = structural(base);
        assert_eq!(
            found,
            [],
            "what is altered has nothing wrong with its shape"
        );
    }
    let mut random = fastrand::Rng::with_seed(20_261_122);
    let mut altered: Vec<Table> = Vec::new();
    for _ in 0..1500 {
        let mut table = bases[random.usize(..bases.len())].clone();
        mutate(&mut table, &mut random);
        altered.push(table);
    }
    let Some(found) = judge(
        "whatever_is_altered_the_schema_and_the_parser_agree",
        &whole(&altered),
    ) else {
        return;
    };
    let (mut wrong, mut seen, mut sound) = (Vec::new(), BTreeSet::new(), 0);
    for (table, errors) in altered.iter().zip(found) {
        let structural = structural(table);
        seen.extend(structural.iter().map(|problem| problem.code));
        sound += usize::from(structural.is_empty());
        let told: Vec<&str> = structural.iter().map(|p| p.message.as_str()).collect();
        if told.is_empty() != errors.is_empty() {
            wrong.push(format!("schema: {errors:?}\nparser: {told:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(
        (100..1000).contains(&sound),
        "{sound} of the altered files are sound"
    );
    for code in [
        "unknown-key",
        "wrong-type",
        "missing-key",
        "unknown-value",
        "out-of-range",
    ] {
        assert!(seen.contains(code), "nothing was altered to {code}");
    }
}

/// What the parser says about the shape of a file.
fn structural(table: &Table) -> Vec<Problem> {
    let text = toml::to_string(table).unwrap();
    let variables = BTreeMap::from([("image_tag".to_owned(), "v1".to_owned())]);
    let mut problems = problems(&text, variables);
    problems.retain(is_structural);
    problems
}

/// The exit code, the standard output and the standard error of the program.
fn run(words: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_amp-stack"));
    let output = command.args(words).env_clear().output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn the_program_prints_the_schema_and_nothing_else() {
    let (code, out, err) = run(&["schema"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.ends_with("}\n"));
    let printed: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(printed, schema());
    assert_eq!(run(&["schema"]).1, out);
    let (_, help, _) = run(&["schema", "--help"]);
    assert!(help.contains("#:schema ./stack.schema.json") && help.contains(".taplo.toml"));
}

#[test]
fn the_program_explains_fields_beside_codes() {
    let (code, out, _) = run(&["explain", "log_groups.retention_days"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("log_groups.NAME.retention_days (a field of a stack file)"));
    let (code, out, _) = run(&["explain", "retention"]);
    assert_eq!(code, Some(0));
    assert!(out.starts_with("retention (a mistake in a stack file)"));
    for (asked, meant) in [
        ("log_group.name", "did you mean `log_groups.name`?"),
        ("roles.descripton", "did you mean `roles.description`?"),
        ("retenton", "did you mean `retention`?"),
    ] {
        let (code, out, err) = run(&["explain", asked]);
        assert_eq!((code, out.as_str()), (Some(1), ""), "{asked}");
        assert!(
            err.contains("neither a code nor a field") && err.contains(meant),
            "{err}"
        );
    }
}

/// Editors that take the schema from the repository take this file.
#[test]
fn the_schema_in_the_repository_is_what_the_program_prints() {
    let path = root().join("stacks/stack.schema.json");
    if std::env::var_os("AMP_STACK_UPDATE_GUIDE").is_some() {
        fs::write(&path, format!("{:#}\n", schema())).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == format!("{:#}\n", schema()),
        "stacks/stack.schema.json is behind the declaration of the fields: run this test with AMP_STACK_UPDATE_GUIDE=1"
    );
    for (file, text) in files("stacks") {
        assert!(
            text.starts_with("#:schema ./stack.schema.json\n\n"),
            "{file} does not name its schema first"
        );
    }
}

#[test]
fn the_guide_says_what_is_declared() {
    let path = root().join("src/guide/stack-file.md");
    if std::env::var_os("AMP_STACK_UPDATE_GUIDE").is_some() {
        fs::write(&path, reference()).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference(),
        "src/guide/stack-file.md is behind the declaration of the fields: run this test with AMP_STACK_UPDATE_GUIDE=1"
    );
}
