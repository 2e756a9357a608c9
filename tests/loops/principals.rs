//! A thousand conversations of people who may see different things, all at once over one wire with one cache: nobody is
//! shown what another was served, holds what another holds, or says to the model what another said.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cardinal::agent::{Agent, AgentParts, CallStatus, CatalogReport, TurnOptions, TurnSettings};
use cardinal::agent::{GroundingSettings, OnUnmatched};
use cardinal::catalog::{CardId, Catalog, MetricId};
use cardinal::catalog::{CatalogSettings, ContentRule, TableRule};
use cardinal::conversation::Conversation;
use cardinal::grants::GrantPolicy;
use cardinal::metabase::MetabaseClient;
use cardinal::metabase::{AuthSettings, MetabaseSettings};
use cardinal::model::CompletionSettings;
use cardinal::principal::Principal;
use cardinal::prompt::Prompt;
use cardinal::result::ShapingSettings;
use cardinal::sandbox::{RunningSandbox, ServeOptions, serve};
use cardinal::tools::Toolbox;
use cardinal::wire::{CacheSettings, Grants, LimitSettings, ServedBy, Wire, WireSettings};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::demo_world::WORLD;
use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::metabase_settings;

const SESSIONS: usize = 1_000;
const AT_ONCE: usize = 24;
const SEED: u64 = 0x5eed_2026;

/// The keys of people with different permissions, several people to each.
const KEYS: [&str; 3] = ["Administrator", "Curated reader", "Viewer"];
const PEOPLE: usize = 4;

/// A question that tells the model which calls to make, under a word that nobody else says.
fn question(word: &str, calls: &[usize]) -> String {
    let calls: Vec<String> = calls.iter().map(usize::to_string).collect();
    format!("code word {word}; make the calls {}; thank you", calls.join(","))
}

