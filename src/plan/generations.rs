//! Keeps what lives and was made by earlier defaults of amp-stack.
//!
//! AWS never changes a revision of a task definition, so a default that has changed would replace
//! the tasks of everybody at the next apply, for no wish of theirs. What an earlier version made of
//! the same table is recognized by the places where the defaults differ, and kept; a note says what
//! is newer. Nothing is stored for that.

use std::borrow::Cow;

use crate::{
    kinds::Resource,
    model::{diff::diff, node::Node},
    plan::{Note, claims::Claims},
    snapshot::Snapshot,
    stack::Stack,
};

/// The stack in which every resource is desired as the defaults make it that it was made by, with a
/// note for each that newer ones make otherwise. No resource has earlier defaults in it any more.
pub fn settle<'a>(stack: &'a Stack, live: &Snapshot) -> (Cow<'a, Stack>, Vec<Note>) {
    let mut notes = Vec::new();
    let has_earlier = |stack: &Stack| stack.resources.values().any(|d| !d.earlier.is_empty());
    if !has_earlier(stack) {
        return (Cow::Borrowed(stack), notes);
    }
    let mut settled = stack.clone();
    settled.take_new_defaults();
    for (address, found) in Claims::new(stack, live).matched {
        let declared = &stack.resources[address];
        let Some(newest) = &declared.want else {
            continue;
        };
        let mut earlier = declared.earlier.iter().rev();
        let kept = earlier.find(|earlier| made(earlier, newest, &found.resource));
        if let (Some(kept), Some(declared)) = (kept, settled.resources.get_mut(address)) {
            notes.push(Note::new(address, newer(kept, newest)));
            declared.want = Some(kept.clone());
        }
    }
    (Cow::Owned(settled), notes)
}

/// Returns whether the defaults that made `earlier`, and not those that made `newest`, made `live`.
fn made(earlier: &Resource, newest: &Resource, live: &Resource) -> bool {
    let [earlier, newest, live] = [earlier, newest, live].map(Resource::to_display_tree);
    agreement(Some(&earlier), Some(&newest), Some(&live)) == Agreement::Earlier
}

/// What a place says of the defaults that made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Agreement {
    /// All defaults make the same of it, or it is not there to be asked.
    Silent,
    /// Only the earlier ones make this of it.
    Earlier,
    /// The earlier ones do not make this of it.
    Other,
}

/// Compares a place of a live resource with what earlier and newest defaults make of it.
///
/// A place that only one of them fills speaks by being filled: what it holds is for the stack file
/// to say, which may have changed since. So whoever changes the port of an application does not get
/// new defaults with it.
fn agreement(earlier: Option<&Node>, newest: Option<&Node>, live: Option<&Node>) -> Agreement {
    if earlier == newest {
        return Agreement::Silent;
    }
    match (earlier, newest, live) {
        // What the file says anew, such as a further container.
        (Some(Node::Map(_)), Some(Node::Map(_)), None) | (None, None, _) => Agreement::Silent,
        (Some(Node::Map(earlier)), Some(Node::Map(newest)), Some(Node::Map(live))) => {
            let keys = earlier.keys().chain(newest.keys());
            let of = |key| agreement(earlier.get(key), newest.get(key), live.get(key));
            keys.map(of).fold(Agreement::Silent, Agreement::and)
        }
        (Some(_), None, live) => Agreement::earlier_if(live.is_some()),
        (None, Some(_), live) => Agreement::earlier_if(live.is_none()),
        (Some(earlier), _, live) => Agreement::earlier_if(live.is_some_and(|live| {
            let is_unknown = earlier.as_text().is_some_and(|text| text.known().is_none());
            live == earlier || is_unknown
        })),
    }
}

impl Agreement {
    fn earlier_if(agrees: bool) -> Self {
        if agrees { Self::Earlier } else { Self::Other }
    }

    /// What two places say together: one that contradicts is enough.
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Other, _) | (_, Self::Other) => Self::Other,
            (Self::Earlier, _) | (_, Self::Earlier) => Self::Earlier,
            (Self::Silent, Self::Silent) => Self::Silent,
        }
    }
}

/// What the newest defaults would change.
fn newer(kept: &Resource, newest: &Resource) -> String {
    let (kept, newest) = (kept.to_display_tree(), newest.to_display_tree());
    let differences = diff(&kept, &newest);
    let places: Vec<String> = differences.iter().map(|one| one.path.to_string()).collect();
    format!(
        "it is kept as earlier defaults of amp-stack made it; --new-defaults would change {}",
        places.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn agrees(earlier: &Value, newest: &Value, live: &Value) -> Agreement {
        let [earlier, newest, live] = [earlier, newest, live].map(Node::from);
        agreement(Some(&earlier), Some(&newest), Some(&live))
    }

    #[test]
    fn what_only_one_of_them_fills_speaks_by_being_filled() {
        let earlier = json!({"wait": "HEALTHY", "command": ["--config=a"], "port": 1});
        let newest = json!({"wait": "START", "content": {"a": 1}, "port": 1});
        for (live, agreement) in [
            (earlier.clone(), Agreement::Earlier),
            (newest.clone(), Agreement::Other),
            (
                json!({"wait": "HEALTHY", "command": ["--config=b"], "port": 2}),
                Agreement::Earlier,
            ),
            (
                json!({"wait": "HEALTHY", "command": ["x"], "content": {"b": 1}}),
                Agreement::Other,
            ),
            (
                json!({"wait": "START", "command": ["--config=a"], "port": 1}),
                Agreement::Other,
            ),
            (json!({}), Agreement::Other),
        ] {
            assert_eq!(agrees(&earlier, &newest, &live), agreement, "{live}");
        }
        assert_eq!(agrees(&earlier, &earlier, &newest), Agreement::Silent);
    }

    #[test]
    fn what_is_not_there_says_nothing() {
        let earlier = json!({"app": {"wait": "HEALTHY"}, "new": {"wait": "HEALTHY"}});
        let newest = json!({"app": {"wait": "START"}, "new": {"wait": "START"}});
        let live = json!({"app": {"wait": "HEALTHY"}});
        assert_eq!(agrees(&earlier, &newest, &live), Agreement::Earlier);
        assert_eq!(agrees(&earlier, &newest, &json!({})), Agreement::Silent);
    }
}
