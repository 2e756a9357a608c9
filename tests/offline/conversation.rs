use cardinal::model::{Message, Model, ToolCall, ToolChoice, ToolResultMessage};
use cardinal::result::{Cell, ColumnKind, Extent, PackedTable, ResultTable};
use serde_json::Value;

use super::fixture::{ask, complete, planner};
use crate::support::catalogs::column;

fn call(id: &str, name: &str, arguments: &Value) -> Message {
    Message::Assistant {
        text: String::new(),
        tool_calls: vec![ToolCall {
            id: id.to_owned(),
            name: name.to_owned(),
            arguments: arguments.to_string(),
        }],
        opaque: None,
    }
}

fn result(id: &str, tool: &str, is_error: bool, table: Option<ResultTable>) -> Message {
    Message::ToolResults(vec![ToolResultMessage {
        call_id: id.to_owned(),
        tool: tool.to_owned(),
        content: "what a model would read".into(),
        is_error,
        result: None,
        table: table.as_ref().map(PackedTable::of),
    }])
}

fn orders(count: u32) -> ResultTable {
    ResultTable {
        columns: vec![column("count", ColumnKind::Integer, None)],
        rows: vec![vec![Cell::Number(count.into())]],
        extent: Extent::Complete,
        bytes_received: 1,
    }
}

#[test]
fn a_note_of_the_program_is_not_taken_for_the_question() {
    let mut messages = ask("How many orders in 2025?");
    let (_, calls) = complete(&planner(), messages.clone(), ToolChoice::Auto);
    messages.push(call("c1", &calls[0].0, &calls[0].1));
    messages.push(result("c1", "query_metric", false, Some(orders(4711))));
    messages.push(Message::Note(
        "This is the last step. Answer with what you have.".to_owned(),
    ));
    let (text, calls) = complete(&planner(), messages, ToolChoice::None);
    assert!(calls.is_empty());
    assert!(
        text.starts_with("Number of orders (2025-01-01 to 2025-12-31): 4711."),
        "{text}"
    );
}

#[test]
fn the_latest_question_of_a_conversation_is_answered() {
    let mut messages = ask("How many orders in 2025?");
    messages.push(call("c1", "query_metric", &serde_json::json!({"metric_id": 2})));
    messages.push(result("c1", "query_metric", false, Some(orders(4711))));
    messages.push(Message::Assistant {
        text: "4711".to_owned(),
        tool_calls: vec![],
        opaque: None,
    });
    messages.extend(ask("refund rate"));
    let (_, calls) = complete(&planner(), messages, ToolChoice::Auto);
    assert_eq!(calls[0].1["metric_id"], 4);
}

#[test]
fn a_refusal_is_answered_by_one_other_call_at_most() {
    let mut messages = ask("top 5 products by revenue");
    let (_, first) = complete(&planner(), messages.clone(), ToolChoice::Auto);
    messages.push(call("c1", &first[0].0, &first[0].1));
    messages.push(result("c1", &first[0].0, true, None));
    let (text, second) = complete(&planner(), messages.clone(), ToolChoice::Auto);
    if second.is_empty() {
        assert!(text.contains("No language model was used"));
        return;
    }
    assert_ne!(first, second);
    messages.push(call("c2", &second[0].0, &second[0].1));
    messages.push(result("c2", &second[0].0, true, None));
    let (text, third) = complete(&planner(), messages, ToolChoice::Auto);
    assert!(third.is_empty());
    assert!(text.contains("No language model was used"));
}

#[test]
fn without_tools_it_says_that_nothing_was_found() {
    let (text, calls) = complete(&planner(), ask("How many orders in 2025?"), ToolChoice::None);
    assert!(calls.is_empty());
    assert!(text.contains("Nothing was found") && text.contains("No language model was used"));
}

#[test]
fn an_empty_conversation_is_survived() {
    let (_, calls) = complete(&planner(), Vec::new(), ToolChoice::Auto);
    assert_eq!(calls[0].0, "cannot_answer");
    assert_eq!(planner().id().to_string(), "offline");
}

#[test]
fn whoever_asks_what_can_be_asked_is_shown_entries() {
    for question in [
        "What can I ask?",
        "what can you do",
        "help",
        "Which questions can I ask here?",
    ] {
        let (_, calls) = complete(&planner(), ask(question), ToolChoice::Auto);
        assert_eq!(calls[0].0, "ask_user", "{question}");
        let options = calls[0].1["options"].as_array().unwrap();
        assert!(!options.is_empty() && options.len() <= 8, "{question}");
    }
    let (_, calls) = complete(
        &planner(),
        ask("What can you tell me about refund rate?"),
        ToolChoice::Auto,
    );
    assert_ne!(calls[0].0, "ask_user");
}
