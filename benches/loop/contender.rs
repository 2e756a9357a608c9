//! Runs turns of one contender, and measures what they took.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cardinal::catalog::CollectionId;
use cardinal::{
    App, AuthSettings, CatalogSettings, ContentRule, MetabaseSettings, ModelSettings, OnUnmatched,
    OpenOptions, Outcome as Ending, Recording, SessionOptions, Settings,
};
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};

use crate::{Outcome, bare, usage};

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contender {
    /// The bare loop.
    Bare,
    /// Cardinal.
    Cardinal,
    /// Cardinal, with each turn recorded.
    Taped,
}

impl Contender {
    /// All of them, the floor first.
    pub(crate) const ALL: [Self; 3] = [Self::Bare, Self::Cardinal, Self::Taped];
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bare => "bare loop",
            Self::Cardinal => "cardinal",
            Self::Taped => "cardinal, taped",
        })
    }
}

impl FromStr for Contender {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL
            .into_iter()
            .find(|contender| contender.to_string() == text);
        found.ok_or_else(|| format!("there is no contender {text:?}"))
    }
}

/// How many turns run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// All of them.
    pub(crate) turns: usize,
    /// So many at a time.
    pub(crate) at_once: usize,
    /// How long each completion takes, in milliseconds.
    pub(crate) delay_ms: u64,
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}x{}", self.turns, self.at_once, self.delay_ms)
    }
}

impl FromStr for Load {
    type Err = Box<dyn std::error::Error + Send + Sync>;

    fn from_str(text: &str) -> Outcome<Self> {
        let mut parts = text.split('x');
        let mut next = || parts.next().ok_or("a load is TURNSxAT_ONCExDELAY");
        Ok(Self {
            turns: next()?.parse()?,
            at_once: next()?.parse()?,
            delay_ms: next()?.parse()?,
        })
    }
}

/// Where the stubs are.
#[derive(Debug)]
pub(crate) struct Addresses {
    pub(crate) metabase: String,
    pub(crate) key: String,
    pub(crate) collection: u32,
    pub(crate) card: u64,
    pub(crate) model: String,
}

impl Addresses {
    /// Where the stubs say they are, for completions that take so long.
    pub(crate) fn of(stub: &Value, delay_ms: u64) -> Outcome<Self> {
        let text = |name: &str| {
            stub.get(name)
                .and_then(Value::as_str)
                .map(str::to_owned)
                .ok_or("a field is missing")
        };
        let number = |name: &str| stub.get(name).and_then(Value::as_u64).ok_or("a field is missing");
        Ok(Self {
            metabase: text("metabase")?,
            key: text("key")?,
            collection: u32::try_from(number("collection")?)?,
            card: number("card")?,
            model: format!("{}/wait/{delay_ms}/v1", text("model")?),
        })
    }
}

/// Runs the turns on a runtime of two threads. What is made once for a process is not counted.
pub(crate) fn run(contender: Contender, load: Load, stub: &Value) -> Outcome<Value> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let at = Arc::new(Addresses::of(stub, load.delay_ms)?);
    runtime.block_on(async move {
        match contender {
            Contender::Bare => {
                let client = reqwest::Client::new();
                measure(load, |number| {
                    let (client, at) = (client.clone(), Arc::clone(&at));
                    async move { bare::turn(&client, &at, &question(number)).await.map(drop) }
                })
                .await
            }
            Contender::Cardinal | Contender::Taped => {
                let tapes = tempfile::tempdir()?;
                let app = Arc::new(App::open(settings(&at, load)?, OpenOptions::default()).await?);
                let folder = (contender == Contender::Taped).then(|| tapes.path().to_owned());
                measure(load, |number| {
                    let (app, folder) = (Arc::clone(&app), folder.clone());
                    async move {
                        let recording = folder.map_or(Recording::Off, |folder| {
                            Recording::file(folder.join(format!("{number}.jsonl")))
                        });
                        let mut session = app.session(SessionOptions::default())?.recorded(recording);
                        let answer = session.ask(question(number)).await?;
                        if answer.outcome != Ending::Answered || answer.evidence.len() != 2 {
                            return Err(
                                format!("turn {number} ended {:?}: {}", answer.outcome, answer.text).into(),
                            );
                        }
                        Ok(())
                    }
                })
                .await
            }
        }
    })
}

fn question(number: usize) -> String {
    // Two queries a turn, each from another number on.
    format!("Which order lines come after line {}?", number * 2 % 19_000)
}

/// Settings of a Cardinal that asks the stubs.
pub(crate) fn settings(at: &Addresses, load: Load) -> Outcome<Settings> {
    let mut settings = Settings::demo();
    settings.metabase = Some(MetabaseSettings::new(
        format!("{}/", at.metabase).parse()?,
        AuthSettings::ApiKey(at.key.clone().into()),
    ));
    settings.catalog = CatalogSettings {
        cards: ContentRule {
            collections: vec![CollectionId(at.collection)],
            ..ContentRule::default()
        },
        ..CatalogSettings::default()
    };
    settings.model = ModelSettings {
        id: "openai:bench".parse()?,
        base_url: Some(format!("{}/", at.model).parse()?),
        ..ModelSettings::offline()
    };
    settings.grounding.on_unmatched = OnUnmatched::Mark;
    settings.budget.max_time = Duration::from_secs(120 + load.delay_ms / 100);
    Ok(settings)
}

async fn measure<F>(load: Load, turn: impl Fn(usize) -> F) -> Outcome<Value>
where
    F: Future<Output = Outcome<()>> + Send + 'static,
{
    // One turn before the clock runs: connections, templates and tables that are made once.
    turn(9_000).await?;
    let (began, cpu) = (Instant::now(), usage::cpu()?);
    let mut running = stream::iter(0..load.turns)
        .map(|number| tokio::spawn(turn(number)))
        .buffer_unordered(load.at_once);
    while let Some(ended) = running.next().await {
        ended??;
    }
    let (seconds, cpu) = (began.elapsed().as_secs_f64(), usage::cpu()?.saturating_sub(cpu));
    #[expect(clippy::cast_precision_loss, reason = "a number of turns is small")]
    let turns = load.turns as f64;
    let peak_mb = usage::peak_mb()?;
    // Without any turn it is a cold start that is looked at from outside.
    if load.turns == 0 {
        return Ok(json!({ "peak_mb": peak_mb }));
    }
    Ok(json!({
        "cpu_ms": cpu.as_secs_f64() * 1000.0 / turns,
        "turns_per_second": turns / seconds,
        "peak_mb": peak_mb,
    }))
}
