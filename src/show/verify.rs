//! What `verify` has found, for people and for programs.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};

use crate::{
    model::{access::Access, address::Address, identity::Identity},
    show::{Paint, Style, events::Verified, words},
    verify::{Check, Findings, State, Verdict},
};

/// The version of the JSON document.
pub const FORMAT: u32 = 1;

/// What the checks are about.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The name of the stack.
    pub stack: &'a str,
    /// Where it lives.
    pub identity: &'a Identity,
    /// As whom it is looked at, if not as whoever starts the run.
    pub access: Option<&'a Access>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub sandbox: Option<&'a str>,
    /// The resources that alone were looked at; `None` is all of them.
    pub only: Option<&'a BTreeSet<Address>>,
}

impl Frame<'_> {
    /// What alone was looked at.
    fn names(&self) -> Option<Vec<String>> {
        let only = self.only?.iter();
        Some(only.map(ToString::to_string).collect())
    }

    /// What was seen of it, in these members, for programs, in this version of a format.
    pub(super) fn json<const N: usize>(&self, format: u32, seen: [(&str, Value); N]) -> Value {
        let mut document = json!({
            "format": format,
            "stack": self.stack,
            "account": self.identity.account,
            "region": self.identity.region,
            "role": self.access.and_then(Access::role).map(|role| role.arn.to_string()),
            "profile": self.access.and_then(Access::profile),
            "sandbox": self.sandbox,
        });
        for (member, value) in seen {
            document[member] = value;
        }
        document
    }

    /// Which stack it is, and where.
    pub(super) fn title(&self) -> String {
        let Identity {
            account, region, ..
        } = self.identity;
        let sandbox = self
            .sandbox
            .map_or_else(String::new, |name| format!(" (sandbox {name})"));
        let access = words::in_heading(self.access);
        format!(
            "Stack {} in {region}, account {account}{access}{sandbox}",
            self.stack
        )
    }
}

/// The checks, family by family, and what they say together.
pub fn render(findings: &Findings, frame: &Frame<'_>, style: Style) -> String {
    let checks = &findings.checks;
    let mut out = format!("{}\n", style.paint(Paint::Title, &frame.title()));
    if let Some(only) = frame.names() {
        let text = words::list(&only);
        out.push_str(&words::wrap(
            "Only what --target names: ",
            &text,
            style.width,
        ));
    }
    out.push('\n');
    let mut about: Option<&Address> = None;
    for check in checks {
        if check.address.as_ref() != about {
            about = check.address.as_ref();
            let name = about.map_or_else(String::new, ToString::to_string);
            writeln!(out, "\n{}", style.paint(Paint::Title, &name))
                .expect("writing to a string cannot fail");
        }
        write_check(check, style, &mut out);
    }
    out.push('\n');
    let summary = summary(checks);
    let paint = match Verdict::of(checks) {
        Verdict::Proven => Paint::Create,
        Verdict::Undecided => Paint::Update,
        Verdict::Disproven => Paint::Remove,
    };
    out.push_str(&style.paint(paint, words::wrap("", &summary, style.width).trim_end()));
    out.push_str("\n\nNot looked at:\n");
    for what in &findings.not_looked_at {
        out.push_str(&words::wrap("- ", what, style.width));
    }
    out
}

fn write_check(check: &Check, style: Style, out: &mut String) {
    let (mark, paint) = mark(check.state);
    let first = format!("{mark} ");
    let line = words::wrap(&first, &check.what, style.width);
    let rest = line.strip_prefix(&first).unwrap_or(&line);
    write!(out, "{} {rest}", style.paint(paint, mark)).expect("writing to a string cannot fail");
    for because in &check.because {
        let text = words::wrap("    ", because, style.width);
        out.push_str(&style.paint(Paint::Faint, text.trim_end_matches('\n')));
        out.push('\n');
    }
    for next in &check.next {
        // A command is pasted, so it stays on one line.
        let width = if is_command(next) {
            usize::MAX
        } else {
            style.width
        };
        out.push_str(&words::wrap("    next: ", next, width));
    }
}

fn is_command(text: &str) -> bool {
    ["aws ", "amp-stack "]
        .iter()
        .any(|program| text.starts_with(program))
}

/// How a state is marked. What could not be looked at is never marked as wrong.
fn mark(state: State) -> (&'static str, Paint) {
    match state {
        State::Holds => ("✓", Paint::Create),
        State::Fails => ("✗", Paint::Remove),
        State::NotYet => ("…", Paint::Update),
        State::Unknown => ("?", Paint::Update),
    }
}

/// How many hold, and how the others are.
pub fn counts(checks: &[Check]) -> String {
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    let mut counts = vec![format!("{} of {} hold", count(State::Holds), checks.len())];
    let others = [
        (State::Fails, "do not"),
        (State::NotYet, "not yet"),
        (State::Unknown, "could not be looked at"),
    ];
    for (state, words) in others {
        let count = count(state);
        if count > 0 {
            let words = if count == 1 && state == State::Fails {
                "does not"
            } else {
                words
            };
            counts.push(format!("{count} {words}"));
        }
    }
    counts.join(", ")
}

/// The same, and what it means.
fn summary(checks: &[Check]) -> String {
    let counts = counts(checks);
    match Verdict::of(checks) {
        Verdict::Proven => format!("{counts}: samples of every running task arrive."),
        Verdict::Undecided => {
            format!("{counts}: nothing is known to be wrong, but it is not proven.")
        }
        Verdict::Disproven => format!("{counts}: something is wrong."),
    }
}

fn verdict(checks: &[Check]) -> &'static str {
    match Verdict::of(checks) {
        Verdict::Proven => "proven",
        Verdict::Undecided => "undecided",
        Verdict::Disproven => "disproven",
    }
}

/// The same as an event of a run.
pub fn verified(findings: &Findings, frame: &Frame<'_>) -> Verified {
    let checks = &findings.checks;
    let each = checks.iter().map(|check| {
        let state = match check.state {
            State::Holds => "holds",
            State::Fails => "fails",
            State::NotYet => "not_yet",
            State::Unknown => "unknown",
        };
        json!({
            "code": check.code,
            "address": check.address.as_ref().map(ToString::to_string),
            "what": check.what,
            "state": state,
            "because": check.because,
            "next": check.next,
        })
    });
    Verified {
        verdict: verdict(checks),
        only: frame.names(),
        checks: each.collect(),
        not_looked_at: findings.not_looked_at.clone(),
    }
}

/// The same for programs.
pub fn json(findings: &Findings, frame: &Frame<'_>) -> Value {
    let Verified {
        verdict,
        only,
        checks,
        not_looked_at,
    } = verified(findings, frame);
    let seen = [
        ("only", json!(only)),
        ("verdict", json!(verdict)),
        ("checks", json!(checks)),
        ("not_looked_at", json!(not_looked_at)),
    ];
    frame.json(FORMAT, seen)
}
