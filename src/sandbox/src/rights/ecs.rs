//! The rights of ECS's operations: Service Authorization Reference, "Amazon Elastic Container
//! Service",
//! `list_amazonelasticcontainerservice.html`.

use super::{Right, gives_tags, text, texts};
use crate::{Context, World, service::Input};

pub(super) fn rights(
    world: &World,
    cx: &Context<'_>,
    operation: &str,
    input: &Input,
) -> Vec<Right> {
    let request = Request { cx, input };
    let resources = request.resources(operation);
    let about_cluster = IN_A_CLUSTER.contains(&operation);
    let mut rights: Vec<Right> = resources
        .into_iter()
        .map(|resource| {
            let right = Right::new(format!("ecs:{operation}"), resource).of(world, cx);
            let right = right.tagging(input);
            let cluster = about_cluster.then(|| request.cluster_of(&right.resource));
            let definition =
                text(input, "taskDefinition").filter(|_| operation.ends_with("Service"));
            right.maybe("ecs:cluster", cluster).maybe(
                "ecs:task-definition",
                definition.map(|name| request.named("task-definition", name)),
            )
        })
        .collect();
    // Developer guide, "Grant permission to tag resources on creation": it takes `ecs:TagResource`
    // as well, with the operation as `ecs:CreateAction`.
    if CREATING.contains(&operation) && gives_tags(input) {
        let tagging = rights.iter().map(|right| Right {
            action: "ecs:TagResource".to_owned(),
            ..right.clone().key("ecs:CreateAction", operation)
        });
        rights.extend(tagging.collect::<Vec<_>>());
    }
    // Developer guide, "Amazon ECS task IAM role" and "task execution IAM role": who registers a
    // revision passes both.
    if operation == "RegisterTaskDefinition" {
        for member in ["taskRoleArn", "executionRoleArn"] {
            if let Some(role) = text(input, member) {
                let passing = Right::new("iam:PassRole", request.role(role));
                rights.push(passing.key("iam:PassedToService", "ecs-tasks.amazonaws.com"));
            }
        }
    }
    // Developer guide, "Amazon ECS infrastructure IAM role": whoever makes the service passes it.
    if let Some(role) = text(input, "infrastructureRoleArn") {
        let passing = Right::new("iam:PassRole", request.role(role));
        rights.push(passing.key("iam:PassedToService", "ecs.amazonaws.com"));
    }
    rights
}

/// The operations whose conditions can ask for a cluster.
const IN_A_CLUSTER: [&str; 16] = [
    "ContinueServiceDeployment",
    "CreateService",
    "DeleteService",
    "DescribeContainerInstances",
    "DescribeServiceDeployments",
    "DescribeServiceRevisions",
    "DescribeServices",
    "DescribeTasks",
    "ListServiceDeployments",
    "ListServices",
    "ListTasks",
    "RunTask",
    "StartTask",
    "StopServiceDeployment",
    "StopTask",
    "UpdateService",
];

/// The operations that make something that can have tags.
const CREATING: [&str; 6] = [
    "CreateCluster",
    "CreateExpressGatewayService",
    "CreateService",
    "RegisterContainerInstance",
    "RegisterTaskDefinition",
    "RunTask",
];

struct Request<'a> {
    cx: &'a Context<'a>,
    input: &'a Input,
}

