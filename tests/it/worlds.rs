//! Stacks and worlds for the laws: tiny alphabets, so that names collide and values repeat.

use std::{collections::BTreeMap, fmt, future::Future, time::Duration};

use amp_stack::{
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        task_definition::{Document, Newer, TaskDefinition},
        workspace::{Configuration, Workspace},
    },
    model::{
        address::{Address, Kind, StackName},
        identity::Identity,
        lifecycle::{IgnorePath, Lifecycle},
        node::Node,
        policy::Policy,
        running::{Need, Running, RunningRevision, User},
        tags::{ADDRESS_TAG, PREVENT_DESTROY_TAG, REGION_TAG, STACK_TAG, Tags},
        template::{Attribute, Reference, Segment, Template},
    },
    stack::{Declared, Stack},
    testing::{FakeCloud, FakeResource, Fault},
};
use proptest::{option, prelude::*, sample};
use serde_json::json;

/// Where everything happens.
pub(crate) fn identity() -> Identity {
    Identity::new("111122223333", "us-east-1")
}

/// The name of the stack that is ours.
pub(crate) fn stack_name() -> StackName {
    "checkout".parse().unwrap()
}

/// Returns whether `thing` carries the tags of our stack.
pub(crate) fn is_ours(thing: &FakeResource) -> bool {
    let tags = thing.resource.tags();
    let is = |key: &str, value: &str| tags.get(key) == Some(&Template::from(value));
    is(STACK_TAG, stack_name().as_str())
        && (!tags.contains_key(REGION_TAG) || is(REGION_TAG, &identity().region))
}

/// Runs `future` to its end, with a clock that jumps whenever everybody waits.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

/// Every address that a stack may use.
pub(crate) fn addresses() -> Vec<Address> {
    let keyed = [Kind::LogGroup, Kind::Role, Kind::TaskDefinition];
    let keyed = keyed
        .into_iter()
        .flat_map(|kind| ["a", "b"].map(|key| Address::new(kind, key)));
    keyed.chain([Address::workspace()]).collect()
}

/// Properties of a resource, under names that mean what its kind makes of them.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the traits are independent of each other: a generator draws each"
)]
#[derive(Clone)]
pub(crate) struct Traits {
    /// Not declared, declared to be gone, or wanted.
    presence: Requirement,
    /// Which of two names.
    name: bool,
    /// Which of two values of something immutable.
    immutable: bool,
    /// Which of three values of something mutable.
    value: u8,
    /// Whether an optional part is there.
    optional: bool,
    /// Whether to mention what comes before.
    mentions: bool,
    adopt: bool,
    ignore: bool,
}

/// One word, so that counterexamples can be read: `wanted:name:2:mentions`.
impl fmt::Debug for Traits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let presence = match self.presence {
            Requirement::Undeclared => return f.write_str("undeclared"),
            Requirement::Gone => "gone",
            Requirement::Wanted => "wanted",
        };
        write!(f, "{presence}:{}", self.value)?;
        let flags = [
            ("name", self.name),
            ("immutable", self.immutable),
            ("optional", self.optional),
            ("mentions", self.mentions),
            ("adopt", self.adopt),
            ("ignore", self.ignore),
        ];
        flags
            .into_iter()
            .filter(|(_, is_set)| *is_set)
            .try_for_each(|(flag, _)| write!(f, ":{flag}"))
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Requirement {
    Undeclared,
    Gone,
    Wanted,
}

/// What a stack is made from: two of each kind, of which there may be two.
#[derive(Clone, Debug)]
pub(crate) struct Spec {
    groups: [Traits; 2],
    workspace: Traits,
    roles: [Traits; 2],
    families: [Traits; 2],
    keep_revisions: Option<u32>,
    /// The number of the workspace that is adopted, where the workspace is one that adopts.
    adopt_id: Option<u8>,
}

