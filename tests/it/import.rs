//! What `import` writes: files that declare exactly what lives.

mod collectors;
mod copilot;
mod emulated;
mod samples;
mod sandboxed;
mod wild;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use amp_stack::{
    file::{format::format, source::Source},
    kinds::{Change, Resource, log_group, role, task_definition, workspace},
    load::{self, LoadContext},
    model::{
        live::TakenName,
        tags::{self, Owner, PREFIX, Tags},
    },
    plan::{Plan, plan},
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
    write::{Draft, Written, write},
};
use proptest::prelude::*;
use samples::{draft, found};

use crate::worlds::{identity, stack_name};

/// The plan for what was written, where `found` lives.
fn plan_of(written: &Written, found: &[LiveResource], roles: &BTreeSet<String>) -> Plan {
    let fact = |arn: &String| TakenName {
        name: arn.rsplit('/').next().unwrap().to_owned(),
        arn: arn.clone(),
        owner: Owner::Unknown,
    };
    let snapshot = Snapshot {
        identity: identity(),
        found: found.to_vec(),
        roles: roles.iter().map(fact).collect(),
        running: None,
        services: BTreeMap::new(),
        mentions: BTreeMap::new(),
        quotas: BTreeMap::new(),
    };
    let mut stack = written.stack.clone();
    // Some of the documents name roles of accounts that never were.
    stack.skips_preflight = true;
    plan(&stack, &snapshot)
}

/// The tags that a call sets, if it does nothing else.
fn only_tags(change: &Change) -> Option<&Tags> {
    match change {
        Change::LogGroup(log_group::Change::Tag(tags))
        | Change::Workspace(workspace::Change::Tag(tags))
        | Change::Role(role::Change::Tag(tags))
        | Change::TaskDefinition(task_definition::Change::Tag { tags, .. }) => Some(tags),
        Change::LogGroup(_)
        | Change::Workspace(_)
        | Change::Role(_)
        | Change::TaskDefinition(_) => None,
    }
}

/// `found` after the plan was carried out.
fn after(plan: &Plan, found: &[LiveResource]) -> Vec<LiveResource> {
    let mut found = found.to_vec();
    for step in &plan.steps {
        let from = step.from.clone().unwrap();
        let live = found.iter_mut().find(|f| f.resource == from).unwrap();
        for change in step.changes() {
            live.resource = Resource::apply_change(Some(&live.resource), &change).unwrap();
        }
        let tags: BTreeMap<String, String> = live
            .resource
            .tags()
            .iter()
            .map(|(k, v)| (k.clone(), v.to_string()))
            .collect();
        live.owner = tags::owner(&tags, &stack_name(), &identity().region);
    }
    found
}

/// What the text says, which is formatted already.
fn read(written: &Written) -> Stack {
    let source = Source {
        path: "stack.toml".into(),
        text: written.text.clone(),
    };
    assert_eq!(format(&source).unwrap(), written.text);
    let around = LoadContext {
        identity: identity(),
        account_is_known: true,
        region_is_known: true,
        variables: written.secrets.clone(),
        var_files: Vec::new(),
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|_| Err(io::ErrorKind::NotFound.into()),
    };
    load::load(&source, &around).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The law: what is written declares what lives, so adopting it only sets tags of ownership, and
/// after that there is nothing to do.
#[track_caller]
fn holds(draft: &Draft) -> Written {
    let written = match write(draft) {
        Ok(written) => written,
        Err(problems) => panic!("{problems:#?}"),
    };
    assert_eq!(read(&written), written.stack, "{}", written.text);
    let plan = plan_of(&written, &draft.found, &draft.roles);
    assert_eq!(plan.refusals, [], "{}", written.text);
    for step in &plan.steps {
        for change in step.changes() {
            let tags = only_tags(&change)
                .unwrap_or_else(|| panic!("{}: {change:?}\n{}", step.id, written.text));
            assert!(
                tags.keys().all(|key| key.starts_with(PREFIX)),
                "{}: {tags:?}\n{}",
                step.id,
                written.text
            );
        }
    }
    let declared = draft.found.len() - written.omitted.len();
    assert_eq!(written.addresses.len(), declared);
    let foreign = draft
        .found
        .iter()
        .filter(|f| written.addresses.contains_key(f.arn()));
    let foreign = foreign.filter(|f| !matches!(f.owner, Owner::Ours(_)));
    assert_eq!(
        plan.steps.len(),
        foreign.count(),
        "every resource that is not ours is adopted"
    );
    let found = after(&plan, &draft.found);
    let again = plan_of(&written, &found, &draft.roles);
    assert!(again.is_empty(), "{again:#?}\n{}", written.text);
    // Whoever imports again finds the same file, but for what is said about taking over.
    let owned = Draft {
        found: found
            .into_iter()
            .filter(|f| written.addresses.contains_key(f.arn()))
            .collect(),
        ..draft.clone()
    };
    let rewritten = write(&owned).unwrap();
    assert_eq!(
        rewritten.stack.resources.len(),
        written.stack.resources.len()
    );
    assert!(
        plan_of(&rewritten, &owned.found, &draft.roles).is_empty(),
        "{}",
        rewritten.text
    );
    written
}

#[test]
fn a_service_made_by_hand_is_written_as_people_would() {
    let written = holds(&samples::by_hand());
    assert_eq!(written.left, []);
    assert_eq!(written.omitted, []);
    insta::assert_snapshot!(written.text);
}

/// What the notes of `ignore` must not hold either.
const SECRETS: [&str; 2] = ["hunter2", "AKIAIOSFODNN7EXAMPLE"];

proptest! {
    #[test]
    fn whatever_lives_is_declared_as_it_is(draft in wild::any_draft()) {
        let written = holds(&draft);
        for secret in SECRETS {
            prop_assert!(!written.text.contains(secret), "{}", written.text);
        }
    }
}

#[test]
fn every_member_of_a_task_definition_can_be_written() {
    for (member, document) in samples::one_member_each() {
        let family = Resource::TaskDefinition(samples::family("checkout", &document));
        let written = holds(&draft([found(family)]));
        assert_eq!(written.omitted, [], "{member}");
        let left: Vec<&str> = written.left.iter().map(|left| left.why.as_str()).collect();
        assert!(left.is_empty(), "{member}: {left:?}");
        let spelled = task_definition::document::stack_key(member.rsplit('.').next().unwrap());
        assert!(
            written.text.contains(&spelled),
            "{member}: {}",
            written.text
        );
    }
}
