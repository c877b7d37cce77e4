//! `amp-stack init`: a first stack file, from a few answers.

mod answers;
mod options;
mod text;
mod topics;

use std::path::{Path, PathBuf};

use clap::Args;

use crate::{
    cli::{
        command_line::quoted,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        init::{
            answers::{Answers, Complaint},
            options::Options,
            topics::Topic,
        },
        interrupt::{Interrupts, unless_interrupted},
        replace, schema,
    },
    show::words,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack init                          ask, and write ./stack.toml
  amp-stack init --yes                    ask nothing: an application that runs as it is, on Fargate
  amp-stack init stacks/shop.toml --name shop --image shop:1.4 --scrape 8080/actuator/prometheus
  amp-stack init --print --yes --otlp --xray --cpu 1024 --memory 4096

Questions are asked on a terminal only. What an option answers is not asked.";

/// Where the stack file goes unless somebody says otherwise.
const STACK_FILE: &str = "stack.toml";

/// `init`.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// The file to write; - is standard output [default: ./stack.toml]
    #[arg(value_name = "STACK.toml")]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) options: Options,
    /// Ask nothing, and take the defaults
    #[arg(long, short)]
    pub(super) yes: bool,
    /// Replace the file if it exists
    #[arg(long)]
    pub(super) force: bool,
    /// Print the stack file instead of writing it
    #[arg(long)]
    pub(super) print: bool,
}

/// `amp-stack init`.
pub(super) async fn init(
    args: &Init,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let path = args.file.as_deref().unwrap_or(Path::new(STACK_FILE));
    let prints = args.print || path == "-";
    if !prints && let Some(failure) = files::directory(path, "amp-stack init ") {
        return Err(failure);
    }
    if !prints && !args.force && path.exists() {
        return Err(
            Failure::before(format!("{} exists already", path.display()))
                .hint("--force replaces it, --print shows what would be written"),
        );
    }
    let mut answers = Answers::new(&directory_name());
    settle_options(&args.options, &mut answers)?;
    if console.can_ask && !args.yes {
        unless_interrupted(ask(&mut answers, console), interrupts).await?;
    }
    let text = answers.stack_file().map_err(Failure::from)?;
    let text = schema::first_line(path) + &text;
    if prints {
        console.print(&text)?;
    } else {
        // Without --force a file that has come up meanwhile stays, too.
        if args.force && path.exists() {
            replace::replace(path, &text)?;
        } else {
            replace::create(path, &text)?;
        }
        console.eprint(&farewell(path, &answers))?;
    }
    Ok(Exit::Done)
}

/// Takes the answers that are options.
fn settle_options(options: &Options, answers: &mut Answers) -> Result<(), Failure> {
    for topic in Topic::ALL {
        if let Some(text) = options.given(topic) {
            answers.settle(topic, &text).map_err(|complaint| {
                let about = format!("{} {text}: {}", topic.option(), complaint.message);
                Failure::from(Complaint {
                    message: about,
                    ..complaint
                })
            })?;
        }
    }
    Ok(())
}

/// Asks about everything that is not settled, and asks again where an answer is wrong.
async fn ask(answers: &mut Answers, console: &mut Console) -> Result<(), Failure> {
    console.eprint("An empty answer takes what stands in brackets.\n\n")?;
    for topic in Topic::ALL {
        if answers.is_settled(topic) || !topic.is_open(answers) {
            continue;
        }
        loop {
            let default = topic.default(answers);
            let question = format!("{} [{default}]: ", topic.question(answers));
            let answer = console.ask(&question).await?;
            if answer.is_empty() && console.is_at_end() {
                return Err(Failure::before("the answers ended; nothing was written"));
            }
            let answer = if answer.is_empty() { default } else { answer };
            let Err(complaint) = answers.settle(topic, &answer) else {
                break;
            };
            let width = console.err_style.width;
            console.eprint(&words::wrap("  ", &complaint.to_string(), width))?;
        }
    }
    console.eprint("\n")?;
    Ok(())
}

impl From<Complaint> for Failure {
    fn from(complaint: Complaint) -> Self {
        let failure = Self::before(complaint.message);
        match complaint.help {
            Some(help) => failure.hint(help),
            None => failure,
        }
    }
}

/// What is said when the file at `path` is written.
fn farewell(path: &Path, answers: &Answers) -> String {
    let file = if path == STACK_FILE {
        String::new()
    } else {
        format!(" {}", quoted(&path.display().to_string()))
    };
    let mut commands = vec![("validate", "checks it, without AWS")];
    if !answers.uses_existing_roles() {
        commands.push((
            "try",
            "runs it in a sandbox: plan, apply, verify and destroy",
        ));
    }
    commands.push(("plan", "shows what `amp-stack apply` would do in AWS"));
    let width = "validate".len() + file.len();
    let lines = commands.into_iter().map(|(verb, does)| {
        let command = format!("{verb}{file}");
        format!("  amp-stack {command:width$}  {does}\n")
    });
    let lines: Vec<String> = lines.collect();
    format!("{} is written. Next:\n{}", path.display(), lines.concat())
}

/// The name of the directory that the program runs in.
fn directory_name() -> String {
    let directory = std::env::current_dir().ok();
    let name = directory.as_deref().and_then(Path::file_name);
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests;
