//! The closed set of kinds: every choice between them is made here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    kinds::{
        kind::{ApiCall as _, ReplaceReason, State},
        log_group, role, task_definition, workspace,
    },
    model::{
        address::Kind,
        lifecycle::IgnorePath,
        node::Node,
        normal::Suppressed,
        rate::Share,
        service::{Service, ServiceName},
        tags::Tags,
        template::{Reference, Template},
    },
};

/// A resource of any kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// A log group.
    LogGroup(log_group::LogGroup),
    /// A workspace.
    Workspace(workspace::Workspace),
    /// A role.
    Role(role::Role),
    /// A task definition family.
    TaskDefinition(task_definition::TaskDefinition),
}

/// One AWS call that alters something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// To a log group.
    LogGroup(log_group::Change),
    /// To a workspace.
    Workspace(workspace::Change),
    /// To a role.
    Role(role::Change),
    /// To a task definition family.
    TaskDefinition(task_definition::Change),
}

/// Evaluates an expression with the type of a [`Kind`] under a name: the one closed match over the
/// kinds that other files dispatch through.
macro_rules! with_kind {
    ($kind:expr, $State:ident => $body:expr) => {
        match $kind {
            $crate::model::address::Kind::LogGroup => {
                type $State = $crate::kinds::log_group::LogGroup;
                $body
            }
            $crate::model::address::Kind::Workspace => {
                type $State = $crate::kinds::workspace::Workspace;
                $body
            }
            $crate::model::address::Kind::Role => {
                type $State = $crate::kinds::role::Role;
                $body
            }
            $crate::model::address::Kind::TaskDefinition => {
                type $State = $crate::kinds::task_definition::TaskDefinition;
                $body
            }
        }
    };
}
pub(crate) use with_kind;

/// Evaluates an expression with the state of a [`Resource`] under a name.
macro_rules! with_state {
    ($resource:expr, $state:ident => $body:expr) => {
        match $resource {
            $crate::kinds::any::Resource::LogGroup($state) => $body,
            $crate::kinds::any::Resource::Workspace($state) => $body,
            $crate::kinds::any::Resource::Role($state) => $body,
            $crate::kinds::any::Resource::TaskDefinition($state) => $body,
        }
    };
}

// Below the macros, which these files use.
mod fake;
mod limited;
mod mentions;
mod permitted;
mod plan;
mod show;

/// A kind's place in the closed enums.
pub(crate) trait Member: State {
    /// The kind.
    const KIND: Kind;

    /// The state of `resource`, if it is of this kind.
    fn of(resource: &Resource) -> Option<&Self>;

    /// `self` as a resource of any kind.
    fn into_resource(self) -> Resource;

    /// A call as one to any kind.
    fn into_change(change: Self::Change) -> Change;

    /// The call, if it is one to this kind.
    fn call_of(change: &Change) -> Option<&Self::Change>;
}

macro_rules! member {
    ($variant:ident, $module:ident) => {
        impl Member for $module::$variant {
            const KIND: Kind = Kind::$variant;

            fn of(resource: &Resource) -> Option<&Self> {
                if let Resource::$variant(state) = resource {
                    Some(state)
                } else {
                    None
                }
            }

            fn into_resource(self) -> Resource {
                Resource::$variant(self)
            }

            fn into_change(change: Self::Change) -> Change {
                Change::$variant(change)
            }

            fn call_of(change: &Change) -> Option<&Self::Change> {
                if let Change::$variant(change) = change {
                    Some(change)
                } else {
                    None
                }
            }
        }
    };
}

member!(LogGroup, log_group);
member!(Workspace, workspace);
member!(Role, role);
member!(TaskDefinition, task_definition);

/// The state of `other`, if it is of the same kind as `state`.
fn same<'a, K: Member>(_state: &K, other: &'a Resource) -> Option<&'a K> {
    K::of(other)
}

fn kind_of<K: Member>(_state: &K) -> Kind {
    K::KIND
}

