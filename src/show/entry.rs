//! Trees and differences as aligned lines.

use std::fmt::Write;

use crate::{
    model::{
        diff::{Part, Path},
        node::Node,
        secret::{HIDDEN, is_secret},
        template::Template,
    },
    show::{Paint, Style, words::columns},
};

/// The longest list or table that is shown on the line of its name.
const INLINE_COLUMNS: usize = 72;
/// The name of what has none: the element of a list.
const ELEMENT: &str = "-";
/// How much of the width a name may take and still push the values of its neighbours to the right,
/// in percent.
const ALIGNED_PERCENT: usize = 40;

/// A name and what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) mark: Mark,
    pub(super) label: String,
    pub(super) body: Body,
}

/// What happens to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// Nothing, or the same as to what it is in.
    Same,
    Added,
    Removed,
    Changed,
}

/// What stands at an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// A value on one line.
    Value(String),
    /// A value before and after.
    Change { from: String, to: String },
    /// The lines of a longer text.
    Lines(Vec<String>),
    /// What a table or list holds.
    Nested(Vec<Entry>),
    /// The same of a small table or list, which may also stand on one line if there is room.
    Small { inline: String, nested: Vec<Entry> },
}

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Same => " ",
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
        }
    }

    fn paint(self) -> Paint {
        match self {
            Self::Same => Paint::Faint,
            Self::Added => Paint::Create,
            Self::Removed => Paint::Remove,
            Self::Changed => Paint::Update,
        }
    }
}

impl Entry {
    /// The value at `path` under the name `label`. Secrets are hidden; what is known after apply
    /// says so.
    pub(super) fn of(label: impl Into<String>, mark: Mark, path: &Path, node: &Node) -> Self {
        Self {
            mark,
            label: label.into(),
            body: body(path, node),
        }
    }

    /// Two values of the same place.
    pub(super) fn change(path: &Path, from: &Node, to: &Node) -> Self {
        let label = path.to_string();
        let mark = Mark::Changed;
        let body = match (body(path, from), body(path, to)) {
            // The two look the same but are not.
            (Body::Value(from), Body::Value(to)) if from == to => {
                Body::Value(format!("{to}, changes"))
            }
            (Body::Value(from), Body::Value(to)) => Body::Change { from, to },
            (from, to) => {
                let side = |label: &str, mark, body| Self {
                    mark,
                    label: label.to_owned(),
                    body,
                };
                Body::Nested(vec![
                    side("from", Mark::Removed, from),
                    side("to", Mark::Added, to),
                ])
            }
        };
        Self { mark, label, body }
    }
}

/// The members of a table, one entry each.
pub(super) fn members<'a>(
    path: &Path,
    mark: Mark,
    members: impl IntoIterator<Item = (&'a String, &'a Node)>,
) -> Vec<Entry> {
    members
        .into_iter()
        .map(|(key, node)| {
            let path = path.join(Part::Key(key.clone()));
            Entry::of(key.clone(), mark, &path, node)
        })
        .collect()
}

fn body(path: &Path, node: &Node) -> Body {
    if is_secret(path, node) {
        return Body::Value(HIDDEN.to_owned());
    }
    let nested = match node {
        Node::Text(text) => return text_body(text),
        Node::Null | Node::Bool(_) | Node::Number(_) => {
            return Body::Value(node.to_json().to_string());
        }
        Node::Map(map) => members(path, Mark::Same, map),
        Node::List(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| {
                let path = path.join(Part::Index(index));
                Entry::of(ELEMENT, Mark::Same, &path, element)
            })
            .collect(),
    };
    let mut is_known = true;
    node.each_template(&mut |text| is_known &= text.known().is_some());
    let inline = with_knowledge(inline(path, node), is_known);
    if nested.is_empty() {
        Body::Value(inline)
    } else if columns(&inline) <= INLINE_COLUMNS {
        Body::Small { inline, nested }
    } else {
        Body::Nested(nested)
    }
}

