//! What is read of revisions, and what is concluded from lists and tags alone.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_ecs::types::TaskDefinitionStatus;
use serde_json::{Value, json};

use super::{DESCRIBE, arn, described, our_tags, task_definition};
use crate::{
    aws::{
        script::{Answer, Asked, Script, query},
        tagging::Tagged,
    },
    kinds::task_definition::{
        Document, TaskDefinition,
        aws::{active, digest, observe},
    },
    model::{
        live::Live,
        node::Node,
        query::{Definition, Query},
        tags::{DIGEST_TAG, Tags},
    },
};

const LIST: &str = "ListTaskDefinitions";

/// A document that amp-stack knows all of.
fn plain(image: &str) -> Value {
    json!({"containerDefinitions": [{"name": "app", "image": image}]})
}

fn document(image: &str) -> Document {
    Document::new(Node::from(&plain(image)))
}

/// A query of a stack that declares the family `api`, which is to say `plain`.
fn declaring() -> Query {
    let tags = Tags::from([
        ("amp-stack:stack".to_owned(), "shop".into()),
        (
            "amp-stack:address".to_owned(),
            "task_definitions.api".into(),
        ),
    ]);
    let document = Node::from(&plain("app:1"));
    Query {
        families: [("api".to_owned(), vec![Definition { document, tags }])].into(),
        ..query()
    }
}

/// What the tagging API says: that revision 1 is ours, and has these tags besides.
fn first_is_ours(more: &[(&str, &str)]) -> Tagged {
    let tags = [
        ("amp-stack:stack", "shop"),
        ("amp-stack:address", "task_definitions.api"),
    ];
    let tags = tags.iter().chain(more);
    let tags: BTreeMap<String, String> = tags
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    Tagged {
        revisions: [("api".to_owned(), [(1, tags)].into())].into(),
        ..Tagged::default()
    }
}

/// An ECS where the revisions with these numbers are listed as active, and `describe` answers what
/// one of them is.
fn listing(
    numbers: &'static [u32],
    describe: impl Fn(&str) -> Answer + Send + Sync + 'static,
) -> Script {
    Script::new(move |asked| match asked.operation.as_str() {
        LIST => {
            assert_eq!(
                asked.json()["status"],
                "ACTIVE",
                "nothing else is asked for"
            );
            let arns: Vec<String> = numbers.iter().map(|n| arn(&format!("api:{n}"))).collect();
            Answer::json(&json!({ "taskDefinitionArns": arns }))
        }
        DESCRIBE => describe(asked.json()["taskDefinition"].as_str().unwrap()),
        other => panic!("{other} is not needed"),
    })
}

/// The answer that describes a revision which says `plain`: the first is ours, others are not.
fn plainly(name: &str) -> Answer {
    let mut definition = plain("app:1");
    definition["taskDefinitionArn"] = json!(arn(name));
    definition["status"] = json!("ACTIVE");
    let tags = if name.ends_with(":1") {
        our_tags()
    } else {
        json!([])
    };
    Answer::json(&json!({"taskDefinition": definition, "tags": tags}))
}

async fn read(script: &Script, query: Query, tagged: &Tagged) -> Vec<Live<TaskDefinition>> {
    observe(&script.aws(), &query.into(), tagged).await.unwrap()
}

/// How many revisions are described of a family whose first revision is ours and has the `more`
/// tags besides.
async fn descriptions(
    numbers: &'static [u32],
    query: Query,
    more: &[(&str, &str)],
    fully: bool,
) -> usize {
    let script = listing(numbers, plainly);
    let aws = script.aws().reading_fully(fully);
    let found = observe(&aws, &query.into(), &first_is_ours(more)).await;
    let [found] = &found.unwrap()[..] else {
        panic!("one family is found");
    };
    let family = task_definition(found);
    assert_eq!(family.revision, Some(1));
    assert_eq!(family.document, Some(document("app:1")));
    script.count(DESCRIBE)
}

