//! `amp-stack explain`: the rule behind a code, where it comes from, and a stack file that breaks
//! it; and what a field of a stack file is for.

mod facts;
mod field;

use std::ffi::OsStr;

use clap::Args;
use clap_complete::{ArgValueCompleter, CompletionCandidate};

use crate::{
    cli::{
        candidates::matching, console::Console, exit::Exit, failure::Failure, session::render_style,
    },
    file::{problem::nearest, render::render, rules::LOADER},
    kinds::{Resource, declare},
    load::{
        lookup::NotFound,
        rules::examples::{self, Example},
    },
    model::{
        address::{Address, Kind},
        policy,
        rollout::ENDS,
        rule::Rule,
    },
    plan::{refusals::REFUSALS, risk::rules::RISKS, suppressed},
    show::{Paint, Style, words},
    verify::CHECKS,
};

/// The examples in the help.
pub(super) const EXAMPLES: &str = "\
Examples:
  amp-stack explain                       every code, with its rule in one sentence
  amp-stack explain fargate-size          one rule: where it comes from, and what breaks it
  amp-stack explain amp_stack::retention  the same, as messages spell codes
  amp-stack explain log_groups.retention_days
                                          one field of the stack file: what it takes and what it is for
  amp-stack explain task_definitions.containers
                                          a table of the stack file, with all its fields";

/// What messages put before a code.
const PREFIX: &str = "amp_stack::";

/// `explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The code of a mistake, of a refusal, of a risk, of a difference without effect, or of
    /// what `verify` looks at, or the path of a field of stack files [default: list all codes]
    #[arg(value_name = "CODE|FIELD", add = ArgValueCompleter::new(codes_and_fields))]
    pub(super) code: Option<String>,
}

/// What a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    group: Group,
    code: &'static str,
    sentence: &'static str,
    /// Whose rule it is, if it has one source.
    source: Option<&'static str>,
}

/// What kind of thing a code stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    /// A mistake in a stack file.
    StackFile,
    /// A mistake that only tables of one kind can hold.
    OfKind(Kind),
    /// A reason for which a plan refuses.
    Refusal,
    /// Something in a plan that may be regretted.
    Risk,
    /// A bad end of a rollout.
    Rollout,
    /// A difference between the file and AWS that means nothing.
    NormalForm,
    /// Something that `verify` looks at.
    Check,
}

impl Group {
    /// All that have rules, in the order in which they are listed.
    fn all() -> impl Iterator<Item = Self> {
        let of_kinds = Kind::ALL.into_iter().map(Self::OfKind);
        let others = [
            Self::Refusal,
            Self::Risk,
            Self::Rollout,
            Self::NormalForm,
            Self::Check,
        ];
        std::iter::once(Self::StackFile)
            .chain(of_kinds)
            .chain(others)
            .filter(|group| !group.entries().is_empty())
    }

    /// What all of it is called.
    fn title(self) -> &'static str {
        match self {
            Self::StackFile => "Mistakes in stack files",
            Self::OfKind(kind) => declare::rules_title(kind),
            Self::Refusal => "Reasons for which plans refuse",
            Self::Risk => "Risks of plans",
            Self::Rollout => "Bad ends of rollouts",
            Self::NormalForm => "Differences between the file and AWS that mean nothing",
            Self::Check => "What `verify` looks at",
        }
    }

    /// What one of them is called.
    fn noun(self) -> &'static str {
        match self {
            Self::StackFile | Self::OfKind(_) => "a mistake in a stack file",
            Self::Refusal => "a reason for which a plan refuses",
            Self::Risk => "a risk of a plan",
            Self::Rollout => "a bad end of a rollout",
            Self::NormalForm => "a difference without effect",
            Self::Check => "something that `verify` looks at",
        }
    }

    fn entries(self) -> Vec<Entry> {
        let of = |rules: &[Rule]| -> Vec<Entry> {
            let rules = rules.iter();
            rules.map(|rule| entry(self, rule)).collect()
        };
        match self {
            Self::StackFile => of(LOADER),
            Self::OfKind(kind) => of(declare::rules(kind)),
            Self::Refusal => of(REFUSALS),
            Self::Risk => of(RISKS),
            Self::Check => of(CHECKS),
            Self::Rollout => of(ENDS),
            Self::NormalForm => {
                let of_kinds = Kind::ALL.into_iter().flat_map(declare::rewrites);
                let rewrites = of_kinds.chain(policy::rules::REWRITES);
                let rules = rewrites.map(|rewrite| rewrite.rule);
                let rules = rules
                    .chain(Kind::ALL.into_iter().filter_map(Resource::minor_rule))
                    .chain(suppressed::rules());
                rules.map(|rule| difference(self, &rule)).collect()
            }
        }
    }
}

