//! Writes stack files, so that what is there is replaced as a whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// A file that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
pub(super) struct WriteError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

/// Makes the file `path`, which must not exist, with the content `text`, and the directory that it
/// goes into: a first stack file in `stacks/` is where a repository begins.
pub(super) fn create(path: &Path, text: &str) -> Result<(), WriteError> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let created = fs::create_dir_all(directory).and_then(|()| {
        let mut file = File::create_new(path)?;
        let written = file
            .write_all(text.as_bytes())
            .and_then(|()| file.sync_all());
        if written.is_err() {
            // What went wrong first is what is reported.
            _ = fs::remove_file(path);
        }
        written
    });
    created.map_err(|cause| WriteError {
        path: path.to_owned(),
        cause,
    })
}

/// Gives the file at `path`, which has to exist, the content `text`. It keeps its permissions, and
/// a link keeps its target.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let replaced = fs::canonicalize(path).and_then(|real| write_and_rename(&real, text));
    replaced.map_err(|cause| WriteError {
        path: path.to_owned(),
        cause,
    })
}

fn write_and_rename(path: &Path, text: &str) -> io::Result<()> {
    let permissions = fs::metadata(path)?.permissions();
    if permissions.readonly() {
        // A new name needs no right to write the old file, but whoever took that right away wants
        // it as it is.
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    // In the same directory, so that renaming doesn't cross a file system. It is removed when
    // anything fails.
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".")
        .suffix(".new")
        .tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
