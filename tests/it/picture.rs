//! The picture in the README is a session that was really run: it is drawn here from what the
//! program prints, and compared with the files. `AMP_STACK_UPDATE_GUIDE=1` writes them anew.

#![expect(clippy::unwrap_used, reason = "a session that breaks off has failed")]

use std::{fmt::Write as _, fs, path::Path};

use crate::{
    guide::pages::{pages, root},
    run::{Bench, Run},
};

/// The colours of a terminal.
struct Theme {
    file: &'static str,
    background: &'static str,
    text: &'static str,
    faint: &'static str,
    /// By the number of the escape sequence that chooses it.
    colours: [(&'static str, &'static str); 5],
}

const THEMES: [Theme; 2] = [
    Theme {
        file: "session-light.svg",
        background: "#f6f8fa",
        text: "#1f2328",
        faint: "#59636e",
        colours: [
            ("31", "#b3261e"),
            ("32", "#1a7f37"),
            ("33", "#8a5a00"),
            ("35", "#7d3fb2"),
            ("36", "#0b6e84"),
        ],
    },
    Theme {
        file: "session-dark.svg",
        background: "#151b23",
        text: "#e6edf3",
        faint: "#9198a1",
        colours: [
            ("31", "#ff8a80"),
            ("32", "#56d364"),
            ("33", "#e3b341"),
            ("35", "#d2a8ff"),
            ("36", "#56d4dd"),
        ],
    },
];

/// Columns that a line may have.
const WIDTH: usize = 100;
/// The width of a letter of the font in tenths of a pixel, and the height of a line in pixels.
const LETTER: (usize, usize) = (78, 19);
/// What is left free around the text.
const MARGIN: usize = 18;

#[test]
fn the_picture_is_a_session_that_was_run() {
    let lines = session();
    let update = std::env::var_os("AMP_STACK_UPDATE_GUIDE").is_some();
    for theme in &THEMES {
        let path = root().join(".github/images").join(theme.file);
        let drawn = draw(&lines, theme);
        if update {
            fs::write(&path, &drawn).unwrap();
        }
        let there = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            there == drawn,
            "{} is not what the program prints: run with AMP_STACK_UPDATE_GUIDE=1",
            path.display()
        );
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for theme in &THEMES {
        assert!(readme.contains(&format!(".github/images/{}", theme.file)));
    }
}

/// The README's stack file.
fn readme() -> String {
    let readme = pages()
        .into_iter()
        .find(|page| page.path == Path::new("README.md"))
        .unwrap();
    let mut blocks = readme.blocks().into_iter();
    let block = blocks.find(|block| block.file.as_deref() == Some("checkout.toml"));
    block.unwrap().text
}

/// A change of the README's file, its plan, and the proof that samples arrive.
fn session() -> Vec<String> {
    let bench = Bench::new("picture");
    let file = readme();
    bench.write("checkout.toml", &file);
    let trial = bench.run(&["try", "checkout.toml", "--color", "always"]);
    bench.run(&["apply", "checkout.toml", "--yes", "--sandbox"]);
    let changed = file
        .replace("retention_days = 30", "retention_days = 14")
        .replace("checkout:1.0", "checkout:1.1");
    assert_ne!(changed, file);
    bench.write("checkout.toml", &changed);
    let plan = bench.run(&["plan", "checkout.toml", "--sandbox", "--color", "always"]);
    let mut lines = vec![prompt("amp-stack plan")];
    lines.extend(between(&plan, "in us-east-1, account", "To do it"));
    lines.extend([String::new(), prompt("amp-stack verify")]);
    let proof = between(&trial, "the plan is empty", "Not looked at");
    lines.extend(proof.into_iter().map(|line| without_ids(&line)));
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn prompt(command: &str) -> String {
    format!("\u{1b}[2m$\u{1b}[0m {command}")
}

/// The lines from the one that has `first` to the one before `end`.
fn between(run: &Run, first: &str, end: &str) -> Vec<String> {
    let lines = run.stdout.lines();
    let lines = lines.skip_while(|line| !line.contains(first));
    let lines: Vec<String> = lines
        .take_while(|line| !line.contains(end))
        .map(|line| line.replace(" (sandbox .amp-stack/sandbox.json)", ""))
        .collect();
    assert!(!lines.is_empty(), "no {first} in {run:?}");
    lines
}

/// A line without what is another one in every run: the id of the workspace, and ages.
fn without_ids(line: &str) -> String {
    let mut line = line.to_owned();
    // A word of its own: the name of the collector's container has these letters too.
    if let Some(start) = line.find(" ws-").map(|space| space + 1) {
        let rest = &line[start..];
        let length = rest.find([' ', '\u{1b}']).unwrap_or(rest.len());
        line.replace_range(start..start + length, "ws-0a1b2c3d");
    }
    if let Some(age) = line.find("s old at most") {
        let start = line[..age].rfind(' ').map_or(0, |at| at + 1);
        line.replace_range(start..age, "17");
    }
    line
}

/// The lines as a picture.
fn draw(lines: &[String], theme: &Theme) -> String {
    let columns = lines.iter().map(|line| plain(line).chars().count());
    let columns = columns.max().unwrap();
    assert!(columns <= WIDTH, "a line of {columns} columns");
    let width = 2 * MARGIN + columns * LETTER.0 / 10;
    let height = 2 * MARGIN + lines.len() * LETTER.1;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace\" font-size=\"13\">\n\
         <title>A session with amp-stack: a plan of two changes, and the proof that samples arrive</title>\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{}\"/>\n",
        theme.background
    );
    for (index, line) in lines.iter().enumerate() {
        let y = MARGIN + 13 + index * LETTER.1;
        let spans = spans(line, theme);
        if !spans.is_empty() {
            writeln!(
                svg,
                "<text x=\"{MARGIN}\" y=\"{y}\" fill=\"{}\" xml:space=\"preserve\">{spans}</text>",
                theme.text
            )
            .unwrap();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// A line with its escape sequences as elements.
fn spans(line: &str, theme: &Theme) -> String {
    let mut spans = String::new();
    let mut style: Option<String> = None;
    for (index, part) in line.split("\u{1b}[").enumerate() {
        let text = if index == 0 {
            part
        } else {
            let (code, text) = part.split_once('m').unwrap();
            style = attributes(code, theme);
            text
        };
        if text.is_empty() {
            continue;
        }
        let text = text
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;");
        match &style {
            None => spans.push_str(&text),
            Some(style) => write!(spans, "<tspan {style}>{text}</tspan>").unwrap(),
        }
    }
    spans
}

/// What an escape sequence sets, as attributes of an element: none for the one that resets.
fn attributes(code: &str, theme: &Theme) -> Option<String> {
    let attributes = code.split(';').map(|code| match code {
        "0" => String::new(),
        "1" => "font-weight=\"bold\"".to_owned(),
        "2" => format!("fill=\"{}\"", theme.faint),
        "4" => "text-decoration=\"underline\"".to_owned(),
        code => {
            let colour = theme.colours.iter().find(|(number, _)| *number == code);
            format!("fill=\"{}\"", colour.expect(code).1)
        }
    });
    let attributes = attributes.collect::<Vec<_>>().join(" ");
    (!attributes.is_empty()).then_some(attributes)
}

fn plain(line: &str) -> String {
    let mut parts = line.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.split_once('m').map_or("", |(_, rest)| rest)
    })
}
