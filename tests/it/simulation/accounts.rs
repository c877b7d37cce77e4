//! One run over two accounts: a stack in the account of whoever starts it, and one of the same name
//! in another account, which a role leads to. It is struck at any of its calls, in either account,
//! and met by another run of the same two files.
//!
//! What is demanded besides what every story demands: no call that is made in one account names
//! anything of the other, each account's bystanders are what they were, and a file that is for one
//! account is never carried out in the other.

use std::{collections::BTreeMap, time::Duration};

use amp_stack::{
    apply::Outcome,
    model::{
        access::{AssumedRole, DEFAULT_SESSION_SECONDS, SESSION_NAME},
        identity::Identity,
    },
    plan::Plan,
};
use amp_stack_sandbox::{Faults, wire::Service};
use fastrand::Rng;
use serde_json::Value;

use super::{
    account::{Account, KEY},
    check,
    draft::{Draft, SECRET},
    invocation::{Command, Conditions, End, Invocation, Reached, Written, invoke_all, load},
    wire::{Sent, Strike},
    world::{REGION, View},
};

const OTHER: &str = "222222222222";
const ROLE: &str = "deploy";
/// The most runs that it may take to come to rest when the days are only mildly bad.
const RUNS_TO_REST: usize = 8;

/// What happened in the stories.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Crossed {
    pub(super) kills: u64,
    pub(super) interruptions: u64,
    /// Runs that altered something in both accounts.
    pub(super) in_both: u64,
    /// Pairs of runs at the same moment.
    pub(super) pairs: u64,
}

/// The stack file of the other account: it says as whom it is reached, and which account it is for.
struct Elsewhere<'a> {
    draft: &'a Draft,
    account: &'a str,
}

impl Written for Elsewhere<'_> {
    fn toml(&self) -> String {
        let role = format!("arn:aws:iam::{OTHER}:role/{ROLE}");
        let account = self.account;
        let stack = format!("[stack]\naccount = \"{account}\"\nassume_role = \"{role}\"\n");
        self.draft.toml().replacen("[stack]\n", &stack, 1)
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.draft.variable(name)
    }
}

struct Story {
    rng: Rng,
    account: Account,
    /// Of the own account, and of the other one.
    drafts: [Draft; 2],
    bystanders: [BTreeMap<String, Value>; 2],
    runs: usize,
    crossed: Crossed,
}

/// Tells the story of `seed`.
pub(super) async fn tell(seed: u64) -> Crossed {
    let mut rng = Rng::with_seed(seed);
    let (account, guest) = Account::with_another(&mut rng, OTHER, ROLE).await;
    let drafts = [
        Draft::random(&mut rng, false, &account.guest),
        Draft::random(&mut rng, false, &guest),
    ];
    let mut story = Story {
        drafts,
        bystanders: views(&account).map(|view| view.things),
        rng,
        account,
        runs: 0,
        crossed: Crossed::default(),
    };
    story.assert_guarded();
    for _ in 0..story.rng.u8(1..=2) {
        story.round().await;
    }
    story.end().await;
    story.crossed
}

fn views(account: &Account) -> [View; 2] {
    let world = account.sandbox.world();
    [View::of(&world), View::of(&world.others[OTHER])]
}

impl Story {
    /// What is for one account can't be read as being for the other.
    fn assert_guarded(&self) {
        for (guarded, reached) in [
            (self.account.sandbox.account(), OTHER),
            (OTHER, "333333333333"),
        ] {
            let file = Elsewhere {
                draft: &self.drafts[1],
                account: guarded,
            };
            let problems = load(&file, Identity::new(reached, REGION), true).unwrap_err();
            let codes: Vec<&str> = problems.iter().map(|problem| problem.code).collect();
            assert!(!codes.is_empty(), "{guarded} is {reached}");
        }
    }

    /// Both files are applied on bad days, perhaps by two runs at once, and then until nothing is
    /// left to do.
    async fn round(&mut self) {
        for _ in 0..self.rng.usize(1..=3) {
            self.bad_day(Command::Apply).await;
        }
        if self.rng.bool() {
            self.at_once().await;
        }
        self.until_rest(Command::Apply).await;
        for (view, draft) in views(&self.account).iter().zip(&self.drafts) {
            check::agree(view, draft);
        }
        self.drafts = [0, 1].map(|at| self.drafts[at].changed(&mut self.rng));
    }

    async fn end(&mut self) {
        self.drafts.iter_mut().for_each(Draft::unprotect);
        self.bad_day(Command::Destroy).await;
        self.until_rest(Command::Destroy).await;
        for view in views(&self.account) {
            let ours: Vec<_> = view.ours().collect();
            assert!(ours.is_empty(), "destroy left {ours:#?}");
        }
    }

    async fn bad_day(&mut self, command: Command) {
        let faults = match self.rng.u8(..3) {
            0 => None,
            1 => Some(Faults::mild(self.rng.u64(..))),
            _ => Some(Faults {
                throttle: 0.05,
                server_error: 0.05,
                lost_before: 0.05,
                lost_after: 0.05,
                stale: 0.5 * self.rng.f64(),
                propagation: Duration::from_secs(self.rng.u64(..=10)),
                ..Faults::mild(self.rng.u64(..))
            }),
        };
        let strikes = [Strike::KillBefore, Strike::KillAfter, Strike::Interrupt];
        let strike = (self.rng.usize(1..=24), strikes[self.rng.usize(..3)]);
        let run = self.invoke(command, faults, Some(strike)).await;
        self.crossed.kills += u64::from(matches!(run.end, End::Killed));
        let stopped = run
            .outcomes
            .iter()
            .any(|outcome| !outcome.stopped.is_empty());
        self.crossed.interruptions += u64::from(stopped || run.not_begun > 0);
    }

