//! What is counted of the workspaces of a region.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    Context, World, amp,
    collector::{
        arrivals::{self, Arrivals},
        series::Series,
    },
};

const MINUTE: u64 = 60_000;
/// How far back is counted: further than anybody asks here.
const KEPT_MILLIS: u64 = 3 * 3_600_000;

/// A metric, and what it says of each minute, which ends with its time.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    pub(super) dimensions: Vec<(&'static str, String)>,
    /// Milliseconds since 1970 at which a minute begins, and the value.
    pub(super) minutes: BTreeMap<u64, f64>,
    /// Whether there is a quota for it.
    pub(super) has_quota: bool,
}

impl Metric {
    pub(super) fn member(&self) -> Value {
        let dimensions = self.dimensions.iter();
        let dimensions: Vec<Value> = dimensions
            .map(|(name, value)| json!({"Name": name, "Value": value}))
            .collect();
        json!({"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions})
    }
}

/// All metrics that have a value.
pub(super) fn metrics(world: &World, cx: &Context<'_>) -> Vec<Metric> {
    let mut metrics = Vec::new();
    for workspace in amp::workspace_ids(world, cx.region) {
        let arrivals = arrivals::of(world, cx, &workspace);
        metrics.extend(discarded(world, cx, &workspace, &arrivals));
        metrics.push(active(cx, &workspace, &arrivals.kept));
    }
    metrics.retain(|metric| !metric.minutes.is_empty());
    metrics
}

/// AMP user guide, "Use CloudWatch metrics to monitor Amazon Managed Service for Prometheus
/// resources": `DiscardedSamples` by reason. The page names no dimensions; those of a workspace
/// that somebody looked at were `Workspace` and `Reason`.
fn discarded(world: &World, cx: &Context<'_>, workspace: &str, arrivals: &Arrivals) -> Vec<Metric> {
    let mut by_reason: BTreeMap<&str, BTreeMap<u64, u64>> = BTreeMap::new();
    let from = cx.now_millis.saturating_sub(KEPT_MILLIS);
    for (reason, series) in &arrivals.discarded {
        let minutes = by_reason.entry(reason.code()).or_default();
        for (at, _) in series.samples(from, cx.now_millis, cx.now_millis) {
            *minutes.entry(at / MINUTE * MINUTE).or_default() += 1;
        }
    }
    let place = (cx.region.to_owned(), workspace.to_owned());
    for ((reason, at), count) in world.discarded.get(&place).into_iter().flatten() {
        let minutes = by_reason.entry(reason).or_default();
        *minutes.entry(at / MINUTE * MINUTE).or_default() += count;
    }
    let each = by_reason.into_iter();
    each.map(|(reason, minutes)| Metric {
        namespace: "AWS/Prometheus",
        name: "DiscardedSamples",
        dimensions: vec![
            ("Reason", reason.to_owned()),
            ("Workspace", workspace.to_owned()),
        ],
        minutes: minutes
            .into_iter()
            .map(|(at, count)| (at, float(count)))
            .collect(),
        has_quota: false,
    })
    .collect()
}

/// Same page, and CloudWatch user guide, "AWS usage metrics", for the dimensions.
fn active(cx: &Context<'_>, workspace: &str, kept: &[Series]) -> Metric {
    let mut minutes = BTreeMap::new();
    let first = cx.now_millis.saturating_sub(KEPT_MILLIS) / MINUTE * MINUTE;
    let mut at = first;
    while at <= cx.now_millis {
        let end = (at + MINUTE).min(cx.now_millis);
        let active = kept
            .iter()
            .filter(|series| series.is_active(end, cx.now_millis));
        let count = active.count() as u64;
        if count > 0 {
            minutes.insert(at, float(count));
        }
        at += MINUTE;
    }
    let named = |value: &str| value.to_owned();
    Metric {
        namespace: "AWS/Usage",
        name: "ResourceCount",
        dimensions: vec![
            ("Class", named("None")),
            ("Resource", named("ActiveSeries")),
            ("ResourceId", named(workspace)),
            ("Service", named("Prometheus")),
            ("Type", named("Resource")),
        ],
        minutes,
        has_quota: true,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody counts so many samples here"
)]
fn float(count: u64) -> f64 {
    count as f64
}
