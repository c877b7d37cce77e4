//! Log groups against a scripted CloudWatch Logs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::{
        script::{Answer, Script, caller, query},
        tagging::{self, Tagged},
    },
    kinds::{
        Change as AnyChange,
        log_group::{Change, LogGroup},
    },
    model::{
        call::Class,
        live::{Fact, Live},
        tags::{Owner, Tags},
        template::Attribute,
    },
};

fn described(name: &str) -> Value {
    let arn = format!("arn:aws:logs:us-east-1:111122223333:log-group:{name}");
    json!({"logGroupName": name, "arn": format!("{arn}:*"), "logGroupArn": arn, "logGroupClass": "STANDARD", "retentionInDays": 30})
}

async fn observe(script: &Script, declared: &[&str]) -> Vec<Live<LogGroup>> {
    let mut query = query();
    query.log_groups = declared
        .iter()
        .map(|name| ((*name).to_owned(), Tags::new()))
        .collect();
    let tagged = Tagged {
        log_groups: BTreeMap::from([("/ours".to_owned(), BTreeMap::new())]),
        ..Tagged::default()
    };
    super::observe_tagged(&script.aws(), &query.clone().into(), &tagged)
        .await
        .unwrap()
}

fn names(found: &[Live<LogGroup>]) -> Vec<&str> {
    found.iter().map(|f| f.resource.name.as_str()).collect()
}

#[tokio::test(start_paused = true)]
async fn only_groups_of_exactly_these_names_are_found_on_every_page() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "DescribeLogGroups" => {
            let asked = asked.json();
            assert_eq!(
                asked["logGroupIdentifiers"],
                json!(["/a", "/absent", "/ours"])
            );
            if asked["nextToken"] == "t" {
                return Answer::json(&json!({"logGroups": [described("/ours")]}));
            }
            let mut group = described("/a");
            group["retentionPolicyName"] = json!("everything");
            group["deletionProtectionEnabled"] = json!(true);
            group["kmsKeyId"] = json!("arn:aws:kms:us-east-1:111122223333:key/1");
            Answer::json(&json!({"logGroups": [group, described("/a/b")], "nextToken": "t"}))
        }
        "ListTagsForResource" => {
            let tags = if asked.json()["resourceArn"] == described("/ours")["logGroupArn"] {
                json!({"amp-stack:stack": "shop", "amp-stack:address": "log_groups.x", "aws:x": "y"})
            } else {
                assert_eq!(asked.json()["resourceArn"], described("/a")["logGroupArn"]);
                json!({"amp-stack:stack": "blog", "amp-stack:address": "log_groups.y"})
            };
            Answer::json(&json!({ "tags": tags }))
        }
        other => panic!("{other} is not needed"),
    });
    let found = observe(&script, &["/a", "/absent"]).await;
    assert_eq!(names(&found), ["/a", "/ours"]);
    assert_eq!(found[0].owner, Owner::OtherStack("blog".to_owned()));
    assert_eq!(
        found[0].facts,
        [Fact::RetentionByAccountPolicy("everything".to_owned())]
    );
    assert_eq!(found[1].owner, Owner::Ours("log_groups.x".parse().unwrap()));
    assert_eq!(
        found[1].arn(),
        "arn:aws:logs:us-east-1:111122223333:log-group:/ours"
    );
    let group = &found[0].resource;
    assert!(group.deletion_protection);
    assert_eq!(group.retention_days, Some(30));
    assert_eq!(
        group.kms_key_arn,
        Some("arn:aws:kms:us-east-1:111122223333:key/1".into())
    );
    let group = &found[1].resource;
    assert!(!group.tags.contains_key("aws:x"));
    let of_aws = BTreeMap::from([("aws:x".to_owned(), "y".to_owned())]);
    assert_eq!(found[1].facts, [Fact::TagsOfAws(of_aws)]);
}

#[tokio::test(start_paused = true)]
async fn names_are_looked_up_one_by_one_where_the_list_is_refused() {
    let script = Script::new(|asked| {
        let request = asked.json();
        if asked.operation == "ListTagsForResource" {
            return Answer::json(&json!({"tags": {}}));
        }
        match request["logGroupNamePrefix"].as_str() {
            None => Answer::error(400, "ResourceNotFoundException", "no such group"),
            Some("/absent") => Answer::json(&json!({"logGroups": []})),
            Some(name) => {
                assert_eq!(request["limit"], 50);
                Answer::json(
                    &json!({"logGroups": [described(name), described(&format!("{name}-2"))]}),
                )
            }
        }
    });
    let found = observe(&script, &["/a", "/absent"]).await;
    assert_eq!(names(&found), ["/a", "/ours"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_declared_and_tagged_is_asked_for_once() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "DescribeLogGroups" => Answer::json(&json!({"logGroups": [described("/ours")]})),
        _ => Answer::json(&json!({"tags": {}})),
    });
    let found = observe(&script, &["/ours"]).await;
    assert_eq!(names(&found), ["/ours"]);
    let asked = script.asked().swap_remove(0).json();
    assert_eq!(asked["logGroupIdentifiers"], json!(["/ours"]));
    assert_eq!(script.count("DescribeLogGroups"), 1);
}

