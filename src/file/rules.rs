//! Every mistake that a stack file can hold, by code.

pub mod examples;
mod loader;
mod task_definition;

pub use loader::LOADER;
pub use task_definition::TASK_DEFINITION;

/// A rule of stack files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code that problems show.
    pub code: &'static str,
    /// The rule as one sentence.
    pub sentence: &'static str,
    /// Whose rule it is: a page or a model of AWS, TOML, or amp-stack itself.
    pub source: &'static str,
}

/// All rules.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    LOADER.iter().chain(TASK_DEFINITION)
}

/// The rule with this code.
pub fn find(code: &str) -> Option<&'static Rule> {
    all().find(|rule| rule.code == code)
}

/// Names the three things that a rule consists of.
const fn rule(code: &'static str, sentence: &'static str, source: &'static str) -> Rule {
    Rule {
        code,
        sentence,
        source,
    }
}
