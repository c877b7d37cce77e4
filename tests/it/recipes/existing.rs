//! What the README says to whoever has a task definition and a service already: every step, to the
//! service that runs the new revision.

use std::{fs, path::Path};

use serde_json::json;

use crate::{
    emulators::server::{ACCOUNT, Emulator, Kind},
    guide::pages::pages,
    run::Bench,
};

/// A service as the console of ECS makes one: with a role to start it and none to work as.
fn service(aws: &mut Emulator) {
    let role = "ecsTaskExecutionRole";
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": "ecs-tasks.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }],
    });
    let request = json!({"RoleName": role, "AssumeRolePolicyDocument": trust.to_string()});
    aws.boto("iam", "create_role", request);
    let policy = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
    let request = json!({"RoleName": role, "PolicyArn": policy});
    aws.boto("iam", "attach_role_policy", request);
    let group = json!({"logGroupName": "/ecs/checkout"});
    aws.boto("logs", "create_log_group", group);
    let options = json!({
        "awslogs-group": "/ecs/checkout",
        "awslogs-region": "us-east-1",
        "awslogs-stream-prefix": "ecs",
    });
    let definition = json!({
        "family": "checkout",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "512",
        "memory": "1024",
        "executionRoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"),
        "containerDefinitions": [{
            "name": "app",
            "image": "public.ecr.aws/docker/library/nginx:1.29",
            "portMappings": [{"containerPort": 8080}],
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }],
    });
    aws.boto("ecs", "register_task_definition", definition);
    aws.boto("ecs", "create_cluster", json!({"clusterName": "prod"}));
    let network = json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}});
    let request = json!({
        "cluster": "prod", "serviceName": "checkout", "taskDefinition": "checkout",
        "desiredCount": 1, "launchType": "FARGATE", "networkConfiguration": network,
    });
    aws.boto("ecs", "create_service", request);
}

#[test]
fn a_service_that_exists_gets_its_metrics_as_the_readme_says() {
    let test = "the README for a service that exists";
    let Some(mut aws) = Emulator::start(Kind::Sandbox, test) else {
        return;
    };
    service(&mut aws);
    let bench = Bench::with_endpoint("existing", &aws.endpoint);
    let mut pages = pages().into_iter();
    let readme = pages.find(|page| page.path == Path::new("README.md"));
    let blocks = readme.expect("it is among the pages").blocks();
    let mut typed = blocks.iter().flat_map(|block| block.text.lines());
    let import = typed.find_map(|line| line.strip_prefix("amp-stack import "));
    let import: Vec<&str> = import.expect("it says so").split(' ').collect();
    let imported = bench.run(&[&["import"], &import[..]].concat()).expect(0);
    for words in [
        "add a [workspace] and [task_definitions.checkout.metrics] with",
        "so name a `task_role` in [task_definitions.checkout]",
    ] {
        assert!(imported.says(words), "{words}: {}", imported.stderr);
    }
    let written = fs::read_to_string(bench.path("checkout.toml")).unwrap();
    let head = "[task_definitions.checkout]\n";
    let with_keys = format!("{head}task_role = \"task\"\nservices = [\"prod/checkout\"]\n");
    let written = written.replace(head, &with_keys);
    let added = r#"
[workspace]
alias = "checkout"

[roles.task]
name = "CheckoutTask"

[task_definitions.checkout.metrics]
scrape = [{ port = 8080 }]
"#;
    bench.write("checkout.toml", &format!("{written}{added}"));
    let plan = bench.run(&["plan", "checkout.toml"]).expect(0);
    for words in [
        "2 to create, 3 to take over: 7 calls",
        "~ services.prod/checkout checkout:1 -> the new revision of checkout",
    ] {
        assert!(plan.says(words), "{words}: {}", plan.stdout);
    }
    bench.run(&["apply", "checkout.toml", "--yes"]).expect(0);
    let again = ["plan", "checkout.toml", "--detailed-exitcode"];
    bench.run(&again).expect(0);
    // Whether samples arrive takes a while, and is seen in `emulators/verify.rs`.
    let request = json!({"cluster": "prod", "services": ["checkout"]});
    let services = aws.boto("ecs", "describe_services", request);
    let runs = services["services"][0]["taskDefinition"].as_str().unwrap();
    assert!(runs.ends_with(":task-definition/checkout:2"), "{runs}");
}
