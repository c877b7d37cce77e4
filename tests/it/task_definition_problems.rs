//! A gallery of the mistakes that only task definitions can hold.

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
    identity::Identity,
    stack::{
        Source, Surroundings, load,
        problem::Problem,
        render::{Look, render},
        rules,
    },
};

/// Where the gallery is.
fn gallery() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems/task-definitions")
}

/// What is wrong with a stack file, as a run in 111122223333 and us-east-1 sees it.
fn mistakes(source: &Source) -> Vec<Problem> {
    let around = Surroundings {
        identity: Identity::new("111122223333", "us-east-1"),
        account_is_known: true,
        region_is_known: true,
        variables: BTreeMap::new(),
        var_files: Vec::new(),
        environment: &|_| None,
        read: &|path| fs::read_to_string(gallery().join("files").join(path)),
    };
    load(source, &around).expect_err(&source.path.display().to_string())
}

fn source(path: &Path) -> Source {
    Source {
        path: PathBuf::from(path.file_name().unwrap()),
        text: fs::read_to_string(path).unwrap(),
    }
}

#[test]
fn every_mistake_is_shown_with_its_place() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_snapshot_path("../problems/task-definitions/snapshots");
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::glob!("../problems/task-definitions", "*.toml", |path| {
            let source = source(path);
            let problems = mistakes(&source);
            insta::assert_snapshot!(
                "told",
                render(&source, &problems, Look::Plain { width: 100 })
            );
        });
    });
}

#[test]
fn the_gallery_has_every_rule_and_nothing_but_rules() {
    let mut shown = BTreeSet::new();
    for entry in fs::read_dir(gallery()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            shown.extend(
                mistakes(&source(&path))
                    .into_iter()
                    .map(|problem| problem.code),
            );
        }
    }
    let filler = "x".repeat(64 * 1024);
    let large = Source {
        path: PathBuf::from("large.toml"),
        text: format!(
            "[stack]\nname = \"demo\"\n[task_definitions.web]\nmemory = 512\ncontainers.app = {{ image = \"app:1\", environment = {{ A = \"{filler}\" }} }}\n"
        ),
    };
    shown.extend(mistakes(&large).into_iter().map(|problem| problem.code));
    let listed =
        |rules: &[rules::Rule]| -> BTreeSet<&str> { rules.iter().map(|rule| rule.code).collect() };
    let general = listed(rules::LOADER);
    let own: BTreeSet<&str> = shown.difference(&general).copied().collect();
    assert_eq!(own, listed(rules::TASK_DEFINITION));
}
