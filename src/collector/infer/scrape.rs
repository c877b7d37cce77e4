//! What `scrape` says of the jobs of a configuration.

use serde_json::{Map, Value, json};

use crate::collector::infer::{Around, Config, Said, elements, text, variable};

/// The elements of `scrape`.
pub(super) fn targets(config: &Config<'_>, around: &Around<'_>) -> Vec<Value> {
    let jobs = &config.part("receivers", "prometheus")["config"]["scrape_configs"];
    let jobs = elements(jobs).iter();
    jobs.flat_map(|job| {
        let groups = elements(&job["static_configs"]).iter();
        groups.flat_map(move |group| {
            let named = elements(&group["targets"]).iter().filter_map(text);
            named.filter_map(move |named| {
                let mut said = Said(target(&named, around)?);
                describe(job, group, around, &mut said);
                Some(Value::Object(said.0))
            })
        })
    })
    .collect()
}

/// The port, and the host unless it is the task's own.
pub(super) fn target(named: &str, around: &Around<'_>) -> Option<Map<String, Value>> {
    let (host, port) = named.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    let mut said = Said::default();
    said.put("port", json!(port));
    if around.containers.iter().any(|name| name == host) {
        said.put("container", json!(host));
    } else if !["localhost", "0.0.0.0", "127.0.0.1"].contains(&host) {
        said.put("host", json!(host));
    }
    Some(said.0)
}

fn describe(job: &Value, group: &Value, around: &Around<'_>, said: &mut Said) {
    let mut same = |key: &str, of: &str| said.maybe(key, text(&job[of]).map(Value::from));
    same("job", "job_name");
    same("path", "metrics_path");
    same("interval", "scrape_interval");
    same("timeout", "scrape_timeout");
    same("scheme", "scheme");
    // A job that is called after a container belongs to it.
    if let Some(name) = text(&job["job_name"])
        && around.containers.contains(&name)
        && !said.0.contains_key("host")
    {
        said.0.remove("job");
        said.put("container", json!(name));
    }
    let params = job["params"].as_object().into_iter().flatten();
    let params = params.filter_map(|(name, values)| match elements(values) {
        [only] => Some((name.replace("$$", "$"), json!(text(only)?))),
        _ => None,
    });
    said.map("params", params.collect());
    said.map("labels", labels(&group["labels"]));
    if let Some(password) = variable(&job["basic_auth"]["password"]) {
        let username = text(&job["basic_auth"]["username"]).unwrap_or_default();
        let login = json!({"username": username, "password": {"secret": password}});
        said.put("basic_auth", login);
    }
    if let Some(token) = variable(&job["authorization"]["credentials"]) {
        said.put("bearer_token", json!({"secret": token}));
    }
    said.list(
        "relabel",
        elements(&job["relabel_configs"]).iter().map(rule).collect(),
    );
    let mut rules = elements(&job["metric_relabel_configs"]).iter().peekable();
    for action in ["keep", "drop"] {
        let patterns = rules.next_if(|rule| patterns(rule, action).is_some());
        let patterns = patterns.and_then(patterns_of);
        said.list(
            action,
            patterns
                .unwrap_or_default()
                .into_iter()
                .map(Value::from)
                .collect(),
        );
    }
    said.list("metric_relabel", rules.map(rule).collect());
}

pub(super) fn labels(labels: &Value) -> Map<String, Value> {
    let labels = labels.as_object().into_iter().flatten();
    labels
        .filter_map(|(name, value)| Some((name.clone(), json!(text(value)?))))
        .collect()
}

/// The pattern of a rule that keeps or drops metrics by their names.
fn patterns(rule: &Value, action: &str) -> Option<String> {
    let is_plain = rule.as_object().is_some_and(|rule| rule.len() == 3);
    let is_about_names = rule["action"] == action && rule["source_labels"] == json!(["__name__"]);
    text(&rule["regex"]).filter(|_| is_plain && is_about_names)
}

/// The alternatives of such a pattern.
fn patterns_of(rule: &Value) -> Option<Vec<String>> {
    let regex = text(&rule["regex"])?;
    let mut all = vec![String::new()];
    let (mut depth, mut in_class, mut is_escaped) = (0_usize, false, false);
    for letter in regex.chars() {
        let is_end = letter == '|' && depth == 0 && !in_class && !is_escaped;
        if is_end {
            all.push(String::new());
            continue;
        }
        match letter {
            _ if is_escaped => {}
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => depth += 1,
            ')' if !in_class => depth = depth.saturating_sub(1),
            _ => {}
        }
        is_escaped = letter == '\\' && !is_escaped;
        if let Some(last) = all.last_mut() {
            last.push(letter);
        }
    }
    Some(all)
}

fn rule(rule: &Value) -> Value {
    let members = rule.as_object().into_iter().flatten();
    let members = members.map(|(key, value)| {
        let value = match value {
            Value::Array(labels) => labels.iter().filter_map(text).map(Value::from).collect(),
            Value::String(_) => text(value).map_or(Value::Null, Value::from),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.clone(),
        };
        (key.clone(), value)
    });
    Value::Object(members.collect())
}
