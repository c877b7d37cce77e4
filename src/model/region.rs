//! The regions of AWS as they were when this list was made, and which of them have Amazon Managed
//! Service for Prometheus.
//!
//! AWS adds regions, so a region that is not listed is no mistake as long as it is spelled as
//! regions are.

use strsim::damerau_levenshtein;

/// When the lists below were made.
pub const LISTED_IN: &str = "November 2026";

/// The regions that have Amazon Managed Service for Prometheus (botocore 1.44.5, `endpoints.json`,
/// `aps`; AWS general reference, "Amazon Managed Service for Prometheus endpoints and quotas").
const WITH_AMP: &[&str] = &[
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-west-1",
    "us-west-2",
];

/// The regions that do not have it (botocore 1.44.5, `endpoints.json`: those of `ecs` that are not
/// among those of `aps`).
const WITHOUT_AMP: &[&str] = &[
    "cn-north-1",
    "cn-northwest-1",
    "eu-isoe-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
];

/// The words before the number of every region there is.
const DIRECTIONS: &[&str] = &[
    "central",
    "east",
    "north",
    "northeast",
    "northwest",
    "south",
    "southeast",
    "southwest",
    "west",
];

/// What can be said of a string that is meant to be a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionName {
    /// A region that is listed.
    Listed {
        /// Whether it has Amazon Managed Service for Prometheus.
        has_amp: bool,
    },
    /// It is spelled as regions are. It may be newer than the list, or none.
    Unlisted,
    /// It is not the name of a region, whenever one is added.
    Misspelt,
}

impl RegionName {
    /// Judges `name` (AWS general reference, "AWS service endpoints": words and a number, with `-`
    /// between them, of which the last word is a direction).
    pub fn of(name: &str) -> Self {
        if WITH_AMP.contains(&name) {
            return Self::Listed { has_amp: true };
        }
        if WITHOUT_AMP.contains(&name) {
            return Self::Listed { has_amp: false };
        }
        let parts: Vec<&str> = name.split('-').collect();
        match parts.as_slice() {
            [area @ .., direction, number]
                if !area.is_empty()
                    && area.iter().all(|word| is_word(word))
                    && DIRECTIONS.contains(direction)
                    && !number.is_empty()
                    && number.bytes().all(|b| b.is_ascii_digit()) =>
            {
                Self::Unlisted
            }
            _ => Self::Misspelt,
        }
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase())
}

/// The listed region that `name` is most like, if it is like one.
pub fn nearest_region(name: &str) -> Option<&'static str> {
    const FURTHEST: usize = 3;
    let lower = name.trim().to_ascii_lowercase().replace(['_', ' '], "-");
    WITH_AMP
        .iter()
        .chain(WITHOUT_AMP)
        .map(|region| (damerau_levenshtein(&lower, region), *region))
        .filter(|(distance, _)| *distance <= FURTHEST)
        .min()
        .map(|(_, region)| region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_region_is_spelled_as_regions_are() {
        for region in WITH_AMP.iter().chain(WITHOUT_AMP) {
            // One that is not listed yet, of the same area and direction.
            let newer = format!(
                "{}99",
                region.trim_end_matches(|c: char| c.is_ascii_digit())
            );
            assert_eq!(RegionName::of(&newer), RegionName::Unlisted, "{newer}");
        }
        assert!(WITH_AMP.is_sorted() && WITHOUT_AMP.is_sorted());
        assert!(WITH_AMP.iter().all(|region| !WITHOUT_AMP.contains(region)));
    }

    #[test]
    fn misspelt_regions_lead_to_the_one_that_is_meant() {
        for (written, meant) in [
            ("us-esat-1", "us-east-1"),
            ("us-east1", "us-east-1"),
            ("us_east_1", "us-east-1"),
            ("US-EAST-1", "us-east-1"),
            ("eu-cental-1", "eu-central-1"),
            ("ap-northeats-2", "ap-northeast-2"),
        ] {
            assert_eq!(RegionName::of(written), RegionName::Misspelt, "{written}");
            assert_eq!(nearest_region(written), Some(meant), "{written}");
        }
        for written in ["", "here", "us-east-1a", "east-1", "us-gov-1", "-east-1"] {
            assert_eq!(RegionName::of(written), RegionName::Misspelt, "{written}");
        }
    }

    #[test]
    fn there_is_no_amp_in_china() {
        let without = RegionName::Listed { has_amp: false };
        assert_eq!(RegionName::of("cn-northwest-1"), without);
        assert_eq!(
            RegionName::of("eu-west-2"),
            RegionName::Listed { has_amp: true }
        );
    }
}
