//! What is scraped, in the words of Prometheus.

use serde_json::{Value, json};

use crate::collector::{
    Login, Relabel, Scrape,
    config::{escaped, labels, variable},
};

/// Prometheus' part of the configuration, with a job for each target.
pub(super) fn prometheus(targets: &[Scrape]) -> Value {
    let jobs: Vec<Value> = targets.iter().map(job).collect();
    json!({"scrape_configs": jobs})
}

fn job(target: &Scrape) -> Value {
    let mut job = json!({
        "job_name": escaped(target.job()),
        "metrics_path": escaped(&target.path),
        "scrape_interval": target.interval.to_string(),
        "scrape_timeout": target.timeout.to_string(),
        "static_configs": [{"targets": [escaped(&target.target())]}],
    });
    if target.is_secure {
        job["scheme"] = json!("https");
    }
    if !target.params.is_empty() {
        let params = target.params.iter();
        let params = params.map(|(name, value)| (escaped(name), json!([escaped(value)])));
        job["params"] = Value::Object(params.collect());
    }
    if !target.labels.is_empty() {
        job["static_configs"][0]["labels"] = labels(&target.labels);
    }
    match &target.login {
        Some(Login::Basic(name, password)) => {
            job["basic_auth"] = json!({"username": escaped(name), "password": variable(password)});
        }
        Some(Login::Bearer(token)) => {
            job["authorization"] = json!({"credentials": variable(token)});
        }
        None => {}
    }
    if !target.relabel.is_empty() {
        job["relabel_configs"] = target.relabel.iter().map(Relabel::to_json).collect();
    }
    let mut rules = Vec::new();
    for (action, patterns) in [("keep", &target.keep), ("drop", &target.drop)] {
        if !patterns.is_empty() {
            // Prometheus compares the whole name with the whole pattern.
            let patterns: Vec<String> = patterns.iter().map(|p| escaped(p)).collect();
            let regex = patterns.join("|");
            rules.push(json!({"source_labels": ["__name__"], "regex": regex, "action": action}));
        }
    }
    rules.extend(target.metric_relabel.iter().map(Relabel::to_json));
    if !rules.is_empty() {
        job["metric_relabel_configs"] = Value::Array(rules);
    }
    job
}
