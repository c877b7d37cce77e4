//! How many requests AWS takes: the rates that it publishes, by operation.
//!
//! AWS counts with token buckets: so many requests at once, and so many a second in the long run,
//! for each account and region.
//!
//! They are not read from Service Quotas. ECS publishes its buckets on a page of its own, without
//! codes ("Request throttling for the Amazon ECS API"); what Service Quotas lists of ECS are counts
//! (AWS General Reference, "Amazon ECS endpoints and quotas"). Of the others only that of Amazon
//! Managed Service for Prometheus has a code there, and it holds up no run. Whose account has more
//! says so with `--rate`.

use std::{collections::BTreeMap, fmt, str::FromStr, time::Duration};

/// What a group of operations may do together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// What `--rate` calls it.
    pub name: &'static str,
    /// What people call the service.
    pub service: &'static str,
    /// What people call one of the requests.
    pub request: &'static str,
    /// The operations, as IAM spells them in policies; `iam:` is every other one of a service.
    pub operations: &'static [&'static str],
    /// The most at once.
    pub burst: u32,
    /// The most a second in the long run.
    pub per_second: u32,
}

const fn rate(
    name: &'static str,
    (service, request): (&'static str, &'static str),
    operations: &'static [&'static str],
    (burst, per_second): (u32, u32),
) -> Rate {
    Rate {
        name,
        service,
        request,
        operations,
        burst,
        per_second,
    }
}

/// The rates. An operation falls under the first one that names it, or else its service.
#[rustfmt::skip]
pub const RATES: &[Rate] = &[
    // Amazon ECS developer guide, "Request throttling for the Amazon ECS API":
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/request-throttling.html
    rate("ecs-register", ("ECS", "registration or deregistration"),
        &["ecs:RegisterTaskDefinition", "ecs:DeregisterTaskDefinition"], (20, 1)),
    rate("ecs-delete", ("ECS", "deletion of task definitions"), &["ecs:DeleteTaskDefinitions"], (5, 1)),
    rate("ecs-read", ("ECS", "reading of task definitions"),
        &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions", "ecs:ListTaskDefinitionFamilies"], (50, 20)),
    rate("ecs-tag", ("ECS", "change of tags"), &["ecs:TagResource", "ecs:UntagResource"], (20, 10)),
    rate("ecs-tag-read", ("ECS", "reading of tags"), &["ecs:ListTagsForResource"], (50, 20)),
    rate("ecs-cluster-read", ("ECS", "reading of clusters"), &["ecs:DescribeClusters", "ecs:ListClusters"], (50, 20)),
    rate("ecs-task-read", ("ECS", "reading of tasks"), &["ecs:DescribeTasks", "ecs:ListTasks"], (100, 20)),
    rate("ecs-service", ("ECS", "change of services"),
        &["ecs:CreateService", "ecs:DeleteService", "ecs:UpdateExpressGatewayService", "ecs:UpdateService"], (50, 5)),
    rate("ecs-service-read", ("ECS", "reading of services"), &["ecs:DescribeServices", "ecs:ListServices"], (100, 20)),
    rate("ecs-deployment-read", ("ECS", "reading of deployments"),
        &["ecs:DescribeServiceDeployments", "ecs:ListServiceDeployments"], (50, 20)),
    rate("ecs-revision-read", ("ECS", "reading of service revisions"), &["ecs:DescribeServiceRevisions"], (50, 20)),
    // The smallest rate of that page, for what it does not name.
    rate("ecs", ("ECS", "other request"), &["ecs:"], (10, 1)),
    // Amazon Managed Service for Prometheus user guide, "Amazon Managed Service for Prometheus
    // service quotas": one bucket for all operations of the control plane.
    // https://docs.aws.amazon.com/prometheus/latest/userguide/AMP_quotas.html
    rate("aps", ("Amazon Managed Service for Prometheus", "request"), &["aps:"], (10, 10)),
    // Amazon CloudWatch user guide, "CloudWatch service quotas": each operation has its own.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
    rate("cloudwatch-list", ("CloudWatch", "listing of metrics"), &["cloudwatch:ListMetrics"], (25, 25)),
    rate("cloudwatch-data", ("CloudWatch", "reading of metrics"), &["cloudwatch:GetMetricData"], (500, 500)),
    // Amazon CloudWatch Logs user guide, "CloudWatch Logs quotas": each operation has its own.
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html
    rate("logs-read", ("CloudWatch Logs", "reading of log groups"), &["logs:DescribeLogGroups"], (10, 10)),
    rate("logs-create", ("CloudWatch Logs", "creation"), &["logs:CreateLogGroup"], (10, 10)),
    rate("logs-delete", ("CloudWatch Logs", "deletion"), &["logs:DeleteLogGroup"], (10, 10)),
    rate("logs-retention", ("CloudWatch Logs", "setting of a retention"), &["logs:PutRetentionPolicy"], (5, 5)),
    rate("logs-tag", ("CloudWatch Logs", "change of tags"), &["logs:TagResource"], (5, 5)),
    rate("logs-untag", ("CloudWatch Logs", "removal of tags"), &["logs:UntagResource"], (5, 5)),
    rate("logs-tag-read", ("CloudWatch Logs", "reading of tags"), &["logs:ListTagsForResource"], (5, 5)),
    rate("logs", ("CloudWatch Logs", "other request"), &["logs:"], (5, 5)),
    // AWS Identity and Access Management user guide, "IAM and AWS STS quotas":
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    rate("sts", ("STS", "request"), &["sts:"], (600, 600)),
    // These two publish nothing. What is taken here is less than what a handful of requests at a
    // time come to; an account in which it is too much says so by throttling.
    rate("iam", ("IAM", "request"), &["iam:"], (100, 25)),
    rate("tag", ("the Resource Groups Tagging API", "request"), &["tag:"], (10, 10)),
];

/// The rate of what no service above is.
const OTHER: Rate = rate("other", ("AWS", "request"), &[], (5, 5));

/// The rate that `operation`, as IAM spells it in policies, falls under.
pub fn of(operation: &str) -> &'static Rate {
    let service = operation
        .find(':')
        .map_or(operation, |at| &operation[..=at]);
    let named = |rate: &&Rate| {
        let mut operations = rate.operations.iter();
        operations.any(|one| *one == operation || *one == service)
    };
    RATES.iter().find(named).unwrap_or(&OTHER)
}

