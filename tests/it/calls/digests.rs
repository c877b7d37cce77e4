//! What is as it is wanted is not described: a plan that believes digests is the plan that
//! describes everything, whatever somebody did, and takes far fewer calls.

use std::fmt::Write as _;

use amp_stack::{
    file::source::Source,
    load::{LoadContext, load},
};
use aws_sdk_ecs::types::{Compatibility, ContainerDefinition, NetworkMode, Tag, TaskDefinition};

use super::*;
use crate::worlds;

/// A stack file with a workspace, and so many roles, log groups and task definitions.
pub(super) fn text(count: usize) -> String {
    let mut text = "[stack]\nname = \"big\"\n[workspace]\nalias = \"big\"\n".to_owned();
    for n in 0..count {
        write!(
            text,
            "[log_groups.g{n}]\nname = \"/big/{n}\"\nretention_days = 7\n\
             [roles.r{n}]\nname = \"big-{n}\"\n\
             [task_definitions.t{n}]\nfamily = \"big-{n}\"\ncpu = 256\nmemory = 512\n\
             execution_role = \"r{n}\"\n\
             [task_definitions.t{n}.containers.app]\nimage = \"app:1\"\n\
             [task_definitions.t{n}.containers.app.environment]\n\
             WRITE = \"${{workspace.remote_write_url}}\"\n"
        )
        .unwrap();
    }
    text
}

pub(super) fn read(text: String) -> Stack {
    let source = Source {
        path: "stack.toml".into(),
        text,
    };
    load(&source, &LoadContext::new(worlds::identity())).unwrap()
}

/// The plan of `stack`, and how many calls of each operation it took.
async fn counted(place: &Place, stack: &Stack, destroy: bool) -> (Counts, Plan) {
    let (aws, counts) = place.aws(false);
    aws.identity().await.unwrap();
    let plan = planned(stack, &aws, destroy).await;
    let counts = counts.lock().unwrap().clone();
    (counts, plan)
}

fn sum(counts: &Counts) -> usize {
    counts.values().sum()
}

