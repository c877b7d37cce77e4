//! What callers of the tagging API can rely on.

use serde_json::{Value, json};

use super::*;

struct Sandbox {
    world: World,
    now_millis: u64,
}

impl Sandbox {
    fn new() -> Self {
        Self {
            world: World::default(),
            now_millis: 1_700_000_000_000,
        }
    }

    fn on<T>(&mut self, ask: impl FnOnce(&mut World, &Context<'_>) -> T) -> T {
        let cx = Context {
            account: "111122223333",
            region: "us-east-1",
            partition: "aws",
            now_millis: self.now_millis,
        };
        ask(&mut self.world, &cx)
    }

    fn call(&mut self, operation: &str, input: &Value) -> Outcome {
        let input = input.as_object().expect("a test gives an object").clone();
        self.on(|world, cx| call(world, cx, operation, &input))
    }

    fn body(&mut self, operation: &str, input: &Value) -> Value {
        let answer = self.call(operation, input);
        answer
            .unwrap_or_else(|refusal| panic!("{input}: {refusal:?}"))
            .body
    }

    fn arns(&mut self, input: &Value) -> Vec<String> {
        let body = self.body("GetResources", input);
        let resources = body["ResourceTagMappingList"].as_array().expect("a list");
        let arns = resources
            .iter()
            .map(|r| r["ResourceARN"].as_str().expect("an ARN"));
        arns.map(|arn| arn.rsplit(':').next().expect("a last part").to_owned())
            .collect()
    }

    fn cluster(&mut self, name: &str, tags: &[(&str, &str)]) {
        let pairs: Vec<Value> = tags
            .iter()
            .map(|(k, v)| json!({"key": k, "value": v}))
            .collect();
        let mut input = json!({ "clusterName": name });
        if !pairs.is_empty() {
            input["tags"] = Value::from(pairs);
        }
        let input = input.as_object().expect("an object").clone();
        let created = self.on(|world, cx| ecs::call(world, cx, "CreateCluster", &input));
        created.expect("the cluster is right");
    }
}

const ARN: &str = "arn:aws:ecs:us-east-1:111122223333";

fn some_clusters() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.cluster("a", &[("env", "dev"), ("team", "x")]);
    sandbox.cluster("b", &[("env", "prod")]);
    sandbox.cluster("c", &[("team", "x")]);
    sandbox.cluster("bare", &[]);
    sandbox
}

#[test]
fn resources_are_found_by_tags_types_and_arns() {
    let mut sandbox = some_clusters();
    let cases = [
        (json!({}), vec!["cluster/a", "cluster/b", "cluster/c"]),
        (
            json!({"TagFilters": [{"Key": "env"}]}),
            vec!["cluster/a", "cluster/b"],
        ),
        (
            json!({"TagFilters": [{"Key": "env", "Values": []}]}),
            vec!["cluster/a", "cluster/b"],
        ),
        (
            json!({"TagFilters": [{"Key": "env", "Values": ["prod", "test"]}]}),
            vec!["cluster/b"],
        ),
        (
            json!({"TagFilters": [{"Key": "env", "Values": ["dev", "prod"]}, {"Key": "team"}]}),
            vec!["cluster/a"],
        ),
        (json!({"TagFilters": [{"Key": "ENV"}]}), vec![]),
        (
            json!({"ResourceTypeFilters": ["ecs:cluster"], "TagFilters": [{"Key": "team", "Values": ["x"]}]}),
            vec!["cluster/a", "cluster/c"],
        ),
        (
            json!({"ResourceTypeFilters": ["ecs"]}),
            vec!["cluster/a", "cluster/b", "cluster/c"],
        ),
        (
            json!({"ResourceTypeFilters": ["ecs:task-definition", "aps", "logs:log-group", "iam:role"]}),
            vec![],
        ),
        (
            json!({"ResourceARNList": [format!("{ARN}:cluster/b"), format!("{ARN}:cluster/bare"), format!("{ARN}:cluster/z")]}),
            vec!["cluster/b"],
        ),
        (
            json!({"IncludeComplianceDetails": true, "ExcludeCompliantResources": true}),
            vec![],
        ),
    ];
    for (input, arns) in cases {
        assert_eq!(sandbox.arns(&input), arns, "{input}");
    }
    let detailed = json!({"IncludeComplianceDetails": true, "TagFilters": [{"Key": "env", "Values": ["prod"]}]});
    assert_eq!(
        sandbox.body("GetResources", &detailed),
        json!({"PaginationToken": "", "ResourceTagMappingList": [{
            "ResourceARN": format!("{ARN}:cluster/b"),
            "Tags": [{"Key": "env", "Value": "prod"}],
            "ComplianceDetails": {"NoncompliantKeys": [], "KeysWithNoncompliantValues": [], "ComplianceStatus": true},
        }]})
    );
}

