//! What `metrics` of a stack file says in the place of a collector that was written by hand.

use serde_json::Value;

use crate::{
    collector::{CONFIG_VARIABLE, Distribution, SCRAPE_VARIABLE, distribution, image::IMAGE_FILES},
    model::node::Node,
};

/// What a file of the image does that `metrics` has a word for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Whether it scrapes an endpoint.
    pub(super) scrapes: bool,
    /// Whether it takes metrics over OTLP.
    pub(super) otlp: bool,
    /// Whether it takes traces over OTLP, and sends them to X-Ray.
    pub(super) traces: bool,
}

/// What the file of the image at this path does; `None` if `metrics` has no words for it.
pub(super) fn file(path: &str) -> Option<File> {
    let (scrapes, otlp, traces) = match path.strip_prefix("/etc/ecs/")? {
        "ecs-amp.yaml" => (false, true, false),
        "ecs-amp-xray.yaml" => (false, true, true),
        "ecs-amp-prometheus.yaml" => (true, false, false),
        "ecs-amp-xray-prometheus.yaml" => (true, false, true),
        "ecs-xray.yaml" => (false, false, true),
        _ => return None,
    };
    Some(File {
        scrapes,
        otlp,
        traces,
    })
}

/// The lines of `metrics` that come nearest to a container that runs AWS's collector, given its
/// definition under the API's names; `None` if it runs none.
pub fn lines(container: &Node) -> Option<Vec<String>> {
    let image = container.get("image").and_then(Node::as_str)?;
    if distribution(image) != Some(Distribution::Adot) {
        return None;
    }
    let container = container.to_json();
    let elements = |key: &str| container[key].as_array().into_iter().flatten();
    let named = |key: &str, name: &str| elements(key).find(|one| one["name"] == name).cloned();
    if let Some(parameter) = named("secrets", CONFIG_VARIABLE) {
        let secret = Value::from(parameter["valueFrom"].as_str().unwrap_or_default());
        return Some(vec![format!(
            "secrets = {{ {CONFIG_VARIABLE} = {secret} }}"
        )]);
    }
    if named("environment", CONFIG_VARIABLE).is_some() {
        return Some(vec![format!(
            "config = \"collector.yaml\" # a file with what {CONFIG_VARIABLE} holds"
        )]);
    }
    let words = elements("command").filter_map(Value::as_str);
    let file = words
        .filter_map(|word| word.strip_prefix("--config="))
        .next_back();
    let port = named("environment", SCRAPE_VARIABLE).and_then(|variable| {
        let (_, port) = variable["value"].as_str()?.rsplit_once(':')?;
        port.parse::<u16>().ok()
    });
    let scrape = format!("scrape = [{{ port = {} }}]", port.unwrap_or(9090));
    let Some(File {
        scrapes,
        otlp,
        traces,
    }) = file.and_then(self::file)
    else {
        let file = file.unwrap_or("/etc/otel-config.yaml");
        let known = IMAGE_FILES.contains(&file);
        let command = Value::from(format!("--config={file}"));
        let comment = if known {
            ""
        } else {
            " # a file of an image of your own"
        };
        return Some(vec![format!("command = [{command}]{comment}")]);
    };
    let lines = [
        (scrapes, scrape.as_str()),
        (otlp, "otlp = true"),
        (traces, "traces = \"xray\""),
    ];
    let lines = lines.into_iter().filter(|(is_said, _)| *is_said);
    Some(lines.map(|(_, line)| line.to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines_of(members: &Value) -> Option<Vec<String>> {
        let mut container = json!({"name": "c", "image": crate::collector::IMAGE});
        for (key, value) in members.as_object().expect("an object") {
            container[key] = value.clone();
        }
        lines(&Node::from(&container))
    }

    #[test]
    fn every_way_to_configure_a_collector_is_said() {
        let file = |name: &str| json!({"command": [format!("--config=/etc/ecs/{name}")]});
        let parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/otel";
        for (members, expected) in [
            (file("ecs-amp.yaml"), "otlp = true"),
            (file("ecs-amp-xray.yaml"), "otlp = true traces = \"xray\""),
            (
                file("ecs-amp-prometheus.yaml"),
                "scrape = [{ port = 9090 }]",
            ),
            (
                json!({
                    "command": ["--config=/etc/ecs/ecs-amp-xray-prometheus.yaml"],
                    "environment": [{"name": SCRAPE_VARIABLE, "value": "localhost:8080"}],
                }),
                "scrape = [{ port = 8080 }] traces = \"xray\"",
            ),
            (file("ecs-xray.yaml"), "traces = \"xray\""),
            (
                file("ecs-cloudwatch.yaml"),
                "command = [\"--config=/etc/ecs/ecs-cloudwatch.yaml\"]",
            ),
            (
                json!({"environment": [{"name": CONFIG_VARIABLE, "value": "receivers:"}]}),
                "config = \"collector.yaml\" # a file with what AOT_CONFIG_CONTENT holds",
            ),
            (
                json!({"secrets": [{"name": CONFIG_VARIABLE, "valueFrom": parameter}]}),
                "secrets = { AOT_CONFIG_CONTENT = \"arn:aws:ssm:us-east-1:111122223333:parameter/otel\" }",
            ),
            (json!({}), "command = [\"--config=/etc/otel-config.yaml\"]"),
        ] {
            let lines = lines_of(&members).expect("a collector");
            assert_eq!(lines.join(" "), expected, "{members}");
        }
        assert_eq!(lines_of(&json!({"image": "nginx:1"})), None);
    }
}
