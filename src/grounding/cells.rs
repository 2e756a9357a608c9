//! Sources that need no computing by us: cells, totals, counts of rows.

use super::column_kinds::is_amount;
use super::figure::Trace;
use super::index::NumberCell;
use super::number::Number;
use super::scope::{Entailment, FigureContext};
use super::tolerance::Tolerance;
use super::unit_clash::is_in_another_unit;
use super::vocabulary::Concept;
use crate::result::{Amount, Cell, Column, ColumnKind, ColumnSummary, Extent, ResultTable, TotalKind};

/// What was found for a figure.
#[derive(Debug, Default)]
pub(super) struct Sources {
    /// Sources that fit the words around the figure, with how well.
    pub(super) fitting: Vec<(Entailment, SourceCandidate)>,
    /// Whether there are cells that have the value but belong to something else than the text says.
    pub(super) denied: bool,
    /// The first of them, one of this turn's results before others.
    pub(super) denied_cell: Option<NumberCell>,
    /// Whether it is the total of rows that are not all there are.
    pub(super) incomplete: bool,
}

impl Sources {
    /// Notes a cell that has the value but belongs to something else.
    fn deny(&mut self, seat: &FigureContext<'_, '_, '_>, cell: NumberCell) {
        self.denied = true;
        let materials = seat.context.index.materials;
        let current = |cell: NumberCell| materials.get(cell.material).is_some_and(|one| one.current);
        if self
            .denied_cell
            .is_none_or(|known| !current(known) && current(cell))
        {
            self.denied_cell = Some(cell);
        }
    }

