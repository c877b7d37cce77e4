//! `amp-stack init` as a shell sees it, and what the other commands make of the files that it
//! writes.

use std::fs;

use crate::run::Bench;

const ROLE: &str = "arn:aws:iam::111122223333:role/Shared";

/// Every way to combine one of each.
fn combinations<'a>(choices: &[&[&'a [&'a str]]]) -> Vec<Vec<&'a str>> {
    let Some((first, rest)) = choices.split_first() else {
        return vec![Vec::new()];
    };
    let rest = combinations(rest);
    let with = |choice: &&'a [&'a str]| {
        let choice = *choice;
        rest.iter()
            .map(move |rest| [choice, rest.as_slice()].concat())
    };
    first.iter().flat_map(with).collect()
}

#[test]
fn a_file_is_written_once() {
    let bench = Bench::new("init");
    let run = bench.run(&["init", "--name", "shop"]).expect(0);
    assert_eq!(run.stdout, "");
    assert_eq!(
        run.stderr,
        "stack.toml is written. Next:\n  amp-stack validate  checks it, without AWS\n  amp-stack try       runs it in a sandbox: plan, apply, verify and destroy\n  amp-stack plan      shows what `amp-stack apply` would do in AWS\n"
    );
    let written = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert!(written.contains("name = \"shop\""), "{written}");
    let again = bench.run(&["init", "--name", "other"]).expect(1);
    assert!(again.says("error: stack.toml exists already"), "{again:?}");
    assert!(again.says("--force replaces it"), "{again:?}");
    let unchanged = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert_eq!(unchanged, written);
    bench.run(&["init", "--name", "other", "--force"]).expect(0);
    let replaced = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert!(replaced.contains("name = \"other\"") && !replaced.contains("shop"));
}

#[test]
fn a_schema_beside_the_file_is_named_in_its_first_line() {
    let bench = Bench::new("init");
    let plain = bench.run(&["init", "--print", "--yes"]).expect(0).stdout;
    let schema = bench.run(&["schema"]).expect(0).stdout;
    fs::write(bench.path("stack.schema.json"), schema).unwrap();
    bench.run(&["init", "--yes"]).expect(0);
    let written = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert_eq!(written, format!("#:schema ./stack.schema.json\n\n{plain}"));
    bench.run(&["validate"]).expect(0);
    bench.run(&["fmt", "--check"]).expect(0);
    // A file elsewhere has no schema beside it.
    bench.run(&["init", "stacks/stack.toml", "--yes"]).expect(0);
    let elsewhere = fs::read_to_string(bench.path("stacks/stack.toml")).unwrap();
    assert_eq!(elsewhere.lines().next(), plain.lines().next());

    bench
        .run(&["apply", "--sandbox", "--yes", "stack.toml"])
        .expect(0);
    let name = written
        .lines()
        .find_map(|line| line.strip_prefix("name = \""))
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let imported = bench
        .run(&["import", "--sandbox", "--stack", name])
        .expect(0);
    assert!(
        imported
            .stdout
            .starts_with("#:schema ./stack.schema.json\n\n"),
        "{imported:?}"
    );
}

#[test]
fn a_file_can_be_printed() {
    let bench = Bench::new("init");
    let printed = bench.run(&["init", "--print", "--yes"]).expect(0);
    assert_eq!(printed.stderr, "");
    let run = bench.run(&["init", "-"]).expect(0);
    assert_eq!(run.stdout, printed.stdout);
    assert_eq!(fs::read_dir(bench.path("")).unwrap().count(), 0);
    bench.run(&["init"]).expect(0);
    let written = fs::read_to_string(bench.path("stack.toml")).unwrap();
    assert_eq!(printed.stdout, written);
}

#[test]
fn wrong_options_write_nothing() {
    let bench = Bench::new("init");
    for (words, complaint) in [
        (
            ["--name", "Shop"],
            "error: --name Shop: `Shop` is not a stack name",
        ),
        (["--cpu", "300"], "hint: it offers 256, 512,"),
        (
            ["--memory", "100"],
            "error: --memory 100: Fargate offers no 100 MiB",
        ),
        (["--scrape", "http"], "error: --scrape http: "),
        (["--launch-type", "lambda"], "takes FARGATE or EC2"),
        (["--retention-days", "31"], "31"),
    ] {
        let run = bench.run(&["init", words[0], words[1]]).expect(1);
        assert!(run.says(complaint), "{run:?}");
    }
    assert_eq!(fs::read_dir(bench.path("")).unwrap().count(), 0);
    fs::write(bench.path("taken"), "").unwrap();
    let run = bench.run(&["init", "taken/where.toml"]).expect(1);
    assert!(run.says("error: cannot write taken/where.toml"), "{run:?}");
}

#[test]
fn whatever_the_options_are_the_file_is_formatted_and_valid_and_can_be_planned() {
    let bench = Bench::new("init");
    fs::create_dir(bench.path("stacks")).unwrap();
    let options = combinations(&[
        &[&[], &["--launch-type", "EC2"]],
        &[
            &[],
            &["--scrape", "8080/x"],
            &["--otlp"],
            &["--scrape", "8080", "--otlp"],
        ],
        &[&[], &["--xray"]],
        &[&[], &["--workspace", "ws-12345678-90ab"]],
        &[&[], &["--task-role", ROLE]],
        &[
            &["--cpu", "2048"],
            &["--memory", "8 GB", "--execution-role", ROLE],
        ],
    ]);
    assert_eq!(options.len(), 128);
    for (index, options) in options.iter().enumerate() {
        let (file, name) = (format!("stacks/s{index}.toml"), format!("s{index}"));
        let words = [&["init", &file, "--name", &name], options.as_slice()].concat();
        bench.run(&words).expect(0);
    }
    let formatted = bench.run(&["fmt", "--check"]).expect(0);
    assert_eq!(formatted.stdout, "");
    let valid = bench.run(&["validate"]).expect(0);
    assert_eq!(valid.stderr.matches(": valid, ").count(), options.len());
    let mut plan = vec!["plan".to_owned(), "--sandbox".to_owned()];
    plan.extend((0..options.len()).map(|index| format!("stacks/s{index}.toml")));
    let plan: Vec<&str> = plan.iter().map(String::as_str).collect();
    // Three of four name a role that the sandbox does not have, and half a workspace, which the plan
    // refuses; of the 64 that make a workspace, 39 are more than the account may have.
    let planned = bench.run(&plan).expect(1);
    assert!(planned.says("to create"), "{planned:?}");
    assert!(planned.says("199 decisions needed"), "{}", planned.stderr);
}

#[test]
fn what_is_written_lives_and_dies() {
    for options in [
        &[][..],
        &["--otlp", "--xray", "--workspace", "ws-12345678-90ab"],
        &[
            "--launch-type",
            "EC2",
            "--scrape",
            "9000/x",
            "--otlp",
            "--xray",
        ],
    ] {
        let bench = Bench::new("init");
        bench.run(&[&["init"], options].concat()).expect(0);
        let run = bench.run(&["try"]).expect(0);
        assert!(run.says("Nothing was kept"), "{run:?}");
    }
}
