//! One run of amp-stack, from the text of the stack file to the summary, as the command line makes
//! it.

use std::{collections::BTreeSet, path::PathBuf, sync::Arc, time::Duration};

use amp_stack::{
    apply::{Event, Outcome},
    aws::Aws,
    file::{problem::Problem, source::Source},
    load::{self, LoadContext},
    model::{access::AssumedRole, call::CallError, identity::Identity},
    plan::Plan,
    run::{
        self, Losses, PlanRequest, Planned, Reporter, RunError, RunOptions, Session, StackTarget,
    },
    show::{self, Style, progress::Progress, summary},
    stack::Stack,
};
use amp_stack_sandbox::{Faults, chaos::Tally};
use tokio::sync::watch;

use super::{
    account::{Account, KEY},
    wire::{Sent, Strike, Wire},
    world::REGION,
};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Apply,
    Destroy,
    /// To look and do nothing.
    Plan,
}

/// How a run goes.
#[derive(Clone, Debug)]
pub(super) struct Conditions {
    pub(super) faults: Option<Faults>,
    /// Counts the requests that alter something, from 1.
    pub(super) strike: Option<(usize, Strike)>,
    pub(super) page: Option<u32>,
    /// Whether whoever runs it names what may be lost.
    pub(super) consents: bool,
    pub(super) concurrency: usize,
    /// The name of the run.
    pub(super) id: String,
}

/// How a run ended.
#[derive(Debug)]
pub(super) enum End {
    /// AWS could not be read.
    Unread(CallError),
    /// There was a plan, and it was carried out as far as this says.
    Applied(Outcome),
    /// It was killed in the middle.
    Killed,
    /// There was a plan to look at, or nothing to do, or a decision to make first.
    Planned,
}

/// A run.
#[derive(Debug)]
pub(super) struct Invocation {
    pub(super) end: End,
    /// Empty if AWS could not be read. Of several stacks, that of the last.
    pub(super) plan: Arc<Plan>,
    /// Those of all stacks.
    pub(super) plans: Vec<Plan>,
    /// How carrying each of them out ended, as far as it was begun.
    pub(super) outcomes: Vec<Outcome>,
    /// How many were not begun.
    pub(super) not_begun: usize,
    /// Everything that people saw.
    pub(super) text: String,
    /// Every request, in the order in which they were sent.
    pub(super) sent: Vec<Sent>,
    /// How many requests were sent before the plan was there.
    pub(super) looked: usize,
    /// The addresses at which data may be lost, as somebody has named them.
    pub(super) accepted: BTreeSet<String>,
    pub(super) tally: Tally,
}

/// A stack file, with the environment that it is read in.
pub(super) trait Written {
    /// The file.
    fn toml(&self) -> String;

    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;
}

/// Runs `command` on `draft`.
pub(super) async fn invoke(
    account: &Account,
    draft: &impl Written,
    command: Command,
    conditions: Conditions,
) -> Invocation {
    account.sandbox.set_faults(conditions.faults.clone());
    let wire = Wire::new(account.sandbox.clone(), conditions.page, conditions.strike);
    let aws = Arc::new(Aws::new(&account.sdk(wire.http_client())));
    let mut run = Invocation::begun();
    match stack(account, draft, &aws).await {
        Err(error) => run.unread(error, &wire),
        Ok(stack) => {
            let targets = [StackTarget {
                path: PathBuf::from("sim.toml"),
                stack,
                cloud: aws,
                only: None,
                leave: BTreeSet::new(),
            }];
            let request = PlanRequest {
                targets: &targets,
                destroy: command == Command::Destroy,
                explain: false,
            };
            run.execute(&request, command, &wire, conditions).await;
        }
    }
    run.sent = wire.sent();
    run.tally = account.sandbox.tally();
    run
}

/// A stack file, and the role that leads to where it is carried out.
pub(super) struct Reached<'a> {
    pub(super) written: &'a dyn Written,
    /// The role that it names, if it names one.
    pub(super) role: Option<AssumedRole>,
}

