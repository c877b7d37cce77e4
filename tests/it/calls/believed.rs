//! The law of digests: whatever somebody did, and however late the tagging API is, a plan that
//! believes digests is made from the same as one that describes every revision.

use proptest::prelude::*;

use super::{
    digests::{
        deregister, newest, read, remove_tag, seen, set_tag, text, try_to_copy, without_tags,
    },
    *,
};

/// How many families there are.
const FAMILIES: usize = 3;
/// How late the tagging API is where it is: it lists what is gone, and not yet what is new.
const LAG: u64 = 20;
/// The tags that somebody changes.
const KEYS: [&str; 4] = [
    "team",
    "amp-stack:address",
    "amp-stack:stack",
    "amp-stack:digest",
];
const VALUES: [&str; 5] = [
    "big",
    "task_definitions.t0",
    "task_definitions.t9",
    "1:0:1",
    "",
];

/// What somebody does: to a family by hand, or to the stack with amp-stack.
#[derive(Clone, Debug)]
enum Act {
    /// Registers what the newest revision says, with another image or the same, and with its tags,
    /// as the console does, or without.
    Copy(usize, &'static str, bool),
    Deregister(usize),
    Tag(usize, usize, usize),
    Untag(usize, usize),
    /// Gives a family the digest of another one.
    Lend(usize, usize),
    /// Deregisters and deletes all revisions: the tagging API goes on listing them.
    Delete(usize),
    /// Applies one of the files.
    Apply(usize),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    let family = 0..FAMILIES;
    let image = prop::sample::select(vec!["app:1", "app:2", "theirs:1"]);
    prop_oneof![
        3 => (family.clone(), image, any::<bool>()).prop_map(|(f, image, tags)| Act::Copy(f, image, tags)),
        2 => family.clone().prop_map(Act::Deregister),
        2 => (family.clone(), 0..KEYS.len(), 0..VALUES.len()).prop_map(|(f, k, v)| Act::Tag(f, k, v)),
        1 => (family.clone(), 0..KEYS.len()).prop_map(|(f, k)| Act::Untag(f, k)),
        1 => (family.clone(), family.clone()).prop_map(|(from, to)| Act::Lend(from, to)),
        1 => family.prop_map(Act::Delete),
        3 => (0..files().len()).prop_map(Act::Apply),
        2 => (1..=LAG).prop_map(Act::Wait),
    ]
}

/// The stack as several people want it.
fn files() -> Vec<Stack> {
    let text = text(FAMILIES);
    let fewer = text.split("[log_groups.g2]").next().unwrap().to_owned();
    [
        text.clone(),
        text.replace("app:1", "app:2"),
        text.replacen("memory = 512", "memory = 1024", 1),
        format!("{text}[tags]\nteam = \"a\"\n"),
        fewer,
    ]
    .map(read)
    .into()
}

/// The numbers of the active revisions of a family.
async fn active(place: &Place, family: &str) -> Vec<String> {
    let request = place.ecs().list_task_definitions().family_prefix(family);
    let answer = request.send().await.unwrap();
    let arns = answer.task_definition_arns.unwrap_or_default();
    let names = arns
        .iter()
        .map(|arn| arn.rsplit('/').next().unwrap().to_owned());
    names.collect()
}

/// Does it, unless there is nothing left to do it to.
async fn perform(place: &Place, act: &Act, run: usize) {
    let name = |family: &usize| format!("big-{family}");
    let families = match act {
        Act::Copy(family, ..)
        | Act::Deregister(family)
        | Act::Tag(family, ..)
        | Act::Untag(family, _)
        | Act::Delete(family) => vec![name(family)],
        Act::Lend(from, to) => vec![name(from), name(to)],
        Act::Apply(_) | Act::Wait(_) => vec![],
    };
    for family in &families {
        if active(place, family).await.is_empty() {
            return;
        }
    }
    match act {
        Act::Copy(_, image, keeps_tags) => {
            let (_, tags) = newest(place, &families[0]).await;
            let tags = if *keeps_tags { tags } else { Vec::new() };
            // What the tagging API does not list yet outlives its role for one plan, and nobody
            // registers what names a role that is gone.
            if let Err(refused) = try_to_copy(place, &families[0], image, tags).await {
                assert!(
                    refused.to_string().contains("Role is not valid"),
                    "{refused}"
                );
            }
        }
        Act::Deregister(_) => {
            let (revision, _) = newest(place, &families[0]).await;
            deregister(place, revision.task_definition_arn().unwrap()).await;
        }
        Act::Tag(_, key, value) => {
            set_tag(place, &families[0], KEYS[*key], VALUES[*value]).await;
        }
        Act::Untag(_, key) => remove_tag(place, &families[0], KEYS[*key]).await,
        Act::Lend(..) => {
            let (_, tags) = newest(place, &families[0]).await;
            let digest = tags.iter().find(|tag| tag.key() == Some(KEYS[3]));
            if let Some(digest) = digest.and_then(|tag| tag.value()) {
                set_tag(place, &families[1], KEYS[3], digest).await;
            }
        }
        Act::Delete(_) => {
            let names = active(place, &families[0]).await;
            for name in &names {
                deregister(place, name).await;
            }
            for names in names.chunks(10) {
                let request = place.ecs().delete_task_definitions();
                let request = request.set_task_definitions(Some(names.to_vec()));
                request.send().await.unwrap();
            }
        }
        Act::Apply(file) => {
            let (stack, (aws, _)) = (&files()[*file], place.aws(false));
            let plan = planned(stack, &aws, false).await;
            // What somebody has to decide first is not done.
            if plan.refusals.is_empty() {
                let (_stop, stopped) = watch::channel(false);
                let options = amp_stack::apply::Options {
                    run_id: format!("run-{run}"),
                    ..options()
                };
                apply(Arc::new(plan), aws, options, stopped, |_| ()).await;
            }
        }
        Act::Wait(seconds) => tokio::time::sleep(Duration::from_secs(*seconds)).await,
    }
}

/// Asserts that both ways of reading see the same of each of the files; as long as the tagging API
/// is late, but for what follows from tags.
async fn compare(place: &Place, is_late: bool) -> Result<(), TestCaseError> {
    for stack in &files() {
        for destroy in [false, true] {
            let (aws, _) = place.aws(false);
            let believing = seen(stack, &aws, destroy).await;
            let full = Arc::new(Arc::unwrap_or_clone(aws).reading_fully(true));
            let describing = seen(stack, &full, destroy).await;
            if is_late {
                prop_assert_eq!(without_tags(believing), without_tags(describing));
            } else {
                prop_assert_eq!(believing, describing);
            }
        }
    }
    Ok(())
}

async fn law(acts: Vec<Act>, lag: u64) -> Result<(), TestCaseError> {
    let faults = Faults {
        tagging_lag: Duration::from_secs(lag),
        ..Faults::none(1)
    };
    let place = Place::new(&files()[0], Some(faults));
    build(&files()[0], &place.aws(false).0).await;
    for (run, act) in acts.iter().enumerate() {
        perform(&place, act, run).await;
    }
    compare(&place, lag > 0).await?;
    tokio::time::sleep(Duration::from_secs(lag)).await;
    compare(&place, false).await
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(40)
    })]

    #[test]
    fn a_plan_with_digests_is_the_plan_with_descriptions(
        acts in prop::collection::vec(act(), 1..8),
        lag in prop::sample::select(vec![0, LAG]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(law(acts, lag))?;
    }
}
