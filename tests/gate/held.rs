//! What may be done with a held result, and what may not.

use cardinal::result::{
    Cell, Column, ColumnKind, EntryKind, Extent, Handle, HeldResults, ModelView, NewResult, PackedTable,
    QuerySource, ResultOrigin, ResultTable,
};
use cardinal::tools::{MoreRowsCall, RefusalClass};
use serde_json::{Value, json};

use super::fixture::{call, toolbox};

/// A shelf with orders under r1.
pub(super) fn shelf() -> HeldResults {
    let column = |name: &str, kind| Column {
        name: name.to_owned(),
        label: name.replace('_', " "),
        kind,
        unit: None,
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    };
    let mut columns = vec![
        column("id", ColumnKind::Integer),
        column("created_at", ColumnKind::Datetime),
        column("ordered_in", ColumnKind::Date),
        column("status", ColumnKind::Text),
        column("unit_price", ColumnKind::Number),
        column("extra", ColumnKind::Other),
    ];
    columns[2].unit = Some("month".to_owned());
    let row = vec![
        Cell::Number(1.into()),
        Cell::text("2024-05-31T10:00:00Z"),
        Cell::text("2024-05-01"),
        Cell::text("paid"),
        Cell::Number(5.into()),
        Cell::Null,
    ];
    let mut shelf = HeldResults::default();
    shelf.put(NewResult {
        handle: shelf.next(),
        title: "table 3 \"Orders\"".to_owned(),
        origin: ResultOrigin::Query(
            QuerySource {
                kind: EntryKind::Table,
                id: 3,
                name: "Orders".to_owned(),
                arguments: json!({"table_id": 3}),
                link: None,
                dbt_metric: None,
            }
            .into(),
        ),
        shown: ModelView {
            rows_shown: 1,
            rows_known: 1,
            extent: Extent::Complete,
            truncated: false,
            bytes_shown: 0,
            bytes_received: 0,
        },
        totals: [].into(),
        table: PackedTable::of(&ResultTable {
            columns,
            rows: vec![row],
            extent: Extent::Complete,
            bytes_received: 0,
        }),
    });
    shelf
}

