//! Ranges of hours, of which the first hour names a row: "between 9 and 10 a.m.", `| 8–10 |`.

use super::keys::KeyKind;
use super::text::Span;

/// Whether a number ends a range of hours whose beginning names a row: the 10 of `between 9 and 10 a.m.`
pub(super) fn is_end_of_hours(context: &super::scope::TextContext<'_, '_>, span: Span) -> bool {
    let mut keys = context.index.keys.iter();
    // `| 8–10 |`
    let opened = context.number_before(span.start).is_some_and(|first| {
        let gap = context.text.get(first.end..span.end).unwrap_or_default();
        let place = context.layout.place(span);
        place.row.is_some()
            && end_of_hours(gap).is_some()
            && context.is_key(Span::new(first.start, first.end))
    });
    if opened && keys.any(|key| key.kind == KeyKind::Hour) {
        return true;
    }
    let mut keys = context.index.keys.iter();
    let behind = context.text.get(span.end..).unwrap_or_default().trim_start();
    let half = ["a.m.", "p.m.", "am", "pm"]
        .iter()
        .any(|half| behind.starts_with(half));
    let Some(first) = context.number_before(span.start).filter(|_| half) else {
        return false;
    };
    let gap = context.text.get(first.end..span.start).unwrap_or_default();
    let joined = matches!(gap, " and " | " to " | " until " | "–" | "-" | " – ");
    joined && context.is_key(Span::new(first.start, first.end)) && keys.any(|key| key.kind == KeyKind::Hour)
}

/// The hour that ends a range of hours whose first one stands before this text, and whether it is surely within: `–10`, `:00–10:59`,
/// ` to 11`.
pub(super) fn end_of_hours(behind: &str) -> Option<(i64, bool)> {
    let behind = behind
        .strip_prefix(":00")
        .or_else(|| behind.strip_prefix(":30"))
        .unwrap_or(behind);
    let behind = behind
        .strip_prefix(" am")
        .or_else(|| behind.strip_prefix(" h"))
        .unwrap_or(behind);
    let marks = ["–", " – ", "-", " - ", " to ", " bis ", " until ", " a ", " à "];
    let rest = marks
        .iter()
        .filter_map(|mark| behind.strip_prefix(mark))
        .min_by_key(|rest| rest.len())?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let hour: i64 = rest
        .get(..digits)?
        .parse()
        .ok()
        .filter(|hour| (1..=24).contains(hour))?;
    let after = rest.get(digits..).unwrap_or_default();
    let pm = after.trim_start().starts_with("pm") && hour < 12;
    Some((
        hour + if pm { 12 } else { 0 },
        after.starts_with(":59") || after.starts_with(":30"),
    ))
}
