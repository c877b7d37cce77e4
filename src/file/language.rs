//! Files that are in another language than TOML from beginning to end.

/// The language that a whole file is in that is not TOML, and what to do about it.
pub(crate) fn other_language(text: &str) -> Option<(&'static str, &'static str)> {
    let is_content = |line: &&str| !line.is_empty() && !line.starts_with(['#', '/']);
    let lines: Vec<&str> = text.lines().map(str::trim).filter(is_content).collect();
    let first = lines.first()?;
    let starts = |words: &[&str]| {
        let mut words = words.iter();
        words.any(|word| first.split([' ', '{']).next() == Some(word))
    };
    if text.contains("containerDefinitions") && first.starts_with('{') {
        return Some(("JSON", OF_A_DEFINITION));
    }
    if first.starts_with('{') {
        return Some(("JSON", OF_OTHERS));
    }
    let blocks = [
        "resource",
        "module",
        "provider",
        "terraform",
        "locals",
        "data",
        "variable",
    ];
    if starts(&blocks) && first.ends_with('{') {
        return Some(("HCL", OF_TERRAFORM));
    }
    let is_yaml = |line: &&str| line.starts_with('-') || line.ends_with(':') || line.contains(": ");
    let is_toml = |line: &&str| line.starts_with('[') || line.contains(" = ");
    let is_all = lines.iter().all(is_yaml) && !lines.iter().any(is_toml);
    (lines.len() > 1 && is_all).then_some(("YAML", OF_OTHERS))
}

const OF_OTHERS: &str = "stack files are TOML, with tables such as [stack] and keys such as name = \"shop\": `amp-stack init` writes one, and `amp-stack import` writes one for what exists in AWS";
const OF_A_DEFINITION: &str = "stack files are TOML. One takes this file as it is: name it in [task_definitions.NAME] with definition = \"FILE.json\"; `amp-stack init` writes a stack file";
const OF_TERRAFORM: &str = "stack files are TOML: `amp-stack import` writes one for what exists in AWS, and `amp-stack guide from-terraform` says how to move";
