//! How a service is deployed: `deploymentConfiguration` (API reference, `DeploymentConfiguration`),
//! what it may hold and what it means.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rollout::Stage;
use crate::{
    Refusal,
    ecs::members::{Members, invalid},
};

/// How long a stage takes that waits for nothing. The time is the sandbox's.
pub(super) const STAGE_MILLIS: u64 = 1_000;
const MINUTE_MILLIS: u64 = 60_000;
/// The longest bake time and the longest wait between two steps, in minutes.
const MAX_BAKE: i64 = 1_440;
/// How long a hook waits unless it says otherwise: for PAUSE a day, the longest a deployment can
/// be paused.
const PAUSE_MILLIS: u64 = 1_440 * MINUTE_MILLIS;

/// What a configuration means.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Strategy {
    pub(super) is_rolling: bool,
    pub(super) minimum_percent: usize,
    pub(super) maximum_percent: usize,
    /// Whether failures end the deployment, and then whether it is rolled back.
    pub(super) breaker: Option<bool>,
    bake_millis: u64,
    /// How much of the traffic is shifted at first and with each further step, and how long each
    /// step lasts before the next.
    step: Option<Step>,
    pub(super) hooks: Vec<Hook>,
}

#[derive(Clone, Debug, PartialEq)]
struct Step {
    percent: f64,
    bake_millis: u64,
    /// Whether all the rest follows after the first step.
    is_canary: bool,
}

/// A hook as it was declared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Hook {
    pub(super) pauses: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<String>,
    pub(super) stages: Vec<Stage>,
    pub(super) timeout_millis: u64,
    pub(super) continues_on_timeout: bool,
}

impl Strategy {
    /// Reads a configuration that has been checked.
    pub(super) fn of(configuration: &Map<String, Value>) -> Self {
        let percent = |member: &str, default: usize| {
            let percent = configuration.integer(member);
            percent
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(default)
        };
        let kind = configuration.text("strategy").unwrap_or("ROLLING");
        let breaker = configuration.object("deploymentCircuitBreaker");
        let breaker = breaker.filter(|breaker| breaker.flag("enable") == Some(true));
        Self {
            is_rolling: kind == "ROLLING",
            minimum_percent: percent("minimumHealthyPercent", 100),
            maximum_percent: percent("maximumPercent", 200),
            breaker: breaker.map(|breaker| breaker.flag("rollback") == Some(true)),
            bake_millis: minutes(configuration, "bakeTimeInMinutes", 0),
            step: step(kind, configuration),
            hooks: configuration.objects("lifecycleHooks").map(hook).collect(),
        }
    }

    /// How long a stage takes; absent if it waits for tasks.
    pub(super) fn takes_millis(&self, stage: Stage) -> Option<u64> {
        match stage {
            Stage::ScaleUp | Stage::CleanUp => None,
            Stage::ProductionTrafficShift => {
                let waits = self
                    .step
                    .as_ref()
                    .map_or(0, |step| step.bake_millis * step.waits());
                Some(waits + STAGE_MILLIS)
            }
            Stage::BakeTime => Some(self.bake_millis),
            Stage::ReconcileService
            | Stage::PreScaleUp
            | Stage::PostScaleUp
            | Stage::TestTrafficShift
            | Stage::PostTestTrafficShift
            | Stage::PreProductionTrafficShift
            | Stage::PostProductionTrafficShift => Some(STAGE_MILLIS),
        }
    }

    /// How much of the traffic has been shifted after `millis` of that stage, in percent.
    pub(super) fn shifted(&self, millis: u64) -> f64 {
        let Some(step) = &self.step else {
            return 100.0;
        };
        let mut percent = step.percent;
        for done in 1..=step.waits() {
            if millis < done * step.bake_millis {
                return percent;
            }
            percent = if step.is_canary {
                100.0
            } else {
                percent + step.percent
            };
        }
        100.0
    }
}

/// How many failures end a deployment of `desired` tasks (API reference,
/// `ServiceDeploymentCircuitBreaker`, threshold: half of them, from 3 to 200).
pub(super) fn threshold(desired: usize) -> usize {
    desired.div_ceil(2).clamp(3, 200)
}

