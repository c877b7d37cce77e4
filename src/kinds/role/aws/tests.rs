//! Roles against a scripted IAM.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    aws::script::{ACCOUNT, Answer, Asked, Script, query},
    kinds::{
        Change as AnyChange,
        role::{Change, Role},
    },
    model::{
        call::Class,
        live::{Fact, Live, TakenName},
        node::Node,
        policy::Policy,
        tags::{Owner, Tags},
        template::{Attribute, Template},
    },
};

const TRUST: &str = "%7B%22Statement%22%3A%20%5B%7B%22Sid%22%3A%22a%2Bb+c%C3%BC%22%7D%5D%7D";

fn listed(name: &str, path: &str, more: &str) -> String {
    format!(
        "<member><Path>{path}</Path><RoleName>{name}</RoleName><RoleId>AROA{name}</RoleId><Arn>arn:aws:iam::{ACCOUNT}:role{path}{name}</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate>{more}</member>"
    )
}

/// The answer to `GetRole`.
fn got(name: &str, more: &str) -> Answer {
    let member = listed(name, "/", more);
    let inner = member
        .strip_prefix("<member>")
        .and_then(|rest| rest.strip_suffix("</member>"))
        .unwrap();
    Answer::xml("GetRole", &format!("<Role>{inner}</Role>"))
}

fn tagged(stack: &str, address: &str, region: &str) -> String {
    let tag = |key, value| format!("<member><Key>{key}</Key><Value>{value}</Value></member>");
    format!(
        "<Tags>{}{}{}{}</Tags>",
        tag("amp-stack:stack", stack),
        tag("amp-stack:address", address),
        tag("amp-stack:region", region),
        tag("aws:servicecatalog:x", "y")
    )
}

fn detail(name: &str, path: &str, more: &str) -> String {
    listed(
        name,
        path,
        &format!("<AssumeRolePolicyDocument>{TRUST}</AssumeRolePolicyDocument>{more}"),
    )
}

/// Two pages of both lists; the second ones only for who brings the marker.
fn account(asked: &Asked) -> Answer {
    let page = |list: &str, first: &str, second: &str| {
        assert_eq!(asked.parameter("MaxItems"), Some("1000"));
        let body = match asked.parameter("Marker") {
            None => format!(
                "<{list}>{first}</{list}><IsTruncated>true</IsTruncated><Marker>m1</Marker>"
            ),
            Some(marker) => {
                assert_eq!(marker, "m1");
                format!("<{list}>{second}</{list}><IsTruncated>false</IsTruncated>")
            }
        };
        Answer::xml(&asked.operation, &body)
    };
    match asked.operation.as_str() {
        "ListRoles" => page(
            "Roles",
            &(listed(
                "task",
                "/x/",
                "<Description>d</Description><MaxSessionDuration>7200</MaxSessionDuration>",
            ) + &listed(
                "AWSServiceRoleForECS",
                "/aws-service-role/ecs.amazonaws.com/",
                "",
            )),
            &(listed("foreign", "/", "")
                + &listed("declared", "/", "")
                + &listed("fresh", "/", "")
                + &listed("gone", "/", "")),
        ),
        "GetAccountAuthorizationDetails" => {
            assert_eq!(asked.parameter("Filter.member.1"), Some("Role"));
            page(
                "RoleDetailList",
                &(detail("declared", "/", "")
                    + &detail("AWSServiceRoleForECS", "/aws-service-role/ecs.amazonaws.com/", "")),
                &(detail(
                    "task",
                    "/x/",
                    &format!(
                        "{}<RolePolicyList><member><PolicyName>p</PolicyName><PolicyDocument>%7B%7D</PolicyDocument></member></RolePolicyList>
                        <AttachedManagedPolicies><member><PolicyName>m</PolicyName><PolicyArn>arn:aws:iam::aws:policy/m</PolicyArn></member></AttachedManagedPolicies>
                        <PermissionsBoundary><PermissionsBoundaryType>Policy</PermissionsBoundaryType><PermissionsBoundaryArn>arn:aws:iam::aws:policy/b</PermissionsBoundaryArn></PermissionsBoundary>
                        <InstanceProfileList><member><Path>/</Path><InstanceProfileName>ip</InstanceProfileName><InstanceProfileId>AIPA</InstanceProfileId><Arn>arn:aws:iam::{ACCOUNT}:instance-profile/ip</Arn><CreateDate>2026-01-01T00:00:00Z</CreateDate><Roles/></member></InstanceProfileList>",
                        tagged("shop", "roles.task", "us-east-1")
                    ),
                ) + &detail("foreign", "/", &tagged("shop", "roles.task", "eu-west-1"))
                    + &detail("young", "/", &tagged("shop", "roles.young", "us-east-1"))),
            )
        }
        "GetRole" => match asked.parameter("RoleName") {
            Some("young") => got("young", "<Description>new</Description>"),
            Some("fresh") => got(
                "fresh",
                &format!(
                    "{}<AssumeRolePolicyDocument>{TRUST}</AssumeRolePolicyDocument>",
                    tagged("shop", "roles.fresh", "us-east-1")
                ),
            ),
            Some("gone") => Answer::xml_error(404, "NoSuchEntity"),
            other => panic!("{other:?} is in both lists"),
        },
        "ListAttachedRolePolicies" => Answer::xml(
            &asked.operation,
            "<AttachedPolicies><member><PolicyName>m</PolicyName><PolicyArn>arn:aws:iam::aws:policy/m</PolicyArn></member></AttachedPolicies>",
        ),
        "ListRolePolicies" => Answer::xml(
            &asked.operation,
            "<PolicyNames><member>p</member></PolicyNames>",
        ),
        "GetRolePolicy" => Answer::xml(
            &asked.operation,
            "<RoleName>fresh</RoleName><PolicyName>p</PolicyName><PolicyDocument>%7B%7D</PolicyDocument>",
        ),
        "ListInstanceProfilesForRole" => Answer::xml(
            &asked.operation,
            "<InstanceProfiles/><IsTruncated>false</IsTruncated>",
        ),
        other => panic!("{other} is not needed"),
    }
}

