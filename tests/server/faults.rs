//! Processes that are killed, a database that is started again and clients that hang up, all of it under load. Nothing that
//! was acknowledged is lost, nothing is paid for twice, nothing is told to another principal, and nothing hangs.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::Ask;
use super::database::{postgres, postgres_or_skip, psql, schema, skipped, store_url};
use super::kit::TestServer;
use super::process::{Process, ProcessPlan};
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;

const CLIENTS: usize = 8;
const PRINCIPALS: [&str; 2] = ["ana@example.com", "bo@example.com"];

/// A completion: the word that was asked for, and the step of its turn.
type Completion = (String, usize);
/// When each completion was asked for.
type Bill = Arc<Mutex<BTreeMap<Completion, Vec<Instant>>>>;
/// Completions that stood on a tape when a process was ended, and the time after which nobody may ask for them.
type Taped = BTreeMap<Completion, Instant>;

/// The word that a question asks for.
fn word_of(request: &Value) -> String {
    let messages = request["messages"].as_array().unwrap();
    let said = messages
        .iter()
        .rev()
        .find(|message| message["role"] == "user")
        .unwrap();
    let text = said["content"].to_string();
    let (_, rest) = text.rsplit_once("What is ").unwrap();
    rest.split('?').next().unwrap().to_owned()
}

fn answer_to(word: &str) -> String {
    format!("Nothing is known about {word}.")
}

/// A model that counts what it is asked: one tool call, then an answer that repeats the question's word.
async fn counting_model() -> (ScriptedModel, Bill) {
    let bill = Bill::default();
    let written = Arc::clone(&bill);
    let model = ScriptedModel::openai_with(move |request| {
        let (word, last) = (
            word_of(request),
            request["messages"].as_array().unwrap().last().unwrap(),
        );
        let step = if last["role"] == "tool" { 2 } else { 1 };
        let delay = Duration::from_millis(fastrand::u64(20..150));
        let mut bill = written.lock().unwrap();
        bill.entry((word.clone(), step)).or_default().push(Instant::now());
        drop(bill);
        let reply = if step == 2 {
            Reply::text(answer_to(&word))
        } else {
            Reply::tool_calls([("field_values", json!({"entry": "nothing"}))])
        };
        reply.after(delay)
    })
    .await;
    (model, bill)
}

/// A question that the server acknowledged.
#[derive(Debug, Clone)]
struct Acknowledged {
    answer: String,
    word: String,
    principal: usize,
}

/// Clients that ask as long as they are not told to stop.
struct Load {
    urls: Arc<Mutex<Vec<String>>>,
    tokens: Vec<String>,
    stop: Arc<AtomicBool>,
    clients: Vec<tokio::task::JoinHandle<Vec<Acknowledged>>>,
}

fn bearer(ask: Ask, token: &str) -> Ask {
    ask.with("authorization", &format!("Bearer {token}"))
}

impl Load {
    fn begin(urls: Vec<String>, tokens: Vec<String>) -> Self {
        let (urls, stop) = (Arc::new(Mutex::new(urls)), Arc::new(AtomicBool::new(false)));
        let next = Arc::new(AtomicUsize::new(0));
        let clients = (0..CLIENTS)
            .map(|client| {
                let (urls, stop, next) = (Arc::clone(&urls), Arc::clone(&stop), Arc::clone(&next));
                let (principal, token) = (client % 2, tokens[client % 2].clone());
                tokio::spawn(async move {
                    let mut all = Vec::new();
                    while !stop.load(Ordering::SeqCst) {
                        let word = letters(next.fetch_add(1, Ordering::SeqCst));
                        let ask = Ask::events(&json!({"question": format!("What is {word}?")}));
                        // The key makes it one question, however often it has to be sent.
                        let ask = bearer(ask, &token).with("idempotency-key", &word);
                        let begun = Instant::now();
                        loop {
                            assert!(
                                begun.elapsed() < Duration::from_secs(60),
                                "{word} is never acknowledged"
                            );
                            let url = fastrand::choice(urls.lock().unwrap().clone()).unwrap();
                            let reply = ask.attempt(&url, Duration::from_secs(30)).await;
                            let answer = reply.filter(|reply| reply.status == 200);
                            let answer = answer.map(|reply| reply.header("x-cardinal-answer").to_owned());
                            if let Some(answer) = answer.filter(|answer| !answer.is_empty()) {
                                all.push(Acknowledged {
                                    answer,
                                    word,
                                    principal,
                                });
                                break;
                            }
                            tokio::time::sleep(Duration::from_millis(50)).await;
                        }
                    }
                    all
                })
            })
            .collect();
        Self {
            urls,
            tokens,
            stop,
            clients,
        }
    }

