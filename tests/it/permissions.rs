//! The permissions that amp-stack says a stack takes, held against what runs take in the sandbox:
//! with them everything is allowed, and without any action of them something is not.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use amp_stack::{
    apply::apply,
    aws::Aws,
    file::source::Source,
    load::{self, LoadContext},
    model::{
        identity::Identity,
        mention::{Mention, What},
        permission::Purpose,
        template::{Attribute, Template},
    },
    permissions::permissions,
    run::{PlanRequest, Planned, StackTarget},
    show::permissions::policies,
    stack::Stack,
    verify,
};
use amp_stack_sandbox::{
    CallerPolicy, Faults, Right, Sandbox, Settings,
    connector::Clock,
    wire::{Call, Service},
};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{run::Bench, samples::options, sandbox_client::config_in, stacks};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";

/// A stack that uses what the stacks that come with amp-stack do not.
const EVERYTHING: &str = r#"
stack.name = "everything"

[workspace]
alias          = "everything"
retention_days = 30
logging        = "amp"
kms_key_arn    = "arn:aws:kms:eu-central-1:111122223333:key/12345678-90ab-cdef-1234-567890abcdef"

[log_groups.amp]
name = "/aws/vendedlogs/everything"
retention_days = "never"

[log_groups.app]
name                = "/ecs/everything"
retention_days      = 30
kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/12345678-90ab-cdef-1234-567890abcdef"
deletion_protection = true

[roles.task]
name                 = "EverythingTask"
path                 = "/everything/"
permissions_boundary = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"

[roles.execution]
name             = "EverythingExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.everything]
requires_compatibilities = ["FARGATE"]
network_mode             = "awsvpc"
cpu                      = 256
memory                   = 512
task_role                = "task"
execution_role           = "execution"
services                 = ["prod/everything"]

