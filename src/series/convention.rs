//! What applications count of the requests that they serve, under the names and labels that
//! libraries give to it, as a collector writes them to Prometheus.

use std::collections::BTreeSet;

/// What is requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// Pages, or resources of an API.
    Http,
    /// Calls of gRPC, or of another way to call procedures.
    Rpc,
}

/// In what durations are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// In seconds.
    Seconds,
    /// In milliseconds.
    Milliseconds,
}

/// A label that says how a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The label.
    pub label: &'static str,
    /// A regular expression of its values that say that the server failed.
    pub failed: &'static str,
}

/// How a library counts requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Convention {
    /// Of what.
    pub protocol: Protocol,
    /// Whose convention it is.
    pub library: &'static str,
    /// The counter of requests.
    pub requests: &'static str,
    /// What durations are called, without what histograms add.
    pub duration: &'static str,
    /// In what they are measured.
    pub measure: Measure,
    /// The labels that say how a request ended, of which the first one that is there counts.
    pub status: &'static [Status],
}

/// What was found of a convention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Which one.
    pub convention: &'static Convention,
    /// Whether durations are there as a sum.
    pub has_sum: bool,
    /// Whether they are there in buckets, too.
    pub has_buckets: bool,
    /// The label that says how requests ended, if one is there.
    pub status: Option<Status>,
}

/// Codes of HTTP by which a server says that it failed, or their class (RFC 9110, 15.6).
const SERVER_ERROR: &str = "5..";

const fn http(label: &'static str) -> Status {
    Status {
        label,
        failed: SERVER_ERROR,
    }
}

/// The codes of gRPC that are errors of a server (OpenTelemetry semantic conventions, "gRPC",
/// `rpc.response.status_code`): `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`,
/// `UNAVAILABLE` and `DATA_LOSS`. Libraries write them as numbers, as in the specification, and as
/// in Go.
const BY_NUMBER: &str = "2|4|12|13|14|15";
const BY_NAME: &str = "UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS";
const AS_IN_GO: &str = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss";

/// The stable label of OpenTelemetry, and the one before (semantic conventions, "HTTP metrics",
/// `http.server.request.duration`; v1.20.0, `http.server.duration`).
const OTEL_HTTP: &[Status] = &[http("http_response_status_code"), http("http_status_code")];
/// The same of calls (semantic conventions, "RPC metrics", `rpc.server.call.duration`; v1.37.0,
/// `rpc.server.duration`).
const OTEL_RPC: &[Status] = &[
    Status {
        label: "rpc_response_status_code",
        failed: BY_NAME,
    },
    Status {
        label: "rpc_grpc_status_code",
        failed: BY_NUMBER,
    },
];
/// What people who count with a client library of Prometheus call the code: `code` in Go
/// (`prometheus/client_golang`, `promhttp`) and in Ruby, `status` in Python
/// (`trallnag/prometheus-fastapi-instrumentator`), `status_code` for Node.js
/// (`jochen-schweizer/express-prom-bundle`).
const CLIENTS: &[Status] = &[http("code"), http("status"), http("status_code")];

const fn otel_http(requests: &'static str, duration: &'static str, measure: Measure) -> Convention {
    Convention {
        protocol: Protocol::Http,
        library: "OpenTelemetry",
        requests,
        duration,
        measure,
        status: OTEL_HTTP,
    }
}

const fn otel_rpc(requests: &'static str, duration: &'static str, measure: Measure) -> Convention {
    Convention {
        protocol: Protocol::Rpc,
        status: OTEL_RPC,
        ..otel_http(requests, duration, measure)
    }
}

const fn client(
    library: &'static str,
    requests: &'static str,
    duration: &'static str,
) -> Convention {
    Convention {
        protocol: Protocol::Http,
        library,
        requests,
        duration,
        measure: Measure::Seconds,
        status: CLIENTS,
    }
}

/// The conventions. Of several of one protocol the first one counts, so those with a counter of
/// their own stand before those with the same histogram. Collectors before v0.35 add no units to
/// names.
pub const CONVENTIONS: &[Convention] = &[
    // prometheus/client_ruby, `middleware/collector.rb`.
    client(
        "Prometheus' client for Ruby",
        "http_server_requests_total",
        "http_server_request_duration_seconds",
    ),
    otel_http(
        "http_server_request_duration_seconds_count",
        "http_server_request_duration_seconds",
        Measure::Seconds,
    ),
    otel_http(
        "http_server_request_duration_count",
        "http_server_request_duration",
        Measure::Seconds,
    ),
    otel_http(
        "http_server_duration_milliseconds_count",
        "http_server_duration_milliseconds",
        Measure::Milliseconds,
    ),
    otel_http(
        "http_server_duration_count",
        "http_server_duration",
        Measure::Milliseconds,
    ),
    // Spring Boot reference, "Metrics", "Spring MVC Metrics" (`http.server.requests`): Micrometer
    // measures in seconds for Prometheus and in milliseconds over OTLP, and has buckets only where
    // they are asked for.
    client(
        "Micrometer",
        "http_server_requests_seconds_count",
        "http_server_requests_seconds",
    ),
    Convention {
        measure: Measure::Milliseconds,
        ..client(
            "Micrometer",
            "http_server_requests_milliseconds_count",
            "http_server_requests_milliseconds",
        )
    },
    // prometheus-net/prometheus-net, README, "ASP.NET Core HTTP request metrics".
    client(
        "prometheus-net",
        "http_requests_received_total",
        "http_request_duration_seconds",
    ),
    // rycus86/prometheus_flask_exporter, README.
    client(
        "prometheus_flask_exporter",
        "flask_http_request_total",
        "flask_http_request_duration_seconds",
    ),
    // Prometheus documentation, "Metric and label naming", whose examples they are.
    client(
        "Prometheus' client libraries",
        "http_requests_total",
        "http_request_duration_seconds",
    ),
    client(
        "Prometheus' client libraries",
        "http_request_duration_seconds_count",
        "http_request_duration_seconds",
    ),
    otel_rpc(
        "rpc_server_call_duration_seconds_count",
        "rpc_server_call_duration_seconds",
        Measure::Seconds,
    ),
    otel_rpc(
        "rpc_server_duration_milliseconds_count",
        "rpc_server_duration_milliseconds",
        Measure::Milliseconds,
    ),
    otel_rpc(
        "rpc_server_duration_count",
        "rpc_server_duration",
        Measure::Milliseconds,
    ),
    // grpc-ecosystem/go-grpc-middleware, `providers/prometheus`: its codes are those of
    // `codes.Code.String`, and its histogram is there only where it is asked for.
    Convention {
        protocol: Protocol::Rpc,
        library: "go-grpc-middleware",
        requests: "grpc_server_handled_total",
        duration: "grpc_server_handling_seconds",
        measure: Measure::Seconds,
        status: &[Status {
            label: "grpc_code",
            failed: AS_IN_GO,
        }],
    },
];

