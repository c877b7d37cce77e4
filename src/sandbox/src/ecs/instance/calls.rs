//! Container instances: `RegisterContainerInstance`, which the ECS agent of an instance calls,
//! `ListContainerInstances`, `DescribeContainerInstances`, `DeregisterContainerInstance`.

use serde_json::{Map, Value, json};

use super::Instance;
use crate::{
    Answer, Context, Refusal, World,
    ecs::{
        Region, arn,
        cluster::{self, Cluster},
        definition::TAGS,
        members::{Members, invalid},
        needs::{Needs, Ports},
        page::{Element, Order, page},
        placement::free,
        shape::{
            Member,
            Shape::{Choice, Flag, Integer, List, Opaque, Text},
            check, optional, required,
        },
        tag,
        task::life::{Task, fresh_id},
    },
    service::{Input, Outcome, seconds},
};

/// The ports that the agent keeps for itself, Docker and SSH (API reference, `Resource`, with what
/// an agent registers: amazon-ecs-agent, `agent/config`).
const RESERVED_PORTS: [i64; 5] = [22, 2375, 2376, 51678, 51679];

const REGISTER: &[Member] = &[
    optional("cluster", Text),
    optional("instanceIdentityDocument", Text),
    optional("instanceIdentityDocumentSignature", Text),
    optional("totalResources", Opaque),
    optional("versionInfo", Opaque),
    optional("containerInstanceArn", Text),
    optional("attributes", Opaque),
    optional("platformDevices", Opaque),
    optional("tags", TAGS),
];
const DEREGISTER: &[Member] = &[
    optional("cluster", Text),
    required("containerInstance", Text),
    optional("force", Flag),
];
const LIST: &[Member] = &[
    optional("cluster", Text),
    optional("filter", Text),
    optional("nextToken", Text),
    optional("maxResults", Integer),
    optional(
        "status",
        Choice(&[
            "ACTIVE",
            "DRAINING",
            "REGISTERING",
            "DEREGISTERING",
            "REGISTRATION_FAILED",
        ]),
    ),
];
const DESCRIBE: &[Member] = &[
    optional("cluster", Text),
    required("containerInstances", List(&Text)),
    optional(
        "include",
        List(&Choice(&["TAGS", "CONTAINER_INSTANCE_HEALTH"])),
    ),
];

/// The instance as the API shows it.
fn shown(instance: &Instance, cluster: &Cluster, now_millis: u64, with_tags: bool) -> Value {
    let left = free(instance, cluster.tasks.values(), now_millis);
    let count = |wanted: &[&str]| {
        let tasks = cluster.tasks.values();
        tasks
            .filter(|task| task.place_on(&instance.arn, now_millis).is_some())
            .filter(|task| wanted.contains(&task.status(now_millis)))
            .count()
    };
    json!({
        "containerInstanceArn": instance.arn,
        "ec2InstanceId": instance.ec2_id,
        "version": 1,
        "versionInfo": instance.version_info,
        "remainingResources": resources(&left),
        "registeredResources": resources(&instance.registered),
        "status": "ACTIVE",
        "agentConnected": true,
        "runningTasksCount": count(&["RUNNING"]),
        "pendingTasksCount": count(&["PENDING", "PROVISIONING"]),
        "attributes": instance.attributes,
        "attachments": [],
        "registeredAt": seconds(instance.registered_at),
        "tags": if with_tags { tag::listed(&instance.tags) } else { json!([]) },
    })
}

/// API reference, `Resource`: the ports are those that are taken.
fn resources(needs: &Needs) -> Value {
    let number = |name: &str, value: i64| {
        json!({
            "name": name, "type": "INTEGER", "doubleValue": 0.0, "longValue": 0,
            "integerValue": value,
        })
    };
    let ports = |name: &str, protocol: &str| {
        let ports = needs.ports.iter().filter(|(of, _)| of == protocol);
        let ports: Vec<String> = ports.map(|(_, port)| port.to_string()).collect();
        json!({
            "name": name, "type": "STRINGSET", "doubleValue": 0.0, "longValue": 0,
            "integerValue": 0, "stringSetValue": ports,
        })
    };
    json!([
        number("CPU", needs.cpu),
        number("MEMORY", needs.memory),
        ports("PORTS", "tcp"),
        ports("PORTS_UDP", "udp"),
    ])
}

