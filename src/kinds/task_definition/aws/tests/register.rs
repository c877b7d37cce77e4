//! Registering exactly what is meant, exactly once.

use serde_json::json;

use super::{DESCRIBE, arn, described, document, our_tags};
use crate::{
    aws::script::{Answer, Asked, Script},
    kinds::{
        Change as AnyChange,
        live::{self, Target},
        task_definition::{Change, Document},
    },
    model::{
        call::{CallError, Claim, Class, Reply},
        node::Node,
        tags::{MOST, Tags},
        template::Attribute,
    },
};

const REGISTER: &str = "RegisterTaskDefinition";

fn register() -> AnyChange {
    AnyChange::TaskDefinition(Change::Register {
        family: "api".to_owned(),
        document: Document::new(Node::from(&document())),
        tags: Tags::from([
            ("amp-stack:stack".to_owned(), "shop".into()),
            (
                "amp-stack:address".to_owned(),
                "task_definitions.api".into(),
            ),
        ]),
        before: None,
    })
}

fn registered(revision: u32) -> Answer {
    let arn = arn(&format!("api:{revision}"));
    Answer::json(&json!({"taskDefinition": {"taskDefinitionArn": arn}}))
}

#[tokio::test(start_paused = true)]
async fn the_request_is_the_document_and_nothing_else() {
    let script = Script::new(|_| registered(4));
    let reply = script.perform("api", register()).await.unwrap();
    assert_eq!(reply.revision, Some(4));
    assert_eq!(reply.attributes[&Attribute::Arn], arn("api:4"));
    let [asked] = &script.asked()[..] else {
        panic!("one request is made");
    };
    let mut expected = document();
    expected["family"] = json!("api");
    expected["tags"] = our_tags();
    assert_eq!(asked.json(), expected);
    assert_eq!(
        asked.headers["content-length"],
        asked.body.len().to_string()
    );
    assert!(asked.headers.contains_key("authorization"));
}

