//! More odd streams, each read right, or cut and said: what testers of other gateways would try next.

use cardinal::model::StopCause;
use serde_json::{Value, json};

use super::chunks::{DONE, called, end, events, heard, said, says};
use super::talk::question;
use super::unread_pieces::{
    WHOLE, around, is_cut, is_short, is_whole, message_around, of_message, of_response, response_around,
};
use crate::support::scripted_model::{Reply, ScriptedModel};

const REST: &str = " Refunds are not in it.";

fn called_with(arguments: Value) -> Value {
    json!({"choices": [{"index": 0, "delta": arguments}]})
}

#[tokio::test]
async fn a_chunk_is_read_in_more_shapes() {
    for object in [
        json!({"choices": [{"index": 0, "content": REST}]}),
        json!({"choices": [{"index": 0, "role": "assistant", "content": [{"type": "text", "text": REST}], "finish_reason": null}]}),
        json!({"choices": [{"index": 0, "delta": {"content": {"parts": [{"text": REST}]}}}]}),
        json!({"choices": [{"index": 0, "delta": {"content": {"type": "text", "value": REST}}}]}),
        json!({"output": {"choices": [{"delta": {"content": REST}}]}, "usage": {"input_tokens": 9}, "request_id": "r"}),
        json!({"type": "data", "payload": {"body": {"choices": [{"delta": {"content": REST}}]}}}),
        json!({"data": {"text": REST, "finish_reason": null, "delta": REST}}),
        json!({"data": "[DONE]", "choices": [{"delta": {"content": REST}}]}),
    ] {
        is_whole(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    let piece = said(REST);
    for lines in [
        format!("data: {piece},\n\n"),
        format!("event: {piece}\n\n"),
        format!("data={piece}\n\n"),
        format!("\u{1e}{piece}\n"),
        format!("data: {}\n\n", serde_json::to_string_pretty(&piece).unwrap()),
        format!(
            "data: {}\n\n",
            serde_json::to_string_pretty(&piece)
                .unwrap()
                .replace('\n', "\ndata: ")
        ),
        format!("event: chunk\nid: 7\nretry: 3\ndata: {piece}\n\nevent: close\n\n"),
    ] {
        is_whole(says(around(&lines)).await, &lines);
    }
    let counted = json!({"output": {"choices": [{"message": {"content": "Seven."}, "finish_reason": "stop"}]},
        "usage": {"input_tokens": 9, "output_tokens": 2}});
    let told = says(events(&[counted])).await.unwrap().completion;
    assert_eq!(
        (told.text.as_str(), told.usage.unwrap().input_tokens),
        ("Seven.", 9)
    );
    let digits = json!({"choices": [{"delta": {"content": 7}}]});
    let told = says(events(&[said("It is "), digits, end("stop")]) + DONE)
        .await
        .unwrap();
    assert_eq!(told.completion.text, "It is 7");
}

#[tokio::test]
async fn calls_are_read_in_more_shapes_and_never_lost() {
    let function = json!({"name": "run_card", "arguments": "{\"card_id\":7}"});
    for delta in [
        json!({"tool_calls": json!([{"index": 0, "function": function}]).to_string()}),
        json!({"tool_calls": [{"index": 0, "function": "run_card", "arguments": {"card_id": 7}}]}),
        json!({"tool_calls": {"0": {"function": function}}}),
    ] {
        let body = events(&[called_with(delta.clone()), end("tool_calls")]) + DONE;
        assert_eq!(
            called(&says(body).await.unwrap()),
            ["run_card{\"card_id\":7}"],
            "{delta}"
        );
    }
    // What can only be named is refused like any other call, and the model is told.
    for delta in [
        json!({"tool_calls": ["run_card"]}),
        json!({"tool_calls": "run_card(7)"}),
        json!({"tool_calls": [12]}),
        json!({"function_call": "run_card"}),
    ] {
        let told = says(around(&events(&[called_with(delta.clone())])))
            .await
            .unwrap();
        assert_eq!(called(&told).len(), 1, "{delta}");
    }
    let part = json!({"type": "tool_use", "id": "a", "name": "run_card", "input": {"card_id": 7}});
    for delta in [
        json!({"tool_calls": [["run_card", {"card_id": 7}]]}),
        json!({"content": [{"type": "text", "text": "Let me see."}, part]}),
        json!({"content": [{"type": "tool_call", "name": "run_card", "args": {"card_id": 7}}]}),
    ] {
        let told = says(around(&events(&[called_with(delta.clone())])))
            .await
            .unwrap();
        assert_eq!(called(&told), ["run_card{\"card_id\":7}"], "{delta}");
    }
    let beside =
        json!({"choices": [{"delta": {}, "tool_calls": [{"function": function}], "finish_reason": "stop"}]});
    let told = says(events(&[said("So."), beside]) + DONE).await.unwrap();
    assert_eq!(called(&told), ["run_card{\"card_id\":7}"]);
    for block in [
        json!({"type": "mcp_tool_use", "id": "a", "name": "run_card", "input": {"card_id": 7}}),
        json!({"type": "function", "function": function}),
        json!({"type": "tool_call", "name": "run_card", "arguments": {"card_id": 7}}),
    ] {
        let event = json!({"type": "content_block_start", "index": 1, "content_block": block});
        let told = of_message(message_around(&events(&[event]))).await.unwrap();
        assert_eq!(called(&told), ["run_card{\"card_id\":7}"], "{block}");
    }
    let item =
        json!({"type": "tool_call", "call_id": "c", "name": "run_card", "arguments": "{\"card_id\":7}"});
    let response = json!({"object": "response", "status": "completed", "output": [item]});
    let told = of_response(response.to_string()).await.unwrap();
    assert_eq!(called(&told), ["run_card{\"card_id\":7}"]);
    let arguments = |delta: Value| json!({"type": "content_block_delta", "index": 1, "delta": delta});
    let started = json!({"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "a", "name": "run_card", "input": {}}});
    for delta in [
        json!({"type": "input_json_delta", "partial_json": {"card_id": 7}}),
        json!({"type": "input_json_delta", "input": "{\"card_id\":7}"}),
        json!({"partial_json": "{\"card_id\":7}"}),
    ] {
        let body = message_around(&events(&[started.clone(), arguments(delta.clone())]));
        let told = of_message(body).await.unwrap();
        assert_eq!(called(&told), ["run_card{\"card_id\":7}"], "{delta}");
    }
    let item =
        json!({"type": "function_call", "id": "f", "call_id": "c", "name": "run_card", "arguments": ""});
    let added = json!({"type": "response.output_item.added", "output_index": 1, "item": item});
    let more = |delta: Value| json!({"type": "response.function_call_arguments.delta", "output_index": 1, "item_id": "f", "delta": delta});
    let body = response_around(&events(&[added, more(json!({"arguments": "{\"card_id\":7}"}))]));
    assert_eq!(
        called(&of_response(body).await.unwrap()),
        ["run_card{\"card_id\":7}"]
    );
}

#[tokio::test]
async fn the_reason_of_an_end_is_found_beside_its_choice() {
    let placeless = json!({"choices": [{"delta": {"content": "Sev"}}]});
    for last in [
        json!({"choices": [{"delta": {}}], "finish_reason": "length"}),
        json!({"choices": [{"delta": {"content": "en"}}], "finish_reason": "length"}),
        json!({"choices": [{"delta": {"content": "en"}, "stop_reason": "max_tokens"}]}),
        json!({"choices": [{"delta": {}, "done_reason": "length"}]}),
        json!({"finish_reason": "length"}),
        json!({"delta": {}, "finish_reason": "max_tokens"}),
        json!({"data": {"delta": "en", "finish_reason": "length"}}),
        json!({"candidates": [{"content": {"parts": []}, "finishReason": "MAX_TOKENS"}]}),
    ] {
        let told = says(events(&[placeless.clone(), last.clone()]) + DONE).await;
        let told = told.unwrap_or_else(|error| panic!("{last}: {error}"));
        assert_eq!(told.completion.stop, StopCause::Length, "{last}");
    }
    // A server that numbers its pieces went on where this one stops.
    let numbered =
        |index: u64, text: &str| json!({"choices": [{"index": index, "delta": {"content": text}}]});
    let body = events(&[numbered(0, "Revenue was"), numbered(1, " 7.")]) + DONE;
    assert!(says(body).await.is_err());
}

#[tokio::test]
async fn an_error_in_an_envelope_is_told_and_asked_again() {
    let error = json!({"data": {"error": {"code": 503, "message": "it is busy"}}});
    let told = says(around(&events(&[error.clone()]))).await.unwrap_err();
    assert!(told.to_string().contains("it is busy"), "{told}");
    for first in [
        events(&[error]),
        events(&[json!({"result": {"choices": [{"delta": {"role": "assistant"}}]}})]),
    ] {
        let server = ScriptedModel::openai(vec![Reply::sse(first), Reply::text("ok")]).await;
        let told = heard(&server, &question()).await.unwrap();
        assert_eq!(told.completion.text, "ok");
    }
    let page = "<html><head><title>502 Bad Gateway</title></head></html>\n\n";
    let told = says(around(page)).await.unwrap_err().to_string();
    assert!(told.contains("a web page (502 Bad Gateway)"), "{told}");
}

#[tokio::test]
async fn more_ornaments_cut_nothing() {
    let choice = |fields: Value| json!({"choices": [fields]});
    for object in [
        choice(
            json!({"index": 0, "delta": {"executed_tools": [{"arguments": "{}", "output": "text", "type": "search"}]}}),
        ),
        choice(
            json!({"index": 0, "delta": {"provider_specific_fields": {"thinking_blocks": [{"thinking": "hm"}]}}}),
        ),
        choice(json!({"index": 0, "delta": {"extra_content": {"google": {"thought_signature": "seal"}}}})),
        choice(
            json!({"index": 0, "delta": {"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}}),
        ),
        choice(
            json!({"index": 0, "delta": {"reasoning_details": [{"type": "reasoning.encrypted", "data": "AA"}]}}),
        ),
        choice(
            json!({"index": 0, "finish_reason": null, "content_filter_offsets": {"check_offset": 9}, "content_filter_result": {"error": {"code": "content_filter_error", "message": "not filtered"}}}),
        ),
        json!({"choices": [], "debug": {"echo_upstream_body": {"messages": [{"content": "x"}]}}}),
        json!({"choices": [], "hook_results": {"before_request_hooks": [{"checks": [{"data": "x"}]}]}}),
        json!({"object": "chat.reasoning", "choices": [{"delta": {"role": "assistant", "content": ""}}]}),
        json!({"response": "", "p": "abcdef"}),
        json!({"event": {"type": "status", "data": {"description": "Searching"}}}),
        json!({"knowledge_base": {"cites": [{"title": "T", "content": "C"}]}}),
        json!({"data": "[DONE]"}),
        json!({"queue_status": "waiting", "eta_time": "3 s"}),
    ] {
        is_short(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    for object in [
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"title": "T", "text": "x"}]}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta", "citation": {"cited_text": "x"}}}),
        json!({"type": "content_block_stop", "index": 7}),
        json!({"type": "message_delta", "delta": {"container": {"id": "c", "expires_at": "2026"}}, "context_management": {"applied_edits": []}}),
    ] {
        is_short(
            of_message(message_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    for object in [
        json!({"type": "response.mcp_call.completed", "output": "text"}),
        json!({"type": "response.shell_call_command.delta", "delta": "ls"}),
        json!({"type": "rate_limits.updated", "rate_limits": [{"name": "tokens"}]}),
        json!({"type": "response.image_generation_call.partial_image", "partial_image_b64": "AA"}),
    ] {
        is_short(
            of_response(response_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
}

#[tokio::test]
async fn words_that_no_wire_knows_are_a_cut_on_the_others_too() {
    for delta in [
        json!({"type": "connector_text_delta", "connector_text": REST}),
        json!({"type": "new_delta", "content": {"v": 1}, "text_value": REST}),
    ] {
        let event = json!({"type": "content_block_delta", "index": 0, "delta": delta});
        is_cut(
            of_message(message_around(&events(&[event.clone()]))).await,
            &event.to_string(),
        );
    }
    for content in [
        json!(WHOLE),
        json!([{"type": "text", "text": WHOLE}]),
        json!({"text": WHOLE}),
    ] {
        let message = json!({"type": "message", "role": "assistant", "content": content});
        for response in [
            json!({"object": "response", "status": "completed", "output": [message]}),
            json!({"object": "response", "status": "completed", "output": message}),
            json!({"type": "response.completed", "status": "completed", "output": [message]}),
        ] {
            is_whole(of_response(response.to_string()).await, &response.to_string());
        }
    }
    for response in [
        json!({"object": "response", "status": "completed", "output": [], "output_text": WHOLE}),
        json!({"object": "response", "status": "completed", "output": WHOLE}),
        json!({"object": "response", "status": "completed", "output": [{"type": "output_text", "text": WHOLE}]}),
    ] {
        is_whole(of_response(response.to_string()).await, &response.to_string());
    }
    for status in ["queued", "in_progress"] {
        let response = json!({"object": "response", "status": status, "output": []});
        assert!(of_response(response.to_string()).await.is_err(), "{status}");
    }
    // The beginning of a response is none of its end.
    let begun = json!({"response": {"object": "response", "status": "in_progress", "output": [], "output_text": "x"}});
    is_short(
        of_response(events(&[begun]) + &response_around("")).await,
        "begun",
    );
}

#[tokio::test]
async fn words_in_a_form_that_nobody_knows_are_a_cut_on_every_wire() {
    for object in [
        called_with(json!({"content": {"0": REST}})),
        json!({"choices": [{"index": 0, "answer": REST}]}),
        json!({"warning": REST, "aborted": true}),
    ] {
        is_cut(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    for object in [
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "markdown", "markdown": REST}}),
        json!({"type": "content_block_start", "index": 1, "content_block": {"type": "refusal", "refusal": REST}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "markdown_delta", "markdown": REST}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "refusal_delta", "refusal": REST}}),
        json!({"type": "abort", "reason": REST}),
    ] {
        is_cut(
            of_message(message_around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    let text = json!({"type": "content_block_start", "index": 1, "content_block": {"type": "text", "content": REST}});
    is_whole(
        of_message(message_around(&events(&[text.clone()]))).await,
        &text.to_string(),
    );
    let message = |part: Value| json!({"type": "message", "content": [{"type": "output_text", "text": "Revenue was 7."}, part]});
    for output in [
        json!([message(json!({"type": "output_markdown", "markdown": REST}))]),
        json!([message(json!({"type": "output_text", "text": ""})), {"type": "custom_message", "value": REST}]),
    ] {
        let response = json!({"object": "response", "status": "completed", "output": output});
        is_cut(of_response(response.to_string()).await, &response.to_string());
    }
    for digits in [json!(18155), json!(12.5), json!(true), json!([12])] {
        let object = json!({"choices": [{"delta": {"content": digits}}]});
        let body = events(&[said("There were "), object, said(" orders."), end("stop")]) + DONE;
        let told = says(body).await.unwrap().completion.text;
        let shown = digits.to_string();
        assert_eq!(
            told,
            format!("There were {} orders.", shown.trim_matches(['[', ']']))
        );
    }
}

#[tokio::test]
async fn what_grows_is_said_once_and_what_is_translated_keeps_its_cut() {
    let message = |text: &str, reason: Value| json!({"choices": [{"index": 0, "message": {"content": text}, "finish_reason": reason}]});
    let body = events(&[
        message("Revenue was 7.", Value::Null),
        message(WHOLE, json!("stop")),
    ]);
    is_whole(says(body).await, "a message that grows");
    let cut = json!({"choices": [{"delta": {}, "finish_reason": "stop"}], "incomplete_details": {"reason": "max_output_tokens"}});
    let told = says(events(&[said("Sev"), cut]) + DONE).await.unwrap();
    assert_eq!(told.completion.stop, StopCause::Length);
    let details =
        json!({"choices": [{"delta": {}, "finish_reason": null, "finish_details": {"type": "stop"}}]});
    is_short(
        says(events(&[said("Revenue was 7."), details]) + DONE).await,
        "details",
    );
}

#[tokio::test]
async fn who_waits_is_told_so_and_no_failure() {
    for lines in [
        "event: ping\ndata: 2026-12-01 05:00:00.123456\n\n".to_owned(),
        "event: heartbeat\ndata: 1764565331\n\n".to_owned(),
        events(&[json!({"type": "status", "message": "Loading model"})]),
        events(&[json!({"queue_position": 3, "message": "You are in the queue"})]),
    ] {
        is_short(says(around(&lines)).await, &lines);
        let server = {
            let body = lines.clone() + &around("");
            ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await
        };
        let told = heard(&server, &question()).await.unwrap();
        assert_eq!(
            (told.completion.text.as_str(), server.requests().len()),
            ("Revenue was 7.", 1),
            "{lines}"
        );
    }
}

#[tokio::test]
async fn one_word_is_an_answer_under_a_name_that_words_have() {
    for key in ["answer", "generated_text", "completion", "text"] {
        for word in ["None", "null", "0", "OK"] {
            let object = json!({ key: word });
            is_cut(
                says(around(&events(&[object.clone()]))).await,
                &object.to_string(),
            );
        }
    }
    for object in [
        json!({"choices": [{"delta": {}, "finish_reason": "None"}]}),
        json!({"choices": [{"delta": {"role": "assistant"}, "finish_reason": "NULL", "stop_reason": "none"}]}),
        json!({"choices": [{"delta": {"content": ""}, "native_finish_reason": "null", "error": "None"}]}),
        json!({"code": "0", "msg": "None", "detail": "null"}),
        json!({"code": 0, "message": "success", "data": "ok", "error_msg": "null"}),
        json!({"id": "c", "base_resp": {"status_code": 0, "status_msg": "success"}}),
    ] {
        is_short(
            says(around(&events(&[object.clone()]))).await,
            &object.to_string(),
        );
    }
    let early = json!({"type": "message_delta", "delta": {"stop_reason": "None"}});
    is_short(
        of_message(message_around(&events(&[early]))).await,
        "no reason yet",
    );
}
