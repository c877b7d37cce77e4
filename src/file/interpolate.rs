//! Fills in `${…}` in the strings of a stack file.

mod others;

use std::{collections::BTreeMap, collections::BTreeSet, fmt, ops::Range};

use crate::{
    file::{
        problem::{Problem, Problems, nearest},
        reader::{did_you_mean, listed},
        tree::Span,
    },
    model::{
        address::{Address, Kind},
        identity::Identity,
        template::{Attribute, Reference, Segment, Template},
    },
};

/// What strings may mention.
pub struct Names<'a> {
    /// The values of the declared variables, `None` being a value that is missing, which is
    /// reported where the variable is declared. `None` where they can't be mentioned because they
    /// are not decided yet.
    pub variables: Option<&'a BTreeMap<String, Option<String>>>,
    /// The environment of the process.
    pub environment: &'a dyn Fn(&str) -> Option<String>,
    /// The account, region and partition; `None` where they can't be mentioned because they are not
    /// decided yet.
    pub identity: Option<&'a Identity>,
    /// The resources of the stack.
    pub declared: &'a BTreeSet<Address>,
}

impl fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Names")
            .field("variables", &self.variables)
            .field("identity", &self.identity)
            .field("declared", self.declared)
            .finish_non_exhaustive()
    }
}

/// Where the characters of a string stand in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The whole string with its quotes.
    whole: Span,
    /// Where its first character stands, if every character stands for itself.
    first: Option<usize>,
}

impl Place {
    /// Finds where the characters of `value` stand, given the string's `span` in `source`.
    ///
    /// A string with escapes, or with line ends that TOML trims, is not the same in the file and in
    /// memory: of such a string only the whole is known.
    pub fn of(value: &str, span: &Span, source: &str) -> Self {
        let raw = source.get(span.clone()).unwrap_or_default();
        let quotes = ["\"\"\"", "'''", "\"", "'"]
            .into_iter()
            .find(|quotes| raw.starts_with(quotes))
            .map_or(0, str::len);
        let inner = raw
            .get(quotes..raw.len().saturating_sub(quotes))
            .unwrap_or_default();
        // TOML drops a line end right after the opening quotes of a multi-line string (TOML 1.0,
        // "String").
        let content = if quotes == 3 {
            inner
                .strip_prefix("\r\n")
                .or_else(|| inner.strip_prefix('\n'))
                .unwrap_or(inner)
        } else {
            inner
        };
        let start = span.start + quotes + (inner.len() - content.len());
        Self {
            whole: span.clone(),
            first: (content == value).then_some(start),
        }
    }

    /// The place of a part of the string, or of the whole where parts can't be distinguished.
    fn part(&self, part: Range<usize>) -> Span {
        self.first.map_or_else(
            || self.whole.clone(),
            |first| first + part.start..first + part.end,
        )
    }
}

