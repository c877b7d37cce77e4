//! The SDK's clients: how often and how long they try, and when each of their calls may be sent.

use std::{future::Future, time::Duration};

use aws_config::{AppName, SdkConfig};
use aws_sdk_iam::{
    config::{
        interceptors::InterceptorContext,
        retry::{ClassifyRetry, RetryAction, RetryConfig},
        timeout::TimeoutConfig,
    },
    error::{ProvideErrorMetadata, SdkError},
};
use aws_smithy_runtime_api::client::retries::classifiers::{RetryClassifierPriority, RetryReason};
use aws_smithy_types::retry::ErrorKind;

use crate::{
    aws::{error, pacer, pacer::Pacer},
    model::call::CallError,
};

/// How long one attempt may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// More attempts than [`Patience`] lets a request have, which decides. The SDK goes through their
/// number to find out how long it may take to load credentials, so it must not be without bound.
const MOST_ATTEMPTS: u32 = 1_000;
/// The tokens that pay for the retries of one service. The SDK's own 500 run dry under throttling,
/// which then fails calls that would have succeeded; how often a request is sent again is
/// [`Patience`]'s business.
pub(crate) const RETRY_TOKENS: usize = 100_000_000;

/// The client of one service, and what says when its calls may be sent.
#[derive(Clone, Debug)]
pub(crate) struct Service<C> {
    pub(crate) client: C,
    pacer: Pacer,
}

impl<C: Sync> Service<C> {
    pub(crate) fn new(client: C, pacer: &Pacer) -> Self {
        Self {
            client,
            pacer: pacer.clone(),
        }
    }

    /// Sends `request`, which is `operation` as IAM spells it in policies, once its turn has come.
    pub(crate) fn send<'a, O, E>(
        &'a self,
        operation: &'a str,
        request: impl Future<Output = Result<O, SdkError<E>>> + Send + 'a,
    ) -> impl Future<Output = Result<O, SdkError<E>>> + Send + 'a {
        // The SDK's futures take kilobytes, which would add up in every function that awaits one.
        let request = Box::pin(request);
        self.pacer.send(operation, request)
    }

    /// Returns whether a request of `operation`, as IAM spells it in policies, would have to wait
    /// for its turn.
    pub(crate) fn has_to_wait(&self, operation: &str) -> bool {
        self.pacer.has_to_wait(operation)
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
        let answer = self.send(operation, request);
        async move {
            let answer = answer.await;
            answer.map_err(|failure| error::call_error(operation, &failure))
        }
    }
}

/// How often the user wants a request to be sent (`AWS_MAX_ATTEMPTS`).
pub(crate) fn attempts_asked_for(sdk: &SdkConfig) -> u32 {
    sdk.retry_config().map_or(0, RetryConfig::max_attempts)
}

/// `sdk` with amp-stack's retries, timeouts and name. What the user has set of the timeouts is
/// kept. An endpoint that somebody named (`AWS_ENDPOINT_URL`) is asked as often as AWS: it may be a
/// VPC endpoint, behind which is AWS.
pub(crate) fn tuned(sdk: &SdkConfig) -> SdkConfig {
    let ours = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT);
    let timeouts = sdk
        .timeout_config()
        .map_or_else(TimeoutConfig::builder, TimeoutConfig::to_builder)
        .take_unset_from(ours);
    sdk.to_builder()
        .retry_config(RetryConfig::standard().with_max_attempts(MOST_ATTEMPTS))
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
            Some(code) if error::is_throttle(code) => RetryAction::throttling_error(),
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

/// Ends the attempts of a request: one that is throttled is sent again for as long as AWS takes any
/// of its kind, everything else a few times.
#[derive(Debug)]
pub(crate) struct Patience;

impl ClassifyRetry for Patience {
    fn classify_retry(&self, _context: &InterceptorContext) -> RetryAction {
        RetryAction::NoActionIndicated
    }

    fn classify_retry_v2(&self, _: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        let RetryAction::RetryIndicated(reason) = previous else {
            return RetryAction::NoActionIndicated;
        };
        let is_throttled = matches!(
            reason,
            RetryReason::RetryableError {
                kind: ErrorKind::ThrottlingError,
                ..
            }
        );
        let may = if is_throttled {
            pacer::throttled_may_be_sent_again()
        } else {
            pacer::failed_may_be_sent_again()
        };
        if may {
            RetryAction::NoActionIndicated
        } else {
            RetryAction::RetryForbidden
        }
    }

    fn name(&self) -> &'static str {
        "patience"
    }

    fn priority(&self) -> RetryClassifierPriority {
        // After all that indicate something.
        let classifiers = RetryClassifierPriority::run_after(after_the_sdk());
        RetryClassifierPriority::run_after(classifiers)
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
/// IAM spells it in policies, and what says when its calls may be sent.
macro_rules! service {
    ($sdk:expr, $krate:ident, $service:literal, $pacer:expr $(, $classifier:expr)?) => {{
        use $krate::config::retry::{RetryPartition, TokenBucket};
        let partition = RetryPartition::custom(concat!("amp-stack-", stringify!($krate)))
            .token_bucket(TokenBucket::new($crate::aws::client::RETRY_TOKENS))
            .build();
        let config = $krate::config::Builder::from($sdk)
            .retry_partition(partition)
            .retry_classifier($crate::aws::client::QuotaOrThrottle)
            $(.retry_classifier($classifier))?
            .retry_classifier($crate::aws::client::Patience)
            .interceptor($crate::aws::retrying::RetryObserver { service: $service })
            .build();
        $crate::aws::client::Service::new($krate::Client::from_conf(config), $pacer)
    }};
}

pub(crate) use service;
