//! Services of ECS Express Mode: `CreateExpressGatewayService` and its like. Of what AWS makes
//! around such a service, the cluster, the task definition and the deployments are acted out; there
//! are no load balancers, alarms, log groups and scaling here.
//!
//! Source: ECS API reference, `CreateExpressGatewayService`, `UpdateExpressGatewayService` and
//! `DescribeExpressGatewayService`; ECS developer guide, "Amazon ECS Express Mode services".

mod definition;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Service, Status, create, delete, not_found, primary_revision, put};
use crate::{
    Answer, Context, Refusal, World,
    ecs::{
        arn, cluster,
        definition::TAGS,
        members::{Members, invalid},
        role_is_passable,
        shape::{
            Member,
            Shape::{Choice, List, Opaque, Text},
            check, optional, required,
        },
        tag,
    },
    service::{Input, Outcome},
};

/// What makes a service one of Express Mode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Express {
    infrastructure_role: String,
    health_check_path: String,
    scaling_target: Value,
    updated_at: u64,
}

/// What is asked for the health of a task if nothing is said (the same guide, "Resources created by
/// Amazon ECS Express Mode services").
const HEALTH_CHECK_PATH: &str = "/ping";

const CREATE: &[Member] = &[
    optional("cluster", Text),
    optional("serviceName", Text),
    required("infrastructureRoleArn", Text),
    optional("executionRoleArn", Text),
    optional("taskRoleArn", Text),
    optional("healthCheckPath", Text),
    optional("primaryContainer", Opaque),
    optional("networkConfiguration", Opaque),
    optional("cpu", Text),
    optional("memory", Text),
    optional("cpuArchitecture", Text),
    optional("scalingTarget", Opaque),
    optional("taskDefinitionArn", Text),
    optional("tags", TAGS),
];
const UPDATE: &[Member] = &[
    required("serviceArn", Text),
    optional("executionRoleArn", Text),
    optional("taskRoleArn", Text),
    optional("healthCheckPath", Text),
    optional("primaryContainer", Opaque),
    optional("networkConfiguration", Opaque),
    optional("cpu", Text),
    optional("memory", Text),
    optional("cpuArchitecture", Text),
    optional("scalingTarget", Opaque),
    optional("taskDefinitionArn", Text),
];
const DESCRIBE: &[Member] = &[
    required("serviceArn", Text),
    optional("include", List(&Choice(&["TAGS"]))),
];

/// `CreateExpressGatewayService`.
pub(in crate::ecs) fn create_express(
    world: &mut World,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    let input = check(input, CREATE, "InvalidParameterException")?;
    let cluster_name = arn::cluster_name(cx, input.text("cluster"))?;
    let region = world.ecs.region(cx);
    // It makes the default cluster, but no other.
    if cluster_name == "default" && !region.clusters.contains_key("default") {
        cluster::create(region, cx, &Map::new())?;
    }
    let infrastructure_role = input.text("infrastructureRoleArn").unwrap_or_default();
    role_is_passable(world, infrastructure_role, cx.now_millis)?;
    let generated = format!("main-{:08x}", world.fresh() & 0xffff_ffff);
    let name = input.text("serviceName").unwrap_or(&generated).to_owned();
    let definition = match definition::given(&input)? {
        Some(arn) => definition::fitting(world, cx, arn)?,
        None => definition::made(world, cx, &input, &format!("{cluster_name}-{name}"))?,
    };
    let scaling_target = input.get("scalingTarget").cloned().unwrap_or_default();
    let mut asked = json!({
        "cluster": cluster_name, "serviceName": name, "taskDefinition": definition,
        "desiredCount": scaling_target["minTaskCount"].as_u64().unwrap_or(1),
        "launchType": "FARGATE", "networkConfiguration": definition::network(&input),
        // Developer guide, "Updating an Amazon ECS Express Mode service".
        "deploymentConfiguration": {
            "strategy": "CANARY", "bakeTimeInMinutes": 3,
            "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3},
        },
    });
    if let Some(tags) = input.get("tags") {
        asked["tags"] = tags.clone();
    }
    create(world, cx, asked.as_object().expect("an object"))?;
    let express = Express {
        infrastructure_role: infrastructure_role.to_owned(),
        health_check_path: input
            .text("healthCheckPath")
            .unwrap_or(HEALTH_CHECK_PATH)
            .to_owned(),
        scaling_target,
        updated_at: cx.now_millis,
    };
    let cluster = world.ecs.region(cx).clusters.get_mut(&cluster_name);
    let service = cluster.and_then(|cluster| cluster.services.get_mut(&name));
    let service = service.ok_or_else(not_found)?;
    service.express = Some(express);
    let service = service.clone();
    shown(world, cx, &service, true)
}

