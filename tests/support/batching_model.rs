//! A provider's batch API as OpenAI and Anthropic describe it, over real sockets: files, batches, lists, results. It answers
//! live completions too, counts what it was paid for, and can expire, fail, reorder, and lose the answer to a submission.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use cardinal::model::Provider;
use serde_json::{Value, json};

/// What a completion says: text, or one call of a tool.
#[derive(Debug, Clone)]
pub enum Said {
    Text(String),
    Call(&'static str, Value),
    Refused(u16, Value),
}

/// What goes wrong at the provider.
#[derive(Debug, Clone, Default)]
pub struct BatchFaults {
    /// So many submissions are taken, and their answers are lost.
    pub lost: usize,
    /// So many submissions are turned away.
    pub turned_away: usize,
    /// Of every batch a third fails, if it did not fail before.
    pub fail_a_third: bool,
    /// So many batches expire when half of their requests are done.
    pub expire: usize,
    /// So many batches are refused as a whole.
    pub refuse: usize,
    /// No batch can be cancelled.
    pub keeps_going: bool,
    /// How long a batch takes.
    pub takes: Duration,
}

type BatchScript = Box<dyn FnMut(&Value) -> Said + Send>;

struct BatchingState {
    provider: Provider,
    script: BatchScript,
    faults: BatchFaults,
    files: BTreeMap<String, Vec<u8>>,
    batches: Vec<StubBatch>,
    failed_before: BTreeSet<String>,
    /// The body of every completion that was paid for, and whether it was live.
    paid: Vec<(Value, bool)>,
    /// Requests that no batch takes, with the reason.
    complaints: Vec<String>,
    /// How many HTTP requests came.
    heard: usize,
}

#[derive(Debug, Clone)]
struct StubBatch {
    id: String,
    created: jiff::Timestamp,
    endpoint: String,
    metadata: Value,
    /// Id, path and body.
    requests: Vec<(String, String, Value)>,
    status: &'static str,
    errors: Value,
    results: Vec<Value>,
    output: Option<String>,
    errors_file: Option<String>,
}

type SharedBatching = Arc<Mutex<BatchingState>>;

/// A running stub. The server lives as long as the test's runtime.
pub struct BatchingModel {
    provider: Provider,
    address: SocketAddr,
    state: SharedBatching,
}

impl BatchingModel {
    /// A server of this provider which decides from a completion's body.
    pub async fn start(
        provider: Provider,
        faults: BatchFaults,
        script: impl FnMut(&Value) -> Said + Send + 'static,
    ) -> Self {
        let state = Arc::new(Mutex::new(BatchingState {
            provider,
            script: Box::new(script),
            faults,
            files: BTreeMap::new(),
            batches: Vec::new(),
            failed_before: BTreeSet::new(),
            paid: Vec::new(),
            complaints: Vec::new(),
            heard: 0,
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self {
            provider,
            address,
            state,
        }
    }

    /// As the provider's clients take it.
    pub fn base_url(&self) -> String {
        let path = if self.provider == Provider::Anthropic {
            ""
        } else {
            "/v1"
        };
        format!("http://{}{path}", self.address)
    }

    /// The bodies of all completions that were paid for, and whether they were live.
    pub fn paid(&self) -> Vec<(Value, bool)> {
        locked(&self.state).paid.clone()
    }

    /// How many requests each batch has, in their order.
    pub fn batches(&self) -> Vec<usize> {
        let state = locked(&self.state);
        state.batches.iter().map(|batch| batch.requests.len()).collect()
    }

    /// How many HTTP requests came, of any kind.
    pub fn heard(&self) -> usize {
        locked(&self.state).heard
    }

    /// How each batch stands, in the provider's words.
    pub fn statuses(&self) -> Vec<&'static str> {
        let state = locked(&self.state);
        state.batches.iter().map(|batch| batch.status).collect()
    }

    /// What was sent that no batch takes.
    pub fn complaints(&self) -> Vec<String> {
        locked(&self.state).complaints.clone()
    }
}

fn locked(state: &SharedBatching) -> MutexGuard<'_, BatchingState> {
    state.lock().unwrap()
}

async fn answer(State(state): State<SharedBatching>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 256 << 20).await else {
        return failure(400, "the request broke off");
    };
    locked(&state).heard += 1;
    let kind = parts.headers.get("content-type");
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let path: Vec<&str> = parts.uri.path().trim_matches('/').split('/').collect();
    match (parts.method.as_str(), path.as_slice()) {
        ("POST", ["v1", "files"]) => upload(&state, &kind, &body),
        ("GET", ["v1", "files", id, "content"]) => {
            let file = locked(&state).files.get(*id).cloned();
            file.map_or_else(
                || failure(404, "no such file"),
                |file| plain(200, "application/octet-stream", Body::from(file)),
            )
        }
        ("POST", ["v1", "batches"]) => submit_openai(&state, &body),
        ("POST", ["v1", "messages", "batches"]) => submit_anthropic(&state, &body),
        ("GET", ["v1", "batches"] | ["v1", "messages", "batches"]) => list(&state, &query),
        ("GET", ["v1", "batches", id] | ["v1", "messages", "batches", id]) => {
            let state = locked(&state);
            let batch = state.batches.iter().find(|batch| batch.id == *id);
            batch.map_or_else(
                || failure(404, "no such batch"),
                |batch| ok(&shown(state.provider, batch)),
            )
        }
        ("GET", ["v1", "messages", "batches", id, "results"]) => {
            let state = locked(&state);
            let batch = state
                .batches
                .iter()
                .find(|batch| batch.id == *id && batch.status == "ended");
            batch.map_or_else(
                || failure(404, "no results"),
                |batch| plain(200, "application/x-jsonl", Body::from(lines(&batch.results))),
            )
        }
        ("POST", ["v1", "batches", id, "cancel"] | ["v1", "messages", "batches", id, "cancel"]) => {
            cancel(&state, id)
        }
        ("POST", ["v1", "chat", "completions"] | ["v1", "responses" | "messages"]) => live(&state, &body),
        _ => failure(404, "not found"),
    }
}

/// Gives up a batch that works: nothing of it was answered yet.
fn cancel(state: &SharedBatching, id: &str) -> Response {
    let mut state = locked(state);
    let provider = state.provider;
    if state.faults.keeps_going {
        return failure(403, "this key may not cancel batches");
    }
    let Some(batch) = state.batches.iter_mut().find(|batch| batch.id == id) else {
        return failure(404, "no such batch");
    };
    if !matches!(batch.status, "validating" | "in_progress") {
        return failure(409, "it is over");
    }
    if provider == Provider::Anthropic {
        let gone = batch.requests.iter();
        batch.results = gone
            .map(|(id, ..)| json!({"custom_id": id, "result": {"type": "canceled"}}))
            .collect();
        batch.status = "ended";
    } else {
        batch.status = "cancelled";
    }
    ok(&shown(provider, batch))
}

/// A live completion, in one piece.
fn live(state: &SharedBatching, body: &Bytes) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap();
    let mut state = locked(state);
    let said = (state.script)(&body);
    match said {
        Said::Refused(status, body) => plain(status, "application/json", Body::from(body.to_string())),
        said => {
            let whole = completion(state.provider, &body, &said);
            state.paid.push((body, true));
            ok(&whole)
        }
    }
}

