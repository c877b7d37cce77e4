//! Every reason for which a plan can refuse, by code.

use crate::model::rule::Rule;

/// The reasons, by code: what each says, and where the rule comes from.
pub const REFUSALS: &[Rule] = &[
    Rule {
        code: "ambiguous",
        sentence: "more than one workspace could be the one that is meant, and only their metrics could show which: somebody has to decide",
        source: "Amazon Managed Service for Prometheus API reference, CreateWorkspace, on aliases, which need not be unique",
    },
    Rule {
        code: "cannot-adopt",
        sentence: "what would be taken over would have to be replaced, and nothing is deleted that is not the stack's own",
        source: "amp-stack",
    },
    Rule {
        code: "deletion-protection",
        sentence: "the log group will be deleted, but its deletion protection is on: write `deletion_protection = false` and apply first",
        source: "CloudWatch Logs API reference, PutLogGroupDeletionProtection",
    },
    Rule {
        code: "in-use",
        sentence: "what would be removed is needed by a service or a task that runs, perhaps through a revision that somebody else registered",
        source: "ECS developer guide, \"Amazon ECS task execution IAM role\"; ECS API reference, DeleteTaskDefinitions",
    },
    Rule {
        code: "name-taken",
        sentence: "a role of the account has the same name in another case or under another path, which IAM takes for the same name",
        source: "IAM API reference, CreateRole",
    },
    Rule {
        code: "no-such-role",
        sentence: "a role that is mentioned by its ARN will not be there under exactly this name: ARNs are compared with case",
        source: "IAM user guide, \"IAM identifiers\"",
    },
    Rule {
        code: "not-ours",
        sentence: "something of this name exists, and does not carry the stack's tags: choose another name, refer to it, or adopt it",
        source: "amp-stack",
    },
    Rule {
        code: "protected",
        sentence: "the resource would be removed or replaced, but `prevent_destroy` holds it back",
        source: "amp-stack",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::tags::Owner, plan::Reason};

    #[test]
    fn every_reason_is_listed_in_the_order_of_its_code() {
        let arn = String::new;
        let owner = Owner::Unknown;
        let reasons = [
            Reason::Ambiguous {
                candidates: Vec::new(),
                are_ours: true,
            },
            Reason::CannotAdopt {
                arn: arn(),
                owner: owner.clone(),
                differs: Vec::new(),
            },
            Reason::DeletionProtection { arn: arn() },
            Reason::InUse {
                arn: arn(),
                by: Vec::new(),
            },
            Reason::NameTaken {
                wanted: arn(),
                arn: arn(),
                owner: owner.clone(),
            },
            Reason::NoSuchRole {
                wanted: arn(),
                similar: None,
            },
            Reason::NotOurs { arn: arn(), owner },
            Reason::Protected {
                arn: arn(),
                replaces: Vec::new(),
                by_tag: false,
            },
        ];
        let codes: Vec<&str> = reasons.iter().map(Reason::code).collect();
        let listed: Vec<&str> = REFUSALS.iter().map(|rule| rule.code).collect();
        assert_eq!(codes, listed);
    }
}
