//! Pages of a sorted listing, with opaque tokens.

use aws_smithy_types::base64;

use crate::{Refusal, service::Input};

use super::{
    input::{integer, text},
    refusal::invalid,
};

/// How many items a page has unless the caller says otherwise, and the most it may ask for (API
/// model, `ListWorkspaces` and `ListRuleGroupsNamespaces`).
const DEFAULT: i64 = 100;
const MAX: i64 = 1000;

/// Which part of a listing the caller asks for.
#[derive(Debug)]
pub(super) struct Page {
    after: Option<String>,
    size: usize,
}

impl Page {
    /// Reads `maxResults` and `nextToken`.
    pub(super) fn of(input: &Input) -> Result<Self, Refusal> {
        let size = integer(input, "maxResults", 1..=MAX)?.unwrap_or(DEFAULT);
        let after = match text(input, "nextToken")? {
            None | Some("") => None,
            Some(token) => Some(decode(token).ok_or_else(|| invalid("nextToken", "is not valid"))?),
        };
        Ok(Self {
            after,
            size: usize::try_from(size).expect("the range was checked"),
        })
    }

    /// The items of the page, of all that are sorted by key, and the token of the next page if
    /// there is one.
    pub(super) fn of_sorted<'a, T>(
        &self,
        items: impl Iterator<Item = (&'a String, T)>,
    ) -> (Vec<(&'a String, T)>, Option<String>) {
        let mut rest =
            items.filter(|(key, _)| self.after.as_ref().is_none_or(|after| *key > after));
        let page: Vec<_> = rest.by_ref().take(self.size).collect();
        let last = page.last().map(|(key, _)| encode(key));
        (page, rest.next().and(last))
    }
}

fn encode(key: &str) -> String {
    base64::encode(format!("after:{key}"))
}

fn decode(token: &str) -> Option<String> {
    let text = String::from_utf8(base64::decode(token).ok()?).ok()?;
    Some(text.strip_prefix("after:")?.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Page;
    use crate::service::Input;

    #[test]
    fn a_page_has_100_items_unless_asked_otherwise() {
        let keys: Vec<String> = (0..101).map(|n| format!("{n:03}")).collect();
        let items = || keys.iter().map(|key| (key, ()));
        let mut input = Input::new();
        let page = Page::of(&input).expect("no members");
        let (first, token) = page.of_sorted(items());
        assert_eq!(first.len(), 100);
        input.insert("nextToken".to_owned(), json!(token));
        let page = Page::of(&input).expect("a token");
        let (second, token) = page.of_sorted(items());
        assert_eq!((second.len(), token), (1, None));
    }
}
