//! A Grafana dashboard of a stack's series, and the data source that it asks, as documents that
//! Grafana takes: from files that it is provisioned with, and through its HTTP API (Grafana
//! documentation, "Dashboard JSON model", "Provision Grafana", "HTTP API reference").
//!
//! The names in its queries are those that `series` computes for this version of the collector.

mod application;
mod selector;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use application::{Application, Duration, lost};
pub use selector::Selector;

use crate::{
    model::address::StackName,
    series::{Collected, Forecast, Group, Origin},
};

/// The plugin that signs queries for AWS. Grafana's own type `prometheus` does not sign any more
/// (Amazon Managed Grafana user guide, "Add the Prometheus data source manually").
pub const PLUGIN: &str = "grafana-amazonprometheus-datasource";
/// The version of the JSON model (grafana/grafana, `kinds/dashboard`).
const SCHEMA: u32 = 39;
/// The longest `uid` that Grafana takes.
const LONGEST_UID: usize = 40;
/// Over how long rates are taken: several samples at the longest usual interval.
const RATE: &str = "5m";
/// Half the width of a dashboard: 24 columns.
const HALF: u32 = 12;
const HEIGHT: u32 = 8;

/// What names the dashboard, and with another beginning the data source, for good.
fn uid(beginning: &str, stack: &StackName) -> String {
    let whole = format!("{beginning}-{}", stack.as_str());
    if whole.len() <= LONGEST_UID {
        return whole;
    }
    let digest = whole.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let kept: String = whole.chars().take(LONGEST_UID - 9).collect();
    format!("{kept}-{digest:08x}")
}

/// The dashboard of a stack, with what the applications of its families count.
pub fn dashboard(
    stack: &StackName,
    families: &[Forecast],
    applications: &BTreeMap<String, Vec<Application>>,
) -> Value {
    let mut page = Page::default();
    for family in families {
        if let Some(collected) = &family.collector {
            family_panels(&family.family, collected, &mut page);
            for application in applications.get(&family.family).into_iter().flatten() {
                application.panels(&family.family, &mut page);
            }
        }
    }
    json!({
        "uid": uid("amp-stack", stack),
        "title": format!("{} on Amazon ECS", stack.as_str()),
        "description": "Made by amp-stack dashboard; making it again replaces it.",
        "tags": ["amp-stack", "ecs"],
        "schemaVersion": SCHEMA,
        "editable": true,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [{
            "name": "datasource",
            "label": "Data source",
            "type": "datasource",
            "query": PLUGIN,
            "current": {"text": source_name(stack), "value": uid("amp", stack)},
            "hide": 0,
            "refresh": 1,
            "regex": "",
            "multi": false,
            "includeAll": false,
            "options": [],
        }]},
        "panels": page.panels,
    })
}

/// Panels, from top to bottom.
#[derive(Default)]
struct Page {
    panels: Vec<Value>,
    y: u32,
    /// Whether the left half of the line is taken.
    is_half: bool,
}

impl Page {
    fn row(&mut self, title: &str) {
        self.end_line();
        let at = json!({"h": 1, "w": 2 * HALF, "x": 0, "y": self.y});
        let id = self.panels.len() + 1;
        self.panels.push(json!({
            "id": id, "type": "row", "title": title, "collapsed": false, "gridPos": at, "panels": [],
        }));
        self.y += 1;
    }

    fn end_line(&mut self) {
        if self.is_half {
            self.y += HEIGHT;
            self.is_half = false;
        }
    }

    /// A panel of lines, each a query with what it is called, if there are any.
    fn lines<L: AsRef<str>>(&mut self, title: &str, unit: &str, queries: &[(String, L)]) {
        if queries.is_empty() {
            return;
        }
        let x = if self.is_half { HALF } else { 0 };
        let source = json!({"type": PLUGIN, "uid": "${datasource}"});
        let targets = queries.iter().zip('A'..).map(|((expression, legend), id)| {
            json!({
                "refId": id.to_string(), "datasource": source, "expr": expression,
                "legendFormat": legend.as_ref(), "range": true, "editorMode": "code",
            })
        });
        let id = self.panels.len() + 1;
        self.panels.push(json!({
            "id": id,
            "type": "timeseries",
            "title": title,
            "datasource": source,
            "gridPos": {"h": HEIGHT, "w": HALF, "x": x, "y": self.y},
            "fieldConfig": {
                "defaults": {"unit": unit, "min": 0, "custom": {"fillOpacity": 10, "showPoints": "never"}},
                "overrides": [],
            },
            "options": {
                "legend": {
                    "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [],
                },
                "tooltip": {"mode": "multi", "sort": "desc"},
            },
            "targets": targets.collect::<Vec<_>>(),
        }));
        if self.is_half {
            self.end_line();
        } else {
            self.is_half = true;
        }
    }
}

/// The matcher of a family's series.
fn of(family: &str) -> String {
    format!("aws_ecs_task_family=\"{family}\"")
}

/// By what is distinguished what is measured of tasks.
const SERVICES: &str = "aws_ecs_service_name, aws_ecs_task_revision";
const SERVICE: &str = "{{aws_ecs_service_name}}:{{aws_ecs_task_revision}}";

/// A panel of what is measured of tasks.
struct OfTasks {
    title: &'static str,
    unit: &'static str,
    /// Whether its metrics count, so that their rates are of interest.
    counts: bool,
    /// The metrics, and what each of them is.
    metrics: [(&'static str, &'static str); 2],
}

