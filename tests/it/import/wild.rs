//! Resources of every shape that AWS takes, however odd.

use std::collections::{BTreeMap, BTreeSet};

use amp_stack::{
    ecs_shape::{self, Shape, Structure},
    kinds::{
        Resource,
        log_group::LogGroup,
        role::Role,
        workspace::{Configuration, Workspace},
    },
    model::{
        policy::Policy,
        tags::{Owner, Tags},
        template::Template,
    },
    snapshot::LiveResource,
    write::Draft,
};
use proptest::{collection, option, prelude::*, sample};
use serde_json::{Map, Value, json};

use super::samples::{WORKSPACE, document, draft, family, found};
use crate::samples as plain;

/// Strings that are hard to spell, look like secrets, or mention what else is there.
const STRINGS: &[&str] = &[
    "",
    "a",
    "${x}",
    "$${",
    "$",
    "say \"hi\"",
    "it's",
    "back\\slash",
    "two\nlines",
    "tab\tand\u{7f}",
    "'''\"\"\"",
    "gr\u{fc}n",
    "AKIAIOSFODNN7EXAMPLE",
    "--password=hunter2",
    "password: hunter2\nuser: me",
    "{\"token\": \"hunter2\"}",
    "arn:aws:iam::111122223333:role/Gone",
    "arn:aws:iam::111122223333:role/CheckoutTask",
    "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/app",
    "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/app:*",
    "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/app-2:*",
    "/ecs/app",
    "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-11111111-2222-3333-4444-555555555555/api/v1/remote_write",
    "$https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-11111111-2222-3333-4444-555555555555/",
];

const KEYS: &[&str] = &[
    "a",
    "B.c",
    "DB_PASSWORD",
    "awslogs-group",
    "${k}",
    "odd key",
    "\u{fc}",
];

fn string() -> impl Strategy<Value = String> {
    sample::select(STRINGS).prop_map(str::to_owned)
}

fn key() -> impl Strategy<Value = String> {
    sample::select(KEYS).prop_map(str::to_owned)
}

fn value(shape: &Shape) -> BoxedStrategy<Value> {
    match shape {
        Shape::Struct(structure) => members(structure, 0.3),
        Shape::List(element) => collection::vec(value(element), 0..3)
            .prop_map(Value::Array)
            .boxed(),
        Shape::Map(content) => collection::btree_map(key(), value(content), 0..3)
            .prop_map(|members| Value::Object(members.into_iter().collect()))
            .boxed(),
        Shape::Text([]) => string().prop_map(Value::String).boxed(),
        Shape::Text(choices) => {
            let known = sample::select(*choices).prop_map(Value::from);
            prop_oneof![9 => known, 1 => Just(json!("OF_TOMORROW"))].boxed()
        }
        Shape::Integer => (0..3000_i64).prop_map(Value::from).boxed(),
        Shape::Boolean => any::<bool>().prop_map(Value::from).boxed(),
    }
}

/// An object of the required members, some of the others, and now and then one that nobody knows
/// yet.
fn members(structure: &Structure, likely: f64) -> BoxedStrategy<Value> {
    let known: Vec<_> = structure
        .members
        .iter()
        .map(|member| {
            let name = member.name.clone();
            // What a thing is called is never a secret.
            let value = match name.as_str() {
                "name" | "namespace" | "containerName" => key().prop_map(Value::String).boxed(),
                _ => value(&member.shape),
            };
            let value = value.prop_map(move |value| (name.clone(), value));
            if member.required {
                value.prop_map(Some).boxed()
            } else {
                option::weighted(likely, value).boxed()
            }
        })
        .collect();
    let unknown = option::weighted(0.03, string());
    (known, unknown)
        .prop_map(|(known, unknown)| {
            let mut members: Map<String, Value> = known.into_iter().flatten().collect();
            if let Some(unknown) = unknown {
                members.insert("memberOfTomorrow".to_owned(), json!({"deep": [unknown, 1]}));
            }
            Value::Object(members)
        })
        .boxed()
}