#[tokio::test(start_paused = true)]
async fn a_plan_of_sixty_one_resources_takes_eight_calls() {
    let stack = read(text(20));
    assert_eq!(stack.resources.len(), 61);
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let (counts, unchanged) = counted(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    let each_once = [
        "GetCallerIdentity",
        "ListRoles",
        "GetAccountAuthorizationDetails",
        "GET workspaces",
        "GET workspaces/ID/logging",
        "GetResources",
        "DescribeLogGroups",
        "ListTaskDefinitions",
    ];
    let each_once = each_once.map(|operation| (operation.to_owned(), 1));
    assert_eq!(counts, each_once.into());

    // Where everything is described that is one call more for each family.
    let (aws, counts) = place.aws(false);
    let aws = Arc::new(Arc::unwrap_or_clone(aws).reading_fully(true));
    assert!(planned(&stack, &aws, false).await.is_empty());
    assert_eq!(counts.lock().unwrap()["DescribeTaskDefinition"], 20);

    // What changes is described first.
    let changed = read(text(20).replacen("app:1", "app:2", 1));
    let (counts, plan) = counted(&place, &changed, false).await;
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(counts["DescribeTaskDefinition"], 1);
    assert_eq!(sum(&counts), 9);
}

/// A family that somebody else has made, and that was taken over as it is or with a new revision,
/// is no dearer than one that was made by the stack, however many revisions it had.
#[tokio::test(start_paused = true)]
async fn an_adopted_family_is_not_described() {
    let stack = "[stack]\nname = \"big\"\n[task_definitions.t]\nfamily = \"theirs\"\nadopt = true\n\
                 requires_compatibilities = [\"FARGATE\"]\nnetwork_mode = \"awsvpc\"\n\
                 cpu = 256\nmemory = 512\n\
                 [task_definitions.t.containers.app]\nimage = \"app:1\"\n";
    let stack = read(stack.to_owned());
    for (image, is_registered) in [("app:1", 0), ("app:0", 1)] {
        let place = Place::new(&stack, None);
        for _ in 0..3 {
            let app = ContainerDefinition::builder().name("app").image(image);
            let request = place.ecs().register_task_definition().family("theirs");
            let request = request.cpu("256").memory("512");
            let request = request.network_mode(NetworkMode::Awsvpc);
            let request = request.requires_compatibilities(Compatibility::Fargate);
            let request = request.container_definitions(app.build());
            request.send().await.unwrap();
        }
        let (aws, counts) = place.aws(false);
        build(&stack, &aws).await;
        let registered = counts
            .lock()
            .unwrap()
            .get("RegisterTaskDefinition")
            .copied();
        assert_eq!(registered.unwrap_or_default(), is_registered);
        let (counts, unchanged) = counted(&place, &stack, false).await;
        assert!(unchanged.is_empty(), "{unchanged:?}");
        assert_eq!(counts.get("DescribeTaskDefinition"), None, "{counts:?}");
    }
}

/// Revisions of others are no reason to read for longer than each family could be asked for.
#[tokio::test(start_paused = true)]
async fn an_account_full_of_revisions_of_others_costs_little() {
    let stack = read(text(4));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let ecs = place.ecs();
    for n in 0..410 {
        let app = ContainerDefinition::builder().name("app").image("i");
        ecs.register_task_definition()
            .family(format!("a{n}"))
            .container_definitions(app.memory(64).build())
            .send()
            .await
            .unwrap();
    }
    let (counts, unchanged) = counted(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    // Four pages of a list that has more, and each of the four families.
    assert_eq!(counts["ListTaskDefinitions"], 8);
    assert_eq!(sum(&counts), 15, "{counts:?}");
}

/// The newest active revision of `family`, and its tags.
pub(super) async fn newest(place: &Place, family: &str) -> (TaskDefinition, Vec<Tag>) {
    let request = place.ecs().describe_task_definition();
    let request = request
        .task_definition(family)
        .include(aws_sdk_ecs::types::TaskDefinitionField::Tags);
    let answer = request.send().await.unwrap();
    (answer.task_definition.unwrap(), answer.tags.unwrap())
}

/// Registers what the newest revision of `family` says, with another image and these tags, as the
/// console does.
async fn copy(place: &Place, family: &str, image: &str, tags: Vec<Tag>) {
    try_to_copy(place, family, image, tags).await.unwrap();
}

/// Does the same, which ECS refuses if a role of the revision is gone.
pub(super) async fn try_to_copy(
    place: &Place,
    family: &str,
    image: &str,
    tags: Vec<Tag>,
) -> Result<(), Box<aws_sdk_ecs::Error>> {
    let (old, _) = newest(place, family).await;
    let mut app = old.container_definitions()[0].clone();
    app.image = Some(image.to_owned());
    place
        .ecs()
        .register_task_definition()
        .family(family)
        .cpu(old.cpu().unwrap())
        .memory(old.memory().unwrap())
        .network_mode(NetworkMode::Awsvpc)
        .requires_compatibilities(Compatibility::Fargate)
        .execution_role_arn(old.execution_role_arn().unwrap())
        .container_definitions(app)
        .set_tags(Some(tags).filter(|tags| !tags.is_empty()))
        .send()
        .await
        .map(|_| ())
        .map_err(|error| Box::new(error.into()))
}

fn tag(key: &str, value: &str) -> Tag {
    Tag::builder().key(key).value(value).build()
}

pub(super) async fn set_tag(place: &Place, family: &str, key: &str, value: &str) {
    let (newest, _) = newest(place, family).await;
    let request = place.ecs().tag_resource();
    let request = request.resource_arn(newest.task_definition_arn().unwrap());
    request.tags(tag(key, value)).send().await.unwrap();
}

pub(super) async fn remove_tag(place: &Place, family: &str, key: &str) {
    let (newest, _) = newest(place, family).await;
    let request = place.ecs().untag_resource();
    let request = request.resource_arn(newest.task_definition_arn().unwrap());
    request.tag_keys(key).send().await.unwrap();
}

pub(super) async fn deregister(place: &Place, revision: &str) {
    let request = place.ecs().deregister_task_definition();
    request.task_definition(revision).send().await.unwrap();
}

/// What somebody does besides amp-stack to the families of a stack, to each something else.
async fn meddle(place: &Place) {
    let (_, tags) = newest(place, "big-0").await;
    // The console copies the tags, the digest among them.
    copy(place, "big-0", "evil:1", tags.clone()).await;
    // The same with what is wanted: the copy says what the digest says.
    let (_, tags) = newest(place, "big-1").await;
    copy(place, "big-1", "app:1", tags).await;
    copy(place, "big-2", "theirs:1", Vec::new()).await;
    deregister(place, "big-3:1").await;
    // The newest is gone, and the one before it is the newest again.
    copy(place, "big-4", "theirs:1", Vec::new()).await;
    deregister(place, "big-4:2").await;
    set_tag(place, "big-5", "team", "others").await;
    set_tag(place, "big-6", "amp-stack:address", "task_definitions.t9").await;
    remove_tag(place, "big-7", "amp-stack:stack").await;
    remove_tag(place, "big-8", "amp-stack:digest").await;
    set_tag(place, "big-9", "amp-stack:digest", "1:0:1").await;
    set_tag(place, "big-10", "amp-stack:digest", "").await;
    // The digest of another family.
    let (_, tags) = newest(place, "big-0").await;
    let of_another = tags
        .iter()
        .find(|tag| tag.key() == Some("amp-stack:digest"));
    let value = of_another.and_then(Tag::value).unwrap();
    set_tag(place, "big-11", "amp-stack:digest", value).await;
}

/// A plan that believes digests is the plan that describes everything, however late the tagging API
/// is: tags are what it may see later.
#[tokio::test(start_paused = true)]
async fn digests_are_only_believed_where_describing_says_the_same() {
    for lag in [0, 20] {
        let before = read(text(14));
        let place = Place::new(
            &before,
            Some(Faults {
                tagging_lag: Duration::from_secs(lag),
                ..Faults::none(1)
            }),
        );
        build(&before, &place.aws(false).0).await;
        let changed = text(14)
            .replacen("image = \"app:1\"", "image = \"app:2\"", 13)
            .replacen("image = \"app:2\"", "image = \"app:1\"", 12);
        let changed = read(changed.replacen("memory = 512", "memory = 1024", 14));
        let mut waits = vec![0, lag];
        waits.dedup();
        for is_meddled in [false, true] {
            if is_meddled {
                meddle(&place).await;
            }
            for wait in &waits {
                tokio::time::sleep(Duration::from_secs(*wait)).await;
                for stack in [&before, &changed] {
                    for destroy in [false, true] {
                        let (aws, counts) = place.aws(false);
                        let believing = seen(stack, &aws, destroy).await;
                        let full = Arc::new(Arc::unwrap_or_clone(aws).reading_fully(true));
                        let describing = seen(stack, &full, destroy).await;
                        if *wait == lag {
                            assert_eq!(believing, describing, "lag {lag}, destroy {destroy}");
                        } else {
                            let (one, other) = (without_tags(believing), without_tags(describing));
                            assert_eq!(one, other, "lag {lag}, destroy {destroy}");
                        }
                        let counts = counts.lock().unwrap();
                        assert!(counts["DescribeTaskDefinition"] >= 14);
                    }
                }
            }
        }
    }
}

/// What a plan is made from.
pub(super) async fn seen(
    stack: &Stack,
    aws: &Arc<Aws>,
    destroy: bool,
) -> amp_stack::snapshot::Snapshot {
    let query = if destroy {
        stack.query_to_destroy()
    } else {
        stack.query(false)
    };
    aws.observe(&query).await.unwrap()
}

/// The same without what follows from tags alone.
pub(super) fn without_tags(
    mut live: amp_stack::snapshot::Snapshot,
) -> amp_stack::snapshot::Snapshot {
    for found in &mut live.found {
        found.resource.tags_mut().clear();
        found.owner = amp_stack::model::tags::Owner::Unknown;
    }
    live
}

/// Numbers that were given once are not given again, so the first revision after a destruction has
/// another number than foreseen; its digest is corrected.
#[tokio::test(start_paused = true)]
async fn a_digest_for_the_wrong_number_is_corrected() {
    let mut stack = read(text(3));
    for declared in stack.resources.values_mut() {
        declared.lifecycle.prevent_destroy = false;
    }
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    destroy(&stack, &place.aws(false).0).await;
    let (aws, _) = place.aws(false);
    let live = aws.observe(&stack.query(false)).await.unwrap();
    carry_out(plan(&stack, &live), &aws, "again").await;
    let (revision, _) = newest(&place, "big-0").await;
    assert_eq!(revision.revision(), 2);
    let (counts, unchanged) = counted(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    assert_eq!(counts.get("DescribeTaskDefinition"), None);
}

/// Stacks that were made before there were digests are as they are wanted, and get none for its own
/// sake.
#[tokio::test(start_paused = true)]
async fn what_has_no_digest_is_described_and_left_alone() {
    let stack = read(text(3));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    for family in ["big-0", "big-1", "big-2"] {
        remove_tag(&place, family, "amp-stack:digest").await;
    }
    let (counts, unchanged) = counted(&place, &stack, false).await;
    assert!(unchanged.is_empty(), "{unchanged:?}");
    assert_eq!(counts["DescribeTaskDefinition"], 3);
    // Digests are no part of a plan, whatever is changed.
    let changed = read(text(3) + "[tags]\nteam = \"a\"\n");
    let (_, plan) = counted(&place, &changed, false).await;
    let spelled = format!("{plan:?}");
    assert!(!spelled.contains("amp-stack:digest"), "{spelled}");
}

/// Of a table that is removed, only what is left of its family and who runs it is read besides.
#[tokio::test(start_paused = true)]
async fn a_removed_table_costs_few_calls() {
    let stack = read(text(20));
    let place = Place::new(&stack, None);
    build(&stack, &place.aws(false).0).await;
    let mut fewer = stack.clone();
    fewer
        .resources
        .remove(&"task_definitions.t7".parse().unwrap());
    let (counts, plan) = counted(&place, &fewer, false).await;
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
    assert_eq!(sum(&counts), 8 + 4, "{counts:?}");

    // Clusters in which nothing runs are counted together, however many there are.
    let ecs = place.ecs();
    for n in 0..50 {
        let request = ecs.create_cluster().cluster_name(format!("c{n}"));
        request.send().await.unwrap();
    }
    let (counts, plan) = counted(&place, &fewer, false).await;
    assert_eq!(plan.steps.len(), 1, "{plan:?}");
    assert_eq!(sum(&counts), 8 + 5, "{counts:?}");
    // To destroy the stack takes no more: the tags of each log group are read from itself when it
    // goes.
    let (counts, _) = counted(&place, &stack, true).await;
    assert_eq!(counts.get("ListTagsForResource"), None);
    assert_eq!(counts["ListTaskDefinitions"], 2);
    assert_eq!(counts.get("DescribeTaskDefinition"), None);
    assert_eq!(sum(&counts), 8 + 3, "{counts:?}");
}
