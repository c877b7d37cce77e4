//! Whom a role lets in that it did not, and what it is newly allowed.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::{regret::StepRisk, role::Role},
    model::{node::Node, policy::Policy},
};

/// Stands for every principal of every account.
const ANYBODY: &str = "*";

/// AWS managed policies that allow (nearly) everything (AWS managed policy reference).
const BROAD_POLICIES: &[&str] = &["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];

/// What may be regretted once `from`, or nothing, has become `to`.
pub(super) fn of(from: Option<&Role>, to: &Role, account: &str) -> Vec<StepRisk> {
    let name = &to.name;
    let mut risks = Vec::new();
    let was_trusted = from.map(|from| trusted(&from.trust)).unwrap_or_default();
    for newly in trusted(&to.trust).difference(&was_trusted) {
        if newly == ANYBODY {
            let text = format!(
                "anybody, from any account, may assume `{name}` if the conditions of its trust policy are met"
            );
            risks.push(StepRisk::new("trust-widened", text).at("trust"));
        } else if newly != account {
            let text = format!("the account {newly} may assume `{name}`");
            risks.push(StepRisk::new("trust-widened", text).at("trust"));
        }
    }
    let granted = from.map(wide_grants).unwrap_or_default();
    for (newly, at) in wide_grants(to) {
        if !granted.contains_key(&newly) {
            let text = format!("`{name}` is allowed {newly}");
            risks.push(StepRisk::new("wildcard-granted", text).at(at));
        }
    }
    // IAM API reference, `DeleteRolePermissionsBoundary`.
    let before = from.and_then(|from| from.permissions_boundary.as_ref());
    match (before, &to.permissions_boundary) {
        (Some(before), None) => risks.push(StepRisk::new(
            "boundary-removed",
            format!("`{name}` is no longer bounded by {before}, which may give it more rights"),
        )),
        (Some(before), Some(after)) if before != after => {
            let text = format!("`{name}` is bounded by {after} instead of {before}");
            let risk = StepRisk::new("boundary-changed", text);
            risks.push(risk.at("permissions_boundary"));
        }
        (Some(_) | None, Some(_)) | (None, None) => {}
    }
    risks
}

/// The accounts that `trust` names, or [`ANYBODY`].
fn trusted(trust: &Policy) -> BTreeSet<String> {
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

/// What the policies of `role` allow of a whole service or of all of them, as people read it, each
/// with the path of the first policy that does.
fn wide_grants(role: &Role) -> BTreeMap<String, String> {
    let mut grants = BTreeMap::new();
    for (name, policy) in &role.inline_policies {
        let at = format!("inline_policies.{name}");
        let mut allows = |what: String| _ = grants.entry(what).or_insert_with(|| at.clone());
        let shown = policy.shown();
        for statement in allowing(&shown) {
            for action in texts(statement.get("Action")) {
                if action == "*" || action.ends_with(":*") {
                    allows(format!("`{action}`"));
                }
            }
            let but: Vec<&str> = texts(statement.get("NotAction")).collect();
            if !but.is_empty() {
                allows(format!("everything but `{}`", but.join("`, `")));
            }
        }
    }
    for arn in &role.managed_policies {
        let arn = arn.to_string();
        let name = arn.rsplit('/').next().unwrap_or_default();
        if BROAD_POLICIES.contains(&name) {
            let at = || "managed_policies".to_owned();
            let what = format!("what `{name}` allows");
            grants.entry(what).or_insert_with(at);
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
