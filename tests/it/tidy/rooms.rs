//! Who may use whom: the rooms of the crate from the bottom to the top, and the crates that only
//! some rooms may name.

use crate::tidy::source::Source;

/// `(room, the rooms that it may use)`. A room that is not listed fails, so that a new one is
/// placed by a decision.
pub(super) const ROOMS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("ecs_shape", &[]),
    ("progress", &[]),
    ("collector", &["model"]),
    ("file", &["model", "ecs_shape"]),
    ("aws", &["model", "progress"]),
    (
        "kinds",
        &["model", "ecs_shape", "progress", "collector", "file", "aws"],
    ),
    ("stack", &["model", "kinds"]),
    ("snapshot", &["model", "kinds"]),
    ("series", &["model", "collector", "file", "kinds", "stack"]),
    (
        "verify",
        &["model", "collector", "kinds", "stack", "snapshot", "series"],
    ),
    ("permissions", &["model", "kinds", "stack", "series"]),
    (
        "load",
        &["model", "ecs_shape", "file", "collector", "kinds", "stack"],
    ),
    ("editor", &["model", "ecs_shape", "file", "load"]),
    (
        "write",
        &[
            "model",
            "ecs_shape",
            "file",
            "kinds",
            "stack",
            "snapshot",
            "load",
        ],
    ),
    (
        "cloud",
        &[
            "model", "aws", "progress", "kinds", "stack", "snapshot", "series", "verify",
        ],
    ),
    ("plan", &["model", "kinds", "stack", "snapshot"]),
    ("saved", &["model", "kinds", "stack", "snapshot", "plan"]),
    (
        "testing",
        &["model", "progress", "kinds", "stack", "snapshot", "cloud"],
    ),
    ("apply", &["model", "progress", "kinds", "plan", "cloud"]),
    (
        "run",
        &[
            "model", "progress", "kinds", "stack", "snapshot", "cloud", "plan", "saved", "apply",
        ],
    ),
    (
        "show",
        &[
            "model",
            "progress",
            "collector",
            "file",
            "kinds",
            "stack",
            "snapshot",
            "series",
            "verify",
            "load",
            "cloud",
            "plan",
            "saved",
            "apply",
            "run",
        ],
    ),
    (
        "cli",
        &[
            "model",
            "ecs_shape",
            "progress",
            "collector",
            "file",
            "aws",
            "kinds",
            "stack",
            "snapshot",
            "series",
            "verify",
            "permissions",
            "load",
            "editor",
            "write",
            "cloud",
            "plan",
            "saved",
            "apply",
            "run",
            "show",
        ],
    ),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// `(the beginning of a crate's or module's path, the paths below src/ that may name it)`.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("aws_sdk_", &["aws", "kinds/", "ecs_shape.rs"]),
    ("aws_config", &["aws"]),
    ("aws_lc_rs", &["saved/"]),
    ("amp_stack_sandbox", &["cli/"]),
    ("clap", &["cli", "main.rs"]),
    ("lsp_", &["cli/lsp"]),
    ("indicatif", &["show/progress"]),
    ("pulldown_cmark", &["cli/guide/"]),
    ("saphyr_parser", &["file/yaml.rs"]),
    ("toml", &["file/", "load"]),
    ("toml_edit", &["file/", "write", "load", "kinds/"]),
    (
        "toml_parser",
        &["file/cursor", "file/format/", "file/unclosed"],
    ),
    (
        "tokio",
        &[
            "apply",
            "aws",
            "cli",
            "cloud",
            "kinds/",
            "main.rs",
            "progress.rs",
            "run",
            "testing",
        ],
    ),
    ("std::env", &["cli", "main.rs"]),
];

/// The beginnings of the paths below src/ whose code may wait.
pub(super) const MAY_WAIT: &[&str] = &[
    "apply",
    "aws",
    "cli",
    "cloud",
    "kinds/",
    "main.rs",
    "progress.rs",
    "run",
    "show/progress",
    "testing",
];

/// The kinds' files that may wait: those that talk to AWS.
const KINDS_THAT_WAIT: &str = "/aws";

