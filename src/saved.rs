//! Plans that are kept in a file: what was wanted and what was there, so that the plan can be made
//! again and compared.
//!
//! A plan is a pure function of a stack and a snapshot, so these two are kept and not the steps.
//! Whoever carries the plan out later reads AWS again, makes both plans, the one of then and the
//! one of now, and goes on only if the second is the first or what is left of it.

mod compare;
mod file;
mod guard;
mod hide;
mod places;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use serde::{Deserialize, Serialize};

pub use compare::{Moved, Side, left_alone, moved, renewed};
pub use file::{PlanFileError, is_plan, parse, print};
pub use guard::Guard;
pub use hide::{Changed, Hidden, Values, Veil};

use crate::{
    kinds::Resource,
    model::{
        address::Address, diff::Path, live::Fact, secret::HIDDEN, tags::Owner, template::Template,
    },
    plan::{self, acceptance::Acceptance},
    snapshot::Snapshot,
    stack::Stack,
};

/// What a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// The sandbox that stood in for AWS, as people call it, if one did.
    pub sandbox: Option<String>,
    /// Whether the stacks are removed.
    pub destroy: bool,
    /// What the stack files were read with.
    pub variables: Variables,
    /// What guards the hidden values; `None` if there are none.
    pub guard: Option<Guard>,
    /// The stacks, in the order in which they are carried out.
    pub stacks: Vec<SavedStack>,
}

/// What a stack file was read with, without secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variables {
    /// The values that were given one by one and are no secrets.
    pub given: BTreeMap<String, String>,
    /// The names of those that are.
    pub secret: BTreeSet<String>,
    /// Files of variables.
    pub files: Vec<PathBuf>,
}

/// One stack of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedStack {
    /// The stack file, as it was named.
    pub file: PathBuf,
    /// What is desired, also if the stack is removed.
    pub stack: Stack,
    /// The resources that alone are meant, with what they need.
    pub only: Option<BTreeSet<Address>>,
    /// What was there.
    pub live: Snapshot,
    /// What of the plan's losses was accepted by name when it was made.
    pub accepted: BTreeSet<Acceptance>,
    /// The values of both that are not in the file.
    pub hidden: Hidden,
}

impl Saved {
    /// Hides every secret of the stacks and what was there under the protection of `guard`.
    #[must_use]
    pub fn hide(mut self, guard: Guard) -> Self {
        let mut numbers = hide::Numbers::new(&guard);
        for saved in &mut self.stacks {
            saved.hide(&mut numbers);
        }
        // A variable that is part of a secret is one, whatever it is called.
        let is_secret = |value: &String| numbers.give_away(value);
        let given = std::mem::take(&mut self.variables.given).into_iter();
        let (secret, given): (BTreeMap<_, _>, _) = given.partition(|(_, value)| is_secret(value));
        self.variables.given = given;
        self.variables.secret.extend(secret.into_keys());
        self.guard = numbers.is_used().then_some(guard);
        self
    }
}

impl SavedStack {
    /// The plan for `stack`, with what of `live` matters to it: of all the roles of the account
    /// only those whose names are wanted or mentioned, and no tags that are AWS's own. Which
    /// defaults what lives was made by is decided, as it was for the plan.
    pub fn new(
        file: PathBuf,
        stack: &Stack,
        only: Option<BTreeSet<Address>>,
        mut live: Snapshot,
        accepted: BTreeSet<Acceptance>,
    ) -> Self {
        let (stack, _) = plan::settle(stack, &live);
        let stack = stack.into_owned();
        let mut names: BTreeSet<String> = stack
            .role_arns
            .keys()
            .filter_map(|arn| arn.rsplit('/').next())
            .map(str::to_ascii_lowercase)
            .collect();
        let wants = stack.resources.values().filter_map(|d| d.want.as_ref());
        let roles = wants.filter_map(Resource::role);
        names.extend(roles.map(|role| role.name.to_ascii_lowercase()));
        live.roles
            .retain(|fact| names.contains(&fact.name.to_ascii_lowercase()));
        for found in &mut live.found {
            found.facts.retain(matters);
        }
        Self {
            file,
            stack,
            only,
            live,
            accepted,
            hidden: Hidden::default(),
        }
    }

