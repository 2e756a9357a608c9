//! A key that a model's server writes into an answer is heard nowhere, however it is written and split.

use cardinal::model::Provider;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::chunks::{DONE, calls, chunk, end, events, heard, said};
use super::talk::{ask, question};
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::spellings::{leaks, spellings};

/// The key of a scripted server's settings.
const KEY: &str = "sk-test-secret";

/// All that is heard of a body, in one text.
async fn of_chat(body: String) -> String {
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    let heard = heard(&server, &question()).await.unwrap();
    let heard_texts = heard.texts.concat();
    assert_eq!(heard_texts, heard.completion.text);
    format!("{heard:?}")
}

fn is_clean(heard: &str) -> bool {
    !heard.contains("-secret") && !heard.contains("sk-te") && heard.contains("[redacted]")
}

#[tokio::test]
async fn a_key_is_not_heard_wherever_it_is_split() {
    for at in 1..KEY.len() {
        let (one, other) = KEY.split_at(at);
        for pieces in [
            vec![said(&format!("It is {one}")), said(&format!("{other}, yes."))],
            vec![
                said("It is "),
                said(one),
                chunk(json!({"content": null})),
                said(other),
                said(", yes."),
            ],
            vec![
                chunk(json!({"reasoning_content": one})),
                chunk(json!({"reasoning_content": other})),
                said("[redacted]"),
            ],
            vec![
                calls(
                    json!([{"index": 0, "id": "a", "function": {"name": "run_card", "arguments": format!("{{\"card_id\":\"{one}")}}]),
                ),
                calls(json!([{"index": 0, "function": {"arguments": format!("{other}\"}}")}}])),
            ],
        ] {
            let heard = of_chat(events(&pieces) + &events(&[end("stop")]) + DONE).await;
            assert!(is_clean(&heard), "{at}: {heard}");
        }
    }
    let letters: Vec<Value> = format!("It is {KEY}, yes.")
        .chars()
        .map(|c| said(&c.to_string()))
        .collect();
    let heard = of_chat(events(&letters) + &events(&[end("stop")]) + DONE).await;
    assert!(
        is_clean(&heard) && heard.contains("It is [redacted], yes."),
        "{heard}"
    );
}

#[tokio::test]
async fn a_key_is_not_heard_however_it_is_written() {
    for written in [
        "sk\\u002dtest\\u002dsecret",
        "sk\\u002Dtest-secret",
        "sk&#45;test&#x2d;secret",
        "sk&hyphen;test-secret",
        "sk%2Dtest%2dsecret",
        "\\u0073k-test-secret",
    ] {
        let body = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"It is {written}.\"}}}}]}}\n\n");
        let heard = of_chat(body + &events(&[end("stop")]) + DONE).await;
        assert!(heard.contains("It is [redacted]."), "{written}: {heard}");
        let refusal = format!("{{\"error\": {{\"message\": \"no such key: {written}\"}}}}");
        let server = ScriptedModel::openai_with(move |_| Reply::failed(401, refusal.clone())).await;
        let error = heard_error(&server).await;
        assert!(error.contains("no such key: [redacted]"), "{written}: {error}");
    }
    // What only looks like its beginning is heard.
    let body = events(&[said("sk-test"), said("s and sk"), said("-tests"), end("stop")]) + DONE;
    let server = ScriptedModel::openai(vec![Reply::sse(body)]).await;
    let heard = heard(&server, &question()).await.unwrap();
    assert_eq!(heard.completion.text, "sk-tests and sk-tests");
}

async fn heard_error(server: &ScriptedModel) -> String {
    heard(server, &question()).await.unwrap_err().to_string()
}

#[tokio::test]
async fn so_it_is_over_the_other_protocols() {
    let delta = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let body = events(&[
        delta("It is sk-test"),
        json!({"type": "ping"}),
        delta("-secret."),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ]);
    let server = ScriptedModel::anthropic(vec![Reply::sse(body)]).await;
    let heard = heard(&server, &question()).await.unwrap();
    assert_eq!(heard.completion.text, "It is [redacted].");

    let delta = |text: &str| json!({"type": "response.output_text.delta", "output_index": 0, "delta": text});
    let message =
        json!({"type": "message", "content": [{"type": "output_text", "text": format!("It is {KEY}.")}]});
    let body = events(&[
        delta("It is sk-te"),
        delta("st-secret."),
        json!({"type": "response.completed", "response": {"status": "completed", "output": [message]}}),
    ]);
    let server = ScriptedModel::openai(vec![Reply::sse(body)]).await;
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    let heard = ask(&settings, &question()).await.unwrap();
    assert_eq!(
        (heard.texts.concat().as_str(), heard.completion.text.as_str()),
        ("It is [redacted].", "It is [redacted].")
    );
}

const LONG: &str = "sk-proj-Ab3dEf6hIj9kLm2nOp5qRs8t";

/// What is heard, or told of a failure, of a body that a server with a long key sends.
async fn of_long_key(body: String) -> String {
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    let mut settings = server.settings();
    settings.api_key = Some(LONG.to_owned().into());
    match ask(&settings, &question()).await {
        Ok(heard) => format!("{heard:?}"),
        Err(error) => format!("{error} {error:?}"),
    }
}