fn traits() -> impl Strategy<Value = Traits> {
    let presence = prop_oneof![
        2 => Just(Requirement::Undeclared),
        1 => Just(Requirement::Gone),
        7 => Just(Requirement::Wanted),
    ];
    let rare = || prop::bool::weighted(0.15);
    (
        presence,
        any::<bool>(),
        rare(),
        0..3_u8,
        any::<bool>(),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.7),
        rare(),
    )
        .prop_map(
            |(presence, name, immutable, value, optional, mentions, adopt, ignore)| Traits {
                presence,
                name,
                immutable,
                value,
                optional,
                mentions,
                adopt,
                ignore,
            },
        )
}

/// Any stack.
pub(crate) fn spec() -> impl Strategy<Value = Spec> {
    (
        [traits(), traits()],
        traits(),
        [traits(), traits()],
        [traits(), traits()],
        option::weighted(0.4, 1..3_u32),
        option::weighted(0.2, 1..6_u8),
    )
        .prop_map(
            |(groups, workspace, roles, families, keep_revisions, adopt_id)| Spec {
                groups,
                workspace,
                roles,
                families,
                keep_revisions,
                adopt_id,
            },
        )
}

/// A stack of everything.
pub(crate) fn whole() -> Spec {
    let traits = Traits {
        presence: Requirement::Wanted,
        name: false,
        immutable: false,
        value: 0,
        optional: false,
        mentions: true,
        adopt: false,
        ignore: false,
    };
    Spec {
        groups: [traits.clone(), traits.clone()],
        workspace: traits.clone(),
        roles: [traits.clone(), traits.clone()],
        families: [traits.clone(), traits],
        keep_revisions: None,
        adopt_id: None,
    }
}

impl Spec {
    /// The same, with the first of every kind undeclared.
    pub(crate) fn fewer(mut self) -> Self {
        for traits in [
            &mut self.groups[0],
            &mut self.workspace,
            &mut self.roles[0],
            &mut self.families[0],
        ] {
            traits.presence = Requirement::Undeclared;
        }
        self
    }

