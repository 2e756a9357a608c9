//! The model or the data source fails: the turn says so, and never looks like an answer.

use std::sync::{Arc, Mutex};

use cardinal::agent::{BudgetSettings, CallStatus, Event, Outcome, StopReason};
use cardinal::catalog::{Dimension, Entry};
use cardinal::result::ColumnKind;
use serde_json::json;

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack, a_metric, first_listed, ids};

#[tokio::test]
async fn the_model_answers_with_an_error() {
    let body = json!({ "error": { "message": "bad request", "type": "invalid_request_error" } });
    let mut stack = Stack::scripted(vec![Reply::status(400, body)]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::ModelFailed)
    );
    assert!(answer.text.contains("bad request"), "{}", answer.text);
    assert!(!serde_json::to_string(&answer).unwrap().contains("sk-test-secret"));
}

#[tokio::test]
async fn the_model_breaks_off_in_the_middle_of_its_answer() {
    let mut reply = Reply::text("Revenue was 1 234 567 in 2025, which is more than before and so on.");
    reply.cut_after = Some(400);
    let mut stack = Stack::scripted(vec![reply]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::ModelFailed)
    );
    assert!(answer.text.contains("The model failed."), "{}", answer.text);
}

#[tokio::test]
async fn a_source_that_is_down_is_not_an_answer() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            _ => Reply::text("The data source does not answer."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .sandbox
        .faults()
        .set(cardinal::sandbox::faults::FaultRule::parse_all("* /api/**=503").unwrap());
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.tool_calls[0].status, CallStatus::Failed);
    assert_eq!(answer.outcome, Outcome::UpstreamFailed, "{answer:#?}");
}

#[tokio::test]
async fn a_credential_that_stopped_working_ends_the_turn() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            _ => Reply::text("Never asked."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .sandbox
        .faults()
        .set(cardinal::sandbox::faults::FaultRule::parse_all("* /api/agent/**=401").unwrap());
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::DataFailed),
        "{answer:#?}"
    );
    assert_eq!(stack.model.requests().len(), 1);
}

#[tokio::test]
async fn a_completion_that_broke_off_is_never_free() {
    let call =
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"run_card"}}]}}]}"#;
    let mut stack = Stack::scripted(vec![Reply::sse(format!("data: {call}\n\n"))]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::ModelFailed);
    assert_eq!((answer.usage.unreported, answer.usage.cost_usd), (1, None));
}

fn loading(retry_after: &str) -> Reply {
    let body = json!({ "error": { "code": 503, "message": "Loading model", "type": "unavailable_error" } });
    Reply::status(503, body).with_header("retry-after", retry_after)
}

/// What people were told while the turn waited.
fn waits(stack: &Stack) -> Vec<String> {
    let events = stack.events.lock().unwrap();
    let notes = events.iter().filter_map(|event| match event {
        Event::Waiting { note } => Some(note.clone()),
        _ => None,
    });
    notes.collect()
}

#[tokio::test]
async fn a_model_that_is_being_loaded_is_waited_for_and_people_are_told_once() {
    let mut replies = vec![loading("0"); 12];
    replies.push(Reply::text("Nothing is known about that."));
    let mut stack = Stack::scripted(replies).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::FinalAnswer, "{answer:#?}");
    assert_eq!(
        waits(&stack),
        ["The model is still being loaded by its server; waiting for it."]
    );
    assert_eq!(stack.model.requests().len(), 13);
}

#[tokio::test]
async fn a_model_that_is_not_loaded_in_the_time_of_the_turn_ends_it_with_what_to_do() {
    let mut stack = Stack::scripted(vec![loading("3600"); 3]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.outcome, answer.stop_reason),
        (Outcome::UpstreamFailed, StopReason::ModelFailed)
    );
    for words in [
        "still being loaded",
        "ask again when it is loaded",
        "`max_seconds` in [budget]",
    ] {
        assert!(answer.text.contains(words), "{}", answer.text);
    }
    assert_eq!(stack.model.requests().len(), 1);
}

