//! Refusals about what is somebody else's, and may or may not be taken over.

use crate::{
    kinds::kind::ReplaceReason,
    model::{address::Address, tags::Owner},
    show::decide::{Explained, because, keep, properties, whose},
};

pub(super) fn not_ours(address: &Address, arn: &str, owner: &Owner) -> Explained {
    let take_over = format!(
        "write `adopt = true` in [{address}], or give `--adopt {address}` to `amp-stack apply`; the plan then shows what would change"
    );
    let other_name = format!("choose another name in [{address}]");
    let hints = match owner {
        Owner::Unknown => vec![
            format!("to take it over, {take_over}"),
            format!("to leave it alone, {other_name}"),
        ],
        Owner::OtherStack(stack) => vec![
            format!(
                "if this stack was called `{stack}` before, write `renamed_from = \"{stack}\"` in [stack]"
            ),
            format!("otherwise {other_name}, or refer to the existing one by its ARN"),
        ],
        Owner::OtherRegion { .. } | Owner::CloudFormation(_) | Owner::Terraform(_) => vec![
            format!("{other_name}, or refer to the existing one by its ARN"),
            format!(
                "to take it over, first make its present owner let go of it without deleting it, or the two will undo each other's changes; then {take_over}"
            ),
        ],
        Owner::Ours(other) => vec![format!(
            "[{other}] and [{address}] want the same name: rename one of them, or remove [{other}] first"
        )],
        Owner::Aws => vec![other_name],
    };
    Explained {
        message: format!(
            "this {} exists already and {}",
            address.kind.noun(),
            whose(owner)
        ),
        details: vec![arn.to_owned()],
        hints,
    }
}

pub(super) fn nothing_to_adopt(address: &Address, id: &str) -> Explained {
    let noun = address.kind.noun();
    Explained {
        message: format!("there is no {noun} with the id {id} to take over"),
        details: vec!["it was looked for in the account and the region of this run".to_owned()],
        hints: vec![format!(
            "write the id of one that is there in [{address}], or remove `adopt`, which then makes its own; `amp-stack import` lists what is there"
        )],
    }
}

pub(super) fn cannot_adopt(
    address: &Address,
    arn: &str,
    owner: &Owner,
    differs: &[ReplaceReason],
) -> Explained {
    let noun = address.kind.noun();
    let mut details = vec![arn.to_owned(), format!("it {}", whose(owner))];
    details.extend(because(differs));
    Explained {
        message: format!(
            "this {noun} cannot be taken over as it is declared: it would have to be replaced, and nothing is deleted that is not this stack's"
        ),
        details,
        hints: vec![
            format!(
                "to take it over, make {} in [{address}] what the existing one has",
                properties(differs)
            ),
            format!("to leave it alone, remove `adopt` and choose another name in [{address}]"),
        ],
    }
}

pub(super) fn adopts_once_removed(
    address: &Address,
    arn: &str,
    others: &[String],
    differs: &[ReplaceReason],
) -> Explained {
    let noun = address.kind.noun();
    let mut details = vec![arn.to_owned()];
    details.extend(because(differs));
    if others.is_empty() {
        details.push(format!("no other {noun} has the id that `adopt` gives"));
    }
    let of_others = others
        .iter()
        .map(|other| format!("`adopt` would ask for {other}"));
    details.extend(of_others);
    let mut hints = vec![
        keep(noun, differs),
        format!(
            "to build a new one in its place, remove `adopt` from [{address}], and do not give `--adopt {address}`"
        ),
    ];
    if !others.is_empty() {
        hints.push(format!(
            "to take over the other one, let go of this one first, with what needs it: `amp-stack destroy --target {address}`"
        ));
    }
    Explained {
        message: format!(
            "this {noun} would be replaced, and once it is removed, `adopt` asks for another one: a run that ended in between could not go on as planned"
        ),
        details,
        hints,
    }
}
