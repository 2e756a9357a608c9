use std::time::Duration;

use cardinal::wire::{CacheRule, Wire, WireResponse};
use futures_util::StreamExt;

use super::retry::quick;
use super::server::{Server, answer, chunked};

const BODY: &[u8] = br#"{"data":{"rows":[[1,"a"],[2,"b"]],"cols":[]},"status":"completed","row_count":2}"#;

/// The same body in each framing, whole.
fn whole_answers() -> Vec<Vec<u8>> {
    vec![
        answer("202 Accepted", "", BODY),
        chunked("202 Accepted", "", BODY, 7),
        chunked(
            "202 Accepted",
            "Content-Encoding: gzip\r\n",
            &stored_gzip(BODY),
            11,
        ),
    ]
}

/// A wire that never retries.
fn once(server: &Server) -> Wire {
    let mut settings = quick(server);
    settings.retry.attempts = 1;
    Wire::new(settings).unwrap()
}

async fn read(response: WireResponse) -> bool {
    response.bytes().await.is_ok_and(|body| body == BODY)
}

#[tokio::test]
async fn a_body_cut_anywhere_is_never_whole() {
    for whole in whole_answers() {
        for buffered in [true, false] {
            let server = Server::scripted((0..whole.len()).map(|cut| whole[..cut].to_vec()).collect()).await;
            let wire = once(&server);
            for cut in 0..whole.len() {
                let mut request = server.get("/");
                request.policy.buffered = buffered;
                let complete = match wire.send(request).await {
                    Ok(response) => read(response).await,
                    Err(_) => false,
                };
                assert!(
                    !complete,
                    "cut after {cut} of {} bytes was taken as whole",
                    whole.len()
                );
            }
        }
        let server = Server::scripted(vec![whole]).await;
        assert!(read(once(&server).send(server.get("/")).await.unwrap()).await);
    }
}

#[tokio::test]
async fn a_cut_body_is_neither_shortened_nor_kept() {
    let whole = chunked("200 OK", "", BODY, 7);
    let cut = whole[..whole.len() / 2].to_vec();
    let server = Server::scripted(vec![cut.clone(), cut, whole]).await;
    let wire = once(&server);
    let request = || {
        let mut request = server.get("/");
        request.policy.cache = CacheRule::WhenSuccessful(|_, _| true);
        request
    };
    assert!(wire.send(request()).await.is_err());
    assert!(wire.send(request()).await.is_err());
    assert!(read(wire.send(request()).await.unwrap()).await);
    assert_eq!(server.requests(), 3);
}

#[tokio::test]
async fn a_buffered_body_cut_on_the_way_is_read_again() {
    let whole = chunked("200 OK", "", BODY, 7);
    let server = Server::scripted(vec![whole[..whole.len() - 1].to_vec(), whole]).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let response = wire.send(server.get("/")).await.unwrap();
    assert_eq!(response.attempts, 2);
    assert!(read(response).await);
}

#[tokio::test]
async fn a_stream_cut_on_the_way_is_not_sent_again() {
    let whole = chunked("200 OK", "", BODY, 7);
    let server = Server::scripted(vec![whole[..whole.len() - 1].to_vec(), whole]).await;
    let mut request = server.get("/");
    request.policy.buffered = false;
    let wire = Wire::new(quick(&server)).unwrap();
    let mut response = wire.send(request).await.unwrap();
    let mut last = None;
    while let Some(chunk) = response.body.next().await {
        last = Some(chunk);
    }
    assert!(last.unwrap().is_err());
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(server.requests(), 1);
}

/// Gzip with one stored block.
fn stored_gzip(body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).unwrap();
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1];
    out.extend(length.to_le_bytes());
    out.extend((!length).to_le_bytes());
    out.extend(body);
    out.extend(crc32(body).to_le_bytes());
    out.extend(u32::from(length).to_le_bytes());
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
