//! Bodies as they are on the wire, so that members which the SDK does not know are neither lost nor
//! invented.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_ecs::{
    config::{
        ConfigBag, Intercept, RuntimeComponents,
        interceptors::AfterDeserializationInterceptorContextRef,
    },
    error::BoxError,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use serde_json::Value;

/// Captures the body of the last successful answer of the operation that it intercepts.
#[derive(Clone, Debug, Default)]
pub(crate) struct RawBodyCapture(Arc<Mutex<Option<Value>>>);

impl RawBodyCapture {
    /// The body, unless there was no answer or one that is not JSON.
    pub(crate) fn take(&self) -> Option<Value> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Intercept for RawBodyCapture {
    fn name(&self) -> &'static str {
        "raw body capture"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if context.output_or_error().is_ok() {
            let bytes = context.response().body().bytes().unwrap_or_default();
            let body = serde_json::from_slice(bytes).ok();
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = body;
        }
        Ok(())
    }
}

/// Makes `body` the body of `request`, which is not signed yet.
pub(crate) fn replace_body(request: &mut HttpRequest, body: &str) {
    request
        .headers_mut()
        .insert("content-length", body.len().to_string());
    *request.body_mut() = SdkBody::from(body);
}
