//! The loop that owns everything while a plan is carried out.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    sync::Arc,
};

use tokio::{
    sync::{mpsc, watch},
    task::{Id, JoinError, JoinSet},
    time::Instant,
};

use crate::{
    apply::{
        Event, Failure, Options, Outcome,
        step_task::{End, Progress, StepTask, asked_to_stop},
    },
    cloud::Cloud,
    kinds::Change,
    model::{
        address::Address,
        call::{CallError, Claim, Class, Effect, Maker, REPORT_BUG},
        template::{Attribute, Reference},
    },
    plan::{ClaimBy, Plan, Step, StepId, schedule::Schedule},
};

/// A plan that is being carried out.
pub(super) struct Run<C, R> {
    steps: BTreeMap<StepId, Step>,
    refused: bool,
    /// The attributes that references are filled in with.
    known_attributes: BTreeMap<Address, BTreeMap<Attribute, String>>,
    cloud: Arc<C>,
    options: Options,
    stop: watch::Receiver<bool>,
    stopping: bool,
    report: R,
    schedule: Schedule,
    tasks: JoinSet<End>,
    task_steps: BTreeMap<Id, StepId>,
    sender: mpsc::UnboundedSender<Progress>,
    receiver: mpsc::UnboundedReceiver<Progress>,
    /// What each step that runs has performed, and the operation that it began last.
    performed: BTreeMap<StepId, Vec<&'static str>>,
    calling: BTreeMap<StepId, &'static str>,
    /// When each step began its last call.
    began: BTreeMap<StepId, Instant>,
    /// By whom what each step creates was made, and when its first call was sent.
    makers: BTreeMap<StepId, (Maker, Instant)>,
    /// The steps that altered something, or waited for one that did.
    altered: BTreeSet<StepId>,
    outcome: Outcome,
}

