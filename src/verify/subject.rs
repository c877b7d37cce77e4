//! What there is to verify: the families of a stack, and what their tasks need, as it follows from
//! the definitions that were read.

use std::collections::BTreeSet;

use crate::{
    collector::grants::{PUT_LOGS, PUT_METRICS, PUT_TRACES, REMOTE_WRITE},
    model::{
        address::Address,
        identity::{Identity, workspace_of},
        node::Node,
        template::Attribute,
    },
    series::{self, Destination, Format, Measures},
    snapshot::Snapshot,
    stack::Stack,
    verify::{Right, RoleUse},
};

/// A workspace that samples go to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: String,
    /// Its region.
    pub region: String,
    /// Its ARN.
    pub arn: String,
    /// Where its API begins: `https://HOST/workspaces/ID/`.
    pub endpoint: String,
}

impl Target {
    /// Returns whether it belongs to `account`, whose CloudWatch then counts what it does.
    pub fn is_of(&self, account: &str) -> bool {
        self.arn.split(':').nth(4) == Some(account)
    }
}

/// A family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// Where it stands in the stack file.
    pub address: Address,
    /// Its name.
    pub family: String,
    /// Its current revision.
    pub revision: u32,
    /// Where it is.
    pub identity: Identity,
    /// What its collector does, if it has one.
    pub measures: Option<Measures>,
    /// The ARNs of its roles.
    pub roles: Vec<(RoleUse, String)>,
    /// Those of all roles that the stack makes.
    pub own_roles: BTreeSet<String>,
    /// What they have to be allowed.
    pub rights: BTreeSet<Right>,
    /// Where its samples go, if its endpoint names a workspace.
    pub target: Option<Target>,
}

impl Subject {
    /// Returns whether its collector is known to write to no workspace at all, but elsewhere.
    pub(super) fn sends_elsewhere_only(&self) -> bool {
        let is_elsewhere = |destination: &Destination| destination.format != Format::RemoteWrite;
        self.measures.as_ref().is_some_and(|measures| {
            let destinations = &measures.destinations;
            measures.endpoint.is_none()
                && !destinations.is_empty()
                && destinations.iter().all(is_elsewhere)
        })
    }
}

/// The families that `stack` declares and that live.
pub fn subjects(stack: &Stack, live: &Snapshot) -> Vec<Subject> {
    let own_roles: BTreeSet<String> = live
        .found
        .iter()
        .filter(|found| found.resource.role().is_some())
        .filter_map(|found| found.attributes.get(&Attribute::Arn).cloned())
        .collect();
    let declared = stack.resources.iter();
    let families = declared.filter_map(|(address, declared)| {
        let want = declared.want.as_ref()?.task_definition()?;
        let found = live
            .found
            .iter()
            .filter_map(|found| found.resource.task_definition());
        let found = found.filter(|found| found.family == want.family);
        let (document, revision) = found
            .into_iter()
            .find_map(|found| Some((found.newest_document()?, found.newest()?)))?;
        let document = document.written();
        let measures = series::of(document);
        let target = target(stack, live, measures.as_ref());
        Some(Subject {
            address: address.clone(),
            family: want.family.clone(),
            revision,
            identity: stack.identity.clone(),
            roles: roles(document, &stack.identity),
            own_roles: own_roles.clone(),
            rights: rights(
                document,
                measures.as_ref(),
                target.as_ref(),
                &stack.identity,
            ),
            measures,
            target,
        })
    });
    families.collect()
}

