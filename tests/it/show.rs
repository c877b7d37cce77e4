//! What people see of plans and runs, as snapshots.

mod fixtures;
mod plans;
mod runs;
