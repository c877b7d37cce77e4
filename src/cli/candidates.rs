//! What a shell offers as the value of an argument, where clap can't know it: resources, variables
//! and outputs of the stack file that the line names.
//!
//! A line that is being typed is often half right, and so is a stack file that is being edited: a
//! file that can't be read or parsed has no candidates, and nothing is said about it.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
};

use crate::{
    cli::files,
    load::names::{Names, names},
    model::template::Attribute,
};
use clap_complete::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, engine::ValueCompleter,
};

/// Those of `all` that begin with `current`, each with what it is for.
pub(super) fn matching<S: Into<String>>(
    current: &OsStr,
    all: impl IntoIterator<Item = (S, Option<String>)>,
) -> Vec<CompletionCandidate> {
    let Some(current) = current.to_str() else {
        return Vec::new();
    };
    all.into_iter()
        .map(|(value, help)| (value.into(), help))
        .filter(|(value, _)| value.starts_with(current))
        .map(|(value, help)| CompletionCandidate::new(value).help(help.map(Into::into)))
        .collect()
}

/// Completes the path of a TOML file.
pub(super) fn toml_file() -> ArgValueCompleter {
    ArgValueCompleter::new(PathCompleter::any().filter(is_toml_or_directory))
}

fn is_toml_or_directory(path: &Path) -> bool {
    path.is_dir() || path.extension().is_some_and(|end| end == "toml")
}

/// Completes the address of a resource of the stack file that the line names.
pub(super) fn address() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let stacks = stacks();
        let several = stacks.len() > 1;
        let places = stacks.iter().flat_map(|names| {
            let stack = names.stack.as_ref().filter(|_| several);
            names.resources.iter().map(move |address| {
                let help = address.kind.noun().to_owned();
                let place = match stack {
                    Some(stack) => format!("{stack}:{address}"),
                    None => address.to_string(),
                };
                (place, Some(help))
            })
        });
        matching(current, places)
    })
}

/// Completes the name of a variable of the stack file that the line names, up to the `=`.
pub(super) fn variable() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let names = stacks().into_iter().flat_map(|names| names.variables);
        matching(current, names.map(|name| (format!("{name}="), None)))
    })
}

/// Completes what `output` prints, or the path of a stack file.
pub(super) fn output_or_stack_file() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let stacks = stacks();
        let declared = stacks.iter().flat_map(|names| names.outputs.clone());
        let declared = declared.map(|name| (name, Some("output".to_owned())));
        let resources = stacks.iter().flat_map(|names| &names.resources);
        let attributes = resources.flat_map(|address| {
            let attributes = Attribute::of(address.kind).iter();
            let noun = address.kind.noun();
            attributes
                .map(|attribute| {
                    let name = format!("{address}.{}", attribute.as_str());
                    (name, Some(noun.to_owned()))
                })
                .collect::<Vec<_>>()
        });
        let mut all = matching(current, declared.chain(attributes));
        let files = PathCompleter::any().filter(is_toml_or_directory);
        all.extend(files.complete(current));
        all
    })
}

/// The names in the stack files that the line names, or in those that a command would take without
/// one.
fn stacks() -> Vec<Names> {
    // The shell calls the program with the line after `--`, the program's name first.
    let words = env::args_os().skip_while(|word| word != "--").skip(2);
    stack_files(words.collect())
        .into_iter()
        .filter_map(|path| names(&fs::read_to_string(path).ok()?))
        .collect()
}

fn stack_files(words: Vec<OsString>) -> Vec<PathBuf> {
    let mut named = Vec::new();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let path = PathBuf::from(word);
        if path.as_os_str() == "--var-file" {
            words.next();
        } else if path.is_file() && is_toml_or_directory(&path) {
            named.push(path);
        }
    }
    files::all(&named, Path::new("")).unwrap_or_default()
}
