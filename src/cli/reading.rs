//! Reads files: whatever a path leads to, no more of it than anything can need that amp-stack
//! reads, and no longer than somebody wants to wait.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use crate::{
    cli::{interrupt::was_interrupted, replace::is_special},
    file::source::decode,
};

/// The most that is read of a file, in MiB. Saved plans are the largest files: what is desired and
/// live of a resource, which ECS takes in 64 KiB (ECS developer guide, "Amazon ECS service quotas",
/// task definition size).
const MOST_MIB: u64 = 64;
/// The most that is read of a file, in bytes.
pub(super) const MOST_BYTES: u64 = MOST_MIB * 1024 * 1024;
/// How long somebody who interrupts a read waits at most.
const TICK: Duration = Duration::from_millis(50);

/// What came out of pipes, by their paths: it comes only once, and a run looks into a file first to
/// see what it is.
static PIPED: Mutex<BTreeMap<PathBuf, String>> = Mutex::new(BTreeMap::new());

/// The text at `path`.
pub(super) fn text(path: &Path) -> io::Result<String> {
    if !is_special(path) {
        return File::open(path).and_then(all).and_then(decode);
    }
    let mut piped = PIPED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = piped.get(path) {
        return Ok(known.clone());
    }
    let text = until_interrupted(path)?;
    piped.insert(path.to_owned(), text.clone());
    Ok(text)
}

/// The text at `path`, which may stay silent as long as whoever is to write there: process
/// substitution is a pipe, and so is standard input under its name. Neither opening nor reading it
/// can be called off, so a thread does it, which ends with the program if nobody waits for it any
/// more.
fn until_interrupted(path: &Path) -> io::Result<String> {
    let (sender, receiver) = mpsc::channel();
    let path = path.to_owned();
    thread::spawn(move || sender.send(File::open(path).and_then(all)));
    loop {
        match receiver.recv_timeout(TICK) {
            Ok(read) => return read.and_then(decode),
            Err(RecvTimeoutError::Timeout) if was_interrupted() => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(io::Error::other("the thread that reads it has stopped"));
            }
        }
    }
}

/// The text at `path` if a regular file is there that can be read: for what is only to be looked
/// at, as when a shell wants to know how a word may go on.
pub(super) fn glance(path: &Path) -> Option<String> {
    let is_regular = fs::metadata(path).ok()?.is_file();
    is_regular.then(|| text(path).ok())?
}

/// All that `reader` gives.
fn all(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    within(bytes)
}

/// The same bytes, unless they are more than are read of a file.
pub(super) fn within(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= MOST_BYTES) {
        return Ok(bytes);
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("it has more than {MOST_MIB} MiB, the most that is read of a file"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_not_read_to_its_end() {
        let error = all(io::repeat(b' ')).expect_err("it has no end");
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        let whole = all(io::repeat(b' ').take(MOST_BYTES)).expect("it fits");
        assert_eq!(u64::try_from(whole.len()), Ok(MOST_BYTES));
    }
}
