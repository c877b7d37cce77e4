//! The size of a task and of its containers: CPU units and memory in MiB.

use serde_json::{Map, Value};

use super::{Draft, client};
use crate::{ecs::members::Members, service::Refusal};

/// How many CPU units a task can have outside Fargate, from an eighth of a vCPU to 192 (API
/// reference, `RegisterTaskDefinition`, cpu).
const CPU_UNITS: std::ops::RangeInclusive<i64> = 128..=196_608;

/// The least memory for a container in MiB: Docker reserves as much (API reference,
/// `ContainerDefinition`, memory).
const MIN_CONTAINER_MEMORY: i64 = 6;

/// Reads `1024`, `1 vCPU` or `.25 vcpu` (API reference, `RegisterTaskDefinition`, cpu).
pub(super) fn cpu_units(text: &str) -> Result<i64, Refusal> {
    units(text, "vcpu")
        .filter(|units| CPU_UNITS.contains(units))
        .ok_or_else(|| unsupported("cpu"))
}

/// Reads `3072`, `3GB` or `3 GB` (API reference, `RegisterTaskDefinition`, memory).
pub(super) fn memory_mib(text: &str) -> Result<i64, Refusal> {
    units(text, "gb")
        .filter(|mib| *mib >= MIN_CONTAINER_MEMORY)
        .ok_or_else(|| unsupported("memory"))
}

/// The message is the developer guide's: "Troubleshoot Amazon ECS task definition invalid CPU or
/// memory errors".
fn unsupported(name: &str) -> Refusal {
    client(format!(
        "Invalid '{name}' setting for task. For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."
    ))
}

/// A whole number of small units, or a decimal number of `large_unit`s of 1024 each that makes a
/// whole number of small ones.
fn units(text: &str, large_unit: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    let Some(number) = text.strip_suffix(large_unit) else {
        return digits(&text);
    };
    let number = number.trim_end();
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let scale = 10_i64.pow(u32::try_from(fraction.len()).ok()?);
    let part = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            digits(text)
        }
    };
    let scaled = part(whole)?
        .checked_mul(scale)?
        .checked_add(part(fraction)?)?
        .checked_mul(1024)?;
    (scaled % scale == 0).then_some(scaled / scale)
}

fn digits(text: &str) -> Option<i64> {
    let all_digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| text.parse().ok())?
}

/// Whether Fargate offers a task of this size (API reference, `RegisterTaskDefinition`, memory;
/// developer guide, Amazon ECS task definition differences for Fargate). Windows needs 1 vCPU at
/// least, and more than 4 vCPU are for Linux.
pub(super) fn fargate_offers(cpu: i64, memory: i64, windows: bool) -> bool {
    let (from, to, step) = match cpu {
        256 if !windows => return matches!(memory, 512 | 1024 | 2048),
        512 if !windows => (1024, 4096, 1024),
        1024 => (2048, 8192, 1024),
        2048 => (4096, 16_384, 1024),
        4096 => (8192, 30_720, 1024),
        8192 if !windows => (16_384, 61_440, 4096),
        16_384 if !windows => (32_768, 122_880, 8192),
        _ => return false,
    };
    (from..=to).contains(&memory) && memory % step == 0
}

/// What holds between the sizes of the task and of its containers, whatever the launch type.
pub(super) fn check(draft: &Draft<'_>) -> Result<(), Refusal> {
    for container in draft.containers() {
        check_memory(draft, container)?;
    }
    // API reference, ContainerDefinition, cpu.
    let cpu: i64 = draft.containers().filter_map(|c| c.integer("cpu")).sum();
    if draft.cpu.is_some_and(|limit| cpu > limit) {
        return Err(client(
            "The sum of all container 'cpu' values cannot be greater than the value of the task 'cpu'.",
        ));
    }
    // API reference, ContainerDefinition, memory: the containers of a task can't reserve more than
    // the task has. What a container reserves is memoryReservation, and memory without it.
    let reserved = |container: &Map<String, Value>| {
        container
            .integer("memoryReservation")
            .or_else(|| container.integer("memory"))
    };
    let memory: i64 = draft.containers().filter_map(reserved).sum();
    if draft.memory.is_some_and(|limit| memory > limit) {
        return Err(client(
            "The sum of all container 'memory' values cannot be greater than the value of the task 'memory'.",
        ));
    }
    Ok(())
}

