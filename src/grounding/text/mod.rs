//! How a text is built: its words, the periods it names, its sentences, clauses and tables. Knows nothing of results.

mod calendar;
mod layout;
mod period;
mod words;

pub(super) use layout::{Layout, TextPlace};
pub(super) use period::{Days, Relation, TextPeriod, days_of_iso, periods};
pub(super) use words::{Span, TextWord, each_word, held, holder, stem, words};
