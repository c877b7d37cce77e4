//! Log streams: create, describe, delete.

use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal,
    service::{Input, Outcome},
};

use super::{
    Region, group,
    input::{self, require_length, required},
    page,
    refusal::{constraint, exists, invalid, not_found},
    stored::Stream,
};

/// `CreateLogStream`.
pub(super) fn create(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let name = required("logStreamName", log_stream_name(input, "logStreamName")?)?;
    let group = group::named(region, input)?;
    if group.streams.contains_key(name) {
        return Err(exists("The specified log stream already exists"));
    }
    let stream = Stream {
        created_millis: cx.now_millis,
        events: Vec::new(),
        last_ingestion_millis: None,
    };
    group.streams.insert(name.to_owned(), stream);
    Ok(Answer::ok(json!({})))
}

/// `DescribeLogStreams`, ordered by name or by the time of the last event; streams without events
/// come first.
pub(super) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let limit = page::limit(input, 50, 50)?;
    let after = page::after(input, cx)?;
    let prefix = log_stream_name(input, "logStreamNamePrefix")?;
    let order = input::choice(input, "orderBy", &["LogStreamName", "LastEventTime"])?;
    let by_time = order == Some("LastEventTime");
    let descending = input::boolean(input, "descending")?.unwrap_or(false);
    if by_time && prefix.is_some() {
        // API reference, DescribeLogStreams.
        return Err(invalid(
            "logStreamNamePrefix can't be given when ordering by LastEventTime.",
        ));
    }
    let group = group::either(region, cx, input)?;
    let mut found: Vec<(String, Value)> = group
        .streams
        .iter()
        .filter(|(name, _)| prefix.is_none_or(|prefix| name.starts_with(prefix)))
        .map(|(name, stream)| {
            let last = stream.events.last().map_or(0, |event| event.at_millis);
            let key = if by_time {
                format!("{last:020} {name}")
            } else {
                name.clone()
            };
            (key, stream.description(name, &group.arn))
        })
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if descending {
        found.reverse();
    }
    let rest = found.into_iter().filter(|(key, _)| {
        let after = after.as_ref();
        after.is_none_or(|after| if descending { key < after } else { key > after })
    });
    let (streams, next) = page::cut(rest, limit, cx);
    let mut body = json!({"logStreams": streams});
    if let Some(token) = next {
        body["nextToken"] = json!(token);
    }
    Ok(Answer::ok(body))
}

/// `DeleteLogStream`, with its events.
pub(super) fn delete(region: &mut Region, input: &Input) -> Outcome {
    let name = required("logStreamName", log_stream_name(input, "logStreamName")?)?;
    let group = group::named(region, input)?;
    group.require_unprotected()?;
    group.streams.remove(name).ok_or_else(no_log_stream)?;
    Ok(Answer::ok(json!({})))
}

/// The name of a log stream, or the beginning of one: 1 to 512 characters but `:` and `*` (API
/// model, `LogStreamName`).
pub(super) fn log_stream_name<'a>(
    input: &'a Input,
    name: &str,
) -> Result<Option<&'a str>, Refusal> {
    let value = input::text(input, name)?;
    if let Some(value) = value {
        require_log_stream_name(name, value)?;
    }
    Ok(value)
}

/// Refuses what can't be the name of a log stream.
pub(super) fn require_log_stream_name(name: &str, value: &str) -> Result<(), Refusal> {
    require_length(name, value, &(1..=512))?;
    if value.contains([':', '*']) {
        return Err(constraint(name, "match [^:*]*"));
    }
    Ok(())
}