    /// Ends the load, waits until all that was acknowledged is over, and looks at it.
    async fn end(self, bill: &Bill, taped: &Taped) {
        self.stop.store(true, Ordering::SeqCst);
        let mut all = Vec::new();
        for client in self.clients {
            all.extend(client.await.unwrap());
        }
        assert!(all.len() > CLIENTS, "{} questions are no load", all.len());
        let url = self.urls.lock().unwrap()[0].clone();
        let begun = Instant::now();
        for asked in &all {
            let path = format!("/v1/answers/{}", asked.answer);
            let record = loop {
                let ask = bearer(Ask::get(&path), &self.tokens[asked.principal]);
                let record = ask.send(&url).await;
                assert_eq!(record.status, 200, "{asked:?} is lost: {record:#?}");
                let record = record.json();
                if record["status"] != "queued" && record["status"] != "running" {
                    break record;
                }
                assert!(
                    begun.elapsed() < Duration::from_secs(60),
                    "{asked:?} hangs: {record:#}"
                );
                tokio::time::sleep(Duration::from_millis(50)).await;
            };
            assert_eq!(record["status"], "finished", "{record:#}");
            assert_eq!(record["answer"]["text"], answer_to(&asked.word), "{record:#}");
            assert_eq!(record["asked_by"], PRINCIPALS[asked.principal]);
            let others = bearer(Ask::get(&path), &self.tokens[1 - asked.principal]);
            assert_eq!(others.send(&url).await.status, 404);
        }
        let bill = bill.lock().unwrap();
        for (completion, since) in taped {
            let again = bill[completion].iter().filter(|asked| *asked > since).count();
            assert_eq!(again, 0, "{completion:?} was on its tape, and was paid for again");
        }
        let repeated = bill.values().filter(|asked| asked.len() > 1).count();
        // What cannot be written is missed by nobody.
        let _ = writeln!(
            std::io::stderr(),
            "{} questions; {repeated} completions that had not come were asked for again",
            all.len()
        );
    }
}

/// A word for a number: digits would be figures without a source.
fn letters(mut number: usize) -> String {
    let mut word = "zq".to_owned();
    loop {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
        if number == 0 {
            return word + "x";
        }
    }
}

fn closed(mut plan: ProcessPlan) -> (ProcessPlan, Vec<String>) {
    plan.variables
        .push(("CARDINAL_SERVER_AUTH", "required".to_owned()));
    let tokens = PRINCIPALS.iter().map(|principal| plan.token(principal)).collect();
    (plan, tokens)
}

/// The completions that stand on the tapes of a store: what a process that goes on from there knows.
fn completions_on_tapes(store: &str) -> Vec<Completion> {
    let tapes: Vec<String> = if let Some(path) = store.strip_prefix("sqlite:") {
        std::fs::read_dir(format!("{path}.tapes"))
            .into_iter()
            .flatten()
            .filter_map(|entry| std::fs::read_to_string(entry.ok()?.path()).ok())
            .collect()
    } else {
        let sql = "SELECT convert_from(bytes, 'UTF8') FROM tape_parts ORDER BY answer, at";
        let all = psql(store, sql);
        let tapes = all.split("{\"cardinal_tape\"");
        tapes.map(|tape| format!("{{\"cardinal_tape\"{tape}\n")).collect()
    };
    let mut found = Vec::new();
    for tape in tapes {
        // A last line without its end is not read.
        let whole = tape.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let mut lines = whole
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let Some(header) = lines.next() else { continue };
        let Some(question) = header["header"]["question"].as_str() else {
            continue;
        };
        let word = question.trim_start_matches("What is ").trim_end_matches('?');
        let completions = lines.filter(|line| {
            line["request"]["path"] == "/v1/chat/completions"
                && (line["end"] == "complete" || line["response"].to_string().contains("[DONE]"))
        });
        found.extend(completions.enumerate().map(|(at, _)| (word.to_owned(), at + 1)));
    }
    found
}

/// Kills one process after another and starts it again: twenty times, and on until a kill met a turn in its middle.
async fn killed_under_load(store: &str, replicas: usize) {
    let (model, bill) = counting_model().await;
    let folder = tempfile::tempdir().unwrap();
    let (plan, tokens) = closed(ProcessPlan::new(folder.path(), store, &model));
    let mut processes: Vec<Process> = (0..replicas).map(|_| plan.start()).collect();
    let urls = processes.iter().map(|process| process.url.clone()).collect();
    let load = Load::begin(urls, tokens);
    let mut taped = Taped::new();
    let halves = |taped: &Taped| {
        let first = taped.keys().filter(|(_, step)| *step == 1);
        first
            .filter(|(word, _)| !taped.contains_key(&(word.clone(), 2)))
            .count()
    };
    for round in 0..60 {
        if round >= 20 && halves(&taped) > 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(fastrand::u64(300..900))).await;
        let at = round % replicas;
        processes[at].kill();
        let found = completions_on_tapes(store);
        let now = Instant::now();
        for completion in found {
            taped.entry(completion).or_insert(now);
        }
        let plan = plan.clone();
        processes[at] = tokio::task::spawn_blocking(move || plan.start()).await.unwrap();
        load.urls.lock().unwrap()[at].clone_from(&processes[at].url);
    }
    assert!(
        halves(&taped) > 0,
        "no process was killed in the middle of a turn"
    );
    load.end(&bill, &taped).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: run with --include-ignored"]
