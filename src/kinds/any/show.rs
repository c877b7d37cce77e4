//! What people are shown of a resource of any kind.

use crate::{
    kinds::{
        any::{Resource, same},
        kind::{Shape, Shown, TextVisitor},
    },
    model::{address::Kind, normal::Rule},
};

impl Resource {
    /// How graphs draw something of `kind`.
    pub fn shape(kind: Kind) -> Shape {
        with_kind!(kind, K => K::SHAPE)
    }

    /// The rule behind so many differences of something of `kind` that mean nothing that they are
    /// shown only on request.
    pub fn minor_rule(kind: Kind) -> Option<Rule> {
        with_kind!(kind, K => K::MINOR_RULE)
    }

    /// The same state, with what means the same in `from` spelled as it is spelled there, because
    /// no call changes the spelling.
    #[must_use]
    pub fn spelled_as(&self, from: &Self) -> Self {
        let mut spelled = self.clone();
        with_state!(&mut spelled, state => {
            if let Some(from) = same(state, from) {
                state.spell_as(from);
            }
        });
        spelled
    }

    /// Visits every text that can be a secret: names, and ARNs of policies, can't.
    pub fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        with_state!(self, state => state.visit_texts(visitor));
    }
}
