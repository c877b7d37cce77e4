//! What is no change although the stack file and AWS say different things, and by which rule.

use std::collections::BTreeMap;

use crate::{
    kinds::Resource,
    model::{
        address::Address,
        diff::{Difference, Path, Sides, diff},
        lifecycle::IgnorePath,
        live::Fact,
        node::Node,
        normal::{Rule, Suppressed},
        secret::join_arguments,
        template::Reference,
    },
    plan::{Plan, StepId, attributes, claims::Claims, facts},
    snapshot::{LiveResource, Snapshot},
    stack::{Declared, Stack},
};

/// What `ignore` names.
pub const IGNORE: Rule = Rule {
    name: "ignore",
    doc: "The stack file leaves it to somebody else, by `ignore`.",
    source: "the stack file",
};

/// What a workspace's table leaves out.
pub const LEFT_TO_AWS: Rule = Rule {
    name: "left-to-aws",
    doc: "What the file leaves out of a workspace's configuration stays as AWS has it, because no call unsets it.",
    source: "Amazon Managed Service for Prometheus API reference, UpdateWorkspaceConfiguration",
};

/// The retention of the class `DELIVERY`.
pub const CLASS_RETENTION: Rule = Rule {
    name: "class-retention",
    doc: "The retention of a log group of the class DELIVERY is fixed.",
    source: "CloudWatch Logs user guide, Log classes",
};

/// The retention that a policy of the account decides.
pub const ACCOUNT_RETENTION: Rule = Rule {
    name: "account-retention",
    doc: "A policy of the account decides the retention of the log group, whatever the group itself is told.",
    source: "CloudWatch Logs API reference, LogGroup, on `retentionPolicyName`",
};

/// The instance profiles of a role.
pub const INSTANCE_PROFILES: Rule = Rule {
    name: "instance-profiles",
    doc: "That an instance profile holds a role is a property of the profile, not of the role.",
    source: "IAM API reference, InstanceProfile",
};

/// Tags whose keys begin with `aws:`.
pub const TAGS_OF_AWS: Rule = Rule {
    name: "tags-of-aws",
    doc: "Tags whose keys begin with `aws:` are AWS's own: nobody else can set or remove them.",
    source: "Tagging AWS Resources user guide, Tag naming limits and requirements",
};

/// All rules that are not about documents.
pub const RULES: &[Rule] = &[
    IGNORE,
    LEFT_TO_AWS,
    CLASS_RETENTION,
    ACCOUNT_RETENTION,
    INSTANCE_PROFILES,
    TAGS_OF_AWS,
];

/// What is no change, by resource, in everything that lives and stays under `plan`, which was made
/// of the other two.
pub fn suppressed(
    stack: &Stack,
    live: &Snapshot,
    plan: &Plan,
) -> BTreeMap<Address, Vec<Suppressed>> {
    let claims = Claims::new(stack, live);
    let mut suppressed = BTreeMap::new();
    for (address, declared) in &stack.resources {
        let found = claims.matched.get(address).copied();
        let found = found.or_else(|| taken_over(address, live, plan));
        let want = declared.want.as_ref();
        if let (Some(found), Some(want), true) = (found, want, plan.known.contains_key(address)) {
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
    if let Some(known) = plan.known.get(address) {
        return known.get(attribute).cloned();
    }
    let want = stack.resources.get(address)?.want.as_ref()?;
    let attributes = attributes::from_names(&stack.identity, want);
    attributes.get(attribute).cloned()
}

fn of_one(declared: &Declared, want: &Resource, found: &LiveResource) -> Vec<Suppressed> {
    let ignore = &declared.lifecycle.ignore;
    let mut to = want.clone();
    to.complete(Some(&found.resource), ignore);
    // What is worth a note is told by the plan itself.
    _ = facts::apply_overrides(found, &declared.lifecycle, &mut to);
    let mut all = left(want, &to, ignore);
    all.extend(to.suppressed(&found.resource));
    all.extend(tags_of_aws(found));
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// What was taken from the live state instead of from the file.
fn left(want: &Resource, to: &Resource, ignore: &[IgnorePath]) -> Vec<Suppressed> {
    // An argument that is told by itself would not be seen to be a secret.
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
    match resource {
        Resource::LogGroup(group) if group.has_fixed_retention() => CLASS_RETENTION,
        Resource::LogGroup(_) => ACCOUNT_RETENTION,
        Resource::Workspace(_) => LEFT_TO_AWS,
        Resource::Role(_) => INSTANCE_PROFILES,
        // Nothing of a task definition is left to AWS but what `ignore` names.
        Resource::TaskDefinition(_) => IGNORE,
    }
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
            | Fact::NewerRevision(_)
            | Fact::InUse { .. } => {}
        }
    }
    suppressed
}
