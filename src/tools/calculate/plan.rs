//! Checks a calculation against what is known of the held results; no row is looked at yet.

use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::arguments::{RawCalculation, RawCell, RawCondition, calculations};
use crate::result::{Amount, Extent, FigureOperation, Handle, HeldResult, HeldResults, TotalKind};
use crate::tools::check::{Rejection, held, held_column, listing, number_value, person_text, quote};
use crate::tools::tool::CheckedCall;

/// Longest name of a figure, in characters.
const MAX_NAME_CHARS: usize = 80;

/// A validated `calculate` call.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) struct CalculateCall {
    /// What is worked out, in order; each has a name of its own.
    pub(in crate::tools) calculations: Vec<Calculation>,
}

/// One figure to work out.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) struct Calculation {
    /// What the model calls it.
    pub(in crate::tools) name: String,
    pub(in crate::tools) operation: FigureOperation,
    /// With what, in order; as many as the operation takes.
    pub(in crate::tools) of: Vec<CalculationInput>,
}

/// What a figure is worked out of.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) enum CalculationInput {
    /// A cell or a total of a result.
    Cell(CellRef),
    /// The figure of an earlier calculation of this call, by its position.
    Step(usize),
    /// A number the model wrote.
    Number(Decimal),
}

/// A cell or a total of a held result.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) struct CellRef {
    /// The result; it is held.
    pub(in crate::tools) result: Handle,
    pub(in crate::tools) column: usize,
    pub(in crate::tools) place: CellPlace,
}

/// Where in a column a figure stands.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) enum CellPlace {
    /// In this row, counted from 1; the result has it.
    Row(u64),
    /// In the one row for which all of this holds.
    Where(Vec<RowCondition>),
    /// In no row: it is a total over the rows for which all of this holds, of a result that is whole.
    Total(TotalKind, Vec<RowCondition>),
}

/// What a row must hold to be meant.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::tools) struct RowCondition {
    pub(in crate::tools) column: usize,
    /// The value: null, true or false, a number or text.
    pub(in crate::tools) equals: Value,
}

pub(super) fn check(
    shelf: &HeldResults,
    arguments: Map<String, Value>,
) -> Result<CheckedCall<CalculateCall>, Rejection> {
    let mut checked: Vec<Calculation> = Vec::new();
    let mut canonical: Vec<Value> = Vec::new();
    for (at, raw) in calculations(arguments)?.into_iter().enumerate() {
        let (calculation, json) = calculation(shelf, raw, &checked)
            .map_err(|rejection| rejection.at(&format!("calculations[{at}]")))?;
        checked.push(calculation);
        canonical.push(json);
    }
    Ok(CheckedCall {
        arguments: json!({ "calculations": canonical }),
        plan: CalculateCall {
            calculations: checked,
        },
    })
}

fn calculation(
    shelf: &HeldResults,
    raw: RawCalculation,
    earlier: &[Calculation],
) -> Result<(Calculation, Value), Rejection> {
    let name = person_text("name", &raw.name, MAX_NAME_CHARS)?;
    if earlier.iter().any(|step| step.name == name) {
        return Err(Rejection::bad_value(format!(
            "the name {} is taken by an earlier calculation",
            quote(&name)
        )));
    }
    let operation = raw.operation()?;
    let mut of = Vec::new();
    let mut canonical = Vec::new();
    for (at, input) in raw.of.into_iter().enumerate() {
        let (input, json) =
            input_of(shelf, input, earlier).map_err(|rejection| rejection.at(&format!("of[{at}]")))?;
        of.push(input);
        canonical.push(json);
    }
    operation.check_count(of.len()).map_err(|error| {
        Rejection::bad_value(error.to_string())
            .hint("for the sum or mean of a whole column use one cell with \"total\" as an input")
    })?;
    if of
        .iter()
        .all(|input| matches!(input, CalculationInput::Number(_)))
    {
        return Err(Rejection::bad_value(
            "only numbers were given: a figure has to come from a cell of a result",
        )
        .hint("point at the cells: {\"result\": \"r1\", \"column\": …, \"row\": …}"));
    }
    let json = json!({"name": name, "of": canonical, "operation": operation.word()});
    Ok((Calculation { name, operation, of }, json))
}

fn input_of(
    shelf: &HeldResults,
    input: Value,
    earlier: &[Calculation],
) -> Result<(CalculationInput, Value), Rejection> {
    match input {
        Value::Object(map) => {
            let (cell, json) = cell(shelf, RawCell::read(map)?)?;
            Ok((CalculationInput::Cell(cell), json))
        }
        Value::String(text) => {
            if let Some(step) = earlier.iter().position(|step| step.name == text.trim()) {
                return Ok((CalculationInput::Step(step), Value::from(text.trim())));
            }
            number(&Value::String(text.clone())).map_err(|_| no_step(&text, earlier))
        }
        other => number(&other),
    }
}

