//! What arrives in a workspace, and what of it the workspace discards because it has no room for
//! more series.

use std::collections::BTreeMap;

use crate::{
    Context, World, amp,
    collector::{
        Collector,
        outcome::{Outcome, outcome},
        series::{self, Labels, Series},
    },
    ecs, quotas,
};

/// What arrives in a workspace.
#[derive(Debug, Default)]
pub(crate) struct Arrivals {
    /// What is kept.
    pub(crate) kept: Vec<Series>,
    /// What is discarded, with the reason.
    pub(crate) discarded: Vec<(Reason, Series)>,
}

/// Why a series is discarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The workspace has as many series as the account may have in one.
    Workspace(usize),
    /// So many have these labels already.
    LabelSet(usize, Labels),
}

impl Reason {
    /// What `DiscardedSamples` calls it (AMP user guide, "Use CloudWatch metrics to monitor Amazon
    /// Managed Service for Prometheus resources").
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Workspace(_) => "per_user_series_limit",
            Self::LabelSet(..) => "per_labelset_series_limit",
        }
    }

    /// What a sender gets as an answer (AMP user guide, "Troubleshoot Amazon Managed Service for
    /// Prometheus errors", "429 or limit exceeded errors"; of sets of labels cortexproject/cortex,
    /// `pkg/ingester`, while AWS documents no text).
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Workspace(most) => {
                format!("per-user series limit (global limit: {most}) exceeded")
            }
            Self::LabelSet(most, labels) => {
                format!("per-labelset series limit of {most} exceeded (labelSet: {labels:?})")
            }
        }
    }
}

/// How many series there may be.
struct Limits {
    whole: usize,
    sets: Vec<(BTreeMap<String, String>, usize)>,
}

impl Limits {
    fn of(world: &World, cx: &Context<'_>, workspace: &str) -> Self {
        Self {
            whole: world.quotas.most(quotas::ACTIVE_SERIES),
            sets: amp::series_limits(world, cx.region, workspace),
        }
    }

    /// The sets that a series counts in. Without labels, a set is for what is in no other (AMP user
    /// guide, "Configure your workspace", on the default bucket).
    fn counting(&self, labels: &Labels) -> Vec<usize> {
        let sets = || self.sets.iter().enumerate();
        let is_in = |set: &BTreeMap<String, String>| {
            !set.is_empty()
                && set
                    .iter()
                    .all(|(name, value)| labels.get(name) == Some(value))
        };
        let named = sets().filter(|(_, (set, _))| is_in(set));
        let named: Vec<usize> = named.map(|(index, _)| index).collect();
        if !named.is_empty() {
            return named;
        }
        let rest = sets().filter(|(_, (set, _))| set.is_empty());
        rest.map(|(index, _)| index).collect()
    }
}

/// Returns whether anything can be discarded at all: without sets of labels and with AWS's own
/// quota, nothing here has so many series.
pub(crate) fn may_be_full(world: &World, cx: &Context<'_>, workspace: &str) -> bool {
    let limits = Limits::of(world, cx, workspace);
    !limits.sets.is_empty() || limits.whole < quotas::ACTIVE_SERIES.default
}

/// What arrives in the workspace `wanted` of the region.
pub(crate) fn of(world: &World, cx: &Context<'_>, wanted: &str) -> Arrivals {
    let mut sent = Vec::new();
    for task in ecs::tasks(world, cx) {
        let Some(collector) = Collector::of(task.definition) else {
            continue;
        };
        match outcome(world, cx, task.definition, &collector) {
            Some(Outcome::Delivered { region, workspace })
                if region == cx.region && workspace == wanted =>
            {
                sent.extend(series::of(&task, &collector));
            }
            Some(Outcome::Delivered { .. } | Outcome::Refused { .. } | Outcome::Unreachable(_))
            | None => {}
        }
    }
    let place = (cx.region.to_owned(), wanted.to_owned());
    for (labels, samples) in world.samples.get(&place).into_iter().flatten() {
        sent.push(Series::written(labels.clone(), samples.clone()));
    }
    admitted(sent, &Limits::of(world, cx, wanted), cx.now_millis)
}

/// Lets those in for which there is room: of the series that are active now, those that began first
/// have it.
fn admitted(mut sent: Vec<Series>, limits: &Limits, now: u64) -> Arrivals {
    if limits.sets.is_empty() && sent.len() <= limits.whole {
        return Arrivals {
            kept: sent,
            discarded: Vec::new(),
        };
    }
    sent.sort_by_cached_key(|series| (series.first(), series.labels.clone()));
    let mut arrivals = Arrivals::default();
    let mut active = 0;
    let mut counts = vec![0; limits.sets.len()];
    for series in sent {
        if !series.is_active(now, now) {
            arrivals.kept.push(series);
            continue;
        }
        let counting = limits.counting(&series.labels);
        let full = counting.iter().find(|index| {
            let (_, most) = &limits.sets[**index];
            counts[**index] >= *most
        });
        if let Some(index) = full {
            let (labels, most) = &limits.sets[*index];
            let reason = Reason::LabelSet(*most, labels.clone());
            arrivals.discarded.push((reason, series));
        } else if active >= limits.whole {
            let reason = Reason::Workspace(limits.whole);
            arrivals.discarded.push((reason, series));
        } else {
            active += 1;
            for index in counting {
                counts[index] += 1;
            }
            arrivals.kept.push(series);
        }
    }
    arrivals
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 100 * 3_600_000;

    fn series(name: &str, env: &str, at: u64) -> Series {
        let labels = [("__name__", name), ("env", env)];
        let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Series::written(labels.into(), vec![(at, 1.0)])
    }

    fn names(arrivals: &Arrivals) -> (Vec<&str>, Vec<(&str, &str)>) {
        let name = |series: &'_ Series| series.labels["__name__"].clone().leak() as &str;
        (
            arrivals.kept.iter().map(name).collect(),
            arrivals
                .discarded
                .iter()
                .map(|(reason, series)| (reason.code(), name(series)))
                .collect(),
        )
    }

    #[test]
    fn whoever_comes_first_has_room() {
        let sent = vec![
            series("c", "a", NOW - 1),
            series("old", "a", NOW - 2 * 3_600_000 - 1),
            series("a", "a", NOW - 3),
            series("b", "a", NOW - 2),
        ];
        let limits = Limits {
            whole: 2,
            sets: Vec::new(),
        };
        let arrivals = admitted(sent, &limits, NOW);
        let expected = (vec!["old", "a", "b"], vec![("per_user_series_limit", "c")]);
        assert_eq!(names(&arrivals), expected);
    }

    #[test]
    fn a_set_without_labels_is_for_what_is_in_no_other() {
        let sent = vec![
            series("a", "prod", NOW - 4),
            series("b", "prod", NOW - 3),
            series("c", "dev", NOW - 2),
            series("d", "dev", NOW - 1),
        ];
        let prod = BTreeMap::from([("env".to_owned(), "prod".to_owned())]);
        let limits = Limits {
            whole: 9,
            sets: vec![(prod, 2), (BTreeMap::new(), 1)],
        };
        let arrivals = admitted(sent, &limits, NOW);
        let expected = (
            vec!["a", "b", "c"],
            vec![("per_labelset_series_limit", "d")],
        );
        assert_eq!(names(&arrivals), expected);
    }
}
