//! What is wrong with a query is told, in a 200.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Dbt;

async fn errors(dbt: &Dbt, query: &str, variables: Value) -> Vec<String> {
    let answer = dbt.graphql("/graphql", query, variables).await;
    let errors = answer["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .map(|error| error["message"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn queries_are_held_to_the_schema() {
    let dbt = Dbt::start().await;
    for (query, variables, wanted) in [
        (
            "{ environment(id: 7001) { nothing } }",
            json!({}),
            "Cannot query field \"nothing\" on type \"Environment\".",
        ),
        (
            "{ environment { id } }",
            json!({}),
            "argument \"id\" of type \"BigInt!\" is required",
        ),
        (
            "{ environment(id: 7001, name: 1) { id } }",
            json!({}),
            "Unknown argument \"name\"",
        ),
        (
            "{ environment(id: 7001) }",
            json!({}),
            "must have a selection of subfields",
        ),
        (
            "{ environment(id: 7001) { id { x } } }",
            json!({}),
            "must not have a selection",
        ),
        (
            "{ environment(id: $id) { id } }",
            json!({}),
            "Variable \"$id\" is not defined.",
        ),
        (
            "query ($id: BigInt!) { environment(id: $id) { id } }",
            json!({}),
            "was not provided",
        ),
        (
            "query ($id: BigInt!) { environment(id: $id) { id } }",
            json!({ "id": "many" }),
            "Expected type BigInt",
        ),
        (
            "{ environment(id: 7001) { ...F } }",
            json!({}),
            "Unknown fragment \"F\".",
        ),
        (
            "{ environment(id: 7001) { ... on PageInfo { endCursor } } }",
            json!({}),
            "can never be of type",
        ),
        (
            "{ environment(id: 7001) { applied { lineage(filter: { types: [Planet] }) { name } } } }",
            json!({}),
            "Expected type ResourceNodeType",
        ),
        (
            "{ environment(id: 7001) { applied { models(filter: { colour: \"red\" }) { totalCount } } } }",
            json!({}),
            "is not defined by type",
        ),
        (
            "{ environment(id: 7001) { applied { models(first: 501) { totalCount } } } }",
            json!({}),
            "between 1 and 500",
        ),
        (
            "{ environment(id: 7001) { applied { models(after: \"x\") { totalCount } } } }",
            json!({}),
            "Invalid cursor.",
        ),
        ("{ environment(id: 7001) {", json!({}), "Syntax Error"),
        (
            "query A { environment(id: 1) { id } } query B { environment(id: 1) { id } }",
            json!({}),
            "operation name",
        ),
    ] {
        let found = errors(&dbt, query, variables).await;
        assert!(
            found.iter().any(|message| message.contains(wanted)),
            "{query}: {found:?}"
        );
    }
}

#[tokio::test]
async fn names_fragments_and_conditions_work() {
    let dbt = Dbt::start().await;
    let query = "query Q($id: BigInt!, $yes: Boolean!) {
        environment(id: $id) { one: id ...More applied { a: models(first: 1) { totalCount } b: models(filter: { tags: [\"marts\"] }) { totalCount edges @skip(if: $yes) { cursor } } } __typename }
      }
      fragment More on Environment { dbtProjectName adapterType @include(if: $yes) }";
    let answer = dbt
        .graphql("/graphql", query, json!({ "id": "7001", "yes": true }))
        .await;
    let environment = &answer["data"]["environment"];
    assert_eq!(environment["one"], 7001);
    assert_eq!(
        (
            environment["dbtProjectName"].clone(),
            environment["adapterType"].clone()
        ),
        (json!("shop"), json!("duckdb"))
    );
    assert_eq!(environment["__typename"], "Environment");
    assert_eq!(environment["applied"]["a"]["totalCount"], 14);
    assert_eq!(environment["applied"]["b"], json!({ "totalCount": 8 }));
    let other = dbt
        .graphql("/graphql", query, json!({ "id": 1, "yes": false }))
        .await;
    assert_eq!(other["data"]["environment"], Value::Null);
}

#[tokio::test]
async fn tokens_count_for_graphql_too() {
    let dbt = Dbt::start().await;
    let body = json!({ "query": "{ environment(id: 7001) { id } }" });
    let nobody = dbt.send(Method::POST, "/graphql", None, Some(&body)).await;
    assert_eq!(nobody.status, 401);
    let other = dbt
        .send(
            Method::POST,
            "/graphql",
            Some(&dbt.narrow("git_admin")),
            Some(&body),
        )
        .await;
    assert_eq!(other.status, 200);
    assert!(
        other.json()["errors"][0]["message"]
            .as_str()
            .unwrap()
            .contains("Metadata Only")
    );
    let reader = dbt
        .send(
            Method::POST,
            "/graphql",
            Some(&dbt.narrow("metadata_only")),
            Some(&body),
        )
        .await;
    assert_eq!(reader.json()["data"]["environment"]["id"], 7001);
    let metrics = json!({ "query": "{ metrics(environmentId: 7001) { name } }" });
    for (token, may) in [
        (None, false),
        (Some(dbt.narrow("metadata_only")), false),
        (Some(dbt.narrow("semantic_layer_only")), true),
    ] {
        let answer = dbt
            .send(Method::POST, "/api/graphql", token.as_deref(), Some(&metrics))
            .await;
        assert_eq!(answer.status, 200);
        let body = answer.json();
        if may {
            assert!(body["data"]["metrics"].as_array().unwrap().len() > 30, "{body}");
        } else {
            assert_eq!(body["errors"][0]["message"], "User is not authorized");
        }
    }
}
