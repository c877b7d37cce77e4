//! What is no change although the stack file and AWS say different things, with the rule behind
//! each place.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    kinds::Resource,
    model::{address::Address, node::Node, normal::Suppressed, rule::Rule, secret::join_arguments},
    show::{
        Paint, Style,
        entry::{self, Body, Entry, Mark},
        file_order::in_file_order,
        words,
    },
};

/// The differences by resource and rule. What ECS only reports, which is much and always there, is
/// shown with `verbose`.
pub fn render(
    suppressed: &BTreeMap<Address, Vec<Suppressed>>,
    order: &[Address],
    verbose: bool,
    style: Style,
) -> String {
    let mut text = String::new();
    for (address, all) in in_file_order(suppressed, order, |(address, _)| address) {
        let minor = Resource::minor_rule(address.kind);
        let is_minor = |one: &Suppressed| minor.is_some_and(|minor| one.rules == [minor]);
        let shown: Vec<&Suppressed> = all.iter().filter(|one| verbose || !is_minor(one)).collect();
        if !shown.is_empty() {
            let address = style.paint(Paint::Title, &address.to_string());
            writeln!(text, "\n  {address}").expect("a string takes all");
            by_rule(&shown, style, &mut text);
        }
    }
    if text.is_empty() {
        return "Not changes: none, for whatever lives is spelled as in the stack file, or differs.\n"
            .to_owned();
    }
    let title = style.paint(Paint::Title, "Not changes");
    format!(
        "{title}, because the file and AWS mean the same, or because nothing needs to be done about it:\n{text}"
    )
}

fn by_rule(suppressed: &[&Suppressed], style: Style, text: &mut String) {
    let mut rules: Vec<&[Rule]> = Vec::new();
    for one in suppressed {
        if !rules.contains(&one.rules.as_slice()) {
            rules.push(&one.rules);
        }
    }
    for rules in rules {
        for Rule {
            code,
            sentence,
            source,
        } in rules
        {
            let first = format!("    {code}: ");
            text.push_str(&words::wrap(&first, sentence, style.width));
            let source = words::wrap("      Source: ", source, style.width);
            text.push_str(&style.paint(Paint::Faint, source.trim_end()));
            text.push('\n');
        }
        let places = suppressed.iter().filter(|one| one.rules == rules);
        let entries: Vec<Entry> = places.map(|one| place(one)).collect();
        entry::write(&entries, 6, style, text);
    }
}

fn place(suppressed: &Suppressed) -> Entry {
    let Suppressed {
        path,
        want,
        live,
        rules: _,
    } = suppressed;
    let say = |node: &Node| entry::inline(path, &join_arguments(node.clone()));
    let said = match (want.as_ref().map(say), live.as_ref().map(say)) {
        (Some(want), Some(live)) => format!("the file says {want}, AWS says {live}"),
        (Some(want), None) => format!("the file says {want}, AWS says nothing"),
        (None, Some(live)) => format!("the file says nothing, AWS says {live}"),
        (None, None) => "neither says anything".to_owned(),
    };
    Entry {
        mark: Mark::Same,
        label: path.to_string(),
        body: Body::Value(said),
    }
}
