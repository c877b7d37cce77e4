//! The sizes of tasks: how they are written, and which of them Fargate offers.

/// CPU units, the least and the most MiB, the step between, and whether Windows can have them (ECS
/// developer guide, "Amazon ECS task definition differences for Fargate", "Task CPU and memory").
pub(crate) const FARGATE: &[(u32, u32, u32, u32, bool)] = &[
    (256, 512, 1024, 512, false),
    (256, 2048, 2048, 1, false),
    (512, 1024, 4096, 1024, false),
    (1024, 2048, 8192, 1024, true),
    (2048, 4096, 16384, 1024, true),
    (4096, 8192, 30720, 1024, true),
    (8192, 16384, 61440, 4096, false),
    (16384, 32768, 122_880, 8192, false),
    (32768, 61440, 61440, 1, false),
    (32768, 122_880, 122_880, 1, false),
    (32768, 249_856, 249_856, 1, false),
];

/// The CPU units that a task on Fargate can have, unless it is for Windows, ascending.
pub fn fargate_cpu() -> Vec<u32> {
    let mut units: Vec<u32> = FARGATE.iter().map(|(units, ..)| *units).collect();
    units.dedup();
    units
}

/// The CPU units that a task for Windows on Fargate can have, ascending.
pub fn fargate_sizes_of_windows() -> Vec<u32> {
    let windows = FARGATE.iter().filter(|(.., windows)| *windows);
    windows.map(|(units, ..)| *units).collect()
}

/// The memory that Fargate offers with so many CPU units: the least, in MiB, and all of it in
/// words. `None` if it doesn't offer these units.
pub fn fargate_memory(units: u32) -> Option<(u32, String)> {
    let rows: Vec<_> = FARGATE.iter().filter(|(of, ..)| *of == units).collect();
    let (_, least, ..) = rows.first()?;
    let offers: Vec<String> = rows.iter().map(|row| offer(row)).collect();
    Some((*least, offers.join(" or ")))
}

pub(crate) fn offer((_, least, most, step, _): &(u32, u32, u32, u32, bool)) -> String {
    if least == most {
        least.to_string()
    } else {
        format!("{least} to {most} in steps of {step}")
    }
}

/// CPU units from `1024`, `1 vCPU`, `.25 vcpu`; `None` if `text` is neither.
pub fn cpu_units(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("vcpu") {
        Some(count) => thousand24(count),
        None => lower.parse().ok(),
    }
}

/// MiB from `3072`, `3GB`, `0.5 GB`; `None` if `text` is neither.
pub fn memory_mib(text: &str) -> Option<u32> {
    let lower = text.trim().to_ascii_lowercase();
    match lower.strip_suffix("gb") {
        Some(count) => thousand24(count),
        None => lower.parse().ok(),
    }
}

/// A decimal number times 1,024, if that is whole.
fn thousand24(count: &str) -> Option<u32> {
    let count = count.trim();
    let (whole, fraction) = count.split_once('.').unwrap_or((count, ""));
    if fraction.len() > 6 || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let digits = |text: &str| {
        if text.is_empty() {
            Some(0)
        } else {
            text.parse::<u64>().ok()
        }
    };
    let scale = 10_u64.pow(u32::try_from(fraction.len()).ok()?);
    let units = (digits(whole)?.checked_mul(scale)? + digits(fraction)?).checked_mul(1024)?;
    units
        .is_multiple_of(scale)
        .then(|| u32::try_from(units / scale).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_spellings() {
        for (text, units) in [
            ("1024", 1024),
            ("1 vCPU", 1024),
            (".25 vCPU", 256),
            ("0.5vcpu", 512),
            ("16 vCPU", 16384),
        ] {
            assert_eq!(cpu_units(text), Some(units), "{text}");
        }
        for (text, mib) in [
            ("3072", 3072),
            ("3GB", 3072),
            ("3 GB", 3072),
            ("0.5 GB", 512),
            ("30 gb", 30720),
        ] {
            assert_eq!(memory_mib(text), Some(mib), "{text}");
        }
        for text in [
            "",
            "vCPU",
            "one",
            "1.0000001 vCPU",
            "0.1 vCPU",
            "-1",
            "1 GHz",
        ] {
            assert_eq!(cpu_units(text), None, "{text}");
        }
    }
}
