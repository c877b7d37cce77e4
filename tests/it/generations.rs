//! New defaults leave what lives as it is until somebody asks for them.
//!
//! `tests/data/first-defaults` holds what the first defaults made of every stack file there was at
//! the time, and of a few more. It must not be recorded anew.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use amp_stack::{
    file::source::Source,
    kinds::{
        Resource,
        role::Role,
        task_definition::{Document, TaskDefinition},
    },
    load::{self, LoadContext},
    model::{
        address::{Address, Kind},
        identity::Identity,
        node::Node,
        template::{Attribute, Reference, Template},
    },
    plan::{Plan, Step},
    stack::Stack,
    testing::FakeCloud,
};
use serde_json::{Map, Value};

use crate::{
    samples::{carry_out, plan, role},
    worlds::block_on,
};

const FIRST: &str = "tests/data/first-defaults";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn load(path: &Path, edit: &dyn Fn(String) -> String) -> Stack {
    let source = Source {
        path: path.to_owned(),
        text: edit(fs::read_to_string(path).unwrap()),
    };
    let around = LoadContext::new(Identity::new("111122223333", "us-east-1"));
    load::load(&source, &around).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// The stack files whose first documents were recorded, with these.
fn recorded() -> Vec<(PathBuf, Map<String, Value>)> {
    let files = fs::read_dir(root().join(FIRST)).unwrap();
    let documents = files.map(|file| file.unwrap().path());
    let documents = documents.filter(|path| path.extension().is_some_and(|e| e == "json"));
    let all: Vec<(PathBuf, Map<String, Value>)> = documents
        .map(|path| {
            let name = path.with_extension("toml");
            let name = name.file_name().unwrap();
            let places = [FIRST, "stacks"].map(|folder| root().join(folder).join(name));
            let stack = places.into_iter().find(|place| place.exists()).unwrap();
            let text = fs::read_to_string(path).unwrap();
            (stack, serde_json::from_str(&text).unwrap())
        })
        .collect();
    assert!(all.len() >= 14, "{}", all.len());
    all
}

/// The same stack with the documents that were recorded, and nothing of later defaults.
fn as_first(stack: &Stack, documents: &Map<String, Value>) -> Stack {
    let mut first = stack.clone();
    first.take_new_defaults();
    for (key, document) in documents {
        let declared = first.resources.get_mut(&at(key)).unwrap();
        let Some(Resource::TaskDefinition(family)) = &mut declared.want else {
            panic!("{key} is a task definition");
        };
        family.document = Some(recorded_document(document));
    }
    first
}

/// A document from a file, in which what is known after apply is spelled as in a stack file.
fn recorded_document(json: &Value) -> Document {
    let mut document = Node::from(json);
    mention(&mut document);
    Document::new(document)
}

fn mention(node: &mut Node) {
    match node {
        Node::Text(text) => {
            let reference = text.known().and_then(reference);
            *text = reference.map_or_else(|| text.clone(), Template::from);
        }
        Node::List(elements) => elements.iter_mut().for_each(mention),
        Node::Map(members) => members.iter_mut().for_each(|(_, member)| mention(member)),
        Node::Null | Node::Bool(_) | Node::Number(_) => {}
    }
}

/// What `${log_groups.app.name}` spells.
fn reference(text: &str) -> Option<Reference> {
    let inner = text.strip_prefix("${")?.strip_suffix('}')?;
    let (address, name) = inner.rsplit_once('.')?;
    let address: Address = address.parse().ok()?;
    let mut attributes = Attribute::of(address.kind).iter().copied();
    let attribute = attributes.find(|attribute| attribute.as_str() == name)?;
    Some(Reference { address, attribute })
}

fn at(key: &str) -> Address {
    Address::new(Kind::TaskDefinition, key)
}

/// A world with the roles that the stack mentions and does not declare, and with the stack.
fn applied(stack: &Stack) -> Arc<FakeCloud> {
    let fake = FakeCloud::new(stack.identity.clone());
    for arn in stack.role_arns.keys() {
        let (path, name) = arn.split_once("role").unwrap().1.rsplit_once('/').unwrap();
        fake.put(Resource::Role(Role {
            path: format!("{path}/"),
            ..role(name)
        }));
    }
    let fake = Arc::new(fake);
    let planned = plan(stack, &fake);
    assert_eq!(planned.refusals, []);
    let (outcome, _) = block_on(carry_out(planned, &fake));
    assert!(outcome.is_complete(), "{outcome:?}");
    fake
}

/// The addresses that something is said of.
fn noted(plan: &Plan) -> BTreeSet<Address> {
    let notes = plan.notes.iter();
    notes
        .filter(|note| note.text.contains("--new-defaults"))
        .map(|note| note.address.clone())
        .collect()
}

fn with_metrics(stack: &Stack) -> BTreeSet<Address> {
    let resources = stack.resources.iter();
    resources
        .filter(|(_, declared)| !declared.earlier.is_empty())
        .map(|(address, _)| address.clone())
        .collect()
}

fn document(resource: Option<&Resource>) -> Option<&Document> {
    match resource {
        Some(Resource::TaskDefinition(TaskDefinition { document, .. })) => document.as_ref(),
        _ => None,
    }
}

#[test]
fn the_first_defaults_make_today_what_they_made_then() {
    let mut seen = 0;
    for (path, documents) in recorded() {
        let stack = load(&path, &|text| text);
        for (key, then) in documents {
            let declared = &stack.resources[&at(&key)];
            let first = declared.earlier.first().or(declared.want.as_ref());
            let then = recorded_document(&then);
            assert_eq!(document(first), Some(&then), "{}", path.display());
            seen += usize::from(!declared.earlier.is_empty());
        }
    }
    assert!(seen >= 13, "{seen} differ from the defaults of now");
}

#[test]
fn what_the_first_defaults_made_stays_until_somebody_asks_for_new_ones() {
    for (path, documents) in recorded() {
        let path_name = path.display();
        let stack = load(&path, &|text| text);
        let fake = applied(&as_first(&stack, &documents));
        let kept = plan(&stack, &fake);
        assert!(kept.is_empty(), "{path_name}: {:#?}", kept.steps);
        assert_eq!(noted(&kept), with_metrics(&stack), "{path_name}");

        let mut new = stack.clone();
        new.take_new_defaults();
        let asked = plan(&new, &fake);
        let built: BTreeSet<Address> = asked.steps.iter().map(|s| s.id.address.clone()).collect();
        assert_eq!(built, with_metrics(&stack), "{path_name}");
        let (outcome, _) = block_on(carry_out(asked, &fake));
        assert!(outcome.is_complete(), "{outcome:?}");
        let after = plan(&stack, &fake);
        assert!(
            after.is_empty() && noted(&after).is_empty(),
            "{path_name}: {after:#?}"
        );
    }
}

#[test]
fn a_new_stack_has_the_new_defaults() {
    for (path, _) in recorded() {
        let stack = load(&path, &|text| text);
        let fake = applied(&stack);
        let again = plan(&stack, &fake);
        assert!(again.is_empty() && noted(&again).is_empty(), "{again:#?}");
    }
}

/// What somebody changes in the file changes, and nothing else with it.
#[test]
fn a_change_of_the_file_brings_no_new_defaults() {
    let path = root().join("stacks/quickstart.toml");
    let (_, documents) = recorded()
        .into_iter()
        .find(|(recorded, _)| *recorded == path)
        .unwrap();
    let stack = load(&path, &|text| text);
    for (from, to, changed) in [
        (
            "node-exporter:v1.9.1",
            "node-exporter:v1.10.0",
            "containers.app.image",
        ),
        (
            "scrape = [{ port = 9100 }]",
            "scrape = [{ port = 9200 }]",
            "containers.aws-otel-collector.environment.AWS_PROMETHEUS_SCRAPING_ENDPOINT",
        ),
        (
            "logs   = \"quickstart\"\n",
            "logs   = \"quickstart\"\nenvironment = { GOMEMLIMIT = \"200MiB\" }\n",
            "containers.aws-otel-collector.environment.GOMEMLIMIT",
        ),
    ] {
        let fake = applied(&as_first(&stack, &documents));
        let edited = load(&path, &|text| {
            assert!(text.contains(from), "{from}");
            text.replace(from, to)
        });
        let planned = plan(&edited, &fake);
        let [Step { from, to, .. }] = planned.steps.as_slice() else {
            panic!("one step: {planned:#?}");
        };
        let [from, to] = [from, to].map(|state| state.as_ref().unwrap().to_display_tree());
        let differences = amp_stack::model::diff::diff(&from, &to);
        let places: Vec<String> = differences.iter().map(|d| d.path.to_string()).collect();
        assert_eq!(places, [changed]);
        assert_eq!(noted(&planned), with_metrics(&edited));
    }
}

/// What the first defaults can't do is not left undone.
#[test]
fn what_only_new_defaults_can_do_is_done() {
    let path = root().join("stacks/quickstart.toml");
    let (_, documents) = recorded()
        .into_iter()
        .find(|(recorded, _)| *recorded == path)
        .unwrap();
    let stack = load(&path, &|text| text);
    for (from, to) in [
        ("{ port = 9100 }", "{ port = 9100, params = { a = \"b\" } }"),
        ("{ port = 9100 }", "{ port = 9100, scheme = \"https\" }"),
        ("scrape =", "config = \"generated\"\nscrape ="),
    ] {
        let fake = applied(&as_first(&stack, &documents));
        let edited = load(&path, &|text| text.replace(from, to));
        let planned = plan(&edited, &fake);
        assert_eq!(planned.steps.len(), 1, "{to}");
        assert!(noted(&planned).is_empty(), "{to}");
    }
}
