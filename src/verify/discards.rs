//! What the workspace throws away, and whether it has room, as CloudWatch counts it.

use crate::{
    model::{
        number::{as_f64, thousands, whole},
        workload::{ActiveSeries, Discarded},
    },
    verify::{
        Check, Evidence, Subject,
        arrival::{Arrived, delivered},
        check::{DISCARDED, ROOM},
        of,
        tasks::running,
    },
};

/// From which share of the limit on, in percent, it is worth a word.
const NEAR: u64 = 80;

/// What the page `sidecar` has for whoever has too many series.
const TOO_MANY: &str = "amp-stack guide sidecar, \"Too many series\"";

/// Why a workspace discards samples.
struct Reason {
    /// What `DiscardedSamples` calls it.
    codes: &'static [&'static str],
    /// What it means.
    means: &'static str,
    /// What to do, as a sentence without a full stop.
    cure: &'static str,
}

/// The reasons, as the page `sidecar` has them: a test holds the two together. The names are those
/// of the AMP user guide, "Use CloudWatch metrics to monitor Amazon Managed Service for Prometheus
/// resources": <https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-CW-usage-metrics.html>.
const REASONS: &[Reason] = &[
    Reason {
        codes: &["per_user_series_limit", "per_metric_series_limit"],
        means: "the workspace, or one metric, has no room for more series",
        cure: "send fewer series, or ask AWS for more",
    },
    Reason {
        codes: &["per_labelset_series_limit"],
        means: "a set of labels has as many as `limits` gives it",
        cure: "send fewer series with these labels, or raise `max_series` in `limits` of the workspace",
    },
    Reason {
        codes: &["rate_limited"],
        means: "samples come faster than the workspace takes them",
        cure: "scrape in longer intervals, send fewer series, or ask AWS for more",
    },
    Reason {
        codes: &["new-value-for-timestamp", "sample-out-of-order"],
        means: "two senders have the same series",
        cure: "keep resourcedetection and resource_to_telemetry_conversion in a configuration of your own",
    },
    Reason {
        codes: &["sample-too-old", "greater_than_max_sample_age"],
        means: "it is older than the window, or than an hour",
        cure: "see what holds samples up, or raise `out_of_order_time_window_seconds` of the workspace",
    },
    Reason {
        codes: &["max_label_names_per_series", "label_value_too_long"],
        means: "a series has too many labels, or too long ones",
        cure: "leave some out: `metric_relabel` with `action = \"labeldrop\"` of a scrape, `attributes.delete` of everything",
    },
    Reason {
        codes: &["label_invalid", "metric_name_invalid"],
        means: "a name that Prometheus does not take",
        cure: "`rename` it, or give it another name at the source",
    },
];

/// Judges what was counted of the one workspace of these families; nothing while no task of them
/// runs, or where nobody counts it here.
pub(super) fn checks(families: &[(&Subject, &Evidence)]) -> Vec<Check> {
    let counted = families.iter().find_map(|(subject, evidence)| {
        let target = subject.target.as_ref()?;
        let has_none = matches!(&evidence.samples, Some(Ok(samples)) if samples.has_no_workspace);
        let counted = evidence.counted.as_ref().filter(|_| !has_none)?;
        Some((*subject, target, counted, evidence.now))
    });
    let Some((subject, target, counted, now)) = counted else {
        return Vec::new();
    };
    let tasks = families
        .iter()
        .flat_map(|(subject, evidence)| running(subject, evidence));
    // What was discarded before any of them ran was not theirs.
    let Some(since) = tasks.map(|task| task.started_at.unwrap_or(0)).min() else {
        return Vec::new();
    };
    let check = of(
        subject,
        DISCARDED,
        format!("the workspace {} discards no samples", target.id),
    );
    let discarded = match &counted.discarded {
        Ok(discarded) => judge_discarded(check, discarded, (since, now)),
        Err(unseen) => unread(check, unseen),
    };
    let check = of(
        subject,
        ROOM,
        format!("the workspace {} has room for more series", target.id),
    );
    let arrive = |(subject, evidence): &(&Subject, &Evidence)| {
        delivered(subject, evidence) == Arrived::Samples
    };
    let room = match &counted.active {
        Ok(active) => judge_active(check, active.as_ref(), families.iter().all(arrive)),
        Err(unseen) => unread(check, unseen),
    };
    vec![discarded, room]
}

