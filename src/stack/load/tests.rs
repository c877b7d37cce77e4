//! Whole stack files.
