//! What is decided about what a stack names and does not make.

use std::collections::BTreeSet;

use amp_stack::{
    kinds::Resource,
    model::{
        address::Address,
        identity::Identity,
        mention::{Mention, Presence, Unfit, What},
        node::Node,
        service::Rollout,
        template::Attribute,
    },
    permissions::permissions,
    plan::{Plan, plan},
    snapshot::Snapshot,
    stack::Stack,
};
use serde_json::json;

use crate::{
    plans::one_role,
    samples::{family, family_at, group, group_at, role, role_at, stack},
    worlds::identity,
};

const POLICY: &str = "arn:aws:iam::111122223333:policy/Boundary";
const IMAGE: &str = "111122223333.dkr.ecr.us-east-1.amazonaws.com/checkout:1.0";
const KEY: &str = "arn:aws:kms:us-east-1:111122223333:key/1234abcd";
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-a1b2c3";
const WORKSPACE: &str = "ws-12345678-90ab-cdef-1234-567890abcdef";

/// A stack that names one thing of each kind, and where each is named.
fn naming() -> (Stack, Vec<(Mention, Address)>) {
    let here = identity();
    let shared = here.role_arn("/team/", "Shared");
    let mut task = role("Task");
    task.permissions_boundary = Some(POLICY.into());
    task.managed_policies = [here
        .aws_policy_arn("AmazonPrometheusQueryAccess")
        .as_str()
        .into()]
    .into();
    let mut api = family("api", "256");
    api.document = Some(
        Node::from(&json!({
            "taskRoleArn": shared,
            "containerDefinitions": [{
                "name": "app", "image": IMAGE,
                "secrets": [
                    {"name": "PASSWORD", "valueFrom": format!("{SECRET}:password::")},
                    {"name": "URL", "valueFrom": "/shop/url"},
                ],
                "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/shared"}},
            }],
            "volumes": [{"name": "data", "efsVolumeConfiguration": {
                "fileSystemId": "fs-1", "authorizationConfig": {"accessPointId": "fsap-1"},
            }}],
            "runtimePlatform": {"cpuArchitecture": "ARM64"},
        }))
        .into(),
    );
    let mut keyed = group("/keyed");
    keyed.kms_key_arn = Some(KEY.into());
    let mut stack = stack([
        (group_at("keyed"), Resource::LogGroup(keyed)),
        (role_at("task"), Resource::Role(task)),
        (family_at("api"), Resource::TaskDefinition(api)),
    ]);
    let known = [
        (Attribute::Id, WORKSPACE.to_owned()),
        (Attribute::Arn, here.workspace_arn(WORKSPACE)),
    ];
    stack.existing.insert(Address::workspace(), known.into());
    let named = vec![
        (Mention::new(What::AccessPoint, "fsap-1"), family_at("api")),
        (Mention::new(What::FileSystem, "fs-1"), family_at("api")),
        (Mention::new(What::Image, IMAGE), family_at("api")),
        (Mention::new(What::Key, KEY), group_at("keyed")),
        (Mention::new(What::Parameter, "/shop/url"), family_at("api")),
        (Mention::new(What::Secret, SECRET), family_at("api")),
        (Mention::new(What::LogGroup, "/shared"), family_at("api")),
        (Mention::new(What::Policy, POLICY), role_at("task")),
        (Mention::new(What::Role, shared), family_at("api")),
        (
            Mention::new(What::Workspace, WORKSPACE),
            Address::workspace(),
        ),
    ];
    (stack, named)
}

fn planned(stack: &Stack, known: &[(&Mention, Presence)]) -> Plan {
    let mut live = Snapshot::empty(identity());
    let known = known.iter();
    live.mentions = known
        .map(|(one, presence)| ((*one).clone(), presence.clone()))
        .collect();
    plan(stack, &live)
}

fn refused(plan: &Plan) -> Vec<(String, &'static str)> {
    let refusals = plan.refusals.iter();
    let refused = refusals.map(|refusal| (refusal.address.to_string(), refusal.reason.code()));
    refused.collect()
}

