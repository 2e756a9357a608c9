use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cardinal::dbt::{DbtFailure, DbtRunStatus, RunFilter};
use cardinal::grants::GrantLevel;
use cardinal::operations::{ADMINISTRATIVE, BodyForm, OperationAccess, parameter_names};
use serde_json::{Value, json};

use super::{TOKEN, account};
use crate::support::scripted_dbt::{AskedOfDbt, DbtReply, ScriptedDbt};

fn envelope(data: &Value) -> Value {
    json!({
        "data": data,
        "status": {"code": 200, "is_success": true, "user_message": "Success!", "developer_message": ""},
    })
}

/// One page of so many runs, as dbt pages them.
fn page(asked: &AskedOfDbt, total: u64) -> DbtReply {
    let number = |name: &str| {
        let pairs = url::form_urlencoded::parse(asked.query.as_bytes());
        pairs
            .into_iter()
            .find(|(key, _)| key == name)
            .unwrap()
            .1
            .parse::<u64>()
            .unwrap()
    };
    let (limit, offset) = (number("limit"), number("offset"));
    let runs: Vec<Value> = (offset..total.min(offset + limit))
        .map(|id| json!({"id": id, "status": 10}))
        .collect();
    let mut body = envelope(&json!(runs));
    body["extra"] = json!({"pagination": {"count": runs.len(), "total_count": total}});
    DbtReply::json(200, &body)
}

#[tokio::test]
async fn lists_are_read_page_by_page_to_their_end_or_to_the_limit() {
    let server = ScriptedDbt::serve(|asked| page(asked, 250)).await;
    let client = account(&server).administrative();
    let all = client.runs(RunFilter::default(), 1_000).await.unwrap();
    assert_eq!((all.items.len(), all.total, all.complete), (250, Some(250), true));
    let ids: BTreeSet<u64> = all.items.iter().map(|run| run.id).collect();
    assert_eq!(ids, (0..250).collect());
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    for one in &asked {
        assert_eq!(one.path, "/api/v2/accounts/1/runs/");
        assert!(one.query.contains("limit=100"), "{}", one.query);
        assert_eq!(one.headers["authorization"], format!("Token {TOKEN}"));
        assert_eq!(one.headers["accept"], "application/json");
    }
    let few = client.runs(RunFilter::default(), 120).await.unwrap();
    assert_eq!((few.items.len(), few.complete), (120, false));
    assert!(server.asked().last().unwrap().query.contains("limit=20"));
}

#[tokio::test]
async fn filters_are_sent_as_dbt_takes_them() {
    let server = ScriptedDbt::serve(|asked| page(asked, 0)).await;
    let filter = RunFilter {
        job: Some(5),
        environment: Some(3),
        status: Some(DbtRunStatus::Error),
    };
    account(&server).administrative().runs(filter, 10).await.unwrap();
    let query = server.asked()[0].query.clone();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    for (name, value) in [
        ("job_definition_id", "5"),
        ("environment_id", "3"),
        ("status", "20"),
        ("order_by", "-id"),
        ("limit", "10"),
        ("offset", "0"),
    ] {
        assert!(
            pairs.contains(&(name.to_owned(), value.to_owned())),
            "{name}: {query}"
        );
    }
}

#[tokio::test]
async fn a_list_without_a_total_ends_with_a_short_page() {
    let server = ScriptedDbt::serve(|asked| {
        let ids = if asked.query.contains("offset=0") {
            0..100
        } else {
            100..107
        };
        let runs: Vec<Value> = ids.map(|id| json!({"id": id, "status": 1})).collect();
        DbtReply::json(200, &envelope(&json!(runs)))
    })
    .await;
    let all = account(&server)
        .administrative()
        .runs(RunFilter::default(), 1_000)
        .await
        .unwrap();
    assert_eq!((all.items.len(), all.total, all.complete), (107, None, true));
}

#[tokio::test]
async fn paging_that_cannot_be_right_is_an_error() {
    // More than was asked for; a count that says so; and more that never comes.
    let too_many: Vec<Value> = (0..101).map(|id| json!({"id": id, "status": 1})).collect();
    let mut says_more = envelope(&json!([]));
    says_more["extra"] = json!({"pagination": {"count": 500, "total_count": 500}});
    let mut never = envelope(&json!([]));
    never["extra"] = json!({"pagination": {"count": 0, "total_count": 500}});
    for body in [envelope(&json!(too_many)), says_more, never] {
        let server = ScriptedDbt::serve(move |_| DbtReply::json(200, &body)).await;
        let error = account(&server)
            .administrative()
            .runs(RunFilter::default(), 1_000)
            .await
            .unwrap_err();
        assert_eq!(error.class, DbtFailure::Unreadable, "{error}");
        assert!(
            error.to_string().contains("paging cannot be relied on"),
            "{error}"
        );
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test]
async fn no_data_is_an_empty_list_and_no_thing() {
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &envelope(&Value::Null))).await;
    let client = account(&server).administrative();
    assert!(client.artifacts(9, None).await.unwrap().is_empty());
    let error = client.run(9).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to read run 9: dbt answered with success and without data"
    );
}

