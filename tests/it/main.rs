//! All integration tests, in one binary.

mod sandbox_client;
mod sandbox_faults;
mod sandbox_iam;
mod sandbox_laws;
mod sandbox_wire;
