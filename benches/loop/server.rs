//! The server under load: many conversations at once, over its own protocol, before a model that takes a second for each
//! completion. Server, stubs and readers are three processes on the same cores. What counts are the ratios to the ideal, and what
//! a session and a turn take of memory.
//!
//! In the ideal nothing but the model takes time, whatever the cores: a conversation of N turns takes N seconds, and the last one
//! begins a second after the first. Because stubs and readers take their share of the same cores, the CPU time of each process is
//! told beside the figures; a server that has the cores for itself does better than what is measured here.

use std::borrow::Cow;
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
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::contender::{Addresses, Load, settings};
use crate::{Outcome, Stopped, usage};

/// How long a completion takes.
const DELAY_MS: u64 = 1000;
/// How long after a turn nothing is kept of it, for those who still read or as a connection to the model.
const SETTLED: Duration = Duration::from_secs(100);
/// Over what time the first turns begin.
const FIRST_TURNS: Duration = Duration::from_secs(30);
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

/// Starts a server in a process of its own, asks it, and prints what that took. `stubs` is the process of model and Metabase.
pub(crate) async fn measure(stub: &str, stubs: u32, plan: Plan) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let (server, url) = start(stub, folder.path())?;
    let pid = server.0.id();
    let client = reqwest::Client::new();
    // What is made once, and the connection to the model.
    let warm = session(&client, &url).await?;
    turn(&mut Reader::connect(&url).await?, &warm).await?;
    let fresh = usage::rss_mb(pid)?;
    let mut sessions = Vec::with_capacity(plan.conversations);
    for _ in 0..plan.conversations {
        sessions.push(session(&client, &url).await?);
    }
    drop(client);

    // One turn each, a few at once: every session is there after it, and the heap has not grown for a thousand turns. Then none is
    // asked, and nobody is connected.
    wave(&url, &sessions, pid, 1, FIRST_TURNS).await?;
    tokio::time::sleep(SETTLED).await;
    let idle = usage::rss_mb(pid)?;
    let processes = [("server", pid), ("stubs", stubs), ("readers", std::process::id())];
    let used = cpu_of_all(&processes)?;
    let all = wave(&url, &sessions, pid, plan.turns, Duration::from_millis(DELAY_MS)).await?;
    let used = cpu_of_all(&processes)?
        .into_iter()
        .zip(used)
        .map(|((process, now), (_, before))| (process, now.saturating_sub(before)))
        .collect();
    tokio::time::sleep(SETTLED).await;
    let after = usage::rss_mb(pid)?;
    Report {
        plan,
        fresh,
        idle,
        after,
        all,
        used,
    }
    .write()
}

