//! The page of the guide that documents the events, compared with what runs emit.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::json::{lines, series::SERIES};

const PAGE: &str = include_str!("../../../src/guide/json.md");
/// The heading of the members that every line has.
const EVERY_LINE: &str = "every line";
/// Members that hold what the stack file or AWS says: what is in them is no part of the form.
const OPEN: &[&str] = &[
    "attributes",
    "remarks",
    "differences[].from",
    "differences[].to",
    "file",
    "aws",
];

/// An event, and a member of it: `step`, `differences[].path`.
type Members = BTreeSet<(String, String)>;

/// What the tables of the page say: of each heading that names an event, the first column.
fn documented() -> Members {
    let mut members = Members::new();
    let mut event = None;
    for line in PAGE.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            event = Some(heading.trim_matches('`').to_owned());
        } else if line.starts_with("## ") {
            event = None;
        }
        let Some(event) = &event else { continue };
        members.insert((event.clone(), String::new()));
        if let Some(member) = line.strip_prefix("| `") {
            let (member, _) = member.split_once('`').expect("names end with a backtick");
            members.insert((event.clone(), member.to_owned()));
        }
    }
    members
}

/// What runs say.
fn emitted() -> Members {
    let mut members = Members::new();
    for told in SERIES.values() {
        for line in lines(&told.run) {
            let event = line["event"].as_str().expect("every line has a name");
            members.insert((event.to_owned(), String::new()));
            for (name, member) in line.as_object().expect("every line is an object") {
                let is_common = ["time", "event", "stack_file"].contains(&name.as_str());
                let of = if is_common { EVERY_LINE } else { event };
                members.insert((of.to_owned(), String::new()));
                collect(of, name, member, &mut members);
            }
        }
    }
    members
}

fn collect(event: &str, path: &str, value: &Value, members: &mut Members) {
    let is_open = OPEN.contains(&path);
    if is_open || !value.is_object() {
        members.insert((event.to_owned(), path.to_owned()));
    }
    if is_open {
        return;
    }
    match value {
        Value::Object(object) => {
            for (name, member) in object {
                collect(event, &format!("{path}.{name}"), member, members);
            }
        }
        Value::Array(elements) => {
            for element in elements {
                // A list of texts has no members.
                if element.is_object() {
                    let path = format!("{path}[]");
                    for (name, member) in element.as_object().expect("it is one") {
                        collect(event, &format!("{path}.{name}"), member, members);
                    }
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn the_page_has_what_runs_emit_and_nothing_else() {
    let (documented, emitted) = (documented(), emitted());
    let undocumented: Vec<_> = emitted.difference(&documented).collect();
    assert!(undocumented.is_empty(), "not on the page: {undocumented:?}");
    let unseen: Vec<_> = documented.difference(&emitted).collect();
    assert!(unseen.is_empty(), "never emitted: {unseen:?}");
    assert!(emitted.len() > 80, "{} members", emitted.len());
}

#[test]
fn every_choice_is_on_the_page() {
    let choices = [
        "kind", "action", "phase", "goal", "class", "trouble", "change",
    ];
    for told in SERIES.values() {
        for line in lines(&told.run) {
            let differences = line["differences"].as_array().into_iter().flatten();
            for object in [&line].into_iter().chain(differences) {
                for choice in choices {
                    if let Some(value) = object[choice].as_str() {
                        assert!(
                            PAGE.contains(&format!("`\"{value}\"`")),
                            "{choice}: {value}"
                        );
                    }
                }
            }
        }
    }
}