/// A digest is believed of the newest active revision whose number it names, if everything else is
/// as it is wanted too. Whatever else there is, it is described.
#[tokio::test(start_paused = true)]
async fn a_digest_is_believed_only_if_everything_is_as_it_is_wanted() {
    let right = digest::text(&document("app:1"), 1);
    let of_another_number = digest::text(&document("app:1"), 2);
    let of_another_document = digest::text(&document("app:2"), 1);
    let spelled = Query {
        spelled: true,
        ..declaring()
    };
    let only: &[u32] = &[1];
    let believed = (DIGEST_TAG, right.as_str());
    for (what, numbers, query, tags, fully, expected) in [
        (
            "as it is wanted",
            only,
            declaring(),
            &[believed][..],
            false,
            0,
        ),
        ("no digest", only, declaring(), &[], false, 1),
        (
            "everything is to be described",
            only,
            declaring(),
            &[believed],
            true,
            1,
        ),
        ("its spelling matters", only, spelled, &[believed], false, 1),
        (
            "another tag",
            only,
            declaring(),
            &[believed, ("team", "x")],
            false,
            1,
        ),
        (
            "another number",
            only,
            declaring(),
            &[(DIGEST_TAG, &of_another_number)],
            false,
            1,
        ),
        (
            "another document",
            only,
            declaring(),
            &[(DIGEST_TAG, &of_another_document)],
            false,
            1,
        ),
        // The newer one is described to know whose it is.
        (
            "no longer the newest",
            &[1, 2],
            declaring(),
            &[believed],
            false,
            2,
        ),
    ] {
        let described = descriptions(numbers, query, tags, fully).await;
        assert_eq!(described, expected, "{what}");
    }
}

/// A list may be older than what became of a revision since.
#[tokio::test(start_paused = true)]
async fn what_is_described_as_inactive_is_not_there_whatever_is_listed() {
    let script = listing(&[1], |name| described(name, "INACTIVE", &our_tags()));
    let found = read(&script, declaring(), &first_is_ours(&[])).await;
    assert!(found.is_empty(), "{found:?}");
    // The same for a newer one of somebody else.
    let script = listing(&[1, 2], |name| match name {
        "api:1" => plainly(name),
        _ => described(name, "INACTIVE", &json!([])),
    });
    let found = read(&script, declaring(), &first_is_ours(&[])).await;
    assert_eq!(task_definition(&found[0]).revision, Some(1));
    assert_eq!(task_definition(&found[0]).newer, None);
}

/// The inactive revisions of a family that stays are nobody's business.
#[tokio::test(start_paused = true)]
async fn a_removal_asks_for_no_inactive_revisions_of_what_stays() {
    let script = listing(&[1], plainly);
    let removal = Query {
        removal: true,
        ..declaring()
    };
    let found = read(&script, removal, &first_is_ours(&[])).await;
    assert_eq!(task_definition(&found[0]).inactive, BTreeSet::new());
    assert_eq!(script.count(LIST), 1);
}

/// The revisions of all families, and how many pages were read for them.
async fn listed(
    families: usize,
    status: TaskDefinitionStatus,
    respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (Option<active::Revisions>, usize) {
    let script = Script::new(respond);
    let found = active::in_bulk(&script.aws(), status, families).await;
    (found.unwrap(), script.count(LIST))
}

#[tokio::test(start_paused = true)]
async fn a_list_of_all_revisions_is_read_to_its_end_or_not_at_all() {
    let inactive = || TaskDefinitionStatus::Inactive;
    // Two families are asked for one by one.
    let (none, pages) = listed(2, inactive(), |_| panic!("nothing is asked")).await;
    assert_eq!((none, pages), (None, 0));
    // An empty token is none.
    let (found, pages) = listed(3, inactive(), |asked| {
        let asked = asked.json();
        assert_eq!(asked["status"], "INACTIVE");
        let (name, next) = match asked["nextToken"].as_str() {
            None => ("api:1", "t"),
            Some(_) => ("web:2", ""),
        };
        Answer::json(&json!({"taskDefinitionArns": [arn(name)], "nextToken": next}))
    })
    .await;
    let expected = [("api", 1), ("web", 2)];
    let expected = expected.map(|(family, number)| (family.to_owned(), [number].into()));
    assert_eq!((found, pages), (Some(expected.into()), 2));
    // A list that does not get on has no end.
    let (none, pages) = listed(10, inactive(), |_| {
        Answer::json(&json!({"taskDefinitionArns": [arn("api:1")], "nextToken": "t"}))
    })
    .await;
    assert_eq!((none, pages), (None, 2));
}
