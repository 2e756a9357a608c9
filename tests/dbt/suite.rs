//! The suite of questions that need both systems. Each figure is what SQL over the demo's data says, each fact of dbt stands in the
//! project's artifacts or in the account of the dbt sandbox (`golds.yaml`), and no answer passes that has only one of the two.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use cardinal::eval::{Case, Gold, Suite, Trial, Verdict, judge};
use cardinal::sandbox::query::RowLimits;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::dbt_stand::DbtStand;
use crate::support::demo_world::WORLD;

/// What a case is derived from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Derivation {
    sql: String,
    facts: Vec<Fact>,
}

/// A fact of dbt.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fact {
    from: String,
    of: String,
    /// Where in what is named it stands, as a JSON pointer.
    field: String,
    /// What an answer has to say of it.
    part: String,
}

fn suite() -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("evals/dbt")).unwrap()
}

fn derivations() -> BTreeMap<String, Derivation> {
    serde_saphyr::from_str(include_str!("golds.yaml")).unwrap()
}

fn artifact(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("crates/dbt_sandbox/project/artifacts");
    serde_json::from_str(&fs::read_to_string(folder.join(file)).unwrap()).unwrap()
}

/// The jobs and runs of the account, as the API gives them to anybody.
#[expect(
    clippy::disallowed_methods,
    reason = "a client beside the wire, which ours is held against"
)]
async fn listed(stand: &DbtStand, what: &str) -> Vec<Value> {
    let running = &stand.running;
    let url = format!(
        "{}/api/v2/accounts/{}/{what}/?limit=100&order_by=-id",
        running.url, running.account_id
    );
    let request = reqwest::Client::new().get(url).header(
        "authorization",
        format!("Token {}", running.token.expose_secret()),
    );
    let body = request.send().await.unwrap().text().await.unwrap();
    let body: Value = serde_json::from_str(&body).unwrap();
    body["data"].as_array().unwrap().clone()
}

/// Everything that facts are looked up in.
struct DbtFacts {
    artifacts: BTreeMap<&'static str, Value>,
    runs: Vec<Value>,
    jobs: Vec<Value>,
}

const LAST_RUN: &str = "run_results_failed.json";

impl DbtFacts {
    async fn read() -> Self {
        let stand = DbtStand::start().await;
        let files = ["manifest.json", LAST_RUN, "sources.json"];
        Self {
            artifacts: files.map(|file| (file, artifact(file))).into(),
            runs: listed(&stand, "runs").await,
            jobs: listed(&stand, "jobs").await,
        }
    }

    fn result(&self, file: &str, id: &str) -> Value {
        let mut results = self.artifacts[file]["results"].as_array().unwrap().iter();
        results.find(|one| one["unique_id"] == id).unwrap().clone()
    }

    fn run(&self, matches: impl Fn(&Value) -> bool) -> Value {
        // The newest comes first.
        self.runs.iter().find(|run| matches(run)).unwrap().clone()
    }

    /// How many tests of a node passed in the last run.
    fn tests_passed(&self, node: &str) -> usize {
        let tests = self.artifacts["manifest.json"]["nodes"].as_object().unwrap();
        let of_node = tests.iter().filter(|(_, test)| test["attached_node"] == node);
        of_node
            .filter(|(id, _)| self.result(LAST_RUN, id)["status"] == "pass")
            .count()
    }

    /// The fact as dbt has it.
    fn find(&self, fact: &Fact) -> String {
        let id = |value: &Value| value["id"].as_i64().is_some_and(|id| id.to_string() == fact.of);
        let place = match fact.from.as_str() {
            "manifest.json" => {
                let kinds =
                    ["nodes", "exposures"].map(|kind| &self.artifacts["manifest.json"][kind][&fact.of]);
                kinds.into_iter().find(|node| !node.is_null()).unwrap().clone()
            }
            "runs" => self.run(id),
            "newest" => self.run(|run| {
                run["job_definition_id"]
                    .as_i64()
                    .is_some_and(|id| id.to_string() == fact.of)
            }),
            "jobs" => self.jobs.iter().find(|job| id(job)).unwrap().clone(),
            "passed" => return self.tests_passed(&fact.of).to_string(),
            "seconds" => {
                let run = self.run(id);
                let at = |key: &str| -> jiff::Timestamp {
                    run[key].as_str().unwrap().replacen(' ', "T", 1).parse().unwrap()
                };
                return at("finished_at")
                    .duration_since(at("started_at"))
                    .as_secs()
                    .to_string();
            }
            file => self.result(file, &fact.of),
        };
        match place.pointer(&fact.field).unwrap_or(&Value::Null) {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }
    }
}

