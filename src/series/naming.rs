//! How Prometheus' remote write spells the names of metrics and labels (prometheus/otlptranslator,
//! `MetricNamer` and `LabelNamer`).

use crate::collector::version::Version;

/// The first version that puts units at the ends of names (aws-otel-collector#2455).
pub(super) const UNITS: Version = (0, 35);

/// What units of UCUM are called at the ends of names, as far as collectors make metrics with them.
const UNIT_NAMES: &[(&str, &str)] = &[("By", "bytes"), ("s", "seconds")];

/// How names are spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// What all names begin with, if anything.
    pub(super) namespace: Option<String>,
    /// Whether names end in their units.
    pub(super) are_units_added: bool,
}

impl Style {
    /// How a version spells names unless it is asked to do otherwise.
    pub(super) fn of(version: Version) -> Self {
        Self {
            namespace: None,
            are_units_added: version >= UNITS,
        }
    }

    /// The name of a metric with its unit.
    pub(super) fn name(&self, metric: &str, unit: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
        let words = metric.split(|c: char| !is_part(c));
        let mut words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        let (main, per) = unit.split_once('/').unwrap_or((unit, ""));
        let named = UNIT_NAMES.iter().find(|(short, _)| *short == main);
        let main = named.map_or(main, |(_, name)| name);
        let per = format!("per_{per}");
        if self.are_units_added {
            if !main.is_empty() && !words.contains(&main) {
                words.push(main);
            }
            if per != "per_" && !words.contains(&per.as_str()) {
                words.push(&per);
            }
        }
        let name = words.join("_");
        match &self.namespace {
            Some(namespace) => format!("{namespace}_{name}"),
            None if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
            None => name,
        }
    }
}

/// The label that an attribute becomes.
pub(super) fn label(attribute: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let label: String = attribute
        .chars()
        .map(|c| if is_part(c) { c } else { '_' })
        .collect();
    if label.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("key_{label}");
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_added_once() {
        let newest = Style::of((0, 49));
        for (metric, unit, name) in [
            (
                "ecs.task.cpu.utilized",
                "None",
                "ecs_task_cpu_utilized_None",
            ),
            ("a.rate", "Bytes/Second", "a_rate_Bytes_per_Second"),
            ("scrape_duration_seconds", "s", "scrape_duration_seconds"),
            ("up", "", "up"),
            ("9.lives", "", "_9_lives"),
        ] {
            assert_eq!(newest.name(metric, unit), name);
        }
        assert_eq!(Style::of((0, 34)).name("a.b", "MiB"), "a_b");
        let named = Style {
            namespace: Some("shop".to_owned()),
            ..newest
        };
        assert_eq!(named.name("a.b", "MiB"), "shop_a_b_MiB");
    }

    #[test]
    fn labels_are_words() {
        assert_eq!(label("aws.ecs.task.arn"), "aws_ecs_task_arn");
        assert_eq!(label("1st-one"), "key_1st_one");
    }
}
