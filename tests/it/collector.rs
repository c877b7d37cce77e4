//! A real collector, run with exactly the containers of the stacks: what arrives in a workspace is
//! what `amp-stack metrics` says, no less and no more, by names and by labels.
//!
//! `AMP_STACK_COLLECTOR` is the path of the program `awscollector`, and `AMP_STACK_COLLECTOR_FILES`
//! that of its `config/ecs`, for stacks that take a file of the image. Both may name those of
//! several versions, as `PATH` does; each task runs the one that its image names. Without the
//! first, this says on standard error that it is left out. Each task runs in a network of its own,
//! which needs Linux and `unshare`; there are its metadata endpoint, its credentials, its
//! applications, and the sandbox, which verifies every signature, keeps the samples and the lines
//! of logs, and has the tasks that a collector may look for. What goes elsewhere arrives at a
//! server that looks at its signature or its secret.

#![expect(
    clippy::disallowed_methods,
    reason = "somebody says in the environment where the collector is, and it runs in real time"
)]
#![expect(clippy::unwrap_used, reason = "a task that breaks off has failed")]

mod discovered;
mod expected;
mod programs;
mod sinks;
mod task;
mod writes;

use std::{
    env, fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    thread,
};

use crate::collector::{discovered::Discovered, programs::Program, task::Task};

/// Says something past the test harness, which hides what successful tests print.
fn say(line: &str) {
    let mut stderr = std::io::stderr();
    stderr.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// The stack that a test in a network of its own is about.
const STACK: &str = "AMP_STACK_COLLECTOR_STACK";

#[test]
fn what_arrives_is_what_metrics_says() {
    if env::var_os(programs::COLLECTOR).is_none() {
        let variable = programs::COLLECTOR;
        say(&format!(
            "skipped: {variable} names no real collector, so none is run"
        ));
        return;
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stacks");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|e| e == "toml"))
        .collect();
    // One that has everything go everywhere, which nobody would want, and one of the task alone.
    for one in ["every-destination", "task-alone"] {
        names.push(format!("../tests/data/collector/{one}.toml"));
    }
    names.sort();
    let runs: Vec<_> = names
        .into_iter()
        .map(|name| thread::spawn(move || (in_a_network(&name), name)))
        .collect();
    let mut wrong = Vec::new();
    for run in runs {
        let (result, name) = run.join().unwrap();
        match result {
            Ok(said) => say(&format!("{name}: {said}")),
            Err(said) => wrong.push(format!("{name}:\n{said}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Runs [`one_task`] in namespaces of its own, with names of containers that are found.
fn in_a_network(name: &str) -> Result<String, String> {
    // What the sandbox gives to a task as its address is answered here, too.
    let script = "ip link set lo up && ip route add local 10.0.0.0/8 dev lo && printf '127.0.0.1 localhost app worker aps-workspaces.eu-central-1.amazonaws.com\\n' > \"$HOSTS\" \
        && mount --bind \"$HOSTS\" /etc/hosts && exec \"$@\"";
    let hosts =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hosts-{}", name.replace('/', "-")));
    let output = Command::new("unshare")
        .args([
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
        ])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "collector::one_task", "--nocapture"])
        .env(STACK, name)
        .env("HOSTS", hosts)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("unshare: {error}"))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    if output.status.success() {
        let last = said.lines().rfind(|line| !line.is_empty());
        return Ok(last.unwrap_or_default().to_owned());
    }
    Err(format!("{}{said}", text(&output.stdout)))
}

/// Runs the tasks of one stack; in a network of its own, where nothing else has their ports.
#[test]
fn one_task() {
    let (Ok(name), true) = (env::var(STACK), env::var_os(programs::COLLECTOR).is_some()) else {
        return;
    };
    let programs = Program::all();
    let mut said = Vec::new();
    for (family, expected) in expected::of(&name) {
        let version = expected.version();
        let Some(program) = programs.iter().find(|program| program.is(version)) else {
            said.push(format!(
                "{family} is left out, because its image is {version}"
            ));
            continue;
        };
        let Some(task) = Task::of(&name, &family, program) else {
            said.push(format!(
                "{family} is left out, because it takes a file of the image"
            ));
            continue;
        };
        let arrived = task.run(&expected);
        let mut wrong = expected.compare(&arrived.series);
        if arrived.is_discovered {
            wrong.extend(Discovered::compare(&arrived.series));
        }
        assert!(
            wrong.is_empty(),
            "{family}:\n{}\n\nthe collector said:\n{}",
            wrong.join("\n"),
            arrived.log
        );
        let (count, as_said) = (arrived.series.len(), expected.summary());
        said.push(format!("{count} series of {family}, {as_said}"));
    }
    say(&said.join(", "));
}
