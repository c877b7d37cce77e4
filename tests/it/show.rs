//! What people see of plans and runs, as snapshots.

mod fixtures;
mod masks;
mod plans;
mod runs;
