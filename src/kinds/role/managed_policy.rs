//! `managed_policies` and `permissions_boundary`: policies that exist already.

use crate::{
    file::{
        arn::{self, Arn, looks_like_arn},
        context::Context,
        problem::Problems,
        reader::{Located, did_you_mean},
    },
    model::template::Template,
};

/// AWS managed policies that tasks with a collector need, with their paths (AWS managed policy
/// reference guide).
const WELL_KNOWN: &[&str] = &[
    "AWSXRayDaemonWriteAccess",
    "AWSXrayReadOnlyAccess",
    "AWSXrayWriteOnlyAccess",
    "AmazonPrometheusConsoleFullAccess",
    "AmazonPrometheusFullAccess",
    "AmazonPrometheusQueryAccess",
    "AmazonPrometheusRemoteWriteAccess",
    "AmazonSSMReadOnlyAccess",
    "CloudWatchAgentServerPolicy",
    "CloudWatchLogsFullAccess",
    "service-role/AmazonECSTaskExecutionRolePolicy",
    "service-role/AmazonEC2ContainerServiceforEC2Role",
];

/// Those of them that no other AWS managed policy is nearly called like, so that a near miss is a
/// misspelling.
const DISTINCT: &[&str] = &[
    "AmazonPrometheus",
    "AWSXRay",
    "AWSXray",
    "AmazonECSTaskExecution",
];

/// Returns whether `arn` is that of a policy which AWS keeps in every account.
pub(crate) fn is_well_known(arn: &str) -> bool {
    let policy = Arn::parse(arn).filter(|arn| arn.service == "iam" && arn.account == "aws");
    let name = policy.and_then(|arn| arn.resource.strip_prefix("policy/"));
    name.is_some_and(|name| WELL_KNOWN.contains(&name))
}

/// The ARN of a policy to attach: of an AWS managed policy by its name, of any by its ARN.
pub(crate) fn attached(
    context: &Context<'_>,
    given: &Located<Template>,
    problems: &mut Problems,
) -> Option<Template> {
    let Some(known) = given.value.known() else {
        return Some(given.value.clone());
    };
    let located = Located {
        span: given.span.clone(),
        value: known.to_owned(),
    };
    if looks_like_arn(known) {
        return by_arn(context, &located, problems).map(Template::from);
    }
    by_name(&located, problems).map(|name| Template::from(context.identity.aws_policy_arn(name)))
}

/// Checks the ARN of a managed policy. Those that customers manage can be attached in their own
/// account only (IAM user guide, "Managed policies and inline policies").
pub(crate) fn by_arn(
    context: &Context<'_>,
    given: &Located<String>,
    problems: &mut Problems,
) -> Option<String> {
    let parsed = Arn::parse(&given.value).filter(|arn| {
        arn.service == "iam"
            && arn.region.is_empty()
            && (arn.account == "aws" || arn.has_account())
            && arn
                .resource
                .strip_prefix("policy/")
                .is_some_and(|name| !name.is_empty())
    });
    let Some(arn) = parsed else {
        let example = "arn:aws:iam::111122223333:policy/NAME or arn:aws:iam::aws:policy/NAME";
        arn::invalid(
            &given.span,
            &given.value,
            "a managed policy",
            example,
            problems,
        );
        return None;
    };
    arn::check_partition(context, arn, &given.span, problems);
    let ours = &context.identity.account;
    if arn.account == "aws" {
        let name = arn.resource.strip_prefix("policy/").unwrap_or_default();
        check_spelling(name, given, "arn:", problems);
    } else if context.account_is_known && arn.account != ours {
        let message = format!(
            "the policy is of the account {}, but the role is of {ours}",
            arn.account
        );
        problems
            .add("foreign-policy", &given.span, "of another account", message)
            .help("a role takes only policies of AWS and of its own account");
    }
    Some(given.value.clone())
}

/// Checks the name of an AWS managed policy, with its path.
fn by_name<'n>(given: &'n Located<String>, problems: &mut Problems) -> Option<&'n str> {
    let name = given.value.as_str();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-/".contains(c);
    if name.is_empty() || !name.chars().all(allowed) {
        unknown(given, None, problems);
        return None;
    }
    check_spelling(name, given, "", problems);
    Some(name)
}

fn check_spelling(name: &str, given: &Located<String>, form: &str, problems: &mut Problems) {
    if WELL_KNOWN.contains(&name) {
        return;
    }
    if name == "AWSDistroOpenTelemetryPolicy" {
        // Older guides of the collector have their readers create a policy of this name.
        unknown(
            given,
            Some(
                "it is a policy that people create themselves: give its ARN, or `AmazonPrometheusRemoteWriteAccess` and `AWSXRayDaemonWriteAccess`",
            ),
            problems,
        );
        return;
    }
    let last = |policy: &'static str| policy.rsplit('/').next().unwrap_or(policy);
    let given_last = name.rsplit('/').next().unwrap_or(name);
    let near = WELL_KNOWN.iter().copied().find(|known| {
        let distinct = DISTINCT.iter().any(|start| last(known).starts_with(start));
        last(known).eq_ignore_ascii_case(given_last)
            || (distinct && strsim::damerau_levenshtein(last(known), given_last) <= 2)
    });
    if let Some(near) = near {
        let help = if form.is_empty() {
            did_you_mean(near)
        } else {
            format!("its ARN ends in `:policy/{near}`")
        };
        unknown(given, Some(&help), problems);
    }
}

fn unknown(given: &Located<String>, help: Option<&str>, problems: &mut Problems) {
    let message = format!("`{}` is not an AWS managed policy", given.value);
    problems
        .add(
            "unknown-managed-policy",
            &given.span,
            "no such policy",
            message,
        )
        .help(help.unwrap_or(
            "give the name of an AWS managed policy, with its path if it has one, or an ARN",
        ));
}