#[test]
fn everything_that_is_named_and_not_made_is_looked_up_and_nothing_else() {
    let (stack, named) = naming();
    let wanted: BTreeSet<Mention> = named.iter().map(|(mention, _)| mention.clone()).collect();
    let kinds: BTreeSet<What> = wanted.iter().map(|mention| mention.what).collect();
    assert_eq!(kinds, What::ALL.into(), "one of each");
    assert_eq!(looked_up(&stack), wanted);
    let mut skipping = stack.clone();
    skipping.skips_preflight = true;
    assert!(looked_up(&skipping).is_empty());
    // A policy that AWS keeps for everybody is not looked up, and neither is what the stack makes.
    let mut making = stack.clone();
    let group = Resource::LogGroup(group("/shared"));
    let declared = self::stack([(group_at("shared"), group)]);
    making.resources.extend(declared.resources);
    let named: Vec<What> = making
        .mentions()
        .into_iter()
        .map(|one| one.naming.mention.what)
        .collect();
    assert!(!named.contains(&What::LogGroup), "{named:?}");
    let plain = one_role(role("Task"));
    assert!(looked_up(&plain).is_empty());
}

#[test]
fn what_is_not_there_is_refused_where_it_is_named() {
    let (stack, named) = naming();
    for (mention, address) in named.iter().filter(|(one, _)| one.what != What::Image) {
        let missing = planned(&stack, &[(mention, Presence::Missing)]);
        let refused = refused(&missing);
        let expected = (address.to_string(), mention.what.code_if_missing());
        assert!(refused.contains(&expected), "{mention}: {refused:?}");
        let steps = missing.steps.iter();
        let mut of_it = steps.filter(|step| step.id.address == *address);
        assert!(of_it.next().is_none(), "{mention}: nothing is done to it");

        let mut skipping = stack.clone();
        skipping.skips_preflight = true;
        let skipped = planned(&skipping, &[(mention, Presence::Missing)]);
        assert!(
            !self::refused(&skipped).contains(&expected) || mention.what == What::Role,
            "{mention}"
        );
        for silent in [&[][..], &[(mention, Presence::Fits)]] {
            let fits = planned(&stack, silent);
            assert!(!self::refused(&fits).contains(&expected) || mention.what == What::Role);
            assert_eq!(fits.notes, [], "{mention}");
        }
    }
}

#[test]
fn what_is_there_and_unfit_is_refused() {
    let (stack, named) = naming();
    for (what, why, code) in [
        (What::Key, Unfit::KeyNotEnabled, "key-not-enabled"),
        (What::Key, Unfit::KeyNotSymmetric, "key-not-symmetric"),
        (What::Secret, Unfit::SecretDeleted, "secret-deleted"),
        (What::Policy, Unfit::NotAttachable, "policy-not-attachable"),
        (What::Role, Unfit::ShutsOutTasks, "role-shuts-out-tasks"),
    ] {
        let (mention, address) = named.iter().find(|(one, _)| one.what == what).unwrap();
        let unfit = planned(&stack, &[(mention, Presence::Unfit(why))]);
        let expected = (address.to_string(), code);
        assert!(refused(&unfit).contains(&expected), "{:?}", refused(&unfit));
    }
}

/// ECS registers a revision without looking at its image, and pipelines push images when they like;
/// but no rollout waits for one.
#[test]
fn an_image_that_is_not_there_is_refused_only_if_it_is_rolled_out() {
    let (mut stack, named) = naming();
    let (image, address) = named
        .iter()
        .find(|(one, _)| one.what == What::Image)
        .unwrap();
    let plan = planned(&stack, &[(image, Presence::Missing)]);
    assert!(
        refused(&plan)
            .iter()
            .all(|(_, code)| *code != "no-such-image")
    );
    assert!(
        plan.notes[0].text.starts_with("there is no image"),
        "{:?}",
        plan.notes
    );
    let declared = stack.resources.get_mut(address).unwrap();
    let service = "prod/api".parse().unwrap();
    declared
        .lifecycle
        .services
        .insert(service, Rollout::default());
    let plan = planned(&stack, &[(image, Presence::Missing)]);
    let expected = (address.to_string(), "no-such-image");
    assert!(refused(&plan).contains(&expected), "{:?}", refused(&plan));
}

fn looked_up(stack: &Stack) -> BTreeSet<Mention> {
    let mut query = stack.query(false);
    stack.look_up(&mut query);
    query.mentions
}

#[test]
fn an_image_for_another_processor_is_a_note() {
    let (stack, named) = naming();
    let (image, _) = named
        .iter()
        .find(|(one, _)| one.what == What::Image)
        .unwrap();
    let of = |processors: &[&str]| {
        let processors = processors.iter().map(|&one| one.to_owned()).collect();
        let plan = planned(&stack, &[(image, Presence::ForProcessors(processors))]);
        plan.notes
            .into_iter()
            .map(|note| note.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&["amd64", "arm64"]), [""; 0]);
    assert_eq!(
        of(&["amd64"]),
        [format!(
            "the image {IMAGE} is for amd64, and its tasks run on arm64"
        )]
    );
}

