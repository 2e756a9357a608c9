//! What the values of a column mean, which decides what may be computed of them.

use memchr::memmem;

use super::described_unit::{described_unit, is_currency, own_unit, unit_of};
use super::{Column, ColumnKind, NumberStyle, ResultTable};

/// What a column's values mean. Numbers are not all amounts: the sum of order numbers or of ages says nothing.
///
/// It is read from the column's type first, then from its bucket, name and label. There is one such reading, and whoever
/// has to know whether a column is a key, a year or a rate asks for it here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnMeaning {
    /// Numbers that add up and have a mean: money, counts of separate things, durations.
    Amount,
    /// Numbers that have a mean, but whose sum says nothing: stars, ages, ranks.
    Score,
    /// Numbers of groups of different sizes, or that hold each other: averages, shares, distinct counts, running totals.
    /// Neither their sum nor their mean says anything.
    Rate,
    /// Numbers that are places on a scale: years, latitudes.
    Position,
    /// Numbers that only tell things apart: `id`, `order_id`.
    Identifier,
    /// Numbers of a part of time that rows are grouped by: the hour of the day, the day of the week.
    TimePart,
    /// Days, moments and times of day.
    Time,
    Name,
    Truth,
    Unknown,
}

/// Words of columns whose numbers only have a mean.
const SCORES: &str = "rating score rank ranking age bewertung";
/// Words of columns whose numbers are not even that.
const RATES: &str = "avg average averages averaged mean median percentile percent percentage pct rate rates ratio share \
    yoy mom qoq distinct unique cumulative durchschnitt durchschnittlich anteil prozent moyenne taux pourcentage \
    promedio tasa porcentaje";
/// Words of columns whose numbers are percentages.
const PERCENTAGES: &str = "percent percentage pct prozent";
/// Whole names of columns whose numbers are places on a scale.
const POSITIONS: &str = "year latitude longitude lat lng lon jahr vintage jahrgang season saison yr fy";

/// Last words of columns of whole numbers that only tell things apart.
const CODES: &str = "code zip zipcode postal postcode plz siren siret ean isbn iban sku phone fax uuid key";
/// Last words that say so only behind another word: `order_number`, `account no`.
const NUMBERINGS: &str = "number no nr";
/// Words before `year` that make a column one of years.
const KINDS_OF_YEAR: &str =
    "fiscal calendar birth model tax financial school academic build founding founded harvest crop vintage";

const YEARS: &str = "year jahr année año anno ano jaar vintage jahrgang season saison yr fy";
/// Words of columns of years that say what a value is among others.
const OF_ALL: &str = "avg average mean median min max earliest latest oldest newest durchschnitt of in the";
/// What happened in the year that a column tells.
const BEGINNINGS: &str = "built build made construction constructed manufacture manufactured founded founding foundation opened \
    opening established registered registration released release published publication born birth begun started bought \
    commissioned completed";

/// Words of columns whose numbers are of no unit: they count things, or set figures against each other.
const UNITLESS: &str = "count counts number num distinct rows rate ratio share quote anzahl anteil";

/// Whether a word is in a list.
fn among(list: &str, word: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(|byte| *byte == b' ');
    let (list, word) = (list.as_bytes(), word.as_bytes());
    let is_whole = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| list.get(at));
        is_end(before) && is_end(list.get(at + word.len()))
    };
    !word.is_empty() && memmem::find_iter(list, word).any(is_whole)
}

impl Column {
    /// Whether its name says that it holds percentages and nothing says how they are written.
    pub(crate) fn says_percent(&self) -> bool {
        let plain = self.format.style != Some(NumberStyle::Percent);
        let says = |name: &String| {
            let low = name.to_lowercase();
            let mut words = low.split(|c: char| !c.is_alphanumeric());
            low.contains('%') || words.any(|word| among(PERCENTAGES, word))
        };
        plain && self.kind.is_numeric() && [&self.name, &self.label].into_iter().any(says)
    }

