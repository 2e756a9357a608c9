//! Calls that servers number, name, repeat and wrap in ways of their own: each is made, and made once.

use cardinal::model::{Provider, StopCause};
use serde_json::{Value, json};

use super::chunks::{self, called, calls, chunk, end, events, heard};
use super::talk::{Heard, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

const SEVEN: &str = "{\"card_id\":7}";
const TWELVE: &str = "{\"card_id\":12}";
const BOTH: [&str; 2] = ["run_card{\"card_id\":7}", "run_card{\"card_id\":12}"];
const ONE: [&str; 1] = ["run_card{\"card_id\":7}"];

async fn of_chat(pieces: &[Value]) -> Heard {
    chunks::says(events(pieces)).await.unwrap()
}

/// What comes of these events of the Responses API.
async fn of_responses(pieces: &[Value]) -> Heard {
    let server = ScriptedModel::openai(vec![Reply::sse(events(pieces))]).await;
    let mut settings = server.settings();
    settings.id.provider = Provider::OpenaiResponses;
    super::talk::ask(&settings, &question()).await.unwrap()
}

/// What comes of these events of Anthropic's protocol, between the beginning and the end of a message.
async fn of_messages(pieces: &[Value]) -> Heard {
    let end = [
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    let server = ScriptedModel::anthropic(vec![Reply::sse(events(&[pieces, &end].concat()))]).await;
    heard(&server, &question()).await.unwrap()
}

fn item(fields: Value) -> Value {
    let mut item = json!({"type": "function_call", "name": "run_card"});
    let all = item.as_object_mut().unwrap();
    all.extend(fields.as_object().unwrap().clone());
    item
}

fn added(index: Value, item: Value) -> Value {
    json!({"type": "response.output_item.added", "output_index": index, "item": item})
}

fn done(index: Value, item: Value) -> Value {
    json!({"type": "response.output_item.done", "output_index": index, "item": item})
}

fn completed(output: Value) -> Value {
    json!({"type": "response.completed", "response": {"status": "completed", "output": output}})
}

fn more(fields: Value) -> Value {
    let mut event = json!({"type": "response.function_call_arguments.delta"});
    event
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    event
}

#[tokio::test]
async fn items_under_one_number_are_parted_by_their_ids_and_ends() {
    let first = || item(json!({"id": "a", "call_id": "ca", "arguments": SEVEN}));
    let second = || item(json!({"id": "b", "call_id": "cb", "arguments": TWELVE}));
    let begun = |id: &str| item(json!({"id": id, "call_id": format!("c{id}"), "arguments": ""}));
    let nameless = |arguments: &str| item(json!({ "arguments": arguments }));
    for (what, pieces) in [
        (
            "one after the other",
            vec![
                added(json!(0), begun("a")),
                more(json!({"output_index": 0, "item_id": "a", "delta": SEVEN})),
                done(json!(0), first()),
                added(json!(0), begun("b")),
                more(json!({"output_index": 0, "item_id": "b", "delta": TWELVE})),
                done(json!(0), second()),
            ],
        ),
        (
            "both before either ends",
            vec![
                added(json!(0), begun("a")),
                added(json!(0), begun("b")),
                more(json!({"output_index": 0, "item_id": "a", "delta": "{\"card_id\":"})),
                more(json!({"output_index": 0, "item_id": "b", "delta": "{\"card_id\":"})),
                more(json!({"output_index": 0, "item_id": "a", "delta": "7}"})),
                more(json!({"output_index": 0, "item_id": "b", "delta": "12}"})),
            ],
        ),
        (
            "no number",
            vec![
                added(Value::Null, begun("a")),
                more(json!({"item_id": "a", "delta": SEVEN})),
                added(Value::Null, begun("b")),
                more(json!({"item_id": "b", "delta": TWELVE})),
                done(Value::Null, first()),
                done(Value::Null, second()),
            ],
        ),
        (
            "no number and no id",
            vec![
                added(Value::Null, nameless("")),
                more(json!({ "delta": SEVEN })),
                done(Value::Null, nameless(SEVEN)),
                added(Value::Null, nameless("")),
                more(json!({ "delta": TWELVE })),
                done(Value::Null, nameless(TWELVE)),
            ],
        ),
        (
            "ends alone",
            vec![done(json!(0), first()), done(json!(0), second())],
        ),
        (
            "another id with every event",
            vec![
                added(json!(0), begun("a1")),
                more(json!({"output_index": 0, "item_id": "a2", "delta": SEVEN})),
                done(
                    json!(0),
                    item(json!({"id": "a3", "call_id": "ca1", "arguments": SEVEN})),
                ),
                added(json!(1), begun("b1")),
                more(json!({"output_index": 1, "item_id": "b2", "delta": TWELVE})),
                done(
                    json!(1),
                    item(json!({"id": "b3", "call_id": "cb1", "arguments": TWELVE})),
                ),
            ],
        ),
        (
            "all told twice",
            vec![
                added(json!(0), begun("a")),
                added(json!(0), begun("a")),
                done(json!(0), first()),
                done(json!(0), first()),
                done(json!(1), second()),
                done(json!(1), second()),
            ],
        ),
        (
            "arguments alone",
            vec![
                json!({"type": "response.function_call_arguments.done", "item_id": "a", "output_index": 0,
                    "name": "run_card", "arguments": SEVEN}),
                json!({"type": "response.function_call_arguments.done", "item_id": "b", "output_index": 1,
                    "name": "run_card", "arguments": TWELVE}),
            ],
        ),
    ] {
        for output in [json!([]), json!([first()]), json!([first(), second()])] {
            // Ids that change do not tell which call the end has.
            if what != "another id with every event" || output == json!([]) {
                let pieces = [pieces.as_slice(), &[completed(output.clone())]].concat();
                let heard = of_responses(&pieces).await;
                assert_eq!(called(&heard), BOTH, "{what}: {output}");
                assert_eq!(heard.started, ["run_card", "run_card"], "{what}: {output}");
                assert_eq!(heard.completion.stop, StopCause::ToolCalls, "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_call_of_a_tool_that_takes_any_text_is_a_call() {
    let custom =
        json!({"type": "custom_tool_call", "id": "a", "call_id": "ca", "name": "run_card", "input": SEVEN});
    for pieces in [
        vec![done(json!(0), custom.clone()), completed(json!([]))],
        vec![completed(json!([custom.clone()]))],
        vec![
            added(
                json!(0),
                json!({"type": "custom_tool_call", "id": "a", "call_id": "ca", "name": "run_card", "input": ""}),
            ),
            json!({"type": "response.custom_tool_call_input.delta", "item_id": "a", "output_index": 0, "delta": SEVEN}),
            completed(json!([])),
        ],
    ] {
        assert_eq!(called(&of_responses(&pieces).await), ONE, "{pieces:?}");
    }
    let chat =
        json!([{"index": 0, "id": "a", "type": "custom", "custom": {"name": "run_card", "input": SEVEN}}]);
    assert_eq!(called(&of_chat(&[calls(chat), end("tool_calls")]).await), ONE);
}

#[tokio::test]
async fn blocks_under_one_number_are_parted() {
    let start = |index: Value, id: &str, input: Value| {
        json!({"type": "content_block_start", "index": index,
            "content_block": {"type": "tool_use", "id": id, "name": "run_card", "input": input}})
    };
    let text = |index: Value| json!({"type": "content_block_start", "index": index, "content_block": {"type": "text", "text": ""}});
    let said = |index: Value| json!({"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": "I look."}});
    let input = |index: Value, more: &str| json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": more}});
    let stop = |index: Value| json!({"type": "content_block_stop", "index": index});
    for index in [json!(0), Value::Null] {
        let pieces = [
            text(index.clone()),
            said(index.clone()),
            stop(index.clone()),
            start(index.clone(), "a", json!({})),
            input(index.clone(), SEVEN),
            stop(index.clone()),
            start(index.clone(), "b", json!({})),
            input(index.clone(), "{\"card_id\":"),
            input(index.clone(), "12}"),
            stop(index.clone()),
        ];
        let heard = of_messages(&pieces).await;
        assert_eq!(called(&heard), BOTH, "{index}");
        assert_eq!(heard.completion.text, "I look.", "{index}");
        assert_eq!(heard.started, ["run_card", "run_card"], "{index}");
        // Gateways leave the ends of blocks out, too.
        let pieces: Vec<Value> = pieces
            .into_iter()
            .filter(|piece| piece["type"] != "content_block_stop")
            .collect();
        assert_eq!(called(&of_messages(&pieces).await), BOTH, "{index}");
    }
    // The same block told twice is one.
    let twice = [
        start(json!(0), "a", json!({"card_id": 7})),
        start(json!(1), "a", json!({"card_id": 7})),
    ];
    assert_eq!(called(&of_messages(&twice).await), ONE);
}

fn piece(fields: Value, name: &str, arguments: &str) -> Value {
    let mut piece = json!({"type": "function", "function": {"name": name, "arguments": arguments}});
    piece
        .as_object_mut()
        .unwrap()
        .extend(fields.as_object().unwrap().clone());
    if name.is_empty() {
        piece["function"].as_object_mut().unwrap().remove("name");
    }
    calls(json!([piece]))
}

#[tokio::test]
async fn calls_that_are_sent_again_are_made_once() {
    let first = |fields: Value| piece(fields, "run_card", SEVEN);
    let second = |fields: Value| piece(fields, "run_card", TWELVE);
    let whole = |with_ids: bool| {
        let of = |id: &str, arguments: &str| {
            let mut call =
                json!({"type": "function", "function": {"name": "run_card", "arguments": arguments}});
            if with_ids {
                call["id"] = json!(id);
            }
            call
        };
        json!([of("a", SEVEN), of("b", TWELVE)])
    };
    let streamed = || {
        vec![
            piece(json!({"index": 0, "id": "a"}), "run_card", ""),
            piece(json!({"index": 0}), "", "{\"card_id\":"),
            piece(json!({"index": 0}), "", "7}"),
            piece(json!({"index": 1, "id": "b"}), "run_card", ""),
            piece(json!({"index": 1}), "", TWELVE),
        ]
    };
    for (what, again) in [
        (
            "each under its id",
            vec![
                first(json!({"index": 0, "id": "a"})),
                second(json!({"index": 1, "id": "b"})),
            ],
        ),
        (
            "each under its number and a new id",
            vec![
                first(json!({"index": 0, "id": "x"})),
                second(json!({"index": 1, "id": "y"})),
            ],
        ),
        (
            "each under its number",
            vec![first(json!({"index": 0})), second(json!({"index": 1}))],
        ),
        (
            "without numbers",
            vec![first(json!({"id": "a"})), second(json!({"id": "b"}))],
        ),
        ("all at once", vec![calls(whole(true))]),
        ("all at once, without ids", vec![calls(whole(false))]),
        (
            "under new ids",
            vec![
                first(json!({"index": 2, "id": "x"})),
                second(json!({"index": 3, "id": "y"})),
            ],
        ),
        (
            "as a message",
            vec![
                json!({"choices": [{"message": {"tool_calls": whole(true)}, "finish_reason": "tool_calls"}]}),
            ],
        ),
        (
            "as a message without ids",
            vec![
                json!({"choices": [{"message": {"tool_calls": whole(false)}, "finish_reason": "tool_calls"}]}),
            ],
        ),
    ] {
        let pieces = [streamed(), again, vec![end("tool_calls")]].concat();
        assert_eq!(called(&of_chat(&pieces).await), BOTH, "{what}");
    }
    let one = [
        piece(json!({"index": 0, "id": "a"}), "run_card", SEVEN),
        piece(json!({"index": 0, "id": "b"}), "run_card", SEVEN),
        end("tool_calls"),
    ];
    assert_eq!(called(&of_chat(&one).await), ONE);
    let text = [
        chunk(json!({"content": "Sev"})),
        chunk(json!({"content": "en."})),
        json!({"choices": [{"message": {"content": "Seven."}, "finish_reason": "stop"}]}),
    ];
    assert_eq!(of_chat(&text).await.completion.text, "Seven.");
}

#[tokio::test]
async fn calls_that_arrive_in_turns_are_told_apart_by_their_ids() {
    let pieces = [
        piece(json!({"id": "a"}), "run_card", "{\"card_id\":"),
        piece(json!({"id": "b"}), "run_card", "{\"card_id\":"),
        piece(json!({"id": "a"}), "", "7}"),
        piece(json!({"id": "b"}), "", "12}"),
        end("tool_calls"),
    ];
    assert_eq!(called(&of_chat(&pieces).await), BOTH);
    let pieces = [
        piece(json!({"id": "a"}), "run_card", ""),
        piece(json!({"id": "b"}), "run_card", ""),
        piece(json!({"id": "b"}), "", "{\"card_id\":"),
        piece(json!({"id": "a"}), "", SEVEN),
        piece(json!({"id": "b"}), "", "12}"),
        end("tool_calls"),
    ];
    assert_eq!(called(&of_chat(&pieces).await), BOTH);
}

#[tokio::test]
async fn what_wraps_a_call_is_taken_off() {
    let again = json!({"name": "run_card", "arguments": {"card_id": 7}}).to_string();
    let keyed = json!({"run_card": {"card_id": 7}}).to_string();
    let quoted = Value::from(SEVEN).to_string();
    let twice = Value::from(quoted.as_str()).to_string();
    for (name, arguments) in [
        ("run_card", "{\"arguments\": {\"card_id\": 7}}"),
        ("run_card", "{\"parameters\": {\"card_id\": 7}}"),
        ("run_card", "{\"input\": {\"card_id\": 7}}"),
        ("run_card", "{\"args\": {\"card_id\": 7}}"),
        ("run_card", "{\"arguments\": \"{\\\"card_id\\\": 7}\"}"),
        ("run_card", "{\"arguments\": {\"parameters\": {\"card_id\": 7}}}"),
        ("run_card", again.as_str()),
        ("run_card", keyed.as_str()),
        ("run_card", quoted.as_str()),
        ("run_card", twice.as_str()),
        ("run_card_1", SEVEN),
        ("run_card_12", SEVEN),
        ("functions.run_card:0", SEVEN),
        ("functions.run_card_0", SEVEN),
        ("run_card-2", SEVEN),
        ("run_card({\"card_id\": 7})", ""),
        ("run_card({\"card_id\": 7})", "{}"),
        ("run_card(card_id=7)", "{}"),
        ("run_card{\"card_id\": 7}", "{}"),
        ("run_card()", SEVEN),
        ("run_card(card_id: int)", SEVEN),
    ] {
        let pieces = [
            piece(json!({"index": 0, "id": "a"}), name, arguments),
            end("tool_calls"),
        ];
        assert_eq!(called(&of_chat(&pieces).await), ONE, "{name} {arguments}");
    }
    // Two calls in one that differ: which is meant is not known, and no tool is called so.
    for name in [
        "run_card({\"card_id\": 12})",
        "run_card(card_id=12)",
        "{\"name\": \"run_card\", \"arguments\": {\"card_id\": 12}}",
    ] {
        let pieces = [
            piece(json!({"index": 0, "id": "a"}), name, SEVEN),
            end("tool_calls"),
        ];
        assert_eq!(called(&of_chat(&pieces).await), [format!("{name}{SEVEN}")]);
    }
    for nothing in ["[]", "()", "undefined", "", "null", "\"\""] {
        let pieces = [
            piece(json!({"index": 0, "id": "a"}), "run_card", nothing),
            end("tool_calls"),
        ];
        assert_eq!(called(&of_chat(&pieces).await), ["run_card{}"], "{nothing}");
    }
    // What is the tool's own is left as it is, and so is what no tool takes.
    for arguments in [
        "{\"input\":7}",
        "{\"arguments\":{\"card_id\":7},\"card_id\":12}",
        "{\"kind\":\"card\",\"id\":7}",
    ] {
        let pieces = [
            piece(json!({"index": 0, "id": "a"}), "describe", arguments),
            end("tool_calls"),
        ];
        assert_eq!(called(&of_chat(&pieces).await), [format!("describe{arguments}")]);
    }
}

/// What some servers send behind a call and is none.
#[tokio::test]
async fn a_call_of_nothing_is_none() {
    let whole = || piece(json!({"index": 0, "id": "a"}), "run_card", SEVEN);
    for behind in [
        json!([{"index": 0, "function": {"arguments": "{}"}}]),
        json!([{"index": 0, "id": "", "function": {"name": "", "arguments": "{}"}}]),
        json!([{"index": 0, "id": "b", "function": {"name": "", "arguments": ""}}]),
        json!([{"index": 1, "id": "b", "function": {"name": "", "arguments": ""}}]),
    ] {
        let pieces = [whole(), calls(behind.clone()), end("tool_calls")];
        assert_eq!(called(&of_chat(&pieces).await), ONE, "{behind}");
    }
    let hollow = json!({"type": "function_call", "id": "b", "call_id": "cb", "name": "", "arguments": ""});
    let first = item(json!({"id": "a", "call_id": "ca", "arguments": SEVEN}));
    assert_eq!(
        called(&of_responses(&[completed(json!([first, hollow]))]).await),
        ONE
    );
}

#[tokio::test]
async fn arguments_of_an_item_may_be_an_object() {
    let call = item(json!({"id": "a", "call_id": "ca", "arguments": {"card_id": 7}}));
    for pieces in [
        vec![completed(json!([call.clone()]))],
        vec![done(json!(0), call.clone()), completed(json!([]))],
    ] {
        assert_eq!(called(&of_responses(&pieces).await), ONE, "{pieces:?}");
    }
}

#[tokio::test]
async fn a_list_of_calls_may_be_an_object_and_a_name_stand_beside_its_function() {
    let first = json!({"id": "a", "function": {"name": "run_card", "arguments": SEVEN}});
    let second = json!({"id": "b", "name": "run_card", "function": {"arguments": TWELVE}});
    let pieces = [calls(json!({"0": first, "1": second})), end("tool_calls")];
    assert_eq!(called(&of_chat(&pieces).await), BOTH);
}

#[tokio::test]
async fn several_calls_in_one_are_several() {
    let uses = json!({"tool_uses": [
        {"recipient_name": "functions.run_card", "parameters": {"card_id": 7}},
        {"recipient_name": "functions.run_card", "parameters": {"card_id": 12}},
    ]})
    .to_string();
    for name in [
        "multi_tool_use.parallel",
        "multi_tool_use_parallel",
        "parallel",
        "functions.multi_tool_use.parallel",
    ] {
        let pieces = [
            piece(json!({"index": 0, "id": "a"}), name, &uses),
            end("tool_calls"),
        ];
        let heard = of_chat(&pieces).await;
        assert_eq!(called(&heard), BOTH, "{name}");
        let calls = &heard.completion.tool_calls;
        assert_ne!(calls[0].id, calls[1].id);
    }
}

/// One answer is asked for; it is read under whatever number it comes.
#[tokio::test]
async fn the_answer_is_read_where_it_is() {
    let call = json!([{"id": "a", "function": {"name": "run_card", "arguments": SEVEN}}]);
    let of = |choices: Value| json!({ "choices": choices });
    let second = of(json!([
        {"index": 0, "delta": {}, "finish_reason": null},
        {"index": 1, "delta": {"content": "Seven."}, "finish_reason": "stop"},
    ]));
    assert_eq!(of_chat(&[second]).await.completion.text, "Seven.");
    let out_of_order = of(json!([
        {"index": 1, "delta": {"content": "Twelve."}, "finish_reason": "stop"},
        {"index": 0, "delta": {"content": "Seven."}, "finish_reason": "stop"},
    ]));
    let heard = of_chat(&[out_of_order]).await;
    assert_eq!(
        (heard.completion.text.as_str(), heard.texts.concat().as_str()),
        ("Seven.", "Seven.")
    );
    // Its words and its calls under two numbers.
    let apart = json!({"choices": [
        {"index": 0, "message": {"content": "I look."}, "finish_reason": "stop"},
        {"index": 1, "message": {"content": null, "tool_calls": call}, "finish_reason": "tool_calls"},
    ]});
    let server = ScriptedModel::openai(vec![Reply::json(apart)]).await;
    let heard = chunks::heard(&server, &question()).await.unwrap();
    assert_eq!(called(&heard), ONE);
    assert_eq!(
        (heard.completion.text.as_str(), heard.completion.stop),
        ("I look.", StopCause::ToolCalls)
    );
    // Several answers to one question are not one text.
    let both = [
        of(json!([{"index": 0, "delta": {"content": "Sev"}}])),
        of(json!([{"index": 1, "delta": {"content": "Twe"}}])),
        of(json!([{"index": 0, "delta": {"content": "en."}, "finish_reason": "stop"}])),
        of(json!([{"index": 1, "delta": {"content": "lve."}, "finish_reason": "stop"}])),
    ];
    assert_eq!(of_chat(&both).await.completion.text, "Seven.");
}