/// CPU time of each process so far.
fn cpu_of_all(processes: &[(&'static str, u32)]) -> Outcome<Vec<(&'static str, Duration)>> {
    let used = processes.iter();
    used.map(|(name, pid)| Ok((*name, usage::cpu_of(*pid)?)))
        .collect()
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
    all: Wave,
    /// CPU time of each process in the second wave.
    used: Vec<(&'static str, Duration)>,
}

impl Report {
    fn write(mut self) -> Outcome<()> {
        self.all.latencies.sort_unstable();
        let over = |of_hundred: usize| {
            let took = &self.all.latencies;
            let took = took.get(took.len().saturating_sub(1) * of_hundred / 100);
            let over = took.map(|took| took.saturating_sub(Duration::from_millis(DELAY_MS)));
            over.map_or(f64::NAN, |over| over.as_secs_f64() * 1000.0)
        };
        let Plan { conversations, turns } = self.plan;
        let all_turns = count(conversations * turns);
        let kilobytes = |mb: f64, without: f64| (mb - without) * 1024.0 / count(conversations);
        let cpu: Vec<String> = self
            .used
            .iter()
            .map(|(process, used)| format!("{process} {:.2}", used.as_secs_f64() * 1000.0 / all_turns))
            .collect();
        let busy: Duration = self.used.iter().map(|(_, used)| *used).sum();
        let busy = busy.as_secs_f64() / self.all.seconds;
        let cores = std::thread::available_parallelism()?;
        let quarters: Vec<String> = self.all.quarters.iter().map(|mb| format!("{mb:.0}")).collect();
        let growth = format!(
            "{:.2} times the {:.1} MB when idle after the first {conversations} turns",
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
            ("CPU ms a turn", String::new(), cpu.join(", ")),
            ("cores in use", format!("{busy:.2}"), format!("of {cores}")),
            (
                "KB of an idle session",
                format!("{:.1}", kilobytes(self.idle, self.fresh)),
                format!("at most {IDLE_BOUND_KB}"),
            ),
            (
                "KB of a running turn",
                format!("{:.1}", kilobytes(self.all.most_mb, self.idle)),
                String::new(),
            ),
            ("MB at each quarter", String::new(), quarters.join(", ")),
            (
                "MB when idle again",
                format!("{:.1}", self.after),
                format!(
                    "{growth}; measured after {:.0} turns",
                    all_turns + count(conversations)
                ),
            ),
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

/// What a wave of turns took.
struct Wave {
    seconds: f64,
    ideal_seconds: f64,
    most_mb: f64,
    /// The server's memory after each quarter of the turns, while it runs the others.
    quarters: Vec<f64>,
    latencies: Vec<Duration>,
}

/// Conversations that begin evenly within this time, and then ask one question after the other. They are connected as long as the
/// wave lasts.
async fn wave(url: &str, sessions: &[String], pid: u32, turns: usize, within: Duration) -> Outcome<Wave> {
    let conversations = sessions.len();
    let delay = Duration::from_millis(DELAY_MS);
    let latencies: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let began = Instant::now();
    let mut asked = tokio::task::JoinSet::new();
    for (number, session) in sessions.iter().cloned().enumerate() {
        let (url, latencies) = (url.to_owned(), Arc::clone(&latencies));
        let offset = within.mul_f64(count(number) / count(conversations));
        asked.spawn(async move {
            tokio::time::sleep(offset).await;
            let mut reader = Reader::connect(&url).await?;
            for _ in 0..turns {
                let asked = Instant::now();
                turn(&mut reader, &session).await?;
                lock(&latencies).push(asked.elapsed());
            }
            Outcome::Ok(())
        });
    }
    let mut most_mb = usage::rss_mb(pid)?;
    let mut quarters = Vec::new();
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            ended = asked.join_next() => match ended {
                Some(ended) => ended??,
                None => break,
            },
            _ = look.tick() => {
                let now = usage::rss_mb(pid)?;
                most_mb = most_mb.max(now);
                if lock(&latencies).len() * 4 >= (quarters.len() + 1) * conversations * turns {
                    quarters.push(now);
                }
            }
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    if quarters.len() < 4 {
        quarters.push(usage::rss_mb(pid)?);
    }
    let last = within.mul_f64(count(conversations.saturating_sub(1)) / count(conversations.max(1)));
    let latencies = std::mem::take(&mut *lock(&latencies));
    Ok(Wave {
        seconds,
        ideal_seconds: last.as_secs_f64() + count(turns) * delay.as_secs_f64(),
        most_mb,
        quarters,
        latencies,
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
async fn turn(reader: &mut Reader, session: &str) -> Outcome<()> {
    let question = json!({"question": "Say what you can do.", "session": session}).to_string();
    let told = reader.ask(&question).await?;
    let has = |words: &str| told.contains(words);
    if has("HTTP/1.1 200") && has("event: done") && has("\"outcome\":\"answered\"") {
        Ok(())
    } else {
        Err(format!("a turn was told so: {told}").into())
    }
}

/// A client that does as little as it can, so that the cores are the server's: one connection, one question after the other.
struct Reader {
    stream: TcpStream,
    host: String,
    received: Vec<u8>,
}

impl Reader {
    async fn connect(url: &str) -> Outcome<Self> {
        let host = url
            .strip_prefix("http://")
            .ok_or("not a plain address")?
            .to_owned();
        let stream = TcpStream::connect(&host).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host,
            received: Vec::new(),
        })
    }

    /// Asks, and reads the response as it stands on the wire: to the chunk that ends it, or to all that an error says.
    async fn ask(&mut self, question: &str) -> Outcome<Cow<'_, str>> {
        let request = format!(
            "POST /v1/answers HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n\
             content-length: {}\r\n\r\n{question}",
            self.host,
            question.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.received.clear();
        while !self.received.ends_with(b"\r\n0\r\n\r\n") {
            let read = self.stream.read_buf(&mut self.received).await?;
            let refused = !self.received.starts_with(b"HTTP/1.1 200");
            if read == 0 || refused {
                break;
            }
        }
        Ok(String::from_utf8_lossy(&self.received))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::cast_precision_loss, reason = "a number of turns is small")]
fn count(number: usize) -> f64 {
    number as f64
}
