//! Services that are to run the newest revision: what is planned for them, what speaks against it,
//! and that running again converges however a run was ended.

use std::{collections::BTreeMap, sync::Arc};

use amp_stack::{
    kinds::{
        Resource,
        kind::State as _,
        task_definition::{Change, Document, TaskDefinition},
    },
    model::{
        node::Node,
        service::{Controller, LiveService, Rollout, Runs, Service, ServiceName},
        tags::Owner,
    },
    plan::{Plan, Reason, rollouts::Objection},
    stack::Stack,
    testing::{FakeCloud, Fault},
};

use crate::{
    plans::{fake, in_words, one_family, plan_of_destroying},
    samples::{carry_out, family, family_at, plan, with_lifecycle},
    worlds::block_on,
};

const SERVICES: [&str; 2] = ["prod/api", "prod/worker"];

fn name(text: &str) -> ServiceName {
    text.parse().unwrap()
}

/// A family that these services run.
fn rolled_out(cpu: &str, services: &[&str]) -> Stack {
    let services: Vec<ServiceName> = services.iter().map(|text| name(text)).collect();
    let mut family = family("api", cpu);
    let named = services.iter().cloned();
    family.services = named.map(|name| (name, Runs::Newest)).collect();
    with_lifecycle(one_family(family), &family_at("api"), |lifecycle| {
        let declared = services.into_iter();
        lifecycle.services = declared.map(|name| (name, Rollout::default())).collect();
    })
}

fn live(runs: (&str, u32)) -> LiveService {
    LiveService {
        runs: Some((runs.0.to_owned(), runs.1)),
        controller: Controller::Ecs,
        owner: Owner::Unknown,
        is_deploying: false,
        failed: BTreeMap::new(),
        is_stranded: false,
        unseen: None,
    }
}

/// What a service runs.
fn revision(fake: &FakeCloud, service: &str) -> u32 {
    match fake.service(&name(service)) {
        Some(Service::There(live)) => live.runs.unwrap().1,
        other => panic!("{service}: {other:?}"),
    }
}

