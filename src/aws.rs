//! AWS itself, through its SDK.

mod assume;
pub(crate) mod client;
pub(crate) mod counts;
mod early;
pub(crate) mod error;
pub mod grafana;
pub mod http;
pub(crate) mod joined;
pub(crate) mod json;
pub(crate) mod mentions;
pub(crate) mod pacer;
mod passing;
pub(crate) mod prometheus;
pub(crate) mod quotas;
pub(crate) mod raw;
mod retrying;
#[cfg(test)]
pub(crate) mod script;
mod signed;
pub(crate) mod simulate;
pub(crate) mod tagging;
#[cfg(test)]
mod tests;
pub(crate) mod workload;

use std::{collections::BTreeMap, panic::resume_unwind, sync::Arc, time::SystemTime};

use aws_config::{
    BehaviorVersion, Region, SdkConfig, default_provider::region,
    profile::ProfileFileCredentialsProvider, provider_config::ProviderConfig,
};
use aws_sdk_ecs::operation::delete_task_definitions::DeleteTaskDefinitionsOutput;
use aws_sdk_sts::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::{sync::OnceCell, task::JoinSet};

use crate::model::{
    access::AssumedRole,
    call::CallError,
    identity::Identity,
    live::Fact,
    rate::Overrides,
    region::{RegionName, nearest_region},
    tags::{ADDRESS_TAG, DIGEST_TAG, REGION_TAG, STACK_TAG, Tags, is_reserved},
    template::Template,
};
use client::{Service, attempts_asked_for, service, tuned};
use early::Early;
use joined::Joined;
use json::Json;
use pacer::Pacer;
use prometheus::Prometheus;

const GET_CALLER_IDENTITY: &str = "sts:GetCallerIdentity";

/// Where and as whom to connect; what is `None` is found as every AWS tool finds it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The name of a profile of the shared AWS configuration.
    pub profile: Option<String>,
    /// The role that is assumed with these credentials, as which all calls are made.
    pub role: Option<AssumedRole>,
    /// The region.
    pub region: Option<String>,
    /// What the account's quotas are, where they are not those that AWS publishes.
    pub rates: Overrides,
}

/// AWS, as one principal sees it in one region. Clones are handles of the same connection.
#[derive(Clone, Debug)]
pub struct Aws {
    pub(crate) amp: Service<aws_sdk_amp::Client>,
    pub(crate) ecs: Service<aws_sdk_ecs::Client>,
    /// Deletions of task definitions that wait for their turn.
    pub(crate) deletions: Joined<DeleteTaskDefinitionsOutput>,
    pub(crate) iam: Service<aws_sdk_iam::Client>,
    pub(crate) logs: Service<aws_sdk_cloudwatchlogs::Client>,
    pub(crate) prometheus: Prometheus,
    pub(crate) json: Service<Arc<Json>>,
    sts: Service<aws_sdk_sts::Client>,
    pub(crate) tagging: Service<aws_sdk_resourcegroupstagging::Client>,
    region: Option<String>,
    /// Whether no other endpoint was named, where regions may have any name.
    names_regions: bool,
    clock: SharedTimeSource,
    identity: Arc<OnceCell<Identity>>,
    early: Early,
    reads_fully: bool,
}

impl Aws {
    /// Connects with the settings of the environment and of the shared AWS configuration:
    /// credentials, region, endpoint and proxy.
    pub async fn connect(options: Options) -> Self {
        let mut loader = aws_config::defaults(BehaviorVersion::latest());
        if let Some(profile) = options.profile {
            let credentials = profile_credentials(&profile, options.region.as_deref()).await;
            loader = loader
                .profile_name(profile)
                .credentials_provider(credentials);
        }
        if let Some(region) = options.region {
            loader = loader.region(Region::new(region));
        }
        let mut sdk = loader.load().await;
        if let Some(role) = options.role {
            sdk = assume::as_role(&sdk, role);
        }
        let pacer = Pacer::new(options.rates, attempts_asked_for(&sdk));
        Self::with(&sdk, &pacer)
    }

