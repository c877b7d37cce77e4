//! What amp-stack asks of AWS: how many calls a plan takes, and that it sees what AWS is late to
//! list.

mod believed;
mod digests;
mod independent;
mod pace;
mod scale;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use amp_stack::{
    apply::{Outcome, apply},
    aws::Aws,
    cloud::Cloud as _,
    kinds::Resource,
    plan::{Plan, Reason, plan},
    run::{PlanRequest, StackTarget},
    stack::Stack,
};
use amp_stack_sandbox::{Faults, Sandbox, Settings, connector::Clock};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::types::{AwsVpcConfiguration, LaunchType, NetworkConfiguration};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::{HttpRequest, HttpResponse},
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use tokio::sync::watch;

use crate::{
    samples::{self, group, group_at, options},
    stacks,
};

type Counts = BTreeMap<String, usize>;

/// Counts what passes. When it is `late`, the tagging API has not heard of anything yet. It may
/// refuse an operation whose request says something.
#[derive(Clone, Debug)]
struct Tap {
    inside: SharedHttpClient,
    counts: Arc<Mutex<Counts>>,
    late: bool,
    refuses: Option<(&'static str, &'static str)>,
}

#[derive(Debug)]
struct Tapped {
    inside: SharedHttpConnector,
    tap: Tap,
}

impl HttpClient for Tap {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Tapped {
            inside: self.inside.http_connector(settings, components),
            tap: self.clone(),
        })
    }
}

impl HttpConnector for Tapped {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let operation = operation(&request);
        let body = request.body().bytes().unwrap_or_default();
        let body = String::from_utf8_lossy(body);
        let answer = match self.tap.refuses {
            Some((refused, text)) if operation == refused && body.contains(text) => Some((
                400_u16,
                r#"{"__type": "AccessDeniedException", "message": "you may not"}"#,
            )),
            Some(_) | None if self.tap.late && operation == "GetResources" => {
                Some((200, r#"{"ResourceTagMappingList": []}"#))
            }
            Some(_) | None => None,
        };
        *self
            .tap
            .counts
            .lock()
            .unwrap()
            .entry(operation)
            .or_default() += 1;
        if let Some((status, body)) = answer {
            let body = SdkBody::from(body);
            let status = status.try_into().unwrap();
            return HttpConnectorFuture::ready(Ok(HttpResponse::new(status, body)));
        }
        self.inside.call(request)
    }
}

/// `ListRoles` or, for the REST protocol, `GET workspaces/ID/logging`.
fn operation(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap().to_owned();
    }
    let body = request.body().bytes().unwrap_or_default();
    let body = String::from_utf8_lossy(body);
    if let Some(query) = body.strip_prefix("Action=") {
        return query.split('&').next().unwrap().to_owned();
    }
    let path = request.uri().split_once("://").unwrap().1;
    let path = path.split('?').next().unwrap().split('/').skip(1);
    let path: Vec<&str> = path
        .map(|part| if part.starts_with("ws-") { "ID" } else { part })
        .collect();
    format!("{} {}", request.method(), path.join("/"))
}

/// A sandbox, and AWS as somebody sees it who looks into it.
struct Place {
    sandbox: Sandbox,
    region: String,
}

impl Place {
    fn new(stack: &Stack, faults: Option<Faults>) -> Self {
        let settings = Settings {
            account: stack.identity.account.clone(),
            clock: Clock::tokio(1_800_000_000_000),
            faults,
            ..Settings::default()
        };
        Self {
            sandbox: Sandbox::open(settings).unwrap(),
            region: stack.identity.region.clone(),
        }
    }

    fn aws(&self, late: bool) -> (Arc<Aws>, Arc<Mutex<Counts>>) {
        self.tapped(late, None)
    }

    /// AWS, where `operation` is refused if its request says `text`.
    fn aws_that_refuses(
        &self,
        operation: &'static str,
        text: &'static str,
    ) -> (Arc<Aws>, Arc<Mutex<Counts>>) {
        self.tapped(false, Some((operation, text)))
    }