pub(super) fn text_body(text: &Template) -> Body {
    let is_known = text.known().is_some();
    let text = text.to_string();
    if text.contains('\n') {
        return Body::Lines(text.lines().map(str::to_owned).collect());
    }
    // What would be invisible or ambiguous is quoted.
    let is_plain = !text.is_empty() && text.trim() == text && !text.chars().any(char::is_control);
    let shown = if is_plain { text } else { quoted(&text) };
    Body::Value(with_knowledge(shown, is_known))
}

fn with_knowledge(shown: String, is_known: bool) -> String {
    if is_known {
        shown
    } else {
        format!("{shown} (known after apply)")
    }
}

/// The value as a stack file spells it: `["CMD", "/healthcheck"]`, `{ container_port = 8080 }`.
pub(super) fn inline(path: &Path, node: &Node) -> String {
    match node {
        _ if is_secret(path, node) => HIDDEN.to_owned(),
        Node::Null | Node::Bool(_) | Node::Number(_) => node.to_json().to_string(),
        Node::Text(text) => quoted(&text.to_string()),
        Node::List(elements) => {
            let elements: Vec<String> = elements
                .iter()
                .map(|element| inline(&path.join(Part::Member), element))
                .collect();
            format!("[{}]", elements.join(", "))
        }
        Node::Map(members) if members.is_empty() => "{}".to_owned(),
        Node::Map(members) => {
            let members: Vec<String> = members
                .iter()
                .map(|(key, member)| {
                    let path = path.join(Part::Key(key.clone()));
                    format!("{key} = {}", inline(&path, member))
                })
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Writes entries, `indent` columns in, with their values aligned.
pub(super) fn write(entries: &[Entry], indent: usize, style: Style, out: &mut String) {
    let widest = style.width * ALIGNED_PERCENT / 100;
    let aligned = entries
        .iter()
        .filter(|entry| match &entry.body {
            Body::Value(_) | Body::Change { .. } | Body::Small { .. } => true,
            Body::Lines(_) | Body::Nested(_) => false,
        })
        .map(|entry| columns(&entry.label))
        .filter(|columns| *columns <= widest)
        .max()
        .unwrap_or(0);
    for entry in entries {
        write_entry(entry, indent, aligned, style, out);
    }
}

/// Writes one entry, whose value stands `aligned` columns after the beginning of its name if there
/// is room.
pub(super) fn write_entry(
    entry: &Entry,
    indent: usize,
    aligned: usize,
    style: Style,
    out: &mut String,
) {
    let Entry { mark, label, body } = entry;
    let start = " ".repeat(indent);
    let sign = style.paint(mark.paint(), mark.sign());
    let gap = if label == ELEMENT { 1 } else { 2 };
    let gap = " ".repeat((aligned + gap).saturating_sub(columns(label)).max(gap));
    let head = format!("{start}{sign} {label}");
    let mut line = |text: String| writeln!(out, "{}", text.trim_end()).expect("a string takes all");
    let column = columns(&head) + gap.len();
    let fits = |value: &str| column + columns(value) <= style.width;
    match body {
        Body::Value(value) | Body::Small { inline: value, .. } if fits(value) => {
            line(format!("{head}{gap}{value}"));
        }
        Body::Value(value) => {
            line(head);
            line(format!("{start}      {value}"));
        }
        Body::Change { from, to } => {
            let both = format!("{from} -> {to}");
            if fits(&both) {
                line(format!("{head}{gap}{both}"));
            } else if fits(from) && fits(to) {
                let arrow = " ".repeat(column.saturating_sub(3));
                line(format!("{head}{gap}{from}"));
                line(format!("{arrow}-> {to}"));
            } else {
                line(head);
                line(format!("{start}      {from}"));
                line(format!("{start}   -> {to}"));
            }
        }
        Body::Lines(lines) => {
            line(head);
            for text in lines {
                line(format!("{start}    | {text}"));
            }
        }
        Body::Nested(entries)
        | Body::Small {
            nested: entries, ..
        } if label == ELEMENT => {
            let mut nested = String::new();
            write(entries, indent + 2, style, &mut nested);
            // The first member stands on the line of the dash.
            out.push_str(&head);
            out.push(' ');
            out.push_str(nested.trim_start());
        }
        Body::Nested(entries)
        | Body::Small {
            nested: entries, ..
        } => {
            line(head);
            write(entries, indent + 2, style, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::{
        address::Address,
        template::{Attribute, Reference},
    };

    fn shown(node: &Node) -> String {
        let mut out = String::new();
        let map = node.as_map().expect("a table");
        write(
            &members(&Path::default(), Mark::Same, map),
            0,
            Style::PLAIN,
            &mut out,
        );
        out
    }

    #[test]
    fn trees_are_aligned_and_nested() {
        let tree = Node::from(&json!({
            "cpu": "256",
            "empty": "",
            "health_check": {"command": ["CMD", "/healthcheck"], "interval": 30},
            "config": {"receivers": {"prometheus": {"targets": ["localhost:8080", "localhost:9090"], "interval": "20s", "path": "/metrics"}}},
            "script": "one\ntwo",
            "statements": [{"Effect": "Allow", "Resource": "arn:aws:aps:us-east-1:111122223333:workspace/ws-1"}, "x"],
        }));
        assert_eq!(
            shown(&tree),
            "  config
    receivers
      prometheus
        interval  20s
        path      /metrics
        targets   [\"localhost:8080\", \"localhost:9090\"]
  cpu           256
  empty         \"\"
  health_check  { command = [\"CMD\", \"/healthcheck\"], interval = 30 }
  script
    | one
    | two
  statements
    - Effect    Allow
      Resource  arn:aws:aps:us-east-1:111122223333:workspace/ws-1
    - x
"
        );
    }

    #[test]
    fn what_is_known_after_apply_says_so() {
        let url = Reference {
            address: Address::workspace(),
            attribute: Attribute::RemoteWriteUrl,
        };
        let tree = Node::map([("URL", Node::Text(Template::from(url)))]);
        assert_eq!(
            shown(&tree),
            "  URL  ${workspace.remote_write_url} (known after apply)\n"
        );
    }

    #[test]
    fn hidden_values_stay_hidden_at_any_depth() {
        let tree = Node::from(&json!({"a": {"b": [{"API_KEY": "abc"}]}, "PASSWORD": "abc"}));
        assert!(!shown(&tree).contains("abc"), "{}", shown(&tree));
    }

    #[test]
    fn a_change_that_does_not_fit_takes_two_lines() {
        let path = Path::default().join(Part::Key("image".to_owned()));
        let (from, to) = (
            format!("{}:1", "a".repeat(60)),
            format!("{}:2", "a".repeat(60)),
        );
        let entry = Entry::change(&path, &Node::from(from.as_str()), &Node::from(to.as_str()));
        let mut out = String::new();
        write(&[entry], 4, Style::PLAIN, &mut out);
        assert_eq!(out, format!("    ~ image  {from}\n          -> {to}\n"));
    }

    #[test]
    fn a_long_name_has_its_value_below() {
        let path = (0..20).fold(Path::default(), |path, _| {
            path.join(Part::Key("abcd".to_owned()))
        });
        let entry = Entry::change(&path, &Node::from("20s"), &Node::from("60s"));
        let mut out = String::new();
        write(
            &[entry],
            0,
            Style {
                width: 80,
                ..Style::PLAIN
            },
            &mut out,
        );
        assert_eq!(out, format!("~ {path}\n      20s\n   -> 60s\n"));
    }

    #[test]
    fn a_hidden_value_that_changes_is_marked() {
        let path = Path::default().join(Part::Key("API_KEY".to_owned()));
        let entry = Entry::change(&path, &Node::from("abc"), &Node::from("abd"));
        assert_eq!(entry.body, Body::Value("(hidden), changes".to_owned()));
    }
}
