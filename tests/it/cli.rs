//! The program as a shell sees it: exit codes and streams, without AWS.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use crate::run::Bench;

const STACK: &str = r#"
[stack]
name = "shop"
region = "us-east-1"

[roles.task]
name = "ShopTask"
"#;

/// A directory of its own with files in it, in which the program runs without settings of AWS.
struct Project(PathBuf);

impl Project {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("amp-stack-it-{}-{name}", std::process::id()));
        for (file, text) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn run(&self, words: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_amp-stack"))
            .args(words)
            .current_dir(&self.0)
            .env_clear()
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn ended(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn help_is_asked_for_and_usage_errors_are_errors() {
    let project = Project::new("usage", &[]);
    for words in [&["--help"][..], &["apply", "--help"], &["destroy", "-h"]] {
        let (code, out, err) = ended(&project.run(words));
        assert_eq!((code, err.as_str()), (Some(0), ""), "{words:?}");
        assert!(out.contains("Exit codes:"), "{out}");
        assert!(out.contains("Examples:"), "{out}");
    }
    for words in [&[][..], &["plan", "--bogus"], &["apply", "--adopt", "x"]] {
        let (code, out, err) = ended(&project.run(words));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{words:?}");
        assert!(!err.is_empty());
    }
}

#[test]
fn validate_needs_neither_credentials_nor_a_network() {
    let project = Project::new("valid", &[("stack.toml", STACK)]);
    let (code, out, err) = ended(&project.run(&["validate"]));
    assert_eq!((code, out.as_str()), (Some(0), ""));
    assert_eq!(err, "stack.toml: valid, 1 resource\n");
}

#[test]
fn validate_reports_every_file() {
    let broken = STACK.replace("name = \"ShopTask\"", "nme = \"ShopTask\"");
    let files = [("stacks/a.toml", broken.as_str()), ("stacks/b.toml", STACK)];
    let project = Project::new("broken", &files);
    let (code, _, err) = ended(&project.run(&["validate"]));
    assert_eq!(code, Some(1));
    assert!(err.contains("in stacks/a.toml"), "{err}");
    assert!(err.contains("stacks/b.toml: valid"), "{err}");
    assert!(!err.contains('\u{1b}'), "{err}");
}

#[test]
fn validate_compares_role_names_across_files() {
    let other = STACK.replace("ShopTask", "shoptask");
    let files = [("stacks/a.toml", STACK), ("stacks/b.toml", other.as_str())];
    let project = Project::new("collision", &files);
    let (code, _, err) = ended(&project.run(&["validate"]));
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("two stack files want the same role name"),
        "{err}"
    );
}

#[test]
fn validate_tells_programs_on_standard_output() {
    let broken = STACK.replace("name = \"ShopTask\"", "nme = \"ShopTask\"");
    let other = STACK.replace("ShopTask", "shoptask");
    let files = [
        ("stacks/a.toml", broken.as_str()),
        ("stacks/b.toml", STACK),
        ("stacks/c.toml", other.as_str()),
    ];
    let project = Project::new("json", &files);
    let (code, out, err) = ended(&project.run(&["validate", "--format", "json"]));
    assert_eq!(code, Some(1), "{err}");
    let told: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let codes: Vec<_> = told
        .iter()
        .map(|object| {
            (
                object["file"].as_str().unwrap(),
                object["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        codes,
        [
            ("stacks/a.toml", "unknown-key"),
            ("stacks/c.toml", "role-name-collision"),
        ]
    );
    assert_eq!(told[0]["labels"][0]["start"]["line"], 7);
    assert!(err.contains("error: 1 problem in stacks/a.toml"), "{err}");
    assert!(!err.contains('×'), "{err}");
    let (code, out, err) = ended(&project.run(&["validate", "--format=json", "stacks/b.toml"]));
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
}

#[test]
fn several_candidates_are_listed() {
    let project = Project::new(
        "several",
        &[("stacks/a.toml", STACK), ("stacks/b.toml", STACK)],
    );
    let (code, out, err) = ended(&project.run(&["plan"]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("stacks/a.toml, stacks/b.toml"), "{err}");
}

#[test]
fn nothing_is_done_where_nobody_can_be_asked() {
    let project = Project::new("unasked", &[("stack.toml", STACK)]);
    for verb in ["apply", "destroy"] {
        let (code, out, err) = ended(&project.run(&[verb]));
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(err.contains("--yes"), "{err}");
    }
}

#[test]
fn a_wrong_stack_is_reported_before_any_call() {
    let broken = STACK.replace("ShopTask", "Shop Task");
    let project = Project::new("wrong", &[("stack.toml", broken.as_str())]);
    let (code, out, err) = ended(&project.run(&["apply", "--yes"]));
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("error: 1 problem in stack.toml"), "{err}");
}

#[test]
fn a_profile_that_is_asked_for_wins_over_keys_in_the_environment() {
    // Nothing listens there: whoever took the keys of the environment would complain about that.
    let bench = Bench::with_endpoint("profile", "http://127.0.0.1:1");
    bench.write("stack.toml", STACK);
    let run = bench.run(&["plan", "--profile", "nobody"]).expect(1);
    assert!(
        run.says("the profile that --profile or the stack file names does not exist"),
        "{run:?}"
    );
}

#[test]
fn a_file_that_is_not_there_is_heard_of_first() {
    let bench = Bench::new("cli-missing");
    let run = bench.run(&["apply", "plan.json"]).expect(1);
    assert!(run.says("cannot read plan.json"), "{}", run.stderr);
}

#[test]
fn foreign_words_are_answered_with_ours() {
    let project = Project::new("foreign", &[("stack.toml", STACK)]);
    for (words, advice) in [
        (&["deploy"][..], "amp-stack apply"),
        (&["plan", "-f", "stack.toml"], "without an option"),
        (&["apply", "--auto-approve"], "--yes"),
        (&["plan", "roles.task"], "--target roles.task"),
        (&["plan", "."], "stack.toml"),
        (&["guide", "terraform"], "from-terraform"),
        (&["explain", "fargate"], "`fargate-size`"),
        (&["import", "checkout"], "--family"),
    ] {
        let (code, out, err) = ended(&project.run(words));
        assert_eq!((code, out.as_str()), (Some(1), ""), "{words:?}");
        assert!(err.contains(advice), "{words:?}: {err}");
    }
}

#[test]
fn files_of_variables_beside_stack_files_are_none() {
    let project = Project::new(
        "values",
        &[
            ("stacks/shop.toml", STACK),
            ("stacks/prod.vars.toml", "image_tag = \"1.4.2\"\n"),
            ("stacks/dev.toml", "image_tag = \"latest\"\n"),
        ],
    );
    let (code, out, err) = ended(&project.run(&["validate"]));
    assert_eq!((code, out.as_str()), (Some(0), ""), "{err}");
    assert_eq!(err.lines().count(), 1, "{err}");
}

#[test]
fn an_empty_directory_leads_to_init_and_import() {
    let project = Project::new("empty", &[]);
    for command in ["plan", "validate", "try", "graph", "fmt"] {
        let (code, _, err) = ended(&project.run(&[command]));
        assert_eq!(code, Some(1), "{command}: {err}");
        for way in ["amp-stack init", "amp-stack import"] {
            assert!(err.contains(way), "{command}: {err}");
        }
    }
}

/// `/dev/full` takes nothing, as a full disk does (Linux man pages, full(4)).
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_named_and_nothing_is_changed() {
    let project = Project::new("full", &[("stack.toml", STACK)]);
    for words in [
        &["plan", "--sandbox"][..],
        &["apply", "--sandbox", "--yes", "--json"],
        &["guide", "faq"],
        &["schema"],
    ] {
        let full = fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_amp-stack"))
            .args(words)
            .current_dir(&project.0)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(full)
            .output()
            .unwrap();
        let (code, _, err) = ended(&output);
        assert_eq!(code, Some(1), "{words:?}: {err}");
        for part in [
            "cannot write to standard output",
            "No space left",
            "hint: make room",
        ] {
            assert!(err.contains(part), "{words:?}: {err}");
        }
    }
    let (code, _, err) = ended(&project.run(&["plan", "--sandbox", "--detailed-exitcode"]));
    assert_eq!(code, Some(2), "nothing was made: {err}");
}

/// Nobody makes files in `/proc`, the administrator neither.
#[cfg(target_os = "linux")]
#[test]
fn a_plan_that_cannot_be_saved_is_none_to_apply() {
    let project = Project::new("unsaved", &[("stack.toml", STACK)]);
    let words = ["plan", "--sandbox", "--out", "/proc/plan.json"];
    let (code, out, err) = ended(&project.run(&words));
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("cannot write /proc/plan.json"), "{err}");
    assert!(err.contains("name a file that can be written"), "{err}");
    let words = ["plan", "--sandbox", "--out", "/dev/full"];
    let (code, out, err) = ended(&project.run(&words));
    assert_eq!((code, out.as_str()), (Some(1), ""), "{err}");
    assert!(err.contains("something else is there already"), "{err}");
}
