//! Countries, as numbers belong to them and as settings allow them.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use serde::{Serialize, Serializer};

use super::parsed::parsed;

/// The ISO 3166 codes without a numbering plan of their own, which libphonenumber therefore does not list:
/// Antarctica, Bouvet Island, South Georgia, Heard and `McDonald` Islands, Pitcairn, French Southern Territories,
/// US Minor Outlying Islands.
const WITHOUT_NUMBERING_PLAN: [[u8; 2]; 7] = [*b"aq", *b"bv", *b"gs", *b"hm", *b"pn", *b"tf", *b"um"];

/// An ISO 3166 alpha-2 country in lower case, such as `au`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

/// No such country.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the country as two letters of ISO 3166, such as au")]
pub struct InvalidCountry;

impl Country {
    /// Reads two letters in any case. Known are the countries of ISO 3166 and the regions that libphonenumber
    /// has a numbering plan for (`ac`, `ta` and `xk` beyond ISO).
    pub fn parse(text: &str) -> Result<Self, InvalidCountry> {
        let letters: [u8; 2] = text.as_bytes().try_into().map_err(|_| InvalidCountry)?;
        let country = Self(letters.map(|letter| letter.to_ascii_lowercase()));
        let known = WITHOUT_NUMBERING_PLAN.contains(&country.0) || country.region().is_some();
        known.then_some(country).ok_or(InvalidCountry)
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The numbering plan of the country; `None` where it has none.
    pub(super) fn region(self) -> Option<Region> {
        let region = Region::from_code(self.as_str()).ok()?;
        PHONE_NUMBER_UTIL
            .get_country_code_for_region(region)
            .map(|_| region)
    }

    /// The country of a numbering plan; `None` for those of no country.
    pub(super) fn of_region(region: Region) -> Option<Self> {
        Self::parse(region.as_region_str().as_str()).ok()
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

parsed!(Country = "au");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_read_in_any_case_and_kept_in_lower_case() {
        for text in ["au", "AU", "Au", "aU"] {
            assert_eq!(Country::parse(text).unwrap().to_string(), "au");
        }
    }

    #[test]
    fn a_country_without_a_numbering_plan_is_still_a_country() {
        assert_eq!(Country::parse("AQ").unwrap().as_str(), "aq");
        assert_eq!(Country::parse("aq").unwrap().region(), None);
    }

    #[test]
    fn what_is_no_country_is_refused() {
        for text in [
            "", "a", "aus", "zz", "xx", "00", "001", "u5", "a\u{308}", "é", " a", "AU ",
        ] {
            assert_eq!(Country::parse(text), Err(InvalidCountry), "{text:?}");
        }
    }

    #[test]
    fn iso_3166_and_three_regions_beyond_it_are_known() {
        let letters = || b'a'..=b'z';
        let known = letters()
            .flat_map(|first| letters().map(move |second| [first, second]))
            .filter(|pair| Country::parse(std::str::from_utf8(pair).unwrap()).is_ok())
            .count();
        // 249 codes are assigned in ISO 3166-1; `ac`, `ta` and `xk` have numbering plans only.
        assert_eq!(known, 249 + 3);
    }

    #[test]
    fn a_country_travels_as_a_string() {
        let country = Country::parse("nz").unwrap();
        assert_eq!(serde_json::to_string(&country).unwrap(), r#""nz""#);
        assert_eq!(serde_json::from_str::<Country>(r#""NZ""#).unwrap(), country);
        assert!(serde_json::from_str::<Country>(r#""zz""#).is_err());
    }
}