    /// The stack, which is valid: names are unique, and only what is wanted is mentioned.
    pub(crate) fn stack(&self) -> Stack {
        let mut resources = BTreeMap::new();
        for (index, key) in ["a", "b"].into_iter().enumerate() {
            let group = &self.groups[index];
            // Whether the two have swapped their names is up to the first one, so that names
            // differ.
            let names = |pair: [&'static str; 2], swapped: bool| pair[index ^ usize::from(swapped)];
            let address = Address::new(Kind::LogGroup, key);
            let want = log_group(names(["/app", "/collector"], self.groups[0].name), group);
            declare(&mut resources, &address, group, want, None);

            let role = &self.roles[index];
            let name = names(["Agent", "Task"], self.roles[0].name);
            let name = if role.value == 2 {
                name.to_lowercase()
            } else {
                name.to_owned()
            };
            let want = self.role(name, role);
            declare(
                &mut resources,
                &Address::new(Kind::Role, key),
                role,
                want,
                None,
            );

            let family = &self.families[index];
            let name = names(["api", "web"], self.families[0].name);
            let want = self.family(name, index, family);
            let address = Address::new(Kind::TaskDefinition, key);
            declare(&mut resources, &address, family, want, self.keep_revisions);
        }
        let want = self.workspace();
        declare(
            &mut resources,
            &Address::workspace(),
            &self.workspace,
            want,
            None,
        );
        if let Some(declared) = resources.get_mut(&Address::workspace()) {
            let adopt_id = self.adopt_id.filter(|_| declared.lifecycle.adopt);
            declared.lifecycle.adopt_id = adopt_id.map(|number| format!("ws-{number}"));
        }
        Stack {
            name: stack_name(),
            former: None,
            access: None,
            identity: identity(),
            resources,
            outputs: BTreeMap::new(),
            existing: BTreeMap::new(),
            order: Vec::new(),
            role_arns: BTreeMap::new(),
            notes: Vec::new(),
            force_in_use: std::collections::BTreeSet::new(),
            retry: std::collections::BTreeSet::new(),
            skips_preflight: false,
        }
    }

    fn workspace(&self) -> Resource {
        let traits = &self.workspace;
        let logs_to = Address::new(Kind::LogGroup, "a");
        let logging = Template::from_segments([
            reference(&logs_to, Attribute::Arn),
            Segment::Literal(":*".to_owned()),
        ]);
        Resource::Workspace(Workspace {
            alias: Some(if traits.name { "metrics" } else { "samples" }.to_owned()),
            kms_key_arn: traits
                .immutable
                .then(|| Template::from("arn:aws:kms:us-east-1:111122223333:key/1")),
            configuration: Configuration {
                retention_days: [None, Some(30), Some(60)][usize::from(traits.value)],
                ..Configuration::default()
            },
            logging: (traits.mentions && self.groups[0].is_wanted()).then_some(logging),
            tags: Tags::new(),
            failed: false,
        })
    }

    fn role(&self, name: String, traits: &Traits) -> Resource {
        let writes = traits.mentions && self.workspace.is_wanted();
        let workspace =
            Segment::Literal("arn:aws:aps:us-east-1:111122223333:workspace/ws-other".to_owned());
        let workspace = if writes {
            reference(&Address::workspace(), Attribute::Arn)
        } else {
            workspace
        };
        let policy = Node::map([("Resource", Node::Text(Template::from_segments([workspace])))]);
        let policy = Policy::new(Node::map([("Statement", policy)]));
        let service = ["ecs-tasks", "ec2", "ecs-tasks"][usize::from(traits.value)];
        let managed = traits
            .optional
            .then(|| Template::from("arn:aws:iam::aws:policy/X"));
        Resource::Role(Role {
            name,
            path: if traits.immutable { "/team/" } else { "/" }.to_owned(),
            description: String::new(),
            trust: Policy::new(Node::from(
                &json!({"Statement": {"Principal": {"Service": service}}}),
            )),
            max_session_seconds: 3600,
            permissions_boundary: (traits.value == 1)
                .then(|| Template::from("arn:aws:iam::111122223333:policy/B")),
            managed_policies: managed.into_iter().collect(),
            inline_policies: BTreeMap::from([("write".to_owned(), policy)]),
            instance_profiles: std::collections::BTreeSet::new(),
            tags: Tags::new(),
        })
    }

    fn family(&self, name: &str, index: usize, traits: &Traits) -> Resource {
        let key = ["a", "b"][index];
        let mut document = vec![(
            "cpu".to_owned(),
            Node::from(["256", "512", "1 vCPU"][usize::from(traits.value)]),
        )];
        let mention = |address: Address, attribute, is_wanted: bool| {
            let text = || Template::from_segments([reference(&address, attribute)]);
            (traits.mentions && is_wanted).then(|| Node::Text(text()))
        };
        let role = Address::new(Kind::Role, key);
        let role = mention(role, Attribute::Arn, self.roles[index].is_wanted());
        document.extend(role.map(|role| ("taskRoleArn".to_owned(), role)));
        let endpoint = mention(
            Address::workspace(),
            Attribute::RemoteWriteUrl,
            self.workspace.is_wanted(),
        );
        let group = Address::new(Kind::LogGroup, key);
        let group = mention(group, Attribute::Name, self.groups[index].is_wanted());
        let variables = [("ENDPOINT", endpoint), ("GROUP", group)].into_iter();
        let variables = variables.filter_map(|(name, value)| {
            Some(Node::map([("name", Node::from(name)), ("value", value?)]))
        });
        let container = Node::map([
            ("name", Node::from("app")),
            ("environment", Node::List(variables.collect())),
        ]);
        let containers = Node::List(vec![container]);
        document.push(("containerDefinitions".to_owned(), containers));
        Resource::TaskDefinition(TaskDefinition {
            family: name.to_owned(),
            document: Some(Document::new(Node::map(document))),
            tags: Tags::new(),
            revision: None,
            older: std::collections::BTreeSet::new(),
            inactive: std::collections::BTreeSet::new(),
            services: BTreeMap::new(),
            newer: None,
            served: None,
            express: std::collections::BTreeSet::new(),
        })
    }
}

impl Traits {
    fn is_wanted(&self) -> bool {
        self.presence == Requirement::Wanted
    }
}

fn log_group(name: &str, traits: &Traits) -> Resource {
    Resource::LogGroup(LogGroup {
        name: name.to_owned(),
        class: if traits.immutable {
            "INFREQUENT_ACCESS"
        } else {
            "STANDARD"
        }
        .to_owned(),
        retention_days: [None, Some(7), Some(30)][usize::from(traits.value)],
        kms_key_arn: traits
            .optional
            .then(|| Template::from("arn:aws:kms:us-east-1:111122223333:key/2")),
        deletion_protection: false,
        tags: Tags::new(),
    })
}

fn reference(address: &Address, attribute: Attribute) -> Segment {
    Segment::Reference(Reference {
        address: address.clone(),
        attribute,
    })
}

fn declare(
    resources: &mut BTreeMap<Address, Declared>,
    address: &Address,
    traits: &Traits,
    mut want: Resource,
    keep_revisions: Option<u32>,
) {
    if traits.presence == Requirement::Undeclared {
        return;
    }
    want.tags_mut().extend(ownership(address));
    if traits.optional {
        let team = ["a", "b", "c"][usize::from(traits.value)];
        want.tags_mut()
            .insert("team".to_owned(), Template::from(team));
    }
    let lifecycle = Lifecycle {
        adopt: traits.adopt,
        ignore: if traits.ignore {
            vec![IgnorePath::new("tags.team")]
        } else {
            Vec::new()
        },
        keep_revisions,
        ..Lifecycle::default()
    };
    let want = traits.is_wanted().then_some(want);
    resources.insert(
        address.clone(),
        Declared {
            want,
            earlier: Vec::new(),
            lifecycle,
        },
    );
}

/// The tags that say that something is ours and stands at `address`.
pub(crate) fn ownership(address: &Address) -> Tags {
    let mut tags = Tags::from([
        (STACK_TAG.to_owned(), Template::from(stack_name().as_str())),
        (ADDRESS_TAG.to_owned(), Template::from(address.to_string())),
    ]);
    if address.kind == Kind::Role {
        tags.insert(REGION_TAG.to_owned(), Template::from(identity().region));
    }
    tags
}

/// What somebody does by hand to one thing of ours.
#[derive(Clone, Debug)]
pub(crate) enum Drift {
    Remove(sample::Index),
    Alter(sample::Index),
    /// Registers a revision of a family without our tags, which says what the newest one says, or
    /// something else.
    Revise(sample::Index, bool),
}

/// What has happened before a plan is made.
#[derive(Clone, Debug)]
pub(crate) struct History {
    /// The stack that was applied.
    pub(crate) before: Spec,
    /// What went wrong then.
    pub(crate) faults: Vec<(usize, Fault)>,
    /// How many steps ran at a time.
    pub(crate) concurrency: usize,
    /// What was done by hand afterwards.
    pub(crate) drifts: Vec<Drift>,
    /// What others have put under names that the stack may want: the thing, and whether it belongs
    /// to another stack.
    pub(crate) foreign: Vec<(Spec, sample::Index, bool)>,
}

/// Any history.
pub(crate) fn history() -> impl Strategy<Value = History> {
    let drift = prop_oneof![
        any::<sample::Index>().prop_map(Drift::Remove),
        any::<sample::Index>().prop_map(Drift::Alter),
        any::<(sample::Index, bool)>().prop_map(|(index, same)| Drift::Revise(index, same)),
    ];
    (
        spec(),
        faults(),
        1..5_usize,
        prop::collection::vec(drift, 0..3),
        prop::collection::vec((spec(), any::<sample::Index>(), any::<bool>()), 0..2),
    )
        .prop_map(|(before, faults, concurrency, drifts, foreign)| History {
            before,
            faults,
            concurrency,
            drifts,
            foreign,
        })
}

/// What goes wrong in a run: often nothing, sometimes twice.
pub(crate) fn faults() -> impl Strategy<Value = Vec<(usize, Fault)>> {
    let fault = prop_oneof![
        3 => Just(Fault::Before),
        3 => Just(Fault::After),
        1 => (1..4_u32).prop_map(Fault::Unsettled),
        1 => (1..4_u32).prop_map(Fault::Busy),
        1 => Just(Fault::Panic),
    ];
    prop::collection::vec((0..25_usize, fault), 0..3)
}

impl History {
    /// The world before the first stack: bystanders, another stack, the same stack in another
    /// region, and those of others.
    pub(crate) fn world(&self) -> FakeCloud {
        let fake = FakeCloud::new(identity()).with_latency(Duration::from_millis(800));
        for name in ["Bystander", "OtherStack", "OtherRegion"] {
            for mut resource in bystanders(name) {
                if name == "OtherStack" {
                    let other = (STACK_TAG.to_owned(), Template::from("another"));
                    resource.tags_mut().extend([other]);
                }
                if name == "OtherRegion" && resource.kind() == Kind::Role {
                    let tags = resource.tags_mut();
                    tags.extend(ownership(&Address::new(Kind::Role, "a")));
                    tags.insert(REGION_TAG.to_owned(), Template::from("eu-west-1"));
                }
                fake.put(resource);
            }
        }
        for (spec, index, belongs) in &self.foreign {
            if let Some(mut resource) = spec.one_resource(*index) {
                resource.tags_mut().clear();
                if *belongs {
                    let other = (STACK_TAG.to_owned(), Template::from("another"));
                    resource.tags_mut().extend([other]);
                }
                fake.put(resource);
            }
        }
        fake
    }

