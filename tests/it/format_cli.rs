//! `amp-stack fmt` as a shell sees it: what it writes, what it prints, and how it ends.

use std::{fs, io::Write as _, process::Stdio};

use crate::run::{Bench, Run};

const UGLY: &str = "[stack]\nname='shop' # ours\n";
const PRETTY: &str = "[stack]\nname = \"shop\"                        # ours\n";
const BROKEN: &str = "[stack]\nname = \n";

fn read(bench: &Bench, name: &str) -> String {
    fs::read_to_string(bench.path(name)).unwrap()
}

/// The names of the files in the directory of `bench`, sorted.
fn names(bench: &Bench) -> Vec<String> {
    let entries = fs::read_dir(bench.path("")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn run_with_input(bench: &Bench, arguments: &[&str], input: &str) -> Run {
    let mut command = bench.command(arguments);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    Run::from(child.wait_with_output().unwrap())
}

#[test]
fn only_what_changes_is_written_and_named() {
    let bench = Bench::new("fmt");
    fs::create_dir(bench.path("stacks")).unwrap();
    bench.write("stacks/a.toml", UGLY);
    bench.write("stacks/b.toml", PRETTY);
    let run = bench.run(&["fmt"]).expect(0);
    assert_eq!(run.stdout, "");
    assert_eq!(run.stderr, "stacks/a.toml: formatted\n");
    assert_eq!(read(&bench, "stacks/a.toml"), PRETTY);
    let again = bench.run(&["fmt"]).expect(0);
    assert_eq!((again.stdout, again.stderr), (String::new(), String::new()));
}

#[cfg(unix)]
#[test]
fn permissions_and_links_stay() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    let bench = Bench::new("fmt");
    bench.write("real.toml", UGLY);
    let real = bench.path("real.toml");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("real.toml", bench.path("stack.toml")).unwrap();
    bench.run(&["fmt"]).expect(0);
    assert!(bench.path("stack.toml").is_symlink());
    assert_eq!(read(&bench, "real.toml"), PRETTY);
    let metadata = fs::metadata(&real).unwrap();
    assert_eq!(metadata.mode() & 0o777, 0o640);
    bench.run(&["fmt"]).expect(0);
    let untouched = fs::metadata(&real).unwrap();
    assert_eq!(untouched.ino(), metadata.ino(), "it was not written again");
    assert_eq!(names(&bench), ["real.toml", "stack.toml"]);
}

#[test]
fn what_may_not_be_written_is_left_alone() {
    let bench = Bench::new("fmt");
    bench.write("stack.toml", UGLY);
    let path = bench.path("stack.toml");
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    let run = bench.run(&["fmt"]).expect(1);
    assert!(run.says("cannot write stack.toml"), "{run:?}");
    assert_eq!(read(&bench, "stack.toml"), UGLY);
    assert_eq!(names(&bench), ["stack.toml"]);
}

#[test]
fn check_lists_and_writes_nothing() {
    let bench = Bench::new("fmt");
    bench.write("a.toml", UGLY);
    bench.write("b.toml", PRETTY);
    let run = bench.run(&["fmt", "--check", "a.toml", "b.toml"]).expect(1);
    assert_eq!(run.stdout, "a.toml\n");
    assert!(run.says("error: 1 file would change"), "{run:?}");
    assert_eq!(read(&bench, "a.toml"), UGLY);
    let fine = bench.run(&["fmt", "--check", "b.toml"]).expect(0);
    assert_eq!((fine.stdout, fine.stderr), (String::new(), String::new()));
}

#[test]
fn the_difference_is_shown_and_nothing_written() {
    let bench = Bench::new("fmt");
    bench.write("stack.toml", UGLY);
    let run = bench.run(&["fmt", "--diff"]).expect(0);
    let expected = "--- stack.toml\n+++ stack.toml\n@@ -1,2 +1,2 @@\n [stack]\n-name='shop' # ours\n+name = \"shop\"                        # ours\n";
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (expected, ""));
    let run = bench.run(&["fmt", "--diff", "--check"]).expect(1);
    assert_eq!(run.stdout, expected);
    assert_eq!(read(&bench, "stack.toml"), UGLY);
    let run = bench.run(&["fmt", "--diff", "--color", "always"]).expect(0);
    assert!(
        run.stdout
            .contains("\u{1b}[31m-name='shop' # ours\u{1b}[0m\n")
    );
}

#[test]
fn standard_input_goes_to_standard_output() {
    let bench = Bench::new("fmt");
    for text in [UGLY, PRETTY] {
        let run = run_with_input(&bench, &["fmt", "-"], text).expect(0);
        assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (PRETTY, ""));
    }
    let run = run_with_input(&bench, &["fmt", "--check", "-"], UGLY).expect(1);
    assert_eq!(run.stdout, "<stdin>\n");
    let run = run_with_input(&bench, &["fmt", "-"], BROKEN).expect(1);
    assert_eq!(run.stdout, "");
    assert!(run.says("1 problem in <stdin>"), "{run:?}");
}

#[test]
fn what_is_no_toml_is_shown_and_left_alone_and_the_others_are_formatted() {
    let bench = Bench::new("fmt");
    bench.write("a.toml", BROKEN);
    bench.write("b.toml", UGLY);
    let run = bench
        .run(&["fmt", "a.toml", "nowhere.toml", "b.toml"])
        .expect(1);
    assert!(run.says("amp_stack::syntax"), "{run:?}");
    assert!(run.says("a.toml:2:"), "{run:?}");
    assert!(run.says("error: 1 problem in a.toml"), "{run:?}");
    assert!(run.says("error: cannot read nowhere.toml"), "{run:?}");
    assert!(run.says("b.toml: formatted"), "{run:?}");
    assert_eq!(read(&bench, "a.toml"), BROKEN);
    assert_eq!(read(&bench, "b.toml"), PRETTY);
}
