//! What people have to decide or should know before a plan is carried out: refusals, risks and
//! notes.

mod adoption;
mod mentions;
pub(in crate::show) mod places;
mod quotas;
mod services;

use crate::{
    file::{
        places::{Marked, Places},
        render,
    },
    kinds::{kind::ReplaceReason, regret::Loss},
    model::{
        address::Address,
        live::date,
        tags::{Owner, PREVENT_DESTROY_TAG, STACK_TAG},
    },
    plan::{Candidate, Note, Reason, Refusal, risk::Risk},
    show::{Paint, Style, file_order::in_file_order, words},
};

/// What is wrong, the details, and what to do.
pub(super) struct Explained {
    pub(super) message: String,
    pub(super) details: Vec<String>,
    pub(super) hints: Vec<String>,
}

/// The refusals, each with its cause, where it is written if `places` knows, and what to do about
/// it.
pub fn refusals(
    refusals: &[Refusal],
    order: &[Address],
    places: Option<&Places>,
    style: Style,
) -> String {
    let mut out = String::new();
    if refusals.is_empty() {
        return out;
    }
    let title = "Blocked until this is decided:";
    out.push_str(&style.paint(Paint::Title, title));
    out.push('\n');
    let refusals = in_file_order(refusals, order, |refusal| &refusal.address);
    for (index, refusal) in refusals.into_iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        let Explained {
            message,
            details,
            hints,
        } = explain(refusal);
        let cross = style.paint(Paint::Remove, "×");
        let address = style.paint(Paint::Title, &refusal.address.to_string());
        let text = format!("{address}: {message}");
        out.push_str(&words::wrap(&format!("{cross} "), &text, style.width));
        for detail in details {
            out.push_str(&words::wrap("    ", &detail, style.width));
        }
        out.push_str(&picture(places::of_refusal(refusal, places), style));
        out.push_str(&hint_lines("    ", &hints, style));
    }
    out
}

/// The risks, first those that have to be accepted by name.
pub fn risks(risks: &[Risk], order: &[Address], places: Option<&Places>, style: Style) -> String {
    let mut out = String::new();
    let of = |is_meant: fn(&Option<Loss>) -> bool| -> Vec<&Risk> {
        let risks = risks.iter().filter(|risk| is_meant(&risk.loss));
        in_file_order(risks, order, |risk| &risk.address)
    };
    let losses = of(|loss| matches!(loss, Some(Loss::Data)));
    let of_others = of(|loss| matches!(loss, Some(Loss::OfOthers(_))));
    let others = of(Option::is_none);
    for (title, sign, risks) in [
        ("Data is lost, for good:", "!!", losses),
        (
            "Something that is not this stack's is altered:",
            "!!",
            of_others,
        ),
        ("Look twice:", "!", others),
    ] {
        if risks.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&style.paint(Paint::Title, title));
        out.push('\n');
        for risk in risks {
            let sign = style.paint(Paint::Remove, sign);
            let address = style.paint(Paint::Title, &risk.address.to_string());
            let text = format!("{address}: {} ({})", risk.text, risk.code);
            out.push_str(&words::wrap(&format!("{sign} "), &text, style.width));
            out.push_str(&picture(places::of_risk(risk, places), style));
        }
    }
    out
}

/// The notes.
pub fn notes(notes: &[Note], order: &[Address], places: Option<&Places>, style: Style) -> String {
    let mut out = String::new();
    for note in in_file_order(notes, order, |note| &note.address) {
        let text = format!("{}: {}", note.address, note.text);
        out.push_str(&words::wrap("note: ", &text, style.width));
        out.push_str(&picture(places::of_note(note, places), style));
    }
    out
}

/// The lines of the file that `marked` is in, underlined; nothing where nothing is known.
fn picture(marked: Option<Marked>, style: Style) -> String {
    let indent = "    ";
    let width = style.width.saturating_sub(indent.len());
    let style = if style.colour {
        render::Style::Colour { width }
    } else {
        render::Style::Plain { width }
    };
    let picture = marked.map(|marked| render::picture(&marked, style));
    let picture = picture.unwrap_or_default();
    let lines = picture.lines().map(|line| format!("{indent}{line}\n"));
    lines.collect()
}

