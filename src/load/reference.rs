//! The stack file field by field, as a page of the guide, made from the declaration of its fields.

use crate::{
    file::fields::{Field, Fields},
    load::{
        lookup::{all, tables},
        root::ROOT,
        words,
    },
};

/// What stands before the fields.
const PREFACE: &str = "\
# The stack file, field by field

Every field that a stack file can have: what it takes, what it means to leave it out, and whose rule it is.

It comes from the same declaration that amp-stack reads stack files by. `amp-stack explain log_groups.retention_days` says the same about one field, and
`amp-stack schema` says it to editors.

* A name of your own is written `NAME`: `log_groups.NAME` is `[log_groups.app]` in a file. Logical names are 1 to 64 letters, digits, `_` and `-`.
* Strings are filled in: `${var.NAME}`, `${env.NAME}`, `${account}`, `${region}`, `${partition}`, and the attributes of resources, such as `${workspace.endpoint}` or
  `${roles.NAME.arn}`; `$${` is a literal `${`. Numbers and truth values are written as such, or as a string that is exactly one
  variable with such a value. A string that is *known before apply* can mention only what the file itself decides, such as the name of a log group.
* Policies keep the names of IAM's JSON; everything else is in snake case, and the fields of task definitions are those of the API, `portMappings` as `port_mappings`.
* *Required* fields can't be left out. A *default* is what a field is where it is left out; where it has none, *left out* says what is so then.
";

/// The page, in Markdown.
pub fn reference() -> String {
    let mut page = PREFACE.to_owned();
    page.push_str("\n## Tables\n\n");
    page.extend(
        all()
            .into_iter()
            .map(|fields| format!("* {}\n", link(fields))),
    );
    for fields in all() {
        page.push('\n');
        page.push_str(&section(fields));
    }
    page
}

fn section(fields: &'static Fields) -> String {
    let mut section = format!("## {}\n\n{}\n\n", heading(fields), fields.doc);
    for field in fields.fields {
        section.push_str(&entry(fields, field));
    }
    format!("{}\n", section.trim_end())
}

fn entry(of: &'static Fields, field: &'static Field) -> String {
    let mut facts = words::takes(of, field);
    if let Some(presence) = words::presence(of, field) {
        facts = format!("{facts}; {presence}");
    }

    let mut inner: Vec<String> = Vec::new();
    for within in tables(of, field) {
        let link = link(within.fields);
        if !inner.contains(&link) {
            inner.push(link);
        }
    }
    let mut notes: Vec<String> = Vec::new();
    notes.extend(field.line().map(|line| format!("Example: `{line}`")));
    if !inner.is_empty() {
        notes.push(format!("See {}", inner.join(" and ")));
    }
    notes.push(format!("Source: {}", field.source.unwrap_or(of.source)));
    let notes = notes.join(". ");
    format!(
        "* **`{}`**: {}\n\n  *{facts}*\n\n  {notes}.\n\n",
        field.key, field.doc
    )
}

/// What a section is called.
fn heading(fields: &Fields) -> String {
    if fields.name == ROOT.name {
        "The top of the file".to_owned()
    } else {
        format!("`{}`", fields.path)
    }
}

fn link(fields: &Fields) -> String {
    let heading = heading(fields);
    format!("[{heading}](#{})", anchor(&heading))
}

/// The anchor that GitHub and GitLab give a heading.
fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "_- ".contains(*c));
    kept.map(|c| {
        if c == ' ' {
            '-'
        } else {
            c.to_ascii_lowercase()
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_link_leads_to_a_heading() {
        let page = reference();
        let headings: Vec<String> = page
            .lines()
            .filter_map(|line| line.strip_prefix("## "))
            .map(anchor)
            .collect();
        let different: BTreeSet<&String> = headings.iter().collect();
        assert_eq!(
            different.len(),
            headings.len(),
            "two headings have one anchor"
        );
        for part in page.split("](#").skip(1) {
            let target = part.split(')').next().unwrap_or_default().to_owned();
            assert!(headings.contains(&target), "{target}");
        }
    }

    #[test]
    fn every_field_is_in_it() {
        let page = reference();
        for fields in all() {
            let start = page
                .find(&format!("\n## {}\n", heading(fields)))
                .expect("it has a section");
            let section = &page[start + 4..];
            let section = &section[..section.find("\n## ").unwrap_or(section.len())];
            for field in fields.fields {
                let entry = format!("* **`{}`**: {}", field.key, field.doc);
                assert!(section.contains(&entry), "{}.{}", fields.name, field.key);
            }
        }
    }
}
