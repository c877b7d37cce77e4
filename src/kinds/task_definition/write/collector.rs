//! Writes `metrics` in the place of a collector that stands among the containers.

use crate::{
    collector::{
        CONFIG_VARIABLE, Distribution, ENDPOINT_VARIABLE, SCRAPE_VARIABLE, distribution,
        infer::{self, Around},
    },
    file::{
        arn::Arn,
        yaml::{self, Yaml},
    },
    kinds::{declare::ShortForm, task_definition::TaskDefinition},
    model::{
        identity::{Identity, workspace_of},
        node::{Members, Node},
    },
};

/// The members of a container for which `metrics` has keys of its own, whose values are the same.
const SAME: [(&str, &str); 4] = [
    ("image", "image"),
    ("cpu", "cpu"),
    ("memory", "memory"),
    ("memory_reservation", "memoryReservation"),
];
/// The members for which it has keys that say something else.
const OTHERS: [&str; 6] = [
    "name",
    "essential",
    "environment",
    "secrets",
    "command",
    "logConfiguration",
];
/// The variables that follow from other keys.
const DERIVED: [&str; 3] = [CONFIG_VARIABLE, ENDPOINT_VARIABLE, SCRAPE_VARIABLE];
/// The key of the table that stands for a collector.
const KEY: &str = "metrics";
/// What the image takes without a command (aws-observability/aws-otel-collector,
/// `cmd/awscollector/Dockerfile`).
const DEFAULT_FILE: &str = "/etc/otel-config.yaml";

/// The tables `metrics` that may declare the same as the one collector among the containers, with
/// everything said that has a default: first those that say in the words of `metrics` what the
/// collector does, then those that hand its configuration through. Where there are several
/// collectors, `metrics` would be one more.
pub(crate) fn short_forms(family: &TaskDefinition, identity: &Identity) -> Vec<ShortForm> {
    let Some(document) = &family.document else {
        return Vec::new();
    };
    let containers = document.normal().get("containerDefinitions");
    let containers = containers.and_then(Node::as_list).unwrap_or_default();
    let (collectors, others): (Vec<&Node>, Vec<&Node>) = containers
        .iter()
        .partition(|container| is_collector(container));
    match (collectors.as_slice(), others.is_empty()) {
        ([collector], false) => forms(collector, &others, identity).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn is_collector(container: &Node) -> bool {
    let image = container.get("image").and_then(Node::as_str);
    image.and_then(distribution) == Some(Distribution::Adot)
}

/// `None` if the container is one that no table can stand for, such as one without a name.
fn forms(container: &Node, others: &[&Node], identity: &Identity) -> Option<Vec<ShortForm>> {
    let name = container.get("name")?.as_str()?;
    let environment = named(container, "environment", "value")?;
    let secrets = named(container, "secrets", "valueFrom")?;
    let mut base = same(container, name, &environment);
    // The workspace of the file needs no name.
    let named_workspace = match environment.get(ENDPOINT_VARIABLE) {
        Some(url) => vec![None, Some(workspace_name(url.as_str()?, identity)?)],
        None => vec![Some("none".to_owned()), None],
    };
    let own_secrets: Members = without(&secrets, &[CONFIG_VARIABLE]);
    put(&mut base, "secrets", own_secrets);
    let mut forms = Vec::new();
    for configured in configurations(container, &environment, &secrets, others, identity) {
        for workspace in &named_workspace {
            for (condition, keeps_waiting) in conditions(name, others) {
                let mut keys = base.clone();
                overlay(&mut keys, configured.clone());
                if let Some(workspace) = workspace {
                    keys.insert("workspace".to_owned(), Node::from(workspace.as_str()));
                }
                keys.insert("depends_on".to_owned(), Node::from(condition));
                forms.push(ShortForm {
                    key: KEY,
                    value: Node::Map(keys),
                    of: name.to_owned(),
                    keeps_waiting,
                });
            }
        }
    }
    Some(forms)
}

/// What is said in the same way whatever the configuration is.
fn same(container: &Node, name: &str, environment: &Members) -> Members {
    let mut keys = Members::new();
    let mut add = |key: &str, value: Node| _ = keys.insert(key.to_owned(), value);
    add("name", Node::from(name));
    for (key, member) in SAME {
        if let Some(value) = container.get(member) {
            add(key, value.clone());
        }
    }
    let essential = container.get("essential").and_then(Node::as_bool);
    add("essential", Node::Bool(essential.unwrap_or(true)));
    if let Some(logs) = container.get("logConfiguration") {
        add("logs", logs.clone());
    }
    // The rights are among the policies of the role already.
    add("policy", Node::from("none"));
    let members = container.as_map().into_iter().flatten();
    let rest = members.filter(|(member, _)| {
        let has_key = SAME.iter().any(|(_, same)| same == member);
        !has_key && !OTHERS.contains(&member.as_str())
    });
    let rest: Members = rest
        .map(|(member, node)| (member.clone(), node.clone()))
        .collect();
    put(&mut keys, "verbatim", rest);
    put(&mut keys, "environment", without(environment, &DERIVED));
    keys
}

/// What other containers wait for, and whether they say so themselves.
fn conditions(name: &str, others: &[&Node]) -> Vec<(&'static str, bool)> {
    let waits = others.iter().flat_map(|container| waiting(container, name));
    let waits: Vec<&str> = waits.collect();
    let all_are = |condition: &str| waits.iter().all(|other| *other == condition);
    let mut conditions = Vec::new();
    for condition in ["START", "HEALTHY"] {
        if !waits.is_empty() && all_are(condition) {
            conditions.push((condition, false));
        }
    }
    conditions.push(("none", true));
    conditions
}

/// The conditions under which a container waits for the one that is called `name`.
fn waiting<'n>(container: &'n Node, name: &str) -> Vec<&'n str> {
    let waits = container.get("dependsOn").and_then(Node::as_list);
    let waits = waits.unwrap_or_default().iter();
    let is_this = |on: &&Node| on.get("containerName").and_then(Node::as_str) == Some(name);
    waits
        .filter(is_this)
        .filter_map(|on| on.get("condition").and_then(Node::as_str))
        .collect()
}

