//! What becomes known while a call is under way, reported to whoever listens to that call.

use std::{cell::Cell, fmt, future::Future, time::Duration};

tokio::task_local! {
    static LISTENER: Box<dyn Fn(Notice) + Send + Sync>;
    static SENT_TWICE: Cell<bool>;
}

/// Why a call takes longer than calls do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A request waits for its turn, because of how many AWS takes a second.
    Queued(Queue),
    /// Its turn has come.
    Sending,
    /// AWS did not take a request, which is sent again after a pause.
    Retrying {
        /// The operation, as IAM spells it in policies: that of the call, or one that reads.
        request: String,
        /// How often it has been sent so far.
        attempts: u32,
        /// What happened to the last attempt.
        trouble: Trouble,
    },
    /// AWS has taken the change and is still making it.
    Settling {
        /// The operation that reads how far it is.
        request: String,
        /// What AWS calls how far it is: `CREATING`.
        status: String,
    },
    /// A service is being brought to a revision.
    RollingOut(RollingOut),
}

/// How far a service is on its way to a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollingOut {
    /// The service: `prod/checkout`.
    pub service: String,
    /// What ECS calls how far the deployment is: `IN_PROGRESS`.
    pub status: String,
    /// The stage of its life, if it is in one: `BAKE_TIME`.
    pub stage: Option<String>,
    /// The tasks of the revision, if ECS counts them.
    pub tasks: Option<Tasks>,
    /// The last event of the service.
    pub event: Option<String>,
    /// For how long it has been waited for.
    pub waited: Duration,
}

/// How many tasks of a revision there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tasks {
    /// Those that run.
    pub running: i32,
    /// Those that have to run in the end.
    pub requested: i32,
    /// Those that are being started.
    pub pending: i32,
    /// Those that have failed.
    pub failed: i32,
}

impl fmt::Display for Tasks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            running,
            requested,
            pending,
            failed,
        } = self;
        write!(
            f,
            "{running} of {requested} running, {pending} pending, {failed} failed"
        )
    }
}

impl RollingOut {
    /// The status, and the stage: `IN_PROGRESS BAKE_TIME`.
    pub fn stand(&self) -> String {
        let stage = self.stage.iter().map(String::as_str);
        let words: Vec<&str> = [self.status.as_str()].into_iter().chain(stage).collect();
        words.join(" ")
    }

    /// The tasks, and the last event.
    pub fn counts(&self) -> String {
        let tasks = self.tasks.map(|tasks| tasks.to_string());
        // More is said after it.
        let event = self.event.as_deref();
        let event = event.map(|event| event.trim_end_matches('.').to_owned());
        let parts: Vec<String> = tasks.into_iter().chain(event).collect();
        parts.join("; ")
    }
}

impl fmt::Display for RollingOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (service, stand) = (&self.service, self.stand());
        write!(f, "{service} {stand}, {} s", self.waited.as_secs())?;
        match self.counts() {
            counts if counts.is_empty() => Ok(()),
            counts => write!(f, ": {counts}"),
        }
    }
}

/// What a request waits behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queue {
    /// What AWS takes: `ECS takes 1 registration or deregistration a second`.
    pub limit: String,
    /// How many requests have their turn until then, this one included.
    pub ahead: usize,
    /// How long until it is sent.
    pub wait: Duration,
}

/// What happened to an attempt that is made again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// AWS wants fewer requests.
    Throttled,
    /// AWS answered that it failed itself.
    ServerError,
    /// No answer came, or not in time.
    NoAnswer,
}

/// Does `work`, and reports to `listener` what becomes known in it, but not in what it spawns.
pub async fn listen<F: Future>(
    listener: impl Fn(Notice) + Send + Sync + 'static,
    work: F,
) -> F::Output {
    LISTENER.scope(Box::new(listener), work).await
}

/// Does `work`, and returns besides whether a request in it was sent again after an attempt that
/// may have had its effect.
pub(crate) async fn watch<F: Future>(work: F) -> (F::Output, bool) {
    let watched = async {
        let output = work.await;
        (output, SENT_TWICE.with(Cell::get))
    };
    SENT_TWICE.scope(Cell::new(false), watched).await
}

/// Reports to whoever listens, if anybody does.
pub(super) fn emit(notice: Notice) {
    if let Notice::Retrying {
        trouble: Trouble::NoAnswer | Trouble::ServerError,
        ..
    } = notice
    {
        _ = SENT_TWICE.try_with(|twice| twice.set(true));
    }
    // Plans are read without a listener.
    _ = LISTENER.try_with(|listener| listener(notice));
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    fn settling(status: &str) -> Notice {
        Notice::Settling {
            request: "aps:DescribeWorkspace".to_owned(),
            status: status.to_owned(),
        }
    }

    #[tokio::test]
    async fn each_listener_hears_of_its_own_work() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let listen_as = |name: &'static str, status: &'static str| {
            let heard = Arc::clone(&heard);
            listen(
                move |notice| heard.lock().unwrap().push((name, notice)),
                async move {
                    tokio::task::yield_now().await;
                    emit(settling(status));
                },
            )
        };
        tokio::join!(listen_as("a", "CREATING"), listen_as("b", "UPDATING"));
        emit(settling("unheard"));
        let mut heard = heard.lock().unwrap().clone();
        heard.sort_by_key(|(name, _)| *name);
        assert_eq!(
            heard,
            [("a", settling("CREATING")), ("b", settling("UPDATING"))]
        );
    }
}
