//! Right answers in many styles, and the same answers with one thing exchanged: prose, lists, tables, comparisons, shares,
//! changes, ranks, dates, English and some German, over real rows of public databases and over tables made for it.
//!
//! It was written before the matcher was changed, and without sight of its code. The changes were made with the half
//! `work`; `held` tells what they are worth on answers that they were not made with. At first look, before any change,
//! 90.7 % of the exchanged rows, columns, headers and counts of `work` were caught and 89.0 % of those of `held`; 5.9 % and
//! 4.9 % of the right figures were flagged. After the work on `work` alone it was 95.5 % and 4.4 % of `held`; then that half was
//! mended too, so a new set is needed to measure with. `reached_*.txt` holds what is
//! caught and flagged of each kind; `UPDATE_GROUNDING=1 cargo test --test main grounding::mixed` stores a better table.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "mixed/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "mixed/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}

/// Written when the work was done, over other tables, but with sight of the code. At first look 99.5 % of the exchanges were
/// caught and 2.3 % of the right figures were flagged; one of these was mended.
#[test]
fn what_was_written_after_the_work() {
    hold(
        "mixed/reached_later.txt",
        (
            include_str!("results_later.json"),
            include_str!("answers_later.txt"),
        ),
        include_str!("reached_later.txt"),
    );
}