[task_definitions.everything.containers.app]
image         = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/everything:1"
port_mappings = [{ container_port = 9100 }]
logs          = "app"
secrets       = { A = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-a1b2c3", B = "/b" }

[task_definitions.everything.volumes.data.efs_volume_configuration]
file_system_id       = "fs-1234567890abcdef0"
transit_encryption   = "ENABLED"
authorization_config = { access_point_id = "fsap-1234567890abcdef0" }

[roles.execution.inline_policies.secrets]
Version = "2012-10-17"

[[roles.execution.inline_policies.secrets.Statement]]
Effect   = "Allow"
Action   = ["secretsmanager:GetSecretValue", "ssm:GetParameters"]
Resource = "*"

[task_definitions.job]
requires_compatibilities = ["FARGATE"]
network_mode             = "awsvpc"
cpu                      = 256
memory                   = 512
execution_role           = "execution"
keep_revisions           = 1

[task_definitions.job.containers.app]
image = "quay.io/prometheus/node-exporter:v1.9.1"
logs  = "app"

[task_definitions.everything.metrics]
scrape = [{ port = 9100 }]
logs   = "app"
"#;

/// The actions that only what IAM and others are late to list takes.
const LATE: &[&str] = &[
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListInstanceProfilesForRole",
    "iam:ListRolePolicies",
];

fn everything() -> Stack {
    let source = Source {
        path: PathBuf::from("everything.toml"),
        text: EVERYTHING.to_owned(),
    };
    let around = LoadContext::new(Identity::new(ACCOUNT, REGION));
    load::load(&source, &around).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The stacks, each without protection, which takes no other permissions.
fn all() -> Vec<Stack> {
    let names = [
        "ec2.toml",
        "ecs-docs-example.toml",
        "existing-workspace-and-roles.toml",
        "otlp-and-two-scrapes.toml",
        "otlp-xray.toml",
        "quickstart.toml",
    ];
    let mut all: Vec<Stack> = names.map(stacks::stack).into();
    all.push(everything());
    for stack in &mut all {
        for declared in stack.resources.values_mut() {
            declared.lifecycle.prevent_destroy = false;
        }
    }
    all
}

/// The images that the stacks name, as a sandbox has them.
fn images() -> BTreeSet<String> {
    let stacks = all();
    let mentions = stacks.iter().flat_map(Stack::mentions);
    let mentions = mentions.map(|one| one.naming.mention);
    let images = mentions.filter(|mention| mention.what == What::Image);
    let named = images.filter_map(|mention| Some(mention.name.split_once('/')?.1.to_owned()));
    named.map(|image| format!("ecr:{image}=amd64")).collect()
}

/// An account in which what calls take the right to do is remembered.
struct Scene {
    sandbox: Sandbox,
    aws: Arc<Aws>,
}

impl Scene {
    fn new(faults: Option<Faults>) -> Self {
        let sandbox = Sandbox::open(Settings {
            account: ACCOUNT.to_owned(),
            clock: Clock::tokio(1_800_000_000_000),
            faults,
            remember_rights: true,
            // Of an image for one processor it has to be downloaded which one that is.
            have: images().iter().map(|one| one.parse().unwrap()).collect(),
            ..Settings::default()
        });
        let sandbox = sandbox.expect("it has no file");
        let aws = Arc::new(Aws::new(&config_in(&sandbox, REGION)));
        let scene = Self { sandbox, aws };
        scene.root(
            Service::Ecs,
            "CreateCluster",
            json!({"clusterName": "prod"}),
        );
        for role in [
            "platform/GuestTask",
            "ecsTaskExecutionRole",
            "AmazonECS_OpenTelemetryCloudWatchRole",
        ] {
            let (path, name) = role
                .rsplit_once('/')
                .map_or(("/".to_owned(), role), |(path, name)| {
                    (format!("/{path}/"), name)
                });
            scene.root(
                Service::Iam,
                "CreateRole",
                json!({
                    "RoleName": name, "Path": path,
                    "AssumeRolePolicyDocument": trust("ecs-tasks.amazonaws.com"),
                }),
            );
        }
        scene
    }

    /// Does what somebody else does, of which nothing is remembered.
    fn root(&self, service: Service, operation: &str, input: Value) -> Value {
        let Value::Object(input) = input else {
            panic!("an input is an object");
        };
        let outcome = self.sandbox.perform_call(&Call {
            service,
            region: REGION.to_owned(),
            operation: operation.to_owned(),
            input,
            key: None,
        });
        let answer = outcome.unwrap_or_else(|refusal| panic!("{operation}: {refusal:?}"));
        answer.body
    }

    /// The stack, where the log group and the workspace of somebody else that it names are there.
    fn with_what_it_names(&self, stack: &Stack) -> Stack {
        let mut stack = stack.clone();
        let here = stack.identity.clone();
        let mentions = stack.mentions().into_iter();
        let mentions: BTreeSet<Mention> = mentions.map(|one| one.naming.mention).collect();
        for mention in mentions {
            match mention.what {
                What::LogGroup => {
                    let group = json!({"logGroupName": mention.name});
                    self.root(Service::Logs, "CreateLogGroup", group);
                }
                What::Workspace => {
                    let made = self.root(Service::Amp, "CreateWorkspace", json!({}));
                    let id = made["workspaceId"].as_str().unwrap();
                    let known = stack.existing.values_mut().next().unwrap();
                    known.insert(Attribute::Id, id.to_owned());
                    known.insert(Attribute::Arn, here.workspace_arn(id));
                }
                What::AccessPoint
                | What::FileSystem
                | What::Image
                | What::Key
                | What::Parameter
                | What::Policy
                | What::Role
                | What::Secret => {}
            }
        }
        stack
    }

    fn target(&self, stack: &Stack) -> StackTarget<Aws> {
        StackTarget {
            path: "stack.toml".into(),
            stack: stack.clone(),
            cloud: Arc::clone(&self.aws),
            only: None,
            leave: BTreeSet::new(),
        }
    }

    async fn plan(&self, stack: &Stack, destroy: bool) -> Planned {
        let target = self.target(stack);
        let request = PlanRequest {
            targets: std::slice::from_ref(&target),
            destroy,
            explain: false,
        };
        amp_stack::run::plan(&request).await.unwrap().remove(0)
    }

    /// Plans and carries out.
    async fn run(&self, stack: &Stack, destroy: bool) {
        let plan = self.plan(stack, destroy).await.plan;
        assert_eq!(plan.refusals, [], "{}", stack.name);
        let (_stop, stopped) = watch::channel(false);
        let aws = Arc::clone(&self.aws);
        let outcome = apply(Arc::new(plan), aws, options(), stopped, |_| ()).await;
        assert!(
            outcome.is_complete(),
            "{}: {:?}",
            stack.name,
            outcome.failed
        );
    }

    /// Builds the stack, with the service that it rolls out to if it has one.
    async fn build(&self, stack: &Stack) {
        let mut first = stack.clone();
        for declared in first.resources.values_mut() {
            if let Some(amp_stack::kinds::Resource::TaskDefinition(family)) = &mut declared.want {
                family.services.clear();
                declared.lifecycle.services.clear();
            }
        }
        self.run(&first, false).await;
        for family in families(stack) {
            self.service("prod", &family, &family);
        }
        tokio::time::sleep(Duration::from_mins(3)).await;
    }

    fn service(&self, cluster: &str, name: &str, family: &str) {
        let launch = if family == "batch" { "EC2" } else { "FARGATE" };
        let mut input = json!({
            "cluster": cluster, "serviceName": name, "taskDefinition": family,
            "desiredCount": 1, "launchType": launch,
        });
        if launch == "FARGATE" {
            input["networkConfiguration"] =
                json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}});
        }
        self.root(Service::Ecs, "CreateService", input);
    }

    /// Somebody alters by hand whatever can be altered, so that bringing it back takes all there
    /// is.
    async fn meddle(&self, stack: &Stack) {
        let names = |table: &str| -> Vec<String> {
            let of = stack.resources.iter();
            let of = of.filter(|(address, _)| address.to_string().starts_with(table));
            of.map(|(_, declared)| declared.want.as_ref().unwrap().name().to_owned())
                .collect()
        };
        let ours = json!("arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess");
        for role in names("roles.") {
            let shown = self.root(Service::Iam, "GetRole", json!({"RoleName": role}));
            self.root(
                Service::Iam,
                "UpdateRole",
                json!({"RoleName": role, "Description": "mine"}),
            );
            self.root(
                Service::Iam,
                "UpdateAssumeRolePolicy",
                json!({"RoleName": role, "PolicyDocument": trust("ec2.amazonaws.com")}),
            );
            self.root(
                Service::Iam,
                "AttachRolePolicy",
                json!({"RoleName": role, "PolicyArn": ours}),
            );
            let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}});
            self.root(Service::Iam, "PutRolePolicy", json!({"RoleName": role, "PolicyName": "mine", "PolicyDocument": policy.to_string()}));
            self.root(
                Service::Iam,
                "TagRole",
                json!({"RoleName": role, "Tags": [{"Key": "mine", "Value": "x"}]}),
            );
            let boundary = if shown["Role"]["PermissionsBoundary"].is_null() {
                ours.clone()
            } else {
                json!("arn:aws:iam::aws:policy/AmazonPrometheusFullAccess")
            };
            self.root(
                Service::Iam,
                "PutRolePermissionsBoundary",
                json!({"RoleName": role, "PermissionsBoundary": boundary}),
            );
        }
        for group in names("log_groups.") {
            let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}");
            let other =
                "arn:aws:kms:eu-central-1:111122223333:key/ffffffff-90ab-cdef-1234-567890abcdef";
            self.root(
                Service::Logs,
                "PutRetentionPolicy",
                json!({"logGroupName": group, "retentionInDays": 365}),
            );
            self.root(
                Service::Logs,
                "AssociateKmsKey",
                json!({"logGroupName": group, "kmsKeyId": other}),
            );
            self.root(
                Service::Logs,
                "TagResource",
                json!({"resourceArn": arn, "tags": {"mine": "x"}}),
            );
            let protected = group != "/ecs/everything";
            self.root(
                Service::Logs,
                "PutLogGroupDeletionProtection",
                json!({"logGroupIdentifier": group, "deletionProtectionEnabled": protected}),
            );
        }
        for workspace in self.workspaces() {
            // What the stack logs to is another group, and where it logs to none there is one.
            let group = "/aws/vendedlogs/other";
            let create = json!({"logGroupName": group});
            self.root(Service::Logs, "CreateLogGroup", create);
            let group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{group}:*");
            let logging = json!({"workspaceId": workspace["workspaceId"], "logGroupArn": group});
            let operation = if is_everything(stack) {
                "UpdateLoggingConfiguration"
            } else {
                "CreateLoggingConfiguration"
            };
            self.root(Service::Amp, operation, logging);
            tokio::time::sleep(Duration::from_mins(3)).await;
            let id = &workspace["workspaceId"];
            self.root(
                Service::Amp,
                "UpdateWorkspaceAlias",
                json!({"workspaceId": id, "alias": "mine"}),
            );
            tokio::time::sleep(Duration::from_mins(3)).await;
            self.root(
                Service::Amp,
                "TagResource",
                json!({"resourceArn": workspace["arn"], "tags": {"mine": "x"}}),
            );
            tokio::time::sleep(Duration::from_mins(3)).await;
            self.root(
                Service::Amp,
                "UpdateWorkspaceConfiguration",
                json!({"workspaceId": id, "retentionPeriodInDays": 400}),
            );
            tokio::time::sleep(Duration::from_mins(3)).await;
        }
        for family in families(stack) {
            let tags = json!([{"key": "mine", "value": "x"}]);
            self.root(
                Service::Ecs,
                "TagResource",
                json!({"resourceArn": self.newest(&family), "tags": tags}),
            );
        }
    }

    fn newest(&self, family: &str) -> Value {
        let shown = self.root(
            Service::Ecs,
            "DescribeTaskDefinition",
            json!({"taskDefinition": family}),
        );
        shown["taskDefinition"]["taskDefinitionArn"].clone()
    }

    fn workspaces(&self) -> Vec<Value> {
        let listed = self.root(Service::Amp, "ListWorkspaces", json!({}));
        listed["workspaces"].as_array().unwrap().clone()
    }

    /// Something of somebody else runs, with a service that is being deployed and a task of its
    /// own.
    async fn others_run(&self) {
        let registration = json!({
            "family": "others", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "app", "image": "public.ecr.aws/docker/library/nginx:1.29"}],
        });
        self.root(Service::Ecs, "RegisterTaskDefinition", registration.clone());
        let others = json!({"cluster": "prod", "services": ["others"]});
        let there = self.root(Service::Ecs, "DescribeServices", others);
        if there["services"] == json!([]) {
            self.service("prod", "others", "others");
        }
        self.root(
            Service::Ecs,
            "RunTask",
            json!({
                "cluster": "prod", "taskDefinition": "others", "launchType": "FARGATE",
                "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
            }),
        );
        tokio::time::sleep(Duration::from_mins(3)).await;
        self.root(Service::Ecs, "RegisterTaskDefinition", registration);
        self.root(
            Service::Ecs,
            "UpdateService",
            json!({"cluster": "prod", "service": "others", "taskDefinition": "others"}),
        );
    }

    /// As many revisions are registered as the stack keeps.
    async fn fill_revisions(&self, stack: &Stack) {
        let kept = stack.resources.values();
        let kept = kept
            .filter_map(|declared| declared.lifecycle.keep_revisions)
            .max();
        for _ in 0..kept.unwrap_or_default() {
            self.run(&renewed(stack), false).await;
            // A revision that a deployment may go back to is kept besides.
            tokio::time::sleep(Duration::from_hours(1)).await;
        }
    }

    /// Somebody attaches to the roles of the stack what it does not mention.
    fn attach_to_roles(&self, stack: &Stack) {
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}});
        let managed = "arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess";
        for (address, declared) in &stack.resources {
            if !address.to_string().starts_with("roles.") {
                continue;
            }
            let role = declared.want.as_ref().unwrap().name();
            let attach = json!({"RoleName": role, "PolicyArn": managed});
            self.root(Service::Iam, "AttachRolePolicy", attach);
            let put = json!({"RoleName": role, "PolicyName": "mine", "PolicyDocument": policy.to_string()});
            self.root(Service::Iam, "PutRolePolicy", put);
            let profile = json!({"InstanceProfileName": role});
            self.root(Service::Iam, "CreateInstanceProfile", profile);
            let hold = json!({"InstanceProfileName": role, "RoleName": role});
            self.root(Service::Iam, "AddRoleToInstanceProfile", hold);
        }
    }

    /// The service of the stack is given what does not start, and goes back.
    async fn roll_back(&self) {
        let broken = json!({
            "family": "everything", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512",
            "containerDefinitions": [{"name": "app", "image": "public.ecr.aws/docker/library/nginx:does-not-exist"}],
        });
        self.root(Service::Ecs, "RegisterTaskDefinition", broken);
        let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true}});
        self.root(
            Service::Ecs,
            "UpdateService",
            json!({
                "cluster": "prod", "service": "everything", "taskDefinition": "everything",
                "deploymentConfiguration": breaker,
            }),
        );
        tokio::time::sleep(Duration::from_hours(1)).await;
    }

    /// What has been used since this was last asked.
    fn used(&self) -> BTreeSet<Right> {
        self.sandbox.take_rights_used()
    }
}