/// `ResourceNotFoundException` for a log stream.
pub(super) fn no_log_stream() -> Refusal {
    not_found("The specified log stream does not exist.")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    const INVALID: (u16, &str) = (400, "InvalidParameterException");
    const MISSING: (u16, &str) = (400, "ResourceNotFoundException");

    fn bench(streams: &[(&str, Option<u64>)]) -> Bench {
        let mut bench = Bench::new();
        bench.logs_ok("CreateLogGroup", json!({"logGroupName": "g"}));
        for (name, seconds_ago) in streams {
            let input = json!({"logGroupName": "g", "logStreamName": name});
            bench.logs_ok("CreateLogStream", input.clone());
            if let Some(seconds) = seconds_ago {
                let mut input = input;
                let timestamp = bench.now_millis - seconds * 1000;
                input["logEvents"] = json!([{"timestamp": timestamp, "message": "m"}]);
                bench.logs_ok("PutLogEvents", input);
            }
        }
        bench
    }

    fn names(body: &Value) -> Vec<&str> {
        let list = body["logStreams"].as_array().expect("a list");
        list.iter()
            .filter_map(|item| item["logStreamName"].as_str())
            .collect()
    }

    #[test]
    fn a_stream_is_described_by_name_or_arn() {
        let mut bench = bench(&[("s/1", Some(60)), ("empty", None)]);
        let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:g";
        for input in [
            json!({"logGroupName": "g"}),
            json!({"logGroupIdentifier": arn}),
        ] {
            let body = bench.logs_ok("DescribeLogStreams", input);
            assert_eq!(
                body,
                json!({"logStreams": [
                    {"logStreamName": "empty", "creationTime": 1_700_000_000_000_u64,
                     "arn": format!("{arn}:log-stream:empty"), "storedBytes": 0},
                    {"logStreamName": "s/1", "creationTime": 1_700_000_000_000_u64,
                     "firstEventTimestamp": 1_699_999_940_000_u64,
                     "lastEventTimestamp": 1_699_999_940_000_u64,
                     "lastIngestionTime": 1_700_000_000_000_u64,
                     "uploadSequenceToken": "1700000000000",
                     "arn": format!("{arn}:log-stream:s/1"), "storedBytes": 0}]})
            );
        }
    }

    #[test]
    fn streams_are_ordered_and_filtered() {
        let mut bench = bench(&[
            ("c", Some(10)),
            ("a", Some(20)),
            ("ab", Some(5)),
            ("d", None),
        ]);
        for (name, input, expected) in [
            ("by name", json!({}), vec!["a", "ab", "c", "d"]),
            (
                "backwards",
                json!({"descending": true}),
                vec!["d", "c", "ab", "a"],
            ),
            (
                "by prefix",
                json!({"logStreamNamePrefix": "a"}),
                vec!["a", "ab"],
            ),
            (
                "by time",
                json!({"orderBy": "LastEventTime"}),
                vec!["d", "a", "c", "ab"],
            ),
            (
                "latest first",
                json!({"orderBy": "LastEventTime", "descending": true, "limit": 1}),
                vec!["ab"],
            ),
        ] {
            let mut input = input;
            input["logGroupName"] = json!("g");
            let body = bench.logs_ok("DescribeLogStreams", input);
            assert_eq!(names(&body), expected, "{name}");
        }
    }

    #[test]
    fn pages_go_in_either_direction() {
        let mut bench = bench(&[("a", None), ("b", None), ("c", None)]);
        for (descending, expected) in [(false, ["a", "b", "c"]), (true, ["c", "b", "a"])] {
            let mut input = json!({"logGroupName": "g", "limit": 2, "descending": descending});
            let first = bench.logs_ok("DescribeLogStreams", input.clone());
            input["nextToken"] = first["nextToken"].clone();
            let second = bench.logs_ok("DescribeLogStreams", input);
            assert_eq!(names(&first), expected[..2]);
            assert_eq!(names(&second), expected[2..]);
            assert!(second.get("nextToken").is_none());
        }
    }

    #[test]
    fn what_the_operations_refuse() {
        let exists = (400, "ResourceAlreadyExistsException");
        for (operation, name, input, expected) in [
            (
                "CreateLogStream",
                "twice",
                json!({"logGroupName": "g", "logStreamName": "s"}),
                exists,
            ),
            (
                "CreateLogStream",
                "no group",
                json!({"logGroupName": "h", "logStreamName": "s"}),
                MISSING,
            ),
            (
                "CreateLogStream",
                "a colon",
                json!({"logGroupName": "g", "logStreamName": "a:b"}),
                INVALID,
            ),
            (
                "CreateLogStream",
                "a star",
                json!({"logGroupName": "g", "logStreamName": "*"}),
                INVALID,
            ),
            (
                "CreateLogStream",
                "no name",
                json!({"logGroupName": "g"}),
                INVALID,
            ),
            (
                "DeleteLogStream",
                "unknown",
                json!({"logGroupName": "g", "logStreamName": "t"}),
                MISSING,
            ),
            ("DescribeLogStreams", "no group", json!({}), INVALID),
            (
                "DescribeLogStreams",
                "name and identifier",
                json!({"logGroupName": "g", "logGroupIdentifier": "g"}),
                INVALID,
            ),
            (
                "DescribeLogStreams",
                "unknown",
                json!({"logGroupName": "h"}),
                MISSING,
            ),
            (
                "DescribeLogStreams",
                "a high limit",
                json!({"logGroupName": "g", "limit": 51}),
                INVALID,
            ),
            (
                "DescribeLogStreams",
                "prefix and time",
                json!({"logGroupName": "g", "orderBy": "LastEventTime", "logStreamNamePrefix": "s"}),
                INVALID,
            ),
        ] {
            let outcome = bench(&[("s", None)]).logs(operation, input);
            assert_eq!(verdict(&outcome), expected, "{operation}: {name}");
        }
    }

    #[test]
    fn a_deleted_stream_is_gone() {
        let mut bench = bench(&[("s", Some(1))]);
        bench.logs_ok(
            "DeleteLogStream",
            json!({"logGroupName": "g", "logStreamName": "s"}),
        );
        let body = bench.logs_ok("DescribeLogStreams", json!({"logGroupName": "g"}));
        assert!(names(&body).is_empty());
    }
}