/// Any task definition, its containers having names as ECS demands.
fn definition() -> impl Strategy<Value = Value> {
    let request = members(ecs_shape::request(), 0.15);
    let containers = collection::vec(members(ecs_shape::container(), 0.1), 1..3);
    let sound = any::<bool>();
    (request, containers, sound).prop_map(|(mut request, mut containers, sound)| {
        for (container, name) in containers.iter_mut().zip(["app", "a-b_C"]) {
            container["name"] = json!(name);
            container["image"] = json!("nginx");
        }
        request["containerDefinitions"] = Value::Array(containers);
        if sound {
            // What runs somewhere: only the odd members differ.
            let mut definition = document();
            let odd = request["containerDefinitions"][0].clone();
            let into = &mut definition["containerDefinitions"][0];
            for (name, member) in odd.as_object().unwrap() {
                if into.get(name).is_none() {
                    into[name] = member.clone();
                }
            }
            return definition;
        }
        request
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let texts = collection::vec(string(), 1..3).prop_map(|texts| json!(texts));
    let one_or_more = prop_oneof![string().prop_map(Value::from), texts];
    let action = sample::select(&["*", "logs:PutLogEvents", "ecr:Get*"][..]);
    let number = prop_oneof![
        Just(json!(true)),
        Just(json!(7)),
        Just(json!(1.5)),
        Just(json!(["a", 1]))
    ];
    let statement = (
        option::of(sample::select(&["", "A", "B1", "not a sid"][..])),
        action,
        one_or_more,
        option::of((key(), number)),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(sid, action, resource, condition, principal)| {
            let mut statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
            if let Some(sid) = sid {
                statement["Sid"] = json!(sid);
            }
            if let Some((key, value)) = condition {
                statement["Condition"] = json!({"StringLike": {key: value}});
            }
            if principal {
                statement["Principal"] = json!("*");
            }
            statement
        })
        .boxed();
    let statements = prop_oneof![
        statement.clone(),
        collection::vec(statement, 0..3).prop_map(Value::Array)
    ];
    let version = option::weighted(0.8, Just("2012-10-17"));
    (statements, version).prop_map(|(statements, version)| {
        let mut document = json!({"Statement": statements});
        if let Some(version) = version {
            document["Version"] = json!(version);
        }
        plain::policy(&document)
    })
}

fn trust() -> impl Strategy<Value = Policy> {
    let plain = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let by_default = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole",
        "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:ecs:us-east-1:111122223333:*"}, "StringEquals": {"aws:SourceAccount": "111122223333"}}}]});
    let gone = json!({"Version": "2008-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": ["AROA1", "arn:aws:iam::111122223333:role/Gone"]}, "Action": "sts:AssumeRole"}});
    prop_oneof![
        Just(plain::policy(&plain)),
        Just(plain::policy(&by_default)),
        Just(plain::policy(&gone)),
        policy(),
    ]
}

/// Tags that services take, among them some of AWS's and of other stacks'.
fn tags() -> impl Strategy<Value = Tags> {
    let key = sample::select(
        &[
            "team",
            "Team",
            "copilot-application",
            "a:b/c",
            "api-key",
            "\u{fc}",
        ][..],
    );
    let value = sample::select(&["", "payments", "a b", "AKIAIOSFODNN7EXAMPLE", "x=y"][..]);
    collection::btree_map(
        key.prop_map(str::to_owned),
        value.prop_map(Template::from),
        0..4,
    )
}

/// IAM takes keys that differ only by case for one.
fn one_of_a_case(mut tags: Tags) -> Tags {
    if tags.contains_key("team") {
        tags.remove("Team");
    }
    tags
}

fn owner() -> impl Strategy<Value = Owner> {
    prop_oneof![
        Just(Owner::Unknown),
        Just(Owner::CloudFormation("theirs".to_owned())),
        Just(Owner::Terraform("managed-by = terraform".to_owned())),
    ]
}

fn role() -> impl Strategy<Value = Role> {
    let name = sample::select(
        &[
            "CheckoutTask",
            "my-stack-TaskRole-1A2B3C4D5E6F",
            "+=,.@-_",
            "a",
        ][..],
    );
    let path = sample::select(&["/", "/team/", "/a/b/", "/$/{x}/"][..]);
    let description = prop_oneof![string(), Just("gr\u{fc}n ${x}".to_owned())];
    let managed = sample::subsequence(
        vec![
            "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAccess",
            "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy",
            "arn:aws:iam::aws:policy/AmazonPrometheusRemoteWriteAcces",
            "arn:aws:iam::111122223333:policy/${x}",
            "arn:aws:iam::111122223333:policy/team/Own",
        ],
        0..4,
    );
    let inline_name = sample::select(&["write", "a.b", "+=,@", "2"][..]).prop_map(str::to_owned);
    let inline = collection::btree_map(inline_name, policy(), 0..3);
    let boundary = option::of(Just(Template::from(
        "arn:aws:iam::111122223333:policy/Boundary",
    )));
    (
        (name, path, description, trust()),
        (3600..=43_200_u32, boundary, managed, inline),
        collection::btree_set("[a-z]{3}", 0..2),
        tags(),
    )
        .prop_map(
            |(
                (name, path, description, trust),
                (seconds, boundary, managed, inline),
                instance_profiles,
                tags,
            )| Role {
                name: name.to_owned(),
                path: path.to_owned(),
                description,
                trust,
                max_session_seconds: if seconds < 10_000 { 3600 } else { seconds },
                permissions_boundary: boundary,
                managed_policies: managed.into_iter().map(Template::from).collect(),
                inline_policies: inline,
                instance_profiles,
                tags: one_of_a_case(tags),
            },
        )
}

