use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::kit::{Program, Sandbox};

fn get(sandbox: &Sandbox, path: &str) -> String {
    ask(sandbox, &format!("GET {path}"), "")
}

fn post(sandbox: &Sandbox, path: &str, body: &str) -> String {
    ask(sandbox, &format!("POST {path}"), body)
}

fn ask(sandbox: &Sandbox, what: &str, body: &str) -> String {
    let url = sandbox.text("url");
    let host = url.strip_prefix("http://").unwrap();
    let mut connection = TcpStream::connect(host).unwrap();
    let (key, length) = (sandbox.text("api_key"), body.len());
    write!(
        connection,
        "{what} HTTP/1.1\r\nHost: {host}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn prints_one_line_with_everything_to_call_it() {
    let sandbox = Sandbox::serve(&[]);
    let keys: Vec<&str> = sandbox
        .line
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(
        keys,
        [
            "api_key",
            "curated_collection_id",
            "jwt_secret",
            "password",
            "url",
            "user"
        ]
    );
    assert!(sandbox.line["curated_collection_id"].is_u64());
    assert!(get(&sandbox, "/api/health").contains("\"ok\""));
}

#[cfg(unix)]
#[test]
fn ends_well_when_told_to() {
    let (code, rest) = Sandbox::serve(&[]).terminate();
    assert_eq!(code, Some(0));
    assert_eq!(rest, "");
}

#[test]
fn takes_the_settings_of_an_instance() {
    let sandbox = Sandbox::serve(&["--hide-stacktraces", "--legacy-failures", "--without-jwt"]);
    assert!(sandbox.line["jwt_secret"].is_null());
    let broken = post(&sandbox, "/api/agent/v1/execute", r#"{"query":"!"}"#);
    assert!(broken.contains(" 500 "), "{broken}");
    assert!(
        broken.ends_with(r#"{"message":"Something went wrong"}"#),
        "{broken}"
    );
    // The base64 of an empty object: a query without stages, which fails inside the query processor.
    let failed = post(&sandbox, "/api/agent/v1/execute", r#"{"query":"e30="}"#);
    assert!(
        failed.contains(" 202 ") && failed.contains(r#""status":"failed""#),
        "{failed}"
    );
    assert!(!failed.contains("stacktrace"), "{failed}");
}

#[test]
fn takes_a_key_and_a_generation() {
    let sandbox = Sandbox::serve(&["--api-key", "mb_0123456789", "--generation", "v59"]);
    assert_eq!(sandbox.text("api_key"), "mb_0123456789");
    assert!(get(&sandbox, "/api/session/properties").contains("v1.59"));
}

#[test]
fn takes_faults() {
    let sandbox = Sandbox::serve(&["--faults", "GET /api/health=503:1"]);
    assert!(get(&sandbox, "/api/health").starts_with("HTTP/1.1 503"));
    assert!(get(&sandbox, "/api/health").starts_with("HTTP/1.1 200"));
}

#[test]
fn what_it_cannot_serve_is_named() {
    let program = Program::new();
    for (arguments, problem) in [
        (&["--faults", "nonsense"][..], "fault rule `nonsense`"),
        (&["--api-key", "short"], "mb_"),
        (&["--db", "gone.sqlite"], "gone.sqlite"),
    ] {
        let mut all = vec!["sandbox", "serve", "--port", "0"];
        all.extend(arguments);
        let run = program.run(&all);
        assert_eq!(run.code, Some(1), "{run:?}");
        assert_eq!(run.stdout, "");
        assert!(run.stderr.contains(problem), "{run:?}");
    }
}

#[test]
fn a_folder_of_data_that_is_not_there_is_named_with_its_flag() {
    let run = Program::new().run(&["sandbox", "serve", "--csv", "no/such/folder"]);
    assert_eq!(run.code, Some(1), "{run:?}");
    assert_eq!(
        run.stderr,
        "error: --csv no/such/folder: there is no such folder; name one that holds .csv files\n"
    );
}
