//! The JSON form of the parts of an answer. Every object is flat: what a reader looks for stands under its own name, whatever
//! kind of result or source it belongs to. The types that the rest of the code works with are made from these and turned into
//! them, so that an answer that was written can be read back.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use url::Url;

use super::{
    ANSWER_VERSION, Answer, CellSource, Citation, CitedFigure, Evidence, EvidenceHealth, EvidenceRows,
};
use crate::grounding::{
    DerivationOperation, DerivedFrom, Figure, FigureKind, FigureStatus, Reason, Rule, Trace,
};
use crate::result::{
    Derivation, EntryKind, Extent, Handle, LookupSource, QuerySource, ResultOrigin, RowCoverage, TotalKind,
};

/// The JSON schema of an answer, with a line end. A copy lies in `schemas/answer.schema.json`.
pub fn answer_schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Answer).to_value())
}

/// Reads the version, and says of a later one that this program is too old for it.
pub(super) fn known_version<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    let version = u32::deserialize(input)?;
    if (1..=ANSWER_VERSION).contains(&version) {
        return Ok(version);
    }
    Err(serde::de::Error::custom(format!(
        "this answer has format version {version}, and this program reads versions 1 to {ANSWER_VERSION}: use a newer program"
    )))
}

/// A result that an answer rests on.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct EvidenceForm {
    /// Its name in the conversation: `r1`, `r2`, …
    #[schemars(with = "String")]
    result: Handle,
    /// Number of the tool call it came from, counted from 1.
    call: u32,
    /// What was asked: `card`, `metric` or `table`. Absent, as the next four are, for a calculation over several results.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kind: Option<EntryKind>,
    /// The entry's id in Metabase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<u32>,
    /// The entry's name in the catalog.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The tool that looked it up in dbt; absent for what Metabase was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lookup: Option<String>,
    /// The arguments it was asked with, after they were checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    arguments: Option<Value>,
    /// The page in Metabase that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    link: Option<Url>,
    /// What dbt calls it, when it is a metric that dbt's Semantic Layer was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dbt_metric: Option<String>,
    /// The results it was made from; absent for a query's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    from: Vec<Handle>,
    /// What was done with them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operations: Option<Value>,
    /// How each figure of a calculation was made, in the order of the rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<Value>")]
    derivations: Vec<Derivation>,
    /// Names of its columns, in the order of the cells of `rows`.
    columns: Vec<String>,
    /// Its rows as the model saw them.
    #[schemars(with = "Vec<Vec<Value>>")]
    rows: EvidenceRows,
    /// How many rows were fetched. `rows` may hold fewer, and `extent` says whether the server has more.
    rows_known: u64,
    /// Whether these were all rows there are.
    extent: Extent,
    /// Whether our own cut left rows out of what the model saw.
    truncated: bool,
    /// Whether its data can be believed, by what dbt knows of what the entry is made from. Absent where nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    health: Option<EvidenceHealth>,
}

impl From<Evidence> for EvidenceForm {
    fn from(item: Evidence) -> Self {
        let source = item.origin.source().cloned();
        let (kind, id) = (
            source.as_ref().map(|source| source.kind),
            source.as_ref().map(|source| source.id),
        );
        let lookup = item.origin.lookup().cloned();
        let dbt_metric = source.as_ref().and_then(|source| source.dbt_metric.clone());
        let (name, arguments, link) = match (source, &lookup) {
            (Some(source), _) => (Some(source.name), Some(source.arguments), source.link),
            (None, Some(lookup)) => (Some(lookup.name.clone()), Some(lookup.arguments.clone()), None),
            (None, None) => (None, None, None),
        };
        Self {
            result: item.result,
            call: item.call,
            kind,
            id,
            name,
            lookup: lookup.map(|lookup| lookup.tool),
            arguments,
            link,
            dbt_metric,
            from: item.origin.made_from().to_vec(),
            operations: item.origin.operations().cloned(),
            derivations: item.origin.derivations().to_vec(),
            columns: item.columns,
            rows: item.rows,
            rows_known: item.rows_known,
            extent: item.extent,
            truncated: item.truncated,
            health: item.health,
        }
    }
}

