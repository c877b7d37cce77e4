//! Versions of the collector, and what they call their components.

/// A version of the AWS Distro for OpenTelemetry Collector: major and minor.
pub type Version = (u32, u32);

/// The newest version whose components are known here (aws-observability/aws-otel-collector,
/// release v0.49.0). Of a newer one less is certain.
pub const NEWEST_KNOWN: Version = (0, 49);

/// The first version that has the names without run-together words
/// (opentelemetry-collector-contrib v0.156, which aws-otel-collector v0.49.0 contains): it takes
/// the old ones as aliases, and says in its log that they will go.
const SPELLED_OUT: Version = (0, 49);

/// The first version that has the exporter `debug`, which the next one has in place of `logging`.
const LOG_IS_CALLED_DEBUG: Version = (0, 41);

/// What a version calls the components whose names have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Names {
    /// The exporter of Prometheus remote write.
    pub remote_write: &'static str,
    /// The processor that finds out where it runs.
    pub resource_detection: &'static str,
    /// The processor that renames metrics.
    pub metrics_transform: &'static str,
    /// The exporter of OTLP over HTTP.
    pub otlp_http: &'static str,
    /// The exporter of OTLP over gRPC.
    pub otlp_grpc: &'static str,
    /// The exporter that writes into the log.
    pub log: &'static str,
}

impl Names {
    /// The names in this image. One whose tag says no version may be an old one, and every version
    /// up to now takes the old names.
    pub fn of(image: Option<&str>) -> Self {
        let version = image.and_then(of_image);
        let log = match version {
            Some(version) if version < LOG_IS_CALLED_DEBUG => "logging",
            Some(_) | None => "debug",
        };
        match version {
            Some(version) if version >= SPELLED_OUT => Self {
                remote_write: "prometheus_remote_write",
                resource_detection: "resource_detection",
                metrics_transform: "metrics_transform",
                otlp_http: "otlp_http",
                otlp_grpc: "otlp_grpc",
                log,
            },
            Some(_) | None => Self {
                remote_write: "prometheusremotewrite",
                resource_detection: "resourcedetection",
                metrics_transform: "metricstransform",
                otlp_http: "otlphttp",
                otlp_grpc: "otlp",
                log,
            },
        }
    }
}

/// The version that the tag of a collector's image says.
pub fn of_image(image: &str) -> Option<Version> {
    let (_, tag) = image.split_once("aws-otel-collector:")?;
    let tag = tag.split('@').next().unwrap_or(tag);
    let mut numbers = tag.strip_prefix('v')?.split('.');
    let major = numbers.next()?.parse().ok()?;
    let minor = numbers.next()?.parse().ok()?;
    Some((major, minor))
}

/// A version as its tag spells it.
pub fn spelled((major, minor): Version) -> String {
    format!("v{major}.{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collector::{IMAGE, is_collector};

    #[test]
    fn the_default_image_is_of_a_known_version() {
        assert!(of_image(IMAGE).is_some_and(|version| version <= NEWEST_KNOWN));
    }

    #[test]
    fn names_follow_the_tag() {
        let image = |tag: &str| format!("example.test/aws-otel-collector{tag}");
        for (tag, version, remote_write) in [
            (":v0.48.0", Some((0, 48)), "prometheusremotewrite"),
            (":v0.49.0", Some((0, 49)), "prometheus_remote_write"),
            (
                ":v0.49.0@sha256:00",
                Some((0, 49)),
                "prometheus_remote_write",
            ),
            (":v0.50.1", Some((0, 50)), "prometheus_remote_write"),
            (":latest", None, "prometheusremotewrite"),
            ("@sha256:00", None, "prometheusremotewrite"),
        ] {
            let image = image(tag);
            assert!(is_collector(&image));
            assert_eq!(of_image(&image), version, "{image}");
            assert_eq!(
                Names::of(Some(&image)).remote_write,
                remote_write,
                "{image}"
            );
        }
        assert_eq!(of_image("nginx:v0.49.0"), None);
    }
}
