//! What log groups take of the quotas of CloudWatch Logs.

use crate::kinds::{limited::Limited, log_group::LogGroup};

/// Nothing that is looked at: an account may have 1,000,000 groups in a region (CloudWatch Logs
/// user guide, "CloudWatch Logs quotas"), and to count them would take 20,000 calls.
impl Limited for LogGroup {}
