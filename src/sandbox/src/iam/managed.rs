//! The policies that AWS manages, as far as applications on ECS commonly use them.

/// A policy of AWS.
#[derive(Clone, Copy, Debug)]
pub(super) struct AwsPolicy {
    pub(super) path: &'static str,
    pub(super) name: &'static str,
    /// The number of the default version.
    pub(super) version: u32,
    /// When that version was made, in seconds since 1970.
    pub(super) created: u64,
    /// Its document, with the ARNs of the partition `aws`.
    document: &'static str,
}

/// AWS Managed Policy Reference Guide, one page for each.
pub(super) const ALL: [AwsPolicy; 12] = [
    AwsPolicy {
        path: "/",
        name: "AWSXRayDaemonWriteAccess",
        version: 2,
        created: 1_707_861_510,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"AWSXRayDaemonWriteAccess","Effect":"Allow","Action""#,
            r#":["xray:PutTraceSegments","xray:PutTelemetryRecords","xray:GetSamplingRules","#,
            r#""xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"Resource":["*"]}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AWSXrayWriteOnlyAccess",
        version: 2,
        created: 1_535_497_384,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["xray:PutTraceSegments","#,
            r#""xray:PutTelemetryRecords","xray:GetSamplingRules","xray:GetSamplingTargets","#,
            r#""xray:GetSamplingStatisticSummaries"],"Resource":["*"]}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AdministratorAccess",
        version: 1,
        created: 1_423_247_986,
        document: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    },
    AwsPolicy {
        path: "/",
        name: "AmazonEC2ContainerRegistryReadOnly",
        version: 3,
        created: 1_576_011_392,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","#,
            r#""ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:GetRepositoryPolicy","#,
            r#""ecr:DescribeRepositories","ecr:ListImages","ecr:DescribeImages","ecr:BatchGetImage","#,
            r#""ecr:GetLifecyclePolicy","ecr:GetLifecyclePolicyPreview","ecr:ListTagsForResource","#,
            r#""ecr:DescribeImageScanFindings"],"Resource":"*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/service-role/",
        name: "AmazonECSTaskExecutionRolePolicy",
        version: 1,
        created: 1_510_858_102,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken","#,
            r#""ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","#,
            r#""logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AmazonPrometheusFullAccess",
        version: 2,
        created: 1_701_029_773,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"AllPrometheusActions","Effect":"Allow","Action":["#,
            r#""aps:*"],"Resource":"*"},{"Sid":"DescribeCluster","Effect":"Allow","Action":["#,
            r#""eks:DescribeCluster","ec2:DescribeSubnets","ec2:DescribeSecurityGroups"],"Resource":"*","#,
            r#""Condition":{"ForAnyValue:StringEquals":{"aws:CalledVia":["aps.amazonaws.com"]}}},{"Sid":"#,
            r#""CreateServiceLinkedRole","Effect":"Allow","Action":"iam:CreateServiceLinkedRole","Resource":"#,
            r#""arn:aws:iam::*:role/aws-service-role/scraper.aps.amazonaws.com/AWSServiceRoleForAmazonPrometheusScraper*""#,
            r#","Condition":{"StringEquals":{"iam:AWSServiceName":"scraper.aps.amazonaws.com"}}}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AmazonPrometheusQueryAccess",
        version: 1,
        created: 1_608_339_778,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["aps:GetLabels","#,
            r#""aps:GetMetricMetadata","aps:GetSeries","aps:QueryMetrics"],"Resource":"*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AmazonPrometheusRemoteWriteAccess",
        version: 1,
        created: 1_608_339_872,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["aps:RemoteWrite"],"Resource":"#,
            r#""*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AmazonS3ReadOnlyAccess",
        version: 3,
        created: 1_691_703_099,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:Get*","s3:List*","#,
            r#""s3:Describe*","s3-object-lambda:Get*","s3-object-lambda:List*"],"Resource":"*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "AmazonSSMReadOnlyAccess",
        version: 1,
        created: 1_432_921_459,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ssm:Describe*","ssm:Get*","#,
            r#""ssm:List*"],"Resource":"*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "CloudWatchAgentServerPolicy",
        version: 3,
        created: 1_707_237_457,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"CWACloudWatchServerPermissions","Effect":"Allow","#,
            r#""Action":["cloudwatch:PutMetricData","ec2:DescribeVolumes","ec2:DescribeTags","#,
            r#""logs:PutLogEvents","logs:PutRetentionPolicy","logs:DescribeLogStreams","logs:DescribeLogGroups""#,
            r#","logs:CreateLogStream","logs:CreateLogGroup","xray:PutTraceSegments","xray:PutTelemetryRecords""#,
            r#","xray:GetSamplingRules","xray:GetSamplingTargets","xray:GetSamplingStatisticSummaries"],"#,
            r#""Resource":"*"},{"Sid":"CWASSMServerPermissions","Effect":"Allow","Action":["ssm:GetParameter"],"#,
            r#""Resource":"arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*"}]}"#,
        ),
    },
    AwsPolicy {
        path: "/",
        name: "CloudWatchLogsFullAccess",
        version: 3,
        created: 1_747_760_826,
        document: concat!(
            r#"{"Version":"2012-10-17","Statement":[{"Sid":"CloudWatchLogsFullAccess","Effect":"Allow","Action""#,
            r#":["logs:*","cloudwatch:GenerateQuery","cloudwatch:GenerateQueryResultsSummary"],"Resource":"*"}]"#,
            r#"}"#,
        ),
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

    /// The document of its default version, for `partition`.
    pub(super) fn document(self, partition: &str) -> String {
        self.document
            .replace("arn:aws:", &format!("arn:{partition}:"))
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
    use crate::iam::{document::parse, grammar::Kind};

    #[test]
    fn each_is_found_by_its_arn_and_has_a_valid_document() {
        for policy in ALL {
            for partition in ["aws", "aws-us-gov"] {
                let found = AwsPolicy::find(&policy.arn(partition)).expect(policy.name);
                assert_eq!((found.path, found.name), (policy.path, policy.name));
                parse(&policy.document(partition), Kind::Identity).expect(policy.name);
            }
        }
        let elsewhere = "arn:aws:iam::aws:policy/AmazonECSTaskExecutionRolePolicy";
        assert!(
            AwsPolicy::find(elsewhere).is_none(),
            "the path belongs to the name"
        );
    }
}
