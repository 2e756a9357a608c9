//! Plain questions over every Metabase that the sandbox can be: the same figures, or an honest no.

use std::collections::BTreeMap;

use cardinal::agent::{Answer, Outcome};
use cardinal::metabase::DatasetRoute;
use cardinal::sandbox::ServedGeneration;
use futures_util::future::join_all;
use serde_json::Value;

use super::demo::{Stage, gold, holds, lacks, questions};

/// Generations that serve all of it, those without an Agent API over the classic route. What lies between them differs in nothing
/// that is asked; `.ci/run` replays the recorded suite over all.
const WHOLE: [(ServedGeneration, DatasetRoute); 7] = [
    (ServedGeneration::V50, DatasetRoute::Fallback),
    (ServedGeneration::V57, DatasetRoute::Fallback),
    (ServedGeneration::V59, DatasetRoute::Fallback),
    (ServedGeneration::V61, DatasetRoute::Never),
    (ServedGeneration::V62, DatasetRoute::Never),
    (ServedGeneration::V63, DatasetRoute::Never),
    (ServedGeneration::V65, DatasetRoute::Never),
];

/// Those that lack something: metrics altogether, metrics by other groups than they are saved with, more than 200 rows.
const LACKING: [(ServedGeneration, DatasetRoute); 4] = [
    (ServedGeneration::V48, DatasetRoute::Fallback),
    (ServedGeneration::V48, DatasetRoute::Never),
    (ServedGeneration::V57, DatasetRoute::Never),
    (ServedGeneration::V59, DatasetRoute::Never),
];

/// The answer to each question.
async fn asked(generation: ServedGeneration, route: DatasetRoute) -> BTreeMap<String, Answer> {
    let stage = Stage::of(generation, route).await;
    let mut answers = BTreeMap::new();
    for (question, _) in questions().inside {
        let answer = stage.ask(&question).await;
        answers.insert(question, answer);
    }
    answers
}

/// What was answered, without what says where it came from.
fn figures(answer: &Answer) -> (Outcome, &str) {
    (answer.outcome, &answer.text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_generation_answers_with_the_same_figures() {
    let known = asked(ServedGeneration::V60, DatasetRoute::Never).await;
    let others = join_all(WHOLE.map(|(generation, route)| tokio::spawn(asked(generation, route)))).await;
    for ((generation, _), answers) in WHOLE.iter().zip(others) {
        for (question, answer) in answers.unwrap() {
            assert_eq!(
                figures(&answer),
                figures(&known[&question]),
                "{generation:?}: {question}"
            );
        }
    }
}

/// The numbers of a line behind what it is about.
fn numbers(line: &str) -> Vec<f64> {
    let figures = line.rsplit_once(": ").map_or(line, |(_, figures)| figures);
    let parts = figures.split(|c: char| !c.is_ascii_digit() && c != '.');
    parts
        .filter_map(|part| part.trim_end_matches('.').parse().ok())
        .collect()
}

/// Whether the rows of an answer are the parts of the one figure that is right.
fn adds_up_to(lines: &[&str], figure: &Value) -> bool {
    let rows: Vec<Vec<f64>> = lines.iter().map(|line| numbers(line)).collect();
    let widest = rows.iter().map(Vec::len).max().unwrap_or_default();
    (0..widest).any(|at| {
        let sum: f64 = rows.iter().filter_map(|row| row.get(at)).sum();
        figure.as_f64().is_some_and(|figure| (sum - figure).abs() < 0.01)
    })
}

/// Whether an answer holds what is right: each row of it, or, of one figure, that among others or the parts that make it up.
fn is_right(answer: &Answer, gold: &[Vec<Value>]) -> bool {
    let lines: Vec<&str> = answer
        .text
        .lines()
        .filter(|line| line.starts_with("- "))
        .collect();
    let each = |row: &Vec<Value>| lines.iter().any(|line| row.iter().all(|cell| holds(line, cell)));
    match gold {
        [row] if row.len() == 1 => each(row) || adds_up_to(&lines, &row[0]),
        rows => rows.iter().all(each),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_generation_lacks_is_declined_and_never_another_figure() {
    let others = join_all(LACKING.map(|(generation, route)| tokio::spawn(asked(generation, route)))).await;
    for ((generation, route), answers) in LACKING.iter().zip(others) {
        let answers = answers.unwrap();
        let mut answered = 0;
        for (question, sql) in questions().inside {
            let answer = &answers[&question];
            let gold = gold(&sql);
            let honest = match answer.outcome {
                Outcome::NotInCatalog | Outcome::NeedsClarification | Outcome::Partial => true,
                Outcome::Answered => {
                    answered += 1;
                    lacks(answer, &gold).is_none() || is_right(answer, &gold)
                }
                _ => false,
            };
            assert!(
                honest,
                "{generation:?} {route:?}: {question}\n{gold:?}\n{:?} {}",
                answer.outcome, answer.text
            );
        }
        assert!(answered > 5, "{generation:?} {route:?} answers nothing");
    }
}
