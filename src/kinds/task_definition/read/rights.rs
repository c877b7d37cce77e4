//! What the stack's roles may do, as tasks use them.

use crate::{
    collector::grants,
    kinds::task_definition::read::{RoleOutline, Scope, WorkspaceOutline},
    model::{
        address::Kind,
        policy::{
            self, Policy,
            effective::{Boundary, Decision, Given, Request, RequestContext, Rights},
        },
        template::{Attribute, Reference, Template},
    },
};

/// The id of a workspace that AWS has not made yet: policies can only mean it by a reference or by
/// a wildcard.
const COMING_ID: &str = "ws-00000000-0000-0000-0000-000000000000";

/// The rights of `role`, with those that the stack file gives it besides.
pub(crate) fn of<'p>(
    role: &'p RoleOutline,
    scope: &Scope<'_>,
    granted: impl IntoIterator<Item = &'p Policy>,
) -> Rights {
    let lookup = |reference: &Reference| known(reference, scope);
    let (managed, has_unseen) = grants::documents(&role.managed_policies);
    let own = role.inline_policies.values().chain(granted);
    let boundary = match &role.permissions_boundary {
        None => Boundary::None,
        Some(arn) => match grants::documents(std::slice::from_ref(arn)) {
            (documents, false) => documents
                .into_iter()
                .next()
                .map_or(Boundary::Unseen, Boundary::Known),
            (_, true) => Boundary::Unseen,
        },
    };
    Rights {
        policies: own
            .map(|policy| policy.resolve(&lookup))
            .chain(managed)
            .collect(),
        has_unseen,
        boundary,
    }
}

/// How IAM decides when a task does `action` with these rights of `role` to any of `resources`,
/// which are names of one thing: the best answer counts.
pub(crate) fn decide(
    rights: &Rights,
    role: &RoleOutline,
    (action, resources): (&str, &[Given]),
    scope: &Scope<'_>,
) -> Decision {
    let context = context(role, scope);
    let decisions = resources.iter().map(|resource| {
        rights.decide(&Request {
            action,
            resource: resource.clone(),
            context: &context,
        })
    });
    let mut decisions: Vec<Decision> = decisions.collect();
    decisions.sort_by_key(|decision| match decision {
        Decision::Allowed => 0,
        Decision::Unknown => 1,
        Decision::Denied => 2,
        Decision::OutOfBounds => 3,
        Decision::NotAllowed => 4,
    });
    decisions.first().copied().unwrap_or(Decision::Unknown)
}

/// What keeps a role from something, as the rest of a sentence about it; `None` if nothing does, or
/// that is not known.
pub(crate) fn obstacle(
    rights: &Rights,
    role: &RoleOutline,
    (action, resources): (&str, &[Given]),
    scope: &Scope<'_>,
) -> Option<String> {
    match decide(rights, role, (action, resources), scope) {
        Decision::Allowed | Decision::Unknown => None,
        Decision::Denied => Some(format!("is denied {action} by a policy")),
        Decision::OutOfBounds => Some(format!("is kept from {action} by its permissions boundary")),
        Decision::NotAllowed => {
            let anything = [Given::StartsWith(String::new())];
            let elsewhere = decide(rights, role, (action, &anything), scope);
            Some(if elsewhere == Decision::NotAllowed {
                format!("is allowed {action} by no policy")
            } else {
                format!("is allowed {action} only on something else")
            })
        }
    }
}

/// The same for `action` on one thing, which may be known only after apply; `None` is any.
pub(crate) fn obstacle_on(
    rights: &Rights,
    role: &RoleOutline,
    (action, on): (&str, Option<&Template>),
    scope: &Scope<'_>,
) -> Option<String> {
    let spelled = on.and_then(|on| spelled(on, scope));
    let resource = spelled.map_or_else(|| Given::StartsWith(String::new()), Given::Text);
    let request = (action, std::slice::from_ref(&resource));
    obstacle(rights, role, request, scope)
}

/// Returns whether a policy of `role` that is known allows `action` on something, whatever else
/// may keep the role from it.
pub(crate) fn has_somewhere(role: &RoleOutline, action: &str, scope: &Scope<'_>) -> bool {
    let known = Rights {
        has_unseen: false,
        boundary: Boundary::None,
        ..of(role, scope, None)
    };
    let anything = [Given::StartsWith(String::new())];
    matches!(
        decide(&known, role, (action, &anything), scope),
        Decision::Allowed | Decision::Unknown
    )
}

/// Returns whether tasks can't assume `role`, as far as its trust policy says.
pub(crate) fn shuts_out_tasks(role: &RoleOutline, scope: &Scope<'_>) -> bool {
    let lookup = |reference: &Reference| known(reference, scope);
    policy::shuts_out_tasks(&role.trust.resolve(&lookup), scope.identity)
}

/// What is known of every request of a task (IAM user guide, "AWS global condition context keys").
fn context(role: &RoleOutline, scope: &Scope<'_>) -> RequestContext {
    let text = |text: &str| Given::Text(text.to_owned());
    RequestContext::from([
        (
            "aws:principalaccount".to_owned(),
            text(&scope.identity.account),
        ),
        ("aws:principalarn".to_owned(), text(&role.arn)),
        ("aws:securetransport".to_owned(), text("true")),
    ])
}

/// What a text of the stack file says, with what is known by now filled in.
pub(crate) fn spelled(text: &Template, scope: &Scope<'_>) -> Option<String> {
    let filled = text.resolve(&|reference| known(reference, scope));
    filled.known().map(str::to_owned)
}

/// What a reference stands for; a workspace that is yet to be made has an id that nothing else has.
fn known(reference: &Reference, scope: &Scope<'_>) -> Option<String> {
    let key = &reference.address.key;
    let is = |attribute: Attribute| reference.attribute == attribute;
    match reference.address.kind {
        Kind::LogGroup => {
            let name = scope.log_groups.get(key)?;
            let arn = is(Attribute::Arn).then(|| scope.identity.log_group_arn(name));
            arn.or_else(|| is(Attribute::Name).then(|| name.clone()))
        }
        Kind::Role => {
            let role = scope.roles.get(key)?;
            let arn = is(Attribute::Arn).then(|| role.arn.clone());
            arn.or_else(|| is(Attribute::Name).then(|| role.name.clone()))
        }
        Kind::Workspace => {
            let arn = match &scope.workspace {
                WorkspaceOutline::None => return None,
                WorkspaceOutline::State => scope.identity.workspace_arn(COMING_ID),
                WorkspaceOutline::Existing { arn, .. } => arn.clone(),
            };
            if is(Attribute::Id) {
                return arn.rsplit('/').next().map(str::to_owned);
            }
            is(Attribute::Arn).then_some(arn)
        }
        Kind::TaskDefinition => None,
    }
}
