//! What is kept of hidden values: enough to recognise them, too little to guess them cheaply.

use std::{collections::BTreeMap, num::NonZeroU32};

use aws_lc_rs::{
    digest::SHA256_OUTPUT_LEN,
    pbkdf2,
    rand::{self, SystemRandom},
};
use serde::{Deserialize, Serialize};

use crate::{model::template::Template, saved::file::hex};

/// Rounds of PBKDF2-HMAC-SHA256 (OWASP Password Storage Cheat Sheet, "PBKDF2": 600,000 or more).
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("it is not 0");
/// Bytes of salt: 128 bits (NIST SP 800-132, 5.1).
const SALT_LENGTH: usize = 16;

/// How the digests of hidden values are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    #[serde(with = "hex")]
    salt: Vec<u8>,
    rounds: NonZeroU32,
}

/// What recognises the hidden values of one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Digest(#[serde(with = "hex")] Vec<u8>);

/// The system has no random numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random numbers, which keep secrets in a plan file from being guessed")]
pub struct NoRandomness;

impl Guard {
    /// A guard that no other file has.
    pub fn random() -> Result<Self, NoRandomness> {
        let salt = rand::generate::<[u8; SALT_LENGTH]>(&SystemRandom::new());
        let salt = salt.map_err(|_| NoRandomness)?.expose();
        Ok(Self::new(salt.to_vec(), ROUNDS))
    }

    /// A guard that takes `rounds` for each guess.
    pub fn new(salt: Vec<u8>, rounds: NonZeroU32) -> Self {
        Self { salt, rounds }
    }

    /// What recognises `values`, of all places at once: who guesses has to guess all of them.
    pub(super) fn digest(&self, values: &BTreeMap<&str, &Template>) -> Digest {
        let mut digest = vec![0; SHA256_OUTPUT_LEN];
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(
            algorithm,
            self.rounds,
            &self.salt,
            &bytes(values),
            &mut digest,
        );
        Digest(digest)
    }

    /// Returns whether `digest` was made of `values`.
    pub(super) fn recognises(&self, digest: &Digest, values: &BTreeMap<&str, &Template>) -> bool {
        let algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
        let bytes = bytes(values);
        pbkdf2::verify(algorithm, self.rounds, &self.salt, &bytes, &digest.0).is_ok()
    }
}

/// Every place and its value, each after its length, so that different values have different bytes.
fn bytes(values: &BTreeMap<&str, &Template>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, value) in values {
        for part in [(*path).to_owned(), value.spelling()] {
            bytes.extend(part.len().to_string().bytes());
            bytes.push(b':');
            bytes.extend(part.bytes());
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> Guard {
        Guard::new(vec![7; SALT_LENGTH], NonZeroU32::MIN)
    }

    #[test]
    fn only_the_same_values_at_the_same_places_are_recognised() {
        let texts = ["hunter2", "hunter3", "hunte"].map(Template::from);
        let digest = guard().digest(&BTreeMap::from([("a", &texts[0])]));
        for (path, value, is_same) in [
            ("a", 0, true),
            ("a", 1, false),
            ("b", 0, false),
            ("a", 2, false),
        ] {
            let values = BTreeMap::from([(path, &texts[value])]);
            assert_eq!(guard().recognises(&digest, &values), is_same);
        }
        let salted = Guard::new(vec![8; SALT_LENGTH], NonZeroU32::MIN);
        assert!(!salted.recognises(&digest, &BTreeMap::from([("a", &texts[0])])));
    }

    #[test]
    fn guesses_are_expensive_and_salts_differ() {
        let guards = [Guard::random(), Guard::random()].map(|guard| guard.expect("randomness"));
        assert_ne!(guards[0].salt, guards[1].salt);
        assert!(guards[0].rounds.get() >= 600_000);
    }
}
