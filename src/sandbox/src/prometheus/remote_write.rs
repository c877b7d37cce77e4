//! Prometheus remote write 1.0: what a collector sends, and what is kept of it (Prometheus
//! documentation, "Prometheus Remote-Write 1.0 specification").

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{Refusal, collector::series::Labels, wire::Request};

/// The samples that were written, by region, workspace and series: times in milliseconds since 1970
/// and values. They are never stored.
pub(crate) type Samples = BTreeMap<(String, String), BTreeMap<Labels, Vec<(u64, f64)>>>;

/// How many written samples were discarded, by region and workspace, then by reason and time.
pub(crate) type Discarded = BTreeMap<(String, String), BTreeMap<(&'static str, u64), u64>>;

/// The most samples of a series that are kept: the newest.
const MOST_SAMPLES: usize = 5_000;
/// The most bytes that a body may unfold to: above what the specification's senders send at once.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// The most labels of a series (AMP user guide, "Amazon Managed Service for Prometheus service
/// quotas", "Labels per metric series"):
/// <https://docs.aws.amazon.com/prometheus/latest/userguide/AMP_quotas.html>.
const MOST_LABELS: usize = 150;

/// What Prometheus writes where a series has ended (prometheus/prometheus, `model/value`,
/// `StaleNaN`).
const STALE: u64 = 0x7ff0_0000_0000_0002;

/// Returns whether a value says that its series has ended.
pub(super) fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE
}

fn refused(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "ValidationException", message)
}

/// Reads the body of a request: the member `timeseries` of the input, each with `labels` and
/// `samples`. Values are given by their bits, because JSON has no NaN.
pub(crate) fn decode(request: &Request) -> Result<Map<String, Value>, Refusal> {
    let header = |name: &str| request.headers.get(name).map(String::as_str);
    if header("content-encoding") != Some("snappy") {
        return Err(refused("the body is not encoded with snappy"));
    }
    let is_protobuf = |kind: &str| kind.starts_with("application/x-protobuf");
    if !header("content-type").is_some_and(is_protobuf) {
        return Err(refused("the body is no protobuf message"));
    }
    let unread = |_| refused("snappy: corrupt input");
    let length = snap::raw::decompress_len(&request.body).map_err(unread)?;
    if length > MOST_BYTES {
        return Err(refused("the message is too large"));
    }
    let mut decoder = snap::raw::Decoder::new();
    let message = decoder.decompress_vec(&request.body).map_err(unread)?;
    let series = read(&message).ok_or_else(|| refused("the body is no protobuf message"))?;
    Ok(Map::from_iter([("timeseries".to_owned(), json!(series))]))
}

/// A message `prometheus.WriteRequest`.
fn read(message: &[u8]) -> Option<Vec<Value>> {
    let mut series = Vec::new();
    let mut fields = Fields(message);
    while let Some(field) = fields.next()? {
        if let (1, Content::Bytes(bytes)) = field {
            series.push(timeseries(bytes)?);
        }
    }
    Some(series)
}

/// A message `prometheus.TimeSeries`.
fn timeseries(message: &[u8]) -> Option<Value> {
    let mut labels = Map::new();
    let mut samples = Vec::new();
    let mut fields = Fields(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Bytes(bytes)) => {
                let (name, value) = label(bytes)?;
                labels.insert(name, json!(value));
            }
            (2, Content::Bytes(bytes)) => {
                let (time, bits) = sample(bytes)?;
                samples.push(json!([time, bits]));
            }
            _ => {}
        }
    }
    Some(json!({"labels": labels, "samples": samples}))
}

fn label(message: &[u8]) -> Option<(String, String)> {
    let (mut name, mut value) = (String::new(), String::new());
    let mut fields = Fields(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Bytes(bytes)) => name = String::from_utf8(bytes.to_vec()).ok()?,
            (2, Content::Bytes(bytes)) => value = String::from_utf8(bytes.to_vec()).ok()?,
            _ => {}
        }
    }
    Some((name, value))
}

/// The time and the bits of the value.
fn sample(message: &[u8]) -> Option<(u64, u64)> {
    let (mut time, mut bits) = (0, 0);
    let mut fields = Fields(message);
    while let Some(field) = fields.next()? {
        match field {
            (1, Content::Fixed(value)) => bits = value,
            (2, Content::Varint(value)) => time = value,
            _ => {}
        }
    }
    Some((time, bits))
}

