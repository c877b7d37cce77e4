//! Everything the sandbox knows: the state of each service, which can be stored and read back.

use serde::{Deserialize, Serialize};

use crate::{amp, ecs, have, iam, logs, prometheus::Samples, sts};

/// One account of AWS.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// Counts the ids given out, so that each is fresh and a run can be repeated.
    pub ids_issued: u64,
    /// IAM is global: one state for all regions.
    pub iam: iam::State,
    /// STS: the sessions of roles.
    #[serde(default)]
    pub sts: sts::State,
    /// Amazon Managed Service for Prometheus, all regions.
    pub amp: amp::State,
    /// CloudWatch Logs, all regions.
    pub logs: logs::State,
    /// Amazon ECS, all regions.
    pub ecs: ecs::State,
    /// What it has by its settings of services of which only that is asked.
    #[serde(default, skip_serializing_if = "have::State::is_empty")]
    pub have: have::State,
    /// The samples that were written to workspaces, by region, workspace and labels, for as long as
    /// the sandbox lives.
    #[serde(skip)]
    pub samples: Samples,
}

impl World {
    /// A number never given before, well mixed so that ids made from it look like AWS's.
    pub fn fresh(&mut self) -> u64 {
        self.ids_issued += 1;
        mixed(self.ids_issued)
    }

    /// A fresh id in the form of a UUID.
    pub fn fresh_uuid(&mut self) -> String {
        let (a, b) = (self.fresh(), self.fresh());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            a >> 32,
            (a >> 16) & 0xffff,
            a & 0xfff,
            0x8000 | ((b >> 48) & 0x3fff),
            b & 0xffff_ffff_ffff
        )
    }
}

/// `number`, well mixed: `SplitMix64`'s finaliser, a bijection, so that distinct numbers give
/// distinct ones.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
