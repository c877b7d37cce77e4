//! Who may do what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Right, of};
use crate::{
    CallerPolicy, Sandbox, Settings,
    connector::Clock,
    service::{Input, Outcome},
    wire::{Call, Service},
};

const ACCOUNT: &str = "111122223333";

fn input(value: Value) -> Input {
    let Value::Object(members) = value else {
        panic!("an input is an object");
    };
    members
}

/// A call that somebody signed with `key`.
fn signed(key: &str, service: Service, operation: &str, members: Value) -> Call {
    Call {
        service,
        region: "us-east-1".to_owned(),
        operation: operation.to_owned(),
        input: input(members),
        key: Some(key.to_owned()),
    }
}

fn sandbox(statements: &Value) -> Sandbox {
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let caller = CallerPolicy::parse(&policy).expect("a policy");
    let settings = Settings {
        caller: Some(caller),
        clock: Clock::new(|| 1_767_225_600_000),
        ..Settings::default()
    };
    Sandbox::open(settings).expect("it has no file")
}

fn ask(sandbox: &Sandbox, service: Service, operation: &str, members: Value) -> Outcome {
    sandbox.perform_call(&signed("user", service, operation, members))
}

fn trust(principal: &str) -> String {
    json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole",
    }]})
    .to_string()
}

fn of_call(service: Service, operation: &str, members: Value) -> BTreeSet<(String, String)> {
    let sandbox = Sandbox::open(Settings::default()).expect("it has no file");
    let cx = crate::Context {
        account: ACCOUNT,
        region: "us-east-1",
        partition: "aws",
        now_millis: 0,
    };
    let rights = of(
        &sandbox.world(),
        &cx,
        &signed("user", service, operation, members),
    );
    let named = rights
        .into_iter()
        .map(|right| (right.action, right.resource));
    named.collect()
}

#[test]
fn calls_take_the_rights_of_the_reference() {
    let tags = json!([{"Key": "a", "Value": "b"}]);
    let table = [
        (
            Service::Iam,
            "CreateRole",
            json!({"RoleName": "R", "Path": "/ci/", "Tags": tags}),
            &[
                ("iam:CreateRole", "arn:aws:iam::111122223333:role/ci/R"),
                ("iam:TagRole", "arn:aws:iam::111122223333:role/ci/R"),
            ][..],
        ),
        (
            Service::Iam,
            "ListRoles",
            json!({}),
            &[("iam:ListRoles", "*")],
        ),
        (
            Service::Iam,
            "RemoveRoleFromInstanceProfile",
            json!({"RoleName": "R", "InstanceProfileName": "P"}),
            &[(
                "iam:RemoveRoleFromInstanceProfile",
                "arn:aws:iam::111122223333:instance-profile/P",
            )],
        ),
        (
            Service::Ecs,
            "RegisterTaskDefinition",
            json!({
                "family": "web", "taskRoleArn": "Short",
                "executionRoleArn": "arn:aws:iam::111122223333:role/x/E",
                "tags": [{"key": "a", "value": "b"}],
            }),
            &[
                (
                    "ecs:RegisterTaskDefinition",
                    "arn:aws:ecs:us-east-1:111122223333:task-definition/web:*",
                ),
                (
                    "ecs:TagResource",
                    "arn:aws:ecs:us-east-1:111122223333:task-definition/web:*",
                ),
                ("iam:PassRole", "arn:aws:iam::111122223333:role/Short"),
                ("iam:PassRole", "arn:aws:iam::111122223333:role/x/E"),
            ],
        ),
        (
            Service::Ecs,
            "DescribeServices",
            json!({"cluster": "prod", "services": ["a", "arn:aws:ecs:us-east-1:111122223333:service/prod/b"]}),
            &[
                (
                    "ecs:DescribeServices",
                    "arn:aws:ecs:us-east-1:111122223333:service/prod/a",
                ),
                (
                    "ecs:DescribeServices",
                    "arn:aws:ecs:us-east-1:111122223333:service/prod/b",
                ),
            ],
        ),
        (
            Service::Ecs,
            "ListTasks",
            json!({"cluster": "arn:aws:ecs:us-east-1:111122223333:cluster/prod"}),
            &[(
                "ecs:ListTasks",
                "arn:aws:ecs:us-east-1:111122223333:container-instance/prod/*",
            )],
        ),
        (
            Service::Ecs,
            "DescribeTaskDefinition",
            json!({"taskDefinition": "web"}),
            &[("ecs:DescribeTaskDefinition", "*")],
        ),
        (
            Service::Logs,
            "CreateLogGroup",
            json!({"logGroupName": "/a", "tags": {"a": "b"}}),
            &[
                (
                    "logs:CreateLogGroup",
                    "arn:aws:logs:us-east-1:111122223333:log-group:/a:log-stream:",
                ),
                (
                    "logs:TagResource",
                    "arn:aws:logs:us-east-1:111122223333:log-group:/a",
                ),
            ],
        ),
        (
            Service::Amp,
            "QueryMetricsRange",
            json!({"workspaceId": "ws-1"}),
            &[(
                "aps:QueryMetrics",
                "arn:aws:aps:us-east-1:111122223333:workspace/ws-1",
            )],
        ),
        (
            Service::Amp,
            "CreateWorkspace",
            json!({}),
            &[(
                "aps:CreateWorkspace",
                "arn:aws:aps:us-east-1:111122223333:/workspaces",
            )],
        ),
        (
            Service::Tagging,
            "GetResources",
            json!({}),
            &[("tag:GetResources", "*")],
        ),
        (Service::Sts, "GetCallerIdentity", json!({}), &[]),
    ];
    for (service, operation, members, expected) in table {
        let expected: BTreeSet<_> = expected
            .iter()
            .map(|(action, resource)| ((*action).to_owned(), (*resource).to_owned()))
            .collect();
        assert_eq!(
            of_call(service, operation, members),
            expected,
            "{operation}"
        );
    }
}

