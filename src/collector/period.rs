//! Lengths of time as Prometheus writes them.

use std::fmt;

/// A length of time of at least a millisecond, with its spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    text: String,
    millis: u64,
}

/// The units in the order in which they have to stand (Prometheus documentation, "Configuration",
/// `<duration>`).
const UNITS: &[(&str, u64)] = &[
    ("y", 365 * 86_400_000),
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

impl Period {
    /// Reads `20s`, `1m30s`, `500ms`; `None` if `text` is none of these, or nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let mut rest = text;
        let mut units = UNITS.iter();
        let mut millis: u64 = 0;
        while !rest.is_empty() {
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let count: u64 = rest.get(..digits)?.parse().ok()?;
            let after = &rest[digits..];
            let letters = after.len()
                - after
                    .trim_start_matches(|c: char| c.is_ascii_lowercase())
                    .len();
            let unit = &after[..letters];
            let (_, length) = units.find(|(name, _)| *name == unit)?;
            millis = millis.checked_add(count.checked_mul(*length)?)?;
            rest = &after[letters..];
        }
        (millis > 0).then(|| Self {
            text: text.to_owned(),
            millis,
        })
    }

    /// The length in milliseconds.
    pub fn millis(&self) -> u64 {
        self.millis
    }

    /// As the collector's own components read it, which know no unit above the hour (Go standard
    /// library, `time.ParseDuration`).
    pub fn in_go(&self) -> String {
        if self.text.contains(['d', 'w', 'y']) {
            format!("{}ms", self.millis)
        } else {
            self.text.clone()
        }
    }

    /// `seconds` seconds.
    pub fn seconds(seconds: u32) -> Self {
        Self {
            text: format!("{seconds}s"),
            millis: u64::from(seconds) * 1000,
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_collector_knows_no_days() {
        for (text, in_go) in [
            ("1h5ms", "1h5ms"),
            ("1d", "86400000ms"),
            ("1w1s", "604801000ms"),
        ] {
            let period = Period::parse(text).expect("a period");
            assert_eq!(period.in_go(), in_go);
        }
    }

    #[test]
    fn periods_are_read_as_prometheus_reads_them() {
        for (text, millis) in [
            ("20s", 20_000),
            ("1m", 60_000),
            ("1m30s", 90_000),
            ("500ms", 500),
            ("1h5ms", 3_600_005),
        ] {
            assert_eq!(
                Period::parse(text).map(|p| p.millis()),
                Some(millis),
                "{text}"
            );
        }
        for text in [
            "",
            "0s",
            "20",
            "s",
            "1.5s",
            "-1s",
            "30s1m",
            "1s1s",
            "1S",
            "20 s",
            "99999999999999999999s",
        ] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }
}