async fn observe() -> (Vec<Live<Role>>, Vec<TakenName>) {
    let script = Script::new(account);
    let mut query = query();
    query.roles = BTreeSet::from(["declared".to_owned(), "absent".to_owned()]);
    let mut seen = super::observe(&script.aws(), &[query.into()])
        .await
        .unwrap();
    let seen = seen.remove(0);
    (seen.found, seen.names)
}

#[tokio::test(start_paused = true)]
async fn two_lists_with_two_pages_make_one_role() {
    let (found, _) = observe().await;
    let task = found.iter().find(|f| f.resource.name == "task").unwrap();
    assert_eq!(task.owner, Owner::Ours("roles.task".parse().unwrap()));
    assert_eq!(task.arn(), format!("arn:aws:iam::{ACCOUNT}:role/x/task"));
    let expected = Role {
        name: "task".to_owned(),
        path: "/x/".to_owned(),
        description: "d".to_owned(),
        trust: Policy::new(Node::from(
            &serde_json::json!({"Statement": [{"Sid": "a+b+cü"}]}),
        )),
        max_session_seconds: 7200,
        permissions_boundary: Some("arn:aws:iam::aws:policy/b".into()),
        managed_policies: [Template::from("arn:aws:iam::aws:policy/m")].into(),
        inline_policies: [("p".to_owned(), Policy::new(Node::map::<String>([])))].into(),
        instance_profiles: ["ip".to_owned()].into(),
        tags: Tags::from([
            ("amp-stack:stack".to_owned(), "shop".into()),
            ("amp-stack:address".to_owned(), "roles.task".into()),
            ("amp-stack:region".to_owned(), "us-east-1".into()),
        ]),
    };
    assert_eq!(task.resource, expected);
}

