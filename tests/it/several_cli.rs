//! Several stacks in one run, targets and replacements, as somebody types them.

use crate::run::Bench;

const BASE: &str = r#"
[stack]
name = "base"

[log_groups.app]
name = "/ecs/base"
retention_days = 7

[roles.task]
name = "SharedTask"
"#;

const SHOP: &str = r#"
[stack]
name = "shop"

[log_groups.app]
name = "/ecs/shop"
retention_days = 7

[task_definitions.api]
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
task_role = "arn:aws:iam::111122223333:role/SharedTask"

[task_definitions.api.containers.app]
image = "nginx:1"
"#;

fn bench(name: &str) -> Bench {
    let bench = Bench::new(name);
    bench.write("base.toml", BASE);
    bench.write("shop.toml", SHOP);
    bench
}

#[test]
fn a_stack_may_mention_what_an_earlier_one_makes() {
    let bench = bench("several-mention");
    let alone = bench.run(&["plan", "shop.toml", "--sandbox"]).expect(1);
    assert!(alone.says("there is no role arn:aws:iam::111122223333:role/SharedTask"));
    let wrong_order = bench.run(&["apply", "shop.toml", "base.toml", "--sandbox", "--yes"]);
    assert!(wrong_order.expect(1).says("nothing was changed"));
    let both = ["base.toml", "shop.toml", "--sandbox"];
    let plan = bench.run(&[&["plan"], &both[..]].concat()).expect(0);
    assert!(plan.says("In all: 4 to create: 6 calls"));
    assert!(plan.says("To do it, run: amp-stack apply base.toml shop.toml --sandbox"));
    let apply = bench
        .run(&[&["apply", "--yes"], &both[..]].concat())
        .expect(0);
    let (base, shop) = (
        apply.stderr.find("Stack base").unwrap(),
        apply.stderr.find("Stack shop").unwrap(),
    );
    assert!(base < shop);
    let again = ["plan", "--detailed-exitcode"];
    bench.run(&[&again[..], &both[..]].concat()).expect(0);
}

#[test]
fn stacks_are_destroyed_from_the_last_to_the_first() {
    let bench = bench("several-destroy");
    let both = ["base.toml", "shop.toml", "--sandbox", "--yes"];
    bench.run(&[&["apply"], &both[..]].concat()).expect(0);
    let refused = bench.run(&[&["destroy"], &both[..]].concat()).expect(1);
    assert!(refused.says("data of base:log_groups.app and shop:log_groups.app would be lost"));
    let unclear = ["destroy", "--accept", "log_groups.app"];
    let unclear = bench.run(&[&unclear[..], &both[..]].concat()).expect(1);
    assert!(unclear.says("which stack's resource is meant is not clear"));
    let by_name = [
        "destroy",
        "--accept",
        "shop:log_groups.app",
        "--accept",
        "base:log_groups.app",
    ];
    let done = bench.run(&[&by_name[..], &both[..]].concat()).expect(0);
    let (base, shop) = (
        done.stderr.find("Stack base").unwrap(),
        done.stderr.find("Stack shop").unwrap(),
    );
    assert!(shop < base);
    let left = ["plan", "--destroy", "--detailed-exitcode"];
    bench.run(&[&left[..], &both[..3]].concat()).expect(0);
}

#[test]
fn collisions_between_stacks_show_before_anything_is_made() {
    let bench = bench("several-collide");
    let both = ["plan", "base.toml", "shop.toml", "--sandbox"];
    bench.write("shop.toml", &SHOP.replace("/ecs/shop", "/ecs/base"));
    let groups = bench.run(&both).expect(1);
    assert!(groups.says("this log group exists already and belongs to the amp-stack stack `base`"));
    assert!(groups.says("1 decision needed"));
    let role = "[roles.other]\nname = \"sharedtask\"\n";
    bench.write("shop.toml", &format!("{SHOP}\n{role}"));
    let roles = bench.run(&both).expect(1);
    assert!(roles.says("role-name-collision"));
    bench.write("shop.toml", &BASE.replace("Shared", "Other"));
    let names = bench.run(&both).expect(1);
    assert!(names.says("are both for the stack `base` in us-east-1"));
    let twice = bench.run(&["plan", "base.toml", "base.toml", "--sandbox"]);
    assert!(twice.expect(1).says("base.toml is named twice"));
}

