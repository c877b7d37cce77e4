//! What workspaces take of the quotas of Amazon Managed Service for Prometheus.

use crate::{
    kinds::{limited::Limited, workspace::Workspace},
    model::quota::{Quota, Take},
};

impl Limited for Workspace {
    fn takes(from: Option<&Self>, _to: &Self) -> Vec<Take> {
        vec![Take {
            quota: Quota::Workspaces,
            before: u64::from(from.is_some()),
            after: 1,
        }]
    }
}
