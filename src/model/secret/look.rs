//! Which values are secrets by their looks, whatever they are called.

use std::collections::BTreeSet;

use crate::model::secret::{
    HIDDEN,
    name::{has_secret_word, names_secret},
};

/// What tokens of well-known services begin with.
const PREFIXES: &[&str] = &[
    "AIza",
    "ATATT3",
    "ATBB",
    "NRAK-",
    "NRII-",
    "SG.",
    "dop_v1_",
    "ghp_",
    "gho_",
    "ghr_",
    "ghs_",
    "ghu_",
    "github_pat_",
    "glc_",
    "gldt-",
    "glpat-",
    "glsa_",
    "hf_",
    "hvb.",
    "hvs.",
    "lin_api_",
    "npm_",
    "pypi-",
    "rk_live_",
    "rk_test_",
    "shpat_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "sntrys_",
    "whsec_",
    "xapp-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xoxr-",
    "xoxs-",
    "ya29.",
];

/// What stands before the token in a header (RFC 6750, section 2.1; RFC 7617, section 2).
const SCHEMES: &[&str] = &["Bearer ", "Basic "];

/// URLs that let everybody in who knows them, by what they hold.
const WEBHOOKS: &[&str] = &[
    "://hooks.slack.com/services/",
    "://hooks.slack.com/workflows/",
    "://hooks.slack.com/triggers/",
    "://discord.com/api/webhooks/",
    "://discordapp.com/api/webhooks/",
    ".webhook.office.com/",
    "://outlook.office.com/webhook/",
    "://hooks.zapier.com/hooks/",
    "://api.telegram.org/bot",
    "://maker.ifttt.com/trigger/",
    "://chat.googleapis.com/v1/spaces/",
    "://events.pagerduty.com/integration/",
];

/// Returns whether a value may not be shown, whatever it is called.
pub(crate) fn looks_secret(text: &str) -> bool {
    text.starts_with(HIDDEN)
        || text.contains("PRIVATE KEY-----")
        || WEBHOOKS.iter().any(|webhook| text.contains(webhook))
        || SCHEMES.iter().any(|scheme| is_authorized(text, scheme))
        || text
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(is_access_key_id)
        || is_web_token(text)
        || has_password_in_url(text)
        || assigns_secret(text)
        || gives_secret(text)
        || text
            .split([' ', ',', ';', '"', '\'', '=', ':'])
            .any(is_service_token)
}

/// Returns whether a value called `name` is a key in hexadecimal or base64 digits. Digests, public
/// keys and identifiers look the same, so that the name decides.
pub(super) fn is_encoded_secret(name: &str, text: &str) -> bool {
    let is_key = |piece| is_hexadecimal(piece) || is_base64(piece) || is_random(piece);
    !is_fingerprint(name) && pieces(text).any(is_key)
}

/// The parts of a text in which a key could stand. What stands behind a `:` is not one of them: it
/// is the tag of an image, or a digest with its algorithm.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let is_end = |c: char| matches!(c, ' ' | ',' | ';' | '"' | '\'' | '&' | '?');
    text.split(is_end).map(|piece| {
        // `key=…`, but not the `=` at the end of base64.
        match piece.split_once('=') {
            Some((_, value)) if !value.is_empty() && !value.starts_with('=') => value,
            Some(_) | None => piece,
        }
    })
}

/// Names of what is published on purpose: commits, digests, versions, identifiers.
fn is_fingerprint(name: &str) -> bool {
    const WORDS: &[&str] = &[
        "build",
        "checksum",
        "commit",
        "digest",
        "etag",
        "fingerprint",
        "git",
        "hash",
        "id",
        "image",
        "md5",
        "public",
        "ref",
        "release",
        "rev",
        "revision",
        "sha",
        "sha1",
        "sha256",
        "tag",
        "trace",
        "version",
    ];
    let lower = name.to_ascii_lowercase();
    lower
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| WORDS.contains(&word))
        && !has_secret_word(name)
}

fn is_service_token(text: &str) -> bool {
    const SHORTEST: usize = 12;
    PREFIXES
        .iter()
        .filter_map(|prefix| text.strip_prefix(prefix))
        .any(|rest| {
            rest.len() >= SHORTEST
                && rest.bytes().any(|b| b.is_ascii_digit())
                && rest.bytes().all(|b| b.is_ascii_graphic())
        })
}

fn is_authorized(text: &str, scheme: &str) -> bool {
    const SHORTEST: usize = 12;
    let token = text.split_once(scheme).map(|(_, rest)| {
        let end = rest.find([' ', '"', '\'']).unwrap_or(rest.len());
        &rest[..end]
    });
    token.is_some_and(|token| token.len() >= SHORTEST && !token.starts_with('$'))
}

