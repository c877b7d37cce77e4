//! What a log of a large plan holds.

use std::{collections::BTreeMap, fmt::Write};

use crate::{json::account::Account, run::Bench};

const GROUPS: usize = 100;
const ROLES: usize = 140;
const FAMILIES: usize = 59;
/// With the workspace.
const RESOURCES: usize = 300;

/// A stack of 300 resources of every kind, of which some wait for others.
fn large() -> String {
    let mut text =
        "[stack]\nname = \"large\"\nregion = \"us-east-1\"\n[workspace]\nalias = \"large\"\n"
            .to_owned();
    for n in 0..GROUPS {
        write!(
            text,
            "[log_groups.g{n}]\nname = \"/large/{n}\"\nretention_days = 7\n"
        )
        .unwrap();
    }
    for n in 0..ROLES {
        write!(
            text,
            "[roles.r{n}]\nname = \"Large{n}\"\nmanaged_policies = [\"service-role/AmazonECSTaskExecutionRolePolicy\"]\n"
        )
        .unwrap();
    }
    for n in 0..FAMILIES {
        write!(
            text,
            "[task_definitions.t{n}]\nrequires_compatibilities = [\"FARGATE\"]\ncpu = \"256\"\nmemory = \"512\"\n\
             task_role = \"r{n}\"\nexecution_role = \"r{}\"\n\
             [task_definitions.t{n}.containers.app]\nimage = \"app:1\"\nlogs = \"g{n}\"\n",
            n + FAMILIES
        )
        .unwrap();
    }
    text
}

/// `[ 12/300] roles.task: created`.
fn read(line: &str) -> Option<(usize, &str)> {
    let (count, said) = line.strip_prefix('[')?.split_once("/300] ")?;
    Some((count.trim_start().parse().unwrap(), said))
}

#[test]
fn the_log_of_a_large_plan_has_two_lines_per_resource_and_says_how_far_it_is() {
    let account = Account::hasty();
    let mut bench = Bench::with_endpoint("large", &account.endpoint);
    // An account that takes all at once: whoever waits for a rate says so in lines of its own.
    bench.set("AMP_STACK_RATE", "all=1000");
    bench.write("stack.toml", &large());
    let run = bench.run(&["apply", "--yes"]).expect(0);
    let mut said: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut last = 0;
    for (count, line) in run.stderr.lines().filter_map(read) {
        // A run on a slow machine may be silent for long.
        if line.starts_with("still at it") {
            continue;
        }
        assert!(last <= count, "{count} after {last}: {line}");
        last = count;
        let (address, what) = line.split_once(": ").unwrap();
        said.entry(address).or_default().push(what);
    }
    assert_eq!(last, RESOURCES);
    assert_eq!(said.len(), RESOURCES, "{:?}", said.keys());
    for (address, said) in said {
        assert!(said.len() == 2, "{address}: {said:?}");
        assert!(said[0].starts_with("creating, "), "{address}: {said:?}");
        assert_eq!(said[1], "created", "{address}");
    }
    assert!(run.says("Done: 300 created"), "{}", run.stderr);
}
