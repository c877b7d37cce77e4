//! Each rule of RegisterTaskDefinition once, by a definition that breaks only it, and what lies just inside the rules.

use serde_json::{Value, json};

use crate::sandbox::{Context, World, ecs, service::Outcome};

fn register(input: &Value) -> Outcome {
    let cx = Context {
        account: "111122223333",
        region: "us-east-1",
        partition: "aws",
        now_millis: 0,
    };
    let input = input.as_object().expect("a test gives an object");
    ecs::call(&mut World::default(), &cx, "RegisterTaskDefinition", input)
}

/// Each definition must be refused as a `ClientException` with a text that contains the fragment.
fn refused(cases: &[(&str, Value)]) {
    for (fragment, input) in cases {
        let refusal = register(input).expect_err(fragment);
        let found = (refusal.status, refusal.code);
        assert_eq!(found, (400, "ClientException"), "{fragment}: {refusal:?}");
        let message = &refusal.message;
        assert!(
            message.contains(fragment),
            "{fragment:?} is not in {message:?}"
        );
    }
}

fn accepted(cases: &[Value]) {
    for input in cases {
        if let Err(refusal) = register(input) {
            panic!("{input}: {refusal:?}");
        }
    }
}

fn with(mut base: Value, members: &Value) -> Value {
    for (name, value) in members.as_object().expect("members are an object") {
        base[name] = value.clone();
    }
    base
}

/// A definition without launch type, with these members of the task and of the container `app`.
fn task(task: &Value, app: &Value) -> Value {
    let app = with(json!({"name": "app", "image": "nginx", "memory": 128}), app);
    with(json!({"family": "f", "containerDefinitions": [app]}), task)
}

/// A definition whose only peculiarity is its container.
fn app(members: &Value) -> Value {
    task(&json!({}), members)
}

/// A definition for Fargate.
fn fargate(members: &Value, app: &Value) -> Value {
    let base = json!({
        "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
        "executionRoleArn": "Execution",
    });
    task(&with(base, members), app)
}

/// A definition with a container `other` behind the container `app`.
fn two(first: &Value, second: &Value) -> Value {
    let mut input = app(first);
    let second = with(
        json!({"name": "other", "image": "nginx", "memory": 128}),
        second,
    );
    let containers = input["containerDefinitions"].as_array_mut();
    containers.expect("there are containers").push(second);
    input
}

fn depends(name: &str, condition: &str) -> Value {
    json!({"dependsOn": [{"containerName": name, "condition": condition}]})
}

fn ports(network_mode: &str, mappings: &Value) -> Value {
    let app = json!({"portMappings": mappings});
    match network_mode {
        "" => task(&json!({}), &app),
        mode => task(&json!({ "networkMode": mode }), &app),
    }
}

fn log(driver: &str, options: &Value) -> Value {
    json!({"logConfiguration": {"logDriver": driver, "options": options}})
}

fn volumes(volumes: &Value, mounts: &Value) -> Value {
    task(
        &json!({ "volumes": volumes }),
        &json!({ "mountPoints": mounts }),
    )
}

#[test]
fn the_least_that_is_accepted() {
    accepted(&[
        app(&json!({})),
        fargate(&json!({}), &json!({"memory": null})),
        task(&json!({"memory": "512"}), &json!({"memory": null})),
    ]);
}

#[test]
fn families_and_containers() {
    let many: Vec<Value> = (0..11)
        .map(|n| json!({"name": format!("c{n}"), "image": "nginx", "memory": 6}))
        .collect();
    let long = "n".repeat(256);
    refused(&[
        (
            "family should not be null",
            task(&json!({"family": null}), &json!({})),
        ),
        (
            "Family should not be null",
            task(&json!({"family": ""}), &json!({})),
        ),
        (
            "Family contains invalid",
            task(&json!({"family": "a b"}), &json!({})),
        ),
        (
            "Family cannot be more",
            task(&json!({ "family": long }), &json!({})),
        ),
        (
            "Container list cannot be empty",
            task(&json!({"containerDefinitions": []}), &json!({})),
        ),
        (
            "Container list cannot be empty",
            task(&json!({"containerDefinitions": null}), &json!({})),
        ),
        (
            "Too many containers",
            task(&json!({ "containerDefinitions": many }), &json!({})),
        ),
        (
            "Container.name should not be null",
            app(&json!({"name": null})),
        ),
        (
            "Container.name contains invalid",
            app(&json!({"name": "a.b"})),
        ),
        (
            "Container.name cannot be more",
            app(&json!({ "name": long })),
        ),
        ("must be unique", two(&json!({}), &json!({"name": "app"}))),
        (
            "any essential container",
            two(&json!({"essential": false}), &json!({"essential": false})),
        ),
        (
            "Actual length: '",
            app(&json!({"environment": [{"name": "A", "value": "v".repeat(65_536)}]})),
        ),
    ]);
    accepted(&[
        task(&json!({ "containerDefinitions": many[..10] }), &json!({})),
        task(&json!({ "family": "n".repeat(255) }), &json!({})),
        two(&json!({"essential": false}), &json!({})),
        app(&json!({"environment": [{"name": "A", "value": "v".repeat(65_000)}]})),
    ]);
}

