//! How Amazon Managed Service for Prometheus treats workspaces.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        fake::{Creates, Simulated},
        workspace::{Change, Workspace},
    },
    model::{
        identity::{Identity, query_url, remote_write_url},
        live::Attributes,
        template::Attribute,
    },
};

impl Simulated for Workspace {
    fn creates(call: &Change) -> Creates {
        match call {
            Change::Create { .. } => Creates::Always,
            Change::SetAlias(_)
            | Change::Configure(_)
            | Change::CreateLogging(_)
            | Change::UpdateLogging(_)
            | Change::DeleteLogging
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::Delete => Creates::Never,
        }
    }

    fn live_attributes(&self, identity: &Identity, target: &str) -> Attributes {
        let endpoint = identity.workspace_endpoint(&identity.region, target);
        BTreeMap::from([
            (Attribute::Arn, identity.workspace_arn(target)),
            (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
            (Attribute::QueryUrl, query_url(&endpoint)),
            (Attribute::Endpoint, endpoint),
            (Attribute::Id, target.to_owned()),
        ])
    }
}
