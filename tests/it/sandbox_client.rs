//! SDK configurations that lead into a sandbox.

use amp_stack_sandbox::{Sandbox, Settings};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};

/// An empty account in which nothing goes wrong.
pub(crate) fn quiet() -> Sandbox {
    Sandbox::open(Settings::default()).expect("a sandbox without a file opens")
}

/// What all clients of a test share.
pub(crate) fn config(sandbox: &Sandbox) -> SdkConfig {
    let credentials = Credentials::new("AKIASANDBOX", "secret", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(sandbox.http_client())
        .build()
}
