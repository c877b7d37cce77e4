//! Everything the sandbox knows: the state of each service, which can be stored and read back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    amp, ecs, have, iam, logs,
    prometheus::{Discarded, Samples},
    quotas, sts,
};

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
    /// The quotas that are not as AWS's defaults.
    #[serde(default, skip_serializing_if = "quotas::State::is_empty")]
    pub quotas: quotas::State,
    /// The samples that were written to workspaces, by region, workspace and labels, for as long as
    /// the sandbox lives.
    #[serde(skip)]
    pub samples: Samples,
    /// The written samples that workspaces have discarded, for as long as the sandbox lives.
    #[serde(skip)]
    pub discarded: Discarded,
    /// The worlds of other accounts by their numbers: calls reach them by their keys, and by the
    /// roles that they assume.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub others: BTreeMap<String, World>,
}

impl World {
    /// The world of `account`, where `own` is the account of this one. One that nobody has asked
    /// for before is empty.
    pub(crate) fn of_mut(&mut self, account: &str, own: &str) -> &mut Self {
        if account == own {
            return self;
        }
        if !self.others.contains_key(account) {
            let empty = self.beside(account);
            self.others.insert(account.to_owned(), empty);
        }
        self.others.get_mut(account).expect("it was put there")
    }

    /// The same, of an account that was asked for before.
    pub(crate) fn of(&self, account: &str, own: &str) -> &Self {
        let others = self.others.get(account).filter(|_| account != own);
        others.unwrap_or(self)
    }

    /// An empty world of another account, with the settings of this one.
    fn beside(&self, account: &str) -> Self {
        let number: u64 = account.parse().unwrap_or_default();
        let mut world = Self {
            // An account has twelve digits, which take 40 bits, so no two accounts give out the
            // same id before one has given out 16 million.
            ids_issued: number << 24,
            ..Self::default()
        };
        world.iam.propagation_millis = self.iam.propagation_millis;
        world.iam.user_policy.clone_from(&self.iam.user_policy);
        world.amp.public_url.clone_from(&self.amp.public_url);
        world
    }

    /// Gives `set` this world and those of the other accounts: what is a setting of the sandbox
    /// holds in all of them.
    pub(crate) fn set_everywhere(&mut self, set: impl Fn(&mut Self)) {
        set(self);
        self.others.values_mut().for_each(set);
    }

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
