//! A file as it was read: its text, and what people call it.

use std::{
    io,
    path::{Path, PathBuf},
};

/// What some editors, and PowerShell 5 with `Out-File -Encoding utf8`, put before UTF-8 (Unicode
/// standard, 23.8, "Byte order mark"). It is no part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What UTF-16 begins with, in either order of bytes, as PowerShell 5 writes it with `>`.
const UTF_16: [&[u8]; 2] = [b"\xFF\xFE", b"\xFE\xFF"];

/// The text of a file of which `bytes` were read. TOML and JSON are UTF-8 (TOML 1.0,
/// "Preliminaries"; RFC 8259, section 8.1).
pub fn decode(mut bytes: Vec<u8>) -> io::Result<String> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    let wrong = |message: String| io::Error::new(io::ErrorKind::InvalidData, message);
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        return Err(wrong(
            "the file is UTF-16 and has to be UTF-8; in PowerShell 5 write it with `Out-File -Encoding utf8`".to_owned(),
        ));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let before = &error.as_bytes()[..at];
        let line = before.split(|byte| *byte == b'\n').count();
        wrong(format!(
            "the file is not UTF-8: byte {} of it, in line {line}, begins no character",
            at + 1
        ))
    })
}

/// A TOML file and where it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, as it was given.
    pub path: PathBuf,
    /// The content.
    pub text: String,
}

impl Source {
    /// A file with this `text` that this one names by a path, which is relative to it.
    pub(crate) fn beside(&self, path: impl AsRef<Path>, text: String) -> Self {
        let folder = self.path.parent().unwrap_or(Path::new(""));
        Self {
            path: folder.join(path),
            text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text() {
        let text = decode(b"\xEF\xBB\xBF{}".to_vec());
        assert_eq!(text.expect("UTF-8"), "{}");
        let text = decode("ä\u{FEFF}".into());
        assert_eq!(text.expect("UTF-8"), "ä\u{FEFF}");
    }

    #[test]
    fn what_is_no_utf_8_is_named() {
        for (bytes, expected) in [
            (&b"\xFF\xFE{\0}\0"[..], "UTF-16"),
            (b"\xFE\xFF\0{\0}", "UTF-16"),
            (b"a\nb\xE4c", "byte 4 of it, in line 2"),
        ] {
            let error = decode(bytes.to_vec()).expect_err("no UTF-8").to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
