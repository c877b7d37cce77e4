//! Problems as annotations of GitHub Actions, which stand beside the lines of a pull request.
//!
//! A command is one line, `::error PROPERTIES::MESSAGE`, in which a few characters are escaped
//! (GitHub documentation, "Workflow commands for GitHub Actions"; `actions/toolkit`, `command.ts`).

use crate::file::render::json::Mistake;

/// The annotation of a mistake, with its line end.
pub fn line(mistake: &Mistake) -> String {
    let Mistake {
        code,
        message,
        file,
        labels,
        help,
    } = mistake;
    let mut properties = vec![format!("file={}", property(file))];
    if let Some(label) = labels.first() {
        properties.push(format!("line={}", label.start.line));
        properties.push(format!("endLine={}", label.end.line));
        // GitHub takes columns only within one line.
        if label.start.line == label.end.line {
            properties.push(format!("col={}", label.start.column));
            properties.push(format!("endColumn={}", label.end.column));
        }
    }
    properties.push(format!("title={}", property(code)));
    let help = help.as_ref().map(|help| format!("\n{help}"));
    let text = format!("{message}{}", help.unwrap_or_default());
    format!("::error {}::{}\n", properties.join(","), data(&text))
}

/// A message: what would end the line is escaped, and what escapes.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property: also what would end the property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::render::json::{Label, Position};

    fn at(line: usize, column: usize) -> Position {
        Position {
            byte: 0,
            line,
            column,
        }
    }

    fn mistake(start: Position, end: Position) -> Mistake {
        Mistake {
            code: "unknown-key",
            message: "100 % wrong".to_owned(),
            file: "a:b,c.toml".to_owned(),
            labels: vec![Label {
                label: "here".to_owned(),
                start,
                end,
            }],
            help: Some("did you mean `name`?".to_owned()),
        }
    }

    #[test]
    fn what_would_end_a_command_or_a_property_is_escaped() {
        assert_eq!(
            line(&mistake(at(7, 1), at(7, 5))),
            "::error file=a%3Ab%2Cc.toml,line=7,endLine=7,col=1,endColumn=5,title=unknown-key::100 %25 wrong%0Adid you mean `name`?\n"
        );
    }

    #[test]
    fn several_lines_have_no_columns() {
        assert_eq!(
            line(&mistake(at(7, 1), at(9, 5))),
            "::error file=a%3Ab%2Cc.toml,line=7,endLine=9,title=unknown-key::100 %25 wrong%0Adid you mean `name`?\n"
        );
    }
}
