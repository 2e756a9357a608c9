//! Right answers as people of small trades and clubs write them, over results that no other set has: beekeepers, trams, notaries,
//! a packing shed, an energy cooperative, escape rooms, chess, translators, elevators, a dog shelter, satellites, customs.
//!
//! `results.py` makes the results. Results and answers were written with knowledge of what was found wrong from outside, before
//! anything was mended, and split by a hash of their names. At first look 95.4 % and 99.1 % of the exchanges of `work` and `held` were
//! caught, and 7.7 % and 4.7 % of the right figures were flagged; by reference 6.1 % and 1.9 % were. The work was done on `work`; of
//! `held` only what it had in common with it, and the lists of its flagged figures were seen.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "guild/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "guild/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}
