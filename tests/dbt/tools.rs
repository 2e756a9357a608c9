//! The tools that ask dbt, through the whole loop and over real HTTP.

use cardinal::agent::{Answer, CallStatus, Outcome};
use cardinal::grants::{GrantLevel, GrantRule};
use cardinal::grounding::{FigureStatus, Trace};
use cardinal::operations::Area;
use cardinal::result::Extent;
use cardinal::tapes::replay;
use serde_json::{Value, json};

use crate::support::scripted_model::{Reply, ScriptedModel};
use crate::support::stack::Stack;

fn reads() -> Vec<GrantRule> {
    vec![GrantRule::new(
        [Area::DbtDiscovery, Area::DbtJobs, Area::DbtRuns],
        GrantLevel::Read,
    )]
}

/// A model that makes one call and then says one thing.
async fn calling(tool: &'static str, arguments: Value, says: &'static str) -> ScriptedModel {
    let mut step = 0;
    ScriptedModel::openai_with(move |_| {
        step += 1;
        match step {
            1 => Reply::tool_calls([(tool, arguments.clone())]),
            _ => Reply::text(says),
        }
    })
    .await
}

async fn asked(
    rules: Vec<GrantRule>,
    tool: &'static str,
    arguments: Value,
    says: &'static str,
) -> (Stack, Answer) {
    let mut stack = Stack::with_dbt(calling(tool, arguments, says).await, rules).await;
    let answer = stack.ask("Can I believe the average rating?").await;
    (stack, answer)
}

fn column(answer: &Answer, name: &str) -> Vec<Value> {
    let evidence = &answer.evidence[0];
    let at = evidence.columns.iter().position(|column| column == name).unwrap();
    evidence
        .rows
        .to_values()
        .into_iter()
        .map(|row| row[at].clone())
        .collect()
}