impl Rate {
    /// `ECS takes 1 registration or deregistration a second`, where it takes `per_second`.
    pub fn sentence(&self, per_second: f64) -> String {
        let Self {
            service, request, ..
        } = self;
        format!("{service} takes {per_second} {request} a second")
    }
}

/// Other rates than those that AWS publishes, for accounts that have other quotas.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Overrides(BTreeMap<&'static str, u32>);

/// One of them: `ecs-register=5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Override {
    /// The rate, or `all`.
    pub name: &'static str,
    /// The requests a second.
    pub per_second: u32,
}

/// What stands for every rate.
const ALL: &str = "all";

impl Overrides {
    /// The burst and the requests a second of `rate`.
    pub fn apply(&self, rate: &Rate) -> (u32, u32) {
        let given = self.0.get(rate.name).or_else(|| self.0.get(ALL));
        given.map_or((rate.burst, rate.per_second), |per_second| {
            (rate.burst.max(*per_second), *per_second)
        })
    }
}

impl FromIterator<Override> for Overrides {
    fn from_iter<I: IntoIterator<Item = Override>>(overrides: I) -> Self {
        let pairs = overrides.into_iter().map(|one| (one.name, one.per_second));
        Self(pairs.collect())
    }
}

impl fmt::Display for Override {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.per_second)
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names = || RATES.iter().map(|rate| rate.name).chain([ALL]);
        let (given, number) = text
            .split_once('=')
            .ok_or("write it as NAME=PER_SECOND, like ecs-register=5")?;
        let name = names().find(|name| *name == given).ok_or_else(|| {
            let names: Vec<&str> = names().collect();
            format!("there is no rate `{given}`; there are {}", names.join(", "))
        })?;
        match number.parse() {
            Ok(per_second) if (1..=10_000).contains(&per_second) => Ok(Self { name, per_second }),
            Ok(_) | Err(_) => {
                Err("takes a whole number of requests a second from 1 to 10000".into())
            }
        }
    }
}

/// How long `count` requests take at least, of which `burst` may come at once.
pub fn least_time(count: usize, (burst, per_second): (u32, u32)) -> Duration {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    Duration::from_secs(1) * count.saturating_sub(burst) / per_second.max(1)
}

