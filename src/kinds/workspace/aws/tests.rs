//! Workspaces against a scripted Amazon Managed Service for Prometheus.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    aws::script::{Answer, Asked, Script, caller, query},
    kinds::{
        Change as AnyChange,
        kind::State as _,
        workspace::{Change, Configuration, Workspace},
    },
    model::{
        call::{CallError, Class, Reply},
        live::Live,
        tags::{Owner, Tags},
        template::Attribute,
    },
};

const URL: &str = "https://aps-workspaces.us-east-1.amazonaws.com/workspaces";
const LOGS: &str = "arn:aws:logs:us-east-1:111122223333:log-group:/a:*";

fn workspace(id: &str, status: &str) -> Value {
    json!({
        "workspaceId": id, "arn": format!("arn:aws:aps:us-east-1:111122223333:workspace/{id}"), "status": {"statusCode": status},
        "createdAt": 1.0, "alias": "main", "tags": {"amp-stack:stack": "shop", "amp-stack:address": "workspace"},
    })
}

fn described(id: &str, status: &str) -> Answer {
    let mut workspace = workspace(id, status);
    if status == "ACTIVE" {
        workspace["prometheusEndpoint"] = json!(format!("{URL}/{id}/api/v1/"));
    }
    Answer::json(&json!({ "workspace": workspace }))
}

fn logging(status: &str) -> Answer {
    Answer::json(&json!({"loggingConfiguration": {
        "workspace": "ws-1", "logGroupArn": LOGS, "createdAt": 1.0, "modifiedAt": 1.0,
        "status": {"statusCode": status, "statusReason": "the group is missing"},
    }}))
}

fn nothing() -> Answer {
    let body = json!({"message": "no such thing", "resourceId": "x", "resourceType": "y", "__type": "ResourceNotFoundException"});
    Answer::Http(404, body.to_string())
}

async fn observe(
    script: &Script,
    alias: Option<&str>,
    configuration: bool,
) -> Vec<Live<Workspace>> {
    let mut query = query();
    query.alias = alias.map(str::to_owned);
    query.workspace_configuration = configuration;
    super::observe(&script.aws(), &[query.into()])
        .await
        .unwrap()
        .remove(0)
        .found
}

fn inner(found: &Live<Workspace>) -> &Workspace {
    &found.resource
}

#[tokio::test(start_paused = true)]
async fn ours_and_those_with_the_alias_are_found_on_every_page() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GET /workspaces" => {
            if asked.uri.contains("nextToken=t") {
                return Answer::json(&json!({"workspaces": [
                    workspace("ws-ours", "ACTIVE"), workspace("ws-going", "DELETING"), workspace("ws-failed", "CREATION_FAILED"),
                ]}));
            }
            let mut named = workspace("ws-named", "ACTIVE");
            named["tags"] = json!({});
            named["alias"] = json!("metrics");
            let mut prefixed = named.clone();
            prefixed["alias"] = json!("metrics-2");
            Answer::json(&json!({"workspaces": [named, prefixed], "nextToken": "t"}))
        }
        "GET /workspaces/ws-named" => described("ws-named", "CREATING"),
        "GET /workspaces/ws-ours" => described("ws-ours", "ACTIVE"),
        "GET /workspaces/ws-failed" => described("ws-failed", "CREATION_FAILED"),
        "GET /workspaces/ws-named/logging" => Answer::ok("{}"),
        "GET /workspaces/ws-ours/logging" => logging("UPDATING"),
        other => panic!("{other} is not needed"),
    });
    let found = observe(&script, Some("metrics"), false).await;
    let ids: Vec<&str> = found
        .iter()
        .map(|f| f.attributes[&Attribute::Id].as_str())
        .collect();
    assert_eq!(ids, ["ws-named", "ws-ours", "ws-failed"]);
    assert_eq!(found[0].owner, Owner::Unknown);
    assert_eq!(inner(&found[0]).logging, None);
    assert_eq!(
        found[0].attributes[&Attribute::Endpoint],
        format!("{URL}/ws-named/")
    );
    assert_eq!(found[1].owner, Owner::Ours("workspace".parse().unwrap()));
    assert_eq!(inner(&found[1]).logging, Some(LOGS.into()));
    assert_eq!(
        found[1].attributes[&Attribute::RemoteWriteUrl],
        format!("{URL}/ws-ours/api/v1/remote_write")
    );
    assert_eq!(
        found[1].attributes[&Attribute::QueryUrl],
        format!("{URL}/ws-ours/api/v1/query")
    );
    assert!(inner(&found[2]).failed);
}

