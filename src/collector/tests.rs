use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::*;

fn collector() -> Collector {
    Collector {
        generation: Generation::NEWEST,
        source: None,
        name: CONTAINER_NAME.to_owned(),
        image: Template::from(IMAGE),
        otlp: false,
        scrape: Vec::new(),
        traces: false,
        more: More::default(),
        file: None,
        command: None,
        endpoint: Some(Template::from("https://example.test/api/v1/remote_write")),
        workspace_region: "us-east-1".to_owned(),
        region: None,
        may_be_on_instance: false,
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
        default_job: format!("app:{port}"),
        is_secure: false,
        params: BTreeMap::new(),
        labels: BTreeMap::new(),
        keep: Vec::new(),
        drop: Vec::new(),
        relabel: Vec::new(),
        metric_relabel: Vec::new(),
        login: None,
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

/// Everything that can be asked for, in every combination.
fn every_combination() -> Vec<Collector> {
    let one = target(8080, "/metrics", "20s", "10s");
    let other = Scrape {
        job: Some("b".to_owned()),
        is_secure: true,
        params: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        ..target(9090, "/actuator/prometheus", "1m", "10s")
    };
    let scrapes = [
        vec![],
        vec![one.clone()],
        vec![other.clone()],
        vec![one, other],
    ];
    let mut all = Vec::new();
    for scrape in scrapes {
        for otlp in [false, true] {
            for traces in [false, true] {
                for (memory, task_metrics) in [
                    (None, None),
                    (Some(256), None),
                    (None, Some(TaskMetrics::Containers)),
                    (Some(256), Some(TaskMetrics::Off)),
                ] {
                    for tag in ["v0.48.0", "v0.49.0", "v0.60.0"] {
                        let image = format!("public.ecr.aws/x/aws-otel-collector:{tag}");
                        all.push(Collector {
                            memory,
                            image: Template::from(image),
                            may_be_on_instance: otlp,
                            more: More {
                                task_metrics: task_metrics.clone(),
                                ..More::default()
                            },
                            ..with(&scrape, otlp, traces)
                        });
                    }
                }
            }
        }
    }
    all.retain(|collector| collector.writes_metrics() || collector.traces);
    all
}

#[test]
fn a_configuration_of_the_image_is_taken_if_it_is_asked_for_and_there_is_one() {
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
        assert_eq!(collector.built_in_file(), Some(file));
        assert!(matches!(
            collector.configuration(),
            Configuration::Generated(_)
        ));
        for collector in [
            Collector {
                source: Some(Source::Image),
                ..collector.clone()
            },
            Collector {
                generation: Generation::First,
                ..collector
            },
        ] {
            assert_eq!(collector.configuration(), Configuration::BuiltIn(file));
            assert_eq!(
                collector.container().get("command").unwrap().to_json(),
                json!([format!("--config=/etc/ecs/{file}")])
            );
        }
    }
    let two = [one[0].clone(), target(9090, "/metrics", "20s", "10s")];
    for collector in [
        with(&one, true, false),
        with(&two, false, false),
        with(&one, true, true),
    ] {
        assert_eq!(collector.built_in_file(), None, "{collector:?}");
    }
}

#[test]
fn a_generated_configuration_is_the_only_one() {
    for collector in every_combination() {
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

fn variables(container: &Node) -> BTreeMap<String, String> {
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
        pretty(&generated(&Collector {
            memory: Some(256),
            ..with(&two, true, true)
        }))
    );
    insta::assert_snapshot!("traces_alone", pretty(&generated(&with(&[], false, true))));
}

#[test]
fn what_a_pipeline_names_is_defined_and_what_is_defined_is_named() {
    for collector in every_combination() {
        let json = generated(&collector);
        let names = |of: &Value| -> BTreeSet<String> {
            let list = of.as_array().into_iter().flatten();
            list.map(|name| name.as_str().unwrap().to_owned()).collect()
        };
        let defined = |section: &str| -> BTreeSet<String> {
            let section = json[section].as_object().into_iter().flatten();
            section.map(|(name, _)| name.clone()).collect()
        };
        let pipelines = json["service"]["pipelines"].as_object().unwrap();
        for section in ["receivers", "processors", "exporters"] {
            let used: BTreeSet<String> = pipelines
                .values()
                .flat_map(|pipeline| names(&pipeline[section]))
                .collect();
            assert_eq!(used, defined(section), "{section} of {json}");
        }
        assert_eq!(names(&json["service"]["extensions"]), defined("extensions"));
        assert_eq!(json["service"]["telemetry"]["metrics"]["level"], "none");
        assert_eq!(json["exporters"].get("awsxray").is_some(), collector.traces);
        assert_eq!(json["receivers"].get("otlp").is_some(), collector.listens());
        assert_eq!(
            json["extensions"].get("sigv4auth"),
            collector
                .writes_metrics()
                .then_some(&json!({"region": "us-east-1", "service": "aps"}))
        );
        for pipeline in pipelines.values() {
            let limited = pipeline["processors"][0] == "memory_limiter";
            assert_eq!(
                limited,
                collector.memory.is_some(),
                "it comes first or not at all"
            );
        }
    }
}

#[test]
fn components_bear_the_names_of_the_images_version() {
    for (image, name) in [
        ("x/aws-otel-collector:v0.48.0", "prometheusremotewrite"),
        (IMAGE, "prometheus_remote_write"),
    ] {
        let collector = Collector {
            image: Template::from(image),
            ..with(&[], true, false)
        };
        let exporters = &generated(&collector)["exporters"];
        assert!(exporters.get(name).is_some(), "{exporters}");
    }
}

#[test]
fn labels_that_change_with_a_restart_are_off() {
    let json = generated(&with(&[], true, true));
    let detection = &json["processors"]["resource_detection"];
    assert_eq!(detection["detectors"], json!(["env", "system", "ecs"]));
    assert_eq!(
        detection["ecs"]["resource_attributes"]["aws.log.stream.names"],
        json!({"enabled": false})
    );
    let on_instance = Collector {
        may_be_on_instance: true,
        ..with(&[], true, false)
    };
    let detection = &generated(&on_instance)["processors"]["resource_detection"];
    assert_eq!(
        detection["detectors"],
        json!(["env", "system", "ecs", "ec2"])
    );
}

#[test]
fn its_own_ports_depend_on_its_configuration() {
    let built_in = |collector| Collector {
        source: Some(Source::Image),
        ..collector
    };
    assert_eq!(with(&[], true, false).ports(), [13133, 4317, 4318]);
    assert_eq!(
        built_in(with(&[], true, false)).ports(),
        [13133, 4317, 4318, 8888]
    );
    let one = [target(8080, "/metrics", "20s", "10s")];
    assert_eq!(with(&one, false, false).ports(), [13133]);
}

#[test]
fn what_was_gathered_last_has_time_to_be_sent() {
    let stop_timeout = |collector: &Collector| {
        let container = collector.container();
        container.get("stopTimeout").and_then(Node::as_i64)
    };
    let collector = with(&[], true, false);
    let batch = &generated(&collector)["processors"]["batch/metrics"]["timeout"];
    assert_eq!(*batch, format!("{}s", stop_timeout(&collector).unwrap()));
    let first = Collector {
        generation: Generation::First,
        ..collector
    };
    assert_eq!(stop_timeout(&first), None);
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
        3
    );
}

#[test]
fn images_are_recognised_by_their_names() {
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
