//! Saved plans: what a file keeps, what it hides, and when it still holds.

mod files;
mod laws;
mod moto;
mod runs;
