//! Models that call tools by themselves and write their answer as the object of a step all the same; objects that are cut; and
//! marks of templates around an answer.

use cardinal::model::{ModelDrive, ModelSettings, StopCause};

use super::talk::{Heard, ask, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

async fn says(reply: Reply) -> Heard {
    let server = ScriptedModel::openai(vec![reply]).await;
    ask(&server.settings(), &question()).await.unwrap()
}

async fn driven(reply: Reply) -> Heard {
    let server = ScriptedModel::openai(vec![reply]).await;
    let settings = ModelSettings {
        drive: ModelDrive::JsonAction,
        ..server.settings()
    };
    ask(&settings, &question()).await.unwrap()
}

#[tokio::test]
async fn an_answer_in_the_object_of_a_step_is_its_text() {
    for written in [
        r#"{"action": "answer", "arguments": {"text": "Seven."}}"#,
        r#"{"action": "answer", "text": "Seven."}"#,
        r#"{"answer": "Seven."}"#,
        r#"{"thought": "3 + 4", "answer": "Seven."}"#,
        r#"{"step": {"action": "answer", "arguments": {"text": "Seven."}}}"#,
        r#"{"step": "answer", "arguments": {"text": "Seven."}}"#,
        r#"{"name": "answer", "arguments": {"text": "Seven."}}"#,
        "```json\n{\"action\": \"answer\", \"arguments\": {\"text\": \"Seven.\"}}\n```",
    ] {
        let heard = says(Reply::text(written)).await;
        assert_eq!(
            (heard.completion.text.as_str(), heard.completion.stop),
            ("Seven.", StopCause::End),
            "{written}"
        );
        assert_eq!(heard.texts.concat(), "Seven.", "{written}");
    }
    let written = "Mind the returns.\n{\"action\": \"answer\", \"text\": \"Seven.\"}";
    let heard = says(Reply::text(written)).await;
    assert_eq!(heard.completion.text, "Mind the returns.\n\nSeven.");
    assert_eq!(
        heard
            .texts
            .concat()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        "Mind the returns. Seven."
    );
    let call = r#"{"step": {"action": "run_card", "arguments": {"card_id": 7}}}"#;
    assert_eq!(says(Reply::text(call)).await.completion.tool_calls.len(), 1);
    assert_eq!(driven(Reply::text(call)).await.completion.tool_calls.len(), 1);
}

#[tokio::test]
async fn json_that_was_asked_for_stays() {
    for answer in [
        r#"{"response": "Seven.", "year": 2025}"#,
        r#"{"type": "message", "text": "Seven."}"#,
        r#"{"name": "Response", "value": 7}"#,
        r#"{"answers": 7}"#,
        r#"The body was {"answer": "Seven."}, as you see."#,
        r#"{"steps": ["pick", "pack"]}"#,
    ] {
        let heard = says(Reply::text(answer)).await;
        assert_eq!(
            (heard.completion.text.as_str(), heard.completion.stop),
            (answer, StopCause::End)
        );
        assert_eq!(heard.texts.concat(), answer);
    }
}

#[tokio::test]
async fn an_object_that_breaks_off_is_a_cut_and_no_call() {
    let open = r#"{"action": "answer", "arguments": {"text": "Revenue rose"#;
    for say in [true, false] {
        let heard = |reply| async move {
            if say {
                says(reply).await
            } else {
                driven(reply).await
            }
        };
        let whole = heard(Reply::text(open).stopping("length")).await.completion;
        assert_eq!(
            (whole.text.as_str(), whole.stop),
            ("Revenue rose", StopCause::Length)
        );
        // A server that says that all was said.
        let whole = heard(Reply::text(open)).await.completion;
        assert_eq!(
            (whole.text.as_str(), whole.stop),
            ("Revenue rose", StopCause::Unclosed)
        );
    }
    // And one that counts as many tokens as there may be.
    let whole = driven(Reply::text(open).with_usage(90, 0, 512)).await.completion;
    assert_eq!(
        (whole.text.as_str(), whole.stop),
        ("Revenue rose", StopCause::Length)
    );
    let call = r#"{"action": "run_card", "arguments": {"card_"#;
    let whole = driven(Reply::text(call).with_usage(90, 0, 512)).await.completion;
    assert_eq!((whole.text.as_str(), whole.stop), ("", StopCause::Length));
}

#[tokio::test]
async fn what_templates_put_around_an_answer_is_no_part_of_it() {
    for written in [
        "[|assistant|]Seven.[|endofturn|]",
        "[|assistant|]\nSeven.",
        "<|assistant|>Seven.<|end|>",
        "<|assistant|>\nSeven.<|end|>\n",
        "Seven.<|end|>",
        "Seven.<|return|>",
        "Seven.<|END_OF_TURN_TOKEN|>",
        "<start_of_turn>model\nSeven.<end_of_turn>",
        "<output>Seven.</output>",
        "<output>\nSeven.\n</output>",
        "<final>Seven.</final>",
        "<final_answer>Seven.</final_answer>",
    ] {
        for heard in [
            says(Reply::text(written)).await,
            driven(Reply::text(written)).await,
        ] {
            assert_eq!(
                (heard.completion.text.as_str(), heard.completion.stop),
                ("Seven.", StopCause::End),
                "{written}"
            );
        }
        if !written.contains("</") {
            assert_eq!(
                says(Reply::text(written)).await.texts.concat().trim(),
                "Seven.",
                "{written}"
            );
        }
    }
    for answer in [
        "The mark <|end|> ends a message.",
        "The mark [|assistant|] begins one.",
        "It says <output> before it and </output> behind.",
    ] {
        assert_eq!(says(Reply::text(answer)).await.completion.text, answer);
    }
}
