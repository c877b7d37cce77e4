//! The words of other tools, each group with what to type instead.

/// Commands of Terraform, the AWS CDK, Copilot, kubectl, docker compose and others.
pub(super) const COMMANDS: &[(&[&str], &str)] = &[
    (
        &[
            "deploy", "up", "create", "update", "sync", "push", "run", "execute", "register",
        ],
        "`amp-stack apply` shows the plan, asks, and carries it out",
    ),
    (
        &[
            "diff", "preview", "changes", "whatif", "what-if", "synth", "template", "render",
        ],
        "`amp-stack plan` shows what would change",
    ),
    (
        &["drift", "refresh", "detect-drift"],
        "`amp-stack plan --detailed-exitcode` exits with 2 if AWS differs from the stack file",
    ),
    (
        &["state", "list", "ls", "get", "describe", "outputs"],
        "`amp-stack output` prints what is deployed; there is no state file",
    ),
    (
        &["ps", "tasks", "revisions", "services"],
        "`amp-stack status` shows who runs which revision, and how they are",
    ),
    (
        &[
            "svc", "service", "app", "env", "job", "storage", "secret", "pipeline", "task",
        ],
        "Copilot's services, environments and jobs stay what they are: `amp-stack import --stack NAME --copilot APP/ENV/SERVICE` writes a stack file for one; see `amp-stack guide from-copilot`",
    ),
    (
        &["compose", "cluster"],
        "amp-stack has no clusters and services: `amp-stack import --stack NAME --family FAMILY` writes a stack file for a task definition that is there",
    ),
    (
        &["workspace", "select"],
        "one stack file serves several environments by variables: `--var-file FILE`; see `amp-stack guide language`",
    ),
    (
        &["bootstrap", "setup", "providers", "unlock", "force-unlock"],
        "there is nothing to set up, and no state to store or lock: `amp-stack init` begins a stack file",
    ),
    (
        &["delete", "down", "remove", "rm", "teardown", "undeploy"],
        "`amp-stack destroy` removes what the stack owns",
    ),
    (
        &["rollback", "undo"],
        "apply the stack file of before, for example from version control",
    ),
    (
        &["check", "lint", "verify-file", "config"],
        "`amp-stack validate` checks stack files without AWS",
    ),
    (&["format"], "`amp-stack fmt` formats stack files"),
    (
        &["docs", "doc", "manual", "readme"],
        "`amp-stack guide` lists the topics of the user guide",
    ),
    (
        &["version", "-V"],
        "`amp-stack --version` prints the version",
    ),
    (
        &["log", "logs", "tail", "watch", "events", "wait"],
        "`amp-stack verify --wait 5m` looks until samples arrive, and says why they don't; `amp-stack status` shows what runs",
    ),
    (
        &["doctor", "health", "diagnose", "debug"],
        "`amp-stack verify` proves that samples arrive, or says why not",
    ),
    (
        &["scale", "restart", "stop", "start", "exec", "ssh"],
        "services belong to whoever deploys: amp-stack brings them to new revisions, and neither creates nor scales them",
    ),
    (
        &["upgrade", "self-update", "install"],
        "this program is installed and updated by what installed it: see Install in its README",
    ),
    (
        &["new", "generate", "scaffold"],
        "`amp-stack init` writes a stack file, asking what it needs to know",
    ),
    (
        &["export", "pull"],
        "`amp-stack import` writes a stack file of what exists in AWS",
    ),
    (
        &["taint"],
        "`amp-stack apply --replace ADDRESS` recreates a resource",
    ),
    (
        &["adopt"],
        "`amp-stack apply --adopt ADDRESS` takes over a resource that belongs to no stack",
    ),
    (
        &["completion", "complete"],
        "`amp-stack completions SHELL` prints a completion script",
    ),
    (
        &["login", "configure", "auth"],
        "credentials are found as every AWS tool finds them; see `aws configure` and `aws sso login`",
    ),
    (
        &["test", "demo", "simulate"],
        "`amp-stack try` runs a stack file through a sandbox, without AWS",
    ),
];

/// Options of the same tools.
pub(super) const OPTIONS: &[(&[&str], &str)] = &[
    (
        &[
            "-f",
            "-c",
            "--file",
            "--filename",
            "--config",
            "--template",
            "--stack-file",
        ],
        "stack files are named without an option: `amp-stack plan stack.toml`",
    ),
    (
        &[
            "--auto-approve",
            "--approve",
            "--no-confirm",
            "--force",
            "--assume-yes",
        ],
        "`--yes` applies without asking",
    ),
    (
        &["--dry-run", "--dryrun", "--noop", "--no-execute-changeset"],
        "`amp-stack plan` shows what would change, without changing it",
    ),
    (
        &["--no-color", "--no-colour", "--nocolor"],
        "`--color never`, or NO_COLOR=1 in the environment",
    ),
    (
        &["-v", "--verbose", "--trace", "--log-level"],
        "`--debug` writes every call of AWS to standard error",
    ),
    (
        &["-q", "--quiet", "--silent"],
        "what matters is printed and the exit code says how it ended; `> /dev/null` hides the rest",
    ),
    (
        &["-o", "--output", "--output-file"],
        "`plan --out FILE` saves a plan; `--json` prints for programs",
    ),
    (&["-r"], "`--region REGION`"),
    (&["-p"], "`--profile PROFILE`"),
    (
        &[
            "-e",
            "--env",
            "--environment",
            "--parameters",
            "--set",
            "--values",
        ],
        "`--var NAME=VALUE` or `--var-file FILE` gives variables their values",
    ),
    (&["--parallelism", "--jobs", "-j"], "`--concurrency NUMBER`"),
    (
        &["--stack-name", "--name", "--app"],
        "the name of a stack stands in its file, under `[stack]`",
    ),
    (
        &["--cluster", "--service", "--services"],
        "the services that run a task definition are named in its `services`; see `amp-stack guide rollout`",
    ),
    (
        &[
            "--refresh",
            "--refresh-only",
            "--lock",
            "--lock-timeout",
            "--backend-config",
            "--reconfigure",
            "--state",
        ],
        "leave it out: there is no state to refresh or to lock, and every plan reads what is in AWS",
    ),
    (
        &["--raw", "--query"],
        "`amp-stack output NAME` prints one value as it is, and `--json` all of them",
    ),
    (
        &["--watch", "--follow", "--timeout"],
        "`verify --wait TIME` and `apply --rollout-timeout TIME` say how long to wait",
    ),
    (
        &["--listen", "--host", "--bind", "--address"],
        "`sandbox --port PORT` chooses the port; it listens on this machine only",
    ),
    (
        &["--shell"],
        "the shell is named without an option: `amp-stack completions bash`",
    ),
    (
        &["--task-definition"],
        "`import --stack NAME --family FAMILY` takes the newest revision of a family",
    ),
    (
        &["--include", "--only", "--resource"],
        "`--target ADDRESS` narrows a plan",
    ),
];
