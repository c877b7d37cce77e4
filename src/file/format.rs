//! Formats stack files: one way to write each, with every comment, value and order kept.
//!
//! # The rules
//!
//! * Keys, tables, elements and comments stay in their order, and dotted keys stay dotted. Only
//!   what means nothing changes: spaces, line breaks, quotes.
//! * One blank line stands above a header, or above the comments that stand right on it, and none
//!   below it. Elsewhere blank lines stay, one at a time.
//! * The `=` of neighbouring keys stand in one column; blank lines, headers and values of several
//!   lines separate neighbours, comments do not.
//! * Comments at the ends of neighbouring lines stand in one column: the 38th, as long as their
//!   lines leave that free. One behind an uncommonly long line follows it.
//! * An array takes one line if that has at most 100 columns and no comment is in it, else each
//!   element takes one, indented by four spaces.
//! * An inline table takes one line. It takes one per member only where it was written so (which
//!   TOML knows since 1.1) and does not fit into 100 columns, or holds comments.
//! * `'text'` becomes `"text"` where this needs no escape. Numbers, dates and strings of several
//!   lines stay as they were written.
//! * Lines end in a line feed, without spaces before it; the file ends with one line end.
//!
//! # How it works
//!
//! ```text
//!   text ──parse──▶ sections, entries, comments ──layout──▶ lines ──align──▶ text
//! ```
//!
//! It works on the events of the parser that reads stack files, because documents that can be
//! edited bring the dotted keys of one table together, which is another order.
//!
//! # Laws
//!
//! The result means the same, holds the same comments in the same order, and is formatted already.

mod align;
mod layout;
mod parse;

use unicode_width::UnicodeWidthStr as _;

use crate::file::{
    document::Document,
    problem::{Problem, Problems},
    source::Source,
};

/// The text of `source` as it should be written, or what keeps it from being TOML. Other mistakes
/// of a stack file don't matter.
pub fn format(source: &Source) -> Result<String, Vec<Problem>> {
    let mut problems = Problems::default();
    if Document::parse(source, &mut problems).is_none() {
        return Err(problems.into_sorted());
    }
    let sections = parse::parse(&source.text);
    Ok(align::align(&layout::layout(&sections)))
}

/// The columns that `text` takes on a terminal, or its last line if it has several.
fn width(text: &str) -> usize {
    text.rsplit('\n').next().unwrap_or(text).width()
}

#[cfg(test)]
mod tests;
