//! What a release is made of: its scripts are run, with the program as it was built for the tests.

#![expect(
    clippy::unwrap_used,
    reason = "a script that fails has failed the test"
)]

mod image;
mod mise;

use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::{emulators::server::python, guide::pages::root};

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

/// Says on standard error that a test is left out.
fn left_out(test: &str, why: &str) {
    // Not `eprintln!`, which the test runner would swallow.
    let says = format!("skipped: {test}, because {why}\n");
    io::stderr().write_all(says.as_bytes()).unwrap();
}

/// Returns whether the programs that a test runs are there; says on standard error that it is left
/// out if they are not.
fn can_run(test: &str, programs: &[&str]) -> bool {
    for program in programs {
        let found = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if found.is_err() {
            left_out(test, &format!("{program} is not installed"));
            return false;
        }
    }
    true
}

/// Puts the program where a release build would be, without its names for debuggers: with them a
/// package takes a minute to make.
fn built(at: &Path) -> PathBuf {
    let program = at.join("target/release/amp-stack");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let to = program.to_str().unwrap();
    run(at, "strip", &["-o", to, env!("CARGO_BIN_EXE_amp-stack")]);
    program
}

/// The only file in `directory` whose name ends like this.
fn only(directory: &Path, end: &str) -> String {
    let files = fs::read_dir(directory).unwrap();
    let files = files.map(|file| file.unwrap().path().display().to_string());
    let files: Vec<String> = files.filter(|file| file.ends_with(end)).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

const SAID: &str = concat!("amp-stack ", env!("CARGO_PKG_VERSION"), "\n");

/// The package is made as the workflow makes it, installed by `dpkg` into a directory of its own,
/// used, and removed.
#[test]
fn a_debian_package_is_installed_used_and_removed() {
    let programs = ["cargo-deb", "dpkg", "dpkg-deb", "dpkg-shlibdeps", "strip"];
    if !can_run("the Debian package", &programs) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    built(at);
    let made = Command::new("bash")
        .arg(release("deb.sh"))
        .arg("target")
        .current_dir(at)
        .env("CARGO_DEB_OPTIONS", "--fast")
        .env("DEBFULLNAME", "Somebody")
        .env("DEBEMAIL", "somebody@example.com")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let package = only(&at.join("dist"), ".deb");
    let field = |name: &str| run(at, "dpkg-deb", &["--field", &package, name]);
    assert_eq!(field("Version"), concat!(env!("CARGO_PKG_VERSION"), "-1\n"));
    assert_eq!(field("Maintainer"), "Somebody <somebody@example.com>\n");
    // The program of the tests is not static.
    assert!(field("Depends").contains("libc6 (>= "), "{package}");

    let home = at.join("root");
    for part in ["updates", "info"] {
        fs::create_dir_all(home.join("var/lib/dpkg").join(part)).unwrap();
    }
    fs::write(home.join("var/lib/dpkg/status"), "").unwrap();
    let root = format!("--root={}", home.display());
    // There is no libc6 in that root, and not everybody who runs tests is root.
    let forced = [root.as_str(), "--force-depends", "--force-not-root"];
    let dpkg = |arguments: &[&str]| run(at, "dpkg", &[&forced[..], arguments].concat());
    dpkg(&["--install", &package]);
    let program = home.join("usr/bin/amp-stack");
    assert_eq!(run(at, program.to_str().unwrap(), &["--version"]), SAID);
    manual_and_completions(&home);
    if can_run("what lintian says of the Debian package", &["lintian"]) {
        let output = Command::new("lintian")
            .args(["--no-cfg", "--fail-on", "error", &package])
            .output();
        let output = output.unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    dpkg(&["--remove", "amp-stack"]);
    assert!(!program.exists());
    assert!(!home.join("usr/share/man/man1/amp-stack.1.gz").exists());
}

/// Every command has a page, and the shells find what completes it.
fn manual_and_completions(home: &Path) {
    let share = home.join("usr/share");
    let page = |name: &str| {
        let page = share.join("man/man1").join(format!("{name}.1.gz"));
        run(
            home,
            "gzip",
            &["--decompress", "--stdout", page.to_str().unwrap()],
        )
    };
    assert!(page("amp-stack").contains(".TH amp-stack 1"));
    assert!(page("amp-stack-plan").contains("detailed\\-exitcode"));
    let completions = share.join("bash-completion/completions/amp-stack");
    let source = format!(
        "source '{}' && complete -p amp-stack",
        completions.display()
    );
    let complete = run(home, "bash", &["--norc", "-c", &source]);
    assert!(complete.contains(" -F "), "{complete}");
    for (file, begins) in [
        ("zsh/vendor-completions/_amp-stack", "#compdef amp-stack\n"),
        ("fish/vendor_completions.d/amp-stack.fish", "complete "),
    ] {
        let text = fs::read_to_string(share.join(file)).unwrap();
        assert!(text.starts_with(begins), "{file}: {text}");
    }
    for document in [
        "README.md",
        "copyright",
        "changelog.Debian.gz",
        "guide/changes.md",
    ] {
        assert!(
            share.join("doc/amp-stack").join(document).exists(),
            "{document}"
        );
    }
}

/// maturin always builds. Here it is given a `cargo` that hands over what is built, because a build
/// without the tests has other features and would take minutes.
fn handing_over(at: &Path, program: &Path) -> PathBuf {
    let manifest = root().join("Cargo.toml");
    let path = manifest.to_str().unwrap();
    let arguments = [
        "metadata",
        "--no-deps",
        "--format-version",
        "1",
        "--manifest-path",
        path,
    ];
    let metadata: Value = serde_json::from_str(&run(at, env!("CARGO"), &arguments)).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let mut ours = packages.iter().filter(|one| one["name"] == "amp-stack");
    let artifact = json!({
        "reason": "compiler-artifact",
        "package_id": ours.next().unwrap()["id"],
        "manifest_path": path,
        "target": {
            "kind": ["bin"], "crate_types": ["bin"], "name": "amp-stack",
            "src_path": root().join("src/main.rs"), "edition": "2024",
            "doc": true, "doctest": false, "test": true,
        },
        "profile": {
            "opt_level": "s", "debuginfo": 0, "debug_assertions": false,
            "overflow_checks": false, "test": false,
        },
        "features": [], "filenames": [program], "executable": program, "fresh": true,
    });
    let finished = json!({"reason": "build-finished", "success": true});
    fs::write(at.join("messages"), format!("{artifact}\n{finished}\n")).unwrap();
    let (messages, cargo) = (at.join("messages"), at.join("cargo"));
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = rustc ]; then exec cat '{}'; fi\nexec '{}' \"$@\"\n",
        messages.display(),
        env!("CARGO")
    );
    fs::write(&cargo, text).unwrap();
    run(at, "chmod", &["+x", "cargo"]);
    cargo
}

