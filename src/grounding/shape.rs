//! What a result looks like: which of its columns measure, which name rows, and by which words a column is known.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::keys::{name_words, whole};
use super::material::Material;
use super::text::{Days, root, stem, words};
use super::vocabulary::Concept;
use crate::result::{Column, ColumnKind, ColumnSummary, ResultTable};

/// What a result looks like.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Columns of numbers, ids left out.
    pub(super) numeric: Vec<usize>,
    /// Columns of text, with each row's value.
    pub(super) labels: Vec<(usize, Vec<Option<usize>>)>,
    /// For each of these, the rows of each value.
    pub(super) label_rows: Vec<Vec<Rc<Vec<usize>>>>,
    /// Columns of days, with each row's.
    pub(super) times: Vec<(usize, Vec<Option<Days>>)>,
    /// For each of these, whether no other row has the same days.
    pub(super) own_times: Vec<Vec<bool>>,
    /// The days that its filters let through; open ends are far away.
    pub(super) period: Option<Days>,
    /// Fixed values of dimensions, from its filters.
    pub(super) filters: Vec<(String, Vec<String>)>,
    /// Words that tell a numeric column from the others.
    pub(super) column_words: Vec<(usize, Vec<String>)>,
    /// Which of the columns of numbers are means, least or most values by their names.
    pub(super) extremes: HashMap<usize, Concept>,
    /// The year of each numeric column that is of one by its name: `revenue_2018`.
    pub(super) column_years: HashMap<usize, i16>,
    /// Columns that are of a month by their names, of several with different ones: `orders_jan`, `orders_feb`.
    pub(super) column_months: HashMap<usize, i8>,
    /// Rows that the model saw.
    pub(super) seen: usize,
    /// Columns whose numbers are parts of a whole, ids among them.
    pub(super) rates: Vec<usize>,
    /// How many of them are not ids.
    pub(super) numeric_rates: usize,
    /// Whether the result is of parts of a whole by its title.
    pub(super) titled_rate: bool,
    /// Columns that count things beside another one with amounts.
    pub(super) counts: Vec<usize>,
    /// Whether it has a column of whole numbers that measures something.
    pub(super) has_counts: bool,
    /// Words in the names of the result and its columns.
    pub(super) name_words: Vec<String>,
    /// What columns come to whose type does not say that they hold numbers.
    pub(super) summaries: HashMap<usize, ColumnSummary>,
    /// The numbers in its cells, exactly, by column of numbers.
    pub(super) exact: HashMap<usize, Vec<Option<Decimal>>>,
    /// The rows of each numeric column from the greatest to the least, once somebody asked.
    pub(super) sorted: RefCell<HashMap<usize, Rc<Vec<usize>>>>,
}

impl Shape {
    /// Takes columns of years in, and of the months in them.
    pub(super) fn add_years(
        &mut self,
        table: &ResultTable,
        years: HashMap<usize, Vec<Option<i16>>>,
        months: &[(usize, usize)],
    ) {
        for (column, years) in years {
            let month = months
                .iter()
                .find(|(_, year)| *year == column)
                .map(|(month, _)| *month);
            let days = years.iter().enumerate().map(|(row, year)| {
                let year = (*year)?;
                let Some(month) = month else {
                    return Some((Date::new(year, 1, 1).ok()?, Date::new(year + 1, 1, 1).ok()?));
                };
                let month = i8::try_from(whole(table.rows.get(row)?.get(month)?)?).ok()?;
                let from = Date::new(year, month, 1).ok()?;
                Some((from, from.checked_add(1.month()).ok()?))
            });
            self.times.push((column, days.collect()));
        }
        self.times.sort_by_key(|(column, _)| *column);
    }
}

/// What a word says of the values of a group that a column has: their mean, the least, the most.
pub(super) fn extreme_of(low: &str) -> Option<Concept> {
    [Concept::Mean, Concept::Least, Concept::Most]
        .into_iter()
        .find(|concept| match low {
            "min" | "cheapest" | "shortest" => *concept == Concept::Least,
            "max" | "dearest" | "longest" => *concept == Concept::Most,
            "avg" | "average" | "averaging" | "averages" | "mean" => *concept == Concept::Mean,
            _ => *concept != Concept::Mean && concept.has(low),
        })
}

/// The same of a word in a column's name, where the worst is the most of what nobody wants: `worst_delay`.
pub(super) fn extreme_of_name(low: &str) -> Option<Concept> {
    let end = matches!(low, "worst" | "best" | "peak" | "top").then_some(Concept::Most);
    extreme_of(low).or(end)
}

/// The year in the name of a column: `revenue_2018`.
pub(super) fn year_of_column(column: &Column) -> Option<i16> {
    let words = name_words(&column.name);
    let mut years = words.iter().filter_map(|word| word.parse::<i16>().ok());
    years.find(|year| (1900..=2100).contains(year))
}

