//! The form of a plan file: JSON, with a digest at its end that returns whether it is as it was
//! written.

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::saved::Saved;

const FORMAT: &str = "amp-stack plan";
const VERSION: u32 = 2;
/// The program that reads and writes: another one may decide otherwise from the same facts.
const PROGRAM: &str = env!("CARGO_PKG_VERSION");
/// What stands before the digest.
const DIGEST: &str = ",\n  \"sha256\": \"";
/// What stands after it.
const END: &str = "\"\n}\n";

/// A plan file can't be read.
#[derive(Debug, Error)]
pub enum PlanFileError {
    /// It is something else.
    #[error("it is not a saved plan")]
    Other,
    /// It is a plan file of another form.
    #[error("its form is version {0}, and this amp-stack reads version {VERSION}")]
    Version(u32),
    /// Another version of the program made the plan.
    #[error(
        "amp-stack {0} made this plan, and this is amp-stack {PROGRAM}, which may decide otherwise"
    )]
    Program(String),
    /// It is not complete.
    #[error("it is damaged")]
    Damaged(#[source] serde_json::Error),
    /// Somebody has edited it.
    #[error("it is not as it was written: it has been altered, or cut off")]
    Altered,
}

#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
    program: String,
}

#[derive(Serialize)]
struct ToWrite<'a> {
    format: &'a str,
    version: u32,
    program: &'a str,
    plan: &'a Saved,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(rename = "format")]
    _format: String,
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "program")]
    _program: String,
    plan: Saved,
    #[serde(rename = "sha256")]
    _sha256: String,
}

/// The text of a file that holds `saved`. Fails only if a path in it is no Unicode.
pub fn print(saved: &Saved) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string_pretty(&ToWrite {
        format: FORMAT,
        version: VERSION,
        program: PROGRAM,
        plan: saved,
    })?;
    // The end of the object comes after the digest.
    let body = text.strip_suffix("\n}").unwrap_or(&text);
    Ok(format!("{body}{DIGEST}{}{END}", digest_of(body)))
}

/// Returns whether `text` is, or was meant to be, a plan file: no stack file begins like one.
pub fn is_plan(text: &str) -> bool {
    let mut start = text.trim_start().lines().take(2);
    text.trim_start().starts_with('{') && start.any(|line| line.contains(FORMAT))
}

/// Reads what [`print()`] wrote.
pub fn parse(text: &str) -> Result<Saved, PlanFileError> {
    if !is_plan(text) {
        return Err(PlanFileError::Other);
    }
    let header: Header = serde_json::from_str(text).map_err(PlanFileError::Damaged)?;
    if header.format != FORMAT {
        return Err(PlanFileError::Other);
    }
    if header.version != VERSION {
        return Err(PlanFileError::Version(header.version));
    }
    if header.program != PROGRAM {
        return Err(PlanFileError::Program(header.program));
    }
    let written = text.strip_suffix(END);
    let (body, digest) = written
        .and_then(|text| text.rsplit_once(DIGEST))
        .ok_or(PlanFileError::Altered)?;
    if digest != digest_of(body) {
        return Err(PlanFileError::Altered);
    }
    let read: Read = serde_json::from_str(text).map_err(PlanFileError::Damaged)?;
    Ok(read.plan)
}

fn digest_of(body: &str) -> String {
    hex::encode(digest(&SHA256, body.as_bytes()).as_ref())
}

/// Bytes as hexadecimal digits.
pub(super) mod hex {
    use std::fmt::Write as _;

    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    pub(crate) fn encode(bytes: &[u8]) -> String {
        let mut digits = String::new();
        for byte in bytes {
            write!(digits, "{byte:02x}").expect("a string takes all");
        }
        digits
    }

    fn decode(digits: &str) -> Option<Vec<u8>> {
        let is_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_digits || digits.len() % 2 == 1 {
            return None;
        }
        let pairs = (0..digits.len()).step_by(2);
        pairs
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok())
            .collect()
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let digits = String::deserialize(from)?;
        decode(&digits).ok_or_else(|| D::Error::custom("these are not hexadecimal digits"))
    }
}