fn difference(group: Group, rule: &Rule) -> Entry {
    Entry {
        group,
        code: rule.code,
        sentence: rule.sentence.trim_end_matches('.'),
        source: Some(rule.source),
    }
}

fn entry(group: Group, rule: &Rule) -> Entry {
    Entry {
        group,
        code: rule.code,
        sentence: rule.sentence,
        source: Some(rule.source),
    }
}

/// `amp-stack explain`.
pub(super) fn explain(args: &Explain, console: &mut Console) -> Result<Exit, Failure> {
    let text = match &args.code {
        None => list(console.out_style),
        Some(code) => explained(code, console.out_style)?,
    };
    console.print(&text)?;
    Ok(Exit::Done)
}

/// The codes and the paths of fields that begin with `current`.
fn codes_and_fields(current: &OsStr) -> Vec<CompletionCandidate> {
    let entries = Group::all().flat_map(Group::entries);
    let codes = entries.map(|entry| (entry.code.to_owned(), Some(entry.sentence.to_owned())));
    let fields = field::paths().into_iter().map(|path| (path, None));
    matching(current, codes.chain(fields))
}

/// Every code with its rule, in groups.
fn list(style: Style) -> String {
    let mut text = String::new();
    for group in Group::all() {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&style.paint(Paint::Title, group.title()));
        text.push_str("\n\n");
        let entries = group.entries();
        let width = entries.iter().map(|entry| entry.code.len()).max();
        let width = width.unwrap_or_default();
        for entry in entries {
            let first = format!("  {:width$}  ", entry.code);
            text.push_str(&words::wrap(&first, entry.sentence, style.width));
        }
    }
    text
}

/// Everything with the code, since a mistake may have the name of a difference, and else the
/// field at this path.
fn explained(code: &str, style: Style) -> Result<String, Failure> {
    let bare = code.strip_prefix(PREFIX).unwrap_or(code);
    let entries: Vec<Entry> = Group::all().flat_map(Group::entries).collect();
    let found = entries.iter().filter(|entry| entry.code == bare);
    let texts: Vec<String> = found.map(|entry| paragraphs(entry, style)).collect();
    if !texts.is_empty() {
        return Ok(texts.join("\n"));
    }
    field::explained(code, style).map_err(|error| unknown(code, bare, &entries, &error))
}

fn unknown(code: &str, bare: &str, entries: &[Entry], error: &NotFound) -> Failure {
    let code_meant = nearest(bare, entries.iter().map(|entry| entry.code));
    let code_meant = code_meant.map(|meant| format!("did you mean `{meant}`?"));
    let field_meant = field::hint(code, error);
    // Codes have neither dots nor underscores.
    let meant = if code.contains(['.', '_']) && code == bare {
        field_meant.or(code_meant)
    } else {
        code_meant.or(field_meant)
    };
    let hint = meant.or_else(|| with_word(bare, entries)).unwrap_or_else(|| {
        "`amp-stack explain` lists every code, and fields are named like `log_groups.retention_days`"
            .to_owned()
    });
    let hint = match code.parse::<Address>() {
        Ok(address) if !address.key.is_empty() => {
            let table = address.kind.table();
            format!(
                "{hint} If it is a resource, `amp-stack explain {table}` lists the fields of its table"
            )
        }
        Ok(_) | Err(_) => hint,
    };
    Failure::before(format!("`{code}` is neither a code nor a field")).hint(hint)
}

/// The codes with `word` in them.
fn with_word(word: &str, entries: &[Entry]) -> Option<String> {
    let has_word = |entry: &&Entry| entry.code.split('-').any(|part| part == word);
    let codes = entries.iter().filter(has_word);
    let codes: Vec<String> = codes.map(|entry| format!("`{}`", entry.code)).collect();
    (!codes.is_empty()).then(|| format!("there are {}", words::list(&codes)))
}

fn paragraphs(entry: &Entry, style: Style) -> String {
    let code = style.paint(Paint::Title, entry.code);
    let mut text = format!("{code} ({})\n\n", entry.group.noun());
    text.push_str(&words::wrap("  ", entry.sentence, style.width));
    if let Some(source) = entry.source {
        text.push('\n');
        text.push_str(&words::wrap("Source: ", source, style.width));
    }
    if let Some(facts) = facts::of(entry.code) {
        text.push('\n');
        text.push_str(&facts);
    }
    let example = match entry.group {
        Group::StackFile | Group::OfKind(_) => examples::find(entry.code),
        Group::Refusal | Group::Risk | Group::Rollout | Group::NormalForm | Group::Check => None,
    };
    if let Some(example) = example {
        text.push('\n');
        text.push_str(&shown(example, style));
    }
    text
}

