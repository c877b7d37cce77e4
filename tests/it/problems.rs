//! A gallery of mistakes: what is printed of each.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot read its files has failed"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use amp_stack::{
    file::{
        problem::Problem,
        render::{Style, json, render},
        source::Source,
    },
    load::{self, LoadContext, collisions_between, rules},
    model::{access::Allowed, identity::Identity},
    stack::Stack,
};

/// Where the gallery is.
fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems")
}

fn source(path: &Path) -> Source {
    Source {
        path: PathBuf::from(path.file_name().unwrap()),
        text: fs::read_to_string(path).unwrap(),
    }
}

/// Loads a file as a run in 111122223333 and us-east-1 would. Lines that begin with `#:` are
/// options of that run.
fn try_load(source: &Source) -> Result<Stack, Vec<Problem>> {
    let mut region = "us-east-1";
    let mut variables = BTreeMap::new();
    let mut var_files = Vec::new();
    let mut allowed = Allowed::default();
    for line in source
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("#: "))
    {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("--var", pair) => {
                let (name, value) = pair.split_once('=').unwrap();
                variables.insert(name.to_owned(), value.to_owned());
            }
            ("--var-file", file) => {
                var_files.push(self::source(&gallery().join("files").join(file)));
            }
            ("--region", name) => region = name,
            ("--allow-role", arn) => _ = allowed.roles.insert(arn.parse().unwrap()),
            (other, _) => panic!("{other} is no option"),
        }
    }
    let around = LoadContext {
        identity: Identity::new("111122223333", region),
        account_is_known: true,
        region_is_known: true,
        variables,
        var_files,
        environment: &|_| None,
        elsewhere: &|_| false,
        read: &|path| fs::read_to_string(gallery().join("files").join(path)),
    };
    let mut parsed = load::parse(source)?;
    parsed.allow_only(allowed);
    parsed.load(&around)
}

fn mistakes(path: &Path) -> (Source, Vec<Problem>) {
    let source = source(path);
    let problems = try_load(&source).expect_err(&source.path.display().to_string());
    assert!(!problems.is_empty(), "{}", source.path.display());
    (source, problems)
}

/// Compares what is printed of the mistakes of a file with the snapshot beside it.
fn assert_told(path: &Path) {
    let (source, problems) = mistakes(path);
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path(path.parent().unwrap().join("snapshots"));
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(
            "told",
            render(&source, &problems, Style::Plain { width: 100 })
        );
    });
}

#[test]
fn every_mistake_is_shown_with_its_place() {
    insta::glob!("../problems", "*.toml", assert_told);
    insta::glob!("../problems/task-definitions", "*.toml", assert_told);
}

#[test]
fn the_gallery_has_every_rule_and_nothing_but_rules() {
    let mut shown = BTreeSet::new();
    for directory in [gallery(), gallery().join("task-definitions")] {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "toml") {
                shown.extend(mistakes(&path).1.into_iter().map(|problem| problem.code));
            }
        }
    }
    // One that is too large to be looked at.
    let filler = "x".repeat(64 * 1024);
    let large = Source {
        path: PathBuf::from("large.toml"),
        text: format!(
            "[stack]\nname = \"demo\"\n[task_definitions.web]\nmemory = 512\ncontainers.app = {{ image = \"app:1\", environment = {{ A = \"{filler}\" }} }}\n"
        ),
    };
    let problems = try_load(&large).unwrap_err();
    shown.extend(problems.into_iter().map(|problem| problem.code));
    let listed: BTreeSet<&str> = rules::all().map(|rule| rule.code).collect();
    assert_eq!(shown, listed);
}

