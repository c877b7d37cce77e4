//! Asking before anything is changed, and by name before data is lost.

use crate::{
    address::Address,
    cli::{args::Doing, console::Console, failure::Failure},
    plan::risk::Risk,
    show::words,
};

/// Fails if an answer will be needed that nobody can give.
pub(super) fn ensure_possible(doing: &Doing, console: &Console) -> Result<(), Failure> {
    if doing.yes || console.can_ask {
        return Ok(());
    }
    Err(
        Failure::before("nobody can be asked, because standard input is no terminal")
            .hint("give --yes to do it without asking; `amp-stack plan` shows what would be done"),
    )
}

/// Asks whether to go on. Whatever is not a clear yes is a failure.
pub(super) async fn ask(
    risks: &[Risk],
    doing: &Doing,
    console: &mut Console,
) -> Result<(), Failure> {
    let mut losses: Vec<&Address> = Vec::new();
    for Risk {
        address, data_loss, ..
    } in risks
    {
        let is_new = !doing.allow_data_loss.contains(address) && !losses.contains(&address);
        if *data_loss && is_new {
            losses.push(address);
        }
    }
    if doing.yes {
        return unasked(&losses);
    }
    console.tell("\n")?;
    for address in losses {
        let question = format!("Data of {address} is lost. To allow that, type its address: ");
        if console.ask(&question).await? != address.to_string() {
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
fn unasked(losses: &[&Address]) -> Result<(), Failure> {
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

    fn doing(yes: bool, allowed: &[&str]) -> Doing {
        Doing {
            yes,
            allow_data_loss: allowed.iter().map(|a| a.parse().unwrap()).collect(),
            concurrency: 1,
        }
    }

    fn loss(address: &str) -> Risk {
        Risk {
            code: "logs-lost",
            address: address.parse().unwrap(),
            text: "its logs go".to_owned(),
            data_loss: true,
        }
    }

    async fn answered(input: &'static str, risks: &[Risk], doing: Doing) -> Result<(), Exit> {
        let mut console = Console::of_test(input.as_bytes(), true, sink(), sink());
        ask(risks, &doing, &mut console)
            .await
            .map_err(|failure| failure.exit())
    }

    #[tokio::test]
    async fn only_yes_is_yes() {
        assert_eq!(answered("yes\n", &[], doing(false, &[])).await, Ok(()));
        for other in ["", "\n", "y\n", "no\n", "Yes!\n"] {
            let answer = answered(other, &[], doing(false, &[])).await;
            assert_eq!(answer, Err(Exit::Error), "{other:?}");
        }
    }

    #[tokio::test]
    async fn data_is_lost_only_by_name() {
        let risks = [loss("workspace"), loss("log_groups.app")];
        let none = doing(false, &[]);
        let both = "workspace\nlog_groups.app\nyes\n";
        assert_eq!(answered("yes\n", &risks, none).await, Err(Exit::Error));
        assert_eq!(answered(both, &risks, doing(false, &[])).await, Ok(()));
        let one = doing(false, &["workspace"]);
        assert_eq!(answered("log_groups.app\nyes\n", &risks, one).await, Ok(()));
    }

    #[tokio::test]
    async fn yes_alone_does_not_allow_the_loss_of_data() {
        let risks = [loss("workspace")];
        let answer = answered("", &risks, doing(true, &[])).await;
        assert_eq!(answer, Err(Exit::Error));
        let allowed = doing(true, &["workspace"]);
        assert_eq!(answered("", &risks, allowed).await, Ok(()));
        let other = doing(true, &["log_groups.app"]);
        assert_eq!(answered("", &risks, other).await, Err(Exit::Error));
    }

    #[test]
    fn without_a_terminal_somebody_must_have_said_yes() {
        let console = Console::of_test(&b"yes\n"[..], false, sink(), sink());
        assert!(ensure_possible(&doing(false, &[]), &console).is_err());
        assert!(ensure_possible(&doing(true, &[]), &console).is_ok());
    }
}