/// The conventions that series with these names follow, at most one of each protocol.
pub fn followed(names: &BTreeSet<String>) -> Vec<&'static Convention> {
    let of = |protocol: Protocol| {
        let mut all = CONVENTIONS.iter();
        all.find(|one| one.protocol == protocol && names.contains(one.requests))
    };
    [Protocol::Http, Protocol::Rpc]
        .into_iter()
        .filter_map(of)
        .collect()
}

impl Convention {
    /// What is there of it: series with these names, and these labels on its requests.
    pub fn served(&'static self, names: &BTreeSet<String>, labels: &BTreeSet<String>) -> Served {
        let has = |ending: &str| names.contains(&format!("{}{ending}", self.duration));
        let mut status = self.status.iter();
        Served {
            convention: self,
            has_sum: has("_sum") && has("_count"),
            has_buckets: has("_bucket"),
            status: status.find(|one| labels.contains(one.label)).copied(),
        }
    }

    /// Returns whether a series with this name is a part of it.
    fn has(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.duration);
        name == self.requests || rest.is_some_and(|rest| ENDINGS.contains(&rest))
    }
}

/// What is at the end of the series of a histogram (Prometheus documentation, "Metric types").
const ENDINGS: [&str; 3] = ["_bucket", "_count", "_sum"];

/// Of these names, the counters and the histograms that are of no convention in `followed`:
/// counters end in `_total`, and histograms have buckets. What programs count of themselves is none
/// of an application.
pub fn others(
    names: &BTreeSet<String>,
    followed: &[&'static Convention],
) -> (Vec<String>, Vec<String>) {
    let of_programs = ["go_", "jvm_", "nodejs_", "process_", "promhttp_", "python_"];
    let is_other = |name: &&String| {
        !followed.iter().any(|one| one.has(name))
            && !of_programs.iter().any(|start| name.starts_with(start))
    };
    let names: Vec<&String> = names.iter().filter(is_other).collect();
    let counters = names.iter().filter(|name| name.ends_with("_total"));
    let histograms = names.iter().filter_map(|name| name.strip_suffix("_bucket"));
    (
        counters.map(|name| (*name).clone()).collect(),
        histograms.map(str::to_owned).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_first_convention_of_each_protocol_counts() {
        let names = set(&[
            "grpc_server_handled_total",
            "http_request_duration_seconds_bucket",
            "http_request_duration_seconds_count",
            "http_request_duration_seconds_sum",
            "http_requests_received_total",
            "http_requests_total",
            "orders_total",
            "payment_seconds_bucket",
            "process_cpu_seconds_total",
            "queue_length",
        ]);
        let found = followed(&names);
        let libraries: Vec<&str> = found.iter().map(|one| one.library).collect();
        assert_eq!(libraries, ["prometheus-net", "go-grpc-middleware"]);
        let served = found[0].served(&names, &set(&["status_code", "status"]));
        assert!(served.has_buckets && served.has_sum);
        assert_eq!(served.status, Some(http("status")));
        let served = found[1].served(&names, &set(&["code"]));
        assert!(!served.has_buckets && !served.has_sum && served.status.is_none());
        let (counters, histograms) = others(&names, &found);
        assert_eq!(counters, ["http_requests_total", "orders_total"]);
        assert_eq!(histograms, ["payment_seconds"]);
        assert!(followed(&set(&["up", "http_server_requests_seconds_max"])).is_empty());
    }

    #[test]
    fn no_convention_stands_behind_one_that_hides_it() {
        for (at, one) in CONVENTIONS.iter().enumerate() {
            let same = |other: &&Convention| other.requests == one.requests;
            let first = CONVENTIONS.iter().position(|other| same(&other));
            assert_eq!(first, Some(at), "{}", one.requests);
            // A counter of its own comes before the same histogram alone.
            let alone = format!("{}_count", one.duration);
            if one.requests != alone {
                let other = CONVENTIONS.iter().position(|other| other.requests == alone);
                assert!(other.is_none_or(|other| other > at), "{}", one.requests);
            }
        }
    }
}
