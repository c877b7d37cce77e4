//! The real binary against moto, an emulator that nobody here wrote, with the outcome read by boto3, a client that nobody here wrote.
//!
//! Set `AMP_STACK_SKIP_MOTO=1` to leave these tests out, on a machine without Python for instance; each says so on standard error.

mod scenario;
mod server;
