//! What `CodeBuild` does around the commands of a build specification, as far as the recipes use it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::recipes::repository::{Repository, credentials};

/// The phases, in their order (`CodeBuild` user guide, "Build specification reference").
const PHASES: &[&str] = &["install", "pre_build", "build", "post_build"];

/// Runs a project on its source, and returns a directory with its artifacts.
pub(super) fn run(
    specification: &Value,
    source: &Path,
    repository: &Repository,
    endpoint: &str,
) -> PathBuf {
    let phases = specification["phases"].as_object().unwrap();
    assert!(phases.keys().all(|phase| PHASES.contains(&phase.as_str())));
    let mut environment = credentials(endpoint);
    environment.push((
        "CODEBUILD_RESOLVED_SOURCE_VERSION".to_owned(),
        repository.head(),
    ));
    for phase in PHASES.iter().filter_map(|phase| phases.get(*phase)) {
        for command in phase["commands"].as_array().unwrap() {
            let output = repository.shell(command.as_str().unwrap(), source, &environment);
            assert!(
                output.status.success(),
                "{command}: {}{}",
                String::from_utf8_lossy(&output.stdout),
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    let artifacts = repository.empty("artifacts");
    let patterns = specification["artifacts"]["files"].as_array();
    for pattern in patterns.into_iter().flatten() {
        let pattern = pattern.as_str().unwrap();
        match pattern.strip_suffix("/**/*") {
            Some(folder) => copy_all(&source.join(folder), &artifacts.join(folder)),
            None => _ = fs::copy(source.join(pattern), artifacts.join(pattern)).unwrap(),
        }
    }
    artifacts
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
