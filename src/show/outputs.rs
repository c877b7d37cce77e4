//! Outputs: what scripts are given of a stack, as an aligned table or as JSON.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    model::{
        address::Address,
        secret::{self, HIDDEN},
        template::{Attribute, Reference, Template},
    },
    show::{
        Paint, Style,
        entry::{self, Body, Entry, Mark},
        file_order::in_file_order,
        words,
    },
    stack::{Output, Stack},
};

/// Attributes of resources by address.
pub type Known = BTreeMap<Address, BTreeMap<Attribute, String>>;

/// An output with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOutput {
    /// The name of a declared output, or the path of an attribute: `workspace.id`.
    pub name: String,
    /// The value; as far as it is known, if it is not.
    pub value: Template,
    /// What it is, for people.
    pub description: Option<String>,
    /// Whether it is kept out of tables, which end up in logs. Whoever asks for it by name, or for
    /// JSON, gets it.
    pub is_secret: bool,
}

impl ShownOutput {
    /// The value, if everything in it is known.
    pub fn known(&self) -> Option<&str> {
        self.value.known()
    }
}

/// The outputs that `stack` declares, with what is `known` filled in.
pub fn declared(stack: &Stack, known: &Known) -> Vec<ShownOutput> {
    let lookup = |reference: &Reference| {
        let attributes = known.get(&reference.address)?;
        attributes.get(&reference.attribute).cloned()
    };
    let outputs = stack.outputs.iter();
    let shown = outputs.map(|(name, output)| shown(name, output, output.value.resolve(&lookup)));
    shown.collect()
}

fn shown(name: &str, output: &Output, value: Template) -> ShownOutput {
    ShownOutput {
        name: name.to_owned(),
        is_secret: secret::is_secret_output(name, &value, output.secret),
        value,
        description: output.description.clone(),
    }
}

/// The attributes of the resources that `stack` wants, in the order of its file, and of what it
/// uses and somebody else owns.
pub fn attributes(stack: &Stack, known: &Known) -> Vec<ShownOutput> {
    let wanted = stack.resources.iter();
    let wanted = wanted.filter_map(|(address, declared)| declared.want.as_ref().map(|_| address));
    let mut addresses: Vec<&Address> = wanted.chain(stack.existing.keys()).collect();
    addresses.sort();
    let mut all = Vec::new();
    for address in in_file_order(addresses, &stack.order, |address| address) {
        for attribute in Attribute::of(address.kind) {
            let value = known.get(address).and_then(|of_it| of_it.get(attribute));
            let reference = || {
                Template::from(Reference {
                    address: address.clone(),
                    attribute: *attribute,
                })
            };
            all.push(ShownOutput {
                name: format!("{address}.{}", attribute.as_str()),
                value: value.map_or_else(reference, |value| Template::from(value.as_str())),
                description: None,
                is_secret: false,
            });
        }
    }
    all
}

/// The outputs whose values are known, one on each line and aligned, each with its description
/// below. Secrets are hidden.
pub fn table(shown: &[ShownOutput], style: Style) -> String {
    // A terminal breaks the lines of long URLs better than a program that can't know what is copied
    // from them.
    let unbroken = Style {
        width: usize::MAX,
        ..style
    };
    let known: Vec<&ShownOutput> = shown.iter().filter(|one| one.known().is_some()).collect();
    let widest = known.iter().map(|one| words::columns(&one.name)).max();
    let mut out = String::new();
    for one in known {
        let entry = Entry {
            mark: Mark::Same,
            label: one.name.clone(),
            body: if one.is_secret {
                Body::Value(HIDDEN.to_owned())
            } else {
                entry::text_body(&one.value)
            },
        };
        entry::write_entry(&entry, 0, widest.unwrap_or_default(), unbroken, &mut out);
        if let Some(description) = &one.description {
            let description = words::wrap("      ", description, style.width);
            out.push_str(&style.paint(Paint::Faint, description.trim_end()));
            out.push('\n');
        }
    }
    out
}

/// The outputs as an object: strings, and `null` for what is not known.
pub fn json(shown: &[ShownOutput]) -> Value {
    let members = shown.iter().map(|one| {
        let value = one.known().map_or(Value::Null, Value::from);
        (one.name.clone(), value)
    });
    Value::Object(members.collect())
}

/// The names of those that are not known.
pub fn unknown(shown: &[ShownOutput]) -> Vec<&str> {
    let unknown = shown.iter().filter(|one| one.known().is_none());
    unknown.map(|one| one.name.as_str()).collect()
}

/// What a run has made of the declared outputs, under a title; nothing if there are none.
pub fn after_apply(stack: &Stack, known: &Known, style: Style) -> String {
    let shown = declared(stack, known);
    if shown.is_empty() {
        return String::new();
    }
    let title = format!("Outputs of {}:", stack.name);
    let title = style.paint(Paint::Title, &title);
    let mut out = format!("\n{title}\n{}", table(&shown, style));
    let unknown = unknown(&shown);
    if !unknown.is_empty() {
        let text = format!("not known yet: {}", unknown.join(", "));
        out.push_str(&words::wrap("  ", &text, style.width));
    }
    out
}
