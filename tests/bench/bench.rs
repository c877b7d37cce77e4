//! How many calls an unchanged plan takes, how many of them wait for one another, and how long,
//! for stacks of several sizes: `cargo run --release --example bench`.
//!
//! The stacks are planned by this program as `amp-stack` plans them, in a process of its own, against
//! a sandbox as `amp-stack sandbox` serves it, once without latency and once with 40 ms for each
//! call. Where Python has boto3, a script that reads the same follows each. The time is that of the
//! whole process; processor time and memory are its own, without what the sandbox takes.
#![expect(clippy::print_stdout, reason = "it is what the program is for")]

mod world;

use std::{
    env,
    error::Error,
    fs,
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::Duration,
};

use amp_stack_sandbox::{Faults, Sandbox, Settings, World, server::Server};
use serde_json::{Value, json};
use tokio::{sync::oneshot, time::Instant};
use world::{grown, uniform};

/// How many units a stack has, of a role, a log group and a task definition each; a workspace comes
/// besides.
const SIZES: [usize; 4] = [1, 20, 100, 1_000];
/// How long each call takes where they take any time.
const LATENCY: Duration = Duration::from_millis(40);
/// The variable that asks this program to be `amp-stack`, and names the file for what that took.
const CHILD: &str = "AMP_STACK_BENCH_CHILD";

type Failure = Box<dyn Error>;

fn main() -> ExitCode {
    if env::var_os(CHILD).is_some() {
        return child();
    }
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does what `amp-stack` does with the same arguments.
fn child() -> ExitCode {
    let runtime = tokio::runtime::Runtime::new().expect("threads can be started");
    let code = runtime.block_on(amp_stack::cli::run(env::args_os()));
    let took = json!({"cpu": cpu(), "memory": memory()});
    fs::write(env::var_os(CHILD).expect("it was there"), took.to_string()).expect("a file");
    code
}

/// The processor seconds of this process, where `/proc` says so.
fn cpu() -> Option<f64> {
    /// What `/proc/self/stat` counts in (proc(5): `sysconf(_SC_CLK_TCK)`, which is 100 on Linux).
    const A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / A_SECOND)
}

/// The most memory that this process had, in mebibytes, where `/proc` says so.
fn memory() -> Option<f64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kibibytes / 1024.0)
}

fn bench() -> Result<(), Failure> {
    let directory = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let python = has_boto3();
    println!("| resources | by | calls | rounds | wall, 0 ms | wall, 40 ms | CPU | memory |");
    println!("|---|---|---|---|---|---|---|---|");
    let unit = unit(&runtime, directory.path())?;
    for size in SIZES {
        let stack = directory.path().join("stack.toml");
        fs::write(&stack, uniform(size))?;
        let account = grown(&unit, size);
        let [near, far] =
            [Duration::ZERO, LATENCY].map(|latency| serve(&runtime, &account, latency));
        let (near, far) = (near?, far?);
        let resources = 3 * size + 1;
        let planned = |server: &Served| plan(&stack, &server.endpoint, directory.path());
        let (quick, slow) = (planned(&near)?, planned(&far)?);
        let (calls, rounds) = calls(&slow.log);
        row(
            resources,
            "amp-stack",
            calls,
            Some(rounds),
            &quick.took,
            &slow.took,
        );
        if python {
            let (quick, slow) = (boto3(&near.endpoint, size)?, boto3(&far.endpoint, size)?);
            let calls = slow["calls"].as_u64().unwrap_or_default();
            row(resources, "boto3", calls, None, &quick, &slow);
        }
    }
    if !python {
        println!("\nPython has no boto3 here, so nothing is compared with it.");
    }
    Ok(())
}

/// One line of the table.
fn row(resources: usize, by: &str, calls: u64, rounds: Option<usize>, near: &Value, far: &Value) {
    let number = |took: &Value, key: &str, digits: usize| {
        let number = took[key].as_f64();
        number.map_or_else(|| "?".to_owned(), |number| format!("{number:.digits$}"))
    };
    let rounds = rounds.map_or_else(String::new, |rounds| rounds.to_string());
    println!(
        "| {resources} | {by} | {calls} | {rounds} | {} s | {} s | {} s | {} MiB |",
        number(near, "wall", 2),
        number(far, "wall", 2),
        number(near, "cpu", 2),
        number(near, "memory", 0),
    );
}

/// A sandbox that is served until this is dropped.
struct Served {
    endpoint: String,
    sandbox: Sandbox,
    _stop: oneshot::Sender<()>,
}

