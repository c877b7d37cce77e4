//! What amp-stack asks of AWS: how many calls a plan takes, and that it sees what AWS is late to
//! list.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use amp_stack::{
    apply::{Outcome, apply},
    aws::Aws,
    cloud::Cloud as _,
    kinds::Resource,
    plan::{Plan, plan},
    stack::Stack,
};
use amp_stack_sandbox::{Faults, Sandbox, Settings, connector::Clock};
use aws_config::{BehaviorVersion, Region, SdkConfig};
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

/// Counts what passes. When it is `late`, the tagging API has not heard of anything yet.
#[derive(Clone, Debug)]
struct Tap {
    inside: SharedHttpClient,
    counts: Arc<Mutex<Counts>>,
    late: bool,
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
        let is_answered_here = self.tap.late && operation == "GetResources";
        *self
            .tap
            .counts
            .lock()
            .unwrap()
            .entry(operation)
            .or_default() += 1;
        if is_answered_here {
            let body = SdkBody::from(r#"{"ResourceTagMappingList": []}"#);
            let status = 200_u16.try_into().unwrap();
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
        let counts = Arc::default();
        let tap = Tap {
            inside: self.sandbox.http_client(),
            counts: Arc::clone(&counts),
            late,
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
async fn a_plan_of_the_quick_start_takes_nine_calls() {
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
        "GET workspaces/ID",
        "GET workspaces/ID/logging",
        "GetResources",
        "DescribeLogGroups",
        "ListTaskDefinitions",
        "DescribeTaskDefinition",
    ];
    let counts = counts.lock().unwrap().clone();
    let spelled = counts
        .iter()
        .map(|(operation, count)| (operation.as_str(), *count));
    let expected: BTreeMap<&str, usize> = each_once.map(|operation| (operation, 1)).into();
    assert_eq!(spelled.collect::<BTreeMap<_, _>>(), expected);
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
    assert_eq!(counts.get("DescribeTaskDefinition"), Some(&stacks.len()));
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

#[tokio::test(start_paused = true)]
async fn sixty_log_groups_come_and_go_at_the_rates_that_aws_allows() {
    let groups = (0..60).map(|n| {
        let key = format!("g{n}");
        (
            group_at(&key),
            Resource::LogGroup(group(&format!("/{key}"))),
        )
    });
    let stack = samples::stack(groups);
    let faults = Faults {
        rates: true,
        ..Faults::none(1)
    };
    let place = Place::new(&stack, Some(faults));
    let (aws, counts) = place.aws(false);
    build(&stack, &aws).await;
    let live = aws.observe(&stack.query(false)).await.unwrap();
    assert!(plan(&stack, &live).is_empty());
    assert_eq!(counts.lock().unwrap().get("ListTagsForResource"), None);
    destroy(&stack, &aws).await;
    let left = aws.observe(&stack.query_to_destroy()).await.unwrap();
    assert_eq!(left.found, []);
    assert!(place.sandbox.tally().throttled > 0);
}
