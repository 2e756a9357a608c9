//! Artifacts of an account that are larger than memory should be, and such that do not arrive as they should.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use cardinal::dbt::{DbtAccount, DbtAddresses, DbtCloudSettings, DbtFailure};
use futures_util::stream;
use secrecy::SecretString;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{TOKEN, account_with};

/// Models of the large manifest, and the bytes of the code of each.
const MODELS: usize = 5_000;
const CODE: usize = 20_000;
/// What reading it may add to the memory of a process.
const MOST_ADDED: u64 = 32 * 1024 * 1024;

fn account_at(address: std::net::SocketAddr) -> DbtAccount {
    let addresses = DbtAddresses::of_host(&format!("http://{address}"), None).unwrap();
    account_with(DbtCloudSettings::new(addresses, SecretString::from(TOKEN), 1))
}

/// Serves a manifest that is never in memory as a whole.
async fn large() -> DbtAccount {
    let node = |at: usize| {
        let node = json!({
            "name": format!("m{at}"), "resource_type": "model", "relation_name": format!("shop.m{at}"),
            "depends_on": {"nodes": [format!("model.shop.m{}", at.saturating_sub(1))]},
            "compiled_code": "s".repeat(CODE), "columns": {"id": {"name": "id", "tags": []}},
        });
        let comma = if at == 0 { "" } else { "," };
        Bytes::from(format!("{comma}\"model.shop.m{at}\":{node}"))
    };
    let served = move || async move {
        let head = Bytes::from_static(br#"{"metadata":{},"nodes":{"#);
        let pieces = (0..MODELS).map(node);
        let pieces = std::iter::once(head)
            .chain(pieces)
            .chain([Bytes::from_static(b"}}")]);
        Body::from_stream(stream::iter(pieces.map(Ok::<_, Infallible>)))
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(served);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    account_at(address)
}

/// The most memory that this process has held, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    kib * 1024
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test below, in a process that does nothing else"]
async fn read_in_a_process_of_its_own() {
    let account = large().await;
    let before = peak();
    let graph = account.administrative().graph(9).await.unwrap();
    println!("added {}", peak() - before);
    assert_eq!(graph.nodes().count(), MODELS);
    let last = graph.find("m4999").unwrap();
    assert_eq!(last.relation.as_deref(), Some("shop.m4999"));
    assert_eq!(graph.upstream(&last.unique_id).len(), MODELS);
}

#[test]
#[cfg(target_os = "linux")]
fn a_manifest_of_100_megabytes_is_read_within_little_memory() {
    let test = format!(
        "{}::read_in_a_process_of_its_own",
        module_path!().split_once("::").unwrap().1
    );
    let run = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &test,
            "--ignored",
            "--nocapture",
            "--test-threads",
            "1",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let added = said
        .lines()
        .find_map(|line| line.split_once("added "))
        .unwrap_or_else(|| panic!("{said}"))
        .1;
    let added: u64 = added.trim().parse().unwrap();
    assert!(
        added < MOST_ADDED,
        "{added} bytes for a file of {} bytes",
        MODELS * CODE
    );
}

/// An account whose host answers every request with these bytes, and then hangs up.
async fn answering(bytes: &'static str) -> DbtAccount {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let _ = socket.read(&mut [0; 4096]).await;
            let _ = socket.write_all(bytes.as_bytes()).await;
            let _ = socket.shutdown().await;
        }
    });
    account_at(address)
}

#[tokio::test]
async fn what_does_not_arrive_whole_or_is_no_artifact_is_an_error() {
    const CUT: &str = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"metadata\":{},\"nodes\":{}}";
    const LONG: &str = "HTTP/1.1 200 OK\r\ncontent-length: 700000000\r\n\r\n{}";
    const MORE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n{} {} ";
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"nodes\":";
    const PAGE: &str = "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>";
    const GONE: &str = "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}";
    for (answer, class, said) in [
        (CUT, DbtFailure::Unavailable, ""),
        (
            LONG,
            DbtFailure::TooLarge,
            "it is larger than 512 MiB, and no artifact of an account is read beyond that",
        ),
        (MORE, DbtFailure::Unreadable, "it does not have dbt's form"),
        (HALF, DbtFailure::Unreadable, "it does not have dbt's form"),
        (PAGE, DbtFailure::Unreadable, "it does not have dbt's form"),
        (GONE, DbtFailure::NotFound, "it is not there"),
    ] {
        let error = answering(answer)
            .await
            .administrative()
            .graph(9)
            .await
            .unwrap_err();
        assert_eq!(error.class, class, "{answer}: {error}");
        let text = error.to_string();
        assert!(
            text.starts_with("failed to read the artifact manifest.json of run 9: "),
            "{text}"
        );
        assert!(text.contains(said), "{text}");
    }
}