    /// Connects through `http` to something in this process that stands in for AWS in `region`,
    /// with its own time; `key`, which is its own secret, signs, or a session of `role` that it
    /// assumes. Nothing is looked for: no credentials, no profile, no endpoint. It has the rates of
    /// AWS, or takes whatever comes.
    pub fn through(
        http: SharedHttpClient,
        region: String,
        clock: SharedTimeSource,
        rates: Option<Overrides>,
        (key, role): (&str, Option<AssumedRole>),
    ) -> Self {
        let nobody = Credentials::new(key, key, None, None, "sandbox");
        let sdk = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(nobody))
            .time_source(clock)
            .http_client(http)
            .build();
        let sdk = match role {
            None => sdk,
            Some(role) => assume::as_role(&sdk, role),
        };
        let pacer = rates.map_or_else(|| Pacer::off(0), |rates| Pacer::new(rates, 0));
        Self::with(&sdk, &pacer)
    }

    /// Connects with settings that are ready, HTTP client and clock included.
    pub fn new(sdk: &SdkConfig) -> Self {
        let pacer = Pacer::new(Overrides::default(), attempts_asked_for(sdk));
        Self::with(sdk, &pacer)
    }

    fn with(sdk: &SdkConfig, pacer: &Pacer) -> Self {
        let sdk = &tuned(sdk);
        Self {
            amp: service!(sdk, aws_sdk_amp, "aps", pacer),
            ecs: service!(sdk, aws_sdk_ecs, "ecs", pacer),
            deletions: Joined::default(),
            iam: service!(sdk, aws_sdk_iam, "iam", pacer),
            logs: service!(sdk, aws_sdk_cloudwatchlogs, "logs", pacer),
            prometheus: Prometheus::new(sdk),
            json: Service::new(Arc::new(Json::new(sdk)), pacer),
            sts: service!(sdk, aws_sdk_sts, "sts", pacer, client::NoSuchHost),
            tagging: service!(sdk, aws_sdk_resourcegroupstagging, "tag", pacer),
            region: sdk.region().map(ToString::to_string),
            names_regions: sdk.endpoint_url().is_none(),
            clock: sdk.time_source().unwrap_or_default(),
            identity: Arc::default(),
            early: Early::default(),
            reads_fully: false,
        }
    }

    /// The same connection, which describes everything instead of believing digests if `fully`.
    #[must_use]
    pub fn reading_fully(mut self, fully: bool) -> Self {
        self.reads_fully = fully;
        self
    }

    /// Whether everything is described, whatever digests say.
    pub(crate) fn reads_fully(&self) -> bool {
        self.reads_fully
    }

    /// The time of the clock that also signs the calls.
    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Asks AWS who is calling. The account and the partition come from the caller's ARN, the
    /// region from the settings; the answer is kept.
    pub async fn identity(&self) -> Result<Identity, CallError> {
        let ask = || self.ask_identity();
        self.identity.get_or_try_init(ask).await.cloned()
    }

    /// Asks AWS for the ARN of whoever calls.
    pub(crate) async fn caller_arn(&self) -> Result<String, CallError> {
        let operation = GET_CALLER_IDENTITY;
        let request = self.sts.client.get_caller_identity().send();
        let answer = self.sts.call(operation, request).await?;
        let arn = answer.arn().map(str::to_owned);
        arn.ok_or_else(|| error::unexpected(operation, "the answer names no caller"))
    }

    /// The region, unless none is set, or one that can't be.
    #[expect(
        clippy::result_large_err,
        reason = "whoever asks for the identity gets it as every failed call"
    )]
    pub(crate) fn region(&self) -> Result<String, CallError> {
        let operation = GET_CALLER_IDENTITY;
        let region = self.region.clone().ok_or_else(|| CallError {
            hint: Some("name one with --region, AWS_REGION, or `region` in `[stack]` or in the profile; --sandbox takes none and no credentials".to_owned()),
            ..error::unexpected(operation, "no region is set")
        })?;
        if self.names_regions && RegionName::of(&region) == RegionName::Misspelt {
            let near = nearest_region(&region);
            return Err(CallError {
                hint: Some(near.map_or_else(
                    || "regions are spelled like us-east-1 or ap-northeast-2".to_owned(),
                    |near| format!("did you mean {near}?"),
                )),
                ..error::unexpected(operation, format!("`{region}` is not the name of a region"))
            });
        }
        Ok(region)
    }

    async fn ask_identity(&self) -> Result<Identity, CallError> {
        let operation = GET_CALLER_IDENTITY;
        let region = self.region()?;
        let request = self.sts.client.get_caller_identity().send();
        let answer = self.sts.call(operation, request).await?;
        let arn: Vec<&str> = answer.arn().unwrap_or_default().split(':').collect();
        let (["arn", partition, ..], Some(account)) = (arn.as_slice(), answer.account()) else {
            return Err(error::unexpected(operation, "the answer names no account"));
        };
        Ok(Identity {
            account: account.to_owned(),
            region,
            partition: (*partition).to_owned(),
        })
    }
}