fn trust(service: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole",
    }]})
    .to_string()
}

/// The families that the stack declares.
fn families(stack: &Stack) -> Vec<String> {
    let wanted = stack
        .resources
        .values()
        .filter_map(|declared| declared.want.as_ref());
    let families = wanted.filter_map(|want| want.task_definition());
    families.map(|family| family.family.clone()).collect()
}

/// The same stack with one more tag on everything.
fn tagged(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    for declared in stack.resources.values_mut() {
        if let Some(want) = &mut declared.want {
            want.tags_mut()
                .insert("team".to_owned(), Template::from("payments"));
        }
    }
    stack
}

/// The same stack with a new revision of each family asked for.
fn renewed(stack: &Stack) -> Stack {
    let mut stack = stack.clone();
    for (address, declared) in &mut stack.resources {
        declared.lifecycle.replace = address.to_string().starts_with("task_definitions.");
    }
    stack
}

fn is_everything(stack: &Stack) -> bool {
    stack.name.as_str() == "everything"
}

/// What runs of `stack` for `purpose` take.
async fn used_for(purpose: Purpose, stack: &Stack) -> BTreeSet<Right> {
    let scene = Scene::new(None);
    let stack = &scene.with_what_it_names(stack);
    match purpose {
        Purpose::Plan => {
            scene.plan(stack, false).await;
            let mut used = scene.used();
            scene.build(stack).await;
            scene.fill_revisions(stack).await;
            scene.others_run().await;
            scene.meddle(stack).await;
            if is_everything(stack) {
                scene.roll_back().await;
            }
            scene.used();
            scene.plan(stack, false).await;
            scene.plan(&renewed(stack), false).await;
            used.extend(scene.used());
            used
        }
        Purpose::Apply => {
            scene.build(stack).await;
            scene.run(&tagged(stack), false).await;
            scene.run(stack, false).await;
            scene.others_run().await;
            scene.meddle(stack).await;
            scene.run(stack, false).await;
            scene.fill_revisions(stack).await;
            scene.others_run().await;
            scene.run(&renewed(stack), false).await;
            let mut used = scene.used();
            if is_everything(stack) {
                scene.roll_back().await;
                scene.plan(stack, false).await;
                used.extend(scene.used());
            }
            used
        }
        Purpose::Destroy => {
            scene.build(stack).await;
            for family in families(stack) {
                let service = json!({"cluster": "prod", "service": family, "force": true});
                scene.root(Service::Ecs, "DeleteService", service);
            }
            tokio::time::sleep(Duration::from_mins(3)).await;
            scene.others_run().await;
            scene.attach_to_roles(stack);
            if is_everything(stack) {
                // A plan that deletes what is protected is refused.
                let lifted = json!({"logGroupIdentifier": "/ecs/everything", "deletionProtectionEnabled": false});
                scene.root(Service::Logs, "PutLogGroupDeletionProtection", lifted);
            }
            scene.used();
            scene.run(stack, true).await;
            scene.used()
        }
        Purpose::Verify => {
            scene.build(stack).await;
            scene.meddle(stack).await;
            scene.used();
            let live = scene.plan(stack, false).await.live;
            let subjects = verify::subjects(stack, &live);
            scene.aws.evidence(&subjects).await;
            let mut used = scene.used();
            if is_everything(stack) {
                scene.roll_back().await;
                scene.plan(stack, false).await;
                used.extend(scene.used());
            }
            used
        }
    }
}

