//! What is no change although the stack file and AWS say different things, and by which rule.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::{
        address::{Address, Kind},
        diff::{Difference, Path, Sides, diff},
        lifecycle::IgnorePath,
        live::Fact,
        node::Node,
        normal::Suppressed,
        rule::Rule,
        secret::join_arguments,
        template::Reference,
    },
    plan::{Plan, StepId, claims::Claims, facts, settle},
    snapshot::{LiveResource, Snapshot},
    stack::{Declared, Stack},
};

/// What `ignore` names.
pub const IGNORE: Rule = Rule {
    code: "ignore",
    sentence: "The stack file leaves it to somebody else, by `ignore`.",
    source: "the stack file",
};

/// Tags whose keys begin with `aws:`.
pub const TAGS_OF_AWS: Rule = Rule {
    code: "tags-of-aws",
    sentence: "Tags whose keys begin with `aws:` are AWS's own: nobody else can set or remove them.",
    source: "Tagging AWS Resources user guide, Tag naming limits and requirements",
};

/// All rules that are not about documents.
pub fn rules() -> Vec<Rule> {
    let of_kinds = Kind::ALL.into_iter().flat_map(Resource::live_state_rules);
    let of_kinds = of_kinds.copied();
    [IGNORE]
        .into_iter()
        .chain(of_kinds)
        .chain([TAGS_OF_AWS])
        .collect()
}

/// What is no change, by resource, in everything that lives and stays under `plan`, which was made
/// of the other two.
pub fn suppressed(
    stack: &Stack,
    live: &Snapshot,
    plan: &Plan,
) -> BTreeMap<Address, Vec<Suppressed>> {
    let (stack, _) = settle(stack, live);
    let stack = stack.as_ref();
    let claims = Claims::new(stack, live);
    let mut suppressed = BTreeMap::new();
    for (address, declared) in &stack.resources {
        let found = claims.matched.get(address).copied();
        let found = found.or_else(|| taken_over(address, live, plan));
        let want = declared.want.as_ref();
        if let (Some(found), Some(want), true) =
            (found, want, plan.known_attributes.contains_key(address))
        {
            let want = want.resolve(&|reference| lookup(reference, stack, plan));
            let of_one = of_one(declared, &want, found);
            if !of_one.is_empty() {
                suppressed.insert(address.clone(), of_one);
            }
        }
    }
    suppressed
}

/// What `plan` takes over from somebody else at `address`.
fn taken_over<'a>(address: &Address, live: &'a Snapshot, plan: &Plan) -> Option<&'a LiveResource> {
    let id = StepId::build(address.clone());
    let step = plan.steps.iter().find(|step| step.id == id)?;
    let from = step.from.as_ref().filter(|_| step.adopted_from.is_some())?;
    live.found.iter().find(|found| found.resource == *from)
}

/// What references are filled in with: what the plan knows, and what follows from names.
fn lookup(reference: &Reference, stack: &Stack, plan: &Plan) -> Option<String> {
    let Reference { address, attribute } = reference;
    if let Some(known) = plan.known_attributes.get(address) {
        return known.get(attribute).cloned();
    }
    let want = stack.resources.get(address)?.want.as_ref()?;
    let attributes = want.attributes_from_name(&stack.identity);
    attributes.get(attribute).cloned()
}

fn of_one(declared: &Declared, want: &Resource, found: &LiveResource) -> Vec<Suppressed> {
    let ignore = &declared.lifecycle.ignore;
    let mut to = want.clone();
    to.complete(Some(&found.resource), ignore);
    // The plan itself has the notes.
    _ = facts::apply_overrides(found, None, &declared.lifecycle, &mut to);
    let mut all = left(want, &to, ignore);
    all.extend(to.suppressed(&found.resource));
    all.extend(tags_of_aws(found));
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// What was taken from the live state instead of from the file.
fn left(want: &Resource, to: &Resource, ignore: &[IgnorePath]) -> Vec<Suppressed> {
    // An argument that stands by itself would not be seen to be a secret.
    let (written, completed) = (want.to_display_tree(), to.to_display_tree());
    let (written, completed) = (join_arguments(written), join_arguments(completed));
    let differences = diff(&written, &completed).into_iter();
    let suppressed = differences.map(|Difference { path, sides }| {
        let (want, live) = match sides {
            Sides::Added(live) => (None, Some(live)),
            Sides::Removed(want) => (Some(want), None),
            Sides::Changed { from, to } => (Some(from), Some(to)),
        };
        Suppressed {
            rules: vec![why_left(to, &path, ignore)],
            want: want.cloned(),
            live: live.cloned(),
            path,
        }
    });
    suppressed.collect()
}

/// Why the live state decides about the place `path` of `resource`.
fn why_left(resource: &Resource, path: &Path, ignore: &[IgnorePath]) -> Rule {
    let keys = path.keys();
    // IAM compares the keys of tags ignoring case.
    let same = |(part, key): (&&str, &&str)| part.to_lowercase() == key.to_lowercase();
    let names = |ignored: &IgnorePath| {
        let parts = ignored.parts();
        parts.len() <= keys.len() && parts.iter().zip(&keys).all(same)
    };
    if ignore.iter().any(names) {
        return IGNORE;
    }
    resource.live_state_rule().unwrap_or(IGNORE)
}

fn tags_of_aws(found: &LiveResource) -> Vec<Suppressed> {
    let mut suppressed = Vec::new();
    for fact in &found.facts {
        match fact {
            Fact::TagsOfAws(tags) => {
                let tags = tags.iter().map(|(key, value)| Suppressed {
                    path: Path::of_keys(&["tags", key]),
                    want: None,
                    live: Some(Node::from(value.as_str())),
                    rules: vec![TAGS_OF_AWS],
                });
                suppressed.extend(tags);
            }
            Fact::RetentionByAccountPolicy(_)
            | Fact::UniqueId(_)
            | Fact::CreatedAt(_)
            | Fact::NothingOlderThan(_)
            | Fact::LastUsed { .. } => {}
        }
    }
    suppressed
}
