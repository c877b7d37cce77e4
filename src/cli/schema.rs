//! `amp-stack schema`: the JSON Schema of stack files, for editors.

use clap::Args;

use crate::{
    cli::{console::Console, exit::Exit, failure::Failure},
    load::schema::schema as of_stack_files,
};

/// What it is for, and how an editor comes to use it.
pub(super) const ABOUT: &str = "\
Prints the JSON Schema of stack files, with which editors complete, check and explain them.

Taplo, and what is made with it, such as Even Better TOML for Visual Studio Code, reads which schema to use from the first line of the stack file:

  #:schema ./stack.schema.json

or, for many files at once, from a file .taplo.toml beside them:

  [[rule]]
  include = [\"stacks/*.toml\"]
  [rule.schema]
  path = \"./stack.schema.json\"

The schema knows every field. What depends on several fields, on variables or on AWS is left to `amp-stack validate`.";

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack schema > stack.schema.json    and `#:schema ./stack.schema.json` as the first line of the stack file";

/// `schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {}

/// `amp-stack schema`.
pub(super) fn schema(_: &Schema, console: &mut Console) -> Result<Exit, Failure> {
    console.print(&format!("{:#}\n", of_stack_files()))?;
    Ok(Exit::Done)
}
