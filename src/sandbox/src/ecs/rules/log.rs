//! Log configurations and log routers (API reference, `LogConfiguration` and
//! `FirelensConfiguration`).

use serde_json::{Map, Value};

use super::{Draft, client};
use crate::{ecs::members::Members, service::Refusal};

/// The drivers that Fargate offers (API reference, `LogConfiguration`, logDriver).
const FARGATE_DRIVERS: &[&str] = &["awslogs", "splunk", "awsfirelens"];

/// The options that ECS takes for `awslogs` (API reference, `LogConfiguration`, options), which are
/// fewer than Docker's.
const AWSLOGS_OPTIONS: &[&str] = &[
    "awslogs-group",
    "awslogs-region",
    "awslogs-stream-prefix",
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-multiline-pattern",
    "mode",
    "max-buffer-size",
];

/// Applies the rules for every launch type to one container.
pub(super) fn check(container: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(log) = container.object("logConfiguration") else {
        return Ok(());
    };
    match log.text("logDriver") {
        Some("awslogs") => {
            require_options(log, &["awslogs-region", "awslogs-group"])?;
            allow_options(log, AWSLOGS_OPTIONS)?;
            // terraform-linters/tflint-ruleset-aws issue 348 quotes this answer.
            let create = log
                .object("options")
                .and_then(|options| options.text("awslogs-create-group"));
            if create.is_some_and(|value| !value.eq_ignore_ascii_case("true")) {
                return Err(client(
                    "Log driver awslogs option 'awslogs-create-group' should only be set to 'true', else omit option.",
                ));
            }
            let given = |option| has_option(log, option);
            // API reference, LogConfiguration, options: the two ways to mark where a message begins
            // exclude each other.
            if given("awslogs-datetime-format") && given("awslogs-multiline-pattern") {
                return Err(client(
                    "Log driver awslogs does not support the options awslogs-datetime-format and awslogs-multiline-pattern together.",
                ));
            }
        }
        // API reference, LogConfiguration, options: Splunk needs to know where to send logs and
        // with which token.
        Some("splunk") => require_options(log, &["splunk-token", "splunk-url"])?,
        Some(_) | None => {}
    }
    let mode = log
        .object("options")
        .and_then(|options| options.text("mode"));
    match mode {
        None | Some("blocking" | "non-blocking") => Ok(()),
        Some(mode) => Err(client(format!(
            "Invalid log driver mode '{mode}'. Valid values: non-blocking, blocking."
        ))),
    }
}

/// Whether an option has a value, in the open or as a secret.
fn has_option(log: &Map<String, Value>, option: &str) -> bool {
    let open = log
        .object("options")
        .and_then(|options| options.text(option))
        .is_some_and(|value| !value.is_empty());
    open || log
        .objects("secretOptions")
        .any(|secret| secret.text("name") == Some(option))
}

fn require_options(log: &Map<String, Value>, options: &[&str]) -> Result<(), Refusal> {
    let missing: Vec<&str> = options
        .iter()
        .filter(|option| !has_option(log, option))
        .copied()
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let driver = log.text("logDriver").unwrap_or_default();
    let message = format!(
        "Log driver {driver} requires options: {}",
        missing.join(", ")
    );
    Err(client(message))
}

/// The answer to other options is quoted in aws/amazon-ecs-agent issue 872.
fn allow_options(log: &Map<String, Value>, allowed: &[&str]) -> Result<(), Refusal> {
    let options = log.object("options").into_iter().flatten();
    let others: Vec<&str> = options
        .map(|(option, _)| option.as_str())
        .filter(|option| !allowed.contains(option))
        .collect();
    if others.is_empty() {
        return Ok(());
    }
    let driver = log.text("logDriver").unwrap_or_default();
    Err(client(format!(
        "Log driver {driver} disallows options: {}",
        others.join(", ")
    )))
}

