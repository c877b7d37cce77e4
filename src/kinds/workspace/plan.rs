//! What the planner has to know of workspaces.

use std::collections::BTreeMap;

use crate::{
    kinds::{
        kind::{IdentifiedBy, Planned, State as _},
        regret::{Loss, LossContext, StepRisk, days_old},
        workspace::{Change, Configuration, Workspace},
    },
    model::{
        identity::{Identity, endpoint_base, query_url, remote_write_url},
        live::Attributes,
        query::Query,
        rule::Rule,
        tags::Owner,
        template::{Attribute, Lookup},
    },
};

/// What a workspace's table leaves out.
const LEFT_TO_AWS: Rule = Rule {
    code: "left-to-aws",
    sentence: "What the file leaves out of a workspace's configuration stays as AWS has it, because no call unsets it.",
    source: "Amazon Managed Service for Prometheus API reference, UpdateWorkspaceConfiguration",
};

/// The retention of a new workspace (Amazon Managed Service for Prometheus user guide, "Workspace
/// configuration").
const NEW_RETENTION_DAYS: u32 = 150;

impl Planned for Workspace {
    const HOLDS_DATA: bool = true;

    /// It is mentioned by its id, also within URLs.
    const NAME_GOES_ON_WITH: &'static str = "-";

    /// Aliases need not be unique (Amazon Managed Service for Prometheus API reference,
    /// `CreateWorkspace`).
    const IDENTIFIED_BY: IdentifiedBy = IdentifiedBy::Tags;

    const LIVE_STATE_RULES: &'static [Rule] = &[LEFT_TO_AWS];

    fn add_to_query(&self, query: &mut Query, _lookup: Lookup<'_>) {
        query.alias.clone_from(&self.alias);
        query.workspace_configuration = self.configuration != Configuration::default();
    }

    fn arn(&self, _identity: &Identity) -> Option<String> {
        None
    }

    fn attributes_from_name(&self, _identity: &Identity) -> Attributes {
        BTreeMap::new()
    }

    /// AWS gives the endpoint only of an active workspace (Amazon Managed Service for Prometheus
    /// API reference, `WorkspaceDescription`).
    fn attributes(&self, identity: &Identity, live: &Attributes) -> Attributes {
        let id = id(live);
        let endpoint = live.get(&Attribute::Endpoint).map_or_else(
            || identity.workspace_endpoint(&identity.region, &id),
            |endpoint| endpoint_base(endpoint),
        );
        BTreeMap::from([
            (Attribute::Arn, arn(live).to_owned()),
            (Attribute::Id, id),
            (Attribute::RemoteWriteUrl, remote_write_url(&endpoint)),
            (Attribute::QueryUrl, query_url(&endpoint)),
            (Attribute::Endpoint, endpoint),
        ])
    }

    fn target(&self, live: Option<&Attributes>) -> String {
        live.map(id).unwrap_or_default()
    }

    fn mentioned_as(&self, _identity: &Identity, target: &str) -> Vec<String> {
        vec![target.to_owned()]
    }

    fn has_name(&self) -> bool {
        self.alias.is_some()
    }

    fn collides_with(&self, _name: &str) -> bool {
        false
    }

    fn namesake_note(&self, arn: &str, owner: &Owner) -> Option<String> {
        let alias = self.name();
        Some(format!(
            "another workspace has the alias `{alias}` too: {arn}, owned by {owner}; aliases need \
             not be unique, so this stack gets its own"
        ))
    }

    /// AWS CLI command reference, `amp delete-workspace`.
    fn removal_command(&self, live: &Attributes, region: &str) -> Option<String> {
        let id = id(live);
        Some(format!(
            "aws amp delete-workspace --region {region} --workspace-id {id}"
        ))
    }

    fn is_alive(&self) -> bool {
        !self.failed
    }

    /// A workspace that AWS could not create holds no data.
    fn is_worthless(&self) -> bool {
        self.failed
    }

    fn live_state_rule(&self) -> Option<Rule> {
        Some(LEFT_TO_AWS)
    }

    /// A file may as well say what AWS gives every new workspace, so that alone says little.
    fn is_unfinished(&self, is_awaited: bool) -> bool {
        let Configuration {
            retention_days,
            limits,
            out_of_order_time_window_seconds: _,
            rule_query_offset_seconds: _,
        } = &self.configuration;
        let is_new = retention_days.is_none_or(|days| days == NEW_RETENTION_DAYS);
        is_new && limits.iter().all(BTreeMap::is_empty) && self.logging.is_none() && is_awaited
    }

    /// All metrics are deleted with the workspace, and those that are older than its retention
    /// (Amazon Managed Service for Prometheus API reference, `DeleteWorkspace`,
    /// `UpdateWorkspaceConfiguration`). One that could not be created holds nothing.
    fn loss(&self, change: &Change, context: LossContext<'_>) -> Option<StepRisk> {
        let risk = |code, text| StepRisk::losing(code, text, Loss::Data);
        match change {
            Change::Delete if !self.failed => {
                let code = if context.is_replaced {
                    "workspace-replaced"
                } else {
                    "workspace-removed"
                };
                let text = format!(
                    "all metrics in the workspace `{}` ({}) are lost, with its rules and alerts: AWS deletes its data within one month",
                    self.name(),
                    context.target
                );
                Some(risk(code, text))
            }
            Change::Configure(Configuration {
                retention_days: Some(days),
                ..
            }) if context.shortens(self.configuration.retention_days, *days) => {
                let text = format!(
                    "metrics that are older than {} are deleted",
                    days_old(*days)
                );
                Some(risk("retention-shortened", text).at("retention_days"))
            }
            Change::Create { .. }
            | Change::SetAlias(_)
            | Change::Configure(_)
            | Change::CreateLogging(_)
            | Change::UpdateLogging(_)
            | Change::DeleteLogging
            | Change::Tag(_)
            | Change::Untag(_)
            | Change::Delete => None,
        }
    }

    fn build_risks(
        &self,
        _altered: Option<&Self>,
        _replaced: Option<&Self>,
        _account: &str,
    ) -> Vec<StepRisk> {
        Vec::new()
    }
}

fn arn(live: &Attributes) -> &str {
    live.get(&Attribute::Arn).map_or("", String::as_str)
}

/// The id, which is also the end of the ARN.
fn id(live: &Attributes) -> String {
    let id = live.get(&Attribute::Id).cloned();
    id.unwrap_or_else(|| {
        let arn = arn(live);
        arn.rsplit('/').next().unwrap_or(arn).to_owned()
    })
}
