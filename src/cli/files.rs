//! Which stack file is meant, and reading it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use crate::{
    cli::{failure::Failure, interrupt::interrupted, reading},
    file::{problem::nearest, source::Source},
    load::names,
    model::address::Address,
    saved,
};

/// The stack file of a project that has one.
const STACK_FILE: &str = "stack.toml";
/// Where the stack files of a project are that has several.
const STACKS_DIRECTORY: &str = "stacks";

/// How names of files of variables end, where somebody marks them.
const VALUES: &str = ".vars.toml";

/// A stack file that can't be chosen or read.
#[derive(Debug, Error)]
pub(super) enum FileError {
    /// None was given, and there is none.
    #[error("no stack file is given, and there is neither ./stack.toml nor a file in ./stacks/")]
    None,
    /// None was given, and there are several.
    #[error("no stack file is given, and ./stacks/ holds {}", .0.len())]
    Several(Vec<PathBuf>),
    /// It is a plan.
    #[error("{} is a saved plan, and no stack file", .0.display())]
    Plan(PathBuf),
    /// It was given twice.
    #[error("{} is named twice", .0.display())]
    Twice(PathBuf),
    /// It can't be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
        /// A file that may have been meant.
        meant: Option<PathBuf>,
        /// Whether it was to be a stack file.
        is_stack: bool,
    },
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let hint = match &error {
            FileError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::Interrupted => {
                return interrupted();
            }
            FileError::Unreadable { cause, .. } if cause.kind() == io::ErrorKind::FileTooLarge => {
                Some("name a file that holds text, as stack files and saved plans do".to_owned())
            }
            FileError::None => Some(
                "amp-stack init writes one, asking what it needs to know; amp-stack import writes one for what exists in AWS; with one elsewhere, name it: amp-stack plan STACK.toml"
                    .to_owned(),
            ),
            FileError::Several(paths) => {
                let paths: Vec<String> = paths.iter().map(|p| p.display().to_string()).collect();
                Some(format!("name one of: {}", paths.join(", ")))
            }
            FileError::Plan(path) => {
                let path = path.display();
                Some(format!(
                    "to see it, run: amp-stack show {path}; to carry it out, and nothing else: amp-stack apply {path}"
                ))
            }
            FileError::Twice(_) => None,
            FileError::Unreadable {
                path,
                meant,
                is_stack: true,
                ..
            } => unreadable(path, meant.as_deref()),
            FileError::Unreadable { meant, .. } => {
                let meant = meant.as_ref();
                meant.map(|meant| format!("did you mean {}?", meant.display()))
            }
        };
        let failure = Self::before(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

/// What to do about a file that can't be read.
fn unreadable(path: &Path, meant: Option<&Path>) -> Option<String> {
    if let Some(meant) = meant {
        return Some(format!("did you mean {}?", meant.display()));
    }
    if path.is_dir() {
        let files = toml_files(path);
        let named: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        return Some(if named.is_empty() {
            format!(
                "it is a directory without stack files; name a stack file, or let amp-stack init {} write one",
                path.join(STACK_FILE).display()
            )
        } else {
            format!("it is a directory; name stack files: {}", named.join(" "))
        });
    }
    if path == Path::new("-") {
        return Some(
            "stack files are not read from standard input, because they name others beside them; amp-stack fmt - formats one"
                .to_owned(),
        );
    }
    if let Some(option) = option(path.to_str()?) {
        return Some(option);
    }
    if path.to_str()?.contains("://") {
        return Some("stack files are files of this machine: fetch it first".to_owned());
    }
    if let Ok(address) = path.to_str()?.parse::<Address>() {
        return Some(format!(
            "to plan one resource of a stack only, write --target {address}"
        ));
    }
    if path.exists() {
        return None;
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let beside = toml_files(directory.unwrap_or(Path::new(".")));
    let beside: Vec<String> = beside
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    Some(if beside.is_empty() {
        format!("amp-stack init {} writes one", path.display())
    } else {
        format!("there is {}", beside.join(", "))
    })
}

/// What to type in the place of an option that was taken for a file.
fn option(word: &str) -> Option<String> {
    let plain = word.trim_start_matches(['-', '\u{2013}', '\u{2014}', '\u{2212}']);
    let is_option = plain != word && plain.starts_with(|one: char| one.is_ascii_alphabetic());
    if !is_option {
        return None;
    }
    Some(if word.starts_with("--") {
        format!("options stand before the `--` by itself: {word}")
    } else {
        format!("options begin with two hyphens: --{plain}")
    })
}

/// Why nothing is written to `path`, if that names a directory; `before` is what stands before the
/// name of a file.
pub(super) fn directory(path: &Path, before: &str) -> Option<Failure> {
    let is_named_as_one = path.as_os_str().to_string_lossy().ends_with('/');
    (is_named_as_one || path.is_dir()).then(|| {
        let file = path.join(STACK_FILE);
        Failure::before(format!("{} is a directory", path.display()))
            .hint(format!("name a file in it: {before}{}", file.display()))
    })
}

/// The TOML files in `directory`.
fn toml_files(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .collect();
    files.sort();
    files
}

/// The stack file that is meant if `given` is what was typed in `directory`.
pub(super) fn one(given: Option<&Path>, directory: &Path) -> Result<PathBuf, FileError> {
    if let Some(path) = given {
        return Ok(path.to_owned());
    }
    let mut candidates = candidates(directory)?;
    match candidates.pop() {
        None => Err(FileError::None),
        Some(only) if candidates.is_empty() => Ok(only),
        Some(last) => {
            candidates.push(last);
            Err(FileError::Several(candidates))
        }
    }
}

/// The stack files that are meant if `given` are what was typed, where several are taken only if
/// they are named.
pub(super) fn named(given: &[PathBuf], directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    if given.is_empty() {
        return Ok(vec![one(None, directory)?]);
    }
    let twice = given
        .iter()
        .enumerate()
        .find(|(index, path)| given[..*index].contains(path));
    match twice {
        None => Ok(given.to_vec()),
        Some((_, path)) => Err(FileError::Twice(path.clone())),
    }
}

/// The stack files that are meant if `given` are what was typed: where a question about one would
/// be ambiguous, all of them.
pub(super) fn all(given: &[PathBuf], directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    if !given.is_empty() {
        return Ok(given.to_vec());
    }
    let candidates = candidates(directory)?;
    if candidates.is_empty() {
        return Err(FileError::None);
    }
    Ok(candidates)
}

/// `stack.toml` if there is one, else the TOML files in `stacks`, sorted. The paths are relative to
/// `directory`.
fn candidates(directory: &Path) -> Result<Vec<PathBuf>, FileError> {
    if directory.join(STACK_FILE).is_file() {
        return Ok(vec![PathBuf::from(STACK_FILE)]);
    }
    let stacks = directory.join(STACKS_DIRECTORY);
    let unreadable = |cause| FileError::Unreadable {
        path: stacks.clone(),
        cause,
        meant: None,
        is_stack: false,
    };
    let entries = match fs::read_dir(&stacks) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let name = entry.map_err(unreadable)?.file_name();
        let path = Path::new(STACKS_DIRECTORY).join(name);
        let is_toml = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        // A file of variables beside the stack files is meant for `--var-file`.
        if is_toml && directory.join(&path).is_file() && !holds_only_values(&directory.join(&path))
        {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// Returns whether the file at `path` holds variables and no stack. One that can't be read stays a
/// candidate, so that reading it says why.
fn holds_only_values(path: &Path) -> bool {
    let is_named_so = path.to_str().is_some_and(|path| path.ends_with(VALUES));
    is_named_so || reading::glance(path).is_some_and(|text| names::are_only_values(&text))
}

/// Reads a stack file.
pub(super) fn read(path: &Path) -> Result<Source, FileError> {
    source_of(path).map_err(|error| match error {
        FileError::Unreadable {
            path, cause, meant, ..
        } => FileError::Unreadable {
            path,
            cause,
            meant,
            is_stack: true,
        },
        FileError::None | FileError::Several(_) | FileError::Plan(_) | FileError::Twice(_) => error,
    })
}

fn source_of(path: &Path) -> Result<Source, FileError> {
    let text = text(path)?;
    if saved::is_plan(&text) {
        return Err(FileError::Plan(path.to_owned()));
    }
    Ok(Source {
        path: path.to_owned(),
        text,
    })
}

/// Reads several stack files.
pub(super) fn read_all(paths: &[PathBuf]) -> Result<Vec<Source>, FileError> {
    paths.iter().map(|path| read(path)).collect()
}

/// Reads files of variables.
pub(super) fn read_variables(paths: &[PathBuf]) -> Result<Vec<Source>, FileError> {
    paths.iter().map(|path| source_of(path)).collect()
}

/// Reads any file.
pub(super) fn text(path: &Path) -> Result<String, FileError> {
    reading::text(path).map_err(|cause| FileError::Unreadable {
        path: path.to_owned(),
        meant: meant(path, &cause),
        cause,
        is_stack: false,
    })
}

/// A neighbour with a similar name, if `path` does not exist.
fn meant(path: &Path, cause: &io::Error) -> Option<PathBuf> {
    if cause.kind() != io::ErrorKind::NotFound {
        return None;
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        Some(_) | None => Path::new("."),
    };
    let names: Vec<String> = fs::read_dir(directory)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let name = path.file_name()?.to_str()?;
    // A link that leads nowhere is found under its own name.
    let others = names.iter().map(String::as_str).filter(|n| *n != name);
    let nearest = nearest(name, others)?;
    Some(path.with_file_name(nearest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of its own, with empty files.
    struct Project(PathBuf);

    impl Project {
        fn new(name: &str, files: &[&str]) -> Self {
            let path =
                std::env::temp_dir().join(format!("amp-stack-{}-{name}", std::process::id()));
            for file in files {
                let file = path.join(file);
                fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
                fs::write(file, "").expect("a file");
            }
            fs::create_dir_all(&path).expect("a directory");
            Self(path)
        }
    }

    impl Drop for Project {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).expect("it was made by the test");
        }
    }

    #[test]
    fn what_is_given_is_meant() {
        let project = Project::new("given", &["stack.toml"]);
        let given = Path::new("other.toml");
        assert_eq!(one(Some(given), &project.0).unwrap(), given);
    }

    #[test]
    fn stack_toml_comes_first() {
        let project = Project::new("first", &["stack.toml", "stacks/a.toml"]);
        assert_eq!(one(None, &project.0).unwrap(), Path::new("stack.toml"));
        assert_eq!(all(&[], &project.0).unwrap(), [Path::new("stack.toml")]);
    }

    #[test]
    fn the_only_file_in_stacks_comes_next() {
        let project = Project::new("only", &["stacks/a.toml", "stacks/policy.json"]);
        assert_eq!(one(None, &project.0).unwrap(), Path::new("stacks/a.toml"));
    }

    #[test]
    fn several_files_in_stacks_are_listed() {
        let project = Project::new("several", &["stacks/b.toml", "stacks/a.toml"]);
        let error = one(None, &project.0).unwrap_err();
        let FileError::Several(paths) = &error else {
            panic!("{error}");
        };
        assert_eq!(
            paths,
            &[Path::new("stacks/a.toml"), Path::new("stacks/b.toml")]
        );
        assert_eq!(&all(&[], &project.0).unwrap(), paths);
    }

    #[test]
    fn nothing_is_an_error() {
        let project = Project::new("nothing", &["stacks/readme.md"]);
        assert!(matches!(one(None, &project.0), Err(FileError::None)));
        assert!(matches!(all(&[], &project.0), Err(FileError::None)));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_nowhere_is_not_meant_by_its_own_name() {
        let project = Project::new("link", &[]);
        let path = project.0.join("stack.toml");
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        match read(&path) {
            Err(FileError::Unreadable { meant: None, .. }) => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_misspelt_name_is_recognised() {
        let project = Project::new("misspelt", &["stacks/production.toml"]);
        let path = project.0.join("stacks/prodution.toml");
        match read(&path) {
            Err(FileError::Unreadable { meant, .. }) => {
                assert_eq!(meant, Some(project.0.join("stacks/production.toml")));
            }
            other => panic!("{other:?}"),
        }
    }
}
