//! What a shell offers as the value of an argument, where clap can't know it: resources, variables
//! and outputs of the stack file that the line names.
//!
//! A line that is being typed is often half right, and so is a stack file that is being edited: a
//! file that can't be read or parsed has no candidates, and nothing is said about it.

use std::{
    collections::BTreeSet,
    env,
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
};

use crate::{
    cli::{files, reading},
    load::names::{Names, names},
    model::{access::is_profile_name, template::Attribute},
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

/// Completes the ARN of a role as which the stack files that the line names make their calls.
pub(super) fn role() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let named = stacks().into_iter().filter_map(|names| {
            let stack = names.stack;
            Some((
                names.role?,
                stack.map(|stack| format!("of the stack {stack}")),
            ))
        });
        matching(current, named)
    })
}

/// Completes the name of a profile: of those that the shared AWS configuration has, and that stack
/// files name.
pub(super) fn profile() -> ArgValueCompleter {
    ArgValueCompleter::new(|current: &OsStr| {
        let named = stacks().into_iter().filter_map(|names| names.profile);
        let all: BTreeSet<String> = named.chain(profiles()).collect();
        matching(current, all.into_iter().map(|name| (name, None)))
    })
}

/// The profiles in the shared configuration and credentials files (AWS SDKs and Tools Reference
/// Guide, "Using shared config and credentials files to globally configure AWS SDKs and tools", and
/// "Finding and changing the location of the shared config and credentials files").
fn profiles() -> Vec<String> {
    let files = [
        ("AWS_CONFIG_FILE", "config", "profile "),
        ("AWS_SHARED_CREDENTIALS_FILE", "credentials", ""),
    ];
    let each = files.into_iter().flat_map(|(variable, file, before)| {
        let path = env::var_os(variable).map(PathBuf::from);
        let path = path.or_else(|| Some(env::home_dir()?.join(".aws").join(file)));
        let text = path.and_then(|path| reading::glance(&path));
        sections(&text.unwrap_or_default(), before)
    });
    each.collect()
}

/// The names in the headers of `text`, before which, but for that of the default, `before` stands.
/// Other headers are of other things: `[sso-session x]`.
fn sections(text: &str, before: &str) -> Vec<String> {
    let headers = text.lines().filter_map(|line| {
        let (header, _) = line.trim().strip_prefix('[')?.split_once(']')?;
        let header = header.trim();
        let name = header.strip_prefix(before);
        let name = name.or_else(|| (header == "default").then_some(header))?;
        Some(name.trim().to_owned())
    });
    headers.filter(|name| is_profile_name(name)).collect()
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
        .filter_map(|path| names(&reading::glance(&path)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_are_the_headers_of_both_files() {
        let config = "[default]\nregion = x\n[profile prod]\n[ profile ci ] # mine\n\
                      [sso-session company]\n[services local]\n[profile]\n";
        assert_eq!(sections(config, "profile "), ["default", "prod", "ci"]);
        let credentials = "[default]\n[prod]\naws_access_key_id = x\n[broken\n";
        assert_eq!(sections(credentials, ""), ["default", "prod"]);
    }
}
