//! The real binary with files and settings as they come: of other tools, of other systems, and
//! with a letter that is wrong.

use std::{
    fs,
    io::Read,
    net::TcpListener,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::run::{Bench, Run};

#[expect(
    clippy::disallowed_methods,
    reason = "a process takes its time from the machine"
)]
/// A run that must not take long, and what it took.
fn timed(run: impl FnOnce() -> Run) -> (Run, Duration) {
    let began = Instant::now();
    let run = run();
    (run, began.elapsed())
}

/// Applies in a sandbox, after which there is nothing left to do.
#[track_caller]
fn converges(bench: &Bench) {
    bench.run(&["validate", "stack.toml"]).expect(0);
    bench
        .run(&["apply", "stack.toml", "--sandbox", "--yes"])
        .expect(0);
    bench
        .run(&["plan", "stack.toml", "--sandbox", "--detailed-exitcode"])
        .expect(0);
}

#[test]
fn what_validate_takes_the_sandbox_takes_too() {
    let bench = Bench::new("edges-taken");
    bench.write(
        "stack.toml",
        r#"
[stack]
name = "edges"

[roles.ours]
name = "TheExecutionRole"

[roles.ours.inline_policies.p]
Version = "2012-10-17"

[[roles.ours.inline_policies.p.Statement]]
Effect    = "Allow"
Action    = "ssm:GetOpsItem"
Resource  = "arn:*:ssm:*:*:opsitem/*"
Condition = { "ForAnyValue:StringLikeIfExists" = { "aws:PrincipalOrgPaths" = ["o-a/*"] } }

[task_definitions.dns]
requires_compatibilities = ["EC2"]
network_mode             = "host"

[task_definitions.dns.containers.dns]
image         = "example/dns:1"
memory        = 64
port_mappings = [{ container_port = 53, protocol = "tcp" }, { container_port = 53, protocol = "udp" }]

[task_definitions.exported]
definition = "exported.json"
"#,
    );
    // A byte order mark, as PowerShell 5 writes it, a role by its name alone, and one of nobody.
    bench.write(
        "exported.json",
        "\u{feff}{\"family\": \"exported\", \"executionRoleArn\": \"TheExecutionRole\", \"taskRoleArn\": \"\",
          \"requiresCompatibilities\": [\"EC2\"],
          \"containerDefinitions\": [{\"name\": \"app\", \"image\": \"example/app:1\", \"memory\": 128}]}",
    );
    converges(&bench);
    let plan = bench.run(&["graph", "stack.toml"]).expect(0);
    assert!(plan.says("roles.ours"), "{}", plan.stdout);
}

#[test]
fn a_role_of_an_export_is_the_one_of_that_name() {
    let bench = Bench::new("edges-roles");
    // The logical name means nothing to a file that others wrote.
    bench.write(
        "stack.toml",
        "[stack]\nname = \"edges\"\n[roles.TaskRole]\nname = \"Other\"\n[task_definitions.a]\ndefinition = \"a.json\"\n",
    );
    bench.write(
        "a.json",
        r#"{"taskRoleArn": "TaskRole", "containerDefinitions": [{"name": "a", "image": "a:1", "memory": 64}]}"#,
    );
    // A role of that name is nowhere, so the plan refuses.
    let plan = bench
        .run(&["plan", "stack.toml", "--sandbox", "--verbose"])
        .expect(1);
    assert!(
        plan.says("arn:aws:iam::111122223333:role/TaskRole"),
        "{}",
        plan.stdout
    );
}

