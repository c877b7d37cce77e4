//! What an account has of services of which the sandbox answers nothing but whether something is
//! there: secrets, parameters, keys, images and file systems. It has what its settings name; of a
//! service of which they name nothing, it has whatever is asked for.

pub(crate) mod image;

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Answer, Context, Refusal, World, iam,
    service::{Input, Outcome},
    wire::Service,
};

/// Something that an account has: `secret:db`, `ecr:checkout:1.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Have {
    kind: Kind,
    name: String,
}

/// What kind of thing it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Secret,
    Ssm,
    Kms,
    Ecr,
    Efs,
    Policy,
}

const KINDS: [(&str, Kind); 6] = [
    ("secret", Kind::Secret),
    ("ssm", Kind::Ssm),
    ("kms", Kind::Kms),
    ("ecr", Kind::Ecr),
    ("efs", Kind::Efs),
    ("policy", Kind::Policy),
];

/// A text that names nothing that an account can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is spelled ssm:NAME, secret:NAME, kms:ID, kms:alias/NAME, ecr:REPOSITORY:TAG, ecr:REPOSITORY:TAG=PROCESSOR,… (amd64 or arm64), efs:ID, efs:ID/ACCESS-POINT or policy:NAME"
)]
pub struct NoHave;

impl FromStr for Have {
    type Err = NoHave;

    fn from_str(text: &str) -> Result<Self, NoHave> {
        let (prefix, name) = text.split_once(':').ok_or(NoHave)?;
        let kind = KINDS.into_iter().find(|(known, _)| *known == prefix);
        let (_, kind) = kind.filter(|_| !name.is_empty()).ok_or(NoHave)?;
        let is_whole = match kind {
            Kind::Ecr => {
                let (image, processors) = parts(name, '=');
                let is_known = |one: &str| image::PROCESSORS.contains(&one);
                let is_tagged = image.split_once([':', '@']);
                is_tagged.is_some_and(|(_, tag)| !tag.is_empty())
                    && processors.is_none_or(|all| all.split(',').all(is_known))
            }
            Kind::Efs => parts(name, '/').1.is_none_or(|point| !point.is_empty()),
            Kind::Policy => name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"+=,.@_-".contains(&b)),
            Kind::Secret | Kind::Ssm | Kind::Kms => !name.starts_with("arn:"),
        };
        let name = name.to_owned();
        is_whole.then_some(Self { kind, name }).ok_or(NoHave)
    }
}

/// What stands before and after the first `between`.
fn parts(name: &str, between: char) -> (&str, Option<&str>) {
    name.split_once(between)
        .map_or((name, None), |(before, after)| (before, Some(after)))
}

impl Have {
    /// The name of the customer managed policy that it is, if it is one: those are IAM's.
    fn policy(&self) -> Option<&str> {
        (self.kind == Kind::Policy).then_some(self.name.as_str())
    }
}

/// What the account has by its settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    things: BTreeSet<Have>,
}

impl State {
    pub(crate) fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// Returns whether it has one of `kind` that `is_meant`.
    fn has(&self, kind: Kind, is_meant: impl Fn(&str) -> bool) -> bool {
        let mut names = self.names(kind);
        names.clone().next().is_none() || names.any(is_meant)
    }

    /// The names of what it has of `kind`.
    fn names(&self, kind: Kind) -> impl Iterator<Item = &str> + Clone {
        let of_kind = self.things.iter().filter(move |thing| thing.kind == kind);
        of_kind.map(|thing| thing.name.as_str())
    }
}

/// Lets `world` have these things, too.
pub(crate) fn add(world: &mut World, account: &str, now_millis: u64, things: Vec<Have>) {
    // Only policies are somebody's, and IAM has no regions.
    let cx = Context {
        account,
        region: "us-east-1",
        partition: "aws",
        now_millis,
    };
    for thing in things {
        match thing.policy() {
            Some(name) => iam::have_policy(world, &cx, name),
            None => _ = world.have.things.insert(thing),
        }
    }
}

