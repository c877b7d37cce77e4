//! The permissions that task definitions take.

use crate::{
    kinds::{
        kind::State as _,
        permitted::{Occasion, Permitted},
        task_definition::TaskDefinition,
    },
    model::{
        identity::{Identity, workspace_of},
        lifecycle::Lifecycle,
        permission::{Permission, Permissions, Purpose},
        service::ServiceName,
    },
};

impl Permitted for TaskDefinition {
    fn always(_occasion: Occasion<'_>, permissions: &mut Permissions) {
        permissions.add(
            Permission::new(
                "FindByTags",
                "what carries the tags of the stack is found whatever the stack file says",
                &["tag:GetResources"],
            )
            .on_everything(),
        );
    }

    fn permissions(
        &self,
        lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        permissions.add(
            Permission::new(
                "ReadTaskDefinitions",
                "revisions are listed and read, for which no resource can be named",
                &["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"],
            )
            .on_everything(),
        );
        let family = [occasion.arn("ecs", &format!("task-definition/{}:*", self.family))];
        let is_pruned = lifecycle.keep_revisions.is_some();
        match occasion.purpose {
            Purpose::Plan if is_pruned => what_runs(occasion, permissions),
            Purpose::Plan => {}
            Purpose::Verify => self.to_verify(occasion, permissions),
            Purpose::Apply => {
                if is_pruned {
                    what_runs(occasion, permissions);
                    let reason = "revisions beyond `keep_revisions` are deregistered, for which no resource can be named";
                    let retire = &["ecs:DeregisterTaskDefinition"];
                    permissions
                        .add(Permission::new("RetireRevisions", reason, retire).on_everything());
                }
                self.to_apply(occasion, family, permissions);
            }
            Purpose::Destroy => {
                what_runs(occasion, permissions);
                let reason = "revisions are deregistered, for which no resource can be named";
                let retire = &["ecs:DeregisterTaskDefinition"];
                permissions.add(Permission::new("RetireRevisions", reason, retire).on_everything());
                let reason = "revisions of the stack are deleted";
                let delete = &["ecs:DeleteTaskDefinitions"];
                permissions.add(Permission::new("DeleteRevisions", reason, delete).on(family));
            }
        }
        if occasion.purpose != Purpose::Destroy {
            self.of_services(occasion, permissions);
        }
    }
}

impl TaskDefinition {
    fn to_apply(&self, occasion: Occasion<'_>, family: [String; 1], permissions: &mut Permissions) {
        permissions.add(
            Permission::new(
                "RegisterTaskDefinitions",
                "revisions are registered with their tags, whose values may change",
                &[
                    "ecs:RegisterTaskDefinition",
                    "ecs:TagResource",
                    "ecs:UntagResource",
                ],
            )
            .on(family),
        );
        let roles = self.roles(occasion);
        if !roles.is_empty() {
            let reason = "whoever registers a revision hands its roles to ECS";
            let pass = Permission::new("PassRolesToEcs", reason, &["iam:PassRole"]);
            permissions.add(pass.on(roles).only_if(
                "StringEquals",
                "iam:PassedToService",
                ["ecs-tasks.amazonaws.com"],
            ));
        }
    }

    /// The ARNs of its roles. A role may be named without its ARN (ECS API reference,
    /// `RegisterTaskDefinition`, `taskRoleArn`).
    fn roles(&self, occasion: Occasion<'_>) -> Vec<String> {
        let Some(document) = &self.document else {
            return Vec::new();
        };
        let named = ["taskRoleArn", "executionRoleArn"].into_iter();
        let named = named.filter_map(|member| {
            let role = document.written().get(member)?.as_text()?.to_string();
            Some(if role.starts_with("arn:") {
                role
            } else {
                occasion.identity.role_arn("/", &role)
            })
        });
        named.collect()
    }