async fn a_process_killed_twenty_times_under_load_loses_and_repeats_nothing() {
    if postgres().is_some() {
        // That is the next test.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    killed_under_load(&store_url(folder.path()), 1).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow: run with --include-ignored"]
async fn replicas_killed_twenty_times_under_load_lose_and_repeat_nothing() {
    if let Some(url) = postgres_or_skip("replicas_killed_twenty_times_under_load_lose_and_repeat_nothing") {
        killed_under_load(&schema(&url), 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow, and restarts the database: run with --include-ignored --test-threads 1"]
async fn a_database_restarted_under_load_loses_and_repeats_nothing() {
    let Some(url) = postgres_or_skip("a_database_restarted_under_load_loses_and_repeats_nothing") else {
        return;
    };
    let Ok(restart) = std::env::var("CARDINAL_TEST_DATABASE_RESTART") else {
        skipped(
            "a_database_restarted_under_load_loses_and_repeats_nothing: CARDINAL_TEST_DATABASE_RESTART names no command",
        );
        return;
    };
    let (model, bill) = counting_model().await;
    let folder = tempfile::tempdir().unwrap();
    let store = schema(&url);
    let mut plan = ProcessPlan::new(folder.path(), &store, &model);
    // No process is ended here: no turn may change hands.
    plan.variables = vec![("CARDINAL_STORE_LEASE_SECONDS", "60".to_owned())];
    let (plan, tokens) = closed(plan);
    let processes = [plan.start(), plan.start()];
    let load = Load::begin(
        processes.iter().map(|process| process.url.clone()).collect(),
        tokens,
    );
    for mode in ["fast", "immediate", "fast"] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (restart, mode) = (restart.clone(), mode.to_owned());
        let done = tokio::task::spawn_blocking(move || {
            Command::new("sh")
                .args(["-c", &restart, "restart", &mode])
                .output()
        });
        let done = done.await.unwrap().unwrap();
        assert!(done.status.success(), "{done:?}");
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    // No process was ended, so that nothing at all may be asked for twice.
    let asked_once = Arc::clone(&bill);
    load.end(&bill, &Taped::new()).await;
    for (completion, asked) in asked_once.lock().unwrap().iter() {
        assert_eq!(asked.len(), 1, "{completion:?}");
    }
}

/// A sample of places up to `end`, the first and last ones among them.
fn places(end: usize, many: usize) -> Vec<usize> {
    let mut all: Vec<usize> = (0..many).map(|at| at * end / many).collect();
    all.extend([1, end.saturating_sub(1), end]);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_hang_up_anywhere_lose_nothing_and_leave_nothing_hanging() {
    let (model, bill) = counting_model().await;
    let server = TestServer::before(model, |_| {}).await;
    let number = AtomicUsize::new(0);
    let question = || {
        let word = letters(number.fetch_add(1, Ordering::SeqCst));
        (
            Ask::events(&json!({"question": format!("What is {word}?")})),
            word,
        )
    };
    // In the middle of the request: nothing is stored, and the server goes on.
    let (ask, _) = question();
    for sent in places(ask.length(server.url()), 20) {
        if sent < ask.length(server.url()) {
            ask.hang_up(server.url(), sent, 0).await;
        }
    }
    assert_eq!(server.get("/v1/sessions").await.json()["sessions"], json!([]));
    // In the middle of the response.
    let (ask, _) = question();
    let whole = ask.send(server.url()).await;
    let length = whole.body.len() + 400;
    let mut begun = Vec::new();
    for received in places(length, 40) {
        let (ask, word) = question();
        let reply = ask.hang_up(server.url(), usize::MAX, received).await;
        let id = reply.header("x-cardinal-answer").to_owned();
        if id.len() == whole.header("x-cardinal-answer").len() {
            begun.push((id, word, reply));
        }
    }
    assert!(begun.len() > 20, "only {} came as far as their name", begun.len());
    for (id, word, reply) in begun {
        // An event counts when its blank line came.
        let whole = reply.body.rfind("\n\n").map_or("", |end| &reply.body[..end]);
        let seen = whole.matches("id: ").count();
        let ask = Ask::get(&format!("/v1/answers/{id}/events")).with("last-event-id", &seen.to_string());
        let rest = ask.attempt(server.url(), Duration::from_secs(20)).await.unwrap();
        assert!(rest.whole, "{rest:#?}");
        let events = rest.events();
        if let Some(first) = events.first() {
            assert_eq!(first.0, u64::try_from(seen + 1).unwrap(), "{rest:#?}");
            assert_eq!(events.last().unwrap().1, "done");
        }
        let record = server.get(&format!("/v1/answers/{id}")).await.json();
        assert_eq!(record["answer"]["text"], answer_to(&word), "{record:#}");
    }
    for (completion, asked) in bill.lock().unwrap().iter() {
        assert_eq!(asked.len(), 1, "{completion:?}");
    }
}