/// Fills in one string. `None` means that it has a mistake, which is reported, or mentions a
/// variable without a value.
pub fn interpolate(
    string: &str,
    place: &Place,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Template> {
    let mut segments = Vec::new();
    let mut sound = true;
    let mut at = 0;
    while let Some(dollar) = string[at..].find('$').map(|found| at + found) {
        segments.push(Segment::Literal(string[at..dollar].to_owned()));
        let rest = &string[dollar..];
        if rest.starts_with("$${") {
            segments.push(Segment::Literal("${".to_owned()));
            at = dollar + 3;
        } else if let Some(opened) = rest.strip_prefix("${") {
            let Some(length) = opened.find('}') else {
                unclosed(&place.part(dollar..string.len()), problems);
                return None;
            };
            at = dollar + 2 + length + 1;
            let span = place.part(dollar..at);
            match names.look_up(&opened[..length], &span, problems) {
                Some(segment) => segments.push(segment),
                None => sound = false,
            }
        } else {
            segments.push(Segment::Literal("$".to_owned()));
            at = dollar + 1;
        }
    }
    segments.push(Segment::Literal(string[at..].to_owned()));
    sound.then(|| Template::from_segments(segments))
}

fn unclosed(span: &Span, problems: &mut Problems) {
    problems
        .add(
            "unclosed-reference",
            span,
            "opened here",
            "`${` is never closed by `}`",
        )
        .help("write `$${` where the characters `${` themselves are meant");
}

impl Names<'_> {
    /// What `name` stands for.
    pub(crate) fn look_up(
        &self,
        name: &str,
        span: &Span,
        problems: &mut Problems,
    ) -> Option<Segment> {
        let parts: Vec<&str> = name.split('.').collect();
        let literal = |text: &str| Some(Segment::Literal(text.to_owned()));
        match parts.as_slice() {
            ["var", variable] => self.variable(variable, span, problems),
            ["env", variable] => self.environment_variable(variable, span, problems),
            [word @ ("account" | "region" | "partition")] => {
                let Some(identity) = self.identity else {
                    undecided(name, span, problems);
                    return None;
                };
                match *word {
                    "account" => literal(&identity.account),
                    "region" => literal(&identity.region),
                    _ => literal(&identity.partition),
                }
            }
            [address @ .., attribute] => {
                let Some(address) = address_of(address) else {
                    self.unknown(name, span, problems);
                    return None;
                };
                self.attribute(address, attribute, span, problems)
            }
            [] => None,
        }
    }

    fn variable(&self, name: &str, span: &Span, problems: &mut Problems) -> Option<Segment> {
        let Some(variables) = self.variables else {
            undecided(&format!("var.{name}"), span, problems);
            return None;
        };
        if let Some(value) = variables.get(name) {
            return value.clone().map(Segment::Literal);
        }
        let problem = problems.add(
            "undefined-variable",
            span,
            "not in [variables]",
            format!("there is no variable `{name}`"),
        );
        suggest(
            problem,
            nearest(name, variables.keys().map(String::as_str)),
            "var.",
            || format!("declare it under [variables]: {name} = {{ description = \"…\" }}"),
        );
        None
    }

    fn environment_variable(
        &self,
        name: &str,
        span: &Span,
        problems: &mut Problems,
    ) -> Option<Segment> {
        let value = (self.environment)(name);
        if value.is_none() {
            let lower = name.to_ascii_lowercase();
            problems
                .add(
                    "undefined-environment-variable",
                    span,
                    "not set",
                    format!("the environment variable `{name}` is not set"),
                )
                .help(format!("set it before amp-stack runs, or declare a variable that has a value without it: {lower} = {{ default = \"…\" }} under [variables], and `${{var.{lower}}}` here"));
        }
        value.map(Segment::Literal)
    }

    fn attribute(
        &self,
        address: Address,
        attribute: &str,
        span: &Span,
        problems: &mut Problems,
    ) -> Option<Segment> {
        if !self.declared.contains(&address) {
            self.undeclared(&address, attribute, span, problems);
            return None;
        }
        let attributes = Attribute::of(address.kind);
        let found = attributes
            .iter()
            .copied()
            .find(|candidate| candidate.as_str() == attribute);
        if found.is_none() {
            let spelled: Vec<&str> = attributes.iter().map(|a| a.as_str()).collect();
            let problem = problems.add(
                "unknown-attribute",
                span,
                "no such attribute",
                format!("a {} has no `{attribute}`", address.kind.noun()),
            );
            suggest(
                problem,
                nearest(attribute, spelled.iter().copied()),
                &format!("{address}."),
                || format!("there are {}", listed(&spelled)),
            );
        }
        found.map(|attribute| Segment::Reference(Reference { address, attribute }))
    }

    fn undeclared(&self, address: &Address, attribute: &str, span: &Span, problems: &mut Problems) {
        let siblings: Vec<&str> = self
            .declared
            .iter()
            .filter(|other| other.kind == address.kind)
            .map(|other| other.key.as_str())
            .collect();
        let problem = problems.add(
            "undefined-reference",
            span,
            "not in this stack file",
            format!("there is no `{address}`"),
        );
        let near = nearest(&address.key, siblings.iter().copied())
            .map(|key| format!("{}.{attribute}", Address::new(address.kind, key)));
        suggest(problem, near.as_deref(), "", || {
            if siblings.is_empty() || address.kind.is_single() {
                format!("the stack file has no [{}]", address.kind.table())
            } else {
                format!("the {}s are {}", address.kind.noun(), listed(&siblings))
            }
        });
    }

    fn unknown(&self, name: &str, span: &Span, problems: &mut Problems) {
        let problem = problems.add(
            "unknown-reference",
            span,
            "not something to refer to",
            format!("`${{{name}}}` is nothing that amp-stack knows"),
        );
        if let Some(help) = others::instead_of(name) {
            problem.help(help);
            return;
        }
        // IAM's own policy variables look the same (IAM user guide, "IAM policy elements: Variables
        // and tags").
        if name.contains(':') || matches!(name, "*" | "?" | "$") {
            problem.help(format!(
                "what IAM or a collector fills in is written with two dollar signs: `$${{{name}}}`"
            ));
            return;
        }
        let candidates = self.spellings();
        let variable = format!("var.{}", name.to_ascii_lowercase());
        let is_capital = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        if candidates.contains(&variable) {
            problem.help(did_you_mean(&format!("${{{variable}}}")));
            return;
        }
        if name.chars().all(is_capital) && name.chars().any(|c| c.is_ascii_uppercase()) {
            problem.help(format!(
                "did you mean `${{{variable}}}`, a variable that is declared under [variables], or `${{env.{name}}}`, one of the environment?"
            ));
            return;
        }
        suggest(
            problem,
            nearest(name, candidates.iter().map(String::as_str)),
            "",
            || {
                "there are `${var.NAME}`, `${env.NAME}`, `${account}`, `${region}`, `${partition}` and attributes such as `${workspace.id}` or `${roles.NAME.arn}`; write `$${` for the characters `${` themselves".to_owned()
            },
        );
    }

    /// Everything that can be mentioned.
    fn spellings(&self) -> Vec<String> {
        let mut all: Vec<String> = ["account", "region", "partition"].map(str::to_owned).into();
        let variables = self.variables.into_iter().flat_map(BTreeMap::keys);
        all.extend(variables.map(|name| format!("var.{name}")));
        for address in self.declared {
            let attributes = Attribute::of(address.kind).iter();
            all.extend(attributes.map(|attribute| format!("{address}.{}", attribute.as_str())));
        }
        all
    }
}

/// The address that the parts of a reference make before its last one.
fn address_of(parts: &[&str]) -> Option<Address> {
    let (table, key) = match parts {
        [table] => (table, None),
        [table, key] => (table, Some(*key)),
        _ => return None,
    };
    let mut kinds = Kind::ALL.into_iter();
    let kind = kinds.find(|kind| kind.table() == *table && kind.is_single() == key.is_none())?;
    Some(Address::new(kind, key.unwrap_or_default()))
}

fn undecided(word: &str, span: &Span, problems: &mut Problems) {
    problems
        .add(
            "reference-too-early",
            span,
            "not decided yet",
            format!("`${{{word}}}` cannot be mentioned here"),
        )
        .help("[variables] are read first, then [stack], which says where everything else is");
}

fn suggest(
    problem: &mut Problem,
    near: Option<&str>,
    prefix: &str,
    otherwise: impl FnOnce() -> String,
) {
    problem.help(near.map_or_else(otherwise, |near| {
        did_you_mean(&format!("${{{prefix}{near}}}"))
    }));
}

#[cfg(test)]
mod tests;
