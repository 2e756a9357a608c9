//! Lines of a stream that are written as no specification has them: read where they hold a piece, and a cut where they may have
//! held one. None of them vanishes.

use cardinal::model::{ModelError, StopCause};
use serde_json::{Value, json};

use super::chunks::{DONE, called, chunk, end, events, heard, said, says};
use super::talk::question;
use crate::support::scripted_model::{Reply, ScriptedModel};

fn around(lines: &str) -> String {
    events(&[said("Revenue was 7.")]) + lines + &events(&[end("stop")]) + DONE
}

#[tokio::test]
async fn a_line_that_holds_a_piece_is_read_in_its_place() {
    let piece = said(" Refunds are not in it.");
    for lines in [
        format!("  data: {piece}\n\n"),
        format!("\tdata:{piece}\n\n"),
        format!("\0data: {piece}\n\n"),
        format!("\u{200b}data: {piece}\n\n"),
        format!("\u{feff}data: {piece}\n\n"),
        format!("DATA: {piece}\n\n"),
        format!("data : {piece}\n\n"),
        format!("data{piece}\n\n"),
        format!("data {piece}\n\n"),
        format!("result: {piece}\n\n"),
        format!("chunk {piece}\n\n"),
        format!("9a\r\ndata: {piece}\n\n"),
        format!("{piece}\n\n"),
        format!("data: ping\n\n: alive\nkeep-alive\n\ndata: {piece}\n\n"),
        format!("data: OPENROUTER PROCESSING\n\ndata: {piece}\n\nid: 7\nretry: 100\n\n"),
    ] {
        let text = says(around(&lines)).await.unwrap().completion.text;
        assert_eq!(text, "Revenue was 7. Refunds are not in it.", "{lines:?}");
    }
    let (one, two) = (said("Revenue was 7."), said(" Refunds are not in it."));
    for body in [
        format!("data: {one}\n{two}\n\n"),
        format!("data: {one}data: {two}\n\n"),
        format!("data: {one}\ndata: {two}\n\n"),
    ] {
        let text = says(body.clone() + &events(&[end("stop")]) + DONE)
            .await
            .unwrap()
            .completion
            .text;
        assert_eq!(text, "Revenue was 7. Refunds are not in it.", "{body:?}");
    }
    // Two characters that part events in a line are part of a text all the same.
    let text = says(events(&[said("data: 7 and \\n"), end("stop")]) + DONE)
        .await
        .unwrap()
        .completion
        .text;
    assert_eq!(text, "data: 7 and \\n");
}

#[tokio::test]
async fn words_in_the_place_of_a_piece_are_a_cut_on_every_wire() {
    for words in [
        "data: Error: upstream timed out\n\n",
        "data: upstream timed out\n\n",
        "Traceback (most recent call last): RuntimeError: out of memory\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\" Ref\n\n",
    ] {
        let error = says(around(words)).await.unwrap_err();
        assert!(
            matches!(error, ModelError::Unreadable { .. }),
            "{words}: {error:?}"
        );
    }
    let broken = "data: upstream timed out\n\n";
    let message = [
        json!({"type": "message_start", "message": {"id": "m"}}),
        json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Revenue "}}),
    ];
    let stop = [
        json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}}),
        json!({"type": "message_stop"}),
    ];
    let body = events(&message) + broken + &events(&stop);
    let server = ScriptedModel::anthropic_with(move |_| Reply::sse(body.clone())).await;
    assert!(matches!(
        heard(&server, &question()).await,
        Err(ModelError::Unreadable { .. })
    ));
    let begun = [json!({"type": "response.output_text.delta", "delta": "Revenue "})];
    let ended = [json!({"type": "response.completed", "response": {"status": "completed", "output": []}})];
    let body = events(&begun) + broken + &events(&ended);
    let server = ScriptedModel::responses_with(move |_| Reply::sse(body.clone())).await;
    assert!(matches!(
        heard(&server, &question()).await,
        Err(ModelError::Unreadable { .. })
    ));
}

