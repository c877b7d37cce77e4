//! What roles name, and what they are to whoever names them.

use crate::{
    kinds::{
        mentions::Mentions,
        role::{Role, managed_policy},
    },
    model::{
        identity::Identity,
        mention::{Mention, Naming, Presence, Unfit, What},
        policy::shuts_out_tasks,
    },
};

impl Mentions for Role {
    /// The policies that AWS keeps for everybody are there.
    fn mentions(&self, _here: &Identity) -> Vec<Naming> {
        let boundary = self.permissions_boundary.iter();
        let boundary = boundary.map(|policy| ("permissions_boundary", policy));
        let attached = self.managed_policies.iter();
        let attached = attached.map(|policy| ("managed_policies", policy));
        let named = boundary.chain(attached).filter_map(|(at, policy)| {
            let arn = policy
                .known()
                .filter(|arn| !managed_policy::is_well_known(arn))?;
            Some(Naming::new(What::Policy, arn, at))
        });
        named.collect()
    }

    fn as_mentioned(&self, here: &Identity) -> Option<(Mention, Presence)> {
        let mention = Mention::new(What::Role, here.role_arn(&self.path, &self.name));
        let presence = if shuts_out_tasks(&self.trust, here) {
            Presence::Unfit(Unfit::ShutsOutTasks)
        } else {
            Presence::Fits
        };
        Some((mention, presence))
    }
}
