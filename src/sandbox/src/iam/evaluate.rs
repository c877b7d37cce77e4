//! Evaluates policies for one request (IAM User Guide, "Policy evaluation logic").

use std::collections::BTreeSet;

use crate::{
    Refusal,
    iam::{
        document::{self, Document},
        grammar::Kind,
        invalid_input,
        pattern::{Pattern, RequestContext},
        principal::Principal,
        statement::{Selection, Statement},
    },
};

/// A policy that takes part, and what it is called in the answer.
pub(super) struct Source {
    pub(super) id: String,
    /// One of `PolicySourceType` (botocore model iam 2010-05-08).
    pub(super) kind: &'static str,
    pub(super) text: String,
    document: Document,
}

impl Source {
    pub(super) fn new(
        id: String,
        kind: &'static str,
        text: &str,
        as_kind: Kind,
    ) -> Result<Self, Refusal> {
        let document = document::parse(text, as_kind)
            // IAM API reference, SimulateCustomPolicy: its only client error is InvalidInput.
            .map_err(|refusal| invalid_input(format!("{id}: {}", refusal.message)))?;
        Ok(Self {
            id,
            kind,
            text: text.to_owned(),
            document,
        })
    }

    /// Returns whether the statement at `index` names `principal` itself, and not its account or
    /// everybody.
    pub(super) fn names(&self, index: usize, principal: &str) -> bool {
        let statement = self.document.statements.get(index);
        let named = statement.and_then(|statement| statement.principals.as_ref());
        named.is_some_and(|named| {
            !named.all_but && named.items.iter().any(|one| one.name == principal)
        })
    }
}

/// All policies that have a say, and what is known of the request.
pub(super) struct Policies {
    pub(super) request: RequestContext,
    /// The ARN of who asks.
    pub(super) caller: Option<String>,
    /// What the caller has.
    pub(super) identity: Vec<Source>,
    /// What the caller can have at most; empty is no limit.
    pub(super) boundary: Vec<Source>,
    /// What the resource allows others.
    pub(super) resource: Option<Source>,
}

/// How a request ends, and the statements that decided it.
pub(super) struct Decision<'a> {
    /// One of `PolicyEvaluationDecisionType` of the same model.
    pub(super) result: &'static str,
    /// Policies, and the index of the statement in each.
    pub(super) matched: Vec<(&'a Source, usize)>,
    /// Whether a boundary allows it; nothing without a boundary.
    pub(super) within_boundary: Option<bool>,
}

impl Policies {
    /// Decides whether `action` on `resource` is allowed.
    pub(super) fn decide(&self, action: &str, resource: &str) -> Decision<'_> {
        let all = self
            .identity
            .iter()
            .chain(&self.boundary)
            .chain(&self.resource);
        let denies = self.matching(all, action, resource, false);
        let allows = self.matching(self.identity.iter(), action, resource, true);
        let resource_allows = self.matching(self.resource.iter(), action, resource, true);
        let within_boundary = (!self.boundary.is_empty()).then(|| {
            let boundary = self.boundary.iter();
            !self.matching(boundary, action, resource, true).is_empty()
        });
        // A resource policy that names the caller allows within the account by itself; else a
        // boundary must allow as well.
        let by_identity = !allows.is_empty() && within_boundary != Some(false);
        let (result, matched) = if !denies.is_empty() {
            ("explicitDeny", denies)
        } else if by_identity || !resource_allows.is_empty() {
            (
                "allowed",
                allows.into_iter().chain(resource_allows).collect(),
            )
        } else {
            ("implicitDeny", Vec::new())
        };
        Decision {
            result,
            matched,
            within_boundary,
        }
    }

    fn matching<'a>(
        &self,
        sources: impl Iterator<Item = &'a Source>,
        action: &str,
        resource: &str,
        allows: bool,
    ) -> Vec<(&'a Source, usize)> {
        let mut matched = Vec::new();
        for source in sources {
            let statements = source.document.statements.iter().enumerate();
            for (index, statement) in statements.filter(|(_, statement)| statement.allows == allows)
            {
                if self.applies(statement, source.document.has_variables, action, resource) {
                    matched.push((source, index));
                }
            }
        }
        matched
    }

    fn applies(
        &self,
        statement: &Statement,
        has_variables: bool,
        action: &str,
        resource: &str,
    ) -> bool {
        let variables = has_variables.then_some(&self.request);
        // Actions are not distinguished by case (IAM User Guide, "IAM JSON policy elements:
        // Action").
        let is_action = selects(&statement.actions, |wanted| {
            let pattern = Pattern::parse(&wanted.to_lowercase(), true, None);
            pattern.is_some_and(|pattern| pattern.matches(&action.to_lowercase()))
        });
        let is_resource = statement.resources.as_ref().is_none_or(|selection| {
            selects(selection, |wanted| {
                let pattern = Pattern::parse(wanted, true, variables);
                pattern.is_some_and(|pattern| pattern.matches(resource))
            })
        });
        let is_principal = statement
            .principals
            .as_ref()
            .is_none_or(|selection| selects(selection, |principal| self.is_caller(principal)));
        let mut conditions = statement.conditions.iter();
        is_action
            && is_resource
            && is_principal
            && conditions.all(|condition| condition.holds(&self.request, has_variables))
    }

    fn is_caller(&self, principal: &Principal) -> bool {
        let Some(caller) = &self.caller else {
            return false;
        };
        // A service calls by its name, which is no ARN.
        if !caller.starts_with("arn:") {
            return principal.kind == "Service" && principal.name == *caller;
        }
        let account = caller.split(':').nth(4).unwrap_or_default();
        let name = principal.name.as_str();
        principal.kind == "AWS"
            && (name == "*"
                || name == caller
                || name == account
                || (name.ends_with(":root") && name.split(':').nth(4) == Some(account)))
    }

    /// The keys that conditions ask for and the request does not have.
    pub(super) fn missing_keys(&self) -> Vec<String> {
        let sources = self
            .identity
            .iter()
            .chain(&self.boundary)
            .chain(&self.resource);
        let statements = sources.flat_map(|source| &source.document.statements);
        let keys: BTreeSet<&String> = statements
            .flat_map(|statement| &statement.conditions)
            .map(|condition| &condition.key)
            .filter(|key| !self.request.contains_key(&key.to_lowercase()))
            .collect();
        keys.into_iter().cloned().collect()
    }
}

fn selects<T>(selection: &Selection<T>, matches: impl FnMut(&T) -> bool) -> bool {
    selection.items.iter().any(matches) != selection.all_but
}
