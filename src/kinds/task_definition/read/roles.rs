//! Roles in a task definition: a key of the stack, or the ARN of somebody else's role.

use std::collections::BTreeSet;

use crate::{
    file::{
        arn::{self, Arn, looks_like_arn},
        problem::{Problems, nearest},
        reader::{did_you_mean, listed, text_of},
        tree::{Span, Tree},
    },
    kinds::task_definition::read::{
        RoleOutline, Scope,
        view::{View, string},
    },
    model::{
        address::{Address, Kind},
        template::{Attribute, Reference, Segment, Template},
    },
};

/// The ARN of the role that `value` names.
///
/// `RegisterTaskDefinition` also takes a role's bare name; a stack file doesn't, because there a
/// name without `arn:` is a key.
pub(crate) fn arn_of(
    value: &Tree,
    property: &str,
    scope: &Scope<'_>,
    role_arns: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Tree> {
    let text = text_of(value, property, problems)?;
    let span = &value.span;
    let Some(known) = text.known() else {
        return Some(value.clone());
    };
    if let Some(key) = stack_role(known, scope) {
        return Some(string(reference(key), span));
    }
    if looks_like_arn(known) {
        if is_role_arn(known) {
            role_arns.insert(known.to_owned());
        } else {
            let example = "arn:aws:iam::ACCOUNT:role/PATH/NAME";
            arn::invalid(span, known, "a role", example, problems);
        }
        return Some(value.clone());
    }
    undefined(known, span, scope, problems);
    // It stays in the request, so that nothing else complains that there is no role.
    Some(value.clone())
}

/// The ARN of the role that an exported definition names: by its ARN, or by its name alone, which
/// `RegisterTaskDefinition` takes too (ECS API reference, `taskRoleArn`: "The short name or full
/// Amazon Resource Name"). A logical name of the stack file means nothing to a file that others
/// wrote, and an empty string is the same as nothing, as the AWS CLI's skeletons have it.
pub(crate) fn exported_arn_of(
    value: &Tree,
    property: &str,
    scope: &Scope<'_>,
    role_arns: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Tree> {
    let Some(name) = value.known().filter(|text| !looks_like_arn(text)) else {
        return arn_of(value, property, scope, role_arns, problems);
    };
    if name.is_empty() {
        return None;
    }
    let ours = scope.roles.iter().find(|(_, role)| role.name == name);
    if let Some((key, _)) = ours {
        return Some(string(reference(key), &value.span));
    }
    let arn = string(scope.identity.role_arn("/", name).as_str(), &value.span);
    arn_of(&arn, property, scope, role_arns, problems)
}

/// The key of the stack's role with this key or ARN.
fn stack_role<'a>(named: &str, scope: &Scope<'a>) -> Option<&'a str> {
    scope
        .roles
        .iter()
        .find(|(key, role)| *key == named || role.arn == named)
        .map(|(key, _)| key.as_str())
}

fn reference(key: &str) -> Template {
    Template::from(Reference {
        address: Address::new(Kind::Role, key),
        attribute: Attribute::Arn,
    })
}

/// The table in which a role of this key is declared.
fn table_of_a_role(named: &str) -> String {
    let key = if Address::is_key(named) {
        named
    } else {
        "NAME"
    };
    format!("[roles.{key}] with a `name`")
}

fn undefined(named: &str, span: &Span, scope: &Scope<'_>, problems: &mut Problems) {
    let key = Kind::Role.key_in(named);
    let keys: Vec<&str> = scope.roles.keys().map(String::as_str).collect();
    let by_name = scope.roles.iter().find(|(_, role)| role.name == named);
    let help = by_name
        .map(|(key, _)| key.as_str())
        .or_else(|| nearest(key, keys.iter().copied()))
        .map_or_else(
            || match keys.as_slice() {
                [] => format!(
                    "the stack file has no [roles]: add {}; for a role outside this stack, write its ARN",
                    table_of_a_role(named)
                ),
                keys => format!(
                    "the roles of this stack are {}; add {}, or for a role outside this stack write its ARN",
                    listed(keys),
                    table_of_a_role(named)
                ),
            },
            did_you_mean,
        );
    problems
        .add(
            "undefined-reference",
            span,
            "not in this stack file",
            format!("there is no `roles.{named}`"),
        )
        .help(help);
}

/// Returns whether `text` is the ARN of a role (IAM user guide, "IAM identifiers").
fn is_role_arn(text: &str) -> bool {
    Arn::parse(text).is_some_and(|arn| {
        let name = arn.resource.strip_prefix("role/");
        arn.service == "iam"
            && arn.region.is_empty()
            && arn.has_account()
            && name.is_some_and(|name| !name.is_empty() && !name.ends_with('/'))
    })
}

/// Whose role a request names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RoleUse<'a> {
    /// Nobody's: it names none.
    None,
    /// A role of the stack.
    Ours(&'a str, &'a RoleOutline),
    /// Somebody else's, of which nothing is known.
    Foreign,
}

impl<'a> RoleUse<'a> {
    /// Reads the member of a request that names a role.
    pub(crate) fn of(member: Option<&Tree>, scope: &Scope<'a>) -> Self {
        let Some(member) = member else {
            return Self::None;
        };
        let Some(text) = member.text() else {
            return Self::Foreign;
        };
        let segments = text.segments();
        if let [Segment::Reference(reference)] = segments
            && reference.address.kind == Kind::Role
            && let Some((key, role)) = scope.roles.get_key_value(&reference.address.key)
        {
            return Self::Ours(key, role);
        }
        match text.known().and_then(|known| stack_role(known, scope)) {
            Some(key) => Self::Ours(key, &scope.roles[key]),
            None => Self::Foreign,
        }
    }

    /// Returns whether there is a role at all.
    pub(crate) fn is_some(self) -> bool {
        !matches!(self, Self::None)
    }
}
