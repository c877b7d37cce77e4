//! CPU, memory and storage.

use crate::{
    ecs_shape::size::{FARGATE, cpu_units, memory_mib, offer},
    file::{problem::Problems, reader::show_line},
    kinds::task_definition::{
        fields::{TASK_DEFINITION, container::CONTAINER, ecs},
        read::{
            rules::{Container, Task, range, within},
            view::View,
        },
    },
};

pub(crate) fn check(task: &Task<'_>, problems: &mut Problems) {
    let cpu = size(task, "cpu", "CPU units", cpu_units, problems);
    let memory = size(task, "memory", "memory", memory_mib, problems);
    if task.is_on_fargate() {
        fargate(task, cpu, memory, problems);
    } else if !task.may_be_on_fargate()
        && let (Some(at), Some(units)) = (task.request.at("cpu"), cpu)
        && !(128..=196_608).contains(&units)
    {
        // ECS API reference, `RegisterTaskDefinition`, `cpu`.
        problems.add(
            "out-of-range",
            &at.span,
            "takes 128 to 196608",
            "the `cpu` of a task takes 128 to 196608 units",
        );
    }
    for container in &task.containers {
        container_sizes(task, container, memory, problems);
    }
    sums(task, cpu, memory, problems);
    // ECS API reference, `EphemeralStorage`.
    if let Some(storage) = task.request.at("ephemeralStorage") {
        range(
            storage,
            &ecs::EPHEMERAL_STORAGE,
            "sizeInGiB",
            "ephemeral storage",
            problems,
        );
    }
}

/// The size of the task, if it is given and known.
fn size(
    task: &Task<'_>,
    key: &str,
    what: &str,
    parse: fn(&str) -> Option<u32>,
    problems: &mut Problems,
) -> Option<u32> {
    let tree = task.request.at(key)?;
    let given = tree.known()?;
    let parsed = parse(given);
    if parsed.is_none() {
        problems
            .add(
                "task-size",
                &tree.span,
                "not a size",
                format!("`{given}` is not an amount of {what}"),
            )
            .help(respelled(key, given, parse).map_or_else(
                || "`cpu` is written as 1024 or \"1 vCPU\", `memory` as 512 or \"0.5 GB\": a number without a unit is in CPU units or MiB".to_owned(),
                |right| format!("write {key} = {right}"),
            ));
    }
    parsed
}

/// How ECS spells a size that is written as Docker, Kubernetes or Compose spell it, as a TOML
/// value: `1GiB` is "1 GB", `1024 MB` is 1024, `500m` is "0.5 vCPU".
fn respelled(key: &str, given: &str, parse: fn(&str) -> Option<u32>) -> Option<String> {
    let lower = given.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| !c.is_ascii_digit());
    let (number, unit) = (digits.trim(), lower[digits.len()..].trim());
    let right = match (key, unit) {
        ("cpu", "" | "cpu" | "cpus" | "vcpus" | "core" | "cores") => format!("\"{number} vCPU\""),
        ("cpu", "m") => format!("\"{} vCPU\"", number.parse::<f64>().ok()? / 1000.0),
        ("memory", "" | "g" | "gi" | "gib" | "gb") => format!("\"{number} GB\""),
        ("memory", "m" | "mi" | "mib" | "mb") => number.to_owned(),
        _ => return None,
    };
    parse(right.trim_matches('"')).map(|_| right)
}

