//! What is no change: every rule that hides a difference, and what `plan --explain` says of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use amp_stack::{
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        task_definition::{
            Document, TaskDefinition,
            document::rules::{READ_ONLY, REWRITES},
        },
        workspace::{Configuration, Workspace},
    },
    model::{
        address::{Address, Kind},
        lifecycle::IgnorePath,
        live::Fact,
        node::Node,
        normal::Suppressed,
        policy::{self, Policy},
        tags::Owner,
        template::{Attribute, Template},
    },
    plan::{self, Plan, suppressed::rules as live_state_rules},
    show::{Style, suppressed::render},
    snapshot::{LiveResource, Snapshot},
    stack::Stack,
    testing::FakeCloud,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{
    laws::carry_out,
    run::Bench,
    samples::{
        family, family_at, group, group_at, owned, policy, role, role_at, stack, with_lifecycle,
        workspace,
    },
    worlds::{identity, spec},
};

/// The ids of what lives follow from its address.
fn found(address: &Address, resource: Resource, facts: Vec<Fact>) -> LiveResource {
    let arn = format!("arn:aws:test:us-east-1:111122223333:{address}");
    LiveResource {
        resource: owned(address, resource),
        owner: Owner::Ours(address.clone()),
        attributes: BTreeMap::from([(Attribute::Arn, arn)]),
        facts,
    }
}

fn snapshot(found: LiveResource) -> Snapshot {
    Snapshot {
        identity: identity(),
        found: vec![found],
        roles: Vec::new(),
        running: None,
        services: BTreeMap::new(),
        mentions: BTreeMap::new(),
        quotas: BTreeMap::new(),
    }
}

/// What the file wants, what lives, and the rules by which that is no change.
struct Case {
    rules: &'static [&'static str],
    stack: Stack,
    live: Snapshot,
}

impl Case {
    fn new(
        rules: &'static [&'static str],
        address: &Address,
        want: Resource,
        live: Resource,
    ) -> Self {
        Self {
            rules,
            stack: stack([(address.clone(), want)]),
            live: snapshot(found(address, live, Vec::new())),
        }
    }

    fn ignoring(self, path: &str) -> Self {
        let address = self.stack.resources.keys().next().unwrap().clone();
        let stack = with_lifecycle(self.stack, &address, |lifecycle| {
            lifecycle.ignore = vec![IgnorePath::new(path)];
        });
        Self { stack, ..self }
    }

    fn knowing(mut self, fact: Fact) -> Self {
        self.live.found[0].facts.push(fact);
        self
    }

    fn suppressed(&self) -> Vec<Suppressed> {
        let plan = plan::plan(&self.stack, &self.live);
        assert!(plan.is_empty(), "{:?}: {plan:?}", self.rules);
        let found = plan::suppressed::suppressed(&self.stack, &self.live, &plan);
        found.into_values().flatten().collect()
    }
}

/// A document of one container, `app`, with `members` besides.
fn of_one_container(members: Value, more: Value) -> Value {
    let mut container = members;
    container["name"] = json!("app");
    let mut document = more;
    document["containerDefinitions"] = json!([container]);
    document
}

fn revision(document: &Value) -> Resource {
    Resource::TaskDefinition(TaskDefinition {
        document: Some(Document::new(Node::from(document))),
        revision: Some(3),
        ..family("api", "256")
    })
}

fn documents(rules: &'static [&'static str], want: &Value, live: &Value) -> Case {
    let wanted = Resource::TaskDefinition(TaskDefinition {
        document: Some(Document::new(Node::from(want))),
        ..family("api", "256")
    });
    Case::new(rules, &family_at("api"), wanted, revision(live))
}

fn trusts(rules: &'static [&'static str], want: Value, live: Value) -> Case {
    let of = |statement: Value| {
        Resource::Role(Role {
            trust: policy(&json!({"Version": "2012-10-17", "Statement": statement})),
            ..role("Task")
        })
    };
    Case::new(rules, &role_at("task"), of(want), of(live))
}

