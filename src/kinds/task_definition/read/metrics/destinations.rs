//! Reads where else than to its workspace `metrics` sends.

use std::collections::BTreeMap;

use crate::{
    collector::{CloudWatch, Destination, Emf, Header, SendTo},
    file::{
        problem::{Problem, Problems},
        reader::{Located, TableReader, choice_of, did_you_mean, string_of, table_of, wrong_type},
        tree::{Span, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::destinations::{CLOUDWATCH, DESTINATION, EMF, SIGNALS},
        read::{
            Scope, logs,
            metrics::{
                relabel,
                secret::Secrets,
                words::{assume_role, strings},
                workspace::Workspace,
            },
            view::View,
        },
    },
    model::{
        identity::{Identity, cloudwatch_otlp_url},
        region::{RegionName, nearest_region},
        secret::is_secret_value,
        template::{Attribute, Reference, Segment, Template},
    },
};

/// What the host of every endpoint of AMP begins with (AWS general reference, "Amazon Managed
/// Service for Prometheus endpoints and quotas").
const AMP: &str = "://aps-workspaces";

/// `cloudwatch`.
pub(crate) fn cloudwatch(
    reader: &mut TableReader<'_, '_>,
    scope: &Scope<'_>,
) -> Option<CloudWatch> {
    let table = reader.table("cloudwatch")?;
    let path = format!("{}.cloudwatch", reader.name());
    let mut inner = TableReader::new(path, table, &CLOUDWATCH, reader.problems());
    let region = inner.string("region");
    inner.finish();
    let is_wrong = |found: &&Located<String>| RegionName::of(&found.value) == RegionName::Misspelt;
    if let Some(wrong) = region.as_ref().filter(is_wrong) {
        let message = format!("`{}` is not the name of a region", wrong.value);
        let near = nearest_region(&wrong.value).map(did_you_mean);
        reader
            .problems()
            .add("region", &wrong.span, "not a region", message)
            .help(near.unwrap_or_else(|| "leave it out for the region of the task".to_owned()));
    }
    let region = region.map_or_else(|| scope.identity.region.clone(), |found| found.value);
    Some(CloudWatch {
        url: cloudwatch_otlp_url(&region),
        region,
    })
}

/// `emf`. The namespace is called after the `family` unless it has a name of its own.
pub(crate) fn emf(
    reader: &mut TableReader<'_, '_>,
    family: &str,
    scope: &Scope<'_>,
) -> Option<Emf> {
    let table = reader.table("emf")?;
    let path = format!("{}.emf", reader.name());
    let mut inner = TableReader::new(path, table, &EMF, reader.problems());
    let group = inner.value("log_group");
    let group = group.and_then(|tree| logs::target(tree, "log_group", scope, inner.problems()));
    let namespace = inner.string("namespace").map(|found| found.value);
    let sets = inner.list("dimensions").unwrap_or_default();
    let dimensions = sets.iter().map(|set| dimensions(set, inner.problems()));
    let dimensions: Vec<Vec<String>> = dimensions.collect();
    if let Some(tree) = inner.peek("dimensions").filter(|_| dimensions.is_empty()) {
        let message = "metrics without dimensions would be those of all tasks at once";
        destination(&tree.span, "is empty", message, inner.problems())
            .help("write for example `dimensions = [[\"aws.ecs.task.family\"]]`");
    }
    let metrics = strings(&mut inner, "metrics");
    relabel::check_all(&mut inner, "metrics");
    inner.finish();
    let group = group?;
    Some(Emf {
        log_group_arn: arn_of(&group, scope),
        log_group: group.group,
        region: group.region,
        namespace: namespace.unwrap_or_else(|| family.to_owned()),
        dimensions,
        metrics,
    })
}

/// The most dimensions of a metric (CloudWatch user guide, "CloudWatch metrics concepts").
const MOST_DIMENSIONS: usize = 30;

fn dimensions(set: &Tree, problems: &mut Problems) -> Vec<String> {
    let Value::List(names) = &set.value else {
        wrong_type(set, "dimensions", "an array of arrays", problems);
        return Vec::new();
    };
    let read = names
        .iter()
        .filter_map(|name| string_of(name, "dimensions", problems));
    let read: Vec<String> = read.collect();
    if read.is_empty() || read.len() > MOST_DIMENSIONS {
        let message = format!("a set of dimensions has {} of them", read.len());
        let label = format!("takes 1 to {MOST_DIMENSIONS}");
        problems.add("out-of-range", &set.span, label, message);
    }
    read
}

/// The ARN of a log group: that of one of the stack is known only by its reference.
fn arn_of(group: &logs::Target, scope: &Scope<'_>) -> Template {
    if let [Segment::Reference(reference)] = group.group.segments() {
        return Template::from(Reference {
            attribute: Attribute::Arn,
            ..reference.clone()
        });
    }
    let there = Identity {
        region: group.region.clone(),
        ..scope.identity.clone()
    };
    let name = group.group.known().unwrap_or("*");
    Template::from(there.log_group_arn(name))
}

/// `destinations`.
pub(crate) fn destinations(
    reader: &mut TableReader<'_, '_>,
    scope: &Scope<'_>,
) -> Vec<Destination> {
    let secrets = Secrets::of(reader);
    let name = reader.name().to_owned();
    let elements = reader.list("destinations").unwrap_or_default();
    let mut destinations = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let path = format!("{name}.destinations[{index}]");
        if let Some(table) = table_of(element, &path, reader.problems()) {
            destinations.extend(one(table, &path, &secrets, scope, reader.problems()));
        }
    }
    destinations
}

