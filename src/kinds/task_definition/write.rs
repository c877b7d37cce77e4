//! Writes `[task_definitions.NAME]`.

mod collector;
mod metrics;

pub(crate) use collector::{configuration, short_forms};

use std::collections::BTreeSet;

use crate::{
    ecs_shape::{
        self, Member, Shape, Structure,
        size::{cpu_units, memory_mib},
    },
    file::write::{
        layout::{Table, Value, escaped},
        spell::Speller,
    },
    kinds::declare::Writing,
    kinds::task_definition::{
        TaskDefinition,
        document::{KEYED, stack_key},
    },
    model::{
        address::Kind,
        node::{Members, Node},
    },
};

/// The prefix of log streams that `logs` stands for.
const STREAM_PREFIX: &str = "ecs";

/// Writes the members of one document.
struct Writer<'a, 's, 'k> {
    writing: &'k Writing<'k>,
    speller: &'a mut Speller<'s>,
}

/// What the file says of a family: the document in normal form, which leaves out what ECS
/// fills in.
pub(crate) fn table(
    family: &TaskDefinition,
    writing: &Writing<'_>,
    speller: &mut Speller<'_>,
) -> Table {
    let mut table = Table::section();
    if family.family != speller.address.key {
        table.put_literal("family", &family.family);
    }
    let Some(Node::Map(members)) = family.document.as_ref().map(|d| d.normal().clone()) else {
        return table;
    };
    let mut writer = Writer { writing, speller };
    writer.members(without_implied_network(members), &mut table);
    table
}

/// Leaves out the network mode that a stack file means by naming Fargate, which has no other (ECS
/// API reference, `RegisterTaskDefinition`, `networkMode`).
fn without_implied_network(mut members: Members) -> Members {
    let launch = members.get("requiresCompatibilities");
    let on_fargate = launch
        .and_then(Node::as_list)
        .is_some_and(|types| types.contains(&Node::from("FARGATE")));
    if on_fargate && members.get("networkMode") == Some(&Node::from("awsvpc")) {
        members.remove("networkMode");
    }
    members
}

