//! `amp-stack verify` against what the sandbox acts out: every way in which samples do not arrive
//! is distinguished from the others, with its cause.

use std::{fmt::Write as _, sync::Mutex, thread};

use serde_json::{Value, json};

use crate::{
    emulators::server::{Emulator, Kind},
    run::{Bench, Run},
};

/// A stack in which everything is right; `NAME` and the parts in capitals are filled in.
const STACK: &str = r#"
[stack]
name = "NAME"

[workspace]
alias           = "NAME"
prevent_destroy = false

[log_groups.all]
name           = "/ecs/NAME"
retention_days = 7

[roles.task]
name = "NAME-task"
TASK_ROLE

[roles.execution]
name             = "NAME-execution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[task_definitions.app]
family                   = "NAME"
requires_compatibilities = ["LAUNCH_TYPE"]
network_mode             = "awsvpc"
cpu                      = 256
memory                   = 512
task_role                = "task"
execution_role           = "execution"

[task_definitions.app.containers.app]
image         = "IMAGE"
port_mappings = [{ container_port = 9100 }]
logs          = "all"

[task_definitions.app.metrics]
logs = "all"
METRICS
"#;

const IMAGE: &str = "quay.io/prometheus/node-exporter:v1.9.1";
const SCRAPE: &str = "scrape = [{ port = 9100 }]";
const BOUNDARY: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";

/// How many tasks there are to be; `None` is no service.
type Count = Option<i32>;

/// What somebody does to the account after `apply`, once there is a cluster.
type Deed = fn(&mut Emulator, &str);

/// Any state.
const ANY: &str = "any";

/// A way in which it goes wrong.
struct Row {
    name: &'static str,
    /// What stands for the parts in capitals.
    parts: [&'static str; 3],
    /// What the tasks run on.
    launch_type: &'static str,
    deed: Deed,
    tasks: Count,
    wait: &'static str,
    secret: &'static str,
    code: i32,
    /// The checks that are not as they should be: code, state, and words of the cause. A check of
    /// the same state that is not here fails the test. One that holds and is here has to be there.
    found: &'static [(&'static str, &'static str, &'static str)],
}

const RIGHT: Row = Row {
    name: "fine",
    parts: ["", IMAGE, SCRAPE],
    launch_type: "FARGATE",
    deed: |_, _| (),
    tasks: Some(2),
    wait: "3m",
    secret: "sandbox",
    code: 0,
    found: &[],
};

/// A configuration of the user's own, with a region and an endpoint. What is wrong with them stands
/// in a variable that ECS may set, so that nobody sees it offline.
macro_rules! own {
    ($region:literal, $endpoint:literal) => {
        concat!(
            "environment = { AOT_CONFIG_CONTENT = '''{\"extensions\": {\"health_check\": {}, ",
            "\"sigv4auth\": {\"region\": \"", $region, "\"}}, ",
            "\"receivers\": {\"prometheus\": {\"config\": {\"scrape_configs\": [{\"job_name\": \"app\", ",
            "\"static_configs\": [{\"targets\": [\"localhost:9100\"]}]}]}}}, ",
            "\"processors\": {\"resourcedetection\": {\"detectors\": [\"env\", \"ecs\"]}}, ",
            "\"exporters\": {\"prometheusremotewrite\": {\"endpoint\": \"", $endpoint, "\", ",
            "\"resource_to_telemetry_conversion\": {\"enabled\": true}, ",
            "\"auth\": {\"authenticator\": \"sigv4auth\"}}}, ",
            "\"service\": {\"extensions\": [\"health_check\", \"sigv4auth\"], \"pipelines\": {\"metrics\": ",
            "{\"receivers\": [\"prometheus\"], \"processors\": [\"resourcedetection\"], ",
            "\"exporters\": [\"prometheusremotewrite\"]}}}}''' }"
        )
    };
}

/// The same and metrics for CloudWatch, in both ways.
const CLOUDWATCH: &str = "scrape = [{ port = 9100 }]\ncloudwatch = {}\nemf = { log_group = \"all\", namespace = \"N\", dimensions = [[\"aws.ecs.task.family\"]] }";

/// An instance joins the cluster, with so much memory.
fn join(aws: &mut Emulator, cluster: &str, memory: u32) {
    let resource =
        |name: &str, value: u32| json!({"name": name, "type": "INTEGER", "integerValue": value});
    let resources = [resource("CPU", 2_048), resource("MEMORY", memory)];
    let instance = json!({"cluster": cluster, "totalResources": resources});
    aws.boto("ecs", "RegisterContainerInstance", instance);
}

