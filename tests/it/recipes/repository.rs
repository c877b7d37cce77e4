//! A repository that is laid out as the page says, and shells that work in clones of it.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

use crate::run::Bench;

/// The stack file of the recipes. Its variable has to be given.
pub(super) const CHECKOUT: &str = r#"[stack]
name   = "checkout"
region = "us-east-1"

[variables]
image_tag = { description = "the tag of the application's image" }

[workspace]
alias           = "checkout"
prevent_destroy = false

[log_groups.app]
name           = "/ecs/checkout/app"
retention_days = 30

[roles.task]
name = "CheckoutTask"

[roles.execution]
name             = "CheckoutExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.checkout]
requires_compatibilities = ["FARGATE"]
cpu                      = 256
memory                   = 512
task_role                = "task"
execution_role           = "execution"

[task_definitions.checkout.containers.app]
image         = "111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:${var.image_tag}"
port_mappings = [{ container_port = 8080 }]
logs          = "app"

[task_definitions.checkout.metrics]
scrape = [{ port = 8080 }]
logs   = "app"
"#;

/// YAML as JSON values.
pub(super) fn yaml(text: &str) -> Value {
    let documents = Yaml::load_from_str(text).expect("the page holds YAML");
    value(&documents[0])
}

fn value(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Boolean(is_so)) => Value::from(*is_so),
        Yaml::Value(Scalar::Integer(number)) => Value::from(*number),
        Yaml::Value(Scalar::FloatingPoint(number)) => Value::from(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => Value::from(text.as_ref()),
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Sequence(items) => items.iter().map(value).collect(),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, one)| {
                let key = value(key);
                (
                    key.as_str().map_or_else(|| key.to_string(), str::to_owned),
                    value(one),
                )
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        Yaml::Representation(..) | Yaml::Tagged(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("recipes hold plain YAML, not {node:?}")
        }
    }
}

/// A repository with one stack file, under version control.
pub(super) struct Repository {
    /// Where it is, and everything that is cloned from it.
    bench: Bench,
}

impl Repository {
    pub(super) fn new(name: &str, stack: &str) -> Self {
        let repository = Self {
            bench: Bench::new(name),
        };
        fs::create_dir_all(repository.origin().join("stacks")).unwrap();
        git(
            &repository.origin(),
            &["init", "--quiet", "--initial-branch=main"],
        );
        repository.commit(stack);
        repository
    }

    fn origin(&self) -> PathBuf {
        self.bench.path("origin")
    }

    /// Commits another stack file.
    pub(super) fn commit(&self, stack: &str) {
        fs::write(self.origin().join("stacks/checkout.toml"), stack).unwrap();
        git(&self.origin(), &["add", "."]);
        git(
            &self.origin(),
            &["commit", "--quiet", "--message", "change the stack"],
        );
    }

    /// The newest commit.
    pub(super) fn head(&self) -> String {
        git(&self.origin(), &["rev-parse", "HEAD"])
    }

    pub(super) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.origin().join(file)).unwrap()
    }

    /// A fresh directory beside the repository.
    pub(super) fn empty(&self, name: &str) -> PathBuf {
        let path = self.bench.path(name);
        if path.exists() {
            fs::remove_dir_all(&path).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        path
    }

    /// A fresh clone.
    pub(super) fn clone_of(&self, name: &str) -> PathBuf {
        let path = self.empty(name);
        self.clone_into(&path);
        path
    }

    pub(super) fn clone_into(&self, path: &Path) {
        let origin = self.origin().display().to_string();
        git(path, &["clone", "--quiet", &origin, "."]);
    }

    /// Puts a program of the runner's image on the path.
    pub(super) fn install(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.tools().join(name);
        fs::create_dir_all(self.tools()).unwrap();
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn tools(&self) -> PathBuf {
        self.bench.path("tools")
    }

    /// Runs a script as the runners do: in a shell that ends with the first command that fails,
    /// with this environment and amp-stack on the path.
    pub(super) fn shell(
        &self,
        script: &str,
        directory: &Path,
        environment: &[(String, String)],
    ) -> Output {
        let binary = Path::new(env!("CARGO_BIN_EXE_amp-stack"));
        let mut path = vec![self.tools(), binary.parent().unwrap().to_owned()];
        path.extend(env::split_paths(&env::var_os("PATH").unwrap()));
        let nowhere = self.bench.path("none");
        Command::new("bash")
            .args(["-e", "-c", script])
            .current_dir(directory)
            .env_clear()
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.bench.path("home"))
            .env("AWS_CONFIG_FILE", &nowhere)
            .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

/// What leads to the sandbox, once a job has credentials.
pub(super) fn credentials(endpoint: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
        ("AWS_REGION", "us-east-1"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// Runs git as somebody without settings, and returns what it prints.
fn git(directory: &Path, words: &[&str]) -> String {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=Somebody",
            "-c",
            "user.email=somebody@example.com",
        ])
        .args(words)
        .current_dir(directory)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {words:?}: {text}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
