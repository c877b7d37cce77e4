//! Dashboards against the types that Grafana publishes, `@grafana/grafana-foundation-sdk`, as the
//! compiler of TypeScript understands them: each is a literal of `Dashboard`, in which no member
//! may be missing, strange or of another type.
//!
//! `AMP_STACK_GRAFANA_TYPES` names a directory into which npm has put the package and `typescript`;
//! without it, the test says on standard error that it is left out.

use std::{
    env, fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Value, json};

use super::{APPLICATION, bench, printed};
use crate::run::Bench;

const DIRECTORY: &str = "AMP_STACK_GRAFANA_TYPES";
const TYPES: &str = include_str!("types.ts");

/// Where the packages are, if somebody says so.
fn packages(test: &str) -> Option<PathBuf> {
    if let Some(directory) = env::var_os(DIRECTORY) {
        return Some(Path::new(&directory).join("node_modules"));
    }
    let notice = format!(
        "{test}: left out, because {DIRECTORY} names no directory for which there was \
         `npm install @grafana/grafana-foundation-sdk@0.0.21 typescript@5.9.3`\n"
    );
    // Not `eprintln!`, which the test runner would swallow.
    std::io::stderr().write_all(notice.as_bytes()).unwrap();
    None
}

/// What the compiler compiles: the types, and a constant for each dashboard.
fn program(dashboards: &[Value]) -> String {
    let constants = dashboards
        .iter()
        .enumerate()
        .map(|(count, dashboard)| format!("export const d{count}: Dashboard = {dashboard:#};\n"));
    std::iter::once(TYPES.to_owned()).chain(constants).collect()
}

/// What the compiler says of these dashboards.
fn complaints(packages: &Path, dashboards: &[Value]) -> String {
    let bench = Bench::new("dashboard-types");
    bench.write("check.ts", &program(dashboards));
    std::os::unix::fs::symlink(packages, bench.path("node_modules")).unwrap();
    let options = json!({
        "compilerOptions": {
            "strict": true, "exactOptionalPropertyTypes": true, "noEmit": true,
            "skipLibCheck": true, "target": "es2022", "module": "nodenext", "types": [],
        },
        "files": ["check.ts"],
    });
    bench.write("tsconfig.json", &options.to_string());
    let compiler = packages.join("typescript/bin/tsc");
    let directory = fs::canonicalize(bench.path(".")).unwrap();
    let output = Command::new("node")
        .arg(compiler)
        .args(["--pretty", "false"])
        .current_dir(directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.success(), said.is_empty(), "{said}{errors}");
    said
}

#[test]
fn dashboards_are_of_the_types_that_grafana_publishes() {
    let Some(packages) = packages("dashboards_are_of_the_types_that_grafana_publishes") else {
        return;
    };
    let dashboards: Vec<Value> = [
        ("", &APPLICATION[..]),
        ("", &[]),
        ("task_metrics = \"container\"", &APPLICATION[..2]),
        ("task_metrics = \"off\"", &APPLICATION[2..4]),
        ("image = \"example/collector:1\"", &[]),
    ]
    .map(|(metrics, arguments)| printed(&bench(metrics), arguments))
    .to_vec();
    let said = complaints(&packages, &dashboards);
    assert!(said.is_empty(), "{said}");

    // The same types find what is wrong.
    let good = &dashboards[0];
    let mistakes: [(&str, Value); 9] = [
        ("/graphTooltip", json!(3)),
        ("/schemaVersion", json!("39")),
        ("/panels/0/collapsed", json!("no")),
        ("/panels/1/type", json!("graph")),
        ("/panels/1/gridPos", json!({"x": 0, "y": 0, "w": 12})),
        ("/panels/1/fieldConfig/defaults/unit", json!("parsecs")),
        ("/panels/1/options/tooltip/mode", json!("several")),
        ("/panels/1/targets/0/editorMode", json!("text")),
        ("/templating/list/0/current", json!({})),
    ];
    let wrong: Vec<Value> = mistakes
        .iter()
        .map(|(pointer, value)| {
            let mut wrong = good.clone();
            *wrong.pointer_mut(pointer).unwrap() = value.clone();
            wrong
        })
        .collect();
    let said = complaints(&packages, &wrong);
    let lines = |count: usize| program(&wrong[..count]).lines().count();
    for (count, (pointer, _)) in mistakes.iter().enumerate() {
        let (from, to) = (lines(count), lines(count + 1));
        let is_within = |line: &str| {
            let place = line.strip_prefix("check.ts(");
            let number = place.and_then(|place| place.split(',').next()?.parse::<usize>().ok());
            number.is_some_and(|number| (from + 1..=to).contains(&number))
        };
        assert!(said.lines().any(is_within), "{pointer}: {said}");
    }
    // And what Grafana has no member for.
    let mut strange = good.clone();
    strange["panels"][1]["options"]["legend"]["colour"] = json!("red");
    let said = complaints(&packages, &[strange]);
    assert!(
        said.contains("colour") && said.contains("does not exist"),
        "{said}"
    );
}

/// The members of a data source that Grafana documents for provisioning, and of its `jsonData` that
/// the plugin and Grafana's own Prometheus document (grafana-amazonprometheus-datasource,
/// `docs/sources/configure.md`, "Provision with a YAML file"; Grafana documentation, "Provision
/// Grafana", "JSON data").
const DOCUMENTED: [&str; 7] = [
    "uid", "name", "type", "access", "url", "editable", "jsonData",
];
const OF_JSON: [&str; 8] = [
    "httpMethod",
    "sigV4Auth",
    "sigV4AuthType",
    "sigV4Region",
    "sigv4Service",
    "defaultEditor",
    "manageAlerts",
    "timeInterval",
];

/// Holds a data source against what is documented.
pub(super) fn assert_documented(source: &Value) {
    let keys = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    for (keys, documented) in [
        (keys(source), &DOCUMENTED[..]),
        (keys(&source["jsonData"]), &OF_JSON[..]),
    ] {
        for key in keys {
            assert!(
                documented.contains(&key.as_str()),
                "{key} is not documented"
            );
        }
    }
    let json = &source["jsonData"];
    assert_eq!(source["access"], "proxy", "there is no other access");
    assert_eq!(json["sigV4Auth"], true);
    assert_eq!(json["sigV4AuthType"], "default");
    assert_eq!(json["sigv4Service"], "aps");
    // The plugin adds `/api/v1/query` itself.
    let url = source["url"].as_str().unwrap();
    let id = url.rsplit_once("/workspaces/").unwrap().1;
    assert!(id.starts_with("ws-") && !id.contains('/'), "{url}");
}