/// The wheel is made as the workflow makes it, installed by `pip` into an environment of its own,
/// used, and removed.
#[test]
fn a_wheel_is_installed_used_and_removed() {
    let test = "the wheel";
    let Some(python) = python(test).filter(|_| can_run(test, &["strip"])) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let program = built(at);
    let tools = python.parent().unwrap().to_str().unwrap();
    let with_maturin = r#"PATH="$1:$PATH" exec bash "$2" dist"#;
    let made = Command::new("bash")
        .args(["-c", with_maturin, "wheel", tools])
        .arg(release("wheel.sh"))
        .current_dir(at)
        .env("CARGO", handing_over(at, &program))
        .env("CARGO_TARGET_DIR", at.join("target"))
        // Not offline: it asks cargo about the crates of every platform, and a first build has only
        // fetched its own.
        .env("MATURIN_OPTIONS", "--compression-level 1")
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    let wheel = only(&at.join("dist"), ".whl");
    assert!(wheel.contains(concat!(
        "amp_stack-",
        env!("CARGO_PKG_VERSION"),
        "-py3-none-"
    )));

    script(at, "wheels.sh", &["dist"]);
    let wheels = concat!("amp-stack-", env!("CARGO_PKG_VERSION"), "-wheels");
    run(at, "tar", &["xzf", &format!("dist/{wheels}.tar.gz")]);
    assert!(!Path::new(&wheel).exists());

    let python = python.to_str().unwrap();
    run(at, python, &["-m", "venv", "--without-pip", "home"]);
    let installed = at.join("home/bin/python");
    let pip = [
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "--python",
    ];
    let pip = [&pip[..], &[installed.to_str().unwrap()]].concat();
    run(
        at,
        python,
        &[
            &pip[..],
            &["install", "--no-index", "--find-links", wheels, "amp-stack"],
        ]
        .concat(),
    );
    let said = run(at, "home/bin/amp-stack", &["--version"]);
    assert_eq!(said, SAID);
    run(
        at,
        python,
        &[&pip[..], &["uninstall", "--yes", "amp-stack"]].concat(),
    );
    assert!(!at.join("home/bin/amp-stack").exists());
}

/// Packs an archive for `target` in `at/dist`, with what starts the program in its place: with its
/// names for debuggers the program takes a minute to pack.
fn pack_a_starter(at: &Path, target: &str) {
    let built = at.join("built");
    fs::create_dir(&built).unwrap();
    let starts = format!(
        "#!/bin/sh\nexec '{}' \"$@\"\n",
        env!("CARGO_BIN_EXE_amp-stack")
    );
    fs::write(built.join("amp-stack"), starts).unwrap();
    run(at, "chmod", &["+x", "built/amp-stack"]);
    script(at, "pack.sh", &[target, built.to_str().unwrap()]);
}

#[test]
fn an_archive_holds_a_program_that_runs_with_its_manual_and_completions() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let target = TARGETS[0];
    pack_a_starter(at, target);
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

#[test]
fn size_and_start_are_measured() {
    let directory = tempfile::tempdir().unwrap();
    let said = script(
        directory.path(),
        "measure.sh",
        &[env!("CARGO_BIN_EXE_amp-stack")],
    );
    let (size, start) = said.split_once('\n').unwrap();
    let bytes = fs::metadata(env!("CARGO_BIN_EXE_amp-stack")).unwrap().len();
    assert!(size.ends_with(&format!(" MiB ({bytes} bytes)")), "{size}");
    assert!(
        start.starts_with("start: ") && start.contains(" ms for --version"),
        "{start}"
    );
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
    // From it the program knows where the schema for editors is (`src/cli/schema.rs`).
    assert!(
        text.contains(
            "\n  AMP_STACK_REPOSITORY: ${{ github.server_url }}/${{ github.repository }}\n"
        )
    );
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
