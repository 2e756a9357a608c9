use serde_json::{Value, json};

use crate::client::{Dbt, job};

fn ids(list: &Value) -> Vec<i64> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn pages_hold_every_row_once_and_say_how_many_there_are() {
    let dbt = Dbt::start().await;
    for _ in 0..120 {
        dbt.post(2, "/jobs/", job(dbt.running.account_id)).await.data();
    }
    let all = dbt.get(2, "/jobs/").await.json();
    assert_eq!(
        all["extra"]["pagination"],
        json!({ "count": 100, "total_count": 125 })
    );
    let more = dbt.get(2, "/jobs/?limit=1000").await.json();
    assert_eq!(
        more["data"].as_array().unwrap().len(),
        100,
        "no page has more than 100 rows"
    );
    let (mut seen, mut offset) = (Vec::new(), 0);
    loop {
        let page = dbt
            .get(2, &format!("/jobs/?limit=33&offset={offset}"))
            .await
            .json();
        let count = page["extra"]["pagination"]["count"].as_u64().unwrap();
        seen.extend(ids(&page["data"]));
        offset += count;
        if offset >= page["extra"]["pagination"]["total_count"].as_u64().unwrap() {
            break;
        }
        assert_eq!(count, 33);
    }
    let mut once = seen.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!((seen.len(), once.len()), (125, 125));
    let beyond = dbt.get(2, "/jobs/?offset=500").await.json();
    assert_eq!(
        beyond["extra"]["pagination"],
        json!({ "count": 0, "total_count": 125 })
    );
    for wrong in ["limit=0", "limit=x", "offset=-1"] {
        assert_eq!(
            dbt.get(2, &format!("/jobs/?{wrong}")).await.status,
            400,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn runs_are_filtered_and_ordered() {
    let dbt = Dbt::start().await;
    let newest = dbt
        .get(2, "/runs/?order_by=-id&limit=1&job_definition_id=8001")
        .await
        .data();
    assert_eq!(newest[0]["status"], 20, "the last night failed");
    assert_eq!(newest[0]["status_humanized"], "Error");
    for (query, wanted) in [
        ("status=20", vec![20]),
        ("status__in=[20,30]", vec![20, 30]),
        ("status=10&job_definition_id=8002", vec![10]),
    ] {
        let runs = dbt.get(2, &format!("/runs/?{query}")).await.data();
        let mut statuses: Vec<i64> = runs
            .as_array()
            .unwrap()
            .iter()
            .map(|run| run["status"].as_i64().unwrap())
            .collect();
        statuses.sort_unstable();
        statuses.dedup();
        assert_eq!(statuses, wanted, "{query}");
    }
    let range = "[\"2026-06-25T00:00:00Z\",\"2026-06-26T00:00:00Z\"]";
    let day = dbt
        .get(2, &format!("/runs/?created_at__range={}", urlencoded(range)))
        .await
        .data();
    assert_eq!(day.as_array().unwrap().len(), 1);
    let ascending = ids(&dbt
        .get(2, "/runs/?order_by=created_at&job_definition_id=8001")
        .await
        .data());
    let descending = ids(&dbt
        .get(2, "/runs/?order_by=-created_at&job_definition_id=8001")
        .await
        .data());
    assert_eq!(ascending, descending.into_iter().rev().collect::<Vec<_>>());
    let after = dbt
        .get(2, &format!("/runs/?id__gt={}", newest[0]["id"]))
        .await
        .data();
    assert_eq!(after, json!([]));
}

fn urlencoded(text: &str) -> String {
    text.bytes()
        .fold(String::new(), |text, byte| format!("{text}%{byte:02x}"))
}

#[tokio::test]
async fn related_things_come_when_they_are_asked_for() {
    let dbt = Dbt::start().await;
    let bare = dbt.get(2, "/jobs/8001/").await.data();
    assert!(bare.get("most_recent_run").is_none());
    // As dbt-mcp writes it.
    let job = dbt
        .get(
            2,
            "/jobs/8001/?include_related=%5B%27most_recent_run%27%2C%27most_recent_completed_run%27%5D",
        )
        .await
        .data();
    assert_eq!(job["most_recent_run"]["status_humanized"], "Error");
    let project = dbt
        .get(3, "/projects/5201/?include_related=environments,repository")
        .await
        .data();
    assert_eq!(project["environments"].as_array().unwrap().len(), 3);
    assert_eq!(project["repository"]["full_name"], "example/shop");
    let run = dbt.get(2, "/runs/60001/").await.data();
    assert_eq!(
        (run["run_steps"].clone(), run["job"].clone()),
        (json!([]), Value::Null)
    );
    let run = dbt
        .get(
            2,
            "/runs/60001/?include_related=[\"run_steps\",\"job\",\"trigger\"]",
        )
        .await
        .data();
    assert_eq!(run["job"]["name"], "Daily build");
    assert_eq!(run["trigger"]["cause_category"], "scheduled");
    assert_eq!(run["run_steps"][0]["index"], 1);
    let production = dbt
        .get(3, "/projects/5201/environments/?deployment_type=production")
        .await
        .data();
    assert_eq!(ids(&production), [7001]);
    let repositories = dbt.get(3, "/projects/5202/repositories/").await.data();
    assert_eq!(repositories, json!([]));
}