#[tokio::test]
async fn refusals_over_held_results_teach() {
    use RefusalClass::{BadValue, Schema, UnknownName};
    let toolbox = toolbox().await;
    let forbidden = [
        (Schema, json!({})),
        (Schema, json!({"result": "r1", "sql": "select 1"})),
        (UnknownName, json!({"result": "r2"})),
        (UnknownName, json!({"result": "orders"})),
        (UnknownName, json!({"result": "r1", "columns": ["price"]})),
        (BadValue, json!({"result": "r1", "columns": ["id", "ID"]})),
        (
            Schema,
            json!({"result": "r1", "columns": ["id"], "aggregations": [{"function": "count"}]}),
        ),
        (
            Schema,
            json!({"result": "r1", "group_by": [{"column": "status"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "aggregations": [{"function": "sum", "column": "status"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "aggregations": [{"function": "mode", "column": "id"}]}),
        ),
        (
            Schema,
            json!({"result": "r1", "aggregations": [{"function": "count", "column": "id"}]}),
        ),
        (
            Schema,
            json!({"result": "r1", "aggregations": [{"function": "sum"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "group_by": [{"column": "ordered_in", "granularity": "day"}],
                          "aggregations": [{"function": "count"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "group_by": [{"column": "created_at", "granularity": "week"}],
                          "aggregations": [{"function": "count"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "group_by": [{"column": "extra"}],
                          "aggregations": [{"function": "count"}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "filters": [{"column": "status", "operation": "greater-than", "values": ["a"]}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "filters": [{"column": "created_at", "operation": "equals", "values": ["May"]}]}),
        ),
        (
            BadValue,
            json!({"result": "r1", "filters": [{"column": "id", "operation": "less-than", "values": [1, 2]}]}),
        ),
        (
            UnknownName,
            json!({"result": "r1", "sort": [{"column": "sum of id"}]}),
        ),
        (BadValue, json!({"result": "r1", "offset": -1})),
        (BadValue, json!({"result": "r1", "limit": 0})),
    ];
    let mut said = Vec::new();
    for (class, arguments) in forbidden {
        let refusal = toolbox
            .gate(&call("more_rows", &arguments), &shelf())
            .unwrap_err();
        assert_eq!(refusal.class, class, "{}", refusal.message);
        if let Some((_, right)) = refusal.message.split_once("\na right call: more_rows ") {
            let taught = toolbox.gate(&call("more_rows", right), &shelf());
            assert!(taught.is_ok(), "{arguments} taught {right}");
        }
        said.push(format!("> more_rows {arguments}\n{}", refusal.message));
    }
    let refusal = toolbox
        .gate(
            &call("more_rows", json!({"result": "r1"})),
            &HeldResults::default(),
        )
        .unwrap_err();
    said.push(format!("> more_rows, nothing held\n{}", refusal.message));
    insta::assert_snapshot!(said.join("\n\n"));
}

#[tokio::test]
async fn calls_that_mean_the_same_have_the_same_bytes() {
    let toolbox = toolbox().await;
    let planned = |arguments: Value| {
        let planned = toolbox.gate(&call("more_rows", arguments), &shelf()).unwrap();
        assert!(planned.plan::<MoreRowsCall>().is_some());
        planned.arguments
    };
    assert_eq!(
        planned(json!({"result": " R1", "offset": 0, "filters": []})),
        json!({"result": "r1"})
    );
    let written = json!({"result": "r1",
        "aggregations": [{"function": "mean", "column": "Unit Price"}, {"function": "count"}],
        "group_by": [{"column": "Created At", "granularity": "quarter"}],
        "filters": [{"column": "id", "operation": "less-than", "values": ["10"]},
                    {"column": "STATUS", "operation": "equals", "values": ["paid", "open", "paid"]}],
        "sort": [{"column": "unit_price", "direction": "desc"}, {"column": "created at"}], "limit": 3});
    let canonical = json!({"result": "r1",
        "aggregations": [{"function": "avg", "column": "unit_price"}, {"function": "count"}],
        "group_by": [{"column": "created_at", "granularity": "quarter"}],
        "filters": [{"column": "id", "operation": "less-than", "values": [10]},
                    {"column": "status", "operation": "equals", "values": ["open", "paid"]}],
        "sort": [{"column": "avg_of_unit_price", "direction": "desc"},
                 {"column": "created_at", "direction": "asc"}], "limit": 3});
    let mut short = written.clone();
    short["sort"] = json!(["unit_price DESC", "created at"]);
    assert_eq!(
        planned(short),
        canonical,
        "a text stands for a column with its direction"
    );
    assert_eq!(planned(written), canonical);
    let mut spelled = canonical.clone();
    spelled["sort"][0]["column"] = json!("avg of unit price");
    assert_eq!(planned(spelled), canonical);
    assert_eq!(
        planned(canonical.clone()),
        canonical,
        "what was made canonical passes again"
    );
}

#[tokio::test]
async fn what_comes_of_a_held_result_is_a_result_of_its_own() {
    let toolbox = toolbox().await;
    let shelf = shelf();
    let arguments = json!({"result": "r1", "group_by": [{"column": "created_at", "granularity": "month"}],
                           "aggregations": [{"function": "sum", "column": "unit_price"}]});
    let planned = toolbox.gate(&call("more_rows", &arguments), &shelf).unwrap();
    let output = toolbox.execute(&planned, &shelf).await.unwrap();
    insta::assert_snapshot!(output.content);
    let brought = output.brought.unwrap();
    assert_eq!(brought.handle, Handle::new(2).unwrap());
    assert_eq!(brought.origin.made_from(), [Handle::FIRST]);
    assert_eq!(brought.origin.source().unwrap().id, 3);
    assert_eq!(output.served_by, None);
}
