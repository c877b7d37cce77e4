//! What a log group keeps: its streams and their events.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What each event counts besides its message, in bytes (API reference, `PutLogEvents`).
pub(super) const EVENT_OVERHEAD_BYTES: usize = 26;

/// A log stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) created_millis: u64,
    /// Sorted by time, and among equal times in the order in which they were received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) events: Vec<Event>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_ingestion_millis: Option<u64>,
}

impl Stream {
    /// The size of the events, uncompressed.
    pub(super) fn stored_bytes(&self) -> u64 {
        let bytes: usize = self
            .events
            .iter()
            .map(|event| event.message.len() + EVENT_OVERHEAD_BYTES)
            .sum();
        u64::try_from(bytes).expect("a size in memory fits 64 bits")
    }

    /// The members of `LogStream`. `storedBytes` is always zero since 2019 (API model,
    /// `LogStream`).
    pub(super) fn description(&self, name: &str, group_arn: &str) -> Value {
        let mut members = Map::new();
        members.insert("logStreamName".into(), json!(name));
        members.insert("creationTime".into(), json!(self.created_millis));
        if let (Some(first), Some(last)) = (self.events.first(), self.events.last()) {
            members.insert("firstEventTimestamp".into(), json!(first.at_millis));
            members.insert("lastEventTimestamp".into(), json!(last.at_millis));
        }
        if let Some(millis) = self.last_ingestion_millis {
            members.insert("lastIngestionTime".into(), json!(millis));
            members.insert("uploadSequenceToken".into(), json!(millis.to_string()));
        }
        let arn = format!("{group_arn}:log-stream:{name}");
        members.insert("arn".into(), json!(arn));
        members.insert("storedBytes".into(), json!(0));
        Value::Object(members)
    }
}

/// A log event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) at_millis: u64,
    pub(super) ingested_millis: u64,
    /// The number of the event in the order in which the region received them.
    pub(super) sequence: u64,
    pub(super) message: String,
}

impl Event {
    /// Sorts by time and then by order of receipt, as text too.
    pub(super) fn key(&self) -> String {
        format!("{:020}-{:020}", self.at_millis, self.sequence)
    }

    pub(super) fn to_member(&self) -> Map<String, Value> {
        let mut members = Map::new();
        members.insert("timestamp".into(), json!(self.at_millis));
        members.insert("message".into(), json!(self.message));
        members.insert("ingestionTime".into(), json!(self.ingested_millis));
        members
    }

    pub(super) fn size(&self) -> usize {
        self.message.len() + EVENT_OVERHEAD_BYTES
    }
}
