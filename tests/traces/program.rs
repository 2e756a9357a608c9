//! `ask`, `batch` and `serve`, with a collector and without one.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::collector::{CollectedSpan, Collector};
use crate::cli::kit::{Program, Run};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

const QUESTION: &str = "Which xylophones were sold in secret?";
const TEXT: &str = "There were no xylophones at all.";

/// A model that looks at the catalog, calls a tool that there is not, and answers.
async fn model() -> ScriptedModel {
    let mut step = 0;
    ScriptedModel::openai_with(move |_| {
        step += 1;
        match step % 3 {
            1 => Reply::tool_calls([("search_catalog", json!({"query": "xylophones"}))]),
            2 => Reply::tool_calls([("drop_tables", json!({"name": "xylophones"}))]),
            _ => Reply::text(TEXT).with_usage(100, 40, 7),
        }
    })
    .await
}

fn program(model: &ScriptedModel, collector: &str) -> Program {
    Program::new()
        .with("OPENAI_API_KEY", "sk-of-a-test")
        .with("OPENAI_BASE_URL", model.base_url().as_str())
        .with("CARDINAL_MODEL", "openai:scripted")
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", collector)
}

async fn run(program: Program, arguments: &'static [&'static str]) -> (Program, Run) {
    tokio::task::spawn_blocking(move || {
        let run = program.run(arguments);
        (program, run)
    })
    .await
    .unwrap()
}

fn named<'a>(spans: &'a [CollectedSpan], name: &str) -> Vec<&'a CollectedSpan> {
    spans.iter().filter(|span| span.name == name).collect()
}

fn only<'a>(spans: &'a [CollectedSpan], name: &str) -> &'a CollectedSpan {
    let found = named(spans, name);
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

/// That a trace is one turn: what it is made of, and how that hangs together.
fn is_a_turn(spans: &[CollectedSpan]) {
    let turn = only(spans, "invoke_agent cardinal");
    assert_eq!((turn.kind, turn.failed), ("internal", false), "{turn:#?}");
    for (key, value) in [
        ("gen_ai.operation.name", json!("invoke_agent")),
        ("gen_ai.agent.name", json!("cardinal")),
        ("gen_ai.provider.name", json!("openai")),
        ("gen_ai.request.model", json!("scripted")),
        ("cardinal.stop_reason", json!("final_answer")),
    ] {
        assert_eq!(turn.at(key), value, "{key} of {turn:#?}");
    }
    assert!(turn.at("gen_ai.conversation.id").is_string(), "{turn:#?}");
    assert!(turn.at("cardinal.outcome").is_string(), "{turn:#?}");

    let chats = named(spans, "chat scripted");
    assert!(chats.len() >= 3, "{spans:#?}");
    for chat in &chats {
        assert_eq!((chat.kind, &chat.parent), ("client", &turn.id), "{chat:#?}");
        assert_eq!(chat.at("gen_ai.operation.name"), "chat");
        assert_eq!(chat.at("gen_ai.response.id"), "chatcmpl-1", "{chat:#?}");
        assert_eq!(chat.at("gen_ai.response.model"), "scripted-1");
        assert!(chat.at("gen_ai.request.max_tokens").is_i64());
    }
    let reasons: Vec<Value> = chats
        .iter()
        .map(|chat| chat.at("gen_ai.response.finish_reasons"))
        .collect();
    assert_eq!(
        reasons[..3],
        [json!(["tool_calls"]), json!(["tool_calls"]), json!(["stop"])]
    );
    let last = chats.last().unwrap();
    assert_eq!(
        [
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.cache_read.input_tokens",
            "gen_ai.usage.output_tokens"
        ]
        .map(|key| last.at(key)),
        [json!(100), json!(40), json!(7)],
        "{last:#?}"
    );

    let search = only(spans, "execute_tool search_catalog");
    let refused = only(spans, "execute_tool drop_tables");
    for tool in [search, refused] {
        assert_eq!((tool.kind, &tool.parent), ("internal", &turn.id), "{tool:#?}");
        assert_eq!(tool.at("gen_ai.operation.name"), "execute_tool");
        assert_eq!(tool.at("gen_ai.tool.type"), "function");
    }
    assert_eq!(
        (refused.failed, refused.at("error.type")),
        (true, json!("refused"))
    );

    let requests = named(spans, "POST /chat/completions");
    assert_eq!(requests.len(), chats.len(), "{spans:#?}");
    for request in requests {
        assert!(chats.iter().any(|chat| chat.id == request.parent), "{request:#?}");
        assert_eq!(
            (request.kind, request.at("http.response.status_code")),
            ("client", json!(200))
        );
        assert_eq!(request.at("server.address"), "127.0.0.1");
        assert!(
            request
                .at("url.full")
                .as_str()
                .unwrap()
                .ends_with("/chat/completions")
        );
    }
    assert!(spans.iter().all(|span| span.trace == turn.trace), "{spans:#?}");
    assert_eq!(turn.resource["service.name"], "cardinal");
    assert_eq!(turn.resource["service.version"], env!("CARGO_PKG_VERSION"));
}