fn upload(state: &SharedBatching, kind: &str, body: &Bytes) -> Response {
    let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let mut fields = BTreeMap::new();
    for part in text.split(&format!("--{boundary}")).skip(1) {
        if part.starts_with("--") {
            break;
        }
        let (head, content) = part.split_once("\r\n\r\n").unwrap();
        let name = head.split("name=\"").nth(1).unwrap().split('"').next().unwrap();
        fields.insert(name.to_owned(), content.strip_suffix("\r\n").unwrap().to_owned());
    }
    if fields.get("purpose").map(String::as_str) != Some("batch") {
        return failure(400, "the purpose of the file is not batch");
    }
    let mut state = locked(state);
    let id = format!("file-{}", state.files.len());
    let file = fields.remove("file").unwrap();
    let bytes = file.len();
    state.files.insert(id.clone(), file.into_bytes());
    ok(&json!({"id": id, "object": "file", "bytes": bytes, "purpose": "batch", "status": "processed"}))
}

fn submit_openai(state: &SharedBatching, body: &Bytes) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap();
    if body["completion_window"] != "24h" {
        return failure(400, "completion_window has to be 24h");
    }
    let requests = {
        let state = locked(state);
        let Some(file) = state.files.get(body["input_file_id"].as_str().unwrap()) else {
            return failure(400, "no such file");
        };
        let file = String::from_utf8(file.clone()).unwrap();
        file.lines()
            .map(|line| {
                let line: Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["method"], "POST");
                let text = |name: &str| line[name].as_str().unwrap().to_owned();
                (text("custom_id"), text("url"), line["body"].clone())
            })
            .collect()
    };
    let endpoint = body["endpoint"].as_str().unwrap();
    submit(state, "batch_", endpoint, body["metadata"].clone(), requests)
}

