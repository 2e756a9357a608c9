//! A replay connects to nothing: a server that stands where the model and the Metabase stood hears of nobody.

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};

use cardinal::tapes::ReplayError;
use cardinal::wire::TapeFile;
use serde_json::json;

use super::kit::{Taped, anthropic, openai};

/// Whether somebody called since the last look.
fn called(server: &TcpListener) -> bool {
    match server.accept() {
        Ok(_) => true,
        Err(error) if error.kind() == ErrorKind::WouldBlock => false,
        Err(error) => panic!("{error}"),
    }
}

/// The tape as if everything had been reached at this address.
fn moved(taped: &Taped, server: &TcpListener) -> TapeFile {
    let address = server.local_addr().unwrap();
    let mut tape = taped.read();
    tape.header.metabase.url = format!("http://{address}/");
    let model = &mut tape.header.setup["model"]["base_url"];
    let mut url: url::Url = model.as_str().unwrap().parse().unwrap();
    url.set_port(Some(address.port())).unwrap();
    *model = url.to_string().into();
    tape
}

#[tokio::test]
async fn whatever_is_on_the_tape() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    server.set_nonblocking(true).unwrap();
    for taped in [openai().await, anthropic().await] {
        let tape = moved(&taped, &server);
        taped.replay(&tape).await.unwrap();

        // Nothing is known of the server, so that it would have to be asked.
        let mut unknown = moved(&taped, &server);
        unknown.header.metabase.server = None;
        assert!(taped.replay(&unknown).await.is_err());

        // Somebody signs in, and his session is refused in the middle.
        for sign_in in ["password", "exchange", "token"] {
            let mut expired = moved(&taped, &server);
            expired.header.setup["sign_in"] = json!(sign_in);
            let query = expired.exchanges.iter_mut().find(|one| !one.is_completion());
            query.unwrap().response.as_mut().unwrap().status = 401;
            assert!(taped.replay(&expired).await.is_err());
        }

        // There is nothing on it at all, or its first exchange never ended.
        let mut empty = moved(&taped, &server);
        empty.exchanges.clear();
        let replayed = taped.replay(&empty).await;
        assert!(matches!(replayed, Err(ReplayError::Diverged(_))), "{replayed:?}");
        let mut silent = moved(&taped, &server);
        silent.exchanges[0].response = None;
        silent.exchanges[0].end = cardinal::wire::ExchangeEnd::Dropped;
        assert!(taped.replay(&silent).await.is_err());
    }
    assert!(!called(&server), "somebody connected");
    let caller = TcpStream::connect(server.local_addr().unwrap()).unwrap();
    assert!(called(&server), "nobody would have been heard");
    drop(caller);
}
