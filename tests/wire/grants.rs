use cardinal::wire::{GrantedEndpoint, Grants, Wire, WireError};
use http::Method;
use proptest::prelude::*;
use url::Url;

use super::retry::quick;
use super::server::{Server, answer};

const TABLE: &[GrantedEndpoint] = &[
    GrantedEndpoint::get("/api/card/{id}"),
    GrantedEndpoint::post("/api/card/{id}/query"),
    GrantedEndpoint::get("/api/session/properties"),
];

fn base() -> Url {
    Url::parse("https://bi.example.com/metabase/").unwrap()
}

fn allows(method: &Method, address: &str) -> bool {
    Grants::none()
        .and(&base(), TABLE)
        .allow(method, &Url::parse(address).unwrap())
}

#[test]
fn lets_the_table_through_and_nothing_near_it() {
    let at = |path: &str| format!("https://bi.example.com/metabase{path}");
    for (method, path) in [
        (Method::GET, "/api/card/7"),
        (Method::GET, "/api/card/7?ignore_view=true"),
        (Method::GET, "/api/card/kMkmGjFdYwPhQ4_-3sZbB"),
        (Method::POST, "/api/card/7/query"),
        (Method::GET, "/api/session/properties"),
    ] {
        assert!(allows(&method, &at(path)), "{method} {path}");
    }
    for (method, path) in [
        (Method::PUT, "/api/card/7"),
        (Method::DELETE, "/api/card/7"),
        (Method::POST, "/api/card/7"),
        (Method::GET, "/api/card/7/query"),
        (Method::GET, "/api/card/7/"),
        (Method::GET, "/api/card//7"),
        (Method::GET, "//api/card/7"),
        (Method::GET, "/api/card/"),
        (Method::GET, "/api/card/7%2Fquery"),
        (Method::GET, "/api/card/%37"),
        (Method::GET, "/api/card/7;x"),
        (Method::GET, "/api/card/7.json"),
        (Method::GET, "/api/card/../user"),
        (Method::GET, "/api/card/%2e%2e/user"),
        (Method::GET, "/API/card/7"),
        (Method::GET, "/api/session/propertiesx"),
        (Method::GET, "/api/session/properties/x"),
        (Method::POST, "/api/dataset"),
    ] {
        assert!(!allows(&method, &at(path)), "{method} {path}");
    }
}

#[test]
fn the_server_is_part_of_the_grant() {
    for address in [
        "https://bi.example.com/api/card/7",
        "https://bi.example.com/metabasex/api/card/7",
        "http://bi.example.com/metabase/api/card/7",
        "https://bi.example.com:8443/metabase/api/card/7",
        "https://bi.example.com.evil.example/metabase/api/card/7",
        "https://evil.example/metabase/api/card/7",
        "https://someone:else@bi.example.com/metabase/api/card/7",
    ] {
        assert!(!allows(&Method::GET, address), "{address}");
    }
    assert!(!Grants::none().allow(&Method::GET, &base()));
}

#[test]
fn joined_grants_do_not_mix_their_servers() {
    const MODEL: &[GrantedEndpoint] = &[GrantedEndpoint::post("/chat/completions")];
    let model = Url::parse("https://models.example.com/v1").unwrap();
    let both = Grants::none()
        .and(&base(), TABLE)
        .joined(Grants::none().and(&model, MODEL));
    let allows = |address: &str| both.allow(&Method::POST, &Url::parse(address).unwrap());
    assert!(allows("https://models.example.com/v1/chat/completions"));
    assert!(allows("https://bi.example.com/metabase/api/card/7/query"));
    assert!(!allows("https://models.example.com/v1/api/card/7/query"));
    assert!(!allows("https://bi.example.com/metabase/chat/completions"));
}

#[tokio::test]
async fn what_is_not_granted_is_not_sent() {
    let server = Server::scripted(vec![answer("200 OK", "", b"")]).await;
    let wire = Wire::new(quick(&server)).unwrap();
    let error = wire.send(server.get("/api/user/1?token=abc")).await.unwrap_err();
    assert!(
        matches!(&error, WireError::NotGranted { path, .. } if path == "/api/user/1"),
        "{error}"
    );
    assert_eq!(server.requests(), 0);
    assert!(wire.send(server.get("/api/card/1")).await.is_ok());
    assert_eq!(server.requests(), 1);
}

proptest! {
    /// Whatever stands in the place of the id: granted only if it is one plain segment, as a server will read it.
    #[test]
    fn an_id_is_one_plain_segment(id in "[ -~]{0,80}") {
        let address = format!("https://bi.example.com/metabase/api/card/{id}");
        let url = Url::parse(&address).unwrap();
        if Grants::none().and(&base(), TABLE).allow(&Method::GET, &url) {
            let segment = url.path().strip_prefix("/metabase/api/card/").unwrap();
            prop_assert!((1..=64).contains(&segment.len()));
            prop_assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
            let sent = id.split(['?', '#']).next().unwrap();
            prop_assert!(url.path().ends_with(sent) || sent.contains(['/', '\\', '.']) || sent.ends_with(' '));
        }
    }

    #[test]
    fn every_number_is_an_id(id in any::<u32>()) {
        let address = format!("https://bi.example.com/metabase/api/card/{id}");
        prop_assert!(allows(&Method::GET, &address));
    }
}
