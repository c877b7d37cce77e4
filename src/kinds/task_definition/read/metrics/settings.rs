//! Reads the table `metrics`.

use crate::{
    collector::{self, Collector},
    file::{
        problem::Problems,
        reader::{TableReader, text_of},
        tree::{Span, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::metrics::METRICS,
        read::{
            Scope,
            launch::Launch,
            logs,
            metrics::{Granting, Workspace, scrape},
        },
    },
    model::template::Template,
};

/// The variables that follow from other keys, with those keys.
const DERIVED: &[(&str, &str)] = &[
    (collector::ENDPOINT_VARIABLE, "workspace"),
    (collector::SCRAPE_VARIABLE, "scrape"),
];

/// What the table says.
#[derive(Debug)]
pub(crate) struct Settings<'t> {
    /// Where the table stands.
    pub(crate) span: Span,
    /// The collector.
    pub(crate) collector: Collector,
    /// The workspace that it writes to.
    pub(crate) workspace: Option<Workspace>,
    /// How the task's role gets its rights.
    pub(crate) granting: Granting,
    /// What other containers wait for.
    pub(crate) condition: Option<&'static str>,
    /// The log configuration.
    pub(crate) logs: Option<Tree>,
    /// Members of the container under the API's names.
    pub(crate) verbatim: Option<&'t Table>,
    /// Where the image is named.
    pub(crate) image_span: Option<Span>,
    /// Where a configuration of the user's own stands.
    pub(crate) own_configuration: Vec<Span>,
    /// Where `otlp` and `scrape` stand.
    pub(crate) sources: Vec<Span>,
    /// Whether it says what to collect, rightly or not.
    pub(crate) collects: bool,
    /// Whether it names a workspace, rightly or not.
    pub(crate) names_workspace: bool,
}

/// Reads the table.
pub(crate) fn read<'t>(
    table: &'t Table,
    path: &str,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Settings<'t> {
    let mut reader = TableReader::new(path, table, &METRICS, problems);
    let mut collector = collector(&mut reader, body);
    let own_configuration = own_configuration(&reader);
    let writes = collector.otlp || !collector.scrape.is_empty() || !own_configuration.is_empty();
    let workspace = match reader.string("workspace") {
        Some(named) => Workspace::named(&named, scope, reader.problems()),
        None if writes => Workspace::of_stack(scope),
        None => None,
    };
    collector.endpoint = workspace.as_ref().map(|w| w.remote_write_url.clone());
    collector.region = region(&Launch::of(body), workspace.as_ref(), scope).map(Template::from);
    let granting = match reader.choice("policy").map(|found| found.value) {
        Some(collector::grants::REMOTE_WRITE_ACCESS) => Granting::State,
        Some("none") => Granting::Nothing,
        Some(_) | None => Granting::LeastPrivilege,
    };
    let condition = reader.choice("depends_on");
    let condition = condition.map_or("HEALTHY", |found| found.value);
    let logs = reader.value("logs");
    let logs = logs.and_then(|tree| logs::awslogs(tree, scope, reader.problems()));
    let verbatim = reader.table("verbatim");
    let span_of = |key: &str| reader.peek(key).map(|tree| tree.span.clone());
    let settings = Settings {
        span: table.span.clone(),
        collector,
        workspace,
        granting,
        condition: Some(condition).filter(|condition| *condition != "none"),
        logs,
        verbatim,
        image_span: span_of("image"),
        own_configuration,
        collects: ["scrape", "otlp", "traces"]
            .into_iter()
            .filter_map(|key| reader.peek(key))
            .any(|tree| !declines(tree)),
        names_workspace: reader.peek("workspace").is_some(),
        sources: ["otlp", "scrape"].into_iter().filter_map(span_of).collect(),
    };
    reader.finish();
    settings
}

/// Returns whether a value asks for nothing, as `false` and an empty list do.
fn declines(tree: &Tree) -> bool {
    match &tree.value {
        Value::Bool(value) => !value,
        Value::List(elements) => elements.is_empty(),
        Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Table(_) => false,
    }
}

/// The collector, but for what follows from its workspace.
fn collector(reader: &mut TableReader<'_, '_>, body: &Table) -> Collector {
    let mut links = Vec::new();
    let scrape = scrape::targets(reader, body, &mut links);
    let mut size = |key| reader.integer(key).map(|found| found.value);
    let (cpu, memory, reservation) = (size("cpu"), size("memory"), size("memory_reservation"));
    let name = reader.string("name").map(|found| found.value);
    let image = reader.text("image").map(|found| found.value);
    Collector {
        name: name.unwrap_or_else(|| collector::CONTAINER_NAME.to_owned()),
        image: image.unwrap_or_else(|| Template::from(collector::IMAGE)),
        otlp: reader.boolean("otlp").is_some_and(|found| found.value),
        scrape,
        traces: reader.choice("traces").is_some(),
        command: command(reader),
        endpoint: None,
        region: None,
        environment: variables(reader, "environment"),
        secrets: variables(reader, "secrets"),
        essential: reader.boolean("essential").is_some_and(|found| found.value),
        cpu,
        memory,
        memory_reservation: reservation,
        links,
    }
}

/// Where the user configures the collector by other means than `otlp` and `scrape`, the one that
/// wins first.
fn own_configuration(reader: &TableReader<'_, '_>) -> Vec<Span> {
    let variable = |list: &str| {
        let variables = reader.peek(list).and_then(Tree::as_table)?;
        let mut keys = variables.entries.iter().map(|(key, _)| key);
        let found = keys.find(|key| key.text == collector::CONFIG_VARIABLE)?;
        Some(found.span.clone())
    };
    let command = reader.peek("command").map(|tree| tree.span.clone());
    [variable("environment"), variable("secrets"), command]
        .into_iter()
        .flatten()
        .collect()
}

/// The region to tell the collector: the workspace's if that is another one, and the stack's where
/// ECS may not tell it.
///
/// The collector signs for the region that it is given, whatever the host is called, so the
/// workspace's region has to win. X-Ray then gets traces in that region too.
fn region(launch: &Launch, workspace: Option<&Workspace>, scope: &Scope<'_>) -> Option<String> {
    let here = &scope.identity.region;
    match workspace {
        Some(workspace) if workspace.region != *here => Some(workspace.region.clone()),
        Some(_) | None => launch.may_lack_region().then(|| here.clone()),
    }
}

fn command(reader: &mut TableReader<'_, '_>) -> Option<Vec<Template>> {
    let elements = reader.list("command")?;
    let read = |element| text_of(element, "command", reader.problems());
    Some(elements.iter().filter_map(read).collect())
}

/// The variables but those that follow from other keys.
fn variables(reader: &mut TableReader<'_, '_>, list: &'static str) -> Vec<(String, Template)> {
    let mut variables = Vec::new();
    let Some(table) = reader.table(list) else {
        return variables;
    };
    for (name, value) in &table.entries {
        let problems = reader.problems();
        if let Some((_, key)) = DERIVED.iter().find(|(derived, _)| *derived == name.text) {
            problems
                .add(
                    "derived-variable",
                    &name.span,
                    "set by amp-stack",
                    format!("`{}` follows from `{key}`", name.text),
                )
                .help(format!("set `{key}` of `metrics` instead"));
        } else if let Some(text) = text_of(value, &name.text, problems) {
            variables.push((name.text.clone(), text));
        }
    }
    variables
}
