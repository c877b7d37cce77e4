//! Large stacks, and the worlds that hold them: made of one unit that amp-stack has built, without
//! a call for each thing in them.

use std::fmt::Write as _;

use amp_stack_sandbox::World;
use serde_json::{Value, json};

/// A stack file with a workspace, and so many roles, log groups and task definitions, all of which
/// are the same but for their names.
pub(crate) fn uniform(count: usize) -> String {
    let mut text = "[stack]\nname = \"big\"\n[workspace]\nalias = \"big\"\n".to_owned();
    for n in 0..count {
        write!(
            text,
            "[log_groups.g{n}]\nname = \"group-{n}.\"\nretention_days = 7\n\
             [roles.r{n}]\nname = \"role-{n}.\"\n\
             [task_definitions.t{n}]\nfamily = \"family-{n}_\"\ncpu = 256\nmemory = 512\n\
             execution_role = \"r0\"\n\
             [task_definitions.t{n}.containers.app]\nimage = \"app:1\"\n\
             [task_definitions.t{n}.containers.app.environment]\n\
             WRITE = \"${{workspace.remote_write_url}}\"\n"
        )
        .expect("a string takes all");
    }
    text
}

/// The world of so many units of [`uniform`], made of `world`, which holds one.
pub(crate) fn grown(world: &World, count: usize) -> World {
    let mut world = serde_json::to_value(world).expect("a world is made to be written");
    let roles = &mut world["iam"]["roles"];
    multiply(roles, count, &["role-0.", "roles.r0"]);
    let roles = roles.as_object_mut().expect("a map of roles");
    for (n, role) in roles.values_mut().enumerate() {
        role["id"] = json!(format!("AROA{n:017}"));
    }
    let groups = &mut world["logs"]["regions"]["us-east-1"]["groups"];
    multiply(groups, count, &["group-0.", "log_groups.g0"]);
    let families = &mut world["ecs"]["regions"]["us-east-1"]["families"];
    multiply(families, count, &["family-0_", "task_definitions.t0"]);
    serde_json::from_value(world).expect("what was written can be read")
}

/// Adds copies of the one thing in `things`, of which each has the number of a copy wherever these
/// words have 0.
fn multiply(things: &mut Value, count: usize, words: &[&str]) {
    let things = things.as_object_mut().expect("a map of things");
    assert_eq!(things.len(), 1, "more than one unit");
    let first: Vec<(String, Value)> = things.clone().into_iter().collect();
    let first = json!(first).to_string();
    for n in 1..count {
        let numbered = |word: &str| word.replace('0', &n.to_string());
        let copy = words.iter().fold(first.clone(), |text, word| {
            text.replace(word, &numbered(word))
        });
        let copy: Vec<(String, Value)> =
            serde_json::from_str(&copy).expect("it was written as this");
        things.extend(copy);
    }
}