#[tokio::test(start_paused = true)]
async fn many_names_are_asked_for_in_batches() {
    let script = Script::new(|_| Answer::json(&json!({"logGroups": []})));
    let mut query = query();
    query.log_groups = (0..120).map(|n| (format!("/g{n}"), Tags::new())).collect();
    let aws = script.aws();
    super::observe_tagged(&aws, &query.clone().into(), &Tagged::default())
        .await
        .unwrap();
    let mut sizes: Vec<usize> = script
        .asked()
        .iter()
        .map(|asked| {
            asked.json()["logGroupIdentifiers"]
                .as_array()
                .unwrap()
                .len()
        })
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [20, 50, 50]);
}

#[tokio::test(start_paused = true)]
async fn what_the_tagging_api_lists_is_read_on_every_page() {
    let script = Script::new(|asked| {
        let request = asked.json();
        assert_eq!(
            request["TagFilters"],
            json!([{"Key": "amp-stack:stack", "Values": ["shop"]}])
        );
        assert_eq!(request.get("ResourceTypeFilters"), None);
        let tags = json!([{"Key": "amp-stack:stack", "Value": "shop"}]);
        if request["PaginationToken"] == "t" {
            return Answer::json(&json!({"PaginationToken": "", "ResourceTagMappingList": [
                {"ResourceARN": "arn:aws:ecs:us-east-1:111122223333:task-definition/api:3", "Tags": tags},
                {"ResourceARN": "arn:aws:logs:us-east-1:111122223333:log-group:/untagged", "Tags": []},
            ]}));
        }
        Answer::json(&json!({"PaginationToken": "t", "ResourceTagMappingList": [
            {"ResourceARN": "arn:aws:logs:us-east-1:111122223333:log-group:/a", "Tags": tags},
        ]}))
    });
    let tagged = tagging::observe(&script.aws(), &[query().into()])
        .await
        .unwrap()
        .remove(0);
    let groups: Vec<&str> = tagged.log_groups.keys().map(String::as_str).collect();
    assert_eq!(groups, ["/a"]);
    assert!(tagged.revisions["api"].contains_key(&3));
}

fn wanted() -> LogGroup {
    LogGroup {
        name: "/a".to_owned(),
        class: "STANDARD".to_owned(),
        retention_days: None,
        kms_key_arn: None,
        deletion_protection: false,
        tags: Tags::from([
            ("amp-stack:stack".to_owned(), "shop".into()),
            ("amp-stack:address".to_owned(), "log_groups.a".into()),
        ]),
    }
}

/// Creates a group of which AWS says that it exists, with the tags of this address and this class.
async fn create_where_it_exists(
    address: Option<&'static str>,
    class: &'static str,
) -> Result<String, Class> {
    let script = Script::new(move |asked| match (asked.operation.as_str(), address) {
        ("GetCallerIdentity", _) => caller(),
        ("CreateLogGroup", _) => Answer::error(400, "ResourceAlreadyExistsException", "it exists"),
        ("DescribeLogGroups", _) => {
            let mut group = described("/a");
            group["logGroupClass"] = json!(class);
            Answer::json(&json!({"logGroups": [group]}))
        }
        (_, Some(address)) => Answer::json(
            &json!({"tags": {"amp-stack:stack": "shop", "amp-stack:address": address}}),
        ),
        (_, None) => Answer::error(400, "ResourceNotFoundException", "gone"),
    });
    let change = AnyChange::LogGroup(Change::Create(Box::new(wanted())));
    let outcome = script.perform("/a", change).await;
    outcome
        .map(|reply| reply.attributes[&Attribute::Arn].clone())
        .map_err(|error| error.class)
}

