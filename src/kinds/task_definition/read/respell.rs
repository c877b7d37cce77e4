//! Keys that a structure does not have: what was meant by each, and how its value is read as that.

use crate::{
    file::{
        foreign::{Instead, Reshape},
        problem::nearest,
        reader::{did_you_mean, listed},
        tree::{Key, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::ecs,
        read::{
            view::{key, tree},
            wire::{Converter, Dialect, Expected},
        },
    },
};

impl Converter<'_> {
    /// Reports the keys that are not known. Those that are misspelt are spelled right, so that what
    /// they hold is read and not taken for missing.
    pub(crate) fn respelled(
        &mut self,
        table: &Table,
        expected: &Expected<'_>,
        path: &str,
    ) -> Table {
        let known: Vec<&str> = expected
            .of
            .members
            .iter()
            .filter(|member| expected.given != Some(&member.name))
            .map(|member| self.spelled(member))
            .filter(|name| !expected.other_keys.contains(name))
            .chain(expected.other_keys.iter().copied())
            .collect();
        let mut entries = Vec::new();
        for (name, value) in &table.entries {
            if known.contains(&name.text.as_str()) {
                entries.push((name.clone(), value.clone()));
                continue;
            }
            if self.takes_newer(&name.text, &known, path) {
                entries.push((name.clone(), value.clone()));
                continue;
            }
            let right = self.unknown(name, &known, expected, path);
            let right = right.filter(|right| table.get(right).is_none());
            let value = match self.instead(&name.text, expected) {
                Some(Instead::Reshaped(_, Reshape::List, _)) if !is_list(value) => {
                    tree(Value::List(vec![value.clone()]), &value.span)
                }
                _ => value.clone(),
            };
            entries.extend(right.map(|right| (key(right, &name.span), value)));
        }
        Table {
            span: table.span.clone(),
            entries,
        }
    }

    /// Reports a key, and finds the one that was meant.
    fn unknown<'k>(
        &mut self,
        name: &Key,
        known: &[&'k str],
        expected: &Expected<'_>,
        path: &str,
    ) -> Option<&'k str> {
        let instead = self.instead(&name.text, expected);
        let right = match instead {
            Some(Instead::Key(key) | Instead::Reshaped(key, ..)) => {
                known.iter().copied().find(|candidate| *candidate == key)
            }
            Some(Instead::Advice(_)) => None,
            None => {
                let right = nearest(&name.text, known.iter().copied());
                known
                    .iter()
                    .copied()
                    .find(|candidate| Some(*candidate) == right)
            }
        };
        let problem = self.problems.add(
            "unknown-key",
            &name.span,
            "not known here",
            format!("`{path}` has no key `{}`", name.text),
        );
        problem.help(match (right, instead) {
            (_, Some(Instead::Reshaped(_, _, advice))) | (None, Some(Instead::Advice(advice))) => {
                advice.to_owned()
            }
            (Some(right), _) => did_you_mean(right),
            (None, _) if expected.given == Some(name.text.as_str()) => {
                format!("leave it out: the name is that of the table, [{path}]")
            }
            (None, Some(Instead::Key(_)) | None) => members_of(expected, known),
        });
        right
    }

    /// What stands for a key that a stack file calls otherwise. An export is in the API's own
    /// words, so that what it does not know is none of another tool's.
    fn instead(&self, key: &str, expected: &Expected<'_>) -> Option<Instead> {
        match self.dialect {
            Dialect::StackFile => ecs::of(&expected.of.name)?.foreign(key),
            Dialect::Export => None,
        }
    }
}

fn members_of(expected: &Expected<'_>, known: &[&str]) -> String {
    if known.len() > 12 {
        format!(
            "the keys are the members of `{}` in ECS's API reference, in snake case; what AWS has added since can be passed through `verbatim`",
            expected.of.name
        )
    } else {
        format!("its keys are {}", listed(known))
    }
}

fn is_list(value: &Tree) -> bool {
    matches!(value.value, Value::List(_))
}