#[test]
fn byte_order_marks_are_skipped_and_other_encodings_named() {
    let bench = Bench::new("edges-encodings");
    let text = "[stack]\nname = \"edges\"\n[task_definitions.a]\ndefinition = \"a.json\"\n";
    let json = r#"{"containerDefinitions": [{"name": "a", "image": "a:1", "memory": 64}]}"#;
    bench.write("stack.toml", &format!("\u{feff}{text}"));
    bench.write("a.json", json);
    bench.run(&["validate", "stack.toml"]).expect(0);

    let wide = |text: &str| -> Vec<u8> {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        [0xFF, 0xFE].into_iter().chain(units).collect()
    };
    fs::write(bench.path("a.json"), wide(json)).unwrap();
    let run = bench.run(&["validate", "stack.toml"]).expect(1);
    assert!(run.says("UTF-16"), "{}", run.stderr);
    fs::write(bench.path("stack.toml"), wide(text)).unwrap();
    let run = bench.run(&["validate", "stack.toml"]).expect(1);
    assert!(run.says("UTF-16"), "{}", run.stderr);
    fs::write(bench.path("stack.toml"), b"[stack]\nname = \"\xE4\"\n").unwrap();
    let run = bench.run(&["validate", "stack.toml"]).expect(1);
    assert!(run.says("line 2"), "{}", run.stderr);
}

#[test]
fn a_mistake_behind_column_65535_is_shown_like_any_other() {
    let bench = Bench::new("edges-column");
    let blank = " ".repeat(70_000);
    bench.write(
        "stack.toml",
        &format!("[stack]\nname = \"x\"\n[roles.r]\nname = \"R\" {blank} bogus"),
    );
    let run = bench.run(&["validate", "stack.toml"]).expect(1);
    assert!(run.stderr.contains("bogus"), "{}", run.stderr);
    assert!(run.stderr.contains(":4:7001"), "{}", run.stderr);
    assert!(run.stderr.len() < 2_000, "{}", run.stderr.len());
    for format in ["json", "text"] {
        bench
            .run(&["validate", "--format", format, "stack.toml"])
            .expect(1);
    }
}