/// Advice, one `hint:` each.
pub(super) fn hint_lines(indent: &str, hints: &[String], style: Style) -> String {
    let first = format!("{indent}{}: ", style.paint(Paint::Adopt, "hint"));
    hints
        .iter()
        .map(|hint| words::wrap(&first, hint, style.width))
        .collect()
}

/// The refusal in words.
pub(super) fn explain(refusal: &Refusal) -> Explained {
    let Refusal { address, reason } = refusal;
    match reason {
        Reason::NotOurs { arn, owner } => adoption::not_ours(address, arn, owner),
        Reason::CannotAdopt {
            arn,
            owner,
            differs,
        } => adoption::cannot_adopt(address, arn, owner, differs),
        Reason::AdoptsOnceRemoved {
            arn,
            others,
            differs,
        } => adoption::adopts_once_removed(address, arn, others, differs),
        Reason::NameTaken { wanted, arn, owner } => name_taken(address, wanted, arn, owner),
        Reason::Ambiguous {
            candidates,
            are_ours,
        } => ambiguous(address, candidates, *are_ours),
        Reason::NothingToAdopt { id } => adoption::nothing_to_adopt(address, id),
        Reason::Protected {
            arn,
            replaces,
            by_tag,
        } => protected(address, arn, replaces, *by_tag),
        Reason::DeletionProtection { arn } => deletion_protection(address, arn),
        Reason::InUse { arn, by } => in_use(address, arn, by),
        Reason::Service(objection) => services::explain(address, objection),
        Reason::Missing { mention, at } => mentions::missing(mention, at),
        Reason::Unfit { mention, at, why } => mentions::unfit(mention, at, *why),
        Reason::OverQuota {
            quota,
            now,
            after,
            most,
            region,
        } => quotas::over(*quota, [*now, *after, *most], region),
        Reason::NoSuchRole { wanted, similar } => no_such_role(wanted, similar.as_deref()),
    }
}

/// `belongs to …`, or that nobody knows.
pub(super) fn whose(owner: &Owner) -> String {
    match owner {
        Owner::Unknown => "has no owner tag".to_owned(),
        Owner::Ours(_)
        | Owner::OtherRegion { .. }
        | Owner::OtherStack(_)
        | Owner::CloudFormation(_)
        | Owner::Terraform(_)
        | Owner::Aws => format!("belongs to {owner}"),
    }
}

fn name_taken(address: &Address, wanted: &str, arn: &str, owner: &Owner) -> Explained {
    let details = vec![
        format!("the other one is {arn}"),
        format!("it {}", whose(owner)),
        "IAM compares role names ignoring case and without their paths, across the whole account"
            .to_owned(),
    ];
    let mut hints = vec![format!("choose another name in [{address}]")];
    match owner {
        Owner::Aws => {}
        Owner::Ours(_)
        | Owner::OtherRegion { .. }
        | Owner::OtherStack(_)
        | Owner::CloudFormation(_)
        | Owner::Terraform(_)
        | Owner::Unknown => hints.push(format!(
            "if the other one is meant, write name and path in [{address}] exactly as it has them"
        )),
    }
    Explained {
        message: format!("the name `{wanted}` is taken"),
        details,
        hints,
    }
}

fn ambiguous(address: &Address, candidates: &[Candidate], are_ours: bool) -> Explained {
    let several = words::count(candidates.len(), address.kind.noun());
    let details = candidates.iter().map(|one| match one.created_at {
        Some(created_at) => format!("{}, made at {}", one.arn, date(created_at)),
        None => one.arn.clone(),
    });
    let (message, hint) = if are_ours {
        (
            format!("{several} carry the tags of this one resource"),
            format!(
                "decide which one is to stay; delete the others, or remove the tag `{STACK_TAG}` from them"
            ),
        )
    } else {
        (
            format!("{several} could be taken over: they have this name, and no stack owns them"),
            format!(
                "decide which one is meant, and write its id in [{address}], as in `adopt = \"ws-…\"`; or remove `adopt`, which then makes its own"
            ),
        )
    };
    Explained {
        message,
        details: details.collect(),
        hints: vec![hint],
    }
}

