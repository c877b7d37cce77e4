//! Chooses what of an account goes into the file, and says why the rest does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    address::Kind,
    cli::import::mentions::Mentions,
    cloud::aws::survey::{Survey, Wanted},
    resource::Resource,
    show::words,
    snapshot::Found,
    tags::Owner,
    text::Attribute,
};

/// What is known besides the survey.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// What the families that were asked for mention.
    pub(super) mentioned: Mentions,
    /// What other families mention, with their names.
    pub(super) others: BTreeMap<String, Mentions>,
}

/// What goes into the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Choice {
    pub(super) taken: Vec<Found>,
    pub(super) left: Vec<Left>,
    /// The id of a workspace that is used and not taken.
    pub(super) existing_workspace: Option<String>,
}

/// Something that does not go into the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left {
    /// What it is: `role ecsTaskExecutionRole`.
    pub(super) what: String,
    /// Why.
    pub(super) why: String,
    /// The option that takes it all the same, if there is one.
    pub(super) option: Option<String>,
}

/// Chooses from the survey for `wanted`.
pub(super) fn choose(survey: &Survey, wanted: &Wanted, known: &Known) -> Choice {
    let mut choice = Choice::default();
    for found in &survey.found {
        let reason = not_to_be_had(found)
            .or_else(|| no_workspace_to_adopt(found, survey))
            .map(|why| (why, None))
            .or_else(|| used_by_others(found, wanted, known));
        match reason {
            None => choice.taken.push(found.clone()),
            Some((why, option)) => choice.leave(found, why, option),
        }
    }
    choice.keep_one_workspace(known);
    choice.left.extend(not_there(survey, &known.mentioned));
    choice.left.sort();
    choice
}

impl Choice {
    fn leave(&mut self, found: &Found, why: String, option: Option<String>) {
        let what = format!("{} {}", found.resource.kind().noun(), name(found));
        if found.resource.kind() == Kind::Workspace {
            let id = found.attributes.get(&Attribute::Id).cloned();
            self.existing_workspace = id.or(self.existing_workspace.take());
        }
        self.left.push(Left { what, why, option });
    }

    /// A stack has one workspace: the one that it owns, else one that its families mention.
    fn keep_one_workspace(&mut self, known: &Known) {
        let is_workspace = |found: &Found| found.resource.kind() == Kind::Workspace;
        let mut workspaces: Vec<Found> = self.taken.extract_if(.., |f| is_workspace(f)).collect();
        workspaces.sort_by_key(|found| {
            let is_mentioned = id(found).is_some_and(|id| known.mentioned.workspaces.contains(id));
            (!is_ours(found), !is_mentioned)
        });
        let mut workspaces = workspaces.into_iter();
        let kept = workspaces.next();
        for other in workspaces {
            let why = "a stack has one workspace, and another one is taken".to_owned();
            let option = id(&other).map(|id| format!("--workspace {id}"));
            self.leave(&other, why, option);
        }
        if kept.is_some() {
            self.existing_workspace = None;
        }
        self.taken.extend(kept);
    }
}

/// What is mentioned and can't be found.
fn not_there(survey: &Survey, mentioned: &Mentions) -> Vec<Left> {
    let found = |kind: Kind, name: &str| {
        survey.found.iter().any(|found| {
            found.resource.kind() == kind
                && (found.resource.name() == name || id(found) == Some(name))
        })
    };
    let lost = |kind: Kind, names: &BTreeSet<String>, why: &str| -> Vec<Left> {
        let names = names.iter().filter(|name| !found(kind, name));
        names
            .map(|name| Left {
                what: format!("{} {name}", kind.noun()),
                why: why.to_owned(),
                option: None,
            })
            .collect()
    };
    [
        lost(Kind::Role, &mentioned.roles, "there is no such role"),
        lost(
            Kind::Role,
            &mentioned.foreign_roles,
            "it is of another account",
        ),
        lost(
            Kind::LogGroup,
            &mentioned.log_groups,
            "there is no such log group",
        ),
        lost(
            Kind::Workspace,
            &mentioned.workspaces,
            "there is no such workspace in this region",
        ),
    ]
    .concat()
}

/// What people know it by, exactly.
pub(super) fn name(found: &Found) -> String {
    match &found.resource {
        Resource::Workspace(workspace) => {
            let alias = workspace.alias.iter().cloned();
            let names: Vec<String> = alias
                .chain([format!("({})", id(found).unwrap_or_default())])
                .collect();
            names.join(" ")
        }
        Resource::TaskDefinition(family) => match family.revision {
            Some(revision) => format!("{}:{revision}", family.family),
            None => family.family.clone(),
        },
        Resource::LogGroup(_) | Resource::Role(_) => found.resource.name().to_owned(),
    }
}

