//! AWS itself, through its SDK.