fn submit_anthropic(state: &SharedBatching, body: &Bytes) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap();
    let requests = body["requests"].as_array().unwrap().iter().map(|request| {
        let id = request["custom_id"].as_str().unwrap().to_owned();
        (id, "/v1/messages".to_owned(), request["params"].clone())
    });
    submit(
        state,
        "msgbatch_",
        "/v1/messages",
        Value::Null,
        requests.collect(),
    )
}

fn submit(
    shared: &SharedBatching,
    prefix: &str,
    endpoint: &str,
    metadata: Value,
    requests: Vec<(String, String, Value)>,
) -> Response {
    let mut state = locked(shared);
    if state.faults.turned_away > 0 {
        state.faults.turned_away -= 1;
        return failure(429, "slow down");
    }
    let ids: BTreeSet<&String> = requests.iter().map(|(id, ..)| id).collect();
    let fits = |id: &&String| {
        (1..=64).contains(&id.len())
            && id
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
    };
    if ids.len() != requests.len() || !ids.iter().all(fits) {
        state
            .complaints
            .push("ids are not unique or not well formed".to_owned());
        return failure(400, "custom_id");
    }
    for (_, path, body) in &requests {
        let wrong = body.get("stream").is_some() || body.get("stream_options").is_some() || path != endpoint;
        if wrong {
            state
                .complaints
                .push(format!("no batch at {endpoint} takes {path} {body}"));
        }
    }
    let number = state.batches.len();
    let refuse = state.faults.refuse > 0;
    state.faults.refuse = state.faults.refuse.saturating_sub(1);
    let batch = StubBatch {
        id: format!("{prefix}{number}"),
        created: jiff::Timestamp::now(),
        endpoint: endpoint.to_owned(),
        metadata,
        requests,
        status: if state.provider == Provider::Anthropic {
            "in_progress"
        } else {
            "validating"
        },
        errors: Value::Null,
        results: Vec::new(),
        output: None,
        errors_file: None,
    };
    let answer = shown(state.provider, &batch);
    state.batches.push(batch);
    let takes = state.faults.takes;
    let later = Arc::clone(shared);
    tokio::spawn(async move {
        tokio::time::sleep(takes).await;
        if !matches!(
            locked(&later).batches[number].status,
            "validating" | "in_progress"
        ) {
            return;
        }
        if refuse {
            let batch = &mut locked(&later).batches[number];
            batch.status = "failed";
            batch.errors =
                json!({"data": [{"code": "token_limit_exceeded", "message": "too many enqueued tokens"}]});
        } else {
            run(&mut locked(&later), number);
        }
    });
    if state.faults.lost > 0 {
        state.faults.lost -= 1;
        let cut = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("lost"))]);
        return plain(200, "application/json", Body::from_stream(cut));
    }
    ok(&answer)
}

