//! ARNs that a stack file gives: their parts, and whether they fit the stack's partition.

use crate::file::{context::Context, problem::Problems, reader::Located, tree::Span};

/// `arn:partition:service:region:account:resource` (AWS general reference, "Amazon Resource
/// Names").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        if next()? != "arn" {
            return None;
        }
        let arn = Self {
            partition: next()?,
            service: next()?,
            region: next()?,
            account: next()?,
            resource: next()?,
        };
        (arn.partition.starts_with("aws") && !arn.service.is_empty() && !arn.resource.is_empty())
            .then_some(arn)
    }

    /// Whether the account is twelve digits.
    pub(crate) fn has_account(&self) -> bool {
        self.account.len() == 12 && self.account.bytes().all(|b| b.is_ascii_digit())
    }
}

/// Returns whether a string is an ARN rather than a name.
pub(crate) fn looks_like_arn(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Reports an ARN that is not one of `what`, which `example` shows.
pub(crate) fn invalid(span: &Span, arn: &str, what: &str, example: &str, problems: &mut Problems) {
    problems
        .add(
            "invalid-arn",
            span,
            format!("not the ARN of {what}"),
            format!("`{arn}` is not the ARN of {what}"),
        )
        .help(format!("it looks like {example}"));
}

/// Reports an ARN of another partition than the stack's: nothing in one partition can refer to
/// anything in another (AWS general reference, "Amazon Resource Names").
pub(crate) fn check_partition(
    context: &Context<'_>,
    arn: Arn<'_>,
    span: &Span,
    problems: &mut Problems,
) {
    let ours = &context.identity.partition;
    if context.region_is_known && arn.partition != ours {
        let message = format!(
            "the ARN is of the partition `{}`, but {} is in `{ours}`",
            arn.partition, context.identity.region
        );
        problems
            .add("wrong-partition", span, "in another partition", message)
            .help("write `${partition}` in its place");
    }
}

/// Checks the ARN of a KMS key: a key, no alias.
///
/// `multi_region` returns whether the service takes multi-Region keys, whose ids begin with `mrk-`.
/// Amazon Managed Service for Prometheus does not: its pattern for the id is `[-a-f0-9]+` (API
/// model 2020-08-01, `KmsKeyArn`).
pub(crate) fn check_kms_key(
    context: &Context<'_>,
    given: &Located<String>,
    multi_region: bool,
    problems: &mut Problems,
) {
    let parsed = Arn::parse(&given.value)
        .filter(|arn| arn.service == "kms" && !arn.region.is_empty() && arn.has_account());
    let id = parsed.and_then(|arn| arn.resource.strip_prefix("key/"));
    let example = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let (Some(arn), Some(id)) = (parsed, id) else {
        invalid(&given.span, &given.value, "a KMS key", example, problems);
        return;
    };
    check_partition(context, arn, &given.span, problems);
    let is_hexadecimal = |id: &str| {
        id.bytes()
            .all(|b| b == b'-' || b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let is_key = is_hexadecimal(id.strip_prefix("mrk-").unwrap_or(id)) && !id.is_empty();
    if !is_key {
        invalid(&given.span, &given.value, "a KMS key", example, problems);
    } else if id.starts_with("mrk-") && !multi_region {
        problems.add(
            "multi-region-key",
            &given.span,
            "a multi-Region key",
            "Amazon Managed Service for Prometheus does not take multi-Region keys",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_have_six_parts() {
        let arn = Arn::parse("arn:aws:logs:us-east-1:111122223333:log-group:/a:*").unwrap();
        assert_eq!(arn.service, "logs");
        assert_eq!(arn.resource, "log-group:/a:*");
        assert!(arn.has_account());
        for text in [
            "",
            "arn",
            "arn:aws:iam::111122223333",
            "arn:x:iam:::y",
            "ARN:aws:iam:::y",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }
}