#[test]
fn every_file_is_checked_before_anything_is_read() {
    let bench = bench("several-problems");
    bench.write("base.toml", &BASE.replace("= 7", "= 8"));
    bench.write("shop.toml", &SHOP.replace("= 512", "= 513"));
    let run = bench.run(&["plan", "base.toml", "shop.toml"]).expect(1);
    assert!(run.says("1 problem in base.toml") && run.says("1 problem in shop.toml"));
}

#[test]
fn an_address_says_whose_it_is_where_there_are_several() {
    let bench = bench("several-places");
    let both = ["plan", "base.toml", "shop.toml", "--sandbox"];
    for (option, says) in [
        ("--replace=roles.task", "write --replace base:roles.task"),
        ("--target=bas:roles.task", "did you mean base?"),
        ("--adopt=base:roles.tusk", "did you mean roles.task?"),
        (
            "--target=shop:log_groups.ap",
            "did you mean log_groups.app?",
        ),
        ("--target=Shop:workspace", "is not a stack name"),
    ] {
        let run = bench.run(&[&both[..], &[option]].concat()).expect(1);
        assert!(run.says(says), "{option}: {}", run.stderr);
    }
}

#[test]
fn a_target_leaves_the_rest_and_says_so() {
    let bench = bench("target");
    let target = ["base.toml", "--sandbox", "--target", "roles.task"];
    let plan = bench.run(&[&["plan"], &target[..]].concat()).expect(0);
    assert!(plan.says("Not targeted, so left as they are: log_groups.app"));
    assert!(plan.says("amp-stack apply base.toml --sandbox --target roles.task"));
    bench
        .run(&[&["apply", "--yes"], &target[..]].concat())
        .expect(0);
    let again = bench.run(&[&["plan"], &target[..]].concat()).expect(0);
    assert!(again.says("Nothing to do at what was targeted."));
    let whole = bench.run(&["plan", "base.toml", "--sandbox"]).expect(0);
    assert!(whole.says("1 to create: 2 calls"));
    let none = ["plan", "base.toml", "--sandbox", "--target", "workspace"];
    assert!(bench.run(&none).expect(1).says("has no such resource"));
}

#[test]
fn what_is_replaced_obeys_protection() {
    let bench = bench("replace");
    let protected = format!("{BASE}prevent_destroy = true\n");
    bench.write("base.toml", &protected);
    bench
        .run(&["apply", "base.toml", "--sandbox", "--yes"])
        .expect(0);
    let replace = ["plan", "base.toml", "--sandbox", "--replace", "roles.task"];
    let refused = bench.run(&replace).expect(1);
    assert!(refused.says("`prevent_destroy` holds it back"));
    assert!(refused.says("leave `--replace` out"));
    bench.write("base.toml", BASE);
    bench
        .run(&["apply", "base.toml", "--sandbox", "--yes"])
        .expect(0);
    let plan = bench.run(&replace).expect(0);
    assert!(plan.says("1 to replace: 2 calls"));
    assert!(plan.says("because of --replace: it was asked to be built anew"));
}

#[test]
fn a_task_definition_is_replaced_by_a_new_revision() {
    let bench = bench("replace-revision");
    let both = ["base.toml", "shop.toml", "--sandbox", "--yes"];
    bench.run(&[&["apply"], &both[..]].concat()).expect(0);
    let replace = ["apply", "shop.toml", "--sandbox", "--yes", "--replace"];
    let run = bench.run(&[&replace[..], &["task_definitions.api"]].concat());
    assert!(run.expect(0).says("task-definition/api:2"));
    let plan = ["plan", "shop.toml", "--sandbox", "--detailed-exitcode"];
    bench.run(&plan).expect(0);
}

#[test]
fn a_variable_is_for_the_stacks_that_declare_it() {
    let bench = bench("several-variables");
    let group = "name = \"/ecs/${var.env}\"";
    let base = BASE.replace("name = \"/ecs/base\"", group);
    bench.write("base.toml", &format!("{base}\n[variables]\nenv = {{}}\n"));
    let both = ["base.toml", "shop.toml"];
    let given = ["--var", "env=test"];
    for command in ["validate", "plan"] {
        let sandbox: &[&str] = if command == "plan" {
            &["--sandbox"]
        } else {
            &[]
        };
        let words = [&[command], &both[..], &given[..], sandbox].concat();
        bench.run(&words).expect(0);
    }
    let stray = [&["validate"], &both[..], &given[..], &["--var", "evn=test"]].concat();
    let run = bench.run(&stray).expect(1);
    assert!(run.says("`--var` gives `evn`, which the stack file does not declare"));
    let alone = bench.run(&["validate", "shop.toml", "--var", "env=test"]);
    assert!(alone.expect(1).says("`--var` gives `env`"));
    let out = [
        &["plan"],
        &both[..],
        &given[..],
        &["--sandbox", "--out", "p.json"],
    ]
    .concat();
    bench.run(&out).expect(0);
    bench.run(&["apply", "p.json", "--sandbox"]).expect(0);
}

