//! Completion as people have it: lines are typed into real, interactive shells.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    time::Duration,
};

use crate::run::Bench;

const STACK: &str = r#"
[stack]
name = "shop"
region = "us-east-1"
assume_role = "arn:aws:iam::222222222222:role/deploy"

[variables]
image_tag = {}

[outputs]
where_to = "${workspace.endpoint}"

[workspace]

[log_groups.app]

[roles.task]
name = "ShopTask"
"#;

/// What is typed before the tabulator, and the line after it.
const LINES: &[(&str, &str)] = &[
    ("amp-stack pl", "amp-stack plan "),
    (
        "amp-stack plan --det",
        "amp-stack plan --detailed-exitcode ",
    ),
    ("amp-stack plan --color ne", "amp-stack plan --color never "),
    ("amp-stack plan st", "amp-stack plan stack.toml "),
    (
        "amp-stack plan --target roles.t",
        "amp-stack plan --target roles.task ",
    ),
    (
        "amp-stack apply --adopt work",
        "amp-stack apply --adopt workspace ",
    ),
    ("amp-stack plan --var im", "amp-stack plan --var image_tag="),
    (
        // Nothing is typed of it yet: bash begins a new word after each colon.
        "amp-stack plan --allow-role ",
        "amp-stack plan --allow-role arn:aws:iam::222222222222:role/deploy ",
    ),
    (
        "amp-stack plan --allow-profile stag",
        "amp-stack plan --allow-profile staging-eu ",
    ),
    (
        "amp-stack plan --profile stag",
        "amp-stack plan --profile staging-eu ",
    ),
    ("amp-stack output where", "amp-stack output where_to "),
    (
        "amp-stack output workspace.rem",
        "amp-stack output workspace.remote_write_url ",
    ),
    (
        "amp-stack explain fargate-si",
        "amp-stack explain fargate-size ",
    ),
    (
        "amp-stack explain log_groups.ret",
        "amp-stack explain log_groups.retention_days ",
    ),
    ("amp-stack guide from-t", "amp-stack guide from-terraform "),
    ("amp-stack man comp", "amp-stack man completions "),
    ("amp-stack completions zs", "amp-stack completions zsh "),
];

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("stack.toml", STACK);
    // The directory is home as well.
    fs::create_dir_all(bench.path(".aws")).unwrap();
    bench.write(
        ".aws/config",
        "[default]\n[profile staging-eu]\nregion = eu-west-1\n",
    );
    bench
}

/// `program` in the directory of `bench`, which finds amp-stack as people's shells do.
fn shell(bench: &Bench, program: &str, arguments: &[&str]) -> Command {
    let binary = Path::new(env!("CARGO_BIN_EXE_amp-stack")).parent().unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binary.display());
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(bench.path(""))
        .env_clear()
        .env("PATH", path)
        .env("HOME", bench.path(""))
        .env("TERM", "xterm");
    command
}

/// Returns whether `program` is installed, and says that the test is skipped where it is not.
fn is_installed(program: &str) -> bool {
    let found = Command::new(program).arg("--version").output();
    let is_there = found.is_ok_and(|output| output.status.success());
    if !is_there {
        // Written past the test harness, which hides what successful tests print.
        let said =
            format!("skipped: {program} is not installed, so completion is not tried in it\n");
        std::io::stderr().write_all(said.as_bytes()).unwrap();
    }
    is_there
}

/// Waits for up to a minute until `is_over`.
#[track_caller]
fn wait(is_over: impl Fn() -> bool, else_say: &str) {
    for _ in 0..3000 {
        if is_over() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{else_say}");
}

/// An interactive shell on a terminal of its own, whose editor writes the line that is being
/// edited to the file `lines` when Ctrl-X p is pressed.
struct Terminal<'a> {
    bench: &'a Bench,
    process: Child,
    keys: ChildStdin,
}