fn log_group() -> impl Strategy<Value = LogGroup> {
    let name = sample::select(&["/ecs/app", "/ecs/checkout/app", "a#b", "checkout", "/"][..]);
    let class = sample::select(
        &[
            "STANDARD",
            "INFREQUENT_ACCESS",
            "DELIVERY",
            "OF_TOMORROW",
            "Odd1",
        ][..],
    );
    let days = option::of(sample::select(&[1_u32, 30, 3653, 42][..]));
    let key = option::of(sample::select(
        &[
            "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            "arn:aws:kms:us-east-1:111122223333:alias/x",
        ][..],
    ));
    (name, class, days, key, any::<bool>(), tags()).prop_map(
        |(name, class, retention_days, key, deletion_protection, tags)| LogGroup {
            name: name.to_owned(),
            class: class.to_owned(),
            retention_days,
            kms_key_arn: key.map(Template::from),
            deletion_protection,
            tags,
        },
    )
}

fn workspace() -> impl Strategy<Value = Workspace> {
    let alias = sample::select(&["checkout", "a ${b} \"c\"", "\u{ac00}", "ws-1"][..]);
    let labels = collection::btree_map(
        sample::select(&["job", "team", "le"][..]).prop_map(str::to_owned),
        sample::select(&["api", "a b", "${x}", "gr\u{fc}n"][..]).prop_map(str::to_owned),
        0..3,
    );
    let configuration = (
        option::of(1..1200_u32),
        option::of(collection::btree_map(labels, 0..5000_u64, 0..3)),
        option::of(prop_oneof![Just(60_u32), 0..700_u32]),
        option::of(0..100_u32),
    )
        .prop_map(
            |(retention_days, limits, out_of_order, offset)| Configuration {
                retention_days,
                limits,
                out_of_order_time_window_seconds: out_of_order,
                rule_query_offset_seconds: offset,
            },
        );
    let logging = option::of(sample::select(
        &[
            "arn:aws:logs:us-east-1:111122223333:log-group:/ecs/app:*",
            "arn:aws:logs:us-east-1:111122223333:log-group:/aws/vendedlogs/x:*",
        ][..],
    ));
    let key = option::weighted(
        0.3,
        Just("arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    );
    (alias, configuration, logging, key, tags()).prop_map(
        |(alias, configuration, logging, key, tags)| Workspace {
            alias: Some(alias.to_owned()),
            kms_key_arn: key.map(Template::from),
            configuration,
            logging: logging.map(Template::from),
            tags,
            failed: false,
        },
    )
}

/// Any account, with what to import of it.
pub(super) fn any_draft() -> impl Strategy<Value = Draft> {
    let owned = |resource: BoxedStrategy<Resource>| {
        (resource, owner()).prop_map(|(resource, owner)| LiveResource {
            owner,
            ..found(resource)
        })
    };
    let families = (
        definition(),
        tags(),
        sample::select(&["checkout", "a_b-C"][..]),
    )
        .prop_map(|(document, tags, name)| {
            let mut family = family(name, &document);
            family.tags = tags;
            family.older = BTreeSet::from([3]);
            Resource::TaskDefinition(family)
        });
    (
        collection::vec(
            owned(log_group().prop_map(Resource::LogGroup).boxed()),
            0..3,
        ),
        option::of(owned(workspace().prop_map(Resource::Workspace).boxed())),
        collection::vec(owned(role().prop_map(Resource::Role).boxed()), 0..3),
        option::of(owned(families.boxed())),
        any::<bool>(),
    )
        .prop_map(|(groups, workspace, roles, families, uses)| {
            let all = groups
                .into_iter()
                .chain(workspace)
                .chain(roles)
                .chain(families);
            let mut names = BTreeSet::new();
            let distinct = all.filter(|found| {
                names.insert((found.resource.kind(), found.resource.name().to_lowercase()))
            });
            let mut draft = draft(distinct);
            let has_workspace = draft
                .found
                .iter()
                .any(|found| matches!(found.resource, Resource::Workspace(_)));
            draft.existing_workspace = (uses && !has_workspace).then(|| WORKSPACE.to_owned());
            draft.notes = BTreeMap::new();
            draft
        })
}
