//! Which components the versions of the collector have.
//!
//! Source: aws-observability/aws-otel-collector, `pkg/defaultcomponents/defaults.go` at the tags
//! v0.30.0 to v0.49.0, and the types that the factories named there register.

use crate::collector::version::{NEWEST_KNOWN, Version};

/// The oldest version whose components are known here.
pub const OLDEST_KNOWN: Version = (0, 30);

/// A section of a configuration that defines components.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// What the collector does besides its pipelines.
    Extensions,
    /// What comes in.
    Receivers,
    /// What happens to it.
    Processors,
    /// Where it goes.
    Exporters,
    /// What joins pipelines: it ends one and begins another.
    Connectors,
}

impl Section {
    /// Every section.
    pub const ALL: [Self; 5] = [
        Self::Extensions,
        Self::Receivers,
        Self::Processors,
        Self::Exporters,
        Self::Connectors,
    ];

    /// Its key in a configuration.
    pub fn key(self) -> &'static str {
        match self {
            Self::Extensions => "extensions",
            Self::Receivers => "receivers",
            Self::Processors => "processors",
            Self::Exporters => "exporters",
            Self::Connectors => "connectors",
        }
    }

    /// What one of its components is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Extensions => "extension",
            Self::Receivers => "receiver",
            Self::Processors => "processor",
            Self::Exporters => "exporter",
            Self::Connectors => "connector",
        }
    }
}

/// A component, by the name that configurations call it.
struct Component {
    section: Section,
    name: &'static str,
    /// The first minor version of those that are known which has it.
    since: u32,
    /// The last one, if newer ones don't have it.
    until: Option<u32>,
    /// What does the same in the versions that don't have it.
    instead: &'static str,
}

const fn always(section: Section, name: &'static str) -> Component {
    since(OLDEST_KNOWN.1, section, name)
}

const fn since(since: u32, section: Section, name: &'static str) -> Component {
    Component {
        section,
        name,
        since,
        until: None,
        instead: "",
    }
}

const fn until(
    until: u32,
    section: Section,
    name: &'static str,
    instead: &'static str,
) -> Component {
    Component {
        section,
        name,
        since: OLDEST_KNOWN.1,
        until: Some(until),
        instead,
    }
}

/// A newer name of what older versions call otherwise.
const fn renamed(
    first: u32,
    section: Section,
    name: &'static str,
    instead: &'static str,
) -> Component {
    Component {
        instead,
        ..since(first, section, name)
    }
}

use Section::{Exporters, Extensions, Processors, Receivers};

/// The components. ADOT has no connectors.
const COMPONENTS: &[Component] = &[
    always(Extensions, "awsproxy"),
    always(Extensions, "ecs_observer"),
    since(34, Extensions, "file_storage"),
    always(Extensions, "health_check"),
    until(41, Extensions, "memory_ballast", "the variable GOMEMLIMIT"),
    always(Extensions, "pprof"),
    always(Extensions, "sigv4auth"),
    always(Extensions, "zpages"),
    always(Receivers, "awscontainerinsightreceiver"),
    always(Receivers, "awsecscontainermetrics"),
    always(Receivers, "awsxray"),
    renamed(48, Receivers, "file_log", "filelog"),
    since(34, Receivers, "filelog"),
    always(Receivers, "jaeger"),
    always(Receivers, "kafka"),
    always(Receivers, "otlp"),
    always(Receivers, "prometheus"),
    always(Receivers, "statsd"),
    always(Receivers, "zipkin"),
    always(Processors, "attributes"),
    always(Processors, "batch"),
    always(Processors, "cumulativetodelta"),
    always(Processors, "deltatorate"),
    until(
        41,
        Processors,
        "experimental_metricsgeneration",
        "`metricsgeneration`",
    ),
    always(Processors, "filter"),
    always(Processors, "groupbytrace"),
    renamed(48, Processors, "k8s_attributes", "k8sattributes"),
    since(32, Processors, "k8sattributes"),
    always(Processors, "memory_limiter"),
    renamed(49, Processors, "metrics_transform", "metricstransform"),
    renamed(
        42,
        Processors,
        "metricsgeneration",
        "experimental_metricsgeneration",
    ),
    always(Processors, "metricstransform"),
    always(Processors, "probabilistic_sampler"),
    always(Processors, "resource"),
    renamed(49, Processors, "resource_detection", "resourcedetection"),
    always(Processors, "resourcedetection"),
    always(Processors, "span"),
    always(Processors, "tail_sampling"),
    since(34, Exporters, "awscloudwatchlogs"),
    always(Exporters, "awsemf"),
    // Release notes of v0.21.0.
    Component {
        section: Exporters,
        name: "awsprometheusremotewrite",
        since: 0,
        until: Some(20),
        instead: "`prometheusremotewrite` with the extension `sigv4auth`",
    },
    always(Exporters, "awsxray"),
    always(Exporters, "datadog"),
    renamed(41, Exporters, "debug", "logging"),
    until(36, Exporters, "dynatrace", "`otlphttp`"),
    always(Exporters, "file"),
    always(Exporters, "kafka"),
    renamed(49, Exporters, "load_balancing", "loadbalancing"),
    since(32, Exporters, "loadbalancing"),
    until(41, Exporters, "logging", "`debug`"),
    always(Exporters, "logzio"),
    always(Exporters, "otlp"),
    renamed(48, Exporters, "otlp_grpc", "otlp"),
    renamed(48, Exporters, "otlp_http", "otlphttp"),
    always(Exporters, "otlphttp"),
    always(Exporters, "prometheus"),
    renamed(
        49,
        Exporters,
        "prometheus_remote_write",
        "prometheusremotewrite",
    ),
    always(Exporters, "prometheusremotewrite"),
    until(47, Exporters, "sapm", "`otlphttp`"),
    always(Exporters, "signalfx"),
];

