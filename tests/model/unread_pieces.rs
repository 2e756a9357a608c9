//! Objects of a stream in which nothing is known: read where their meaning is plain, a cut that is said where they hold words under a
//! name that words have, and passed over else. Where no answer comes, the first of them is named.

use cardinal::model::{ModelError, StopCause};
use serde_json::{Value, json};

use super::chunks::{DONE, called, chunk, end, events, heard, said, says};
use super::talk::{Heard, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

pub(super) const WHOLE: &str = "Revenue was 7. Refunds are not in it.";

/// A stream of chat completions with something in its middle.
pub(super) fn around(middle: &str) -> String {
    events(&[said("Revenue was 7.")]) + middle + &events(&[end("stop")]) + DONE
}

/// The same of Anthropic's Messages.
pub(super) fn message_around(middle: &str) -> String {
    let text = |text: &str| json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}});
    let begun = [
        json!({"type": "message_start", "message": {"id": "m", "role": "assistant", "content": []}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        text("Revenue was 7."),
    ];
    let ended = [
        json!({"type": "content_block_stop", "index": 0}),
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ];
    events(&begun) + middle + &events(&ended)
}

/// The same of a response whose end repeats nothing.
pub(super) fn response_around(middle: &str) -> String {
    let begun = [
        json!({"type": "response.created", "response": {"status": "in_progress", "instructions": "You answer.", "output": []}}),
        json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Revenue was 7."}),
    ];
    let ended = [json!({"type": "response.completed", "response": {"status": "completed", "output": []}})];
    events(&begun) + middle + &events(&ended)
}

pub(super) async fn of_message(body: String) -> Result<Heard, ModelError> {
    let server = ScriptedModel::anthropic_with(move |_| Reply::sse(body.clone())).await;
    heard(&server, &question()).await
}

pub(super) async fn of_response(body: String) -> Result<Heard, ModelError> {
    let server = ScriptedModel::responses_with(move |_| Reply::sse(body.clone())).await;
    heard(&server, &question()).await
}

pub(super) fn is_whole(told: Result<Heard, ModelError>, form: &str) {
    let told = told.unwrap_or_else(|error| panic!("{form}: {error}"));
    assert_eq!(
        (told.completion.text.as_str(), told.completion.stop),
        (WHOLE, StopCause::End),
        "{form}"
    );
    assert_eq!(told.texts.concat(), WHOLE, "{form}");
}

pub(super) fn is_short(told: Result<Heard, ModelError>, form: &str) {
    let told = told.unwrap_or_else(|error| panic!("{form}: {error}"));
    assert_eq!(told.completion.text, "Revenue was 7.", "{form}");
}

/// A cut that shows what the server sent.
pub(super) fn is_cut(told: Result<Heard, ModelError>, form: &str) {
    let error = told
        .err()
        .unwrap_or_else(|| panic!("taken for a whole answer: {form}"));
    let shown = error.to_string();
    assert!(
        matches!(error, ModelError::Unreadable { .. } | ModelError::BrokeOff { .. }),
        "{form}: {error:?}"
    );
    assert!(
        shown.contains("not in it") || !form.contains("not in it"),
        "{form}: {shown}"
    );
}

#[tokio::test]
async fn a_piece_is_read_in_an_envelope_and_in_any_shape() {
    let rest = " Refunds are not in it.";
    let piece = said(rest);
    for object in [
        json!({"result": piece}),
        json!({"data": piece}),
        json!({"data": [said(" Refunds are"), said(" not in it.")]}),
        json!({"data": piece.to_string()}),
        json!({"event": "message", "data": piece}),
        json!({"code": 0, "msg": "success", "data": {"chunk": piece}}),
        json!({"choices": [{"index": 0, "delta": rest}]}),
        json!({"choices": [{"index": 0, "delta": [" Refunds are", " not in it."]}]}),
        json!({"choices": [{"index": 0, "delta": {"text": rest}}]}),
        json!({"choices": [{"delta": {"answer": rest}}]}),
        json!({"choices": [{"delta": {"role": "assistant", "output_text": rest}}]}),
        json!({"choices": [{"delta": {"markdown": rest}}]}),
        json!({"choices": [{"delta": {"message": rest}}]}),
        json!({"choices": [{"delta": {"Content": rest}}]}),
        json!({"choices": [{"delta": {"content": "", "result": rest}}]}),
        json!({"choices": [{"delta": {"parts": [{"text": rest}]}}]}),
        json!({"choices": [{"delta": {"content_blocks": [{"type": "text", "text": rest}]}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": "", "text": rest}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": [" Refunds are", " not in it."]}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": [{"type": "text", "text": [rest]}]}}]}),
        json!({"choices": [{"index": 0, "delta": {}, "text": rest}]}),
        json!({"choices": [{"index": 0, "message": rest}]}),
        json!({"choices": {"index": 0, "delta": {"content": rest}}}),
        json!({"choices": {"0": {"delta": {"content": rest}}}}),
        json!({"delta": {"content": rest}}),
        json!({"delta": rest, "finish_reason": null}),
        json!({"candidates": [{"content": {"role": "model", "parts": [{"text": "hm", "thought": true}, {"text": rest}]}}],
            "usageMetadata": {"promptTokenCount": 9}}),
    ] {
        is_whole(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    let (one, two) = (said(" Refunds are"), said(" not in it."));
    for lines in [
        format!(": OPENROUTER PROCESSINGdata: {piece}\n\n"),
        format!("data: : OPENROUTER PROCESSINGdata: {piece}\n\n"),
        format!("event: message data: {piece}\n\n"),
        format!("id: 7 data: {piece}\n\n"),
        format!("data: [{one},{two}]\n\n"),
        format!("data: [[{one}],[{two}]]\n\n"),
        format!("data: {one}{two}\n\n"),
        format!("data: {}\n\n", json!(piece.to_string())),
        format!("{one}{two}\n"),
        format!("[{one},\n{two}]\n"),
        format!("event: completion\ndata: {one}\nevent: completion\ndata: {two}\n\n"),
    ] {
        is_whole(says(around(&lines)).await, &lines);
    }
    let candidate = json!({"candidates": [{"content": {"parts": [{"functionCall": {"name": "run_card", "args": {"card_id": 7}}}]}, "finishReason": "STOP"}]});
    let told = says(events(&[candidate])).await.unwrap();
    assert_eq!(called(&told), ["run_card{\"card_id\":7}"]);
}

#[tokio::test]
async fn a_piece_that_nobody_knows_and_that_holds_words_is_a_cut_in_the_servers_words() {
    let rest = " Refunds are not in it.";
    for object in [
        json!({"text": rest}),
        json!({"content": rest}),
        json!({"token": {"text": rest}, "generated_text": null}),
        json!({"completion": rest, "stop_reason": null}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": rest}}),
        json!({"type": "response.output_text.delta", "delta": rest}),
        json!({"output": [{"type": "text", "text": rest}]}),
        json!({"finish": "length"}),
        json!({"stop_reason": "max_tokens"}),
        json!({"choices": [], "text": rest}),
        json!({"choices": [rest]}),
        json!({"object": "chat.completion.chunk", "output_text": rest}),
        json!({"one": said(rest), "other": said(rest)}),
    ] {
        is_cut(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    // A piece that may be one is missing before the first word as well.
    let body = events(&[json!({"text": "Revenue was 7."}), said(rest), end("stop")]) + DONE;
    assert!(says(body).await.is_err());
}

#[tokio::test]
async fn a_strange_piece_is_named_where_no_answer_comes_and_passed_over_where_one_does() {
    let rest = " Refunds are not in it.";
    let strange = json!({"say": rest});
    let lines = events(&[strange.clone()]);
    is_short(says(around(&lines)).await, "chat");
    is_short(of_message(message_around(&lines)).await, "messages");
    is_short(of_response(response_around(&lines)).await, "responses");
    is_short(
        says(around(&events(&[
            json!({"chunk": {"bytes": "IFJlZnVuZHMgYXJlIG5vdCBpbiBpdC4="}}),
        ])))
        .await,
        "bytes",
    );
    for ended in [
        events(&[strange.clone(), end("stop")]) + DONE,
        events(&[strange.clone()]) + DONE,
        events(&[strange.clone()]),
        events(&[chunk(json!({"role": "assistant", "say": rest})), end("stop")]) + DONE,
    ] {
        is_cut(says(ended.clone()).await, &ended);
    }
    let stopped = events(&[
        json!({"type": "message_start", "message": {"role": "assistant", "content": []}}),
        strange,
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ]);
    is_cut(of_message(stopped.clone()).await, &stopped);
}

#[tokio::test]
async fn lines_that_are_no_events_are_a_cut_behind_the_first_word() {
    for lines in [
        "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\n\n<body>nginx</body></html>\n\n",
        "<html>\n<head><title>502 Bad Gateway</title></head>\n<center>nginx</center>\n",
        "status: 500\n\n",
        "HTTP/1.1 502 Bad Gateway\n\n",
        "message: upstream died\n\n",
        "[ERROR] upstream died\n\n",
        "data: [\"Refunds\", 7]\n\n",
        "data: \"Refunds\"\n\n",
    ] {
        for told in [
            says(around(lines)).await,
            of_message(message_around(lines)).await,
            of_response(response_around(lines)).await,
        ] {
            let error = told
                .err()
                .unwrap_or_else(|| panic!("taken for a whole answer: {lines}"));
            assert!(
                matches!(error, ModelError::Unreadable { .. }),
                "{lines}: {error:?}"
            );
        }
    }
    for lines in [
        ": data: nothing yet\n\n",
        "x-request-id: 7\n\n",
        "time: 12:00\n\n",
        "id: 7 data\n\n",
    ] {
        is_short(says(around(lines)).await, lines);
    }
}

#[tokio::test]
async fn ornaments_cut_nothing() {
    let choice = |fields: Value| json!({"object": "chat.completion.chunk", "choices": [fields]});
    for object in [
        json!({"object": "chat.completion.chunk", "id": "c", "model": "m", "created": 1, "choices": []}),
        json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}, "obfuscation": "aXbY"}),
        json!({"choices": [], "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": false, "severity": "safe"}}}]}),
        json!({"choices": null, "usage": {"prompt_tokens": 9}}),
        choice(
            json!({"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null, "logprobs": null}),
        ),
        choice(json!({"index": 0, "delta": {"content": null, "tool_calls": []}})),
        choice(json!({"index": 0, "delta": null})),
        choice(
            json!({"index": 0, "delta": {"annotations": [{"type": "url_citation", "url_citation": {"title": "T", "content": "C"}}]}}),
        ),
        choice(
            json!({"index": 0, "delta": {"context": {"citations": [{"content": "C"}], "intent": "[\"x\"]"}}}),
        ),
        choice(
            json!({"index": 0, "delta": {}, "content_filter_results": {"self_harm": {"severity": "safe"}}}),
        ),
        choice(
            json!({"index": 0, "delta": {"content": ""}, "logprobs": {"content": [{"token": "Re", "bytes": [82]}]}}),
        ),
        json!({"type": "ping"}),
        json!({"type": "keepalive", "message": null}),
        json!({"event": "heartbeat", "time": "12:00"}),
        json!({"status": "queued", "position": 3}),
        json!({"type": "status", "data": {"description": "Searching the web"}}),
        json!({"sources": [{"document": ["a text"], "name": "n"}]}),
        json!({"citations": ["https://example.com/a"]}),
        json!({"conversation_id": "a", "message_id": "b", "createdAt": "2026-01-01"}),
        json!({"provider": "p", "model": "m", "system_fingerprint": "f"}),
        json!({"timings": {"prompt_ms": 3.5}}),
        json!({"done": true}),
        json!({}),
    ] {
        is_short(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    // Behind a whole answer servers send what they like, but for words.
    let whole = [said("Revenue was 7."), end("stop")];
    let behind = |object: Value| events(&[&whole[..], &[object]].concat()) + DONE;
    is_short(
        says(behind(json!({"trailer": {"note": "bye"}}))).await,
        "a trailer",
    );
    assert!(says(behind(json!({"text": " Refunds are not."}))).await.is_err());
}

#[tokio::test]
async fn an_event_of_anthropics_is_read_in_any_shape_or_is_a_cut() {
    let rest = " Refunds are not in it.";
    let named = |name: &str, object: &Value| format!("event: {name}\ndata: {object}\n\n");
    let delta = json!({"type": "text_delta", "text": rest});
    let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
    for lines in [
        named("content_block_delta", &json!({"index": 0, "delta": delta})),
        events(&[json!({"index": 0, "delta": delta})]),
        events(&[delta.clone()]),
        events(&[json!({"result": event})]),
        events(&[json!({"event": "content_block_delta", "data": {"index": 0, "delta": delta}})]),
        events(&[json!({"type": "content_block_delta", "index": 0, "delta": rest})]),
        events(&[json!({"type": "content_block_delta", "index": 0, "delta": {"text": rest}})]),
        events(&[
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "content": rest}}),
        ]),
        events(&[json!({"type": "content_block_delta", "index": 0, "text": rest})]),
        events(&[
            json!({"type": "content_block_start", "index": 1, "content_block": {"type": "output_text", "text": rest}}),
        ]),
        events(&[json!({"type": "content_block_start", "index": 1, "content_block": rest})]),
        format!("event: content_block_delta data: {event}\n\n"),
        format!("data: [{event}]\n\n"),
    ] {
        is_whole(of_message(message_around(&lines)).await, &lines);
    }
    for object in [
        said(rest),
        json!({"type": "completion", "completion": rest}),
        json!({"type": "text", "text": rest}),
        json!({"type": "message_delta", "delta": {"content": rest}}),
        json!({"type": "content_block_delta", "index": 7, "delta": {"type": "input_json_delta", "partial_json": rest}}),
    ] {
        is_cut(
            of_message(message_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    // The API asks its clients to pass over types that they do not know.
    for object in [
        json!({"type": "ping"}),
        json!({"type": "content_block_progress", "percent": 7, "label": "half"}),
        json!({"type": "message_annotation", "annotation": {"text": "a source"}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"cited_text": "a"}}}),
    ] {
        is_short(
            of_message(message_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    for content in [
        json!(WHOLE),
        json!([WHOLE]),
        json!({"type": "text", "text": WHOLE}),
    ] {
        let whole =
            json!({"type": "message", "role": "assistant", "content": content, "stop_reason": "end_turn"});
        is_whole(of_message(whole.to_string()).await, &whole.to_string());
        let started = json!({"type": "message_start", "message": whole});
        is_whole(
            of_message(events(&[started.clone(), json!({"type": "message_stop"})])).await,
            &started.to_string(),
        );
    }
}

#[tokio::test]
async fn an_event_of_a_response_is_read_in_any_shape_or_is_a_cut() {
    let rest = " Refunds are not in it.";
    let named = |name: &str, object: &Value| format!("event: {name}\ndata: {object}\n\n");
    let delta = |delta: Value| events(&[json!({"type": "response.output_text.delta", "delta": delta})]);
    for lines in [
        named(
            "response.output_text.delta",
            &json!({"output_index": 0, "delta": rest}),
        ),
        events(&[json!({"data": {"type": "response.output_text.delta", "delta": rest}})]),
        events(&[json!({"type": "output_text.delta", "delta": rest})]),
        events(&[json!({"type": "response.text.delta", "delta": rest})]),
        events(&[json!({"type": "response.output_text.delta", "text": rest})]),
        events(&[
            json!({"type": "response.content_part.done", "part": {"type": "output_text", "text": rest}}),
        ]),
        delta(json!({"text": rest})),
        delta(json!({"type": "output_text", "content": rest})),
        delta(json!([" Refunds are", " not in it."])),
    ] {
        is_whole(of_response(response_around(&lines)).await, &lines);
    }
    for object in [
        said(rest),
        json!({"type": "response.delta", "delta": {"content": rest}}),
        json!({"type": "response.message.delta", "delta": rest}),
        json!({"delta": rest, "item_id": "m"}),
        json!({"type": "response.function_call_arguments.delta", "delta": rest}),
    ] {
        let lines = events(&[object.clone()]);
        is_cut(of_response(response_around(&lines)).await, &object.to_string());
        // The end repeats the whole answer, so that nothing is missing from it.
        let message = json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": WHOLE}]});
        let ended =
            json!({"type": "response.completed", "response": {"status": "completed", "output": [message]}});
        let told = of_response(lines + &events(&[ended])).await.unwrap();
        assert_eq!(told.completion.text, WHOLE, "{object}");
    }
    for object in [
        json!({"type": "keepalive"}),
        json!({"type": "response.content_part.added", "part": {"type": "output_text", "text": ""}}),
        json!({"type": "response.content_part.done", "part": {"type": "output_text", "text": "Revenue was 7."}}),
        json!({"type": "response.output_text.done", "text": "Revenue was 7."}),
        json!({"type": "response.reasoning_summary_text.delta", "delta": "hm"}),
        json!({"type": "response.reasoning_summary_part.done", "part": {"type": "summary_text", "text": "hm"}}),
        json!({"type": "response.code_interpreter_call_code.done", "code": "1 + 1"}),
        json!({"type": "response.output_text.annotation.added", "annotation": {"title": "T", "text": "x"}}),
        json!({"type": "response.web_search_call.searching", "item_id": "w"}),
        json!({"type": "response.something_new.done", "label": "half"}),
    ] {
        is_short(
            of_response(response_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
}

#[tokio::test]
async fn a_response_that_was_stopped_is_a_cut() {
    for kind in ["response.cancelled", "response.canceled"] {
        let stopped = json!({"type": kind, "response": {"status": "in_progress"}});
        let body = response_around(&events(&[stopped]));
        let error = of_response(body).await.unwrap_err().to_string();
        assert!(error.contains("`cancelled`"), "{error}");
    }
}

#[tokio::test]
async fn halves_of_a_character_in_two_pieces_are_one_character() {
    let delta = |text: &str| {
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let beside = events(&[json!({"choices": [], "usage": {"prompt_tokens": 9}}), said("")]);
    for (first, second, text) in [
        ("Well \\ud83d", "\\ude00 done", "Well 😀 done"),
        ("\\uD83D\\uDE00\\ud83d", "\\ude00", "😀😀"),
        ("Well \\ud83d", "done", "Well \u{fffd}done"),
        ("Well ", "\\ude00done", "Well \u{fffd}done"),
        ("Well \\ud83d", "\\ud83d\\ude00 \\ud83d", "Well \u{fffd}😀 "),
    ] {
        for between in ["", ": ping\n\n", beside.as_str()] {
            let body = delta(first) + between + &delta(second) + &events(&[end("stop")]) + DONE;
            let told = says(body.clone()).await.unwrap();
            assert_eq!(told.completion.text, text, "{body}");
            assert_eq!(told.texts.concat(), text, "{body}");
        }
    }
    let piece = |written: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":0,\"id\":\"a\",\"function\":{{\"name\":\"run_card\",\"arguments\":\"{written}\"}}}}]}}}}]}}\n\n"
        )
    };
    let body =
        piece("{\\\"card_id\\\":\\\"\\ud83d") + &piece("\\ude00\\\"}") + &events(&[end("tool_calls")]) + DONE;
    assert_eq!(
        called(&says(body).await.unwrap()),
        ["run_card{\"card_id\":\"😀\"}"]
    );
    let text = |text: &str| {
        format!(
            "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"text_delta\",\"text\":\"{text}\"}}}}\n\n"
        )
    };
    let told = of_message(message_around(&(text(" \\ud83d") + &text("\\ude00"))))
        .await
        .unwrap();
    assert_eq!(told.completion.text, "Revenue was 7. 😀");
    let more =
        |text: &str| format!("data: {{\"type\":\"response.output_text.delta\",\"delta\":\"{text}\"}}\n\n");
    let told = of_response(response_around(&(more(" \\ud83d") + &more("\\ude00"))))
        .await
        .unwrap();
    assert_eq!(told.completion.text, "Revenue was 7. 😀");
}

/// What is new is told by the choice: a piece of a call does not count as the words that are missing beside it.
#[tokio::test]
async fn thoughts_alone_are_no_lost_words() {
    let thought = chunk(json!({"reasoning_details": [{"type": "reasoning.text", "text": "hm"}]}));
    is_short(says(around(&events(&[thought]))).await, "a thought");
}
