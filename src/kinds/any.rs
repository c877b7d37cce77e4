//! The closed set of kinds: every choice between them is made here.

use serde::{Deserialize, Serialize};

use crate::{
    kinds::{
        kind::{ReplaceReason, State},
        log_group, role, task_definition, workspace,
    },
    model::{
        address::Kind,
        lifecycle::IgnorePath,
        node::Node,
        normal::Suppressed,
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

/// Calls one method of whichever kind it is.
macro_rules! each {
    ($resource:expr, $inner:ident => $body:expr) => {
        match $resource {
            Resource::LogGroup($inner) => $body,
            Resource::Workspace($inner) => $body,
            Resource::Role($inner) => $body,
            Resource::TaskDefinition($inner) => $body,
        }
    };
}

impl Resource {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::LogGroup(_) => Kind::LogGroup,
            Self::Workspace(_) => Kind::Workspace,
            Self::Role(_) => Kind::Role,
            Self::TaskDefinition(_) => Kind::TaskDefinition,
        }
    }

    /// The name or alias that people know it by.
    pub fn name(&self) -> &str {
        each!(self, inner => inner.name())
    }

    /// Its tags.
    pub fn tags(&self) -> &Tags {
        each!(self, inner => inner.tags())
    }

    /// Its tags, to be altered.
    pub fn tags_mut(&mut self) -> &mut Tags {
        each!(self, inner => inner.tags_mut())
    }

    /// The same state with everything filled in that `lookup` knows.
    #[must_use]
    pub fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self {
        match self {
            Self::LogGroup(inner) => Self::LogGroup(inner.resolve(lookup)),
            Self::Workspace(inner) => Self::Workspace(inner.resolve(lookup)),
            Self::Role(inner) => Self::Role(inner.resolve(lookup)),
            Self::TaskDefinition(inner) => Self::TaskDefinition(inner.resolve(lookup)),
        }
    }

    /// Calls `visit` with every text that may hold a reference.
    pub fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        each!(self, inner => inner.each_template(visit));
    }

    /// The state as people see it in a plan.
    pub fn to_display_tree(&self) -> Node {
        each!(self, inner => inner.to_display_tree())
    }

    /// The calls that turn `from` into `to`, which are of one kind. `None` is absence.
    pub fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Change> {
        fn of<K: State>(
            from: Option<&K>,
            to: Option<&K>,
            wrap: fn(K::Change) -> Change,
        ) -> Vec<Change> {
            K::changes(from, to).into_iter().map(wrap).collect()
        }
        let either = to.or(from).map(Self::kind);
        match either {
            None => Vec::new(),
            Some(Kind::LogGroup) => of(
                opt(from, Self::log_group),
                opt(to, Self::log_group),
                Change::LogGroup,
            ),
            Some(Kind::Workspace) => of(
                opt(from, Self::workspace),
                opt(to, Self::workspace),
                Change::Workspace,
            ),
            Some(Kind::Role) => of(opt(from, Self::role), opt(to, Self::role), Change::Role),
            Some(Kind::TaskDefinition) => of(
                opt(from, Self::task_definition),
                opt(to, Self::task_definition),
                Change::TaskDefinition,
            ),
        }
    }

    /// The effect of one call.
    pub fn step(from: Option<&Self>, change: &Change) -> Option<Self> {
        match change {
            Change::LogGroup(change) => {
                let from = from.and_then(Self::log_group).cloned();
                log_group::LogGroup::step(from, change).map(Self::LogGroup)
            }
            Change::Workspace(change) => {
                let from = from.and_then(Self::workspace).cloned();
                workspace::Workspace::step(from, change).map(Self::Workspace)
            }
            Change::Role(change) => {
                let from = from.and_then(Self::role).cloned();
                role::Role::step(from, change).map(Self::Role)
            }
            Change::TaskDefinition(change) => {
                let from = from.and_then(Self::task_definition).cloned();
                task_definition::TaskDefinition::step(from, change).map(Self::TaskDefinition)
            }
        }
    }

    /// The properties that differ and that AWS can't change in place.
    pub fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason> {
        fn of<K: State>(from: Option<&K>, to: &K) -> Vec<ReplaceReason> {
            from.map_or_else(Vec::new, |from| K::replace_reasons(from, to))
        }
        match to {
            Self::LogGroup(to) => of(from.log_group(), to),
            Self::Workspace(to) => of(from.workspace(), to),
            Self::Role(to) => of(from.role(), to),
            Self::TaskDefinition(to) => of(from.task_definition(), to),
        }
    }

    /// Alters the completed state `self` so that it is built anew, and says what then makes it a
    /// replacement: of a task definition, whose revisions AWS never changes, a new revision is new
    /// enough.
    pub fn force_replace(&mut self, live: &Self) -> Option<ReplaceReason> {
        if let (Self::TaskDefinition(want), Self::TaskDefinition(live)) = (self, live) {
            want.force_replace(live);
            return None;
        }
        Some(ReplaceReason::ASKED)
    }

    /// Completes a wanted state from the live one.
    pub fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]) {
        match self {
            Self::LogGroup(want) => want.complete(opt(live, Self::log_group), ignore),
            Self::Workspace(want) => want.complete(opt(live, Self::workspace), ignore),
            Self::Role(want) => want.complete(opt(live, Self::role), ignore),
            Self::TaskDefinition(want) => want.complete(opt(live, Self::task_definition), ignore),
        }
    }

    /// Where this state, which is wanted, and the live one are spelled differently and mean the
    /// same.
    pub fn suppressed(&self, live: &Self) -> Vec<Suppressed> {
        fn of<K: State>(want: &K, live: Option<&K>) -> Vec<Suppressed> {
            live.map_or_else(Vec::new, |live| want.suppressed(live))
        }
        match self {
            Self::LogGroup(want) => of(want, live.log_group()),
            Self::Workspace(want) => of(want, live.workspace()),
            Self::Role(want) => of(want, live.role()),
            Self::TaskDefinition(want) => of(want, live.task_definition()),
        }
    }

    /// Returns whether `path` names something of a resource of `kind` that can be left to somebody
    /// else.
    pub fn can_ignore(kind: Kind, path: &IgnorePath) -> bool {
        with_kind!(kind, K => K::can_ignore(path))
    }

    /// The log group, if it is one.
    pub fn log_group(&self) -> Option<&log_group::LogGroup> {
        if let Self::LogGroup(inner) = self {
            Some(inner)
        } else {
            None
        }
    }

    /// The workspace, if it is one.
    pub fn workspace(&self) -> Option<&workspace::Workspace> {
        if let Self::Workspace(inner) = self {
            Some(inner)
        } else {
            None
        }
    }

    /// The role, if it is one.
    pub fn role(&self) -> Option<&role::Role> {
        if let Self::Role(inner) = self {
            Some(inner)
        } else {
            None
        }
    }

    /// The task definition, if it is one.
    pub fn task_definition(&self) -> Option<&task_definition::TaskDefinition> {
        if let Self::TaskDefinition(inner) = self {
            Some(inner)
        } else {
            None
        }
    }
}

