//! Runs the real binary in a directory of its own.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

/// A directory with stack files, and the environment that the binary runs in.
pub(crate) struct Bench {
    dir: PathBuf,
    environment: Vec<(String, String)>,
}

/// What one run said, and how it ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    /// A new, empty directory, without credentials, and without the configuration of whoever runs
    /// the tests.
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("{name}-{}-{count}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let nowhere = dir.join("none").display().to_string();
        let environment = [
            ("AWS_CONFIG_FILE", nowhere.as_str()),
            ("AWS_SHARED_CREDENTIALS_FILE", &nowhere),
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_REGION", "us-east-1"),
        ];
        let environment = environment
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .to_vec();
        Self { dir, environment }
    }

    /// The same, with credentials that an emulator at `endpoint` takes.
    pub(crate) fn with_endpoint(name: &str, endpoint: &str) -> Self {
        let mut bench = Self::new(name);
        bench.work_on(endpoint);
        bench
    }

    /// From here on, works on the emulator at `endpoint`. Where the sandbox verifies signatures, each
    /// access key is its own secret.
    pub(crate) fn work_on(&mut self, endpoint: &str) {
        for (key, value) in [
            ("AWS_ENDPOINT_URL", endpoint),
            ("AWS_ACCESS_KEY_ID", "sandbox"),
            ("AWS_SECRET_ACCESS_KEY", "sandbox"),
        ] {
            self.environment.push((key.to_owned(), value.to_owned()));
        }
    }

    /// From here on, runs with this variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(other, _)| other != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// The path of a file in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.dir.join(name), text).unwrap();
    }

    /// The binary with `arguments`, ready to run.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_amp-stack"));
        command
            .args(arguments)
            .current_dir(&self.dir)
            .stdin(Stdio::null())
            .env_clear();
        command.envs(self.environment.iter().map(|(k, v)| (k, v)));
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::from(self.command(arguments).output().unwrap())
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A failed test leaves its directory for people to look at.
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    /// Returns whether it said `words`, on either stream and wherever lines were broken.
    pub(crate) fn says(&self, words: &str) -> bool {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        one_line(&self.stdout).contains(words) || one_line(&self.stderr).contains(words)
    }

    /// Asserts the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }
}
