//! What task definitions take of the quotas of ECS.

use crate::{
    kinds::{
        kind::State as _,
        limited::Limited,
        task_definition::{Change, TaskDefinition},
    },
    model::quota::{Quota, Take},
};

/// The number of the newest revision is the count: numbers are not given twice. What one definition
/// may hold is the same for every account, and checked offline.
impl Limited for TaskDefinition {
    fn takes(from: Option<&Self>, to: &Self) -> Vec<Take> {
        let newest = from.and_then(Self::newest_revision).unwrap_or_default();
        let changes = Self::changes(from, Some(to));
        let registers = changes
            .iter()
            .any(|change| matches!(change, Change::Register { .. }));
        vec![Take {
            quota: Quota::Revisions,
            before: newest.into(),
            after: (newest + u32::from(registers)).into(),
        }]
    }
}
