//! OpenAI-compatible servers that leave out, add or bend what the protocol says.

use cardinal::model::{ModelError, StopCause, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{Heard, ask, call, listen, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

async fn says(body: &str) -> Result<Heard, ModelError> {
    let server = ScriptedModel::openai(vec![Reply::sse(body)]).await;
    ask(&server.settings(), &question()).await
}

fn events(pieces: &[Value]) -> String {
    let framed = pieces.iter().map(|piece| format!("data: {piece}\n\n"));
    framed.collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn missing_and_null_fields_are_borne() {
    let body = events(&[
        json!({"choices": [{"delta": {"role": "assistant", "content": null, "tool_calls": null}}]}),
        json!({"choices": [{"delta": {"content": "ten"}, "finish_reason": ""}], "usage": null}),
        json!({"choices": [{"delta": null, "finish_reason": "stop"}], "usage": {"prompt_tokens": 0}}),
        json!({"choices": null, "usage": {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": null}}),
    ]);
    let heard = says(&body).await.unwrap();
    assert_eq!(heard.completion.text, "ten");
    let usage = heard.completion.usage.unwrap();
    assert_eq!(
        (usage.input_tokens, usage.cached_tokens, usage.output_tokens),
        (9, 0, 2)
    );
    assert_eq!(
        heard.completion.model, "scripted",
        "the asked name stands in for a missing one"
    );
}

#[tokio::test]
async fn comments_keepalives_and_carriage_returns_are_borne() {
    let body = concat!(
        ": OPENROUTER PROCESSING\r\n\r\n",
        "event: keepalive\r\ndata: {}\r\n\r\n",
        "data:{\"choices\":[{\"delta\":{\"content\":\"é\"}}]}\r\n\r\n",
        ": again\r\n",
        "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\n",
        "data: [DONE]\r\n\r\n",
    );
    assert_eq!(says(body).await.unwrap().completion.text, "é");
}

#[tokio::test]
async fn a_stream_may_end_without_a_last_newline_or_the_end_mark() {
    let spoken = "data: {\"choices\":[{\"delta\":{\"content\":\"ten\"}}]}\n\n";
    let finish = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}";
    assert_eq!(
        says(&format!("{spoken}{finish}")).await.unwrap().completion.text,
        "ten"
    );
    assert_eq!(
        says(&format!("{spoken}data: [DONE]"))
            .await
            .unwrap()
            .completion
            .text,
        "ten"
    );
    assert_eq!(
        says(&format!("{spoken}data:[DONE]\n"))
            .await
            .unwrap()
            .completion
            .stop,
        StopCause::End
    );
}

#[tokio::test]
async fn a_stream_without_reason_and_end_mark_broke_off() {
    let spoken = "data: {\"choices\":[{\"delta\":{\"content\":\"ten data: [DONE]\"}}]}\n\n";
    for body in [spoken, "", ": nothing but a comment\n\n"] {
        let server = ScriptedModel::openai_with(move |_| Reply::sse(body)).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let error = listen(&*model, &question()).await.unwrap_err();
        assert!(
            matches!(error, ModelError::BrokeOff { .. }),
            "{body:?}: {error:?}"
        );
    }
}

#[tokio::test]
async fn absurd_counts_of_tokens_are_never_taken_for_less_than_they_may_be() {
    for (usage, input, cached, output) in [
        (
            json!({"prompt_tokens": 10, "completion_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1000}}),
            10,
            10,
            1,
        ),
        (
            json!({"prompt_tokens": 10, "completion_tokens": 1e300}),
            10,
            0,
            u64::MAX,
        ),
        (json!({"prompt_tokens": 10, "completion_tokens": -5}), 10, 0, 0),
    ] {
        let body = events(&[
            json!({"choices": [{"delta": {"content": "ten"}, "finish_reason": "stop"}]}),
            json!({"choices": [], "usage": usage}),
        ]);
        let used = says(&body).await.unwrap().completion.usage.unwrap();
        assert_eq!(
            (used.input_tokens, used.cached_tokens, used.output_tokens),
            (input, cached, output)
        );
    }
}

#[tokio::test]
async fn calls_without_index_or_id_are_told_apart() {
    let whole = |name: &str, arguments: Value| json!({"function": {"name": name, "arguments": arguments}});
    let body = events(&[
        json!({"choices": [{"delta": {"tool_calls": [whole("run_card", json!("{\"card_id\":7}"))]}}]}),
        json!({"choices": [{"delta": {"tool_calls": [whole("run_card", json!({"card_id": 12}))]}}]}),
        json!({"choices": [{"delta": {"tool_calls": [{"function": {"name": "describe"}}]}}]}),
        json!({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "{\"id\""}}]}}]}),
        json!({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": ":1}"}}]}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    ]);
    let completion = says(&body).await.unwrap().completion;
    assert_eq!(
        completion.tool_calls,
        [
            call("call_0", "run_card", "{\"card_id\":7}"),
            call("call_1", "run_card", "{\"card_id\":12}"),
            call("call_2", "describe", "{\"id\":1}"),
        ]
    );
    assert_eq!(completion.stop, StopCause::ToolCalls);
}

#[tokio::test]
async fn calls_that_share_an_index_are_told_apart_by_id() {
    let piece =
        |id: &str, name: &str| json!({"index": 0, "id": id, "function": {"name": name, "arguments": "{}"}});
    let body = events(&[
        json!({"choices": [{"delta": {"tool_calls": [piece("a", "run_card")]}}]}),
        json!({"choices": [{"delta": {"tool_calls": [piece("b", "describe")]}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
    ]);
    let calls = says(&body).await.unwrap().completion.tool_calls;
    assert_eq!(calls, [call("a", "run_card", "{}"), call("b", "describe", "{}")]);
}

#[tokio::test]
async fn a_made_up_or_repeated_id_is_new_to_the_conversation() {
    let first = json!({"choices": [{"delta": {"tool_calls": [
        {"index": 0, "id": "call_0", "function": {"name": "run_card", "arguments": ""}},
        {"index": 1, "id": "", "function": {"name": "run_card", "arguments": ""}},
    ]}, "finish_reason": "tool_calls"}]});
    let server = ScriptedModel::openai(vec![Reply::sse(events(&[first]))]).await;
    let calls = ask(&server.settings(), &request(super::talk::conversation()))
        .await
        .unwrap()
        .completion
        .tool_calls;
    let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
    assert_eq!(ids, ["call_2", "call_3"]);
    assert_eq!(calls[0].arguments, "{}");
}

#[tokio::test]
async fn a_server_that_does_not_stream_is_read_all_the_same() {
    let whole = json!({
        "model": "plain", "usage": {"prompt_tokens": 3, "completion_tokens": 1},
        "choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": [{"type": "text", "text": "ten"}]}}],
    });
    let server = ScriptedModel::openai(vec![Reply::json(whole)]).await;
    let completion = ask(&server.settings(), &question()).await.unwrap().completion;
    assert_eq!(
        (completion.text.as_str(), completion.model.as_str()),
        ("ten", "plain")
    );
    assert_eq!(completion.usage.unwrap().input_tokens, 3);
}

#[tokio::test]
async fn a_refusal_is_text_and_a_stop() {
    let body = events(&[
        json!({"choices": [{"delta": {"refusal": "I will not."}}]}),
        json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}),
    ]);
    let heard = says(&body).await.unwrap();
    assert_eq!(heard.completion.text, "I will not.");
    assert_eq!(heard.completion.stop, StopCause::Refusal);
}

#[tokio::test]
async fn calls_that_share_a_number_keep_their_own_arguments() {
    let piece = |piece: Value| json!({"choices": [{"delta": {"tool_calls": [piece]}}]});
    let body = events(&[
        piece(json!({"index": 0, "id": "a", "function": {"name": "run_card", "arguments": "{\"card_id\":"}})),
        piece(json!({"index": 0, "function": {"arguments": "1}"}})),
        piece(json!({"index": 0, "id": "b", "function": {"name": "run_card", "arguments": "{\"card_id\":"}})),
        piece(json!({"index": 0, "function": {"arguments": "2}"}})),
        json!({"choices": [{"delta": {}, "finish_reason": "tool_calls"}]}),
    ]);
    let calls = says(&body).await.unwrap().completion.tool_calls;
    let arguments: Vec<&str> = calls.iter().map(|call| call.arguments.as_str()).collect();
    assert_eq!(arguments, ["{\"card_id\":1}", "{\"card_id\":2}"]);
}

#[tokio::test]
async fn a_web_page_is_no_answer() {
    let reply = Reply::sse("<html>sign in</html>").with_header("content-type", "text/html");
    let server = ScriptedModel::openai(vec![reply]).await;
    let error = ask(&server.settings(), &question()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("web page (sign in); check OPENAI_BASE_URL"),
        "{error}"
    );
}
