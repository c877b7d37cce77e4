//! Rollouts to services, on a clock that jumps: each run is struck at each call that alters
//! something, with a revision that works and with one that doesn't, and somebody else registers or
//! deploys something in between.

use std::{collections::BTreeMap, time::Duration};

use super::{
    account::Account,
    invocation::{Command, Conditions, End, Invocation, Written, invoke},
    wire::Strike,
};

const FAMILY: &str = "checkout";
const SERVICES: [&str; 2] = ["api", "worker"];
/// The most calls of one run that alter something: a revision, and a deployment of each service.
const CALLS: usize = 3;
/// The most runs that it may take to come to rest.
const RUNS_TO_REST: usize = 5;

/// What somebody else does between two runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    Nothing,
    /// Registers a revision of the family that says something else.
    Revision,
    /// Brings one of the services back to the first revision.
    Deployment,
}

/// One story.
#[derive(Clone, Copy, Debug)]
struct Case {
    strike: Option<(usize, Strike)>,
    /// Whether the tasks of the new revision can't start.
    fails: bool,
    between: Between,
}

/// The stack file that says `image` and names `services`.
struct File {
    image: &'static str,
    services: &'static [&'static str],
}

impl Written for File {
    fn toml(&self) -> String {
        let services: Vec<String> = self
            .services
            .iter()
            .map(|s| format!("\"prod/{s}\""))
            .collect();
        format!(
            "[stack]\nname = \"sim\"\n\n[task_definitions.checkout]\nrequires_compatibilities = [\"FARGATE\"]\ncpu = 256\nmemory = 512\nservices = [{}]\n\n[task_definitions.checkout.containers.app]\nimage = \"{}\"\n",
            services.join(", "),
            self.image
        )
    }

    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

/// Tells every story; returns how many there were, and in how many a revision was taken back.
pub(super) async fn tell_all() -> (usize, usize) {
    let strikes = [Strike::KillBefore, Strike::KillAfter, Strike::Interrupt];
    let at_each = (1..=CALLS).flat_map(|at| strikes.map(|strike| Some((at, strike))));
    let strikes: Vec<_> = [None].into_iter().chain(at_each).collect();
    let (mut told, mut taken_back) = (0, 0);
    for fails in [false, true] {
        for between in [Between::Nothing, Between::Revision, Between::Deployment] {
            for &strike in &strikes {
                let case = Case {
                    strike,
                    fails,
                    between,
                };
                told += 1;
                taken_back += usize::from(tell(case).await);
            }
        }
    }
    (told, taken_back)
}

/// Tells one story; returns whether a revision was taken back in it.
async fn tell(case: Case) -> bool {
    let account = Account::empty();
    let apply = |file, strike, id: String| {
        let conditions = Conditions {
            consents: true,
            faults: None,
            strike,
            page: None,
            concurrency: 2,
            id,
        };
        let account = &account;
        async move { invoke(account, &file, Command::Apply, conditions).await }
    };
    let first = File {
        image: "app:1",
        services: &[],
    };
    let run = apply(first, None, "first".to_owned()).await;
    assert!(is_done(&run), "{case:?}:\n{}", run.text);
    account.serve_by_hand("prod", &SERVICES, FAMILY).await;
    tokio::time::sleep(Duration::from_mins(5)).await;

    let file = || File {
        image: if case.fails {
            "app:does-not-exist"
        } else {
            "app:2"
        },
        services: &SERVICES,
    };
    apply(file(), case.strike, "struck".to_owned()).await;
    tokio::time::sleep(Duration::from_secs(20)).await;
    match case.between {
        Between::Nothing => {}
        Between::Revision => _ = account.register_by_hand(FAMILY).await,
        Between::Deployment => {
            account
                .deploy_by_hand("prod", SERVICES[0], "checkout:1")
                .await;
        }
    }

    let mut last = None;
    for number in 0..RUNS_TO_REST {
        let run = apply(file(), None, format!("again-{number}")).await;
        // Right after the strike a deployment may still be under way.
        let is_at_rest = number > 0 && matches!(run.end, End::Planned);
        last = Some(run);
        // Long enough for whatever ECS has begun.
        tokio::time::sleep(Duration::from_mins(30)).await;
        if is_at_rest {
            break;
        }
    }
    let last = last.expect("it ran");
    assert!(
        matches!(last.end, End::Planned),
        "{case:?} did not come to rest:\n{}",
        last.text
    );
    let runs = account.services_run("prod", &SERVICES).await;
    assert_one_rollout_each(case, &account).await;
    if case.fails {
        let refused: Vec<&str> = last.plan.refusals.iter().map(|r| r.reason.code()).collect();
        assert_eq!(
            refused.first(),
            Some(&"rolled-back"),
            "{case:?}:\n{}",
            last.text
        );
        let is_first = |runs: &String| runs == "checkout:1";
        assert!(
            runs.iter().all(is_first),
            "{case:?}: {runs:?}\n{}",
            last.text
        );
    } else {
        assert!(last.plan.is_empty(), "{case:?}:\n{}", last.text);
        assert_eq!(runs[0], runs[1], "{case:?}");
        let image = account.image(&runs[0]).await;
        assert_eq!(image, "app:2", "{case:?}");
    }
    case.fails
}

/// A revision is rolled out to a service once, unless somebody else has taken its place in between.
async fn assert_one_rollout_each(case: Case, account: &Account) {
    for service in SERVICES {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        for revision in account.deployments("prod", service).await {
            *counts.entry(revision).or_default() += 1;
        }
        // The first one was deployed by hand, perhaps twice.
        counts.remove("checkout:1");
        let was_replaced = case.between == Between::Deployment && service == SERVICES[0];
        let most = 1 + usize::from(was_replaced);
        for (revision, count) in counts {
            assert!(
                count <= most,
                "{case:?}: {revision} was rolled out to {service} {count} times"
            );
        }
    }
}

fn is_done(run: &Invocation) -> bool {
    match &run.end {
        End::Applied(outcome) => outcome.is_complete(),
        End::Planned | End::Unread(_) | End::Killed => false,
    }
}
