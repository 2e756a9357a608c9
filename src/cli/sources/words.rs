//! What was done with rows, in words for people.

use crate::grounding::DerivationOperation;
use crate::result::TotalKind;

/// A column's total in words. Metabase names what a metric computes `sum` or `count`: that says nothing to people.
pub(super) fn total_of(total: TotalKind, column: &str) -> String {
    let word = match total {
        TotalKind::Sum => "total",
        TotalKind::Mean => "average",
        TotalKind::Min => "smallest value",
        TotalKind::Max => "greatest value",
        TotalKind::Count => "number of values",
        TotalKind::Nulls => "number of rows without a value",
        TotalKind::Distinct => "number of different values",
    };
    let computed = [
        "sum",
        "count",
        "avg",
        "min",
        "max",
        "distinct",
        "share",
        "expression",
    ];
    if computed.contains(&column) {
        word.to_owned()
    } else {
        format!("{word} of {column}")
    }
}

pub(super) fn operation_word(operation: DerivationOperation) -> &'static str {
    match operation {
        DerivationOperation::Sum => "sum",
        DerivationOperation::Mean => "average",
        DerivationOperation::Median => "median",
        DerivationOperation::Difference => "difference",
        DerivationOperation::PercentChange => "change in percent",
        DerivationOperation::Ratio => "ratio",
        DerivationOperation::Share => "share in percent",
        DerivationOperation::ShareOfRest => "share of the rest in percent",
        DerivationOperation::RunningTotal => "running total",
        DerivationOperation::Count => "count",
    }
}

pub(super) fn calculation_word(operation: crate::result::FigureOperation) -> &'static str {
    use crate::result::FigureOperation as Calculated;
    match operation {
        Calculated::Add => "sum",
        Calculated::Subtract => "difference",
        Calculated::Multiply => "product",
        Calculated::Divide => "ratio",
        Calculated::PercentChange => "change in percent",
        Calculated::SharePercent => "share in percent",
        Calculated::Mean => "average",
        Calculated::Min => "smallest",
        Calculated::Max => "greatest",
    }
}