/// What the latest question of a request says, and how many calls were answered since.
fn asked(request: &Value) -> (String, Vec<usize>, usize) {
    let messages = request["messages"].as_array().unwrap();
    let at = messages
        .iter()
        .rposition(|message| message["role"] == "user")
        .unwrap();
    let text = messages[at]["content"].as_str().unwrap();
    let word = text
        .split("code word ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let calls = text
        .split("make the calls ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let answered = messages
        .iter()
        .skip(at)
        .filter(|message| message["role"] == "tool");
    let calls = calls.split(',').map(|call| call.parse().unwrap()).collect();
    (word.to_owned(), calls, answered.count())
}

/// The calls a question may name: cards that not everyone may read, and metrics that not everyone may query.
#[derive(Clone)]
struct Pool(Arc<Vec<(&'static str, Value)>>);

impl Pool {
    fn of(cards: &[u32], metric: u32) -> Self {
        let mut calls: Vec<(&str, Value)> = cards
            .iter()
            .map(|card| ("run_card", json!({ "card_id": card })))
            .collect();
        calls.extend((2023..2027).map(|year| {
            let filters = json!([{ "dimension": "created_at", "operation": "less-than", "values": [format!("{year}-01-01")] }]);
            ("query_metric", json!({ "metric_id": metric, "filters": filters }))
        }));
        Self(Arc::new(calls))
    }

    async fn model(&self) -> ScriptedModel {
        let pool = self.clone();
        ScriptedModel::openai_with(move |request| {
            let (word, calls, answered) = asked(request);
            match calls.get(answered) {
                Some(call) => Reply::tool_calls([pool.0[*call].clone()]),
                None => Reply::text(format!("That was all for {word}.")),
            }
        })
        .await
    }
}

/// What all sessions share.
struct House {
    sandbox: RunningSandbox,
    wire: Wire,
    catalog: Arc<Catalog>,
    prompt: Prompt,
    model: ScriptedModel,
}

impl House {
    fn settings(&self, key: &str) -> MetabaseSettings {
        MetabaseSettings {
            auth: AuthSettings::ApiKey(WORLD.api_key(key).unwrap()),
            ..metabase_settings(&self.sandbox, Duration::from_secs(30))
        }
    }

    /// An agent of one person with one of the keys, on a wire of the house or on one of its own.
    fn agent(&self, person: &str, key: &str, wire: Wire) -> Agent {
        let client = MetabaseClient::new(self.settings(key), wire.clone(), Principal(person.to_owned()));
        Agent::new(AgentParts {
            model: cardinal::model::connect(&self.model.settings(), wire).unwrap(),
            toolbox: Toolbox::new(Arc::clone(&self.catalog), client, ShapingSettings::default()),
            prompt: self.prompt.clone(),
            catalog: CatalogReport {
                fingerprint: self.catalog.fingerprint(),
                entries: self.catalog.entries().len(),
            },
            settings: TurnSettings {
                grounding: GroundingSettings {
                    on_unmatched: OnUnmatched::Off,
                    ..GroundingSettings::default()
                },
                ..TurnSettings::new(CompletionSettings {
                    max_output_tokens: 1024,
                    ..CompletionSettings::of(&self.model.settings(), None)
                })
            },
        })
    }
}

fn granted(sandbox: &RunningSandbox, model: &ScriptedModel) -> Grants {
    let data = cardinal::metabase::grants(&sandbox.url.parse().unwrap(), &GrantPolicy::default());
    data.joined(cardinal::model::grants(&model.settings()).unwrap())
}

/// The catalog is the administrator's, so that the gate lets everyone try everything: what keeps them apart is below.
async fn house() -> (House, Pool) {
    let sandbox = serve(ServeOptions::new(Arc::clone(&WORLD))).await.unwrap();
    let model = WORLD.model();
    let restricted = model
        .collections
        .iter()
        .find(|collection| collection.name.contains("restricted"))
        .unwrap()
        .id;
    let of_finance = model
        .cards
        .iter()
        .filter(|card| card.collection_id == Some(restricted) && card.kind.as_str() != "metric");
    let curated = model.cards.iter().filter(|card| {
        let elsewhere = card.collection_id.is_some() && card.collection_id != Some(restricted);
        elsewhere && card.verified && !card.archived
    });
    let questions = curated
        .clone()
        .filter(|card| card.kind.as_str() == "question" && card.parameters.is_empty());
    let cards: Vec<u32> = of_finance
        .take(1)
        .chain(questions.take(2))
        .map(|card| u32::try_from(card.id).unwrap())
        .collect();
    let mut metrics = curated.filter(|card| card.kind.as_str() == "metric");
    let metric = u32::try_from(metrics.next().unwrap().id).unwrap();
    let pool = Pool::of(&cards, metric);
    let scripted = pool.model().await;
    let settings = WireSettings {
        limit: LimitSettings {
            model: 64,
            metabase: 64,
            ..LimitSettings::default()
        },
        // Longer than the test may take.
        cache: CacheSettings {
            time_to_live: Duration::from_secs(3_600),
            ..CacheSettings::default()
        },
        ..WireSettings::new(granted(&sandbox, &scripted))
    };
    let wire = Wire::new(settings).unwrap();
    let rules = CatalogSettings {
        dbt_metrics: cardinal::catalog::DbtMetricRule::default(),
        notes: cardinal::catalog::CatalogNotes::default(),
        cards: ContentRule {
            ids: cards.into_iter().map(CardId).collect(),
            ..ContentRule::default()
        },
        metrics: ContentRule {
            ids: vec![MetricId(metric)],
            ..ContentRule::default()
        },
        tables: TableRule::default(),
        cache_dir: None,
        max_age: Duration::ZERO,
    };
    let admin = MetabaseSettings {
        auth: AuthSettings::ApiKey(WORLD.api_key(KEYS[0]).unwrap()),
        ..metabase_settings(&sandbox, Duration::from_secs(30))
    };
    let client = MetabaseClient::new(admin, wire.for_session(), Principal("librarian".to_owned()));
    let catalog = Arc::new(client.load_catalog(&rules).await.unwrap().catalog);
    let toolbox = Toolbox::new(Arc::clone(&catalog), client, ShapingSettings::default());
    let prompt = Prompt::render(&catalog, toolbox.specs()).unwrap();
    let house = House {
        sandbox,
        wire,
        catalog,
        prompt,
        model: scripted,
    };
    (house, pool)
}

/// What one session was shown.
#[derive(Debug)]
struct Session {
    person: String,
    key: &'static str,
    calls: Vec<usize>,
    /// Status, what served it, and rows of each call's evidence.
    seen: Vec<(CallStatus, Option<ServedBy>, Option<Value>)>,
    held: usize,
    texts: Vec<String>,
    words: Vec<String>,
}

async fn converse(
    agent: Agent,
    person: String,
    key: &'static str,
    turns: Vec<(String, Vec<usize>)>,
) -> Session {
    let mut conversation = Conversation::new(turns[0].0.clone());
    let mut session = Session {
        person,
        key,
        calls: Vec::new(),
        seen: Vec::new(),
        held: 0,
        texts: Vec::new(),
        words: Vec::new(),
    };
    for (word, calls) in turns {
        let options = TurnOptions {
            today: WORLD.today(),
            asker: Some(session.person.clone()),
            cancel: CancellationToken::new(),
        };
        let answer = agent
            .run_turn(&mut conversation, &question(&word, &calls), options, &mut |_| {})
            .await
            .unwrap();
        assert_eq!(answer.text, format!("That was all for {word}."), "{answer:#?}");
        for (number, call) in (1..).zip(&answer.tool_calls) {
            let evidence = answer.evidence.iter().find(|evidence| evidence.call == number);
            let rows = evidence.map(|evidence| json!([evidence.columns, evidence.rows]));
            session.seen.push((call.status, call.served_by, rows));
        }
        session.calls.extend(calls);
        session.words.push(word);
        session.texts.push(answer.text);
    }
    session.held = conversation.shelf.iter().count();
    session
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_sessions_of_different_people_stay_apart() {
    let (house, pool) = house().await;
    // What each kind of person is shown when they are alone, on a wire that shares nothing.
    let mut alone: BTreeMap<(&str, usize), Option<Value>> = BTreeMap::new();
    for key in KEYS {
        for call in 0..pool.0.len() {
            let agent = house.agent("alone", key, Wire::live().unwrap());
            let session = converse(
                agent,
                "alone".to_owned(),
                key,
                vec![(format!("w-alone-{call}"), vec![call])],
            );
            alone.insert((key, call), session.await.seen[0].2.clone());
        }
    }
    assert!(
        alone[&(KEYS[0], 0)].is_some(),
        "the administrator may read the restricted card"
    );
    assert!(alone[&(KEYS[1], 0)].is_none(), "others may not");
    let different: BTreeSet<String> = KEYS
        .iter()
        .map(|key| {
            (0..pool.0.len())
                .map(|call| u8::from(alone[&(*key, call)].is_some()).to_string())
                .collect()
        })
        .collect();
    assert!(different.len() >= 2, "{different:?}");
    let before = house.model.requests().len();

    let mut random = fastrand::Rng::with_seed(SEED);
    let plans: Vec<_> = (0..SESSIONS)
        .map(|number| {
            let key = KEYS[random.usize(..KEYS.len())];
            let person = format!("{key} {}", random.usize(..PEOPLE));
            let turns = (0..1 + number % 4 / 3).map(|turn| {
                let calls = (0..1 + random.usize(..2)).map(|_| random.usize(..pool.0.len()));
                (format!("w-{number}-{turn}"), calls.collect())
            });
            (person, key, turns.collect::<Vec<(String, Vec<usize>)>>())
        })
        .collect();
    let sessions: Vec<Session> = stream::iter(plans)
        .map(|(person, key, turns)| {
            let agent = house.agent(&person, key, house.wire.for_session());
            async move { tokio::spawn(converse(agent, person, key, turns)).await.unwrap() }
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    assert_eq!(sessions.len(), SESSIONS);

    let mut live: BTreeMap<(&str, usize), usize> = BTreeMap::new();
    for session in &sessions {
        let mut results = 0;
        let mut known = BTreeSet::new();
        for ((status, served_by, rows), call) in session.seen.iter().zip(&session.calls) {
            if *status == CallStatus::ServedFromTurn {
                continue;
            }
            assert_eq!(rows, &alone[&(session.key, *call)], "{session:?}");
            results += usize::from(rows.is_some());
            known.insert(*call);
            if *served_by == Some(ServedBy::Live) && rows.is_some() {
                *live.entry((&session.person, *call)).or_default() += 1;
            }
        }
        assert_eq!(
            session.held, results,
            "what it holds is what it was shown: {session:?}"
        );
    }
    // Each person's rows came from the server once and then from a cache that is theirs alone.
    for session in &sessions {
        for call in &session.calls {
            if alone[&(session.key, *call)].is_some() {
                assert_eq!(
                    live.get(&(session.person.as_str(), *call)),
                    Some(&1),
                    "{} {call}",
                    session.person
                );
            }
        }
    }

    // Every request says the words of one session, and nothing of any other's.
    let owners: BTreeMap<&str, usize> = sessions
        .iter()
        .enumerate()
        .flat_map(|(at, session)| session.words.iter().map(move |word| (word.as_str(), at)))
        .collect();
    for request in house.model.captured().iter().skip(before) {
        let text = String::from_utf8_lossy(&request.body);
        let said: BTreeSet<usize> = text
            .split("code word ")
            .skip(1)
            .map(|rest| owners[rest.split(';').next().unwrap()])
            .collect();
        assert_eq!(said.len(), 1, "{text}");
    }
}
