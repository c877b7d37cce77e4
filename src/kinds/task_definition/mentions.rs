//! What a task definition names that the stack may not make: roles, log groups, images, secrets,
//! parameters and file systems.

use crate::{
    kinds::{mentions::Mentions, task_definition::TaskDefinition},
    model::{
        identity::Identity,
        mention::{Naming, What},
        node::Node,
    },
};

impl Mentions for TaskDefinition {
    fn mentions(&self, here: &Identity) -> Vec<Naming> {
        let document = self.document.as_ref();
        document.map_or_else(Vec::new, |document| of(document.written(), here))
    }
}

/// What `document`, in the form that `RegisterTaskDefinition` takes, names, each with the place
/// that a stack file has for it. What is known only after apply is the stack's own.
fn of(document: &Node, here: &Identity) -> Vec<Naming> {
    let mut mentions = Vec::new();
    for (member, at) in [
        ("taskRoleArn", "task_role"),
        ("executionRoleArn", "execution_role"),
    ] {
        let role = text(document, member).filter(|role| role.starts_with("arn:"));
        mentions.extend(role.map(|arn| Naming::new(What::Role, arn, at)));
    }
    let processor = processor(document);
    for container in list(document, "containerDefinitions") {
        let name = text(container, "name").unwrap_or_default();
        let place = format!("containers.{name}");
        mentions.extend(log_group(container, &place, &here.region));
        mentions.extend(image(container, &place, processor, here));
        mentions.extend(secrets(container, &place));
    }
    for volume in list(document, "volumes") {
        let place = format!("volumes.{}", text(volume, "name").unwrap_or_default());
        if let Some(files) = volume.get("efsVolumeConfiguration") {
            mentions.extend(mounted(files, &format!("{place}.efs_volume_configuration")));
        }
        let windows = volume.get("fsxWindowsFileServerVolumeConfiguration");
        let login = windows.and_then(|windows| windows.get("authorizationConfig"));
        let secret = login.and_then(|login| text(login, "credentialsParameter"));
        mentions.extend(secret.and_then(|named| stored(named, format!("{place}.authorization"))));
    }
    mentions
}

/// A file system of Amazon EFS, and the access point through which it is mounted, which has to be
/// one of its own (ECS API reference, `EFSVolumeConfiguration` and `EFSAuthorizationConfig`).
fn mounted(files: &Node, place: &str) -> Vec<Naming> {
    let file_system = text(files, "fileSystemId");
    let at = format!("{place}.file_system_id");
    let system = file_system.map(|id| Naming::new(What::FileSystem, id, at));
    let login = files.get("authorizationConfig");
    let point = login.and_then(|login| text(login, "accessPointId"));
    let point = point.map(|id| Naming {
        file_system: file_system.map(str::to_owned),
        ..Naming::new(
            What::AccessPoint,
            id,
            format!("{place}.authorization_config.access_point_id"),
        )
    });
    system.into_iter().chain(point).collect()
}

/// The processor that the tasks run on, as images name it (ECS API reference, `RuntimePlatform`;
/// OCI image index specification). Instances may have any.
fn processor(document: &Node) -> Option<&'static str> {
    let platform = document.get("runtimePlatform");
    match platform.and_then(|platform| text(platform, "cpuArchitecture")) {
        Some("ARM64") => Some("arm64"),
        Some("X86_64") => Some("amd64"),
        Some(_) => None,
        // Fargate runs tasks on X86_64 unless they say otherwise.
        None => {
            let launch = list(document, "requiresCompatibilities");
            let mut launch = launch.map(Node::as_str);
            launch
                .any(|launch| launch == Some("FARGATE"))
                .then_some("amd64")
        }
    }
}

