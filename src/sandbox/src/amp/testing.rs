//! A bench on which the tests of the services call operations and move the clock.

use serde_json::Value;

use crate::{
    Context, Refusal, World, amp, logs,
    service::{Input, Outcome},
};

/// The region the bench calls.
pub(crate) const REGION: &str = "eu-west-1";

/// A world and its clock.
pub(crate) struct Bench {
    pub(crate) world: World,
    pub(crate) now_millis: u64,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            world: World::default(),
            now_millis: 1_700_000_000_000,
        }
    }

    pub(crate) fn wait(&mut self, millis: u64) {
        self.now_millis += millis;
    }

    pub(crate) fn amp(&mut self, operation: &str, input: Value) -> Outcome {
        let cx = context(self.now_millis);
        amp::call(&mut self.world, &cx, operation, &members(input))
    }

    pub(crate) fn logs(&mut self, operation: &str, input: Value) -> Outcome {
        let cx = context(self.now_millis);
        logs::call(&mut self.world, &cx, operation, &members(input))
    }

    pub(crate) fn amp_ok(&mut self, operation: &str, input: Value) -> Value {
        self.amp(operation, input).expect(operation).body
    }

    pub(crate) fn logs_ok(&mut self, operation: &str, input: Value) -> Value {
        self.logs(operation, input).expect(operation).body
    }

    /// Creates a workspace and waits until it is ACTIVE. Returns its id.
    pub(crate) fn workspace(&mut self, input: Value) -> String {
        let created = self.amp_ok("CreateWorkspace", input);
        self.wait(10_000);
        created["workspaceId"]
            .as_str()
            .expect("a workspace has an id")
            .to_owned()
    }
}

/// The HTTP status and the code of an outcome: those of the refusal, or an empty code.
pub(crate) fn verdict(outcome: &Outcome) -> (u16, &'static str) {
    match outcome {
        Ok(answer) => (answer.status, ""),
        Err(Refusal { status, code, .. }) => (*status, code),
    }
}

fn context(now_millis: u64) -> Context<'static> {
    Context {
        account: "111122223333",
        region: REGION,
        partition: "aws",
        now_millis,
    }
}

fn members(input: Value) -> Input {
    serde_json::from_value(input).expect("an input is an object")
}