fn number(value: &Value) -> Result<(CalculationInput, Value), Rejection> {
    let number = number_value(value)?;
    match Amount::parse(&number.to_string()) {
        Some(Amount::Exact(decimal)) => Ok((CalculationInput::Number(decimal), Value::Number(number))),
        _ => Err(Rejection::bad_value(format!(
            "{number} has more digits than are counted with"
        ))),
    }
}

fn no_step(text: &str, earlier: &[Calculation]) -> Rejection {
    let rejection = Rejection::bad_value(format!(
        "{} is neither an earlier calculation nor a number",
        quote(text)
    ));
    let rejection = if earlier.is_empty() {
        rejection
    } else {
        rejection.hint(format!(
            "earlier calculations: {}",
            listing(earlier.iter().map(|step| step.name.as_str()))
        ))
    };
    rejection.hint("a cell is an object: {\"result\": \"r1\", \"column\": …, \"row\": …}")
}

fn cell(shelf: &HeldResults, mut raw: RawCell) -> Result<(CellRef, Value), Rejection> {
    let held = held(shelf, &raw.result)?;
    let column = column(held, &raw.column)?;
    let total = raw.total()?;
    let mut json = json!({"column": column_name(held, column), "result": held.handle.to_string()});
    let mut conditions = Vec::new();
    let mut written = Vec::new();
    for (at, condition) in raw.take_conditions()?.into_iter().enumerate() {
        let (condition, json) =
            condition_of(held, condition).map_err(|rejection| rejection.at(&format!("where[{at}]")))?;
        conditions.push(condition);
        written.push(json);
    }
    let mut set = |key: &str, value: Value| {
        if let Some(map) = json.as_object_mut() {
            map.insert(key.to_owned(), value);
        }
    };
    if !written.is_empty() {
        set("where", Value::Array(written));
    }
    let place = match (total, &raw.row) {
        (Some(_), Some(_)) => {
            return Err(Rejection::schema(
                "row and total exclude each other: a total is over rows",
            ));
        }
        (None, Some(_)) if !conditions.is_empty() => {
            return Err(Rejection::schema(
                "row and where exclude each other: give one of them",
            ));
        }
        (Some(total), None) => {
            whole(held)?;
            set("total", Value::from(total.word()));
            CellPlace::Total(total, conditions)
        }
        (None, Some(row)) => {
            let row = row_of(held, row)?;
            set("row", Value::from(row));
            CellPlace::Row(row)
        }
        (None, None) if conditions.is_empty() => {
            let rows = held.shown.rows_known;
            if rows != 1 {
                return Err(Rejection::schema(format!(
                    "{} has {rows} rows: say which one with row or where, or take a total",
                    held.handle
                )));
            }
            CellPlace::Row(1)
        }
        (None, None) => CellPlace::Where(conditions),
    };
    let cell = CellRef {
        result: held.handle,
        column,
        place,
    };
    Ok((cell, json))
}

fn column_name(held: &HeldResult, at: usize) -> &str {
    held.columns.get(at).map_or("", |column| column.name.as_str())
}

fn column(held: &HeldResult, wanted: &str) -> Result<usize, Rejection> {
    held_column(&held.columns, wanted, &held.handle.to_string())
}

fn condition_of(held: &HeldResult, raw: RawCondition) -> Result<(RowCondition, Value), Rejection> {
    let column = column(held, &raw.column)?;
    if raw.equals.is_array() || raw.equals.is_object() {
        return Err(Rejection::schema(
            "equals takes one value: text, a number, true, false or null",
        ));
    }
    let json = json!({"column": column_name(held, column), "equals": raw.equals});
    let condition = RowCondition {
        column,
        equals: raw.equals,
    };
    Ok((condition, json))
}

fn row_of(held: &HeldResult, row: &Value) -> Result<u64, Rejection> {
    let rows = held.shown.rows_known;
    let written = match row {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    };
    written
        .filter(|row| (1..=rows).contains(row))
        .ok_or_else(|| Rejection::bad_value(format!("{} has rows 1 to {rows}, no row {row}", held.handle)))
}

/// A total may only be taken over all rows that were asked for.
fn whole(held: &HeldResult) -> Result<(), Rejection> {
    let why = match held.shown.extent {
        // Of the rows that a limit left a total may be wanted; what comes of it says that it is of these.
        Extent::Complete | Extent::AskedLimit { .. } | Extent::OverAskedLimit { .. } => return Ok(()),
        Extent::ServerLimit { limit } => format!("the server stopped at its limit of {limit} rows"),
        Extent::RowBudget { budget } => format!("fetching stopped at {budget} rows"),
        Extent::PageFailed { page } => format!("its page {page} failed"),
    };
    Err(Rejection::bad_value(format!(
        "{} is not whole ({why}), so a total over it would be wrong",
        held.handle
    ))
    .hint("get the total by a query that groups or filters more, or say that the result is not whole"))
}
