use serde_json::{Value, json};

use super::*;

fn collector() -> Collector {
    Collector {
        name: CONTAINER_NAME.to_owned(),
        image: Template::from(IMAGE),
        otlp: false,
        scrape: Vec::new(),
        traces: false,
        command: None,
        endpoint: Some(Template::from("https://example.test/api/v1/remote_write")),
        region: None,
        environment: Vec::new(),
        secrets: Vec::new(),
        essential: false,
        cpu: None,
        memory: None,
        memory_reservation: None,
        links: Vec::new(),
    }
}

fn target(port: u16, path: &str, interval: &str, timeout: &str) -> Scrape {
    Scrape {
        host: "localhost".to_owned(),
        port,
        path: path.to_owned(),
        interval: Period::parse(interval).unwrap(),
        timeout: Period::parse(timeout).unwrap(),
        job: None,
    }
}

fn with(scrape: &[Scrape], otlp: bool, traces: bool) -> Collector {
    Collector {
        scrape: scrape.to_vec(),
        otlp,
        traces,
        ..collector()
    }
}

#[test]
fn a_file_of_the_image_is_used_where_one_does_what_is_asked_for() {
    let one = [target(8080, "/metrics", "20s", "10s")];
    let respelled = [target(8080, "/metrics", "20000ms", "10s")];
    for (collector, file) in [
        (with(&[], true, false), "ecs-amp.yaml"),
        (with(&[], true, true), "ecs-amp-xray.yaml"),
        (with(&[], false, true), "ecs-xray.yaml"),
        (with(&one, false, false), "ecs-amp-prometheus.yaml"),
        (with(&respelled, false, false), "ecs-amp-prometheus.yaml"),
        (with(&one, false, true), "ecs-amp-xray-prometheus.yaml"),
    ] {
        assert_eq!(collector.configuration(), Configuration::BuiltIn(file));
        assert_eq!(
            collector.container().get("command").unwrap().to_json(),
            json!([format!("--config=/etc/ecs/{file}")])
        );
    }
}

#[test]
fn a_configuration_is_generated_where_no_file_does() {
    let one = target(8080, "/metrics", "20s", "10s");
    for collector in [
        with(std::slice::from_ref(&one), true, false),
        with(std::slice::from_ref(&one), true, true),
        with(
            &[one.clone(), target(9090, "/metrics", "20s", "10s")],
            false,
            false,
        ),
        with(&[target(8080, "/prometheus", "20s", "10s")], false, false),
        with(&[target(8080, "/metrics", "1m", "10s")], false, false),
        with(&[target(8080, "/metrics", "20s", "5s")], false, false),
        with(
            &[Scrape {
                job: Some("app".to_owned()),
                ..one
            }],
            false,
            true,
        ),
    ] {
        assert!(
            matches!(collector.configuration(), Configuration::Generated(_)),
            "{collector:?}"
        );
        let container = collector.container();
        assert_eq!(
            container.get("command"),
            None,
            "never both ways of configuration"
        );
        let names: Vec<String> = variables(&container).into_keys().collect();
        assert_eq!(names, [CONFIG_VARIABLE, ENDPOINT_VARIABLE]);
    }
}

fn variables(container: &Node) -> std::collections::BTreeMap<String, String> {
    let list = container
        .get("environment")
        .and_then(Node::as_list)
        .unwrap();
    list.iter()
        .map(|pair| {
            let text = |key: &str| pair.get(key).and_then(Node::as_str).unwrap().to_owned();
            (text("name"), text("value"))
        })
        .collect()
}

fn generated(collector: &Collector) -> Value {
    match collector.configuration() {
        Configuration::Generated(json) => json,
        Configuration::BuiltIn(_) | Configuration::Own => panic!("not generated: {collector:?}"),
    }
}

fn pretty(json: &Value) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

#[test]
fn generated_configurations() {
    let two = [
        target(8080, "/metrics", "20s", "10s"),
        target(9090, "/actuator/prometheus", "1m", "10s"),
    ];
    insta::assert_snapshot!(
        "otlp_and_two_scrapes",
        pretty(&generated(&with(&two, true, false)))
    );
    insta::assert_snapshot!(
        "everything_with_traces",
        pretty(&generated(&with(&two, true, true)))
    );
    insta::assert_snapshot!(
        "one_scrape_elsewhere_with_traces",
        pretty(&generated(&with(&two[1..], false, true)))
    );
}