/// The workspace that the collector's endpoint names. Its ARN is that of a workspace of the stack
/// if it is one, because the URL does not say whose it is.
fn target(stack: &Stack, live: &Snapshot, measures: Option<&Measures>) -> Option<Target> {
    let endpoint = measures?.endpoint.as_deref()?;
    let (region, id) = workspace_of(endpoint)?;
    let region = region.unwrap_or(&stack.identity.region);
    let found = live.found.iter().map(|found| &found.attributes);
    let mut known = found.chain(stack.existing.values());
    let known = known.find(|known| known.get(&Attribute::Id).map(String::as_str) == Some(id));
    let arn = known.and_then(|known| known.get(&Attribute::Arn).cloned());
    let here = Identity {
        region: region.to_owned(),
        ..stack.identity.clone()
    };
    Some(Target {
        id: id.to_owned(),
        region: region.to_owned(),
        arn: arn.unwrap_or_else(|| here.workspace_arn(id)),
        endpoint: here.workspace_endpoint(region, id),
    })
}

fn roles(document: &Node, identity: &Identity) -> Vec<(RoleUse, String)> {
    let members = [
        ("taskRoleArn", RoleUse::Task),
        ("executionRoleArn", RoleUse::Execution),
    ];
    let named = members.into_iter().filter_map(|(member, of)| {
        let role = document.get(member)?.as_str()?;
        // ECS API reference, `RegisterTaskDefinition`: a role is named by its ARN or short name.
        let arn = if role.starts_with("arn:") {
            role.to_owned()
        } else {
            identity.role_arn("/", role)
        };
        Some((of, arn))
    });
    named.collect()
}

/// What the roles have to be allowed (ECS developer guide, "Amazon ECS task execution IAM role";
/// service authorization reference of each service for the resources).
fn rights(
    document: &Node,
    measures: Option<&Measures>,
    target: Option<&Target>,
    identity: &Identity,
) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    let mut add = |of, action: &str, resource: String| {
        let action = action.to_owned();
        rights.insert(Right {
            of,
            action,
            resource,
        });
    };
    if let Some(target) = target {
        add(RoleUse::Task, REMOTE_WRITE, target.arn.clone());
    }
    if measures.is_some_and(|measures| measures.traces == Some(true)) {
        add(RoleUse::Task, PUT_TRACES, "*".to_owned());
    }
    let destinations = measures.map(|measures| measures.destinations.iter());
    for destination in destinations.into_iter().flatten() {
        if let Some((action, resource)) = sending(destination, identity) {
            add(RoleUse::Task, action, resource);
        }
    }
    let containers = document.get("containerDefinitions").and_then(Node::as_list);
    for container in containers.unwrap_or_default() {
        let (log, secrets) = (
            log_rights(container, identity),
            secret_rights(container, identity),
        );
        let image = container.get("image").and_then(Node::as_str);
        let image = image.map(|image| image_rights(image, identity));
        for (action, resource) in log
            .into_iter()
            .chain(secrets)
            .chain(image.into_iter().flatten())
        {
            add(RoleUse::Execution, action, resource);
        }
    }
    rights
}

/// What sending to CloudWatch takes, unless another role does it; a workspace is looked at for
/// itself, and others than AWS ask for no right of IAM.
pub(super) fn sending(
    destination: &Destination,
    identity: &Identity,
) -> Option<(&'static str, String)> {
    if destination.takes_role {
        return None;
    }
    match destination.format {
        Format::RemoteWrite | Format::Otlp => None,
        Format::CloudWatch => Some((PUT_METRICS, "*".to_owned())),
        Format::Emf => {
            let region = destination.region.as_ref().unwrap_or(&identity.region);
            let there = Identity {
                region: region.clone(),
                ..identity.clone()
            };
            // What is filled in for each task may be anything, and so may the stream.
            let group = there.log_group_arn(&filled_in(&destination.endpoint));
            Some((PUT_LOGS, format!("{group}:log-stream:0")))
        }
    }
}

/// The name of a log group with something in the place of each `{TaskId}`.
fn filled_in(name: &str) -> String {
    let mut filled = String::new();
    let mut rest = name;
    while let Some((before, (_, after))) = rest
        .split_once('{')
        .and_then(|(before, inner)| Some((before, inner.split_once('}')?)))
    {
        filled.push_str(before);
        filled.push('0');
        rest = after;
    }
    filled + rest
}

