//! What the name of a column of numbers says of them: a unit in short, money, or that they number things.

use super::described_unit::{CODES, is_currency};
use super::{Cell, Column, ColumnKind, ColumnMeaning, ResultTable};

/// Short words for units, and what each stands for. Currencies stand in a list of their own.
const UNITS: [(&str, &str); 11] = [
    ("h", "hours"),
    ("hrs", "hours"),
    ("kg", "kg"),
    ("km", "km"),
    ("kwh", "kWh"),
    ("l", "litres"),
    ("min", "minutes"),
    ("mins", "minutes"),
    ("ms", "milliseconds"),
    ("mwh", "MWh"),
    ("sec", "seconds"),
];
/// Currencies whose codes are common words in small letters.
const WORDS_TOO: [&str; 2] = ["COP", "TRY"];
/// Words beside `min` that make it minutes, and no least value.
const DURATIONS: &str =
    "dur duration time wait waiting delay travel runtime idle downtime response call session lead";
/// Words of columns of money.
const MONEY: &str = "amount amt price revenue payment payments payout payouts cost costs sales income salary fee fees profit \
    turnover balance net gross umsatz betrag preis kosten";
/// Words of columns of whole numbers that are so many or so much of something.
const AMOUNTS: &str = "count cnt num qty quantity total sum volume weight height length width duration size stock traffic \
    points pts capacity area population value share percent score growth change diff per max min anzahl menge";

/// Years that a column may hold of which nothing else says it.
const YEARS: std::ops::RangeInclusive<i64> = 1900..=2100;

/// The words of a name in small letters.
fn words(name: &str) -> Vec<String> {
    let low = name.to_lowercase();
    let words = low.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn among(list: &str, word: &str) -> bool {
    list.split_ascii_whitespace().any(|one| one == word)
}

/// The currency with this code, in whatever letters it is written.
fn currency(word: &str) -> Option<&'static str> {
    let code = CODES.iter().find(|code| code.eq_ignore_ascii_case(word))?;
    (!WORDS_TOO.contains(code)).then_some(code)
}

fn unit(word: &str) -> Option<&'static str> {
    let short = UNITS.iter().find(|(short, _)| *short == word);
    short.map(|(_, unit)| *unit).or_else(|| currency(word))
}

impl Column {
    /// The unit in short that its name ends with: EUR of `payout_eur` and of `eur_2024`, hours of `avg_h`. `None` where the name
    /// has several, as `eur_kg` has, or is nothing but the unit.
    pub(crate) fn named_unit(&self) -> Option<&'static str> {
        if !self.kind.is_numeric() || !self.meaning().measures() {
            return None;
        }
        let all = words(&self.name);
        let is_number = |word: &String| word.bytes().all(|byte| byte.is_ascii_digit());
        let mut named = all.iter().filter(|word| !is_number(word)).rev();
        let last = named.next()?;
        let found = unit(last)?;
        let others: Vec<&String> = named.collect();
        let several = others.iter().any(|word| *word == "per" || unit(word).is_some());
        let is_least =
            matches!(last.as_str(), "min" | "mins") && !others.iter().any(|word| among(DURATIONS, word));
        (all.len() > 1 && !several && !is_least).then_some(found)
    }

    /// Whether its name says that it holds money, and nothing says another unit.
    pub(crate) fn is_named_like_money(&self) -> bool {
        let named = || words(&self.name).iter().any(|word| among(MONEY, word));
        let other_unit = || {
            let told = self.told_unit().is_some_and(|unit| !is_currency(&unit));
            told || self.named_unit().is_some_and(|unit| !is_currency(unit))
        };
        self.kind.is_numeric()
            && self.meaning().measures()
            && self.format.suffix.is_none()
            && self.format.scale.is_none()
            && named()
            && !other_unit()
    }

    /// Whether its whole numbers may be those of things that are numbered, such as batches: its name is that of one thing and of
    /// no amount.
    pub(crate) fn may_number_things(&self) -> bool {
        let all = words(&self.name);
        let one_thing = all.last().is_some_and(|last| {
            last.len() > 2 && (!last.ends_with('s') || last.ends_with("ss") || last.ends_with("us"))
        });
        let amount = |word: &String| among(MONEY, word) || among(AMOUNTS, word) || unit(word).is_some();
        self.kind == ColumnKind::Integer
            && self.meaning() == ColumnMeaning::Amount
            && self.format.is_plain()
            && self.told_unit().is_none()
            && one_thing
            && !all.iter().any(amount)
    }
}

impl ResultTable {
    /// Whether the numbers of a column only say which one is meant: by its meaning, or because it is the first one and numbers
    /// the rows, or holds years.
    pub(crate) fn only_names(&self, at: usize) -> bool {
        let Some(column) = self.columns.get(at) else {
            return false;
        };
        column.meaning().only_names()
            || (column.may_number_things() && (self.is_numbered_by(at) || self.holds_years(at)))
    }

    /// Whether a first column that may number things tells all rows apart.
    pub(crate) fn is_numbered_by(&self, at: usize) -> bool {
        let numbers = || self.columns.first().is_some_and(Column::may_number_things);
        at == 0 && self.columns.len() > 1 && self.rows.len() > 1 && numbers() && self.are_different(&[0])
    }

    /// Whether a column of whole numbers holds years, few of them and close together, as amounts would hardly be.
    fn holds_years(&self, at: usize) -> bool {
        let mut years = std::collections::BTreeSet::new();
        for row in &self.rows {
            match row.get(at) {
                Some(Cell::Null) => {}
                Some(Cell::Number(number)) => match number.as_i64().filter(|year| YEARS.contains(year)) {
                    Some(year) => drop(years.insert(year)),
                    None => return false,
                },
                _ => return false,
            }
        }
        let (Some(first), Some(last)) = (years.first(), years.last()) else {
            return false;
        };
        let span = usize::try_from(last - first + 1).unwrap_or(usize::MAX);
        years.len() > 1 && years.len() * 2 > span && self.rows.len() >= years.len() * 2
    }

    /// Whether the rows of a column of money are in different currencies, which another column tells.
    pub(crate) fn mixes_currencies(&self, at: usize) -> bool {
        let Some(column) = self.columns.get(at) else {
            return false;
        };
        let own =
            column.format.currency.is_some() || column.told_unit().is_some() || column.named_unit().is_some();
        let is_code = |cell: &Cell| matches!(cell, Cell::Text(code) if CODES.contains(&&**code));
        let tells = |of: usize| {
            let mut cells = self.rows.iter().filter_map(|row| row.get(of));
            let first = cells.clone().find(|cell| **cell != Cell::Null);
            let codes = cells.clone().all(|cell| *cell == Cell::Null || is_code(cell));
            codes && cells.any(|cell| *cell != Cell::Null && Some(cell) != first)
        };
        let says_so = |of: usize| {
            let teller = self.columns.get(of).map(|teller| teller.name.to_lowercase());
            let described = words(column.description.as_deref().unwrap_or_default());
            teller.is_some_and(|teller| described.contains(&teller))
        };
        let mut tellers = (0..self.columns.len()).filter(|of| {
            self.columns
                .get(*of)
                .is_some_and(|one| one.kind == ColumnKind::Text)
                && tells(*of)
        });
        !own && column.kind.is_numeric() && tellers.any(|of| says_so(of) || column.is_named_like_money())
    }
}
