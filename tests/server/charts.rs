//! Which charts suit a result.

use serde_json::{Value, json};

use super::kit::TestServer;
use crate::support::reply::Reply;
use crate::support::scripted_model::ScriptedModel;
use crate::support::stack::ids;

/// The charts of an answer to a query of the table of orders, and its columns.
async fn charts(query: Value, text: &str) -> (Value, Vec<String>) {
    let text = text.to_owned();
    let model = ScriptedModel::openai_with(move |request| {
        let asked = request["messages"].as_array().unwrap().last().unwrap()["role"] == "user";
        if asked {
            let mut query = query.clone();
            query["table_id"] = json!(ids(request, "query_table", "table_id")[0]);
            Reply::tool_calls([("query_table", query)])
        } else {
            Reply::text(text.clone())
        }
    })
    .await;
    let reached = model.settings();
    let (_sandbox, mut server) = TestServer::over_metabase(|settings, _| settings.model = reached).await;
    server.model = Some(model);
    let record = server.ask("What are they?").await;
    let columns = record["tables"][0]["columns"].as_array();
    let columns = columns.unwrap_or_else(|| panic!("{record:#}"));
    let names = columns
        .iter()
        .map(|column| column["name"].as_str().unwrap().to_owned());
    (record["charts"].clone(), names.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_only_tell_things_apart_are_not_drawn() {
    let (charts, columns) = charts(json!({"limit": 10}), "Here they are.").await;
    assert!(columns.iter().any(|name| name == "id"), "{columns:?}");
    let drawn = charts.to_string();
    for column in columns
        .iter()
        .filter(|name| *name == "id" || name.ends_with("_id"))
    {
        assert!(
            !drawn.contains(&format!("\"{column}\"")),
            "{column} is drawn: {charts:#}"
        );
    }
}