#[test]
fn every_code_of_the_source_is_a_rule_and_every_rule_is_in_the_source() {
    let mut written = BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut visit = |text: &str| {
        written.extend(
            text.split('"')
                .filter(|piece| rules::find(piece).is_some())
                .map(str::to_owned),
        );
        for call in text.split(".add(").skip(1) {
            let argument = call.trim_start();
            let code = argument
                .strip_prefix('"')
                .and_then(|rest| rest.split_once('"'));
            if let Some((code, _)) = code {
                assert!(
                    rules::find(code).is_some(),
                    "`{code}` is not in the table of rules"
                );
            }
        }
    };
    for room in ["file", "kinds", "load"] {
        each_source(&src.join(room), &mut visit);
    }
    let listed: BTreeSet<String> = rules::all().map(|rule| rule.code.to_owned()).collect();
    assert_eq!(written, listed);
    assert_eq!(
        listed.len(),
        rules::all().count(),
        "a code stands twice in the table"
    );
}

/// Where the rules themselves stand.
const RULES: &[&str] = &[
    "src/file/rules",
    "src/kinds/task_definition/rules.rs",
    "src/load/rules",
];

/// Calls `visit` with every source file below `directory` but tests and the tables of rules
/// themselves.
fn each_source(directory: &Path, visit: &mut dyn FnMut(&str)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap();
        let at = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap();
        if RULES.iter().any(|rules| at == Path::new(rules)) {
            continue;
        }
        if path.is_dir() {
            each_source(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            visit(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn json_is_one_object_a_line() {
    let (source, problems) = mistakes(&gallery().join("unknown-key.toml"));
    for problem in &problems {
        let line = json::line(&source, problem);
        assert!(!line.contains('\n'), "{line}");
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(object["code"], problem.code);
        assert_eq!(object["file"], "unknown-key.toml");
    }
}

/// What a program underlines by bytes is what it underlines by lines and columns.
#[test]
fn json_places_are_those_of_the_problem() {
    for entry in fs::read_dir(gallery()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue;
        }
        let (source, problems) = mistakes(&path);
        for problem in &problems {
            let text = &problem.file.as_deref().unwrap_or(&source).text;
            let object: serde_json::Value =
                serde_json::from_str(&json::line(&source, problem)).unwrap();
            for ((span, words), label) in problem
                .labels
                .iter()
                .zip(object["labels"].as_array().unwrap())
            {
                assert_eq!(label["label"], words.as_str());
                for (side, byte) in [("start", span.start), ("end", span.end)] {
                    let place = &label[side];
                    let number =
                        |member: &str| usize::try_from(place[member].as_u64().unwrap()).unwrap();
                    let line = number("line") - 1;
                    let before: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
                    let column: usize = text[before..]
                        .chars()
                        .take(number("column") - 1)
                        .map(char::len_utf8)
                        .sum();
                    assert_eq!((number("byte"), before + column), (byte, byte), "{object}");
                }
            }
        }
    }
}

#[test]
fn colour_is_left_to_the_caller() {
    let (source, problems) = mistakes(&gallery().join("unknown-key.toml"));
    assert!(!render(&source, &problems, Style::Plain { width: 100 }).contains('\u{1b}'));
    assert!(render(&source, &problems, Style::Colour { width: 100 }).contains('\u{1b}'));
}

#[test]
fn roles_of_two_files_collide_ignoring_case() {
    let files: Vec<(Source, Stack)> = ["one.toml", "two.toml"]
        .iter()
        .map(|name| {
            let source = source(&gallery().join("files/collision").join(name));
            let stack = try_load(&source).unwrap();
            (source, stack)
        })
        .collect();
    let pairs: Vec<(&Source, &Stack)> = files.iter().map(|(a, b)| (a, b)).collect();
    let problems = collisions_between(&pairs);
    insta::assert_snapshot!(render(pairs[0].0, &problems, Style::Plain { width: 100 }), @r#"
    amp_stack::role-name-collision

      × `checkoutTask` differs only by case from the role `CheckoutTask` of `one.toml`
       ╭─[two.toml:8:8]
     8 │ name = "checkoutTask"
       ·        ───────┬──────
       ·               ╰── the same name to AWS
       ╰────
      help: the other one is at one.toml:5; IAM does not distinguish the names of roles by case,
            whatever their paths
    "#);
    assert_eq!(collisions_between(&pairs[..1]), []);
}
