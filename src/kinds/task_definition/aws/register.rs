//! `RegisterTaskDefinition`, which is not idempotent: every call that reaches AWS makes a revision,
//! and there is no client token.
//!
//! So only a throttled call is sent again blindly. After a failure that may hide a success, the
//! newest active revision says: if it is what was sent, it is the one. This assumes that within
//! the pause AWS has either registered the revision or never will.

use std::{collections::BTreeMap, time::Duration};

use aws_sdk_ecs::{
    config::Config,
    error::SdkError,
    operation::{
        RequestId,
        register_task_definition::{RegisterTaskDefinitionError, RegisterTaskDefinitionOutput},
    },
    types::{ContainerDefinition, Tag},
};
use serde_json::{Value, json};

use crate::{
    aws::{
        Aws,
        client::OnlyThrottled,
        error, is_of_state,
        raw::{RawBodyCapture, replace_body},
        tagging::family_and_revision,
    },
    kinds::task_definition::{
        Document,
        aws::{attributes, digest, revision},
    },
    model::{
        call::{CallError, Reply},
        node::Node,
        tags::{DIGEST_TAG, MOST},
        template::Attribute,
    },
};

const OPERATION: &str = "ecs:RegisterTaskDefinition";
/// The most calls for one revision.
const ATTEMPTS: u32 = 4;
/// The pause before a look at what became of a call; each is longer than the one before by this
/// much.
const PAUSE: Duration = Duration::from_secs(3);

/// The answer, and what it says of the document.
type Answered = (RegisterTaskDefinitionOutput, Option<Document>);

/// Registers a revision, once. It is expected to get the number `expected`, which its digest names.
pub(crate) async fn perform(
    aws: &Aws,
    family: &str,
    document: &Document,
    tags: &BTreeMap<String, String>,
    expected: u32,
) -> Result<Reply, CallError> {
    // A resource has no room for more tags than that.
    let digest = digest::tag(document, expected).filter(|_| tags.len() < MOST);
    let mut tagged = tags.clone();
    tagged.extend(digest.map(|digest| (DIGEST_TAG.to_owned(), digest)));
    let mut attempt = 1;
    loop {
        let mut outcome = send(aws, family, &body(family, document, &tagged)).await;
        if let Err(failure) = &outcome
            && tagged.contains_key(DIGEST_TAG)
            && may_be_about_tags(&error::call_error(OPERATION, failure))
        {
            // A policy of the organization may allow some tags only. The digest is none that
            // anything depends on.
            tracing::debug!(family, "registering without the digest");
            tagged.remove(DIGEST_TAG);
            outcome = send(aws, family, &body(family, document, &tagged)).await;
        }
        let failure = match outcome {
            Ok((answer, kept)) => {
                let reply = registered(family, &answer).ok_or_else(|| {
                    error::unexpected(OPERATION, "the answer names no revision").after_effect()
                })?;
                let remarks = unkept(document, kept.as_ref()).into_iter();
                let registered = kept.as_ref().unwrap_or(document);
                let digest = tagged.get(DIGEST_TAG);
                let wrong = correct(aws, &reply, digest, registered).await;
                return Ok(Reply {
                    remarks: remarks.chain(wrong).collect(),
                    ..reply
                });
            }
            Err(failure) => failure,
        };
        let error = error::call_error(OPERATION, &failure);
        if !error::is_ambiguous(&failure) {
            return Err(error);
        }
        tokio::time::sleep(PAUSE * attempt).await;
        // A look that fails leaves it open whether there is a revision: to register another one
        // could make two.
        let newest = revision::describe(aws, family)
            .await
            .map_err(|_| error.clone())?;
        let ours = newest.filter(|newest| {
            let kept = newest.tags.iter().filter(|(key, _)| is_of_state(key));
            newest.status == revision::Status::Active
                && newest.document == *document
                && kept.eq(tags.iter())
        });
        if let Some(ours) = ours {
            let reply = Reply {
                attributes: attributes(family, ours.arn),
                revision: Some(ours.number),
                request_id: error.request_id,
                ..Reply::default()
            };
            let digest = ours.tags.get(DIGEST_TAG);
            let wrong = correct(aws, &reply, digest, &ours.document).await;
            return Ok(Reply {
                remarks: wrong.into_iter().collect(),
                ..reply
            });
        }
        if attempt == ATTEMPTS {
            return Err(error);
        }
        attempt += 1;
    }
}

