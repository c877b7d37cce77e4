use super::*;
use crate::{
    file::source::Source,
    kinds::{Resource, log_group::LogGroup},
    load::{self, LoadContext},
    model::{call::REPORT_BUG, identity::Identity, tags::Tags},
    testing::{FakeCloud, Fault},
};

/// What a session was called with, in order.
#[derive(Default)]
struct Heard {
    lines: Vec<String>,
    failures: Vec<CallError>,
}

/// Somebody who takes `thinks` to answer, while `meanwhile` happens.
struct Somebody<'a> {
    heard: Heard,
    agrees: bool,
    /// What they accept by name.
    names: Vec<String>,
    thinks: Duration,
    meanwhile: &'a dyn Fn(),
}

impl<'a> Somebody<'a> {
    fn new(meanwhile: &'a dyn Fn()) -> Self {
        Self {
            heard: Heard::default(),
            agrees: true,
            names: Vec::new(),
            thinks: Duration::ZERO,
            meanwhile,
        }
    }
}

struct Deaf;

impl Reporter for Deaf {
    fn pace(&self) -> Duration {
        Duration::from_secs(1)
    }
    fn tick(&mut self, _elapsed: Duration) {}
    fn event(&mut self, _event: &Event) {}
}

impl Session<FakeCloud> for Somebody<'_> {
    type Error = &'static str;

    fn show(
        &mut self,
        _request: &PlanRequest<'_, FakeCloud>,
        planned: &[Planned],
    ) -> Result<(), Self::Error> {
        let steps: usize = planned.iter().map(|planned| planned.plan.steps.len()).sum();
        self.heard.lines.push(format!("show {steps}"));
        Ok(())
    }

    async fn confirm(
        &mut self,
        _request: &PlanRequest<'_, FakeCloud>,
        _planned: &[Planned],
        losses: &Losses,
    ) -> Result<Losses, Self::Error> {
        self.heard.lines.push("confirm".to_owned());
        tokio::time::sleep(self.thinks).await;
        (self.meanwhile)();
        let is_named = |loss: &&(usize, Acceptance)| self.names.contains(&loss.1.to_string());
        if self.agrees {
            Ok(losses.iter().filter(is_named).cloned().collect())
        } else {
            Err("no")
        }
    }

    fn nothing_to_do(
        &mut self,
        _request: &PlanRequest<'_, FakeCloud>,
        target: &StackTarget<FakeCloud>,
        _plan: &Plan,
    ) {
        let line = format!("nothing to do to {}", target.stack.name);
        self.heard.lines.push(line);
    }

    fn begin<'s>(
        &'s mut self,
        _request: &'s PlanRequest<'s, FakeCloud>,
        target: &'s StackTarget<FakeCloud>,
        _plan: &'s Plan,
    ) -> impl Reporter {
        self.heard
            .lines
            .push(format!("begin {}", target.stack.name));
        Deaf
    }

    fn end(
        &mut self,
        _request: &PlanRequest<'_, FakeCloud>,
        target: &StackTarget<FakeCloud>,
        _plan: &Plan,
        outcome: &Outcome,
        _changed: bool,
    ) {
        self.heard.lines.push(format!("end {}", target.stack.name));
        let failed = outcome.failed.iter().map(|failure| failure.error.clone());
        self.heard.failures.extend(failed);
    }

    fn not_begun(&mut self, targets: &[&StackTarget<FakeCloud>]) {
        let names = targets.iter().map(|target| target.stack.name.to_string());
        let names: Vec<String> = names.collect();
        self.heard
            .lines
            .push(format!("not begun: {}", names.join(", ")));
    }
}

fn identity() -> Identity {
    Identity::new("111122223333", "us-east-1")
}

/// A stack with one log group that is called like it.
fn target(name: &str, cloud: &Arc<FakeCloud>) -> StackTarget<FakeCloud> {
    let source = Source {
        path: format!("{name}.toml").into(),
        text: format!(
            "[stack]\nname = \"{name}\"\n[log_groups.app]\nname = \"/{name}\"\nretention_days = 7\n"
        ),
    };
    StackTarget {
        path: source.path.clone(),
        stack: load::load(&source, &LoadContext::new(identity())).expect("the file is sound"),
        cloud: Arc::clone(cloud),
        only: None,
        leave: BTreeSet::new(),
    }
}

/// Somebody else's log group of this name.
fn group(name: &str) -> Resource {
    Resource::LogGroup(LogGroup {
        name: name.to_owned(),
        class: "STANDARD".to_owned(),
        retention_days: None,
        kms_key_arn: None,
        deletion_protection: false,
        tags: Tags::new(),
    })
}

async fn run(
    targets: &[StackTarget<FakeCloud>],
    somebody: &mut Somebody<'_>,
    stops: bool,
) -> Result<RunOutcome, Box<RunError<&'static str>>> {
    let request = PlanRequest {
        targets,
        destroy: false,
        explain: false,
    };
    let options = RunOptions {
        concurrency: 4,
        run_id: "run".to_owned(),
        no_wait: false,
        rollout_timeout: None,
    };
    let (_stop, stopped) = watch::channel(stops);
    let ended = execute(&request, &options, somebody, stopped).await;
    ended.map_err(Box::new)
}

