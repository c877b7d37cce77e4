//! Looks up what stacks name and do not make: of everything but what the kinds list anyway.
//!
//! Nothing here fails a plan: what can't be seen is said.

mod images;
mod stores;

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::{Aws, all, error::is_denied},
    model::{
        call::CallError,
        identity::Identity,
        mention::{Mention, Presence, Unfit, What},
        query::Query,
    },
};

/// What one or a few requests answer.
#[derive(Debug)]
struct Batch {
    what: What,
    /// The region of all of it.
    region: String,
    /// The repository of all of it, of images.
    repository: String,
    mentions: Vec<Mention>,
    /// The images among them of which it matters for which processor they are.
    for_processors: BTreeSet<Mention>,
}

/// What is known of what `queries` mention.
pub(crate) async fn observe(
    aws: &Aws,
    queries: &[Query],
) -> Result<BTreeMap<Mention, Presence>, CallError> {
    let mut known = BTreeMap::new();
    let mut batches: BTreeMap<_, Batch> = BTreeMap::new();
    for query in queries {
        for mention in &query.mentions {
            match batch_of(mention, &query.identity) {
                Some(Ok((key, batch))) => {
                    let batch = batches.entry(key).or_insert(batch);
                    if !batch.mentions.contains(mention) {
                        batch.mentions.push(mention.clone());
                    }
                    if query.images_for_processors.contains(mention) {
                        batch.for_processors.insert(mention.clone());
                    }
                }
                Some(Err(presence)) => _ = known.insert(mention.clone(), presence),
                None => {}
            }
        }
    }
    let batches: Vec<Batch> = batches.values().flat_map(in_pages).collect();
    let answers = all(batches, |batch| {
        let aws = aws.clone();
        async move { Ok(look_up(&aws, batch).await) }
    });
    known.extend(answers.await?.into_iter().flatten());
    Ok(known)
}

/// With which others something is asked for: what it is, its region, and what else sets requests
/// apart.
type Key = (What, String, String);

/// The batch that `mention` is asked for in. An error is what is known without asking; nothing is
/// what the kinds read.
fn batch_of(mention: &Mention, here: &Identity) -> Option<Result<(Key, Batch), Presence>> {
    let what = mention.what;
    let own = |region: &str, apart: &str| {
        let batch = Batch {
            what,
            region: region.to_owned(),
            repository: apart.to_owned(),
            mentions: Vec::new(),
            for_processors: BTreeSet::new(),
        };
        let key = (what, region.to_owned(), apart.to_owned());
        Some(Ok((key, batch)))
    };
    let (region, account) = mention.place(here);
    if account != here.account && what != What::Policy && what != What::Role {
        let why = format!(
            "{} is of the account {account}, which is not looked into",
            mention.name
        );
        return Some(Err(Presence::Unseen(why)));
    }
    match what {
        What::LogGroup | What::Role | What::Workspace => None,
        What::Parameter => own(region, ""),
        What::Image => own(region, mention.repository()),
        What::AccessPoint | What::FileSystem | What::Key | What::Policy | What::Secret => {
            own(region, &mention.name)
        }
    }
}

/// As many batches as take no more at once than a request may ask for.
fn in_pages(batch: &Batch) -> Vec<Batch> {
    let most = match batch.what {
        What::Parameter => stores::MOST_PARAMETERS,
        What::Image => images::MOST_IMAGES,
        What::AccessPoint
        | What::FileSystem
        | What::Key
        | What::LogGroup
        | What::Policy
        | What::Role
        | What::Secret
        | What::Workspace => 1,
    };
    let pages = batch.mentions.chunks(most).map(|mentions| Batch {
        what: batch.what,
        region: batch.region.clone(),
        repository: batch.repository.clone(),
        mentions: mentions.to_vec(),
        for_processors: batch.for_processors.clone(),
    });
    pages.collect()
}