/// What the files of the image say where one scrape target and OTLP, each alone, are asked for;
/// both files differ only in their receivers.
#[test]
fn a_generated_configuration_says_what_the_files_say_where_they_overlap() {
    let json = generated(&with(&[target(8080, "/metrics", "20s", "10s")], true, true));
    assert_eq!(
        json["receivers"]["prometheus"]["config"],
        json!({
            "global": {"scrape_interval": "20s", "scrape_timeout": "10s"},
            "scrape_configs": [{
                "job_name": "otel-collector", "metrics_path": "/metrics", "scrape_interval": "20s", "scrape_timeout": "10s",
                "static_configs": [{"targets": ["localhost:8080"]}],
            }],
        })
    );
    assert_eq!(
        json["service"],
        json!({
            "extensions": ["health_check", "sigv4auth"],
            "pipelines": {
                "metrics": {"receivers": ["awsecscontainermetrics"], "processors": ["filter"], "exporters": ["prometheusremotewrite"]},
                "metrics/application": {"receivers": ["otlp", "prometheus"], "processors": ["resourcedetection", "batch/metrics"], "exporters": ["prometheusremotewrite"]},
                "traces": {"receivers": ["otlp"], "processors": ["resourcedetection", "batch/traces"], "exporters": ["awsxray"]},
            },
        })
    );
    assert_eq!(
        json["exporters"]["prometheusremotewrite"]["endpoint"],
        "${env:AWS_PROMETHEUS_ENDPOINT}"
    );
    assert_eq!(
        json["extensions"]["sigv4auth"]["region"],
        "${env:AWS_REGION}"
    );
    assert_eq!(
        json["processors"]["filter"]["metrics"]["include"]["metric_names"]
            .as_array()
            .unwrap()
            .len(),
        9
    );
}

#[test]
fn every_part_that_a_pipeline_names_is_defined() {
    let two = [
        target(8080, "/metrics", "20s", "10s"),
        target(9090, "/metrics", "20s", "10s"),
    ];
    for (otlp, traces) in [(false, false), (false, true), (true, false), (true, true)] {
        let json = generated(&with(&two, otlp, traces));
        for pipeline in json["service"]["pipelines"].as_object().unwrap().values() {
            for kind in ["receivers", "processors", "exporters"] {
                for name in pipeline[kind].as_array().unwrap() {
                    let defined = json[kind].as_object().unwrap();
                    assert!(
                        defined.contains_key(name.as_str().unwrap()),
                        "{kind} {name}"
                    );
                }
            }
        }
        assert_eq!(json["exporters"].get("awsxray").is_some(), traces);
        assert_eq!(json["receivers"].get("otlp").is_some(), otlp || traces);
    }
}

#[test]
fn dollars_of_the_user_stay_dollars() {
    let json = generated(&with(
        &[target(8080, "/$metrics/${x}", "20s", "10s")],
        false,
        false,
    ));
    let job = &json["receivers"]["prometheus"]["config"]["scrape_configs"][0];
    assert_eq!(job["metrics_path"], "/$$metrics/$${x}");
}

#[test]
fn the_container() {
    let collector = Collector {
        region: Some(Template::from("eu-west-1")),
        environment: vec![("GOMEMLIMIT".to_owned(), Template::from("200MiB"))],
        cpu: Some(64),
        memory: Some(256),
        ..with(&[target(8080, "/metrics", "20s", "10s")], false, false)
    };
    insta::assert_snapshot!("container", pretty(&collector.container().to_json()));
    let essential = Collector {
        essential: true,
        ..collector
    };
    assert_eq!(essential.container().get("restartPolicy"), None);
}

#[test]
fn a_configuration_of_the_users_own_replaces_what_would_be_chosen() {
    let commanded = Collector {
        command: Some(vec![Template::from(
            "--config=/etc/ecs/ecs-default-config.yaml",
        )]),
        ..collector()
    };
    assert_eq!(commanded.configuration(), Configuration::Own);
    assert_eq!(
        commanded.container().get("command").unwrap().to_json(),
        json!(["--config=/etc/ecs/ecs-default-config.yaml"])
    );
    let written = Collector {
        environment: vec![(CONFIG_VARIABLE.to_owned(), Template::from("receivers: {}"))],
        ..collector()
    };
    assert_eq!(written.configuration(), Configuration::Own);
    assert_eq!(written.container().get("command"), None);
    let secret = Collector {
        secrets: vec![(CONFIG_VARIABLE.to_owned(), Template::from("collector"))],
        ..collector()
    };
    assert_eq!(secret.configuration(), Configuration::Own);
    assert_eq!(
        secret.container().get("secrets").unwrap().to_json(),
        json!([{"name": CONFIG_VARIABLE, "valueFrom": "collector"}])
    );
}

#[test]
fn a_region_of_the_users_own_wins() {
    let collector = Collector {
        region: Some(Template::from("eu-west-1")),
        environment: vec![(REGION_VARIABLE.to_owned(), Template::from("eu-north-1"))],
        ..with(&[], true, false)
    };
    assert_eq!(
        variables(&collector.container())[REGION_VARIABLE],
        "eu-north-1"
    );
    let list = collector.container();
    assert_eq!(
        list.get("environment")
            .and_then(Node::as_list)
            .unwrap()
            .len(),
        2
    );
}

#[test]
fn images_are_told_by_their_names() {
    for (image, ours, pinned) in [
        (IMAGE, true, true),
        ("aws-otel-collector", true, false),
        (
            "public.ecr.aws/aws-observability/aws-otel-collector:latest",
            true,
            false,
        ),
        (
            "111122223333.dkr.ecr.us-east-1.amazonaws.com/mirror/aws-otel-collector@sha256:00",
            true,
            true,
        ),
        ("registry:5000/aws-otel-collector", true, false),
        (
            "public.ecr.aws/aws-observability/aws-otel-collector-tools:v1",
            false,
            true,
        ),
        ("nginx:1", false, true),
    ] {
        assert_eq!(is_collector(image), ours, "{image}");
        assert_eq!(is_pinned(image), pinned, "{image}");
    }
}
