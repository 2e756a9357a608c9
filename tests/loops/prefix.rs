//! What is cached by a provider must never change: request N+1 of a conversation extends request N.

use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::{Knobs, Stack};

/// What the demo's prefix may take, in characters: every request pays for it.
const MOST_OF_SYSTEM: usize = 18_700;
/// `derive` alone takes 3,200 of them.
const MOST_OF_TOOLS: usize = 12_500;

#[tokio::test]
async fn the_prefix_is_no_longer_than_it_needs_to_be() {
    let stack = Stack::scripted(vec![Reply::text("x")]).await;
    let prompt = stack.agent.prompt();
    let tools = serde_json::to_string(&prompt.tools).unwrap();
    let (system, tools) = (prompt.system.chars().count(), tools.chars().count());
    assert!(
        system <= MOST_OF_SYSTEM,
        "the system prompt has {system} characters\n{}",
        prompt.system
    );
    assert!(tools <= MOST_OF_TOOLS, "the tools have {tools} characters");
}

fn script(answer_every: usize, metrics: Vec<u32>) -> impl FnMut(&Value) -> Reply + Send + 'static {
    let mut step = 0;
    move |_| {
        step += 1;
        if step % answer_every == 0 {
            return Reply::text(format!("Answer {step}."));
        }
        let id = metrics[step % metrics.len()];
        Reply::tool_calls([
            ("query_metric", json!({ "metric_id": id })),
            ("no_such_tool", json!({})),
        ])
    }
}

/// The request without what providers do not cache by: which call it is, and where the cache markers stand.
fn flattened(request: &Value) -> Vec<String> {
    fn unmarked(value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .filter(|(key, _)| key.as_str() != "cache_control")
                .map(|(key, value)| (key.clone(), unmarked(value)))
                .collect(),
            Value::Array(items) => items.iter().map(unmarked).collect(),
            other => other.clone(),
        }
    }
    let request = unmarked(request);
    let mut blocks = vec![request["tools"].to_string(), request["system"].to_string()];
    for message in request["messages"].as_array().unwrap() {
        match message["content"].as_array() {
            Some(parts) => blocks.extend(parts.iter().map(|part| format!("{} {part}", message["role"]))),
            None => blocks.push(message.to_string()),
        }
    }
    blocks
}

fn extends(requests: &[Value]) {
    assert!(requests.len() >= 6, "{} requests", requests.len());
    for pair in requests.windows(2) {
        let (before, after) = (flattened(&pair[0]), flattened(&pair[1]));
        assert!(after.len() > before.len());
        for (one, next) in before.iter().zip(&after) {
            assert_eq!(one, next);
        }
    }
}

#[tokio::test]
async fn over_the_openai_wire() {
    let probe = Stack::scripted(Vec::new()).await;
    let metrics = probe.metrics();
    let mut stack = Stack::new(
        ScriptedModel::openai_with(script(3, metrics)).await,
        Knobs::default(),
    )
    .await;
    for question in ["one?", "two?", "three?"] {
        stack.ask(question).await;
    }
    extends(&stack.model.requests());
}

#[tokio::test]
async fn over_the_anthropic_wire() {
    let probe = Stack::scripted(Vec::new()).await;
    let metrics = probe.metrics();
    let mut stack = Stack::new(
        ScriptedModel::anthropic_with(script(3, metrics)).await,
        Knobs::default(),
    )
    .await;
    for question in ["one?", "two?", "three?"] {
        stack.ask(question).await;
    }
    extends(&stack.model.requests());
}