    /// Does by hand what was done by hand.
    pub(crate) fn drift(&self, fake: &FakeCloud) {
        for drift in &self.drifts {
            let ours: Vec<FakeResource> = fake.things().into_iter().filter(is_ours).collect();
            if ours.is_empty() {
                return;
            }
            let (Drift::Remove(index) | Drift::Alter(index) | Drift::Revise(index, _)) = drift;
            let chosen = index.get(&ours);
            fake.mutate(|thing| {
                let is_chosen = thing == chosen;
                match drift {
                    Drift::Remove(_) => return !is_chosen,
                    Drift::Alter(_) if is_chosen => alter(&mut thing.resource),
                    Drift::Revise(_, same) if is_chosen => revise(&mut thing.resource, *same),
                    Drift::Alter(_) | Drift::Revise(..) => {}
                }
                true
            });
        }
    }
}

impl Spec {
    /// At most one of the resources, with everything known.
    fn one_resource(&self, index: sample::Index) -> Option<Resource> {
        let stack = self.stack();
        let wanted = stack.resources.values().filter_map(|d| d.want.as_ref());
        let wanted: Vec<&Resource> = wanted.collect();
        let chosen = (!wanted.is_empty()).then(|| index.get(&wanted))?;
        Some(chosen.resolve(&|reference| Some(format!("<{reference}>"))))
    }
}

fn bystanders(name: &str) -> Vec<Resource> {
    let spec = |value| Traits {
        presence: Requirement::Wanted,
        name: false,
        immutable: false,
        value,
        optional: true,
        mentions: false,
        adopt: false,
        ignore: false,
    };
    let all = Spec {
        groups: [spec(0), spec(1)],
        workspace: spec(1),
        roles: [spec(0), spec(1)],
        families: [spec(0), spec(1)],
        keep_revisions: None,
        adopt_id: None,
    };
    let mut workspace = all.workspace();
    if let Resource::Workspace(workspace) = &mut workspace {
        workspace.alias = Some(name.to_owned());
    }
    vec![
        log_group(&format!("/{name}"), &all.groups[0]),
        workspace,
        all.role(name.to_owned(), &all.roles[0]),
        all.family(name, 0, &all.families[0]),
    ]
}

/// What pipelines do that register revisions of their own.
pub(crate) fn revise(resource: &mut Resource, same: bool) {
    let Resource::TaskDefinition(family) = resource else {
        return;
    };
    let (Some(document), Some(newest)) = (family.newest_document(), family.newest()) else {
        return;
    };
    let mut written = document.written().clone();
    if let (false, Some(members)) = (same, written.as_map_mut()) {
        members.insert("memory".to_owned(), Node::from("3 GB"));
    }
    family.newer = Some(Newer {
        revision: newest + 1,
        document: Document::new(written),
        tags: Tags::from([("by".to_owned(), Template::from("ci"))]),
        registered_by: Some("arn:aws:iam::111122223333:user/ci".to_owned()),
    });
}

/// What people do in a console.
fn alter(resource: &mut Resource) {
    match resource {
        Resource::LogGroup(group) => group.retention_days = Some(14),
        Resource::Workspace(workspace) => workspace.logging = None,
        Resource::Role(role) => {
            role.instance_profiles.insert("profile".to_owned());
            role.managed_policies
                .insert(Template::from("arn:aws:iam::aws:policy/Y"));
        }
        Resource::TaskDefinition(family) => {
            if let (Some(revision), None) = (family.revision, family.older.first()) {
                family.inactive.insert(revision);
                family.document = None;
                family.revision = None;
            }
        }
    }
    resource
        .tags_mut()
        .insert("by".to_owned(), Template::from("hand"));
}

/// What is protected, and how.
#[derive(Clone, Debug)]
pub(crate) struct Protection {
    declared: Vec<bool>,
    tagged: Vec<bool>,
    by_logs: bool,
}

/// Any protection.
pub(crate) fn protection() -> impl Strategy<Value = Protection> {
    let flags = || prop::collection::vec(any::<bool>(), 7);
    (flags(), flags(), any::<bool>()).prop_map(|(declared, tagged, by_logs)| Protection {
        declared,
        tagged,
        by_logs,
    })
}

impl Protection {
    /// Protects what the stack declares.
    pub(crate) fn on_stack(&self, mut stack: Stack) -> Stack {
        for (declared, protect) in stack.resources.values_mut().zip(&self.declared) {
            declared.lifecycle.prevent_destroy = *protect;
        }
        stack
    }

