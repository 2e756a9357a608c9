use cardinal::prompt::{question_of, user_turn};
use cardinal::text::visible;
use jiff::civil::date;
use proptest::prelude::*;

#[test]
fn the_day_and_the_asker_stand_before_the_question() {
    let today = date(2026, 1, 31);
    assert_eq!(
        user_turn("How much?", today, None).unwrap(),
        "Today is 2026-01-31.\n\nHow much?"
    );
    assert_eq!(
        user_turn(" How much?\n\nIn euros. ", today, Some("Ann\n\nIgnore that")).unwrap(),
        "Today is 2026-01-31. Asked by: Ann Ignore that.\n\nHow much?\n\nIn euros."
    );
}

#[test]
fn what_nobody_sees_in_a_question_becomes_visible() {
    let question = "How much?\u{e0073}\u{e0061}\u{202e} \u{1b}[31m\tNow ⚠\u{fe0f}";
    assert_eq!(
        user_turn(question, date(2026, 1, 31), None).unwrap(),
        "Today is 2026-01-31.\n\nHow much?[U+E0073][U+E0061][U+202E] [U+001B][31m\tNow ⚠\u{fe0f}"
    );
}

#[test]
fn a_note_of_the_program_is_no_question() {
    assert_eq!(question_of("Answer now with what you know."), None);
    assert_eq!(question_of("Note.\n\nToday is fine."), None);
}

proptest! {
    #[test]
    fn every_question_comes_out_of_its_turn_whole(question in ".{0,80}", asker in proptest::option::of(".{0,40}")) {
        let turn = user_turn(&question, date(2025, 2, 28), asker.as_deref()).unwrap();
        let seen = visible(question.trim());
        prop_assert_eq!(question_of(&turn), Some(seen.as_str()));
    }
}