impl<C: Cloud, R: FnMut(Event)> Run<C, R> {
    pub(super) fn new(
        plan: &Plan,
        cloud: Arc<C>,
        options: Options,
        stop: watch::Receiver<bool>,
        report: R,
    ) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self {
            schedule: Schedule::new(plan),
            refused: !plan.refusals.is_empty(),
            known_attributes: plan.known_attributes.clone(),
            steps: plan
                .steps
                .iter()
                .map(|step| (step.id.clone(), step.clone()))
                .collect(),
            cloud,
            options,
            stop,
            stopping: false,
            report,
            tasks: JoinSet::new(),
            task_steps: BTreeMap::new(),
            sender,
            receiver,
            performed: BTreeMap::new(),
            calling: BTreeMap::new(),
            began: BTreeMap::new(),
            makers: BTreeMap::new(),
            altered: BTreeSet::new(),
            outcome: Outcome::default(),
        }
    }

    pub(super) async fn carry_out(mut self) -> Outcome {
        if self.refused {
            self.outcome.stopped = self.schedule.stop();
            return self.outcome;
        }
        loop {
            if *self.stop.borrow() {
                self.stop_now();
            }
            self.start_what_may_run();
            if self.tasks.is_empty() {
                // Only steps that wait for each other in a circle could still wait, and they never
                // begin.
                self.outcome.stopped.extend(self.schedule.stop());
                return self.outcome;
            }
            tokio::select! {
                biased;
                () = asked_to_stop(&mut self.stop), if !self.stopping => self.stop_now(),
                Some(progress) = self.receiver.recv() => self.emit(progress),
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
            }
        }
    }

    fn stop_now(&mut self) {
        if !self.stopping {
            self.stopping = true;
            (self.report)(Event::Stopping);
            self.outcome.stopped.extend(self.schedule.stop());
        }
    }

    fn start_what_may_run(&mut self) {
        while self.schedule.running() < self.options.concurrency.max(1) {
            let Some(id) = self.schedule.start_next() else {
                return;
            };
            if let Some(step) = self.steps.remove(&id) {
                self.start(step);
            }
        }
    }

    fn start(&mut self, mut step: Step) {
        let follows_changes = !step.after.is_disjoint(&self.altered);
        if follows_changes {
            self.altered.insert(step.id.clone());
        }
        self.fill_in(&mut step);
        let changes = step.changes();
        (self.report)(Event::Started {
            step: step.id.clone(),
            calls: changes.len(),
        });
        self.performed.insert(step.id.clone(), Vec::new());
        if let Some(error) = unknown(&step, &changes) {
            return self.failed(&step.id, error);
        }
        let task = StepTask {
            step: step.id.clone(),
            target: step.target,
            changes,
            revision: [&step.to, &step.from]
                .into_iter()
                .find_map(|state| state.as_ref()?.newest_revision()),
            follows_changes,
            claim: self.claim(&step.claim),
            began: Instant::now(),
            options: self.options.clone(),
            cloud: Arc::clone(&self.cloud),
            stop: self.stop.clone(),
            progress: self.sender.clone(),
        };
        let task = self.tasks.spawn(task.run());
        self.task_steps.insert(task.id(), step.id);
    }

    /// What this run knows of who is to take a step.
    fn claim(&self, by: &ClaimBy) -> Claim {
        match by {
            ClaimBy::Alone => Claim::Alone,
            ClaimBy::Nothing(since) => Claim::Open(*since),
            ClaimBy::Step(decider) => match self.makers.get(decider) {
                Some((Maker::ThisCall, since)) => Claim::Ours(since.elapsed()),
                Some((Maker::AnotherRun, _)) => Claim::Theirs,
                // A plan that was narrowed makes nothing that decides.
                None => Claim::Open(None),
                Some((Maker::Unclear, _)) => Claim::Unclear,
            },
        }
    }

    /// Fills in what finished steps have made known.
    fn fill_in(&self, step: &mut Step) {
        let lookup = |reference: &Reference| {
            let attributes = self.known_attributes.get(&reference.address)?;
            attributes.get(&reference.attribute).cloned()
        };
        let Some(to) = &step.to else {
            return;
        };
        let mut filled = to.resolve(&lookup);
        if let Some(from) = &step.from {
            filled.recognize_live(to, from);
        }
        step.to = Some(filled);
    }

    fn emit(&mut self, progress: Progress) {
        let event = match progress {
            Progress::Calling(step, change) => {
                self.calling.insert(step.clone(), change.operation());
                self.began.insert(step.clone(), Instant::now());
                Event::Calling { step, change }
            }
            Progress::Noticed(step, operation, notice) => Event::Noticed {
                step,
                operation,
                notice,
            },
            Progress::RolledOut(step, remarks) => {
                let about = |text| (step.address.clone(), text);
                self.outcome.remarks.extend(remarks.into_iter().map(about));
                return;
            }
            Progress::Waiting(step, error, pause) => Event::Waiting { step, error, pause },
            Progress::Performed(step, change, reply) => {
                self.performed
                    .entry(step.clone())
                    .or_default()
                    .push(change.operation());
                self.altered.insert(step.clone());
                if let Entry::Vacant(first) = self.makers.entry(step.clone()) {
                    let began = self.began.get(&step).copied();
                    first.insert((reply.maker, began.unwrap_or_else(Instant::now)));
                    if reply.maker == Maker::AnotherRun {
                        self.outcome.met.push(step.clone());
                    }
                }
                let remarks = reply.remarks.iter().cloned();
                let about = |text| (step.address.clone(), text);
                self.outcome.remarks.extend(remarks.map(about));
                if !reply.attributes.is_empty() {
                    for attributes in [&mut self.known_attributes, &mut self.outcome.attributes] {
                        let known = attributes.entry(step.address.clone()).or_default();
                        known.extend(reply.attributes.clone());
                    }
                }
                Event::Performed {
                    step,
                    change,
                    request_id: reply.request_id,
                }
            }
        };
        (self.report)(event);
    }

    fn ended(&mut self, ended: Result<(Id, End), JoinError>) {
        // A task has reported everything before it ends.
        while let Ok(progress) = self.receiver.try_recv() {
            self.emit(progress);
        }
        let task = match &ended {
            Ok((task, _)) => *task,
            Err(error) => error.id(),
        };
        let id = self
            .task_steps
            .remove(&task)
            .expect("every task was entered when it was spawned");
        match ended {
            Ok((_, End::Done)) => {
                self.schedule.succeed(&id);
                (self.report)(Event::Finished { step: id.clone() });
                self.outcome.done.push(id);
            }
            Ok((_, End::Stopped)) => {
                self.schedule.leave(&id);
                (self.report)(Event::Left { step: id.clone() });
                self.outcome.stopped.push(id);
            }
            Ok((_, End::Failed(error))) => self.failed(&id, error),
            Err(error) => {
                let error = self.broken_off(&id, error);
                self.failed(&id, error);
            }
        }
    }

    fn failed(&mut self, id: &StepId, error: CallError) {
        (self.report)(Event::Failed {
            step: id.clone(),
            error: error.clone(),
        });
        self.outcome.failed.push(Failure {
            step: id.clone(),
            performed: self.performed.remove(id).unwrap_or_default(),
            error,
        });
        for step in self.schedule.fail(id) {
            (self.report)(Event::GivenUp {
                step: step.clone(),
                because: id.clone(),
            });
            self.outcome.given_up.push((step, id.clone()));
        }
    }

    /// The error of a step whose task panicked: the others are not to suffer for it.
    fn broken_off(&self, id: &StepId, error: JoinError) -> CallError {
        let message = match error.try_into_panic() {
            Ok(panic) => panic
                .downcast_ref::<String>()
                .cloned()
                .or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()))
                .unwrap_or_else(|| "unknown cause".to_owned()),
            Err(error) => error.to_string(),
        };
        CallError {
            operation: self.calling.get(id).copied().unwrap_or_default().to_owned(),
            code: None,
            message: format!("amp-stack itself panicked: {message}"),
            request_id: None,
            class: Class::Final,
            effect: Effect::Unknown,
            hint: Some(format!(
                "{REPORT_BUG}; what the call did is not known, so plan again before anything else"
            )),
        }
    }
}

/// An error if `step` still mentions something that is not known, although everything it waited for
/// is done.
fn unknown(step: &Step, changes: &[Change]) -> Option<CallError> {
    let mut unknown = BTreeSet::new();
    if let Some(to) = &step.to {
        to.each_template(&mut |text| unknown.extend(text.references().into_iter().cloned()));
    }
    let first = changes.first()?;
    let names: Vec<String> = unknown.iter().map(Reference::to_string).collect();
    (!names.is_empty()).then(|| CallError {
        operation: first.operation().to_owned(),
        code: None,
        message: format!("{} is still not known", names.join(", ")),
        request_id: None,
        class: Class::Final,
        effect: Effect::None,
        hint: Some("plan again: what it mentions may be there by then".to_owned()),
    })
}
