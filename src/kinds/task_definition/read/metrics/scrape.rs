//! Reads `metrics.scrape`: what the collector scrapes.

use crate::{
    collector::{Login, Period, Scrape, config},
    file::{
        problem::{Problems, nearest},
        reader::{Located, TableReader, did_you_mean, listed, wrong_type},
        tree::{Span, Table, Tree, Value},
    },
    kinds::task_definition::{
        fields::scrape::{BASIC_AUTH, SCRAPE},
        read::{
            container_definitions,
            launch::{Launch, LaunchType, Network},
            metrics::{
                relabel,
                secret::Secrets,
                words::{self, words},
            },
            view::View,
        },
    },
};

/// Reads the targets. Containers that the collector has to be linked to go to `links`.
pub(crate) fn targets(
    reader: &mut TableReader<'_, '_>,
    body: &Table,
    family: &str,
    links: &mut Vec<String>,
) -> Vec<Scrape> {
    let secrets = Secrets::of(reader);
    let name = reader.name().to_owned();
    let single = reader
        .peek("scrape")
        .filter(|tree| tree.as_table().is_none());
    if let Some((tree, target)) = single.and_then(|tree| Some((tree, as_target(tree)?))) {
        _ = reader.value("scrape");
        wrong_type(tree, "scrape", "an array", reader.problems())
            .help(format!("write scrape = [{target}]"));
        return Vec::new();
    }
    let elements = reader.list("scrape").unwrap_or_default();
    let mut targets: Vec<(Scrape, &Span)> = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        let path = format!("{name}.scrape[{index}]");
        let problems = reader.problems();
        let Some(table) = element.as_table() else {
            let problem = wrong_type(element, &path, "a table", problems);
            problem.help(as_target(element).map_or_else(
                || "write for example scrape = [{ port = 8080 }]".to_owned(),
                |target| format!("write {target}"),
            ));
            continue;
        };
        let Some(target) = target(table, &path, body, (links, &secrets), problems) else {
            continue;
        };
        targets.push((target, &element.span));
    }
    name_jobs(&mut targets, family);
    for (index, (target, span)) in targets.iter().enumerate() {
        let mut before = targets[..index].iter();
        if let Some((_, first)) = before.find(|(other, _)| other.job() == target.job()) {
            // Prometheus documentation, "Configuration": `job_name` must be unique across all
            // scrape configurations.
            reader
                .problems()
                .add(
                    "duplicate-job",
                    span,
                    "this one too",
                    format!("two scrape targets are called `{}`", target.job()),
                )
                .and(first, "called so here")
                .help("give one of them another `job`");
        }
    }
    targets.into_iter().map(|(target, _)| target).collect()
}

/// Calls the targets that have no `job` after their containers or the family, and where these are
/// ambiguous, by their ports too.
fn name_jobs(targets: &mut [(Scrape, &Span)], family: &str) {
    for (target, _) in &mut *targets {
        if target.default_job.is_empty() {
            family.clone_into(&mut target.default_job);
        }
    }
    let jobs: Vec<String> = targets.iter().map(|(t, _)| t.job().to_owned()).collect();
    for (target, _) in targets {
        let same = jobs.iter().filter(|job| *job == target.job()).count();
        if target.job.is_none() && same > 1 {
            target.default_job = format!("{}:{}", target.default_job, target.port);
        }
    }
}

