use ColumnKind::{Boolean, Date, Datetime, Integer, Number, Other};
use cardinal::catalog::CardId;
use cardinal::metabase::{CardRun, FailureClass};
use cardinal::result::{Cell, ColumnKind, Extent, ResultTable};
use serde_json::{Value, json};

use super::scripted::{Scripted, completed, json_reply, one_card};

async fn run(body: Value) -> Result<ResultTable, cardinal::metabase::MetabaseError> {
    let server = Scripted::start().await;
    server.on("POST /api/card/7/query", json_reply(202, &body));
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    let fetched = server
        .client()
        .run_card(&CardRun {
            card,
            arguments: vec![],
        })
        .await?;
    Ok((*fetched.table).clone())
}

#[tokio::test]
async fn cells_keep_what_was_sent_and_dates_lose_their_midnight() {
    let columns = json!([
        { "name": "day", "base_type": "type/Date", "display_name": "Day" },
        { "name": "month", "base_type": "type/DateTime", "unit": "month", "description": "  " },
        { "name": "at", "base_type": "type/DateTimeWithLocalTZ", "unit": "default" },
        { "name": "big", "base_type": "type/BigInteger" },
        { "name": "price", "base_type": "type/Float", "effective_type": "type/Decimal" },
        { "name": "ok", "base_type": "type/Boolean" },
        { "name": "tags", "base_type": "type/Array" },
    ]);
    let rows = json!([
        [
            "2024-05-01T00:00:00Z",
            "2024-05-01T00:00:00+02:00",
            "2024-05-01T00:00:00Z",
            "9007199254740993",
            1.10,
            true,
            ["a"]
        ],
        ["2024-05-01", "2024-05-01T07:30:00Z", null, 12, -0.5, false, null],
    ]);
    let table = run(completed(&columns, &rows)).await.unwrap();
    let text = |text: &str| Cell::text(text);
    assert_eq!(
        table.rows[0][..4],
        [
            text("2024-05-01"),
            text("2024-05-01"),
            text("2024-05-01T00:00:00Z"),
            text("9007199254740993"),
        ]
    );
    assert_eq!(table.rows[0][5..], [Cell::Bool(true), text("[\"a\"]")]);
    assert_eq!(
        table.rows[1][..3],
        [text("2024-05-01"), text("2024-05-01T07:30:00Z"), Cell::Null]
    );
    let kinds: Vec<_> = table.columns.iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [Date, Date, Datetime, Integer, Number, Boolean, Other]);
    assert_eq!(table.columns[1].unit.as_deref(), Some("month"));
    assert_eq!(
        (
            table.columns[2].unit.as_deref(),
            table.columns[1].description.as_deref()
        ),
        (None, None)
    );
    assert_eq!(
        (table.columns[0].label.as_str(), table.columns[3].label.as_str()),
        ("Day", "big")
    );
}

#[tokio::test]
async fn a_text_that_comes_again_is_held_once() {
    let columns = json!([{ "name": "status", "base_type": "type/Text" }]);
    let table = run(completed(&columns, &json!([["paid"], ["paid"]])))
        .await
        .unwrap();
    let [Cell::Text(one), Cell::Text(other)] = [&table.rows[0][0], &table.rows[1][0]] else {
        panic!("{table:?}")
    };
    assert!(std::sync::Arc::ptr_eq(one, other));
}

#[tokio::test]
async fn column_names_are_unique() {
    let columns = json!([{ "name": "ID" }, { "name": "ID" }, { "name": "" }]);
    let table = run(completed(&columns, &json!([]))).await.unwrap();
    let names: Vec<_> = table.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["ID", "ID_2", "column"]);
}

#[tokio::test]
async fn rows_of_another_width_are_no_table() {
    let error = run(completed(&json!([{ "name": "a" }]), &json!([[1], [1, 2]])))
        .await
        .unwrap_err();
    assert_eq!(error.class, FailureClass::Unreadable);
}

#[tokio::test]
async fn a_full_result_may_not_be_all_of_it() {
    let columns = json!([{ "name": "a", "base_type": "type/Integer" }]);
    let rows = |count: usize| Value::Array(vec![json!([1]); count]);
    let extent = async |body| run(body).await.unwrap().extent;
    assert_eq!(extent(completed(&columns, &rows(1_999))).await, Extent::Complete);
    assert_eq!(
        extent(completed(&columns, &rows(2_000))).await,
        Extent::ServerLimit { limit: 2_000 }
    );
    assert_eq!(
        extent(completed(&columns, &rows(10_000))).await,
        Extent::ServerLimit { limit: 10_000 }
    );
    let mut body = completed(&columns, &rows(50));
    body["data"]["rows_truncated"] = json!(50);
    assert_eq!(extent(body).await, Extent::ServerLimit { limit: 50 });
}

#[tokio::test]
async fn a_column_of_unknown_type_is_what_its_values_are() {
    let unknown =
        |name: &str, base: &str| json!({ "name": name, "base_type": base, "effective_type": "type/*" });
    let cols = json!([
        unknown("whole", "type/*"),
        unknown("amount", "type/*"),
        unknown("day", "type/*"),
        unknown("region", "type/*"),
        unknown("flag", "type/*"),
        unknown("nested", "type/*"),
        unknown("nothing", "type/*"),
        unknown("typed", "type/Decimal"),
    ]);
    let rows = json!([
        [1, 2, "2025-01-31", "North", true, [1], null, 3],
        [null, 2.5, "2025-02-28", "2025-02-28", false, 7, null, 4],
    ]);
    let table = run(completed(&cols, &rows)).await.unwrap();
    let kinds: Vec<_> = table.columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        kinds,
        [
            ColumnKind::Integer,
            ColumnKind::Number,
            ColumnKind::Date,
            ColumnKind::Text,
            ColumnKind::Boolean,
            ColumnKind::Other,
            ColumnKind::Other,
            ColumnKind::Number,
        ]
    );
}

#[tokio::test]
async fn a_number_that_a_float_does_not_hold_keeps_its_digits() {
    let body = r#"{"data": {"rows": [[12345678901234567.89], [1.5]], "cols": [{"name": "n", "base_type": "type/Decimal"}]},
        "row_count": 2, "status": "completed"}"#;
    let server = Scripted::start().await;
    server.on("POST /api/card/7/query", super::scripted::text(202, body));
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    let run = CardRun {
        card,
        arguments: vec![],
    };
    let table = server.client().run_card(&run).await.unwrap().table;
    assert_eq!(table.rows[0][0], Cell::text("12345678901234567.89"));
    assert_eq!(table.columns[0].kind, Number);
    assert_eq!(
        table.rows[1][0],
        Cell::Number(serde_json::from_str("1.5").unwrap())
    );
}
