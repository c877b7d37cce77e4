//! Chooses what of an account goes into the file, and says why the rest does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    cli::import::mentions::Mentions,
    cloud::survey::{Alias, Survey, Wanted},
    kinds::Resource,
    model::{address::Kind, tags::Owner, template::Attribute},
    show::words,
    snapshot::LiveResource,
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
    pub(super) taken: Vec<LiveResource>,
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
    let only_in_policies = only_in_policies(survey, &choice);
    choice.left.extend(only_in_policies);
    choice.left.sort();
    choice
}

impl Choice {
    fn leave(&mut self, found: &LiveResource, why: String, option: Option<String>) {
        let what = format!("{} {}", found.resource.kind().noun(), name(found));
        if found.resource.kind() == Kind::Workspace {
            let id = found.attributes.get(&Attribute::Id).cloned();
            self.existing_workspace = id.or(self.existing_workspace.take());
        }
        self.left.push(Left { what, why, option });
    }

    /// A stack has one workspace: the one that it owns, else one that its families mention.
    fn keep_one_workspace(&mut self, known: &Known) {
        let is_workspace = |found: &LiveResource| found.resource.kind() == Kind::Workspace;
        let mut workspaces: Vec<LiveResource> =
            self.taken.extract_if(.., |f| is_workspace(f)).collect();
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
            "there is no such log group so far",
        ),
        lost(
            Kind::Workspace,
            &mentioned.workspaces,
            "there is no such workspace in this region",
        ),
    ]
    .concat()
}

/// The workspaces that only policies of what is taken mention: a collector may have its
/// configuration, and so the address, from elsewhere.
fn only_in_policies(survey: &Survey, choice: &Choice) -> Vec<Left> {
    let seen = survey.found.iter().filter_map(id);
    let seen: BTreeSet<&str> = seen.chain(choice.existing_workspace.as_deref()).collect();
    let roles = choice.taken.iter().map(|found| &found.resource);
    let mentioning = roles.filter(|resource| resource.kind() == Kind::Role);
    let mut left = Vec::new();
    for role in mentioning {
        let mut mentioned = Mentions::default();
        mentioned.add_workspaces_of(role);
        let others = survey.workspaces.iter().filter(|workspace| {
            let id = workspace.id.as_str();
            mentioned.workspaces.contains(id) && !seen.contains(id)
        });
        left.extend(others.map(|Alias { id, alias }| {
            let alias = alias
                .as_ref()
                .map_or_else(String::new, |alias| format!("{alias} "));
            Left {
                what: format!("workspace {alias}({id})"),
                why: format!("only a policy of the role {} mentions it", role.name()),
                option: Some(format!("--workspace {id}")),
            }
        }));
    }
    left
}