#[tokio::test]
async fn statuses_are_numbers_and_unknown_ones_are_not_over() {
    for (code, name, over) in [
        (1, "queued", false),
        (2, "starting", false),
        (3, "running", false),
        (10, "success", true),
        (20, "error", true),
        (30, "cancelled", true),
        (40, "status 40", false),
    ] {
        let server =
            ScriptedDbt::serve(move |_| DbtReply::json(200, &envelope(&json!({"id": 9, "status": code}))))
                .await;
        let run = account(&server).administrative().run(9).await.unwrap();
        assert_eq!(
            (
                run.status.to_string().as_str(),
                run.status.is_over(),
                run.status.code()
            ),
            (name, over, code)
        );
    }
    let server =
        ScriptedDbt::serve(|_| DbtReply::json(200, &envelope(&json!({"id": 9, "status": "Success"})))).await;
    let error = account(&server).administrative().run(9).await.unwrap_err();
    assert_eq!(error.class, DbtFailure::Unreadable);
}

#[tokio::test]
async fn a_run_is_followed_to_its_end_or_as_long_as_one_waits() {
    let looks = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = looks.clone();
    let server = ScriptedDbt::serve(move |_| {
        let status = [1, 3, 20][counted.fetch_add(1, Ordering::SeqCst).min(2)];
        DbtReply::json(200, &envelope(&json!({"id": 9, "status": status})))
    })
    .await;
    let client = account(&server).administrative();
    let mut seen = Vec::new();
    let run = client
        .follow(9, Duration::from_secs(60), &mut |run| seen.push(run.status))
        .await
        .unwrap();
    assert_eq!(run.status, DbtRunStatus::Error);
    assert_eq!(
        seen,
        [DbtRunStatus::Queued, DbtRunStatus::Running, DbtRunStatus::Error]
    );
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &envelope(&json!({"id": 9, "status": 3})))).await;
    let client = account(&server).administrative();
    let error = client
        .follow(9, Duration::from_millis(50), &mut |_| ())
        .await
        .unwrap_err();
    assert_eq!(error.class, DbtFailure::Timeout);
    assert!(error.to_string().contains("goes on at dbt"), "{error}");
}

