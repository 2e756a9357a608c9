//! A turn of the demo with the offline planner: recorded, replayed, and asked of the server.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cardinal::config::StorePlace;
use cardinal::server::{ServerOptions, serve};
use cardinal::wire::TapeFile;
use cardinal::{App, OpenOptions, Outcome as Ending, Recording, SessionOptions, Settings};
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::Outcome;
use crate::ratio::{Floor, quickest};

const QUESTION: &str = "How did revenue develop by month in 2025?";

pub(crate) fn measure(runtime: &Runtime) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let app = runtime.block_on(App::open(Settings::demo(), OpenOptions::default()))?;
    let ask = |recording: Recording| -> Outcome<()> {
        let mut session = app.session(SessionOptions::default())?.recorded(recording);
        let answer = runtime.block_on(session.ask(QUESTION))?;
        if answer.outcome == Ending::Answered {
            Ok(())
        } else {
            Err(format!("it ended {:?}", answer.outcome).into())
        }
    };
    // What is made once; and a tape to replay.
    let tape = folder.path().join("turn.jsonl");
    ask(Recording::file(&tape))?;
    let bare = quickest(|| ask(Recording::Off).is_ok());

    tapes(runtime, &tape, bare, &ask, folder.path())?;
    server(runtime, bare, folder.path())
}

fn tapes(
    runtime: &Runtime,
    tape: &Path,
    bare: Duration,
    ask: &dyn Fn(Recording) -> Outcome<()>,
    folder: &Path,
) -> Outcome<()> {
    let bytes = std::fs::read(tape)?;
    let copy = folder.join("copy");
    let written = Floor::of("writing and syncing its bytes", || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&copy)?;
        std::io::Write::write_all(&mut file, &bytes)?;
        file.sync_all()
    });
    let mut number = 0;
    let recorded = quickest(|| {
        number += 1;
        ask(Recording::file(folder.join(format!("recorded/{number}.jsonl")))).is_ok()
    });
    written.tell("a tape written beside its turn", recorded.saturating_sub(bare));
    let skim = Floor::of("serde_json's skim of its lines", || {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .filter(|line| serde_json::from_slice::<IgnoredAny>(line).is_ok())
            .count()
    });
    let tape: PathBuf = tape.to_owned();
    TapeFile::read(&tape)?;
    skim.beside("a tape read and checked", || TapeFile::read(&tape).is_ok());
    runtime.block_on(cardinal::tapes::replay(&tape))?;
    skim.beside("a tape replayed", || {
        runtime.block_on(cardinal::tapes::replay(&tape)).is_ok()
    });
    Ok(())
}

/// The same question over HTTP, each in a session of its own: stored, streamed, read to its end.
fn server(runtime: &Runtime, bare: Duration, folder: &Path) -> Outcome<()> {
    let mut settings = Settings::demo();
    settings.store.place = Some(StorePlace::Sqlite(folder.join("store.sqlite")));
    settings.server.max_turns = 100_000;
    let options = ServerOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        open: OpenOptions::default(),
    };
    let running = runtime.block_on(serve(settings, options))?;
    let client = reqwest::Client::new();
    let ask = || -> Outcome<()> {
        let told = runtime.block_on(async {
            let asked = client
                .post(format!("{}/v1/answers", running.url))
                .header("content-type", "application/json")
                .header("accept", "text/event-stream")
                .body(json!({"question": QUESTION}).to_string());
            asked.send().await?.error_for_status()?.text().await
        })?;
        if told.contains("event: done") {
            Ok(())
        } else {
            Err(format!("a turn was told so: {told}").into())
        }
    };
    ask()?;
    let floor = Floor::taken("the turn without a server", bare);
    floor.beside("a turn asked of the server", || ask().is_ok());
    Ok(())
}
