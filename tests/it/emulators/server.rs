//! Starts an emulator of AWS, moto or our own sandbox, and boto3 from a virtual environment that is
//! made once under `target/`.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::OnceLock,
    thread,
    time::Duration,
};

use serde_json::{Value, json};

/// The account that moto plays, and that the sandbox is given.
pub(crate) const ACCOUNT: &str = "123456789012";

/// The variable that switches these tests off.
const SKIP: &str = "AMP_STACK_SKIP_MOTO";

const REQUIREMENTS: &str = include_str!("../../moto/requirements.txt");

/// Who stands in for AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An emulator that nobody here wrote.
    Moto,
    /// `amp-stack sandbox`.
    Sandbox,
    /// The same on a bad day.
    ChaoticSandbox,
}

/// A running emulator with a state of its own, and a boto3 that talks to it.
pub(crate) struct Emulator {
    pub(crate) endpoint: String,
    server: Child,
    client: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Emulator {
    /// Starts one, or says on standard error that the test is left out and returns `None`.
    pub(crate) fn start(kind: Kind, test: &str) -> Option<Self> {
        let python = python(test)?;
        let (server, endpoint) = match kind {
            Kind::Moto => moto(python),
            Kind::Sandbox => sandbox(&[]),
            Kind::ChaoticSandbox => sandbox(&["--chaos", "11"]),
        };
        Some(Self::with_client(python, server, endpoint))
    }

    /// Starts a sandbox with further arguments, or returns `None` as [`Emulator::start`] does.
    pub(crate) fn of_sandbox(test: &str, arguments: &[&str]) -> Option<Self> {
        let python = python(test)?;
        let (server, endpoint) = sandbox(arguments);
        Some(Self::with_client(python, server, endpoint))
    }

    fn with_client(python: &Path, server: Child, endpoint: String) -> Self {
        let mut client = Command::new(python)
            .arg(script("client.py"))
            .arg(&endpoint)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            endpoint,
            server,
            requests: client.stdin.take().unwrap(),
            answers: BufReader::new(client.stdout.take().unwrap()),
            client,
        }
    }

    /// Ends a sandbox as somebody does who has finished with it, so that it leaves its file whole.
    pub(crate) fn stop(mut self) {
        let id = self.server.id().to_string();
        let asked = Command::new("kill").arg(id).status().unwrap();
        assert!(asked.success());
        self.server.wait().unwrap();
    }

    /// Calls a method of boto3 and returns its answer; the call must succeed.
    #[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
    pub(crate) fn boto(&mut self, service: &str, method: &str, arguments: Value) -> Value {
        let mut reply = self.ask(service, method, &arguments);
        assert_eq!(reply["error"], Value::Null, "{service}.{method}: {reply}");
        reply["answer"].take()
    }

    /// Waits until every workspace is what it should be: creating and deleting take time.
    pub(crate) fn settle(&mut self) {
        for _ in 0..100 {
            let answer = self.boto("amp", "list_workspaces", json!({}));
            let workspaces = answer["workspaces"].as_array().unwrap();
            let is_settled = |w: &Value| w["status"]["statusCode"] == "ACTIVE";
            if workspaces.iter().all(is_settled) {
                return;
            }
            thread::sleep(Duration::from_millis(200));
        }
        panic!("twenty seconds are longer than any workspace takes");
    }

    /// Calls a method of boto3 and returns its answer or its error code.
    #[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
    pub(crate) fn try_boto(
        &mut self,
        service: &str,
        method: &str,
        arguments: Value,
    ) -> Result<Value, String> {
        let mut reply = self.ask(service, method, &arguments);
        match reply["error"].as_str() {
            Some(code) => Err(code.to_owned()),
            None => Ok(reply["answer"].take()),
        }
    }

    fn ask(&mut self, service: &str, method: &str, arguments: &Value) -> Value {
        let request = json!({"service": service, "region": "us-east-1", "method": method, "arguments": arguments});
        writeln!(self.requests, "{request}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        for child in [&mut self.server, &mut self.client] {
            // It may have ended already, which is as good.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The Python with boto3, moto and jsonschema, or `None` and a word on standard error if `test` is
/// left out.
#[expect(
    clippy::disallowed_methods,
    reason = "the switch is an environment variable"
)]
pub(crate) fn python(test: &str) -> Option<&'static Path> {
    if std::env::var(SKIP).is_ok_and(|value| !value.is_empty()) {
        // Not `eprintln!`, which the test runner would swallow.
        let notice = format!("{test}: left out, because {SKIP} is set\n");
        std::io::stderr().write_all(notice.as_bytes()).unwrap();
        return None;
    }
    Some(environment())
}

/// Moto on a free port, and where it is.
fn moto(python: &Path) -> (Child, String) {
    let mut server = Command::new(python)
        .arg(script("serve.py"))
        .env("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut port = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut port)
        .unwrap();
    (server, format!("http://127.0.0.1:{}", port.trim()))
}

/// `amp-stack sandbox` on a free port with further `arguments`, and the endpoint that it says to
/// export.
pub(crate) fn sandbox(arguments: &[&str]) -> (Child, String) {
    sandbox_of(ACCOUNT, arguments)
}

/// The same for an account of one's own.
pub(crate) fn sandbox_of(account: &str, arguments: &[&str]) -> (Child, String) {
    let mut server = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
        .args(["sandbox", "--port", "0", "--account", account])
        .args(arguments)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let endpoint = lines.find_map(|line| {
        let line = line.unwrap();
        let value = line.trim().strip_prefix("export AWS_ENDPOINT_URL=")?;
        Some(value.to_owned())
    });
    (server, endpoint.expect("it says where it is"))
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/moto")
        .join(name)
}

/// The Python of a virtual environment with exactly the pinned packages, made by the first test
/// that needs it.
fn environment() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("moto");
        let python = home.join("bin/python");
        let stamp = home.join("installed.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == REQUIREMENTS) {
            return python;
        }
        // A half-made environment, or one with other versions, is no use.
        let _ = fs::remove_dir_all(&home);
        run(Command::new("python3").args(["-m", "venv"]).arg(&home));
        let requirements = script("requirements.txt");
        run(Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--requirement",
            ])
            .arg(requirements));
        fs::write(&stamp, REQUIREMENTS).unwrap();
        python
    })
}

fn run(command: &mut Command) {
    let help = format!(
        "the tests against emulators need python3 (3.10 or newer) with its venv module and a package index: install them (Debian and Ubuntu: \
         apt-get install python3-venv), or set {SKIP}=1 to leave these tests out"
    );
    match command.output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => panic!(
            "{help}\n{command:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        ),
        Err(error) => panic!("{help}\n{command:?}: {error}"),
    }
}
