//! Shows a long text page by page, with the program that people have for that.

use std::{
    env,
    io::Write as _,
    process::{Command, Stdio},
};

/// The program, unless PAGER names another.
const DEFAULT: &str = "less";
/// How `less` shows colours, and ends at once if the text fits, as git sets it.
const LESS: &str = "FRX";

/// Shows `text`, and returns whether a pager took it.
pub(super) fn page(text: &str) -> bool {
    let pager = env::var_os("PAGER").map_or_else(
        || DEFAULT.to_owned(),
        |pager| pager.to_string_lossy().into_owned(),
    );
    let mut words = pager.split_whitespace();
    let Some(program) = words.next() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    if let Some(mut input) = child.stdin.take() {
        // Whoever leaves the pager early has read enough.
        let _ = input.write_all(text.as_bytes());
    }
    child.wait().is_ok()
}
