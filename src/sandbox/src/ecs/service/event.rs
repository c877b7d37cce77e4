//! What a service says of itself: the messages of `DescribeServices`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Service;
use crate::{service::seconds, world::mixed};

/// How many events are shown (API reference, `Service`, events).
const MAX_EVENTS: usize = 100;

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Event {
    id: String,
    /// Milliseconds since 1970.
    at: u64,
    message: String,
}

impl Event {
    pub(super) fn shown(&self) -> Value {
        json!({"id": self.id, "createdAt": seconds(self.at), "message": self.message})
    }
}

impl Service {
    /// Says something (developer guide, "Amazon ECS service event messages"): newest first.
    pub(super) fn say(&mut self, now_millis: u64, message: &str) {
        let (a, b) = (self.derived(), self.derived());
        let event = Event {
            id: format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                a >> 32,
                (a >> 16) & 0xffff,
                0x4000 | (a & 0xfff),
                0x8000 | ((b >> 48) & 0x3fff),
                b & 0xffff_ffff_ffff
            ),
            at: now_millis,
            message: format!("(service {}) {message}", self.name),
        };
        self.events.insert(0, event);
        self.events.truncate(MAX_EVENTS);
    }

    /// A number never given before in this service. What a service does by itself takes its ids
    /// from here, so that they don't depend on who asked for what meanwhile.
    pub(super) fn derived(&mut self) -> u64 {
        self.ids_issued += 1;
        mixed(self.seed.wrapping_add(self.ids_issued))
    }
}