/// Whether a version has a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It does.
    There,
    /// This version is the first one known to lack it; what does the same may be known.
    Gone(Version, &'static str),
    /// This version is the first one to have it; what older ones call it may be known.
    NotYet(Version, &'static str),
    /// No version that is known has it.
    Never,
    /// The version is not known, or came out after this program.
    Unknown,
}

/// Whether `version` has the component `name`.
pub fn standing(section: Section, name: &str, version: Option<Version>) -> Standing {
    let found = COMPONENTS
        .iter()
        .find(|component| component.section == section && component.name == name);
    let Some(version) = version.filter(|version| *version >= OLDEST_KNOWN) else {
        return Standing::Unknown;
    };
    let is_known = version <= NEWEST_KNOWN;
    let Some(found) = found else {
        return if is_known {
            Standing::Never
        } else {
            Standing::Unknown
        };
    };
    match found.until {
        // What is gone may have come back in a version that is not known.
        Some(last) if version.1 > last && is_known => Standing::Gone((0, last + 1), found.instead),
        Some(last) if version.1 > last => Standing::Unknown,
        _ if version < (0, found.since) => Standing::NotYet((0, found.since), found.instead),
        _ => Standing::There,
    }
}

/// The names of the components that `version` has in a section.
pub fn names(section: Section, version: Version) -> Vec<&'static str> {
    let there = COMPONENTS.iter().filter(|component| {
        let standing = standing(section, component.name, Some(version));
        component.section == section && standing == Standing::There
    });
    there.map(|component| component.name).collect()
}

/// The type in a component's id: what stands before its `/`.
pub fn type_of(id: &str) -> &str {
    id.split('/').next().unwrap_or(id).trim()
}

/// Returns whether these are two names of one component.
pub fn is_same(name: &str, other: &str) -> bool {
    name == other || name.replace('_', "") == other.replace('_', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_come_and_go_with_versions() {
        for (section, name, version, expected) in [
            (Exporters, "logging", (0, 41), Standing::There),
            (
                Exporters,
                "logging",
                (0, 42),
                Standing::Gone((0, 42), "`debug`"),
            ),
            (Exporters, "logging", (0, 50), Standing::Unknown),
            (
                Exporters,
                "debug",
                (0, 40),
                Standing::NotYet((0, 41), "logging"),
            ),
            (Exporters, "debug", (0, 50), Standing::There),
            (Processors, "transform", (0, 49), Standing::Never),
            (Processors, "transform", (0, 50), Standing::Unknown),
            (Processors, "transform", (1, 0), Standing::Unknown),
            (Processors, "batch", (0, 29), Standing::Unknown),
            // A name belongs to a section.
            (Processors, "otlp", (0, 49), Standing::Never),
        ] {
            let standing = standing(section, name, Some(version));
            assert_eq!(standing, expected, "{name} {version:?}");
        }
        assert_eq!(standing(Exporters, "logging", None), Standing::Unknown);
        let gone = standing(Exporters, "awsprometheusremotewrite", Some((0, 30)));
        assert!(matches!(gone, Standing::Gone((0, 21), _)));
    }

    /// What the collector's own test counts (`pkg/defaultcomponents/defaults_test.go`), its names
    /// of before included.
    #[test]
    fn there_are_as_many_as_the_collector_counts() {
        for (version, counts) in [
            ((0, 40), [8, 10, 15, 15]),
            ((0, 44), [7, 10, 15, 15]),
            ((0, 47), [7, 10, 15, 15]),
            ((0, 48), [7, 11, 16, 16]),
            ((0, 49), [7, 11, 18, 18]),
        ] {
            let sections = [Extensions, Receivers, Processors, Exporters];
            let found = sections.map(|section| names(section, version).len());
            assert_eq!(found, counts, "{version:?}");
        }
    }

    #[test]
    fn a_name_stands_once_in_its_section() {
        for (index, component) in COMPONENTS.iter().enumerate() {
            let mut rest = COMPONENTS[index + 1..].iter();
            assert!(
                !rest.any(|o| o.section == component.section && o.name == component.name),
                "{}",
                component.name
            );
        }
        assert!(is_same("prometheus_remote_write", "prometheusremotewrite"));
        assert!(!is_same("batch", "filter"));
        assert_eq!(type_of("batch/metrics"), "batch");
    }
}