    /// Protects what lives, as an earlier stack file did.
    pub(crate) fn on_world(&self, fake: &FakeCloud) {
        let mut flags = self.tagged.iter();
        fake.mutate(|thing| {
            if flags.next() == Some(&true) {
                let tag = (PREVENT_DESTROY_TAG.to_owned(), Template::from("true"));
                thing.resource.tags_mut().extend([tag]);
            }
            if let Resource::LogGroup(group) = &mut thing.resource {
                group.deletion_protection = self.by_logs;
            }
            true
        });
    }
}

/// What of a world something that runs needs.
#[derive(Clone, Debug)]
pub(crate) struct Uses {
    needed: Vec<bool>,
    revisions: Vec<bool>,
}

/// Any uses.
pub(crate) fn uses() -> impl Strategy<Value = Uses> {
    let flags = || prop::collection::vec(prop::bool::weighted(0.4), 24);
    (flags(), flags()).prop_map(|(needed, revisions)| Uses { needed, revisions })
}

impl Uses {
    /// What runs: a revision that somebody else registered and that needs some things of the world,
    /// and some revisions of the world's families.
    pub(crate) fn of(&self, fake: &FakeCloud) -> Running {
        let things = fake.things();
        let needed = things
            .iter()
            .zip(&self.needed)
            .filter(|(_, needed)| **needed);
        let needs = needed.map(|(thing, _)| Need {
            kind: thing.resource.kind(),
            target: thing.target.clone(),
        });
        let service = |name: &str| User::Service {
            cluster: "prod".to_owned(),
            service: name.to_owned(),
        };
        let mut revisions = vec![RunningRevision {
            family: "ci".to_owned(),
            revision: 1,
            needs: needs.collect(),
            users: [service("ci")].into(),
        }];
        let families = things
            .iter()
            .filter_map(|thing| thing.resource.task_definition());
        let numbered = families.flat_map(|family| {
            let numbers = family.active().into_iter().chain(family.inactive.clone());
            numbers.map(move |number| (family.family.clone(), number))
        });
        for ((family, revision), _) in numbered.zip(&self.revisions).filter(|(_, runs)| **runs) {
            revisions.push(RunningRevision {
                needs: [Need {
                    kind: Kind::TaskDefinition,
                    target: family.clone(),
                }]
                .into(),
                users: [service(&family)].into(),
                family,
                revision,
            });
        }
        Running {
            revisions,
            unseen: std::collections::BTreeSet::new(),
        }
    }
}