fn about_documents() -> Vec<Case> {
    let (app, none) = (of_one_container, || json!({}));
    let awsvpc = || json!({"networkMode": "awsvpc"});
    vec![
        documents(
            &["task-size"],
            &json!({"cpu": ".25 vCPU"}),
            &json!({"cpu": "256"}),
        ),
        documents(
            &["port-defaults"],
            &app(json!({"portMappings": [{"containerPort": 80}]}), awsvpc()),
            &app(
                json!({"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]}),
                awsvpc(),
            ),
        ),
        documents(
            &["container-defaults"],
            &app(none(), none()),
            &app(json!({"essential": true, "cpu": 0}), none()),
        ),
        documents(
            &["health-check-defaults"],
            &app(json!({"healthCheck": {"command": ["CMD", "x"]}}), none()),
            &app(
                json!({"healthCheck": {"command": ["CMD", "x"], "interval": 30, "timeout": 5, "retries": 3}}),
                none(),
            ),
        ),
        documents(
            &["volume-defaults"],
            &json!({"volumes": [{"name": "v", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]}),
            &json!({"volumes": [{"name": "v", "configuredAtLaunch": false,
                "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}}]}),
        ),
        documents(
            &["task-defaults"],
            &none(),
            &json!({"networkMode": "bridge", "enableFaultInjection": false}),
        ),
        documents(
            &["empty"],
            &app(none(), none()),
            &app(
                json!({"environment": [], "mountPoints": []}),
                json!({"volumes": []}),
            ),
        ),
        documents(
            &["order"],
            &app(
                json!({"environment": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}]}),
                json!({"requiresCompatibilities": ["FARGATE", "EC2"]}),
            ),
            &app(
                json!({"environment": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}),
                json!({"requiresCompatibilities": ["EC2", "FARGATE"]}),
            ),
        ),
        documents(
            &["unknown-members"],
            &app(none(), none()),
            &app(
                json!({"memberOfTomorrow": "default"}),
                json!({"memberOfTomorrow": false, "runtimePlatform": {"memberOfTomorrow": 1}}),
            ),
        ),
        documents(
            &["read-only"],
            &none(),
            &json!({"revision": 3, "status": "ACTIVE", "registeredBy": "me"}),
        ),
        documents(
            &["linux-defaults"],
            &app(
                json!({"linuxParameters": {"maxSwap": 64, "devices": [{"hostPath": "/dev/x"}]}}),
                none(),
            ),
            &app(
                json!({"linuxParameters": {"maxSwap": 64, "swappiness": 60,
                    "devices": [{"hostPath": "/dev/x", "permissions": ["read", "write", "mknod"]}]}}),
                none(),
            ),
        ),
        documents(
            &["platform-defaults"],
            &json!({"requiresCompatibilities": ["FARGATE"]}),
            &json!({"requiresCompatibilities": ["FARGATE"],
                "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"}}),
        ),
    ]
}

fn about_policies() -> Vec<Case> {
    let one = |member: &str, value: Value| json!([{"Effect": "Allow", member: value}]);
    vec![
        trusts(
            &["one-statement"],
            json!({"Effect": "Allow"}),
            json!([{"Effect": "Allow"}]),
        ),
        trusts(
            &["empty-sid"],
            json!([{"Effect": "Allow"}]),
            one("Sid", json!("")),
        ),
        trusts(
            &["everyone"],
            one("Principal", json!("*")),
            one("Principal", json!({"AWS": "*"})),
        ),
        trusts(
            &["one-value"],
            one("Action", json!("sts:AssumeRole")),
            one("Action", json!(["sts:AssumeRole"])),
        ),
        trusts(
            &["condition-text"],
            one(
                "Condition",
                json!({"Bool": {"aws:SecureTransport": [true]}}),
            ),
            one(
                "Condition",
                json!({"Bool": {"aws:SecureTransport": ["true"]}}),
            ),
        ),
        trusts(
            &["account-principal"],
            one("Principal", json!({"AWS": ["111122223333"]})),
            one(
                "Principal",
                json!({"AWS": ["arn:aws:iam::111122223333:root"]}),
            ),
        ),
        trusts(
            &["case"],
            one("Action", json!(["STS:assumerole"])),
            one("Action", json!(["sts:AssumeRole"])),
        ),
        trusts(
            &["policy-order"],
            one("Action", json!(["sts:TagSession", "sts:AssumeRole"])),
            one(
                "Action",
                json!(["sts:AssumeRole", "sts:TagSession", "sts:TagSession"]),
            ),
        ),
        trusts(
            &["one-value", "case"],
            one("Action", json!("STS:assumerole")),
            one("Action", json!(["sts:AssumeRole"])),
        ),
    ]
}

/// A log group of `class` with this retention.
fn logs(class: &str, retention_days: Option<u32>) -> Resource {
    Resource::LogGroup(LogGroup {
        class: class.to_owned(),
        retention_days,
        ..group("/app")
    })
}

fn about_the_rest() -> Vec<Case> {
    let at = group_at("app");
    let metrics = |retention_days| {
        Resource::Workspace(Workspace {
            configuration: Configuration {
                retention_days,
                ..Configuration::default()
            },
            ..workspace("metrics")
        })
    };
    let bare = Resource::Role(role("Task"));
    let held = Resource::Role(Role {
        instance_profiles: BTreeSet::from(["Task".to_owned()]),
        ..role("Task")
    });
    let mut tagged = logs("STANDARD", Some(30));
    tagged
        .tags_mut()
        .insert("team".to_owned(), Template::from("payments"));
    let plain = || logs("STANDARD", Some(30));
    let policy = Fact::RetentionByAccountPolicy("keep".to_owned());
    let of_aws = BTreeMap::from([("aws:createdBy".to_owned(), "me".to_owned())]);
    vec![
        Case::new(&["ignore"], &at, plain(), tagged).ignoring("tags.team"),
        documents(
            &["ignore"],
            &of_one_container(json!({"image": "app:1"}), json!({})),
            &of_one_container(json!({"image": "app:2"}), json!({})),
        )
        .ignoring("containers.app.image"),
        Case::new(
            &["left-to-aws"],
            &Address::new(Kind::Workspace, "workspace"),
            metrics(None),
            metrics(Some(150)),
        ),
        Case::new(
            &["class-retention"],
            &at,
            logs("DELIVERY", None),
            logs("DELIVERY", Some(1)),
        ),
        Case::new(
            &["account-retention"],
            &at,
            plain(),
            logs("STANDARD", Some(365)),
        )
        .knowing(policy),
        Case::new(&["instance-profiles"], &role_at("task"), bare, held),
        Case::new(&["tags-of-aws"], &at, plain(), plain()).knowing(Fact::TagsOfAws(of_aws)),
    ]
}

fn cases() -> Vec<Case> {
    let mut cases = about_documents();
    cases.extend(about_policies());
    cases.extend(about_the_rest());
    cases
}

#[test]
fn what_a_rule_hides_is_no_change_and_the_explanation_names_that_rule() {
    for case in cases() {
        let suppressed = case.suppressed();
        assert!(!suppressed.is_empty(), "{:?} hides nothing", case.rules);
        for one in suppressed {
            let names: Vec<&str> = one.rules.iter().map(|rule| rule.code).collect();
            assert_eq!(names, case.rules, "{one:?}");
            assert_ne!(one.want, one.live, "{one:?}");
        }
    }
}

#[test]
fn every_rule_is_tried() {
    let tried: BTreeSet<&str> = cases()
        .iter()
        .flat_map(|case| case.rules)
        .copied()
        .collect();
    let rewrites = REWRITES.iter().chain(policy::rules::REWRITES);
    let rules: BTreeSet<&str> = rewrites
        .map(|rewrite| rewrite.rule)
        .chain(live_state_rules())
        .chain([READ_ONLY])
        .map(|rule| rule.code)
        .collect();
    assert_eq!(tried, rules);
}

#[test]
fn places_are_named_as_in_the_stack_file() {
    let paths = |case: &Case| -> Vec<String> {
        let suppressed = case.suppressed();
        suppressed.iter().map(|one| one.path.to_string()).collect()
    };
    let documents = about_documents();
    assert_eq!(
        paths(&documents[1]),
        [
            "containers.app.port_mappings[80].host_port",
            "containers.app.port_mappings[80].protocol"
        ]
    );
    assert_eq!(
        paths(&documents[7]),
        ["containers.app.environment", "requires_compatibilities"]
    );
    assert_eq!(paths(&about_policies()[6]), ["trust.Statement[0].Action"]);
}

#[test]
fn what_is_taken_over_is_explained_as_well() {
    let address = Address::workspace();
    let mut foreign = found(
        &address,
        Resource::Workspace(Workspace {
            configuration: Configuration {
                retention_days: Some(150),
                ..Configuration::default()
            },
            ..workspace("metrics")
        }),
        Vec::new(),
    );
    foreign.owner = Owner::Unknown;
    foreign.resource.tags_mut().clear();
    let wanted = stack([(address.clone(), Resource::Workspace(workspace("metrics")))]);
    let adopting = with_lifecycle(wanted.clone(), &address, |lifecycle| lifecycle.adopt = true);
    let live = snapshot(foreign);
    let names = |stack: &Stack| -> Vec<&str> {
        let plan = plan::plan(stack, &live);
        let suppressed = plan::suppressed::suppressed(stack, &live, &plan);
        let rules = suppressed.values().flatten().flat_map(|one| &one.rules);
        rules.map(|rule| rule.code).collect()
    };
    assert_eq!(names(&adopting), ["left-to-aws"]);
    assert_eq!(names(&wanted), [] as [&str; 0]);
}

#[test]
fn an_explanation_names_the_place_both_sides_the_rule_and_its_source() {
    let case = documents(
        &[],
        &of_one_container(
            json!({"image": "app:1", "portMappings": [{"containerPort": 80}]}),
            json!({"cpu": ".25 vCPU"}),
        ),
        &of_one_container(
            json!({"image": "app:1", "portMappings": [{"containerPort": 80, "protocol": "tcp"}]}),
            json!({"cpu": "256"}),
        ),
    );
    let all = BTreeMap::from([(family_at("api"), case.suppressed())]);
    insta::assert_snapshot!(render(&all, &[], false, Style::PLAIN), @r#"
    Not changes, because the file and AWS mean the same, or because nothing needs to be done about it:

      task_definitions.api
        port-defaults: A port mapping without protocol is TCP, and under awsvpc and host the host port
                       is the container port.
          Source: ECS API reference, PortMapping
            containers.app.port_mappings[80].protocol  the file says nothing, AWS says "tcp"
        task-size: ECS stores `1 vCPU` as 1024 CPU units and `3 GB` as 3072 MiB.
          Source: ECS API reference, RegisterTaskDefinition, on `cpu` and `memory`
            cpu  the file says ".25 vCPU", AWS says "256"
    "#);
    insta::assert_snapshot!(render(&BTreeMap::new(), &[], false, Style::PLAIN), @"Not changes: none, for whatever lives is spelled as in the stack file, or differs.");
}

#[test]
fn what_really_differs_is_not_explained_away() {
    let stack = stack([(group_at("app"), logs("STANDARD", Some(30)))]);
    let live = snapshot(found(
        &group_at("app"),
        logs("STANDARD", Some(7)),
        Vec::new(),
    ));
    let plan = plan::plan(&stack, &live);
    assert_eq!(plan.steps.len(), 1);
    assert!(plan::suppressed::suppressed(&stack, &live, &plan).is_empty());
}

#[test]
fn secrets_stay_hidden_and_what_only_ecs_tells_is_for_the_verbose() {
    let container = |password: &str| json!({"environment": [{"name": "DB_PASSWORD", "value": password}], "command": ["--token", password]});
    let case = documents(
        &[],
        &of_one_container(container("hunter2"), json!({})),
        &of_one_container(container("hunter3"), json!({"status": "ACTIVE"})),
    );
    let case = Case {
        stack: with_lifecycle(case.stack, &family_at("api"), |lifecycle| {
            let paths = ["containers.app.environment", "containers.app.command"];
            lifecycle.ignore = paths.map(IgnorePath::new).to_vec();
        }),
        ..case
    };
    let all = BTreeMap::from([(family_at("api"), case.suppressed())]);
    let text = render(&all, &[], false, Style::PLAIN);
    assert!(
        text.contains(
            "containers.app.environment.DB_PASSWORD  the file says (hidden), AWS says (hidden)"
        ),
        "{text}"
    );
    assert!(!text.contains("hunter"), "{text}");
    assert!(!text.contains("ACTIVE"), "{text}");
    assert!(render(&all, &[], true, Style::PLAIN).contains("status  the file says nothing"));
}

#[test]
fn the_command_line_explains_after_the_plan() {
    let bench = Bench::new("suppressed");
    bench.write("stack.toml", include_str!("../../stacks/quickstart.toml"));
    bench.run(&["apply", "--sandbox", "--yes"]).expect(0);
    let plain = bench.run(&["plan", "--sandbox"]).expect(0);
    assert!(!plain.says("Not changes"), "{plain:?}");
    let explained = bench.run(&["plan", "--sandbox", "--explain"]).expect(0);
    assert!(
        explained.stdout.starts_with(&plain.stdout),
        "{}",
        explained.stdout
    );
    for words in [
        "Nothing to do: everything is as the stack file says.",
        "container-defaults: A container is essential, has 0 CPU units",
        "Source: ECS API reference, PortMapping",
        "containers.app.port_mappings[9100].host_port the file says nothing, AWS says 9100",
    ] {
        assert!(explained.says(words), "{words}: {}", explained.stdout);
    }
    assert!(!explained.says("read-only"), "{}", explained.stdout);
    let verbose = ["plan", "--sandbox", "--explain", "--verbose"];
    assert!(bench.run(&verbose).expect(0).says("read-only: Describe"));
    bench
        .run(&["plan", "--sandbox", "--explain", "--destroy"])
        .expect(1);
}

/// A policy, and another spelling of it that means the same.
fn respelled() -> impl Strategy<Value = (Value, Value)> {
    let names = || prop::collection::vec("[ab]:[XY]", 1..3);
    let statement = (names(), any::<bool>(), any::<bool>(), any::<bool>());
    prop::collection::vec(statement, 1..3).prop_map(|statements| {
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for (names, upper, alone, twice) in statements {
            let mut spelled: Vec<String> = names.clone();
            if upper {
                spelled = spelled.iter().map(|name| name.to_uppercase()).collect();
            }
            if twice {
                spelled.reverse();
                spelled.push(spelled[0].clone());
            }
            let spelled = match spelled.as_slice() {
                [only] if alone => json!(only),
                all => json!(all),
            };
            one.push(json!({"Effect": "Allow", "Action": names}));
            other.push(json!({"Effect": "Allow", "Action": spelled, "Sid": ""}));
        }
        other.reverse();
        (json!({"Statement": one}), json!({"Statement": other}))
    })
}

/// What `stack` says of the sizes of its families, of those that live and stay under `plan`.
fn sizes<'a>(stack: &'a Stack, plan: &Plan) -> BTreeMap<&'a Address, &'a str> {
    let families = stack.resources.iter().filter_map(|(address, declared)| {
        let family = declared.want.as_ref()?.task_definition()?;
        let cpu = family.document.as_ref()?.written().get("cpu")?.as_str()?;
        plan.known_attributes
            .contains_key(address)
            .then_some((address, cpu))
    });
    families.collect()
}

proptest! {
    /// Fake clouds give documents back as AWS may, with sizes in units.
    #[test]
    fn whatever_was_applied_is_explained_where_it_is_spelled_differently(spec in spec()) {
        let (stack, fake) = (spec.stack(), Arc::new(FakeCloud::new(identity())));
        let query = stack.query(false);
        carry_out(&fake, &stack, &query, &[], 4);
        let live = fake.snapshot(&query);
        let plan = plan::plan(&stack, &live);
        let suppressed = plan::suppressed::suppressed(&stack, &live, &plan);
        for one in suppressed.values().flatten() {
            prop_assert_ne!(&one.want, &one.live);
            prop_assert!(!one.rules.is_empty());
        }
        for (address, cpu) in sizes(&stack, &plan) {
            let of_it = suppressed.get(address).into_iter().flatten();
            let told = of_it.filter(|one| one.path.to_string() == "cpu").count();
            prop_assert_eq!(told, usize::from(cpu == "1 vCPU"), "{} {}", address, cpu);
        }
    }

    #[test]
    fn equal_policies_that_are_spelled_differently_are_explained((one, other) in respelled()) {
        let (want, live) = (policy(&one), policy(&other));
        prop_assert_eq!(&want, &live);
        prop_assert!(want.suppressed(&want).is_empty());
        let suppressed = want.suppressed(&live);
        prop_assert!(!suppressed.is_empty());
        for one in suppressed {
            prop_assert!(!one.rules.is_empty());
        }
        let lone = Policy::new(Node::from(&json!({"Statement": one["Statement"][0]})));
        prop_assert_eq!(lone.suppressed(&lone), Vec::new());
    }
}
