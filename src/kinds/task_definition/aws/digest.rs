//! The digest of a revision: a tag that says what its document means, so that a revision that is
//! as it is wanted need not be described.
//!
//! A document never changes once it is registered, so what is true of it when it is tagged stays
//! true. Tags do change, and a new revision that is made from an old one by hand takes its tags
//! along (ECS developer guide, "Updating an Amazon ECS task definition using the console"), so the
//! tag names the number of the revision too. That number is foreseen when the revision is
//! registered, as one more than the newest that is known; AWS gives none that is smaller. So the
//! number in a tag is never greater than that of the revision that it was made for, and smaller
//! than that of every copy: a copy is never believed.

use uuid::{Uuid, uuid};

use crate::{
    kinds::task_definition::Document,
    model::{
        diff::Path,
        secret::{holds_secret, join_arguments},
    },
};

/// The version of what digests are made of. It has to be raised when the normal form of a document
/// changes: digests of another version prove nothing.
const SCHEME: u32 = 1;

/// The namespace of the digests (RFC 9562, section 5.5).
const NAMESPACE: Uuid = uuid!("9d1c6f0a-52c1-4f2b-8a3e-7f1f0c8f6d21");

/// The value of the tag of a revision that is registered with `document` and is expected to get
/// this number; `None` if the document gets no digest:
///
/// * With secrets in plain text, because whoever reads tags could try out which secret it is.
/// * With members that amp-stack does not know, which AWS may not keep.
pub(super) fn tag(document: &Document, number: u32) -> Option<String> {
    let shown = join_arguments(document.to_display_tree());
    let is_open = document.unknown().is_empty() && !holds_secret(&Path::default(), &shown);
    is_open.then(|| text(document, number))
}

/// Returns whether the value of a tag proves that the revision with this number says `document`,
/// in which everything is known.
pub(super) fn proves(tag: &str, number: u32, document: &Document) -> bool {
    is_for(tag, number) && tag == text(document, number)
}

/// Returns whether the value of a tag is one for the revision with this number.
pub(super) fn is_for(tag: &str, number: u32) -> bool {
    let mut parts = tag.split(':');
    let scheme = parts.next().and_then(|scheme| scheme.parse().ok());
    scheme == Some(SCHEME) && parts.next_back().and_then(|n| n.parse().ok()) == Some(number)
}

/// The value of the tag of the revision with this number, which says `document`. Tags take these
/// characters, and at most 256 of them (ECS API reference, `Tag`).
pub(super) fn text(document: &Document, number: u32) -> String {
    let normal = document.normal().to_json().to_string();
    let digest = Uuid::new_v5(&NAMESPACE, normal.as_bytes()).simple();
    format!("{SCHEME}:{digest}:{number}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::node::Node;

    fn document(value: &Value) -> Document {
        Document::new(Node::from(value))
    }

    fn web(image: &str) -> Value {
        json!({
            "cpu": "1 vCPU", "memory": "2 GB", "networkMode": "awsvpc",
            "requiresCompatibilities": ["FARGATE"],
            "containerDefinitions": [
                {"name": "web", "image": image, "portMappings": [{"containerPort": 80}],
                 "environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}],
                 "healthCheck": {"command": ["CMD", "/healthcheck"]},
                 "linuxParameters": {"maxSwap": 0, "devices": [{"hostPath": "/dev/x"}]}},
                {"name": "a", "image": "i", "essential": false, "command": []},
            ],
            "volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
        })
    }

    /// Whoever changes the normal form makes this test fail, and has to raise [`SCHEME`]: otherwise
    /// digests of the old form would be believed.
    #[test]
    fn digests_of_one_scheme_stay_what_they_are() {
        let tag = tag(&document(&web("app:1")), 7).unwrap();
        assert_eq!(tag, "1:a709ca7bab695afeafb907834a5a23e1:7");
    }

    #[test]
    fn a_digest_proves_one_document_of_one_revision() {
        let live = document(&web("app:1"));
        let tag = tag(&live, 7).unwrap();
        assert!(proves(&tag, 7, &live));
        // What means the same is the same.
        let mut echoed = web("app:1");
        echoed["cpu"] = json!("1024");
        echoed["containerDefinitions"][0]["essential"] = json!(true);
        assert!(proves(&tag, 7, &document(&echoed)));
        assert!(!proves(&tag, 8, &live), "a copy");
        assert!(!proves(&tag, 7, &document(&web("app:2"))));
        for strange in [
            "",
            "7",
            ":7",
            "2:x:7",
            "1::7",
            "1:7",
            &tag.replace("1:", "2:"),
        ] {
            assert!(!proves(strange, 7, &live), "{strange}");
        }
        assert!(is_for(&tag, 7) && !is_for(&tag, 8));
        assert!(!is_for(&tag.replace("1:", "2:"), 7), "another scheme");
    }

    #[test]
    fn what_holds_a_secret_or_something_unknown_gets_none() {
        let mut secret = web("app:1");
        secret["containerDefinitions"][0]["environment"] =
            json!([{"name": "DB_PASSWORD", "value": "hunter2"}]);
        assert_eq!(tag(&document(&secret), 1), None);
        let mut argument = web("app:1");
        argument["containerDefinitions"][0]["command"] = json!(["--password", "hunter2"]);
        assert_eq!(tag(&document(&argument), 1), None);
        let mut unknown = web("app:1");
        unknown["memberOfTomorrow"] = json!({"a": 1});
        assert_eq!(tag(&document(&unknown), 1), None);
    }
}