    fn tapped(
        &self,
        late: bool,
        refuses: Option<(&'static str, &'static str)>,
    ) -> (Arc<Aws>, Arc<Mutex<Counts>>) {
        let counts = Arc::default();
        let tap = Tap {
            inside: self.sandbox.http_client(),
            counts: Arc::clone(&counts),
            late,
            refuses,
        };
        let credentials = Credentials::new("AKIASANDBOX", "secret", None, None, "sandbox");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(tap)
            .build();
        (Arc::new(Aws::new(&sdk)), counts)
    }

    /// ECS as somebody else uses it.
    fn ecs(&self) -> aws_sdk_ecs::Client {
        let credentials = Credentials::new("AKIASANDBOX", "secret", None, None, "sandbox");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.sandbox.http_client())
            .build();
        aws_sdk_ecs::Client::new(&sdk)
    }
}

async fn carry_out(plan: Plan, aws: &Arc<Aws>, run_id: &str) -> Outcome {
    assert_eq!(plan.refusals, []);
    let (_stop, stopped) = watch::channel(false);
    let options = amp_stack::apply::Options {
        run_id: run_id.to_owned(),
        ..options()
    };
    let outcome = apply(Arc::new(plan), Arc::clone(aws), options, stopped, |_| ()).await;
    assert!(outcome.is_complete(), "{:?}", outcome.failed);
    outcome
}

async fn build(stack: &Stack, aws: &Arc<Aws>) {
    let live = aws.observe(&stack.query(false)).await.unwrap();
    carry_out(plan(stack, &live), aws, stack.name.as_str()).await;
}

async fn destroy(stack: &Stack, aws: &Arc<Aws>) -> Outcome {
    let live = aws.observe(&stack.query_to_destroy()).await.unwrap();
    carry_out(plan(&stack.clone().emptied(), &live), aws, "destroy").await
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_the_quick_start_takes_seven_calls() {
    let stack = stacks::stack("quickstart.toml");
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let (aws, counts) = place.aws(false);
    let live = aws.observe(&stack.query(false)).await.unwrap();
    let plan = plan(&stack, &live);
    assert!(plan.is_empty(), "{plan:?}");
    let each_once = [
        "ListRoles",
        "GetAccountAuthorizationDetails",
        "GET workspaces",
        "GET workspaces/ID/logging",
        "GetResources",
        "DescribeLogGroups",
        "ListTaskDefinitions",
    ];
    let counts = counts.lock().unwrap().clone();
    let spelled = counts
        .iter()
        .map(|(operation, count)| (operation.as_str(), *count));
    let expected: BTreeMap<&str, usize> = each_once.map(|operation| (operation, 1)).into();
    assert_eq!(spelled.collect::<BTreeMap<_, _>>(), expected);
}

/// A plan of the stack as a user makes it, with a second reading where that is needed.
async fn planned(stack: &Stack, aws: &Arc<Aws>, destroy: bool) -> Plan {
    let target = StackTarget {
        path: "stack.toml".into(),
        stack: stack.clone(),
        cloud: Arc::clone(aws),
        only: None,
        leave: BTreeSet::new(),
    };
    let request = PlanRequest {
        targets: std::slice::from_ref(&target),
        destroy,
        explain: false,
    };
    amp_stack::run::plan(&request).await.unwrap().remove(0).plan
}

/// Who needs what the refusals are about.
fn needed_by(plan: &Plan) -> BTreeMap<String, Vec<String>> {
    let refusals = plan.refusals.iter();
    let needed = refusals.filter_map(|refusal| {
        let Reason::InUse { by, .. } = &refusal.reason else {
            return None;
        };
        Some((refusal.address.to_string(), by.clone()))
    });
    needed.collect()
}

/// Only what is about to go is looked for in what runs, and what runs holds on to all that it
/// needs.
#[tokio::test(start_paused = true)]
async fn what_runs_is_read_once_and_only_when_something_goes() {
    let mut stack = stacks::stack("quickstart.toml");
    for declared in stack.resources.values_mut() {
        declared.lifecycle.prevent_destroy = false;
    }
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let ecs = place.ecs();
    ecs.create_cluster()
        .cluster_name("prod")
        .send()
        .await
        .unwrap();
    let family = stack.resources.values().find_map(|declared| {
        let want = declared.want.as_ref()?.task_definition()?;
        Some(want.family.clone())
    });
    let family = family.unwrap();
    let network = AwsVpcConfiguration::builder()
        .subnets("subnet-1")
        .build()
        .unwrap();
    let network = NetworkConfiguration::builder()
        .awsvpc_configuration(network)
        .build();
    let service = ecs
        .create_service()
        .cluster("prod")
        .service_name("shop")
        .desired_count(1);
    let service = service
        .launch_type(LaunchType::Fargate)
        .network_configuration(network);
    service.task_definition(&family).send().await.unwrap();

    let (aws, counts) = place.aws(false);
    let refused = planned(&stack, &aws, true).await;
    let by = vec![format!("service shop in cluster prod ({family}:1)")];
    let everything = stack
        .resources
        .keys()
        .map(|address| (address.to_string(), by.clone()));
    assert_eq!(needed_by(&refused), everything.collect());
    assert_eq!(refused.steps, []);
    let counts = counts.lock().unwrap().clone();
    for (operation, calls) in [
        ("ListClusters", 1),
        ("DescribeClusters", 1),
        ("ListServices", 1),
        ("DescribeServices", 1),
        // The service counts all tasks that run: only those that are stopping are asked for.
        ("ListTasks", 1),
        ("DescribeTasks", 0),
        // The one that runs; the newest is as it is wanted.
        ("DescribeTaskDefinition", 1),
    ] {
        assert_eq!(
            counts.get(operation).copied().unwrap_or_default(),
            calls,
            "{operation}"
        );
    }

    // One role that leaves the file takes a second reading; no removal takes none.
    let (aws, counts) = place.aws(false);
    assert!(planned(&stack, &aws, false).await.is_empty());
    assert_eq!(counts.lock().unwrap().get("ListClusters"), None);
    let mut fewer = stack.clone();
    let role = stack
        .resources
        .keys()
        .find(|a| a.to_string().starts_with("roles."));
    fewer.resources.remove(role.unwrap());
    let refused = planned(&fewer, &aws, false).await;
    assert_eq!(needed_by(&refused).into_values().collect::<Vec<_>>(), [by]);
    assert_eq!(counts.lock().unwrap().get("ListClusters"), Some(&1));

    // Scaled to zero and drained, the service still needs its revision; deleted, it needs nothing.
    ecs.delete_service()
        .cluster("prod")
        .service("shop")
        .force(true)
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_mins(2)).await;
    let (aws, _) = place.aws(false);
    let made = planned(&stack, &aws, true).await;
    assert_eq!(made.refusals, []);
    assert_eq!(made.steps.len(), stack.resources.len());
}

