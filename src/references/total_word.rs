//! A word behind the `@` that says something of a whole column: `{{r1 revenue @ total}}`.

use rust_decimal::Decimal;

use super::known_results::KnownResult;
use super::number_format::NumberFormat;
use super::resolve::{CellContent, FoundValue, MOST_CELL_CHARS, MOST_CHARS, cell, no_column, normal};
use super::row_index::written_precision;
use super::syntax::WrittenKey;
use super::text::ReferenceProblem;
use crate::grounding::{DerivedFrom, FigureKind, Trace};
use crate::result::{Amount, ColumnSummary, ColumnTotals, ResultOrigin, TotalKind};
use crate::text::clean_line;

/// The words for each total, the plainest first.
const WORDS: [(TotalKind, &[&str]); 6] = [
    (TotalKind::Sum, &["total", "sum", "all total", "all"]),
    (TotalKind::Mean, &["mean", "average", "avg"]),
    (TotalKind::Min, &["min", "minimum", "lowest", "earliest", "first"]),
    (TotalKind::Max, &["max", "maximum", "highest", "latest", "last"]),
    (TotalKind::Count, &["count"]),
    (TotalKind::Distinct, &["distinct"]),
];

/// Parts of a row's value by which a total may differ that was rounded.
const ROUNDED: i64 = 1_000;

/// A word without quotes that names a total.
pub(super) struct TotalWord<'k> {
    word: &'k str,
    total: TotalKind,
}

impl<'k> TotalWord<'k> {
    pub(super) fn read(key: &'k WrittenKey) -> Option<Self> {
        let word = normal(&key.whole);
        let names = |words: &[&str]| words.iter().any(|one| normal(one) == word);
        let (total, _) = WORDS.iter().find(|(_, words)| !key.quoted && names(words))?;
        Some(Self {
            word: &key.whole,
            total: *total,
        })
    }

    /// The total over all rows, unless the rows are keyed by that word: then the row. Where either could be meant and they
    /// differ, neither is taken.
    pub(super) fn resolve(&self, known: &KnownResult, column: usize) -> Result<FoundValue, ReferenceProblem> {
        let total = total_of(known, column, self.total).and_then(|total| self.of_times(known, column, total));
        let rows = known.rows().keyed_by(self.word);
        match (rows.as_slice(), total) {
            ([], total) => total,
            ([row], Err(_)) => cell(known, *row, column),
            (_, Err(problem)) => Err(problem),
            ([row], Ok(total)) => {
                let found = cell(known, *row, column)?;
                if self.is_summed_up_by(&found, &total) {
                    return Ok(found);
                }
                Err(self.either(known, column, *row))
            }
            ([row, ..], Ok(_)) => Err(self.either(known, column, *row)),
        }
    }

    /// The first and last of a column are those of its times. Of numbers it would be the least one that is written, where the
    /// first row is meant.
    fn of_times(
        &self,
        known: &KnownResult,
        column: usize,
        total: FoundValue,
    ) -> Result<FoundValue, ReferenceProblem> {
        const OF_TIMES: [&str; 4] = ["first", "last", "earliest", "latest"];
        let timed = known
            .column(column)
            .is_some_and(|column| column.kind.is_temporal());
        if timed || !OF_TIMES.contains(&normal(self.word).as_str()) {
            return Ok(total);
        }
        let word = clean_line(self.word, MOST_CHARS);
        let problem = ReferenceProblem::new(format!("{word} names no row of {}", known.handle));
        Err(problem.hint("name the row by its key; the least and the greatest number are min and max"))
    }

    /// Whether a row says itself what the others come to, so that a total over all rows would count everything twice.
    fn is_summed_up_by(&self, row: &FoundValue, total: &FoundValue) -> bool {
        let (CellContent::Number(row), CellContent::Number(total)) = (&row.value, &total.value) else {
            return false;
        };
        let twice = row.checked_mul(Decimal::TWO);
        let apart = twice.and_then(|twice| twice.checked_sub(*total));
        let noise = row.abs().checked_div(Decimal::from(ROUNDED)).unwrap_or_default();
        row == total || (self.total == TotalKind::Sum && apart.is_some_and(|apart| apart.abs() <= noise))
    }

