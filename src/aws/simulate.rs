//! What IAM says of a role: who may assume it, and what it may do.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{
    ContextEntry, ContextKeyTypeEnum, EvaluationResult,
    OrganizationsDecisionDetail as ByOrganization, PermissionsBoundaryDecisionDetail as ByBoundary,
    PolicyEvaluationDecisionType,
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::{
    aws::{Aws, error, workload::unseen},
    model::{call::CallError, workload::Decision},
};

/// The trust policy of the role `name`; `None` if there is no such role.
pub(crate) async fn trust(aws: &Aws, name: &str) -> Result<Option<Value>, CallError> {
    let operation = "iam:GetRole";
    let request = aws.iam.client.get_role().role_name(name).send();
    let answer = match aws.iam.call(operation, request).await {
        Ok(answer) => answer,
        Err(error) if error.code.as_deref() == Some("NoSuchEntity") => return Ok(None),
        Err(error) => return Err(error),
    };
    let role = answer.role();
    let text = role.and_then(|role| role.assume_role_policy_document());
    // IAM API reference, `Role`: the document is URL-encoded.
    let text = percent_decode_str(text.unwrap_or_default()).decode_utf8_lossy();
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|_| error::unexpected(operation, "the trust policy is not JSON"))
}

/// What IAM decides about each of `actions` of a role on `resource`.
///
/// The decision about a resource stands in `ResourceSpecificResults`; the one above it is the most
/// restrictive of all that were asked for (IAM API reference, `EvaluationResult`).
pub(crate) async fn decisions(
    aws: &Aws,
    role_arn: &str,
    actions: Vec<String>,
    resource: &str,
) -> Result<BTreeMap<String, Decision>, CallError> {
    let request = aws.iam.client.simulate_principal_policy();
    let request = request.policy_source_arn(role_arn).resource_arns(resource);
    let request = request.set_action_names(Some(actions));
    let results = request.into_paginator().items().send().try_collect();
    let results = aws.iam.call("iam:SimulatePrincipalPolicy", results).await?;
    let results: Vec<EvaluationResult> = results;
    let decided = results.iter().map(|result| {
        let action = result.eval_action_name().to_owned();
        (action, decision(result, resource))
    });
    Ok(decided.collect())
}

fn decision(result: &EvaluationResult, resource: &str) -> Decision {
    let mut specific = result.resource_specific_results().iter();
    let specific = specific.find(|specific| specific.eval_resource_name() == resource);
    let decided = specific.map_or(result.eval_decision(), |s| s.eval_resource_decision());
    let mut missing_keys = result.missing_context_values().to_vec();
    missing_keys.extend(
        specific
            .into_iter()
            .flat_map(|s| s.missing_context_values().to_vec()),
    );
    missing_keys.sort();
    missing_keys.dedup();
    let boundary = specific.and_then(|s| s.permissions_boundary_decision_detail());
    let boundary = boundary.or(result.permissions_boundary_decision_detail());
    let organization = result.organizations_decision_detail();
    Decision {
        is_allowed: *decided == PolicyEvaluationDecisionType::Allowed,
        is_explicit: *decided == PolicyEvaluationDecisionType::ExplicitDeny,
        by_boundary: boundary.map(ByBoundary::allowed_by_permissions_boundary),
        by_organization: organization.map(ByOrganization::allowed_by_organizations),
        missing_keys,
    }
}

/// Whose policies IAM can simulate for the caller, or why it can't.
///
/// A session of a role is no principal that can be simulated, its role is (IAM API reference,
/// `SimulatePrincipalPolicy`, `PolicySourceArn`); the ARN of a session lacks the role's path, which
/// only IAM knows.
pub(crate) async fn principal(aws: &Aws, caller: &str) -> Result<String, String> {
    let parts: Vec<&str> = caller.splitn(6, ':').collect();
    let (service, resource) = match parts.as_slice() {
        [_, _, service, _, _, resource] => (*service, *resource),
        _ => ("", ""),
    };
    let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
    match (service, kind) {
        ("iam", "user") => Ok(caller.to_owned()),
        ("iam", "root") => Err(
            "the caller is the root user, whose rights only organizations limit and nobody can simulate"
                .to_owned(),
        ),
        ("sts", "assumed-role") => {
            let name = rest.split('/').next().unwrap_or(rest);
            let request = aws.iam.client.get_role().role_name(name).send();
            match aws.iam.call("iam:GetRole", request).await {
                Ok(answer) => answer
                    .role
                    .map(|role| role.arn)
                    .ok_or_else(|| format!("IAM says nothing about the role {name} of the caller")),
                Err(error) => Err(unseen(&format!("the role {name} of the caller"), &error)),
            }
        }
        _ => Err(format!("IAM can't simulate the caller {caller}")),
    }
}

/// What IAM decides about each of `actions` of `principal` on each of `resources`, with what `keys`
/// say of the request.
pub(crate) async fn decisions_on(
    aws: &Aws,
    principal: &str,
    actions: Vec<String>,
    resources: &[String],
    keys: &[(String, Vec<String>)],
) -> Result<BTreeMap<(String, String), Decision>, CallError> {
    let keys = keys.iter().map(|(key, values)| {
        ContextEntry::builder()
            .context_key_name(key)
            .set_context_key_values(Some(values.clone()))
            .context_key_type(ContextKeyTypeEnum::String)
            .build()
    });
    let request = aws.iam.client.simulate_principal_policy();
    let request = request
        .policy_source_arn(principal)
        .set_resource_arns(Some(resources.to_vec()))
        .set_context_entries(Some(keys.collect()).filter(|keys: &Vec<_>| !keys.is_empty()));
    let request = request.set_action_names(Some(actions));
    let results = request.into_paginator().items().send().try_collect();
    let results = aws.iam.call("iam:SimulatePrincipalPolicy", results).await?;
    let results: Vec<EvaluationResult> = results;
    let decided = results.iter().flat_map(|result| {
        let action = result.eval_action_name();
        resources.iter().map(move |resource| {
            let key = (action.to_owned(), resource.clone());
            (key, decision(result, resource))
        })
    });
    Ok(decided.collect())
}
