//! How a text is built: its words, the periods it names, its sentences, clauses and tables. Knows nothing of results.

mod calendar;
mod layout;
mod period;
mod words;

pub(super) use layout::{Layout, Place};
pub(super) use period::{Days, Period, Relation, days_of_iso, periods};
pub(super) use words::{Span, Word, held, holder, stem, words};
