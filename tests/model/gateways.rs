//! Streams, ends and refusals as gateways bend them.

use cardinal::model::{Message, ModelDrive, ModelError, Provider, RequestPart, StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{DONE, end, events, heard, said, says};
use super::retry::wire;
use super::talk::{ask, conversation, listen, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

async fn text_of(body: impl Into<String>) -> String {
    says(body).await.unwrap().completion.text
}

#[tokio::test]
async fn a_stream_is_read_under_any_content_type_and_a_web_page_under_none() {
    let body = events(&[said("Seven."), end("stop")]) + DONE;
    for kind in [
        "text/html",
        "text/html; charset=utf-8",
        "text/plain",
        "application/octet-stream",
        "application/json",
    ] {
        for body in [body.clone(), format!("\n\n{body}"), format!(": ping\n\n{body}")] {
            let reply = Reply::sse(body).with_header("content-type", kind);
            let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
            assert_eq!(
                heard(&server, &question()).await.unwrap().completion.text,
                "Seven.",
                "{kind}"
            );
        }
        let page = "<!DOCTYPE html><html><title>Sign in</title></html>";
        let reply = Reply::sse(page).with_header("content-type", kind);
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        assert!(heard(&server, &question()).await.is_err(), "{kind}");
    }
    for page in ["<!DOCTYPE html><html></html>", "\n <html></html>", ""] {
        let reply = Reply::sse(page).with_header("content-type", "text/html");
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let error = heard(&server, &question()).await.unwrap_err().to_string();
        assert!(error.contains("it is a web page"), "{page:?}: {error}");
    }
}

#[tokio::test]
async fn a_whole_answer_is_kept_when_the_connection_drops_behind_it() {
    let whole = events(&[said("Seven."), end("stop")]);
    for (body, cut) in [
        (whole.clone() + DONE, whole.len()),
        (whole.clone() + DONE, whole.len() + 3),
        (whole.clone() + "data: {\"choices\":[],\"usa", whole.len() + 20),
    ] {
        let reply = Reply::sse(body).cut_after(cut);
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        let heard = heard(&server, &question()).await.unwrap().completion;
        assert_eq!(
            (heard.text.as_str(), heard.stop),
            ("Seven.", StopCause::End),
            "{cut}"
        );
    }
    // The end came whole, without the empty line behind it.
    let reply = Reply::sse(whole.clone()).cut_after(whole.len() - 1);
    let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
    assert!(heard(&server, &question()).await.is_ok());
    // A reason that comes with every piece says nothing of an end.
    let piece = |text: &str| json!({"choices": [{"delta": {"content": text}, "finish_reason": "stop"}]});
    let pieces = events(&[piece("Sales "), piece("were ")]);
    let cut = pieces.len();
    for reply in [
        Reply::sse(pieces + DONE).cut_after(cut),
        Reply::sse(events(&[said("Sales were"), end("stop")])).cut_after(20),
    ] {
        let server = ScriptedModel::openai_with(move |_| reply.clone()).await;
        assert!(heard(&server, &question()).await.is_err());
    }
    let messages = |stop: bool| {
        let mut pieces = vec![
            json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Seven."}}),
        ];
        if stop {
            pieces.push(json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}));
        }
        events(&pieces)
    };
    for (body, is_kept) in [(messages(true), true), (messages(false), false)] {
        let cut = body.len();
        for reply in [
            Reply::sse(body.clone() + "data: {}\n\n").cut_after(cut),
            Reply::sse(body.clone()),
        ] {
            let server = ScriptedModel::anthropic_with(move |_| reply.clone()).await;
            assert_eq!(heard(&server, &question()).await.is_ok(), is_kept, "{body}");
        }
    }
}

#[tokio::test]
async fn numbers_that_are_none_spoil_no_piece() {
    for odd in ["NaN", "Infinity", "-Infinity"] {
        let piece = format!(
            "data: {{\"choices\":[{{\"delta\":{{\"content\":\"NaN, Infinity: \\\"{odd}\\\"\"}},\"logprobs\":{{\"x\":[{odd},{odd}]}}}}]}}\n\n"
        );
        let text = text_of(piece + &events(&[end("stop")]) + DONE).await;
        assert_eq!(text, format!("NaN, Infinity: \"{odd}\""));
    }
}

