//! Selectors of an application's own series, as people give them.

/// The name of a metric, with matchers of labels or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: String,
    /// What stands between the braces.
    matchers: String,
}

impl Selector {
    /// Reads `name` or `name{label="value"}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, matchers) = match text.split_once('{') {
            None => (text, ""),
            Some((name, rest)) => (name, rest.strip_suffix('}').ok_or("the `}` is missing")?),
        };
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
        let begins = name.starts_with(|c: char| !c.is_ascii_digit() && is_name(c));
        if !begins || !name.chars().all(is_name) {
            return Err(format!("`{name}` is not a name of a metric"));
        }
        let matchers = matchers.trim().trim_end_matches(',');
        if !are_matchers(matchers) {
            return Err(format!(
                "`{matchers}` are no matchers: write them as in requests{{code=~\"5..\"}}"
            ));
        }
        Ok(Self {
            name: name.to_owned(),
            matchers: matchers.to_owned(),
        })
    }

    /// The series with this name, and these matchers or none.
    pub(super) fn of(name: &str, matchers: String) -> Self {
        Self {
            name: name.to_owned(),
            matchers,
        }
    }

    /// The selector of a family's series, whose names end in `suffix` besides.
    pub(super) fn of_family(&self, suffix: &str, family: &str) -> String {
        let comma = if self.matchers.is_empty() { "" } else { "," };
        let Self { name, matchers } = self;
        format!("{name}{suffix}{{{matchers}{comma}{}}}", super::of(family))
    }
}

/// Returns whether this is a list of `label="value"`, with commas between.
fn are_matchers(text: &str) -> bool {
    let mut rest = text.trim();
    while !rest.is_empty() {
        let is_label = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let after = rest.trim_start_matches(is_label).trim_start();
        let value = ["=~", "!~", "!=", "="]
            .into_iter()
            .find_map(|operator| after.strip_prefix(operator));
        let Some(value) = value.and_then(|value| value.trim_start().strip_prefix('"')) else {
            return false;
        };
        let mut escaped = false;
        let end = value.find(|c: char| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let Some(end) = end else {
            return false;
        };
        let next = value[end + 1..].trim_start();
        rest = match next.strip_prefix(',') {
            Some(next) => next.trim_start(),
            None if next.is_empty() => next,
            None => return false,
        };
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_names_with_matchers() {
        for text in [
            "http_requests_total",
            "ns:requests:rate5m",
            "http_requests_total{code=~\"5..\"}",
            "a{b=\"x,}\\\"\", c != \"y\",}",
            "a{}",
        ] {
            Selector::parse(text).expect(text);
        }
        for text in [
            "",
            "1a",
            "a-b",
            "a{",
            "a{b}",
            "a{b=c}",
            "a{b=\"c\"",
            "a{b=\"c\" d=\"e\"}",
            "sum(a)",
        ] {
            Selector::parse(text).expect_err(text);
        }
    }
}
