//! Turns in which what is sent changes its form: the prompt stays, however the answer may look and whatever the server refuses.

use cardinal::agent::{BudgetSettings, Outcome};
use cardinal::conversation::Conversation;
use cardinal::tapes::replay;
use cardinal::wire::TapeFile;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, first_listed};

/// A model without tools that would query for ever, and answers where it may do nothing else.
async fn without_tools() -> ScriptedModel {
    ScriptedModel::openai_with(|request| {
        if request.get("tools").is_some() {
            return Reply::status(400, json!({"error": {"message": "stub does not support tools"}}));
        }
        let may_query = request["response_format"].to_string().contains("query_metric");
        let action = if may_query {
            json!({"action": "query_metric", "arguments": {"metric_id": first_listed(request, "metric")}})
        } else {
            json!({"action": "answer", "arguments": {"text": "So much."}})
        };
        Reply::text(action.to_string())
    })
    .await
}

async fn stack(model: ScriptedModel) -> Stack {
    let budget = BudgetSettings {
        max_steps: 3,
        ..BudgetSettings::default()
    };
    let knobs = Knobs {
        budget,
        ..Knobs::default()
    };
    Stack::new(model, knobs).await
}

#[tokio::test]
async fn the_last_word_of_a_model_that_answers_with_objects_is_recorded() {
    let directory = TempDir::new().unwrap();
    let mut stack = stack(without_tools().await).await;
    // How the model is driven is found out in the first turn, and known in the second.
    for turn in ["1.jsonl", "2.jsonl"] {
        let path = directory.path().join(turn);
        let recorded = stack.record("How much?", &path).await;
        recorded.tape.unwrap();
        let answer = recorded.answer;
        assert_eq!(answer.outcome, Outcome::BudgetExhausted);
        assert!(answer.text.contains("So much."), "{}", answer.text);

        let tape = TapeFile::read(&path).unwrap();
        let form = |at: usize| tape.exchanges[at].request["body"]["response_format"].clone();
        let last = tape.exchanges.len() - 1;
        assert_ne!(form(last), form(last - 1), "another form");
        let replayed = replay(&path).await.unwrap();
        assert_eq!(replayed.answer.text, answer.text);
        assert_eq!(json!(replayed.answer.usage), json!(answer.usage));
    }
}

#[tokio::test]
async fn such_a_turn_is_resumed_wherever_it_was_killed() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("whole.jsonl");
    let mut whole = stack(without_tools().await).await;
    whole.record("How much?", &path).await.tape.unwrap();
    let exchanges = TapeFile::read(&path).unwrap().exchanges.len();
    for kept in 0..exchanges {
        let path = directory.path().join(format!("{kept}.jsonl"));
        let mut stack = stack(without_tools().await).await;
        stack.record("How much?", &path).await.tape.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let begun: String = text
            .lines()
            .take(kept + 1)
            .map(|line| format!("{line}\n"))
            .collect();
        std::fs::write(&path, begun).unwrap();
        // Whoever resumes knows of the server what was known when the turn began.
        let fresh = self::stack(without_tools().await).await;
        let (options, mut conversation) = (fresh.options(), Conversation::new("test"));
        let mut unwatched = |_| {};
        let resumed = fresh
            .recorder
            .resume(&fresh.agent, &mut conversation, options, &mut unwatched, &path);
        let resumed = resumed.await.unwrap().unwrap();
        resumed.tape.unwrap();
        assert_eq!(resumed.answer.outcome, Outcome::BudgetExhausted, "after {kept}");
        assert_eq!(replay(&path).await.unwrap().answer.text, resumed.answer.text);
    }
}

#[tokio::test]
async fn what_a_server_refuses_in_the_middle_of_a_turn_is_said_otherwise_on_its_tape() {
    let cases: [(fn(&Value) -> bool, &str); 3] = [
        (
            |request| request["tools"].to_string().contains("additionalProperties"),
            "Unknown name \"additionalProperties\" at 'tools[0]': Cannot find field.",
        ),
        (
            |request| request["messages"][0]["role"] == "system",
            "System role not supported",
        ),
        (
            |request| request.get("tools").is_some(),
            "stub does not support tools",
        ),
    ];
    for (refused, words) in cases {
        let mut asked = 0;
        let model = ScriptedModel::openai_with(move |request| {
            asked += 1;
            let query = json!({"metric_id": first_listed(request, "metric")});
            match asked {
                1 => Reply::tool_calls([("query_metric", query)]),
                _ if refused(request) => Reply::status(400, json!({"error": {"message": words}})),
                _ => Reply::text("So much."),
            }
        });
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("turn.jsonl");
        let mut stack = stack(model.await).await;
        let recorded = stack.record("How much?", &path).await;
        recorded.tape.unwrap();
        assert!(
            recorded.answer.text.contains("So much."),
            "{words}: {}",
            recorded.answer.text
        );
        assert_eq!(
            replay(&path).await.unwrap().answer.text,
            recorded.answer.text,
            "{words}"
        );
    }
}
