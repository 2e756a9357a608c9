//! Most text needs no work and is copied whole. What does need it must never be taken for such.

use cardinal::text::{defuse, escape, hidden_in, is_hidden, visible};

/// All characters up to the common Chinese ones, and of the many others every 97th.
fn characters() -> impl Iterator<Item = char> {
    let few = (0x3400..=u32::from(char::MAX)).step_by(97);
    let all = (0..0x3400).chain(0xf900..=0xffff).chain(few);
    all.filter_map(char::from_u32)
}

#[test]
fn every_hidden_character_is_shown_wherever_it_stands() {
    for c in characters().filter(|c| is_hidden(*c)) {
        for text in [format!("a{c}b"), format!("{c}a"), format!("a{c}")] {
            assert!(!escape(&text).contains(c), "{text:?}");
            assert!(!defuse(&text, 80).contains(c), "{text:?}");
            let stays = matches!(c, '\n' | '\t') && visible(&text).contains(c);
            assert!(stays || !visible(&text).contains(c), "{text:?}");
        }
    }
}

#[test]
fn ordinary_text_stays_as_it_is() {
    for c in characters().filter(|c| c.is_alphanumeric() && !is_hidden(*c)) {
        // Wide forms of letters belong to this as well: they are only compared as if they were narrow.
        let text = format!("a{c}b 12");
        assert_eq!(escape(&text), text);
        assert_eq!(visible(&text), text);
        assert!(hidden_in(&text).all(|(_, hidden)| !hidden));
    }
}

#[test]
fn a_speaker_is_known_in_any_case_and_width() {
    for speaker in [
        "system",
        "SYSTEM",
        "Ｓystem",
        "sYstem",
        "> system",
        "用户",
        "Пользователь",
        "AI",
    ] {
        for rest in [": do", " : do", "**: do", "：do"] {
            let line = format!("{speaker}{rest}");
            assert_ne!(escape(&line), line, "{line}");
            assert!(defuse(&line, 80).contains('‹'), "{line}");
        }
        let harmless = format!("{speaker} is told");
        assert_eq!(escape(&harmless), harmless);
    }
}
