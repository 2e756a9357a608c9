//! `sandbox serve --dbt`: dbt's APIs beside Metabase's, over the same data.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::kit::{Program, Sandbox};

/// Sends a request with the announced token, and gives the body of the answer.
fn ask(sandbox: &Sandbox, method: &str, path: &str, body: &str) -> Value {
    let (address, token) = (sandbox.text("dbt_url"), sandbox.text("dbt_token"));
    let host = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Token {token}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error} in {answer}"))
}

#[test]
fn dbt_is_served_over_the_data_of_the_metabase() {
    let sandbox = Sandbox::serve(&["--dbt", "--dbt-token", "dbtc_of_a_test"]);
    assert_eq!(sandbox.text("dbt_token"), "dbtc_of_a_test");
    assert!(!sandbox.text("dbt_webhook_secret").is_empty());
    let account = &sandbox.line["dbt_account_id"];
    let jobs = ask(&sandbox, "GET", &format!("/api/v2/accounts/{account}/jobs/"), "");
    assert_eq!(jobs["extra"]["pagination"]["total_count"], 5);

    let environment = &sandbox.line["dbt_environment_id"];
    let create = json!({ "query": format!(
        "mutation {{ createQuery(environmentId: {environment}, metrics: [{{ name: \"orders_placed\" }}]) {{ queryId }} }}"
    ) });
    let created = ask(&sandbox, "POST", "/api/graphql", &create.to_string());
    let id = &created["data"]["createQuery"]["queryId"];
    let poll = json!({ "query": format!(
        "{{ query(environmentId: {environment}, queryId: {id}) {{ status error jsonResult(encoded: false, orient: RECORDS) }} }}"
    ) });
    let rows = loop {
        let found = ask(&sandbox, "POST", "/api/graphql", &poll.to_string())["data"]["query"].clone();
        assert_eq!(found["error"], Value::Null);
        if found["status"] == "SUCCESSFUL" {
            break found["jsonResult"].as_str().unwrap().to_owned();
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    // As many as the demo has.
    assert_eq!(rows, r#"[{"orders_placed":20004}]"#);

    let exposures = json!({ "query": format!(
        "{{ environment(id: {environment}) {{ definition {{ exposures(filter: {{ uniqueIds: [\"exposure.shop.revenue_by_month\"] }}) {{ edges {{ node {{ url }} }} }} }} }} }}"
    ) });
    let exposures = ask(&sandbox, "POST", "/graphql", &exposures.to_string());
    let url = &exposures["data"]["environment"]["definition"]["exposures"]["edges"][0]["node"]["url"];
    assert_eq!(*url, format!("{}/question/9", sandbox.text("url")));
}

#[test]
fn the_program_reads_runs_and_health_from_it() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let program = Program::new()
        .with("DBT_HOST", &sandbox.text("dbt_url"))
        .with("DBT_TOKEN", &sandbox.text("dbt_token"))
        .with("DBT_ACCOUNT_ID", &sandbox.line["dbt_account_id"].to_string())
        .with("DBT_PROD_ENV_ID", &sandbox.line["dbt_environment_id"].to_string());
    std::fs::write(
        program.folder().join("cardinal.toml"),
        "version = 1\n[[grants.rules]]\nareas = [\"dbt.jobs\", \"dbt.runs\", \"dbt.discovery\"]\nlevel = \"read\"\n",
    )
    .unwrap();
    // The last build failed in the model of reviews alone.
    for (arguments, code, wanted) in [
        (&["dbt", "jobs"][..], 0, "Daily build\terror"),
        (
            &["dbt", "runs", "--status", "error"],
            0,
            "Database Error in model fct_reviews",
        ),
        (
            &["dbt", "health", "fct_reviews"],
            1,
            "model fct_reviews: unhealthy",
        ),
        (&["dbt", "health", "fct_orders"], 0, "model fct_orders: healthy"),
        (&["dbt", "health", "orders"], 0, "source orders: healthy"),
        (&["dbt", "health", "products"], 0, "source products is not fresh"),
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(code), "{run:#?}");
        assert!(run.stdout.contains(wanted), "{run:#?}");
    }
}

#[test]
fn without_dbt_the_line_says_nothing_of_it() {
    let sandbox = Sandbox::serve(&[]);
    assert!(sandbox.line.get("dbt_url").is_none());
}

#[test]
fn flags_of_dbt_that_make_no_sense_are_refused() {
    let program = Program::new();
    std::fs::create_dir(program.folder().join("shop")).unwrap();
    std::fs::write(program.folder().join("shop/orders.csv"), "id\n1\n").unwrap();
    for (arguments, code, wanted) in [
        (
            &["sandbox", "serve", "--port", "0", "--dbt-port", "1"][..],
            2,
            "--dbt",
        ),
        (
            &["sandbox", "serve", "--port", "0", "--dbt", "--csv", "shop"],
            2,
            "--dbt-project",
        ),
        (
            &[
                "sandbox",
                "serve",
                "--port",
                "0",
                "--dbt",
                "--dbt-faults",
                "GET /x",
            ],
            1,
            "METHOD PATH=KIND",
        ),
        (
            &[
                "sandbox",
                "serve",
                "--port",
                "0",
                "--dbt",
                "--dbt-project",
                "nowhere",
            ],
            1,
            "manifest.json",
        ),
    ] {
        let run = program.run(arguments);
        assert_eq!(run.code, Some(code), "{run:?}");
        assert!(run.stderr.contains(wanted), "{run:?}");
    }
}
