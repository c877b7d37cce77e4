//! Filter patterns for unstructured events, as `FilterLogEvents` takes them.

use crate::{Refusal, service::Input};

use super::{
    input::{require_length, text},
    refusal::invalid,
};

/// The terms of a pattern (CloudWatch Logs user guide, "Filter pattern syntax"): all plain terms
/// must occur, none of those with `-`, and one of those with `?`. Terms are case-sensitive; those
/// with other signs than letters and digits stand in quotes.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    any: Vec<String>,
}

impl Pattern {
    /// Reads `filterPattern`: at most 1024 characters (API model, `FilterPattern`). Patterns for
    /// JSON (`{…}`) and space-delimited events (`[…]`) and regular expressions (`%…%`) exist on AWS
    /// but not here.
    pub(super) fn of(input: &Input) -> Result<Self, Refusal> {
        const NAME: &str = "filterPattern";
        let pattern = text(input, NAME)?.unwrap_or_default();
        require_length(NAME, pattern, &(0..=1024))?;
        Self::parse(pattern)
    }

    /// Whether a message matches. The empty pattern takes all.
    pub(super) fn takes(&self, message: &str) -> bool {
        let occurs = |term: &String| message.contains(term.as_str());
        self.all.iter().all(occurs)
            && !self.none.iter().any(occurs)
            && (self.any.is_empty() || self.any.iter().any(occurs))
    }

    fn parse(text: &str) -> Result<Self, Refusal> {
        let mut pattern = Self::default();
        let mut rest = text.trim_start();
        if rest.starts_with(['{', '[']) || rest.contains('%') {
            return Err(invalid(
                "The sandbox has no filter patterns but terms and quoted phrases.",
            ));
        }
        while !rest.is_empty() {
            let (list, term) = match rest.chars().next() {
                Some('-') => (&mut pattern.none, &rest[1..]),
                Some('?') => (&mut pattern.any, &rest[1..]),
                Some(_) | None => (&mut pattern.all, rest),
            };
            let (term, after) = split_term(term)?;
            list.push(term.to_owned());
            rest = after.trim_start();
        }
        // Along with plain or excluded terms, those with `?` are ignored (CloudWatch Logs user
        // guide, "Match terms").
        if !(pattern.all.is_empty() && pattern.none.is_empty()) {
            pattern.any.clear();
        }
        Ok(pattern)
    }
}

/// Splits off a term, which is in quotes or consists of letters, digits and underscores.
fn split_term(text: &str) -> Result<(&str, &str), Refusal> {
    let refusal = || invalid("Invalid filter pattern");
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted.split_once('"').ok_or_else(refusal);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, after) = text.split_at(end);
    let is_term = !term.is_empty() && term.chars().all(|c| c.is_alphanumeric() || c == '_');
    is_term.then_some((term, after)).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_take_messages() {
        for (pattern, message, expected) in [
            ("", "anything", true),
            ("  ", "anything", true),
            ("ERROR", "an ERROR here", true),
            ("ERROR", "an error here", false),
            ("ERROR ARGUMENTS", "ARGUMENTS in ERROR", true),
            ("ERROR ARGUMENTS", "ERROR", false),
            ("\"INTERNAL SERVER\"", "500 INTERNAL SERVER ERROR", true),
            ("\"INTERNAL SERVER\"", "SERVER INTERNAL", false),
            ("?ERROR ?WARN", "a WARN", true),
            ("?ERROR ?WARN", "an INFO", false),
            ("ERROR -ARGUMENTS", "ERROR 500", true),
            ("ERROR -ARGUMENTS", "ERROR ARGUMENTS", false),
            ("-\"a b\"", "a b", false),
            ("?ERROR INFO", "INFO", true),
        ] {
            let parsed = Pattern::parse(pattern).expect(pattern);
            assert_eq!(parsed.takes(message), expected, "{pattern} on {message}");
        }
    }

    #[test]
    fn what_is_no_pattern() {
        for pattern in [
            "\"open",
            "-",
            "?",
            "a.b",
            "{ $.a = 1 }",
            "[a, b]",
            "%regex%",
        ] {
            let refusal = Pattern::parse(pattern).expect_err(pattern);
            assert_eq!(refusal.code, "InvalidParameterException", "{pattern}");
            let is_foreign = pattern.contains(['{', '[', '%']);
            assert_eq!(refusal.message.contains("sandbox"), is_foreign, "{pattern}");
        }
    }
}
