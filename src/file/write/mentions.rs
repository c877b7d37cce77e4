//! Spells what a string says about resources of the file as `${…}`.

use crate::{
    file::write::layout::escaped,
    model::{
        address::{Address, Kind},
        template::{Attribute, Reference},
    },
};

/// What strings may say of the resources of a file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mentions(Vec<Mention>);

/// A string that AWS gives a resource, and what stands for it in the file.
#[derive(Clone, Debug)]
struct Mention {
    of: Kind,
    said: String,
    spelled: String,
}

impl Mentions {
    /// Adds that `said` is an attribute of what stands at `address`.
    pub(crate) fn insert(&mut self, address: &Address, attribute: Attribute, said: String) {
        let reference = Reference {
            address: address.clone(),
            attribute,
        };
        self.0.push(Mention {
            of: address.kind,
            said,
            spelled: reference.to_string(),
        });
        // Of two that fit the longer one says more.
        self.0
            .sort_by_key(|mention| usize::MAX - mention.said.len());
    }

    /// The string `text` of a resource of `kind`, which may mention resources of earlier kinds
    /// only.
    pub(crate) fn spell(&self, text: &str, kind: Kind) -> String {
        let mut spelled = String::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            // After a literal `$` what is filled in would read as an escaped `${`.
            let found = self.at(rest, kind).filter(|_| !literal.ends_with('$'));
            if let Some(mention) = found {
                spelled.push_str(&escaped(&std::mem::take(&mut literal)));
                spelled.push_str(&mention.spelled);
                rest = &rest[mention.said.len()..];
            } else {
                literal.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
        spelled.push_str(&escaped(&literal));
        spelled
    }

    fn at(&self, text: &str, kind: Kind) -> Option<&Mention> {
        self.0.iter().filter(|m| m.of < kind).find(|mention| {
            text.strip_prefix(mention.said.as_str())
                .is_some_and(|rest| mention.said.ends_with('/') || !goes_on(rest))
        })
    }
}

/// Returns whether a name could go on with `rest`: names of log groups hold letters, digits and
/// `._-/#` (CloudWatch Logs API reference, `CreateLogGroup`), and those of the other resources
/// nothing else.
fn goes_on(rest: &str) -> bool {
    let next = rest.chars().next();
    next.is_some_and(|next| next.is_ascii_alphanumeric() || "._-/#".contains(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions() -> Mentions {
        let mut mentions = Mentions::default();
        let group = Address::new(Kind::LogGroup, "app");
        mentions.insert(&group, Attribute::Arn, "arn:x:log-group:/app".to_owned());
        let workspace = Address::workspace();
        for (attribute, said) in [
            (Attribute::Endpoint, "https://h/workspaces/ws-1/"),
            (
                Attribute::RemoteWriteUrl,
                "https://h/workspaces/ws-1/api/v1/remote_write",
            ),
        ] {
            mentions.insert(&workspace, attribute, said.to_owned());
        }
        mentions
    }

    #[test]
    fn what_is_in_the_file_is_mentioned_by_its_key() {
        for (text, spelled) in [
            ("arn:x:log-group:/app", "${log_groups.app.arn}"),
            ("arn:x:log-group:/app:*", "${log_groups.app.arn}:*"),
            ("arn:x:log-group:/app-2", "arn:x:log-group:/app-2"),
            (
                "https://h/workspaces/ws-1/api/v1/remote_write",
                "${workspace.remote_write_url}",
            ),
            (
                "https://h/workspaces/ws-1/api/v1/rules",
                "${workspace.endpoint}api/v1/rules",
            ),
            ("a ${aws:username} b", "a $${aws:username} b"),
            ("$${x}", "$$${x}"),
            ("$arn:x:log-group:/app", "$arn:x:log-group:/app"),
        ] {
            assert_eq!(mentions().spell(text, Kind::TaskDefinition), spelled);
        }
    }

    #[test]
    fn nothing_mentions_what_comes_later() {
        let text = "https://h/workspaces/ws-1/";
        assert_eq!(mentions().spell(text, Kind::Workspace), text);
    }
}