const ROWS: &[Row] = &[
    RIGHT,
    Row {
        name: "cloudwatch",
        parts: ["", IMAGE, CLOUDWATCH],
        found: &[
            ("role-may-send", "holds", "send metrics to CloudWatch"),
            (
                "role-may-send",
                "holds",
                "write metrics to the log group /ecs/cloudwatch",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "no-send",
        parts: ["", IMAGE, CLOUDWATCH],
        deed: |aws, name| {
            let only = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": "*",
            }]});
            let policy = json!({
                "RoleName": format!("{name}-task"), "PolicyName": "amp-stack-remote-write",
                "PolicyDocument": only.to_string(),
            });
            aws.boto("iam", "PutRolePolicy", policy);
        },
        code: 5,
        found: &[
            ("plan-is-empty", "fails", "1 to change"),
            (
                "role-may-send",
                "fails",
                "cloudwatch:PutMetricData on *: no policy of no-send-task allows it",
            ),
            (
                "role-may-send",
                "fails",
                "log-group:/ecs/no-send:log-stream:0: no policy of no-send-task allows it",
            ),
            (
                "log-has-no-error",
                "fails",
                "CloudWatch refuses the metrics with 403",
            ),
            (
                "log-has-no-error",
                "fails",
                "may not write to the log group that CloudWatch makes metrics of",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "instances",
        launch_type: "EC2",
        deed: |aws, name| join(aws, name, 2_048),
        ..RIGHT
    },
    Row {
        name: "no-instance",
        launch_type: "EC2",
        code: 5,
        found: &[
            (
                "tasks-run",
                "fails",
                "no container instance is in the cluster",
            ),
            ("task-series-arrive", "fails", "see above"),
        ],
        ..RIGHT
    },
    Row {
        name: "small-instance",
        launch_type: "EC2",
        deed: |aws, name| join(aws, name, 256),
        code: 5,
        found: &[
            (
                "tasks-run",
                "fails",
                "no container instance has as much memory or CPU left",
            ),
            ("task-series-arrive", "fails", "see above"),
        ],
        ..RIGHT
    },
    Row {
        name: "half-placed",
        launch_type: "EC2",
        deed: |aws, name| join(aws, name, 600),
        found: &[("tasks-run", "holds", "half-placed/web has 1 of 2")],
        ..RIGHT
    },
    Row {
        name: "no-right",
        deed: |aws, name| {
            let policy =
                json!({"RoleName": format!("{name}-task"), "PolicyName": "amp-stack-remote-write"});
            aws.boto("iam", "DeleteRolePolicy", policy);
        },
        code: 5,
        found: &[
            ("plan-is-empty", "fails", "1 to change"),
            (
                "role-may-write",
                "fails",
                "no policy of no-right-task allows it",
            ),
            (
                "task-series-arrive",
                "fails",
                "none of ecs_task_cpu_reserved_None",
            ),
            ("targets-are-up", "fails", "is missing of 2 of 2 tasks"),
            (
                "application-series-arrive",
                "fails",
                "nothing came from a target",
            ),
            (
                "tasks-are-distinct",
                "fails",
                "2 of 2 running tasks have no sample",
            ),
            ("samples-are-fresh", "fails", "none within an hour"),
            ("nothing-is-discarded", "holds", "CloudWatch counts none"),
            ("series-have-room", "unknown", "no count of its active"),
        ],
        ..RIGHT
    },
    Row {
        name: "boundary",
        // Set by hand: in the file it would be a mistake.
        deed: |aws, name| {
            let boundary =
                json!({"RoleName": format!("{name}-task"), "PermissionsBoundary": BOUNDARY});
            aws.boto("iam", "PutRolePermissionsBoundary", boundary);
        },
        code: 5,
        found: &[
            ("plan-is-empty", "fails", "1 to change"),
            (
                "role-may-write",
                "fails",
                "the permissions boundary of boundary-task does not allow it",
            ),
            ("task-series-arrive", "fails", ""),
            ("targets-are-up", "fails", ""),
            ("application-series-arrive", "fails", ""),
            ("tasks-are-distinct", "fails", ""),
            ("samples-are-fresh", "fails", ""),
            ("series-have-room", "unknown", "no count of its active"),
        ],
        ..RIGHT
    },
    Row {
        name: "region",
        parts: [
            "",
            IMAGE,
            own!(
                "$${env:AWS_DEFAULT_REGION}",
                "${workspace.remote_write_url}"
            ),
        ],
        code: 5,
        found: &[
            (
                "log-has-no-error",
                "fails",
                "they are signed for another region",
            ),
            ("targets-are-up", "fails", ""),
            ("application-series-arrive", "fails", ""),
            ("tasks-are-distinct", "fails", ""),
            ("samples-are-fresh", "fails", ""),
            ("series-have-room", "unknown", "no count of its active"),
        ],
        ..RIGHT
    },
    Row {
        name: "endpoint",
        parts: [
            "",
            IMAGE,
            own!(
                "us-east-1",
                "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-0a1b2c3d-0000-4000-8000-000000000000/api/v1/remote_write"
            ),
        ],
        code: 5,
        found: &[(
            "task-series-arrive",
            "fails",
            "there is no workspace ws-0a1b2c3d",
        )],
        ..RIGHT
    },
    Row {
        name: "host",
        parts: [
            "",
            IMAGE,
            own!("us-east-1", "https://prometheus.example.test/api/v1/write"),
        ],
        wait: "90s",
        code: 5,
        found: &[
            (
                "role-may-write",
                "fails",
                "which is the URL of no workspace",
            ),
            (
                "task-series-arrive",
                "unknown",
                "there is no workspace to ask",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "target",
        parts: ["", IMAGE, "scrape = [{ port = 9200 }]"],
        code: 5,
        found: &[
            (
                "log-has-no-error",
                "fails",
                "a target does not answer to scrapes",
            ),
            (
                "targets-are-up",
                "fails",
                "nothing answers at localhost:9200",
            ),
            (
                "application-series-arrive",
                "fails",
                "nothing came from a target",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "config",
        parts: ["", IMAGE, own!("us-east-1", "$${env:AWS_DEFAULT_REGION}")],
        code: 5,
        found: &[
            (
                "role-may-write",
                "fails",
                "which is the URL of no workspace",
            ),
            ("collector-is-healthy", "fails", "UNHEALTHY"),
            ("log-has-no-error", "fails", "invalid endpoint"),
            (
                "task-series-arrive",
                "unknown",
                "there is no workspace to ask",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "limited",
        deed: |aws, name| {
            let found = aws.boto("amp", "ListWorkspaces", json!({"alias": name}));
            let limit = json!({
                "labelSet": {"aws_ecs_task_family": name}, "limits": {"maxSeries": 1},
            });
            let configuration = json!({
                "workspaceId": found["workspaces"][0]["workspaceId"], "limitsPerLabelSet": [limit],
            });
            aws.boto("amp", "UpdateWorkspaceConfiguration", configuration);
        },
        code: 5,
        found: &[
            (
                "nothing-is-discarded",
                "fails",
                "per_labelset_series_limit: ",
            ),
            (
                "nothing-is-discarded",
                "fails",
                "a set of labels has as many as `limits` gives it",
            ),
            ("series-have-room", "holds", "1 of 50,000,000 active series"),
            (
                "log-has-no-error",
                "fails",
                "a quota of the workspace is used up",
            ),
            ("task-series-arrive", "fails", "missing: "),
            ("targets-are-up", "fails", "is missing of 2 of 2 tasks"),
            (
                "application-series-arrive",
                "fails",
                "nothing came from a target",
            ),
            (
                "tasks-are-distinct",
                "fails",
                "1 of 2 running tasks have no sample",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "image",
        parts: ["", "example/app:does-not-exist", SCRAPE],
        code: 5,
        found: &[
            ("tasks-run", "fails", "CannotPullContainerError"),
            ("task-series-arrive", "fails", "see above"),
        ],
        ..RIGHT
    },
    Row {
        name: "trust",
        deed: |aws, name| {
            let trust = json!({"Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
            }]});
            let role = format!("{name}-task");
            let update = json!({"RoleName": role, "PolicyDocument": trust.to_string()});
            aws.boto("iam", "UpdateAssumeRolePolicy", update);
        },
        code: 5,
        found: &[
            ("plan-is-empty", "fails", "1 to change"),
            (
                "role-is-trusted",
                "fails",
                "no statement of its trust policy names ecs-tasks.amazonaws.com",
            ),
            ("tasks-run", "fails", "ECS was unable to assume the role"),
            ("task-series-arrive", "fails", "see above"),
        ],
        ..RIGHT
    },
    Row {
        name: "logs",
        deed: |aws, name| {
            let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
            let detach = json!({"RoleName": format!("{name}-execution"), "PolicyArn": policy});
            aws.boto("iam", "DetachRolePolicy", detach);
        },
        code: 5,
        found: &[
            ("plan-is-empty", "fails", "1 to change"),
            ("role-may-execute", "fails", "logs:CreateLogStream on"),
            (
                "tasks-run",
                "fails",
                "the execution role may not write to it",
            ),
            ("task-series-arrive", "fails", "see above"),
        ],
        ..RIGHT
    },
    Row {
        name: "none",
        tasks: None,
        wait: "1s",
        code: 4,
        found: &[
            (
                "tasks-run",
                "not_yet",
                "no service and no task of it is there",
            ),
            (
                "task-series-arrive",
                "not_yet",
                "no task of this revision runs",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "zero",
        tasks: Some(0),
        wait: "1s",
        code: 4,
        found: &[
            ("tasks-run", "not_yet", "its desired count is 0"),
            (
                "task-series-arrive",
                "not_yet",
                "no task of this revision runs",
            ),
        ],
        ..RIGHT
    },
    Row {
        name: "secret",
        secret: "guessed",
        wait: "30s",
        code: 4,
        found: &[
            (
                "task-series-arrive",
                "unknown",
                "aps:QueryMetrics failed: InvalidSignatureException",
            ),
            // What is counted depends on when it is looked at.
            ("series-have-room", ANY, ""),
        ],
        ..RIGHT
    },
];

/// Applies the row's stack, starts its service, verifies, and asks for the status.
fn verified(row: &Row, aws: &Mutex<Emulator>, endpoint: &str) -> (Run, Run) {
    let name = row.name;
    let mut bench = Bench::with_endpoint(&format!("verify-{name}"), endpoint);
    bench.set("AWS_SECRET_ACCESS_KEY", row.secret);
    let [role, image, metrics] = row.parts;
    let stack = STACK
        .replace("TASK_ROLE", role)
        .replace("IMAGE", image)
        .replace("METRICS", metrics)
        .replace("LAUNCH_TYPE", row.launch_type)
        .replace("NAME", name);
    bench.write("stack.toml", &stack);
    bench.run(&["apply", "stack.toml", "--yes"]).expect(0);
    {
        let mut aws = aws.lock().unwrap();
        aws.boto("ecs", "CreateCluster", json!({"clusterName": name}));
        (row.deed)(&mut aws, name);
        if let Some(count) = row.tasks {
            let subnets = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
            let service = json!({
                "cluster": name, "serviceName": "web", "taskDefinition": name, "desiredCount": count,
                "launchType": row.launch_type, "networkConfiguration": subnets,
            });
            aws.boto("ecs", "CreateService", service);
        }
    }
    if row.name == "zero" {
        // Nothing is left to apply, and what is not proven is no success.
        let both = bench.run(&["apply", "stack.toml", "--yes", "--verify=1s"]);
        assert!(both.expect(4).says("its desired count is 0"));
    }
    let verified = bench.run(&["verify", "stack.toml", "--json", "--wait", row.wait]);
    let status = bench.run(&["status", "stack.toml", "--json"]).expect(0);
    if row.name == "fine" {
        verify_what_is_applied(&bench);
    }
    (verified, status)
}

/// `apply --verify` proves the same, of whatever it applies and however it says so.
fn verify_what_is_applied(bench: &Bench) {
    let only = ["apply", "--yes", "--verify=1m", "--target"];
    let run = bench
        .run(&[&only[..], &["task_definitions.app"]].concat())
        .expect(0);
    assert!(
        run.says("Only what --target names: task_definitions.app"),
        "{}",
        run.stdout
    );
    assert!(
        run.says("the plan of the targets is empty"),
        "{}",
        run.stdout
    );
    let run = bench
        .run(&[&only[..], &["log_groups.all"]].concat())
        .expect(4);
    assert!(
        run.says("no target is a task definition with a collector"),
        "{}",
        run.stdout
    );

    let run = bench
        .run(&["apply", "--yes", "--verify=1m", "--json"])
        .expect(0);
    let mut lines = run
        .stdout
        .lines()
        .rev()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (exit, verified) = (lines.next().unwrap(), lines.next().unwrap());
    assert_eq!(
        (&exit["event"], &exit["exit_code"]),
        (&json!("exit"), &json!(0))
    );
    assert_eq!(
        (&verified["event"], &verified["verdict"]),
        (&json!("verified"), &json!("proven"))
    );
    assert_eq!(verified["stack_file"], "stack.toml");
    assert_eq!(run.stderr, "", "what is for programs is on standard output");

    let stack = std::fs::read_to_string(bench.path("stack.toml")).unwrap();
    bench.write(
        "stack.toml",
        &stack.replace("retention_days = 7", "retention_days = 14"),
    );
    bench.run(&["plan", "--out", "plan.json"]).expect(0);
    let run = bench.run(&["apply", "plan.json", "--verify=1m"]).expect(0);
    assert!(
        run.says("samples of every running task arrive"),
        "{}",
        run.stdout
    );
    bench.run(&["plan", "--destroy", "--out", "end.json"]);
    if bench.path("end.json").exists() {
        let run = bench.run(&["apply", "end.json", "--verify"]).expect(1);
        assert!(
            run.says("--verify is not for a plan that destroys"),
            "{}",
            run.stderr
        );
    }
}

/// What the status says of who runs the row's tasks is not so.
fn wrong_status(row: &Row, run: &Run) -> Option<String> {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or(Value::Null);
    let family = &answer["families"][0];
    let user = &family["users"][0];
    let age = user["last_sample_seconds"].as_u64();
    let is_right = match row.name {
        "fine" => {
            user["service"] == "web"
                && user["running"] == 2
                && user["desired"] == 2
                && user["current"] == true
                && user["collector"] == json!({"HEALTHY": 2})
                && age.is_some_and(|age| age < 120)
                && family["registered_seconds"].is_u64()
                && answer["plan"] == json!({"changes": 0, "decisions": 0})
        }
        "no-right" => age.is_none() && answer["plan"]["changes"] == 1,
        "zero" => user["desired"] == 0 && user["running"] == 0,
        "none" => family["users"] == json!([]),
        "secret" => {
            let unseen = family["unseen"].to_string();
            unseen.contains("InvalidSignatureException")
                && unseen.contains("the secret access key is not the one of the access key")
        }
        "config" => user["collector"] == json!({"UNHEALTHY": 2}),
        "image" | "no-instance" | "small-instance" => {
            user["running"] == 0 && user["event"].is_string()
        }
        _ => family["family"] == row.name,
    };
    (!is_right).then(|| format!("{}: the status is\n{}", row.name, run.stdout))
}

/// What is not as the row says.
fn broken(row: &Row, run: &Run) -> String {
    let mut broken = String::new();
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or(Value::Null);
    let empty = Vec::new();
    let checks = answer["checks"].as_array().unwrap_or(&empty);
    if run.code != Some(row.code) {
        writeln!(broken, "{}: exit code {:?}", row.name, run.code).unwrap();
    }
    for (code, state, words) in row.found {
        let mut of_code = checks.iter().filter(|check| check["code"] == *code);
        let is_it = |check: &Value| {
            (*state == ANY || check["state"] == *state)
                && check.to_string().replace("\\\"", "\"").contains(words)
        };
        if !of_code.any(is_it) {
            writeln!(broken, "{}: {code} is not {state} with `{words}`", row.name).unwrap();
        }
    }
    for check in checks {
        let code = check["code"].as_str().unwrap_or_default();
        let expected = row.found.iter().any(|(known, ..)| *known == code);
        if check["state"] != "holds" && !expected {
            writeln!(broken, "{}: {code} does not hold", row.name).unwrap();
        }
        let is_wrong = ["fails", "not_yet"].contains(&check["state"].as_str().unwrap_or_default());
        if is_wrong && check["because"] == json!([]) {
            writeln!(broken, "{}: {code} has no cause", row.name).unwrap();
        }
    }
    if !broken.is_empty() {
        write!(broken, "{}\n{}", run.stdout, run.stderr).unwrap();
    }
    broken
}

#[test]
fn every_way_to_go_wrong_is_told_apart() {
    let test = "every_way_to_go_wrong_is_told_apart";
    let Some(aws) = Emulator::start(Kind::Sandbox, test) else {
        return;
    };
    let endpoint = aws.endpoint.clone();
    let aws = Mutex::new(aws);
    let broken: Vec<String> = thread::scope(|scope| {
        let rows = ROWS.iter().map(|row| {
            let (aws, endpoint) = (&aws, &endpoint);
            let run = scope.spawn(move || {
                let (verified, status) = verified(row, aws, endpoint);
                broken(row, &verified) + &wrong_status(row, &status).unwrap_or_default()
            });
            (row.name, run)
        });
        let rows: Vec<_> = rows.collect();
        rows.into_iter()
            .map(|(name, run)| run.join().unwrap_or_else(|_| format!("{name}: panicked\n")))
            .collect()
    });
    let broken = broken.concat();
    assert!(broken.is_empty(), "\n{broken}");
}