/// The actions that read daemons of Managed Instances, which the sandbox has none of.
const DAEMONS: &[&str] = &[
    "ecs:DescribeDaemon",
    "ecs:DescribeDaemonRevisions",
    "ecs:DescribeDaemonTaskDefinition",
    "ecs:ListDaemons",
];

/// What is of use, and does not come up here: the stack, the action, and why.
const NEVER_HERE: &[(&str, &str, &str)] = &[
    (
        "guest",
        "aps:DescribeWorkspace",
        "the workspace is old enough to be listed",
    ),
    (
        "batch",
        "ecs:DescribeTasks",
        "no instance of EC2 runs a task here",
    ),
    (
        "batch",
        "logs:GetLogEvents",
        "no instance of EC2 runs a task here",
    ),
];

/// The policy with what amp-stack says that `stack` takes for `purpose`, without `action`.
fn policy(stack: &Stack, purpose: Purpose, action: Option<&str>) -> CallerPolicy {
    let documents = policies(&permissions(stack, purpose));
    let statements = documents
        .iter()
        .flat_map(|document| document["Statement"].as_array().unwrap().clone());
    let statements: Vec<Value> = statements
        .filter_map(|mut statement| {
            let actions = statement["Action"].as_array_mut().unwrap();
            actions.retain(|one| one.as_str() != action);
            (!actions.is_empty()).then_some(statement)
        })
        .collect();
    let mut ids = BTreeSet::new();
    let statements = statements.into_iter().map(|mut statement| {
        let id = statement["Sid"].as_str().unwrap().to_owned();
        if !ids.insert(id) {
            statement.as_object_mut().unwrap().remove("Sid");
        }
        statement
    });
    let document = json!({"Version": "2012-10-17", "Statement": statements.collect::<Vec<_>>()});
    CallerPolicy::parse(&document.to_string()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn permissions_are_enough_and_none_is_too_much() {
    let mut wrong = Vec::new();
    for stack in all() {
        for purpose in [
            Purpose::Plan,
            Purpose::Apply,
            Purpose::Destroy,
            Purpose::Verify,
        ] {
            let used = used_for(purpose, &stack).await;
            let name = &stack.name;
            let whole = policy(&stack, purpose, None);
            for right in used.iter().filter(|right| !whole.allows(right)) {
                wrong.push(format!(
                    "{name} {purpose:?}: lacks {} on {}",
                    right.action, right.resource
                ));
            }
            let needed = permissions(&stack, purpose);
            let actions: BTreeSet<&str> = needed
                .iter()
                .flat_map(|one| &one.actions)
                .copied()
                .collect();
            let expected = actions.iter().filter(|action| {
                let mut never = NEVER_HERE.iter();
                ![LATE, DAEMONS].concat().contains(action)
                    && !never.any(|(stack, never, _)| *stack == name.as_str() && never == *action)
            });
            for action in expected {
                let less = policy(&stack, purpose, Some(action));
                if used.iter().all(|right| less.allows(right)) {
                    wrong.push(format!("{name} {purpose:?}: {action} is of no use"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const QUICKSTART: &str = include_str!("../../stacks/quickstart.toml");

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", QUICKSTART);
    bench
}

fn printed(bench: &Bench, words: &[&str]) -> String {
    let run = bench.run(&[&["permissions", "stack.toml"], words].concat());
    run.expect(0).stdout
}

#[test]
fn a_printed_policy_carries_a_stack_from_its_first_plan_to_its_end() {
    let bench = bench("printed-policy");
    let as_caller = |words: &[&str]| {
        let place = ["--sandbox=world.json", "--sandbox-caller", "caller.json"];
        let command = [&words[..1], &["stack.toml"], &words[1..], &place];
        bench.run(&command.concat())
    };
    bench.write("caller.json", &printed(&bench, &["--for", "plan"]));
    as_caller(&["plan", "--detailed-exitcode"]).expect(2);
    as_caller(&["apply", "--yes"]).expect(1);
    let both = ["--for", "apply,destroy", "--account", ACCOUNT];
    bench.write("caller.json", &printed(&bench, &both));
    as_caller(&["apply", "--yes"]).expect(0);
    as_caller(&["plan", "--detailed-exitcode"]).expect(0);
    let accepting = ["--accept", "workspace", "--accept", "log_groups.quickstart"];
    as_caller(&[&["destroy", "--yes"], &accepting[..]].concat()).expect(0);
}

#[test]
fn policies_are_printed_for_iam_for_terraform_and_for_people() {
    let mut bench = bench("printed-forms");
    let json = printed(&bench, &["--for", "apply", "--account", ACCOUNT]);
    let policy: Value = serde_json::from_str(&json).unwrap();
    let statements = policy["Statement"].as_array().unwrap();
    let of = |sid: &str| statements.iter().find(|one| one["Sid"] == sid).unwrap();
    assert_eq!(
        of("PassRolesToEcs"),
        &json!({
            "Sid": "PassRolesToEcs", "Effect": "Allow", "Action": ["iam:PassRole"],
            "Resource": [
                "arn:aws:iam::111122223333:role/QuickstartExecution",
                "arn:aws:iam::111122223333:role/QuickstartTask",
            ],
            "Condition": {"StringEquals": {"iam:PassedToService": ["ecs-tasks.amazonaws.com"]}},
        })
    );
    assert_eq!(
        of("ChangeWorkspaces")["Condition"],
        json!({"StringEquals": {"aws:ResourceTag/amp-stack:stack": ["quickstart"]}})
    );
    assert_eq!(
        json,
        printed(&bench, &["--account", ACCOUNT]),
        "apply is the default"
    );
    let anywhere = printed(&bench, &[]);
    assert_eq!(
        json.replace("::111122223333:", "::*:")
            .replace("us-east-1:111122223333:", "us-east-1:*:"),
        anywhere
    );

    let terraform = printed(&bench, &["--for", "destroy,plan", "--format", "terraform"]);
    assert!(
        terraform.starts_with("data \"aws_iam_policy_document\" \"amp_stack_plan_destroy\" {\n"),
        "{terraform}"
    );
    assert!(
        terraform.contains(
            "  # log groups are deleted\n  statement {\n    sid       = \"DeleteLogGroups\"\n"
        ),
        "{terraform}"
    );
    let text = printed(&bench, &["--for", "verify", "--format", "text"]);
    assert!(text.contains("QueryWorkspaces: whether samples arrived is asked of the workspace\n  aps:QueryMetrics\n"), "{text}");

    bench.set("AWS_REGION", "");
    let nowhere = bench.run(&["permissions", "stack.toml"]).expect(1);
    assert!(
        nowhere.says("stack.toml names no region"),
        "{}",
        nowhere.stderr
    );
    printed(&bench, &["--region", "eu-west-1"]);
}
