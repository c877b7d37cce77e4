//! The sandbox behind the SDK's own clients, and behind a socket.

use amp_stack_sandbox::{Faults, Sandbox, Settings, server::Server};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::oneshot,
};

use crate::sandbox_client::{config, quiet};

#[tokio::test]
async fn the_sdk_gets_its_answers_without_a_socket() {
    let sts = aws_sdk_sts::Client::new(&config(&quiet()));
    let identity = sts
        .get_caller_identity()
        .send()
        .await
        .expect("the sandbox answers");
    assert_eq!(identity.account(), Some("111122223333"));
    assert_eq!(identity.arn(), Some("arn:aws:iam::111122223333:root"));
}

#[tokio::test]
async fn one_connection_serves_many_requests_until_the_server_stops() {
    let server = Server::bind(0).await.expect("a free port");
    let address = server.address().expect("bound");
    assert!(address.ip().is_loopback());
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(quiet(), async {
        stopped.await.ok();
    }));

    let mut stream = TcpStream::connect(address).await.expect("listening");
    for _ in 0..2 {
        let request = get_caller_identity();
        stream.write_all(request.as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"</GetCallerIdentityResponse>") {
            assert_ne!(stream.read_buf(&mut answer).await.expect("an answer"), 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
    }

    stop.send(()).expect("still running");
    running.await.expect("the server ends by itself");
    let mut rest = Vec::new();
    assert_eq!(stream.read_to_end(&mut rest).await.expect("closed"), 0);
    TcpStream::connect(address)
        .await
        .expect_err("no longer listening");
}

#[tokio::test]
async fn a_lost_answer_is_a_closed_connection() {
    let sandbox = Sandbox::open(Settings {
        faults: Some(Faults {
            lost_before: 1.0,
            ..Faults::none(1)
        }),
        ..Settings::default()
    })
    .expect("a sandbox without a file opens");
    let server = Server::bind(0).await.expect("a free port");
    let address = server.address().expect("bound");
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(server.run(sandbox, async {
        stopped.await.ok();
    }));
    let mut stream = TcpStream::connect(address).await.expect("listening");
    stream
        .write_all(get_caller_identity().as_bytes())
        .await
        .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok();
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    stop.send(()).expect("still running");
    running.await.expect("the server ends by itself");
}

/// A request of STS, signed by nobody in particular.
fn get_caller_identity() -> String {
    let body = "Action=GetCallerIdentity&Version=2011-06-15";
    format!(
        "POST / HTTP/1.1\r\nhost: sandbox\r\ncontent-length: {}\r\nauthorization: AWS4-HMAC-SHA256 \
         Credential=A/20260101/us-east-1/sts/aws4_request\r\n\r\n{body}",
        body.len()
    )
}