/// What people know it by, exactly.
pub(super) fn name(found: &LiveResource) -> String {
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

fn id(found: &LiveResource) -> Option<&str> {
    found.attributes.get(&Attribute::Id).map(String::as_str)
}

fn is_ours(found: &LiveResource) -> bool {
    matches!(found.owner, Owner::Ours(_))
}

/// Why nobody could take it.
fn not_to_be_had(found: &LiveResource) -> Option<String> {
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
fn no_workspace_to_adopt(found: &LiveResource, survey: &Survey) -> Option<String> {
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
    found: &LiveResource,
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
fn users<'k>(found: &LiveResource, known: &'k Known) -> BTreeSet<&'k String> {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        kinds::{
            log_group::LogGroup,
            role::Role,
            workspace::{Configuration, Workspace},
        },
        model::{node::Node, policy::Policy, tags::Tags},
    };

    fn found(resource: Resource, owner: Owner) -> LiveResource {
        LiveResource {
            resource,
            owner,
            attributes: BTreeMap::new(),
            facts: Vec::new(),
        }
    }

    fn role(name: &str, profiles: &[&str]) -> Resource {
        Resource::Role(Role {
            name: name.to_owned(),
            path: "/".to_owned(),
            description: String::new(),
            trust: Policy::new(Node::Null),
            max_session_seconds: 3600,
            permissions_boundary: None,
            managed_policies: BTreeSet::new(),
            inline_policies: BTreeMap::new(),
            instance_profiles: set(profiles),
            tags: Tags::new(),
        })
    }

    fn group(name: &str) -> Resource {
        Resource::LogGroup(LogGroup {
            name: name.to_owned(),
            class: "STANDARD".to_owned(),
            retention_days: None,
            kms_key_arn: None,
            deletion_protection: false,
            tags: Tags::new(),
        })
    }

    fn workspace(id: &str, alias: Option<&str>, failed: bool) -> LiveResource {
        let resource = Resource::Workspace(Workspace {
            alias: alias.map(str::to_owned),
            kms_key_arn: None,
            configuration: Configuration::default(),
            logging: None,
            tags: Tags::new(),
            failed,
        });
        LiveResource {
            attributes: BTreeMap::from([(Attribute::Id, id.to_owned())]),
            ..found(resource, Owner::Unknown)
        }
    }

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn survey(found: Vec<LiveResource>) -> Survey {
        let workspaces = found.iter().filter_map(|found| {
            Some(Alias {
                id: id(found)?.to_owned(),
                alias: found.resource.workspace()?.alias.clone(),
            })
        });
        Survey {
            workspaces: workspaces.collect(),
            found,
            roles: Vec::new(),
            unread: None,
        }
    }

    /// What is left, and why.
    fn left(choice: &Choice) -> Vec<(&str, &str)> {
        let left = choice.left.iter();
        left.map(|left| (left.what.as_str(), left.why.as_str()))
            .collect()
    }

    #[test]
    fn what_belongs_to_others_is_left() {
        let survey = survey(vec![
            found(group("/theirs"), Owner::OtherStack("other".to_owned())),
            found(
                group("/cloudformation"),
                Owner::CloudFormation("x".to_owned()),
            ),
            found(role("AWSServiceRoleForECS", &[]), Owner::Aws),
            found(
                role("Abroad", &[]),
                Owner::OtherRegion {
                    region: "eu-west-1".to_owned(),
                },
            ),
        ]);
        let choice = choose(&survey, &Wanted::default(), &Known::default());
        assert_eq!(
            left(&choice),
            [
                (
                    "log group /theirs",
                    "it belongs to the amp-stack stack `other`"
                ),
                (
                    "role AWSServiceRoleForECS",
                    "it is a service-linked role, which only AWS changes"
                ),
                ("role Abroad", "it belongs to the same stack in eu-west-1"),
            ]
        );
        assert_eq!(choice.taken, [survey.found[1].clone()]);
    }

    #[test]
    fn what_is_only_mentioned_is_left_to_those_who_use_it_too() {
        let survey = survey(vec![
            found(role("Shared", &[]), Owner::Unknown),
            found(role("OfInstances", &["web"]), Owner::Unknown),
            found(role("Own", &[]), Owner::Unknown),
            found(group("/gone"), Owner::Unknown),
        ]);
        let of = |roles: &[&str]| Mentions {
            roles: set(roles),
            ..Mentions::default()
        };
        let mut mentioned = of(&["Shared", "OfInstances", "Own", "Gone"]);
        mentioned.foreign_roles = set(&["arn:aws:iam::444455556666:role/x"]);
        let others = ["a", "b", "c", "d", "e"].map(|family| (family.to_owned(), of(&["Shared"])));
        let known = Known {
            mentioned,
            others: BTreeMap::from(others),
        };
        let choice = choose(&survey, &Wanted::default(), &known);
        assert_eq!(
            left(&choice),
            [
                ("role Gone", "there is no such role"),
                ("role OfInstances", "it is in the instance profile web"),
                (
                    "role Shared",
                    "the families a, b, c and 2 others use it, too"
                ),
                (
                    "role arn:aws:iam::444455556666:role/x",
                    "it is of another account"
                ),
            ]
        );
        let wanted = Wanted {
            roles: set(&["shared", "OFINSTANCES"]),
            ..Wanted::default()
        };
        assert_eq!(choose(&survey, &wanted, &known).taken.len(), 4);
    }

    #[test]
    fn a_workspace_needs_an_alias_of_its_own() {
        let survey = survey(vec![
            workspace("ws-1", None, false),
            workspace("ws-2", Some("twice"), false),
            workspace("ws-3", Some("twice"), false),
            workspace("ws-4", Some("failed"), true),
        ]);
        let choice = choose(&survey, &Wanted::default(), &Known::default());
        assert_eq!(choice.taken, []);
        assert_eq!(choice.left.len(), 4, "{:?}", choice.left);
        assert_eq!(choice.existing_workspace.as_deref(), Some("ws-4"));
    }

    /// Whoever keeps the collector's configuration elsewhere would lose the workspace unawares.
    #[test]
    fn a_workspace_that_only_a_policy_mentions_is_named() {
        let resource = "arn:aws:aps:us-east-1:111122223333:workspace/ws-1";
        let mut writer = role("Task", &[]);
        if let Resource::Role(role) = &mut writer {
            let document = Policy::new(Node::from(&json!({"Statement": [{"Resource": resource}]})));
            role.inline_policies.insert("write".to_owned(), document);
        }
        let mut survey = survey(vec![found(writer, Owner::Unknown)]);
        let known = Known::default();
        let choose = |survey: &Survey| choose(survey, &Wanted::default(), &known).left;
        assert_eq!(choose(&survey), [], "it is gone");
        for (id, alias) in [("ws-1", "shop"), ("ws-2", "other")] {
            let (id, alias) = (id.to_owned(), Some(alias.to_owned()));
            survey.workspaces.push(Alias { id, alias });
        }
        let left = Left {
            what: "workspace shop (ws-1)".to_owned(),
            why: "only a policy of the role Task mentions it".to_owned(),
            option: Some("--workspace ws-1".to_owned()),
        };
        assert_eq!(choose(&survey), [left]);
        survey.found.push(workspace("ws-1", Some("shop"), false));
        assert_eq!(choose(&survey), [], "it is taken");
    }

    #[test]
    fn of_several_workspaces_the_one_that_is_used_is_taken() {
        let survey = survey(vec![
            workspace("ws-1", Some("one"), false),
            workspace("ws-2", Some("two"), false),
        ]);
        let mut known = Known::default();
        known.mentioned.workspaces = set(&["ws-2"]);
        let choice = choose(&survey, &Wanted::default(), &known);
        assert_eq!(choice.taken, [survey.found[1].clone()]);
        assert_eq!(choice.left[0].option.as_deref(), Some("--workspace ws-1"));
        assert_eq!(choice.existing_workspace, None);
    }
}
