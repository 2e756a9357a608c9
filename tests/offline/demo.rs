//! The planner as it is used: through the loop, the gate and the client, over the sandbox's demo business.

use std::sync::Arc;
use std::time::Duration;

use cardinal::agent::{Agent, AgentParts, Answer, CatalogReport, Outcome, TurnOptions, TurnSettings};
use cardinal::catalog::CollectionId;
use cardinal::catalog::{CatalogSettings, ContentRule};
use cardinal::conversation::Conversation;
use cardinal::metabase::{AuthSettings, DatasetRoute, MetabaseClient, MetabaseSettings, grants_of};
use cardinal::model::{CompletionSettings, ModelSettings};
use cardinal::planner::OfflinePlanner;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::ShapingSettings;
use cardinal::sandbox::query::RowLimits;
use cardinal::sandbox::{RunningSandbox, ServeOptions, ServedGeneration, serve};
use cardinal::tools::Toolbox;
use cardinal::wire::{Wire, WireSettings};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::demo_world::WORLD;

/// Of the questions the demo can answer, the tenths that have to be answered rightly.
const LEAST_TENTHS_RIGHT: usize = 9;

#[derive(Deserialize)]
pub(super) struct Questions {
    pub(super) inside: Vec<(String, String)>,
    outside: Vec<String>,
}

pub(super) fn questions() -> Questions {
    serde_saphyr::from_str(include_str!("questions.yaml")).unwrap()
}

pub(super) struct Stage {
    _running: RunningSandbox,
    agent: Agent,
}

impl Stage {
    async fn open() -> Self {
        Self::of(ServedGeneration::default(), DatasetRoute::Never).await
    }

    pub(super) async fn of(generation: ServedGeneration, route: DatasetRoute) -> Self {
        let options = ServeOptions {
            generation,
            ..ServeOptions::new(Arc::clone(&WORLD))
        };
        let running = serve(options).await.unwrap();
        let settings = MetabaseSettings {
            dataset_route: route,
            timeout: Duration::from_secs(60),
            max_response_bytes: 8 * 1024 * 1024,
            max_concurrency: 4,
            max_rows: 10_000,
            ..MetabaseSettings::new(
                running.url.parse().unwrap(),
                AuthSettings::ApiKey(running.api_key.clone()),
            )
        };
        let granted = grants_of(&settings, &cardinal::grants::GrantPolicy::default());
        let wire = Wire::new(WireSettings::new(granted)).unwrap();
        let client = MetabaseClient::new(settings, wire, Principal::default());
        let curated = u32::try_from(running.curated_collection_id.unwrap()).unwrap();
        let rules = CatalogSettings {
            cards: ContentRule {
                collections: vec![CollectionId(curated)],
                ..ContentRule::default()
            },
            metrics: ContentRule {
                collections: vec![CollectionId(curated)],
                ..ContentRule::default()
            },
            ..CatalogSettings::default()
        };
        let catalog = Arc::new(client.load_catalog(&rules).await.unwrap().catalog);
        let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
        let agent = Agent::new(AgentParts {
            model: Arc::new(OfflinePlanner::new(Arc::clone(&catalog), WORLD.today())),
            prompt: Prompt::render(&catalog, toolbox.specs()).unwrap(),
            toolbox,
            catalog: CatalogReport {
                fingerprint: catalog.fingerprint(),
                entries: catalog.entries().len(),
            },
            settings: TurnSettings::new(CompletionSettings::of(&ModelSettings::offline(), None)),
        });
        Self {
            _running: running,
            agent,
        }
    }

    pub(super) async fn ask(&self, question: &str) -> Answer {
        let options = TurnOptions {
            today: WORLD.today(),
            asker: None,
            cancel: CancellationToken::new(),
        };
        let mut conversation = Conversation::new("test");
        self.agent
            .run_turn(&mut conversation, question, options, &mut |_| {})
            .await
            .unwrap()
    }
}

/// Rows of the right answer.
pub(super) fn gold(sql: &str) -> Vec<Vec<Value>> {
    let query = json!({"lib/type": "mbql/query", "database": 1,
        "stages": [{"lib/type": "mbql.stage/native", "native": sql}]});
    WORLD
        .run(&query, RowLimits::USERLAND)
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .rows
}

/// What an answer lacks of the right one, if anything.
pub(super) fn lacks(answer: &Answer, gold: &[Vec<Value>]) -> Option<String> {
    if answer.outcome != Outcome::Answered {
        return Some(format!("the outcome is {:?}", answer.outcome));
    }
    let lines: Vec<&str> = answer.text.lines().collect();
    let bullets: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| line.starts_with("- "))
        .collect();
    let lines = if gold.len() == 1 { vec![lines[0]] } else { bullets };
    if lines.len() != gold.len() {
        return Some(format!("{} rows instead of {}", lines.len(), gold.len()));
    }
    gold.iter().find_map(|row| {
        let right = lines.iter().any(|line| row.iter().all(|cell| holds(line, cell)));
        (!right).then(|| format!("no line for {row:?}"))
    })
}

/// Whether a line says a cell: text as it is, figures as far as they are written.
pub(super) fn holds(line: &str, cell: &Value) -> bool {
    match cell {
        Value::Null => line.contains("(none)"),
        Value::String(text) => line.contains(text),
        other => {
            let wanted = other.as_f64().unwrap();
            let numbers = line.split(|c: char| !c.is_ascii_digit() && c != '.');
            numbers
                .filter_map(|text| text.trim_end_matches('.').parse::<f64>().ok())
                .any(|number| (number - wanted).abs() <= 0.006)
        }
    }
}

#[tokio::test]
async fn plain_questions_are_answered_rightly() {
    let stage = Stage::open().await;
    let inside = questions().inside;
    let mut wrong = Vec::new();
    for (question, sql) in &inside {
        let answer = stage.ask(question).await;
        if let Some(lack) = lacks(&answer, &gold(sql)) {
            let calls: Vec<String> = answer
                .tool_calls
                .iter()
                .map(|call| format!("{} {} {:?}", call.name, call.arguments, call.message))
                .collect();
            wrong.push(format!(
                "{question}\n  {lack}\n  {}\n  {}",
                calls.join("\n  "),
                answer.text
            ));
        }
    }
    let right = inside.len() - wrong.len();
    println!("{right} of {} right\n{}", inside.len(), wrong.join("\n\n"));
    assert!(
        right * 10 >= inside.len() * LEAST_TENTHS_RIGHT,
        "{right} of {} right, wrong:\n{}",
        inside.len(),
        wrong.join("\n\n")
    );
}

#[tokio::test]
async fn questions_about_other_things_are_not_answered() {
    let stage = Stage::open().await;
    let mut answered = Vec::new();
    for question in questions().outside {
        let answer = stage.ask(&question).await;
        if answer.outcome != Outcome::NotInCatalog {
            answered.push(format!("{question}\n  {:?}: {}", answer.outcome, answer.text));
        }
        assert!(
            answer.text.contains("No language model was used"),
            "{}",
            answer.text
        );
    }
    assert!(answered.is_empty(), "{}", answered.join("\n\n"));
}
