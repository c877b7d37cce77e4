//! What holds of the sandbox whatever is asked of it.

use std::collections::BTreeSet;

use amp_stack_sandbox::{
    Context, World, iam,
    service::{Input, Outcome},
    wire::{self, Request, Service},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const OPERATIONS: [&str; 43] = [
    "AddRoleToInstanceProfile",
    "AttachRolePolicy",
    "CreateInstanceProfile",
    "CreatePolicy",
    "CreatePolicyVersion",
    "CreateRole",
    "DeleteInstanceProfile",
    "DeletePolicy",
    "DeletePolicyVersion",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "GetAccountAuthorizationDetails",
    "GetAccountSummary",
    "GetInstanceProfile",
    "GetPolicy",
    "GetPolicyVersion",
    "GetRole",
    "GetRolePolicy",
    "ListAttachedRolePolicies",
    "ListEntitiesForPolicy",
    "ListInstanceProfiles",
    "ListInstanceProfilesForRole",
    "ListPolicies",
    "ListPolicyTags",
    "ListPolicyVersions",
    "ListRolePolicies",
    "ListRoles",
    "ListRoleTags",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "RemoveRoleFromInstanceProfile",
    "SetDefaultPolicyVersion",
    "SimulateCustomPolicy",
    "SimulatePrincipalPolicy",
    "TagPolicy",
    "TagRole",
    "UntagPolicy",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
    "UpdateRoleDescription",
];

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const TRUST_ROLE: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/a"},"Action":"sts:AssumeRole"}]}"#;
const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// Two names and few values, so that calls meet; and now and then something that fits nowhere.
fn value(member: &str) -> BoxedStrategy<Value> {
    let good: Vec<Value> = match member {
        "RoleName" | "PolicyName" | "InstanceProfileName" => {
            vec![json!("a"), json!("A"), json!("b")]
        }
        "AssumeRolePolicyDocument" => vec![json!(TRUST), json!(TRUST_ROLE)],
        "PolicyDocument" => vec![json!(POLICY), json!(TRUST)],
        "PolicyInputList" => vec![json!([POLICY]), json!([])],
        "PolicyArn" | "PermissionsBoundary" => vec![
            json!("arn:aws:iam::111122223333:policy/a"),
            json!("arn:aws:iam::111122223333:policy/missing"),
            json!("arn:aws:iam::aws:policy/AmazonPrometheusQueryAccess"),
        ],
        "PolicySourceArn" => vec![json!("arn:aws:iam::111122223333:role/a")],
        "ActionNames" => vec![json!(["aps:RemoteWrite"])],
        "VersionId" => vec![json!("v1"), json!("v2")],
        "SetAsDefault" => vec![json!("true"), json!("false")],
        "Tags" => vec![
            json!([{ "Key": "k", "Value": "v" }]),
            json!([{ "Key": "K", "Value": "" }]),
        ],
        "TagKeys" => vec![json!(["k"])],
        "Description" => vec![json!(""), json!("d")],
        "MaxItems" => vec![json!("1"), json!("0")],
        _ => vec![json!("/")],
    };
    let odd = prop_oneof![
        Just(Value::Null),
        Just(json!("")),
        Just(json!([[]])),
        Just(json!({ "a": "b" })),
        "\\PC{0,40}".prop_map(Value::String),
    ];
    prop_oneof![9 => proptest::sample::select(good), 1 => odd].boxed()
}

fn input() -> impl Strategy<Value = Input> {
    let always = [
        "RoleName",
        "PolicyName",
        "InstanceProfileName",
        "AssumeRolePolicyDocument",
        "PolicyDocument",
        "PolicyInputList",
        "PolicyArn",
        "PolicySourceArn",
        "ActionNames",
        "VersionId",
        "Tags",
        "TagKeys",
        "Description",
    ];
    let sometimes = [
        "PermissionsBoundary",
        "MaxItems",
        "Marker",
        "Path",
        "SetAsDefault",
    ];
    let always: Vec<_> = always
        .map(|name| value(name).prop_map(move |value| Some((name, value))))
        .into();
    let sometimes: Vec<_> = sometimes
        .map(|name| {
            proptest::option::weighted(0.5, value(name).prop_map(move |value| (name, value)))
        })
        .into();
    (always, sometimes).prop_map(|(always, sometimes)| {
        let members = always.into_iter().chain(sometimes).flatten();
        members
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// A world with a role, a policy and an instance profile, or an empty one.
fn world() -> impl Strategy<Value = World> {
    any::<bool>().prop_map(|is_populated| {
        let mut world = World::default();
        let input = json!({
            "RoleName": "a",
            "AssumeRolePolicyDocument": TRUST,
            "PolicyName": "a",
            "PolicyDocument": POLICY,
            "InstanceProfileName": "a",
        });
        let input = input.as_object().expect("an object");
        for operation in ["CreateRole", "CreatePolicy", "CreateInstanceProfile"] {
            if is_populated {
                call(&mut world, operation, input).expect("made");
            }
        }
        world
    })
}

fn call(world: &mut World, operation: &str, input: &Input) -> Outcome {
    let cx = Context {
        account: "111122223333",
        region: "us-east-1",
        partition: "aws",
        now_millis: 1_767_225_600_000,
    };
    iam::call(world, &cx, operation, input)
}

proptest! {
    #[test]
    fn refusals_and_reads_change_nothing(
        mut world in world(),
        calls in proptest::collection::vec((proptest::sample::select(&OPERATIONS[..]), input()), 1..30),
    ) {
        for (operation, input) in calls {
            let before = world.iam.clone();
            let outcome = call(&mut world, operation, &input);
            let is_read = ["Get", "List", "Simulate"].iter().any(|verb| operation.starts_with(verb));
            if is_read || outcome.is_err() {
                prop_assert_eq!(&before, &world.iam, "{} changed something", operation);
            }
            if let Err(refusal) = outcome {
                prop_assert!((400..500).contains(&refusal.status), "{operation}: {refusal:?}");
                prop_assert_ne!(refusal.code, "InvalidAction");
            }
        }
        let listed = call(&mut world, "ListRoles", &Input::new()).expect("lists are never refused");
        let names = listed.body["Roles"].as_array().expect("a list").iter();
        let names: Vec<String> = names.map(|role| role["RoleName"].to_string().to_lowercase()).collect();
        let distinct: BTreeSet<&String> = names.iter().collect();
        prop_assert_eq!(distinct.len(), names.len());

        let stored = serde_json::to_string(&world).expect("a world is JSON");
        let again: World = serde_json::from_str(&stored).expect("what was stored");
        prop_assert_eq!(again, world);
    }

    #[test]
    fn no_request_is_too_strange_to_be_answered(
        service in proptest::sample::select(&Service::ALL[..]),
        method in "(GET|POST|PUT|DELETE|PATCH)",
        target in "/[ -~]{0,40}",
        header in "[ -~]{0,40}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let scope = format!("AWS4-HMAC-SHA256 Credential=A/1/us-east-1/{}/aws4_request", service.signing_name());
        let request = Request {
            method,
            target,
            headers: [("authorization".to_owned(), scope), ("x-amz-target".to_owned(), header)].into(),
            body,
        };
        match wire::decode(&request) {
            Ok(call) => prop_assert_eq!(call.service, service),
            Err(rejection) => {
                prop_assert_eq!(rejection.dialect, service.dialect());
                prop_assert!((400..500).contains(&rejection.refusal.status));
            }
        }
    }
}
