//! The options of log drivers: those that a driver knows, and those that it needs.

use crate::{
    file::{
        problem::{Problems, nearest},
        reader::{did_you_mean, listed},
        tree::{Span, Tree, Value},
    },
    kinds::task_definition::read::{rules::Container, view::View},
};

/// A log driver and its options.
struct Driver {
    name: &'static str,
    /// Those that it knows besides the ones that every driver has.
    known: &'static [&'static str],
    /// Those that it needs. What `awslogs` needs depends on the launch type.
    needed: &'static [&'static str],
    /// What becomes of others.
    refusal: &'static str,
}

/// What every driver has (ECS API reference, `LogConfiguration`, `options`).
const OF_ALL: &[&str] = &["max-buffer-size", "mode"];

/// What ECS says of an option of `awslogs` that it does not know (aws/amazon-ecs-agent issue 872,
/// aws-samples/amazon-ecs-firelens-examples issue 83).
const REFUSED: &str = "ECS refuses it: \"Log driver awslogs disallows options\"";

/// What Docker says of an option that a driver does not know (moby/moby, `daemon/logger`,
/// `ValidateLogOpt` of each driver).
const NOT_STARTED: &str = "the container does not start: \"unknown log opt\"";

/// The drivers whose options are written down. `FireLens` passes its options on to the router, so
/// whatever stands there is right for somebody.
///
/// Those of `awslogs` are the ones of ECS (ECS API reference, `LogConfiguration`), which takes
/// fewer than Docker does. Those of the others are Docker's (Docker documentation, "Configure
/// logging drivers", the page of each driver).
const DRIVERS: &[Driver] = &[
    Driver {
        name: "awslogs",
        known: &[
            "awslogs-create-group",
            "awslogs-datetime-format",
            "awslogs-group",
            "awslogs-multiline-pattern",
            "awslogs-region",
            "awslogs-stream-prefix",
        ],
        needed: &[],
        refusal: REFUSED,
    },
    Driver {
        name: "fluentd",
        known: &[
            "env",
            "env-regex",
            "fluentd-address",
            "fluentd-async",
            "fluentd-async-connect",
            "fluentd-async-reconnect-interval",
            "fluentd-buffer-limit",
            "fluentd-max-retries",
            "fluentd-read-timeout",
            "fluentd-request-ack",
            "fluentd-retry-wait",
            "fluentd-sub-second-precision",
            "fluentd-write-timeout",
            "labels",
            "labels-regex",
            "tag",
        ],
        needed: &[],
        refusal: NOT_STARTED,
    },
    Driver {
        name: "gelf",
        known: &[
            "env",
            "env-regex",
            "gelf-address",
            "gelf-compression-level",
            "gelf-compression-type",
            "gelf-tcp-max-reconnect",
            "gelf-tcp-reconnect-delay",
            "labels",
            "labels-regex",
            "tag",
        ],
        needed: &["gelf-address"],
        refusal: NOT_STARTED,
    },
    Driver {
        name: "journald",
        known: &["env", "env-regex", "labels", "labels-regex", "tag"],
        needed: &[],
        refusal: NOT_STARTED,
    },
    Driver {
        name: "json-file",
        known: &[
            "compress",
            "env",
            "env-regex",
            "labels",
            "labels-regex",
            "max-file",
            "max-size",
            "tag",
        ],
        needed: &[],
        refusal: NOT_STARTED,
    },
    Driver {
        name: "splunk",
        known: &[
            "env",
            "env-regex",
            "labels",
            "labels-regex",
            "splunk-caname",
            "splunk-capath",
            "splunk-format",
            "splunk-gzip",
            "splunk-gzip-level",
            "splunk-index",
            "splunk-insecureskipverify",
            "splunk-source",
            "splunk-sourcetype",
            "splunk-token",
            "splunk-url",
            "splunk-verify-connection",
            "tag",
        ],
        // ECS API reference, `LogConfiguration`: "To route logs using the splunk log router, you
        // need to specify a splunk-token and a splunk-url."
        needed: &["splunk-token", "splunk-url"],
        refusal: NOT_STARTED,
    },
    Driver {
        name: "syslog",
        known: &[
            "env",
            "env-regex",
            "labels",
            "labels-regex",
            "syslog-address",
            "syslog-facility",
            "syslog-format",
            "syslog-tls-ca-cert",
            "syslog-tls-cert",
            "syslog-tls-key",
            "syslog-tls-skip-verify",
            "tag",
        ],
        needed: &[],
        refusal: NOT_STARTED,
    },
];