#[tokio::test]
async fn events_are_found_however_a_gateway_frames_them() {
    let (first, second, last) = (said("Line\\n"), said("two: data: x\n\n."), end("stop"));
    for body in [
        format!(
            "data: data: {first}\n\ndata: data: {second}\n\ndata: data: {last}\n\ndata: data: [DONE]\n\n"
        ),
        format!("data:data:{first}\n\ndata:data:{second}\n\ndata:data:{last}\n\n"),
        format!("data: {first}\\n\\ndata: {second}\\n\\ndata: {last}\\n\\ndata: [DONE]\\n\\n"),
        format!("data: {first}\\n\\n\ndata: {second}\\n\\n\ndata: {last}\\n\\n\ndata: [DONE]\\n\\n\n"),
        format!("data: {first}\\ndata: {second}\\ndata: {last}\\n"),
    ] {
        assert_eq!(text_of(body.clone()).await, "Line\\ntwo: data: x\n\n.", "{body}");
    }
}

#[tokio::test]
async fn a_cut_behind_a_good_reason_is_a_cut() {
    let of = |fields: Value| json!({"choices": [fields]});
    for (fields, stop) in [
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "MAX_TOKENS"}),
            StopCause::Length,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "max_output_tokens"}),
            StopCause::Length,
        ),
        (
            json!({"delta": {}, "finish_reason": null, "native_finish_reason": "length"}),
            StopCause::Length,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "SAFETY"}),
            StopCause::Withheld,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "MALFORMED_FUNCTION_CALL"}),
            StopCause::Garbled,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "STOP"}),
            StopCause::End,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "completed"}),
            StopCause::End,
        ),
        (
            json!({"delta": {}, "finish_reason": "stop", "native_finish_reason": "some_word_of_its_own"}),
            StopCause::End,
        ),
        (
            json!({"delta": {}, "finish_reason": "length", "native_finish_reason": "stop"}),
            StopCause::Length,
        ),
    ] {
        let body = events(&[said("Seven."), of(fields.clone())]) + DONE;
        assert_eq!(says(body).await.unwrap().completion.stop, stop, "{fields}");
    }
}

/// What comes of a response of the Responses API that ends so.
async fn responds(last: Value) -> Result<StopCause, ModelError> {
    let delta = json!({"type": "response.output_text.delta", "output_index": 0, "delta": "Sales were"});
    let body = events(&[delta, last]);
    let server = ScriptedModel::openai_with(move |_| Reply::sse(body.clone())).await;
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    let heard = listen(&*connect(&settings, wire(&server)).unwrap(), &question()).await;
    heard.map(|heard| heard.completion.stop)
}

#[tokio::test]
async fn a_response_that_is_not_complete_is_no_answer_however_little_is_said_of_it() {
    for response in [
        json!({}),
        json!({"status": "completed"}),
        json!({"status": null}),
        json!({"output": [], "incomplete_details": null}),
    ] {
        let last = json!({"type": "response.incomplete", "response": response});
        let error = responds(last.clone()).await.unwrap_err().to_string();
        assert!(error.contains("`incomplete`"), "{last}: {error}");
    }
    assert!(responds(json!({"type": "response.incomplete"})).await.is_err());
    for details in [
        json!({"reason": "max_output_tokens"}),
        json!("max_output_tokens"),
        json!({"reason": "MAX_TOKENS"}),
        json!({"reason": "length"}),
    ] {
        let last = json!({"type": "response.incomplete", "response": {"incomplete_details": details}});
        assert_eq!(responds(last.clone()).await.unwrap(), StopCause::Length, "{last}");
    }
    let cut = json!({"type": "message", "status": "incomplete", "content": [{"type": "output_text", "text": "Sales were"}]});
    let last = json!({"type": "response.completed", "response": {"status": "completed", "output": [cut]}});
    assert_eq!(responds(last).await.unwrap(), StopCause::Length);
}

