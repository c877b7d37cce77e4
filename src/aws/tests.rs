//! What is common to all calls: who asks, how often, and what a failure means.

use std::sync::{Arc, Mutex};

use crate::{
    aws::{
        all, error, passing,
        script::{Answer, Script},
    },
    model::call::{CallError, Class},
    progress::{self, Notice, Trouble},
};

/// One call of a JSON protocol.
async fn put_retention(script: &Script) -> Result<(), CallError> {
    let logs = script.aws().logs;
    let request = logs.client.put_retention_policy();
    let request = request.log_group_name("/a").retention_in_days(30).send();
    let answer = logs.call("logs:PutRetentionPolicy", request).await;
    answer.map(|_| ())
}

/// One call of the Query protocol.
async fn delete_boundary(script: &Script) -> Result<(), CallError> {
    let iam = script.aws().iam;
    let request = iam.client.delete_role_permissions_boundary();
    let request = request.role_name("Task").send();
    let answer = iam.call("iam:DeleteRolePermissionsBoundary", request).await;
    answer.map(|_| ())
}

#[tokio::test(start_paused = true)]
async fn the_identity_is_asked_once() {
    let script = Script::new(|_| {
        Answer::xml(
            "GetCallerIdentity",
            "<Arn>arn:aws-us-gov:sts::444455556666:assumed-role/a/b</Arn><Account>444455556666</Account>",
        )
    });
    let aws = script.aws();
    let identity = aws.identity().await.unwrap();
    assert_eq!(identity.partition, "aws-us-gov");
    assert_eq!(identity.account, "444455556666");
    assert_eq!(identity.region, "us-east-1");
    assert_eq!(aws.clone().identity().await.unwrap(), identity);
    assert_eq!(script.count("GetCallerIdentity"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_is_sent_until_it_is_heard() {
    for code in ["ThrottlingException", "Throttling"] {
        let script = Script::new(move |asked| match asked.before {
            0..8 => Answer::error(400, code, "slow down"),
            _ => Answer::ok("{}"),
        });
        put_retention(&script).await.unwrap();
        assert_eq!(script.count("PutRetentionPolicy"), 9, "{code}");
    }
}

/// What becomes known during `call`, which succeeds.
async fn noticed(call: impl Future<Output = Result<(), CallError>>) -> Vec<Notice> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let listener = {
        let heard = Arc::clone(&heard);
        move |notice| heard.lock().unwrap().push(notice)
    };
    progress::listen(listener, call).await.unwrap();
    let heard = heard.lock().unwrap();
    heard.clone()
}

#[tokio::test(start_paused = true)]
async fn whoever_listens_hears_why_a_request_is_sent_again() {
    let retrying = |request: &str, attempts, trouble| Notice::Retrying {
        request: request.to_owned(),
        attempts,
        trouble,
    };
    let script = Script::new(|asked| match asked.before {
        0 => Answer::error(400, "ThrottlingException", "slow down"),
        1 => Answer::error(500, "ServiceUnavailableException", "try again"),
        2 => Answer::Lost,
        _ => Answer::ok("{}"),
    });
    let put = "logs:PutRetentionPolicy";
    assert_eq!(
        noticed(put_retention(&script)).await,
        [
            retrying(put, 1, Trouble::Throttled),
            retrying(put, 2, Trouble::ServerError),
            retrying(put, 3, Trouble::NoAnswer),
        ]
    );
    let script = Script::new(|asked| match asked.before {
        0 => Answer::xml_error(400, "Throttling"),
        _ => Answer::xml("DeleteRolePermissionsBoundary", ""),
    });
    let operation = "iam:DeleteRolePermissionsBoundary";
    assert_eq!(
        noticed(delete_boundary(&script)).await,
        [retrying(operation, 1, Trouble::Throttled)]
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_attempt_promises_no_other() {
    let script = Script::new(|_| Answer::error(400, "ThrottlingException", "slow down"));
    let heard = Arc::new(Mutex::new(0));
    let listener = {
        let heard = Arc::clone(&heard);
        move |_| *heard.lock().unwrap() += 1
    };
    let performed = progress::listen(listener, put_retention(&script)).await;
    performed.unwrap_err();
    assert_eq!(*heard.lock().unwrap() + 1, script.asked().len());
}

#[tokio::test(start_paused = true)]
async fn throttling_of_the_rest_service_is_heard_too() {
    let script = Script::new(|asked| match asked.before {
        0..8 => Answer::error(429, "ThrottlingException", "slow down"),
        _ => Answer::ok("{}"),
    });
    let amp = script.aws().amp;
    let request = amp
        .client
        .untag_resource()
        .resource_arn("arn:aws:aps:us-east-1:111122223333:workspace/ws-1");
    let request = request.tag_keys("a").send();
    amp.call("aps:UntagResource", request).await.unwrap();
    assert_eq!(script.asked().len(), 9);
}

#[tokio::test(start_paused = true)]
async fn a_used_up_quota_is_asked_for_once() {
    let script = Script::new(|_| {
        Answer::error(400, "com.amazonaws.logs#LimitExceededException", "too many")
    });
    let error = put_retention(&script).await.unwrap_err();
    assert_eq!(script.asked().len(), 1);
    assert_eq!(error.code.as_deref(), Some("LimitExceededException"));
    assert_eq!(error.class, Class::Final);
    assert!(error.hint.unwrap().contains("quota"));
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_not_there_is_reported_with_a_hint_and_without_secrets() {
    let script = Script::new(|_| Answer::Lost);
    let error = put_retention(&script).await.unwrap_err();
    assert_eq!(error.operation, "logs:PutRetentionPolicy");
    assert_eq!(error.code, None);
    assert!(
        error.message.contains("connection reset"),
        "{}",
        error.message
    );
    assert!(error.hint.unwrap().contains("AWS_ENDPOINT_URL"));
    assert!(!error.message.contains("AKIDEXAMPLE"), "{}", error.message);
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_reported_with_the_way_to_get_some() {
    let script = Script::new(|_| Answer::ok("{}"));
    let error = script.aws_with(None).identity().await.unwrap_err();
    assert_eq!(script.asked().len(), 0);
    assert!(
        error.hint.unwrap().contains("aws sso login"),
        "{}",
        error.message
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_a_message_shows_its_status() {
    let script = Script::new(|_| Answer::Http(404, "<html>no such route</html>".to_owned()));
    let error = put_retention(&script).await.unwrap_err();
    assert!(error.message.contains("404"), "{}", error.message);
}

#[test]
fn codes_say_what_a_failure_means() {
    use Class::{Busy, Denied, Final, Unsettled};
    let register = "ecs:RegisterTaskDefinition";
    for (operation, code, message, class) in [
        ("iam:CreateRole", "ConcurrentModification", "", Busy),
        (
            "logs:PutRetentionPolicy",
            "OperationAbortedException",
            "",
            Busy,
        ),
        ("aps:UpdateWorkspaceAlias", "ConflictException", "", Busy),
        (register, "ClientException", "Role is not valid", Unsettled),
        (register, "ClientException", "Invalid cpu", Final),
        (
            register,
            "ClientException",
            "Too many concurrent attempts to create a new revision of the specified family.",
            Busy,
        ),
        (
            register,
            "AccessDeniedException",
            "not authorized to perform: iam:PassRole on",
            Unsettled,
        ),
        (
            register,
            "AccessDeniedException",
            "not authorized to perform: ecs:RegisterTaskDefinition",
            Denied,
        ),
        (
            "ecs:DescribeTaskDefinition",
            "ClientException",
            "Role is not valid",
            Final,
        ),
        (
            "iam:CreateRole",
            "MalformedPolicyDocument",
            "Invalid principal in policy",
            Unsettled,
        ),
        (
            "iam:CreateRole",
            "MalformedPolicyDocument",
            "Syntax errors in policy.",
            Final,
        ),
        (
            "iam:PutRolePolicy",
            "MalformedPolicyDocument",
            "Invalid principal in policy",
            Final,
        ),
        (
            "logs:PutRetentionPolicy",
            "AccessDeniedException",
            "not authorized to perform: logs:PutRetentionPolicy",
            Denied,
        ),
        ("iam:PutRolePolicy", "AccessDenied", "", Denied),
        (
            "logs:PutRetentionPolicy",
            "ResourceNotFoundException",
            "",
            Unsettled,
        ),
        (
            "aps:CreateLoggingConfiguration",
            "ResourceNotFoundException",
            "",
            Unsettled,
        ),
        (
            "ecs:TagResource",
            "ResourceNotFoundException",
            "",
            Unsettled,
        ),
        ("iam:AttachRolePolicy", "NoSuchEntity", "", Unsettled),
        ("iam:DeleteRole", "DeleteConflict", "", Unsettled),
        ("iam:DeletePolicy", "DeleteConflict", "", Final),
        ("iam:CreateRole", "EntityAlreadyExists", "", Final),
        (
            "aps:CreateWorkspace",
            "ServiceQuotaExceededException",
            "",
            Final,
        ),
    ] {
        assert_eq!(
            passing::class(operation, Some(code), message),
            class,
            "{operation} {code} {message}"
        );
    }
    assert_eq!(
        passing::class("iam:CreateRole", None, "ConcurrentModification"),
        Final
    );
}

#[tokio::test(start_paused = true)]
async fn a_missing_right_is_named() {
    for (message, named) in [
        (
            "User: x is not authorized to perform: iam:PassRole on resource: y",
            "iam:PassedToService",
        ),
        ("User: x is not authorized", "logs:PutRetentionPolicy"),
    ] {
        let script = Script::new(move |_| Answer::error(400, "AccessDeniedException", message));
        let error = put_retention(&script).await.unwrap_err();
        assert_eq!(script.asked().len(), 1);
        assert!(error.hint.unwrap().contains(named), "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn concurrent_work_keeps_its_order_and_ends_at_the_first_failure() {
    let slow_first = |n: u64| async move {
        tokio::time::sleep(std::time::Duration::from_secs(10 - n)).await;
        Ok(n)
    };
    assert_eq!(all([1, 2, 3], slow_first).await.unwrap(), [1, 2, 3]);
    let failing = |n: u64| async move {
        if n == 2 {
            return Err(error::unexpected("x:Y", "no"));
        }
        std::future::pending::<()>().await;
        Ok(n)
    };
    assert_eq!(all([1, 2, 3], failing).await.unwrap_err().message, "no");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_turn_says_so_and_when_it_has_come() {
    let aws = Script::new(|_| Answer::ok("{}")).aws();
    let heard = Arc::new(Mutex::new(Vec::new()));
    let began = tokio::time::Instant::now();
    // AWS takes five at once and five a second.
    let calls = all(0..8, |number| {
        let (aws, heard) = (aws.clone(), Arc::clone(&heard));
        let listener = move |notice| heard.lock().unwrap().push((number, notice));
        progress::listen(listener, async move {
            let request = aws.logs.client.put_retention_policy();
            let request = request.log_group_name("/a").retention_in_days(1).send();
            aws.logs
                .call("logs:PutRetentionPolicy", request)
                .await
                .map(drop)
        })
    });
    calls.await.unwrap();
    let took = began.elapsed().as_secs_f64();
    assert!((0.6..0.7).contains(&took), "{took}");
    let heard = heard.lock().unwrap().clone();
    let ahead = heard.iter().filter_map(|(number, notice)| match notice {
        Notice::Queued(queue) => Some((*number, queue.ahead)),
        Notice::Sending
        | Notice::Retrying { .. }
        | Notice::Settling { .. }
        | Notice::RollingOut(_) => None,
    });
    // The first one that waits does so too shortly for a word.
    assert_eq!(ahead.collect::<Vec<_>>(), [(6, 2), (7, 3)]);
    let sent = heard
        .iter()
        .filter(|(_, notice)| *notice == Notice::Sending);
    assert_eq!(sent.count(), 2);
}
