//! What callers of Amazon ECS can rely on.

use serde_json::{Value, json};

use super::*;
use crate::sandbox::service::Answer;

/// A world, and a clock that a test can move.
pub(super) struct Sandbox {
    pub(super) world: World,
    pub(super) now_millis: u64,
}

impl Sandbox {
    pub(super) fn new() -> Self {
        Self {
            world: World::default(),
            now_millis: 1_700_000_000_000,
        }
    }

    pub(super) fn try_call(&mut self, operation: &str, input: &Value) -> Outcome {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: self.now_millis,
        };
        let input = input.as_object().expect("a test gives an object");
        call(&mut self.world, &cx, operation, input)
    }

    /// The body of an answer, which must be a success.
    pub(super) fn call(&mut self, operation: &str, input: &Value) -> Value {
        match self.try_call(operation, input) {
            Ok(Answer { status: 200, body }) => body,
            other => panic!("{operation} {input}: {other:?}"),
        }
    }

    /// The status, code and text of a refusal.
    pub(super) fn refusal(
        &mut self,
        operation: &str,
        input: &Value,
    ) -> (u16, &'static str, String) {
        match self.try_call(operation, input) {
            Err(refusal) => (refusal.status, refusal.code, refusal.message),
            Ok(answer) => panic!("{operation} {input}: {answer:?}"),
        }
    }

    fn refuses(&mut self, operation: &str, input: &Value, code: &str) {
        let (status, found, message) = self.refusal(operation, input);
        assert_eq!(
            (status, found),
            (400, code),
            "{operation} {input}: {message}"
        );
    }

    fn register(&mut self, family: &str) -> String {
        let body = self.call("RegisterTaskDefinition", &fargate(family));
        let arn = body["taskDefinition"]["taskDefinitionArn"].as_str();
        arn.expect("an answer has the ARN").to_owned()
    }

    fn status(&mut self, arn: &str) -> Value {
        let body = self.call("DescribeTaskDefinition", &json!({"taskDefinition": arn}));
        body["taskDefinition"]["status"].clone()
    }

    fn service(&mut self, name: &str) -> Value {
        let body = self.call("DescribeServices", &json!({"services": [name]}));
        body["services"][0].clone()
    }

    fn create_service(&mut self, name: &str, definition: &str, count: u32) -> Value {
        self.call("CreateService", &service(name, definition, count))["service"].clone()
    }
}

fn fargate(family: &str) -> Value {
    json!({
        "family": family, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "nginx"}],
    })
}

fn network() -> Value {
    json!({"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
}

fn service(name: &str, definition: &str, count: u32) -> Value {
    json!({
        "serviceName": name, "taskDefinition": definition, "desiredCount": count,
        "launchType": "FARGATE", "networkConfiguration": network(),
    })
}

const ARN: &str = "arn:aws:ecs:us-east-1:111122223333";

#[test]
fn unknown_operations_are_named() {
    let (status, code, message) = Sandbox::new().refusal("MakeCoffee", &json!({}));
    assert_eq!((status, code), (400, "UnknownOperationException"));
    assert!(message.contains("MakeCoffee"), "{message}");
}

#[test]
fn registering_fills_in_what_describe_shows() {
    let mut sandbox = Sandbox::new();
    let input = json!({
        "family": "web", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": ".5 vCPU", "memory": "1 GB", "taskRoleArn": "Short",
        "executionRoleArn": "arn:aws:iam::111122223333:role/path/Execution",
        "containerDefinitions": [{
            "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
            "portMappings": [{"containerPort": 8080}, {"containerPort": 9, "hostPort": 0, "protocol": "udp"}],
            "healthCheck": {"command": ["CMD", "/healthcheck"]},
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}},
            "dockerLabels": {"a": "b"}, "unheard": true,
        }],
        "volumes": [{"name": "scratch"}, {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}],
        "tags": [{"key": "team", "value": "payments"}],
    });
    let answer = sandbox.call("RegisterTaskDefinition", &input);
    let expected = json!({
        "taskDefinitionArn": format!("{ARN}:task-definition/web:1"),
        "family": "web", "revision": 1, "status": "ACTIVE", "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "compatibilities": ["EC2", "MANAGED_INSTANCES", "FARGATE"],
        "cpu": "512", "memory": "1024", "enableFaultInjection": false, "placementConstraints": [],
        "taskRoleArn": "arn:aws:iam::111122223333:role/Short",
        "executionRoleArn": "arn:aws:iam::111122223333:role/path/Execution",
        "registeredAt": 1_700_000_000.0, "registeredBy": "arn:aws:iam::111122223333:root",
        "volumes": [
            {"name": "scratch", "host": {}, "configuredAtLaunch": false},
            {"name": "files", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}},
        ],
        "requiresAttributes": [
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.18"},
            {"name": "com.amazonaws.ecs.capability.docker-remote-api.1.19"},
            {"name": "com.amazonaws.ecs.capability.ecr-auth"},
            {"name": "com.amazonaws.ecs.capability.logging-driver.awslogs"},
            {"name": "com.amazonaws.ecs.capability.task-iam-role"},
            {"name": "ecs.capability.container-health-check"},
            {"name": "ecs.capability.efs"},
            {"name": "ecs.capability.execution-role-awslogs"},
            {"name": "ecs.capability.execution-role-ecr-pull"},
            {"name": "ecs.capability.task-eni"},
        ],
        "containerDefinitions": [{
            "name": "app", "image": "111122223333.dkr.ecr.us-east-1.amazonaws.com/app:1",
            "cpu": 0, "essential": true, "environment": [], "mountPoints": [], "volumesFrom": [], "systemControls": [],
            "portMappings": [
                {"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"},
                {"containerPort": 9, "hostPort": 9, "protocol": "udp"},
            ],
            "healthCheck": {"command": ["CMD", "/healthcheck"], "interval": 30, "timeout": 5, "retries": 3},
            "logConfiguration": {"logDriver": "awslogs", "options": {
                "awslogs-group": "/ecs/app", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "ecs"}},
            "dockerLabels": {"a": "b"},
        }],
    });
    assert_eq!(answer["taskDefinition"], expected);
    let tags = json!([{"key": "team", "value": "payments"}]);
    assert_eq!(answer["tags"], tags);

    let bare = sandbox.call("DescribeTaskDefinition", &json!({"taskDefinition": "web"}));
    assert_eq!(bare, json!({ "taskDefinition": expected }));
    let tagged = json!({"taskDefinition": "web:1", "include": ["TAGS"]});
    let tagged = sandbox.call("DescribeTaskDefinition", &tagged);
    assert_eq!(tagged["tags"], tags);
}

