//! Tokens that are the same for every attempt of one call and for no other call.

use crate::plan::StepId;

/// The token of call number `index` of `step` in the run `run_id`: 42 printable characters.
///
/// AWS takes 1 to 64 printable ASCII characters (botocore model amp 2020-08-01,
/// `IdempotencyToken`).
pub fn token(run_id: &str, step: &StepId, index: usize) -> String {
    // The parts can't hold a line feed, so different calls are different texts.
    let call = format!("{run_id}\n{step}\n{index}");
    format!("amp-stack-{:032x}", fnv1a(call.as_bytes()))
}

/// The 128-bit FNV-1a hash: `std`'s hasher may differ between versions of Rust.
fn fnv1a(bytes: &[u8]) -> u128 {
    const OFFSET_BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET_BASIS, |hash, byte| {
        (hash ^ u128::from(*byte)).wrapping_mul(PRIME)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::address::{Address, Kind};

    #[test]
    fn the_hash_is_the_published_one() {
        // The offset basis is the hash of nothing; the other value is the hash of `a` in the FNV
        // test vectors.
        assert_eq!(fnv1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
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
