//! What a resource of any kind takes the permission for.

use crate::{
    kinds::{
        any::Resource,
        permitted::{Occasion, Permitted as _},
    },
    model::{address::Kind, lifecycle::Lifecycle, permission::Permissions},
};

impl Resource {
    /// Adds what a run takes for the sake of `kind`, whatever its stack declares.
    pub(crate) fn permissions_always(
        kind: Kind,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        with_kind!(kind, K => K::always(occasion, permissions));
    }

    /// Adds what this state, which is declared, takes.
    pub(crate) fn permissions(
        &self,
        lifecycle: &Lifecycle,
        occasion: Occasion<'_>,
        permissions: &mut Permissions,
    ) {
        with_state!(self, state => state.permissions(lifecycle, occasion, permissions));
    }
}
