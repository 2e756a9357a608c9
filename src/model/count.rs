use serde_json::Value;

/// A number of tokens as servers write it: a number of either kind, or a text that holds one. `None` when it is neither.
/// One that no counter holds is the most there is, so that it is never taken for none; one below zero is none.
pub(super) fn count(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse().ok().or_else(|| whole(text.parse().ok()?))
        }
        _ => None,
    }
}

/// The whole part of a number, as far as a counter holds it.
fn whole(number: f64) -> Option<u64> {
    if number >= 18_446_744_073_709_551_615.0 {
        return Some(u64::MAX);
    }
    // The text of a number without decimals, because a cast could lose some of it unseen.
    format!("{:.0}", number.max(0.0).trunc()).parse().ok()
}

/// What [`Value::pointer`] finds where no name needs an escape, without a copy of each name: streams ask it of every event.
pub(super) fn field_at<'v>(json: &'v Value, pointer: &str) -> Option<&'v Value> {
    let mut names = pointer.split('/').skip(1);
    names.try_fold(json, |json, name| json.get(name))
}

/// The first of these fields that holds a number.
pub(super) fn first_count(usage: &Value, pointers: &[&str]) -> Option<u64> {
    pointers
        .iter()
        .find_map(|pointer| count(field_at(usage, pointer)?))
}
