//! Days, months and quarters as a text writes them: `2025-11-03`, `3 November 2025`, `Nov 3, 2025`, `Q1 2025`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::cell;
use crate::text::built_in_pattern;

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)\b(?:
            \d{4}-\d{2}-\d{2} | \d{4}-\d{2} | \d{4}[-\x20]q[1-4] | q[1-4][-\x20]\d{4}
            | (?:\d{1,2}(?:st|nd|rd|th|\.)?\x20(?:of\x20)?)?
              (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?
              (?:\x20\d{1,2}(?:st|nd|rd|th)?)?,?\x20\d{4}
        )\b",
    )
});
static ENDINGS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)(\d)(st|nd|rd|th)\b|\bof\b"));

/// The day that a cell is, or that the period which it names begins on; `None` for other cells, and for years.
pub(super) fn of_cell(cell: &Value) -> Option<i128> {
    cell::moment(cell).or_else(|| cell::is_period(cell).then(|| cell::period(cell))?)
}

/// The days and periods that a text names, each with its place.
pub(super) fn said(text: &str) -> Vec<(Range<usize>, i128)> {
    let read = |found: regex::Match<'_>| {
        let plain = ENDINGS.replace_all(found.as_str(), "$1").into_owned();
        let value = Value::String(plain);
        let moment = cell::moment(&value).or_else(|| cell::period(&value))?;
        Some((found.range(), moment))
    };
    WRITTEN.find_iter(text).filter_map(read).collect()
}
