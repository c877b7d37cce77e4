//! A real Prometheus on the loopback address, if there is one on this machine.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// The labels of a series, its name under `__name__`.
pub(crate) type Labels = BTreeMap<String, String>;
/// Series, each with its samples: times in milliseconds since 1970, and values.
pub(crate) type Written = Vec<(Labels, Vec<(u64, f64)>)>;

/// A server of its own, which ends with the test.
pub(crate) struct Prometheus {
    child: Child,
    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) address: String,
    dir: PathBuf,
}

impl Prometheus {
    /// Starts one that takes remote writes, or says on standard error that `test` is left out.
    pub(crate) fn start(test: &str) -> Option<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        if let Err(error) = Command::new("prometheus").arg("--version").output() {
            // Not `eprintln!`, which the test runner would swallow.
            let notice = format!("{test}: left out, because there is no `prometheus`: {error}\n");
            std::io::stderr().write_all(notice.as_bytes()).unwrap();
            return None;
        }
        for _ in 0..5 {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
                .join(format!("prometheus-{}-{count}", std::process::id()));
            fs::create_dir_all(&dir).unwrap();
            fs::write(dir.join("prometheus.yml"), "").unwrap();
            // It takes no free port by itself; somebody else may be faster, so it is tried again.
            let address = {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                listener.local_addr().unwrap().to_string()
            };
            let child = Command::new("prometheus")
                .arg(format!(
                    "--config.file={}",
                    dir.join("prometheus.yml").display()
                ))
                .arg(format!(
                    "--storage.tsdb.path={}",
                    dir.join("data").display()
                ))
                .arg(format!("--web.listen-address={address}"))
                .args(["--web.enable-remote-write-receiver", "--log.level=error"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut server = Self {
                child,
                address,
                dir,
            };
            if server.is_ready() {
                return Some(server);
            }
        }
        panic!("a Prometheus that is installed does not start");
    }

    fn is_ready(&mut self) -> bool {
        for _ in 0..300 {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let answer = send(&self.address, "GET", "/-/ready", &[], b"");
            if answer.is_ok_and(|(status, _)| status == 200) {
                return true;
            }
            thread::sleep(Duration::from_millis(100));
        }
        false
    }

    /// What it answers to a query of `path` with these parameters: the status and the document.
    pub(crate) fn ask(&self, path: &str, parameters: &[(&str, String)]) -> (u16, Value) {
        let pairs = parameters.iter().map(|(name, value)| {
            format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
        });
        let target = format!("/api/v1/{path}?{}", pairs.collect::<Vec<_>>().join("&"));
        let (status, body) = send(&self.address, "GET", &target, &[], b"").unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    /// Writes samples.
    pub(crate) fn write(&self, series: &Written) {
        let headers = [
            ("content-encoding", "snappy"),
            ("content-type", "application/x-protobuf"),
            ("x-prometheus-remote-write-version", "0.1.0"),
        ];
        let body = remote_write(series);
        let (status, said) = send(&self.address, "POST", "/api/v1/write", &headers, &body).unwrap();
        assert_eq!(status, 204, "{}", String::from_utf8_lossy(&said));
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// Sends a request in HTTP/1.0, whose answers come in one piece; returns the status and the body.
fn send(
    address: &str,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address)?;
    let headers = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let head = format!(
        "{method} {target} HTTP/1.0\r\nhost: {address}\r\ncontent-length: {}\r\n{}\r\n",
        body.len(),
        headers.collect::<String>()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let text = String::from_utf8_lossy(&answer);
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
    match (status, end) {
        (Some(status), Some(end)) => Ok((status, answer[end + 4..].to_vec())),
        _ => Err(std::io::ErrorKind::InvalidData.into()),
    }
}

/// The body of a remote write of these samples (Prometheus documentation, "Prometheus Remote-Write
/// 1.0 specification").
pub(crate) fn remote_write(series: &Written) -> Vec<u8> {
    let message = series.iter().flat_map(|(labels, samples)| {
        let labels = labels.iter().flat_map(|(name, value)| {
            let label = [field(1, name.as_bytes()), field(2, value.as_bytes())].concat();
            field(1, &label)
        });
        let samples = samples.iter().flat_map(|(time, value)| {
            let sample = [&[9][..], &value.to_le_bytes(), &[16], &varint(*time)].concat();
            field(2, &sample)
        });
        field(1, &labels.chain(samples).collect::<Vec<u8>>())
    });
    let message: Vec<u8> = message.collect();
    snap::raw::Encoder::new().compress_vec(&message).unwrap()
}

fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2][..], &varint(bytes.len() as u64), bytes].concat()
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(number & 0x7f).unwrap();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
