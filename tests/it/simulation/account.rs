//! An account to begin with: bystanders of every kind, what others left under our names, and
//! half-made things of ours.

use std::time::Duration;

use amp_stack::model::identity::Identity;
use amp_stack_sandbox::{CallerPolicy, Sandbox, Settings, connector::Clock};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, DeploymentCircuitBreaker, DeploymentConfiguration, LaunchType,
    NetworkConfiguration,
};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::{
    rt::sleep::TokioSleep,
    time::{SharedTimeSource, TimeSource},
};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use fastrand::Rng;
use serde_json::json;
use std::time::SystemTime;
use tokio::time::Instant;

use super::{
    draft::{STACK, STRAY_GROUP, STRAY_ROLE},
    world::{REGION, View},
};

/// The key of whoever starts runs.
pub(super) const KEY: &str = "AKIASANDBOX";
/// When every story begins: 2026-01-01T00:00:00Z.
const BEGIN_MILLIS: u64 = 1_767_225_600_000;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const EXECUTION: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

/// Tokio's clock, for the SDK.
#[derive(Clone, Copy, Debug)]
struct VirtualTime(Instant);

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(BEGIN_MILLIS) + self.0.elapsed()
    }
}

/// An account in the sandbox.
#[derive(Clone, Debug)]
pub(super) struct Account {
    pub(super) sandbox: Sandbox,
    /// The id of a workspace that is not ours.
    pub(super) guest: String,
    /// Whether others left things under names that drafts may want.
    pub(super) strays: bool,
    hand: Hand,
    begun: Instant,
}

