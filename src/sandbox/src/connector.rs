//! The sandbox as a whole: one account, and others beside it, shared by the SDK clients of this
//! process, the local server and tests.
//!
//! Which account a call is made in is said by its key: a session is in the account of its role, a
//! key of twelve digits is of the account of that number, and every other key is of the sandbox's
//! own account.

mod clock;
mod http;
mod settings;
mod who;

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use clock::{Advance, Clock};
pub use settings::{DEFAULT_ACCOUNT, Settings};
use who::assumes_in;

use crate::{
    Context, Faults, Refusal, World, amp,
    caller::Caller,
    chaos::{Chaos, Effect, End, Fate, Tally},
    cloudwatch, ecs,
    file::{FileError, Mark, WorldFile},
    have::{self, image},
    iam, logs,
    prometheus::{self, Upstream},
    quotas,
    rights::Right,
    service::{Answer, Outcome},
    sts, tagging,
    wire::{self, Call, Request, Response, Service},
};

/// The connection broke: whether the request had its effect is unknown to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox dropped the connection")]
pub struct Lost;

/// A handle on one account of the sandbox. Clones share it.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    account: String,
    clock: Clock,
    prometheus: Option<Upstream>,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    world: World,
    file: Option<WorldFile>,
    chaos: Option<Chaos>,
    /// What calls took the right to do, if that is to be remembered.
    rights: Option<BTreeSet<Right>>,
}

impl Sandbox {
    /// Opens a sandbox; fails only if its file cannot be read.
    pub fn open(settings: Settings) -> Result<Self, FileError> {
        let (mut file, mut world) = match &settings.file {
            None => (None, settings.world),
            Some(path) => {
                let (file, world) = WorldFile::open(path, &settings.account)?;
                (Some(file), world)
            }
        };
        let propagation = settings
            .faults
            .as_ref()
            .map(|faults| faults.propagation.as_millis());
        let propagation = propagation.map_or(0, |millis| u64::try_from(millis).unwrap_or(u64::MAX));
        if !settings.have.is_empty() || !settings.quotas.is_empty() {
            let now = settings.clock.millis();
            have::add(&mut world, &settings.account, now, settings.have);
            world.quotas.set(settings.quotas);
            file.as_mut().map_or(Ok(()), |file| file.store(&world))?;
        }
        let caller = settings.caller.map(|policy| policy.text().to_owned());
        let public_url = settings.public_url.as_deref();
        let public_url = public_url.map(|url| url.trim_end_matches('/').to_owned());
        world.set_everywhere(|world| {
            world.iam.propagation_millis = propagation;
            world.iam.user_policy.clone_from(&caller);
            world.amp.public_url.clone_from(&public_url);
        });
        Ok(Self(Arc::new(Shared {
            account: settings.account,
            clock: settings.clock,
            prometheus: settings.prometheus,
            inner: Mutex::new(Inner {
                world,
                file,
                chaos: settings.faults.map(Chaos::new),
                rights: settings.remember_rights.then(BTreeSet::new),
            }),
        })))
    }

    /// The account that a caller is in whose key does not say another one.
    pub fn account(&self) -> &str {
        &self.0.account
    }

    /// The clock that it goes by.
    pub fn clock(&self) -> Clock {
        self.0.clock.clone()
    }

    /// Makes one call of one's own, without a protocol in between, and without faults.
    pub fn perform_call(&self, call: &Call) -> Outcome {
        self.perform(call, None)
    }

    /// A copy of the world as it is now.
    pub fn world(&self) -> World {
        self.lock().world.clone()
    }

    /// What the calls from outside have taken the right to do since this was last asked, if
    /// [`Settings::remember_rights`] wants it remembered; whether or not their caller had it.
    pub fn take_rights_used(&self) -> BTreeSet<Right> {
        let mut inner = self.lock();
        inner
            .rights
            .as_mut()
            .map(std::mem::take)
            .unwrap_or_default()
    }

    /// How many faults have happened so far.
    pub fn tally(&self) -> Tally {
        self.lock()
            .chaos
            .as_ref()
            .map(Chaos::tally)
            .unwrap_or_default()
    }

