//! Models driven by one JSON object per step.

use cardinal::model::{Message, ModelError, StopCause, ToolChoice};
use cardinal::model::{ModelDrive, ModelSettings};
use cardinal::wire::Wire;
use serde_json::json;

use super::talk::{Heard, ask, conversation, question, request};
use crate::support::scripted_model::{Reply, ScriptedModel};

fn driven(server: &ScriptedModel) -> ModelSettings {
    ModelSettings {
        drive: ModelDrive::JsonAction,
        ..server.settings()
    }
}

async fn says(reply: Reply) -> Heard {
    let server = ScriptedModel::openai(vec![reply]).await;
    ask(&driven(&server), &question()).await.unwrap()
}

#[tokio::test]
async fn an_action_is_a_tool_call_and_not_heard_as_text() {
    let heard =
        says(Reply::text(r#"{"action": "run_card", "arguments": {"card_id": 7}}"#).with_usage(90, 80, 9))
            .await;
    let calls = &heard.completion.tool_calls;
    assert_eq!(
        (calls[0].name.as_str(), calls[0].arguments.as_str()),
        ("run_card", "{\"card_id\": 7}")
    );
    assert_eq!(heard.completion.stop, StopCause::ToolCalls);
    assert_eq!((heard.texts.len(), heard.completion.text.as_str()), (0, ""));
    assert_eq!(heard.started, ["run_card"]);
    assert_eq!(heard.completion.usage.unwrap().cached_tokens, 80);
}

#[tokio::test]
async fn an_answer_is_heard_as_its_text() {
    let heard = says(Reply::text(
        r#"{"action":"answer","arguments":{"text":"Ten \"euros\"."}}"#,
    ))
    .await;
    assert_eq!(heard.completion.text, "Ten \"euros\".");
    assert_eq!(heard.texts, ["Ten \"euros\"."]);
    assert_eq!(heard.completion.stop, StopCause::End);
    assert!(heard.completion.tool_calls.is_empty());
}

#[tokio::test]
async fn a_reply_that_does_not_conform_is_salvaged_or_taken_as_text() {
    let written = says(Reply::text(
        "```json\n{\"name\":\"describe\",\"arguments\":{\"id\":1}}\n```",
    ))
    .await;
    assert_eq!(written.completion.tool_calls[0].name, "describe");
    let fenced = says(Reply::text(
        "```json\n{\"action\":\"run_card\",\"arguments\":{\"card_id\":7}}\n```",
    ))
    .await;
    assert_eq!(fenced.completion.tool_calls[0].name, "run_card");
    let plain = says(Reply::text("Ten euros.")).await;
    assert_eq!(plain.texts, ["Ten euros."]);
    assert_eq!(plain.completion.stop, StopCause::End);
    let cut =
        says(Reply::text("{\"action\":\"answer\",\"arguments\":{\"text\":\"Ten").stopping("length")).await;
    assert_eq!(cut.completion.stop, StopCause::Length);
    assert!(!cut.texts.is_empty());
}

#[tokio::test]
async fn unknown_actions_are_not_calls() {
    let heard = says(Reply::text(r#"{"action":"drop_table","arguments":{}}"#)).await;
    assert!(heard.completion.tool_calls.is_empty());
}

#[tokio::test]
async fn a_call_where_none_may_be_made_is_no_text_either() {
    for call in [
        r#"{"action":"run_card","arguments":{"card_id":7}}"#,
        r#"{"tool":"run_card","arguments":{"card_id":7}}"#,
    ] {
        let server = ScriptedModel::openai(vec![Reply::text(call)]).await;
        let mut last = request(conversation());
        last.tool_choice = ToolChoice::None;
        let heard = ask(&driven(&server), &last).await.unwrap();
        assert_eq!(heard.completion.tool_calls.len(), 1, "{call}");
        assert_eq!(
            (heard.texts.len(), heard.completion.text.as_str()),
            (0, ""),
            "{call}"
        );
    }
}

#[tokio::test]
async fn the_request_tells_of_the_tools_and_the_schema_allows_nothing_else() {
    let server = ScriptedModel::openai_with(|_| Reply::text("x")).await;
    ask(&driven(&server), &request(conversation())).await.unwrap();
    insta::assert_json_snapshot!(server.requests()[0]);
    let mut last = request(conversation());
    last.tool_choice = ToolChoice::None;
    ask(&driven(&server), &last).await.unwrap();
    let requests = server.requests();
    assert_eq!(
        requests[0]["messages"], requests[1]["messages"],
        "only the schema says that tools are closed"
    );
    let closed = &requests[1]["response_format"]["json_schema"]["schema"];
    assert_eq!(closed["properties"]["action"]["enum"], json!(["answer"]));
}

#[tokio::test]
async fn requests_extend_each_other_byte_for_byte() {
    let server = ScriptedModel::openai_with(|_| Reply::text("x")).await;
    let messages = conversation();
    for length in 1..=messages.len() {
        ask(&driven(&server), &request(messages[..length].to_vec()))
            .await
            .unwrap();
    }
    for pair in server.captured().windows(2) {
        let older = String::from_utf8(pair[0].body.to_vec()).unwrap();
        let newer = String::from_utf8(pair[1].body.to_vec()).unwrap();
        let end = older.find("],\"response_format\"").unwrap();
        assert!(newer.starts_with(&older[..end]), "{older}\n---\n{newer}");
    }
}

#[tokio::test]
async fn endless_text_is_passed_on_so_that_a_listener_can_end_it() {
    use futures_util::StreamExt;
    let server = ScriptedModel::openai(vec![Reply::endless_text("and so on ".repeat(100))]).await;
    let model = super::talk::model(&driven(&server));
    let mut stream = model.complete(&question()).await.unwrap();
    assert!(matches!(
        stream.next().await,
        Some(Ok(cardinal::model::ModelEvent::Text(_)))
    ));
}

#[tokio::test]
async fn anthropic_endpoints_are_not_driven_so() {
    let server = ScriptedModel::anthropic(Vec::new()).await;
    let error = cardinal::model::connect(&driven(&server), Wire::live().unwrap()).unwrap_err();
    assert!(matches!(error, ModelError::NotUsable { .. }));
}

#[tokio::test]
async fn a_call_and_its_result_are_told_as_messages() {
    let server = ScriptedModel::openai_with(|_| Reply::text("x")).await;
    ask(&driven(&server), &request(conversation()[..3].to_vec()))
        .await
        .unwrap();
    let body = &server.requests()[0];
    let said = body["messages"][2]["content"].as_str().unwrap();
    assert!(
        said.starts_with(r#"{"action":"run_card","arguments":{"card_id":7}}"#),
        "{said}"
    );
    let Message::ToolResults(results) = &conversation()[2] else {
        panic!()
    };
    assert!(
        body["messages"][3]["content"]
            .as_str()
            .unwrap()
            .contains(&*results[0].content)
    );
}

#[tokio::test]
async fn an_answer_is_read_however_its_object_is_written() {
    for written in [
        r#"{"action": "answer", "text": "Seven."}"#,
        r#"{"action": "answer", "arguments": "Seven."}"#,
        "```json\n{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven.\"}}\n```",
        "{'action': 'answer', 'arguments': {'text': 'Seven.'}}",
        r#"{"action": "answer", "arguments": {"text": "Seven."}"#,
        r#"{"action": "answer", "arguments": {"text": "Seven."}}<|im_end|>"#,
        r#"{"action": "answer", "arguments": {"text": "Seven."}}."#,
        r#"{"action": "answer", "arguments": {"text": "Seven."}}}"#,
        r#"{"action": "answer", "arguments": {"text": "Seven."}}</s>"#,
        "json\n{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven.\"}}",
        "\u{feff}{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven.\"}}",
        r#"{"action": "answer", "arguments": {"text": "Seven.",}}"#,
        r#"[{"action": "answer", "arguments": {"text": "Seven."}}]"#,
        r#"{"actions": [{"action": "answer", "arguments": {"text": "Seven."}}]}"#,
        r#"{"action": {"answer": {"text": "Seven."}}}"#,
        r#"{"answer": "Seven."}"#,
        r#"{"thought": "3 + 4", "answer": {"text": "Seven."}}"#,
        r#"{"action": "final_answer", "action_input": "Seven."}"#,
        r#"{"Action": "Answer", "Arguments": {"Text": "Seven."}}"#,
        r#"{"name": "answer", "parameters": {"content": "Seven."}}"#,
        r#"{"action": "answer", "arguments": "{\"text\": \"Seven.\"}"}"#,
        r#""{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven.\"}}""#,
        r#"<tool_call>{"name": "answer", "arguments": {"text": "Seven."}}</tool_call>"#,
        r#"{"action": "answer", "text": "Seven."}{"action": "answer", "text": "Seven."}"#,
    ] {
        let heard = says(Reply::text(written)).await;
        assert_eq!(heard.completion.text, "Seven.", "{written}");
        assert_eq!(
            (heard.texts.concat().as_str(), heard.completion.stop),
            ("Seven.", StopCause::End)
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_is_as_much_as_came_of_it() {
    let cut = r#"{"action": "answer", "arguments": {"text": "Revenue \"rose\"\nto \u0"#;
    for (reason, stop) in [
        ("length", StopCause::Length),
        ("content_filter", StopCause::Withheld),
    ] {
        let heard = says(Reply::text(cut).stopping(reason)).await;
        assert_eq!(
            (heard.completion.text.as_str(), heard.completion.stop),
            ("Revenue \"rose\"\nto ", stop)
        );
    }
    // Whoever says that all was said, and did not close it, is asked again.
    let heard = says(Reply::text(cut)).await;
    assert_eq!(
        (heard.completion.stop, heard.texts.len()),
        (StopCause::Unclosed, 0)
    );
    let call = r#"{"action": "run_card", "arguments": {"card_"#;
    let heard = says(Reply::text(call).stopping("length")).await;
    assert_eq!(
        (heard.completion.text.as_str(), heard.completion.stop),
        ("", StopCause::Length)
    );
}

#[tokio::test]
async fn all_words_of_and_around_an_answers_object_are_kept() {
    for (written, said) in [
        (
            "Mind the returns.\n{\"action\": \"answer\", \"text\": \"Seven.\"}",
            "Mind the returns.\n\nSeven.",
        ),
        (
            "```json\n{\"action\": \"answer\", \"text\": \"Seven.\"}\n```\nReturns are in it.",
            "Seven.\n\nReturns are in it.",
        ),
        (
            "Here:\n```json\n{\"action\": \"answer\", \"text\": \"Seven.\"}\n```",
            "Here:\n\nSeven.",
        ),
        (
            "{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven\nand eight.\"}}",
            "Seven\nand eight.",
        ),
        (
            "{\"action\": \"answer\", \"arguments\": {\"text\": \"Sieb\\u00e4n\nund acht.\"}}",
            "Siebän\nund acht.",
        ),
        (
            r#"{"action": "answer", "arguments": {"text": "It is "seven" now."}}"#,
            "It is \"seven\" now.",
        ),
        (
            r#"{"action": "answer", "arguments": {"text": "Seven.", "caveat": "Returns are in it.", "language": "en"}}"#,
            "Seven.\n\nReturns are in it.",
        ),
        (
            r#"{"action": "answer", "arguments": {"text": ["Seven.", "Or eight."]}}"#,
            "Seven.\n\nOr eight.",
        ),
        (
            r#"{"action": "answer", "text": "Seven."} {"action": "answer", "text": "Eight."}"#,
            "Seven.\n\nEight.",
        ),
        (
            r#"{"action": "answer", "text": "Write {\"action\": \"answer\"} for it."}"#,
            "Write {\"action\": \"answer\"} for it.",
        ),
        ("Seven {with tax} [1].", "Seven {with tax} [1]."),
    ] {
        let heard = says(Reply::text(written)).await;
        assert_eq!(
            (heard.completion.text.as_str(), heard.completion.stop),
            (said, StopCause::End),
            "{written}"
        );
    }
}

#[tokio::test]
async fn an_object_of_a_step_that_says_nothing_is_never_shown() {
    for written in [
        r#"{"action": "answer", "argu"#,
        r#"{"act"#,
        r#"{"action": null, "arguments": {"text": "Seven."}}"#,
        r#"{"action": "drop_table", "arguments": {}}"#,
        r#"{"action": "answer", "arguments": {}}"#,
        r#"{"answer": "Sev"#,
        "```json\n{\"action\": \"answer\", \"arguments\": {\"text\": \"Sev",
        "Here: {\"action\": \"answer\", \"arguments\": {\"text\": \"Sev",
    ] {
        let heard = says(Reply::text(written)).await;
        let stop = if written.ends_with("Sev") {
            StopCause::Unclosed
        } else {
            StopCause::Garbled
        };
        assert_eq!((heard.completion.stop, heard.texts.len()), (stop, 0), "{written}");
        for reason in ["length", "content_filter"] {
            let heard = says(Reply::text(written).stopping(reason)).await;
            assert!(
                !heard.completion.text.contains(['{', '"']),
                "{written}: {}",
                heard.completion.text
            );
            assert_eq!(heard.texts.concat(), heard.completion.text);
        }
    }
    let call = r#"{"action": "run_card", "arguments": {"card_id": 7}}"#;
    let answer = r#"{"action": "answer", "text": "Seven."}"#;
    for written in [format!("{call}\n{answer}"), format!("{answer}\n{call}")] {
        let heard = says(Reply::text(&written)).await;
        assert_eq!(heard.completion.tool_calls.len(), 1, "{written}");
    }
}
