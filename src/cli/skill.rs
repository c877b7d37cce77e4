//! `amp-stack skill`: what an agent has to know to work with amp-stack, as a file of the format
//! Agent Skills.
//!
//! Source: Agent Skills, "Specification": front matter with `name` and `description`, then
//! Markdown.

use clap::Args;

use crate::cli::{console::Console, exit::Exit, failure::Failure};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  mkdir -p .agents/skills/amp-stack && amp-stack skill > .agents/skills/amp-stack/SKILL.md
                                          where agents find it that read skills of a project";

/// The file.
const SKILL: &str = include_str!("skill/SKILL.md");

/// `skill`.
#[derive(Debug, Args)]
pub(super) struct Skill {}

/// `amp-stack skill`.
pub(super) fn skill(_: &Skill, console: &mut Console) -> Result<Exit, Failure> {
    console.print(SKILL)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::SKILL;

    /// Agents choose by the description, and skip a file that breaks the format's limits.
    #[test]
    fn the_front_matter_is_that_of_a_skill() {
        let (front, body) = SKILL
            .strip_prefix("---\n")
            .and_then(|rest| rest.split_once("\n---\n"))
            .expect("front matter");
        let description = front
            .strip_prefix("name: amp-stack\ndescription: >-\n")
            .expect("a name and a description");
        let lines: Vec<&str> = description.lines().map(str::trim).collect();
        let description = lines.join(" ");
        assert!(
            (50..=1024).contains(&description.len()),
            "{}",
            description.len()
        );
        assert!(body.lines().count() < 500);
    }

    /// Whatever asks for consent is in the list of what needs the person.
    #[test]
    fn every_option_that_consents_needs_the_person() {
        let (_, list) = SKILL
            .split_once("## What needs the person")
            .expect("the list");
        for option in ["--accept", "--force-in-use", "--adopt", "--retry"] {
            assert!(list.contains(option), "{option}");
        }
    }
}