#[test]
fn choices() {
    refused(&[
        (
            "networkMode should be one of",
            task(&json!({"networkMode": "default"}), &json!({})),
        ),
        (
            "requiresCompatibilities should be one of",
            task(&json!({"requiresCompatibilities": ["LAMBDA"]}), &json!({})),
        ),
        (
            "pidMode should be one of",
            task(&json!({"pidMode": "container"}), &json!({})),
        ),
        (
            "ipcMode should be one of",
            task(&json!({"ipcMode": "container"}), &json!({})),
        ),
        (
            "cpuArchitecture should be one of",
            task(
                &json!({"runtimePlatform": {"cpuArchitecture": "RISCV"}}),
                &json!({}),
            ),
        ),
        (
            "operatingSystemFamily should be one of",
            task(
                &json!({"runtimePlatform": {"operatingSystemFamily": "BEOS"}}),
                &json!({}),
            ),
        ),
        (
            "protocol should be one of",
            ports("", &json!([{"containerPort": 1, "protocol": "sctp"}])),
        ),
        (
            "logDriver should be one of",
            app(&log("logentries", &json!({}))),
        ),
        (
            "condition should be one of",
            two(&depends("other", "READY"), &json!({})),
        ),
        (
            "versionConsistency should be one of",
            app(&json!({"versionConsistency": "on"})),
        ),
        (
            "name should be one of",
            app(&json!({"ulimits": [{"name": "x", "softLimit": 1, "hardLimit": 1}]})),
        ),
        (
            "hardLimit should not be null",
            app(&json!({"ulimits": [{"name": "nofile", "softLimit": 1}]})),
        ),
    ]);
}

#[test]
fn images() {
    let digest = |hash: String| app(&json!({"image": format!("repo/app@sha256:{hash}")}));
    refused(&[
        (
            "Container.image should not be null",
            app(&json!({"image": ""})),
        ),
        (
            "Container.image contains invalid",
            app(&json!({"image": "nginx latest"})),
        ),
        (
            "Container.image contains invalid",
            app(&json!({"image": "nginx@sha256"})),
        ),
        ("Container.image contains invalid", digest("a".repeat(63))),
        ("Container.image contains invalid", digest("g".repeat(64))),
        (
            "Container.image cannot be more",
            app(&json!({"image": "n".repeat(256)})),
        ),
    ]);
    accepted(&[
        digest("aF0".repeat(21) + "9"),
        app(&json!({"image": format!("{}@sha256:{}", "n".repeat(255), "0".repeat(64))})),
        app(&json!({"image": "public.ecr.aws/aws-observability/aws-otel-collector:v0.49.0"})),
    ]);
}

#[test]
fn health_checks_and_restarts() {
    let check = |members: Value| {
        let health = with(json!({"command": ["CMD", "/healthcheck"]}), &members);
        app(&json!({ "healthCheck": health }))
    };
    let policy =
        |members: Value| app(&json!({"restartPolicy": with(json!({"enabled": true}), &members)}));
    let codes: Vec<u32> = (0..51).collect();
    refused(&[
        (
            "must start with CMD",
            check(json!({"command": ["/healthcheck", "-v"]})),
        ),
        ("must start with CMD", check(json!({"command": ["CMD"]}))),
        ("must start with CMD", check(json!({"command": []}))),
        (
            "command should not be null",
            check(json!({"command": null})),
        ),
        (
            "'interval' setting must be between 5 and 300",
            check(json!({"interval": 4})),
        ),
        (
            "'interval' setting must be between 5 and 300",
            check(json!({"interval": 301})),
        ),
        (
            "'timeout' setting must be between 2 and 60",
            check(json!({"timeout": 1})),
        ),
        (
            "'timeout' setting must be between 2 and 60",
            check(json!({"timeout": 61})),
        ),
        (
            "'retries' setting must be between 1 and 10",
            check(json!({"retries": 0})),
        ),
        (
            "'retries' setting must be between 1 and 10",
            check(json!({"retries": 11})),
        ),
        (
            "'startPeriod' setting must be between 0 and 300",
            check(json!({"startPeriod": -1})),
        ),
        (
            "'startPeriod' setting must be between 0 and 300",
            check(json!({"startPeriod": 301})),
        ),
        (
            "enabled should not be null",
            policy(json!({"enabled": null})),
        ),
        (
            "at most 50 exit codes",
            policy(json!({ "ignoredExitCodes": codes })),
        ),
        (
            "'restartAttemptPeriod' setting must be between 60 and 1800",
            policy(json!({"restartAttemptPeriod": 59})),
        ),
        (
            "'restartAttemptPeriod' setting must be between 60 and 1800",
            policy(json!({"restartAttemptPeriod": 1801})),
        ),
    ]);
    accepted(&[
        check(json!({"interval": 5, "timeout": 60, "retries": 10, "startPeriod": 0})),
        check(
            json!({"command": ["CMD-SHELL", "exit 0"], "interval": 300, "timeout": 2, "retries": 1, "startPeriod": 300}),
        ),
        policy(json!({"ignoredExitCodes": codes[..50], "restartAttemptPeriod": 60})),
    ]);
}