/// Performs `operation` of one of these services.
pub fn call(
    world: &World,
    cx: &Context<'_>,
    service: Service,
    operation: &str,
    input: &Input,
) -> Outcome {
    match (service, operation) {
        (Service::Secrets, "DescribeSecret") => secret(&world.have, cx, input),
        (Service::Ssm, "DescribeParameters") => parameters(&world.have, input),
        (Service::Kms, "DescribeKey") => key(&world.have, cx, input),
        (Service::Ecr, "BatchGetImage") => images(&world.have, cx, input),
        (Service::Ecr, "GetDownloadUrlForLayer") => layer(input),
        (Service::Efs, "DescribeFileSystems") => file_systems(&world.have, cx, input),
        (Service::Efs, "DescribeAccessPoints") => access_points(&world.have, cx, input),
        (_, unknown) => Err(Refusal::new(400, "UnknownOperationException", unknown)),
    }
}

fn text<'a>(input: &'a Input, member: &str) -> Result<&'a str, Refusal> {
    let text = input.get(member).and_then(Value::as_str);
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| Refusal::new(400, "ValidationException", format!("{member} is missing")))
}

/// Secrets Manager API reference, `DescribeSecret`. To the name of a secret its ARN adds a hyphen
/// and six characters, which may be left out (same reference, `SecretId`).
fn secret(have: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let id = text(input, "SecretId")?;
    let named = id.split_once(":secret:").map_or(id, |(_, name)| name);
    let is_meant = |name: &str| {
        let added = named.strip_prefix(name);
        let added = added.and_then(|rest| rest.strip_prefix('-'));
        named == name || added.is_some_and(|six| six.len() == 6)
    };
    if !have.has(Kind::Secret, is_meant) {
        let message = "Secrets Manager can't find the specified secret.";
        return Err(Refusal::new(400, "ResourceNotFoundException", message));
    }
    let arn = format!(
        "arn:{}:secretsmanager:{}:{}:secret:{named}",
        cx.partition, cx.region, cx.account
    );
    Ok(Answer::ok(json!({"ARN": arn, "Name": named})))
}

/// Systems Manager API reference, `DescribeParameters`, with the filter for names that equal one.
fn parameters(have: &State, input: &Input) -> Outcome {
    let filters = input.get("ParameterFilters").and_then(Value::as_array);
    let filters = filters.ok_or_else(|| {
        let message = "the sandbox lists parameters only by their names";
        Refusal::new(400, "ValidationException", message)
    })?;
    let names = filters.iter().filter(|filter| {
        filter["Key"] == "Name" && ["Equals", ""].contains(&filter["Option"].as_str().unwrap_or(""))
    });
    let asked = names.flat_map(|filter| filter["Values"].as_array().into_iter().flatten());
    let asked = asked.filter_map(Value::as_str);
    let found = asked.filter(|name| have.has(Kind::Ssm, |known| known == *name));
    let found = found.map(|name| json!({"Name": name, "Type": "String", "Version": 1}));
    Ok(Answer::ok(json!({"Parameters": found.collect::<Vec<_>>()})))
}

/// KMS API reference, `DescribeKey`: by id, ARN, `alias/NAME` or the ARN of that.
fn key(have: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let asked = text(input, "KeyId")?;
    let id = asked.rsplit(':').next().unwrap_or(asked);
    let id = id.strip_prefix("key/").unwrap_or(id);
    if !have.has(Kind::Kms, |known| known == id) {
        let message = format!("Key '{asked}' does not exist");
        return Err(Refusal::new(400, "NotFoundException", message));
    }
    let arn = format!(
        "arn:{}:kms:{}:{}:key/{id}",
        cx.partition, cx.region, cx.account
    );
    Ok(Answer::ok(json!({"KeyMetadata": {
        "KeyId": id, "Arn": arn, "AWSAccountId": cx.account, "Enabled": true,
        "KeyState": "Enabled", "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT",
    }})))
}

