//! A strict AWS in memory, for people without an account and for tests: one file per service, rules
//! that cite their source.
//!
//! The rules of AWS stand here a second time, on purpose: nothing is shared with the rooms that
//! check stack files and plan, down to the readers of ARNs and sizes, or else a mistake in a shared
//! rule would be invisible.
//!
//! Every service is a synchronous function from the [`World`], a [`Context`] and a decoded
//! [`service::Input`] to an answer or a refusal. It does no I/O, reads no clock and draws no random
//! number of its own: time and fresh ids come from the context, so that a run can be repeated bit
//! by bit. Protocols (awsQuery, awsJson, restJson) are translated to and from JSON values in front
//! of the services.
//!
//! # In your own tests
//!
//! A sandbox is an HTTP client for SDK clients, in the same process: no port, no credentials, no
//! network.
//!
//! ```
//! use amp_stack_sandbox::{Sandbox, Settings};
//! use aws_sdk_sts::config::{BehaviorVersion, Credentials, Region};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let sandbox = Sandbox::open(Settings::default())?;
//! let config = aws_sdk_sts::Config::builder()
//!     .behavior_version(BehaviorVersion::latest())
//!     .region(Region::new("us-east-1"))
//!     .credentials_provider(Credentials::new("test", "test", None, None, "test"))
//!     .http_client(sandbox.http_client())
//!     .build();
//! let caller = aws_sdk_sts::Client::from_conf(config)
//!     .get_caller_identity()
//!     .send()
//!     .await?;
//! assert_eq!(caller.account(), Some("111122223333"));
//! # Ok(())
//! # }
//! ```
//!
//! `Settings` choose the account, a file to keep the world in, and faults; `Sandbox::world` shows
//! what there is.
//!
//! For clients in other processes and other languages a [`server::Server`] answers on the loopback
//! address, as `amp-stack sandbox` does: they are given `AWS_ENDPOINT_URL`, a region and any
//! credentials.
//!
//! ```
//! use amp_stack_sandbox::{Sandbox, Settings, server::Server};
//! use tokio::{
//!     io::{AsyncReadExt, AsyncWriteExt},
//!     net::TcpStream,
//!     sync::oneshot,
//! };
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Port 0 takes any that is free.
//! let server = Server::bind(0).await?;
//! let address = server.address()?;
//! let sandbox = Sandbox::open(Settings::default())?;
//! let (stop, stopped) = oneshot::channel::<()>();
//! let serving = tokio::spawn(server.run(sandbox.clone(), async {
//!     stopped.await.ok();
//! }));
//!
//! // What `aws sts get-caller-identity --endpoint-url http://ADDRESS` sends.
//! let body = "Action=GetCallerIdentity&Version=2011-06-15";
//! let scope = "Credential=test/20260101/us-east-1/sts/aws4_request";
//! let request = format!(
//!     "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
//!      authorization: AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=none\r\n\
//!      content-type: application/x-www-form-urlencoded\r\n\
//!      content-length: {}\r\n\r\n{body}",
//!     body.len()
//! );
//! let mut client = TcpStream::connect(address).await?;
//! client.write_all(request.as_bytes()).await?;
//! let mut answer = String::new();
//! client.read_to_string(&mut answer).await?;
//! assert!(answer.contains("<Account>111122223333</Account>"), "{answer}");
//!
//! stop.send(()).ok();
//! serving.await?;
//! # Ok(())
//! # }
//! ```

#![cfg_attr(
    test,
    expect(clippy::too_many_lines, reason = "tables of test cases may be long")
)]

pub mod amp;
pub mod caller;
pub mod chaos;
mod cloudwatch;
mod collector;
pub mod connector;
pub mod ecs;
pub mod file;
pub mod have;
pub mod iam;
pub mod logs;
mod prometheus;
pub mod quotas;
pub mod rights;
pub mod server;
pub mod service;
pub mod sts;
pub mod tagging;
pub mod wire;
pub mod world;

pub use caller::CallerPolicy;
pub use chaos::Faults;
pub use connector::{Sandbox, Settings};
pub use have::Have;
pub use prometheus::{Sending, Upstream};
pub use quotas::Limit;
pub use rights::Right;
pub use service::{Answer, Context, Refusal};
pub use world::World;
