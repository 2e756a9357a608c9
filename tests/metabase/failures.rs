use cardinal::catalog::CardId;
use cardinal::metabase::{CardRun, FailureClass, FetchedTable, MetabaseClient, MetabaseError};
use serde_json::json;

use super::scripted::{Reply, Scripted, api_key, client, completed, failed, json_reply, one_card, raw, text};

const QUERY: &str = "POST /api/card/7/query";

async fn run(client: &MetabaseClient) -> Result<FetchedTable, MetabaseError> {
    let card = one_card(&json!([])).allow_card(CardId(7)).unwrap();
    client
        .run_card(&CardRun {
            card,
            arguments: vec![],
        })
        .await
}

async fn run_with(reply: Reply) -> Result<FetchedTable, MetabaseError> {
    let server = Scripted::start().await;
    server.on(QUERY, reply);
    run(&server.client()).await
}

async fn failure(reply: Reply) -> MetabaseError {
    run_with(reply).await.unwrap_err()
}

fn whole() -> String {
    completed(
        &json!([{ "name": "id", "base_type": "type/Integer" }, { "name": "note", "base_type": "type/Text" }]),
        &json!([
            [1, "a\u{e9}{}"],
            [2, null],
            [3, "\"quoted\" \\ {\"error\":\"no\"}"]
        ]),
    )
    .to_string()
}

#[tokio::test]
async fn plain_texts_keep_their_words_and_say_what_to_do() {
    let gone = failure(text(404, "Not found.")).await;
    assert_eq!(gone.class, FailureClass::NotFound);
    assert!(
        gone.to_string().contains("Not found.") && gone.to_string().contains("may not see it"),
        "{gone}"
    );

    let old = failure(text(404, "API endpoint does not exist.")).await;
    assert!(old.message.contains("does not have this route"), "{old}");

    let forbidden = failure(text(403, "You don't have permissions to do that.")).await;
    assert_eq!(
        (forbidden.class, forbidden.status),
        (FailureClass::Forbidden, Some(403))
    );
    assert!(forbidden.message.contains("administrator"), "{forbidden}");
}

#[tokio::test]
async fn a_wrong_key_is_told_from_a_missing_one_by_nobody_so_both_are_named() {
    let body = json!({
        "error": "missing_authorization",
        "message": "Authentication required. Use X-Metabase-Session header or Authorization: Bearer <jwt>.",
    });
    let error = failure(json_reply(401, &body)).await;
    assert_eq!(error.class, FailureClass::Unauthorized);
    assert!(error.message.contains("missing, wrong or expired"), "{error}");
    assert!(!format!("{error:?} {error}").contains("SECRET-KEY"));
}