/// What an agent registers. CPU and memory must be among it: nothing could be placed without.
fn registered(input: &Map<String, Value>) -> Result<Needs, Refusal> {
    let number = |wanted: &str| {
        let mut resources = input.objects("totalResources");
        let found = resources.find(|resource| resource.text("name") == Some(wanted));
        let number = found.and_then(|resource| resource.integer("integerValue"));
        number.filter(|number| *number > 0).ok_or_else(|| {
            invalid(format!(
                "totalResources should have {wanted}, with a positive integerValue."
            ))
        })
    };
    let mut ports: Ports = RESERVED_PORTS
        .iter()
        .map(|port| ("tcp".to_owned(), *port))
        .collect();
    for (name, protocol) in [("PORTS", "tcp"), ("PORTS_UDP", "udp")] {
        let given = input.objects("totalResources");
        let given = given.filter(|resource| resource.text("name") == Some(name));
        let given = given.flat_map(|resource| resource.texts("stringSetValue"));
        ports.extend(given.filter_map(|port| Some((protocol.to_owned(), port.parse().ok()?))));
    }
    Ok(Needs {
        cpu: number("CPU")?,
        memory: number("MEMORY")?,
        ports,
    })
}

/// `RegisterContainerInstance`: what the agent does once its instance runs. The signature of the
/// identity document, which only EC2 can make, is not looked at.
pub(in crate::ecs) fn register(world: &mut World, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, REGISTER, "InvalidParameterException")?;
    let tags = tag::parse(&input, |message| invalid(message))?;
    let registered = registered(&input)?;
    let document = input.text("instanceIdentityDocument").unwrap_or("{}");
    let document: Value = serde_json::from_str(document)
        .map_err(|_| invalid("instanceIdentityDocument should be JSON."))?;
    let (id, number) = (fresh_id(world), world.fresh());
    let ec2_id = match document["instanceId"].as_str() {
        Some(id) => id.to_owned(),
        None => format!("i-0{number:016x}"),
    };
    let name = arn::cluster_name(cx, input.text("cluster"))?;
    let cluster = cluster::named(world.ecs.region(cx), cx, &input)?;
    // An agent that starts again says which instance it is.
    let known = input
        .text("containerInstanceArn")
        .and_then(|arn| arn.rsplit('/').next())
        .filter(|id| cluster.instances.contains_key(*id));
    let id = known.map_or(id, str::to_owned);
    let instance = Instance {
        arn: arn::arn(cx, &format!("container-instance/{name}/{id}")),
        ec2_id,
        registered,
        attributes: input.list("attributes").to_vec(),
        version_info: input.object("versionInfo").cloned().unwrap_or_default(),
        registered_at: cx.now_millis,
        tags,
    };
    cluster.instances.insert(id, instance.clone());
    let shown = shown(&instance, cluster, cx.now_millis, true);
    Ok(Answer::ok(json!({ "containerInstance": shown })))
}

/// The instance that the member `containerInstance` names.
fn id<'a>(cx: &Context<'_>, text: &'a str) -> Result<&'a str, Refusal> {
    arn::last_segment(cx, text, "container-instance")
}

/// `DeregisterContainerInstance`. By force its tasks are stopped (amazon-ecs-agent issue 125).
pub(in crate::ecs) fn deregister(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DEREGISTER, "InvalidParameterException")?;
    let cluster = cluster::named(region, cx, &input)?;
    let id = id(cx, input.text("containerInstance").unwrap_or_default())?;
    let Some(instance) = cluster.instances.get(id).cloned() else {
        return Err(invalid("Referenced container instance not found."));
    };
    let runs = |task: &&mut Task| {
        let place = task.place_on(&instance.arn, cx.now_millis);
        place.is_some() && !task.is_stopped()
    };
    let forced = input.flag("force") == Some(true);
    if !forced && cluster.tasks.values_mut().any(|task| runs(&task)) {
        return Err(invalid("Found running tasks on the instance."));
    }
    for task in cluster.tasks.values_mut().filter(runs) {
        let reason = "Container instance deregistration forced by user";
        task.stop(cx.now_millis, "TerminationNotice", reason);
    }
    let mut shown = shown(&instance, cluster, cx.now_millis, true);
    shown["status"] = json!("INACTIVE");
    shown["agentConnected"] = json!(false);
    cluster.instances.remove(id);
    Ok(Answer::ok(json!({ "containerInstance": shown })))
}

