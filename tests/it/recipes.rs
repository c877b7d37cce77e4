//! The recipes of the guide's page about continuous integration, run as wholes: every job's script
//! in its order, in a shell, in a clone of a repository that is laid out as the page says, against
//! the served sandbox. What the runners of GitHub, GitLab and `CodeBuild` do around the scripts is
//! acted out as far as the recipes use it; a recipe that uses something else fails.

mod cloudformation;
mod codebuild;
mod existing;
mod github;
mod gitlab;
mod repository;
mod terraform;

use std::{
    io::{self, Write},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

use crate::{
    emulators::server::sandbox,
    guide::pages::{pages, root},
    recipes::repository::{CHECKOUT, Repository},
    run::Bench,
};

/// The recipes on the page, in its order, as YAML.
fn recipes() -> Vec<(String, Value)> {
    let page = pages()
        .into_iter()
        .find(|page| page.path.ends_with("ci.md"));
    let blocks = page.expect("the page is there").blocks();
    let blocks = blocks.into_iter().filter(|block| block.language == "yaml");
    blocks
        .map(|block| {
            let name = block.text.lines().next().unwrap().to_owned();
            (name, repository::yaml(&block.text))
        })
        .collect()
}

/// The recipe that has `key` at its top, and is the one of that kind with this number.
fn recipe(key: &str, number: usize) -> Value {
    let recipes = recipes().into_iter().map(|(_, recipe)| recipe);
    let mut of_kind = recipes.filter(|recipe| recipe.get(key).is_some());
    of_kind.nth(number).expect("the page has the recipe")
}

/// A served sandbox, which ends with the test.
struct Account {
    server: Child,
    endpoint: String,
}

impl Account {
    fn new() -> Self {
        let (server, endpoint) = sandbox(&[]);
        Self { server, endpoint }
    }

    /// Somebody's own machine, on which commands are typed that are no part of a recipe.
    fn desk(&self, repository: &Repository) -> Bench {
        let desk = Bench::with_endpoint("desk", &self.endpoint);
        desk.write("checkout.toml", &repository.read("stacks/checkout.toml"));
        desk
    }

    /// Returns whether the account is as the stack file of the newest commit says.
    fn is_as_declared(&self, repository: &Repository) -> bool {
        let desk = self.desk(repository);
        let tag = format!("image_tag={}", repository.head());
        let plan = desk.run(&[
            "plan",
            "checkout.toml",
            "--var",
            &tag,
            "--detailed-exitcode",
        ]);
        match plan.code {
            Some(0) => true,
            Some(2) => false,
            _ => panic!("{}{}", plan.stdout, plan.stderr),
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The operations of all the calls of a plan of `file`, sorted.
fn operations(bench: &Bench, file: &str) -> Vec<String> {
    let plan = bench.run(&["plan", file, "--json"]).expect(0);
    let events = plan.stdout.lines();
    let events = events.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let steps = events.filter(|event| event["event"] == "step");
    let calls = steps.flat_map(|step| step["calls"].as_array().unwrap().clone());
    let mut operations: Vec<String> = calls
        .map(|call| call["operation"].as_str().unwrap().to_owned())
        .collect();
    operations.sort();
    operations
}

/// What takes over a workspace, a log group, two roles and a task definition.
const TAGGING: [&str; 5] = [
    "aps:TagResource",
    "ecs:TagResource",
    "iam:TagRole",
    "iam:TagRole",
    "logs:TagResource",
];

/// Returns whether the shell and the version control are there that every runner has; says on
/// standard error that the test is left out if they are not.
fn can_run(test: &str) -> bool {
    for program in ["bash", "git"] {
        let found = Command::new(program)
            .arg("--version")
            .stdout(Stdio::null())
            .status();
        if found.is_err() {
            // Not `eprintln!`, which the test runner would swallow.
            let says = format!("skipped: {test}, because {program} is not installed\n");
            io::stderr().write_all(says.as_bytes()).unwrap();
            return false;
        }
    }
    true
}

#[test]
fn github_plans_in_pull_requests_and_applies_what_was_merged() {
    if !can_run("the recipe for GitHub") {
        return;
    }
    let workflow = recipe("jobs", 0);
    let account = Account::new();
    let repository = Repository::new("github", CHECKOUT);
    let run = |event| github::run(&workflow, event, &repository, &account.endpoint);

    let reviewed = run("pull_request");
    assert_eq!(reviewed.ended("success"), ["validate", "plan"]);
    assert_eq!(reviewed.ended("skipped"), ["save", "apply"]);
    let comment = reviewed.comment.as_deref().expect("the plan is posted");
    assert!(
        comment.contains("### amp-stack: plan `checkout`"),
        "{comment}"
    );
    assert!(
        comment.contains("<details><summary><code>+ create workspace"),
        "{comment}"
    );
    assert!(reviewed.summary.contains(comment), "{}", reviewed.summary);
    assert!(
        !account.is_as_declared(&repository),
        "a pull request changes nothing"
    );

    let merged = run("push");
    assert_eq!(
        merged.ended("success"),
        ["validate", "save", "apply"],
        "{}",
        merged.log
    );
    assert!(merged.summary.contains("5 to create"), "{}", merged.summary);
    assert!(account.is_as_declared(&repository));

    let again = run("push");
    assert_eq!(
        again.ended("success"),
        ["validate", "save"],
        "{}",
        again.log
    );
    assert_eq!(
        again.ended("skipped"),
        ["plan", "apply"],
        "nothing was to do"
    );

    // Drift, looked for at night: there is none; then somebody alters something by hand.
    let nightly = recipe("jobs", 2);
    let night = || github::run(&nightly, "schedule", &repository, &account.endpoint);
    assert_eq!(night().ended("success"), ["drift"]);
    let desk = account.desk(&repository);
    let other = repository.read("stacks/checkout.toml");
    desk.write(
        "checkout.toml",
        &other.replace("retention_days = 30", "retention_days = 60"),
    );
    let tag = format!("image_tag={}", repository.head());
    desk.run(&["apply", "checkout.toml", "--var", &tag, "--yes"])
        .expect(0);
    assert_eq!(night().ended("failure"), ["drift"]);
    assert!(night().log.contains("exit code 2"), "{}", night().log);
}

#[test]
fn the_action_does_the_same() {
    if !can_run("the action for GitHub") {
        return;
    }
    let workflow = recipe("jobs", 1);
    let account = Account::new();
    let repository = Repository::new("action", CHECKOUT);
    let run = |event| github::run(&workflow, event, &repository, &account.endpoint);
    let reviewed = run("pull_request");
    assert_eq!(reviewed.ended("success"), ["plan"], "{}", reviewed.log);
    assert!(reviewed.log.contains("is installed"), "{}", reviewed.log);
    let comment = reviewed.comment.as_deref().expect("the plan is posted");
    assert!(comment.contains("5 to create"), "{comment}");
    assert!(
        !account.is_as_declared(&repository),
        "a pull request changes nothing"
    );
    let merged = run("push");
    assert_eq!(merged.ended("success"), ["apply"], "{}", merged.log);
    assert!(account.is_as_declared(&repository));
    let again = run("push");
    assert_eq!(again.ended("success"), ["apply"], "{}", again.log);
    assert!(
        !again.log.contains("Done"),
        "nothing is applied twice: {}",
        again.log
    );

    repository.commit(&CHECKOUT.replace("alias ", "alais "));
    let wrong = run("pull_request");
    assert_eq!(wrong.ended("failure"), ["plan"]);
    let annotation = "::error file=stacks/checkout.toml,line=9,";
    assert!(wrong.log.contains(annotation), "{}", wrong.log);
    assert_eq!(wrong.comment, None, "there is no plan to post");
}

/// Where there is no amp-stack, or another one, the action builds its own.
#[test]
fn the_action_installs_what_the_workflow_pins() {
    if !can_run("the installation by the action") {
        return;
    }
    let repository = Repository::new("install", CHECKOUT);
    repository.install("amp-stack", "#!/bin/sh\necho amp-stack 0.0.1\n");
    repository.install("cargo", "#!/bin/sh\necho \"cargo $*\"\n");
    let root = root().display();
    let script = format!("bash {root}/{}/install.sh", github::OURS);
    let output = repository.shell(&script, &repository.empty("job"), &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said, format!("cargo install --locked --path {root}\n"));
}

#[test]
fn github_shows_mistakes_at_their_lines_and_refusals_in_the_comment() {
    if !can_run("the recipe for GitHub, with mistakes") {
        return;
    }
    let workflow = recipe("jobs", 0);
    let account = Account::new();
    let repository = Repository::new(
        "github-wrong",
        &CHECKOUT.replace("retention_days", "retention"),
    );
    let wrong = github::run(&workflow, "pull_request", &repository, &account.endpoint);
    assert_eq!(wrong.ended("failure"), ["validate"]);
    assert_eq!(wrong.ended("skipped").len(), 3);
    let annotation = "::error file=stacks/checkout.toml,line=14,endLine=14,col=1,endColumn=10,title=unknown-key::";
    assert!(wrong.log.contains(annotation), "{}", wrong.log);

    // A role of this name belongs to somebody else: the plan can't be carried out.
    repository.commit(CHECKOUT);
    let desk = account.desk(&repository);
    desk.write(
        "other.toml",
        "[stack]\nname = \"other\"\n[roles.task]\nname = \"CHECKOUTTASK\"\n",
    );
    desk.run(&["apply", "other.toml", "--yes"]).expect(0);
    let refused = github::run(&workflow, "pull_request", &repository, &account.endpoint);
    assert_eq!(refused.ended("failure"), ["plan"], "{}", refused.log);
    let comment = refused
        .comment
        .as_deref()
        .expect("what has to be decided is posted");
    assert!(
        comment.contains("**Blocked: 1 decision needed"),
        "{comment}"
    );
    assert!(
        comment.contains("Blocked until this is decided:"),
        "{comment}"
    );
    let pushed = github::run(&workflow, "push", &repository, &account.endpoint);
    assert_eq!(pushed.ended("failure"), ["save"]);
    assert!(
        pushed.summary.contains("CHECKOUTTASK"),
        "{}",
        pushed.summary
    );
}

#[test]
fn gitlab_validates_plans_and_applies_what_was_planned() {
    if !can_run("the recipe for GitLab") {
        return;
    }
    let pipeline = recipe("default", 0);
    let account = Account::new();
    let repository = Repository::new("gitlab", CHECKOUT);
    let jobs = gitlab::run(&pipeline, &repository, &account.endpoint);
    assert_eq!(jobs, ["validate", "plan", "apply"], "in this order");
    assert!(account.is_as_declared(&repository));
}

#[test]
fn codebuild_applies_what_the_project_before_planned() {
    if !can_run("the recipe for CodeBuild") {
        return;
    }
    let account = Account::new();
    let repository = Repository::new("codebuild", CHECKOUT);
    let planned = codebuild::run(
        &recipe("phases", 0),
        &repository.clone_of("plan"),
        &repository,
        &account.endpoint,
    );
    assert!(
        !account.is_as_declared(&repository),
        "the first project only plans"
    );
    codebuild::run(
        &recipe("phases", 1),
        &planned,
        &repository,
        &account.endpoint,
    );
    assert!(account.is_as_declared(&repository));
}

/// GitHub's advice on actions is followed: they are pinned by commit.
#[test]
fn actions_of_others_are_pinned() {
    let mut used = 0;
    for (name, recipe) in recipes() {
        let actions = github::actions(&recipe).into_iter();
        for action in actions.filter(|action| !action.contains(github::OURS)) {
            let (_, version) = action.split_once('@').unwrap_or((&action, ""));
            let is_commit = version.len() == 40 && version.chars().all(|c| c.is_ascii_hexdigit());
            assert!(is_commit, "{name}: {action}");
            used += 1;
        }
    }
    assert!(used >= 8, "{used}");
}
