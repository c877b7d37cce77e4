//! A plan as events: its steps with every difference, and what people should know before it is
//! carried out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::{
    file::places::Places,
    kinds,
    model::{
        access::Access,
        address::{Address, Kind, StackName},
        identity::Identity,
        node::Node,
        normal::Suppressed,
        rule,
        secret::join_arguments,
    },
    plan::{self, Plan, StepId, risk},
    show::{
        decide,
        events::{
            Difference, Event, Goal, Stack,
            concerns::concerns,
            difference::{Shown, differences},
        },
        step::{Group, Verb, groups},
    },
};

/// What a plan does to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It comes.
    Create,
    /// It was not this stack's and is from now on.
    Adopt,
    /// It changes.
    Update,
    /// It goes and comes again, in two steps.
    Replace,
    /// It goes.
    Remove,
}

/// Whether a step builds or removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It removes.
    Remove,
    /// It creates or alters.
    Build,
}

/// A step of a plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// Its name, by which other events mention it: `build roles.task`.
    pub step: String,
    /// The resource, as stack files spell it: `roles.task`.
    pub address: String,
    /// The kind of the resource.
    pub kind: Kind,
    /// What becomes of the resource.
    pub action: Action,
    /// What this step does of that.
    pub phase: Phase,
    /// The name or alias of the resource.
    pub name: String,
    /// What calls know it by: its name, or the id of the workspace; `null` if AWS decides that
    /// later.
    pub target: Option<String>,
    /// The steps that have to be done before.
    pub after: Vec<String>,
    /// Why it is replaced; empty if it is not.
    pub replaces: Vec<ReplaceReason>,
    /// Whose it was, if it is taken over, or `null`.
    pub adopted_from: Option<String>,
    /// The calls that alter something, in order.
    pub calls: Vec<Call>,
    /// What differs between the live and the desired state.
    pub differences: Vec<Difference>,
}

/// A property that AWS can't change in place.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ReplaceReason {
    /// Its name in the stack file.
    pub property: &'static str,
    /// Why it makes a replacement.
    pub why: &'static str,
}

/// A call to AWS that alters something.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Call {
    /// The operation, as IAM spells it in policies: `iam:PutRolePolicy`.
    pub operation: &'static str,
    /// What it is about, in a few words: the name of the policy.
    pub subject: String,
}

/// A difference that means nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NoChange {
    /// The resource.
    pub address: String,
    /// Where, as a plan spells it.
    pub path: String,
    /// What the stack file says there; `null` if nothing.
    pub file: Value,
    /// What AWS says there; `null` if nothing.
    pub aws: Value,
    /// Whether `(hidden)` stands for a secret in `file` or `aws`.
    pub hidden: bool,
    /// Why it means nothing: one rule, or several that do so together.
    pub rules: Vec<Rule>,
}

/// A rule about what means nothing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rule {
    /// A short name, which `amp-stack explain` takes.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Whose rule it is: a page or a model of AWS, or amp-stack itself.
    pub source: &'static str,
}

/// A plan in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Summary {
    /// How many resources are created.
    pub create: usize,
    /// How many are taken over.
    pub adopt: usize,
    /// How many are changed.
    pub update: usize,
    /// How many are replaced.
    pub replace: usize,
    /// How many are removed.
    pub remove: usize,
    /// How many calls alter something.
    pub calls: usize,
    /// How many decisions have to be made first; until then nothing is done.
    pub refusals: usize,
    /// Whether there is something to do or to decide.
    pub has_changes: bool,
    /// The resources at which there would be something to do or to decide, had the plan not been
    /// narrowed by `--target`, or saved before that came up.
    pub left_out: Vec<String>,
}

/// What belongs to a plan besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The stack.
    pub stack: &'a StackName,
    /// Where it lives.
    pub identity: &'a Identity,
    /// As whom its calls are made, if not as whoever starts the run.
    pub access: Option<&'a Access>,
    /// The name of the sandbox that stands in for AWS, if one does.
    pub sandbox: Option<&'a str>,
    /// Whether the plan is one to remove the stack.
    pub destroy: bool,
    /// Where what its file says stands, if the file was read.
    pub places: Option<&'a Places>,
    /// What is no change, if somebody wants it explained.
    pub suppressed: &'a BTreeMap<Address, Vec<Suppressed>>,
}