/// `ListContainerInstances`.
pub(in crate::ecs) fn list(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, LIST, "InvalidParameterException")?;
    if input.contains_key("filter") {
        return Err(invalid(
            "Expressions of the cluster query language are not read here.",
        ));
    }
    let cluster = cluster::named(region, cx, &input)?;
    let all_are_active = input.text("status").is_none_or(|wanted| wanted == "ACTIVE");
    let listed = cluster.instances.values().filter(|_| all_are_active);
    let elements = listed.map(|instance| Element::plain(instance.arn.as_str()));
    let elements = elements.collect();
    page(&input, "containerInstanceArns", elements, Order::Ascending).map(Answer::ok)
}

/// `DescribeContainerInstances`.
pub(in crate::ecs) fn describe(region: &mut Region, cx: &Context<'_>, input: &Input) -> Outcome {
    let input = check(input, DESCRIBE, "InvalidParameterException")?;
    let with_tags = input.texts("include").any(|field| field == "TAGS");
    let cluster = &*cluster::named(region, cx, &input)?;
    match input.list("containerInstances").len() {
        0 => return Err(invalid("Container instance cannot be empty.")),
        // API reference, DescribeContainerInstances, containerInstances.
        count if count > 100 => return Err(invalid("Specify up to 100 container instances.")),
        _ => {}
    }
    let (mut instances, mut failures) = (Vec::new(), Vec::new());
    for text in input.texts("containerInstances") {
        let id = id(cx, text)?;
        match cluster.instances.get(id) {
            Some(instance) => instances.push(shown(instance, cluster, cx.now_millis, with_tags)),
            None => failures.push(json!({
                "arn": cluster.arn.replacen(":cluster/", ":container-instance/", 1) + "/" + id,
                "reason": "MISSING",
            })),
        }
    }
    Ok(Answer::ok(
        json!({ "containerInstances": instances, "failures": failures }),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::ecs::fixture::{ARN, Sandbox};

    /// A definition that takes so much of an instance, with a port of the host if it has one.
    fn definition(family: &str, memory: u32, port: Option<u16>) -> Value {
        let ports: Vec<Value> = port
            .map(|port| json!({"containerPort": 80, "hostPort": port}))
            .into_iter()
            .collect();
        json!({"family": family, "containerDefinitions": [
            {"name": "app", "image": "nginx", "memory": memory, "cpu": 128, "portMappings": ports},
        ]})
    }

    fn sandbox() -> Sandbox {
        let mut sandbox = Sandbox::new();
        sandbox.call("CreateCluster", &json!({}));
        for (family, memory, port) in [
            ("small", 200, None),
            ("large", 2_000, None),
            ("port", 100, Some(8080)),
        ] {
            let input = definition(family, memory, port);
            sandbox.call("RegisterTaskDefinition", &input);
        }
        sandbox
    }

    fn join(sandbox: &mut Sandbox, id: &str) -> String {
        let resource = |name: &str, value: u32| json!({"name": name, "type": "INTEGER", "integerValue": value});
        let input = json!({
            "instanceIdentityDocument": json!({"instanceId": id}).to_string(),
            "totalResources": [resource("CPU", 1024), resource("MEMORY", 1000)],
        });
        let answer = sandbox.call("RegisterContainerInstance", &input);
        let arn = answer["containerInstance"]["containerInstanceArn"].as_str();
        arn.expect("an instance has an ARN").to_owned()
    }

    fn serve(sandbox: &mut Sandbox, name: &str, family: &str, more: &Value) -> Value {
        let mut input = json!({"serviceName": name, "taskDefinition": family});
        let more = more.as_object().expect("an object").clone();
        input.as_object_mut().expect("an object").extend(more);
        sandbox.call("CreateService", &input)["service"].clone()
    }

    fn events(service: &Value) -> Vec<String> {
        let events = service["events"].as_array().into_iter().flatten();
        let text = |event: &Value| event["message"].as_str().unwrap_or_default().to_owned();
        events.map(text).collect()
    }

    #[test]
    fn instances_come_and_go() {
        let mut sandbox = sandbox();
        let arn = join(&mut sandbox, "i-0a");
        assert!(arn.starts_with(&format!("{ARN}:container-instance/default/")));
        let listed = sandbox.call("ListContainerInstances", &json!({}));
        assert_eq!(listed["containerInstanceArns"], json!([arn]));
        let draining = json!({"status": "DRAINING"});
        let listed = sandbox.call("ListContainerInstances", &draining);
        assert_eq!(listed["containerInstanceArns"], json!([]));
        let asked = json!({"containerInstances": [arn, "nothing"]});
        let found = sandbox.call("DescribeContainerInstances", &asked);
        let instance = &found["containerInstances"][0];
        assert_eq!(instance["ec2InstanceId"], "i-0a");
        assert_eq!(
            instance["remainingResources"],
            instance["registeredResources"]
        );
        assert_eq!(found["failures"][0]["reason"], "MISSING");
        let cluster = sandbox.call("DescribeClusters", &json!({}));
        assert_eq!(
            cluster["clusters"][0]["registeredContainerInstancesCount"],
            1
        );
        sandbox.refuses(
            "DeleteCluster",
            &json!({"cluster": "default"}),
            "ClusterContainsContainerInstancesException",
        );
        let gone = json!({"containerInstance": arn});
        let gone = sandbox.call("DeregisterContainerInstance", &gone);
        assert_eq!(gone["containerInstance"]["status"], "INACTIVE");
        sandbox.call("DeleteCluster", &json!({"cluster": "default"}));
    }

    #[test]
    fn what_instances_and_requests_about_them_demand() {
        let mut sandbox = sandbox();
        let many: Vec<String> = (0..101).map(|n| n.to_string()).collect();
        for (operation, input) in [
            ("RegisterContainerInstance", json!({})),
            (
                "RegisterContainerInstance",
                json!({"instanceIdentityDocument": "{"}),
            ),
            (
                "ListContainerInstances",
                json!({"filter": "registeredAt > now"}),
            ),
            ("ListContainerInstances", json!({"status": "IDLE"})),
            (
                "DescribeContainerInstances",
                json!({"containerInstances": []}),
            ),
            (
                "DescribeContainerInstances",
                json!({"containerInstances": many}),
            ),
            (
                "DeregisterContainerInstance",
                json!({"containerInstance": "nothing"}),
            ),
        ] {
            sandbox.refuses(operation, &input, "InvalidParameterException");
        }
        let elsewhere = json!({"cluster": "nothing"});
        sandbox.refuses(
            "ListContainerInstances",
            &elsewhere,
            "ClusterNotFoundException",
        );
    }

    #[test]
    fn a_service_waits_for_an_instance() {
        let mut sandbox = sandbox();
        serve(&mut sandbox, "s", "small", &json!({"desiredCount": 1}));
        sandbox.now_millis += 60_000;
        let waits = sandbox.service("s");
        assert_eq!(
            (&waits["runningCount"], &waits["pendingCount"]),
            (&json!(0), &json!(0))
        );
        let said = events(&waits);
        assert!(said[0].contains("unable to place a task"), "{said:?}");
        assert!(
            said[0].contains("No Container Instances were found"),
            "{said:?}"
        );
        assert_eq!(said.len(), 1, "it is said once");
        let arn = join(&mut sandbox, "i-0a");
        sandbox.now_millis += 10_000;
        let serves = sandbox.service("s");
        assert_eq!(serves["runningCount"], 1);
        assert!(events(&serves)[0].contains("has reached a steady state."));
        let tasks = sandbox.call("ListTasks", &json!({"serviceName": "s"}));
        let task = sandbox.call("DescribeTasks", &json!({"tasks": tasks["taskArns"]}));
        let task = &task["tasks"][0];
        assert_eq!(
            (&task["launchType"], &task["containerInstanceArn"]),
            (&json!("EC2"), &json!(arn))
        );
        assert_eq!(task.get("platformVersion"), None);
        let asked = json!({"containerInstances": [arn]});
        let found = sandbox.call("DescribeContainerInstances", &asked);
        let instance = &found["containerInstances"][0];
        assert_eq!(instance["runningTasksCount"], 1);
        assert_eq!(instance["remainingResources"][1]["integerValue"], 800);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let mut sandbox = sandbox();
        join(&mut sandbox, "i-0a");
        serve(&mut sandbox, "large", "large", &json!({"desiredCount": 1}));
        assert!(events(&sandbox.service("large"))[0].contains("insufficient memory"));
        serve(&mut sandbox, "port", "port", &json!({"desiredCount": 2}));
        sandbox.now_millis += 10_000;
        let short = sandbox.service("port");
        assert_eq!(short["runningCount"], 1);
        assert!(
            events(&short)[0].contains("already using a port"),
            "{short}"
        );
        let run = json!({"taskDefinition": "port"});
        let ran = sandbox.call("RunTask", &run);
        assert_eq!(ran["failures"][0]["reason"], "RESOURCE:PORTS");
        join(&mut sandbox, "i-0b");
        sandbox.now_millis += 10_000;
        assert_eq!(sandbox.service("port")["runningCount"], 2);
    }

    #[test]
    fn what_stops_makes_room() {
        let mut sandbox = sandbox();
        join(&mut sandbox, "i-0a");
        serve(&mut sandbox, "first", "port", &json!({"desiredCount": 1}));
        serve(&mut sandbox, "second", "port", &json!({"desiredCount": 1}));
        sandbox.now_millis += 10_000;
        assert_eq!(sandbox.service("second")["runningCount"], 0);
        sandbox.call("DeleteService", &json!({"service": "first", "force": true}));
        sandbox.now_millis += 20_000;
        assert_eq!(sandbox.service("second")["runningCount"], 1);
    }

    #[test]
    fn a_daemon_has_one_task_on_each_instance() {
        let mut sandbox = sandbox();
        let daemon = json!({"schedulingStrategy": "DAEMON"});
        let made = serve(&mut sandbox, "d", "port", &daemon);
        assert_eq!(made["desiredCount"], 0);
        let first = join(&mut sandbox, "i-0a");
        let second = join(&mut sandbox, "i-0b");
        sandbox.now_millis += 10_000;
        let service = sandbox.service("d");
        assert_eq!(
            (&service["desiredCount"], &service["runningCount"]),
            (&json!(2), &json!(2))
        );
        let tasks = sandbox.call("ListTasks", &json!({"serviceName": "d"}));
        let tasks = sandbox.call("DescribeTasks", &json!({"tasks": tasks["taskArns"]}));
        let mut places: Vec<&Value> = tasks["tasks"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|task| &task["containerInstanceArn"])
            .collect();
        places.sort_by_key(ToString::to_string);
        let mut expected = [json!(first), json!(second)];
        expected.sort_by_key(Value::to_string);
        assert_eq!(places, expected.iter().collect::<Vec<_>>());

        // A new revision takes the place of the old one on each instance, and not beside it.
        let next = definition("port", 100, Some(8080));
        sandbox.call("RegisterTaskDefinition", &next);
        let update = json!({"service": "d", "taskDefinition": "port"});
        sandbox.call("UpdateService", &update);
        sandbox.now_millis += 60_000;
        let service = sandbox.service("d");
        assert_eq!(service["runningCount"], 2, "{service}");
        assert_eq!(service["deployments"].as_array().map(Vec::len), Some(1));
        let said = events(&service);
        assert!(
            !said.iter().any(|event| event.contains("unable to place")),
            "{said:?}"
        );

        let gone = json!({"containerInstance": first});
        sandbox.refuses(
            "DeregisterContainerInstance",
            &gone,
            "InvalidParameterException",
        );
        let gone = json!({"containerInstance": first, "force": true});
        sandbox.call("DeregisterContainerInstance", &gone);
        sandbox.now_millis += 10_000;
        let service = sandbox.service("d");
        assert_eq!(
            (&service["desiredCount"], &service["runningCount"]),
            (&json!(1), &json!(1))
        );
    }

    #[test]
    fn external_instances_are_for_external_tasks() {
        let mut sandbox = sandbox();
        join(&mut sandbox, "mi-0a");
        serve(&mut sandbox, "s", "small", &json!({"desiredCount": 1}));
        assert!(events(&sandbox.service("s"))[0].contains("No Container Instances"));
        let external = json!({"desiredCount": 1, "launchType": "EXTERNAL"});
        serve(&mut sandbox, "e", "small", &external);
        sandbox.now_millis += 10_000;
        assert_eq!(sandbox.service("e")["runningCount"], 1);
    }
}