#[test]
fn compatibilities_are_the_launch_types_that_would_accept_the_definition() {
    let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
    let cases = [
        (json!({}), json!(["EXTERNAL", "EC2"])),
        (
            json!({"networkMode": "host"}),
            json!(["EXTERNAL", "EC2", "MANAGED_INSTANCES"]),
        ),
        (
            json!({"networkMode": "awsvpc"}),
            json!(["EC2", "MANAGED_INSTANCES"]),
        ),
        (
            json!({"networkMode": "awsvpc", "cpu": "256", "memory": "512"}),
            json!(["EC2", "MANAGED_INSTANCES", "FARGATE"]),
        ),
        (
            json!({"networkMode": "awsvpc", "cpu": "1024", "memory": "2048", "runtimePlatform": {
                "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}}),
            json!(["EC2", "FARGATE"]),
        ),
    ];
    for (mut input, compatibilities) in cases {
        input["family"] = json!("f");
        input["containerDefinitions"] = container.clone();
        let answer = Sandbox::new().call("RegisterTaskDefinition", &input);
        assert_eq!(
            answer["taskDefinition"]["compatibilities"], compatibilities,
            "{input}"
        );
        assert_eq!(
            answer["taskDefinition"].get("requiresCompatibilities"),
            None
        );
    }
}

#[test]
fn revisions_are_never_given_twice() {
    let mut sandbox = Sandbox::new();
    for number in 1..=3 {
        assert_eq!(
            sandbox.register("f"),
            format!("{ARN}:task-definition/f:{number}")
        );
    }
    for number in 1..=3 {
        let name = format!("f:{number}");
        sandbox.call("DeregisterTaskDefinition", &json!({"taskDefinition": name}));
    }
    let all = json!({"taskDefinitions": ["f:1", "f:2", "f:3"]});
    sandbox.call("DeleteTaskDefinitions", &all);
    sandbox.now_millis += 3_600_000;
    let families = sandbox.call("ListTaskDefinitionFamilies", &json!({}));
    assert_eq!(families, json!({"families": []}));
    assert_eq!(sandbox.register("f"), format!("{ARN}:task-definition/f:4"));
}

#[test]
fn a_family_is_its_latest_active_revision() {
    let mut sandbox = Sandbox::new();
    let describe = json!({"taskDefinition": "f"});
    sandbox.refuses("DescribeTaskDefinition", &describe, "ClientException");
    let second = {
        sandbox.register("f");
        sandbox.register("f")
    };
    let third = sandbox.register("f");
    sandbox.now_millis += 500;
    let answer = sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": third}),
    );
    assert_eq!(answer["taskDefinition"]["status"], "INACTIVE");
    assert_eq!(
        answer["taskDefinition"]["deregisteredAt"],
        json!(1_700_000_000.5)
    );
    let latest = sandbox.call("DescribeTaskDefinition", &describe);
    assert_eq!(latest["taskDefinition"]["taskDefinitionArn"], json!(second));
    assert_eq!(sandbox.status("f:3"), "INACTIVE");
    for unknown in [
        "g",
        "f:9",
        "f:x",
        "arn:aws:ecs:eu-west-1:111122223333:task-definition/f:1",
        "arn:aws:ecs:us-east-1:111122223333:cluster/f",
    ] {
        let input = json!({"taskDefinition": unknown});
        let (status, code, message) = sandbox.refusal("DescribeTaskDefinition", &input);
        assert_eq!((status, code), (400, "ClientException"), "{unknown}");
        assert_eq!(message, "Unable to describe task definition.");
    }
}

#[test]
fn deregistering_needs_a_revision() {
    let mut sandbox = Sandbox::new();
    sandbox.register("f");
    for wrong in ["f", "f:2", "g:1", "f:one"] {
        let input = json!({"taskDefinition": wrong});
        sandbox.refuses("DeregisterTaskDefinition", &input, "ClientException");
    }
    sandbox.refuses("DeregisterTaskDefinition", &json!({}), "ClientException");
    let first = json!({"taskDefinition": "f:1"});
    let once = sandbox.call("DeregisterTaskDefinition", &first);
    sandbox.now_millis += 1000;
    assert_eq!(sandbox.call("DeregisterTaskDefinition", &first), once);
}

#[test]
fn deleting_answers_a_failure_for_each_that_cannot_go() {
    let mut sandbox = Sandbox::new();
    sandbox.register("f");
    let second = sandbox.register("f");
    sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": second}),
    );
    let input = json!({"taskDefinitions": ["f:1", "f:2", "f:7", "f"]});
    let answer = sandbox.call("DeleteTaskDefinitions", &input);
    let deleted = &answer["taskDefinitions"];
    assert_eq!(deleted.as_array().map(Vec::len), Some(1));
    assert_eq!(deleted[0]["taskDefinitionArn"], json!(second));
    assert_eq!(deleted[0]["status"], "DELETE_IN_PROGRESS");
    assert_eq!(deleted[0]["deleteRequestedAt"], json!(1_700_000_000.0));
    let arns: Vec<&Value> = (0..3).map(|n| &answer["failures"][n]["arn"]).collect();
    assert_eq!(
        arns,
        [
            &json!(format!("{ARN}:task-definition/f:1")),
            &json!(format!("{ARN}:task-definition/f:7")),
            &json!("f")
        ]
    );
    assert_eq!(
        answer["failures"][0]["reason"],
        "The specified task definition is still in ACTIVE status. Please deregister the target and try again."
    );
    sandbox.refuses(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": second}),
        "ClientException",
    );
    let many: Vec<String> = (1..=11).map(|n| format!("f:{n}")).collect();
    for wrong in [
        json!({"taskDefinitions": many}),
        json!({"taskDefinitions": []}),
        json!({}),
    ] {
        sandbox.refuses("DeleteTaskDefinitions", &wrong, "InvalidParameterException");
    }
}

#[test]
fn a_deleted_revision_stays_until_nothing_uses_it() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    let (used, unused) = (sandbox.register("f"), sandbox.register("f"));
    sandbox.create_service("s", &used, 1);
    for arn in [&used, &unused] {
        sandbox.call("DeregisterTaskDefinition", &json!({"taskDefinition": arn}));
    }
    sandbox.call(
        "DeleteTaskDefinitions",
        &json!({"taskDefinitions": [used, unused]}),
    );
    assert_eq!(sandbox.status(&unused), "DELETE_IN_PROGRESS");
    sandbox.now_millis += 60_000;
    sandbox.refuses(
        "DescribeTaskDefinition",
        &json!({"taskDefinition": unused}),
        "ClientException",
    );
    assert_eq!(sandbox.status(&used), "DELETE_IN_PROGRESS");
    // The service goes on, and can even be scaled.
    let more = json!({"service": "s", "desiredCount": 2});
    assert_eq!(
        sandbox.call("UpdateService", &more)["service"]["desiredCount"],
        2
    );

    sandbox.call("DeleteService", &json!({"service": "s", "force": true}));
    assert_eq!(sandbox.service("s")["status"], "INACTIVE");
    sandbox.refuses(
        "DescribeTaskDefinition",
        &json!({"taskDefinition": used}),
        "ClientException",
    );
}