async fn look_up(aws: &Aws, batch: Batch) -> Vec<(Mention, Presence)> {
    let Batch {
        what,
        region,
        repository,
        mentions,
        for_processors,
    } = batch;
    let each = |presence: Presence| {
        let mentions = mentions.iter();
        mentions
            .map(|one| (one.clone(), presence.clone()))
            .collect()
    };
    let name = mentions.first().map_or("", |mention| mention.name.as_str());
    match what {
        What::LogGroup | What::Role | What::Workspace => Vec::new(),
        What::Policy => each(policy(aws, name).await),
        What::Secret => each(stores::secret(aws, &region, name).await),
        What::Key => each(stores::key(aws, &region, name).await),
        What::AccessPoint => each(stores::access_point(aws, &region, name).await),
        What::FileSystem => each(stores::file_system(aws, &region, name).await),
        What::Parameter => match stores::parameters(aws, &region, &mentions).await {
            Ok(known) => known,
            Err(error) => each(Presence::Unseen(unseen(&error))),
        },
        What::Image => {
            let images = images::Images {
                aws,
                region: &region,
                repository: &repository,
            };
            match images.look_up(&mentions, &for_processors).await {
                Ok(known) => known,
                Err(presence) => each(presence),
            }
        }
    }
}

/// IAM API reference, `GetPolicy`.
async fn policy(aws: &Aws, arn: &str) -> Presence {
    let request = aws.iam.client.get_policy().policy_arn(arn).send();
    match aws.iam.call("iam:GetPolicy", request).await {
        Ok(answer) => match answer.policy() {
            Some(policy) if !policy.is_attachable() => Presence::Unfit(Unfit::NotAttachable),
            Some(_) | None => Presence::Fits,
        },
        Err(error) => missing_if(&error, &["NoSuchEntity"]),
    }
}

/// Not there, if that is what the error says, or else unseen.
fn missing_if(error: &CallError, codes: &[&str]) -> Presence {
    if error
        .code
        .as_deref()
        .is_some_and(|code| codes.contains(&code))
    {
        Presence::Missing
    } else {
        Presence::Unseen(unseen(error))
    }
}

