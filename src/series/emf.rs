//! What CloudWatch makes of the lines that the exporter `awsemf` writes to a log
//! (opentelemetry-collector-contrib, `exporter/awsemfexporter`: `metric_translator.go`,
//! `metric_declaration.go`, `grouped_metric.go` and `util.go`, the same from v0.41 to v0.49).

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use crate::series::{attributes::Label, document::elements};

/// The most labels of a set of dimensions; the exporter leaves longer sets out.
const MAX_DIMENSIONS: usize = 10;

/// The units of CloudWatch (CloudWatch API reference, `MetricDatum`:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>).
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

/// Which sets of dimensions are added to those that are asked for.
#[derive(Clone, Copy, PartialEq)]
enum Rollup {
    /// The empty one, and one for each label.
    ZeroAndSingle,
    /// One for each label.
    Single,
    None,
}

/// What becomes a metric, and by which dimensions.
struct Declaration {
    dimensions: Vec<Vec<String>>,
    selectors: Vec<Regex>,
    /// The selectors as they are written.
    patterns: Vec<String>,
}

/// What an exporter is asked to do.
pub(super) struct Emf {
    /// The namespace; `None` if it is another for each application.
    pub(super) namespace: Option<String>,
    log_group: Option<String>,
    /// `None` if every metric gets all of its labels.
    declarations: Option<Vec<Declaration>>,
    rollup: Rollup,
    /// Units that are given to metrics: whether in the place of their own.
    units: Vec<(String, &'static str, bool)>,
}

impl Emf {
    pub(super) fn of(id: &str, settings: &Value, unknown: &mut Vec<String>) -> Self {
        let text = |key: &str| settings[key].as_str().filter(|text| !text.is_empty());
        let declared = elements(&settings["metric_declarations"]);
        let declarations: Vec<Declaration> = declared
            .map(|declaration| {
                if !declaration["label_matchers"].is_null() {
                    unknown.push(format!(
                        "which metrics of `{id}` its `label_matchers` let through"
                    ));
                }
                Declaration::of(id, declaration, unknown)
            })
            .collect();
        let described = elements(&settings["metric_descriptors"]);
        let units = described.filter_map(|one| {
            let name = one["metric_name"].as_str()?.to_owned();
            let unit = one["unit"].as_str()?;
            let unit = UNITS.iter().find(|known| **known == unit)?;
            Some((name, *unit, one["overwrite"] == true))
        });
        Self {
            namespace: text("namespace").map(str::to_owned),
            log_group: text("log_group_name").map(str::to_owned),
            declarations: (!declarations.is_empty()).then_some(declarations),
            rollup: match text("dimension_rollup_option") {
                Some("NoDimensionRollup") => Rollup::None,
                Some("SingleDimensionRollupOnly") => Rollup::Single,
                Some(_) | None => Rollup::ZeroAndSingle,
            },
            units: units.collect(),
        }
    }

    /// The log group that the lines are written to.
    pub(super) fn log_group(&self) -> String {
        let of_namespace = || {
            let namespace = self.namespace.as_deref().unwrap_or("{ServiceName}");
            format!("/metrics/{namespace}")
        };
        self.log_group.clone().unwrap_or_else(of_namespace)
    }

    /// The sets of dimensions under which a metric with these labels is kept; none if CloudWatch
    /// makes no metric of it.
    pub(super) fn dimensions(&self, metric: &str, labels: &[Label]) -> Vec<Vec<String>> {
        let labels: BTreeSet<&str> = labels.iter().map(|label| label.name.as_str()).collect();
        let all = || labels.iter().map(|label| (*label).to_owned()).collect();
        let mut sets: Vec<Vec<String>> = match &self.declarations {
            None => vec![all()],
            Some(declarations) => {
                let mut fitting = declarations
                    .iter()
                    .filter(|one| one.is_of(metric))
                    .peekable();
                if fitting.peek().is_none() {
                    return Vec::new();
                }
                let sets = fitting.flat_map(|declaration| &declaration.dimensions);
                let is_there =
                    |set: &&Vec<String>| set.iter().all(|name| labels.contains(name.as_str()));
                sets.filter(is_there).cloned().collect()
            }
        };
        // What made the metric stands in every set that is added.
        let made_by: Vec<&str> = labels.get("OTelLib").into_iter().copied().collect();
        let mut add = |label: Option<&str>| {
            let set = made_by.iter().copied().chain(label);
            let mut set: Vec<String> = set.map(str::to_owned).collect();
            set.sort();
            sets.push(set);
        };
        if self.rollup == Rollup::ZeroAndSingle {
            add(None);
        }
        if self.rollup != Rollup::None {
            for label in &labels {
                if !made_by.contains(label) {
                    add(Some(label));
                }
            }
        }
        let mut seen = BTreeSet::new();
        sets.retain(|set| seen.insert(set.clone()));
        sets
    }

    /// The sets that are asked for, whatever labels there are.
    pub(super) fn declared_dimensions(&self) -> Vec<Vec<String>> {
        let declarations = self.declarations.iter().flatten();
        let sets = declarations.flat_map(|declaration| declaration.dimensions.clone());
        let mut seen = BTreeSet::new();
        sets.filter(|set| seen.insert(set.clone())).collect()
    }