fn one(
    table: &Table,
    path: &str,
    secrets: &Secrets<'_>,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Destination> {
    let mut reader = TableReader::new(path, table, &DESTINATION, problems);
    let workspace = reader.string("workspace");
    let role = assume_role(&mut reader);
    let remote_write = reader.string("remote_write");
    let otlp = reader.string("otlp");
    let is_grpc = reader
        .choice("protocol")
        .is_some_and(|found| found.value == "grpc");
    let (metrics, traces) = signals(&mut reader);
    let headers = headers(&mut reader, secrets);
    let given = ["workspace", "remote_write", "otlp"].map(|key| reader.peek(key).is_some());
    let of_others = |keys: &[&'static str]| -> Vec<(&'static str, Span)> {
        let given = keys
            .iter()
            .filter_map(|key| Some((*key, reader.peek(key)?.span.clone())));
        given.collect()
    };
    let idle = match given {
        [true, false, false] => of_others(&["protocol", "signals", "headers"]),
        [false, true, false] => of_others(&["assume_role", "protocol", "signals"]),
        [false, false, true] => of_others(&["assume_role"]),
        _ => Vec::new(),
    };
    reader.finish();
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        let message = "a destination is one of `workspace`, `remote_write` and `otlp`";
        destination(&table.span, "is not one", message, problems)
            .help("write one of them; several destinations are several elements");
        return None;
    }
    for (key, span) in idle {
        let message = format!("`{key}` has no meaning for this destination");
        destination(&span, "has no effect", message, problems).help("leave it out");
    }
    let to = if let Some(named) = workspace {
        let found = Workspace::named(&named, scope, problems)?;
        SendTo::Workspace {
            arn: found.arn.known()?.to_owned(),
            url: found.remote_write_url.known()?.to_owned(),
            region: found.region,
            assume_role: role,
        }
    } else if let Some(url) = remote_write {
        check_url(&url, problems);
        SendTo::RemoteWrite(url.value)
    } else {
        let url = otlp?;
        check_url(&url, problems);
        SendTo::Otlp {
            url: url.value,
            is_grpc,
            metrics,
            traces,
        }
    };
    Some(Destination { to, headers })
}

/// Whether metrics are asked for, and traces.
fn signals(reader: &mut TableReader<'_, '_>) -> (bool, bool) {
    if reader.peek("signals").is_none() {
        reader.value("signals");
        return (true, false);
    }
    let elements = reader.list("signals").unwrap_or_default();
    let read = |tree| choice_of(tree, "signals", SIGNALS, reader.problems());
    let signals: Vec<&str> = elements.iter().filter_map(read).collect();
    let whole = reader.peek("signals").map(|tree| tree.span.clone());
    if let Some(span) = whole.filter(|_| elements.is_empty()) {
        let message = "a destination without signals gets nothing";
        destination(&span, "is empty", message, reader.problems())
            .help("write `metrics`, `traces` or both, or leave the destination out");
    }
    (signals.contains(&SIGNALS[0]), signals.contains(&SIGNALS[1]))
}

/// `headers`: what is a secret by its name or its look stands in `secrets`.
fn headers(reader: &mut TableReader<'_, '_>, secrets: &Secrets<'_>) -> BTreeMap<String, Header> {
    let table = reader
        .table("headers")
        .map(|table| table.entries.as_slice());
    let problems = reader.problems();
    let mut headers = BTreeMap::new();
    for (name, value) in table.unwrap_or_default() {
        let is_table = matches!(value.value, Value::Table(_));
        let known = value.known().unwrap_or_default();
        let is_login = name.text.to_ascii_lowercase().contains("authorization");
        let is_secret = is_login || is_secret_value(Some(&name.text), known);
        let header = if is_table || is_secret {
            secrets
                .read(value, &name.text, problems)
                .map(Header::Secret)
        } else {
            string_of(value, &name.text, problems).map(Header::Plain)
        };
        headers.extend(header.map(|header| (name.text.clone(), header)));
    }
    headers
}

fn check_url(url: &Located<String>, problems: &mut Problems) {
    let rest = url.value.strip_prefix("https://");
    let rest = rest.or_else(|| url.value.strip_prefix("http://"));
    let host = rest
        .and_then(|rest| rest.split('/').next())
        .unwrap_or_default();
    if host.is_empty() || url.value.contains(char::is_whitespace) {
        let message = format!("`{}` is no URL of HTTP", url.value);
        destination(&url.span, "not a URL", &message, problems)
            .help("write for example \"https://prometheus.example.com/api/v1/write\"");
    } else if host.contains('@') {
        problems
            .add(
                "plain-secret",
                &url.span,
                "says who asks",
                "the name and the password in a URL are for all to read",
            )
            .help("write `headers = { Authorization = { secret = \"NAME\" } }`, with `Basic …` in the secret");
    } else if url.value.contains(AMP) {
        let message = "what is sent to a workspace of AMP has to be signed";
        destination(&url.span, "is a workspace", message, problems)
            .help("name it by its id or ARN: `workspace = \"ws-…\"`");
    }
}

fn destination<'p>(
    span: &Span,
    label: &str,
    message: impl Into<String>,
    problems: &'p mut Problems,
) -> &'p mut Problem {
    problems.add("destination", span, label, message)
}