/// A file in an order that is neither that of addresses nor that of calls.
const UNSORTED: &str = r#"
[stack]
name = "order"

[task_definitions.api]
requires_compatibilities = ["FARGATE"]
cpu = 256
memory = 512
execution_role = "execution"

[task_definitions.api.containers.app]
image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/api:1"
logs = "g10"

[log_groups]
g2 = { name = "/ecs/g2", retention_days = 7 }
g10 = { name = "/ecs/g10", retention_days = 7 }

[roles.execution]
name = "OrderExecution"
managed_policies = ["service-role/AmazonECSTaskExecutionRolePolicy"]

[log_groups.g1]
name = "/ecs/g1"
retention_days = 7
"#;

/// Whoever reads a plan has the file before the eyes, or in the memory: what is shown to people is
/// in its order, and what goes without standing there comes last. Programs get the order of calls.
#[test]
fn people_see_resources_in_the_order_of_the_file() {
    let bench = Bench::new("file-order");
    bench.write("order.toml", UNSORTED);
    let written = [
        "task_definitions.api",
        "log_groups.g2",
        "log_groups.g10",
        "roles.execution",
        "log_groups.g1",
    ];
    let run = |arguments: &[&str]| bench.run(arguments).expect(0);
    let plan = run(&["plan", "order.toml", "--sandbox", "--out", "plan.json"]);
    assert_eq!(titles(&plan.stdout, "create"), written);
    let shown = run(&["show", "plan.json"]);
    assert_eq!(titles(&shown.stdout, "create"), written);
    let markdown = run(&["plan", "order.toml", "--sandbox", "--format", "markdown"]);
    assert_eq!(titles(&markdown.stdout, "create"), written);

    let json = run(&["plan", "order.toml", "--sandbox", "--json"]);
    let steps: Vec<String> = json
        .stdout
        .lines()
        .filter_map(|line| {
            let event: serde_json::Value = serde_json::from_str(line).unwrap();
            (event["event"] == "step").then(|| event["address"].as_str().unwrap().to_owned())
        })
        .collect();
    let place = |address: &str| steps.iter().position(|step| step == address).unwrap();
    assert!(place("roles.execution") < place("task_definitions.api"));

    let apply = run(&[
        "apply",
        "plan.json",
        "--yes",
        "--sandbox=.amp-stack/sandbox.json",
    ]);
    let values: Vec<usize> = written
        .iter()
        .map(|address| apply.stderr.find(&format!("{address}.arn ")).unwrap())
        .collect();
    assert!(values.is_sorted(), "{}", apply.stderr);

    let (kept, gone) = UNSORTED.split_once("[log_groups]").unwrap();
    let rest = gone.split_once("[roles.execution]").unwrap().1;
    let rest = format!(
        "{}\n[roles.execution]{}",
        kept.replace("logs = \"g10\"", ""),
        rest.replace("retention_days = 7", "retention_days = 14")
    );
    bench.write("order.toml", &rest);
    let plan = bench.run(&["plan", "order.toml", "--sandbox"]).expect(0);
    let titles: Vec<String> = ["change", "remove"]
        .iter()
        .flat_map(|verb| titles(&plan.stdout, verb))
        .collect();
    let ends = [
        "task_definitions.api",
        "log_groups.g1",
        "log_groups.g10",
        "log_groups.g2",
    ];
    assert_eq!(titles, ends, "{}", plan.stdout);
}

/// The addresses in the titles of what is done, in their order.
fn titles(text: &str, verb: &str) -> Vec<String> {
    let titles = text.lines().filter_map(|line| {
        let (_, rest) = line.split_once(&format!(" {verb} "))?;
        let (address, _) = rest.split_once(": ")?;
        (!address.contains(' ')).then(|| address.to_owned())
    });
    titles.collect()
}
