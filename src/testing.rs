//! A fake cloud: what the laws of planning are tried on.

mod rules;
mod world;

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

pub use world::{Dangling, FakeResource};

use self::world::World;
use crate::{
    cloud::{Call, Cloud, Rollout},
    kinds::Resource,
    model::{
        address::Kind,
        call::{CallError, Class, Effect, Reply},
        identity::Identity,
        live::Fact,
        query::Query,
        rollout::End,
        running::Running,
        service::{Service, ServiceName},
    },
    snapshot::Snapshot,
};

/// A fake cloud: the effect of a call is [`Resource::apply_change`], under the rules that
/// AWS enforces.
///
/// Time passes only by the clock of tokio, so that tests can pause the clock. Calls can be made to
/// fail by a table of [`Fault`]s.
#[derive(Debug)]
pub struct FakeCloud {
    book: Mutex<Book>,
    latency: Duration,
}

/// What goes wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It fails for good, without effect.
    Before,
    /// It has its effect, but the answer is an error.
    After,
    /// It fails this many times because AWS has not heard of something, without effect, and then
    /// succeeds.
    Unsettled(u32),
    /// It fails this many times because it is denied, without effect, and then succeeds.
    Denied(u32),
    /// It fails this many times because somebody else is at it, without effect, and then succeeds.
    Busy(u32),
    /// The program panics instead of making it.
    Panic,
    /// It is a rollout, which is taken back: the service then runs what it ran before.
    RolledBack,
}

#[derive(Debug)]
struct Book {
    world: World,
    faults: BTreeMap<usize, Fault>,
    /// Every attempt that had an effect or was refused by the rules.
    log: Vec<Call>,
    /// The attempts so far of every call, which is known by its token, and the number of the call.
    attempts: BTreeMap<String, (usize, u32)>,
}

impl FakeCloud {
    /// An empty world.
    pub fn new(identity: Identity) -> Self {
        Self {
            book: Mutex::new(Book {
                world: World::new(identity),
                faults: BTreeMap::new(),
                log: Vec::new(),
                attempts: BTreeMap::new(),
            }),
            latency: Duration::ZERO,
        }
    }

    /// The same world, in which every call takes about `latency`: between once and twice, depending
    /// on the call.
    #[must_use]
    pub fn with_latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Replaces the table of faults: what goes wrong with the call that is made as number so-and-so
    /// from now on, counted from 0. Attempts of one call count as one.
    pub fn set_faults(&self, faults: impl IntoIterator<Item = (usize, Fault)>) {
        let mut book = self.book();
        book.faults = faults.into_iter().collect();
        book.attempts.clear();
    }

    /// Puts something into the world, whoever owns it, and returns the name that calls know it by.
    pub fn put(&self, resource: Resource) -> String {
        self.put_with(resource, Vec::new())
    }

    /// Puts something into the world of which more is known than its state.
    pub fn put_with(&self, resource: Resource, facts: Vec<Fact>) -> String {
        self.book().world.put(resource, facts)
    }

    /// Lets something run: whoever plans a removal sees it from now on.
    pub fn run(&self, running: Running) {
        self.book().world.running = Some(running);
    }

    /// Lets a service be there, whoever made it, or alters it.
    pub fn serve(&self, name: ServiceName, service: Service) {
        self.book().world.services.insert(name, service);
    }

    /// What is there of a service.
    pub fn service(&self, name: &ServiceName) -> Option<Service> {
        self.book().world.services.get(name).cloned()
    }

    /// Alters what is there, and removes it where `edit` says so by `false`, as somebody else
    /// would.
    pub fn mutate(&self, edit: impl FnMut(&mut FakeResource) -> bool) {
        self.book().world.mutate(edit);
    }

    /// Everything that is there.
    pub fn things(&self) -> Vec<FakeResource> {
        self.book().world.things()
    }

    /// What stands under the name that calls know it by.
    pub fn thing(&self, kind: Kind, target: &str) -> Option<FakeResource> {
        self.book().world.thing(kind, target).cloned()
    }