#[test]
fn each_service_refuses_in_its_own_form() {
    let allow = json!([{"Effect": "Allow", "Action": "iam:GetRole", "Resource": "*"}]);
    let sandbox = sandbox(&allow);
    for (service, operation, status, code) in [
        (Service::Iam, "ListRoles", 403, "AccessDenied"),
        (Service::Ecs, "ListClusters", 400, "AccessDeniedException"),
        (
            Service::Logs,
            "DescribeLogGroups",
            400,
            "AccessDeniedException",
        ),
        (Service::Amp, "ListWorkspaces", 403, "AccessDeniedException"),
        (
            Service::Tagging,
            "GetResources",
            400,
            "AccessDeniedException",
        ),
    ] {
        let refusal = ask(&sandbox, service, operation, json!({})).expect_err(operation);
        assert_eq!(
            (refusal.status, refusal.code),
            (status, code),
            "{operation}"
        );
    }
    let refusal = ask(&sandbox, Service::Iam, "ListRoles", json!({})).expect_err("not allowed");
    assert_eq!(
        refusal.message,
        "User: arn:aws:iam::111122223333:user/sandbox is not authorized to perform: iam:ListRoles on resource: * because no identity-based policy allows the iam:ListRoles action"
    );
    let refusal = ask(&sandbox, Service::Iam, "GetRole", json!({"RoleName": "x"}));
    assert_eq!(refusal.expect_err("no such role").code, "NoSuchEntity");
    ask(&sandbox, Service::Sts, "GetCallerIdentity", json!({})).expect("needs no right");
}

#[test]
fn what_is_refused_leaves_nothing_behind() {
    let sandbox =
        sandbox(&json!([{"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"}]));
    let tagged = json!({"logGroupName": "/a", "tags": {"a": "b"}});
    let refusal = ask(&sandbox, Service::Logs, "CreateLogGroup", tagged).expect_err("it has tags");
    assert!(
        refusal.message.contains("logs:TagResource"),
        "{}",
        refusal.message
    );
    assert_eq!(sandbox.world().logs, crate::logs::State::default());
}

