//! Which account, region and partition a run works in, and the ARNs and host names that follow from
//! them.

use serde::{Deserialize, Serialize};

/// Stands for the account while nobody has asked AWS.
pub const PLACEHOLDER_ACCOUNT: &str = "000000000000";

/// Where a run works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The account: twelve digits.
    pub account: String,
    /// The region: `us-east-1`.
    pub region: String,
    /// The partition: `aws`, `aws-us-gov`, `aws-cn`, …
    pub partition: String,
}

/// Partitions, the prefixes of their regions and their DNS suffixes (botocore `partitions.json`,
/// 1.44.5). The first row is for every other region.
const PARTITIONS: &[(&str, &str, &str)] = &[
    ("aws", "", "amazonaws.com"),
    ("aws-cn", "cn-", "amazonaws.com.cn"),
    ("aws-us-gov", "us-gov-", "amazonaws.com"),
    ("aws-eusc", "eusc-", "amazonaws.eu"),
    ("aws-iso", "us-iso-", "c2s.ic.gov"),
    ("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    ("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    ("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
];

/// The partition that `region` belongs to, by its prefix.
pub fn partition_of(region: &str) -> &'static str {
    PARTITIONS
        .iter()
        .skip(1)
        .find(|(_, prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(partition, ..)| partition)
}

/// The DNS suffix of `partition`.
fn dns_suffix(partition: &str) -> &'static str {
    PARTITIONS
        .iter()
        .find(|(name, ..)| *name == partition)
        .map_or("amazonaws.com", |(_, _, suffix)| suffix)
}

impl Identity {
    /// The identity of `account` in `region`.
    pub fn new(account: impl Into<String>, region: impl Into<String>) -> Self {
        let region = region.into();
        Self {
            account: account.into(),
            partition: partition_of(&region).to_owned(),
            region,
        }
    }

    /// The ARN of the role `name` at `path`.
    pub fn role_arn(&self, path: &str, name: &str) -> String {
        let Self {
            account, partition, ..
        } = self;
        format!("arn:{partition}:iam::{account}:role{path}{name}")
    }

    /// The ARN of the AWS managed policy `name`, which may begin with a path such as
    /// `service-role/`.
    pub fn aws_policy_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::aws:policy/{name}", self.partition)
    }

    /// The ARN of the log group `name`, in the form without `:*`.
    pub fn log_group_arn(&self, name: &str) -> String {
        let Self {
            account,
            region,
            partition,
        } = self;
        format!("arn:{partition}:logs:{region}:{account}:log-group:{name}")
    }

    /// The ARN of the workspace `id`.
    pub fn workspace_arn(&self, id: &str) -> String {
        let Self {
            account,
            region,
            partition,
        } = self;
        format!("arn:{partition}:aps:{region}:{account}:workspace/{id}")
    }

    /// The ARN of a service.
    pub fn service_arn(&self, cluster: &str, service: &str) -> String {
        let Self {
            account,
            region,
            partition,
        } = self;
        format!("arn:{partition}:ecs:{region}:{account}:service/{cluster}/{service}")
    }

    /// The ARN of a revision.
    pub fn task_definition_arn(&self, family: &str, revision: u32) -> String {
        let Self {
            account,
            region,
            partition,
        } = self;
        format!("arn:{partition}:ecs:{region}:{account}:task-definition/{family}:{revision}")
    }

    /// The endpoint of the workspace `id` in `region`, for when AWS has not said it yet.
    pub fn workspace_endpoint(&self, region: &str, id: &str) -> String {
        let suffix = dns_suffix(partition_of(region));
        format!("https://aps-workspaces.{region}.{suffix}/workspaces/{id}/")
    }
}

/// The URL of a service in `region`, whose host begins with `host`.
pub fn service_url(host: &str, region: &str) -> String {
    let suffix = dns_suffix(partition_of(region));
    format!("https://{host}.{region}.{suffix}")
}

/// Where CloudWatch takes metrics over OTLP in `region` (CloudWatch user guide, "OTLP Endpoints",
/// "Metrics endpoint").
pub fn cloudwatch_otlp_url(region: &str) -> String {
    let suffix = dns_suffix(partition_of(region));
    format!("https://monitoring.{region}.{suffix}/v1/metrics")
}

/// The base of a workspace's API, with one final `/`.
///
/// AWS documents two forms of `prometheusEndpoint`: with `api/v1/` at its end (API reference,
/// `WorkspaceDescription`) and without (user guide, "Find your workspace details").
pub fn endpoint_base(endpoint: &str) -> String {
    let base = endpoint.trim_end_matches('/');
    let base = base.strip_suffix("/api/v1").unwrap_or(base);
    format!("{}/", base.trim_end_matches('/'))
}

/// The region, if its host says one, and the id in the URL of a workspace. The host may be that of
/// a VPC endpoint (`VPCE.aps-workspaces.REGION.vpce.amazonaws.com`) or of FIPS
/// (`aps-workspaces-fips.REGION.amazonaws.com`), or of a proxy, which keeps the path (AMP user
/// guide, "Using Amazon Managed Service for Prometheus with interface VPC endpoints"; AWS General
/// Reference, "Amazon Managed Service for Prometheus endpoints").
pub fn workspace_of(url: &str) -> Option<(Option<&str>, &str)> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    let mut labels = host.split('.');
    let is_amp = labels.any(|label| label.starts_with("aps-workspaces"));
    let region = labels.next().filter(|_| is_amp);
    let id = path.trim_start_matches('/').strip_prefix("workspaces/")?;
    let id = id.split('/').next().filter(|id| id.starts_with("ws-"))?;
    Some((region, id))
}

/// The URL that remote write sends samples to.
pub fn remote_write_url(endpoint: &str) -> String {
    format!("{}api/v1/remote_write", endpoint_base(endpoint))
}

/// The URL that answers PromQL queries.
pub fn query_url(endpoint: &str) -> String {
    format!("{}api/v1/query", endpoint_base(endpoint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_documented_endpoint_forms_lead_to_one_url() {
        for form in [
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1",
            "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/",
        ] {
            assert_eq!(
                remote_write_url(form),
                "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write"
            );
        }
    }

    #[test]
    fn a_region_has_a_partition() {
        for (region, partition, host) in [
            ("us-east-1", "aws", "aps-workspaces.us-east-1.amazonaws.com"),
            (
                "us-gov-west-1",
                "aws-us-gov",
                "aps-workspaces.us-gov-west-1.amazonaws.com",
            ),
            (
                "us-isob-east-1",
                "aws-iso-b",
                "aps-workspaces.us-isob-east-1.sc2s.sgov.gov",
            ),
            (
                "eusc-de-east-1",
                "aws-eusc",
                "aps-workspaces.eusc-de-east-1.amazonaws.eu",
            ),
        ] {
            let identity = Identity::new("111122223333", region);
            assert_eq!(identity.partition, partition);
            assert_eq!(
                identity.workspace_endpoint(region, "ws-1"),
                format!("https://{host}/workspaces/ws-1/")
            );
        }
    }
}