fn log_rights(container: &Node, identity: &Identity) -> Vec<(&'static str, String)> {
    let Some(options) = container
        .get("logConfiguration")
        .and_then(|log| log.get("options"))
    else {
        return Vec::new();
    };
    let option = |name: &str| options.get(name).and_then(Node::as_str);
    let Some(group) = option("awslogs-group") else {
        return Vec::new();
    };
    let there = Identity {
        region: option("awslogs-region")
            .unwrap_or(&identity.region)
            .to_owned(),
        ..identity.clone()
    };
    let group = there.log_group_arn(group);
    let container = container
        .get("name")
        .and_then(Node::as_str)
        .unwrap_or_default();
    let prefix = option("awslogs-stream-prefix").unwrap_or("ecs");
    // The stream ends in the id of a task; any will do.
    let stream = format!("{group}:log-stream:{prefix}/{container}/0");
    let mut rights = vec![
        ("logs:CreateLogStream", stream.clone()),
        ("logs:PutLogEvents", stream),
    ];
    if option("awslogs-create-group") == Some("true") {
        rights.push(("logs:CreateLogGroup", group));
    }
    rights
}

fn image_rights(image: &str, identity: &Identity) -> Vec<(&'static str, String)> {
    let Some((account, rest)) = image.split_once(".dkr.ecr.") else {
        return Vec::new();
    };
    let (Some(region), Some((_, name))) = (rest.split('.').next(), rest.split_once('/')) else {
        return Vec::new();
    };
    let name = name.split(['@', ':']).next().unwrap_or(name);
    let partition = &identity.partition;
    let repository = format!("arn:{partition}:ecr:{region}:{account}:repository/{name}");
    vec![
        ("ecr:GetAuthorizationToken", "*".to_owned()),
        ("ecr:BatchGetImage", repository.clone()),
        ("ecr:GetDownloadUrlForLayer", repository),
    ]
}

