//! Where a collector listens and what it scrapes: its health check, its ports, and who reaches
//! whom.

use crate::{
    collector::{
        self, HEALTH_PORT,
        components::{Section, type_of},
        version::Version,
    },
    file::{
        problem::Problems,
        tree::Span,
        yaml::{Value, Yaml},
    },
    kinds::task_definition::read::{
        collector::{
            CollectorContext,
            config::{Config, is_of},
            variables::fill_in,
        },
        launch::Network,
        view::View,
    },
};

/// The first version whose components listen on the loopback unless their configuration says
/// otherwise (opentelemetry-collector, release notes of v0.104.0).
const LISTENS_LOCALLY: Version = (0, 41);

/// An address that a component listens at.
struct Listener<'c> {
    /// Whose: the id of a component.
    id: &'c str,
    /// Where it is said, or the key of what leaves it to the default.
    span: &'c Span,
    host: String,
    port: u16,
    is_udp: bool,
    /// Whether others are to send to it.
    is_receiver: bool,
}

/// Reports what is wrong with the health check, the ports and the targets.
pub(crate) fn check(
    config: &Config,
    around: &CollectorContext<'_>,
    version: Option<Version>,
    problems: &mut Problems,
) {
    if around.asks_health {
        health(config, around, problems);
    }
    let listeners = listeners(config, around, version);
    if around.network == Network::Bridge && !around.others.is_empty() {
        for listener in &listeners {
            unreachable(config, listener, problems);
        }
    }
    if around.network.is_shared() {
        clashes(config, &listeners, around, problems);
    }
    targets(config, &listeners, around, problems);
}

/// What `/healthcheck` asks: `GET http://127.0.0.1:13133/` (aws-observability/aws-otel-collector,
/// `cmd/healthcheck/main.go`).
fn health(config: &Config, around: &CollectorContext<'_>, problems: &mut Problems) {
    let enabled = config.of_type(Section::Extensions, &["health_check"]);
    let Some((key, body)) = enabled.first().copied() else {
        no_health(config, problems);
        return;
    };
    let mut refuse = |span: &Span, label: &str, message: String| {
        config
            .text
            .report(problems, HEALTH_CODE, span, label, message)
            .help(NEVER_HEALTHY);
    };
    let endpoint = body.get("endpoint");
    let asked = endpoint.and_then(|endpoint| address(endpoint, around));
    if let (Some((_, port)), Some(endpoint)) = (asked, endpoint)
        && port != HEALTH_PORT
    {
        let message = format!("the container's health check asks port {HEALTH_PORT}");
        refuse(&endpoint.span, "another port", message);
    }
    let path = body.get("path");
    if let Some(path) = path.filter(|path| path.text().is_some_and(|path| path != "/")) {
        let message = format!(
            "the container's health check asks for `/` of `{}`",
            key.text
        );
        refuse(&path.span, "another path", message);
    }
}

const HEALTH_CODE: &str = "collector-health-extension";
const NEVER_HEALTHY: &str =
    "the health check then never passes, and what waits for it never starts";

/// Reports that the extension is not there, or not enabled.
fn no_health(config: &Config, problems: &mut Problems) {
    let mut defined = config.defined(Section::Extensions).iter();
    let defined = defined.find(|(key, _)| is_of(&key.text, &["health_check"]));
    if let Some((key, _)) = defined {
        let message = format!("`service.extensions` does not name `{}`", key.text);
        config
            .text
            .report(problems, HEALTH_CODE, &key.span, "not enabled", message)
            .help(NEVER_HEALTHY);
        return;
    }
    let first = config.root.entry("extensions");
    let first = first.or(config.root.entries().first());
    let span = first.map_or_else(|| config.root.span.clone(), |(key, _)| key.span.clone());
    let message = "the container's health check asks for the extension `health_check`";
    config
        .text
        .report(
            problems,
            HEALTH_CODE,
            &span,
            "has no `health_check`",
            message,
        )
        .help(format!(
            "{NEVER_HEALTHY}: define it under `extensions`, and name it under `service.extensions`"
        ));
}

