//! The real binary with `--sandbox`: whole runs on a file, without a network, without credentials,
//! without Python.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use amp_stack_sandbox::{Sandbox, Settings};
use serde_json::Value;

use crate::{
    emulators::server::sandbox as serve,
    run::{Bench, Run},
};

const STACK: &str = include_str!("../../stacks/quickstart.toml");
/// Where the sandbox of `stack.toml` is.
const FILE: &str = ".amp-stack/sandbox.json";
const DESTROY: &[&str] = &[
    "destroy",
    "stack.toml",
    "--sandbox",
    "--yes",
    "--accept",
    "workspace",
    "--accept",
    "log_groups.quickstart",
];
const APPLY: &[&str] = &["apply", "stack.toml", "--sandbox", "--yes"];
const PLAN: &[&str] = &["plan", "stack.toml", "--sandbox", "--detailed-exitcode"];

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", STACK);
    bench
}

/// How many roles, log groups, workspaces and active revisions the sandbox in the default file of
/// `bench` holds.
fn counted(bench: &Bench) -> [usize; 4] {
    // A run that was killed at once has not even made the directory.
    fs::create_dir_all(bench.path(FILE).parent().unwrap()).unwrap();
    let sandbox = Sandbox::open(Settings {
        file: Some(bench.path(FILE)),
        ..Settings::default()
    })
    .expect("nobody else has it open, and it is whole");
    let world = serde_json::to_value(sandbox.world()).unwrap();
    let size = |value: &Value| value.as_object().map_or(0, serde_json::Map::len);
    let is_active = |revision: &&Value| revision["status"] == "ACTIVE";
    let revisions = &world["ecs"]["regions"]["us-east-1"]["families"]["quickstart"]["revisions"];
    [
        size(&world["iam"]["roles"]),
        size(&world["logs"]["regions"]["us-east-1"]["groups"]),
        size(&world["amp"]["regions"]["us-east-1"]["workspaces"]),
        revisions
            .as_object()
            .map_or(0, |all| all.values().filter(is_active).count()),
    ]
}

#[test]
fn a_stack_lives_in_a_file_and_looking_never_alters_it() {
    let bench = bench("sandbox-life");
    let first = bench.run(PLAN).expect(2);
    let notice = format!("Sandbox {FILE}: nothing here is AWS\n");
    assert!(first.stderr.starts_with(&notice), "{}", first.stderr);
    let heading = format!("Stack quickstart in us-east-1, account 111122223333 (sandbox {FILE})\n");
    assert!(first.stdout.starts_with(&heading), "{}", first.stdout);
    assert!(
        first
            .stdout
            .ends_with("To do it, run: amp-stack apply stack.toml --sandbox\n"),
        "{}",
        first.stdout
    );
    assert!(!bench.path(FILE).exists(), "a plan makes nothing");

    bench.run(APPLY).expect(0);
    let ignored = fs::read_to_string(bench.path(".amp-stack/.gitignore")).unwrap();
    assert_eq!(ignored, "*\n", "Git leaves the account alone");
    assert_eq!(counted(&bench), [2, 1, 1, 1]);
    let before = fs::read(bench.path(FILE)).unwrap();
    for look in [PLAN, &["plan", "stack.toml", "--sandbox", "--verbose"]] {
        bench.run(look).expect(0);
    }
    let destroy = [
        "plan",
        "stack.toml",
        "--sandbox",
        "--destroy",
        "--detailed-exitcode",
    ];
    bench.run(&destroy).expect(2);
    bench
        .run(&["destroy", "stack.toml", "--sandbox", "--yes"])
        .expect(1);
    assert_eq!(fs::read(bench.path(FILE)).unwrap(), before);

    bench.run(DESTROY).expect(0);
    bench.run(&destroy).expect(0);
    let again = bench.run(DESTROY).expect(0);
    assert!(
        again.stdout.contains("nothing of this stack is left"),
        "{}",
        again.stdout
    );
}

