//! `amp-stack fmt`: stack files in their one form.

mod unified;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use clap::Args;
use tokio::io::AsyncReadExt;

use crate::{
    cli::{
        candidates::toml_file,
        console::Console,
        exit::Exit,
        failure::Failure,
        files,
        fmt::unified::unified,
        interrupt::{Interrupts, unless_interrupted},
        reading,
        replace::replace,
        session::render_style,
    },
    file::{
        format::format,
        render::render,
        source::{Source, decode},
    },
    show::words,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack fmt                           format ./stack.toml, or every file in ./stacks/
  amp-stack fmt --check                   for CI: list what is not formatted, and exit with 1
  amp-stack fmt --diff stacks/prod.toml   show what would change
  amp-stack fmt - < stacks/prod.toml      for editors: from standard input to standard output

Comments, the order of everything, and all values stay. Blank lines, spaces, line breaks and quotes follow one \
way of writing, so that they are nobody's choice and in nobody's diff.";

/// `fmt`.
#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// The files; - is standard input, which goes to standard output [default: ./stack.toml, else
    /// every file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) files: Vec<PathBuf>,
    /// Write nothing, list the files that would change, and exit with 1 if there are any
    #[arg(long)]
    pub(super) check: bool,
    /// Write nothing, and show what would change
    #[arg(long)]
    pub(super) diff: bool,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug)]
enum Origin<'a> {
    StandardInput,
    File(&'a Path),
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StandardInput => f.write_str("<stdin>"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// `amp-stack fmt`.
pub(super) async fn fmt(
    args: &Fmt,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<Exit, Failure> {
    let mut exit = Exit::Done;
    let mut changed = 0;
    for path in &files::all(&args.files, Path::new("."))? {
        let origin = if path == "-" {
            Origin::StandardInput
        } else {
            Origin::File(path)
        };
        match one(origin, args, console, interrupts).await {
            Ok(is_changed) => changed += usize::from(is_changed),
            Err(failure) => exit = failure.report(console),
        }
    }
    if args.check && changed > 0 {
        let files = words::count(changed, "file");
        return Err(Failure::before(format!("{files} would change"))
            .hint("`amp-stack fmt` changes them; `amp-stack fmt --diff` shows how"));
    }
    Ok(exit)
}

/// Formats one text, and returns whether that changes it.
async fn one(
    origin: Origin<'_>,
    args: &Fmt,
    console: &mut Console,
    interrupts: &mut Interrupts,
) -> Result<bool, Failure> {
    let source = match origin {
        Origin::StandardInput => unless_interrupted(standard_input(), interrupts).await?,
        Origin::File(path) => files::read(path)?,
    };
    let formatted = format(&source).map_err(|problems| {
        let text = render(&source, &problems, render_style(console.err_style));
        let problems = words::count(problems.len(), "problem");
        match console.eprint(&format!("{}\n\n", text.trim_end())) {
            Ok(()) => Failure::before(format!("{problems} in {origin}")),
            Err(error) => Failure::from(error),
        }
    })?;
    let is_changed = formatted != source.text;
    if args.diff {
        let name = origin.to_string();
        console.print(&unified(&name, &source.text, &formatted, console.out_style))?;
    } else if args.check {
        if is_changed {
            console.print(&format!("{origin}\n"))?;
        }
    } else {
        write(origin, is_changed, &formatted, console)?;
    }
    Ok(is_changed)
}

fn write(
    origin: Origin<'_>,
    is_changed: bool,
    formatted: &str,
    console: &mut Console,
) -> Result<(), Failure> {
    match origin {
        Origin::StandardInput => console.print(formatted)?,
        Origin::File(path) if is_changed => {
            replace(path, formatted)?;
            console.eprint(&format!("{origin}: formatted\n"))?;
        }
        Origin::File(_) => {}
    }
    Ok(())
}

async fn standard_input() -> Result<Source, Failure> {
    let mut bytes = Vec::new();
    let mut input = tokio::io::stdin().take(reading::MOST_BYTES + 1);
    let read = input.read_to_end(&mut bytes).await;
    let text = read.and_then(|_| reading::within(bytes)).and_then(decode);
    let unreadable = |cause| Failure::before(format!("cannot read standard input: {cause}"));
    Ok(Source {
        path: PathBuf::from(Origin::StandardInput.to_string()),
        text: text.map_err(unreadable)?,
    })
}