/// Serves a sandbox that holds `world` and takes `latency` for each call.
fn serve(
    runtime: &tokio::runtime::Runtime,
    world: &World,
    latency: Duration,
) -> Result<Served, Failure> {
    let sandbox = Sandbox::open(Settings {
        world: world.clone(),
        faults: Some(Faults {
            latency_min: latency,
            latency_max: latency,
            ..Faults::none(1)
        }),
        ..Settings::default()
    })?;
    let server = runtime.block_on(Server::bind(0))?;
    let endpoint = format!("http://{}", server.address()?);
    let (stop, stopped) = oneshot::channel::<()>();
    runtime.spawn(server.run(sandbox.clone(), async {
        stopped.await.ok();
    }));
    Ok(Served {
        endpoint,
        sandbox,
        _stop: stop,
    })
}

/// The world of one unit, built by `amp-stack apply`.
fn unit(runtime: &tokio::runtime::Runtime, directory: &Path) -> Result<World, Failure> {
    let stack = directory.join("stack.toml");
    fs::write(&stack, uniform(1))?;
    let served = serve(runtime, &World::default(), Duration::ZERO)?;
    amp_stack(&["apply", "--yes"], &stack, &served.endpoint, directory)?;
    Ok(served.sandbox.world())
}

/// A run of `amp-stack`.
struct Run {
    took: Value,
    /// What `--debug` wrote.
    log: String,
}

/// Plans a stack in which nothing has changed: once as people do, and once more to see the calls.
fn plan(stack: &Path, endpoint: &str, directory: &Path) -> Result<Run, Failure> {
    let unchanged = ["plan", "--detailed-exitcode"];
    let run = amp_stack(&unchanged, stack, endpoint, directory)?;
    let logged = amp_stack(
        &[unchanged[0], unchanged[1], "--debug"],
        stack,
        endpoint,
        directory,
    )?;
    Ok(Run {
        log: logged.log,
        ..run
    })
}

fn amp_stack(
    words: &[&str],
    stack: &Path,
    endpoint: &str,
    directory: &Path,
) -> Result<Run, Failure> {
    let report = directory.join("took.json");
    let began = Instant::now();
    let output = Command::new(env::current_exe()?)
        .args(words)
        .arg(stack)
        .env(CHILD, &report)
        .envs(caller(endpoint))
        .stdin(Stdio::null())
        .output()?;
    let log = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Err(format!("amp-stack {} failed:\n{log}", words.join(" ")).into());
    }
    let wall = began.elapsed();
    let mut took: Value = serde_json::from_str(&fs::read_to_string(report)?)?;
    took["wall"] = json!(wall.as_secs_f64());
    Ok(Run { took, log })
}

/// Who calls, and where: nothing of what the environment says of AWS.
fn caller(endpoint: &str) -> [(&'static str, &str); 6] {
    [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "bench"),
        ("AWS_SECRET_ACCESS_KEY", "bench"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
}

/// How many calls a log has, and of how many one waited for the other: the most of which none
/// began before another had ended.
fn calls(log: &str) -> (u64, usize) {
    let field = |line: &str, name: &str| -> Option<f64> {
        let (_, rest) = line.split_once(name)?;
        rest.split_whitespace().next()?.parse().ok()
    };
    let mut calls: Vec<(f64, f64)> = log
        .lines()
        .filter(|line| line.contains(" called operation="))
        .filter_map(|line| {
            // 2026-11-28T21:14:14.947700Z
            let time = line.get(11..26)?;
            let mut parts = time.split(':').map(|part| part.parse::<f64>().ok());
            let (hours, minutes, seconds) = (parts.next()??, parts.next()??, parts.next()??);
            let ended = (hours * 60.0 + minutes) * 60.0 + seconds;
            Some((ended, ended - field(line, "duration_ms=")? / 1_000.0))
        })
        .collect();
    calls.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut rounds = 0;
    let mut free_from = f64::NEG_INFINITY;
    for (ended, began) in &calls {
        // Durations are cut to whole milliseconds.
        if *began + 0.002 >= free_from {
            rounds += 1;
            free_from = *ended;
        }
    }
    (u64::try_from(calls.len()).unwrap_or(u64::MAX), rounds)
}

fn python(words: &[&str]) -> Command {
    let mut python = Command::new("python3");
    python.args(words).stdin(Stdio::null());
    python
}

fn has_boto3() -> bool {
    let status = python(&["-c", "import boto3"])
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

/// Reads the same with boto3.
fn boto3(endpoint: &str, size: usize) -> Result<Value, Failure> {
    let groups: Vec<String> = (0..size).map(|n| format!("group-{n}.")).collect();
    let groups = json!(groups).to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bench/reads.py");
    let began = Instant::now();
    let output = python(&[script, endpoint, &groups]).output()?;
    let wall = began.elapsed();
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{script} failed:\n{error}").into());
    }
    let mut took: Value = serde_json::from_slice(&output.stdout)?;
    took["wall"] = json!(wall.as_secs_f64());
    Ok(took)
}