    /// Whether its values may be years, also where they are means of them: `avg_year_built`.
    pub(crate) fn may_hold_years(&self) -> bool {
        [&self.name, &self.label].into_iter().any(|name| {
            let low = name.to_lowercase();
            let words = low.split(|c: char| !c.is_alphanumeric());
            let words: Vec<&str> = words
                .filter(|word| !word.is_empty() && !among(OF_ALL, word))
                .collect();
            match words.as_slice() {
                [year, rest @ ..] if among(YEARS, year) => rest.iter().all(|word| among(BEGINNINGS, word)),
                [kind, year] if among(YEARS, year) => among(KINDS_OF_YEAR, kind) || among(BEGINNINGS, kind),
                _ => false,
            }
        })
    }

    /// Whether its values are amounts of money in whole units of a currency: as it is set up, or as its name or description say.
    pub(crate) fn counts_money(&self) -> bool {
        let format = &self.format;
        let set_up = format.currency.is_some() || format.style == Some(NumberStyle::Currency);
        let coded = self.name.rsplit(|c: char| !c.is_alphanumeric()).next();
        let named = || self.named_unit().is_some_and(is_currency);
        let told = || {
            let unit = self.told_unit().or_else(|| described_unit(&self.label));
            unit.is_some_and(|unit| is_currency(&unit))
        };
        set_up
            || (self.kind.is_numeric()
                && self.meaning().measures()
                && (told() || named() || coded.is_some_and(|code| is_currency(&code.to_uppercase()))))
    }

    pub fn meaning(&self) -> ColumnMeaning {
        match self.kind {
            ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Time => ColumnMeaning::Time,
            ColumnKind::Text => ColumnMeaning::Name,
            ColumnKind::Boolean => ColumnMeaning::Truth,
            ColumnKind::Other => ColumnMeaning::Unknown,
            ColumnKind::Integer | ColumnKind::Number if self.unit.is_some() => ColumnMeaning::TimePart,
            ColumnKind::Integer | ColumnKind::Number => self.meaning_of_numbers(),
        }
    }

    /// Whether its name says that its whole numbers are codes or numberings.
    fn is_code(&self) -> bool {
        let name = self.name.to_lowercase();
        let mut words = name
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let Some(last) = words.next_back().filter(|_| self.kind == ColumnKind::Integer) else {
            return false;
        };
        among(CODES, last) || (among(NUMBERINGS, last) && words.next().is_some())
    }

    /// Whether its name says that it holds years.
    fn is_year(&self) -> bool {
        let name = self.name.to_lowercase();
        let words: Vec<&str> = name.split(|c: char| !c.is_alphanumeric()).collect();
        matches!(words.as_slice(), [kind, "year"] if among(KINDS_OF_YEAR, kind))
    }

    fn meaning_of_numbers(&self) -> ColumnMeaning {
        let name = self.name.to_lowercase();
        if name == "id" || name.ends_with("_id") || name.ends_with(" id") || self.is_code() {
            return ColumnMeaning::Identifier;
        }
        if self.format.style == Some(NumberStyle::Percent) {
            return ColumnMeaning::Rate;
        }
        if self.is_year() {
            return ColumnMeaning::Position;
        }
        let mut meaning = ColumnMeaning::Amount;
        for text in [&self.name, &self.label] {
            let low = text.to_lowercase();
            if among(POSITIONS, &low) {
                return ColumnMeaning::Position;
            }
            let mut words = low.split(|c: char| !c.is_alphanumeric());
            if low.contains('%') || words.clone().any(|word| among(RATES, word)) {
                return ColumnMeaning::Rate;
            }
            if words.any(|word| among(SCORES, word)) {
                meaning = ColumnMeaning::Score;
            }
        }
        meaning
    }
}

impl Column {
    /// The unit of its numbers as a description tells it, its own or that of the entry which they came from.
    pub(crate) fn told_unit(&self) -> Option<String> {
        self.format.told_unit.clone().or_else(|| self.described_unit())
    }

