//! The same clients against a real server on this machine, which speaks both protocols. Opt in with
//! `CARDINAL_TEST_LOCAL_MODEL=http://127.0.0.1:PORT cargo test -- --ignored local`. Asserts form, ids and counts, never prose.

use std::time::Duration;

use cardinal::model::{CacheHints, ModelDrive, ModelPlaces, ModelSettings};
use cardinal::model::{Message, ModelId, Provider, StopCause, check, prices};
use cardinal::wire::Wire;
use serde_json::Value;

use super::talk::{Heard, ask, listen, model, question, result};

const VARIABLE: &str = "CARDINAL_TEST_LOCAL_MODEL";

/// Settings for the server.
fn settings(provider: Provider, drive: ModelDrive) -> ModelSettings {
    let address = std::env::var(VARIABLE)
        .unwrap_or_else(|_| panic!("set {VARIABLE} to the address of a local model server"));
    let path = if provider == Provider::Openai { "/v1" } else { "" };
    ModelSettings {
        id: ModelId {
            provider,
            name: "local".to_owned(),
        },
        base_url: Some(
            format!("{}{path}", address.trim_end_matches('/'))
                .parse()
                .unwrap(),
        ),
        api_key: None,
        headers: Vec::new(),
        query: Vec::new(),
        drive,
        cache_hints: CacheHints::Auto,
        max_output_tokens: 96,
        temperature: Some(0.0),
        timeout: Duration::from_secs(300),
        max_concurrency: 256,
        prices: None,
        places: ModelPlaces::default(),
    }
}

fn is_whole(heard: &Heard) {
    assert_eq!(
        heard.texts.concat(),
        heard.completion.text,
        "what was heard is what was said"
    );
    let usage = heard.completion.usage.expect("the server reports usage");
    assert!(usage.input_tokens > 20 && usage.output_tokens > 0, "{usage:?}");
    assert!(usage.cached_tokens <= usage.input_tokens, "{usage:?}");
    eprintln!(
        "{usage:?} {:?} {:?}",
        heard.completion.stop, heard.completion.text
    );
}

async fn twice_with_a_cached_prefix(settings: &ModelSettings) {
    let mut asked = question();
    asked.tools = [].into();
    asked.max_output_tokens = 24;
    asked.temperature = Some(0.0);
    asked.system = format!(
        "{} {}",
        asked.system,
        "Amounts are in euros and months are calendar months. ".repeat(12)
    )
    .into();
    let first = ask(settings, &asked).await.unwrap();
    is_whole(&first);
    assert!(first.texts.len() > 1, "it streams");
    let second = ask(settings, &asked).await.unwrap();
    is_whole(&second);
    let usage = second.completion.usage.unwrap();
    assert_eq!(usage.input_tokens, first.completion.usage.unwrap().input_tokens);
    assert!(
        usage.cached_tokens * 2 > usage.input_tokens,
        "the prefix is read from the cache: {usage:?}"
    );
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn openai_wire_streams_and_counts_cached_tokens() {
    let settings = settings(Provider::Openai, ModelDrive::Native);
    twice_with_a_cached_prefix(&settings).await;
    assert_eq!(prices(&settings), None);
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn anthropic_wire_streams_and_counts_cached_tokens() {
    let settings = settings(Provider::Anthropic, ModelDrive::Native);
    twice_with_a_cached_prefix(&settings).await;
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn both_wires_take_a_conversation_with_calls_and_results() {
    for provider in [Provider::Openai, Provider::Anthropic] {
        let settings = settings(provider, ModelDrive::Native);
        let mut asked = super::talk::request(super::talk::conversation());
        asked.max_output_tokens = 24;
        is_whole(&ask(&settings, &asked).await.unwrap());
    }
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn json_action_names_an_allowed_card_and_then_answers() {
    let settings = settings(Provider::Openai, ModelDrive::JsonAction);
    let mut asked = question();
    asked.temperature = Some(0.0);
    asked.max_output_tokens = 96;
    asked.system =
        "Answer from cards. Card 7: revenue by month. Card 12: open invoices. Run a card first.".into();
    let heard = ask(&settings, &asked).await.unwrap();
    assert_eq!(heard.completion.stop, StopCause::ToolCalls, "{heard:?}");
    let call = heard.completion.tool_calls[0].clone();
    eprintln!("{call:?} {:?}", heard.completion.usage);
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap();
    let id = &arguments[if call.name == "run_card" { "card_id" } else { "id" }];
    assert!(id.is_u64(), "the schema held: {call:?}");
    if call.name == "run_card" {
        assert!(
            [7, 12].contains(&id.as_u64().unwrap()),
            "only listed ids can be named: {call:?}"
        );
    }
    asked.messages.push(Message::Assistant {
        text: String::new(),
        tool_calls: vec![call.clone()],
        opaque: None,
    });
    asked.messages.push(Message::ToolResults(vec![result(
        &call.id,
        "month,revenue\n2026-01,10\n2026-02,12",
        false,
    )]));
    asked.tool_choice = cardinal::model::ToolChoice::None;
    let answer = ask(&settings, &asked).await.unwrap().completion;
    assert!(answer.tool_calls.is_empty());
    eprintln!("{:?}", answer.text);
    assert!(
        answer.stop == StopCause::Length || !answer.text.starts_with('{'),
        "{answer:?}"
    );
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn a_probe_comes_to_a_verdict_that_works() {
    let settings = settings(Provider::Openai, ModelDrive::Probe);
    let mut asked = question();
    asked.max_output_tokens = 64;
    let heard = listen(&*model(&settings), &asked).await.unwrap();
    eprintln!("{:?} {:?}", heard.completion.stop, heard.completion.tool_calls);
    assert!(!heard.completion.text.is_empty() || !heard.completion.tool_calls.is_empty());
}

#[tokio::test]
#[ignore = "needs a model server: set CARDINAL_TEST_LOCAL_MODEL and run with --ignored"]
async fn the_servers_list_of_models_is_read() {
    let settings = settings(Provider::Openai, ModelDrive::Native);
    let health = check(&settings, Wire::live().unwrap()).await.unwrap();
    eprintln!("{health:?}");
    assert!(!health.listed.is_empty());
}