fn holds(collector: &Collector, text: &str) -> bool {
    let raw = collector.raw();
    raw.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_one_trace_that_says_nothing_of_its_words() {
    let (collector, model) = (Collector::start().await, model().await);
    let program = program(&model, &collector.url)
        .with("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=shop")
        .with("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test");
    let (_program, run) = run(program, &["ask", QUESTION, "--json"]).await;
    assert!(run.json()["text"].is_string(), "{run:#?}");
    let spans = collector.spans();
    is_a_turn(&spans);
    let root = only(&spans, "invoke_agent cardinal");
    assert_eq!(root.parent, "");
    assert_eq!(root.resource["deployment.environment.name"], "test");
    for words in [QUESTION, TEXT, "xylophones", "sk-of-a-test"] {
        assert!(!holds(&collector, words), "{words} in {spans:#?}");
    }
    for headers in collector.headers() {
        assert_eq!(headers["x-tenant"], "shop");
        assert_eq!(headers["content-type"], "application/x-protobuf");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_are_in_it_when_somebody_asks_for_them() {
    let (collector, model) = (Collector::start().await, model().await);
    let program = program(&model, &collector.url)
        .with("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "true")
        .with("OTEL_SERVICE_NAME", "answers");
    let (_program, _run) = run(program, &["ask", QUESTION]).await;
    let spans = collector.spans();
    let turn = only(&spans, "invoke_agent cardinal");
    let asked: Value = serde_json::from_str(turn.at("gen_ai.input.messages").as_str().unwrap()).unwrap();
    assert_eq!(
        asked,
        json!([{"role": "user", "parts": [{"type": "text", "content": QUESTION}]}])
    );
    assert!(
        turn.at("gen_ai.output.messages")
            .as_str()
            .unwrap()
            .contains("xylophones")
    );
    let search = only(&spans, "execute_tool search_catalog");
    assert!(
        search
            .at("gen_ai.tool.call.arguments")
            .as_str()
            .unwrap()
            .contains("xylophones")
    );
    assert_eq!(turn.resource["service.name"], "answers");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_to_metabase_hang_below_the_tool_that_made_them() {
    let collector = Collector::start().await;
    let program = Program::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let (_program, run) = run(
        program,
        &["ask", "How many orders were placed in 2025?", "--json"],
    )
    .await;
    assert_eq!(run.code, Some(0), "{run:#?}");
    let spans = collector.spans();
    let tools: Vec<&CollectedSpan> = spans
        .iter()
        .filter(|span| span.name.starts_with("execute_tool "))
        .collect();
    let below: Vec<&CollectedSpan> = spans
        .iter()
        .filter(|span| tools.iter().any(|tool| tool.id == span.parent))
        .collect();
    assert!(!below.is_empty(), "{spans:#?}");
    for request in below {
        assert_eq!(request.kind, "client", "{request:#?}");
        let template = request.at("url.template");
        let method = request.at("http.request.method");
        assert_eq!(
            request.name,
            format!("{} {}", method.as_str().unwrap(), template.as_str().unwrap())
        );
        assert!(
            !request.at("url.full").as_str().unwrap().contains('?'),
            "{request:#?}"
        );
    }
    // What the planner said cost nothing and went nowhere.
    let chat = named(&spans, "chat offline")[0];
    assert_eq!(chat.at("gen_ai.provider.name"), "cardinal");
    // Loading the catalog is no part of the question.
    assert_eq!(
        spans.iter().filter(|span| span.parent.is_empty()).count(),
        1,
        "{spans:#?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_question_of_a_run_is_a_trace() {
    let collector = Collector::start().await;
    let program = Program::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.url);
    let rows = "{\"id\":\"a\",\"question\":\"How many orders were placed in 2025?\"}\n\
                {\"id\":\"b\",\"question\":\"Revenue by month in 2025?\"}\n";
    std::fs::write(program.folder().join("in.jsonl"), rows).unwrap();
    let (_program, run) = run(program, &["batch", "in.jsonl", "--out", "out.jsonl"]).await;
    assert_eq!(run.code, Some(0), "{run:#?}");
    let spans = collector.spans();
    let turns = named(&spans, "invoke_agent cardinal");
    assert_eq!(turns.len(), 2, "{spans:#?}");
    assert_ne!(turns[0].trace, turns[1].trace);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_collector_or_with_one_that_is_down_answers_are_the_same() {
    let down = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let ask: &[&str] = &["ask", "How many orders were placed in 2025?", "--json"];
    let (_program, without) = run(Program::new(), ask).await;
    assert_eq!(without.code, Some(0), "{without:#?}");
    assert!(!without.stderr.contains("traces"), "{without:#?}");
    let program = Program::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", &down);
    let (_program, with) = run(program, ask).await;
    assert_eq!(with.code, Some(0), "{with:#?}");
    assert_eq!(with.json()["text"], without.json()["text"]);
    assert_eq!(
        with.stderr.matches("traces could not be sent").count(),
        1,
        "{with:#?}"
    );
    let wrong = Program::new().with("OTEL_EXPORTER_OTLP_ENDPOINT", "who:pw@collector");
    let (_program, wrong) = run(wrong, ask).await;
    assert_eq!(wrong.code, Some(0), "{wrong:#?}");
    assert!(wrong.stderr.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{wrong:#?}");
    assert!(!wrong.stderr.contains("pw"), "{wrong:#?}");
}

/// Asks a server, as part of a trace or not.
async fn ask(url: &str, body: Value, parent: Option<&str>) -> Value {
    let host = url.strip_prefix("http://").unwrap();
    let parent = parent.map_or_else(String::new, |parent| format!("traceparent: {parent}\r\n"));
    let body = body.to_string();
    let request = format!(
        "POST /v1/answers HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n{parent}\r\n{body}",
        body.len()
    );
    let mut connection = tokio::net::TcpStream::connect(host).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (_, record) = answer.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(record).unwrap_or_else(|error| panic!("{error} in {answer}"))
}

const CLIENT_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CLIENT_SPAN: &str = "b7ad6b7169203331";

/// The header of a client that traces.
fn client() -> String {
    format!("00-{CLIENT_TRACE}-{CLIENT_SPAN}-01")
}

/// A server in a process of its own, and its address.
fn serve(program: &Program) -> (Child, String) {
    let mut child = program
        .command(&["serve", "--listen", "127.0.0.1:0", "--quiet"])
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let said: Value = serde_json::from_str(&line).unwrap();
    (child, said["url"].as_str().unwrap().to_owned())
}

/// Ends a server as an administrator does: it sends what it has before.
async fn end(mut child: Child) {
    let ended = Command::new("kill").arg(child.id().to_string()).status();
    assert!(ended.unwrap().success());
    let code = tokio::time::timeout(
        Duration::from_secs(60),
        tokio::task::spawn_blocking(move || child.wait().unwrap().code()),
    );
    assert_eq!(code.await.unwrap().unwrap(), Some(0));
}

/// The traces that turns are in.
fn traces<'s>(spans: impl IntoIterator<Item = &'s CollectedSpan>) -> BTreeSet<&'s str> {
    spans.into_iter().map(|span| span.trace.as_str()).collect()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_another_process_takes_over_stays_in_its_trace() {
    let collector = Collector::start().await;
    let held = Arc::new(AtomicBool::new(true));
    let holds = Arc::clone(&held);
    let model = ScriptedModel::openai_with(move |request| {
        let said = request["messages"].as_array().unwrap();
        if said.last().unwrap()["role"] != "tool" {
            return Reply::tool_calls([("search_catalog", json!({"query": "xylophones"}))]);
        }
        let late = Duration::from_secs(if holds.load(Ordering::SeqCst) { 3600 } else { 0 });
        Reply::text(TEXT).after(late)
    })
    .await;
    let program = program(&model, &collector.url).with("OTEL_BSP_SCHEDULE_DELAY", "50");
    let (mut first, url) = serve(&program);
    for parent in [Some(client()), None] {
        let url = url.clone();
        // Its client is cut off with the process.
        tokio::spawn(async move { ask(&url, json!({"question": QUESTION}), parent.as_deref()).await });
    }
    let ready = |spans: &[CollectedSpan]| named(spans, "execute_tool search_catalog").len() == 2;
    while model.requests().len() < 4 || !ready(&collector.spans()) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let before = collector.spans();
    assert_eq!(traces(&before).len(), 2, "{before:#?}");
    held.store(false, Ordering::SeqCst);
    let (second, _) = serve(&program);
    while named(&collector.spans(), "invoke_agent cardinal").len() < 2 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    end(second).await;
    let all = collector.spans();
    assert_eq!(traces(&all), traces(&before), "{all:#?}");
    for turn in named(&all, "invoke_agent cardinal") {
        let parent = if turn.trace == CLIENT_TRACE {
            CLIENT_SPAN
        } else {
            ""
        };
        assert_eq!(turn.parent, parent, "{turn:#?}");
    }
    assert_eq!(traces(named(&all, "invoke_agent cardinal")).len(), 2, "{all:#?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_with_the_trace_of_its_client() {
    let (collector, model) = (Collector::start().await, model().await);
    let program = program(&model, &collector.url);
    let (child, url) = serve(&program);
    let first = ask(&url, json!({"question": QUESTION}), Some(&client())).await;
    assert_eq!(first["status"], "finished", "{first:#}");
    let next = json!({"question": QUESTION, "session": first["session"]});
    ask(&url, next, None).await;
    ask(&url, json!({"question": QUESTION}), Some("00-nonsense-01")).await;
    end(child).await;
    let spans = collector.spans();
    let (continued, others): (Vec<CollectedSpan>, Vec<CollectedSpan>) =
        spans.into_iter().partition(|span| span.trace == CLIENT_TRACE);
    is_a_turn(&continued);
    assert_eq!(only(&continued, "invoke_agent cardinal").parent, CLIENT_SPAN);
    // The others begin traces of their own.
    let turns = named(&others, "invoke_agent cardinal");
    assert_eq!(turns.len(), 2, "{others:#?}");
    assert!(turns.iter().all(|turn| turn.parent.is_empty()), "{turns:#?}");
    assert_ne!(turns[0].trace, turns[1].trace);
}