/// The fields of a message that are left to read (Protocol Buffers documentation, "Encoding").
struct Fields<'m>(&'m [u8]);

/// What a field holds.
#[derive(Clone, Copy)]
enum Content<'m> {
    Varint(u64),
    Fixed(u64),
    Bytes(&'m [u8]),
}

impl<'m> Fields<'m> {
    /// The number and content of the next field, or nothing at the end; `None` if the message is
    /// broken.
    #[expect(clippy::option_option, reason = "a message may end or be broken")]
    fn next(&mut self) -> Option<Option<(u64, Content<'m>)>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let key = self.varint()?;
        let content = match key & 7 {
            0 => Content::Varint(self.varint()?),
            1 => Content::Fixed(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Content::Bytes(self.take(length)?)
            }
            5 => {
                let bytes = self.take(4)?.try_into().ok()?;
                Content::Fixed(u64::from(u32::from_le_bytes(bytes)))
            }
            _ => return None,
        };
        Some(Some((key >> 3, content)))
    }

    fn take(&mut self, length: usize) -> Option<&'m [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.take(1)?.first()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(value);
            }
        }
        None
    }
}

/// What AMP would refuse: why, by the name that `DiscardedSamples` has for it, and how many
/// samples.
struct Refused {
    reason: &'static str,
    count: usize,
    refusal: Refusal,
}

/// Keeps what was decoded, or refuses the first sample that AMP would refuse (AMP user guide,
/// "Troubleshooting", on samples out of order), and counts it. What came before it in the request
/// is kept.
pub(super) fn keep(
    (samples, discarded): (&mut Samples, &mut Discarded),
    place: (&str, &str),
    now: u64,
    input: &Map<String, Value>,
) -> Result<(), Refusal> {
    let place = (place.0.to_owned(), place.1.to_owned());
    let workspace = samples.entry(place.clone()).or_default();
    admit(workspace, input).map_err(|refused| {
        let count = u64::try_from(refused.count).unwrap_or(u64::MAX);
        let counts = discarded.entry(place).or_default();
        *counts.entry((refused.reason, now)).or_default() += count;
        refused.refusal
    })
}

fn admit(
    workspace: &mut BTreeMap<Labels, Vec<(u64, f64)>>,
    input: &Map<String, Value>,
) -> Result<(), Refused> {
    let sent = input.get("timeseries").and_then(Value::as_array);
    for series in sent.into_iter().flatten() {
        let labels = series["labels"].as_object().into_iter().flatten();
        let labels: Labels = labels
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect();
        let count = series["samples"].as_array().map_or(0, Vec::len);
        if !labels.contains_key("__name__") {
            return Err(Refused {
                reason: "missing_metric_name",
                count,
                refusal: refused("missing metric name"),
            });
        }
        // AMP user guide, "Troubleshoot Amazon Managed Service for Prometheus errors", on limits;
        // spelled out in cortexproject/cortex, `pkg/util/validation`, which answers with 400.
        if labels.len() > MOST_LABELS {
            return Err(Refused {
                reason: "max_label_names_per_series",
                count,
                refusal: refused(format!(
                    "series has too many labels (actual: {}, limit: {MOST_LABELS}) series: '{}'",
                    labels.len(),
                    json!(labels)
                )),
            });
        }
        let kept = workspace.entry(labels.clone()).or_default();
        for sample in series["samples"].as_array().into_iter().flatten() {
            let (Some(time), Some(bits)) = (sample[0].as_u64(), sample[1].as_u64()) else {
                continue;
            };
            let value = f64::from_bits(bits);
            let known = kept.last().copied();
            if let Some((last, before)) = known {
                if time < last {
                    return Err(out_of_order("out of order sample", time, &labels));
                }
                if time == last {
                    if before.to_bits() == bits {
                        continue;
                    }
                    return Err(out_of_order(
                        "duplicate sample for timestamp",
                        time,
                        &labels,
                    ));
                }
            }
            kept.push((time, value));
        }
        let surplus = kept.len().saturating_sub(MOST_SAMPLES);
        kept.drain(..surplus);
    }
    Ok(())
}

