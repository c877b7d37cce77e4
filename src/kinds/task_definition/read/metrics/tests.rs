use serde_json::{Value as Json, json};

use crate::{
    collector,
    kinds::{
        Resource,
        task_definition::read::tests::{codes, sound},
    },
    stack::Stack,
};

/// A configuration of one's own.
const OWN: &str = "environment = { AOT_CONFIG_CONTENT = '''{extensions: {health_check: {}}, receivers: {otlp: {protocols: {grpc: {endpoint: \"0.0.0.0:4317\"}}}}, exporters: {debug: {}}, service: {extensions: [health_check], pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}}''' }";

/// A task on Fargate with these keys in its table `metrics`, and with further tables.
fn fargate(metrics: &str, tables: &str) -> String {
    task(
        "requires_compatibilities = [\"FARGATE\"]\nnetwork_mode = \"awsvpc\"\ncpu = 1024\nmemory = 3072\ntask_role = \"task\"\nexecution_role = \"execution\"",
        metrics,
        tables,
    )
}

fn task(keys: &str, metrics: &str, tables: &str) -> String {
    format!(
        "[task_definitions.t]\n{keys}\n[task_definitions.t.containers.app]\nimage = \"app:1\"\n[task_definitions.t.metrics]\n{metrics}\n{tables}"
    )
}

fn stack(tables: &str) -> Stack {
    sound(tables, &|path| panic!("nothing reads {}", path.display()))
}

fn document(stack: &Stack) -> Json {
    let want = stack.resources[&"task_definitions.t".parse().unwrap()]
        .want
        .clone();
    match want {
        Some(Resource::TaskDefinition(family)) => family.document.unwrap().written().to_json(),
        other => panic!("{other:?}"),
    }
}

/// The container `index` of the request that these tables become.
fn container(tables: &str, index: usize) -> Json {
    document(&stack(tables))["containerDefinitions"][index].clone()
}

fn variable(container: &Json, name: &str) -> Option<String> {
    let list = container["environment"].as_array().unwrap();
    let found = list.iter().find(|pair| pair["name"] == name)?;
    Some(found["value"].as_str().unwrap().to_owned())
}

#[test]
fn the_collector_comes_last_and_the_others_wait_for_it() {
    let json = document(&stack(&fargate(
        "scrape = [{ port = 8080 }]\nlogs = \"app\"\ncpu = 64\nmemory = 256",
        "",
    )));
    insta::assert_snapshot!("scrape", serde_json::to_string_pretty(&json).unwrap());
}

/// The configuration that is generated for the collector of these tables.
fn configuration(tables: &str) -> Json {
    let collector = container(tables, 1);
    assert_eq!(collector.get("command"), None, "never both ways");
    let written = variable(&collector, collector::CONFIG_VARIABLE).unwrap();
    serde_json::from_str(&written).unwrap()
}

#[test]
fn a_configuration_is_generated_unless_one_of_the_image_is_asked_for() {
    for (metrics, file) in [
        ("otlp = true", "ecs-amp.yaml"),
        ("otlp = true\ntraces = \"xray\"", "ecs-amp-xray.yaml"),
        ("scrape = [{ port = 8080 }]", "ecs-amp-prometheus.yaml"),
        (
            "scrape = [{ port = 8080, path = \"/metrics\", interval = \"20s\" }]",
            "ecs-amp-prometheus.yaml",
        ),
        (
            "scrape = [{ port = 8080 }]\ntraces = \"xray\"",
            "ecs-amp-xray-prometheus.yaml",
        ),
        ("traces = \"xray\"", "ecs-xray.yaml"),
    ] {
        assert!(configuration(&fargate(metrics, "")).is_object());
        let tables = fargate(&format!("config = \"built-in\"\n{metrics}"), "");
        let collector = container(&tables, 1);
        assert_eq!(
            collector["command"],
            json!([format!("--config=/etc/ecs/{file}")]),
            "{metrics}"
        );
        assert_eq!(variable(&collector, collector::CONFIG_VARIABLE), None);
    }
    for metrics in [
        "otlp = true\nscrape = [{ port = 8080 }]",
        "scrape = [{ port = 8080 }, { port = 9090 }]",
        "scrape = [{ port = 8080, path = \"/m\" }]",
        "scrape = [{ port = 8080, interval = \"5s\" }]",
        "scrape = [{ port = 8080, params = { a = \"b\" } }]",
        "scrape = [{ port = 8080, scheme = \"https\" }]",
        "scrape = [{ port = 8080, job = \"web\" }]",
    ] {
        assert!(configuration(&fargate(metrics, "")).is_object());
        let tables = fargate(&format!("config = \"built-in\"\n{metrics}"), "");
        let reported = codes(&tables);
        assert_eq!(reported, ["no-built-in-configuration"], "{metrics}");
    }
}

