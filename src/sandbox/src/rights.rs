//! What a call needs the right to do, and whether its caller has it.
//!
//! The tables follow AWS's Service Authorization Reference, which says for each operation which
//! actions it takes on which resources, and which keys conditions can ask for. Its pages stand
//! under <https://docs.aws.amazon.com/service-authorization/latest/reference/>.

mod amp;
mod ecs;
mod iam;
mod logs;

use std::collections::BTreeMap;

use aws_smithy_types::{DateTime, date_time::Format};
use serde_json::Value;

use crate::{
    Context, Refusal, World,
    caller::Caller,
    service::Input,
    wire::{Call, Dialect, Service},
};

/// The right to do one thing to one resource, as a request asks for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// The action, as policies spell it.
    pub action: String,
    /// The ARN of what it is about; `*` where the action is about nothing in particular.
    pub resource: String,
    /// The values that conditions can ask for, by key in lower case.
    pub keys: BTreeMap<String, Vec<String>>,
}

impl Right {
    fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            resource: resource.into(),
            keys: BTreeMap::new(),
        }
    }

    fn key(mut self, key: &str, value: impl Into<String>) -> Self {
        self.keys
            .entry(key.to_ascii_lowercase())
            .or_default()
            .push(value.into());
        self
    }

    fn maybe(self, key: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.key(key, value),
            None => self,
        }
    }

    /// With the tags that the request gives or names (IAM user guide, "AWS global condition context
    /// keys", `aws:RequestTag` and `aws:TagKeys`).
    fn tagging(mut self, input: &Input) -> Self {
        for (key, value) in given_tags(input) {
            if let Some(value) = value {
                self = self.key(&format!("aws:RequestTag/{key}"), value);
            }
            self = self.key("aws:TagKeys", key);
        }
        self
    }

    /// With the tags that the resource has.
    fn tagged(mut self, tags: impl IntoIterator<Item = (String, String)>) -> Self {
        let service = self.action.split(':').next().unwrap_or_default();
        let service = format!("{service}:ResourceTag");
        for (key, value) in tags {
            let value = value.as_str();
            self = self.key(&format!("aws:ResourceTag/{key}"), value);
            // IAM and ECS have a key of their own besides (the reference's pages of both).
            if ["iam:ResourceTag", "ecs:ResourceTag"].contains(&service.as_str()) {
                self = self.key(&format!("{service}/{key}"), value);
            }
        }
        self
    }

    /// With the tags that the resource `arn` of a region has there.
    fn of(self, world: &World, cx: &Context<'_>) -> Self {
        let tags = tags_of(world, cx, &self.resource);
        self.tagged(tags)
    }
}

/// The tags of the resource `arn` of the region of the call.
fn tags_of(world: &World, cx: &Context<'_>, arn: &str) -> BTreeMap<String, String> {
    let service = arn.split(':').nth(2).unwrap_or_default();
    let all = match service {
        "aps" => crate::amp::tagged(world, cx.region),
        "ecs" => crate::ecs::tagged(world, cx.region),
        "logs" => crate::logs::tagged(world, cx.region),
        _ => Vec::new(),
    };
    let found = all.into_iter().find(|(tagged, _)| tagged == arn);
    found.map(|(_, tags)| tags).unwrap_or_default()
}

/// The tags of a request, in whichever form its service takes them; of a key that is taken away,
/// only the key.
fn given_tags(input: &Input) -> Vec<(String, Option<String>)> {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
    let mut given = Vec::new();
    match input.get("tags").or_else(|| input.get("Tags")) {
        Some(Value::Object(tags)) => {
            given.extend(
                tags.iter()
                    .map(|(key, value)| (key.clone(), text(Some(value)))),
            );
        }
        Some(Value::Array(tags)) => given.extend(tags.iter().filter_map(|tag| {
            let key = text(tag.get("key").or_else(|| tag.get("Key")))?;
            let value = text(tag.get("value").or_else(|| tag.get("Value")));
            Some((key, Some(value.unwrap_or_default())))
        })),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | None => {}
    }
    let keys = input.get("tagKeys").or_else(|| input.get("TagKeys"));
    let keys = keys.and_then(Value::as_array).into_iter().flatten();
    given.extend(keys.filter_map(|key| Some((text(Some(key))?, None))));
    given
}

/// Returns whether the request gives tags to what it makes.
fn gives_tags(input: &Input) -> bool {
    given_tags(input).iter().any(|(_, value)| value.is_some())
}

/// The member `name`, if it is a text that says something.
fn text<'a>(input: &'a Input, name: &str) -> Option<&'a str> {
    input.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// The texts of the list `name`.
fn texts<'a>(input: &'a Input, name: &str) -> Vec<&'a str> {
    let items = input.get(name).and_then(Value::as_array);
    items
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

/// What `call` needs the right to do, the operation itself first.
pub(crate) fn of(world: &World, cx: &Context<'_>, call: &Call) -> Vec<Right> {
    let (operation, input) = (call.operation.as_str(), &call.input);
    match call.service {
        Service::Iam => iam::rights(world, cx, operation, input),
        Service::Ecs => ecs::rights(world, cx, operation, input),
        Service::Logs => logs::rights(world, cx, operation, input),
        Service::Amp => amp::rights(world, cx, operation, input),
        Service::Tagging => vec![Right::new(format!("tag:{operation}"), "*")],
        // No resource can be named for reads (the reference's page of Service Quotas).
        Service::Quotas => vec![Right::new(format!("servicequotas:{operation}"), "*")],
        // Nor for those of metrics (its page of Amazon CloudWatch).
        Service::CloudWatch => vec![Right::new(format!("cloudwatch:{operation}"), "*")],
        // STS API reference: GetCallerIdentity needs no permission.
        Service::Sts if operation == "AssumeRole" => {
            let role = text(input, "RoleArn").unwrap_or("*");
            let right = Right::new("sts:AssumeRole", role);
            let right = right.maybe(
                "sts:ExternalId",
                text(input, "ExternalId").map(str::to_owned),
            );
            let session = text(input, "RoleSessionName").map(str::to_owned);
            vec![right.maybe("sts:RoleSessionName", session)]
        }
        Service::Sts => Vec::new(),
        Service::Secrets | Service::Ssm | Service::Kms | Service::Ecr | Service::Efs => {
            vec![looking_up(cx, call)]
        }
    }
}

