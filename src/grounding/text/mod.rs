//! How a text is built: its words, the periods it names, its sentences, clauses and tables. Knows nothing of results.

mod calendar;
mod days;
mod layout;
mod period;
mod period_reader;
mod words;

pub(super) use days::{begins_week, days_of_iso, same_length};
pub(super) use layout::{Layout, TextPlace};
pub(super) use period::{Days, Relation, TextPeriod, periods};
pub(super) use words::{Span, TextWord, each_word, held, holder, is_singular, root, stem, words};
