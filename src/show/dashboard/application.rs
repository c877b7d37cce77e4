//! Panels of what an application serves: requests, the share of errors, and durations.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Page, RATE, Selector};
use crate::series::convention::{Measure, Protocol, Served};

/// What an application counts of one kind of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Application {
    /// Of what, if that is known.
    pub protocol: Option<Protocol>,
    /// A counter of requests.
    pub requests: Option<Selector>,
    /// A counter of those that failed.
    pub errors: Option<Selector>,
    /// How long they take.
    pub duration: Option<Duration>,
}

/// Durations of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duration {
    /// The histogram, without `_bucket`.
    pub metric: Selector,
    /// In what it measures.
    pub measure: Measure,
    /// Whether it has buckets; else the mean is all that there is to know.
    pub has_buckets: bool,
}

/// What is at the end of the titles of rows.
const REQUESTS: &str = "requests";

impl Application {
    /// What was found of a convention.
    pub fn of(served: &Served) -> Self {
        let convention = served.convention;
        let errors = served.status.map(|status| {
            let matcher = format!("{}=~\"{}\"", status.label, status.failed);
            Selector::of(convention.requests, matcher)
        });
        let is_timed = served.has_buckets || served.has_sum;
        let duration = is_timed.then(|| Duration {
            metric: Selector::of(convention.duration, String::new()),
            measure: convention.measure,
            has_buckets: served.has_buckets,
        });
        Self {
            protocol: Some(convention.protocol),
            requests: Some(Selector::of(convention.requests, String::new())),
            errors,
            duration,
        }
    }

    /// Returns whether it names nothing.
    pub fn is_empty(&self) -> bool {
        self.requests.is_none() && self.errors.is_none() && self.duration.is_none()
    }

    /// The same with what `given` names in the place of its own.
    #[must_use]
    pub fn or_as_given(self, given: &Self) -> Self {
        // Errors are a part of the requests that they are compared with.
        let errors = match (&given.errors, &given.requests) {
            (None, Some(_)) => None,
            (given, _) => given.clone().or(self.errors),
        };
        Self {
            protocol: self.protocol,
            requests: given.requests.clone().or(self.requests),
            errors,
            duration: given.duration.clone().or(self.duration),
        }
    }

    fn title(&self) -> &'static str {
        match self.protocol {
            None => REQUESTS,
            Some(Protocol::Http) => "HTTP requests",
            Some(Protocol::Rpc) => "RPC requests",
        }
    }

    pub(super) fn panels(&self, family: &str, page: &mut Page) {
        if self.is_empty() {
            return;
        }
        page.row(&format!("{family}: {}", self.title()));
        let by = "aws_ecs_task_revision";
        let legend = "revision {{aws_ecs_task_revision}}";
        let rate = |selector: &Selector, ending: &str| {
            let name = selector.of_family(ending, family);
            format!("sum by ({by}) (rate({name}[{RATE}]))")
        };
        let requests = self.requests.as_ref().map(|requests| rate(requests, ""));
        if let Some(requests) = &requests {
            page.lines("Requests", "reqps", &[(requests.clone(), legend)]);
        }
        let errors = self.errors.as_ref().map(|errors| rate(errors, ""));
        match (errors, requests) {
            (Some(errors), Some(requests)) => {
                // Where nothing has failed, there is no series of failures.
                let share = format!("({errors} or {requests} * 0) / {requests}");
                page.lines("Share of errors", "percentunit", &[(share, legend)]);
            }
            (Some(errors), None) => page.lines("Errors", "reqps", &[(errors, legend)]),
            (None, _) => {}
        }
        let Some(duration) = &self.duration else {
            return;
        };
        let unit = match duration.measure {
            Measure::Seconds => "s",
            Measure::Milliseconds => "ms",
        };
        if !duration.has_buckets {
            let [sum, count] = ["_sum", "_count"].map(|ending| rate(&duration.metric, ending));
            page.lines("Duration", unit, &[(format!("{sum} / {count}"), "mean")]);
            return;
        }
        let name = duration.metric.of_family("_bucket", family);
        let quantile = |share: &str| {
            format!("histogram_quantile({share}, sum by (le) (rate({name}[{RATE}])))")
        };
        let queries = [
            (quantile("0.5"), "half"),
            (quantile("0.95"), "95 of 100"),
            (quantile("0.99"), "99 of 100"),
        ];
        page.lines("Duration", unit, &queries);
    }
}