/// What it takes to see whether something is there (the reference's pages of AWS Secrets Manager,
/// AWS Systems Manager, AWS Key Management Service, Amazon Elastic Container Registry and Amazon
/// Elastic File System).
fn looking_up(cx: &Context<'_>, call: &Call) -> Right {
    let (service, input) = (call.service.signing_name(), &call.input);
    let named = |member: &str, kind: &str| {
        let name = text(input, member).unwrap_or("*");
        let (partition, region, account) = (cx.partition, cx.region, cx.account);
        if name.starts_with("arn:") {
            name.to_owned()
        } else {
            format!("arn:{partition}:{service}:{region}:{account}:{kind}{name}")
        }
    };
    let resource = match call.service {
        Service::Secrets => named("SecretId", "secret:"),
        Service::Kms => named("KeyId", "key/"),
        Service::Ecr => named("repositoryName", "repository/"),
        Service::Efs if text(input, "AccessPointId").is_some() => {
            named("AccessPointId", "access-point/")
        }
        Service::Efs => named("FileSystemId", "file-system/"),
        Service::Ssm
        | Service::Iam
        | Service::Sts
        | Service::Ecs
        | Service::Logs
        | Service::Amp
        | Service::Tagging
        | Service::Quotas
        | Service::CloudWatch => "*".to_owned(),
    };
    Right::new(format!("{service}:{}", call.operation), resource)
}

/// Refuses a call for which `caller` lacks a right.
pub(crate) fn check(
    world: &World,
    cx: &Context<'_>,
    caller: &Caller,
    call: &Call,
    rights: &[Right],
) -> Result<(), Refusal> {
    let dialect = call.service.dialect();
    let Some(identity) = caller.identity() else {
        return Ok(());
    };
    for right in rights {
        let known = known_of_any(cx, caller, right.clone());
        if let Err(reason) = world.iam.judge(identity, &known) {
            return Err(denied(&caller.arn(cx), right, &reason, dialect));
        }
    }
    Ok(())
}

/// Refuses to let `caller` assume a role.
///
/// STS API reference, `AssumeRole`: the trust policy of the role has to trust the caller; where it
/// trusts the account and not the caller by name, a policy of the caller has to allow it as well,
/// and so it has whenever the role is of another account (IAM user guide, "Cross-account policy
/// evaluation logic", page `reference_policies_evaluation-logic-cross-account`).
/// The root user can't assume roles.
pub(crate) fn assume(
    of_caller: &crate::iam::State,
    of_role: &crate::iam::State,
    cx: &Context<'_>,
    caller: &Caller,
    call: &Call,
    rights: &[Right],
) -> Result<(), Refusal> {
    let dialect = call.service.dialect();
    let Some(identity) = caller.identity() else {
        let message = "Roles may not be assumed by root accounts.";
        return Err(Refusal::new(403, "AccessDenied", message));
    };
    for right in rights {
        let known = known_of_any(cx, caller, right.clone());
        let principal = caller.principal(cx);
        // STS says to nobody which of the two policies lacks it.
        if !of_role.is_assumable_by(of_caller, identity, &principal, &known) {
            return Err(denied(&caller.arn(cx), right, "", dialect));
        }
    }
    Ok(())
}

/// With what every request knows (IAM user guide, "AWS global condition context keys").
fn known_of_any(cx: &Context<'_>, caller: &Caller, right: Right) -> Right {
    let seconds = i64::try_from(cx.now_millis / 1000).unwrap_or(i64::MAX);
    // A moment that has no name in a calendar is no moment that a condition asks for.
    let now = DateTime::from_secs(seconds).fmt(Format::DateTime).ok();
    right
        .key("aws:PrincipalArn", caller.principal(cx))
        .key("aws:PrincipalAccount", cx.account)
        .key("aws:RequestedRegion", cx.region)
        .key("aws:SecureTransport", "true")
        .key("aws:EpochTime", seconds.to_string())
        .maybe("aws:CurrentTime", now)
        .maybe(
            "aws:username",
            (*caller == Caller::User).then(|| crate::caller::USER.to_owned()),
        )
}

/// IAM user guide, "Troubleshoot access denied error messages",
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>: the codes
/// and statuses are those of the services' API references, "Common Errors" and
/// `AccessDeniedException`.
fn denied(caller: &str, right: &Right, reason: &str, dialect: Dialect) -> Refusal {
    let (status, code) = match dialect {
        Dialect::Query(_) => (403, "AccessDenied"),
        Dialect::Json(_) => (400, "AccessDeniedException"),
        Dialect::Rest => (403, "AccessDeniedException"),
    };
    let Right {
        action, resource, ..
    } = right;
    let reason = if reason.is_empty() {
        String::new()
    } else {
        format!(" {reason}")
    };
    let message = format!(
        "User: {caller} is not authorized to perform: {action} on resource: {resource}{reason}"
    );
    Refusal::new(status, code, message)
}

#[cfg(test)]
mod tests;
