//! Two readings of IAM's rules, compared: the product's, which lints stack files, and the sandbox's,
//! which shares no code with it.

use std::fmt;

use amp_stack::model::{
    node::Node,
    policy::{
        Policy,
        effective::{Boundary, Decision, Given, Request, RequestContext, Rights},
    },
};
use aws_sdk_iam::{
    Client,
    types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

use crate::sandbox_client::{config, quiet};

const ACTIONS: &[&str] = &["aps:RemoteWrite", "aps:QueryMetrics", "s3:GetObject"];
const RESOURCES: &[&str] = &[
    "arn:aws:aps:us-east-1:111122223333:workspace/ws-1",
    "arn:aws:aps:us-east-1:111122223333:workspace/ws-12",
    "arn:aws:s3:::bucket/a",
];
const KEYS: &[(&str, &str)] = &[
    ("aws:PrincipalAccount", "111122223333"),
    ("aws:SecureTransport", "true"),
    ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/Task"),
];

/// A document, whose text names it where a case fails.
#[derive(Clone)]
struct Document(Value);

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn one_or_two(of: &'static [&'static str]) -> impl Strategy<Value = Value> {
    vec(select(of), 1..3).prop_map(|chosen| match chosen.as_slice() {
        [one] => json!(one),
        several => json!(several),
    })
}

fn condition() -> impl Strategy<Value = Value> {
    let key = || {
        select(vec![
            "aws:PrincipalAccount",
            "AWS:principalaccount",
            "aws:SecureTransport",
            "aws:PrincipalArn",
        ])
    };
    let operators = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
    ]);
    let texts = one_or_two(&[
        "111122223333",
        "1111*",
        "444455556666",
        "true",
        "TRUE",
        "arn:aws:iam::111122223333:role/Task",
        "arn:aws:iam::*:role/T?sk",
        "*",
    ]);
    let arn_operators = select(vec!["ArnLike", "ArnNotLike", "ArnEquals", "ArnNotEquals"]);
    let arns = one_or_two(&[
        "arn:aws:iam::111122223333:role/Task",
        "arn:aws:iam::*:role/T?sk",
        "arn:aws:iam::111122223333:role/*",
        "arn:aws:ecs:us-east-1:111122223333:cluster/a",
    ]);
    let truths = (
        select(vec!["Bool", "Null"]),
        key(),
        one_or_two(&["true", "false"]),
    );
    prop_oneof![
        (operators, key(), texts)
            .prop_map(|(operator, key, value)| json!({operator: {key: value}})),
        (arn_operators, arns)
            .prop_map(|(operator, value)| json!({operator: {"aws:PrincipalArn": value}})),
        truths.prop_map(|(operator, key, value)| json!({operator: {key: value}})),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = one_or_two(&[
        "*",
        "aps:*",
        "APS:Remote*",
        "aps:RemoteWrite",
        "aps:Query??trics",
        "s3:Get*",
        "iam:*",
    ]);
    let resources = one_or_two(&[
        "*",
        "arn:aws:aps:*",
        "arn:aws:aps:*:*:workspace/*",
        "arn:aws:aps:us-east-1:111122223333:workspace/ws-1",
        "arn:aws:aps:us-east-1:111122223333:workspace/ws-?",
        "arn:aws:aps:us-east-1:444455556666:workspace/ws-1",
        "arn:aws:s3:::bucket/*",
    ]);
    let rarely = || prop::bool::weighted(0.2);
    (
        rarely(),
        (rarely(), actions),
        (rarely(), resources),
        option::weighted(0.4, condition()),
    )
        .prop_map(
            |(denies, (not_action, actions), (not_resource, resources), condition)| {
                let key = |not: bool, key: &str| format!("{}{key}", if not { "Not" } else { "" });
                let mut statement = json!({
                    "Effect": if denies { "Deny" } else { "Allow" },
                    key(not_action, "Action"): actions,
                    key(not_resource, "Resource"): resources,
                });
                if let Some(condition) = condition {
                    statement["Condition"] = condition;
                }
                statement
            },
        )
}

fn document() -> impl Strategy<Value = Document> {
    let version = select(vec!["2012-10-17", "2008-10-17"]);
    (version, vec(statement(), 1..4)).prop_map(|(version, statements)| {
        Document(json!({"Version": version, "Statement": statements}))
    })
}

/// What the product says.
fn decide(
    policies: &[Document],
    boundary: Option<&Document>,
    action: &str,
    resource: &str,
) -> Decision {
    let policy = |document: &Document| Policy::new(Node::from(&document.0));
    let keys = KEYS.iter();
    let context: RequestContext = keys
        .map(|(key, value)| (key.to_lowercase(), Given::Text((*value).to_owned())))
        .collect();
    let rights = Rights {
        policies: policies.iter().map(policy).collect(),
        has_unseen: false,
        boundary: boundary.map_or(Boundary::None, |boundary| Boundary::Known(policy(boundary))),
    };
    rights.decide(&Request {
        action,
        resource: Given::Text(resource.to_owned()),
        context: &context,
    })
}

/// What the sandbox says.
async fn simulate(
    client: &Client,
    policies: &[Document],
    boundary: Option<&Document>,
    action: &str,
    resource: &str,
) -> PolicyEvaluationDecisionType {
    let text = |document: &Document| document.0.to_string();
    let entry = |(key, value): &(&str, &str)| {
        ContextEntry::builder()
            .context_key_name(*key)
            .context_key_values(*value)
            .context_key_type(ContextKeyTypeEnum::String)
            .build()
    };
    let answer = client
        .simulate_custom_policy()
        .set_policy_input_list(Some(policies.iter().map(text).collect()))
        .set_permissions_boundary_policy_input_list(boundary.map(|boundary| vec![text(boundary)]))
        .set_context_entries(Some(KEYS.iter().map(entry).collect()))
        .action_names(action)
        .resource_arns(resource)
        .send()
        .await
        .unwrap();
    answer.evaluation_results()[0].eval_decision().clone()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Where everything is known, the two decide alike; and there is always an answer.
    #[test]
    fn the_two_readings_agree(
        policies in vec(document(), 1..3),
        boundary in option::weighted(0.3, document()),
        action in select(ACTIONS),
        resource in select(RESOURCES),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = Client::new(&config(&quiet()));
        let theirs = runtime.block_on(simulate(&client, &policies, boundary.as_ref(), action, resource));
        let ours = decide(&policies, boundary.as_ref(), action, resource);
        let agrees = match ours {
            Decision::Allowed => theirs == PolicyEvaluationDecisionType::Allowed,
            Decision::Denied => theirs == PolicyEvaluationDecisionType::ExplicitDeny,
            Decision::NotAllowed | Decision::OutOfBounds => theirs == PolicyEvaluationDecisionType::ImplicitDeny,
            Decision::Unknown => false,
        };
        prop_assert!(agrees, "{ours:?} and {theirs:?}");
    }
}
