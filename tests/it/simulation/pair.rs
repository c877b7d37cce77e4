//! Two runs of one stack file at the same moment: every request takes its own time, so that with
//! the seed they meet at every call, and answers are lost in some stories.

use std::time::Duration;

use amp_stack_sandbox::Faults;
use fastrand::Rng;

use super::{
    account::Account,
    draft::{Draft, Workspace},
    invocation::{Command, Conditions, End, Invocation, invoke},
};

/// The latest that the second run begins after the first: late enough to find all of its work.
const LATEST: u64 = 60_000;

/// What happened in the stories.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Met {
    /// Both runs were to create a workspace.
    pub(super) both: u64,
    /// Of these, those in which a run learned that it was not the first.
    pub(super) met: u64,
}

/// Tells the story of `seed`.
pub(super) async fn tell(seed: u64) -> Met {
    let mut rng = Rng::with_seed(seed);
    let account = Account::random(&mut rng).await;
    let draft = draft(&mut rng, &account);
    let before = account.view();
    let faults = faults(&mut rng);
    let loses = faults.lost_after > 0.0;
    let apply = |id: &str, command, faults| {
        let conditions = Conditions {
            consents: true,
            faults,
            strike: None,
            page: None,
            concurrency: 4,
            id: id.to_owned(),
        };
        invoke(&account, &draft, command, conditions)
    };
    let delay = if rng.bool() { 0 } else { rng.u64(..LATEST) };
    let second = async {
        tokio::time::sleep(Duration::from_millis(delay)).await;
        apply("second", Command::Apply, Some(faults.clone())).await
    };
    let first = apply("first", Command::Apply, Some(faults.clone()));
    let (first, second) = tokio::join!(first, second);

    let view = account.view();
    let workspaces = view.ours_of("workspace");
    assert!(
        workspaces.len() <= 1,
        "{} workspaces:\n{}\n{}",
        workspaces.len(),
        first.text,
        second.text
    );
    for (family, count) in &view.registered {
        let had = before.registered.get(family).copied().unwrap_or_default();
        assert!(
            count - had <= 2,
            "{family} was registered {} times",
            count - had
        );
    }
    for run in [&first, &second].into_iter().filter(|_| !loses) {
        assert_done(run);
    }

    // Whatever became of them, one more run is enough.
    tokio::time::sleep(Duration::from_mins(3)).await;
    assert_done(&apply("third", Command::Apply, None).await);
    tokio::time::sleep(Duration::from_mins(1)).await;
    let last = apply("fourth", Command::Plan, None).await;
    assert!(
        last.plan.is_empty(),
        "something was left to do:\n{}",
        last.text
    );
    assert_eq!(account.view().ours_of("workspace").len(), 1);
    met(&first, &second)
}

/// A draft with a workspace of its own, and with a log group.
fn draft(rng: &mut Rng, account: &Account) -> Draft {
    loop {
        let draft = Draft::random(rng, account.strays, &account.guest);
        let is_whole = matches!(draft.workspace, Some(Workspace::State { .. }))
            && draft.groups.iter().any(Option::is_some);
        if is_whole {
            return draft;
        }
    }
}

fn faults(rng: &mut Rng) -> Faults {
    let slow = Faults {
        latency_max: Duration::from_millis(rng.u64(1..3000)),
        ..Faults::none(rng.u64(..))
    };
    if rng.u8(..3) > 0 {
        return slow;
    }
    Faults {
        lost_before: 0.03,
        lost_after: 0.03,
        server_error: 0.03,
        ..slow
    }
}

fn assert_done(run: &Invocation) {
    let done = match &run.end {
        End::Applied(outcome) => outcome.is_complete(),
        End::Planned => run.plan.refusals.is_empty(),
        End::Unread(_) | End::Killed => false,
    };
    assert!(done, "it did not come to its end:\n{}", run.text);
}

fn met(first: &Invocation, second: &Invocation) -> Met {
    let creates = |run: &&&Invocation| {
        let mut steps = run.plan.steps.iter();
        steps.any(|step| step.from.is_none() && step.id.address.to_string() == "workspace")
    };
    let met = |run: &&Invocation| match &run.end {
        End::Applied(outcome) => !outcome.met.is_empty(),
        End::Unread(_) | End::Killed | End::Planned => false,
    };
    let both = [first, second].iter().filter(creates).count() == 2;
    let met = both && (met(&first) || met(&second));
    Met {
        both: both.into(),
        met: met.into(),
    }
}
