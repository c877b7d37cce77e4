//! Log events: put into one stream, read from one stream, searched for in many.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region,
    filter::Pattern,
    group::{self, LogGroup},
    input::{self, require_count, required, required_text},
    page, policy,
    refusal::{constraint, invalid, no_log_group, serialization},
    stored::{EVENT_OVERHEAD_BYTES, Event, Stream},
    stream::{log_stream_name, no_log_stream, require_log_stream_name},
};

/// The most events in a batch (API model, `InputLogEvents`) and on a page (API model,
/// `EventsLimit`).
const EVENTS_MAX: usize = 10_000;
/// The largest batch, message and page, in bytes (API reference, `PutLogEvents` and `GetLogEvents`:
/// 1 MB).
const BYTES_MAX: usize = 1_048_576;
const HOUR_MILLIS: u64 = 3_600_000;
const DAY_MILLIS: u64 = 24 * HOUR_MILLIS;
/// How far in the future an event may be, and how long ago (API reference, `PutLogEvents`).
const FUTURE_MAX_MILLIS: u64 = 2 * HOUR_MILLIS;
const PAST_MAX_DAYS: u64 = 14;

/// `PutLogEvents`. Events too old or too new are left out and reported; the others are stored (API
/// reference).
pub(super) fn put(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let stream_name = required("logStreamName", log_stream_name(input, "logStreamName")?)?;
    let batch = batch(input)?;
    let group_name = required(
        "logGroupName",
        input::log_group_name(input, "logGroupName")?,
    )?;
    let group = region.groups.get(group_name).ok_or_else(no_log_group)?;
    let retention_days = policy::overriding(region, group_name, group, cx)
        .map_or(group.retention_days, |(_, days)| days);
    let verdict = Verdict::of(&batch, cx.now_millis, retention_days);
    let accepted = &batch[verdict.accepted()];
    if let (Some((first, _)), Some((last, _))) = (accepted.first(), accepted.last())
        && last - first > DAY_MILLIS
    {
        return Err(invalid(
            "The batch of log events in a single request can't span more than 24 hours.",
        ));
    }
    let stream = region
        .groups
        .get_mut(group_name)
        .and_then(|group| group.streams.get_mut(stream_name))
        .ok_or_else(no_log_stream)?;
    for (at_millis, message) in accepted {
        region.events_received += 1;
        stream.events.push(Event {
            at_millis: *at_millis,
            ingested_millis: cx.now_millis,
            sequence: region.events_received,
            message: (*message).to_owned(),
        });
    }
    stream.events.sort_by_key(|event| event.at_millis);
    stream.last_ingestion_millis = Some(cx.now_millis);
    let mut body = json!({"nextSequenceToken": cx.now_millis.to_string()});
    if let Some(rejected) = verdict.to_member() {
        body["rejectedLogEventsInfo"] = rejected;
    }
    Ok(Answer::ok(body))
}

/// Writes the lines of a program that a stream lacks: it writes nothing twice.
pub(super) fn append(
    group: &mut LogGroup,
    events_received: &mut u64,
    stream: &str,
    lines: &[(u64, String)],
) {
    let Some((first, _)) = lines.first() else {
        return;
    };
    let stream = group.streams.entry(stream.to_owned());
    let stream = stream.or_insert_with(|| Stream {
        created_millis: *first,
        events: Vec::new(),
        last_ingestion_millis: None,
    });
    for (at_millis, message) in lines.iter().skip(stream.events.len()) {
        *events_received += 1;
        stream.events.push(Event {
            at_millis: *at_millis,
            ingested_millis: *at_millis,
            sequence: *events_received,
            message: message.clone(),
        });
        stream.last_ingestion_millis = Some(*at_millis);
    }
}

/// `logEvents` in chronological order and within the limits of a batch (API reference,
/// `PutLogEvents`).
fn batch(input: &Input) -> Result<Vec<(u64, &str)>, Refusal> {
    const NAME: &str = "logEvents";
    let items = required(NAME, input::list(input, NAME)?)?;
    require_count(NAME, items.len(), &(1..=EVENTS_MAX))?;
    let mut batch: Vec<(u64, &str)> = Vec::new();
    let mut bytes = 0;
    for item in items {
        let item = item
            .as_object()
            .ok_or_else(|| serialization(NAME, "a list of structures"))?;
        let at_millis = required("timestamp", input::millis(item, "timestamp")?)?;
        let message = required_text(item, "message")?;
        if message.is_empty() {
            return Err(constraint("message", "have a length of at least 1"));
        }
        if batch.last().is_some_and(|(before, _)| at_millis < *before) {
            return Err(invalid(
                "Log events in a single PutLogEvents request must be in chronological order.",
            ));
        }
        bytes += message.len() + EVENT_OVERHEAD_BYTES;
        batch.push((at_millis, message));
    }
    if bytes > BYTES_MAX {
        return Err(invalid(format!(
            "Upload too large: {bytes} bytes exceeds limit of {BYTES_MAX}"
        )));
    }
    Ok(batch)
}