    /// The unit of its numbers as its description tells it, where they measure something.
    fn described_unit(&self) -> Option<String> {
        let measures = self.kind.is_numeric() && self.meaning().measures();
        let text = self.description.as_deref().filter(|_| measures)?;
        let own = || own_unit(text).filter(|_| !self.has_no_unit());
        described_unit(text).or_else(own)
    }

    /// The unit that a text about the whole table tells of this column: USD of `revenue` in `Revenue (USD) and orders by month`.
    fn unit_told_in(&self, text: &str) -> Option<String> {
        unit_of(text, &[&self.name, &self.label])
    }

    /// Whether its name says that it counts things or compares figures, so that no currency or measure is its unit.
    fn has_no_unit(&self) -> bool {
        let name = self.name.to_lowercase();
        let mut words = name.split(|c: char| !c.is_alphanumeric());
        words.any(|word| among(UNITLESS, word))
    }
}

impl ResultTable {
    /// The units that descriptions tell of columns which have none, by the columns' places: a column's own, or `about`, what
    /// is said of the entry that the rows are of. A unit that is told there of no column in particular is that of the only
    /// one which can have it.
    pub(crate) fn units_told(&self, about: Option<&str>) -> Vec<(usize, String)> {
        let has_none = |at: usize, column: &Column| {
            let measures = column.kind.is_numeric() && column.meaning().measures();
            measures && column.format.unit_words().is_none() && !self.has_percentages(at)
        };
        let columns = self.columns.iter().enumerate();
        let open: Vec<(usize, &Column)> = columns.filter(|(at, column)| has_none(*at, column)).collect();
        let told = open.iter().filter_map(|(at, column)| {
            let in_particular = || column.unit_told_in(about?);
            Some((*at, column.told_unit().or_else(in_particular)?))
        });
        let mut told: Vec<(usize, String)> = told.collect();
        let Some(unit) = about.and_then(|about| described_unit(about).or_else(|| own_unit(about))) else {
            return told;
        };
        let named = open.iter().filter_map(|(_, column)| column.named_unit());
        let mut known = told.iter().map(|(_, known)| known.as_str()).chain(named);
        if known.any(|known| known.eq_ignore_ascii_case(&unit)) {
            return told;
        }
        let free = open.into_iter().filter(|(at, column)| {
            let place = column.meaning() == ColumnMeaning::Position;
            !place
                && !column.has_no_unit()
                && column.named_unit().is_none()
                && told.iter().all(|(known, _)| known != at)
        });
        let free: Vec<(usize, &Column)> = free.collect();
        // Whole numbers beside one column of fractions are counts, mostly.
        let mut fractions = free
            .iter()
            .filter(|(_, column)| column.kind == ColumnKind::Number);
        let only = match (free.as_slice(), fractions.next(), fractions.next()) {
            ([(at, _)], _, _) | (_, Some((at, _)), None) => Some(*at),
            _ => None,
        };
        told.extend(only.map(|at| (at, unit)));
        told
    }
}

impl ResultTable {
    /// Whether a column holds percentages as they are read, 12.5 for 12.5 %: its name says so, and its values are not such as
    /// fractions are, 0.125 for the same.
    pub(crate) fn has_percentages(&self, column: usize) -> bool {
        let says = self.columns.get(column).is_some_and(Column::says_percent);
        let mut cells = self.rows.iter().filter_map(|row| row.get(column)?.amount());
        says && cells.any(|amount| amount.as_f64().abs() > 1.0)
    }
}

impl ColumnMeaning {
    /// Whether its values are numbers that measure something, and not numbers that only name it.
    pub fn measures(self) -> bool {
        matches!(self, Self::Amount | Self::Score | Self::Rate | Self::Position)
    }

    /// Whether its values are numbers that say nothing but which one is meant: ids, codes, years, hours.
    pub(crate) fn only_names(self) -> bool {
        matches!(self, Self::Identifier | Self::Position | Self::TimePart)
    }

    /// Whether the sum of its values says something.
    pub fn adds_up(self) -> bool {
        self == Self::Amount
    }

    /// Whether the mean of its values says something.
    pub fn has_mean(self) -> bool {
        matches!(self, Self::Amount | Self::Score)
    }
}