/// A broken stack file, and what is said about it.
fn shown(example: &Example, style: Style) -> String {
    let source = example.source();
    let mut text = "Example:\n\n".to_owned();
    for line in source.text.lines() {
        let line = format!("    {line}");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    for (file, content) in example.files() {
        text.push('\n');
        let said = format!("with this {file} beside it: {content}");
        text.push_str(&words::wrap("", &said, style.width));
    }
    let region = example.region().map(|region| format!(" --region {region}"));
    let variables = example.variables().into_iter();
    let variables = variables.map(|(name, value)| format!(" --var {name}={value}"));
    let options: Vec<String> = region.into_iter().chain(variables).collect();
    let options = options.concat();
    let said = format!("\n`amp-stack validate{options}` says:\n\n");
    text.push_str(&said);
    text.push_str(&render(&source, &example.problems(), render_style(style)));
    text
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn text(code: &str) -> String {
        explained(code, Style::PLAIN).expect("it is a code")
    }

    #[test]
    fn a_rule_is_explained_with_its_source_and_an_example() {
        insta::assert_snapshot!(text("retention"), @r#"
        retention (a mistake in a stack file)

          a retention is one of the periods that CloudWatch Logs offers

        Source: CloudWatch Logs API reference, PutRetentionPolicy

        Example:

            [stack]
            name = "demo"

            [log_groups.app]
            name = "/ecs/app"
            retention_days = 31

        `amp-stack validate` says:

        amp_stack::retention

          × CloudWatch does not offer a retention of 31 days
           ╭─[stack.toml:6:18]
         6 │ retention_days = 31
           ·                  ─┬
           ·                   ╰── not one of the choices
           ╰────
          help: the nearest choices are 30 and 60
        "#);
    }

    #[test]
    fn options_and_files_of_an_example_are_shown() {
        assert!(text("undeclared-variable").contains("validate --var enviroment=prod` says"));
        assert!(text("invalid-json").contains("export.json beside it: {\"family\""));
    }

    #[test]
    fn codes_are_taken_as_messages_spell_them() {
        assert_eq!(text("amp_stack::unknown-key"), text("unknown-key"));
    }

    #[test]
    fn what_two_things_are_called_is_explained_for_both() {
        let shown = text("task-size");
        assert!(shown.contains("(a mistake in a stack file)"), "{shown}");
        assert!(shown.contains("(a difference without effect)"), "{shown}");
    }

    #[test]
    fn what_was_meant_is_suggested() {
        let error = explained("amp_stack::unknwon-key", Style::PLAIN).expect_err("no code");
        let mut console =
            Console::of_test(tokio::io::empty(), false, std::io::sink(), std::io::sink());
        assert_eq!(error.report(&mut console), Exit::Error);
        let said = format!("{error:?}");
        assert!(said.contains("did you mean `unknown-key`?"), "{said}");
        let said = format!("{:?}", explained("zzz", Style::PLAIN).expect_err("no code"));
        assert!(said.contains("lists every code"), "{said}");
    }

    #[test]
    fn every_code_is_listed_and_explained() {
        let list = list(Style::PLAIN);
        for group in Group::all() {
            assert!(list.contains(group.title()));
            let mut codes = BTreeSet::new();
            for entry in group.entries() {
                assert!(codes.insert(entry.code), "{} stands twice", entry.code);
                assert!(
                    list.contains(&format!("  {} ", entry.code)),
                    "{}",
                    entry.code
                );
                assert!(text(entry.code).contains(entry.code));
            }
            assert!(!codes.is_empty());
        }
    }

    #[test]
    fn every_risk_of_the_planner_is_in_the_table() {
        let sources = [
            include_str!("../plan/risk.rs"),
            include_str!("../kinds/log_group/plan.rs"),
            include_str!("../kinds/role/plan.rs"),
            include_str!("../kinds/role/risk.rs"),
            include_str!("../kinds/task_definition/plan.rs"),
            include_str!("../kinds/task_definition/risk.rs"),
            include_str!("../kinds/workspace/plan.rs"),
        ];
        let is_code = |piece: &&str| {
            piece.trim_matches('-').contains('-')
                && piece.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
        };
        // The kinds name rules about differences that mean nothing, too.
        let rules: BTreeSet<&str> = suppressed::rules().iter().map(|rule| rule.code).collect();
        let written: BTreeSet<&str> = sources
            .iter()
            .flat_map(|text| text.split('"').filter(is_code))
            .filter(|code| !rules.contains(code))
            .collect();
        let listed: BTreeSet<&str> = RISKS.iter().map(|rule| rule.code).collect();
        assert_eq!(written, listed);
    }
}
