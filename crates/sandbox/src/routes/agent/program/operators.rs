/// What a program is made of.
const OPERATIONS: [&str; 12] = [
    "filter",
    "aggregate",
    "breakout",
    "expression",
    "with-fields",
    "order-by",
    "limit",
    "join",
    "append-stage",
    "drop-stage",
    "drop-empty-stages",
    "with-page",
];

/// Helpers that give a figure for each group.
const AGGREGATIONS: [&str; 18] = [
    "count",
    "sum",
    "avg",
    "min",
    "max",
    "distinct",
    "median",
    "stddev",
    "var",
    "count-where",
    "sum-where",
    "distinct-where",
    "share",
    "percentile",
    "cum-count",
    "cum-sum",
    "metric",
    "measure",
];

/// Aggregations whose first argument has to be a column or an expression, never a bare number.
const OVER_COLUMNS: [&str; 12] = [
    "sum",
    "avg",
    "min",
    "max",
    "distinct",
    "median",
    "stddev",
    "var",
    "percentile",
    "cum-sum",
    "sum-where",
    "distinct-where",
];

/// All other helpers that stand inside operations.
const HELPERS: [&str; 69] = [
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "between",
    "in",
    "not-in",
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
    "inside",
    "and",
    "or",
    "not",
    "segment",
    "field",
    "table",
    "card",
    "expression-ref",
    "aggregation-ref",
    "with-temporal-bucket",
    "with-binning",
    "+",
    "-",
    "*",
    "/",
    "case",
    "coalesce",
    "concat",
    "substring",
    "replace",
    "upper",
    "lower",
    "trim",
    "ltrim",
    "rtrim",
    "length",
    "abs",
    "ceil",
    "floor",
    "round",
    "power",
    "sqrt",
    "today",
    "now",
    "relative-datetime",
    "absolute-datetime",
    "datetime-add",
    "datetime-diff",
    "datetime-subtract",
    "get-year",
    "get-quarter",
    "get-month",
    "get-week",
    "get-day",
    "get-day-of-week",
    "get-hour",
    "get-minute",
    "get-second",
    "offset",
];

/// Other names that helpers are given, with the names that they have.
const ALIASES: [(&str, &str); 16] = [
    ("if", "case"),
    ("relative-date", "relative-datetime"),
    ("temporal-diff", "datetime-diff"),
    ("count-if", "count-where"),
    ("variance", "var"),
    ("stddev-pop", "stddev"),
    ("count-distinct", "distinct"),
    ("distinct-count", "distinct"),
    ("is-not-null", "not-null"),
    ("|", "or"),
    ("dayofweek", "get-day-of-week"),
    ("day-of-week", "get-day-of-week"),
    ("hour-of-day", "get-hour"),
    ("month", "get-month"),
    ("month-of-year", "get-month"),
    ("quarter-of-year", "get-quarter"),
];

/// Whether it is one of the operations that a program is made of.
pub(super) fn is_operation(name: &str) -> bool {
    OPERATIONS.contains(&name)
}

/// Whether it gives a figure for each group.
pub(super) fn is_aggregation(name: &str) -> bool {
    AGGREGATIONS.contains(&name)
}

/// Whether a bare number as its first argument must have been meant as a column.
pub(super) fn is_over_columns(name: &str) -> bool {
    OVER_COLUMNS.contains(&name)
}

/// The name of a helper that is known by this one; case does not matter.
pub(super) fn helper(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    let alias = ALIASES.iter().find(|(alias, _)| *alias == lower);
    let wanted = alias.map_or(lower.as_str(), |(_, name)| name);
    let mut known = HELPERS.iter().chain(&AGGREGATIONS);
    known.find(|known| **known == wanted).copied()
}
