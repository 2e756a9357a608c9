//! Entries of Metabase joined to what dbt knows.

use cardinal::catalog::{EntryKind, WarehouseTable};
use cardinal::dbt::{DbtGraph, DbtNode};

use crate::cli::kit::Sandbox;

fn node(unique_id: &str, relation: Option<&str>) -> DbtNode {
    DbtNode {
        unique_id: unique_id.to_owned(),
        name: unique_id.rsplit('.').next().unwrap().to_owned(),
        kind: unique_id.split('.').next().unwrap().to_owned(),
        relation: relation.map(str::to_owned),
        ..DbtNode::default()
    }
}

fn table(schema: Option<&str>, name: &str) -> WarehouseTable {
    WarehouseTable {
        schema: schema.map(str::to_owned),
        name: name.to_owned(),
    }
}

#[test]
fn a_table_is_the_node_of_its_name_and_never_a_guess() {
    let graph: DbtGraph = [
        node("model.shop.orders", Some("\"db\".\"marts\".\"orders\"")),
        node("source.shop.raw.orders", Some("\"db\".\"raw\".\"orders\"")),
        node("model.shop.people", None),
        node("model.shop.a", Some("db.one.twin")),
        node("model.shop.b", Some("db.two.twin")),
        node("test.shop.orders", None),
    ]
    .into_iter()
    .collect();
    let found = |schema, name| {
        graph
            .of_table(&table(schema, name))
            .map(|node| node.unique_id.as_str())
    };
    assert_eq!(
        found(None, "Orders"),
        Some("model.shop.orders"),
        "what dbt builds goes first"
    );
    assert_eq!(found(Some("RAW"), "orders"), Some("source.shop.raw.orders"));
    assert_eq!(found(Some("other"), "orders"), None);
    assert_eq!(found(Some("public"), "people"), Some("model.shop.people"));
    assert_eq!(found(None, "twin"), None, "of two none is taken");
    assert_eq!(found(Some("two"), "twin"), Some("model.shop.b"));
    assert_eq!(found(None, "nothing"), None);
}

#[test]
fn exposures_go_before_tables_and_know_every_page_of_a_card() {
    let page = |unique_id: &str, url: &str| DbtNode {
        url: Some(url.to_owned()),
        ..node(unique_id, None)
    };
    let graph: DbtGraph = [
        node("model.shop.orders", None),
        page("exposure.shop.seven", "https://bi.example.com/metric/7-revenue"),
        page("exposure.shop.board", "https://bi.example.com/dashboard/8"),
    ]
    .into_iter()
    .collect();
    let orders = [table(None, "orders")];
    let made_from = |kind, id| -> Vec<&str> {
        let nodes = graph.made_from(kind, id, &orders);
        nodes.into_iter().map(|node| node.unique_id.as_str()).collect()
    };
    assert_eq!(made_from(EntryKind::Card, 7), ["exposure.shop.seven"]);
    assert_eq!(made_from(EntryKind::Metric, 7), ["exposure.shop.seven"]);
    assert_eq!(
        made_from(EntryKind::Card, 8),
        ["model.shop.orders"],
        "a dashboard is no card"
    );
    // Ids of tables are of another row.
    assert_eq!(made_from(EntryKind::Table, 7), ["model.shop.orders"]);
}

#[test]
fn the_program_judges_an_entry_of_metabase_by_its_name() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let number = |key: &str| sandbox.line[key].to_string();
    let program = sandbox
        .client()
        .with("DBT_HOST", &sandbox.text("dbt_url"))
        .with("DBT_TOKEN", &sandbox.text("dbt_token"))
        .with("DBT_ACCOUNT_ID", &number("dbt_account_id"))
        .with("DBT_PROD_ENV_ID", &number("dbt_environment_id"));
    std::fs::write(
        program.folder().join("cardinal.toml"),
        "version = 1\n[[grants.rules]]\nareas = [\"dbt.discovery\"]\nlevel = \"read\"\n",
    )
    .unwrap();
    let rating = program.run(&["dbt", "health", "Average rating"]);
    assert_eq!(rating.code, Some(1), "{rating:#?}");
    assert!(
        rating
            .stdout
            .starts_with("metric Average rating: unhealthy\n  model fct_reviews ended with"),
        "{rating:#?}"
    );
    // No exposure names it: what it reads does.
    let orders = program.run(&["dbt", "health", "metric 2", "--json"]);
    let report = orders.json();
    let ids: Vec<&str> = report["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["unique_id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["source.shop.shop.orders"], "{orders:#?}");
    let nobody = program.run(&["dbt", "health", "No such thing"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.stderr.contains("found nothing called"), "{nobody:#?}");
    let snapshot = program.run(&["dbt", "health", "countries", "--json"]).json();
    assert!(
        snapshot["nodes"][0]["tests_passed"].as_u64().unwrap() > 0,
        "tests of a seed count: {snapshot}"
    );
}

#[test]
fn a_token_that_may_do_more_than_the_grants_need_is_told() {
    let sandbox = Sandbox::serve(&["--dbt"]);
    let rules = "version = 1\n[[grants.rules]]\nareas = [\"dbt.runs\", \"dbt.access\"]\nlevel = \"read\"\n";
    let doctor = |token: &str| {
        let program = sandbox
            .client()
            .with("DBT_HOST", &sandbox.text("dbt_url"))
            .with("DBT_TOKEN", token)
            .with("DBT_ACCOUNT_ID", &sandbox.line["dbt_account_id"].to_string());
        std::fs::write(program.folder().join("cardinal.toml"), rules).unwrap();
        let run = program.run(&["doctor", "--json"]);
        let checks = run.json()["checks"].as_array().unwrap().clone();
        checks
            .iter()
            .find(|check| check["name"] == "dbt")
            .unwrap_or_else(|| panic!("{run:#?}"))
            .to_string()
    };
    let wide = doctor(&sandbox.text("dbt_token"));
    assert!(
        wide.contains("may do more than the grants need: it has account_admin, and they need account_viewer, job_viewer, metadata_only, security_admin"),
        "{wide}"
    );
    // One that may not even list tokens cannot be judged, which is no finding.
    let narrow = doctor(sandbox.line["dbt_tokens"]["job_viewer"].as_str().unwrap());
    assert!(narrow.contains("its runs can be read"), "{narrow}");
}