/// What the driver `awsfirelens` and the one log router need of each other (developer guide, Send
/// Amazon ECS logs to an AWS service or AWS Partner).
pub(super) fn check_routers(draft: &Draft<'_>) -> Result<(), Refusal> {
    let routers = draft
        .containers()
        .filter(|container| container.contains_key("firelensConfiguration"))
        .count();
    let routed = draft.containers().any(|container| {
        let log = container.object("logConfiguration");
        log.and_then(|log| log.text("logDriver")) == Some("awsfirelens")
    });
    match (routers, routed) {
        (0, false) | (1, true) => Ok(()),
        (0, true) => Err(client(
            "When the awsfirelens log driver is specified, one container has to be configured with a firelensConfiguration object.",
        )),
        (1, false) => Err(client(
            "When a firelensConfiguration object is specified, at least one container has to be configured with the awsfirelens log driver.",
        )),
        (_, _) => Err(client(
            "Only one container can be configured with a firelensConfiguration object.",
        )),
    }
}

/// Applies the rules that hold on Fargate besides.
pub(super) fn check_fargate(
    draft: &Draft<'_>,
    container: &Map<String, Value>,
) -> Result<(), Refusal> {
    let router = container.object("firelensConfiguration");
    let options = router.and_then(|router| router.object("options"));
    // API reference, FirelensConfiguration, options: on Fargate the configuration can only be a
    // file of the image.
    if options.and_then(|options| options.text("config-file-type")) == Some("s3") {
        return Err(client(
            "Fargate launch type does not support FirelensConfiguration config file from 's3'",
        ));
    }
    let Some(log) = container.object("logConfiguration") else {
        return Ok(());
    };
    let driver = log.text("logDriver").unwrap_or_default();
    if !FARGATE_DRIVERS.contains(&driver) {
        let message = format!(
            "{driver} is not a valid log driver. Must be one of [{}]",
            FARGATE_DRIVERS.join(",")
        );
        return Err(client(message));
    }
    if driver == "awslogs" {
        if !draft.has_execution_role() {
            return Err(client(
                "Fargate requires task definition to have execution role ARN to support log driver awslogs.",
            ));
        }
        // API reference, LogConfiguration, options: the prefix is required on Fargate only.
        if !has_option(log, "awslogs-stream-prefix") {
            return Err(client(
                "Fargate requires log configuration options to include awslogs-stream-prefix to support log driver awslogs.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::rules::fixture::{accepted, app, log, refused, two, with};

    #[test]
    fn log_configurations() {
        let awslogs = |more: Value| {
            let options = with(json!({"awslogs-group": "g", "awslogs-region": "r"}), &more);
            app(&log("awslogs", &options))
        };
        let firelens = json!({"firelensConfiguration": {"type": "fluentbit"}});
        let routed = log("awsfirelens", &json!({}));
        refused(&[
            (
                "requires options: awslogs-region, awslogs-group",
                app(&log("awslogs", &json!({}))),
            ),
            (
                "requires options: awslogs-group",
                app(&log("awslogs", &json!({"awslogs-region": "r"}))),
            ),
            (
                "requires options: awslogs-region",
                awslogs(json!({"awslogs-region": ""})),
            ),
            (
                "together",
                awslogs(
                    json!({"awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "^x"}),
                ),
            ),
            (
                "awslogs disallows options: log_key",
                awslogs(json!({"log_key": "log"})),
            ),
            (
                "should only be set to 'true'",
                awslogs(json!({"awslogs-create-group": "false"})),
            ),
            (
                "Invalid log driver mode 'fast'",
                awslogs(json!({"mode": "fast"})),
            ),
            (
                "splunk requires options: splunk-token, splunk-url",
                app(&log("splunk", &json!({}))),
            ),
            (
                "one container has to be configured with a firelensConfiguration",
                app(&routed),
            ),
            (
                "at least one container has to be configured with the awsfirelens",
                app(&firelens),
            ),
            (
                "Only one container",
                two(&with(routed.clone(), &firelens), &firelens),
            ),
        ]);
        accepted(&[
            awslogs(
                json!({"awslogs-multiline-pattern": "^x", "mode": "non-blocking", "max-buffer-size": "25m"}),
            ),
            app(&log("json-file", &json!({}))),
            two(&routed, &firelens),
        ]);
    }
}
