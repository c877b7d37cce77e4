//! Writes stack files, so that what is there is replaced as a whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::cli::failure::Failure;

/// A file that could not be written.
#[derive(Debug, Error)]
#[error("cannot write {}", path.display())]
pub(super) struct WriteError {
    path: PathBuf,
    #[source]
    cause: io::Error,
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        Self::before(error).hint("name a file that can be written")
    }
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
/// a link keeps its target. A device or a pipe stays what it is, and gets the text.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let replaced = if is_special(path) {
        let opened = File::options().write(true).open(path);
        opened.and_then(|mut file| file.write_all(text.as_bytes()))
    } else {
        fs::canonicalize(path).and_then(|real| write_and_rename(&real, text))
    };
    replaced.map_err(|cause| WriteError {
        path: path.to_owned(),
        cause,
    })
}

/// Returns whether something is at `path` that is neither a file nor a directory, such as
/// `/dev/null`: whoever may make files beside it could put one into its place.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A socket stands for a device, which only the administrator makes.
    #[cfg(unix)]
    #[test]
    fn what_is_no_file_stays_what_it_is() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("special");
        let _socket = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        assert!(is_special(&path) && !is_special(directory.path()));
        replace(&path, "text").expect_err("a socket takes no text that way");
        assert!(is_special(&path), "it is a file now");
        let file = directory.path().join("file");
        create(&file, "before").expect("it is free");
        assert!(!is_special(&file) && !is_special(&directory.path().join("nothing")));
        replace(&file, "after").expect("it is a file");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "after");
    }
}
