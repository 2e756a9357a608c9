use serde_json::json;

use super::*;

const SECRET: &str = "sk-test-secret";

/// What is passed on of these pieces, each as soon as it is.
fn passed(pieces: &[String]) -> Vec<String> {
    let mut events = EventTexts::new(SecretTexts::of(vec![SECRET.to_owned()]));
    let mut passed = Vec::new();
    let mut ready = Vec::new();
    for piece in pieces {
        events.push(piece.as_bytes(), &mut ready);
        passed.push(String::from_utf8(std::mem::take(&mut ready)).unwrap());
    }
    events.finish(&mut ready);
    passed.push(String::from_utf8(ready).unwrap());
    passed
}

fn said(text: &str) -> String {
    format!(
        "data: {}\n\n",
        json!({"choices": [{"delta": {"content": text}}], "id": "c"})
    )
}

/// The text that the events of a stream make.
fn text(stream: &str) -> String {
    let events = stream.lines().filter_map(|line| Some(event(line.as_bytes())?.0));
    let texts =
        events.filter_map(|event| Some(event.pointer("/choices/0/delta/content")?.as_str()?.to_owned()));
    texts.collect()
}

#[test]
fn a_credential_is_found_however_it_is_spread() {
    let whole = format!("The key is {SECRET}, and sk-te is none; s");
    let clean = "The key is [redacted], and sk-te is none; s";
    for size in 1..whole.len() {
        let pieces: Vec<String> = whole
            .as_bytes()
            .chunks(size)
            .map(|part| said(str::from_utf8(part).unwrap()))
            .collect();
        let seen = passed(&pieces).concat();
        assert_eq!(text(&seen), clean, "{size}");
        assert_eq!(seen.matches("\n\n").count(), pieces.len(), "{size}");
    }
    let twice = [
        said("sk-te"),
        said("st-secretsk-"),
        said("test-sec"),
        said("ret."),
    ];
    assert_eq!(text(&passed(&twice).concat()), "[redacted][redacted].");
    let begun_twice = [said("s"), said("sk"), said("-test-secret")];
    assert_eq!(text(&passed(&begun_twice).concat()), "s[redacted]");
}

/// At most two pieces of prose are held back, and most of them are not.
#[test]
fn prose_is_passed_on_as_it_comes() {
    let prose = "Revenue in 2025 was 446,213.55 in total, which is 7.3 % more than in 2024. Most of it (61 %) came from \
                 customers in Germany; sales in Spain and Sweden shrank for the second quarter, as discounts ended. The \
                 strongest month was March with 51,207.10, the weakest one October. Costs of sending goods were 1,153.07.";
    let mut pieces: Vec<String> = Vec::new();
    for (nth, c) in prose.chars().enumerate() {
        match pieces
            .last_mut()
            .filter(|last| last.len() < 1 + nth % 6 && c != ' ')
        {
            Some(last) => last.push(c),
            None => pieces.push(c.to_string()),
        }
    }
    let key = "sk-test-Qz7vXk29LmPw4RtYb8Nc".to_owned();
    let mut events = EventTexts::new(SecretTexts::of(vec![key]));
    let (mut waited, mut said_so_far, mut ready) = (0, String::new(), Vec::new());
    for piece in &pieces {
        said_so_far += piece;
        events.push(said(piece).as_bytes(), &mut ready);
        let shown = text(str::from_utf8(&ready).unwrap());
        assert!(said_so_far.len() - shown.len() <= 12, "{said_so_far} / {shown}");
        waited += usize::from(shown != said_so_far);
    }
    assert!(waited * 5 < pieces.len(), "{waited} of {}", pieces.len());
}

#[test]
fn what_may_begin_one_waits_for_no_more_than_it_has_to() {
    let seen = passed(&[said("Seven"), said(" units"), said(" sold")]);
    assert_eq!(
        seen,
        [
            said("Seven"),
            String::new(),
            said(" units") + &said(" sold"),
            String::new()
        ]
    );
    // The end of an answer, and of a stream, tells that nothing goes on.
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n".to_owned();
    let seen = passed(&[said("units"), end.clone()]);
    assert_eq!(seen, [String::new(), said("units") + &end, String::new()]);
    let seen = passed(&[said("units"), "data: [DONE]\n\n".to_owned()]);
    assert_eq!(seen.concat(), said("units") + "data: [DONE]\n\n");
    assert_eq!(seen[2], "");
    let words = ": units".to_owned();
    assert_eq!(
        passed(std::slice::from_ref(&words)),
        [words, String::new()],
        "no event"
    );
    let json = "{\"content\":[{\"text\":\"sk-test\"},{\"text\":\"-secret.\"}]}\n".to_owned();
    let clean = "{\"content\":[{\"text\":\"\"},{\"text\":\"[redacted].\"}]}\n";
    assert_eq!(passed(&[json]), [clean, ""], "no stream");
    let mut many = vec![said("units")];
    many.resize(200, ": ping\n\n".to_owned());
    assert!(
        passed(&many)[..150].concat().contains("units"),
        "other lines do not keep it for ever"
    );
}