#[test]
fn lists_of_task_definitions() {
    let mut sandbox = Sandbox::new();
    for _ in 0..11 {
        sandbox.register("b");
    }
    sandbox.register("a");
    sandbox.register("bb");
    sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": "b:2"}),
    );
    let mut names = |input: Value| -> Vec<String> {
        let mut input = input;
        let mut names = Vec::new();
        loop {
            let answer = sandbox.call("ListTaskDefinitions", &input);
            for arn in answer["taskDefinitionArns"].as_array().expect("a list") {
                let arn = arn.as_str().expect("an ARN");
                names.push(arn.rsplit('/').next().expect("a name").to_owned());
            }
            match answer.get("nextToken") {
                Some(token) => input["nextToken"] = token.clone(),
                None => return names,
            }
        }
    };
    let all = [
        "a:1", "b:1", "b:3", "b:4", "b:5", "b:6", "b:7", "b:8", "b:9", "b:10", "b:11", "bb:1",
    ];
    assert_eq!(names(json!({})), all);
    assert_eq!(names(json!({"maxResults": 5})), all);
    let reversed: Vec<&str> = all.iter().rev().copied().collect();
    assert_eq!(names(json!({"sort": "DESC", "maxResults": 1})), reversed);
    assert_eq!(
        names(json!({"familyPrefix": "b", "status": "INACTIVE"})),
        ["b:2"]
    );
    assert_eq!(names(json!({"familyPrefix": "bb"})), ["bb:1"]);
    assert!(names(json!({"status": "DELETE_IN_PROGRESS"})).is_empty());
    for wrong in [
        json!({"status": "GONE"}),
        json!({"sort": "asc"}),
        json!({"maxResults": 101}),
    ] {
        sandbox.refuses("ListTaskDefinitions", &wrong, "InvalidParameterException");
    }
}