fn id(found: &Found) -> Option<&str> {
    found.attributes.get(&Attribute::Id).map(String::as_str)
}

fn is_ours(found: &Found) -> bool {
    matches!(found.owner, Owner::Ours(_))
}

/// Why nobody could take it.
fn not_to_be_had(found: &Found) -> Option<String> {
    match &found.owner {
        Owner::OtherRegion { .. } | Owner::OtherStack(_) => {
            Some(format!("it belongs to {}", found.owner))
        }
        // IAM user guide, "Create a service-linked role": only the service itself edits one.
        Owner::Aws => Some("it is a service-linked role, which only AWS changes".to_owned()),
        Owner::Ours(_) | Owner::CloudFormation(_) | Owner::Terraform(_) | Owner::Unknown => None,
    }
}

/// Why a workspace can't be adopted: that goes by its alias, which must be its own.
fn no_workspace_to_adopt(found: &Found, survey: &Survey) -> Option<String> {
    let workspace = found.resource.workspace()?;
    if is_ours(found) {
        return None;
    }
    if workspace.failed {
        return Some("AWS could not create it (CREATION_FAILED)".to_owned());
    }
    let Some(alias) = &workspace.alias else {
        return Some("it has no alias, by which it could be adopted; give it one with `aws amp update-workspace-alias`".to_owned());
    };
    let mut namesakes = survey.workspaces.iter().filter(|other| {
        other.alias.as_ref() == Some(alias) && Some(other.id.as_str()) != id(found)
    });
    let other = namesakes.next()?;
    Some(format!(
        "{} has the alias `{alias}`, too, by which it would be adopted; rename one with `aws amp update-workspace-alias`",
        other.id
    ))
}

/// Why something that nobody named should stay where it is, and the option that names it.
fn used_by_others(
    found: &Found,
    wanted: &Wanted,
    known: &Known,
) -> Option<(String, Option<String>)> {
    let name = found.resource.name();
    let (is_named, is_mentioned, option) = match &found.resource {
        Resource::Role(_) => (
            wanted.roles.iter().any(|n| n.eq_ignore_ascii_case(name)),
            known.mentioned.roles.contains(name),
            format!("--role {name}"),
        ),
        Resource::LogGroup(_) => (
            wanted.log_groups.contains(name),
            known.mentioned.log_groups.contains(name),
            format!("--log-group {name}"),
        ),
        Resource::Workspace(_) => (
            wanted.workspaces.contains(name)
                || id(found).is_some_and(|id| wanted.workspaces.contains(id)),
            id(found).is_some_and(|id| known.mentioned.workspaces.contains(id)),
            format!("--workspace {}", id(found).unwrap_or_default()),
        ),
        Resource::TaskDefinition(_) => return None,
    };
    // What is found by its tags belongs together, whoever else uses it.
    if is_ours(found) || is_named || !is_mentioned {
        return None;
    }
    if let Resource::Role(role) = &found.resource
        && !role.instance_profiles.is_empty()
    {
        let profiles: Vec<&String> = role.instance_profiles.iter().collect();
        let why = format!("it is in the instance profile {}", words::list(&profiles));
        return Some((why, Some(option)));
    }
    let users = users(found, known);
    if users.is_empty() {
        return None;
    }
    let why = format!("{} it, too", users_of(&users));
    Some((why, Some(option)))
}

/// The other families that mention it.
fn users<'k>(found: &Found, known: &'k Known) -> BTreeSet<&'k String> {
    let name = found.resource.name();
    let mentions = |other: &Mentions| match found.resource.kind() {
        Kind::Role => other.roles.contains(name),
        Kind::LogGroup => other.log_groups.contains(name),
        Kind::Workspace => id(found).is_some_and(|id| other.workspaces.contains(id)),
        Kind::TaskDefinition => false,
    };
    let others = known.others.iter();
    others
        .filter(|(_, other)| mentions(other))
        .map(|(family, _)| family)
        .collect()
}

/// `the family a uses`, `the families a, b and 3 others use`.
fn users_of(users: &BTreeSet<&String>) -> String {
    const SHOWN: usize = 3;
    let mut names: Vec<String> = users.iter().take(SHOWN).map(ToString::to_string).collect();
    if users.len() > SHOWN {
        names.push(words::count(users.len() - SHOWN, "other"));
    }
    if users.len() == 1 {
        format!("the family {} uses", words::list(&names))
    } else {
        format!("the families {} use", words::list(&names))
    }
}
