//! The sandbox's IAM, through the SDK's own client.

use std::{env, fs, path::PathBuf, process};

use amp_stack_sandbox::{Sandbox, Settings};
use aws_config::retry::RetryConfig;
use aws_sdk_iam::{
    Client,
    error::ProvideErrorMetadata as _,
    types::{EntityType, PolicyEvaluationDecisionType, Tag},
};

use crate::sandbox_client::{config, quiet};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
const WRITE: &str = "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess";

fn client(sandbox: &Sandbox) -> Client {
    Client::new(&config(sandbox))
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder()
        .key(key)
        .value(value)
        .build()
        .expect("a tag has both")
}

async fn create(client: &Client, name: &str) {
    client
        .create_role()
        .role_name(name)
        .assume_role_policy_document(TRUST)
        .tags(tag("amp-stack:stack", "a b: é=한"))
        .send()
        .await
        .expect("created");
}

#[tokio::test]
async fn a_role_survives_the_wire() {
    let client = client(&quiet());
    client
        .create_role()
        .role_name("Task")
        .path("/checkout/")
        .assume_role_policy_document(TRUST)
        .description("Writes metrics: é & <x>")
        .max_session_duration(7200)
        .tags(tag("k", ""))
        .send()
        .await
        .expect("created");
    client
        .attach_role_policy()
        .role_name("Task")
        .policy_arn(WRITE)
        .send()
        .await
        .expect("attached");

    let got = client
        .get_role()
        .role_name("Task")
        .send()
        .await
        .expect("found");
    let role = got.role().expect("a role");
    assert_eq!(role.arn(), "arn:aws:iam::111122223333:role/checkout/Task");
    assert_eq!(role.description(), Some("Writes metrics: é & <x>"));
    assert_eq!(role.max_session_duration(), Some(7200));
    assert_eq!(role.tags()[0].value(), "");
    assert!(role.create_date().secs() > 1_700_000_000);
    let document = role.assume_role_policy_document().expect("a document");
    assert!(document.starts_with("%7B%22Version%22"), "{document}");

    let details = client
        .get_account_authorization_details()
        .filter(EntityType::Role)
        .send()
        .await
        .expect("listed");
    let attached = details.role_detail_list()[0].attached_managed_policies();
    assert_eq!(attached[0].policy_arn(), Some(WRITE));

    let summary = client.get_account_summary().send().await.expect("counted");
    let map = summary.summary_map().expect("a map");
    assert_eq!(map.get(&"Roles".into()), Some(&1));
}

#[tokio::test]
async fn errors_are_the_sdks_own_errors() {
    let client = client(&quiet());
    create(&client, "MyRole").await;
    let error = client
        .create_role()
        .role_name("myrole")
        .assume_role_policy_document(TRUST)
        .send()
        .await
        .expect_err("the name is taken");
    assert_eq!(
        error.raw_response().map(|raw| raw.status().as_u16()),
        Some(409)
    );
    let error = error.into_service_error();
    assert!(error.is_entity_already_exists_exception(), "{error:?}");
    assert_eq!(
        error.message(),
        Some("Role with name myrole already exists.")
    );

    let error = client
        .get_role()
        .role_name("missing")
        .send()
        .await
        .expect_err("no such role")
        .into_service_error();
    assert!(error.is_no_such_entity_exception(), "{error:?}");

    let error = client
        .tag_role()
        .role_name("a b")
        .tags(tag("k", "v"))
        .send()
        .await
        .expect_err("no name");
    assert_eq!(error.code(), Some("ValidationError"));
    assert!(aws_sdk_iam::operation::RequestId::request_id(&error).is_some());
}

#[tokio::test]
async fn pages_are_followed_by_the_sdk() {
    let client = client(&quiet());
    for index in 0..7 {
        create(&client, &format!("role-{index}")).await;
    }
    let mut pages = client.list_roles().into_paginator().page_size(3).send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.expect("a page");
        names.extend(page.roles().iter().map(|role| role.role_name().to_owned()));
    }
    let expected: Vec<String> = (0..7).map(|index| format!("role-{index}")).collect();
    assert_eq!(names, expected);
}

#[tokio::test]
async fn permissions_are_simulated() {
    let sandbox = quiet();
    let client = client(&sandbox);
    create(&client, "Task").await;
    client
        .attach_role_policy()
        .role_name("Task")
        .policy_arn(WRITE)
        .send()
        .await
        .expect("attached");
    let simulated = client
        .simulate_principal_policy()
        .policy_source_arn("arn:aws:iam::111122223333:role/Task")
        .action_names("aps:RemoteWrite")
        .action_names("aps:QueryMetrics")
        .resource_arns("arn:aws:aps:eu-west-1:111122223333:workspace/ws-1")
        .send()
        .await
        .expect("simulated");
    let decisions: Vec<_> = simulated
        .evaluation_results()
        .iter()
        .map(|result| result.eval_decision().clone())
        .collect();
    assert_eq!(
        decisions,
        [
            PolicyEvaluationDecisionType::Allowed,
            PolicyEvaluationDecisionType::ImplicitDeny
        ]
    );
}

/// Settings with a file in a directory of the test's own.
fn stored(test: &str) -> (PathBuf, Settings) {
    let directory = env::temp_dir().join(format!("amp-stack-it-{test}-{}", process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory can be made");
    let settings = Settings {
        file: Some(directory.join("world.json")),
        ..Settings::default()
    };
    (directory, settings)
}

#[tokio::test]
async fn what_is_stored_is_there_again() {
    let (directory, settings) = stored("again");
    let first = Sandbox::open(settings.clone()).expect("a new file");
    create(&client(&first), "Task").await;
    let world = first.world();
    Sandbox::open(settings.clone()).expect_err("the first one holds the lock");
    drop(first);
    let second = Sandbox::open(settings).expect("free again");
    assert_eq!(second.world().iam, world.iam);
    client(&second)
        .get_role()
        .role_name("Task")
        .send()
        .await
        .expect("still there");
    drop(second);
    fs::remove_dir_all(&directory).expect("nobody else needs it");
}

#[tokio::test]
async fn what_cannot_be_stored_is_not_called_done() {
    let (directory, settings) = stored("gone");
    let sandbox = Sandbox::open(settings).expect("a new file");
    fs::remove_dir_all(&directory).expect("nobody else needs it");
    let config = config(&sandbox)
        .into_builder()
        .retry_config(RetryConfig::disabled())
        .build();
    let error = Client::new(&config)
        .create_role()
        .role_name("Task")
        .assume_role_policy_document(TRUST)
        .send()
        .await
        .expect_err("there is no directory any more");
    assert_eq!(error.code(), Some("InternalFailure"));
    let message = error.message().expect("a reason");
    assert!(message.contains("world.json"), "{message}");
    assert!(message.contains("No such file"), "{message}");
}
