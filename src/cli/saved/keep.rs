//! Saves a plan.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use thiserror::Error;

use crate::{
    cli::{args, failure::Failure, replace::is_special, saved::PlanFile},
    run::{Losses, PlanRequest, Planned},
    saved::{self, Guard, Saved, SavedStack, Variables},
    show::is_secret,
};

/// The plan can't be saved.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
struct Unwritable {
    path: PathBuf,
    source: io::Error,
}

/// Fails if a plan saved in `out` would take the place of something else, or its directory takes
/// no file: better before AWS is read than after.
pub(crate) fn ensure_writable(out: &Path) -> Result<(), Failure> {
    let shown = out.display();
    if out.extension().is_some_and(|extension| extension == "toml") {
        return Err(Failure::before(format!(
            "--out {shown}: stack files have this ending, and plans don't"
        ))
        .hint("write --out plan.json"));
    }
    let is_free = !out.exists();
    // A device or a pipe is not read, which might not end.
    let is_plan = || {
        let file = (!is_special(out))
            .then(|| PlanFile::read(out).ok())
            .flatten();
        file.is_some_and(|file| saved::is_plan(&file.text))
    };
    if is_free || is_plan() {
        let directory = directory_of(out);
        return if directory.is_dir() {
            beside(directory)
                .map(drop)
                .map_err(|source| unwritable(out, source))
        } else {
            // It is made with the file.
            Ok(())
        };
    }
    Err(
        Failure::before(format!("--out {shown}: something else is there already"))
            .hint("only an earlier plan is replaced: name another file, or move this one away"),
    )
}

/// Saves the plans in `out`, which nothing keeps from being carried out.
pub(crate) fn write<C>(
    out: &Path,
    request: &PlanRequest<'_, C>,
    sandbox: Option<&str>,
    planned: &[Planned],
    variables: &args::VariableArgs,
    accepted: &Losses,
) -> Result<(), Failure> {
    let stacks =
        request
            .targets
            .iter()
            .zip(planned)
            .enumerate()
            .map(|(index, (target, planned))| {
                let (file, stack) = (target.path.clone(), &target.stack);
                let accepted = accepted.iter().filter(|(of, _)| *of == index);
                let accepted = accepted.map(|(_, acceptance)| acceptance.clone());
                let (only, live) = (target.only.clone(), planned.live.clone());
                SavedStack::new(file, stack, only, live, accepted.collect())
            });
    let saved = Saved {
        sandbox: sandbox.map(str::to_owned),
        destroy: request.destroy,
        variables: recorded(variables),
        guard: None,
        stacks: stacks.collect(),
    };
    let guard = Guard::random().map_err(Failure::before)?;
    let text = saved::print(&saved.hide(guard)).map_err(Failure::internal)?;
    replace(out, &text).map_err(|source| unwritable(out, source))
}

fn unwritable(path: &Path, source: io::Error) -> Failure {
    let path = path.to_owned();
    Failure::before(Unwritable { path, source }).hint("name a file that can be written")
}

/// What the stack files are read with, without the secrets.
fn recorded(variables: &args::VariableArgs) -> Variables {
    let mut recorded = Variables {
        files: variables.var_file.clone(),
        ..Variables::default()
    };
    for (name, value) in variables.values() {
        if is_secret(&name, &value) {
            recorded.secret.insert(name);
        } else {
            recorded.given.insert(name, value);
        }
    }
    recorded
}

/// Puts a file with `text` at `path`, whole or not at all, that nobody else may read. A directory
/// that is missing is made, as for every file that is written.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let directory = directory_of(path);
    fs::create_dir_all(directory)?;
    let mut file = beside(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    }
}

/// A new file in the directory of another one, so that renaming doesn't cross a file system. It is
/// removed when anything fails.
fn beside(directory: &Path) -> io::Result<NamedTempFile<File>> {
    let mut builder = tempfile::Builder::new();
    builder
        .prefix(".")
        .suffix(".new")
        .make_in(directory, create)
}

/// A new file of one's own. One that is there already is somebody else's.
fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
