//! The laws of saved plans, tried on fake clouds.

use std::{collections::BTreeSet, num::NonZeroU32, sync::Arc, time::Duration};

use amp_stack::{
    apply::{self, Event, Options},
    kinds::{Change, Resource, task_definition::Document},
    model::{
        live::TakenName,
        node::Node,
        tags::{ADDRESS_TAG, Owner},
        template::Template,
    },
    plan::{Plan, Step, plan},
    saved::{
        Guard, Hidden, Moved, Saved, SavedStack, Side, Values, Variables, left_alone, moved, parse,
        print, renewed,
    },
    show::{Style, moved as show_moved},
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
    testing::{FakeCloud, Fault},
};
use proptest::prelude::*;
use serde_json::json;
use tokio::sync::watch;

use crate::worlds::{self, History, Spec, is_ours};

/// A guard that is quick, and keeps nobody from guessing.
fn guard() -> Guard {
    Guard::new(vec![7; 16], NonZeroU32::MIN)
}

fn saved(stack: SavedStack) -> Saved {
    Saved {
        sandbox: None,
        destroy: false,
        variables: Variables::default(),
        guard: None,
        stacks: vec![stack],
    }
}

fn kept(stack: &Stack, live: &Snapshot) -> SavedStack {
    let (file, accepted) = ("stack.toml".into(), BTreeSet::new());
    SavedStack::new(file, stack, None, live.clone(), accepted)
}

/// A world in which a first stack was applied, with what went wrong and what was done by hand.
fn world(history: &History) -> Arc<FakeCloud> {
    let fake = Arc::new(history.world());
    let before = history.before.stack();
    let first = plan(&before, &fake.snapshot(&before.query(false)));
    run(&fake, first, &history.faults);
    history.drift(&fake);
    fake
}

/// Carries a plan out, unless something has to be decided first.
fn run(fake: &Arc<FakeCloud>, plan: Plan, faults: &[(usize, Fault)]) {
    if !plan.refusals.is_empty() {
        return;
    }
    fake.set_faults(faults.iter().copied());
    let options = Options {
        concurrency: 3,
        run_id: format!("run-{}", fake.log().len()),
        settle_timeout: Duration::from_mins(1),
        rollouts: apply::Rollouts::default(),
    };
    let (_stop, stopped) = watch::channel(false);
    let deed = apply::apply(
        Arc::new(plan),
        Arc::clone(fake),
        options,
        stopped,
        |_: Event| {},
    );
    worlds::block_on(deed);
}

/// What must not be in a file, and where it was put.
struct Secrets(Vec<String>);

impl Secrets {
    fn next(&mut self) -> String {
        let secret = format!("hunter-{}-$${{x}}", self.0.len());
        self.0.push(secret.clone());
        secret
    }

    /// Puts secrets wherever a plan hides them.
    fn put_into(&mut self, resource: &mut Resource) {
        let tag = ("db-password".to_owned(), Template::from(self.next()));
        resource.tags_mut().extend([tag]);
        match resource {
            Resource::LogGroup(_) | Resource::Workspace(_) => {}
            Resource::Role(role) => role.description = format!("--token {}", self.next()),
            Resource::TaskDefinition(family) => {
                let Some(document) = &mut family.document else {
                    return;
                };
                let mut written = document.written().clone();
                let config = json!({"auth": {"password": self.next()}, "debug": true});
                let containers = json!([{
                    "name": "app",
                    "command": ["serve", "--token", self.next(), "--port", "80"],
                    "environment": [
                        {"name": "LEVEL", "value": "info"},
                        {"name": "API_KEY", "value": self.next()},
                        {"name": "CONFIG", "value": config.to_string()},
                        {"name": "URL", "value": format!("postgres://app:{}@db/orders", self.next())},
                    ],
                    "logConfiguration": {"logDriver": "splunk", "options": {"splunk-token": self.next()}},
                    "secrets": [{"name": "DB_PASSWORD", "valueFrom": "/shown/place"}],
                }]);
                let members = written.as_map_mut().unwrap();
                members.insert("containerDefinitions".to_owned(), Node::from(&containers));
                *document = Document::new(written);
            }
        }
    }
}

/// The stack and what is live, full of secrets: those that are live are wanted too, or others in
/// their place.
fn full_of_secrets(
    mut stack: Stack,
    mut live: Snapshot,
    share: bool,
) -> (Stack, Snapshot, Secrets) {
    let mut secrets = Secrets(Vec::new());
    for found in &mut live.found {
        secrets.put_into(&mut found.resource);
    }
    if share {
        secrets.0.clear();
    }
    for declared in stack.resources.values_mut() {
        declared
            .want
            .iter_mut()
            .for_each(|want| secrets.put_into(want));
    }
    (stack, live, secrets)
}

/// The state as it is written, not only as it compares.
fn spelled(saved: &Saved) -> String {
    format!("{saved:?}")
}

