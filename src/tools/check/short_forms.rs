//! Short forms: one text where a call otherwise takes an object. `revenue desc` is a column with a direction, `month = 2026-05` a
//! condition, `id = customer_id` a key. Schemas show the short forms, because they cost a model fewer tokens and small models get
//! them right. The objects that they stand for are taken as well, and are what the canonical form holds.

use serde_json::{Value, json};

/// Orders: `revenue desc`, `revenue`. `key` is what names the column in the object; `is_name` says whether a whole text is the
/// name of one, so that a column may be called `sorted desc`.
pub(in crate::tools) fn orders(
    items: Option<Vec<Value>>,
    key: &str,
    is_name: impl Fn(&str) -> bool,
) -> Option<Vec<Value>> {
    expanded(items, |text| {
        let (name, direction) = match text.rsplit_once(char::is_whitespace) {
            Some((name, word)) if !is_name(text) => match word.to_lowercase().as_str() {
                "asc" | "ascending" => (name, "asc"),
                "desc" | "descending" => (name, "desc"),
                _ => (text, "asc"),
            },
            _ => (text, "asc"),
        };
        Some(json!({ (key): bare(name), "direction": direction }))
    })
}

/// Keys of two results: `id`, or `id = customer_id` where the other result calls it so.
pub(in crate::tools) fn keys(
    items: Option<Vec<Value>>,
    is_name: impl Fn(&str) -> bool,
) -> Option<Vec<Value>> {
    expanded(items, |text| {
        Some(match equation(text).filter(|_| !is_name(text)) {
            Some((column, other)) => json!({ "column": column, "other": other }),
            None => json!({ "column": bare(text) }),
        })
    })
}

/// Conditions on rows: `month = 2026-05`.
pub(in crate::tools) fn conditions(items: Option<Vec<Value>>) -> Option<Vec<Value>> {
    expanded(items, |text| {
        let (column, equals) = equation(text)?;
        Some(json!({ "column": column, "equals": equals }))
    })
}

/// The items with texts replaced by what they stand for. What stands for nothing is left for whoever reads the list.
fn expanded(items: Option<Vec<Value>>, expand: impl Fn(&str) -> Option<Value>) -> Option<Vec<Value>> {
    let item = |item: Value| match &item {
        Value::String(text) => expand(text.trim()).unwrap_or(item),
        _ => item,
    };
    Some(items?.into_iter().map(item).collect())
}

fn equation(text: &str) -> Option<(&str, &str)> {
    let (left, right) = text.split_once('=')?;
    let (left, right) = (bare(left), bare(right.trim_start_matches('=')));
    (!left.is_empty()).then_some((left, right))
}

/// Without white space and one pair of quotes around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let unquoted = ['"', '\'', '`'].iter().find_map(|quote| {
        let inside = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
        (!inside.contains(*quote)).then_some(inside)
    });
    unquoted.unwrap_or(text)
}
