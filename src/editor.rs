//! What an editor asks of a stack file that somebody is writing: what may stand at a place, what
//! stands there, where it is declared, and what mends a mistake. Each answer is a function of the
//! text and the place alone, and none needs the file to be right.

mod complete;
mod definition;
mod fix;
mod hover;
mod place;

pub use complete::{Completion, CompletionKind, completions};
pub use definition::{address, definition};
pub use fix::{Fix, fix};
pub use hover::{Hover, hover};

#[cfg(test)]
mod tests;
