//! What people say of answers goes into cases.

use serde_json::json;

use super::kit::{QUESTION, TestServer};

/// `cardinal` over the store of a server.
fn run(server: &TestServer, arguments: &[&str]) -> std::process::Output {
    std::process::Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args(arguments)
        .env_clear()
        .env("HOME", server.folder.path())
        .env("CARDINAL_DATABASE_URL", &server.store_url)
        .current_dir(server.folder.path())
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_rated_becomes_a_case_that_says_so() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let id = record["id"].as_str().unwrap();
    let opinion = json!({"rating": "down", "comment": "2024 was meant:\nids: [x]"});
    let rated = server.post(&format!("/v1/answers/{id}/feedback"), opinion).await;
    assert_eq!(rated.status, 200, "{rated:#?}");
    let made = run(
        &server,
        &["eval", "promote", id, "--suite", "suite", "--id", "orders"],
    );
    assert!(made.status.success(), "{made:?}");
    let case = server.folder.path().join("suite/cases/orders.yaml");
    let case = std::fs::read_to_string(case).unwrap();
    assert!(case.contains("tags: [promoted, rated-down]"), "{case}");
    assert!(
        case.contains("# \"local\" said down: \"2024 was meant:\\nids: [x]\"\n"),
        "{case}"
    );
    let replayed = run(&server, &["eval", "run", "suite", "--mode", "replay"]);
    assert!(replayed.status.success(), "{replayed:?}");

    let missing = run(&server, &["eval", "promote", "ans_missing", "--suite", "suite"]);
    let said = String::from_utf8(missing.stderr).unwrap();
    assert!(
        !missing.status.success() && said.contains("has no finished answer ans_missing"),
        "{said}"
    );
}
