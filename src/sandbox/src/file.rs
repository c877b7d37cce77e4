//! Keeps a [`World`] in a file, so that the sandbox outlives a process.
//!
//! Calls are entered in a journal (`<file>.journal`) as they come; at the end, and whenever the
//! journal has become as long as the world, the file is replaced as a whole: written beside itself,
//! flushed to the disk, then renamed. A crash leaves the world with every call that was answered. A
//! lock on a file of its own (`<file>.lock`, because renaming would take a lock on the file itself
//! along) keeps two processes apart for as long as the [`WorldFile`] lives.

mod journal;

use std::{
    ffi::OsString,
    fs::{self, File, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::{Context, World, wire::Call};
use journal::Journal;
pub(crate) use journal::Mark;

const FORMAT: &str = "amp-stack sandbox";
const VERSION: u32 = 1;
/// The version of a file that holds several accounts, of which a program that knows only one would
/// lose all others.
const VERSION_OF_SEVERAL: u32 = 2;
/// How long a journal may be, in bytes, whatever the size of the world.
const SHORT_JOURNAL: u64 = 1 << 20;

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
        /// What was attempted, as a verb: "use", "read", "write", "lock".
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
        "the sandbox file {} has the format '{format}' version {version}, this program reads '{FORMAT}' versions {VERSION} and {VERSION_OF_SEVERAL}", path.display()
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
    /// How many calls the world has taken, refused ones included.
    calls: u64,
    /// How long the file is, in bytes.
    length: u64,
    journal: Journal,
    _lock: File,
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
    account: String,
}

#[derive(Default, Deserialize)]
struct Stored {
    #[serde(default)]
    calls: u64,
    world: World,
}

#[derive(Serialize)]
struct ToStore<'a> {
    format: &'a str,
    version: u32,
    account: &'a str,
    calls: u64,
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
        if is_special(path) {
            let other = "it is a device, a pipe or a socket, and no regular file";
            let other = io::Error::new(io::ErrorKind::InvalidInput, other);
            return Err(io("use")(other));
        }
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
        let (stored, length) = match fs::read(path) {
            Ok(text) => (parse(path, account, &text)?, text.len()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Default::default(),
            Err(error) => return Err(io("read")(error)),
        };
        let mut file = Self {
            path: path.to_owned(),
            account: account.to_owned(),
            calls: stored.calls,
            length: u64::try_from(length).unwrap_or(u64::MAX),
            journal: Journal::new(beside(path, ".journal")),
            _lock: lock,
        };
        let mut world = stored.world;
        let journal = &file.journal;
        let replayed = journal.replay(&mut world, account, stored.calls);
        if let Some(calls) = replayed.map_err(io("read the journal of"))? {
            file.calls = calls;
            file.store(&world)?;
        }
        Ok((file, world))
    }

    /// Enters `call`, which `world` is about to take.
    pub(crate) fn enter(
        &mut self,
        world: &World,
        cx: &Context<'_>,
        call: &Call,
    ) -> Result<Mark, FileError> {
        if self.journal.length() > self.length.max(SHORT_JOURNAL) {
            self.store(world)?;
        }
        self.calls += 1;
        let whole = (world, self.account.as_str());
        let entered = self.journal.enter(self.calls, whole, cx, call);
        entered.map_err(|source| self.unwritten(source))
    }

    /// Takes back the call that was entered last, which the world has refused.
    pub(crate) fn take_back(&mut self, mark: Mark) {
        self.journal.take_back(mark);
    }

    /// Replaces the file by `world`, atomically, if anything has happened to it since.
    pub(crate) fn close(&mut self, world: &World) -> Result<(), FileError> {
        if self.journal.length() == 0 {
            return Ok(());
        }
        self.store(world)
    }

    /// Replaces the file by `world`, atomically.
    pub fn store(&mut self, world: &World) -> Result<(), FileError> {
        let replaced = self.replace(world).and_then(|()| self.journal.remove());
        replaced.map_err(|source| self.unwritten(source))
    }

    fn unwritten(&self, source: io::Error) -> FileError {
        FileError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        }
    }

    fn replace(&mut self, world: &World) -> io::Result<()> {
        let text = serde_json::to_vec(&ToStore {
            format: FORMAT,
            version: if world.others.is_empty() {
                VERSION
            } else {
                VERSION_OF_SEVERAL
            },
            account: &self.account,
            calls: self.calls,
            world,
        })?;
        let temporary = beside(&self.path, ".new");
        let written = write(&temporary, &text);
        if written.is_err() {
            // Half a world is of no use, and takes room where there may be none.
            _ = fs::remove_file(&temporary);
        }
        written?;
        fs::rename(&temporary, &self.path)?;
        self.length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        sync_directory(&self.path)
    }
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text)?;
    file.sync_all()
}