/// The keys that may say how the collector is configured.
fn configurations(
    container: &Node,
    environment: &Members,
    secrets: &Members,
    others: &[&Node],
    identity: &Identity,
) -> Vec<Members> {
    let one = |key: &str, value: Node| Members::from_iter([(key.to_owned(), value)]);
    let names = others
        .iter()
        .filter_map(|other| other.get("name")?.as_str());
    let names: Vec<String> = names.map(str::to_owned).collect();
    let around = Around {
        workspace: &|url| workspace_name(url, identity),
        containers: &names,
    };
    let with_source = |keys: Node, source: &str| {
        let mut keys = keys.as_map().cloned().unwrap_or_default();
        keys.insert("config".to_owned(), Node::from(source));
        keys
    };
    if let Some(text) = environment.get(CONFIG_VARIABLE) {
        let variable = Node::Map(one(CONFIG_VARIABLE, text.clone()));
        let read = text.as_str().and_then(configuration);
        let generated = read.map(|document| {
            let keys = infer::of_configuration(&document, &around);
            with_source(keys, "generated")
        });
        return generated
            .into_iter()
            .chain([one("environment", variable)])
            .collect();
    }
    if let Some(arn) = secrets.get(CONFIG_VARIABLE) {
        let secret = Node::Map(one(CONFIG_VARIABLE, arn.clone()));
        let is_parameter = arn
            .as_str()
            .and_then(Arn::parse)
            .is_some_and(|arn| arn.service == "ssm");
        let parameter = is_parameter.then(|| one("config_parameter", arn.clone()));
        return parameter
            .into_iter()
            .chain([one("secrets", secret)])
            .collect();
    }
    let command = container.get("command").cloned();
    let words = command.as_ref().and_then(Node::as_list).unwrap_or_default();
    let files = words.iter().filter_map(Node::as_str);
    let file = files
        .filter_map(|word| word.strip_prefix("--config="))
        .next_back();
    let target = environment.get(SCRAPE_VARIABLE).and_then(Node::as_str);
    let built_in = file.and_then(|file| infer::of_file(file, target, &around));
    let built_in = built_in.map(|keys| with_source(keys, "built-in"));
    let default = || Node::texts([format!("--config={DEFAULT_FILE}")]);
    let own = one("command", command.clone().unwrap_or_else(default));
    built_in.into_iter().chain([own]).collect()
}