    /// The calls that reached the world, in order.
    pub fn log(&self) -> Vec<Call> {
        self.book().log.clone()
    }

    /// What was removed although something of the same stack mentioned it.
    pub fn dangling(&self) -> Vec<Dangling> {
        self.book().world.dangling.clone()
    }

    /// What can be read of the world, at once.
    pub fn snapshot(&self, query: &Query) -> Snapshot {
        self.book().world.observe(query)
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // No state is left half-written by a panic: faults panic before the world is touched.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Between once and twice the latency, so that calls made together end in another order than
    /// they began, yet the same in every run.
    fn delay(&self, token: &str) -> Duration {
        let spread = token.bytes().map(u32::from).sum::<u32>() % 16;
        self.latency + self.latency * spread / 16
    }
}

impl Cloud for FakeCloud {
    async fn observe_all(&self, queries: &[Query]) -> Result<Vec<Snapshot>, CallError> {
        let book = self.book();
        Ok(queries.iter().map(|q| book.world.observe(q)).collect())
    }

    async fn follow(&self, rollout: Rollout) -> Result<Reply, CallError> {
        tokio::time::sleep(self.latency).await;
        let Rollout { call, .. } = rollout;
        let mut book = self.book();
        let number = book.attempts.get(&call.token).map(|(number, _)| *number);
        let fault = number.and_then(|number| book.faults.get(&number));
        let is_taken_back = matches!(fault, Some(Fault::RolledBack));
        if is_taken_back {
            book.world.take_back(&call);
            return Err(CallError {
                operation: call.change.operation().to_owned(),
                code: End::RolledBack.code().map(str::to_owned),
                message: "a fault: it was taken back".to_owned(),
                request_id: None,
                class: Class::Final,
                effect: Effect::Unknown,
                hint: None,
            });
        }
        Ok(Reply::default())
    }

    async fn perform(&self, call: Call) -> Result<Reply, CallError> {
        tokio::time::sleep(self.delay(&call.token)).await;
        let mut book = self.book();
        let next = book.attempts.len();
        let (number, attempt) = book
            .attempts
            .entry(call.token.clone())
            .and_modify(|(_, attempt)| *attempt += 1)
            .or_insert((next, 1));
        let (number, attempt) = (*number, *attempt);
        let fault = book.faults.get(&number).copied();
        let failed = |class, code: Option<&str>, message: &str| CallError {
            operation: call.change.operation().to_owned(),
            code: code.map(str::to_owned),
            message: message.to_owned(),
            request_id: None,
            class,
            // Whoever gets no answer does not know.
            effect: if code.is_none() && class == Class::Final {
                Effect::Unknown
            } else {
                Effect::None
            },
            hint: None,
        };
        match fault {
            Some(Fault::Before) => {
                return Err(failed(Class::Final, None, "a fault before the effect"));
            }
            Some(Fault::Unsettled(times)) if attempt <= times => {
                return Err(failed(Class::Unsettled, None, "a fault: not heard of yet"));
            }
            Some(Fault::Denied(times)) if attempt <= times => {
                return Err(failed(Class::Denied, None, "a fault: denied so far"));
            }
            Some(Fault::Busy(times)) if attempt <= times => {
                return Err(failed(Class::Busy, None, "a fault: somebody else is at it"));
            }
            Some(Fault::Panic) => panic!("a fault in call {number}"),
            None
            | Some(
                Fault::After
                | Fault::Unsettled(_)
                | Fault::Denied(_)
                | Fault::Busy(_)
                | Fault::RolledBack,
            ) => {}
        }
        // AWS takes a token that it knows for another attempt of the same call.
        if book.log.iter().any(|other| other.token == call.token) {
            let code = Some("IdempotentParameterMismatch");
            return Err(failed(Class::Final, code, "the token has been used"));
        }
        book.log.push(call.clone());
        let reply = book.world.perform(&call);
        let reply = reply.map_err(|r| failed(Class::Final, Some(r.code), &r.message))?;
        if fault == Some(Fault::After) {
            return Err(failed(Class::Final, None, "a fault after the effect"));
        }
        Ok(reply)
    }
}
