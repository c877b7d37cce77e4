//! Where a configuration sends metrics, whether it may, and whether tasks differ there.

use std::collections::BTreeSet;

use crate::{
    collector::{
        self,
        components::{Section, type_of},
        grants::Rights,
    },
    file::{
        arn::Arn,
        problem::Problems,
        tree::{Key, Span},
        yaml::{Value, Yaml},
    },
    kinds::task_definition::read::{
        Scope, WorkspaceOutline,
        collector::{
            CollectorContext, adot_version, cloudwatch,
            config::{Config, Pipeline},
            signer::{checked_signer, signer},
            variables::{fill_in, fills_in_bare_names},
        },
    },
    model::{
        address::Address,
        identity::{partition_of, query_url, remote_write_url},
        template::{Attribute, Reference, Template},
    },
};

/// The exporter of Prometheus remote write.
const REMOTE_WRITE: &[&str] = &["prometheusremotewrite"];
/// The processor that finds out which task this is.
const DETECTION: &[&str] = &["resourcedetection"];
/// Processors that can say it instead.
const LABELLING: &[&str] = &[
    "attributes",
    "metricstransform",
    "resource",
    "k8sattributes",
];
/// What the host of every endpoint of AMP begins with (AWS general reference, "Amazon Managed
/// Service for Prometheus endpoints and quotas").
const HOST: &str = "aps-workspaces";
/// Stands for the id of the stack's own workspace, which AWS decides.
const OWN_ID: &str = "ws-00000000-0000-0000-0000-000000000000";

/// A workspace that something is sent to.
struct Destination {
    region: String,
    id: String,
}

/// What the exporters of a configuration do in AWS.
pub(crate) fn rights(config: &Config, around: &CollectorContext<'_>) -> Rights {
    let mut rights = Rights::default();
    for (_, body) in config.of_type(Section::Exporters, REMOTE_WRITE) {
        let Some(Ok(Some(destination))) = endpoint(body, around).map(|(_, url)| url) else {
            continue;
        };
        let assumed = signer(config, body).and_then(|(_, signer)| {
            let role = signer.at(&["assume_role", "arn"])?.text()?;
            fill_in(role, &around.variables)
        });
        if let Some(role) = assumed {
            rights.assume.insert(role);
        } else {
            let arn = workspace_arn(&destination, around.scope);
            rights.remote_write.insert(arn);
        }
    }
    rights.traces = !config.of_type(Section::Exporters, &["awsxray"]).is_empty();
    for (key, body) in config.of_type(Section::Exporters, &["awsemf", "awscloudwatchlogs"]) {
        let is_emf = type_of(&key.text) == "awsemf";
        let by_default = if is_emf { "/metrics/*" } else { "*" };
        let group = body.get("log_group_name").and_then(Yaml::text);
        let group = group.and_then(|group| fill_in(group, &around.variables));
        let pattern = group.map_or_else(|| by_default.to_owned(), |g| without_placeholders(&g));
        let arn = around.scope.identity.log_group_arn(&pattern);
        rights.log_groups.insert(arn);
    }
    rights.put_metrics = cloudwatch::is_sent(config, around);
    rights.discovery = !config
        .of_type(Section::Extensions, &["ecs_observer"])
        .is_empty();
    rights
}

/// The name of a log group as a pattern: `{TaskId}` in it stands for what an exporter knows when it
/// sends (opentelemetry-collector-contrib, exporter/awsemfexporter, README, `log_group_name`).
fn without_placeholders(name: &str) -> String {
    let mut pattern = String::new();
    let mut rest = name;
    while let Some((before, after)) = rest.split_once('{') {
        pattern.push_str(before);
        pattern.push('*');
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    pattern + rest
}

/// Reports what is wrong with how metrics get to workspaces.
pub(crate) fn check(config: &Config, around: &CollectorContext<'_>, problems: &mut Problems) {
    for (key, body) in config.of_type(Section::Exporters, REMOTE_WRITE) {
        let Some((span, destination)) = endpoint(body, around) else {
            if body.get("endpoint").is_none() {
                let message = format!("the exporter `{}` has no `endpoint`", key.text);
                endpoint_help(config, &key.span, "sends nowhere", message, problems);
            }
            continue;
        };
        match destination {
            Ok(None) => {}
            Ok(Some(destination)) => {
                signature(config, (key, body), span, &destination, around, problems);
                for pipeline in config.pipelines() {
                    let exporters = pipeline.ids(Section::Exporters);
                    if exporters.iter().any(|(id, _)| *id == key.text.trim()) {
                        identity(config, &pipeline, (key, body), problems);
                    }
                }
            }
            Err(wrong) => {
                let message = format!("`endpoint` is no remote-write URL of a workspace: {wrong}");
                endpoint_help(config, span, "is not one", message, problems);
            }
        }
    }
}

fn endpoint_help(
    config: &Config,
    span: &Span,
    label: &str,
    message: String,
    problems: &mut Problems,
) {
    config
        .text
        .report(problems, "collector-endpoint", span, label, message)
        .help(format!(
            "write `${{workspace.remote_write_url}}` in a file, `$${{env:{}}}` in a stack file, or https://{HOST}.REGION.amazonaws.com/workspaces/ID/api/v1/remote_write",
            collector::ENDPOINT_VARIABLE
        ));
}

type Endpoint = Result<Option<Destination>, String>;

/// Where an exporter sends to: a workspace, something else, or nothing that can be meant. `None` if
/// it is not known.
fn endpoint<'c>(body: &'c Yaml, around: &CollectorContext<'_>) -> Option<(&'c Span, Endpoint)> {
    let written = body.get("endpoint")?;
    let text = written.text()?;
    if text.contains('$') && fills_in_bare_names(adot_version(around.image)) {
        return None;
    }
    let url = fill_in(text, &around.variables)?;
    let url = own_workspace(&url, around.scope);
    Some((&written.span, destination(&url)))
}

