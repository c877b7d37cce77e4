//! The collectors that somebody has named, each of one version.

use std::{env, path::PathBuf, process::Command};

/// The programs, as in `PATH`.
pub(crate) const COLLECTOR: &str = "AMP_STACK_COLLECTOR";
/// Where the files of their images are, in the same order.
const FILES: &str = "AMP_STACK_COLLECTOR_FILES";

/// A collector.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// The files of its image.
    pub(crate) files: Option<PathBuf>,
    /// What it says as it starts.
    said: String,
}

fn paths(variable: &str) -> Vec<PathBuf> {
    let value = env::var_os(variable).unwrap_or_default();
    env::split_paths(&value)
        .filter(|path| !path.as_os_str().is_empty())
        .collect()
}

impl Program {
    /// Those that the environment names.
    pub(crate) fn all() -> Vec<Self> {
        let files = paths(FILES).into_iter().map(Some);
        let programs = paths(COLLECTOR).into_iter();
        programs
            .zip(files.chain(std::iter::repeat(None)))
            .map(|(path, files)| {
                // It says its version before it looks at the option, which not every one has.
                let output = Command::new(&path).arg("--version").output().unwrap();
                let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let said = text(&output.stderr) + &text(&output.stdout);
                Self { path, files, said }
            })
            .collect()
    }

    /// Returns whether it is of a version, such as `v0.49`.
    pub(crate) fn is(&self, version: &str) -> bool {
        self.said
            .contains(&format!("Collector version: {version}."))
    }
}