    /// The candidate at a place among those that fit.
    pub(super) fn at(&self, place: usize) -> Option<&SourceCandidate> {
        self.fitting.get(place).map(|(_, candidate)| candidate)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct FigureSource {
    pub(super) trace: Trace,
    /// The result it is in.
    pub(super) material: usize,
    /// The cell it is, if it is one.
    pub(super) cell: Option<NumberCell>,
}

/// What a figure may be. A table can have many cells of one value, so the words for a cell are found when they are
/// needed.
#[derive(Debug, Clone)]
pub(super) enum SourceCandidate {
    Cell(NumberCell),
    Other(FigureSource),
}

impl SourceCandidate {
    pub(super) fn material(&self) -> usize {
        match self {
            Self::Cell(cell) => cell.material,
            Self::Other(source) => source.material,
        }
    }

    /// The row it is in, if it is a cell.
    pub(super) fn row(&self) -> Option<usize> {
        match self {
            Self::Cell(cell) => Some(cell.row),
            Self::Other(_) => None,
        }
    }

    pub(super) fn source(&self, index: &super::index::CellIndex<'_>) -> Option<FigureSource> {
        let cell = match self {
            Self::Cell(cell) => *cell,
            Self::Other(source) => return Some(source.clone()),
        };
        let material = index.materials.get(cell.material)?;
        let trace = Trace::Cell {
            result: material.handle.to_owned(),
            row: cell.row + 1,
            column: material.table.columns.get(cell.column)?.name.clone(),
        };
        Some(FigureSource {
            trace,
            material: cell.material,
            cell: Some(cell),
        })
    }
}

/// What a figure admits, and what it may be; under a header such as `Revenue (USD bn)` in that unit, if it is nothing else.
pub(super) fn sources_of(number: &Number, seat: &FigureContext<'_, '_, '_>) -> (Tolerance, Sources) {
    let wanted = Tolerance::of(number, seat);
    let found = sources(seat, &wanted);
    if found.fitting.is_empty()
        && let Some(scale) = super::tolerance::scale_of_header(number, seat)
    {
        let scaled = wanted.scaled(scale);
        let others = sources(seat, &scaled);
        if !others.fitting.is_empty() {
            return (scaled, others);
        }
    }
    (wanted, found)
}

/// All cells, totals and counts that a figure may be.
fn sources(seat: &FigureContext<'_, '_, '_>, wanted: &Tolerance) -> Sources {
    let mut sources = Sources::default();
    cells(seat, wanted, &mut sources);
    for material in 0..seat.context.index.materials.len() {
        totals(seat, wanted, (material, None), &mut sources);
        counts(seat, wanted, material, &mut sources);
    }
    sources
}

fn cells(seat: &FigureContext<'_, '_, '_>, wanted: &Tolerance, sources: &mut Sources) {
    for (scale, fraction) in [(1.0, false), (0.01, true), (100.0, true)] {
        let fits = match (wanted.percent, fraction) {
            (_, false) => true,
            (true, true) => scale < 1.0,
            (false, true) => scale > 1.0 && !wanted.count,
        };
        if !fits {
            continue;
        }
        for (low, high) in wanted.spans(scale) {
            for cell in seat.context.index.between(low, high) {
                if seat.context.work.is_over() {
                    return;
                }
                cell_source(seat, wanted, *cell, fraction, sources);
            }
        }
    }
    scaled_cells(seat, wanted, sources);
}

/// Cells of columns in thousands or millions, for a figure that is written in full: `$1,482.3 million`.
fn scaled_cells(seat: &FigureContext<'_, '_, '_>, wanted: &Tolerance, sources: &mut Sources) {
    let index = seat.context.index;
    let mut tried: Vec<f64> = Vec::new();
    for (.., scale) in index.scales.iter().filter(|_| !wanted.percent) {
        if tried.contains(scale) {
            continue;
        }
        tried.push(*scale);
        for (low, high) in wanted.spans(1.0 / scale) {
            for cell in index.between(low, high) {
                if index.scales.contains(&(cell.material, cell.column, *scale)) {
                    cell_source(seat, wanted, *cell, false, sources);
                }
            }
        }
        let scaled = wanted.scaled(1.0 / scale);
        for at in 0..index.materials.len() {
            totals(seat, &scaled, (at, Some(*scale)), sources);
        }
    }
}

fn is_named_ratio(column: &Column) -> bool {
    let words = super::keys::name_words(&column.name);
    words.iter().any(|word| word == "ratio")
}

fn cell_source(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    cell: NumberCell,
    fraction: bool,
    sources: &mut Sources,
) {
    let index = seat.context.index;
    let (Some(material), Some(shape)) = (
        index.materials.get(cell.material),
        index.shapes.get(cell.material),
    ) else {
        return;
    };
    let Some(column) = material.table.columns.get(cell.column) else {
        return;
    };
    seat.context.work.spend(1);
    if cell.value < 0.0 && !wanted.may_be_negative() && !is_of_negatives(index, cell) {
        return;
    }
    // `$67.08 off` is money, where a discount may be money or a part of a price.
    let rate = shape.rates.contains(&cell.column) && !(wanted.money && is_amount(column));
    let others = shape.numeric_rates;
    let whole = column.kind == ColumnKind::Integer;
    let as_rate = rate || (others == 0 && shape.titled_rate && !(whole && shape.numeric.len() > 1));
    let plain = if wanted.percent { whole } else { fraction };
    if plain && !as_rate {
        return;
    }
    let place = (cell.material, cell.column);
    let mut numbers = seat.number().into_iter();
    let denied = numbers.any(|number| is_in_another_unit(seat, number, place))
        || super::extreme_figure::is_no_extreme(seat, cell)
        || is_too_small(index, wanted, cell, !whole && !fraction)
        || is_headed_as_change(seat, material.table, column);
    let unchanging = is_of_no_change(material.table, column, cell) && seat.is_amount_of_change(wanted);
    // `61:32 (+29)`: in a result with a column of changes a plus is of none but that.
    let signed = seat.sign_written() == Some('+') && index.has_changes(cell.material);
    let of_another = signed && !super::column_kinds::is_of_changes(column) && seat.place.row.is_none();
    if denied || (wanted.money && shape.counts.contains(&cell.column)) || unchanging || of_another {
        sources.deny(seat, cell);
        return;
    }
    // Nobody writes decimals of what is counted, and a count of keys is of rows.
    let decimals = whole && !wanted.money && !wanted.percent && wanted.decimals;
    // So many things are not a rounded amount.
    let fractional = cell.value.abs() >= LARGE && cell.value.fract() != 0.0;
    let amount = column.kind == ColumnKind::Number && shape.has_counts && is_amount(column);
    let rounded = || (fractional || amount) && seat.counts_plural();
    if decimals || (wanted.count && (seat.counts_keys(cell.material) || rounded())) {
        sources.deny(seat, cell);
        return;
    }
    // A percentage of a result with a column of percentages is in that column, and a number without a sign is not. A ratio
    // may be written either way.
    let either = rate && is_named_ratio(column);
    let said = || is_said_of_rate(seat, wanted, cell);
    if (wanted.percent && !rate && others > 0)
        || (!wanted.percent && rate && !either && others < shape.numeric.len() && !said())
    {
        sources.deny(seat, cell);
        return;
    }
    let mut says = row_says(seat, cell, !shape.times.is_empty());
    let headed = !seat.header_columns(cell.material).is_empty();
    let of_rates = wanted.percent && rate && others > 1;
    let adjacent = seat.has_adjacent_column(cell.material, cell.column);
    if headed
        || adjacent
        || of_rates
        || seat.is_headed_by_another(cell.material)
        || (!wanted.percent && !wanted.cues.mean && !wanted.cues.ratio)
    {
        says = match (says, seat.says_column(cell.material, cell.column)) {
            (Entailment::No, _) | (_, Entailment::No) => Entailment::No,
            (one, other) => one.max(other),
        };
    }
    // What is said to be a mean or a total is not a single row, unless that row is named.
    let several = material.table.rows.len() > 1 && !is_calculation(material.table);
    let mean = wanted.cues.mean && !wanted.cues.mean_before;
    let of_all = several && says == Entailment::Nothing && (mean || wanted.cues.total) && !wanted.percent;
    if says == Entailment::No || of_all {
        sources.deny(seat, cell);
        return;
    }
    // What was computed over the rows a limit left is about these, and is said to be.
    if matches!(material.table.extent, Extent::OverAskedLimit { .. }) && !seat.may_total(cell.material) {
        sources.deny(seat, cell);
        sources.incomplete = true;
        return;
    }
    sources.fitting.push((says, SourceCandidate::Cell(cell)));
}

/// Whether a cell is of a column that has nothing above nought, so that its amounts may be told without a sign: `Contraction cost
/// $10,455`.
fn is_of_negatives(index: &super::index::CellIndex<'_>, cell: NumberCell) -> bool {
    let summary = index.summary(cell.material, cell.column);
    matches!(summary, Some(ColumnSummary::Numbers { max, .. }) if max.as_f64() <= 0.0)
}

/// Whether the header above a figure speaks of changes, `| Change |`, and the column is of none.
fn is_headed_as_change(seat: &FigureContext<'_, '_, '_>, table: &ResultTable, column: &Column) -> bool {
    const CHANGES: [&str; 4] = ["change", "growth", "difference", "delta"];
    let header = seat.place.row.and_then(|cell| cell.header);
    let of_changes = header.is_some_and(|header| {
        let words = seat.context.words_in(header);
        matches!(words, [only] if CHANGES.contains(&only.low.as_str()))
    });
    of_changes && !super::cues::names_a_change(&column.name, &column.label) && !is_calculation(table)
}

/// What the words say to the row of a cell, where the figure may also be what the row named is compared with.
fn row_says(seat: &FigureContext<'_, '_, '_>, cell: NumberCell, dated: bool) -> Entailment {
    let says = seat.says_row(cell.material, cell.row);
    // `367 → 50` of a row without days is of two of its columns.
    let compared = (dated || !(seat.is_at_arrow() || seat.is_from_to())) && seat.is_base();
    if says == Entailment::No && compared && seat.may_be_base(cell.material, cell.row) {
        return Entailment::Nothing;
    }
    says
}

/// Whether a part of one is written as so many things or as so many percent: 0.458 is neither `0 customers` nor `0.46 %`.
fn is_too_small(
    index: &super::index::CellIndex<'_>,
    wanted: &Tolerance,
    cell: NumberCell,
    rate_as_it_is: bool,
) -> bool {
    let part = cell.value != 0.0 && cell.value.abs() < 1.0;
    (wanted.count && part) || (wanted.percent && rate_as_it_is && is_fraction(index, cell))
}

/// Whether a cell is of a column of fractions: none beyond one, and no percentages by its name.
fn is_fraction(index: &super::index::CellIndex<'_>, cell: NumberCell) -> bool {
    let table = index.materials.get(cell.material).map(|one| one.table);
    let Some(column) = table.and_then(|table| table.columns.get(cell.column)) else {
        return false;
    };
    let name = format!("{} {}", column.name, column.label).to_lowercase();
    let percent = ["pct", "percent", "%"].iter().any(|word| name.contains(word));
    let within = matches!(index.summary(cell.material, cell.column), Some(ColumnSummary::Numbers { min, max, .. }) if max.as_f64() <= 1.0 && min.as_f64() >= -1.0);
    let several = table.is_some_and(|table| table.rows.len() > 1);
    within && several && !percent && column.format.style.is_none()
}

/// From here on nobody rounds an average of things to a whole number of them.
const LARGE: f64 = 1000.0;

/// Whether a cell is not an amount of a change: "rose by 12 %".
fn is_of_no_change(table: &ResultTable, column: &Column, cell: NumberCell) -> bool {
    if is_calculation(table) {
        return is_share(table, cell.row);
    }
    // What is taken off is by how much something is reduced.
    let words = super::keys::name_words(&column.name);
    let lessening = words.iter().any(|word| Concept::Lessening.has(word));
    !lessening && !super::cues::names_a_change(&column.name, &column.label) && cell.value > 0.0
}

/// Whether the words are of parts of a whole: they name the column, or speak of a rate; or it is written as a fraction.
fn is_said_of_rate(seat: &FigureContext<'_, '_, '_>, wanted: &Tolerance, cell: NumberCell) -> bool {
    let fraction_as_it_is = || wanted.decimals && cell.value.abs() < 2.0;
    seat.says_column(cell.material, cell.column) == Entailment::Yes
        || seat.names_a_rate()
        || fraction_as_it_is()
}

/// Whether a calculated figure is a share.
fn is_share(table: &ResultTable, row: usize) -> bool {
    let made = table.rows.get(row).and_then(|row| row.last());
    matches!(made, Some(Cell::Text(made)) if made.starts_with("share"))
}

/// Whether the rows of a table are figures that were calculated one by one.
pub(super) fn is_calculation(table: &ResultTable) -> bool {
    let names = table.columns.iter().map(|column| column.name.as_str());
    names.clone().eq(["name", "value", "unit", "made"]) || names.eq(["name", "value", "made"])
}

fn totals(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    (at, scale): (usize, Option<f64>),
    sources: &mut Sources,
) {
    let index = seat.context.index;
    let material = index
        .materials
        .get(at)
        .filter(|material| material.table.rows.len() > 1);
    let (Some(material), Some(shape)) = (material, index.shapes.get(at)) else {
        return;
    };
    let some_named = !seat.named_rows(at).is_empty() && !seat.names_all_rows(at);
    let of_scale = |column: &&usize| scale.is_none_or(|scale| index.scales.contains(&(at, **column, scale)));
    for column in shape.numeric.iter().filter(of_scale) {
        let Some(ColumnSummary::Numbers {
            sum, mean, min, max, ..
        }) = index.summary(at, *column)
        else {
            continue;
        };
        let (whole, cues) = (seat.may_total(at), wanted.cues);
        let of_all = [
            (
                TotalKind::Sum,
                *sum,
                whole
                    && (cues.sum
                        || cues.whole
                        || !some_named
                        || (wanted.digits >= 4 && !seat.is_told_of_one_row(at))),
            ),
            (
                TotalKind::Mean,
                *mean,
                whole && (cues.mean || (!some_named && wanted.digits >= 4)),
            ),
            (
                TotalKind::Min,
                Some(*min),
                !some_named && material.rows_seen < material.table.rows.len(),
            ),
            (
                TotalKind::Max,
                Some(*max),
                !some_named && material.rows_seen < material.table.rows.len(),
            ),
        ];
        for (total, amount, allowed) in of_all {
            let Some(amount) = amount else { continue };
            if wanted.money && shape.counts.contains(column) {
                continue;
            }
            if !admits(wanted, amount) || (wanted.percent && total == TotalKind::Sum) {
                continue;
            }
            sources.incomplete |= !whole && matches!(total, TotalKind::Sum | TotalKind::Mean);
            let says = match (seat.says_filters(at, true), seat.says_column(at, *column)) {
                (Entailment::No, _) | (_, Entailment::No) => Entailment::No,
                (one, other) => one.max(other),
            };
            if !allowed || says == Entailment::No {
                sources.denied = true;
                continue;
            }
            let column = material
                .table
                .columns
                .get(*column)
                .map(|column| column.name.clone());
            let trace = Trace::Total {
                result: material.handle.to_owned(),
                column: column.unwrap_or_default(),
                total,
            };
            let source = FigureSource {
                trace,
                material: at,
                cell: None,
            };
            sources.fitting.push((says, SourceCandidate::Other(source)));
        }
    }
}

fn admits(wanted: &Tolerance, amount: Amount) -> bool {
    wanted.admits(amount.as_f64())
}

fn counts(seat: &FigureContext<'_, '_, '_>, wanted: &Tolerance, at: usize, sources: &mut Sources) {
    let counting = wanted.count && seat.counts_things() && !seat.is_of_one_row(at);
    let Some(material) = seat.context.index.materials.get(at).filter(|_| counting) else {
        return;
    };
    let exactly = |count: u64| u32::try_from(count).is_ok_and(|count| wanted.admits(f64::from(count)));
    let known = material.table.rows.len() as u64;
    let mut push = |trace| {
        let source = FigureSource {
            trace,
            material: at,
            cell: None,
        };
        sources
            .fitting
            .push((Entailment::Nothing, SourceCandidate::Other(source)));
    };
    let says = seat.says_filters(at, true);
    if exactly(known) && says != Entailment::No {
        let shown_rows = || {
            let mut words = seat.context.words_in(seat.place.sentence).iter();
            words.any(|word| Concept::Rows.has(&word.low))
        };
        if seat.may_total(at) || shown_rows() {
            push(Trace::RowCount {
                result: material.handle.to_owned(),
                rows: Vec::new(),
            });
        } else {
            sources.incomplete = true;
            return;
        }
    }
    if material.rows_seen as u64 != known && exactly(material.rows_seen as u64) {
        push(Trace::RowCount {
            result: material.handle.to_owned(),
            rows: vec![1, material.rows_seen],
        });
    }
    for (column, totals) in material.table.columns.iter().zip(material.totals) {
        let mut total = |kind, count| {
            if exactly(count) && says != Entailment::No && count != known {
                push(Trace::Total {
                    result: material.handle.to_owned(),
                    column: column.name.clone(),
                    total: kind,
                });
            }
        };
        if let ColumnSummary::Distinct(count) = totals.summary
            && seat.speaks_of_column(&column.name, &column.label)
        {
            total(TotalKind::Distinct, count);
        }
        if known > 1 {
            total(TotalKind::Count, totals.values);
            if totals.nulls > 0 {
                total(TotalKind::Nulls, totals.nulls);
            }
        }
    }
}
