//! Ends of rollouts that take somebody else, or the lack of a right, and the strategies that shift
//! traffic step by step.

use std::{fs, path::Path, thread, time::Duration};

use serde_json::{Value, json};

use super::{World, assert_says};
use crate::run::Run;

/// How long a rollout may take to begin.
const PATIENCE: Duration = Duration::from_mins(1);

impl World {
    /// Applies, and lets somebody do something to `service` once it is on its way to `revision`.
    fn apply_while(
        &mut self,
        service: &str,
        revision: &str,
        meddle: impl FnOnce(&mut Self),
    ) -> Run {
        let applying = self.bench.command(&["apply", "--yes"]);
        let run = thread::spawn(move || {
            let mut applying = applying;
            Run::from(applying.output().unwrap())
        });
        let pause = Duration::from_millis(300);
        let mut waited = Duration::ZERO;
        while self.runs(service) != revision {
            assert!(waited < PATIENCE, "{service} does not come to {revision}");
            thread::sleep(pause);
            waited += pause;
        }
        meddle(self);
        run.join().unwrap()
    }
}

fn baking() -> Value {
    json!({"deploymentConfiguration": {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440}})
}

#[test]
fn what_somebody_else_takes_the_place_of_is_rolled_out_again() {
    let Some(mut world) = World::new("rollout-meddling") else {
        return;
    };
    world.service("shop", baking());
    world.declare("app:2", "[\"prod/shop\"]");
    let run = world.apply_while("shop", "checkout:2", |world| {
        world.deploy("shop", "checkout:1");
    });
    let superseded = run.expect(3);
    assert_says(
        &superseded,
        &[
            "rollout-superseded",
            "somebody has deployed something else to prod/shop",
            "plan again",
        ],
    );
    // The advice works: that deployment says nothing about the revision.
    let again = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(&again, &["ecs:UpdateService", "checkout:1", "checkout:2"]);
}

#[test]
fn a_circuit_breaker_that_does_not_go_back_leaves_a_deployment_stopped() {
    let Some(mut world) = World::new("rollout-stopped") else {
        return;
    };
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    world.service("shop", json!({"deploymentConfiguration": breaker}));
    world.declare("app:does-not-exist", "[\"prod/shop\"]");
    let stopped = world.run(&["apply", "--yes"]).expect(3);
    assert_says(
        &stopped,
        &["rollout-stopped", "was stopped", "CannotPullContainerError"],
    );
    // The service names the revision and runs none of its tasks, which is not done.
    let refused = world.run(&["apply", "--yes"]).expect(1);
    assert_says(
        &refused,
        &[
            "the last rollout of checkout:2 to service prod/shop ended badly (STOPPED",
            "--retry task_definitions.checkout",
        ],
    );
    let under_way = refused.says("under way") || refused.says("Nothing to do");
    assert!(!under_way, "{}", refused.stdout);
    // Another attempt is one: it ends as the first did.
    let retry = ["apply", "--yes", "--retry", "task_definitions.checkout"];
    let again = world.run(&retry).expect(3);
    assert_says(
        &again,
        &[
            "services.prod/shop checkout:2, whose rollout ended badly -> checkout:2",
            "ecs:UpdateService service prod/shop, a new deployment",
            "rollout-stopped",
        ],
    );
    // What never ran is no way back.
    world.declare("app:3", "[\"prod/shop\"]");
    let mended = world.run(&["apply", "--yes"]).expect(0);
    assert_says(&mended, &["prod/shop runs checkout:3"]);
    assert!(!mended.says("to go back"), "{}", mended.stderr);
    world.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn strategies_that_shift_step_by_step_are_followed_and_told_member_by_member() {
    let Some(mut world) = World::new("rollout-steps") else {
        return;
    };
    for (service, configuration) in [
        (
            "linear",
            json!({"strategy": "LINEAR", "linearConfiguration": {
                "stepPercent": 50.0, "stepBakeTimeInMinutes": 0,
            }}),
        ),
        (
            "canary",
            json!({"strategy": "CANARY", "canaryConfiguration": {
                "canaryPercent": 10.0, "canaryBakeTimeInMinutes": 0,
            }}),
        ),
    ] {
        let mut configuration = configuration;
        configuration["bakeTimeInMinutes"] = json!(0);
        world.service(service, json!({"deploymentConfiguration": configuration}));
    }
    world.declare("app:2", "[\"prod/linear\", \"prod/canary\"]");
    let applied = world.run(&["apply", "--yes", "--json"]).expect(0);
    let lines = applied.stdout.lines();
    let events: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for service in ["prod/linear", "prod/canary"] {
        let of_service: Vec<&Value> = events
            .iter()
            .filter(|event| event["event"] == "rolling_out" && event["service"] == service)
            .collect();
        let last = of_service.last();
        let last = last.unwrap_or_else(|| panic!("{service}: {}", applied.stdout));
        assert_eq!(
            (&last["status"], &last["running"], &last["failed"]),
            (&json!("SUCCESSFUL"), &json!(1), &json!(0)),
            "{of_service:#?}"
        );
        assert!(last["seconds"].is_u64() && last["requested"] == 1, "{last}");
    }
    assert_eq!(world.runs("linear"), "checkout:2");
    assert_eq!(world.runs("canary"), "checkout:2");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);
}

#[test]
fn without_the_rights_to_see_deployments_the_service_itself_is_followed() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Resource": "*", "Action": [
            "ecs:ListServiceDeployments", "ecs:DescribeServiceDeployments",
            "ecs:DescribeServiceRevisions",
        ]},
    ]});
    let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("rollout-caller-{}.json", std::process::id()));
    fs::write(&file, policy.to_string()).unwrap();
    let caller = file.display().to_string();
    let Some(mut world) = World::with("rollout-rights", &["--caller", &caller]) else {
        return;
    };
    world.service("shop", json!({}));
    world.declare("app:2", "[\"prod/shop\"]");
    let applied = world.run(&["apply", "--yes"]).expect(0);
    assert_says(&applied, &["prod/shop runs checkout:2"]);
    assert_eq!(world.runs("shop"), "checkout:2");
    // What can't be seen is said, where it would matter.
    world.deploy("shop", "checkout:1");
    let behind = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(
        &behind,
        &["could not be seen", "ecs:ListServiceDeployments is denied"],
    );
    // What the service says of itself is enough to know that it was left where it is.
    let breaker = json!({"deploymentCircuitBreaker": {"enable": true, "rollback": false}});
    world.service("left", json!({"deploymentConfiguration": breaker}));
    world.declare("app:does-not-exist", "[\"prod/left\"]");
    let stopped = world.run(&["apply", "--yes"]).expect(3);
    assert_says(&stopped, &["rollout-stopped", "was stopped"]);
    let refused = world.run(&["plan"]).expect(1);
    assert_says(&refused, &["ended badly (FAILED: ", "--retry"]);
    fs::remove_file(file).unwrap();
}