#[test]
fn conditions_see_tags_clusters_and_whom_roles_are_passed_to() {
    let statements = json!([
        {"Effect": "Allow", "Action": "aps:CreateWorkspace", "Resource": "*",
         "Condition": {"StringEquals": {"aws:RequestTag/team": "a"}}},
        {"Effect": "Allow", "Action": "aps:DescribeWorkspace", "Resource": "*",
         "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}},
        {"Effect": "Allow", "Action": "ecs:ListServices", "Resource": "*",
         "Condition": {"ArnEquals": {"ecs:cluster": "arn:aws:ecs:us-east-1:111122223333:cluster/prod"}}},
    ]);
    let sandbox = sandbox(&statements);
    let create = |team: &str| {
        ask(
            &sandbox,
            Service::Amp,
            "CreateWorkspace",
            json!({"tags": {"team": team}}),
        )
    };
    create("b").expect_err("another team");
    let made = create("a").expect("our team");
    let id = json!({"workspaceId": made.body["workspaceId"]});
    ask(&sandbox, Service::Amp, "DescribeWorkspace", id).expect("our workspace");
    let list = |cluster: &str| {
        ask(
            &sandbox,
            Service::Ecs,
            "ListServices",
            json!({"cluster": cluster}),
        )
    };
    assert_eq!(
        list("prod").expect_err("no cluster").code,
        "ClusterNotFoundException"
    );
    assert_eq!(
        list("test").expect_err("not allowed").code,
        "AccessDeniedException"
    );
}

#[test]
fn a_session_may_what_its_role_may_within_its_boundary() {
    let sandbox = sandbox(&json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]));
    let make = |operation: &str, members: Value| {
        ask(&sandbox, Service::Iam, operation, members).expect(operation)
    };
    let only_reading = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:Get*", "iam:CreateRole"], "Resource": "*"},
        {"Effect": "Deny", "Action": "iam:GetPolicy", "Resource": "*"},
    ]});
    let boundary = make(
        "CreatePolicy",
        json!({"PolicyName": "B", "PolicyDocument": only_reading.to_string()}),
    );
    let boundary = &boundary.body["Policy"]["Arn"];
    make(
        "CreateRole",
        json!({
            "RoleName": "Deploy", "Path": "/ci/", "PermissionsBoundary": boundary,
            "AssumeRolePolicyDocument": trust(&format!("arn:aws:iam::{ACCOUNT}:root")),
        }),
    );
    let own = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["iam:Get*", "iam:ListRoles"], "Resource": "*"},
    ]});
    make(
        "PutRolePolicy",
        json!({"RoleName": "Deploy", "PolicyName": "p", "PolicyDocument": own.to_string()}),
    );

    let role = format!("arn:aws:iam::{ACCOUNT}:role/ci/Deploy");
    let assume = json!({"RoleArn": role, "RoleSessionName": "run-1"});
    let session = ask(&sandbox, Service::Sts, "AssumeRole", assume).expect("it is trusted");
    let key = session.body["Credentials"]["AccessKeyId"]
        .as_str()
        .expect("a key");
    let as_session = |operation: &str, members: Value| {
        sandbox.perform_call(&signed(key, Service::Iam, operation, members))
    };
    as_session("GetRole", json!({"RoleName": "Deploy"})).expect("both allow it");
    for (operation, members, reason) in [
        (
            "ListRoles",
            json!({}),
            "because no permissions boundary allows the iam:ListRoles action",
        ),
        (
            "CreateRole",
            json!({"RoleName": "x"}),
            "because no identity-based policy allows the iam:CreateRole action",
        ),
        (
            "GetPolicy",
            json!({"PolicyArn": boundary}),
            "with an explicit deny in a permissions boundary",
        ),
    ] {
        let refusal = as_session(operation, members).expect_err(operation);
        assert!(refusal.message.ends_with(reason), "{}", refusal.message);
        assert!(
            refusal
                .message
                .starts_with("User: arn:aws:sts::111122223333:assumed-role/Deploy/run-1 is not")
        );
    }
    let identity = sandbox.perform_call(&signed(key, Service::Sts, "GetCallerIdentity", json!({})));
    let arn = &identity.expect("needs no right").body["Arn"];
    assert_eq!(arn, "arn:aws:sts::111122223333:assumed-role/Deploy/run-1");
}

#[test]
fn a_role_is_assumed_by_whom_it_trusts_and_never_by_the_root_user() {
    let user = format!("arn:aws:iam::{ACCOUNT}:user/sandbox");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let other = "arn:aws:iam::444455556666:root";
    let roles = json!({"Effect": "Allow", "Action": "iam:*", "Resource": "*"});
    let assuming = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"});
    let never = json!({"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"});
    for (trusted, statements, expected) in [
        (root.as_str(), json!([roles, assuming]), true),
        (root.as_str(), json!([roles]), false),
        (user.as_str(), json!([roles]), true),
        (user.as_str(), json!([roles, never]), false),
        (other, json!([roles, assuming]), false),
    ] {
        let sandbox = sandbox(&statements);
        let role = json!({"RoleName": "R", "AssumeRolePolicyDocument": trust(trusted)});
        ask(&sandbox, Service::Iam, "CreateRole", role).expect("a role");
        let assume =
            json!({"RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/R"), "RoleSessionName": "run"});
        let outcome = ask(&sandbox, Service::Sts, "AssumeRole", assume);
        assert_eq!(
            outcome.is_ok(),
            expected,
            "{trusted} {statements} {outcome:?}"
        );
    }
    let rootly = Sandbox::open(Settings::default()).expect("it has no file");
    let assume = json!({"RoleArn": "arn:aws:iam::111122223333:role/R", "RoleSessionName": "run"});
    let refusal = ask(&rootly, Service::Sts, "AssumeRole", assume).expect_err("the root user");
    assert!(
        refusal.message.contains("root accounts"),
        "{}",
        refusal.message
    );
}