#[test]
fn environment_and_secrets() {
    let files = |count: usize, value: &str| {
        let files: Vec<Value> = (0..count)
            .map(|_| json!({"value": value, "type": "s3"}))
            .collect();
        app(&json!({ "environmentFiles": files }))
    };
    let secret = json!({"name": "PASSWORD", "valueFrom": "parameter"});
    let with_role = json!({"executionRoleArn": "Execution"});
    let log_secret = json!({"logConfiguration": {"logDriver": "splunk", "options": {"splunk-url": "u"}, "secretOptions": [
        {"name": "splunk-token", "valueFrom": "parameter"}]}});
    let credentials = json!({"repositoryCredentials": {"credentialsParameter": "secret"}});
    refused(&[
        ("Specify ten or less", files(11, "arn:aws:s3:::b/a.env")),
        ("Invalid arn syntax", files(1, "s3://b/a.env")),
        ("Invalid arn syntax", files(1, "arn:aws:s3:::bucket.env")),
        ("extension .env", files(1, "arn:aws:s3:::b/a.txt")),
        (
            "Duplicate secret names found: PASSWORD",
            task(&with_role, &json!({"secrets": [secret, secret]})),
        ),
        (
            "such as 'PASSWORD'",
            task(
                &with_role,
                &json!({"secrets": [secret], "environment": [{"name": "PASSWORD", "value": "x"}]}),
            ),
        ),
        ("container secrets", app(&json!({ "secrets": [secret] }))),
        ("log driver secrets", app(&log_secret)),
        ("repository credentials", app(&credentials)),
    ]);
    accepted(&[
        files(10, "arn:aws:s3:::b/dir/a.env"),
        task(
            &with_role,
            &json!({"secrets": [secret], "environment": [{"name": "password", "value": "x"}]}),
        ),
        task(&with_role, &log_secret),
        task(&with_role, &credentials),
    ]);
}

#[test]
fn linux_parameters_and_devices() {
    let linux = |members: Value| app(&json!({ "linuxParameters": members }));
    let control = |name: &str| json!({"systemControls": [{"namespace": name, "value": "1"}]});
    let gpu =
        |count: &str| app(&json!({"resourceRequirements": [{"type": "GPU", "value": count}]}));
    let accelerator =
        json!({"inferenceAccelerators": [{"deviceName": "d", "deviceType": "eia2.medium"}]});
    let uses = |name: &str| json!({"resourceRequirements": [{"type": "InferenceAccelerator", "value": name}]});
    refused(&[
        (
            "unknown capability 'FLY'",
            linux(json!({"capabilities": {"add": ["FLY"]}})),
        ),
        (
            "unknown capability 'CAP_CHOWN'",
            linux(json!({"capabilities": {"drop": ["CAP_CHOWN"]}})),
        ),
        (
            "'swappiness' setting must be between 0 and 100",
            linux(json!({"swappiness": 101})),
        ),
        ("'maxSwap' setting", linux(json!({"maxSwap": -1}))),
        (
            "'sharedMemorySize' setting",
            linux(json!({"sharedMemorySize": -1})),
        ),
        (
            "'size' setting",
            linux(json!({"tmpfs": [{"containerPath": "/t", "size": 0}]})),
        ),
        (
            "unsupported system control 'vm.swappiness'",
            app(&control("vm.swappiness")),
        ),
        (
            "when ipcMode=host",
            task(&json!({"ipcMode": "host"}), &control("kernel.sem")),
        ),
        (
            "when networkMode=host",
            task(
                &json!({"networkMode": "host"}),
                &control("net.core.somaxconn"),
            ),
        ),
        ("number of GPUs", gpu("0")),
        ("number of GPUs", gpu("two")),
        (
            "'d' is not used by any container",
            task(&accelerator, &json!({})),
        ),
        ("Unknown inference accelerator 'e'", app(&uses("e"))),
        (
            "credentialSpecs",
            app(&json!({"credentialSpecs": ["credentialspec:a", "credentialspec:b"]})),
        ),
    ]);
    accepted(&[
        linux(
            json!({"capabilities": {"add": ["ALL", "NET_ADMIN"], "drop": ["MKNOD"]}, "swappiness": 0, "maxSwap": 0}),
        ),
        app(&control("fs.mqueue.msg_max")),
        task(&json!({"networkMode": "host"}), &control("kernel.shmmax")),
        task(&accelerator, &uses("d")),
        gpu("2"),
    ]);
}