/// Registers where the calls of `lost` have no useful answer, and `newest` is what is found then.
async fn register_with(
    failing: usize,
    failure: Answer,
    newest: impl Fn() -> Answer + Send + Sync + 'static,
) -> (Result<Reply, CallError>, Vec<String>) {
    let script = Script::new(move |asked| match asked.operation.as_str() {
        REGISTER if asked.before < failing => failure.clone(),
        REGISTER => registered(9),
        _ => newest(),
    });
    let outcome = script.perform("api", register()).await;
    (outcome, script.operations())
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_no_reason_for_a_second_revision() {
    for failure in [Answer::Lost, Answer::error(500, "ServerException", "oh")] {
        let found = || described("api:7", "ACTIVE", &our_tags());
        let (outcome, asked) = register_with(1, failure, found).await;
        assert_eq!(outcome.unwrap().revision, Some(7));
        assert_eq!(asked, [REGISTER, DESCRIBE]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_did_not_arrive_is_made_again() {
    let strange = json!([{"key": "amp-stack:stack", "value": "blog"}]);
    let others: [Box<dyn Fn() -> Answer + Send + Sync>; 3] = [
        Box::new(|| {
            Answer::error(
                400,
                "ClientException",
                "Unable to describe task definition.",
            )
        }),
        Box::new(|| described("api:7", "INACTIVE", &our_tags())),
        Box::new(move || described("api:7", "ACTIVE", &strange)),
    ];
    for newest in others {
        let (outcome, asked) = register_with(1, Answer::Lost, newest).await;
        assert_eq!(outcome.unwrap().revision, Some(9));
        assert_eq!(asked, [REGISTER, DESCRIBE, REGISTER]);
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_given_up_after_a_few_calls() {
    let nothing = || {
        Answer::error(
            400,
            "ClientException",
            "Unable to describe task definition.",
        )
    };
    let (outcome, asked) = register_with(99, Answer::Lost, nothing).await;
    assert!(outcome.unwrap_err().message.contains("connection reset"));
    assert_eq!(asked.iter().filter(|o| *o == REGISTER).count(), 4);
}

#[tokio::test(start_paused = true)]
async fn it_is_given_up_where_nobody_knows_what_became_of_it() {
    let denied = || Answer::error(400, "AccessDeniedException", "no");
    let (outcome, asked) = register_with(1, Answer::Lost, denied).await;
    assert_eq!(outcome.unwrap_err().operation, "ecs:RegisterTaskDefinition");
    assert_eq!(asked, [REGISTER, DESCRIBE]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_made_again_without_a_look() {
    let throttled = Answer::error(400, "ThrottlingException", "Rate exceeded");
    let (outcome, asked) = register_with(3, throttled, || panic!("there is no need to look")).await;
    assert_eq!(outcome.unwrap().revision, Some(9));
    assert_eq!(asked, [REGISTER; 4]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_at_once() {
    let refused = Answer::error(400, "ClientException", "Role is not valid");
    let (outcome, asked) = register_with(1, refused, || panic!("there is no need to look")).await;
    assert_eq!(outcome.unwrap_err().class, Class::Unsettled);
    assert_eq!(asked, [REGISTER]);
}

/// A document that amp-stack knows all of.
fn plain() -> serde_json::Value {
    json!({"containerDefinitions": [{"name": "app", "image": "app:1"}]})
}

/// Registers `plain` where the newest revision is 3, and returns what was sent and answered.
async fn register_plain(
    respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (Result<Reply, CallError>, Vec<Asked>) {
    let tags = Tags::from([("amp-stack:stack".to_owned(), "shop".into())]);
    register_with_tags(tags, respond).await
}

/// The same with these tags.
async fn register_with_tags(
    tags: Tags,
    respond: impl Fn(&Asked) -> Answer + Send + Sync + 'static,
) -> (Result<Reply, CallError>, Vec<Asked>) {
    let script = Script::new(respond);
    let change = AnyChange::TaskDefinition(Change::Register {
        family: "api".to_owned(),
        document: Document::new(Node::from(&plain())),
        tags,
        before: None,
    });
    let aws = script.aws();
    let target = Target {
        name: "api",
        token: "token-1",
        claim: Claim::Alone,
        operation: change.operation(),
        revision: Some(3),
    };
    let outcome = live::perform(&aws, &target, &change).await;
    (outcome, script.asked())
}

fn digest_in(asked: &Asked) -> Option<String> {
    let body = asked.json();
    let tags = body["tags"].as_array().unwrap();
    let digest = tags.iter().find(|tag| tag["key"] == "amp-stack:digest")?;
    Some(digest["value"].as_str().unwrap().to_owned())
}

fn echoed(revision: u32, image: &str) -> Answer {
    let mut definition = plain();
    definition["taskDefinitionArn"] = json!(arn(&format!("api:{revision}")));
    definition["containerDefinitions"][0]["image"] = json!(image);
    definition["containerDefinitions"][0]["cpu"] = json!(0);
    Answer::json(&json!({"taskDefinition": definition}))
}

#[tokio::test(start_paused = true)]
async fn a_revision_is_registered_with_the_digest_of_its_number() {
    let (outcome, asked) = register_plain(|_| echoed(4, "app:1")).await;
    assert_eq!(outcome.unwrap().remarks, [] as [String; 0]);
    let [register] = &asked[..] else {
        panic!("one request is made: {asked:?}");
    };
    assert!(digest_in(register).unwrap().ends_with(":4"));
}

/// Fifty tags are the most that a revision takes (ECS API reference, `Tag`).
#[tokio::test(start_paused = true)]
async fn a_digest_takes_no_room_from_other_tags() {
    for (count, has_digest) in [(MOST - 1, true), (MOST, false)] {
        let tags = (0..count).map(|n| (format!("t{n}"), "x".into()));
        let (outcome, asked) = register_with_tags(tags.collect(), |_| echoed(4, "app:1")).await;
        assert_eq!(outcome.unwrap().revision, Some(4));
        assert_eq!(digest_in(&asked[0]).is_some(), has_digest, "{count}");
    }
}

/// Somebody else has registered revision 4 meanwhile, or AWS has made something else of it.
#[tokio::test(start_paused = true)]
async fn a_digest_that_is_wrong_is_corrected() {
    for (number, image) in [(5, "app:1"), (4, "app:changed")] {
        let (outcome, asked) = register_plain(move |asked| match asked.operation.as_str() {
            REGISTER => echoed(number, image),
            _ => Answer::ok("{}"),
        })
        .await;
        assert_eq!(outcome.unwrap().remarks, [] as [String; 0]);
        let [register, tag] = &asked[..] else {
            panic!("two requests are made: {asked:?}");
        };
        assert_eq!(tag.operation, "TagResource");
        assert_eq!(tag.json()["resourceArn"], arn(&format!("api:{number}")));
        let corrected = digest_in(tag).unwrap();
        assert!(corrected.ends_with(&format!(":{number}")), "{corrected}");
        assert_ne!(digest_in(register).unwrap(), corrected);
    }
}

/// What can't be corrected matters only where it would be believed.
#[tokio::test(start_paused = true)]
async fn a_wrong_digest_that_stays_is_mentioned_if_it_would_be_believed() {
    for (number, image, is_mentioned) in [(5, "app:1", false), (4, "app:changed", true)] {
        let (outcome, _) = register_plain(move |asked| match asked.operation.as_str() {
            REGISTER => echoed(number, image),
            _ => Answer::error(400, "AccessDeniedException", "not this tag"),
        })
        .await;
        let remarks = outcome.unwrap().remarks;
        assert_eq!(!remarks.is_empty(), is_mentioned, "{remarks:?}");
        assert!(remarks.iter().all(|remark| remark.contains("--full-read")));
    }
}

/// Policies of an organization may allow some tags only.
#[tokio::test(start_paused = true)]
async fn where_the_digest_is_denied_it_is_left_out() {
    let (outcome, asked) = register_plain(|asked| {
        if digest_in(asked).is_some() {
            return Answer::error(400, "AccessDeniedException", "an explicit deny");
        }
        echoed(4, "app:1")
    })
    .await;
    assert_eq!(outcome.unwrap().revision, Some(4));
    assert_eq!(asked.len(), 2);
    // What is denied altogether is denied.
    let denied = |_: &Asked| Answer::error(400, "AccessDeniedException", "no");
    let (outcome, _) = register_plain(denied).await;
    assert_eq!(outcome.unwrap_err().class, Class::Denied);
}
