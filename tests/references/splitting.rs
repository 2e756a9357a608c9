use cardinal::references::{ReferencedText, TextPiece, TextSplitter};
use proptest::prelude::*;

use super::kit::{known, shop};

fn pieces(chunks: &[&str]) -> Vec<TextPiece> {
    let mut splitter = TextSplitter::default();
    let mut pieces: Vec<TextPiece> = chunks.iter().flat_map(|chunk| splitter.push(chunk)).collect();
    pieces.extend(splitter.finish());
    joined(pieces)
}

fn joined(pieces: Vec<TextPiece>) -> Vec<TextPiece> {
    let mut joined: Vec<TextPiece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(TextPiece::Text(before)), TextPiece::Text(more)) => before.push_str(&more),
            (_, piece) => joined.push(piece),
        }
    }
    joined
}

fn text(text: &str) -> TextPiece {
    TextPiece::Text(text.to_owned())
}

fn reference(inside: &str) -> TextPiece {
    TextPiece::Reference(inside.to_owned())
}

#[test]
fn text_goes_on_and_only_an_open_reference_waits() {
    let mut splitter = TextSplitter::default();
    assert_eq!(splitter.push("Revenue was "), [text("Revenue was ")]);
    assert_eq!(splitter.push("{"), []);
    assert_eq!(splitter.push("{r1 rev"), []);
    assert_eq!(splitter.push("enue}} in"), [reference("r1 revenue"), text(" in")]);
    assert_eq!(splitter.push(" May {x"), [text(" May {x")]);
}

#[test]
fn braces_in_the_quotes_of_a_key_are_data() {
    for inside in [
        "r1 revenue @ \"{{x}}\"",
        "r1 revenue @ \"a }} b\" | M",
        "share r1 n @ `{{` of `}}`",
    ] {
        let whole = format!("It is {{{{{inside}}}}} here.");
        let wanted = [text("It is "), reference(inside), text(" here.")];
        assert_eq!(pieces(&[&whole]), wanted);
        for cut in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
            assert_eq!(pieces(&[&whole[..cut], &whole[cut..]]), wanted, "{cut}");
        }
    }
    // A quote behind the reference is none of it, and one without its other half is no quote.
    let mut splitter = TextSplitter::default();
    assert_eq!(
        splitter.push("{{r1 n}} of \"a"),
        [reference("r1 n"), text(" of \"a")]
    );
    assert_eq!(
        pieces(&["{{r1 n @ \"a}} and\nmore"]),
        [reference("r1 n @ \"a"), text(" and\nmore")]
    );
}

#[test]
fn what_is_not_a_reference_is_text() {
    for plain in [
        "{{ user.name }}",
        "{{}}",
        "{ {r1 x}}",
        "{{r1\nrevenue}}",
        "{{revenue}}",
        "{{table}}",
        "{{table of contents}}",
        "a { b } c }}",
        "{",
        "{{",
        "{{x",
    ] {
        assert_eq!(pieces(&[plain]), [text(plain)], "{plain}");
    }
    let long = format!("{{{{r1 {}}}}} end", "x".repeat(500));
    assert_eq!(pieces(&[&long]), [text(&long)]);
}

#[test]
fn braces_around_a_reference_are_text() {
    assert_eq!(
        pieces(&["{{{r1 x}}} {{ {{r2}}"]),
        [text("{"), reference("r1 x"), text("} {{ "), reference("r2")]
    );
}

#[test]
fn a_reference_that_the_end_leaves_open_is_told_from_text() {
    assert_eq!(
        pieces(&["so ", "{{r1 reve"]),
        [text("so "), TextPiece::Unclosed("r1 reve".to_owned())]
    );
}

/// Texts with much that could be a reference.
fn any_text() -> impl Strategy<Value = String> {
    let parts = prop_oneof![
        Just("{".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("}".to_owned()),
        Just("%".to_owned()),
        Just(" ".to_owned()),
        Just("\n".to_owned()),
        Just("$".to_owned()),
        Just("{{r2 revenue @ 2024 | M}}".to_owned()),
        Just(" million".to_owned()),
        Just("per cent".to_owned()),
        Just("{{r1 revenue @ 2025-02}}".to_owned()),
        Just("{{r1 rows}}".to_owned()),
        Just("{{r9 x}}".to_owned()),
        Just("{{change r2 revenue @ 2024 -> 2025}}".to_owned()),
        Just("{{table r2 | first 2}}".to_owned()),
        Just("{{chart r1: line}}".to_owned()),
        Just("r1 revenue @ \"".to_owned()),
        Just("{{table r1: ".to_owned()),
        "[a-zé€#@|,=\\-> ]{0,12}",
    ];
    prop::collection::vec(parts, 0..14).prop_map(|parts| parts.concat())
}

/// A text cut anywhere.
fn cut_text() -> impl Strategy<Value = (String, Vec<String>)> {
    (
        any_text(),
        prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    )
        .prop_map(|(text, cuts)| {
            let chars: Vec<char> = text.chars().collect();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
            cuts.extend([0, chars.len()]);
            cuts.sort_unstable();
            let chunks = cuts
                .windows(2)
                .map(|pair| chars[pair[0]..pair[1]].iter().collect());
            (text, chunks.collect())
        })
}

proptest! {
    #[test]
    fn the_pieces_are_the_same_whatever_the_cuts((text, chunks) in cut_text()) {
        let chunks: Vec<&str> = chunks.iter().map(String::as_str).collect();
        prop_assert_eq!(pieces(&chunks), pieces(&[&text]));
    }

    #[test]
    fn nothing_is_lost(text in any_text()) {
        let back: String = pieces(&[&text]).into_iter().map(|piece| match piece {
            TextPiece::Text(text) => text,
            TextPiece::Reference(inside) => format!("{{{{{inside}}}}}"),
            TextPiece::Unclosed(inside) => format!("{{{{{inside}"),
        }).collect();
        prop_assert_eq!(back, text);
    }

    #[test]
    fn a_stream_says_what_the_whole_text_says((text, chunks) in cut_text()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let held = shop();
        let known = runtime.block_on(known(&held));
        let whole = ReferencedText::of(&text, &known);
        let mut stream = ReferencedText::default();
        let mut told = String::new();
        for chunk in &chunks {
            for piece in stream.split(chunk) {
                told.push_str(stream.put(piece, &known));
            }
        }
        for piece in stream.rest() {
            told.push_str(stream.put(piece, &known));
        }
        told.push_str(stream.end());
        prop_assert_eq!(&told, whole.text());
        prop_assert_eq!(stream.text(), whole.text());
        for figure in whole.figures() {
            prop_assert!(whole.text().get(figure.start..figure.end).is_some());
        }
        prop_assert!(whole.figures().windows(2).all(|pair| pair[0].end <= pair[1].start));
    }

    #[test]
    fn any_bytes_between_braces_are_read_without_a_panic(inside in "\\PC{0,60}") {
        let _ = cardinal::references::Reference::parse(&format!("r1 {inside}"));
        let _ = cardinal::references::Reference::parse(&format!("share r1 {inside} of r2"));
        let _ = cardinal::references::Reference::parse(&inside);
    }
}