#[test]
fn port_mappings() {
    let range = |text: &str| json!([{ "containerPortRange": text }]);
    let named = |name: &str| json!([{"containerPort": 80, "name": name}]);
    let ranges: Vec<Value> = (0..101)
        .map(|n| json!({"containerPortRange": format!("{}-{}", n * 10 + 1, n * 10 + 2)}))
        .collect();
    refused(&[
        (
            "networkMode=none",
            ports("none", &json!([{"containerPort": 80}])),
        ),
        ("'containerPort' setting", ports("", &json!([{}]))),
        (
            "'containerPort' setting",
            ports("", &json!([{"containerPort": 0}])),
        ),
        (
            "'containerPort' setting",
            ports("", &json!([{"containerPort": 65_536}])),
        ),
        (
            "'hostPort' setting",
            ports("", &json!([{"containerPort": 80, "hostPort": 65_536}])),
        ),
        (
            "When networkMode=awsvpc, the host ports",
            ports("awsvpc", &json!([{"containerPort": 80, "hostPort": 81}])),
        ),
        (
            "When networkMode=host, the host ports",
            ports("host", &json!([{"containerPort": 80, "hostPort": 81}])),
        ),
        (
            "cannot specify both single port and port range",
            ports(
                "",
                &json!([{"containerPort": 80, "containerPortRange": "1-2"}]),
            ),
        ),
        (
            "cannot specify both single port and port range",
            ports("", &json!([{"hostPort": 80, "containerPortRange": "1-2"}])),
        ),
        ("needs networkMode=bridge", ports("host", &range("1-2"))),
        ("first lower than the last", ports("", &range("2-2"))),
        ("first lower than the last", ports("", &range("0-2"))),
        ("first lower than the last", ports("", &range("1-65536"))),
        ("first lower than the last", ports("", &range("80"))),
        ("more than 100 port ranges", ports("", &json!(ranges))),
        (
            "container port 15 is used multiple times",
            ports(
                "",
                &json!([{"containerPortRange": "10-20"}, {"containerPortRange": "15-30"}]),
            ),
        ),
        (
            "container port 12 is used multiple times",
            ports(
                "awsvpc",
                &json!([{"containerPortRange": "10-20"}, {"containerPort": 12}]),
            ),
        ),
        ("'portMappings.name'", ports("", &named("-web"))),
        ("'portMappings.name'", ports("", &named("Web"))),
        ("'portMappings.name'", ports("", &named(&"w".repeat(65)))),
        (
            "port mapping name 'web' is already used",
            two(
                &json!({"portMappings": named("web")}),
                &json!({"portMappings": named("web")}),
            ),
        ),
    ]);
    accepted(&[
        ports(
            "",
            &json!([{"containerPort": 80, "hostPort": 8080}, {"containerPort": 80, "hostPort": 8081}]),
        ),
        ports(
            "awsvpc",
            &json!([{"containerPort": 80, "hostPort": 80}, {"containerPort": 81, "hostPort": 0}]),
        ),
        ports(
            "host",
            &json!([{"containerPort": 53, "protocol": "tcp"}, {"containerPort": 53, "protocol": "udp"}]),
        ),
        ports(
            "",
            &json!([{"containerPortRange": "10-20"}, {"containerPort": 12, "protocol": "udp"}, {"containerPort": 21}]),
        ),
        ports("awsvpc", &json!(ranges[..100])),
        ports("none", &json!([])),
        ports("", &named("web_1-a")),
    ]);
}