    fn hide(&mut self, numbers: &mut hide::Numbers<'_>) {
        // Nobody is shown a secret output when the plan is carried out either, so it need not come
        // back.
        for (name, output) in &mut self.stack.outputs {
            let looks_secret = || places::is_hidden(&Path::of_keys(&[name]), &output.value);
            if output.secret.unwrap_or_else(looks_secret) {
                let value = std::mem::replace(&mut output.value, Template::from(HIDDEN));
                numbers.number(value);
                output.secret = Some(true);
            }
        }
        for (address, declared) in &mut self.stack.resources {
            if let Some(want) = &mut declared.want
                && let Some(veil) = numbers.hide(want)
            {
                self.hidden.wanted.insert(address.clone(), veil);
            }
        }
        for found in &mut self.live.found {
            if let Some(veil) = numbers.hide(&mut found.resource) {
                self.hidden.live.insert(found.arn().to_owned(), veil);
            }
        }
    }

    /// The hidden values that `now` has: those of what was there and still is, and those of what
    /// has been built since. `guard` says that they are the same.
    pub fn seen(&self, now: &Snapshot, guard: &Guard, values: &mut Values) {
        for (arn, veil) in &self.hidden.live {
            let found = now.found.iter().find(|found| found.arn() == arn);
            if let Some(found) = found {
                // Whatever has other values now has moved, which the comparison of the plans will
                // say.
                _ = veil.lift(&found.resource, guard, values);
            }
        }
        for (address, veil) in &self.hidden.wanted {
            let owner = Owner::Ours(address.clone());
            let found = now.found.iter().find(|found| found.owner == owner);
            if let Some(found) = found.filter(|_| !values.missing(veil).is_empty()) {
                _ = veil.lift(&found.resource, guard, values);
            }
        }
    }

    /// The places whose values are wanted and not among `values`, by resource.
    pub fn missing(&self, values: &Values) -> BTreeMap<&Address, Vec<&str>> {
        let wanted = self.hidden.wanted.iter();
        wanted
            .map(|(address, veil)| (address, values.missing(veil)))
            .filter(|(_, places)| !places.is_empty())
            .collect()
    }

    /// Takes the values that are missing from `stack`, which the stack file says now.
    pub fn read(&self, stack: &Stack, guard: &Guard, values: &mut Values) -> Result<(), Changed> {
        let missing: Vec<Address> = self.missing(values).into_keys().cloned().collect();
        let mut changed = Vec::new();
        for address in missing {
            let declared = stack.resources.get(&address);
            let want = declared.and_then(|declared| declared.want.as_ref());
            let veil = &self.hidden.wanted[&address];
            if !want.is_some_and(|want| veil.lift(want, guard, values)) {
                changed.push(address);
            }
        }
        if changed.is_empty() {
            Ok(())
        } else {
            Err(Changed { addresses: changed })
        }
    }

    /// Puts the values where they belong.
    pub fn fill_in(&mut self, values: &Values) {
        for (address, declared) in &mut self.stack.resources {
            if let (Some(want), Some(veil)) = (&mut declared.want, self.hidden.wanted.get(address))
            {
                values.fill_in(want, veil);
            }
        }
        for found in &mut self.live.found {
            if let Some(veil) = self.hidden.live.get(found.arn()) {
                values.fill_in(&mut found.resource, veil);
            }
        }
    }
}

/// Returns whether a plan depends on the fact.
fn matters(fact: &Fact) -> bool {
    match fact {
        Fact::RetentionByAccountPolicy(_)
        | Fact::UniqueId(_)
        | Fact::CreatedAt(_)
        | Fact::NothingOlderThan(_)
        | Fact::LastUsed { .. } => true,
        Fact::TagsOfAws(_) => false,
    }
}
