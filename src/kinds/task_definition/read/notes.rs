//! What ECS takes of an application's containers, and may be regretted: notes, no mistakes.

use crate::{
    collector,
    file::tree::{Table, Tree},
    kinds::task_definition::read::{container_definitions, view::View},
    model::{
        region::{RegionName, nearest_region},
        secret::is_secret_value,
    },
};

/// The notes about the containers of a request, of which `metrics` asks the collector to scrape
/// some. The collector that `metrics` adds is none of them, because what amp-stack writes itself
/// needs none.
pub(super) fn of_containers(body: &Table, metrics: Option<&Tree>) -> Vec<String> {
    let containers = container_definitions(body);
    let of_images = containers.iter().flat_map(|container| {
        let image = container.known_at("image");
        let notes = image.map_or([None, None], |image| {
            [
                unpinned(container, image),
                unknown_registry(container, image),
            ]
        });
        notes.into_iter().flatten()
    });
    let secrets = containers.iter().flat_map(plain_secrets);
    let unseen = metrics.and_then(|metrics| unseen_port(metrics, containers));
    of_images.chain(secrets).chain(unseen).collect()
}

fn name(container: &Tree) -> &str {
    container.known_at("name").unwrap_or_default()
}

/// A tag that moves. ECS resolves it to a digest once for each deployment of a service (ECS
/// developer guide, "Container image resolution"), so the next deployment of the same revision may
/// run something else. A collector's image has a rule of its own.
fn unpinned(container: &Tree, image: &str) -> Option<String> {
    (!collector::is_pinned(image) && !collector::is_collector(image)).then(|| {
        format!(
            "the image `{image}` of container `{}` has no fixed version: the next deployment of the same revision may run another one",
            name(container)
        )
    })
}

/// A private registry of ECR in a region that nobody knows (ECR user guide, "Amazon ECR private
/// registry").
fn unknown_registry(container: &Tree, image: &str) -> Option<String> {
    let (_, rest) = image.split_once(".dkr.ecr.")?;
    let (region, _) = rest.split_once(".amazonaws.com")?;
    if matches!(RegionName::of(region), RegionName::Listed { .. }) {
        return None;
    }
    let meant = nearest_region(region);
    let meant = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Some(format!(
        "the image of container `{}` is in the region `{region}`, which amp-stack does not know{meant}",
        name(container)
    ))
}

/// Values in the environment that look like secrets: whoever may describe the task definition reads
/// them (ECS developer guide, "Pass sensitive data to an Amazon ECS container").
fn plain_secrets(container: &Tree) -> impl Iterator<Item = String> {
    let variables = container.list("environment").iter();
    variables.filter_map(|variable| {
        let (of, value) = (variable.known_at("name")?, variable.known_at("value")?);
        let is_plain = !value.starts_with("arn:") && is_secret_value(Some(of), value);
        is_plain.then(|| {
            format!(
                "`{of}` in the environment of container `{}` looks like a secret, and whoever may describe the task definition reads it: `secrets` takes it from Secrets Manager or Systems Manager",
                name(container)
            )
        })
    })
}

/// A port that the collector scrapes and no container declares, where they declare any. Within a
/// task they need not (ECS developer guide, "Amazon ECS task networking options for the Fargate
/// launch type"), so where several targets are scraped, somebody knew what they wrote.
fn unseen_port(metrics: &Tree, containers: &[Tree]) -> Option<String> {
    let [target] = metrics.list("scrape") else {
        return None;
    };
    let port = target.integer_at("port")?;
    let mappings = containers
        .iter()
        .flat_map(|container| container.list("portMappings"));
    let mut declared = Vec::new();
    for mapping in mappings {
        // A range may hold it.
        declared.push(mapping.integer_at("containerPort")?);
    }
    let is_elsewhere = target.at("host").is_some();
    if is_elsewhere || declared.is_empty() || declared.contains(&port) {
        return None;
    }
    let there: Vec<String> = declared.iter().map(ToString::to_string).collect();
    Some(format!(
        "the collector scrapes port {port}, which no container declares; they declare {}",
        there.join(", ")
    ))
}
