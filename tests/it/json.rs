//! What is printed for programs: whole runs of the binary with `--json`, and the page that documents it.

pub(crate) mod account;
mod document;
mod series;

use std::{collections::BTreeMap, process::Stdio};

use insta::assert_snapshot;
use serde_json::Value;

use crate::{
    json::{
        account::Account,
        series::{SECRETS, SERIES, STACK, Told},
    },
    run::{Bench, Run},
};

/// The lines of a run.
fn lines(run: &Run) -> Vec<Value> {
    let lines = run.stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// The events of this name.
fn events<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    let is_wanted = |line: &&Value| line["event"] == name;
    lines.iter().filter(is_wanted).collect()
}

fn texts<'a>(events: &[&'a Value], member: &str) -> Vec<&'a str> {
    let members = events.iter().map(|event| event[member].as_str());
    members.map(Option::unwrap).collect()
}

/// A run, without what differs each time: when, and the ids of requests and workspaces.
#[track_caller]
fn assert_told(name: &str) {
    let Told { run, .. } = &SERIES[name];
    let filters = [
        (r#""time":"[^"]*""#, r#""time":"T""#),
        (r#""request_id":"[^"]*""#, r#""request_id":"R""#),
    ];
    insta::with_settings!({ filters => filters }, {
        assert_snapshot!(name.replace(' ', "_"), run.stdout);
    });
}

#[test]
fn a_plan_is_told_step_by_step() {
    assert_told("plan");
}

#[test]
fn a_plan_of_changes_tells_every_difference() {
    assert_told("plan of changes");
}

#[test]
fn an_apply_tells_every_call() {
    assert_told("apply");
}

#[test]
fn a_failed_apply_tells_why_and_what_was_given_up() {
    assert_told("failed apply");
}

#[test]
fn an_interrupted_apply_tells_what_was_left() {
    assert_told("interrupted apply");
}

#[test]
fn a_refusal_is_told_with_its_code() {
    assert_told("refusal");
}

#[test]
fn an_invalid_file_is_told_with_its_places() {
    assert_told("invalid file");
}

#[test]
fn stacks_that_are_not_begun_are_told() {
    assert_told("first of two failed");
}

#[test]
fn every_run_begins_with_the_version_and_ends_with_the_exit_code() {
    for (name, Told { run, .. }) in &*SERIES {
        let lines = lines(run);
        let (first, last) = (&lines[0], &lines[lines.len() - 1]);
        assert_eq!(first["event"], "version", "{name}");
        assert_eq!(first["format"], 1, "{name}");
        assert_eq!(last["event"], "exit", "{name}");
        assert_eq!(
            last["exit_code"].as_i64(),
            run.code.map(i64::from),
            "{name}"
        );
        assert_eq!(events(&lines, "exit").len(), 1, "{name}");
    }
}

#[test]
fn times_never_go_back() {
    for (name, Told { run, .. }) in &*SERIES {
        let lines = lines(run);
        let times: Vec<&str> = texts(&lines.iter().collect::<Vec<_>>(), "time");
        assert!(times.is_sorted(), "{name}: {times:?}");
        assert!(
            times.iter().all(|time| time.len() == 24),
            "{name}: {times:?}"
        );
    }
}

#[test]
fn what_was_performed_is_what_aws_was_asked_for() {
    let mut calls = 0;
    for (name, Told { run, performed }) in &*SERIES {
        // What was in flight then may have been carried out or not, as it says.
        if *name == "apply left at once" {
            continue;
        }
        let lines = lines(run);
        let told = events(&lines, "performed");
        assert_eq!(texts(&told, "operation"), *performed, "{name}");
        calls += performed.len();
        let has_id = |event: &&Value| event["request_id"].is_string();
        assert!(told.iter().all(has_id), "{name}: {told:?}");
    }
    assert!(calls > 20, "{calls} calls are too few to prove anything");
}

#[test]
fn a_complete_run_performs_what_its_plan_said() {
    for name in ["apply", "destroy", "slow apply"] {
        let lines = lines(&SERIES[name].run);
        let mut planned = BTreeMap::new();
        for step in events(&lines, "step") {
            let calls = step["calls"].as_array().unwrap();
            planned.insert(step["step"].as_str().unwrap(), calls.clone());
        }
        for event in events(&lines, "performed") {
            let calls = planned.get_mut(event["step"].as_str().unwrap()).unwrap();
            let call = calls.remove(0);
            assert_eq!(call["operation"], event["operation"], "{name}");
            assert_eq!(call["subject"], event["subject"], "{name}");
        }
        assert!(planned.values().all(Vec::is_empty), "{name}: {planned:?}");
    }
}

#[test]
fn the_outcome_has_every_step_once() {
    for (name, Told { run, .. }) in &*SERIES {
        let lines = lines(run);
        for outcome in events(&lines, "outcome") {
            let file = &outcome["stack_file"];
            let mut ended: Vec<&Value> = ["done", "failed", "given_up", "stopped"]
                .iter()
                .flat_map(|list| outcome[list].as_array().unwrap())
                .collect();
            ended.sort_by_key(|step| step.as_str().unwrap());
            let steps = events(&lines, "step");
            let steps = steps.iter().filter(|step| step["stack_file"] == *file);
            let mut steps: Vec<&Value> = steps.map(|step| &step["step"]).collect();
            steps.sort_by_key(|step| step.as_str().unwrap());
            assert_eq!(ended, steps, "{name}");
        }
    }
}

#[test]
fn a_second_apply_has_an_outcome_too() {
    let lines = lines(&SERIES["apply again"].run);
    let outcomes = events(&lines, "outcome");
    assert_eq!(outcomes.len(), 1);
    assert_eq!(outcomes[0]["complete"], true);
    assert_eq!(outcomes[0]["changed"], false);
}

#[test]
fn a_run_that_is_left_at_once_says_so() {
    let lines = lines(&SERIES["apply left at once"].run);
    let names: Vec<&str> = texts(&lines.iter().collect::<Vec<_>>(), "event");
    let end = ["calling", "stopping", "error", "exit"];
    assert_eq!(names[names.len() - end.len()..], end);
    let errors = events(&lines, "error");
    let message = errors[0]["message"].as_str().unwrap();
    assert!(message.starts_with("left at once"), "{message}");
}

#[test]
fn secrets_are_never_told() {
    for (name, Told { run, .. }) in &*SERIES {
        for secret in SECRETS {
            assert!(!run.stdout.contains(secret), "{name}: {secret}");
            assert!(!run.stderr.contains(secret), "{name}: {secret}");
        }
    }
    let lines = lines(&SERIES["plan of changes"].run);
    let hidden: Vec<&Value> = events(&lines, "step")
        .into_iter()
        .flat_map(|step| step["differences"].as_array().unwrap())
        .filter(|difference| difference["hidden"] == true)
        .collect();
    assert_eq!(
        texts(&hidden, "path"),
        ["containers.app.environment.DB_PASSWORD"]
    );
}

#[test]
fn standard_error_has_no_progress() {
    for name in ["apply", "apply again", "slow apply", "destroy"] {
        assert_eq!(SERIES[name].run.stderr, "", "{name}");
    }
}

#[test]
fn a_reader_that_leaves_before_the_end_stops_nothing() {
    let account = Account::hasty();
    let bench = Bench::with_endpoint("json-pipe", &account.endpoint);
    bench.write("stack.toml", STACK);
    account.fault("logs:CreateLogGroup", account::Fault::Hold);
    let mut child = bench
        .command(&["apply", "--json", "--yes", "--concurrency", "1"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    account.wait_for_held();
    drop(child.stdout.take());
    account.let_go();
    Run::from(child.wait_with_output().unwrap()).expect(0);
    let told = &SERIES["apply"].performed;
    assert_eq!(account.performed(), *told);
}

#[test]
fn a_plan_that_nobody_reads_is_not_carried_out() {
    let account = Account::hasty();
    let bench = Bench::with_endpoint("json-unread", &account.endpoint);
    bench.write("stack.toml", STACK);
    let mut child = bench
        .command(&["apply", "--json", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    Run::from(child.wait_with_output().unwrap()).expect(1);
    assert_eq!(account.performed(), [""; 0]);
}
