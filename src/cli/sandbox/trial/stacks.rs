//! The stack of a trial as its acts take it: it differs from its file by what somebody would write
//! there between them.

use std::collections::BTreeMap;

use crate::{
    cli::place::Place,
    kinds::Resource,
    model::{
        address::Address,
        service::{Rollout, ServiceName},
        tags::PREVENT_DESTROY_TAG,
    },
    plan::acceptance::Acceptance,
    show::words,
    stack::{Declared, Stack},
    verify::Subject,
};

/// The cluster that a trial makes for what the stack file names no service for.
pub(super) const CLUSTER: &str = "try";

/// The services that run a family: those that its table declares, or else one of its name.
pub(super) fn services(declared: &Stack, subject: &Subject) -> Vec<ServiceName> {
    let declared = declared.resources.get(&subject.address);
    let named = declared
        .into_iter()
        .flat_map(|d| d.lifecycle.services.keys());
    let named: Vec<ServiceName> = named.cloned().collect();
    if !named.is_empty() {
        return named;
    }
    vec![ServiceName {
        cluster: CLUSTER.to_owned(),
        service: subject.family.clone(),
    }]
}

/// The stack before any service is there: it declares none.
pub(super) fn without_services(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    for declared in stack.resources.values_mut() {
        declare(declared, BTreeMap::new());
    }
    stack
}

/// The stack that gives each family a new revision, and brings its services to it.
pub(super) fn rolling(declared: &Stack, subjects: &[Subject]) -> Stack {
    let mut stack = declared.clone();
    for subject in subjects {
        let services = services(declared, subject).into_iter();
        if let Some(table) = stack.resources.get_mut(&subject.address) {
            let how = table.lifecycle.services.clone();
            let how = |name: &ServiceName| how.get(name).copied().unwrap_or_default();
            declare(
                table,
                services.map(|name| (name.clone(), how(&name))).collect(),
            );
            table.lifecycle.replace = true;
        }
    }
    stack
}

fn declare(declared: &mut Declared, services: BTreeMap<ServiceName, Rollout>) {
    for state in declared.earlier.iter_mut().chain(&mut declared.want) {
        state.declare_services(services.keys());
    }
    declared.lifecycle.services = services;
}

/// What has to be written into the file before its services are brought to a new revision, if
/// anything.
pub(super) fn lines_of_services(declared: &Stack, subjects: &[Subject]) -> String {
    let undeclared = subjects.iter().filter(|subject| {
        let table = declared.resources.get(&subject.address);
        table.is_some_and(|table| table.lifecycle.services.is_empty())
    });
    let lines = undeclared.map(|subject| {
        let services = services(declared, subject);
        let names: Vec<String> = services.iter().map(|name| format!("\"{name}\"")).collect();
        format!(
            "`services = [{}]` in [{}]",
            names.join(", "),
            subject.address
        )
    });
    as_written(&lines.collect::<Vec<_>>())
}

/// The stack once everything that was to be built anew has been.
pub(super) fn settled(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    for declared in stack.resources.values_mut() {
        declared.lifecycle.replace = false;
    }
    stack
}

/// What has to be written into the file of `stack` before it can be destroyed.
pub(super) fn edits(stack: &Stack) -> String {
    let mut edits = Vec::new();
    for (address, declared) in &stack.resources {
        if declared.lifecycle.prevent_destroy {
            edits.push(format!("`prevent_destroy = false` in [{address}]"));
        }
        if is_guarded(declared.want.as_ref()) {
            edits.push(format!("`deletion_protection = false` in [{address}]"));
        }
    }
    as_written(&edits)
}

/// That `edits` of the stack file are taken as made; nothing if there are none.
fn as_written(edits: &[String]) -> String {
    if edits.is_empty() {
        return String::new();
    }
    format!(
        "(with {} in the stack file, which is taken as written here)\n\n",
        words::list(edits)
    )
}

/// What holds data: it is removed only if it is named.
pub(super) fn data(stack: &Stack) -> Vec<Address> {
    let holds_data = |want: &Resource| Resource::holds_data(want.kind());
    stack
        .resources
        .iter()
        .filter(|(_, declared)| declared.want.as_ref().is_some_and(holds_data))
        .map(|(address, _)| address.clone())
        .collect()
}

/// The same as somebody would name it on the command line.
pub(super) fn lost(stack: &Stack) -> Vec<Place<Acceptance>> {
    let data = data(stack).into_iter();
    data.map(|address| Place::of(&stack.name, &Acceptance::Data(address), 1))
        .collect()
}

/// The stack without anything that holds back its removal.
pub(super) fn lifted(stack: &Stack) -> Stack {
    let mut lifted = stack.clone();
    for declared in lifted.resources.values_mut() {
        declared.lifecycle.prevent_destroy = false;
        let Some(want) = &mut declared.want else {
            continue;
        };
        want.tags_mut().remove(PREVENT_DESTROY_TAG);
        want.lift_protection();
    }
    lifted
}

fn is_guarded(want: Option<&Resource>) -> bool {
    want.and_then(Resource::log_group)
        .is_some_and(|group| group.deletion_protection)
}
