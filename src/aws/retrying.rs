//! What becomes of each attempt of a request, which the SDK makes on its own and without a word:
//! the log has a line of every attempt, and whoever listens hears that a request is sent again.

use std::time::Duration;

use aws_sdk_iam::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::{
        BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef, InterceptorContext,
    },
    retry::{ClassifyRetry, RetryAction},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        orchestrator::{HttpResponse, Metadata},
        retries::{RequestAttempts, classifiers::RetryReason},
    },
};
use aws_smithy_types::{
    config_bag::{Storable, StoreReplace},
    retry::ErrorKind,
};
use tokio::time::Instant;

use crate::{
    aws::{
        error,
        pacer::{self, Ended},
    },
    progress::{self, Notice, Trouble},
};

/// When an attempt began.
#[derive(Debug)]
struct Began(Instant);

impl Storable for Began {
    type Storer = StoreReplace<Self>;
}

/// Listens to the attempts of one service's requests.
#[derive(Debug)]
pub(crate) struct RetryObserver {
    /// The service, as IAM spells it in policies: `iam`.
    pub(crate) service: &'static str,
}

impl Intercept for RetryObserver {
    fn name(&self) -> &'static str {
        "retry observer"
    }

    fn read_before_attempt(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        config.interceptor_state().store_put(Began(Instant::now()));
        pacer::attempting(attempts(config) == 1);
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempts = attempts(config);
        let request = self.request(config);
        let took = config.load::<Began>().map(|began| began.0.elapsed());
        log(&request, attempts, took, context.inner());
        pacer::ended(ended(context.inner()));
        if let Some(trouble) = trouble(context.inner(), components) {
            tracing::debug!(
                operation = request,
                attempt = attempts,
                ?trouble,
                "sent again"
            );
            progress::emit(Notice::Retrying {
                request,
                attempts,
                trouble,
            });
        }
        Ok(())
    }
}

impl RetryObserver {
    /// The operation that `config` is of, as IAM spells it in policies.
    fn request(&self, config: &ConfigBag) -> String {
        let request = config.load::<Metadata>().map_or("", Metadata::name);
        format!("{}:{request}", self.service)
    }
}

/// Which attempt of a request it is, from 1.
fn attempts(config: &ConfigBag) -> u32 {
    let attempts = config.load::<RequestAttempts>();
    attempts.map_or(1, RequestAttempts::attempts)
}

fn ended(context: &InterceptorContext) -> Ended {
    if matches!(context.output_or_error(), Some(Ok(_))) {
        return Ended::Well;
    }
    let code = context.response().and_then(error::code_of_response);
    if code.is_some_and(|code| error::is_throttle(&code)) {
        Ended::Throttled
    } else {
        Ended::Failed
    }
}

/// Writes a line about an attempt that has ended. Nothing that was sent or answered is in it but
/// names: bodies may hold secrets.
fn log(operation: &str, attempt: u32, took: Option<Duration>, context: &InterceptorContext) {
    let response = context.response();
    let request_id = response.and_then(request_id).unwrap_or("none");
    let status = response.map(|response| response.status().as_u16());
    let code = response.and_then(error::code_of_response);
    let code = match context.output_or_error() {
        Some(Ok(_)) => "ok",
        _ if response.is_none() => "no answer",
        Some(Err(_)) | None => code.as_deref().unwrap_or("unknown"),
    };
    tracing::debug!(
        operation,
        attempt,
        duration_ms = took.map(|took| took.as_millis()),
        request_id,
        status,
        code,
        "called"
    );
}

/// The id of a request, under which AWS support finds it. The services that amp-stack calls send it
/// in this header (AWS SDK for Rust, `aws-types`, `request_id`, which looks for the same).
fn request_id(response: &HttpResponse) -> Option<&str> {
    let headers = response.headers();
    headers
        .get("x-amzn-requestid")
        .or_else(|| headers.get("x-amz-request-id"))
}

/// What happened to the attempt, if that is a reason to make another one. The classifiers are asked
/// in their order and overrule each other, as the SDK itself has them do.
fn trouble(context: &InterceptorContext, components: &RuntimeComponents) -> Option<Trouble> {
    let mut action = RetryAction::NoActionIndicated;
    for classifier in components.retry_classifiers() {
        match classifier.classify_retry_v2(context, &action) {
            RetryAction::NoActionIndicated => {}
            RetryAction::RetryForbidden => return None,
            // The SDK's enum is open.
            indicated @ RetryAction::RetryIndicated(_) | indicated => action = indicated,
        }
    }
    let RetryAction::RetryIndicated(RetryReason::RetryableError { kind, .. }) = action else {
        return None;
    };
    Some(match kind {
        ErrorKind::ThrottlingError => Trouble::Throttled,
        ErrorKind::ServerError => Trouble::ServerError,
        // The SDK knows some failures of a server by their status alone, and takes them for those
        // of the network. Its enum is open.
        ErrorKind::TransientError | ErrorKind::ClientError | _ => {
            if context.response().is_some() {
                Trouble::ServerError
            } else {
                Trouble::NoAnswer
            }
        }
    })
}
