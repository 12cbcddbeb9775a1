//! Mobile numbers of thirty countries, none of them twice.

/// What a country's mobile numbers begin with, and how many digits follow.
const RANGES: [(u64, u32); 30] = [
    (6_141, 7),  // Australia
    (12_125, 6), // United States
    (4_472, 8),  // United Kingdom
    (3_361, 7),  // France
    (49_171, 7), // Germany
    (3_461, 7),  // Spain
    (3_933, 8),  // Italy
    (3_161, 7),  // Netherlands
    (3_247, 7),  // Belgium
    (4_670, 7),  // Sweden
    (479, 7),    // Norway
    (38_067, 7), // Ukraine
    (35_840, 7), // Finland
    (4_850, 7),  // Poland
    (35_191, 7), // Portugal
    (3_069, 8),  // Greece
    (4_176, 7),  // Switzerland
    (43_664, 7), // Austria
    (42_072, 7), // Czechia
    (3_630, 7),  // Hungary
    (4_072, 7),  // Romania
    (35_385, 7), // Ireland
    (9_198, 8),  // India
    (81_901, 7), // Japan
    (82_102, 7), // South Korea
    (6_591, 6),  // Singapore
    (55_119, 8), // Brazil
    (52_551, 7), // Mexico
    (2_772, 7),  // South Africa
    (90_532, 7), // Türkiye
];

/// The number of a place in the order, as digits. A country's numbers come scattered: a real rush is not sorted.
pub fn recipient(index: u64) -> u64 {
    let countries = RANGES.len() as u64;
    let (prefix, digits) = RANGES[usize::try_from(index % countries).unwrap_or_default()];
    let span = 10_u64.pow(digits);
    // A step without a common divisor with the span comes to every number once.
    prefix * span + (index / countries) * 7_368_787 % span
}
