//! The structures of ECS within a task definition: what each of their members is for.

mod container;
mod linux;
mod task;
mod volume;

use crate::{
    file::fields::{Field, Fields},
    kinds::task_definition::fields::{TASK_DEFINITION, container::CONTAINER},
};

pub use container::{HEALTH_CHECK, PORT_MAPPING, RESTART_POLICY};
pub use linux::{LINUX_PARAMETERS, TMPFS};
pub use task::EPHEMERAL_STORAGE;
pub use volume::{EFS_VOLUME, S3_FILES_VOLUME};

/// All structures that a stack file can hold.
static ALL: &[&[&Fields]] = &[
    &[&TASK_DEFINITION, &CONTAINER],
    container::ALL,
    linux::ALL,
    task::ALL,
    volume::ALL,
];

/// The fields of the structure with this name in the API.
pub fn of(structure: &str) -> Option<&'static Fields> {
    let mut all = ALL.iter().copied().flatten().copied();
    all.find(|fields| fields.structure == Some(structure))
}

/// The fields of a structure that is named as in the API.
const fn part(
    structure: &'static str,
    source: &'static str,
    path: &'static str,
    doc: &'static str,
    fields: &'static [Field],
) -> Fields {
    Fields {
        name: structure,
        path,
        doc,
        source,
        structure: Some(structure),
        fields,
        foreign: &[],
    }
}
