//! Right answers as assistants in companies write them, over results that no other set has: finance, subscriptions, support,
//! marketing, staff, public offices, shops, airlines, factories, hospitals, energy, sport.
//!
//! They were written without knowledge of how figures are matched, by two who wanted them natural and not hard, and split by a
//! hash of their names. At first look 96.9 % and 99.3 % of the exchanges of `work` and `held` were caught, and 12.0 % and 11.1 % of
//! the right figures were flagged.

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
