//! Tokens that are the same for every attempt of one call and for no other call.

use uuid::{Uuid, uuid};

use crate::plan::StepId;

/// The namespace of the tokens, in which their names are unique (RFC 9562, section 5.5).
const NAMESPACE: Uuid = uuid!("0f0c2a0e-7a3d-4c58-9d0f-5b1d4e2f6a71");

/// The token of call number `index` of `step` in the run `run_id`: 42 printable characters.
///
/// AWS takes 1 to 64 printable ASCII characters (botocore model amp 2020-08-01,
/// `IdempotencyToken`).
pub fn token(run_id: &str, step: &StepId, index: usize) -> String {
    // The parts can't hold a line feed, so different calls are different texts.
    let call = format!("{run_id}\n{step}\n{index}");
    let token = Uuid::new_v5(&NAMESPACE, call.as_bytes());
    format!("amp-stack-{}", token.simple())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::address::{Address, Kind};

    #[test]
    fn a_call_has_the_same_one_for_ever() {
        let step = StepId::build(Address::workspace());
        assert_eq!(token("1", &step, 0), token("1", &step, 0));
        assert_eq!(
            token("1", &step, 0),
            "amp-stack-7ac7f09944db55689f16ab279e0ef7bf"
        );
    }

    #[test]
    fn every_call_has_its_own() {
        let role = Address::new(Kind::Role, "a");
        let mut tokens = BTreeSet::new();
        for run in ["1", "2"] {
            for step in [StepId::build(role.clone()), StepId::remove(role.clone())] {
                for index in [0, 1, 10] {
                    tokens.insert(token(run, &step, index));
                }
            }
        }
        assert_eq!(tokens.len(), 12);
        assert!(tokens.iter().all(|t| t.len() == 42 && t.is_ascii()));
    }
}
