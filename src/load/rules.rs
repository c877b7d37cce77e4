//! Every mistake that a stack file can hold, by code: the rules of the language, and those of what
//! is in it.

pub mod examples;

use crate::{
    file::rules::LOADER, kinds::task_definition::rules::TASK_DEFINITION, model::rule::Rule,
};

/// The rules, in the groups in which people see them.
pub const GROUPS: &[&[Rule]] = &[LOADER, TASK_DEFINITION];

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    GROUPS.iter().copied().flatten()
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}
