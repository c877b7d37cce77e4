//! Whom a trust policy lets in, and what a role is allowed without bounds.

use std::collections::BTreeSet;

use crate::{
    kinds::role::Role,
    model::{node::Node, policy::Policy},
};

/// Stands for every principal of every account.
pub(super) const ANYBODY: &str = "*";

/// AWS managed policies that allow (nearly) everything (AWS managed policy reference).
const BROAD_POLICIES: &[&str] = &["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];

/// The accounts that `trust` names, or [`ANYBODY`].
pub(super) fn trusted(trust: &Policy) -> BTreeSet<String> {
    let shown = trust.shown();
    let mut accounts = BTreeSet::new();
    for statement in allowing(&shown) {
        // Whoever is not named is trusted (IAM user guide, "NotPrincipal").
        if statement.get("NotPrincipal").is_some() {
            accounts.insert(ANYBODY.to_owned());
        }
        let principals = statement.get("Principal").and_then(|p| p.get("AWS"));
        for principal in texts(principals) {
            accounts.insert(account_of(principal));
        }
    }
    accounts
}

/// What the policies of `role` allow of a whole service or of all of them, as people read it.
pub(super) fn wide_grants(role: &Role) -> BTreeSet<String> {
    let mut grants = BTreeSet::new();
    for policy in role.inline_policies.values() {
        let shown = policy.shown();
        for statement in allowing(&shown) {
            for action in texts(statement.get("Action")) {
                if action == "*" || action.ends_with(":*") {
                    grants.insert(format!("`{action}`"));
                }
            }
            let but: Vec<&str> = texts(statement.get("NotAction")).collect();
            if !but.is_empty() {
                grants.insert(format!("everything but `{}`", but.join("`, `")));
            }
        }
    }
    for arn in &role.managed_policies {
        let arn = arn.to_string();
        let name = arn.rsplit('/').next().unwrap_or_default();
        if BROAD_POLICIES.contains(&name) {
            grants.insert(format!("what `{name}` allows"));
        }
    }
    grants
}

/// The statements that allow something; in what is shown, `Statement` is an array.
fn allowing(shown: &Node) -> impl Iterator<Item = &Node> {
    let statements = shown.get("Statement").and_then(Node::as_list);
    let statements = statements.unwrap_or_default().iter();
    statements.filter(|s| s.get("Effect").and_then(Node::as_str) == Some("Allow"))
}

fn texts(node: Option<&Node>) -> impl Iterator<Item = &str> {
    let list = node.and_then(Node::as_list).unwrap_or_default();
    list.iter().filter_map(Node::as_str)
}

/// The account of a principal: an account id, an ARN, or `*`.
fn account_of(principal: &str) -> String {
    let account = principal.split(':').nth(4).unwrap_or(principal);
    account.to_owned()
}
