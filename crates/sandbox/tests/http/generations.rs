//! What tells one generation of Metabase from another, whatever version it claims to be.

use cardinal_sandbox::{ServedEdition, ServedGeneration};
use serde_json::{Value, json};

use super::client::{As, Sandbox};

const MISSING: &str = "API endpoint does not exist.";
const PING: &str = "/api/agent/v1/ping";

pub(super) async fn of(name: &str) -> Sandbox {
    let generation: ServedGeneration = name.parse().unwrap();
    Sandbox::with(|options| options.generation = generation).await
}

async fn edition(name: &str, edition: ServedEdition) -> Sandbox {
    let generation: ServedGeneration = name.parse().unwrap();
    Sandbox::with(|options| {
        options.generation = generation;
        options.edition = edition;
    })
    .await
}

/// The status of a route that is asked with an empty body, to see whether it is there.
async fn probe(sandbox: &Sandbox, method: &str, path: &str) -> u16 {
    let answer = if method == "get" {
        sandbox.get(path).await
    } else {
        sandbox.post(path, &json!({})).await
    };
    if answer.status == 404 && answer.body == MISSING {
        404
    } else {
        answer.status.as_u16()
    }
}

#[tokio::test]
async fn every_generation_has_its_name_and_tells_its_version() {
    let names: Vec<&str> = ServedGeneration::all().map(ServedGeneration::name).collect();
    let expected = [
        "v48", "v50", "v55", "v56", "v57", "v58", "v59", "v60", "v61", "v62", "v63", "v64", "v65",
    ];
    assert_eq!(names, expected);
    for generation in ServedGeneration::all() {
        let sandbox = of(generation.name()).await;
        let properties = sandbox.get_as(As::Nobody, "/api/session/properties").await.json();
        let tag = properties["version"]["tag"].as_str().unwrap().to_owned();
        // A commercial build, which the sandbox is unless told otherwise.
        let line = format!("v1.{}.", generation.name().trim_start_matches('v'));
        assert!(tag.starts_with(&line), "{tag}");
        let card = sandbox.card("Revenue by month").await;
        assert_eq!(
            sandbox.fetch(&format!("/api/card/{card}")).await["metabase_version"],
            tag
        );
    }
    assert!("v17".parse::<ServedGeneration>().is_err());
}

#[tokio::test]
async fn the_routes_of_the_agent_api_are_those_of_the_generation() {
    // Route, first generation, last one.
    let routes = [
        ("get", "/v1/ping", 59, 65),
        ("get", "/v1/table/1", 59, 61),
        ("get", "/v1/metric/1", 59, 61),
        ("post", "/v1/search", 59, 65),
        ("post", "/v1/construct-query", 59, 60),
        ("post", "/v1/query", 60, 60),
        ("post", "/v1/execute", 59, 65),
        ("get", "/v1/database", 60, 61),
        ("post", "/v2/construct-query", 61, 65),
        ("post", "/v2/query", 61, 65),
        ("post", "/v1/read-resource", 62, 65),
        ("post", "/v1/execute-sql", 62, 65),
        ("post", "/v1/construct-native-query", 63, 65),
        ("post", "/v1/question", 61, 65),
        ("post", "/v1/dashboard", 61, 65),
        ("post", "/v1/collection", 62, 65),
        ("post", "/v1/metric", 63, 65),
        ("post", "/v1/question/1/query", 63, 65),
    ];
    for generation in ServedGeneration::all() {
        let sandbox = of(generation.name()).await;
        let number: u32 = generation.name().trim_start_matches('v').parse().unwrap();
        for (method, path, since, until) in routes {
            let there = (since..=until).contains(&number);
            let status = probe(&sandbox, method, &format!("/api/agent{path}")).await;
            assert_eq!(
                status != 404,
                there,
                "{} {method} {path}: {status}",
                generation.name()
            );
        }
        let document = sandbox.get_as(As::Nobody, "/api/docs/openapi.json").await;
        assert_eq!(
            document.status,
            if number >= 55 { 200 } else { 404 },
            "{}",
            generation.name()
        );
        if number >= 55 {
            let paths = document.json()["paths"].clone();
            let told = |path: &str| paths[format!("/api/agent{path}")].is_object();
            assert_eq!(told("/v1/ping"), number >= 59);
            assert_eq!(told("/v1/query"), number == 60);
            assert_eq!(told("/v1/table/{id}"), (59..=61).contains(&number));
            assert_eq!(told("/v2/query"), number >= 61);
            assert_eq!(told("/v1/read-resource"), number >= 62);
            assert_eq!(told("/v1/construct-native-query"), number >= 63);
        }
    }
}

#[tokio::test]
async fn an_instance_without_an_agent_api_serves_everything_else() {
    for name in ["v50", "v55", "v56", "v57", "v58"] {
        let sandbox = of(name).await;
        sandbox.get(PING).await.is_text(404, MISSING);
        sandbox
            .post("/api/agent/v1/search", &json!({}))
            .await
            .is_text(404, MISSING);
        let card = sandbox.card("Revenue").await;
        assert_eq!(
            sandbox.fetch(&format!("/api/card/{card}")).await["type"],
            "metric"
        );
        let answer = sandbox.post(&format!("/api/card/{card}/query"), &json!({})).await;
        assert!(answer.rows().len() > 1, "{name}");
    }
}

