//! What amp-stack manages, wanted and live alike, and the calls that lead from one state to
//! another.

use std::{collections::BTreeMap, fmt};

use crate::{
    kinds::regret::{LossContext, StepRisk},
    model::{
        diff::Path,
        identity::Identity,
        lifecycle::IgnorePath,
        live::{Attributes, Fact},
        node::Node,
        normal::Suppressed,
        query::Query,
        rate::Share,
        rule::Rule,
        running::Running,
        service::{Service, ServiceName},
        tags::{Owner, Tags},
        template::{Attribute, Lookup, Reference, Template},
    },
};

pub use crate::kinds::replace_reason::ReplaceReason;

/// A kind of resource.
///
/// A value is the whole state of one resource, in normal form: wanted and live states are values of
/// the same type, and `==` is the only comparison.
///
/// # Laws
///
/// For all states `a` and `b` (absent or not) that do not differ in an immutable property:
///
/// * stepping through `changes(a, b)` from `a` arrives at `b`;
/// * `changes(a, a)` is empty.
pub trait State: Clone + PartialEq + fmt::Debug {
    /// One AWS call that alters something.
    type Change: ApiCall;

    /// The name or alias that people know it by.
    fn name(&self) -> &str;

    /// The calls that turn `from` into `to`, in order. `None` is absence.
    fn changes(from: Option<&Self>, to: Option<&Self>) -> Vec<Self::Change>;

    /// The effect of one call.
    fn apply_change(from: Option<Self>, change: &Self::Change) -> Option<Self>;

    /// The properties that differ and that AWS can't change in place.
    fn replace_reasons(from: &Self, to: &Self) -> Vec<ReplaceReason>;

    /// Completes a wanted state from the live one: what the stack file leaves to AWS, and what
    /// `ignore` leaves to somebody else.
    ///
    /// The paths in `ignore` were accepted by [`State::can_ignore`].
    fn complete(&mut self, live: Option<&Self>, ignore: &[IgnorePath]);

    /// Returns whether `path` names something of this kind that can be left to somebody else.
    fn can_ignore(path: &IgnorePath) -> bool;

    /// Where this state, which is wanted, and the live one are spelled differently and mean the
    /// same.
    fn suppressed(&self, _live: &Self) -> Vec<Suppressed> {
        Vec::new()
    }

    /// Takes up what the services that run it run now.
    fn note_services(&mut self, _services: &BTreeMap<ServiceName, Service>) {}

    /// Takes up which of the services that are to run it ECS Express Mode manages.
    fn note_express(&mut self, _services: &BTreeMap<ServiceName, Service>) {}

    /// What keeps a service of ECS Express Mode from running it, each as a sentence without a full
    /// stop.
    fn express_obstacles(&self) -> Vec<String> {
        Vec::new()
    }

    /// The number of the newest revision, if it is a kind that has revisions and it is known.
    fn newest_revision(&self) -> Option<u32> {
        None
    }

    /// Its tags.
    fn tags(&self) -> &Tags;

    /// Its tags, to be altered.
    fn tags_mut(&mut self) -> &mut Tags;

    /// The same state with everything filled in that `lookup` knows.
    #[must_use]
    fn resolve(&self, lookup: &dyn Fn(&Reference) -> Option<String>) -> Self;

    /// Calls `visit` with every text that may hold a reference.
    fn each_template<'a>(&'a self, visit: &mut dyn FnMut(&'a Template));

    /// The state as people see it in a plan: properties under the names of the stack file, lists
    /// that are sets or maps as objects.
    fn to_display_tree(&self) -> Node;
}

/// Takes the tags that `ignore` names from the live resource, whether it has them or not.
pub(crate) fn ignore_tag(want: &mut Tags, live: Option<&Tags>, key: &str) {
    want.remove(key);
    if let Some(value) = live.and_then(|tags| tags.get(key)) {
        want.insert(key.to_owned(), value.clone());
    }
}

/// Tags as people see them.
pub(crate) fn display_tags(tags: &Tags) -> Node {
    Node::map(tags.iter().map(|(k, v)| (k.clone(), Node::Text(v.clone()))))
}

/// The keys of tags, as calls are described by them: values may be secret.
pub(crate) fn tag_keys(tags: &Tags) -> String {
    let keys: Vec<&str> = tags.keys().map(String::as_str).collect();
    keys.join(", ")
}

/// A text as calls are described by it.
pub(crate) fn known_text(text: &Template) -> String {
    let unknown = || format!("{text} (known after apply)");
    text.known().map_or_else(unknown, str::to_owned)
}

/// One AWS call that alters a resource.
pub trait ApiCall: Clone + PartialEq + fmt::Debug {
    /// The operation of the AWS API, as IAM spells it in policies: `iam:CreateRole`.
    fn operation(&self) -> &'static str;