impl Request<'_> {
    /// What the operation is about; what is about nothing in particular can only be allowed on `*`.
    fn resources(&self, operation: &str) -> Vec<String> {
        let input = self.input;
        match operation {
            "RegisterTaskDefinition" => {
                let family = text(input, "family").unwrap_or_default();
                vec![self.arn(&format!("task-definition/{family}:*"))]
            }
            "DeleteTaskDefinitions" => {
                let names = texts(input, "taskDefinitions").into_iter();
                names
                    .map(|name| self.named("task-definition", name))
                    .collect()
            }
            "RunTask" => {
                let name = text(input, "taskDefinition").unwrap_or_default();
                vec![self.named("task-definition", name)]
            }
            "TagResource" | "UntagResource" | "ListTagsForResource" => {
                vec![text(input, "resourceArn").unwrap_or("*").to_owned()]
            }
            "CreateCluster" => vec![self.cluster_named(text(input, "clusterName"))],
            "DeleteCluster"
            | "RegisterContainerInstance"
            | "DeregisterContainerInstance"
            | "ListContainerInstances" => vec![self.cluster_named(text(input, "cluster"))],
            "DescribeClusters" => match texts(input, "clusters").as_slice() {
                [] => vec![self.cluster_named(None)],
                names => names
                    .iter()
                    .map(|name| self.cluster_named(Some(name)))
                    .collect(),
            },
            "CreateService" => {
                vec![self.in_cluster("service", text(input, "serviceName").unwrap_or_default())]
            }
            "CreateExpressGatewayService" => {
                vec![self.in_cluster("service", text(input, "serviceName").unwrap_or("*"))]
            }
            "UpdateExpressGatewayService"
            | "DescribeExpressGatewayService"
            | "DeleteExpressGatewayService" => {
                vec![text(input, "serviceArn").unwrap_or("*").to_owned()]
            }
            "UpdateService" | "DeleteService" | "ListServiceDeployments" => {
                vec![self.in_cluster("service", text(input, "service").unwrap_or_default())]
            }
            "DescribeServices" => self.all_in_cluster("service", "services"),
            "DescribeServiceDeployments" => {
                self.with_services(&texts(input, "serviceDeploymentArns"))
            }
            "DescribeServiceRevisions" => self.with_services(&texts(input, "serviceRevisionArns")),
            "StopServiceDeployment" | "ContinueServiceDeployment" => {
                let arn = text(input, "serviceDeploymentArn").unwrap_or("*");
                self.with_services(&[arn])
            }
            "DescribeContainerInstances" => {
                self.all_in_cluster("container-instance", "containerInstances")
            }
            // What can be narrowed is which container instances' tasks are listed.
            "ListTasks" => vec![self.in_cluster("container-instance", "*")],
            "DescribeTasks" => self.all_in_cluster("task", "tasks"),
            "StopTask" => vec![self.in_cluster("task", text(input, "task").unwrap_or_default())],
            _ => vec!["*".to_owned()],
        }
    }

    /// Deployments and revisions of services, which take the right on their service as well.
    fn with_services(&self, arns: &[&str]) -> Vec<String> {
        let mut resources = Vec::new();
        for arn in arns {
            let parts: Vec<&str> = arn.split('/').collect();
            if let [_, cluster, service, _] = parts.as_slice() {
                resources.push(self.arn(&format!("service/{cluster}/{service}")));
            }
            resources.push((*arn).to_owned());
        }
        resources.sort();
        resources.dedup();
        resources
    }

    fn arn(&self, path: &str) -> String {
        let cx = self.cx;
        format!(
            "arn:{}:ecs:{}:{}:{path}",
            cx.partition, cx.region, cx.account
        )
    }

    /// The ARN of what is named by its name or its ARN.
    fn named(&self, kind: &str, name: &str) -> String {
        if name.starts_with("arn:") {
            name.to_owned()
        } else {
            self.arn(&format!("{kind}/{name}"))
        }
    }

    fn cluster_named(&self, name: Option<&str>) -> String {
        self.named("cluster", name.unwrap_or("default"))
    }

    fn in_cluster(&self, kind: &str, name: &str) -> String {
        let cluster = self.cluster_named(text(self.input, "cluster"));
        let cluster = cluster.rsplit('/').next().unwrap_or_default();
        if name.starts_with("arn:") {
            name.to_owned()
        } else {
            self.arn(&format!("{kind}/{cluster}/{name}"))
        }
    }

    /// What the list `member` of the request names.
    fn all_in_cluster(&self, kind: &str, member: &str) -> Vec<String> {
        let names = texts(self.input, member).into_iter();
        names.map(|name| self.in_cluster(kind, name)).collect()
    }

    /// The cluster of a resource, which its ARN names unless the request does.
    fn cluster_of(&self, arn: &str) -> String {
        let parts: Vec<&str> = arn.split('/').collect();
        match (text(self.input, "cluster"), parts.as_slice()) {
            (None, [kind, cluster, _, ..]) if kind.contains(":service") => {
                self.cluster_named(Some(cluster))
            }
            (cluster, _) => self.cluster_named(cluster),
        }
    }

    /// A task role may be named without its ARN (ECS API reference, `RegisterTaskDefinition`).
    fn role(&self, role: &str) -> String {
        if role.starts_with("arn:") {
            role.to_owned()
        } else {
            format!(
                "arn:{}:iam::{}:role/{role}",
                self.cx.partition, self.cx.account
            )
        }
    }
}