/// A world in which the first revision of the family runs in both services.
fn running() -> Arc<FakeCloud> {
    let fake = Arc::new(fake());
    for service in SERVICES {
        fake.serve(name(service), Service::There(live(("api", 1))));
    }
    let first = rolled_out("256", &[]);
    let (outcome, _) = block_on(carry_out(plan(&first, &fake), &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    fake
}

fn objection(plan: &Plan) -> &Objection {
    let [refusal] = plan.refusals.as_slice() else {
        panic!("{:?}", plan.refusals);
    };
    let Reason::Service(objection) = &refusal.reason else {
        panic!("{refusal:?}");
    };
    objection
}

#[test]
fn a_new_revision_is_rolled_out_to_every_service() {
    let fake = running();
    let stack = rolled_out("512", &SERVICES);
    let made = plan(&stack, &fake);
    assert_eq!(
        in_words(&made),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition, ecs:UpdateService, ecs:UpdateService"
        ]
    );
    let (outcome, _) = block_on(carry_out(made, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(SERVICES.map(|service| revision(&fake, service)), [2, 2]);
    assert!(plan(&stack, &fake).is_empty());
    let destroyed = in_words(&plan_of_destroying(&stack, &fake));
    assert!(
        destroyed.iter().all(|step| !step.contains("UpdateService")),
        "{destroyed:?}"
    );
}

#[test]
fn a_service_that_is_behind_is_brought_to_the_newest_revision() {
    let fake = running();
    let stack = rolled_out("512", &SERVICES);
    block_on(carry_out(plan(&stack, &fake), &fake));
    // Somebody else's deployment in between.
    fake.serve(name("prod/api"), Service::There(live(("api", 1))));
    let made = plan(&stack, &fake);
    assert_eq!(
        in_words(&made),
        ["build task_definitions.api: ecs:UpdateService"]
    );
    let before = made.steps[0].from.as_ref().map(Resource::to_display_tree);
    let shown = before.unwrap().get("services").unwrap().to_json();
    assert_eq!(shown["prod/api"], "api:1");
    let after = made.steps[0].to.as_ref().map(Resource::to_display_tree);
    let shown = after.unwrap().get("services").unwrap().to_json();
    assert_eq!(shown["prod/api"], "api:2");
    block_on(carry_out(made, &fake));
    assert_eq!(SERVICES.map(|service| revision(&fake, service)), [2, 2]);
    // One that has left the file goes on as it is.
    let left = rolled_out("512", &["prod/api"]);
    fake.serve(name("prod/worker"), Service::There(live(("api", 1))));
    assert!(plan(&left, &fake).is_empty());
}

#[test]
fn what_was_taken_back_is_rolled_out_again_only_by_consent() {
    let fake = running();
    let mut stack = rolled_out("512", &["prod/api"]);
    fake.set_faults([(1, Fault::RolledBack)]);
    let (outcome, _) = block_on(carry_out(plan(&stack, &fake), &fake));
    let error = &outcome.failed[0].error;
    assert_eq!(error.code.as_deref(), Some("rollout-rolled-back"));
    assert_eq!(outcome.failed[0].performed.len(), 2);
    assert_eq!(revision(&fake, "prod/api"), 1);
    fake.set_faults([]);

    let refused = plan(&stack, &fake);
    assert_eq!(objection(&refused).code(), "rolled-back");
    assert!(refused.steps.is_empty());
    // Another revision needs no consent, and neither does who asks for the same one.
    let next = plan(&rolled_out("1024", &["prod/api"]), &fake);
    assert!(next.refusals.is_empty());
    stack.retry.insert(family_at("api"));
    let (outcome, _) = block_on(carry_out(plan(&stack, &fake), &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(revision(&fake, "prod/api"), 2);
    stack.retry.clear();
    assert!(plan(&stack, &fake).is_empty());
}

/// A circuit breaker that does not go back leaves a service at a revision of which no task runs.
#[test]
fn what_was_stopped_is_no_rollout_that_is_done() {
    let fake = running();
    let mut stack = rolled_out("512", &["prod/api"]);
    block_on(carry_out(plan(&stack, &fake), &fake));
    let mut stranded = live(("api", 2));
    stranded.failed.insert(2, "STOPPED".to_owned());
    stranded.is_stranded = true;
    fake.serve(name("prod/api"), Service::There(stranded));

    let refused = plan(&stack, &fake);
    assert_eq!(objection(&refused).code(), "rolled-back");
    assert!(refused.steps.is_empty());
    stack.retry.insert(family_at("api"));
    let again = plan(&stack, &fake);
    let [step] = again.steps.as_slice() else {
        panic!("{again:?}");
    };
    let changes = step.changes();
    let calls: Vec<String> = changes
        .iter()
        .map(amp_stack::kinds::Change::subject)
        .collect();
    assert_eq!(calls, ["service prod/api, a new deployment"]);
    // A new revision begins a deployment by itself, and what was left is no way back.
    let next = plan(&rolled_out("1024", &["prod/api"]), &fake);
    let changes = next.steps[0].changes();
    assert_eq!(changes[1].subject(), "service prod/api");
    assert_eq!(changes[1].rolls_out(), Some((&name("prod/api"), None)));
    assert!(block_on(carry_out(again, &fake)).0.is_complete());
    stack.retry.clear();
    assert!(plan(&stack, &fake).is_empty());
}

#[test]
fn what_speaks_against_a_rollout_is_said_before_anything_is_done() {
    let other = |edit: &dyn Fn(&mut LiveService)| {
        let mut service = live(("api", 1));
        edit(&mut service);
        Service::There(service)
    };
    let of_stack = Owner::CloudFormation("shop".to_owned());
    for (service, code) in [
        (Service::NoCluster, "no-such-service"),
        (Service::NoService, "no-such-service"),
        (
            Service::There(live(("web", 1))),
            "service-of-another-family",
        ),
        (other(&|s| s.runs = None), "service-of-another-family"),
        (
            other(&|s| s.controller = Controller::Other("CODE_DEPLOY".to_owned())),
            "service-controller",
        ),
        // `family` has no container that Express Mode could send anything to.
        (
            other(&|s| s.controller = Controller::Express),
            "service-express",
        ),
        (other(&|s| s.owner = of_stack.clone()), "service-owned"),
    ] {
        let fake = running();
        fake.serve(name("prod/api"), service);
        let made = plan(&rolled_out("512", &["prod/api"]), &fake);
        assert_eq!(objection(&made).code(), code);
        assert!(made.steps.is_empty());
    }
    let fake = running();
    fake.serve(name("prod/api"), other(&|s| s.owner = of_stack.clone()));
    let taken = with_lifecycle(
        rolled_out("512", &["prod/api"]),
        &family_at("api"),
        |lifecycle| {
            for rollout in lifecycle.services.values_mut() {
                rollout.take_over = true;
            }
        },
    );
    let made = plan(&taken, &fake);
    assert!(made.refusals.is_empty());
    let notes: Vec<&str> = made.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("the CloudFormation stack `shop`")),
        "{notes:?}"
    );
    // Nothing is to be done to a service that runs the newest revision: whose it is does not
    // matter.
    let same = plan(&rolled_out("256", &["prod/api"]), &fake);
    assert!(same.is_empty(), "{same:?}");
}

#[test]
fn a_service_of_express_mode_has_a_call_of_its_own() {
    let fake = running();
    let express = Service::There(LiveService {
        controller: Controller::Express,
        ..live(("api", 1))
    });
    fake.serve(name("prod/api"), express);
    let stack = with_main(rolled_out("512", &SERVICES));
    let made = plan(&stack, &fake);
    assert_eq!(
        in_words(&made),
        [
            "build task_definitions.api: ecs:RegisterTaskDefinition, ecs:UpdateExpressGatewayService, ecs:UpdateService"
        ]
    );
    let (outcome, _) = block_on(carry_out(made, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    assert_eq!(SERVICES.map(|service| revision(&fake, service)), [2, 2]);
    assert!(plan(&stack, &fake).is_empty());
}

/// The same stack whose family is as Express Mode asks for it.
fn with_main(mut stack: Stack) -> Stack {
    let declared = stack.resources.get_mut(&family_at("api")).unwrap();
    let Some(Resource::TaskDefinition(family)) = &mut declared.want else {
        panic!("it is a family");
    };
    let mut document = family.document.as_ref().unwrap().written().to_json();
    document["requiresCompatibilities"] = serde_json::json!(["FARGATE"]);
    document["containerDefinitions"] = serde_json::json!([
        {"name": "Main", "portMappings": [{"containerPort": 80, "name": "http"}]},
    ]);
    family.document = Some(Document::new(Node::from(&document)));
    stack
}

/// However a run is ended, running again brings every service to the newest revision, and a
/// revision is rolled out at most once to a service that has taken it back.
#[test]
fn running_again_converges_wherever_a_run_was_ended() {
    let stack = rolled_out("512", &SERVICES);
    for at in 0..3 {
        for fault in [Fault::Before, Fault::After, Fault::Panic, Fault::RolledBack] {
            for foreign in [false, true] {
                let fake = running();
                fake.set_faults([(at, fault)]);
                block_on(carry_out(plan(&stack, &fake), &fake));
                fake.set_faults([]);
                if foreign {
                    let mut service = fake.service(&name("prod/worker")).unwrap();
                    if let Service::There(service) = &mut service {
                        service.runs = Some(("api".to_owned(), 1));
                    }
                    fake.serve(name("prod/worker"), service);
                }
                let taken_back = SERVICES.into_iter().find(|service| {
                    let service = fake.service(&name(service));
                    matches!(service, Some(Service::There(live)) if !live.failed.is_empty())
                });
                let again = plan(&stack, &fake);
                let case = format!("{fault:?} at {at}, foreign: {foreign}");
                assert_eq!(!again.refusals.is_empty(), taken_back.is_some(), "{case}");
                let (outcome, _) = block_on(carry_out(again, &fake));
                if taken_back.is_some() {
                    assert!(outcome.done.is_empty(), "{case}");
                    continue;
                }
                assert!(outcome.is_complete(), "{case}: {outcome:?}");
                let newest = revision(&fake, SERVICES[0]);
                assert_eq!(revision(&fake, SERVICES[1]), newest, "{case}");
                assert!(newest > 1, "{case}");
                assert!(plan(&stack, &fake).is_empty(), "{case}");
            }
        }
    }
}

/// Folding the calls over any state arrives at the desired one, and there are none if nothing
/// differs.
#[test]
fn the_calls_lead_to_what_services_are_to_run() {
    let runs = [
        Runs::Newest,
        Runs::Stranded,
        Runs::Other(Some(1)),
        Runs::Other(None),
    ];
    let of = |cpu: &str, revision: Option<u32>, runs: &[(&str, Runs)]| TaskDefinition {
        revision,
        services: runs
            .iter()
            .map(|(text, runs)| (name(text), *runs))
            .collect(),
        ..family("api", cpu)
    };
    for first in runs {
        for second in runs {
            let from = of("256", Some(3), &[("prod/a", first), ("prod/b", second)]);
            for cpu in ["256", "512"] {
                let mut to = of(cpu, None, &[("prod/a", Runs::Newest)]);
                to.complete(Some(&from), &[]);
                let changes = TaskDefinition::changes(Some(&from), Some(&to));
                let mut state = Some(from.clone());
                for change in &changes {
                    state = TaskDefinition::apply_change(state, change);
                }
                let arrived = state.unwrap();
                assert_eq!(arrived.services[&name("prod/a")], Runs::Newest);
                let updated = changes.iter().filter(|change| {
                    matches!(change, Change::UpdateService { service, .. } if *service == name("prod/a"))
                });
                let needed = cpu == "512" || first != Runs::Newest;
                assert_eq!(updated.count(), usize::from(needed));
            }
        }
    }
}
