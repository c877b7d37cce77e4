//! How the kinds live in AWS: each is read and altered by code of its own, in its folder, and the
//! choice between them is made here.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use tokio::sync::{OnceCell, SetOnce};

use crate::{
    aws::{
        Aws,
        tagging::{self, Tagged},
    },
    kinds::{
        any::{Change, Member, Resource, with_kind},
        kind::State,
    },
    model::{
        address::{Address, Kind},
        call::{CallError, Claim, Reply},
        live::{Attributes, Live, TakenName},
        mention::{Mention, Presence},
        query::Query,
        quota::Quota,
        running::Running,
        service::{Service, ServiceName, Wait},
        tags::Owner,
    },
};

/// A kind that is read from AWS and altered there.
pub(crate) trait InAws: State {
    /// Asks early for what the first reading for these queries asks in any case, whosever the
    /// account is.
    fn ask_early(_aws: &Aws, _queries: &[Arc<Query>]) {}

    /// Reads, for each query, what the stack declares by name or owns.
    fn observe(
        reading: &Reading,
    ) -> impl Future<Output = Result<Vec<Seen<Self>>, CallError>> + Send;

    /// Adds to what was `found` a moment ago, for each query, what matters only when something is
    /// removed.
    fn with_remains(
        _reading: &Reading,
        found: Vec<Vec<Live<Self>>>,
    ) -> impl Future<Output = Result<Vec<Vec<Live<Self>>>, CallError>> + Send
    where
        Self: Send,
    {
        async { Ok(found) }
    }

    /// Reads who runs what, if this kind is what runs and one of the queries asks for it.
    fn running(
        _reading: &Reading,
    ) -> impl Future<Output = Result<Option<Running>, CallError>> + Send {
        async { Ok(None) }
    }

    /// Reads the declared services, if this kind is what services run.
    fn services(
        _reading: &Reading,
    ) -> impl Future<Output = Result<BTreeMap<ServiceName, Service>, CallError>> + Send {
        async { Ok(BTreeMap::new()) }
    }

    /// Reads until the rollout that a change has started has ended, or has got as far as it is
    /// waited for.
    fn follow(
        _aws: &Aws,
        _rollout: &Follow<'_>,
    ) -> impl Future<Output = Result<Reply, CallError>> + Send {
        async { Ok(Reply::default()) }
    }

    /// Performs one change, and reads until it has taken effect.
    fn perform(
        aws: &Aws,
        target: &Target<'_>,
        change: &Self::Change,
    ) -> impl Future<Output = Result<Reply, CallError>> + Send;
}

/// What a change is made to, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    /// The name of the role or log group, the family, or the id of the workspace (empty until it is
    /// created).
    pub(crate) name: &'a str,
    /// The client token, which is the same for every attempt.
    pub(crate) token: &'a str,
    /// What the run knows of who is to create what the change creates.
    pub(crate) claim: Claim,
    /// The operation, as IAM spells it in policies.
    pub(crate) operation: &'static str,
    /// The number of the newest revision, if it has revisions and that is known.
    pub(crate) revision: Option<u32>,
}

/// A rollout that was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Follow<'a> {
    /// What stands in the stack file.
    pub(crate) address: &'a Address,
    /// The service.
    pub(crate) service: &'a ServiceName,
    /// The family of the revision.
    pub(crate) family: &'a str,
    /// The revision.
    pub(crate) revision: u32,
    /// What the service ran before, if that is known.
    pub(crate) from: Option<u32>,
    /// The deployment that the call started, if the answer named one.
    pub(crate) deployment: Option<&'a str>,
    /// The operation that started it.
    pub(crate) operation: &'static str,
    /// Until when to wait.
    pub(crate) wait: Wait,
    /// For how long at most, if not for as long as the steps of the deployment take.
    pub(crate) timeout: Option<Duration>,
}

/// What one query has found of a kind.
#[derive(Clone, Debug)]
pub(crate) struct Seen<R> {
    /// The resources that the query is about.
    pub(crate) found: Vec<Live<R>>,
    /// Everything that has a name, of a kind whose names are unique across the account.
    pub(crate) names: Vec<TakenName>,
    /// What of the mentions in the query this reading has found out.
    pub(crate) mentions: BTreeMap<Mention, Presence>,
    /// How many there are of what a quota counts, of a kind of which all are listed.
    pub(crate) counted: Option<(Quota, usize)>,
}

impl<R> Seen<R> {
    /// Resources of a kind whose names clash with no other stack's.
    pub(crate) fn of(found: Vec<Live<R>>) -> Self {
        Self {
            found,
            names: Vec::new(),
            mentions: BTreeMap::new(),
            counted: None,
        }
    }

    fn map<S>(self, convert: fn(R) -> S) -> Seen<S> {
        let found = self.found.into_iter();
        Seen {
            found: found.map(|live| live.map(convert)).collect(),
            names: self.names,
            mentions: self.mentions,
            counted: self.counted,
        }
    }
}

/// One reading of AWS for several queries.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) aws: Aws,
    /// Shared, because each task of the reading holds one, and a query names the whole stack.
    pub(crate) queries: Vec<Arc<Query>>,
    /// What the tagging API says, which one call answers for several kinds.
    tagged: OnceCell<Result<Vec<Tagged>, CallError>>,
    /// The declared services, which also say which revision counts.
    services: OnceCell<Result<BTreeMap<ServiceName, Service>, CallError>>,
    /// What is each stack's, by kind, once that kind has been read.
    ours: BTreeMap<Kind, SetOnce<Vec<Ours>>>,
}

