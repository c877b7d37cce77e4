//! An account to try rules on.

use serde_json::{Value, json};

use crate::{Context, Refusal, World, service::Outcome};

/// The trust policy of the roles made here.
pub(super) const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// An identity policy that is accepted.
pub(super) const POLICY: &str = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"aps:RemoteWrite","Resource":"*"}}"#;

pub(super) struct Account {
    pub(super) world: World,
    pub(super) now_millis: u64,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            world: World::default(),
            now_millis: 1_767_225_600_000,
        }
    }
}

impl Account {
    pub(super) fn call(&mut self, operation: &str, input: Value) -> Outcome {
        let Value::Object(input) = input else {
            panic!("the input of {operation} is an object");
        };
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: self.now_millis,
        };
        super::call(&mut self.world, &cx, operation, &input)
    }

    /// The body of a call that must succeed.
    pub(super) fn answered(&mut self, operation: &str, input: Value) -> Value {
        match self.call(operation, input) {
            Ok(answer) => answer.body,
            Err(refusal) => panic!("{operation}: {} {}", refusal.code, refusal.message),
        }
    }

    /// The refusal of a call that must fail.
    pub(super) fn refused(&mut self, operation: &str, input: Value) -> Refusal {
        match self.call(operation, input) {
            Ok(answer) => panic!("{operation} succeeded: {}", answer.body),
            Err(refusal) => refusal,
        }
    }

    /// Runs a table of calls that must fail: operation, input, status, code, part of the message.
    pub(super) fn refuses<const N: usize>(&mut self, table: [(&str, Value, u16, &str, &str); N]) {
        for (operation, input, status, code, text) in table {
            let shown = input.to_string();
            let before = self.world.clone();
            let refusal = self.refused(operation, input);
            assert_eq!(
                (refusal.status, refusal.code),
                (status, code),
                "{operation} {shown:.200}: {}",
                refusal.message
            );
            assert!(
                refusal.message.contains(text),
                "{operation} {shown:.200}: {}",
                refusal.message
            );
            assert_eq!(
                before.iam, self.world.iam,
                "a refused call has no effect: {operation}"
            );
        }
    }

    /// Creates a role and gives its ARN.
    pub(super) fn role(&mut self, name: &str) -> String {
        let input = json!({ "RoleName": name, "AssumeRolePolicyDocument": TRUST });
        text(&self.answered("CreateRole", input)["Role"]["Arn"])
    }

    /// Creates a customer managed policy and gives its ARN.
    pub(super) fn policy(&mut self, name: &str) -> String {
        let input = json!({ "PolicyName": name, "PolicyDocument": POLICY });
        text(&self.answered("CreatePolicy", input)["Policy"]["Arn"])
    }
}

/// An input with other or further members.
pub(super) fn with(mut input: Value, change: Value) -> Value {
    let (Value::Object(members), Value::Object(change)) = (&mut input, change) else {
        panic!("inputs are objects");
    };
    members.extend(change);
    input
}

pub(super) fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
