//! The language of stack files: TOML with places, references, problems, formatting and declared
//! fields, without knowing any kind of resource.

pub(crate) mod arn;
pub(crate) mod context;
pub mod cursor;
pub mod document;
pub mod fields;
pub mod foreign;
pub mod format;
pub(crate) mod included;
pub mod interpolate;
pub(crate) mod json;
mod language;
pub(crate) mod lifecycle;
pub(crate) mod placed;
pub mod places;
pub mod problem;
pub mod reader;
pub mod render;
pub mod rules;
pub mod source;
pub(crate) mod syntax;
pub(crate) mod tags;
pub mod tree;
pub(crate) mod unclosed;
pub(crate) mod write;
pub mod yaml;