    /// Misbehaves in this way from now on, or not at all. The tally begins anew; what has just
    /// changed can still be missed by stale reads.
    pub fn set_faults(&self, faults: Option<Faults>) {
        let mut inner = self.lock();
        let propagation = faults.as_ref().map_or(0, |faults| {
            u64::try_from(faults.propagation.as_millis()).unwrap_or(u64::MAX)
        });
        let set = |world: &mut World| world.iam.propagation_millis = propagation;
        inner.world.set_everywhere(set);
        let before = inner.chaos.take();
        inner.chaos = faults.map(|faults| Chaos::following(before, faults));
    }

    /// Answers one request, or loses it if faults are asked for.
    pub async fn respond(&self, request: &Request) -> Result<Response, Lost> {
        // What a signed URL names is nobody's call: the signature is in the URL.
        if let Some(layer) = layer(request) {
            return Ok(layer);
        }
        let call = match wire::decode(request) {
            Ok(call) => call,
            Err(wire::Rejection { dialect, refusal }) => {
                let id = self.lock().world.fresh_uuid();
                return Ok(wire::encode(dialect, "", &id, &Err(refusal)));
            }
        };
        let fate = self.fate(&call);
        if !fate.delay.is_zero() {
            tokio::time::sleep(fate.delay).await;
        }
        let outcome = match fate.end {
            End::Answer => self.carry_out(&call, request, fate.past).await,
            End::Refuse(refusal, effect) => {
                self.carry_out_unseen(&call, request, effect).await;
                Err(refusal)
            }
            End::Lose(after, effect) => {
                self.carry_out_unseen(&call, request, effect).await;
                tokio::time::sleep(after).await;
                return Err(Lost);
            }
        };
        let outcome = outcome.map(|answer| located(answer, &call, request));
        let id = self.lock().world.fresh_uuid();
        Ok(wire::encode(
            call.service.dialect(),
            &call.operation,
            &id,
            &outcome,
        ))
    }

    /// Ends as if the process were killed: nothing is written any more.
    #[cfg(test)]
    pub(crate) fn abandon(&self) {
        self.lock().file = None;
    }

    fn fate(&self, call: &Call) -> Fate {
        let now_millis = self.0.clock.millis();
        let mut inner = self.lock();
        let chaos = inner.chaos.as_mut();
        chaos.map_or_else(Fate::default, |chaos| chaos.draw(call, now_millis))
    }

    /// Carries `call` out if it has an effect at all; what comes of it is nobody's to know.
    async fn carry_out_unseen(&self, call: &Call, request: &Request, effect: Effect) {
        match effect {
            Effect::Done => drop(self.carry_out(call, request, None).await),
            Effect::None => {}
        }
    }

    /// Performs `call`, or hands it on to where the samples are.
    async fn carry_out(&self, call: &Call, request: &Request, past: Option<Box<World>>) -> Outcome {
        match &self.0.prometheus {
            Some(prometheus) if prometheus::is_mine(&call.operation) => {
                self.admit(call)?;
                prometheus.forward(call, request).await
            }
            Some(_) | None => self.perform(call, past),
        }
    }

    /// Refuses a call of the data plane that AWS would refuse whatever it is about.
    fn admit(&self, call: &Call) -> Result<(), Refusal> {
        let mut inner = self.lock();
        let own = self.account();
        let account = inner.account_of(call, own);
        let cx = self.context(&account, call);
        inner.authorize(&cx, call, own)?;
        prometheus::workspace(inner.world.of(&account, own), &cx, &call.input)?;
        Ok(())
    }

    fn context<'a>(&self, account: &'a str, call: &'a Call) -> Context<'a> {
        Context {
            account,
            region: &call.region,
            partition: wire::partition(&call.region),
            now_millis: self.0.clock.millis(),
        }
    }