/// The configuration of a collector as it is read: JSON or YAML.
pub(crate) fn configuration(text: &str) -> Option<serde_json::Value> {
    if let Ok(document) = serde_json::from_str(text) {
        return Some(document);
    }
    yaml::parse(text).ok()?.as_ref().map(of_yaml)
}

fn of_yaml(yaml: &Yaml) -> serde_json::Value {
    use serde_json::Value as Json;
    match &yaml.value {
        yaml::Value::Null => Json::Null,
        yaml::Value::Bool(value) => Json::from(*value),
        yaml::Value::Number(number) => {
            serde_json::from_str(number).unwrap_or_else(|_| Json::from(number.as_str()))
        }
        yaml::Value::Text(text) => Json::from(text.as_str()),
        yaml::Value::List(elements) => elements.iter().map(of_yaml).collect(),
        yaml::Value::Map(members) => {
            let members = members.iter();
            Json::Object(
                members
                    .map(|(key, value)| (key.text.clone(), of_yaml(value)))
                    .collect(),
            )
        }
    }
}

/// How `workspace` names what takes samples at `url`: by its id, or by its ARN if it is in another
/// region.
fn workspace_name(url: &str, identity: &Identity) -> Option<String> {
    let (region, id) = workspace_of(url)?;
    Some(match region {
        Some(region) if region != identity.region => {
            let there = Identity::new(identity.account.clone(), region);
            there.workspace_arn(id)
        }
        Some(_) | None => id.to_owned(),
    })
}

/// Named values by their names; `None` if one has none, or two have the same.
fn named(container: &Node, list: &str, content: &str) -> Option<Members> {
    let list = container
        .get(list)
        .and_then(Node::as_list)
        .unwrap_or_default();
    let mut named = Members::new();
    for one in list {
        let name = one.get("name")?.as_str()?.to_owned();
        if named.insert(name, one.get(content)?.clone()).is_some() {
            return None;
        }
    }
    Some(named)
}

fn without(keys: &Members, names: &[&str]) -> Members {
    let mut rest = keys.clone();
    rest.retain(|name, _| !names.contains(&name.as_str()));
    rest
}

fn put(keys: &mut Members, key: &str, members: Members) {
    if !members.is_empty() {
        keys.insert(key.to_owned(), Node::Map(members));
    }
}

/// Adds `more` to `keys`, within tables too.
fn overlay(keys: &mut Members, more: Members) {
    for (key, value) in more {
        match (keys.get_mut(&key), value) {
            (Some(Node::Map(inner)), Node::Map(value)) => inner.extend(value),
            (_, value) => _ = keys.insert(key, value),
        }
    }
}

/// The containers without the one that `form` stands for.
pub(super) fn without_collector(containers: &Node, form: &ShortForm) -> Node {
    let containers = containers.as_list().unwrap_or_default().iter();
    let name_of = |node: &Node, member: &str| node.get(member)?.as_str().map(str::to_owned);
    let others = containers.filter(|one| name_of(one, "name").as_deref() != Some(&form.of));
    let others = others.map(|container| {
        let mut container = container.clone();
        if !form.keeps_waiting
            && let Some(members) = container.as_map_mut()
            && let Some(Node::List(waits)) = members.get_mut("dependsOn")
        {
            waits.retain(|on| name_of(on, "containerName").as_deref() != Some(&form.of));
            if waits.is_empty() {
                members.remove("dependsOn");
            }
        }
        container
    });
    Node::List(others.collect())
}
