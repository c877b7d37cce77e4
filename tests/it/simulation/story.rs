//! The story of one seed: an account, rounds of changes made on bad days, the peace after each, and
//! the end.

use std::{
    collections::BTreeMap,
    iter::Sum,
    sync::{Arc, Mutex},
    time::Duration,
};

use amp_stack::plan::Step;
use amp_stack_sandbox::Faults;
use fastrand::Rng;
use serde_json::Value;

use super::{
    account::Account,
    check,
    draft::{Draft, STRAY_GROUP, STRAY_ROLE},
    invocation::{Command, Conditions, End, Invocation, invoke},
    wire::Strike,
    world::{View, is_ours},
};

/// The most runs that it may take to come to rest when the days are only mildly bad.
const RUNS_TO_REST: usize = 6;

/// What has happened in stories, to tell that enough did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) stories: u64,
    pub(super) runs: u64,
    pub(super) requests: u64,
    /// Requests that were throttled, failed, lost or hung.
    pub(super) faults: u64,
    pub(super) stale_reads: u64,
    pub(super) kills: u64,
    /// Runs that left something undone because somebody asked to stop.
    pub(super) interruptions: u64,
    pub(super) steps: u64,
    pub(super) revisions: u64,
    /// Things that others had left under our names and that were taken over.
    pub(super) adoptions: u64,
    /// Revisions of our families that others registered.
    pub(super) foreign: u64,
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), |sum, tally| Self {
            stories: sum.stories + tally.stories,
            runs: sum.runs + tally.runs,
            requests: sum.requests + tally.requests,
            faults: sum.faults + tally.faults,
            stale_reads: sum.stale_reads + tally.stale_reads,
            kills: sum.kills + tally.kills,
            interruptions: sum.interruptions + tally.interruptions,
            steps: sum.steps + tally.steps,
            revisions: sum.revisions + tally.revisions,
            adoptions: sum.adoptions + tally.adoptions,
            foreign: sum.foreign + tally.foreign,
        })
    }
}

/// What a story leaves to read: a line per run, and one per request.
pub(super) type Trace = Arc<Mutex<Vec<String>>>;

/// A story that is being told.
pub(super) struct Story {
    rng: Rng,
    account: Account,
    draft: Draft,
    /// What nobody may touch.
    bystanders: BTreeMap<String, Value>,
    /// What may be taken over, as it was.
    strays: BTreeMap<String, Value>,
    /// Whether there is time between runs for everything to be seen everywhere.
    patient: bool,
    page: Option<u32>,
    /// What the newest revision of each of our families says, by the words of the drafts.
    documents: BTreeMap<String, String>,
    tally: Tally,
    trace: Trace,
}

/// Tells the story of `seed`.
pub(super) async fn tell(seed: u64, trace: Trace) -> Tally {
    let mut story = Story::begin(seed, trace).await;
    for _ in 0..story.rng.u8(1..=2) {
        story.round().await;
    }
    story.end().await;
    story.tally
}

impl Story {
    async fn begin(seed: u64, trace: Trace) -> Self {
        let mut rng = Rng::with_seed(seed);
        let account = Account::random(&mut rng).await;
        let view = account.view();
        let is_stray = |name: &str| {
            let role = format!("role {}", STRAY_ROLE.to_lowercase());
            account.strays && (name == role || name == format!("log group {STRAY_GROUP}"))
        };
        let (mut bystanders, mut strays) = (BTreeMap::new(), BTreeMap::new());
        for (name, thing) in view.things.clone() {
            if is_stray(&name) {
                strays.insert(name, thing);
            } else if !is_ours(&name, &thing) {
                bystanders.insert(name, thing);
            }
        }
        let half_made = |family: &&str| ((*family).to_owned(), "half-made".to_owned());
        Self {
            draft: Draft::random(&mut rng, account.strays, &account.guest),
            patient: rng.u8(..3) > 0,
            page: [None, Some(2), Some(3), Some(5)][rng.usize(..4)],
            documents: view.active().keys().map(half_made).collect(),
            tally: Tally {
                stories: 1,
                ..Tally::default()
            },
            bystanders,
            strays,
            account,
            rng,
            trace,
        }
    }

