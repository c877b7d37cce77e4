//! Every mistake that a stack file can hold, by code: the rules of the language, and those of what
//! is in it.

pub mod examples;

use crate::{
    file::rules::LOADER,
    kinds::declare,
    model::{address::Kind, rule::Rule},
};

/// The rules, in the groups in which people see them.
pub fn groups() -> impl Iterator<Item = &'static [Rule]> {
    let of_kinds = Kind::ALL.into_iter().map(declare::rules);
    std::iter::once(LOADER)
        .chain(of_kinds)
        .filter(|rules| !rules.is_empty())
}

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    groups().flatten()
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}
