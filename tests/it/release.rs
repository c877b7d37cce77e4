//! What a release is made of: its scripts are run, with the program as it was built for the tests.

#![expect(
    clippy::unwrap_used,
    reason = "a script that fails has failed the test"
)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::guide::pages::root;

const TARGETS: [&str; 5] = [
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-musl",
    "x86_64-apple-darwin",
    "aarch64-apple-darwin",
    "x86_64-pc-windows-msvc",
];

fn release(name: &str) -> PathBuf {
    root().join(".github/release").join(name)
}

/// Runs a script in `directory`; returns what it printed.
fn script(directory: &Path, name: &str, arguments: &[&str]) -> String {
    let output = Command::new("bash")
        .arg(release(name))
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "{name}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a program; returns what it printed.
fn run(directory: &Path, program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_archive_holds_a_program_that_runs_with_its_manual_and_completions() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    // With its names for debuggers the program takes a minute to pack: this one starts it.
    let built = at.join("built");
    fs::create_dir(&built).unwrap();
    let starts = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_amp-stack")
    );
    fs::write(built.join("amp-stack"), starts).unwrap();
    run(at, "chmod", &["+x", "built/amp-stack"]);
    let target = TARGETS[0];
    script(at, "pack.sh", &[target, built.to_str().unwrap()]);
    let name = format!("amp-stack-{}-{target}", env!("CARGO_PKG_VERSION"));
    run(at, "tar", &["xzf", &format!("dist/{name}.tar.gz")]);
    let said = run(at, &format!("{name}/amp-stack"), &["--version"]);
    assert_eq!(
        said.trim(),
        concat!("amp-stack ", env!("CARGO_PKG_VERSION"))
    );
    for file in [
        "LICENSE",
        "README.md",
        "completions/amp-stack.bash",
        "completions/amp-stack.powershell",
        "man/amp-stack-plan.1",
    ] {
        let length = fs::metadata(at.join(&name).join(file)).unwrap().len();
        assert!(length > 200, "{file}");
    }
}

#[test]
fn the_formula_takes_the_archives_that_were_made() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let version = env!("CARGO_PKG_VERSION");
    for target in TARGETS {
        let end = if target.contains("windows") {
            "zip"
        } else {
            "tar.gz"
        };
        fs::write(
            at.join(format!("amp-stack-{version}-{target}.{end}")),
            target,
        )
        .unwrap();
    }
    let repository = "https://example.com/us/amp-stack";
    script(at, "finish.sh", &[".", repository]);
    let sums = run(at, "sha256sum", &["--check", "SHA256SUMS"]);
    assert_eq!(sums.matches(": OK").count(), TARGETS.len(), "{sums}");
    let formula = fs::read_to_string(at.join("amp-stack.rb")).unwrap();
    let code: Vec<&str> = formula.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(!code.concat().contains('@'), "{formula}");
    for target in &TARGETS[..4] {
        let archive = format!("amp-stack-{version}-{target}.tar.gz");
        assert!(formula.contains(&format!(
            "{repository}/releases/download/v{version}/{archive}"
        )));
        let sum = run(at, "sha256sum", &[&archive]);
        assert!(formula.contains(&sum[..64]), "{target}");
    }
}

/// Without an archive there is no formula that names it.
#[test]
fn a_missing_archive_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("other"), "").unwrap();
    let output = Command::new("bash")
        .arg(release("finish.sh"))
        .args([".", "https://example.com"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no amp-stack-"));
}

/// The workflow builds each target that is published, and every action is pinned by a hash.
#[test]
fn the_workflow_builds_what_is_published() {
    let text = fs::read_to_string(root().join(".github/workflows/release.yml")).unwrap();
    for target in TARGETS {
        assert!(text.contains(&format!("target: {target},")), "{target}");
    }
    let actions = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("uses: "));
    for action in actions {
        let (_, version) = action.split_once('@').unwrap();
        let hash = version.split(' ').next().unwrap();
        let is_hash = hash.len() == 40 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        assert!(is_hash, "{action} is not pinned");
    }
    for line in text.lines().filter(|line| line.contains("cargo install")) {
        assert!(line.contains("--locked") && line.contains('@'), "{line}");
    }
}
