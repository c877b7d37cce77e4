//! What a plan warns of.

use amp_stack::{
    kinds::{role::Role, task_definition::Document},
    model::{node::Node, template::Template},
    plan::risk,
};
use serde_json::json;

use crate::{
    plans::{applied, one_family, one_group, one_role, one_workspace, risk_codes},
    samples::{family, group, plan, policy, role, workspace},
};

#[test]
fn risks_are_named() {
    let trust = |principal: &serde_json::Value| {
        let trust = json!({"Statement": {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}});
        Role {
            trust: policy(&trust),
            ..role("Task")
        }
    };
    let allow = |action: &str| {
        let document = json!({"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let mut role = role("Task");
        role.inline_policies
            .insert("it".to_owned(), policy(&document));
        role
    };
    let bounded = |arn: Option<&str>| Role {
        permissions_boundary: arn.map(Template::from),
        ..role("Task")
    };
    let own = json!({"AWS": "arn:aws:iam::111122223333:role/Deploy"});
    let cases = [
        (role("Task"), trust(&json!("*")), vec!["trust-widened"]),
        (
            role("Task"),
            trust(&json!({"AWS": "999988887777"})),
            vec!["trust-widened"],
        ),
        (
            trust(&json!({"AWS": "999988887777"})),
            trust(&json!({"AWS": "arn:aws:iam::999988887777:root"})),
            vec![],
        ),
        (role("Task"), trust(&own), vec![]),
        (trust(&json!("*")), role("Task"), vec![]),
        (role("Task"), allow("aps:*"), vec!["wildcard-granted"]),
        (role("Task"), allow("aps:RemoteWrite"), vec![]),
        (allow("*"), allow("*"), vec![]),
        (
            bounded(Some("arn:b1")),
            bounded(None),
            vec!["boundary-removed"],
        ),
        (
            bounded(Some("arn:b1")),
            bounded(Some("arn:b2")),
            vec!["boundary-changed"],
        ),
        (bounded(None), bounded(Some("arn:b1")), vec![]),
    ];
    for (from, to, codes) in cases {
        let fake = applied(&one_role(from.clone()));
        assert_eq!(
            risk_codes(&plan(&one_role(to.clone()), &fake)),
            codes,
            "{from:?} to {to:?}"
        );
    }
}

#[test]
fn shorter_retention_and_lost_keys_are_risks() {
    let kept = |retention_days: Option<u32>, key: Option<&str>| {
        let mut group = group("/app");
        group.retention_days = retention_days;
        group.kms_key_arn = key.map(Template::from);
        one_group(group)
    };
    for (from, to, codes) in [
        (
            kept(None, None),
            kept(Some(30), None),
            vec!["retention-shortened"],
        ),
        (
            kept(Some(30), None),
            kept(Some(7), None),
            vec!["retention-shortened"],
        ),
        (kept(Some(7), None), kept(Some(30), None), vec![]),
        (kept(Some(7), None), kept(None, None), vec![]),
        (
            kept(None, Some("arn:k")),
            kept(None, None),
            vec!["kms-key-removed"],
        ),
    ] {
        let made = plan(&to, &applied(&from));
        assert_eq!(risk_codes(&made), codes);
        assert!(
            risk::risks(&made)
                .iter()
                .all(|risk| risk.loss.is_none() == (risk.code != "retention-shortened"))
        );
    }
    let stored = |days| {
        let mut workspace = workspace("metrics");
        workspace.configuration.retention_days = Some(days);
        one_workspace(workspace)
    };
    assert_eq!(
        risk_codes(&plan(&stored(30), &applied(&stored(150)))),
        ["retention-shortened"]
    );
    assert_eq!(
        risk_codes(&plan(&stored(150), &applied(&stored(30)))),
        [""; 0]
    );
}

#[test]
fn a_collector_that_names_metrics_differently_is_a_risk() {
    let with_collector = |tag: &str| {
        let image = format!("public.ecr.aws/aws-observability/aws-otel-collector:{tag}");
        let document = json!({"containerDefinitions": [{"name": "app", "image": "app:1"}, {"name": "collector", "image": image}]});
        let mut family = family("api", "256");
        family.document = Some(Document::new(Node::from(&document)));
        one_family(family)
    };
    for (from, to, renamings) in [
        ("v0.34.0", "v0.35.0", 1),
        ("v0.30.0", "v0.48.0", 2),
        ("v0.48.0", "v0.47.0", 1),
        ("v0.35.0", "v0.47.0", 0),
        ("v0.48.0", "v0.49.0", 0),
        ("latest", "v0.48.0", 0),
    ] {
        let made = plan(&with_collector(to), &applied(&with_collector(from)));
        assert_eq!(made.steps.len(), 1);
        assert_eq!(
            risk_codes(&made),
            vec!["metric-names-changed"; renamings],
            "{from} to {to}"
        );
    }
}
