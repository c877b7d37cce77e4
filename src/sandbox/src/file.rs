//! Keeps a [`World`] in a file, so that the sandbox outlives a process.
//!
//! The file is replaced as a whole: written beside itself, flushed to the disk, then renamed. A
//! crash leaves the old world or the new one. A lock on a file of its own (`<file>.lock`, because
//! renaming would take a lock on the file itself along) keeps two processes apart for as long as
//! the [`WorldFile`] lives.

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::World;

const FORMAT: &str = "amp-stack sandbox";
const VERSION: u32 = 1;

/// Why a world could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Somebody else holds the lock.
    #[error("another process is using the sandbox file {}", path.display())]
    InUse {
        /// The file of the world.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {action} the sandbox file {}", path.display())]
    Io {
        /// What was attempted, as a verb: "read", "write", "lock".
        action: &'static str,
        /// The file of the world.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file is no world.
    #[error("the sandbox file {} is damaged", path.display())]
    Damaged {
        /// The file of the world.
        path: PathBuf,
        /// Where the text stops making sense.
        source: serde_json::Error,
    },
    /// The file is a world of another time.
    #[error(
        "the sandbox file {} has the format '{format}' version {version}, this program reads '{FORMAT}' version {VERSION}", path.display()
    )]
    Version {
        /// The file of the world.
        path: PathBuf,
        /// The format it names.
        format: String,
        /// The version it names.
        version: u32,
    },
    /// The file is the world of another account.
    #[error(
        "the sandbox file {} holds account {found}, not {wanted}", path.display()
    )]
    Account {
        /// The file of the world.
        path: PathBuf,
        /// The account in the file.
        found: String,
        /// The account asked for.
        wanted: String,
    },
}

/// A file that holds a world, locked against other processes.
#[derive(Debug)]
pub struct WorldFile {
    path: PathBuf,
    account: String,
    _lock: File,
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
    account: String,
}

#[derive(Deserialize)]
struct Stored {
    world: World,
}

#[derive(Serialize)]
struct ToStore<'a> {
    format: &'a str,
    version: u32,
    account: &'a str,
    world: &'a World,
}

impl WorldFile {
    /// Locks the file at `path` and reads the world of `account` from it. Without a file the world
    /// is empty.
    pub fn open(path: &Path, account: &str) -> Result<(Self, World), FileError> {
        let io = |action| {
            move |source| FileError::Io {
                action,
                path: path.to_owned(),
                source,
            }
        };
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(beside(path, ".lock"))
            .map_err(io("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => FileError::InUse {
                path: path.to_owned(),
            },
            TryLockError::Error(source) => io("lock")(source),
        })?;
        let world = match fs::read(path) {
            Ok(text) => parse(path, account, &text)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => World::default(),
            Err(error) => return Err(io("read")(error)),
        };
        let file = Self {
            path: path.to_owned(),
            account: account.to_owned(),
            _lock: lock,
        };
        Ok((file, world))
    }

    /// Replaces the file by `world`, atomically.
    pub fn store(&self, world: &World) -> Result<(), FileError> {
        self.replace(world).map_err(|source| FileError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        })
    }

    fn replace(&self, world: &World) -> io::Result<()> {
        let text = serde_json::to_vec(&ToStore {
            format: FORMAT,
            version: VERSION,
            account: &self.account,
            world,
        })?;
        let temporary = beside(&self.path, ".new");
        let mut file = File::create(&temporary)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        // The new name is on the disk only once its directory is.
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
            Some(_) | None => File::open(".")?.sync_all(),
        }
    }
}

fn parse(path: &Path, account: &str, text: &[u8]) -> Result<World, FileError> {
    let damaged = |source| FileError::Damaged {
        path: path.to_owned(),
        source,
    };
    let header: Header = serde_json::from_slice(text).map_err(damaged)?;
    if header.format != FORMAT || header.version != VERSION {
        return Err(FileError::Version {
            path: path.to_owned(),
            format: header.format,
            version: header.version,
        });
    }
    if header.account != account {
        return Err(FileError::Account {
            path: path.to_owned(),
            found: header.account,
            wanted: account.to_owned(),
        });
    }
    let stored: Stored = serde_json::from_slice(text).map_err(damaged)?;
    Ok(stored.world)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf, process};

    use super::{FileError, WorldFile};
    use crate::World;

    const ACCOUNT: &str = "111122223333";

    /// A directory of its own for each test.
    fn directory(test: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("amp-stack-file-{}-{test}", process::id()));
        fs::create_dir_all(&path).expect("a temporary directory can be made");
        path
    }

    #[test]
    fn a_world_survives() {
        let path = directory("survives").join("world.json");
        let (file, mut world) = WorldFile::open(&path, ACCOUNT).expect("a new file");
        assert_eq!(world, World::default());
        world.fresh();
        file.store(&world).expect("stored");
        drop(file);
        let (_file, again) = WorldFile::open(&path, ACCOUNT).expect("the same file");
        assert_eq!(again, world);
    }

    #[test]
    fn two_processes_are_kept_apart() {
        let path = directory("apart").join("world.json");
        let first = WorldFile::open(&path, ACCOUNT).expect("a new file");
        let second = WorldFile::open(&path, ACCOUNT).expect_err("locked");
        assert!(matches!(second, FileError::InUse { .. }), "{second}");
        drop(first);
        WorldFile::open(&path, ACCOUNT).expect("free again");
    }

    #[test]
    fn what_cannot_be_read_is_named_and_left_alone() {
        let path = directory("left-alone").join("world.json");
        let table = [
            ("{\"format\":", "is damaged"),
            (
                "{\"format\":\"amp-stack sandbox\",\"version\":2,\"account\":\"111122223333\",\"world\":{}}",
                "version 2",
            ),
            (
                "{\"format\":\"amp-stack sandbox\",\"version\":1,\"account\":\"444455556666\",\"world\":{}}",
                "holds account 444455556666",
            ),
            (
                "{\"format\":\"amp-stack sandbox\",\"version\":1,\"account\":\"111122223333\",\"world\":7}",
                "is damaged",
            ),
        ];
        for (text, expected) in table {
            fs::write(&path, text).expect("written");
            let error = WorldFile::open(&path, ACCOUNT).expect_err(text).to_string();
            assert!(error.contains(expected), "{error}");
            assert!(error.contains("world.json"), "{error}");
            assert_eq!(fs::read_to_string(&path).ok().as_deref(), Some(text));
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error() {
        let directory = directory("unwritable");
        let path = directory.join("gone").join("world.json");
        let error = WorldFile::open(&path, ACCOUNT).expect_err("no such directory");
        assert!(
            matches!(error, FileError::Io { action: "lock", .. }),
            "{error}"
        );
    }
}