    /// How much of a request it fills.
    fn share(&self) -> Share {
        Share::WHOLE
    }

    /// What the call is about: the name of what it makes, the policy it attaches, the keys of the
    /// tags it sets. Values are left out, for they may be secret.
    fn subject(&self) -> String;

    /// Returns whether it sets tags and does nothing else.
    fn sets_tags(&self) -> bool;

    /// Returns whether it takes a part of a resource away that stays as a whole, so that who uses
    /// the part matters.
    fn takes_away(&self) -> bool {
        false
    }

    /// The service that it rolls a revision out to, if it does, and the revision that this runs
    /// before, if that is known.
    fn rolls_out(&self) -> Option<(&ServiceName, Option<u32>)> {
        None
    }
}

/// By what a live resource is recognised as the one that is declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentifiedBy {
    /// By its name, which no other resource of the kind can have.
    Name,
    /// By its tags alone, because names are not unique and AWS gives it an id.
    Tags,
}

/// Where the names of a kind are unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In the whole account: every region sees the same resources.
    Account,
    /// In one region of the account.
    Region,
}

/// What decides about a live resource besides its stack file.
#[derive(Clone, Copy, Debug)]
pub struct Overrides<'a> {
    /// What is known of it besides its state.
    pub facts: &'a [Fact],
    /// How many revisions stay active, if that is declared; given only for what is ours.
    pub keep_revisions: Option<u32>,
    /// What runs, if it was read.
    pub running: Option<&'a Running>,
}

/// What the planner has to know of a kind.
pub trait Planned: State {
    /// By what a live resource is recognised.
    const IDENTIFIED_BY: IdentifiedBy = IdentifiedBy::Name;

    /// Whether AWS refuses to create a second one of the same name, so that of two runs that try,
    /// one learns that it was not the first.
    const IS_CREATED_ONCE: bool = false;

    /// Where names are unique.
    const SCOPE: Scope = Scope::Region;

    /// The rules by which the live state decides about something although the stack file does not
    /// leave it to somebody else.
    const LIVE_STATE_RULES: &'static [Rule] = &[];

    /// The characters, besides letters and digits, with which a name goes on, so that `/ecs/app` is
    /// no mention within `/ecs/app-2`: those that names may have and that do not usually stand
    /// between two names.
    const NAME_GOES_ON_WITH: &'static str = "-_/.#+@";

    /// Whether removing it loses data that nothing brings back.
    const HOLDS_DATA: bool = false;

    /// Takes away what makes AWS itself refuse to delete it.
    fn lift_protection(&mut self) {}

