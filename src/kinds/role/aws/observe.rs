//! Reading roles: two paged calls return everything about all of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aws_sdk_iam::{
    primitives::{DateTime, DateTimeFormat as Format},
    types::{EntityType, Role as Listed, RoleDetail},
};
use percent_encoding::percent_decode_str;

use crate::{
    aws::{Aws, error, live_tags, tags_of_aws},
    kinds::{
        live::Seen,
        role::{
            DEFAULT_MAX_SESSION_SECONDS, Role,
            aws::{attributes, exact, get, tag_map},
        },
    },
    model::{
        call::CallError,
        live::{Fact, Live, TakenName},
        mention::{Mention, Presence, Unfit, What},
        node::Node,
        policy::{Policy, shuts_out_tasks},
        query::Query,
        quota::Quota,
        tags::Owner,
        template::Template,
    },
};

/// The most items that a page of IAM holds (IAM API reference, `ListRoles` and
/// `GetAccountAuthorizationDetails`).
const PAGE: i32 = 1000;
const LIST: &str = "iam:ListRoles";
const DETAILS: &str = "iam:GetAccountAuthorizationDetails";

/// Chooses roles by what is known of each and by its tags.
pub(crate) type Also<'a> = &'a (dyn Fn(&TakenName, &BTreeMap<String, String>) -> bool + Sync);

/// Asks early for both.
pub(super) fn ask_early(aws: &Aws) {
    aws.ask_early(LIST, |aws| async move { list(&aws).await });
    aws.ask_early(DETAILS, |aws| async move { details(&aws).await });
}

/// Reads, for each query, the roles that are the stack's, those whose names it declares, and the
/// names of all.
///
/// `ListRoles` has neither tags nor boundaries nor policies, `GetAccountAuthorizationDetails`
/// neither descriptions nor session lengths (botocore model iam 2010-05-08, `Role` and
/// `RoleDetail`).
pub(crate) async fn observe(
    aws: &Aws,
    queries: &[Arc<Query>],
) -> Result<Vec<Seen<Role>>, CallError> {
    observe_also(aws, queries, &|_, _| false).await
}

/// Reads the same roles, and those that `also` accepts.
pub(crate) async fn observe_also(
    aws: &Aws,
    queries: &[Arc<Query>],
    also: Also<'_>,
) -> Result<Vec<Seen<Role>>, CallError> {
    let listed = aws.answer(LIST, list(aws));
    let (mut listed, mut details) = tokio::try_join!(listed, aws.answer(DETAILS, details(aws)))?;
    reconcile(aws, queries, also, &mut listed, &mut details).await?;
    let seen: Result<_, String> = queries
        .iter()
        .map(|query| seen(query, also, &listed, &details))
        .collect();
    seen.map_err(|role| {
        error::unexpected(DETAILS, format!("a policy of the role {role} is not JSON"))
    })
}

/// The roles as one query asks about them. The error is the name of a role with a policy that can't
/// be read.
fn seen(
    query: &Query,
    also: Also<'_>,
    listed: &BTreeMap<String, Listed>,
    details: &BTreeMap<String, RoleDetail>,
) -> Result<Seen<Role>, String> {
    let mut found = Vec::new();
    let mut facts = Vec::new();
    for (id, live) in listed {
        let detail = details.get(id);
        let tags = tag_map(detail.map_or(live.tags(), RoleDetail::tags));
        let fact = fact(live, &tags, query);
        if let Some(detail) = detail.filter(|_| is_relevant(&fact, query) || also(&fact, &tags)) {
            let role = role(live, detail, &tags).ok_or_else(|| fact.name.clone())?;
            found.push(Live {
                resource: role,
                owner: fact.owner.clone(),
                attributes: attributes(live),
                facts: [Fact::UniqueId(live.role_id.clone())]
                    .into_iter()
                    .chain(last_used(detail))
                    .chain(created_at(live.create_date()))
                    .chain(tags_of_aws(&tags))
                    .collect(),
            });
        }
        facts.push(fact);
    }
    facts.sort_by(|a, b| a.arn.cmp(&b.arn));
    Ok(Seen {
        found,
        counted: Some((Quota::Roles, facts.len())),
        names: facts,
        mentions: mentioned(query, details),
    })
}

/// What of the roles that the query's stack names for its tasks is known: a role of which IAM has
/// only one of its two lists was made a moment ago, and nothing is said of it.
fn mentioned(query: &Query, details: &BTreeMap<String, RoleDetail>) -> BTreeMap<Mention, Presence> {
    let mentions = query.mentions.iter();
    let roles = mentions.filter(|mention| mention.what == What::Role);
    let known = roles.filter_map(|mention| {
        let mut details = details.values();
        let detail = details.find(|detail| detail.arn() == Some(&mention.name))?;
        let trust = document(detail.assume_role_policy_document()?)?;
        let presence = if shuts_out_tasks(&trust, &query.identity) {
            Presence::Unfit(Unfit::ShutsOutTasks)
        } else {
            Presence::Fits
        };
        Some((mention.clone(), presence))
    });
    known.collect()
}

/// When AWS says that something was made.
fn created_at(date: &DateTime) -> Option<Fact> {
    let millis = u64::try_from(date.to_millis().ok()?).ok()?;
    Some(Fact::CreatedAt(millis))
}

async fn list(aws: &Aws) -> Result<BTreeMap<String, Listed>, CallError> {
    let request = aws.iam.client.list_roles().max_items(PAGE);
    let pages = request.into_paginator().items().send();
    let roles = aws.iam.call(LIST, pages.try_collect()).await?;
    Ok(roles
        .into_iter()
        .map(|role| (role.role_id.clone(), role))
        .collect())
}

