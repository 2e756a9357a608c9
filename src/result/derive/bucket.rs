use jiff::civil::Date;

use super::moment::WrittenTime;
use crate::result::{Column, ColumnKind};

/// How coarse times are grouped. Weeks are not among them: on which day one begins is the server's setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Granularity {
    Hour,
    Day,
    Month,
    Quarter,
    Year,
}

impl Granularity {
    /// All of them, finest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Month, Self::Quarter, Self::Year];

    /// Its name in calls and headers.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// Whether values of `column` are at least as fine.
    pub fn fits(self, column: &Column) -> bool {
        let finest = match column.kind {
            ColumnKind::Datetime => Self::Hour,
            ColumnKind::Date => Self::Day,
            _ => return false,
        };
        let bucketed = match column.unit.as_deref() {
            None | Some("minute" | "hour" | "default") => finest,
            // Weeks lie across months.
            Some("day") => Self::Day,
            Some("month") => Self::Month,
            Some("quarter") => Self::Quarter,
            Some("year") => Self::Year,
            Some(_) => return false,
        };
        self >= bucketed.max(finest)
    }

    /// The column of the buckets of `column`.
    pub(crate) fn column(self, column: &Column) -> Column {
        Column {
            name: column.name.clone(),
            label: self.label_of(column),
            kind: self.kind(),
            unit: Some(self.word().to_owned()),
            description: None,
            format: column.format.clone(),
        }
    }

    /// The label of the column of the buckets: `Created At: Quarter` of `Created At: Month`, also where the server wrote the
    /// unit in another language.
    fn label_of(self, column: &Column) -> String {
        let label = column.label.as_str();
        let mut letters = self.word().chars();
        let capital = letters.next().into_iter().flat_map(char::to_uppercase);
        let word: String = capital.chain(letters).collect();
        if let Some((of, _)) = label.rsplit_once(": ").filter(|_| column.unit.is_some()) {
            return format!("{of}: {word}");
        }
        let mut from_end = label.char_indices().rev();
        let begins = from_end.find(|(_, c)| !c.is_alphanumeric());
        let begins = begins.map_or(0, |(at, c)| at + c.len_utf8());
        let (before, last) = label.split_at_checked(begins).unwrap_or(("", label));
        let named = Self::ALL.iter().any(|one| one.word().eq_ignore_ascii_case(last));
        if !named || (column.unit.is_none() && !before.is_empty()) {
            return label.to_owned();
        }
        let is_capital = last.starts_with(char::is_uppercase);
        format!("{before}{}", if is_capital { &word } else { self.word() })
    }

    /// The type of the beginnings of its buckets.
    pub(crate) fn kind(self) -> ColumnKind {
        if self == Self::Hour {
            ColumnKind::Datetime
        } else {
            ColumnKind::Date
        }
    }

    /// The beginning of the bucket a time falls into.
    pub(super) fn start_of(self, moment: WrittenTime) -> Option<String> {
        let civil = moment.civil;
        let date = civil.date();
        let first_of = |month| Date::new(date.year(), month, 1).ok();
        Some(match self {
            Self::Hour => format!("{date}T{:02}:00:00", civil.hour()),
            Self::Day => date.to_string(),
            Self::Month => first_of(date.month())?.to_string(),
            Self::Quarter => first_of((date.month() - 1) / 3 * 3 + 1)?.to_string(),
            Self::Year => first_of(1)?.to_string(),
        })
    }
}