#[tokio::test]
async fn most_of_a_key_is_not_heard_where_the_rest_never_comes() {
    let shows = |heard: &str| (8..LONG.len()).any(|end| heard.contains(&LONG[end - 8..end]));
    for at in [12, 20, LONG.len() - 1] {
        let part = &LONG[..at];
        let pieces: Vec<Value> = part
            .as_bytes()
            .chunks(3)
            .map(|piece| said(str::from_utf8(piece).unwrap()))
            .collect();
        for body in [
            events(&[said(&format!("The key is {part}")), end("stop")]) + DONE,
            events(&[said("The key is ")]) + &events(&pieces) + &events(&[end("stop")]) + DONE,
            events(&[said("The key is ")])
                + &events(&pieces)
                + &events(&[said(" and more."), end("stop")])
                + DONE,
            // It ends without its end.
            events(&[said("The key is ")]) + &events(&pieces),
            events(&[json!({"error": {"message": format!("bad key {part}, see the settings")}})]),
            serde_json::to_string_pretty(&json!({"error": {"message": format!("bad key {part}.")}})).unwrap(),
        ] {
            let heard = of_long_key(body.clone()).await;
            assert!(!shows(&heard), "{at}: {body}\n{heard}");
        }
    }
}

#[tokio::test]
async fn a_key_in_another_spelling_is_not_heard() {
    let hex: String = LONG.bytes().map(|byte| format!("{byte:02X}")).collect();
    let base64 = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, format!("api:{LONG}"));
    let blanks: String = LONG.chars().flat_map(|c| [c, ' ']).collect();
    for written in [LONG.to_uppercase(), hex, base64, blanks.trim_end().to_owned()] {
        let whole = of_long_key(events(&[said(&format!("It is {written}.")), end("stop")]) + DONE).await;
        let pieces: Vec<Value> = written
            .as_bytes()
            .chunks(5)
            .map(|piece| said(str::from_utf8(piece).unwrap()))
            .collect();
        let spread = of_long_key(events(&pieces) + &events(&[said(". Yes."), end("stop")]) + DONE).await;
        for heard in [whole, spread] {
            assert!(heard.contains("[redacted]"), "{written}: {heard}");
            assert!(
                !heard.contains(&written[written.len() - 16..]),
                "{written}: {heard}"
            );
        }
    }
}

/// What a model's words are cut into: pieces of so many characters, again and again.
fn cut(text: &str, sizes: &[usize]) -> Vec<Value> {
    let mut sizes = sizes.iter().cycle();
    let (mut rest, mut pieces) = (text, Vec::new());
    while !rest.is_empty() {
        let size = *sizes.next().unwrap();
        let at = rest.char_indices().nth(size).map_or(rest.len(), |(at, _)| at);
        let (piece, behind) = rest.split_at(at);
        pieces.push(said(piece));
        rest = behind;
    }
    pieces
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_spelling_is_heard_in_pieces_of_any_size() {
    let keys = proptest::collection::vec(
        "(sk-|sk-test-|gsk_|)[A-Za-z0-9]{2}[0-9][A-Za-z]{2}[A-Za-z0-9_-]{14,40}",
        4,
    );
    let cuts = proptest::collection::vec(proptest::collection::vec(1usize..=12, 40), 8);
    let mut runner = TestRunner::deterministic();
    let keys = keys.new_tree(&mut runner).unwrap().current();
    let cuts = cuts.new_tree(&mut runner).unwrap().current();
    let mut sizes: Vec<Vec<usize>> = (1..=6).map(|size| vec![size]).collect();
    sizes.extend(cuts);
    for (nth, key) in keys.iter().enumerate() {
        for (at, (name, written)) in spellings(key).iter().enumerate() {
            // Of pieces of one character all spellings are tried.
            for sizes in [&sizes[0], &sizes[1 + (at + nth * 5) % (sizes.len() - 1)]] {
                let pieces = cut(&format!("The key is {written} so."), sizes);
                let body = events(&pieces) + &events(&[end("stop")]) + DONE;
                let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
                let mut settings = server.settings();
                settings.api_key = Some(key.clone().into());
                let heard = ask(&settings, &question()).await.unwrap();
                let text = &heard.completion.text;
                assert_eq!(&heard.texts.concat(), text);
                let what = format!("{name} of {key} by {sizes:?}: {text}");
                assert!(text.contains("[redacted]") && text.ends_with("so."), "{what}");
                assert!(!leaks(text, key, written), "{what}");
            }
        }
    }
}

/// Readers of streams take such lines for events, so a key that is spread over them is looked for as well.
#[tokio::test]
async fn no_key_is_heard_of_lines_in_other_spellings() {
    for field in [
        " data: ",
        "DATA:",
        "data : ",
        "data",
        "\0data: ",
        "result: ",
        "chunk ",
        "9a\r\ndata: ",
        "",
    ] {
        let pieces = cut(&format!("The key is {LONG} so."), &[3]);
        let lines = pieces.iter().map(|piece| format!("{field}{piece}\n\n"));
        let body = lines.collect::<String>() + &events(&[end("stop")]) + DONE;
        let heard = of_long_key(body).await;
        assert!(heard.contains("The key is [redacted] so."), "{field:?}: {heard}");
    }
    let lines = cut(&format!("The key is {LONG} so."), &[3]);
    let line: String = lines.iter().map(|piece| format!("data: {piece}")).collect();
    let heard = of_long_key(format!("{line}\n\n") + &events(&[end("stop")]) + DONE).await;
    assert!(heard.contains("The key is [redacted] so."), "one line: {heard}");
}
