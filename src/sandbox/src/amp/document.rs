//! Rules and alert manager definitions as they travel: YAML in base64.

use aws_smithy_types::base64;

use crate::{Refusal, service::Input};

use super::{
    input::required_text,
    refusal::{cannot_parse, invalid},
};

/// The largest rules or alert manager definition file, in bytes (AMP user guide, quotas).
const BYTES_MAX: usize = 1_000_000;

/// The base64 text of `data`, which must decode to YAML with this key at the top level. The rest of
/// the document is not examined.
pub(super) fn data(input: &Input, top_level_key: &str) -> Result<String, Refusal> {
    let encoded = required_text(input, "data")?;
    let bytes =
        base64::decode(encoded).map_err(|_| cannot_parse("data", "must be encoded in base64"))?;
    if bytes.len() > BYTES_MAX {
        return Err(invalid("data", "must have at most 1,000,000 bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| invalid("data", "must be UTF-8"))?;
    let has_key = text.lines().any(|line| {
        line.strip_prefix(top_level_key)
            .is_some_and(|rest| rest.trim_start().starts_with(':'))
    });
    if has_key {
        Ok(encoded.to_owned())
    } else {
        let rule = format!("must have the top-level key {top_level_key}");
        Err(invalid("data", &rule))
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::base64;
    use serde_json::json;

    use super::data;
    use crate::service::Input;

    #[test]
    fn a_file_has_a_million_bytes_at_most() {
        for (bytes, expected) in [(1_000_000, true), (1_000_001, false)] {
            let mut input = Input::new();
            let text = format!("groups:{}", " ".repeat(bytes - 7));
            input.insert("data".to_owned(), json!(base64::encode(text)));
            assert_eq!(data(&input, "groups").is_ok(), expected, "{bytes}");
        }
    }

    #[test]
    fn the_key_stands_at_the_top() {
        for (text, expected) in [
            ("groups:", true),
            ("# rules\ngroups : []", true),
            ("groupset: []", false),
            (" groups: []", false),
            ("a: {groups: []}", false),
            ("", false),
        ] {
            let mut input = Input::new();
            input.insert("data".to_owned(), json!(base64::encode(text)));
            assert_eq!(data(&input, "groups").is_ok(), expected, "{text:?}");
        }
    }
}
