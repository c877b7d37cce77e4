//! The pages of the guide as people read them on a terminal: wrapped, with tables whose columns
//! fit, and without the signs of Markdown.

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use crate::show::{Paint, Style, words};

/// What stands between two columns of a table.
const GAP: &str = "  ";
/// The least columns that a cell of a table has, however narrow the terminal is.
const NARROWEST: usize = 8;

/// A page, given as Markdown, for a terminal.
pub(super) fn rendered(markdown: &str, style: Style) -> String {
    let mut renderer = Renderer::new(style);
    for event in Parser::new_ext(markdown, Options::ENABLE_TABLES) {
        renderer.take(event);
    }
    let mut text = renderer.text.trim_end().to_owned();
    text.push('\n');
    text
}

struct Renderer {
    style: Style,
    text: String,
    /// What was read since the last block ended.
    inline: String,
    /// What stands before every line.
    margins: Vec<String>,
    /// What stands before the next line instead of the last margin, once.
    bullet: Option<String>,
    /// The numbers of the lists around, if these are numbered.
    lists: Vec<Option<u64>>,
    /// Where the link leads that is being read.
    link: Option<String>,
    /// The rows of the table that is being read.
    rows: Vec<Vec<String>>,
}

impl Renderer {
    fn new(style: Style) -> Self {
        Self {
            style,
            text: String::new(),
            inline: String::new(),
            margins: Vec::new(),
            bullet: None,
            lists: Vec::new(),
            link: None,
            rows: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.begin(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::InlineHtml(text) => self.inline.push_str(&text),
            Event::Code(code) => {
                let code = if self.style.colour {
                    self.style.paint(Paint::Adopt, &code)
                } else {
                    format!("`{code}`")
                };
                self.inline.push_str(&code);
            }
            Event::SoftBreak => self.inline.push(' '),
            Event::HardBreak => self.paragraph(),
            Event::Rule => self.line(&"─".repeat(self.room())),
            // Comments, which are for whoever writes the guide.
            Event::Html(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => {}
        }
    }

    fn begin(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { .. } | Tag::Table(_) => self.separate(),
            Tag::Paragraph if self.bullet.is_none() => self.separate(),
            Tag::BlockQuote(_) => {
                self.separate();
                self.margins.push("│ ".to_owned());
            }
            Tag::CodeBlock(kind) => {
                self.paragraph();
                self.separate();
                // The name of a file stands after the language.
                if let CodeBlockKind::Fenced(info) = kind
                    && let Some((_, file)) = info.split_once(' ')
                {
                    let file = self.style.paint(Paint::Faint, &format!("{file}:"));
                    self.line(&file);
                }
                self.margins.push("    ".to_owned());
            }
            Tag::List(first) => {
                self.paragraph();
                if self.lists.is_empty() {
                    self.separate();
                }
                self.lists.push(first);
            }
            Tag::Item => {
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        let bullet = format!("{number}. ");
                        *number += 1;
                        bullet
                    }
                    Some(None) | None => "• ".to_owned(),
                };
                self.margins.push(" ".repeat(words::columns(&bullet)));
                self.bullet = Some(bullet);
            }
            Tag::Link { dest_url, .. } => self.link = Some(dest_url.into_string()),
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::Paragraph
            | Tag::HtmlBlock
            | Tag::FootnoteDefinition(_)
            | Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::TableCell
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Strikethrough
            | Tag::Superscript
            | Tag::Subscript
            | Tag::Image { .. }
            | Tag::MetadataBlock(_) => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                let title = std::mem::take(&mut self.inline);
                self.inline = self.style.paint(Paint::Title, &title);
                self.paragraph();
            }
            TagEnd::Paragraph => self.paragraph(),
            TagEnd::BlockQuote(_) => _ = self.margins.pop(),
            TagEnd::CodeBlock => {
                let code = std::mem::take(&mut self.inline);
                for line in code.lines() {
                    self.line(line);
                }
                self.margins.pop();
            }
            TagEnd::Item => {
                self.paragraph();
                self.bullet = None;
                self.margins.pop();
            }
            TagEnd::List(_) => _ = self.lists.pop(),
            TagEnd::Link => {
                if let Some(end) = self.link.take().and_then(|to| leads_to(&to)) {
                    self.inline.push_str(&end);
                }
            }
            TagEnd::TableCell => {
                let cell = std::mem::take(&mut self.inline);
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::Table => self.table(),
            TagEnd::HtmlBlock
            | TagEnd::FootnoteDefinition
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::TableHead
            | TagEnd::TableRow
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Strikethrough
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::Image
            | TagEnd::MetadataBlock(_) => {}
        }
    }

    /// An empty line, unless there is one.
    fn separate(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// The columns that are left beside the margins.
    fn room(&self) -> usize {
        let margins: usize = self.margins.iter().map(|m| words::columns(m)).sum();
        self.style.width.saturating_sub(margins).max(NARROWEST)
    }

    /// What stands before the next line.
    fn margin(&mut self) -> String {
        let mut margins = self.margins.clone();
        if let (Some(bullet), Some(last)) = (self.bullet.take(), margins.last_mut()) {
            *last = bullet;
        }
        margins.concat()
    }

    /// Ends the paragraph that is being read.
    fn paragraph(&mut self) {
        let inline = std::mem::take(&mut self.inline);
        if inline.trim().is_empty() {
            return;
        }
        let wrapped = words::wrap("", inline.trim(), self.room());
        for line in wrapped.lines() {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        let margin = self.margin();
        let line = format!("{margin}{line}");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn table(&mut self) {
        let rows = std::mem::take(&mut self.rows);
        let gaps = GAP.len() * rows.first().map_or(0, |row| row.len().saturating_sub(1));
        let widths = widths(&rows, self.room().saturating_sub(gaps));
        for (index, row) in rows.iter().enumerate() {
            for line in laid_out(row, &widths) {
                if index == 0 {
                    let line = self.style.paint(Paint::Title, &line);
                    self.line(&line);
                } else {
                    self.line(&line);
                }
            }
            if index == 0 {
                let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
                self.line(&rule.join(GAP));
            }
        }
    }
}

/// What is said of where a link leads: what the guide holds is asked for by its topic.
fn leads_to(link: &str) -> Option<String> {
    if link.contains("://") {
        return Some(format!(" ({link})"));
    }
    let page = link.split('#').next().unwrap_or(link);
    let topic = page.strip_suffix(".md")?;
    let topic = topic.rsplit('/').next().unwrap_or(topic);
    (topic != "README").then(|| format!(" (amp-stack guide {topic})"))
}

/// The widths of the columns, which are made narrower from the widest on until they fit.
fn widths(rows: &[Vec<String>], room: usize) -> Vec<usize> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let mut widths: Vec<usize> = (0..columns)
        .map(|column| {
            cells(column)
                .map(|cell| words::columns(cell))
                .max()
                .unwrap_or(0)
        })
        .collect();
    let longest = |cell: &String| cell.split(' ').map(words::columns).max().unwrap_or(0);
    let least: Vec<usize> = (0..columns)
        .map(|column| cells(column).map(longest).max().unwrap_or(0).max(NARROWEST))
        .collect();
    while widths.iter().sum::<usize>() > room {
        let can_shrink = |column: &usize| widths[*column] > least[*column];
        let widest = (0..columns)
            .filter(can_shrink)
            .max_by_key(|column| widths[*column]);
        // What is wider than the terminal as it is, is left so.
        let Some(widest) = widest else { break };
        widths[widest] -= 1;
    }
    widths
}

/// The lines of one row.
fn laid_out(row: &[String], widths: &[usize]) -> Vec<String> {
    let cells = row.iter().zip(widths);
    let cells: Vec<Vec<String>> = cells
        .map(|(cell, width)| {
            let wrapped = words::wrap("", cell, *width);
            wrapped.lines().map(str::to_owned).collect()
        })
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let line = |index: usize| {
        let cells = cells.iter().zip(widths).map(|(cell, width)| {
            let text = cell.get(index).map_or("", String::as_str);
            let padding = width.saturating_sub(words::columns(text));
            format!("{text}{}", " ".repeat(padding))
        });
        let cells: Vec<String> = cells.collect();
        cells.join(GAP).trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::cli::guide::PAGES;

    fn plain(width: usize) -> Style {
        Style {
            colour: false,
            width,
        }
    }

    #[test]
    fn a_page_is_laid_out() {
        let page = "# Title\n\nA sentence that is [long](ci.md#x) enough to be broken, with `code`.\n\n\
                    * one\n* two, which is so long that it has a second line\n    1. inner\n\n\
                    ```toml stack.toml\n[stack]\nname = \"a\"\n```\n\n\
                    | key | meaning |\n|---|---|\n| `a` | something that takes more than one line here |\n";
        insta::assert_snapshot!(rendered(page, plain(40)), @r#"
        Title

        A sentence that is long (amp-stack guide
        ci) enough to be broken, with `code`.

        • one
        • two, which is so long that it has a
          second line
          1. inner

        stack.toml:
            [stack]
            name = "a"

        key  meaning
        ───  ───────────────────────────────────
        `a`  something that takes more than one
             line here
        "#);
    }

    /// The letters of a text, which no layout changes.
    fn letters(text: &str) -> String {
        text.chars().filter(|c| c.is_alphanumeric()).collect()
    }

    #[test]
    fn no_word_of_a_page_is_lost_and_no_line_is_too_long_but_for_long_words() {
        for page in PAGES {
            let mut said = String::new();
            for event in Parser::new_ext(page.text, Options::ENABLE_TABLES) {
                if let Event::Text(text) | Event::Code(text) = event {
                    said.extend([&text, " "]);
                }
            }
            for width in [40, 80, 120] {
                let text = rendered(page.text, plain(width));
                for line in text.lines() {
                    let is_code = line.starts_with("    ") || line.contains("    ");
                    let longest = line.split(' ').map(words::columns).max().unwrap_or(0);
                    let is_table = line.contains(GAP);
                    let fits = words::columns(line) <= width;
                    assert!(
                        fits || is_code || is_table || longest + 12 > width,
                        "{} at {width}: {line}",
                        page.topic
                    );
                }
            }
            // Whatever is said is there, however it is laid out.
            let text = letters(&rendered(page.text, plain(usize::from(u16::MAX))));
            let said: BTreeSet<String> = said.split_whitespace().map(letters).collect();
            for word in said {
                assert!(text.contains(&word), "{}: {word}", page.topic);
            }
        }
    }

    #[test]
    fn a_table_that_fits_is_as_wide_as_its_cells() {
        let rows = [vec!["a".to_owned(), "bb".to_owned()]];
        assert_eq!(widths(&rows, 80), [1, 2]);
        let long = "word ".repeat(30);
        let rows = [vec!["first".to_owned(), long.trim().to_owned()]];
        assert_eq!(widths(&rows, 50), [5, 45]);
    }
}
