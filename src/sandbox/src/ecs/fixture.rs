//! A sandbox with a clock for the tests of Amazon ECS.

use serde_json::{Value, json};

use crate::{Answer, Context, World, ecs, iam, service::Outcome};

/// A world with roles that can be passed: `/Execution`, `/Short`, `/Name`, `/path/Long` and
/// `/a/b/Deep`.
pub(super) fn world_with_roles() -> World {
    let mut world = World::default();
    let cx = Context {
        account: "111122223333",
        region: "us-east-1",
        partition: "aws",
        now_millis: 0,
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    for (path, name) in [
        ("/", "Execution"),
        ("/", "Short"),
        ("/", "Name"),
        ("/path/", "Long"),
        ("/a/b/", "Deep"),
    ] {
        let input =
            json!({"RoleName": name, "Path": path, "AssumeRolePolicyDocument": trust.to_string()});
        let input = input.as_object().expect("a test gives an object");
        iam::call(&mut world, &cx, "CreateRole", input).expect("the role is new");
    }
    world
}

/// A world, and a clock that a test can move.
pub(super) struct Sandbox {
    pub(super) world: World,
    pub(super) now_millis: u64,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        Self {
            world: world_with_roles(),
            now_millis: 1_700_000_000_000,
        }
    }

    pub(super) fn try_call(&mut self, operation: &str, input: &Value) -> Outcome {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: self.now_millis,
        };
        let input = input.as_object().expect("a test gives an object");
        ecs::call(&mut self.world, &cx, operation, input)
    }

    /// The body of an answer, which must be a success.
    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Value {
        match self.try_call(operation, input) {
            Ok(Answer { status: 200, body }) => body,
            other => panic!("{operation} {input}: {other:?}"),
        }
    }

    /// The status, code and text of a refusal.
    pub(super) fn refusal(
        &mut self,
        operation: &str,
        input: &Value,
    ) -> (u16, &'static str, String) {
        match self.try_call(operation, input) {
            Err(refusal) => (refusal.status, refusal.code, refusal.message),
            Ok(answer) => panic!("{operation} {input}: {answer:?}"),
        }
    }

    pub(super) fn refuses(&mut self, operation: &str, input: &Value, code: &str) {
        let (status, found, message) = self.refusal(operation, input);
        assert_eq!(
            (status, found),
            (400, code),
            "{operation} {input}: {message}"
        );
    }

    pub(super) fn register(&mut self, family: &str) -> String {
        let body = self.call("RegisterTaskDefinition", &fargate(family));
        let arn = body["taskDefinition"]["taskDefinitionArn"].as_str();
        arn.expect("an answer has the ARN").to_owned()
    }

    pub(super) fn status(&mut self, arn: &str) -> Value {
        let body = self.call("DescribeTaskDefinition", &json!({"taskDefinition": arn}));
        body["taskDefinition"]["status"].clone()
    }

    pub(super) fn service(&mut self, name: &str) -> Value {
        let body = self.call("DescribeServices", &json!({"services": [name]}));
        body["services"][0].clone()
    }

    pub(super) fn create_service(&mut self, name: &str, definition: &str, count: u32) -> Value {
        self.call("CreateService", &service(name, definition, count))["service"].clone()
    }
}

pub(super) fn fargate(family: &str) -> Value {
    json!({
        "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "nginx"}],
    })
}

pub(super) fn network() -> Value {
    json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
}

pub(super) fn service(name: &str, definition: &str, count: u32) -> Value {
    json!({
        "serviceName": name, "taskDefinition": definition, "desiredCount": count,
        "launchType": "FARGATE", "networkConfiguration": network(),
    })
}

pub(super) const ARN: &str = "arn:aws:ecs:us-east-1:111122223333";