    /// A stack file is applied on bad days, perhaps changed meanwhile, and then until nothing is
    /// left to do.
    async fn round(&mut self) {
        let foreign = self.foreign_revision().await;
        let before = self.account.view();
        if self.rng.u8(..3) == 0 {
            let faults = self.rough();
            self.run(Command::Plan, faults, None).await;
            assert_eq!(before, self.account.view(), "a look did something");
        }
        let (mut drafts, mut runs) = (1, 0);
        for attempt in 0..self.rng.usize(1..=3) {
            if attempt > 0 && self.rng.u8(..4) == 0 {
                self.draft = self.draft.changed(&mut self.rng);
                drafts += 1;
            }
            self.bad_day(Command::Apply).await;
            runs += 1;
        }
        let foreign = self.back_from_whom_it_is(foreign).await;
        runs += self.until_rest(Command::Apply).await;
        self.rest(Command::Apply).await;
        let after = self.account.view();
        check::agree(&after, &self.draft);
        let most = if self.patient {
            drafts
        } else {
            drafts.max(runs)
        };
        self.count_revisions(&before, &after, u64::try_from(most).unwrap());
        if let Some(name) = foreign {
            self.account.deregister_by_hand(&name).await;
            self.stand_by(&name);
        }
        self.draft = self.draft.changed(&mut self.rng);
    }

    /// In some rounds, somebody registers a revision of one of our families, which is drift. Returns
    /// its name.
    async fn foreign_revision(&mut self) -> Option<String> {
        if self.rng.u8(..3) > 0 {
            return None;
        }
        let view = self.account.view();
        let families: Vec<&str> = view.active().into_keys().collect();
        let family = (*families.get(self.rng.usize(..=families.len()))?).to_owned();
        let name = self.account.register_by_hand(&family).await;
        self.stand_by(&name);
        self.documents.insert(family, "somebody else's".to_owned());
        self.tally.foreign += 1;
        Some(name)
    }

    /// A family of which nothing of ours is left, because a file that called it otherwise was
    /// applied meanwhile, is theirs who registered `foreign`: each run refuses to take it. Here they
    /// take their revision back. Returns it if it stays.
    async fn back_from_whom_it_is(&mut self, foreign: Option<String>) -> Option<String> {
        let name = foreign?;
        let view = self.account.view();
        let is_ours_too = name
            .rsplit_once(':')
            .is_some_and(|(family, _)| view.active().contains_key(family));
        if is_ours_too {
            return Some(name);
        }
        // The bad day is over: whoever does it by hand would try again.
        self.account.sandbox.set_faults(None);
        self.account.deregister_by_hand(&name).await;
        self.stand_by(&name);
        None
    }

    /// From now on the revision `name` is nobody's business.
    fn stand_by(&mut self, name: &str) {
        let name = format!("revision {name}");
        let revision = self.account.view().things[&name].clone();
        self.bystanders.insert(name, revision);
    }

    /// Everything goes, on bad days too, and nothing of ours is left.
    async fn end(&mut self) {
        if self.draft.is_protected() && !self.account.view().ours_of("workspace").is_empty() {
            let before = self.account.view();
            let run = self.run(Command::Destroy, None, None).await;
            assert!(
                !run.plan.refusals.is_empty(),
                "a protected workspace was to go:\n{}",
                run.text
            );
            assert_eq!(before, self.account.view(), "a refused run did something");
        }
        self.draft.unprotect();
        for _ in 0..self.rng.usize(0..=1) {
            self.bad_day(Command::Destroy).await;
        }
        self.until_rest(Command::Destroy).await;
        self.rest(Command::Destroy).await;
        let view = self.account.view();
        let ours: Vec<_> = view.ours().collect();
        assert!(ours.is_empty(), "destroy left {ours:#?}");
        let line = format!("{} {:?}", self.account.elapsed().as_millis(), view);
        self.trace.lock().unwrap().push(line);
    }

    async fn bad_day(&mut self, command: Command) -> Invocation {
        let faults = self.rough();
        let strike = (self.rng.u8(..3) > 0).then(|| {
            let strikes = [Strike::KillBefore, Strike::KillAfter, Strike::Interrupt];
            (self.rng.usize(1..=9), strikes[self.rng.usize(..3)])
        });
        let consents = self.rng.u8(..6) > 0;
        self.run_as(command, faults, strike, consents).await
    }

    /// Runs until there is nothing left to do, or everything was done; returns how many runs it
    /// took.
    async fn until_rest(&mut self, command: Command) -> usize {
        for run in 1..=RUNS_TO_REST {
            let mild = Faults::mild(self.rng.u64(..));
            let run_ended = self.run(command, Some(mild), None).await;
            let at_rest = match &run_ended.end {
                End::Applied(outcome) => outcome.is_complete() && run_ended.tally.stale == 0,
                End::Planned => run_ended.plan.is_empty() && run_ended.tally.stale == 0,
                End::Unread(_) | End::Killed => false,
            };
            if at_rest {
                return run;
            }
        }
        panic!("{RUNS_TO_REST} runs did not come to rest");
    }