/// The events of a plan: its stack, its steps in their order, what there is to know, and the
/// summary.
pub fn plan(plan: &Plan, risks: &[risk::Risk], frame: &Frame<'_>) -> Vec<Event> {
    let groups = groups(&plan.steps);
    let mut events = vec![Event::Stack(stack(frame))];
    events.extend(
        plan.steps
            .iter()
            .map(|step| Event::Step(of_step(step, &groups))),
    );
    for (address, suppressed) in frame.suppressed {
        let events_of = suppressed.iter().map(|one| no_change(address, one));
        events.extend(events_of.map(Event::NoChange));
    }
    events.extend(concerns(plan, risks, frame.places));
    events.push(Event::Summary(summary(plan, &groups)));
    events
}

fn stack(frame: &Frame<'_>) -> Stack {
    let Identity {
        account,
        region,
        partition,
    } = frame.identity;
    Stack {
        name: frame.stack.to_string(),
        account: account.clone(),
        region: region.clone(),
        partition: partition.clone(),
        role: frame
            .access
            .and_then(Access::role)
            .map(|role| role.arn.to_string()),
        profile: frame.access.and_then(Access::profile).map(str::to_owned),
        sandbox: frame.sandbox.map(str::to_owned),
        goal: if frame.destroy {
            Goal::Destroy
        } else {
            Goal::Apply
        },
    }
}

/// `groups` are all resources of the plan: what becomes of one may take two steps.
fn of_step(step: &plan::Step, groups: &[Group<'_>]) -> Step {
    let group = groups
        .iter()
        .find(|group| group.steps().any(|member| member.id == step.id));
    let (before, after) = match group.map(|group| (group.first, group.second)) {
        // The removal of a replacement says nothing of what comes instead, and its build all of it.
        Some((first, Some(second))) if second.id == step.id => {
            (first.from.as_ref(), second.to.as_ref())
        }
        Some((_, Some(_))) => (None, None),
        Some((_, None)) | None => (step.from.as_ref(), step.to.as_ref()),
    };
    let resource = step.to.as_ref().or(step.from.as_ref());
    Step {
        step: step.id.to_string(),
        address: step.id.address.to_string(),
        kind: step.id.address.kind,
        action: group.map_or(Action::Update, |group| action(group.verb)),
        phase: match step.id.phase {
            plan::Phase::Remove => Phase::Remove,
            plan::Phase::Build => Phase::Build,
        },
        name: resource.map_or("", |resource| resource.name()).to_owned(),
        target: Some(step.target.clone()).filter(|target| !target.is_empty()),
        after: step.after.iter().map(StepId::to_string).collect(),
        replaces: step.replaces.iter().map(replace_reason).collect(),
        adopted_from: step.adopted_from.as_ref().map(decide::whose),
        calls: step.changes().iter().map(of_call).collect(),
        differences: differences(before, after),
    }
}

fn replace_reason(reason: &kinds::kind::ReplaceReason) -> ReplaceReason {
    let kinds::kind::ReplaceReason { property, why } = *reason;
    ReplaceReason { property, why }
}

fn of_call(change: &kinds::Change) -> Call {
    Call {
        operation: change.operation(),
        subject: change.subject(),
    }
}

fn action(verb: Verb) -> Action {
    match verb {
        Verb::Create => Action::Create,
        Verb::Adopt => Action::Adopt,
        Verb::Update => Action::Update,
        Verb::Replace => Action::Replace,
        Verb::Remove => Action::Remove,
    }
}

fn no_change(address: &Address, suppressed: &Suppressed) -> NoChange {
    let Suppressed {
        path,
        want,
        live,
        rules,
    } = suppressed;
    let shown = |node: &Option<Node>| {
        let node = node.clone().map_or(Node::Null, join_arguments);
        Shown::of(path, &node)
    };
    let (file, aws) = (shown(want), shown(live));
    NoChange {
        address: address.to_string(),
        path: path.to_string(),
        hidden: file.hidden || aws.hidden,
        file: file.value,
        aws: aws.value,
        rules: rules
            .iter()
            .map(
                |&rule::Rule {
                     code,
                     sentence,
                     source,
                 }| Rule {
                    name: code,
                    says: sentence,
                    source,
                },
            )
            .collect(),
    }
}

fn summary(plan: &Plan, groups: &[Group<'_>]) -> Summary {
    let mut numbers: BTreeMap<Verb, usize> = BTreeMap::new();
    for group in groups {
        *numbers.entry(group.verb).or_default() += 1;
    }
    let number = |verb| numbers.get(&verb).copied().unwrap_or_default();
    Summary {
        create: number(Verb::Create),
        adopt: number(Verb::Adopt),
        update: number(Verb::Update),
        replace: number(Verb::Replace),
        remove: number(Verb::Remove),
        calls: plan.calls(),
        refusals: plan.refusals.len(),
        has_changes: !plan.is_empty(),
        left_out: plan
            .left_out
            .union(&plan.came_up)
            .map(ToString::to_string)
            .collect(),
    }
}
