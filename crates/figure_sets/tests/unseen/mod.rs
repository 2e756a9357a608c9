//! Answers and faults that were written before the matcher was changed, and without sight of it: results whose rows are
//! told apart by whole numbers, short names, several date columns, times of day, figures in text.
//!
//! The set has two halves: `work` was worked with, `held` was looked at once, when the work was done. Both are tables for
//! people: the test prints, of each kind of answer, how many planted faults were caught and how many right figures
//! were flagged.

mod fault;
pub mod measure;
mod pointed;
