use super::kit::resolved;

#[tokio::test]
async fn a_figure_is_written_as_its_column_is_unless_another_format_is_asked_for() {
    for (written, text) in [
        ("{{r1 revenue @ 2025-01}}", "28,550.43"),
        ("{{r1 revenue @ 2025-01 | 0}}", "28,550"),
        ("{{r1 revenue @ 2025-01 | 1}}", "28,550.4"),
        ("{{r1 revenue @ 2025-01 | 3 significant}}", "28,600"),
        ("{{r1 revenue @ 2025-01 | K}}", "28.6K"),
        ("{{r1 revenue @ 2025-01 | K, 2}}", "28.55K"),
        ("{{r2 revenue @ 2024 | M}}", "1.2M"),
        ("{{r2 revenue @ 2024 | M 2}}", "1.20M"),
        ("{{r1 conversion_rate @ 2025-01 | %}}", "12.5%"),
        ("{{r1 conversion_rate @ 2025-01 | % 0}}", "13%"),
        ("{{r1 conversion_rate @ 2025-01}}", "0.125"),
        ("{{r2 fiscal_year @ 2024}}", "2024"),
        ("{{r1 created_at @ 2025-01}}", "2025-01"),
        ("{{r6 customer_id @ 40012}}", "40012"),
    ] {
        assert_eq!(resolved(written).await.text(), text, "{written}");
    }
}
