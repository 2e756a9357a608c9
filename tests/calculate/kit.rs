//! A shelf of results and the real toolbox over it.

use cardinal::model::ToolCall;
use cardinal::result::{
    Cell, Column, ColumnKind, Derivation, Extent, HeldResults, ModelView, NewResult, PackedTable,
    QuerySource, ResultOrigin, ResultTable, totals,
};
use cardinal::tools::{ToolError, ToolOutput, Toolbox};
use serde_json::{Value, json};

use crate::gate::fixture::toolbox;

/// Results under `r1`, `r2`, …, and the tools.
pub(super) struct Desk {
    pub(super) shelf: HeldResults,
    toolbox: Toolbox,
}

/// What became of a call.
#[derive(Debug)]
pub(super) enum Came {
    Output(ToolOutput),
    Refused(String),
    Failed(String),
}

fn column(header: &str) -> Column {
    let (name, kind) = header.split_once(':').unwrap();
    Column {
        name: name.to_owned(),
        label: name.replace('_', " "),
        kind: match kind {
            "integer" => ColumnKind::Integer,
            "number" => ColumnKind::Number,
            "date" => ColumnKind::Date,
            "datetime" => ColumnKind::Datetime,
            "boolean" => ColumnKind::Boolean,
            _ => ColumnKind::Text,
        },
        unit: None,
        description: None,
        format: cardinal::result::ColumnFormat::default(),
    }
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::Null => Cell::Null,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Number(number) => Cell::Number(number.clone()),
        Value::String(text) => Cell::text(text.as_str()),
        other => panic!("no cell: {other}"),
    }
}

/// A table whose header is `name:kind` and whose rows are JSON lists.
pub(super) fn table(header: &[&str], rows: &Value, extent: Extent) -> ResultTable {
    let rows = rows.as_array().unwrap().iter();
    ResultTable {
        columns: header.iter().map(|header| column(header)).collect(),
        rows: rows
            .map(|row| row.as_array().unwrap().iter().map(cell).collect())
            .collect(),
        extent,
        bytes_received: 0,
    }
}

impl Desk {
    pub(super) async fn empty() -> Self {
        Self {
            shelf: HeldResults::default(),
            toolbox: toolbox().await,
        }
    }

    /// Revenue by month and category, of which the model saw two rows.
    pub(super) async fn shop() -> Self {
        let mut desk = Self::empty().await;
        desk.hold(table(
            &[
                "month:datetime",
                "category:text",
                "revenue:number",
                "orders:integer",
            ],
            &json!([
                ["2026-01-01T00:00:00Z", "Kitchen", 100.10, 10],
                ["2026-01-01T00:00:00Z", "Toys", 200.20, 20],
                ["2026-02-01T00:00:00Z", "Kitchen", 130.13, null],
                ["2026-02-01T00:00:00Z", "Toys", 0, 30],
            ]),
            Extent::Complete,
        ));
        desk.hold(table(&["count:integer"], &json!([[60]]), Extent::Complete));
        desk
    }

    pub(super) fn hold(&mut self, table: ResultTable) {
        let rows = table.rows.len() as u64;
        let source = QuerySource {
            kind: cardinal::catalog::EntryKind::Metric,
            id: 12,
            name: "Revenue".to_owned(),
            arguments: json!({"metric_id": 12}),
            link: None,
            dbt_metric: None,
        };
        let brought = NewResult {
            handle: self.shelf.next(),
            title: "metric 12 \"Revenue\"".to_owned(),
            origin: ResultOrigin::Query(source.into()),
            shown: ModelView {
                rows_shown: rows.min(2),
                rows_known: rows,
                extent: table.extent,
                truncated: rows > 2,
                bytes_shown: 100,
                bytes_received: 100,
            },
            totals: totals(&table).into(),
            table: PackedTable::of(&table),
        };
        self.shelf.put(brought);
    }

    pub(super) async fn calculate(&self, arguments: Value) -> Came {
        self.call(&arguments.to_string()).await
    }

    pub(super) async fn call(&self, arguments: &str) -> Came {
        self.call_tool("calculate", arguments).await
    }

    pub(super) async fn call_tool(&self, name: &str, arguments: &str) -> Came {
        let call = ToolCall {
            id: "c1".to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_owned(),
        };
        let planned = match self.toolbox.gate(&call, &self.shelf) {
            Ok(planned) => planned,
            Err(refusal) => return Came::Refused(refusal.message),
        };
        match self.toolbox.execute(&planned, &self.shelf).await {
            Ok(output) => Came::Output(output),
            Err(ToolError::TellModel { message, .. }) => Came::Failed(message),
            Err(ToolError::Fatal(error)) => panic!("{error}"),
        }
    }

    /// One calculation, which must come out.
    pub(super) async fn one(&self, operation: &str, of: Value) -> Derivation {
        let call = json!({"calculations": [{"name": "it", "operation": operation, "of": of}]});
        derivations(self.calculate(call).await).remove(0)
    }

    /// One calculation, which must not: what the model is told.
    pub(super) async fn no(&self, operation: &str, of: Value) -> String {
        let call = json!({"calculations": [{"name": "it", "operation": operation, "of": of}]});
        match self.calculate(call).await {
            Came::Refused(message) | Came::Failed(message) => message,
            Came::Output(output) => panic!("{}", output.content),
        }
    }
}

/// The result that came.
pub(super) fn output(came: Came) -> ToolOutput {
    match came {
        Came::Output(output) => output,
        Came::Refused(message) | Came::Failed(message) => panic!("{message}"),
    }
}

/// How its figures were made.
pub(super) fn derivations(came: Came) -> Vec<Derivation> {
    match output(came).brought.unwrap().origin {
        ResultOrigin::Calculated { derivations, .. } => derivations,
        other => panic!("{other:?}"),
    }
}