#[tokio::test(start_paused = true)]
async fn what_is_done_already_is_not_asked_about() {
    let cloud = Arc::new(FakeCloud::new(identity()));
    let targets = [target("one", &cloud)];
    let mut somebody = Somebody::new(&|| ());
    let first = run(&targets, &mut somebody, false).await;
    let changed = |changed| {
        Ok(RunOutcome {
            is_complete: true,
            changed,
            awaits_decision: false,
        })
    };
    assert_eq!(first, changed(true));
    assert_eq!(
        somebody.heard.lines,
        ["show 1", "confirm", "begin one", "end one"]
    );
    let mut somebody = Somebody::new(&|| ());
    let second = run(&targets, &mut somebody, false).await;
    assert_eq!(second, changed(false));
    assert_eq!(somebody.heard.lines, ["show 0", "nothing to do to one"]);
}

#[tokio::test(start_paused = true)]
async fn without_consent_nothing_is_called() {
    let cloud = Arc::new(FakeCloud::new(identity()));
    let mut somebody = Somebody {
        agrees: false,
        ..Somebody::new(&|| ())
    };
    let ended = run(&[target("one", &cloud)], &mut somebody, false).await;
    assert_eq!(ended, Err(Box::new(RunError::Session("no"))));
    assert_eq!(cloud.log(), []);
}

#[tokio::test(start_paused = true)]
async fn a_plan_with_decisions_to_make_is_not_asked_about() {
    let cloud = Arc::new(FakeCloud::new(identity()));
    cloud.put(group("/one"));
    let mut somebody = Somebody::new(&|| ());
    let ended = run(&[target("one", &cloud)], &mut somebody, false).await;
    assert_eq!(ended, Err(Box::new(RunError::Refused { decisions: 1 })));
    assert_eq!(somebody.heard.lines, ["show 0"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_long_answer_only_the_same_plan_is_carried_out() {
    for (thinks, moves, is_carried_out) in [
        (MOMENT * 2, false, true),
        (MOMENT * 2, true, false),
        // Within the moment nobody looks again: the calls themselves fail if they have to.
        (MOMENT / 2, false, true),
    ] {
        let cloud = Arc::new(FakeCloud::new(identity()));
        let meanwhile = || {
            if moves {
                cloud.put(group("/one"));
            }
        };
        let mut somebody = Somebody {
            thinks,
            ..Somebody::new(&meanwhile)
        };
        let ended = run(&[target("one", &cloud)], &mut somebody, false).await;
        if is_carried_out {
            assert!(ended.is_ok_and(|outcome| outcome.is_complete));
        } else {
            let address = "log_groups.app".parse().expect("an address");
            assert_eq!(ended, Err(Box::new(RunError::Moved(vec![(0, address)]))));
            assert_eq!(cloud.log(), []);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_to_stop_before_the_answer_changes_nothing() {
    let cloud = Arc::new(FakeCloud::new(identity()));
    let mut somebody = Somebody {
        thinks: MOMENT,
        ..Somebody::new(&|| ())
    };
    let ended = run(&[target("one", &cloud)], &mut somebody, true).await;
    assert_eq!(ended, Err(Box::new(RunError::Interrupted)));
    assert_eq!(cloud.log(), []);
}

#[tokio::test(start_paused = true)]
async fn a_step_that_panics_is_a_bug_to_report_and_keeps_later_stacks_from_beginning() {
    let cloud = Arc::new(FakeCloud::new(identity()));
    cloud.set_faults([(0, Fault::Panic)]);
    let targets = [target("one", &cloud), target("two", &cloud)];
    let mut somebody = Somebody::new(&|| ());
    let ended = run(&targets, &mut somebody, false).await;
    let outcome = RunOutcome {
        is_complete: false,
        // What the call did is not known.
        changed: true,
        awaits_decision: false,
    };
    assert_eq!(ended, Ok(outcome));
    assert_eq!(
        somebody.heard.lines,
        [
            "show 2",
            "confirm",
            "begin one",
            "end one",
            "not begun: two"
        ]
    );
    let [failure] = somebody.heard.failures.as_slice() else {
        panic!("{:?}", somebody.heard.failures);
    };
    let hint = failure.hint.as_deref().unwrap_or_default();
    assert!(hint.starts_with(REPORT_BUG), "{hint}");
    assert_eq!(failure.effect, Effect::Unknown);
}

/// No call that loses data is made without its address having been named, whatever a session
/// answers.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_that_nobody_has_named() {
    for (names, is_done) in [
        (&[][..], false),
        (&["workspace", "log_groups.other"], false),
        (&["log_groups.app"], true),
    ] {
        for destroy in [false, true] {
            let cloud = Arc::new(FakeCloud::new(identity()));
            let targets = [target("shop", &cloud)];
            let want = targets[0].stack.resources.values().next();
            let mut group = want.and_then(|declared| declared.want.clone());
            if let Some(Resource::LogGroup(group)) = &mut group {
                group.retention_days = Some(30);
            }
            cloud.put(group.expect("the stack declares a group"));
            let request = PlanRequest {
                targets: &targets,
                destroy,
                explain: false,
            };
            let options = RunOptions {
                concurrency: 1,
                run_id: "run".to_owned(),
                no_wait: false,
                rollout_timeout: None,
            };
            let nothing = || {};
            let mut session = Somebody::new(&nothing);
            session.names = names.iter().map(|name| (*name).to_owned()).collect();
            let (_stop, stopped) = watch::channel(false);
            let ended = execute(&request, &options, &mut session, stopped).await;
            if is_done {
                assert!(ended.is_ok_and(|run| run.is_complete));
            } else {
                assert!(matches!(ended, Err(RunError::NotAccepted(losses)) if losses.len() == 1));
            }
            assert_eq!(
                cloud.log().is_empty(),
                !is_done,
                "{names:?}, destroy: {destroy}"
            );
        }
    }
}
