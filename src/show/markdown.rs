//! A plan as Markdown, for a comment on a pull request or the summary of a job.
//!
//! What has to be decided and what is risky comes first; each resource is folded. Everything that
//! a stack file or AWS says stands in code, so that no name is taken for Markdown, for HTML or for
//! somebody to notify.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    model::{address::Address, identity::Identity, normal::Suppressed},
    plan::{Plan, risk::Risk},
    show::{
        Style, decide,
        file_order::in_file_order,
        plan::{Frame, counts},
        step::{Group, groups},
        suppressed, words,
    },
};

/// The most characters of a comment on GitHub, less what a job may write around it. GitHub refuses
/// a longer one with "Body is too long (maximum is 65536 characters)".
pub const MOST: usize = 60_000;

/// What part of the room each of the texts before the resources may take.
const HEAD: usize = 9;

/// The plan in at most `room` characters. What does not fit is counted.
pub fn render(
    plan: &Plan,
    risks: &[Risk],
    suppressed: Option<&BTreeMap<Address, Vec<Suppressed>>>,
    frame: &Frame<'_>,
    room: usize,
) -> String {
    let mut out = heading(plan, frame);
    let order = frame.order;
    for text in [
        decide::refusals(&plan.refusals, order, frame.places, Style::PLAIN),
        decide::risks(risks, order, frame.places, Style::PLAIN),
        decide::notes(&plan.notes, order, frame.places, Style::PLAIN),
    ] {
        if !text.is_empty() {
            out.push_str(&fenced(&shortened(&text, room / HEAD)));
        }
    }
    let mut left = 0;
    for group in in_file_order(groups(&plan.steps), order, Group::address) {
        let whole = details(&group, frame);
        // The last line, which counts what is left, has to fit too.
        if out.len() + whole.len() + 200 <= room {
            out.push_str(&whole);
        } else {
            left += 1;
        }
    }
    if left > 0 {
        let resources = words::count(left, "more resource");
        writeln!(
            out,
            "\nand {resources} that a comment has no room for: `amp-stack plan` shows them all"
        )
        .expect("a string takes all");
    }
    if let Some(suppressed) = suppressed {
        let text = suppressed::render(suppressed, order, frame.verbose, Style::PLAIN);
        let folded = folded("not changes", &text);
        if out.len() + folded.len() <= room {
            out.push_str(&folded);
        }
    }
    out
}

fn heading(plan: &Plan, frame: &Frame<'_>) -> String {
    let Identity {
        account, region, ..
    } = frame.identity;
    let stack = frame.stack;
    let sandbox = frame
        .sandbox
        .map_or_else(String::new, |name| format!(" (sandbox {})", code(name)));
    let counts = counts(&[plan]);
    let says = match plan.refusals.len() {
        0 if plan.is_empty() && !plan.left_out.is_empty() => {
            "Nothing to do at what was targeted.".to_owned()
        }
        0 if plan.is_empty() && frame.destroy => {
            "Nothing to do: nothing of this stack is left.".to_owned()
        }
        0 if plan.is_empty() => "Nothing to do: everything is as the stack file says.".to_owned(),
        0 => format!("**{counts}**"),
        refusals => {
            let refusals = words::count(refusals, "decision");
            let counts = if counts.is_empty() {
                String::new()
            } else {
                format!(", then {counts}")
            };
            format!("**Blocked: {refusals} needed{counts}**")
        }
    };
    let verb = if frame.destroy { " to destroy" } else { "" };
    let access = words::in_heading(frame.access);
    format!(
        "### amp-stack: plan{verb} `{stack}` in {region}, account {account}{access}{sandbox}\n\n{says}\n\n"
    )
}

/// A resource with its fields and calls, folded.
fn details(group: &Group<'_>, frame: &Frame<'_>) -> String {
    let mut text = String::new();
    group.write(frame.verbose, Style::PLAIN, &mut text);
    let (title, rest) = text.split_once('\n').unwrap_or((&text, ""));
    folded(title, rest)
}

/// Text that is shown when somebody opens it.
fn folded(title: &str, text: &str) -> String {
    format!(
        "<details><summary>{}</summary>\n\n{}</details>\n\n",
        code(title.trim()),
        fenced(text)
    )
}

/// One line as code in HTML.
fn code(text: &str) -> String {
    let text = text
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    format!("<code>{text}</code>")
}

/// Text in which nothing means anything to Markdown: between more backquotes than it holds in a
/// row.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n\n", text.trim_end())
}

/// The first lines of a text, which together have at most `room` bytes, and how many are left.
fn shortened(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut lines = text.split_inclusive('\n');
    for line in lines.by_ref() {
        if out.len() + line.len() > room {
            let left = lines.count() + 1;
            let left = words::count(left, "more line");
            writeln!(out, "and {left}").expect("a string takes all");
            break;
        }
        out.push_str(line);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_fence_ends_it() {
        assert_eq!(fenced("a\n```\nb\n"), "````text\na\n```\nb\n````\n\n");
        assert_eq!(fenced("a"), "```text\na\n```\n\n");
    }

    #[test]
    fn what_looks_like_html_is_text() {
        assert_eq!(
            code("</details>&<b>@team"),
            "<code>&lt;/details&gt;&amp;&lt;b&gt;@team</code>"
        );
    }

    #[test]
    fn what_is_left_out_is_counted() {
        let text = "one\ntwo\nthree\n";
        assert_eq!(shortened(text, 100), text);
        assert_eq!(shortened(text, 8), "one\ntwo\nand 1 more line\n");
    }
}
