//! What people type that is not quite right, each by itself: how it ends, what is said to be wrong,
//! and what to type instead.

use crate::run::{Bench, Run};

const STACK: &str = include_str!("../../stacks/quickstart.toml");

/// The line, what it says is wrong, and words of the answer that ends it.
const LINES: &[(&str, &str, &str)] = &[
    // Commands of other tools.
    (
        "version",
        "unrecognized subcommand 'version'",
        "`amp-stack --version` prints the version",
    ),
    (
        "diff",
        "unrecognized subcommand 'diff'",
        "`amp-stack plan` shows what would change",
    ),
    (
        "preview",
        "unrecognized subcommand 'preview'",
        "`amp-stack plan` shows what would change",
    ),
    (
        "deploy",
        "unrecognized subcommand 'deploy'",
        "`amp-stack apply` shows the plan, asks",
    ),
    (
        "up",
        "unrecognized subcommand 'up'",
        "`amp-stack apply` shows the plan, asks",
    ),
    (
        "update",
        "unrecognized subcommand 'update'",
        "`amp-stack apply` shows the plan, asks",
    ),
    (
        "down",
        "unrecognized subcommand 'down'",
        "`amp-stack destroy` removes what the stack owns",
    ),
    (
        "list",
        "unrecognized subcommand 'list'",
        "`amp-stack output` prints what is deployed",
    ),
    (
        "state",
        "unrecognized subcommand 'state'",
        "there is no state file",
    ),
    (
        "logs",
        "unrecognized subcommand 'logs'",
        "`amp-stack verify --wait 5m`",
    ),
    (
        "drift",
        "unrecognized subcommand 'drift'",
        "`amp-stack plan --detailed-exitcode`",
    ),
    (
        "docs",
        "unrecognized subcommand 'docs'",
        "`amp-stack guide` lists the topics",
    ),
    (
        "check",
        "unrecognized subcommand 'check'",
        "`amp-stack validate` checks stack files",
    ),
    (
        "format",
        "unrecognized subcommand 'format'",
        "`amp-stack fmt` formats stack files",
    ),
    (
        "new",
        "unrecognized subcommand 'new'",
        "`amp-stack init` writes a stack file",
    ),
    (
        "taint roles.task",
        "unrecognized subcommand 'taint'",
        "`amp-stack apply --replace ADDRESS`",
    ),
    (
        "rollback",
        "unrecognized subcommand 'rollback'",
        "apply the stack file of before",
    ),
    (
        "completion bash",
        "unrecognized subcommand 'completion'",
        "`amp-stack completions SHELL`",
    ),
    (
        "upgrade",
        "unrecognized subcommand 'upgrade'",
        "see Install in its README",
    ),
    (
        "svc deploy --name api",
        "unrecognized subcommand 'svc'",
        "`amp-stack import --stack NAME --copilot APP/ENV/SERVICE`",
    ),
    (
        "compose up",
        "unrecognized subcommand 'compose'",
        "`amp-stack import --stack NAME --family FAMILY`",
    ),
    (
        "ps",
        "unrecognized subcommand 'ps'",
        "`amp-stack status` shows who runs which revision",
    ),
    (
        "workspace new prod",
        "unrecognized subcommand 'workspace'",
        "`--var-file FILE`",
    ),
    (
        "force-unlock 4711",
        "unrecognized subcommand 'force-unlock'",
        "no state to store or lock",
    ),
    // Commands that are nearly ours.
    ("plann", "unrecognized subcommand 'plann'", "'plan'"),
    (
        "Plan stack.toml",
        "unrecognized subcommand 'Plan'",
        "commands are in lower case: `amp-stack plan`",
    ),
    (
        "xyzzy",
        "unrecognized subcommand 'xyzzy'",
        "`amp-stack --help` lists the commands",
    ),
    (
        "help foo",
        "unrecognized subcommand 'foo'",
        "`amp-stack --help` lists the commands",
    ),
    (
        "help drift",
        "unrecognized subcommand 'drift'",
        "`amp-stack plan --detailed-exitcode`",
    ),
    (
        "man plna",
        "there is no command `plna`",
        "did you mean `plan`?",
    ),
    // Options of other tools, or at another place.
    (
        "plan -f stack.toml",
        "unexpected argument '-f'",
        "`amp-stack plan stack.toml`",
    ),
    (
        "plan --file stack.toml",
        "unexpected argument '--file'",
        "`amp-stack plan stack.toml`",
    ),
    (
        "plan -o p stack.toml",
        "unexpected argument '-o'",
        "`plan --out FILE` saves a plan",
    ),
    (
        "plan -out=p stack.toml",
        "unexpected argument '-o'",
        "begin with two hyphens: `--out`",
    ),
    (
        "plan -var=a=b",
        "unexpected argument '-v'",
        "begin with two hyphens: `--var`",
    ),
    (
        "apply -auto-approve",
        "unexpected argument '-a'",
        "`--yes` applies without asking",
    ),
    (
        "plan -refresh=false",
        "unexpected argument '-r'",
        "no state to refresh or to lock",
    ),
    (
        "plan -c stack.toml",
        "unexpected argument '-c'",
        "`amp-stack plan stack.toml`",
    ),
    (
        "plan --cluster prod",
        "unexpected argument '--cluster'",
        "named in its `services`",
    ),
    (
        "apply --auto-approve",
        "unexpected argument '--auto-approve'",
        "`--yes` applies without asking",
    ),
    (
        "apply --force",
        "unexpected argument '--force'",
        "`--yes` applies without asking",
    ),
    (
        "apply --dry-run",
        "unexpected argument '--dry-run'",
        "`amp-stack plan` shows what would change",
    ),
    (
        "plan --no-color",
        "unexpected argument '--no-color'",
        "`--color never`",
    ),
    (
        "plan -v",
        "unexpected argument '-v'",
        "`--debug` writes every call of AWS",
    ),
    (
        "plan -q",
        "unexpected argument '-q'",
        "the exit code says how it ended",
    ),
    (
        "plan --env prod",
        "unexpected argument '--env'",
        "`--var NAME=VALUE`",
    ),
    (
        "plan --set a=b",
        "unexpected argument '--set'",
        "`--var NAME=VALUE`",
    ),
    (
        "apply --parallelism 3",
        "unexpected argument '--parallelism'",
        "`--concurrency NUMBER`",
    ),
    (
        "plan --stack-name x",
        "unexpected argument '--stack-name'",
        "under `[stack]`",
    ),
    (
        "plan --concurrency 3",
        "unexpected argument '--concurrency'",
        "`plan` has no such option; `apply` and `destroy` have",
    ),
    (
        "--region us-east-1 plan",
        "unexpected argument '--region'",
        "`amp-stack plan --region …`",
    ),
    (
        "sandbox --listen 1",
        "unexpected argument '--listen'",
        "`sandbox --port PORT` chooses the port",
    ),
    (
        "import checkout",
        "unexpected argument 'checkout'",
        "--family, --role, --log-group or --workspace",
    ),
    // Values.
    (
        "plan --color sometimes",
        "invalid value 'sometimes'",
        "possible values: auto, always, never",
    ),
    (
        "plan --format yaml",
        "invalid value 'yaml'",
        "possible values: text, markdown",
    ),
    (
        "graph --format png",
        "invalid value 'png'",
        "possible values: dot, mermaid",
    ),
    (
        "completions",
        "required arguments were not provided",
        "`amp-stack completions bash`",
    ),
    (
        "completions tcsh",
        "invalid value 'tcsh'",
        "possible values: bash, elvish, fish",
    ),
    (
        "plan --var",
        "a value is required for '--var",
        "`--var image_tag=1.4.2`",
    ),
    (
        "plan --var nothing",
        "no environment variable nothing",
        "write NAME=VALUE",
    ),
    (
        "plan --var x=1",
        "the stack file does not declare",
        "declare it under [variables]",
    ),
    (
        "plan --var-file nope.toml",
        "cannot read nope.toml",
        "No such file",
    ),
    (
        "plan --target",
        "a value is required for '--target",
        "`--target roles.task`",
    ),
    (
        "plan --target roles.tsk --sandbox",
        "has no such resource",
        "did you mean roles.task?",
    ),
    (
        "plan --target tasks.x --sandbox",
        "not the address of a resource",
        "task_definitions.NAME",
    ),
    (
        "apply --replace x --sandbox",
        "not the address of a resource",
        "roles.NAME",
    ),
    (
        "plan --region us-esat-1",
        "not the name of a region",
        "did you mean us-east-1?",
    ),
    (
        "plan --region us-esat-1 --sandbox",
        "not the name of a region",
        "did you mean us-east-1?",
    ),
    (
        "plan --profile nope",
        "does not exist or has no credentials",
        "choose a profile with --profile",
    ),
    (
        "plan",
        "no credentials were found",
        "log in with `aws sso login`",
    ),
    (
        "verify --wait forever",
        "invalid value 'forever'",
        "a time such as 90s or 5m",
    ),
    (
        "sandbox --port 99999",
        "invalid value '99999'",
        "not in 0..=65535",
    ),
    (
        "import",
        "--stack <NAME>",
        "`amp-stack import --stack shop --family shop`",
    ),
    (
        "import --stack UPPER --role x",
        "`UPPER` is not a stack name",
        "a to z, 0 to 9",
    ),
    (
        "import --stack x --copilot a//b",
        "invalid value 'a//b'",
        "APP/ENV/SERVICE",
    ),
    (
        "import --stack x --sandbox",
        "nothing was asked for",
        "name what to import: --family",
    ),
    (
        "import --stack x --family nope --sandbox",
        "no task definition family `nope`",
        "active revision",
    ),
    // Files.
    (
        "plan nope.toml",
        "cannot read nope.toml",
        "there is ./stack.toml",
    ),
    (
        "plan stack.tml",
        "cannot read stack.tml",
        "did you mean stack.toml?",
    ),
    (
        "plan .",
        "cannot read .",
        "it is a directory; name stack files: ./stack.toml",
    ),
    (
        "plan roles.task",
        "cannot read roles.task",
        "write --target roles.task",
    ),
    (
        "plan stack.toml stack.toml",
        "stack.toml is named twice",
        "",
    ),
    (
        "plan stack.toml extra",
        "cannot read extra",
        "there is ./stack.toml",
    ),
    (
        "plan s3://bucket/stack.toml",
        "cannot read s3://bucket/stack.toml",
        "fetch it first",
    ),
    (
        "plan https://example.com/s.toml",
        "cannot read https://example.com/s.toml",
        "fetch it first",
    ),
    ("validate -", "cannot read -", "amp-stack fmt - formats one"),
    (
        "validate empty",
        "it is a directory without stack files",
        "name a stack file",
    ),
    (
        "show stack.toml",
        "it is not a saved plan",
        "`amp-stack plan --out FILE` saves a plan",
    ),
    (
        "show nope.plan",
        "cannot read nope.plan",
        "`amp-stack plan --out FILE` saves a plan",
    ),
    (
        "init stack.toml",
        "stack.toml exists already",
        "--force replaces it",
    ),
    (
        "try nope.toml",
        "cannot read nope.toml",
        "there is ./stack.toml",
    ),
    (
        "fmt nope.toml",
        "cannot read nope.toml",
        "there is ./stack.toml",
    ),
    // Consent.
    (
        "apply --sandbox",
        "standard input is not a terminal",
        "give --yes to do it without asking",
    ),
    (
        "destroy --sandbox",
        "standard input is not a terminal",
        "`amp-stack plan --destroy` shows what would be done",
    ),
    (
        "apply --yes --sandbox --accept nope",
        "not the address of a resource",
        "workspace, roles.NAME",
    ),
    // What there is to read.
    (
        "guide terraform",
        "the guide has no topic `terraform`",
        "did you mean `from-terraform`?",
    ),
    (
        "guide nope",
        "the guide has no topic `nope`",
        "`amp-stack guide` lists every topic",
    ),
    (
        "explain fargate",
        "neither a code nor a field",
        "`fargate-size`",
    ),
    (
        "explain retention_days",
        "neither a code nor a field",
        "`log_groups.retention_days`",
    ),
    (
        "explain nope",
        "neither a code nor a field",
        "`amp-stack explain` lists every code",
    ),
    (
        "output nope --sandbox",
        "neither an output of the stack file",
        "`amp-stack output` lists all there are",
    ),
    (
        "output arn --sandbox",
        "neither an output of the stack file",
        "hint: there are workspace.arn, log_groups.quickstart.arn",
    ),
    (
        "output workspace.remotewrite --sandbox",
        "did you mean",
        "workspace.remote_write_url?",
    ),
    (
        "schema stack",
        "unexpected argument 'stack'",
        "takes no name and no file: leave `stack` out",
    ),
    (
        "explain roles.task",
        "neither a code nor a field",
        "`amp-stack explain roles` lists the fields of its table",
    ),
    (
        "guide nope.md",
        "the guide has no topic",
        "lists every topic",
    ),
    // What is nearly right.
    (
        "plan --Sandbox",
        "unexpected argument '--Sandbox'",
        "options are in lower case: `--sandbox`",
    ),
    (
        "plan -- --sandbox",
        "cannot read --sandbox",
        "options stand before the `--` by itself: --sandbox",
    ),
    (
        "plan \u{2014}sandbox",
        "cannot read \u{2014}sandbox",
        "options begin with two hyphens: --sandbox",
    ),
    (
        "apply --yes=true",
        "unexpected value 'true'",
        "`--yes` takes no value: write it alone",
    ),
    (
        "plan --format json",
        "invalid value 'json'",
        "`--json` prints for programs",
    ),
    ("plan ", "a value is required", "a variable of the shell"),
    (
        "show stack.toml p.json",
        "unexpected argument 'p.json'",
        "takes only one: leave `p.json` out",
    ),
    (
        "sandbox stop",
        "the sandbox has no command `stop`",
        "until Ctrl-C",
    ),
    (
        "init empty",
        "empty is a directory",
        "name a file in it: amp-stack init empty/stack.toml",
    ),
    (
        "init --force new/",
        "new/ is a directory",
        "name a file in it: amp-stack init new/stack.toml",
    ),
    (
        "import --stack x --out empty --sandbox",
        "empty is a directory",
        "name a file in it: --out empty/stack.toml",
    ),
    (
        "import --stack x --family web:3 --sandbox",
        "no task definition family `web:3`",
        "named without account and revision: --family web",
    ),
    (
        "import --stack x --service prod/web",
        "unexpected argument '--service'",
        "`--family FAMILY`",
    ),
    (
        "output --raw workspace.arn",
        "unexpected argument '--raw'",
        "`amp-stack output NAME` prints one value as it is",
    ),
    (
        "status --watch",
        "unexpected argument '--watch'",
        "`verify --wait TIME`",
    ),
];

