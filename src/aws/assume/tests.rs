//! Sessions of a role over a scripted network.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_types::{DateTime, date_time::Format};

use super::{as_role, *};
use crate::aws::{
    Aws,
    script::{Answer, Asked, Script},
};

const ROLE: &str = "arn:aws:iam::222222222222:role/deploy";
const CALLER: &str = "arn:aws:iam::111122223333:user/ci";

/// A clock that tests put forward.
#[derive(Clone, Debug)]
struct Hand(Arc<AtomicU64>);

impl TimeSource for Hand {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Ordering::Relaxed))
    }
}

impl Hand {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_767_225_600)))
    }

    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn role() -> AssumedRole {
    AssumedRole {
        arn: ROLE.parse().unwrap(),
        external_id: Some("shop-4711".to_owned()),
        session_name: "amp-stack".to_owned(),
        duration_seconds: 900,
    }
}

/// AWS as a session of the role sees it over `script`.
fn aws(script: &Script, clock: &Hand) -> Aws {
    let caller = Credentials::new("AKIDEXAMPLE", "example", None, None, "test");
    let sdk = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(caller))
        .time_source(SharedTimeSource::new(clock.clone()))
        .http_client(script.clone())
        .build();
    Aws::new(&as_role(&sdk, role()))
}

fn session(number: usize, end: SystemTime) -> Answer {
    let end = DateTime::from(end).fmt(Format::DateTime).unwrap();
    Answer::xml(
        "AssumeRole",
        &format!(
            "<Credentials><AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>token-{number}</SessionToken><Expiration>{end}</Expiration></Credentials>"
        ),
    )
}

fn caller(asked: &Asked) -> Answer {
    let signature = asked.headers.get("authorization").cloned();
    let is_session = signature.is_some_and(|signature| signature.contains("ASIA"));
    let (arn, account) = if is_session {
        (
            "arn:aws:sts::222222222222:assumed-role/deploy/amp-stack",
            "222222222222",
        )
    } else {
        (CALLER, "111122223333")
    };
    Answer::xml(
        "GetCallerIdentity",
        &format!("<Arn>{arn}</Arn><Account>{account}</Account><UserId>u</UserId>"),
    )
}

#[tokio::test(start_paused = true)]
async fn everything_is_signed_by_one_session_which_is_renewed_before_it_ends() {
    let clock = Hand::new();
    let ends = clock.clone();
    let script = Script::new(move |asked| match asked.operation.as_str() {
        "AssumeRole" => session(asked.before, ends.now() + Duration::from_mins(15)),
        _ => caller(asked),
    });
    let aws = aws(&script, &clock);
    let identity = aws.identity().await.unwrap();
    assert_eq!(identity.account, "222222222222");
    // Clients of other services ask for the same session.
    aws.caller_arn().await.unwrap();
    _ = aws.iam.client.list_roles().send().await;
    _ = aws.logs.client.describe_log_groups().send().await;
    assert_eq!(script.count("AssumeRole"), 1);
    let asked = script.asked();
    let first = asked.iter().find(|a| a.operation == "AssumeRole").unwrap();
    for (name, value) in [
        (
            "RoleArn",
            "arn%3Aaws%3Aiam%3A%3A222222222222%3Arole%2Fdeploy",
        ),
        ("RoleSessionName", "amp-stack"),
        ("ExternalId", "shop-4711"),
        ("DurationSeconds", "900"),
    ] {
        assert_eq!(first.parameter(name), Some(value));
    }
    // A rollout may take longer than a session lasts.
    clock.forward(15 * 60 - 1);
    _ = aws.iam.client.list_roles().send().await;
    assert_eq!(script.count("AssumeRole"), 2);
    let asked = script.asked();
    let signature = &asked.last().unwrap().headers["authorization"];
    assert!(signature.contains("ASIA1"), "{signature}");
    assert!(
        !format!("{aws:?}").contains("token-1"),
        "sessions are secrets"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_who_was_refused_what_and_what_is_needed() {
    let clock = Hand::new();
    let script = Script::new(|asked| match asked.operation.as_str() {
        "AssumeRole" => Answer::xml_error(403, "AccessDenied"),
        _ => caller(asked),
    });
    for error in [
        aws(&script, &clock).identity().await.unwrap_err(),
        // The first call of a service other than STS fails for the same reason.
        {
            let aws = aws(&script, &clock);
            let request = aws.iam.client.list_roles().send();
            aws.iam.call("iam:ListRoles", request).await.unwrap_err()
        },
    ] {
        assert_eq!(error.operation, "sts:AssumeRole");
        assert_eq!(error.code.as_deref(), Some("AccessDenied"));
        assert_eq!((error.class, error.effect), (Class::Final, Effect::None));
        let expected = format!("{CALLER} could not assume the role {ROLE}: said so");
        assert_eq!(error.message, expected);
        let hint = error.hint.unwrap();
        for word in [
            "trust policy",
            "shop-4711",
            "permissions --for assume",
            CALLER,
        ] {
            assert!(hint.contains(word), "{hint}");
        }
    }
}