/// A server without room may want to be left alone for longer than the question has.
#[tokio::test]
async fn a_wait_that_ends_behind_the_turn_is_not_begun_and_others_are_told() {
    let away = |seconds: &str| {
        Reply::status(429, json!({"error": {"message": "slow down"}})).with_header("retry-after", seconds)
    };
    let knobs = Knobs {
        budget: BudgetSettings {
            max_time: std::time::Duration::from_secs(5),
            ..BudgetSettings::default()
        },
        ..Knobs::default()
    };
    let began = std::time::Instant::now();
    let mut stack = Stack::new(ScriptedModel::openai(vec![away("20"); 3]).await, knobs).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::ModelFailed, "{answer:#?}");
    assert_eq!((stack.model.requests().len(), waits(&stack).len()), (1, 0));
    // The next question finds the server left alone already.
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.stop_reason, StopReason::ModelFailed, "{answer:#?}");
    assert!(
        answer.text.contains("wants to be left alone for another"),
        "{}",
        answer.text
    );
    assert_eq!((stack.model.requests().len(), waits(&stack).len()), (1, 0));
    assert!(began.elapsed().as_secs() < 20);
    let replies = vec![away("3"), Reply::text("Nothing is known about that.")];
    let mut stack = Stack::scripted(replies).await;
    assert_eq!(stack.ask("revenue?").await.stop_reason, StopReason::FinalAnswer);
    assert_eq!(
        waits(&stack),
        ["The model's server has no room and is asked again in 3 seconds; waiting for it."]
    );
}

/// A minute is more than one answer of the scripted server may take, and less than the turn has.
#[tokio::test]
async fn a_person_can_stop_the_wait_for_a_model() {
    let mut stack = Stack::scripted(vec![loading("60"); 3]).await;
    let (cancel, events) = (stack.cancel.clone(), Arc::clone(&stack.events));
    tokio::spawn(async move {
        let told = || {
            let events = events.lock().unwrap();
            events.iter().any(|event| matches!(event, Event::Waiting { .. }))
        };
        while !told() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        cancel.cancel();
    });
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.outcome, Outcome::Cancelled, "{answer:#?}");
}

/// The rules for links take addresses out of what a model writes, and leave the configured ones in our own words.
#[tokio::test]
async fn an_error_names_the_configured_server_and_nobody_elses() {
    let mut reply = Reply::text("Revenue was 1 234 567 in 2025, as http://127.0.0.1:1/v1 says, and so on.");
    reply.cut_after = Some(420);
    let mut stack = Stack::scripted(vec![reply]).await;
    let answer = stack.ask("revenue?").await;
    let server = stack.model.base_url();
    let host = format!("127.0.0.1:{}", server.port().unwrap());
    let broke = format!("the connection to {host} broke");
    assert!(answer.text.contains(&broke), "{}", answer.text);

    let gone = |server: &str| {
        let body = json!({ "error": { "message": format!("not at {server}, see http://evil.test/help") } });
        Reply::status(400, body)
    };
    let mut stack = Stack::scripted(vec![gone(server.as_str())]).await;
    let answer = stack.ask("revenue?").await;
    assert!(!answer.text.contains("evil"), "{}", answer.text);
    assert!(answer.text.contains("‹link removed›"), "{}", answer.text);

    let mut stack = Stack::scripted(vec![Reply::text(format!("It is at {server}."))]).await;
    let answer = stack.ask("revenue?").await;
    assert_eq!(answer.text, "It is at ‹link removed›.");
}

/// A turn in which the model asks a metric once, while that endpoint fails in this way, and then just writes `text`.
async fn one_failed_query(fault: &str, text: &'static str) -> cardinal::agent::Answer {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            _ => Reply::text(text),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack
        .sandbox
        .faults()
        .set(cardinal::sandbox::faults::FaultRule::parse_all(fault).unwrap());
    stack.ask("revenue?").await
}

#[tokio::test]
async fn an_answer_after_a_query_that_was_turned_down_is_not_an_answer() {
    for status in [400, 403, 404] {
        let answer = one_failed_query(
            &format!("POST /api/agent/**={status}"),
            "Revenue developed very well.",
        )
        .await;
        assert_eq!(answer.tool_calls[0].status, CallStatus::Failed, "{status}");
        assert_eq!(
            (answer.outcome, answer.stop_reason),
            (Outcome::UpstreamFailed, StopReason::FinalAnswer),
            "{status}"
        );
        assert_ne!(answer.outcome.exit_code(), 0);
    }
}

#[tokio::test]
async fn an_answer_after_refused_calls_alone_is_not_an_answer() {
    let unknown = json!({ "metric_id": 90_000 });
    let malformed = json!({ "metric_id": "revenue" });
    for (arguments, outcome) in [
        (unknown, Outcome::NotInCatalog),
        (malformed, Outcome::UpstreamFailed),
    ] {
        let model = ScriptedModel::openai(vec![
            Reply::tool_calls([("query_metric", arguments.clone())]),
            Reply::text("Revenue developed very well."),
        ]);
        let mut stack = Stack::new(model.await, Knobs::default()).await;
        let answer = stack.ask("revenue?").await;
        assert_eq!(answer.tool_calls[0].status, CallStatus::Refused);
        assert_eq!(answer.outcome, outcome, "{arguments}");
    }
}

