//! People who ask with their own session of Metabase.

use std::sync::Arc;

use cardinal::config::CredentialPolicy;
use cardinal::sandbox::{RunningSandbox, ServeOptions, serve};
use serde_json::{Value, json};

use super::client::{Ask, Reply};
use super::kit::{CARD_QUESTION, TestServer};

use crate::support::demo_world::WORLD;

const HEADER: &str = "x-metabase-session";

async fn server() -> (RunningSandbox, TestServer) {
    TestServer::over_metabase(|settings, _| settings.server.credential = CredentialPolicy::Session).await
}

/// Signs in to Metabase as a person does.
async fn session(sandbox: &RunningSandbox, who: &str) -> String {
    let body = json!({"username": format!("{who}@example.com"), "password": format!("sandbox-{who}")});
    let reply = Ask::post("/api/session", &body).send(&sandbox.url).await;
    assert_eq!(reply.status, 200, "{reply:#?}");
    reply.json()["id"].as_str().unwrap().to_owned()
}

fn ask() -> Ask {
    Ask::post("/v1/answers", &json!({"question": CARD_QUESTION}))
}

fn tables(reply: &Reply) -> usize {
    let catalog = reply.json();
    let entries = catalog["entries"].as_array().unwrap().iter();
    entries.filter(|entry| entry["kind"] == "table").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_person_is_who_metabase_says_and_sees_what_it_shows_them() {
    let (sandbox, server) = server().await;
    let (analyst, viewer) = (
        session(&sandbox, "analyst").await,
        session(&sandbox, "viewer").await,
    );
    let of = |lent: &str, ask: Ask| server.send(ask.with(HEADER, lent));
    let me = of(&viewer, Ask::get("/v1/me")).await.json();
    assert_eq!(
        (&me["principal"], &me["name"], &me["auth"], &me["scopes"]),
        (
            &json!("viewer@example.com"),
            &json!("Vi Ewer"),
            &json!("metabase"),
            &json!(["ask"])
        )
    );
    let (wide, narrow) = (
        of(&analyst, Ask::get("/v1/catalog")).await,
        of(&viewer, Ask::get("/v1/catalog")).await,
    );
    assert!(tables(&wide) > 0 && tables(&narrow) == 0, "{wide:#?} {narrow:#?}");
    let (of_analyst, of_viewer) = (of(&analyst, ask()).await.json(), of(&viewer, ask()).await.json());
    for (record, who) in [(&of_analyst, "analyst"), (&of_viewer, "viewer")] {
        assert_eq!(record["answer"]["outcome"], "answered", "{record:#}");
        assert_eq!(record["asked_by"], format!("{who}@example.com"));
    }
    // What one of them asked is nothing to the other.
    let path = format!("/v1/answers/{}", of_analyst["id"].as_str().unwrap());
    assert_eq!(of(&viewer, Ask::get(&path)).await.status, 404);
    assert_eq!(of(&analyst, Ask::get(&path)).await.status, 200);
    let tape = of(&analyst, Ask::get(&format!("{path}/tape"))).await;
    assert!(
        tape.body
            .lines()
            .next()
            .unwrap()
            .contains("\"principal\":\"analyst@example.com\"")
    );
    // A second session of the same person is the same person.
    let again = session(&sandbox, "analyst").await;
    assert_eq!(of(&again, Ask::get(&path)).await.status, 200);
    assert_eq!(of(&again, ask()).await.json()["answer"]["outcome"], "answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_good_session_nobody_gets_in_and_is_told_so_in_the_words_of_the_wire() {
    let (sandbox, server) = server().await;
    let good = session(&sandbox, "analyst").await;
    let ended = session(&sandbox, "viewer").await;
    sandbox.end_sessions();
    let key = {
        use secrecy::ExposeSecret as _;
        sandbox.api_key.expose_secret().to_owned()
    };
    let chat = json!({"model": "cardinal", "messages": [{"role": "user", "content": CARD_QUESTION}]});
    let ui = json!({"id": "c1", "messages": [{"role": "user", "parts": [{"type": "text", "text": CARD_QUESTION}]}]});
    for wrong in [
        ended.as_str(),
        good.as_str(),
        "00000000-0000-4000-8000-000000000000",
        "short",
        key.as_str(),
        &"x".repeat(4000),
    ] {
        let native = server.send(ask().with(HEADER, wrong)).await;
        assert_eq!(native.status, 401, "{wrong} {native:#?}");
        assert_eq!(native.json()["code"], "metabase_session");
        let openai = Ask::post("/v1/chat/completions", &chat).with(HEADER, wrong);
        let openai = server
            .send(openai.with("authorization", "Bearer sk-unused"))
            .await;
        assert_eq!(openai.status, 401, "{openai:#?}");
        assert_eq!(openai.json()["error"]["type"], "authentication_error");
        let plain = server.send(Ask::post("/api/chat", &ui).with(HEADER, wrong)).await;
        assert_eq!(
            (plain.status, plain.body.starts_with("the session of Metabase")),
            (401, true)
        );
        for reply in [&native, &plain] {
            assert!(!reply.body.contains(wrong), "{reply:#?}");
        }
    }
    let none = server.send(ask()).await;
    assert_eq!(none.status, 401, "{none:#?}");
    assert!(none.body.contains("X-Metabase-Session"), "{none:#?}");
    // Two of them are none.
    let fresh = session(&sandbox, "analyst").await;
    let twice = ask().with(HEADER, &fresh).with(HEADER, &fresh);
    assert_eq!(server.send(twice).await.status, 401);
    assert_eq!(server.send(ask().with(HEADER, &fresh)).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_metabase_refuses_in_a_turn_is_believed_no_longer() {
    let (sandbox, server) = server().await;
    let lent = session(&sandbox, "analyst").await;
    let me = || Ask::get("/v1/me").with(HEADER, &lent);
    assert_eq!(
        server.send(ask().with(HEADER, &lent)).await.json()["answer"]["outcome"],
        "answered"
    );
    sandbox.end_sessions();
    assert_eq!(server.send(me()).await.status, 200, "nobody has seen it end");
    let other = json!({"question": "Revenue by country in 2024?"});
    let late = Ask::post("/v1/answers", &other).with(HEADER, &lent);
    let late = server.send(late).await.json();
    assert_ne!(late["answer"]["outcome"], "answered", "{late:#}");
    let refused = server.send(me()).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (401, &json!("metabase_session"))
    );
    assert_eq!(server.send(ask().with(HEADER, &lent)).await.status, 401);
    // Whoever signs in again goes on.
    let fresh = session(&sandbox, "analyst").await;
    let again = server.send(ask().with(HEADER, &fresh)).await.json();
    assert_eq!(again["answer"]["outcome"], "answered", "{again:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_another_credential_alone_may_not_ask_in_anybodys_name() {
    let (sandbox, server) = server().await;
    let token = server.token("somebody@example.com", &["ask", "admin"]).await;
    let bearer = format!("Bearer {token}");
    let asked = server.send(ask().with("authorization", &bearer)).await;
    assert_eq!(asked.status, 401, "{asked:#?}");
    assert!(asked.body.contains("X-Metabase-Session"), "{asked:#?}");
    for path in ["/v1/catalog", "/v1/suggestions"] {
        let reply = server.send(Ask::get(path).with("authorization", &bearer)).await;
        assert_eq!(reply.status, 401, "{reply:#?}");
    }
    // What asks Metabase nothing is open to them.
    let usage = Ask::get("/v1/admin/usage").with("authorization", &bearer);
    assert_eq!(server.send(usage).await.status, 200);
    // Beside a session, the session says who asks, and gives no scope of the token.
    let lent = session(&sandbox, "viewer").await;
    let both = Ask::get("/v1/me")
        .with("authorization", &bearer)
        .with(HEADER, &lent);
    let me = server.send(both).await.json();
    assert_eq!(
        (&me["principal"], &me["scopes"]),
        (&json!("viewer@example.com"), &json!(["ask"]))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_shared_credential_takes_no_session() {
    let server = TestServer::with(|settings| {
        settings.server.auth = cardinal::config::AuthPolicy::Required;
    })
    .await;
    let reply = server
        .send(ask().with(HEADER, "00000000-0000-4000-8000-000000000000"))
        .await;
    assert_eq!(reply.status, 401, "{reply:#?}");
    assert!(reply.body.contains("Bearer"), "{reply:#?}");
}

/// Every file below a folder that holds these bytes.
fn holding(folder: &std::path::Path, needle: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, needle));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let needle = needle.as_bytes();
            if bytes.windows(needle.len()).any(|window| window == needle) {
                found.push(path);
            }
        }
    }
    found
}

/// The program itself, with everything that it says and keeps: nothing of a session is in it.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_session_is_logged_or_kept() {
    let sandbox = serve(ServeOptions::new(Arc::clone(&WORLD))).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    let config = format!(
        "version = 1\n[metabase]\nurl = \"{}\"\n[catalog]\ncollections = [{}]\n[server]\ncredential = \"session\"\n\
         [approvals]\ndir = \"approvals\"\n[call_log]\ndir = \"calls\"\n",
        sandbox.url,
        sandbox.curated_collection_id.unwrap()
    );
    std::fs::write(home.join("cardinal.toml"), config).unwrap();
    let key = {
        use secrecy::ExposeSecret as _;
        sandbox.api_key.expose_secret().to_owned()
    };
    let log = std::fs::File::create(home.join("log")).unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_cardinal"))
        .args(["serve", "--listen", "127.0.0.1:0", "-vvv", "--log-json"])
        .env_clear()
        .env("HOME", home)
        .env("METABASE_API_KEY", key)
        .env("CARDINAL_LOG", "trace")
        .env(
            "CARDINAL_DATABASE_URL",
            format!("sqlite:{}", home.join("store.sqlite").display()),
        )
        .current_dir(home)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(child.stdout.as_mut().unwrap()),
        &mut line,
    )
    .unwrap();
    let said: Value = serde_json::from_str(&line)
        .unwrap_or_else(|error| panic!("{error}: {}", std::fs::read_to_string(home.join("log")).unwrap()));
    assert_eq!(said["auth"], "required");
    let url = said["url"].as_str().unwrap().to_owned();
    let lent = session(&sandbox, "analyst").await;
    let wrong = "11111111-2222-4333-8444-555555555555";
    let good = ask().with(HEADER, &lent).send(&url).await;
    assert_eq!(good.json()["answer"]["outcome"], "answered", "{good:#?}");
    assert_eq!(ask().with(HEADER, wrong).send(&url).await.status, 401);
    // It ends while it is still believed: the question fails, and says nothing of it.
    sandbox.end_sessions();
    let other = json!({"question": "Revenue by country in 2024?"});
    let late = Ask::post("/v1/answers", &other)
        .with(HEADER, &lent)
        .send(&url)
        .await;
    assert_ne!(late.json()["answer"]["outcome"], "answered", "{late:#?}");
    assert!(!late.body.contains(&lent), "{late:#?}");
    child.kill().unwrap();
    child.wait().unwrap();
    let log = std::fs::read_to_string(home.join("log")).unwrap();
    assert!(log.contains("\"route\":\"/v1/answers\""), "the log says nothing");
    assert!(home.join("store.sqlite").exists());
    for secret in [lent.as_str(), wrong] {
        assert_eq!(holding(home, secret), Vec::<std::path::PathBuf>::new());
    }
}
