//! The subcommands.

use std::path::Path;

use crate::{
    cli::{
        args::{Apply, Destroy, Doing, Plan, Target},
        consent,
        console::Console,
        deed::{self, Order, unless_interrupted},
        exit::Exit,
        failure::Failure,
        interrupt::Interrupts,
        look::{self, Wish},
        session::{self, Session},
    },
    show::is_secret,
};

/// `amp-stack plan`.
pub(super) async fn plan(
    args: &Plan,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let work = async {
        let Session {
            path,
            mut stack,
            cloud,
            sandbox,
        } = session::open(&args.target, console).await?;
        look::adopt(&mut stack, &args.adopt)?;
        let verb = if args.destroy { "destroy" } else { "apply" };
        let next = typed(verb, &path, &args.target);
        let wish = Wish {
            stack: &stack,
            sandbox: sandbox.as_deref(),
            destroy: args.destroy,
            verbose: args.verbose,
        };
        look::show(&wish, &*cloud, Some(&next), console).await
    };
    let planned = unless_interrupted(work, interrupts).await?;
    if args.detailed_exitcode && !planned.plan.is_empty() {
        return Ok(Exit::Changes);
    }
    Ok(Exit::Done)
}

/// `amp-stack apply`.
pub(super) async fn apply(
    args: &Apply,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    consent::ensure_possible(&args.doing, console)?;
    let open = session::open(&args.target, console);
    let mut session = unless_interrupted(open, interrupts).await?;
    look::adopt(&mut session.stack, &args.adopt)?;
    carry_out(
        session,
        false,
        &args.target,
        &args.doing,
        console,
        interrupts,
    )
    .await
}

/// `amp-stack destroy`.
pub(super) async fn destroy(
    args: &Destroy,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    consent::ensure_possible(&args.doing, console)?;
    let open = session::open(&args.target, console);
    let session = unless_interrupted(open, interrupts).await?;
    carry_out(
        session,
        true,
        &args.target,
        &args.doing,
        console,
        interrupts,
    )
    .await
}

async fn carry_out(
    session: Session,
    destroy: bool,
    target: &Target,
    doing: &Doing,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let Session {
        path,
        stack,
        cloud,
        sandbox,
    } = session;
    let (again, look) = if destroy {
        ("destroy", "plan --destroy")
    } else {
        ("apply", "plan")
    };
    let order = Order {
        wish: Wish {
            stack: &stack,
            sandbox: sandbox.as_deref(),
            destroy,
            verbose: false,
        },
        cloud,
        doing,
        look: typed(look, &path, target),
        again: typed(again, &path, target),
    };
    deed::carry_out(order, console, interrupts).await
}

/// The command line `amp-stack VERB` for the same stack in the same place, as somebody would type it.
pub(super) fn typed(verb: &str, path: &Path, target: &Target) -> String {
    let Target {
        file: _,
        variables,
        region,
        profile,
        sandbox,
    } = target;
    let mut words = vec![
        "amp-stack".to_owned(),
        verb.to_owned(),
        quoted(&path.display().to_string()),
    ];
    let mut option = |name: &str, value: &str| words.extend([name.to_owned(), quoted(value)]);
    for (name, value) in &variables.var {
        // Logs keep what is printed, so a secret is left to be typed again.
        let value = if is_secret(name, value) { "..." } else { value };
        option("--var", &format!("{name}={value}"));
    }
    for file in &variables.var_file {
        option("--var-file", &file.display().to_string());
    }
    for (name, value) in [("--region", region), ("--profile", profile)] {
        if let Some(value) = value {
            option(name, value);
        }
    }
    match &sandbox.sandbox {
        None => {}
        Some(None) => words.push("--sandbox".to_owned()),
        Some(Some(file)) => {
            words.push(format!("--sandbox={}", quoted(&file.display().to_string())));
        }
    }
    if let Some(seed) = sandbox.sandbox_chaos {
        words.push(format!("--sandbox-chaos {seed}"));
    }
    words.join(" ")
}

/// The word as a POSIX shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::cli::args::{InSandbox, Variables};

    #[test]
    fn the_next_command_keeps_secrets() {
        let target = Target {
            file: None,
            variables: Variables {
                var: vec![("db_password".to_owned(), "hunter2".to_owned())],
                var_file: Vec::new(),
            },
            region: None,
            profile: None,
            sandbox: InSandbox::default(),
        };
        assert_eq!(
            typed("apply", Path::new("stack.toml"), &target),
            "amp-stack apply stack.toml --var db_password=..."
        );
    }

    #[test]
    fn the_next_command_is_for_the_same_stack() {
        let target = Target {
            file: None,
            variables: Variables {
                var: vec![("tag".to_owned(), "it's 1".to_owned())],
                var_file: vec![PathBuf::from("prod.toml")],
            },
            region: Some("us-east-1".to_owned()),
            profile: None,
            sandbox: InSandbox {
                sandbox: Some(Some(PathBuf::from("a b.json"))),
                sandbox_chaos: Some(7),
            },
        };
        assert_eq!(
            typed("apply", Path::new("stacks/a.toml"), &target),
            r"amp-stack apply stacks/a.toml --var 'tag=it'\''s 1' --var-file prod.toml --region us-east-1 --sandbox='a b.json' --sandbox-chaos 7"
        );
    }
}