#[test]
fn jobs_are_called_after_whom_they_belong_to() {
    let jobs = |scrape: &str| -> Vec<String> {
        let configuration = configuration(&fargate(&format!("scrape = {scrape}"), ""));
        let jobs = configuration["receivers"]["prometheus"]["config"]["scrape_configs"].clone();
        let jobs = jobs.as_array().unwrap().iter();
        jobs.map(|job| job["job_name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(jobs("[{ port = 8080 }]"), ["t"]);
    assert_eq!(jobs("[{ port = 8080, container = \"app\" }]"), ["app"]);
    assert_eq!(
        jobs("[{ port = 8080 }, { port = 9090 }]"),
        ["t:8080", "t:9090"]
    );
    assert_eq!(
        jobs("[{ port = 8080 }, { port = 9090, job = \"b\" }]"),
        ["t", "b"]
    );
    assert_eq!(
        jobs("[{ port = 8080, container = \"app\" }, { port = 9090, job = \"app\" }]"),
        ["app:8080", "app"]
    );
}

#[test]
fn a_target_is_asked_as_it_is_said() {
    let tables = fargate(
        "scrape = [{ port = 8443, scheme = \"https\", timeout = \"5s\", params = { \"match[]\" = \"a$b\" } }]",
        "",
    );
    let job = &configuration(&tables)["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(job["scheme"], "https");
    assert_eq!(job["scrape_timeout"], "5s");
    assert_eq!(job["params"], json!({"match[]": ["a$$b"]}));
}

#[test]
fn a_short_interval_has_a_short_timeout() {
    let collector = container(
        &fargate("scrape = [{ port = 8080, interval = \"5s\" }]", ""),
        1,
    );
    let config: Json =
        serde_json::from_str(&variable(&collector, collector::CONFIG_VARIABLE).unwrap()).unwrap();
    assert_eq!(
        config["receivers"]["prometheus"]["config"]["scrape_configs"][0]["scrape_timeout"],
        "5s"
    );
}

#[test]
fn the_endpoint_is_the_workspaces() {
    let endpoint = |tables: &str| variable(&container(tables, 1), collector::ENDPOINT_VARIABLE);
    assert_eq!(
        endpoint(&fargate("otlp = true", "")).as_deref(),
        Some("${workspace.remote_write_url}")
    );
    assert_eq!(
        endpoint(&fargate("otlp = true\nworkspace = \"ws-1\"", "")).as_deref(),
        Some("https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write")
    );
    assert_eq!(
        endpoint(&fargate(
            "otlp = true\nworkspace = \"arn:aws:aps:eu-west-1:444455556666:workspace/ws-2\"",
            ""
        ))
        .as_deref(),
        Some("https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-2/api/v1/remote_write")
    );
    assert_eq!(endpoint(&fargate("traces = \"xray\"", "")), None);
}

#[test]
fn the_region_is_said_where_ecs_may_not_and_signing_is_for_the_workspaces() {
    let region = |tables: &str| variable(&container(tables, 1), collector::REGION_VARIABLE);
    let elsewhere = "otlp = true\ntraces = \"xray\"\nworkspace = \"arn:aws:aps:eu-west-1:444455556666:workspace/ws-2\"";
    assert_eq!(region(&fargate("otlp = true", "")), None);
    assert_eq!(region(&fargate(elsewhere, "")), None, "X-Ray stays here");
    let signed = |tables: &str| configuration(tables)["extensions"]["sigv4auth"]["region"].clone();
    assert_eq!(signed(&fargate("otlp = true", "")), "us-east-1");
    assert_eq!(signed(&fargate(elsewhere, "")), "eu-west-1");
    for keys in [
        "",
        "requires_compatibilities = [\"EC2\"]",
        "requires_compatibilities = [\"MANAGED_INSTANCES\"]",
    ] {
        for metrics in ["otlp = true", elsewhere] {
            let tables = task(
                &format!("{keys}\nnetwork_mode = \"awsvpc\"\nmemory = 512\ntask_role = \"task\""),
                metrics,
                "",
            );
            assert_eq!(region(&tables).as_deref(), Some("us-east-1"), "{keys}");
        }
    }
}

#[test]
fn a_region_that_is_nobodys_is_a_mistake() {
    let elsewhere = "workspace = \"arn:aws:aps:eu-west-1:444455556666:workspace/ws-2\"";
    for (metrics, reported) in [
        (
            "environment = { AWS_REGION = \"eu-west-1\" }",
            &["collector-region"][..],
        ),
        ("environment = { AWS_REGION = \"us-east-1\" }", &[]),
        (
            &format!("{elsewhere}\nenvironment = {{ AWS_REGION = \"eu-north-1\" }}"),
            &["collector-region"],
        ),
        (
            &format!("{elsewhere}\nenvironment = {{ AWS_REGION = \"eu-west-1\" }}"),
            &[],
        ),
        (
            &format!("{elsewhere}\nenvironment = {{ AWS_REGION = \"us-east-1\" }}"),
            &[],
        ),
        (
            &format!("{elsewhere}\nconfig = \"built-in\""),
            &["no-built-in-configuration"],
        ),
        ("config = \"built-in\"", &[]),
    ] {
        let tables = fargate(&format!("otlp = true\n{metrics}"), "");
        let found = codes(&tables);
        assert_eq!(found, reported, "{metrics}");
    }
}

#[test]
fn the_collectors_own_ports_are_known() {
    for (metrics, port, is_free) in [
        ("scrape = [{ port = PORT }]", 8888, true),
        (
            "config = \"built-in\"\nscrape = [{ port = PORT }]",
            8888,
            false,
        ),
        ("scrape = [{ port = PORT }]", 13133, false),
        ("scrape = [{ port = PORT }]", 4317, true),
        ("otlp = true\nscrape = [{ port = PORT }]", 4317, false),
        ("traces = \"xray\"\nscrape = [{ port = PORT }]", 4318, false),
        (
            "otlp = true\nscrape = [{ port = PORT, host = \"127.0.0.1\" }]",
            4318,
            false,
        ),
        (
            "otlp = true\nscrape = [{ port = PORT, host = \"db.test\" }]",
            4318,
            true,
        ),
    ] {
        let tables = fargate(&metrics.replace("PORT", &port.to_string()), "");
        let found = codes(&tables);
        let expected: &[&str] = if is_free { &[] } else { &["scrape-own-port"] };
        assert_eq!(found, expected, "{metrics} {port}");
        let listens = format!(
            "[task_definitions.t.containers.b]\nimage = \"b:1\"\nport_mappings = [{{ container_port = {port} }}]\n"
        );
        let found = codes(&fargate(&metrics.replace("PORT", "9999"), &listens));
        let is_listened_on = !is_free || metrics.contains("db.test");
        let expected: &[&str] = if is_listened_on { &["port-clash"] } else { &[] };
        assert_eq!(found, expected, "{metrics} {port}");
    }
}

fn role_policies(stack: &Stack) -> (Json, Vec<String>) {
    let want = stack.resources[&"roles.task".parse().unwrap()].want.clone();
    let Some(Resource::Role(role)) = want else {
        panic!("no role");
    };
    let inline = role
        .inline_policies
        .iter()
        .map(|(name, policy)| (name.clone(), policy.written().to_json()));
    let managed = role
        .managed_policies
        .iter()
        .map(ToString::to_string)
        .collect();
    (Json::Object(inline.collect()), managed)
}

#[test]
fn the_task_role_gets_the_least() {
    let remote_write = json!({"Sid": "RemoteWrite", "Effect": "Allow", "Action": "aps:RemoteWrite", "Resource": "${workspace.arn}"});
    let (inline, managed) = role_policies(&stack(&fargate("otlp = true", "")));
    assert_eq!(
        inline,
        json!({"amp-stack-remote-write": {"Version": "2012-10-17", "Statement": [remote_write]}})
    );
    assert!(managed.is_empty());
    let (inline, _) = role_policies(&stack(&fargate("otlp = true\ntraces = \"xray\"", "")));
    assert_eq!(
        inline["amp-stack-remote-write"]["Statement"][1]["Sid"],
        "Traces"
    );
    let (inline, _) = role_policies(&stack(&fargate("traces = \"xray\"", "")));
    assert_eq!(
        inline.as_object().unwrap().keys().collect::<Vec<_>>(),
        ["amp-stack-traces"]
    );
    let (inline, managed) = role_policies(&stack(&fargate(
        "otlp = true\ntraces = \"xray\"\npolicy = \"AmazonPrometheusRemoteWriteAccess\"",
        "",
    )));
    assert_eq!(inline, json!({}));
    assert_eq!(
        managed,
        [
            "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess",
            "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess"
        ]
    );
}

#[test]
fn containers_that_the_collector_waits_for_do_not_wait_for_it() {
    let bridge = task(
        "requires_compatibilities = [\"EC2\"]\nmemory = 512\ntask_role = \"task\"",
        "scrape = [{ port = 8080, container = \"app\" }]",
        "[task_definitions.t.containers.other]\nimage = \"other:1\"\n[task_definitions.t.containers.db]\nimage = \"db:1\"\n[task_definitions.t.containers.app.depends_on]\ndb = \"START\"\n",
    );
    let json = document(&stack(&bridge));
    let named = |name: &str| {
        let list = json["containerDefinitions"].as_array().unwrap();
        list.iter()
            .find(|container| container["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(named("aws-otel-collector")["links"], json!(["app"]));
    assert_eq!(
        variable(&named("aws-otel-collector"), collector::CONFIG_VARIABLE)
            .map(|written| written.contains("\"app:8080\"")),
        Some(true)
    );
    assert_eq!(
        named("app")["dependsOn"],
        json!([{"containerName": "db", "condition": "START"}])
    );
    assert_eq!(named("db").get("dependsOn"), None);
    assert_eq!(
        named("other")["dependsOn"],
        json!([{"containerName": "aws-otel-collector", "condition": "START"}])
    );
}

#[test]
fn waiting_can_be_chosen() {
    let app = |metrics: &str| container(&fargate(metrics, ""), 0);
    for (metrics, condition) in [
        ("otlp = true", "START"),
        ("otlp = true\ndepends_on = \"START\"", "START"),
        ("otlp = true\ndepends_on = \"HEALTHY\"", "HEALTHY"),
    ] {
        assert_eq!(app(metrics)["dependsOn"][0]["condition"], condition);
    }
    assert_eq!(
        app("otlp = true\ndepends_on = \"none\"").get("dependsOn"),
        None
    );
    let own = fargate(
        "otlp = true",
        "[task_definitions.t.containers.app.depends_on]\naws-otel-collector = \"HEALTHY\"\n",
    );
    assert_eq!(
        container(&own, 0)["dependsOn"],
        json!([{"containerName": "aws-otel-collector", "condition": "HEALTHY"}])
    );
}

#[test]
fn further_members_go_through() {
    let collector = container(
        &fargate(
            "otlp = true\nessential = true\nname = \"otel\"\nverbatim = { stopTimeout = 90, healthCheck = { interval = 30 } }\nenvironment = { GOMEMLIMIT = \"64MiB\" }",
            "",
        ),
        1,
    );
    assert_eq!(collector["stopTimeout"], 90);
    assert_eq!(collector["healthCheck"]["interval"], 30);
    assert_eq!(
        collector["healthCheck"]["command"],
        json!(["CMD", "/healthcheck"])
    );
    assert_eq!(
        (&collector["name"], &collector["essential"]),
        (&json!("otel"), &json!(true))
    );
    assert_eq!(variable(&collector, "GOMEMLIMIT").as_deref(), Some("64MiB"));
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is a table of cases")]
fn mistakes() {
    let ec2 = |keys: &str, metrics: &str| {
        task(
            &format!("memory = 512\ntask_role = \"task\"\n{keys}"),
            metrics,
            "",
        )
    };
    let powerless = |text: String| {
        text + "[roles.idle]\nname = \"Idle\"\nmanaged_policies = [\"AmazonPrometheusQueryAccess\"]\n"
    };
    let cases: Vec<(String, &[&str])> = vec![
        (fargate("otlp = true", ""), &[]),
        (fargate("", ""), &["nothing-to-collect"]),
        (fargate("otlp = false", ""), &["nothing-to-collect"]),
        (fargate("task_metrics = \"task\"", ""), &[]),
        (
            fargate("task_metrics = [\"ecs.task.memory.utilized\"]", ""),
            &[],
        ),
        (
            fargate("task_metrics = \"off\"", ""),
            &["nothing-to-collect"],
        ),
        (fargate("task_metrics = []", ""), &["nothing-to-collect"]),
        (
            fargate("otlp = true", "").replace("task_role = \"task\"\n", ""),
            &["collector-without-task-role"],
        ),
        (
            fargate("otlp = true", "").replace("\"FARGATE\"", "\"FARGATE\", \"EXTERNAL\""),
            &["not-on-external", "collector-on-external"],
        ),
        (
            ec2("network_mode = \"none\"", "otlp = true"),
            &["collector-without-network"],
        ),
        (ec2("", "otlp = true"), &["unreachable-collector"]),
        (
            ec2("", "otlp = true").replace(
                "image = \"app:1\"",
                "image = \"app:1\"\nlinks = [\"aws-otel-collector\"]",
            ),
            &[],
        ),
        (
            ec2(
                "",
                "otlp = true\nverbatim = { portMappings = [{ containerPort = 4317, hostPort = 4317 }] }",
            ),
            &[],
        ),
        (ec2("network_mode = \"host\"", "otlp = true"), &[]),
        (
            fargate("secrets = { AOT_CONFIG_CONTENT = \"collector\" }", ""),
            &[],
        ),
        (
            fargate(
                "otlp = true\nsecrets = { AOT_CONFIG_CONTENT = \"collector\" }",
                "",
            ),
            &["configured-twice"],
        ),
        (
            fargate(
                "otlp = true",
                "[roles.task.inline_policies.amp-stack-remote-write]\nVersion = \"2012-10-17\"\nStatement = { Effect = \"Allow\", Action = \"aps:RemoteWrite\", Resource = \"*\" }\n",
            ),
            &[],
        ),
        (
            fargate(
                "otlp = true",
                "[roles.task.inline_policies.amp-stack-remote-write]\nVersion = \"2012-10-17\"\nStatement = { Effect = \"Allow\", Action = \"aps:QueryMetrics\", Resource = \"*\" }\n",
            ),
            &["task-role-cannot-write"],
        ),
        (
            ec2("", "scrape = [{ port = 8080 }]"),
            &["unreachable-target"],
        ),
        (
            ec2("", "scrape = [{ port = 8080, host = \"172.17.0.1\" }]"),
            &[],
        ),
        (
            fargate("otlp = true", "").replace(
                "execution_role = \"execution\"",
                "execution_role = \"writer\"",
            ) + "[roles.writer]\nname = \"Writer\"\nmanaged_policies = [\"AmazonPrometheusRemoteWriteAccess\"]\n",
            &["remote-write-on-execution-role"],
        ),
        (
            powerless(
                fargate("otlp = true\npolicy = \"none\"", "")
                    .replace("task_role = \"task\"", "task_role = \"idle\""),
            ),
            &["task-role-cannot-write"],
        ),
        (
            powerless(
                fargate("otlp = true\ntraces = \"xray\"\npolicy = \"none\"", "")
                    .replace("task_role = \"task\"", "task_role = \"idle\""),
            ),
            &["task-role-cannot-write"; 2],
        ),
        (
            powerless(fargate("otlp = true\npolicy = \"none\"", "").replace(
                "task_role = \"task\"",
                "task_role = \"arn:aws:iam::111122223333:role/Other\"",
            )),
            &[],
        ),
        (
            fargate(
                "otlp = true",
                "[task_definitions.t.containers.aws-otel-collector]\nimage = \"x:1\"\n",
            ),
            &["duplicate-container"],
        ),
        (
            fargate(
                "otlp = true\nimage = \"public.ecr.aws/aws-observability/aws-otel-collector:latest\"",
                "",
            ),
            &["unpinned-collector"],
        ),
        (
            fargate(
                "otlp = true\nimage = \"public.ecr.aws/aws-observability/aws-otel-collector\"",
                "",
            ),
            &["unpinned-collector"],
        ),
        (
            fargate("command = [\"--config=/etc/ecs/ecs-amp.yaml\"]", ""),
            &[],
        ),
        (fargate(OWN, ""), &[]),
        (
            fargate(&format!("command = [\"x\"]\n{OWN}"), ""),
            &["configured-twice"],
        ),
        (
            fargate("otlp = true\ncommand = [\"x\"]", ""),
            &["configured-twice"],
        ),
        (
            fargate(
                "otlp = true\nenvironment = { AWS_PROMETHEUS_ENDPOINT = \"x\" }",
                "",
            ),
            &["derived-variable"],
        ),
        (
            fargate("otlp = true\nworkspace = \"main\"", ""),
            &["workspace-id"],
        ),
        (
            fargate(
                "otlp = true",
                "[task_definitions.t.containers.b]\nimage = \"b:1\"\nport_mappings = [{ container_port = 4317 }]\n",
            ),
            &["port-clash"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080 }]",
                "[task_definitions.t.containers.b]\nimage = \"b:1\"\nport_mappings = [{ container_port = 4317 }]\n",
            ),
            &[],
        ),
        (
            fargate(
                "scrape = [{ port = 8080 }]",
                "[task_definitions.t.containers.b]\nimage = \"b:1\"\nport_mappings = [{ container_port = 13133 }]\n",
            ),
            &["port-clash"],
        ),
        (
            fargate("scrape = [{ port = 8080, path = \"metrics\" }]", ""),
            &["invalid-path"],
        ),
        (
            fargate("scrape = [{ port = 8080, interval = \"1.5s\" }]", ""),
            &["invalid-period"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080, interval = \"10s\", timeout = \"20s\" }]",
                "",
            ),
            &["scrape-timeout"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080 }, { port = 8080, path = \"/b\" }]",
                "",
            ),
            &["duplicate-job"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080 }, { port = 8080, path = \"/b\", job = \"b\" }]",
                "",
            ),
            &[],
        ),
        (
            fargate("scrape = [{ port = 8080, container = \"ap\" }]", ""),
            &["undefined-container"],
        ),
        (
            fargate(
                "otlp = true\nretry = { initial_interval = \"1s\", max_interval = \"1s\" }",
                "",
            ),
            &[],
        ),
        (
            fargate("otlp = true\nbatch = { max_size = 10 }", ""),
            &["sending-limits"],
        ),
        (
            fargate("otlp = true\nbatch = { timeout = \"5\" }", ""),
            &["invalid-period"],
        ),
        (fargate("otlp = true\nbatch = 5", ""), &["wrong-type"]),
        (
            fargate(
                "otlp = true\nattributes = { delete = [\"aws.ecs.task.arn\"] }",
                "",
            ),
            &["collector-tasks-alike"],
        ),
        (
            fargate(
                "otlp = true\nattributes = { rename = { host_name = \"h\" }, extract = { os_type = \"(?P<a>.*)\" } }",
                "",
            ),
            &["attribute-name", "attribute-name"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080, metric_relabel = [{ regex = \"(\" }] }]",
                "",
            ),
            &["invalid-pattern", "relabel-rule"],
        ),
        (
            fargate(
                "scrape = [{ port = 8080, basic_auth = { username = \"a\", password = 5 } }]",
                "",
            ),
            &["wrong-type"],
        ),
        (
            fargate("otlp = true\nworkspace = \"none\"", ""),
            &["no-workspace"],
        ),
        (fargate("traces = \"xray\"\nworkspace = \"none\"", ""), &[]),
        (
            fargate(
                "otlp = true\ndestinations = [{ }, { otlp = \"https://a.test\", workspace = \"ws-12345678\" }]",
                "",
            ),
            &["destination", "destination"],
        ),
        (
            fargate(
                "otlp = true\ndestinations = [{ otlp = \"https://a.test\", assume_role = \"arn:aws:iam::111122223333:role/a\" }]",
                "",
            ),
            &["destination"],
        ),
        (
            fargate(
                "otlp = true\ndestinations = [{ remote_write = \"a.test\" }, { remote_write = \"https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-12345678/api/v1/remote_write\" }]",
                "",
            ),
            &["destination", "destination"],
        ),
        (
            fargate(
                "otlp = true\ndestinations = [{ otlp = \"https://a:b@a.test\" }, { otlp = \"https://a.test\", headers = { Authorization = \"Basic\" } }]",
                "",
            ),
            &["plain-secret", "plain-secret"],
        ),
        (
            fargate(
                "otlp = true\nemf = { log_group = \"app\", dimensions = [] }",
                "",
            ),
            &["destination"],
        ),
        (
            fargate(
                "otlp = true\nemf = { log_group = \"app\", dimensions = [[]], metrics = [\"(\"] }",
                "",
            ),
            &["out-of-range", "invalid-pattern"],
        ),
        (
            fargate("otlp = true\ncloudwatch = { region = \"us\" }", ""),
            &["region"],
        ),
        (
            fargate("config_parameter = \"/collector\"", ""),
            &["invalid-arn"],
        ),
        (
            fargate(
                "config_parameter = \"arn:aws:ssm:us-east-1:111122223333:parameter/c\"\notlp = true",
                "",
            ),
            &["configured-twice"],
        ),
        (fargate("scrape = [{ port = 0 }]", ""), &["out-of-range"]),
        (fargate("scrape = [{ }]", ""), &["missing-key"]),
        (fargate("otlp = true\nlogz = \"app\"", ""), &["unknown-key"]),
        (
            fargate("otlp = true\nlogs = \"app\"", "")
                .replace("execution_role = \"execution\"\n", ""),
            &["no-execution-role"],
        ),
        (
            ec2("network_mode = \"host\"", "otlp = true")
                .replace("memory = 512\n", "")
                .replace("image = \"app:1\"", "image = \"app:1\"\nmemory = 64"),
            &["memory-missing"],
        ),
    ];
    for (tables, expected) in cases {
        let mut found = codes(&tables);
        let mut wanted = expected.to_vec();
        found.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(found, wanted, "{tables}");
    }
}

#[test]
fn there_has_to_be_a_workspace() {
    let text = fargate("otlp = true", "");
    let without = crate::kinds::task_definition::read::tests::AROUND
        .replace("[workspace]\nalias = \"w\"\n", "");
    let problems =
        crate::kinds::task_definition::read::tests::load_stack(format!("{without}{text}"), &|_| {
            panic!("nothing is read")
        })
        .unwrap_err();
    assert_eq!(
        problems
            .iter()
            .map(|problem| problem.code)
            .collect::<Vec<_>>(),
        ["no-workspace"]
    );
}

fn inline_policies(stack: &Stack, key: &str) -> Json {
    let want = &stack.resources[&format!("roles.{key}").parse().unwrap()].want;
    let Some(Resource::Role(role)) = want else {
        panic!("{want:?}");
    };
    let policies = role.inline_policies.iter();
    policies
        .map(|(name, policy)| (name.clone(), policy.written().to_json()))
        .collect()
}

#[test]
fn what_goes_elsewhere_is_allowed_and_no_more() {
    let stack = stack(&fargate(
        "otlp = true\nworkspace = \"none\"\ncloudwatch = {}\nemf = { log_group = \"app\", dimensions = [[\"a\"]] }\ndestinations = [{ workspace = \"ws-12345678\" }, { workspace = \"ws-87654321\", assume_role = \"arn:aws:iam::444455556666:role/Other\" }]",
        "",
    ));
    let policies = inline_policies(&stack, "task");
    let statements = policies["amp-stack-remote-write"]["Statement"].as_array();
    let statements: Vec<(Json, Json)> = statements
        .unwrap()
        .iter()
        .map(|statement| (statement["Action"].clone(), statement["Resource"].clone()))
        .collect();
    assert_eq!(
        statements,
        [
            (
                json!("aps:RemoteWrite"),
                json!("arn:aws:aps:us-east-1:111122223333:workspace/ws-12345678")
            ),
            (json!("cloudwatch:PutMetricData"), json!("*")),
            (
                json!(["logs:CreateLogStream", "logs:PutLogEvents"]),
                json!(["${log_groups.app.arn}", "${log_groups.app.arn}:*"])
            ),
            (
                json!("sts:AssumeRole"),
                json!("arn:aws:iam::444455556666:role/Other")
            ),
        ]
    );
    let collector = document(&stack)["containerDefinitions"][1].clone();
    assert_eq!(variable(&collector, collector::ENDPOINT_VARIABLE), None);
    let configuration = variable(&collector, collector::CONFIG_VARIABLE).unwrap();
    let group = "\"log_group_name\":\"${log_groups.app.name}\"";
    assert!(configuration.contains(group), "{configuration}");
}

#[test]
fn a_configuration_in_a_parameter_is_read_by_the_execution_role() {
    let arn = "arn:aws:ssm:us-east-1:111122223333:parameter/collector";
    let tables = fargate(&format!("config_parameter = \"{arn}\""), "");
    // A role that may read no secrets by itself.
    let around = crate::kinds::task_definition::read::tests::AROUND;
    let (around, _) = around
        .split_once("[roles.execution.inline_policies")
        .unwrap();
    let loaded = crate::kinds::task_definition::read::tests::load_stack(
        format!("{around}{tables}"),
        &|_| panic!("nothing is read"),
    );
    let stack = loaded.unwrap_or_else(|problems| panic!("{problems:#?}"));
    let collector = document(&stack)["containerDefinitions"][1].clone();
    assert_eq!(
        collector["secrets"],
        json!([{"name": "AOT_CONFIG_CONTENT", "valueFrom": arn}])
    );
    assert_eq!(variable(&collector, collector::CONFIG_VARIABLE), None);
    let policies = inline_policies(&stack, "execution");
    assert_eq!(
        policies["amp-stack-collector-configuration"]["Statement"],
        json!([{
            "Sid": "Configuration", "Effect": "Allow",
            "Action": "ssm:GetParameters", "Resource": arn,
        }])
    );
    // Of what it does only what `metrics` says is known.
    let policies = inline_policies(&stack, "task");
    assert!(policies["amp-stack-remote-write"].is_object(), "{policies}");
}