/// API reference, `ContainerDefinition`, memory and memoryReservation.
fn check_memory(draft: &Draft<'_>, container: &Map<String, Value>) -> Result<(), Refusal> {
    let name = container.text("name").unwrap_or_default();
    let setting = |problem: &str| {
        let message = format!("Invalid setting for container '{name}'. {problem}");
        Err(client(message))
    };
    if container.integer("cpu").is_some_and(|cpu| cpu < 0) {
        return setting("'cpu' must not be negative.");
    }
    let memory = container.integer("memory");
    let reservation = container.integer("memoryReservation");
    // On Fargate the task's memory is required in any case, and is refused there with words of its
    // own.
    let sized = draft.memory.is_some() || draft.requires(super::LaunchType::Fargate);
    if !sized && memory.is_none() && reservation.is_none() {
        return setting("At least one of 'memory' or 'memoryReservation' must be specified.");
    }
    if [memory, reservation]
        .into_iter()
        .flatten()
        .any(|mib| mib < MIN_CONTAINER_MEMORY)
    {
        return setting("'memory' and 'memoryReservation' must be at least 6 MiB.");
    }
    if let (Some(memory), Some(reservation)) = (memory, reservation)
        && memory < reservation
    {
        return setting("'memory' must be greater than or equal to 'memoryReservation'.");
    }
    if let (Some(memory), Some(task)) = (memory, draft.memory)
        && memory > task
    {
        let message =
            format!("The 'memory' setting for container '{name}' is greater than for the task.");
        return Err(client(message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::fixture::{accepted, app, refused, task, two, with},
        *,
    };

    #[test]
    fn reads_both_spellings() {
        let cpus = [
            ("1024", Some(1024)),
            (" 256 ", Some(256)),
            ("1 vCPU", Some(1024)),
            ("1vcpu", Some(1024)),
            (".25 vCPU", Some(256)),
            ("0.5 VCPU", Some(512)),
            ("1.5 vCPU", Some(1536)),
            ("127", None),
            ("196609", None),
            ("192 vCPU", Some(196_608)),
            ("0.0003 vCPU", None),
            ("one", None),
            ("-1", None),
            ("+1024", None),
            ("", None),
            ("vCPU", None),
            (". vCPU", None),
            ("1..5 vCPU", None),
            ("99999999999999999999 vCPU", None),
            ("0.25000000000000000000000 vCPU", None),
        ];
        for (text, units) in cpus {
            assert_eq!(cpu_units(text).ok(), units, "{text:?}");
        }
        let memories = [
            ("512", Some(512)),
            ("3GB", Some(3072)),
            ("3 GB", Some(3072)),
            ("0.5gb", Some(512)),
            ("5", None),
            ("6", Some(6)),
            ("3 GiB", None),
            ("3 MB", None),
        ];
        for (text, mib) in memories {
            assert_eq!(memory_mib(text).ok(), mib, "{text:?}");
        }
    }

    #[test]
    fn fargate_offers_74_sizes_for_linux_and_43_for_windows() {
        let count = |windows| {
            (1..=40_960_i64)
                .filter(|cpu| cpu % 128 == 0)
                .flat_map(|cpu| (1..=256_i64).map(move |halves| (cpu, halves * 512)))
                .filter(|(cpu, memory)| fargate_offers(*cpu, *memory, windows))
                .count()
        };
        assert_eq!((count(false), count(true)), (74, 43));
    }

    #[test]
    fn fargate_refuses_sizes_beside_its_own() {
        let wrong = [
            (256, 1536),
            (256, 4096),
            (512, 512),
            (1024, 1024),
            (1024, 2560),
            (1024, 9216),
            (2048, 17_408),
            (4096, 31_744),
            (8192, 18_432),
            (8192, 62_464),
            (16_384, 36_864),
            (16_384, 131_072),
            (32_768, 122_880),
            (128, 512),
        ];
        for (cpu, memory) in wrong {
            assert!(!fargate_offers(cpu, memory, false), "{cpu} {memory}");
        }
    }

    #[test]
    fn sizes() {
        refused(&[
            (
                "Invalid 'cpu' setting for task",
                task(&json!({"cpu": "64"}), &json!({})),
            ),
            (
                "Invalid 'cpu' setting for task",
                task(&json!({"cpu": "a lot"}), &json!({})),
            ),
            (
                "Invalid 'memory' setting for task",
                task(&json!({"memory": "3 MB"}), &json!({})),
            ),
            (
                "At least one of 'memory' or 'memoryReservation'",
                app(&json!({"memory": null})),
            ),
            ("at least 6 MiB", app(&json!({"memory": 5}))),
            ("at least 6 MiB", app(&json!({"memoryReservation": 0}))),
            (
                "must be greater than or equal to 'memoryReservation'",
                app(&json!({"memoryReservation": 129})),
            ),
            ("'cpu' must not be negative", app(&json!({"cpu": -1}))),
            (
                "The 'memory' setting for container 'app' is greater",
                task(&json!({"memory": "127"}), &json!({})),
            ),
            (
                "sum of all container 'cpu'",
                with(
                    two(&json!({"cpu": 100}), &json!({"cpu": 157})),
                    &json!({"cpu": "256"}),
                ),
            ),
            (
                "sum of all container 'memory'",
                with(two(&json!({}), &json!({})), &json!({"memory": "255"})),
            ),
        ]);
        accepted(&[
            app(&json!({"memory": null, "memoryReservation": 6})),
            app(&json!({"memoryReservation": 128, "cpu": 0})),
            with(
                two(&json!({"cpu": 100}), &json!({"cpu": 156})),
                &json!({"cpu": ".25 vCPU", "memory": "256"}),
            ),
            with(
                two(
                    &json!({"memoryReservation": 64}),
                    &json!({"memoryReservation": 64}),
                ),
                &json!({"memory": "128"}),
            ),
        ]);
    }
}
