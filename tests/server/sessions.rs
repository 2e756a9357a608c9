use serde_json::json;

use super::client::Ask;
use super::database::{psql, tape_lines};
use super::kit::{QUESTION, TestServer};
use crate::support::reply::Reply;

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
    for unknown in ["outcome=answerd", "rating=UP", "rating=1"] {
        let reply = server.get(&format!("/v1/admin/answers?{unknown}")).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!("bad_request")),
            "{unknown}"
        );
    }
    let days = server.get("/v1/admin/usage").await.json();
    assert_eq!(days["days"][0]["answers"], 1);
    assert_eq!(days["days"][0]["answered"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_knows_the_letters_of_all_languages() {
    let server = TestServer::new().await;
    for title in [
        "Umsätze in Österreich",
        "Crédit de l'Été",
        "ЗАКАЗЫ",
        "ΈΣΟΔΑΣ",
        "Umsatz Marktstraße",
        "GRÖSSE",
        "Filialen",
        "İzmir Şubesi",
    ] {
        let made = server.post("/v1/sessions", json!({ "title": title })).await;
        assert_eq!(made.status, 201, "{made:#?}");
    }
    for (searched, title) in [
        ("ÖSTERREICH", "Umsätze in Österreich"),
        ("umsÄtze", "Umsätze in Österreich"),
        ("CRÉDIT", "Crédit de l'Été"),
        ("été", "Crédit de l'Été"),
        ("заказы", "ЗАКАЗЫ"),
        ("έσοδα", "ΈΣΟΔΑΣ"),
        ("strasse", "Umsatz Marktstraße"),
        ("STRAẞE", "Umsatz Marktstraße"),
        ("gro\u{308}ße", "GRÖSSE"),
        ("größe", "GRÖSSE"),
        ("ﬁliale", "Filialen"),
        ("έσοδας", "ΈΣΟΔΑΣ"),
        ("İZMİR", "İzmir Şubesi"),
        ("izmir", "İzmir Şubesi"),
        ("IZMIR", "İzmir Şubesi"),
        ("ızmır", "İzmir Şubesi"),
    ] {
        let encoded: String = searched.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let found = server.get(&format!("/v1/sessions?search={encoded}")).await.json();
        assert_eq!(found["sessions"][0]["title"], title, "{searched}: {found:#}");
        assert_eq!(found["sessions"].as_array().unwrap().len(), 1, "{searched}");
    }
}

/// What a program of before stored is folded when the store is opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_was_stored_before_there_was_one() {
    let server = TestServer::new().await;
    server.ask("Wie groß ist die Straße?").await;
    let sql = "UPDATE answers SET folded = NULL; UPDATE sessions SET folded = NULL";
    match server.store_url.strip_prefix("sqlite:") {
        Some(path) => rusqlite::Connection::open(path)
            .unwrap()
            .execute_batch(sql)
            .unwrap(),
        None => drop(psql(&server.store_url, sql)),
    }
    let search = "/v1/sessions?search=GROSS";
    assert_eq!(server.get(search).await.json()["sessions"], json!([]));
    let server = server.stop().await.start().await;
    assert_eq!(
        server.get(search).await.json()["sessions"][0]["title"],
        "Wie groß ist die Straße?"
    );
    let all = server.get("/v1/admin/answers?search=STRASSE").await.json();
    assert_eq!(all["answers"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_nothing_is_refused_by_name() {
    let server = TestServer::new().await;
    for (list, name) in [
        ("sessions?limit=", "limit"),
        ("admin/answers?limit=", "limit"),
        ("admin/usage?days=", "days"),
    ] {
        let refused = server.get(&format!("/v1/{list}0")).await;
        assert_eq!(refused.status, 400, "{list}");
        let detail = refused.json()["detail"].to_string();
        assert!(detail.contains(&format!("`{name}`")), "{detail}");
        for given in ["1", "100000"] {
            assert_eq!(
                server.get(&format!("/v1/{list}{given}")).await.status,
                200,
                "{list}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_holds_the_whole_question_or_says_that_it_does_not() {
    let server = TestServer::new().await;
    let long = "x".repeat(400);
    for (asked, title) in [
        (
            "Revenue?\n\nBy month,\tin 2025",
            "Revenue? By month, in 2025".to_owned(),
        ),
        (long.as_str(), format!("{}…", "x".repeat(120))),
    ] {
        let record = server.ask(asked).await;
        let path = format!("/v1/sessions/{}", record["session"].as_str().unwrap());
        assert_eq!(server.get(&path).await.json()["title"], title);
        let renamed = server
            .send(Ask::new("PATCH", &path).json(&json!({"title": asked})))
            .await;
        assert_eq!(renamed.json()["title"], title);
    }
}

/// Nothing that a person, a model or the data says looks like a part of an export, or is a link in it.
#[tokio::test(flavor = "multi_thread")]
async fn in_an_export_only_cardinal_writes_headings_and_links() {
    const FORGED: &str = "All is well.\n\n## r9 Revenue\n\nForged\n===\n\n<h3>r8 Orders</h3>\n\nIt was ~~1~~ $$2$$ or $3.\u{202e}\n\n\
                          <div>\n\n# r7 Costs\n\n</div>\n\n```\n# code\n```";
    const ASKED: &str =
        "Is it ~~old~~ $$x$$ https://evil.example/a|b www.evil.example ana@evil.example \u{202e}?";
    let server = TestServer::scripted(vec![Reply::text(FORGED)]).await;
    let record = server.ask(ASKED).await;
    let path = format!("/v1/sessions/{}/export", record["session"].as_str().unwrap());
    let text = server.get(&path).await.body;
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    assert_eq!(headings.len(), 2, "{text}");
    assert!(!text.contains('\u{202e}'), "{text}");
    for said in [
        "> **r9 Revenue**",
        "> **Forged**",
        "> **r7 Costs**",
        "> ‹h3>r8 Orders‹/h3>",
        "\\~\\~1\\~\\~ \\$\\$2\\$\\$ or \\$3",
        "> # code",
    ] {
        assert!(text.contains(said), "{said} is missing in {text}");
    }
    for said in [
        "`https://evil.example/a`\\|`b`",
        "`www.evil.example`",
        "`ana@evil.example`",
        "\\~\\~old",
        "\\$\\$x",
    ] {
        assert!(headings[1].contains(said), "{said} is missing in {text}");
    }
    let page = server.get(&format!("{path}?format=html")).await.body;
    assert_eq!(
        page.matches("<h").count() - page.matches("<html").count() - page.matches("<head").count(),
        2,
        "{page}"
    );
    assert!(page.contains("<blockquote>") && !page.contains("<a "), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_has_the_answers_to_choose_from() {
    let options = json!({"question": "Which one?", "options": ["Gross", "Net https://evil.example/"]});
    let server = TestServer::scripted(vec![Reply::tool_calls([("ask_user", options)])]).await;
    let record = server.ask("What is alpha?").await;
    assert_eq!(record["answer"]["outcome"], "needs_clarification", "{record:#}");
    let path = format!("/v1/sessions/{}/export", record["session"].as_str().unwrap());
    let text = server.get(&path).await.body;
    assert!(text.contains("\n- Gross\n") && text.contains("\n- Net"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_that_says_nothing_gives_way_to_the_first_question() {
    let server = TestServer::new().await;
    for title in [json!(""), json!(null)] {
        let made = server
            .post("/v1/sessions", json!({ "title": title }))
            .await
            .json();
        let record = server.ask_in(made["id"].as_str().unwrap(), QUESTION).await;
        let session = server
            .get(&format!("/v1/sessions/{}", record["session"].as_str().unwrap()))
            .await;
        assert_eq!(session.json()["title"], QUESTION);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_opinion_is_taken_back_by_saying_so_alone() {
    let server = TestServer::new().await;
    let record = server.ask(QUESTION).await;
    let path = format!("/v1/answers/{}/feedback", record["id"].as_str().unwrap());
    let told = server
        .post(&path, json!({"rating": "up", "comment": "Good."}))
        .await
        .json();
    assert_eq!(told["feedback"]["rating"], "up");
    for empty in [json!({}), json!({"comment": "Better."})] {
        let refused = server.post(&path, empty.clone()).await;
        assert_eq!(refused.status, 400, "{empty}");
        assert!(refused.body.contains("rating"), "{}", refused.body);
    }
    let kept = server.get(path.trim_end_matches("/feedback")).await.json();
    assert_eq!(kept["feedback"]["comment"], "Good.");
    let told = server.post(&path, json!({ "rating": null })).await.json();
    assert_eq!(told["feedback"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_says_what_was_asked_for_and_the_demo_links_nowhere() {
    let server = TestServer::new().await;
    let record = server.ask(super::kit::CARD_QUESTION).await;
    assert_eq!(record["answer"]["evidence"][0]["link"], json!(null), "{record:#}");
    assert!(!record.to_string().contains("127.0.0.1"), "{record:#}");
    let path = format!("/v1/sessions/{}/export", record["session"].as_str().unwrap());
    let text = server.get(&path).await.body;
    assert!(text.contains("*year 2025*"), "{text}");
    let page = server.get(&format!("{path}?format=html")).await.body;
    assert!(page.contains("<em>year 2025</em>"), "{page}");
}
