/// Parameter types, in the order that messages list them.
const TYPES: [&str; 32] = [
    "number",
    "text",
    "date",
    "boolean",
    "id",
    "category",
    "location/city",
    "location/state",
    "location/zip_code",
    "location/country",
    "date/range",
    "date/month-year",
    "date/quarter-year",
    "date/relative",
    "date/single",
    "date/all-options",
    "temporal-unit",
    "boolean/=",
    "number/=",
    "number/!=",
    "number/between",
    "number/>=",
    "number/<=",
    "string/=",
    "string/!=",
    "string/contains",
    "string/does-not-contain",
    "string/starts-with",
    "string/ends-with",
    "dimension",
    "card",
    "snippet",
];

/// Whether a parameter of this type may feed a tag that accepts `accepts`. The list is exact, and it is a security
/// rule: an exact-match filter must not be opened with `string/!=`.
pub(super) fn may_feed(sent: &str, accepts: &str) -> bool {
    let any_of = |list: &[&str]| list.contains(&accepts);
    match sent {
        "text" | "string/=" => {
            any_of(&["text", "string/=", "id", "category"]) || accepts.starts_with("location/")
        }
        "number" | "number/=" => any_of(&["number", "number/=", "id", "category", "location/zip_code"]),
        "date" | "date/single" => any_of(&["date", "date/single", "date/all-options", "id", "category"]),
        "boolean" => any_of(&["boolean", "boolean/=", "id", "category"]),
        "boolean/=" => any_of(&["boolean", "boolean/="]),
        "date/range" | "date/month-year" | "date/quarter-year" | "date/relative" => {
            accepts == sent || accepts == "date/all-options"
        }
        "number/<=" | "number/>=" => accepts == sent || accepts == "number/between",
        "category" => any_of(&["category", "number", "text", "date", "boolean"]),
        other => accepts == other,
    }
}

/// The types that may feed such a tag.
pub(super) fn feeders(accepts: &str) -> Vec<&'static str> {
    TYPES.into_iter().filter(|sent| may_feed(sent, accepts)).collect()
}

/// How many values a parameter of this type takes.
pub(super) fn arity(sent: &str) -> Option<usize> {
    match sent {
        "number/between" => Some(2),
        "number/>=" | "number/<=" => Some(1),
        _ => None,
    }
}
