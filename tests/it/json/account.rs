//! An account in the sandbox, behind a port that keeps what it was asked, and that can be made to
//! refuse, to throttle and to hold back.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use amp_stack_sandbox::{
    Refusal, Sandbox, Settings,
    connector::Clock,
    wire::{self, Call, Service},
};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    sync::{Notify, Semaphore},
};

/// What happens to an operation that alters something, instead of what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It is refused with this status and code, so many times.
    Refuse(u16, &'static str, usize),
    /// It is held back until it is let go, and then done.
    Hold,
}

/// The account. Its port is closed when it is dropped.
pub(crate) struct Account {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    /// Where its server runs.
    runtime: Runtime,
}

struct Shared {
    sandbox: Sandbox,
    faults: Mutex<BTreeMap<&'static str, Fault>>,
    /// The operations that altered something: `iam:CreateRole`.
    performed: Mutex<Vec<String>>,
    /// Everything that was asked.
    asked: Mutex<Vec<String>>,
    held: Notify,
    let_go: Semaphore,
}

impl Account {
    /// An empty account, in which every look at the clock shows a minute more: nothing has to be
    /// waited for.
    pub(crate) fn hasty() -> Self {
        Self::new(60_000)
    }

    /// An empty account, in which every look at the clock shows a second more.
    pub(crate) fn slow() -> Self {
        Self::new(1_000)
    }

    fn new(millis_per_look: u64) -> Self {
        let now_millis = AtomicU64::new(1_767_225_600_000);
        let clock = Clock::new(move || now_millis.fetch_add(millis_per_look, Ordering::Relaxed));
        let settings = Settings {
            clock,
            ..Settings::default()
        };
        let shared = Arc::new(Shared {
            sandbox: Sandbox::open(settings).expect("a sandbox without a file opens"),
            faults: Mutex::default(),
            performed: Mutex::default(),
            asked: Mutex::default(),
            held: Notify::new(),
            let_go: Semaphore::new(0),
        });
        let runtime = Runtime::new().unwrap();
        let address = (Ipv4Addr::LOCALHOST, 0);
        let listener = runtime.block_on(TcpListener::bind(address)).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(serve(listener, Arc::clone(&shared)));
        Self {
            endpoint,
            shared,
            runtime,
        }
    }

    /// What happens in it.
    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.shared.sandbox
    }

    /// From now on `operation` meets with `fault`.
    pub(crate) fn fault(&self, operation: &'static str, fault: Fault) {
        let mut faults = self.shared.faults.lock().unwrap();
        faults.insert(operation, fault);
    }

    /// Waits until an operation is held back.
    pub(crate) fn wait_for_held(&self) {
        self.runtime.block_on(self.shared.held.notified());
    }

    /// Lets what is held back go on.
    pub(crate) fn let_go(&self) {
        self.shared.let_go.add_permits(1);
    }

    /// What was asked since this was asked last, in order.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.asked.lock().unwrap())
    }

    /// What altered something since this was asked last, in order.
    pub(crate) fn performed(&self) -> Vec<String> {
        std::mem::take(&mut *self.shared.performed.lock().unwrap())
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(&shared, request));
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A program that was asked to leave breaks connections off.
            _ = connection.await;
        });
    }
}

async fn respond(
    shared: &Shared,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let headers = parts.headers.iter();
    let request = wire::Request {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().unwrap().to_string(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    };
    let call = wire::decode(&request).expect("the SDK's requests are sound");
    let answer = shared.answer(&request, &call).await;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    Ok(response.body(Full::from(answer.body)).unwrap())
}

impl Shared {
    async fn answer(&self, request: &wire::Request, call: &Call) -> wire::Response {
        let operation = operation(call);
        self.asked.lock().unwrap().push(operation.clone());
        match self.strike(&operation) {
            Some(Fault::Refuse(status, code, _)) => {
                let refusal = Refusal::new(status, code, format!("{operation} is refused"));
                return wire::encode(
                    call.service.dialect(),
                    &call.operation,
                    "00000000-0000-0000-0000-000000000000",
                    &Err(refusal),
                );
            }
            Some(Fault::Hold) => {
                self.held.notify_one();
                self.let_go.acquire().await.unwrap().forget();
            }
            None => {}
        }
        let answer = self.sandbox.respond(request).await.unwrap();
        if answer.status < 300 && !call.is_read() {
            self.performed.lock().unwrap().push(operation);
        }
        answer
    }

    /// What happens to `operation` this time.
    fn strike(&self, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let fault = faults.get_mut(operation)?;
        let now = *fault;
        match fault {
            Fault::Refuse(_, _, 0) => return None,
            Fault::Refuse(_, _, times) => *times -= 1,
            Fault::Hold => {}
        }
        Some(now)
    }
}

/// The operation, as IAM spells it in policies.
fn operation(call: &Call) -> String {
    let service = match call.service {
        Service::Iam => "iam",
        Service::Sts => "sts",
        Service::Ecs => "ecs",
        Service::Logs => "logs",
        Service::Amp => "aps",
        Service::Tagging => "tag",
        Service::CloudWatch => "cloudwatch",
        service @ (Service::Secrets
        | Service::Ssm
        | Service::Kms
        | Service::Ecr
        | Service::Efs
        | Service::Quotas) => service.signing_name(),
    };
    format!("{service}:{}", call.operation)
}
