//! The real binary against emulators of AWS, with the outcome read by boto3, a client that nobody
//! here wrote.
//!
//! One emulator is moto, which nobody here wrote either; the other is our own sandbox, served by
//! the binary, which is stricter and knows more. Set `AMP_STACK_SKIP_MOTO=1` to leave these tests
//! out, on a machine without Python for instance; each says so on standard error.

mod beyond;
mod difference;
mod lookups;
mod operations;
mod rollout;
mod samples;
mod scenario;
pub(crate) mod server;
mod verify;
