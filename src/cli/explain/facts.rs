//! The facts behind a rule, from the tables by which it is checked.

use crate::{
    collector::IMAGE_FILES,
    ecs_shape::size::{fargate_cpu, fargate_memory, fargate_sizes_of_windows},
};

/// What there is to choose from, for a rule that is about a choice.
pub(super) fn of(code: &str) -> Option<String> {
    match code {
        "fargate-size" => Some(fargate()),
        "collector-file" => Some(files()),
        _ => None,
    }
}

fn fargate() -> String {
    let rows = fargate_cpu().into_iter().map(|units| {
        let (_, memory) = fargate_memory(units).unwrap_or_default();
        let windows = if fargate_sizes_of_windows().contains(&units) {
            "yes"
        } else {
            "no"
        };
        [cpu(units), units.to_string(), memory, windows.to_owned()]
    });
    let header = ["cpu", "units", "memory in MiB", "Windows too"].map(str::to_owned);
    let rows: Vec<[String; 4]> = std::iter::once(header).chain(rows).collect();
    table("Fargate offers:", &rows)
}

/// CPU units as virtual CPUs.
fn cpu(units: u32) -> String {
    let vcpu = f64::from(units) / 1024.0;
    format!("{vcpu} vCPU")
}

fn files() -> String {
    let rows: Vec<[String; 1]> = IMAGE_FILES
        .iter()
        .map(|file| [(*file).to_owned()])
        .collect();
    table("The image holds:", &rows)
}

fn table<const N: usize>(title: &str, rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let mut text = format!("{title}\n\n");
    for row in rows {
        let cells = row.iter().enumerate();
        let cells: Vec<String> = cells
            .map(|(column, cell)| format!("{cell:0$}", width(column)))
            .collect();
        text.push_str("  ");
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_fargate_are_those_that_are_checked() {
        insta::assert_snapshot!(fargate(), @r"
        Fargate offers:

          cpu        units  memory in MiB                        Windows too
          0.25 vCPU  256    512 to 1024 in steps of 512 or 2048  no
          0.5 vCPU   512    1024 to 4096 in steps of 1024        no
          1 vCPU     1024   2048 to 8192 in steps of 1024        yes
          2 vCPU     2048   4096 to 16384 in steps of 1024       yes
          4 vCPU     4096   8192 to 30720 in steps of 1024       yes
          8 vCPU     8192   16384 to 61440 in steps of 4096      no
          16 vCPU    16384  32768 to 122880 in steps of 8192     no
          32 vCPU    32768  61440 or 122880 or 249856            no
        ");
    }
}
