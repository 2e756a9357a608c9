//! Calls in pieces, under names and in marks that servers and models bend.

use cardinal::model::{StopCause, connect};
use serde_json::{Value, json};

use super::chunks::{self, called, chunk, end, events};
use super::retry::wire;
use super::talk::{Heard, listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

const SEVEN: &str = "{\"card_id\":7}";

async fn says(deltas: &[Value], reason: &str) -> Heard {
    let pieces: Vec<Value> = deltas.iter().cloned().map(chunk).chain([end(reason)]).collect();
    chunks::says(events(&pieces)).await.unwrap()
}

fn piece(name: &str, arguments: Value) -> Value {
    json!({"index": 0, "id": "a", "function": {"name": name, "arguments": arguments}})
}

#[tokio::test]
async fn pieces_are_put_together_in_any_shape() {
    let begun = "{\"card_id\":";
    let numbered = |index: &str, id: Value, name: Value, arguments: &str| json!([{"index": index, "id": id, "function": {"name": name, "arguments": arguments}}]);
    for (what, pieces) in [
        (
            "a name behind the first arguments",
            vec![
                json!([{"index": 0, "id": "a", "function": {"arguments": begun}}]),
                json!([{"index": 0, "function": {"name": "run_card", "arguments": "7}"}}]),
            ],
        ),
        (
            "a name behind all arguments",
            vec![
                json!([{"index": 0, "id": "a", "function": {"arguments": SEVEN}}]),
                json!([{"index": 0, "function": {"name": "run_card"}}]),
            ],
        ),
        ("one call and no list", vec![piece("run_card", json!(SEVEN))]),
        (
            "a call without its function",
            vec![json!([{"index": 0, "id": "a", "name": "run_card", "arguments": SEVEN}])],
        ),
        (
            "the words of another protocol",
            vec![json!([{"type": "tool_use", "id": "a", "name": "run_card", "input": {"card_id": 7}}])],
        ),
        (
            "parameters",
            vec![json!([{"index": 0, "function": {"name": "run_card", "parameters": {"card_id": 7}}}])],
        ),
        (
            "all arguments so far with every piece",
            vec![
                json!([piece("run_card", json!("{\"ca"))]),
                json!([piece("run_card", json!(begun))]),
                json!([piece("run_card", json!(SEVEN))]),
            ],
        ),
        (
            "no call before one",
            vec![json!([null]), json!([piece("run_card", json!(SEVEN))])],
        ),
    ] {
        let deltas: Vec<Value> = pieces.iter().map(|calls| json!({"tool_calls": calls})).collect();
        let heard = says(&deltas, "tool_calls").await;
        assert_eq!(called(&heard), ["run_card{\"card_id\":7}"], "{what}");
        assert_eq!(heard.started, ["run_card"], "{what}");
    }
    let texts = [
        numbered("0", json!("a"), json!("run_card"), begun),
        numbered("1", json!("b"), json!("run_card"), begun),
        numbered("0", Value::Null, Value::Null, "7}"),
        numbered("1", Value::Null, Value::Null, "12}"),
    ];
    let deltas: Vec<Value> = texts.iter().map(|calls| json!({"tool_calls": calls})).collect();
    assert_eq!(
        called(&says(&deltas, "tool_calls").await),
        ["run_card{\"card_id\":7}", "run_card{\"card_id\":12}"]
    );
    let both = json!({"function_call": {"name": "run_card", "arguments": SEVEN}, "tool_calls": [piece("run_card", json!(SEVEN))]});
    assert_eq!(called(&says(&[both], "tool_calls").await).len(), 1);
}

#[tokio::test]
async fn what_stands_around_arguments_is_taken_off() {
    for (written, arguments) in [
        ("{\"card_id\":7}}", SEVEN),
        ("{\"card_id\":7}</tool_call>", SEVEN),
        ("{\"card_id\":7}<|im_end|>", SEVEN),
        ("```json\n{\"card_id\":7}\n```", SEVEN),
        ("[{\"card_id\":7}]", SEVEN),
        ("{'card_id': 7}", SEVEN),
        ("\u{feff}{\"card_id\":7}", SEVEN),
        ("null", "{}"),
        ("None", "{}"),
        ("{\"card_id\":7}{\"card_", "{\"card_id\":7}{\"card_"),
        ("seven", "seven"),
    ] {
        let heard = says(
            &[json!({"tool_calls": [piece("run_card", json!(written))]})],
            "tool_calls",
        )
        .await;
        assert_eq!(called(&heard), [format!("run_card{arguments}")], "{written}");
    }
}

#[tokio::test]
async fn a_tool_is_known_in_more_decorations_of_its_name() {
    for name in [
        "run-card",
        "runCard",
        "RunCard",
        "run card",
        "run_cardrun_card",
        "run_card.run_card",
        "functions_run_card",
        "tool_run_card",
        "run_card_tool",
        "cardinal_run_card",
        "run_card<|constrain|>json",
    ] {
        let heard = says(
            &[json!({"tool_calls": [piece(name, json!(SEVEN))]})],
            "tool_calls",
        )
        .await;
        assert_eq!(called(&heard), ["run_card{\"card_id\":7}"], "{name}");
    }
}

#[tokio::test]
async fn calls_written_in_the_marks_of_many_models_are_made() {
    for written in [
        "<minimax:tool_call>\n<invoke name=\"run_card\">\n<parameter name=\"card_id\">7</parameter>\n</invoke>\n</minimax:tool_call>",
        "<seed:tool_call>\n<function=run_card>\n<parameter=card_id>\n7\n</parameter>\n</function>\n</seed:tool_call>",
        "<longcat_tool_call>run_card\n<longcat_arg_key>card_id</longcat_arg_key>\n<longcat_arg_value>7</longcat_arg_value>\n</longcat_tool_call>",
        "<|python_tag|>run_card.call(card_id=7)",
        "[TOOL_CALLS]run_card[CALL_ID]abc123[ARGS]{\"card_id\": 7}",
        "[TOOL_REQUEST]{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}[END_TOOL_REQUEST]",
        "<|channel|>analysis<|message|>I need it<|end|><|start|>assistant<|channel|>commentary to=functions.run_card <|constrain|>json<|message|>{\"card_id\": 7}<|call|>",
        "<start_function_call>call:run_card{card_id:7}<end_function_call>",
        "<|tool_call>call:run_card{card_id:7}<tool_call|>",
        "<tool_call>{'name': 'run_card', 'arguments': {'card_id': 7}}</tool_call>",
        "<tool_call>run_card(card_id=7)</tool_call>",
        "<tool_call id=\"1\">{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}</tool_call>",
        "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"run_card\", \"parameters\": {\"card_id\": 7}}]<|END_ACTION|>",
        "<TOOLCALL>[{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]</TOOLCALL>",
        "<|tools_prefix|>[{\"run_card\": {\"card_id\": 7}}]<|tools_suffix|>",
        "<|tool_call_start|>[run_card(card_id=7)]<|tool_call_end|>",
        "<｜tool_calls_begin｜><｜tool_call_begin｜>function<｜tool_sep｜><steptml:invoke name=\"run_card\"><steptml:parameter name=\"card_id\">7</steptml:parameter></steptml:invoke><｜tool_call_end｜><｜tool_calls_end｜>",
        "<|action_start|><|plugin|>{\"name\": \"run_card\", \"parameters\": {\"card_id\": 7}}<|action_end|>",
        "<run_card>\n<card_id>7</card_id>\n</run_card>",
        "<function_call name=\"run_card\">{\"card_id\":7}</function_call>",
        "<tool_use>{\"name\":\"run_card\",\"input\":{\"card_id\":7}}</tool_use>",
        "<action>run_card</action><action_input>{\"card_id\":7}</action_input>",
        ">>>run_card\n{\"card_id\": 7}",
        "**run_card**\n```json\n{\"card_id\": 7}\n```",
        "[Tool call: run_card {\"card_id\": 7}]",
        "run_card {\"card_id\": 7}",
        "`run_card(card_id=7)`",
        "result = await run_card(card_id=7)",
        "{'name': 'run_card', 'arguments': {'card_id': 7}}",
        "{\"run_card\": {\"card_id\": 7}}",
        "{\"function_call\": {\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}}",
        "{\"tool_uses\": [{\"recipient_name\": \"functions.run_card\", \"parameters\": {\"card_id\": 7}}]}",
        "{\"type\": \"function_call\", \"call_id\": \"c\", \"name\": \"run_card\", \"arguments\": \"{\\\"card_id\\\": 7}\"}",
        "{\"thought\": \"I need it\", \"action\": \"run_card\", \"arguments\": {\"card_id\": 7}}",
        "{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}<|im_end|>",
        "{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}}",
        "<|assistant|><|tool_call|>[{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}]",
        "Action: run_card\nAction Input: {\"card_id\": 7}\nObservation: 10",
        "<tool_call>{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}</tool_call>\nI wait for what it brings.",
    ] {
        let heard = says(&[json!({"content": written})], "stop").await;
        assert_eq!(called(&heard), ["run_card{\"card_id\":7}"], "{written}");
        assert_eq!(heard.completion.text, "", "{written}");
    }
}

#[tokio::test]
async fn a_tools_schema_or_bare_arguments_are_no_answer() {
    for written in [
        "{\"card_id\": 7}",
        "```json\n{\"card_id\": 7}\n```",
        "{\"type\": \"object\", \"properties\": {\"card_id\": {\"type\": \"integer\"}}, \"required\": [\"card_id\"]}",
        "{\"type\": \"object\", \"properties\": {\"card_id\": {\"type\": \"inte",
        "{\"name\": \"run_card\", \"description\": \"Runs a card.\", \"parameters\": {\"type\": \"object\", \"properties\": {}}}",
        "{\"$schema\": \"http://json-schema.org/draft-07/schema#\"}",
        "Thought: I need it.\nAction: run_card[7]",
        "{\"name\": \"Orders by year\", \"arguments\": {\"card_id\": \"r1\", \"filters\": {}}}",
        "<arg_key>card_id</arg_key><arg_value>7</arg_value>",
        // Cut within an argument
        "<tool_call><function=run_card><parameter=card_id>7</parameter><parameter=parameters>{\"status\": \"pa",
        "<function=run_card>\n<parameter=card_id>7</parameter>\n<parameter=parameters>{\"status\": \"paid\"}",
        "<invoke name=\"run_card\"><parameter name=\"card_id\">7</parameter><parameter name=\"parameters\">{\"a\": 1}",
        "<tool_call>run_card<arg_key>card_id</arg_key><arg_value>7</arg_value><arg_key>parameters</arg_key><arg_value>{\"a\"",
        // Two things in the place of one
        "<function=run_card><parameter=card_id>7</parameter><parameter=card_id>8</parameter></function>",
        "[run_card(card_id=7, card_id=8)]",
        "<tool_call>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7, \"card_id\": 8}}</tool_call>",
        "{\"name\": \"run_card\", \"function\": \"describe\", \"arguments\": {\"card_id\": 7}}",
        "<tool_call>{\"name\": \"run_card\", \"tool\": \"describe\", \"arguments\": {\"card_id\": 7}}</tool_call>",
        "{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}, \"parameters\": {\"card_id\": 8}}",
        "<tool_call>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}, \"card_id\": 8}</tool_call>",
        // Code that does not run
        "# run_card(card_id=7)",
        "```python\nif False:\n    print(run_card(card_id=7))\n```",
        "```tool_code\ndef run_card(card_id): pass\nrun_card(card_id=7)\n```",
    ] {
        let heard = says(&[json!({"content": written})], "stop").await;
        assert!(heard.completion.tool_calls.is_empty(), "{written}");
        assert_eq!(heard.completion.stop, StopCause::Garbled, "{written}");
    }
    for answer in [
        "{\"month\": \"2025-01\", \"revenue\": 10}",
        "[{\"type\": \"order\", \"required\": 3}]",
        "Its properties are:\n{\"properties\": 3}",
        "describe is the word for it: {\"id\": 7}",
        "<transactions> rose by 3 percent",
    ] {
        let heard = says(&[json!({"content": answer})], "stop").await;
        assert_eq!(
            (heard.completion.stop, heard.completion.text.as_str()),
            (StopCause::End, answer)
        );
    }
}

#[tokio::test]
async fn a_call_inside_the_answer_of_a_driven_model_is_made() {
    let written = "<tool_call>{\"name\":\"run_card\",\"arguments\":{\"card_id\":7}}</tool_call>";
    let answer = json!({"action": "answer", "arguments": {"text": written}}).to_string();
    let server = ScriptedModel::openai(vec![Reply::text(answer)]).await;
    let mut settings = server.settings();
    settings.drive = cardinal::model::ModelDrive::JsonAction;
    let heard = listen(&*connect(&settings, wire(&server)).unwrap(), &question())
        .await
        .unwrap();
    assert_eq!(called(&heard), ["run_card{\"card_id\":7}"]);
}
