//! Reads the table `metrics`.

use crate::{
    collector::{self, Collector, Generation},
    file::{
        problem::Problems,
        reader::{TableReader, text_of},
        tree::{Span, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::metrics::METRICS,
        read::{
            self, Scope,
            collector::ConfigText,
            launch::Launch,
            logs,
            metrics::{Granting, Workspace, more, scrape, source},
            view::View,
        },
    },
    model::template::Template,
};

/// The keys that say what is collected.
const SOURCES: [&str; 6] = [
    "scrape",
    "otlp",
    "traces",
    "statsd",
    "xray_daemon",
    "task_metrics",
];
/// The keys that have no effect beside a configuration of the user's own.
const GENERATED_ONLY: [&str; 18] = [
    "otlp",
    "scrape",
    "statsd",
    "xray_daemon",
    "labels",
    "task_metrics",
    "rename",
    "attributes",
    "batch",
    "queue",
    "retry",
    "timeout",
    "assume_role",
    "cloudwatch",
    "emf",
    "destinations",
    "debug",
    "log_level",
];
/// Stands in place of a workspace where there is to be none.
pub(crate) const NO_WORKSPACE: &str = "none";
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
    /// Where it is said where the configuration comes from.
    pub(crate) source_span: Option<Span>,
    /// Where the collector is given a region.
    pub(crate) region_span: Option<Span>,
    /// Where the targets to scrape stand, those that are wrong included.
    pub(crate) targets: Vec<Span>,
    /// Where a configuration of the user's own stands, the one that wins first.
    pub(crate) own_configuration: Vec<Span>,
    /// That configuration, if it can be read here.
    pub(crate) own_text: Option<ConfigText>,
    /// The ARN of the parameter that holds it.
    pub(crate) parameter: Option<String>,
    /// The files that `command` names as configurations.
    pub(crate) named_files: Vec<(String, Span)>,
    /// Where the keys stand that only a generated configuration follows.
    pub(crate) sources: Vec<Span>,
    /// Whether it says what to collect, rightly or not.
    pub(crate) collects: bool,
    /// Whether it names a workspace, rightly or not.
    pub(crate) names_workspace: bool,
    /// Where it says that there is to be none.
    pub(crate) no_workspace: Option<Span>,
}

/// Reads the table.
pub(crate) fn read<'t>(
    table: &'t Table,
    (path, family): (&str, &str),
    body: &Table,
    generation: Generation,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Settings<'t> {
    let mut reader = TableReader::new(path, table, &METRICS, problems);
    let file = source::configuration(&mut reader, scope);
    let parameter = source::parameter(&mut reader);
    let mut collector = collector(&mut reader, body, generation, family, scope);
    let named = [
        file.span,
        parameter.as_ref().map(|found| found.span.clone()),
    ];
    let own_configuration = own_configuration(&reader, named);
    let own_text = source::own_text(&reader, scope).or(file.text);
    collector.source = file.source;
    collector.file = file.template;
    let writes = collector.writes_metrics() || !own_configuration.is_empty();
    if let Some(found) = &parameter {
        let name = collector::CONFIG_VARIABLE.to_owned();
        collector
            .secrets
            .push((name, Template::from(found.value.as_str())));
    }
    let workspace = workspace(&mut reader, writes, scope);
    collector.endpoint = workspace.as_ref().map(|w| w.remote_write_url.clone());
    collector.workspace_region = workspace
        .as_ref()
        .map_or_else(String::new, |workspace| workspace.region.clone());
    collector.region = region(&collector, &Launch::of(body), scope).map(Template::from);
    let granting = granting(&mut reader);
    let is_unread = collector.file == Some(Template::default());
    let condition = reader.choice("depends_on");
    let condition = condition.map_or_else(|| default_condition(generation), |found| found.value);
    let logs = reader.value("logs");
    let logs = logs.and_then(|tree| logs::awslogs(tree, scope, reader.problems()));
    let verbatim = reader.table("verbatim");
    let span_of = |key: &str| reader.peek(key).map(|tree| tree.span.clone());
    let sends_traces = collector.sends_traces();
    let settings = Settings {
        span: table.span.clone(),
        collector,
        workspace,
        granting,
        condition: Some(condition).filter(|condition| *condition != "none"),
        logs,
        verbatim,
        image_span: span_of("image"),
        source_span: span_of("config"),
        region_span: variable_span(&reader, collector::REGION_VARIABLE),
        targets: target_spans(&reader),
        own_configuration,
        own_text,
        parameter: parameter.map(|found| found.value),
        named_files: named_files(&reader),
        collects: sends_traces || collects(&reader),
        names_workspace: reader.peek("workspace").is_some(),
        no_workspace: reader
            .peek("workspace")
            .filter(|tree| tree.known() == Some(NO_WORKSPACE))
            .map(|tree| tree.span.clone()),
        sources: GENERATED_ONLY
            .into_iter()
            // Of a file that can't be read, that is what is to be mended.
            .filter(|_| !is_unread)
            .filter(|key| asks(&reader, key))
            .filter_map(span_of)
            .collect(),
    };
    reader.finish();
    settings
}