fn verdict(case: &Case, text: &str) -> bool {
    let trial = Trial {
        case_id: case.id.clone(),
        trial: 1,
        answers: vec![json!({"version": 1, "outcome": "answered", "text": text, "tool_calls": []})],
    };
    judge(case, &trial).0 == Verdict::Passed
}

/// The figure that a case wants, with a unit, as an answer says it.
fn figure(case: &Case, twist: f64) -> String {
    let [Gold::Scalar(gold)] = case.expect.gold.as_slice() else {
        panic!("{} wants one figure", case.id)
    };
    let sign = if json!(gold.unit) == "money" { "$" } else { "" };
    format!("It is {sign}{}.", gold.value + twist)
}

#[test]
fn it_has_twenty_questions_and_asks_the_dbt_sandbox() {
    let suite = suite();
    assert!(suite.dataset.dbt);
    assert!(suite.cases.len() >= 20, "{}", suite.cases.len());
}

#[tokio::test]
async fn every_gold_is_what_the_data_and_dbt_say() {
    let (suite, derivations) = (suite(), derivations());
    let (world, dbt) = (&*WORLD, DbtFacts::read().await);
    assert_eq!(suite.cases.len(), derivations.len());
    for case in &suite.cases {
        let derivation = &derivations[&case.id];
        let query = json!({"lib/type": "mbql/query", "database": 1,
            "stages": [{"lib/type": "mbql.stage/native", "native": derivation.sql}]});
        let rows = world.run(&query, RowLimits::USERLAND).unwrap().rows;
        let [Gold::Scalar(gold)] = case.expect.gold.as_slice() else {
            panic!("{} wants one figure", case.id)
        };
        let found = rows[0][0].as_f64().unwrap();
        let digits = if json!(gold.unit) == "money" {
            0.005_001
        } else {
            1e-6
        };
        assert!((found - gold.value).abs() < digits, "{}: {found}", case.id);
        assert!(!derivation.facts.is_empty(), "{} needs no dbt", case.id);
        for fact in &derivation.facts {
            let found = dbt.find(fact);
            assert!(
                found.contains(&fact.part),
                "{}: {found} has no {}",
                case.id,
                fact.part
            );
        }
    }
}

#[test]
fn no_answer_passes_without_the_figure_and_every_fact() {
    let (suite, derivations) = (suite(), derivations());
    for case in &suite.cases {
        let parts: Vec<&str> = derivations[&case.id]
            .facts
            .iter()
            .map(|fact| fact.part.as_str())
            .collect();
        let told = |parts: &[&str]| format!("In dbt: {}.", parts.join(", "));
        let figure_alone = figure(case, 0.0);
        let right = format!("{figure_alone}\n\n{}", told(&parts));
        assert!(
            verdict(case, &right),
            "{}: a right answer fails: {right}",
            case.id
        );
        let wrong_figure = format!("{}\n\n{}", figure(case, 7.0), told(&parts));
        let words = [
            String::new(),
            "I cannot know that.".to_owned(),
            "I looked at the data, but I would rather not say.".to_owned(),
            figure_alone.clone(),
            told(&parts),
            wrong_figure,
        ];
        for text in words {
            assert!(!verdict(case, &text), "{} passes: {text:?}", case.id);
        }
        // Each fact counts, unless another says the same.
        for pattern in &case.expect.text.must {
            let kept = parts.iter().filter(|part| pattern.find(part).is_none());
            let kept: Vec<&str> = kept.copied().collect();
            assert!(kept.len() < parts.len(), "{}: no fact is {pattern:?}", case.id);
            let text = format!("{figure_alone}\n\n{}", told(&kept));
            assert!(!verdict(case, &text), "{} passes: {text:?}", case.id);
        }
    }
}
