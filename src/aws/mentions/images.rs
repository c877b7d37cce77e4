//! Images in private repositories of Amazon ECR.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    aws::{
        Aws, all,
        json::IMAGES,
        mentions::{missing_if, unseen},
    },
    model::mention::{Mention, Presence},
};

/// The most images that `BatchGetImage` takes (ECR API reference):
/// <https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html>.
pub(super) const MOST_IMAGES: usize = 100;
/// What a manifest can be. An index says for which processors its images are; of an image alone
/// only its configuration does, which has to be downloaded.
const MANIFESTS: [&str; 4] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
];

/// What the configuration of an image can be (OCI image specification, "Image Configuration";
/// Docker image manifest v2, schema 2). Other artifacts have others.
const CONFIGURATIONS: [&str; 2] = [
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
];
/// The longest configuration that is downloaded, in bytes; one has a few kilobytes.
const LONGEST_CONFIGURATION: u64 = 1 << 20;

/// The images of one repository.
#[derive(Clone, Copy, Debug)]
pub(super) struct Images<'a> {
    pub(super) aws: &'a Aws,
    pub(super) region: &'a str,
    pub(super) repository: &'a str,
}

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

impl Images<'_> {
    /// What is known of `mentions`; the error is what is known of all of them. Of those among
    /// `for_processors` it is found out for which processor they are.
    pub(super) async fn look_up(
        self,
        mentions: &[Mention],
        for_processors: &BTreeSet<Mention>,
    ) -> Result<Vec<(Mention, Presence)>, Presence> {
        let ids: Vec<Value> = mentions.iter().map(|one| id(&one.name)).collect();
        let operation = "ecr:BatchGetImage";
        let input = json!({
            "repositoryName": self.repository, "imageIds": ids, "acceptedMediaTypes": MANIFESTS,
        });
        let answer = self.aws.json.ask((IMAGES, self.region), operation, input);
        let answer = answer
            .await
            .map_err(|error| missing_if(&error, &["RepositoryNotFoundException"]))?;
        let images = answer["images"].as_array().map_or(&[][..], Vec::as_slice);
        let mut known = Vec::new();
        let mut alone = Vec::new();
        for mention in mentions {
            let id = id(&mention.name);
            let is_meant = |image: &&Value| {
                let found = &image["imageId"];
                let same = |member: &str| id[member].is_null() || id[member] == found[member];
                same("imageTag") && same("imageDigest")
            };
            let manifest = match images.iter().find(is_meant) {
                None => {
                    known.push((mention.clone(), Presence::Missing));
                    continue;
                }
                Some(image) => manifest(&image["imageManifest"]),
            };
            match configuration(&manifest).filter(|_| for_processors.contains(mention)) {
                Some(digest) => alone.push((mention.clone(), digest)),
                None => known.push((mention.clone(), of_index(&manifest))),
            }
        }
        let downloaded = all(alone, |(mention, digest)| {
            let (aws, region) = (self.aws.clone(), self.region.to_owned());
            let repository = self.repository.to_owned();
            async move {
                let images = Images {
                    aws: &aws,
                    region: &region,
                    repository: &repository,
                };
                let presence = match images.processor(&digest).await {
                    Ok(processor) => Presence::ForProcessors([processor].into()),
                    Err(why) => Presence::ForUnseenProcessor(why),
                };
                Ok((mention, presence))
            }
        });
        let downloaded = downloaded.await;
        known.extend(downloaded.map_err(|error| Presence::Unseen(unseen(&error)))?);
        Ok(known)
    }

    /// For which processor an image is, by its configuration; the error says why that is not known.
    async fn processor(self, digest: &str) -> Result<String, String> {
        let operation = "ecr:GetDownloadUrlForLayer";
        let input = json!({"repositoryName": self.repository, "layerDigest": digest});
        let answer = self.aws.json.ask((IMAGES, self.region), operation, input);
        let answer = answer.await.map_err(|error| unseen(&error))?;
        let url = answer["downloadUrl"].as_str();
        let url = url.ok_or_else(|| format!("{operation} names no URL"))?;
        let of_image = |why| format!("the configuration of an image: {why}");
        let text = self.aws.json.client.download(url).await.map_err(of_image)?;
        let configuration: Value = serde_json::from_slice(&text).unwrap_or_default();
        let processor = configuration["architecture"].as_str();
        processor
            .map(str::to_owned)
            .ok_or_else(|| of_image("it names no processor".to_owned()))
    }
}

fn manifest(text: &Value) -> Value {
    let manifest = text
        .as_str()
        .and_then(|text| serde_json::from_str::<Value>(text).ok());
    manifest.unwrap_or_default()
}

/// The digest of the configuration of an image alone, if it is of a size to be downloaded.
fn configuration(manifest: &Value) -> Option<String> {
    let configuration = &manifest["config"];
    let kind = configuration["mediaType"].as_str()?;
    let is_short = configuration["size"].as_u64()? <= LONGEST_CONFIGURATION;
    let digest = configuration["digest"].as_str()?;
    (CONFIGURATIONS.contains(&kind) && is_short).then(|| digest.to_owned())
}

/// For which processors an image is, if its manifest is an index (OCI image index specification).
fn of_index(manifest: &Value) -> Presence {
    let processors: BTreeSet<String> = manifest["manifests"]
        .as_array()
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
