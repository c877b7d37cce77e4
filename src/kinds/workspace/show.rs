//! What people are shown of workspaces and of the calls that alter them.

use crate::kinds::{
    kind::{ApiCall, Shape, Shown, TextVisitor, known_text, tag_keys},
    workspace::{Change, Configuration, Workspace},
};

impl Shown for Workspace {
    const SHAPE: Shape = Shape {
        dot: "cylinder",
        mermaid: ("[(", ")]"),
    };

    fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        let Self {
            alias: _,
            kms_key_arn,
            configuration: _,
            logging,
            tags,
            failed: _,
        } = self;
        visitor.optional("kms_key_arn", kms_key_arn.as_mut());
        visitor.optional("logging", logging.as_mut());
        visitor.tags(tags);
    }
}

impl ApiCall for Change {
    fn operation(&self) -> &'static str {
        match self {
            Self::Create { .. } => "aps:CreateWorkspace",
            Self::SetAlias(_) => "aps:UpdateWorkspaceAlias",
            Self::Configure(_) => "aps:UpdateWorkspaceConfiguration",
            Self::CreateLogging(_) => "aps:CreateLoggingConfiguration",
            Self::UpdateLogging(_) => "aps:UpdateLoggingConfiguration",
            Self::DeleteLogging => "aps:DeleteLoggingConfiguration",
            Self::Tag(_) => "aps:TagResource",
            Self::Untag(_) => "aps:UntagResource",
            Self::Delete => "aps:DeleteWorkspace",
        }
    }

    fn sets_tags(&self) -> bool {
        matches!(self, Self::Tag(_))
    }

    fn subject(&self) -> String {
        match self {
            Self::Create { alias, .. } => alias.clone().unwrap_or_default(),
            Self::SetAlias(alias) => alias.clone(),
            Self::Configure(configuration) => configured(configuration),
            Self::CreateLogging(arn) | Self::UpdateLogging(arn) => known_text(arn),
            Self::Tag(tags) => tag_keys(tags),
            Self::Untag(keys) => keys.join(", "),
            Self::DeleteLogging | Self::Delete => String::new(),
        }
    }
}

fn configured(configuration: &Configuration) -> String {
    let Configuration {
        retention_days,
        limits,
        out_of_order_time_window_seconds,
        rule_query_offset_seconds,
    } = configuration;
    let set = [
        (retention_days.is_some(), "retention_days"),
        (limits.is_some(), "limits"),
        (
            out_of_order_time_window_seconds.is_some(),
            "out_of_order_time_window_seconds",
        ),
        (
            rule_query_offset_seconds.is_some(),
            "rule_query_offset_seconds",
        ),
    ];
    let names: Vec<&str> = set
        .into_iter()
        .filter_map(|(is_set, name)| is_set.then_some(name))
        .collect();
    names.join(", ")
}
