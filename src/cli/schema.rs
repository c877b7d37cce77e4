//! `amp-stack schema`: the JSON Schema of stack files, for editors.

use std::path::Path;

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

`init` and `import` write that line where stack.schema.json lies beside the file that they write. Programs of a release know the address of the schema, and write the line everywhere. For many files at once, a file .taplo.toml beside them says it:
  [[rule]]
  include = [\"stacks/*.toml\"]
  [rule.schema]
  path = \"./stack.schema.json\"

The schema knows every field. What depends on several fields, on variables or on AWS is left to `amp-stack validate`.";

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack schema > stack.schema.json    and `#:schema ./stack.schema.json` as the first line of the stack file";

/// The file that holds the schema: beside stack files, and in `stacks/` of the repository.
const FILE: &str = "stack.schema.json";

/// The address of the repository that the program is built from, such as
/// `https://github.com/owner/amp-stack`. The release workflow says it; whoever builds a clone has a
/// program that knows of none.
const REPOSITORY: Option<&str> = option_env!("AMP_STACK_REPOSITORY");

/// The first line of a stack file that is written at `path`, and an empty one after it: which
/// schema editors check it against. Nothing if no schema is known, because a line that names a
/// missing file makes editors complain about every stack file.
pub(super) fn first_line(path: &Path) -> String {
    let beside = path.with_file_name(FILE).is_file();
    schema_of(beside, REPOSITORY)
        .map(|schema| format!("#:schema {schema}\n\n"))
        .unwrap_or_default()
}

/// A schema beside the file comes before that of the `repository`: it is of the program that its
/// team uses. In the repository it is that of the newest commit, not of this version: a file
/// outlives the program that wrote it, and an older schema calls newer fields mistakes.
fn schema_of(beside: bool, repository: Option<&str>) -> Option<String> {
    if beside {
        return Some(format!("./{FILE}"));
    }
    repository.map(|repository| format!("{repository}/raw/HEAD/stacks/{FILE}"))
}

/// `schema`.
#[derive(Debug, Args)]
pub(super) struct Schema {}

/// `amp-stack schema`.
pub(super) fn schema(_: &Schema, console: &mut Console) -> Result<Exit, Failure> {
    console.print(&format!("{:#}\n", of_stack_files()))?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schema_beside_the_file_comes_before_that_of_the_repository() {
        let home = Some("https://github.com/owner/amp-stack");
        for (beside, repository, wanted) in [
            (false, None, None),
            (true, None, Some("./stack.schema.json")),
            (true, home, Some("./stack.schema.json")),
            (
                false,
                home,
                Some("https://github.com/owner/amp-stack/raw/HEAD/stacks/stack.schema.json"),
            ),
        ] {
            assert_eq!(schema_of(beside, repository).as_deref(), wanted);
        }
    }
}