    /// The patterns of the names that become metrics; none if all do.
    pub(super) fn patterns(&self) -> Vec<String> {
        let declarations = self.declarations.iter().flatten();
        declarations
            .flat_map(|declaration| declaration.patterns.clone())
            .collect()
    }

    /// The unit that is written of a metric that has this one.
    pub(super) fn unit(&self, metric: &str, unit: &'static str) -> &'static str {
        let given = self.units.iter().find(|(name, ..)| name == metric);
        if let Some((_, given, overwrites)) = given
            && (*overwrites || unit.is_empty())
        {
            return given;
        }
        match unit {
            "1" | "ns" => "",
            "ms" => "Milliseconds",
            "s" => "Seconds",
            "us" => "Microseconds",
            "By" => "Bytes",
            "bit" => "Bits",
            other => other,
        }
    }

    /// Returns whether CloudWatch knows a unit; it need not be given one.
    pub(super) fn knows(unit: &str) -> bool {
        unit.is_empty() || UNITS.contains(&unit)
    }
}

impl Declaration {
    fn of(id: &str, declaration: &Value, unknown: &mut Vec<String>) -> Self {
        let mut dimensions: Vec<Vec<String>> = Vec::new();
        for set in elements(&declaration["dimensions"]) {
            let names = elements(set).filter_map(Value::as_str);
            let names: BTreeSet<String> = names.map(str::to_owned).collect();
            if names.len() <= MAX_DIMENSIONS {
                dimensions.push(names.into_iter().collect());
            }
        }
        let patterns = elements(&declaration["metric_name_selectors"]).filter_map(Value::as_str);
        let patterns: Vec<String> = patterns.map(str::to_owned).collect();
        let selectors = patterns.iter().filter_map(|pattern| {
            let selector = Regex::new(pattern).ok();
            if selector.is_none() {
                unknown.push(format!("which metrics of `{id}` have names like {pattern}"));
            }
            selector
        });
        Self {
            dimensions,
            selectors: selectors.collect(),
            patterns,
        }
    }

    fn is_of(&self, metric: &str) -> bool {
        let mut selectors = self.selectors.iter();
        selectors.any(|selector| selector.is_match(metric))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::series::attributes::{Attribute, Attributes, Of, unspelled};

    fn labels(of: &[&str]) -> Vec<Label> {
        let known = of.iter();
        let attributes: Attributes = known
            .map(|name| ((*name).to_owned(), Attribute::known("x")))
            .collect();
        unspelled(&attributes, Of::Series)
    }

    fn sets(settings: &Value, metric: &str, names: &[&str]) -> Vec<Vec<String>> {
        let mut unknown = Vec::new();
        let emf = Emf::of("awsemf", settings, &mut unknown);
        assert!(unknown.is_empty(), "{unknown:?}");
        emf.dimensions(metric, &labels(names))
    }

    #[test]
    fn declarations_choose_names_and_dimensions() {
        let settings = json!({
            "dimension_rollup_option": "NoDimensionRollup",
            "metric_declarations": [
                {"dimensions": [["b", "a"], ["c"], ["a", "b"]], "metric_name_selectors": ["^http"]},
                {"dimensions": [["a"]], "metric_name_selectors": ["\\.size$"]},
            ],
        });
        let both = vec!["a".to_owned(), "b".to_owned()];
        let one = vec!["a".to_owned()];
        let of = |metric: &str| sets(&settings, metric, &["a", "b"]);
        let kept = std::slice::from_ref(&both);
        assert_eq!(of("http.time"), kept, "c is not there");
        assert_eq!(of("http.size"), [both, one.clone()], "both fit");
        assert_eq!(of("x.size"), [one]);
        assert!(of("x").is_empty());
    }

    #[test]
    fn without_declarations_every_label_is_a_dimension() {
        let only = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            sets(&json!({}), "x", &["a", "OTelLib"]),
            [only(&["OTelLib", "a"]), only(&["OTelLib"]),]
        );
        let single = json!({"dimension_rollup_option": "SingleDimensionRollupOnly"});
        assert_eq!(
            sets(&single, "x", &["a", "b"]),
            [only(&["a", "b"]), only(&["a"]), only(&["b"])]
        );
    }

    #[test]
    fn units_are_cloudwatchs_where_they_can_be() {
        let settings = json!({"metric_descriptors": [
            {"metric_name": "size", "unit": "Megabytes", "overwrite": true},
            {"metric_name": "bare", "unit": "Count"},
        ]});
        let emf = Emf::of("awsemf", &settings, &mut Vec::new());
        for (metric, unit, expected) in [
            ("size", "MiB", "Megabytes"),
            ("bare", "", "Count"),
            ("bare", "Bytes", "Bytes"),
            ("other", "s", "Seconds"),
            ("other", "1", ""),
        ] {
            assert_eq!(emf.unit(metric, unit), expected, "{metric} {unit}");
        }
        assert!(Emf::knows("Bytes/Second") && !Emf::knows("MiB"));
    }

    #[test]
    fn what_can_not_be_known_is_said() {
        let settings = json!({"metric_declarations": [
            {"dimensions": [["a"]], "metric_name_selectors": ["("], "label_matchers": []},
        ]});
        let mut unknown = Vec::new();
        let emf = Emf::of("awsemf", &settings, &mut unknown);
        assert_eq!(unknown.len(), 2, "{unknown:?}");
        assert_eq!(emf.log_group(), "/metrics/{ServiceName}");
    }
}
