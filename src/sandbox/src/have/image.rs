//! What images are made of, as far as it says for which processor they are: a manifest of one image
//! with its configuration, or an index of several (OCI image format specification; Docker image
//! manifest v2, schema 2).

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The processors that images can be for.
pub(crate) const PROCESSORS: [&str; 2] = ["amd64", "arm64"];

/// The path under which layers are, before the digest.
pub(crate) const LAYERS: &str = "/image-layers/";

/// The manifest of an image for `processors`, which stand with commas between them.
pub(super) fn manifest(processors: Option<&str>) -> String {
    let all: Vec<&str> = processors
        .into_iter()
        .flat_map(|all| all.split(','))
        .collect();
    let manifest = match all.as_slice() {
        [] => json!({"schemaVersion": 2}),
        [processor] => of_one(processor),
        several => {
            let images = several.iter().map(|processor| {
                let text = of_one(processor).to_string();
                json!({
                    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
                    "digest": digest(&text), "size": text.len(),
                    "platform": {"architecture": processor, "os": "linux"},
                })
            });
            json!({
                "schemaVersion": 2,
                "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
                "manifests": images.collect::<Vec<_>>(),
            })
        }
    };
    manifest.to_string()
}

fn of_one(processor: &str) -> Value {
    let text = text(processor);
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": digest(&text), "size": text.len(),
        },
        "layers": [],
    })
}

/// The configuration of an image that has this digest.
pub(crate) fn configuration(digest: &str) -> Option<String> {
    let mut all = PROCESSORS.iter().map(|processor| text(processor));
    all.find(|text| self::digest(text) == digest)
}

/// The configuration of an image without layers.
fn text(processor: &str) -> String {
    let rootfs = json!({"type": "layers", "diff_ids": []});
    json!({"architecture": processor, "os": "linux", "config": {}, "rootfs": rootfs}).to_string()
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    format!("sha256:{}", digits.collect::<String>())
}
