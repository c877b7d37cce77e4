//! The errors of the service, with every member that the API model gives them.

use serde_json::{Map, Value, json};

use crate::Refusal;

/// What an error is about. The types' names are those that the service puts into its errors, as
/// seen in public reports of the Terraform AWS provider (issue 27472 shows
/// `AWS::APS::LoggingConfiguration` with the id `ws-…/logging`).
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Workspace,
    WorkspaceConfiguration,
    LoggingConfiguration,
    QueryLoggingConfiguration,
    RuleGroupsNamespace,
    AlertManagerDefinition,
    LogGroup,
}

/// One resource that an error is about.
#[derive(Clone, Debug)]
pub(super) struct Subject {
    pub(super) kind: Kind,
    pub(super) id: String,
}

impl Kind {
    fn type_name(self) -> &'static str {
        match self {
            Self::Workspace => "AWS::APS::Workspace",
            Self::WorkspaceConfiguration => "AWS::APS::WorkspaceConfiguration",
            Self::LoggingConfiguration => "AWS::APS::LoggingConfiguration",
            Self::QueryLoggingConfiguration => "AWS::APS::QueryLoggingConfiguration",
            Self::RuleGroupsNamespace => "AWS::APS::RuleGroupsNamespace",
            Self::AlertManagerDefinition => "AWS::APS::AlertManagerDefinition",
            Self::LogGroup => "AWS::Logs::LogGroup",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Workspace => "Workspace",
            Self::WorkspaceConfiguration => "Workspace configuration",
            Self::LoggingConfiguration => "Workspace logging configuration",
            Self::QueryLoggingConfiguration => "Workspace query logging configuration",
            Self::RuleGroupsNamespace => "Rule groups namespace",
            Self::AlertManagerDefinition => "Alert manager definition",
            Self::LogGroup => "Log group",
        }
    }
}

impl Subject {
    pub(super) fn new(kind: Kind, id: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
        }
    }

    /// `ResourceNotFoundException`: there is no such resource.
    pub(super) fn not_found(&self) -> Refusal {
        let message = format!("{} not found.", self.kind.name());
        self.about(Refusal::new(404, "ResourceNotFoundException", message))
    }

    /// `ConflictException`: there is one already.
    pub(super) fn exists(&self) -> Refusal {
        self.conflict(format!("{} already exists.", self.kind.name()))
    }

    /// `ConflictException`: it can't be changed while in this status.
    pub(super) fn busy(&self, status_code: &str) -> Refusal {
        self.conflict(format!(
            "{} is in status {status_code}; it can be changed only while ACTIVE.",
            self.kind.name()
        ))
    }

    /// `ConflictException`, for another reason.
    pub(super) fn conflict(&self, message: String) -> Refusal {
        self.about(Refusal::new(409, "ConflictException", message))
    }

    /// `ServiceQuotaExceededException`, which this service sends with HTTP 402.
    pub(super) fn quota_exceeded(&self, quota_code: &str, message: String) -> Refusal {
        let mut refusal = self.about(Refusal::new(402, "ServiceQuotaExceededException", message));
        refusal.members.insert("serviceCode".into(), json!("aps"));
        refusal
            .members
            .insert("quotaCode".into(), json!(quota_code));
        refusal
    }

    fn about(&self, mut refusal: Refusal) -> Refusal {
        refusal.members.insert("resourceId".into(), json!(self.id));
        refusal
            .members
            .insert("resourceType".into(), json!(self.kind.type_name()));
        refusal
    }
}

/// `ValidationException` because a member breaks a rule of the model.
pub(super) fn invalid(field: &str, message: &str) -> Refusal {
    validation("FIELD_VALIDATION_FAILED", message, Some(field))
}

/// `ValidationException` because a member has the wrong type.
pub(super) fn cannot_parse(field: &str, message: &str) -> Refusal {
    validation("CANNOT_PARSE", message, Some(field))
}

/// `ValidationException` for a reason that is no single member's fault.
pub(super) fn invalid_request(message: &str) -> Refusal {
    validation("OTHER", message, None)
}

/// `ValidationException` for an operation that the service does not have.
pub(super) fn unknown_operation(operation: &str) -> Refusal {
    let message = format!("Unknown operation: {operation}");
    validation("UNKNOWN_OPERATION", &message, None)
}

fn validation(reason: &str, message: &str, field: Option<&str>) -> Refusal {
    let mut members = Map::new();
    members.insert("reason".into(), json!(reason));
    let text = match field {
        Some(field) => {
            let fields: Value = json!([{"name": field, "message": message}]);
            members.insert("fieldList".into(), fields);
            format!("Invalid value for {field}: {message}")
        }
        None => message.to_owned(),
    };
    let mut refusal = Refusal::new(400, "ValidationException", text);
    refusal.members = members;
    refusal
}
