//! What a runner of GitHub does around the scripts of a workflow, as far as the recipes use it.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    guide::pages::root,
    recipes::repository::{Repository, credentials, yaml},
};

/// Where amp-stack's own action is.
pub(super) const OURS: &str = ".github/actions/amp-stack";

/// Posts a comment: keeps the file that it is given.
const GH: &str = r#"#!/usr/bin/env bash
[ -n "$GH_TOKEN" ] || { echo "gh: no token" >&2; exit 4; }
[ "$1 $2 $3 $4" = "pr comment 7 --body-file" ] || { echo "gh: unknown: $*" >&2; exit 1; }
[ -s "$5" ] || { echo "gh: Body is blank" >&2; exit 1; }
cp "$5" "$HOME/comment.md"
"#;

/// How a run of a workflow ended.
#[derive(Debug, Default)]
pub(super) struct Run {
    /// The jobs in the order in which they ended, each with its conclusion.
    conclusions: Vec<(String, &'static str)>,
    /// What the scripts printed.
    pub(super) log: String,
    /// What the page of the run shows.
    pub(super) summary: String,
    /// What was written under the pull request.
    pub(super) comment: Option<String>,
}

impl Run {
    /// The jobs that ended so.
    pub(super) fn ended(&self, conclusion: &str) -> Vec<&str> {
        let ended = self.conclusions.iter().filter(|(_, is)| *is == conclusion);
        ended.map(|(job, _)| job.as_str()).collect()
    }
}

/// What expressions mean: `github.token`, `needs.save.outputs.todo`.
type Context = BTreeMap<String, String>;

/// Runs a workflow for an event, in the order in which its jobs need each other.
pub(super) fn run(workflow: &Value, event: &str, repository: &Repository, endpoint: &str) -> Run {
    repository.install("gh", GH);
    let home = repository.empty("home");
    let artifacts = repository.empty("artifacts");
    let jobs = workflow["jobs"].as_object().unwrap();
    let mut context = Context::from(
        [
            ("github.event_name", event),
            ("github.sha", &repository.head()),
            ("github.token", "a token"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    if event == "pull_request" {
        for name in ["github.event.number", "github.event.pull_request.number"] {
            context.insert(name.to_owned(), "7".to_owned());
        }
    }
    let mut run = Run::default();
    let mut done: BTreeMap<&str, &'static str> = BTreeMap::new();
    while done.len() < jobs.len() {
        let before = done.len();
        for (name, job) in jobs {
            let needs = names(&job["needs"]);
            if done.contains_key(name.as_str()) || needs.iter().any(|n| !done.contains_key(n)) {
                continue;
            }
            // A job runs if all that it needs has succeeded and its condition holds.
            let is_wanted = needs.iter().all(|needed| done[needed] == "success")
                && job
                    .get("if")
                    .is_none_or(|condition| holds(condition, &context));
            let conclusion = if is_wanted {
                let place = Place {
                    repository,
                    endpoint,
                    artifacts: &artifacts,
                };
                run_job(name, job, &place, &mut context, &mut run)
            } else {
                "skipped"
            };
            done.insert(name, conclusion);
            run.conclusions.push((name.clone(), conclusion));
        }
        assert!(done.len() > before, "the jobs need each other in a circle");
    }
    run.comment = fs::read_to_string(home.join("comment.md")).ok();
    run
}

/// The actions that a workflow uses.
pub(super) fn actions(workflow: &Value) -> Vec<String> {
    let jobs = workflow["jobs"].as_object().into_iter().flatten();
    let steps = jobs.flat_map(|(_, job)| job["steps"].as_array().unwrap());
    let used = steps.filter_map(|step| step["uses"].as_str());
    used.map(str::to_owned).collect()
}

/// Where a job runs.
struct Place<'a> {
    repository: &'a Repository,
    endpoint: &'a str,
    /// Where uploaded artifacts are.
    artifacts: &'a Path,
}

/// What a job works with.
struct Desk<'a> {
    repository: &'a Repository,
    /// The directory in which its scripts run.
    directory: PathBuf,
    /// Where the files are that scripts write for the runner.
    files: PathBuf,
}

fn run_job(
    name: &str,
    job: &Value,
    place: &Place<'_>,
    context: &mut Context,
    run: &mut Run,
) -> &'static str {
    let desk = Desk {
        repository: place.repository,
        directory: place.repository.empty(&format!("job-{name}")),
        files: place.repository.empty(&format!("files-{name}")),
    };
    let mut environment = vec![
        ("CI".to_owned(), "true".to_owned()),
        ("GITHUB_ACTIONS".to_owned(), "true".to_owned()),
        ("GITHUB_SHA".to_owned(), place.repository.head()),
    ];
    let temporary = desk.files.display().to_string();
    environment.push(("RUNNER_TEMP".to_owned(), temporary));
    for (variable, file) in [
        ("GITHUB_OUTPUT", "output"),
        ("GITHUB_STEP_SUMMARY", "summary"),
    ] {
        let path = desk.files.join(file);
        fs::write(&path, "").unwrap();
        let path = path.display().to_string();
        environment.push((variable.to_owned(), path));
    }
    let is_wanted = |step: &Value, context: &Context| {
        let condition = step.get("if");
        condition.is_none_or(|condition| holds(condition, context))
    };
    let mut conclusion = "success";
    for step in job["steps"].as_array().unwrap() {
        if !is_wanted(step, context) {
            continue;
        }
        let succeeds = match step["uses"].as_str() {
            Some(action) if action.contains(OURS) => {
                use_ours(step, &desk, &environment, context, run)
            }
            Some(action) => {
                let directory = &desk.directory;
                use_action(action, &step["with"], directory, place, &mut environment);
                true
            }
            None => {
                let here = with_own(&environment, step, context);
                run_script(step, &desk, &here, context, run)
            }
        };
        if !succeeds {
            conclusion = "failure";
            break;
        }
    }
    let summary = fs::read_to_string(desk.files.join("summary")).unwrap();
    run.summary.push_str(&summary);
    for (key, value) in job["outputs"].as_object().into_iter().flatten() {
        let value = filled(value.as_str().unwrap(), context);
        context.insert(format!("needs.{name}.outputs.{key}"), value);
    }
    context.retain(|key, _| !key.starts_with("steps."));
    conclusion
}

/// The environment of a step: that of the job, and its own.
fn with_own(
    environment: &[(String, String)],
    step: &Value,
    context: &Context,
) -> Vec<(String, String)> {
    let own = step["env"].as_object().into_iter().flatten();
    let own = own.map(|(name, value)| (name.clone(), filled(value.as_str().unwrap(), context)));
    environment.iter().cloned().chain(own).collect()
}

/// Runs the script of a step, and returns whether it succeeded.
fn run_script(
    step: &Value,
    desk: &Desk<'_>,
    environment: &[(String, String)],
    context: &mut Context,
    run: &mut Run,
) -> bool {
    let script = filled(step["run"].as_str().unwrap(), context);
    let output = desk.repository.shell(&script, &desk.directory, environment);
    run.log.push_str(&String::from_utf8_lossy(&output.stdout));
    run.log.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines = fs::read_to_string(desk.files.join("output")).unwrap();
    if let Some(id) = step["id"].as_str() {
        for (key, value) in lines.lines().filter_map(|line| line.split_once('=')) {
            context.insert(format!("steps.{id}.outputs.{key}"), value.to_owned());
        }
    }
    if !output.status.success() {
        let code = output.status.code().unwrap();
        writeln!(run.log, "Process completed with exit code {code}.").unwrap();
    }
    output.status.success()
}

/// Runs the steps of amp-stack's own action, as it lies in this repository.
fn use_ours(
    step: &Value,
    desk: &Desk<'_>,
    environment: &[(String, String)],
    context: &mut Context,
    run: &mut Run,
) -> bool {
    let home = root().join(OURS);
    let action = yaml(&fs::read_to_string(home.join("action.yml")).unwrap());
    let inputs = action["inputs"].as_object().unwrap();
    let mut inside = context.clone();
    for (name, _) in step["with"].as_object().unwrap() {
        assert!(inputs.contains_key(name), "the action has no input {name}");
    }
    for (name, input) in inputs {
        let given = step["with"].get(name).or(input.get("default"));
        let given = given.unwrap_or_else(|| panic!("the action needs {name}"));
        let value = filled(given.as_str().unwrap(), context);
        inside.insert(format!("inputs.{name}"), value);
    }
    let mut environment = environment.to_vec();
    let path = home.display().to_string();
    environment.push(("GITHUB_ACTION_PATH".to_owned(), path));
    for inner in action["runs"]["steps"].as_array().unwrap() {
        assert_eq!(inner["shell"], "bash");
        let here = with_own(&environment, inner, &inside);
        if !run_script(inner, desk, &here, &mut inside, run) {
            return false;
        }
    }
    if let Some(id) = step["id"].as_str() {
        for (name, output) in action["outputs"].as_object().unwrap() {
            let value = filled(output["value"].as_str().unwrap(), &inside);
            context.insert(format!("steps.{id}.outputs.{name}"), value);
        }
    }
    true
}

fn use_action(
    action: &str,
    with: &Value,
    directory: &Path,
    place: &Place<'_>,
    environment: &mut Vec<(String, String)>,
) {
    let (name, _) = action.split_once('@').unwrap();
    match name {
        "actions/checkout" => place.repository.clone_into(directory),
        "aws-actions/configure-aws-credentials" => {
            let role = with["role-to-assume"].as_str().unwrap();
            assert!(role.starts_with("arn:aws:iam::"), "{role}");
            environment.extend(credentials(place.endpoint));
        }
        "actions/upload-artifact" => {
            let (name, path) = (
                with["name"].as_str().unwrap(),
                with["path"].as_str().unwrap(),
            );
            let from = directory.join(path);
            let to = place.artifacts.join(name);
            fs::create_dir_all(&to).unwrap();
            // It warns and goes on where there is nothing.
            if from.exists() {
                fs::copy(from, to.join(path)).unwrap();
            }
        }
        "actions/download-artifact" => {
            let from = place.artifacts.join(with["name"].as_str().unwrap());
            for entry in fs::read_dir(from).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
            }
        }
        other => panic!("nobody here knows what {other} does"),
    }
}

/// One name, or an array of them.
fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(names) => names.iter().map(|name| name.as_str().unwrap()).collect(),
        Value::String(name) => vec![name],
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => panic!("{value} is no name"),
    }
}

/// Returns whether a condition `LEFT == 'RIGHT'` holds. What is not known is empty, as on GitHub.
fn holds(condition: &Value, context: &Context) -> bool {
    let condition = condition.as_str().unwrap();
    let (left, right) = condition.split_once(" == ").expect("an equation");
    let right = right.trim_matches('\'');
    context.get(left).map_or("", String::as_str) == right
}

/// The text with its expressions `${{ … }}` filled in.
fn filled(text: &str, context: &Context) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after.split_once("}}").expect("it is closed");
        out.push_str(before);
        let expression = expression.trim();
        let value = context.get(expression);
        out.push_str(value.map_or("", String::as_str));
        rest = after;
    }
    out.push_str(rest);
    out
}
