//! Right answers as an analyst writes them, over results of trades that no other set has: hospital wards, leagues, energy meters,
//! a library, flights, payroll, elections, homes and more; prose, lists and tables, with signs, units, shares, ranks, changes
//! from year to year, several results, several date columns, integer keys and short names; English and some German.
//!
//! `results.py` makes the results. Results and answers were written without sight of the matcher's code, and split by a hash of
//! their names. At first look, before any change, 97.6 % and 95.7 % of the exchanged rows of `work` and `held` were caught, 85.4 %
//! and 87.0 % of the exchanged columns, and 2.5 % and 3.0 % of the right figures were flagged. What these looks found in both halves
//! was mended, so a new set is needed to measure with.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "trades/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "trades/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}

/// Written when the work was done, over other tables, but with sight of the code. At first look all 93 exchanged rows were caught,
/// 33 of 40 exchanged columns, and 3 of 157 right figures were flagged; one of these was mended.
#[test]
fn what_was_written_after_the_work() {
    hold(
        "trades/reached_later.txt",
        (
            include_str!("results_later.json"),
            include_str!("answers_later.txt"),
        ),
        include_str!("reached_later.txt"),
    );
}