/// The host and the port of an address; `None` if it is not known.
fn address(endpoint: &Yaml, around: &CollectorContext<'_>) -> Option<(String, u16)> {
    let text = fill_in(endpoint.text()?, &around.variables)?;
    let text = text.rsplit("://").next().unwrap_or_default();
    let (host, port) = text.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

/// Where the components listen that are in use.
fn listeners<'c>(
    config: &'c Config,
    around: &CollectorContext<'_>,
    version: Option<Version>,
) -> Vec<Listener<'c>> {
    let is_local = version.is_none_or(|version| version >= LISTENS_LOCALLY);
    let local = if is_local { "localhost" } else { "0.0.0.0" };
    let mut all = Vec::new();
    let mut add =
        |id: &'c str, span: &'c Span, body: Option<&'c Yaml>, port, is_udp, is_receiver| {
            let endpoint = body.and_then(|body| body.get("endpoint"));
            let (host, port) = match endpoint {
                Some(endpoint) => match address(endpoint, around) {
                    Some(address) => address,
                    None => return,
                },
                None => (local.to_owned(), port),
            };
            let span = endpoint.map_or(span, |endpoint| &endpoint.span);
            all.push(Listener {
                id,
                span,
                host,
                port,
                is_udp,
                is_receiver,
            });
        };
    for (key, body) in config.in_use(Section::Receivers) {
        let id = key.text.as_str();
        match type_of(id) {
            "otlp" => {
                let protocols = body.get("protocols").map(Yaml::entries).unwrap_or_default();
                for (protocol, body) in protocols {
                    let port = match protocol.text.as_str() {
                        "grpc" => collector::OTLP_GRPC_PORT,
                        "http" => collector::OTLP_HTTP_PORT,
                        _ => continue,
                    };
                    add(id, &protocol.span, Some(body), port, false, true);
                }
            }
            "statsd" => {
                let is_tcp = body.get("transport").and_then(Yaml::text) == Some("tcp");
                add(id, &key.span, Some(body), 8125, !is_tcp, true);
            }
            "awsxray" => {
                let is_tcp = body.get("transport").and_then(Yaml::text) == Some("tcp");
                add(id, &key.span, Some(body), 2000, !is_tcp, true);
            }
            "zipkin" => add(id, &key.span, Some(body), 9411, false, true),
            _ => {}
        }
    }
    for (key, body) in config.in_use(Section::Extensions) {
        let port = match type_of(&key.text) {
            "health_check" => HEALTH_PORT,
            "pprof" => 1777,
            "zpages" => 55_679,
            _ => continue,
        };
        add(&key.text, &key.span, Some(body), port, false, false);
    }
    for (key, body) in config.of_type(Section::Exporters, &["prometheus"]) {
        if body.get("endpoint").is_some() {
            add(&key.text, &key.span, Some(body), 0, false, false);
        }
    }
    all
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// On a bridge every container has a loopback of its own.
fn unreachable(config: &Config, listener: &Listener<'_>, problems: &mut Problems) {
    if listener.is_receiver && is_loopback(&listener.host) {
        let port = listener.port;
        config
            .text
            .report(
                problems,
                "unreachable-collector",
                listener.span,
                "listens on the loopback",
                format!(
                    "no other container reaches `{}` on a bridge network",
                    listener.id
                ),
            )
            .help(format!("write `endpoint: 0.0.0.0:{port}`"));
    }
}