#[tokio::test(start_paused = true)]
async fn the_configuration_is_read_if_it_matters() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GET /workspaces" => Answer::json(&json!({"workspaces": [workspace("ws-1", "ACTIVE")]})),
        "GET /workspaces/ws-1" => described("ws-1", "ACTIVE"),
        "GET /workspaces/ws-1/logging" => nothing(),
        "GET /workspaces/ws-1/configuration" => Answer::json(&json!({"workspaceConfiguration": {
            "status": {"statusCode": "ACTIVE"}, "retentionPeriodInDays": 90, "ruleQueryOffsetInSeconds": 60,
            "limitsPerLabelSet": [{"limits": {"maxSeries": 5}, "labelSet": {}}, {"limits": {"maxSeries": 6}, "labelSet": {"job": "a"}}],
        }})),
        other => panic!("{other} is not needed"),
    });
    let found = observe(&script, None, true).await;
    let label = BTreeMap::from([("job".to_owned(), "a".to_owned())]);
    assert_eq!(
        inner(&found[0]).configuration,
        Configuration {
            retention_days: Some(90),
            limits: Some([(BTreeMap::new(), 5), (label, 6)].into()),
            out_of_order_time_window_seconds: None,
            rule_query_offset_seconds: Some(60),
        }
    );
    assert_eq!(inner(&found[0]).logging, None);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_without_limits_is_one_whose_limits_are_empty() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GET /workspaces" => Answer::json(&json!({"workspaces": [workspace("ws-1", "ACTIVE")]})),
        "GET /workspaces/ws-1" => described("ws-1", "ACTIVE"),
        "GET /workspaces/ws-1/configuration" => Answer::json(&json!({"workspaceConfiguration": {
            "status": {"statusCode": "ACTIVE"}, "retentionPeriodInDays": 90,
        }})),
        _ => nothing(),
    });
    let found = observe(&script, None, true).await;
    let live = inner(&found[0]);
    let mut want = live.clone();
    want.configuration.limits = Some(BTreeMap::new());
    assert_eq!(Workspace::changes(Some(live), Some(&want)), []);
}

async fn perform(script: &Script, change: Change) -> Result<Reply, CallError> {
    script.perform("ws-1", AnyChange::Workspace(change)).await
}

fn create() -> Change {
    Change::Create {
        alias: Some("main".to_owned()),
        kms_key_arn: None,
        tags: Tags::from([("amp-stack:stack".to_owned(), "shop".into())]),
    }
}

