use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cardinal::wire::{CacheRule, Wire, WireError};
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::server::{Server, answer};

const MIB: usize = 1 << 20;

/// Streams 200 MiB in chunks and counts the bytes that the socket took.
async fn flood() -> (Server, Arc<AtomicUsize>) {
    let written = Arc::new(AtomicUsize::new(0));
    let counter = written.clone();
    let server = Server::start(move |_, _, mut socket| {
        let counter = counter.clone();
        async move {
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                .await;
            let block = vec![b'x'; 64 * 1024];
            for _ in 0..(200 * MIB / block.len()) {
                if socket.write_all(b"10000\r\n").await.is_err()
                    || socket.write_all(&block).await.is_err()
                    || socket.write_all(b"\r\n").await.is_err()
                {
                    return;
                }
                counter.fetch_add(block.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    (server, written)
}

fn is_too_large(error: &WireError) -> bool {
    matches!(error, WireError::TooLarge { cap, .. } if *cap == MIB)
}

#[tokio::test]
async fn a_buffered_flood_ends_at_the_cap() {
    let (server, written) = flood().await;
    let error = Wire::live().unwrap().send(server.get("/")).await.unwrap_err();
    assert!(is_too_large(&error), "{error}");
    assert_eq!(
        server.requests(),
        1,
        "a response that is too large is too large again"
    );
    // What left the server beyond the cap lies in the sockets' buffers.
    assert!(written.load(Ordering::SeqCst) < 32 * MIB);
}

#[tokio::test]
async fn a_streamed_flood_yields_the_cap_at_most() {
    let (server, _) = flood().await;
    let mut request = server.get("/");
    request.policy.buffered = false;
    let mut response = Wire::live().unwrap().send(request).await.unwrap();
    let (mut taken, mut end) = (0, None);
    while let Some(chunk) = response.body.next().await {
        match chunk {
            Ok(bytes) => taken += bytes.len(),
            Err(error) => end = Some(error),
        }
    }
    assert!(taken <= MIB);
    assert!(end.as_ref().is_some_and(is_too_large), "{end:?}");
}

#[tokio::test]
async fn an_announced_flood_is_not_read_at_all() {
    let server = Server::start(|_, _, mut socket| async move {
        let _ = socket
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n")
            .await;
        std::future::pending::<()>().await;
    })
    .await;
    let error = Wire::live().unwrap().send(server.get("/")).await.unwrap_err();
    assert!(is_too_large(&error), "{error}");
}

#[tokio::test]
async fn the_cap_counts_decompressed_bytes() {
    let bomb = gzip_of_zeros(100 * MIB);
    assert!(bomb.len() < MIB);
    let server = Server::scripted(vec![answer("200 OK", "Content-Encoding: gzip\r\n", &bomb)]).await;
    for cacheable in [false, true] {
        let mut request = server.get("/");
        if cacheable {
            request.policy.cache = CacheRule::WhenSuccessful(|_, _| true);
        }
        let error = Wire::live().unwrap().send(request).await.unwrap_err();
        assert!(is_too_large(&error), "{error}");
    }
}

#[tokio::test]
async fn a_body_of_exactly_the_cap_is_whole() {
    let body = vec![b'x'; MIB];
    let server = Server::scripted(vec![answer("200 OK", "", &body)]).await;
    let response = Wire::live().unwrap().send(server.get("/")).await.unwrap();
    assert_eq!(response.bytes().await.unwrap(), body);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::scripted(vec![answer("302 Found", "Location: /elsewhere\r\n", b"")]).await;
    let response = Wire::live().unwrap().send(server.get("/")).await.unwrap();
    assert_eq!(response.status.as_u16(), 302);
    assert_eq!(server.requests(), 1);
}

/// A gzip stream of zeros, written by hand: one stored header, then deflate blocks with fixed codes that repeat the
/// byte before, 258 at a time.
fn gzip_of_zeros(length: usize) -> Vec<u8> {
    let mut bits = Bits::default();
    bits.push(0b1, 1); // last block
    bits.push(0b01, 2); // fixed codes
    bits.push_code(0x30, 8); // literal 0
    for _ in 0..length / 258 {
        bits.push_code(0b1100_0101, 8); // length 258
        bits.push_code(0, 5); // distance 1
    }
    bits.push_code(0, 7); // end of block
    let mut out = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    out.extend(bits.finish());
    out.extend([0; 8]);
    out
}

#[derive(Default)]
struct Bits {
    bytes: Vec<u8>,
    used: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            *self.bytes.last_mut().unwrap() |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    /// Huffman codes go most significant bit first.
    fn push_code(&mut self, code: u32, count: u32) {
        for bit in (0..count).rev() {
            self.push(code >> bit & 1, 1);
        }
    }

    fn finish(self) -> Vec<u8> {
        self.bytes
    }
}
