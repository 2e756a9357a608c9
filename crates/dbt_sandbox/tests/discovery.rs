use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::client::Dbt;

fn nodes(connection: &Value) -> Vec<Value> {
    connection["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["node"].clone())
        .collect()
}

const HEALTH: &str = "query ($environmentId: BigInt!, $filter: ModelAppliedFilter) { environment(id: $environmentId) { applied { models(filter: $filter, first: 1) { edges { node {
    name uniqueId executionInfo { lastRunId lastRunStatus lastRunError executeCompletedAt }
    tests { name testType executionInfo { lastRunStatus } }
    ancestors(types: [Model, Source, Seed, Snapshot]) {
      ... on ModelAppliedStateNestedNode { name resourceType materializedType modelExecution: executionInfo { lastRunStatus } }
      ... on SeedAppliedStateNestedNode { name resourceType }
      ... on SourceAppliedStateNestedNode { sourceName name resourceType freshness { maxLoadedAt maxLoadedAtTimeAgoInS freshnessStatus criteria { warnAfter { count period } } } }
    } } } } } } }";

#[tokio::test]
async fn the_health_of_a_model_tells_of_the_night_that_failed() {
    let dbt = Dbt::start().await;
    let ask = async |name: &str| {
        let found = dbt
            .discover(HEALTH, json!({ "filter": { "identifier": name } }))
            .await;
        nodes(&found["applied"]["models"])[0].clone()
    };
    let reviews = ask("fct_reviews").await;
    assert_eq!(reviews["executionInfo"]["lastRunStatus"], "error");
    assert!(
        reviews["executionInfo"]["lastRunError"]
            .as_str()
            .unwrap()
            .contains("stg_reviews_copy does not exist")
    );
    assert!(
        reviews["tests"]
            .as_array()
            .unwrap()
            .iter()
            .all(|test| test["executionInfo"]["lastRunStatus"] == "skipped")
    );
    assert_eq!(
        ask("product_performance").await["executionInfo"]["lastRunStatus"],
        "skipped"
    );
    let orders = ask("fct_orders").await;
    assert_eq!(orders["executionInfo"]["lastRunStatus"], "success");
    assert!(
        orders["tests"]
            .as_array()
            .unwrap()
            .iter()
            .all(|test| test["executionInfo"]["lastRunStatus"] == "pass")
    );
    let source = orders["ancestors"]
        .as_array()
        .unwrap()
        .iter()
        .find(|node| node["resourceType"] == "source")
        .unwrap()
        .clone();
    assert_eq!(
        (
            source["sourceName"].clone(),
            source["freshness"]["freshnessStatus"].clone()
        ),
        (json!("shop"), json!("pass"))
    );
    assert_eq!(
        source["freshness"]["criteria"]["warnAfter"],
        json!({ "count": 36, "period": "hour" })
    );
    let customers = ask("dim_customers").await;
    let above: BTreeSet<&str> = customers["ancestors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        above,
        BTreeSet::from(["countries", "orders", "people", "stg_customers", "stg_orders"])
    );
}

#[tokio::test]
async fn a_run_that_succeeds_makes_a_model_healthy() {
    let dbt = Dbt::start().await;
    let id = dbt.post(2, "/jobs/8003/rerun/", json!({})).await.data()["id"]
        .as_i64()
        .unwrap();
    dbt.finished(id).await;
    let found = dbt
        .discover(HEALTH, json!({ "filter": { "identifier": "fct_reviews" } }))
        .await;
    let info = nodes(&found["applied"]["models"])[0]["executionInfo"].clone();
    assert_eq!(
        (info["lastRunStatus"].clone(), info["lastRunId"].clone()),
        (json!("success"), json!(id))
    );
}

#[tokio::test]
async fn pages_follow_cursors_to_the_end() {
    let dbt = Dbt::start().await;
    let query = "query ($environmentId: BigInt!, $after: String) { environment(id: $environmentId) { applied { tests(first: 20, after: $after) { totalCount pageInfo { startCursor endCursor hasNextPage } edges { cursor node { uniqueId } } } } } }";
    let (mut after, mut seen, mut pages) = (Value::Null, BTreeSet::new(), 0);
    loop {
        let page = dbt.discover(query, json!({ "after": after })).await["applied"]["tests"].clone();
        pages += 1;
        seen.extend(
            nodes(&page)
                .iter()
                .map(|node| node["uniqueId"].as_str().unwrap().to_owned()),
        );
        assert_eq!(page["totalCount"], 53);
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_ne!(page["pageInfo"]["endCursor"], after);
        after = page["pageInfo"]["endCursor"].clone();
    }
    assert_eq!((pages, seen.len()), (3, 53));
}