/// The credentials of a profile, and of nothing else.
///
/// What is asked for by name wins over the environment (AWS CLI user guide, "Configuring settings
/// for the AWS CLI", precedence), whereas the SDK's own chain takes the keys in the environment
/// before those of any profile.
async fn profile_credentials(
    profile: &str,
    region: Option<&str>,
) -> ProfileFileCredentialsProvider {
    let region = if let Some(region) = region {
        Some(Region::new(region.to_owned()))
    } else {
        let chain = region::Builder::default().profile_name(profile).build();
        chain.region().await
    };
    ProfileFileCredentialsProvider::builder()
        .configure(&ProviderConfig::without_region().with_region(region))
        .profile_name(profile)
        .build()
}

/// Runs `work` on every item at once and returns the results in the order of the items; the first
/// failure ends all.
pub(crate) async fn all<I, T, F>(
    items: impl IntoIterator<Item = I>,
    work: impl Fn(I) -> F,
) -> Result<Vec<T>, CallError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, CallError>> + Send + 'static,
{
    let mut running = JoinSet::new();
    for (index, item) in items.into_iter().enumerate() {
        let work = work(item);
        running.spawn(async move { (index, work.await) });
    }
    let mut results = BTreeMap::new();
    while let Some(joined) = running.join_next().await {
        // Nothing cancels these tasks while this function runs, so the only other outcome is a
        // panic, which goes on here.
        let (index, result) = joined.unwrap_or_else(|stop| resume_unwind(stop.into_panic()));
        results.insert(index, result?);
    }
    Ok(results.into_values().collect())
}

/// Returns whether a tag belongs to the state of what carries it: it is neither AWS's nor only a
/// hint for the next reading.
pub(crate) fn is_of_state(key: &str) -> bool {
    !is_reserved(key) && key != DIGEST_TAG
}

/// The tags of a live resource that belong to its state.
pub(crate) fn live_tags(tags: &BTreeMap<String, String>) -> Tags {
    tags.iter()
        .filter(|(key, _)| is_of_state(key))
        .map(|(key, value)| (key.clone(), Template::from(value.as_str())))
        .collect()
}

/// The tags of a live resource that AWS owns, if there are any.
pub(crate) fn tags_of_aws(tags: &BTreeMap<String, String>) -> Option<Fact> {
    let reserved = tags.iter().filter(|(key, _)| is_reserved(key));
    let reserved: BTreeMap<String, String> =
        reserved.map(|(k, v)| (k.clone(), v.clone())).collect();
    (!reserved.is_empty()).then_some(Fact::TagsOfAws(reserved))
}

/// The tags of a change, in which everything is known.
pub(crate) fn plain_tags(tags: &Tags) -> BTreeMap<String, String> {
    tags.iter()
        .map(|(key, value)| (key.clone(), value.to_string()))
        .collect()
}

/// Returns whether a live resource carries the ownership tags of a wanted one: what was to be made
/// is there already, and is ours.
pub(crate) fn same_owner(live: &BTreeMap<String, String>, want: &Tags) -> bool {
    let same = |key: &str| {
        let want = want.get(key).map(Template::to_string);
        want.as_ref() == live.get(key)
    };
    want.contains_key(ADDRESS_TAG) && [STACK_TAG, ADDRESS_TAG, REGION_TAG].into_iter().all(same)
}
