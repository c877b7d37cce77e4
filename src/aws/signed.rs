//! Signed requests to services that the SDK has no client for, or whose client is not worth its
//! time here: all that clients are made of, but for the service.

use aws_config::SdkConfig;
use aws_runtime::auth::{SigV4OperationSigningConfig, sigv4};
use aws_sdk_sts::config::{Layer, RuntimeComponentsBuilder, SharedIdentityCache};
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime_api::client::{
    auth::{AuthSchemeOptionResolverParams, static_resolver::StaticAuthSchemeOptionResolver},
    http::SharedHttpClient,
    identity::SharedIdentityResolver,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_types::{SigningName, region::SigningRegion};

/// Who sends and who signs.
#[derive(Clone, Debug)]
pub(crate) struct Signed {
    http: Option<SharedHttpClient>,
    /// Whoever signs, with a cache that outlives a request.
    signer: Option<SharedIdentityResolver>,
    identities: SharedIdentityCache,
}

impl Signed {
    pub(crate) fn new(sdk: &SdkConfig) -> Self {
        Self {
            http: sdk.http_client(),
            signer: sdk.credentials_provider().map(SharedIdentityResolver::new),
            identities: IdentityCache::lazy().build(),
        }
    }

    /// Who sends.
    pub(crate) fn http(&self) -> Option<SharedHttpClient> {
        self.http.clone()
    }

    /// What makes an operation send its requests, signed for `service` in `region`.
    pub(crate) fn plugin(&self, service: &'static str, region: &str) -> StaticRuntimePlugin {
        let region = aws_config::Region::new(region.to_owned());
        let signing = SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(region)),
            name: Some(SigningName::from_static(service)),
            ..SigV4OperationSigningConfig::default()
        };
        let mut layer = Layer::new(service);
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        layer.store_put(signing);
        let schemes = StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID]);
        let mut components = RuntimeComponentsBuilder::new(service)
            .with_auth_scheme(sigv4::SigV4AuthScheme::new())
            .with_auth_scheme_option_resolver(Some(schemes))
            .with_identity_cache(Some(self.identities.clone()))
            .with_http_client(self.http.clone());
        if let Some(signer) = &self.signer {
            components = components.with_identity_resolver(sigv4::SCHEME_ID, signer.clone());
        }
        StaticRuntimePlugin::new()
            .with_config(layer.freeze())
            .with_runtime_components(components)
    }
}

/// The host and port of a URL.
pub(crate) fn authority(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
