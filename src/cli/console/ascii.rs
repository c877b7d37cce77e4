//! A terminal that shows ASCII only: what amp-stack draws itself is written in letters that it has.
//! What the user wrote, such as a tag in another script, is left as it is.

use std::{
    ffi::OsStr,
    io::{self, Write},
};

/// What is drawn, and what stands for it. Each takes one column, so that columns stay, but for the
/// ellipsis, which ends what it is in.
const LETTERS: &[(char, &str)] = &[
    ('─', "-"),
    ('│', "|"),
    ('┬', "+"),
    ('╭', ","),
    ('╰', "`"),
    ('├', "|"),
    ('▶', ">"),
    ('·', ":"),
    ('✓', "v"),
    ('✗', "x"),
    ('×', "x"),
    ('⚠', "!"),
    ('…', "..."),
    ('→', ">"),
];

/// Returns whether the environment says that a terminal shows no more than ASCII: the first of
/// these variables that is set names a locale that is not in UTF-8 (POSIX, "Environment Variables",
/// internationalization), or the terminal is a dumb one. Where nothing is said, it shows UTF-8.
pub(super) fn is_ascii<T: AsRef<OsStr>>(environment: &dyn Fn(&str) -> Option<T>) -> bool {
    let set = |name: &str| {
        let value = environment(name)?;
        let value = value.as_ref().to_string_lossy().to_ascii_lowercase();
        (!value.is_empty()).then_some(value)
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let is_other = |locale: String| !locale.contains("utf-8") && !locale.contains("utf8");
    locale.is_some_and(is_other) || set("TERM").as_deref() == Some("dumb")
}

/// Writes to `W` in ASCII.
pub(super) struct Ascii<W>(pub(super) W);

impl<W: Write> Write for Ascii<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.0.write_all(in_ascii(text).as_bytes())?,
            // Half a letter is none that is drawn.
            Err(_) => self.0.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn in_ascii(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for letter in text.chars() {
        match LETTERS.iter().find(|(drawn, _)| *drawn == letter) {
            Some((_, ascii)) => written.push_str(ascii),
            None => written.push(letter),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides() {
        let with = |pairs: &'static [(&'static str, &'static str)]| {
            is_ascii(&move |asked| {
                let pair = pairs.iter().find(|(name, _)| *name == asked);
                pair.map(|(_, value)| *value)
            })
        };
        for (pairs, expected) in [
            (&[][..], false),
            (&[("LANG", "en_US.UTF-8")], false),
            (&[("LANG", "C.utf8")], false),
            (&[("LC_ALL", "C")], true),
            (&[("LC_ALL", "C"), ("LANG", "en_US.UTF-8")], true),
            (&[("LC_ALL", ""), ("LANG", "en_US.UTF-8")], false),
            (&[("LC_CTYPE", "POSIX")], true),
            (&[("TERM", "dumb")], true),
            (&[("TERM", "xterm-256color")], false),
        ] {
            assert_eq!(with(pairs), expected, "{pairs:?}");
        }
    }

    /// The picture of a mistake and the marks of `verify`, which are all that is drawn.
    #[test]
    fn what_is_drawn_is_ascii_and_names_are_kept() {
        let drawn =
            "  × no\n   ╭─[a.toml:1:1]\n 1 │ x = \"ü\"\n   · ┬\n   · ╰── here\n   ╰────\n✓ ✗ … ×";
        let mut written = Vec::new();
        Ascii(&mut written)
            .write_all(drawn.as_bytes())
            .expect("memory");
        let written = String::from_utf8(written).expect("UTF-8");
        assert_eq!(
            written,
            "  x no\n   ,-[a.toml:1:1]\n 1 | x = \"ü\"\n   : +\n   : `-- here\n   `----\nv x ... x"
        );
    }
}
