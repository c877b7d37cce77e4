//! Names that AWS takes for one, within a stack file and across stack files.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    file::{
        document::{Document, Poisoned},
        interpolate::Names,
        problem::{Problem, Problems},
        reader::Located,
        source::Source,
        tree::{Span, Table},
    },
    kinds::{Resource, declare},
    model::address::{Address, Kind},
    stack::Stack,
};

/// Reports resources of one kind whose names AWS does not tell apart.
pub(crate) fn check<'a>(
    kind: Kind,
    names: impl IntoIterator<Item = &'a Located<String>>,
    problems: &mut Problems,
) {
    let collision = declare::collision(kind);
    let mut seen: BTreeMap<String, &Located<String>> = BTreeMap::new();
    for name in names {
        let folded = declare::comparable(kind, &name.value);
        let Some(first) = seen.get(&folded) else {
            seen.insert(folded, name);
            continue;
        };
        let noun = kind.noun();
        let (message, help) = if first.value == name.value {
            (format!("two {noun}s are called `{}`", name.value), None)
        } else {
            (
                format!(
                    "the {noun}s `{}` and `{}` differ only by case",
                    first.value, name.value
                ),
                collision.by_case,
            )
        };
        let problem = problems.add(collision.code, &name.span, "the same name to AWS", message);
        problem.and(&first.span, "as this one");
        if let Some(help) = help {
            problem.help(help);
        }
    }
}

/// Reports role ARNs that differ only by case from those of the stack's own roles. Names ignore
/// case, but ARNs do not (IAM user guide, "IAM identifiers").
pub(crate) fn check_arns(stack: &Stack, root: &Table, problems: &mut Problems) {
    let own: Vec<(&Address, String)> = stack
        .resources
        .iter()
        .filter_map(|(address, declared)| {
            let role = declared.want.as_ref()?.role()?;
            Some((address, stack.identity.role_arn(&role.path, &role.name)))
        })
        .collect();
    for (_, tree) in &root.entries {
        tree.each_template(&mut |text, span| {
            let Some(given) = text.known() else {
                return;
            };
            let close = |arn: &str| arn != given && arn.eq_ignore_ascii_case(given);
            if let Some((address, arn)) = own.iter().find(|(_, arn)| close(arn)) {
                let message = format!("`{given}` differs only by case from the ARN of `{address}`");
                problems
                    .add("role-arn-case", span, "no such role", message)
                    .help(format!(
                        "ARNs are case-sensitive: write {arn}, or mention it as ${{{address}.arn}}"
                    ));
            }
        });
    }
}

/// Finds roles of different stack files whose names IAM does not tell apart, given that the stacks
/// are of one account. Each problem names its own file.
pub fn role_name_collisions(stacks: &[(&Source, &Stack)]) -> Vec<Problem> {
    let mut seen: BTreeMap<(String, String), (usize, String, String)> = BTreeMap::new();
    let mut problems = Vec::new();
    for (index, (source, stack)) in stacks.iter().enumerate() {
        for (address, declared) in &stack.resources {
            let Some(role) = declared.want.as_ref().and_then(Resource::role) else {
                continue;
            };
            let folded = (stack.identity.account.clone(), role.name.to_lowercase());
            let here = (index, role.name.clone(), address.key.clone());
            match seen.get(&folded) {
                None => _ = seen.insert(folded, here),
                Some((other, name, key)) if *other != index => {
                    let first = First {
                        source: stacks[*other].0,
                        name,
                        key,
                    };
                    problems.push(collision(source, &role.name, &address.key, &first));
                }
                Some(_) => {}
            }
        }
    }
    problems
}

/// The role that had the name first.
struct First<'a> {
    source: &'a Source,
    name: &'a str,
    key: &'a str,
}

fn collision(source: &Source, name: &str, key: &str, first: &First<'_>) -> Problem {
    let place = |source: &Source, key: &str| name_span(source, key).unwrap_or_default();
    let file = first.source.path.display();
    let message = if name == first.name {
        format!("`{file}` also declares the role `{name}`")
    } else {
        format!(
            "`{name}` differs only by case from the role `{}` of `{file}`",
            first.name
        )
    };
    let before = &first.source.text[..place(first.source, first.key).start];
    let line = before.lines().count().max(1);
    let mut problems = Problems::default();
    let problem = problems.add(
        "role-name-collision",
        &place(source, key),
        "the same name to IAM",
        message,
    );
    problem.help(format!("the other one is at {file}:{line}; IAM does not tell the names of roles apart by case, whatever their paths"));
    problem.file = Some(Arc::new(source.clone()));
    problem.clone()
}

/// Where the name of the role `key` stands in a file that was loaded before.
fn name_span(source: &Source, key: &str) -> Option<Span> {
    let document = Document::parse(source, &mut Problems::default())?;
    let declared = document.declared();
    let nothing = Names {
        variables: None,
        environment: &|_| None,
        identity: None,
        declared: &declared,
    };
    let root = document.fill_in(
        &|table| table == Kind::Role.table(),
        &nothing,
        &mut Poisoned::default(),
        &mut Problems::default(),
    );
    let role = root.get(Kind::Role.table())?.as_table()?.get(key)?;
    Some(role.as_table()?.get("name")?.span.clone())
}
