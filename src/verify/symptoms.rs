//! The one table of what goes wrong: what a log, a stopped task or a service says, what it comes
//! from and what to do. The guide's page `sidecar` has each of these at length; a test holds the
//! two together.

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// The collector, in its log.
    Log,
    /// ECS, of a task that has stopped, or of a container in it.
    Stop,
    /// ECS, in the events of a service.
    Event,
}

/// Whether what arrives proves that it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// When a sample of the task is younger.
    WithASample,
    /// Only when it is said no more.
    Never,
    /// Likewise; and it keeps no sample from the workspace, because it is about what goes
    /// elsewhere.
    Elsewhere,
}

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Symptom {
    /// Who says it.
    pub voice: Voice,
    /// What is said: every part, of which any alternative will do, in capitals or not.
    pub pattern: &'static [&'static [&'static str]],
    /// What it comes from, as a sentence without a full stop.
    pub cause: &'static str,
    /// What to do, as a sentence without a full stop.
    pub cure: &'static str,
    /// Its title on the page `sidecar`: what stands there in bold.
    pub title: &'static str,
    /// When it is over.
    pub ends: Ends,
}

/// How a service says that a task finds no place (ECS developer guide, "Amazon ECS service event
/// messages").
const UNPLACED: &str = "no container instance met all of its requirements";

/// What is known, the more exact before the less.
pub const SYMPTOMS: &[Symptom] = &[
    Symptom {
        voice: Voice::Log,
        pattern: &[&["HTTP Status Code 403"], &["//monitoring."]],
        cause: "CloudWatch refuses the metrics with 403: the task role may not send any",
        cure: "leave `policy` out of the role, which then gets cloudwatch:PutMetricData, or look for a boundary or an organization's policy that takes it away",
        title: "`HTTP Status Code 403` of `monitoring.REGION.amazonaws.com`",
        ends: Ends::Elsewhere,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["not authorized to perform: logs:"]],
        cause: "the task role may not write to the log group that CloudWatch makes metrics of",
        cure: "leave `policy` out of the role, which then gets logs:PutLogEvents on that log group",
        title: "`not authorized to perform: logs:PutLogEvents`",
        ends: Ends::Elsewhere,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["403"], &["not authorized to perform: aps:RemoteWrite"]],
        cause: "AMP refuses the samples with 403: the task role may not write to this workspace",
        cure: "leave `policy` out of the role, which then gets aps:RemoteWrite, or look for a boundary or an organization's policy that takes it away",
        title: "`403 Forbidden` … `not authorized to perform: aps:RemoteWrite`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[
            &["403"],
            &[
                "valid region",
                "signature",
                "Missing Authentication Token",
                "Credential should be scoped",
            ],
        ],
        cause: "AMP refuses the samples with 403: they are signed for another region than the workspace's, or not at all",
        cure: "leave AWS_REGION out of the collector's `environment`, and with a configuration of your own give `sigv4auth` the workspace's region",
        title: "`403`, with a signature or `Missing Authentication Token`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["Unable to infer region and/or service from the URL"]],
        cause: "samples are signed for no service: the host of the URL, a VPC endpoint's or a proxy's, does not say that it is AMP",
        cure: "give `sigv4auth` `service: aps` beside the region, or leave `config` out, which does",
        title: "`Unable to infer region and/or service from the URL`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["404 Not Found", "\"status\": \"404", "Workspace not found"]],
        cause: "AMP answers 404: there is no such workspace at the URL that samples are sent to",
        cure: "name the workspace in [workspace] or `metrics.workspace` and leave the URL to amp-stack",
        title: "`404 Not Found` … `Workspace not found`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&[
            "failed to retrieve credentials",
            "failed to refresh cached credentials",
            "no EC2 IMDS role found",
            "could not find credentials",
        ]],
        cause: "the collector has no credentials: the task has no task role, or none that it gets at",
        cure: "give the task definition a `task_role`",
        title: "no credentials, while it reads its configuration",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&[
            "no such host",
            "context deadline exceeded",
            "i/o timeout",
            "connection timed out",
        ]],
        cause: "the collector does not reach AMP: its host has no address there, or nothing answers",
        cure: "check the URL, then the way: a NAT gateway, or the VPC endpoint aps-workspaces with private DNS",
        title: "`context deadline exceeded`, `no such host`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[
            &["429", "limit"],
            &[
                "ingestion rate limit",
                "series limit",
                "limit exceeded",
                "Too Many Requests",
            ],
        ],
        cause: "a quota of the workspace is used up",
        cure: "send fewer series, or ask for more: `amp-stack guide sidecar`, \"Too many series\"",
        title: "`429` … `ingestion rate limit`, `per-user series limit`",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["series has too many labels"]],
        cause: "AMP refuses a series because it has more labels than a series may have",
        cure: "leave some out: `metric_relabel` with `action = \"labeldrop\"` of a scrape, `attributes.delete` of everything",
        title: "`400` … `series has too many labels`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&[
            "out of order sample",
            "duplicate sample for timestamp",
            "out of bounds",
        ]],
        cause: "two senders have series with the same labels, so that their samples collide",
        cure: "keep resourcedetection and resource_to_telemetry_conversion in a configuration of your own",
        title: "`400` … `out of order sample`, `duplicate sample for timestamp`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["Failed to scrape Prometheus endpoint"]],
        cause: "a target does not answer to scrapes: another port or path, or an application that listens elsewhere",
        cure: "correct `scrape`: the port and the path at which the application serves its metrics",
        title: "wrong path or port",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&["address already in use"]],
        cause: "a port that the collector needs is another container's",
        cure: "give your container another port",
        title: "port conflict: in `awsvpc` and `host`, all containers of a task share their ports",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Log,
        pattern: &[&[
            "failed to get config",
            "invalid configuration",
            "cannot unmarshal",
            "unknown component",
            "unknown type",
            "has invalid keys",
        ]],
        cause: "the collector can't read its configuration, and ends",
        cure: "correct it at the place that the line names, or leave it out: `metrics` generates one",
        title: "`cannot unmarshal`, `unknown component` or the like",
        ends: Ends::WithASample,
    },
    Symptom {
        voice: Voice::Stop,
        pattern: &[&["CannotPullContainerError"]],
        cause: "ECS can't pull an image: there is none of that name, no right to it, or no way to the registry",
        cure: "check the image's name and tag, then the execution role's rights to ECR, then the way to the registry",
        title: "`CannotPullContainerError`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Stop,
        pattern: &[&["ResourceInitializationError"], &["logger args"]],
        cause: "ECS can't open the log stream: there is no such log group, or the execution role may not write to it",
        cure: "declare the log group in the stack file and name it in `logs`, and give the execution role logs:CreateLogStream and logs:PutLogEvents",
        title: "`ResourceInitializationError: … logger args`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Stop,
        pattern: &[&["ResourceInitializationError"]],
        cause: "ECS can't read a secret, or can't log in to the registry",
        cure: "give the execution role what it lacks: ssm:GetParameters, secretsmanager:GetSecretValue, kms:Decrypt, ecr:GetAuthorizationToken",
        title: "`ResourceInitializationError: … secrets or registry auth`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Stop,
        pattern: &[&["OutOfMemory"]],
        cause: "a container needed more memory than it may have",
        cure: "raise `memory`, of the collector `metrics.memory`",
        title: "nothing; the exit code is 137, the reason `OutOfMemoryError`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Stop,
        pattern: &[&["failed container health checks", "failed ELB health checks"]],
        cause: "a container's health check does not pass",
        cure: "see which one: `amp-stack guide sidecar`, \"The collector is never HEALTHY\"",
        title: "`Task failed container health checks`, or your containers stay `PENDING`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Event,
        pattern: &[&[UNPLACED], &["No Container Instances were found"]],
        cause: "no container instance is in the cluster, and tasks of this launch type run on nothing else",
        cure: "let an instance with the ECS agent join the cluster (`ECS_CLUSTER` in /etc/ecs/ecs.config), or give the service a capacity provider",
        title: "`unable to place a task` … `No Container Instances were found in your cluster`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Event,
        pattern: &[&[UNPLACED], &["insufficient memory", "insufficient CPU"]],
        cause: "no container instance has as much memory or CPU left as the task reserves",
        cure: "add instances or take larger ones, or let the task reserve less: `memory`, `memory_reservation`, `cpu`, of the collector `metrics.memory`",
        title: "`unable to place a task` … `insufficient memory available`, `insufficient CPU units available`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Event,
        pattern: &[&[UNPLACED], &["already using a port"]],
        cause: "a port of the host that the task asks for is taken on every container instance",
        cure: "leave `host_port` out on a bridge, so that any will do, or have an instance for each task",
        title: "`unable to place a task` … `already using a port required by your task`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Event,
        pattern: &[&[UNPLACED]],
        cause: "no container instance has what the task asks for: an attribute, a network interface that is free, or what a placement constraint names",
        cure: "compare `requiresAttributes` of the revision with the instances' `attributes`: aws ecs describe-container-instances",
        title: "`unable to place a task because no container instance met all of its requirements`",
        ends: Ends::Never,
    },
    Symptom {
        voice: Voice::Event,
        pattern: &[&["unable to assume the role"]],
        cause: "ECS can't assume a role of the task: its trust policy does not let it",
        cure: "leave `trust` out of the role: amp-stack writes the right one",
        title: "`ECS was unable to assume the role`",
        ends: Ends::Never,
    },
];

