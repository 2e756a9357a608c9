//! What can be looked up in results: their numbers by size, their labels by word, the days of their rows.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::cell_values::{column_scale, days, is_numeric, minutes_of_iso, number, summary_of};
use super::column_kinds::{is_count_column, is_rate, is_rate_column};
use super::filters::filters;
use super::keys::{KeyColumn, NumberRole, name_words, role, whole};
use super::labels::Labels;
use super::material::Material;
use super::row_labels::rows_by_value;
pub(super) use super::shape::Shape;
use super::shape::{column_words, month_of_column, named_words, own_times, year_of_column};
use super::spellings::{plain_name, short_name};
use super::text::{Days, root};
use super::vocabulary::Concept;
use crate::result::{Cell, ColumnKind, ColumnSummary};

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct NumberCell {
    pub(super) value: f64,
    pub(super) material: usize,
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Most years of one period that are told apart.
const MOST_YEARS: usize = 50;

/// The column of labels that are no cells, but fixed by a filter.
pub(super) const FILTERED: usize = usize::MAX;

/// Results, made ready for look-ups.
#[derive(Debug)]
pub(super) struct CellIndex<'m> {
    pub(super) materials: &'m [Material<'m>],
    pub(super) shapes: Vec<Shape>,
    /// Years that rows are of, or that filters let through.
    pub(super) years: Vec<i16>,
    cells: Vec<NumberCell>,
    pub(super) labels: Labels,
    /// Columns whose numbers name rows.
    pub(super) keys: Vec<KeyColumn>,
    /// Times of day in cells, in minutes from midnight.
    pub(super) clocks: Vec<(u16, NumberCell)>,
    /// By what a column's values are multiplied, where its name says so: 1,000,000 of `revenue_musd`.
    pub(super) scales: Vec<(usize, usize, f64)>,
}