const OF_TASKS: [OfTasks; 4] = [
    OfTasks {
        title: "CPU units",
        unit: "none",
        counts: false,
        metrics: [
            ("ecs.task.cpu.utilized", "used"),
            ("ecs.task.cpu.reserved", "reserved"),
        ],
    },
    OfTasks {
        title: "Memory",
        unit: "mbytes",
        counts: false,
        metrics: [
            ("ecs.task.memory.utilized", "used"),
            ("ecs.task.memory.reserved", "reserved"),
        ],
    },
    OfTasks {
        title: "Network",
        unit: "Bps",
        counts: false,
        metrics: [
            ("ecs.task.network.rate.rx", "in"),
            ("ecs.task.network.rate.tx", "out"),
        ],
    },
    OfTasks {
        title: "Storage",
        unit: "Bps",
        counts: true,
        metrics: [
            ("ecs.task.storage.read_bytes", "read"),
            ("ecs.task.storage.write_bytes", "written"),
        ],
    },
];

fn family_panels(family: &str, collected: &Collected, page: &mut Page) {
    let of_task = |group: &&Group| group.origin == Origin::Task && group.destination.is_amp;
    let measured = || {
        let groups = collected.groups.iter().filter(of_task);
        let series = groups.flat_map(|group| &group.series);
        series.filter(|series| series.when.is_none())
    };
    let selector = |name: &str| format!("{name}{{{}}}", of(family));
    let name_of = |metric: &str| {
        let found = measured().find(|series| series.metric.as_deref() == Some(metric))?;
        Some(selector(&found.name))
    };
    if let Some(any) = measured().next() {
        page.row(&format!("{family}: tasks"));
        for panel in OF_TASKS {
            let queries = panel.metrics.into_iter().filter_map(|(metric, what)| {
                let name = name_of(metric)?;
                let query = if panel.counts {
                    format!("sum by ({SERVICES}) (rate({name}[{RATE}]))")
                } else {
                    format!("sum by ({SERVICES}) ({})", once(&name))
                };
                Some((query, format!("{SERVICE} {what}")))
            });
            page.lines(panel.title, panel.unit, &queries.collect::<Vec<_>>());
        }
        let any = selector(&any.name);
        let count = format!("count by ({SERVICES}) ({})", once(&any));
        page.lines("Tasks that send samples", "none", &[(count, SERVICE)]);
        let age = format!("time() - max by ({SERVICES}) (timestamp({any}))");
        page.lines("Age of the last sample", "s", &[(age, SERVICE)]);
    }
    scrape_panels(family, collected, page);
}

/// One series of each task: a task has several of a metric for as long as Prometheus looks back
/// whenever a label changes that follows its life, such as `aws_ecs_task_known_status`.
fn once(selector: &str) -> String {
    format!("max by ({SERVICES}, aws_ecs_task_arn) ({selector})")
}

/// How scraping goes, and that of the collector, which has no other sign of life.
fn scrape_panels(family: &str, collected: &Collected, page: &mut Page) {
    let name_of = |wanted: &str| {
        let mut groups = collected
            .groups
            .iter()
            .filter(|group| group.destination.is_amp);
        groups.find_map(|group| {
            let is_scrape = matches!(group.origin, Origin::Scrape(_));
            let named = |name: &str| name == wanted || name.ends_with(&format!("_{wanted}"));
            let mut series = group.series.iter().filter(|_| is_scrape);
            let found = series.find(|series| named(&series.name))?;
            Some(format!("{}{{{}}}", found.name, of(family)))
        })
    };
    let Some(up) = name_of("up") else {
        return;
    };
    page.row(&format!("{family}: scraping"));
    page.lines(
        "Targets that are down",
        "none",
        &[(
            format!("count by (job, instance) ({up} == 0)"),
            "{{job}} {{instance}}",
        )],
    );
    for (title, unit, query) in [
        (
            "Duration of scrapes",
            "s",
            name_of("scrape_duration_seconds").map(|name| format!("max by (job) ({name})")),
        ),
        (
            "Samples of a scrape",
            "none",
            name_of("scrape_samples_scraped").map(|name| format!("max by (job) ({name})")),
        ),
        (
            "Targets that are up",
            "none",
            Some(format!("sum by (job) ({up})")),
        ),
    ] {
        if let Some(query) = query {
            page.lines(title, unit, &[(query, "{{job}}")]);
        }
    }
}

/// What people call the data source. Where Grafana has none with its `uid`, the variable takes the
/// first one of the plugin.
fn source_name(stack: &StackName) -> String {
    format!("{} (Amazon Managed Service for Prometheus)", stack.as_str())
}

/// The data source of a workspace whose API begins at `endpoint`, as the HTTP API takes it.
pub fn source(stack: &StackName, endpoint: &str, region: &str) -> Value {
    json!({
        "uid": uid("amp", stack),
        "name": source_name(stack),
        "type": PLUGIN,
        "access": "proxy",
        "url": endpoint.trim_end_matches('/'),
        "jsonData": {
            "httpMethod": "POST",
            "sigV4Auth": true,
            "sigV4AuthType": "default",
            "sigV4Region": region,
            "sigv4Service": "aps",
            "timeInterval": "20s",
        },
    })
}

/// The same as a file that Grafana is provisioned with; JSON is YAML.
pub fn provisioning(source: &Value) -> String {
    let document = json!({"apiVersion": 1, "datasources": [source]});
    format!(
        "# Put this into provisioning/datasources/ of Grafana, with the plugin {PLUGIN}.\n{document:#}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_is_short_and_ones_own() {
        let name = |text: &str| text.parse::<StackName>().expect("a name");
        assert_eq!(uid("amp-stack", &name("shop")), "amp-stack-shop");
        let (one, other) = (
            format!("{}a", "x".repeat(StackName::LONGEST - 1)),
            format!("{}b", "x".repeat(StackName::LONGEST - 1)),
        );
        let [one, other] = [one, other].map(|text| uid("amp-stack", &name(&text)));
        assert!(one.len() == LONGEST_UID && one != other);
    }
}
