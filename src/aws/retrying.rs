//! Telling that the SDK sends a request again, which it does on its own and without a word.

use aws_sdk_iam::config::{
    ConfigBag, Intercept, RuntimeComponents,
    interceptors::{FinalizerInterceptorContextRef, InterceptorContext},
    retry::{ClassifyRetry, RetryAction, RetryConfig},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        orchestrator::Metadata,
        retries::{RequestAttempts, classifiers::RetryReason},
    },
};
use aws_smithy_types::retry::ErrorKind;

use crate::progress::{self, Notice, Trouble};

/// Listens to the attempts of one service's requests.
#[derive(Debug)]
pub(crate) struct RetryObserver {
    /// The service, as IAM spells it in policies: `iam`.
    pub(crate) service: &'static str,
}

impl Intercept for RetryObserver {
    fn name(&self) -> &'static str {
        "telltale"
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let attempts = config
            .load::<RequestAttempts>()
            .map_or(1, RequestAttempts::attempts);
        let most = config
            .load::<RetryConfig>()
            .map_or(1, RetryConfig::max_attempts);
        let trouble = trouble(context.inner(), components);
        if let Some(trouble) = trouble.filter(|_| attempts < most) {
            let request = config.load::<Metadata>().map_or("", Metadata::name);
            progress::tell(Notice::Retrying {
                request: format!("{}:{request}", self.service),
                attempts,
                trouble,
            });
        }
        Ok(())
    }
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
