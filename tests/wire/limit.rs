use std::time::Duration;

use cardinal::wire::{Purpose, RecordedFailure, Wire, WireError};
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
    settings.limit.metabase = 3;
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
    settings.limit.metabase = 1;
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

#[tokio::test]
async fn model_and_metabase_have_ceilings_of_their_own() {
    let server = thoughtful().await;
    let mut settings = quick(&server);
    settings.limit.metabase = 1;
    settings.limit.model = 4;
    let wire = Wire::new(settings).unwrap();
    let sessions: Vec<Wire> = (0..8).map(|_| wire.for_session()).collect();
    let completions = sessions.iter().map(|wire| {
        let mut request = server.query("{}");
        request.policy.purpose = Purpose::Completion;
        wire.send(request)
    });
    let queries = sessions.iter().map(|wire| wire.send(server.query("{}")));
    let (completions, queries) = tokio::join!(join_all(completions), join_all(queries));
    assert!(completions.iter().chain(&queries).all(Result::is_ok));
    assert!(
        server.most_at_once() > 1 && server.most_at_once() <= 5,
        "{}",
        server.most_at_once()
    );
    assert!(sessions.iter().any(|wire| !wire.queue_time().total().is_zero()));
}

#[tokio::test]
async fn a_wait_without_end_is_given_up_with_its_reason() {
    let server = Server::start(|_, _, socket| async move {
        let _open = socket;
        std::future::pending::<()>().await;
    })
    .await;
    let mut settings = quick(&server);
    settings.limit.metabase = 1;
    settings.limit.longest_wait = Duration::from_millis(20);
    let wire = Wire::new(settings).unwrap();
    let (running, waiting) = (wire.for_session(), wire.for_session());
    let running = tokio::spawn({
        let request = server.query("[1]");
        async move { running.send(request).await.map(|_| ()) }
    });
    while server.requests() == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let error = waiting.send(server.query("[2]")).await.unwrap_err();
    assert!(matches!(error, WireError::Busy { most: 1, .. }), "{error}");
    let replayed = WireError::from(RecordedFailure::from(&error));
    assert_eq!(replayed.to_string(), error.to_string());
    assert!(error.to_string().contains("metabase.max_concurrency"), "{error}");
    running.abort();
}
