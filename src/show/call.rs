//! What each AWS call is about, in a few words.

use crate::{
    kinds::{Change, log_group, role, task_definition, workspace},
    model::{tags::Tags, template::Template},
    show::words,
};

/// What the call is about: the name of what it makes, the policy it attaches, the keys of the tags
/// it sets. Values are left out, for they may be secret.
pub(super) fn subject(change: &Change) -> String {
    match change {
        Change::LogGroup(change) => log_group(change),
        Change::Workspace(change) => workspace(change),
        Change::Role(change) => role(change),
        Change::TaskDefinition(change) => task_definition(change),
    }
}

fn log_group(change: &log_group::Change) -> String {
    use log_group::Change;
    match change {
        Change::Create(group) => group.name.clone(),
        Change::PutRetention(days) => words::count(to_usize(*days), "day"),
        Change::DeleteRetention => "never expire".to_owned(),
        Change::AssociateKmsKey(arn) => known(arn),
        Change::PutDeletionProtection(on) => if *on { "on" } else { "off" }.to_owned(),
        Change::Tag(tags) => keys(tags),
        Change::Untag(keys) => keys.join(", "),
        Change::DisassociateKmsKey | Change::Delete => String::new(),
    }
}

fn workspace(change: &workspace::Change) -> String {
    use workspace::Change;
    match change {
        Change::Create { alias, .. } => alias.clone().unwrap_or_default(),
        Change::SetAlias(alias) => alias.clone(),
        Change::Configure(configuration) => configured(configuration),
        Change::CreateLogging(arn) | Change::UpdateLogging(arn) => known(arn),
        Change::Tag(tags) => keys(tags),
        Change::Untag(keys) => keys.join(", "),
        Change::DeleteLogging | Change::Delete => String::new(),
    }
}

fn configured(configuration: &workspace::Configuration) -> String {
    let workspace::Configuration {
        retention_days,
        limits,
        out_of_order_time_window_seconds,
        rule_query_offset_seconds,
    } = configuration;
    let set = [
        (retention_days.is_some(), "retention_days"),
        (limits.is_some(), "limits"),
        (
            out_of_order_time_window_seconds.is_some(),
            "out_of_order_time_window_seconds",
        ),
        (
            rule_query_offset_seconds.is_some(),
            "rule_query_offset_seconds",
        ),
    ];
    let names: Vec<&str> = set
        .into_iter()
        .filter_map(|(is_set, name)| is_set.then_some(name))
        .collect();
    names.join(", ")
}

fn role(change: &role::Change) -> String {
    use role::Change;
    match change {
        Change::Create(role) => role.name.clone(),
        Change::Update { .. } => "description, max_session_seconds".to_owned(),
        Change::UpdateTrust(_) => "trust".to_owned(),
        Change::PutBoundary(arn) => known(arn),
        Change::Attach(arn) | Change::Detach(arn) => policy_name(arn),
        Change::PutInline { name, .. }
        | Change::DeleteInline(name)
        | Change::RemoveFromInstanceProfile(name) => name.clone(),
        Change::Tag(tags) => keys(tags),
        Change::Untag(keys) => keys.join(", "),
        Change::DeleteBoundary | Change::Delete => String::new(),
    }
}

fn task_definition(change: &task_definition::Change) -> String {
    use task_definition::Change;
    match change {
        Change::Register { family, .. } => format!("{family}, a new revision"),
        Change::Tag { tags, .. } => keys(tags),
        Change::Untag { keys, .. } => keys.join(", "),
        Change::Deregister(Some(revision)) => format!("revision {revision}"),
        Change::Deregister(None) => "the revision that is registered now".to_owned(),
        Change::Delete(revisions) => {
            let noun = if revisions.len() == 1 {
                "revision"
            } else {
                "revisions"
            };
            let numbers: Vec<String> = revisions.iter().map(ToString::to_string).collect();
            format!("{noun} {}", words::list(&numbers))
        }
    }
}

/// The name of a managed policy without what is the same in all of their ARNs.
fn policy_name(arn: &Template) -> String {
    let arn = known(arn);
    match arn.split_once(":policy/") {
        Some((_, name)) => name.to_owned(),
        None => arn,
    }
}

fn known(text: &Template) -> String {
    match text.known() {
        Some(text) => text.to_owned(),
        None => format!("{text} (known after apply)"),
    }
}

fn keys(tags: &Tags) -> String {
    let keys: Vec<&str> = tags.keys().map(String::as_str).collect();
    keys.join(", ")
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn calls_say_what_they_are_about() {
        for (change, subject_of) in [
            (
                Change::LogGroup(log_group::Change::PutRetention(1)),
                "1 day",
            ),
            (
                Change::Role(role::Change::Attach(Template::from(
                    "arn:aws:iam::aws:policy/service-role/X",
                ))),
                "service-role/X",
            ),
            (
                Change::TaskDefinition(task_definition::Change::Delete(vec![3, 4])),
                "revisions 3 and 4",
            ),
            (
                Change::Workspace(workspace::Change::Configure(workspace::Configuration {
                    retention_days: Some(30),
                    limits: Some(BTreeMap::new()),
                    ..Default::default()
                })),
                "retention_days, limits",
            ),
        ] {
            assert_eq!(subject(&change), subject_of);
        }
    }

    #[test]
    fn values_of_tags_are_not_told() {
        let tags = BTreeMap::from([("ApiToken".to_owned(), Template::from("hunter2"))]);
        assert_eq!(
            subject(&Change::LogGroup(log_group::Change::Tag(tags))),
            "ApiToken"
        );
    }
}
