//! Who mentions what: the names of what is removed, found in the texts of what lives.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    kinds::Resource,
    model::{address::Kind, identity::Identity},
    plan::{Phase, Step, StepId},
};

/// The names under which something may be mentioned, each with the step that removes it.
///
/// A name is found by its last word, so that a text is gone through once, however many names there
/// are.
#[derive(Debug, Default)]
pub(super) struct Mentions<'a> {
    /// By kind, whose names go on with characters of their own, and last word.
    by_last_word: BTreeMap<Kind, BTreeMap<String, Vec<Name<'a>>>>,
}

/// A name, and the step that removes what it names.
type Name<'a> = (String, &'a StepId);

impl<'a> Mentions<'a> {
    /// The names of everything that `steps` remove.
    pub(super) fn of_removals(
        steps: impl IntoIterator<Item = &'a Step>,
        identity: &Identity,
    ) -> Self {
        let mut mentions = Self::default();
        for step in steps {
            let removed = step
                .from
                .as_ref()
                .filter(|_| step.id.phase == Phase::Remove);
            for name in removed
                .into_iter()
                .flat_map(|removed| removed.mentioned_as(identity, &step.target))
            {
                let kind = step.id.address.kind;
                if let Some(last) = words(&name, kind).last().map(str::to_owned) {
                    let of_kind = mentions.by_last_word.entry(kind).or_default();
                    of_kind.entry(last).or_default().push((name, &step.id));
                }
            }
        }
        mentions
    }

    /// The steps that remove what `holder` mentions.
    pub(super) fn in_state(&self, holder: Option<&Resource>) -> BTreeSet<&'a StepId> {
        let mut found = BTreeSet::new();
        let Some(holder) = holder.filter(|_| !self.by_last_word.is_empty()) else {
            return found;
        };
        holder.each_template(&mut |text| {
            let text = text.to_string();
            for (kind, names) in &self.by_last_word {
                for word in words(&text, *kind) {
                    let named = names.get(word).into_iter().flatten();
                    let goes_on_with = Resource::name_goes_on_with(*kind);
                    let named = named.filter(|(name, _)| contains_name(&text, name, goes_on_with));
                    found.extend(named.map(|(_, id)| *id));
                }
            }
        });
        found
    }
}

/// The longest parts of `text` that consist of what names of `kind` go on with.
fn words(text: &str, kind: Kind) -> impl Iterator<Item = &str> {
    let goes_on_with = Resource::name_goes_on_with(kind);
    let words = text.split(move |c: char| !goes_on(c, goes_on_with));
    words.filter(|word| !word.is_empty())
}

fn goes_on(c: char, goes_on_with: &str) -> bool {
    c.is_alphanumeric() || goes_on_with.contains(c)
}

/// Returns whether `text` contains `name`, and not only as a part of a longer name.
pub(super) fn contains_name(text: &str, name: &str, goes_on_with: &str) -> bool {
    let mut places = text.match_indices(name);
    !name.is_empty()
        && places.any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + name.len()..].chars().next();
            let goes_on = |c| goes_on(c, goes_on_with);
            !before.is_some_and(goes_on) && !after.is_some_and(goes_on)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts, and whether each mentions the log group `/ecs/app`.
    const TEXTS: [(&str, bool); 8] = [
        ("/ecs/app", true),
        (
            "arn:aws:logs:eu-west-1:111122223333:log-group:/ecs/app:*",
            true,
        ),
        ("--group=/ecs/app,/ecs/web", true),
        ("{\"log_group_name\":\"/ecs/app\"}", true),
        ("/ecs/app-2", false),
        ("/ecs/app/worker", false),
        ("/prod/ecs/app", false),
        ("", false),
    ];

    #[test]
    fn a_part_of_a_longer_name_is_no_mention() {
        let goes_on_with = Resource::name_goes_on_with(Kind::LogGroup);
        for (text, is_mention) in TEXTS {
            let found = contains_name(text, "/ecs/app", goes_on_with);
            assert_eq!(found, is_mention, "{text}");
        }
        assert!(!contains_name("anything", "", goes_on_with));
        let url = "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/query";
        let goes_on_with = Resource::name_goes_on_with(Kind::Workspace);
        assert!(contains_name(url, "ws-1", goes_on_with));
        assert!(!contains_name(
            &url.replace("ws-1", "ws-12"),
            "ws-1",
            goes_on_with
        ));
    }

    /// What is looked up by the last word is found wherever the whole name is.
    #[test]
    fn whatever_contains_a_name_contains_its_last_word_as_a_word() {
        let names = [
            "/ecs/app",
            "arn:aws:iam::111122223333:role/metrics/Task",
            "arn:aws:iam::111122223333:role/a=b,c",
        ];
        for kind in Kind::ALL {
            for name in names {
                let last = words(name, kind).last().expect("it has one");
                for text in ["", ":*", ",x", "\"}", " and"] {
                    let text = format!("{{\"{name}{text}");
                    let is_mention = contains_name(&text, name, Resource::name_goes_on_with(kind));
                    assert!(
                        !is_mention || words(&text, kind).any(|w| w == last),
                        "{text}"
                    );
                }
            }
        }
    }
}
