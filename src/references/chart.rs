use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::result::Handle;

/// A chart that an answer asks for. A surface that cannot draw shows the table that stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RequestedChart {
    /// How it is drawn.
    pub kind: ChartKind,
    /// The result: `r1`, `r2`, …
    #[schemars(with = "String")]
    pub result: Handle,
    /// The columns, in order; the first is the axis.
    pub columns: Vec<String>,
    /// How many rows, from the first on.
    pub rows: usize,
    /// First byte in the answer's text of the table that stands in its place. Nothing does where the text has the same
    /// table beside it.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// A way to draw a chart that a text asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChartKind {
    /// Lines over an axis of time.
    Line,
    /// Areas over an axis of time.
    Area,
    /// Bars beside each other.
    #[default]
    Bar,
    /// Parts of a whole.
    Pie,
    /// Points over two axes.
    Scatter,
}

impl ChartKind {
    /// The kind of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name.to_lowercase().as_str() {
            "line" | "lines" => Some(Self::Line),
            "area" => Some(Self::Area),
            "bar" | "bars" | "column" | "columns" => Some(Self::Bar),
            "pie" | "donut" => Some(Self::Pie),
            "scatter" => Some(Self::Scatter),
            _ => None,
        }
    }
}
