/// Aggregations of MBQL 5.
const AGGREGATIONS: [&str; 19] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "distinct",
    "median",
    "stddev",
    "var",
    "percentile",
    "count-where",
    "sum-where",
    "distinct-where",
    "share",
    "cum-count",
    "cum-sum",
    "offset",
    "metric",
    "measure",
];

/// Operators of arithmetic, which combine aggregations too.
const ARITHMETIC: [&str; 4] = ["+", "-", "*", "/"];

const FILTERS: [&str; 24] = [
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "not-in",
    "inside",
    "is-null",
    "not-null",
    "is-empty",
    "not-empty",
    "contains",
    "does-not-contain",
    "starts-with",
    "ends-with",
    "time-interval",
    "relative-time-interval",
    "and",
    "or",
    "not",
    "segment",
];

/// Other names that operators are given, with their own.
const ALIASES: [(&str, &str); 26] = [
    ("==", "="),
    ("eq", "="),
    ("equals", "="),
    ("ne", "!="),
    ("<>", "!="),
    ("not-equals", "!="),
    ("lt", "<"),
    ("le", "<="),
    ("lte", "<="),
    ("gt", ">"),
    ("ge", ">="),
    ("gte", ">="),
    ("count-if", "count-where"),
    ("variance", "var"),
    ("stddev-pop", "stddev"),
    ("count-distinct", "distinct"),
    ("count_distinct", "distinct"),
    ("distinct-count", "distinct"),
    ("relative-date", "relative-datetime"),
    ("temporal-diff", "datetime-diff"),
    ("is-not-null", "not-null"),
    ("dayofweek", "get-day-of-week"),
    ("day-of-week", "get-day-of-week"),
    ("hour-of-day", "get-hour"),
    ("month-of-year", "get-month"),
    ("quarter-of-year", "get-quarter"),
];

/// Operators of the grammar before this one.
pub(super) const EARLIER: [&str; 5] = [
    "expression-ref",
    "aggregation-ref",
    "with-temporal-bucket",
    "with-binning",
    "field-id",
];

/// An operator by the name that it has.
pub(super) fn canonical(name: &str) -> String {
    let lower = name.to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == lower);
    if let Some((_, name)) = alias {
        return (*name).to_owned();
    }
    let mut known = AGGREGATIONS.iter().chain(&FILTERS);
    if known.any(|known| *known == lower) {
        return lower;
    }
    match lower.as_str() {
        "asc" | "ascending" => "asc".to_owned(),
        "desc" | "descending" => "desc".to_owned(),
        _ => name.to_owned(),
    }
}

/// Whether a clause of this operator gives a figure for each group.
pub(super) fn is_aggregation(name: &str) -> bool {
    AGGREGATIONS.contains(&name) || ARITHMETIC.contains(&name)
}

/// Whether a clause of this operator is a condition.
pub(super) fn is_filter(name: &str) -> bool {
    FILTERS.contains(&name)
}