/// ECR API reference, `BatchGetImage`: what is not there is a failure, and no error.
fn images(have: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let repository = text(input, "repositoryName")?;
    let is_of = |known: &str| known.split([':', '@']).next() == Some(repository);
    if !have.has(Kind::Ecr, is_of) {
        let message = format!(
            "The repository with name '{repository}' does not exist in the registry with id '{}'",
            cx.account
        );
        return Err(Refusal::new(400, "RepositoryNotFoundException", message));
    }
    let ids = input.get("imageIds").and_then(Value::as_array);
    let (mut images, mut failures) = (Vec::new(), Vec::new());
    for id in ids.into_iter().flatten() {
        let spelled = match (id["imageTag"].as_str(), id["imageDigest"].as_str()) {
            (_, Some(digest)) => format!("{repository}@{digest}"),
            (tag, None) => format!("{repository}:{}", tag.unwrap_or_default()),
        };
        if have.has(Kind::Ecr, |known| parts(known, '=').0 == spelled) {
            let mut known = have.names(Kind::Ecr).map(|known| parts(known, '='));
            let processors = known.find_map(|(image, processors)| {
                let is_meant = image == spelled;
                processors.filter(|_| is_meant)
            });
            images.push(json!({
                "registryId": cx.account, "repositoryName": repository, "imageId": id,
                "imageManifest": image::manifest(processors),
            }));
        } else {
            failures.push(json!({
                "imageId": id, "failureCode": "ImageNotFound",
                "failureReason": "Requested image not found",
            }));
        }
    }
    Ok(Answer::ok(json!({"images": images, "failures": failures})))
}

/// ECR API reference, `GetDownloadUrlForLayer`: where the layer is, from the root of the host that
/// was asked, which whoever sends the answer puts before it.
fn layer(input: &Input) -> Outcome {
    let digest = text(input, "layerDigest")?;
    if image::configuration(digest).is_none() {
        let repository = text(input, "repositoryName")?;
        let message = format!(
            "The layer with digest '{digest}' does not exist in the repository with name '{repository}'"
        );
        return Err(Refusal::new(400, "LayersNotFoundException", message));
    }
    Ok(Answer::ok(json!({
        "downloadUrl": format!("{}{digest}", image::LAYERS), "layerDigest": digest,
    })))
}

/// EFS API reference, `DescribeAccessPoints`, by the id of one. Where the settings name no file
/// system, there is whichever is asked for, and nobody knows of which file system it is.
fn access_points(have: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let id = text(input, "AccessPointId")?;
    let named = || have.names(Kind::Efs).map(|name| parts(name, '/'));
    let of = named().find(|(_, point)| *point == Some(id));
    if of.is_none() && named().next().is_some() {
        let message = format!("Access point '{id}' does not exist.");
        return Err(Refusal::new(404, "AccessPointNotFound", message));
    }
    let mut point = json!({
        "OwnerId": cx.account, "ClientToken": id, "AccessPointId": id,
        "LifeCycleState": "available", "RootDirectory": {"Path": "/"}, "Tags": [],
    });
    if let Some((file_system, _)) = of {
        point["FileSystemId"] = json!(file_system);
    }
    Ok(Answer::ok(json!({"AccessPoints": [point]})))
}

