//! Right answers as an analyst writes them, over results of fields that no other set has.

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