/// Checks the options of one container's log configuration.
pub(super) fn check(container: &Container<'_>, logs: &Tree, problems: &mut Problems) {
    mode(container, logs, problems);
    let name = logs.known_at("logDriver");
    let Some(driver) = DRIVERS.iter().find(|driver| Some(driver.name) == name) else {
        return;
    };
    if let Some(Value::Table(options)) = logs.at("options").map(|options| &options.value) {
        for (option, _) in &options.entries {
            let known = option.text.as_str();
            if !driver.known.contains(&known) && !OF_ALL.contains(&known) {
                unknown(container, driver, known, &option.span, problems);
            }
        }
    }
    let secret = |name: &str| {
        let mut secrets = logs.list("secretOptions").iter();
        secrets.any(|secret| secret.known_at("name").is_none_or(|known| known == name))
    };
    for needed in driver.needed {
        if super::option(logs, needed).is_none() && !secret(needed) {
            problems.add(
                "log-option",
                &logs.span,
                format!("`{needed}` is missing"),
                format!(
                    "the {} driver of {} needs `{needed}`",
                    driver.name,
                    container.label()
                ),
            );
        }
    }
    create_group(container, logs, problems);
}

fn unknown(
    container: &Container<'_>,
    driver: &Driver,
    option: &str,
    span: &Span,
    problems: &mut Problems,
) {
    let all: Vec<&str> = driver.known.iter().chain(OF_ALL).copied().collect();
    let code = if driver.name == "awslogs" {
        "awslogs-option"
    } else {
        "log-option"
    };
    let problem = problems.add(
        code,
        span,
        driver.refusal,
        format!(
            "the {} driver of {} has no option `{option}`",
            driver.name,
            container.label()
        ),
    );
    // Docker's own drivers are configured with `-` where many write `_`.
    let near = nearest(&option.replace('_', "-"), all.iter().copied());
    problem.help(near.map_or_else(|| format!("its options are {}", listed(&all)), did_you_mean));
}

/// ECS API reference, `LogConfiguration`, `options`.
fn mode(container: &Container<'_>, logs: &Tree, problems: &mut Problems) {
    let Some(mode) = super::option(logs, "mode") else {
        return;
    };
    let known = mode.known();
    if let Some(known) = known.filter(|known| !matches!(*known, "blocking" | "non-blocking")) {
        let label = container.label();
        let is_awslogs = logs.known_at("logDriver") == Some("awslogs");
        problems.add(
            if is_awslogs {
                "awslogs-option"
            } else {
                "log-option"
            },
            &mode.span,
            "neither",
            format!("`mode` of {label} takes blocking or non-blocking, not `{known}`"),
        );
    }
}

/// ECS says "option 'awslogs-create-group' should only be set to 'true', else omit option"
/// (terraform-linters/tflint-ruleset-aws issue 348). Its own pages spell it `True` too.
fn create_group(container: &Container<'_>, logs: &Tree, problems: &mut Problems) {
    let Some(create) = super::option(logs, "awslogs-create-group") else {
        return;
    };
    let known = create.known();
    if let Some(known) = known.filter(|known| !known.eq_ignore_ascii_case("true")) {
        let label = container.label();
        problems
            .add(
                "awslogs-option",
                &create.span,
                "only `true` can be set",
                format!("`awslogs-create-group` of {label} takes true only, not `{known}`"),
            )
            .help("leave it out: ECS creates no log group without it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_driver_needs_only_what_it_knows() {
        for driver in DRIVERS {
            assert!(driver.known.is_sorted(), "{}", driver.name);
            for needed in driver.needed {
                assert!(driver.known.contains(needed), "{}: {needed}", driver.name);
            }
        }
    }
}
