//! The policies that AWS manages, as far as applications that send metrics, logs and traces from ECS use them.

use serde_json::json;

/// A policy of AWS.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwsPolicy {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    /// The number of the default version.
    pub(super) version: u32,
    /// What it allows, on all resources.
    actions: &'static [&'static str],
}

const XRAY: [&str; 5] = [
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
];

/// AWS Managed Policy Reference Guide, one page for each.
pub(super) const ALL: [AwsPolicy; 6] = [
    AwsPolicy {
        path: "/service-role/",
        name: "AmazonECSTaskExecutionRolePolicy",
        version: 1,
        actions: &[
            "ecr:GetAuthorizationToken",
            "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer",
            "ecr:BatchGetImage",
            "logs:CreateLogStream",
            "logs:PutLogEvents",
        ],
    },
    AwsPolicy {
        path: "/",
        name: "AmazonPrometheusQueryAccess",
        version: 1,
        actions: &[
            "aps:GetLabels",
            "aps:GetMetricMetadata",
            "aps:GetSeries",
            "aps:QueryMetrics",
        ],
    },
    AwsPolicy {
        path: "/",
        name: "AmazonPrometheusRemoteWriteAccess",
        version: 1,
        actions: &["aps:RemoteWrite"],
    },
    AwsPolicy {
        path: "/",
        name: "AmazonSSMReadOnlyAccess",
        version: 1,
        actions: &["ssm:Describe*", "ssm:Get*", "ssm:List*"],
    },
    AwsPolicy {
        path: "/",
        name: "AWSXRayDaemonWriteAccess",
        version: 2,
        actions: &XRAY,
    },
    AwsPolicy {
        path: "/",
        name: "AWSXrayWriteOnlyAccess",
        version: 2,
        actions: &XRAY,
    },
];

impl AwsPolicy {
    /// The policy with this ARN, in whichever partition.
    pub(super) fn find(arn: &str) -> Option<Self> {
        let (partition, rest) = arn.strip_prefix("arn:")?.split_once(':')?;
        let resource = rest.strip_prefix("iam::aws:policy")?;
        partition.starts_with("aws").then_some(())?;
        ALL.into_iter()
            .find(|policy| resource.strip_prefix(policy.path) == Some(policy.name))
    }

    /// Its ARN in `partition`.
    pub(super) fn arn(self, partition: &str) -> String {
        format!("arn:{partition}:iam::aws:policy{}{}", self.path, self.name)
    }

    /// The document of its default version.
    pub(super) fn document(self) -> String {
        let statement = json!({ "Effect": "Allow", "Action": self.actions, "Resource": "*" });
        json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string()
    }

    /// A unique id in the form of IAM's, made from the name: AWS's own are not documented.
    pub(super) fn id(self) -> String {
        let mut id: String = self
            .name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .take(17)
            .collect();
        while id.len() < 17 {
            id.push('A');
        }
        format!("ANPA{id}")
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, AwsPolicy};
    use crate::sandbox::iam::document::{Kind, parse};

    #[test]
    fn each_is_found_by_its_arn_and_has_a_valid_document() {
        for policy in ALL {
            for partition in ["aws", "aws-us-gov"] {
                let found = AwsPolicy::find(&policy.arn(partition)).expect(policy.name);
                assert_eq!((found.path, found.name), (policy.path, policy.name));
            }
            parse(&policy.document(), Kind::Identity).expect(policy.name);
        }
        let elsewhere = "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy";
        assert!(
            AwsPolicy::find(elsewhere).is_none(),
            "the path belongs to the name"
        );
    }
}