/// Runs a batch to its end. Its results come in an order of their own.
fn run(state: &mut BatchingState, number: usize) {
    let anthropic = state.provider == Provider::Anthropic;
    let requests = state.batches[number].requests.clone();
    let expires = state.faults.expire > 0;
    state.faults.expire = state.faults.expire.saturating_sub(1);
    let half = requests.len() / 2;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (at, (id, _, body)) in requests.iter().enumerate() {
        if expires && at >= half {
            bad.push(if anthropic {
                json!({"custom_id": id, "result": {"type": "expired"}})
            } else {
                json!({"id": "r", "custom_id": id, "response": null,
                       "error": {"code": "batch_expired", "message": "This request could not be executed in time."}})
            });
            continue;
        }
        if state.faults.fail_a_third && at % 3 == 0 && state.failed_before.insert(id.clone()) {
            let error = json!({"type": "api_error", "message": "Internal server error"});
            bad.push(failed_line(anthropic, id, 500, &error));
            continue;
        }
        match (state.script)(body) {
            Said::Refused(status, body) => {
                bad.push(failed_line(anthropic, id, status, &body["error"]));
            }
            said => {
                let whole = completion(state.provider, body, &said);
                state.paid.push((body.clone(), false));
                good.push(if anthropic {
                    json!({"custom_id": id, "result": {"type": "succeeded", "message": whole}})
                } else {
                    json!({"id": "r", "custom_id": id, "error": null,
                           "response": {"status_code": 200, "request_id": "x", "body": whole}})
                });
            }
        }
    }
    fastrand::shuffle(&mut good);
    fastrand::shuffle(&mut bad);
    if anthropic {
        let mut all = [good, bad].concat();
        fastrand::shuffle(&mut all);
        let batch = &mut state.batches[number];
        batch.results = all;
        batch.status = "ended";
        return;
    }
    let mut file = |results: &[Value]| {
        (!results.is_empty()).then(|| {
            let id = format!("file-{}", state.files.len());
            state.files.insert(id.clone(), lines(results).into_bytes());
            id
        })
    };
    let (output, errors_file) = (file(&good), file(&bad));
    let batch = &mut state.batches[number];
    (batch.output, batch.errors_file) = (output, errors_file);
    batch.results = [good, bad].concat();
    batch.status = if expires { "expired" } else { "completed" };
}

fn failed_line(anthropic: bool, id: &str, status: u16, error: &Value) -> Value {
    if anthropic {
        json!({"custom_id": id, "result": {"type": "errored", "error": {"type": "error", "error": error}}})
    } else {
        json!({"id": "r", "custom_id": id, "error": null,
               "response": {"status_code": status, "request_id": "x", "body": {"error": error}}})
    }
}

/// Newest first, in pages.
fn list(state: &SharedBatching, query: &str) -> Response {
    let state = locked(state);
    let field = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    let limit: usize = field("limit").map_or(20, |limit| limit.parse().unwrap());
    assert!((1..=1000).contains(&limit));
    let after = field("after").or(field("after_id"));
    let mut newest: Vec<&StubBatch> = state.batches.iter().rev().collect();
    if let Some(after) = after {
        let at = newest.iter().position(|batch| batch.id == after).unwrap();
        newest.drain(..=at);
    }
    let has_more = newest.len() > limit;
    newest.truncate(limit);
    let data: Vec<Value> = newest
        .into_iter()
        .map(|batch| shown(state.provider, batch))
        .collect();
    ok(&json!({"object": "list", "data": data, "has_more": has_more}))
}

