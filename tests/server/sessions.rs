use serde_json::json;

use super::client::Ask;
use super::database::tape_lines;
use super::kit::{QUESTION, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_found_renamed_and_deleted() {
    let server = TestServer::new().await;
    let first = server.ask(QUESTION).await;
    server.ask("Revenue by month in 2025").await;
    let listed = server.get("/v1/sessions").await.json();
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0]["title"], "Revenue by month in 2025");
    assert_eq!(
        (&sessions[1]["turns"], &sessions[1]["running"]),
        (&json!(1), &json!(null))
    );

    let page = server.get("/v1/sessions?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    let rest = server
        .get(&format!("/v1/sessions?limit=1&before={next}"))
        .await
        .json();
    assert_eq!(rest["sessions"][0]["id"], sessions[1]["id"]);
    assert_eq!(rest["next"], json!(null));

    let found = server.get("/v1/sessions?search=ORDERS").await.json();
    assert_eq!(found["sessions"][0]["id"], first["session"]);
    assert_eq!(found["sessions"].as_array().unwrap().len(), 1);
    let none = server.get("/v1/sessions?search=100%25").await.json();
    assert_eq!(none["sessions"], json!([]));

    let path = format!("/v1/sessions/{}", first["session"].as_str().unwrap());
    let renamed = server
        .send(Ask::new("PATCH", &path).json(&json!({"title": "Orders"})))
        .await
        .json();
    assert_eq!(renamed["title"], "Orders");
    let whole = server.get(&path).await.json();
    assert_eq!(whole["answers"][0], first);

    let markdown = server.get(&format!("{path}/export")).await;
    assert!(markdown.body.starts_with("# Orders\n"), "{}", markdown.body);
    assert!(markdown.body.contains(QUESTION.trim_end_matches('?')));
    let html = server.get(&format!("{path}/export?format=html")).await;
    assert!(html.body.contains("<table>") && html.header("content-disposition").starts_with("attachment"));

    let lines = || tape_lines(&server.store_url, first["id"].as_str().unwrap());
    assert!(lines() > 0);
    assert_eq!(server.send(Ask::new("DELETE", &path)).await.status, 204);
    assert_eq!(server.get(&path).await.status, 404);
    let answer = format!("/v1/answers/{}", first["id"].as_str().unwrap());
    assert_eq!(server.get(&answer).await.status, 404);
    assert_eq!(lines(), 0, "a deleted session left its tape");
}

#[tokio::test(flavor = "multi_thread")]
async fn administrators_see_what_was_asked_and_what_it_cost() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let all = server.get("/v1/admin/answers?outcome=answered").await.json();
    assert_eq!(all["answers"][0]["id"], record["id"]);
    assert_eq!(all["answers"][0]["cost_usd"], 0.0);
    let none = server.get("/v1/admin/answers?outcome=refused").await.json();
    assert_eq!(none["answers"], json!([]));
    let days = server.get("/v1/admin/usage").await.json();
    assert_eq!(days["days"][0]["answers"], 1);
    assert_eq!(days["days"][0]["answered"], 1);
}