impl Writer<'_, '_, '_> {
    fn members(&mut self, mut members: Members, table: &mut Table) {
        let first = ["requiresCompatibilities", "cpu", "memory"];
        let shape = ecs_shape::request();
        let known = shape.members.iter().map(|member| member.name.as_str());
        let containers = members.remove("containerDefinitions");
        let form = self.writing.form;
        let containers = containers.map(|containers| match form {
            Some(form) => collector::without_collector(&containers, form),
            None => containers,
        });
        for name in first.into_iter().chain(known) {
            let Some(node) = members.get(name) else {
                continue;
            };
            let path = stack_key(name);
            let size = node.as_str().and_then(|text| size(name, text));
            let value = match (name, shape.member(name)) {
                ("cpu" | "memory", _) if size.is_some() => size,
                ("taskRoleArn" | "executionRoleArn", _) => self.role(&path, node),
                (_, Some(member)) => self.member(&[&path], member, node),
                (_, None) => None,
            };
            if let Some(value) = value {
                table.put(&path, value);
                members.remove(name);
            }
        }
        self.verbatim(&[], &members, table);
        if let Some(containers) = containers {
            let containers = self.containers(&containers);
            table.put("containers", containers);
        }
        if let Some(form) = form {
            let metrics = self.metrics(form);
            table.put(form.key, Value::Table(metrics));
        }
    }

    /// What the SDK does not know is passed through as it stands.
    fn verbatim(&mut self, path: &[&str], members: &Members, table: &mut Table) {
        let mut verbatim = Table::section();
        for (name, node) in members {
            let at = stack_key(name);
            let path: Vec<&str> = path.iter().copied().chain([at.as_str()]).collect();
            if let Some(value) = self.speller.node(&path, node) {
                verbatim.put(name, value);
            }
        }
        if !verbatim.entries.is_empty() {
            table.put("verbatim", Value::Table(verbatim));
        }
    }

    /// A role by its key or by its ARN; a bare name, which ECS takes as well, would read as a key.
    fn role(&mut self, path: &str, node: &Node) -> Option<Value> {
        let arn = node.as_str().filter(|arn| arn.starts_with("arn:"))?;
        Some(Value::Text(match self.writing.by_arn(Kind::Role, arn) {
            Some(key) => escaped(key),
            None => self.speller.text(&[path], arn),
        }))
    }

    fn containers(&mut self, node: &Node) -> Value {
        let list = node.as_list().unwrap_or_default();
        let name_of = |node: &Node| node.get("name").and_then(Node::as_str).map(str::to_owned);
        let names: Option<BTreeSet<String>> = list.iter().map(name_of).collect();
        if names.is_some_and(|names| names.len() == list.len()) {
            let mut table = Table::section();
            for container in list {
                let name = name_of(container).unwrap_or_default();
                let mut members = container.as_map().cloned().unwrap_or_default();
                members.remove("name");
                let container = self.container(&["containers", &name], members);
                table.put(&name, Value::Table(container));
            }
            return Value::Table(table);
        }
        let containers = list.iter().map(|container| {
            let members = container.as_map().cloned().unwrap_or_default();
            Value::Table(self.container(&["containers"], members))
        });
        Value::List(containers.collect())
    }

    fn container(&mut self, path: &[&str], mut members: Members) -> Table {
        let mut table = Table::section();
        let shape = ecs_shape::container();
        for member in &shape.members {
            let Some(node) = members.get(&member.name) else {
                continue;
            };
            let name = &member.key;
            if let Some(logs) = self.logs(&member.name, node) {
                table.put("logs", logs);
                members.remove(&member.name);
                continue;
            }
            let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
            if let Some(value) = self.member(&at, member, node) {
                table.put(name, value);
                members.remove(&member.name);
            }
        }
        self.verbatim(path, &members, &mut table);
        table
    }

    /// `logs`, if it stands for exactly the log configuration `node`.
    fn logs(&self, name: &str, node: &Node) -> Option<Value> {
        if name != "logConfiguration" || node.get("logDriver")?.as_str()? != "awslogs" {
            return None;
        }
        let options = node.get("options")?;
        let option = |key: &str| options.get(key).and_then(Node::as_str);
        let [group, region, prefix] =
            ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"].map(option);
        let is_plain = node.as_map()?.len() == 2
            && options.as_map()?.len() == 3
            && region == Some(self.writing.identity.region.as_str())
            && prefix == Some(STREAM_PREFIX);
        let group = group.filter(|_| is_plain)?;
        Some(self.group(group))
    }

    /// One member; `None` if the SDK does not know something in it.
    fn member(&mut self, path: &[&str], member: &Member, node: &Node) -> Option<Value> {
        let keyed = KEYED.iter().find(|(list, ..)| *list == member.name);
        if let (Some((_, name, content)), Shape::List(element)) = (keyed, &member.shape)
            && let (Shape::Struct(element), Some(elements)) = (element.as_ref(), node.as_list())
            && let Some(table) = self.keyed(path, element, name, *content, elements)
        {
            // Variables and secrets are easier to read one a line.
            let is_section = matches!(member.name.as_str(), "environment" | "secrets");
            return Some(Value::Table(Table {
                is_section,
                ..table
            }));
        }
        self.value(path, &member.shape, node)
    }

    /// Named things as a table; `None` if a name is missing or stands twice, or the SDK does not
    /// know something in one.
    fn keyed(
        &mut self,
        path: &[&str],
        element: &Structure,
        name: &str,
        content: Option<&str>,
        elements: &[Node],
    ) -> Option<Table> {
        let mut table = Table::default();
        for node in elements {
            let mut rest = node.as_map()?.clone();
            let key = rest.remove(name)?.as_str()?.to_owned();
            if table.entries.iter().any(|(other, _)| *other == key) {
                return None;
            }
            let at: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
            let content =
                content.and_then(|content| Some((element.member(content)?, rest.get(content)?)));
            let value = match content {
                Some((member, only)) if rest.len() == 1 => self.value(&at, &member.shape, only)?,
                Some(_) | None => {
                    let rest = self.structure(&at, element, Some(name), &rest)?;
                    Value::Table(rest)
                }
            };
            table.put(&key, value);
        }
        Some(table)
    }

    fn structure(
        &mut self,
        path: &[&str],
        of: &Structure,
        given: Option<&str>,
        members: &Members,
    ) -> Option<Table> {
        let is_missing = |member: &Member| {
            member.required && given != Some(&member.name) && !members.contains_key(&member.name)
        };
        let all_known = members.keys().all(|name| of.member(name).is_some());
        if !all_known || of.members.iter().any(is_missing) {
            return None;
        }
        let mut table = Table::default();
        for member in &of.members {
            if let Some(node) = members.get(&member.name) {
                let name = &member.key;
                let at: Vec<&str> = path.iter().copied().chain([name.as_str()]).collect();
                table.put(name, self.member(&at, member, node)?);
            }
        }
        Some(table)
    }

    fn value(&mut self, path: &[&str], shape: &Shape, node: &Node) -> Option<Value> {
        match (shape, node) {
            (Shape::Struct(of), Node::Map(members)) => {
                Some(Value::Table(self.structure(path, of, None, members)?))
            }
            (Shape::List(element), Node::List(elements)) => self.list(path, element, elements),
            (Shape::Map(content), Node::Map(members)) => {
                let mut table = Table::default();
                for (key, member) in members {
                    let at: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    let value = self
                        .group_name(key, member)
                        .or_else(|| self.value(&at, content, member))?;
                    table.put(key, value);
                }
                Some(Value::Table(table))
            }
            (Shape::Text(choices), Node::Text(text)) => {
                let text = text.to_string();
                let fits = choices.is_empty() || choices.contains(&text.as_str());
                fits.then(|| Value::Text(self.speller.text(path, &text)))
            }
            (Shape::Integer, Node::Number(number)) => {
                let fits = number.as_i64().is_some_and(|n| i32::try_from(n).is_ok());
                fits.then(|| Value::Number(number.clone()))
            }
            (Shape::Boolean, Node::Bool(value)) => Some(Value::Bool(*value)),
            (
                Shape::Struct(_)
                | Shape::List(_)
                | Shape::Map(_)
                | Shape::Text(_)
                | Shape::Integer
                | Shape::Boolean,
                _,
            ) => None,
        }
    }

    fn list(&mut self, path: &[&str], element: &Shape, elements: &[Node]) -> Option<Value> {
        if let Shape::Text([]) = element {
            let texts: Option<Vec<&str>> = elements.iter().map(Node::as_str).collect();
            return Some(Value::List(self.speller.texts(path, texts?)));
        }
        let elements = elements.iter().map(|node| self.value(path, element, node));
        Some(Value::List(elements.collect::<Option<_>>()?))
    }

    /// The option of a log driver that names a log group of the file.
    fn group_name(&self, option: &str, node: &Node) -> Option<Value> {
        let key = self.writing.by_name(Kind::LogGroup, node.as_str()?)?;
        (option == "awslogs-group").then(|| Value::Text(format!("${{log_groups.{key}.name}}")))
    }
}

/// Sizes as people say them (ECS API reference, `RegisterTaskDefinition`, `cpu` and `memory`): `0.5
/// vCPU`, `3 GB`.
fn size(name: &str, text: &str) -> Option<Value> {
    let (units, unit) = match name {
        "cpu" => (cpu_units(text)?, "vCPU"),
        "memory" => (memory_mib(text)?, "GB"),
        _ => return None,
    };
    let (whole, rest) = (units / 1024, units % 1024);
    Some(match rest {
        0 => Value::Text(format!("{whole} {unit}")),
        256 => Value::Text(format!("{whole}.25 {unit}")),
        512 => Value::Text(format!("{whole}.5 {unit}")),
        768 => Value::Text(format!("{whole}.75 {unit}")),
        _ => Value::Number(units.into()),
    })
}