#[test]
fn lists_of_families() {
    let mut sandbox = Sandbox::new();
    for family in ["web", "web-admin", "worker"] {
        sandbox.register(family);
    }
    sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": "web:1"}),
    );
    let cases = [
        (json!({}), json!(["web", "web-admin", "worker"])),
        (json!({"familyPrefix": "web"}), json!(["web", "web-admin"])),
        (json!({"status": "ACTIVE"}), json!(["web-admin", "worker"])),
        (json!({"status": "INACTIVE"}), json!(["web"])),
        (json!({"status": "ALL", "familyPrefix": "x"}), json!([])),
    ];
    for (input, families) in cases {
        let answer = sandbox.call("ListTaskDefinitionFamilies", &input);
        assert_eq!(answer, json!({ "families": families }), "{input}");
    }
}

#[test]
fn roles_are_named_by_their_arn_in_this_account() {
    let roles = [
        ("arn:aws:iam::111122223333:role/a/b/Name", true),
        ("Name", true),
        ("arn:aws:iam::999999999999:role/Name", false),
        ("arn:aws-cn:iam::111122223333:role/Name", false),
        ("arn:aws:iam::111122223333:user/Name", false),
        ("arn:aws:iam::111122223333:role/", false),
        ("path/Name", false),
        ("Na me", false),
    ];
    for (role, valid) in roles {
        let mut input = fargate("f");
        input["executionRoleArn"] = json!(role);
        let outcome = Sandbox::new().try_call("RegisterTaskDefinition", &input);
        let code = outcome.err().map(|refusal| (refusal.code, refusal.message));
        let expected = (!valid).then(|| ("ClientException", "Role is not valid".to_owned()));
        assert_eq!(code, expected, "{role}");
    }
}

#[test]
fn a_refused_registration_takes_no_number() {
    let mut sandbox = Sandbox::new();
    let mut wrong = fargate("f");
    wrong["taskRoleArn"] = json!("not/a:role");
    sandbox.refuses("RegisterTaskDefinition", &wrong, "ClientException");
    wrong["memory"] = json!("513");
    sandbox.refuses("RegisterTaskDefinition", &wrong, "ClientException");
    assert_eq!(sandbox.register("f"), format!("{ARN}:task-definition/f:1"));
}