/// An image in a private repository of this account. Those of others are seldom for whoever plans
/// to look at.
fn image(
    container: &Node,
    place: &str,
    processor: Option<&'static str>,
    here: &Identity,
) -> Option<Naming> {
    let name = text(container, "image")?;
    let (host, _) = name.split_once('/')?;
    let is_private = matches!(
        host.split('.').collect::<Vec<_>>().as_slice(),
        [account, "dkr", "ecr", _, _, ..] if *account == here.account
    );
    is_private.then(|| Naming {
        processor,
        ..Naming::new(What::Image, name, format!("{place}.image"))
    })
}

/// The secrets and parameters that ECS reads for a container.
fn secrets(container: &Node, place: &str) -> Vec<Naming> {
    let logs = container.get("logConfiguration");
    let own = list(container, "secrets").map(|one| ("secrets", one));
    let options = logs
        .into_iter()
        .flat_map(|logs| list(logs, "secretOptions"));
    let options = options.map(|one| ("log_configuration.secret_options", one));
    let named = own.chain(options).filter_map(|(table, secret)| {
        let name = text(secret, "name").unwrap_or_default();
        let at = format!("{place}.{table}.{name}");
        stored(text(secret, "valueFrom")?, at)
    });
    let registry = container.get("repositoryCredentials");
    let login = registry.and_then(|registry| text(registry, "credentialsParameter"));
    let login = login.and_then(|secret| stored(secret, format!("{place}.repository_credentials")));
    named.chain(login).collect()
}

/// A secret by its ARN, behind which may stand what of it is meant, or a parameter by its ARN or
/// its name, which may name a version (ECS API reference, `Secret`, `valueFrom`; ECS developer
/// guide, "Pass Secrets Manager secrets through Amazon ECS environment variables"). What AWS itself
/// keeps under `/aws/` is not listed.
fn stored(named: &str, at: String) -> Option<Naming> {
    let parts: Vec<&str> = named.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "secretsmanager", _, _, "secret", ..] => {
            let secret = parts.get(..7)?.join(":");
            Some(Naming::new(What::Secret, secret, at))
        }
        ["arn", _, "ssm", _, _, parameter, ..] if !parameter.starts_with("parameter/aws/") => {
            Some(Naming::new(What::Parameter, parts[..6].join(":"), at))
        }
        ["arn", ..] => None,
        [parameter, ..] if !parameter.is_empty() && !parameter.starts_with("/aws/") => {
            Some(Naming::new(What::Parameter, *parameter, at))
        }
        _ => None,
    }
}

/// The log group that the driver `awslogs` writes to, unless it makes the group (ECS developer
/// guide, "Send Amazon ECS logs to CloudWatch"):
/// <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html>. A group of
/// another region is not looked for.
fn log_group(container: &Node, place: &str, region: &str) -> Option<Naming> {
    let logs = container.get("logConfiguration")?;
    let options = logs.get("options")?;
    let option = |name: &str| options.get(name).and_then(Node::as_str);
    let is_awslogs = logs.get("logDriver").and_then(Node::as_str) == Some("awslogs");
    let is_here = option("awslogs-region").is_none_or(|there| there == region);
    let is_made = options.get("awslogs-create-group").is_some_and(|value| {
        value
            .as_str()
            .is_none_or(|value| value.eq_ignore_ascii_case("true"))
    });
    let group = option("awslogs-group").filter(|_| is_awslogs && is_here && !is_made)?;
    Some(Naming::new(What::LogGroup, group, format!("{place}.logs")))
}

fn text<'a>(node: &'a Node, member: &str) -> Option<&'a str> {
    node.get(member).and_then(Node::as_str)
}