/// The addresses of what is ours and alters when somebody meddles: those that it stands at, and
/// those where `stack` wants its name.
fn altered(stack: &Stack, before: &Snapshot, after: &Snapshot) -> BTreeSet<String> {
    let altered = |some: &Snapshot, others: &Snapshot| -> Vec<Resource> {
        let found = some.found.iter();
        let ours = found.filter(|found| matches!(found.owner, Owner::Ours(_)));
        let is_still =
            |found: &&LiveResource| others.found.iter().any(|o| o.resource == found.resource);
        let altered = ours.filter(|found| !is_still(found));
        altered.map(|found| found.resource.clone()).collect()
    };
    let mut addresses = BTreeSet::new();
    for resource in [altered(before, after), altered(after, before)].concat() {
        addresses.extend(resource.tags().get(ADDRESS_TAG).map(Template::to_string));
        let wanted = stack.resources.iter().filter(|(_, declared)| {
            let want = declared.want.as_ref();
            want.is_some_and(|w| w.kind() == resource.kind() && w.name() == resource.name())
        });
        addresses.extend(wanted.map(|(address, _)| address.to_string()));
    }
    addresses
}

fn named(moved: &[Moved]) -> BTreeSet<String> {
    moved.iter().map(|m| m.address.to_string()).collect()
}

/// The addresses that the calls of `plan` are about, with whatever they mention or remove the
/// mention of: wider than what they depend on, but found without asking the planner.
fn what_matters(stack: &Stack, plan: &Plan, now: &Plan) -> BTreeSet<String> {
    let mut matters = BTreeSet::new();
    for step in &plan.steps {
        matters.insert(step.id.address.to_string());
        let want = stack.resources.get(&step.id.address);
        if let Some(want) = want.and_then(|declared| declared.want.as_ref()) {
            want.each_template(&mut |text| {
                let mentioned = text.references().into_iter();
                matters.extend(mentioned.map(|reference| reference.address.to_string()));
            });
        }
        // What holds on to something that goes, or stands in the way of what comes.
        let others = now
            .steps
            .iter()
            .map(|step| (&step.id.address, step.to.is_none()));
        let refused = now.refusals.iter().map(|refusal| (&refusal.address, true));
        for (address, goes) in others.chain(refused) {
            let holds_on = step.to.is_none() && address.kind > step.id.address.kind;
            let is_in_the_way = goes && address.kind == step.id.address.kind;
            if holds_on || is_in_the_way {
                matters.insert(address.to_string());
            }
        }
    }
    matters
}

