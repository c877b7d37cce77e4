//! `amp-stack validate`: the mistakes of stack files, without AWS.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        args::{LoadArgs, SandboxArgs},
        candidates::toml_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        files, problems,
        session::StackFile,
    },
    file::{
        problem::Problem,
        render::{
            github,
            json::{self, Mistake},
            sarif,
        },
        source::Source,
    },
    load::{collisions_between, rules},
    show::words,
    stack::Stack,
};

/// The examples in the help, and the form that programs read.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack validate                      check ./stack.toml, or every file in ./stacks/
  amp-stack validate stacks/*.toml        check several, and that no two want one role name
  amp-stack validate --format json        for editors and scripts: the mistakes on standard output
  amp-stack validate --format github      in GitHub Actions: annotations at the lines
  amp-stack validate --format sarif > amp-stack.sarif
                                          for code scanning

With --format json standard output holds one JSON object per mistake and line:
  version  1; higher if a member goes or changes its meaning
  code     what `amp-stack explain` takes
  message  what is wrong
  file     the file that it is wrong in, as it was given
  labels   the places, the first being where to mend it: label, start, end (after the last character);
           each end with byte (from 0), line and column (from 1, in characters)
  help     what to write instead, or null

What stops the check, such as a file that cannot be read, is printed on standard error; exit codes are the same.";

/// `validate`.
#[derive(Debug, Args)]
pub(super) struct Validate {
    /// The stack files [default: ./stack.toml, else every file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    /// How mistakes are printed
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub(super) format: Format,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

/// How mistakes are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// To people, on standard error
    Text,
    /// To programs, on standard output, one JSON object per line
    Json,
    /// To GitHub Actions, on standard output: annotations at the lines of a pull request
    Github,
    /// To code scanning, on standard output: one SARIF log, also if there are no mistakes
    Sarif,
}

/// `amp-stack validate`.
pub(super) fn validate(args: &Validate, console: &mut Console) -> Result<Exit, Failure> {
    let paths = files::all(&args.files, Path::new("."))?;
    let sources = files::read_all(&paths)?;
    let mut valid = Vec::new();
    let mut mistakes = Vec::new();
    let mut exit = Exit::Done;
    for (path, file) in paths
        .iter()
        .zip(StackFile::parse_all(&sources, &args.load.variables)?)
    {
        match file.problems(args.load.region.as_deref()) {
            Ok(stack) => {
                let resources = words::count(stack.resources.len(), "resource");
                console.eprint(&format!("{}: valid, {resources}\n", path.display()))?;
                for (address, note) in &stack.notes {
                    let note = format!("{address}: {note}");
                    console.eprint(&words::wrap("note: ", &note, console.err_style.width))?;
                }
                valid.push((file, stack));
            }
            Err(problems) => {
                mistakes.extend(print_problems(args.format, &file, &problems, console)?);
                let failure = Failure::before(problems::summary(&problems, path));
                exit = failure.report(console);
            }
        }
    }
    let stacks: Vec<(&Source, &Stack)> = valid
        .iter()
        .map(|(file, stack)| (file.source(), stack))
        .collect();
    let collisions = collisions_between(&stacks);
    if let Some((first, _)) = valid.first().filter(|_| !collisions.is_empty()) {
        mistakes.extend(print_problems(args.format, first, &collisions, console)?);
        exit = Failure::before("two stack files want the same role name").report(console);
    }
    if args.format == Format::Sarif {
        let log = sarif::log(&mistakes, rules::find);
        console.print(&format!("{log:#}\n"))?;
    }
    Ok(exit)
}

/// Prints the problems of a file, but those that are printed with all others at the end, which it
/// returns.
fn print_problems(
    format: Format,
    file: &StackFile<'_>,
    problems: &[Problem],
    console: &mut Console,
) -> Result<Vec<Mistake>, Failure> {
    let source = file.source();
    match format {
        Format::Text => file.show(problems, console)?,
        Format::Json => {
            for line in json::lines(source, problems) {
                console.print(&format!("{line}\n"))?;
            }
        }
        Format::Github => {
            for mistake in json::mistakes(source, problems) {
                console.print(&github::line(&mistake))?;
            }
        }
        Format::Sarif => return Ok(json::mistakes(source, problems).collect()),
    }
    Ok(Vec::new())
}
