//! `[task_definitions.KEY.metrics]`: adds the collector to a task, and says what the task's role
//! has to be allowed.

mod destinations;
mod mistakes;
mod more;
mod relabel;
mod scrape;
mod second;
mod secret;
mod sending;
mod settings;
mod source;
mod sources;
mod words;
mod workspace;

use std::collections::BTreeSet;

use crate::{
    collector::{
        Collector, Distribution, ENDPOINT_VARIABLE, Generation, REGION_VARIABLE, SendTo,
        distribution,
        grants::{self, Rights},
    },
    file::{
        problem::Problems,
        reader::table_of,
        tree::{Span, Table, Tree, Value},
    },
    kinds::{
        outline::Needs,
        task_definition::read::{
            Scope,
            collector::{self, CollectorContext, Variables, spelled},
            container_definitions,
            launch::Network,
            metrics::{settings::Settings, workspace::Workspace},
            roles::RoleUse,
            view::{View, from_node, key, merge, set, string, table, tree},
        },
    },
    model::template::Template,
};

/// How the task's role comes to its rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Granting {
    /// By an inline policy for the one workspace.
    LeastPrivilege,
    /// By AWS managed policies.
    State,
    /// By the stack file.
    Nothing,
}

/// Adds the collector that `metrics` describes to the request `body` of the task definition that is
/// called `path` in the file, and whose family is `family`.
pub(crate) fn add(
    metrics: &Tree,
    (path, family): (&str, &str),
    body: &mut Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Needs> {
    let path = format!("{path}.metrics");
    let table = table_of(metrics, &path, problems)?;
    let settings = settings::read(
        table,
        (&path, family),
        body,
        Generation::NEWEST,
        scope,
        problems,
    );
    let rights = configuration(&settings, body, scope, problems);
    mistakes::report(&settings, &rights, body, scope, problems);
    second::report(&settings, body, problems);
    let needs = needs(&settings, &rights, body, scope);
    place(&settings, body);
    Some(needs)
}

/// What [`add`] would have made of the request `body` with earlier defaults; `None` if these can't
/// do what `metrics` asks for.
pub(crate) fn earlier(
    metrics: &Tree,
    (path, family): (&str, &str),
    mut body: Table,
    generation: Generation,
    scope: &Scope<'_>,
) -> Option<Table> {
    // Every mistake is reported by `add`.
    let mut reported = Problems::default();
    let path = format!("{path}.metrics");
    let table = table_of(metrics, &path, &mut reported)?;
    let settings = settings::read(
        table,
        (&path, family),
        &body,
        generation,
        scope,
        &mut reported,
    );
    if !settings.collector.fits_generation() {
        return None;
    }
    place(&settings, &mut body);
    Some(body)
}

/// Puts the collector beside the other containers.
fn place(settings: &Settings<'_>, body: &mut Table) {
    let taken = container_definitions(body)
        .iter()
        .any(|container| container.known_at("name") == Some(&settings.collector.name));
    // Without containers, which is reported, there is nothing for the collector to stand beside.
    if !taken && !container_definitions(body).is_empty() {
        insert(settings, body);
        depend(settings, body);
    }
}

/// Appends the container.
fn insert(settings: &Settings<'_>, body: &mut Table) {
    let span = &settings.span;
    let Some(Tree {
        value: Value::Table(mut container),
        ..
    }) = from_node(&settings.collector.container(), span)
    else {
        return;
    };
    if let Some(configuration) = &settings.logs {
        let name = key("logConfiguration", &configuration.span);
        set(&mut container, name, configuration.clone());
    }
    if let Some(verbatim) = settings.verbatim {
        merge(&mut container, verbatim);
    }
    let mut containers = container_definitions(body).to_vec();
    containers.push(tree(Value::Table(container), span));
    set_containers(body, containers, span);
}

fn set_containers(body: &mut Table, containers: Vec<Tree>, span: &Span) {
    let list = tree(Value::List(containers), span);
    set(body, key("containerDefinitions", span), list);
}

/// Makes the other containers wait for the collector, except those that it waits for itself.
fn depend(settings: &Settings<'_>, body: &mut Table) {
    let Some(condition) = settings.condition else {
        return;
    };
    let name = settings.collector.name.as_str();
    let before = prerequisites(name, container_definitions(body));
    let mut containers = container_definitions(body).to_vec();
    for container in &mut containers {
        let waits = container
            .list("dependsOn")
            .iter()
            .any(|on| on.known_at("containerName") == Some(name));
        let cycle = container
            .known_at("name")
            .is_none_or(|other| before.contains(other));
        if waits || cycle {
            continue;
        }
        let mut list = container.list("dependsOn").to_vec();
        let span = settings.span.clone();
        list.push(table(
            &span,
            [
                ("containerName", string(name, &span)),
                ("condition", string(condition, &span)),
            ],
        ));
        if let Value::Table(members) = &mut container.value {
            set(
                members,
                key("dependsOn", &span),
                tree(Value::List(list), &span),
            );
        }
    }
    set_containers(body, containers, &settings.span);
}

/// The container `name`, and all that have to be started before it.
fn prerequisites(name: &str, containers: &[Tree]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut waiting = vec![name.to_owned()];
    while let Some(next) = waiting.pop() {
        let container = containers
            .iter()
            .find(|c| c.known_at("name") == Some(&next));
        if found.insert(next)
            && let Some(container) = container
        {
            waiting.extend(
                waits_for(container)
                    .into_iter()
                    .map(|(on, _)| on.to_owned()),
            );
        }
    }
    found
}

/// The containers that have to be started before `container`, with the places that say so: links
/// and shared volumes are dependencies too (ECS API reference, `ContainerDependency`, `START`).
pub(crate) fn waits_for(container: &Tree) -> Vec<(&str, &Span)> {
    let depends = container.list("dependsOn").iter().filter_map(|on| {
        let name = on.at("containerName")?;
        Some((name.known()?, &name.span))
    });
    let links = container.list("links").iter().filter_map(|link| {
        let known = link.known()?;
        Some((known.split(':').next().unwrap_or(known), &link.span))
    });
    let volumes = container
        .list("volumesFrom")
        .iter()
        .filter_map(|from| Some((from.known_at("sourceContainer")?, &from.span)));
    depends.chain(links).chain(volumes).collect()
}

/// Checks a configuration of the user's own, and returns what the collector needs to be allowed: of
/// a configuration that can't be read here, what `metrics` says.
fn configuration(
    settings: &Settings<'_>,
    body: &Table,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Rights {
    let of_metrics = || {
        let workspace = settings.workspace.as_ref();
        let arn = workspace.map(|workspace| workspace.arn.clone());
        rights_of(&settings.collector, arn)
    };
    let verbatim = |key: &str| settings.verbatim.and_then(|verbatim| verbatim.get(key));
    let image = settings.collector.image.known();
    let is_adot = image.and_then(distribution) == Some(Distribution::Adot);
    if is_adot && verbatim("mountPoints").is_none() && verbatim("entryPoint").is_none() {
        for (file, span) in &settings.named_files {
            collector::check_file(file, span, problems);
        }
    }
    let Some(text) = settings.own_text.clone() else {
        return of_metrics();
    };
    let around = CollectorContext {
        scope,
        image,
        variables: variables(settings, verbatim("environmentFiles").is_some()),
        asks_health: is_adot && verbatim("healthCheck").is_none(),
        network: Network::of(body),
        others: container_definitions(body),
    };
    collector::check(text, &around, problems).unwrap_or_else(of_metrics)
}

/// What a collector does that is generated, with the ARN of its workspace.
fn rights_of(collector: &Collector, workspace: Option<Template>) -> Rights {
    let more = &collector.more;
    let mut rights = Rights::of(workspace, collector.sends_to_xray());
    if let Some(role) = &more.assume_role
        && !rights.remote_write.is_empty()
    {
        rights.remote_write.clear();
        rights.assume.insert(role.clone());
    }
    for destination in &more.destinations {
        if let SendTo::Workspace {
            arn, assume_role, ..
        } = &destination.to
        {
            match assume_role {
                Some(role) => _ = rights.assume.insert(role.clone()),
                None => _ = rights.remote_write.insert(Template::from(arn.as_str())),
            }
        }
    }
    rights.put_metrics = more.cloudwatch.is_some();
    let emf = more.emf.as_ref();
    rights
        .log_streams
        .extend(emf.map(|emf| emf.log_group_arn.clone()));
    rights
}

/// The variables of the collector's container.
fn variables(settings: &Settings<'_>, are_others: bool) -> Variables {
    let collector = &settings.collector;
    let derived = [
        (ENDPOINT_VARIABLE, &collector.endpoint),
        (REGION_VARIABLE, &collector.region),
    ];
    let derived = derived
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Some(spelled(value.as_ref()?)))));
    let secrets = collector
        .secrets
        .iter()
        .map(|(name, _)| (name.clone(), None));
    let given = collector.environment.iter();
    let given = given.map(|(name, value)| (name.clone(), Some(spelled(value))));
    Variables {
        known: derived.chain(secrets).chain(given).collect(),
        are_others,
    }
}