/// Returns whether a request may have been refused because of a tag: by IAM, by a service control
/// policy, or by a tag policy (AWS Organizations user guide, "Tag policies": non-compliant
/// operations are refused in the words of the service).
fn may_be_about_tags(error: &CallError) -> bool {
    let code = error.code.as_deref();
    error::is_denied(code) || error.message.to_lowercase().contains("tag policy")
}

/// Corrects the digest of the revision that `reply` names and that says `registered`, if it is
/// wrong: AWS may have given it another number than was foreseen, because somebody else registers
/// revisions too or because numbers of deleted ones are not given again, or may have registered
/// something else than was sent. Returns what people should know if that fails and matters: a
/// digest with a wrong number is not believed, and costs a call in each plan.
async fn correct(
    aws: &Aws,
    reply: &Reply,
    digest: Option<&String>,
    registered: &Document,
) -> Option<String> {
    let number = reply.revision?;
    let arn = reply.attributes.get(&Attribute::Arn)?;
    let digest = digest?;
    if digest::proves(digest, number, registered) {
        return None;
    }
    let right = digest::text(registered, number);
    let tag = Tag::builder().key(DIGEST_TAG).value(right).build();
    let request = aws.ecs.client.tag_resource().resource_arn(arn).tags(tag);
    let outcome = aws.ecs.call("ecs:TagResource", request.send()).await;
    let error = outcome.err()?;
    tracing::debug!(arn, code = error.code, "the digest could not be corrected");
    digest::is_for(digest, number).then(|| {
        format!(
            "AWS has registered something else than was sent, and the tag `{DIGEST_TAG}` could not be corrected ({}): plan with --full-read",
            error.message
        )
    })
}

/// The request: the document as it is written, with family and tags; without tags that member is
/// left out.
fn body(family: &str, document: &Document, tags: &BTreeMap<String, String>) -> String {
    let mut body = document.written().to_json();
    if let Value::Object(members) = &mut body {
        members.insert("family".to_owned(), json!(family));
        if !tags.is_empty() {
            let tags = tags
                .iter()
                .map(|(key, value)| json!({"key": key, "value": value}));
            members.insert("tags".to_owned(), tags.collect());
        }
    }
    body.to_string()
}

/// Sends exactly `body`: the SDK's own input would drop members that it does not know and add
/// defaults.
async fn send(
    aws: &Aws,
    family: &str,
    body: &str,
) -> Result<Answered, SdkError<RegisterTaskDefinitionError>> {
    let body = body.to_owned();
    let capture = RawBodyCapture::default();
    let request = aws
        .ecs
        .client
        .register_task_definition()
        .family(family)
        .container_definitions(ContainerDefinition::builder().build())
        .customize()
        .config_override(Config::builder().retry_classifier(OnlyThrottled))
        .interceptor(capture.clone())
        .mutate_request(move |request| replace_body(request, &body))
        .send();
    let answer = aws.ecs.send(OPERATION, request).await?;
    let definition = capture.take();
    let definition = definition
        .as_ref()
        .and_then(|body| body.get("taskDefinition"));
    Ok((
        answer,
        definition.map(|json| Document::new(Node::from(json))),
    ))
}

/// What people should know if AWS has left out something of `sent` that amp-stack does not know.
fn unkept(sent: &Document, kept: Option<&Document>) -> Option<String> {
    let kept = sent.without_unkept(kept?).unknown();
    let lost = sent
        .unknown()
        .into_iter()
        .filter(|place| !kept.contains(place));
    let lost: Vec<String> = lost.map(|place| format!("`{place}`")).collect();
    (!lost.is_empty()).then(|| {
        format!(
            "AWS has not kept {}: what it does not know either it leaves out, and it is not registered again for that",
            lost.join(", ")
        )
    })
}

fn registered(family: &str, answer: &RegisterTaskDefinitionOutput) -> Option<Reply> {
    let arn = answer
        .task_definition()
        .and_then(|definition| definition.task_definition_arn())
        .unwrap_or_default();
    let (_, revision) = family_and_revision(arn)?;
    Some(Reply {
        attributes: attributes(family, arn.to_owned()),
        revision: Some(revision),
        request_id: answer.request_id().map(str::to_owned),
        ..Reply::default()
    })
}