#[test]
fn tags_of_every_kind_of_resource() {
    let mut sandbox = Sandbox::new();
    let tags = json!([{"key": "a", "value": "1"}, {"key": "b", "value": ""}]);
    let definition = sandbox.register("f");
    let cluster = sandbox.call("CreateCluster", &json!({"tags": tags}))["cluster"].clone();
    assert_eq!(cluster["tags"], tags);
    let service = sandbox.create_service("s", &definition, 1);
    let task = sandbox.call("ListTasks", &json!({}))["taskArns"][0].clone();
    for arn in [
        &json!(definition),
        &cluster["clusterArn"],
        &service["serviceArn"],
        &task,
    ] {
        let name = json!({ "resourceArn": arn });
        sandbox.call("TagResource", &json!({"resourceArn": arn, "tags": tags}));
        assert_eq!(
            sandbox.call("ListTagsForResource", &name),
            json!({ "tags": tags })
        );
        let more = json!([{"key": "b", "value": "2"}, {"key": "B", "value": "3"}]);
        sandbox.call("TagResource", &json!({"resourceArn": arn, "tags": more}));
        sandbox.call(
            "UntagResource",
            &json!({"resourceArn": arn, "tagKeys": ["a", "zzz"]}),
        );
        let left = json!([{"key": "B", "value": "3"}, {"key": "b", "value": "2"}]);
        assert_eq!(
            sandbox.call("ListTagsForResource", &name),
            json!({ "tags": left }),
            "{arn}"
        );
    }
    let tagged: Vec<String> = tagged(&sandbox.world, "us-east-1")
        .into_iter()
        .map(|(arn, _)| arn)
        .collect();
    assert_eq!(
        tagged,
        [
            definition.as_str(),
            cluster["clusterArn"].as_str().expect("an ARN"),
            service["serviceArn"].as_str().expect("an ARN")
        ]
    );
    assert_eq!(super::tagged(&sandbox.world, "eu-west-1"), []);
}