/// The attributes of what lives and is a stack's.
pub(crate) type Ours = BTreeMap<Address, Attributes>;

impl Reading {
    pub(crate) fn new(aws: &Aws, queries: &[Query]) -> Self {
        Self {
            aws: aws.clone(),
            queries: queries.iter().cloned().map(Arc::new).collect(),
            tagged: OnceCell::new(),
            services: OnceCell::new(),
            ours: Kind::ALL.map(|kind| (kind, SetOnce::new())).into(),
        }
    }

    /// The declared services, which `read` reads once.
    pub(crate) async fn services<F>(
        &self,
        read: impl FnOnce() -> F,
    ) -> Result<BTreeMap<ServiceName, Service>, CallError>
    where
        F: Future<Output = Result<BTreeMap<ServiceName, Service>, CallError>>,
    {
        self.services.get_or_init(read).await.clone()
    }

    /// For each query, what the tagging API says is the stack's.
    pub(crate) async fn tagged(&self) -> Result<&[Tagged], CallError> {
        let ask = || tagging::observe(&self.aws, &self.queries);
        let tagged = self.tagged.get_or_init(ask).await.as_ref();
        tagged.map(Vec::as_slice).map_err(CallError::clone)
    }

    /// For each query, the attributes of what is the stack's and of `kind`, once that kind has been
    /// read. Whoever waits for a kind that can't be read is ended with the whole reading.
    pub(crate) async fn ours(&self, kind: Kind) -> &[Ours] {
        self.ours[&kind].wait().await
    }

    /// Takes note of what was found of a kind.
    fn note(&self, kind: Kind, seen: &[Seen<Resource>]) {
        let ours = self.queries.iter().zip(seen).map(|(query, seen)| {
            let found = seen.found.iter().filter_map(|found| {
                let Owner::Ours(address) = &found.owner else {
                    return None;
                };
                let attributes = found
                    .resource
                    .attributes(&query.identity, &found.attributes);
                Some((address.clone(), attributes))
            });
            found.collect()
        });
        // A kind is read once in a reading.
        _ = self.ours[&kind].set(ours.collect());
    }
}

/// Asks early for what the first reading for these queries asks in any case, whosever the account
/// is.
pub(crate) fn ask_early(aws: &Aws, queries: &[Arc<Query>]) {
    for kind in Kind::ALL {
        with_kind!(kind, K => K::ask_early(aws, queries));
    }
    tagging::ask_early(aws, queries);
}

/// Reads everything of one kind that each query is about.
pub(crate) async fn observe(
    kind: Kind,
    reading: &Reading,
) -> Result<Vec<Seen<Resource>>, CallError> {
    let seen: Vec<Seen<Resource>> = with_kind!(kind, K => {
        let seen = K::observe(reading).await?;
        let of_any_kind = |seen: Seen<K>| seen.map(K::into_resource);
        seen.into_iter().map(of_any_kind).collect()
    });
    reading.note(kind, &seen);
    Ok(seen)
}

/// Returns what of `found`, for each query, is of one kind, and adds what matters only when
/// something is removed.
pub(crate) async fn with_remains(
    kind: Kind,
    reading: &Reading,
    found: &[Vec<Live<Resource>>],
) -> Result<Vec<Vec<Live<Resource>>>, CallError> {
    with_kind!(kind, K => {
        let of_kind = |live: &Live<Resource>| {
            let state = K::of(&live.resource)?.clone();
            Some(live.with(state))
        };
        let found = found.iter().map(|found| found.iter().filter_map(of_kind).collect());
        let found = K::with_remains(reading, found.collect()).await?;
        let of_any_kind = |found: Vec<Live<K>>| {
            let found = found.into_iter().map(|live| live.map(K::into_resource));
            found.collect()
        };
        Ok(found.into_iter().map(of_any_kind).collect())
    })
}

/// Reads who runs something of one kind, if a query asks for it.
pub(crate) async fn running(kind: Kind, reading: &Reading) -> Result<Option<Running>, CallError> {
    with_kind!(kind, K => K::running(reading).await)
}

/// Reads the declared services, if services run what is of this kind.
pub(crate) async fn services(
    kind: Kind,
    reading: &Reading,
) -> Result<BTreeMap<ServiceName, Service>, CallError> {
    with_kind!(kind, K => K::services(reading).await)
}

/// Reads until a rollout of something of one kind has ended, or has got as far as it is waited for.
pub(crate) async fn follow(
    aws: &Aws,
    kind: Kind,
    rollout: &Follow<'_>,
) -> Result<Reply, CallError> {
    with_kind!(kind, K => K::follow(aws, rollout).await)
}

/// Performs one change to `target`, and reads until it has taken effect.
pub(crate) async fn perform(
    aws: &Aws,
    target: &Target<'_>,
    change: &Change,
) -> Result<Reply, CallError> {
    with_kind!(change.kind(), K => {
        let change = K::call_of(change).expect("it is of its kind");
        K::perform(aws, target, change).await
    })
}

#[cfg(test)]
impl crate::aws::script::Script {
    /// Performs one change.
    pub(crate) async fn perform(&self, name: &str, change: Change) -> Result<Reply, CallError> {
        let aws = self.aws();
        let target = Target {
            name,
            token: "token-1",
            claim: Claim::Alone,
            operation: change.operation(),
            revision: None,
        };
        perform(&aws, &target, &change).await
    }
}