/// A new name is on the disk only once its directory is.
fn sync_directory(of: &Path) -> io::Result<()> {
    match of.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        Some(_) | None => File::open(".")?.sync_all(),
    }
}

/// Returns whether something is at `path` that can't keep a world: a device, a pipe, a socket.
fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// The account whose world is in the file at `path`, if one is.
pub fn account_in(path: &Path) -> Option<String> {
    if is_special(path) {
        return None;
    }
    let header: Header = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    (header.format == FORMAT).then_some(header.account)
}

fn parse(path: &Path, account: &str, text: &[u8]) -> Result<Stored, FileError> {
    let damaged = |source| FileError::Damaged {
        path: path.to_owned(),
        source,
    };
    let header: Header = serde_json::from_slice(text).map_err(damaged)?;
    let is_read = [VERSION, VERSION_OF_SEVERAL].contains(&header.version);
    if header.format != FORMAT || !is_read {
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
    serde_json::from_slice(text).map_err(damaged)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use std::{
        env, fs,
        path::{Path, PathBuf},
        process,
    };

    use super::{FileError, WorldFile, account_in, beside};
    use crate::{Sandbox, Settings, World, connector::Clock, wire::Request};

    const ACCOUNT: &str = "111122223333";

    /// A directory of its own for each test.
    fn directory(test: &str) -> PathBuf {
        let path = env::temp_dir().join(format!("amp-stack-file-{}-{test}", process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a temporary directory can be made");
        path
    }

    #[test]
    fn a_world_survives() {
        let path = directory("survives").join("world.json");
        let (mut file, mut world) = WorldFile::open(&path, ACCOUNT).expect("a new file");
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
                "{\"format\":\"amp-stack sandbox\",\"version\":3,\"account\":\"111122223333\",\"world\":{}}",
                "version 3",
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

    /// A sandbox that is kept in a file, and ends as if it were killed.
    struct Killed(Sandbox);

    impl Killed {
        fn open(path: &Path) -> Self {
            let settings = Settings {
                file: Some(path.to_owned()),
                clock: Clock::new(|| 1_700_000_000_000),
                ..Settings::default()
            };
            Self(Sandbox::open(settings).expect("it can be opened"))
        }

        async fn call(&self, operation: &str, input: &str) -> u16 {
            let scope = "Credential=a/20260101/us-east-1/logs/aws4_request";
            let request = Request {
                method: "POST".to_owned(),
                target: "/".to_owned(),
                headers: [
                    ("authorization", format!("AWS4-HMAC-SHA256 {scope}")),
                    ("x-amz-target", format!("Logs_20140328.{operation}")),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
                body: input.into(),
            };
            self.0.respond(&request).await.expect("an answer").status
        }

        fn kill(self) -> World {
            let world = self.0.world();
            self.0.abandon();
            world
        }
    }

    #[tokio::test]
    async fn every_answered_call_outlives_a_kill_and_the_file_is_written_at_the_end() {
        let path = directory("killed").join("world.json");
        let sandbox = Killed::open(&path);
        for (operation, input, status) in [
            ("CreateLogGroup", r#"{"logGroupName":"/a"}"#, 200),
            ("CreateLogGroup", r#"{"logGroupName":"/a"}"#, 400),
            (
                "PutRetentionPolicy",
                r#"{"logGroupName":"/a","retentionInDays":7}"#,
                200,
            ),
            ("CreateLogGroup", r#"{"logGroupName":"/b"}"#, 200),
        ] {
            assert_eq!(sandbox.call(operation, input).await, status, "{input}");
        }
        let world = sandbox.kill();
        assert!(!path.exists(), "nothing was written whole");
        // A line that is cut off belongs to a call without an answer.
        let journal = beside(&path, ".journal");
        let mut lines = fs::read(&journal).expect("a journal");
        let whole = lines.split(|byte| *byte == b'\n').count() - 1;
        assert_eq!(whole, 3);
        lines.extend(b"{\"number\":4,");
        fs::write(&journal, lines).expect("written");
        let (file, again) = WorldFile::open(&path, ACCOUNT).expect("the same world");
        assert_eq!(again.logs, world.logs);
        assert!(path.exists() && !journal.exists());
        drop(file);
        let sandbox = Killed::open(&path);
        let deleted = sandbox.call("DeleteLogGroup", r#"{"logGroupName":"/b"}"#);
        assert_eq!(deleted.await, 200);
        let world = sandbox.0.world();
        drop(sandbox);
        assert!(!journal.exists(), "a whole file needs no journal");
        let (_file, again) = WorldFile::open(&path, ACCOUNT).expect("the same world");
        assert_eq!(again.logs, world.logs);
    }

    #[tokio::test]
    async fn the_worlds_of_other_accounts_are_kept_beside() {
        let path = directory("several").join("world.json");
        let create = |key: &str| Request {
            method: "POST".to_owned(),
            target: "/".to_owned(),
            headers: [
                (
                    "authorization",
                    format!(
                        "AWS4-HMAC-SHA256 Credential={key}/20260101/us-east-1/logs/aws4_request"
                    ),
                ),
                ("x-amz-target", "Logs_20140328.CreateLogGroup".to_owned()),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            body: br#"{"logGroupName":"/a"}"#.into(),
        };
        let sandbox = Killed::open(&path);
        for (key, status) in [
            ("a", 200),
            ("222222222222", 200),
            ("222222222222", 400),
            (ACCOUNT, 400),
        ] {
            let answer = sandbox.0.respond(&create(key)).await.expect("an answer");
            assert_eq!(answer.status, status, "{key}");
        }
        let world = sandbox.kill();
        let there = &world.others["222222222222"];
        assert_ne!(there.logs, world.logs, "ARNs name the account");
        for _ in 0..2 {
            // From the journal, and then from the file.
            let (_file, again) = WorldFile::open(&path, ACCOUNT).expect("the same worlds");
            assert_eq!(again.logs, world.logs);
            assert_eq!(again.others["222222222222"].logs, there.logs);
        }
        assert_eq!(account_in(&path).as_deref(), Some(ACCOUNT));
    }

    /// `/dev/full` takes nothing, as a full disk does (Linux man pages, full(4)).
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn on_a_full_disk_a_call_fails_and_the_world_stays_as_it_was() {
        let path = directory("full").join("world.json");
        let sandbox = Killed::open(&path);
        let create = r#"{"logGroupName":"/a"}"#;
        assert_eq!(sandbox.call("CreateLogGroup", create).await, 200);
        let before = sandbox.0.world();
        drop(sandbox);
        let sandbox = Killed::open(&path);
        let journal = beside(&path, ".journal");
        std::os::unix::fs::symlink("/dev/full", &journal).expect("a link");
        let create = r#"{"logGroupName":"/b"}"#;
        assert_eq!(sandbox.call("CreateLogGroup", create).await, 500);
        assert_eq!(sandbox.0.world().logs, before.logs);
        fs::remove_file(&journal).expect("removed");
        drop(sandbox);
        let sandbox = Killed::open(&path);
        assert_eq!(sandbox.0.world().logs, before.logs);
        assert_eq!(sandbox.call("CreateLogGroup", create).await, 200);
    }
}
