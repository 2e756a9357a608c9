use super::fixture::plan;

/// First day and day after the last, as the metric's filters have them; today is 2026-01-31, a Saturday.
fn period(words: &str) -> String {
    let (tool, arguments) = plan(&format!("orders {words}"));
    assert_eq!(tool, "query_metric", "{words}");
    let filters = arguments["filters"].as_array().cloned().unwrap_or_default();
    let bound = |operation: &str| {
        let filter = filters.iter().find(|filter| filter["operation"] == operation);
        filter
            .map_or("", |filter| filter["values"][0].as_str().unwrap())
            .to_owned()
    };
    format!("{}..{}", bound("greater-than-or-equal"), bound("less-than"))
}

fn all(cases: &[(&str, &str)]) {
    for (words, expected) in cases {
        assert_eq!(period(words), *expected, "{words}");
    }
}

#[test]
fn named_periods() {
    all(&[
        ("in 2025", "2025-01-01..2026-01-01"),
        ("in the year 2024", "2024-01-01..2025-01-01"),
        ("2025", "2025-01-01..2026-01-01"),
        ("in March 2025", "2025-03-01..2025-04-01"),
        ("in Sept of 2024", "2024-09-01..2024-10-01"),
        ("in march", "2025-03-01..2025-04-01"),
        ("for january", "2026-01-01..2026-02-01"),
        ("in Q1 2025", "2025-01-01..2025-04-01"),
        ("in the fourth quarter of 2024", "2024-10-01..2025-01-01"),
        ("in H2 2024", "2024-07-01..2025-01-01"),
        ("in the first half of 2025", "2025-01-01..2025-07-01"),
        ("on 2025-03-15", "2025-03-15..2025-03-16"),
        ("on March 15, 2025", "2025-03-15..2025-03-16"),
        ("on 3rd May 2025", "2025-05-03..2025-05-04"),
        ("in 2025-03", "2025-03-01..2025-04-01"),
    ]);
}

#[test]
fn periods_seen_from_today() {
    all(&[
        ("this year", "2026-01-01..2027-01-01"),
        ("last year", "2025-01-01..2026-01-01"),
        ("last month", "2025-12-01..2026-01-01"),
        ("this month", "2026-01-01..2026-02-01"),
        ("in the last 3 months", "2025-10-01..2026-01-01"),
        ("over the past two quarters", "2025-07-01..2026-01-01"),
        ("last week", "2026-01-18..2026-01-25"),
        ("in the last 30 days", "2026-01-01..2026-01-31"),
        ("yesterday", "2026-01-30..2026-01-31"),
        ("today", "2026-01-31..2026-02-01"),
        ("year to date", "2026-01-01..2026-02-01"),
        ("so far this year", "2026-01-01..2026-02-01"),
    ]);
}

#[test]
fn stretches_of_time() {
    all(&[
        ("between March and June 2025", "2025-03-01..2025-07-01"),
        ("from January 2024 to March 2024", "2024-01-01..2024-04-01"),
        ("between 2023 and 2025", "2023-01-01..2026-01-01"),
        ("between 2025-01-01 and 2025-01-31", "2025-01-01..2025-02-01"),
        ("since March 2025", "2025-03-01.."),
        ("since 2025", "2025-01-01.."),
        ("after 2024", "2025-01-01.."),
        ("before 2024", "..2024-01-01"),
        ("until June 2025", "..2025-07-01"),
        ("from 2025", "2025-01-01..2026-01-01"),
        ("of all time", ".."),
    ]);
}

#[test]
fn periods_side_by_side_are_told_apart() {
    let (_, arguments) = plan("Compare revenue in 2024 and 2025");
    assert_eq!(arguments["group_by"][0]["granularity"], "year");
    assert_eq!(arguments["filters"][0]["values"][0], "2024-01-01");
    assert_eq!(arguments["filters"][1]["values"][0], "2026-01-01");
}