fn unread(check: Check, unseen: &str) -> Check {
    let check = check.unknown(unseen);
    check.next("to let verify look, allow cloudwatch:GetMetricData and cloudwatch:ListMetrics")
}

/// What was discarded between two moments, in milliseconds since 1970.
fn judge_discarded(check: Check, discarded: &[Discarded], (since, now): (u64, u64)) -> Check {
    let mut found: Vec<(&str, f64, u64)> = Vec::new();
    for Discarded { reason, counts } in discarded {
        // A minute counts from its beginning on, and the first one may be that of the start.
        let theirs = counts.iter().filter(|(at, _)| (at + 60) * 1_000 > since);
        let theirs = theirs.filter(|(_, count)| *count > 0.0);
        let count: f64 = theirs.clone().map(|(_, count)| count).sum();
        if let Some(last) = theirs.map(|(at, _)| *at).max() {
            found.push((reason, count, last));
        }
    }
    if found.is_empty() {
        return check.found("CloudWatch counts none, which it does with some minutes' delay");
    }
    found.into_iter().fold(check, |check, (code, count, last)| {
        let minutes = (now / 1_000).saturating_sub(last) / 60;
        let when = match minutes {
            0 | 1 => "just now".to_owned(),
            minutes => format!("the last {minutes} minutes ago"),
        };
        let count = thousands(whole(count));
        let counted = format!("{code}: {count} within the hour, of whoever sends to it, {when}");
        match REASONS.iter().find(|reason| reason.codes.contains(&code)) {
            Some(reason) => check
                .fails(format!("{counted}: {}", reason.means))
                .next(reason.cure),
            None => check.fails(counted).next(format!("see: {TOO_MANY}")),
        }
    })
}

/// How many series there are of those that there may be. `arrive` says whether samples of every
/// running task arrive, for which there has been room.
fn judge_active(check: Check, active: Option<&ActiveSeries>, arrive: bool) -> Check {
    let Some(ActiveSeries { count, limit }) = active else {
        let why = "CloudWatch has no count of its active series yet, which takes some minutes";
        return if arrive {
            check.found(format!("{why}; samples of every running task arrive"))
        } else {
            check.unknown(why)
        };
    };
    let Some(limit) = limit.filter(|limit| *limit > 0) else {
        let count = thousands(*count);
        let what = format!("{count} active series; CloudWatch does not say how many there may be");
        return if arrive {
            check.found(what)
        } else {
            check.unknown(what)
        };
    };
    let what = format!(
        "{} of {} active series ({})",
        thousands(*count),
        thousands(limit),
        percent(*count, limit)
    );
    let next = format!("send fewer series, or ask AWS for more: {TOO_MANY}");
    if *count >= limit {
        check
            .fails(format!("{what}: samples of new series are discarded"))
            .next(next)
    } else if share(*count, limit) >= as_f64(NEAR) {
        check.found(format!("{what}: near the limit")).next(next)
    } else {
        check.found(what)
    }
}

fn share(count: u64, limit: u64) -> f64 {
    as_f64(count) / as_f64(limit) * 100.0
}

fn percent(count: u64, limit: u64) -> String {
    match share(count, limit) {
        share if count > 0 && share < 1.0 => "less than 1 %".to_owned(),
        share => format!("{share:.0} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guide_has_the_same_reasons() {
        let page = include_str!("../guide/sidecar.md");
        let (_, table) = page
            .split_once("| reason | means | what to do |\n|---|---|---|\n")
            .expect("the table");
        let (table, _) = table.split_once("\n\n").expect("its end");
        let rows: Vec<(Vec<&str>, &str)> = table
            .lines()
            .map(|row| {
                let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
                let codes = cells[0].split(", ").map(|code| code.trim_matches('`'));
                (codes.collect(), cells[1])
            })
            .collect();
        let known = REASONS.iter();
        let known: Vec<(Vec<&str>, &str)> = known
            .map(|reason| (reason.codes.to_vec(), reason.means))
            .collect();
        assert_eq!(rows, known);
    }

    #[test]
    fn a_share_is_a_round_number() {
        for (count, limit, expected) in [
            (0, 10, "0 %"),
            (1, 1_000, "less than 1 %"),
            (10, 1_000, "1 %"),
            (855, 1_000, "86 %"),
            (2_000, 1_000, "200 %"),
        ] {
            assert_eq!(percent(count, limit), expected);
        }
    }
}
