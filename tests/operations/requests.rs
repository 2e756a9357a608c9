use cardinal::operations::{ADMINISTRATIVE, BodyForm, DISCOVERY, Operation, SEMANTIC_LAYER, identify};
use http::Method;
use serde_json::json;

const RUN: &str = "/api/v2/accounts/1/jobs/5/run/";

/// What is approved has to be what the server reads, whichever of two fields it takes.
#[test]
fn a_body_that_says_two_things_is_none() {
    let read = |body: &str| identify(&ADMINISTRATIVE, &Method::POST, RUN, Some(body.as_bytes()));
    for body in [
        r#"{"cause":"a","cause":"b"}"#,
        r#"{"cause":"a","git_branch":"evil","git_branch":"good"}"#,
        r#"{"cause":"a","steps":{"x":1,"y":2,"x":3}}"#,
        r#"{"cause":"a","steps":[{"x":1,"x":1}]}"#,
        r#"{"cause":"a","c\u0061use":"b"}"#,
        r#"{"cause":"a","threads_override":18446744073709551617}"#,
    ] {
        let refused = read(body).unwrap_err();
        assert!(refused.contains("says one thing"), "{body}: {refused}");
    }
    assert!(read(r#"{"cause":"a","threads_override":18446744073709551615,"x":[0.5,-1,null,true]}"#).is_ok());
}

#[test]
fn a_trigger_says_its_cause_and_every_other_field_is_an_override() {
    let read = |body: &str| identify(&ADMINISTRATIVE, &Method::POST, RUN, Some(body.as_bytes()));
    let plain = read(r#"{"cause":"asked by Ana"}"#).unwrap();
    assert!(plain.overrides.is_empty());
    assert_eq!(plain.sentence(|_, _| None), "trigger job 5");
    let named = plain.sentence(|parameter, id| Some(format!("{parameter} {id}!")));
    assert_eq!(named, "trigger job 5 (job_id 5!)");
    for field in [
        "git_sha",
        "git_branch",
        "schema_override",
        "dbt_version_override",
        "threads_override",
        "target_name_override",
        "generate_docs_override",
        "timeout_seconds_override",
        "steps_override",
        "azure_pull_request_id",
        "something_new",
    ] {
        let body = json!({"cause": "asked by Ana", field: null}).to_string();
        let call = read(&body).unwrap();
        assert_eq!(call.overrides, [field]);
        assert!(call.sentence(|_, _| None).contains(field));
    }
    for body in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"cause":" "}"#,
        r#"{"cause":7}"#,
        "{\"cause\":\"x\"",
        "\"cause\"",
    ] {
        assert!(read(body).is_err(), "{body}");
    }
}

#[test]
fn what_takes_no_body_gets_none() {
    for path in [
        "/api/v2/accounts/1/jobs/5/rerun/",
        "/api/v2/accounts/1/runs/9/cancel/",
    ] {
        assert!(identify(&ADMINISTRATIVE, &Method::POST, path, None).is_ok());
        assert!(identify(&ADMINISTRATIVE, &Method::POST, path, Some(b"")).is_ok());
        let with_steps = Some(br#"{"steps_override":["dbt run"]}"#.as_slice());
        assert!(
            identify(&ADMINISTRATIVE, &Method::POST, path, with_steps).is_err(),
            "{path}"
        );
    }
}

#[test]
fn a_graphql_request_is_known_by_its_document_alone() {
    let apis: [(&'static [Operation], &str); 2] =
        [(&DISCOVERY, "/graphql"), (&SEMANTIC_LAYER, "/api/graphql")];
    for (operations, path) in apis {
        for operation in operations {
            let BodyForm::Document(document) = operation.body else {
                panic!("{} has no document", operation.name)
            };
            let read = |body: &str| identify(operations, &Method::POST, path, Some(body.as_bytes()));
            let right = json!({"query": document, "variables": {"environmentId": "7"}}).to_string();
            assert_eq!(read(&right).unwrap().operation.name, operation.name);
            let more = format!("{document} query Other {{ environment(id: 1) {{ adapterType }} }}");
            for wrong in [
                json!({"query": more}).to_string(),
                json!({"query": document.replace("environmentId", "other")}).to_string(),
                json!({"query": ""}).to_string(),
                json!({"variables": {}}).to_string(),
                json!([{"query": document}]).to_string(),
                json!({"query": document, "extensions": {"persistedQuery": {}}}).to_string(),
                // Two servers may read two things in it.
                format!(
                    r#"{{"query": "mutation {{ evil }}", "query": {}}}"#,
                    json!(document)
                ),
                "query { environment }".to_owned(),
            ] {
                assert!(read(&wrong).is_err(), "{wrong}");
            }
            assert!(identify(operations, &Method::GET, path, Some(right.as_bytes())).is_err());
            assert!(identify(operations, &Method::POST, "/graphql/", Some(right.as_bytes())).is_err());
        }
    }
}

#[test]
fn artifacts_are_files_below_the_run() {
    let read = |path: &str| {
        let path = format!("/api/v2/accounts/1/runs/9/artifacts/{path}");
        identify(&ADMINISTRATIVE, &Method::GET, &path, None)
            .map(|call| (call.operation.name, call.parameters))
    };
    for path in [
        "run_results.json",
        "logs/dbt.log",
        "compiled/shop/models/marts/orders.sql",
    ] {
        let (name, parameters) = read(path).unwrap();
        assert_eq!(name, "get_run_artifact");
        assert_eq!(parameters["path"], path);
    }
    assert_eq!(read("").unwrap().0, "list_run_artifacts");
    let long = "a/".repeat(300);
    for path in [
        "..",
        ".",
        "../../jobs",
        "a/../b",
        "a//b",
        "a/",
        ".env",
        "a/.git/config",
        "a%2fb",
        "a b",
        "a;b",
        "a\\b",
        &long,
    ] {
        assert!(read(path).is_err(), "{path}");
    }
}