fn fargate(task: &Task<'_>, cpu: Option<u32>, memory: Option<u32>, problems: &mut Problems) {
    for key in ["cpu", "memory"] {
        if task.request.at(key).is_none() {
            let problem = problems.add(
                "fargate-size",
                &task.request.span,
                format!("`{key}` is missing"),
                format!("a task on Fargate needs `{key}`"),
            );
            if let Some(field) = TASK_DEFINITION.get(key) {
                show_line(problem, field);
            }
        }
    }
    let (Some(units), Some(mib), Some(cpu_at), Some(memory_at)) = (
        cpu,
        memory,
        task.request.at("cpu"),
        task.request.at("memory"),
    ) else {
        return;
    };
    let rows: Vec<_> = FARGATE
        .iter()
        .filter(|(of, .., windows)| *of == units && (*windows || !task.is_windows()))
        .collect();
    if rows.is_empty() {
        let system = if task.is_windows() {
            " with Windows"
        } else {
            ""
        };
        problems
            .add(
                "fargate-size",
                &cpu_at.span,
                "not offered",
                format!("Fargate offers no {units} CPU units{system}"),
            )
            .help(if (1..=32).contains(&units) {
                format!("a number counts units, of which a vCPU has 1024; for whole vCPUs write cpu = \"{units} vCPU\"")
            } else if task.is_windows() {
                "it offers 1024, 2048 and 4096".to_owned()
            } else {
                "it offers 256, 512, 1024, 2048, 4096, 8192, 16384 and 32768".to_owned()
            });
        return;
    }
    let fits = |(_, least, most, step, _): &&(u32, u32, u32, u32, bool)| {
        (*least..=*most).contains(&mib) && (mib - least).is_multiple_of(*step)
    };
    if !rows.iter().any(fits) {
        let offers: Vec<String> = rows.iter().map(|row| offer(row)).collect();
        let offers = offers.join(" or ");
        let help = if (1..=244).contains(&mib) {
            format!("it offers {offers} MiB; for {mib} GiB write memory = \"{mib} GB\"")
        } else {
            format!("it offers {offers} MiB")
        };
        problems
            .add(
                "fargate-size",
                &memory_at.span,
                "not offered with this `cpu`",
                format!("Fargate offers no {mib} MiB with {units} CPU units"),
            )
            .and(&cpu_at.span, "this `cpu`")
            .help(help);
    }
}

/// ECS API reference, `ContainerDefinition`, `memory` and `memoryReservation`.
fn container_sizes(
    task: &Task<'_>,
    container: &Container<'_>,
    task_memory: Option<u32>,
    problems: &mut Problems,
) {
    let tree = container.tree;
    let label = container.label();
    let memory = tree.integer_at("memory");
    let reservation = tree.integer_at("memoryReservation");
    for key in ["memory", "memoryReservation"] {
        // 0 is what some tools write for none; it is judged below.
        if tree.integer_at(key).is_some_and(|mib| mib != 0) {
            within(tree, key, 6..=i64::MAX, &label, problems);
        }
    }
    range(tree, &CONTAINER, "cpu", &label, problems);
    if let (Some(hard), Some(soft), Some(at)) = (memory, reservation, tree.at("memory"))
        && hard < soft
        && hard > 0
    {
        problems.add(
            "memory-reservation",
            &at.span,
            "less than the reservation",
            format!("the `memory` of {label} has to be at least its `memory_reservation`"),
        );
    }
    let given = |key: &str| tree.at(key).is_some_and(|mib| mib.integer() != Some(0));
    let of_task = task.request.at("memory").is_some() && !task.is_windows();
    if !of_task && !given("memory") && !given("memoryReservation") && !task.may_be_on_fargate() {
        problems
            .add(
                "memory-missing",
                &tree.span,
                "no memory",
                format!("{label} has neither `memory` nor `memory_reservation`"),
            )
            .help("without a `memory` of the task every container needs one of them");
    }
    if let (Some(hard), Some(whole), Some(at)) = (memory, task_memory, tree.at("memory"))
        && hard > i64::from(whole)
        && !task.is_windows()
    {
        problems.add(
            "task-too-small",
            &at.span,
            "more than the task has",
            format!("{label} takes {hard} MiB of the task's {whole}"),
        );
    }
}

/// The containers' shares have to fit into the task's. Windows ignores the task's (ECS API
/// reference, `RegisterTaskDefinition`, `cpu` and `memory`).
fn sums(task: &Task<'_>, cpu: Option<u32>, memory: Option<u32>, problems: &mut Problems) {
    if task.is_windows() {
        return;
    }
    let sum = |share: &dyn Fn(&Container<'_>) -> Option<i64>| -> i64 {
        task.containers.iter().filter_map(share).sum()
    };
    let units = sum(&|container| container.tree.integer_at("cpu"));
    // What is reserved is the soft limit, or else the hard one.
    let mib = sum(&|container| {
        let soft = container.tree.integer_at("memoryReservation");
        soft.or_else(|| container.tree.integer_at("memory"))
    });
    for (key, unit, shares, whole) in [
        ("cpu", "CPU units", units, cpu),
        ("memory", "MiB", mib, memory),
    ] {
        if let (Some(whole), Some(at)) = (whole, task.request.at(key))
            && shares > i64::from(whole)
        {
            problems.add(
                "task-too-small",
                &at.span,
                format!("less than {shares}"),
                format!("the containers take {shares} {unit} of the task's {whole}"),
            );
        }
    }
}
