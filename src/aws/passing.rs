//! The errors that go away by waiting: one table.

use crate::model::call::Class;

/// A kind of error that the same call may not meet again a little later.
struct Passing {
    /// The operations, as IAM spells them in policies; `iam:` is all of a service, and none is all
    /// of AWS.
    operations: &'static [&'static str],
    /// The error codes.
    codes: &'static [&'static str],
    /// What the message holds; the empty text is in all of them.
    says: &'static str,
    /// What it means.
    class: Class,
}

const REGISTER: &[&str] = &["ecs:RegisterTaskDefinition"];

/// The first row that fits decides; an error in none of them stays what it is.
const PASSING: &[Passing] = &[
    // IAM API reference, CreateRole; CloudWatch Logs API reference, CreateLogGroup; Amazon Managed
    // Service for Prometheus API reference, errors.
    Passing {
        operations: &[],
        codes: &[
            "ConcurrentModification",
            "OperationAbortedException",
            "ConflictException",
        ],
        says: "",
        class: Class::Busy,
    },
    // AWS took nothing of the kind for as long as a request is sent again, which is long: somebody
    // else takes all that the account may do.
    Passing {
        operations: &[],
        codes: &[
            "ThrottlingException",
            "Throttling",
            "ThrottledException",
            "TooManyRequestsException",
            "RequestLimitExceeded",
        ],
        says: "",
        class: Class::Busy,
    },
    // ECS says so while another revision of the family is registered or deregistered
    // (https://github.com/hashicorp/terraform-provider-aws/issues/9777 quotes it).
    Passing {
        operations: REGISTER,
        codes: &["ClientException"],
        says: "Too many concurrent attempts",
        class: Class::Busy,
    },
    // ECS checks both roles when a revision is registered and may not have heard of a new one, or
    // of what it trusts, yet (IAM user guide, "Troubleshoot IAM", on changes that are not always
    // immediately visible:
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html).
    Passing {
        operations: REGISTER,
        codes: &["ClientException"],
        says: "Role is not valid",
        class: Class::Unsettled,
    },
    Passing {
        operations: REGISTER,
        codes: &["AccessDeniedException", "AccessDenied"],
        says: "iam:PassRole",
        class: Class::Unsettled,
    },
    // A trust policy may name a principal that IAM has not heard of yet (same page).
    Passing {
        operations: &["iam:CreateRole", "iam:UpdateAssumeRolePolicy"],
        codes: &["MalformedPolicyDocument"],
        says: "Invalid principal",
        class: Class::Unsettled,
    },
    // The role or the policy may be new, and what was removed from a role may still be seen there
    // (same page).
    Passing {
        operations: &["iam:"],
        codes: &["NoSuchEntity"],
        says: "",
        class: Class::Unsettled,
    },
    Passing {
        operations: &["iam:DeleteRole"],
        codes: &["DeleteConflict"],
        says: "",
        class: Class::Unsettled,
    },
    // A log group, a workspace or a revision that was made a moment ago may be unseen. ECS
    // documents it ("The Amazon ECS API follows an eventual consistency model",
    // https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html); the others
    // document no promise at all.
    Passing {
        operations: &["aps:", "ecs:", "logs:"],
        codes: &["ResourceNotFoundException"],
        says: "",
        class: Class::Unsettled,
    },
    // Permissions that ask for a tag of the resource (`aws:ResourceTag`) are denied until the
    // service has heard of the tags with which it was made
    // (https://github.com/hashicorp/terraform-provider-aws/issues/27028, on PutRetentionPolicy
    // right after CreateLogGroup).
    Passing {
        operations: &[],
        codes: &["AccessDeniedException", "AccessDenied"],
        says: "",
        class: Class::Denied,
    },
];

/// What a failure of `operation` means for the one who made the call.
pub(crate) fn class(operation: &str, code: Option<&str>, message: &str) -> Class {
    let fits = |row: &&Passing| {
        let of = row.operations;
        let is_of =
            |one: &&str| operation == *one || one.ends_with(':') && operation.starts_with(*one);
        (of.is_empty() || of.iter().any(is_of))
            && code.is_some_and(|code| row.codes.contains(&code))
            && message.contains(row.says)
    };
    PASSING
        .iter()
        .find(fits)
        .map_or(Class::Final, |row| row.class)
}
