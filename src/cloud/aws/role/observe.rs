//! Reading roles: two paged calls tell everything about all of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::{EntityType, Role as Listed, RoleDetail};

use crate::{
    cloud::{
        CallError,
        aws::{
            Aws, error, live_tags,
            role::{attributes, get, tag_map},
        },
    },
    node::Node,
    policy::Policy,
    resource::{
        Resource,
        role::{DEFAULT_MAX_SESSION_SECONDS, Role},
    },
    snapshot::{Found, RoleFact},
    stack::Query,
    tags::{self, Owner},
    text::Text,
};

/// The most items that a page of IAM holds (IAM API reference, `ListRoles` and `GetAccountAuthorizationDetails`).
const PAGE: i32 = 1000;
const DETAILS: &str = "iam:GetAccountAuthorizationDetails";

/// Reads the roles that are ours, those whose names the stack declares, and the names of all.
///
/// `ListRoles` has neither tags nor boundaries nor policies, `GetAccountAuthorizationDetails` neither descriptions nor session lengths (botocore model iam
/// 2010-05-08, `Role` and `RoleDetail`).
pub(in crate::cloud::aws) async fn observe(
    aws: &Aws,
    query: &Query,
) -> Result<(Vec<Found>, Vec<RoleFact>), CallError> {
    let (listed, details) = tokio::try_join!(list(aws), details(aws))?;
    let mut found = Vec::new();
    let mut facts = BTreeMap::new();
    for role in listed.values() {
        facts.insert(role.arn.clone(), fact(role, &BTreeMap::new(), query));
    }
    for detail in details {
        let tags = tag_map(detail.tags());
        let name = detail.role_name().unwrap_or_default();
        let listed = match listed.get(detail.role_id().unwrap_or_default()) {
            Some(listed) => listed.clone(),
            // A role younger than the list.
            None => match get(aws, name).await? {
                Some(role) => role,
                None => continue,
            },
        };
        let fact = fact(&listed, &tags, query);
        if matches!(fact.owner, Owner::Ours(_)) || query.roles.contains(name) {
            let role = role(&listed, &detail, &tags).ok_or_else(|| {
                error::unexpected(DETAILS, format!("a policy of the role {name} is not JSON"))
            })?;
            found.push(Found {
                resource: Resource::Role(role),
                owner: fact.owner.clone(),
                attributes: attributes(&listed),
                facts: Vec::new(),
            });
        }
        facts.insert(fact.arn.clone(), fact);
    }
    Ok((found, facts.into_values().collect()))
}

async fn list(aws: &Aws) -> Result<BTreeMap<String, Listed>, CallError> {
    let request = aws.iam.client.list_roles().max_items(PAGE);
    let pages = request.into_paginator().items().send();
    let roles = aws.iam.call("iam:ListRoles", pages.try_collect()).await?;
    Ok(roles
        .into_iter()
        .map(|role| (role.role_id.clone(), role))
        .collect())
}

async fn details(aws: &Aws) -> Result<Vec<RoleDetail>, CallError> {
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
        .collect())
}

fn fact(role: &Listed, tags: &BTreeMap<String, String>, query: &Query) -> RoleFact {
    let owner = if role.path.starts_with("/aws-service-role/") {
        Owner::Aws
    } else {
        tags::owner(tags, &query.stack, &query.identity.region)
    };
    RoleFact {
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
    let managed_policies: BTreeSet<Text> = detail
        .attached_managed_policies()
        .iter()
        .filter_map(|policy| policy.policy_arn().map(Text::from))
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
            .map(Text::from),
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

/// Reads a policy document, which IAM returns URL-encoded as in RFC 3986 (IAM API reference, `GetRole`).
fn document(encoded: &str) -> Option<Policy> {
    // Encoded JSON begins with `%7B`; an emulator may send it plain.
    let json = if encoded.trim_start().starts_with('{') {
        encoded.to_owned()
    } else {
        percent_decode(encoded)?
    };
    let value: serde_json::Value = serde_json::from_str(&json).ok()?;
    Some(Policy::new(Node::from(&value)))
}

/// Decodes `%XX`; a `+` stands for itself. `None` if the text is no percent-encoded UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}
