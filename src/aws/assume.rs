//! Sessions of a role, as which the calls of a stack are made.
//!
//! The SDK has a provider of its own for this (`aws_config::sts::AssumeRoleProvider`). It is not
//! used because what it says of a refusal has neither the request id nor who was refused what, and
//! because its requests know nothing of the retries of this program.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::provider::{
    ProvideCredentials, Result as Provided, error::CredentialsError, future,
};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use tokio::sync::Mutex;

use crate::{
    aws::{
        client::{Service, attempts_asked_for, service, tuned},
        error::{is_denied, unexpected},
        pacer::Pacer,
    },
    model::{
        access::AssumedRole,
        call::{CallError, Class, Effect},
    },
};

const ASSUME_ROLE: &str = "sts:AssumeRole";
/// How long before its end a session is renewed: longer than the SDK's caches wait (10 seconds),
/// and a request that was signed has time to arrive.
const RENEWED_BEFORE: Duration = Duration::from_mins(2);

/// Gives out the credentials of one session after the other, each to all clients that ask.
#[derive(Debug)]
struct Sessions {
    sts: Service<aws_sdk_sts::Client>,
    role: AssumedRole,
    clock: SharedTimeSource,
    current: Mutex<Option<Credentials>>,
}

/// `sdk`, but everything is signed by sessions of `role`, which whoever signs now assumes.
pub(super) fn as_role(sdk: &SdkConfig, role: AssumedRole) -> SdkConfig {
    // A session is asked for while some other request waits its turn already.
    let pacer = Pacer::off(attempts_asked_for(sdk));
    let tuned = &tuned(sdk);
    let sessions = Sessions {
        sts: service!(tuned, aws_sdk_sts, "sts", &pacer),
        role,
        clock: sdk.time_source().unwrap_or_default(),
        current: Mutex::new(None),
    };
    sdk.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(sessions))
        .build()
}

impl ProvideCredentials for Sessions {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.give())
    }
}

impl Sessions {
    async fn give(&self) -> Provided {
        // Whoever comes while a session is asked for waits for it.
        let mut current = self.current.lock().await;
        let now = self.clock.now();
        let lasts = |session: &&Credentials| {
            let end = session.expiry();
            end.is_some_and(|end| end > now + RENEWED_BEFORE)
        };
        if let Some(session) = current.as_ref().filter(lasts) {
            return Ok(session.clone());
        }
        match Box::pin(self.assume()).await {
            Ok(session) => Ok(current.insert(session).clone()),
            Err(error) => Err(CredentialsError::provider_error(error)),
        }
    }

    async fn assume(&self) -> Result<Credentials, CallError> {
        let AssumedRole {
            arn,
            external_id,
            session_name,
            duration_seconds,
        } = &self.role;
        let duration = i32::try_from(*duration_seconds).ok();
        let request = self
            .sts
            .client
            .assume_role()
            .role_arn(arn.to_string())
            .role_session_name(session_name)
            .set_external_id(external_id.clone())
            .set_duration_seconds(duration)
            .send();
        let answer = match self.sts.call(ASSUME_ROLE, request).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.explained(error).await),
        };
        let given = answer.credentials();
        let given =
            given.ok_or_else(|| unexpected(ASSUME_ROLE, "the answer has no credentials"))?;
        let end = SystemTime::try_from(*given.expiration());
        let end = end.map_err(|_| unexpected(ASSUME_ROLE, "the session ends at no moment"))?;
        Ok(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            Some(end),
            "amp-stack",
        ))
    }

    /// `error` with who was refused what, and what to do about it.
    async fn explained(&self, error: CallError) -> CallError {
        let caller = self.caller().await;
        let caller = caller.as_deref().unwrap_or("whoever runs this");
        CallError {
            hint: self.hint(&error, caller).or(error.hint),
            message: format!(
                "{caller} could not assume the role {}: {}",
                self.role.arn, error.message
            ),
            // What needed the session was not sent, and waiting gives nobody a right.
            class: Class::Final,
            effect: Effect::None,
            ..error
        }
    }

    /// Who assumes the role, if that is to be found out.
    async fn caller(&self) -> Option<String> {
        let request = self.sts.client.get_caller_identity().send();
        let answer = self.sts.call("sts:GetCallerIdentity", request).await;
        answer.ok()?.arn().map(str::to_owned)
    }

    fn hint(&self, error: &CallError, caller: &str) -> Option<String> {
        let role = &self.role.arn;
        if caller.ends_with(":root") && is_denied(error.code.as_deref()) {
            return Some("the root user assumes no roles: run this as a user or a role".to_owned());
        }
        if is_denied(error.code.as_deref()) {
            let external_id = match &self.role.external_id {
                Some(id) => format!("with the external id `{id}`"),
                None => {
                    "without an external id (`external_id` in `assume_role` gives one)".to_owned()
                }
            };
            return Some(format!(
                "three things are needed, and STS does not say which is missing: the role {role} exists, its trust policy lets {caller} assume it {external_id}, and a policy of the caller allows sts:AssumeRole on it (`amp-stack permissions --for assume` prints that one)"
            ));
        }
        match error.code.as_deref() {
            // STS API reference, `AssumeRole`, `DurationSeconds`, on role chaining too.
            Some("ValidationError") if error.message.contains("DurationSeconds") => Some(
                "make `duration` in `assume_role` shorter, or leave it out: a session lasts no longer than its role allows (`max_session_duration`, one hour unless it says more), and an hour at most where the caller is the session of a role itself; amp-stack renews it".to_owned(),
            ),
            // The same, Errors.
            Some("RegionDisabledException") => Some(format!(
                "have an administrator of the account {} activate STS in this region (IAM console, account settings)",
                role.account()
            )),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
