//! The suites: every gold is what SQL over their data says, a right answer passes, a wrong one does not.

use std::collections::BTreeMap;
use std::path::Path;

use cardinal::eval::{Case, Gold, GoldTable, Suite, Trial, grade, grade::match_tables};
use cardinal::sandbox::World;
use cardinal::sandbox::query::RowLimits;
use serde_json::{Value, json};

use super::benchmark::markdown;

use crate::support::demo_world::WORLD;

type Rows = Vec<Vec<Value>>;

fn load(name: &str) -> Suite {
    Suite::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("evals").join(name)).unwrap()
}

fn suite() -> Suite {
    load("demo")
}

/// The SQL of each case's golds, in their order.
fn statements(text: &str) -> BTreeMap<String, Vec<String>> {
    serde_saphyr::from_str(text).unwrap()
}

fn rows(world: &World, sql: &str) -> Rows {
    let query = json!({"lib/type": "mbql/query", "database": 1,
        "stages": [{"lib/type": "mbql.stage/native", "native": sql}]});
    let result = world.run(&query, RowLimits::USERLAND);
    result.unwrap_or_else(|error| panic!("{sql}: {error:?}")).rows
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// Golds are written to six decimals.
fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-6
}

fn agrees(gold: &Gold, rows: &Rows) -> bool {
    match gold {
        Gold::Scalar(scalar) => rows.len() == 1 && near(scalar.value, number(&rows[0][0])),
        Gold::Table(table) => {
            let exact = GoldTable {
                absolute: Some(1e-6),
                required: None,
                ..table.clone()
            };
            match_tables(&exact, table.columns.len(), rows).is_ok()
        }
        Gold::Set(set) => set.values.iter().eq(rows.iter().map(|row| &row[0])),
        Gold::Top(top) => {
            top.items.len() == rows.len()
                && top.items.iter().zip(rows).all(|(item, row)| {
                    row[0] == json!(item.name) && item.value.is_some_and(|value| near(value, number(&row[1])))
                })
        }
        // Each of them is the same in another unit; the first one is derived.
        Gold::AnyOf(options) => options.first().is_some_and(|first| agrees(first, rows)),
    }
}

#[test]
fn every_gold_is_what_the_data_says() {
    let suite = suite();
    assert!(suite.cases.len() >= 40, "{}", suite.cases.len());
    assert_eq!(Some(WORLD.today()), suite.today);
    hold(&WORLD, &suite, &statements(include_str!("demo_golds.yaml")));
}

#[test]
fn a_suite_brings_its_own_data() {
    for (name, golds) in [
        ("hostile", include_str!("hostile_golds.yaml")),
        ("field", include_str!("field_golds.yaml")),
    ] {
        let suite = load(name);
        let dataset = &suite.dataset;
        let world = World::from_csv(dataset.path.as_deref().unwrap(), dataset.model.as_deref()).unwrap();
        assert_eq!(Some(world.today()), suite.today, "{name}");
        hold(&world, &suite, &statements(golds));
    }
}

fn hold(world: &World, suite: &Suite, statements: &BTreeMap<String, Vec<String>>) {
    let with_gold = suite.cases.iter().filter(|case| !case.expect.gold.is_empty());
    let mut count = 0;
    for case in with_gold {
        count += 1;
        let sql = statements
            .get(&case.id)
            .unwrap_or_else(|| panic!("{} has no SQL", case.id));
        assert_eq!(sql.len(), case.expect.gold.len(), "{}", case.id);
        for (gold, sql) in case.expect.gold.iter().zip(sql) {
            assert!(
                agrees(gold, &rows(world, sql)),
                "{}: {gold:?}\n{sql}\n{:?}",
                case.id,
                rows(world, sql)
            );
        }
    }
    assert_eq!(count, statements.len(), "SQL of a case that is not there");
}

/// An answer that says the golds of a turn and nothing else.
fn answer(golds: &[&Gold], twist: f64) -> Value {
    let mut text = String::new();
    for gold in golds {
        match gold {
            Gold::Scalar(scalar) => text.push_str(&format!("It is {}. ", scalar.value + twist)),
            Gold::Table(table) => {
                let mut rows = table.rows.clone();
                let cell = rows[0].last_mut().unwrap();
                if twist != 0.0 {
                    *cell = json!(number(cell) + twist);
                }
                text.push_str(&format!("\n\n{}\n\n", markdown(&table.columns, &rows)));
            }
            Gold::Set(set) => {
                let kept = set.values.iter().skip(usize::from(twist != 0.0));
                let names: Vec<&str> = kept.filter_map(Value::as_str).collect();
                text.push_str(&format!("They are {}. ", names.join(", ")));
            }
            Gold::Top(top) => {
                let mut items = top.items.clone();
                if twist != 0.0 {
                    items[0].value = items[0].value.map(|value| value + twist);
                }
                let n = top.n.map_or(items.len(), |n| n as usize);
                for item in items.iter().take(n) {
                    text.push_str(&format!("\n- {}: {}", item.name, item.value.unwrap()));
                }
            }
            Gold::AnyOf(_) => panic!("the demo has none"),
        }
    }
    json!({"version": 1, "outcome": "answered", "text": text, "tool_calls": []})
}

fn turn(gold: &Gold) -> Option<u32> {
    match gold {
        Gold::Scalar(gold) => gold.turn,
        Gold::Table(gold) => gold.turn,
        Gold::Set(gold) => gold.turn,
        Gold::Top(gold) => gold.turn,
        Gold::AnyOf(_) => None,
    }
}

/// Whether each gold's grader passes an answer.
fn of_golds(case: &Case, twist: f64) -> Vec<bool> {
    let turns = u32::try_from(case.turns.len()).unwrap();
    let answers = (1..=turns).map(|at| {
        let golds: Vec<&Gold> = case
            .expect
            .gold
            .iter()
            .filter(|gold| turn(gold).unwrap_or(turns) == at)
            .collect();
        answer(&golds, twist)
    });
    let trial = Trial {
        case_id: case.id.clone(),
        trial: 1,
        answers: answers.collect(),
    };
    let graders = ["scalar", "table", "set", "top_n"];
    grade(case, &trial)
        .iter()
        .filter(|grade| graders.iter().any(|name| grade.grader.starts_with(name)))
        .map(|grade| grade.passed)
        .collect()
}

#[test]
fn the_oracle_passes_and_the_anti_oracle_does_not() {
    for case in suite().cases.iter().filter(|case| !case.expect.gold.is_empty()) {
        let right = of_golds(case, 0.0);
        assert_eq!(right.len(), case.expect.gold.len(), "{}", case.id);
        assert!(
            right.iter().all(|passed| *passed),
            "{}: a right answer fails",
            case.id
        );
        let wrong = of_golds(case, 1.0);
        assert!(
            wrong.iter().all(|passed| !passed),
            "{}: a wrong answer passes",
            case.id
        );
    }
}

#[test]
fn the_suite_covers_what_people_ask() {
    let suite = suite();
    for tag in [
        "metric",
        "card",
        "parameter",
        "time",
        "relative-time",
        "dimension",
        "table",
        "join",
        "follow-up",
        "top-n",
        "ratio",
        "change",
        "ambiguous",
        "outside",
        "write",
        "not-curated",
        "injection",
    ] {
        assert!(
            suite
                .cases
                .iter()
                .any(|case| case.tags.iter().any(|own| own == tag)),
            "{tag}"
        );
    }
}
