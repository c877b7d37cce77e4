//! `amp-stack graph`: what a stack file declares and what mentions what, drawn without AWS.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::{
    cli::{
        args::LoadArgs, candidates::toml_file, console::Console, exit::Exit, failure::Failure,
        files, session::StackFile,
    },
    show::graph::{dot, graph as graph_of, mermaid},
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack graph | dot -Tsvg > stack.svg
                                          draw ./stack.toml, or the only file in ./stacks/
  amp-stack graph stacks/prod.toml --format mermaid
                                          for a block ```mermaid in Markdown";

/// `graph`.
#[derive(Debug, Args)]
pub(super) struct Graph {
    /// The stack file [default: ./stack.toml, else the only file in ./stacks/]
    #[arg(value_name = "STACK.toml", add = toml_file())]
    pub(super) file: Option<PathBuf>,
    #[command(flatten)]
    pub(super) load: LoadArgs,
    /// The language of the drawing
    #[arg(long, value_enum, default_value_t = Format::Dot, value_name = "FORMAT")]
    pub(super) format: Format,
}

/// The language of a drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// That of Graphviz
    Dot,
    /// That which GitHub and GitLab draw in Markdown
    Mermaid,
}

/// `amp-stack graph`.
pub(super) fn graph(args: &Graph, console: &mut Console) -> Result<Exit, Failure> {
    let path = files::one(args.file.as_deref(), Path::new("."))?;
    let source = files::read(&path)?;
    let file = StackFile::parse(&source, &args.load.variables)?;
    let graph = graph_of(&file.check(args.load.region.as_deref(), console)?);
    let text = match args.format {
        Format::Dot => dot(&graph),
        Format::Mermaid => mermaid(&graph),
    };
    console.print(&text)?;
    Ok(Exit::Done)
}