#[tokio::test]
async fn fields_that_no_list_has_are_left_out_when_a_refusal_names_them() {
    for (message, calls, name) in [
        (json!({"matched_stop": 7}), json!({}), "matched_stop"),
        (json!({"executed_tools": [{"a": 1}]}), json!({}), "executed_tools"),
        (
            json!({}),
            json!({"call_0": {"call": {"some_mark": "x"}, "function": {}}}),
            "some_mark",
        ),
        (
            json!({}),
            json!({"call_0": {"call": {}, "function": {"otherMark": "x"}}}),
            "otherMark",
        ),
    ] {
        let words = format!("messages.1.assistant.{name}: Extra inputs are not permitted");
        let server = ScriptedModel::openai_with(move |body| {
            if body["messages"].to_string().contains(name) {
                Reply::status(400, json!({"error": {"message": words}}))
            } else {
                Reply::text("ok")
            }
        })
        .await;
        let mut asked = request(conversation());
        if let Message::Assistant { opaque, .. } = &mut asked.messages[1] {
            *opaque = Some(json!({"openai": {"message": message, "calls": calls}}));
        }
        let model = connect(&server.settings(), wire(&server)).unwrap();
        assert_eq!(
            listen(&*model, &asked).await.unwrap().completion.text,
            "ok",
            "{name}"
        );
        assert_eq!(model.left_out(), [RequestPart::KeptFields], "{name}");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn so_they_are_over_the_other_protocols() {
    let asked = |opaque: Value| {
        let mut asked = request(conversation());
        if let Message::Assistant { opaque: kept, .. } = &mut asked.messages[1] {
            *kept = Some(opaque);
        }
        asked
    };
    let words = "own_mark: Extra inputs are not permitted";
    let refuses = move |body: &Value| {
        if body.to_string().contains("own_mark") {
            Reply::status(
                400,
                json!({"error": {"message": words, "type": "invalid_request_error"}}),
            )
        } else {
            Reply::text("ok")
        }
    };
    let call = json!({"type": "tool_use", "id": "call_0", "name": "run_card", "input": {}, "own_mark": 1});
    let server = ScriptedModel::anthropic_with(refuses).await;
    let heard = heard(&server, &asked(json!({ "anthropic": [call] })))
        .await
        .unwrap();
    assert_eq!(heard.completion.text, "ok");

    let call = json!({"type": "function_call", "call_id": "call_0", "name": "run_card", "arguments": "{}", "own_mark": 1});
    let server = ScriptedModel::responses_with(refuses).await;
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    let heard = ask(&settings, &asked(json!({ "openai_responses": [call] })))
        .await
        .unwrap();
    assert_eq!(heard.completion.text, "ok");
}

#[tokio::test]
async fn a_server_that_calls_no_tools_in_a_stream_is_asked_for_one_piece() {
    for words in [
        "This model doesn't support tool use in streaming mode.",
        "tool use in streaming mode is not supported",
        "Tools are not supported when stream=true",
        "Streaming is not supported with function calling",
    ] {
        let server = ScriptedModel::openai_with(move |body| {
            if body["stream"] == true {
                Reply::status(400, json!({"error": {"message": words}}))
            } else {
                Reply::json(json!({"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}]}))
            }
        })
        .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        assert_eq!(
            listen(&*model, &question()).await.unwrap().completion.text,
            "ok",
            "{words}"
        );
        assert_eq!(model.left_out(), [RequestPart::Stream], "{words}");
        assert!(server.requests()[1].get("tools").is_some());
        let server = ScriptedModel::anthropic_with(move |body| {
            if body["stream"] == true {
                Reply::status(400, json!({"type": "error", "error": {"type": "invalid_request_error", "message": words}}))
            } else {
                Reply::json(json!({"type": "message", "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn"}))
            }
        })
        .await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "ok",
            "{words}"
        );
    }
    // Tools that are refused without a stream as well are not sent.
    let words = "tool use in streaming mode is not supported";
    let server = ScriptedModel::openai_with(move |body| match body.get("tools") {
        Some(_) => Reply::status(400, json!({"error": {"message": words}})),
        None => Reply::text("{\"action\": \"answer\", \"arguments\": {\"text\": \"ok\"}}"),
    })
    .await;
    let model = connect(&server.settings(), wire(&server)).unwrap();
    assert_eq!(listen(&*model, &question()).await.unwrap().completion.text, "ok");
    assert_eq!(model.left_out(), [RequestPart::Tools]);
    assert_eq!(model.found_drive(), Some(ModelDrive::JsonAction));
}