/// How much of a request a call fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// How many things it names.
    pub things: usize,
    /// How many of them one request may name, those of other calls included.
    pub of: usize,
}

impl Share {
    /// A call that is a request of its own.
    pub const WHOLE: Self = Self { things: 1, of: 1 };
}

/// The rate that keeps these calls longest, if any keeps them at all, and for how long at least:
/// what is of several rates may be done at the same time.
pub fn slowest<'a>(
    calls: impl IntoIterator<Item = (&'a str, Share)>,
    overrides: &Overrides,
) -> Option<(&'static Rate, Duration)> {
    let mut things: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for (operation, share) in calls {
        *things.entry((operation, share.of)).or_default() += share.things;
    }
    let mut counts: BTreeMap<&str, (&'static Rate, usize)> = BTreeMap::new();
    for ((operation, of_one), things) in things {
        let rate = of(operation);
        counts.entry(rate.name).or_insert((rate, 0)).1 += things.div_ceil(of_one.max(1));
    }
    let times = counts
        .into_values()
        .map(|(rate, count)| (rate, least_time(count, overrides.apply(rate))));
    let slowest = times.max_by_key(|(_, time)| *time);
    slowest.filter(|(_, time)| !time.is_zero())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_operation_has_the_rate_that_names_it_or_that_of_its_service() {
        for (operation, name) in [
            ("ecs:DeregisterTaskDefinition", "ecs-register"),
            ("ecs:DescribeClusters", "ecs-cluster-read"),
            ("ecs:SomethingNew", "ecs"),
            ("logs:DescribeLogStreams", "logs"),
            ("aps:CreateWorkspace", "aps"),
            ("iam:CreateRole", "iam"),
            ("s3:GetObject", "other"),
        ] {
            assert_eq!(of(operation).name, name, "{operation}");
        }
        let names: BTreeSet<&str> = RATES.iter().map(|rate| rate.name).collect();
        assert_eq!(names.len(), RATES.len(), "two rates have one name");
    }

    #[test]
    fn an_override_is_of_one_rate_or_of_all() {
        let given = ["ecs-register=5", "all=100"].map(|text| text.parse::<Override>().unwrap());
        let overrides: Overrides = given.into_iter().collect();
        assert_eq!(overrides.apply(of("ecs:RegisterTaskDefinition")), (20, 5));
        assert_eq!(overrides.apply(of("ecs:DeleteTaskDefinitions")), (100, 100));
        let none = Overrides::default();
        assert_eq!(none.apply(of("ecs:RegisterTaskDefinition")), (20, 1));
        for text in ["ecs-register", "ecs-registr=5", "aps=0", "aps=fast"] {
            assert!(text.parse::<Override>().is_err(), "{text}");
        }
        assert_eq!("aps=7".parse::<Override>().unwrap().to_string(), "aps=7");
    }

    #[test]
    fn what_comes_at_once_takes_no_time() {
        assert_eq!(least_time(20, (20, 1)), Duration::ZERO);
        assert_eq!(least_time(120, (20, 1)), Duration::from_secs(100));
        assert_eq!(least_time(70, (50, 20)), Duration::from_secs(1));
    }

    #[test]
    fn the_rate_that_takes_longest_is_named() {
        let none = Overrides::default();
        let few = vec![("ecs:DeregisterTaskDefinition", Share::WHOLE); 20];
        assert_eq!(slowest(few.clone(), &none), None);
        let mut many = few;
        many.extend([("ecs:RegisterTaskDefinition", Share::WHOLE); 40]);
        many.extend([("ecs:DeleteTaskDefinitions", Share { things: 1, of: 10 }); 100]);
        many.extend([("iam:DeleteRole", Share::WHOLE); 300]);
        let (rate, time) = slowest(many.clone(), &none).unwrap();
        assert_eq!((rate.name, time.as_secs()), ("ecs-register", 40));
        let given = "ecs-register=10".parse::<Override>().unwrap();
        let (rate, time) = slowest(many, &[given].into_iter().collect()).unwrap();
        assert_eq!((rate.name, time.as_secs()), ("iam", 8));
        let deletions = [("ecs:DeleteTaskDefinitions", Share { things: 1, of: 10 }); 441];
        let (rate, time) = slowest(deletions, &none).unwrap();
        assert_eq!((rate.name, time.as_secs()), ("ecs-delete", 40));
    }
}
