//! Prometheus' rules about labels.
//!
//! Source: Prometheus documentation, "Configuration", `<relabel_config>`, and
//! prometheus/prometheus, `model/relabel/relabel.go`, `Config.Validate`.

use serde_json::{Map, Value, json};

use crate::collector::{config::escaped, pattern};

/// What a rule does.
#[derive(Debug, PartialEq, Eq)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// The keys that it does not do without.
    needs: &'static [&'static str],
    /// Those that it takes besides.
    takes: &'static [&'static str],
}

const SOURCE: &str = "source_labels";
const SEPARATOR: &str = "separator";
const TARGET: &str = "target_label";
const REGEX: &str = "regex";
const MODULUS: &str = "modulus";
const REPLACEMENT: &str = "replacement";

/// What rules can do. Of `keep`, `drop`, `labeldrop` and `labelkeep` without what they look at,
/// Prometheus makes a rule about everything, which can't be meant.
pub static ACTIONS: &[Action] = &[
    action(
        "replace",
        &[TARGET],
        &[SOURCE, SEPARATOR, REGEX, REPLACEMENT],
    ),
    action("keep", &[SOURCE], &[SEPARATOR, REGEX]),
    action("drop", &[SOURCE], &[SEPARATOR, REGEX]),
    action("keepequal", &[SOURCE, TARGET], &[]),
    action("dropequal", &[SOURCE, TARGET], &[]),
    action("hashmod", &[SOURCE, TARGET, MODULUS], &[SEPARATOR]),
    action("labelmap", &[REGEX], &[REPLACEMENT]),
    action("labeldrop", &[REGEX], &[]),
    action("labelkeep", &[REGEX], &[]),
    action("lowercase", &[SOURCE, TARGET], &[SEPARATOR]),
    action("uppercase", &[SOURCE, TARGET], &[SEPARATOR]),
];

/// The names of [`ACTIONS`].
pub const ACTION_NAMES: &[&str] = &[
    "replace",
    "keep",
    "drop",
    "keepequal",
    "dropequal",
    "hashmod",
    "labelmap",
    "labeldrop",
    "labelkeep",
    "lowercase",
    "uppercase",
];

const fn action(
    name: &'static str,
    needs: &'static [&'static str],
    takes: &'static [&'static str],
) -> Action {
    Action { name, needs, takes }
}

/// The action of this name.
pub fn action_of(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relabel {
    /// What it does.
    pub action: &'static Action,
    /// The labels whose values it looks at.
    pub source_labels: Vec<String>,
    /// What stands between their values.
    pub separator: Option<String>,
    /// The label that it writes.
    pub target_label: Option<String>,
    /// The pattern that the values are compared with.
    pub regex: Option<String>,
    /// The number that a hash of the values is divided by.
    pub modulus: Option<u64>,
    /// What it writes.
    pub replacement: Option<String>,
}

/// What is wrong with a rule: of which key, or of the whole rule, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key, if it is there.
    pub key: Option<&'static str>,
    /// What is wrong with it, as a sentence.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Relabel {
    /// As a configuration has it.
    pub(super) fn to_json(&self) -> Value {
        let mut rule = Map::new();
        let mut set = |key: &str, value: Value| _ = rule.insert(key.to_owned(), value);
        set("action", json!(self.action.name));
        if !self.source_labels.is_empty() {
            let labels = self.source_labels.iter().map(|label| escaped(label));
            set(SOURCE, labels.collect());
        }
        for (key, text) in self.texts() {
            set(key, json!(escaped(text)));
        }
        if let Some(modulus) = self.modulus {
            set(MODULUS, json!(modulus));
        }
        Value::Object(rule)
    }

    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let texts = [
            (SEPARATOR, &self.separator),
            (TARGET, &self.target_label),
            (REGEX, &self.regex),
            (REPLACEMENT, &self.replacement),
        ];
        let given = texts.into_iter();
        given.filter_map(|(key, text)| Some((key, text.as_deref()?)))
    }

    /// The keys that are given.
    fn given(&self) -> Vec<&'static str> {
        let source = (!self.source_labels.is_empty()).then_some(SOURCE);
        let modulus = self.modulus.map(|_| MODULUS);
        let texts = self.texts().map(|(key, _)| key);
        source.into_iter().chain(texts).chain(modulus).collect()
    }

    /// Everything that is wrong with it.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let Action { name, needs, takes } = self.action;
        let given = self.given();
        let mut mistakes = Vec::new();
        for key in needs.iter().filter(|key| !given.contains(key)) {
            mistakes.push(Mistake {
                key: None,
                message: format!("the rule `{name}` needs `{key}`"),
                help: format!("add `{key}`"),
            });
        }
        let is_taken = |key: &str| needs.contains(&key) || takes.contains(&key);
        for key in given.iter().copied().filter(|key| !is_taken(key)) {
            mistakes.push(Mistake {
                key: Some(key),
                message: format!("the rule `{name}` takes no `{key}`"),
                help: format!("leave it out; the rule takes {}", words(needs, takes)),
            });
        }
        self.labels(&mut mistakes);
        self.groups(&mut mistakes);
        mistakes
    }

    /// What it writes has to be called as a label can be.
    fn labels(&self, mistakes: &mut Vec<Mistake>) {
        let name = self.action.name;
        let may_be_made = name == "replace";
        let written = self.target_label.as_deref().map(|label| (TARGET, label));
        let mapped = self.replacement.as_deref().filter(|_| name == "labelmap");
        let mapped = mapped.map(|label| (REPLACEMENT, label));
        for (key, label) in written.into_iter().chain(mapped) {
            let is_sound = if may_be_made || key == REPLACEMENT {
                is_label(&without_groups(label))
            } else {
                is_label(label)
            };
            if !is_sound {
                mistakes.push(Mistake {
                    key: Some(key),
                    message: format!("no label can be called `{label}`"),
                    help: "names of labels are letters, digits and `_`, and begin with no digit"
                        .to_owned(),
                });
            }
        }
    }

    /// What it mentions of the pattern has to be in there.
    fn groups(&self, mistakes: &mut Vec<Mistake>) {
        let usual = "(.*)".to_owned();
        let regex = self.regex.as_ref().unwrap_or(&usual);
        // What is no pattern is reported as such.
        let Ok(groups) = pattern::read(regex) else {
            return;
        };
        for (key, text) in self
            .texts()
            .filter(|(key, _)| [TARGET, REPLACEMENT].contains(key))
        {
            for group in pattern::mentioned(text).iter().filter(|g| !groups.has(g)) {
                let digits = group.len() - group.trim_start_matches(char::is_numeric).len();
                let (number, rest) = group.split_at(digits);
                let help = if groups.has(number) && !rest.is_empty() {
                    format!(
                        "write `$${{{number}}}{rest}`, which a stack file turns into `${{{number}}}{rest}`"
                    )
                } else {
                    format!("`{regex}` has {} in parentheses", groups.count)
                };
                mistakes.push(Mistake {
                    key: Some(key),
                    message: format!(
                        "`{text}` mentions a group `{group}` that `{regex}` does not have"
                    ),
                    help,
                });
            }
        }
    }
}