fn tools_of(stack: &Stack) -> Vec<String> {
    stack
        .toolbox
        .specs()
        .iter()
        .map(|spec| spec.name.clone())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_told_of_a_run_is_a_cell_of_what_dbt_said() {
    let says =
        "No: fct_reviews ended with {{r1 last_status @ fct_reviews}} at {{r1 last_run @ fct_reviews}}.";
    let (_, answer) = asked(reads(), "data_health", json!({"kind": "metric", "id": 6}), says).await;
    assert_eq!(answer.outcome, Outcome::Answered, "{answer:#?}");
    assert!(answer.text.contains("ended with error at"), "{}", answer.text);
    let times: Vec<&Trace> = answer
        .figures
        .iter()
        .filter(|figure| matches!(figure.figure.status, FigureStatus::Referenced))
        .flat_map(|figure| figure.sources.iter().map(|source| &source.trace))
        .collect();
    assert!(
        times.iter().any(|trace| matches!(trace, Trace::Cell { result, column, .. } if result == "r1" && column == "last_run")),
        "{times:?}"
    );
    let names = column(&answer, "node");
    assert_eq!(names[0], "Average rating");
    assert!(
        names.contains(&"stg_reviews".into()) && names.contains(&"reviews".into()),
        "{names:?}"
    );
    assert_eq!(column(&answer, "health")[0], "unhealthy");
    // What the answer says it rests on can be written and read back.
    let written = serde_json::to_value(&answer).unwrap();
    assert_eq!(written["evidence"][0]["lookup"], "data_health");
    assert_eq!(
        written["evidence"][0]["name"],
        "data health of metric \"Average rating\""
    );
    let back: Answer = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap(), written);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_without_an_exposure_is_judged_by_the_tables_it_reads() {
    let (_, answer) = asked(
        reads(),
        "data_health",
        json!({"kind": "metric", "id": 1}),
        "Done.",
    )
    .await;
    let names = column(&answer, "node");
    assert!(names.contains(&"orders".into()), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tests_are_counted_by_how_they_ended() {
    let call = json!({"kind": "metric", "id": 6});
    let (_, answer) = asked(reads(), "data_health", call, "Done.").await;
    let nodes = column(&answer, "node");
    let at = nodes.iter().position(|node| node == "fct_reviews").unwrap();
    let counts = |row: usize| {
        ["passed", "failed", "warned", "skipped", "other"]
            .map(|end| column(&answer, &format!("tests_{end}"))[row].as_u64().unwrap())
    };
    // The model failed, so its tests were skipped. None of them failed.
    assert_eq!(counts(at), [0, 0, 0, 2, 0]);
    assert_eq!(counts(0), [5, 0, 0, 2, 0]);
    let invoices = json!({"what": "models", "name": "fct_invoices"});
    let (_, answer) = asked(reads(), "dbt_lookup", invoices, "Done.").await;
    assert_eq!(column(&answer, "tests_warned"), [1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_reads_a_source_is_told_what_dbt_makes_of_it() {
    let call = json!({"kind": "metric", "id": 7});
    let (stack, answer) = asked(reads(), "data_health", call, "Done.").await;
    assert_eq!(column(&answer, "node")[1], "invoices");
    let why = column(&answer, "why")[0].as_str().unwrap().to_owned();
    assert!(
        why.contains("of the table it reads, invoices; models made from that: stg_invoices, fct_invoices"),
        "{why}"
    );
    assert!(
        why.contains("dbt has a metric of the same name, subscription_revenue, made from fct_invoices"),
        "{why}"
    );
    // What dbt makes of the table has rows of its own, and says so.
    let rows: Vec<(Value, Value)> = column(&answer, "node")
        .into_iter()
        .zip(column(&answer, "kind"))
        .collect();
    for model in ["stg_invoices", "fct_invoices"] {
        assert!(
            rows.contains(&(model.into(), "model, downstream".into())),
            "{rows:?}"
        );
    }
    let said = stack.model.requests()[1].to_string();
    assert!(
        said.contains("what columns hold: last_run is when dbt last ran the node"),
        "{said}"
    );
    // That dbt knows more than the catalog has stands in the prompt.
    let system = &stack.agent.prompt().system;
    assert!(
        system.contains("Beside them there is what dbt knows of runs, models, tests and freshness: `data_health`, `dbt_lookup`."),
        "{system}"
    );
    let plain = Stack::scripted(Vec::new()).await;
    assert!(!plain.agent.prompt().system.contains("dbt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_runs_models_and_lineage_are_looked_up_by_name_or_id() {
    let of = |arguments: Value| asked(reads(), "dbt_lookup", arguments, "Done.");
    let (_, jobs) = of(json!({"what": "jobs"})).await;
    let ids = column(&jobs, "job_id");
    assert!(ids.contains(&8001.into()), "{ids:?}");
    let name = column(&jobs, "job")[ids.iter().position(|id| *id == 8001).unwrap()].clone();
    let (_, runs) = of(json!({"what": "runs", "name": name})).await;
    assert!(column(&runs, "job_id").iter().all(|id| *id == 8001));
    assert_eq!(column(&runs, "status")[0], "error");
    assert_eq!(column(&runs, "finished")[0], "2026-07-01T02:10:12Z");
    let run = column(&runs, "run_id")[0].clone();
    let (_, one) = of(json!({"what": "runs", "name": run.to_string()})).await;
    assert_eq!(column(&one, "run_id"), [run]);
    let (_, model) = of(json!({"what": "models", "name": "fct_reviews"})).await;
    assert_eq!(column(&model, "last_status"), ["error"]);
    let (_, all) = of(json!({"what": "models"})).await;
    assert!(column(&all, "node").len() > 15);
    let (_, lineage) = of(json!({"what": "lineage", "name": "fct_reviews"})).await;
    let rows: Vec<(Value, Value)> = column(&lineage, "direction")
        .into_iter()
        .zip(column(&lineage, "node"))
        .collect();
    assert!(
        rows.contains(&("upstream".into(), "stg_reviews".into())),
        "{rows:?}"
    );
    assert!(
        rows.contains(&("downstream".into(), "product_performance".into())),
        "{rows:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_runs_since_a_day_are_looked_up() {
    let of = |arguments: Value| asked(reads(), "dbt_lookup", arguments, "Done.");
    let (_, newest) = of(json!({"what": "runs"})).await;
    assert_eq!(column(&newest, "run_id").len(), 30);
    let (stack, since) = of(json!({"what": "runs", "since": "2026-06-13"})).await;
    let created = column(&since, "created");
    assert!(created.len() > 30, "{created:?}");
    assert!(
        created
            .iter()
            .all(|at| at.as_str().is_some_and(|at| at >= "2026-06-13")),
        "{created:?}"
    );
    // There are older ones, so that the day is what ended the list.
    assert_eq!(since.evidence[0].extent, Extent::Complete);
    let said = stack.model.requests()[1].to_string();
    assert!(!said.contains("totals over"), "{said}");

    let said = |answer: &Answer| answer.tool_calls[0].message.clone().unwrap_or_default();
    let (_, refused) = of(json!({"what": "runs", "since": "last week"})).await;
    assert!(
        said(&refused).contains("write the day as 2026-01-31"),
        "{}",
        said(&refused)
    );
    let (_, refused) = of(json!({"what": "jobs", "since": "2026-06-13"})).await;
    assert!(said(&refused).contains("since is for runs"), "{}", said(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_and_refusals_teach() {
    let said = |answer: &Answer| answer.tool_calls[0].message.clone().unwrap_or_default();
    let (_, typo) = asked(
        reads(),
        "dbt_lookup",
        json!({"what": "models", "name": "fct_review"}),
        "Done.",
    )
    .await;
    assert_eq!(typo.tool_calls[0].status, CallStatus::Failed);
    assert!(said(&typo).contains("near it: fct_reviews"), "{}", said(&typo));
    let (stack, unknown) = asked(reads(), "dbt_lookup", json!({"what": "tokens"}), "Done.").await;
    assert_eq!(unknown.tool_calls[0].status, CallStatus::Refused);
    assert!(
        said(&unknown).contains("what is one of jobs, runs, models, lineage"),
        "{}",
        said(&unknown)
    );
    assert!(stack.dbt.unwrap().requests().is_empty(), "nothing was asked");
    let (_, foreign) = asked(
        reads(),
        "data_health",
        json!({"kind": "metric", "id": 4711}),
        "Done.",
    )
    .await;
    assert_eq!(foreign.tool_calls[0].status, CallStatus::Refused);
    let (_, nameless) = asked(reads(), "dbt_lookup", json!({"what": "lineage"}), "Done.").await;
    assert!(
        said(&nameless).contains("whose lineage is wanted is not said"),
        "{}",
        said(&nameless)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_shown_only_where_what_it_asks_is_granted() {
    let shown = |rules: Vec<GrantRule>| async move {
        let stack = Stack::with_dbt(ScriptedModel::openai(Vec::new()).await, rules).await;
        let names = tools_of(&stack);
        let lookup = stack
            .toolbox
            .specs()
            .iter()
            .find(|spec| spec.name == "dbt_lookup")
            .cloned();
        let whats = lookup.map(|spec| spec.schema["properties"]["what"]["enum"].clone());
        let of_dbt = |name: &&String| ["data_health", "dbt_lookup", "dbt_run_job"].contains(&name.as_str());
        (names.iter().filter(of_dbt).cloned().collect::<Vec<_>>(), whats)
    };
    assert_eq!(shown(Vec::new()).await, (Vec::new(), None));
    let rule = |area, level| GrantRule::new([area], level);
    assert_eq!(
        shown(vec![rule(Area::DbtRuns, GrantLevel::Read)]).await,
        (vec!["dbt_lookup".to_owned()], Some(json!(["runs"])))
    );
    assert_eq!(
        shown(vec![rule(Area::DbtDiscovery, GrantLevel::Read)]).await,
        (
            vec!["data_health".to_owned(), "dbt_lookup".to_owned()],
            Some(json!(["models", "lineage"]))
        )
    );
    let mut one_job = rule(Area::DbtRuns, GrantLevel::Full);
    one_job
        .ids
        .insert("job_id".to_owned(), ["8001".to_owned()].into());
    let with_job = vec![rule(Area::DbtRuns, GrantLevel::Read), one_job];
    assert_eq!(shown(with_job).await.0, ["dbt_lookup", "dbt_run_job"]);
    // Without dbt a model is told what it was always told.
    let without = Stack::with_dbt(ScriptedModel::openai(Vec::new()).await, Vec::new()).await;
    let plain = Stack::scripted(Vec::new()).await;
    assert_eq!(without.agent.prompt().hash, plain.agent.prompt().hash);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_asked_dbt_is_replayed_from_its_tape_alone() {
    let says = "fct_reviews ended with {{r1 last_status @ fct_reviews}}.";
    let model = calling("data_health", json!({"kind": "metric", "id": 6}), says).await;
    let mut stack = Stack::with_dbt(model, reads()).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("turn.jsonl");
    let recorded = stack.record("Can I believe the average rating?", &path).await;
    recorded.tape.unwrap();
    let token = secrecy::ExposeSecret::expose_secret(&stack.dbt.as_ref().unwrap().token).to_owned();
    let tape = std::fs::read_to_string(&path).unwrap();
    assert!(tape.contains("ModelHealth") && !tape.contains(&token));
    drop(stack);
    let replayed = replay(&path).await.unwrap();
    assert_eq!(replayed.answer.text, recorded.answer.text);
    assert_eq!(replayed.answer.evidence.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_dbt_says_is_never_an_order() {
    // Names and messages of dbt stand in cells alone: the lines around the table are ours.
    let (stack, _) = asked(
        reads(),
        "dbt_lookup",
        json!({"what": "runs", "name": "8001"}),
        "Done.",
    )
    .await;
    let requests = stack.model.requests();
    let shown = requests.last().unwrap()["messages"].to_string();
    assert!(shown.contains("end of table"), "{shown}");
}

/// Reads, and one job that may be started.
fn starts(job: &str) -> Vec<GrantRule> {
    let mut full = GrantRule::new([Area::DbtRuns], GrantLevel::Full);
    full.ids.insert("job_id".to_owned(), [job.to_owned()].into());
    let mut rules = reads();
    rules.push(full);
    rules
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_started_once_and_followed_to_its_end() {
    let started = |stack: &Stack| {
        let requests = stack.dbt.as_ref().unwrap().requests();
        requests
            .iter()
            .filter(|request| request.method == "POST" && request.path.ends_with("/run/"))
            .count()
    };
    let call = json!({"job": "Hourly orders"});
    let (stack, answer) = asked(starts("8002"), "dbt_run_job", call, "Done.").await;
    assert_eq!(
        answer.tool_calls[0].status,
        CallStatus::Ok,
        "{:?}",
        answer.tool_calls
    );
    assert_eq!(
        (column(&answer, "job_id"), column(&answer, "status")),
        (vec![8002.into()], vec!["success".into()])
    );
    assert_eq!(started(&stack), 1);
    let said = |answer: &Answer| answer.tool_calls[0].message.clone().unwrap_or_default();
    let (stack, other) = asked(starts("8002"), "dbt_run_job", json!({"job": "8001"}), "Done.").await;
    assert_eq!(other.tool_calls[0].status, CallStatus::Failed);
    assert!(
        said(&other).contains("does not cover job_id 8001"),
        "{}",
        said(&other)
    );
    assert_eq!(started(&stack), 0);
    let other_steps = json!({"job": "8002", "steps": ["dbt build --full-refresh"]});
    let (stack, changed) = asked(starts("8002"), "dbt_run_job", other_steps, "Done.").await;
    assert!(
        said(&changed).contains("a person has to approve it"),
        "{}",
        said(&changed)
    );
    assert_eq!(started(&stack), 0);
    let (stack, shell) = asked(
        starts("8002"),
        "dbt_run_job",
        json!({"job": "8002", "steps": ["rm -rf /"]}),
        "Done.",
    )
    .await;
    assert_eq!(shell.tool_calls[0].status, CallStatus::Refused);
    assert_eq!(started(&stack), 0);
}
