//! Task definitions against a scripted ECS.

mod deletions;
mod lists;
mod register;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    aws::{
        script::{Answer, Asked, Script, caller, query},
        tagging::Tagged,
    },
    kinds::{
        Change as AnyChange,
        task_definition::{Change, Document, TaskDefinition},
    },
    model::{
        call::{CallError, Class, Reply},
        live::Live,
        node::Node,
        tags::{Owner, Tags},
    },
};

const DESCRIBE: &str = "DescribeTaskDefinition";

fn arn(name: &str) -> String {
    format!("arn:aws:ecs:us-east-1:111122223333:task-definition/{name}")
}

fn document() -> Value {
    json!({
        "networkMode": "awsvpc",
        "memberOfTomorrow": {"deep": [true]},
        "containerDefinitions": [{"name": "app", "image": "é:1", "environment": [{"name": "A", "value": "1"}]}],
    })
}

fn our_tags() -> Value {
    json!([
        {"key": "amp-stack:address", "value": "task_definitions.api"},
        {"key": "amp-stack:stack", "value": "shop"},
    ])
}

/// The answer to `DescribeTaskDefinition`, with what ECS fills in.
fn described(name: &str, status: &str, tags: &Value) -> Answer {
    let mut definition = document();
    definition["taskDefinitionArn"] = json!(arn(name));
    definition["status"] = json!(status);
    definition["registeredBy"] = json!("arn:aws:iam::111122223333:user/ci");
    definition["containerDefinitions"][0]["cpu"] = json!(0);
    definition["containerDefinitions"][0]["essential"] = json!(true);
    Answer::json(&json!({"taskDefinition": definition, "tags": tags}))
}

/// A family `api` with active revisions 2 to 14 on two pages, of which 12 and 14 are others',
/// and inactive ones 0 and 1; and what emulators add.
fn family(asked: &Asked) -> Answer {
    let request = asked.json();
    match asked.operation.as_str() {
        "ListTaskDefinitions" if request["status"] == "INACTIVE" => {
            Answer::json(&json!({"taskDefinitionArns": [arn("api:0"), arn("api:1")]}))
        }
        "ListTaskDefinitions" => {
            assert_eq!(request["familyPrefix"], "api");
            let (from, to) = if request["nextToken"] == "t" {
                (2, 6)
            } else {
                (7, 14)
            };
            let mut arns: Vec<String> = (from..=to)
                .rev()
                .map(|n| arn(&format!("api:{n}")))
                .collect();
            arns.push(arn("api-2:77"));
            let mut page = json!({ "taskDefinitionArns": arns });
            if from == 7 {
                page["nextToken"] = json!("t");
            }
            Answer::json(&page)
        }
        DESCRIBE => {
            let name = request["taskDefinition"].as_str().unwrap();
            assert_eq!(request["include"], json!(["TAGS"]));
            match name {
                "api:12" | "api:14" => described(name, "ACTIVE", &json!([])),
                _ => described(name, "ACTIVE", &our_tags()),
            }
        }
        other => panic!("{other} is not needed"),
    }
}