impl Step {
    /// How many steps are followed by a wait: none after the last (API reference,
    /// `LinearConfiguration`).
    fn waits(&self) -> u64 {
        if self.is_canary {
            return 1;
        }
        let mut steps = 0;
        let mut percent = self.percent;
        while percent < 100.0 {
            steps += 1;
            percent += self.percent;
        }
        steps
    }
}

fn minutes(object: &Map<String, Value>, member: &str, default: u64) -> u64 {
    let minutes = object.integer(member).and_then(|n| u64::try_from(n).ok());
    minutes.unwrap_or(default) * MINUTE_MILLIS
}

/// API reference, `LinearConfiguration` and `CanaryConfiguration`, with their defaults.
fn step(kind: &str, configuration: &Map<String, Value>) -> Option<Step> {
    let (member, percent, bake, default) = match kind {
        "LINEAR" => (
            "linearConfiguration",
            "stepPercent",
            "stepBakeTimeInMinutes",
            (10.0, 6),
        ),
        "CANARY" => (
            "canaryConfiguration",
            "canaryPercent",
            "canaryBakeTimeInMinutes",
            (5.0, 10),
        ),
        _ => return None,
    };
    let empty = Map::new();
    let given = configuration.object(member).unwrap_or(&empty);
    Some(Step {
        percent: given
            .get(percent)
            .and_then(Value::as_f64)
            .unwrap_or(default.0),
        bake_millis: minutes(given, bake, default.1),
        is_canary: kind == "CANARY",
    })
}

fn hook(hook: &Map<String, Value>) -> Hook {
    let empty = Map::new();
    let timeout = hook.object("timeoutConfiguration").unwrap_or(&empty);
    Hook {
        pauses: hook.text("targetType") == Some("PAUSE"),
        target: hook.text("hookTargetArn").map(str::to_owned),
        stages: hook
            .list("lifecycleStages")
            .iter()
            .filter_map(|stage| serde_json::from_value(stage.clone()).ok())
            .collect(),
        timeout_millis: minutes(timeout, "timeoutInMinutes", PAUSE_MILLIS / MINUTE_MILLIS),
        continues_on_timeout: timeout.text("action") == Some("CONTINUE"),
    }
}

/// Checks a `deploymentConfiguration`, as far as the API reference states rules.
pub(super) fn check(choices: &Map<String, Value>) -> Result<(), Refusal> {
    let Some(configuration) = choices.object("deploymentConfiguration") else {
        return Ok(());
    };
    let kind = configuration.text("strategy").unwrap_or("ROLLING");
    if !["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"].contains(&kind) {
        return Err(invalid(format!("Unknown deployment strategy: {kind}.")));
    }
    if let Some(breaker) = configuration.object("deploymentCircuitBreaker")
        && (breaker.flag("enable").is_none() || breaker.flag("rollback").is_none())
    {
        return Err(invalid(
            "enable and rollback of deploymentCircuitBreaker should not be null.",
        ));
    }
    check_minutes(configuration, "bakeTimeInMinutes")?;
    for (of, member, percent, bake, least) in [
        (
            "LINEAR",
            "linearConfiguration",
            "stepPercent",
            "stepBakeTimeInMinutes",
            3.0,
        ),
        (
            "CANARY",
            "canaryConfiguration",
            "canaryPercent",
            "canaryBakeTimeInMinutes",
            0.1,
        ),
    ] {
        let Some(given) = configuration.object(member) else {
            continue;
        };
        if of != kind {
            return Err(invalid(format!(
                "{member} is only valid with the strategy {of}."
            )));
        }
        check_minutes(given, bake)?;
        let percent = given.get(percent).and_then(Value::as_f64);
        if percent.is_some_and(|percent| !(least..=100.0).contains(&percent)) {
            return Err(invalid(format!(
                "The percentage of {member} is out of range."
            )));
        }
    }
    for hook in configuration.objects("lifecycleHooks") {
        check_hook(hook)?;
    }
    Ok(())
}

fn check_minutes(object: &Map<String, Value>, member: &str) -> Result<(), Refusal> {
    match object.integer(member) {
        Some(minutes) if !(0..=MAX_BAKE).contains(&minutes) => Err(invalid(format!(
            "{member} should be between 0 and {MAX_BAKE}."
        ))),
        Some(_) | None => Ok(()),
    }
}