fn operations(step: &Step) -> Vec<&'static str> {
    step.changes().iter().map(Change::operation).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// What is written is read back, to the letter.
    #[test]
    fn a_file_keeps_what_it_is_given(history in worlds::history(), now in worlds::spec(), protect in worlds::protection()) {
        let fake = world(&history);
        let stack = protect.on_stack(now.stack());
        let saved = saved(kept(&stack, &fake.snapshot(&stack.query(true))));
        let read = parse(&print(&saved).unwrap()).unwrap();
        prop_assert_eq!(spelled(&read), spelled(&saved));
        prop_assert_eq!(read, saved);
    }

    /// No secret is in the file, and with the stack file and AWS at hand everything is as it was.
    #[test]
    fn secrets_are_hidden_and_come_back(history in worlds::history(), now in worlds::spec(), share: bool) {
        let fake = world(&history);
        let stack = now.stack();
        let live = fake.snapshot(&stack.query(false));
        let (stack, live, secrets) = full_of_secrets(stack, live, share);
        let open = saved(kept(&stack, &live));
        let text = print(&open.clone().hide(guard())).unwrap();
        for secret in &secrets.0 {
            prop_assert!(!text.contains(secret.as_str()), "{secret} in {text}");
        }
        prop_assert!(!text.contains("hunter"), "{}", text);
        prop_assert_eq!(text.contains("/shown/place"), print(&open).unwrap().contains("/shown/place"));

        let mut read = parse(&text).unwrap();
        let mut values = Values::default();
        if let Some(guard) = read.guard.take() {
            let saved = &mut read.stacks[0];
            saved.seen(&live, &guard, &mut values);
            saved.read(&stack, &guard, &mut values).unwrap();
            prop_assert!(saved.missing(&values).is_empty());
            saved.fill_in(&values);
            saved.hidden = Hidden::default();
        }
        prop_assert_eq!(spelled(&read), spelled(&open));
    }

    /// The roles that a file leaves out matter to no plan.
    #[test]
    fn what_is_left_out_matters_to_no_plan(history in worlds::history(), now in worlds::spec(), mentioned: bool) {
        let fake = world(&history);
        let mut stack = now.stack();
        let mut live = fake.snapshot(&stack.query(true));
        for (name, path) in [("AGENT", "/elsewhere/"), ("Foreign", "/"), ("Else", "/")] {
            let arn = live.identity.role_arn(path, name);
            live.roles.push(TakenName { name: name.to_owned(), arn, owner: Owner::Unknown });
        }
        if let Some(place) = stack.resources.keys().next().filter(|_| mentioned).cloned() {
            for name in ["Foreign", "foreign", "Nowhere"] {
                let arn = live.identity.role_arn("/", name);
                stack.role_arns.insert(arn, [place.clone()].into());
            }
        }
        let kept = kept(&stack, &live);
        prop_assert!(kept.live.roles.len() < live.roles.len());
        prop_assert_eq!(plan(&stack, &kept.live), plan(&stack, &live));
        let emptied = stack.clone().emptied();
        prop_assert_eq!(plan(&emptied, &kept.live), plan(&emptied, &live));
    }

    /// A plan goes on from wherever it was left, and nothing is left of one that was carried out.
    #[test]
    fn a_plan_goes_on_from_wherever_it_was_left(
        history in worlds::history(),
        now in worlds::spec(),
        faults in worlds::faults(),
        anew in prop::collection::vec(prop::bool::weighted(0.2), 7),
        destroy: bool,
    ) {
        let fake = world(&history);
        let mut stack = now.stack();
        for (declared, anew) in stack.resources.values_mut().zip(anew) {
            declared.lifecycle.replace = anew;
        }
        if destroy {
            stack = stack.emptied();
        }
        let query = stack.query(true);
        let live = fake.snapshot(&query);
        let first = plan(&stack, &live);
        let then = Side { live: &live, plan: &first };
        prop_assert_eq!(moved(&stack, then, then), []);
        if !first.refusals.is_empty() {
            return Ok(());
        }
        for faults in [faults, Vec::new()] {
            let live = fake.snapshot(&query);
            let left = plan(&renewed(stack.clone(), then.live, &live), &live);
            let now = Side { live: &live, plan: &left };
            prop_assert_eq!(moved(&stack, then, now), []);
            run(&fake, left, &faults);
        }
        let live = fake.snapshot(&query);
        let left = plan(&renewed(stack.clone(), then.live, &live), &live);
        prop_assert_eq!(&left.steps, &[]);
        prop_assert_eq!(moved(&stack, then, Side { live: &live, plan: &left }), []);
    }

    /// What somebody else alters in between is named if a call of the plan depends on it, and
    /// nothing else is; otherwise the plan is carried out as it was made.
    #[test]
    fn what_moves_is_named(history in worlds::history(), now in worlds::spec(), meddling in worlds::history(), destroy: bool) {
        let fake = world(&history);
        let mut stack: Stack = Spec::stack(&now);
        if destroy {
            stack = stack.emptied();
        }
        let query = stack.query(true);
        let live = fake.snapshot(&query);
        let first = plan(&stack, &live);
        if !first.refusals.is_empty() || !fake.things().iter().any(is_ours) {
            return Ok(());
        }
        let then = Side { live: &live, plan: &first };
        meddling.drift(&fake);
        let after = fake.snapshot(&query);
        let whole = plan(&stack, &after);
        let [left] = &left_alone(&[(&stack, then, Side { live: &after, plan: &whole })])[..] else {
            panic!("one stack")
        };
        let second = whole.clone().without(left);
        prop_assert_eq!(&second.came_up, left);
        let moved = moved(&stack, then, Side { live: &after, plan: &second });
        let altered = altered(&stack, &live, &after);
        prop_assert!(named(&moved).is_subset(&altered), "{:?} moved although only {altered:?} did: {moved:?}", named(&moved));
        let matters = what_matters(&stack, &first, &whole);
        prop_assert!(named(&moved).is_subset(&matters), "{:?} matters to no call of {:?}", named(&moved), first.steps);
        let shown = show_moved::render(&moved, Style::PLAIN);
        prop_assert!(!shown.contains("  has") && !shown.contains("  is"), "{}", shown);
        for step in &first.steps {
            prop_assert!(!left.contains(&step.id.address), "{} is part of the plan", step.id);
        }
        if moved.is_empty() {
            // Whatever is still to be done was to be done before: last, if not everything is.
            for step in &second.steps {
                let mut before = first.steps.iter().filter(|before| before.id.address == step.id.address);
                let is_planned = before.any(|before| operations(before).ends_with(&operations(step)));
                prop_assert!(is_planned, "{} was not planned", step.id);
            }
            // It can be carried out, and then nothing of it is left.
            run(&fake, second, &[]);
            let done = fake.snapshot(&query);
            let rest = plan(&stack, &done);
            for step in rest.steps.iter().filter(|_| first.steps.iter().all(|s| s.replaces.is_empty())) {
                prop_assert!(left.contains(&step.id.address), "{} is left to do", step.id);
            }
        }
    }
}