/// A URL in which references to the stack's workspace are those of one with an id that stands for
/// its own.
fn own_workspace(url: &str, scope: &Scope<'_>) -> String {
    let base = scope
        .identity
        .workspace_endpoint(&scope.identity.region, OWN_ID);
    let spelled = |attribute| {
        let address = Address::workspace();
        Reference { address, attribute }.to_string()
    };
    url.replace(
        &spelled(Attribute::RemoteWriteUrl),
        &remote_write_url(&base),
    )
    .replace(&spelled(Attribute::QueryUrl), &query_url(&base))
    .replace(&spelled(Attribute::Endpoint), &base)
    .replace(&spelled(Attribute::Id), OWN_ID)
}

/// The workspace whose remote-write URL this is (Amazon Managed Service for Prometheus user guide,
/// "Remote write URL").
fn destination(url: &str) -> Endpoint {
    if !url.contains(HOST) {
        let is_url = url.starts_with("http://") || url.starts_with("https://");
        return if is_url || url.contains("${") {
            Ok(None)
        } else {
            Err("it does not begin with https://".to_owned())
        };
    }
    let rest = url
        .strip_prefix("https://")
        .ok_or("it does not begin with https://")?;
    let (host, path) = rest.split_once('/').ok_or("it has no path")?;
    let region = host.split('.').nth(1).unwrap_or_default();
    if region.is_empty() {
        return Err(format!("`{host}` names no region"));
    }
    let id = path
        .strip_prefix("workspaces/")
        .ok_or("its path does not begin with /workspaces/")?;
    let (id, path) = id.split_once('/').unwrap_or((id, ""));
    if !id.starts_with("ws-") {
        return Err(format!("`{id}` is no id of a workspace"));
    }
    match path {
        "api/v1/remote_write" => Ok(Some(Destination {
            region: region.to_owned(),
            id: id.to_owned(),
        })),
        "" => Err("it ends before /api/v1/remote_write".to_owned()),
        other => Err(format!(
            "after the id comes `/{other}` and not /api/v1/remote_write"
        )),
    }
}

/// The ARN of a workspace: that of the stack, of one that the stack names, or of one in the stack's
/// account.
fn workspace_arn(destination: &Destination, scope: &Scope<'_>) -> Template {
    if destination.id == OWN_ID {
        return Template::from(Reference {
            address: Address::workspace(),
            attribute: Attribute::Arn,
        });
    }
    if let WorkspaceOutline::Existing { arn, .. } = &scope.workspace
        && Arn::parse(arn).is_some_and(|arn| arn.resource.ends_with(&destination.id))
    {
        return Template::from(arn.as_str());
    }
    let (region, account) = (&destination.region, &scope.identity.account);
    let partition = partition_of(region);
    let id = &destination.id;
    Template::from(format!(
        "arn:{partition}:aps:{region}:{account}:workspace/{id}"
    ))
}

/// AMP takes only what is signed, for the region that the workspace is in (Amazon Managed Service
/// for Prometheus user guide, "Security"; opentelemetry-collector-contrib,
/// extension/sigv4authextension).
fn signature(
    config: &Config,
    (key, body): (&Key, &Yaml),
    endpoint: &Span,
    destination: &Destination,
    around: &CollectorContext<'_>,
    problems: &mut Problems,
) {
    let mut refuse = |span: &Span, label: &str, message: String, help: &str| {
        config
            .text
            .report(problems, "collector-unsigned", span, label, message)
            .help(help.to_owned());
    };
    let id = &key.text;
    let Some(named) = body.at(&["auth", "authenticator"]) else {
        refuse(
            endpoint,
            "is not signed for",
            format!("the exporter `{id}` sends to a workspace and signs nothing"),
            "AMP answers 403 to everything: write `auth: {authenticator: sigv4auth}`",
        );
        return;
    };
    let Some((signer, settings)) = checked_signer(config, body, named, "AMP", &mut refuse) else {
        return;
    };
    let known = |key: &str| {
        let value = settings.get(key)?;
        let text = fill_in(value.text()?, &around.variables)?;
        Some((&value.span, text))
    };
    if let Some((span, service)) = known("service")
        && !matches!(service.as_str(), "" | "aps")
    {
        refuse(
            span,
            "another service",
            format!("`{}` signs for the service {service}", signer.text),
            "AMP is called `aps`, which is also what it is without `service`",
        );
    }
    // Without a region the extension takes the one in the host's name.
    if let Some((span, region)) = known("region")
        && !region.is_empty()
        && !region.contains("${")
        && region != destination.region
    {
        refuse(
            span,
            &format!("is {region}"),
            format!(
                "`{}` signs for {region}, and the workspace is in {}",
                signer.text, destination.region
            ),
            "AMP answers 403 to everything: write the region of the workspace",
        );
    }
}

