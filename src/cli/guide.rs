//! `amp-stack guide`: the user guide, which every copy of the program carries.

mod pager;
mod rendered;

use std::ffi::OsStr;

use clap::Args;
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::{
    cli::{candidates::matching, console::Console, exit::Exit, failure::Failure},
    file::problem::nearest,
    show::{Paint, Style, words},
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack guide                         every topic, with a line on each
  amp-stack guide concepts                how it decides, and what it never does
  amp-stack guide ci > ci.md              one topic as it is written, in Markdown";

/// `guide`.
#[derive(Debug, Args)]
pub(super) struct Guide {
    /// The topic to read [default: list them all]
    #[arg(value_name = "TOPIC", add = ArgValueCompleter::new(topics))]
    pub(super) topic: Option<String>,
    /// Print a topic at once, without a pager. Otherwise what is longer than the terminal goes
    /// through the program that PAGER names, or less
    #[arg(long)]
    pub(super) no_pager: bool,
}

/// A page of the guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Page {
    /// What it is asked for by: the name of its file.
    topic: &'static str,
    /// Markdown: a title, a blank line and a sentence that says what it is about, and then the
    /// rest.
    text: &'static str,
}

/// The pages, in the order in which somebody new would read them.
const PAGES: &[Page] = &[
    Page {
        topic: "concepts",
        text: include_str!("../guide/concepts.md"),
    },
    Page {
        topic: "stack-file",
        text: include_str!("../guide/stack-file.md"),
    },
    Page {
        topic: "language",
        text: include_str!("../guide/language.md"),
    },
    Page {
        topic: "ci",
        text: include_str!("../guide/ci.md"),
    },
    Page {
        topic: "rollout",
        text: include_str!("../guide/rollout.md"),
    },
    Page {
        topic: "verify",
        text: include_str!("../guide/verify.md"),
    },
    Page {
        topic: "sidecar",
        text: include_str!("../guide/sidecar.md"),
    },
    Page {
        topic: "metrics",
        text: include_str!("../guide/metrics.md"),
    },
    Page {
        topic: "editors",
        text: include_str!("../guide/editors.md"),
    },
    Page {
        topic: "errors",
        text: include_str!("../guide/errors.md"),
    },
    Page {
        topic: "json",
        text: include_str!("../guide/json.md"),
    },
    Page {
        topic: "from-terraform",
        text: include_str!("../guide/from-terraform.md"),
    },
    Page {
        topic: "from-cloudformation",
        text: include_str!("../guide/from-cloudformation.md"),
    },
    Page {
        topic: "from-copilot",
        text: include_str!("../guide/from-copilot.md"),
    },
    Page {
        topic: "faq",
        text: include_str!("../guide/faq.md"),
    },
    Page {
        topic: "changes",
        text: include_str!("../guide/changes.md"),
    },
];

impl Page {
    /// The first sentence under the title, in one line.
    fn sentence(&self) -> String {
        let paragraph = self.text.split("\n\n").nth(1).unwrap_or_default();
        let line = paragraph.replace('\n', " ");
        match line.split_once(". ") {
            Some((first, _)) => format!("{first}."),
            None => line,
        }
    }

    /// The page, with its headings in the colour of titles.
    fn painted(&self, style: Style) -> String {
        let mut in_block = false;
        let mut text = String::with_capacity(self.text.len());
        for line in self.text.lines() {
            in_block ^= line.starts_with("```");
            if line.starts_with('#') && !in_block {
                text.push_str(&style.paint(Paint::Title, line));
            } else {
                text.push_str(line);
            }
            text.push('\n');
        }
        text
    }
}

/// `amp-stack guide`. On a terminal a page is laid out and paged; anywhere else it is the Markdown
/// that it is written in.
pub(super) fn guide(args: &Guide, console: &mut Console) -> Result<Exit, Failure> {
    let style = console.out_style;
    let Some(topic) = &args.topic else {
        console.print(&list(style))?;
        return Ok(Exit::Done);
    };
    let page = find(topic)?;
    let Some(rows) = console.out_rows else {
        console.print(&page.painted(style))?;
        return Ok(Exit::Done);
    };
    let text = rendered::rendered(page.text, style);
    let is_paged = !args.no_pager && text.lines().count() > rows && pager::page(&text);
    if !is_paged {
        console.print(&text)?;
    }
    Ok(Exit::Done)
}

/// The topics that begin with `current`.
fn topics(current: &OsStr) -> Vec<CompletionCandidate> {
    let pages = PAGES.iter();
    matching(
        current,
        pages.map(|page| (page.topic, Some(page.sentence()))),
    )
}

/// Every topic with its sentence.
fn list(style: Style) -> String {
    let width = PAGES.iter().map(|page| page.topic.len()).max();
    let width = width.unwrap_or_default();
    let lines = PAGES.iter().map(|page| {
        let topic = style.paint(Paint::Title, &format!("{:width$}", page.topic));
        words::wrap(&format!("{topic}  "), &page.sentence(), style.width)
    });
    lines.collect()
}

/// The page that is asked for, by its topic or its file.
fn find(topic: &str) -> Result<Page, Failure> {
    let bare = topic.strip_suffix(".md").unwrap_or(topic);
    let bare = bare.to_ascii_lowercase();
    let bare = bare.as_str();
    let found = PAGES.iter().find(|page| page.topic == bare);
    found.copied().ok_or_else(|| {
        let topics = || PAGES.iter().map(|page| page.topic);
        let within = || topics().find(|known| known.split('-').any(|word| word == bare));
        let hint = match nearest(bare, topics()).or_else(within) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`amp-stack guide` lists every topic".to_owned(),
        };
        Failure::before(format!("the guide has no topic `{topic}`")).hint(hint)
    })
}

#[cfg(test)]
mod tests;
