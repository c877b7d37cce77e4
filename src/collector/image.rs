//! Images of the collector: whose they are, what they hold, and whether they stay what they are.

/// Whose build of the collector an image is. Both are made from nothing: there is no shell in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// AWS's, which also holds `/healthcheck` and the files under [`IMAGE_FILES`].
    Adot,
    /// One of OpenTelemetry's own, which holds nothing but the collector
    /// (open-telemetry/opentelemetry-collector-releases, `distributions/*/Dockerfile`).
    Upstream,
}

/// Whose collector is in `image`, by its name; `None` if it is none.
pub fn distribution(image: &str) -> Option<Distribution> {
    let name = image.split('@').next().unwrap_or(image);
    let last = name.rsplit('/').next().unwrap_or(name);
    match last.split(':').next() {
        Some("aws-otel-collector") => Some(Distribution::Adot),
        Some(
            "opentelemetry-collector"
            | "opentelemetry-collector-contrib"
            | "opentelemetry-collector-k8s"
            | "opentelemetry-collector-otlp",
        ) => Some(Distribution::Upstream),
        Some(_) | None => None,
    }
}

/// Returns whether `image` is a collector's.
pub fn is_collector(image: &str) -> bool {
    distribution(image).is_some()
}

/// The configurations that AWS's image brings, in every version that is known
/// (aws-observability/aws-otel-collector, `config/` and `cmd/awscollector/Dockerfile`).
pub const IMAGE_FILES: &[&str] = &[
    "/etc/apprunner/apprunner-default-config.yaml",
    "/etc/ecs/container-insights/otel-task-metrics-config.yaml",
    "/etc/ecs/ecs-amp-prometheus.yaml",
    "/etc/ecs/ecs-amp-xray-prometheus.yaml",
    "/etc/ecs/ecs-amp-xray.yaml",
    "/etc/ecs/ecs-amp.yaml",
    "/etc/ecs/ecs-cloudwatch-xray.yaml",
    "/etc/ecs/ecs-cloudwatch.yaml",
    "/etc/ecs/ecs-default-config.yaml",
    "/etc/ecs/ecs-xray.yaml",
    "/etc/ecs/otel-instance-metrics-config.yaml",
    "/etc/eks/prometheus/config-all.yaml",
    "/etc/eks/prometheus/config-appmesh.yaml",
    "/etc/eks/prometheus/config-haproxy.yaml",
    "/etc/eks/prometheus/config-jmx.yaml",
    "/etc/eks/prometheus/config-memcached.yaml",
    "/etc/eks/prometheus/config-nginx.yaml",
    "/etc/eks/prometheus/config-redis.yaml",
    "/etc/otel-config.yaml",
];

/// Returns whether `image` names one content for good, as far as names do: it has a digest, or a
/// tag other than `latest`.
pub fn is_pinned(image: &str) -> bool {
    if image.contains('@') {
        return true;
    }
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split_once(':')
        .is_some_and(|(_, tag)| !tag.is_empty() && tag != "latest")
}
