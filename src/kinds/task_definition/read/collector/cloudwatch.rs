//! What a configuration sends to CloudWatch over OTLP, which takes only what is signed for it.

use crate::{
    collector::components::Section,
    file::{
        problem::Problems,
        tree::{Key, Span},
        yaml::Yaml,
    },
    kinds::task_definition::read::collector::{
        CollectorContext, config::Config, signer::checked_signer, variables::fill_in,
    },
};

/// The service that requests are signed for (CloudWatch user guide, "Send metrics using
/// OpenTelemetry").
const SERVICE: &str = "monitoring";

/// An exporter of OTLP, and the place of its endpoint, which is CloudWatch's.
struct Exporter<'c> {
    key: &'c Key,
    body: &'c Yaml,
    endpoint: &'c Span,
}

fn exporters<'c>(config: &'c Config, around: &CollectorContext<'_>) -> Vec<Exporter<'c>> {
    let all = config
        .of_type(Section::Exporters, &["otlphttp"])
        .into_iter();
    let found = all.filter_map(|(key, body)| {
        let endpoint = body.get("metrics_endpoint").or(body.get("endpoint"))?;
        let url = fill_in(endpoint.text()?, &around.variables)?;
        let host = url.strip_prefix("https://")?.split('/').next()?;
        let is_it = host.starts_with("monitoring.") && host.contains(".amazonaws.");
        is_it.then_some(Exporter {
            key,
            body,
            endpoint: &endpoint.span,
        })
    });
    found.collect()
}

/// Returns whether it sends anything there.
pub(crate) fn is_sent(config: &Config, around: &CollectorContext<'_>) -> bool {
    !exporters(config, around).is_empty()
}

/// Reports what CloudWatch would refuse. The extension finds out a service by the host of AMP and
/// of X-Ray, and not by this one
/// (<https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/48738>).
pub(crate) fn check(config: &Config, around: &CollectorContext<'_>, problems: &mut Problems) {
    for exporter in exporters(config, around) {
        let id = &exporter.key.text;
        let mut refuse = |span: &Span, label: &str, message: String, help: &str| {
            config
                .text
                .report(problems, "collector-unsigned", span, label, message)
                .help(help.to_owned());
        };
        let Some(named) = exporter.body.at(&["auth", "authenticator"]) else {
            let takes_token = exporter.body.get("headers").is_some();
            if !takes_token {
                refuse(
                    exporter.endpoint,
                    "is not signed for",
                    format!("the exporter `{id}` sends to CloudWatch and signs nothing"),
                    "CloudWatch answers 403 to everything: write `auth: {authenticator: sigv4auth}`",
                );
            }
            continue;
        };
        let found = checked_signer(config, exporter.body, named, "CloudWatch", &mut refuse);
        let Some((signer, settings)) = found else {
            continue;
        };
        let service = settings.get("service");
        let said = service.and_then(|service| fill_in(service.text()?, &around.variables));
        if service.is_none() || said.as_deref().is_some_and(|said| said != SERVICE) {
            let span = service.map_or(&signer.span, |service| &service.span);
            refuse(
                span,
                "signs for another service",
                format!(
                    "the exporter `{id}` sends to CloudWatch, and `{}` does not sign for it",
                    signer.text
                ),
                "write `service: monitoring`; an extension for AMP needs another name, such as `sigv4auth/cloudwatch`",
            );
        }
    }
}
