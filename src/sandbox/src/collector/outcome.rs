//! What comes of a collector's requests.

use serde_json::{Map, Value};

use crate::{Context, World, amp, collector::Collector, ecs::members::Members};

/// What the workspace, or the way there, says to remote writes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    /// Samples arrive in this workspace of this region.
    Delivered { region: String, workspace: String },
    /// Each request is refused with this status and body.
    Refused { status: &'static str, body: String },
    /// No request gets there.
    Unreachable(String),
}

/// What comes of the remote writes of a task with this definition.
pub(crate) fn outcome(
    world: &World,
    cx: &Context<'_>,
    definition: &Map<String, Value>,
    collector: &Collector,
) -> Option<Outcome> {
    let endpoint = collector.endpoint.as_deref()?;
    let signed_for = collector.region.as_deref().unwrap_or(cx.region);
    let (region, path) = match at_home(world, endpoint) {
        // One address serves all regions here, so it is the signature that says which.
        Some(path) => (signed_for, path),
        None => match of_aws(endpoint)? {
            Ok(place) => place,
            Err(host) => {
                return Some(Outcome::Unreachable(format!(
                    "Post \"{endpoint}\": dial tcp: lookup {host}: no such host"
                )));
            }
        },
    };
    if lacks_service(world, collector) {
        return Some(refused("400 Bad Request", "there is no service ''"));
    }
    let Some(role) = definition.text("taskRoleArn") else {
        let text = "failed to retrieve credentials: failed to refresh cached credentials, no EC2 IMDS role found";
        return Some(Outcome::Unreachable(text.to_owned()));
    };
    if signed_for != region {
        return Some(forbidden("Credential should be scoped to a valid region. "));
    }
    let parts: Vec<&str> = path.split('/').collect();
    let ["workspaces", workspace, "api", "v1", "remote_write"] = parts.as_slice() else {
        return Some(not_found("UnknownOperationException"));
    };
    let Context {
        partition, account, ..
    } = cx;
    let resource = format!("arn:{partition}:aps:{region}:{account}:workspace/{workspace}");
    if !world.iam.may(role, "aps:RemoteWrite", &resource) {
        let name = role.rsplit('/').next().unwrap_or_default();
        return Some(forbidden(&format!(
            "User: arn:{partition}:sts::{account}:assumed-role/{name}/task is not authorized to perform: aps:RemoteWrite on resource: {resource} because no identity-based policy allows the aps:RemoteWrite action"
        )));
    }
    if !amp::takes_samples(world, region, workspace, cx.now_millis) {
        return Some(not_found("Workspace not found"));
    }
    Some(Outcome::Delivered {
        region: region.to_owned(),
        workspace: (*workspace).to_owned(),
    })
}

/// The path, if the endpoint is the sandbox's own.
fn at_home<'a>(world: &World, endpoint: &'a str) -> Option<&'a str> {
    let url = world.amp.public_url.as_deref()?;
    endpoint.strip_prefix(url)?.strip_prefix('/')
}

/// The region and the path of an endpoint of AWS, or else the host that nobody knows; nothing if it
/// is no URL.
fn of_aws(endpoint: &str) -> Option<Result<(&str, &str), &str>> {
    let (_, rest) = endpoint.split_once("://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let region = host
        .strip_prefix("aps-workspaces.")
        .and_then(|host| host.split_once(".amazonaws.com"));
    Some(region.map(|(region, _)| (region, path)).ok_or(host))
}

/// Returns whether requests are signed for no service: of a host that is not AWS's the signer can't
/// infer any (opentelemetry-collector-contrib, `extension/sigv4authextension`).
pub(super) fn lacks_service(world: &World, collector: &Collector) -> bool {
    let endpoint = collector.endpoint.as_deref().unwrap_or_default();
    at_home(world, endpoint).is_some() && collector.service.is_none()
}

fn forbidden(message: &str) -> Outcome {
    refused("403 Forbidden", message)
}

fn not_found(message: &str) -> Outcome {
    refused("404 Not Found", message)
}

fn refused(status: &'static str, message: &str) -> Outcome {
    Outcome::Refused {
        status,
        body: serde_json::json!({ "message": message }).to_string(),
    }
}
