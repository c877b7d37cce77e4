//! A service of ECS Express Mode that boto3 has made: a collector comes beside its application, and
//! what Express Mode would not take is refused before anything is done.

use serde_json::{Value, json};

use crate::rollout_cli::{World, assert_says};

const ROLE: &str = "arn:aws:iam::123456789012:role/Express";

/// The stack whose container is called `name`.
fn declare(world: &World, family: &str, name: &str) {
    let text = format!(
        "[stack]\nname = \"web\"\n\n[task_definitions.web]\nfamily = \"{family}\"\nadopt = true\nrequires_compatibilities = [\"FARGATE\"]\ncpu = 1024\nmemory = 2048\nservices = [\"prod/web\"]\n\n[task_definitions.web.containers.{name}]\nimage = \"app:2\"\nport_mappings = [{{ container_port = 8080, name = \"http\" }}]\n\n[task_definitions.web.containers.helper]\nimage = \"helper:1\"\nessential = false\n"
    );
    world.bench.write("web.toml", &text);
}

#[test]
fn a_service_of_express_mode_runs_a_definition_of_ones_own() {
    let Some(mut world) = World::new("rollout-express") else {
        return;
    };
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": ["ecs.amazonaws.com", "ecs-tasks.amazonaws.com"]},
    }]});
    let role = json!({"RoleName": "Express", "AssumeRolePolicyDocument": trust.to_string()});
    world.aws.boto("iam", "CreateRole", role);
    let made = world.aws.boto(
        "ecs",
        "CreateExpressGatewayService",
        json!({
            "cluster": "prod", "serviceName": "web", "infrastructureRoleArn": ROLE,
            "executionRoleArn": ROLE,
            "primaryContainer": {"image": "app:1", "containerPort": 8080},
        }),
    );
    let arn = made["service"]["serviceArn"].as_str().unwrap().to_owned();
    let first = world.runs("web");
    let (family, _) = first.split_once(':').unwrap();
    // It would let six minutes go by.
    let hasty = json!({"cluster": "prod", "service": "web", "deploymentConfiguration": {
        "strategy": "CANARY", "bakeTimeInMinutes": 0,
        "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 0},
    }});
    world.aws.boto("ecs", "UpdateService", hasty);

    declare(&world, family, "app");
    let refused = world.run(&["apply", "web.toml", "--yes"]).expect(1);
    assert_says(
        &refused,
        &["service-express", "no container is called `Main`"],
    );
    assert_eq!(world.runs("web"), first);

    declare(&world, family, "Main");
    let plan = world.run(&["plan", "web.toml"]).expect(0);
    assert_says(&plan, &["UpdateExpressGatewayService service prod/web"]);
    let applied = world.run(&["apply", "web.toml", "--yes"]).expect(0);
    let second = format!("{family}:2");
    assert_says(&applied, &[&format!("prod/web runs {second}")]);
    assert_eq!(world.runs("web"), second);
    let asked = json!({"serviceArn": arn});
    let seen = world
        .aws
        .boto("ecs", "DescribeExpressGatewayService", asked);
    let configuration: &Value = &seen["service"]["activeConfigurations"][0];
    assert_eq!(configuration["primaryContainer"]["image"], "app:2");
    world
        .run(&["plan", "web.toml", "--detailed-exitcode"])
        .expect(0);
}