#[test]
fn a_region_that_does_not_exist_fails_at_once() {
    let mut bench = Bench::new("edges-region");
    bench.write(
        "stack.toml",
        "[stack]\nname = \"edges\"\n[log_groups.a]\nname = \"/a\"\nretention_days = 7\n",
    );
    bench.set("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE");
    bench.set("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    for set in ["us-esat-1", "us-east1"] {
        bench.set("AWS_REGION", set);
        let (run, took) = timed(|| bench.run(&["plan", "stack.toml"]).expect(1));
        assert!(run.says("did you mean us-east-1?"), "{}", run.stderr);
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
    // It is spelled like a region, and no name server knows it: there is none at this address.
    bench.set("AWS_REGION", "us-east-9");
    let (run, took) = timed(|| bench.run(&["plan", "stack.toml"]).expect(1));
    assert!(run.says("check the region"), "{}", run.stderr);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn what_a_silent_run_waits_for_is_said() {
    // It takes connections and never answers.
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", nobody.local_addr().unwrap());
    let bench = Bench::with_endpoint("edges-silence", &endpoint);
    bench.write("stack.toml", "[stack]\nname = \"edges\"\n");
    let mut run = bench
        .command(&["plan", "stack.toml"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    let mut stream = run.stderr.take().unwrap();
    while !String::from_utf8_lossy(&said).contains("Waiting for AWS") {
        let mut byte = [0];
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "it ended without a word"
        );
        said.push(byte[0]);
    }
    run.kill().unwrap();
    run.wait().unwrap();
}

#[test]
fn the_last_line_counts_problems_where_they_are() {
    let bench = Bench::new("edges-where");
    let stack = |retention: &str, definition: &str| {
        bench.write("api.json", definition);
        let text = format!(
            "[stack]\nname = \"edges\"\n\n[log_groups.api]\nname = \"/api\"\nretention_days = {retention}\n\n\
             [task_definitions.api]\ndefinition = \"api.json\"\n"
        );
        bench.write("stack.toml", &text);
    };
    let right = r#"{"family": "api", "containerDefinitions": [{"name": "a", "image": "a:1", "memory": 64}]}"#;
    let wrong = right.replace(":1\"", ":1\", \"cpus\": 1");
    for (retention, definition, last) in [
        ("8", right, "error: 1 problem in stack.toml"),
        ("7", &wrong, "error: 1 problem in api.json"),
        (
            "8",
            &wrong,
            "error: 2 problems: 1 in stack.toml, 1 in api.json",
        ),
    ] {
        stack(retention, definition);
        for command in [
            &["validate", "stack.toml"][..],
            &["plan", "stack.toml", "--sandbox"],
        ] {
            let run = bench.run(command).expect(1);
            assert_eq!(run.stderr.trim_end().lines().last(), Some(last), "{run:?}");
        }
    }
}

/// A stack that has nothing beside it.
const SMALL: &str =
    "[stack]\nname = \"edges\"\n\n[log_groups.api]\nname = \"/api\"\nretention_days = 7\n";

#[cfg(unix)]
#[test]
fn no_more_is_read_than_anything_has() {
    let bench = Bench::new("edges-endless");
    bench.write("stack.toml", SMALL);
    let definition = format!("{SMALL}\n[task_definitions.api]\ndefinition = \"/dev/zero\"\n");
    bench.write("definition.toml", &definition);
    for command in [
        &["validate", "/dev/zero"][..],
        &["plan", "/dev/zero", "--sandbox=world.json"],
        &["fmt", "/dev/zero"],
        &["show", "/dev/zero"],
        &["validate", "stack.toml", "--var-file", "/dev/zero"],
        &["validate", "definition.toml"],
        &[
            "plan",
            "stack.toml",
            "--sandbox=world.json",
            "--sandbox-caller",
            "/dev/zero",
        ],
    ] {
        let run = bench.run(command).expect(1);
        assert!(run.says("it has more than 64 MiB"), "{run:?}");
        assert!(run.says("/dev/zero"), "{run:?}");
    }
    let run = bench.run(&["plan", "stack.toml", "--sandbox=/dev/zero"]);
    assert!(run.expect(1).says("no regular file"));
}

/// A run with these arguments into which `text` is piped.
#[cfg(unix)]
fn piped(bench: &Bench, arguments: &[&str], text: &str) -> Run {
    use std::io::Write as _;
    let mut command = bench.command(arguments);
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    drop(input);
    Run::from(child.wait_with_output().unwrap())
}

#[cfg(unix)]
#[test]
fn what_comes_through_a_pipe_is_a_file() {
    let bench = Bench::new("edges-piped");
    let applied = ["apply", "/dev/stdin", "--sandbox=world.json", "--yes"];
    let run = piped(&bench, &applied, SMALL).expect(0);
    assert!(run.says("log_groups.api"), "{run:?}");
    let asks = SMALL.replace("= 7", "= \"${var.days}\"");
    bench.write("stack.toml", &format!("{asks}\n[variables]\ndays = {{}}\n"));
    let planned = [
        "plan",
        "stack.toml",
        "--sandbox=world.json",
        "--var-file",
        "/dev/stdin",
    ];
    let run = piped(&bench, &planned, "days = 14\n").expect(0);
    assert!(run.says("7 -> 14"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_that_stays_silent_keeps_nobody_waiting() {
    let bench = Bench::new("edges-silent");
    bench.write("stack.toml", SMALL);
    let pipe = bench.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(pipe).status();
    assert!(made.unwrap().success());
    for arguments in [
        &["plan", "pipe", "--sandbox=world.json"][..],
        &["validate", "pipe"],
        &[
            "plan",
            "stack.toml",
            "--sandbox=world.json",
            "--var-file=pipe",
        ],
    ] {
        let mut command = bench.command(arguments);
        command.stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        std::thread::sleep(Duration::from_secs(2));
        let id = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &id])
            .status();
        assert!(sent.unwrap().success(), "it still waits");
        let (run, took) = timed(|| Run::from(child.wait_with_output().unwrap()));
        assert!(took < Duration::from_secs(10), "{took:?}");
        assert!(run.expect(1).says("interrupted; nothing was changed"));
    }
    let run = bench
        .run(&["plan", "stack.toml", "--sandbox=pipe"])
        .expect(1);
    assert!(run.says("no regular file"), "{run:?}");
}