/// Why something could not be seen, and what to do about it if that is not to allow it.
pub(crate) fn unseen(error: &CallError) -> String {
    if is_denied(error.code.as_deref()) {
        return format!("{} is denied", error.operation);
    }
    match &error.hint {
        Some(hint) => format!("{error}: {hint}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::script::{self, Answer, Asked, Script};

    const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3";
    const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/app:1";

    async fn seen(mention: (What, &str), script: &Script) -> Presence {
        let mention = Mention::new(mention.0, mention.1);
        let mut query = script::query();
        query.mentions.insert(mention.clone());
        let known = observe(&script.aws(), &[query]).await.unwrap();
        known[&mention].clone()
    }

    /// What each service says of what is there, and of what is not.
    #[tokio::test]
    async fn answers_are_read() {
        let unfit = |why| Presence::Unfit(why);
        let error = |code: &str| Answer::error(400, code, "said so");
        let key = |state: &str, spec: &str| {
            let metadata =
                json!({"KeyState": state, "KeySpec": spec, "KeyUsage": "ENCRYPT_DECRYPT"});
            Answer::json(&json!({"KeyMetadata": metadata}))
        };
        let index = json!({"manifests": [
            {"platform": {"architecture": "amd64"}}, {"platform": {"architecture": "unknown"}},
        ]});
        let image = json!({"imageId": {"imageTag": "1"}, "imageManifest": index.to_string()});
        let amd64 = Presence::ForProcessors(["amd64".to_owned()].into());
        let efs = |states: &[&str]| {
            let systems: Vec<_> = states
                .iter()
                .map(|s| json!({"LifeCycleState": s}))
                .collect();
            Answer::json(&json!({"FileSystems": systems}))
        };
        for (mention, answer, expected) in [
            (
                (What::Secret, SECRET),
                Answer::json(&json!({"Name": "db"})),
                Presence::Fits,
            ),
            (
                (What::Secret, SECRET),
                Answer::json(&json!({"DeletedDate": 1.0})),
                unfit(Unfit::SecretDeleted),
            ),
            (
                (What::Secret, SECRET),
                error("ResourceNotFoundException"),
                Presence::Missing,
            ),
            (
                (What::Key, KEY),
                key("Enabled", "SYMMETRIC_DEFAULT"),
                Presence::Fits,
            ),
            (
                (What::Key, KEY),
                key("PendingDeletion", "SYMMETRIC_DEFAULT"),
                unfit(Unfit::KeyNotEnabled),
            ),
            (
                (What::Key, KEY),
                key("Enabled", "RSA_2048"),
                unfit(Unfit::KeyNotSymmetric),
            ),
            (
                (What::Key, KEY),
                error("NotFoundException"),
                Presence::Missing,
            ),
            (
                (What::Parameter, "/a"),
                Answer::json(&json!({"Parameters": [{"Name": "/a"}]})),
                Presence::Fits,
            ),
            (
                (What::Parameter, "/a"),
                Answer::json(&json!({"Parameters": []})),
                Presence::Missing,
            ),
            (
                (What::Image, IMAGE),
                Answer::json(&json!({"images": [image], "failures": []})),
                amd64,
            ),
            (
                (What::Image, IMAGE),
                Answer::json(
                    &json!({"images": [{"imageId": {"imageTag": "1"}, "imageManifest": "{}"}]}),
                ),
                Presence::Fits,
            ),
            (
                (What::Image, IMAGE),
                Answer::json(
                    &json!({"images": [], "failures": [{"imageId": {"imageTag": "1"}, "failureCode": "ImageNotFound"}]}),
                ),
                Presence::Missing,
            ),
            (
                (What::Image, IMAGE),
                error("RepositoryNotFoundException"),
                Presence::Missing,
            ),
            (
                (What::FileSystem, "fs-1"),
                efs(&["available"]),
                Presence::Fits,
            ),
            (
                (What::FileSystem, "fs-1"),
                efs(&["deleting"]),
                Presence::Missing,
            ),
            (
                (What::AccessPoint, "fsap-1"),
                Answer::json(&json!({"AccessPoints": [
                    {"LifeCycleState": "available", "FileSystemId": "fs-1"},
                ]})),
                Presence::OfFileSystem("fs-1".to_owned()),
            ),
            (
                (What::AccessPoint, "fsap-1"),
                Answer::json(&json!({"AccessPoints": [
                    {"LifeCycleState": "deleting", "FileSystemId": "fs-1"},
                ]})),
                Presence::Missing,
            ),
            (
                (What::AccessPoint, "fsap-1"),
                Answer::Http(404, json!({"ErrorCode": "AccessPointNotFound"}).to_string()),
                Presence::Missing,
            ),
            (
                (What::FileSystem, "fs-1"),
                Answer::Http(
                    404,
                    json!({"ErrorCode": "FileSystemNotFound", "Message": "no"}).to_string(),
                ),
                Presence::Missing,
            ),
        ] {
            let script = Script::new(move |_: &Asked| answer.clone());
            assert_eq!(seen(mention, &script).await, expected, "{mention:?}");
        }
    }

    /// Of an image alone its configuration is downloaded, and only if somebody needs to know.
    #[tokio::test]
    async fn the_processor_of_an_image_alone_is_downloaded() {
        let configuration = |size: u64| {
            json!({
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "digest": "sha256:c", "size": size,
            })
        };
        let amd64 = || Answer::json(&json!({"architecture": "amd64", "os": "linux"}));
        let denied = Answer::error(400, "AccessDeniedException", "no");
        let url = json!({"downloadUrl": "https://layers.example/a%2Fb/c?X-Amz-Signature=d"});
        let is_for = Presence::ForProcessors(["amd64".to_owned()].into());
        let unseen = |why: &str| Presence::ForUnseenProcessor(why.to_owned());
        for (size, url, layer, expected) in [
            (2_000, Answer::json(&url), amd64(), is_for),
            (
                2_000,
                denied,
                amd64(),
                unseen("ecr:GetDownloadUrlForLayer is denied"),
            ),
            (
                2_000,
                Answer::json(&url),
                Answer::Http(403, String::new()),
                unseen(
                    "the configuration of an image: its download is answered with HTTP status 403",
                ),
            ),
            (
                2_000,
                Answer::json(&url),
                Answer::ok("{}"),
                unseen("the configuration of an image: it names no processor"),
            ),
            (1 << 30, Answer::json(&url), amd64(), Presence::Fits),
        ] {
            let manifest = json!({"schemaVersion": 2, "config": configuration(size)});
            let script = Script::new(move |asked: &Asked| match asked.operation.as_str() {
                "BatchGetImage" => Answer::json(&json!({"images": [{
                    "imageId": {"imageTag": "1"}, "imageManifest": manifest.to_string(),
                }]})),
                "GetDownloadUrlForLayer" => url.clone(),
                _ => layer.clone(),
            });
            let mention = Mention::new(What::Image, IMAGE);
            let mut query = script::query();
            query.mentions.insert(mention.clone());
            let known = observe(&script.aws(), &[query.clone()]).await.unwrap();
            assert_eq!(known[&mention], Presence::Fits);
            assert_eq!(script.operations(), ["BatchGetImage"]);
            query.images_for_processors.insert(mention.clone());
            let known = observe(&script.aws(), &[query]).await.unwrap();
            assert_eq!(known[&mention], expected);
            for asked in script.asked() {
                if asked.operation == "GET /a%2Fb/c" {
                    // The URL is signed, and taken as it is.
                    assert_eq!(
                        asked.uri,
                        "https://layers.example/a%2Fb/c?X-Amz-Signature=d"
                    );
                    assert_eq!(asked.headers.get("authorization"), None);
                }
            }
        }
    }

    #[tokio::test]
    async fn a_denial_is_said_and_fails_nothing() {
        for (mention, operation) in [
            ((What::Secret, SECRET), "secretsmanager:DescribeSecret"),
            ((What::Key, KEY), "kms:DescribeKey"),
            ((What::Parameter, "/a"), "ssm:DescribeParameters"),
            ((What::Image, IMAGE), "ecr:BatchGetImage"),
            (
                (What::FileSystem, "fs-1"),
                "elasticfilesystem:DescribeFileSystems",
            ),
            (
                (What::AccessPoint, "fsap-1"),
                "elasticfilesystem:DescribeAccessPoints",
            ),
        ] {
            let script = Script::new(|_| Answer::error(400, "AccessDeniedException", "no"));
            let expected = Presence::Unseen(format!("{operation} is denied"));
            assert_eq!(seen(mention, &script).await, expected);
        }
        // Another account is not looked into.
        let script = Script::new(|_| panic!("nobody is asked"));
        let other = SECRET.replace("111122223333", "999988887777");
        let seen = seen((What::Secret, &other), &script).await;
        assert!(
            matches!(&seen, Presence::Unseen(why) if why.contains("999988887777")),
            "{seen:?}"
        );
    }

    /// Several of a kind take one request where the service answers for several.
    #[tokio::test]
    async fn what_can_be_asked_for_together_is() {
        let script = Script::new(|asked| match asked.operation.as_str() {
            "DescribeParameters" => {
                Answer::json(&json!({"Parameters": [{"Name": "/b"}, {"Name": "c"}]}))
            }
            _ => Answer::json(
                &json!({"images": [{"imageId": {"imageTag": "1"}}, {"imageId": {"imageDigest": "sha256:1"}}]}),
            ),
        });
        let mut query = script::query();
        let arn = "arn:aws:ssm:us-east-1:111122223333:parameter/c";
        let digest = IMAGE.replace(":1", "@sha256:1");
        for (what, name) in [
            (What::Parameter, "/a"),
            (What::Parameter, "/b"),
            (What::Parameter, arn),
            (What::Image, IMAGE),
            (What::Image, &digest),
        ] {
            query.mentions.insert(Mention::new(what, name));
        }
        let known = observe(&script.aws(), &[query.clone(), query])
            .await
            .unwrap();
        assert_eq!(script.operations().len(), 2, "{:?}", script.operations());
        let missing: Vec<String> = known
            .iter()
            .filter(|(_, presence)| **presence == Presence::Missing)
            .map(|(mention, _)| mention.to_string())
            .collect();
        assert_eq!(missing, ["ssm:/a"]);
    }
}
