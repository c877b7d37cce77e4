//! Rollouts with the real binary, to services that boto3 has made in the sandbox: every end that a
//! person can meet, and what is said about it.

mod ends;
mod express;
mod foreign;

use serde_json::{Value, json};

use crate::{
    emulators::server::Emulator,
    run::{Bench, Run},
};

struct World {
    aws: Emulator,
    bench: Bench,
}

impl World {
    /// A cluster, and the first revision of a family, which no service runs yet.
    fn new(test: &str) -> Option<Self> {
        Self::with(test, &[])
    }

    /// The same in a sandbox that is started with `arguments`.
    fn with(test: &str, arguments: &[&str]) -> Option<Self> {
        let aws = Emulator::of_sandbox(test, arguments)?;
        let bench = Bench::with_endpoint(test, &aws.endpoint);
        let mut world = Self { aws, bench };
        world
            .aws
            .boto("ecs", "CreateCluster", json!({"clusterName": "prod"}));
        world.declare("app:1", "[]");
        world.run(&["apply", "--yes"]).expect(0);
        Some(world)
    }

    fn declare(&self, image: &str, services: &str) {
        let text = format!(
            "[stack]\nname = \"shop\"\n\n[task_definitions.checkout]\nrequires_compatibilities = [\"FARGATE\"]\ncpu = 256\nmemory = 512\nservices = {services}\n\n[task_definitions.checkout.containers.app]\nimage = \"{image}\"\n"
        );
        self.bench.write("stack.toml", &text);
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers write literals")]
    fn service(&mut self, name: &str, configuration: Value) {
        let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-0a1b2c3d"]}});
        let mut asked = json!({
            "cluster": "prod", "serviceName": name, "taskDefinition": "checkout:1",
            "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network,
        });
        for (key, value) in configuration.as_object().unwrap() {
            asked[key] = value.clone();
        }
        self.aws.boto("ecs", "CreateService", asked);
    }

    fn runs(&mut self, name: &str) -> String {
        let asked = json!({"cluster": "prod", "services": [name]});
        let answer = self.aws.boto("ecs", "DescribeServices", asked);
        let deployments = answer["services"][0]["deployments"].as_array().unwrap();
        let mut primary = deployments.iter();
        let primary = primary.find(|deployment| deployment["status"] == "PRIMARY");
        let arn = primary.unwrap()["taskDefinition"].as_str().unwrap();
        arn.rsplit('/').next().unwrap().to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Run {
        self.bench.run(arguments)
    }
}

#[track_caller]
fn assert_says(run: &Run, words: &[&str]) {
    for word in words {
        assert!(run.says(word), "{word}\n{}\n{}", run.stdout, run.stderr);
    }
}

#[test]
fn a_revision_is_rolled_out_taken_back_and_tried_again_by_consent() {
    let Some(mut world) = World::new("rollout-life") else {
        return;
    };
    let breaker = json!({"deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": true, "rollback": true},
    }});
    world.service("checkout", breaker.clone());
    world.service("worker", breaker);
    let services =
        "[\"prod/checkout\", \"arn:aws:ecs:us-east-1:123456789012:service/prod/worker\"]";
    world.declare("app:2", services);

    let plan = world.run(&["plan"]).expect(0);
    assert_says(
        &plan,
        &[
            "services.prod/checkout checkout:1 -> the new revision of checkout",
            "checkout:1",
            "UpdateService service prod/worker",
        ],
    );
    let applied = world.run(&["apply", "--yes"]).expect(0);
    assert_says(
        &applied,
        &[
            "prod/checkout runs checkout:2",
            "aws ecs update-service --cluster prod --service checkout --task-definition checkout:1",
            "prod/worker runs checkout:2",
        ],
    );
    assert_eq!(world.runs("checkout"), "checkout:2");
    assert_eq!(world.runs("worker"), "checkout:2");
    world.run(&["plan", "--detailed-exitcode"]).expect(0);

