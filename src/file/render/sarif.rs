//! Problems as SARIF, which code scanning and editors read.
//!
//! The form is version 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    file::render::json::{Label, Mistake},
    model::rule::Rule,
};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The log of one run that found `mistakes`, with the rules that they break.
pub fn log(mistakes: &[Mistake], rule: impl Fn(&str) -> Option<&'static Rule>) -> Value {
    let mut rules: BTreeMap<&str, Value> = BTreeMap::new();
    for Mistake { code, .. } in mistakes {
        rules.entry(code).or_insert_with(|| {
            let rule = rule(code);
            json!({
                "id": code,
                "shortDescription": { "text": rule.map_or(*code, |rule| rule.sentence) },
                "help": { "text": format!("amp-stack explain {code}") },
            })
        });
    }
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "amp-stack",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules.values().collect::<Vec<_>>(),
            } },
            // Columns count Unicode scalar values, as in the other forms.
            "columnKind": "unicodeCodePoints",
            "results": mistakes.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(mistake: &Mistake) -> Value {
    let Mistake {
        code,
        message,
        file,
        labels,
        help,
    } = mistake;
    let help = help.as_ref().map(|help| format!("\n{help}"));
    let text = format!("{message}{}", help.unwrap_or_default());
    let mut places = labels.iter().map(|label| location(file, label));
    let first: Vec<Value> = places.next().into_iter().collect();
    let related: Vec<Value> = places.collect();
    let mut result = json!({
        "ruleId": code,
        "level": "error",
        "message": { "text": text },
        "locations": first,
    });
    if !related.is_empty() {
        result["relatedLocations"] = Value::from(related);
    }
    result
}

fn location(file: &str, label: &Label) -> Value {
    json!({
        "physicalLocation": {
            // A relative reference is resolved against the repository by whoever reads the log.
            "artifactLocation": { "uri": uri(file) },
            "region": {
                "startLine": label.start.line,
                "startColumn": label.start.column,
                "endLine": label.end.line,
                "endColumn": label.end.column,
            },
        },
        "message": { "text": label.label },
    })
}

/// A path as a reference in a URI: with `/` between its parts, and escaped where it has to be.
fn uri(path: &str) -> String {
    use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
    const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~')
        .remove(b'/');
    utf8_percent_encode(&path.replace('\\', "/"), PLAIN).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::render::json::Position;

    fn label(text: &str, line: usize) -> Label {
        let at = |column| Position {
            byte: 0,
            line,
            column,
        };
        Label {
            label: text.to_owned(),
            start: at(1),
            end: at(5),
        }
    }

    #[test]
    fn a_result_names_its_rule_and_its_places() {
        let mistake = Mistake {
            code: "unknown-key",
            message: "no such key".to_owned(),
            file: "my stacks/a.toml".to_owned(),
            labels: vec![label("here", 7), label("first here", 2)],
            help: None,
        };
        let log = log(&[mistake.clone(), mistake], |_| None);
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert_eq!(rules.len(), 1, "a rule is listed once");
        assert_eq!(run["results"].as_array().unwrap().len(), 2);
        let result = &run["results"][0];
        assert_eq!(result["ruleId"], "unknown-key");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "my%20stacks/a.toml");
        assert_eq!(place["region"]["startLine"], 7);
        let related = &result["relatedLocations"][0];
        assert_eq!(related["message"]["text"], "first here");
    }
}