#[tokio::test]
async fn a_text_that_comes_whole_with_every_piece_is_said_once() {
    let whole = ["Revenue", "Revenue was", "Revenue was 7.", "Revenue was 7."];
    let pieces: Vec<Value> = whole.iter().map(|text| said(text)).chain([end("stop")]).collect();
    assert_eq!(
        says(events(&pieces) + DONE).await.unwrap().completion.text,
        "Revenue was 7."
    );
    // What only begins alike does not.
    for pieces in [
        ["-", "--", "---"],
        ["1", "12", "123"],
        ["ha", "haha", " ha"],
        ["ab", "ab", "ab"],
    ] {
        let all: Vec<Value> = pieces
            .iter()
            .map(|text| said(text))
            .chain([end("stop")])
            .collect();
        let text = says(events(&all) + DONE).await.unwrap().completion.text;
        assert_eq!(text, pieces.concat());
    }
}

#[tokio::test]
async fn a_response_whose_pieces_were_lost_is_what_its_parts_say() {
    let event = |kind: &str, key: &str, text: &str| json!({"type": kind, key: text, "output_index": 0});
    let ended = json!({"type": "response.completed", "response": {"status": "completed", "output": []}});
    for lost in [
        ["Revenue was ", "7."],
        ["Revenue ", "7."],
        ["", "Revenue"],
        ["Revenue was", "Revenue was 7."],
    ] {
        let mut all: Vec<Value> = lost
            .iter()
            .map(|text| event("response.output_text.delta", "delta", text))
            .collect();
        all.push(event("response.output_text.done", "text", "Revenue was 7."));
        all.push(ended.clone());
        let body = events(&all);
        let server = ScriptedModel::responses_with(move |_| Reply::sse(body.clone())).await;
        assert_eq!(
            heard(&server, &question()).await.unwrap().completion.text,
            "Revenue was 7.",
            "{lost:?}"
        );
    }
}

#[tokio::test]
async fn other_calls_under_one_id_are_other_calls() {
    let block = |index: u64, card: u32| {
        [
            json!({"type": "content_block_start", "index": index, "content_block": {"type": "tool_use", "id": "same", "name": "run_card", "input": {}}}),
            json!({"type": "content_block_delta", "index": index, "delta": {"type": "input_json_delta", "partial_json": format!("{{\"card_id\":{card}}}")}}),
            json!({"type": "content_block_stop", "index": index}),
        ]
    };
    let ends = [
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}),
        json!({"type": "message_stop"}),
    ];
    for (cards, wanted) in [([7, 12], 2), ([7, 7], 1)] {
        let begun = [json!({"type": "message_start", "message": {"id": "m"}})];
        let blocks = [block(0, cards[0]), block(1, cards[1])].concat();
        let body = events(&[&begun[..], &blocks, &ends].concat());
        let server = ScriptedModel::anthropic(vec![Reply::sse(body)]).await;
        let calls = called(&heard(&server, &question()).await.unwrap());
        assert_eq!(calls.len(), wanted, "{calls:?}");
    }
}

#[tokio::test]
async fn a_signature_belongs_to_the_thought_of_its_number() {
    let details = |part: Value| chunk(json!({"reasoning_details": [part]}));
    let body = events(&[
        details(json!({"type": "reasoning.text", "text": "I need ", "index": 0, "format": "anthropic"})),
        details(json!({"type": "reasoning.text", "text": "it.", "index": 0, "format": "anthropic"})),
        details(json!({"type": "reasoning.text", "signature": "seal", "index": 0, "format": "anthropic"})),
        chunk(
            json!({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "run_card", "arguments": "{\"card_id\":7}"}}]}),
        ),
        end("tool_calls"),
    ]);
    let completion = says(body + DONE).await.unwrap().completion;
    assert_eq!(
        completion.opaque.unwrap()["openai"]["message"]["reasoning_details"],
        json!([{"type": "reasoning.text", "text": "I need it.", "signature": "seal", "index": 0, "format": "anthropic"}])
    );
}