impl TryFrom<EvidenceForm> for Evidence {
    type Error = String;

    fn try_from(form: EvidenceForm) -> Result<Self, String> {
        if let (Some(tool), Some(name)) = (&form.lookup, &form.name) {
            let origin = ResultOrigin::Lookup(LookupSource {
                tool: tool.clone(),
                name: name.clone(),
                arguments: form.arguments.clone().unwrap_or_default(),
            });
            return Ok(Self::of_form(form, origin));
        }
        let source = match (form.kind, form.id, form.name.clone()) {
            (Some(kind), Some(id), Some(name)) => Some(QuerySource {
                kind,
                id,
                name,
                arguments: form.arguments.clone().unwrap_or_default(),
                link: form.link.clone(),
                dbt_metric: form.dbt_metric.clone(),
            }),
            _ => None,
        };
        let operations = form.operations.clone().unwrap_or_default();
        let origin = match (form.from.as_slice(), source) {
            ([], Some(source)) => ResultOrigin::Query(source.into()),
            (_, source) if form.derivations.is_empty() => ResultOrigin::Derived {
                from: form.from.clone(),
                operations,
                source,
                cover: RowCoverage::Asked,
                lineage: None,
            },
            (_, None) => ResultOrigin::Calculated {
                from: form.from.clone(),
                operations,
                derivations: form.derivations.clone(),
            },
            _ => {
                return Err(format!(
                    "the evidence {} names a query and several results",
                    form.result
                ));
            }
        };
        Ok(Self::of_form(form, origin))
    }
}

impl Evidence {
    fn of_form(form: EvidenceForm, origin: ResultOrigin) -> Self {
        Self {
            result: form.result,
            call: form.call,
            title: String::new(),
            origin,
            columns: form.columns,
            rows: form.rows,
            rows_known: form.rows_known,
            extent: form.extent,
            truncated: form.truncated,
            health: form.health,
        }
    }
}

/// What came of looking for a figure's source.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum StatusWord {
    /// It has a source that the text points at, and the program wrote it.
    Referenced,
    /// Its digits are the model's, and a source was found for them.
    Matched,
    /// It needs no source.
    Exempt,
    /// It has none, or the text says something else of it.
    Unmatched,
}

/// A figure of the answer's text with its sources.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct CitedFigureForm {
    /// First byte in the text.
    start: usize,
    /// The byte after it.
    end: usize,
    /// First character in the text, counted in Unicode scalar values.
    start_char: usize,
    /// The character after it.
    end_char: usize,
    /// As written.
    text: String,
    /// What it is.
    kind: FigureKind,
    /// How it was established.
    status: StatusWord,
    /// For an exempt one: why it needs no source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<Rule>,
    /// For an unmatched one: what is wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    /// Where it comes from, best first; more than one when it is ambiguous.
    sources: Vec<Citation>,
}

impl From<CitedFigure> for CitedFigureForm {
    fn from(cited: CitedFigure) -> Self {
        let CitedFigure { figure, sources } = cited;
        let (status, rule, reason) = match figure.status {
            FigureStatus::Referenced => (StatusWord::Referenced, None, None),
            FigureStatus::Matched => (StatusWord::Matched, None, None),
            FigureStatus::Exempt { rule } => (StatusWord::Exempt, Some(rule), None),
            FigureStatus::Unmatched { reason } => (StatusWord::Unmatched, None, Some(reason)),
        };
        Self {
            start: figure.start,
            end: figure.end,
            start_char: figure.start_char,
            end_char: figure.end_char,
            text: figure.text,
            kind: figure.kind,
            status,
            rule,
            reason,
            sources,
        }
    }
}

impl TryFrom<CitedFigureForm> for CitedFigure {
    type Error = String;

    fn try_from(form: CitedFigureForm) -> Result<Self, String> {
        let status = match (form.status, form.rule, form.reason) {
            (StatusWord::Referenced, ..) => FigureStatus::Referenced,
            (StatusWord::Matched, ..) => FigureStatus::Matched,
            (StatusWord::Exempt, Some(rule), _) => FigureStatus::Exempt { rule },
            (StatusWord::Unmatched, _, Some(reason)) => FigureStatus::Unmatched { reason },
            _ => {
                return Err(format!(
                    "the figure {:?} does not say why it has its status",
                    form.text
                ));
            }
        };
        let figure = Figure {
            start: form.start,
            end: form.end,
            start_char: form.start_char,
            end_char: form.end_char,
            text: form.text,
            kind: form.kind,
            status,
            sources: Vec::new(),
            elsewhere: None,
        };
        Ok(Self {
            figure,
            sources: form.sources,
        })
    }
}

