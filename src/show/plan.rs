//! A plan as text: what comes, changes and goes, down to one field, and the calls that do it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

use crate::{
    file::places::Places,
    model::{
        access::Access,
        address::{Address, StackName},
        identity::Identity,
        rate::{self, Overrides},
    },
    plan::{Plan, Step, risk::Risk},
    show::{
        Paint, Style, decide,
        file_order::in_file_order,
        step::{Group, Verb, groups},
        words,
    },
};

/// What a plan is shown with.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// Where it lives.
    pub identity: &'a Identity,
    /// The order in which its file declares resources.
    pub order: &'a [Address],
    /// Where what its file says stands, if the file was read.
    pub places: Option<&'a Places>,
    /// As whom its calls are made, if not as whoever starts the run.
    pub access: Option<&'a Access>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub sandbox: Option<&'a str>,
    /// Whether the plan is one to remove the stack.
    pub destroy: bool,
    /// Whether to show the fields that stay as they are.
    pub verbose: bool,
    /// The command to type next, if there is something to do and it is not asked for at once.
    pub next: Option<&'a str>,
    /// What is known of the account's quotas; `None` where there are no rates.
    pub rates: Option<&'a Overrides>,
}

/// A time at AWS's rates that is worth a word.
const NOTED: Duration = Duration::from_secs(10);

/// The plan, whole, with its risks last.
pub fn render(plan: &Plan, risks: &[Risk], frame: &Frame<'_>, style: Style) -> String {
    let mut sections = vec![heading(frame, style)];
    let order = frame.order;
    for group in in_file_order(groups(&plan.steps), order, Group::address) {
        let mut section = String::new();
        group.write(frame.verbose, style, &mut section);
        sections.push(section);
    }
    sections.extend([
        decide::notes(&plan.notes, order, frame.places, style),
        decide::refusals(&plan.refusals, order, frame.places, style),
        decide::risks(risks, order, frame.places, style),
        ending(plan, frame, style),
    ]);
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// What several plans come to together, and the command to type next, if there is something to do
/// and it is not asked for at once.
pub fn total(plans: &[&Plan], next: Option<&str>, style: Style) -> String {
    let counts = counts(plans);
    if counts.is_empty() && plans.iter().all(|plan| plan.is_empty()) {
        return String::new();
    }
    let mut out = String::new();
    if !counts.is_empty() {
        let title = style.paint(Paint::Title, &format!("In all: {counts}"));
        writeln!(out, "{title}").expect("a string takes all");
    }
    let refusals = plans.iter().map(|plan| plan.refusals.len()).sum();
    out.push_str(&what_next(refusals, next));
    out
}

/// `2 to create, 1 to change: 5 calls`, or nothing if there are no steps.
pub fn counts(plans: &[&Plan]) -> String {
    let mut numbers: BTreeMap<Verb, usize> = BTreeMap::new();
    for group in plans.iter().flat_map(|plan| groups(&plan.steps)) {
        *numbers.entry(group.verb).or_default() += 1;
    }
    let counts: Vec<String> = Verb::ALL
        .iter()
        .filter_map(|verb| Some(format!("{} to {}", numbers.get(verb)?, verb.word())))
        .collect();
    if counts.is_empty() {
        return String::new();
    }
    format!(
        "{}: {}",
        counts.join(", "),
        words::count(plans.iter().map(|plan| plan.calls()).sum(), "call")
    )
}

fn heading(frame: &Frame<'_>, style: Style) -> String {
    let Identity {
        account, region, ..
    } = frame.identity;
    let stack = style.paint(Paint::Title, frame.stack.as_str());
    let sandbox = frame
        .sandbox
        .map_or_else(String::new, |name| format!(" (sandbox {name})"));
    let access = words::in_heading(frame.access);
    format!("Stack {stack} in {region}, account {account}{access}{sandbox}\n")
}

fn ending(plan: &Plan, frame: &Frame<'_>, style: Style) -> String {
    let mut out = left_out(plan, frame.order, style);
    out.push_str(&came_up(plan, frame.order, style));
    let mut line = |text: &str| writeln!(out, "{text}").expect("a string takes all");
    if plan.is_empty() && !plan.left_out.is_empty() {
        line("Nothing to do at what was targeted.");
        return out;
    }
    if plan.is_empty() && !plan.came_up.is_empty() {
        line("Nothing of this plan is left to do.");
        return out;
    }
    if plan.is_empty() {
        line(if frame.destroy {
            "Nothing to do: nothing of this stack is left."
        } else {
            "Nothing to do: everything is as the stack file says."
        });
        return out;
    }
    let counts = counts(&[plan]);
    if !counts.is_empty() {
        line(&style.paint(Paint::Title, &counts));
    }
    if let Some(rates) = frame.rates {
        out.push_str(&least_time(plan, rates, style));
    }
    out.push_str(&what_next(plan.refusals.len(), frame.next));
    out
}

/// How long the plan takes at least, if AWS's rates make it long.
fn least_time(plan: &Plan, rates: &Overrides, style: Style) -> String {
    let changes = plan.steps.iter().flat_map(Step::changes);
    let calls = changes.map(|change| (change.operation(), change.share()));
    let slowest = rate::slowest(calls, rates).filter(|(_, time)| *time >= NOTED);
    let Some((rate, time)) = slowest else {
        return String::new();
    };
    let (_, per_second) = rates.apply(rate);
    let text = format!(
        "This takes at least {}, because {}",
        words::elapsed(time),
        rate.sentence(f64::from(per_second))
    );
    words::wrap("", &text, style.width)
}

fn what_next(refusals: usize, next: Option<&str>) -> String {
    match next {
        _ if refusals > 0 => {
            let refusals = words::count(refusals, "decision");
            format!("Blocked: {refusals} needed before anything can change\n")
        }
        Some(next) => format!("To do it, run: {next}\n"),
        None => String::new(),
    }
}

/// What a saved plan does not do, because it was made before that came up.
fn came_up(plan: &Plan, order: &[Address], style: Style) -> String {
    if plan.came_up.is_empty() {
        return String::new();
    }
    let names = words::some(&names(&plan.came_up, order));
    let text =
        format!("Changed since the plan was made, but no part of it, so left as is: {names}");
    words::wrap("", &text, style.width)
}

/// What the plan was narrowed from, so that nobody takes it for all there is to do.
fn left_out(plan: &Plan, order: &[Address], style: Style) -> String {
    if plan.left_out.is_empty() {
        return String::new();
    }
    let names = words::some(&names(&plan.left_out, order));
    let text = format!("Not targeted, so left as they are: {names}");
    words::wrap("", &text, style.width)
}

fn names(addresses: &BTreeSet<Address>, order: &[Address]) -> Vec<String> {
    let addresses = in_file_order(addresses, order, |address| address);
    addresses.into_iter().map(ToString::to_string).collect()
}
