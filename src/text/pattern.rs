use regex::Regex;

/// Compiles a pattern that stands in this program. One that is wrong ends the program at its first use: a search for
/// credentials or a check that falls silent would let everything pass.
#[expect(
    clippy::expect_used,
    reason = "the pattern is a constant, and its first use in any test shows that it is right"
)]
pub(crate) fn built_in_pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of this program is a regular expression")
}
