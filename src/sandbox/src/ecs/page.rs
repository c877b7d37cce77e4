//! Pages of lists: at most 100 elements each, and a token for the next one.

use serde_json::{Map, Value, json};

use super::members::{Members, invalid};
use crate::service::Refusal;

/// An element of a list, and the key that the list is sorted by.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Element {
    /// Sorts the list; no other element has it.
    pub(super) key: String,
    /// What the answer shows.
    pub(super) shown: Value,
}

impl Element {
    /// An element that sorts by what it shows.
    pub(super) fn plain(shown: impl Into<String>) -> Self {
        let shown = shown.into();
        Self {
            key: shown.clone(),
            shown: Value::from(shown),
        }
    }
}

/// The direction of a list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Order {
    /// Smallest key first.
    Ascending,
    /// Largest key first.
    Descending,
}

/// Sorts `elements` and answers one page of them under `member`, with `nextToken` if there are
/// more.
///
/// `maxResults` is from 1 to 100, and 100 without it (API reference, the List operations). A token
/// stands for the key of the last element that was given: elements may come and go between two
/// pages, and none of the others is repeated or lost.
pub(super) fn page(
    input: &Map<String, Value>,
    member: &str,
    elements: Vec<Element>,
    order: Order,
) -> Result<Value, Refusal> {
    page_of(input, member, elements, order, 100)
}

/// As [`page`], with as many elements as `usual` without `maxResults`.
pub(super) fn page_of(
    input: &Map<String, Value>,
    member: &str,
    mut elements: Vec<Element>,
    order: Order,
    usual: usize,
) -> Result<Value, Refusal> {
    let size = match input.integer("maxResults") {
        None => usual,
        Some(size @ 1..=100) => usize::try_from(size).expect("it is between 1 and 100"),
        Some(_) => return Err(invalid("maxResults should be between 1 and 100.")),
    };
    elements.sort_by(|a, b| a.key.cmp(&b.key));
    if order == Order::Descending {
        elements.reverse();
    }
    if let Some(token) = input.text("nextToken") {
        let last = decode(token).ok_or_else(|| invalid("Invalid token."))?;
        elements.retain(|element| match order {
            Order::Ascending => element.key > last,
            Order::Descending => element.key < last,
        });
    }
    let more = elements.len() > size;
    elements.truncate(size);
    let shown: Vec<&Value> = elements.iter().map(|element| &element.shown).collect();
    let mut answer = json!({ member: shown });
    if let Some(last) = elements.last().filter(|_| more) {
        answer["nextToken"] = Value::from(encode(&last.key));
    }
    Ok(answer)
}

/// Writes a key as a token: in hexadecimal, so that nobody takes it for a name.
pub(crate) fn encode(key: &str) -> String {
    use std::fmt::Write as _;
    key.bytes().fold(String::new(), |mut token, byte| {
        write!(token, "{byte:02x}").expect("writing to a string can't fail");
        token
    })
}

/// The key that a token was made from.
pub(crate) fn decode(token: &str) -> Option<String> {
    let digits: Vec<u32> = token
        .chars()
        .map(|c| c.to_digit(16))
        .collect::<Option<_>>()?;
    let bytes: Option<Vec<u8>> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(high * 16 + low).ok(),
            _ => None,
        })
        .collect();
    String::from_utf8(bytes?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(order: Order, size: usize, count: usize) -> Vec<Vec<String>> {
        let elements: Vec<Element> = (0..count)
            .map(|n| Element::plain(format!("{n:03}")))
            .collect();
        let mut input = Map::new();
        input.insert("maxResults".to_owned(), json!(size));
        let mut pages = Vec::new();
        loop {
            let answer =
                page(&input, "names", elements.clone(), order).expect("the input is right");
            let object = answer.as_object().expect("an answer is an object");
            pages.push(object.texts("names").map(str::to_owned).collect());
            match object.get("nextToken") {
                Some(token) => input.insert("nextToken".to_owned(), token.clone()),
                None => return pages,
            };
        }
    }

    #[test]
    fn pages_cover_the_list_once_in_order() {
        assert_eq!(
            pages(Order::Ascending, 2, 5),
            [vec!["000", "001"], vec!["002", "003"], vec!["004"]]
        );
        assert_eq!(
            pages(Order::Descending, 2, 3),
            [vec!["002", "001"], vec!["000"]]
        );
        assert_eq!(pages(Order::Ascending, 2, 2), [vec!["000", "001"]]);
        assert_eq!(pages(Order::Ascending, 100, 0), [Vec::<&str>::new()]);
    }

    #[test]
    fn refuses_sizes_and_tokens_that_it_never_gave() {
        let wrong = [
            json!({"maxResults": 0}),
            json!({"maxResults": 101}),
            json!({"nextToken": "zz"}),
            json!({"nextToken": "abc"}),
            json!({"nextToken": "ff"}),
        ];
        for input in wrong {
            let input = input.as_object().expect("an object");
            let refusal =
                page(input, "names", Vec::new(), Order::Ascending).expect_err("it is wrong");
            assert_eq!(
                (refusal.status, refusal.code),
                (400, "InvalidParameterException"),
                "{input:?}"
            );
        }
    }
}
