//! Asking before anything is changed, and by name before data is lost.

use std::collections::BTreeSet;

use crate::{
    cli::{
        args::ApplyArgs, command_line::quoted, console::Console, failure::Failure, place::Place,
    },
    plan::acceptance::Acceptance,
    show::words,
};

/// Fails if an answer will be needed that nobody can give.
pub(super) fn ensure_possible(
    applying: &ApplyArgs,
    is_destroy: bool,
    console: &Console,
) -> Result<(), Failure> {
    if applying.yes {
        return Ok(());
    }
    let (why, json) = if console.prints_json() {
        ("--json is for programs", " --json")
    } else if console.can_ask {
        return Ok(());
    } else {
        ("standard input is not a terminal", "")
    };
    let destroy = if is_destroy { " --destroy" } else { "" };
    Err(
        Failure::before(format!("cannot ask for confirmation: {why}")).hint(format!(
            "give --yes to do it without asking; `amp-stack plan{destroy}{json}` shows what would be done"
        )),
    )
}

/// The word that confirms a plan as a whole.
const CONFIRMED: &str = "yes";

/// Asks whether to go on, given the names under which what would be `lost` is accepted, and returns
/// those that somebody has named, here or by an option. Whatever is not a clear yes is a failure.
pub(super) async fn ask(
    lost: &BTreeSet<Place<Acceptance>>,
    applying: &ApplyArgs,
    console: &mut Console,
) -> Result<BTreeSet<Place<Acceptance>>, Failure> {
    let given = &applying.accepting.accept;
    let (mut named, open): (BTreeSet<_>, BTreeSet<_>) = lost
        .iter()
        .cloned()
        .partition(|place| given.contains(place));
    if applying.yes {
        unasked(&open)?;
        return Ok(named);
    }
    console.eprint("\n")?;
    for place in open {
        let question = match &place.address {
            Acceptance::Data(_) => {
                format!("Data of {place} is lost. To accept that, type {place}: ")
            }
            Acceptance::OfOthers(_) => {
                format!("{place} is not this stack's. To accept that it is edited, type {place}: ")
            }
        };
        let wanted = place.to_string();
        if console.ask(&question).await? != wanted {
            return Err(declined(&wanted));
        }
        named.insert(place);
    }
    let answer = console
        .ask(&format!("To do all of this, type {CONFIRMED}: "))
        .await?;
    if answer != CONFIRMED {
        return Err(declined(CONFIRMED));
    }
    Ok(named)
}

/// `--yes` is an answer to everything but what has to be accepted by name.
fn unasked(open: &BTreeSet<Place<Acceptance>>) -> Result<(), Failure> {
    if open.is_empty() {
        return Ok(());
    }
    let (data, of_others): (Vec<_>, Vec<_>) = open
        .iter()
        .partition(|place| matches!(place.address, Acceptance::Data(_)));
    let names = |places: &[&Place<Acceptance>]| {
        let names: Vec<String> = places.iter().map(ToString::to_string).collect();
        words::list(&names)
    };
    let mut what = Vec::new();
    if !data.is_empty() {
        what.push(format!("data of {} would be lost", names(&data)));
    }
    if !of_others.is_empty() {
        let names = names(&of_others);
        what.push(format!(
            "{names}, which is not this stack's, would be edited"
        ));
    }
    Err(Failure::before(format!(
        "{}, which --yes does not accept; nothing was changed",
        what.join(", and ")
    ))
    .hint(format!("to accept it, add {}", options(open))))
}

/// The options that accept all of `places`.
pub(super) fn options<'a>(places: impl IntoIterator<Item = &'a Place<Acceptance>>) -> String {
    let options: Vec<String> = places
        .into_iter()
        .map(|place| format!("--accept {}", quoted(&place.to_string())))
        .collect();
    options.join(" ")
}

/// Anything but the word that was asked for is a no, and so that nobody wonders, that word is said.
fn declined(wanted: &str) -> Failure {
    Failure::before("not confirmed; nothing was changed")
        .hint(format!("only `{wanted}` confirms it, written out"))
}

#[cfg(test)]
mod tests {
    use std::io::sink;

    use super::*;
    use crate::cli::{args::AcceptArgs, exit::Exit};

    fn applying(yes: bool, allowed: &[&str]) -> ApplyArgs {
        ApplyArgs {
            yes,
            accepting: AcceptArgs {
                accept: allowed.iter().map(|a| a.parse().unwrap()).collect(),
            },
            concurrency: 1,
        }
    }

    fn loss(place: &str) -> Place<Acceptance> {
        place.parse().unwrap()
    }

    async fn answered(
        input: &'static str,
        lost: &[Place<Acceptance>],
        applying: ApplyArgs,
    ) -> Result<(), Exit> {
        let mut console = Console::of_test(input.as_bytes(), true, sink(), sink());
        let lost = lost.iter().cloned().collect();
        let named = ask(&lost, &applying, &mut console)
            .await
            .map_err(|failure| failure.exit())?;
        assert_eq!(named, lost, "it went on although something was not named");
        Ok(())
    }

    #[tokio::test]
    async fn only_yes_is_yes() {
        assert_eq!(answered("yes\n", &[], applying(false, &[])).await, Ok(()));
        for other in ["", "\n", "y\n", "no\n", "Yes!\n"] {
            let answer = answered(other, &[], applying(false, &[])).await;
            assert_eq!(answer, Err(Exit::Error), "{other:?}");
        }
    }

    #[tokio::test]
    async fn data_is_lost_only_by_name() {
        let lost = [loss("workspace"), loss("shop:log_groups.app")];
        let none = applying(false, &[]);
        // In the order of their names: those without a stack first.
        let both = "workspace\nshop:log_groups.app\nyes\n";
        assert_eq!(answered("yes\n", &lost, none).await, Err(Exit::Error));
        assert_eq!(answered(both, &lost, applying(false, &[])).await, Ok(()));
        let one = applying(false, &["workspace"]);
        assert_eq!(
            answered("shop:log_groups.app\nyes\n", &lost, one).await,
            Ok(())
        );
    }

    #[tokio::test]
    async fn yes_alone_does_not_allow_the_loss_of_data() {
        let lost = [loss("workspace")];
        let answer = answered("", &lost, applying(true, &[])).await;
        assert_eq!(answer, Err(Exit::Error));
        let allowed = applying(true, &["workspace"]);
        assert_eq!(answered("", &lost, allowed).await, Ok(()));
        let other = applying(true, &["log_groups.app"]);
        assert_eq!(answered("", &lost, other).await, Err(Exit::Error));
    }

    #[test]
    fn without_a_terminal_somebody_must_have_said_yes() {
        let console = Console::of_test(&b"yes\n"[..], false, sink(), sink());
        assert!(ensure_possible(&applying(false, &[]), false, &console).is_err());
        assert!(ensure_possible(&applying(true, &[]), false, &console).is_ok());
    }
}
