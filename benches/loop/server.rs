//! The server under load: many conversations at once, over its own protocol, before a model that takes a second for each
//! completion. Server, stubs and readers are three processes on the same cores. What counts are the ratios to the ideal, in which
//! nothing but the model takes time, and what a session and a turn take of memory.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cardinal::OpenOptions;
use cardinal::config::StorePlace;
use cardinal::server::{ServerOptions, serve as serve_http};
use serde_json::{Value, json};

use crate::contender::{Addresses, Load, settings};
use crate::{Outcome, Stopped, usage};

/// How long a completion takes.
const DELAY_MS: u64 = 1000;
/// How long after a turn nothing is kept of it for those who still read.
const SETTLED: Duration = Duration::from_secs(75);
/// How often the server's memory is looked at.
const LOOK: Duration = Duration::from_millis(50);
/// The least throughput, as a share of the ideal.
const THROUGHPUT_BOUND: f64 = 0.9;
/// The most time that 99 of 100 turns may take beyond the model's, in milliseconds.
const OVERHEAD_BOUND_MS: f64 = 50.0;
/// The most memory of a session that nobody asks, in KB.
const IDLE_BOUND_KB: f64 = 20.0;

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Conversations at once.
    pub(crate) conversations: usize,
    /// Turns of each.
    pub(crate) turns: usize,
}

/// Serves over the stubs, with a store in that folder; prints its address, and runs until it is killed.
pub(crate) async fn run(stub: &Value, folder: &Path) -> Outcome<()> {
    let load = Load {
        turns: 0,
        at_once: 0,
        delay_ms: DELAY_MS,
    };
    let mut settings = settings(&Addresses::of(stub, DELAY_MS)?, load)?;
    settings.store.place = Some(StorePlace::Sqlite(folder.join("store.sqlite")));
    settings.server.max_turns = 100_000;
    let options = ServerOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        open: OpenOptions::default(),
    };
    let running = serve_http(settings, options).await?;
    writeln!(std::io::stdout(), "{}", running.url)?;
    std::future::pending().await
}

/// Starts a server in a process of its own, asks it, and prints what that took.
pub(crate) async fn measure(stub: &str, plan: Plan) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, url) = start(stub, folder.path())?;
    let pid = server.0.id();
    let client = reqwest::Client::new();
    // What is made once, and the connection to the model.
    let warm = session(&client, &url).await?;
    turn(&client, &url, &warm).await?;
    let fresh = usage::rss_mb(pid)?;
    let mut sessions = Vec::with_capacity(plan.conversations);
    for _ in 0..plan.conversations {
        sessions.push(session(&client, &url).await?);
    }
    let at = Arc::new(Asking {
        client,
        url,
        sessions,
        latencies: Mutex::default(),
    });

    // One turn each: every session is there after it, and none is asked.
    let first = wave(&at, pid, 1).await?;
    tokio::time::sleep(SETTLED).await;
    let idle = usage::rss_mb(pid)?;
    lock(&at.latencies).clear();
    let used = usage::cpu_of(pid)?;
    let all = wave(&at, pid, plan.turns).await?;
    let used = usage::cpu_of(pid)?.saturating_sub(used);
    tokio::time::sleep(SETTLED).await;
    let after = usage::rss_mb(pid)?;

    let latencies = std::mem::take(&mut *lock(&at.latencies));
    Report {
        plan,
        fresh,
        idle,
        after,
        first,
        all,
        used,
        latencies,
    }
    .write()
}

/// What was measured, memory in MB.
struct Report {
    plan: Plan,
    /// The server's memory before any session was there.
    fresh: f64,
    /// With all sessions, and nobody asking.
    idle: f64,
    /// At the end.
    after: f64,
    first: Wave,
    all: Wave,
    /// CPU time of the server in the second wave.
    used: Duration,
    latencies: Vec<Duration>,
}