/// Which events of a batch are rejected: some at its beginning, some at its end.
#[derive(Debug)]
struct Verdict {
    total: usize,
    /// The end of those older than fourteen days.
    too_old: usize,
    /// The end of those older than the retention, if that is the shorter time.
    expired: usize,
    /// The beginning of those more than two hours ahead.
    too_new: usize,
}

impl Verdict {
    fn of(batch: &[(u64, &str)], now_millis: u64, retention_days: Option<i64>) -> Self {
        let older_than = |days: u64| {
            let horizon = now_millis.saturating_sub(days * DAY_MILLIS);
            batch.partition_point(|(at, _)| *at < horizon)
        };
        let retention = retention_days.and_then(|days| u64::try_from(days).ok());
        Self {
            total: batch.len(),
            too_old: older_than(PAST_MAX_DAYS),
            expired: retention.map_or(0, older_than),
            too_new: batch.partition_point(|(at, _)| *at <= now_millis + FUTURE_MAX_MILLIS),
        }
    }

    fn accepted(&self) -> std::ops::Range<usize> {
        let start = self.too_old.max(self.expired);
        start..self.too_new.max(start)
    }

    /// `RejectedLogEventsInfo`; the indexes of ends are exclusive (API model).
    fn to_member(&self) -> Option<Value> {
        let mut info = Map::new();
        if self.too_new < self.total {
            info.insert("tooNewLogEventStartIndex".into(), json!(self.too_new));
        }
        if self.too_old > 0 {
            info.insert("tooOldLogEventEndIndex".into(), json!(self.too_old));
        }
        if self.expired > self.too_old {
            info.insert("expiredLogEventEndIndex".into(), json!(self.expired));
        }
        (!info.is_empty()).then_some(Value::Object(info))
    }
}

/// `GetLogEvents`: events of one stream in ascending order, read from either end. At an end the
/// same token comes back that was given (API reference).
pub(super) fn get(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let limit = page::limit(input, EVENTS_MAX, EVENTS_MAX)?;
    let stream_name = required("logStreamName", log_stream_name(input, "logStreamName")?)?;
    let start = input::millis(input, "startTime")?.unwrap_or(0);
    let end = input::millis(input, "endTime")?.unwrap_or(u64::MAX);
    let from_head = input::boolean(input, "startFromHead")?.unwrap_or(false);
    let position = input::text(input, "nextToken")?
        .map(Position::of_token)
        .transpose()?;
    let group = group::either(region, cx, input)?;
    let stream = group.streams.get(stream_name).ok_or_else(no_log_stream)?;
    let events: Vec<&Event> = stream
        .events
        .iter()
        .filter(|event| (start..end).contains(&event.at_millis))
        .collect();
    let position = position.unwrap_or(if from_head {
        Position::Forward(0)
    } else {
        Position::Backward(events.len())
    });
    let range = match position {
        Position::Forward(from) => {
            let from = from.min(events.len());
            from..from + fitting(events[from..].iter().copied(), limit)
        }
        Position::Backward(to) => {
            let to = to.min(events.len());
            to - fitting(events[..to].iter().rev().copied(), limit)..to
        }
    };
    let members: Vec<_> = events[range.clone()]
        .iter()
        .map(|event| event.to_member())
        .collect();
    Ok(Answer::ok(json!({
        "events": members,
        "nextForwardToken": Position::Forward(range.end).to_token(),
        "nextBackwardToken": Position::Backward(range.start).to_token(),
    })))
}

/// Where in a stream a page begins, and in which direction it extends.
#[derive(Clone, Copy, Debug)]
enum Position {
    Forward(usize),
    Backward(usize),
}

impl Position {
    fn to_token(self) -> String {
        match self {
            Self::Forward(index) => format!("f/{index:056}"),
            Self::Backward(index) => format!("b/{index:056}"),
        }
    }