async fn details(aws: &Aws) -> Result<BTreeMap<String, RoleDetail>, CallError> {
    let request = aws
        .iam
        .client
        .get_account_authorization_details()
        .filter(EntityType::Role)
        .max_items(PAGE);
    let pages = request.into_paginator().send();
    let pages = aws.iam.call(DETAILS, pages.try_collect()).await?;
    Ok(pages
        .into_iter()
        .flat_map(|page| page.role_detail_list.unwrap_or_default())
        .map(|role| (role.role_id().unwrap_or_default().to_owned(), role))
        .collect())
}

/// Reads one by one the roles that are in only one of the lists: IAM's changes do not reach both at
/// the same moment (IAM user guide, "Troubleshoot IAM", on changes that are not always immediately
/// visible), and a role that was made a moment ago must not look like one that has no owner.
async fn reconcile(
    aws: &Aws,
    queries: &[Arc<Query>],
    also: Also<'_>,
    listed: &mut BTreeMap<String, Listed>,
    details: &mut BTreeMap<String, RoleDetail>,
) -> Result<(), CallError> {
    let only_listed = listed
        .values()
        .filter(|role| !is_of_aws(role) && !details.contains_key(&role.role_id))
        .map(|role| (role.role_id.clone(), role.role_name.clone()));
    let only_detailed = details
        .iter()
        .filter(|(id, _)| !listed.contains_key(*id))
        .filter_map(|(id, role)| Some((id.clone(), role.role_name()?.to_owned())));
    let lone: Vec<(String, String)> = only_listed.chain(only_detailed).collect();
    for (id, name) in lone {
        let live = get(aws, &name).await?.filter(|role| role.role_id == id);
        let Some(live) = live else {
            // It was deleted in the meantime.
            listed.remove(&id);
            details.remove(&id);
            continue;
        };
        let tags = tag_map(live.tags());
        let relevant = |query: &Arc<Query>| {
            let fact = fact(&live, &tags, query);
            is_relevant(&fact, query) || also(&fact, &tags)
        };
        if !details.contains_key(&id) && queries.iter().any(relevant) {
            details.insert(id.clone(), exact::detail(aws, &live).await?);
        }
        listed.insert(id, live);
    }
    Ok(())
}

fn is_relevant(role: &TakenName, query: &Query) -> bool {
    matches!(role.owner, Owner::Ours(_)) || query.roles.contains(&role.name)
}

/// When it was last used, of which IAM knows the last 400 days (IAM API reference, `RoleLastUsed`).
fn last_used(role: &RoleDetail) -> Option<Fact> {
    let last = role.role_last_used()?;
    let time = last.last_used_date()?.fmt(Format::DateTime).ok()?;
    Some(Fact::LastUsed {
        day: time.chars().take("2026-11-27".len()).collect(),
        region: last.region()?.to_owned(),
    })
}

/// Service-linked roles stand under a path of their own (IAM API reference,
/// `CreateServiceLinkedRole`).
fn is_of_aws(role: &Listed) -> bool {
    role.path.starts_with("/aws-service-role/")
}

fn fact(role: &Listed, tags: &BTreeMap<String, String>, query: &Query) -> TakenName {
    let owner = if is_of_aws(role) {
        Owner::Aws
    } else {
        query.owner_of_role(tags)
    };
    TakenName {
        name: role.role_name.clone(),
        arn: role.arn.clone(),
        owner,
    }
}

fn role(listed: &Listed, detail: &RoleDetail, tags: &BTreeMap<String, String>) -> Option<Role> {
    let session = listed
        .max_session_duration
        .and_then(|seconds| u32::try_from(seconds).ok());
    let mut inline_policies = BTreeMap::new();
    for policy in detail.role_policy_list() {
        let document = document(policy.policy_document().unwrap_or_default())?;
        inline_policies.insert(
            policy.policy_name().unwrap_or_default().to_owned(),
            document,
        );
    }
    let managed_policies: BTreeSet<Template> = detail
        .attached_managed_policies()
        .iter()
        .filter_map(|policy| policy.policy_arn().map(Template::from))
        .collect();
    Some(Role {
        name: listed.role_name.clone(),
        path: listed.path.clone(),
        description: listed.description.clone().unwrap_or_default(),
        trust: document(detail.assume_role_policy_document().unwrap_or_default())?,
        max_session_seconds: session.unwrap_or(DEFAULT_MAX_SESSION_SECONDS),
        permissions_boundary: detail
            .permissions_boundary()
            .and_then(|boundary| boundary.permissions_boundary_arn())
            .map(Template::from),
        managed_policies,
        inline_policies,
        instance_profiles: detail
            .instance_profile_list()
            .iter()
            .map(|profile| profile.instance_profile_name.clone())
            .collect(),
        tags: live_tags(tags),
    })
}

/// Reads a policy document, which IAM returns URL-encoded as in RFC 3986 (IAM API reference,
/// `GetRole`).
fn document(encoded: &str) -> Option<Policy> {
    // Encoded JSON begins with `%7B`; an emulator may send it plain.
    let json = if encoded.trim_start().starts_with('{') {
        encoded.to_owned()
    } else {
        let decoded = percent_decode_str(encoded).decode_utf8();
        decoded.ok()?.into_owned()
    };
    let value: serde_json::Value = serde_json::from_str(&json).ok()?;
    Some(Policy::new(Node::from(&value)))
}