    fn of_services(&self, occasion: Occasion<'_>, permissions: &mut Permissions) {
        let arns = self.services.keys().map(|name| service(occasion, name));
        let arns: Vec<String> = arns.collect();
        let of = |kind: &str| {
            let names = self.services.keys();
            let parts = names.map(|ServiceName { cluster, service }| {
                occasion.arn("ecs", &format!("{kind}/{cluster}/{service}/*"))
            });
            parts.collect::<Vec<_>>()
        };
        let reason = "the declared services are read, and how their last deployments ended";
        let read = &["ecs:DescribeServices", "ecs:ListServiceDeployments"];
        permissions.add(Permission::new("ReadServices", reason, read).on(arns.clone()));
        let reason = "which revision a deployment brought says whether it failed before";
        let read = &["ecs:DescribeServiceRevisions"];
        let resources = arns.iter().cloned().chain(of("service-revision"));
        permissions.add(Permission::new("ReadServiceRevisions", reason, read).on(resources));
        if occasion.purpose == Purpose::Apply {
            let reason = "the declared services get the new revision";
            let update = &["ecs:UpdateService"];
            permissions.add(Permission::new("UpdateServices", reason, update).on(arns.clone()));
            // Which services are of Express Mode is known only in AWS. None can be of what they
            // can't run.
            if self.express_obstacles().is_empty() {
                let reason = "those of ECS Express Mode get it by a call of their own";
                let update = &["ecs:UpdateExpressGatewayService"];
                let permission = Permission::new("UpdateExpressServices", reason, update);
                permissions.add(permission.on(arns.clone()));
            }
            let reason = "a deployment is followed until it ends";
            let follow = &["ecs:DescribeServiceDeployments"];
            let resources = arns.into_iter().chain(of("service-deployment"));
            permissions.add(Permission::new("FollowDeployments", reason, follow).on(resources));
        }
    }

    fn to_verify(&self, occasion: Occasion<'_>, permissions: &mut Permissions) {
        let Some(document) = &self.document else {
            return;
        };
        let everything = Permission::new(
            "ListWhatRuns",
            "services and tasks are looked for in every cluster of the region",
            &["ecs:ListClusters", "ecs:ListServices"],
        );
        permissions.add(everything.on_everything());
        let in_clusters = [
            occasion.arn("ecs", "container-instance/*"),
            occasion.arn("ecs", "service/*"),
            occasion.arn("ecs", "task/*"),
        ];
        let reason = "services and tasks of the stack may run in any cluster";
        let read = &["ecs:DescribeServices", "ecs:DescribeTasks", "ecs:ListTasks"];
        permissions.add(Permission::new("ReadWhatRuns", reason, read).on(in_clusters));
        let Some(collector) = (occasion.collector)(document.written()) else {
            return;
        };
        let reason = "what the roles of the tasks may do is simulated";
        let simulate = &["iam:SimulatePrincipalPolicy"];
        let roles = self.roles(occasion);
        permissions.add(Permission::new("SimulateRoles", reason, simulate).on(roles));
        let group = collector.log_group.map(|group| {
            let arn = occasion.identity.log_group_arn(&group);
            format!("{arn}:log-stream:*")
        });
        let reason = "the log of the collector says why samples do not arrive";
        let read = &["logs:GetLogEvents"];
        permissions.add(Permission::new("ReadCollectorLogs", reason, read).on(group));
        let workspace = collector.endpoint.as_deref().and_then(workspace_of);
        let (region, id) = workspace.unwrap_or((None, "*"));
        let there = Identity {
            region: region.unwrap_or(&occasion.identity.region).to_owned(),
            ..occasion.identity.clone()
        };
        let reason = "whether samples arrived is asked of the workspace";
        let query = &["aps:QueryMetrics"];
        let workspace = [there.workspace_arn(id)];
        permissions.add(Permission::new("QueryWorkspaces", reason, query).on(workspace));
        let reason =
            "what the workspace discards is counted by CloudWatch, where no resource can be named";
        let count = &["cloudwatch:GetMetricData", "cloudwatch:ListMetrics"];
        permissions.add(Permission::new("CountDiscarded", reason, count).on_everything());
    }
}

fn service(occasion: Occasion<'_>, name: &ServiceName) -> String {
    occasion.arn("ecs", &format!("service/{}/{}", name.cluster, name.service))
}

/// What finds out who runs what, which is read before something goes.
fn what_runs(occasion: Occasion<'_>, permissions: &mut Permissions) {
    let reason =
        "what runs is looked for in every cluster of the region before something is removed";
    let list = &[
        "ecs:DescribeDaemon",
        "ecs:DescribeDaemonRevisions",
        "ecs:DescribeDaemonTaskDefinition",
        "ecs:ListClusters",
        "ecs:ListDaemons",
        "ecs:ListServices",
    ];
    permissions.add(Permission::new("ListWhatRuns", reason, list).on_everything());
    let read = &[
        "ecs:DescribeClusters",
        "ecs:DescribeServiceDeployments",
        "ecs:DescribeServiceRevisions",
        "ecs:DescribeServices",
        "ecs:DescribeTasks",
        "ecs:ListTasks",
    ];
    let kinds = [
        "cluster",
        "container-instance",
        "service",
        "service-deployment",
        "service-revision",
        "task",
    ];
    let resources = kinds.map(|kind| occasion.arn("ecs", &format!("{kind}/*")));
    let reason = "whoever runs a revision may run in any cluster";
    permissions.add(Permission::new("ReadWhatRuns", reason, read).on(resources));
}