/// EFS API reference, `DescribeFileSystems`.
fn file_systems(have: &State, cx: &Context<'_>, input: &Input) -> Outcome {
    let id = text(input, "FileSystemId")?;
    if !have.has(Kind::Efs, |known| parts(known, '/').0 == id) {
        let message = format!("File system '{id}' does not exist.");
        return Err(Refusal::new(404, "FileSystemNotFound", message));
    }
    Ok(Answer::ok(json!({"FileSystems": [{
        "OwnerId": cx.account, "CreationToken": id, "FileSystemId": id,
        "LifeCycleState": "available", "NumberOfMountTargets": 0, "PerformanceMode": "generalPurpose",
        "CreationTime": crate::service::seconds(cx.now_millis), "SizeInBytes": {"Value": 0}, "Tags": [],
    }]})))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(have: &[&str], service: Service, operation: &str, input: &Value) -> Outcome {
        let mut world = World::default();
        for thing in have {
            let thing = thing.parse().expect("it is spelled right");
            world.have.things.insert(thing);
        }
        let cx = Context {
            account: "111122223333",
            region: "eu-west-1",
            partition: "aws",
            now_millis: 0,
        };
        call(
            &world,
            &cx,
            service,
            operation,
            input.as_object().expect("an object"),
        )
    }

    #[test]
    fn what_is_named_is_there_and_nothing_else_of_the_service() {
        let secret = |name: &str| {
            let arn = format!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:{name}");
            (Service::Secrets, "DescribeSecret", json!({"SecretId": arn}))
        };
        let key = |id: &str| (Service::Kms, "DescribeKey", json!({"KeyId": id}));
        let files = |id: &str| {
            (
                Service::Efs,
                "DescribeFileSystems",
                json!({"FileSystemId": id}),
            )
        };
        for (have, (service, operation, input), is_there) in [
            ("secret:db", secret("db"), true),
            ("secret:db", secret("db-a1b2c3"), true),
            ("secret:db", secret("db-a1b2c3d4"), false),
            ("secret:db", secret("other-a1b2c3"), false),
            ("ssm:/x", secret("anything"), true),
            (
                "kms:alias/x",
                key("arn:aws:kms:eu-west-1:111122223333:alias/x"),
                true,
            ),
            (
                "kms:1-2",
                key("arn:aws:kms:eu-west-1:111122223333:key/1-2"),
                true,
            ),
            ("kms:1-2", key("1-3"), false),
            ("efs:fs-1", files("fs-1"), true),
            ("efs:fs-1", files("fs-2"), false),
        ] {
            let outcome = asked(&[have], service, operation, &input);
            assert_eq!(outcome.is_ok(), is_there, "{have} {input}: {outcome:?}");
            assert!(asked(&[], service, operation, &input).is_ok(), "{input}");
        }
    }

    #[test]
    fn parameters_and_images_are_found_among_several() {
        let filter = json!({"ParameterFilters": [{"Key": "Name", "Option": "Equals", "Values": ["/x", "/y"]}]});
        let found = asked(&["ssm:/x"], Service::Ssm, "DescribeParameters", &filter);
        let found = found.expect("an answer").body;
        assert_eq!(found["Parameters"].as_array().map(Vec::len), Some(1));
        assert_eq!(found["Parameters"][0]["Name"], "/x");
        let ids = json!([{"imageTag": "1.0"}, {"imageTag": "2.0"}]);
        let input = json!({"repositoryName": "team/app", "imageIds": ids});
        let images = asked(&["ecr:team/app:1.0"], Service::Ecr, "BatchGetImage", &input);
        let images = images.expect("an answer").body;
        assert_eq!(images["images"][0]["imageId"]["imageTag"], "1.0");
        assert_eq!(images["failures"][0]["imageId"]["imageTag"], "2.0");
        let other = asked(&["ecr:other:1.0"], Service::Ecr, "BatchGetImage", &input);
        assert_eq!(
            other.expect_err("no such repository").code,
            "RepositoryNotFoundException"
        );
    }

    #[test]
    fn what_can_be_had_is_spelled_in_one_way() {
        for text in [
            "secret:db",
            "ssm:/a/b",
            "kms:alias/x",
            "ecr:team/app:1.0",
            "efs:fs-1",
            "efs:fs-1/fsap-1",
            "ecr:team/app:1.0=arm64",
            "ecr:team/app:1.0=arm64,amd64",
            "policy:Boundary",
        ] {
            assert!(text.parse::<Have>().is_ok(), "{text}");
        }
        for text in [
            "",
            "secret",
            "secret:",
            "db",
            "queue:x",
            "ecr:app",
            "ecr:app:",
            "ecr:app:1=",
            "ecr:app:1=ARM64",
            "efs:fs-1/",
            "policy:a/b",
            "secret:arn:aws:x",
        ] {
            assert_eq!(text.parse::<Have>(), Err(NoHave), "{text}");
        }
    }
}
