//! A file as it was read: its text, and what people call it.

use std::path::PathBuf;

/// A TOML file and where it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path, as it was given.
    pub path: PathBuf,
    /// The content.
    pub text: String,
}