#[tokio::test]
async fn the_variable_of_a_refused_key_is_the_one_that_was_set() {
    for (from, named) in [
        (None, "check METABASE_API_KEY or"),
        (Some("METABASE_API_KEY"), "check METABASE_API_KEY or"),
        (Some("OUR_KEY"), "check OUR_KEY"),
    ] {
        let server = Scripted::start().await;
        server.on(QUERY, text(401, "Unauthenticated"));
        let mut settings = server.settings(api_key());
        settings.credential_from = from.map(str::to_owned);
        let error = run(&client(settings)).await.unwrap_err().to_string();
        assert!(error.contains(named), "{error}");
        assert_eq!(
            error.contains("METABASE_API_KEY"),
            from != Some("OUR_KEY"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn validation_errors_name_their_fields() {
    let body = json!({
        "errors": { "limit": "must be a positive integer", "filters": [{ "operation": "unknown" }] },
        "specific-errors": {},
    });
    let error = failure(json_reply(400, &body)).await;
    assert_eq!(error.class, FailureClass::InvalidQuery);
    assert!(
        error.message.contains("limit: must be a positive integer"),
        "{error}"
    );
    assert!(error.message.contains("filters.operation: unknown"), "{error}");
}

#[tokio::test]
async fn exceptions_show_their_message_even_when_the_server_hides_it() {
    let body = json!({ "message": "Cannot run the query", "via": [{}], "trace": [], "cause": "inner" });
    let error = failure(json_reply(500, &body)).await;
    assert_eq!(error.class, FailureClass::Unavailable);
    assert!(error.message.contains("Cannot run the query"), "{error}");

    let hidden = failure(json_reply(400, &json!({ "message": "Something went wrong" }))).await;
    assert_eq!(hidden.class, FailureClass::InvalidQuery);
    assert!(hidden.message.contains("hides the reason"), "{hidden}");
}

#[tokio::test]
async fn a_parameter_that_the_card_no_longer_has_is_drift() {
    let message = "Invalid parameter: Card 7 does not have a template tag named \"state\".";
    let error = failure(json_reply(
        500,
        &json!({ "message": message, "allowed-parameters": [] }),
    ))
    .await;
    assert_eq!(error.class, FailureClass::CatalogDrift);
    assert!(error.message.contains("refresh the catalog"), "{error}");
}

#[tokio::test]
async fn a_failed_query_is_no_success_whatever_its_status() {
    for status in [200, 202, 400, 500] {
        let error = failure(json_reply(
            status,
            &failed("no such column: STATE", "invalid-query"),
        ))
        .await;
        assert_eq!(
            (error.class, error.status),
            (FailureClass::InvalidQuery, Some(status))
        );
        assert!(error.message.contains("no such column: STATE"), "{error}");
        assert!(!error.message.contains("secret.code"), "{error}");
    }
    let interrupted =
        json!({ "data": { "rows": [[1]], "cols": [{ "name": "n" }] }, "status": "interrupted" });
    assert!(
        failure(json_reply(202, &interrupted))
            .await
            .message
            .contains("interrupted")
    );
    let missing = json!({ "data": { "rows": [], "cols": [] } });
    assert_eq!(
        failure(json_reply(202, &missing)).await.class,
        FailureClass::Unreadable
    );
}

#[tokio::test]
async fn a_whole_body_is_taken() {
    let fetched = run_with(raw(202, "application/json", whole())).await.unwrap();
    assert_eq!(fetched.table.rows.len(), 3);
    assert_eq!(fetched.table.bytes_received, whole().len() as u64);
}

#[tokio::test]
async fn a_body_cut_anywhere_is_never_complete() {
    let whole = whole();
    let server = Scripted::start().await;
    let lengths: Vec<usize> = (0..whole.len()).collect();
    for length in &lengths {
        server.on(QUERY, raw(202, "application/json", &whole.as_bytes()[..*length]));
    }
    let client = server.client();
    for length in lengths {
        let error = run(&client).await.unwrap_err();
        assert!(
            matches!(error.class, FailureClass::Unavailable | FailureClass::Unreadable),
            "cut at {length}: {error}"
        );
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_an_error_even_behind_whole_json() {
    let error = failure(raw(202, "application/json", whole()).then_cut()).await;
    assert_eq!(error.class, FailureClass::Unavailable);
    assert!(
        error.message.contains("broke") && error.source.is_some(),
        "{error}"
    );
}

#[tokio::test]
async fn an_error_glued_to_partial_json_is_found_and_told() {
    let whole = whole();
    let blob = failed("canceling statement due to user request", "timed-out").to_string();
    for length in [10, 25, 40, 60, whole.len()] {
        let error = failure(raw(
            202,
            "application/json",
            format!("{}{blob}", &whole[..length]),
        ))
        .await;
        assert!(
            error.message.contains("canceling statement"),
            "glued at {length}: {error}"
        );
        assert_eq!((error.class, error.status), (FailureClass::Timeout, Some(202)));
    }
}

#[tokio::test]
async fn what_a_proxy_says_is_not_repeated() {
    let error = failure(raw(502, "text/html", "<html><script>alert(1)</script></html>")).await;
    assert_eq!(error.class, FailureClass::Unavailable);
    assert!(
        error.message.contains("502") && !error.message.contains("script"),
        "{error}"
    );
    let error = failure(raw(200, "text/html", "<html></html>")).await;
    assert_eq!(error.class, FailureClass::Unreadable);
}

#[tokio::test]
async fn long_and_dirty_texts_are_cut_and_cleaned() {
    let dirty = format!("line\none\u{1b}[31m{}", "x".repeat(5_000));
    let error = failure(text(400, &dirty)).await;
    assert!(error.message.chars().count() < 600, "{}", error.message.len());
    assert!(!error.message.chars().any(char::is_control), "{error}");
}

#[tokio::test]
async fn a_body_beyond_the_cap_is_refused() {
    let error = failure(raw(202, "application/json", vec![b' '; 2 * 1024 * 1024])).await;
    assert_eq!(error.class, FailureClass::TooLarge);
    assert!(error.message.contains("fewer rows"), "{error}");
}

#[tokio::test]
async fn nothing_listens() {
    let server = Scripted::start().await;
    let mut settings = server.settings(api_key());
    settings.url = "http://127.0.0.1:9/".parse().unwrap();
    let error = client(settings).server().await.unwrap_err();
    assert_eq!(error.class, FailureClass::Unavailable);
    assert!(error.message.contains("check the address"), "{error}");
}