/// Keys, as a list in a sentence.
fn words(needs: &[&str], takes: &[&str]) -> String {
    let keys = needs.iter().chain(takes);
    let keys: Vec<String> = keys.map(|key| format!("`{key}`")).collect();
    keys.join(", ")
}

/// Returns whether this can be the name of a label, those that Prometheus keeps for itself
/// included.
fn is_label(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A name with a letter in place of each group that it mentions.
fn without_groups(name: &str) -> String {
    let mut plain = name.to_owned();
    for group in pattern::mentioned(name) {
        plain = plain.replace(&format!("${{{group}}}"), "x");
        plain = plain.replace(&format!("${group}"), "x");
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(action: &str) -> Relabel {
        Relabel {
            action: action_of(action).expect("an action"),
            source_labels: Vec::new(),
            separator: None,
            target_label: None,
            regex: None,
            modulus: None,
            replacement: None,
        }
    }

    #[test]
    fn the_names_are_those_of_the_actions() {
        let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
        assert_eq!(names, ACTION_NAMES);
    }

    /// With exactly what an action needs and takes nothing is wrong, and with one key more or less
    /// something is.
    #[test]
    fn every_action_has_its_keys() {
        let whole = |action: &'static Action| {
            let has = |key| action.needs.contains(&key) || action.takes.contains(&key);
            let text = |key, text: &str| has(key).then(|| text.to_owned());
            Relabel {
                action,
                source_labels: if has(SOURCE) {
                    vec!["a".to_owned()]
                } else {
                    Vec::new()
                },
                separator: text(SEPARATOR, ";"),
                target_label: text(TARGET, "b"),
                regex: text(REGEX, "(.+)"),
                modulus: has(MODULUS).then_some(4),
                replacement: text(REPLACEMENT, "$1"),
            }
        };
        let without = |rule: &Relabel, key: &str| {
            let mut rule = rule.clone();
            match key {
                SOURCE => rule.source_labels.clear(),
                SEPARATOR => rule.separator = None,
                TARGET => rule.target_label = None,
                REGEX => rule.regex = None,
                MODULUS => rule.modulus = None,
                _ => rule.replacement = None,
            }
            rule
        };
        for action in ACTIONS {
            let whole = whole(action);
            assert_eq!(whole.mistakes(), [], "{action:?}");
            for key in action.needs {
                assert_eq!(without(&whole, key).mistakes().len(), 1, "{action:?} {key}");
            }
            for key in action.takes {
                assert_eq!(without(&whole, key).mistakes(), [], "{action:?} {key}");
            }
            let more = Relabel {
                source_labels: vec!["a".to_owned()],
                separator: Some("-".to_owned()),
                target_label: Some("b".to_owned()),
                regex: Some("(.+)".to_owned()),
                modulus: Some(4),
                replacement: Some("$1".to_owned()),
                ..whole
            };
            let keys = 6 - action.needs.len() - action.takes.len();
            assert_eq!(more.mistakes().len(), keys, "{action:?}");
        }
    }

    #[test]
    fn what_is_written_has_to_be_there_and_to_be_a_name() {
        let replace = |target: &str, regex: &str, replacement: &str| Relabel {
            target_label: Some(target.to_owned()),
            regex: Some(regex.to_owned()),
            replacement: Some(replacement.to_owned()),
            ..rule("replace")
        };
        for (rule, wrong) in [
            (replace("a", "(.*)", "$1"), None),
            (replace("__param_$1", "(.*)", "${1}:9100"), None),
            (replace("a_${1}", "(?P<x>.*)", "$x"), None),
            (replace("a-b", "(.*)", "$1"), Some(TARGET)),
            (replace("1a", "(.*)", "$1"), Some(TARGET)),
            (replace("a", ".*", "$1"), Some(REPLACEMENT)),
            (replace("a", "(.*)", "$1st"), Some(REPLACEMENT)),
            (replace("a", "(", "$1"), None),
        ] {
            let mistakes = rule.mistakes();
            let keys: Vec<Option<&str>> = mistakes.iter().map(|m| m.key).collect();
            assert_eq!(
                keys,
                wrong.map(Some).into_iter().collect::<Vec<_>>(),
                "{rule:?}"
            );
        }
        let help = &replace("a", "(.*)", "$1st").mistakes()[0].help;
        assert!(help.contains("`$${1}st`"), "{help}");
    }
}