/// The workspace that metrics are written to, where any are.
fn workspace(
    reader: &mut TableReader<'_, '_>,
    writes: bool,
    scope: &Scope<'_>,
) -> Option<Workspace> {
    match reader.string("workspace") {
        Some(named) if named.value == NO_WORKSPACE => None,
        Some(named) => Workspace::named(&named, scope, reader.problems()),
        None if writes => Workspace::of_stack(scope),
        None => None,
    }
}

fn granting(reader: &mut TableReader<'_, '_>) -> Granting {
    match reader.choice("policy").map(|found| found.value) {
        Some(collector::grants::REMOTE_WRITE_ACCESS) => Granting::State,
        Some("none") => Granting::Nothing,
        Some(_) | None => Granting::LeastPrivilege,
    }
}

/// Returns whether it says what to collect, rightly or not.
fn collects(reader: &TableReader<'_, '_>) -> bool {
    let is_off = |tree: &Tree| tree.known() == Some("off");
    SOURCES
        .iter()
        .any(|key| asks(reader, key) && !reader.peek(key).is_some_and(is_off))
}

/// Returns whether `key` is there and asks for something.
fn asks(reader: &TableReader<'_, '_>, key: &str) -> bool {
    reader.peek(key).is_some_and(|tree| !declines(tree))
}

/// Returns whether a value asks for nothing, as `false` and an empty list do.
fn declines(tree: &Tree) -> bool {
    match &tree.value {
        Value::Bool(value) => !value,
        Value::List(elements) => elements.is_empty(),
        Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::Table(_) => false,
    }
}

/// What other containers wait for unless the file says it: until the collector is healthy, or since
/// the second defaults only until it has started, as on the page of the ECS developer guide.
fn default_condition(generation: Generation) -> &'static str {
    match generation {
        Generation::First => "HEALTHY",
        Generation::Second => "START",
    }
}

/// The collector, but for what follows from its workspace.
fn collector(
    reader: &mut TableReader<'_, '_>,
    body: &Table,
    generation: Generation,
    family: &str,
    scope: &Scope<'_>,
) -> Collector {
    let mut links = Vec::new();
    let scrape = scrape::targets(reader, body, family, &mut links);
    let mut size = |key| reader.integer(key).map(|found| found.value);
    let (cpu, memory, reservation) = (size("cpu"), size("memory"), size("memory_reservation"));
    let name = reader.string("name").map(|found| found.value);
    let image = reader.text("image").map(|found| found.value);
    let launch = Launch::of(body);
    Collector {
        generation,
        source: None,
        file: None,
        name: name.unwrap_or_else(|| collector::CONTAINER_NAME.to_owned()),
        image: image.unwrap_or_else(|| Template::from(collector::IMAGE)),
        otlp: reader.boolean("otlp").is_some_and(|found| found.value),
        scrape,
        traces: reader.choice("traces").is_some(),
        more: more::read(reader, family, scope),
        command: command(reader),
        endpoint: None,
        workspace_region: String::new(),
        region: None,
        // On Fargate alone there is none (ECS developer guide, "Amazon ECS task metadata available
        // for tasks on Fargate").
        may_be_on_instance: launch.may_lack_region(),
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
fn own_configuration(reader: &TableReader<'_, '_>, named: [Option<Span>; 2]) -> Vec<Span> {
    let variable = |list: &str| variable_in(reader, list, collector::CONFIG_VARIABLE);
    let command = reader.peek("command").map(|tree| tree.span.clone());
    let variables = [variable("environment"), variable("secrets")];
    let all = variables.into_iter().chain(named).chain([command]);
    all.flatten().collect()
}

/// The files that the command names as configurations.
fn named_files(reader: &TableReader<'_, '_>) -> Vec<(String, Span)> {
    let command = reader.peek("command").map(View::elements);
    let named = read::collector::arguments(command.unwrap_or_default()).into_iter();
    named
        .map(|(file, span)| (file.to_owned(), span.clone()))
        .collect()
}

/// Where `list` sets the variable `name`.
fn variable_in(reader: &TableReader<'_, '_>, list: &str, name: &str) -> Option<Span> {
    let variables = reader.peek(list).and_then(Tree::as_table)?;
    let mut keys = variables.entries.iter().map(|(key, _)| key);
    keys.find(|key| key.text == name)
        .map(|key| key.span.clone())
}

/// Where the variable `name` is set.
fn variable_span(reader: &TableReader<'_, '_>, name: &str) -> Option<Span> {
    variable_in(reader, "environment", name).or_else(|| variable_in(reader, "secrets", name))
}

/// Where the elements of `scrape` stand.
fn target_spans(reader: &TableReader<'_, '_>) -> Vec<Span> {
    let targets = reader.peek("scrape").map(View::elements);
    let targets = targets.unwrap_or_default().iter();
    targets.map(|target| target.span.clone()).collect()
}

/// The region to set as the collector's own: that of the stack where ECS may not say it.
///
/// The first defaults had no other way to sign for a workspace of another region than to call that
/// one the collector's, and X-Ray then got its traces in that region too.
fn region(collector: &Collector, launch: &Launch, scope: &Scope<'_>) -> Option<String> {
    let here = &scope.identity.region;
    let there = &collector.workspace_region;
    match collector.generation {
        Generation::First if !there.is_empty() && there != here => Some(there.clone()),
        Generation::First | Generation::Second => launch.may_lack_region().then(|| here.clone()),
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
