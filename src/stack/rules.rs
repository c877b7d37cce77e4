//! Every mistake that a stack file can hold, by code.

/// A rule of stack files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code that problems show.
    pub code: &'static str,
    /// The rule as one sentence.
    pub sentence: &'static str,
    /// Whose rule it is: a page or model of AWS, TOML, or amp-stack itself.
    pub source: &'static str,
}
