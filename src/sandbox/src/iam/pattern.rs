//! Strings with wildcards and policy variables (IAM User Guide, "IAM policy elements: Variables and
//! tags").

use std::collections::BTreeMap;

/// What is known of a request: values by lower-case key, because keys are not distinguished by
/// case.
pub(super) type RequestContext = BTreeMap<String, Vec<String>>;

/// A string to compare with: literal characters, `*` and `?`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern(Vec<Glyph>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Glyph {
    Literal(char),
    /// `?`: any one character.
    One,
    /// `*`: any characters, or none.
    Any,
}

impl Pattern {
    /// Reads `text`. Without `wildcards`, `*` and `?` mean themselves; without `variables`, so does
    /// `${…}`.
    ///
    /// Gives nothing if a variable has no single value: then what mentions it matches nothing.
    pub(super) fn parse(
        text: &str,
        wildcards: bool,
        variables: Option<&RequestContext>,
    ) -> Option<Self> {
        let mut glyphs = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            if let Some(variables) = variables
                && let Some(inner) = rest.strip_prefix("${")
                && let Some((name, after)) = inner.split_once('}')
            {
                glyphs.extend(value(name, variables)?.chars().map(Glyph::Literal));
                rest = after;
                continue;
            }
            glyphs.push(match first {
                '*' if wildcards => Glyph::Any,
                '?' if wildcards => Glyph::One,
                _ => Glyph::Literal(first),
            });
            rest = &rest[first.len_utf8()..];
        }
        Some(Self(glyphs))
    }

    pub(super) fn lowercase(self) -> Self {
        let glyphs = self.0.into_iter().flat_map(|glyph| match glyph {
            Glyph::Literal(c) => c.to_lowercase().map(Glyph::Literal).collect::<Vec<_>>(),
            Glyph::One | Glyph::Any => vec![glyph],
        });
        Self(glyphs.collect())
    }

    /// Compares the whole of `text`.
    pub(super) fn matches(&self, text: &str) -> bool {
        let text: Vec<char> = text.chars().collect();
        matches(&self.0, &text)
    }

    /// Compares part by part: no wildcard reaches over the first five colons (the page on condition
    /// operators, "ARN").
    pub(super) fn matches_arn(&self, text: &str) -> bool {
        let wanted: Vec<&[Glyph]> = self
            .0
            .splitn(6, |glyph| *glyph == Glyph::Literal(':'))
            .collect();
        let found: Vec<Vec<char>> = text
            .splitn(6, ':')
            .map(|part| part.chars().collect())
            .collect();
        wanted.len() == found.len()
            && wanted
                .iter()
                .zip(&found)
                .all(|(wanted, found)| matches(wanted, found))
    }
}

/// `${key}`, `${key, 'default'}`, or one of the three characters that cannot be written otherwise.
fn value(name: &str, variables: &RequestContext) -> Option<String> {
    if ["*", "?", "$"].contains(&name) {
        return Some(name.to_owned());
    }
    let (key, default) = name
        .split_once(',')
        .map_or((name, None), |(key, default)| (key, Some(default)));
    let default = default.map(|text| text.trim().trim_matches('\'').to_owned());
    match variables.get(&key.trim().to_lowercase()).map(Vec::as_slice) {
        Some([value]) => Some(value.clone()),
        Some(_) | None => default,
    }
}

/// Goes back to the last `*` on a mismatch, which takes at most the product of both lengths.
fn matches(wanted: &[Glyph], found: &[char]) -> bool {
    let (mut w, mut f) = (0, 0);
    let mut retry = None;
    while f < found.len() {
        match wanted.get(w) {
            Some(Glyph::Any) => {
                retry = Some((w, f));
                w += 1;
                continue;
            }
            Some(Glyph::One) => {
                w += 1;
                f += 1;
                continue;
            }
            Some(Glyph::Literal(c)) if *c == found[f] => {
                w += 1;
                f += 1;
                continue;
            }
            Some(Glyph::Literal(_)) | None => {}
        }
        let Some((star, at)) = retry else {
            return false;
        };
        retry = Some((star, at + 1));
        w = star + 1;
        f = at + 1;
    }
    wanted[w..].iter().all(|glyph| *glyph == Glyph::Any)
}

#[cfg(test)]
mod tests {
    use super::{Pattern, RequestContext};

    #[test]
    fn wildcards() {
        let table = [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("a*c", "abbc", true),
            ("a*c", "ac", true),
            ("a*c", "acb", false),
            ("*ab*", "aab", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("**", "x", true),
            ("abc", "ab", false),
            ("ab", "abc", false),
        ];
        for (pattern, text, expected) in table {
            let parsed = Pattern::parse(pattern, true, None).expect("no variables");
            assert_eq!(parsed.matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn variables() {
        let context = RequestContext::from([("aws:username".to_owned(), vec!["a*".to_owned()])]);
        let table = [
            ("x/${aws:UserName}", "x/a*", true),
            ("x/${aws:username}", "x/ab", false),
            ("${aws:none}", "${aws:none}", false),
            ("${aws:none, 'team'}", "team", true),
            ("${*}", "*", true),
            ("${*}", "a", false),
            ("$x", "$x", true),
        ];
        for (pattern, text, expected) in table {
            let parsed = Pattern::parse(pattern, true, Some(&context));
            assert_eq!(
                parsed.is_some_and(|p| p.matches(text)),
                expected,
                "{pattern} {text}"
            );
        }
        let literal = Pattern::parse("${aws:username}", true, None).expect("no variables");
        assert!(literal.matches("${aws:username}"));
    }
}
