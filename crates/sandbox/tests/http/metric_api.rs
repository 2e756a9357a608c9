//! The API of metrics, since v0.63.

use serde_json::{Value, json};

use super::client::{As, Sandbox};
use super::generations::of;

async fn sql(sandbox: &Sandbox, text: &str) -> Vec<Value> {
    let body = json!({ "database": 1, "type": "native", "native": { "query": text } });
    sandbox.post_as(As::Admin, "/api/dataset", &body).await.rows()
}

#[tokio::test]
async fn it_is_there_since_v63() {
    for (name, there) in [("v60", false), ("v62", false), ("v63", true), ("v65", true)] {
        let sandbox = of(name).await;
        let answer = sandbox.get("/api/metric").await;
        if there {
            assert_eq!(answer.status, 200, "{name}");
        } else {
            answer.is_text(404, "API endpoint does not exist.");
        }
    }
}

#[tokio::test]
async fn metrics_are_listed_in_pages() {
    let sandbox = of("v63").await;
    let all = sandbox.fetch("/api/metric").await;
    let total = all["total"].as_u64().unwrap();
    assert_eq!((&all["limit"], &all["offset"]), (&json!(500), &json!(0)));
    assert_eq!(
        u64::try_from(all["data"].as_array().unwrap().len()).unwrap(),
        total
    );
    let page = sandbox.fetch("/api/metric?limit=2&offset=1").await;
    assert_eq!(page["data"], json!([all["data"][1], all["data"][2]]));
    assert_eq!(page["total"], total);
}

#[tokio::test]
async fn figures_are_filtered_and_grouped_by_dimensions() {
    let sandbox = of("v63").await;
    let id = sandbox.card("Number of orders").await;
    let metric = sandbox.fetch(&format!("/api/metric/{id}")).await;
    assert_eq!(metric["result_column_name"], "count");
    let dimension = |name: &str| {
        let all = metric["dimensions"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["id"].clone()
    };
    let values = format!(
        "/api/metric/{id}/dimension/{}/values",
        dimension("channel").as_str().unwrap()
    );
    let values = sandbox.fetch(&values).await;
    assert!(values["values"].as_array().unwrap().len() > 1);
    let leaf = json!(["metric", { "lib/uuid": "11111111-1111-4111-8111-111111111111" }, id]);
    let ask = async |definition: Value| {
        let body = json!({ "definition": definition });
        sandbox.post("/api/metric/dataset", &body).await
    };
    let whole = ask(json!({ "expression": leaf })).await;
    let expected = sql(&sandbox, "SELECT COUNT(*) FROM orders WHERE status = 'completed'").await;
    assert_eq!(whole.rows(), expected);
    let grouped = ask(json!({
        "expression": leaf,
        "filters": [{ "lib/uuid": "11111111-1111-4111-8111-111111111111",
                      "filter": ["!=", {}, ["dimension", {}, dimension("channel")], "Web"] }],
        "projections": [{ "type": "metric", "id": id, "projection": [["dimension", {}, dimension("category")]] }],
    }))
    .await;
    let expected = sql(
        &sandbox,
        "SELECT category, COUNT(*) FROM orders LEFT JOIN products ON products.id = product_id WHERE status = 'completed' \
         AND channel <> 'Web' GROUP BY 1 ORDER BY 1",
    )
    .await;
    assert_eq!(grouped.rows(), expected);
    let revenue = sandbox.card("Revenue").await;
    let ratio = ask(json!({ "expression": ["/", {}, ["metric", {}, revenue], ["metric", {}, id]] })).await;
    let expected = sql(
        &sandbox,
        "SELECT SUM(total) * 1.0 / COUNT(*) FROM orders WHERE status = 'completed'",
    )
    .await;
    let (got, wanted) = (
        ratio.rows()[0][0].as_f64().unwrap(),
        expected[0][0].as_f64().unwrap(),
    );
    assert!((got - wanted).abs() < 1e-9, "{got} {wanted}");
    assert_eq!(
        ask(json!({ "expression": ["metric", {}, "x"] })).await.status,
        400
    );
    assert_eq!(
        ask(json!({ "expression": ["metric", {}, 999_999] })).await.status,
        404
    );
    let body = json!({ "definition": { "expression": leaf } });
    assert_eq!(
        sandbox
            .post_as(As::Viewer, "/api/metric/dataset", &body)
            .await
            .status,
        403
    );
}
