//! The subcommands.

use std::path::Path;

use crate::{
    cli::{
        args::{Aim, Apply, Destroy, Doing, Plan, Target, Wishes},
        consent,
        console::Console,
        deed::{self, Order, unless_interrupted},
        exit::Exit,
        failure::Failure,
        files,
        interrupt::Interrupts,
        look::{self, Site, Wish},
        place, saved,
        session::{self, Session},
    },
    show::is_secret,
    stack::Stack,
};

/// `amp-stack plan`.
pub(super) async fn plan(
    args: &Plan,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    console.begin_events(args.telling, "plan")?;
    let out = args.out.as_deref();
    out.map_or(Ok(()), saved::ensure_writable)?;
    let work = async {
        let asked = Asked {
            destroy: args.destroy,
            target: &args.target,
            wishes: &args.wishes,
            aim: &args.aim,
        };
        let Session { sites, sandbox } = asked.open(console).await?;
        let next = out.map_or_else(|| asked.apply(&sites), |out| saved::next(out, &args.target));
        let wish = Wish {
            sites: &sites,
            sandbox: sandbox.as_deref(),
            destroy: args.destroy,
            verbose: args.verbose,
            explain: args.explain,
        };
        let planned = look::show(&wish, Some(&next), console).await?;
        if let Some(out) = out {
            saved::write(out, &wish, &planned, &args.target.variables)?;
            if !console.tells_programs() {
                console.tell(&format!("\nThe plan is saved in {}\n", out.display()))?;
            }
        }
        Ok(planned)
    };
    let planned = unless_interrupted(work, interrupts).await?;
    let is_empty = planned.iter().all(|planned| planned.plan.is_empty());
    if args.detailed_exitcode && !is_empty {
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
    console.begin_events(args.telling, "apply")?;
    if let Some(file) = saved::named(&args.target.files) {
        return saved::apply(&file, args, console, interrupts).await;
    }
    let asked = Asked {
        destroy: false,
        target: &args.target,
        wishes: &args.wishes,
        aim: &args.aim,
    };
    carry_out(&asked, &args.doing, console, interrupts).await
}

/// `amp-stack destroy`.
pub(super) async fn destroy(
    args: &Destroy,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    console.begin_events(args.telling, "destroy")?;
    let asked = Asked {
        destroy: true,
        target: &args.target,
        wishes: &Wishes::default(),
        aim: &args.aim,
    };
    carry_out(&asked, &args.doing, console, interrupts).await
}

async fn carry_out(
    asked: &Asked<'_>,
    doing: &Doing,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    // Of two mistakes, the name of a file that is not there is the one to hear of first.
    for path in &asked.target.files {
        files::read(path)?;
    }
    consent::ensure_possible(doing, console)?;
    let open = asked.open(console);
    let Session { sites, sandbox } = unless_interrupted(open, interrupts).await?;
    let stacks: Vec<&Stack> = sites.iter().map(|site| &site.stack).collect();
    place::check("--allow-data-loss", &doing.allow_data_loss, &stacks)?;
    let order = Order {
        wish: Wish {
            sites: &sites,
            sandbox: sandbox.as_deref(),
            destroy: asked.destroy,
            verbose: false,
            explain: false,
        },
        doing,
        look: asked.look(&sites),
        again: asked.apply(&sites),
    };
    deed::carry_out(order, console, interrupts).await
}

/// What was typed of the stacks, and of what to do to them.
pub(super) struct Asked<'a> {
    pub(super) destroy: bool,
    pub(super) target: &'a Target,
    pub(super) wishes: &'a Wishes,
    pub(super) aim: &'a Aim,
}

impl Asked<'_> {
    /// The stacks that are meant, in the order in which they are to be planned: what is built in
    /// one order is removed in the other.
    async fn open(&self, console: &mut Console) -> Result<Session, Failure> {
        let mut session = session::open(self.target, console).await?;
        let sites = &mut session.sites;
        if self.destroy {
            sites.reverse();
        }
        look::treat(sites, self.wishes)?;
        look::narrow(sites, &self.aim.target)?;
        Ok(session)
    }

    /// The command that shows what is left.
    fn look<C>(&self, sites: &[Site<C>]) -> String {
        let destroy = if self.destroy { " --destroy" } else { "" };
        format!("{}{destroy}", self.typed("plan", sites))
    }

    /// The command that does it.
    fn apply<C>(&self, sites: &[Site<C>]) -> String {
        self.typed(if self.destroy { "destroy" } else { "apply" }, sites)
    }

    fn typed<C>(&self, verb: &str, sites: &[Site<C>]) -> String {
        let mut paths: Vec<&Path> = sites.iter().map(|site| site.path.as_path()).collect();
        if self.destroy {
            paths.reverse();
        }
        let mut words = vec![typed(verb, &paths, self.target)];
        for (option, places) in [
            ("--adopt", &self.wishes.adopt),
            ("--replace", &self.wishes.replace),
            ("--target", &self.aim.target),
        ] {
            words.extend(places.iter().map(|place| format!("{option} {place}")));
        }
        words.join(" ")
    }
}

/// The command line `amp-stack VERB` for the same stacks in the same place, as somebody would type
/// it.
pub(super) fn typed(verb: &str, paths: &[&Path], target: &Target) -> String {
    let Target {
        files: _,
        variables,
        region,
        profile,
        sandbox,
    } = target;
    let mut words = vec!["amp-stack".to_owned(), verb.to_owned()];
    words.extend(paths.iter().map(|path| quoted(&path.display().to_string())));
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
pub(super) fn quoted(word: &str) -> String {
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
            files: Vec::new(),
            variables: Variables {
                var: vec![("db_password".to_owned(), "hunter2".to_owned())],
                var_file: Vec::new(),
            },
            region: None,
            profile: None,
            sandbox: InSandbox::default(),
        };
        assert_eq!(
            typed("apply", &[Path::new("stack.toml")], &target),
            "amp-stack apply stack.toml --var db_password=..."
        );
    }

    #[test]
    fn the_next_command_is_for_the_same_stack() {
        let target = Target {
            files: Vec::new(),
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
            typed("apply", &[Path::new("stacks/a.toml")], &target),
            r"amp-stack apply stacks/a.toml --var 'tag=it'\''s 1' --var-file prod.toml --region us-east-1 --sandbox='a b.json' --sandbox-chaos 7"
        );
    }
}
