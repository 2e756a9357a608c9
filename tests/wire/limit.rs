use std::time::Duration;

use cardinal::wire::Wire;
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::io::AsyncWriteExt;

use super::retry::quick;
use super::server::{Server, answer};

/// Thinks for 50 ms before each answer.
async fn thoughtful() -> Server {
    Server::start(|_, _, mut socket| async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = socket.write_all(&answer("200 OK", "", b"{}")).await;
    })
    .await
}

#[tokio::test]
async fn a_session_runs_one_query_at_a_time() {
    let server = thoughtful().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let sent = (0..6).map(|n| wire.send(server.query(&format!("[{n}]"))));
    assert!(join_all(sent).await.iter().all(Result::is_ok));
    assert_eq!((server.requests(), server.most_at_once()), (6, 1));
}

#[tokio::test]
async fn sessions_run_side_by_side_up_to_the_ceiling_of_the_host() {
    let server = thoughtful().await;
    let mut settings = quick(&server);
    settings.limit.per_host = 3;
    let wire = Wire::new(settings).unwrap();
    let sessions: Vec<Wire> = (0..9).map(|_| wire.for_session()).collect();
    let sent = sessions.iter().map(|wire| wire.send(server.query("{}")));
    assert!(join_all(sent).await.iter().all(Result::is_ok));
    assert_eq!((server.requests(), server.most_at_once()), (9, 3));
}

#[tokio::test]
async fn metadata_is_read_side_by_side_within_a_session() {
    let server = thoughtful().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let sent = (0..4).map(|n| wire.send(server.get(&format!("/api/card/{n}"))));
    assert!(join_all(sent).await.iter().all(Result::is_ok));
    assert!(server.most_at_once() > 1);
}

#[tokio::test]
async fn a_stream_holds_its_place_until_it_is_read_or_dropped() {
    let server = thoughtful().await;
    let wire = Wire::new(quick(&server)).unwrap();
    let streamed = || {
        let mut request = server.query("{}");
        request.policy.buffered = false;
        request
    };
    let soon = Duration::from_millis(300);

    let held = wire.send(streamed()).await.unwrap();
    assert!(tokio::time::timeout(soon, wire.send(streamed())).await.is_err());
    assert_eq!(server.requests(), 1, "the second waits before it is sent");
    drop(held);

    let mut read = tokio::time::timeout(soon, wire.send(streamed()))
        .await
        .unwrap()
        .unwrap();
    while let Some(chunk) = read.body.next().await {
        chunk.unwrap();
    }
    assert!(tokio::time::timeout(soon, wire.send(streamed())).await.is_ok());
    drop(read);
}

#[tokio::test]
async fn a_dropped_request_gives_its_place_back() {
    let server = Server::start(|number, _, mut socket| async move {
        if number == 0 {
            std::future::pending::<()>().await;
        }
        let _ = socket.write_all(&answer("200 OK", "", b"{}")).await;
    })
    .await;
    let mut settings = quick(&server);
    settings.limit.per_host = 1;
    let wire = Wire::new(settings).unwrap();
    let soon = Duration::from_millis(200);
    let (running, waiting) = tokio::join!(
        tokio::time::timeout(soon, wire.send(server.query("[1]"))),
        tokio::time::timeout(soon, wire.send(server.query("[2]"))),
    );
    assert!(running.is_err() && waiting.is_err());
    let third = tokio::time::timeout(Duration::from_secs(5), wire.send(server.query("[3]")));
    assert!(third.await.unwrap().is_ok());
}
