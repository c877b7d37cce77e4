//! The log that `--debug` and `AMP_STACK_LOG` ask for.

use std::process::Command;

use crate::run::{Bench, Run};

const SECRET: &str = "hunter2-and-more";

/// `stacks/quickstart.toml` with a variable that holds a secret.
fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    let stack = include_str!("../../stacks/quickstart.toml").replace(
        "logs          = \"quickstart\"",
        "logs          = \"quickstart\"\nenvironment   = { TOKEN = \"${var.token}\" }",
    );
    bench.write(
        "stack.toml",
        &format!("{stack}\n[variables]\ntoken = {{}}\n"),
    );
    bench
}

fn command(bench: &Bench, words: &[&str]) -> Command {
    let mut command = bench.command(words);
    let variable = format!("token={SECRET}");
    command.args(["stack.toml", "--sandbox", "--var", &variable]);
    command
}

fn run(mut command: Command) -> Run {
    Run::from(command.output().unwrap()).expect(0)
}

/// The lines of the log, without their times.
fn log(run: &Run) -> Vec<&str> {
    run.stderr
        .lines()
        .filter_map(|line| line.split_once(" DEBUG ").map(|(_, rest)| rest))
        .collect()
}

#[test]
fn every_call_is_logged_on_standard_error() {
    let bench = bench("debug-plan");
    let silent = run(command(&bench, &["plan"]));
    assert_eq!(log(&silent), [""; 0]);
    let loud = run(command(&bench, &["plan", "--debug"]));
    assert_eq!(loud.stdout, silent.stdout);
    for operation in ["iam:ListRoles", "aps:ListWorkspaces", "tag:GetResources"] {
        let operation = format!("operation=\"{operation}\"");
        let line = log(&loud)
            .into_iter()
            .find(|line| line.contains(&operation))
            .unwrap_or_else(|| panic!("no {operation} in {}", loud.stderr));
        for part in [
            "attempt=1",
            "duration_ms=",
            "request_id=\"",
            "status=200",
            "code=\"ok\"",
        ] {
            assert!(line.contains(part), "{line} lacks {part}");
        }
        assert!(!line.contains("request_id=\"none\""), "{line}");
    }
}

#[test]
fn no_secret_is_logged_however_much_is_asked_for() {
    let bench = bench("debug-apply");
    let mut command = command(&bench, &["apply", "--yes", "--debug"]);
    command.env(
        "AMP_STACK_LOG",
        "trace,aws_sdk_ecs=trace,aws_smithy_runtime=trace,hyper=trace",
    );
    let run = run(command);
    assert!(run.stderr.contains("ecs:RegisterTaskDefinition"));
    assert!(!run.stderr.contains(SECRET), "{}", run.stderr);
    for line in run.stderr.lines() {
        assert!(!line.contains("aws_") && !line.contains("hyper"), "{line}");
    }
}

#[test]
fn the_environment_asks_for_the_log_as_well() {
    let bench = bench("debug-environment");
    let mut chosen = command(&bench, &["plan"]);
    chosen.env("AMP_STACK_LOG", "amp_stack::aws=debug");
    assert!(
        log(&run(chosen))
            .iter()
            .any(|line| line.contains("iam:ListRoles"))
    );
    let mut wrong = command(&bench, &["plan"]);
    wrong.env("AMP_STACK_LOG", "amp_stack=loud");
    let wrong = Run::from(wrong.output().unwrap()).expect(1);
    assert!(wrong.says("AMP_STACK_LOG"), "{}", wrong.stderr);
}

/// A file that says where it is for is read once; one that does not, again when AWS has said it.
#[test]
fn a_file_is_read_again_only_if_it_does_not_say_where_it_is_for() {
    let again = "the stack file is read again";
    let bench = bench("debug-loads");
    let loud = run(command(&bench, &["plan", "--debug"]));
    assert_eq!(
        log(&loud)
            .iter()
            .filter(|line| line.contains(again))
            .count(),
        1
    );

    let text = std::fs::read_to_string(bench.path("stack.toml")).unwrap();
    let located = "[stack]\naccount = \"111122223333\"\nregion = \"us-east-1\"\n";
    bench.write("stack.toml", &text.replacen("[stack]\n", located, 1));
    let once = run(command(&bench, &["plan", "--debug"]));
    assert!(
        !log(&once).iter().any(|line| line.contains(again)),
        "{}",
        once.stderr
    );
    assert_eq!(once.stdout, loud.stdout);
}
