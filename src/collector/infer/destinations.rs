//! What `metrics` says of the exporters of a configuration.

use serde_json::{Map, Value, json};

use crate::collector::infer::{Around, Config, Said, elements, scrape, text, variable};

/// What the exporters of Prometheus' remote write are called, without `_`.
const REMOTE_WRITE: &str = "prometheusremotewrite";

/// The labels of everything.
pub(super) fn labels(config: &Config<'_>) -> Map<String, Value> {
    let mut exporters = config.parts("exporters");
    let writer = exporters.find(|(kind, ..)| kind == REMOTE_WRITE);
    let of_writer = writer.map(|(_, _, part)| scrape::labels(&part["external_labels"]));
    let inserted = config.parts("processors");
    let mut inserted = inserted.filter(|(kind, rest, _)| kind == "resource" && *rest == "labels");
    let of_resource = || {
        let (_, _, part) = inserted.next()?;
        let labels = elements(&part["attributes"]).iter();
        let labels =
            labels.filter_map(|one| Some((text(&one["key"])?, json!(text(&one["value"])?))));
        Some(labels.collect())
    };
    let of_writer = of_writer.filter(|labels| !labels.is_empty());
    of_writer.or_else(of_resource).unwrap_or_default()
}

/// How it sends.
pub(super) fn sending(config: &Config<'_>, said: &mut Said) {
    let mut processors = config.parts("processors");
    let batch =
        processors.find(|(kind, rest, _)| kind == "batch" && ["", "metrics"].contains(rest));
    if let Some((_, _, batch)) = batch {
        let mut table = Said::default();
        table.maybe("timeout", text(&batch["timeout"]).map(Value::from));
        for (key, of) in [
            ("size", "send_batch_size"),
            ("max_size", "send_batch_max_size"),
        ] {
            table.maybe(key, batch[of].as_u64().map(Value::from));
        }
        match table.0.get("timeout").filter(|_| table.0.len() == 1) {
            Some(only) => said.put("batch", only.clone()),
            None => said.map("batch", table.0),
        }
    }
    let tuned = |(kind, ..): &(String, &str, &Value)| {
        kind == REMOTE_WRITE || ["otlp", "otlpgrpc", "otlphttp"].contains(&kind.as_str())
    };
    let Some((_, _, exporter)) = config.parts("exporters").find(tuned) else {
        return;
    };
    let queues = ["remote_write_queue", "sending_queue"].map(|name| &exporter[name]);
    let mut queue = Said::default();
    for (key, of) in [("size", "queue_size"), ("consumers", "num_consumers")] {
        queue.maybe(
            key,
            queues
                .iter()
                .find_map(|queue| queue[of].as_u64())
                .map(Value::from),
        );
    }
    said.map("queue", queue.0);
    let mut retry = Said::default();
    for key in ["initial_interval", "max_interval", "max_elapsed_time"] {
        retry.maybe(
            key,
            text(&exporter["retry_on_failure"][key]).map(Value::from),
        );
    }
    said.map("retry", retry.0);
    said.maybe("timeout", text(&exporter["timeout"]).map(Value::from));
    let signer = config.part("extensions", "sigv4auth");
    said.maybe(
        "assume_role",
        text(&signer["assume_role"]["arn"]).map(Value::from),
    );
}

/// Where else it sends.
pub(super) fn all(config: &Config<'_>, around: &Around<'_>, said: &mut Said) {
    let signers = config.parts("extensions");
    for (_, _, signer) in
        signers.filter(|(kind, rest, _)| kind == "sigv4auth" && *rest == "cloudwatch")
    {
        let mut cloudwatch = Said::default();
        cloudwatch.maybe("region", text(&signer["region"]).map(Value::from));
        said.put("cloudwatch", Value::Object(cloudwatch.0));
    }
    let emf = config.part("exporters", "awsemf");
    if emf.is_object() {
        said.put("emf", Value::Object(of_emf(emf)));
    }
    let numbered = config.parts("exporters").filter_map(|(kind, rest, part)| {
        let number: usize = rest.parse().ok()?;
        let destination = destination(config, (&kind, rest), part, around)?;
        Some((number, Value::Object(destination)))
    });
    let mut numbered: Vec<(usize, Value)> = numbered.collect();
    numbered.sort_by_key(|(number, _)| *number);
    said.list(
        "destinations",
        numbered.into_iter().map(|(_, one)| one).collect(),
    );
}

fn of_emf(emf: &Value) -> Map<String, Value> {
    let mut said = Said::default();
    said.maybe("log_group", text(&emf["log_group_name"]).map(Value::from));
    said.maybe("namespace", text(&emf["namespace"]).map(Value::from));
    let declared = &emf["metric_declarations"][0];
    let sets = elements(&declared["dimensions"]).iter();
    let sets = sets.map(|set| {
        elements(set)
            .iter()
            .filter_map(text)
            .map(Value::from)
            .collect()
    });
    said.list("dimensions", sets.collect());
    let patterns = elements(&declared["metric_name_selectors"])
        .iter()
        .filter_map(text);
    let patterns = patterns.map(|pattern| {
        let inner = pattern
            .strip_prefix("^(?:")
            .and_then(|rest| rest.strip_suffix(")$"));
        Value::from(inner.unwrap_or(&pattern))
    });
    said.list("metrics", patterns.collect());
    said.0
}

fn destination(
    config: &Config<'_>,
    (kind, rest): (&str, &str),
    part: &Value,
    around: &Around<'_>,
) -> Option<Map<String, Value>> {
    let mut said = Said::default();
    let endpoint = text(&part["endpoint"])?;
    match kind {
        REMOTE_WRITE => match part["auth"]["authenticator"].as_str() {
            Some(signer) => {
                said.put("workspace", json!((around.workspace)(&endpoint)?));
                let role = &config.0["extensions"][signer]["assume_role"]["arn"];
                said.maybe("assume_role", text(role).map(Value::from));
            }
            None => said.put("remote_write", json!(endpoint)),
        },
        "otlp" | "otlphttp" | "otlpgrpc" => {
            if kind == "otlphttp" {
                said.put("otlp", json!(endpoint));
            } else {
                let is_plain = part["tls"]["insecure"] == true;
                let scheme = if is_plain { "http" } else { "https" };
                said.put("otlp", json!(format!("{scheme}://{endpoint}")));
                said.put("protocol", json!("grpc"));
            }
            let is_this = |name: &str| {
                let name_kind = name.split('/').next().unwrap_or(name);
                name_kind.replace('_', "") == kind && name.ends_with(&format!("/{rest}"))
            };
            let whole = config.0["exporters"]
                .as_object()?
                .keys()
                .find(|name| is_this(name))?;
            let signals = ["metrics", "traces"].into_iter();
            let signals = signals.filter(|signal| config.uses(signal, "exporters", whole));
            said.list("signals", signals.map(Value::from).collect());
        }
        _ => return None,
    }
    let headers = part["headers"].as_object().into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| {
        let value = match variable(value) {
            Some(name) => json!({"secret": name}),
            None => json!(text(value)?),
        };
        Some((name.clone(), value))
    });
    said.map("headers", headers.collect());
    Some(said.0)
}