/// What a figure comes from.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum SourceWord {
    Cell,
    RowCount,
    Total,
    Argument,
    Derivation,
}

/// One source of a figure. Rows are counted from 1.
#[derive(Serialize, Deserialize, JsonSchema)]
pub(super) struct CitationForm {
    /// What it is; the fields below are there as it needs them.
    source: SourceWord,
    /// The result: `r1`, `r2`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<String>,
    /// The row of a cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<usize>,
    /// The rows that were counted, when not all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<usize>,
    /// The column of a cell or total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Which total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    total: Option<TotalKind>,
    /// JSON pointer into the arguments of the call; empty when several make it up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// How it was derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operation: Option<DerivationOperation>,
    /// From what, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs: Option<Vec<DerivedFrom>>,
    /// To what, exactly or to 28 digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// The cell's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cell: Option<Value>,
    /// What tells the cell's row from others, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    key: BTreeMap<String, Value>,
    /// For a cell that was worked out: the cells of other results that it came from, at most 24.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    derived_from: Vec<CellSource>,
}

impl From<Citation> for CitationForm {
    fn from(citation: Citation) -> Self {
        let mut form = Self {
            source: SourceWord::Cell,
            result: None,
            row: None,
            rows: Vec::new(),
            column: None,
            total: None,
            pointer: None,
            operation: None,
            inputs: None,
            value: None,
            cell: citation.cell,
            key: citation.key,
            derived_from: citation.derived_from,
        };
        match citation.trace {
            Trace::Cell { result, row, column } => {
                (form.result, form.row, form.column) = (Some(result), Some(row), Some(column));
            }
            Trace::RowCount { result, rows } => {
                (form.source, form.result, form.rows) = (SourceWord::RowCount, Some(result), rows);
            }
            Trace::Total {
                result,
                column,
                total,
            } => {
                (form.source, form.result) = (SourceWord::Total, Some(result));
                (form.column, form.total) = (Some(column), Some(total));
            }
            Trace::Argument { result, pointer } => {
                (form.source, form.result, form.pointer) =
                    (SourceWord::Argument, Some(result), Some(pointer));
            }
            Trace::Derivation {
                operation,
                inputs,
                value,
            } => {
                (form.source, form.operation) = (SourceWord::Derivation, Some(operation));
                (form.inputs, form.value) = (Some(inputs), Some(value));
            }
        }
        form
    }
}

impl TryFrom<CitationForm> for Citation {
    type Error = String;

    fn try_from(form: CitationForm) -> Result<Self, String> {
        let missing = |field: &str| format!("the source of a figure has no {field:?}");
        let result = || form.result.clone().ok_or_else(|| missing("result"));
        let column = || form.column.clone().ok_or_else(|| missing("column"));
        let trace = match form.source {
            SourceWord::Cell => Trace::Cell {
                result: result()?,
                row: form.row.ok_or_else(|| missing("row"))?,
                column: column()?,
            },
            SourceWord::RowCount => Trace::RowCount {
                result: result()?,
                rows: form.rows,
            },
            SourceWord::Total => Trace::Total {
                result: result()?,
                column: column()?,
                total: form.total.ok_or_else(|| missing("total"))?,
            },
            SourceWord::Argument => Trace::Argument {
                result: result()?,
                pointer: form.pointer.ok_or_else(|| missing("pointer"))?,
            },
            SourceWord::Derivation => Trace::Derivation {
                operation: form.operation.ok_or_else(|| missing("operation"))?,
                inputs: form.inputs.ok_or_else(|| missing("inputs"))?,
                value: form.value.ok_or_else(|| missing("value"))?,
            },
        };
        Ok(Self {
            trace,
            cell: form.cell,
            key: form.key,
            derived_from: form.derived_from,
        })
    }
}
