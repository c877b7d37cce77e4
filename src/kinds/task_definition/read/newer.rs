//! Where an export overrules the shape: AWS itself has written it, and may know more. The shape is
//! a copy of AWS's model, in which members and values are added, and needs become choices.

use crate::{
    ecs_shape::{self, Structure},
    file::{
        problem::nearest,
        reader::{did_you_mean, listed},
        tree::{Tree, Value},
    },
    kinds::task_definition::read::wire::{Converter, Dialect, join},
};

impl Converter<'_> {
    /// Takes a key that is not known, and notes it, if AWS can have added it: if it is in an
    /// export, and no misspelling of one that is known.
    pub(super) fn takes_newer(&mut self, name: &str, known: &[&str], path: &str) -> bool {
        let is_newer = self.dialect == Dialect::Export
            && !known.iter().any(|known| known.eq_ignore_ascii_case(name))
            && nearest(name, known.iter().copied()).is_none();
        if is_newer {
            self.notes.push(format!(
                "`{}` is not known to amp-stack, and goes to AWS as it stands",
                join(path, name)
            ));
        }
        is_newer
    }

    /// Does without the member `name` of a structure, and notes it, if AWS may no longer need it.
    /// What the request itself needs amp-stack cannot do without.
    pub(super) fn does_without(&mut self, of: &Structure, name: &str, path: &str) -> bool {
        let does = self.dialect == Dialect::Export && of.name != ecs_shape::request().name;
        if does {
            self.notes.push(format!(
                "`{path}` has no `{name}`, which ECS needed when amp-stack was built"
            ));
        }
        does
    }

    /// Checks the value of a choice. One that is not known may be newer than amp-stack.
    pub(super) fn choice(&mut self, value: &Tree, choices: &[&str], path: &str) {
        let Value::Text(text) = &value.value else {
            return;
        };
        // A reference is judged by AWS: what it stands for is not known yet.
        let Some(given) = text.known() else {
            return;
        };
        if choices.is_empty() || choices.contains(&given) {
            return;
        }
        let mut other_case = choices.iter().filter(|one| one.eq_ignore_ascii_case(given));
        if self.dialect == Dialect::Export && other_case.next().is_none() {
            self.notes.push(format!(
                "`{path}` is `{given}`, which amp-stack does not know: it knows {}",
                listed(choices)
            ));
            return;
        }
        let problem = self.problems.add(
            "unknown-value",
            &value.span,
            "not one of them",
            format!("`{path}` takes {}, not `{given}`", listed(choices)),
        );
        let close = choices
            .iter()
            .copied()
            .find(|choice| choice.eq_ignore_ascii_case(given))
            .or_else(|| nearest(given, choices.iter().copied()));
        if let Some(close) = close {
            problem.help(did_you_mean(close));
        }
    }
}