impl Report {
    fn write(mut self) -> Outcome<()> {
        self.latencies.sort_unstable();
        let over = |of_hundred: usize| {
            let took = self
                .latencies
                .get(self.latencies.len().saturating_sub(1) * of_hundred / 100);
            let over = took.map(|took| took.saturating_sub(Duration::from_millis(DELAY_MS)));
            over.map_or(f64::NAN, |over| over.as_secs_f64() * 1000.0)
        };
        let Plan { conversations, turns } = self.plan;
        let all_turns = count(conversations * turns);
        let kilobytes = |mb: f64| (mb - self.fresh) * 1024.0 / count(conversations);
        let cpu = self.used.as_secs_f64() * 1000.0 / all_turns;
        let growth = format!(
            "{:.2} times the {:.1} after the first turns",
            self.after / self.idle,
            self.idle
        );
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "\n{conversations} conversations at once, {turns} turns each, 1 s a completion"
        )?;
        for (what, figure, bound) in [
            (
                "turns a second",
                format!("{:.0}", all_turns / self.all.seconds),
                String::new(),
            ),
            (
                "share of the ideal",
                format!("{:.3}", self.all.ideal_seconds / self.all.seconds),
                format!("at least {THROUGHPUT_BOUND}"),
            ),
            ("overhead p50, ms", format!("{:.1}", over(50)), String::new()),
            (
                "overhead p99, ms",
                format!("{:.1}", over(99)),
                format!("at most {OVERHEAD_BOUND_MS}"),
            ),
            ("CPU ms a turn", format!("{cpu:.2}"), String::new()),
            (
                "KB of an idle session",
                format!("{:.1}", kilobytes(self.idle)),
                format!("at most {IDLE_BOUND_KB}"),
            ),
            (
                "KB of a running turn",
                format!("{:.1}", kilobytes(self.first.most_mb)),
                String::new(),
            ),
            ("MB at the end", format!("{:.1}", self.after), growth),
        ] {
            writeln!(out, "{what:<24}{figure:>10}   {bound}")?;
        }
        Ok(())
    }
}

/// A server process, and its address.
fn start(stub: &str, folder: &Path) -> Outcome<(Stopped, String)> {
    let mut child: Child = Command::new(std::env::current_exe()?)
        .args(["serve", stub])
        .arg(folder)
        .stdout(Stdio::piped())
        .spawn()?;
    let announced = child.stdout.take().ok_or("the server says nothing")?;
    let server = Stopped(child);
    let mut url = String::new();
    BufReader::new(announced).read_line(&mut url)?;
    Ok((server, url.trim().to_owned()))
}

struct Asking {
    client: reqwest::Client,
    url: String,
    sessions: Vec<String>,
    latencies: Mutex<Vec<Duration>>,
}

/// What a wave of turns took.
struct Wave {
    seconds: f64,
    ideal_seconds: f64,
    most_mb: f64,
}

/// Conversations that begin evenly over the time of one completion, and then ask one question after the other.
async fn wave(at: &Arc<Asking>, pid: u32, turns: usize) -> Outcome<Wave> {
    let conversations = at.sessions.len();
    let delay = Duration::from_millis(DELAY_MS);
    let began = Instant::now();
    let mut asked = tokio::task::JoinSet::new();
    for (number, session) in at.sessions.iter().cloned().enumerate() {
        let at = Arc::clone(at);
        let offset = delay.mul_f64(count(number) / count(conversations));
        asked.spawn(async move {
            tokio::time::sleep(offset).await;
            for _ in 0..turns {
                let asked = Instant::now();
                turn(&at.client, &at.url, &session).await?;
                lock(&at.latencies).push(asked.elapsed());
            }
            Outcome::Ok(())
        });
    }
    let mut most_mb = usage::rss_mb(pid)?;
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            ended = asked.join_next() => match ended {
                Some(ended) => ended??,
                None => break,
            },
            _ = look.tick() => most_mb = most_mb.max(usage::rss_mb(pid)?),
        }
    }
    let last = delay.mul_f64(count(conversations.saturating_sub(1)) / count(conversations.max(1)));
    Ok(Wave {
        seconds: began.elapsed().as_secs_f64(),
        ideal_seconds: last.as_secs_f64() + count(turns) * delay.as_secs_f64(),
        most_mb,
    })
}

/// A session that begins; its id.
async fn session(client: &reqwest::Client, url: &str) -> Outcome<String> {
    let begun = client
        .post(format!("{url}/v1/sessions"))
        .header("content-type", "application/json")
        .body("{}")
        .send()
        .await?
        .error_for_status()?
        .bytes()
        .await?;
    let begun: Value = serde_json::from_slice(&begun)?;
    let id = begun
        .get("id")
        .and_then(Value::as_str)
        .ok_or("a session has no id")?;
    Ok(id.to_owned())
}

/// One question, read to its end.
async fn turn(client: &reqwest::Client, url: &str, session: &str) -> Outcome<()> {
    let told = client
        .post(format!("{url}/v1/answers"))
        .header("content-type", "application/json")
        .header("accept", "text/event-stream")
        .body(json!({"question": "Say what you can do.", "session": session}).to_string())
        .send()
        .await?
        .error_for_status()?
        .text()
        .await?;
    if told.contains("event: done") && told.contains("\"outcome\":\"answered\"") {
        Ok(())
    } else {
        Err(format!("a turn was told so: {told}").into())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::cast_precision_loss, reason = "a number of turns is small")]
fn count(number: usize) -> f64 {
    number as f64
}