    fn either(&self, known: &KnownResult, column: usize, row: usize) -> ReferenceProblem {
        let word = clean_line(self.word, MOST_CHARS);
        let name = known.column(column).map_or("", |column| column.name.as_str());
        let name = clean_line(name, MOST_CHARS);
        let handle = known.handle;
        let key = known.rows().written(&known.table, row);
        let key = if key.contains('"') || key.contains(',') {
            key
        } else {
            format!("\"{key}\"")
        };
        let what = self.total.word();
        let problem = ReferenceProblem::new(format!(
            "{word} is the key of a row of {handle} and a word for the {what} of all its rows"
        ));
        let words = WORDS.iter().find(|(total, _)| *total == self.total);
        let mut words = words.into_iter().flat_map(|(_, words)| words.iter());
        let free = words.find(|word| known.rows().keyed_by(word).is_empty());
        let way_on = match free {
            Some(word) => format!("for the {what} write {{{{{handle} {name} @ {word}}}}}"),
            None => format!("for the {what} use calculate"),
        };
        problem.hint(format!(
            "for the row write {{{{{handle} {name} @ {key}}}}}, {way_on}"
        ))
    }
}

fn total_of(known: &KnownResult, column: usize, wanted: TotalKind) -> Result<FoundValue, ReferenceProblem> {
    if let Some((why, way_on)) = known.not_whole() {
        let problem = ReferenceProblem::new(why);
        return Err(match extreme_row(known, column, wanted) {
            Some(row) => problem.hint(row),
            None => problem.hint(way_on),
        });
    }
    for row in 0..known.table.rows.len() {
        known.check_founded(row)?;
    }
    let about = known.column(column).ok_or_else(|| no_column(known, None))?;
    let name = clean_line(&about.name, MOST_CHARS);
    let means_nothing = || {
        ReferenceProblem::new(format!(
            "the {} of {name} in {} means nothing",
            wanted.word(),
            known.handle
        ))
        .hint("name a row, or another column")
    };
    if matches!(known.origin, ResultOrigin::Calculated { .. }) {
        return Err(means_nothing());
    }
    let totals = known.totals_of(column).ok_or_else(means_nothing)?;
    let ColumnTotals { values, summary, .. } = totals;
    let amount = |amount: Amount| match amount {
        Amount::Exact(value) => CellContent::Number(value),
        other @ Amount::Approximate(_) => CellContent::Written(other.to_string(), FigureKind::Number),
    };
    let whole = |count: u64| CellContent::Number(Decimal::from(count));
    let time = |text: &str| {
        let precision = written_precision(&known.table, column);
        let text = precision.map_or_else(|| text.to_owned(), |one| one.write_for(text, about));
        CellContent::Written(known.as_text(&text, MOST_CELL_CHARS), FigureKind::Date)
    };
    let mut format = known.number_format(column);
    let value = match (wanted, &summary) {
        (TotalKind::Count, _) => whole(values),
        (
            TotalKind::Sum,
            ColumnSummary::Numbers {
                sum: Some(sum),
                unreadable: 0,
                ..
            },
        ) => amount(*sum),
        (
            TotalKind::Mean,
            ColumnSummary::Numbers {
                mean: Some(mean),
                unreadable: 0,
                ..
            },
        ) => amount(*mean),
        (TotalKind::Min, ColumnSummary::Numbers { min, .. }) => amount(*min),
        (TotalKind::Max, ColumnSummary::Numbers { max, .. }) => amount(*max),
        (TotalKind::Min, ColumnSummary::Span { first, .. }) => time(first),
        (TotalKind::Max, ColumnSummary::Span { last, .. }) => time(last),
        (TotalKind::Distinct, ColumnSummary::Distinct(count)) => whole(*count),
        _ => return Err(means_nothing()),
    };
    if matches!(wanted, TotalKind::Count | TotalKind::Distinct) {
        format = NumberFormat::of_count();
    }
    let result = known.handle.to_string();
    Ok(FoundValue {
        value,
        format,
        trace: Trace::Total {
            result: result.clone(),
            column: about.name.clone(),
            total: wanted,
        },
        input: Some(DerivedFrom {
            result,
            column: about.name.clone(),
            rows: Vec::new(),
            total: Some(wanted),
        }),
    })
}

/// Points at the row that has the least or greatest value of those that are here.
fn extreme_row(known: &KnownResult, column: usize, wanted: TotalKind) -> Option<String> {
    let (word, sign) = match wanted {
        TotalKind::Min => ("least", -1.0),
        TotalKind::Max => ("greatest", 1.0),
        _ => return None,
    };
    let name = clean_line(&known.column(column)?.name, MOST_CHARS);
    let values = known.table.rows.iter().enumerate();
    let values = values.filter_map(|(row, cells)| Some((row, cells.get(column)?.amount()?.as_f64() * sign)));
    let (row, _) = values.max_by(|(_, one), (_, other)| one.total_cmp(other))?;
    let key = known.rows().written(&known.table, row);
    Some(format!(
        "the {word} of these rows is {{{{{} {name} @ {key}}}}}",
        known.handle
    ))
}
