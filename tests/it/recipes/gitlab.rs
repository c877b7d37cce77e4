//! What a runner of GitLab does around the scripts of a pipeline, as far as the recipe uses it.

use std::fs;

use serde_json::{Map, Value};

use crate::recipes::repository::{Repository, credentials};

/// The keys at the top that are no jobs.
const GLOBAL: &[&str] = &["default", "stages", "variables", "workflow", "include"];
/// The stages of a pipeline that names none (GitLab documentation, "CI/CD YAML syntax reference",
/// `stages`).
const STAGES: &[&str] = &[".pre", "build", "test", "deploy", ".post"];

/// Runs the pipeline of the default branch, manual jobs included, and returns its jobs in the order
/// in which they ran.
pub(super) fn run(pipeline: &Value, repository: &Repository, endpoint: &str) -> Vec<String> {
    let jobs = pipeline.as_object().unwrap();
    let is_job = |name: &str| !GLOBAL.contains(&name) && !name.starts_with('.');
    let artifacts = repository.empty("artifacts");
    let mut ran = Vec::new();
    for stage in stages(pipeline) {
        for (name, job) in jobs.iter().filter(|(name, _)| is_job(name)) {
            let job = extended(job, jobs);
            if job
                .get("stage")
                .map_or("test", |stage| stage.as_str().unwrap())
                != stage
            {
                continue;
            }
            let directory = repository.clone_of(&format!("job-{name}"));
            for entry in fs::read_dir(&artifacts).unwrap() {
                let entry = entry.unwrap();
                fs::copy(entry.path(), directory.join(entry.file_name())).unwrap();
            }
            let environment =
                environment(&job, repository, endpoint, &directory.display().to_string());
            let mut script = lines(job.get("before_script"));
            script.extend(lines(job.get("script")));
            assert!(!script.is_empty(), "{name} has no script");
            let output = repository.shell(&script.join("\n"), &directory, &environment);
            assert!(
                output.status.success(),
                "{name}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
            for path in lines(job.get("artifacts").and_then(|kept| kept.get("paths"))) {
                fs::copy(directory.join(&path), artifacts.join(&path)).unwrap();
            }
            ran.push(name.clone());
        }
    }
    ran
}

fn stages(pipeline: &Value) -> Vec<String> {
    let named = lines(pipeline.get("stages"));
    if named.is_empty() {
        STAGES.iter().map(|stage| (*stage).to_owned()).collect()
    } else {
        named
    }
}

/// The job with what it extends: maps are merged, everything else is replaced.
fn extended(job: &Value, jobs: &Map<String, Value>) -> Map<String, Value> {
    let job = job.as_object().unwrap();
    let mut whole = job
        .get("extends")
        .map(|base| jobs[base.as_str().unwrap()].as_object().unwrap().clone())
        .unwrap_or_default();
    for (key, value) in job {
        match (whole.get_mut(key), value) {
            (Some(Value::Object(base)), Value::Object(own)) => base.extend(own.clone()),
            _ => _ = whole.insert(key.clone(), value.clone()),
        }
    }
    whole
}

/// The variables of a job. One with a token and a role is a job with credentials.
fn environment(
    job: &Map<String, Value>,
    repository: &Repository,
    endpoint: &str,
    directory: &str,
) -> Vec<(String, String)> {
    let mut environment = vec![
        ("CI".to_owned(), "true".to_owned()),
        ("CI_COMMIT_SHA".to_owned(), repository.head()),
        ("CI_COMMIT_BRANCH".to_owned(), "main".to_owned()),
        ("CI_DEFAULT_BRANCH".to_owned(), "main".to_owned()),
    ];
    let map = |key: &str| {
        job.get(key)
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
    };
    for (name, token) in map("id_tokens") {
        assert!(token["aud"].is_string(), "{name} is for somebody");
        environment.push((name.clone(), "a token".to_owned()));
    }
    for (name, value) in map("variables") {
        // Files of a job belong into its own directory here, because jobs share a machine.
        let value = value
            .as_str()
            .unwrap()
            .replace("/tmp/", &format!("{directory}/"));
        environment.push((name.clone(), value));
    }
    if environment.iter().any(|(name, _)| name == "AWS_ROLE_ARN") {
        assert!(
            environment
                .iter()
                .any(|(name, _)| name == "AWS_WEB_IDENTITY_TOKEN_FILE"),
            "the role is assumed with a token"
        );
        environment.extend(credentials(endpoint));
    }
    environment
}

/// An array of strings; none if there is nothing.
fn lines(value: Option<&Value>) -> Vec<String> {
    let lines = value.and_then(Value::as_array).into_iter().flatten();
    lines
        .map(|line| line.as_str().unwrap().to_owned())
        .collect()
}
