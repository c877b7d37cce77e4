//! Every reason for which a plan can refuse, by code.

use crate::model::rule::Rule;

/// The reasons, by code: what each says, and where the rule comes from.
pub const REFUSALS: &[Rule] = &[
    Rule {
        code: "access-point-of-another-file-system",
        sentence: "a volume mounts a file system of Amazon EFS through an access point of another one, so that no task would start",
        source: "ECS API reference, EFSAuthorizationConfig; EFS API reference, DescribeAccessPoints",
    },
    Rule {
        code: "adopts-once-removed",
        sentence: "the stack's workspace would be replaced, and once it is removed, `adopt` asks for another one: a run that ended in between would leave a plan that takes that one over, or refuses",
        source: "Amazon Managed Service for Prometheus API reference, CreateWorkspace, on aliases, which need not be unique",
    },
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
        sentence: "what would be removed is needed by a service, a task or a daemon that runs, perhaps through a revision that somebody else registered",
        source: "ECS developer guide, \"Amazon ECS task execution IAM role\"; ECS API reference, DeleteTaskDefinitions",
    },
    Rule {
        code: "key-not-enabled",
        sentence: "a KMS key that the stack names is disabled, or will be deleted: nothing can be encrypted with it",
        source: "KMS developer guide, \"Key states of AWS KMS keys\"",
    },
    Rule {
        code: "key-not-symmetric",
        sentence: "a KMS key that the stack names does not encrypt and decrypt symmetrically, which is the only kind that CloudWatch Logs and Amazon Managed Service for Prometheus take",
        source: "CloudWatch Logs API reference, AssociateKmsKey",
    },
    Rule {
        code: "key-of-another-region",
        sentence: "a KMS key that the stack names is one of another region: services use only keys of their own",
        source: "CloudWatch Logs API reference, AssociateKmsKey",
    },
    Rule {
        code: "name-taken",
        sentence: "a role of the account has the same name in another case or under another path, which IAM takes for the same name",
        source: "IAM API reference, CreateRole",
    },
    Rule {
        code: "no-such-access-point",
        sentence: "an access point of Amazon EFS through which a task mounts a file system is not in this account and region, so that no task would start",
        source: "EFS API reference, DescribeAccessPoints, on AccessPointNotFound",
    },
    Rule {
        code: "no-such-file-system",
        sentence: "a file system of Amazon EFS that a task mounts is not in this account and region, so that no task would start",
        source: "EFS API reference, DescribeFileSystems, on FileSystemNotFound",
    },
    Rule {
        code: "no-such-image",
        sentence: "an image that a new revision runs is not in its repository, and the revision is rolled out to a service: the rollout would fail",
        source: "ECS developer guide, \"CannotPullContainer task errors in Amazon ECS\"",
    },
    Rule {
        code: "no-such-key",
        sentence: "a KMS key that the stack names is not there",
        source: "KMS API reference, DescribeKey, on NotFoundException",
    },
    Rule {
        code: "no-such-log-group",
        sentence: "a log group that a container writes to is not there: its task would end as soon as it starts, because the driver `awslogs` makes no group unless an option says so",
        source: "ECS developer guide, \"Send Amazon ECS logs to CloudWatch\"",
    },
    Rule {
        code: "no-such-parameter",
        sentence: "a parameter of Systems Manager that a container reads is not there, so that no task would start",
        source: "ECS developer guide, \"Pass Systems Manager parameters through Amazon ECS environment variables\"",
    },
    Rule {
        code: "no-such-policy",
        sentence: "a managed policy that a role names, to attach it or as its boundary, is not there: ARNs are compared with case and path",
        source: "IAM API reference, AttachRolePolicy and PutRolePermissionsBoundary, on NoSuchEntity",
    },
    Rule {
        code: "no-such-role",
        sentence: "a role that is mentioned by its ARN will not be there under exactly this name: ARNs are compared with case",
        source: "IAM user guide, \"IAM identifiers\"",
    },
    Rule {
        code: "no-such-secret",
        sentence: "a secret of Secrets Manager that a container reads is not there, so that no task would start",
        source: "ECS developer guide, \"Pass Secrets Manager secrets through Amazon ECS environment variables\"",
    },
    Rule {
        code: "no-such-service",
        sentence: "a service that new revisions are to be rolled out to is not there: services are never created, and tasks without a service are not rolled out",
        source: "ECS API reference, UpdateService",
    },
    Rule {
        code: "no-such-workspace",
        sentence: "the workspace that the stack file names by its id is not in this account and region",
        source: "Amazon Managed Service for Prometheus API reference, DescribeWorkspace, on ResourceNotFoundException",
    },
    Rule {
        code: "not-ours",
        sentence: "something of this name exists, and does not carry the stack's tags: choose another name, refer to it, or adopt it",
        source: "amp-stack",
    },
    Rule {
        code: "nothing-to-adopt",
        sentence: "there is no workspace with the id that `adopt` gives, in this account and region",
        source: "Amazon Managed Service for Prometheus API reference, ListWorkspaces",
    },
    Rule {
        code: "over-quota",
        sentence: "the account would have more of something than its quota allows, as AWS says of this very account: a call would fail half way",
        source: "IAM API reference, GetAccountSummary; Service Quotas API reference, GetServiceQuota",
    },
    Rule {
        code: "policy-not-attachable",
        sentence: "a managed policy that a role names is one that IAM lets nobody attach, such as that of a service's own role",
        source: "IAM API reference, Policy, on IsAttachable",
    },
    Rule {
        code: "protected",
        sentence: "the resource would be removed or replaced, but `prevent_destroy` holds it back",
        source: "amp-stack",
    },
    Rule {
        code: "role-of-another-account",
        sentence: "a task definition names a role of another account: a role is passed only to services of its own account",
        source: "IAM user guide, \"Grant a user permissions to pass a role to an AWS service\"",
    },
    Rule {
        code: "role-shuts-out-tasks",
        sentence: "the trust policy of a role that a task definition names by its ARN does not let ecs-tasks.amazonaws.com assume it, so that no task would start",
        source: "ECS developer guide, \"Amazon ECS task IAM role\"",
    },
    Rule {
        code: "rolled-back",
        sentence: "the last rollout of this revision to the service failed, was stopped or was taken back: the same revision is not rolled out again unless somebody asks for it with `--retry`",
        source: "ECS developer guide, \"How the Amazon ECS deployment circuit breaker detects failures\"",
    },
    Rule {
        code: "secret-deleted",
        sentence: "a secret that a container reads is scheduled for deletion: it can no longer be read, so that no task would start",
        source: "Secrets Manager API reference, DeleteSecret",
    },
    Rule {
        code: "service-controller",
        sentence: "new revisions are rolled out only to services whose deployments ECS itself carries out: for CODE_DEPLOY and EXTERNAL somebody else starts them",
        source: "ECS API reference, UpdateService and DeploymentController",
    },
    Rule {
        code: "service-express",
        sentence: "a service of ECS Express Mode takes only a task definition for Fargate with a container `Main` that has one port mapping, of TCP, with a container port and a name",
        source: "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateExpressGatewayService.html",
    },
    Rule {
        code: "service-of-another-family",
        sentence: "the service runs something else than a revision of this family",
        source: "amp-stack",
    },
    Rule {
        code: "service-owned",
        sentence: "a CloudFormation stack owns the service, and would take its own revision back: `take_over = true` says that this is meant",
        source: "CloudFormation user guide, \"Resource tag\"",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        model::{
            mention::{Mention, Unfit, What},
            quota::Quota,
            tags::Owner,
        },
        plan::{
            Reason,
            rollouts::{Objection, Why},
        },
    };

    #[test]
    fn every_reason_is_listed_in_the_order_of_its_code() {
        let arn = String::new;
        let owner = Owner::Unknown;
        let service = |why| {
            Reason::Service(Objection {
                service: "prod/checkout".parse().unwrap(),
                why,
            })
        };
        let mention = |what| Mention::new(what, "x");
        let missing = |what| Reason::Missing {
            mention: mention(what),
            at: Vec::new(),
        };
        let unfit = |why| Reason::Unfit {
            mention: mention(What::Policy),
            at: Vec::new(),
            why,
        };
        let reasons = [
            unfit(Unfit::AccessPointElsewhere),
            Reason::AdoptsOnceRemoved {
                arn: arn(),
                others: Vec::new(),
                differs: Vec::new(),
            },
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
            unfit(Unfit::KeyNotEnabled),
            unfit(Unfit::KeyNotSymmetric),
            unfit(Unfit::KeyOfAnotherRegion),
            Reason::NameTaken {
                wanted: arn(),
                arn: arn(),
                owner: owner.clone(),
            },
            missing(What::AccessPoint),
            missing(What::FileSystem),
            missing(What::Image),
            missing(What::Key),
            missing(What::LogGroup),
            missing(What::Parameter),
            missing(What::Policy),
            Reason::NoSuchRole {
                wanted: arn(),
                similar: None,
            },
            missing(What::Secret),
            service(Why::NoService),
            missing(What::Workspace),
            Reason::NotOurs {
                arn: arn(),
                owner: owner.clone(),
            },
            Reason::NothingToAdopt { id: arn() },
            Reason::OverQuota {
                quota: Quota::Roles,
                now: 0,
                after: 0,
                most: 0,
                region: arn(),
            },
            unfit(Unfit::NotAttachable),
            Reason::Protected {
                arn: arn(),
                replaces: Vec::new(),
                by_tag: false,
            },
            unfit(Unfit::OfAnotherAccount),
            unfit(Unfit::ShutsOutTasks),
            service(Why::EndedBadly {
                revision: arn(),
                how: arn(),
            }),
            unfit(Unfit::SecretDeleted),
            service(Why::Controller("CODE_DEPLOY".to_owned())),
            service(Why::Express(vec![arn()])),
            service(Why::OtherFamily {
                family: arn(),
                runs: None,
            }),
            service(Why::Owned(owner)),
        ];
        let codes: Vec<&str> = reasons.iter().map(Reason::code).collect();
        let listed: Vec<&str> = REFUSALS.iter().map(|rule| rule.code).collect();
        assert_eq!(codes, listed);
    }
}