#[tokio::test(start_paused = true)]
async fn a_group_that_exists_is_a_success_only_if_it_is_this_one() {
    assert_eq!(
        create_where_it_exists(Some("log_groups.a"), "STANDARD").await,
        Ok("arn:aws:logs:us-east-1:111122223333:log-group:/a".to_owned())
    );
    assert_eq!(
        create_where_it_exists(Some("log_groups.b"), "STANDARD").await,
        Err(Class::Final)
    );
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_going_is_waited_for_and_not_taken_for_its_successor() {
    assert_eq!(
        create_where_it_exists(Some("log_groups.a"), "INFREQUENT_ACCESS").await,
        Err(Class::Unsettled)
    );
    assert_eq!(
        create_where_it_exists(None, "STANDARD").await,
        Err(Class::Unsettled)
    );
}

/// How often tags are read of `/a`, which is to have the tags of [`wanted`] and of which the
/// tagging API says these.
async fn reads_of_tags(said: &[(&str, &str)], destroy: bool) -> usize {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "DescribeLogGroups" => Answer::json(&json!({"logGroups": [described("/a")]})),
        _ => Answer::json(
            &json!({"tags": {"amp-stack:stack": "shop", "amp-stack:address": "log_groups.a"}}),
        ),
    });
    let mut query = query();
    query.destroy = destroy;
    query.log_groups = [("/a".to_owned(), wanted().tags)].into();
    let tags = said
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let tagged = Tagged {
        log_groups: [("/a".to_owned(), tags)].into(),
        ..Tagged::default()
    };
    let found = super::observe_tagged(&script.aws(), &query.clone().into(), &tagged).await;
    let found = found.unwrap();
    assert_eq!(found[0].owner, Owner::Ours("log_groups.a".parse().unwrap()));
    assert_eq!(found[0].resource.tags, wanted().tags);
    script.count("ListTagsForResource")
}

#[tokio::test(start_paused = true)]
async fn tags_are_read_one_by_one_only_if_something_may_be_done_about_them() {
    let as_wanted = [
        ("amp-stack:stack", "shop"),
        ("amp-stack:address", "log_groups.a"),
        ("aws:cloudformation:stack-name", "x"),
    ];
    assert_eq!(reads_of_tags(&as_wanted, false).await, 0);
    assert_eq!(reads_of_tags(&as_wanted, true).await, 0);
    let late = [
        ("amp-stack:stack", "shop"),
        ("amp-stack:address", "log_groups.old"),
    ];
    assert_eq!(reads_of_tags(&late, false).await, 1);
    // A protection may have been taken away a moment ago, and the stack may be another.
    let protected = [
        ("amp-stack:stack", "shop"),
        ("amp-stack:address", "log_groups.a"),
        ("amp-stack:prevent-destroy", "true"),
    ];
    assert_eq!(reads_of_tags(&protected, true).await, 1);
    assert_eq!(
        reads_of_tags(&[("amp-stack:stack", "other")], true).await,
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_plain_group_is_created_with_its_tags_and_no_defaults() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GetCallerIdentity" => caller(),
        _ => Answer::ok("{}"),
    });
    let change = AnyChange::LogGroup(Change::Create(Box::new(wanted())));
    script.perform("/a", change).await.unwrap();
    assert_eq!(
        script.asked().last().unwrap().json(),
        json!({"logGroupName": "/a", "tags": {"amp-stack:stack": "shop", "amp-stack:address": "log_groups.a"}})
    );
}

#[tokio::test(start_paused = true)]
async fn deleting_what_is_gone_is_a_success() {
    for missing in ["ListTagsForResource", "DeleteLogGroup"] {
        let script = Script::new(move |asked| match asked.operation.as_str() {
            "GetCallerIdentity" => caller(),
            operation if operation == missing => {
                Answer::error(400, "ResourceNotFoundException", "gone")
            }
            _ => Answer::ok("{}"),
        });
        let delete = AnyChange::LogGroup(Change::Delete(Tags::new()));
        assert!(script.perform("/a", delete).await.is_ok(), "{missing}");
    }
    let script = Script::new(|_| Answer::error(400, "ResourceNotFoundException", "gone"));
    let retention = AnyChange::LogGroup(Change::DeleteRetention);
    assert!(script.perform("/a", retention).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn what_became_anothers_or_was_protected_is_not_deleted() {
    let planned = wanted().tags;
    for (live, goes) in [
        (
            json!({"amp-stack:stack": "shop", "amp-stack:address": "log_groups.a"}),
            true,
        ),
        (
            json!({"amp-stack:stack": "shop", "amp-stack:address": "log_groups.a", "team": "a"}),
            true,
        ),
        (
            json!({"amp-stack:stack": "shop", "amp-stack:address": "log_groups.b"}),
            false,
        ),
        (
            json!({"amp-stack:stack": "other", "amp-stack:address": "log_groups.a"}),
            false,
        ),
        (json!({"team": "a"}), false),
        (
            json!({"amp-stack:stack": "shop", "amp-stack:address": "log_groups.a", "amp-stack:prevent-destroy": "true"}),
            false,
        ),
    ] {
        let shown = live.to_string();
        let script = Script::new(move |asked| match asked.operation.as_str() {
            "GetCallerIdentity" => caller(),
            "ListTagsForResource" => Answer::json(&json!({ "tags": live })),
            _ => Answer::ok("{}"),
        });
        let delete = AnyChange::LogGroup(Change::Delete(planned.clone()));
        let outcome = script.perform("/a", delete).await;
        assert_eq!(outcome.is_ok(), goes, "{shown}");
        assert_eq!(script.count("DeleteLogGroup"), usize::from(goes), "{shown}");
    }
}
