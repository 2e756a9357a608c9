//! What a turn costs beside a bare loop that sends the same requests: three streamed completions and two card queries of 200
//! rows by 8 columns. Model and Metabase run in a process of their own, and each contender in another, so that only its own
//! CPU time and memory are counted. The figures to look at are the ratios.
//!
//! `cargo bench --bench loop` prints the table; `-- --quick` takes fewer turns. `-- server` measures the server under load
//! instead, `-- server CONVERSATIONS TURNS` with other numbers than a thousand conversations of twenty turns.

#![allow(
    clippy::disallowed_methods,
    reason = "the floor is a bare HTTP client, and the stub is not the program"
)]

mod bare;
#[path = "../kit/card_rows.rs"]
mod card_rows;
mod contender;
mod metabase;
mod model;
#[path = "../kit/order_lines.rs"]
mod order_lines;
mod server;
mod usage;

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use self::contender::{Contender, Load};
use self::server::Plan;

/// Errors of a bench end it.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// The most CPU time a turn may take, as a multiple of the bare loop's, without a tape and with one.
const CPU_BOUND: [f64; 2] = [2.0, 3.0];
/// The most memory that a thousand turns at once may take.
const MEMORY_BOUND_MB: f64 = 150.0;

fn main() -> Outcome<()> {
    // The HTTP library leaves the choice of cryptography to the program, also for plain addresses.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match texts.as_slice() {
        ["stub"] => tokio::runtime::Runtime::new()?.block_on(metabase::serve()),
        ["run", contender, load, stub] => {
            let load: Load = load.parse()?;
            let measured = contender::run(contender.parse()?, load, &serde_json::from_str(stub)?)?;
            writeln!(std::io::stdout(), "{measured}")?;
            Ok(())
        }
        ["serve", stub, folder] => {
            let stub = serde_json::from_str(stub)?;
            tokio::runtime::Runtime::new()?.block_on(server::run(&stub, Path::new(folder)))
        }
        // `cargo bench` adds a flag of its own.
        ["server", rest @ ..] => {
            let mut numbers = rest.iter().filter_map(|text| text.parse().ok());
            let plan = Plan {
                conversations: numbers.next().unwrap_or(1000),
                turns: numbers.next().unwrap_or(20),
            };
            let (stubs, stub) = stubs()?;
            tokio::runtime::Runtime::new()?.block_on(server::measure(&stub, stubs.0.id(), plan))
        }
        texts => compare(texts.contains(&"--quick")),
    }
}

/// A process that ends with this value.
struct Stopped(Child);

impl Drop for Stopped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The stubs in a process of their own, and the line that they announce themselves with.
fn stubs() -> Outcome<(Stopped, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("stub")
        .stdout(Stdio::piped())
        .spawn()?;
    let announced = child.stdout.take().ok_or("the stubs say nothing")?;
    let stubs = Stopped(child);
    let mut line = String::new();
    BufReader::new(announced).read_line(&mut line)?;
    Ok((stubs, line.trim().to_owned()))
}

fn compare(quick: bool) -> Outcome<()> {
    let program = std::env::current_exe()?;
    let (_stubs, stub) = stubs()?;
    let stub = stub.as_str();

    let one_by_one = Load {
        turns: if quick { 50 } else { 400 },
        at_once: 1,
        delay_ms: 0,
    };
    let together = Load {
        turns: if quick { 100 } else { 1000 },
        at_once: if quick { 100 } else { 1000 },
        delay_ms: 1000,
    };
    let mut out = std::io::stdout().lock();
    for (title, load) in [
        ("one after the other", one_by_one),
        ("at once, 1 s a completion", together),
    ] {
        writeln!(out, "\n{} turns {title}", load.turns)?;
        writeln!(
            out,
            "{:<20}{:>12}{:>9}{:>12}{:>12}",
            "", "CPU ms/turn", "ratio", "turns/s", "peak MB"
        )?;
        let mut floor = None;
        for contender in Contender::ALL {
            let ran = Command::new(&program)
                .args(["run", &contender.to_string(), &load.to_string(), stub])
                .stderr(Stdio::inherit())
                .output()?;
            if !ran.status.success() {
                return Err(format!("{contender} failed").into());
            }
            let measured: Value = serde_json::from_slice(&ran.stdout)?;
            let figure = |name: &str| measured.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN);
            let cpu = figure("cpu_ms");
            let ratio = cpu / *floor.get_or_insert(cpu);
            writeln!(
                out,
                "{:<20}{cpu:>12.2}{ratio:>9.2}{:>12.1}{:>12.1}",
                contender.to_string(),
                figure("turns_per_second"),
                figure("peak_mb"),
            )?;
        }
    }
    writeln!(
        out,
        "\nbounds: {} times the bare loop's CPU, {} with a tape; {MEMORY_BOUND_MB} MB for a thousand turns at once",
        CPU_BOUND[0], CPU_BOUND[1],
    )?;
    Ok(())
}