fn tagged(revisions: impl IntoIterator<Item = u32>) -> Tagged {
    let tags: BTreeMap<String, String> = [
        ("amp-stack:stack", "shop"),
        ("amp-stack:address", "task_definitions.api"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    let revisions = revisions.into_iter().map(|n| (n, tags.clone())).collect();
    Tagged {
        revisions: [("api".to_owned(), revisions)].into(),
        ..Tagged::default()
    }
}

fn task_definition(found: &Live<TaskDefinition>) -> &TaskDefinition {
    &found.resource
}

#[tokio::test(start_paused = true)]
async fn revisions_of_ours_are_distinguished_from_others() {
    let script = Script::new(family);
    let known = tagged([2, 3, 6, 7, 8, 9, 10, 11]);
    let mut query = query();
    query.families = [("api".to_owned(), Vec::new())].into();
    let found = super::observe(&script.aws(), &query.clone().into(), &known)
        .await
        .unwrap();
    let [found] = &found[..] else {
        panic!("one family is found");
    };
    let family = task_definition(found);
    assert_eq!(
        found.owner,
        Owner::Ours("task_definitions.api".parse().unwrap())
    );
    // The newest one is what is live, whoever registered it.
    assert_eq!(found.arn(), arn("api:14"));
    let newer = family.newer.as_ref().unwrap();
    assert_eq!(newer.revision, 14);
    assert_eq!(
        newer.registered_by.as_deref(),
        Some("arn:aws:iam::111122223333:user/ci")
    );
    assert_eq!(newer.document, Document::new(Node::from(&document())));
    assert_eq!(newer.tags, Tags::new());
    assert_eq!(family.revision, Some(13));
    // What the tagging API does not know is asked for its tags, as 13: not 4 and 5, which are older
    // than what it knows.
    assert_eq!(family.older, [2, 3, 6, 7, 8, 9, 10, 11].into());
    assert_eq!(family.inactive, BTreeSet::new());
    assert_eq!(
        family.document,
        Some(Document::new(Node::from(&document())))
    );
    assert_eq!(script.count(DESCRIBE), 3);

    // Where all that is ours goes, they are asked, too.
    let script = Script::new(self::family);
    query.removal = true;
    let found = super::observe(&script.aws(), &query.into(), &known).await;
    let found = found.unwrap();
    let older = &task_definition(&found[0]).older;
    assert_eq!(*older, (2..=11).collect::<BTreeSet<u32>>());
}

#[tokio::test(start_paused = true)]
async fn a_family_that_another_stack_goes_on_with_is_that_stack_s() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "ListTaskDefinitions" => {
            Answer::json(&json!({"taskDefinitionArns": [arn("api:1"), arn("api:2")]}))
        }
        _ => match asked.json()["taskDefinition"].as_str().unwrap() {
            "api:1" => described("api:1", "ACTIVE", &our_tags()),
            name => described(
                name,
                "ACTIVE",
                &json!([{"key": "amp-stack:stack", "value": "another"}]),
            ),
        },
    });
    let mut wanted = query();
    wanted.families = [("api".to_owned(), Vec::new())].into();
    let found = super::observe(&script.aws(), &wanted.into(), &tagged([1])).await;
    let found = &found.unwrap()[0];
    assert_eq!(found.owner, Owner::OtherStack("another".to_owned()));
    assert_eq!(task_definition(found).revision, Some(2));
    // What is removed is ours all the same, and nothing else.
    let found = super::observe(&script.aws(), &query().into(), &tagged([1])).await;
    let found = &found.unwrap()[0];
    assert!(matches!(found.owner, Owner::Ours(_)));
    assert_eq!(task_definition(found).active(), BTreeSet::from([1]));
}

#[tokio::test(start_paused = true)]
async fn a_family_with_many_strange_revisions_costs_few_calls() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "ListTaskDefinitions" => {
            let arns: Vec<String> = (1..90).map(|n| arn(&format!("api:{n}"))).collect();
            Answer::json(&json!({ "taskDefinitionArns": arns }))
        }
        _ => described(
            asked.json()["taskDefinition"].as_str().unwrap(),
            "ACTIVE",
            &json!([{"key": "made-by", "value": "Terraform"}]),
        ),
    });
    let mut query = query();
    query.families = [("api".to_owned(), Vec::new())].into();
    let found = super::observe(&script.aws(), &query.clone().into(), &Tagged::default())
        .await
        .unwrap();
    let family = task_definition(&found[0]);
    assert!(
        matches!(found[0].owner, Owner::Terraform(_)),
        "{:?}",
        found[0].owner
    );
    assert_eq!(family.revision, Some(89));
    assert_eq!(family.older, BTreeSet::new());
    assert_eq!(script.count(DESCRIBE), 10);
}

#[tokio::test(start_paused = true)]
async fn a_removal_sees_inactive_revisions() {
    let script = Script::new(family);
    let mut query = query();
    query.removal = true;
    let known = tagged((0..=13).filter(|n| *n != 12));
    let found = super::observe(&script.aws(), &query.clone().into(), &known)
        .await
        .unwrap();
    assert_eq!(task_definition(&found[0]).inactive, BTreeSet::from([0, 1]));
    assert_eq!(task_definition(&found[0]).newer, None);
    assert_eq!(found[0].arn(), arn("api:13"));
}

