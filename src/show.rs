//! What people see: plans, progress and summaries as text.

pub mod dashboard;
pub mod decide;
mod entry;
pub mod events;
mod file_order;
pub mod graph;
pub mod markdown;
pub mod metrics;
pub mod moved;
pub mod outputs;
pub mod permissions;
pub mod plan;
pub mod progress;
pub mod status;
mod step;
pub mod summary;
pub mod suppressed;
pub mod verify;
pub mod words;

use crate::model::{
    diff::{Part, Path},
    node::Node,
    secret,
};

/// The width of output that no terminal shows.
pub const DEFAULT_WIDTH: usize = 100;

/// How text is laid out for one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are used. Nothing is said by colour alone.
    pub colour: bool,
    /// The columns that lines should fit in.
    pub width: usize,
}

/// What a piece of text is, for those who see colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Something comes.
    Create,
    /// Something changes.
    Update,
    /// Something goes, or went wrong.
    Remove,
    /// Something goes and comes again.
    Replace,
    /// Something is taken over, or advice.
    Adopt,
    /// The name of what follows.
    Title,
    /// Less important than what stands around it.
    Faint,
}

impl Style {
    /// Without colours, in [`DEFAULT_WIDTH`] columns.
    pub const PLAIN: Self = Self {
        colour: false,
        width: DEFAULT_WIDTH,
    };

    /// The text in its colour.
    pub fn paint(self, paint: Paint, text: &str) -> String {
        if !self.colour || text.trim().is_empty() {
            return text.to_owned();
        }
        let code = match paint {
            Paint::Create => "32",
            Paint::Update => "33",
            Paint::Remove => "31",
            Paint::Replace => "35",
            Paint::Adopt => "36",
            Paint::Title => "1",
            Paint::Faint => "2",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// Returns whether the value of something called `name` is not to be shown.
pub fn is_secret(name: &str, value: &str) -> bool {
    let path = Path::default().join(Part::Key(name.to_owned()));
    secret::is_secret(&path, &Node::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_has_no_escapes() {
        assert_eq!(Style::PLAIN.paint(Paint::Remove, "x"), "x");
        let coloured = Style {
            colour: true,
            ..Style::PLAIN
        };
        assert_eq!(coloured.paint(Paint::Remove, "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(coloured.paint(Paint::Remove, ""), "");
    }
}
