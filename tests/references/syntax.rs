use super::kit::{problem, resolved};

#[tokio::test]
async fn a_reference_is_read_however_it_is_spelled() {
    for written in [
        "{{r1 revenue @ 2025-02}}",
        "{{ r1 revenue@2025-02 }}",
        "{{r1.revenue @ 2025-02}}",
        "{{r1: Revenue @ 2025-02}}",
        "{{R1 \"revenue\" @ \"2025-02\"}}",
        "{{r1 `revenue` @ `2025-02`}}",
        "{{r1 revenue @ created_at = 2025-02}}",
        "{{r1 revenue @ 2025-02-01}}",
        "{{r1 revenue @ February 2025}}",
    ] {
        assert_eq!(resolved(written).await.text(), "31,981.91", "{written}");
    }
}

#[tokio::test]
async fn several_keys_may_stand_in_any_order_and_be_named() {
    for written in [
        "{{r3 revenue @ 2025-02, Widget}}",
        "{{r3 revenue @ widget, 2025-02}}",
        "{{r3 revenue @ product = Widget, month = 2025-02}}",
        "{{r3 @ 2025-02,  WIDGET}}",
    ] {
        assert_eq!(resolved(written).await.text(), "30", "{written}");
    }
    let quoted = "{{r3 revenue @ 2025-01, \"Gadget, Large\"}}";
    assert_eq!(resolved(quoted).await.text(), "20");
    let with_comma = "{{r6 spent @ Harbor Holdings, Inc.}}";
    assert_eq!(resolved(with_comma).await.text(), "17.5");
}

#[tokio::test]
async fn derivations_are_worked_out_in_place() {
    for (written, text) in [
        ("{{change r2 revenue @ 2023 -> r2 revenue @ 2024}}", "20%"),
        ("{{change r2 revenue @ 2024 -> 2025}}", "-25.0%"),
        ("{{change r2 revenue @ 2024 -> @ 2025 | abs}}", "25.0%"),
        ("{{change r2 revenue @ 2023 → 2024 | +}}", "+20%"),
        ("{{diff r2 revenue @ 2023 -> 2024}}", "200,000"),
        ("{{diff r2 revenue @ 2024 -> 2025}}", "-299,999.5"),
        ("{{share r3 revenue @ 2025-01, Widget of total}}", "10%"),
        (
            "{{share r3 revenue @ 2025-01, Widget of r3 revenue @ total | 2}}",
            "10.00%",
        ),
        ("{{ratio r1 revenue @ 2025-01 / r1 orders @ 2025-01}}", "69.30"),
        ("{{ratio r1 orders @ 2025-01 / r4 count}}", "0.334"),
    ] {
        assert_eq!(resolved(written).await.text(), text, "{written}");
    }
}

#[tokio::test]
async fn derivations_are_refused_where_they_would_be_wrong() {
    let zero = problem("{{ratio r1 revenue @ 2025-02 / r1 orders @ 2025-02}}").await;
    assert!(
        zero.contains("divide by zero") && zero.contains("give the figures themselves"),
        "{zero}"
    );
    let empty = problem("{{change r1 conversion_rate @ 2025-02 -> 2025-03}}").await;
    assert!(empty.contains("no value in conversion_rate"), "{empty}");
    let names = problem("{{diff r6 customer @ 40012 -> 40013}}").await;
    assert!(names.contains("is not a number"), "{names}");
    let one = problem("{{change r1 revenue @ 2025-02}}").await;
    assert!(one.contains("it takes two figures, such as {{change r1"), "{one}");
}

#[tokio::test]
async fn a_format_that_does_not_exist_is_refused_with_those_there_are() {
    let said = problem("{{r1 revenue @ 2025-02 | lakh}}").await;
    assert!(
        said.contains("there is no format \"lakh\"") && said.contains("K, M, B, %"),
        "{said}"
    );
}
