//! Serves a sandbox over HTTP/1.1 on the loopback address, for the AWS CLI, boto3 and other SDKs.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    pin::pin,
    time::Duration,
};

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
};

use crate::{Sandbox, connector::Lost, wire};

/// The longest body that is read: above the largest that the services take (IAM policy documents:
/// 131,072 characters, percent-encoded).
const MAX_BODY_BYTES: usize = 4 * 1024 * 1024;

/// How long requests under way may take to end once the server stops.
const DRAIN: Duration = Duration::from_secs(5);

/// A server that has its port but does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
}

impl Server {
    /// Takes `port` on 127.0.0.1; 0 takes any free one. No other address is ever used: the sandbox
    /// checks no credentials.
    pub async fn bind(port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(Self { listener })
    }

    /// The address that clients connect to.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests until `stop` is done, then lets those under way end.
    pub async fn run(self, sandbox: Sandbox, stop: impl Future<Output = ()>) {
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve(stream, sandbox.clone(), stopped.clone()));
                    }
                    // Out of file descriptors, or the peer was gone already: neither is a reason to
                    // end.
                    Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(self.listener);
        stopping.send_replace(true);
        let drained = async { while connections.join_next().await.is_some() {} };
        // What hangs longer is cut off when the set is dropped.
        tokio::time::timeout(DRAIN, drained).await.ok();
    }
}

async fn serve(stream: TcpStream, sandbox: Sandbox, mut stopped: watch::Receiver<bool>) {
    let service = service_fn(|request| respond(&sandbox, request));
    let mut connection =
        pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    let stopping = async move {
        // An error means that the sender is gone, which is a stop as well.
        stopped.wait_for(|stopped| *stopped).await.ok();
    };
    // How a connection ends is its client's business.
    tokio::select! {
        _ = connection.as_mut() => {}
        () = stopping => {
            connection.as_mut().graceful_shutdown();
            connection.await.ok();
        }
    }
}

/// An error here makes hyper close the connection without an answer, which is what a lost
/// connection looks like.
async fn respond(
    sandbox: &Sandbox,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Lost> {
    let (parts, body) = request.into_parts();
    let body = match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => {
            return Ok(plain(StatusCode::PAYLOAD_TOO_LARGE));
        }
        Err(_) => return Err(Lost),
    };
    let headers: BTreeMap<String, String> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        })
        .collect();
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", |target| target.as_str());
    let answer = sandbox
        .respond(&wire::Request {
            method: parts.method.as_str().to_owned(),
            target: target.to_owned(),
            headers,
            body: body.to_vec(),
        })
        .await?;
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    Ok(response
        .body(Full::from(answer.body))
        .unwrap_or_else(|_| plain(StatusCode::INTERNAL_SERVER_ERROR)))
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
