//! The attributes that a plan knows of resources before anything is done.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::{
        identity::{Identity, endpoint_base, query_url, remote_write_url},
        template::Attribute,
    },
    snapshot::LiveResource,
};

/// Attributes by what they are.
pub(super) type Attributes = BTreeMap<Attribute, String>;

/// The attributes that amp-stack can tell without asking AWS.
pub(super) fn from_names(identity: &Identity, resource: &Resource) -> Attributes {
    let name = resource.name().to_owned();
    match resource {
        Resource::LogGroup(group) => BTreeMap::from([
            (Attribute::Arn, identity.log_group_arn(&group.name)),
            (Attribute::Name, name),
        ]),
        Resource::Role(role) => BTreeMap::from([
            (Attribute::Arn, identity.role_arn(&role.path, &role.name)),
            (Attribute::Name, name),
        ]),
        Resource::TaskDefinition(_) => BTreeMap::from([(Attribute::Family, name)]),
        Resource::Workspace(_) => BTreeMap::new(),
    }
}

/// The attributes of `found`, which becomes `to` and stays.
pub(super) fn of(identity: &Identity, found: &LiveResource, to: &Resource) -> Attributes {
    let mut attributes = from_names(identity, to);
    match to {
        Resource::Workspace(_) => attributes.extend(of_workspace(identity, found)),
        // The number of a new revision is known only after apply.
        Resource::TaskDefinition(family) if family.revision.is_none() => {}
        Resource::TaskDefinition(_) | Resource::LogGroup(_) | Resource::Role(_) => {
            attributes.insert(Attribute::Arn, found.arn().to_owned());
        }
    }
    attributes
}

/// AWS tells the endpoint only of an active workspace (Amazon Managed Service for Prometheus API
/// reference, `WorkspaceDescription`).
fn of_workspace(identity: &Identity, found: &LiveResource) -> Attributes {
    let id = workspace_id(found);
    let endpoint = found.attributes.get(&Attribute::Endpoint).map_or_else(
        || identity.workspace_endpoint(&identity.region, &id),
        |endpoint| endpoint_base(endpoint),
    );
    BTreeMap::from([
        (Attribute::Arn, found.arn().to_owned()),
        (Attribute::Id, id),
        (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
        (Attribute::QueryUrl, query_url(&endpoint)),
        (Attribute::Endpoint, endpoint),
    ])
}

/// What calls name `resource` by: a name, or the id of the workspace that was `found`.
pub(super) fn target(resource: &Resource, found: Option<&LiveResource>) -> String {
    match resource {
        Resource::Workspace(_) => found.map(workspace_id).unwrap_or_default(),
        Resource::LogGroup(_) | Resource::Role(_) | Resource::TaskDefinition(_) => {
            resource.name().to_owned()
        }
    }
}

/// The id, which is also the end of the ARN.
fn workspace_id(found: &LiveResource) -> String {
    let id = found.attributes.get(&Attribute::Id).cloned();
    id.unwrap_or_else(|| {
        let arn = found.arn();
        arn.rsplit('/').next().unwrap_or(arn).to_owned()
    })
}
