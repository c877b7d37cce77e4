//! What can be expected of tasks of some age.

use crate::{model::workload::Task, verify::Check};

/// What can be expected of tasks of this age.
pub(super) struct Ages {
    youngest: u64,
    is_explained: bool,
}

impl Ages {
    pub(super) fn of(now: u64, running: &[&Task], is_explained: bool) -> Self {
        let ages = running
            .iter()
            .map(|task| now.saturating_sub(task.started_at.unwrap_or(now)));
        Self {
            youngest: ages.min().unwrap_or_default(),
            is_explained,
        }
    }

    /// `check` with something missing: not there yet, or wrong.
    pub(super) fn missing(&self, check: Check, within: u64, what: String) -> Check {
        if self.youngest < within && !self.is_explained {
            let seconds = self.youngest / 1000;
            return check.not_yet(format!("{what}; the youngest task runs for {seconds}s"));
        }
        let check = check.fails(what);
        if self.is_explained {
            return check;
        }
        check.next("amp-stack guide sidecar")
    }
}