/// What a turn comes to that asks for these calls, one a step, and then writes an answer.
async fn after_calls(
    calls: impl Fn(&serde_json::Value) -> Vec<(&'static str, serde_json::Value)> + Send + 'static,
) -> Outcome {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        match calls(request).into_iter().nth(step - 1) {
            Some(call) => Reply::tool_calls([call]),
            None => Reply::text("It developed very well."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    stack.ask("revenue?").await.outcome
}

/// A look-up costs nothing and brings no data: it does not make an answer of a turn whose queries were refused.
#[tokio::test]
async fn a_lookup_beside_refused_queries_makes_no_answer_of_them() {
    let describe =
        |request: &serde_json::Value| ("describe", json!({ "kind": "metric", "id": a_metric(request) }));
    let malformed = || ("query_metric", json!({ "metric_id": "revenue" }));
    let unknown = || ("query_metric", json!({ "metric_id": 90_000 }));
    let no_tool = || ("run_sql", json!({ "sql": "select 1" }));
    assert_eq!(
        after_calls(move |request| vec![describe(request), malformed()]).await,
        Outcome::UpstreamFailed
    );
    assert_eq!(
        after_calls(move |request| vec![malformed(), describe(request)]).await,
        Outcome::UpstreamFailed
    );
    assert_eq!(
        after_calls(move |request| vec![no_tool(), malformed(), describe(request)]).await,
        Outcome::UpstreamFailed
    );
    assert_eq!(
        after_calls(move |request| vec![describe(request), unknown()]).await,
        Outcome::NotInCatalog
    );
    // No query: the catalog alone was asked for, and a look-up that was refused is asked again.
    assert_eq!(
        after_calls(move |request| vec![describe(request)]).await,
        Outcome::Answered
    );
    assert_eq!(
        after_calls(move |request| vec![("describe", json!({})), describe(request)]).await,
        Outcome::Answered
    );
    // A query that is asked again in the right way.
    let right = |request: &serde_json::Value| ("query_metric", json!({ "metric_id": a_metric(request) }));
    assert_eq!(
        after_calls(move |request| vec![malformed(), describe(request), right(request)]).await,
        Outcome::Answered
    );
}

#[tokio::test]
async fn an_answer_that_needs_no_data_is_an_answer() {
    let model = ScriptedModel::openai(vec![
        Reply::text("Hello! Ask me about revenue or orders."),
        Reply::text("Hello again."),
    ]);
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    assert_eq!(stack.ask("hello").await.outcome, Outcome::Answered);
    assert_eq!(stack.ask("hello again").await.outcome, Outcome::Answered);
}

/// The first query fails; the second asks the same entry again, or another one, and works.
async fn after_a_failed_query(same: bool) -> Outcome {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        let metrics = ids(request, "query_metric", "metric_id");
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": metrics[0] }))]),
            2 => {
                // Not the same call: that would be served from the turn if it had worked.
                let next = if same { metrics[0] } else { metrics[1] };
                let group = json!([{ "dimension": "created_at", "granularity": "year" }]);
                Reply::tool_calls([("query_metric", json!({ "metric_id": next, "group_by": group }))])
            }
            _ => Reply::text("It developed very well."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let rules = cardinal::sandbox::faults::FaultRule::parse_all("POST /api/agent/**=400:1").unwrap();
    stack.sandbox.faults().set(rules);
    let answer = stack.ask("revenue?").await;
    assert_eq!(
        (answer.tool_calls[0].status, answer.tool_calls[1].status),
        (CallStatus::Failed, CallStatus::Ok)
    );
    answer.outcome
}

#[tokio::test]
async fn a_failed_query_makes_an_answer_partial_until_the_same_is_asked_with_success() {
    assert_eq!(after_a_failed_query(true).await, Outcome::Answered);
    assert_eq!(after_a_failed_query(false).await, Outcome::Partial);
}

/// A turn that looks the values of a dimension up as often as `times` says, while the first try fails, and then writes an answer.
async fn looked_up(times: usize) -> (Vec<CallStatus>, Outcome) {
    let wanted = Arc::new(Mutex::new(json!({})));
    let asked = Arc::clone(&wanted);
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |_| {
        step += 1;
        if step <= times {
            Reply::tool_calls([("field_values", asked.lock().unwrap().clone())])
        } else {
            Reply::text("There are several of them.")
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let unknown = stack.catalog.entries().iter().find_map(|entry| match entry {
        Entry::Metric(metric) => {
            let mut dimensions = metric.dimensions.iter();
            let unknown = |one: &&Dimension| one.values.as_ref().is_none_or(|values| !values.complete);
            let text = dimensions.find(|one| one.kind == ColumnKind::Text && unknown(one))?;
            Some(json!({ "kind": "metric", "id": metric.id.0, "name": text.name }))
        }
        _ => None,
    });
    *wanted.lock().unwrap() = unknown.unwrap();
    let rules = cardinal::sandbox::faults::FaultRule::parse_all("* /api/**=400:1").unwrap();
    stack.sandbox.faults().set(rules);
    let answer = stack.ask("which are there?").await;
    let statuses = answer.tool_calls.iter().map(|call| call.status).collect();
    (statuses, answer.outcome)
}

#[tokio::test]
async fn a_lookup_that_failed_counts_until_the_same_is_asked_with_success() {
    let failed = looked_up(1).await;
    assert_eq!(failed, (vec![CallStatus::Failed], Outcome::UpstreamFailed));
    let retried = looked_up(2).await;
    assert_eq!(
        retried,
        (vec![CallStatus::Failed, CallStatus::Ok], Outcome::Answered)
    );
}

#[tokio::test]
async fn a_failed_envelope_and_a_result_over_the_cap_are_no_answer() {
    for fault in ["POST /api/**=failed", "POST /api/**=huge:20mb"] {
        let answer = one_failed_query(fault, "Revenue developed very well.").await;
        assert_eq!(answer.tool_calls[0].status, CallStatus::Failed, "{fault}");
        assert_eq!(answer.outcome, Outcome::UpstreamFailed, "{fault}");
        assert!(
            answer.evidence.is_empty() && answer.outcome.exit_code() != 0,
            "{fault}"
        );
        let message = answer.tool_calls[0].message.as_deref().unwrap_or_default();
        assert!(!message.is_empty(), "the model is told why: {fault}");
    }
}

#[tokio::test]
async fn one_failed_part_beside_a_result_makes_an_answer_partial() {
    let mut step = 0;
    let model = ScriptedModel::openai_with(move |request| {
        step += 1;
        let card = json!({ "card_id": first_listed(request, "card") });
        match step {
            1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
            2 => Reply::tool_calls([("run_card", card)]),
            _ => Reply::text("It developed very well."),
        }
    });
    let mut stack = Stack::new(model.await, Knobs::default()).await;
    let rules = cardinal::sandbox::faults::FaultRule::parse_all("POST /api/agent/**=failed").unwrap();
    stack.sandbox.faults().set(rules);
    let answer = stack.ask("revenue?").await;
    let statuses: Vec<_> = answer.tool_calls.iter().map(|call| call.status).collect();
    assert_eq!(statuses, [CallStatus::Failed, CallStatus::Ok], "{answer:#?}");
    assert_eq!(answer.outcome, Outcome::Partial);
}

#[tokio::test]
async fn words_of_a_failure_keep_the_name_of_the_model_and_where_it_is_asked_instead() {
    let told = |words: &str| Reply::status(400, json!({ "error": { "message": words } }));
    let mut stack = Stack::scripted(vec![told(
        "registry.ollama.ai/library/scripted is no good, see https://evil.example/a?b=7 \u{202e}",
    )])
    .await;
    let answer = stack.ask("revenue?").await;
    let text = &answer.text;
    assert!(
        text.contains("registry.ollama.ai/library/scripted is no good"),
        "{text}"
    );
    assert!(
        !text.contains("evil.example") && text.contains("[U+202E]"),
        "{text}"
    );
    let detail = answer.stop_detail.unwrap();
    assert!(
        detail.contains("[U+202E]") && !detail.contains('\u{202e}'),
        "{detail}"
    );

    let moved =
        Reply::failed(301, "").with_header("location", "https://llm.example.com/v1/chat/completions?x=7");
    let model = ScriptedModel::openai_with(move |_| moved.clone()).await;
    let answer = Stack::new(model, Knobs::default()).await.ask("revenue?").await;
    assert!(
        answer
            .text
            .contains("set OPENAI_BASE_URL to https://llm.example.com/v1)"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_server_that_reads_a_part_of_the_prompt_is_told_of_once() {
    for (tokens, times) in [(2048, 1), (9000, 0)] {
        let mut step = 0;
        let model = ScriptedModel::openai_with(move |request| {
            step += 1;
            let reply = match step {
                1 => Reply::tool_calls([("query_metric", json!({ "metric_id": a_metric(request) }))]),
                _ => Reply::text("So much."),
            };
            reply.with_usage(tokens, 0, 10)
        });
        let mut stack = Stack::new(model.await, Knobs::default()).await;
        stack.ask("How much?").await;
        assert!(stack.model.requests().len() > 1);
        let events = stack.events.lock().unwrap();
        let is_told = |event: &&Event| matches!(event, Event::Guard { note } if note.contains("num_ctx"));
        assert_eq!(events.iter().filter(is_told).count(), times, "{tokens} tokens");
    }
}