fn is_in(name: &str, places: &[&str]) -> bool {
    places.iter().any(|place| {
        name.strip_prefix(place).is_some_and(|rest| {
            place.ends_with('/') || rest.is_empty() || rest.starts_with(['/', '.'])
        })
    })
}

/// What `source` uses that it may not.
pub(super) fn broken(source: &Source) -> Vec<String> {
    let name = &source.name;
    let mut broken = Vec::new();
    let Some((_, allowed)) = ROOMS.iter().find(|(room, _)| *room == source.room()) else {
        return vec![format!(
            "src/{name}: the room {} is not listed",
            source.room()
        )];
    };
    for (path, line) in &source.paths {
        if let [first, room, ..] = path.as_slice() {
            let is_ours = ROOMS.iter().any(|(ours, _)| ours == room);
            if first == "crate"
                && is_ours
                && room != source.room()
                && !allowed.contains(&room.as_str())
            {
                broken.push(format!(
                    "src/{name}:{line}: {} may not use {room}",
                    source.room()
                ));
            }
        }
        let whole = path.join("::");
        for (what, places) in CRATES {
            let names_it = whole == *what
                || whole.starts_with(&format!("{what}::"))
                || what.ends_with('_') && whole.starts_with(what);
            if names_it && !is_in(name, places) {
                broken.push(format!(
                    "src/{name}:{line}: `{what}` may stand only in {places:?}"
                ));
            }
        }
    }
    let may_wait = is_in(name, MAY_WAIT)
        && (!name.starts_with("kinds/")
            || name.contains(KINDS_THAT_WAIT)
            || name == "kinds/live.rs");
    if !may_wait {
        let waits = source.waits.iter();
        broken.extend(waits.map(|line| format!("src/{name}:{line}: only {MAY_WAIT:?} may wait")));
    }
    broken
}

#[test]
fn every_violation_is_found() {
    let seeded = [
        (
            "plan/a.rs",
            "use crate::{model::node::Node, aws::Aws};",
            "plan may not use aws",
        ),
        (
            "plan/a.rs",
            "fn f() { crate::cloud::survey::x() }",
            "plan may not use cloud",
        ),
        (
            "plan/a.rs",
            "fn f() { vec![crate::cloud::survey::X] ; }",
            "plan may not use cloud",
        ),
        (
            "plan/a.rs",
            "#[cfg(test)]\nmod tests {}\nuse crate::cli::Exit;",
            "plan may not use cli",
        ),
        ("plan/a.rs", "async fn f() {}", "may wait"),
        ("plan/a.rs", "fn f() { let _ = async move {}; }", "may wait"),
        (
            "kinds/role/state.rs",
            "use tokio::time::sleep;\nasync fn f() {}",
            "may wait",
        ),
        (
            "plan/a.rs",
            "use aws_sdk_iam::Client;",
            "`aws_sdk_` may stand only",
        ),
        (
            "show/a.rs",
            "fn f() { indicatif::ProgressBar::new(1); }",
            "`indicatif` may stand only",
        ),
        (
            "plan/a.rs",
            "fn f() { std::env::var(\"A\"); }",
            "`std::env` may stand only",
        ),
        ("attic/a.rs", "fn f() {}", "the room attic is not listed"),
    ];
    for (name, text, expected) in seeded {
        let broken = broken(&Source::parse(name, text));
        assert!(
            broken.iter().any(|line| line.contains(expected)),
            "{text}: {broken:?}"
        );
    }
    let fine = [
        (
            "plan/a.rs",
            "use crate::model::node::Node;\n#[cfg(test)]\nmod tests { use crate::cli::Exit; }",
        ),
        ("plan/a/tests.rs", "use crate::cli::Exit;"),
        (
            "kinds/role/aws.rs",
            "use aws_sdk_iam::Client;\nasync fn f() {}",
        ),
    ];
    for (name, text) in fine {
        assert_eq!(broken(&Source::parse(name, text)), [""; 0], "{text}");
    }
}