#[test]
fn a_role_of_another_account_takes_a_policy_on_both_sides_and_leads_into_that_account() {
    const OTHER: &str = "222222222222";
    let user = format!("arn:aws:iam::{ACCOUNT}:user/sandbox");
    let root = format!("arn:aws:iam::{ACCOUNT}:root");
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let but_assuming = json!({"Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"});
    let role = format!("arn:aws:iam::{OTHER}:role/R");
    let assume = json!({"RoleArn": role, "RoleSessionName": "run"});
    for (trusted, statement, expected) in [
        (root.as_str(), &all, true),
        (user.as_str(), &all, true),
        // Within an account, who is trusted by name needs no policy of its own.
        (user.as_str(), &but_assuming, false),
        ("arn:aws:iam::444455556666:root", &all, false),
    ] {
        let sandbox = sandbox(&json!([statement]));
        let there = |operation: &str, members: Value| {
            sandbox.perform_call(&signed(OTHER, Service::Iam, operation, members))
        };
        let make = json!({"RoleName": "R", "AssumeRolePolicyDocument": trust(trusted)});
        there("CreateRole", make).expect("a role");
        let own = json!({"Version": "2012-10-17", "Statement": all}).to_string();
        let own = json!({"RoleName": "R", "PolicyName": "p", "PolicyDocument": own});
        there("PutRolePolicy", own).expect("a policy");
        let session = ask(&sandbox, Service::Sts, "AssumeRole", assume.clone());
        assert_eq!(session.is_ok(), expected, "{trusted} {statement}");
        let Ok(session) = session else {
            continue;
        };
        let key = session.body["Credentials"]["AccessKeyId"].as_str();
        let key = key.expect("a key");
        let caller = signed(key, Service::Sts, "GetCallerIdentity", json!({}));
        let caller = sandbox.perform_call(&caller).expect("needs no right").body;
        assert_eq!(caller["Account"], OTHER);
        assert_eq!(
            caller["Arn"],
            format!("arn:aws:sts::{OTHER}:assumed-role/R/run")
        );
        let listed = signed(key, Service::Iam, "ListRoles", json!({}));
        let listed = sandbox.perform_call(&listed).expect("the role may").body;
        assert_eq!(listed["Roles"][0]["Arn"], role);
        let here = ask(&sandbox, Service::Iam, "ListRoles", json!({})).expect("the user may");
        assert_eq!(here.body["Roles"], json!([]));
        // A session of a role gets no session that is longer than an hour.
        let mut again = assume.clone();
        again["DurationSeconds"] = json!(3601);
        let refusal = sandbox.perform_call(&signed(key, Service::Sts, "AssumeRole", again));
        refusal.expect_err("it is neither trusted nor short");
    }
    // Nothing is in an account that nobody has asked for.
    let sandbox = sandbox(&json!([all]));
    let refusal = ask(&sandbox, Service::Sts, "AssumeRole", assume).expect_err("no such role");
    assert_eq!(refusal.code, "AccessDenied");
}

#[test]
fn rights_are_remembered_when_that_is_asked_for() {
    let settings = Settings {
        remember_rights: true,
        ..Settings::default()
    };
    let sandbox = Sandbox::open(settings).expect("it has no file");
    ask(&sandbox, Service::Iam, "ListRoles", json!({})).expect("the root user");
    let used = sandbox.take_rights_used();
    let actions: Vec<&str> = used
        .iter()
        .map(|right: &Right| right.action.as_str())
        .collect();
    assert_eq!(actions, ["iam:ListRoles"]);
    assert_eq!(sandbox.take_rights_used(), BTreeSet::new());
}
