//! The container image, really built.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{TARGETS, built, can_run, left_out, release, run, script};
use crate::guide::pages::root;

/// Runs `buildah`, with everything that it stores in a directory of this test's.
fn buildah(at: &Path, arguments: &[&str]) -> String {
    // It starts itself anew elsewhere, where a relative path would be another one.
    let [storage, running] = ["storage", "run"].map(|name| at.join(name).display().to_string());
    let own = [
        "--root",
        &storage,
        "--runroot",
        &running,
        "--storage-driver",
        "vfs",
    ];
    let arguments = [&own, arguments].concat();
    run(at, "buildah", &arguments).trim().to_owned()
}

/// Makes the image that certificates are taken from, without its registry: it has nothing else.
fn image_of_certificates(at: &Path) {
    let certificates = at.join("base/etc/ssl/certs");
    fs::create_dir_all(&certificates).unwrap();
    fs::write(certificates.join("ca-certificates.crt"), "certificates").unwrap();
    let container = buildah(at, &["from", "scratch"]);
    buildah(at, &["copy", &container, "base", "/"]);
    buildah(at, &["commit", &container, "docker.io/library/alpine:3"]);
}

/// Puts what a program is linked with into the container: that of the tests is not static, as that
/// of a release is.
fn libraries(at: &Path, program: &Path, container: &str) {
    let listed = run(at, "ldd", &[program.to_str().unwrap()]);
    let paths = listed
        .split_whitespace()
        .filter(|word| word.starts_with('/'));
    for path in paths {
        buildah(at, &["copy", container, path, path]);
    }
}

/// The image is built from the archive that `pack.sh` has made, has the program, the certificates
/// without which no call to AWS can be made, where the program looks for them, and nothing else;
/// and it works on the files of a directory.
#[test]
fn an_image_is_built_and_runs() {
    let test = "building a container image";
    if !can_run(test, &["buildah", "strip", "ldd"]) {
        return;
    }
    // Only root may look into an image without a user namespace of its own.
    if run(Path::new("."), "id", &["-u"]).trim() != "0" {
        left_out(test, "it takes root");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let program = built(at);
    let target = TARGETS[0];
    let release_build = program.parent().unwrap();
    script(at, "pack.sh", &[target, release_build.to_str().unwrap()]);
    image_of_certificates(at);

    let archive = format!("ARCHIVE=amp-stack-{}-{target}", env!("CARGO_PKG_VERSION"));
    let file = release("Containerfile");
    let build = "build --quiet --pull=never --isolation chroot --tag image --build-arg";
    let build = build.split(' ').chain([&*archive, "--file"]);
    let build: Vec<&str> = build.chain([file.to_str().unwrap(), "dist"]).collect();
    buildah(at, &build);

    let container = buildah(at, &["from", "--pull=never", "localhost/image"]);
    let mounted = buildah(at, &["mount", &container]);
    let files = run(Path::new(&mounted), "find", &[".", "-type", "f"]);
    let mut files: Vec<&str> = files.lines().collect();
    files.sort_unstable();
    assert_eq!(
        files,
        ["./amp-stack", "./etc/ssl/certs/ca-certificates.crt"]
    );
    let config = buildah(at, &["inspect", "--type", "image", "localhost/image"]);
    let config: Value = serde_json::from_str(&config).unwrap();
    let config = &config["OCIv1"]["config"];
    assert_eq!(config["Entrypoint"], json!(["/amp-stack"]));
    assert_eq!(config["WorkingDir"], "/work");

    libraries(at, &program, &container);
    let stacks = format!("{}:/work", root().join("stacks").display());
    let graph = ["run", "--isolation", "chroot", "--volume", &stacks];
    let graph = graph.into_iter().chain([&*container, "--"]);
    let graph = graph.chain(["/amp-stack", "graph", "quickstart.toml"]);
    let said = buildah(at, &graph.collect::<Vec<_>>());
    assert!(said.contains("log_groups.quickstart"), "{said}");
    buildah(at, &["rm", "--all"]);
}