impl Symptom {
    /// Returns whether `text` shows it.
    fn shows_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let is_there = |alternative: &&str| text.contains(&alternative.to_lowercase());
        self.pattern
            .iter()
            .all(|alternatives| alternatives.iter().any(is_there))
    }
}

/// What `text` of `voice` is a symptom of.
pub fn recognise(voice: Voice, text: &str) -> Option<&'static Symptom> {
    let mut symptoms = SYMPTOMS.iter().filter(|symptom| symptom.voice == voice);
    symptoms.find(|symptom| symptom.shows_in(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the page says in bold at the beginning of an item.
    fn titles() -> Vec<&'static str> {
        let page = include_str!("../guide/sidecar.md");
        let items = page.split("\n* **").skip(1);
        items
            .filter_map(|item| Some(item.split_once("**")?.0))
            .collect()
    }

    #[test]
    fn every_symptom_is_in_the_guide() {
        let titles = titles();
        for symptom in SYMPTOMS {
            assert!(
                titles.contains(&symptom.title),
                "{} is no item of the page",
                symptom.title
            );
        }
    }

    /// What the guide says of what AMP answers, and of tasks that do not start, is all recognised.
    #[test]
    fn every_refusal_in_the_guide_is_recognised() {
        let page = include_str!("../guide/sidecar.md");
        let section = |title: &str| {
            let (_, rest) = page.split_once(&format!("\n## {title}\n")).expect(title);
            rest.split("\n## ").next().expect("a section")
        };
        for title in [
            "The task does not start",
            "It runs, but AMP refuses the samples",
        ] {
            let items = section(title).split("\n* **").skip(1);
            for item in items {
                let (bold, _) = item.split_once("**").expect("an item has a title");
                assert!(
                    SYMPTOMS.iter().any(|s| s.title == bold),
                    "{bold} is not recognised"
                );
            }
        }
    }

    #[test]
    fn lines_are_recognised_by_the_most_exact_symptom() {
        let amp = |status: &str, body: &str| {
            format!(
                r#"{{"msg":"failed to send WriteRequest","status":"{status}","body":"{body}"}}"#
            )
        };
        for (text, title) in [
            (
                amp(
                    "403 Forbidden",
                    "not authorized to perform: aps:RemoteWrite on",
                ),
                "`403 Forbidden` …",
            ),
            (
                amp(
                    "403 Forbidden",
                    "Credential should be scoped to a valid region. ",
                ),
                "`403`, with",
            ),
            (
                amp("404 Not Found", "Workspace not found"),
                "`404 Not Found`",
            ),
            (
                amp(
                    "400 Bad Request",
                    "series has too many labels (actual: 151, limit: 150)",
                ),
                "`400` … `series has",
            ),
            (
                amp("429 Too Many Requests", "ingestion rate limit"),
                "`429`",
            ),
            (amp("400 Bad Request", "out of order sample"), "`400`"),
            (
                "Post: dial tcp: lookup x: no such host".to_owned(),
                "`context deadline",
            ),
            (
                "failed to refresh cached credentials".to_owned(),
                "no credentials",
            ),
            (
                "Error: invalid configuration: exporters".to_owned(),
                "`cannot unmarshal`",
            ),
        ] {
            let symptom = recognise(Voice::Log, &text).expect(&text);
            assert!(
                symptom.title.starts_with(title),
                "{text}: {}",
                symptom.title
            );
        }
        assert_eq!(
            recognise(Voice::Log, "Everything is ready. limit 403"),
            None
        );
        assert_eq!(
            recognise(Voice::Stop, "Essential container in task exited"),
            None
        );
    }
}
