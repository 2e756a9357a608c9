//! A key that a model's server writes into an answer is heard nowhere, however it is written and split.

use cardinal::model::Provider;
use serde_json::{Value, json};

use super::chunks::{DONE, calls, chunk, end, events, heard, said};
use super::talk::{ask, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

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