impl<'a> Terminal<'a> {
    /// Starts `shell`, and waits for the file `ready`, which its start-up file makes with the first
    /// prompt.
    fn open(bench: &'a Bench, command: &str) -> Self {
        let mut process = shell(bench, "script", &["-qec", command, "/dev/null"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let keys = process.stdin.take().unwrap();
        let mut terminal = Self {
            bench,
            process,
            keys,
        };
        wait(|| bench.path("ready").exists(), "it never gave a prompt");
        terminal.greet();
        terminal
    }

    /// Types until the editor answers. Before it takes over, the terminal is the kernel's, to which
    /// Ctrl-U means to forget what was typed: on a machine that is busy a whole line could be lost.
    fn greet(&mut self) {
        for number in 0..60 {
            let typed = format!("{number}.");
            write!(self.keys, "{typed}\x18p").unwrap();
            self.keys.flush().unwrap();
            for _ in 0..50 {
                // What was typed before was answered before, or is lost.
                if self
                    .lines()
                    .last()
                    .is_some_and(|line| line.ends_with(&typed))
                {
                    return write!(self.keys, "\x15").unwrap();
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        panic!("its editor never answered");
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.bench.path("lines")).unwrap_or_default();
        let ended = text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        ended
            .map(|line| line.trim_end_matches('\n').to_owned())
            .collect()
    }

    /// The line after `typed` and the tabulator; afterwards the line is empty.
    fn complete(&mut self, typed: &str) -> String {
        let before = self.lines().len();
        write!(self.keys, "{typed}\t\x18p\x15").unwrap();
        self.keys.flush().unwrap();
        wait(|| self.lines().len() > before, "the line was not completed");
        self.lines().pop().unwrap()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        _ = self.process.kill();
        _ = self.process.wait();
    }
}

#[track_caller]
fn assert_completed(mut terminal: Terminal<'_>) {
    for (typed, expected) in LINES {
        let line = terminal.complete(typed);
        // clap_complete's script for zsh puts a space after every value, `=` or not.
        let line = line
            .strip_suffix("= ")
            .map_or(line.clone(), |line| format!("{line}="));
        assert_eq!(line, *expected, "after {typed:?}");
    }
}

#[test]
fn bash_completes() {
    if !is_installed("bash") || !is_installed("script") {
        return;
    }
    let bench = bench("completion-bash");
    bench.write(
        "rc",
        "source <(amp-stack completions bash)\n\
         show() { printf '%s\\n' \"$READLINE_LINE\" >> lines; }\n\
         bind -x '\"\\C-xp\": show'\n\
         PROMPT_COMMAND='touch ready'\n",
    );
    assert_completed(Terminal::open(&bench, "bash --noprofile --rcfile rc -i"));
}

#[test]
fn zsh_completes() {
    if !is_installed("zsh") || !is_installed("script") {
        return;
    }
    let bench = bench("completion-zsh");
    bench.write(
        ".zshrc",
        "autoload -Uz compinit && compinit -u\n\
         source <(amp-stack completions zsh)\n\
         bindkey -e\n\
         show() { print -r -- \"$BUFFER\" >> lines }\n\
         zle -N show\n\
         bindkey '^Xp' show\n\
         zle-line-init() { touch ready }\n\
         zle -N zle-line-init\n",
    );
    assert_completed(Terminal::open(&bench, "zsh -i"));
}

#[test]
fn fish_completes() {
    if !is_installed("fish") {
        return;
    }
    let bench = bench("completion-fish");
    for (typed, expected) in LINES {
        let script = format!("amp-stack completions fish | source; complete -C '{typed}'");
        let output = shell(&bench, "fish", &["--no-config", "-c", &script])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let values: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        let word = expected.trim_end().rsplit(' ').next().unwrap();
        assert_eq!(values, [word], "after {typed:?}: {text}");
    }
}

#[test]
fn a_broken_stack_file_is_no_reason_to_say_anything() {
    let bench = bench("completion-broken");
    bench.write("stack.toml", "[stack\nname = ");
    let output = bench
        .command(&["--", "amp-stack", "plan", "--target", ""])
        .envs([
            ("AMP_STACK_COMPLETE", "bash"),
            ("_CLAP_COMPLETE_INDEX", "3"),
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert!(
        output.stdout.is_empty() && output.stderr.is_empty(),
        "{output:?}"
    );
}
