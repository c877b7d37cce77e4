//! What a rule of stack files is, and those of everything but the inside of task definitions.

mod loader;

pub use loader::LOADER;

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

/// Names the three things that a rule consists of.
pub(crate) const fn rule(code: &'static str, sentence: &'static str, source: &'static str) -> Rule {
    Rule {
        code,
        sentence,
        source,
    }
}
