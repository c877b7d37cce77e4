//! What the tasks of a family have counted, by name and label, as the workspace has it.

use std::collections::BTreeSet;

use crate::{
    aws::prometheus::Queryable,
    cloud::evidence::samples::NOT_OF_APPLICATION,
    model::{call::CallError, workload::Sample},
    series::convention::{self, Convention, Served},
};

/// How far back is looked, in seconds: an application that is silent for hours is still one.
const DAY: u64 = 86_400;
/// The steps: each looks back for five minutes (Prometheus documentation, "Querying basics",
/// "Staleness"), which a series of a task that runs can't be silent for.
const STEP: u64 = 1_800;

/// What an application counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What follows a convention.
    pub served: Vec<Served>,
    /// The other counters.
    pub counters: Vec<String>,
    /// The other histograms, without what their series end in.
    pub histograms: Vec<String>,
    /// How many names there are at all.
    pub names: usize,
}

/// Asks what tasks of `family` have counted within the day before `now`, in milliseconds since
/// 1970. This takes no more rights than `verify` does.
pub(super) async fn read(
    workspace: &Queryable,
    family: &str,
    now: u64,
) -> Result<Counted, CallError> {
    let now = now / 1000;
    let times = (now.saturating_sub(DAY), now);
    let family = format!("aws_ecs_task_family=\"{family}\"");
    let question = format!("count by (__name__) ({{__name__!~\"{NOT_OF_APPLICATION}\",{family}}})");
    let answer = workspace.query_range(&question, times, STEP).await?;
    let names: BTreeSet<String> = answer
        .iter()
        .map(|sample| sample.label("__name__").to_owned())
        .collect();
    let followed = convention::followed(&names);
    let mut served = Vec::new();
    for one in &followed {
        let labels = labels_of(one);
        let question = format!("count by ({labels}) ({}{{{family}}})", one.requests);
        let answer = workspace.query_range(&question, times, STEP).await?;
        served.push(one.served(&names, &labels_in(&answer)));
    }
    let (counters, histograms) = convention::others(&names, &followed);
    Ok(Counted {
        served,
        counters,
        histograms,
        names: names.len(),
    })
}

fn labels_of(one: &Convention) -> String {
    let labels: Vec<&str> = one.status.iter().map(|status| status.label).collect();
    labels.join(", ")
}

fn labels_in(answer: &[Sample]) -> BTreeSet<String> {
    let labels = answer.iter().flat_map(|sample| &sample.labels);
    let labels = labels.filter(|(_, value)| !value.is_empty());
    labels.map(|(label, _)| label.clone()).collect()
}
