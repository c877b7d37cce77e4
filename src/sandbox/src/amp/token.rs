//! Client tokens: a request that is repeated under its token gets the first answer and changes
//! nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Answer, Context, Refusal, World,
    service::{Input, Outcome},
};

use super::{
    input::client_token,
    refusal::{Kind, Subject},
};

/// How long a token is remembered. AWS documents no time; an hour covers the retries of a client
/// and of whoever runs it again.
const MEMORY_MILLIS: u64 = 3_600_000;

/// What was performed under which token, by operation and token.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Ledger(BTreeMap<String, BTreeMap<String, Performed>>);

/// A request that succeeded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Performed {
    at_millis: u64,
    input: Input,
    status: u16,
    body: Value,
}

/// Whether the operation has a `clientToken` member: all that change something do, but for those on
/// tags (API model).
pub(super) fn is_taken_by(operation: &str) -> bool {
    ["Create", "Update", "Put", "Delete"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// Performs a request, unless it was performed before under the same token.
///
/// The same token with other members is a `ConflictException`. The documentation is silent about
/// the case, but `CreateWorkspace` models that error although nothing in its input need be unique,
/// which leaves the token as the only thing to be in conflict with.
pub(super) fn once(
    world: &mut World,
    cx: &Context<'_>,
    operation: &str,
    input: &Input,
    perform: impl FnOnce(&mut World) -> Outcome,
) -> Outcome {
    let Some(token) = client_token(input)? else {
        return perform(world);
    };
    let region = world.amp.regions.entry(cx.region.to_owned()).or_default();
    if let Some(performed) = region.tokens.get(operation, token) {
        return performed.again(input);
    }
    let answer = perform(world)?;
    let region = world.amp.regions.entry(cx.region.to_owned()).or_default();
    let performed = Performed {
        at_millis: cx.now_millis,
        input: input.clone(),
        status: answer.status,
        body: answer.body.clone(),
    };
    region
        .tokens
        .0
        .entry(operation.to_owned())
        .or_default()
        .insert(token.to_owned(), performed);
    Ok(answer)
}

impl Ledger {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets old tokens, and those that stand for a workspace that is no more.
    pub(super) fn forget(&mut self, now_millis: u64, exists: impl Fn(&str) -> bool) {
        for performed in self.0.values_mut() {
            performed.retain(|_, performed| {
                let young = now_millis < performed.at_millis + MEMORY_MILLIS;
                let created = performed.body.get("workspaceId").and_then(Value::as_str);
                young && created.is_none_or(&exists)
            });
        }
        self.0.retain(|_, performed| !performed.is_empty());
    }

    fn get(&self, operation: &str, token: &str) -> Option<&Performed> {
        self.0.get(operation)?.get(token)
    }
}

impl Performed {
    fn again(&self, input: &Input) -> Outcome {
        if self.input == *input {
            Ok(Answer {
                status: self.status,
                body: self.body.clone(),
            })
        } else {
            Err(self.mismatch())
        }
    }

    fn mismatch(&self) -> Refusal {
        let id = [self.body.get("workspaceId"), self.input.get("workspaceId")]
            .into_iter()
            .flatten()
            .find_map(Value::as_str)
            .unwrap_or_default();
        Subject::new(Kind::Workspace, id)
            .conflict("The client token was used before with other parameters.".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::amp::testing::{Bench, verdict};

    fn workspaces(bench: &mut Bench) -> usize {
        let listed = bench.amp_ok("ListWorkspaces", json!({}));
        listed["workspaces"].as_array().map_or(0, Vec::len)
    }

    #[test]
    fn the_same_request_under_the_same_token_creates_one_workspace() {
        let mut bench = Bench::new();
        let input = json!({"alias": "a", "clientToken": "t-1"});
        let first = bench.amp_ok("CreateWorkspace", input.clone());
        bench.wait(60_000);
        let second = bench.amp("CreateWorkspace", input).expect("a repetition");
        assert_eq!(second.status, 202);
        assert_eq!(first["workspaceId"], second.body["workspaceId"]);
        assert_eq!(workspaces(&mut bench), 1);
    }

    #[test]
    fn another_request_under_the_same_token_is_a_conflict() {
        let mut bench = Bench::new();
        let created = bench.amp_ok("CreateWorkspace", json!({"alias": "a", "clientToken": "t"}));
        let refusal = bench
            .amp("CreateWorkspace", json!({"alias": "b", "clientToken": "t"}))
            .expect_err("other parameters");
        assert_eq!((refusal.status, refusal.code), (409, "ConflictException"));
        assert_eq!(refusal.members["resourceId"], created["workspaceId"]);
        assert_eq!(refusal.members["resourceType"], "AWS::APS::Workspace");
        assert_eq!(workspaces(&mut bench), 1);
    }

    #[test]
    fn tokens_are_case_sensitive_and_belong_to_one_operation() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({"clientToken": "t"}));
        bench.amp_ok("CreateWorkspace", json!({"clientToken": "T"}));
        assert_eq!(workspaces(&mut bench), 2);
        let renamed = bench.amp(
            "UpdateWorkspaceAlias",
            json!({"workspaceId": id, "alias": "x", "clientToken": "t"}),
        );
        assert_eq!(verdict(&renamed), (204, ""));
    }

    #[test]
    fn a_repeated_deletion_succeeds_as_the_first_did() {
        let mut bench = Bench::new();
        let id = bench.workspace(json!({}));
        let input = json!({"workspaceId": id, "clientToken": "t"});
        bench.amp_ok("DeleteWorkspace", input.clone());
        assert_eq!(verdict(&bench.amp("DeleteWorkspace", input)), (202, ""));
    }

    #[test]
    fn a_refused_request_leaves_its_token_free() {
        let mut bench = Bench::new();
        let refused = bench.amp("CreateWorkspace", json!({"alias": "", "clientToken": "t"}));
        assert_eq!(verdict(&refused), (400, "ValidationException"));
        let created = bench.amp("CreateWorkspace", json!({"alias": "a", "clientToken": "t"}));
        assert_eq!(verdict(&created), (202, ""));
    }

    #[test]
    fn a_token_is_free_again_once_its_workspace_is_gone_or_it_is_old() {
        let mut bench = Bench::new();
        let input = json!({"clientToken": "t"});
        let first = bench.workspace(input.clone());
        bench.amp_ok("DeleteWorkspace", json!({"workspaceId": first}));
        bench.wait(10_000);
        let second = bench.workspace(input.clone());
        assert_ne!(first, second);
        bench.wait(3_600_000 - 10_001);
        assert_eq!(bench.workspace(input.clone()), second);
        assert_ne!(bench.workspace(input), second);
    }

    #[test]
    fn tokens_have_a_form() {
        for (name, token) in [
            ("empty", json!("")),
            ("too long", json!("x".repeat(65))),
            ("with a blank", json!("a b")),
            ("not ASCII", json!("ä")),
            ("not text", json!(7)),
        ] {
            let outcome = Bench::new().amp("CreateWorkspace", json!({"clientToken": token}));
            assert_eq!(verdict(&outcome), (400, "ValidationException"), "{name}");
        }
        let longest: Value = json!({"clientToken": "!~".repeat(32)});
        let outcome = Bench::new().amp("CreateWorkspace", longest);
        assert_eq!(verdict(&outcome), (202, ""));
    }
}
