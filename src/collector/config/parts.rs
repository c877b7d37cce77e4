//! The parts that a configuration is made of.

use serde_json::{Map, Value, json};

/// The parts of a configuration, by section and name.
#[derive(Default)]
pub(super) struct Parts {
    sections: Map<String, Value>,
    pipelines: Map<String, Value>,
    extensions: Vec<String>,
    /// The exporter that writes everything into the log, if there is one.
    pub(super) log: Option<&'static str>,
    /// The least level of what the collector writes into its log about itself.
    pub(super) log_level: Option<&'static str>,
}

impl Parts {
    pub(super) fn add(&mut self, section: &str, name: &str, part: Value) {
        let section = self.sections.entry(section).or_insert_with(|| json!({}));
        section[name] = part;
    }

    /// Extensions do nothing unless the service names them.
    pub(super) fn extension(&mut self, name: &str, part: Value) {
        self.add("extensions", name, part);
        self.extensions.push(name.to_owned());
    }

    pub(super) fn pipeline(
        &mut self,
        name: &str,
        receivers: &[&str],
        processors: &[&str],
        exporters: &[String],
    ) {
        let exporters = exporters.iter().map(String::as_str);
        let exporters: Vec<&str> = exporters.chain(self.log).collect();
        let pipeline =
            json!({"receivers": receivers, "processors": processors, "exporters": exporters});
        self.pipelines.insert(name.to_owned(), pipeline);
    }

    /// The document. The collector serves metrics about itself on port 8888 unless it is asked not
    /// to, and an application may need that port (OpenTelemetry documentation, "Internal
    /// telemetry").
    pub(super) fn into_document(mut self) -> Value {
        let mut service = json!({
            "extensions": self.extensions,
            "pipelines": self.pipelines,
            "telemetry": {"metrics": {"level": "none"}},
        });
        if let Some(level) = self.log_level {
            service["telemetry"]["logs"] = json!({"level": level});
        }
        self.sections.insert("service".to_owned(), service);
        Value::Object(self.sections)
    }
}
