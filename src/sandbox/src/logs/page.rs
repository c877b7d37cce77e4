//! Pages of a sorted listing, with opaque tokens that expire.

use aws_smithy_types::base64;

use crate::{Context, Refusal, service::Input};

use super::{
    input::{integer, text},
    refusal::{constraint, invalid},
};

/// How long a token can be used: 24 hours (API model, `NextToken`).
const TOKEN_MILLIS: u64 = 24 * 3_600_000;

/// The size of a page, `limit`.
pub(super) fn limit(input: &Input, default: usize, max: usize) -> Result<usize, Refusal> {
    let Some(limit) = integer(input, "limit")? else {
        return Ok(default);
    };
    match usize::try_from(limit) {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        Ok(_) | Err(_) => Err(constraint("limit", &format!("be between 1 and {max}"))),
    }
}

/// The key after which the page begins, from `nextToken`.
pub(super) fn after(input: &Input, cx: &Context<'_>) -> Result<Option<String>, Refusal> {
    let Some(token) = text(input, "nextToken")? else {
        return Ok(None);
    };
    let refusal = || invalid("The specified nextToken is invalid.");
    let (issued, key) = decode(token).ok_or_else(refusal)?;
    if cx.now_millis >= issued.saturating_add(TOKEN_MILLIS) {
        return Err(refusal());
    }
    Ok(Some(key))
}

/// The token of the page after this key.
pub(super) fn token(key: &str, cx: &Context<'_>) -> String {
    base64::encode(format!("{}:{key}", cx.now_millis))
}

/// The items that fit into a page, of all that follow the last page, and the token of the next page
/// if there is one.
pub(super) fn cut<T>(
    items: impl Iterator<Item = (String, T)>,
    limit: usize,
    cx: &Context<'_>,
) -> (Vec<T>, Option<String>) {
    let mut items = items.peekable();
    let mut page = Vec::new();
    let mut last = None;
    for (key, item) in items.by_ref().take(limit) {
        page.push(item);
        last = Some(key);
    }
    let next = items.peek().and(last).map(|key| token(&key, cx));
    (page, next)
}

fn decode(token: &str) -> Option<(u64, String)> {
    let text = String::from_utf8(base64::decode(token).ok()?).ok()?;
    let (issued, key) = text.split_once(':')?;
    Some((issued.parse().ok()?, key.to_owned()))
}