#[test]
fn wrong_tags_are_refused() {
    let mut sandbox = Sandbox::new();
    let definition = sandbox.register("f");
    let tags = |count: usize| -> Value {
        (0..count)
            .map(|n| json!({"key": format!("k{n}"), "value": "v"}))
            .collect()
    };
    let tag = |key: &str, value: &str| json!([{"key": key, "value": value}]);
    let cases = [
        (json!([]), "InvalidParameterException"),
        (tags(51), "InvalidParameterException"),
        (tag("", "v"), "InvalidParameterException"),
        (tag(&"k".repeat(129), "v"), "InvalidParameterException"),
        (tag("k", &"v".repeat(257)), "InvalidParameterException"),
        (tag("aws:k", "v"), "InvalidParameterException"),
        (tag("k", "AwS:v"), "InvalidParameterException"),
        (tag("k!", "v"), "InvalidParameterException"),
        (
            json!([{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]),
            "InvalidParameterException",
        ),
        (json!({"k": "v"}), "SerializationException"),
    ];
    for (tags, code) in cases {
        sandbox.refuses(
            "TagResource",
            &json!({"resourceArn": definition, "tags": tags}),
            code,
        );
        let mut input = fargate("g");
        input["tags"] = tags.clone();
        // RegisterTaskDefinition alone calls an empty list a ClientException.
        let code = if tags == json!([]) {
            "ClientException"
        } else {
            code
        };
        sandbox.refuses("RegisterTaskDefinition", &input, code);
    }
    sandbox.call(
        "TagResource",
        &json!({"resourceArn": definition, "tags": tags(50)}),
    );
    sandbox.call(
        "TagResource",
        &json!({"resourceArn": definition, "tags": tag("k0", "한국어")}),
    );
    let more = json!({"resourceArn": definition, "tags": tag("new", "v")});
    sandbox.refuses("TagResource", &more, "LimitExceededException");
    let missing = [
        (
            format!("{ARN}:task-definition/f:2"),
            "ResourceNotFoundException",
        ),
        (
            format!("{ARN}:task-definition/f"),
            "ResourceNotFoundException",
        ),
        (format!("{ARN}:cluster/c"), "ClusterNotFoundException"),
        (format!("{ARN}:service/c/s"), "ClusterNotFoundException"),
        (
            "arn:aws:ecs:eu-west-1:111122223333:cluster/c".to_owned(),
            "InvalidParameterException",
        ),
        (format!("{ARN}:thing/x"), "InvalidParameterException"),
    ];
    for (arn, code) in missing {
        let input = json!({"resourceArn": arn, "tags": tag("k", "v")});
        sandbox.refuses("TagResource", &input, code);
    }
    let list = json!({"resourceArn": format!("{ARN}:task-definition/f:2")});
    sandbox.refuses("ListTagsForResource", &list, "InvalidParameterException");
    let untag = json!({"resourceArn": definition, "tagKeys": []});
    sandbox.refuses("UntagResource", &untag, "InvalidParameterException");
}

#[test]
fn clusters_come_and_go() {
    let mut sandbox = Sandbox::new();
    let missing = sandbox.call("DescribeClusters", &json!({}));
    let failure = json!({"arn": format!("{ARN}:cluster/default"), "reason": "MISSING"});
    assert_eq!(missing, json!({"clusters": [], "failures": [failure]}));
    let created = sandbox.call("CreateCluster", &json!({"clusterName": "main"}));
    assert_eq!(
        created["cluster"],
        json!({
            "clusterArn": format!("{ARN}:cluster/main"), "clusterName": "main", "status": "ACTIVE",
            "registeredContainerInstancesCount": 0, "runningTasksCount": 0, "pendingTasksCount": 0,
            "activeServicesCount": 0, "statistics": [], "tags": [],
            "settings": [{"name": "containerInsights", "value": "disabled"}],
            "capacityProviders": [], "defaultCapacityProviderStrategy": [],
        })
    );
    let again = json!({"clusterName": "main", "tags": [{"key": "k", "value": "v"}]});
    assert_eq!(sandbox.call("CreateCluster", &again), created);
    sandbox.call("CreateCluster", &json!({"clusterName": "other"}));
    let page = sandbox.call("ListClusters", &json!({"maxResults": 1}));
    assert_eq!(page["clusterArns"], json!([format!("{ARN}:cluster/main")]));
    let rest = sandbox.call("ListClusters", &json!({"nextToken": page["nextToken"]}));
    assert_eq!(
        rest,
        json!({"clusterArns": [format!("{ARN}:cluster/other")]})
    );

    let main = json!({"cluster": format!("{ARN}:cluster/main")});
    assert_eq!(
        sandbox.call("DeleteCluster", &main)["cluster"]["status"],
        "INACTIVE"
    );
    sandbox.refuses("DeleteCluster", &main, "ClusterNotFoundException");
    let described = sandbox.call("DescribeClusters", &json!({"clusters": ["main"]}));
    assert_eq!(described["clusters"][0]["status"], "INACTIVE");
    assert_eq!(
        sandbox.call("CreateCluster", &again)["cluster"]["status"],
        "ACTIVE"
    );
    for wrong in [
        json!({"clusterName": "a b"}),
        json!({"capacityProviders": ["mine"]}),
        json!({"settings": [{"name": "x"}]}),
    ] {
        sandbox.refuses("CreateCluster", &wrong, "InvalidParameterException");
    }
}

#[test]
fn a_service_converges_and_rolls_over_to_a_new_revision() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    let (first, second) = (sandbox.register("f"), sandbox.register("f"));
    let created = sandbox.create_service("s", &first, 2);
    assert_eq!(
        created["serviceArn"],
        json!(format!("{ARN}:service/default/s"))
    );
    assert_eq!(
        (&created["runningCount"], &created["pendingCount"]),
        (&json!(0), &json!(2))
    );
    assert_eq!(created["deployments"][0]["rolloutState"], "IN_PROGRESS");
    sandbox.now_millis += 3_000;
    let running = sandbox.service("s");
    assert_eq!(
        (&running["runningCount"], &running["pendingCount"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(running["deployments"][0]["rolloutState"], "COMPLETED");
    assert_eq!(running["taskDefinition"], json!(first));

    let update = json!({"service": "s", "taskDefinition": "f"});
    let updated = sandbox.call("UpdateService", &update)["service"].clone();
    let deployments = |service: &Value| -> Vec<(String, String)> {
        let deployments = service["deployments"].as_array().expect("a list").iter();
        let text = |value: &Value| value.as_str().expect("a string").to_owned();
        deployments
            .map(|d| (text(&d["status"]), text(&d["taskDefinition"])))
            .collect()
    };
    assert_eq!(
        deployments(&updated),
        [
            ("PRIMARY".to_owned(), second.clone()),
            ("ACTIVE".to_owned(), first.clone())
        ]
    );
    assert_eq!(
        sandbox.world.ecs.regions["us-east-1"].revisions_in_use(),
        BTreeSet::from([first.clone(), second.clone()])
    );
    sandbox.now_millis += 3_000;
    let done = sandbox.service("s");
    assert_eq!(deployments(&done), [("PRIMARY".to_owned(), second.clone())]);
    assert_eq!(done["runningCount"], 2);
    assert_eq!(
        sandbox.world.ecs.regions["us-east-1"].revisions_in_use(),
        BTreeSet::from([second])
    );
    // The same revision once more is no deployment, unless it is forced.
    sandbox.call("UpdateService", &update);
    assert_eq!(
        sandbox.service("s")["deployments"].as_array().map(Vec::len),
        Some(1)
    );
    let forced = json!({"service": "s", "forceNewDeployment": true});
    let forced = sandbox.call("UpdateService", &forced);
    assert_eq!(
        forced["service"]["deployments"].as_array().map(Vec::len),
        Some(2)
    );
}

#[test]
fn services_scale_and_end() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    sandbox.register("f");
    sandbox.create_service("s", "f:1", 3);
    let scaled = json!({"service": "s", "desiredCount": 1});
    assert_eq!(
        sandbox.call("UpdateService", &scaled)["service"]["pendingCount"],
        1
    );
    sandbox.refuses(
        "DeleteService",
        &json!({"service": "s"}),
        "InvalidParameterException",
    );
    sandbox.refuses(
        "DeleteCluster",
        &json!({"cluster": "default"}),
        "ClusterContainsServicesException",
    );
    sandbox.call("UpdateService", &json!({"service": "s", "desiredCount": 0}));
    let ended = sandbox.call("DeleteService", &json!({"service": "s"}));
    assert_eq!(ended["service"]["status"], "INACTIVE");
    assert_eq!(
        sandbox.call("ListServices", &json!({})),
        json!({"serviceArns": []})
    );
    sandbox.refuses("UpdateService", &scaled, "ServiceNotActiveException");
    sandbox.refuses(
        "DeleteService",
        &json!({"service": "s"}),
        "ServiceNotFoundException",
    );

    sandbox.create_service("s", "f", 1);
    let drained = sandbox.call("DeleteService", &json!({"service": "s", "force": true}));
    assert_eq!(drained["service"]["status"], "DRAINING");
    assert_eq!(sandbox.service("s")["status"], "INACTIVE");
    let stopped = sandbox.call("ListTasks", &json!({"desiredStatus": "STOPPED"}));
    assert_eq!(stopped["taskArns"].as_array().map(Vec::len), Some(4));
    sandbox.now_millis += 3_600_000;
    assert_eq!(
        sandbox.call("ListTasks", &json!({"desiredStatus": "STOPPED"})),
        json!({"taskArns": []})
    );
    sandbox.call("DeleteCluster", &json!({"cluster": "default"}));
}

#[test]
fn a_service_without_instances_waits() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
    sandbox.call(
        "RegisterTaskDefinition",
        &json!({"family": "e", "containerDefinitions": container}),
    );
    let input = json!({"serviceName": "s", "taskDefinition": "e", "desiredCount": 1});
    let service = sandbox.call("CreateService", &input)["service"].clone();
    assert_eq!(service["launchType"], "EC2");
    assert_eq!(service.get("platformVersion"), None);
    sandbox.now_millis += 60_000;
    let later = sandbox.service("s");
    assert_eq!(
        (&later["runningCount"], &later["pendingCount"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(later["deployments"][0]["rolloutState"], "IN_PROGRESS");
}

#[test]
fn wrong_services_are_refused() {
    let mut sandbox = Sandbox::new();
    sandbox.register("f");
    sandbox.refuses(
        "CreateService",
        &service("s", "f", 1),
        "ClusterNotFoundException",
    );
    sandbox.call("CreateCluster", &json!({}));
    let container = json!([{"name": "app", "image": "nginx", "memory": 128}]);
    sandbox.call(
        "RegisterTaskDefinition",
        &json!({"family": "e", "containerDefinitions": container}),
    );
    sandbox.register("old");
    sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": "old:1"}),
    );
    let with = |member: &str, value: Value| {
        let mut input = service("s", "f", 1);
        input[member] = value;
        input
    };
    let cases = [
        (
            with("serviceName", json!("a b")),
            "InvalidParameterException",
        ),
        (
            with("desiredCount", json!(null)),
            "InvalidParameterException",
        ),
        (with("desiredCount", json!(-1)), "InvalidParameterException"),
        (with("taskDefinition", json!("g")), "ClientException"),
        (with("taskDefinition", json!("old:1")), "ClientException"),
        (
            with("taskDefinition", json!("e")),
            "InvalidParameterException",
        ),
        (
            with("networkConfiguration", json!(null)),
            "InvalidParameterException",
        ),
        (
            with(
                "networkConfiguration",
                json!({"awsvpcConfiguration": {"subnets": []}}),
            ),
            "InvalidParameterException",
        ),
        (
            with(
                "capacityProviderStrategy",
                json!([{"capacityProvider": "FARGATE"}]),
            ),
            "InvalidParameterException",
        ),
        (
            with("loadBalancers", json!([{"containerName": "x"}])),
            "InvalidParameterException",
        ),
        (
            with("launchType", json!("MOON")),
            "InvalidParameterException",
        ),
        (
            with("cluster", json!("nowhere")),
            "ClusterNotFoundException",
        ),
    ];
    for (input, code) in cases {
        sandbox.refuses("CreateService", &input, code);
    }
    let created = sandbox.create_service("s", "f", 1);
    assert_eq!(
        sandbox.create_service("s", "f", 1),
        created,
        "the same request once more"
    );
    sandbox.refuses(
        "CreateService",
        &service("s", "f", 2),
        "InvalidParameterException",
    );
    sandbox.refuses(
        "UpdateService",
        &json!({"service": "t"}),
        "ServiceNotFoundException",
    );
    let inactive = json!({"service": "s", "taskDefinition": "old:1"});
    sandbox.refuses("UpdateService", &inactive, "ClientException");
    let missing = sandbox.call("DescribeServices", &json!({"services": ["t"]}));
    let failure = json!({"arn": format!("{ARN}:service/default/t"), "reason": "MISSING"});
    assert_eq!(missing, json!({"services": [], "failures": [failure]}));
    let many: Vec<String> = (0..11).map(|n| n.to_string()).collect();
    sandbox.refuses(
        "DescribeServices",
        &json!({"services": many}),
        "InvalidParameterException",
    );
}

#[test]
fn tasks_run_and_stop() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    let mut input = fargate("f");
    input["tags"] = json!([{"key": "a", "value": "1"}]);
    sandbox.call("RegisterTaskDefinition", &input);
    let run = json!({
        "taskDefinition": "f", "launchType": "FARGATE", "count": 2, "startedBy": "me", "networkConfiguration": network(),
        "propagateTags": "TASK_DEFINITION", "tags": [{"key": "b", "value": "2"}],
    });
    let started = sandbox.call("RunTask", &run);
    assert_eq!(started["failures"], json!([]));
    let task = started["tasks"][0].clone();
    assert_eq!(task["group"], "family:f");
    assert_eq!(task["lastStatus"], "PROVISIONING");
    assert_eq!(task["containers"][0]["image"], "nginx");
    assert_eq!(
        task["tags"],
        json!([{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    );
    let named = json!({"tasks": [task["taskArn"], "nothing"]});
    sandbox.now_millis += 1_000;
    assert_eq!(
        sandbox.call("DescribeTasks", &named)["tasks"][0]["lastStatus"],
        "PENDING"
    );
    sandbox.now_millis += 2_000;
    let running = sandbox.call("DescribeTasks", &named);
    assert_eq!(running["tasks"][0]["lastStatus"], "RUNNING");
    assert_eq!(running["tasks"][0]["startedAt"], json!(1_700_000_003.0));
    assert_eq!(
        running["failures"],
        json!([{"arn": format!("{ARN}:task/default/nothing"), "reason": "MISSING"}])
    );
    for filter in [
        json!({"family": "f"}),
        json!({"startedBy": "me"}),
        json!({"launchType": "FARGATE"}),
    ] {
        let found = sandbox.call("ListTasks", &filter);
        assert_eq!(
            found["taskArns"].as_array().map(Vec::len),
            Some(2),
            "{filter}"
        );
    }
    assert_eq!(
        sandbox.call("ListTasks", &json!({"family": "g"})),
        json!({"taskArns": []})
    );
    sandbox.refuses(
        "ListTasks",
        &json!({"serviceName": "s"}),
        "ServiceNotFoundException",
    );
    sandbox.refuses(
        "DeleteCluster",
        &json!({"cluster": "default"}),
        "ClusterContainsTasksException",
    );
    let stopped = sandbox.call(
        "StopTask",
        &json!({"task": task["taskArn"], "reason": "enough"}),
    );
    assert_eq!(stopped["task"]["lastStatus"], "STOPPED");
    assert_eq!(stopped["task"]["stoppedReason"], "enough");
    sandbox.refuses(
        "StopTask",
        &json!({"task": "nothing"}),
        "InvalidParameterException",
    );
    let wrong = [
        (
            json!({"taskDefinition": "f", "count": 11}),
            "InvalidParameterException",
        ),
        (
            json!({"taskDefinition": "f", "networkConfiguration": network()}),
            "InvalidParameterException",
        ),
        (json!({"taskDefinition": "g"}), "ClientException"),
        (json!({}), "InvalidParameterException"),
    ];
    for (input, code) in wrong {
        sandbox.refuses("RunTask", &input, code);
    }
}

#[test]
fn the_state_can_be_stored_and_read_back() {
    let mut sandbox = Sandbox::new();
    sandbox.call("CreateCluster", &json!({}));
    sandbox.register("f");
    sandbox.create_service("s", "f", 1);
    sandbox.call(
        "DeregisterTaskDefinition",
        &json!({"taskDefinition": "f:1"}),
    );
    let stored = serde_json::to_string(&sandbox.world.ecs).expect("a state can be stored");
    let read: State = serde_json::from_str(&stored).expect("a state can be read");
    assert_eq!(read, sandbox.world.ecs);
}