    fn of_token(token: &str) -> Result<Self, Refusal> {
        let index = |text: &str| text.parse().ok();
        let position = match token.split_once('/') {
            Some(("f", text)) => index(text).map(Self::Forward),
            Some(("b", text)) => index(text).map(Self::Backward),
            Some(_) | None => None,
        };
        position.ok_or_else(|| invalid("The specified nextToken is invalid."))
    }
}

/// How many of the events go onto a page: up to the limit and 1 MB, and one in any case.
fn fitting<'a>(events: impl Iterator<Item = &'a Event>, limit: usize) -> usize {
    let mut bytes = 0;
    events
        .take(limit)
        .enumerate()
        .take_while(|(index, event)| {
            bytes += event.size();
            *index == 0 || bytes <= BYTES_MAX
        })
        .count()
}

/// `FilterLogEvents`: matching events of the group's streams, sorted by time.
pub(super) fn filter(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let limit = page::limit(input, EVENTS_MAX, EVENTS_MAX)?;
    let after = page::after(input, cx)?;
    let (descending, after) = match after.as_deref().map(|key| key.split_once(' ')) {
        None => (
            !input::boolean(input, "startFromHead")?.unwrap_or(true),
            None,
        ),
        // The direction of the first request holds for all its pages.
        Some(Some((direction, key))) => (direction == "down", Some(key.to_owned())),
        Some(None) => return Err(invalid("The specified nextToken is invalid.")),
    };
    let start = input::millis(input, "startTime")?.unwrap_or(0);
    let end = input::millis(input, "endTime")?.unwrap_or(u64::MAX);
    let pattern = Pattern::of(input)?;
    let group = group::either(region, cx, input)?;
    let mut found: Vec<(String, &str, &Event)> = Vec::new();
    for (name, stream) in searched(group, input)? {
        for event in &stream.events {
            if (start..=end).contains(&event.at_millis) && pattern.takes(&event.message) {
                found.push((event.key(), name, event));
            }
        }
    }
    found.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    if descending {
        found.reverse();
    }
    found.retain(|(key, ..)| {
        let after = after.as_ref();
        after.is_none_or(|after| if descending { key < after } else { key > after })
    });
    let count = fitting(found.iter().map(|(_, _, event)| *event), limit);
    let members: Vec<_> = found[..count]
        .iter()
        .map(|(_, stream_name, event)| filtered(stream_name, event))
        .collect();
    // Not supported since 2020: always empty (API model, `FilterLogEventsResponse`).
    let mut body = json!({"events": members, "searchedLogStreams": []});
    if let (true, Some((key, ..))) = (count < found.len(), found[..count].last()) {
        let direction = if descending { "down" } else { "up" };
        body["nextToken"] = json!(page::token(&format!("{direction} {key}"), cx));
    }
    Ok(Answer::ok(body))
}

fn filtered(stream_name: &str, event: &Event) -> Map<String, Value> {
    let mut member = event.to_member();
    member.insert("logStreamName".into(), json!(stream_name));
    let id = format!("{:020}{:036}", event.at_millis, event.sequence);
    member.insert("eventId".into(), json!(id));
    member
}