/// What no answer says: the way to pass a word as a value, and the words of somebody else's program.
const NEVER: &[&str] = &[
    "as a value, use '--",
    "panicked",
    "os error 2)\nhint: amp-stack init s3",
    "Usage: amp-stack --",
    "Usage: amp-stack apply --",
    "Usage: amp-stack plan --",
    "Usage: amp-stack import --",
];

#[test]
fn every_line_is_answered_with_what_to_type() {
    let bench = Bench::new("command-lines");
    bench.write("stack.toml", STACK);
    std::fs::create_dir(bench.path("empty")).unwrap();
    let mut wrong = Vec::new();
    for (line, what, answer) in LINES {
        let words: Vec<&str> = line.split(' ').collect();
        let run: Run = bench.run(&words);
        let is_told = run.says(what) && run.says(answer);
        let is_clean = NEVER.iter().all(|never| !run.stderr.contains(never));
        if run.code != Some(1) || !is_told || !is_clean {
            wrong.push(format!(
                "$ amp-stack {line}\n{}{}=> {:?}",
                run.stdout, run.stderr, run.code
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(LINES.len() > 84, "{}", LINES.len());
}

#[test]
fn without_a_stack_file_every_command_leads_to_init_and_import() {
    let bench = Bench::new("command-lines-empty");
    for command in [
        "plan",
        "apply --yes",
        "destroy --yes",
        "validate",
        "try",
        "fmt",
        "graph",
        "status",
        "output",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let run = bench.run(&words).expect(1);
        assert!(run.says("amp-stack init writes one"), "{command}: {run:?}");
        assert!(
            run.says("amp-stack import writes one for what exists in AWS"),
            "{command}: {run:?}"
        );
    }
}