impl Resource {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        with_state!(self, state => kind_of(state))
    }

    /// The name or alias that people know it by.
    pub fn name(&self) -> &str {
        with_state!(self, state => state.name())
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        with_state!(self, state => state.tags())
    }

    /// Its tags, to be altered.
    pub fn tags_mut(&mut self) -> &mut Tags {
        with_state!(self, state => state.tags_mut())
    }

    /// Takes up what the services that run it run now.
    pub fn note_services(&mut self, services: &BTreeMap<ServiceName, Service>) {
        with_state!(self, state => state.note_services(services));
    }

    /// Takes up which of the services that are to run it ECS Express Mode manages.
    pub fn note_express(&mut self, services: &BTreeMap<ServiceName, Service>) {
        with_state!(self, state => state.note_express(services));
    }

    /// What keeps a service of ECS Express Mode from running it, each as a sentence without a full
    /// stop.
    pub fn express_obstacles(&self) -> Vec<String> {
        with_state!(self, state => state.express_obstacles())
    }

    /// The number of the newest revision, if it is a kind that has revisions and it is known.
    pub fn newest_revision(&self) -> Option<u32> {
        with_state!(self, state => state.newest_revision())
    }

    /// The same state with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        with_state!(self, state => state.resolve(lookup).into_resource())
    }

    /// Calls `visit` with every text that may hold a reference.
    pub fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        with_state!(self, state => state.each_template(visit));
    }

    /// The state as people see it in a plan.
    pub fn to_display_tree(&self) -> Node {
        with_state!(self, state => state.to_display_tree())
    }

    /// The calls that turn `from` into `to`, which are of one kind. `None` is absence.
    pub fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        let Some(kind) = to.or(from).map(Self::kind) else {
            return Vec::new();
        };
        with_kind!(kind, K => {
            let changes = K::changes(from.and_then(K::of), to.and_then(K::of));
            changes.into_iter().map(K::into_change).collect()
        })
    }

    /// The effect of one call.
    pub fn apply_change(from: Option<&Self>, change: &Change) -> Option<Self> {
        with_kind!(change.kind(), K => {
            let from = from.and_then(K::of).cloned();
            K::apply_change(from, K::call_of(change)?).map(K::into_resource)
        })
    }

    /// The properties that differ and that AWS can't change in place.
    pub fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        fn of<K: Member>(from: &Resource, to: &K) -> Vec<ReplaceReason> {
            let from = same(to, from);
            from.map_or_else(Vec::new, |from| K::replace_reasons(from, to))
        }
        with_state!(to, to => of(from, to))
    }

    /// Completes a wanted state from the live one.
    pub fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        with_state!(self, want => {
            let live = live.and_then(|live| same(want, live));
            want.complete(live, ignore);
        });
    }

    /// Where this state, which is wanted, and the live one are spelled differently and mean the
    /// same.
    pub fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        with_state!(self, want => {
            same(want, live).map_or_else(Vec::new, |live| want.suppressed(live))
        })
    }

    /// Returns whether `path` names something of a resource of `kind` that can be left to somebody
    /// else.
    pub fn can_ignore(kind: Kind, path: &IgnorePath) -> bool {
        with_kind!(kind, K => K::can_ignore(path))
    }

    /// The log group, if it is one.
    pub fn log_group(&self) -> Option<&log_group::LogGroup> {
        Member::of(self)
    }

    /// The workspace, if it is one.
    pub fn workspace(&self) -> Option<&workspace::Workspace> {
        Member::of(self)
    }

    /// The role, if it is one.
    pub fn role(&self) -> Option<&role::Role> {
        Member::of(self)
    }

    /// The task definition, if it is one.
    pub fn task_definition(&self) -> Option<&task_definition::TaskDefinition> {
        Member::of(self)
    }
}

/// Evaluates an expression with the call of a [`Change`] under a name.
macro_rules! with_call {
    ($change:expr, $call:ident => $body:expr) => {
        match $change {
            Change::LogGroup($call) => $body,
            Change::Workspace($call) => $body,
            Change::Role($call) => $body,
            Change::TaskDefinition($call) => $body,
        }
    };
}

impl Change {
    /// The kind of what it alters.
    pub fn kind(&self) -> Kind {
        match self {
            Self::LogGroup(_) => Kind::LogGroup,
            Self::Workspace(_) => Kind::Workspace,
            Self::Role(_) => Kind::Role,
            Self::TaskDefinition(_) => Kind::TaskDefinition,
        }
    }

    /// The operation of the AWS API, as IAM spells it in policies: `iam:CreateRole`.
    pub fn operation(&self) -> &'static str {
        with_call!(self, call => call.operation())
    }

    /// How much of a request it fills.
    pub fn share(&self) -> Share {
        with_call!(self, call => call.share())
    }

    /// Returns whether it takes a part of a resource away that stays as a whole.
    pub fn takes_away(&self) -> bool {
        with_call!(self, call => call.takes_away())
    }

    /// The service that it rolls a revision out to, if it does, and the revision that this runs
    /// before, if that is known.
    pub fn rolls_out(&self) -> Option<(&ServiceName, Option<u32>)> {
        with_call!(self, call => call.rolls_out())
    }

    /// What the call is about, in a few words. Values are left out, for they may be secret.
    pub fn subject(&self) -> String {
        with_call!(self, call => call.subject())
    }

    /// Returns whether the call sets tags and does nothing else.
    pub fn sets_tags(&self) -> bool {
        with_call!(self, call => call.sets_tags())
    }
}