    /// Performs `call` on the present world, or on a past one of which nothing is kept.
    fn perform(&self, call: &Call, past: Option<Box<World>>) -> Outcome {
        let mut inner = self.lock();
        let own = self.account();
        let account = inner.account_of(call, own);
        let cx = self.context(&account, call);
        let caller = inner.authorize(&cx, call, own)?;
        // What a session needs is kept where its role is. It is still the same moment.
        let account = assumes_in(call, &account).unwrap_or(&account);
        let cx = Context { account, ..cx };
        if let Some(mut past) = past {
            return dispatch(past.of_mut(account, own), &cx, &caller, call);
        }
        let entered = if call.is_kept() {
            inner.enter(&cx, call)?
        } else {
            None
        };
        let wants_past = inner.chaos.as_ref().is_some_and(Chaos::wants_past);
        let before = (wants_past && call.is_kept()).then(|| inner.world.clone());
        let world = inner.world.of_mut(account, own);
        let outcome = dispatch(world, &cx, &caller, call);
        match &outcome {
            Ok(_) => inner.remember(before, cx.now_millis),
            Err(_) => inner.take_back(entered),
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A service that panicked has shown a bug already; what it left is still the best there is.
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Enters a call in the file, if there is one. What cannot be kept is not done.
    fn enter(&mut self, cx: &Context<'_>, call: &Call) -> Result<Option<Mark>, Refusal> {
        let file = self.file.as_mut();
        let entered = file.map(|file| file.enter(&self.world, cx, call));
        entered.transpose().map_err(unstored)
    }

    /// Takes back a call that was refused.
    fn take_back(&mut self, entered: Option<Mark>) {
        if let Some((file, mark)) = self.file.as_mut().zip(entered) {
            file.take_back(mark);
        }
    }

    /// Keeps what was before a change for stale reads, if there are any.
    fn remember(&mut self, before: Option<World>, now_millis: u64) {
        if let Some((chaos, before)) = self.chaos.as_mut().zip(before) {
            chaos.remember(before, now_millis);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Some(file) = &mut self.file {
            // If that fails, the journal holds everything, and the next one that opens the file
            // tries again.
            _ = file.close(&self.world);
        }
    }
}

/// The layer of an image that a signed URL names (ECR API reference, `GetDownloadUrlForLayer`).
fn layer(request: &Request) -> Option<Response> {
    let digest = request.target.strip_prefix(image::LAYERS)?;
    let text = image::configuration(digest).filter(|_| request.method == "GET");
    let (status, body) = text.map_or_else(|| (404, String::new()), |text| (200, text));
    Some(Response {
        status,
        headers: vec![("content-type", "application/octet-stream".to_owned())],
        body: body.into_bytes(),
    })
}

/// An answer whose signed URL names the host that was asked.
fn located(mut answer: Answer, call: &Call, request: &Request) -> Answer {
    let path = answer.body["downloadUrl"].as_str();
    let host = request.headers.get("host");
    if let (Service::Ecr, Some(path), Some(host)) = (call.service, path, host) {
        answer.body["downloadUrl"] = format!("http://{host}{path}").into();
    }
    answer
}

pub(crate) fn dispatch(
    world: &mut World,
    cx: &Context<'_>,
    caller: &Caller,
    call: &Call,
) -> Outcome {
    let (operation, input) = (call.operation.as_str(), &call.input);
    match call.service {
        Service::Iam => iam::call(world, cx, operation, input),
        Service::Sts => sts::call(world, cx, caller, operation, input),
        Service::Ecs => ecs::call(world, cx, operation, input),
        Service::Logs => logs::call(world, cx, operation, input),
        Service::Amp if prometheus::is_mine(operation) => {
            prometheus::call(world, cx, operation, input)
        }
        Service::Amp => amp::call(world, cx, operation, input),
        Service::Tagging => tagging::call(world, cx, operation, input),
        Service::Quotas => quotas::call(world, cx, operation, input),
        Service::CloudWatch => cloudwatch::call(world, cx, operation, input),
        service
        @ (Service::Secrets | Service::Ssm | Service::Kms | Service::Ecr | Service::Efs) => {
            have::call(world, cx, service, operation, input)
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unstored(error: FileError) -> Refusal {
    let cause =
        std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
    Refusal::new(500, "InternalFailure", format!("{error}{cause}"))
}
