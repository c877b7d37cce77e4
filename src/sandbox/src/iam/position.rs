//! Where the statements of a policy document stand in its text.

/// A place in a text; lines and columns count from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) line: usize,
    pub(super) column: usize,
}

/// The first character of the statement with this index, and the place behind its last one.
///
/// The text must be a policy document. So the only objects right below the top level, or below a
/// list there, are statements.
pub(super) fn of_statement(text: &str, index: usize) -> Option<(Position, Position)> {
    let mut open = Vec::new();
    let mut start = None;
    let mut seen = 0;
    let (mut in_string, mut escaped) = (false, false);
    let mut at = Position { line: 1, column: 1 };
    for character in text.chars() {
        let here = at;
        at = if character == '\n' {
            Position {
                line: here.line + 1,
                column: 1,
            }
        } else {
            Position {
                line: here.line,
                column: here.column + 1,
            }
        };
        if in_string {
            in_string = escaped || character != '"';
            escaped = !escaped && character == '\\';
            continue;
        }
        match character {
            '"' => in_string = true,
            '{' | '[' => {
                let is_statement =
                    character == '{' && matches!(open.as_slice(), ['{'] | ['{', '[']);
                if is_statement && seen == index {
                    start = Some((here, open.len()));
                }
                seen += usize::from(is_statement);
                open.push(character);
            }
            '}' | ']' => {
                open.pop();
                if let Some((start, depth)) = start
                    && depth == open.len()
                {
                    return Some((start, at));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Position, of_statement};

    #[test]
    fn statements_are_found_alone_and_in_lists() {
        let at = |line, column| Position { line, column };
        let alone = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": {\n    \"Sid\": \"}\\\"{\"\n  }\n}";
        assert_eq!(of_statement(alone, 0), Some((at(3, 16), at(5, 4))));
        assert_eq!(of_statement(alone, 1), None);
        let list = "{\"Statement\":[{\"Condition\":{}},{}]}";
        assert_eq!(of_statement(list, 0), Some((at(1, 15), at(1, 31))));
        assert_eq!(of_statement(list, 1), Some((at(1, 32), at(1, 34))));
    }
}