fn secret_rights(container: &Node, identity: &Identity) -> Vec<(&'static str, String)> {
    let secrets = container.get("secrets").and_then(Node::as_list);
    let names = secrets.unwrap_or_default().iter();
    let names = names.filter_map(|secret| secret.get("valueFrom")?.as_str());
    let rights = names.map(|name| {
        if name.contains(":secretsmanager:") {
            // Behind the ARN of the secret may stand a key, a stage and a version.
            let arn: Vec<&str> = name.split(':').take(7).collect();
            ("secretsmanager:GetSecretValue", arn.join(":"))
        } else if name.starts_with("arn:") {
            ("ssm:GetParameters", name.to_owned())
        } else {
            let Identity {
                account,
                region,
                partition,
            } = identity;
            let name = name.trim_start_matches('/');
            (
                "ssm:GetParameters",
                format!("arn:{partition}:ssm:{region}:{account}:parameter/{name}"),
            )
        }
    });
    rights.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_url_names_its_workspace() {
        let aws = |host: &str| format!("https://{host}/workspaces/ws-1/api/v1/remote_write");
        for (url, expected) in [
            (
                aws("aps-workspaces.eu-west-1.amazonaws.com"),
                Some((Some("eu-west-1"), "ws-1")),
            ),
            (
                aws("aps-workspaces-fips.us-east-1.amazonaws.com"),
                Some((Some("us-east-1"), "ws-1")),
            ),
            (
                aws("vpce-0a1b.aps-workspaces.eu-west-1.vpce.amazonaws.com"),
                Some((Some("eu-west-1"), "ws-1")),
            ),
            (
                "https://aps-workspaces.eu-west-1.amazonaws.com//workspaces/ws-1/".to_owned(),
                Some((Some("eu-west-1"), "ws-1")),
            ),
            (aws("proxy.example.test"), Some((None, "ws-1"))),
            (
                "https://aps-workspaces.eu-west-1.amazonaws.com/".to_owned(),
                None,
            ),
            (
                "https://prometheus.example.test/api/v1/write".to_owned(),
                None,
            ),
            ("ws-1".to_owned(), None),
        ] {
            assert_eq!(workspace_of(&url), expected, "{url}");
        }
    }

    #[test]
    fn what_a_collector_sends_to_cloudwatch_takes_rights() {
        let configuration = json!({
            "receivers": {"otlp": null},
            "extensions": {
                "sigv4auth/cloudwatch": {"region": "eu-west-1"},
                "sigv4auth/other": {"assume_role": {"arn": "arn:aws:iam::999999999999:role/Other"}},
            },
            "exporters": {
                "otlp_http/cloudwatch": {
                    "metrics_endpoint": "https://monitoring.eu-west-1.amazonaws.com/v1/metrics",
                    "auth": {"authenticator": "sigv4auth/cloudwatch"},
                },
                "otlphttp/by_role": {
                    "endpoint": "https://monitoring.eu-west-1.amazonaws.com",
                    "auth": {"authenticator": "sigv4auth/other"},
                },
                "otlphttp/others": {"endpoint": "https://otlp.example.test"},
                "awsemf": {"region": "eu-west-1", "namespace": "A", "log_group_name": "/emf/{ClusterName}"},
            },
            "service": {"pipelines": {"metrics": {
                "receivers": ["otlp"],
                "exporters": ["otlp_http/cloudwatch", "otlphttp/by_role", "otlphttp/others", "awsemf"],
            }}},
        });
        let document = json!({"containerDefinitions": [{
            "name": "c", "image": "aws-otel-collector:v0.49.0",
            "environment": [{"name": "AOT_CONFIG_CONTENT", "value": configuration.to_string()}],
        }]});
        let document = Node::from(&document);
        let identity = Identity::new("111122223333", "us-east-1");
        let measures = series::of(&document);
        let rights = rights(&document, measures.as_ref(), None, &identity);
        let rights: Vec<String> = rights
            .iter()
            .map(|r| format!("{} {} {}", r.of.noun(), r.action, r.resource))
            .collect();
        assert_eq!(
            rights,
            [
                "task role cloudwatch:PutMetricData *",
                "task role logs:PutLogEvents arn:aws:logs:eu-west-1:111122223333:log-group:/emf/0:log-stream:0",
            ]
        );
    }

    #[test]
    fn what_ecs_needs_follows_from_the_definition() {
        let document = json!({"containerDefinitions": [{
            "name": "app", "image": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1",
            "logConfiguration": {"options": {"awslogs-group": "/app", "awslogs-create-group": "true"}},
            "secrets": [
                {"valueFrom": "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1:key::"},
                {"valueFrom": "/app/token"},
            ],
        }]});
        let identity = Identity::new("111122223333", "us-east-1");
        let rights = rights(&Node::from(&document), None, None, &identity);
        let rights: Vec<String> = rights
            .iter()
            .map(|r| format!("{} {}", r.action, r.resource))
            .collect();
        assert_eq!(
            rights,
            [
                "ecr:BatchGetImage arn:aws:ecr:eu-west-1:111122223333:repository/team/app",
                "ecr:GetAuthorizationToken *",
                "ecr:GetDownloadUrlForLayer arn:aws:ecr:eu-west-1:111122223333:repository/team/app",
                "logs:CreateLogGroup arn:aws:logs:us-east-1:111122223333:log-group:/app",
                "logs:CreateLogStream arn:aws:logs:us-east-1:111122223333:log-group:/app:log-stream:ecs/app/0",
                "logs:PutLogEvents arn:aws:logs:us-east-1:111122223333:log-group:/app:log-stream:ecs/app/0",
                "secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1",
                "ssm:GetParameters arn:aws:ssm:us-east-1:111122223333:parameter/app/token",
            ]
        );
    }
}
