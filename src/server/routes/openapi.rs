//! The OpenAPI document, written from the table of routes and the types that they read and write.

use std::collections::BTreeMap;

use schemars::generate::{SchemaGenerator, SchemaSettings};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::route::{HttpRoute, RouteAccess};
use crate::server::http_error::{ErrorForm, OpenAiErrorBody, ProblemBody};

/// Where schemas lie in the document.
const SCHEMAS: &str = "/components/schemas";

/// Makes the schema of a type.
pub(super) type SchemaMaker = fn(&mut SchemaGenerator) -> Schema;

/// The schema of `T`.
pub(super) fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// The document, with a line end. A copy lies in `schemas/openapi.json`.
pub(super) fn document(routes: &[HttpRoute]) -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = SCHEMAS.into());
    let mut generator = settings.into_generator();
    let mut paths: BTreeMap<String, Map<String, Value>> = BTreeMap::new();
    for route in routes {
        let path = route.path.replace("{*", "{");
        let method = route.method.as_str().to_ascii_lowercase();
        paths
            .entry(path)
            .or_default()
            .insert(method, operation(route, &mut generator));
    }
    let schemas = generator.take_definitions(true);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cardinal",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Questions over curated Metabase content, with evidence for every figure.",
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "metabaseSession": {"type": "apiKey", "in": "header", "name": "X-Metabase-Session"},
            },
        },
    });
    format!("{document:#}\n")
}

fn operation(route: &HttpRoute, generator: &mut SchemaGenerator) -> Value {
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.about,
        "tags": [tag(route.path)],
        "responses": responses(route, generator),
        "security": if route.access == RouteAccess::Public {
            json!([])
        } else {
            json!([{"bearer": []}, {"metabaseSession": []}, {}])
        },
    });
    let in_path = route.path.split(['{', '}']).skip(1).step_by(2).map(|name| {
        json!({"name": name.trim_start_matches('*'), "in": "path", "required": true, "schema": {"type": "string"}})
    });
    let optional = |place: &'static str, (name, about): &(&str, &str)| json!({"name": name, "in": place, "required": false, "description": about, "schema": {"type": "string"}});
    let in_query = route.query.iter().map(|parameter| optional("query", parameter));
    let in_header = route
        .headers
        .iter()
        .map(|parameter| optional("header", parameter));
    let parameters: Vec<Value> = in_path.chain(in_query).chain(in_header).collect();
    if let Some(map) = operation.as_object_mut() {
        if !parameters.is_empty() {
            map.insert("parameters".to_owned(), Value::Array(parameters));
        }
        if let Some(takes) = route.takes {
            let body =
                json!({"required": true, "content": {"application/json": {"schema": takes(generator)}}});
            map.insert("requestBody".to_owned(), body);
        }
    }
    operation
}

fn responses(route: &HttpRoute, generator: &mut SchemaGenerator) -> Value {
    let mut good = json!({"description": route.about});
    let content: Map<String, Value> = route
        .media
        .iter()
        .map(|media| {
            let schema = match (route.gives, *media) {
                (Some(gives), "application/json") => json!(gives(generator)),
                (None, "application/json") => json!({"type": "object"}),
                _ => json!({"type": "string"}),
            };
            ((*media).to_owned(), json!({ "schema": schema }))
        })
        .collect();
    if let Some(map) = good.as_object_mut() {
        if !content.is_empty() {
            map.insert("content".to_owned(), Value::Object(content));
        }
        if route.names_answer {
            let header =
                |about: &str| json!({"description": about, "required": true, "schema": {"type": "string"}});
            let headers = json!({
                "X-Cardinal-Answer": header("The id of the answer"),
                "X-Cardinal-Session": header("The id of its session"),
            });
            map.insert("headers".to_owned(), headers);
        }
    }
    let (media, schema) = match ErrorForm::of(route.path) {
        ErrorForm::Problem => (
            "application/problem+json",
            json!(schema_of::<ProblemBody>(generator)),
        ),
        ErrorForm::OpenAi => ("application/json", json!(schema_of::<OpenAiErrorBody>(generator))),
        ErrorForm::Plain => ("text/plain", json!({"type": "string"})),
    };
    let bad = json!({
        "description": "What went wrong.", "content": {media: {"schema": schema}},
        "headers": {
            "Retry-After": {
                "description": "With 429 and 503: seconds after which it is worth another try", "required": false,
                "schema": {"type": "integer"},
            },
        },
    });
    let mut all = json!({ route.status.to_string(): good, "default": bad });
    if let (Some(map), Some((status, about))) = (all.as_object_mut(), route.also) {
        let mut also = good.clone();
        if let Some(also) = also.as_object_mut() {
            also.insert("description".to_owned(), json!(about));
            if status == 204 {
                also.remove("content");
                also.remove("headers");
            }
        }
        map.insert(status.to_string(), also);
    }
    all
}

/// `get_v1_answers_id` and the like: unique, because method and path are.
fn operation_id(route: &HttpRoute) -> String {
    let words: Vec<&str> = route
        .path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let name = if words.is_empty() {
        "index".to_owned()
    } else {
        words.join("_")
    };
    format!("{}_{name}", route.method.as_str().to_ascii_lowercase())
}

fn tag(path: &str) -> &'static str {
    let groups = [
        ("/v1/admin", "administration"),
        ("/v1/answers", "answers"),
        ("/v1/sessions", "sessions"),
        ("/v1/catalog", "catalog"),
        ("/v1/suggestions", "catalog"),
        ("/v1/me", "access"),
        ("/v1/", "openai"),
        ("/api/", "ai sdk"),
        ("/healthz", "operation"),
        ("/readyz", "operation"),
        ("/metrics", "operation"),
        ("/openapi.json", "operation"),
    ];
    groups
        .iter()
        .find(|(prefix, _)| path.starts_with(prefix))
        .map_or("page", |(_, tag)| tag)
}
