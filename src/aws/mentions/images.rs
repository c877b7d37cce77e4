//! Images in private repositories of Amazon ECR.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    aws::{Aws, json::IMAGES, mentions::missing_if},
    model::mention::{Mention, Presence},
};

/// The most images that `BatchGetImage` takes (ECR API reference):
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>.
pub(super) const MOST_IMAGES: usize = 100;
/// What a manifest can be. An index says for which processors its images are; of an image alone
/// only its configuration does, which would have to be downloaded.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// How calls name an image of a repository. Without either, a tag is meant (ECS API reference,
/// `ContainerDefinition`, `image`).
fn id(image: &str) -> Value {
    let path = image.split_once('/').map_or(image, |(_, path)| path);
    if let Some((_, digest)) = path.split_once('@') {
        return json!({"imageDigest": digest});
    }
    let tag = path.split_once(':').map_or("latest", |(_, tag)| tag);
    json!({"imageTag": tag})
}

/// What is known of images of one repository; the error is what is known of all of them.
pub(super) async fn look_up(
    aws: &Aws,
    region: &str,
    repository: &str,
    mentions: &[Mention],
) -> Result<Vec<(Mention, Presence)>, Presence> {
    let ids: Vec<Value> = mentions.iter().map(|one| id(&one.name)).collect();
    let input = json!({
        "repositoryName": repository, "imageIds": ids, "acceptedMediaTypes": MANIFESTS,
    });
    let answer = aws
        .json
        .ask((IMAGES, region), "ecr:BatchGetImage", input)
        .await;
    let answer = answer.map_err(|error| missing_if(&error, &["RepositoryNotFoundException"]))?;
    let images = answer["images"].as_array().map_or(&[][..], Vec::as_slice);
    let known = mentions.iter().map(|mention| {
        let id = id(&mention.name);
        let is_meant = |image: &&Value| {
            let found = &image["imageId"];
            let same = |member: &str| id[member].is_null() || id[member] == found[member];
            same("imageTag") && same("imageDigest")
        };
        let presence = images
            .iter()
            .find(is_meant)
            .map_or(Presence::Missing, |image| presence(&image["imageManifest"]));
        (mention.clone(), presence)
    });
    Ok(known.collect())
}

/// For which processors an image is, if its manifest says (OCI image index specification).
fn presence(manifest: &Value) -> Presence {
    let manifest = manifest
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    let manifests = manifest
        .as_ref()
        .and_then(|index| index["manifests"].as_array());
    let processors: BTreeSet<String> = manifests
        .into_iter()
        .flatten()
        .filter_map(|image| image["platform"]["architecture"].as_str())
        // What is no image, such as an attestation.
        .filter(|architecture| *architecture != "unknown")
        .map(str::to_owned)
        .collect();
    if processors.is_empty() {
        Presence::Fits
    } else {
        Presence::ForProcessors(processors)
    }
}