fn list<'a>(node: &'a Node, member: &str) -> impl Iterator<Item = &'a Node> {
    let elements = node.get(member).and_then(Node::as_list);
    elements.unwrap_or_default().iter()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mentions(document: &Value) -> Vec<(String, String)> {
        let here = Identity::new("111122223333", "us-east-1");
        let mentions = of(&Node::from(document), &here).into_iter();
        mentions
            .map(|naming| (naming.mention.to_string(), naming.at))
            .collect()
    }

    #[test]
    fn what_is_stored_is_mentioned_without_what_of_it_is_meant() {
        let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3";
        let parameter = "arn:aws:ssm:us-east-1:111122223333:parameter/a/b";
        for (named, expected) in [
            (secret.to_owned(), Some(format!("secret:{secret}"))),
            (
                format!("{secret}:password::"),
                Some(format!("secret:{secret}")),
            ),
            (parameter.to_owned(), Some(format!("ssm:{parameter}"))),
            (format!("{parameter}:3"), Some(format!("ssm:{parameter}"))),
            ("/a/b".to_owned(), Some("ssm:/a/b".to_owned())),
            ("name:3".to_owned(), Some("ssm:name".to_owned())),
            ("/aws/reference/secretsmanager/x".to_owned(), None),
            ("arn:aws:s3:::bucket/x".to_owned(), None),
        ] {
            let secrets = json!([{"name": "PASSWORD", "valueFrom": named}]);
            let found =
                mentions(&json!({"containerDefinitions": [{"name": "app", "secrets": secrets}]}));
            let at = "containers.app.secrets.PASSWORD".to_owned();
            let expected: Vec<_> = expected.map(|one| (one, at)).into_iter().collect();
            assert_eq!(found, expected, "{named}");
        }
    }

    #[test]
    fn images_of_this_account_and_file_systems_are_mentioned() {
        let ours = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/app:1";
        for (image, is_mentioned) in [
            (ours.to_owned(), true),
            (ours.replace("111122223333", "444455556666"), false),
            ("public.ecr.aws/team/app:1".to_owned(), false),
            ("nginx:1".to_owned(), false),
        ] {
            let container = json!({"name": "app", "image": image});
            let found = mentions(&json!({"containerDefinitions": [container]}));
            assert_eq!(found.len(), usize::from(is_mentioned), "{image}: {found:?}");
        }
        let volume = json!({"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}});
        let found = mentions(&json!({"volumes": [volume]}));
        let at = "volumes.data.efs_volume_configuration.file_system_id";
        assert_eq!(found, [("efs:fs-1".to_owned(), at.to_owned())]);
        for (document, expected) in [
            (
                json!({"requiresCompatibilities": ["FARGATE"]}),
                Some("amd64"),
            ),
            (json!({"requiresCompatibilities": ["EC2"]}), None),
            (
                json!({"runtimePlatform": {"cpuArchitecture": "ARM64"}}),
                Some("arm64"),
            ),
        ] {
            assert_eq!(processor(&Node::from(&document)), expected, "{document}");
        }
    }

    fn logs(driver: &str, options: &Value) -> Value {
        json!({"containerDefinitions": [
            {"name": "app", "logConfiguration": {"logDriver": driver, "options": options}},
        ]})
    }

    #[test]
    fn roles_are_mentioned_by_arn_and_log_groups_by_name() {
        let role = "arn:aws:iam::111122223333:role/team/Task";
        let found = mentions(&json!({"taskRoleArn": role, "executionRoleArn": "Short"}));
        assert_eq!(found, [(format!("role:{role}"), "task_role".to_owned())]);
        for (driver, options, expected) in [
            ("awslogs", json!({"awslogs-group": "/app"}), true),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-region": "us-east-1"}),
                true,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-create-group": "false"}),
                true,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-create-group": "True"}),
                false,
            ),
            (
                "awslogs",
                json!({"awslogs-group": "/app", "awslogs-region": "eu-west-1"}),
                false,
            ),
            ("splunk", json!({"awslogs-group": "/app"}), false),
        ] {
            let found = mentions(&logs(driver, &options));
            let wanted = [("logs:/app".to_owned(), "containers.app.logs".to_owned())];
            assert_eq!(
                found,
                &wanted[..usize::from(expected)],
                "{driver} {options}"
            );
        }
    }
}