/// Series of two tasks that have the same labels are one series to the workspace, which then
/// refuses samples (<https://github.com/aws-observability/aws-otel-collector/issues/1984>).
fn identity(
    config: &Config,
    pipeline: &Pipeline<'_>,
    (key, body): (&Key, &Yaml),
    problems: &mut Problems,
) {
    let scrapes = pipeline
        .ids(Section::Receivers)
        .iter()
        .filter_map(|(id, _)| config.component(Section::Receivers, id))
        .any(|(key, body)| type_of(&key.text) == "prometheus" && !discovers(body));
    let measures = pipeline.uses(Section::Receivers, &["awsecscontainermetrics"]);
    let labels = body.get("external_labels").map(Yaml::entries);
    let is_labelled = labels.is_some_and(|labels| !labels.is_empty())
        || pipeline.uses(Section::Processors, LABELLING);
    if is_labelled || !(scrapes || measures) {
        return;
    }
    let converts = body.at(&["resource_to_telemetry_conversion", "enabled"]);
    let converts = converts.is_some_and(|enabled| enabled.value != Value::Bool(false));
    if !converts {
        config
            .text
            .report(
                problems,
                "collector-tasks-alike",
                &key.span,
                "makes no labels of where metrics come from",
                format!(
                    "series of two tasks are the same after the exporter `{}`",
                    key.text
                ),
            )
            .help("write `resource_to_telemetry_conversion: {enabled: true}` for it");
    } else if scrapes && !pipeline.uses(Section::Processors, DETECTION) {
        config
            .text
            .report(
                problems,
                "collector-tasks-alike",
                &pipeline.key.span,
                "does not find out which task this is",
                format!(
                    "series of two tasks are the same after the pipeline `{}`",
                    pipeline.key.text
                ),
            )
            .help("add the processor `resourcedetection: {detectors: [env, ecs]}` to it");
    }
}

/// Returns whether a receiver `prometheus` finds targets elsewhere, so that they bear labels that
/// distinguish them.
fn discovers(receiver: &Yaml) -> bool {
    let scrapes = receiver.at(&["config", "scrape_configs"]);
    let scrapes = scrapes.map(Yaml::elements).unwrap_or_default();
    let labels = |scrape: &Yaml| {
        let keys: BTreeSet<&str> = scrape
            .entries()
            .iter()
            .map(|(k, _)| k.text.as_str())
            .collect();
        keys.iter().any(|key| key.ends_with("_sd_configs")) || keys.contains("relabel_configs")
    };
    scrapes.is_empty() || scrapes.iter().any(labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_remote_write_url_of_a_workspace_is_one() {
        let base = "https://aps-workspaces.eu-west-1.amazonaws.com";
        let url = |path: &str| destination(&format!("{base}{path}"));
        let found = url("/workspaces/ws-1/api/v1/remote_write");
        let found = found.ok().flatten().map(|found| (found.region, found.id));
        assert_eq!(found, Some(("eu-west-1".into(), "ws-1".into())));
        for path in [
            "",
            "/workspaces/ws-1",
            "/workspaces/ws-1/",
            "/workspaces/ws-1//api/v1/remote_write",
            "/workspaces/ws-1/api/v1/remote_write/",
            "/workspaces/ws-1/api/v1/query",
            "/workspaces/1/api/v1/remote_write",
            "/workspace/ws-1/api/v1/remote_write",
        ] {
            assert!(url(path).is_err(), "{path}");
        }
        assert!(destination(&format!("http{}", &base["https".len()..])).is_err());
        assert!(destination("$AWS_PROMETHEUS_ENDPOINT").is_err());
        for other in [
            "https://example.test/write",
            "http://localhost:9090/x",
            "${x.y}",
        ] {
            assert!(matches!(destination(other), Ok(None)), "{other}");
        }
    }

    #[test]
    fn placeholders_of_log_groups_become_patterns() {
        for (name, pattern) in [
            ("/a", "/a"),
            ("/a/{ClusterName}/b{TaskId}", "/a/*/b*"),
            ("/a/{b", "/a/*"),
        ] {
            assert_eq!(without_placeholders(name), pattern);
        }
    }
}