impl Account {
    /// A new account, with what it holds before the stack is applied for the first time.
    pub(super) async fn random(rng: &mut Rng) -> Self {
        let sandbox = Sandbox::open(Settings {
            clock: Clock::tokio(BEGIN_MILLIS),
            ..Settings::default()
        });
        let mut account = Self::new(sandbox.expect("a sandbox without a file opens"));
        account.strays = rng.u8(..4) == 0;
        account.guest = account.hand.bystanders(rng).await;
        if account.strays {
            account.hand.strays().await;
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
        account.hand.half_made(rng, account.strays).await;
        account
    }

    /// The account of whoever starts runs, and beside it the account `other`, which trusts it with
    /// `role`. Each holds what is nobody's business. Returns the id of a workspace of the other one,
    /// too.
    pub(super) async fn with_another(rng: &mut Rng, other: &str, role: &str) -> (Self, String) {
        let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
        let everything = json!({"Version": "2012-10-17", "Statement": everything}).to_string();
        let sandbox = Sandbox::open(Settings {
            clock: Clock::tokio(BEGIN_MILLIS),
            // Only who is somebody assumes roles.
            caller: Some(CallerPolicy::parse(&everything).unwrap()),
            ..Settings::default()
        });
        let mut account = Self::new(sandbox.expect("a sandbox without a file opens"));
        account.guest = account.hand.bystanders(rng).await;
        // A key of twelve digits is of the account of that number.
        let there = sdk(account.sandbox.http_client(), account.begun, other);
        let there = Hand::new(&there);
        let guest = there.bystanders(rng).await;
        let own = account.sandbox.account();
        there.deployer(role, own, &everything).await;
        tokio::time::sleep(Duration::from_mins(1)).await;
        (account, guest)
    }

    /// The clock of the simulation.
    pub(super) fn clock(&self) -> SharedTimeSource {
        SharedTimeSource::new(VirtualTime(self.begun))
    }

    /// An account in which nothing is.
    pub(super) fn empty() -> Self {
        let sandbox = Sandbox::open(Settings {
            clock: Clock::tokio(BEGIN_MILLIS),
            ..Settings::default()
        });
        Self::new(sandbox.expect("a sandbox without a file opens"))
    }

    /// Makes a cluster with `services` that run the newest revision of `family`, and go back to what
    /// they ran when one does not start.
    pub(super) async fn serve_by_hand(&self, cluster: &str, services: &[&str], family: &str) {
        let ecs = &self.hand.ecs;
        ecs.create_cluster()
            .cluster_name(cluster)
            .send()
            .await
            .unwrap();
        let breaker = DeploymentCircuitBreaker::builder()
            .enable(true)
            .rollback(true);
        let configuration = DeploymentConfiguration::builder();
        let configuration = configuration
            .deployment_circuit_breaker(breaker.build())
            .build();
        let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a1b2c3d");
        let network = NetworkConfiguration::builder();
        let network = network.awsvpc_configuration(vpc.build().unwrap()).build();
        for service in services {
            let request = ecs.create_service().cluster(cluster).service_name(*service);
            let request = request.task_definition(family).desired_count(1);
            let request = request.launch_type(LaunchType::Fargate);
            let request = request.network_configuration(network.clone());
            let request = request.deployment_configuration(configuration.clone());
            request.send().await.unwrap();
        }
    }

    /// Brings a service to a revision by hand.
    pub(super) async fn deploy_by_hand(&self, cluster: &str, service: &str, revision: &str) {
        let request = self.hand.ecs.update_service().cluster(cluster);
        let request = request.service(service).task_definition(revision);
        request.send().await.unwrap();
    }

    /// The revisions that services run: `checkout:2`.
    pub(super) async fn services_run(&self, cluster: &str, services: &[&str]) -> Vec<String> {
        let request = self.hand.ecs.describe_services().cluster(cluster);
        let names = services.iter().map(|name| (*name).to_owned()).collect();
        let answer = request.set_services(Some(names)).send().await.unwrap();
        let arns = answer
            .services()
            .iter()
            .map(|s| s.task_definition().unwrap());
        arns.map(last_part).collect()
    }

    /// The revisions that were rolled out to a service, once for each deployment.
    pub(super) async fn deployments(&self, cluster: &str, service: &str) -> Vec<String> {
        let ecs = &self.hand.ecs;
        let request = ecs.list_service_deployments().cluster(cluster);
        let listed = request.service(service).send().await.unwrap();
        let mut revisions = Vec::new();
        for deployment in listed.service_deployments() {
            let target = deployment.target_service_revision_arn().unwrap();
            let request = ecs.describe_service_revisions();
            let answer = request.service_revision_arns(target).send().await.unwrap();
            let revision = answer.service_revisions()[0].task_definition();
            revisions.push(last_part(revision.unwrap()));
        }
        revisions
    }

    /// The image of the first container of a revision.
    pub(super) async fn image(&self, revision: &str) -> String {
        let request = self.hand.ecs.describe_task_definition();
        let answer = request.task_definition(revision).send().await.unwrap();
        let containers = answer.task_definition().unwrap().container_definitions();
        containers[0].image().unwrap().to_owned()
    }

    fn new(sandbox: Sandbox) -> Self {
        let begun = Instant::now();
        let hand = Hand::new(&sdk(sandbox.http_client(), begun, KEY));
        Self {
            sandbox,
            guest: String::new(),
            strays: false,
            hand,
            begun,
        }
    }

    /// Registers a revision of `family` as a pipeline does, without our tags, and returns its name.
    pub(super) async fn register_by_hand(&self, family: &str) -> String {
        self.hand.register(family, Vec::new()).await
    }

    /// Deregisters a revision by hand.
    pub(super) async fn deregister_by_hand(&self, name: &str) {
        let request = self.hand.ecs.deregister_task_definition();
        request.task_definition(name).send().await.unwrap();
    }

    /// The SDK's configuration with `http_client`, and with the clock of the simulation.
    pub(super) fn sdk(&self, http_client: SharedHttpClient) -> SdkConfig {
        sdk(http_client, self.begun, KEY)
    }

    pub(super) fn identity(&self) -> Identity {
        Identity::new(self.sandbox.account(), REGION)
    }

    pub(super) fn view(&self) -> View {
        View::of(&self.sandbox.world())
    }

    /// The time since the story began.
    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// What stands after the last `/` of an ARN.
fn last_part(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

fn sdk(http_client: SharedHttpClient, begun: Instant, key: &str) -> SdkConfig {
    let credentials = Credentials::new(key, "secret", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http_client)
        .sleep_impl(aws_smithy_async::rt::sleep::SharedAsyncSleep::new(
            TokioSleep::new(),
        ))
        .time_source(VirtualTime(begun))
        .build()
}

/// Tags by which a stack owns something.
fn owned(stack: &str, address: &str, region: &str) -> Vec<(&'static str, String)> {
    vec![
        ("amp-stack:stack", stack.to_owned()),
        ("amp-stack:address", address.to_owned()),
        ("amp-stack:region", region.to_owned()),
    ]
}

/// Somebody who works in the account by hand.
#[derive(Clone, Debug)]
struct Hand {
    iam: aws_sdk_iam::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    amp: aws_sdk_amp::Client,
    ecs: aws_sdk_ecs::Client,
}

impl Hand {
    fn new(sdk: &SdkConfig) -> Self {
        Self {
            iam: aws_sdk_iam::Client::new(sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(sdk),
            amp: aws_sdk_amp::Client::new(sdk),
            ecs: aws_sdk_ecs::Client::new(sdk),
        }
    }

    /// Things that are nobody's business; returns the id of a workspace among them.
    async fn bystanders(&self, rng: &mut Rng) -> String {
        let other = |address: &str| owned("other", address, REGION);
        for index in 0..rng.u8(1..=5) {
            self.role(&format!("Bystander{index}"), Vec::new()).await;
        }
        self.role("OtherTask", other("roles.task")).await;
        self.attach("OtherTask").await;
        // The same stack in another region: roles are global, everything else is not.
        self.role("SimTaskElsewhere", owned(STACK, "roles.task", "us-east-1"))
            .await;
        for index in 0..rng.u8(1..=4) {
            self.group(&format!("/bystander/{index}"), Vec::new()).await;
        }
        self.group("/other/app", other("log_groups.app")).await;
        self.workspace("shared", other("workspace")).await;
        self.workspace("sim", Vec::new()).await;
        self.register("other-api", other("task_definitions.api"))
            .await;
        for _ in 0..rng.u8(1..=3) {
            self.register("bystander", Vec::new()).await;
        }
        self.workspace("guest", Vec::new()).await
    }

    /// What has names that drafts may want.
    async fn strays(&self) {
        let tags = || vec![("cost-center", "7".to_owned())];
        self.group(STRAY_GROUP, tags()).await;
        self.role(STRAY_ROLE, tags()).await;
        self.attach(STRAY_ROLE).await;
        self.iam
            .put_role_policy()
            .role_name(STRAY_ROLE)
            .policy_name("by-hand")
            .policy_document(r#"{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#)
            .send()
            .await
            .unwrap();
    }

    /// What a run that was killed may have left: each is ours by its tags, and not yet what it was
    /// to be.
    async fn half_made(&self, rng: &mut Rng, strays: bool) {
        let ours = |address: &str| owned(STACK, address, REGION);
        if rng.u8(..3) == 0 {
            self.role("SimExecution", ours("roles.execution")).await;
        }
        if rng.u8(..3) == 0 && !strays {
            self.group(STRAY_GROUP, ours("log_groups.app")).await;
        }
        if rng.u8(..4) == 0 {
            self.register("sim-worker", ours("task_definitions.worker"))
                .await;
        }
        if rng.u8(..3) == 0 {
            // It is CREATING still.
            self.workspace("sim", ours("workspace")).await;
        }
    }

    /// A role that may everything, and that the account `trusted` may assume.
    async fn deployer(&self, role: &str, trusted: &str, everything: &str) {
        let trust = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"AWS": format!("arn:aws:iam::{trusted}:root")},
        }});
        let create = self.iam.create_role().role_name(role);
        let create = create.assume_role_policy_document(trust.to_string());
        create.send().await.unwrap();
        let put = self.iam.put_role_policy().role_name(role);
        let put = put.policy_name("everything").policy_document(everything);
        put.send().await.unwrap();
    }

    async fn role(&self, name: &str, tags: Vec<(&'static str, String)>) {
        let tag = |(key, value): (&str, String)| {
            let tag = aws_sdk_iam::types::Tag::builder().key(key).value(value);
            tag.build().unwrap()
        };
        let request = self.iam.create_role().role_name(name);
        request
            .assume_role_policy_document(TRUST)
            .set_tags(Some(tags.into_iter().map(tag).collect()))
            .send()
            .await
            .unwrap();
    }

    async fn attach(&self, role: &str) {
        let request = self.iam.attach_role_policy().role_name(role);
        request.policy_arn(EXECUTION).send().await.unwrap();
    }

    async fn group(&self, name: &str, tags: Vec<(&'static str, String)>) {
        let mut request = self.logs.create_log_group().log_group_name(name);
        for (key, value) in tags {
            request = request.tags(key, value);
        }
        request.send().await.unwrap();
    }

    async fn workspace(&self, alias: &str, tags: Vec<(&'static str, String)>) -> String {
        let tags = tags
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let request = self.amp.create_workspace().alias(alias);
        let answer = request.set_tags(Some(tags)).send().await.unwrap();
        answer.workspace_id
    }

    async fn register(&self, family: &str, tags: Vec<(&'static str, String)>) -> String {
        let container = aws_sdk_ecs::types::ContainerDefinition::builder()
            .name("app")
            .image("quay.io/sim/old")
            .memory(64);
        let tag = |(key, value): (&str, String)| {
            let tag = aws_sdk_ecs::types::Tag::builder();
            tag.key(key).value(value).build()
        };
        let request = self.ecs.register_task_definition().family(family);
        let tags: Vec<_> = tags.into_iter().map(tag).collect();
        let answer = request
            .container_definitions(container.build())
            .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
            .send()
            .await
            .unwrap();
        let arn = answer.task_definition().unwrap().task_definition_arn();
        last_part(arn.unwrap())
    }
}