#[test]
fn references_between_containers() {
    let healthy = json!({"healthCheck": {"command": ["CMD", "true"]}});
    refused(&[
        (
            "Cannot depend on container 'ghost'",
            app(&depends("ghost", "START")),
        ),
        ("cannot depend on itself", app(&depends("app", "START"))),
        (
            "cannot be an essential container",
            two(&depends("other", "SUCCESS"), &json!({})),
        ),
        (
            "cannot be an essential container",
            two(&depends("other", "COMPLETE"), &json!({"essential": true})),
        ),
        (
            "must have health check configured",
            two(&depends("other", "HEALTHY"), &json!({})),
        ),
        (
            "have a cycle among: app, other",
            two(&depends("other", "START"), &depends("app", "START")),
        ),
        (
            "'volumesFrom' setting. Unknown container: 'ghost'",
            app(&json!({"volumesFrom": [{"sourceContainer": "ghost"}]})),
        ),
        (
            "'links' setting. Unknown container: 'ghost'",
            app(&json!({"links": ["ghost:alias"]})),
        ),
        (
            "Links are not supported when networkMode=host",
            with(
                two(&json!({"links": ["other"]}), &json!({})),
                &json!({"networkMode": "host"}),
            ),
        ),
        (
            "'proxyConfiguration' setting. Unknown container: 'envoy'",
            task(
                &json!({"proxyConfiguration": {"containerName": "envoy"}}),
                &json!({}),
            ),
        ),
    ]);
    accepted(&[
        two(&depends("other", "HEALTHY"), &healthy),
        two(&depends("other", "SUCCESS"), &json!({"essential": false})),
        two(
            &json!({"links": ["other:o"], "volumesFrom": [{"sourceContainer": "other"}]}),
            &json!({}),
        ),
        task(
            &json!({"proxyConfiguration": {"containerName": "app", "type": "APPMESH"}}),
            &json!({}),
        ),
    ]);
}

#[test]
fn hosts_and_names_under_awsvpc() {
    let awsvpc = |member: Value| task(&json!({"networkMode": "awsvpc"}), &member);
    refused(&[
        (
            "hostname is not supported",
            awsvpc(json!({"hostname": "h"})),
        ),
        (
            "Disable Networking is not supported",
            awsvpc(json!({"disableNetworking": true})),
        ),
        (
            "extraHosts is not supported",
            awsvpc(json!({"extraHosts": [{"hostname": "h", "ipAddress": "10.0.0.1"}]})),
        ),
        (
            "Links are not supported when networkMode=awsvpc",
            awsvpc(json!({"links": ["app"]})),
        ),
    ]);
    accepted(&[
        awsvpc(json!({"disableNetworking": false, "extraHosts": [], "links": []})),
        app(&json!({"hostname": "h", "disableNetworking": true})),
    ]);
}