    /// Two runs of both files, which meet wherever their calls let them.
    async fn at_once(&mut self) {
        let slow = Faults {
            latency_max: Duration::from_millis(self.rng.u64(1..3000)),
            ..Faults::none(self.rng.u64(..))
        };
        let delay = Duration::from_millis(self.rng.u64(..30_000));
        let conditions = [0, 1].map(|_| self.conditions(Some(slow.clone()), None));
        let [first, second] = conditions;
        let elsewhere = self.elsewhere();
        let reached = reached(&self.drafts[0], &elsewhere);
        let later = async {
            tokio::time::sleep(delay).await;
            invoke_all(&self.account, &reached, Command::Apply, second).await
        };
        let (first, second) = tokio::join!(
            invoke_all(&self.account, &reached, Command::Apply, first),
            later
        );
        self.crossed.pairs += 1;
        tokio::time::sleep(Duration::from_secs(15)).await;
        for run in [first, second] {
            self.check(&run);
        }
    }

    async fn until_rest(&mut self, command: Command) {
        for _ in 0..RUNS_TO_REST {
            let mild = Faults::mild(self.rng.u64(..));
            let run = self.invoke(command, Some(mild), None).await;
            let is_done = !matches!(run.end, End::Unread(_) | End::Killed)
                && run.outcomes.iter().all(Outcome::is_complete)
                && run.plans.iter().all(|plan| plan.refusals.is_empty());
            // What read something stale may have left something to do, and nothing else may.
            let is_sure = run.tally.stale == 0;
            if is_done && run.not_begun == 0 && self.is_at_rest(command, is_sure).await {
                return;
            }
        }
        panic!("{RUNS_TO_REST} runs did not come to rest");
    }

    /// Returns whether nothing is left to do in either account, which `is_sure` demands. Looking at
    /// that changes nothing then.
    async fn is_at_rest(&mut self, command: Command, is_sure: bool) -> bool {
        tokio::time::sleep(Duration::from_mins(2)).await;
        let before = views(&self.account);
        let run = self.invoke(command, None, None).await;
        assert_eq!(run.plans.len(), 2, "{}", run.text);
        let is_empty = run.plans.iter().all(Plan::is_empty);
        assert!(
            is_empty || !is_sure,
            "something was left to do:\n{}",
            run.text
        );
        if is_empty {
            assert_eq!(before, views(&self.account));
        }
        is_empty
    }

    fn conditions(
        &mut self,
        faults: Option<Faults>,
        strike: Option<(usize, Strike)>,
    ) -> Conditions {
        self.runs += 1;
        Conditions {
            faults,
            strike,
            page: None,
            consents: true,
            concurrency: [1, 2, 8][self.rng.usize(..3)],
            id: format!("run-{}", self.runs),
        }
    }

    fn elsewhere(&self) -> Elsewhere<'_> {
        Elsewhere {
            draft: &self.drafts[1],
            account: OTHER,
        }
    }

    async fn invoke(
        &mut self,
        command: Command,
        faults: Option<Faults>,
        strike: Option<(usize, Strike)>,
    ) -> Invocation {
        let conditions = self.conditions(faults, strike);
        let elsewhere = self.elsewhere();
        let reached = reached(&self.drafts[0], &elsewhere);
        let run = invoke_all(&self.account, &reached, command, conditions).await;
        tokio::time::sleep(Duration::from_secs(15)).await;
        self.check(&run);
        run
    }

    /// What holds after any run.
    fn check(&mut self, run: &Invocation) {
        assert!(
            !run.text.contains(SECRET),
            "a secret was shown:\n{}",
            run.text
        );
        let views = views(&self.account);
        for (view, bystanders) in views.iter().zip(&self.bystanders) {
            check::others(view, bystanders, &BTreeMap::new());
        }
        let own = self.account.sandbox.account();
        let ids = |view: &View| -> Vec<String> {
            let names = view.things.keys();
            let ids = names.filter_map(|name| name.strip_prefix("workspace "));
            ids.map(str::to_owned).collect()
        };
        let mut altered = [false; 2];
        for sent in run.sent.iter().filter(|sent| sent.service != Service::Sts) {
            let is_own = is_own(sent);
            let (here, there) = if is_own { (0, 1) } else { (1, 0) };
            altered[here] |= !sent.is_read;
            let input = Value::Object(sent.input.clone()).to_string();
            let number = if is_own { OTHER } else { own };
            assert!(
                !input.contains(number),
                "{} names the account {number}: {input}",
                sent.operation
            );
            for id in ids(&views[there]) {
                assert!(
                    !input.contains(&id),
                    "{} names {id}: {input}",
                    sent.operation
                );
            }
            for object in &sent.objects {
                assert!(
                    object.is_ours,
                    "{} of {}, which is none of our business:\n{}",
                    sent.operation, object.name, run.text
                );
            }
        }
        self.crossed.in_both += u64::from(altered == [true; 2]);
    }
}

fn is_own(sent: &Sent) -> bool {
    sent.key.as_deref() == Some(KEY)
}

fn reached<'a>(own: &'a Draft, elsewhere: &'a Elsewhere<'a>) -> [Reached<'a>; 2] {
    let role = AssumedRole {
        arn: format!("arn:aws:iam::{OTHER}:role/{ROLE}").parse().unwrap(),
        external_id: None,
        session_name: SESSION_NAME.to_owned(),
        duration_seconds: DEFAULT_SESSION_SECONDS,
    };
    [
        Reached {
            written: own,
            role: None,
        },
        Reached {
            written: elsewhere,
            role: Some(role),
        },
    ]
}
