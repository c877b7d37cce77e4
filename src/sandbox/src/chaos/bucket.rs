//! The documented request rates, as token buckets per region.

use std::collections::BTreeMap;

use crate::wire::{Call, Service};

/// How many requests a group of operations takes: at once, and per second in the long run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rate {
    /// Which operations share it.
    group: &'static str,
    burst: u64,
    per_second: u64,
}

/// Tokens are counted in thousandths, so that a millisecond at one per second is a whole number.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    millitokens: u64,
    filled_at_millis: u64,
}

/// All buckets that were used so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Buckets(BTreeMap<(&'static str, String), Bucket>);

impl Buckets {
    /// Takes a token for `call`, if there is one.
    pub(super) fn take(&mut self, call: &Call, now_millis: u64) -> bool {
        let Some(rate) = rate(call.service, &call.operation) else {
            return true;
        };
        let full = rate.burst * 1_000;
        let bucket = self
            .0
            .entry((rate.group, call.region.clone()))
            .or_insert(Bucket {
                millitokens: full,
                filled_at_millis: now_millis,
            });
        let passed = now_millis.saturating_sub(bucket.filled_at_millis);
        let filled = bucket
            .millitokens
            .saturating_add(passed.saturating_mul(rate.per_second));
        bucket.millitokens = filled.min(full);
        bucket.filled_at_millis = now_millis;
        let has_token = bucket.millitokens >= 1_000;
        if has_token {
            bucket.millitokens -= 1_000;
        }
        has_token
    }
}

/// The rate that an operation falls under; IAM publishes none.
fn rate(service: Service, operation: &str) -> Option<Rate> {
    let rate = |group, burst, per_second| {
        Some(Rate {
            group,
            burst,
            per_second,
        })
    };
    match service {
        Service::Iam
        | Service::Tagging
        | Service::Secrets
        | Service::Ssm
        | Service::Kms
        | Service::Ecr
        | Service::Efs
        | Service::Quotas => None,
        // CloudWatch user guide, "CloudWatch service quotas".
        Service::CloudWatch => match operation {
            "ListMetrics" => rate("cloudwatch:ListMetrics", 25, 25),
            "GetMetricData" => rate("cloudwatch:GetMetricData", 500, 500),
            _ => None,
        },
        // IAM User Guide, "IAM and AWS STS quotas": 600 requests per second, account and region.
        Service::Sts => rate("sts", 600, 600),
        // AMP User Guide, "Amazon Managed Service for Prometheus service quotas": one bucket for
        // the whole control plane.
        Service::Amp => rate("aps", 10, 10),
        // CloudWatch Logs User Guide, "CloudWatch Logs quotas".
        Service::Logs => match operation {
            "DescribeLogGroups" => rate("logs:DescribeLogGroups", 10, 10),
            "CreateLogGroup" => rate("logs:CreateLogGroup", 10, 10),
            "DeleteLogGroup" => rate("logs:DeleteLogGroup", 10, 10),
            "PutRetentionPolicy" => rate("logs:PutRetentionPolicy", 5, 5),
            "DeleteRetentionPolicy" => rate("logs:DeleteRetentionPolicy", 5, 5),
            "AssociateKmsKey" => rate("logs:AssociateKmsKey", 5, 5),
            "DisassociateKmsKey" => rate("logs:DisassociateKmsKey", 5, 5),
            "TagResource" => rate("logs:TagResource", 5, 5),
            "UntagResource" => rate("logs:UntagResource", 5, 5),
            "ListTagsForResource" => rate("logs:ListTagsForResource", 5, 5),
            _ => None,
        },
        // Amazon ECS API reference, "Request throttling for the Amazon ECS API".
        Service::Ecs => match operation {
            "RegisterTaskDefinition" | "DeregisterTaskDefinition" => rate("ecs:modify", 20, 1),
            "DeleteTaskDefinitions" => rate("ecs:delete", 5, 1),
            "DescribeTaskDefinition" | "ListTaskDefinitions" | "ListTaskDefinitionFamilies" => {
                rate("ecs:read", 50, 20)
            }
            "TagResource" | "UntagResource" => rate("ecs:tag", 20, 10),
            "ListTagsForResource" => rate("ecs:tags", 50, 20),
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::Buckets;
    use crate::{
        service::Input,
        wire::{Call, Service},
    };

    fn call(service: Service, operation: &str, region: &str) -> Call {
        Call {
            service,
            region: region.to_owned(),
            operation: operation.to_owned(),
            input: Input::new(),
            key: None,
        }
    }

    fn taken(buckets: &mut Buckets, call: &Call, now_millis: u64) -> usize {
        (0..1_000)
            .filter(|_| buckets.take(call, now_millis))
            .count()
    }

    #[test]
    fn a_burst_and_then_a_trickle() {
        let mut buckets = Buckets::default();
        let register = call(Service::Ecs, "RegisterTaskDefinition", "us-east-1");
        assert_eq!(taken(&mut buckets, &register, 0), 20);
        assert_eq!(taken(&mut buckets, &register, 999), 0);
        assert_eq!(taken(&mut buckets, &register, 1_000), 1);
        assert_eq!(taken(&mut buckets, &register, 6_000), 5);
        assert_eq!(taken(&mut buckets, &register, 1_000_000), 20);
    }

    #[test]
    fn what_shares_a_bucket() {
        let mut buckets = Buckets::default();
        let create = call(Service::Amp, "CreateWorkspace", "us-east-1");
        let list = call(Service::Amp, "ListWorkspaces", "us-east-1");
        let elsewhere = call(Service::Amp, "ListWorkspaces", "eu-west-1");
        assert_eq!(taken(&mut buckets, &create, 0), 10);
        assert_eq!(taken(&mut buckets, &list, 0), 0);
        assert_eq!(taken(&mut buckets, &elsewhere, 0), 10);
        let role = call(Service::Iam, "CreateRole", "us-east-1");
        assert_eq!(taken(&mut buckets, &role, 0), 1_000);
    }
}
