//! Amazon Resource Names, taken apart.

/// `arn:partition:service:region:account:resource`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Arn<'a> {
    pub(crate) partition: &'a str,
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) account: &'a str,
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes a text apart that has the six parts of an ARN and one of AWS's partitions.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next() != Some("arn") {
            return None;
        }
        let arn = Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        };
        let is_partition = arn
            .partition
            .strip_prefix("aws")
            .is_some_and(|rest| rest.bytes().all(|b| b == b'-' || b.is_ascii_lowercase()));
        (is_partition && !arn.resource.is_empty()).then_some(arn)
    }

    /// Whether it has a region and an account of twelve digits.
    pub(crate) fn is_located(&self) -> bool {
        let is_region = !self.region.is_empty()
            && self
                .region
                .bytes()
                .all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit());
        let is_account =
            self.account.len() == 12 && self.account.bytes().all(|b| b.is_ascii_digit());
        is_region && is_account
    }
}

#[cfg(test)]
mod tests {
    use super::Arn;

    #[test]
    fn an_arn_is_taken_apart() {
        let arn = Arn::parse("arn:aws-us-gov:logs:us-gov-west-1:111122223333:log-group:a:*")
            .expect("an ARN");
        assert_eq!(
            (
                arn.partition,
                arn.service,
                arn.region,
                arn.account,
                arn.resource
            ),
            (
                "aws-us-gov",
                "logs",
                "us-gov-west-1",
                "111122223333",
                "log-group:a:*"
            )
        );
        assert!(arn.is_located());
    }

    #[test]
    fn what_is_no_arn() {
        for text in [
            "",
            "arn",
            "urn:aws:logs:r:1:x",
            "arn:aws:logs:r:1",
            "arn:aws:logs:r:1:",
            "arn:azure:logs:r:1:x",
            "arn:aws1:logs:r:1:x",
        ] {
            assert_eq!(Arn::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_not_located() {
        for text in [
            "arn:aws:iam::111122223333:role/x",
            "arn:aws:logs:eu-west-1::x",
            "arn:aws:logs:eu-west-1:11112222333:x",
            "arn:aws:logs:EU:111122223333:x",
        ] {
            let arn = Arn::parse(text).expect("an ARN");
            assert!(!arn.is_located(), "{text}");
        }
    }
}
