//! Whom a statement names, by type (IAM user guide, "AWS JSON policy elements: Principal").

use crate::{
    file::{arn::Arn, problem::Problems, tree::Span},
    model::template::Template,
};

/// What the ids of users and roles begin with, which IAM shows in place of an ARN once its owner is
/// deleted (IAM user guide, "IAM identifiers", unique ID prefixes).
const ID_PREFIXES: [&str; 2] = ["AIDA", "AROA"];

/// What the names of services end in (IAM user guide, "AWS service principals").
const SERVICE_SUFFIXES: [&str; 4] = [
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazon.com",
    ".aws.internal",
];

/// Reports a principal of the type `kind` that is none, whatever account it is for. IAM looks those
/// up that are well-formed, and names the ones that it does not find "Invalid principal in policy".
pub(super) fn check(kind: &str, text: &Template, span: &Span, problems: &mut Problems) {
    // What mentions something that the stack makes is known once that is made.
    let Some(known) = text.known() else {
        return;
    };
    let (fits, help) = match kind {
        "AWS" => (
            is_identity(known),
            "write an account id of twelve digits, the ARN of a role, a user or an account's root, or `*`",
        ),
        "Service" => (
            is_service(known),
            "services look like ecs-tasks.amazonaws.com",
        ),
        "Federated" => (
            is_provider(known),
            "write the ARN of a provider, such as arn:aws:iam::111122223333:oidc-provider/HOST, or a host such as cognito-identity.amazonaws.com",
        ),
        _ => (
            known.len() == 64 && known.bytes().all(|b| b.is_ascii_hexdigit()),
            "a canonical user id has 64 hexadecimal digits",
        ),
    };
    if fits {
        return;
    }
    let message = format!("`{known}` is not a principal of the type {kind}");
    let problem = problems.add("policy-principal", span, "not a principal", message);
    match other_type(kind, known) {
        Some(other) => problem.help(format!("did you mean {other} = \"{known}\"?")),
        None if known.trim() != known => problem.help("it has blanks at its ends"),
        None => problem.help(help),
    };
}

/// The type that `text` would be a principal of.
fn other_type(kind: &str, text: &str) -> Option<&'static str> {
    match kind {
        "AWS" if is_service(text) => Some("Service"),
        "Service" if text != "*" && is_identity(text) => Some("AWS"),
        _ => None,
    }
}

fn is_identity(text: &str) -> bool {
    let is_account = |text: &str| text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    let is_id = ID_PREFIXES.iter().any(|prefix| text.starts_with(prefix))
        && text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    text == "*" || is_account(text) || is_id || Arn::parse(text).is_some_and(is_identity_arn)
}

/// Wildcards can't stand in the place of a part of a name (same page).
fn is_identity_arn(arn: Arn<'_>) -> bool {
    if !arn.region.is_empty() || !arn.has_account() {
        return false;
    }
    let (kind, name) = arn.resource.split_once('/').unwrap_or((arn.resource, ""));
    match (arn.service, kind) {
        ("iam", "root") => arn.resource == "root",
        ("iam", "role" | "user") => is_name(name.rsplit('/').next().unwrap_or_default()),
        ("sts", "assumed-role") => name
            .split_once('/')
            .is_some_and(|(role, session)| is_name(role) && is_name(session)),
        ("sts", "federated-user") => is_name(name),
        _ => false,
    }
}

/// Names of roles, users and sessions (IAM API model 2010-05-08, `roleNameType`).
fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c))
}

fn is_service(text: &str) -> bool {
    let is_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    SERVICE_SUFFIXES
        .iter()
        .filter_map(|suffix| text.strip_suffix(suffix))
        .any(|service| !service.is_empty() && service.bytes().all(is_host))
}

/// The ARN of a provider in IAM, or the host of one outside of AWS (IAM user guide, "Federated
/// principals").
fn is_provider(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    if let Some(arn) = Arn::parse(text) {
        let provider = arn.resource.split_once('/');
        return arn.service == "iam"
            && arn.has_account()
            && provider.is_some_and(|(kind, name)| {
                matches!(kind, "saml-provider" | "oidc-provider") && !name.is_empty()
            });
    }
    !text.starts_with("arn:")
        && text.contains('.')
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-./:_".contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_one(kind: &str, text: &str) -> bool {
        let mut problems = Problems::default();
        check(kind, &Template::from(text), &(0..1), &mut problems);
        problems.is_empty()
    }

    #[test]
    fn what_iam_looks_up_is_a_principal() {
        for (kind, text) in [
            ("AWS", "*"),
            ("AWS", "111122223333"),
            ("AWS", "arn:aws:iam::111122223333:root"),
            ("AWS", "arn:aws-cn:iam::111122223333:role/a/path/Name"),
            (
                "AWS",
                "arn:aws:iam::111122223333:user/some.body@example.com",
            ),
            ("AWS", "arn:aws:sts::111122223333:assumed-role/Name/session"),
            ("AWS", "AROAEXAMPLEID000000AA"),
            ("Service", "ecs-tasks.amazonaws.com"),
            ("Service", "states.us-east-1.amazonaws.com"),
            ("Service", "ec2.amazonaws.com.cn"),
            ("Federated", "cognito-identity.amazonaws.com"),
            ("Federated", "arn:aws:iam::111122223333:saml-provider/Name"),
            (
                "Federated",
                "arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE",
            ),
        ] {
            assert!(is_one(kind, text), "{kind}: {text}");
        }
        assert!(is_one("CanonicalUser", &"0a".repeat(32)));
    }

    #[test]
    fn what_iam_refuses_is_none() {
        for (kind, text) in [
            ("AWS", "11112222333"),
            ("AWS", "ACCOUNT-B-ID"),
            ("AWS", " 111122223333"),
            ("AWS", "arn:aws:iam::ACCOUNT:root"),
            ("AWS", "arn:aws:iam::111122223333:role/*"),
            ("AWS", "arn:aws:iam::111122223333:group/Developers"),
            ("AWS", "arn:aws:iam::111122223333:rootless"),
            ("AWS", "arn:aws:s3:::bucket"),
            ("AWS", "ecs-tasks.amazonaws.com"),
            ("AWS", "MyRole"),
            ("AWS", ""),
            ("Service", "ecs-tasks"),
            ("Service", "ecs-tasks.amazonaws.com "),
            ("Service", "*"),
            ("Service", "ECS-tasks.amazonaws.com"),
            ("Federated", ""),
            ("Federated", "<provider>"),
            ("Federated", "arn:aws:iam::111122223333:role/Name"),
            ("CanonicalUser", "somebody"),
        ] {
            assert!(!is_one(kind, text), "{kind}: {text}");
        }
    }

    #[test]
    fn the_type_that_is_meant_is_named() {
        let mut problems = Problems::default();
        let text = Template::from("ecs-tasks.amazonaws.com");
        check("AWS", &text, &(0..1), &mut problems);
        let help = problems.into_sorted().remove(0).help;
        let expected = "did you mean Service = \"ecs-tasks.amazonaws.com\"?";
        assert_eq!(help.as_deref(), Some(expected));
    }
}
