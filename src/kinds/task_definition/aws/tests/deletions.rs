//! Deletions that wait for their turn go together, and each has an answer of its own.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::{task::JoinSet, time::Instant};

use super::{DESCRIBE, arn, described, our_tags};
use crate::{
    aws::{
        Aws,
        script::{Answer, Asked, Script},
    },
    kinds::{
        Change as AnyChange,
        live::{self, Target},
        task_definition::Change,
    },
    model::call::{CallError, Claim, Reply},
};

const DELETE: &str = "DeleteTaskDefinitions";

/// Deletes these revisions of the family `f` and `family`.
async fn delete_of(aws: Aws, family: usize, revisions: Vec<u32>) -> Result<Reply, CallError> {
    let change = AnyChange::TaskDefinition(Change::Delete(revisions));
    let target = Target {
        name: &format!("f{family}"),
        operation: change.operation(),
        token: "",
        claim: Claim::Alone,
        revision: None,
    };
    live::perform(&aws, &target, &change).await
}

/// Deletes these revisions of each of `families` at once, and returns what became of each and how
/// long all took.
async fn delete(
    script: &Script,
    families: usize,
    revisions: &[u32],
) -> (Vec<Result<Reply, CallError>>, Duration) {
    let aws = script.aws();
    let began = Instant::now();
    let mut running = JoinSet::new();
    for family in 0..families {
        let (aws, revisions) = (aws.clone(), revisions.to_vec());
        running.spawn(async move { (family, delete_of(aws, family, revisions).await) });
    }
    let mut ended = running.join_all().await;
    ended.sort_by_key(|(family, _)| *family);
    let (_, outcomes): (Vec<usize>, Vec<_>) = ended.into_iter().unzip();
    (outcomes, began.elapsed())
}

/// What each request of a deletion named.
fn named(script: &Script) -> Vec<Vec<String>> {
    let asked = script.asked().into_iter().filter(|a| a.operation == DELETE);
    asked.map(|asked| names(&asked)).collect()
}

fn names(asked: &Asked) -> Vec<String> {
    serde_json::from_value(asked.json()["taskDefinitions"].clone()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_goes_together_and_what_need_not_goes_alone() {
    let script = Script::new(|_| Answer::ok("{}"));
    let (ended, took) = delete(&script, 45, &[1]).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    // ECS takes five at once and one a second: forty wait, and go in four requests.
    let sizes: Vec<usize> = named(&script).iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, 1, 1, 1, 10, 10, 10, 10]);
    let took = took.as_secs_f64();
    assert!((4.0..4.2).contains(&took), "{took}");
    let every: BTreeSet<String> = named(&script).into_iter().flatten().collect();
    assert_eq!(every.len(), 45, "each is named once");
}

#[tokio::test(start_paused = true)]
async fn no_request_names_more_than_ten_and_no_call_is_torn_apart() {
    let script = Script::new(|_| Answer::ok("{}"));
    let (ended, _) = delete(&script, 15, &[1, 2, 3, 4]).await;
    assert!(ended.iter().all(Result::is_ok), "{ended:?}");
    let sizes: Vec<usize> = named(&script).iter().map(Vec::len).collect();
    assert_eq!(sizes, [4, 4, 4, 4, 4, 8, 8, 8, 8, 8]);
    for names in named(&script) {
        let families: BTreeSet<&str> = names
            .iter()
            .filter_map(|name| name.split(':').next())
            .collect();
        assert_eq!(families.len() * 4, names.len(), "{names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_of_one_fails_no_other() {
    let script = Script::new(|asked| match asked.operation.as_str() {
        DESCRIBE => described("f7:1", "INACTIVE", &our_tags()),
        _ if names(asked).contains(&"f7:1".to_owned()) => {
            let failure = json!({"arn": arn("f7:1"), "reason": "it is used"});
            Answer::json(&json!({ "failures": [failure] }))
        }
        _ => Answer::ok("{}"),
    });
    let (ended, _) = delete(&script, 12, &[1]).await;
    let failed: Vec<(usize, &str)> = ended
        .iter()
        .enumerate()
        .filter_map(|(family, outcome)| Some((family, outcome.as_ref().err()?.message.as_str())))
        .collect();
    assert_eq!(failed, [(7, "f7:1 was not deleted: it is used")]);
    assert_eq!(script.count(DELETE), 6);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_fails_as_a_whole_is_sent_again_for_each() {
    let script = Script::new(|asked| {
        if names(asked).contains(&"f7:1".to_owned()) {
            return Answer::error(400, "AccessDeniedException", "not this one");
        }
        Answer::ok("{}")
    });
    let (ended, _) = delete(&script, 12, &[1]).await;
    for (family, outcome) in ended.iter().enumerate() {
        let code = outcome.as_ref().err().and_then(|error| error.code.clone());
        let expected = (family == 7).then(|| "AccessDeniedException".to_owned());
        assert_eq!(code, expected, "f{family}");
    }
    let sizes: Vec<usize> = named(&script).iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 1, 1, 1, 1, 7, 1, 1, 1, 1, 1, 1, 1]);
}

/// Whoever leaves the line takes nobody else's place or answer, and what it wanted is not done.
#[tokio::test(start_paused = true)]
async fn who_leaves_the_line_is_left_out() {
    let script = Script::new(|_| Answer::ok("{}"));
    let aws = script.aws();
    let send = |family| delete_of(aws.clone(), family, vec![1]);
    let mut stay = JoinSet::new();
    for family in 0..5 {
        stay.spawn(send(family));
    }
    while stay.join_next().await.is_some() {}
    // The first one of the line leaves it while it waits for the turn, the third one behind it.
    let leave: Vec<_> = [5, 7].map(|family| tokio::spawn(send(family))).into();
    tokio::task::yield_now().await;
    for family in [6, 8] {
        stay.spawn(send(family));
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    for one in &leave {
        one.abort();
    }
    while let Some(ended) = stay.join_next().await {
        ended.unwrap().unwrap();
    }
    assert_eq!(named(&script)[5..], [["f6:1", "f8:1"]]);
}