/// API reference, `DeploymentLifecycleHook`: a pause has no target, a function needs one and a role
/// to call it.
fn check_hook(hook: &Map<String, Value>) -> Result<(), Refusal> {
    let has = |member: &str| hook.text(member).is_some();
    let stages = hook.list("lifecycleStages");
    let known = |stage: &Value| {
        let stage = serde_json::from_value::<Stage>(stage.clone());
        stage.is_ok_and(|stage| !matches!(stage, Stage::ScaleUp | Stage::BakeTime | Stage::CleanUp))
    };
    if stages.is_empty() || !stages.iter().all(known) {
        return Err(invalid("lifecycleStages of a hook are missing or unknown."));
    }
    match hook.text("targetType").unwrap_or("AWS_LAMBDA") {
        "PAUSE" if has("hookTargetArn") => Err(invalid("A PAUSE hook can't have a hookTargetArn.")),
        "AWS_LAMBDA" if !has("hookTargetArn") || !has("roleArn") => {
            Err(invalid("A lifecycle hook needs hookTargetArn and roleArn."))
        }
        "PAUSE" | "AWS_LAMBDA" => Ok(()),
        other => Err(invalid(format!("Unknown targetType of a hook: {other}."))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{Stage, Strategy, check, threshold};

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    /// Percentages as text, which can be compared.
    fn shifted<const N: usize>(strategy: &Strategy, millis: [u64; N]) -> [String; N] {
        millis.map(|millis| format!("{:.1}", strategy.shifted(millis)))
    }

    #[test]
    fn traffic_shifts_as_the_strategy_says() {
        let linear = Strategy::of(&map(&json!({"strategy": "LINEAR"})));
        assert_eq!(
            linear.takes_millis(Stage::ProductionTrafficShift),
            Some(9 * 360_000 + 1_000)
        );
        assert_eq!(
            shifted(&linear, [0, 359_999, 360_000, 9 * 360_000]),
            ["10.0", "10.0", "20.0", "100.0"]
        );
        let canary = Strategy::of(&map(&json!({"strategy": "CANARY",
            "canaryConfiguration": {"canaryPercent": 2.5, "canaryBakeTimeInMinutes": 1}})));
        assert_eq!(
            canary.takes_millis(Stage::ProductionTrafficShift),
            Some(61_000)
        );
        assert_eq!(shifted(&canary, [59_999, 60_000]), ["2.5", "100.0"]);
        let blue_green = Strategy::of(&map(
            &json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 5}),
        ));
        assert_eq!(blue_green.takes_millis(Stage::BakeTime), Some(300_000));
        assert_eq!(shifted(&blue_green, [0]), ["100.0"]);
        assert_eq!([1, 10, 1_000].map(threshold), [3, 5, 200]);
    }

    #[test]
    fn wrong_configurations_are_refused() {
        let hook = |hook: Value| json!({"strategy": "BLUE_GREEN", "lifecycleHooks": [hook]});
        for wrong in [
            json!({"strategy": "GREEN_BLUE"}),
            json!({"deploymentCircuitBreaker": {"enable": true}}),
            json!({"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1_441}),
            json!({"strategy": "CANARY", "linearConfiguration": {}}),
            json!({"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 2.9}}),
            hook(json!({"targetType": "PAUSE", "lifecycleStages": []})),
            hook(json!({"targetType": "PAUSE", "lifecycleStages": ["BAKE_TIME"]})),
            hook(
                json!({"targetType": "PAUSE", "hookTargetArn": "x", "lifecycleStages": ["PRE_SCALE_UP"]}),
            ),
            hook(json!({"hookTargetArn": "x", "lifecycleStages": ["PRE_SCALE_UP"]})),
        ] {
            let choices = map(&json!({"deploymentConfiguration": wrong}));
            let refusal = check(&choices).expect_err(&wrong.to_string());
            assert_eq!(refusal.code, "InvalidParameterException");
        }
        let right = hook(
            json!({"targetType": "PAUSE", "lifecycleStages": ["PRE_PRODUCTION_TRAFFIC_SHIFT"]}),
        );
        assert_eq!(
            check(&map(&json!({"deploymentConfiguration": right}))),
            Ok(())
        );
    }
}