#[tokio::test(start_paused = true)]
async fn several_stacks_share_what_is_read_of_the_whole_account() {
    let stacks = ["quickstart.toml", "otlp-xray.toml", "ec2.toml"].map(stacks::stack);
    let place = Place::new(&stacks[0], None);
    for stack in &stacks {
        build(stack, &place.aws(false).0).await;
    }
    let (aws, counts) = place.aws(false);
    let queries = stacks.each_ref().map(|stack| stack.query(false));
    let live = aws.observe_all(&queries).await.unwrap();
    for (stack, live) in stacks.iter().zip(&live) {
        let plan = plan(stack, live);
        assert!(plan.is_empty(), "{plan:?}");
    }
    let counts = counts.lock().unwrap().clone();
    for whole in [
        "ListRoles",
        "GetAccountAuthorizationDetails",
        "GET workspaces",
        "GetResources",
    ] {
        assert_eq!(counts.get(whole), Some(&1), "{whole}");
    }
    assert_eq!(counts.get("DescribeTaskDefinition"), None);
}

#[tokio::test(start_paused = true)]
async fn what_was_made_a_moment_ago_is_destroyed_although_no_list_has_it_yet() {
    let stack = stacks::stack("quickstart.toml");
    let place = Place::new(&stack, None);
    let (late, _) = place.aws(true);
    build(&stack, &late).await;
    let outcome = destroy(&stack, &late).await;
    assert_eq!(outcome.done.len(), stack.resources.len());
    let (aws, _) = place.aws(false);
    let left = aws.observe(&stack.query_to_destroy()).await.unwrap();
    assert_eq!(left.found, []);
}
