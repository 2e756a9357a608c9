//! Asks two questions of the embedded demo and shows where a figure of the answer comes from.
//!
//! It needs no key and no network: `cargo run --example embed`. With `Settings::from_environment()` in place of
//! `Settings::demo()` it asks your Metabase, through your model.

use cardinal::{App, Event, OpenOptions, SessionOptions, Settings};

#[tokio::main]
async fn main() -> Result<(), cardinal::Error> {
    let app = App::open(Settings::demo(), OpenOptions::default()).await?;

    // A session is one conversation. Sessions of one app share connections, catalog and prompt, and can run at once.
    let mut session = app.session(SessionOptions::default())?;
    let answer = session.ask("How many orders were placed in 2025?").await?;
    show(&answer);

    // Steps can be watched while a question is answered.
    let mut steps = 0;
    let answer = session
        .ask_watched("Revenue by month in 2025", &mut |event| {
            if matches!(event, Event::ToolStarted { .. }) {
                steps += 1;
            }
        })
        .await?;
    show(&answer);
    say(&format!("tool calls: {steps}"));
    Ok(())
}

fn show(answer: &cardinal::Answer) {
    say(&format!("{:?}: {}", answer.outcome, answer.text));
    for cited in answer.figures.iter().take(3) {
        if let Some(source) = cited.sources.first() {
            say(&format!("  {} comes from {:?}", cited.figure.text, source.trace));
        }
    }
}

#[allow(clippy::print_stdout, reason = "an example talks to its reader")]
fn say(line: &str) {
    println!("{line}");
}
