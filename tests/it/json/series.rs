//! Runs that together print every event there is.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read},
    process::{Command, Stdio},
    sync::LazyLock,
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::types::{
    AwsVpcConfiguration, ContainerDefinition, LaunchType, NetworkConfiguration,
};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};

use crate::{
    json::account::{Account, Fault},
    preflight::only_has,
    run::{Bench, Run},
};

/// Values that are secret by their names, and by what stands before them.
pub(super) const SECRETS: [&str; 4] = [
    "hunter2-variable",
    "hunter2-argument",
    "hunter2-label",
    "hunter2-output",
];

pub(super) const STACK: &str = r#"
[stack]
name = "shop"
region = "us-east-1"

[log_groups.app]
name = "/ecs/shop"
retention_days = 30
tags = { ApiToken = "hunter2-label" }

[roles.execution]
name = "ShopExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[roles.task]
name = "ShopTask"

[roles.task.inline_policies.queue]
Version = "2012-10-17"
Statement = [{ Sid = "Send", Effect = "Allow", Action = "sqs:SendMessage", Resource = "*" }]

[outputs]
task_role = { value = "${roles.task.arn}", description = "what the application may do" }
handle = { value = "hunter2-output", secret = true }

[task_definitions.web]
requires_compatibilities = ["FARGATE"]
cpu = "256"
memory = "512"
task_role = "task"
execution_role = "execution"

[task_definitions.web.containers.app]
image = "app:1"
command = ["serve", "--token", "hunter2-argument"]
environment = { DB_PASSWORD = "hunter2-variable", LEVEL = "info" }
logs = "app"
"#;

/// What one run said, how it ended, and what altered something meanwhile.
pub(super) struct Told {
    pub(super) run: Run,
    pub(super) performed: Vec<String>,
}

/// The runs by their names.
pub(super) static SERIES: LazyLock<BTreeMap<&'static str, Told>> = LazyLock::new(|| {
    let mut series = BTreeMap::new();
    life(&mut series);
    failures(&mut series);
    delays(&mut series);
    several(&mut series);
    rollout(&mut series);
    mistakes(&mut series);
    preflight(&mut series);
    series
});

/// An account, and a directory to run the program in.
struct Stage {
    account: Account,
    bench: Bench,
}

impl Stage {
    fn new(name: &str, account: Account) -> Self {
        let bench = Bench::with_endpoint(name, &account.endpoint);
        bench.write("stack.toml", STACK);
        Self { account, bench }
    }

    fn told(&self, words: &[&str], code: i32) -> Told {
        let run = self.bench.run(words).expect(code);
        Told {
            run,
            performed: self.account.performed(),
        }
    }
}

const APPLY: &[&str] = &["apply", "--json", "--yes", "--concurrency", "1"];

/// What the stack names is not there, and may still come.
fn preflight(series: &mut BTreeMap<&'static str, Told>) {
    let bench = Bench::new("json-preflight");
    let image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1";
    bench.write("stack.toml", &STACK.replace("app:1", image));
    only_has(&bench, &["ecr:other:1"]);
    let run = bench.run(&["plan", "--json", "--sandbox"]).expect(0);
    let performed = Vec::new();
    series.insert("plan with a missing image", Told { run, performed });
}

/// From the first plan to the last trace.
fn life(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-life", Account::hasty());
    series.insert("plan", stage.told(&["plan", "--json"], 0));
    let words = ["plan", "--json", "--out", "plan.json"];
    series.insert("plan to keep", stage.told(&words, 0));
    let words = ["apply", "--json", "plan.json", "--concurrency", "1"];
    series.insert("apply", stage.told(&words, 0));
    series.insert("apply once more", stage.told(&words, 0));
    series.insert("apply again", stage.told(APPLY, 0));
    let words = [APPLY, &["--verify=1s"]].concat();
    series.insert("verified apply", stage.told(&words, 4));
    let words = [APPLY, &["--verify=1s", "--target", "task_definitions.web"]].concat();
    series.insert("verified apply of one", stage.told(&words, 4));
    let words = ["plan", "--json", "--explain"];
    series.insert("explained plan", stage.told(&words, 0));

    let changed = STACK
        .replace("retention_days = 30", "retention_days = 7")
        .replace("\"ShopExecution\"", "\"ShopPuller\"")
        .replace("app:1", "app:2")
        .replace("hunter2-variable", "hunter2-variable-changed");
    stage.bench.write("stack.toml", &changed);
    let words = ["plan", "--json", "--detailed-exitcode"];
    series.insert("plan of changes", stage.told(&words, 2));
    let words = ["plan", "--json", "--target", "log_groups.app"];
    series.insert("plan of one", stage.told(&words, 0));

    register_elsewhere(&stage.account);
    series.insert("plan with a note", stage.told(&["plan", "--json"], 0));

    let other = STACK.replace("name = \"shop\"", "name = \"copy\"");
    stage.bench.write("other.toml", &other);
    let words = ["plan", "--json", "other.toml"];
    series.insert("refusal", stage.told(&words, 1));

    let words = ["destroy", "--json", "--yes"];
    series.insert("destroy without leave", stage.told(&words, 1));
    let words = [
        "destroy",
        "--json",
        "--yes",
        "--accept",
        "log_groups.app",
        "--concurrency",
        "1",
    ];
    series.insert("destroy", stage.told(&words, 0));
}