#[tokio::test(start_paused = true)]
async fn inactive_remains_are_ours_to_remove() {
    let script = Script::new(|asked| {
        let request = asked.json();
        match asked.operation.as_str() {
            "ListTaskDefinitions" if request["status"] == "INACTIVE" => {
                Answer::json(&json!({"taskDefinitionArns": [arn("api:1"), arn("api:2")]}))
            }
            "ListTaskDefinitions" => Answer::json(&json!({"taskDefinitionArns": [arn("api:3")]})),
            DESCRIBE => described(
                request["taskDefinition"].as_str().unwrap(),
                "ACTIVE",
                &json!([]),
            ),
            _ => Answer::json(&json!({"clusterArns": []})),
        }
    });
    let mut query = query();
    query.removal = true;
    let found = super::observe(&script.aws(), &query.clone().into(), &tagged([1, 2]))
        .await
        .unwrap();
    assert_eq!(
        found[0].owner,
        Owner::Ours("task_definitions.api".parse().unwrap())
    );
    assert_eq!(task_definition(&found[0]).document, None);
    assert_eq!(task_definition(&found[0]).inactive, BTreeSet::from([1, 2]));

    query.removal = false;
    query.families = [("api".to_owned(), Vec::new())].into();
    let found = super::observe(&script.aws(), &query.clone().into(), &tagged([1, 2]))
        .await
        .unwrap();
    assert_eq!(found[0].owner, Owner::Unknown);
    assert_eq!(task_definition(&found[0]).revision, Some(3));
}

async fn perform(script: &Script, change: Change) -> Result<Reply, CallError> {
    script
        .perform("api", AnyChange::TaskDefinition(change))
        .await
}

#[tokio::test(start_paused = true)]
async fn deregistering_twice_is_a_success() {
    for (status, succeeds) in [("INACTIVE", true), ("ACTIVE", false)] {
        let script = Script::new(move |asked| match asked.operation.as_str() {
            "GetCallerIdentity" => caller(),
            DESCRIBE => described("api:1", status, &our_tags()),
            _ => Answer::error(
                400,
                "ClientException",
                "The specified task definition is inactive.",
            ),
        });
        let outcome = perform(&script, Change::Deregister(Some(1))).await;
        assert_eq!(outcome.is_ok(), succeeds, "{outcome:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_refused_within_a_success_is_a_failure() {
    for (status, succeeds) in [("INACTIVE", false), ("DELETE_IN_PROGRESS", true)] {
        let script = Script::new(move |asked| {
            if asked.operation == DESCRIBE {
                return described("api:2", status, &our_tags());
            }
            assert_eq!(asked.json()["taskDefinitions"], json!(["api:1", "api:2"]));
            let failure = json!({"arn": arn("api:2"), "reason": "it is used"});
            Answer::json(&json!({ "failures": [failure] }))
        });
        let outcome = perform(&script, Change::Delete(vec![1, 2])).await;
        assert_eq!(outcome.is_ok(), succeeds, "{outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.message, "api:2 was not deleted: it is used");
            assert_eq!(error.class, Class::Unsettled);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn tags_go_to_one_revision() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        "GetCallerIdentity" => caller(),
        DESCRIBE => described("api:8", "ACTIVE", &our_tags()),
        _ => Answer::ok("{}"),
    });
    for (revision, tagged) in [(Some(3), "api:3"), (None, "api:8")] {
        let tags = Tags::from([("a".to_owned(), "1".into())]);
        perform(&script, Change::Tag { revision, tags })
            .await
            .unwrap();
        assert_eq!(
            script.asked().last().unwrap().json(),
            json!({"resourceArn": arn(tagged), "tags": [{"key": "a", "value": "1"}]})
        );
    }
}

/// The digest makes room for a tag that somebody wants, and for nothing else.
#[tokio::test(start_paused = true)]
async fn the_digest_goes_where_a_revision_is_full_of_tags() {
    for (message, operations) in [
        (
            "Too many tags: 51",
            &["TagResource", "UntagResource", "TagResource"][..],
        ),
        ("The tag is not valid.", &["TagResource"]),
    ] {
        let script = Script::new(move |asked| match asked.operation.as_str() {
            "GetCallerIdentity" => caller(),
            "UntagResource" => {
                assert_eq!(asked.json()["tagKeys"], json!(["amp-stack:digest"]));
                Answer::ok("{}")
            }
            _ if asked.before == 0 => Answer::error(400, "InvalidParameterException", message),
            _ => Answer::ok("{}"),
        });
        let tags = Tags::from([("a".to_owned(), "1".into())]);
        let revision = Some(3);
        let outcome = perform(&script, Change::Tag { revision, tags }).await;
        assert_eq!(outcome.is_ok(), operations.len() > 1, "{message}");
        let asked = script.operations();
        let asked: Vec<&String> = asked.iter().filter(|o| *o != "GetCallerIdentity").collect();
        assert_eq!(asked, operations, "{message}");
    }
}