#[test]
fn the_type_of_a_resource_is_read_from_its_arn() {
    let cases = [
        (
            "arn:aws:aps:us-east-1:1:workspace/ws-1",
            "aps:workspace",
            true,
        ),
        (
            "arn:aws:aps:us-east-1:1:rulegroupsnamespace/ws-1/n",
            "aps:workspace",
            false,
        ),
        (
            "arn:aws:logs:us-east-1:1:log-group:/ecs/app",
            "logs:log-group",
            true,
        ),
        ("arn:aws:logs:us-east-1:1:log-group:/ecs/app", "logs", true),
        ("arn:aws:logs:us-east-1:1:log-group:/ecs/app", "log", false),
        (
            "arn:aws:ecs:us-east-1:1:task-definition/f:1",
            "ecs:task-definition",
            true,
        ),
        (
            "arn:aws:ecs:us-east-1:1:task-definition/f:1",
            "ecs:task",
            false,
        ),
    ];
    for (arn, filter, expected) in cases {
        assert_eq!(is_of_type(arn, filter), expected, "{arn} {filter}");
    }
}

#[test]
fn a_resource_that_lost_its_tags_is_still_returned() {
    let mut sandbox = some_clusters();
    let untag = json!({"ResourceARNList": [format!("{ARN}:cluster/c")], "TagKeys": ["team"]});
    assert_eq!(
        sandbox.body("UntagResources", &untag),
        json!({"FailedResourcesMap": {}})
    );
    assert_eq!(
        sandbox.arns(&json!({})),
        ["cluster/a", "cluster/b", "cluster/c"]
    );
    assert_eq!(
        sandbox.arns(&json!({"TagFilters": [{"Key": "team"}]})),
        ["cluster/a"]
    );
}

#[test]
fn tags_are_set_through_the_resources_service() {
    let mut sandbox = some_clusters();
    let (bare, missing, role) = (
        format!("{ARN}:cluster/bare"),
        format!("{ARN}:cluster/z"),
        "arn:aws:iam::111122223333:role/R",
    );
    let input = json!({"ResourceARNList": [bare, missing, role], "Tags": {"env": "test"}});
    let failed = &sandbox.body("TagResources", &input)["FailedResourcesMap"];
    let codes: Vec<(&String, &Value)> = failed
        .as_object()
        .expect("a map")
        .iter()
        .map(|(k, v)| (k, &v["ErrorCode"]))
        .collect();
    let expected = [
        (&missing, &json!("ClusterNotFoundException")),
        (&role.to_owned(), &json!("InvalidParameterException")),
    ];
    assert_eq!(codes, expected);
    assert_eq!(failed[role]["StatusCode"], 400);
    let found = json!({"TagFilters": [{"Key": "env", "Values": ["test"]}]});
    assert_eq!(sandbox.arns(&found), ["cluster/bare"]);
}

