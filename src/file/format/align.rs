//! Writes lines as text, with the `=` and the comments of neighbouring lines in columns.

use crate::file::format::{
    layout::{Content, EQUALS, INDENT, Line},
    width,
};

/// The column in which comments at the ends of lines stand, counted from 0, unless a line needs
/// more.
const COMMENTS: usize = 37;
/// The least spaces before a comment at the end of a line.
const GAP: usize = 2;
/// The longest line, without its comment, that other lines' comments make room for.
const LONG: usize = 80;

/// Writes `lines`.
pub(crate) fn align(lines: &[Line]) -> String {
    let mut text = String::new();
    for block in lines.chunk_by(are_neighbours) {
        let block: Vec<&Content> = block.iter().filter_map(content).collect();
        if block.is_empty() {
            text.push('\n');
        }
        write(&block, &mut text);
    }
    text
}

fn are_neighbours(one: &Line, other: &Line) -> bool {
    match (one, other) {
        (Line::Inner(one), Line::Inner(other)) => one.depth == other.depth,
        (Line::Blank | Line::Header(_) | Line::Inner(_), _) => false,
    }
}

fn content(line: &Line) -> Option<&Content> {
    match line {
        Line::Blank => None,
        Line::Header(content) | Line::Inner(content) => Some(content),
    }
}

/// Writes lines that are neighbours.
fn write(block: &[&Content], text: &mut String) {
    let mut written = Vec::new();
    for run in block.chunk_by(|one, other| !is_part(one) && !is_part(other)) {
        let keys = run.iter().filter_map(|line| line.key.as_deref());
        let column = keys.map(width).max().unwrap_or_default();
        written.extend(run.iter().map(|line| without_comment(line, column)));
    }
    let column = comment_column(block, &written);
    for (line, mut code) in block.iter().zip(written) {
        if let Some(comment) = &line.comment {
            if !is_comment(line) {
                let width = width(&code);
                let gap = if is_long(&code) { GAP } else { column - width };
                code.extend(std::iter::repeat_n(' ', gap));
            }
            code.push_str(comment);
        }
        text.push_str(&code);
        text.push('\n');
    }
}

/// Returns whether a line holds a part of a value, or an element of an array.
fn is_part(line: &Content) -> bool {
    line.key.is_none() && !is_comment(line)
}

/// Returns whether a line holds a comment and nothing else.
fn is_comment(line: &Content) -> bool {
    line.text.is_empty()
}

/// The line with its `=` behind `column` columns of key.
fn without_comment(line: &Content, column: usize) -> String {
    let mut code = " ".repeat(line.depth * INDENT);
    if let Some(key) = &line.key {
        code.push_str(key);
        code.push_str(&" ".repeat(column - width(key)));
        code.push_str(EQUALS);
    }
    code.push_str(&line.text);
    code
}

/// Where the comments of a block stand: where they always do, or else right of every line that has
/// one.
fn comment_column(block: &[&Content], written: &[String]) -> usize {
    let lines = block.iter().zip(written);
    let commented = lines.filter(|(line, _)| line.comment.is_some() && !is_comment(line));
    commented
        .filter(|(_, code)| !is_long(code))
        .map(|(_, code)| width(code) + GAP)
        .fold(COMMENTS, usize::max)
}

/// Returns whether a line is no measure for its neighbours.
fn is_long(code: &str) -> bool {
    code.contains('\n') || width(code) > LONG
}