    /// Declares that these services, and no others, run it, if it is something that services run.
    fn declare_services<'a>(&mut self, _services: impl Iterator<Item = &'a ServiceName>) {}

    /// Adds what has to be read of AWS to plan this wanted state, with what `lookup` knows.
    fn add_to_query(&self, query: &mut Query, lookup: Lookup<'_>);

    /// The ARN, if it follows from the state.
    fn arn(&self, identity: &Identity) -> Option<String>;

    /// The attributes that are known without asking AWS.
    fn attributes_from_name(&self, identity: &Identity) -> Attributes;

    /// The attributes of something with the attributes `live` that becomes `self` and stays.
    fn attributes(&self, identity: &Identity, live: &Attributes) -> Attributes {
        let mut attributes = self.attributes_from_name(identity);
        let arn = live.get(&Attribute::Arn).cloned().unwrap_or_default();
        attributes.insert(Attribute::Arn, arn);
        attributes
    }

    /// What calls name it by, if it lives with the attributes `live`; empty if it is known after
    /// apply.
    fn target(&self, _live: Option<&Attributes>) -> String {
        self.name().to_owned()
    }

    /// Under which texts other resources mention it. `target` is what calls name it by.
    fn mentioned_as(&self, identity: &Identity, target: &str) -> Vec<String>;

    /// Returns whether it has a name at all.
    fn has_name(&self) -> bool {
        true
    }

    /// Returns whether AWS refuses to have it beside another one that is called `name`.
    fn collides_with(&self, name: &str) -> bool {
        self.name() == name
    }

    /// What people should know of another resource, with the same name, that `owner` has.
    fn namesake_note(&self, _arn: &str, _owner: &Owner) -> Option<String> {
        None
    }

    /// The command with which somebody removes it by hand, if it lives with the attributes `live`
    /// and nothing but its tags distinguishes it.
    fn removal_command(&self, _live: &Attributes, _region: &str) -> Option<String> {
        None
    }

    /// Returns whether anybody can use it as it lives.
    fn is_alive(&self) -> bool {
        true
    }

    /// Returns whether nothing is lost with it, so that protecting it makes no sense.
    fn is_worthless(&self) -> bool {
        false
    }

    /// Returns whether AWS refuses to delete it as it lives.
    fn has_deletion_protection(&self) -> bool {
        false
    }

    /// Gives way to what somebody else decides about `live`, and returns what people should know
    /// about it.
    fn apply_overrides(&mut self, _live: &Self, _overrides: &Overrides<'_>) -> Vec<String> {
        Vec::new()
    }

    /// Why the live state decides about something of this completed state that `ignore` does not
    /// name.
    fn live_state_rule(&self) -> Option<Rule> {
        None
    }

    /// Alters this completed state so that it is built anew, and returns what then makes it a
    /// replacement.
    fn force_replace(&mut self, _live: &Self) -> Option<ReplaceReason> {
        Some(ReplaceReason::ASKED)
    }

    /// Returns whether it lives as the call leaves it that creates it, so that a run that was ended
    /// before its next call may have made it. `is_awaited` says that something which mentions it is
    /// still to be created.
    fn is_unfinished(&self, _is_awaited: bool) -> bool {
        false
    }

    /// What `change`, which is made to it as it lives, takes for good. Everything that has to be
    /// accepted by name before it is done comes from here.
    fn loss(&self, _change: &Self::Change, _context: LossContext<'_>) -> Option<StepRisk> {
        None
    }

    /// What else may be regretted once it is removed. `target` is what calls name it by.
    fn removal_risks(&self, _target: &str, _is_replaced: bool) -> Vec<StepRisk> {
        Vec::new()
    }

    /// What else may be regretted once `altered`, or nothing, has become this state. `replaced` is
    /// what was removed to make room for it.
    fn build_risks(
        &self,
        altered: Option<&Self>,
        replaced: Option<&Self>,
        account: &str,
    ) -> Vec<StepRisk>;

    /// Notes that this state, which was `unfilled` until its references were filled in, turns out
    /// to be what lives.
    fn recognize_live(&mut self, _unfilled: &Self, _live: &Self) {}

    /// Takes from `live` what calls decide about and a state does not hold.
    fn take_unpredictable(&mut self, _live: &Self) {}
}

/// How a resource is drawn in a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// The name of the shape in DOT (Graphviz documentation, "Node Shapes").
    pub dot: &'static str,
    /// What stands around the text of a node in Mermaid (Mermaid documentation, "Flowcharts").
    pub mermaid: (&'static str, &'static str),
}

/// How the members of a tree are called where plans show it.
#[derive(Clone, Copy, Debug)]
pub struct TreeNames {
    /// The name of a member.
    pub name: fn(&str) -> String,
    /// The lists whose elements are shown under names: the list, the member that names an element,
    /// and the one that is shown as the element itself if there is no other.
    pub keyed: &'static [(&'static str, &'static str, Option<&'static str>)],
    /// The members within which all names are shown as they are.
    pub verbatim: &'static [&'static str],
}

impl TreeNames {
    /// All names as they are.
    pub const VERBATIM: Self = Self {
        name: str::to_owned,
        keyed: &[],
        verbatim: &[],
    };
}

/// Visits the texts of a resource.
pub trait TextVisitor {
    /// Visits the text at `path`.
    fn text(&mut self, path: &Path, text: &mut Template);

    /// Visits every text of the tree at `path`.
    fn tree(&mut self, path: &Path, names: TreeNames, tree: &mut Node);

    /// Visits the text `key`, if there is one.
    fn optional(&mut self, key: &str, text: Option<&mut Template>) {
        if let Some(text) = text {
            self.text(&Path::of_keys(&[key]), text);
        }
    }

    /// Visits the values of tags.
    fn tags(&mut self, tags: &mut Tags) {
        for (key, value) in tags {
            self.text(&Path::of_keys(&["tags", key]), value);
        }
    }
}

/// What people are shown of a kind.
pub trait Shown: State {
    /// How graphs draw it.
    const SHAPE: Shape;

    /// The rule behind so many differences that mean nothing that they are shown only on request.
    const MINOR_RULE: Option<Rule> = None;

    /// Spells what means the same in `from` as it is spelled there, because no call changes the
    /// spelling.
    fn spell_as(&mut self, _from: &Self) {}

    /// Visits every text that can be a secret: names, and ARNs of policies, can't.
    fn visit_texts(&mut self, visitor: &mut dyn TextVisitor);
}