#[test]
fn keys_and_values_in_use() {
    let mut sandbox = some_clusters();
    let keys = json!({"PaginationToken": "", "TagKeys": ["env", "team"]});
    assert_eq!(sandbox.body("GetTagKeys", &json!({})), keys);
    let values = json!({"PaginationToken": "", "TagValues": ["dev", "prod"]});
    assert_eq!(sandbox.body("GetTagValues", &json!({"Key": "env"})), values);
    let none = json!({"PaginationToken": "", "TagValues": []});
    assert_eq!(sandbox.body("GetTagValues", &json!({"Key": "x"})), none);
}

#[test]
fn pages() {
    let mut sandbox = Sandbox::new();
    for number in 0..205 {
        sandbox.cluster(
            &format!("c{number:03}"),
            &[("a", &number.to_string()), ("b", ""), ("c", "")],
        );
    }
    let mut sizes = |mut input: Value| -> Vec<usize> {
        let mut sizes = Vec::new();
        let mut seen = BTreeSet::new();
        loop {
            let body = sandbox.body("GetResources", &input);
            let page = body["ResourceTagMappingList"].as_array().expect("a list");
            sizes.push(page.len());
            for resource in page {
                assert!(
                    seen.insert(resource["ResourceARN"].to_string()),
                    "{resource} is repeated"
                );
            }
            if body["PaginationToken"] == "" {
                assert_eq!(seen.len(), 205);
                return sizes;
            }
            input["PaginationToken"] = body["PaginationToken"].clone();
        }
    };
    assert_eq!(sizes(json!({})), [100, 100, 5]);
    assert_eq!(sizes(json!({"ResourcesPerPage": 60})), [60, 60, 60, 25]);
    // 33 resources of three tags are 99 tags.
    assert_eq!(
        sizes(json!({"TagsPerPage": 100})),
        [33, 33, 33, 33, 33, 33, 7]
    );
    assert_eq!(
        sizes(json!({"TagsPerPage": 500, "ResourcesPerPage": 100})),
        [100, 100, 5]
    );

    let first = sandbox.body("GetTagValues", &json!({"Key": "a"}));
    assert_eq!(first["TagValues"].as_array().map(Vec::len), Some(100));
    let token = first["PaginationToken"].clone();
    let next = json!({"Key": "a", "PaginationToken": token});
    let second = sandbox.body("GetTagValues", &next);
    assert_eq!(second["TagValues"].as_array().map(Vec::len), Some(100));
    sandbox.now_millis += 15 * 60 * 1000;
    assert!(sandbox.call("GetTagValues", &next).is_ok());
    sandbox.now_millis += 1;
    let expired = sandbox
        .call("GetTagValues", &next)
        .expect_err("the token is old");
    assert_eq!(
        (expired.status, expired.code),
        (400, "PaginationTokenExpiredException")
    );
}