/// A batch as its provider shows it.
fn shown(provider: Provider, batch: &StubBatch) -> Value {
    let total = batch.requests.len();
    let is_over = !matches!(batch.status, "validating" | "in_progress" | "failed");
    if provider == Provider::Anthropic {
        let count = |kind: &str| {
            let results = batch.results.iter();
            results.filter(|result| result["result"]["type"] == kind).count()
        };
        return json!({
            "id": batch.id, "type": "message_batch", "processing_status": batch.status,
            "created_at": batch.created.to_string(), "results_url": null,
            "request_counts": {
                "processing": if is_over { 0 } else { total }, "succeeded": count("succeeded"),
                "errored": count("errored"), "canceled": count("canceled"), "expired": count("expired"),
            },
        });
    }
    let failed = batch
        .results
        .iter()
        .filter(|result| result["response"].is_null() || result["response"]["status_code"] != 200);
    let failed = failed.count();
    json!({
        "id": batch.id, "object": "batch", "endpoint": batch.endpoint, "status": batch.status,
        "created_at": batch.created.as_second(), "metadata": batch.metadata, "errors": batch.errors,
        "output_file_id": batch.output, "error_file_id": batch.errors_file,
        "request_counts": {"total": total, "completed": batch.results.len() - failed, "failed": failed},
    })
}

/// A whole completion as its provider writes it.
fn completion(provider: Provider, body: &Value, said: &Said) -> Value {
    let call = match said {
        Said::Call(name, arguments) => Some((name, arguments)),
        _ => None,
    };
    let text = match said {
        Said::Text(text) => text.as_str(),
        _ => "",
    };
    if provider == Provider::Anthropic {
        let content = match call {
            Some((name, arguments)) => {
                json!([{"type": "tool_use", "id": "toolu_1", "name": name, "input": arguments}])
            }
            None => json!([{"type": "text", "text": text}]),
        };
        return json!({
            "id": "msg_1", "type": "message", "role": "assistant", "model": "scripted-1", "content": content,
            "stop_reason": if call.is_some() { "tool_use" } else { "end_turn" }, "stop_sequence": null,
            "usage": {"input_tokens": 6000, "cache_read_input_tokens": 4000, "cache_creation_input_tokens": 0,
                      "output_tokens": 10, "service_tier": "batch"},
        });
    }
    if body.get("input").is_some() {
        let output = match call {
            Some((name, arguments)) => json!([{"type": "function_call", "id": "fc_1", "call_id": "call_1",
                "name": name, "arguments": arguments.to_string()}]),
            None => json!([{"type": "message", "role": "assistant",
                "content": [{"type": "output_text", "text": text}]}]),
        };
        return json!({
            "id": "resp_1", "object": "response", "status": "completed", "model": "scripted-1", "output": output,
            "usage": {"input_tokens": 10000, "input_tokens_details": {"cached_tokens": 4000}, "output_tokens": 10},
        });
    }
    let message = match call {
        Some((name, arguments)) => json!({"role": "assistant", "content": null, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments.to_string()}},
        ]}),
        None => json!({"role": "assistant", "content": text}),
    };
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted-1",
        "choices": [{"index": 0, "message": message,
                     "finish_reason": if call.is_some() { "tool_calls" } else { "stop" }}],
        "usage": {"prompt_tokens": 10000, "completion_tokens": 10, "total_tokens": 10010,
                  "prompt_tokens_details": {"cached_tokens": 4000}},
    })
}

fn lines(results: &[Value]) -> String {
    results.iter().map(|result| format!("{result}\n")).collect()
}

fn ok(body: &Value) -> Response {
    plain(200, "application/json", Body::from(body.to_string()))
}

fn failure(status: u16, message: &str) -> Response {
    let body = json!({"error": {"type": "error", "message": message}});
    plain(status, "application/json", Body::from(body.to_string()))
}

fn plain(status: u16, kind: &str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status.try_into().unwrap();
    response
        .headers_mut()
        .insert("content-type", kind.parse().unwrap());
    response
}
