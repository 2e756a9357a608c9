//! Right answers over tables of public databases that no other set here uses, in the styles of several writers: terse lists, tables,
//! long prose, comparisons, ranks, changes, shares, dates, counts beside means; mostly English, some German. The same answers
//! with one thing exchanged each are what has to be caught.
//!
//! `results.py` makes the results. The answers were written without sight of the matcher's code and split by a hash of their names:
//! `work` was worked with, and `held` was looked at once, when that work was done. Before any change 94.1 % and 94.0 % of the
//! exchanged rows were caught, 92.5 % and 92.2 % of the exchanged columns, and 5.6 % and 6.5 % of the right figures were flagged.
//! After the work 99.1 % of the exchanged rows of `held` and 94.3 % of its exchanged columns were caught, and 5.9 % of its right
//! figures flagged; then some of what that look found was mended, so a new set is needed to measure with.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "public/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "public/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}
