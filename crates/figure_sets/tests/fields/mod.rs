//! Right answers as an analyst writes them, over results of fields that no other set has: fisheries, water works, bike share,
//! deployments, landing pages, hotels, courts, a blood bank, ski lifts, forestry, podcasts, call centres, freight and more. Half of the
//! results have integer keys, short names, several dates or times in a row, or columns of percentages.
//!
//! `results.py` makes the results. Results and answers were written before any of the matcher's code was looked at, and split by a
//! hash of their names. At first look 94.5 % and 98.4 % of the exchanged rows of `work` and `held` were caught, 97.8 % and 98.8 % of
//! the exchanged columns, and 7.3 % and 6.2 % of the right figures were flagged. After the work on `work` alone 3.8 % of those of
//! `held` were. Then that half was mended too, so a new set is needed to measure with.

use super::unseen::measure::hold;

#[test]
fn the_half_to_work_with() {
    hold(
        "fields/reached_work.txt",
        (include_str!("results.json"), include_str!("answers_work.txt")),
        include_str!("reached_work.txt"),
    );
}

#[test]
fn the_half_that_was_held_back() {
    hold(
        "fields/reached_held.txt",
        (include_str!("results.json"), include_str!("answers_held.txt")),
        include_str!("reached_held.txt"),
    );
}

/// Written when the work was done, over other tables, but with sight of the code. At first look all 128 exchanges were caught, and 9 of
/// 132 right figures were flagged (6.8 %); eight of these were mended, and with them went three catches by accident.
#[test]
fn what_was_written_after_the_work() {
    hold(
        "fields/reached_later.txt",
        (
            include_str!("results_later.json"),
            include_str!("answers_later.txt"),
        ),
        include_str!("reached_later.txt"),
    );
}
