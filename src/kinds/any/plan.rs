//! What the planner asks of a resource of any kind.

use crate::{
    kinds::{
        any::{Change, Member as _, Resource, same},
        kind::{IdentifiedBy, Overrides, Planned, ReplaceReason, Scope},
        regret::{LossContext, StepRisk},
    },
    model::{
        address::Kind, identity::Identity, live::Attributes, query::Query, rule::Rule,
        service::ServiceName, tags::Owner, template::Lookup,
    },
};

impl Resource {
    /// By what a live resource of `kind` is recognised.
    pub fn identified_by(kind: Kind) -> IdentifiedBy {
        with_kind!(kind, K => K::IDENTIFIED_BY)
    }

    /// Whether AWS refuses to create a second resource of `kind` that has the name of the first.
    pub fn is_created_once(kind: Kind) -> bool {
        with_kind!(kind, K => K::IS_CREATED_ONCE)
    }

    /// Where the names of `kind` are unique.
    pub fn scope(kind: Kind) -> Scope {
        with_kind!(kind, K => K::SCOPE)
    }

    /// The rules by which the live state of something of `kind` decides about a part of it.
    pub fn live_state_rules(kind: Kind) -> &'static [Rule] {
        with_kind!(kind, K => K::LIVE_STATE_RULES)
    }

    /// The characters, besides letters and digits, with which a name of `kind` goes on.
    pub fn name_goes_on_with(kind: Kind) -> &'static str {
        with_kind!(kind, K => K::NAME_GOES_ON_WITH)
    }

    /// Whether removing something of `kind` loses data that nothing brings back.
    pub fn holds_data(kind: Kind) -> bool {
        with_kind!(kind, K => K::HOLDS_DATA)
    }

    /// Takes away what makes AWS itself refuse to delete it.
    pub fn lift_protection(&mut self) {
        with_state!(self, state => state.lift_protection());
    }

    /// Declares that these services, and no others, run it, if it is something that services run.
    pub fn declare_services<'a>(&mut self, services: impl Iterator<Item = &'a ServiceName>) {
        with_state!(self, state => state.declare_services(services));
    }

    /// Adds what has to be read of AWS to plan this wanted state, with what `lookup` knows.
    pub fn add_to_query(&self, query: &mut Query, lookup: Lookup<'_>) {
        with_state!(self, state => state.add_to_query(query, lookup));
    }

    /// The ARN, if it follows from the state.
    pub fn arn(&self, identity: &Identity) -> Option<String> {
        with_state!(self, state => state.arn(identity))
    }

    /// The ARN that follows from the state, of what every region of the account sees: stack files
    /// may mention such a thing by its ARN.
    pub fn account_wide_arn(&self, identity: &Identity) -> Option<String> {
        match Self::scope(self.kind()) {
            Scope::Account => self.arn(identity),
            Scope::Region => None,
        }
    }

    /// The attributes that are known without asking AWS.
    pub fn attributes_from_name(&self, identity: &Identity) -> Attributes {
        with_state!(self, state => state.attributes_from_name(identity))
    }

    /// The attributes of something with the attributes `live` that becomes `self` and stays.
    pub fn attributes(&self, identity: &Identity, live: &Attributes) -> Attributes {
        with_state!(self, state => state.attributes(identity, live))
    }

    /// What calls name it by, if it lives with the attributes `live`: its name, or the id that AWS
    /// has given it; empty if it is known after apply.
    pub fn target(&self, live: Option<&Attributes>) -> String {
        with_state!(self, state => state.target(live))
    }

    /// Under which texts other resources mention it. `target` is what calls name it by.
    pub fn mentioned_as(&self, identity: &Identity, target: &str) -> Vec<String> {
        with_state!(self, state => state.mentioned_as(identity, target))
    }

    /// Returns whether it has a name at all.
    pub fn has_name(&self) -> bool {
        with_state!(self, state => state.has_name())
    }

    /// Returns whether AWS refuses to have it beside another one, of its kind, that is called
    /// `name`.
    pub fn collides_with(&self, name: &str) -> bool {
        with_state!(self, state => state.collides_with(name))
    }

    /// What people should know of another resource, with the same name, that `owner` has.
    pub fn namesake_note(&self, arn: &str, owner: &Owner) -> Option<String> {
        with_state!(self, state => state.namesake_note(arn, owner))
    }

    /// The command with which somebody removes it by hand, if nothing but its tags
    /// distinguishes it.
    pub fn removal_command(&self, live: &Attributes, region: &str) -> Option<String> {
        with_state!(self, state => state.removal_command(live, region))
    }

    /// Returns whether anybody can use it as it lives.
    pub fn is_alive(&self) -> bool {
        with_state!(self, state => state.is_alive())
    }

    /// Returns whether nothing is lost with it, so that protecting it makes no sense.
    pub fn is_worthless(&self) -> bool {
        with_state!(self, state => state.is_worthless())
    }

    /// Returns whether AWS refuses to delete it as it lives.
    pub fn has_deletion_protection(&self) -> bool {
        with_state!(self, state => state.has_deletion_protection())
    }

    /// Gives way to what somebody else decides about `live`, and returns what people should know
    /// about it.
    pub fn apply_overrides(&mut self, live: &Self, overrides: &Overrides<'_>) -> Vec<String> {
        with_state!(self, to => match same(to, live) {
            Some(live) => to.apply_overrides(live, overrides),
            None => Vec::new(),
        })
    }

    /// Why the live state decides about something of this completed state that `ignore` does not
    /// name.
    pub fn live_state_rule(&self) -> Option<Rule> {
        with_state!(self, state => state.live_state_rule())
    }

    /// Alters the completed state `self` so that it is built anew, and returns what then makes it a
    /// replacement.
    pub fn force_replace(&mut self, live: &Self) -> Option<ReplaceReason> {
        with_state!(self, to => match same(to, live) {
            Some(live) => to.force_replace(live),
            None => Some(ReplaceReason::ASKED),
        })
    }

    /// Returns whether it lives as the call leaves it that creates it. `is_awaited` says that
    /// something which mentions it is still to be created.
    pub fn is_unfinished(&self, is_awaited: bool) -> bool {
        with_state!(self, state => state.is_unfinished(is_awaited))
    }

    /// What `change`, which is made to it as it lives, takes for good.
    pub fn loss(&self, change: &Change, context: LossContext<'_>) -> Option<StepRisk> {
        with_kind!(self.kind(), K => K::of(self)?.loss(K::call_of(change)?, context))
    }

    /// What else may be regretted once it is removed. `target` is what calls name it by.
    pub fn removal_risks(&self, target: &str, is_replaced: bool) -> Vec<StepRisk> {
        with_state!(self, state => state.removal_risks(target, is_replaced))
    }

    /// What else may be regretted once `altered`, or nothing, has become this state. `replaced` is
    /// what was removed to make room for it.
    pub fn build_risks(
        &self,
        altered: Option<&Self>,
        replaced: Option<&Self>,
        account: &str,
    ) -> Vec<StepRisk> {
        with_state!(self, to => {
            let altered = altered.and_then(|altered| same(to, altered));
            let replaced = replaced.and_then(|replaced| same(to, replaced));
            to.build_risks(altered, replaced, account)
        })
    }

    /// Notes that this state, which was `unfilled` until its references were filled in, turns out
    /// to be what lives.
    pub fn recognize_live(&mut self, unfilled: &Self, live: &Self) {
        with_state!(self, filled => {
            if let (Some(unfilled), Some(live)) = (same(filled, unfilled), same(filled, live)) {
                filled.recognize_live(unfilled, live);
            }
        });
    }

    /// Takes from `live` what calls decide about and a state does not hold.
    pub fn take_unpredictable(&mut self, live: &Self) {
        with_state!(self, state => {
            if let Some(live) = same(state, live) {
                state.take_unpredictable(live);
            }
        });
    }
}