/// The month in the name of a column: `orders_jan`. `may` and `march` are verbs too, so that a year or another month has to help.
pub(super) fn month_of_column(column: &Column) -> Option<i8> {
    let words = name_words(&column.name);
    words.iter().find_map(|word| crate::text::month(word))
}

/// Which rows have days that no other row has.
pub(super) fn own_times(days: &[Option<Days>]) -> Vec<bool> {
    let mut rows: HashMap<Days, usize> = HashMap::new();
    for days in days.iter().flatten() {
        *rows.entry(*days).or_default() += 1;
    }
    days.iter()
        .map(|days| days.is_some_and(|days| rows.get(&days) == Some(&1)))
        .collect()
}

/// The words in the names of a result and its columns.
pub(super) fn named_words(material: &Material<'_>) -> Vec<String> {
    let columns = material.table.columns.iter();
    let names = columns.flat_map(|column| [column.name.as_str(), column.label.as_str()]);
    let all: Vec<String> = names
        .chain([material.title])
        .map(|name| name.replace('_', " "))
        .collect();
    let words = all.iter().flat_map(|name| words(name));
    words.map(|word| stem(&word.low).to_owned()).collect()
}

/// For each numeric column the words of its name and label that no other numeric column has; without those of the
/// result's title, if there are others.
pub(super) fn column_words(
    columns: &[Column],
    numeric: &[usize],
    title_text: &str,
) -> Vec<(usize, Vec<String>)> {
    let all: Vec<(usize, Vec<String>)> = numeric
        .iter()
        .filter_map(|at| {
            let column = columns.get(*at)?;
            // The year of `Trains 2025` tells `trains` from no other column that is of that year too.
            let is_year = |name: &String| {
                name.parse::<i16>()
                    .is_ok_and(|year| (1900..=2100).contains(&year))
            };
            let label = name_words(super::unit_clash::without_unit(&column.label))
                .into_iter()
                .filter(|name| !is_year(name));
            let names = name_words(&column.name).into_iter().chain(label);
            let telling = |name: &String| name.len() > 2 && !Concept::ColumnFiller.has(name);
            let mut names: Vec<String> = names
                .filter(|name| telling(&stem(name).to_owned()))
                .map(|name| root(&name).to_owned())
                .collect();
            // A column that is called `total` alone has no other name.
            if names.is_empty() {
                names.extend(name_words(&column.name).iter().map(|name| root(name).to_owned()));
            }
            names.sort_unstable();
            names.dedup();
            Some((*at, names))
        })
        .collect();
    let title: Vec<String> = words(title_text)
        .iter()
        .map(|word| root(&word.low).to_owned())
        .collect();
    let shared = |at: usize, name: &String| {
        all.iter()
            .any(|(other, names)| *other != at && names.contains(name))
    };
    // A column that is nothing but a count is of what the result is of: `Invoices by month`.
    let of = words(title_text.split(" by ").next().unwrap_or_default());
    let counted = |at: usize, names: &[String]| -> Vec<String> {
        let roots = of.iter().map(|word| root(&word.low).to_owned());
        let whole = columns
            .get(at)
            .is_some_and(|column| column.kind == ColumnKind::Integer);
        let things = of.last().is_some_and(|word| word.low.ends_with('s'));
        let is_count = whole && things && names.iter().all(|name| name == "count");
        roots
            .filter(|name| {
                is_count
                    && name.len() > 2
                    && !super::column_kinds::is_money_word(name)
                    && !Concept::ColumnFiller.has(name)
                    && !shared(at, name)
            })
            .collect()
    };
    // `variance` beside `variance_pct`: the words of the one are of both.
    let within: Vec<&Vec<String>> = all
        .iter()
        .filter(|(at, names)| {
            let holds = |(other, all): &(usize, Vec<String>)| {
                other != at && names.iter().all(|name| all.contains(name))
            };
            !names.is_empty() && all.iter().any(holds)
        })
        .map(|(_, names)| names)
        .collect();
    all.iter()
        .map(|(at, names)| {
            let own: Vec<String> = names
                .iter()
                .filter(|name| {
                    let of_both = |short: &&Vec<String>| {
                        short.contains(name) && short.iter().all(|word| names.contains(word))
                    };
                    !shared(*at, name) || within.iter().any(of_both)
                })
                .cloned()
                .collect();
            let besides: Vec<String> = own.iter().filter(|name| !title.contains(name)).cloned().collect();
            let mut telling = if besides.is_empty() { own } else { besides };
            telling.extend(counted(*at, names));
            (*at, telling)
        })
        .collect()
}
