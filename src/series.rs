//! What the collector of a task makes arrive: which series, under which names and labels, how
//! often, and what that costs. Everything follows from the task definition; nothing is read from
//! AWS.
//!
//! Sources: aws-observability/aws-otel-collector at its tags v0.30.0 to v0.49.0, with what it
//! contains (opentelemetry-collector-contrib: `receiver/awsecscontainermetricsreceiver`,
//! `receiver/prometheusreceiver`, `processor/resourcedetectionprocessor`,
//! `exporter/awsemfexporter`, `pkg/translator/prometheusremotewrite`; prometheus/otlptranslator).

mod amount;
mod attributes;
pub mod convention;
mod destination;
mod document;
mod emf;
mod endpoint;
mod files;
mod flow;
mod naming;
mod origin;
pub mod price;
mod processors;
mod relabel;
mod sidecar;
pub mod task_metrics;

pub use amount::{Amount, MONTH_SECONDS};
pub use attributes::{Label, Of, Varies};
pub use flow::{Application, Destination, Format, Group, Origin, Series, Target, Via};
pub use sidecar::{Job, LogTarget, Measures, of};

use crate::{
    collector::version::Version,
    model::{address::Address, identity::Identity, node::Node},
    stack::Stack,
};

/// What will arrive of the tasks of one task definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Where the task definition stands in the stack file.
    pub address: Address,
    /// Its family.
    pub family: String,
    /// The services that the stack file rolls it out to.
    pub services: Vec<String>,
    /// What its collector sends; `None` if it has no collector.
    pub collector: Option<Collected>,
}

/// What a collector sends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Collected {
    /// The name of its container.
    pub container: String,
    /// Its image.
    pub image: String,
    /// The version of the image, if its tag says one.
    pub version: Option<Version>,
    /// Where it sends metrics.
    pub destinations: Vec<Destination>,
    /// What it makes by itself: of the task and of scraping.
    pub groups: Vec<Group>,
    /// What it passes on, of which only the application knows the names.
    pub applications: Vec<Application>,
    /// What can't be known from the task definition: each a sentence without a full stop.
    pub unknown: Vec<String>,
    /// What arrives otherwise than one may think: each a sentence without a full stop.
    pub notes: Vec<String>,
}

impl Collected {
    /// How much arrives of one task, but for what the application sends.
    pub fn amount(&self) -> Amount {
        self.groups
            .iter()
            .filter(|group| group.destination.is_amp)
            .map(Group::amount)
            .sum()
    }

    /// The series of the task as a whole that are always there under their own names.
    pub(crate) fn of_task(&self) -> Vec<String> {
        let of_task = |group: &&Group| group.origin == Origin::Task && group.destination.is_amp;
        let groups = self.groups.iter().filter(of_task);
        let series = groups.flat_map(|group| &group.series);
        let always =
            series.filter(|series| series.when.is_none() && series.name.starts_with("ecs_task_"));
        let names: std::collections::BTreeSet<String> =
            always.map(|series| series.name.clone()).collect();
        names.into_iter().collect()
    }
}

/// What will arrive of every task definition that `stack` wants.
pub fn forecast(stack: &Stack) -> Vec<Forecast> {
    let declared = stack.resources.iter();
    let wanted = declared.filter_map(|(address, declared)| {
        let want = declared.want.as_ref()?.task_definition()?;
        let document = want.document.as_ref()?.written();
        Some(Forecast {
            address: address.clone(),
            family: want.family.clone(),
            services: want.services.keys().map(ToString::to_string).collect(),
            collector: collected(document, &want.family, &stack.identity),
        })
    });
    wanted.collect()
}

/// What the collector of a task definition sends, if it has one.
pub fn collected(document: &Node, family: &str, identity: &Identity) -> Option<Collected> {
    let task = sidecar::Task::new(document, family, identity);
    sidecar::find(&task).map(|found| sidecar::collected(&found, &task))
}
