//! A rule that amp-stack holds, with whose rule it is.

/// A rule: why something is a mistake, a risk, a refusal, or a difference without effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The stable code, which `amp-stack explain` takes.
    pub code: &'static str,
    /// The rule as one sentence.
    pub sentence: &'static str,
    /// Whose rule it is: a page or a model of AWS, TOML, or amp-stack itself.
    pub source: &'static str,
}

/// Names the three things that a rule consists of.
pub const fn rule(code: &'static str, sentence: &'static str, source: &'static str) -> Rule {
    Rule {
        code,
        sentence,
        source,
    }
}
