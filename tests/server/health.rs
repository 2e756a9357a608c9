//! What probes are told.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use cardinal::catalog::TableRule;
use cardinal::sandbox::{ServeOptions as SandboxOptions, serve as serve_sandbox};
use cardinal::server::{ServerOptions, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::client::Ask;
use super::database;
use super::kit::{QUESTION, TestServer, settings};
use crate::support::demo_world::WORLD;
use crate::support::stack::{curated, metabase_settings};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_catalog_says_that_it_begins() {
    let sandbox = serve_sandbox(SandboxOptions::new(Arc::clone(&WORLD)))
        .await
        .unwrap();
    // A Metabase that takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings(&database::store_url(folder.path()));
    let mut metabase = metabase_settings(&sandbox, Duration::from_secs(600));
    metabase.url = format!("http://{}", silent.local_addr().unwrap())
        .parse()
        .unwrap();
    settings.metabase = Some(metabase);
    settings.catalog = curated(&sandbox, TableRule::default());
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listen: SocketAddr = free.local_addr().unwrap();
    drop(free);
    let options = ServerOptions {
        listen,
        open: cardinal::OpenOptions::default(),
    };
    let starting = tokio::spawn(serve(settings, options));
    // Only a server that loads asks.
    let _held = silent.accept().await.unwrap();
    let url = format!("http://{listen}");
    let alive = Ask::get("/healthz").send(&url).await;
    assert_eq!((alive.status, &alive.json()["status"]), (200, &json!("ok")));
    let ready = Ask::get("/readyz").send(&url).await;
    assert_eq!(
        (ready.status, ready.json()),
        (
            503,
            json!({"status": "unavailable", "checks": {"catalog": "is being loaded"}, "remarks": {}})
        )
    );
    for ask in [
        Ask::post("/v1/answers", &json!({"question": QUESTION})),
        Ask::get("/"),
    ] {
        let reply = ask.send(&url).await;
        assert_eq!((reply.status, &reply.json()["code"]), (503, &json!("starting")));
        assert_eq!(reply.header("retry-after"), "2");
    }
    // A start that is given up leaves the address.
    starting.abort();
    assert!(starting.await.unwrap_err().is_cancelled());
    while TcpListener::bind(listen).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_that_cannot_be_loaded_again_is_told_and_serves() {
    let (sandbox, server) =
        TestServer::over_metabase(|settings, _| settings.catalog.max_age = Duration::from_secs(1)).await;
    let url = sandbox.url.clone();
    let ready = async || {
        let reply = server.get("/readyz").await;
        (reply.status, reply.json())
    };
    let well =
        json!({"status": "ok", "checks": {"catalog": "ok", "server": "ok", "store": "ok"}, "remarks": {}});
    assert_eq!(ready().await, (200, well.clone()));
    sandbox.shutdown().await;
    let mut told = Value::Null;
    for _ in 0..600 {
        told = ready().await.1;
        if told["remarks"].get("catalog").is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let remark = told["remarks"]["catalog"].as_str().unwrap_or_default();
    assert!(remark.contains("the one before serves"), "{told:#}");
    // Whoever may ask needs no credential, so that no address is in it.
    assert!(!remark.contains(url.trim_start_matches("http://")), "{remark}");
    let (status, body) = ready().await;
    assert_eq!(
        (status, &body["status"], &body["checks"]),
        (200, &well["status"], &well["checks"])
    );
    assert!(
        !server.get("/v1/catalog").await.json()["entries"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}