/// An access key id: `AKIA` or `ASIA` and sixteen more (IAM user guide, "IAM identifiers", unique
/// ID prefixes).
fn is_access_key_id(word: &str) -> bool {
    word.len() == 20
        && (word.starts_with("AKIA") || word.starts_with("ASIA"))
        && word
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// A JSON web token: three parts, of which the first begins as `{"` does in base64.
fn is_web_token(text: &str) -> bool {
    text.starts_with("eyJ") && text.split('.').count() == 3
}

/// `postgres://user:password@host/`, or a long key in the place of both, as in the DSNs of Sentry.
fn has_password_in_url(text: &str) -> bool {
    const SHORTEST: usize = 24;
    text.split_once("://")
        .and_then(|(_, rest)| rest.split(['/', '?', '#', ' ']).next())
        .and_then(|authority| authority.rsplit_once('@'))
        .is_some_and(|(user, _)| {
            let is_key = user.len() >= SHORTEST && user.bytes().any(|b| b.is_ascii_digit());
            user.contains(':') || is_key
        })
}

/// `--password=x`, `user=a;token=b`, `X-Api-Key: x`.
fn assigns_secret(text: &str) -> bool {
    let by_equals = text.split([' ', '&', ';', ',', '?']).any(|piece| {
        piece
            .split_once('=')
            .is_some_and(|(name, value)| !value.starts_with('$') && names_secret(name, value))
    });
    by_equals || names_header(text)
}

/// A header of HTTP: one word, `: `, and its value.
fn names_header(text: &str) -> bool {
    text.split(['"', '\'']).any(|piece| {
        piece.split_once(": ").is_some_and(|(name, value)| {
            !name.contains(' ')
                && !value.starts_with('$')
                && !value.contains(' ')
                && names_secret(name, value)
        })
    })
}

/// `--token hunter2`, as [`super::join_arguments`] makes it or a shell's command line holds it.
fn gives_secret(text: &str) -> bool {
    let words: Vec<&str> = text.split(' ').collect();
    words.windows(2).any(|pair| super::is_secret_flag(pair[0]))
}

/// A key in hexadecimal digits: 128 bits or more, in which they vary.
fn is_hexadecimal(text: &str) -> bool {
    const SHORTEST: usize = 32;
    const DIFFERENT: usize = 8;
    text.len() >= SHORTEST
        && text.bytes().all(|b| b.is_ascii_hexdigit())
        && text.bytes().any(|b| b.is_ascii_digit())
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && different(text) >= DIFFERENT
}

/// Base64 with its padding, which nothing else ends in.
fn is_base64(text: &str) -> bool {
    const SHORTEST: usize = 16;
    let digits = text.trim_end_matches('=');
    text.len() >= SHORTEST
        && digits.len() < text.len()
        && text.len().is_multiple_of(4)
        && digits
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        && !reads_as_words(digits)
}

/// Long, of letters of both cases and digits that vary, and not made of words: a key rather than a
/// name.
fn is_random(text: &str) -> bool {
    const SHORTEST: usize = 24;
    let is_key_letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'_');
    text.len() >= SHORTEST
        && text.bytes().all(is_key_letter)
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && text.bytes().any(|b| b.is_ascii_digit())
        && different(text) * 2 >= SHORTEST
        && !reads_as_words(text)
}

fn different(text: &str) -> usize {
    text.bytes().collect::<BTreeSet<u8>>().len()
}

/// The letters that follow each letter in English words and in names of software: the commonest 210
/// of the 676 pairs, which make up nine in ten of those in the documents of this program.
const FOLLOWERS: [&str; 26] = [
    "bcdgiklmnprstuwy",
    "aeiloru",
    "aehiklortu",
    "aeiors",
    "acdefgilmnpqrstvwx",
    "aefiou",
    "ehinrsu",
    "aeio",
    "abcdefglmnoprstvz",
    "",
    "es",
    "adeilostuy",
    "aeimops",
    "acdefginost",
    "cdglmnoprstuvw",
    "aehiloprstu",
    "u",
    "acdeikmnorstuvy",
    "acehinopstu",
    "acehilorstuy",
    "abcdeilmnprst",
    "aei",
    "aehiors",
    "pt",
    "",
    "",
];

/// Returns whether most pairs of letters are those of words. Of random letters less than one in a
/// hundred texts of 32 passes for words; names of roles, classes and files score 0.72 and more.
fn reads_as_words(text: &str) -> bool {
    const LEAST: f64 = 0.68;
    let (mut pairs, mut common) = (0_u32, 0_u32);
    for pair in text.as_bytes().windows(2) {
        let &[first, second] = pair else { continue };
        let is_boundary = first.is_ascii_lowercase() && second.is_ascii_uppercase();
        if first.is_ascii_alphabetic() && second.is_ascii_alphabetic() && !is_boundary {
            let row = FOLLOWERS[usize::from(first.to_ascii_lowercase() - b'a')];
            pairs += 1;
            common += u32::from(row.contains(char::from(second.to_ascii_lowercase())));
        }
    }
    // Where letters and digits alternate, there are no words.
    let has_words = usize::try_from(pairs).is_ok_and(|pairs| pairs * 3 >= text.len());
    has_words && f64::from(common) >= LEAST * f64::from(pairs)
}
