//! Long conversations: what is sent stays within its budget, what is held stays within its bounds, and neither is lost
//! on a tape.

use cardinal::agent::{CallStatus, Outcome};
use cardinal::result::ConversationSettings;
use cardinal::result::Handle;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, ids, tool_contents};

/// A model that queries some sixty orders each time, others each time, and answers.
async fn talker(conversation: ConversationSettings) -> Stack {
    let mut step: i64 = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        if step % 2 == 0 {
            return Reply::text("That was a part.");
        }
        let table = ids(request, "query_table", "table_id")[0];
        let query = json!({"table_id": table, "fields": ["ID", "TOTAL", "CREATED_AT"], "limit": 60,
            "order_by": [{"field": "ID", "direction": "asc"}],
            "filters": [{"dimension": "ID", "operation": "greater-than", "values": [step * 50]}]});
        Reply::tool_calls([("query_table", query)])
    });
    let knobs = Knobs {
        conversation,
        ..Knobs::default()
    };
    Stack::new(model.await, knobs).await
}

fn small(max_bytes: u64) -> ConversationSettings {
    ConversationSettings {
        max_bytes,
        ..ConversationSettings::default()
    }
}

/// How many messages of the first request the second one begins with.
fn kept(before: &Value, after: &Value) -> (usize, usize) {
    let (before, after) = (
        before["messages"].as_array().unwrap(),
        after["messages"].as_array().unwrap(),
    );
    let same = before.iter().zip(after).take_while(|(one, next)| one == next);
    (same.count(), before.len())
}

#[tokio::test]
async fn old_results_are_shortened_once_at_a_boundary_and_never_again() {
    let mut stack = talker(small(16_000)).await;
    for turn in 1..=12 {
        stack.ask(&format!("part {turn}?")).await;
    }
    let requests = stack.model.requests();
    assert_eq!(requests.len(), 24);
    let mut boundaries = Vec::new();
    for (at, pair) in requests.windows(2).enumerate() {
        let (same, all) = kept(&pair[0], &pair[1]);
        if same < all {
            assert_eq!(at % 2, 1, "request {} rewrites inside a turn", at + 1);
            boundaries.push(same);
        }
        assert_eq!(pair[0]["tools"], pair[1]["tools"]);
    }
    assert!((2..=5).contains(&boundaries.len()), "{boundaries:?}");
    assert!(
        boundaries.windows(2).all(|pair| pair[0] < pair[1]),
        "each boundary keeps what the one before had changed: {boundaries:?}"
    );
    let contents = tool_contents(requests.last().unwrap());
    let shortened: Vec<&String> = contents
        .iter()
        .filter(|content| content.contains("left out later"))
        .collect();
    assert!(shortened.len() >= 6, "{}", shortened.len());
    for content in shortened {
        assert!(content.starts_with("result r"), "{content}");
        assert!(
            content.contains("\ntotals over these 60 rows only, not over all there are:\n"),
            "{content}"
        );
        assert!(content.contains("more_rows {\"result\":\"r"), "{content}");
        assert!(!content.contains("\ntable:\n"), "{content}");
    }
    let newest = contents.last().unwrap();
    assert!(newest.contains("\ntable:\n"), "{newest}");
    let said = |request: &Value| -> usize {
        let messages = request["messages"].as_array().unwrap().iter();
        messages.skip(1).map(|message| message.to_string().len()).sum()
    };
    let longest = requests.iter().map(said).max().unwrap();
    assert!(longest < 30_000, "{longest}");
}

#[tokio::test]
async fn a_long_conversation_replays_from_its_tapes() {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = talker(small(10_000)).await;
    let mut last = folder.path().to_owned();
    for turn in 1..=6 {
        last = folder.path().join(format!("{turn}.jsonl"));
        stack.record(&format!("part {turn}?"), &last).await.tape.unwrap();
    }
    let requests = stack.model.requests();
    let contents = tool_contents(requests.last().unwrap());
    assert!(contents[0].contains("left out later"), "{}", contents[0]);
    let replayed = cardinal::tapes::replay(&last).await.unwrap();
    assert_eq!(replayed.answer.text, "That was a part.");
    assert_eq!(replayed.answer.evidence[0].result, Handle::new(6).unwrap());
}

