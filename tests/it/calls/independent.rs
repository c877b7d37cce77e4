//! Independent work is independent: what AWS refuses keeps only that from being done which waits
//! for it.

use super::{
    digests::{read, text},
    *,
};

/// Carries out what there is to do to `stack` although AWS refuses one thing, and returns how it
/// ended.
async fn outcome(
    place: &Place,
    stack: &Stack,
    destroy: bool,
    (refused, text): (&'static str, &'static str),
) -> Outcome {
    let (aws, _) = place.aws_that_refuses(refused, text);
    let (query, desired) = if destroy {
        (stack.query_to_destroy(), stack.clone().emptied())
    } else {
        (stack.query(false), stack.clone())
    };
    let live = aws.observe(&query).await.unwrap();
    let plan = plan(&desired, &live);
    assert_eq!(plan.refusals, []);
    let (_stop, stopped) = watch::channel(false);
    let options = amp_stack::apply::Options {
        run_id: refused.to_owned(),
        ..options()
    };
    apply(Arc::new(plan), aws, options, stopped, |_| ()).await
}

fn addresses<'a>(steps: impl IntoIterator<Item = &'a amp_stack::plan::StepId>) -> Vec<String> {
    let mut addresses: Vec<String> = steps.into_iter().map(|id| id.address.to_string()).collect();
    addresses.sort();
    addresses
}

#[tokio::test(start_paused = true)]
async fn one_failure_leaves_nothing_undone_that_does_not_wait_for_it() {
    let mut stack = read(text(20));
    for declared in stack.resources.values_mut() {
        declared.lifecycle.prevent_destroy = false;
    }
    let place = Place::new(&stack, None);
    let none: [&str; 0] = [];
    for (destroy, refused, given_up) in [
        (
            false,
            ("RegisterTaskDefinition", "\"family\":\"big-7\""),
            &none[..],
        ),
        // The task definition goes on being there, and so does what it mentions.
        (
            true,
            ("DeleteTaskDefinitions", "big-7:1"),
            &["roles.r7", "workspace"],
        ),
    ] {
        let ended = outcome(&place, &stack, destroy, refused).await;
        let refused = refused.0;
        let failed = ended.failed.iter().map(|failure| &failure.step);
        assert_eq!(addresses(failed), ["task_definitions.t7"], "{refused}");
        let left = addresses(ended.given_up.iter().map(|(id, _)| id));
        assert_eq!(left, given_up, "{refused}");
        assert_eq!(ended.done.len(), 61 - 1 - given_up.len(), "{refused}");
        assert_eq!(ended.stopped, []);
        if !destroy {
            build(&stack, &place.aws(false).0).await;
        }
    }
    // What was left undone is done once nothing is refused.
    destroy(&stack, &place.aws(false).0).await;
    let (aws, _) = place.aws(false);
    let left = aws.observe(&stack.query_to_destroy()).await.unwrap();
    assert_eq!(left.found, []);
}

/// Roles and log groups that no task definition mentions do not wait for the task definitions, of
/// which AWS deregisters one a second.
#[tokio::test(start_paused = true)]
async fn removals_do_not_wait_for_a_kind() {
    let mut stack = read(text(20).replace("execution_role", "task_role"));
    for declared in stack.resources.values_mut() {
        declared.lifecycle.prevent_destroy = false;
    }
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let (aws, _) = place.aws(false);
    let live = aws.observe(&stack.query_to_destroy()).await.unwrap();
    let plan = plan(&stack.clone().emptied(), &live);
    for step in &plan.steps {
        let after = addresses(&step.after);
        let address = step.id.address.to_string();
        let unit = address.trim_start_matches(|c: char| !c.is_ascii_digit());
        let all: Vec<String> = (0..20).map(|n| format!("task_definitions.t{n}")).collect();
        let mut all: Vec<&str> = all.iter().map(String::as_str).collect();
        all.sort_unstable();
        let expected: Vec<&str> = match address.split('.').next().unwrap() {
            "roles" => vec![
                all.iter()
                    .find(|a| a.ends_with(&format!(".t{unit}")))
                    .unwrap(),
            ],
            "workspace" => all,
            _ => vec![],
        };
        assert_eq!(after, expected, "{address}");
    }
}
