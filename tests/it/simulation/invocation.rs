//! One run of amp-stack, from the text of the stack file to the summary, as the command line makes
//! it.

use std::{path::PathBuf, sync::Arc, time::Duration};

use amp_stack::{
    apply::{Options, Outcome, apply},
    aws::Aws,
    cloud::Cloud,
    file::source::Source,
    load::{self, LoadContext},
    model::{address::Kind, call::CallError, identity::Identity},
    plan::{Phase, Plan, plan, risk::risks},
    show::{self, Style, progress::Progress, summary},
    stack::Stack,
};
use amp_stack_sandbox::{Faults, chaos::Tally};
use tokio::sync::watch;

use super::{
    account::Account,
    draft::Draft,
    wire::{Sent, Strike, Wire},
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
    /// Empty if AWS could not be read.
    pub(super) plan: Arc<Plan>,
    /// Everything that people saw.
    pub(super) text: String,
    /// Every request, in the order in which they were sent.
    pub(super) sent: Vec<Sent>,
    /// How many requests were sent before the plan was there.
    pub(super) looked: usize,
    pub(super) tally: Tally,
}

/// Runs `command` on `draft`.
pub(super) async fn invoke(
    account: &Account,
    draft: &Draft,
    command: Command,
    conditions: Conditions,
) -> Invocation {
    account.sandbox.set_faults(conditions.faults.clone());
    let wire = Wire::new(account.sandbox.clone(), conditions.page, conditions.strike);
    let aws = Arc::new(Aws::new(&account.sdk(wire.http_client())));
    let mut text = String::new();
    let mut run = Invocation {
        end: End::Planned,
        plan: Arc::default(),
        text: String::new(),
        sent: Vec::new(),
        looked: 0,
        tally: Tally::default(),
    };
    match look(account, draft, command, &aws, &mut text).await {
        Err(error) => {
            text.push_str(&error.to_string());
            run.end = End::Unread(error);
            run.looked = wire.sent().len();
        }
        Ok(plan) => {
            run.plan = Arc::new(plan);
            run.looked = wire.sent().len();
            if command != Command::Plan && !run.plan.is_empty() && run.plan.refusals.is_empty() {
                run.end = carry_out(&run.plan, aws, &wire, conditions, &mut text).await;
            }
        }
    }
    run.text = text;
    run.sent = wire.sent();
    run.tally = account.sandbox.tally();
    run
}

/// Reads the file and AWS, and plans, as `plan` does.
async fn look(
    account: &Account,
    draft: &Draft,
    command: Command,
    aws: &Aws,
    text: &mut String,
) -> Result<Plan, CallError> {
    // The file is checked before AWS is asked, as for somebody without an account.
    _ = load(draft, Identity::new("000000000000", "us-east-1"), false);
    let stack = load(draft, aws.identity().await?, true);
    assert_eq!(stack.identity, account.identity());
    let destroy = command == Command::Destroy;
    let stack = if destroy { stack.emptied() } else { stack };
    let mut planned = plan(&stack, &aws.observe(&stack.query(destroy)).await?);
    // What the command line does when it sees that a family goes: inactive revisions take calls of
    // their own.
    if !destroy && removes_a_family(&planned) {
        planned = plan(&stack, &aws.observe(&stack.query(true)).await?);
    }
    let frame = show::plan::Frame {
        stack: &stack.name,
        identity: &stack.identity,
        sandbox: None,
        destroy,
        verbose: true,
        next: None,
    };
    let shown = show::plan::render(&planned, &risks(&planned), &frame, Style::PLAIN);
    text.push_str(&shown);
    Ok(planned)
}

fn load(draft: &Draft, identity: Identity, known: bool) -> Stack {
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
        .unwrap_or_else(|problems| panic!("{problems:#?}\nin\n{}", source.text))
}

fn removes_a_family(plan: &Plan) -> bool {
    plan.steps
        .iter()
        .any(|step| step.id.phase == Phase::Remove && step.id.address.kind == Kind::TaskDefinition)
}

async fn carry_out(
    plan: &Arc<Plan>,
    aws: Arc<Aws>,
    wire: &Wire,
    conditions: Conditions,
    text: &mut String,
) -> End {
    let options = Options {
        concurrency: conditions.concurrency,
        run_id: conditions.id,
        settle_timeout: Duration::from_mins(2),
    };
    let mut lines = Vec::new();
    let (stop, stopped) = watch::channel(false);
    let strike = conditions.strike.map(|(_, strike)| strike);
    let end = {
        let mut progress = Progress::lines(plan, Style::PLAIN, &mut lines);
        let report = |event| progress.report(&event);
        let deed = apply(Arc::clone(plan), aws, options, stopped, report);
        let mut deed = std::pin::pin!(deed);
        tokio::select! {
            biased;
            () = wire.struck() => match strike {
                Some(Strike::Interrupt) => {
                    stop.send_replace(true);
                    End::Applied(deed.await)
                }
                Some(Strike::KillBefore | Strike::KillAfter) | None => End::Killed,
            },
            outcome = &mut deed => End::Applied(outcome),
        }
    };
    text.push_str(&String::from_utf8_lossy(&lines));
    if let End::Applied(outcome) = &end {
        let frame = summary::Frame {
            changed: true,
            look: "amp-stack plan",
            again: "amp-stack apply",
        };
        text.push_str(&summary::render(outcome, plan, &frame, Style::PLAIN));
    }
    end
}