/// Containers that share a network can't listen on the same port.
fn clashes(
    config: &Config,
    listeners: &[Listener<'_>],
    around: &CollectorContext<'_>,
    problems: &mut Problems,
) {
    for (index, listener) in listeners.iter().enumerate() {
        let Listener { id, port, span, .. } = listener;
        let mut before = listeners[..index].iter();
        if let Some(first) = before.find(|o| o.port == *port && o.is_udp == listener.is_udp) {
            let first = config.text.place(first.span);
            config
                .text
                .report(
                    problems,
                    "port-clash",
                    span,
                    "this one too",
                    format!("the collector listens on port {port} twice"),
                )
                .and(&first, "here");
        }
        for container in around.others {
            let name = container.known_at("name").unwrap_or_default();
            let takes = container.list("portMappings").iter().any(|mapping| {
                let is_udp = mapping.known_at("protocol") == Some("udp");
                mapping.integer_at("containerPort") == Some(i64::from(*port))
                    && is_udp == listener.is_udp
            });
            if takes {
                config.text.report(
                    problems,
                    "port-clash",
                    span,
                    "listens here",
                    format!("`{id}` and the container `{name}` both listen on port {port}"),
                );
            }
        }
    }
    let level = config.root.at(&["service", "telemetry", "metrics"]);
    let is_elsewhere = level.is_some_and(|metrics| {
        let is_off = metrics.get("level").and_then(Yaml::text) == Some("none");
        is_off || metrics.get("address").is_some() || metrics.get("readers").is_some()
    });
    let takes = |port: u16| {
        around.others.iter().find(|container| {
            let mut mappings = container.list("portMappings").iter();
            mappings.any(|m| m.integer_at("containerPort") == Some(i64::from(port)))
        })
    };
    if let (false, Some(container)) = (is_elsewhere, takes(collector::TELEMETRY_PORT)) {
        let name = container.known_at("name").unwrap_or_default();
        let Some((key, _)) = config.root.entry("service") else {
            return;
        };
        config
            .text
            .report(
                problems,
                "port-clash",
                &key.span,
                format!(
                    "takes port {} for its own metrics",
                    collector::TELEMETRY_PORT
                ),
                format!(
                    "the collector and the container `{name}` both listen on port {}",
                    collector::TELEMETRY_PORT
                ),
            )
            .help("write `telemetry: {metrics: {level: none}}` under `service`");
    }
}

/// What is scraped at `localhost` is the collector itself on one of its own ports, and nobody on a
/// bridge.
fn targets(
    config: &Config,
    listeners: &[Listener<'_>],
    around: &CollectorContext<'_>,
    problems: &mut Problems,
) {
    for (_, body) in config.of_type(Section::Receivers, &["prometheus"]) {
        let scrapes = body.at(&["config", "scrape_configs"]).map(Yaml::elements);
        let groups = scrapes.unwrap_or_default().iter().flat_map(|scrape| {
            let groups = scrape.get("static_configs").map(Yaml::elements);
            groups.unwrap_or_default()
        });
        for target in groups.filter_map(|group| group.get("targets")) {
            for target in target.elements() {
                if let Value::Text(_) = target.value {
                    one_target(config, target, listeners, around, problems);
                }
            }
        }
    }
}

fn one_target(
    config: &Config,
    target: &Yaml,
    listeners: &[Listener<'_>],
    around: &CollectorContext<'_>,
    problems: &mut Problems,
) {
    let Some((host, port)) = address(target, around) else {
        return;
    };
    if !is_loopback(&host) && host != "0.0.0.0" || port == collector::TELEMETRY_PORT {
        return;
    }
    if let Some(listener) = listeners.iter().find(|l| l.port == port && !l.is_udp) {
        // Metrics of the collector's own are what an exporter `prometheus` is for.
        if type_of(listener.id) != "prometheus" {
            let place = config.text.place(listener.span);
            config
                .text
                .report(
                    problems,
                    "scrape-own-port",
                    &target.span,
                    "is the collector itself",
                    format!("`{}` listens on port {port} itself", listener.id),
                )
                .and(&place, "here");
        }
    } else if around.network == Network::Bridge && !around.others.is_empty() {
        config
            .text
            .report(
                problems,
                "unreachable-target",
                &target.span,
                "is the collector's own container",
                "on a bridge network every container has a localhost of its own",
            )
            .help("link the container to the collector, and scrape it by its name");
    }
}
