//! Calls that go to AWS in one request while it makes them wait: what takes a list takes the things
//! of several callers.
//!
//! Whoever need not wait is sent alone and at once. Whoever has to joins a line. The first one in
//! it waits for a turn of the rate, and then takes along as many as fit of those behind it, so that
//! one turn serves them all. Nobody waits longer than alone: a turn that is taken for others is one
//! that they would have taken before.
//!
//! What joined is only how it was sent. A request that fails as a whole may do so because of one of
//! them (somebody may delete one family and not the other), so each is then sent again alone, and
//! has an answer of its own.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_sdk_iam::error::{ProvideErrorMetadata, SdkError};
use tokio::sync::oneshot::{self, error::TryRecvError};

use crate::{aws::client::Service, model::call::CallError};

/// The line of one operation. Clones are handles of the same line.
#[derive(Debug)]
pub(crate) struct Joined<O>(Arc<Shared<O>>);

#[derive(Debug)]
struct Shared<O> {
    waiting: Mutex<VecDeque<Waiting<O>>>,
    /// Held by the first one in the line, until its request is answered.
    first: tokio::sync::Mutex<()>,
}

/// Somebody who waits for an answer.
#[derive(Debug)]
struct Waiting<O> {
    things: Vec<String>,
    answer: oneshot::Sender<Result<O, CallError>>,
}

/// An operation that takes a list.
#[derive(Debug)]
pub(crate) struct Listing<'a, C> {
    pub(crate) service: &'a Service<C>,
    /// As IAM spells it in policies.
    pub(crate) operation: &'a str,
    /// The most things of one request.
    pub(crate) most: usize,
}

/// Not derived: an answer need not be cloned for that.
impl<O> Clone for Joined<O> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<O> Default for Joined<O> {
    fn default() -> Self {
        Self(Arc::new(Shared {
            waiting: Mutex::default(),
            first: tokio::sync::Mutex::default(),
        }))
    }
}

impl<O: Clone + Send> Joined<O> {
    /// Sends `request` of `things`, at most `listing.most` of them, alone or with those of others,
    /// and returns the answer to all that were sent together.
    pub(crate) async fn send<C, E, F>(
        &self,
        listing: &Listing<'_, C>,
        things: Vec<String>,
        request: impl Fn(Vec<String>) -> F + Send + Sync,
    ) -> Result<O, CallError>
    where
        C: Sync,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
        F: Future<Output = Result<O, SdkError<E>>> + Send,
    {
        let Listing {
            service, operation, ..
        } = *listing;
        if service.has_to_wait(operation) {
            let answer = self.stand_in_line(listing, things.clone(), &request).await;
            if let Some(answer) = answer {
                return answer;
            }
        }
        service.call(operation, request(things)).await
    }

    /// Waits until `things` are answered, or it is the first one's turn. `None` if what they were
    /// sent with has failed.
    async fn stand_in_line<C, E, F>(
        &self,
        listing: &Listing<'_, C>,
        things: Vec<String>,
        request: &(impl Fn(Vec<String>) -> F + Send + Sync),
    ) -> Option<Result<O, CallError>>
    where
        C: Sync,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
        F: Future<Output = Result<O, SdkError<E>>> + Send,
    {
        let (sender, mut answer) = oneshot::channel();
        self.waiting().push_back(Waiting {
            things,
            answer: sender,
        });
        let _first = tokio::select! {
            biased;
            answer = &mut answer => return answer.ok(),
            first = self.0.first.lock() => first,
        };
        // Usually one round: who came first to the line may have come second to its head.
        loop {
            match answer.try_recv() {
                Ok(answer) => return Some(answer),
                Err(TryRecvError::Closed) => return None,
                Err(TryRecvError::Empty) => self.send_next(listing, request).await,
            }
        }
    }

    /// Sends what stands at the head of the line, once its turn has come.
    async fn send_next<C, E, F>(
        &self,
        listing: &Listing<'_, C>,
        request: &(impl Fn(Vec<String>) -> F + Send + Sync),
    ) where
        C: Sync,
        E: ProvideErrorMetadata + std::error::Error + Send + 'static,
        F: Future<Output = Result<O, SdkError<E>>> + Send,
    {
        let mut together = Vec::new();
        // Not before its turn has come is it decided who goes along.
        let joined = async {
            together = self.take(listing.most);
            let things = together.iter().flat_map(|one| one.things.clone());
            request(things.collect()).await
        };
        let outcome = listing.service.call(listing.operation, joined).await;
        tracing::debug!(
            operation = listing.operation,
            calls = together.len(),
            "sent in one request"
        );
        let is_of_one = together.len() == 1;
        for one in together {
            // Nobody listens any more to an answer that nobody waits for. Where several have
            // failed, each hears that by the end of its channel.
            if outcome.is_ok() || is_of_one {
                _ = one.answer.send(outcome.clone());
            }
        }
    }

    /// Those at the head of the line whose things fit into one request.
    fn take(&self, most: usize) -> Vec<Waiting<O>> {
        let mut waiting = self.waiting();
        waiting.retain(|one| !one.answer.is_closed());
        let mut taken: Vec<Waiting<O>> = Vec::new();
        let mut things = 0;
        while let Some(next) = waiting.front() {
            things += next.things.len();
            if !taken.is_empty() && things > most {
                break;
            }
            taken.extend(waiting.pop_front());
        }
        taken
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<O>>> {
        // The queue is in order after each line of its code.
        let waiting = self.0.waiting.lock();
        waiting.unwrap_or_else(PoisonError::into_inner)
    }
}
