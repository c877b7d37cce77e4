//! Asking before anything is changed, and by name before data is lost.

use crate::{
    cli::{args::ApplyArgs, console::Console, failure::Failure, place::Place},
    show::words,
};

/// Fails if an answer will be needed that nobody can give.
pub(super) fn ensure_possible(applying: &ApplyArgs, console: &Console) -> Result<(), Failure> {
    if applying.yes {
        return Ok(());
    }
    if console.tells_programs() {
        return Err(
            Failure::before("nobody can be asked, because --json is for programs").hint(
                "give --yes to do it without asking; `amp-stack plan --json` tells what would be done",
            ),
        );
    }
    if console.can_ask {
        return Ok(());
    }
    Err(
        Failure::before("nobody can be asked, because standard input is no terminal")
            .hint("give --yes to do it without asking; `amp-stack plan` shows what would be done"),
    )
}

/// Asks whether to go on, given the places whose data would be `lost`. Whatever is not a clear yes
/// is a failure.
pub(super) async fn ask(
    lost: &[Place],
    applying: &ApplyArgs,
    console: &mut Console,
) -> Result<(), Failure> {
    let mut losses: Vec<&Place> = Vec::new();
    for place in lost {
        if !applying.allow_data_loss.contains(place) && !losses.contains(&place) {
            losses.push(place);
        }
    }
    if applying.yes {
        return unasked(&losses);
    }
    console.tell("\n")?;
    for place in losses {
        let question = format!("Data of {place} is lost. To allow that, type its address: ");
        if console.ask(&question).await? != place.to_string() {
            return Err(declined());
        }
    }
    let answer = console.ask("To do all of this, type yes: ").await?;
    if answer != "yes" {
        return Err(declined());
    }
    Ok(())
}

/// `--yes` is an answer to everything but the loss of data.
fn unasked(losses: &[&Place]) -> Result<(), Failure> {
    if losses.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = losses.iter().map(ToString::to_string).collect();
    let options: Vec<String> = names
        .iter()
        .map(|name| format!("--allow-data-loss {name}"))
        .collect();
    Err(Failure::before(format!(
        "data of {} would be lost, which --yes does not allow; nothing was changed",
        words::list(&names)
    ))
    .hint(format!("to allow it, add {}", options.join(" "))))
}

fn declined() -> Failure {
    Failure::before("not confirmed; nothing was changed")
}

#[cfg(test)]
mod tests {
    use std::io::sink;

    use super::*;
    use crate::cli::exit::Exit;

    fn applying(yes: bool, allowed: &[&str]) -> ApplyArgs {
        ApplyArgs {
            yes,
            allow_data_loss: allowed.iter().map(|a| a.parse().unwrap()).collect(),
            concurrency: 1,
        }
    }

    fn loss(place: &str) -> Place {
        place.parse().unwrap()
    }

    async fn answered(
        input: &'static str,
        lost: &[Place],
        applying: ApplyArgs,
    ) -> Result<(), Exit> {
        let mut console = Console::of_test(input.as_bytes(), true, sink(), sink());
        ask(lost, &applying, &mut console)
            .await
            .map_err(|failure| failure.exit())
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
        assert!(ensure_possible(&applying(false, &[]), &console).is_err());
        assert!(ensure_possible(&applying(true, &[]), &console).is_ok());
    }
}