/// A model that queries once and then works on that result in each turn.
async fn worker(conversation: ConversationSettings) -> Stack {
    let count = json!({"result": "r1", "aggregations": [{"function": "count"}]});
    worker_with(conversation, ("more_rows", count)).await
}

/// A model that queries in the first turn, and makes the same call over its result in each later one.
async fn worker_with(conversation: ConversationSettings, call: (&'static str, Value)) -> Stack {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => {
                let table = ids(request, "query_table", "table_id")[0];
                Reply::tool_calls([(
                    "query_table",
                    json!({"table_id": table, "fields": ["ID"], "limit": 60}),
                )])
            }
            step if step % 2 == 0 => Reply::text("There."),
            _ => Reply::tool_calls([call.clone()]),
        }
    });
    let knobs = Knobs {
        conversation,
        ..Knobs::default()
    };
    Stack::new(model.await, knobs).await
}

#[tokio::test]
async fn rows_beyond_the_bound_lie_in_private_files_and_go_with_the_conversation() {
    let mut stack = worker(ConversationSettings {
        held_memory_bytes: 0,
        ..ConversationSettings::default()
    })
    .await;
    stack.ask("orders?").await;
    let files: Vec<_> = stack
        .conversation
        .shelf
        .files()
        .map(std::path::Path::to_owned)
        .collect();
    let [file] = files.as_slice() else {
        panic!("{files:?}")
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(file), 0o600);
    }
    let answer = stack.ask("how many?").await;
    assert_eq!(
        answer.evidence[0].rows.to_values(),
        [[json!(60)]],
        "{:#?}",
        answer.tool_calls
    );
    let another = stack.conversation.clone();
    drop(stack);
    assert!(file.exists(), "a clone still holds it");
    drop(another);
    assert!(!file.exists());
    assert!(!file.parent().unwrap().exists());
}

#[tokio::test]
async fn rows_go_after_a_time_and_for_want_of_room_and_the_model_is_told_what_to_call() {
    let began: jiff::Timestamp = "2026-06-30T08:00:00Z".parse().unwrap();
    let aged = ConversationSettings {
        held_for: Duration::from_secs(3600),
        ..ConversationSettings::default()
    };
    let full = ConversationSettings {
        held_memory_bytes: 0,
        held_disk_bytes: 0,
        ..ConversationSettings::default()
    };
    let cell = json!({"result": "r1", "column": "id", "row": 1});
    let add = json!({"calculations": [{"name": "x", "operation": "add", "of": [cell, 1]}]});
    let count = json!({"result": "r1", "aggregations": [{"function": "count"}]});
    let calls = [("more_rows", count), ("calculate", add)];
    let cases = calls
        .into_iter()
        .flat_map(|call| [(aged, 2, call.clone()), (full, 0, call)]);
    for (settings, hours, call) in cases {
        let mut stack = worker_with(settings, call).await;
        stack.conversation.now = Some(began);
        stack.ask("orders?").await;
        stack.conversation.now = Some(began + jiff::Span::new().hours(hours));
        let answer = stack.ask("how many?").await;
        assert_eq!(answer.tool_calls[0].status, CallStatus::Refused);
        // The model gave up although it was told how to go on.
        assert_eq!(answer.outcome, Outcome::UpstreamFailed);
        let said = answer.tool_calls[0].message.clone().unwrap();
        assert!(said.contains("held no longer"), "{said}");
        assert!(said.contains("query it again: query_table {"), "{said}");
        assert!(stack.conversation.shelf.is_gone(Handle::FIRST));
        assert_eq!(stack.conversation.shelf.files().count(), 0);
    }
}
