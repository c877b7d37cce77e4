//! The command line: what is typed, what is asked, what is printed, and how it ends.

mod apply;
mod args;
mod candidates;
mod command;
mod command_line;
mod completions;
mod consent;
mod console;
mod dashboard;
mod destroy;
mod execute;
mod exit;
mod explain;
mod failure;
mod files;
mod fmt;
mod foreign;
mod graph;
mod guide;
mod help;
mod import;
mod init;
mod interrupt;
mod invocation;
mod json;
mod logging;
mod lsp;
mod man;
mod metrics;
mod output;
mod permissions;
mod place;
mod plan;
mod planning;
mod problems;
mod reading;
mod replace;
mod report;
mod sandbox;
mod saved;
mod schema;
mod session;
mod show;
mod skill;
mod status;
mod usage;
mod validate;
mod verify;

use std::{ffi::OsString, io, process::ExitCode};

use clap::{CommandFactory, Parser};

use crate::cli::{
    command::{Args, Command},
    console::{Color, Console},
    exit::Exit,
    failure::Failure,
    interrupt::Interrupts,
};

/// Answers a shell that asks how the command line `words` can go on, and returns whether one asked.
///
/// To be called before any thread is started: it changes the environment.
///
/// # Errors
///
/// Fails if the shell is unknown, or doesn't read the answer.
pub fn answer_shell(words: impl IntoIterator<Item = OsString>) -> Result<bool, clap::Error> {
    completions::answer(words.into_iter().collect(), Args::command)
}

/// Runs the command line `words`, of which the first is the program.
pub async fn run(words: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = words.into_iter().collect();
    let args = match Args::try_parse_from(&words) {
        Ok(args) => args,
        Err(error) => return usage(&foreign::advise(error, &words), &words),
    };
    let mut console = Console::of_process(args.color);
    let exit = match (logging::start(args.debug), Interrupts::listen()) {
        (Ok(is_on), Ok(mut interrupts)) => {
            // Lines of the log would be drawn over by lines that move.
            console.can_move &= !is_on;
            Box::pin(dispatch(args.command, &mut console, &mut interrupts)).await
        }
        (Err(failure), _) => Err(failure),
        (_, Err(error)) => Err(Failure::before(error)),
    };
    let exit = exit.unwrap_or_else(|failure| failure.report(&mut console));
    // Whether or not anybody reads the last line, the exit code says the same.
    _ = console.end_events(exit);
    exit.into()
}

/// Says why the program can't even begin.
pub fn cannot_start(error: io::Error) -> ExitCode {
    let mut console = Console::of_process(Color::Auto);
    Failure::before(error).report(&mut console).into()
}

async fn dispatch(
    command: Command,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    match command {
        Command::Plan(args) => plan::plan(&args, console, interrupts).await,
        Command::Apply(args) => apply::apply(&args, console, interrupts).await,
        Command::Show(args) => show::show(&args, console),
        Command::Destroy(args) => destroy::destroy(&args, console, interrupts).await,
        Command::Try(args) => Box::pin(sandbox::trial::run(&args, console, interrupts)).await,
        Command::Sandbox(args) => sandbox::serve::serve(&args, console, interrupts).await,
        Command::Validate(args) => validate::validate(&args, console),
        Command::Completions(args) => completions::completions(&args, console),
        Command::Man(args) => man::man(&args, Args::command(), console),
        Command::Status(args) => status::status(&args, console, interrupts).await,
        Command::Verify(args) => verify::verify(&args, console, interrupts).await,
        Command::Output(args) => output::output(&args, console, interrupts).await,
        Command::Dashboard(args) => dashboard::dashboard(&args, console, interrupts).await,
        Command::Graph(args) => graph::graph(&args, console),
        Command::Metrics(args) => metrics::metrics(&args, console),
        Command::Permissions(args) => permissions::permissions(&args, console),
        Command::Import(args) => {
            // Boxed, because everything that is read makes for a large future.
            Box::pin(import::import(&args, console, interrupts)).await
        }
        Command::Guide(args) => guide::guide(&args, console),
        Command::Explain(args) => explain::explain(&args, console),
        Command::Schema(args) => schema::schema(&args, console),
        Command::Skill(args) => skill::skill(&args, console),
        Command::Lsp(args) => lsp::lsp(args, console, interrupts).await,
        Command::Fmt(args) => fmt::fmt(&args, console, interrupts).await,
        Command::Init(args) => init::init(&args, console, interrupts).await,
    }
}

/// What is wrong with the command line, without the advice on how to type it.
fn fault(error: &clap::Error) -> String {
    let text = error.to_string();
    let fault = text.split("\n\n").next().unwrap_or_default();
    fault.trim_start_matches("error: ").trim_end().to_owned()
}

/// Prints help where it was asked for, and what is wrong with the command line where something is.
fn usage(error: &clap::Error, words: &[OsString]) -> ExitCode {
    let exit = if error.use_stderr() {
        // 2, which clap would choose, already means that there are changes.
        Exit::Error
    } else {
        Exit::Done
    };
    if exit == Exit::Error {
        // Nobody has to read it: standard error and the exit code say the same.
        _ = json::print_misuse(words, &fault(error));
    }
    match error.print() {
        Ok(()) => exit.into(),
        Err(_) => Exit::Error.into(),
    }
}
