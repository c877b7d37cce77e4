//! What moved since a plan was made.

use crate::{
    plan::Refusal,
    saved::Moved,
    show::{
        Paint, Style, decide,
        entry::{self, Entry},
        step::fields,
        words,
    },
};

/// The resources that moved, each with what differs between then and now; nothing if there are
/// none.
pub fn render(moved: &[Moved], style: Style) -> String {
    let mut out = String::new();
    for (index, moved) in moved.iter().enumerate() {
        if index == 0 {
            let title = style.paint(Paint::Title, "Moved since the plan was made:");
            out.push('\n');
            out.push_str(&title);
            out.push('\n');
        }
        write(moved, style, &mut out);
    }
    out
}

fn write(moved: &Moved, style: Style, out: &mut String) {
    let Moved {
        address,
        name,
        then,
        now,
        arns,
        refused,
    } = moved;
    let (sign, paint, what) = match (then, now) {
        // It is not there, now as then: what keeps it from being made is said below.
        (None, None) => ("~", Paint::Update, "can no longer be made"),
        (None, Some(_)) => ("+", Paint::Create, "has appeared"),
        (Some(_), None) => ("-", Paint::Remove, "is gone"),
        (Some(_), Some(_)) if arns.is_some() => ("~", Paint::Update, "is another one now"),
        (Some(then), Some(now)) if then == now => {
            ("~", Paint::Update, "would be treated otherwise")
        }
        (Some(_), Some(_)) => ("~", Paint::Update, "has changed"),
    };
    let mut noun = address.kind.noun().to_owned();
    if !name.is_empty() {
        noun = format!("{noun} {name}");
    }
    let address = style.paint(Paint::Title, &address.to_string());
    let title = format!("{address}: {noun} {what}");
    let sign = format!("{} ", style.paint(paint, sign));
    out.push_str(&words::wrap(&sign, &title, style.width));
    if let Some([was, is]) = arns {
        out.push_str(&words::wrap(
            "      ",
            &format!("{was} -> {is}"),
            style.width,
        ));
    }
    let entries: Vec<Entry> = match (then, now) {
        (Some(then), Some(now)) => fields(Some(then), Some(now), false),
        (None, _) | (_, None) => Vec::new(),
    };
    entry::write(&entries, 4, style, out);
    if let Some(reason) = refused {
        let refusal = Refusal {
            address: moved.address.clone(),
            reason: reason.clone(),
        };
        out.push_str(&decide::refusals(&[refusal], &[], None, style));
    }
}
