//! Task definitions for the tests of the rules: what a test breaks, and what it leaves as it should
//! be.

use serde_json::{Value, json};

use crate::{
    Context,
    ecs::{self, fixture::world_with_roles},
    service::Outcome,
};

fn register(input: &Value) -> Outcome {
    let cx = Context {
        account: "111122223333",
        region: "us-east-1",
        partition: "aws",
        now_millis: 0,
    };
    let input = input.as_object().expect("a test gives an object");
    ecs::call(
        &mut world_with_roles(),
        &cx,
        "RegisterTaskDefinition",
        input,
    )
}

/// Each definition must be refused as a `ClientException` with a text that contains the fragment.
pub(super) fn refused(cases: &[(&str, Value)]) {
    for (fragment, input) in cases {
        let refusal = register(input).expect_err(fragment);
        let found = (refusal.status, refusal.code);
        assert_eq!(found, (400, "ClientException"), "{fragment}: {refusal:?}");
        let message = &refusal.message;
        assert!(
            message.contains(fragment),
            "{fragment:?} is not in {message:?}"
        );
    }
}

pub(super) fn accepted(cases: &[Value]) {
    for input in cases {
        if let Err(refusal) = register(input) {
            panic!("{input}: {refusal:?}");
        }
    }
}

pub(super) fn with(mut base: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("members are an object") {
        base[name] = value.clone();
    }
    base
}

/// A definition without launch type, with these members of the task and of the container `app`.
pub(super) fn task(task: &Value, app: &Value) -> Value {
    let app = with(json!({"name": "app", "image": "nginx", "memory": 128}), app);
    with(json!({"family": "f", "containerDefinitions": [app]}), task)
}

/// A definition whose only peculiarity is its container.
pub(super) fn app(members: &Value) -> Value {
    task(&json!({}), members)
}

/// A definition for Fargate.
pub(super) fn fargate(members: &Value, app: &Value) -> Value {
    let base = json!({
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "Execution",
    });
    task(&with(base, members), app)
}

/// A definition with a container `other` behind the container `app`.
pub(super) fn two(first: &Value, second: &Value) -> Value {
    let mut input = app(first);
    let second = with(
        json!({"name": "other", "image": "nginx", "memory": 128}),
        second,
    );
    let containers = input["containerDefinitions"].as_array_mut();
    containers.expect("there are containers").push(second);
    input
}

pub(super) fn depends(name: &str, condition: &str) -> Value {
    json!({"dependsOn": [{"containerName": name, "condition": condition}]})
}

pub(super) fn ports(network_mode: &str, mappings: &Value) -> Value {
    let app = json!({"portMappings": mappings});
    match network_mode {
        "" => task(&json!({}), &app),
        mode => task(&json!({ "networkMode": mode }), &app),
    }
}

pub(super) fn log(driver: &str, options: &Value) -> Value {
    json!({"logConfiguration": {"logDriver": driver, "options": options}})
}