#[tokio::test(start_paused = true)]
async fn a_new_workspace_is_waited_for() {
    let script = Script::new(|asked| match (asked.operation.as_str(), asked.before) {
        ("GetCallerIdentity", _) => caller(),
        ("POST /workspaces", 0) => Answer::Lost,
        ("POST /workspaces", _) => {
            let mut created = workspace("ws-1", "CREATING");
            created["createdAt"] = Value::Null;
            Answer::Http(202, created.to_string())
        }
        ("GET /workspaces/ws-1", 0..3) => described("ws-1", "CREATING"),
        _ => described("ws-1", "ACTIVE"),
    });
    let reply = perform(&script, create()).await.unwrap();
    assert_eq!(script.count("GET /workspaces/ws-1"), 4);
    assert_eq!(reply.attributes[&Attribute::Id], "ws-1");
    assert_eq!(
        reply.attributes[&Attribute::Endpoint],
        format!("{URL}/ws-1/")
    );
    let asked = script.asked();
    let creations = asked.iter().filter(|a| a.operation == "POST /workspaces");
    let bodies: Vec<Value> = creations.map(Asked::json).collect();
    let body =
        json!({"alias": "main", "clientToken": "token-1", "tags": {"amp-stack:stack": "shop"}});
    assert_eq!(bodies, [body.clone(), body]);
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_aws_gave_up_on_is_a_failure() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GetCallerIdentity" => caller(),
        "POST /workspaces" => Answer::Http(202, workspace("ws-1", "CREATING").to_string()),
        _ => described("ws-1", "CREATION_FAILED"),
    });
    let error = perform(&script, create()).await.unwrap_err();
    assert!(
        error.message.contains("CREATION_FAILED"),
        "{}",
        error.message
    );
    assert!(error.hint.unwrap().contains("the next apply replaces it"));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends() {
    let script = Script::new(|_| described("ws-1", "UPDATING"));
    let before = tokio::time::Instant::now();
    let error = perform(&script, Change::SetAlias("b".to_owned()))
        .await
        .unwrap_err();
    assert!(error.message.contains("UPDATING"), "{}", error.message);
    assert!(before.elapsed().as_secs() <= 300, "{:?}", before.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_configuration_is_sent_when_the_workspace_is_ready_and_waited_for() {
    let script = Script::new(|asked| match (asked.operation.as_str(), asked.before) {
        ("GET /workspaces/ws-1", 0) => described("ws-1", "UPDATING"),
        ("GET /workspaces/ws-1", _) => described("ws-1", "ACTIVE"),
        ("GET /workspaces/ws-1/configuration", before) => {
            let status = if before == 0 { "UPDATING" } else { "ACTIVE" };
            Answer::json(&json!({"workspaceConfiguration": {"status": {"statusCode": status}}}))
        }
        _ => Answer::Http(
            202,
            json!({"status": {"statusCode": "UPDATING"}}).to_string(),
        ),
    });
    let configuration = Configuration {
        retention_days: Some(90),
        limits: Some([(BTreeMap::new(), 5)].into()),
        ..Configuration::default()
    };
    perform(&script, Change::Configure(configuration))
        .await
        .unwrap();
    let operations = script.operations();
    assert_eq!(
        operations,
        [
            "GET /workspaces/ws-1",
            "GET /workspaces/ws-1",
            "PATCH /workspaces/ws-1/configuration",
            "GET /workspaces/ws-1/configuration",
            "GET /workspaces/ws-1/configuration",
            "GET /workspaces/ws-1",
        ]
    );
    assert_eq!(
        script.asked()[2].json(),
        json!({"clientToken": "token-1", "retentionPeriodInDays": 90, "limitsPerLabelSet": [{"limits": {"maxSeries": 5}, "labelSet": {}}]})
    );
}

#[tokio::test(start_paused = true)]
async fn logging_that_aws_could_not_set_up_is_a_failure() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GET /workspaces/ws-1" => described("ws-1", "ACTIVE"),
        "GET /workspaces/ws-1/logging" => logging("CREATION_FAILED"),
        _ => Answer::Http(
            202,
            json!({"status": {"statusCode": "CREATING"}}).to_string(),
        ),
    });
    let error = perform(&script, Change::CreateLogging(LOGS.into()))
        .await
        .unwrap_err();
    assert!(
        error.message.contains("the group is missing"),
        "{}",
        error.message
    );
}

#[tokio::test(start_paused = true)]
async fn logging_that_is_there_already_is_updated() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GET /workspaces/ws-1" => described("ws-1", "ACTIVE"),
        "GET /workspaces/ws-1/logging" => logging("ACTIVE"),
        "POST /workspaces/ws-1/logging" => {
            let body = json!({"message": "there is one", "resourceId": "x", "resourceType": "y", "__type": "ConflictException"});
            Answer::Http(409, body.to_string())
        }
        _ => Answer::Http(
            202,
            json!({"status": {"statusCode": "UPDATING"}}).to_string(),
        ),
    });
    perform(&script, Change::CreateLogging(LOGS.into()))
        .await
        .unwrap();
    assert_eq!(script.count("PUT /workspaces/ws-1/logging"), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_gone_needs_no_deletion() {
    for change in [Change::Delete, Change::DeleteLogging] {
        let script = Script::new(|_| nothing());
        perform(&script, change).await.unwrap();
        assert_eq!(script.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_is_done_when_it_has_begun() {
    let script = Script::new(|asked| match (asked.operation.as_str(), asked.before) {
        ("GET /workspaces/ws-1", 0) => described("ws-1", "ACTIVE"),
        ("GET /workspaces/ws-1", _) => described("ws-1", "DELETING"),
        _ => Answer::Http(202, String::new()),
    });
    perform(&script, Change::Delete).await.unwrap();
    assert_eq!(script.asked().len(), 3);
    assert!(script.asked()[0].uri.contains("clientToken=token-1"));
}

#[tokio::test(start_paused = true)]
async fn a_conflict_with_its_own_deletion_is_none() {
    for (status, succeeds) in [("DELETING", true), ("UPDATING", false)] {
        let script = Script::new(move |asked| {
            if asked.operation == "GET /workspaces/ws-1" {
                return described("ws-1", status);
            }
            let body = json!({"message": "it is busy", "resourceId": "x", "resourceType": "y", "__type": "ConflictException"});
            Answer::Http(409, body.to_string())
        });
        let outcome = perform(&script, Change::Delete).await;
        assert_eq!(outcome.is_ok(), succeeds, "{outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.class, Class::Busy);
        }
    }
}