/// Runs `command` on several files, of which some are reached as a role.
pub(super) async fn invoke_all(
    account: &Account,
    files: &[Reached<'_>],
    command: Command,
    conditions: Conditions,
) -> Invocation {
    account.sandbox.set_faults(conditions.faults.clone());
    let wire = Wire::new(account.sandbox.clone(), conditions.page, conditions.strike);
    let mut run = Invocation::begun();
    match Box::pin(targets(account, files, &wire)).await {
        Err(error) => run.unread(error, &wire),
        Ok(targets) => {
            let request = PlanRequest {
                targets: &targets,
                destroy: command == Command::Destroy,
                explain: false,
            };
            // Boxed, because a run is a large future.
            Box::pin(run.execute(&request, command, &wire, conditions)).await;
        }
    }
    run.sent = wire.sent();
    run.tally = account.sandbox.tally();
    run
}

async fn targets(
    account: &Account,
    files: &[Reached<'_>],
    wire: &Wire,
) -> Result<Vec<StackTarget<Aws>>, CallError> {
    let mut targets = Vec::new();
    for (index, Reached { written, role }) in files.iter().enumerate() {
        let (http, clock) = (wire.http_client(), account.clock());
        let who = (KEY, role.clone());
        let aws = Aws::through(http, REGION.to_owned(), clock, None, who);
        let identity = aws.identity().await?;
        let stack = load(*written, identity.clone(), true);
        let stack = stack.unwrap_or_else(|problems| panic!("{problems:#?}"));
        let leads_to = role.as_ref().map(|role| role.arn.account());
        assert_eq!(
            identity.account,
            leads_to.unwrap_or(account.sandbox.account())
        );
        targets.push(StackTarget {
            path: PathBuf::from(format!("sim-{index}.toml")),
            stack,
            cloud: Arc::new(aws),
            only: None,
            leave: BTreeSet::new(),
        });
    }
    Ok(targets)
}

/// The stack in the file, for where AWS says that it is.
async fn stack(account: &Account, draft: &impl Written, aws: &Aws) -> Result<Stack, CallError> {
    // The file is checked before AWS is asked, as for somebody without an account.
    let right = |loaded: Result<Stack, Vec<Problem>>| {
        loaded.unwrap_or_else(|problems| panic!("{problems:#?}\nin\n{}", draft.toml()))
    };
    _ = right(load(
        draft,
        Identity::new("000000000000", "us-east-1"),
        false,
    ));
    let stack = right(load(draft, aws.identity().await?, true));
    assert_eq!(stack.identity, account.identity());
    Ok(stack)
}

/// What the file says where it is `identity`.
pub(super) fn load(
    draft: &dyn Written,
    identity: Identity,
    known: bool,
) -> Result<Stack, Vec<Problem>> {
    let source = Source {
        path: PathBuf::from("sim.toml"),
        text: draft.toml(),
    };
    let around = LoadContext {
        identity,
        account_is_known: known,
        region_is_known: known,
        variables: std::collections::BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|name| draft.variable(name),
        elsewhere: &|_| false,
        read: &|_| Err(std::io::ErrorKind::NotFound.into()),
    };
    load::load(&source, &around)
}

impl Invocation {
    /// One of which nothing has happened yet.
    fn begun() -> Self {
        Self {
            end: End::Planned,
            plan: Arc::default(),
            plans: Vec::new(),
            outcomes: Vec::new(),
            not_begun: 0,
            text: String::new(),
            sent: Vec::new(),
            looked: 0,
            accepted: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    /// Runs `command`, which something may strike.
    async fn execute(
        &mut self,
        request: &PlanRequest<'_, Aws>,
        command: Command,
        wire: &Wire,
        conditions: Conditions,
    ) {
        let options = RunOptions {
            concurrency: conditions.concurrency,
            run_id: conditions.id,
            no_wait: false,
            rollout_timeout: None,
        };
        let strike = conditions.strike.map(|(_, strike)| strike);
        let (stop, stopped) = watch::channel(false);
        let mut user = User {
            run: self,
            wire,
            agrees: command != Command::Plan,
            consents: conditions.consents,
            lines: Vec::new(),
        };
        let ended = {
            let running = run::execute(request, &options, &mut user, stopped);
            let mut running = std::pin::pin!(running);
            tokio::select! {
                biased;
                () = wire.struck() => match strike {
                    Some(Strike::Interrupt) => {
                        stop.send_replace(true);
                        Some(running.await)
                    }
                    Some(Strike::KillBefore | Strike::KillAfter) | None => None,
                },
                ended = &mut running => Some(ended),
            }
        };
        // Of a run that was killed, nobody else has read it.
        user.read_progress();
        match ended {
            None => self.end = End::Killed,
            Some(Err(RunError::Call(error))) => self.unread(error, wire),
            Some(Ok(_) | Err(RunError::Refused { .. } | RunError::Session(Declined))) => {}
            Some(Err(RunError::NotAccepted(losses))) => {
                assert!(!conditions.consents, "{losses:?} were accepted");
            }
            Some(Err(RunError::Moved(moved))) => panic!("{moved:?} moved within a moment"),
            Some(Err(RunError::Interrupted)) => panic!("nothing had been altered to strike at"),
        }
    }

    /// Takes note that AWS could not be read.
    fn unread(&mut self, error: CallError, wire: &Wire) {
        self.text.push_str(&error.to_string());
        self.end = End::Unread(error);
        self.looked = wire.sent().len();
    }
}

/// Somebody who only wanted to look.
#[derive(Debug)]
struct Declined;

/// Who typed the command, and agrees to everything that it would do.
struct User<'a> {
    run: &'a mut Invocation,
    wire: &'a Wire,
    agrees: bool,
    consents: bool,
    /// The progress of the plan that is carried out.
    lines: Vec<u8>,
}

impl User<'_> {
    fn read_progress(&mut self) {
        let lines = std::mem::take(&mut self.lines);
        self.run.text.push_str(&String::from_utf8_lossy(&lines));
    }
}

impl Session<Aws> for User<'_> {
    type Error = Declined;

    fn show(
        &mut self,
        request: &PlanRequest<'_, Aws>,
        planned: &[Planned],
    ) -> Result<(), Declined> {
        self.run.looked = self.wire.sent().len();
        for (target, planned) in request.targets.iter().zip(planned) {
            let frame = show::plan::Frame {
                stack: &target.stack.name,
                identity: &target.stack.identity,
                order: &target.stack.order,
                places: None,
                access: None,
                sandbox: None,
                destroy: request.destroy,
                verbose: true,
                next: None,
                rates: None,
            };
            let shown = show::plan::render(&planned.plan, &planned.risks, &frame, Style::PLAIN);
            self.run.text.push_str(&shown);
            self.run.plan = Arc::new(planned.plan.clone());
            self.run.plans.push(planned.plan.clone());
        }
        Ok(())
    }

    async fn confirm(
        &mut self,
        _: &PlanRequest<'_, Aws>,
        _: &[Planned],
        losses: &Losses,
    ) -> Result<Losses, Declined> {
        if !self.agrees {
            return Err(Declined);
        }
        if !self.consents {
            return Ok(Losses::new());
        }
        let named = losses.iter().map(|(_, loss)| loss.to_string());
        self.run.accepted.extend(named);
        Ok(losses.clone())
    }

    fn nothing_to_do(&mut self, _: &PlanRequest<'_, Aws>, _: &StackTarget<Aws>, _: &Plan) {}

    fn begin<'s>(
        &'s mut self,
        _: &'s PlanRequest<'s, Aws>,
        _: &'s StackTarget<Aws>,
        plan: &'s Plan,
    ) -> impl Reporter {
        Lines(Progress::lines(plan, Style::PLAIN, &mut self.lines))
    }

    fn end(
        &mut self,
        _: &PlanRequest<'_, Aws>,
        target: &StackTarget<Aws>,
        plan: &Plan,
        outcome: &Outcome,
        changed: bool,
    ) {
        self.read_progress();
        let frame = summary::Frame {
            changed,
            order: &target.stack.order,
            look: "amp-stack plan",
            again: "amp-stack apply",
        };
        let summary = summary::render(outcome, plan, &frame, Style::PLAIN);
        self.run.text.push_str(&summary);
        self.run.end = End::Applied(outcome.clone());
        self.run.outcomes.push(outcome.clone());
    }

    fn not_begun(&mut self, left: &[&StackTarget<Aws>]) {
        assert!(
            left.len() < self.run.plans.len(),
            "the first that has something to do was begun"
        );
        self.run.not_begun = left.len();
    }
}

/// Progress as people read it who have no terminal.
struct Lines<'a>(Progress<'a>);

impl Reporter for Lines<'_> {
    fn pace(&self) -> Duration {
        self.0.pace()
    }

    fn tick(&mut self, elapsed: Duration) {
        self.0.tick(elapsed);
    }

    fn event(&mut self, event: &Event) {
        self.0.report(event);
    }
}