fn target(
    table: &Table,
    path: &str,
    body: &Table,
    (links, secrets): (&mut Vec<String>, &Secrets<'_>),
    problems: &mut Problems,
) -> Option<Scrape> {
    let mut reader = TableReader::new(path, table, &SCRAPE, problems);
    let port = reader.integer("port").map(|found| found.value);
    let url_path = reader.string("path");
    let interval = period(&mut reader, "interval");
    let interval_is_sound = interval.is_some() || reader.peek("interval").is_none();
    let timeout = period(&mut reader, "timeout").filter(|_| interval_is_sound);
    let host = reader.string("host");
    let container = reader.string("container");
    let job = reader.string("job").map(|found| found.value);
    let scheme = reader.choice("scheme").map(|found| found.value);
    let params = words(&mut reader, "params");
    let labels = words::labels(&mut reader);
    let (keep, drop) = (
        words::strings(&mut reader, "keep"),
        words::strings(&mut reader, "drop"),
    );
    for key in ["keep", "drop"] {
        relabel::check_all(&mut reader, key);
    }
    let (relabel, metric_relabel) = (
        relabel::rules(&mut reader, "relabel"),
        relabel::rules(&mut reader, "metric_relabel"),
    );
    let login = login(&mut reader, secrets);
    reader.finish();
    if let Some(wrong) = url_path
        .as_ref()
        .filter(|found| !found.value.starts_with('/'))
    {
        problems.add(
            "invalid-path",
            &wrong.span,
            "begins without `/`",
            format!("the path `{}` has to begin with `/`", wrong.value),
        );
    }
    let container_name = container.as_ref().map(|found| found.value.clone());
    let host = host_of(host, container, &table.span, body, links, problems);
    let interval_value = interval.as_ref().map_or_else(
        || Period::seconds(config::INTERVAL_SECONDS),
        |found| found.value.clone(),
    );
    let timeout = timeout_of(timeout, &interval_value, problems);
    Some(Scrape {
        host,
        port: port?,
        path: url_path.map_or_else(|| config::PATH.to_owned(), |found| found.value),
        interval: interval_value,
        timeout,
        job,
        default_job: container_name.unwrap_or_default(),
        is_secure: scheme == Some("https"),
        params,
        labels,
        keep,
        drop,
        relabel,
        metric_relabel,
        login,
    })
}

/// As whom the target is asked. Prometheus takes one way (prometheus/common, `HTTPClientConfig`,
/// `Validate`).
fn login(reader: &mut TableReader<'_, '_>, secrets: &Secrets<'_>) -> Option<Login> {
    let path = format!("{}.basic_auth", reader.name());
    let basic = reader.table("basic_auth").and_then(|table| {
        let mut inner = TableReader::new(path, table, &BASIC_AUTH, reader.problems());
        let username = inner.string("username");
        let password = inner.value("password");
        let password = password.and_then(|tree| secrets.read(tree, "password", inner.problems()));
        inner.finish();
        Some(Login::Basic(username?.value, password?))
    });
    let token = reader.value("bearer_token");
    let bearer = token.and_then(|tree| secrets.read(tree, "bearer_token", reader.problems()));
    if let (Some(first), Some(second)) = (reader.peek("basic_auth"), token) {
        reader
            .problems()
            .add(
                "two-logins",
                &second.span,
                "as another one",
                "a target is asked as somebody in one way",
            )
            .and(&first.span, "as this one")
            .help("leave one of `basic_auth` and `bearer_token` out");
    }
    basic.or(bearer.map(Login::Bearer))
}

/// The timeout, which may not be longer than the interval (Prometheus documentation,
/// "Configuration", `scrape_timeout`).
fn timeout_of(
    given: Option<Located<Period>>,
    interval: &Period,
    problems: &mut Problems,
) -> Period {
    let Some(given) = given else {
        let usual = Period::seconds(config::TIMEOUT_SECONDS);
        return if interval.millis() < usual.millis() {
            interval.clone()
        } else {
            usual
        };
    };
    if given.value.millis() > interval.millis() {
        problems.add(
            "scrape-timeout",
            &given.span,
            "longer than the interval",
            format!(
                "a scrape every {interval} cannot wait {} for its answer",
                given.value
            ),
        );
    }
    given.value
}

/// The target that a port, or an address such as `localhost:8080/metrics`, stands for, as a table.
fn as_target(element: &Tree) -> Option<String> {
    let written = match &element.value {
        Value::Integer(port) => port.to_string(),
        Value::Text(text) => text.known()?.to_owned(),
        Value::Bool(_) | Value::Float(_) | Value::List(_) | Value::Table(_) => return None,
    };
    let (scheme, rest) = match written.split_once("://") {
        Some((scheme, rest)) => (scheme, rest),
        None => ("http", written.as_str()),
    };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let (host, port) = authority.rsplit_once(':').unwrap_or(("", authority));
    let port: u16 = port.parse().ok()?;
    let mut members = vec![format!("port = {port}")];
    if !matches!(path, "" | "/metrics") {
        members.push(format!("path = \"{path}\""));
    }
    if !matches!(host, "" | "localhost" | "127.0.0.1") {
        members.push(format!("host = \"{host}\""));
    }
    if scheme == "https" {
        members.push("scheme = \"https\"".to_owned());
    }
    Some(format!("{{ {} }}", members.join(", ")))
}

pub(crate) fn period(
    reader: &mut TableReader<'_, '_>,
    key: &'static str,
) -> Option<Located<Period>> {
    let found = reader.string(key)?;
    period_of(&found.value, &found.span, key, reader.problems())
}

/// A length of time as people write it, spelled as Prometheus does; a bare number is of seconds.
fn respelled(text: &str) -> Option<String> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.trim_end_matches(|one: char| !one.is_ascii_digit());
    let number: u32 = digits.parse().ok()?;
    let unit = match text[digits.len()..].trim() {
        "" | "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hour" | "hours" => "h",
        "ms" | "msec" | "millisecond" | "milliseconds" => "ms",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

/// The length of time that `text`, the value of `key`, says.
pub(crate) fn period_of(
    text: &str,
    span: &Span,
    key: &str,
    problems: &mut Problems,
) -> Option<Located<Period>> {
    let value = Period::parse(text);
    if value.is_none() {
        problems
            .add(
                "invalid-period",
                span,
                "not a length of time",
                format!("`{key}` takes a length of time, not `{text}`"),
            )
            .help(respelled(text).map_or_else(
                || "write for example \"20s\", \"1m30s\" or \"500ms\"".to_owned(),
                |period| format!("write {key} = \"{period}\""),
            ));
    }
    value.map(|value| Located {
        span: span.clone(),
        value,
    })
}

/// The host that the target answers at: `localhost` where containers share their network, the
/// container's name on a bridge.
fn host_of(
    host: Option<Located<String>>,
    container: Option<Located<String>>,
    span: &Span,
    body: &Table,
    links: &mut Vec<String>,
    problems: &mut Problems,
) -> String {
    if let Some(container) = &container {
        let names: Vec<&str> = container_definitions(body)
            .iter()
            .filter_map(|c| c.known_at("name"))
            .collect();
        // A task without any container is reported as such.
        if !names.is_empty() && !names.contains(&container.value.as_str()) {
            let near = nearest(&container.value, names.iter().copied());
            let help = near.map_or_else(
                || format!("the containers are {}", listed(&names)),
                did_you_mean,
            );
            problems
                .add(
                    "undefined-container",
                    &container.span,
                    "not in this task",
                    format!("there is no container `{}`", container.value),
                )
                .help(help);
        }
    }
    // On Fargate the network mode itself is the mistake.
    let fargate = Launch::of(body).has(LaunchType::Fargate);
    let bridge = Network::of(body) == Network::Bridge && !fargate;
    match (host, container) {
        (Some(host), _) => host.value,
        (None, Some(container)) if bridge => {
            let is_there = container_definitions(body)
                .iter()
                .any(|other| other.known_at("name") == Some(&container.value));
            if is_there && !links.contains(&container.value) {
                links.push(container.value.clone());
            }
            container.value
        }
        (None, None) if bridge => {
            problems
                .add(
                    "unreachable-target",
                    span,
                    "which container?",
                    "on a bridge network every container has a localhost of its own",
                )
                .help("name the container: `container = \"…\"`; or use network_mode = \"awsvpc\"");
            "localhost".to_owned()
        }
        (None, Some(_) | None) => "localhost".to_owned(),
    }
}
