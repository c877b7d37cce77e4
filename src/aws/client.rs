//! The SDK's clients: how often and how long they try, and how many of their calls run at a time.

use std::{future::Future, sync::Arc, time::Duration};

use aws_config::{AppName, SdkConfig};
use aws_sdk_iam::{
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryConfig},
        timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::client::retries::classifiers::RetryClassifierPriority;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    aws::error,
    model::call::CallError,
    progress::{self, Notice},
};

/// The most attempts of one call at AWS. Its throttles refill once a second or slower, so a burst
/// of calls needs many. An endpoint that somebody named (`AWS_ENDPOINT_URL`) is asked as often: it
/// may be a VPC endpoint, behind which is AWS.
const ATTEMPTS: u32 = 10;
/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// How long all attempts of a call may take together.
const OPERATION_TIMEOUT: Duration = Duration::from_mins(2);
/// The tokens that pay for the retries of one service. The SDK's own 500 run dry under throttling,
/// which then fails calls that would have succeeded.
pub(crate) const RETRY_TOKENS: usize = 10_000;

/// The client of one service, and the bound on its calls at a time.
#[derive(Clone, Debug)]
pub(crate) struct Service<C> {
    pub(crate) client: C,
    permits: Arc<Semaphore>,
}

impl<C: Sync> Service<C> {
    pub(crate) fn new(client: C, calls_at_a_time: usize) -> Self {
        Self {
            client,
            permits: Arc::new(Semaphore::new(calls_at_a_time)),
        }
    }

    /// Sends `request` once there is room for it.
    pub(crate) fn send<'a, O, E>(
        &'a self,
        request: impl Future<Output = Result<O, SdkError<E>>> + Send + 'a,
    ) -> impl Future<Output = Result<O, SdkError<E>>> + Send + 'a {
        // The SDK's futures take kilobytes, which would add up in every function that awaits one.
        let request = Box::pin(request);
        async move {
            let _permit = self.turn().await;
            request.await
        }
    }

    /// Waits until there is room for a request.
    async fn turn(&self) -> SemaphorePermit<'_> {
        if let Ok(permit) = self.permits.try_acquire() {
            return permit;
        }
        tracing::debug!("a request waits for its turn");
        progress::emit(Notice::Queued);
        let permit = self.permits.acquire().await;
        progress::emit(Notice::Sending);
        permit.expect("the semaphore is never closed")
    }

    /// Sends `request`, which is `operation` as IAM spells it in policies.
    pub(crate) fn call<'a, O, E>(
        &'a self,
        operation: &'a str,
        request: impl Future<Output = Result<O, SdkError<E>>> + Send + 'a,
    ) -> impl Future<Output = Result<O, CallError>> + Send + 'a
    where
        O: 'a,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
    {
        let answer = self.send(request);
        async move {
            let answer = answer.await;
            answer.map_err(|failure| error::call_error(operation, &failure))
        }
    }
}

/// `sdk` with amp-stack's retries, timeouts and name. What the user has set of these
/// (`AWS_MAX_ATTEMPTS`, timeouts) is kept where it asks for more.
pub(crate) fn tuned(sdk: &SdkConfig) -> SdkConfig {
    let asked = sdk.retry_config().map_or(0, RetryConfig::max_attempts);
    let ours = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT);
    let timeouts = sdk
        .timeout_config()
        .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder)
        .take_unset_from(ours);
    sdk.to_builder()
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS.max(asked)))
        .timeout_config(timeouts.build())
        .app_name(AppName::new("amp-stack").expect("the name has no character that is refused"))
        .build()
}

/// Corrects what the SDK thinks of two error codes.
///
/// It takes `LimitExceededException` for throttling, but for CloudWatch Logs and ECS it is a quota
/// (API references, `CreateLogGroup` and `RegisterTaskDefinition`), which does not pass. And it
/// does not know that the `ThrottlingException` of Amazon Managed Service for Prometheus is
/// throttling.
#[derive(Debug)]
pub(crate) struct QuotaOrThrottle;

impl ClassifyRetry for QuotaOrThrottle {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        match error_code(context).as_deref() {
            Some("LimitExceededException") => RetryAction::RetryForbidden,
            Some("ThrottlingException") => RetryAction::throttling_error(),
            Some(_) | None => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "quota or throttle"
    }

    fn priority(&self) -> RetryClassifierPriority {
        after_the_sdk()
    }
}

/// Lets only throttled calls be sent again: an answer that says so proves that nothing was done.
#[derive(Debug)]
pub(crate) struct OnlyThrottled;

impl ClassifyRetry for OnlyThrottled {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let succeeded = matches!(context.output_or_error(), None | Some(Ok(_)));
        match error_code(context).as_deref() {
            _ if succeeded => RetryAction::NoActionIndicated,
            Some("ThrottlingException" | "Throttling" | "TooManyRequestsException") => {
                RetryAction::throttling_error()
            }
            Some(_) | None => RetryAction::RetryForbidden,
        }
    }

    fn name(&self) -> &'static str {
        "only throttled"
    }

    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(after_the_sdk())
    }
}

/// Keeps the first call of a run from being sent again where its host has no address: a region that
/// does not exist has none, however often it is asked for, and neither has anything without a
/// network. Later calls are sent again, because a name that was found once is found again.
#[derive(Debug)]
pub(crate) struct NoSuchHost;

impl ClassifyRetry for NoSuchHost {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failure = match context.output_or_error() {
            Some(Err(failure)) => failure.as_connector_error(),
            Some(Ok(_)) | None => None,
        };
        if failure.is_some_and(|failure| error::is_no_such_host(failure)) {
            RetryAction::RetryForbidden
        } else {
            RetryAction::NoActionIndicated
        }
    }

    fn name(&self) -> &'static str {
        "no such host"
    }

    fn priority(&self) -> RetryClassifierPriority {
        after_the_sdk()
    }
}

fn after_the_sdk() -> RetryClassifierPriority {
    RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
}

/// The code of an error in one of the JSON protocols.
fn error_code(context: &InterceptorContext) -> Option<String> {
    context.response().and_then(error::code_of_json)
}

/// Makes the client of one service: the crate, which also names its retry partition, the service as
/// IAM spells it in policies, and the most calls at a time.
macro_rules! service {
    ($sdk:expr, $krate:ident, $service:literal, $calls_at_a_time:expr $(, $classifier:expr)?) => {{
        use $krate::config::retry::{RetryPartition, TokenBucket};
        let partition = RetryPartition::custom(concat!("amp-stack-", stringify!($krate)))
            .token_bucket(TokenBucket::new($crate::aws::client::RETRY_TOKENS))
            .build();
        let config = $krate::config::Builder::from($sdk)
            .retry_partition(partition)
            .retry_classifier($crate::aws::client::QuotaOrThrottle)
            $(.retry_classifier($classifier))?
            .interceptor($crate::aws::retrying::RetryObserver { service: $service })
            .build();
        $crate::aws::client::Service::new($krate::Client::from_conf(config), $calls_at_a_time)
    }};
}

pub(crate) use service;
