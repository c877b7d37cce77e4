//! What a stack names of services that amp-stack has no client of the SDK for: secrets, parameters,
//! keys, images, file systems. boto3 makes them, and moto, which nobody here wrote, answers.

use serde_json::{Value, json};

use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    run::{Bench, Run},
};

const IMAGE: &str = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/checkout:1.0";

/// What the stack names: the ARNs of a secret and of a key, and the id of a file system.
struct Named<'a> {
    secret: &'a str,
    key: &'a str,
    file_system: &'a str,
}

/// A stack that names one of each, and whose task could read all of it.
fn stack(named: &Named<'_>) -> String {
    let Named {
        secret,
        key,
        file_system,
    } = named;
    format!(
        r#"
        stack.name = "lookups"

        [log_groups.app]
        name           = "/ecs/lookups"
        retention_days = 30
        kms_key_arn    = "{key}"

        [roles.execution]
        name             = "LookupsExecution"
        managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

        [roles.execution.inline_policies.read]
        Version   = "2012-10-17"
        Statement = [{{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue", "ssm:GetParameters"], Resource = "*" }}]

        [task_definitions.app]
        requires_compatibilities = ["FARGATE"]
        cpu                      = 256
        memory                   = 512
        execution_role           = "execution"

        [task_definitions.app.containers.app]
        image   = "{IMAGE}"
        logs    = "app"
        secrets = {{ PASSWORD = "{secret}:password::", URL = "/checkout/url", KEY = "arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/flat" }}

        [task_definitions.app.volumes.data.efs_volume_configuration]
        file_system_id = "{file_system}"
        "#
    )
}

fn plan(bench: &Bench) -> Run {
    bench.run(&["plan", "stack.toml"])
}

/// An index of images for two processors, as `docker buildx` pushes it.
fn index() -> String {
    let image = |architecture: &str| {
        json!({
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 1,
            "digest": format!("sha256:{}", "a".repeat(64)),
            "platform": {"architecture": architecture, "os": "linux"},
        })
    };
    json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [image("arm64")],
    })
    .to_string()
}

#[test]
fn moto_answers_what_is_asked_of_the_services_without_a_client() {
    let test = "moto_answers_what_is_asked_of_the_services_without_a_client";
    let Some(mut aws) = Emulator::start(Kind::Moto, test) else {
        return;
    };
    let bench = Bench::with_endpoint("lookups", &aws.endpoint);
    let nothing = Named {
        secret: &format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-a1b2c3"),
        key: &format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
        file_system: "fs-1234567890abcdef0",
    };
    bench.write("stack.toml", &stack(&nothing));
    let refused = plan(&bench).expect(1);
    for what in [
        "there is no secret arn:aws:secretsmanager",
        "there is no parameter /checkout/url",
        "there is no parameter arn:aws:ssm",
        "there is no KMS key arn:aws:kms",
        "there is no file system fs-1234567890abcdef0",
        "there is no image 123456789012.dkr.ecr",
    ] {
        assert!(refused.says(what), "{what}: {}", refused.stdout);
    }

    let made =
        |value: &Value, path: &str| value.pointer(path).unwrap().as_str().unwrap().to_owned();
    let secret = aws.boto(
        "secretsmanager",
        "create_secret",
        json!({"Name": "checkout/db", "SecretString": "not shown to anybody"}),
    );
    for name in ["/checkout/url", "flat"] {
        let parameter = json!({"Name": name, "Type": "String", "Value": "x"});
        aws.boto("ssm", "put_parameter", parameter);
    }
    let key = aws.boto("kms", "create_key", json!({}));
    let files = aws.boto("efs", "create_file_system", json!({"CreationToken": "x"}));
    aws.boto(
        "ecr",
        "create_repository",
        json!({"repositoryName": "team/checkout"}),
    );
    let (secret, key, files) = (
        made(&secret, "/ARN"),
        made(&key, "/KeyMetadata/Arn"),
        made(&files, "/FileSystemId"),
    );
    let named = Named {
        secret: &secret,
        key: &key,
        file_system: &files,
    };
    bench.write("stack.toml", &stack(&named));
    // The repository is there, and the image is not: the task could still get it.
    let planned = plan(&bench).expect(0);
    assert!(planned.says("there is no image"), "{}", planned.stdout);
    let image = json!({
        "repositoryName": "team/checkout", "imageTag": "1.0", "imageManifest": index(),
        "imageManifestMediaType": "application/vnd.oci.image.index.v1+json",
    });
    aws.boto("ecr", "put_image", image);
    let planned = plan(&bench).expect(0);
    assert!(!planned.says("there is no"), "{}", planned.stdout);
    assert!(!planned.says("is not known"), "{}", planned.stdout);

    let id = key.rsplit('/').next();
    aws.boto("kms", "disable_key", json!({"KeyId": id}));
    aws.boto(
        "secretsmanager",
        "delete_secret",
        json!({"SecretId": secret}),
    );
    let refused = plan(&bench).expect(1);
    assert!(
        refused.says("is disabled, or will be deleted"),
        "{}",
        refused.stdout
    );
    assert!(
        refused.says("is scheduled for deletion"),
        "{}",
        refused.stdout
    );
    bench
        .run(&["plan", "stack.toml", "--no-preflight"])
        .expect(0);
}

/// boto3 reads the answers of the sandbox with its own models; `--have` says what is there.
#[test]
fn the_sandbox_has_what_it_is_told_to_have() {
    let test = "the_sandbox_has_what_it_is_told_to_have";
    let have = [
        "--have",
        "secret:db",
        "--have",
        "ssm:/checkout/url",
        "--have",
        "kms:alias/x",
        "--have",
        "efs:fs-1/fsap-1",
        "--have",
        "ecr:team/checkout:1.0=arm64",
        "--have",
        "policy:Boundary",
    ];
    let Some(mut aws) = Emulator::of_sandbox(test, &have) else {
        return;
    };
    let filter =
        json!([{"Key": "Name", "Option": "Equals", "Values": ["/checkout/url", "/other"]}]);
    let ids = json!([{"imageTag": "1.0"}, {"imageTag": "2.0"}]);
    let policy = format!("arn:aws:iam::{ACCOUNT}:policy/Boundary");
    for (service, method, arguments, path, expected) in [
        (
            "secretsmanager",
            "describe_secret",
            json!({"SecretId": "db"}),
            "/Name",
            "db",
        ),
        (
            "ssm",
            "describe_parameters",
            json!({"ParameterFilters": filter}),
            "/Parameters/0/Name",
            "/checkout/url",
        ),
        (
            "kms",
            "describe_key",
            json!({"KeyId": "alias/x"}),
            "/KeyMetadata/KeyState",
            "Enabled",
        ),
        (
            "efs",
            "describe_file_systems",
            json!({"FileSystemId": "fs-1"}),
            "/FileSystems/0/LifeCycleState",
            "available",
        ),
        (
            "efs",
            "describe_access_points",
            json!({"AccessPointId": "fsap-1"}),
            "/AccessPoints/0/FileSystemId",
            "fs-1",
        ),
        (
            "ecr",
            "batch_get_image",
            json!({"repositoryName": "team/checkout", "imageIds": ids}),
            "/failures/0/imageId/imageTag",
            "2.0",
        ),
        (
            "iam",
            "get_policy",
            json!({"PolicyArn": policy}),
            "/Policy/PolicyName",
            "Boundary",
        ),
    ] {
        let answer = aws.boto(service, method, arguments);
        assert_eq!(
            answer.pointer(path),
            Some(&json!(expected)),
            "{method}: {answer}"
        );
    }
    for (service, method, arguments, code) in [
        (
            "secretsmanager",
            "describe_secret",
            json!({"SecretId": "other"}),
            "ResourceNotFoundException",
        ),
        (
            "kms",
            "describe_key",
            json!({"KeyId": "1234abcd"}),
            "NotFoundException",
        ),
        (
            "efs",
            "describe_file_systems",
            json!({"FileSystemId": "fs-2"}),
            "FileSystemNotFound",
        ),
        (
            "efs",
            "describe_access_points",
            json!({"AccessPointId": "fsap-2"}),
            "AccessPointNotFound",
        ),
        (
            "ecr",
            "get_download_url_for_layer",
            json!({"repositoryName": "team/checkout", "layerDigest": "sha256:00"}),
            "LayersNotFoundException",
        ),
        (
            "ecr",
            "batch_get_image",
            json!({"repositoryName": "other", "imageIds": [{"imageTag": "1"}]}),
            "RepositoryNotFoundException",
        ),
        (
            "secretsmanager",
            "get_secret_value",
            json!({"SecretId": "db"}),
            "UnknownOperationException",
        ),
    ] {
        assert_eq!(
            aws.try_boto(service, method, arguments),
            Err(code.to_owned()),
            "{method}"
        );
    }
    // The binary sees the same.
    let bench = Bench::with_endpoint("have", &aws.endpoint);
    let secret = format!("arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:db-a1b2c3");
    let named = Named {
        secret: &secret,
        key: &format!("arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd"),
        file_system: "fs-1",
    };
    bench.write("stack.toml", &stack(&named));
    let refused = plan(&bench).expect(1);
    assert!(refused.says("there is no KMS key"), "{}", refused.stdout);
    assert!(
        refused.says("there is no parameter arn:aws:ssm"),
        "{}",
        refused.stdout
    );
    assert!(!refused.says("there is no secret"), "{}", refused.stdout);
    assert!(!refused.says("there is no image"), "{}", refused.stdout);
}

/// boto3 reads the quotas of the sandbox, which every call is held to.
#[test]
fn the_sandbox_says_what_the_account_may_have() {
    let test = "the_sandbox_says_what_the_account_may_have";
    let limits = ["--quota", "aps:L-8873DB23=1", "--quota", "iam:L-FE177D64=2"];
    let Some(mut aws) = Emulator::of_sandbox(test, &limits) else {
        return;
    };
    let of_workspaces = json!({"ServiceCode": "aps", "QuotaCode": "L-8873DB23"});
    for (method, path, expected) in [
        ("get_service_quota", "/Quota/Value", 1.0),
        ("get_aws_default_service_quota", "/Quota/Value", 25.0),
        ("list_service_quotas", "/Quotas/0/Value", 1.0),
    ] {
        let mut arguments = of_workspaces.clone();
        if method.starts_with("list") {
            arguments = json!({"ServiceCode": "aps"});
        }
        let answer = aws.boto("service-quotas", method, arguments);
        let value = answer.pointer(path).and_then(Value::as_f64);
        assert_eq!(value, Some(expected), "{method}: {answer}");
    }
    let summary = aws.boto("iam", "get_account_summary", json!({}));
    assert_eq!(summary["SummaryMap"]["RolesQuota"], 2);
    aws.boto("amp", "create_workspace", json!({}));
    let refused = aws.try_boto("amp", "create_workspace", json!({}));
    assert_eq!(refused, Err("ServiceQuotaExceededException".to_owned()));
}