/// What the task's role has to be given, if it is a role of the stack.
fn needs(settings: &Settings<'_>, rights: &Rights, body: &Table, scope: &Scope<'_>) -> Needs {
    let mut needs = Needs::default();
    if let Some(arn) = &settings.parameter
        && let RoleUse::Ours(key, role) = RoleUse::of(body.get("executionRoleArn"), scope)
        && !role
            .inline_policies
            .contains_key(grants::PARAMETER_POLICY_NAME)
    {
        let of_role = needs.grants.entry(key.to_owned()).or_default();
        let policy = grants::read_parameter(arn);
        of_role.insert(grants::PARAMETER_POLICY_NAME.to_owned(), policy);
    }
    let RoleUse::Ours(role_key, role) = RoleUse::of(body.get("taskRoleArn"), scope) else {
        return needs;
    };
    match settings.granting {
        Granting::LeastPrivilege => {
            let policy = rights.least_privilege();
            // A policy of this name in the stack file is the user's own version of it.
            let policy = policy.filter(|(name, _)| !role.inline_policies.contains_key(*name));
            if let Some((name, policy)) = policy {
                let of_role = needs.grants.entry(role_key.to_owned()).or_default();
                of_role.insert(name.to_owned(), policy);
            }
        }
        Granting::State => {
            let remote_write =
                (!rights.remote_write.is_empty()).then_some(grants::REMOTE_WRITE_ACCESS);
            let traces = rights.traces.then_some(grants::XRAY_WRITE_ACCESS);
            let arns = remote_write
                .into_iter()
                .chain(traces)
                .map(|name| scope.identity.aws_policy_arn(name))
                .collect();
            needs.attachments.insert(role_key.to_owned(), arns);
        }
        Granting::Nothing => {}
    }
    needs
}

#[cfg(test)]
mod tests;
