//! Calls that a model wrote into its text in the marks of yet other models. What looks like a call is never an answer, and an
//! answer that speaks of a tool or shows data stays one.

use cardinal::model::{Message, StopCause};
use serde_json::json;

use super::chunks::{DONE, called, chunk, end, events, said, says};
use super::talk::{call, question, result};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Every form of a table that does not hold, so that one run tells of all of them.
async fn all_of(forms: &[&str], holds: impl Fn(&str, &super::talk::Heard) -> bool) {
    let mut failed = Vec::new();
    for form in forms {
        let heard = says(events(&[said(form), end("stop")]) + DONE).await.unwrap();
        if !holds(form, &heard) {
            failed.push(format!(
                "{form}\n   -> {:?} {:?} {:?}, heard {:?}",
                heard.completion.stop,
                called(&heard),
                heard.completion.text,
                heard.texts
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn calls_in_the_forms_of_further_models_are_made() {
    let forms = [
        // Llama 4
        "<|python_start|>[run_card(card_id=7)]<|python_end|>",
        "<|python_start|>run_card(card_id=7)<|python_end|>",
        "<|python_start|>{\"type\": \"function\", \"name\": \"run_card\", \"parameters\": {\"card_id\": 7}}<|python_end|>",
        "<|python_start|>[run_card(card_id=7)]<|python_end|><|eom|>",
        "<|header_start|>assistant<|header_end|>\n\n[run_card(card_id=7)]<|eot|>",
        // gpt-oss, its marks taken off
        "assistantcommentary to=functions.run_card json{\"card_id\": 7}",
        "assistantcommentary to=functions.run_card <|constrain|>json{\"card_id\": 7}",
        "commentary to=functions.run_card json{\"card_id\": 7}",
        "commentary to=functions.run_card code{\"card_id\": 7}",
        "analysisWe need the card.assistantcommentary to=functions.run_card json{\"card_id\":7}",
        "analysis We need the card. assistant commentary to=functions.run_card json {\"card_id\":7}",
        "analysisWe need the card.commentary to=functions.run_card json{\"card_id\":7}",
        "functions.run_card json {\"card_id\": 7}",
        "<|channel|>commentary to=run_card<|constrain|>json<|message|>{\"card_id\":7}",
        "to=functions.run_card<|channel|>commentary json<|message|>{\"card_id\": 7}",
        "<|start|>assistant to=functions.run_card<|channel|>commentary<|constrain|>json<|message|>{\"card_id\": 7}<|call|>",
        // Python
        "print(run_card(card_id=7))",
        "```python\nprint(run_card(card_id=7))\n```",
        "```python\nresult = run_card(card_id=7)\nprint(result)\n```",
        "```tool_code\nprint(default_api.run_card(card_id=7))\n```",
        "<tool_code>\nprint(run_card(card_id = 7))\n</tool_code>",
        "run_card(**{\"card_id\": 7})",
        "await tools.run_card(card_id=7)",
        "```py\nfunctions.run_card(card_id=7)\n```",
        // Phi, Firefunction, Functionary
        "functools[{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]",
        " functools[{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]",
        "<function_calls>\n[{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]\n</function_calls>",
        "<|from|>assistant\n<|recipient|>run_card\n<|content|>{\"card_id\": 7}",
        // A closing tag whose opening one the server took
        "{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}\n</tool_call>",
        "{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}</tool_call>",
        "<function=run_card>\n<parameter=card_id>\n7\n</parameter>\n</function>\n</tool_call>",
        "run_card\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>\n</tool_call>",
        // Solar Open, Hunyuan
        "<|tool_calls|><|tool_call:begin|>c1<|tool_call:name|>run_card<|tool_call:args|>{\"card_id\": 7}<|tool_call:end|>",
        "<tool_call>run_card<tool_sep>\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>\n</tool_call>",
        // GigaChat
        "function call<|role_sep|>\n{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}",
        "<|message_sep|>\n\nfunction call<|role_sep|>\n{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}<|message_sep|>",
        "function call{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}",
        "<|function_call|>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}",
        // GLM
        "run_card\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>",
        "<|begin_of_box|>run_card\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>\n<|end_of_box|>",
        "<|begin_of_box|>run_card\n{\"card_id\": 7}<|end_of_box|>",
        "<|begin_of_box|>{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}<|end_of_box|>",
        "<tool_call>run_card<arg_key>card_id</arg_key><arg_value>7</arg_value></tool_call>",
        "run_card\n{\"card_id\": 7}",
        "<|assistant|>run_card\n{\"card_id\": 7}",
        // As clients write calls into a history
        "[Called tool: run_card with args {\"card_id\": 7}]",
        "[Called tool: run_card({\"card_id\": 7})]",
        "[Called tool run_card with {\"card_id\": 7}]",
        "[Calling tool: run_card(card_id=7)]",
        "[Calling tool run_card with args: {\"card_id\": 7}]",
        "[Tool use: run_card {\"card_id\": 7}]",
        "[Used tool: run_card(card_id=7)]",
        "[tool_call: run_card {\"card_id\": 7}]",
        "[Function call: run_card({\"card_id\":7})]",
        "Calling tool run_card with arguments {\"card_id\": 7}",
        "Tool call: run_card({\"card_id\": 7})",
        "Called `run_card` with `{\"card_id\": 7}`",
        // Commands
        "/run_card card_id=7",
        "/run_card --card_id 7",
        "/run_card card_id:7",
        "@run_card card_id=7",
        "!run_card card_id=7",
        "$ run_card --card_id=7",
        // Keys and values
        "tool: run_card\nargs:\n  card_id: 7",
        "- tool: run_card\n  args:\n    card_id: 7",
        "Tool: run_card\nInput: {\"card_id\": 7}",
        "Tool: run_card\nArguments: card_id=7",
        "Tool: run_card\nArguments: {\"card_id\": 7}",
        "name: run_card\narguments: {\"card_id\": 7}",
        "tool_name: run_card\ntool_args:\n  card_id: 7",
        "tool: run_card\nparameters:\n  - card_id: 7",
        "Function: run_card\nParameters:\ncard_id: 7",
        "call: run_card\nargs:\n  card_id: 7",
        // Elements
        "<tool name=\"run_card\">\n<param name=\"card_id\">7</param>\n</tool>",
        "<invoke>\n<tool_name>run_card</tool_name>\n<parameters>\n<card_id>7</card_id>\n</parameters>\n</invoke>",
        "<function_calls>\n<invoke>\n<tool_name>run_card</tool_name>\n<parameters>\n<card_id>7</card_id>\n</parameters>\n</invoke>\n</function_calls>",
        "<use_tool><tool_name>run_card</tool_name><arguments>{\"card_id\": 7}</arguments></use_tool>",
        "<use_mcp_tool>\n<server_name>cardinal</server_name>\n<tool_name>run_card</tool_name>\n<arguments>\n{\"card_id\": 7}\n</arguments>\n</use_mcp_tool>",
        "<execute_tool>run_card(card_id=7)</execute_tool>",
        "<function_calls>run_card(card_id=7)</function_calls>",
        "<tool_calls>[{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]</tool_calls>",
        "<action>run_card</action>\n<input>{\"card_id\": 7}</input>",
        // Further marks
        "✿FUNCTION✿: run_card\n✿ARGS✿: {\"card_id\": 7}",
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>run_card<｜tool▁sep｜>{\"card_id\": 7}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        "Action: ```json\n[{\"tool_name\": \"run_card\", \"parameters\": {\"card_id\": 7}}]\n```",
        "run_card: {\"card_id\": 7}",
        "await functions.run_card({card_id: 7});",
        "```js\nconst result = await functions.run_card({ card_id: 7 });\n```",
        "```json\n{\"tool_calls\": [{\"id\": \"a\", \"type\": \"function\", \"function\": {\"name\": \"run_card\", \"arguments\": \"{\\\"card_id\\\": 7}\"}}]}\n```",
        // JSON that names a tool
        "{\"command\": \"run_card\", \"args\": {\"card_id\": 7}}",
        "{\"method\": \"run_card\", \"params\": {\"card_id\": 7}}",
        "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"tools/call\", \"params\": {\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}}",
        "{\"functionCall\": {\"name\": \"run_card\", \"args\": {\"card_id\": 7}}}",
        "{\"toolUse\": {\"toolUseId\": \"a\", \"name\": \"run_card\", \"input\": {\"card_id\": 7}}}",
        "{\"type\": \"tool_use\", \"id\": \"a\", \"name\": \"run_card\", \"input\": {\"card_id\": 7}}",
        "{\"recipient\": \"functions.run_card\", \"content\": {\"card_id\": 7}}",
        "{\"tool\": {\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}}",
        "{\"tool_name\": \"run_card\", \"tool_args\": {\"card_id\": 7}}",
        "{\"toolName\": \"run_card\", \"args\": {\"card_id\": 7}}",
        "{\"function_name\": \"run_card\", \"kwargs\": {\"card_id\": 7}}",
        "{\"tool\": \"run_card\", \"arguments\": [{\"card_id\": 7}]}",
        "{\"tool_call\": {\"name\": \"run_card\", \"arguments\": \"{\\\"card_id\\\": 7}\"}}",
        "{\"response\": null, \"tool_calls\": [{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]}",
        "{\"content\": \"I look.\", \"tool_calls\": [{\"function\": {\"name\": \"run_card\", \"arguments\": \"{\\\"card_id\\\": 7}\"}}]}",
        "[\"run_card\", {\"card_id\": 7}]",
        // Marks that a server lost, escaped or put in the middle of a line
        "run_card[ARGS]{\"card_id\": 7}",
        "&lt;tool_call&gt;{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}&lt;/tool_call&gt;",
        "call:default_api:run_card{card_id:7}",
        "[run_card]{\"card_id\": 7}[/run_card]",
        "{{run_card(card_id=7)}}",
        "Using tool: run_card\nInput: {\"card_id\": 7}",
        "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"run_card\", \"parameters\": {\"card_id\": 7}}]<|END_ACTION|>",
    ];
    all_of(&forms, |_, heard| {
        called(heard) == ["run_card{\"card_id\":7}"]
            && heard.completion.stop == StopCause::ToolCalls
            && heard.completion.text.is_empty()
            && heard.texts.concat().is_empty()
    })
    .await;
}

#[tokio::test]
async fn what_looks_like_a_call_and_cannot_be_read_is_no_answer() {
    let forms = [
        "print(run_card(7))",
        "<|python_start|>run_card(7)<|python_end|>",
        "<|python_start|>run_card(card_id",
        "assistantcommentary to=functions.run_card json{\"card_id\"",
        "commentary to=functions.run_card json",
        "functools[{\"name\": \"run_card\", \"arguments\": {\"card_id\"",
        "function call<|role_sep|>\n{\"name\": \"run_card\", \"argu",
        "run_card\n<arg_key>card_id</arg_key>",
        "{\"name\": \"run_card\", \"arguments\": }\n</tool_call>",
        "[Called tool: run_card with args {\"card_id\"",
        "{\"tool\": \"run_card\", \"why\": \"I need the figures\"}",
        "{\"action\": \"run_card\", \"reason\": \"I need the figures\"}",
        "I look it up.\n\n{\"tool\": \"run_card\", \"why\": \"I need the figures\"}",
        "{\"next\": {\"tool\": \"run_card\", \"with\": [7]}, \"thought\": \"I need it\"}",
        "{\"tool\": \"run_card\", \"card_id\": 7,",
        "<|begin_of_box|>run_card\n<arg_key>card_id</arg_key>\n<|end_of_box|>",
        "[run_card(card_id=7, filters=[{\"dim",
        "run_card(card_id=",
        "```tool_code\nprint(default_api.run_card(card_id=7, filters=[{\"dim",
        "```tool_code\nprint(search(\"revenue\"))\n```",
        "{\"name\": \"web_search\", \"arguments\": {\"query\": \"revenue\"}}",
        "{\"name\": \"web_search\", \"arguments\": \"{\\\"query\\\": 1}\"}",
        "{\"tool_calls\": [{\"id\": \"a\", \"type\": \"function\", \"function\": {\"name\": \"web_search\", \"arguments\": {}}}]}",
        "call:default_api:web_search{query:\"revenue\"}",
        "web_search[ARGS]{\"query\": \"revenue\"}",
        "&lt;tool_call&gt;{\"name\": \"web_search\", \"arguments\": {}}&lt;/tool_call&gt;",
        "<|open|>tools<|sep|><|open|>call tool=\"run_card\" index=\"1\"<|sep|>{\"card_id\": 7}<|close|>call<|sep|>",
    ];
    all_of(&forms, |_, heard| {
        heard.completion.tool_calls.is_empty() && heard.completion.stop == StopCause::Garbled
    })
    .await;
}

#[tokio::test]
async fn an_answer_that_speaks_of_a_tool_or_shows_data_stays_one() {
    let forms = [
        "I called run_card with card 7, and revenue was 10.",
        "The row is: {\"name\": \"Widget\", \"revenue\": 10}",
        "Best: {\"tool\": \"hammer\", \"sold\": 7}",
        "<name>Widget</name>",
        "Called run_card: revenue was 10 in May.",
        "I used the tool run_card (card 7).",
        "Used run_card (card 7): revenue was {{r1 revenue}} in May [1].",
        "Using describe, I found that revenue (in USD) is what the card shows.",
        "Running describe (card 7) shows that revenue is kept by month.",
        "Tool: run_card (card 7) brought 10 rows.",
        "Called run_card: revenue was 10 [1] in May.",
        "The tool run_card brought 12 rows:\n\n| month | revenue |\n|---|---|\n| May | 10 |",
        "Revenue was 10.\n\nSource: run_card(card_id=7), which is “Revenue by month”.",
        "Function call volume rose by 3 percent in May.",
        "function calls per month: 10, 12, 14",
        "Functools is a module of Python.",
        "Commentary: revenue rose in May.",
        "Analysis of May: revenue rose by 3 percent.",
        "{\"tool\": \"hammer\", \"sold\": 7}",
        "{\"name\": \"describe\", \"revenue\": 10}",
        "{\"method\": \"card\", \"revenue\": 10}",
        "{\"action\": \"describe\", \"count\": 10}",
        "By tool:\n{\"tool\": \"hammer\", \"sold\": 7}",
        "{\"rows\": [{\"month\": \"May\", \"revenue\": 10}]}",
        "[[\"May\", 10], [\"June\", 12]]",
        "[\"May\", {\"revenue\": 10}]",
        "```json\n{\"content\": \"May\", \"revenue\": 10}\n```",
        "Here it is:\n\n```json\n[{\"name\": \"Widget\", \"input\": 3}]\n```",
        "Tool: hammer\nSold: 7",
        "Input: 7\nOutput: 10",
        "/var/log holds what was asked.",
        "@ana asked for 7 rows.",
        "Called: 7 customers.",
        "print(10) is not what I would run.",
        "In pandas:\n\n```python\ndf.describe()\n```",
        "I would run `run_card(card_id=7)` for that, but the card is empty.",
        "<arg_key> is a tag that some models write.",
        "Calling customers cost 10 in May.",
        "{\"name\": \"Widget\", \"arguments\": 3}",
        "[note] {10} is what the card shows.",
        "run_card(card_id=7 is the call (I think) that shows it.",
        "Revenue & cost: a &lt; b holds for 10 months.",
    ];
    all_of(&forms, |form, heard| {
        heard.completion.tool_calls.is_empty()
            && heard.completion.stop == StopCause::End
            && heard.completion.text == form
            && heard.texts.concat() == form
    })
    .await;
}

/// A call behind what the model thought, in one line with it.
#[tokio::test]
async fn a_call_behind_thoughts_is_made() {
    let action = "[{\"tool_call_id\": \"0\", \"tool_name\": \"run_card\", \"parameters\": {\"card_id\": 7}}]";
    let cohere = format!("<|START_THINKING|>I look.<|END_THINKING|><|START_ACTION|>{action}<|END_ACTION|>");
    let heard = says(events(&[said(&cohere), end("stop")]) + DONE).await.unwrap();
    assert_eq!(called(&heard), ["run_card{\"card_id\":7}"]);
    for call in [
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.run_card:0<|tool_call_argument_begin|>{\"card_id\":7}<|tool_call_end|><|tool_calls_section_end|>",
        "<|channel|>commentary to=functions.run_card <|constrain|>json<|message|>{\"card_id\":7}<|call|>",
        "<tool_call>run_card\n<arg_key>card_id</arg_key>\n<arg_value>7</arg_value>\n</tool_call>",
    ] {
        let thought = chunk(json!({ "reasoning_content": format!("Let me see. {call}") }));
        let heard = says(events(&[thought, end("stop")]) + DONE).await.unwrap();
        assert_eq!(called(&heard), ["run_card{\"card_id\":7}"], "{call}");
    }
}

#[tokio::test]
async fn an_empty_call_behind_an_answer_and_marks_alone_are_dropped() {
    for shell in [
        "<tool_call></tool_call>",
        "<function_calls>\n</function_calls>",
        "[TOOL_CALLS][]",
    ] {
        let written = format!("Seven.\n{shell}");
        let heard = says(events(&[said(&written), end("stop")]) + DONE).await.unwrap();
        let told = (heard.completion.text.as_str(), heard.completion.stop);
        assert_eq!(told, ("Seven.", StopCause::End), "{shell}");
        assert_eq!(heard.texts.concat().trim_end(), "Seven.", "{shell}");
    }
    for marks in [
        "<|im_end|>",
        "<|eot_id|>",
        "<|im_start|>assistant\n<|im_end|>",
        "</s>",
    ] {
        let heard = says(events(&[said(marks), end("stop")]) + DONE).await.unwrap();
        assert_eq!(
            (heard.completion.text.as_str(), heard.texts.len()),
            ("", 0),
            "{marks}"
        );
    }
}

/// The call that was made, shown behind the answer that came of it, is not made again. One that was not made is.
#[tokio::test]
async fn an_answer_may_show_the_call_that_it_comes_of() {
    let mut asked = question();
    asked.messages.push(Message::Assistant {
        text: String::new(),
        tool_calls: vec![call("a", "run_card", "{\"card_id\":7}")],
        opaque: None,
    });
    asked
        .messages
        .push(Message::ToolResults(vec![result("a", "10", false)]));
    for (card, made) in [(7, 0), (12, 1)] {
        for shown in [
            format!("run_card(card_id={card})"),
            format!("{{\"name\": \"run_card\", \"arguments\": {{\"card_id\": {card}}}}}"),
        ] {
            let written = format!("Revenue was 10.\n\n```\n{shown}\n```");
            let body = events(&[said(&written), end("stop")]) + DONE;
            let server = ScriptedModel::openai(vec![Reply::sse(body)]).await;
            let heard = super::chunks::heard(&server, &asked).await.unwrap();
            assert_eq!(heard.completion.tool_calls.len(), made, "{written}");
            assert_eq!(heard.completion.text == written, made == 0, "{written}");
        }
    }
}

/// A call behind the words that announce it in its line.
#[tokio::test]
async fn a_call_behind_words_is_made() {
    for written in [
        "I look it up: {\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}",
        "I look it up:\n\nrun_card(card_id=7)",
        "I look it up: [{\"name\": \"run_card\", \"arguments\": {\"card_id\": 7}}]",
    ] {
        let heard = says(events(&[said(written), end("stop")]) + DONE).await.unwrap();
        assert_eq!(called(&heard), ["run_card{\"card_id\":7}"], "{written}");
        assert_eq!(heard.completion.text, "I look it up:", "{written}");
    }
}

/// What a server should have taken off an answer is no part of it.
#[tokio::test]
async fn marks_around_an_answer_are_taken_off() {
    for (written, answer) in [
        ("<|begin_of_box|>Seven.<|end_of_box|>", "Seven."),
        ("It is <|begin_of_box|>7<|end_of_box|>.", "It is 7."),
        ("analysisThree and four.assistantfinalSeven.", "Seven."),
        ("<|channel|>final<|message|>Seven.", "Seven."),
        ("assistantfinalSeven.", "Seven."),
    ] {
        let heard = says(events(&[said(written), end("stop")]) + DONE).await.unwrap();
        assert_eq!(heard.completion.text, answer, "{written}");
        assert_eq!(heard.completion.stop, StopCause::End, "{written}");
        assert_eq!(heard.texts.concat(), answer, "{written}");
    }
}

/// The form in which models reason and act by turns.
#[tokio::test]
async fn calls_between_thoughts_are_made_and_the_answer_behind_them_is_shown_alone() {
    let calls = [
        "Thought: I need the revenue.\nAction: run_card\nAction Input: {\"card_id\": 7}",
        "Thought: I need the revenue.\n\nAction: run_card\nAction Input: {\"card_id\": 7}\nObservation: 10",
        "**Thought:** I need it.\n**Action:** run_card\n**Action Input:** {\"card_id\": 7}",
        "Thought: I need it.\nAction: `run_card`\nAction Input: ```json\n{\"card_id\": 7}\n```",
        "Thought: I need it.\nAction: run_card(card_id=7)",
        "Thought: I need it.\nAction: run_card\nAction Input: card_id=7",
        "Thought: I need it.\nAction: run_card\nAction Input:\n{\n  \"card_id\": 7\n}\nObservation: 10\nThought: I know.\nFinal Answer: 10",
        "Thought: I need it.\nAction:\n```json\n{\"action\": \"run_card\", \"action_input\": {\"card_id\": 7}}\n```",
        "Question: Revenue?\nThought: I need it.\nAction: run_card\nAction Input: {\"card_id\": 7}",
    ];
    all_of(&calls, |_, heard| {
        called(heard) == ["run_card{\"card_id\":7}"] && !heard.texts.concat().contains("Action")
    })
    .await;
    let answers = [
        "Final Answer: Revenue was 7.",
        "Thought: I now know the final answer.\nFinal Answer: Revenue was 7.",
        "Thought: I know.\n\n**Final Answer:** Revenue was 7.",
        "Question: Revenue?\nThought: I now know it.\nFinal answer: Revenue was 7.",
        "Thought: I know.\nAction: Final Answer\nAction Input: Revenue was 7.",
    ];
    all_of(&answers, |_, heard| {
        heard.completion.text == "Revenue was 7." && heard.texts.concat() == "Revenue was 7."
    })
    .await;
    let kept = [
        "Revenue was 7.\n\nFinal answer: 7.",
        "Thought: revenue was 7 in all of 2025.",
        "The final answer: revenue was 7.",
    ];
    all_of(&kept, |form, heard| {
        heard.completion.text == form && heard.texts.concat() == form
    })
    .await;
    let promise = [
        "Thought: I should look at the card first.",
        "Thought: Let me query the data.",
    ];
    all_of(&promise, |_, heard| heard.completion.stop == StopCause::Garbled).await;
}
