//! Columns that are kept in thousands or millions: "8,558.6 thousand USD" says what the cell 8558.6 does, although the
//! number is a thousand times greater.
//!
//! A gold holds the values as the data does, and graders read numbers as people do. Where the answer cites such a cell for
//! the digits, both readings count: the text is graded as it stands, then without the words for the scale.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;

use super::view::{AnswerView, FigureView, SourceView};
use super::written::WrittenFigure;
use crate::grounding::{Separators, numbers};

/// The answer with its figures in the units of their columns; `None` where it says them so already.
pub(super) fn in_column_units(answer: &AnswerView) -> Option<AnswerView> {
    let mut text = answer.text.clone();
    let mut figures: Vec<&FigureView> = answer.figures.iter().collect();
    figures.sort_by_key(|figure| std::cmp::Reverse(figure.start));
    for figure in figures {
        if let Some((from, to)) = scale_behind(&answer.text, figure) {
            text.replace_range(from..to, "");
        }
    }
    (text != answer.text).then(|| AnswerView {
        text,
        ..answer.clone()
    })
}

/// Where the word for the scale stands behind digits that are a cited cell as it is.
fn scale_behind(text: &str, figure: &FigureView) -> Option<(usize, usize)> {
    let written = text.get(figure.start..)?;
    let digits = written
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '$' | '€' | '£')))
        .unwrap_or(written.len());
    let digits = written
        .get(..digits)?
        .trim_end_matches(|c: char| !c.is_ascii_digit());
    let mantissa = WrittenFigure::read(&digits.into())?;
    let cited = figure.sources.iter().filter_map(SourceView::number);
    let rounding = mantissa.place.unwrap_or(Decimal::ZERO) / Decimal::TWO;
    if !cited
        .into_iter()
        .any(|cell| (cell - mantissa.value).abs() <= rounding)
    {
        return None;
    }
    let whole = numbers(written, Separators::English).into_iter().next()?;
    let scaled = Decimal::from_f64(whole.value.abs())? > mantissa.value.abs();
    (scaled && whole.end > digits.len()).then(|| (figure.start + digits.len(), figure.start + whole.end))
}
