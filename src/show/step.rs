//! One resource of a plan: what happens to it, field by field and call by call.

use std::{collections::BTreeMap, fmt::Write};

use crate::{
    kinds::{Change, Resource, kind::ReplaceReason},
    model::{
        address::Address,
        diff::{Difference, Part, Path, Sides, diff},
        node::Node,
        secret::join_arguments,
        tags,
        template::Template,
    },
    plan::{Phase, Plan, Step, StepId},
    show::{
        Paint, Style, decide,
        entry::{self, Body, Entry, Mark},
        words,
    },
};

/// What happens to a resource, as people count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verb {
    Create,
    Adopt,
    Update,
    Replace,
    Remove,
}

impl Verb {
    pub(super) const ALL: [Self; 5] = [
        Self::Create,
        Self::Adopt,
        Self::Update,
        Self::Replace,
        Self::Remove,
    ];

    /// What the step does by itself: a half of a replacement creates or removes.
    fn of(step: &Step) -> Self {
        match (step.id.phase, &step.from) {
            (Phase::Remove, _) => Self::Remove,
            (Phase::Build, _) if step.adopted_from.is_some() => Self::Adopt,
            (Phase::Build, None) => Self::Create,
            (Phase::Build, Some(_)) => Self::Update,
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Adopt => "<",
            Self::Update => "~",
            Self::Replace => "±",
            Self::Remove => "-",
        }
    }

    fn paint(self) -> Paint {
        match self {
            Self::Create => Paint::Create,
            Self::Adopt => Paint::Adopt,
            Self::Update => Paint::Update,
            Self::Replace => Paint::Replace,
            Self::Remove => Paint::Remove,
        }
    }

    /// `create` in `create workspace` and `2 to create`.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Adopt => "take over",
            Self::Update => "change",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }

    /// `creating` in `workspace: creating`.
    pub(super) fn gerund(self) -> &'static str {
        match self {
            Self::Create => "creating",
            Self::Adopt => "taking over",
            Self::Update => "changing",
            Self::Replace => "replacing",
            Self::Remove => "removing",
        }
    }

    /// `created` in `2 created`.
    pub(super) fn past(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Adopt => "taken over",
            Self::Update => "changed",
            Self::Replace => "replaced",
            Self::Remove => "removed",
        }
    }
}

/// The steps of one resource: one, or the two of a replacement.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group<'a> {
    pub(super) verb: Verb,
    /// What comes first.
    pub(super) first: &'a Step,
    /// The build of a replacement.
    pub(super) second: Option<&'a Step>,
}

/// The steps, those of a replacement together, in the order in which each resource is first
/// touched.
pub(super) fn groups(steps: &[Step]) -> Vec<Group<'_>> {
    let is_half = |step: &Step, phase| step.id.phase == phase && !step.replaces.is_empty();
    let mut groups = Vec::new();
    for step in steps {
        let other_half = |phase| {
            steps
                .iter()
                .find(|other| other.id.address == step.id.address && is_half(other, phase))
        };
        let verb = Verb::of(step);
        let single = Group {
            verb,
            first: step,
            second: None,
        };
        if is_half(step, Phase::Remove) {
            let second = other_half(Phase::Build);
            let verb = second.map_or(verb, |_| Verb::Replace);
            groups.push(Group {
                verb,
                second,
                ..single
            });
        } else if !is_half(step, Phase::Build) || other_half(Phase::Remove).is_none() {
            groups.push(single);
        }
    }
    groups
}

/// What the step `id` of `plan` does by itself.
pub(super) fn verb_of(id: &StepId, plan: &Plan) -> Verb {
    let step = plan.steps.iter().find(|step| step.id == *id);
    step.map_or(
        match id.phase {
            Phase::Remove => Verb::Remove,
            Phase::Build => Verb::Create,
        },
        Verb::of,
    )
}

impl<'a> Group<'a> {
    /// What they lead to.
    pub(super) fn address(&self) -> &Address {
        &self.first.id.address
    }

    /// Its steps.
    pub(super) fn steps(&self) -> impl Iterator<Item = &'a Step> + use<'a> {
        [Some(self.first), self.second].into_iter().flatten()
    }
}

impl Group<'_> {
    /// Writes the resource: a title, why, what differs, and the calls.
    pub(super) fn write(&self, verbose: bool, style: Style, out: &mut String) {
        self.write_title(style, out);
        self.write_reasons(style, out);
        let from = self.first.from.as_ref();
        let to = self.second.map_or(&self.first.to, |second| &second.to);
        let entries = fields(from, to.as_ref(), verbose);
        entry::write(&entries, 4, style, out);
        self.write_calls(style, out);
    }

    fn write_title(&self, style: Style, out: &mut String) {
        let Step {
            id,
            from,
            to,
            target,
            ..
        } = self.first;
        let address = id.address.to_string();
        let noun = id.address.kind.noun();
        let mut name = from
            .as_ref()
            .or(to.as_ref())
            .map_or("", |resource| resource.name())
            .to_owned();
        // Where names need not be unique, the id that AWS has given says more.
        if !target.is_empty() && *target != name {
            name = format!("{name} ({target})");
        }
        let sign = style.paint(self.verb.paint(), self.verb.sign());
        let verb = style.paint(self.verb.paint(), self.verb.word());
        let address = style.paint(Paint::Title, &address);
        let title = format!("{verb} {address}: {noun} {name}");
        out.push_str(&words::wrap(&format!("{sign} "), &title, style.width));
    }

    fn write_reasons(&self, style: Style, out: &mut String) {
        for ReplaceReason { property, why } in &self.first.replaces {
            let text = format!("{property}: {why}");
            out.push_str(&words::wrap("      because of ", &text, style.width));
        }
        if let Some(owner) = &self.first.adopted_from {
            let text = decide::whose(owner);
            out.push_str(&words::wrap("      currently ", &text, style.width));
        }
    }

    fn write_calls(&self, style: Style, out: &mut String) {
        let first = self.first.changes();
        let Some(second) = self.second else {
            write_calls("calls", &first, style, out);
            return;
        };
        write_calls("calls to remove it", &first, style, out);
        write_calls("calls to create it anew", &second.changes(), style, out);
    }
}