/// The panels of applications that `before` has and `after` has not: each the family with the
/// title.
pub fn lost(before: &Value, after: &Value) -> Vec<String> {
    let after = counted(after);
    let before = counted(before).into_iter();
    let gone = before.filter(|(panel, count)| after.get(panel).is_none_or(|now| now < count));
    gone.map(|(panel, _)| panel).collect()
}

/// How many panels there are of each family and title.
fn counted(dashboard: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let mut family: Option<&str> = None;
    for panel in dashboard["panels"].as_array().into_iter().flatten() {
        let title = panel["title"].as_str().unwrap_or_default();
        if panel["type"] == "row" {
            let parts = title.split_once(": ");
            let parts = parts.filter(|(_, what)| what.ends_with(REQUESTS));
            family = parts.map(|(family, _)| family);
        } else if let Some(family) = family {
            *counts.entry(format!("{family}: {title}")).or_default() += 1;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::series::convention::CONVENTIONS;

    #[test]
    fn what_is_given_takes_the_place_of_what_was_found() {
        let names: BTreeSet<String> = ["_bucket", "_sum", "_count"]
            .map(|ending| format!("http_server_request_duration_seconds{ending}"))
            .into();
        let convention = crate::series::convention::followed(&names)[0];
        let labels = BTreeSet::from(["http_response_status_code".to_owned()]);
        let found = Application::of(&convention.served(&names, &labels));
        let selector = |text| Some(Selector::parse(text).expect("a selector"));
        let failed =
            r#"http_server_request_duration_seconds_count{http_response_status_code=~"5.."}"#;
        assert_eq!(found.errors, selector(failed));
        let given = Application {
            requests: selector("orders_total"),
            ..Application::default()
        };
        let both = found.clone().or_as_given(&given);
        assert_eq!(both.requests, given.requests);
        assert_eq!(both.errors, None, "errors of other requests");
        assert_eq!(both.duration, found.duration);
        assert_eq!(found.clone().or_as_given(&Application::default()), found);
    }

    #[test]
    fn every_convention_draws_queries() {
        for convention in CONVENTIONS {
            let names = ["_bucket", "_sum", "_count"]
                .map(|ending| format!("{}{ending}", convention.duration))
                .into();
            let labels = convention.status.iter().map(|one| one.label.to_owned());
            let mut page = Page::default();
            let served = convention.served(&names, &labels.collect());
            Application::of(&served).panels("shop", &mut page);
            let queries = page
                .panels
                .iter()
                .filter_map(|panel| panel["targets"].as_array());
            let queries: Vec<&str> = queries
                .flatten()
                .filter_map(|target| target["expr"].as_str())
                .collect();
            assert_eq!(queries.len(), 5, "{}", convention.requests);
            for query in queries {
                promql_parser::parser::parse(query).expect(query);
            }
        }
    }

    #[test]
    fn what_is_lost_is_named() {
        let page = |application: &Application| {
            let mut page = Page::default();
            application.panels("shop", &mut page);
            serde_json::json!({"panels": page.panels})
        };
        let selector = Selector::parse("a_total").ok();
        let one = Application {
            requests: selector.clone(),
            ..Application::default()
        };
        let two = Application {
            protocol: Some(Protocol::Http),
            errors: selector,
            ..one.clone()
        };
        assert_eq!(lost(&page(&two), &page(&one)), ["shop: Share of errors"]);
        assert!(lost(&page(&one), &page(&two)).is_empty());
        assert!(lost(&Value::Null, &page(&two)).is_empty());
    }
}
