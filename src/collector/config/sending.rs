//! How much is gathered before it is sent, waits to be sent, and is sent again.

use serde_json::{Value, json};

use crate::collector::{More, Period, Sending, config::BATCH_SECONDS};

/// What the exporter of remote write calls its queue
/// (opentelemetry-collector-contrib, exporter/prometheusremotewriteexporter, README).
pub(super) const REMOTE_WRITE_QUEUE: &str = "remote_write_queue";

/// What those of OTLP call it (opentelemetry-collector, exporter/exporterhelper, README).
pub(super) const OTLP_QUEUE: &str = "sending_queue";

/// The processor that gathers samples.
pub(super) fn batch(more: &More) -> Value {
    let seconds = Period::seconds(BATCH_SECONDS);
    let timeout = more.batch.as_ref().unwrap_or(&seconds);
    let mut batch = json!({"timeout": timeout.in_go()});
    for (key, size) in [
        ("send_batch_size", more.sending.batch_size),
        ("send_batch_max_size", more.sending.batch_max_size),
    ] {
        if let Some(size) = size {
            batch[key] = json!(size);
        }
    }
    batch
}

/// Adds to an exporter what is asked for; it calls its queue `queue`.
pub(super) fn tune(sending: &Sending, queue: &str, exporter: &mut Value) {
    for (key, size) in [
        ("queue_size", sending.queue_size),
        ("num_consumers", sending.consumers),
    ] {
        if let Some(size) = size {
            exporter[queue][key] = json!(size);
        }
    }
    for (key, period) in [
        ("initial_interval", &sending.initial_interval),
        ("max_interval", &sending.max_interval),
        ("max_elapsed_time", &sending.max_elapsed_time),
    ] {
        if let Some(period) = period {
            exporter["retry_on_failure"][key] = json!(period.in_go());
        }
    }
    if let Some(timeout) = &sending.timeout {
        exporter["timeout"] = json!(timeout.in_go());
    }
}
