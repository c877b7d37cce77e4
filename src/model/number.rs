//! Numbers: as people read them, and between whole ones and those of protocols, which are
//! floating-point.

/// A number with a comma before every three digits.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The nearest whole number: of a count, a time or an age, as a protocol gives it: `25.0`. What is
/// below zero is 0, and what is no number too.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a negative one becomes 0, and one that is too large the largest"
)]
pub(crate) fn whole(number: f64) -> u64 {
    number.round() as u64
}

/// The same number, to be compared with what a protocol gives.
#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds since 1970 are exact in 52 bits for longer than anybody waits"
)]
pub(crate) fn as_f64(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_have_commas() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345_678, "12,345,678"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn the_nearest_whole_number_is_not_below_zero() {
        for (number, expected) in [(24.5, 25), (24.4, 24), (-3.0, 0), (f64::NAN, 0)] {
            assert_eq!(whole(number), expected);
        }
    }
}