#[tokio::test]
async fn thoughts_and_marks_around_an_answer_are_no_part_of_it() {
    for text in [
        "[THINK]hm[/THINK]Seven.",
        "hm[/THINK]Seven.",
        "<seed:think>hm</seed:think>\n\nSeven.",
        "◁think▷hm◁/think▷Seven.",
        "<|channel>thought\nhm\n<channel|>Seven.",
        "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Seven.<|END_RESPONSE|>",
        "Here is my thought process: hm Here is my response: Seven.",
        "<think>hm</think><answer>Seven.</answer>",
        "<answer>\nSeven.\n</answer>",
        "Seven.<|im_end|>",
        "Seven.<|eot_id|>",
        "<THINK>hm</THINK>Seven.",
        "<|think|>hm<|/think|>Seven.",
        "[THINKING]hm[/THINKING]Seven.",
        "< think >hm</ think >Seven.",
        "<think duration=\"3\">hm</think>Seven.",
        "＜think＞hm＜/think＞Seven.",
        "<think>hm<think>hm</think>hm</think>Seven.",
        "<think>hm, the tag <think> hm</think>Seven.",
        "<details type=\"reasoning\" done=\"true\"><summary>hm</summary>hm</details>\nSeven.",
        "Seven.</s>",
        "Seven.[EOS]",
        "Seven.<｜end▁of▁sentence｜>",
        "Seven.<|user|>",
        "Seven.<|user|>\nhm",
        "Seven.<|im_end|>\n<|im_start|>user\nhm",
        "Seven.<|eot_id|><|start_header_id|>user<|end_header_id|>\nhm",
    ] {
        for size in [1, 5, 400] {
            let letters: Vec<char> = text.chars().collect();
            let pieces = letters
                .chunks(size)
                .map(|piece| said(&piece.iter().collect::<String>()));
            let pieces: Vec<Value> = pieces.chain([end("stop")]).collect();
            let heard = says(events(&pieces) + DONE).await.unwrap();
            assert_eq!(heard.completion.text.trim_end(), "Seven.", "{text}");
            let told = heard.texts.concat();
            // Nobody can know of thoughts whose beginning stands in the prompt.
            let is_open = !text.starts_with("hm");
            assert!(
                told.contains("Seven.") && !(is_open && told.contains("hm")),
                "{text}: {told}"
            );
        }
    }
    let words = "It was ten.\n</think>\nSo it is.";
    let thoughts = json!({"choices": [{"index": 0, "delta": {"reasoning_content": "hm"}}]});
    let apart = says(events(&[thoughts, said(words), end("stop")]) + DONE)
        .await
        .unwrap();
    assert_eq!(
        apart.completion.text, words,
        "thoughts that came apart are closed already"
    );
    let open = says(events(&[said("[THINK]I will never"), end("stop")]) + DONE)
        .await
        .unwrap();
    assert_eq!(open.completion.text, "");
}

#[tokio::test]
async fn what_is_withheld_midway_is_not_what_is_declined() {
    for (delta, reason, stop) in [
        (
            json!({"content": "Revenue was "}),
            "content_filter",
            StopCause::Withheld,
        ),
        (json!({"content": "Revenue was "}), "SAFETY", StopCause::Withheld),
        (json!({"content": ""}), "content_filter", StopCause::Refusal),
        (
            json!({"refusal": "I will not."}),
            "content_filter",
            StopCause::Refusal,
        ),
        (json!({"refusal": "I will not."}), "stop", StopCause::Refusal),
    ] {
        let body = events(&[chunk(delta.clone()), end(reason)]) + DONE;
        assert_eq!(
            says(body).await.unwrap().completion.stop,
            stop,
            "{delta} {reason}"
        );
    }
}

#[tokio::test]
async fn what_only_announces_a_call_is_no_answer() {
    for text in [
        "Let me look up the revenue for 2025.",
        "Okay, let me query the metric…",
        "Sure! I'll check the data:",
        "I need to retrieve the orders first.",
        "First, I will run the card",
    ] {
        let completion = says(events(&[said(text), end("stop")]) + DONE)
            .await
            .unwrap()
            .completion;
        assert_eq!(completion.stop, StopCause::Garbled, "{text}");
    }
    for text in [
        "Let me know which year you mean.",
        "Let me look at that: revenue was 7.",
        "I will look at it when you say which year you mean?",
        "I need to know the year.",
        "I checked the data. Revenue was 7.",
        "Let me look up the revenue.\n\nRevenue was 7.",
    ] {
        let completion = says(events(&[said(text), end("stop")]) + DONE)
            .await
            .unwrap()
            .completion;
        assert_eq!(
            (completion.stop, completion.text.as_str()),
            (StopCause::End, text)
        );
    }
}