/// Runs that stop half way.
fn failures(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-failed", Account::hasty());
    let refused = Fault::Refuse(400, "MalformedPolicyDocument", usize::MAX);
    stage.account.fault("iam:PutRolePolicy", refused);
    series.insert("failed apply", stage.told(APPLY, 3));

    series.insert("interrupted apply", interrupted(1));
    series.insert("apply left at once", interrupted(2));
}

/// An apply that is interrupted so many times while its third call is under way.
fn interrupted(times: usize) -> Told {
    let stage = Stage::new("json-interrupted", Account::hasty());
    stage.account.fault("iam:CreateRole", Fault::Hold);
    let mut child = stage
        .bench
        .command(APPLY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    stage.account.wait_for_held();
    let pid = child.id().to_string();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut stdout = String::new();
    for event in ["stopping", "error"].iter().take(times) {
        let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(sent.success());
        while !stdout.contains(&format!("\"event\":\"{event}\"")) {
            assert!(out.read_line(&mut stdout).unwrap() > 0, "{stdout}");
        }
    }
    stage.account.let_go();
    out.read_to_string(&mut stdout).unwrap();
    let mut run = Run::from(child.wait_with_output().unwrap()).expect(3);
    run.stdout = stdout;
    let performed = stage.account.performed();
    Told { run, performed }
}

/// Runs that have to wait.
fn delays(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-slow", Account::slow());
    let with_workspace = format!("{STACK}\n[workspace]\nalias = \"shop\"\n");
    stage.bench.write("stack.toml", &with_workspace);
    let throttled = Fault::Refuse(400, "Throttling", 1);
    stage.account.fault("iam:CreateRole", throttled);
    let unheard = Fault::Refuse(404, "NoSuchEntity", 1);
    stage.account.fault("iam:PutRolePolicy", unheard);
    // As long as the service has not heard of the tags that the permission asks for.
    let denied = Fault::Refuse(400, "AccessDeniedException", 2);
    stage.account.fault("logs:PutRetentionPolicy", denied);
    series.insert("slow apply", stage.told(APPLY, 0));
}

/// Two stacks, of which the first can't be carried out.
fn several(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-several", Account::hasty());
    let denied = Fault::Refuse(403, "AccessDenied", usize::MAX);
    stage.account.fault("logs:CreateLogGroup", denied);
    let group = |name: &str| {
        format!(
            "[stack]\nname = \"{name}\"\n[log_groups.only]\nname = \"/{name}\"\nretention_days = 1\n"
        )
    };
    stage.bench.write("a.toml", &group("a"));
    stage.bench.write("b.toml", &group("b"));
    let words = ["apply", "--json", "--yes", "a.toml", "b.toml"];
    series.insert("first of two failed", stage.told(&words, 1));
}

/// A service is brought to a new revision.
fn rollout(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-rollout", Account::hasty());
    _ = stage.told(APPLY, 0);
    serve(&stage.account);
    let named = "execution_role = \"execution\"\nservices = [\"prod/web\"]";
    let changed = STACK
        .replace("execution_role = \"execution\"", named)
        .replace("app:1", "app:2");
    stage.bench.write("stack.toml", &changed);
    series.insert("rollout", stage.told(APPLY, 0));
}

/// Runs that end before there is a plan.
fn mistakes(series: &mut BTreeMap<&'static str, Told>) {
    let stage = Stage::new("json-mistakes", Account::hasty());
    let broken = STACK.replace("retention_days = 30", "retention_days = 31");
    stage.bench.write("broken.toml", &broken);
    let words = ["plan", "--json", "broken.toml"];
    series.insert("invalid file", stage.told(&words, 1));
    let words = ["plan", "--json", "absent.toml"];
    series.insert("absent file", stage.told(&words, 1));
    series.insert("nobody to ask", stage.told(&["apply", "--json"], 1));
    let words = ["apply", "--json", "--bogus"];
    series.insert("wrong usage", stage.told(&words, 1));

    let bench = Bench::new("json-foreign");
    bench.write("stack.toml", STACK);
    let told = Told {
        run: bench.run(&["plan", "--json"]).expect(1),
        performed: Vec::new(),
    };
    series.insert("no credentials", told);
}

/// Somebody else, who works with ECS.
fn ecs(account: &Account) -> aws_sdk_ecs::Client {
    let credentials = Credentials::new("AKIASANDBOX", "secret", None, None, "sandbox");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(account.sandbox().http_client())
        .build();
    aws_sdk_ecs::Client::new(&config)
}

/// Lets the service `web` of the cluster `prod` run the family `web`.
fn serve(account: &Account) {
    let ecs = ecs(account);
    let vpc = AwsVpcConfiguration::builder().subnets("subnet-0a1b2c3d");
    let network = NetworkConfiguration::builder().awsvpc_configuration(vpc.build().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let cluster = ecs.create_cluster().cluster_name("prod");
        cluster.send().await.unwrap();
        let service = ecs.create_service().cluster("prod").service_name("web");
        let service = service.task_definition("web").desired_count(1);
        let service = service.launch_type(LaunchType::Fargate);
        let service = service.network_configuration(network.build());
        service.send().await.unwrap();
    });
}

/// Registers a revision of the family `web` that is nobody's, newer than the stack's own.
fn register_elsewhere(account: &Account) {
    let container = ContainerDefinition::builder()
        .name("app")
        .image("app:9")
        .memory(128)
        .build();
    let request = ecs(account)
        .register_task_definition()
        .family("web")
        .container_definitions(container)
        .send();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(request).unwrap();
}
