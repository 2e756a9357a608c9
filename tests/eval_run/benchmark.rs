//! A public benchmark as suites: right answers pass, so that what fails is the answer's fault.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use cardinal::config::{Environment, Overrides, Settings, load};
use cardinal::eval::import::defog;
use cardinal::eval::{CaseFilter, RunOptions, Suite, TrialRecord, Verdict, run};
use cardinal::sandbox::World;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::eval::benchmark::bench;
use crate::support::scripted_model::{Reply, ScriptedModel};

/// What a person who knows the data would do: calls of tools, with `table` for the table's id, and what they would say.
struct Right {
    case: &'static str,
    calls: Vec<(&'static str, Value)>,
    says: &'static str,
}

fn query(case: &'static str, arguments: Value) -> Right {
    Right {
        case,
        calls: vec![("query_table", arguments)],
        says: "That is what the table says.",
    }
}

fn says(case: &'static str, says: &'static str) -> Right {
    Right {
        case,
        calls: Vec::new(),
        says,
    }
}

fn on_or_after(dimension: &str, day: &str) -> Value {
    json!({"dimension": dimension, "operation": "greater-than-or-equal", "values": [day]})
}

fn is(dimension: &str, value: &str) -> Value {
    json!({"dimension": dimension, "operation": "equals", "values": [value]})
}

fn sum(field: &str) -> Value {
    json!({"function": "sum", "field": field, "order": "desc"})
}

fn broker() -> Vec<Right> {
    let by = |dimension: &str| json!([{"dimension": dimension}]);
    vec![
        query(
            "defog-advanced-000",
            json!({"table": "sbtransaction", "aggregations": [sum("sbtxamount")],
                   "group_by": by("Sbtxcustid.sbcustname"), "limit": 5}),
        ),
        query(
            "defog-advanced-012",
            json!({"table": "sbcustomer", "aggregations": [{"function": "count"}], "group_by": by("sbcustcountry"),
                   "filters": [on_or_after("sbcustjoindate", "2023-01-01")]}),
        ),
        query(
            "defog-advanced-013",
            json!({"table": "sbdailyprice", "aggregations": [{"function": "avg", "field": "sbdpclose"}],
                   "group_by": by("Sbdptickerid.sbtickertype"), "filters": [on_or_after("sbdpdate", "2025-01-23")]}),
        ),
        says("defog-advanced-011", "There are 2 such customers."),
    ]
}

fn car_dealership() -> Vec<Right> {
    let groups = |names: &[&str]| {
        let groups: Vec<Value> = names.iter().map(|name| json!({"dimension": name})).collect();
        json!(groups)
    };
    let count = json!({"function": "count"});
    vec![
        query(
            "defog-basic-013",
            json!({"table": "sales", "aggregations": [count, sum("sale_price")],
                   "group_by": groups(&["Car.make", "Car.model"]), "limit": 5}),
        ),
        query(
            "defog-basic-016",
            json!({"table": "payments_received", "aggregations": [count, sum("payment_amount")],
                   "group_by": groups(&["payment_method"]), "limit": 3}),
        ),
        query(
            "defog-basic-017",
            json!({"table": "customers", "aggregations": [{"function": "count", "order": "desc"}],
                   "group_by": groups(&["state"]), "limit": 2}),
        ),
        query(
            "defog-advanced-018",
            json!({"table": "sales", "aggregations": [sum("sale_price")], "limit": 5, "group_by":
                   groups(&["salesperson_id", "Salesperson.first_name", "Salesperson.last_name"])}),
        ),
        query(
            "defog-advanced-023",
            json!({"table": "sales", "aggregations": [count, {"function": "sum", "field": "sale_price"}],
                   "filters": [is("Car.make", "Toyota"), on_or_after("sale_date", "2024-12-31")]}),
        ),
        query(
            "defog-advanced-029",
            json!({"table": "sales", "aggregations": [{"function": "avg", "field": "sale_price"}],
                   "filters": [on_or_after("sale_date", "2023-01-01"),
                               {"dimension": "sale_date", "operation": "less-than", "values": ["2023-04-01"]}]}),
        ),
        says("defog-advanced-028", "Two sales were made: 2."),
        says("defog-advanced-016", "It takes 2.05 days on average."),
    ]
}

fn geography() -> Vec<Right> {
    let by = |dimension: &str| json!([{"dimension": dimension}]);
    let falling = |field: &str| json!([{"field": field, "direction": "desc"}]);
    vec![
        query(
            "defog-classic-085",
            json!({"table": "city", "aggregations": [sum("population")], "group_by": by("country_name")}),
        ),
        query(
            "defog-classic-086",
            json!({"table": "river", "aggregations": [{"function": "avg", "field": "length"}],
                   "group_by": by("country_name")}),
        ),
        query(
            "defog-classic-089",
            json!({"table": "lake", "aggregations": [{"function": "count"}], "group_by": by("state_name")}),
        ),
        query(
            "defog-classic-092",
            json!({"table": "city", "fields": ["city_name", "population"], "order_by": falling("population"),
                   "limit": 5}),
        ),
        query(
            "defog-classic-094",
            json!({"table": "mountain", "fields": ["mountain_name", "mountain_altitude"],
                   "order_by": falling("mountain_altitude")}),
        ),
        query(
            "defog-classic-105",
            json!({"table": "state", "fields": ["state_name"],
                   "filters": [{"dimension": "population", "operation": "less-than", "values": [100_000]}]}),
        ),
        query(
            "defog-classic-107",
            json!({"table": "lake", "fields": ["lake_name", "area"], "filters": [is("state_name", "Michigan")]}),
        ),
        says("defog-classic-095", "It is 7.1 times as large."),
        Right {
            case: "defog-idk-015",
            calls: vec![(
                "cannot_answer",
                json!({"reason": "There is nothing about fossils in the data."}),
            )],
            says: "There is nothing about fossils in the data.",
        },
    ]
}

fn restaurants() -> Vec<Right> {
    let rating = json!([{"function": "avg", "field": "rating"}]);
    vec![
        query(
            "defog-classic-112",
            json!({"table": "restaurant", "aggregations": rating, "group_by": [{"dimension": "food_type"}]}),
        ),
        query(
            "defog-classic-117",
            json!({"table": "restaurant", "aggregations": rating, "group_by": [{"dimension": "City Name.region"}],
                   "order_by": [{"field": "City Name.region", "direction": "asc"}]}),
        ),
        query(
            "defog-classic-131",
            json!({"table": "restaurant", "fields": ["name", "rating"],
                   "filters": [is("city_name", "New York"),
                               {"dimension": "rating", "operation": "greater-than", "values": [4]}]}),
        ),
        says(
            "defog-classic-124",
            "33.3 % of the restaurants there are Italian.",
        ),
        says(
            "defog-classic-113",
            "| city | Italian restaurants |\n|---|---|\n| New York | 1 |\n| Los Angeles | 1 |\n",
        ),
    ]
}

/// Runs these cases of a suite with a model that gives these answers.
async fn answered(suite: &Suite, rights: Vec<Right>) -> Vec<TrialRecord> {
    let mut suite = suite.clone();
    let path = suite.dataset.path.clone().unwrap();
    let world = World::from_csv(&path, suite.dataset.model.as_deref()).unwrap();
    let wanted: Vec<&str> = rights.iter().map(|right| right.case).collect();
    suite.cases.retain(|case| wanted.contains(&case.id.as_str()));
    assert_eq!(suite.cases.len(), wanted.len(), "{wanted:?}");
    let by_question: BTreeMap<String, Right> = rights
        .into_iter()
        .map(|mut right| {
            for (_, arguments) in &mut right.calls {
                let map = arguments.as_object_mut().unwrap();
                if let Some(table) = map.remove("table") {
                    let table = world.model().table_named(table.as_str().unwrap()).unwrap();
                    map.insert("table_id".to_owned(), json!(table.id));
                }
            }
            let case = suite.cases.iter().find(|case| case.id == right.case).unwrap();
            (case.turns[0].clone(), right)
        })
        .collect();
    let model = ScriptedModel::openai_with(move |request| {
        let messages = request["messages"].as_array().unwrap();
        let question = messages.iter().find(|message| message["role"] == "user").unwrap();
        let question = question["content"].to_string();
        let asked = |text: &str| question.contains(json!(text).to_string().trim_matches('"'));
        let (_, right) = by_question
            .iter()
            .filter(|(text, _)| asked(text))
            .max_by_key(|(text, _)| text.len())
            .unwrap_or_else(|| panic!("nobody asked {question}"));
        let results = messages
            .iter()
            .filter(|message| message["role"] == "tool")
            .count();
        if results == 0 && !right.calls.is_empty() {
            Reply::tool_calls(right.calls.clone())
        } else {
            let result = messages.iter().rfind(|message| message["role"] == "tool");
            let table = result.and_then(|result| printed(result["content"].as_str()?));
            Reply::text(format!("{}\n\n{}", right.says, table.unwrap_or_default()))
        }
    })
    .await;
    let settings = Settings {
        model: model.settings(),
        ..load(&Environment::from_iter([]), &path, &Overrides::default())
            .unwrap()
            .settings
    };
    let options = RunOptions {
        filter: CaseFilter::default(),
        trials: 1,
        jobs: 2,
        limits: cardinal::wire::RequestLimits::default(),
        generation: None,
        cancel: CancellationToken::new(),
    };
    run(&[suite], &settings, &options, &mut |_| Ok(())).await.unwrap()
}

fn imported(bench: &Path, out: &Path) -> Vec<PathBuf> {
    let suites = defog(bench, out).unwrap();
    suites.into_iter().map(|suite| suite.folder).collect()
}

/// The rows of a tool's result as a person would print them.
fn printed(result: &str) -> Option<String> {
    let rows = result
        .split_once("table:\\n")
        .or(result.split_once("table:\n"))?
        .1;
    let mut lines = rows.lines().take_while(|line| *line != "end of table");
    let cells =
        |line: &str| -> Vec<String> { line.split('\t').map(|cell| cell.replace("\\N", "–")).collect() };
    let names: Vec<String> = cells(lines.next()?)
        .iter()
        .map(|name| name.split(':').next().unwrap_or_default().to_owned())
        .collect();
    let rows: Vec<String> = lines
        .map(|line| format!("| {} |", cells(line).join(" | ")))
        .collect();
    let rule = "---|".repeat(names.len());
    Some(format!("| {} |\n|{rule}\n{}", names.join(" | "), rows.join("\n")))
}

#[tokio::test(flavor = "multi_thread")]
async fn right_answers_over_the_sandbox_pass() {
    let Some(bench) = bench() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folders = imported(&bench, folder.path());
    let suites: Vec<Suite> = folders
        .iter()
        .map(|folder| Suite::load(folder).unwrap())
        .collect();
    let all: usize = suites.iter().map(|suite| suite.cases.len()).sum();
    assert_eq!((suites.len(), all), (6, 227));
    assert!(suites.iter().all(|suite| suite.data.is_some()));
    let mut passed = 0;
    for (name, rights) in [
        ("defog-broker", broker()),
        ("defog-car_dealership", car_dealership()),
        ("defog-geography", geography()),
        ("defog-restaurants", restaurants()),
    ] {
        let suite = suites.iter().find(|suite| suite.name == name).unwrap();
        for record in answered(suite, rights).await {
            let answer = serde_json::to_string_pretty(&record.answers).unwrap();
            assert_eq!(
                record.verdict,
                Verdict::Passed,
                "{}: {:#?}\n{answer}",
                record.case,
                record.grades
            );
            passed += 1;
        }
    }
    assert!(passed >= 15, "{passed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_answers_fail() {
    let Some(bench) = bench() else { return };
    let folder = tempfile::tempdir().unwrap();
    let folders = imported(&bench, folder.path());
    let suite = folders
        .iter()
        .find(|folder| folder.ends_with("geography"))
        .unwrap();
    let wrong = vec![
        query(
            "defog-classic-085",
            json!({"table": "city", "aggregations": [{"function": "max", "field": "population"}],
                   "group_by": [{"dimension": "country_name"}]}),
        ),
        query(
            "defog-classic-092",
            json!({"table": "city", "fields": ["city_name", "population"],
                   "order_by": [{"field": "population", "direction": "asc"}], "limit": 5}),
        ),
        says("defog-classic-095", "It is 7.2 times as large."),
        says("defog-idk-015", "By carbon dating."),
    ];
    for record in answered(&Suite::load(suite).unwrap(), wrong).await {
        assert!(matches!(record.verdict, Verdict::Regressed { .. }), "{record:?}");
    }
}

#[test]
fn the_program_makes_suites_and_never_overwrites_any() {
    let Some(bench) = bench() else { return };
    let folder = tempfile::tempdir().unwrap();
    let import = |from: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_cardinal"))
            .args(["eval", "import", "defog"])
            .arg(from)
            .args(["--out", "suites"])
            .env_clear()
            .env("HOME", folder.path())
            .current_dir(folder.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, out) = import(&bench);
    assert_eq!((code, out.lines().count()), (Some(0), 6), "{out}");
    assert_eq!(import(&bench).0, Some(2));
    assert_eq!(import(folder.path()).0, Some(2));
    let copied = std::fs::read_dir(folder.path().join("suites/broker")).unwrap();
    let names: Vec<String> = copied
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.iter().all(|name| !name.ends_with("csv")), "{names:?}");
}

/// What people who know these databases wrote down before the import found anything by itself.
#[test]
fn references_are_found_by_name_and_values() {
    let Some(bench) = bench() else { return };
    let folder = tempfile::tempdir().unwrap();
    let known = [
        (
            "academic",
            "author.oid=organization.oid domain_author.aid=author.aid domain_author.did=domain.did domain_conference.did=domain.did \
          domain_journal.did=domain.did domain_journal.jid=journal.jid domain_keyword.did=domain.did domain_keyword.kid=keyword.kid \
          domain_publication.did=domain.did domain_publication.pid=publication.pid publication.cid=conference.cid publication.jid=journal.jid \
          publication_keyword.pid=publication.pid publication_keyword.kid=keyword.kid writes.aid=author.aid writes.pid=publication.pid",
        ),
        (
            "advising",
            "area.course_id=course.course_id comment_instructor.instructor_id=instructor.instructor_id \
          course_offering.semester=semester.semester_id course_prerequisite.pre_course_id=course.course_id \
          student.program_id=program.program_id student_record.offering_id=course_offering.offering_id",
        ),
        (
            "broker",
            "sbtransaction.sbtxcustid=sbcustomer.sbcustid sbtransaction.sbtxtickerid=sbticker.sbtickerid \
          sbdailyprice.sbdptickerid=sbticker.sbtickerid",
        ),
        (
            "car_dealership",
            "sales.car_id=cars.id sales.customer_id=customers.id sales.salesperson_id=salespersons.id",
        ),
        (
            "geography",
            "city.state_name=state.state_name border_info.state_name=state.state_name highlow.state_name=state.state_name \
          lake.state_name=state.state_name",
        ),
        (
            "restaurants",
            "location.restaurant_id=restaurant.id restaurant.city_name=geographic.city_name \
          location.city_name=geographic.city_name",
        ),
    ];
    for suite in defog(&bench, folder.path()).unwrap() {
        let (_, wanted) = known
            .iter()
            .find(|(name, _)| suite.folder.ends_with(name))
            .unwrap();
        let found: Vec<String> = suite
            .references
            .iter()
            .map(|one| format!("{}={}", one.from, one.to))
            .collect();
        for wanted in wanted.split_whitespace() {
            assert!(
                found.iter().any(|one| one == wanted),
                "{wanted} is not among {found:?}"
            );
        }
        let model = std::fs::read_to_string(suite.folder.join("model.yaml")).unwrap();
        assert!(
            suite
                .references
                .iter()
                .all(|one| model.contains(&format!("#   {one}\n"))),
            "{model}"
        );
    }
}

/// A database that nobody has seen: names say what points at what, as far as the values agree.
#[test]
fn references_of_any_database_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data/clinic");
    std::fs::create_dir_all(&data).unwrap();
    for (name, text) in [
        ("patients", "id,name\n1,Ann\n2,Bob\n3,Cid\n"),
        ("wards", "ward_no,floor\nA,1\nB,2\n"),
        ("allergies", "id,name\n1,Nuts\n2,Eggs\n"),
        ("stays", "id,allergy_id\n1,1\n2,2\n"),
        (
            "visits",
            "id,patient_id,ward_no,referred_by_patient_id,score\n1,1,A,2,1\n2,3,B,,2\n3,3,A,1,3\n",
        ),
        ("notes", "id,visit_id,patient_id\n1,9,7\n2,8,1\n3,7,9\n"),
    ] {
        std::fs::write(data.join(format!("{name}.csv")), text).unwrap();
    }
    let question = json!({"id": "q", "suite": "s", "db": "clinic", "category": "c", "question": "How many?", "today": "2025-01-01",
        "ordered": false, "gold": [{"columns": ["n"], "rows": [[3]]}], "answer_shape": "scalar"});
    std::fs::write(folder.path().join("questions.jsonl"), format!("{question}\n")).unwrap();
    std::fs::write(folder.path().join("unanswerable.jsonl"), "").unwrap();
    let suites = defog(folder.path(), &folder.path().join("out")).unwrap();
    let found: Vec<String> = suites[0].references.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "stays.allergy_id -> allergies.id (by name; 100 % of its values are there)",
            "visits.patient_id -> patients.id (by name; 100 % of its values are there)",
            "visits.ward_no -> wards.ward_no (by name; 100 % of its values are there)",
            "visits.referred_by_patient_id -> patients.id (by name; 100 % of its values are there)",
        ]
    );
    assert!(Suite::load(&suites[0].folder).is_ok());
}