#[test]
fn wrong_requests_are_refused() {
    let mut sandbox = some_clusters();
    let arn = format!("{ARN}:cluster/a");
    let many = |count: usize| -> Vec<String> {
        (0..count).map(|n| format!("{ARN}:cluster/{n}")).collect()
    };
    let filters: Vec<Value> = (0..51).map(|n| json!({"Key": n.to_string()})).collect();
    let values: Vec<String> = (0..21).map(|n| n.to_string()).collect();
    let wrong = [
        (
            "GetResources",
            json!({"ResourceARNList": [arn], "TagFilters": [{"Key": "env"}]}),
        ),
        (
            "GetResources",
            json!({"ResourceARNList": [arn], "ResourceTypeFilters": ["ecs"]}),
        ),
        (
            "GetResources",
            json!({"ResourceARNList": [arn], "ResourcesPerPage": 10}),
        ),
        (
            "GetResources",
            json!({"ResourceARNList": [arn], "TagsPerPage": 100}),
        ),
        (
            "GetResources",
            json!({"ResourceARNList": [arn], "PaginationToken": ""}),
        ),
        ("GetResources", json!({"ResourceARNList": []})),
        ("GetResources", json!({"ResourceARNList": many(101)})),
        ("GetResources", json!({"ResourcesPerPage": 0})),
        ("GetResources", json!({"ResourcesPerPage": 101})),
        ("GetResources", json!({"TagsPerPage": 99})),
        ("GetResources", json!({"TagsPerPage": 501})),
        ("GetResources", json!({ "TagFilters": filters })),
        (
            "GetResources",
            json!({"TagFilters": [{"Key": "k", "Values": values}]}),
        ),
        ("GetResources", json!({"TagFilters": [{"Values": ["v"]}]})),
        (
            "GetResources",
            json!({"ResourceTypeFilters": vec!["ecs"; 101]}),
        ),
        ("GetResources", json!({"ResourceTypeFilters": [":cluster"]})),
        ("GetResources", json!({"ExcludeCompliantResources": true})),
        ("GetResources", json!({"PaginationToken": "nonsense"})),
        (
            "GetResources",
            json!({"PaginationToken": encode("no number")}),
        ),
        ("GetTagValues", json!({})),
        ("GetTagValues", json!({"Key": ""})),
        (
            "TagResources",
            json!({"ResourceARNList": many(21), "Tags": {"k": "v"}}),
        ),
        (
            "TagResources",
            json!({"ResourceARNList": [arn], "Tags": {}}),
        ),
        (
            "UntagResources",
            json!({"ResourceARNList": [arn], "TagKeys": []}),
        ),
    ];
    for (operation, input) in wrong {
        let refusal = sandbox
            .call(operation, &input)
            .expect_err(&input.to_string());
        assert_eq!(
            (refusal.status, refusal.code),
            (400, "InvalidParameterException"),
            "{input}"
        );
    }
    let mistyped = sandbox.call("GetResources", &json!({"ResourceARNList": arn}));
    assert_eq!(
        mistyped.expect_err("it is no list").code,
        "SerializationException"
    );
    let unknown = sandbox
        .call("GetNothing", &json!({}))
        .expect_err("there is none");
    assert_eq!(unknown.code, "UnknownOperationException");
    assert!(unknown.message.contains("GetNothing"));
}

#[test]
fn the_most_that_a_request_can_hold() {
    let mut sandbox = some_clusters();
    let filters: Vec<Value> = (0..50).map(|n| json!({"Key": n.to_string()})).collect();
    let mut values: Vec<String> = (0..19).map(|n| n.to_string()).collect();
    values.push("prod".to_owned());
    assert!(sandbox.arns(&json!({ "TagFilters": filters })).is_empty());
    let by_value = json!({"TagFilters": [{"Key": "env", "Values": values}]});
    assert_eq!(sandbox.arns(&by_value), ["cluster/b"]);
    let by_type = json!({"ResourceTypeFilters": vec!["ecs"; 100]});
    assert_eq!(sandbox.arns(&by_type).len(), 3);
    for number in 0..100 {
        sandbox.cluster(&number.to_string(), &[("n", &number.to_string())]);
    }
    let values = sandbox.body("GetTagValues", &json!({"Key": "n"}));
    assert_eq!(values["TagValues"].as_array().map(Vec::len), Some(100));
    assert_eq!(values["PaginationToken"], "", "nothing is left");
}

#[test]
fn arns_are_whole_and_of_this_partition() {
    let mut sandbox = some_clusters();
    let wrong = [
        "cluster/a",
        "arn:aws:ecs:us-east-1:1",
        "arn:aws::us-east-1:1:cluster/a",
        "arn:aws:ecs:us-east-1:1:",
        "urn:aws:ecs:us-east-1:1:cluster/a",
        "arn:aws-cn:ecs:us-east-1:1:cluster/a",
    ];
    for arn in wrong {
        for (operation, member, value) in [
            ("GetResources", "IncludeComplianceDetails", json!(true)),
            ("TagResources", "Tags", json!({"k": "v"})),
            ("UntagResources", "TagKeys", json!(["k"])),
        ] {
            let input = json!({"ResourceARNList": [arn], member: value});
            let refusal = sandbox.call(operation, &input).expect_err(arn);
            assert_eq!(
                refusal.code, "InvalidParameterException",
                "{operation} {arn}"
            );
        }
    }
}
