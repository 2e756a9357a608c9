//! Tools that a server does not take as they are described: what is milder than no tools is tried first, and remembered.

use cardinal::model::{ModelDrive, ModelRequest, Provider, RequestPart, ToolSpec, connect};
use serde_json::{Value, json};

use super::retry::wire;
use super::talk::{listen, question};
use crate::support::scripted_model::{Reply, ScriptedModel};

/// Tools with all that schemas of ours have: closed objects, lists of objects, free objects, values to choose from.
fn asked() -> ModelRequest {
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["id"],
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "kind": {"type": "string", "enum": ["card", "metric"], "description": "what it is"},
            "names": {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "maxItems": 3},
            "filters": {"type": "array", "items": {"type": "object", "properties": {"dimension": {"type": "string"}}}},
            "parameters": {"type": "object", "description": "by name"},
        },
    });
    let described = format!("Runs it. {}", "It says much more of itself. ".repeat(20));
    let tool = |name: &str| ToolSpec {
        name: name.to_owned(),
        description: described.trim().to_owned(),
        schema: schema.clone().into(),
    };
    let mut asked = question();
    asked.tools = [tool("run_card"), tool("describe")].into();
    asked
}

/// Asks a server that refuses requests with these words as long as they are `refused`.
async fn server_of(provider: Provider, refused: fn(&Value) -> bool, words: &'static str) -> ScriptedModel {
    let script = move |body: &Value| {
        if refused(body) {
            Reply::status(400, json!({"error": {"message": words}}))
        } else if body.get("tools").is_some() {
            Reply::tool_calls([("run_card", json!({"id": 7}))])
        } else {
            Reply::text(r#"{"action": "run_card", "arguments": {"id": 7}}"#)
        }
    };
    match provider {
        Provider::Anthropic => ScriptedModel::anthropic_with(script).await,
        Provider::OpenaiResponses => ScriptedModel::responses_with(script).await,
        _ => ScriptedModel::openai_with(script).await,
    }
}

const WIRES: [Provider; 3] = [Provider::Openai, Provider::OpenaiResponses, Provider::Anthropic];

/// What is left out, and the last request, of a server that was asked twice.
async fn left_out(
    provider: Provider,
    refused: fn(&Value) -> bool,
    words: &'static str,
) -> (Vec<RequestPart>, Value) {
    let server = server_of(provider, refused, words).await;
    let mut settings = server.settings();
    settings.id.provider = provider;
    let model = connect(&settings, wire(&server)).unwrap();
    for _ in 0..2 {
        let heard = listen(&*model, &asked()).await;
        let heard = heard.unwrap_or_else(|error| panic!("{provider:?} {words}: {error}"));
        assert_eq!(heard.completion.tool_calls[0].name, "run_card", "{words}");
        assert!(heard.notices.is_empty(), "{words}: {:?}", heard.notices);
    }
    assert_eq!(model.found_drive(), None, "{words}");
    (model.left_out(), server.requests().pop().unwrap())
}

#[tokio::test]
async fn a_refusal_of_a_schema_leads_to_simple_schemas_and_not_away_from_tools() {
    for words in [
        "tools[0].function.parameters: invalid JSON schema: `/properties/filters` does not validate",
        "GenerateContentRequest.tools[0].function_declarations[1].parameters.properties[parameters].properties: should be non-empty for OBJECT type",
        "Invalid JSON payload received. Unknown name \"minimum\" at 'tools[0].function_declarations[0].parameters.properties[0].value': Cannot find field.",
        "Invalid schema for function 'run_card': array schema missing items",
        "tools.0.custom.input_schema: JSON schema is invalid. It must match JSON Schema draft 2020-12",
        "The value at toolConfig.tools.0.toolSpec.inputSchema.json is invalid",
        "JSON schema conversion failed: unsupported keyword",
    ] {
        for provider in WIRES {
            let nested = |body: &Value| body["tools"].to_string().contains("\"maxItems\":");
            let (parts, last) = left_out(provider, nested, words).await;
            assert_eq!(parts, [RequestPart::ToolSchemas], "{provider:?} {words}");
            let schema = last["tools"].to_string();
            for kept in [
                "\"id\"",
                "metric",
                "what it is",
                "dimension",
                "by name",
                "maxItems",
            ] {
                assert!(schema.contains(kept), "{kept} is said somewhere: {schema}");
            }
            for gone in ["additionalProperties", "\"enum\":"] {
                assert!(!schema.contains(gone), "{gone}: {schema}");
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_of_a_description_moves_it_to_the_system_prompt() {
    for words in [
        "Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 300, but got a string with length 603 instead.",
        "tools.0.function.description: String should have at most 300 characters",
        "{\"detail\":[{\"loc\":[\"body\",\"tools\",0,\"function\",\"description\"],\"msg\":\"ensure this value has at most 300 characters\"}]}",
    ] {
        for provider in WIRES {
            let long = |body: &Value| body["tools"].to_string().contains("says much more");
            let (parts, last) = left_out(provider, long, words).await;
            assert_eq!(parts, [RequestPart::ToolDescriptions], "{provider:?} {words}");
            let mut rest = last.clone();
            let tools = rest["tools"].take().to_string();
            assert!(tools.contains("Runs it."), "{tools}");
            let said = rest.to_string().matches("says much more").count();
            assert_eq!(said, 40, "all that was said of both tools");
        }
    }
}

#[tokio::test]
async fn only_what_nothing_milder_mends_leads_away_from_tools() {
    let with_tools = |body: &Value| body.get("tools").is_some();
    for (words, requests) in [
        ("tools[0].function.parameters: invalid", 3),
        ("Invalid 'tools[0].function.description': string too long.", 4),
        ("Too many tools: 6, maximum 4", 2),
        ("this model does not support tools", 2),
    ] {
        let server = server_of(Provider::Openai, with_tools, words).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        let heard = listen(&*model, &asked()).await.unwrap();
        assert_eq!(heard.completion.tool_calls[0].name, "run_card", "{words}");
        assert_eq!(heard.notices.len(), 1, "{words}");
        assert_eq!(server.requests().len(), requests, "{words}");
        assert_eq!(model.found_drive(), Some(ModelDrive::JsonAction), "{words}");
        assert!(
            matches!(
                model.left_out().as_slice(),
                [RequestPart::Tools | RequestPart::DescribedTools]
            ),
            "what did not help is sent again: {:?}",
            model.left_out()
        );
    }
    // A refusal of one call, of one result or of calls side by side says nothing of tools.
    for words in [
        "Invalid 'messages[2].tool_call_id': not supported here",
        "parallel tool calls are not supported",
        "Please ensure that function call turn comes immediately after a user turn",
    ] {
        let server = server_of(Provider::Openai, with_tools, words).await;
        let model = connect(&server.settings(), wire(&server)).unwrap();
        listen(&*model, &asked()).await.unwrap_err();
        assert_eq!(model.left_out(), [], "{words}");
    }
}