/// `UpdateExpressGatewayService`.
pub(in crate::ecs) fn update_express(
    world: &mut World,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    let input = check(input, UPDATE, "InvalidParameterException")?;
    let (cluster_name, mut service) = find(world, cx, &input)?;
    if service.status != Status::Active {
        return Err(Refusal::new(
            400,
            "ServiceNotActiveException",
            "Service was not ACTIVE.",
        ));
    }
    let is_redefined = definition::PARTS
        .iter()
        .any(|member| input.contains_key(*member));
    let definition = match definition::given(&input)? {
        Some(arn) => definition::fitting(world, cx, arn)?,
        None if is_redefined => {
            let base = primary_revision(world.ecs.region(cx), cx, &service).definition;
            definition::registered(world, cx, Value::Object(base), &input)?
        }
        None => service.primary().task_definition.clone(),
    };
    let mut express = service.express.clone().ok_or_else(not_found)?;
    if let Some(path) = input.text("healthCheckPath") {
        path.clone_into(&mut express.health_check_path);
    }
    if let Some(target) = input.get("scalingTarget") {
        express.scaling_target = target.clone();
    }
    let has_network = input.contains_key("networkConfiguration");
    if has_network {
        let network = definition::network(&input);
        service
            .choices
            .insert("networkConfiguration".to_owned(), network);
    }
    express.updated_at = cx.now_millis;
    service.express = Some(express);
    if has_network || definition != service.primary().task_definition {
        service.deploy(definition, cx.now_millis);
    }
    put(world, cx, &cluster_name, service.clone())?;
    let Answer { body, .. } = shown(world, cx, &service, false)?;
    let mut updated = body["service"].clone();
    let target = updated["activeConfigurations"][0].take();
    updated["targetConfiguration"] = target;
    let kept = [
        "serviceArn",
        "cluster",
        "serviceName",
        "status",
        "targetConfiguration",
        "createdAt",
        "updatedAt",
    ];
    if let Some(members) = updated.as_object_mut() {
        members.retain(|member, _| kept.contains(&member.as_str()));
    }
    Ok(Answer::ok(json!({ "service": updated })))
}

/// `DescribeExpressGatewayService`.
pub(in crate::ecs) fn describe_express(
    world: &mut World,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    let input = check(input, DESCRIBE, "InvalidParameterException")?;
    let with_tags = input.texts("include").any(|field| field == "TAGS");
    let (_, service) = find(world, cx, &input)?;
    shown(world, cx, &service, with_tags)
}

/// `DeleteExpressGatewayService`.
pub(in crate::ecs) fn delete_express(
    world: &mut World,
    cx: &Context<'_>,
    input: &Input,
) -> Outcome {
    let input = check(input, &DESCRIBE[..1], "InvalidParameterException")?;
    let (cluster, service) = find(world, cx, &input)?;
    let asked = json!({"cluster": cluster, "service": service.name, "force": true});
    delete(
        world.ecs.region(cx),
        cx,
        asked.as_object().expect("an object"),
    )?;
    let (_, service) = find(world, cx, &input)?;
    shown(world, cx, &service, false)
}

/// The service with this ARN and the name of its cluster.
fn find(
    world: &mut World,
    cx: &Context<'_>,
    input: &Map<String, Value>,
) -> Result<(String, Service), Refusal> {
    let wanted = input.text("serviceArn").unwrap_or_default();
    let clusters = world.ecs.region(cx).clusters.iter();
    let mut services = clusters.flat_map(|(name, cluster)| {
        let services = cluster.services.values();
        services.map(move |service| (name, service))
    });
    let found = services.find(|(_, service)| service.arn == wanted);
    let (cluster, service) = found.ok_or_else(not_found)?;
    if service.express.is_none() {
        return Err(invalid("The service is not an Express Gateway service."));
    }
    Ok((cluster.clone(), service.clone()))
}

/// The answer about a service.
fn shown(world: &mut World, cx: &Context<'_>, service: &Service, with_tags: bool) -> Outcome {
    let Some(express) = &service.express else {
        return Err(not_found());
    };
    let revision = primary_revision(world.ecs.region(cx), cx, service);
    let definition = &revision.definition;
    let mut containers = definition.objects("containerDefinitions");
    let main = containers.find(|container| container.text("name") == Some(definition::MAIN));
    let port = main
        .and_then(|main| main.objects("portMappings").next())
        .and_then(|mapping| mapping.get("containerPort"));
    let configuration = json!({
        "serviceRevisionArn": service.revisions.last().map(|revision| &revision.arn),
        "executionRoleArn": definition.get("executionRoleArn"),
        "taskRoleArn": definition.get("taskRoleArn"),
        "cpu": definition.get("cpu"),
        "memory": definition.get("memory"),
        "taskDefinitionArn": revision.arn(),
        "healthCheckPath": express.health_check_path,
        "scalingTarget": express.scaling_target,
        "networkConfiguration":
            service.choices.object("networkConfiguration").and_then(|it| it.get("awsvpcConfiguration")),
        "primaryContainer": {"image": main.and_then(|main| main.get("image")), "containerPort": port},
        "ingressPaths": [],
        "createdAt": crate::ecs::seconds(service.created_at),
    });
    let mut shown = json!({
        "cluster": service.cluster_name(),
        "serviceName": service.name,
        "serviceArn": service.arn,
        "infrastructureRoleArn": express.infrastructure_role,
        "status": {"statusCode": service.status.name()},
        "currentDeployment": service.rollouts.first().map(|rollout| &rollout.arn),
        "activeConfigurations": [configuration],
        "createdAt": crate::ecs::seconds(service.created_at),
        "updatedAt": crate::ecs::seconds(express.updated_at),
    });
    if with_tags {
        shown["tags"] = tag::listed(&service.tags);
    }
    Ok(Answer::ok(json!({ "service": without_nulls(shown) })))
}

