//! Ctrl-C and its like, as something that can be waited for.

use std::{
    future::pending,
    io,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc;

use crate::cli::failure::Failure;

/// Whether somebody has interrupted the run: for what blocks, and so can't wait for it.
static WAS_INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Returns whether somebody has interrupted the run.
pub(super) fn was_interrupted() -> bool {
    WAS_INTERRUPTED.load(Ordering::Relaxed)
}

/// The interruptions of a run, in order.
pub(super) struct Interrupts(mpsc::UnboundedReceiver<()>);

impl Interrupts {
    /// Takes Ctrl-C, and on Unix SIGTERM, away from the system, for which each would end the
    /// process.
    pub(super) fn listen() -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            loop {
                signals.next().await;
                WAS_INTERRUPTED.store(true, Ordering::Relaxed);
                if sender.send(()).is_err() {
                    break;
                }
            }
        });
        Ok(Self(receiver))
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            pending::<()>().await;
        }
    }
}

/// Does `work`, unless somebody interrupts it; nothing in it may change anything.
pub(super) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    interrupts: &mut Interrupts,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => result,
        () = interrupts.next() => Err(interrupted()),
    }
}

/// The failure of a run that somebody interrupts before it has changed anything.
pub(super) fn interrupted() -> Failure {
    Failure::before("interrupted; nothing was changed")
}

#[cfg(test)]
impl From<mpsc::UnboundedReceiver<()>> for Interrupts {
    fn from(receiver: mpsc::UnboundedReceiver<()>) -> Self {
        Self(receiver)
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            pending::<()>().await;
        }
    }
}
