//! `logs = "app"`: the awslogs driver for a log group, by its key, its name or its ARN.

use crate::{
    file::{
        arn::{self, Arn, looks_like_arn},
        problem::{Problems, nearest},
        reader::{TableReader, did_you_mean, listed, string_of},
        tree::{Span, Tree, Value},
    },
    kinds::task_definition::{
        fields::container::LOGS,
        read::{
            Scope,
            view::{View, string, table},
        },
    },
    model::{
        address::{Address, Kind},
        template::{Attribute, Reference, Segment, Template},
    },
};

/// Where the lines go.
pub(crate) struct Target {
    /// The name of the log group.
    pub(crate) group: Template,
    /// Its region.
    pub(crate) region: String,
}

/// The log configuration that `logs` asks for.
///
/// The stream prefix is the one that the ECS console fills in; with it a stream is called
/// `ecs/CONTAINER/TASK` (ECS developer guide, "Send Amazon ECS logs to CloudWatch").
pub(crate) fn awslogs(logs: &Tree, scope: &Scope<'_>, problems: &mut Problems) -> Option<Tree> {
    let target = target(logs, "logs", scope, problems)?;
    Some(configuration(&target, &logs.span))
}

/// The log group that the value of `key` names.
pub(crate) fn target(
    logs: &Tree,
    key: &str,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Target> {
    let span = &logs.span;
    match &logs.value {
        Value::Table(inner) => {
            let mut reader = TableReader::new(key, inner, &LOGS, problems);
            let name = reader.string("name");
            let arn = reader.string("arn");
            let region = reader.string("region");
            reader.finish();
            match (name, arn, region) {
                (Some(name), None, region) => Some(Target {
                    group: Template::from(name.value),
                    region: region.map_or_else(|| scope.identity.region.clone(), |r| r.value),
                }),
                (None, Some(arn), None) => by_arn(&arn.value, &arn.span, problems),
                (None | Some(_), _, _) => {
                    problems
                        .add(
                            "ambiguous-log-group",
                            span,
                            "names no single log group",
                            format!("`{key}` takes either `name` and perhaps `region`, or `arn`"),
                        )
                        .help(format!(
                            "write {key} = \"KEY\" for a log group of this stack"
                        ));
                    None
                }
            }
        }
        Value::Bool(_) | Value::Integer(_) | Value::Float(_) | Value::Text(_) | Value::List(_) => {
            by_key(
                (key, &string_of(logs, key, problems)?),
                span,
                scope,
                problems,
            )
        }
    }
}

fn by_key(
    (field, given): (&str, &str),
    span: &Span,
    scope: &Scope<'_>,
    problems: &mut Problems,
) -> Option<Target> {
    if looks_like_arn(given) {
        return by_arn(given, span, problems);
    }
    if scope.log_groups.contains_key(given) {
        // A reference, so that the group is made before tasks can write to it.
        return Some(Target {
            group: Template::from(Reference {
                address: Address::new(Kind::LogGroup, given),
                attribute: Attribute::Name,
            }),
            region: scope.identity.region.clone(),
        });
    }
    let key = Kind::LogGroup.key_in(given);
    let keys: Vec<&str> = scope.log_groups.keys().map(String::as_str).collect();
    let by_name = scope.log_groups.iter().find(|(_, name)| *name == given);
    let help = by_name
        .map(|(key, _)| key.as_str())
        .or_else(|| nearest(key, keys.iter().copied()))
        .map_or_else(
            || match keys.as_slice() {
                [] => format!("the stack file has no [log_groups]; a log group of somebody else is written {field} = {{ name = \"…\" }}"),
                keys => format!("the log groups of this stack are {}; another one is written {field} = {{ name = \"…\" }}", listed(keys)),
            },
            did_you_mean,
        );
    problems
        .add(
            "undefined-reference",
            span,
            "not in this stack file",
            format!("there is no `log_groups.{given}`"),
        )
        .help(help);
    None
}

fn by_arn(given: &str, span: &Span, problems: &mut Problems) -> Option<Target> {
    let parsed = Arn::parse(given).filter(|arn| arn.service == "logs" && !arn.region.is_empty());
    let target = parsed.and_then(|arn| {
        let group = arn.resource.strip_prefix("log-group:")?;
        let group = group.strip_suffix(":*").unwrap_or(group);
        (!group.is_empty() && !group.contains(':')).then(|| Target {
            group: Template::from(group),
            region: arn.region.to_owned(),
        })
    });
    if target.is_none() {
        let example = "arn:aws:logs:REGION:ACCOUNT:log-group:NAME";
        arn::invalid(span, given, "a log group", example, problems);
    }
    target
}

fn configuration(target: &Target, span: &Span) -> Tree {
    let options = table(
        span,
        [
            ("awslogs-group", string(target.group.clone(), span)),
            ("awslogs-region", string(target.region.as_str(), span)),
            ("awslogs-stream-prefix", string("ecs", span)),
        ],
    );
    table(
        span,
        [("logDriver", string("awslogs", span)), ("options", options)],
    )
}

/// The key of the stack's log group that a driver's option names.
pub(crate) fn stack_group<'a>(option: &Tree, scope: &Scope<'a>) -> Option<&'a str> {
    let text = option.text()?;
    if let [Segment::Reference(reference)] = text.segments()
        && reference.address.kind == Kind::LogGroup
        && reference.attribute == Attribute::Name
    {
        let key = reference.address.key.as_str();
        return scope
            .log_groups
            .get_key_value(key)
            .map(|(key, _)| key.as_str());
    }
    let known = text.known()?;
    let mut groups = scope.log_groups.iter();
    groups
        .find(|(_, name)| *name == known)
        .map(|(key, _)| key.as_str())
}