/// The streams that `logStreamNames` or `logStreamNamePrefix` leaves, of which only one may be
/// given (API reference, `FilterLogEvents`).
fn searched<'g>(group: &'g LogGroup, input: &Input) -> Result<Vec<(&'g str, &'g Stream)>, Refusal> {
    const NAMES: &str = "logStreamNames";
    let prefix = log_stream_name(input, "logStreamNamePrefix")?;
    let Some(names) = input::texts(input, NAMES, 1..=100)? else {
        let streams = group.streams.iter();
        return Ok(streams
            .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
            .map(|(name, stream)| (name.as_str(), stream))
            .collect());
    };
    if prefix.is_some() {
        return Err(invalid(
            "logStreamNamePrefix and logStreamNames can't both be given.",
        ));
    }
    let mut streams = BTreeMap::new();
    for name in names {
        require_log_stream_name(NAMES, name)?;
        let (name, stream) = group
            .streams
            .get_key_value(name)
            .ok_or_else(no_log_stream)?;
        streams.insert(name.as_str(), stream);
    }
    Ok(streams.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const INVALID: (u16, &str) = (400, "InvalidParameterException");
    const MISSING: (u16, &str) = (400, "ResourceNotFoundException");
    const NOW: u64 = 1_700_000_000_000;
    const HOUR_MILLIS: u64 = 3_600_000;
    const DAY_MILLIS: u64 = 86_400_000;

    fn bench(streams: &[&str]) -> Bench {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "g"}));
        for name in streams {
            bench.logs_ok(
                "CreateLogStream",
                json!({"logGroupName": "g", "logStreamName": name}),
            );
        }
        bench
    }

    fn batch(stream: &str, events: &[(u64, &str)]) -> Value {
        let events: Vec<Value> = events
            .iter()
            .map(|(at, message)| json!({"timestamp": at, "message": message}))
            .collect();
        json!({"logGroupName": "g", "logStreamName": stream, "logEvents": events})
    }

    fn messages(body: &Value) -> Vec<&str> {
        let list = body["events"].as_array().expect("a list");
        list.iter()
            .filter_map(|event| event["message"].as_str())
            .collect()
    }

    #[test]
    fn events_are_put_and_got() {
        let mut bench = bench(&["s"]);
        let put = bench.logs_ok(
            "PutLogEvents",
            batch("s", &[(NOW - 2, "a"), (NOW - 1, "b")]),
        );
        assert!(put["nextSequenceToken"].is_string());
        assert!(put.get("rejectedLogEventsInfo").is_none());
        bench.wait(5);
        bench.logs_ok("PutLogEvents", batch("s", &[(NOW - 2, "late")]));
        let body = bench.logs_ok(
            "GetLogEvents",
            json!({"logGroupName": "g", "logStreamName": "s"}),
        );
        assert_eq!(messages(&body), ["a", "late", "b"]);
        assert_eq!(
            body["events"][1],
            json!({"timestamp": NOW - 2, "message": "late", "ingestionTime": NOW + 5})
        );
        let group = bench.logs_ok("DescribeLogGroups", json!({}));
        assert_eq!(group["logGroups"][0]["storedBytes"], 1 + 1 + 4 + 3 * 26);
    }

    #[test]
    fn what_put_log_events_refuses() {
        let large = "x".repeat(1_048_576 - 26);
        let many: Vec<(u64, &str)> = (0..10_001).map(|_| (NOW, "m")).collect();
        for (name, input, expected) in [
            ("no events", batch("s", &[]), INVALID),
            ("too many events", batch("s", &many), INVALID),
            ("an empty message", batch("s", &[(NOW, "")]), INVALID),
            (
                "disorder",
                batch("s", &[(NOW, "a"), (NOW - 1, "b")]),
                INVALID,
            ),
            (
                "a large batch",
                batch("s", &[(NOW, &large), (NOW, "b")]),
                INVALID,
            ),
            (
                "a long span",
                batch("s", &[(NOW - DAY_MILLIS - 1, "a"), (NOW, "b")]),
                INVALID,
            ),
            ("another stream", batch("t", &[(NOW, "a")]), MISSING),
            (
                "another group",
                json!({"logGroupName": "h", "logStreamName": "s", "logEvents": [{"timestamp": 1, "message": "m"}]}),
                MISSING,
            ),
            (
                "no time",
                json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"message": "m"}]}),
                INVALID,
            ),
            (
                "a negative time",
                json!({"logGroupName": "g", "logStreamName": "s", "logEvents": [{"timestamp": -1, "message": "m"}]}),
                INVALID,
            ),
            (
                "events that are no structures",
                json!({"logGroupName": "g", "logStreamName": "s", "logEvents": ["m"]}),
                (400, "SerializationException"),
            ),
        ] {
            let outcome = bench(&["s"]).logs("PutLogEvents", input);
            assert_eq!(verdict(&outcome), expected, "{name}");
        }
        let largest = batch("s", &[(NOW, &large)]);
        bench(&["s"]).logs_ok("PutLogEvents", largest);
        let longest = batch("s", &[(NOW - DAY_MILLIS, "a"), (NOW, "b")]);
        bench(&["s"]).logs_ok("PutLogEvents", longest);
    }

    #[test]
    fn events_out_of_time_are_rejected_and_the_others_stored() {
        for (name, retention, events, info, stored) in [
            (
                "old and new",
                None,
                vec![
                    (NOW - 15 * DAY_MILLIS, "old"),
                    (NOW, "ok"),
                    (NOW + 2 * HOUR_MILLIS + 1, "new"),
                ],
                json!({"tooOldLogEventEndIndex": 1, "tooNewLogEventStartIndex": 2}),
                vec!["ok"],
            ),
            (
                "as new as can be",
                None,
                vec![(NOW + 2 * HOUR_MILLIS, "ok")],
                Value::Null,
                vec!["ok"],
            ),
            (
                "as old as can be",
                None,
                vec![
                    (NOW - 14 * DAY_MILLIS, "ok"),
                    (NOW - 14 * DAY_MILLIS, "same time"),
                ],
                Value::Null,
                vec!["ok", "same time"],
            ),
            (
                "expired",
                Some(3),
                vec![
                    (NOW - 15 * DAY_MILLIS, "old"),
                    (NOW - 4 * DAY_MILLIS, "expired"),
                    (NOW, "ok"),
                ],
                json!({"tooOldLogEventEndIndex": 1, "expiredLogEventEndIndex": 2}),
                vec!["ok"],
            ),
            (
                "all too old",
                None,
                vec![(1, "a"), (2, "b")],
                json!({"tooOldLogEventEndIndex": 2}),
                vec![],
            ),
        ] {
            let mut bench = bench(&["s"]);
            if let Some(days) = retention {
                let input = json!({"logGroupName": "g", "retentionInDays": days});
                bench.logs_ok("PutRetentionPolicy", input);
            }
            let put = bench.logs_ok("PutLogEvents", batch("s", &events));
            assert_eq!(put["rejectedLogEventsInfo"], info, "{name}");
            let got = json!({"logGroupName": "g", "logStreamName": "s"});
            let body = bench.logs_ok("GetLogEvents", got);
            assert_eq!(messages(&body), stored, "{name}");
        }
    }

    #[test]
    fn a_stream_is_read_from_either_end() {
        let mut bench = bench(&["s"]);
        let events: Vec<(u64, &str)> = vec![(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")];
        bench.logs_ok("PutLogEvents", batch("s", &events));
        let mut input = json!({"logGroupName": "g", "logStreamName": "s", "limit": 2});
        let latest = bench.logs_ok("GetLogEvents", input.clone());
        assert_eq!(messages(&latest), ["b", "c"]);
        input["nextToken"] = latest["nextBackwardToken"].clone();
        let earlier = bench.logs_ok("GetLogEvents", input.clone());
        assert_eq!(messages(&earlier), ["a"]);
        input["nextToken"] = earlier["nextBackwardToken"].clone();
        let end = bench.logs_ok("GetLogEvents", input.clone());
        assert!(messages(&end).is_empty());
        assert_eq!(end["nextBackwardToken"], input["nextToken"]);

        input["startFromHead"] = json!(true);
        input["nextToken"] = Value::Null;
        let first = bench.logs_ok("GetLogEvents", input.clone());
        assert_eq!(messages(&first), ["a", "b"]);
        input["nextToken"] = first["nextForwardToken"].clone();
        let second = bench.logs_ok("GetLogEvents", input.clone());
        assert_eq!(messages(&second), ["c"]);
        input["nextToken"] = second["nextForwardToken"].clone();
        let end = bench.logs_ok("GetLogEvents", input.clone());
        assert!(messages(&end).is_empty());
        assert_eq!(end["nextForwardToken"], input["nextToken"]);
    }

    #[test]
    fn the_end_of_a_range_is_excluded_by_get_and_included_by_filter() {
        let mut bench = bench(&["s"]);
        let events = [(NOW, "a"), (NOW + 1, "b"), (NOW + 2, "c")];
        bench.logs_ok("PutLogEvents", batch("s", &events));
        let mut input = json!({"logGroupName": "g", "startTime": NOW + 1, "endTime": NOW + 2});
        let filtered = bench.logs_ok("FilterLogEvents", input.clone());
        assert_eq!(messages(&filtered), ["b", "c"]);
        input["logStreamName"] = json!("s");
        let got = bench.logs_ok("GetLogEvents", input);
        assert_eq!(messages(&got), ["b"]);
    }

    #[test]
    fn a_page_has_1_mb_at_most() {
        let mut bench = bench(&["s"]);
        let large = "x".repeat(600_000);
        for at in [NOW, NOW + 1] {
            bench.logs_ok("PutLogEvents", batch("s", &[(at, &large)]));
        }
        let input = json!({"logGroupName": "g", "logStreamName": "s"});
        for operation in ["GetLogEvents", "FilterLogEvents"] {
            let body = bench.logs_ok(operation, input.clone());
            assert_eq!(messages(&body).len(), 1, "{operation}");
        }
    }

    #[test]
    fn a_search_is_sorted_over_streams_and_paged() {
        let mut bench = bench(&["s1", "s2"]);
        bench.logs_ok(
            "PutLogEvents",
            batch("s1", &[(NOW + 1, "m1"), (NOW + 3, "m3")]),
        );
        bench.logs_ok("PutLogEvents", batch("s2", &[(NOW, "m0"), (NOW + 2, "m2")]));
        for (from_head, expected) in [
            (true, ["m0", "m1", "m2", "m3"]),
            (false, ["m3", "m2", "m1", "m0"]),
        ] {
            let mut input = json!({"logGroupName": "g", "limit": 3, "startFromHead": from_head});
            let first = bench.logs_ok("FilterLogEvents", input.clone());
            assert_eq!(messages(&first), expected[..3]);
            input["nextToken"] = first["nextToken"].clone();
            // Only the token decides on the direction from here on.
            input["startFromHead"] = Value::Null;
            let second = bench.logs_ok("FilterLogEvents", input);
            assert_eq!(messages(&second), expected[3..]);
            assert!(second.get("nextToken").is_none());
        }
        let body = bench.logs_ok("FilterLogEvents", json!({"logGroupName": "g", "limit": 1}));
        assert_eq!(body["searchedLogStreams"], json!([]));
        assert_eq!(body["events"][0]["logStreamName"], "s2");
        assert_eq!(body["events"][0]["ingestionTime"], NOW);
        assert!(body["events"][0]["eventId"].is_string());
    }

    #[test]
    fn a_search_is_narrowed() {
        let mut bench = bench(&["app/1", "app/2", "db"]);
        for (at, stream) in (NOW..).zip(["app/1", "app/2", "db"]) {
            bench.logs_ok("PutLogEvents", batch(stream, &[(at, stream)]));
        }
        for (name, input, expected) in [
            (
                "prefix",
                json!({"logStreamNamePrefix": "app/"}),
                vec!["app/1", "app/2"],
            ),
            (
                "names",
                json!({"logStreamNames": ["db", "app/1", "db"]}),
                vec!["app/1", "db"],
            ),
            ("pattern", json!({"filterPattern": "db"}), vec!["db"]),
        ] {
            let mut input = input;
            input["logGroupName"] = json!("g");
            let body = bench.logs_ok("FilterLogEvents", input);
            assert_eq!(messages(&body), expected, "{name}");
        }
    }

    #[test]
    fn what_the_readers_refuse() {
        for (operation, name, input, expected) in [
            (
                "GetLogEvents",
                "no stream",
                json!({"logGroupName": "g"}),
                INVALID,
            ),
            (
                "GetLogEvents",
                "unknown",
                json!({"logGroupName": "g", "logStreamName": "t"}),
                MISSING,
            ),
            (
                "GetLogEvents",
                "no group",
                json!({"logStreamName": "s"}),
                INVALID,
            ),
            (
                "GetLogEvents",
                "a token",
                json!({"logGroupName": "g", "logStreamName": "s", "nextToken": "x/1"}),
                INVALID,
            ),
            (
                "GetLogEvents",
                "a limit",
                json!({"logGroupName": "g", "logStreamName": "s", "limit": 10_001}),
                INVALID,
            ),
            (
                "FilterLogEvents",
                "prefix and names",
                json!({"logGroupName": "g", "logStreamNames": ["s"], "logStreamNamePrefix": "s"}),
                INVALID,
            ),
            (
                "FilterLogEvents",
                "a bad name",
                json!({"logGroupName": "g", "logStreamNames": ["*"]}),
                INVALID,
            ),
            (
                "FilterLogEvents",
                "no names",
                json!({"logGroupName": "g", "logStreamNames": []}),
                INVALID,
            ),
            (
                "FilterLogEvents",
                "unknown",
                json!({"logGroupName": "g", "logStreamNames": ["t"]}),
                MISSING,
            ),
            (
                "FilterLogEvents",
                "a token",
                json!({"logGroupName": "g", "nextToken": "x"}),
                INVALID,
            ),
            (
                "FilterLogEvents",
                "another group",
                json!({"logGroupName": "h"}),
                MISSING,
            ),
        ] {
            let outcome = bench(&["s"]).logs(operation, input);
            assert_eq!(verdict(&outcome), expected, "{operation}: {name}");
        }
    }
}
