//! The SDK under the sandbox's faults, on a clock that jumps.

use std::time::Duration;

use amp_stack_sandbox::{Faults, Sandbox, Settings, chaos::Tally, connector::Clock};
use aws_config::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_sdk_iam::{Client, error::ProvideErrorMetadata as _};

use crate::sandbox_client::config;

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

/// A client that tries once, and gives up after a minute.
fn client(faults: Faults) -> (Sandbox, Client) {
    let sandbox = Sandbox::open(Settings {
        clock: Clock::tokio(1_767_225_600_000),
        faults: Some(faults),
        ..Settings::default()
    })
    .expect("a sandbox without a file opens");
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_mins(1))
        .build();
    let config = config(&sandbox)
        .into_builder()
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    let client = Client::new(&config);
    (sandbox, client)
}

/// What came of creating `name`: the error code, or a word for an attempt without an answer.
async fn create(client: &Client, name: &str) -> String {
    let sent = client
        .create_role()
        .role_name(name)
        .assume_role_policy_document(TRUST)
        .send()
        .await;
    match sent {
        Ok(_) => "created".to_owned(),
        Err(error) => error.code().unwrap_or("no answer").to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_may_hide_a_success() {
    for (set, expected) in [
        (
            Faults {
                lost_before: 1.0,
                ..Faults::none(1)
            },
            0,
        ),
        (
            Faults {
                lost_after: 1.0,
                ..Faults::none(1)
            },
            1,
        ),
    ] {
        let (sandbox, client) = client(set);
        assert_eq!(create(&client, "Task").await, "no answer");
        assert_eq!(
            sandbox.tally(),
            Tally {
                lost: 1,
                ..Tally::default()
            }
        );
        let stored = serde_json::to_value(sandbox.world().iam).expect("a world is JSON");
        assert_eq!(
            stored["roles"].as_object().map(serde_json::Map::len),
            Some(expected)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_hang_lasts_until_the_caller_gives_up() {
    let (_sandbox, client) = client(Faults {
        hang: 1.0,
        ..Faults::none(1)
    });
    let begun = tokio::time::Instant::now();
    assert_eq!(create(&client, "Task").await, "no answer");
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn errors_come_in_the_form_of_the_service() {
    let (_sandbox, throttled) = client(Faults {
        throttle: 1.0,
        ..Faults::none(1)
    });
    assert_eq!(create(&throttled, "Task").await, "Throttling");
    let (_sandbox, failing) = client(Faults {
        server_error: 1.0,
        ..Faults::none(1)
    });
    assert_eq!(create(&failing, "Task").await, "ServiceFailure");
}

#[tokio::test(start_paused = true)]
async fn a_stale_read_misses_what_was_just_made() {
    let (_sandbox, client) = client(Faults {
        stale: 1.0,
        ..Faults::none(1)
    });
    assert_eq!(create(&client, "Task").await, "created");
    let get = || client.get_role().role_name("Task").send();
    let error = get()
        .await
        .expect_err("not visible yet")
        .into_service_error();
    assert!(error.is_no_such_entity_exception(), "{error:?}");
    assert_eq!(
        create(&client, "Task").await,
        "EntityAlreadyExists",
        "but it is there"
    );
    tokio::time::sleep(Duration::from_secs(3)).await;
    get().await.expect("visible now");
}

#[tokio::test(start_paused = true)]
async fn a_run_can_be_repeated() {
    let run = |seed| async move {
        let mut faults = Faults::mild(seed);
        (faults.throttle, faults.server_error, faults.lost_after) = (0.2, 0.1, 0.1);
        let (sandbox, client) = client(faults);
        let begun = tokio::time::Instant::now();
        let mut trace = Vec::new();
        for index in 0..60 {
            let outcome = create(&client, &format!("role-{}", index % 20)).await;
            trace.push((outcome, begun.elapsed()));
        }
        (trace, sandbox.tally(), sandbox.world().iam)
    };
    let (first, again, other) = (run(11).await, run(11).await, run(12).await);
    assert!(
        first.1.throttled > 0 && first.1.failed > 0 && first.1.lost > 0,
        "{:?}",
        first.1
    );
    assert_eq!((&first.0, first.1), (&again.0, again.1));
    assert_ne!(first.0, other.0);
}