#[test]
fn nothing_of_aws_is_looked_for() {
    let bench = bench("sandbox-alone");
    let mut command = bench.command(PLAN);
    command
        .env("AWS_PROFILE", "no-such-profile")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("AWS_REGION", "eu-west-1");
    let run = Run::from(command.output().unwrap()).expect(2);
    assert!(
        run.stdout.starts_with("Stack quickstart in eu-west-1,"),
        "{}",
        run.stdout
    );
    let named = [PLAN, &["--region", "eu-central-1"]].concat();
    let run = bench.run(&named).expect(2);
    assert!(
        run.stdout.starts_with("Stack quickstart in eu-central-1,"),
        "{}",
        run.stdout
    );
    bench
        .run(&["validate", "stack.toml", "--sandbox"])
        .expect(0);
}

#[test]
fn the_stack_file_says_whose_account_it_is() {
    let bench = bench("sandbox-account");
    let text = STACK.replace("[stack]\n", "[stack]\naccount = \"444455556666\"\n");
    bench.write("stack.toml", &text);
    let run = bench.run(PLAN).expect(2);
    assert!(
        run.stdout.contains("account 444455556666 (sandbox"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_run_killed_anywhere_is_healed_by_the_next() {
    let bench = bench("sandbox-kill");
    // The calls come within the first second and after the workspace is active, at about the
    // fourth.
    for millis in [20, 60, 90, 120, 150, 200, 300, 3950, 4050, 4100, 4150, 4200] {
        let mut child = bench
            .command(APPLY)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(millis));
        // It may be done already.
        let _ = child.kill();
        child.wait().unwrap();
        // Opens, so it is whole.
        let held = counted(&bench);
        assert!(
            held.iter()
                .zip([2, 1, 1, 1])
                .all(|(held, all)| *held <= all),
            "{held:?}"
        );
    }
    bench.run(APPLY).expect(0);
    assert_eq!(counted(&bench), [2, 1, 1, 1], "no duplicates");
    bench.run(PLAN).expect(0);
}

#[test]
fn a_bad_day_ends_well() {
    for seed in ["1", "2", "3", "4"] {
        let bench = bench(&format!("sandbox-chaos-{seed}"));
        let until_done = |command: &[&str]| {
            let command = [command, &["--sandbox-chaos", seed]].concat();
            for _ in 0..5 {
                let run = bench.run(&command);
                assert!(
                    run.stderr.contains(&format!("misbehaves from seed {seed}")),
                    "{}",
                    run.stderr
                );
                if run.code == Some(0) {
                    return;
                }
                assert!(run.code.is_some_and(|code| code != 101), "{}", run.stderr);
            }
            panic!("seed {seed}: {command:?} did not get to its end in five runs");
        };
        until_done(APPLY);
        assert_eq!(counted(&bench), [2, 1, 1, 1], "seed {seed}");
        bench.run(PLAN).expect(0);
        until_done(DESTROY);
        bench
            .run(&[
                "plan",
                "stack.toml",
                "--sandbox",
                "--destroy",
                "--detailed-exitcode",
            ])
            .expect(0);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_left_alone_and_explained() {
    let bench = bench("sandbox-files");
    let plan = ["plan", "stack.toml", "--sandbox=own.json"];
    let header = "{\"format\":\"amp-stack sandbox\"";
    for (text, said) in [
        (
            "{",
            "error: the sandbox file own.json is damaged\n  because: EOF while parsing",
        ),
        (
            &format!("{header},\"version\":99,\"account\":\"111122223333\"}}"),
            "hint: use the amp-stack that wrote it, or name another file",
        ),
        (
            &format!("{header},\"version\":1,\"account\":\"999988887777\"}}"),
            "hint: name another file, or use it for account 999988887777",
        ),
    ] {
        bench.write("own.json", text);
        let run = bench.run(&plan).expect(1);
        assert!(run.stderr.contains(said), "{}", run.stderr);
        assert_eq!(fs::read_to_string(bench.path("own.json")).unwrap(), text);
    }
    fs::remove_file(bench.path("own.json")).unwrap();
    let _held = Sandbox::open(Settings {
        file: Some(bench.path("own.json")),
        ..Settings::default()
    });
    let run = bench.run(&plan).expect(1);
    assert!(
        run.stderr
            .contains("error: another process is using the sandbox file own.json\nhint: stop the other one, or name another file"),
        "{}",
        run.stderr
    );
    let run = bench
        .run(&["plan", "stack.toml", "--sandbox=none/own.json"])
        .expect(1);
    assert!(
        run.stderr
            .contains("cannot lock the sandbox file none/own.json"),
        "{}",
        run.stderr
    );
}

#[test]
fn what_is_served_and_what_is_in_the_file_are_one() {
    let bench = bench("sandbox-serve");
    let file: PathBuf = bench.path("served.json");
    let name = file.to_str().unwrap();
    let (mut server, endpoint) = serve(&[name]);
    let mut client = bench.command(&["apply", "stack.toml", "--yes"]);
    client
        .env("AWS_ENDPOINT_URL", &endpoint)
        .env("AWS_ACCESS_KEY_ID", "sandbox")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox");
    Run::from(client.output().unwrap()).expect(0);
    let port = endpoint.rsplit(':').next().unwrap();
    let second = bench.run(&["sandbox", "--port", port]).expect(1);
    assert!(
        second
            .stderr
            .contains("hint: choose another port with --port"),
        "{}",
        second.stderr
    );

    let pid = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        server.wait().unwrap().code(),
        Some(0),
        "SIGTERM is how it is stopped"
    );
    let text = STACK.replace("[stack]\n", "[stack]\naccount = \"123456789012\"\n");
    bench.write("stack.toml", &text);
    let file = format!("--sandbox={name}");
    bench
        .run(&["plan", "stack.toml", "--detailed-exitcode", &file])
        .expect(0);
}

#[test]
fn a_whole_life_is_tried_in_one_command() {
    let bench = bench("sandbox-try");
    let run = bench.run(&["try", "stack.toml"]).expect(0);
    let headings: Vec<&str> = run
        .stdout
        .lines()
        .filter(|line| line.starts_with("$ "))
        .collect();
    assert_eq!(
        headings,
        [
            "$ amp-stack plan stack.toml --sandbox",
            "$ amp-stack apply stack.toml --sandbox --yes",
            "$ amp-stack plan stack.toml --sandbox",
            "$ aws ecs create-cluster --cluster-name try",
            "$ aws ecs create-service --cluster try --service-name quickstart --task-definition quickstart --desired-count 1 --launch-type FARGATE --network-configuration 'awsvpcConfiguration={subnets=[subnet-0a1b2c3d]}'",
            "$ amp-stack apply stack.toml --sandbox --yes --replace task_definitions.quickstart",
            "$ amp-stack verify stack.toml --sandbox --wait 5m",
            "$ amp-stack dashboard stack.toml --sandbox --discover --out grafana",
            "$ aws ecs delete-service --cluster try --service quickstart --force",
            "$ amp-stack destroy stack.toml --sandbox --yes --accept log_groups.quickstart --accept workspace",
        ]
    );
    let expected = [
        "5 to create: 8 calls",
        "Nothing to do: everything is as",
        "(with `services = [\"try/quickstart\"]` in [task_definitions.quickstart] in the stack file, which is taken as written here)",
        "~ services.try/quickstart  quickstart:1 -> the new revision of quickstart",
        "✓ tasks of quickstart:2 run",
        "15 of 15 hold: samples of every running task arrive.",
        "5 to remove: 9 calls",
    ];
    for said in expected {
        assert!(run.stdout.contains(said), "{said} in {}", run.stdout);
    }
    let drawn = run
        .stdout
        .split("quickstart on Amazon ECS: ")
        .nth(1)
        .unwrap();
    let drawn = drawn.split("\n\n8 of 9: Stop it").next().unwrap();
    assert!(!drawn.contains("nothing yet"), "{drawn}");
    assert!(
        drawn
            .lines()
            .filter(|line| line.contains(" series"))
            .count()
            > 8,
        "{drawn}"
    );
    for said in ["Done: 5 created", "Done: 5 removed"] {
        assert!(run.stderr.contains(said), "{said} in {}", run.stderr);
    }
    assert!(
        !bench.path(".amp-stack").exists(),
        "it leaves nothing behind"
    );
}

/// Services that the file declares are made as it names them, where and however many they are.
#[test]
fn declared_services_are_made_and_rolled_out_to() {
    let bench = bench("sandbox-declared");
    let declared = "[task_definitions.quickstart]\nservices = [\"prod/shop\", { cluster = \"canary\", service = \"shop\", wait = \"shifted\" }]\n";
    let text = STACK.replace("[task_definitions.quickstart]\n", declared);
    assert_ne!(text, STACK);
    bench.write("stack.toml", &text);
    let run = bench.run(&["try", "stack.toml"]).expect(0);
    for said in [
        "$ aws ecs create-cluster --cluster-name canary",
        "$ aws ecs create-cluster --cluster-name prod",
        "create-service --cluster prod --service-name shop --task-definition quickstart ",
        "create-service --cluster canary --service-name shop --task-definition quickstart ",
        "services.prod/shop quickstart:1 -> the new revision of quickstart",
        "services.canary/shop quickstart:1 -> the new revision of quickstart",
        "2 of 2 running tasks",
        "hold: samples of every running task arrive.",
        "$ aws ecs delete-service --cluster canary --service shop --force",
    ] {
        assert!(run.says(said), "{said}: {}", run.stdout);
    }
    assert!(!run.says("taken as written"), "{}", run.stdout);
}

#[test]
fn what_is_broken_on_trial_is_found() {
    for (what, cause) in [
        ("collector-rights", "no policy of QuickstartTask allows it"),
        (
            "role-trust",
            "no statement of its trust policy names ecs-tasks.amazonaws.com",
        ),
        (
            "execution-rights",
            "no policy of QuickstartExecution allows it",
        ),
        ("log-group", "there is no such log group"),
    ] {
        let bench = bench("sandbox-broken");
        let run = bench.run(&["try", "stack.toml", "--break", what]).expect(0);
        assert!(run.says(cause), "{what}: {}", run.stdout);
        assert!(run.says("something is wrong."), "{what}: {}", run.stdout);
        assert!(run.says("8 of 8: Remove it"), "{what}: {}", run.stdout);
    }
}

/// The stacks that stand in the repository and need nobody else's things: all that they promise
/// arrives.
#[test]
fn samples_of_the_examples_arrive() {
    for stack in [
        "quickstart",
        "otlp-xray",
        "otlp-and-two-scrapes",
        "cloudwatch-and-others",
        "ec2",
    ] {
        let bench = bench("sandbox-examples");
        let text = fs::read_to_string(format!("stacks/{stack}.toml")).unwrap();
        bench.write("stack.toml", &text);
        let run = bench.run(&["try", "stack.toml"]).expect(0);
        assert!(
            run.says("hold: samples of every running task arrive."),
            "{stack}: {}",
            run.stdout
        );
    }
}

/// What goes to CloudWatch is not claimed to arrive there; a role that may not send is found, both
/// by its rights and by what the collector says.
#[test]
fn what_goes_to_cloudwatch_is_tried_as_far_as_it_can_be_seen() {
    let both = fs::read_to_string("stacks/cloudwatch-and-others.toml").unwrap();
    let alone = both
        .replace("[workspace]\nalias = \"ticket\"\n", "")
        .replace("traces     = \"xray\"", "workspace  = \"none\"");
    for (text, arrives) in [
        (&both, "samples of every running task arrive"),
        (&alone, "nothing is known to be wrong, but it is not proven"),
    ] {
        let bench = bench("sandbox-cloudwatch");
        bench.write("stack.toml", text);
        let run = bench.run(&["try", "stack.toml"]).expect(0);
        for said in [
            arrives,
            "whether metrics arrive in CloudWatch",
            "what CloudWatch makes of the log group /ecs/ticket/metrics",
            "whether metrics arrive at https://otlp.example.com/otlp",
        ] {
            assert!(run.says(said), "{said}: {}", run.stdout);
        }
        assert!(!run.says("is not read here"), "{}", run.stdout);
        let broken = ["try", "stack.toml", "--break", "collector-rights"];
        let run = bench.run(&broken).expect(0);
        for said in [
            "cloudwatch:PutMetricData on *: no policy of TicketTask allows it",
            "CloudWatch refuses the metrics with 403",
        ] {
            assert!(run.says(said), "{said}: {}", run.stdout);
        }
    }
}

/// Tasks on the host's network and with an interface of their own run on a container instance that
/// the trial registers, as those on a bridge do.
#[test]
fn tasks_on_instances_are_tried() {
    let ec2 = fs::read_to_string("stacks/ec2.toml").unwrap();
    let bridge = "network_mode             = \"bridge\"";
    assert!(ec2.contains(bridge));
    for mode in ["host", "awsvpc"] {
        let bench = bench("sandbox-instances");
        let text = ec2.replace(bridge, &format!("network_mode = \"{mode}\""));
        bench.write("stack.toml", &text);
        let run = bench.run(&["try", "stack.toml"]).expect(0);
        assert!(
            run.says("aws ecs register-container-instance --cluster try"),
            "{}",
            run.stdout
        );
        let proven = "hold: samples of every running task arrive.";
        assert!(run.says(proven), "{mode}: {}", run.stdout);
    }
}

/// What runs on Managed Instances alone is not run, and nothing is said to be wrong with it.
#[test]
fn what_the_sandbox_cannot_run_is_said() {
    let bench = bench("sandbox-managed");
    let text = STACK.replace("[\"FARGATE\"]", "[\"MANAGED_INSTANCES\"]");
    assert_ne!(text, STACK);
    bench.write("stack.toml", &text);
    let run = bench.run(&["try", "stack.toml"]).expect(0);
    let said = "task_definitions.quickstart: not run, because the sandbox has no Managed Instances";
    assert!(run.says(said), "{}", run.stderr);
    assert!(!run.says("something is wrong"), "{}", run.stdout);
}

/// What the examples of the collector say is taken, and found again as it was said.
#[test]
fn the_examples_of_the_collector_are_applied_once() {
    for stack in [
        "labels-and-rules",
        "cloudwatch-and-others",
        "own-configuration",
    ] {
        let bench = bench("sandbox-collector-examples");
        let yaml = "own-configuration.yaml".to_owned();
        for (file, name) in [
            (format!("{stack}.toml"), "stack.toml"),
            (yaml.clone(), yaml.as_str()),
        ] {
            let text = fs::read_to_string(format!("stacks/{file}")).unwrap();
            bench.write(name, &text);
        }
        bench.run(APPLY).expect(0);
        // With another exit code it would have found something to do.
        bench.run(PLAN).expect(0);
    }
}

#[test]
fn an_interrupted_life_is_no_success() {
    let bench = bench("sandbox-interrupted");
    let mut child = bench
        .command(&["try", "stack.toml"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines();
    let is_waiting = |line: &String| line.contains("not in effect yet");
    told.by_ref().map(Result::unwrap).find(is_waiting).unwrap();
    let pid = child.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().unwrap();
    assert!(sent.success());
    let rest: Vec<String> = told.map(Result::unwrap).collect();
    let run = Run::from(child.wait_with_output().unwrap()).expect(1);
    assert_eq!(rest.last().unwrap(), "error: apply did not get to its end");
    assert!(!run.stdout.contains("3 of 7"), "{}", run.stdout);
}

#[test]
fn what_is_protected_is_given_up_before_it_is_tried_to_be_removed() {
    let bench = bench("sandbox-protected");
    let text = STACK
        .replace("prevent_destroy = false", "prevent_destroy = true")
        .replace(
            "retention_days = 7",
            "retention_days = 7\ndeletion_protection = true",
        );
    bench.write("stack.toml", &text);
    let run = bench.run(&["try", "stack.toml"]).expect(0);
    let edits = "(with `deletion_protection = false` in [log_groups.quickstart] and `prevent_destroy = false` in [workspace] in the stack file,";
    assert!(run.stdout.contains(edits), "{}", run.stdout);
    assert!(run.stdout.contains("10 of 10: Remove it"), "{}", run.stdout);
}

#[test]
fn a_stack_on_other_peoples_things_cannot_be_tried_alone() {
    let bench = bench("sandbox-alien");
    bench.write(
        "stack.toml",
        include_str!("../../stacks/existing-workspace-and-roles.toml"),
    );
    let run = bench.run(&["try", "stack.toml"]).expect(1);
    assert!(
        run.stderr.contains("needs more than an empty account"),
        "{}",
        run.stderr
    );
}
