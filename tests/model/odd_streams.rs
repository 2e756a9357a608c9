//! Ends, errors and counts of tokens in shapes that gateways make of them.

use cardinal::model::{ModelError, StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{DONE, end, events, heard, said, says};
use super::retry::wire;
use super::talk::{listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

#[tokio::test]
async fn an_error_behind_the_first_words_is_never_an_end() {
    for (error, told) in [
        (
            json!({"choices": [{"delta": {"content": ""}, "finish_reason": "error", "error": {"code": 502, "message": "it died"}}]}),
            "it died",
        ),
        (
            json!({"choices": [{"delta": {"error": {"message": "it died"}}}]}),
            "it died",
        ),
        (json!({"status": "error", "reason": "it died"}), "it died"),
        (json!({"status": 500, "title": "it died"}), "it died"),
        (
            json!({"fault": {"faultstring": "it died", "detail": {"errorcode": "x"}}}),
            "it died",
        ),
        (
            json!({"internalServerException": {"message": "it died"}}),
            "it died",
        ),
        (
            json!({"Message": "it died", "__type": "ThrottlingException"}),
            "it died",
        ),
        (json!({"err": "it died"}), "it died"),
        (
            json!({"event": "error", "data": {"message": "it died"}}),
            "it died",
        ),
        (
            json!({"error": {"message": "{'error': {'message': 'it died', 'code': 400}}"}}),
            "it died",
        ),
        (
            json!({"error": {"message": "outer", "cause": {"message": "it died"}}}),
            "outer: it died",
        ),
        (json!({"error_type": "dead"}), "dead"),
        (json!({"success": false}), "success"),
    ] {
        let error_event = events(&[said("The "), error.clone()]) + DONE;
        let broken = says(error_event).await.unwrap_err();
        let ModelError::BrokeOff { message, .. } = &broken else {
            panic!("{error}: {broken:?}")
        };
        assert!(message.contains(told), "{error}: {message}");
    }
}

#[tokio::test]
async fn words_that_are_no_event_are_an_error_where_the_completion_has_no_end() {
    for raw in [
        "data: it died\n\n",
        "it died\n\n",
        "data: \"it died\"\n\n",
        "error: it died\n\n",
        "event: server_error\ndata: it died\n\n",
    ] {
        let body = events(&[said("The ")]) + raw + DONE;
        let error = says(body).await.unwrap_err().to_string();
        assert!(error.contains("it died"), "{raw:?}: {error}");
    }
    for raw in ["event: error\n\n", "event: error\ndata: {}\n\n"] {
        let body = events(&[said("The ")]) + raw + DONE;
        let error = says(body).await.unwrap_err().to_string();
        assert!(error.contains("gives no reason"), "{raw:?}: {error}");
    }
    // Words before what is said, as some proxies send them to keep a connection open, end nothing.
    for raw in ["data: heartbeat\n\n", "ping\n\n", "data: null\n\n"] {
        let body = format!("{raw}{}{DONE}", events(&[said("Seven."), end("stop")]));
        assert_eq!(says(body).await.unwrap().completion.text, "Seven.", "{raw:?}");
    }
}

#[tokio::test]
async fn reasons_are_read_in_any_spelling() {
    for (reason, stop) in [
        ("FinishReason.STOP", StopCause::End),
        ("FINISH_REASON_STOP", StopCause::End),
        ("end_of_turn", StopCause::End),
        ("eot", StopCause::End),
        ("max_new_tokens", StopCause::Length),
        ("ERROR_TOXIC", StopCause::Withheld),
        ("sensitive", StopCause::Withheld),
        ("MALFORMED_FUNCTION_CALL", StopCause::Garbled),
    ] {
        let body = events(&[said("Seven."), end(reason)]) + DONE;
        assert_eq!(says(body).await.unwrap().completion.stop, stop, "{reason}");
    }
    let within = json!({"choices": [{"delta": {"content": "Seven.", "finish_reason": "stop"}}]});
    let completion = says(events(&[within])).await.unwrap().completion;
    assert_eq!((completion.stop, completion.opaque), (StopCause::End, None));
}

/// Words that stop without the reason for which their server has a place may be cut anywhere.
#[tokio::test]
async fn words_that_end_without_a_reason_are_no_answer() {
    let open = |reason: Value| json!({"choices": [{"delta": {"content": "Sev"}, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}});
    for body in [
        events(&[open(Value::Null)]) + DONE,
        events(&[open(json!(""))]) + DONE,
        events(&[open(json!("null"))]) + DONE,
        events(&[open(Value::Null), end("null")]) + DONE,
        events(&[open(Value::Null), end("None")]) + DONE,
        events(&[open(Value::Null), usage]) + DONE,
    ] {
        let error = says(body.clone()).await.unwrap_err();
        let ModelError::BrokeOff { message, .. } = &error else {
            panic!("{body}: {error:?}")
        };
        assert!(message.contains("without saying why"), "{body}: {message}");
    }
    let whole = json!({"choices": [{"message": {"content": "Sev"}, "finish_reason": null}]});
    let server = ScriptedModel::openai_with(move |_| Reply::json(whole.clone())).await;
    let error = heard(&server, &question()).await.unwrap_err().to_string();
    assert!(error.contains("without saying why"), "{error}");
    // Where there is no place for a reason, its absence says nothing.
    let placeless = json!({"choices": [{"delta": {"content": "Seven."}}]});
    let answer = says(events(&[placeless]) + DONE).await.unwrap().completion;
    assert_eq!((answer.text.as_str(), answer.stop), ("Seven.", StopCause::End));
    for stop_reason in [Value::Null, json!("")] {
        let message = [
            json!({"type": "message_start", "message": {"model": "x", "content": [], "stop_reason": null}}),
            json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Sev"}}),
            json!({"type": "content_block_stop", "index": 0}),
            json!({"type": "message_delta", "delta": {"stop_reason": stop_reason}}),
            json!({"type": "message_stop"}),
        ];
        let body = events(&message);
        let replies = (0..6).map(|_| Reply::sse(body.clone())).collect();
        let server = ScriptedModel::anthropic(replies).await;
        let error = heard(&server, &question()).await.unwrap_err().to_string();
        assert!(error.contains("without saying why"), "{error}");
    }
}

#[tokio::test]
async fn a_cut_stays_one_whatever_reason_comes_behind_it() {
    for (reason, stop) in [
        ("length", StopCause::Length),
        ("content_filter", StopCause::Withheld),
        ("MALFORMED_FUNCTION_CALL", StopCause::Garbled),
    ] {
        let body = events(&[said("Sev"), end(reason), end("stop")]) + DONE;
        assert_eq!(says(body).await.unwrap().completion.stop, stop, "{reason}");
    }
}

#[tokio::test]
async fn calls_that_a_server_speaks_of_and_does_not_send_are_no_answer() {
    for reason in ["tool_calls", "function_call"] {
        // Words under such a reason are an answer: some servers end every completion so.
        for (text, stop) in [("", StopCause::Garbled), ("Seven.", StopCause::End)] {
            let body = events(&[said(text), end(reason)]) + DONE;
            let completion = says(body).await.unwrap().completion;
            assert_eq!(completion.stop, stop, "{reason} {text}");
        }
    }
    let server = ScriptedModel::anthropic(vec![Reply::text("Let me look.").stopping("tool_use")]).await;
    assert_eq!(
        heard(&server, &question()).await.unwrap().completion.stop,
        StopCause::Garbled
    );
    let written = "<tool_call>{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}</tool_call>";
    let body = events(&[said(written), end("tool_calls")]) + DONE;
    assert_eq!(says(body).await.unwrap().completion.stop, StopCause::ToolCalls);
}

#[tokio::test]
async fn anthropics_reasons_may_be_those_of_the_server_behind_a_gateway() {
    for (reason, stop) in [
        ("stop", StopCause::End),
        ("length", StopCause::Length),
        ("content_filter", StopCause::Withheld),
    ] {
        let server = ScriptedModel::anthropic(vec![Reply::text("Seven.").stopping(reason)]).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.stop,
            stop,
            "{reason}"
        );
    }
    let server = ScriptedModel::anthropic(vec![Reply::text("Seven.").stopping("pause_turn")]).await;
    let error = heard(&server, &question()).await.unwrap_err().to_string();
    assert!(error.contains("`pause_turn`"), "{error}");
}

#[tokio::test]
async fn tokens_are_counted_in_any_shape_that_says_them() {
    let groq = json!({"choices": [], "x_groq": {"usage": {"prompt_tokens": 12, "completion_tokens": 3}}});
    let of = |usage: Value| json!({"choices": [], "usage": usage});
    for (piece, expected) in [
        (
            of(json!({"prompt_tokens": "12", "completion_tokens": "3"})),
            Some((12, 0, 3)),
        ),
        (
            of(json!({"prompt_tokens": 12.0, "completion_tokens": 3.0})),
            Some((12, 0, 3)),
        ),
        (
            of(json!({"input_tokens": 12, "output_tokens": 3, "cache_read_input_tokens": 4})),
            Some((12, 4, 3)),
        ),
        (
            of(json!({"prompt_tokens": 12, "completion_tokens": 3, "cached_tokens": 5})),
            Some((12, 5, 3)),
        ),
        (
            of(json!({"prompt_tokens": 12, "total_tokens": 15})),
            Some((12, 0, 3)),
        ),
        (
            of(json!({"promptTokens": 12, "completionTokens": 3})),
            Some((12, 0, 3)),
        ),
        (groq, Some((12, 0, 3))),
        (
            of(json!({"prompt_tokens": 12, "completion_tokens": 3, "prompt_tokens_details": [1]})),
            Some((12, 0, 3)),
        ),
        (of(json!({"total_tokens": 15})), None),
        (
            of(json!({"prompt_tokens": {"a": 1}, "completion_tokens": [2]})),
            None,
        ),
        (of(json!("none")), None),
        (of(json!(true)), None),
    ] {
        let body = events(&[said("Seven."), end("stop"), piece.clone()]) + DONE;
        let usage = says(body).await.unwrap().completion.usage;
        let usage = usage.map(|usage| (usage.input_tokens, usage.cached_tokens, usage.output_tokens));
        assert_eq!(usage, expected, "{piece}");
    }
}

#[tokio::test]
async fn a_refusal_is_told_in_one_sentence_whatever_its_body_is() {
    let page = "<!DOCTYPE html><html><head><TITLE>502 Bad Gateway</TITLE></head><body>nginx</body></html>";
    for (body, told) in [
        (page, "a web page (502 Bad Gateway)"),
        ("", "Bad Request"),
        ("no such route\n", "no such route"),
        (r#"{"Message": "the reason"}"#, "the reason"),
        (r#"{"errorMessage": "the reason"}"#, "the reason"),
        (
            r#"{"title": "Bad Request", "status": 400, "detail": "the reason"}"#,
            "the reason",
        ),
        (
            r#"{"error": "invalid_token", "error_description": "the reason"}"#,
            "the reason",
        ),
        (
            r#"{"error": {"innererror": {"message": "the reason"}, "code": "x"}}"#,
            "the reason",
        ),
        (
            "data: {\"error\": {\"message\": \"the reason\"}}\n\n",
            "the reason",
        ),
        ("\u{feff}{\"error\": {\"message\": \"the reason\"}}", "the reason"),
    ] {
        let server = ScriptedModel::openai_with(move |_| Reply::failed(400, body)).await;
        let error = heard(&server, &question()).await.unwrap_err();
        let ModelError::Status { message, .. } = error else {
            panic!("{body}: {error:?}")
        };
        assert_eq!(message, told, "{body}");
    }
}

#[tokio::test]
async fn a_refused_conversation_is_not_taken_for_a_refusal_of_tools() {
    for words in [
        "messages.2: unexpected `tool_use_id` found in `tool_result` blocks",
        "An assistant message with 'tool_calls' must be followed by tool messages: unknown 'tool_call_id' a",
    ] {
        let server =
            ScriptedModel::openai_with(move |_| Reply::status(400, json!({"error": {"message": words}})))
                .await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!((server.requests().len(), model.left_out()), (1, vec![]));
    }
}

#[tokio::test]
async fn a_field_is_left_out_whatever_words_refuse_it() {
    for words in [
        "stream_options: property is not recognized",
        "Invalid value for field stream_options",
        "body.stream_options must NOT have additional properties",
        "{\"detail\":[{\"type\":\"extra_forbidden\",\"loc\":[\"body\",\"stream_options\"],\"msg\":\"x\"}]}",
        "`stream_options` is no longer accepted",
    ] {
        let server = ScriptedModel::openai_with(move |body| {
            if body.get("stream_options").is_some() {
                Reply::failed(422, words)
            } else {
                Reply::text("ok")
            }
        })
        .await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "ok",
            "{words}"
        );
    }
}