#[tokio::test(start_paused = true)]
async fn roles_of_ours_and_declared_ones_are_found_and_all_are_known() {
    let (found, facts) = observe().await;
    let of_aws = BTreeMap::from([("aws:servicecatalog:x".to_owned(), "y".to_owned())]);
    let is_found = |found: &Live<Role>| found.facts.contains(&Fact::TagsOfAws(of_aws.clone()));
    assert!(found.iter().any(is_found), "{found:?}");
    let found: BTreeSet<&str> = found.iter().map(|f| f.resource.name.as_str()).collect();
    assert_eq!(
        found,
        BTreeSet::from(["declared", "fresh", "task", "young"])
    );
    let owner = |name: &str| {
        let fact = facts.iter().find(|fact| fact.name == name);
        fact.map(|fact| fact.owner.clone())
    };
    assert_eq!(facts.len(), 6);
    assert_eq!(owner("gone"), None);
    assert_eq!(owner("AWSServiceRoleForECS"), Some(Owner::Aws));
    assert_eq!(owner("declared"), Some(Owner::Unknown));
    assert_eq!(
        owner("foreign"),
        Some(Owner::OtherRegion {
            region: "eu-west-1".to_owned()
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_that_one_list_does_not_have_yet_is_read_by_itself() {
    let (found, _) = observe().await;
    let fresh = found.iter().find(|f| f.resource.name == "fresh").unwrap();
    assert_eq!(fresh.owner, Owner::Ours("roles.fresh".parse().unwrap()));
    let role = &fresh.resource;
    assert_eq!(role.managed_policies.len(), 1);
    assert_eq!(role.inline_policies.len(), 1);
    assert_eq!(role.tags.len(), 3);
}

fn wanted() -> Role {
    Role {
        name: "task".to_owned(),
        path: "/".to_owned(),
        description: String::new(),
        trust: Policy::new(Node::map::<String>([])),
        max_session_seconds: 3600,
        permissions_boundary: None,
        managed_policies: BTreeSet::new(),
        inline_policies: [].into(),
        instance_profiles: BTreeSet::new(),
        tags: Tags::from([
            ("amp-stack:stack".to_owned(), "shop".into()),
            ("amp-stack:address".to_owned(), "roles.task".into()),
            ("amp-stack:region".to_owned(), "us-east-1".into()),
        ]),
    }
}

/// Creates `role` where IAM says that it exists, and answers this when it is asked for it.
async fn create_where_it_exists(role: Role, live: Answer) -> Result<String, Class> {
    let script = Script::new(move |asked| match asked.operation.as_str() {
        "CreateRole" => Answer::xml_error(409, "EntityAlreadyExists"),
        _ => live.clone(),
    });
    let change = AnyChange::Role(Change::Create(Box::new(role)));
    let outcome = script.perform("task", change).await;
    outcome
        .map(|reply| reply.attributes[&Attribute::Arn].clone())
        .map_err(|error| error.class)
}

fn live(name: &str, address: &str) -> Answer {
    got(name, &tagged("shop", address, "us-east-1"))
}

#[tokio::test(start_paused = true)]
async fn a_role_that_exists_is_a_success_only_if_it_is_this_one() {
    assert_eq!(
        create_where_it_exists(wanted(), live("task", "roles.task")).await,
        Ok(format!("arn:aws:iam::{ACCOUNT}:role/task"))
    );
    assert_eq!(
        create_where_it_exists(wanted(), live("task", "roles.other")).await,
        Err(Class::Final)
    );
}

#[tokio::test(start_paused = true)]
async fn a_role_that_is_going_is_waited_for_and_not_taken_for_its_successor() {
    let elsewhere = Role {
        path: "/team/".to_owned(),
        ..wanted()
    };
    for (role, live) in [
        (elsewhere, live("task", "roles.task")),
        (wanted(), live("Task", "roles.task")),
        (wanted(), Answer::xml_error(404, "NoSuchEntity")),
    ] {
        assert_eq!(
            create_where_it_exists(role, live.clone()).await,
            Err(Class::Unsettled),
            "{live:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_to_go_and_is_gone_is_a_success_and_nothing_else_is() {
    let script = Script::new(|_| Answer::xml_error(404, "NoSuchEntity"));
    for change in [
        Change::Delete,
        Change::Detach("arn:aws:iam::aws:policy/m".into()),
        Change::DeleteInline("p".to_owned()),
        Change::DeleteBoundary,
        Change::RemoveFromInstanceProfile("ip".to_owned()),
    ] {
        let outcome = script
            .perform("task", AnyChange::Role(change.clone()))
            .await;
        assert!(outcome.is_ok(), "{change:?}: {outcome:?}");
    }
    for change in [
        Change::Attach("arn:aws:iam::aws:policy/m".into()),
        Change::UpdateTrust(Policy::new(Node::Null)),
        Change::Tag(wanted().tags),
        Change::Untag(vec!["a".to_owned()]),
    ] {
        let error = script
            .perform("task", AnyChange::Role(change.clone()))
            .await;
        assert_eq!(error.unwrap_err().class, Class::Unsettled, "{change:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn many_keys_are_removed_in_batches() {
    let script = Script::new(|asked| Answer::xml(&asked.operation, ""));
    let keys = (0..120).map(|n| format!("k{n}")).collect();
    let change = AnyChange::Role(Change::Untag(keys));
    script.perform("task", change).await.unwrap();
    let batches: Vec<usize> = script
        .asked()
        .iter()
        .map(|asked| asked.body.matches("TagKeys.member.").count())
        .collect();
    assert_eq!(batches, [50, 50, 20]);
}
