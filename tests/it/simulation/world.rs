//! The sandbox's world, taken apart into things that can be compared: whose each is, and what it
//! says.

use std::collections::{BTreeMap, BTreeSet};

use amp_stack_sandbox::{World, wire::Call};
use serde_json::Value;

use super::draft::STACK;

pub(super) const REGION: &str = "eu-west-1";

/// Everything there is in an account, by a name of its kind: `role simtask`, `revision sim-api:3`.
/// What AWS has been asked to delete counts as gone: when it goes, only the clock says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    pub(super) things: BTreeMap<String, Value>,
    /// How many revisions each family has ever had.
    pub(super) registered: BTreeMap<String, u64>,
}

impl View {
    pub(super) fn of(world: &World) -> Self {
        let world = serde_json::to_value(world).expect("a world is JSON");
        let mut things = BTreeMap::new();
        for (kind, path) in [
            ("role", "/iam/roles".to_owned()),
            ("policy", "/iam/policies".to_owned()),
            ("profile", "/iam/profiles".to_owned()),
            ("log group", format!("/logs/regions/{REGION}/groups")),
            ("workspace", format!("/amp/regions/{REGION}/workspaces")),
            ("cluster", format!("/ecs/regions/{REGION}/clusters")),
        ] {
            for (name, thing) in members(world.pointer(&path)) {
                things.insert(format!("{kind} {name}"), thing.clone());
            }
        }
        let mut registered = BTreeMap::new();
        let families = world.pointer(&format!("/ecs/regions/{REGION}/families"));
        for (name, family) in members(families) {
            let count = family["last_revision"].as_u64().unwrap_or_default();
            registered.insert(name.clone(), count);
            for (number, revision) in members(family.get("revisions")) {
                things.insert(format!("revision {name}:{number}"), revision.clone());
            }
        }
        things.retain(|_, thing| !is_going(thing));
        Self { things, registered }
    }

    /// The things that carry the tags of the stack.
    pub(super) fn ours(&self) -> impl Iterator<Item = (&str, &Value)> {
        let ours = |(name, thing): &(&String, &Value)| is_ours(name, thing);
        self.things
            .iter()
            .filter(ours)
            .map(|(name, thing)| (name.as_str(), thing))
    }

    /// Ours of one kind, by the rest of its name.
    pub(super) fn ours_of<'a>(&'a self, kind: &'a str) -> BTreeMap<&'a str, &'a Value> {
        self.ours()
            .filter_map(|(name, thing)| {
                let rest = name.strip_prefix(kind)?.strip_prefix(' ')?;
                Some((rest, thing))
            })
            .collect()
    }

    /// Our active revisions by family and number.
    pub(super) fn active(&self) -> BTreeMap<&str, BTreeMap<u64, &Value>> {
        let mut families: BTreeMap<&str, BTreeMap<u64, &Value>> = BTreeMap::new();
        for (name, revision) in self.ours_of("revision") {
            if revision["status"] == "ACTIVE"
                && let Some((family, number)) = name.rsplit_once(':')
            {
                let number = number.parse().expect("revisions are numbers");
                families.entry(family).or_default().insert(number, revision);
            }
        }
        families
    }
}

fn members(value: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    value.and_then(Value::as_object).into_iter().flatten()
}

/// Whether a thing carries the tags of the stack; roles, which are global, also those of its
/// region.
pub(super) fn is_ours(name: &str, thing: &Value) -> bool {
    let tags = tags(thing);
    let is = |key: &str, value: &str| tags.get(key).is_some_and(|found| found == value);
    is("amp-stack:stack", STACK)
        && tags.contains_key("amp-stack:address")
        && (!name.starts_with("role ") || is("amp-stack:region", REGION))
}

/// The tags, which are a map or a list of pairs.
pub(super) fn tags(thing: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match thing.get("tags") {
        Some(Value::Array(pairs)) => pairs
            .iter()
            .map(|pair| (text(&pair["key"]), text(&pair["value"])))
            .collect(),
        Some(Value::Object(map)) => map.iter().map(|(k, v)| (k.clone(), text(v))).collect(),
        _ => BTreeMap::new(),
    }
}

/// Whether AWS has been asked to delete it, and does so when it likes.
fn is_going(thing: &Value) -> bool {
    thing["status"] == "DELETE_IN_PROGRESS" || thing["life"]["change"] == "Deletion"
}

/// What of ours mentions the thing that `call` deletes. Of a family only its newest active revision
/// counts: older ones stay as they are.
pub(super) fn mentions(call: &Call, view: impl FnOnce() -> View) -> Vec<String> {
    let named = |member: &str| {
        let name = call.input.get(member).and_then(Value::as_str);
        name.unwrap_or_default().to_owned()
    };
    let needles = match call.operation.as_str() {
        "DeleteRole" => vec![format!("/{}\"", named("RoleName"))],
        "DeleteLogGroup" => {
            let name = named("logGroupName");
            vec![format!("\"{name}\""), format!(":log-group:{name}:*")]
        }
        "DeleteWorkspace" => vec![named("workspaceId")],
        _ => return Vec::new(),
    };
    let view = view();
    let newest = view.active().into_iter().filter_map(|(family, revisions)| {
        let (_, newest) = revisions.into_iter().next_back()?;
        Some((format!("family {family}"), newest["definition"].to_string()))
    });
    let roles = view
        .ours_of("role")
        .into_iter()
        .map(|(name, role)| (format!("role {name}"), role["inline"].to_string()));
    let workspaces = view
        .ours_of("workspace")
        .into_iter()
        .map(|(id, workspace)| (format!("workspace {id}"), workspace["logging"].to_string()));
    let mentions: BTreeSet<String> = newest
        .chain(roles)
        .chain(workspaces)
        .filter(|(_, text)| needles.iter().any(|needle| text.contains(needle)))
        .map(|(name, _)| name)
        .collect();
    mentions.into_iter().collect()
}
