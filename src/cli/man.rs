//! `amp-stack man`: the manual, a page for the program and one for each command.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Args, Command};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use thiserror::Error;

use crate::{
    cli::{console::Console, exit::Exit, failure::Failure},
    file::problem::nearest,
    show::words,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack man | man -l -                read the page of the program
  amp-stack man plan | man -l -           read the page of `amp-stack plan`
  amp-stack man --dir ~/.local/share/man/man1
                                          install all pages, for `man amp-stack-plan`";

/// The name of the program's own page.
const PROGRAM: &str = "amp-stack";

/// `man`.
#[derive(Debug, Args)]
pub(super) struct Pages {
    /// The command that the page is about [default: the program]
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    pub(super) command: Option<String>,
    /// Write every page to this directory instead, which is made if it is not there
    #[arg(long, value_name = "DIRECTORY")]
    pub(super) dir: Option<PathBuf>,
}

/// A page that can't be written.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
struct Unwritable {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

/// `amp-stack man`, of the command line `program`.
pub(super) fn man(args: &Pages, program: Command, console: &mut Console) -> Result<Exit, Failure> {
    let pages = pages(program);
    if let Some(directory) = &args.dir {
        write(&pages, directory)?;
        let pages = words::count(pages.len(), "page");
        console.eprint(&format!("{pages} in {}\n", directory.display()))?;
        return Ok(Exit::Done);
    }
    let name = match &args.command {
        Some(command) => format!("{PROGRAM}-{command}"),
        None => PROGRAM.to_owned(),
    };
    match pages.iter().find(|page| page.name == name) {
        Some(page) => console.print(&page.text()?)?,
        None => return Err(unknown(args.command.as_deref().unwrap_or_default(), &pages)),
    }
    Ok(Exit::Done)
}

fn unknown(command: &str, pages: &[Page]) -> Failure {
    let commands: Vec<&str> = pages
        .iter()
        .filter_map(|page| page.name.strip_prefix(PROGRAM)?.strip_prefix('-'))
        .collect();
    let hint = match nearest(command, commands.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("there are {}", words::list(&commands)),
    };
    Failure::before(format!("there is no command `{command}`")).hint(hint)
}

/// A page of the manual.
struct Page {
    /// What `man` finds it by.
    name: String,
    command: Command,
}

/// The page of the program, and those of its commands.
fn pages(program: Command) -> Vec<Page> {
    let mut program = program.disable_help_subcommand(true);
    // Gives the commands their full names and the options that all of them have.
    program.build();
    let commands: Vec<Page> = program
        .get_subcommands()
        .map(|command| Page {
            name: format!("{PROGRAM}-{}", command.get_name()),
            command: command.clone(),
        })
        .collect();
    let mut pages = vec![Page {
        name: PROGRAM.to_owned(),
        command: program,
    }];
    pages.extend(commands);
    pages
}

fn write(pages: &[Page], directory: &Path) -> Result<(), Failure> {
    let unwritable = |path: &Path| {
        let path = path.to_owned();
        move |cause| {
            Failure::before(Unwritable { path, cause }).hint("name a directory that can be written")
        }
    };
    fs::create_dir_all(directory).map_err(unwritable(directory))?;
    for page in pages {
        let path = directory.join(format!("{}.1", page.name));
        fs::write(&path, page.text()?).map_err(unwritable(&path))?;
    }
    Ok(())
}

impl Page {
    /// The page as roff.
    fn text(&self) -> Result<String, Failure> {
        let mut text = Vec::new();
        let man =
            Man::new(self.command.clone()).source(concat!("amp-stack ", env!("CARGO_PKG_VERSION")));
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        man.render_options_section(&mut text)?;
        if self.command.has_subcommands() {
            man.render_subcommands_section(&mut text)?;
        }
        let after = self.command.get_after_help().map(ToString::to_string);
        for section in after.unwrap_or_default().split("\n\n") {
            table(section).to_writer(&mut text)?;
        }
        String::from_utf8(text).map_err(Failure::internal)
    }
}

/// A section of the help whose first line is its title. Its lines are a table, which roff must not
/// fill.
fn table(section: &str) -> Roff {
    let mut roff = Roff::new();
    let mut lines = section.lines();
    if let Some(title) = lines.next() {
        let title = title.trim_end_matches(':').to_uppercase();
        roff.control("SH", [title.as_str()]).control("nf", []);
        for line in lines {
            roff.text([roman(line)]);
        }
        roff.control("fi", []);
    }
    roff
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::cli::command::Args;

    #[test]
    fn every_command_has_a_page_with_examples() {
        let pages = pages(Args::command());
        assert_eq!(
            pages.len(),
            1 + Args::command().get_subcommands().count(),
            "the program and each command"
        );
        for page in &pages {
            let name = &page.name;
            let text = page.text().expect("it is text");
            assert!(text.contains(&format!(".TH {name} 1")), "{name}: {text}");
            assert!(text.contains("\n.SH EXAMPLES\n.nf\n"), "{name}: {text}");
            assert!(
                text.contains("\n.SH \"EXIT CODES\"\n.nf\n"),
                "{name}: {text}"
            );
        }
    }

    #[test]
    fn a_command_that_is_not_there_is_recognised() {
        let said = format!("{:?}", unknown("aply", &pages(Args::command())));
        assert!(said.contains("did you mean `apply`?"), "{said}");
        let said = format!("{:?}", unknown("zzzzzz", &pages(Args::command())));
        assert!(said.contains("destroy"), "{said}");
    }
}
