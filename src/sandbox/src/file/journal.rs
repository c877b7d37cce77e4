//! The calls that a world has taken since it was last written whole, one JSON object on a line: to
//! keep a change costs what the change costs, however large the world is.
//!
//! A call is entered before it is performed, so that what cannot be kept is not done. Every service
//! is a function of the world, the context and the call, so performing the calls again gives the
//! same world. A line that is cut off belongs to a call that nobody was answered.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

use crate::{
    Context, World,
    caller::Caller,
    connector,
    service::Input,
    wire::{Call, Service, partition},
};

/// One call.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// Which call of the world's life it is, from 1.
    number: u64,
    now_millis: u64,
    /// What the world had at that moment that no kept call has made.
    ids_issued: u64,
    propagation_millis: u64,
    /// The account that it is about, if that is not the world's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    service: String,
    region: String,
    operation: String,
    input: Input,
}

/// The file of the calls. It is there only while there are any.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: Option<File>,
    length: u64,
}

/// Where the journal ended before a call was entered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Journal {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            file: None,
            length: 0,
        }
    }

    /// Performs on `world` the calls that it has not taken yet, and returns the number of the last
    /// one; `None` if there is no journal. `taken` is how many it has taken.
    pub(super) fn replay(
        &self,
        world: &mut World,
        account: &str,
        taken: u64,
    ) -> io::Result<Option<u64>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut last = taken;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if !line.ends_with(b"\n") {
                break;
            }
            let entry: Entry = serde_json::from_slice(line)?;
            if entry.number > last {
                last = entry.number;
                entry.perform(world, account)?;
            }
        }
        Ok(Some(last))
    }

    /// Enters a call, which is on the disk then. `world` is the one of `own`.
    pub(super) fn enter(
        &mut self,
        number: u64,
        (world, own): (&World, &str),
        cx: &Context<'_>,
        call: &Call,
    ) -> io::Result<Mark> {
        let world = world.of(cx.account, own);
        let mut line = serde_json::to_vec(&Entry {
            number,
            now_millis: cx.now_millis,
            ids_issued: world.ids_issued,
            propagation_millis: world.iam.propagation_millis,
            account: (cx.account != own).then(|| cx.account.to_owned()),
            service: call.service.signing_name().to_owned(),
            region: call.region.clone(),
            operation: call.operation.clone(),
            input: call.input.clone(),
        })?;
        line.push(b'\n');
        let mark = Mark(self.length);
        let file = if let Some(file) = &mut self.file {
            file
        } else {
            let file = File::options().create(true).append(true).open(&self.path)?;
            super::sync_directory(&self.path)?;
            self.file.insert(file)
        };
        let entered = file.write_all(&line).and_then(|()| file.sync_data());
        if let Err(error) = entered {
            // What may be left of the line must not be gone on with: if it can't be cut off, the
            // world is written whole before the next call.
            if file.set_len(mark.0).is_err() {
                self.length = u64::MAX;
            }
            return Err(error);
        }
        let length = u64::try_from(line.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(length);
        Ok(mark)
    }

    /// Takes back what was entered since `mark`: the call was refused. To refuse it once more when
    /// the calls are performed again would do no harm.
    pub(super) fn take_back(&mut self, mark: Mark) {
        let Some(file) = &self.file else {
            return;
        };
        if file.set_len(mark.0).is_ok() {
            self.length = mark.0;
        }
    }

    /// How long it is, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Removes the journal, whose calls the file of the world holds by now.
    pub(super) fn remove(&mut self) -> io::Result<()> {
        self.file = None;
        self.length = 0;
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}

impl Entry {
    /// Performs the call on `world`, which is the one of `own`.
    fn perform(self, world: &mut World, own: &str) -> io::Result<()> {
        let account = self.account.as_deref().unwrap_or(own);
        let world = world.of_mut(account, own);
        let service = Service::ALL
            .into_iter()
            .find(|service| service.signing_name() == self.service)
            .ok_or_else(|| {
                let message = format!("there is no service `{}`", self.service);
                io::Error::new(io::ErrorKind::InvalidData, message)
            })?;
        let call = Call {
            service,
            region: self.region,
            operation: self.operation,
            input: self.input,
            key: None,
        };
        let cx = Context {
            account,
            region: &call.region,
            partition: partition(&call.region),
            now_millis: self.now_millis,
        };
        world.ids_issued = self.ids_issued;
        world.iam.propagation_millis = self.propagation_millis;
        // What was refused then is refused again, and nobody waits for the answer.
        _ = connector::dispatch(world, &cx, &Caller::Root, &call);
        Ok(())
    }
}
