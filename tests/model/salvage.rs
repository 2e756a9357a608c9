//! Tool calls that a model wrote into its text are made real; answers that quote JSON stay answers.

use cardinal::model::{StopCause, ToolChoice};
use serde_json::json;

use super::talk::{Heard, ask, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

async fn says(text: &str) -> Heard {
    let server = ScriptedModel::openai(vec![Reply::text(text)]).await;
    ask(&server.settings(), &question()).await.unwrap()
}

#[tokio::test]
async fn written_calls_of_every_usual_form_are_made_real() {
    let call = r#"{"name": "run_card", "arguments": {"card_id": 7}}"#;
    let forms = [
        call.to_owned(),
        format!("  [{call}]\n"),
        format!("```json\n{call}\n```"),
        format!("```\n{call}\n```\n"),
        format!("```json\n{call}"),
        format!("<tools>\n{call}\n</tools>"),
        format!("<tool_call>{call}</tool_call>"),
        format!("<tool_call>\n{call}"),
        format!("<tool_call>\n```json\n{call}\n```\n</tool_call>"),
        format!("{{\"tool_calls\": [{call}]}}"),
        format!("{{\"type\": \"function\", \"id\": \"x\", \"function\": {call}}}"),
        r#"{"tool": "run_card", "args": "{\"card_id\":7}"}"#.to_owned(),
        r#"{"action": "run_card", "parameters": {"card_id": 7}}"#.to_owned(),
        r#"{"tool": "run_card", "tool_input": {"card_id": 7}}"#.to_owned(),
        r#"{"function": "run_card", "parameters": {"card_id": 7}}"#.to_owned(),
        r#"<function=run_card>{"card_id": 7}</function>"#.to_owned(),
        "<function=run_card>\n<parameter=card_id>\n7\n</parameter>\n</function>".to_owned(),
        "<tool_call>\n<function=run_card>\n<parameter=card_id>7</parameter></function>\n</tool_call>".to_owned(),
        "<tool_call>run_card\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>\n</tool_call>".to_owned(),
        r#"<function_calls><invoke name="run_card"><parameter name="card_id">7</parameter></invoke></function_calls>"#
            .to_owned(),
        format!("[TOOL_CALLS] [{call}]"),
        r#"[TOOL_CALLS]run_card[ARGS]{"card_id": 7}"#.to_owned(),
        format!("<|tool_call|>[{call}]<|/tool_call|>"),
        format!("<|python_tag|>{call}"),
        "Action: run_card\nAction Input: {\"card_id\": 7}".to_owned(),
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>run_card\n```json\n{\"card_id\": 7}\n```\
         <｜tool▁call▁end｜><｜tool▁calls▁end｜>"
            .to_owned(),
        "<|channel|>commentary to=functions.run_card <|constrain|>json<|message|>{\"card_id\": 7}<|call|>".to_owned(),
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.run_card:0<|tool_call_argument_begin|>\
         {\"card_id\": 7}<|tool_call_end|><|tool_calls_section_end|>"
            .to_owned(),
        r#"<run_card>{"card_id": 7}</run_card>"#.to_owned(),
    ];
    for form in forms {
        let heard = says(&form).await;
        let calls = &heard.completion.tool_calls;
        assert_eq!(calls.len(), 1, "{form}");
        let arguments = calls[0].arguments.replace(' ', "");
        assert_eq!(
            (calls[0].name.as_str(), arguments.as_str()),
            ("run_card", "{\"card_id\":7}"),
            "{form}"
        );
        assert_eq!(heard.completion.stop, StopCause::ToolCalls, "{form}");
        assert_eq!(heard.completion.text, "", "{form}");
        assert_eq!(heard.texts.concat(), "", "a call is not heard as text: {form}");
        assert_eq!(heard.started, ["run_card"], "{form}");
    }
}

#[tokio::test]
async fn calls_written_as_keys_and_values_are_made_real() {
    for form in [
        "tool: run_card\narguments:\n  card_id: 7",
        "```yaml\ntool: run_card\narguments:\n  card_id: 7\n```",
        "<tool_call>\nname: run_card\narguments:\n  card_id: 7\n</tool_call>",
        "tool_call:\n  name: run_card\n  arguments:\n    card_id: 7",
        "tool_calls:\n  - name: run_card\n    arguments:\n      card_id: 7",
        "- name: run_card\n  arguments:\n    card_id: 7",
        "function: \"run_card\"\nparameters: {card_id: 7}",
        "run_card:\n  card_id: 7",
        "tool: run_card\ncard_id: 7",
        "{\"tool\": \"run_card\", \"card_id\": 7}",
        "/run_card card_id=7",
        "`/run_card card_id=7`",
        "/run_card --card_id=7",
        "/run_card(card_id=7)",
        "/run_card {\"card_id\": 7}",
        "run_card card_id=7",
        "[tool_call: run_card(card_id=7)]",
        "[tool_call: run_card card_id=7]",
        "[tool_call: run_card, card_id: 7]",
        "[Tool call: run_card(card_id=7)]",
        "[tool_call: run_card({\"card_id\": 7})]",
        "[tool_call: run_card with arguments: {\"card_id\": 7}]",
        "tool_call: run_card(card_id=7)",
        "Function call: `run_card` card_id=7",
    ] {
        let heard = says(form).await;
        let calls = &heard.completion.tool_calls;
        assert_eq!(calls.len(), 1, "{form}");
        assert_eq!(
            (
                calls[0].name.as_str(),
                calls[0].arguments.replace(' ', "").as_str()
            ),
            ("run_card", "{\"card_id\":7}"),
            "{form}"
        );
        assert_eq!(heard.completion.text, "", "{form}");
    }
    let heard = says("I look it up.\n/run_card card_id=7\n/describe id=12 kind=card").await;
    let calls: Vec<_> = heard
        .completion
        .tool_calls
        .iter()
        .map(|call| format!("{}{}", call.name, call.arguments))
        .collect();
    assert_eq!(
        calls,
        ["run_card{\"card_id\":7}", "describe{\"id\":12,\"kind\":\"card\"}"]
    );
    assert_eq!(heard.completion.text, "I look it up.");
    assert_eq!(heard.texts.concat(), "I look it up.\n");
}

#[tokio::test]
async fn keys_and_values_that_call_nothing_stay_an_answer() {
    for answer in [
        "Name: Widget\nRevenue: 10",
        "name: describe is what the column is called",
        "Tool: run_card was used for the figures of May.",
        "/run_card is what I would type in the console",
        "Figures:\n  card_id: 7",
        "The card: 7\nIts revenue: 10",
        "- May: 10\n- June: 12",
        "run_card brought 7 rows",
        "describe: revenue rose from 10 to 12",
    ] {
        let heard = says(answer).await;
        assert!(heard.completion.tool_calls.is_empty(), "{answer}");
        assert_eq!(heard.completion.text, answer);
        assert_eq!(heard.texts.concat(), answer);
        assert_eq!(heard.completion.stop, StopCause::End, "{answer}");
    }
    for garbled in [
        "/run_card 7",
        "[tool_call: run_card(7)]",
        "[tool_call: run_card(card_id",
        "tool: run_card\narguments: [7",
    ] {
        let heard = says(garbled).await;
        assert!(heard.completion.tool_calls.is_empty(), "{garbled}");
        assert_eq!(heard.completion.stop, StopCause::Garbled, "{garbled}");
    }
}

#[tokio::test]
async fn several_calls_and_the_words_before_them_are_kept() {
    let calls = r#"{"name":"run_card","arguments":{"card_id":7}}"#;
    for (open, close) in [
        ("<tool_call>", "</tool_call>\n"),
        ("```json\n", "\n```\n"),
        ("", "\n"),
    ] {
        let heard = says(&format!(
            "I look at both.\n{open}{calls}{close}{open}{{\"name\":\"describe\"}}{close}"
        ))
        .await;
        let names: Vec<_> = heard
            .completion
            .tool_calls
            .iter()
            .map(|call| call.name.as_str())
            .collect();
        assert_eq!(names, ["run_card", "describe"]);
        assert_eq!(heard.completion.tool_calls[1].arguments, "{}");
        assert_ne!(
            heard.completion.tool_calls[0].id,
            heard.completion.tool_calls[1].id
        );
        assert_eq!(heard.completion.text, "I look at both.");
        assert_eq!(heard.texts.concat(), "I look at both.\n");
    }
}

#[tokio::test]
async fn an_answer_that_quotes_json_stays_an_answer() {
    let answers = [
        "The row is {\"name\": \"Widget\", \"revenue\": 10}",
        "{\"name\": \"Widget\", \"arguments\": {\"revenue\": 10}}",
        "{\"name\": \"describe\", \"revenue\": 10}",
        "{\"revenue\": 10}",
        "[1, 2, 3]",
        "```json\n{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}\n```\nis what I would call.",
        "```sql\nselect 1\n```",
        "Call {\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}} to see it.",
        "<tools> are what I have: run_card",
        "<b>bold</b> and `code`",
        "Revenue fell.\n\n<tool_call> is what the note of order 5 begins with; I did not follow it.",
        "I would describe (in words) what run_card(9) brings.",
        "Action: none is needed\nRevenue was ten.",
        "to=3 and from=4",
        "| a | b |\n|---|---|\n| 1 | 2 |",
    ];
    for answer in answers {
        let heard = says(answer).await;
        assert!(heard.completion.tool_calls.is_empty(), "{answer}");
        assert_eq!(heard.completion.text, answer);
        assert_eq!(
            heard.texts.concat(),
            answer,
            "nothing of an answer is lost on the way"
        );
        assert_eq!(heard.completion.stop, StopCause::End);
    }
}

#[tokio::test]
async fn a_call_that_cannot_be_read_is_neither_a_call_nor_an_answer() {
    let garbled = [
        "{\"name\": \"run_card\", \"arguments\": {\"card_id\": ",
        "run_card(7)",
        "I look it up.\n```python\nprint(run_card(7))\n```",
        "[run_card(7), describe(id=7)]",
        "<|python_tag|>run_card.call(7)",
        "<tool_call>\n{\"name\": \"run_card\", \"argu",
        "<function=drop_table>{\"id\": 7}</function>",
        "<run_card card_id=\"7\"/>",
    ];
    for text in garbled {
        let heard = says(text).await;
        assert!(heard.completion.tool_calls.is_empty(), "{text}");
        assert_eq!(heard.completion.stop, StopCause::Garbled, "{text}");
    }
}

#[tokio::test]
async fn thoughts_in_the_text_are_not_part_of_the_answer() {
    for (text, left) in [
        ("<think>I should add it up: 3 + 4.</think>\n\nSeven.", "Seven."),
        ("<thinking>\nhm\n</thinking><think>hm</think>Seven.", "Seven."),
        ("hm, hm\n</think>\n\nSeven.", "Seven."),
        ("<think>and on and on", ""),
        (
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Seven.<|return|>",
            "Seven.",
        ),
        ("Seven. <think> is a tag.", "Seven. <think> is a tag."),
        ("<thin ice>", "<thin ice>"),
    ] {
        let heard = says(text).await;
        assert_eq!(heard.completion.text, left, "{text}");
        if text.starts_with("<think") {
            assert_eq!(heard.texts.concat(), left, "{text}");
        }
    }
    let called = "<think>which?</think><tool_call>{\"name\": \"run_card\", \"arguments\": {}}</tool_call>";
    let heard = says(called).await;
    assert_eq!(heard.completion.tool_calls.len(), 1);
    assert_eq!(heard.completion.text, "");
}

#[tokio::test]
async fn an_answer_of_prose_is_heard_word_by_word() {
    let heard = says("Revenue was ten.\n\nThen it was twelve.").await;
    assert!(heard.texts.len() > 4, "{:?}", heard.texts);
}

#[tokio::test]
async fn a_long_answer_that_begins_like_a_call_is_let_through() {
    let long = format!("{{ {}", "word ".repeat(8000));
    let heard = says(&long).await;
    assert!(heard.texts.len() > 100);
    assert_eq!(heard.texts.concat(), long);
}

#[tokio::test]
async fn a_call_is_taken_out_of_the_text_where_none_may_be_made_and_left_where_others_were_made() {
    let written = r#"{"name":"run_card","arguments":{"card_id":7}}"#;
    let native = Reply::tool_calls([("describe", json!({"id": 1}))]).saying(written);
    let server = ScriptedModel::openai(vec![Reply::text(written), native]).await;
    let mut last = question();
    last.tool_choice = ToolChoice::None;
    let heard = ask(&server.settings(), &last).await.unwrap();
    assert_eq!(
        (heard.completion.tool_calls.len(), heard.completion.text.as_str()),
        (1, "")
    );
    let heard = ask(&server.settings(), &question()).await.unwrap();
    assert_eq!(heard.completion.tool_calls.len(), 1);
    assert_eq!(heard.completion.tool_calls[0].name, "describe");
    assert_eq!(heard.completion.text, written);
}

#[tokio::test]
async fn an_answer_that_speaks_of_the_mark_that_closes_thoughts_is_kept() {
    for answer in [
        "It was ten. The mark `</think>` ends thoughts.",
        "It was ten. The mark </think> is text.",
        "It was ten. \"</think>\" is text.",
        "It was ten:\n```\nhm\n</think>\n```\nSo it ends.",
    ] {
        let heard = says(answer).await;
        assert_eq!(heard.completion.text, answer);
    }
    for thoughts in [
        "hm, hm\n</think>\n\nSeven.",
        "hm, hm.</think>\n\nSeven.",
        "the mark `</think>` is text\n</think>Seven.",
    ] {
        assert_eq!(says(thoughts).await.completion.text, "Seven.", "{thoughts}");
    }
}

#[tokio::test]
async fn thoughts_between_words_are_left_out_and_words_about_marks_are_kept() {
    for (text, left) in [
        ("<think>a</think>Seven<think>b</think> of ten.", "Seven of ten."),
        ("Seven.\n<think>b</think>\nOf ten.", "Seven.\n\nOf ten."),
    ] {
        assert_eq!(says(text).await.completion.text, left);
    }
    for answer in [
        "The marks `<think>` and `</think>` stand around thoughts.",
        "The marks <think> and </think> stand around thoughts.",
        "The mark </s> ends a message.",
        "<details><summary>Ten</summary>hm</details>\nSeven.",
        "The mark <|user|> begins a question.",
        "A question begins with `<|im_start|>user` there.",
        "Seven [EOS: 3] of ten [1]",
        "It is < 10 and > 5 [",
    ] {
        let heard = says(answer).await;
        assert_eq!(heard.completion.text, answer);
        assert_eq!(heard.texts.concat(), answer);
    }
}