/// The names of the reasons: AMP user guide, "Use CloudWatch metrics to monitor Amazon Managed
/// Service for Prometheus resources".
fn out_of_order(what: &str, time: u64, labels: &Labels) -> Refused {
    Refused {
        reason: if what.starts_with("duplicate") {
            "new-value-for-timestamp"
        } else {
            "sample-out-of-order"
        },
        count: 1,
        refusal: refused(format!(
            "err: {what}. timestamp={time}, series={}",
            json!(labels)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let length = u8::try_from(bytes.len()).expect("short");
        [&[number << 3 | 2, length], bytes].concat()
    }

    fn message(value: f64, time: u8) -> Vec<u8> {
        let name = [field(1, b"__name__"), field(2, b"up")].concat();
        let job = [field(1, b"job"), field(2, b"a")].concat();
        let sample = [&[9_u8][..], &value.to_le_bytes(), &[16, time]].concat();
        field(
            1,
            &[field(1, &name), field(1, &job), field(2, &sample)].concat(),
        )
    }

    fn request(body: &[u8]) -> Request {
        let headers = [
            ("content-encoding", "snappy"),
            ("content-type", "application/x-protobuf"),
        ];
        Request {
            method: "POST".to_owned(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            body: snap::raw::Encoder::new().compress_vec(body).expect("short"),
            ..Request::default()
        }
    }

    fn keep(samples: &mut Samples, input: &Map<String, Value>) -> Result<(), Refusal> {
        let mut discarded = Discarded::new();
        super::keep((samples, &mut discarded), ("us-east-1", "ws-1"), 0, input)
    }

    #[test]
    fn what_is_sent_is_kept() {
        let mut samples = Samples::new();
        let sent = [message(1.5, 7), message(f64::from_bits(STALE), 9)].concat();
        let input = decode(&request(&sent)).expect("well formed");
        keep(&mut samples, &input).expect("in order");
        let series = samples.values().next().expect("a workspace");
        let (labels, kept) = series.iter().next().expect("a series");
        assert_eq!(labels["__name__"], "up");
        assert_eq!(labels["job"], "a");
        assert_eq!(kept[0], (7, 1.5));
        assert!(is_stale(kept[1].1));
        // Sending the same again changes nothing.
        let input = decode(&request(&message(f64::from_bits(STALE), 9))).expect("well formed");
        keep(&mut samples, &input).expect("the same");
    }

    #[test]
    fn what_is_out_of_order_is_refused() {
        let mut samples = Samples::new();
        let mut send = |value, time| {
            let input = decode(&request(&message(value, time))).expect("well formed");
            keep(&mut samples, &input)
        };
        send(1.0, 7).expect("the first");
        let refusal = send(2.0, 7).expect_err("another value");
        assert!(refusal.message.contains("duplicate sample for timestamp"));
        let refusal = send(2.0, 6).expect_err("older");
        assert_eq!(refusal.status, 400);
        assert!(refusal.message.contains("out of order sample"));
    }

    #[test]
    fn a_series_has_no_more_labels_than_amp_takes() {
        let send = |count: usize| {
            let labels: Map<String, Value> = (1..count)
                .map(|n| (format!("l{n}"), json!("x")))
                .chain([("__name__".to_owned(), json!("up"))])
                .collect();
            let bits = 1.0_f64.to_bits();
            let series = json!([{"labels": labels, "samples": [[7, bits]]}]);
            let input = Map::from_iter([("timeseries".to_owned(), series)]);
            keep(&mut Samples::new(), &input)
        };
        send(150).expect("as many as there may be");
        let refusal = send(151).expect_err("one more");
        assert_eq!(refusal.status, 400);
        let limit = "series has too many labels (actual: 151, limit: 150) series: '";
        assert!(refusal.message.starts_with(limit), "{}", refusal.message);
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in [&[0xff][..], &[10, 200], &[11, 1]] {
            decode(&request(body)).expect_err("broken");
        }
        let mut plain = request(&message(1.0, 1));
        plain.body = message(1.0, 1);
        decode(&plain).expect_err("not compressed");
        plain.headers.remove("content-encoding");
        decode(&plain).expect_err("not said to be compressed");
        let nameless = field(1, &field(2, &[16, 1]));
        let input = decode(&request(&nameless)).expect("well formed");
        let refusal = keep(&mut Samples::new(), &input).expect_err("no name");
        assert_eq!(refusal.message, "missing metric name");
    }
}
