//! What people are shown of log groups and of the calls that alter them.

use crate::{
    kinds::{
        kind::{ApiCall, Shape, Shown, TextVisitor, known_text, tag_keys},
        log_group::{Change, LogGroup},
    },
    model::words,
};

impl Shown for LogGroup {
    const SHAPE: Shape = Shape {
        dot: "note",
        mermaid: ("[[", "]]"),
    };

    fn visit_texts(&mut self, visitor: &mut dyn TextVisitor) {
        let Self {
            name: _,
            class: _,
            retention_days: _,
            kms_key_arn,
            deletion_protection: _,
            tags,
        } = self;
        visitor.optional("kms_key_arn", kms_key_arn.as_mut());
        visitor.tags(tags);
    }
}

impl ApiCall for Change {
    fn operation(&self) -> &'static str {
        match self {
            Self::Create(_) => "logs:CreateLogGroup",
            Self::PutRetention(_) => "logs:PutRetentionPolicy",
            Self::DeleteRetention => "logs:DeleteRetentionPolicy",
            Self::AssociateKmsKey(_) => "logs:AssociateKmsKey",
            Self::DisassociateKmsKey => "logs:DisassociateKmsKey",
            Self::PutDeletionProtection(_) => "logs:PutLogGroupDeletionProtection",
            Self::Tag(_) => "logs:TagResource",
            Self::Untag(_) => "logs:UntagResource",
            Self::Delete(_) => "logs:DeleteLogGroup",
        }
    }

    fn sets_tags(&self) -> bool {
        matches!(self, Self::Tag(_))
    }

    fn subject(&self) -> String {
        match self {
            Self::Create(group) => group.name.clone(),
            Self::PutRetention(days) => {
                words::count(usize::try_from(*days).unwrap_or(usize::MAX), "day")
            }
            Self::DeleteRetention => "never expire".to_owned(),
            Self::AssociateKmsKey(arn) => known_text(arn),
            Self::PutDeletionProtection(on) => if *on { "on" } else { "off" }.to_owned(),
            Self::Tag(tags) => tag_keys(tags),
            Self::Untag(keys) => keys.join(", "),
            Self::DisassociateKmsKey | Self::Delete(_) => String::new(),
        }
    }
}
