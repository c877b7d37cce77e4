//! Reads `services`: whom new revisions are rolled out to, and how that is waited for.

use std::collections::BTreeMap;

use crate::{
    file::{
        arn::Arn,
        problem::Problems,
        reader::{TableReader, boolean_of, choice_of, string_of, wrong_type},
        tree::{Span, Tree, Value},
    },
    kinds::task_definition::{
        fields::service::{SERVICE, WAITS},
        read::Scope,
    },
    model::service::{Rollout, ServiceName, Wait},
};

/// How a service is named, for help.
const NAMED: &str =
    "write `cluster/service`, the ARN of the service, or { cluster = \"…\", service = \"…\" }";

/// Reads `services`, each of which is named once.
pub(super) fn read(
    reader: &mut TableReader<'_, '_>,
    scope: &Scope<'_>,
) -> BTreeMap<ServiceName, Rollout> {
    let mut services = BTreeMap::new();
    let mut spans: BTreeMap<ServiceName, Span> = BTreeMap::new();
    for tree in reader.list("services").unwrap_or_default() {
        let Some((name, rollout)) = service(tree, scope, reader.problems()) else {
            continue;
        };
        if let Some(first) = spans.get(&name) {
            let message = format!("`services` names {name} twice");
            reader
                .problems()
                .add("duplicate-value", &tree.span, "again here", message)
                .and(first, "first here");
            continue;
        }
        spans.insert(name.clone(), tree.span.clone());
        services.insert(name, rollout);
    }
    services
}

fn service(
    tree: &Tree,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<(ServiceName, Rollout)> {
    match &tree.value {
        Value::Text(_) => {
            let text = string_of(tree, "services", problems)?;
            let name = named(&text, &tree.span, scope, problems)?;
            Some((name, Rollout::default()))
        }
        Value::Table(table) => {
            let mut reader = TableReader::new("services", table, &SERVICE, problems);
            let cluster = reader.string("cluster");
            let service = reader.string("service");
            let take_over = reader.boolean("take_over");
            let wait = reader.value("wait");
            let wait = match wait {
                Some(tree) => wait_of(tree, reader.problems()),
                None => Some(Wait::default()),
            };
            reader.require("cluster");
            reader.require("service");
            reader.finish();
            let text = format!("{}/{}", cluster?.value, service?.value);
            let name = named(&text, &tree.span, scope, problems)?;
            let take_over = take_over.is_some_and(|found| found.value);
            Some((
                name,
                Rollout {
                    wait: wait?,
                    take_over,
                },
            ))
        }
        Value::List(_) | Value::Integer(_) | Value::Float(_) | Value::Bool(_) => {
            wrong_type(tree, "services", "a string or a table", problems).help(NAMED);
            None
        }
    }
}

fn wait_of(tree: &Tree, problems: &mut Problems) -> Option<Wait> {
    if let Value::Bool(_) = tree.value {
        let waits = boolean_of(tree, "wait", problems)?;
        return Some(if waits { Wait::Done } else { Wait::No });
    }
    let wait = choice_of(tree, "wait", WAITS, problems)?;
    Some(if wait == "shifted" {
        Wait::Shifted
    } else {
        Wait::Done
    })
}

/// The service that a text names: `cluster/service`, or an ARN of this account and region.
fn named(
    text: &str,
    span: &Span,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<ServiceName> {
    let Some(arn) = Arn::parse(text) else {
        let name = text.parse();
        if name.is_err() {
            let message = format!("`{text}` does not name a service");
            problems
                .add("service-name", span, "no cluster and service", message)
                .help(NAMED);
        }
        return name.ok();
    };
    let name = arn.resource.strip_prefix("service/");
    let name = name
        .filter(|_| arn.service == "ecs")
        .and_then(|name| name.parse().ok());
    let Some(name) = name else {
        let message = format!("`{text}` is not the ARN of a service");
        problems
            .add("service-name", span, "not the ARN of a service", message)
            .help("it looks like arn:aws:ecs:eu-west-1:111122223333:service/prod/checkout; an ARN of the old form, which names no cluster, is not enough");
        return None;
    };
    let differs = |ours: Option<&str>, given: &str| ours.is_some_and(|ours| ours != given);
    if differs(scope.account, arn.account) || differs(scope.region, arn.region) {
        let message = format!(
            "{name} is in {} of account {}, which is not where the stack is",
            arn.region, arn.account
        );
        problems
            .add(
                "service-name",
                span,
                "in another account or region",
                message,
            )
            .help(
                "a service runs revisions of its own account and region: give it a stack file there",
            );
        return None;
    }
    Some(name)
}