fn opt<'a, T>(
    resource: Option<&'a Resource>,
    cast: fn(&'a Resource) -> Option<&'a T>,
) -> Option<&'a T> {
    resource.and_then(cast)
}

impl Change {
    /// The operation of the AWS API, as IAM spells it in policies: `iam:CreateRole`.
    pub fn operation(&self) -> &'static str {
        match self {
            Self::LogGroup(change) => log_group_operation(change),
            Self::Workspace(change) => workspace_operation(change),
            Self::Role(change) => role_operation(change),
            Self::TaskDefinition(change) => task_definition_operation(change),
        }
    }
}

fn log_group_operation(change: &log_group::Change) -> &'static str {
    use log_group::Change;
    match change {
        Change::Create(_) => "logs:CreateLogGroup",
        Change::PutRetention(_) => "logs:PutRetentionPolicy",
        Change::DeleteRetention => "logs:DeleteRetentionPolicy",
        Change::AssociateKmsKey(_) => "logs:AssociateKmsKey",
        Change::DisassociateKmsKey => "logs:DisassociateKmsKey",
        Change::PutDeletionProtection(_) => "logs:PutLogGroupDeletionProtection",
        Change::Tag(_) => "logs:TagResource",
        Change::Untag(_) => "logs:UntagResource",
        Change::Delete => "logs:DeleteLogGroup",
    }
}

fn workspace_operation(change: &workspace::Change) -> &'static str {
    use workspace::Change;
    match change {
        Change::Create { .. } => "aps:CreateWorkspace",
        Change::SetAlias(_) => "aps:UpdateWorkspaceAlias",
        Change::Configure(_) => "aps:UpdateWorkspaceConfiguration",
        Change::CreateLogging(_) => "aps:CreateLoggingConfiguration",
        Change::UpdateLogging(_) => "aps:UpdateLoggingConfiguration",
        Change::DeleteLogging => "aps:DeleteLoggingConfiguration",
        Change::Tag(_) => "aps:TagResource",
        Change::Untag(_) => "aps:UntagResource",
        Change::Delete => "aps:DeleteWorkspace",
    }
}

fn role_operation(change: &role::Change) -> &'static str {
    use role::Change;
    match change {
        Change::Create(_) => "iam:CreateRole",
        Change::Update { .. } => "iam:UpdateRole",
        Change::UpdateTrust(_) => "iam:UpdateAssumeRolePolicy",
        Change::PutBoundary(_) => "iam:PutRolePermissionsBoundary",
        Change::DeleteBoundary => "iam:DeleteRolePermissionsBoundary",
        Change::Attach(_) => "iam:AttachRolePolicy",
        Change::Detach(_) => "iam:DetachRolePolicy",
        Change::PutInline { .. } => "iam:PutRolePolicy",
        Change::DeleteInline(_) => "iam:DeleteRolePolicy",
        Change::Tag(_) => "iam:TagRole",
        Change::Untag(_) => "iam:UntagRole",
        Change::RemoveFromInstanceProfile(_) => "iam:RemoveRoleFromInstanceProfile",
        Change::Delete => "iam:DeleteRole",
    }
}

fn task_definition_operation(change: &task_definition::Change) -> &'static str {
    use task_definition::Change;
    match change {
        Change::Register { .. } => "ecs:RegisterTaskDefinition",
        Change::Tag { .. } => "ecs:TagResource",
        Change::Untag { .. } => "ecs:UntagResource",
        Change::Deregister(_) => "ecs:DeregisterTaskDefinition",
        Change::Delete(_) => "ecs:DeleteTaskDefinitions",
    }
}