#[test]
fn an_image_whose_processor_could_not_be_seen_is_a_note() {
    let (stack, named) = naming();
    let mut images = named.iter();
    let (image, _) = images.find(|(one, _)| one.what == What::Image).unwrap();
    let why = "ecr:GetDownloadUrlForLayer is denied";
    let plan = planned(
        &stack,
        &[(image, Presence::ForUnseenProcessor(why.to_owned()))],
    );
    assert_eq!(plan.refusals, []);
    let notes: Vec<String> = plan.notes.into_iter().map(|note| note.text).collect();
    let expected =
        format!("for which processor images are that the stack names is not known: {why}");
    assert_eq!(notes, [expected]);
}

#[test]
fn an_access_point_is_one_of_the_file_system_of_its_volume() {
    let (stack, _) = naming();
    let point = Mention::new(What::AccessPoint, "fsap-1");
    let of = |id: &str| {
        let plan = planned(&stack, &[(&point, Presence::OfFileSystem(id.to_owned()))]);
        let codes = plan.refusals.iter().map(|refusal| refusal.reason.code());
        codes.collect::<Vec<_>>()
    };
    assert_eq!(of("fs-1"), [""; 0]);
    assert_eq!(of("fs-2"), ["access-point-of-another-file-system"]);
}

#[test]
fn a_key_of_another_region_is_refused_without_looking() {
    let (mut stack, _) = naming();
    stack.identity.region = "eu-central-1".to_owned();
    stack.existing.clear();
    let expected = (group_at("keyed").to_string(), "key-of-another-region");
    let plan = planned(&stack, &[]);
    assert!(refused(&plan).contains(&expected), "{:?}", refused(&plan));
}

#[test]
fn a_role_of_another_account_is_refused_without_looking() {
    let (mut stack, named) = naming();
    let role = named
        .iter()
        .find(|(one, _)| one.what == What::Role)
        .unwrap();
    stack.identity = Identity::new("999988887777", stack.identity.region.clone());
    stack.existing.clear();
    let expected = (role.1.to_string(), "role-of-another-account");
    let plan = planned(&stack, &[]);
    assert!(refused(&plan).contains(&expected), "{:?}", refused(&plan));
    stack.skips_preflight = true;
    assert!(!refused(&planned(&stack, &[])).contains(&expected));
}

#[test]
fn what_could_not_be_seen_is_one_note_for_all_of_a_kind() {
    let (mut stack, _) = naming();
    let Some(Resource::Role(task)) = &mut stack.resources.get_mut(&role_at("task")).unwrap().want
    else {
        panic!("it is a role");
    };
    let other = "arn:aws:iam::111122223333:policy/Other";
    task.managed_policies.insert(other.into());
    let unseen = Presence::Unseen("iam:GetPolicy is denied".to_owned());
    let [one, two] = [POLICY, other].map(|arn| Mention::new(What::Policy, arn));
    let plan = planned(&stack, &[(&one, unseen.clone()), (&two, unseen)]);
    let notes: Vec<&str> = plan.notes.iter().map(|note| note.text.as_str()).collect();
    assert_eq!(
        notes,
        [
            "whether the managed policies that the stack names are there is not known: iam:GetPolicy is denied"
        ]
    );
    let codes: Vec<_> = refused(&plan).into_iter().map(|(_, code)| code).collect();
    assert!(!codes.contains(&"no-such-policy"), "{codes:?}");
}

/// Whoever may do what `permissions` says can look up all that a stack names.
#[test]
fn looking_up_is_part_of_the_permissions_that_a_stack_takes() {
    use amp_stack::model::permission::Purpose;
    let (stack, _) = naming();
    for (purpose, expected) in [
        (Purpose::Plan, true),
        (Purpose::Apply, true),
        (Purpose::Destroy, false),
    ] {
        let permissions = permissions(&stack, purpose);
        let mut all = permissions.iter();
        let policies =
            all.any(|one| one.actions.contains("iam:GetPolicy") && one.resources.contains(POLICY));
        assert_eq!(policies, expected, "{purpose:?}");
    }
}
