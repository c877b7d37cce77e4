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
    config_in(sandbox, "eu-west-1")
}

/// The same in `region`.
pub(crate) fn config_in(sandbox: &Sandbox, region: &str) -> SdkConfig {
    // Where the sandbox verifies signatures, each access key is its own secret.
    let credentials = Credentials::new("AKIASANDBOX", "AKIASANDBOX", None, None, "sandbox");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(sandbox.http_client())
        .build()
}
