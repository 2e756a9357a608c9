use axum::response::Response;
use serde_json::{Value, json};

use super::scopes::ExecuteQuestionScope;
use crate::error::ApiError;
use crate::query::RowLimits;
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::extract::{AgentRequest, PathId};
use crate::routes::lookup;
use crate::semantic::Card;

/// `POST /v1/question/:id/query` (since v0.63): a saved question that takes no parameters. The body is ignored.
pub(super) async fn run(
    AgentRequest { app, access, .. }: AgentRequest<ExecuteQuestionScope>,
    PathId(id): PathId,
) -> Result<Response, ApiError> {
    let card = lookup::card(&app, &access, &id.to_string())?.clone();
    if takes_parameters(&card) {
        let message = "This question takes parameters, which cannot be given here. Build a query instead.";
        return Err(ApiError::rejected(message, json!({ "card-id": id })));
    }
    let run = app.start_run("question", card.dataset_query.clone());
    let result = app
        .query(&run, move |world| world.run_card(&card, &[], RowLimits::USERLAND))
        .await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

/// Whether a card has parameters, or tags in its SQL that stand for values.
fn takes_parameters(card: &Card) -> bool {
    let tags = card
        .native_stage()
        .and_then(|stage| stage.get("template-tags"))
        .and_then(Value::as_object);
    let is_value = |tag: &Value| !matches!(tag.get("type").and_then(Value::as_str), Some("card" | "snippet"));
    !card.parameters.is_empty() || tags.is_some_and(|tags| tags.values().any(is_value))
}
