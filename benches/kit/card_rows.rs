//! How loops by hand run the card: one request, its rows as lines of text. The bare loop and the loop over async-openai share it,
//! so that they differ in nothing but how they ask the model.

use std::error::Error;

use serde_json::{Value, json};

/// The rows of the card at this Metabase, as lines of text; `arguments` are what the model wrote.
pub(crate) async fn rows(
    client: &reqwest::Client,
    (metabase, key): (&str, &str),
    card: &Value,
    arguments: &Value,
) -> Result<String, Box<dyn Error + Send + Sync>> {
    let from = arguments.pointer("/parameters/From").cloned().unwrap_or_default();
    let parameter = json!({
        "type": "number/=", "target": ["variable", ["template-tag", "from"]], "value": from,
    });
    let answer = client
        .post(format!("{metabase}/api/card/{card}/query"))
        .header("x-api-key", key)
        .header("content-type", "application/json")
        .body(json!({"parameters": [parameter]}).to_string())
        .send()
        .await?
        .error_for_status()?
        .bytes()
        .await?;
    let answer: Value = serde_json::from_slice(&answer)?;
    let rows = answer
        .pointer("/data/rows")
        .and_then(Value::as_array)
        .ok_or("no rows came")?;
    let mut lines = String::new();
    for row in rows.iter().filter_map(Value::as_array) {
        for cell in row {
            match cell {
                Value::String(text) => lines.push_str(text),
                other => lines.push_str(&other.to_string()),
            }
            lines.push('\t');
        }
        lines.push('\n');
    }
    Ok(lines)
}
