//! Pages of the guide as people have them: on a terminal, which `script` of util-linux makes.

#![expect(
    clippy::print_stderr,
    reason = "a test that is left out says so where people see it"
)]

use std::process::{Command, Stdio};

use crate::run::Bench;

/// What a terminal of 60 columns and 20 rows shows of `line`; `None` without `script`.
fn on_a_terminal(bench: &Bench, line: &str, pager: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_amp-stack");
    let line = format!(
        "stty cols 60 rows 20; {}",
        line.replace("amp-stack", program)
    );
    let output = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env("PAGER", pager)
        .env("TERM", "xterm")
        .env("LC_ALL", "C.UTF-8")
        .current_dir(bench.path(""))
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no `script` to make a terminal with");
        return None;
    };
    Some(String::from_utf8(output.stdout).unwrap().replace('\r', ""))
}

#[test]
fn a_page_is_laid_out_and_paged_on_a_terminal_and_plain_elsewhere() {
    let bench = Bench::new("terminal");
    let plain = bench.run(&["guide", "rollout"]).expect(0).stdout;
    let written = include_str!("../../src/guide/rollout.md");
    assert_eq!(plain, written, "through a pipe it is as it is written");

    let line = "amp-stack guide rollout --color never";
    let Some(paged) = on_a_terminal(&bench, line, "sed s/^/paged:/") else {
        return;
    };
    let lines: Vec<&str> = paged.lines().collect();
    assert!(lines.len() > 20, "{paged}");
    assert!(
        lines.iter().all(|line| line.starts_with("paged:")),
        "{paged}"
    );
    assert!(!paged.contains("```") && !paged.contains("\n# "), "{paged}");

    let unpaged = on_a_terminal(&bench, &format!("{line} --no-pager"), "sed s/^/paged:/").unwrap();
    assert!(!unpaged.contains("paged:"), "{unpaged}");
    assert_eq!(
        unpaged,
        paged.replace("paged:", ""),
        "the pager gets what is printed"
    );

    // Without the pager that is asked for, people read all the same.
    let missing = on_a_terminal(&bench, line, "no-such-pager").unwrap();
    assert!(missing.ends_with(&unpaged), "{missing}");
    let colours = on_a_terminal(&bench, "amp-stack guide rollout --no-pager", "").unwrap();
    assert!(colours.contains("\u{1b}["), "{colours}");
}