fn write_calls(title: &str, calls: &[Change], style: Style, out: &mut String) {
    let width = calls
        .iter()
        .map(|call| call.operation().len())
        .max()
        .unwrap_or(0);
    line(out, &format!("      {title}:"));
    for (index, call) in calls.iter().enumerate() {
        let (number, operation) = (index + 1, call.operation());
        let text = format!("{number:>2}. {operation:width$}  {}", call.subject());
        let text = style.paint(Paint::Faint, text.trim_end());
        line(out, &format!("      {text}"));
    }
}

fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").expect("a string takes all");
}

/// What is shown of the way from one state to another.
pub(super) fn fields(from: Option<&Resource>, to: Option<&Resource>, verbose: bool) -> Vec<Entry> {
    match (from, to) {
        (Some(from), Some(to)) => differing(from, to, verbose),
        (None, Some(to)) => whole(to, Mark::Added, verbose),
        (Some(from), None) if verbose => whole(from, Mark::Removed, verbose),
        (_, None) => Vec::new(),
    }
}

/// The state as it is shown: the tag that keeps the protection appears as what a stack file calls
/// it.
pub(super) fn to_display_tree(resource: &Resource) -> Node {
    let mut outline = join_arguments(resource.to_display_tree());
    if let Some(members) = outline.as_map_mut() {
        let tags = members.get_mut("tags").and_then(Node::as_map_mut);
        let protection = tags.and_then(|tags| tags.remove(tags::PREVENT_DESTROY_TAG));
        if let Some(protection) = protection {
            members.insert("prevent_destroy".to_owned(), protection);
        }
    }
    outline
}

/// Every field. Without `verbose`, what says nothing is left out: empty lists, and the tags of
/// ownership.
fn whole(resource: &Resource, mark: Mark, verbose: bool) -> Vec<Entry> {
    let mut outline = to_display_tree(resource);
    let Some(members) = outline.as_map_mut() else {
        return Vec::new();
    };
    if !verbose {
        if let Some(Node::Map(tags)) = members.get_mut("tags") {
            tags.retain(|key, _| !key.starts_with(tags::PREFIX));
        }
        members.retain(|_, member| !member.is_empty());
    }
    let mut entries = entry::members(&Path::default(), mark, &*members);
    entries.sort_by_key(rank);
    if !verbose {
        entries.extend(ownership(resource.tags(), mark));
    }
    entries
}

/// Names first, then what fits on a line, then tables, then tags.
fn rank(entry: &Entry) -> u8 {
    match (entry.label.as_str(), &entry.body) {
        ("name" | "alias" | "family", _) => 0,
        ("tags", _) => 3,
        (_, Body::Value(_) | Body::Change { .. } | Body::Small { .. }) => 1,
        (_, Body::Lines(_) | Body::Nested(_)) => 2,
    }
}

/// The tags by which amp-stack knows what is whose, in one line.
fn ownership<'a>(
    tags: impl IntoIterator<Item = (&'a String, &'a Template)>,
    mark: Mark,
) -> Option<Entry> {
    let tags: Vec<String> = tags
        .into_iter()
        .filter(|(key, _)| *key != tags::PREVENT_DESTROY_TAG)
        .filter_map(|(key, value)| Some(format!("{} {value}", key.strip_prefix(tags::PREFIX)?)))
        .collect();
    (!tags.is_empty()).then(|| Entry {
        mark,
        label: format!("tags.{}*", tags::PREFIX),
        body: Body::Value(tags.join(", ")),
    })
}

/// The fields that differ; with `verbose`, before them those that do not.
fn differing(from: &Resource, to: &Resource, verbose: bool) -> Vec<Entry> {
    let to = to.spelled_as(from);
    let (from, to) = (to_display_tree(from), to_display_tree(&to));
    let mut entries = Vec::new();
    let mut owned = Vec::new();
    if verbose {
        let same: BTreeMap<&String, &Node> = to
            .as_map()
            .into_iter()
            .flatten()
            .filter(|(key, member)| from.get(key) == Some(*member))
            .collect();
        entries = entry::members(&Path::default(), Mark::Same, same);
    }
    for Difference { path, sides } in diff(&from, &to) {
        entries.push(match sides {
            Sides::Added(Node::Text(tag)) if !verbose && is_ownership(&path) => {
                owned.extend(path.keys().last().map(|key| ((*key).to_owned(), tag)));
                continue;
            }
            Sides::Added(node) => Entry::of(path.to_string(), Mark::Added, &path, node),
            Sides::Removed(node) => Entry::of(path.to_string(), Mark::Removed, &path, node),
            Sides::Changed { from, to } => Entry::change(&path, from, to),
        });
    }
    let owned = owned.iter().map(|(key, tag)| (key, *tag));
    entries.extend(ownership(owned, Mark::Added));
    entries
}

/// Returns whether `path` is that of a tag by which amp-stack knows what is whose.
fn is_ownership(path: &Path) -> bool {
    match path.parts() {
        [Part::Key(tags), Part::Key(key)] => tags == "tags" && key.starts_with(tags::PREFIX),
        _ => false,
    }
}