#[tokio::test]
async fn the_first_agent_api_needs_a_licence_and_later_ones_do_not() {
    let open = edition("v59", ServedEdition::OpenSource).await;
    open.get(PING).await.is_text(404, MISSING);
    let unlicensed = edition("v59", ServedEdition::Unlicensed).await;
    let answer = unlicensed.get_as(As::Nobody, PING).await;
    assert_eq!(answer.status, 402);
    let body = answer.json();
    assert_eq!(body["status"], "error-premium-feature-not-available");
    let told = "Agent API is a paid feature not currently available to your instance. Please upgrade to use it. Learn \
                more at metabase.com/upgrade/";
    assert_eq!(body["message"], told);
    assert_eq!(
        edition("v59", ServedEdition::Pro).await.get(PING).await.status,
        200
    );
    for later in ["v60", "v61", "v62", "v65"] {
        let open = edition(later, ServedEdition::OpenSource).await;
        assert_eq!(open.get(PING).await.status, 200, "{later}");
    }
    // Signed tokens are a paid feature in every generation.
    let open = edition("v61", ServedEdition::OpenSource).await;
    assert!(open.running.jwt_secret.is_none());
    let features = open.get_as(As::Nobody, "/api/session/properties").await.json();
    assert_eq!(features["token-features"]["sso_jwt"], false);
}

#[tokio::test]
async fn what_is_served_does_not_depend_on_the_claimed_version() {
    let sandbox = Sandbox::with(|options| {
        options.generation = ServedGeneration::V61;
        options.claimed_version = Some("v0.64.2".to_owned());
    })
    .await;
    let properties = sandbox.get_as(As::Nobody, "/api/session/properties").await.json();
    assert_eq!(properties["version"]["tag"], "v0.64.2");
    let document = sandbox.get_as(As::Nobody, "/api/docs/openapi.json").await.json();
    assert_eq!(document["info"]["version"], "v0.64.2");
    assert!(document["paths"]["/api/agent/v1/read-resource"].is_null());
    let table = sandbox.table("orders").await;
    let answer = sandbox.get(&format!("/api/agent/v1/table/{table}")).await;
    assert_eq!(answer.status, 200);
    // The cheap probe: an empty body is a 404 before v0.61, and says what is missing since.
    let answer = sandbox.post("/api/agent/v2/construct-query", &json!({})).await;
    assert_eq!(answer.status, 400);
    let errors = answer.json()["errors"].clone();
    assert!(
        errors["source"].is_string() && errors["operations"].is_string(),
        "{errors}"
    );
}

#[tokio::test]
async fn cards_are_written_in_the_form_of_their_time() {
    for (name, modern) in [("v50", false), ("v56", false), ("v57", true), ("v64", true)] {
        let sandbox = of(name).await;
        let card = sandbox.card("Revenue").await;
        let query = sandbox.fetch(&format!("/api/card/{card}")).await["dataset_query"].clone();
        if modern {
            assert_eq!(query["lib/type"], "mbql/query", "{name}");
            assert!(query["stages"][0]["source-table"].is_i64());
        } else {
            assert_eq!(
                (&query["type"], &query["database"]),
                (&json!("query"), &json!(1)),
                "{name}"
            );
            assert!(query["query"]["source-table"].is_i64(), "{name}");
            assert!(query["stages"].is_null());
        }
    }
}

#[tokio::test]
async fn template_tags_are_an_object_before_v63_and_a_list_since() {
    for name in ["v55", "v58", "v61", "v63", "v65"] {
        let sandbox = of(name).await;
        let cards = sandbox.get_as(As::Admin, "/api/card").await.json();
        let with_tags = cards
            .as_array()
            .unwrap()
            .iter()
            .find(|card| !card["parameters"].as_array().unwrap().is_empty())
            .unwrap();
        let query = &with_tags["dataset_query"];
        let tags = if query["stages"].is_null() {
            &query["native"]["template-tags"]
        } else {
            &query["stages"][0]["template-tags"]
        };
        match name {
            "v63" | "v65" => assert!(tags.is_array(), "{name}: {tags}"),
            _ => assert!(tags.is_object(), "{name}: {tags}"),
        }
    }
}

#[tokio::test]
async fn queries_that_fail_are_202_before_v59_and_say_so_since() {
    let bad =
        json!({ "database": 1, "type": "native", "native": { "query": "SELECT nothing FROM nowhere" } });
    for (name, status) in [("v50", 202), ("v58", 202), ("v60", 400), ("v64", 400)] {
        let answer = of(name).await.post("/api/dataset", &bad).await;
        assert_eq!(answer.status, status, "{name}");
        let body: Value = answer.json();
        assert_eq!(body["status"], "failed");
        assert_eq!(body["row_count"], 0);
    }
}

#[tokio::test]
async fn before_v50_models_have_a_flag_and_metrics_are_no_cards() {
    let sandbox = of("v48").await;
    let cards = sandbox.get_as(As::Admin, "/api/card").await.json();
    let cards = cards.as_array().unwrap();
    assert!(
        cards
            .iter()
            .all(|card| card["type"].is_null() && card["dataset"].is_boolean())
    );
    assert!(cards.iter().any(|card| card["dataset"] == true));
    assert!(cards.iter().all(|card| card["name"] != "Revenue"));
    let with_tags = cards
        .iter()
        .find(|card| {
            let tags = card["dataset_query"]["native"]["template-tags"].as_object();
            tags.is_some_and(|tags| !tags.is_empty())
        })
        .unwrap();
    assert_eq!(
        with_tags["parameters"],
        json!([]),
        "parameters are in the tags alone"
    );
    let modern = of("v60").await;
    let metric = modern.card("Revenue").await;
    sandbox
        .get(&format!("/api/card/{metric}"))
        .await
        .is_text(404, "Not found.");
    let curated = sandbox.running.curated_collection_id.unwrap();
    let items = sandbox.fetch(&format!("/api/collection/{curated}/items")).await;
    let items = items["data"].as_array().unwrap();
    assert!(items.iter().all(|item| item["model"] != "metric"));
}