fn protected(address: &Address, arn: &str, replaces: &[ReplaceReason], by_tag: bool) -> Explained {
    let noun = address.kind.noun();
    let (fate, mut hints) = if replaces.is_empty() {
        ("removed", Vec::new())
    } else {
        ("replaced", vec![keep(noun, replaces)])
    };
    let lift = if by_tag {
        format!(
            "the tag `{PREVENT_DESTROY_TAG}` protects it, although [{address}] has left the stack file: put the table back with `prevent_destroy = false`, apply, then remove it again"
        )
    } else {
        format!("to let it go, write `prevent_destroy = false` in [{address}]")
    };
    hints.push(lift);
    let mut details = vec![arn.to_owned()];
    details.extend(because(replaces));
    Explained {
        message: format!("this {noun} would be {fate}, but `prevent_destroy` holds it back"),
        details,
        hints,
    }
}

/// How to do without the replacement.
fn keep(noun: &str, replaces: &[ReplaceReason]) -> String {
    if replaces.contains(&ReplaceReason::ASKED) {
        return format!("to keep this {noun}, leave `--replace` out");
    }
    let properties = properties(replaces);
    format!("to keep this {noun}, make {properties} what it was")
}

/// The names of the properties: `name` and `path`.
fn properties(differ: &[ReplaceReason]) -> String {
    let names: Vec<String> = differ
        .iter()
        .map(|ReplaceReason { property, .. }| format!("`{property}`"))
        .collect();
    words::list(&names)
}

/// Why each of the properties makes a replacement.
fn because(differ: &[ReplaceReason]) -> impl Iterator<Item = String> {
    differ
        .iter()
        .map(|ReplaceReason { property, why }| format!("because of {property}: {why}"))
}

fn deletion_protection(address: &Address, arn: &str) -> Explained {
    Explained {
        message: format!(
            "this {} would be removed, but its deletion protection is on",
            address.kind.noun()
        ),
        details: vec![arn.to_owned()],
        hints: vec![
            format!("write `deletion_protection = false` in [{address}] and apply that first"),
            // The option as the AWS CLI derives it from the member `deletionProtectionEnabled` of
            // PutLogGroupDeletionProtection.
            format!(
                "or: aws logs put-log-group-deletion-protection --log-group-identifier {arn} --no-deletion-protection-enabled"
            ),
        ],
    }
}

fn in_use(address: &Address, arn: &str, by: &[String]) -> Explained {
    let noun = address.kind.noun();
    let mut details = vec![arn.to_owned()];
    details.extend(by.iter().map(|user| format!("in use by {user}")));
    Explained {
        message: format!("this {noun} would be removed, but something that runs needs it"),
        details,
        hints: vec![
            "let what runs go on without it first: update the service to a revision that does not need it, or scale it to 0, and wait until the old tasks have stopped; then plan again".to_owned(),
            format!("to keep it, leave [{address}] in the stack file as it was"),
            format!("to remove it all the same, add `--force-in-use {address}`"),
        ],
    }
}

fn no_such_role(wanted: &str, similar: Option<&str>) -> Explained {
    let hints = match similar {
        Some(similar) => vec![
            format!("there is {similar}"),
            "ARNs are compared letter by letter, with their case and path".to_owned(),
        ],
        None => vec![
            "correct the ARN, create the role first, or declare it in this stack as [roles.NAME]"
                .to_owned(),
        ],
    };
    Explained {
        message: format!("there is no role {wanted}"),
        details: Vec::new(),
        hints,
    }
}
