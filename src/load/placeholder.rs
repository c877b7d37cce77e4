//! What other tools fill in: `$IMAGE_TAG` of a shell, `{{ tag }}` of a template. To a stack file
//! these are letters of a name, and the name is wrong because of them.

use crate::file::{document::Document, problem::Problems};

/// Says of names that hold such a placeholder what a stack file has for it, which helps more than
/// the letters that the name may have.
pub(crate) fn advise(document: &Document<'_>, problems: &mut Problems) {
    for problem in problems.iter_mut() {
        let is_about_a_name = problem.code.ends_with("-name") || problem.code == "workspace-alias";
        if !is_about_a_name || problem.file.is_some() {
            continue;
        }
        let Some((span, _)) = problem.labels.first() else {
            continue;
        };
        if let Some(found) = find(document.written(span)) {
            problem.help(found.help());
        }
    }
}

/// A placeholder of another tool.
#[derive(Debug, PartialEq, Eq)]
struct Placeholder<'a> {
    /// As it is written.
    written: &'a str,
    /// What it names.
    name: &'a str,
}

impl Placeholder<'_> {
    fn help(&self) -> String {
        let name = self.name.to_ascii_lowercase().replace(['.', '-'], "_");
        let written = self.written;
        format!(
            "`{written}` is not filled in: write `${{var.{name}}}`, and declare it under [variables]: {name} = {{ description = \"…\" }}"
        )
    }
}

fn find(text: &str) -> Option<Placeholder<'_>> {
    let in_braces = text.find("{{").and_then(|start| {
        let end = start + text[start..].find("}}")? + 2;
        let written = &text[start..end];
        let name = written
            .trim_matches(['{', '}'])
            .trim()
            .trim_start_matches('.');
        is_identifier(name).then_some(Placeholder { written, name })
    });
    in_braces.or_else(|| {
        let start = text.find('$')?;
        let after = &text[start + 1..];
        let length = after
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(after.len());
        let name = &after[..length];
        let written = &text[start..=start + length];
        is_identifier(name).then_some(Placeholder { written, name })
    })
}

fn is_identifier(name: &str) -> bool {
    let letters = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(letters)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn placeholders_of_other_tools_are_seen() {
        for (text, written, name) in [
            ("app:$TAG", "$TAG", "TAG"),
            ("app:$TAG-x", "$TAG", "TAG"),
            ("app:{{ tag }}", "{{ tag }}", "tag"),
            ("app:{{.Values.tag}}", "{{.Values.tag}}", "Values.tag"),
        ] {
            let found = find(text).expect(text);
            assert_eq!((found.written, found.name), (written, name));
        }
        for text in ["app:1.0", "app:$", "app:$1", "{{}}", "{{ a b }}", "{ a }"] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
