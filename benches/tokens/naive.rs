//! The loop that one writes first: the whole catalog as JSON in the system prompt, each result in its message as rows of JSON, as a
//! server's answer is handed on. Nothing is left out and nothing is shortened.

use cardinal::catalog::{Catalog, Entry};
use serde_json::{Map, Value, json};

use crate::sent::SentPrompts;
use crate::{Outcome, QUESTIONS, Source, question};

pub(crate) async fn ask(source: &Source, catalog: &Catalog) -> Outcome<SentPrompts> {
    let client = reqwest::Client::new();
    let tool = json!({
        "type": "function",
        "function": {
            "name": "run_card", "description": "Runs a card.",
            "parameters": {"type": "object", "properties": {"card_id": {"type": "integer"}, "parameters": {"type": "object"}}},
        },
    });
    let cards: Vec<Value> = catalog.entries().iter().map(card).collect();
    let system = format!(
        "You answer questions about the business with the cards of Metabase. The cards are:\n{}",
        Value::from(cards)
    );
    let mut messages = vec![json!({"role": "system", "content": system})];
    let mut sent = SentPrompts::default();
    for number in 0..QUESTIONS {
        messages.push(json!({"role": "user", "content": question(number)}));
        sent.add(&json!({"tools": [&tool], "messages": &messages}));
        let rows = query(&client, source, number * 300).await?;
        let content = Value::from(rows.clone()).to_string();
        sent.shown(rows.len(), content.len());
        let (id, arguments) = (
            format!("call_{number}"),
            json!({"card_id": source.card.id(), "parameters": {"From": number * 300}}).to_string(),
        );
        messages.push(json!({
            "role": "assistant", "content": null,
            "tool_calls": [{"id": &id, "type": "function", "function": {"name": "run_card", "arguments": arguments}}],
        }));
        messages.push(json!({"role": "tool", "tool_call_id": id, "content": content}));
        sent.add(&json!({"tools": [&tool], "messages": &messages}));
        messages.push(json!({
            "role": "assistant",
            "content": "The order lines that were asked for are listed above, in the order of their numbers.",
        }));
    }
    Ok(sent)
}

/// What an API says of a card that one needs to run it.
fn card(entry: &Entry) -> Value {
    let Entry::Card(card) = entry else {
        return Value::Null;
    };
    let parameters = card.parameters.iter().map(|parameter| {
        json!({
            "name": parameter.name, "slug": parameter.slug, "type": parameter.kind,
            "values": parameter.allowed.as_ref().map(|allowed| &allowed.values),
        })
    });
    let columns = card
        .columns
        .iter()
        .map(|column| json!({"name": column.name, "description": column.description}));
    json!({
        "id": card.id.0, "name": card.name, "description": card.description,
        "collection": card.collection.join(" / "),
        "parameters": parameters.collect::<Vec<_>>(), "columns": columns.collect::<Vec<_>>(),
    })
}

/// The rows of the card, each as an object.
async fn query(client: &reqwest::Client, source: &Source, from: u32) -> Outcome<Vec<Value>> {
    let parameter = json!({
        "type": "number/=", "target": ["variable", ["template-tag", "from"]], "value": from,
    });
    let answer = client
        .post(format!("{}/api/card/{}/query", source.url, source.card.id()))
        .header("x-api-key", &source.key)
        .header("content-type", "application/json")
        .body(json!({"parameters": [parameter]}).to_string())
        .send()
        .await?
        .error_for_status()?
        .bytes()
        .await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let list = |pointer: &str| answer.pointer(pointer).and_then(Value::as_array);
    let columns = list("/data/cols").ok_or("no columns came")?;
    let rows = list("/data/rows").ok_or("no rows came")?;
    let names: Vec<&str> = columns
        .iter()
        .filter_map(|column| column.get("name")?.as_str())
        .collect();
    let object = |row: &Value| -> Value {
        let cells = row.as_array().into_iter().flatten().cloned();
        let fields = names.iter().map(|name| (*name).to_owned()).zip(cells);
        Value::Object(fields.collect::<Map<String, Value>>())
    };
    Ok(rows.iter().map(object).collect())
}
