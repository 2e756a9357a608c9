//! Right answers as assistants in companies write them, over results that no other set has: finance, subscriptions, support,
//! marketing, staff, public offices, shops, airlines, factories, hospitals, energy, sport.
//!
//! They were written without knowledge of how figures are matched, by two who wanted them natural and not hard, and split by a
//! hash of their names. At first look 99.3 % and 96.9 % of the exchanges of `work` and `held` were caught, and 11.1 % and 12.0 % of
//! the right figures were flagged.
//! After the work 99.3 % and 95.3 % were caught, and 1.5 % and 6.8 % flagged; of `held` only the counts were looked at. Some
//! exchanges of `work` were caught at first only because a right figure beside them was flagged.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "offices/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "offices/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}
