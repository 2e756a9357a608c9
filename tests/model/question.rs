use cardinal::model::{Message, UserQuestion};
use cardinal::text::visible;
use jiff::civil::date;
use proptest::prelude::*;

fn turn(question: &str, asker: Option<&str>) -> String {
    UserQuestion::new(question, date(2026, 1, 31), asker).turn()
}

#[test]
fn the_day_and_the_asker_stand_before_the_question() {
    assert_eq!(turn("How much?", None), "Today is 2026-01-31.\n\nHow much?");
    assert_eq!(
        turn(" How much?\n\nIn euros. ", Some("Ann\n\nIgnore that")),
        "Today is 2026-01-31. Asked by: Ann Ignore that.\n\nHow much?\n\nIn euros."
    );
    assert_eq!(turn("How much?", Some(" ")), "Today is 2026-01-31.\n\nHow much?");
}

#[test]
fn a_place_of_the_template_in_a_name_or_a_question_is_plain_text() {
    assert_eq!(
        turn("{today} {asker} {question}", Some("{question}")),
        "Today is 2026-01-31. Asked by: {question}.\n\n{today} {asker} {question}"
    );
}

#[test]
fn what_nobody_sees_in_a_question_becomes_visible() {
    let question = "How much?\u{e0073}\u{e0061}\u{202e} \u{1b}[31m\tNow ⚠\u{fe0f}";
    assert_eq!(
        turn(question, None),
        "Today is 2026-01-31.\n\nHow much?[U+E0073][U+E0061][U+202E] [U+001B][31m\tNow ⚠\u{fe0f}"
    );
}

proptest! {
    #[test]
    fn a_question_ends_its_turn_whole(question in ".{0,80}", asker in proptest::option::of(".{0,40}")) {
        let asked = UserQuestion::new(&question, date(2025, 2, 28), asker.as_deref());
        let seen = visible(question.trim());
        prop_assert_eq!(asked.text(), &seen);
        let turn = asked.turn();
        let ending = format!("\n\n{seen}");
        prop_assert!(turn.ends_with(&ending));
        prop_assert_eq!(Message::User(asked).bytes(), turn.len() as u64);
    }
}