#[tokio::test]
async fn artifacts_come_as_they_are_and_by_step() {
    let server = ScriptedDbt::serve(|asked| match asked.path.as_str() {
        "/api/v2/accounts/1/runs/9/artifacts/" => {
            DbtReply::json(200, &envelope(&json!(["manifest.json", "logs/dbt.log"])))
        }
        _ => DbtReply {
            status: 200,
            headers: Vec::new(),
            body: b"not an envelope".to_vec(),
        },
    })
    .await;
    let client = account(&server).administrative();
    assert_eq!(
        client.artifacts(9, Some(2)).await.unwrap(),
        ["manifest.json", "logs/dbt.log"]
    );
    assert_eq!(
        client.artifact(9, "logs/dbt.log", Some(2)).await.unwrap(),
        "not an envelope"
    );
    let asked = server.asked();
    assert_eq!(
        (asked[1].path.as_str(), asked[1].query.as_str()),
        ("/api/v2/accounts/1/runs/9/artifacts/logs/dbt.log", "step=2")
    );
    for path in ["../../jobs/", "/etc/passwd", "a b", ""] {
        let error = client.artifact(9, path, None).await.unwrap_err();
        assert_eq!(error.class, DbtFailure::Invalid, "{path}: {error}");
    }
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_trigger_is_sent_once_whatever_happens_to_it() {
    for status in [200, 408, 429, 500, 502, 503, 504] {
        let server =
            ScriptedDbt::serve(move |_| DbtReply::json(status, &envelope(&json!({"id": 11, "status": 1}))))
                .await;
        let answer = account(&server)
            .administrative()
            .trigger(5, "Cardinal: asked by Ana")
            .await;
        assert_eq!(answer.is_ok(), status == 200, "{status}");
        let asked = server.asked();
        assert_eq!(asked.len(), 1, "{status}");
        assert_eq!(asked[0].path, "/api/v2/accounts/1/jobs/5/run/");
        assert_eq!(asked[0].json(), json!({"cause": "Cardinal: asked by Ana"}));
    }
    // What reads is asked again when the failure passes.
    let asked_before = AtomicUsize::new(0);
    let server = ScriptedDbt::serve(move |_| {
        let status = if asked_before.fetch_add(1, Ordering::SeqCst) == 0 {
            503
        } else {
            200
        };
        DbtReply::json(status, &envelope(&json!({"id": 9, "status": 10})))
    })
    .await;
    assert!(account(&server).administrative().run(9).await.is_ok());
    assert_eq!(server.asked().len(), 2);
}

/// Each of the 32 operations, sent through the client by its name, arrives as the list of operations has it; what needs an
/// approval does not arrive.
#[tokio::test]
async fn all_32_operations_arrive_as_they_are_listed() {
    let server = ScriptedDbt::serve(|asked| {
        let data = if asked.method == http::Method::GET && asked.query.contains("limit=") {
            json!([])
        } else {
            json!({"id": 7, "status": 1})
        };
        DbtReply::json(200, &envelope(&data))
    })
    .await;
    let client = account(&server).administrative();
    let id = regex::Regex::new(r"\{\w+\}").unwrap();
    let mut arrived = 0;
    for (operation, line) in ADMINISTRATIVE.iter().zip(crate::operations::listed()) {
        let parameters: Vec<(&'static str, &str)> = parameter_names(operation.path)
            .into_iter()
            .filter(|name| *name != "account_id")
            .map(|name| (name, if name == "path" { "manifest.json" } else { "7" }))
            .collect();
        let before = server.asked().len();
        let sent = if operation.access == OperationAccess::Read {
            let list = operation.name.starts_with("list_") && operation.name != "list_run_artifacts";
            if list {
                client.items(operation, &parameters, 10).await.map(drop)
            } else {
                client.item::<Value>(operation, &parameters).await.map(drop)
            }
        } else {
            let body = match operation.body {
                BodyForm::None => None,
                BodyForm::Cause => Some(json!({"cause": "a test"})),
                _ => Some(json!({"name": "x"})),
            };
            client.change(operation, &parameters, body).await.map(drop)
        };
        assert_eq!(
            sent.is_ok(),
            !operation.needs_approval(),
            "{}: {sent:?}",
            operation.name
        );
        let asked = server.asked();
        if let Some(one) = asked.get(before) {
            let path = line[3]
                .replace("{account_id}", "1")
                .replace("{path}", "manifest.json");
            let path = id.replace_all(&path, "7").into_owned();
            assert_eq!(
                (one.method.as_str(), one.path.as_str()),
                (line[2], path.as_str()),
                "{}",
                operation.name
            );
            arrived += 1;
        }
    }
    assert_eq!(arrived, 32 - 9);
}

#[tokio::test]
async fn a_write_that_is_not_granted_never_leaves() {
    let server = ScriptedDbt::serve(|_| DbtReply::json(200, &envelope(&json!({"id": 1, "status": 1})))).await;
    let settings = super::settings(&server);
    let read = crate::grants::policy(vec![crate::grants::everywhere(GrantLevel::Read)]);
    let wire = cardinal::wire::WireSettings::new(cardinal::dbt::grants(&settings, &read));
    let wire = cardinal::wire::Wire::new(wire).unwrap();
    let account = cardinal::dbt::DbtAccount::new(settings, wire, cardinal::principal::Principal::default());
    let error = account.administrative().trigger(5, "a test").await.unwrap_err();
    assert_eq!(error.class, DbtFailure::Denied);
    assert_eq!(
        error.to_string(),
        "failed to trigger job 5: the request to trigger job 5 was not sent: dbt.runs may only be read by \"analyst\" \
         (grants.rules 1); `cardinal grants` shows what is granted"
    );
    assert!(server.asked().is_empty());
}

/// The last step made documentation, and its results say that all is well.
#[tokio::test]
async fn results_of_a_run_are_those_of_the_steps_that_run_nodes() {
    let server = ScriptedDbt::serve(|asked| {
        let results = |which: &str, status: &str| {
            let results = json!([{"unique_id": "model.shop.orders", "status": status, "timing": []}]);
            DbtReply::json(
                200,
                &json!({"metadata": {}, "args": {"which": which}, "results": results}),
            )
        };
        match asked.query.as_str() {
            "step=3" => results("build", "error"),
            "step=4" => DbtReply::json(
                404,
                &json!({"status": {"code": 404, "is_success": false, "user_message": "None."}}),
            ),
            "step=5" => results("generate", "success"),
            _ => {
                let steps = [
                    (1, "Clone Git Repository"),
                    (2, "Create Profile from Connection dwh"),
                    (3, "Invoke dbt with `dbt build --select tag:dbt orders+`"),
                    (4, "Invoke dbt with `dbt --debug test`"),
                    (5, "Invoke dbt with `dbt docs generate`"),
                ];
                let steps: Vec<Value> = steps
                    .iter()
                    .map(|(index, name)| json!({"index": index, "name": name, "status": 10}))
                    .collect();
                DbtReply::json(
                    200,
                    &envelope(&json!({"id": 9, "status": 20, "run_steps": steps})),
                )
            }
        }
    })
    .await;
    let client = account(&server).administrative();
    let run = client.run(9).await.unwrap();
    let outcomes = client.outcomes(&run).await.unwrap();
    assert_eq!(outcomes["model.shop.orders"].status.as_deref(), Some("error"));
    let asked: Vec<String> = server.asked().into_iter().skip(1).map(|one| one.query).collect();
    assert_eq!(asked, ["step=3", "step=4"]);
}
