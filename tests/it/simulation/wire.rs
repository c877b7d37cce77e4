//! What stands between the SDK and the sandbox: it records every request, asks for small pages, and
//! strikes at a chosen one.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use amp_stack_sandbox::{
    Sandbox,
    service::Input,
    wire::{Request, Service, decode},
};
use aws_smithy_runtime_api::client::{
    http::{
        HttpClient as _, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
        SharedHttpClient, SharedHttpConnector, http_client_fn,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::body::SdkBody;
use tokio::sync::Notify;

use super::{
    consent::{self, Object},
    world::{self, View},
};

/// What happens to the process at a request that alters something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strike {
    /// It is killed before the request leaves.
    KillBefore,
    /// It is killed when the request has had its effect, and before the answer comes.
    KillAfter,
    /// Somebody presses Ctrl-C while it is in flight.
    Interrupt,
}

/// One request of the SDK; attempts of one call are requests of their own.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) service: Service,
    pub(super) operation: String,
    /// The id of the access key that signed it.
    pub(super) key: Option<String>,
    pub(super) is_read: bool,
    pub(super) input: Input,
    /// When it was sent, in ticks: a count of what the wire has seen.
    pub(super) at: u64,
    /// When it was answered, lost or given up; `None` if the process ended before.
    pub(super) ended: Option<u64>,
    /// How it ended, for people: `200`, `lost`, `given up`.
    pub(super) end: String,
    /// What of ours still mentions the thing that this request deletes.
    pub(super) mentioned_by: Vec<String>,
    /// What it alters, as that was when the request left.
    pub(super) objects: Vec<Object>,
}

/// A wire to one sandbox for one run of amp-stack. Clones share it.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    sandbox: Sandbox,
    /// The most items on a page, if the pages are to be small.
    page: Option<u32>,
    /// The number of the request, from 1 and counting those that alter something, at which `Strike`
    /// happens.
    strike: Option<(usize, Strike)>,
    ticks: AtomicU64,
    sent: Mutex<Vec<Sent>>,
    struck: Notify,
}

impl Wire {
    pub(super) fn new(
        sandbox: Sandbox,
        page: Option<u32>,
        strike: Option<(usize, Strike)>,
    ) -> Self {
        Self(Arc::new(Shared {
            sandbox,
            page,
            strike,
            ticks: AtomicU64::new(0),
            sent: Mutex::default(),
            struck: Notify::new(),
        }))
    }

    /// The client for the SDK's configuration.
    pub(super) fn http_client(&self) -> SharedHttpClient {
        let wire = self.clone();
        let inner = self.0.sandbox.http_client();
        http_client_fn(
            move |settings: &HttpConnectorSettings, parts: &RuntimeComponents| {
                SharedHttpConnector::new(Tap {
                    wire: wire.clone(),
                    inner: inner.http_connector(settings, parts),
                })
            },
        )
    }

    /// Returns when the strike has come.
    pub(super) async fn struck(&self) {
        self.0.struck.notified().await;
    }

    /// Everything sent so far.
    pub(super) fn sent(&self) -> Vec<Sent> {
        self.0.sent.lock().unwrap().clone()
    }

    /// The account in which a call with this key is made: a session is in that of its role.
    fn view(&self, key: Option<&str>) -> View {
        let world = self.0.sandbox.world();
        let key = key.unwrap_or_default();
        let mut others = world.others.values();
        let of_session = others.find(|world| {
            let sessions = serde_json::to_string(&world.sts).expect("a world is JSON");
            sessions.contains(&format!("\"{key}\""))
        });
        View::of(of_session.unwrap_or(&world))
    }

    fn tick(&self) -> u64 {
        self.0.ticks.fetch_add(1, Ordering::Relaxed)
    }

    /// Enters a request; says where it stands in the record, and what strikes at it.
    fn enter(&self, request: &HttpRequest) -> (usize, Option<Strike>) {
        let call = decode(&plain(request)).expect("the SDK sends what the sandbox understands");
        let view = || self.view(call.key.as_deref());
        let mentioned_by = world::mentions(&call, view);
        let objects = consent::objects(&call, view);
        let mut sent = self.0.sent.lock().unwrap();
        sent.push(Sent {
            objects,
            service: call.service,
            // What a session is for is said by its calls.
            is_read: call.is_read() || call.service == Service::Sts,
            operation: call.operation,
            key: call.key,
            input: call.input,
            at: self.tick(),
            ended: None,
            end: "given up".to_owned(),
            mentioned_by,
        });
        let altering = sent.iter().filter(|sent| !sent.is_read).count();
        let is_read = sent.last().is_some_and(|sent| sent.is_read);
        let strike = self.0.strike.filter(|(at, _)| !is_read && *at == altering);
        (sent.len() - 1, strike.map(|(_, strike)| strike))
    }
}

/// Notes when a request ends, if only because nobody waits for it any longer.
struct Ending {
    wire: Wire,
    index: usize,
}

impl Ending {
    fn is(&self, end: &str) {
        end.clone_into(&mut self.wire.0.sent.lock().unwrap()[self.index].end);
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let tick = self.wire.tick();
        self.wire.0.sent.lock().unwrap()[self.index].ended = Some(tick);
    }
}

#[derive(Debug)]
struct Tap {
    wire: Wire,
    inner: SharedHttpConnector,
}

impl HttpConnector for Tap {
    fn call(&self, mut request: HttpRequest) -> HttpConnectorFuture {
        let (index, strike) = self.wire.enter(&request);
        if let Some(items) = self.wire.0.page {
            shorten_pages(&mut request, items);
        }
        let wire = self.wire.clone();
        let ending = Ending {
            wire: wire.clone(),
            index,
        };
        let answer = self.inner.call(request);
        HttpConnectorFuture::new(async move {
            if strike == Some(Strike::KillBefore) {
                wire.0.struck.notify_one();
                return std::future::pending().await;
            }
            // A request that is under way arrives, whatever becomes of the process that sent it.
            let answer = tokio::spawn(answer);
            if strike == Some(Strike::Interrupt) {
                wire.0.struck.notify_one();
            }
            let answer = answer
                .await
                .map_err(|error| ConnectorError::other(error.into(), None))?;
            if strike == Some(Strike::KillAfter) {
                wire.0.struck.notify_one();
                return std::future::pending().await;
            }
            match &answer {
                Ok(answer) => ending.is(&answer.status().as_u16().to_string()),
                Err(_) => ending.is("lost"),
            }
            answer
        })
    }
}

fn plain(request: &HttpRequest) -> Request {
    let uri = request.uri();
    let path = uri
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    Request {
        method: request.method().to_owned(),
        target: path.unwrap_or("/").to_owned(),
        headers: request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect(),
        body: request.body().bytes().unwrap_or_default().to_vec(),
    }
}

/// Lets every page hold `items` at most: AWS may always answer with fewer than asked for, as its
/// pagination promises no number.
fn shorten_pages(request: &mut HttpRequest, items: u32) {
    let uri = request
        .uri()
        .replace("maxResults=1000", &format!("maxResults={items}"));
    request.set_uri(uri).expect("it differs by a number only");
    let Some(body) = request
        .body()
        .bytes()
        .and_then(|b| std::str::from_utf8(b).ok())
    else {
        return;
    };
    let body = body
        .replace("MaxItems=1000", &format!("MaxItems={items}"))
        .replace("\"maxResults\":100", &format!("\"maxResults\":{items}"))
        .replace(
            "\"ResourcesPerPage\":100",
            &format!("\"ResourcesPerPage\":{items}"),
        );
    *request.body_mut() = SdkBody::from(body);
}