    // Somebody goes back by hand: the service alone is behind.
    let back = json!({"cluster": "prod", "service": "worker", "taskDefinition": "checkout:1"});
    world.aws.boto("ecs", "UpdateService", back);
    let behind = world.run(&["plan", "--detailed-exitcode"]).expect(2);
    assert_says(&behind, &["checkout:1", "checkout:2", "ecs:UpdateService"]);
    let json = world.run(&["plan", "--json"]).expect(0);
    assert_says(&json, &["ecs:UpdateService"]);
    world.run(&["apply", "--yes", "--no-wait"]).expect(0);
    assert_eq!(world.runs("worker"), "checkout:2");

    world.declare("app:does-not-exist", "[\"prod/checkout\"]");
    let failed = world.run(&["apply", "--yes"]).expect(3);
    assert_says(
        &failed,
        &[
            "rollout-rolled-back",
            "ECS took checkout:3 back from prod/checkout",
            "circuit breaker",
            "tasks stopped",
            "CannotPullContainerError",
            "--retry task_definitions.checkout",
        ],
    );
    assert_eq!(world.runs("checkout"), "checkout:2");
    let refused = world.run(&["apply", "--yes"]).expect(1);
    assert_says(
        &refused,
        &["the last rollout of checkout:3 to service prod/checkout ended badly"],
    );
    assert_eq!(world.runs("checkout"), "checkout:2");
    world
        .run(&["apply", "--yes", "--retry", "task_definitions.checkout"])
        .expect(3);
    world.declare("app:4", "[\"prod/checkout\"]");
    world.run(&["apply", "--yes"]).expect(0);
    assert_eq!(world.runs("checkout"), "checkout:4");
}

#[test]
fn every_strategy_and_what_speaks_against_a_rollout_is_told_apart() {
    let Some(mut world) = World::new("rollout-strategies") else {
        return;
    };
    let hook = json!({"deploymentConfiguration": {
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 0,
        "lifecycleHooks": [{
            "targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"],
        }],
    }});
    world.service("paused", hook);
    let baking = json!({"deploymentConfiguration": {
        "strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1440,
    }});
    world.service("baking", baking);
    world.service(
        "deployed",
        json!({"deploymentController": {"type": "CODE_DEPLOY"}}),
    );
    let tags = json!([{"key": "Terraform", "value": "true"}]);
    world.service("terraformed", json!({"tags": tags}));

    for (services, words) in [
        (
            "[\"prod/deployed\"]",
            "carried out by CODE_DEPLOY, and not by ECS",
        ),
        ("[\"prod/missing\"]", "there is no service prod/missing"),
        ("[\"test/checkout\"]", "there is no cluster test"),
    ] {
        world.declare("app:2", services);
        assert_says(&world.run(&["plan"]).expect(1), &[words]);
    }
    world.declare("app:2", "[\"prod/a\", { cluster = \"prod\", service = \"a\" }, \"b\", 1, { cluster = \"prod\", servce = \"c\" }]");
    let wrong = world.run(&["validate"]).expect(1);
    assert_says(
        &wrong,
        &[
            "names prod/a twice",
            "`b` does not name a service",
            "did you mean",
            "a string or a table",
        ],
    );

    world.declare(
        "app:2",
        "[{ cluster = \"prod\", service = \"baking\", wait = \"shifted\" }, \"prod/terraformed\"]",
    );
    let shifted = world.run(&["apply", "--yes"]).expect(0);
    assert_says(
        &shifted,
        &[
            "prod/baking runs checkout:2; its old tasks stay",
            "ignore_changes = [task_definition]",
        ],
    );
    world.declare("app:3", "[\"prod/paused\"]");
    let waits = world.run(&["apply", "--yes"]).expect(6);
    assert_says(
        &waits,
        &[
            "rollout-awaits-decision",
            "aws ecs continue-service-deployment",
            "--action CONTINUE",
            "--action ROLLBACK",
            "To see what is left, run: amp-stack plan stack.toml",
        ],
    );
    assert!(!waits.says("To go on from there"), "{}", waits.stderr);
    world.declare("app:4", "[{ cluster = \"prod\", service = \"baking\" }]");
    let late = world
        .run(&["apply", "--yes", "--rollout-timeout", "8s"])
        .expect(3);
    assert_says(&late, &["rollout-timed-out", "it goes on in ECS"]);
    assert!(!late.says(".; "), "{}", late.stderr);
}
