//! What mends a mistake, where its answer says exactly that.

use crate::file::{problem::Problem, tree::Span};

/// A change of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in a few words.
    pub title: String,
    /// What is replaced.
    pub span: Span,
    /// What stands there then.
    pub text: String,
}

/// The change that the answer to `problem` proposes, if it is one of the stack file and is spelled
/// out: another spelling, or a value for the key.
pub fn fix(problem: &Problem, text: &str) -> Option<Fix> {
    let (span, _) = problem.labels.first().filter(|_| problem.file.is_none())?;
    let wrong = text.get(span.clone())?;
    let help = problem.help.as_deref()?;
    let meant = help
        .strip_prefix("did you mean `")
        .and_then(|rest| rest.strip_suffix("`?"));
    let right = match meant {
        Some(meant) => quoted_as(wrong, meant),
        None => value_in(help, text, span)?,
    };
    (right != wrong).then(|| Fix {
        title: format!("Write {right}"),
        span: span.clone(),
        text: right,
    })
}

/// `right` in the quotes in which `wrong` stands.
fn quoted_as(wrong: &str, right: &str) -> String {
    match wrong
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))
    {
        Some(quote) => format!("{quote}{right}{quote}"),
        None => right.to_owned(),
    }
}

/// The value in `write KEY = VALUE`, if what is wrong is the value of that key.
fn value_in(help: &str, text: &str, span: &Span) -> Option<String> {
    let (key, value) = help.strip_prefix("write ")?.split_once(" = ")?;
    let before = text.get(..span.start)?.trim_end();
    let before = before.strip_suffix('=')?.trim_end();
    // What a secret stands for is not known here.
    let is_whole = before.ends_with(key) && !value.contains('…');
    is_whole.then(|| value.to_owned())
}