/// The protocol leaves out what there is not.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(member, value)| (member, without_nulls(value)))
                .collect(),
        ),
        Value::Array(elements) => elements.into_iter().map(without_nulls).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::fixture::Sandbox;

    const ROLE: &str = "arn:aws:iam::111122223333:role/Execution";

    fn created() -> (Sandbox, String) {
        let mut sandbox = Sandbox::new();
        let made = sandbox.call(
            "CreateExpressGatewayService",
            &json!({
                "serviceName": "web", "infrastructureRoleArn": ROLE, "executionRoleArn": ROLE,
                "primaryContainer": {"image": "app:1", "containerPort": 8080},
            }),
        );
        let arn = made["service"]["serviceArn"]
            .as_str()
            .expect("an ARN")
            .to_owned();
        (sandbox, arn)
    }

    fn definition(edit: impl FnOnce(&mut Value)) -> Value {
        let mut definition = json!({
            "family": "own", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512",
            "containerDefinitions": [
                {"name": "Main", "image": "app:2", "portMappings": [{"containerPort": 80, "name": "http"}]},
                {"name": "collector", "image": "collector:1", "essential": false},
            ],
        });
        edit(&mut definition);
        definition
    }

    #[test]
    fn a_service_is_made_with_what_belongs_to_it() {
        let (mut sandbox, arn) = created();
        let service = sandbox.service("web");
        assert_eq!(service["resourceManagementType"], "ECS");
        assert_eq!(service["deploymentConfiguration"]["strategy"], "CANARY");
        let shown = sandbox.call("DescribeExpressGatewayService", &json!({"serviceArn": arn}));
        let configuration = &shown["service"]["activeConfigurations"][0];
        assert_eq!(configuration["primaryContainer"]["containerPort"], 8080);
        assert_eq!(shown["service"]["status"]["statusCode"], "ACTIVE");
        let image = json!({"serviceArn": arn, "primaryContainer": {"image": "app:2"}});
        let updated = sandbox.call("UpdateExpressGatewayService", &image);
        let target = &updated["service"]["targetConfiguration"];
        assert_eq!(target["primaryContainer"]["image"], "app:2");
        assert_eq!(target["primaryContainer"]["containerPort"], 8080);
        sandbox.call("DeleteExpressGatewayService", &json!({"serviceArn": arn}));
        assert_ne!(sandbox.service("web")["status"], "ACTIVE");
    }

    #[test]
    fn it_takes_a_task_definition_that_fits() {
        let (mut sandbox, arn) = created();
        let update = |definition: &Value| json!({"serviceArn": arn, "taskDefinitionArn": definition["taskDefinition"]["taskDefinitionArn"]});
        let own = sandbox.call("RegisterTaskDefinition", &definition(|_| {}));
        sandbox.call("UpdateExpressGatewayService", &update(&own));
        let service = sandbox.service("web");
        assert_eq!(service.get("taskDefinition"), None);
        let runs = service["deployments"][0]["taskDefinition"].clone();
        assert_eq!(runs, own["taskDefinition"]["taskDefinitionArn"]);
        let edits: [fn(&mut Value); 5] = [
            |it| it["containerDefinitions"][0]["name"] = json!("main"),
            |it| it["containerDefinitions"][0]["portMappings"] = json!([]),
            |it| it["containerDefinitions"][0]["portMappings"][0] = json!({"containerPort": 80}),
            |it| it["containerDefinitions"][0]["portMappings"][0]["protocol"] = json!("udp"),
            |it| it["requiresCompatibilities"] = json!(["EC2"]),
        ];
        for edit in edits {
            let other = sandbox.call("RegisterTaskDefinition", &definition(edit));
            let refused = update(&other);
            sandbox.refuses(
                "UpdateExpressGatewayService",
                &refused,
                "InvalidParameterException",
            );
        }
        let mut both = update(&own);
        both["cpu"] = json!("512");
        sandbox.refuses(
            "UpdateExpressGatewayService",
            &both,
            "InvalidParameterException",
        );
    }

    #[test]
    fn other_services_are_no_express_services() {
        let (mut sandbox, arn) = created();
        sandbox.register("f");
        sandbox.create_service("plain", "f:1", 1);
        assert_eq!(
            sandbox.service("plain")["resourceManagementType"],
            "CUSTOMER"
        );
        let plain = json!({"serviceArn": arn.replace("/web", "/plain")});
        sandbox.refuses(
            "UpdateExpressGatewayService",
            &plain,
            "InvalidParameterException",
        );
        let none = json!({"serviceArn": arn.replace("/web", "/none")});
        sandbox.refuses(
            "DescribeExpressGatewayService",
            &none,
            "ServiceNotFoundException",
        );
    }
}
