//! Figures worked out of two, as `calculate` does: in decimal, and refused where they would be wrong.

use rust_decimal::Decimal;

use super::format::FigureFormat;
use super::known_results::KnownResults;
use super::number_format::NumberFormat;
use super::resolve::{CellContent, FoundFigure, find, nothing_there};
use super::syntax::{CellReference, DerivedOperation};
use super::text::ReferenceProblem;
use crate::grounding::{DerivationOperation, DerivedFrom, FigureKind, Notation, Trace};
use crate::result::{ArithmeticError, CalculatedUnit};

/// Works a figure out of two and writes it.
pub(super) fn derive(
    operation: DerivedOperation,
    of: &[CellReference; 2],
    (wanted, notation): (&FigureFormat, Notation),
    results: &KnownResults,
) -> Result<FoundFigure, ReferenceProblem> {
    let [first, second] = of;
    let first = operand(first, results)?;
    let second = operand(second, results)?;
    let same_unit = first.2.of_difference(&second.2);
    // A difference is the later less the earlier, which is written second.
    let figures = match operation {
        DerivedOperation::Difference => [second.0, first.0],
        _ => [first.0, second.0],
    };
    let inputs = match operation {
        DerivedOperation::Change | DerivedOperation::Difference => vec![second.1, first.1],
        DerivedOperation::Share | DerivedOperation::Ratio => vec![first.1, second.1],
    };
    let value = operation.figure_operation().apply(&figures).map_err(|error| {
        let problem = ReferenceProblem::new(error.to_string());
        match error {
            ArithmeticError::DivisionByZero => problem
                .hint("with a base of zero there is no such figure: say so, and give the figures themselves"),
            _ => problem,
        }
    })?;
    let (traced, format) = match operation {
        DerivedOperation::Change => (
            DerivationOperation::PercentChange,
            NumberFormat::of_unit(Some(CalculatedUnit::Percent)),
        ),
        DerivedOperation::Share => (
            DerivationOperation::Share,
            NumberFormat::of_unit(Some(CalculatedUnit::Percent)),
        ),
        // Between two percentages lie points, not percent.
        DerivedOperation::Difference => (
            DerivationOperation::Difference,
            match same_unit {
                Some(format) if format.counts_percent() => {
                    NumberFormat::of_unit(Some(CalculatedUnit::PercentagePoints))
                }
                Some(format) => format,
                None => NumberFormat::of_unit(None),
            },
        ),
        DerivedOperation::Ratio => (DerivationOperation::Ratio, first.2.of_ratio(&second.2)),
    };
    let written = format.write(value, wanted, notation);
    Ok(FoundFigure {
        unit: written.unit,
        text: written.text,
        marks: format.marks_in(notation),
        kind: FigureKind::Number,
        trace: Trace::Derivation {
            operation: traced,
            inputs,
            value: value.normalize().to_string(),
        },
    })
}

fn operand(
    place: &CellReference,
    results: &KnownResults,
) -> Result<(Decimal, DerivedFrom, NumberFormat), ReferenceProblem> {
    let known = results.get(place.result)?;
    let found = find(place, known)?;
    match (found.value, found.input) {
        (CellContent::Number(value), Some(input)) => Ok((value, input, found.format)),
        (CellContent::Number(_), None) => Err(ReferenceProblem::new(
            "the number of rows cannot be computed with here: use calculate with a total of kind count"
                .to_owned(),
        )),
        (CellContent::Nothing, _) => Err(nothing_there(known, place)),
        (CellContent::Written(text, _), _) => Err(ReferenceProblem::new(format!("{text} is not a number"))),
    }
}