#[tokio::test]
async fn filters_narrow_what_is_listed() {
    let dbt = Dbt::start().await;
    let query = "query ($environmentId: BigInt!, $filter: ModelAppliedFilter) { environment(id: $environmentId) { applied { models(filter: $filter) { edges { node { name } } } } } }";
    for (filter, wanted) in [
        (json!({ "lastRunStatus": "error" }), vec!["fct_reviews"]),
        (json!({ "lastRunStatus": "skipped" }), vec!["product_performance"]),
        (
            json!({ "group": "subscriptions" }),
            vec!["dim_accounts", "fct_invoices"],
        ),
        (
            json!({ "access": "public", "group": "subscriptions" }),
            vec!["dim_accounts", "fct_invoices"],
        ),
        (
            json!({ "uniqueIds": ["model.shop.stg_orders"] }),
            vec!["stg_orders"],
        ),
        (json!({ "identifier": "FCT_ORDERS" }), vec!["fct_orders"]),
        (json!({ "uniqueIds": ["model.shop.STG_ORDERS"] }), vec![]),
        (json!({ "schema": "elsewhere" }), vec![]),
    ] {
        let found = dbt.discover(query, json!({ "filter": filter })).await;
        let names: Vec<String> = nodes(&found["applied"]["models"])
            .iter()
            .map(|node| node["name"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(names, wanted, "{filter}");
    }
    let marts = dbt
        .discover(query, json!({ "filter": { "modelingLayer": "marts" } }))
        .await;
    assert_eq!(nodes(&marts["applied"]["models"]).len(), 8);
    let tests = "query ($environmentId: BigInt!) { environment(id: $environmentId) { applied { tests(filter: { status: \"warn\" }) { edges { node { name testType lastKnownResult } } } sources(filter: { freshnessStatus: warn }) { edges { node { name } } } } } }";
    let found = dbt.discover(tests, json!({})).await;
    assert_eq!(
        nodes(&found["applied"]["tests"]),
        [
            json!({ "name": "invoices_are_as_expected", "testType": "SINGULAR_DATA_TEST", "lastKnownResult": "warn" })
        ]
    );
    assert_eq!(
        nodes(&found["applied"]["sources"]),
        [json!({ "name": "products" })]
    );
}

#[tokio::test]
async fn the_lineage_is_the_whole_graph_and_leads_from_source_to_exposure() {
    let dbt = Dbt::start().await;
    let query = "query ($environmentId: BigInt!, $types: [ResourceNodeType!]!) { environment(id: $environmentId) { applied { lineage(filter: { types: $types }) { name uniqueId resourceType ... on LineageNodeWithParents { parentIds } } } } }";
    let found = dbt.discover(query, json!({ "types": ["Model", "Source", "Seed", "Snapshot", "Exposure", "Metric", "SemanticModel", "SavedQuery"] })).await;
    let graph = found["applied"]["lineage"].as_array().unwrap().clone();
    let mut open = vec!["exposure.shop.average_rating".to_owned()];
    let mut above = BTreeSet::new();
    while let Some(id) = open.pop() {
        let node = graph.iter().find(|node| node["uniqueId"] == id.as_str()).unwrap();
        for parent in node["parentIds"].as_array().unwrap() {
            let parent = parent.as_str().unwrap().to_owned();
            if above.insert(parent.clone()) {
                open.push(parent);
            }
        }
    }
    let wanted = [
        "model.shop.fct_reviews",
        "model.shop.stg_reviews",
        "source.shop.shop.reviews",
    ];
    assert_eq!(above, wanted.map(str::to_owned).into());
    assert!(graph.iter().all(|node| node["resourceType"] != "Test"));
}

#[tokio::test]
async fn details_of_each_kind_are_there() {
    let dbt = Dbt::with(|options| options.metabase_url = Some("http://127.0.0.1:3000".to_owned())).await;
    let query = "query ($environmentId: BigInt!, $filter: AppliedResourcesFilter!) { environment(id: $environmentId) { applied { resources(filter: $filter) { edges { node {
        uniqueId
        ... on ModelAppliedStateNode { relationName access group contractEnforced compiledCode rawCode fqn catalog { columns { name type description index } } tests { columnName uniqueId } }
        ... on SourceAppliedStateNode { identifier loader sourceDescription freshness { freshnessStatus } }
        ... on ExposureAppliedStateNode { url ownerName ownerEmail maturity exposureType parents { uniqueId } }
        ... on TestAppliedStateNode { columnName testMetadata { name } testedNodeUniqueId }
        ... on SeedAppliedStateNode { children { uniqueId } catalog { type } }
        ... on SnapshotAppliedStateNode { alias executionInfo { lastRunStatus } }
        ... on MacroDefinitionNode { macroSql arguments { name type } }
        ... on SemanticModelDefinitionNode { dimensions { name type typeParams } entities { name type } measures { name agg expr createMetric } }
      } } } } } }";
    let one = async |kind: &str, id: &str| {
        let found = dbt
            .discover(query, json!({ "filter": { "types": [kind], "uniqueIds": [id] } }))
            .await;
        let found = nodes(&found["applied"]["resources"]);
        assert_eq!(found.len(), 1, "{id}");
        found[0].clone()
    };
    let model = one("Model", "model.shop.fct_orders").await;
    assert_eq!(model["relationName"], "\"cardinal\".\"analytics\".\"fct_orders\"");
    assert_eq!(
        model["catalog"]["columns"][0],
        json!({ "name": "order_id", "type": "INTEGER", "description": "The order.", "index": 1 })
    );
    assert!(model["rawCode"].as_str().unwrap().contains("ref('stg_orders')"));
    assert_eq!(
        one("Source", "source.shop.shop.products").await["freshness"]["freshnessStatus"],
        "warn"
    );
    let exposure = one("Exposure", "exposure.shop.revenue_by_month").await;
    assert_eq!(
        exposure["url"], "http://127.0.0.1:3000/question/9",
        "it leads to the Metabase beside"
    );
    assert_eq!(exposure["ownerEmail"], "sales-analytics@example.com");
    assert_eq!(
        one("Seed", "seed.shop.countries").await["children"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert_eq!(
        one("Snapshot", "snapshot.shop.account_plans").await["executionInfo"]["lastRunStatus"],
        "success"
    );
    assert_eq!(
        one("Macro", "macro.shop.cents").await["arguments"][0]["name"],
        "column"
    );
    let semantic = one("SemanticModel", "semantic_model.shop.orders").await;
    assert!(
        semantic["measures"]
            .as_array()
            .unwrap()
            .iter()
            .any(|measure| measure["name"] == "order_revenue" && measure["agg"] == "sum")
    );
}

#[tokio::test]
async fn definitions_history_and_single_runs() {
    let dbt = Dbt::start().await;
    let query = "query ($environmentId: BigInt!) { environment(id: $environmentId) {
        definition { exposures(first: 10) { totalCount edges { node { name url } } } metrics { totalCount edges { node { name type formula } } } groups { edges { node { name ownerEmail models { name } } } } }
        applied { modelHistoricalRuns(uniqueId: \"model.shop.fct_reviews\", lastRunCount: 3) { runId status tests { name status } } packages(resource: macro) } } }";
    let found = dbt.discover(query, json!({})).await;
    assert_eq!(found["definition"]["exposures"]["totalCount"], 4);
    let change = nodes(&found["definition"]["metrics"])
        .into_iter()
        .find(|metric| metric["name"] == "revenue_change_month_over_month")
        .unwrap();
    assert_eq!(
        (change["type"].clone(), change["formula"].clone()),
        (
            json!("derived"),
            json!("(revenue - revenue_before) / revenue_before")
        )
    );
    let groups = nodes(&found["definition"]["groups"]);
    assert_eq!(groups[1]["models"].as_array().unwrap().len(), 2);
    let statuses: Vec<&str> = found["applied"]["modelHistoricalRuns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|run| run["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["error", "error", "success"]);
    assert_eq!(found["applied"]["packages"], json!(["shop"]));
    let run = dbt.get(2, "/runs/?job_definition_id=8001&status=20").await.data()[0]["id"].clone();
    let job = dbt.graphql("/graphql", "query ($run: BigInt) { job(id: 8001, runId: $run) { runId models { uniqueId status } sources { name state } } }", json!({ "run": run })).await;
    let job = &job["data"]["job"];
    assert!(
        job["models"]
            .as_array()
            .unwrap()
            .contains(&json!({ "uniqueId": "model.shop.fct_reviews", "status": "error" })),
        "{job}"
    );
    assert_eq!(job["sources"].as_array().unwrap().len(), 6);
}