    /// When nothing goes wrong any more there is nothing left to do, and looking at that changes
    /// nothing.
    async fn rest(&mut self, command: Command) {
        tokio::time::sleep(Duration::from_mins(2)).await;
        let before = self.account.view();
        let run = self.run(command, None, None).await;
        assert!(
            run.plan.is_empty() && matches!(run.end, End::Planned),
            "something was left to do:\n{}",
            run.text
        );
        assert_eq!(before, self.account.view());
    }

    /// One run, and everything that holds after any run.
    async fn run(
        &mut self,
        command: Command,
        faults: Option<Faults>,
        strike: Option<(usize, Strike)>,
    ) -> Invocation {
        self.run_as(command, faults, strike, true).await
    }

    /// One run of somebody who names what may be lost, or who does not.
    async fn run_as(
        &mut self,
        command: Command,
        faults: Option<Faults>,
        strike: Option<(usize, Strike)>,
        consents: bool,
    ) -> Invocation {
        self.tally.runs += 1;
        let conditions = Conditions {
            faults: faults.clone(),
            strike,
            page: self.page,
            consents,
            concurrency: [1, 2, 8][self.rng.usize(..3)],
            id: format!("run-{}", self.tally.runs),
        };
        let run = invoke(&self.account, &self.draft, command, conditions).await;
        self.record(command, strike, &run);
        let pause = if self.patient { 15 } else { 1 };
        tokio::time::sleep(Duration::from_secs(pause)).await;
        check::run(&run, strike.map(|(_, strike)| strike), self.patient);
        check::others(&self.account.view(), &self.bystanders, &self.strays);
        run
    }

    fn record(&mut self, command: Command, strike: Option<(usize, Strike)>, run: &Invocation) {
        let faults = run.tally;
        self.tally.requests += u64::try_from(run.sent.len()).unwrap();
        self.tally.faults += faults.throttled + faults.failed + faults.lost + faults.hung;
        self.tally.stale_reads += faults.stale;
        let end = match &run.end {
            End::Unread(error) => format!("unread: {error}"),
            End::Killed => {
                self.tally.kills += 1;
                "killed".to_owned()
            }
            End::Planned => "planned".to_owned(),
            End::Applied(outcome) => {
                self.tally.steps += u64::try_from(outcome.done.len()).unwrap();
                let adopted =
                    |step: &&Step| step.adopted_from.is_some() && outcome.done.contains(&step.id);
                let adopted = run.plan.steps.iter().filter(adopted).count();
                self.tally.adoptions += u64::try_from(adopted).unwrap();
                self.tally.interruptions += u64::from(!outcome.stopped.is_empty());
                format!("{outcome:?}")
            }
        };
        let now = self.account.elapsed().as_millis();
        let mut trace = self.trace.lock().unwrap();
        trace.push(format!(
            "{now} {command:?} {strike:?} {faults:?}: {end}\n{}",
            run.text
        ));
        for sent in &run.sent {
            trace.push(format!(
                "  {} {:?} {} {} {:?}",
                sent.at, sent.service, sent.operation, sent.end, sent.ended
            ));
        }
    }

    /// One of several kinds of bad days.
    fn rough(&mut self) -> Option<Faults> {
        let seed = self.rng.u64(..);
        let some = |rng: &mut Rng, most: f64| most * rng.f64();
        match self.rng.u8(..6) {
            0 => None,
            1 => Some(Faults::mild(seed)),
            _ => Some(Faults {
                throttle: some(&mut self.rng, 0.1),
                server_error: some(&mut self.rng, 0.1),
                lost_before: some(&mut self.rng, 0.1),
                lost_after: some(&mut self.rng, 0.1),
                hang: some(&mut self.rng, 0.02),
                stale: some(&mut self.rng, 0.9),
                propagation: Duration::from_secs(self.rng.u64(..=10)),
                ..Faults::mild(seed)
            }),
        }
    }

    /// A document that changed has one more revision, and one that did not has none.
    fn count_revisions(&mut self, before: &View, after: &View, most: u64) {
        let workspaces = after.ours_of("workspace");
        let own = workspaces.keys().next().copied().unwrap_or_default();
        let mut documents = BTreeMap::new();
        for family in self.draft.families.iter().flatten() {
            let document = self.draft.document(family).replace("our own", own);
            documents.insert(family.name.to_owned(), document);
        }
        for (family, count) in &after.registered {
            let new = count - before.registered.get(family).unwrap_or(&0);
            self.tally.revisions += new;
            let least = u64::from(
                documents.contains_key(family)
                    && documents.get(family) != self.documents.get(family),
            );
            let most = if most == 1 { least } else { most };
            assert!(
                (least..=most).contains(&new),
                "{family} has {new} new revisions instead of {least} to {most}: {:?} to {:?}",
                self.documents.get(family),
                documents.get(family)
            );
        }
        self.documents = documents;
    }
}
