//! The workspace that a collector writes to.

use crate::{
    file::{arn::Arn, problem::Problems, reader::Located},
    kinds::{
        task_definition::read::{Scope, WorkspaceOutline},
        workspace::read::is_id,
    },
    model::{
        address::Address,
        identity::remote_write_url,
        template::{Attribute, Reference, Template},
    },
};

/// A workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Workspace {
    /// Its ARN.
    pub(crate) arn: Template,
    /// Where samples are sent to.
    pub(crate) remote_write_url: Template,
    /// Its region.
    pub(crate) region: String,
}

impl Workspace {
    /// The workspace of the stack, or the one that it names; `None` if it has none.
    pub(crate) fn of_stack(scope: &Scope<'_>) -> Option<Self> {
        match &scope.workspace {
            WorkspaceOutline::None => None,
            WorkspaceOutline::State => Some(Self {
                arn: reference(Attribute::Arn),
                remote_write_url: reference(Attribute::RemoteWriteUrl),
                region: scope.identity.region.clone(),
            }),
            WorkspaceOutline::Existing {
                arn,
                region,
                endpoint,
            } => Some(Self {
                arn: Template::from(arn.as_str()),
                remote_write_url: Template::from(remote_write_url(endpoint)),
                region: region.clone(),
            }),
        }
    }

    /// The workspace with this id or ARN.
    pub(crate) fn named(
        named: &Located<String>,
        scope: &Scope<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let identity = scope.identity;
        let parsed = Arn::parse(&named.value).filter(|arn| arn.service == "aps");
        let (arn, region, id) = if let Some(arn) = parsed {
            let id = arn.resource.strip_prefix("workspace/");
            (named.value.clone(), arn.region, id.unwrap_or_default())
        } else {
            let id = named.value.as_str();
            (identity.workspace_arn(id), identity.region.as_str(), id)
        };
        if !is_id(id) || region.is_empty() {
            problems
                .add(
                    "workspace-id",
                    &named.span,
                    "neither an id nor an ARN",
                    format!("`{}` does not name a workspace", named.value),
                )
                .help("write its id, ws-…, or its ARN; the workspace of this stack is used when `workspace` is left out");
            return None;
        }
        Some(Self {
            arn: Template::from(arn),
            remote_write_url: Template::from(remote_write_url(
                &identity.workspace_endpoint(region, id),
            )),
            region: region.to_owned(),
        })
    }
}

fn reference(attribute: Attribute) -> Template {
    Template::from(Reference {
        address: Address::workspace(),
        attribute,
    })
}