impl<'m> CellIndex<'m> {
    /// Makes results ready for what one text says of them.
    pub(super) fn new(materials: &'m [Material<'m>], text: &str) -> Self {
        let mut index = Self {
            materials,
            shapes: Vec::with_capacity(materials.len()),
            years: Vec::new(),
            cells: Vec::new(),
            labels: Labels::in_text(text),
            keys: Vec::new(),
            clocks: Vec::new(),
            scales: Vec::new(),
        };
        for (at, material) in materials.iter().enumerate() {
            index.add(at, material);
        }
        index.cells.sort_by(|a, b| a.value.total_cmp(&b.value));
        index.years = index.all_years();
        for at in 0..materials.len() {
            index.tell_columns_apart(at);
        }
        index
    }

    /// Notes which columns are parts of a whole, and which count things.
    fn tell_columns_apart(&mut self, at: usize) {
        let Some(material) = self.materials.get(at) else {
            return;
        };
        let columns = 0..material.table.columns.len();
        let rates: Vec<usize> = columns
            .clone()
            .filter(|column| is_rate_column(self, at, *column))
            .collect();
        let counts: Vec<usize> = columns
            .filter(|column| is_count_column(self, at, *column))
            .collect();
        if let Some(shape) = self.shapes.get_mut(at) {
            let numeric = shape.numeric.iter();
            shape.numeric_rates = numeric.filter(|column| rates.contains(column)).count();
            let kind = |column: &usize| material.table.columns.get(*column).map(|column| column.kind);
            shape.has_counts = shape
                .numeric
                .iter()
                .any(|column| kind(column) == Some(ColumnKind::Integer));
            (shape.rates, shape.counts) = (rates, counts);
            shape.titled_rate = is_rate(material.title, "");
            shape.name_words = named_words(material);
        }
    }

    /// The number in a cell of a numeric column that the model saw, exactly.
    pub(super) fn exact(&self, material: usize, column: usize, row: usize) -> Option<Decimal> {
        *self.shapes.get(material)?.exact.get(&column)?.get(row)?
    }

    /// The rows of a numeric column from the greatest to the least value.
    pub(super) fn greatest_first(&self, material: usize, column: usize) -> Rc<Vec<usize>> {
        let (Some(shape), Some(of)) = (self.shapes.get(material), self.materials.get(material)) else {
            return Rc::default();
        };
        super::figure_context::once(&shape.sorted, column, || {
            let value = |row: usize| number(of.table.rows.get(row)?.get(column)?);
            let mut sized: Vec<(f64, usize)> = (0..shape.seen)
                .filter_map(|row| Some((value(row)?, row)))
                .collect();
            sized.sort_by(|a, b| b.0.total_cmp(&a.0));
            Rc::new(sized.into_iter().map(|(_, row)| row).collect())
        })
    }

    fn add(&mut self, at: usize, material: &Material<'_>) {
        let table = material.table;
        let seen = material.rows_seen.min(table.rows.len());
        let mut shape = Shape {
            seen,
            ..Shape::default()
        };
        let mut years: HashMap<usize, Vec<Option<i16>>> = HashMap::new();
        let mut months: Vec<(usize, usize)> = Vec::new();
        for (column, description) in table.columns.iter().enumerate() {
            let cells = || table.rows.iter().take(seen).map(move |row| row.get(column));
            if is_numeric(description, column == 0, cells()) {
                match role(table, column, seen, material.arguments) {
                    NumberRole::Measure => self.measure(at, column, seen, &mut shape),
                    NumberRole::Key => self.key(at, column, seen, &mut shape),
                    NumberRole::Both => {
                        self.key(at, column, seen, &mut shape);
                        self.measure(at, column, seen, &mut shape);
                    }
                    NumberRole::Year => {
                        let year = |cell: Option<&Cell>| i16::try_from(whole(cell?)?).ok();
                        years.insert(column, cells().map(year).collect());
                    }
                    NumberRole::MonthOf(year) => months.push((column, year)),
                }
                continue;
            }
            self.clocks_of(at, column, cells());
            let days: Vec<Option<Days>> = cells().map(|cell| days(cell?, description)).collect();
            let filled = cells()
                .filter(|cell| !matches!(cell, None | Some(Cell::Null)))
                .count();
            if days.iter().filter(|days| days.is_some()).count() * 2 > filled {
                shape.times.push((column, days));
            } else if matches!(description.kind, ColumnKind::Text | ColumnKind::Other) {
                let digits = |cell: Option<&Cell>| matches!(cell, Some(Cell::Text(text)) if !text.is_empty() && whole(&Cell::Text(text.clone())).is_some());
                if seen > 0 && cells().all(digits) {
                    self.key(at, column, seen, &mut shape);
                    continue;
                }
                let values = self.labels_of(at, column, cells());
                shape.label_rows.push(rows_by_value(&values));
                shape.labels.push((column, values));
            }
        }
        shape.add_years(table, years, &months);
        shape.own_times = shape.times.iter().map(|(_, days)| own_times(days)).collect();
        (shape.period, shape.filters) = filters(material.arguments);
        for (name, values) in &shape.filters {
            for (value, text) in values.iter().enumerate() {
                self.labels.add(text, name, (at, FILTERED, value));
            }
        }
        let years = shape
            .numeric
            .iter()
            .filter_map(|at| Some((*at, year_of_column(table.columns.get(*at)?)?)));
        shape.column_years = years.collect();
        let months = shape
            .numeric
            .iter()
            .filter_map(|at| Some((*at, month_of_column(table.columns.get(*at)?)?)));
        shape.column_months = months.collect();
        let extremes = shape.numeric.iter().filter_map(|at| {
            let words = name_words(&table.columns.get(*at)?.name);
            Some((
                *at,
                words
                    .iter()
                    .find_map(|word| super::shape::extreme_of_name(word))?,
            ))
        });
        shape.extremes = extremes.collect();
        shape.column_words = column_words(&table.columns, &shape.numeric, material.title);
        self.shapes.push(shape);
    }

    /// Takes a column of numbers in that measure something.
    fn measure(&mut self, at: usize, column: usize, seen: usize, shape: &mut Shape) {
        let Some(material) = self.materials.get(at) else {
            return;
        };
        let table = material.table;
        let cells = || table.rows.iter().take(seen).map(move |row| row.get(column));
        self.cells.extend(cells().enumerate().filter_map(|(row, cell)| {
            let value = number(cell?)?;
            Some(NumberCell {
                value,
                material: at,
                row,
                column,
            })
        }));
        let exactly = cells().map(|cell| super::operand::exact(cell?)).collect();
        shape.exact.insert(column, exactly);
        shape.numeric.push(column);
        if let Some(described) = table
            .columns
            .get(column)
            .filter(|described| !described.kind.is_numeric())
        {
            shape
                .summaries
                .extend(summary_of(table, described, column).map(|summary| (column, summary)));
        }
        let scale = table.columns.get(column).and_then(column_scale);
        self.scales.extend(scale.map(|scale| (at, column, scale)));
    }

    /// The rows whose key has this value.
    pub(super) fn key_rows(&self, key: &KeyColumn, value: i64) -> &[usize] {
        let rows = || {
            let shape = self.shapes.get(key.material)?;
            let at = shape
                .labels
                .iter()
                .position(|(column, _)| *column == key.column)?;
            let label = key.labels.get(&value)?;
            Some(shape.label_rows.get(at)?.get(label.value)?.as_slice())
        };
        rows().unwrap_or_default()
    }

    /// Takes the times of day of a column in, if it has any but midnight.
    fn clocks_of<'c>(
        &mut self,
        material: usize,
        column: usize,
        cells: impl Iterator<Item = Option<&'c Cell>>,
    ) {
        let times: Vec<(u16, NumberCell)> = cells
            .enumerate()
            .filter_map(|(row, cell)| {
                let Cell::Text(text) = cell? else { return None };
                let minutes = minutes_of_iso(text)?;
                let value = f64::from(minutes);
                let cell = NumberCell {
                    value,
                    material,
                    row,
                    column,
                };
                Some((minutes, cell))
            })
            .collect();
        if times.iter().any(|(minutes, _)| *minutes > 0) {
            self.clocks.extend(times);
        }
    }

    /// The columns that a table's header is the name or the label of, by result.
    pub(super) fn columns_of_header(&self, header: &str) -> Vec<(usize, usize)> {
        let wanted = plain_name(header);
        let mut found = Vec::new();
        if wanted.is_empty() {
            return found;
        }
        for plainly in [plain_name, short_name] {
            for (at, material) in self.materials.iter().enumerate() {
                for (column, named) in material.table.columns.iter().enumerate() {
                    let wanted = plainly(header);
                    if plainly(&named.name) == wanted || plainly(&named.label) == wanted {
                        found.push((at, column));
                    }
                }
            }
            if !found.is_empty() {
                return found;
            }
        }
        self.columns_with_words_of(header)
    }

    /// The columns whose names have all words of a header, each the only one of its result: `Paid` is `paid_on`.
    fn columns_with_words_of(&self, header: &str) -> Vec<(usize, usize)> {
        let roots = |name: &str| -> Vec<String> {
            let words = name_words(name).into_iter();
            let telling =
                words.filter(|word| !Concept::ColumnFiller.has(word) && !Concept::DayFiller.has(word));
            telling.map(|word| root(&word).to_owned()).collect()
        };
        let wanted = roots(header.split('(').next().unwrap_or_default());
        let mut found = Vec::new();
        for (at, material) in self.materials.iter().enumerate().filter(|_| !wanted.is_empty()) {
            let named = material.table.columns.iter().enumerate().filter(|(_, column)| {
                let own = roots(&format!("{} {}", column.name, column.label));
                wanted.iter().all(|word| own.contains(word))
            });
            let named: Vec<usize> = named.map(|(column, _)| column).collect();
            if let [only] = named.as_slice() {
                found.push((at, *only));
            }
        }
        if found.is_empty() {
            found = self.columns_shortened_to(header);
        }
        found
    }

    /// The columns that a header is short for, each the only one of its result: `GF` is `goals_for`, `Pts` is `points`.
    fn columns_shortened_to(&self, header: &str) -> Vec<(usize, usize)> {
        let short = header.trim_matches([' ', '*', '_', '`', '.']).to_lowercase();
        if short.is_empty() || short.len() > 4 || !short.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return Vec::new();
        }
        let mut found = Vec::new();
        for (at, material) in self.materials.iter().enumerate() {
            let columns = material.table.columns.iter().enumerate();
            let named = columns.filter(|(_, column)| is_short_for(&short, &name_words(&column.name)));
            let named: Vec<usize> = named.map(|(column, _)| column).collect();
            if let [only] = named.as_slice() {
                found.push((at, *only));
            }
        }
        found
    }

    /// The columns of a result that have times of day, in order.
    pub(super) fn clock_columns(&self, material: usize) -> Vec<usize> {
        let clocks = self.clocks.iter().filter(|(_, cell)| cell.material == material);
        let columns: BTreeSet<usize> = clocks.map(|(_, cell)| cell.column).collect();
        columns.into_iter().collect()
    }

    /// Whether a result has a column of changes: `goal_difference`.
    pub(super) fn has_changes(&self, material: usize) -> bool {
        let numeric = self.shapes.get(material).map(|shape| shape.numeric.as_slice());
        let table = self.materials.get(material).map(|one| one.table);
        let mut columns = numeric.unwrap_or_default().iter();
        columns.any(|at| {
            let column = table.and_then(|table| table.columns.get(*at));
            column.is_some_and(super::column_kinds::is_of_changes)
        })
    }

    /// The cells between two values.
    pub(super) fn between(&self, low: f64, high: f64) -> &[NumberCell] {
        let from = self.cells.partition_point(|cell| cell.value < low);
        let to = self.cells.partition_point(|cell| cell.value <= high);
        self.cells.get(from..to.max(from)).unwrap_or_default()
    }

    fn all_years(&self) -> Vec<i16> {
        let mut years: Vec<i16> = Vec::new();
        let mut add = |days: &Days| {
            let last = days.1.yesterday().map_or(days.0.year(), Date::year);
            for year in (days.0.year()..=last).take(MOST_YEARS) {
                if !years.contains(&year) {
                    years.push(year);
                }
            }
        };
        for shape in &self.shapes {
            shape.period.iter().for_each(&mut add);
            for (_, days) in &shape.times {
                days.iter().flatten().for_each(&mut add);
            }
        }
        years
    }

    /// Whether a result has a column of numbers with decimals.
    pub(super) fn has_amounts(&self, material: usize) -> bool {
        let (Some(shape), Some(of)) = (self.shapes.get(material), self.materials.get(material)) else {
            return false;
        };
        let kind = |at: &usize| of.table.columns.get(*at).map(|column| column.kind);
        shape
            .numeric
            .iter()
            .any(|at| kind(at) == Some(ColumnKind::Number))
    }

    /// Of rows of one period: those of the same names of the period right before, and of a year before.
    pub(super) fn rows_before(&self, material: usize, rows: &[usize]) -> Vec<Vec<usize>> {
        let Some(shape) = self.shapes.get(material) else {
            return Vec::new();
        };
        let ([(_, days)], Some(first)) = (shape.times.as_slice(), rows.first()) else {
            return Vec::new();
        };
        let days_of = |row: usize| days.get(row).copied().flatten();
        let Some(own) = days_of(*first).filter(|own| rows.iter().all(|row| days_of(*row) == Some(*own)))
        else {
            return Vec::new();
        };
        let names = |row: usize| -> Vec<Option<usize>> {
            let values = shape
                .labels
                .iter()
                .map(|(_, values)| values.get(row).copied().flatten());
            values.collect()
        };
        let wanted: Vec<Vec<Option<usize>>> = rows.iter().map(|row| names(*row)).collect();
        let of = |fits: &dyn Fn(Days) -> bool| -> Vec<usize> {
            let all = (0..shape.seen).filter(|row| days_of(*row).is_some_and(fits));
            all.filter(|row| wanted.contains(&names(*row))).collect()
        };
        let year = own.0.checked_sub(1.year()).ok();
        let both = [of(&|days| days.1 == own.0), of(&|days| Some(days.0) == year)];
        both.into_iter()
            .filter(|found| found.len() == rows.len())
            .collect()
    }

    /// The row of another result that is of the same label or the same days.
    pub(super) fn same_row(&self, material: usize, row: usize, other: usize) -> Option<usize> {
        let (shape, wanted) = (self.shapes.get(material)?, self.shapes.get(other)?);
        let text =
            |at: usize, column: usize, row: usize| self.materials.get(at)?.table.rows.get(row)?.get(column);
        let labels = shape
            .labels
            .iter()
            .filter_map(|(column, _)| text(material, *column, row));
        for label in labels {
            for (column, values) in &wanted.labels {
                let mut rows = (0..values.len()).filter(|row| text(other, *column, *row) == Some(label));
                if let (Some(row), None) = (rows.next(), rows.next()) {
                    return Some(row);
                }
            }
        }
        let days = shape.times.iter().find_map(|(_, days)| *days.get(row)?)?;
        let mut times = wanted.times.iter();
        times.find_map(|(_, others)| others.iter().position(|other| *other == Some(days)))
    }

    /// What a column comes to.
    pub(super) fn summary(&self, material: usize, column: usize) -> Option<&ColumnSummary> {
        let own = self
            .shapes
            .get(material)
            .and_then(|shape| shape.summaries.get(&column));
        own.or_else(|| Some(&self.materials.get(material)?.totals.get(column)?.summary))
    }
}

/// Whether letters are the first ones of some words, or three and more of one word in their order.
fn is_short_for(short: &str, words: &[String]) -> bool {
    let initials: String = words.iter().filter_map(|word| word.chars().next()).collect();
    let skeleton = |word: &String| {
        let mut rest = word.chars();
        let begins = short.chars().next() == word.chars().next();
        begins && short.len() > 2 && short.chars().all(|letter| rest.any(|other| other == letter))
    };
    initials == short || matches!(words, [word] if skeleton(word))
}