#[test]
fn log_configurations() {
    let awslogs = |more: Value| {
        let options = with(json!({"awslogs-group": "g", "awslogs-region": "r"}), &more);
        app(&log("awslogs", &options))
    };
    let firelens = json!({"firelensConfiguration": {"type": "fluentbit"}});
    let routed = log("awsfirelens", &json!({}));
    refused(&[
        (
            "requires options: awslogs-region, awslogs-group",
            app(&log("awslogs", &json!({}))),
        ),
        (
            "requires options: awslogs-group",
            app(&log("awslogs", &json!({"awslogs-region": "r"}))),
        ),
        (
            "requires options: awslogs-region",
            awslogs(json!({"awslogs-region": ""})),
        ),
        (
            "together",
            awslogs(json!({"awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "^x"})),
        ),
        (
            "Invalid log driver mode 'fast'",
            awslogs(json!({"mode": "fast"})),
        ),
        (
            "splunk requires options: splunk-token, splunk-url",
            app(&log("splunk", &json!({}))),
        ),
        (
            "one container has to be configured with a firelensConfiguration",
            app(&routed),
        ),
        (
            "at least one container has to be configured with the awsfirelens",
            app(&firelens),
        ),
        (
            "Only one container",
            two(&with(routed.clone(), &firelens), &firelens),
        ),
    ]);
    accepted(&[
        awslogs(
            json!({"awslogs-multiline-pattern": "^x", "mode": "non-blocking", "max-buffer-size": "25m"}),
        ),
        app(&log("json-file", &json!({}))),
        two(&routed, &firelens),
    ]);
}

#[test]
fn volumes_and_mount_points() {
    let mount = json!([{"sourceVolume": "v", "containerPath": "/v"}]);
    let efs = |members: Value| {
        let efs = with(json!({"fileSystemId": "fs-1"}), &members);
        volumes(
            &json!([{"name": "v", "efsVolumeConfiguration": efs}]),
            &mount,
        )
    };
    let docker = |scope: &str| json!([{"name": "v", "dockerVolumeConfiguration": {"scope": scope, "autoprovision": true}}]);
    refused(&[
        ("Unknown volume 'v'", volumes(&json!([]), &mount)),
        (
            "Unknown volume 'null'",
            volumes(&json!([{"name": "v"}]), &json!([{"containerPath": "/v"}])),
        ),
        (
            "Volume.name contains invalid",
            volumes(&json!([{"name": "a b"}]), &json!([])),
        ),
        (
            "Volume.name should not be null",
            volumes(&json!([{"host": {}}]), &json!([])),
        ),
        (
            "Duplicate volume name 'v'",
            volumes(&json!([{"name": "v"}, {"name": "v"}]), &mount),
        ),
        (
            "can only have one of: host, efsVolumeConfiguration",
            volumes(
                &json!([{"name": "v", "host": {}, "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]),
                &mount,
            ),
        ),
        (
            "fileSystemId should not be null",
            efs(json!({"fileSystemId": null})),
        ),
        (
            "TransitEncryptionPort requires",
            efs(json!({"transitEncryptionPort": 20_490})),
        ),
        (
            "EFS IAM authorization requires",
            efs(json!({"authorizationConfig": {"iam": "ENABLED"}})),
        ),
        (
            "EFS access points require",
            efs(json!({"authorizationConfig": {"accessPointId": "fsap-1"}})),
        ),
        (
            "When using an EFS access point",
            efs(
                json!({"transitEncryption": "ENABLED", "rootDirectory": "/data", "authorizationConfig": {"accessPointId": "fsap-1"}}),
            ),
        ),
        (
            "When using an S3 Files access point",
            volumes(
                &json!([{"name": "v", "s3filesVolumeConfiguration": {"fileSystemArn": "a", "accessPointArn": "b", "rootDirectory": "/x"}}]),
                &mount,
            ),
        ),
        ("scope 'shared'", volumes(&docker("task"), &mount)),
        (
            "Volumes [v] are not referenced",
            volumes(
                &json!([{"name": "v", "configuredAtLaunch": true}]),
                &json!([]),
            ),
        ),
        (
            "only one volume with configuredAtLaunch",
            volumes(
                &json!([{"name": "v", "configuredAtLaunch": true}, {"name": "w", "configuredAtLaunch": true}]),
                &mount,
            ),
        ),
    ]);
    accepted(&[
        volumes(
            &json!([{"name": "v", "host": {"sourcePath": "/x"}, "configuredAtLaunch": false}, {"name": "w"}]),
            &mount,
        ),
        volumes(&docker("shared"), &mount),
        volumes(&json!([{"name": "v", "configuredAtLaunch": true}]), &mount),
        efs(json!({
            "transitEncryption": "ENABLED", "transitEncryptionPort": 20_490, "rootDirectory": "/",
            "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
        })),
    ]);
}

#[test]
fn sizes() {
    refused(&[
        (
            "Invalid 'cpu' setting for task",
            task(&json!({"cpu": "64"}), &json!({})),
        ),
        (
            "Invalid 'cpu' setting for task",
            task(&json!({"cpu": "a lot"}), &json!({})),
        ),
        (
            "Invalid 'memory' setting for task",
            task(&json!({"memory": "3 MB"}), &json!({})),
        ),
        (
            "At least one of 'memory' or 'memoryReservation'",
            app(&json!({"memory": null})),
        ),
        ("at least 6 MiB", app(&json!({"memory": 5}))),
        ("at least 6 MiB", app(&json!({"memoryReservation": 0}))),
        (
            "must be greater than or equal to 'memoryReservation'",
            app(&json!({"memoryReservation": 129})),
        ),
        ("'cpu' must not be negative", app(&json!({"cpu": -1}))),
        (
            "The 'memory' setting for container 'app' is greater",
            task(&json!({"memory": "127"}), &json!({})),
        ),
        (
            "sum of all container 'cpu'",
            with(
                two(&json!({"cpu": 100}), &json!({"cpu": 157})),
                &json!({"cpu": "256"}),
            ),
        ),
        (
            "sum of all container 'memory'",
            with(two(&json!({}), &json!({})), &json!({"memory": "255"})),
        ),
    ]);
    accepted(&[
        app(&json!({"memory": null, "memoryReservation": 6})),
        app(&json!({"memoryReservation": 128})),
        with(
            two(&json!({"cpu": 100}), &json!({"cpu": 156})),
            &json!({"cpu": ".25 vCPU", "memory": "256"}),
        ),
        with(
            two(
                &json!({"memoryReservation": 64}),
                &json!({"memoryReservation": 64}),
            ),
            &json!({"memory": "128"}),
        ),
    ]);
}

#[test]
fn task_members() {
    let constraint = json!({"type": "memberOf", "expression": "attribute:ecs.os-type == linux"});
    let constraints =
        |count: usize| json!({"placementConstraints": vec![constraint.clone(); count]});
    let storage = |gib: i64| fargate(&json!({"ephemeralStorage": {"sizeInGiB": gib}}), &json!({}));
    refused(&[
        (
            "at most 10 placement constraints",
            task(&constraints(11), &json!({})),
        ),
        (
            "PlacementConstraint.type",
            task(
                &json!({"placementConstraints": [{"expression": "x"}]}),
                &json!({}),
            ),
        ),
        (
            "PlacementConstraint.expression",
            task(
                &json!({"placementConstraints": [{"type": "memberOf"}]}),
                &json!({}),
            ),
        ),
        ("should be at least 21", storage(20)),
        ("should be at most 200", storage(201)),
        (
            "sizeInGiB should not be null",
            task(&json!({"ephemeralStorage": {}}), &json!({})),
        ),
    ]);
    accepted(&[
        task(&constraints(10), &json!({})),
        storage(21),
        storage(200),
    ]);
}

#[test]
fn fargate_tasks() {
    let only = |members: Value| fargate(&members, &json!({}));
    let platform = |family: &str, architecture: &str| {
        only(json!({
            "cpu": "1024", "memory": "2048",
            "runtimePlatform": {"operatingSystemFamily": family, "cpuArchitecture": architecture},
        }))
    };
    let mount = json!({"mountPoints": [{"sourceVolume": "v"}]});
    refused(&[
        (
            "only supports network mode ‘awsvpc’",
            only(json!({"networkMode": null})),
        ),
        (
            "only supports network mode ‘awsvpc’",
            only(json!({"networkMode": "bridge"})),
        ),
        (
            "'cpu' be defined at the task level",
            only(json!({"cpu": null})),
        ),
        (
            "'memory' be defined at the task level",
            fargate(&json!({"memory": null}), &json!({"memory": null})),
        ),
        (
            "No Fargate configuration exists",
            only(json!({"memory": "4 GB"})),
        ),
        (
            "No Fargate configuration exists",
            only(json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_FULL"}})),
        ),
        (
            "task placement constraints",
            only(json!({"placementConstraints": [{"type": "memberOf", "expression": "x"}]})),
        ),
        ("do not support ipcMode", only(json!({"ipcMode": "task"}))),
        (
            "do not support pidMode 'host'",
            only(json!({"pidMode": "host"})),
        ),
        (
            "runtime platform WINDOWS_SERVER_2016_FULL",
            platform("WINDOWS_SERVER_2016_FULL", "X86_64"),
        ),
        (
            "runtime platform WINDOWS_SERVER_2022_CORE",
            platform("WINDOWS_SERVER_2022_CORE", "ARM64"),
        ),
        (
            "do not support sourcePath",
            fargate(
                &json!({"volumes": [{"name": "v", "host": {"sourcePath": "/x"}}]}),
                &mount,
            ),
        ),
        (
            "do not support dockerVolumeConfiguration",
            fargate(
                &json!({"volumes": [{"name": "v", "dockerVolumeConfiguration": {}}]}),
                &mount,
            ),
        ),
    ]);
    accepted(&[
        only(json!({"pidMode": "task", "cpu": ".25 vCPU", "memory": "0.5 GB"})),
        only(json!({"requiresCompatibilities": ["EC2", "FARGATE", "MANAGED_INSTANCES"]})),
        platform("LINUX", "ARM64"),
        platform("WINDOWS_SERVER_2022_CORE", "X86_64"),
        fargate(&json!({"volumes": [{"name": "v", "host": {}}]}), &mount),
        task(
            &json!({"requiresCompatibilities": ["EC2"]}),
            &json!({"privileged": true}),
        ),
    ]);
}

#[test]
fn fargate_containers() {
    let only = |members: Value| fargate(&json!({}), &members);
    let linux = |members: Value| only(json!({ "linuxParameters": members }));
    let no_role = |members: Value| fargate(&json!({"executionRoleArn": null}), &members);
    let logs = log(
        "awslogs",
        &json!({"awslogs-group": "g", "awslogs-region": "r", "awslogs-stream-prefix": "p"}),
    );
    let private = json!({"image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1"});
    let s3 = json!({"firelensConfiguration": {"type": "fluentbit", "options": {"config-file-type": "s3"}},
        "logConfiguration": {"logDriver": "awsfirelens"}});
    refused(&[
        (
            "'privileged' setting be 'false'",
            only(json!({"privileged": true})),
        ),
        (
            "do not support dnsServers",
            only(json!({"dnsServers": ["10.0.0.2"]})),
        ),
        (
            "do not support dnsSearchDomains",
            only(json!({"dnsSearchDomains": ["a"]})),
        ),
        (
            "do not support dockerSecurityOptions",
            only(json!({"dockerSecurityOptions": ["no-new-privileges"]})),
        ),
        (
            "GPU resource requirements",
            only(json!({"resourceRequirements": [{"type": "GPU", "value": "1"}]})),
        ),
        (
            "start timeout on container 'app' must be at least 2",
            only(json!({"startTimeout": 1})),
        ),
        (
            "stop timeout on container 'app' must be at least 2",
            only(json!({"stopTimeout": 1})),
        ),
        (
            "stop timeout of less than 120",
            only(json!({"stopTimeout": 121})),
        ),
        (
            "start timeout of less than 120",
            only(json!({"startTimeout": 121})),
        ),
        (
            "do not support devices",
            linux(json!({"devices": [{"hostPath": "/dev/x"}]})),
        ),
        (
            "do not support sharedMemorySize",
            linux(json!({"sharedMemorySize": 64})),
        ),
        (
            "do not support tmpfs",
            linux(json!({"tmpfs": [{"containerPath": "/t", "size": 1}]})),
        ),
        ("do not support maxSwap", linux(json!({"maxSwap": 0}))),
        ("do not support swappiness", linux(json!({"swappiness": 0}))),
        (
            "NET_ADMIN is not allowed on Fargate",
            linux(json!({"capabilities": {"add": ["SYS_PTRACE", "NET_ADMIN"]}})),
        ),
        (
            "json-file is not a valid log driver",
            only(log("json-file", &json!({}))),
        ),
        ("support log driver awslogs", no_role(logs.clone())),
        ("support ECR images", no_role(private.clone())),
        (
            "include awslogs-stream-prefix",
            only(log(
                "awslogs",
                &json!({"awslogs-group": "g", "awslogs-region": "r"}),
            )),
        ),
        ("config file from 's3'", only(s3.clone())),
    ]);
    accepted(&[
        only(logs),
        only(private),
        no_role(json!({"privileged": false, "stopTimeout": 120, "startTimeout": 2})),
        linux(
            json!({"capabilities": {"add": ["SYS_PTRACE"], "drop": ["NET_RAW"]}, "initProcessEnabled": true}),
        ),
        app(&s3),
    ]);
}

#[test]
fn other_launch_types_and_windows() {
    let external = |members: Value, container: Value| {
        task(
            &with(json!({"requiresCompatibilities": ["EXTERNAL"]}), &members),
            &container,
        )
    };
    let managed = |members: Value| {
        task(
            &with(
                json!({"requiresCompatibilities": ["MANAGED_INSTANCES"]}),
                &members,
            ),
            &json!({}),
        )
    };
    let windows = |members: Value, container: Value| {
        let platform =
            json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}});
        task(&with(platform, &members), &container)
    };
    let mount = json!({"mountPoints": [{"sourceVolume": "v"}]});
    let volume = |kind: &str, value: Value| json!({"volumes": [{"name": "v", kind: value}]});
    refused(&[
        (
            "External launch type do not support networkMode=awsvpc",
            external(json!({"networkMode": "awsvpc"}), json!({})),
        ),
        (
            "do not support proxyConfiguration",
            external(
                json!({"proxyConfiguration": {"containerName": "app"}}),
                json!({}),
            ),
        ),
        (
            "do not support efsVolumeConfiguration",
            external(
                volume("efsVolumeConfiguration", json!({"fileSystemId": "fs-1"})),
                mount.clone(),
            ),
        ),
        (
            "do not support configuredAtLaunch",
            external(volume("configuredAtLaunch", json!(true)), mount),
        ),
        (
            "Managed Instances do not support networkMode=bridge",
            managed(json!({"networkMode": "bridge"})),
        ),
        (
            "Managed Instances do not support Windows",
            managed(
                json!({"runtimePlatform": {"operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
            ),
        ),
        (
            "Windows containers do not support networkMode=host",
            windows(json!({"networkMode": "host"}), json!({})),
        ),
        (
            "Windows containers do not support pidMode",
            windows(json!({"pidMode": "task"}), json!({})),
        ),
        (
            "Windows containers do not support privileged",
            windows(json!({}), json!({"privileged": true})),
        ),
        (
            "Windows containers do not support linuxParameters",
            windows(
                json!({}),
                json!({"linuxParameters": {"initProcessEnabled": true}}),
            ),
        ),
    ]);
    accepted(&[
        external(json!({"networkMode": "none"}), json!({})),
        managed(json!({})),
        managed(json!({"networkMode": "host"})),
        windows(
            json!({}),
            json!({"privileged": false, "linuxParameters": {}}),
        ),
        windows(json!({"networkMode": "awsvpc"}), json!({})),
    ]);
}
